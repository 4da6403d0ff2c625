"""What other programs were found to get wrong, each tried here on the same question.

BlueSky: levels exactly 1,000 ft apart become conflicts of one side; its compiled detection misses pairs over the antimeridian, pairs of
equal velocity, and those that meet exactly. traffic: rows without a number are dropped. Flight Blender: a harmless neighbour hides a
conflict; heights are not compared. InterUSS's DSS: what shares a cell counts as a conflict. Others: the horizontal threshold used
vertically, and feet compared with metres.
"""

import math

import numpy as np
import pytest

from tafadi.engine.detect import detect, judge
from tafadi.engine.layout import CONFLICT, UNKNOWN
from tafadi.engine.states import States
from tafadi.engine.tactical import Found, detect_states
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Verdict
from tafadi.model.operation import Announced, Kind, Minima, Notice
from tafadi.model.volume import Circle, Polygon, Volume4D

HOUR = Span(Instant.parse("2026-03-01T00:00:00Z"), Instant.parse("2026-03-01T01:00:00Z"))
HERE = Position(48.0, 9.0)
MINIMA = Minima(9_260.0, 304.8)
LOOKAHEAD_S = 300.0
HORIZONTAL_M = 300.0  # the radius of every circle here
State = tuple[float, float, float, float, float]


def states(*rows: State) -> Found:
    """What is found of level flight: latitude, longitude, course, speed and height of each."""
    lat, lon, course, speed, height = (np.array(column) for column in zip(*rows, strict=True))
    moving = States.on_course(lat, lon, course_deg=course, speed_mps=speed, height_m=height, datum=Datum.PRESSURE, climb_mps=0.0 * lat)
    return detect_states(moving, MINIMA, LOOKAHEAD_S)


def pairs(found: Found, verdict: int = CONFLICT) -> set[tuple[int, int]]:
    rows = found.meetings[found.meetings["verdict"] == verdict]
    return set(zip(rows["first"].tolist(), rows["second"].tolist(), strict=True))


def notice(id: str, *volumes: Volume4D) -> Announced:
    return Announced(id, Notice(Kind.OPERATION, volumes))


def disc(away_m: float = 0.0, low: str = "100 [m] geoid", high: str = "200 [m] geoid") -> Volume4D:
    """A circle so far to the east of HERE."""
    return Volume4D(Circle(destination(HERE, Leg(90.0, away_m)), HORIZONTAL_M), Height.parse(low), Height.parse(high), HOUR)


def verdict(one: Volume4D, other: Volume4D, minima: Minima | None = None) -> Verdict:
    """The verdict on two volumes, the same whichever is the first."""
    a, b = notice("a", one), notice("b", other)
    there, back = judge(a, b, minima).verdict, judge(b, a, minima).verdict
    assert there is back
    assert [judgement.verdict for judgement in detect([a, b], minima)] == ([] if there is Verdict.CLEAR else [there])
    return there


def test_levels_exactly_1000_ft_apart_are_no_conflict_from_either_side() -> None:
    assert len(states((48.0, 9.0, 0.0, 200.0, 330 * 30.48), (48.0, 9.1, 0.0, 200.0, 340 * 30.48)).meetings) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((10.0, 179.9, 90.0, 200.0, 9_000.0), (10.0, -179.9, 270.0, 200.0, 9_000.0)),
        ((48.0, 9.0, 30.0, 200.0, 9_000.0), (48.05, 9.0, 30.0, 200.0, 9_000.0)),
        ((48.0, 9.0, 30.0, 200.0, 9_000.0), (48.0, 9.0, 30.0, 200.0, 9_000.0)),
        ((0.0, -0.2, 90.0, 200.0, 9_000.0), (0.0, 0.2, 270.0, 200.0, 9_000.0)),
    ],
    ids=("over the antimeridian", "of equal velocity", "in one place", "meeting exactly"),
)
def test_two_that_others_miss_are_a_conflict_once(one: State, other: State) -> None:
    assert pairs(states(one, other)) == pairs(states(other, one)) == {(0, 1)}


@pytest.mark.parametrize("field", range(5))
def test_a_state_with_no_number_in_it_is_unknown_against_those_about_it_and_hides_no_other(field: int) -> None:
    blank = [48.0, 9.2, 270.0, 200.0, 9_000.0]
    blank[field] = math.nan
    found = states(
        (48.0, 9.0, 90.0, 200.0, 9_000.0), (48.03, 9.0, 90.0, 200.0, 9_000.0), (blank[0], blank[1], blank[2], blank[3], blank[4])
    )
    assert pairs(found) == {(0, 1)}
    assert found.nowhere.tolist() == [2] or pairs(found, UNKNOWN) == {(0, 2), (1, 2)}


def test_a_harmless_neighbour_hides_no_conflict() -> None:
    a, b = notice("a", disc(50_000.0), disc(), disc(80_000.0)), notice("b", disc(20_000.0), disc(100.0))
    assert judge(a, b).verdict is judge(b, a).verdict is Verdict.CONFLICT


def test_outlines_over_each_other_at_other_heights_are_no_conflict() -> None:
    assert verdict(disc(), disc(low="300 [m] geoid", high="400 [m] geoid")) is Verdict.CLEAR


@pytest.mark.parametrize("gap_m", [200.0, 400.0])
def test_volumes_some_hundred_metres_apart_are_no_conflict_though_they_share_any_cell(gap_m: float) -> None:
    assert verdict(disc(), disc(2 * HORIZONTAL_M + gap_m)) is Verdict.CLEAR
    beside = Polygon(tuple(destination(HERE, Leg(bearing, 2 * HORIZONTAL_M + gap_m)) for bearing in (60.0, 90.0, 120.0)))
    clear = Volume4D(beside, Height.parse("100 [m] geoid"), Height.parse("200 [m] geoid"), HOUR)
    assert verdict(disc(), clear) is Verdict.CLEAR


def test_the_horizontal_minimum_asks_for_no_height() -> None:
    above = disc(low="250 [m] geoid", high="300 [m] geoid")
    assert verdict(disc(), above, Minima(500.0, 30.0)) is Verdict.CLEAR
    assert verdict(disc(), above, Minima(30.0, 60.0)) is Verdict.CONFLICT


def test_metres_and_feet_of_one_height_meet() -> None:
    assert verdict(disc(low="300 [m] geoid", high="400 [m] geoid"), disc(low="1000 [ft] geoid", high="1300 [ft] geoid")) is Verdict.CONFLICT
    assert verdict(disc(low="300 [m] geoid", high="400 [m] geoid"), disc(low="1320 [ft] geoid", high="1400 [ft] geoid")) is Verdict.CLEAR
