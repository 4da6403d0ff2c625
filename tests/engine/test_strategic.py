"""Many trajectories in columns: against slow twins, at the edges, and independent of all that must not matter."""

import gzip
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from reference.routes import apart_m, asked_taken, both, crowded, every_pair, just_met, lost, mixed_minima, taken, walked
from tafadi.engine import sharing, strategic
from tafadi.engine.layout import CONFLICT, DATUMS_UNLIKE, HEIGHT_MISSING, MISSING, NOT_FINITE, SECOND_NS, UNKNOWN, Floats, Ints
from tafadi.engine.pack import pack_routes
from tafadi.engine.routes import Routes
from tafadi.engine.strategic import Judged, asked_by, detect_in_turn, detect_routes, near_paths
from tafadi.errors import InputError, LimitError
from tafadi.model.operation import Minima

MINIMA = Minima(9_260.0, 304.8)
START_NS = 1_800_000_000 * SECOND_NS
PRESSURE = 2
Row = tuple[float, float, float, float]


def routes(*tracks: list[Row], datum: int = PRESSURE) -> Routes:
    """Routes from rows of seconds, latitude, longitude, height."""
    table = np.array([row for track in tracks for row in track]).reshape(-1, 4)
    first = np.cumsum([0] + [len(track) for track in tracks]).astype(np.int64)
    at_ns = START_NS + np.round(table[:, 0] * SECOND_NS).astype(np.int64)
    return Routes(first, table[:, 1], table[:, 2], at_ns, table[:, 3], np.full(len(table), datum, np.int8))


def same(one: Judged, other: Judged) -> bool:
    """Whether both are alike to the last bit, NaN included."""
    return np.array_equal(one.pairs, other.pairs) and one.found.tobytes() == other.found.tobytes()


def pairs(judged: Judged) -> list[tuple[int, int]]:
    return [(a, b) for a, b in judged.pairs.tolist()]


# Against the twins


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("slab_s", [3.0, 60.0, 480.0, 1e5])
def test_the_join_finds_to_the_last_bit_what_judging_every_pair_finds(seed: int, slab_s: float) -> None:
    everyone, asked = crowded(120, seed), mixed_minima(120, seed) if seed % 2 else asked_by(120, MINIMA)
    truth = every_pair(everyone, asked)
    assert same(detect_routes(everyone, asked, slab_s=slab_s), truth)
    assert {CONFLICT, UNKNOWN} == set(truth.found["verdict"].tolist())
    assert {HEIGHT_MISSING, DATUMS_UNLIKE, NOT_FINITE} <= set(truth.found["cause"].tolist())


@pytest.mark.parametrize("seed", range(2))
def test_those_who_meet_as_the_slab_ends_are_found_wherever_they_are(seed: int) -> None:
    everyone, minima = just_met(600, seed), Minima(20.0, 100.0)
    told = detect_routes(everyone, minima)
    assert same(told, every_pair(everyone, asked_by(1_200, minima)))
    assert {(2 * n, 2 * n + 1) for n in range(600)} <= set(pairs(told))


def test_walking_along_geodesics_finds_the_same_pairs_and_times() -> None:
    everyone, minima = crowded(30, 7, 2), Minima(9_260.0, 900.0)
    everyone = everyone._replace(
        height_m=np.nan_to_num(everyone.height_m, nan=9_200.0), datum=np.full(len(everyone.datum), PRESSURE, np.int8)
    )
    judged = detect_routes(everyone, minima)
    told = dict(zip(pairs(judged), judged.found, strict=True))
    times_ns = np.arange(everyone.at_ns.min(), everyone.at_ns.max(), 20 * SECOND_NS)
    surely, perhaps = (lost(everyone, minima, times_ns, band_m) for band_m in (0.05, -0.05))
    assert set(surely) <= set(told)
    assert len(surely) > 10
    for pair, found in told.items():
        epoch = int(found["epoch_ns"])
        start_ns, end_ns = (epoch + round(float(found[name]) * 1e9) for name in ("start_s", "end_s"))
        within = [n for n, at in enumerate(times_ns) if start_ns <= at < end_ns]
        assert set(within) <= set(perhaps.get(pair, []))
        assert all(times_ns[n] >= start_ns for n in surely.get(pair, []))


def test_the_closest_approach_in_conflict_is_within_two_metres_of_the_geodesics_wherever_it_is() -> None:
    everyone = crowded(60, 9)
    judged = detect_routes(everyone, MINIMA)
    conflicts = np.flatnonzero(judged.found["verdict"] == CONFLICT)[:60]
    for n in conflicts:
        found, (a, b) = judged.found[n], judged.pairs[n]
        at_ns = np.array([int(found["epoch_ns"]) + round(float(found["nearest_s"]) * 1e9)])
        horizontal_m, vertical_m = apart_m(walked(everyone, a, at_ns), walked(everyone, b, at_ns), 0)
        assert found["horizontal_m"] == pytest.approx(horizontal_m, abs=0.05)
        assert found["vertical_m"] == pytest.approx(vertical_m, abs=1e-3)


def test_the_shared_plans_give_the_pairs_and_times_of_their_plane(shared: Callable[[str], Path]) -> None:
    nasa = np.loadtxt(shared("vectors/strategic/plans1000_expected_nasa_cdii.txt"))
    with gzip.open(shared("vectors/strategic/plans1000.txt.gz")) as file:
        rows = np.loadtxt(file)
    lat_deg, lon_deg = Transformer.from_crs(3035, 4326).transform(rows[:, 3], rows[:, 2])
    first = np.searchsorted(rows[:, 0], np.arange(rows[-1, 0] + 2)).astype(np.int64)
    at_ns, level = np.round(rows[:, 1] * SECOND_NS).astype(np.int64), np.full(len(rows), PRESSURE, np.int8)
    judged = detect_routes(Routes(first, lat_deg, lon_deg, at_ns, rows[:, 4], level), MINIMA)
    assert pairs(judged) == [(int(row[0]), int(row[1])) for row in nasa]
    epoch_s = judged.found["epoch_ns"] / SECOND_NS
    # EPSG:3035 keeps areas and not distances: docs/maths/detect.md. On their own plane the times agree within 1 ms (kernels/test_paths.py).
    np.testing.assert_allclose(epoch_s + judged.found["start_s"], nasa[:, 2], atol=0.5)
    np.testing.assert_allclose(epoch_s + judged.found["end_s"], nasa[:, 3], atol=0.5)


# Independent of what must not matter


@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_workers_changes_nothing_to_the_last_bit(monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    everyone = crowded(200, 11)
    alone = detect_routes(everyone, MINIMA)
    monkeypatch.setattr(sharing, "SHARED_LEAST", 1)
    assert same(detect_routes(everyone, MINIMA, workers, 60.0), alone)


@settings(max_examples=15)
@given(st.integers(0, 1_000), st.permutations(range(30)))
def test_the_order_of_the_routes_changes_nothing_to_the_last_bit(seed: int, order: list[int]) -> None:
    everyone, asked, shuffle = crowded(30, seed, 1), mixed_minima(30, seed), np.array(order)
    plain = detect_routes(everyone, asked)
    other = detect_routes(taken(everyone, shuffle), asked_taken(asked, shuffle))
    numbers = np.sort(shuffle[other.pairs], axis=1)
    back = np.lexsort((numbers[:, 1], numbers[:, 0]))
    assert np.array_equal(numbers[back], plain.pairs)
    for name in ("verdict", "cause", "epoch_ns", "start_s", "end_s", "nearest_s", "horizontal_m", "vertical_m", "least_horizontal_m"):
        np.testing.assert_array_equal(other.found[name][back], plain.found[name], err_msg=name)


@settings(max_examples=15)
@given(st.integers(0, 50), st.integers(-(10**17), 10**17))
def test_later_is_the_same_later_to_the_last_bit(seed: int, later_ns: int) -> None:
    everyone = crowded(40, seed, 2)
    now, then = detect_routes(everyone, MINIMA), detect_routes(everyone._replace(at_ns=everyone.at_ns + later_ns), MINIMA)
    then.found["epoch_ns"] -= later_ns
    assert same(now, then)


@settings(max_examples=15)
@given(st.floats(-180.0, 180.0))
def test_turning_the_earth_about_its_axis_changes_nothing(turned_deg: float) -> None:
    everyone = crowded(60, 5)
    here = detect_routes(everyone, MINIMA)
    there = detect_routes(everyone._replace(lon_deg=np.mod(everyone.lon_deg + turned_deg + 540.0, 360.0) - 180.0), MINIMA)
    assert np.array_equal(here.pairs, there.pairs)
    for name in ("start_s", "end_s", "nearest_s"):
        np.testing.assert_allclose(here.found[name], there.found[name], atol=1e-4, err_msg=name)
    np.testing.assert_allclose(here.found["horizontal_m"], there.found["horizontal_m"], atol=1e-3)


@pytest.mark.parametrize("size", [1, 7, 50, 1_000])
def test_batches_in_turn_give_what_all_at_once_gives_to_the_last_bit(size: int) -> None:
    everyone, asked = crowded(150, 13), mixed_minima(150, 13)
    order = np.argsort(everyone.at_ns[everyone.first[:-1]], kind="stable")
    everyone, asked = taken(everyone, order), asked_taken(asked, order)
    parts = [np.arange(first, min(150, first + size)) for first in range(0, 150, size)]
    told = list(detect_in_turn((taken(everyone, part), asked_taken(asked, part)) for part in parts))
    numbers, found = (np.concatenate([getattr(one, name) for one in told]) for name in ("pairs", "found"))
    order = np.lexsort((numbers[:, 1], numbers[:, 0]))
    assert same(Judged(numbers[order], found[order]), detect_routes(everyone, asked))


def test_batches_that_are_empty_or_long_over_are_passed_by() -> None:
    none, early, late = taken(crowded(3, 1), np.empty(0, np.int64)), crowded(30, 1), crowded(30, 1)
    late = late._replace(at_ns=late.at_ns + 10**15)
    told = list(detect_in_turn([(none, MINIMA), (early, MINIMA), (none, MINIMA), (late, MINIMA)]))
    assert [len(one.pairs) for one in told] == [0, len(told[1].pairs), 0, len(told[1].pairs)]
    assert np.array_equal(told[3].pairs, told[1].pairs + 30)
    with pytest.raises(InputError, match="begins before the one"):
        list(detect_in_turn([(late, MINIMA), (early, MINIMA)]))


# At the edges


def test_none_and_one_route_have_no_pairs() -> None:
    for count in (0, 1):
        told = detect_routes(taken(crowded(1, 1), np.arange(count)), MINIMA)
        assert told.pairs.shape == (0, 2)
        assert len(told.found) == 0


@pytest.mark.parametrize("lat_deg", [0.0, 61.0, 89.99, -89.99])
@pytest.mark.parametrize("lon_deg", [0.0, 180.0, -180.0, 179.9999])
def test_head_on_they_meet_in_the_middle_wherever_they_are(lat_deg: float, lon_deg: float) -> None:
    def wrapped(deg: float) -> float:
        return (deg + 180.0) % 360.0 - 180.0

    west, east = wrapped(lon_deg - 0.8), wrapped(lon_deg + 0.8)
    pair = routes([(0, lat_deg, west, 9e3), (600, lat_deg, east, 9e3)], [(0, lat_deg, east, 9e3), (600, lat_deg, west, 9e3)])
    for slab_s in (7.0, 480.0):
        told = detect_routes(pair, MINIMA, slab_s=slab_s)
        assert pairs(told) == [(0, 1)]
        assert told.found["nearest_s"][0] == pytest.approx(300.0, abs=1e-3)
        assert told.found["horizontal_m"][0] < 1e-2


@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_two_who_cross_at_a_pole_are_seen(pole: float) -> None:
    lat_deg = math.copysign(85.0, pole)
    across = [[(0.0, lat_deg, lon, 9e3), (5_000.0, lat_deg, lon - 180.0, 9e3)] for lon in (20.0, 110.0)]
    standing = [(0.0, pole, 77.0, 9e3), (5_000.0, pole, -12.0, 9e3)]
    told = detect_routes(routes(*across, standing), MINIMA)
    assert pairs(told) == [(0, 1), (0, 2), (1, 2)]
    assert told.found["least_horizontal_m"] == pytest.approx([0.0] * 3, abs=1e-2)


@pytest.mark.parametrize(("short_m", "verdict"), [(1e-3, 1), (-1e-3, 0)])
def test_exactly_at_the_horizontal_minima_is_separated(short_m: float, verdict: int) -> None:
    north_deg = math.degrees((MINIMA.horizontal_m - short_m) / 6_335_439.327)  # along the meridian at the equator
    pair = routes([(0, 0.0, 5.0, 9e3), (900, 0.0, 5.0, 9e3)], [(0, north_deg, 5.0, 9e3), (900, north_deg, 5.0, 9e3)])
    assert len(detect_routes(pair, MINIMA).pairs) == verdict


def test_levels_exactly_1000_ft_apart_are_separated_and_a_tenth_of_a_millimetre_less_is_not() -> None:
    level_m = np.arange(0, 45_000, 1_000) * 0.3048
    stacked = [[(0.0, 48.0, 9.0, float(height_m)), (900.0, 48.5, 10.0, float(height_m))] for height_m in level_m]
    assert pairs(detect_routes(routes(*stacked), MINIMA)) == []
    nearer = [[(0.0, 48.0, 9.0, n * (304.8 - 1e-4)), (900.0, 48.5, 10.0, n * (304.8 - 1e-4))] for n in range(45)]
    assert pairs(detect_routes(routes(*nearer), MINIMA)) == [(n, n + 1) for n in range(44)]


@pytest.mark.parametrize("apart_deg", [0.0, 0.01])
def test_equal_velocities_that_are_too_near_are_in_conflict_all_the_time(apart_deg: float) -> None:
    track = [(0.0, 10.0, 179.0, 9e3), (3_600.0, 12.0, -177.0, 9e3)]
    abreast = [(at, lat, lon + apart_deg, height) for at, lat, lon, height in track]
    told = detect_routes(routes(track, abreast), MINIMA)
    assert (told.found["start_s"][0], told.found["end_s"][0]) == (0.0, 3_600.0)


def test_two_that_share_no_instant_are_clear() -> None:
    track = [(0.0, 10.0, 20.0, 9e3), (600.0, 10.0, 21.0, 9e3)]
    after = [(600.0, 10.0, 21.0, 9e3), (900.0, 10.0, 21.5, 9e3)]
    assert pairs(detect_routes(routes(track, after), MINIMA)) == []


def test_two_of_which_one_lands_where_the_other_then_takes_off_are_not_even_looked_at() -> None:
    landing = [(0.0, 10.0, 20.0, 9e3), (600.0, 10.0, 21.0, 0.0)]
    leaving = [(700.0, 10.0, 21.0, 0.0), (1_300.0, 10.0, 22.0, 9e3)]
    for slab_s in (100.0, 480.0, 1e5):
        paths = pack_routes(routes(landing, leaving))
        assert len(near_paths(paths, asked_by(2, MINIMA), slab_s=slab_s).pairs) == 0


@pytest.mark.parametrize("apart_ns", [-1, 0, 1])
def test_two_that_share_a_single_nanosecond_meet_in_it_and_else_never(apart_ns: int) -> None:
    both_here = routes([(0.0, 10.0, 20.0, 9e3), (600.0, 10.0, 21.0, 9e3)], [(600.0, 10.0, 21.0, 9e3), (900.0, 10.0, 22.0, 9e3)])
    both_here.at_ns[2] += apart_ns
    for slab_s in (7.0, 480.0, 1e6):
        told = detect_routes(both_here, MINIMA, slab_s=slab_s)
        assert same(told, every_pair(both_here, asked_by(2, MINIMA)))
        assert len(told.pairs) == (1 if apart_ns < 0 else 0)


def test_two_at_the_antipodes_of_each_other_are_clear_of_each_other() -> None:
    there = [(0.0, 0.0, 0.0, 9e3), (600.0, 0.0, 1.0, 9e3)], [(0.0, 0.0, 180.0, 9e3), (600.0, 0.0, -179.0, 9e3)]
    pair = routes(*there)
    assert len(detect_routes(pair, MINIMA).pairs) == len(every_pair(pair, asked_by(2, MINIMA)).pairs) == 0


@pytest.mark.parametrize("end", [(0.0, 180.0), (0.0, -175.001)])
def test_a_leg_nearly_to_the_antipode_is_refused_with_its_row(end: tuple[float, float]) -> None:
    pair = routes([(0, 1.0, 0.0, 9e3), (900, 1.0, 1.0, 9e3)], [(0, 0.0, 0.0, 9e3), (60_000, *end, 9e3)])
    with pytest.raises(InputError, match="the leg from row 2 is longer than 175 degrees of arc"):
        detect_routes(pair, MINIMA)
    pair.lon_deg[3] = -174.999
    assert len(detect_routes(pair, MINIMA).pairs) == 0


# Unknown


@pytest.mark.parametrize("value_m", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("row", range(4))
def test_a_height_that_is_no_number_is_unknown_never_clear(value_m: float, row: int) -> None:
    pair = routes([(0, 0.0, 0.0, 9e3), (900, 0.0, 1.0, 9e3)], [(0, 0.0, 1.0, 2e3), (900, 0.0, 0.0, 2e3)])
    assert pairs(detect_routes(pair, MINIMA)) == []
    pair.height_m[row] = value_m
    told = detect_routes(pair, MINIMA, slab_s=33.0)
    assert (told.found["verdict"].tolist(), told.found["cause"].tolist()) == ([UNKNOWN], [NOT_FINITE])


@pytest.mark.parametrize(("codes", "cause"), [((MISSING, 2), HEIGHT_MISSING), ((1, 2), DATUMS_UNLIKE)])
def test_heights_that_do_not_compare_are_unknown_while_near_and_clear_when_far(codes: tuple[int, int], cause: int) -> None:
    pair = routes([(0, 0.0, 0.0, 9e3), (900, 0.0, 1.0, 9e3)], [(0, 0.0, 1.0, 2e3), (900, 0.0, 0.0, 2e3)])
    pair = pair._replace(datum=np.repeat(np.array(codes, np.int8), 2))
    told = detect_routes(pair, MINIMA)
    assert (told.found["verdict"].tolist(), told.found["cause"].tolist()) == ([UNKNOWN], [cause])
    pair.lat_deg[2:] = 0.2
    assert pairs(detect_routes(pair, MINIMA)) == []


@pytest.mark.parametrize("column", ["lat_deg", "lon_deg"])
@pytest.mark.parametrize("bad", [math.nan, math.inf, 181.0])
def test_a_place_that_is_none_is_refused_with_its_row(column: str, bad: float) -> None:
    everyone = crowded(5, 1)
    getattr(everyone, column)[7] = bad
    with pytest.raises(InputError, match="row 7 is not a place"):
        detect_routes(everyone, MINIMA)


@pytest.mark.parametrize("bad", [math.nan, -1.0, math.inf, 2e6])
@pytest.mark.parametrize("member", ["horizontal_m", "vertical_m"])
def test_minima_that_are_no_distance_are_refused(bad: float, member: str) -> None:
    asked = asked_by(5, MINIMA)
    getattr(asked, member)[3] = bad
    with pytest.raises(InputError, match="not a distance"):
        detect_routes(crowded(5, 1), asked)


def test_minima_that_are_missing_or_too_few_are_refused() -> None:
    with pytest.raises(InputError, match="once for each route"):
        detect_routes(crowded(5, 1), asked_by(4, MINIMA))
    silent = asked_by(5, MINIMA)._replace(stated=np.array([True, True, False, True, True]))
    with pytest.raises(InputError, match="states no minima"):
        detect_routes(crowded(5, 1), silent)
    for slab_s in (0.0, -1.0, math.nan):
        with pytest.raises(InputError, match="has no length"):
            detect_routes(crowded(5, 1), MINIMA, slab_s=slab_s)


# Many


def crowd(count: int, height_m: Floats, lasting_s: float = 600.0) -> Routes:
    """Routes that circle in one cell, within a kilometre."""
    r = np.random.default_rng(count)
    first: Ints = np.arange(0, 3 * count + 1, 3)
    lat_deg, lon_deg = 48.0 + r.uniform(-0.005, 0.005, 3 * count), 9.0 + r.uniform(-0.005, 0.005, 3 * count)
    at_ns = START_NS + np.tile(np.array([0.0, 0.5, 1.0]) * lasting_s * SECOND_NS, count).astype(np.int64)
    return Routes(first, lat_deg, lon_deg, at_ns, np.repeat(height_m, 3), np.full(3 * count, PRESSURE, np.int8))


def test_twenty_thousand_in_one_cell_are_told_apart_by_their_heights() -> None:
    told = detect_routes(crowd(20_000, 4.0 * np.arange(20_000, dtype=np.float64)), Minima(50_000.0, 6.0))
    assert pairs(told) == [(n, n + 1) for n in range(19_999)]


def test_more_pairs_than_can_be_told_are_refused_and_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strategic, "MOST_KEPT", 30_000)
    everyone = crowd(300, np.full(300, 9e3))
    with pytest.raises(LimitError, match="more than 30,000 pairs"):
        detect_routes(everyone, MINIMA)
    monkeypatch.setattr(strategic, "MOST_KEPT", 300 * 299 // 2)
    assert len(detect_routes(everyone, MINIMA).pairs) == 300 * 299 // 2


def test_minima_of_a_thousand_kilometres_and_routes_around_the_earth_are_judged_too() -> None:
    everyone = crowded(40, 17)
    around = routes([(0, 50.0, 9.0, 9e3), (2_400, -60.0, -170.0, 9e3)], [(0, -60.0, 9.0, 9e3), (2_400, 80.0, -171.0, 9e3)])
    more = both(everyone, around)
    for minima in (Minima(1_000_000.0, 500.0), MINIMA):
        assert same(detect_routes(more, minima, slab_s=100.0), every_pair(more, asked_by(42, minima)))


def test_paths_that_begin_after_the_slabs_of_a_task_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "SHARED_LEAST", 1)
    early, late = crowded(20, 3), crowded(20, 3)
    late = late._replace(at_ns=late.at_ns + 10**14)
    told, alone = detect_routes(both(early, late), MINIMA, 2, 10.0), detect_routes(early, MINIMA)
    assert np.array_equal(told.pairs, np.concatenate([alone.pairs, alone.pairs + 20]))
