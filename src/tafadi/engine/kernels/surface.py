"""The surface on which bodies move: its normal, local planes, distances along it.

A place is its ECEF vector at height 0, so there is no seam at the antimeridian and none at the poles. Near a chosen origin the surface is
laid out flat in one of two ways, both with the true direction from the origin: with the true distance from it (equidistant: for reach) or
with the chord as distance (on a sphere equal in area: for areas). Both are exact at the origin, and off by 5 mm at 100 km.

Frame : ECEF; local planes with x east and y north of an origin.
Units : metres, radians.
Source: T. Vincenty, Direct and inverse solutions of geodesics on the ellipsoid, Survey Review 176 (1975); B. R. Bowring, Transformation
        from spatial to geographical coordinates, Survey Review 181 (1976).
Twin  : geographiclib (Karney 2013), in the tests.
"""

import math
from typing import NamedTuple

import numpy as np

from tafadi.engine.layout import Floats, Ints, World, kernel, leaf, part

ROUNDS_MOST = 100  # Vincenty needs 4 or 5; only near the antipode does it never end, and may be 1 % off there


class Point(NamedTuple):
    """A vector: a place in ECEF, or a direction."""

    x: float
    y: float
    z: float


class Frame(NamedTuple):
    """A local frame: its origin on the surface, and unit vectors east, north and up."""

    origin: Point
    east: Point
    north: Point
    up: Point


@leaf
def dot(a: Point, b: Point) -> float:
    """The scalar product."""
    return a.x * b.x + a.y * b.y + a.z * b.z


@leaf
def minus(a: Point, b: Point) -> Point:
    """The vector from b to a."""
    return Point(a.x - b.x, a.y - b.y, a.z - b.z)


@leaf
def times(factor: float, a: Point) -> Point:
    """The vector, so many times."""
    return Point(factor * a.x, factor * a.y, factor * a.z)


@leaf
def row(places: Floats, k: int) -> Point:
    """Row k of an array of vectors."""
    return Point(places[k, 0], places[k, 1], places[k, 2])


@part
def frame_at(world: World, place: Point) -> Frame:
    """East, north and up at a place on (or some metres off) the surface. At a pole, east is that of the meridian of Greenwich."""
    if world.flat:
        return Frame(place, Point(1.0, 0.0, 0.0), Point(0.0, 1.0, 0.0), Point(0.0, 0.0, 1.0))
    e2 = world.flattening * (2.0 - world.flattening)
    ux, uy, uz = place.x * (1.0 - e2), place.y * (1.0 - e2), place.z
    length = math.sqrt(ux * ux + uy * uy + uz * uz)
    ux, uy, uz = ux / length, uy / length, uz / length
    around = math.hypot(ux, uy)
    cos_lon, sin_lon = (ux / around, uy / around) if around > 0.0 else (1.0, 0.0)
    return Frame(place, Point(-sin_lon, cos_lon, 0.0), Point(-uz * cos_lon, -uz * sin_lon, around), Point(ux, uy, uz))


@part
def geodesic(world: World, start: Frame, end: Frame) -> tuple[float, float]:
    """Distance in metres along the geodesic from start to end, and its bearing at the start in radians. Vincenty's inverse solution."""
    f = world.flattening
    if world.flat:
        dx, dy = end.origin.x - start.origin.x, end.origin.y - start.origin.y
        return math.hypot(dx, dy), math.atan2(dx, dy)
    # up = (cos lat cos lon, cos lat sin lon, sin lat); U is the reduced latitude, tan U = (1 - f) tan lat.
    cos_1, cos_2 = math.hypot(start.up.x, start.up.y), math.hypot(end.up.x, end.up.y)
    u1, u2 = math.atan2((1.0 - f) * start.up.z, cos_1), math.atan2((1.0 - f) * end.up.z, cos_2)
    su1, cu1, su2, cu2 = math.sin(u1), math.cos(u1), math.sin(u2), math.cos(u2)
    # Longitude from the frames' east, which is defined at the poles too.
    cross = start.east.y * end.east.x - start.east.x * end.east.y
    lon = math.atan2(-cross, start.east.x * end.east.x + start.east.y * end.east.y)
    lam, sigma, sin_sigma, cos_sigma, cos2_alpha, cos_2m = lon, 0.0, 0.0, 1.0, 1.0, 0.0
    for _ in range(ROUNDS_MOST):
        sin_l, cos_l = math.sin(lam), math.cos(lam)
        sin_sigma = math.hypot(cu2 * sin_l, cu1 * su2 - su1 * cu2 * cos_l)
        cos_sigma = su1 * su2 + cu1 * cu2 * cos_l
        sigma = math.atan2(sin_sigma, cos_sigma)
        sin_alpha = cu1 * cu2 * sin_l / sin_sigma if sin_sigma > 0.0 else 0.0
        cos2_alpha = 1.0 - sin_alpha * sin_alpha
        cos_2m = cos_sigma - 2.0 * su1 * su2 / cos2_alpha if cos2_alpha > 0.0 else 0.0
        c = f / 16.0 * cos2_alpha * (4.0 + f * (4.0 - 3.0 * cos2_alpha))
        before = lam
        series = cos_2m + c * cos_sigma * (2.0 * cos_2m * cos_2m - 1.0)
        lam = lon + (1.0 - c) * f * sin_alpha * (sigma + c * sin_sigma * series)
        if abs(lam - before) < 1e-13:
            break
    return _arc_m(world, sigma, sin_sigma, cos_sigma, cos2_alpha, cos_2m), math.atan2(
        cu2 * math.sin(lam), cu1 * su2 - su1 * cu2 * math.cos(lam)
    )


@leaf
def _arc_m(world: World, sigma: float, sin_sigma: float, cos_sigma: float, cos2_alpha: float, cos_2m: float) -> float:
    b = world.semi_major_m * (1.0 - world.flattening)
    u2 = cos2_alpha * (world.semi_major_m * world.semi_major_m - b * b) / (b * b)
    big_a = 1.0 + u2 / 16384.0 * (4096.0 + u2 * (-768.0 + u2 * (320.0 - 175.0 * u2)))
    big_b = u2 / 1024.0 * (256.0 + u2 * (-128.0 + u2 * (74.0 - 47.0 * u2)))
    square = cos_2m * cos_2m
    third = big_b / 6.0 * cos_2m * (4.0 * sin_sigma * sin_sigma - 3.0) * (4.0 * square - 3.0)
    return b * big_a * (sigma - big_b * sin_sigma * (cos_2m + big_b / 4.0 * (cos_sigma * (2.0 * square - 1.0) - third)))


@leaf
def on_plane(world: World, frame: Frame, place: Point, equidistant: bool) -> tuple[float, float]:
    """x, y of a place on the plane around the frame's origin; distances from the origin are the arc (equidistant) or the chord."""
    d = minus(place, frame.origin)
    x, y = dot(d, frame.east), dot(d, frame.north)
    across = math.hypot(x, y)
    chord = math.sqrt(dot(d, d))
    if world.flat or across == 0.0:
        return x, y
    # A sphere of the equatorial radius: the arc exceeds the chord by c³ / 24 R², so 0.3 % of R is 5 mm at 100 km.
    reach = 2.0 * world.semi_major_m * math.asin(min(1.0, chord / (2.0 * world.semi_major_m))) if equidistant else chord
    return x * reach / across, y * reach / across


@kernel
def planes(world: World, origins: Floats, first: Ints, places: Floats, equidistant: bool) -> Floats:
    """float64[m, 2]: places, those from first[n] to first[n + 1] on the plane around origin n.

    origins : float64[n, 3]
    first   : int64[n + 1]
    places  : float64[m, 3]
    """
    out = np.empty((places.shape[0], 2))
    for n in range(origins.shape[0]):
        frame = frame_at(world, row(origins, n))
        for k in range(first[n], first[n + 1]):
            out[k, 0], out[k, 1] = on_plane(world, frame, row(places, k), equidistant)
    return out


@kernel
def polar_plane(world: World, origin: Point, places: Floats) -> Floats:
    """float64[n, 2]: the places on the plane around `origin`, with distance and bearing of the true geodesic (slower than `plane`)."""
    frame = frame_at(world, origin)
    out = np.empty((places.shape[0], 2))
    for k in range(places.shape[0]):
        distance, bearing = geodesic(world, frame, frame_at(world, row(places, k)))
        out[k, 0], out[k, 1] = distance * math.sin(bearing), distance * math.cos(bearing)
    return out


@kernel
def off_plane(world: World, origin: Point, x: float, y: float) -> Point:
    """The place at x, y of the plane around `origin` (chord as distance); up to some metres off the surface where x, y is far away."""
    f = frame_at(world, origin)
    chord = math.hypot(x, y)
    sine = 0.0 if world.flat else min(1.0, chord / (2.0 * world.semi_major_m))
    along, down = math.sqrt(1.0 - sine * sine), chord * sine
    x, y = x * along, y * along
    return Point(
        origin.x + x * f.east.x + y * f.north.x - down * f.up.x,
        origin.y + x * f.east.y + y * f.north.y - down * f.up.y,
        origin.z + x * f.east.z + y * f.north.z - down * f.up.z,
    )


@kernel
def geodetic(world: World, place: Point) -> tuple[float, float]:
    """Latitude and longitude in radians of a place near the surface. Bowring's formula: 1e-12 rad off within 10 km of the surface."""
    a, f = world.semi_major_m, world.flattening
    b, e2 = a * (1.0 - f), f * (2.0 - f)
    around = math.hypot(place.x, place.y)
    u = math.atan2(place.z * a, around * b)
    z = place.z + e2 / (1.0 - e2) * b * math.sin(u) ** 3
    p = around - e2 * a * math.cos(u) ** 3
    return math.atan2(z, p), math.atan2(place.y, place.x)


@kernel
def distance_m(world: World, start: Point, end: Point) -> float:
    """Metres along the geodesic between two places on the surface."""
    distance, _ = geodesic(world, frame_at(world, start), frame_at(world, end))
    return distance


@kernel
def surface_point(world: World, place: Point) -> Point:
    """The place on the surface below or above a place (which may be deep inside, as the middle of a wide outline is)."""
    if world.flat:
        return Point(place.x, place.y, 0.0)
    lat, lon = geodetic(world, place)
    e2 = world.flattening * (2.0 - world.flattening)
    normal = world.semi_major_m / math.sqrt(1.0 - e2 * math.sin(lat) ** 2)
    across = normal * math.cos(lat)
    return Point(across * math.cos(lon), across * math.sin(lon), normal * (1.0 - e2) * math.sin(lat))


@kernel
def surface_points(world: World, origins: Floats, where: Floats) -> Floats:
    """float64[n, 3]: the places on the surface that lie at x, y (rows of `where`) of the planes around the origins."""
    out = np.empty((origins.shape[0], 3))
    for n in range(origins.shape[0]):
        place = surface_point(world, off_plane(world, row(origins, n), where[n, 0], where[n, 1]))
        out[n, 0], out[n, 1], out[n, 2] = place.x, place.y, place.z
    return out
