"""Volumes as records: one cache line that says where, when and how high a volume can be at most, and one that says what it is.

The first (BOUNDS) is a box around the volume in space, height and time. It errs outwards only: it is widened by the volume's minima, by
the bulge of the earth over its outline, and by more than float32 rounds. Two boxes that do not meet are two volumes that have nothing to
do with each other; two that do meet say nothing yet.

Of two volumes the larger minima count. A box is widened by its own minima less half of the least that anyone in the set asks for, so that
two boxes together are widened by at least the larger: m + n - g >= max(m, n) while g <= min(m, n).

Frame : ECEF at height 0; heights apart from it, each above its own datum.
Units : metres, nanoseconds; float32 in BOUNDS, float64 in SHAPE.
Source: docs/maths/volumes.md.
Twin  : tests/engine/kernels/test_shapes.py walks over outlines and their insides.
"""

import math
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from tafadi.engine.layout import Bodies, Codes, Floats, Ints, World, kernel, leaf

BOUNDS: Final = np.dtype(
    [
        *((name, np.float32) for name in ("x0", "y0", "z0", "x1", "y1", "z1", "lower_m", "upper_m")),
        ("start_ns", np.int64),
        ("end_ns", np.int64),
        ("owner", np.int32),  # the number of the notice
        ("before", np.int32),  # in the list of its class, in a standing set; NONE at its end
        ("after", np.int32),
        ("lower_datum", np.int8),
        ("upper_datum", np.int8),
        ("kind", np.int8),
        ("thin", np.int8),  # 1 for an outline so narrow that whether it shares ground is a question of tolerance
    ]
)
SHAPE: Final = np.dtype(
    [
        ("first", np.int64),  # of its outline in the ring
        ("size", np.int32),  # points of its outline; 1 for a circle, its centre
        ("room", np.int32),  # points of the ring that are kept for it, in a standing set
        ("next", np.int32),  # item of the same notice, in a standing set; NONE at its end
        *((name, np.float64) for name in ("x_m", "y_m", "z_m")),  # centre of the circle, or of the ball around the outline
        ("radius_m", np.float64),  # of the circle along the geodesic; NaN for an outline
        ("ball_m", np.float64),  # radius of a ball around all of it
        ("lower_m", np.float64),
        ("upper_m", np.float64),
        ("horizontal_m", np.float64),  # minima that its notice asks for
        ("vertical_m", np.float64),
    ],
    align=True,
)


class Bound(Protocol):
    """One record of BOUNDS."""

    x0: float
    y0: float
    z0: float
    x1: float
    y1: float
    z1: float
    lower_m: float
    upper_m: float
    start_ns: int
    end_ns: int
    owner: int
    before: int
    after: int
    lower_datum: int
    upper_datum: int
    kind: int
    thin: int


class Shape(Protocol):
    """One record of SHAPE."""

    first: int
    size: int
    room: int
    next: int
    x_m: float
    y_m: float
    z_m: float
    radius_m: float
    ball_m: float
    lower_m: float
    upper_m: float
    horizontal_m: float
    vertical_m: float


Bounds = npt.NDArray[Any]  # of BOUNDS: by number a record, by name a column
Shapes = npt.NDArray[Any]  # of SHAPE

NONE: Final = -1
FREE: Final = 0  # kinds of items
BODY: Final = 1
PATH: Final = 2

SLACK_M: Final = 1.0  # a float32 steps by 0.5 m at 6,400 km and by 1 m beyond 8,388 km, and rounds by half of that
SLACK_HEIGHT_M: Final = 0.05  # ... by 8 mm at 100 km of height
CURVED_M: Final = 6.3e6  # less than every radius of the earth: a bulge reckoned with it is never too small
THIN_M: Final = 0.1  # far above the tolerance for touching (EDGE_M), far below the width of anything that is announced in earnest
EARTH_M: Final = 6.4e6  # a box of this half width holds all of the earth
BALL_SHARE: Final = 1.01  # the ellipsoid is no sphere ...
BALL_MORE_M: Final = 100.0  # ... and chords between points dip by 2 m


class Stated(NamedTuple):
    """Bands and spans of volumes."""

    lower_m: Floats  # [volumes] NaN where not stated
    upper_m: Floats
    lower_datum: Codes  # [volumes] MISSING where not stated
    upper_datum: Codes
    start_ns: Ints
    end_ns: Ints


class Outlines(NamedTuple):
    """Outlines as columns. A circle has one vertex, its centre, and a radius; others have corners, not closed, and a radius of NaN."""

    first: Ints  # [volumes + 1] into the vertices
    lat_deg: Floats  # [vertices]
    lon_deg: Floats  # [vertices]
    radius_m: Floats  # [volumes]


class Asked(NamedTuple):
    """Whose each volume is and what minima its notice asks for."""

    owner: Ints  # [volumes]
    horizontal_m: Floats  # [volumes]
    vertical_m: Floats  # [volumes]
    least_horizontal_m: float  # that everyone in the set asks for at least
    least_vertical_m: float


class Asking(NamedTuple):
    """Some items: their records, and the outlines that these point to."""

    bounds: Bounds
    shapes: Shapes
    ring: Floats


@leaf
def put_place(world: World, lat_deg: float, lon_deg: float, ring: Floats, k: int) -> None:
    """The place on the ellipsoid, into row k."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    sine, e2 = math.sin(lat), world.flattening * (2.0 - world.flattening)
    normal = world.semi_major_m / math.sqrt(1.0 - e2 * sine * sine)
    across = normal * math.cos(lat)
    ring[k, 0], ring[k, 1], ring[k, 2] = across * math.cos(lon), across * math.sin(lon), normal * (1.0 - e2) * sine


@leaf
def put_ball(shape: Shape, ring: Floats) -> None:
    """The ball around an outline (around the mean of its points) or a circle (its one point), into its record."""
    x, y, z = 0.0, 0.0, 0.0
    first, size = shape.first, shape.size
    for k in range(first, first + size):
        x, y, z = x + ring[k, 0], y + ring[k, 1], z + ring[k, 2]
    shape.x_m, shape.y_m, shape.z_m = x / size, y / size, z / size
    if not math.isnan(shape.radius_m):
        shape.ball_m = shape.radius_m  # the chord is shorter than the arc
        return
    square = 0.0
    for k in range(first, first + size):
        dx, dy, dz = ring[k, 0] - shape.x_m, ring[k, 1] - shape.y_m, ring[k, 2] - shape.z_m
        square = max(square, dx * dx + dy * dy + dz * dz)
    shape.ball_m = math.sqrt(square) * BALL_SHARE + BALL_MORE_M


@leaf
def is_thin(shape: Shape, ring: Floats) -> bool:
    """Whether an outline's width, twice its area over its perimeter, is below THIN_M. NaN is."""
    x, y, z, around = 0.0, 0.0, 0.0, 0.0
    last = shape.first + shape.size - 1
    bx, by, bz = ring[last, 0] - shape.x_m, ring[last, 1] - shape.y_m, ring[last, 2] - shape.z_m
    for k in range(shape.first, last + 1):
        ax, ay, az = bx, by, bz
        bx, by, bz = ring[k, 0] - shape.x_m, ring[k, 1] - shape.y_m, ring[k, 2] - shape.z_m
        x, y, z = x + ay * bz - az * by, y + az * bx - ax * bz, z + ax * by - ay * bx
        around += math.sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay) + (bz - az) * (bz - az))
    return not math.sqrt(x * x + y * y + z * z) > THIN_M * around


@leaf
def longest_chord2(shape: Shape, ring: Floats) -> float:
    """The square of the longest chord of an outline."""
    longest, j = 0.0, shape.first + shape.size - 1
    for k in range(shape.first, shape.first + shape.size):
        dx, dy, dz = ring[k, 0] - ring[j, 0], ring[k, 1] - ring[j, 1], ring[k, 2] - ring[j, 2]
        longest, j = max(longest, dx * dx + dy * dy + dz * dz), k
    return longest


@leaf
def put_box(bound: Bound, shape: Shape, ring: Floats, more: float) -> None:
    """The box around a volume, `more` wider to all sides, into its record. One that is no number becomes all of the earth."""
    ball, bulge, more = shape.ball_m, shape.ball_m * shape.ball_m / CURVED_M, more + SLACK_M
    low_x, low_y, low_z, high_x, high_y, high_z = math.inf, math.inf, math.inf, -math.inf, -math.inf, -math.inf
    if not math.isnan(shape.radius_m):
        low_x, low_y, low_z, high_x, high_y, high_z = -EARTH_M, -EARTH_M, -EARTH_M, EARTH_M, EARTH_M, EARTH_M
    else:
        for k in range(shape.first, shape.first + shape.size):
            low_x, low_y, low_z = min(low_x, ring[k, 0]), min(low_y, ring[k, 1]), min(low_z, ring[k, 2])
            high_x, high_y, high_z = max(high_x, ring[k, 0]), max(high_y, ring[k, 1]), max(high_z, ring[k, 2])
    bound.x0 = max(low_x - bulge, shape.x_m - ball) - more
    bound.y0 = max(low_y - bulge, shape.y_m - ball) - more
    bound.z0 = max(low_z - bulge, shape.z_m - ball) - more
    bound.x1 = min(high_x + bulge, shape.x_m + ball) + more
    bound.y1 = min(high_y + bulge, shape.y_m + ball) + more
    bound.z1 = min(high_z + bulge, shape.z_m + ball) + more
    if not math.isfinite(shape.x_m + shape.y_m + shape.z_m + ball + more):
        bound.x0, bound.y0, bound.z0 = -EARTH_M, -EARTH_M, -EARTH_M
        bound.x1, bound.y1, bound.z1 = EARTH_M, EARTH_M, EARTH_M


@leaf
def put_all(bound: Bound, shape: Shape, stated: Stated, asked: Asked, n: int, ring: Floats) -> None:
    """Everything else of volume n, once its shape has an outline and a ball."""
    shape.lower_m, shape.upper_m = stated.lower_m[n], stated.upper_m[n]
    shape.horizontal_m, shape.vertical_m = asked.horizontal_m[n], asked.vertical_m[n]
    put_box(bound, shape, ring, shape.horizontal_m - asked.least_horizontal_m / 2)
    more = shape.vertical_m - asked.least_vertical_m / 2 + SLACK_HEIGHT_M
    bound.lower_m, bound.upper_m = shape.lower_m - more, shape.upper_m + more
    bound.lower_datum, bound.upper_datum = stated.lower_datum[n], stated.upper_datum[n]
    bound.start_ns, bound.end_ns = stated.start_ns[n], stated.end_ns[n]
    bound.owner, bound.kind = asked.owner[n], BODY
    bound.thin = 1 if math.isnan(shape.radius_m) and is_thin(shape, ring) else 0
    bound.before, bound.after, shape.next = NONE, NONE, NONE


@kernel
def fill(world: World, outlines: Outlines, stated: Stated, asked: Asked, bounds: Bounds, shapes: Shapes, ring: Floats) -> float:
    """Writes the outlines (float64[vertices, 3]) of volumes, and their records; the square of the longest chord between neighbours."""
    longest = 0.0
    for k in range(outlines.lat_deg.shape[0]):
        put_place(world, outlines.lat_deg[k], outlines.lon_deg[k], ring, k)
    for n in range(bounds.shape[0]):
        bound, shape = bounds[n], shapes[n]
        shape.first, shape.size, shape.radius_m = outlines.first[n], outlines.first[n + 1] - outlines.first[n], outlines.radius_m[n]
        put_ball(shape, ring)
        put_all(bound, shape, stated, asked, n, ring)
        longest = max(longest, longest_chord2(shape, ring))
    return longest


@kernel
def fill_bodies(bodies: Bodies, stated: Stated, asked: Asked, bounds: Bounds, shapes: Shapes) -> None:
    """Writes the records of bodies."""
    for n in range(bounds.shape[0]):
        bound, shape = bounds[n], shapes[n]
        shape.first, shape.size, shape.radius_m = bodies.first[n], bodies.first[n + 1] - bodies.first[n], bodies.radius_m[n]
        shape.x_m, shape.y_m, shape.z_m = bodies.centre_m[n, 0], bodies.centre_m[n, 1], bodies.centre_m[n, 2]
        shape.ball_m = bodies.ball_m[n]
        put_all(bound, shape, stated, asked, n, bodies.ring_m)


@leaf
def may_meet(a: Bound, b: Bound) -> bool:
    """Whether two boxes share time, space and heights. Written so that NaN, unlike datums and missing heights keep the pair."""
    if a.start_ns >= b.end_ns or b.start_ns >= a.end_ns:
        return False
    if a.x0 > b.x1 or b.x0 > a.x1 or a.y0 > b.y1 or b.y0 > a.y1 or a.z0 > b.z1 or b.z0 > a.z1:
        return False
    if a.upper_datum >= 0 and a.upper_datum == b.lower_datum and b.lower_m > a.upper_m:
        return False
    return not (b.upper_datum >= 0 and b.upper_datum == a.lower_datum and a.lower_m > b.upper_m)
