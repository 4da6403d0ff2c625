"""The filter of live states: sixteen at once say what one pair after the other does, and NaN always passes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.filter import kept
from tafadi.engine.kernels.filter import One
from tafadi.engine.kernels.placing import AT_ONCE
from tafadi.engine.kernels.tactical import Bounds, Quick, note

HALF_S = 150.0
BOUNDS = (9_270.0**2, HALF_S, 305.0, 1.0 / HALF_S**2)


def passing(quick: Quick, lo: int, hi: int) -> set[int]:
    """Which of the states from lo to hi the first may meet."""
    r = Bounds(quick.ctypes.data, quick.shape[1], *(np.float32(bound) for bound in BOUNDS))
    noted = np.zeros((quick.shape[1], 3), np.int32)
    count = note(r, One(*quick[:, 0]), 0, lo, hi, noted, 0)
    return {base + n for _, base, bits in noted[:count].tolist() for n in range(AT_ONCE) if bits >> n & 1}


def states(seed: int, count: int, spread_m: float) -> Quick:
    r = np.random.default_rng(seed)
    place, velocity = r.normal(0.0, spread_m, (3, count + AT_ONCE)), r.normal(0.0, 150.0, (3, count + AT_ONCE))
    told = [place, velocity, r.uniform(0.0, 12e3, (1, count + AT_ONCE)), r.normal(0.0, 5.0, (1, count + AT_ONCE))]
    return np.concatenate(told).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.sampled_from([3e3, 2e4, 6e4, 6e6]))
def test_sixteen_at_once_are_what_each_pair_is(seed: int, count: int, spread_m: float) -> None:
    quick = states(seed, count, spread_m)
    found = passing(quick, 1, count)
    for other in range(1, count):
        twin = kept(quick[:, 0].tolist(), quick[:, other].tolist(), *BOUNDS)
        assert twin.is_at_the_edge or (other in found) == twin.passes, other
    assert found <= set(range(1, count))


@pytest.mark.parametrize("field", range(8))
def test_nan_in_any_field_of_either_is_never_what_keeps_a_pair_apart(field: int) -> None:
    far = 0 if field < 6 else 6  # the other test is passed, so that only this one could refuse
    for owner in (0, 5):
        quick = np.zeros((8, 32), np.float32)
        quick[far, 5] = 1e5
        assert 5 not in passing(quick, 1, 16)
        quick[field, owner] = math.nan
        assert 5 in passing(quick, 1, 16)


def test_what_lies_beyond_a_slice_is_read_and_not_kept() -> None:
    quick = np.zeros((8, 48), np.float32)
    assert passing(quick, 3, 5) == {3, 4}
    assert passing(quick, 1, 32) == set(range(1, 32))


def test_alike_in_everything_may_meet() -> None:
    quick = np.repeat(states(1, 1, 6e6)[:, :1], 40, axis=1)
    assert passing(np.ascontiguousarray(quick), 1, 24) == set(range(1, 24))
