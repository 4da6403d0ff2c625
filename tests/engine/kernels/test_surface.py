"""The surface: distances and bearings against geographiclib, planes around any place, there and back."""

import math

import numpy as np
import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.engine.kernels import surface
from tafadi.engine.kernels.surface import Point
from tafadi.engine.layout import Floats
from tafadi.engine.pack import FLAT, WGS84
from tafadi.measure.earth import Position, ecef

places = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))
SEAMS = [(90.0, 0.0), (-90.0, 10.0), (0.0, 180.0), (0.0, -180.0), (12.0, 179.9), (89.999, -45.0), (0.0, 0.0)]


def plane(origin: Point, places: Floats, equidistant: bool) -> Floats:
    """The places on the plane around one origin."""
    return surface.planes(WGS84, np.array([origin]), np.array([0, len(places)]), places, equidistant)


def point(position: Position) -> Point:
    return Point(*ecef(position))


@settings(max_examples=300, deadline=None)
@given(places, places)
def test_distances_are_those_of_karney(a: Position, b: Position) -> None:
    true_m = Geodesic.WGS84.Inverse(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)["s12"]
    distance_m = surface.distance_m(WGS84, point(a), point(b))
    if true_m < 19.5e6:
        assert abs(distance_m - true_m) < 1e-3
    else:  # near the antipode Vincenty does not end, and nothing here depends on it but that it is far
        assert distance_m > 19.0e6


@pytest.mark.parametrize("seam", SEAMS)
def test_poles_and_antimeridian_are_places_like_any_other(seam: tuple[float, float]) -> None:
    for bearing_deg in range(0, 360, 30):
        there = Geodesic.WGS84.Direct(*seam, bearing_deg, 5_000.0)
        other = point(Position(there["lat2"], there["lon2"]))
        assert surface.distance_m(WGS84, point(Position(*seam)), other) == pytest.approx(5_000.0, abs=1e-4)
        flat = plane(point(Position(*seam)), np.array([other]), True)
        assert math.hypot(*flat[0]) == pytest.approx(5_000.0, abs=1e-3)


@settings(max_examples=200, deadline=None)
@given(places, st.floats(0, 360), st.floats(1, 100_000))
def test_the_plane_keeps_distance_and_bearing_from_its_origin(origin: Position, bearing_deg: float, distance_m: float) -> None:
    there = Geodesic.WGS84.Direct(origin.lat_deg, origin.lon_deg, bearing_deg, distance_m)
    flat = plane(point(origin), np.array([point(Position(there["lat2"], there["lon2"]))]), True)
    true = surface.polar_plane(WGS84, point(origin), np.array([point(Position(there["lat2"], there["lon2"]))]))
    assert math.hypot(*flat[0]) == pytest.approx(distance_m, abs=0.02)
    assert math.hypot(*true[0]) == pytest.approx(distance_m, abs=1e-3)
    if abs(origin.lat_deg) < 89.9:
        x, y = distance_m * math.sin(math.radians(bearing_deg)), distance_m * math.cos(math.radians(bearing_deg))
        assert flat[0] == pytest.approx((x, y), abs=0.1)


@settings(max_examples=200, deadline=None)
@given(places, st.floats(-50_000, 50_000), st.floats(-50_000, 50_000))
def test_off_the_plane_and_on_again_is_the_same_place(origin: Position, x: float, y: float) -> None:
    place = surface.off_plane(WGS84, point(origin), x, y)
    assert plane(point(origin), np.array([place]), False)[0] == pytest.approx((x, y), abs=1e-3)


@settings(max_examples=200, deadline=None)
@given(places)
def test_latitude_and_longitude_come_back(position: Position) -> None:
    lat, lon = surface.geodetic(WGS84, point(position))
    assert math.degrees(lat) == pytest.approx(position.lat_deg, abs=1e-9)
    if abs(position.lat_deg) < 89.9999:
        assert abs((math.degrees(lon) - position.lon_deg + 180) % 360 - 180) < 1e-9


def test_a_flat_world_has_straight_distances() -> None:
    assert surface.distance_m(FLAT, Point(4e6, 3e6, 0.0), Point(4e6 + 30.0, 3e6 + 40.0, 0.0)) == 50.0
