"""Recorded separation, against the published case and a slow twin."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reference.recordings import by_track, hits
from reference.tracks import closest_recorded_m
from tafadi.engine.recorded import closest_recorded, separation_at
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import feet, nautical_miles
from tafadi.model.track import Plot

SCARY = "data/permissive/radar_nop/cases/scaryTrackData.txt"
START = Instant.parse("2026-01-01T00:00:00Z")


def flown(track: str, start: Position, course_deg: float, speed_mps: float, height_m: float | None, count: int = 10) -> list[Plot]:
    """Hits every 5 s along a geodesic."""
    height = None if height_m is None else Height(height_m, Datum.PRESSURE)
    return [Plot(track, START.plus(5.0 * k), destination(start, Leg(course_deg, speed_mps * 5.0 * k)), height) for k in range(count)]


def test_the_real_near_mid_air_agrees_with_its_published_separation(shared: Callable[[str], Path]) -> None:
    tracks = by_track(hits(shared(SCARY)))
    one, two = tracks["D21_B/3472"], tracks["D21_B/2643"]
    # Authority: scaryTrackOutput.json of open-ARIA, on its 2.5 s grid.
    told = json.loads(shared("data/permissive/radar_nop/cases/scaryTrackOutput.json").read_text())["atEventTime"]
    found = separation_at(one, two, Instant.parse(told["timestamp"]))
    assert found is not None
    assert found.vertical_m is not None
    assert feet(found.vertical_m) == pytest.approx(told["trueVerticalFt"], abs=0.1)
    assert nautical_miles(found.horizontal_m) == pytest.approx(told["trueLateralNm"], abs=0.02)


def test_the_real_near_mid_air_was_closest_between_two_hits(shared: Callable[[str], Path]) -> None:
    tracks = by_track(hits(shared(SCARY)))
    found = closest_recorded(tracks["D21_B/3472"], tracks["D21_B/2643"])
    assert found is not None
    assert found.vertical_m is not None
    # Authority: second reading of the recording in the data folder's README (straight lines between the hits).
    assert nautical_miles(found.horizontal_m) == pytest.approx(0.0237, abs=0.0005)
    assert feet(found.vertical_m) == pytest.approx(9.0, abs=0.5)
    assert abs(found.at.since(Instant.parse("2018-03-24T15:02:59.39Z"))) < 0.01


def test_the_exact_approach_agrees_with_stepping_through_time(shared: Callable[[str], Path]) -> None:
    tracks = by_track(hits(shared(SCARY)))
    found = closest_recorded(tracks["D21_B/3472"], tracks["D21_B/2643"], gap_max_s=1e6)
    distance_m, at_s = closest_recorded_m(tracks["D21_B/3472"], tracks["D21_B/2643"])
    assert found is not None
    assert found.horizontal_m == pytest.approx(distance_m, abs=0.5)
    assert found.at.seconds == pytest.approx(at_s, abs=0.05)


def test_a_separation_is_the_same_whichever_track_comes_first() -> None:
    one = flown("a", Position(10.0, 20.0), 90.0, 100.0, 1000.0)
    two = flown("b", Position(10.01, 20.02), 180.0, 80.0, 1100.0)
    ahead, back = closest_recorded(one, two), closest_recorded(two, one)
    assert ahead is not None
    assert back is not None
    assert ahead.at == back.at
    assert ahead.horizontal_m == pytest.approx(back.horizontal_m, abs=1e-6)


@pytest.mark.parametrize("start", [Position(0.0, 179.99), Position(89.995, 0.0), Position(-89.999, 120.0)])
def test_a_recorded_approach_knows_no_seam_at_the_antimeridian_or_the_poles(start: Position) -> None:
    other = destination(start, Leg(90.0, 3000.0))
    found = closest_recorded(flown("a", start, 90.0, 50.0, None), flown("b", other, 90.0, 50.0, None))
    assert found is not None
    assert 0.0 < found.horizontal_m < 3001.0
    assert found.vertical_m is None


def test_a_missing_height_leaves_the_vertical_separation_unknown_not_zero() -> None:
    one, two = flown("a", Position(10.0, 20.0), 90.0, 100.0, None), flown("b", Position(10.0, 20.0), 90.0, 100.0, 500.0)
    found = separation_at(one, two, START.plus(7.0))
    assert found is not None
    assert found.horizontal_m == pytest.approx(0.0, abs=1e-6)
    assert found.vertical_m is None


def test_nothing_is_said_of_two_that_were_never_seen_at_one_time() -> None:
    one = flown("a", Position(10.0, 20.0), 90.0, 100.0, None)
    later = [Plot("b", plot.at.plus(600.0), plot.position) for plot in one]
    assert closest_recorded(one, later) is None
    assert separation_at(one, later, START.plus(5.0)) is None
    assert closest_recorded([], one) is None


def test_nothing_is_assumed_across_a_long_gap() -> None:
    one = flown("a", Position(10.0, 20.0), 90.0, 100.0, None, count=40)
    gap = [plot for plot in one if not 50.0 < plot.at.since(START) < 150.0]
    assert separation_at(one, gap, START.plus(100.0)) is None
    assert separation_at(one, gap, START.plus(100.0), gap_max_s=200.0) is not None


@pytest.mark.parametrize("at_s", [10.0, 12.5, 45.0])
def test_a_track_of_one_hit_was_seen_at_that_instant(at_s: float) -> None:
    one = flown("a", Position(45.0, 9.0), 90.0, 200.0, 3_000.0)
    there = destination(Position(45.0, 9.0), Leg(90.0, 200.0 * at_s))
    lone = [Plot("b", START.plus(at_s), destination(there, Leg(0.0, 700.0)), Height(3_100.0, Datum.PRESSURE))]
    for pair in ((one, lone), (lone, one)):
        for found in (closest_recorded(*pair), separation_at(*pair, lone[0].at)):
            assert found is not None
            assert found.vertical_m is not None
            assert (found.at, round(found.vertical_m, 3)) == (lone[0].at, 100.0)
            assert found.horizontal_m == pytest.approx(700.0, abs=0.1)


def test_a_lone_hit_before_or_after_the_other_was_seen_says_nothing() -> None:
    one = flown("a", Position(45.0, 9.0), 90.0, 200.0, 3_000.0)
    for at_s in (-0.1, 45.1):
        lone = [Plot("b", START.plus(at_s), Position(45.0, 9.0), None)]
        assert closest_recorded(one, lone) is None
        assert separation_at(lone, one, lone[0].at) is None


def test_hits_on_both_sides_of_a_gap_are_seen_and_the_gap_is_not() -> None:
    one = flown("a", Position(45.0, 9.0), 90.0, 0.0, 3_000.0, count=30)
    other = [Plot("b", START.plus(at_s), Position(lat, 9.0), None) for at_s, lat in ((10.0, 45.02), (130.0, 44.99))]
    found = closest_recorded(one, other, gap_max_s=60.0)
    assert found is not None
    assert (found.at, found.vertical_m) == (START.plus(130.0), None)
    assert found.horizontal_m == pytest.approx(1_111.4, abs=1.0)
