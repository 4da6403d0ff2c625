"""Bands: what is said to be apart or together is so wherever the surfaces of the datums may lie."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.volumes import bands_share
from tafadi.engine import layout
from tafadi.engine.kernels.bands import compare_bands
from tafadi.engine.layout import CLEAR, CONFLICT, DATUMS_UNLIKE, HEIGHT_MISSING, NOT_FINITE, UNKNOWN, Bodies
from tafadi.engine.routes import DATUM_CODES
from tafadi.measure.height import HIGHEST_M, Datum, Height

Band = tuple[Height | None, Height | None]


def bodies(*bands: Band) -> Bodies:
    count = len(bands)
    values = [[float("nan") if height is None else height.value_m for height in band] for band in bands]
    codes = [[-1 if height is None else DATUM_CODES[height.datum] for height in band] for band in bands]
    value, code = np.array(values), np.array(codes, np.int8)
    nothing, zeros = np.zeros(count + 1, np.int64), np.zeros(count)
    empty, times = np.empty((0, 3)), nothing[:-1]
    band = value[:, 0], value[:, 1], code[:, 0], code[:, 1]
    return Bodies(nothing, empty, np.zeros((count, 3)), zeros, zeros, *band, times, times + 1)


def compared(a: Band, b: Band, half_m: float = 0.0) -> tuple[int, int]:
    verdict, cause = np.empty(1, np.uint8), np.empty(1, np.uint8)
    compare_bands(bodies(a, b), np.array([[0, 1]]), np.array([half_m]), verdict, cause, np.empty(1))
    return int(verdict[0]), int(cause[0])


def height(value_m: float, datum: Datum = Datum.GEOID) -> Height:
    return Height(value_m, datum)


heights = st.builds(Height, st.integers(-2, 6).map(float), st.sampled_from(list(Datum)))


def possible(band: tuple[Height, Height]) -> bool:
    low, high = band
    return low.datum is not high.datum or low.value_m < high.value_m


bands = st.tuples(heights, heights).filter(possible)
SURFACES = [dict(zip(Datum, (0.0, *rest), strict=True)) for rest in itertools.product((-7.0, -2.5, 0.0, 1.0, 2.5, 7.0), repeat=3)]


@settings(max_examples=400, deadline=None)
@given(bands, bands)
def test_a_verdict_across_datums_holds_wherever_their_surfaces_lie(a: tuple[Height, Height], b: tuple[Height, Height]) -> None:
    verdict, cause = compared(a, b)
    truths = {bands_share(a, b, surfaces) for surfaces in SURFACES} - {None}
    if verdict == CLEAR:
        assert True not in truths
    elif verdict == CONFLICT:
        assert False not in truths
    else:
        assert cause == DATUMS_UNLIKE
    if len({one.datum for one in (*a, *b)}) == 1:
        assert verdict != UNKNOWN


@settings(max_examples=200, deadline=None)
@given(bands, bands, st.sampled_from([0.0, 1.0, 3.0]))
def test_swapping_the_two_bands_changes_nothing(a: Band, b: Band, half_m: float) -> None:
    assert compared(a, b, half_m) == compared(b, a, half_m)


def test_three_hundred_metres_against_a_thousand_feet_are_told_apart_only_in_like_datums() -> None:
    metres, feet = (height(300.0), height(400.0)), (height(304.8), height(396.24))
    assert compared(metres, feet)[0] == CONFLICT
    pressure = (height(304.8, Datum.PRESSURE), height(396.24, Datum.PRESSURE))
    assert compared(metres, pressure) == (UNKNOWN, DATUMS_UNLIKE)


def test_touching_is_not_overlapping_and_minima_are_exact() -> None:
    low, high = (height(0.0), height(304.8)), (height(609.6), height(900.0))
    assert compared((height(0.0), height(304.8)), (height(304.8), height(900.0)))[0] == CLEAR
    assert compared(low, high, 304.8)[0] == CLEAR
    assert compared(low, high, 304.8 + 1e-3)[0] == CONFLICT


def test_a_band_that_mixes_datums_uses_the_comparisons_that_can_be_made() -> None:
    mixed = (height(0.0, Datum.GROUND), height(3_048.0, Datum.PRESSURE))
    assert compared(mixed, (height(4_000.0, Datum.PRESSURE), height(5_000.0, Datum.PRESSURE)))[0] == CLEAR
    assert compared(mixed, (height(2_000.0, Datum.PRESSURE), height(5_000.0, Datum.PRESSURE)))[0] == CONFLICT
    assert compared(mixed, (height(2_000.0), height(5_000.0))) == (UNKNOWN, DATUMS_UNLIKE)


def test_a_missing_height_is_unknown_unless_the_other_bound_already_keeps_apart() -> None:
    open_below = (None, height(1_000.0))
    assert compared(open_below, (height(500.0), height(2_000.0))) == (UNKNOWN, HEIGHT_MISSING)
    assert compared(open_below, (height(1_000.0), height(2_000.0)))[0] == CLEAR
    assert compared((None, None), (height(0.0), height(1.0))) == (UNKNOWN, HEIGHT_MISSING)


@pytest.mark.parametrize("member", ["lower_m", "upper_m"])
def test_a_height_that_is_no_number_is_unknown(member: str) -> None:
    pair = bodies((height(0.0), height(10.0)), (height(5.0), height(15.0)))
    values = getattr(pair, member).copy()
    values[0] = float("nan")
    verdict, cause = np.empty(1, np.uint8), np.empty(1, np.uint8)
    compare_bands(pair._replace(**{member: values}), np.array([[0, 1]]), np.zeros(1), verdict, cause, np.empty(1))
    assert (verdict[0], cause[0]) == (UNKNOWN, NOT_FINITE)


def test_a_top_that_stands_for_none_is_above_every_bottom_whatever_its_datum() -> None:
    unlimited = (height(0.0, Datum.GROUND), height(HIGHEST_M, Datum.PRESSURE))
    for other in Datum:
        assert compared(unlimited, (height(500.0, other), height(HIGHEST_M, other)))[0] == CONFLICT
        assert compared(unlimited, (height(500.0, other), height(600.0, other)))[0] == CONFLICT
    high = (height(3_000.0, Datum.PRESSURE), height(HIGHEST_M, Datum.PRESSURE))
    assert compared(high, (height(500.0), height(600.0))) == (UNKNOWN, DATUMS_UNLIKE)  # its bottom may be above the other's top
    assert compared(high, (height(500.0), height(HIGHEST_M)))[0] == CONFLICT
    assert compared(high, (height(500.0, Datum.PRESSURE), height(600.0, Datum.PRESSURE)))[0] == CLEAR
    assert compared(high, (height(500.0), None)) == (UNKNOWN, HEIGHT_MISSING)


def test_the_kernels_have_the_top_of_all_air_that_the_measures_have() -> None:
    assert layout.HIGHEST_M == HIGHEST_M
