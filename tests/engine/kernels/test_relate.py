"""Near or far at first sight: never against the exact test, and seldom too close to call."""

import random
from collections.abc import Sequence

import numpy as np
import pytest

from tafadi.engine.columns import asked_of, columns_of
from tafadi.engine.kernels.allpairs import settle
from tafadi.engine.kernels.areas import gaps_between
from tafadi.engine.layout import CLEAR, EDGE_M, Bools, Floats
from tafadi.engine.pack import WGS84, pack_bodies
from tafadi.engine.volumes import records_of
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Minima
from tafadi.model.volume import Circle, Outline, Polygon, Volume4D

SPAN = Span(Instant(0), Instant(10**9))
MIDDLES = [Position(0.0, 180.0), Position(48.0, 9.0), Position(89.9999, 12.0), Position(-75.0, -179.9)]


def said(ones: Sequence[Outline], others: Sequence[Outline], reach_m: float) -> tuple[Bools, Bools, Floats]:
    """Whether each pair is told to be near, whether it is settled, and its exact gap."""
    volumes = [Volume4D(outline, None, None, SPAN) for pair in zip(ones, others, strict=True) for outline in pair]
    pairs = np.arange(len(volumes)).reshape(-1, 2)
    records = records_of(columns_of(volumes), asked_of(np.arange(len(volumes)), Minima(reach_m, 0.0)))
    found = settle(WGS84, records.bounds, records.shapes, records.ring, pairs.astype(np.int32))
    gaps = gaps_between(WGS84, pack_bodies(volumes), [(a, b) for a, b in pairs.tolist()])
    return found["verdict"] != CLEAR, found["settled"], np.array([gap.gap_m for gap in gaps])


def outline(r: random.Random, middle: Position, size_m: float) -> Outline:
    if r.random() < 0.25:
        return Circle(middle, size_m)
    count, turn = r.randint(3, 8), r.uniform(0, 360)
    return Polygon(tuple(destination(middle, Leg((turn + n * 360 / count) % 360, size_m * r.uniform(0.2, 1.0))) for n in range(count)))


@pytest.mark.parametrize("reach_m", [0.0, 120.0, 9_260.0])
@pytest.mark.parametrize("middle", MIDDLES, ids=str)
def test_what_is_settled_is_what_the_exact_test_says(middle: Position, reach_m: float) -> None:
    r = random.Random(1)
    ones, others = [], []
    for _ in range(150):
        size_m, other_m = r.choice([50.0, 900.0, 15_000.0, 90_000.0]), r.choice([50.0, 900.0, 15_000.0, 400_000.0])
        ones.append(outline(r, middle, size_m))
        others.append(outline(r, destination(middle, Leg(r.uniform(0, 360), r.uniform(0, 1.3) * (size_m + other_m + reach_m))), other_m))
    near, settled, gap_m = said(ones, others, reach_m)
    exact = ~(gap_m >= reach_m - EDGE_M)
    assert (near[settled] == exact[settled]).all()
    assert settled.mean() > 0.95
    assert 0.2 < exact.mean() < 0.95


@pytest.mark.parametrize("off_m", [-3.0, -0.2, -0.06, -0.02, -1e-3, 0.0, 1e-3, 0.02, 0.06, 0.2, 3.0])
@pytest.mark.parametrize("reach_m", [0.0, 5_000.0])
def test_around_the_edge_it_is_settled_rightly_or_not_at_all(off_m: float, reach_m: float) -> None:
    """Corners, edges and circles brought to within centimetres of the minima of each other."""
    r = random.Random(2)
    ones, others = [], []
    for _ in range(60):
        middle, bearing = r.choice(MIDDLES), r.uniform(0, 360)
        size_m, away_m = r.choice([200.0, 5_000.0, 60_000.0]), r.choice([200.0, 5_000.0])
        corner = destination(middle, Leg(bearing, size_m))
        sides = [Leg((bearing + turn) % 360, size_m) for turn in (0.0, 130.0, 230.0)]
        ones.append(Circle(middle, size_m) if r.random() < 0.4 else Polygon(tuple(destination(middle, side) for side in sides)))
        there = destination(corner, Leg((bearing + 1e-3) % 360, reach_m + away_m + off_m))
        others.append(
            Circle(there, away_m) if r.random() < 0.6 else Polygon(tuple(destination(there, Leg(b, away_m)) for b in (10.0, 130.0, 250.0)))
        )
    near, settled, gap_m = said(ones, others, reach_m)
    exact = ~(gap_m >= reach_m - EDGE_M)
    assert (near[settled] == exact[settled]).all()
    if abs(off_m) >= 3.0:
        assert settled.mean() > 0.6


def test_one_inside_the_other_is_near_even_when_their_edges_are_far_apart() -> None:
    wide = Polygon(tuple(destination(MIDDLES[1], Leg(b, 700_000.0)) for b in range(0, 360, 30)))
    small = [outline(random.Random(n), destination(MIDDLES[1], Leg(50.0 * n, 60_000.0)), 500.0) for n in range(10)]
    for ones, others in ((small, [wide] * 10), ([wide] * 10, small)):
        near, settled, _ = said(ones, others, 0.0)
        assert near.all()
        assert settled.all()


def test_an_outline_thinner_than_the_tolerance_is_left_to_the_exact_test() -> None:
    sliver = Polygon((Position(48.0, 9.0), Position(48.1, 9.0), Position(48.05, 9.0000001)))
    across = Polygon((Position(48.02, 8.9), Position(48.03, 8.9), Position(48.03, 9.1), Position(48.02, 9.1)))
    near, settled, _ = said([sliver], [across], 0.0)
    assert near.all()
    assert not settled.any()
