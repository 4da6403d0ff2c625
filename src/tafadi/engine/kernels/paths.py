"""When do two moving bodies lose their minima, each flying its trajectory?

Both trajectories are walked together. Each stretch of time in which neither passes a waypoint is cut so that no body moves more than
`world.step_m`; over such a step the relative motion, seen on the tangent plane between the two, is linear to within 1 mm, and `closest`
gives the exact instants of entering and leaving the cylinder. Both chords, with room for how far the geodesics bend away from them, tell
beforehand which steps matter; the others are passed over.

Frame : ECEF, projected step by step on the tangent plane at the middle of the pair.
Units : metres, seconds.
Time  : seconds after the pair's epoch, the later of the two beginnings.
Source: docs/maths/detect.md.
Twin  : tests/reference/plans.py walks through time with geographiclib.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.chords import cause_of, height_on, near_time
from tafadi.engine.kernels.closest import Motion, Nearest, Span, horizontal_at, least_horizontal, nearest, time_in_disc, time_in_slab
from tafadi.engine.kernels.legs import Piece, length_m, piece_of, place_on, seconds
from tafadi.engine.kernels.surface import Point, distance_m, dot, frame_at, geodetic, minus, surface_point
from tafadi.engine.layout import (
    CLEAR,
    CONFLICT,
    JOIN_S,
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

STEPS_MOST: Final = 1e6  # more in a stretch are no motion but a jump
NO_MIDDLE_M: Final = 1.0  # nearer to the earth's centre is the middle of antipodes only; it has no up and no down
NUDGE: Final = 1e-9  # of a step, so that no rounding skips one
EARLIEST_NS: Final = -(1 << 62)
LATEST_NS: Final = 1 << 62


class Ends(NamedTuple):
    """Where both bodies are at one end of a step, and how far the other is above the one."""

    one: Point
    other: Point
    above: float


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


@part
def relative(now: Ends, later: Ends, duration: float, world: World) -> Motion:
    """Motion of the one relative to the other over a short step, on the tangent plane in the middle of the two, t from the step's start."""
    a, b, c, d = now.one, now.other, later.one, later.other
    # Both of one end first: to the last bit it makes no difference which of the two is the one.
    middle = Point(((a.x + b.x) + (c.x + d.x)) / 4.0, ((a.y + b.y) + (c.y + d.y)) / 4.0, ((a.z + b.z) + (c.z + d.z)) / 4.0)
    start, end = minus(b, a), minus(d, c)
    if dot(middle, middle) < NO_MIDDLE_M * NO_MIDDLE_M and not world.flat:
        middle = Point(start.y - start.z, start.z - start.x, start.x - start.y)  # antipodes: any direction across will do
    frame = frame_at(world, middle)
    x, y = dot(start, frame.east), dot(start, frame.north)
    z = now.above
    return Motion(x, y, z, (dot(end, frame.east) - x) / duration, (dot(end, frame.north) - y) / duration, (later.above - z) / duration)


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


@leaf
def steps_in(one: Piece, other: Piece, duration: float, world: World) -> int:
    """Into how many steps a stretch (without waypoint) is to be cut."""
    longest = max(length_m(one, duration), length_m(other, duration)) / world.step_m
    return max(1, math.ceil(longest)) if longest < STEPS_MOST else 1  # NaN too: one step, which will be UNKNOWN


@part
def piece_at(paths: Paths, p: int, at_ns: int) -> int:
    """The piece of path p that holds an instant: the first one before it begins, the last one after it ended."""
    low, high = paths.first[p], paths.first[p + 1] - 2
    while low < high:
        middle = (low + high + 1) // 2
        if paths.at_ns[middle] <= at_ns:
            low = middle
        else:
            high = middle - 1
    return int(low)


@leaf
def ends_at(paths: Paths, i: int, j: int, one: Piece, other: Piece, epoch_ns: int, t: float) -> Ends:
    """Where both are at t, and how far the second is above the first."""
    above = height_on(paths, j, epoch_ns, t) - height_on(paths, i, epoch_ns, t)
    return Ends(place_on(one, t), place_on(other, t), above)


@part
def step_through(
    paths: Paths, i: int, j: int, epoch_ns: int, whole: Span, near: Span, reach: float, half: float, everywhere: bool, world: World,
    tally: Tally,
) -> Tally:  # fmt: skip
    """The tally after those steps of a stretch that share time with `near`."""
    one, other = piece_of(paths, i, epoch_ns, world), piece_of(paths, j, epoch_ns, world)
    cause = cause_of(paths.datum[i], paths.datum[j])
    steps = steps_in(one, other, whole.end - whole.start, world)
    size = (whole.end - whole.start) / steps
    first = max(0, math.floor((near.start - whole.start) / size - NUDGE))
    # The same expression for the end of one step and the start of the next: spans meet without a gap.
    start = whole.start + first * size
    now = ends_at(paths, i, j, one, other, epoch_ns, start)
    for step in range(first, steps):
        if start > near.end:
            break
        end = whole.end if step + 1 == steps else whole.start + (step + 1) * size
        later = ends_at(paths, i, j, one, other, epoch_ns, end)
        m, span = relative(now, later, end - start, world), Span(start, end)
        tally = look(m, reach, half, span, everywhere, tally) if cause == NO_CAUSE else look_level(m, reach, half, span, cause, tally)
        start, now = end, later
    return tally


@part
def walk(paths: Paths, p: int, q: int, reach: float, half: float, everywhere: bool, from_ns: int, until_ns: int, world: World) -> Tally:
    """The tally of two paths over the stretches of their common time that reach into a window of it.

    `everywhere` also seeks the nearest approach of those that stay apart.
    """
    nothing, nowhere = Span(math.nan, math.nan), Nearest(math.nan, math.inf, math.nan, math.nan)
    tally = Tally(nothing, nothing, NO_CAUSE, nowhere, nowhere, nowhere, math.inf)
    epoch = max(paths.at_ns[paths.first[p]], paths.at_ns[paths.first[q]])
    last = min(paths.at_ns[paths.first[p + 1] - 1], paths.at_ns[paths.first[q + 1] - 1], until_ns)
    from_ns = max(epoch, from_ns)
    i, j = piece_at(paths, p, from_ns), piece_at(paths, q, from_ns)
    now = max(epoch, paths.at_ns[i], paths.at_ns[j])
    while now < last:
        until = min(paths.at_ns[i + 1], paths.at_ns[j + 1])
        whole = Span(seconds(now, epoch), seconds(until, epoch))
        near = whole if everywhere else near_time(paths, i, j, epoch, whole, reach, half)
        if near.start < near.end:
            tally = step_through(paths, i, j, epoch, whole, near, reach, half, everywhere, world, tally)
        now = until
        i += 1 if paths.at_ns[i + 1] <= now else 0
        j += 1 if paths.at_ns[j + 1] <= now else 0
    return tally


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
def judge_within(
    paths: Paths, pairs: Ints, within_ns: Ints, reach_m: Floats, half_m: Floats, everywhere: bool, world: World, found: Records
) -> None:
    """Judge each pair of paths over those stretches of their common time that reach into a window.

    pairs      : int64[n, 2]   path numbers
    within_ns  : int64[n, 2]   the windows; outside of them the pair is known to be clear
    reach_m    : float64[n]    horizontal minimum, as a distance on the tangent plane (see pack.plane_reach_m)
    half_m     : float64[n]    vertical minimum
    everywhere : also give the nearest approach of pairs that are CLEAR (slower)
    found      : FOUND[n]      out
    """
    for n in range(pairs.shape[0]):
        p, q = pairs[n, 0], pairs[n, 1]
        found[n]["epoch_ns"] = max(paths.at_ns[paths.first[p]], paths.at_ns[paths.first[q]])
        write(found[n], walk(paths, p, q, reach_m[n], half_m[n], everywhere, within_ns[n, 0], within_ns[n, 1], world))


def judge_paths(paths: Paths, pairs: Ints, reach_m: Floats, half_m: Floats, everywhere: bool, world: World, found: Records) -> None:
    """Judge each pair of paths over all their common time; see judge_within."""
    always = np.broadcast_to(np.array([EARLIEST_NS, LATEST_NS]), (len(pairs), 2)).copy()
    judge_within(paths, pairs, always, reach_m, half_m, everywhere, world, found)


@kernel
def place_at(paths: Paths, p: int, at_ns: int, world: World) -> Floats:
    """float64[3]: where path p is at an instant within its span (at its nearest end outside of it)."""
    k = piece_at(paths, p, at_ns)
    at = min(max(at_ns, paths.at_ns[k]), paths.at_ns[k + 1])
    place = place_on(piece_of(paths, k, paths.at_ns[k], world), seconds(at, paths.at_ns[k]))
    return np.array([place.x, place.y, place.z])


@kernel
def tell_places(paths: Paths, pairs: Ints, found: Records, world: World) -> Floats:
    """float64[n, 3]: where each pair is (latitude and longitude in radians of the middle between the two) when its span begins, and how far
    apart they are along the geodesic at the nearest approach; NaN where there is none, and where there is no middle, as between antipodes.
    """
    out = np.full((pairs.shape[0], 3), math.nan)
    for n in range(pairs.shape[0]):
        epoch = found[n]["epoch_ns"]
        if math.isfinite(found[n]["start_s"]):
            at_ns = epoch + round(found[n]["start_s"] * SECOND_NS)
            a, b = place_at(paths, pairs[n, 0], at_ns, world), place_at(paths, pairs[n, 1], at_ns, world)
            middle = Point((a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0, (a[2] + b[2]) / 2.0)
            if math.sqrt(dot(middle, middle)) > 1.0:
                out[n, 0], out[n, 1] = geodetic(world, middle)
        if math.isfinite(found[n]["nearest_s"]):
            at_ns = epoch + round(found[n]["nearest_s"] * SECOND_NS)
            a, b = place_at(paths, pairs[n, 0], at_ns, world), place_at(paths, pairs[n, 1], at_ns, world)
            here, there = surface_point(world, Point(a[0], a[1], a[2])), surface_point(world, Point(b[0], b[1], b[2]))
            out[n, 2] = distance_m(world, here, there)
    return out
