"""Do two volumes come within their minima? Settled here for nearly all pairs; what is too close to call is left to `areas`.

Both outlines are looked at from straight above the smaller one: their chords are dropped on the plane that is level there. Dropping never
makes anything longer, and keeps inside and outside, so what is apart on the plane by more than the minima and the room for error is apart,
and edges that cross by more than that room do cross. Within d of the middle, a length on the plane is too short by a share of at most
STRETCH (d / R)². Between the two answers lies a band of some centimetres, and there the answer is CLOSE: neither.

Frame : a plane level at the smaller outline, or at the circle.
Units : metres.
Source: docs/maths/volumes.md derives both bounds.
Twin  : `areas.gaps_between`; tests/reference/volumes.py.
"""

import math
from typing import Final, NamedTuple

from tafadi.engine.kernels.bands import Band, compare
from tafadi.engine.kernels.shapes import BODY, CURVED_M, Bound, Shape
from tafadi.engine.kernels.surface import Point, frame_at, geodesic
from tafadi.engine.layout import CLEAR, CONFLICT, EDGE_M, NO_CAUSE, NOT_FINITE, UNKNOWN, Floats, World, leaf, part

# What is said of two outlines. CLOSE is no verdict: somebody else has to look.
FAR: Final = 0
NEAR: Final = 1
CLOSE: Final = 2

PIECE_M: Final = 10_050.0  # no piece of an edge is longer (EDGE_MOST_M, and room)
ROOM_M: Final = 0.02  # rounding, and what `areas` itself may be off
LEAN_M: Final = 2.1  # the arc of a piece rises 2 m above its chord, and leans over by that times d / R
STRETCH: Final = 0.7  # at least 2 / 3
WIDEST_M: Final = 1e6  # beyond this nothing is settled here
HORIZON_M: Final = 1e6  # a point that is lower than this above the middle of the earth may be beyond the edge of the view
MOST_POINTS: Final = 4096  # of the smaller outline; larger ones are not settled here
CIRCLES_M: Final = 1e-5  # two circles are compared exactly, but their centres are rounded in another order elsewhere


class View(NamedTuple):
    """Where one looks down from: a place, two level directions, and up."""

    x: float
    y: float
    z: float
    east: Point
    north: Point
    up: Point


@leaf
def view_from(x: float, y: float, z: float, world: World) -> View:
    """The view from straight above a place."""
    frame = frame_at(world, Point(x, y, z))
    return View(x, y, z, frame.east, frame.north, frame.up)


@leaf
def seen(view: View, ring: Floats, k: int) -> tuple[float, float, bool]:
    """A point on the plane of the view, and whether it is on this side of the earth."""
    x, y, z = ring[k, 0] - view.x, ring[k, 1] - view.y, ring[k, 2] - view.z
    above = ring[k, 0] * view.up.x + ring[k, 1] * view.up.y + ring[k, 2] * view.up.z
    return (
        x * view.east.x + y * view.east.y + z * view.east.z,
        x * view.north.x + y * view.north.y + z * view.north.z,
        above > HORIZON_M,
    )


@leaf
def square_off(ax: float, ay: float, bx: float, by: float) -> float:
    """Square of the distance from the origin to the edge a-b."""
    ux, uy = bx - ax, by - ay
    length2 = ux * ux + uy * uy
    along = -(ax * ux + ay * uy) / length2 if length2 > 0.0 else 0.0
    along = min(1.0, max(0.0, along))
    dx, dy = ax + along * ux, ay + along * uy
    return dx * dx + dy * dy


@leaf
def room_m(far_m: float) -> float:
    """How far an edge may lie beside where it is drawn, within `far_m` of the middle."""
    return ROOM_M + LEAN_M * far_m / CURVED_M


@leaf
def told(least_m: float, inside: bool, reach_m: float, far_m: float) -> int:
    """What follows from the least distance on the plane, and from whether one outline has a point of the other inside."""
    room, stretch = room_m(far_m), 1.0 + STRETCH * (far_m / CURVED_M) * (far_m / CURVED_M)
    if least_m > reach_m + room:
        return NEAR if inside else FAR
    return NEAR if least_m * stretch + room < reach_m else CLOSE


@part
def circle_by_outline(world: World, circle: Shape, shape: Shape, ring: Floats, reach_m: float) -> int:
    """FAR, NEAR or CLOSE: a circle and an outline."""
    reach_m += circle.radius_m
    far_m = reach_m + PIECE_M
    if not far_m < WIDEST_M:
        return CLOSE
    view = view_from(circle.x_m, circle.y_m, circle.z_m, world)
    least2, inside = math.inf, False
    bx, by, ok = seen(view, ring, shape.first + shape.size - 1)
    for k in range(shape.first, shape.first + shape.size):
        ax, ay = bx, by
        bx, by, this_side = seen(view, ring, k)
        ok = ok and this_side
        least2 = min(least2, square_off(ax, ay, bx, by))
        if (ay > 0.0) != (by > 0.0) and (bx - ax) * (0.0 - ay) / (by - ay) + ax > 0.0:
            inside = not inside
    if not ok:
        return CLOSE
    least_m = math.sqrt(least2)
    if inside and least_m > room_m(far_m):
        return NEAR
    return told(least_m, False, reach_m, far_m)


@part
def circle_by_circle(world: World, a: Shape, b: Shape, reach_m: float) -> int:
    """FAR, NEAR or CLOSE: two circles, by the geodesic between their centres; a chord is never longer."""
    dx, dy, dz = a.x_m - b.x_m, a.y_m - b.y_m, a.z_m - b.z_m
    reach_m += a.radius_m + b.radius_m
    if dx * dx + dy * dy + dz * dz > (reach_m + ROOM_M) * (reach_m + ROOM_M):
        return FAR
    along_m, _ = geodesic(world, frame_at(world, Point(a.x_m, a.y_m, a.z_m)), frame_at(world, Point(b.x_m, b.y_m, b.z_m)))
    over_m = along_m - (reach_m - EDGE_M)
    if not abs(over_m) > CIRCLES_M:
        return CLOSE
    return NEAR if over_m < 0.0 else FAR


@leaf
def turn(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> float:
    """Twice the area of the triangle a, b, x: positive to the left of the edge a-b."""
    return (bx - ax) * (y - ay) - (by - ay) * (x - ax)


@part
def edge_by_outline(points: Floats, count: int, ax: float, ay: float, bx: float, by: float, room: float) -> tuple[bool, float]:
    """Whether the edge a-b crosses an outline by more than `room`, and the square of the distance between them (0 where they meet)."""
    least2 = math.inf
    ab = math.hypot(bx - ax, by - ay) * room
    dx, dy = points[count - 1, 0], points[count - 1, 1]
    for k in range(count):
        cx, cy, dx, dy = dx, dy, points[k, 0], points[k, 1]
        t1, t2 = turn(ax, ay, bx, by, cx, cy), turn(ax, ay, bx, by, dx, dy)
        t3, t4 = turn(cx, cy, dx, dy, ax, ay), turn(cx, cy, dx, dy, bx, by)
        if t1 * t2 <= 0.0 and t3 * t4 <= 0.0:
            cd = math.hypot(dx - cx, dy - cy) * room
            if min(abs(t1), abs(t2)) > ab and min(abs(t3), abs(t4)) > cd:
                return True, 0.0
            least2 = 0.0  # they touch, or lie on one line: too close to call
        least2 = min(least2, square_off(ax - cx, ay - cy, bx - cx, by - cy), square_off(ax - dx, ay - dy, bx - dx, by - dy))
        least2 = min(least2, square_off(cx - ax, cy - ay, dx - ax, dy - ay), square_off(cx - bx, cy - by, dx - bx, dy - by))
    return False, least2


@leaf
def holds_origin(points: Floats, count: int, x: float, y: float) -> bool:
    """Whether x, y is inside the outline, by the even-odd rule."""
    inside = False
    bx, by = points[count - 1, 0] - x, points[count - 1, 1] - y
    for k in range(count):
        ax, ay, bx, by = bx, by, points[k, 0] - x, points[k, 1] - y
        if (ay > 0.0) != (by > 0.0) and (bx - ax) * (0.0 - ay) / (by - ay) + ax > 0.0:
            inside = not inside
    return inside


@part
def outline_by_outline(world: World, a: Shape, ring_a: Floats, b: Shape, ring_b: Floats, reach_m: float, scratch: Floats) -> int:
    """FAR, NEAR or CLOSE: two outlines, a being the smaller one."""
    far_m = a.ball_m + reach_m + PIECE_M
    if not far_m < WIDEST_M or a.size > MOST_POINTS:
        return CLOSE
    view, room = view_from(a.x_m, a.y_m, a.z_m, world), room_m(far_m)
    ok, low_x, low_y, high_x, high_y = True, math.inf, math.inf, -math.inf, -math.inf
    for k in range(a.size):
        x, y, this_side = seen(view, ring_a, a.first + k)
        scratch[k, 0], scratch[k, 1] = x, y
        ok = ok and this_side
        low_x, high_x, low_y, high_y = min(low_x, x), max(high_x, x), min(low_y, y), max(high_y, y)
    more = reach_m + 2.0 * room
    low_x, low_y, high_x, high_y = low_x - more, low_y - more, high_x + more, high_y + more
    px, py, least2, inside = scratch[0, 0], scratch[0, 1], math.inf, False
    bx, by, this_side = seen(view, ring_b, b.first + b.size - 1)
    ok = ok and this_side
    for k in range(b.first, b.first + b.size):
        ax, ay = bx, by
        bx, by, this_side = seen(view, ring_b, k)
        ok = ok and this_side
        if (ay > py) != (by > py) and px < (bx - ax) * (py - ay) / (by - ay) + ax:
            inside = not inside
        if max(ax, bx) < low_x or min(ax, bx) > high_x or max(ay, by) < low_y or min(ay, by) > high_y:
            continue
        crosses, square = edge_by_outline(scratch, a.size, ax, ay, bx, by, room)
        if crosses:
            least2 = -1.0
            break
        least2 = min(least2, square)
    if not ok:
        return CLOSE
    if least2 < 0.0:
        return NEAR
    return told(math.sqrt(least2), inside or holds_origin(scratch, a.size, bx, by), reach_m, far_m)


@part
def relation(world: World, a: Shape, ring_a: Floats, b: Shape, ring_b: Floats, reach_m: float, scratch: Floats) -> int:
    """FAR, NEAR or CLOSE: two volumes' outlines. `scratch` has room for MOST_POINTS."""
    if not math.isnan(a.radius_m):
        if not math.isnan(b.radius_m):
            return circle_by_circle(world, a, b, reach_m)
        return circle_by_outline(world, a, b, ring_b, reach_m)
    if not math.isnan(b.radius_m):
        return circle_by_outline(world, b, a, ring_a, reach_m)
    if a.ball_m <= b.ball_m:
        return outline_by_outline(world, a, ring_a, b, ring_b, reach_m, scratch)
    return outline_by_outline(world, b, ring_b, a, ring_a, reach_m, scratch)


@part
def judged(
    world: World, a: Bound, shape_a: Shape, ring_a: Floats, b: Bound, shape_b: Shape, ring_b: Floats, scratch: Floats
) -> tuple[int, int, bool]:
    """Verdict on two items whose boxes meet, the cause when it is UNKNOWN, and whether it is settled.

    Where it is not, the verdict is what it will be if the outlines turn out to be near enough; of a path, CONFLICT.
    """
    if a.kind != BODY or b.kind != BODY:
        return CONFLICT, NO_CAUSE, False
    one = Band(shape_a.lower_m, shape_a.upper_m, a.lower_datum, a.upper_datum)
    other = Band(shape_b.lower_m, shape_b.upper_m, b.lower_datum, b.upper_datum)
    verdict, cause = compare(one, other, max(shape_a.vertical_m, shape_b.vertical_m))
    if verdict == CLEAR:
        return CLEAR, NO_CAUSE, True
    reach_m = max(shape_a.horizontal_m, shape_b.horizontal_m)
    if not math.isfinite(shape_a.ball_m + shape_b.ball_m + shape_a.x_m + shape_b.x_m + reach_m):
        return UNKNOWN, NOT_FINITE, True  # a place that is no number is nowhere, and may be anywhere
    near = relation(world, shape_a, ring_a, shape_b, ring_b, reach_m, scratch)
    if near == FAR:
        return CLEAR, NO_CAUSE, True
    return verdict, cause, near == NEAR and a.thin == 0 and b.thin == 0
