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
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tafadi.engine.kernels.outline import signed_distance
from tafadi.engine.kernels.surface import Point, distance_m, geodetic, planes, polar_plane, surface_points
from tafadi.engine.layout import EDGE_M, Bodies, Floats, World

if TYPE_CHECKING:
    Shapes = npt.NDArray[np.object_]  # of shapely geometries

Pairs = Sequence[tuple[int, int]]

ROUNDS_MOST: Final = 5  # layouts; each brings the origin some hundred times nearer, so two or three do
TRUSTED_M: Final = 10_000.0  # a plane is exact to 2 mm this far from its origin
CLEARLY_M: Final = 50.0  # an overlap wider than this is one, wherever the plane's origin lies
CLOSE_M: Final = 5.0  # a circle this near to touching is looked at with finer pieces of the edge
FINER: Final = 64  # pieces of that edge
TOGETHER: Final = 1_000  # pairs that are laid out at once: with the largest outlines, 100 MB
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


def _polygons(world: World, origins: Floats, rings: Sequence[Floats], equidistant: bool) -> "Shapes":
    """object[n]: each outline on the plane around its origin."""
    import shapely  # heavy: only when two outlines come near each other

    sizes = [len(ring) for ring in rings]
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    flat = planes(world, origins, first, np.concatenate(rings), equidistant)
    polygons = shapely.polygons(shapely.linearrings(flat, indices=np.repeat(np.arange(len(sizes)), sizes)))
    odd = ~shapely.is_valid(polygons)
    polygons[odd] = shapely.make_valid(polygons[odd])
    return np.asarray(polygons)


def _widths_m(shared: "Shapes") -> Floats:
    """Width of shared ground: of a strip its breadth, of a square half its side. 0 for a point or a line."""
    import shapely

    area_m2, around_m = shapely.area(shared), shapely.length(shared)
    return np.asarray(np.divide(2 * area_m2, around_m, out=np.zeros(len(shared)), where=area_m2 > 0.0))


def _meet(one: "Shapes", other: "Shapes") -> tuple[Floats, Floats]:
    """Gap of each pair on its plane, and x, y where: within the shared ground, or half way between."""
    import shapely

    shared = shapely.intersection(one, other)
    gap_m = -_widths_m(shared)
    apart = gap_m >= -EDGE_M
    gap_m[apart] = shapely.distance(one[apart], other[apart])
    where = np.empty(len(shared), object)
    where[~apart] = shapely.point_on_surface(shared[~apart])
    where[apart] = shapely.line_interpolate_point(shapely.shortest_line(one[apart], other[apart]), 0.5, normalized=True)
    return gap_m, shapely.get_coordinates(where)


def ring_gaps(world: World, ones: Sequence[Floats], others: Sequence[Floats], guesses: Sequence[Point]) -> list[Gap]:
    """Gaps between outlines, pair by pair, each first looked for around its guess."""
    gap_m = np.full(len(guesses), math.inf)
    centres_m = np.array(guesses).reshape(-1, 3)
    place_m = surface_points(world, centres_m, np.zeros((len(guesses), 2)))
    left = np.arange(len(guesses))
    for _ in range(ROUNDS_MOST):
        if len(left) == 0:
            break
        one, other = (_polygons(world, place_m[left], [rings[n] for n in left.tolist()], True) for rings in (ones, others))
        gap_m[left], where = _meet(one, other)
        place_m[left] = surface_points(world, place_m[left], where)
        settled = (np.hypot(where[:, 0], where[:, 1]) < TRUSTED_M) | (gap_m[left] < -CLEARLY_M) | world.flat
        left = left[~settled]
    return [Gap(gap, Point(*place)) for gap, place in zip(gap_m.tolist(), place_m.tolist(), strict=True)]


def _round_gap(world: World, bodies: Bodies, a: int, b: int) -> Gap:
    """The gap between two bodies of which one at least is a circle; its place is only a centre."""
    if not is_circle(bodies, a):
        a, b = b, a
    centre = centre_of(bodies, a)
    if not is_circle(bodies, b):
        return Gap(point_gap_m(world, centre, ring_of(bodies, b), float(bodies.radius_m[a])), centre)
    between_m = distance_m(world, centre, centre_of(bodies, b))
    return Gap(float(between_m - bodies.radius_m[a] - bodies.radius_m[b]), centre)


def gaps_between(world: World, bodies: Bodies, pairs: Pairs) -> list[Gap]:
    """The gaps between the outlines of pairs of bodies; with a circle among them, the place is only a centre."""
    gaps: list[Gap] = []
    for start in range(0, len(pairs), TOGETHER):
        gaps += _gaps(world, bodies, pairs[start : start + TOGETHER])
    return gaps


def _gaps(world: World, bodies: Bodies, pairs: Pairs) -> list[Gap]:
    rounded = [is_circle(bodies, a) or is_circle(bodies, b) for a, b in pairs]
    straight = [pair for pair, odd in zip(pairs, rounded, strict=True) if not odd]
    ones, others = ([ring_of(bodies, pair[side]) for pair in straight] for side in (0, 1))
    found = iter(ring_gaps(world, ones, others, [_guess(bodies, a, b) for a, b in straight]))
    return [_round_gap(world, bodies, *pair) if odd else next(found) for pair, odd in zip(pairs, rounded, strict=True)]


def _guess(bodies: Bodies, a: int, b: int) -> Point:
    """The middle of the smaller of two bodies: where they meet, or are nearest, cannot be far from there."""
    return centre_of(bodies, a if bodies.ball_m[a] <= bodies.ball_m[b] else b)


def ground_of(world: World, bodies: Bodies, body: int) -> Floats:
    """float64[n, 3]: the outline of a body; of a circle, the polygon that stands for it."""
    if is_circle(bodies, body):
        return circle_ring(world, centre_of(bodies, body), float(bodies.radius_m[body]))
    return ring_of(bodies, body)


def grounds_shared(world: World, bodies: Bodies, pairs: Pairs, gaps: Sequence[Gap]) -> list[Shared]:
    """The ground that each pair of bodies shares (0 when none), and a place in it, or between them; `gaps` are from `gaps_between`."""
    shared: list[Shared] = []
    for start in range(0, len(pairs), TOGETHER):
        shared += _grounds(world, bodies, pairs[start : start + TOGETHER], gaps[start : start + TOGETHER])
    return shared


def _grounds(world: World, bodies: Bodies, pairs: Pairs, gaps: Sequence[Gap]) -> list[Shared]:
    import shapely

    ones, others = ([ground_of(world, bodies, pair[side]) for pair in pairs] for side in (0, 1))
    rounded = [n for n, (a, b) in enumerate(pairs) if is_circle(bodies, a) or is_circle(bodies, b)]
    guesses = [_guess(bodies, *pairs[n]) for n in rounded]
    exact = dict(zip(rounded, ring_gaps(world, [ones[n] for n in rounded], [others[n] for n in rounded], guesses), strict=True))
    settled = [exact.get(n, gap) for n, gap in enumerate(gaps)]
    shared = [Shared(0.0, gap.place) for gap in settled]
    over = [n for n, gap in enumerate(settled) if gap.gap_m < 0.0]
    if over:
        origins = np.array([settled[n].place for n in over])
        one, other = (_polygons(world, origins, [rings[n] for n in over], False) for rings in (ones, others))
        for n, area_m2 in zip(over, shapely.area(shapely.intersection(one, other)).tolist(), strict=True):
            shared[n] = Shared(area_m2, settled[n].place)
    return shared
