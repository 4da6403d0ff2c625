"""Slant range: the place that is told is the one from which range, azimuth and height come back, by another way."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.formats.slant import Site, place
from tafadi.measure.earth import Position, ecef


def seen(site: Site, target: Position, height_m: float) -> tuple[float, float]:
    """Range and azimuth of a target from a site, by ECEF and the east-north-up frame of the site: the slow twin."""
    here, there = ecef(site.position, site.height_ellipsoid_m), ecef(target, height_m)
    lat, lon = math.radians(site.position.lat_deg), math.radians(site.position.lon_deg)
    apart = [b - a for a, b in zip(here, there, strict=True)]
    east = -math.sin(lon) * apart[0] + math.cos(lon) * apart[1]
    north = -math.sin(lat) * math.cos(lon) * apart[0] - math.sin(lat) * math.sin(lon) * apart[1] + math.cos(lat) * apart[2]
    return math.dist(here, there), math.degrees(math.atan2(east, north)) % 360.0


@settings(max_examples=300, deadline=None)
@given(st.floats(-80.0, 80.0), st.floats(0.0, 359.9), st.floats(30_000.0, 450_000.0), st.floats(0.0, 15_000.0), st.floats(0.0, 2_000.0))
def test_the_place_is_seen_where_the_radar_saw_it(
    lat_deg: float, azimuth_deg: float, range_m: float, height_m: float, above_m: float
) -> None:
    site = Site(Position(lat_deg, 20.0), above_m)
    found = place(site, azimuth_deg, range_m, height_m)
    assert found is not None
    back_m, back_deg = seen(site, found, height_m)
    assert abs(back_m - range_m) < 40.0
    assert abs((back_deg - azimuth_deg + 180.0) % 360.0 - 180.0) * math.pi / 180.0 * range_m < 40.0


@pytest.mark.parametrize(("range_m", "height_m"), [(0.0, 100.0), (9_000.0, 10_000.0), (10_000.0, 9_000.0), (-5.0, 0.0)])
def test_no_place_is_told_where_there_is_none_or_the_radar_looks_too_steeply(range_m: float, height_m: float) -> None:
    assert place(Site(Position(45.0, 15.0), 0.0), 90.0, range_m, height_m) is None
