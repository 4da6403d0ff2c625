"""Pairs across datums: what is stated decides where it can, and within what may be wrong nothing is said."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.engine.brought import Bringing, box_around
from tafadi.engine.detect import detect, judge
from tafadi.engine.levelled import judge_levelled, reconciled
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.measure.levelling import Box, Floats, Levelling, MeasuredAir, RoughAir, Terrain
from tafadi.model.judgement import Cause, Verdict
from tafadi.model.operation import Announced, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.volume import Circle, Outline, Polygon, Volume4D

START = Instant.parse("2026-03-01T00:00:00Z")
MINIMA = Minima(9_260.0, 300.0)
HERE = Position(10.0, 20.0)


class Waves:
    """A geoid that rises by 10 m a degree to the north."""

    name = "waves"
    within_m = 2.0

    def geoid_m(self, lat_deg: Floats, lon_deg: Floats) -> Floats:
        return 10.0 * np.asarray(lat_deg)

    def over_m(self, box: Box) -> tuple[float, float]:
        return 10.0 * box.south, 10.0 * box.north


GEOID = Levelling(Waves())


def volume(low_m: float, high_m: float, datum: Datum, outline: Outline | None = None) -> Volume4D:
    heights = Height(low_m, datum), Height(high_m, datum)
    return Volume4D(outline or Circle(HERE, 1_000.0), *heights, Span(START, START.plus(3_600.0)))


def band(name: str, low_m: float, high_m: float, datum: Datum, outline: Outline | None = None) -> Announced:
    return Announced(name, Notice(Kind.OPERATION, (volume(low_m, high_m, datum, outline),)))


def flight(name: str, height_m: float, datum: Datum, lat: float = 10.0, minima: Minima | None = None) -> Announced:
    points = (Waypoint(Position(lat, 19.9 + 0.2 * k), Height(height_m, datum), START.plus(600.0 * k)) for k in range(2))
    return Announced(name, Notice(Kind.OPERATION, trajectory=Trajectory(tuple(points)), minima=minima))


def verdict(one: Announced, two: Announced, levelling: Levelling = GEOID, minima: Minima | None = None) -> tuple[Verdict, Cause | None]:
    found, turned = judge_levelled(one, two, levelling, minima), judge_levelled(two, one, levelling, minima)
    assert found == turned
    return found.verdict, found.cause


# The geoid stands 100 m above the ellipsoid here (10 degrees north), known to 2 m.


def test_volumes_that_look_apart_and_are_not_are_a_conflict() -> None:
    one, two = band("a", 300, 400, Datum.GEOID), band("b", 450, 600, Datum.ELLIPSOID)  # a is 400 to 500 m above the ellipsoid
    assert judge(one, two).cause is Cause.DATUMS_UNLIKE
    assert verdict(one, two) == (Verdict.CONFLICT, None)


def test_volumes_that_look_shared_and_are_not_are_clear() -> None:
    assert verdict(band("a", 300, 400, Datum.GEOID), band("b", 300, 390, Datum.ELLIPSOID)) == (Verdict.CLEAR, None)


def test_within_what_may_be_wrong_nothing_is_said() -> None:
    one = band("a", 300, 400, Datum.GEOID)
    uncertain = Verdict.UNKNOWN, Cause.HEIGHT_UNCERTAIN
    assert verdict(one, band("b", 499.0, 600.0, Datum.ELLIPSOID)) == uncertain
    assert verdict(one, band("b", 501.0, 600.0, Datum.ELLIPSOID)) == uncertain
    assert verdict(one, band("b", 503.0, 600.0, Datum.ELLIPSOID)) == (Verdict.CLEAR, None)
    assert verdict(one, band("b", 497.0, 600.0, Datum.ELLIPSOID)) == (Verdict.CONFLICT, None)


def test_without_a_grid_the_pair_stays_unknown_for_its_datums() -> None:
    one, two = band("a", 300, 400, Datum.GEOID), band("b", 450, 600, Datum.ELLIPSOID)
    assert judge_levelled(one, two, Levelling()) == judge(one, two)


def test_over_a_large_area_the_geoid_is_taken_at_its_lowest_and_highest() -> None:
    wide = Circle(HERE, 110_574.0)  # a degree: the geoid is 90 to 110 m
    assert verdict(band("a", 300, 400, Datum.GEOID, wide), band("b", 506, 600, Datum.ELLIPSOID, wide))[0] is Verdict.UNKNOWN
    # The small one is brought instead of the wide one where that decides.
    assert verdict(band("a", 300, 400, Datum.GEOID, wide), band("b", 506, 600, Datum.ELLIPSOID)) == (Verdict.CLEAR, None)


def test_flights_are_compared_with_minima_wider_and_narrower_by_what_may_be_wrong() -> None:
    one = flight("a", 1_000.0, Datum.GEOID)
    above = {303.0: Verdict.UNKNOWN, 306.0: Verdict.CLEAR, 297.0: Verdict.UNKNOWN, 294.0: Verdict.CONFLICT}
    for apart_m, expected in above.items():
        assert verdict(one, flight("b", 1_100.0 + apart_m, Datum.ELLIPSOID), minima=MINIMA)[0] is expected, apart_m


def test_a_flight_through_a_band_of_another_datum_is_decided_and_told_as_it_stands() -> None:
    one, two = flight("a", 1_000.0, Datum.GEOID), band("b", 1_050.0, 1_150.0, Datum.ELLIPSOID)
    found = judge_levelled(one, two, GEOID)
    assert found.verdict is Verdict.CONFLICT
    assert found.span is not None
    assert found.span.duration_s == pytest.approx(55.0, abs=1.0)  # 2 km of 21.9 km in 600 s
    assert verdict(flight("a", 940.0, Datum.GEOID), two)[0] is Verdict.CLEAR
    assert verdict(flight("a", 951.0, Datum.GEOID), two)[0] is Verdict.UNKNOWN


def test_pressure_counts_only_with_what_is_stated_of_the_air() -> None:
    one, two = flight("a", 3_000.0, Datum.PRESSURE), flight("b", 3_700.0, Datum.GEOID)
    assert verdict(one, two, Levelling(), MINIMA) == (Verdict.UNKNOWN, Cause.DATUMS_UNLIKE)
    assert verdict(one, two, Levelling(air=RoughAir(200.0)), MINIMA) == (Verdict.CLEAR, None)
    assert verdict(one, two, Levelling(air=RoughAir(450.0)), MINIMA) == (Verdict.UNKNOWN, Cause.HEIGHT_UNCERTAIN)
    warm = MeasuredAir(103_000.0, 100.0, 20.0, 2.0)  # flies 350 m higher than it says
    assert verdict(one, two, Levelling(air=warm), MINIMA)[0] is Verdict.UNKNOWN
    assert verdict(one, flight("b", 3_400.0, Datum.GEOID), Levelling(air=warm), MINIMA)[0] is Verdict.CONFLICT


def test_heights_above_one_datum_are_compared_as_they_are_however_rough_the_air() -> None:
    mixed = Announced("a", Notice(Kind.OPERATION, (volume(3_000, 3_100, Datum.PRESSURE), volume(10, 20, Datum.GEOID))))
    level = band("b", 3_200.0, 3_300.0, Datum.PRESSURE)
    assert verdict(mixed, level, Levelling(air=RoughAir(500.0))) == (Verdict.CLEAR, None)


def test_above_the_ground_counts_only_with_how_high_the_ground_lies() -> None:
    one, two = band("a", 0.0, 120.0, Datum.GROUND), band("b", 400.0, 500.0, Datum.GEOID)
    assert verdict(one, two) == (Verdict.UNKNOWN, Cause.DATUMS_UNLIKE)
    assert verdict(one, two, Levelling(terrain=Terrain(Height(250.0, Datum.GEOID), 20.0))) == (Verdict.CLEAR, None)
    assert verdict(one, two, Levelling(terrain=Terrain(Height(320.0, Datum.GEOID), 20.0))) == (Verdict.CONFLICT, None)


def test_a_band_whose_ends_stand_above_unlike_datums_is_brought_end_by_end() -> None:
    outline = Circle(HERE, 1_000.0)
    mixed = Volume4D(outline, Height(0.0, Datum.ELLIPSOID), Height(400.0, Datum.GEOID), Span(START, START.plus(60.0)))
    one = Announced("a", Notice(Kind.OPERATION, (mixed,)))
    assert verdict(one, band("b", 520.0, 600.0, Datum.ELLIPSOID)) == (Verdict.CLEAR, None)
    assert verdict(one, band("b", 450.0, 600.0, Datum.ELLIPSOID)) == (Verdict.CONFLICT, None)


def test_a_missing_height_stays_unknown_and_hides_no_conflict() -> None:
    unknown = replace(volume(0.0, 1.0, Datum.GEOID), upper=None)
    one = Announced("a", Notice(Kind.OPERATION, (unknown,)))
    two = band("b", 450, 600, Datum.ELLIPSOID)
    assert verdict(one, two) == (Verdict.UNKNOWN, Cause.HEIGHT_MISSING)
    both = Announced("a", Notice(Kind.OPERATION, (unknown, volume(300, 400, Datum.GEOID))))
    assert verdict(both, two) == (Verdict.CONFLICT, None)


def test_a_flight_that_changes_its_datum_on_the_way_stays_unknown() -> None:
    points = (
        Waypoint(Position(10.0, 19.9), Height(1_000.0, Datum.GEOID), START),
        Waypoint(Position(10.0, 20.1), Height(1_000.0, Datum.PRESSURE), START.plus(600.0)),
    )
    one = Announced("a", Notice(Kind.OPERATION, trajectory=Trajectory(points)))
    said = verdict(one, flight("b", 1_100.0, Datum.ELLIPSOID), Levelling(Waves(), RoughAir(10.0)), MINIMA)
    assert said == (Verdict.UNKNOWN, Cause.DATUMS_UNLIKE)


def test_flights_without_minima_stay_unknown_for_that() -> None:
    one, two = flight("a", 1_000.0, Datum.GEOID), flight("b", 1_100.0, Datum.ELLIPSOID)
    assert verdict(one, two, minima=None) == (Verdict.UNKNOWN, Cause.MINIMA_MISSING)


def test_minima_of_a_notice_are_widened_as_those_of_the_command_are() -> None:
    one = flight("a", 1_000.0, Datum.GEOID, minima=Minima(9_260.0, 500.0))
    assert verdict(one, flight("b", 1_595.0, Datum.ELLIPSOID), minima=MINIMA)[0] is Verdict.CONFLICT
    assert verdict(one, flight("b", 1_602.0, Datum.ELLIPSOID), minima=MINIMA)[0] is Verdict.UNKNOWN
    assert verdict(one, flight("b", 1_606.0, Datum.ELLIPSOID), minima=MINIMA)[0] is Verdict.CLEAR
    assert judge_levelled(one, flight("b", 1_595.0, Datum.ELLIPSOID), GEOID, MINIMA).minima == Minima(9_260.0, 500.0)


def test_a_whole_set_is_judged_anew_only_where_datums_are_unlike() -> None:
    notices = [
        band("a", 300, 400, Datum.GEOID),
        band("b", 350, 390, Datum.ELLIPSOID),
        band("c", 350, 450, Datum.GEOID),
        band("d", 480, 600, Datum.ELLIPSOID),
    ]
    found = reconciled(detect(notices), notices, GEOID)
    assert [(one.first, one.second, one.verdict) for one in found] == [
        ("a", "c", Verdict.CONFLICT),
        ("a", "d", Verdict.CONFLICT),
        ("c", "d", Verdict.CONFLICT),
    ]


# The slow twin: heights truly somewhere within what may be wrong, sampled; no verdict may contradict any sample.


@settings(max_examples=40)
@given(st.floats(0, 500), st.floats(1, 200), st.floats(0, 700), st.floats(1, 200), st.floats(200, 60_000), st.data())
def test_no_truth_within_what_may_be_wrong_contradicts_the_verdict(
    low_a: float, tall_a: float, low_b: float, tall_b: float, radius_m: float, data: st.DataObject
) -> None:
    outline = Circle(HERE, radius_m)
    one, two = band("a", low_a, low_a + tall_a, Datum.GEOID, outline), band("b", low_b, low_b + tall_b, Datum.ELLIPSOID, outline)
    said = judge_levelled(one, two, GEOID).verdict
    error_m = data.draw(st.floats(-2.0, 2.0))
    shared = []
    for north_m in np.linspace(-radius_m, radius_m, 9):  # is there a place at which both bands hold one height?
        place = destination(HERE, Leg(0.0 if north_m >= 0 else 180.0, abs(float(north_m))))
        up_m = 10.0 * place.lat_deg + error_m
        shared.append(min(low_a + tall_a + up_m, low_b + tall_b) - max(low_a + up_m, low_b))
    assert not (said is Verdict.CLEAR and max(shared) > 1e-3)
    assert not (said is Verdict.CONFLICT and max(shared) < -1e-3)


@settings(max_examples=40)
@given(st.floats(-80, 80), st.floats(-180, 180), st.lists(st.tuples(st.floats(0, 359), st.floats(1_000, 900_000)), min_size=3, max_size=8))
def test_the_box_around_an_outline_holds_its_corners(lat: float, lon: float, rays: list[tuple[float, float]]) -> None:
    centre = Position(lat, lon)
    corners = [destination(centre, Leg(360.0 * k / len(rays), distance)) for k, (_, distance) in enumerate(rays)]
    box = box_around(Polygon(tuple(corners)))
    for corner in corners:
        assert box.south <= corner.lat_deg <= box.north
        assert any(box.west - 1e-9 <= corner.lon_deg + turn <= box.east + 1e-9 for turn in (-360.0, 0.0, 360.0))


def test_a_long_leg_over_a_bent_geoid_is_as_wrong_as_the_geoid_is_bent() -> None:
    class Bent(Waves):
        def geoid_m(self, lat_deg: Floats, lon_deg: Floats) -> Floats:
            return np.asarray(50.0 * np.cos(np.radians(18.0 * np.asarray(lon_deg))))

    points = (Waypoint(Position(0.0, 10.0 * k), Height(1_000.0, Datum.GEOID), START.plus(3_600.0 * k)) for k in range(2))
    bringing = Bringing(Levelling(Bent()), Datum.ELLIPSOID)
    notice = Notice(Kind.OPERATION, trajectory=Trajectory(tuple(points)))
    # 2 m of the grid, 50 (cos 45 - 1/2) at the quarters, and 1.5 m between two looks.
    assert bringing.within_m(notice) == pytest.approx(2.0 + 50.0 * (math.sqrt(0.5) - 0.5) + 1.5, abs=0.2)


def test_a_climb_at_one_place_is_as_wrong_as_the_air_is_bent() -> None:
    air = MeasuredAir(101_325.0, 100.0, -30.0, 1.0)
    rows = ((10.0, 0.0), (10.0001, 11_000.0))
    points = (Waypoint(Position(lat, 20.0), Height(up_m, Datum.PRESSURE), START.plus(600.0 * k)) for k, (lat, up_m) in enumerate(rows))
    within_m = Bringing(Levelling(air=air), Datum.GEOID).within_m(Notice(Kind.OPERATION, trajectory=Trajectory(tuple(points))))
    ends = air.above_geoid_m(np.array([0.0, 5_500.0, 11_000.0]))
    bend_m = abs(ends[0][1] - (ends[0][0] + ends[0][2]) / 2)
    assert bend_m > 10.0
    assert within_m >= ends[1].max() + bend_m
