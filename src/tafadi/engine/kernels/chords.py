"""When can two bodies be near each other at all, by the chords of their pieces?

A geodesic bends away from its chord by chord² / 8 R at most, and the plane on which distances are measured stretches them by less than
STRETCH. With room for both, the time in which two chords are within reach holds all time in which the bodies are. Heights change straight,
so those are exact.

Frame : ECEF.
Units : metres, seconds.
Time  : seconds after an epoch.
Source: docs/maths/detect.md.
Twin  : `paths.judge_paths`, which looks everywhere.
"""

import math
from typing import Final, NamedTuple

from tafadi.engine.kernels.closest import Span
from tafadi.engine.kernels.legs import seconds
from tafadi.engine.kernels.surface import Point, dot, minus, row
from tafadi.engine.layout import DATUMS_UNLIKE, EDGE_M, HEIGHT_MISSING, MISSING, NO_CAUSE, Paths, leaf, part

SAG_RADIUS_M: Final = 8 * 6_300_000.0  # chord² / 8 R: 170 m for 50 NM; nowhere is the earth bent more than this
STRETCH: Final = 1e-4  # of a distance, between the plane in the middle of the pair and space
ROOM_M: Final = 2.0  # half a metre that a step of 5 km bends, half a metre between arc and chord, and as much again


class Drift(NamedTuple):
    """Place and velocity of the one chord relative to the other, in space, and how far both geodesics bend away from them together."""

    place: Point
    velocity: Point
    bends: float


@leaf
def height_on(paths: Paths, k: int, epoch_ns: int, t: float) -> float:
    """Height of the body of piece k at t; NaN where not stated."""
    begin, end = seconds(paths.at_ns[k], epoch_ns), seconds(paths.at_ns[k + 1], epoch_ns)
    low, high = paths.height_m[k], paths.height_m[k + 1]
    return float(low + (high - low) * ((t - begin) / (end - begin)))


@leaf
def cause_of(a: int, b: int) -> int:
    """Why heights of these datums cannot be compared; NO_CAUSE when they can."""
    if a == MISSING or b == MISSING:
        return HEIGHT_MISSING
    return NO_CAUSE if a == b and a >= 0 else DATUMS_UNLIKE


@leaf
def drift(paths: Paths, i: int, j: int, epoch_ns: int, t: float) -> Drift:
    """How chord j moves relative to chord i, from the instant t on."""
    whole, other = seconds(paths.at_ns[i + 1], paths.at_ns[i]), seconds(paths.at_ns[j + 1], paths.at_ns[j])
    a, b = row(paths.place_m, i), row(paths.place_m, j)
    c, d = minus(row(paths.place_m, i + 1), a), minus(row(paths.place_m, j + 1), b)
    u, v = (t - seconds(paths.at_ns[i], epoch_ns)) / whole, (t - seconds(paths.at_ns[j], epoch_ns)) / other
    place = Point(b.x - a.x + v * d.x - u * c.x, b.y - a.y + v * d.y - u * c.y, b.z - a.z + v * d.z - u * c.z)
    velocity = Point(d.x / other - c.x / whole, d.y / other - c.y / whole, d.z / other - c.z / whole)
    return Drift(place, velocity, (dot(c, c) + dot(d, d)) / SAG_RADIUS_M)


@leaf
def time_level(paths: Paths, i: int, j: int, epoch_ns: int, span: Span, half: float) -> Span:
    """The part of a span in which heights are within the minimum; all of it where they do not compare."""
    if cause_of(paths.datum[i], paths.datum[j]) != NO_CAUSE:
        return span
    z = height_on(paths, j, epoch_ns, span.start) - height_on(paths, i, epoch_ns, span.start)
    later = height_on(paths, j, epoch_ns, span.end) - height_on(paths, i, epoch_ns, span.end)
    climb = (later - z) / (span.end - span.start)
    if not math.isfinite(climb):
        return span
    # Half of the edge is room for rounding: a pair that is exactly at the minimum is not kept.
    if min(z, later) >= half - EDGE_M / 2.0 or max(z, later) <= EDGE_M / 2.0 - half:
        return Span(0.0, 0.0)
    if climb == 0.0:
        return span
    early, late = (-half - z) / climb, (half - z) / climb
    return Span(max(span.start, span.start + min(early, late)), min(span.end, span.start + max(early, late)))


@part
def near_time(paths: Paths, i: int, j: int, epoch_ns: int, span: Span, reach: float, half: float) -> Span:
    """A span that holds all time of a stretch in which pieces i and j may be within the minima; empty when never.

    It errs towards keeping, and keeps all where a number is none.
    """
    d = drift(paths, i, j, epoch_ns, span.start)
    room = reach * (1.0 + STRETCH) + d.bends + ROOM_M
    a, b, c = dot(d.velocity, d.velocity), dot(d.place, d.velocity), dot(d.place, d.place) - room * room
    quarter_discriminant = b * b - a * c
    if not math.isfinite(quarter_discriminant):
        return span
    if quarter_discriminant < 0.0 or (a == 0.0 and c > 0.0):
        return Span(0.0, 0.0)
    start, end = span.start, span.end
    if a > 0.0:
        root = math.sqrt(quarter_discriminant)
        start, end = max(start, span.start + (-b - root) / a), min(end, span.start + (root - b) / a)
    level = time_level(paths, i, j, epoch_ns, span, half) if start < end else Span(0.0, 0.0)
    return Span(max(start, level.start), min(end, level.end))
