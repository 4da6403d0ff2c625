"""Places, bearings and distances on WGS 84, beside an independent library."""

import math

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import InputError
from tafadi.measure.earth import Leg, Position, destination, ecef, leg

PLACES = st.builds(Position, st.floats(-89.9, 89.9), st.floats(-180.0, 180.0))


@pytest.mark.parametrize(
    ("lat_deg", "lon_deg"), [(91.0, 0.0), (-90.1, 0.0), (0.0, 180.1), (math.nan, 0.0), (0.0, math.nan), (math.inf, 0.0)]
)
def test_a_place_that_is_not_on_the_earth_is_refused(lat_deg: float, lon_deg: float) -> None:
    with pytest.raises(InputError):
        Position(lat_deg, lon_deg)


@settings(deadline=None)
@given(start=PLACES, end=PLACES)
def test_distance_and_bearing_are_those_of_geographiclib(start: Position, end: Position) -> None:
    """Authority: GeographicLib (Karney 2013) in its Python port."""
    ours = leg(start, end)
    theirs = Geodesic.WGS84.Inverse(start.lat_deg, start.lon_deg, end.lat_deg, end.lon_deg)
    assert ours.distance_m == pytest.approx(theirs["s12"], abs=1e-3)
    assert 0.0 <= ours.bearing_deg < 360.0
    if 1.0 < ours.distance_m < 19_000_000.0:
        apart_deg = (ours.bearing_deg - theirs["azi1"] + 180.0) % 360.0 - 180.0
        assert abs(math.radians(apart_deg)) * ours.distance_m < 1e-2 * ours.distance_m / 1_000.0 + 1.0


@settings(deadline=None)
@given(start=PLACES, bearing_deg=st.floats(0.0, 359.9), distance_m=st.floats(1.0, 5_000_000.0))
def test_one_arrives_where_the_leg_leads(start: Position, bearing_deg: float, distance_m: float) -> None:
    end = destination(start, Leg(bearing_deg, distance_m))
    assert leg(start, end).distance_m == pytest.approx(distance_m, abs=1e-3)


@settings(deadline=None)
@given(place=PLACES)
def test_the_grid_of_the_wire_moves_a_place_by_no_more_than_a_centimetre(place: Position) -> None:
    on_grid = place.quantised()
    assert on_grid.quantised() == on_grid
    assert leg(place, on_grid).distance_m < 0.009


def test_over_the_antimeridian_it_is_not_far() -> None:
    assert leg(Position(10.0, 179.9), Position(10.0, -179.9)).distance_m == pytest.approx(21_928.0, rel=1e-3)


@settings(deadline=None)
@given(place=PLACES)
def test_a_place_on_the_surface_lies_on_the_ellipsoid(place: Position) -> None:
    x, y, z = ecef(place)
    a, b = 6_378_137.0, 6_356_752.314245179  # NGA.STND.0036
    assert (x * x + y * y) / a**2 + z * z / b**2 == pytest.approx(1.0, abs=1e-12)


def test_a_place_says_its_hemispheres() -> None:
    assert str(Position(-37.5, 12.3)) == "37.50000S 12.30000E"
