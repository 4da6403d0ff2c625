"""Balls, sixteen at once: what is kept is what a look at each pair keeps, and NaN is always kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.engine.kernels.screen import AT_ONCE, COLUMNS, Ordered, meeting, room_for
from tafadi.engine.layout import kernel

MOST = 40


@kernel
def found(balls: Ordered, k: int, start: int, end: int) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """int32[n, 2]: ball k, and those of a stretch that it may meet."""
    hits = np.empty((MOST + AT_ONCE, 2), np.int32)
    count = meeting(balls, k, start, end, hits, 0)
    return hits[:count]


def balls(seed: int, spread_m: float) -> Ordered:
    """MOST balls near one place, in bands of heights that often touch."""
    r = np.random.default_rng(seed)
    ordered = room_for(MOST)
    ordered.metres[:3, :MOST] = r.normal(0.0, spread_m, (3, MOST))
    ordered.metres[3, :MOST], ordered.metres[4, :MOST] = r.uniform(1e3, 4e4, MOST), r.choice([5e3, 9_260.0], MOST)
    ordered.steps[5, :MOST] = r.integers(-5, 30, MOST) * 3_048_000
    ordered.steps[6, :MOST] = ordered.steps[5, :MOST] + r.integers(0, 3, MOST) * 3_048_000
    ordered.steps[7, :MOST] = r.choice([3_047_999, 6_096_000], MOST)
    return ordered


def kept(ordered: Ordered, a: int, b: int) -> bool | None:
    """Whether one pair is kept; None where that hangs on the last bit."""
    (x, y, z, radius, minimum), (low, high, apart) = ordered.metres[:5].astype(np.float64), ordered.steps[5:].astype(np.int64)
    if max(low[b] - high[a], low[a] - high[b]) >= max(apart[a], apart[b]):
        return False
    away = np.sqrt((x[a] - x[b]) ** 2 + (y[a] - y[b]) ** 2 + (z[a] - z[b]) ** 2)
    reach = radius[a] + radius[b] + max(minimum[a], minimum[b])
    return None if abs(away - reach) < 1e-5 * reach else bool(not away > reach)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1e4, 4e4, 1e6]), st.integers(0, MOST - 1), st.integers(0, MOST), st.integers(0, MOST))
def test_sixteen_at_once_are_what_each_pair_is(seed: int, spread_m: float, k: int, start: int, end: int) -> None:
    ordered = balls(seed, spread_m)
    hits = found(ordered, k, start, end)
    assert set(hits[:, 0].tolist()) <= {k}
    told = hits[:, 1].tolist()
    assert told == sorted(set(told))
    assert all(start <= n < end for n in told)
    for n in range(start, end):
        assert kept(ordered, k, n) in (None, n in told)


@pytest.mark.parametrize("column", range(5))
def test_a_number_that_is_none_is_kept_whatever_the_others_are(column: int) -> None:
    ordered = balls(1, 1e9)
    ordered.steps[5:7] = 0
    assert found(ordered, 0, 1, MOST).tolist() == []
    for n in (3, MOST - 1):
        ordered.metres[column, n] = np.nan
    # A minimum that is none leaves that of the other: it asks for nothing more.
    assert found(ordered, 0, 1, MOST)[:, 1].tolist() == ([3, MOST - 1] if column != 4 else [])


def test_bands_exactly_the_minima_apart_are_passed_over_and_a_tenth_of_a_millimetre_less_is_kept() -> None:
    ordered = balls(2, 1.0)
    ordered.steps[5:7, 0], ordered.steps[5:7, 1:3], ordered.steps[7] = 0, [[3_048_000, 3_047_999]] * 2, 3_048_000
    assert found(ordered, 0, 1, 3)[:, 1].tolist() == [2]
    assert found(ordered, 2, 0, 1)[:, 1].tolist() == [0]


def test_there_are_as_many_columns_as_are_compared() -> None:
    assert room_for(3).metres.shape == (COLUMNS, 3 + AT_ONCE)
