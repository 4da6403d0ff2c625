"""When is a moving body inside an announced volume, or nearer to it than the minima?

The path is walked in steps of at most `world.step_m`, each laid out on the plane around its own middle, where the body moves in a straight
line. The instants at which it can pass from one side of the widened outline to the other are gathered and sorted; between two of them one
look decides. Heights cut these spans at the band, widened by the vertical minimum. Of every span that is found, `deepest` seeks the deepest
instant.

Frame : ECEF, laid out step by step.
Units : metres, seconds.
Time  : seconds after the pair's epoch, the later of the two beginnings.
Source: docs/maths/detect.md.
Twin  : tests/reference/volumes.py walks through time.
"""

import math
from typing import NamedTuple

import numpy as np

from tafadi.engine.kernels.bands import alike, on_the_ground, without_top
from tafadi.engine.kernels.chords import height_on
from tafadi.engine.kernels.closest import Motion, Nearest, Span, time_in_disc
from tafadi.engine.kernels.deepest import Rise, deepest_at_circle, deepest_over
from tafadi.engine.kernels.legs import Piece, length_m, piece_of, place_on, seconds
from tafadi.engine.kernels.outline import signed_distance, times_near
from tafadi.engine.kernels.paths import STEPS_MOST, joined, nearer, shifted
from tafadi.engine.kernels.surface import Frame, dot, frame_at, geodesic, minus, on_plane, row
from tafadi.engine.layout import (
    CLEAR,
    CONFLICT,
    DATUMS_UNLIKE,
    EDGE_M,
    HEIGHT_MISSING,
    MISSING,
    NO_CAUSE,
    NOT_FINITE,
    UNKNOWN,
    Bodies,
    Floats,
    Ints,
    Paths,
    Records,
    World,
    kernel,
    part,
)


class Entries(NamedTuple):
    """The first contiguous spans of conflict and of unknown, and why; and the deepest instant of all of each."""

    conflict: Span
    unknown: Span
    cause: int
    deepest: Nearest  # in conflict; the least norm
    level: Nearest  # in unknown; the least horizontal distance, the height not looked at


class Climb(NamedTuple):
    """Height at the start of a step, its rate, and its datum."""

    z: float
    vz: float
    datum: int


@part
def time_above(z: float, vz: float, window: Span) -> Span:
    """Span of the window in which z + vz t > 0; empty where a number is none."""
    zero = -z / vz
    if vz > 0.0 and not math.isnan(zero):
        return Span(max(window.start, zero), window.end)
    if vz < 0.0 and not math.isnan(zero):
        return Span(window.start, min(window.end, zero))
    return window if vz == 0.0 and z > 0.0 else Span(0.0, 0.0)


@part
def time_in_band(climb: Climb, bodies: Bodies, body: int, half: float, window: Span) -> tuple[Span, int]:
    """Span in which no comparable bound of the band is kept away from, and why that is not proof of being inside (NO_CAUSE if it is)."""
    lower, upper = bodies.lower_m[body], bodies.upper_m[body]
    lower_datum, upper_datum = bodies.lower_datum[body], bodies.upper_datum[body]
    over, cause = window, NO_CAUSE
    if alike(climb.datum, lower_datum):
        over = time_above(climb.z - (lower - half) - EDGE_M, climb.vz, over)
    elif not on_the_ground(lower, lower_datum):
        cause = HEIGHT_MISSING if MISSING in (climb.datum, lower_datum) else DATUMS_UNLIKE
    if alike(climb.datum, upper_datum):
        over = time_above((upper + half) - climb.z - EDGE_M, -climb.vz, over)
    elif cause != HEIGHT_MISSING and not without_top(upper, upper_datum):
        cause = HEIGHT_MISSING if MISSING in (climb.datum, upper_datum) else DATUMS_UNLIKE
    return over, cause


@part
def band_is_finite(bodies: Bodies, body: int) -> bool:
    """Whether every stated bound of the band is a number."""
    low = bodies.lower_datum[body] < 0 or math.isfinite(bodies.lower_m[body])
    return low and (bodies.upper_datum[body] < 0 or math.isfinite(bodies.upper_m[body]))


@part
def noted(entries: Entries, over: Span, cause: int) -> Entries:
    """The entries, after a span over the volume was added."""
    if not over.start < over.end:
        return entries
    if cause == NO_CAUSE:
        return Entries(joined(entries.conflict, over), entries.unknown, entries.cause, entries.deepest, entries.level)
    first = cause if math.isnan(entries.unknown.start) else entries.cause
    return Entries(entries.conflict, joined(entries.unknown, over), first, entries.deepest, entries.level)


@part
def deepened(entries: Entries, here: Nearest, cause: int, by: float) -> Entries:
    """The entries, after the deepest instant of a step (`by` seconds later than it says) was added."""
    if cause == NO_CAUSE:
        return Entries(entries.conflict, entries.unknown, entries.cause, nearer(entries.deepest, here, by), entries.level)
    bare = Nearest(here.at, here.norm, here.horizontal, math.nan)
    return Entries(entries.conflict, entries.unknown, entries.cause, entries.deepest, nearer(entries.level, bare, by))


@part
def rise_over(climb: Climb, bodies: Bodies, body: int, cause: int) -> Rise:
    """How the body climbs, and the bounds that it can be beyond: none where heights cannot be compared, and neither ground nor no top."""
    low, high = alike(climb.datum, bodies.lower_datum[body]), alike(climb.datum, bodies.upper_datum[body])
    if cause != NO_CAUSE or not (low or high):
        return Rise(0.0, 0.0, -math.inf, math.inf)
    return Rise(climb.z, climb.vz, bodies.lower_m[body] if low else -math.inf, bodies.upper_m[body] if high else math.inf)


@part
def step_frame(piece: Piece, span: Span, world: World) -> tuple[Frame, Motion]:
    """The frame at the middle of a step, and the body's motion in it, heights left at 0."""
    frame = frame_at(world, place_on(piece, (span.start + span.end) / 2.0))
    x, y = on_plane(world, frame, place_on(piece, span.start), True)
    later_x, later_y = on_plane(world, frame, place_on(piece, span.end), True)
    duration = span.end - span.start
    return frame, Motion(x, y, 0.0, (later_x - x) / duration, (later_y - y) / duration, 0.0)


@part
def from_circle(world: World, frame: Frame, m: Motion, bodies: Bodies, body: int) -> Motion:
    """The body's motion, x and y taken from the centre of the circle."""
    distance, bearing = geodesic(world, frame, frame_at(world, row(bodies.centre_m, body)))
    return Motion(m.x - distance * math.sin(bearing), m.y - distance * math.cos(bearing), 0.0, m.vx, m.vy, 0.0)


@part
def laid_out(world: World, frame: Frame, bodies: Bodies, body: int, ring: Floats) -> Floats:
    """The outline on the plane of the frame, in the room given."""
    first = bodies.first[body]
    size = bodies.first[body + 1] - first
    for k in range(size):
        ring[k, 0], ring[k, 1] = on_plane(world, frame, row(bodies.ring_m, first + k), True)
    return ring[:size]


@part
def clipped(a: Span, b: Span) -> Span:
    """What both spans share."""
    return Span(max(a.start, b.start), min(a.end, b.end))


@part
def over_outline(
    ring: Floats, m: Motion, reach: float, half: float, rise: Rise, band: Span, cause: int, span: Span, times: Floats, entries: Entries
) -> Entries:
    """The entries after a step over an outline: inside it by more than the edge, or within `reach` of it."""
    duration = span.end - span.start
    count = times_near(ring, m.x, m.y, m.vx, m.vy, abs(reach - EDGE_M), duration, times)
    marks = np.sort(times[:count])
    nowhere = Nearest(math.nan, math.inf, math.nan, math.nan)
    begin = 0.0
    for n in range(count + 1):
        end = duration if n == count else marks[n]
        if end > begin:
            middle = (begin + end) / 2.0
            away, _ = signed_distance(ring, m.x + m.vx * middle, m.y + m.vy * middle)
            inside = clipped(Span(begin, end), band)
            if away < reach - EDGE_M and inside.start < inside.end:
                entries = noted(entries, shifted(inside, span.start), cause)
                here = deepest_over(ring, m, rise, reach, half, inside, times, nowhere)
                entries = deepened(entries, here, cause, span.start)
            begin = end
    return entries


@part
def over_circle(
    m: Motion, circle: float, reach: float, half: float, rise: Rise, band: Span, cause: int, span: Span, entries: Entries
) -> Entries:
    """The entries after a step over a circle; x, y of the motion are from its centre."""
    inside = clipped(time_in_disc(m, circle + reach, Span(0.0, span.end - span.start)), band)
    if not inside.start < inside.end:
        return entries
    here = deepest_at_circle(m, rise, circle, reach, half, inside, Nearest(math.nan, math.inf, math.nan, math.nan))
    return deepened(noted(entries, shifted(inside, span.start), cause), here, cause, span.start)


@part
def step_over(
    paths: Paths, k: int, piece: Piece, bodies: Bodies, body: int, epoch_ns: int, span: Span, reach: float, half: float, world: World,
    ring: Floats, times: Floats, entries: Entries,
) -> Entries:  # fmt: skip
    """The entries after one step of the path."""
    window = Span(0.0, span.end - span.start)
    frame, m = step_frame(piece, span, world)
    if not math.isfinite(m.x + m.y + m.vx + m.vy):
        return noted(entries, span, NOT_FINITE)  # never report a gap in the data as clear air
    z, later = height_on(paths, k, epoch_ns, span.start), height_on(paths, k, epoch_ns, span.end)
    climb = Climb(z, (later - z) / window.end, paths.datum[k])
    band, cause = time_in_band(climb, bodies, body, half, window)
    if (climb.datum >= 0 and not math.isfinite(z + later)) or not band_is_finite(bodies, body):
        band, cause = window, NOT_FINITE
    if not band.start < band.end:
        return entries
    rise = rise_over(climb, bodies, body, cause)
    weight = half if half > 0.0 and cause == NO_CAUSE else 1.0  # where the height is 0 or not looked at, any weight will do
    if math.isnan(bodies.radius_m[body]):
        outline = laid_out(world, frame, bodies, body, ring)
        if outline.size == 0 or not math.isfinite(outline.sum()):
            return noted(entries, span, NOT_FINITE)
        return over_outline(outline, m, reach, weight, rise, band, cause, span, times, entries)
    m = from_circle(world, frame, m, bodies, body)
    if not math.isfinite(m.x + m.y + bodies.radius_m[body]):
        return noted(entries, span, NOT_FINITE)
    return over_circle(m, bodies.radius_m[body], reach, weight, rise, band, cause, span, entries)


@part
def far_away(piece: Piece, bodies: Bodies, body: int, span: Span, reach: float) -> bool:
    """Whether the body cannot come near the volume during the span; false when a number is none."""
    to_centre = minus(place_on(piece, (span.start + span.end) / 2.0), row(bodies.centre_m, body))
    near = bodies.ball_m[body] + reach + 0.51 * length_m(piece, span.end - span.start) + 200.0  # 168 m: the dip of a 50 NM chord
    apart = math.sqrt(dot(to_centre, to_centre))
    return bool(math.isfinite(apart) and apart > near)


@part
def fly_over(paths: Paths, p: int, bodies: Bodies, body: int, reach: float, half: float, world: World) -> Entries:
    """The entries of a path into a body's volume."""
    nothing, nowhere = Span(math.nan, math.nan), Nearest(math.nan, math.inf, math.nan, math.nan)
    entries = Entries(nothing, nothing, NO_CAUSE, nowhere, nowhere)
    size = bodies.first[body + 1] - bodies.first[body]
    ring, times = np.empty((size, 2)), np.empty(6 * size)
    first, last = paths.first[p], paths.first[p + 1] - 1
    epoch = max(paths.at_ns[first], bodies.start_ns[body])
    until = min(paths.at_ns[last], bodies.end_ns[body])
    for k in range(first, last):
        begin, end = max(paths.at_ns[k], epoch), min(paths.at_ns[k + 1], until)
        if begin >= end:
            continue
        whole = Span(seconds(begin, epoch), seconds(end, epoch))
        piece = piece_of(paths, k, epoch, world)
        if far_away(piece, bodies, body, whole, reach):
            continue
        share = length_m(piece, whole.end - whole.start) / world.step_m
        steps = max(1, math.ceil(share)) if share < STEPS_MOST else 1
        size_s = (whole.end - whole.start) / steps
        for step in range(steps):
            span = Span(whole.start + step * size_s, whole.end if step + 1 == steps else whole.start + (step + 1) * size_s)
            if not far_away(piece, bodies, body, span, reach):
                entries = step_over(paths, k, piece, bodies, body, epoch, span, reach, half, world, ring, times, entries)
    return entries


@kernel
def judge_entries(paths: Paths, bodies: Bodies, pairs: Ints, reach_m: Floats, half_m: Floats, world: World, found: Records) -> None:
    """Judge each pair of a path and a body.

    pairs   : int64[n, 2]   path and body numbers
    reach_m : float64[n]    horizontal minimum, 0 for the outline itself
    half_m  : float64[n]    vertical minimum
    found   : FOUND[n]      out; the nearest approach is the deepest instant, horizontal_m and vertical_m from the volume itself
    """
    for n in range(pairs.shape[0]):
        p, body = pairs[n, 0], pairs[n, 1]
        entries = fly_over(paths, p, bodies, body, reach_m[n], half_m[n], world)
        span, best, verdict, cause = Span(math.nan, math.nan), entries.level, CLEAR, NO_CAUSE
        if not math.isnan(entries.conflict.start):
            span, best, verdict = entries.conflict, entries.deepest, CONFLICT
        elif not math.isnan(entries.unknown.start):
            span, verdict, cause = entries.unknown, UNKNOWN, entries.cause
        found[n]["verdict"], found[n]["cause"] = verdict, cause
        found[n]["epoch_ns"] = max(paths.at_ns[paths.first[p]], bodies.start_ns[body])
        found[n]["start_s"], found[n]["end_s"] = span.start, span.end
        found[n]["nearest_s"], found[n]["horizontal_m"], found[n]["vertical_m"] = best.at, best.horizontal, best.vertical
        found[n]["least_horizontal_m"] = math.nan
