"""Two trajectories: the strategic vectors on their own plane, gaps in the data, unlike datums, and seams between pieces."""

import gzip
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tafadi.engine.kernels import paths as kernels
from tafadi.engine.layout import CLEAR, CONFLICT, DATUMS_UNLIKE, FOUND, HEIGHT_MISSING, MISSING, NOT_FINITE, UNKNOWN, Paths, Records
from tafadi.engine.pack import FLAT, pack_flat

RADIUS_M, HALF_M = 9260.0, 304.8
SECOND = 1_000_000_000


def two(*tracks: list[tuple[float, float, float, float]]) -> Paths:
    """Paths on a plane from rows of seconds, x, y, height."""
    rows = np.array([row for track in tracks for row in track], dtype=float)
    first = np.cumsum([0] + [len(track) for track in tracks])
    return pack_flat(first, (rows[:, 0] * SECOND).astype(np.int64), rows[:, 1], rows[:, 2], rows[:, 3])


def judged(
    paths: Paths, radius_m: float = RADIUS_M, half_m: float = HALF_M, *, everywhere: bool = False, interpreted: bool = False
) -> Records:
    found = np.zeros(1, FOUND)
    kernel = kernels.judge_within.py_func if interpreted else kernels.judge_within  # type: ignore[attr-defined]
    always = np.array([[kernels.EARLIEST_NS, kernels.LATEST_NS]])
    kernel(paths, np.array([[0, 1]]), always, np.array([radius_m]), np.array([half_m]), everywhere, FLAT, found)
    return found


HEAD_ON = two([(0, -50e3, 0, 1000), (1000, 50e3, 0, 1000)], [(100, 50e3, 0, 1000), (1100, -50e3, 0, 1000)])


def test_the_strategic_vectors_are_found_pair_for_pair(shared: Callable[[str], Path]) -> None:
    with gzip.open(shared("vectors/strategic/plans1000.txt.gz")) as file:
        rows = np.loadtxt(file)
    count = int(rows[-1, 0]) + 1
    first = np.searchsorted(rows[:, 0], np.arange(count + 1)).astype(np.int64)
    paths = pack_flat(first, np.round(rows[:, 1] * SECOND).astype(np.int64), rows[:, 2], rows[:, 3], rows[:, 4])
    pairs = np.stack(np.triu_indices(count, 1), axis=1)
    found = np.zeros(len(pairs), FOUND)
    kernels.judge_paths(paths, pairs, np.full(len(pairs), RADIUS_M), np.full(len(pairs), HALF_M), False, FLAT, found)
    told = np.flatnonzero(found["verdict"])
    flat = np.loadtxt(shared("vectors/strategic/plans1000_expected.txt"))
    nasa = np.loadtxt(shared("vectors/strategic/plans1000_expected_nasa_cdii.txt"))
    assert (found["verdict"][told] == CONFLICT).all()
    np.testing.assert_array_equal(pairs[told], flat[:, :2])
    epoch_s = found["epoch_ns"][told] / SECOND
    np.testing.assert_allclose(epoch_s + found["start_s"][told], flat[:, 2], atol=1e-3)
    np.testing.assert_allclose(found["least_horizontal_m"][told], flat[:, 3], atol=0.1)
    np.testing.assert_allclose(epoch_s + found["start_s"][told], nasa[:, 2], atol=1e-3)
    np.testing.assert_allclose(epoch_s + found["end_s"][told], nasa[:, 3], atol=1e-3)
    np.testing.assert_allclose(epoch_s + found["nearest_s"][told], nasa[:, 4], atol=1e-3)
    norm = np.maximum(found["horizontal_m"][told] / RADIUS_M, found["vertical_m"][told] / HALF_M)
    np.testing.assert_allclose(norm**2, nasa[:, 5], atol=1e-5)  # NASA gives the square


def test_compiled_and_interpreted_agree() -> None:
    compiled, interpreted = judged(HEAD_ON), judged(HEAD_ON, interpreted=True)
    assert compiled[["verdict", "start_s", "end_s"]].tolist() == interpreted[["verdict", "start_s", "end_s"]].tolist()


def test_two_head_on_lose_their_minima_for_exactly_as_long_as_the_disc_is_wide() -> None:
    found = judged(HEAD_ON)
    assert found["verdict"][0] == CONFLICT
    assert found["end_s"][0] - found["start_s"][0] == pytest.approx(2 * RADIUS_M / 200.0, abs=1e-6)


@pytest.mark.parametrize("member", ["place_m", "height_m"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("everywhere", [False, True])
def test_a_gap_in_the_data_is_unknown_never_clear(member: str, bad: float, everywhere: bool) -> None:
    paths = two([(0, -5e3, 0, 1000), (1000, 5e3, 0, 1000)], [(0, 5e3, 0, 9000), (1000, -5e3, 0, 9000)])
    assert judged(paths)["verdict"][0] == CLEAR
    values = getattr(paths, member).copy()
    values[0] = bad
    found = judged(paths._replace(**{member: values}), everywhere=everywhere)
    assert found["verdict"][0] == UNKNOWN
    assert found["cause"][0] == NOT_FINITE


@pytest.mark.parametrize(("codes", "cause"), [((1, MISSING), HEIGHT_MISSING), ((1, 2), DATUMS_UNLIKE), ((-2, -2), DATUMS_UNLIKE)])
def test_heights_that_cannot_be_compared_are_unknown_while_near(codes: tuple[int, int], cause: int) -> None:
    datum = np.repeat(np.array(codes, np.int8), 2)
    found = judged(HEAD_ON._replace(datum=datum))
    assert (found["verdict"][0], found["cause"][0]) == (UNKNOWN, cause)
    assert found["end_s"][0] - found["start_s"][0] == pytest.approx(2 * RADIUS_M / 200.0, abs=1e-6)
    assert math.isnan(found["vertical_m"][0])
    assert found["horizontal_m"][0] == pytest.approx(0.0, abs=1e-6)


def test_heights_that_cannot_be_compared_are_clear_while_far() -> None:
    paths = two([(0, 0, 0, 1000), (1000, 5e3, 0, 1000)], [(0, 0, 9260.0, 1000), (1000, 5e3, 9260.0, 1000)])
    assert judged(paths._replace(datum=np.array([1, 1, 2, 2], np.int8)))["verdict"][0] == CLEAR


def test_without_common_time_they_are_clear() -> None:
    assert judged(two([(0, 0, 0, 0), (10, 1, 0, 0)], [(10, 0, 0, 0), (20, 1, 0, 0)]))["verdict"][0] == CLEAR


def test_same_speed_and_course_within_the_minima_is_a_conflict_from_beginning_to_end() -> None:
    found = judged(two([(0, 0, 0, 500), (900, 90e3, 0, 500)], [(0, 0, 9000, 500), (900, 90e3, 9000, 500)]))
    assert (found["verdict"][0], found["start_s"][0], found["end_s"][0]) == (CONFLICT, 0.0, 900.0)


def test_a_span_across_many_waypoints_is_one_span_and_a_second_loss_is_not_joined_to_it() -> None:
    steady = [(t, 0.0, 0.0, 500.0) for t in (0.0, 400.0)]
    places = ((0, 20e3), (50, 5e3), (90, 4e3), (100, 5e3), (150, 20e3), (300, 20e3), (350, 0.0), (400, 20e3))
    visits = [(float(t), x, 0.0, 500.0) for t, x in places]
    found = judged(two(steady, visits))
    assert found["start_s"][0] == pytest.approx(50 * (20e3 - RADIUS_M) / 15e3)
    assert found["end_s"][0] == pytest.approx(100 + 50 * (RADIUS_M - 5e3) / 15e3)
    assert found["nearest_s"][0] == pytest.approx(350.0)  # over all spans
    assert found["least_horizontal_m"][0] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("offset_m", "height_m"), [(RADIUS_M, 500.0), (0.0, 500.0 + HALF_M)])
def test_exactly_at_the_minima_is_separated(offset_m: float, height_m: float) -> None:
    paths = two([(0, 0, 0, 500), (900, 90e3, 0, 500)], [(0, 0, offset_m, height_m), (900, 90e3, offset_m, height_m)])
    found = judged(paths, everywhere=True)
    assert found["verdict"][0] == CLEAR
    assert (found["horizontal_m"][0], found["vertical_m"][0]) == pytest.approx((offset_m, height_m - 500.0))
