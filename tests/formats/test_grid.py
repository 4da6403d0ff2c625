"""Grid north: courses of a tracker's plane, turned to true north."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.formats.grid import RADIUS_M, convergence_deg


def plane(lat_deg: float, lon_deg: float, centre_lat_deg: float) -> tuple[float, float]:
    """x and y of a place, the centre at longitude 0: stereographic on the sphere (Snyder, equations 21-2 to 21-4)."""
    lat, lon, centre = math.radians(lat_deg), math.radians(lon_deg), math.radians(centre_lat_deg)
    scale = 2.0 / (1.0 + math.sin(centre) * math.sin(lat) + math.cos(centre) * math.cos(lat) * math.cos(lon))
    x = RADIUS_M * scale * math.cos(lat) * math.sin(lon)
    return x, RADIUS_M * scale * (math.cos(centre) * math.sin(lat) - math.sin(centre) * math.cos(lat) * math.cos(lon))


@settings(max_examples=300, deadline=None)
@given(st.floats(-70.0, 70.0), st.floats(-8.0, 8.0), st.floats(-10.0, 10.0))
def test_true_north_is_found_again_in_the_plane(centre_deg: float, north: float, lon_deg: float) -> None:
    lat_deg = centre_deg + north
    x, y = plane(lat_deg, lon_deg, centre_deg)
    further_x, further_y = plane(lat_deg + 1e-4, lon_deg, centre_deg)
    north_in_the_plane_deg = math.degrees(math.atan2(further_x - x, further_y - y))
    turn_deg = convergence_deg(x, y, lat_deg)
    assert turn_deg is not None
    assert (north_in_the_plane_deg + turn_deg + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=0.02)


def test_at_the_centre_nothing_is_turned_and_beyond_the_pole_nothing_is_known() -> None:
    assert convergence_deg(0.0, 0.0, 52.0) == 0.0
    assert convergence_deg(400_000.0, 0.0, 90.0) is None
