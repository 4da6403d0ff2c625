"""Which tracks may come near one another, and when two of them will be inside the minima.

Frame : `screen` in earth-centred, earth-fixed coordinates on the surface; the rest in the tangent plane of the pair.
Units : metres, seconds, metres per second.
Time  : `screen` seconds after one epoch of the caller; the rest seconds after the instant being judged.
Source: the closest point of two lines; docs/maths/watch.md.
Twin  : tests/reference/tracks.py says the same thing slowly.
"""

import math
from typing import NamedTuple

import numba as nb
import numpy as np

from tafadi.engine.kernels.closest import Motion, Nearest, Span, nearest, time_in_cylinder, time_in_disc
from tafadi.engine.layout import JOIN_S, KERNEL, Floats, Ints

CURVE_M = 150.0  # by how much straight motion in space leaves the surface within ten minutes' reach; `screen` may only let too much through


class Apart(NamedTuple):
    """Position and velocity of one track relative to the other in their tangent plane."""

    x: float
    y: float
    vx: float
    vy: float


class Met(NamedTuple):
    """When a pair is inside the minima: from, to, the deepest instant, and the distances then."""

    start: float
    end: float
    at: float
    horizontal: float
    vertical: float


@nb.njit(**KERNEL)
def screen(states: Floats, own: int, count: int, now: float, lookahead: float, radius: float, near: Ints) -> int:
    """How many tracks may come within `radius` of `own` before `now + lookahead`; their rows are written to `near`.

    states : float64[n, 8]  x, y, z, vx, vy, vz, time, reach: what a track of unknown velocity may move in a second; NaN rows are free
    near   : int64[n]       out: rows, in ascending order
    """
    found = 0
    age = now - states[own, 6]
    for row in range(count):
        if row == own or math.isnan(states[row, 6]):
            continue
        since = now - states[row, 6]
        along = across = square = 0.0
        for axis in range(3):
            offset = states[row, axis] + states[row, axis + 3] * since - states[own, axis] - states[own, axis + 3] * age
            speed = states[row, axis + 3] - states[own, axis + 3]
            along += offset * speed
            across += speed * speed
            square += offset * offset
        when = 0.0 if across == 0.0 else min(max(-along / across, 0.0), lookahead)
        nearest = square + 2.0 * along * when + across * when * when
        reach = radius * 1.02 + CURVE_M + (states[row, 7] + states[own, 7]) * (lookahead + since + age)
        # Written so that a NaN anywhere lets the pair through to be judged, never drops it.
        if not nearest > reach * reach:
            near[found] = row
            found += 1
    return found


@nb.njit(**KERNEL)
def plane(own: Floats, other: Floats, now: float) -> Apart:
    """The other's motion relative to own at `now`, in the tangent plane half way between them.

    own, other : float64[8]  rows as in `screen`
    """
    up = np.empty(3)
    offset = np.empty(3)
    speed = np.empty(3)
    for axis in range(3):
        here = own[axis] + own[axis + 3] * (now - own[6])
        there = other[axis] + other[axis + 3] * (now - other[6])
        up[axis] = here + there
        offset[axis] = there - here
        speed[axis] = other[axis + 3] - own[axis + 3]
    # The surface's normal leans from the centre's line by the flattening: scale z by (a/b)**2 to get it.
    up[2] *= 1.0067394967422764
    up /= math.sqrt(up[0] * up[0] + up[1] * up[1] + up[2] * up[2])
    around = math.hypot(up[0], up[1])
    east_x, east_y = (-up[1] / around, up[0] / around) if around > 1e-9 else (0.0, 1.0)
    north_x, north_y, north_z = -up[2] * east_y, up[2] * east_x, up[0] * east_y - up[1] * east_x
    return Apart(
        offset[0] * east_x + offset[1] * east_y,
        offset[0] * north_x + offset[1] * north_y + offset[2] * north_z,
        speed[0] * east_x + speed[1] * east_y,
        speed[0] * north_x + speed[1] * north_y + speed[2] * north_z,
    )


@nb.njit(**KERNEL)
def disc(apart: Apart, radius: float, lookahead: float) -> Span:
    """The part of the next `lookahead` seconds in which the pair is closer than `radius`, seen from above; all of it for NaN."""
    if not math.isfinite(apart.x + apart.y + apart.vx + apart.vy):
        return Span(0.0, lookahead)
    return time_in_disc(Motion(apart.x, apart.y, 0.0, apart.vx, apart.vy, 0.0), radius, Span(0.0, lookahead))


@nb.njit(**KERNEL)
def cylinder(apart: Apart, knots: Floats, heights: Floats, radius: float, half_height: float) -> Met:
    """The first stretch inside the minima, and the deepest instant of it; all NaN when there is none. Given finite numbers only.

    knots   : float64[n]  seconds at which the difference in height bends; the first is now, the last the end of the lookahead
    heights : float64[n]  difference in height then; straight in between
    """
    start = end = math.nan
    best = Nearest(math.nan, math.inf, math.nan, math.nan)
    for k in range(knots.shape[0] - 1):
        window = Span(knots[k], knots[k + 1])
        if not window.start < window.end:
            continue
        vz = (heights[k + 1] - heights[k]) / (window.end - window.start)
        motion = Motion(apart.x, apart.y, heights[k] - vz * window.start, apart.vx, apart.vy, vz)
        inside = time_in_cylinder(motion, radius, half_height, window)
        if not inside.start < inside.end:
            continue
        if not math.isnan(end) and inside.start > end + JOIN_S:
            break
        start = inside.start if math.isnan(start) else start
        end = inside.end
        here = nearest(motion, radius, half_height, inside)
        best = here if here.norm < best.norm else best
    return Met(start, end, best.at, best.horizontal, best.vertical)
