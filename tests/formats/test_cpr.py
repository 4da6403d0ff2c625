"""Compact position reporting: places that an encoder wrote are found again, everywhere on the earth."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.formats import cpr
from tafadi.formats.cpr import AIRBORNE_DEG, STEPS, SURFACE_DEG, Coded, Place


def encode(lat_deg: float, lon_deg: float, is_odd: bool, span_deg: float) -> Coded:
    """The encoder of DO-260B, A.1.7.3, written from its text."""
    height_deg = span_deg / (60 - is_odd)
    lat = math.floor(STEPS * (lat_deg % height_deg) / height_deg + 0.5)
    seen_deg = height_deg * (lat / STEPS + math.floor(lat_deg / height_deg))
    width_deg = span_deg / max(cpr.zones(seen_deg) - is_odd, 1)
    lon = math.floor(STEPS * (lon_deg % width_deg) / width_deg + 0.5)
    return Coded(lat % STEPS, lon % STEPS, is_odd)


def close(found: Place | None, lat_deg: float, lon_deg: float) -> bool:
    """Within half a step of the widest zone there."""
    if found is None:
        return False
    step_deg = AIRBORNE_DEG / max(cpr.zones(lat_deg) - 1, 1) / STEPS
    turned = (found.lon_deg - lon_deg + 180.0) % 360.0 - 180.0
    return abs(found.lat_deg - lat_deg) < 6.2 / STEPS and abs(turned) <= 1.01 * step_deg


def test_the_example_of_the_textbooks_is_found() -> None:
    even, odd = Coded(93_000, 51_372, False), Coded(74_158, 50_194, True)
    assert cpr.pair(even, odd, False) == pytest.approx((52.25720214843750, 3.91937255859375), abs=1e-12)
    assert cpr.near(even, Place(52.258, 3.918), AIRBORNE_DEG) == pytest.approx((52.25720214843750, 3.91937255859375), abs=1e-12)


@pytest.mark.parametrize(("lat_deg", "zones"), [(10.47047129, 59), (10.4704713, 58), (59.9545927, 30), (59.9545928, 29), (86.5353699, 3)])
def test_the_zones_change_where_the_table_of_the_standard_says(lat_deg: float, zones: int) -> None:
    # Authority: DO-260B, table A-21 (edges 10.47047130, 59.95459277 and 86.53536998 degrees).
    assert cpr.zones(lat_deg) == zones


@settings(max_examples=1_000, deadline=None)
@given(st.floats(-86.9, 86.9), st.floats(-180.0, 179.99), st.booleans())
def test_a_pair_tells_the_place_anywhere(lat_deg: float, lon_deg: float, is_odd_newer: bool) -> None:
    found = cpr.pair(encode(lat_deg, lon_deg, False, AIRBORNE_DEG), encode(lat_deg, lon_deg, True, AIRBORNE_DEG), is_odd_newer)
    assert found is None or close(found, lat_deg, lon_deg)  # none only where the halves fall on two sides of an edge
    if min(abs(abs(lat_deg) - edge) for edge in cpr._EDGES) > 1e-3:
        assert found is not None


@settings(max_examples=500, deadline=None)
@given(st.floats(-86.9, 86.9), st.floats(-180.0, 179.99), st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.booleans(), st.booleans())
def test_one_message_near_a_known_place_tells_it(
    lat_deg: float, lon_deg: float, north: float, east: float, is_odd: bool, is_surface: bool
) -> None:
    span_deg = SURFACE_DEG if is_surface else AIRBORNE_DEG
    reach_deg = span_deg / 60 * 0.45
    width_deg = span_deg / max(cpr.zones(lat_deg), 1) * 0.45
    known = Place(max(-89.0, min(89.0, lat_deg + north * reach_deg)), (lon_deg + east * width_deg + 180.0) % 360.0 - 180.0)
    found = cpr.near(encode(lat_deg, lon_deg, is_odd, span_deg), known, span_deg)
    if min(abs(abs(lat_deg) - edge) for edge in cpr._EDGES) > 1e-3:
        assert close(found, lat_deg, lon_deg)


@settings(max_examples=500, deadline=None)
@given(st.floats(-86.9, 86.9), st.floats(-180.0, 179.99), st.floats(-30.0, 30.0), st.floats(-30.0, 30.0))
def test_a_pair_on_the_ground_is_the_one_of_eight_that_is_nearest(lat_deg: float, lon_deg: float, north: float, east: float) -> None:
    around = Place(max(-89.0, min(89.0, lat_deg + north)), (lon_deg + east + 180.0) % 360.0 - 180.0)
    if abs(lat_deg) < 0.01 or abs(lat_deg) > 44.0:
        around = Place(lat_deg, around.lon_deg)
    found = cpr.pair(encode(lat_deg, lon_deg, False, SURFACE_DEG), encode(lat_deg, lon_deg, True, SURFACE_DEG), True, around)
    if min(abs(abs(lat_deg) - edge) for edge in cpr._EDGES) > 1e-3:
        assert close(found, lat_deg, lon_deg)


@settings(max_examples=500, deadline=None)
@given(st.integers(0, STEPS - 1), st.integers(0, STEPS - 1), st.integers(0, STEPS - 1), st.integers(0, STEPS - 1), st.booleans())
def test_numbers_that_belong_to_no_place_give_none_or_one_on_the_earth(a: int, b: int, c: int, d: int, is_odd_newer: bool) -> None:
    for around in (None, Place(-33.0, 151.0)):
        found = cpr.pair(Coded(a, b, False), Coded(c, d, True), is_odd_newer, around)
        assert found is None or (abs(found.lat_deg) <= 90.0 and -180.0 <= found.lon_deg < 180.0)
