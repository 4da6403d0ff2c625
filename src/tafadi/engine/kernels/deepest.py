"""Where is a moving body deepest in the air that a volume's minima widen?

Depth is the cylinder norm of `closest`: the larger of h / radius and v / half height, where h is the distance to the outline (0 over it)
and v that to the band (0 within it). Over each edge and each corner of the outline, and over each stretch beside, below or above the band,
both are what `closest.nearest` knows: the distance to a point or a line, and a straight climb. The smallest of all these is the deepest
instant; the earliest of them where several are as deep. Without minima there is nothing to be deep in but the volume itself, and the
deepest instant is the first one inside.

Frame : a local plane, and height.
Units : metres, seconds.
Time  : seconds after the beginning of the step.
Source: docs/maths/detect.md.
Twin  : tests/reference/volumes.py, `deepest`: looks at every instant, with shapely.
"""

import math
from typing import NamedTuple

import numpy as np

from tafadi.engine.kernels.closest import Motion, Nearest, Span, horizontal_at, least_horizontal, nearest, time_in_disc
from tafadi.engine.kernels.outline import signed_distance, times_near
from tafadi.engine.layout import EDGE_M, Floats, leaf, part

STRETCHES = 3  # below, within and above the band, or the other way round


class Rise(NamedTuple):
    """Height at the start of the step and its rate, and the bounds of the band; infinite where there is none to keep away from."""

    z: float
    vz: float
    lower: float
    upper: float


@leaf
def deeper(best: Nearest, other: Nearest) -> Nearest:
    """The deeper of the two, and of equals the earlier."""
    return other if other.norm < best.norm or (other.norm == best.norm and other.at < best.at) else best


@part
def bend(bound: float, rise: Rise, span: Span) -> float:
    """When the body passes a bound of the band; the nearer end of the span when it does not pass it within."""
    if rise.vz == 0.0:
        return span.end
    return min(span.end, max(span.start, (bound - rise.z) / rise.vz))


@part
def stretch(n: int, rise: Rise, span: Span) -> Span:
    """The n-th of the STRETCHES of a span in each of which no bound is passed; many are empty."""
    one, other = bend(rise.lower, rise, span), bend(rise.upper, rise, span)
    if n == 0:
        return Span(span.start, min(one, other))
    return Span(min(one, other), max(one, other)) if n == 1 else Span(max(one, other), span.end)


@part
def off_band(rise: Rise, span: Span) -> tuple[float, float]:
    """Height above the bound that the body is beyond, and its rate, for a span in which it passes none; 0, 0 within the band."""
    middle = rise.z + rise.vz * ((span.start + span.end) / 2.0)
    if middle < rise.lower:
        return rise.z - rise.lower, rise.vz
    if middle > rise.upper:
        return rise.z - rise.upper, rise.vz
    return 0.0, 0.0


@part
def deepest_over(
    ring: Floats, m: Motion, rise: Rise, radius: float, half: float, span: Span, times: Floats, best: Nearest
) -> Nearest:  # fmt: skip
    """The deeper of `best` and the deepest instant of a span within an outline widened by `radius`; `times` is room for 6 an edge."""
    for n in range(STRETCHES):
        window = stretch(n, rise, span)
        if not window.start < window.end:
            continue
        z, vz = off_band(rise, window)
        climbing = Motion(m.x, m.y, z, m.vx, m.vy, vz)
        best = deepest_inside(ring, climbing, radius, half, window, times, best)
        if radius > 0.0:
            best = deepest_beside(ring, climbing, radius, half, window, best)
    return best


@part
def at_ends(m: Motion, half: float, span: Span, best: Nearest) -> Nearest:
    """The deeper of `best` and both ends of a span over the outline: there the height alone counts, and it changes evenly."""
    for t in (span.start, span.end):
        vertical = abs(m.z + m.vz * t)
        best = deeper(best, Nearest(t, vertical / half, 0.0, vertical))
    return best


@part
def deepest_inside(ring: Floats, m: Motion, radius: float, half: float, window: Span, times: Floats, best: Nearest) -> Nearest:
    """The deeper of `best` and the deepest instant over the outline itself."""
    if radius <= 0.0:
        return at_ends(m, half, window, best)
    count = times_near(ring, m.x, m.y, m.vx, m.vy, 0.0, window.end, times)
    marks = np.sort(times[:count])
    begin = window.start
    for n in range(count + 1):
        end = window.end if n == count else marks[n]
        if end > begin:
            middle = (begin + end) / 2.0
            away, _ = signed_distance(ring, m.x + m.vx * middle, m.y + m.vy * middle)
            if away < 0.0:
                best = at_ends(m, half, Span(begin, end), best)
            begin = end
    return best


@part
def deepest_beside(ring: Floats, m: Motion, radius: float, half: float, window: Span, best: Nearest) -> Nearest:
    """The deeper of `best` and the deepest instant by the distance to every edge and corner.

    Over the outline that distance says too much, and never too little: there `deepest_inside` has the answer.
    """
    found = best
    size = ring.shape[0]
    bx, by = ring[size - 1, 0], ring[size - 1, 1]
    for k in range(size):
        ax, ay, bx, by = bx, by, ring[k, 0], ring[k, 1]
        found = deeper(found, nearest(Motion(m.x - ax, m.y - ay, m.z, m.vx, m.vy, m.vz), radius, half, window))
        length = math.hypot(bx - ax, by - ay)
        if length == 0.0:
            continue
        ux, uy = (bx - ax) / length, (by - ay) / length
        beside = time_beside((m.x - ax) * ux + (m.y - ay) * uy, m.vx * ux + m.vy * uy, length, window)
        if beside.start <= beside.end:
            off, speed = ux * (m.y - ay) - uy * (m.x - ax), ux * m.vy - uy * m.vx
            found = deeper(found, nearest(Motion(off, 0.0, m.z, speed, 0.0, m.vz), radius, half, beside))
    if found.at == best.at and found.norm == best.norm:
        return best
    # Where the height decides, another edge may be nearer than the one that was found.
    away, _ = signed_distance(ring, m.x + m.vx * found.at, m.y + m.vy * found.at)
    return Nearest(found.at, found.norm, min(found.horizontal, max(away, 0.0)), found.vertical)


@part
def time_beside(along: float, speed: float, length: float, window: Span) -> Span:
    """Span of the window in which the foot on an edge's line lies on the edge; empty when start > end."""
    if speed == 0.0:
        return window if 0.0 <= along <= length else Span(1.0, 0.0)
    one, other = -along / speed, (length - along) / speed
    return Span(max(window.start, min(one, other)), min(window.end, max(one, other)))


@part
def deepest_at_circle(m: Motion, rise: Rise, circle: float, radius: float, half: float, span: Span, best: Nearest) -> Nearest:
    """The same for a circle; x, y of the motion are from its centre."""
    for n in range(STRETCHES):
        window = stretch(n, rise, span)
        if not window.start < window.end:
            continue
        z, vz = off_band(rise, window)
        climbing = Motion(m.x, m.y, z, m.vx, m.vy, vz)
        if radius <= 0.0:
            best = at_ends(climbing, half, window, best)
            continue
        inside = time_in_disc(climbing, circle + EDGE_M, window)  # which leaves EDGE_M out again
        if inside.start < inside.end:
            best = at_ends(climbing, half, inside, best)
        best = deepest_around(climbing, circle, radius, half, window, best)
    return best


@part
def _around(m: Motion, circle: float, radius: float, half: float, t: float) -> Nearest:
    horizontal, vertical = max(horizontal_at(m, t) - circle, 0.0), abs(m.z + m.vz * t)
    return Nearest(t, max(horizontal / radius, vertical / half), horizontal, vertical)


@part
def deepest_around(m: Motion, circle: float, radius: float, half: float, window: Span, best: Nearest) -> Nearest:
    """The deeper of `best` and the deepest instant outside a circle: an end, the nearest point, or where both distances weigh the same."""
    for t in (window.start, window.end, least_horizontal(m, window)):
        best = deeper(best, _around(m, circle, radius, half, t))
    # Equal: the distance to the centre is circle + k |z|, and its square makes a quadratic in t. The sign of z is that of its middle.
    middle = m.z + m.vz * ((window.start + window.end) / 2.0)
    k = math.copysign(radius / half, middle)
    reach, growth = circle + k * m.z, k * m.vz
    a = m.vx * m.vx + m.vy * m.vy - growth * growth
    b = m.x * m.vx + m.y * m.vy - reach * growth
    c = m.x * m.x + m.y * m.y - reach * reach
    d = b * b - a * c
    if d >= 0.0:
        s = -b - math.copysign(math.sqrt(d), b)
        for t in (s / a, c / s):
            if window.start <= t <= window.end:
                best = deeper(best, _around(m, circle, radius, half, t))
    return best
