"""The kernels of the watch: their slow twin, NaN, and the edge."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.tracks import may_come_near
from tafadi.engine.kernels.tracks import Apart, cylinder, disc, plane, screen
from tafadi.measure.earth import Position, ecef

R = 1000.0
NUMBER = st.floats(-20_000.0, 20_000.0)
SPEED = st.floats(-300.0, 300.0)


def row(x: float, y: float, z: float, vx: float, vy: float, vz: float, at: float = 0.0) -> list[float]:
    return [x, y, z, vx, vy, vz, at, 0.0]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(NUMBER, NUMBER, NUMBER, SPEED, SPEED, SPEED, st.floats(0.0, 20.0)), min_size=2, max_size=8))
def test_screening_never_drops_a_track_that_comes_near(tracks: list[tuple[float, ...]]) -> None:
    states = np.array([row(*track) for track in tracks])
    near = np.empty(len(states), dtype=np.int64)
    found = near[: screen(states, 0, len(states), 20.0, 60.0, R, near)].tolist()
    assert set(may_come_near(states.tolist(), 0, 20.0, 60.0, R)) <= set(found)


@pytest.mark.parametrize("axis", range(6))
def test_screening_lets_a_nan_through_to_be_judged(axis: int) -> None:
    states = np.array([row(0, 0, 0, 0, 0, 0), row(1e6, 0, 0, 0, 0, 0)], dtype=float)
    states[1, axis] = math.nan
    near = np.empty(2, dtype=np.int64)
    assert screen(states, 0, 2, 0.0, 60.0, R, near) == 1


def test_screening_skips_rows_that_are_free() -> None:
    states = np.full((3, 8), math.nan)
    states[0] = row(0, 0, 0, 0, 0, 0)
    assert screen(states, 0, 3, 0.0, 60.0, R, np.empty(3, dtype=np.int64)) == 0


@pytest.mark.parametrize("field", range(4))
def test_a_nan_is_never_left_out_of_a_disc(field: int) -> None:
    numbers = [0.0, 0.0, 1.0, 1.0]
    numbers[field] = math.nan
    assert disc(Apart(*numbers), R, 60.0) == (0.0, 60.0)


def test_exactly_at_the_minima_is_outside() -> None:
    beside = Apart(R, 0.0, 0.0, 10.0)
    assert not disc(beside, R, 60.0).start < disc(beside, R, 60.0).end
    within = Apart(R - 1e-3, 0.0, 0.0, 10.0)
    assert disc(within, R, 60.0).start < disc(within, R, 60.0).end
    stacked = cylinder(Apart(0.0, 0.0, 1.0, 0.0), np.array([0.0, 60.0]), np.array([304.8, 304.8]), R, 304.8)
    assert math.isnan(stacked.start)


def test_a_climb_that_ends_at_its_level_never_enters_and_one_that_goes_on_does() -> None:
    over = Apart(0.0, 0.0, 1.0, 0.0)
    ends = cylinder(over, np.array([0.0, 20.0, 60.0]), np.array([500.0, 304.8, 304.8]), R, 304.8)
    assert math.isnan(ends.start)
    goes_on = cylinder(over, np.array([0.0, 60.0]), np.array([500.0, -85.6]), R, 304.8)
    assert goes_on.start == pytest.approx(20.0, abs=1e-6)
    assert goes_on.vertical < 20.0


def test_a_stretch_that_passes_a_bend_is_told_as_one() -> None:
    met = cylinder(Apart(-3000.0, 0.0, 100.0, 0.0), np.array([0.0, 30.0, 90.0]), np.array([50.0, 20.0, 20.0]), R, 100.0)
    assert (met.start, met.end) == (pytest.approx(20.0, abs=1e-4), pytest.approx(40.0, abs=1e-4))
    assert met.at == pytest.approx(30.0, abs=2.0)


@pytest.mark.parametrize("place", [Position(0.0, 180.0), Position(90.0, 0.0), Position(-90.0, 0.0), Position(60.0, -180.0)])
def test_the_plane_of_a_pair_has_no_seam(place: Position) -> None:
    there = Position(place.lat_deg - math.copysign(0.01, place.lat_deg), place.lon_deg)
    own, other = (np.array([*ecef(one), 0.0, 0.0, 0.0, 0.0, 0.0]) for one in (place, there))
    apart = plane(own, other, 0.0)
    chord_m = math.dist(ecef(place), ecef(there))
    assert math.hypot(apart.x, apart.y) == pytest.approx(chord_m, abs=1e-3)


@pytest.mark.parametrize("kernel", [screen, plane, disc, cylinder])
def test_the_compiled_kernel_and_its_source_agree(kernel: object) -> None:
    states = np.array([row(0, 0, 6.3e6, 10, 0, 0), row(900, 500, 6.3e6, -5, 3, 0)], dtype=float)
    near = np.empty(2, dtype=np.int64)
    arguments: dict[object, tuple[object, ...]] = {
        screen: (states, 0, 2, 0.0, 60.0, R, near),
        plane: (states[0], states[1], 0.0),
        disc: (Apart(900.0, 500.0, -15.0, 3.0), R, 60.0),
        cylinder: (Apart(900.0, 500.0, -15.0, 3.0), np.array([0.0, 60.0]), np.array([10.0, 50.0]), R, 100.0),
    }
    compiled, source = kernel(*arguments[kernel]), kernel.py_func(*arguments[kernel])  # type: ignore[operator, attr-defined]
    assert compiled == pytest.approx(source)
