"""Outlines on the earth: does a closed line of places cross itself?

The corners are put on the gnomonic plane about their middle, where great circles are straight lines (sphere; the difference from WGS 84
geodesics is far below the 11 mm of the wire's grid for any outline that a party can read back), and shapely looks for crossings there.
"""

import math
from collections.abc import Sequence
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.earth import Position

_WIDEST: Final = math.cos(math.radians(80.0))  # a corner more than 80 degrees from the middle has left the plane

Vector = tuple[float, float, float]


def unit_vector(position: Position) -> Vector:
    """The place as a unit vector on the sphere."""
    lat, lon = math.radians(position.lat_deg), math.radians(position.lon_deg)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _middle(vectors: Sequence[Vector]) -> Vector:
    x, y, z = (sum(vector[axis] for vector in vectors) for axis in range(3))
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1e-9:
        raise InputError("the outline goes around the whole earth and has no inside")
    return x / length, y / length, z / length


def gnomonic(positions: Sequence[Position]) -> list[tuple[float, float]]:
    """The places on the gnomonic plane about their middle; great circles become straight lines. Raises InputError when too wide."""
    vectors = [unit_vector(position) for position in positions]
    up = _middle(vectors)
    around = math.hypot(up[0], up[1])
    east: Vector = (-up[1] / around, up[0] / around, 0.0) if around > 1e-12 else (0.0, 1.0, 0.0)
    north: Vector = (up[1] * east[2] - up[2] * east[1], up[2] * east[0] - up[0] * east[2], up[0] * east[1] - up[1] * east[0])
    if min(_dot(up, vector) for vector in vectors) < _WIDEST:
        raise InputError("the outline is wider than 160 degrees of the earth")
    return [(_dot(east, vector) / _dot(up, vector), _dot(north, vector) / _dot(up, vector)) for vector in vectors]


def check_simple(positions: Sequence[Position]) -> None:
    """Raises InputError, naming the place, when the closed line through `positions` crosses or touches itself, or has no inside."""
    from shapely import Polygon, is_valid_reason  # heavy: only when an outline is made

    polygon = Polygon(gnomonic(positions))
    if not polygon.is_valid:
        reason = is_valid_reason(polygon).split("[")[0].strip().lower()
        raise InputError(f"the polygon crosses or touches itself ({reason})", code="polygon-crosses-itself")
    if polygon.area == 0.0:
        raise InputError("the polygon has no inside: all its corners lie on one line")


def middle(positions: Sequence[Position]) -> Position:
    """The middle of the corners: the direction of the sum of their unit vectors. Raises InputError when there is none."""
    x, y, z = _middle([unit_vector(position) for position in positions])
    return Position(math.degrees(math.asin(max(-1.0, min(1.0, z)))), math.degrees(math.atan2(y, x))).quantised()


def area_m2(positions: Sequence[Position]) -> float:
    """The area inside the closed line, in square metres on WGS 84 (PROJ, Karney 2013)."""
    from pyproj import Geod  # heavy: only when an area is asked for

    lons, lats = [position.lon_deg for position in positions], [position.lat_deg for position in positions]
    area, _ = Geod(ellps="WGS84").polygon_area_perimeter(lons, lats)
    return abs(float(area))


def check_line(positions: Sequence[Position]) -> None:
    """Raises InputError, naming the place, when the open line through `positions` crosses or touches itself."""
    from shapely import LineString, is_simple  # heavy: only when a line is made

    if not is_simple(LineString(gnomonic(positions))):
        raise InputError("the line crosses or touches itself")
