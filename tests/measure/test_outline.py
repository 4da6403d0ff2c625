"""Outlines that cross themselves are refused, wherever on the earth they lie."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import InputError
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.outline import area_m2, check_simple, middle

CENTRES = st.builds(Position, st.floats(-89.0, 89.0), st.floats(-180.0, 180.0))


def _ring(centre: Position, corners: int, radius_m: float, turn_deg: float = 0.0) -> list[Position]:
    return [destination(centre, Leg((turn_deg + 360.0 * n / corners) % 360.0, radius_m)) for n in range(corners)]


@settings(deadline=None)
@given(centre=CENTRES, corners=st.integers(3, 12), radius_m=st.floats(100.0, 1_000_000.0), turn_deg=st.floats(0.0, 359.0))
def test_a_ring_is_simple_anywhere_also_over_a_pole_or_the_antimeridian(
    centre: Position, corners: int, radius_m: float, turn_deg: float
) -> None:
    check_simple(_ring(centre, corners, radius_m, turn_deg))


@settings(deadline=None)
@given(centre=CENTRES, corners=st.integers(4, 12), radius_m=st.floats(1_000.0, 1_000_000.0))
def test_two_corners_exchanged_make_it_cross_itself(centre: Position, corners: int, radius_m: float) -> None:
    ring = _ring(centre, corners, radius_m)
    ring[0], ring[1] = ring[1], ring[0]
    with pytest.raises(InputError) as refused:
        check_simple(ring)
    assert refused.value.code == "polygon-crosses-itself"


def test_a_line_there_and_back_has_no_inside() -> None:
    with pytest.raises(InputError):
        check_simple([Position(0.0, 0.0), Position(0.0, 1.0), Position(0.0, 2.0)])


def test_an_outline_around_the_whole_earth_has_no_inside() -> None:
    with pytest.raises(InputError):
        check_simple([Position(0.0, -120.0), Position(0.0, 0.0), Position(0.0, 120.0)])


def test_an_outline_wider_than_a_hemisphere_is_refused() -> None:
    with pytest.raises(InputError):
        check_simple([Position(80.0, 0.0), Position(-80.0, 20.0), Position(0.0, 85.0)])


@settings(deadline=None)
@given(centre=CENTRES, corners=st.integers(3, 9))
def test_the_middle_of_a_ring_is_its_centre(centre: Position, corners: int) -> None:
    found = middle(_ring(centre, corners, 10_000.0))
    assert abs(found.lat_deg - centre.lat_deg) < 1e-3
    east = math.cos(math.radians(centre.lat_deg)) * ((found.lon_deg - centre.lon_deg + 180.0) % 360.0 - 180.0)
    assert abs(east) < 1e-3


def test_an_area_does_not_depend_on_the_direction_of_its_corners() -> None:
    ring = _ring(Position(39.9, 179.95), 36, 10_000.0)
    assert area_m2(ring) == pytest.approx(area_m2(ring[::-1]))
    assert area_m2(ring) == pytest.approx(18.0 * 1e8 * math.sin(math.radians(10.0)), rel=1e-3), "a regular polygon of 36 corners"
