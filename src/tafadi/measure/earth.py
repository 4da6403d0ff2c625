"""The earth: WGS 84, its geodesics, and local east-north-up frames.

Frame : ECEF (earth-centred, earth-fixed) and local east-north-up at a chosen origin.
Units : degrees at the surface, metres inside.
Source: NGA.STND.0036 (WGS 84); geodesics by PROJ (Karney 2013), accurate to nanometres.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

from tafadi.errors import InputError
from tafadi.measure.kinds import is_finite, shown

SEMI_MAJOR_M: Final = 6378137.0
FLATTENING: Final = 1 / 298.257223563
ECCENTRICITY2: Final = FLATTENING * (2 - FLATTENING)
DEGREE_STEPS: Final = 10_000_000  # 1e-7 degree on the wire: 11 mm at the equator


@dataclass(frozen=True, slots=True)
class Position:
    """A place on WGS 84, in degrees. Raises InputError outside ±90 / ±180 or when not finite.

    >>> str(Position(lat_deg=-33.0, lon_deg=131.5))
    '33.00000S 131.50000E'
    """

    lat_deg: float
    lon_deg: float

    def __post_init__(self) -> None:
        if not (is_finite(self.lat_deg) and is_finite(self.lon_deg)):
            raise InputError(f"a position of {shown(self.lat_deg)}, {shown(self.lon_deg)} is not a number")
        if abs(self.lat_deg) > 90.0 or abs(self.lon_deg) > 180.0:
            raise InputError(f"latitude {self.lat_deg}, longitude {self.lon_deg} is not on the earth; latitude comes first here")

    def quantised(self) -> "Position":
        """This place on the grid of the wire (1e-7 degree), on which both parties compute."""
        return Position(round(self.lat_deg * DEGREE_STEPS) / DEGREE_STEPS, round(self.lon_deg * DEGREE_STEPS) / DEGREE_STEPS)

    def __str__(self) -> str:
        north = "N" if self.lat_deg >= 0 else "S"
        east = "E" if self.lon_deg >= 0 else "W"
        return f"{abs(self.lat_deg):.5f}{north} {abs(self.lon_deg):.5f}{east}"


class Leg(NamedTuple):
    """Bearing (true, degrees 0 to 360) and distance (metres) along the geodesic."""

    bearing_deg: float
    distance_m: float


@cache
def _geod() -> Any:
    from pyproj import Geod  # heavy: only when a geodesic is asked for

    return Geod(ellps="WGS84")


def leg(start: Position, end: Position) -> Leg:
    """The geodesic from `start` to `end`."""
    bearing_deg, _, distance_m = _geod().inv(start.lon_deg, start.lat_deg, end.lon_deg, end.lat_deg)
    return Leg(bearing_deg % 360.0 % 360.0, distance_m)  # twice: the first makes 360.0 of the smallest negative numbers


def destination(start: Position, along: Leg) -> Position:
    """Where one arrives from `start` after `along`."""
    lon_deg, lat_deg, _ = _geod().fwd(start.lon_deg, start.lat_deg, along.bearing_deg, along.distance_m)
    return Position(lat_deg, lon_deg)


def ecef(position: Position, height_ellipsoid_m: float = 0.0) -> tuple[float, float, float]:
    """Earth-centred, earth-fixed x, y, z in metres."""
    lat, lon = math.radians(position.lat_deg), math.radians(position.lon_deg)
    normal_m = SEMI_MAJOR_M / math.sqrt(1 - ECCENTRICITY2 * math.sin(lat) ** 2)
    across_m = (normal_m + height_ellipsoid_m) * math.cos(lat)
    up_m = (normal_m * (1 - ECCENTRICITY2) + height_ellipsoid_m) * math.sin(lat)
    return across_m * math.cos(lon), across_m * math.sin(lon), up_m
