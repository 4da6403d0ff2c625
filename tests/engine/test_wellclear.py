"""The well-clear volume: NASA's own answers, the slow twin, the bare definition, the edges, and what is not known."""

import csv
import gzip
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reference import wellclear as twin
from tafadi.engine.kernels import wellclear as kernels
from tafadi.engine.layout import CLEAR, CONFLICT, UNKNOWN
from tafadi.engine.wellclear import (
    MOST_ROWS,
    NON_COOPERATIVE_VOLUME,
    PHASE_I_VOLUME,
    PHASE_II_VOLUME,
    PREVENTIVE_VOLUME,
    States,
    Volume,
    relative_motions,
    states_of,
    violations,
)
from tafadi.errors import InputError, LimitError
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FOOT_M, NAUTICAL_MILE_M
from tafadi.model.track import Plot

RAW = "vectors/wellclear/wcv_raw_a.csv.gz"
CYLINDER = Volume(5 * NAUTICAL_MILE_M, 1000 * FOOT_M, 0.0)
VOLUMES = {
    "prev": (PREVENTIVE_VOLUME, 180.0),
    "dwc1": (PHASE_I_VOLUME, 180.0),
    "dwc2": (PHASE_II_VOLUME, 180.0),
    "nc": (NON_COOPERATIVE_VOLUME, 180.0),
    "cyl": (CYLINDER, 300.0),
}
ALL = [PREVENTIVE_VOLUME, PHASE_I_VOLUME, PHASE_II_VOLUME, NON_COOPERATIVE_VOLUME]
START = Instant.parse("2026-01-01T00:00:00Z")

metres = st.floats(-30_000.0, 30_000.0)
heights = st.floats(-500.0, 500.0)
speeds = st.floats(-300.0, 300.0)
climbs = st.one_of(st.just(0.0), st.floats(-20.0, 20.0))


def met(x: float, y: float, z: float, vx: float, vy: float, vz: float, after_s: float) -> twin.Motion:
    """A pair that will be at x, y, z after that long."""
    return twin.Motion(x - vx * after_s, y - vy * after_s, z - vz * after_s, vx, vy, vz)


near = st.floats(-900.0, 900.0)
meetings = st.builds(met, near, near, st.floats(-120.0, 120.0), speeds, speeds, climbs, st.floats(1.0, 100.0))
motions = st.one_of(st.builds(twin.Motion, metres, metres, heights, speeds, speeds, climbs), meetings)
volumes = st.sampled_from(ALL)


def zone(volume: Volume) -> twin.Zone:
    """The volume as the twin takes it."""
    return volume.distance_m, volume.height_m, volume.tau_s


def found(motion: tuple[float, ...], volume: Volume = PHASE_I_VOLUME, lookahead_s: float = 180.0) -> tuple[int, float, float]:
    """Verdict, entry and exit of one pair."""
    one = violations([motion], [volume], lookahead_s)
    return int(one.verdict[0, 0]), float(one.enters_s[0, 0]), float(one.leaves_s[0, 0])


def grazes(m: twin.Motion, volume: Volume) -> bool:
    """Whether the pair passes the rim so nearly that rounding decides whether it is inside at all."""
    speed2 = m.vx**2 + m.vy**2
    miss2 = (m.x * m.vy - m.y * m.vx) ** 2 / speed2 if speed2 > 1e-6 else 0.0
    return speed2 <= 1e-6 or abs(miss2 - volume.distance_m**2) < 1.0


# NASA's answers


@pytest.mark.parametrize("name", VOLUMES)
def test_entry_and_exit_are_nasas_to_a_microsecond_in_ten_thousand_pairs(name: str, shared: Callable[[str], Path]) -> None:
    with gzip.open(shared(RAW), "rt", encoding="ascii") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    place = np.array([[float(row[key]) for key in ("six", "siy", "siz")] for row in rows])
    own, other = (np.array([[float(row[f"{v}{axis}"]) for axis in "xyz"] for row in rows]) for v in ("vo", "vi"))
    told = np.array([[float(row[f"{name}_{end}"] or "nan") for end in ("in", "out")] for row in rows])
    volume, lookahead_s = VOLUMES[name]
    answer = violations(np.hstack((place, other - own)), [volume], lookahead_s)
    inside = np.isfinite(told[:, 0])
    assert len(rows) == 10_000
    assert inside.sum() > 1_000
    assert (answer.verdict[:, 0] == np.where(inside, CONFLICT, CLEAR)).all()
    assert np.abs(answer.enters_s[inside, 0] - told[inside, 0]).max() < 1e-6
    assert np.abs(answer.leaves_s[inside, 0] - told[inside, 1]).max() < 1e-6


def test_the_thresholds_are_those_of_nasas_configuration(shared: Callable[[str], Path]) -> None:
    text = shared("vectors/daidalus/config/DO_365B_no_SUM.conf").read_text(encoding="utf-8")
    lines = [line.split(" = ") for line in text.splitlines() if " = " in line]
    told = {name: float(value.split()[0]) * twin.UNITS[value.split()[1].strip("[]")] for name, value in lines if "_WCV_" in name}
    for kind, detector, volume in (
        ("Phase_I", 1, PREVENTIVE_VOLUME),
        ("Phase_I", 2, PHASE_I_VOLUME),
        ("Phase_I", 3, PHASE_I_VOLUME),
        *(("Phase_II", number, PHASE_II_VOLUME) for number in (1, 2, 3)),
        *(("Non_Coop", number, NON_COOPERATIVE_VOLUME) for number in (1, 2, 3)),
    ):
        prefix = f"DWC_{kind}_det_{detector}_WCV_"
        assert zone(volume) == pytest.approx((told[prefix + "DTHR"], told[prefix + "ZTHR"], told[prefix + "TTHR"]), abs=1e-9)
        assert told[prefix + "TCOA"] == 0.0


def test_nasas_example_is_entered_when_nasa_says(shared: Callable[[str], Path]) -> None:
    text = shared("vectors/daidalus/gold/DaidalusExample-no_sum.out").read_text(encoding="utf-8")
    cells = {line.split(",")[0]: [float(cell) for cell in line.split(",")[1:7]] for line in text.splitlines() if ", 33." in line[:20]}
    told = float(text.split("Level 2 with intruder: ")[1].split()[0])
    sides = []
    for lat, lon, height_ft, course_deg, speed_kt, climb_fpm in (cells["ownship"], cells["intruder"]):
        east, north = (speed_kt * NAUTICAL_MILE_M / 3600 * f(math.radians(course_deg)) for f in (math.sin, math.cos))
        sides.append(States([lat], [lon], [height_ft * FOOT_M], [east], [north], [climb_fpm * FOOT_M / 60], Datum.GEOID))
    answer = violations(relative_motions(*sides), [PHASE_I_VOLUME])
    assert answer.enters_s[0, 0] == pytest.approx(told, abs=0.005)  # printed with two digits


# The twin, and the bare definition


@settings(max_examples=300, deadline=None)
@given(motions, volumes)
def test_the_stretch_is_the_slow_twins(motion: twin.Motion, volume: Volume) -> None:
    assume(not grazes(motion, volume))
    verdict, enters_s, leaves_s = found(motion, volume)
    told = twin.stretch(motion, zone(volume), 180.0)
    if told is None:
        assert verdict == CLEAR or leaves_s - enters_s < 1e-6
    elif verdict == CLEAR:
        assert told[1] - told[0] < 1e-6
    else:
        assert (enters_s, leaves_s) == pytest.approx(told, abs=1e-6)


@settings(max_examples=300, deadline=None)
@given(motions, volumes, st.floats(0.0, 180.0))
def test_inside_the_stretch_the_definition_is_violated_and_outside_it_is_not(motion: twin.Motion, volume: Volume, at_s: float) -> None:
    assume(not grazes(motion, volume))
    _, enters_s, leaves_s = found(motion, volume)
    for instant_s in (at_s, enters_s - 1e-4, enters_s + 1e-4, leaves_s - 1e-4, leaves_s + 1e-4):
        if 0.0 < instant_s < 180.0 and min(abs(instant_s - enters_s), abs(instant_s - leaves_s)) > 5e-5:
            assert twin.violated(motion, zone(volume), instant_s) == (enters_s < instant_s < leaves_s)


def test_compiled_and_uncompiled_say_the_same() -> None:
    rows = np.random.default_rng(3).uniform(-1.0, 1.0, (50, 6)) * [9e3, 9e3, 300, 200, 200, 5]
    zones = np.array([zone(volume) for volume in ALL])
    answers = [(np.empty((50, 4), np.uint8), np.empty((50, 4)), np.empty((50, 4))) for _ in range(2)]
    kernels.judge_well_clear(rows, zones, 180.0, *answers[0])
    kernels.judge_well_clear.py_func(rows, zones, 180.0, *answers[1])  # type: ignore[attr-defined]
    for one, other in zip(*answers, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


# Symmetries


@settings(deadline=None)
@given(motions, volumes)
def test_seen_from_the_other_side_it_is_the_same_to_the_last_bit(motion: twin.Motion, volume: Volume) -> None:
    assert found(motion, volume) == found(tuple(-one for one in motion), volume)


@settings(deadline=None)
@given(motions, volumes, st.floats(0.0, 360.0))
def test_turning_the_map_changes_nothing(motion: twin.Motion, volume: Volume, turn_deg: float) -> None:
    assume(not grazes(motion, volume))
    cos, sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
    x, y, z, vx, vy, vz = motion
    verdict, *span = found(motion, volume)
    turned, *span_turned = found((cos * x - sin * y, sin * x + cos * y, z, cos * vx - sin * vy, sin * vx + cos * vy, vz), volume)
    if verdict == turned:
        assert span_turned == pytest.approx(span, abs=1e-6)
    else:
        assert min(abs(leaves_s - enters_s) for enters_s, leaves_s in (span, span_turned)) < 1e-6


@settings(deadline=None)
@given(meetings, st.sampled_from([PREVENTIVE_VOLUME, PHASE_I_VOLUME]), st.floats(0.0, 60.0))
def test_a_later_look_shifts_the_times(motion: twin.Motion, volume: Volume, after_s: float) -> None:
    assume(not grazes(motion, volume))
    x, y, z, vx, vy, vz = motion
    verdict, enters_s, leaves_s = found(motion, volume, 240.0)
    later, enters_later_s, leaves_later_s = found(
        (x + vx * after_s, y + vy * after_s, z + vz * after_s, vx, vy, vz), volume, 240.0 - after_s
    )
    assume(verdict == CONFLICT and leaves_s - after_s > 1e-6 and leaves_s - enters_s > 1e-6)
    assert later == CONFLICT
    assert enters_later_s == pytest.approx(max(0.0, enters_s - after_s), abs=1e-6)
    assert leaves_later_s == pytest.approx(leaves_s - after_s, abs=1e-6)


def test_a_pair_is_judged_the_same_in_any_company() -> None:
    rows = np.random.default_rng(5).uniform(-1.0, 1.0, (200, 6)) * [9e3, 9e3, 300, 200, 200, 5]
    together = violations(rows, ALL)
    for number in (0, 17, 199):
        alone = violations(rows[number : number + 1], [ALL[2]])
        assert alone.enters_s[0, 0] == together.enters_s[number, 2]
        assert alone.leaves_s[0, 0] == together.leaves_s[number, 2]


# The sphere

lats, lons = st.floats(-85.0, 85.0), st.floats(-180.0, 180.0)


def states(*rows: tuple[float, ...], datum: Datum = Datum.PRESSURE) -> States:
    """Rows as columns."""
    lat, lon, height, east, north, climb = np.array(rows, dtype=float).T
    return States(lat, lon, height, east, north, climb, datum)


@settings(deadline=None)
@given(lats, lons, st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), speeds, speeds, speeds, speeds)
def test_the_frame_is_the_slow_twins(lat: float, lon: float, up: float, across: float, ve: float, vn: float, we: float, wn: float) -> None:
    own, other = (lat, lon, 3000.0, ve, vn, 1.0), (lat + up, lon + across, 3100.0, we, wn, -2.0)
    got = relative_motions(states(own), states(other))[0]
    told = twin.relative(twin.State(*own), twin.State(*other))
    assert got[:3] == pytest.approx(told[:3], abs=1e-6)
    assert got[3:] == pytest.approx(told[3:], abs=1e-7)  # the twin's arcsine loses digits towards the poles


@settings(deadline=None)
@given(st.floats(-90.0, 90.0), lons, st.floats(-0.5, 0.5), st.floats(-360.0, 360.0))
def test_turning_the_earth_changes_nothing_not_even_over_the_antimeridian(lat: float, lon: float, across: float, turn: float) -> None:
    def seen(shift: float) -> tuple[float, ...]:
        at = (lon + shift + 180.0) % 360.0 - 180.0
        beside = (lon + across + shift + 180.0) % 360.0 - 180.0
        own, other = (lat, at, 3000.0, 80.0, 60.0, 0.0), (max(-90.0, lat - 0.1), beside, 3000.0, -90.0, 70.0, 0.0)
        return tuple(map(float, relative_motions(states(own), states(other))[0]))

    assert seen(turn) == pytest.approx(seen(0.0), abs=1e-6)


@pytest.mark.parametrize("pole", [90.0, -90.0])
def test_over_a_pole_the_way_is_straight(pole: float) -> None:
    # Both fly along one meridian, own towards the pole and the other, on the far side of it, towards own.
    to_pole = math.copysign(100.0, pole)
    lat = pole - math.copysign(0.1, pole)
    motion = relative_motions(states((lat, 10.0, 0, 0, to_pole, 0)), states((lat, -170.0, 0, 0, to_pole, 0)))[0]
    arc_m = math.radians(0.2) * twin.SPHERE_M
    assert math.hypot(motion[0], motion[1]) == pytest.approx(arc_m, abs=0.1)
    assert math.hypot(motion[3], motion[4]) == pytest.approx(200.0, abs=0.01)
    assert motion[0] * motion[3] + motion[1] * motion[4] < 0.0


def test_what_stands_still_stays_exactly_where_it_is() -> None:
    motion = relative_motions(states((52.3, 4.7, 0, 0, 0, 0)), states((52.4, 4.9, 0, 0, 0, 0)))[0]
    assert motion[3:].tolist() == [0.0, 0.0, 0.0]


def test_below_the_horizon_nothing_is_known_and_nothing_is_clear() -> None:
    antipodes = relative_motions(states((40.0, 10.0, 0, 100, 0, 0)), states((-40.0, -170.0, 0, 100, 0, 0)))
    assert np.isnan(antipodes).all()
    assert violations(antipodes, [PHASE_I_VOLUME]).verdict.tolist() == [[UNKNOWN]]


# Exactly at the thresholds

D, H = PHASE_I_VOLUME.distance_m, PHASE_I_VOLUME.height_m


@pytest.mark.parametrize("height_ft", [50.0, 2_500.0, 5_050.0, 17_000.0, 29_975.0, 41_000.0])
@pytest.mark.parametrize("volume", [PHASE_I_VOLUME, PREVENTIVE_VOLUME])
def test_level_at_the_vertical_threshold_is_inside_at_every_height_however_feet_round(height_ft: float, volume: Volume) -> None:
    above_m = (height_ft + round(volume.height_m / FOOT_M)) * FOOT_M - height_ft * FOOT_M
    assert found((0, 0, above_m, 10, 0, 0), volume)[0] == CONFLICT
    assert found((0, 0, above_m + 2e-6, 10, 0, 0), volume)[0] == CLEAR


def test_at_rest_at_the_horizontal_threshold_is_inside_and_a_bit_further_is_not() -> None:
    assert found((D, 0, 0, 0, 0, 0)) == (CONFLICT, 0.0, 180.0)
    assert found((math.nextafter(D, 9e9), 0, 0, 0, 0, 0))[0] == CLEAR


def test_passing_at_the_threshold_is_inside_for_as_long_as_tau_is_small() -> None:
    # Miss distance exactly D: the rim is touched for an instant after modified tau has been small for 35 s.
    verdict, enters_s, leaves_s = found((-10_000.0, D, 0, 100, 0, 0))
    assert verdict == CONFLICT
    assert (enters_s, leaves_s) == pytest.approx((65.0, 100.0))
    assert found((-10_000.0, math.nextafter(D, 9e9), 0, 100, 0, 0))[0] == CLEAR


def test_an_instant_is_no_violation() -> None:
    assert found((-10_000.0, PHASE_II_VOLUME.distance_m, 0, 100, 0, 0), PHASE_II_VOLUME)[0] == CLEAR  # touches the rim and leaves
    assert found((D, 0, 0, 100, 0, 0))[0] == CLEAR  # on the rim, going away
    assert found((0, 0, H, 10, 0, 1.0))[0] == CLEAR  # on the lid, climbing away


def test_a_violation_that_begins_with_the_end_of_the_lookahead_is_none() -> None:
    _, enters_s, _ = found((20_000.0, 0, 0, -100, 0, 0))
    assert found((20_000.0, 0, 0, -100, 0, 0), lookahead_s=enters_s)[0] == CLEAR
    assert found((20_000.0, 0, 0, -100, 0, 0), lookahead_s=enters_s + 1e-6)[0] == CONFLICT


def test_a_stretch_ends_with_the_lookahead() -> None:
    assert found((0, 0, 0, 0, 0, 0), lookahead_s=30.0) == (CONFLICT, 0.0, 30.0)


def test_they_meet_from_the_side_and_from_above_at_one_time_or_not_at_all() -> None:
    # Inside from above between 97.8 and 102.2 s; level only before 90 s.
    assert found((-20_000.0, 0, 0, 200, 0, 457.2 / 270.0), PHASE_II_VOLUME)[0] == CLEAR
    assert found((-20_000.0, 0, -H, 200, 0, 2 * H / 100.0), PHASE_II_VOLUME)[0] == CONFLICT


@pytest.mark.parametrize("speed", [1e-9, 1e-6, 3e-7, 1e-3])
def test_hardly_any_motion_inside_lasts_and_outside_never_comes(speed: float) -> None:
    assert found((500.0, 0, 0, speed, 0, 0)) == (CONFLICT, 0.0, 180.0)
    assert found((D + 1.0, 0, 0, -speed, 0, 0), PHASE_II_VOLUME)[0] == CLEAR


# What is not known


@pytest.mark.parametrize("field", range(6))
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e10, -1e200, 1e308])
def test_a_number_that_is_none_or_flies_nowhere_is_unknown_never_clear(field: int, bad: float) -> None:
    motion = [50_000.0, 0.0, 5_000.0, 100.0, 0.0, 10.0]  # far away and leaving
    assert found(tuple(motion))[0] == CLEAR
    motion[field] = bad
    verdict, enters_s, leaves_s = found(tuple(motion))
    assert verdict == UNKNOWN
    assert math.isnan(enters_s)
    assert math.isnan(leaves_s)


@pytest.mark.parametrize("field", range(6))
@pytest.mark.parametrize("side", [0, 1])
def test_a_gap_in_any_column_of_either_side_is_unknown(field: int, side: int) -> None:
    rows = [[40.0, 10.0, 3000.0, 100.0, 0.0, 0.0], [41.0, 10.0, 3000.0, 100.0, 0.0, 0.0]]
    rows[side][field] = math.nan
    answer = violations(relative_motions(states(tuple(rows[0])), states(tuple(rows[1]))), ALL)
    assert (answer.verdict == UNKNOWN).all()


@pytest.mark.parametrize("field", range(6))
@pytest.mark.parametrize("bad", [math.inf, 1e300])
def test_infinite_and_absurd_states_are_unknown_or_refused_never_clear(field: int, bad: float) -> None:
    row, wrong = [40.0, 10.0, 3000.0, 100.0, 0.0, 0.0], [41.0, 10.0, 3000.0, 100.0, 0.0, 0.0]
    wrong[field] = bad
    if field < 2 and math.isfinite(bad):
        with pytest.raises(InputError, match="not on the earth"):
            relative_motions(states(tuple(row)), states(tuple(wrong)))
    else:
        answer = violations(relative_motions(states(tuple(row)), states(tuple(wrong))), ALL)
        assert (answer.verdict == UNKNOWN).all()


def test_a_speed_that_circles_the_earth_does_not_read_as_standing_still() -> None:
    around_mps = 2.0 * math.pi * twin.SPHERE_M / 10.0
    for fast in (around_mps, around_mps / 2.0, 64_000.0):
        motion = relative_motions(states((40.0, 10.0, 0, 0, 0, 0)), states((41.0, 10.0, 0, fast, 0, 0)))
        assert violations(motion, [PHASE_I_VOLUME]).verdict.tolist() == [[UNKNOWN]]


def test_heights_above_unlike_datums_are_unknown() -> None:
    row = (40.0, 10.0, 3000.0, 100.0, 0.0, 0.0)
    answer = violations(relative_motions(states(row), states(row, datum=Datum.GEOID)), ALL)
    assert (answer.verdict == UNKNOWN).all()


def test_none_and_what_a_mask_hides_are_unknown_and_never_a_number() -> None:
    hidden = np.ma.masked_array([[0.0, 0.0, 0.0, 0.0, 0.0, 0.0]], mask=[[False, False, True, False, False, False]])
    assert violations(hidden, [PHASE_I_VOLUME]).verdict.tolist() == [[UNKNOWN]]
    assert violations([[0.0, 0.0, None, 0.0, 0.0, 0.0]], [PHASE_I_VOLUME]).verdict.tolist() == [[UNKNOWN]]


def test_no_pairs_make_no_answers() -> None:
    assert violations(np.empty((0, 6)), ALL).verdict.shape == (0, 4)
    nothing = States([], [], [], [], [], [], Datum.PRESSURE)
    assert relative_motions(nothing, nothing).shape == (0, 6)


# Refusals


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([[1.0, 2.0]], "x, y, z, vx, vy, vz"),
        ([1.0] * 6, "x, y, z, vx, vy, vz"),
        ([[[0.0] * 6]], "x, y, z, vx, vy, vz"),
        ([[0.0] * 6, [0.0] * 5], "not numbers"),
        ([["0"] * 6], "no numbers"),
        ([["0", None, 0.0, 0.0, 0.0, 0.0]], "no numbers"),
        ([[10**400] * 6], "not numbers"),
        ([[1j] * 6], "no numbers"),
        ([[np.datetime64("2026-01-01")] * 6], "no numbers"),
        ([[{}] * 6], "not numbers"),
        (None, "not numbers|x, y, z"),
        ("motions", "no numbers"),
    ],
)
def test_what_is_no_table_of_motions_is_refused_in_a_sentence(rows: object, told: str) -> None:
    with pytest.raises(InputError, match=told):
        violations(rows, ALL)  # type: ignore[arg-type]


@pytest.mark.parametrize("lookahead_s", [0.0, -1.0, math.nan, math.inf, 601.0])
def test_a_lookahead_that_is_none_is_refused(lookahead_s: float) -> None:
    with pytest.raises(InputError, match="lookahead"):
        violations(np.zeros((1, 6)), ALL, lookahead_s)


def test_without_a_volume_nothing_could_be_found_and_that_is_said() -> None:
    with pytest.raises(InputError, match="no well-clear volume"):
        violations(np.zeros((1, 6)), [])


@pytest.mark.parametrize("thresholds", [(0.0, 1.0, 0.0), (1.0, -1.0, 0.0), (1.0, 1.0, -1.0), (math.nan, 1.0, 0.0), (1.0, 1.0, math.inf)])
def test_thresholds_that_are_none_are_refused(thresholds: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match="well-clear volume"):
        Volume(*thresholds)


def test_more_rows_than_fit_are_refused_before_they_are_copied() -> None:
    with pytest.raises(LimitError, match="give them in parts"):
        violations(np.broadcast_to(np.zeros(6), (MOST_ROWS + 1, 6)), ALL)


def test_places_off_the_earth_are_refused_and_named() -> None:
    row = (40.0, 10.0, 0.0, 0.0, 0.0, 0.0)
    with pytest.raises(InputError, match=r"latitude 91\.0 of state 1"):
        relative_motions(states(row, (91.0, *row[1:])), states(row, row))
    with pytest.raises(InputError, match=r"longitude -361\.0 of state 0"):
        relative_motions(states(row), states((40.0, -361.0, *row[2:])))


def test_columns_and_sides_of_unlike_length_are_refused() -> None:
    row = (40.0, 10.0, 0.0, 0.0, 0.0, 0.0)
    with pytest.raises(InputError, match="go by pairs"):
        relative_motions(states(row), states(row, row))
    with pytest.raises(InputError, match="columns of one length"):
        relative_motions(States([1.0], [1.0, 2.0], [0.0], [0.0], [0.0], [0.0], Datum.GEOID), states(row))


# States of a recorded track


def plot(after_s: float, **more: object) -> Plot:
    """A hit that flies east at 100 m/s along the equator."""
    given: dict[str, object] = {"height": Height(1000.0, Datum.PRESSURE), "ground_speed_mps": 100.0, "course_deg": 90.0, "climb_mps": 5.0}
    return Plot("one", START.plus(after_s), Position(0.0, 10.0 + 0.0008983 * after_s), **(given | more))  # type: ignore[arg-type]


def looked(plots: list[Plot], *after_s: float, age_max_s: float = 12.5) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return states_of(plots, [START.plus(one) for one in after_s], age_max_s).rows()


def test_a_state_is_the_newest_hit_carried_straight_on() -> None:
    rows = looked([plot(0.0), plot(5.0), plot(10.0)], 0.0, 7.0)
    assert rows[0].tolist() == pytest.approx([0.0, 10.0, 1000.0, 100.0, 0.0, 5.0], abs=1e-9)
    assert rows[1].tolist() == pytest.approx([0.0, 10.0 + 0.0008983 * 7.0, 1010.0, 100.0, 0.0, 5.0], abs=1e-6)


def test_nothing_of_a_state_comes_from_hits_that_are_yet_to_come() -> None:
    plots = [plot(5.0 * number, climb_mps=None) for number in range(6)]
    assert np.array_equal(looked(plots, 0.0, 6.0, 12.0), looked(plots[:3], 0.0, 6.0, 12.0), equal_nan=True)


def test_before_the_first_hit_and_too_long_after_the_last_nothing_is_known() -> None:
    rows = looked([plot(0.0)], -1.0, 12.5, 13.0)
    assert np.isnan(rows[[0, 2]]).all()
    assert np.isfinite(rows[1]).all()


def test_what_a_hit_does_not_say_is_not_known() -> None:
    assert np.isnan(looked([plot(0.0, height=None)], 1.0)[0, [2, 5]]).all()
    assert np.isnan(looked([plot(0.0, ground_speed_mps=None)], 1.0)[0, 3:5]).all()
    assert np.isnan(looked([plot(0.0, climb_mps=None)], 1.0)[0, 5])  # one height is no climb
    other = plot(5.0, height=Height(1000.0, Datum.GEOID))
    assert np.isnan(looked([plot(0.0), other], 6.0)[0, 2])


def test_hits_in_any_order_and_twice_over_give_the_same_states() -> None:
    plots = [plot(5.0 * number, climb_mps=None, ground_speed_mps=None) for number in range(6)]
    told = looked(plots, 0.0, 11.0, 27.0)
    assert np.array_equal(looked([*plots[::-1], plots[2]], 0.0, 11.0, 27.0), told, equal_nan=True)


def test_instants_that_do_not_ascend_and_ages_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="ascend"):
        looked([plot(0.0)], 1.0, 1.0)
    for age_max_s in (-1.0, math.nan, 31.0):
        with pytest.raises(InputError, match="age"):
            looked([plot(0.0)], 1.0, age_max_s=age_max_s)
