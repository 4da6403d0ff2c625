"""How far apart are two outlines, and how much ground do they share?

Circles are tested by geodesics from their centres. Two outlines are laid out on a plane around a first guess of the place that matters
(where they meet, or are nearest); when that place turns out to be elsewhere, they are laid out again around it, until the plane is exact
where it has to be. Areas are measured on the chord plane around the shared ground. No bounding box is ever a verdict.

Frame : ECEF, laid out on local planes.
Units : metres, square metres.
Source: docs/maths/detect.md. Overlay by GEOS (shapely).
Twin  : tests/reference/volumes.py: dense sampling, and shapely in another projection.
"""

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.outline import signed_distance
from tafadi.engine.kernels.surface import Point, distance_m, geodetic, off_plane, plane, polar_plane, surface_point
from tafadi.engine.layout import EDGE_M, Bodies, Floats, World

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

ROUNDS_MOST: Final = 5  # layouts; each brings the origin some hundred times nearer, so two or three do
TRUSTED_M: Final = 10_000.0  # a plane is exact to 2 mm this far from its origin
CLEARLY_M: Final = 50.0  # an overlap wider than this is one, wherever the plane's origin lies
CLOSE_M: Final = 5.0  # a circle this near to touching is looked at with finer pieces of the edge
FINER: Final = 64  # pieces of that edge
CORNERS: Final = 256  # of a polygon that stands for a circle when areas are measured; its area is made that of the circle


class Gap(NamedTuple):
    """Metres between two outlines (negative: how wide the shared ground is, or how deep), and the place where."""

    gap_m: float
    place: Point


class Shared(NamedTuple):
    """The ground that two outlines share, in square metres, and a place within it."""

    area_m2: float
    place: Point


def ring_of(bodies: Bodies, body: int) -> Floats:
    """float64[n, 3]: the outline of a body; empty for a circle."""
    return bodies.ring_m[bodies.first[body] : bodies.first[body + 1]]


def centre_of(bodies: Bodies, body: int) -> Point:
    """The centre of a circle, or of the ball around an outline (inside the earth)."""
    x, y, z = bodies.centre_m[body]
    return Point(float(x), float(y), float(z))


def is_circle(bodies: Bodies, body: int) -> bool:
    """Whether the body's outline is a circle."""
    return not math.isnan(bodies.radius_m[body])


def circle_ring(world: World, centre: Point, radius_m: float) -> Floats:
    """float64[CORNERS, 3]: a polygon with the area of the circle."""
    turn = 2 * math.pi / CORNERS
    radius_m *= math.sqrt(turn / math.sin(turn))
    bearings = np.arange(CORNERS) * turn
    if world.flat:
        return np.stack([centre.x + radius_m * np.sin(bearings), centre.y + radius_m * np.cos(bearings), np.zeros(CORNERS)], axis=1)
    from pyproj import Geod  # heavy: only when an area is measured

    lat, lon = geodetic(world, centre)
    geod = Geod(a=world.semi_major_m, f=world.flattening)
    lons, lats, _ = geod.fwd(
        np.full(CORNERS, math.degrees(lon)), np.full(CORNERS, math.degrees(lat)), np.degrees(bearings), np.full(CORNERS, radius_m)
    )
    lat_r, lon_r, e2 = np.radians(lats), np.radians(lons), world.flattening * (2 - world.flattening)
    normal_m = world.semi_major_m / np.sqrt(1 - e2 * np.sin(lat_r) ** 2)
    across_m = normal_m * np.cos(lat_r)
    return np.stack([across_m * np.cos(lon_r), across_m * np.sin(lon_r), normal_m * (1 - e2) * np.sin(lat_r)], axis=1)


def point_gap_m(world: World, centre: Point, ring_m: Floats, radius_m: float) -> float:
    """Metres from a circle to an outline; negative when they share ground."""
    flat = polar_plane(world, centre, ring_m)
    away_m, edge = signed_distance(flat, 0.0, 0.0)
    if abs(away_m - radius_m) < CLOSE_M:
        share = np.linspace(0.0, 1.0, FINER + 1)[:, None]
        finer = polar_plane(world, centre, ring_m[edge - 1] + share * (ring_m[edge] - ring_m[edge - 1]))
        # The chain there and back is an outline without inside: only the distance counts.
        exact_m, _ = signed_distance(np.concatenate([finer, finer[-2:0:-1]]), 0.0, 0.0)
        away_m = math.copysign(exact_m, away_m)
    return away_m - radius_m


def _polygon(world: World, origin: Point, ring_m: Floats, equidistant: bool) -> "BaseGeometry":
    import shapely  # heavy: only when two outlines come near each other

    polygon = shapely.Polygon(plane(world, origin, ring_m, equidistant))
    return polygon if polygon.is_valid else shapely.make_valid(polygon)


def _width_m(shared: "BaseGeometry") -> float:
    """Width of shared ground: of a strip its breadth, of a square half its side. 0 for a point or a line."""
    return 2 * float(shared.area) / float(shared.length) if shared.area > 0.0 else 0.0


def ring_gap(world: World, ring_m: Floats, other_m: Floats, guess: Point) -> Gap:
    """Gap between two outlines, first looked for around `guess`."""
    import shapely

    origin, gap_m = surface_point(world, guess), math.inf
    for _ in range(ROUNDS_MOST):
        one, two = _polygon(world, origin, ring_m, True), _polygon(world, origin, other_m, True)
        shared = one.intersection(two)
        width_m = _width_m(shared)
        if width_m > EDGE_M:
            place, gap_m = shared.point_on_surface(), -width_m
        else:
            place, gap_m = shapely.shortest_line(one, two).interpolate(0.5, normalized=True), float(one.distance(two))
        away_m = math.hypot(place.x, place.y)
        origin = surface_point(world, off_plane(world, origin, float(place.x), float(place.y)))
        if world.flat or away_m < TRUSTED_M or gap_m < -CLEARLY_M:
            break
    return Gap(gap_m, origin)


def gap_between(world: World, bodies: Bodies, a: int, b: int) -> Gap:
    """The gap between the outlines of two bodies; with a circle among them, its place is only a centre."""
    if is_circle(bodies, a) and is_circle(bodies, b):
        between_m = distance_m(world, centre_of(bodies, a), centre_of(bodies, b))
        return Gap(float(between_m - bodies.radius_m[a] - bodies.radius_m[b]), centre_of(bodies, a))
    if is_circle(bodies, a):
        centre = centre_of(bodies, a)
        return Gap(point_gap_m(world, centre, ring_of(bodies, b), float(bodies.radius_m[a])), centre)
    if is_circle(bodies, b):
        return gap_between(world, bodies, b, a)
    return ring_gap(world, ring_of(bodies, a), ring_of(bodies, b), _guess(bodies, a, b))


def _guess(bodies: Bodies, a: int, b: int) -> Point:
    """The middle of the smaller of two bodies: where they meet, or are nearest, cannot be far from there."""
    return centre_of(bodies, a if bodies.ball_m[a] <= bodies.ball_m[b] else b)


def ground_of(world: World, bodies: Bodies, body: int) -> Floats:
    """float64[n, 3]: the outline of a body; of a circle, the polygon that stands for it."""
    if is_circle(bodies, body):
        return circle_ring(world, centre_of(bodies, body), float(bodies.radius_m[body]))
    return ring_of(bodies, body)


def shared_ground(world: World, bodies: Bodies, a: int, b: int, gap: Gap) -> Shared:
    """The ground that two bodies share (0 when none), and a place in it, or between them; `gap` is what `gap_between` gave."""
    one, two = ground_of(world, bodies, a), ground_of(world, bodies, b)
    if is_circle(bodies, a) or is_circle(bodies, b):
        gap = ring_gap(world, one, two, _guess(bodies, a, b))
    if gap.gap_m >= 0.0:
        return Shared(0.0, gap.place)
    shared = _polygon(world, gap.place, one, False).intersection(_polygon(world, gap.place, two, False))
    return Shared(float(shared.area), gap.place)
