"""Two live states: their relative motion where they are nearest, and what is found of them.

Frame : the tangent plane of the pair when they are nearest within the lookahead (ECEF before).
Units : metres, seconds, metres per second.
Time  : seconds after the instant of the states; `onward` counts from the middle of the lookahead.
Source: docs/maths/tactical.md.
Twin  : tests/reference/tactical.py goes along geodesics.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.closest import (
    Motion,
    Span,
    horizontal_at,
    least_horizontal,
    nearest,
    time_in_cylinder,
    time_in_disc,
    time_in_slab,
)
from tafadi.engine.kernels.placing import ECCENTRICITY2, SEMI_MAJOR_M, arc
from tafadi.engine.layout import (
    CLEAR,
    CONFLICT,
    DATUMS_UNLIKE,
    EDGE_M,
    HEIGHT_MISSING,
    NO_CAUSE,
    UNKNOWN,
    VELOCITY_MISSING,
    Floats,
    leaf,
    part,
)

RADIUS_M: Final = 6_371_000.0  # of the arc on from the middle of the lookahead: 0.6 % off is 5 mm after 150 s at 300 m/s
NORMAL_Z: Final = 1.0 / (1.0 - ECCENTRICITY2)  # the surface's normal is that of the centre with z scaled by (a / b)²
ARC: Final = 1.0 / (24.0 * SEMI_MAJOR_M * SEMI_MAJOR_M)  # an arc exceeds its chord c by c³ / 24 R²

# What is found of a pair. Times are seconds after the instant of the states.
MEETING: Final = np.dtype(
    [
        ("first", np.int32),  # numbers of the states, the smaller first
        ("second", np.int32),
        ("start_s", np.float64),  # while both are inside the minima, or while nobody can say
        ("end_s", np.float64),
        ("nearest_s", np.float64),  # when the pair is deepest within the minima; NaN where that cannot be said
        ("horizontal_m", np.float64),  # then
        ("vertical_m", np.float64),  # then; NaN where heights cannot be compared
        ("least_horizontal_m", np.float64),  # the smallest horizontal distance between start and end
        ("verdict", np.uint8),  # CONFLICT or UNKNOWN
        ("cause", np.uint8),
    ],
    align=True,
)


class Asked(NamedTuple):
    """Minima as the judging needs them, and bounds for the filter (grown by what float32 and straight motion can be off)."""

    radius: float  # the chord of the horizontal minimum
    half_height: float
    lookahead: float
    slot: float  # by how much (m/s) slots are apart in `quick`: more than any heights differ within the lookahead
    reach2: float  # filter: square of the radius
    band: float  # filter: half height
    least: float  # filter: keeps equal velocities from dividing nothing by nothing, (m/s)²
    void_mps: float  # what a state of unknown velocity may do


class Meeting(NamedTuple):
    """What is found of one pair; a row of MEETING without its numbers."""

    verdict: int
    cause: int
    start: float
    end: float
    at: float
    horizontal: float
    vertical: float
    least: float


class State(NamedTuple):
    """A row of Sorted.exact."""

    x: float
    y: float
    z: float
    vx: float
    vy: float
    vz: float
    height: float
    climb: float


@leaf
def state_at(e: Floats, k: int) -> State:
    """Row k of Sorted.exact."""
    return State(e[k, 0], e[k, 1], e[k, 2], e[k, 3], e[k, 4], e[k, 5], e[k, 6], e[k, 7])


@leaf
def onward(s: State, t: float) -> State:
    """The state t seconds on along its arc."""
    square = (s.vx * s.vx + s.vy * s.vy + s.vz * s.vz) * (1.0 / (RADIUS_M * RADIUS_M))
    sine, versine, cosine = arc(square, t)
    drop, bend = versine * square, sine * square
    x, y, z = s.x, s.y, s.z * NORMAL_Z
    return State(
        s.x - drop * x + sine * s.vx,
        s.y - drop * y + sine * s.vy,
        s.z - drop * z + sine * s.vz,
        cosine * s.vx - bend * x,
        cosine * s.vy - bend * y,
        cosine * s.vz - bend * z,
        s.height,
        s.climb,
    )


@part
def seen(a: State, b: State) -> Motion:
    """The motion of b relative to a in their tangent plane; z is not filled."""
    dx, dy, dz = b.x - a.x, b.y - a.y, b.z - a.z
    ux, uy, uz = b.vx - a.vx, b.vy - a.vy, b.vz - a.vz
    nx, ny, nz = a.x + b.x, a.y + b.y, (a.z + b.z) * NORMAL_Z
    length = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz)
    nx, ny, nz = nx * length, ny * length, nz * length
    around = math.sqrt(nx * nx + ny * ny)
    ex, ey = (-ny / around, nx / around) if around > 1e-9 else (0.0, 1.0)  # at a pole east is that of the meridian of Greenwich
    mx, my, mz = -nz * ey, nz * ex, around
    return Motion(dx * ex + dy * ey, dx * mx + dy * my + dz * mz, 0.0, ux * ex + uy * ey, ux * mx + uy * my + uz * mz, 0.0)


@leaf
def arc_of(chord: float) -> float:
    """The distance along the surface between two whose chord this is."""
    return chord + chord * chord * chord * ARC


@part
def relative(a: State, b: State, lookahead: float) -> Motion:
    """Straight motion of b relative to a as it is when they are nearest within the lookahead; seconds count from its beginning."""
    half = 0.5 * lookahead
    ux, uy, uz = b.vx - a.vx, b.vy - a.vy, b.vz - a.vz
    closing = (b.x - a.x) * ux + (b.y - a.y) * uy + (b.z - a.z) * uz
    square = ux * ux + uy * uy + uz * uz
    t = min(half, max(-half, -closing / square)) if square > 0.0 else 0.0
    m = seen(onward(a, t), onward(b, t))
    since = t + half
    return Motion(m.x - m.vx * since, m.y - m.vy * since, b.height - a.height, m.vx, m.vy, b.climb - a.climb)


@leaf
def cause_of(datum: int, other: int) -> int:
    """Why two heights cannot be compared, or NO_CAUSE."""
    if datum < 0 or other < 0:
        cause = HEIGHT_MISSING
    elif datum != other:
        cause = DATUMS_UNLIKE
    else:
        cause = NO_CAUSE
    return cause


@part
def judged(m: Motion, cause: int, ask: Asked) -> Meeting:
    """What is found of two whose relative motion is m; with a cause not to compare their heights, only seen from above."""
    window = Span(0.0, ask.lookahead)
    if cause != NO_CAUSE:
        inside = time_in_disc(m, ask.radius, window)
        at = least_horizontal(m, inside)
        least = arc_of(horizontal_at(m, at))
        return Meeting(UNKNOWN if inside.start < inside.end else CLEAR, cause, inside.start, inside.end, at, least, math.nan, least)
    inside = time_in_cylinder(m, ask.radius, ask.half_height, window)
    if not inside.start < inside.end:
        return Meeting(CLEAR, NO_CAUSE, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    best = nearest(m, ask.radius, ask.half_height, inside)
    least = arc_of(horizontal_at(m, least_horizontal(m, inside)))
    return Meeting(CONFLICT, NO_CAUSE, inside.start, inside.end, best.at, arc_of(best.horizontal), best.vertical, least)


@part
def judged_void(a: State, b: State, cause: int, voids: int, ask: Asked) -> Meeting:
    """What is found of two of which `voids` have no known velocity: a conflict if together now; else whether they could be."""
    half, window = 0.5 * ask.lookahead, Span(0.0, ask.lookahead)
    m = seen(onward(a, -half), onward(b, -half))
    apart = math.sqrt(m.x * m.x + m.y * m.y)
    level = time_in_slab(Motion(0.0, 0.0, b.height - a.height, 0.0, 0.0, b.climb - a.climb), ask.half_height, window)
    if cause != NO_CAUSE:
        level = window
    above = abs(b.height - a.height) if cause == NO_CAUSE else math.nan
    if apart < ask.radius - EDGE_M and above < ask.half_height - EDGE_M:
        return Meeting(CONFLICT, NO_CAUSE, 0.0, level.end, 0.0, arc_of(apart), above, arc_of(apart))
    reach = (math.sqrt(m.vx * m.vx + m.vy * m.vy) + voids * ask.void_mps) * ask.lookahead
    far = apart > ask.radius + reach or not level.start < level.end
    return Meeting(CLEAR if far else UNKNOWN, VELOCITY_MISSING, level.start, level.end, math.nan, math.nan, math.nan, math.nan)
