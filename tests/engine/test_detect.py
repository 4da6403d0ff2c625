"""Announced against announced: what is a conflict, what is unknown, and what must make no difference."""

import math
import random
from dataclasses import replace

import pytest

from tafadi.engine import detect as detection
from tafadi.engine.detect import detect, judge
from tafadi.errors import InputError, LimitError
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Cause, ClosestApproach, Verdict
from tafadi.model.operation import Announced, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.volume import Circle, Outline, Polygon, Volume4D

START = Instant.parse("2026-03-01T00:00:00Z")
MINIMA = Minima(9_260.0, 304.8)
Row = tuple[float, float, float | None, float]


def height(value_m: float | None, datum: Datum = Datum.GEOID) -> Height | None:
    return None if value_m is None else Height(value_m, datum)


def flight(*rows: Row, datum: Datum = Datum.GEOID) -> Trajectory:
    """A trajectory from rows of latitude, longitude, height, seconds."""
    return Trajectory(tuple(Waypoint(Position(lat, lon), height(value_m, datum), START.plus(at_s)) for lat, lon, value_m, at_s in rows))


def volume(
    outline: Outline,
    low_m: float | None = 0.0,
    high_m: float | None = 1_000.0,
    datum: Datum = Datum.GEOID,
    during: tuple[float, float] = (0.0, 3_600.0),
) -> Volume4D:
    return Volume4D(outline, height(low_m, datum), height(high_m, datum), Span(START.plus(during[0]), START.plus(during[1])))


def box(south: float, west: float, north: float, east: float) -> Polygon:
    west, east = ((lon + 180.0) % 360.0 - 180.0 for lon in (west, east))
    return Polygon((Position(south, west), Position(south, east), Position(north, east), Position(north, west)))


def announced(id: str, *volumes: Volume4D, trajectory: Trajectory | None = None, minima: Minima | None = None) -> Announced:
    return Announced(id, Notice(Kind.OPERATION, volumes, trajectory, minima))


EAST = flight((0.0, 179.0, 500.0, 0.0), (0.0, -179.0, 500.0, 3_600.0))
WEST = flight((0.0, -179.0, 500.0, 0.0), (0.0, 179.0, 500.0, 3_600.0))
BOX = volume(box(10, 20, 11, 21))


def test_none_or_one_notice_has_no_pairs() -> None:
    assert detect([]) == []
    assert detect([announced("a", BOX)], MINIMA) == []


def test_two_notices_of_one_identity_are_refused() -> None:
    with pytest.raises(InputError, match="identity 'a'"):
        detect([announced("a", BOX), announced("a", trajectory=EAST)])
    with pytest.raises(InputError, match="identity 'a'"):
        judge(announced("a", BOX), announced("a", BOX))


def test_head_on_across_the_antimeridian_they_meet_in_the_middle() -> None:
    (found,) = detect([announced("a", trajectory=EAST), announced("b", trajectory=WEST)], MINIMA)
    assert found.verdict is Verdict.CONFLICT
    assert found.span is not None
    assert found.closest is not None
    assert found.place is not None
    assert found.span.duration_s == pytest.approx(3_600.0 * 2 * 9_260.0 / 2 / 222_638.98, abs=1e-3)
    assert found.closest.at == START.plus(1_800.0)
    assert (found.closest.horizontal_m, found.closest.vertical_m) == pytest.approx((0.0, 0.0), abs=1e-3)
    assert abs(found.place.lon_deg) == pytest.approx(180.0, abs=1e-6)
    assert found.margin_horizontal_m == pytest.approx(-9_260.0, abs=1e-3)


def test_two_who_cross_over_the_pole_are_seen() -> None:
    one = flight((80.0, 0.0, 500.0, 0.0), (80.0, 180.0, 500.0, 7_200.0))
    other = flight((80.0, 90.0, 500.0, 0.0), (80.0, -90.0, 500.0, 7_200.0))
    found = judge(announced("a", trajectory=one), announced("b", trajectory=other), MINIMA)
    assert found.verdict is Verdict.CONFLICT
    assert found.closest is not None
    assert found.closest.horizontal_m < 1e-3
    over = judge(announced("a", trajectory=one), announced("b", volume(Circle(Position(-90.0, 0.0), 1_000.0), during=(0.0, 7_200.0))))
    assert over.verdict is Verdict.CLEAR
    over = judge(announced("a", trajectory=one), announced("b", volume(Circle(Position(90.0, 55.0), 1_000.0), during=(0.0, 7_200.0))))
    assert over.span is not None
    assert over.span.duration_s == pytest.approx(7_200.0 * 2_000.0 / 2_233_652.9, abs=1e-3)


@pytest.mark.parametrize("lon", [0.0, 90.0, 179.99, -180.0])
def test_turning_the_earth_about_its_axis_changes_nothing(lon: float) -> None:
    def turned(one: Announced) -> Announced:
        assert one.notice.trajectory is not None
        points = tuple(
            replace(point, position=Position(point.position.lat_deg, (point.position.lon_deg + lon + 180.0) % 360.0 - 180.0))
            for point in one.notice.trajectory.waypoints
        )
        return replace(one, notice=replace(one.notice, trajectory=Trajectory(points)))

    pair = (
        announced("a", trajectory=flight((50.0, -1.0, 500.0, 0.0), (51.0, 1.0, 900.0, 1_000.0))),
        announced("b", trajectory=flight((51.0, -1.0, 500.0, 0.0), (50.0, 1.0, 600.0, 1_000.0))),
    )
    here, there = judge(*pair, MINIMA), judge(turned(pair[0]), turned(pair[1]), MINIMA)
    assert here.span is not None
    assert there.span is not None
    assert here.closest is not None
    assert there.closest is not None
    assert here.verdict is there.verdict is Verdict.CONFLICT
    assert abs(here.span.start.ns - there.span.start.ns) < 10_000
    assert here.closest.horizontal_m == pytest.approx(there.closest.horizontal_m, abs=1e-3)


def test_later_by_a_year_is_the_same_later_by_a_year() -> None:
    year_s = 365 * 86_400.0

    def later(path: Trajectory) -> Trajectory:
        return Trajectory(tuple(replace(point, at=point.at.plus(year_s)) for point in path.waypoints))

    now = judge(announced("a", trajectory=EAST), announced("b", trajectory=WEST), MINIMA)
    then = judge(announced("a", trajectory=later(EAST)), announced("b", trajectory=later(WEST)), MINIMA)
    assert now.span is not None
    assert then.span is not None
    assert then.span == Span(now.span.start.plus(year_s), now.span.end.plus(year_s))


def test_without_minima_from_anyone_two_trajectories_are_unknown_during_their_common_time() -> None:
    later = flight((50.0, 0.0, 9_000.0, 3_000.0), (51.0, 0.0, 9_000.0, 5_000.0))
    (found,) = detect([announced("b", trajectory=later), announced("a", trajectory=EAST)])
    assert (found.verdict, found.cause) == (Verdict.UNKNOWN, Cause.MINIMA_MISSING)
    assert found.span == Span(START.plus(3_000.0), START.plus(3_600.0))
    assert found == judge(announced("b", trajectory=later), announced("a", trajectory=EAST))


def test_without_minima_but_apart_in_time_they_are_clear() -> None:
    later = flight((0.0, 179.0, 500.0, 3_600.0), (0.0, -179.0, 500.0, 7_200.0))
    pair = announced("a", trajectory=EAST), announced("b", trajectory=later)
    assert detect(pair) == []
    assert judge(*pair).verdict is Verdict.CLEAR


def test_the_minima_of_one_notice_are_enough_and_the_larger_ones_count() -> None:
    own = announced("a", trajectory=EAST, minima=Minima(100.0, 50.0))
    other = announced("b", trajectory=WEST, minima=Minima(50.0, 80.0))
    assert judge(own, announced("b", trajectory=WEST)).minima == Minima(100.0, 50.0)
    assert judge(own, other).minima == Minima(100.0, 80.0)
    assert judge(own, other, MINIMA).minima == MINIMA


@pytest.mark.parametrize("datum", list(Datum))
def test_exactly_a_thousand_feet_apart_is_separated_in_every_order(datum: Datum) -> None:
    low = announced("a", trajectory=flight((0.0, 0.0, 9_000 * 0.3048, 0.0), (0.0, 2.0, 9_000 * 0.3048, 900.0), datum=datum))
    high = announced("b", trajectory=flight((0.0, 0.0, 10_000 * 0.3048, 0.0), (0.0, 2.0, 10_000 * 0.3048, 900.0), datum=datum))
    assert judge(low, high, MINIMA).verdict is judge(high, low, MINIMA).verdict is Verdict.CLEAR
    closest = judge(low, high, MINIMA).closest
    assert closest is not None
    assert closest.vertical_m == pytest.approx(304.8)


def test_flying_abreast_a_millimetre_within_or_beyond_the_minima_is_told_apart() -> None:
    here = (Position(50.0, 5.0), Position(50.0, 5.0))
    for offset_m, verdict in ((9_260.0 - 1e-3, Verdict.CONFLICT), (9_260.0 + 1e-3, Verdict.CLEAR)):
        there = destination(here[0], Leg(0.0, offset_m))
        one = flight((50.0, 5.0, 500.0, 0.0), (50.0, 5.0, 500.0, 600.0))
        other = flight((there.lat_deg, there.lon_deg, 500.0, 0.0), (there.lat_deg, there.lon_deg, 500.0, 600.0))
        assert judge(announced("a", trajectory=one), announced("b", trajectory=other), MINIMA).verdict is verdict


def test_unlike_datums_are_unknown_while_near_and_clear_when_far() -> None:
    pressure = flight((0.0, -179.0, 12_000.0, 0.0), (0.0, 179.0, 12_000.0, 3_600.0), datum=Datum.PRESSURE)
    (found,) = detect([announced("a", trajectory=EAST), announced("b", trajectory=pressure)], MINIMA)
    assert (found.verdict, found.cause) == (Verdict.UNKNOWN, Cause.DATUMS_UNLIKE)
    assert found.span is not None
    assert found.span.duration_s == pytest.approx(149.731, abs=0.01)
    assert found.closest is not None
    assert found.closest.vertical_m is None
    assert found.margin_vertical_m is None
    far = flight((1.0, -179.0, 500.0, 0.0), (1.0, 179.0, 500.0, 3_600.0), datum=Datum.PRESSURE)
    assert judge(announced("a", trajectory=EAST), announced("b", trajectory=far), MINIMA).verdict is Verdict.CLEAR


def test_a_height_that_is_not_stated_is_unknown_never_clear_and_never_zero() -> None:
    silent = flight((0.0, -179.0, None, 0.0), (0.0, 179.0, None, 3_600.0))
    found = judge(announced("a", trajectory=EAST), announced("b", trajectory=silent), MINIMA)
    assert (found.verdict, found.cause) == (Verdict.UNKNOWN, Cause.HEIGHT_MISSING)
    low = judge(announced("a", BOX), announced("b", volume(box(10, 20, 11, 21), 5_000.0, None)))
    assert low.verdict is Verdict.CLEAR  # its bottom is above the other's top
    high = judge(announced("a", BOX), announced("b", volume(box(10, 20, 11, 21), None, 5_000.0)))
    assert (high.verdict, high.cause, high.overlaps) == (Verdict.UNKNOWN, Cause.HEIGHT_MISSING, ())


def test_touching_volumes_do_not_overlap_on_any_side() -> None:
    beside, above = volume(box(10, 21, 11, 22)), volume(box(10, 20, 11, 21), 1_000.0, 2_000.0)
    after = volume(box(10, 20, 11, 21), during=(3_600.0, 7_200.0))
    for other in (beside, above, after):
        assert detect([announced("a", BOX), announced("b", other)]) == []


def test_a_harmless_neighbour_does_not_hide_a_conflict() -> None:
    far, near = volume(box(50, 50, 51, 51)), volume(box(10.5, 20.5, 11.5, 21.5), 500.0, 1_500.0, during=(1_800.0, 5_400.0))
    for volumes in ((far, near), (near, far)):
        (found,) = detect([announced("a", BOX), announced("b", *volumes)])
        (overlap,) = found.overlaps
        assert (overlap.lower, overlap.upper) == (Height(500.0, Datum.GEOID), Height(1_000.0, Datum.GEOID))
        assert overlap.span == found.span == Span(START.plus(1_800.0), START.plus(3_600.0))
        assert overlap.area_m2 == pytest.approx(0.25 * 12_106e6, rel=0.01)


def test_a_conflict_wins_over_an_unknown_and_an_unknown_over_clear() -> None:
    unlike = volume(box(10, 20, 11, 21), datum=Datum.PRESSURE, during=(0.0, 100.0))
    alike = volume(box(10, 20, 11, 21), during=(200.0, 300.0))
    assert judge(announced("a", BOX), announced("b", unlike)).cause is Cause.DATUMS_UNLIKE
    both = judge(announced("a", BOX), announced("b", unlike, alike))
    assert (both.verdict, both.cause, len(both.overlaps)) == (Verdict.CONFLICT, None, 1)
    assert both.span == Span(START.plus(200.0), START.plus(300.0))


def test_parts_that_follow_each_other_make_one_span_and_a_gap_ends_it() -> None:
    pieces = [volume(box(10, 20, 11, 21), during=during) for during in ((900.0, 1_000.0), (0.0, 100.0), (100.0, 250.0), (300.0, 400.0))]
    found = judge(announced("a", BOX), announced("b", *pieces))
    assert found.span == Span(START, START.plus(250.0))
    assert [overlap.span.start.since(START) for overlap in found.overlaps] == [0.0, 100.0, 300.0, 900.0]


def test_minima_buffer_volumes_on_all_sides_and_what_is_only_near_shares_no_air() -> None:
    near = announced("b", volume(box(10, 21.05, 11, 22)))
    found = judge(announced("a", BOX), near, MINIMA)
    assert (found.verdict, found.overlaps) == (Verdict.CONFLICT, ())
    assert judge(announced("a", BOX), near).verdict is Verdict.CLEAR
    assert judge(announced("a", BOX), announced("b", volume(box(10, 21.09, 11, 22))), MINIMA).verdict is Verdict.CLEAR
    above = announced("b", volume(box(10, 20, 11, 21), 1_304.8, 2_000.0))
    assert judge(announced("a", BOX), above, MINIMA).verdict is Verdict.CLEAR
    assert judge(announced("a", BOX), above, Minima(0.0, 305.0)).verdict is Verdict.CONFLICT


def test_a_line_into_a_volume_is_a_conflict_even_without_minima() -> None:
    through = announced("b", volume(box(-1, 179.9, 1, 180.1)))
    (found,) = detect([through, announced("a", trajectory=EAST)])
    assert (found.first, found.second, found.minima) == ("a", "b", Minima(0.0, 0.0))
    assert found.span is not None
    assert found.place is not None
    assert found.span.start.since(START) == pytest.approx(1_620.0, abs=1e-3)
    assert found.span.end.since(START) == pytest.approx(1_980.0, abs=1e-3)
    assert found.place.lon_deg == pytest.approx(179.9, abs=1e-6)


def test_a_long_edge_is_a_geodesic_and_not_a_parallel() -> None:
    wide = volume(box(50.0, 0.0, 60.0, 40.0))  # its northern edge reaches 61.6 degrees in the middle
    over = flight((61.0, 19.9, 500.0, 0.0), (61.0, 20.1, 500.0, 600.0))
    assert judge(announced("a", wide), announced("b", trajectory=over)).verdict is Verdict.CONFLICT
    under = flight((50.5, 19.9, 500.0, 0.0), (50.5, 20.1, 500.0, 600.0))
    assert judge(announced("a", wide), announced("b", trajectory=under)).verdict is Verdict.CLEAR


def test_volumes_that_share_air_are_as_close_as_can_be_from_the_beginning_of_their_common_time() -> None:
    other = volume(box(10.5, 20.5, 11.5, 21.5), 500.0, 1_500.0, during=(1_800.0, 5_400.0))
    found = judge(announced("a", BOX), announced("b", other))
    assert found.closest == ClosestApproach(START.plus(1_800.0), 0.0, 0.0)
    assert (found.margin_horizontal_m, found.margin_vertical_m) == (0.0, 0.0)
    found = judge(announced("a", BOX), announced("b", other), MINIMA)
    assert (found.margin_horizontal_m, found.margin_vertical_m) == (-9_260.0, -304.8)


def test_volumes_within_minima_are_as_close_as_the_gaps_between_them() -> None:
    east = destination(Position(0.0, 21.0), Leg(90.0, 5_000.0)).lon_deg
    found = judge(announced("a", volume(box(-1, 20, 1, 21))), announced("b", volume(box(-1, east, 1, 22), 1_100.0, 2_000.0)), MINIMA)
    assert found.closest is not None
    assert found.closest.horizontal_m == pytest.approx(5_000.0 * math.cos(math.radians(1.0)), abs=1.0)  # at their northern corners
    assert found.closest.vertical_m == pytest.approx(100.0)
    assert found.margin_vertical_m == pytest.approx(-204.8)


def test_bands_above_unlike_datums_are_apart_by_nothing_that_can_be_said() -> None:
    pressure = announced("b", volume(box(10, 20, 11, 21), datum=Datum.PRESSURE))
    found = judge(announced("a", BOX), pressure, MINIMA)
    assert found.verdict is Verdict.UNKNOWN
    assert found.closest == ClosestApproach(START, 0.0, None)
    assert found.margin_vertical_m is None


def test_the_ground_is_the_bottom_of_both_so_bands_that_stand_on_it_overlap() -> None:
    def standing(datum: Datum) -> Volume4D:
        during = Span(START, START.plus(3_600.0))
        return Volume4D(box(10, 20, 11, 21), Height(0.0, Datum.GROUND), Height(1_000.0, datum), during)

    found = judge(announced("a", standing(Datum.GEOID)), announced("b", standing(Datum.PRESSURE)))
    assert found.verdict is Verdict.CONFLICT
    assert found.closest == ClosestApproach(START, 0.0, 0.0)


def test_a_line_into_a_volume_without_minima_is_closest_when_it_enters() -> None:
    found = judge(announced("a", trajectory=EAST), announced("b", volume(box(-1, 179.9, 1, 180.1))))
    assert found.span is not None
    assert found.closest == ClosestApproach(found.span.start, 0.0, 0.0)


def test_a_line_past_a_volume_is_closest_where_it_passes_the_nearest_corner() -> None:
    north = destination(Position(0.0, 180.0), Leg(0.0, 4_000.0)).lat_deg
    found = judge(announced("a", trajectory=EAST), announced("b", volume(box(north, 179.9, 1, 180.1), 600.0, 900.0)), MINIMA)
    assert found.closest is not None
    assert found.closest.horizontal_m == pytest.approx(4_000.0, abs=0.1)  # its southern edge is a geodesic, nearest at its ends
    assert found.closest.vertical_m == pytest.approx(100.0)
    assert found.closest.at.since(START) == pytest.approx(1_620.0, abs=1.0)
    assert found.span is not None
    assert found.span.start < found.closest.at < found.span.end


def test_of_several_volumes_the_one_that_is_entered_deepest_gives_the_closest_approach() -> None:
    east = destination(Position(0.0, 21.0), Leg(90.0, 5_000.0)).lon_deg
    near, over = volume(box(-1, east, 1, 22), during=(0.0, 600.0)), volume(box(-1, 20.5, 1, 22), during=(600.0, 900.0))
    for volumes in ((near, over), (over, near)):
        found = judge(announced("a", volume(box(-1, 20, 1, 21))), announced("b", *volumes), MINIMA)
        assert found.span == Span(START, START.plus(900.0))
        assert found.closest == ClosestApproach(START.plus(600.0), 0.0, 0.0)


def crowd(seed: int, count: int = 60) -> list[Announced]:
    """Notices of all kinds in a small sky over the antimeridian."""
    r = random.Random(seed)
    everyone = []
    for n in range(count):
        lat, lon, at = r.uniform(50, 51), r.uniform(179, 181), r.uniform(0, 3_000)
        datum = r.choice([Datum.GEOID, Datum.GEOID, Datum.GEOID, Datum.PRESSURE])
        low = r.choice([0.0, 300.0, 1_000.0])
        if n % 2:
            rows: list[Row] = [
                (lat + r.uniform(-0.1, 0.1) * k, (lon + 0.1 * k + 180) % 360 - 180, low + 100.0 * k, at + 120.0 * k) for k in range(4)
            ]
            everyone.append(announced(f"n{n:03d}", trajectory=flight(*rows, datum=datum), minima=r.choice([None, MINIMA])))
        else:
            outline: Outline = box(lat, lon, lat + 0.1, lon + 0.1) if n % 4 else Circle(Position(lat, (lon + 180) % 360 - 180), 5_000.0)
            everyone.append(
                announced(f"n{n:03d}", volume(outline, low, low + 400.0, datum, (at, at + 900.0)), minima=r.choice([None, None, MINIMA]))
            )
    return everyone


def both_kinds(seed: int, count: int) -> list[Announced]:
    """Notices that have a trajectory and volumes, near each other."""
    r = random.Random(seed)
    everyone = []
    for n in range(count):
        lat, lon = 50.0 + r.uniform(0, 0.3), r.uniform(179.8, 180.2)
        rows: list[Row] = [(lat + 0.05 * k, (lon + 0.08 * k + 180) % 360 - 180, 500.0, 100.0 * k) for k in range(4)]
        boxes = [volume(box(lat + 0.1 * k, lon, lat + 0.1 * k + 0.05, lon + 0.05), 300.0, 700.0) for k in range(2)]
        everyone.append(announced(f"n{n:03d}", *boxes, trajectory=flight(*rows), minima=r.choice([None, Minima(500.0, 50.0)])))
    return everyone


def test_a_notice_of_both_kinds_meets_others_and_never_itself() -> None:
    everyone = both_kinds(1, 25)
    found = detect(everyone)
    assert all(judgement.first != judgement.second for judgement in found)
    told = {(judgement.first, judgement.second): judgement for judgement in found}
    alone = [judge(one, other) for n, one in enumerate(everyone) for other in everyone[n + 1 :]]
    assert told == {(one.first, one.second): one for one in alone if one.verdict is not Verdict.CLEAR}
    assert len(told) > 100
    assert detect(everyone, workers=3) == found


def test_more_pairs_than_can_be_told_are_refused_and_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = [announced(f"n{n}", trajectory=flight((50.0, 0.0, 500.0, 9.0 * n), (51.0, 0.0, 500.0, 90.0 + 9.0 * n))) for n in range(40)]
    pairs = len(detect(silent))
    assert pairs == sum(1 for a in range(40) for b in range(a) if 9 * (a - b) < 90)
    monkeypatch.setattr(detection, "MOST_JUDGED", pairs)
    assert len(detect(silent)) == pairs
    monkeypatch.setattr(detection, "MOST_JUDGED", pairs - 1)
    with pytest.raises(LimitError, match="state no minima"):
        detect(silent)
    monkeypatch.setattr(detection, "MOST_JUDGED", 10)
    with pytest.raises(LimitError, match="trajectories are in conflict"):
        detect(silent, Minima(20_000.0, 300.0))
    boxes = [announced(f"n{n}", BOX) for n in range(40)]
    with pytest.raises(LimitError, match="volumes are not known to be clear"):
        detect(boxes)
    monkeypatch.setattr(detection, "MOST_ENTRIES", 10)
    one_after_the_other = [flight((10.5, 20.2, 5.0, 60.0 * n), (10.5, 20.8, 5.0, 60.0 * n + 60.0)) for n in range(12)]
    with pytest.raises(LimitError, match="near a volume"):
        detect([announced("b", BOX), *(announced(f"n{n}", trajectory=path) for n, path in enumerate(one_after_the_other))])


@pytest.mark.parametrize("seed", range(3))
def test_neither_order_nor_company_changes_any_judgement(seed: int) -> None:
    everyone = crowd(seed)
    found = detect(everyone)
    shuffled = everyone[:]
    random.Random(seed).shuffle(shuffled)
    assert detect(shuffled) == found
    assert [(j.span.start, j.first, j.second) for j in found if j.span] == sorted(
        (j.span.start, j.first, j.second) for j in found if j.span
    )
    told = {(j.first, j.second): j for j in found}
    verdicts = set()
    for number, one in enumerate(everyone):
        for other in everyone[number + 1 :]:
            alone = judge(other, one)
            verdicts.add((alone.verdict, alone.cause))
            assert told.get((one.id, other.id)) == (None if alone.verdict is Verdict.CLEAR else alone)
    assert len(verdicts) >= 4  # all kinds of verdict occurred
