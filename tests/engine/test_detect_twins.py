"""The engine against its slow twins on the earth: geodesics by Karney, distances step by step."""

import random

import pytest

from reference import plans, volumes
from tafadi.engine.detect import judge
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Verdict
from tafadi.model.operation import Announced, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.volume import Circle, Outline, Polygon, Volume4D

START = Instant.parse("2026-03-01T00:00:00Z")
MINIMA = Minima(9_260.0, 304.8)
MIDDLES = [Position(0.0, 180.0), Position(48.0, 9.0), Position(89.97, 12.0), Position(-75.0, -179.9)]
BAND_M = 0.05  # what the engine and the twin may see differently


def flight(r: random.Random, middle: Position, spread_m: float) -> Trajectory:
    """Through the neighbourhood of `middle`, in long legs and at changing height."""
    bearing, at = r.uniform(0, 360), r.uniform(0, 60)
    points = []
    for along_m in (-180_000.0, -20_000.0, 15_000.0, 200_000.0):
        there = destination(destination(middle, Leg(bearing, along_m)), Leg(r.uniform(0, 360), r.uniform(0, spread_m)))
        points.append(
            Waypoint(there, Height(r.choice([1_000.0, 1_200.0, 1_400.0]), Datum.GEOID), START.plus(at + (along_m + 180_000.0) / 220.0))
        )
    return Trajectory(tuple(points))


def operation(id: str, trajectory: Trajectory) -> Announced:
    return Announced(id, Notice(Kind.OPERATION, trajectory=trajectory))


@pytest.mark.parametrize("middle", MIDDLES, ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_two_trajectories_are_judged_as_by_walking_through_time(middle: Position, seed: int) -> None:
    r = random.Random(seed)
    spread_m = 8_000.0 if seed % 2 else 40_000.0
    one, other = flight(r, middle, spread_m), flight(r, middle, spread_m)
    found = judge(operation("a", one), operation("b", other), MINIMA)
    times = [START.seconds + step * 2.0 for step in range(1_000)]
    surely = [at for at in times if plans.inside(one, other, MINIMA, at, BAND_M)]
    if found.verdict is Verdict.CLEAR:
        assert not surely
        return
    assert found.span is not None
    assert found.closest is not None
    assert plans.inside(one, other, MINIMA, found.closest.at.seconds, -BAND_M)
    assert not surely or surely[0] >= found.span.start.seconds - 1e-3
    inside = [found.span.start.seconds + found.span.duration_s * share for share in (0.01, 0.25, 0.5, 0.75, 0.99)]
    assert all(plans.inside(one, other, MINIMA, at, -BAND_M) for at in inside)
    edges = [found.span.start.seconds - 0.01, found.span.end.seconds + 0.01]
    assert not any(plans.inside(one, other, MINIMA, at, BAND_M) for at in edges)
    distance = plans.apart(one, other, found.closest.at.seconds)
    assert distance is not None
    assert (found.closest.horizontal_m, found.closest.vertical_m) == pytest.approx(distance, abs=1e-2)


def outlines(middle: Position, r: random.Random) -> Outline:
    if r.random() < 0.3:
        return Circle(destination(middle, Leg(r.uniform(0, 360), 5_000.0)), r.uniform(2_000, 60_000))
    count = r.randint(3, 7)
    return Polygon(tuple(destination(middle, Leg(n * 360 / count, r.uniform(5_000, 60_000))) for n in range(count)))


@pytest.mark.parametrize("middle", MIDDLES, ids=str)
@pytest.mark.parametrize("minima", [None, Minima(5_000.0, 100.0)], ids=["bare", "buffered"])
@pytest.mark.parametrize("seed", range(3))
def test_a_trajectory_enters_a_volume_when_the_walk_through_time_says_so(middle: Position, minima: Minima | None, seed: int) -> None:
    r = random.Random(seed + 100)
    path, outline = flight(r, destination(middle, Leg(40.0 * seed, 30_000.0 * seed)), 8_000.0), outlines(middle, r)
    band = Height(0.0, Datum.GEOID), Height(5_000.0, Datum.GEOID)
    volume = Volume4D(outline, *band, Span(START.plus(300.0), START.plus(1_500.0)))
    found = judge(operation("a", path), Announced("b", Notice(Kind.OPERATION, (volume,))), minima)
    reach_m = minima.horizontal_m if minima else 0.0

    def away_m(at_s: float) -> float:
        there = plans.place(path, at_s)
        return volumes.away_m(outline, Position(there[0], there[1])) - reach_m if there else float("inf")

    if found.span is None:
        assert all(away_m(START.seconds + at_s) > -1.1 for at_s in range(300, 1_500, 60))
        return
    # The twin's outline has a point every 200 m: it sees a distance of 5,000 m as 1 m too long at most, and one of 0 m within 1 mm.
    slack_m = 1.1
    for share in (0.02, 0.3, 0.6, 0.98):
        assert away_m(found.span.start.seconds + share * found.span.duration_s) < slack_m
    for at, before in ((found.span.start, -1.0), (found.span.end, 1.0)):
        if 300.0 < at.since(START) < 1_500.0 and path.span.holds(at.plus(before)):
            assert away_m(at.seconds + before) > -slack_m
            assert abs(away_m(at.seconds)) < slack_m
    closest = found.closest
    assert closest is not None
    assert closest.vertical_m == 0.0
    assert closest.horizontal_m == pytest.approx(max(0.0, away_m(closest.at.seconds) + reach_m), abs=slack_m)
    # Over the outline itself all is as deep, and the first instant of it counts: a second before, it was not there yet.
    others = (closest.at.plus(after_s) for after_s in ((-1.0,) if closest.horizontal_m == 0.0 else (-30.0, -3.0, 3.0, 30.0)))
    assert all(away_m(at.seconds) + reach_m > closest.horizontal_m - slack_m for at in others if found.span.holds(at))
