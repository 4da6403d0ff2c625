"""All pairs of live states: against slow twins, at the edges, and where others go wrong."""

import gzip
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.tactical import Flights, Pairs, apart_m, encounters, every_pair, joined, least_apart_m
from tafadi.engine import tactical
from tafadi.engine.crew import Crew
from tafadi.engine.kernels.closest import Motion
from tafadi.engine.kernels.meeting import judged
from tafadi.engine.kernels.placing import ANGLE_EDGE, ECCENTRICITY2, SEMI_MAJOR_M, direction, sine_cosine
from tafadi.engine.layout import CLEAR, CONFLICT, DATUMS_UNLIKE, HEIGHT_MISSING, NO_CAUSE, UNKNOWN, VELOCITY_MISSING, Bools, Floats
from tafadi.engine.pack import surface_m
from tafadi.engine.states import States
from tafadi.engine.tactical import Found, asked, detect_states
from tafadi.errors import InputError, LimitError
from tafadi.measure import earth
from tafadi.measure.height import Datum
from tafadi.model.operation import Minima

MINIMA = Minima(9_260.0, 304.8)
LOOKAHEAD_S = 300.0
BAND_M = 2.0  # no verdict differs outside it


def traffic(count: int, seed: int) -> dict[str, Floats]:
    """States all over, a third near the poles and a third about the antimeridian; on levels, climbing and descending."""
    r = np.random.default_rng(seed)
    third = count // 3
    lat = np.concatenate(
        [r.uniform(87, 90, third) * r.choice([-1, 1], third), r.uniform(-4, 4, third), r.uniform(46, 52, count - 2 * third)]
    )
    lon = np.concatenate([r.uniform(-180, 180, third), (r.normal(0, 2, third) + 360) % 360 - 180, r.uniform(5, 15, count - 2 * third)])
    level = r.random(count) < 0.7
    return {
        "lat_deg": lat,
        "lon_deg": np.where(lon == 180, -180, lon),
        "course_deg": r.uniform(0, 360, count),
        "speed_mps": np.where(r.random(count) < 0.1, 0.0, r.uniform(60, 330, count)),
        "height_m": np.where(level, r.integers(280, 300, count) * 30.48, r.uniform(8_000, 10_000, count)),
        "climb_mps": np.where(level, 0.0, r.uniform(-12, 12, count)),
    }


def states(given_states: dict[str, Floats], datum: Datum = Datum.PRESSURE) -> States:
    return States.on_course(
        given_states["lat_deg"],
        given_states["lon_deg"],
        course_deg=given_states["course_deg"],
        speed_mps=given_states["speed_mps"],
        height_m=given_states["height_m"],
        datum=datum,
        climb_mps=given_states["climb_mps"],
    )


def some(*rows: tuple[float, float, float, float, float, float]) -> States:
    """States from latitude, longitude, course, speed, height and climb."""
    names = ("lat_deg", "lon_deg", "course_deg", "speed_mps", "height_m", "climb_mps")
    return states(dict(zip(names, np.array(rows, dtype=float).reshape(-1, 6).T, strict=True)))


def pairs(found: Found) -> Pairs:
    told = list(zip(found.meetings["first"].tolist(), found.meetings["second"].tolist(), strict=True))
    assert len(told) == len(set(told))
    assert told == sorted(told)
    return set(told)


# Against the twins


@pytest.mark.parametrize("lookahead_s", [1.0, 60.0, 300.0, 600.0])
@pytest.mark.parametrize("radius_m", [150.0, 9_260.0, 60_000.0])
def test_cells_and_filter_find_what_judging_every_pair_finds(lookahead_s: float, radius_m: float) -> None:
    everyone = states(traffic(1_500, int(lookahead_s + radius_m)))
    minima = Minima(radius_m, 304.8)
    assert pairs(detect_states(everyone, minima, lookahead_s)) == every_pair(everyone, minima, lookahead_s)


@pytest.mark.parametrize("polar", [False, True])
@pytest.mark.parametrize("lookahead_s", [10.0, 300.0, 600.0])
def test_a_pair_just_inside_the_minima_passes_the_filter_wherever_it_is(lookahead_s: float, polar: bool) -> None:
    one, other = encounters(1_500, 5, lookahead_s, 9_600.0, polar)
    least_m, _ = least_apart_m(one, other, lookahead_s)
    for pair in range(0, 1_500, 30):
        both = _both(one, other, pair)
        within = Minima(max(1.0, float(least_m[pair]) + 0.2), 304.8)
        assert pairs(detect_states(both, within, lookahead_s)) == {(0, 1)}, pair


def _both(one: Flights, other: Flights, pair: int) -> States:
    at = [(f.lat_deg[pair], f.lon_deg[pair], f.course_deg[pair], f.speed_mps[pair]) for f in (one, other)]
    return some(*((lat, lon, course, speed, 10_000.0, 0.0) for lat, lon, course, speed in at))


@pytest.mark.parametrize("polar", [False, True])
def test_the_closest_approach_is_within_two_metres_of_the_geodesics_at_300_s(polar: bool) -> None:
    one, other = encounters(4_000, 11, LOOKAHEAD_S, 9_200.0, polar)
    least_m, _ = least_apart_m(one, other, LOOKAHEAD_S)
    found = _met(one, other)
    assert len(found) == len(least_m)
    assert np.abs(found["least_horizontal_m"] - least_m).max() < BAND_M


@pytest.mark.parametrize("polar", [False, True])
def test_the_minima_are_lost_and_regained_within_two_metres_of_them(polar: bool) -> None:
    one, other = encounters(4_000, 12, LOOKAHEAD_S, 9_200.0, polar)
    found = _met(one, other)
    for name, at_end in (("start_s", 0.0), ("end_s", LOOKAHEAD_S)):
        crossing = found[name] != at_end
        distance_m = apart_m(_those(one, crossing), _those(other, crossing), found[name][crossing])
        assert crossing.any()
        assert np.abs(distance_m - MINIMA.horizontal_m).max() < BAND_M


def _those(flights: Flights, which: Bools) -> Flights:
    return Flights(*(column[which] for column in flights))


def _met(one: Flights, other: Flights) -> np.ndarray:
    """What is found of pair n, all on one level of its own, in order of n."""
    count = len(one.lat_deg)
    level_m = np.repeat(np.arange(count) % 50 * 1_000.0, 2)
    columns = dict(zip(("lat_deg", "lon_deg", "course_deg", "speed_mps"), map(joined, one, other), strict=True))
    meetings = detect_states(states(columns | {"height_m": level_m, "climb_mps": np.zeros(2 * count)}), MINIMA, LOOKAHEAD_S).meetings
    own = (meetings["first"] % 2 == 0) & (meetings["second"] == meetings["first"] + 1)
    return np.asarray(meetings[own])


@pytest.mark.parametrize(("after_s", "fastest_mps", "off_m"), [(300.0, 350.0, 0.01), (600.0, 350.0, 0.02), (1_200.0, 350.0, 0.2)])
def test_the_arc_stays_with_the_geodesic_everywhere(after_s: float, fastest_mps: float, off_m: float) -> None:
    r = np.random.default_rng(2)
    lat_deg = np.concatenate(
        [np.degrees(np.arcsin(r.uniform(-1, 1, 15_000))), 90 - r.uniform(0, 2, 2_500) ** 2, r.uniform(-90, -86, 2_500)]
    )
    lat_deg[:2] = 90.0, -90.0
    lon_deg = np.where(r.random(20_000) < 0.5, r.uniform(-180, 180, 20_000), 180 - r.uniform(0, 0.1, 20_000))
    flights = Flights(lat_deg, lon_deg, r.uniform(0, 360, 20_000), r.uniform(0, fastest_mps, 20_000))
    still = {"height_m": np.zeros(20_000), "climb_mps": np.zeros(20_000)}
    with Crew(1) as crew:
        moved, _ = tactical.place(tactical.raw_of(states(flights._asdict() | still)), 2.0 * after_s, 1_000.0, crew)
    lon, lat = flights.at(np.full(20_000, after_s))
    assert np.linalg.norm(moved.state[:, :3] - surface_m(lat, lon), axis=1).max() < off_m


def test_the_twin_agrees_with_geographiclib() -> None:
    one, other = encounters(40, 13, LOOKAHEAD_S, 9_200.0)
    least_m, at_s = least_apart_m(one, other, LOOKAHEAD_S)
    for n in range(40):
        ends = [
            Geodesic.WGS84.Direct(flight.lat_deg[n], flight.lon_deg[n], flight.course_deg[n], flight.speed_mps[n] * at_s[n])
            for flight in (one, other)
        ]
        apart = Geodesic.WGS84.Inverse(ends[0]["lat2"], ends[0]["lon2"], ends[1]["lat2"], ends[1]["lon2"])["s12"]
        assert apart == pytest.approx(least_m[n], abs=1e-6)


def test_the_shared_vectors_are_found_flat_with_their_times(shared: Callable[[str], Path]) -> None:
    with gzip.open(shared("vectors/tactical/tracks2000.csv.gz")) as file:
        tracks = np.loadtxt(file, delimiter=",")
    told = np.loadtxt(shared("vectors/tactical/tracks2000_expected_pairs.txt"))
    expected = {(int(i), int(j)): (start, least) for i, j, start, least in told}
    ask = asked(MINIMA, LOOKAHEAD_S, 300.0, 0.0)._replace(radius=MINIMA.horizontal_m)
    # A third more than the minima hold whatever the plane of the vectors, which is off by 250 m, could call a conflict.
    names = ("lat_deg", "lon_deg", "course_deg", "speed_mps", "height_m", "climb_mps")
    wide = detect_states(states(dict(zip(names, tracks.T, strict=True))), Minima(12_000.0, 400.0), LOOKAHEAD_S)
    found = {pair: judged(_flat(tracks[pair[0]], tracks[pair[1]]), NO_CAUSE, ask) for pair in pairs(wide)}
    met = {pair: meeting for pair, meeting in found.items() if meeting.verdict == CONFLICT}
    assert set(met) == set(expected)
    for pair, (start_s, least_m) in expected.items():
        assert met[pair].start == pytest.approx(start_s, abs=1e-3)
        assert met[pair].least == pytest.approx(least_m, abs=2e-3)


def _flat(one: Floats, other: Floats) -> Motion:
    """The vectors' own plane: a sphere of 6,371,000 m, the cosine of the mean latitude, longitude wrapped."""
    lat, lon = np.radians(other[0] - one[0]), np.radians((other[1] - one[1] + 180.0) % 360.0 - 180.0)
    east, north = (np.array([turn(np.radians(row[2])) * row[3] for row in (one, other)]) for turn in (np.sin, np.cos))
    x = lon * np.cos(np.radians(one[0] + other[0]) / 2) * 6_371_000.0
    return Motion(*map(float, (x, lat * 6_371_000.0, other[4] - one[4], east[1] - east[0], north[1] - north[0], other[5] - one[5])))


# Independent of what must not matter


def test_the_order_of_the_states_and_the_number_of_threads_change_nothing_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    given_states = traffic(1_200, 3)
    given_states["height_m"][::11] = math.nan
    plain = detect_states(states(given_states), MINIMA, LOOKAHEAD_S, workers=1).meetings
    shuffle = np.random.default_rng(1).permutation(1_200)
    for name in ("ALONE", "MOVED_LEAST", "SEARCHED_LEAST"):
        monkeypatch.setattr(tactical, name, 50)
    other = detect_states(states({name: column[shuffle] for name, column in given_states.items()}), MINIMA, LOOKAHEAD_S, workers=3).meetings
    numbers = np.sort(np.stack([shuffle[other["first"]], shuffle[other["second"]]]), axis=0)
    back = np.lexsort(numbers[::-1])
    assert np.array_equal(numbers[:, back], np.stack([plain["first"], plain["second"]]))
    for name in plain.dtype.names or ():
        if name not in ("first", "second"):
            assert np.array_equal(other[name][back], plain[name], equal_nan=name not in ("verdict", "cause")), name


@settings(max_examples=20, deadline=None)
@given(st.floats(-180.0, 180.0))
def test_turning_the_earth_under_the_states_changes_nothing(turned_deg: float) -> None:
    given_states = traffic(300, 8)
    before = detect_states(states(given_states), MINIMA, LOOKAHEAD_S)
    given_states["lon_deg"] = (given_states["lon_deg"] + turned_deg + 540.0) % 360.0 - 180.0
    after = detect_states(states(given_states), MINIMA, LOOKAHEAD_S)
    assert pairs(before) == pairs(after)
    assert np.allclose(before.meetings["start_s"], after.meetings["start_s"], atol=1e-4)


# At the edges


@pytest.mark.parametrize(("short_m", "verdict"), [(0.0, CLEAR), (5e-7, CLEAR), (2e-6, CONFLICT)])
def test_exactly_at_the_horizontal_minima_is_separated(short_m: float, verdict: int) -> None:
    ask = asked(MINIMA, LOOKAHEAD_S, 300.0, 0.0)
    for moving in (0.0, 200.0):
        motion = Motion(ask.radius - short_m, -moving * 100.0, 0.0, 0.0, moving, 0.0)
        assert judged(motion, NO_CAUSE, ask).verdict == verdict


def test_levels_exactly_1000_ft_apart_are_separated_from_both_sides() -> None:
    level = np.arange(0, 45_000, 1_000) * 0.3048
    stacked = some(*((48.0, 9.0, 90.0, 200.0, float(height_m), 0.0) for height_m in level))
    assert pairs(detect_states(stacked, MINIMA, LOOKAHEAD_S)) == set()
    nearer = some(*((48.0, 9.0, 90.0, 200.0, float(height_m) * 0.9999999, 0.0) for height_m in level))
    assert pairs(detect_states(nearer, MINIMA, LOOKAHEAD_S)) == set(pairwise(range(len(level))))


def test_equal_velocities_that_are_too_near_are_in_conflict_all_the_time() -> None:
    found = detect_states(some((48.0, 9.0, 30.0, 200.0, 9_000.0, 0.0), (48.05, 9.0, 30.0, 200.0, 9_100.0, 0.0)), MINIMA, LOOKAHEAD_S)
    assert pairs(found) == {(0, 1)}
    assert (found.meetings["start_s"][0], found.meetings["end_s"][0]) == (0.0, LOOKAHEAD_S)


def test_two_in_one_place_with_one_velocity_are_at_distance_zero_and_not_at_no_number() -> None:
    for lat_deg in (0.0, 48.0, 90.0, -90.0):
        row = (lat_deg, 180.0, 77.0, 240.0, 11_000.0, 3.0)
        found = detect_states(some(row, row), MINIMA, LOOKAHEAD_S).meetings
        assert found["verdict"].tolist() == [CONFLICT]
        assert (found["horizontal_m"][0], found["vertical_m"][0], found["start_s"][0], found["end_s"][0]) == (0.0, 0.0, 0.0, LOOKAHEAD_S)


def test_a_collision_in_the_middle_of_the_lookahead_is_met_at_its_time() -> None:
    found = detect_states(
        some((0.0, -0.3, 90.0, 222.0, 9_000.0, 0.0), (0.0, 0.3, 270.0, 222.0, 9_000.0, 0.0)), MINIMA, LOOKAHEAD_S
    ).meetings
    assert found["nearest_s"][0] == pytest.approx(math.radians(0.3) * 6_378_137.0 / 222.0, abs=1e-3)
    assert found["least_horizontal_m"][0] < 1e-3


def test_a_pair_across_the_antimeridian_is_the_same_as_elsewhere() -> None:
    across = some((10.0, 179.98, 90.0, 230.0, 9_000.0, 0.0), (10.0, -179.9, 270.0, 230.0, 9_000.0, 0.0))
    elsewhere = some((10.0, 9.98, 90.0, 230.0, 9_000.0, 0.0), (10.0, 10.1, 270.0, 230.0, 9_000.0, 0.0))
    here, there = (detect_states(both, MINIMA, LOOKAHEAD_S).meetings[0] for both in (across, elsewhere))
    assert here["verdict"] == there["verdict"] == CONFLICT
    assert here["nearest_s"] == pytest.approx(there["nearest_s"], abs=1e-6)


def test_two_that_fly_over_the_pole_from_opposite_sides_meet_there() -> None:
    found = detect_states(some((89.7, 0.0, 0.0, 230.0, 9_000.0, 0.0), (89.7, 180.0, 0.0, 230.0, 9_000.0, 0.0)), MINIMA, LOOKAHEAD_S)
    assert pairs(found) == {(0, 1)}
    assert found.meetings["least_horizontal_m"][0] < 0.1


def test_none_and_one_find_nothing() -> None:
    for everyone in (some(), some((48.0, 9.0, 0.0, 100.0, 1_000.0, 0.0))):
        found = detect_states(everyone, MINIMA, LOOKAHEAD_S)
        assert (len(found.meetings), found.nowhere.tolist()) == (0, [])


def test_twenty_thousand_in_one_cell_are_all_looked_at() -> None:
    r = np.random.default_rng(2)
    near = r.uniform(-0.001, 0.001, (2, 20_000))
    columns = {"lat_deg": 48.0 + near[0], "lon_deg": 9.0 + near[1], "course_deg": near[0], "speed_mps": np.full(20_000, 30.0)}
    found = detect_states(states(columns | {"height_m": np.arange(20_000) * 4.0, "climb_mps": np.zeros(20_000)}), Minima(50.0, 6.0), 30.0)
    assert found.filtered == 20_000 * 19_999 // 2
    assert np.array_equal(found.meetings["second"], found.meetings["first"] + 1)
    assert 1_000 < len(found.meetings) < 20_000


def test_a_few_swift_ones_are_compared_with_everyone_and_many_make_the_cells_wider() -> None:
    for swift in (5, 200):
        given_states = traffic(900, 21)
        given_states["speed_mps"][:swift] = np.random.default_rng(1).uniform(400.0, 990.0, swift)
        everyone = states(given_states)
        assert pairs(detect_states(everyone, MINIMA, LOOKAHEAD_S)) == every_pair(everyone, MINIMA, LOOKAHEAD_S)


# What is not known is never clear


def test_a_missing_height_is_unknown_while_together_seen_from_above_and_clear_apart() -> None:
    for height_m, climb_mps in ((math.nan, 0.0), (5_000.0, math.nan), (1e9, 0.0), (5_000.0, math.inf)):
        three = some(
            (48.0, 9.0, 90.0, 200.0, 9_000.0, 0.0), (48.0, 9.3, 270.0, 200.0, height_m, climb_mps), (50.0, 9.0, 0.0, 200.0, 9_000.0, 0.0)
        )
        found = detect_states(three, MINIMA, LOOKAHEAD_S).meetings
        assert [(row["first"], row["second"], row["verdict"], row["cause"]) for row in found] == [(0, 1, UNKNOWN, HEIGHT_MISSING)]
        assert 0.0 < found["start_s"][0] < found["end_s"][0] < LOOKAHEAD_S
        assert math.isnan(found["vertical_m"][0])


def test_unlike_datums_are_unknown_however_far_their_numbers_are_apart() -> None:
    columns = traffic(2, 1) | {"lat_deg": np.array([48.0, 48.0]), "lon_deg": np.array([9.0, 9.01])}
    columns |= {"height_m": np.array([100.0, 12_000.0]), "climb_mps": np.zeros(2)}
    for datums, cause in (
        ((Datum.PRESSURE, Datum.ELLIPSOID), DATUMS_UNLIKE),
        ((Datum.GEOID, None), HEIGHT_MISSING),
        ((None, None), HEIGHT_MISSING),
    ):
        both = States.on_course(
            columns["lat_deg"], columns["lon_deg"], course_deg=columns["course_deg"], speed_mps=columns["speed_mps"],
            height_m=columns["height_m"], datum=datums, climb_mps=columns["climb_mps"],
        )  # fmt: skip
        found = detect_states(both, MINIMA, LOOKAHEAD_S).meetings
        assert (found["verdict"].tolist(), found["cause"].tolist()) == ([UNKNOWN], [cause])


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e300])
def test_a_state_without_a_place_is_named_and_one_without_a_velocity_is_unknown_where_it_could_be(number: float) -> None:
    near, far = (48.0, 9.2, 270.0, 200.0, 9_000.0, 0.0), (10.0, 9.0, 0.0, 200.0, 9_000.0, 0.0)
    for place in ((number, 9.0), (48.0, number)):
        found = detect_states(some((*place, 90.0, 200.0, 9_000.0, 0.0), near, far), MINIMA, LOOKAHEAD_S)
        assert (found.nowhere.tolist(), pairs(found)) == ([0], set())
    for course_deg, speed_mps in ((number, 200.0), (90.0, number)):
        found = detect_states(some((48.0, 9.0, course_deg, speed_mps, 9_000.0, 0.0), near, far), MINIMA, LOOKAHEAD_S)
        assert (pairs(found), found.meetings["verdict"].tolist()) == ({(0, 1)}, [UNKNOWN])
        assert found.meetings["cause"].tolist() == [VELOCITY_MISSING]


def test_two_without_a_velocity_are_in_conflict_when_they_are_together_now_and_clear_when_their_heights_never_meet() -> None:
    here = (48.0, 9.0, math.nan, math.nan, 9_000.0, 0.0)
    found = detect_states(some(here, (48.01, 9.0, math.nan, math.nan, 9_100.0, 0.0)), MINIMA, LOOKAHEAD_S).meetings
    assert found["verdict"].tolist() == [CONFLICT]
    assert pairs(detect_states(some(here, (48.01, 9.0, math.nan, math.nan, 11_000.0, 0.0)), MINIMA, LOOKAHEAD_S)) == set()
    assert pairs(detect_states(some(here, (48.5, 9.0, math.nan, math.nan, math.nan, 0.0)), MINIMA, LOOKAHEAD_S)) == {(0, 1)}


# Refused


def test_what_cannot_be_asked_is_refused_in_a_sentence() -> None:
    one = some((48.0, 9.0, 0.0, 100.0, 1_000.0, 0.0))
    for lookahead_s in (0.0, -1.0, 601.0, math.nan, math.inf):
        with pytest.raises(InputError, match="lookahead"):
            detect_states(one, MINIMA, lookahead_s)
    for minima in (Minima(0.0, 300.0), Minima(300.0, 0.0), Minima(300_000.0, 300.0)):
        with pytest.raises(InputError, match="minima"):
            detect_states(one, minima, LOOKAHEAD_S)


def test_columns_of_unlike_length_or_of_words_are_refused() -> None:
    good: dict[str, Any] = {"east_mps": [0.0], "north_mps": [0.0], "height_m": [0.0], "climb_mps": [None]}
    assert math.isnan(States.moving([1.0], [2.0], datum=[None], **good).climb_mps[0])
    wrongs: list[dict[str, Any]] = [
        {"height_m": [1.0, 2.0]},
        {"height_m": ["high"]},
        {"height_m": [[1.0]]},
        {"datum": []},
        {"datum": ["sea"]},
    ]
    for wrong in wrongs:
        with pytest.raises(InputError):
            States.moving([1.0], [2.0], **({"datum": Datum.GEOID} | good | wrong))
    with pytest.raises(InputError, match="speed_mps"):
        States.on_course([1.0], [2.0], course_deg=[1.0], speed_mps=[], height_m=[1.0], datum=Datum.GEOID, climb_mps=[0.0])


def test_more_than_can_be_told_is_refused_and_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    crowd = some(*([(48.0, 9.0, 0.0, 100.0, 1_000.0, 0.0)] * 300))
    monkeypatch.setattr(tactical, "MOST_FOUND", 40_000)
    with pytest.raises(LimitError, match="pairs are found"):
        detect_states(crowd, MINIMA, LOOKAHEAD_S)
    monkeypatch.setattr(tactical, "MOST_REST_PAIRS", 1_000)
    with pytest.raises(LimitError, match="no known velocity"):
        detect_states(some(*([(48.0, 9.0, math.nan, 100.0, 1_000.0, 0.0)] * 50)), MINIMA, LOOKAHEAD_S)
    monkeypatch.setattr(tactical, "MOST_STATES", 100)
    with pytest.raises(LimitError, match="states are more"):
        detect_states(crowd, MINIMA, LOOKAHEAD_S)


# The small parts


def _plain(kernel: Any) -> Any:
    """The function that was compiled."""
    return kernel.py_func


def test_the_kernels_are_on_the_earth_that_the_measures_have() -> None:
    assert earth.SEMI_MAJOR_M == SEMI_MAJOR_M
    assert abs(earth.ECCENTRICITY2 - ECCENTRICITY2) < 1e-18


@given(st.floats(-720.0, 720.0))
def test_sine_and_cosine_are_those_of_the_library(angle_deg: float) -> None:
    sine, cosine = _plain(sine_cosine)(angle_deg)
    assert sine == pytest.approx(math.sin(math.radians(angle_deg)), abs=5e-15)
    assert cosine == pytest.approx(math.cos(math.radians(angle_deg)), abs=5e-15)


def test_directions_are_within_their_bound_all_round() -> None:
    angles = np.linspace(-math.pi, math.pi, 20_001)[1:-1]
    off = max(abs(_plain(direction)(math.sin(angle), math.cos(angle)) - angle) for angle in angles.tolist())
    assert off < 0.6 * ANGLE_EDGE + 1e-7
    assert _plain(direction)(0.0, 0.0) == 0.0
