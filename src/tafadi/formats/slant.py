"""Slant range: where on the earth a radar's target is, from its range along the line of sight, its azimuth and its height.

Range and azimuth alone do not say where: the same echo comes from a place below and further, or above and nearer. With its height the
triangle of radar, target and the earth's centre is closed, and gives the angle at the centre.

Frame : WGS 84; the earth about the radar is a sphere of the radius of curvature along the azimuth.
Units : metres, degrees.
Source: ICAO Doc 9684, appendix; twin: tests/formats/test_slant.py walks back by ECEF (within 40 m at 450 km, the error of the sphere).

A pressure height serves as the height: 300 m of difference move a target at 10 km height by 30 m at 100 km range, and by more the steeper
the radar looks. Beyond 45 degrees of elevation the place is not told: there a step of Mode C is a step over the ground.
"""

import math
from typing import Final, NamedTuple

from tafadi.measure.earth import FLATTENING, SEMI_MAJOR_M, Leg, Position, destination

STEEPEST_DEG: Final = 45.0
_ECCENTRICITY2: Final = FLATTENING * (2.0 - FLATTENING)


class Site(NamedTuple):
    """Where a radar stands."""

    position: Position
    height_ellipsoid_m: float


def radius_m(lat_deg: float, azimuth_deg: float) -> float:
    """The radius of curvature of the ellipsoid along an azimuth (Euler)."""
    squared = 1.0 - _ECCENTRICITY2 * math.sin(math.radians(lat_deg)) ** 2
    east_m = SEMI_MAJOR_M / math.sqrt(squared)
    north_m = east_m * (1.0 - _ECCENTRICITY2) / squared
    azimuth = math.radians(azimuth_deg)
    return 1.0 / (math.cos(azimuth) ** 2 / north_m + math.sin(azimuth) ** 2 / east_m)


def place(site: Site, azimuth_deg: float, range_m: float, height_m: float) -> Position | None:
    """The place below the target; None when no target of that height is at that range, or it is seen too steeply."""
    radius = radius_m(site.position.lat_deg, azimuth_deg)
    here_m, there_m = radius + site.height_ellipsoid_m, radius + height_m
    rise_m = there_m - here_m
    if range_m <= 0.0 or abs(rise_m) > range_m * math.sin(math.radians(STEEPEST_DEG)):
        return None
    half = math.sqrt(max(range_m**2 - rise_m**2, 0.0) / (4.0 * here_m * there_m))  # the sine of half the angle at the centre
    if half >= 1.0:
        return None
    return destination(site.position, Leg(azimuth_deg, 2.0 * radius * math.asin(half)))
