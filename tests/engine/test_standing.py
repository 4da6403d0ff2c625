"""What a watch has open, and what it silenced."""

import pytest

from tafadi.engine import standing
from tafadi.engine.standing import Open, Silenced
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot

START = Instant.parse("2026-01-01T00:00:00Z")


def hit(after_s: float) -> Plot:
    return Plot("a", START.plus(after_s), Position(1.0, 2.0))


def test_hits_of_before_a_track_went_back_are_not_part_of_its_approach() -> None:
    one = Open(START, START)
    for after_s in (0.0, 5.0, 900.0, 10.0, 10.0, 15.0):
        one.record(hit(after_s))
    assert [plot.at.since(START) for plot in one.hits["a"]] == [0.0, 5.0, 10.0, 15.0]


def test_pairs_beyond_the_most_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing, "MOST_SUPPRESSED", 1)
    silenced = Silenced()
    silenced.add("a", "b", "ground", START)
    silenced.add("a", "c", "ground", START.plus(1.0))
    silenced.add("b", "c", "ground", START.plus(2.0))
    assert [(one.first, one.count) for one in silenced.rows()] == [("a", 1), ("others", 2)]
