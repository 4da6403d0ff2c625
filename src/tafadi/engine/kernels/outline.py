"""An outline on a plane: how far outside or inside of it is a point, and when does a moving point come near it?

Frame : a local plane; the outline is float64[n, 2], not closed.
Units : metres, seconds.
Source: even-odd rule for inside; distance to segments. docs/maths/detect.md.
Twin  : shapely, in tests/engine/kernels/test_outline.py.
"""

import math

from tafadi.engine.layout import Floats, kernel, leaf, part


@part
def square_to_edge(x: float, y: float, ax: float, ay: float, bx: float, by: float) -> float:
    """Square of the distance from x, y to the edge a-b."""
    ux, uy = bx - ax, by - ay
    length2 = ux * ux + uy * uy
    along = ((x - ax) * ux + (y - ay) * uy) / length2 if length2 > 0.0 else 0.0
    along = min(1.0, max(0.0, along))
    dx, dy = ax + along * ux - x, ay + along * uy - y
    return dx * dx + dy * dy


@kernel
def signed_distance(ring: Floats, x: float, y: float) -> tuple[float, int]:
    """Distance from x, y to the outline, negative inside; and the number of the edge (from k - 1 to k) that is nearest."""
    least, nearest, inside = math.inf, 0, False
    count = ring.shape[0]
    bx, by = ring[count - 1, 0], ring[count - 1, 1]
    for k in range(count):
        ax, ay, bx, by = bx, by, ring[k, 0], ring[k, 1]
        square = square_to_edge(x, y, ax, ay, bx, by)
        if square < least:
            least, nearest = square, k
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    distance = math.sqrt(least)
    return (-distance if inside else distance), nearest


@leaf
def add_time(times: Floats, count: int, t: float, duration: float) -> int:
    """The new count, after t was added if it lies within the duration."""
    if 0.0 < t < duration:
        times[count] = t
        count += 1
    return count


@part
def times_at_corner(times: Floats, count: int, x: float, y: float, vx: float, vy: float, reach: float, duration: float) -> int:
    """Adds when a point at x, y (from the corner) crosses the circle of radius `reach` around the corner."""
    a, b, c = vx * vx + vy * vy, x * vx + y * vy, x * x + y * y - reach * reach
    quarter_discriminant = b * b - a * c
    if a > 0.0 and quarter_discriminant > 0.0:
        root = math.sqrt(quarter_discriminant)
        count = add_time(times, count, (-b - root) / a, duration)
        count = add_time(times, count, (-b + root) / a, duration)
    return count


@part
def times_at_side(
    times: Floats, count: int, x: float, y: float, vx: float, vy: float, ux: float, uy: float, reach: float, duration: float
) -> int:
    """Adds when a point at x, y (from the edge's beginning) crosses the two lines at `reach` beside the edge u."""
    length = math.hypot(ux, uy)
    if length == 0.0:
        return count
    ux, uy = ux / length, uy / length
    off, speed = ux * y - uy * x, ux * vy - uy * vx
    if speed == 0.0:
        return count
    for side in (-reach, reach):
        t = (side - off) / speed
        along = (x + vx * t) * ux + (y + vy * t) * uy
        # A little beyond both ends: an extra time does no harm (what holds between two times is looked up), a missing one would.
        if -reach - 1.0 <= along <= length + reach + 1.0:
            count = add_time(times, count, t, duration)
    return count


@part
def times_near(ring: Floats, x: float, y: float, vx: float, vy: float, reach: float, duration: float, times: Floats) -> int:
    """How many instants, now in `times` (room for 6 an edge), can be those at which a moving point is `reach` from the outline."""
    low_x, high_x = min(x, x + vx * duration) - reach, max(x, x + vx * duration) + reach
    low_y, high_y = min(y, y + vy * duration) - reach, max(y, y + vy * duration) + reach
    count = 0
    size = ring.shape[0]
    bx, by = ring[size - 1, 0], ring[size - 1, 1]
    for k in range(size):
        ax, ay, bx, by = bx, by, ring[k, 0], ring[k, 1]
        if max(ax, bx) < low_x or min(ax, bx) > high_x or max(ay, by) < low_y or min(ay, by) > high_y:
            continue
        count = times_at_side(times, count, x - ax, y - ay, vx, vy, bx - ax, by - ay, reach, duration)
        count = times_at_corner(times, count, x - bx, y - by, vx, vy, reach, duration)
        # The corner at a belongs to the edge before, which may have been passed over above.
        count = times_at_corner(times, count, x - ax, y - ay, vx, vy, reach, duration)
    return count
