"""When do two moving bodies lose their minima, each flying its trajectory?

Both trajectories are walked together. Each stretch of time in which neither passes a waypoint is cut so that no body moves more than
`world.step_m`; over such a step the relative motion, seen on the tangent plane between the two, is linear to within 1 mm, and `closest`
gives the exact instants of entering and leaving the cylinder. A step during which they cannot come near enough is passed over.

Frame : ECEF, projected step by step on the tangent plane at the middle of the pair.
Units : metres, seconds.
Time  : seconds after the pair's epoch, the later of the two beginnings.
Source: docs/maths/detect.md.
Twin  : tests/reference/plans.py walks through time with geographiclib.
"""

import math
from typing import NamedTuple

import numpy as np

from tafadi.engine.kernels.closest import Motion, Nearest, Span, horizontal_at, least_horizontal, nearest, time_in_disc, time_in_slab
from tafadi.engine.kernels.surface import Point, dot, frame_at, minus
from tafadi.engine.layout import (
    CLEAR,
    CONFLICT,
    DATUMS_UNLIKE,
    HEIGHT_MISSING,
    JOIN_S,
    MISSING,
    NO_CAUSE,
    NOT_FINITE,
    SECOND_NS,
    UNKNOWN,
    Floats,
    Ints,
    Paths,
    Records,
    World,
    kernel,
    leaf,
    part,
)

SLACK_M = 200.0  # the chord of a 50 NM piece dips 168 m below the surface; only steps within the minima plus this are looked at closely


class Tally(NamedTuple):
    """The first contiguous span of conflict, that of unknown with its cause, and the nearest approach in each."""

    conflict: Span
    unknown: Span
    cause: int
    deepest: Nearest  # in conflict; the least norm
    level: Nearest  # in unknown; the least horizontal distance
    outside: Nearest  # anywhere with comparable heights; the least norm
    least: float  # horizontal distance while in conflict


@leaf
def joined(span: Span, more: Span) -> Span:
    """The first contiguous span, after `more` (later than all before it) was added; NaN while there is none."""
    if not more.start < more.end:
        result = span
    elif math.isnan(span.start):
        result = more
    elif more.start <= span.end + JOIN_S:
        result = Span(span.start, max(span.end, more.end))
    else:
        result = span
    return result


@leaf
def seconds(at_ns: int, epoch_ns: int) -> float:
    """Seconds after the epoch; the difference is taken in whole nanoseconds, and so is exact."""
    return (at_ns - epoch_ns) / SECOND_NS


@part
def place_on(paths: Paths, k: int, epoch_ns: int, t: float) -> Point:
    """Where the body of piece k is at t: on the cubic through both ends with the velocities there."""
    begin, end = seconds(paths.at_ns[k], epoch_ns), seconds(paths.at_ns[k + 1], epoch_ns)
    whole = end - begin
    u = (t - begin) / whole
    v = 1.0 - u
    leave, arrive = u * v * v * whole, -u * u * v * whole
    first, last = (1.0 + 2.0 * u) * v * v, (1.0 + 2.0 * v) * u * u
    p, d, a = paths.place_m, paths.depart_mps, paths.arrive_mps
    # Both weights of the places sum to one: adding the difference keeps a body at rest at rest, to the last bit.
    return Point(
        p[k, 0] + last * (p[k + 1, 0] - p[k, 0]) + leave * d[k, 0] + arrive * a[k + 1, 0] + (first + last - 1.0) * p[k, 0],
        p[k, 1] + last * (p[k + 1, 1] - p[k, 1]) + leave * d[k, 1] + arrive * a[k + 1, 1] + (first + last - 1.0) * p[k, 1],
        p[k, 2] + last * (p[k + 1, 2] - p[k, 2]) + leave * d[k, 2] + arrive * a[k + 1, 2] + (first + last - 1.0) * p[k, 2],
    )


@part
def height_on(paths: Paths, k: int, epoch_ns: int, t: float) -> float:
    """Height of the body of piece k at t; NaN where not stated."""
    begin, end = seconds(paths.at_ns[k], epoch_ns), seconds(paths.at_ns[k + 1], epoch_ns)
    low, high = paths.height_m[k], paths.height_m[k + 1]
    return float(low + (high - low) * ((t - begin) / (end - begin)))


@leaf
def path_length(paths: Paths, k: int, duration: float) -> float:
    """Metres that the body of piece k moves in `duration` seconds, at least; NaN when not finite."""
    dx = paths.place_m[k + 1, 0] - paths.place_m[k, 0]
    dy = paths.place_m[k + 1, 1] - paths.place_m[k, 1]
    dz = paths.place_m[k + 1, 2] - paths.place_m[k, 2]
    return math.sqrt(dx * dx + dy * dy + dz * dz) * duration / seconds(paths.at_ns[k + 1], paths.at_ns[k])


@part
def relative(paths: Paths, i: int, j: int, epoch_ns: int, span: Span, world: World) -> Motion:
    """Motion of j's body relative to i's over a short span, on the tangent plane in the middle of the two, t from the span's start."""
    a, b = place_on(paths, i, epoch_ns, span.start), place_on(paths, j, epoch_ns, span.start)
    c, d = place_on(paths, i, epoch_ns, span.end), place_on(paths, j, epoch_ns, span.end)
    middle = Point((a.x + b.x + c.x + d.x) / 4.0, (a.y + b.y + c.y + d.y) / 4.0, (a.z + b.z + c.z + d.z) / 4.0)
    frame = frame_at(world, middle)
    start, end = minus(b, a), minus(d, c)
    x, y = dot(start, frame.east), dot(start, frame.north)
    duration = span.end - span.start
    z = height_on(paths, j, epoch_ns, span.start) - height_on(paths, i, epoch_ns, span.start)
    later = height_on(paths, j, epoch_ns, span.end) - height_on(paths, i, epoch_ns, span.end)
    return Motion(x, y, z, (dot(end, frame.east) - x) / duration, (dot(end, frame.north) - y) / duration, (later - z) / duration)


@leaf
def shifted(span: Span, by: float) -> Span:
    """The span, `by` seconds later."""
    return Span(span.start + by, span.end + by)


@leaf
def nearer(best: Nearest, other: Nearest, by: float) -> Nearest:
    """The better of the two; `other` is `by` seconds later than it says."""
    return Nearest(other.at + by, other.norm, other.horizontal, other.vertical) if other.norm < best.norm else best


@part
def look_level(m: Motion, reach: float, half: float, span: Span, cause: int, tally: Tally) -> Tally:
    """The tally after a step in which heights cannot be compared: within reach, nothing can be said."""
    window = Span(0.0, span.end - span.start)
    gap = not math.isfinite(m.x + m.y + m.vx + m.vy)
    if gap:
        near, cause = window, NOT_FINITE
    else:
        near = time_in_disc(m, reach, window)
    if not near.start < near.end or half <= 0.0:
        return tally
    unknown = joined(tally.unknown, shifted(near, span.start))
    level = tally.level
    if not gap:
        t = least_horizontal(m, near)
        level = nearer(level, Nearest(t, horizontal_at(m, t), horizontal_at(m, t), math.nan), span.start)
    if math.isnan(tally.unknown.start):
        return Tally(tally.conflict, unknown, cause, tally.deepest, level, tally.outside, tally.least)
    return Tally(tally.conflict, unknown, tally.cause, tally.deepest, level, tally.outside, tally.least)


@part
def look(m: Motion, reach: float, half: float, span: Span, everywhere: bool, tally: Tally) -> Tally:
    """The tally after a step in which heights can be compared."""
    if not math.isfinite(m.x + m.y + m.z + m.vx + m.vy + m.vz):
        return look_level(m, reach, half, span, NOT_FINITE, tally)
    window = Span(0.0, span.end - span.start)
    disc, slab = time_in_disc(m, reach, window), time_in_slab(m, half, window)
    inside = Span(max(disc.start, slab.start), min(disc.end, slab.end))
    conflict, deepest, outside, least = tally.conflict, tally.deepest, tally.outside, tally.least
    if everywhere and reach > 0.0 and half > 0.0:
        outside = nearer(outside, nearest(m, reach, half, window), span.start)
    if inside.start < inside.end:
        conflict = joined(conflict, shifted(inside, span.start))
        deepest = nearer(deepest, nearest(m, reach, half, inside), span.start)
        least = min(least, horizontal_at(m, least_horizontal(m, inside)))
    return Tally(conflict, tally.unknown, tally.cause, deepest, tally.level, outside, least)


@part
def cause_of(a: int, b: int) -> int:
    """Why heights of these datums cannot be compared; NO_CAUSE when they can."""
    if a == MISSING or b == MISSING:
        return HEIGHT_MISSING
    return NO_CAUSE if a == b and a >= 0 else DATUMS_UNLIKE


@part
def steps_in(paths: Paths, i: int, j: int, epoch_ns: int, span: Span, reach: float, everywhere: bool, world: World) -> int:
    """Into how many steps a span (without waypoint) is to be cut; 0 when the two stay too far apart to matter."""
    duration = span.end - span.start
    a, b = path_length(paths, i, duration), path_length(paths, j, duration)
    middle = span.start + duration / 2.0
    d = minus(place_on(paths, j, epoch_ns, middle), place_on(paths, i, epoch_ns, middle))
    apart = math.sqrt(dot(d, d))
    if not everywhere and math.isfinite(apart) and apart > reach + 0.51 * (a + b) + SLACK_M:
        return 0
    longest = max(a, b) / world.step_m
    return max(1, math.ceil(longest)) if longest < 1e6 else 1  # NaN too: one step, which will be UNKNOWN


@part
def walk(paths: Paths, p: int, q: int, reach: float, half: float, everywhere: bool, world: World) -> Tally:
    """The tally of two paths over all their common time. `everywhere` also seeks the nearest approach of those that stay apart."""
    nothing, nowhere = Span(math.nan, math.nan), Nearest(math.nan, math.inf, math.nan, math.nan)
    tally = Tally(nothing, nothing, NO_CAUSE, nowhere, nowhere, nowhere, math.inf)
    i, j, i_last, j_last = paths.first[p], paths.first[q], paths.first[p + 1] - 1, paths.first[q + 1] - 1
    epoch = max(paths.at_ns[i], paths.at_ns[j])
    now = epoch
    while True:
        while i < i_last and paths.at_ns[i + 1] <= now:
            i += 1
        while j < j_last and paths.at_ns[j + 1] <= now:
            j += 1
        if i >= i_last or j >= j_last:
            return tally
        until = min(paths.at_ns[i + 1], paths.at_ns[j + 1])
        whole = Span(seconds(now, epoch), seconds(until, epoch))
        steps = steps_in(paths, i, j, epoch, whole, reach, everywhere, world)
        cause = cause_of(paths.datum[i], paths.datum[j])
        for step in range(steps):
            # The same expression for the end of one step and the start of the next: spans meet without a gap.
            size = (whole.end - whole.start) / steps
            span = Span(whole.start + step * size, whole.end if step + 1 == steps else whole.start + (step + 1) * size)
            m = relative(paths, i, j, epoch, span, world)
            tally = look(m, reach, half, span, everywhere, tally) if cause == NO_CAUSE else look_level(m, reach, half, span, cause, tally)
        now = until


@part
def write(found: Records, tally: Tally) -> None:
    """The verdict of a tally: any conflict, else any unknown, else clear."""
    span, best, verdict, cause = Span(math.nan, math.nan), tally.outside, CLEAR, NO_CAUSE
    if not math.isnan(tally.conflict.start):
        span, best, verdict = tally.conflict, tally.deepest, CONFLICT
    elif not math.isnan(tally.unknown.start):
        span, best, verdict, cause = tally.unknown, tally.level, UNKNOWN, tally.cause
    found["verdict"], found["cause"] = verdict, cause
    found["start_s"], found["end_s"] = span.start, span.end
    found["nearest_s"], found["horizontal_m"], found["vertical_m"] = best.at, best.horizontal, best.vertical
    found["least_horizontal_m"] = tally.least


@kernel
def judge_paths(paths: Paths, pairs: Ints, reach_m: Floats, half_m: Floats, everywhere: bool, world: World, found: Records) -> None:
    """Judge each pair of paths over their common time.

    pairs      : int64[n, 2]   path numbers
    reach_m    : float64[n]    horizontal minimum, as a distance on the tangent plane (see pack.plane_reach_m)
    half_m     : float64[n]    vertical minimum
    everywhere : also give the nearest approach of pairs that are CLEAR (slower)
    found      : FOUND[n]      out
    """
    for n in range(pairs.shape[0]):
        p, q = pairs[n, 0], pairs[n, 1]
        found[n]["epoch_ns"] = max(paths.at_ns[paths.first[p]], paths.at_ns[paths.first[q]])
        write(found[n], walk(paths, p, q, reach_m[n], half_m[n], everywhere, world))


@kernel
def place_at(paths: Paths, p: int, at_ns: int) -> Floats:
    """float64[3]: where path p is at an instant within its span (at its nearest end outside of it)."""
    k = paths.first[p]
    while k < paths.first[p + 1] - 2 and paths.at_ns[k + 1] <= at_ns:
        k += 1
    at = min(max(at_ns, paths.at_ns[k]), paths.at_ns[k + 1])
    place = place_on(paths, k, paths.at_ns[k], seconds(at, paths.at_ns[k]))
    return np.array([place.x, place.y, place.z])
