"""One body in another's cylinder: against the slow twin, at the edge, with gaps in the data, and against the tactical vectors."""

import gzip
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import cylinder
from tafadi.engine.kernels import closest
from tafadi.engine.kernels.closest import Motion, Span
from tafadi.engine.layout import CLEAR, CONFLICT, UNKNOWN, Bytes, Floats

RADIUS_M, HALF_M = 9260.0, 304.8
WINDOW = Span(0.0, 600.0)
TIMES = np.arange(0.0, 600.0, 0.02)

place = st.floats(-20e3, 20e3)
height = st.floats(-2e3, 2e3)
speed = st.floats(-400, 400)
climb = st.floats(-25, 25)
motions = st.tuples(place, place, height, speed, speed, climb)


def judge(*rows: tuple[float, ...], interpreted: bool = False) -> tuple[Bytes, Floats]:
    verdict, enters = np.empty(len(rows), np.uint8), np.empty(len(rows))
    kernel = closest.judge_pairs.py_func if interpreted else closest.judge_pairs  # type: ignore[attr-defined]
    kernel(np.array(rows, dtype=float), RADIUS_M, HALF_M, WINDOW, verdict, enters)
    return verdict, enters


@settings(max_examples=300, deadline=None)
@given(motions)
def test_entry_agrees_with_stepping_through_time(row: tuple[float, ...]) -> None:
    verdict, enters = judge(row)
    seen = cylinder.entry(row, RADIUS_M, HALF_M, TIMES)
    if seen is not None:
        assert verdict[0] == CONFLICT
        assert -1e-9 <= seen - enters[0] <= 0.021
    elif verdict[0] == CONFLICT:  # shorter than a step of the twin
        assert cylinder.least_norm(row, RADIUS_M, HALF_M, TIMES) < 1.05


@settings(max_examples=300, deadline=None)
@given(motions)
def test_swapping_the_two_bodies_changes_nothing(row: tuple[float, ...]) -> None:
    verdict, enters = judge(row, tuple(-value for value in row))
    assert verdict[0] == verdict[1]
    np.testing.assert_array_equal(enters[0], enters[1])


@settings(max_examples=100, deadline=None)
@given(motions)
def test_compiled_and_interpreted_agree(row: tuple[float, ...]) -> None:
    np.testing.assert_array_equal(judge(row)[0], judge(row, interpreted=True)[0])
    np.testing.assert_allclose(judge(row)[1], judge(row, interpreted=True)[1], rtol=1e-12)


@pytest.mark.parametrize("field", range(6))
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_gap_in_the_data_is_unknown_never_clear(field: int, bad: float) -> None:
    row = [0.0] * 6
    row[field] = bad
    verdict, enters = judge(tuple(row))
    assert verdict[0] == UNKNOWN
    assert math.isnan(enters[0])


@pytest.mark.parametrize("field", range(6))
@pytest.mark.parametrize("still", [0.0, 5.0])
def test_the_leaves_themselves_never_take_a_gap_for_time_inside(field: int, still: float) -> None:
    row = [0.0, 0.0, 0.0, still, still, still]
    row[field] = math.nan
    leaf = closest.time_in_slab if field in (2, 5) else closest.time_in_disc
    for window in (WINDOW, Span(100.0, 200.0)):
        inside = leaf(Motion(*row), RADIUS_M, window)
        assert not inside.start < inside.end


@pytest.mark.parametrize("bad", [math.inf, -math.inf])
@pytest.mark.parametrize("field", range(6))
def test_nothing_endless_is_ever_inside_for_the_whole_window(field: int, bad: float) -> None:
    row = [0.0, 0.0, 0.0, 5.0, 5.0, 5.0]
    row[field] = bad
    leaf = closest.time_in_slab if field in (2, 5) else closest.time_in_disc
    inside = leaf(Motion(*row), RADIUS_M, WINDOW)
    assert not inside.start < inside.end


def test_a_climb_next_to_nothing_stays_inside_for_the_whole_window() -> None:
    assert closest.time_in_slab(Motion(0.0, 0.0, 10.0, 0.0, 0.0, 1e-320), HALF_M, WINDOW) == WINDOW
    assert closest.time_in_slab(Motion(0.0, 0.0, 10.0, 0.0, 0.0, -1e-320), HALF_M, WINDOW) == WINDOW
    assert closest.time_in_disc(Motion(10.0, 0.0, 0.0, 1e-155, 0.0, 0.0), RADIUS_M, WINDOW) == WINDOW


AT_THE_EDGE = [
    (0, 0, HALF_M, 0, 0, 0),
    (RADIUS_M, 0, 0, 0, 0, 0),
    (0, RADIUS_M, 0, 250.0, 0, 0),
    (0, 0, 10_000 * 0.3048 - 9_000 * 0.3048, 1, 1, 0),
]


@pytest.mark.parametrize("row", AT_THE_EDGE)
def test_exactly_at_the_minima_is_separated(row: tuple[float, ...]) -> None:
    assert judge(row)[0] == CLEAR


@pytest.mark.parametrize("row", [(0, 0, HALF_M - 1e-3, 0, 0, 0), (RADIUS_M - 1e-3, 0, 0, 0, 0, 0), (0, 0, 0, 0, 0, 0)])
def test_a_millimetre_inside_is_a_conflict_even_without_relative_motion(row: tuple[float, ...]) -> None:
    verdict, enters = judge(row)
    assert (verdict[0], enters[0]) == (CONFLICT, 0.0)


def test_minima_of_zero_are_never_lost() -> None:
    verdict, enters = np.empty(1, np.uint8), np.empty(1)
    for radius, half in ((0.0, HALF_M), (RADIUS_M, 0.0)):
        closest.judge_pairs(np.zeros((1, 6)), radius, half, WINDOW, verdict, enters)
        assert verdict[0] == CLEAR


@settings(max_examples=300, deadline=None)
@given(motions)
def test_the_deepest_instant_is_at_least_as_deep_as_any_other(row: tuple[float, ...]) -> None:
    found = closest.nearest(Motion(*row), RADIUS_M, HALF_M, WINDOW)
    horizontal, vertical = cylinder.walked(row, np.array([found.at]))
    assert found.norm == pytest.approx(max(horizontal[0] / RADIUS_M, vertical[0] / HALF_M), abs=1e-9)
    assert found.norm <= cylinder.least_norm(row, RADIUS_M, HALF_M, TIMES) + 1e-9


def relative(tracks: Floats, pairs: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> Floats:
    """Rows of Motion by the rules of the vectors: local equirectangular with the cosine of the mean latitude, longitude wrapped."""
    a, b = tracks[pairs[:, 0]], tracks[pairs[:, 1]]
    lat, lon = np.radians(b[:, 0] - a[:, 0]), np.radians((b[:, 1] - a[:, 1] + 180.0) % 360.0 - 180.0)
    x = lon * np.cos(np.radians(a[:, 0] + b[:, 0]) / 2) * 6371000.0
    course = np.radians(tracks[:, 2])
    v = np.stack([np.sin(course) * tracks[:, 3], np.cos(course) * tracks[:, 3]], axis=1)
    w = v[pairs[:, 1]] - v[pairs[:, 0]]
    return np.stack([x, lat * 6371000.0, b[:, 4] - a[:, 4], w[:, 0], w[:, 1], b[:, 5] - a[:, 5]], axis=1)


def test_the_tactical_vectors_are_found_pair_for_pair(shared: Callable[[str], Path]) -> None:
    with gzip.open(shared("vectors/tactical/tracks2000.csv.gz")) as file:
        tracks = np.loadtxt(file, delimiter=",")
    expected = np.loadtxt(shared("vectors/tactical/tracks2000_expected_pairs.txt"))
    pairs = np.stack(np.triu_indices(len(tracks), 1), axis=1)
    motions = relative(tracks, pairs)
    verdict, enters, leaves, least = np.empty(len(pairs), np.uint8), np.empty(len(pairs)), np.empty(len(pairs)), np.empty(len(pairs))
    window = Span(0.0, 300.0)
    closest.judge_pairs(motions, RADIUS_M, HALF_M, window, verdict, enters)
    closest.closest_in_conflict(motions, RADIUS_M, HALF_M, window, leaves, least)
    found = {(int(a), int(b)): n for n, (a, b) in enumerate(pairs) if verdict[n] == CONFLICT}
    assert set(found) == {(int(a), int(b)) for a, b in expected[:, :2]}
    rows = [found[int(a), int(b)] for a, b in expected[:, :2]]
    np.testing.assert_allclose(enters[rows], expected[:, 2], atol=1e-3)
    np.testing.assert_allclose(least[rows], expected[:, 3], atol=0.1)
