"""Slow twins for volumes: distances by geodesics to densely cut outlines, bands by trying every surface, all pairs instead of a sweep."""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import shapely
from geographiclib.geodesic import Geodesic

from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.outline import unit_vector
from tafadi.model.volume import Circle, Outline, Polygon

Floats = npt.NDArray[np.float64]
FINE_M = 200.0  # between the points of a densely cut edge


def cut(polygon: Polygon, fine_m: float = FINE_M) -> list[tuple[float, float]]:
    """Latitude and longitude of points along the outline."""
    points = []
    for a, b in zip(polygon.vertices, polygon.vertices[1:] + polygon.vertices[:1], strict=True):
        line = Geodesic.WGS84.InverseLine(a.lat_deg, a.lon_deg, b.lat_deg, b.lon_deg)
        pieces = max(1, math.ceil(line.s13 / fine_m))
        for step in range(pieces):
            there = line.Position(line.s13 * step / pieces)
            points.append((there["lat2"], there["lon2"]))
    return points


def stereographic(centre: Position, points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points on the stereographic plane around `centre` (a sphere, dimensionless): angles are kept, and so is inside and outside."""
    up = np.array(unit_vector(centre))
    lon = math.radians(centre.lon_deg)
    east = np.array([-math.sin(lon), math.cos(lon), 0.0])
    north = np.cross(up, east)
    flat = []
    for lat_deg, lon_deg in points:
        v = np.array(unit_vector(Position(lat_deg, lon_deg)))
        flat.append((float(v @ east / (1 + v @ up)), float(v @ north / (1 + v @ up))))
    return flat


def on_earth(centre: Position, x: float, y: float) -> tuple[float, float]:
    """Latitude and longitude of a point on the stereographic plane around `centre`."""
    up = np.array(unit_vector(centre))
    lon = math.radians(centre.lon_deg)
    east = np.array([-math.sin(lon), math.cos(lon), 0.0])
    scale = 2 / (1 + x * x + y * y)
    v = x * scale * east + y * scale * np.cross(up, east) + (scale - 1) * up
    return math.degrees(math.asin(v[2])), math.degrees(math.atan2(v[1], v[0]))


def away_m(outline: Outline, position: Position) -> float:
    """Metres from the position to the outline, negative inside."""
    here = position.lat_deg, position.lon_deg
    if isinstance(outline, Circle):
        return float(Geodesic.WGS84.Inverse(*here, outline.centre.lat_deg, outline.centre.lon_deg)["s12"]) - outline.radius_m
    points = cut(outline)
    nearest_m = min(Geodesic.WGS84.Inverse(*here, *point)["s12"] for point in points)
    flat, origin = shapely.Polygon(stereographic(position, points)), shapely.Point(0, 0)
    if nearest_m < 2 * FINE_M:  # so near, the points of the edge are too far apart: the plane says where between them, the geodesic how far
        foot = flat.exterior.interpolate(flat.exterior.project(origin))
        nearest_m = Geodesic.WGS84.Inverse(*here, *on_earth(position, foot.x, foot.y))["s12"]
    return float(-nearest_m if flat.contains(origin) else nearest_m)


def shared_area_m2(a: Polygon, b: Polygon) -> float:
    """Area of the ground that two outlines share, from shapely on the stereographic plane and the geodesic area of what it finds."""
    centre = a.vertices[0]
    one, two = (shapely.Polygon(stereographic(centre, cut(outline, 2_000.0))) for outline in (a, b))
    shared = one.intersection(two)
    area = Geodesic.WGS84.Polygon()
    for x, y in shared.exterior.coords[:-1]:
        area.AddPoint(*on_earth(centre, x, y))
    return abs(float(area.Compute(False, True)[2]))


def level(height: Height, surfaces: dict[Datum, float]) -> float:
    """The height above one common surface, when each datum lies at `surfaces`; what is on the ground reaches down without end."""
    if height.datum is Datum.GROUND and height.value_m <= 0.0:
        return -math.inf
    return height.value_m + surfaces[height.datum]


def bands_share(a: tuple[Height, Height], b: tuple[Height, Height], surfaces: dict[Datum, float]) -> bool | None:
    """Whether two bands share air, when each datum lies at `surfaces`; None when one of them is empty or in the ground then."""
    (la, ua), (lb, ub) = ((level(low, surfaces), high.value_m + surfaces[high.datum]) for low, high in (a, b))
    ground = surfaces[Datum.GROUND]
    if la >= ua or lb >= ub or ua <= ground or ub <= ground:
        return None
    return max(la, lb, ground) < min(ua, ub) if -math.inf in (la, lb) else max(la, lb) < min(ua, ub)


class Deepest(NamedTuple):
    """The least cylinder norm of a point that moves past an outline and a band, the first instant of it, and both distances then."""

    at: float
    norm: float
    horizontal: float
    vertical: float


def deepest(
    away: Callable[[Floats, Floats], Floats],
    band: tuple[float, float],
    motion: tuple[float, float, float, float, float, float],
    minima: tuple[float, float],
    times: Floats,
) -> Deepest | None:
    """What is seen at those of the times at which the point is within the minima; None when it never is.

    `away` gives the distance of places from the outline, 0 inside.
    """
    x, y, z = (motion[axis] + motion[axis + 3] * times for axis in range(3))
    horizontal = away(x, y)
    vertical = np.maximum(0.0, np.maximum(band[0] - z, z - band[1]))
    inside = (horizontal < minima[0]) | ((minima[0] == 0.0) & (horizontal == 0.0))
    inside &= (vertical < minima[1]) | ((minima[1] == 0.0) & (vertical == 0.0))
    if not inside.any():
        return None
    shares = [distance / least for distance, least in zip((horizontal, vertical), minima, strict=True) if least > 0.0]
    norm = np.where(inside, np.max(shares, axis=0) if shares else 0.0, math.inf)
    best = int(np.argmin(norm))
    return Deepest(float(times[best]), float(norm[best]), float(horizontal[best]), float(vertical[best]))
