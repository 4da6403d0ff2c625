"""When does one body enter another's protected cylinder, and when is it deepest inside?

Frame : local plane about one shared origin, and height; x, y in the plane, z up.
Units : metres, seconds, metres per second. Nothing else enters this file.
Time  : seconds after the epoch of the window being examined.
Source: Munoz & Narkawicz, ACCoRD CD2D, Vertical and CDII (t_critical, d_norm); derivation in docs/maths/detect.md.
Twin  : tests/reference/cylinder.py says the same thing slowly.
"""

import math
from typing import NamedTuple

from tafadi.engine.layout import CLEAR, CONFLICT, EDGE_M, UNKNOWN, Bytes, Floats, kernel, leaf, part


class Motion(NamedTuple):
    """Position and velocity of the one relative to the other."""

    x: float
    y: float
    z: float
    vx: float
    vy: float
    vz: float


class Span(NamedTuple):
    """A stretch of time; empty when start >= end."""

    start: float
    end: float


class Nearest(NamedTuple):
    """The instant of the smallest cylinder norm, the norm (1 on the cylinder, 0 in its middle), and the distances then."""

    at: float
    norm: float
    horizontal: float
    vertical: float


@leaf
def time_in_disc(m: Motion, radius: float, window: Span) -> Span:
    """Span of the window in which the one is within `radius` of the other, seen from above; empty where a number is none.

    Empty is no verdict: callers look for NaN first, and say UNKNOWN.
    """
    reach = radius - EDGE_M
    a = m.vx * m.vx + m.vy * m.vy
    b = m.x * m.vx + m.y * m.vy
    c = m.x * m.x + m.y * m.y - reach * reach
    quarter_discriminant = b * b - a * c
    if reach <= 0.0:  # nothing is nearer than nothing
        span = Span(0.0, 0.0)
    elif a == 0.0:  # no relative motion: inside always or never
        span = window if c < 0.0 else Span(0.0, 0.0)
    elif not quarter_discriminant > 0.0:  # misses, only touches the edge, or is no number
        span = Span(0.0, 0.0)
    else:
        # The larger of the two sums never cancels; the other root follows from their product, c / a.
        q = -b - math.copysign(math.sqrt(quarter_discriminant), b)
        early, late = (q / a, c / q) if q < 0.0 else (c / q, q / a)
        span = Span(max(window.start, early), min(window.end, late)) if early <= late else Span(0.0, 0.0)
    return span


@leaf
def time_in_slab(m: Motion, half_height: float, window: Span) -> Span:
    """Span of the window in which the one is within `half_height` of the other, seen from the side; empty where a number is none."""
    reach = half_height - EDGE_M
    if reach <= 0.0:
        span = Span(0.0, 0.0)
    elif m.vz == 0.0:
        span = window if abs(m.z) < reach else Span(0.0, 0.0)
    else:
        one, other = (-reach - m.z) / m.vz, (reach - m.z) / m.vz
        low, high = (one, other) if m.vz > 0.0 else (other, one)
        # Infinite where m.vz is next to nothing, and then rightly so; only NaN fails the comparison.
        span = Span(max(window.start, low), min(window.end, high)) if low <= high else Span(0.0, 0.0)
    return span


@leaf
def is_finite(m: Motion) -> bool:
    """Whether every number of the motion is one."""
    return math.isfinite(m.x + m.y + m.z + m.vx + m.vy + m.vz)


@leaf
def horizontal_at(m: Motion, t: float) -> float:
    """Horizontal distance at time t."""
    return math.hypot(m.x + m.vx * t, m.y + m.vy * t)


@leaf
def least_horizontal(m: Motion, span: Span) -> float:
    """The instant of the span at which the two are nearest, seen from above; its start when they keep their distance."""
    a = m.vx * m.vx + m.vy * m.vy
    t = -(m.x * m.vx + m.y * m.vy) / a if a > 0.0 else span.start
    return min(span.end, max(span.start, t))


@leaf
def _norm_at(m: Motion, radius: float, half_height: float, t: float) -> Nearest:
    horizontal = horizontal_at(m, t)
    vertical = abs(m.z + m.vz * t)
    return Nearest(t, max(horizontal / radius, vertical / half_height), horizontal, vertical)


@leaf
def _nearer(best: Nearest, other: Nearest, span: Span) -> Nearest:
    return other if span.start <= other.at <= span.end and other.norm < best.norm else best


@part
def nearest(m: Motion, radius: float, half_height: float, span: Span) -> Nearest:
    """Where max(horizontal / radius, vertical / half_height) is smallest within the span; radius and half_height above 0.

    Both are convex, so the smallest maximum lies at an end, at the bottom of one of them, or where they are equal.
    """
    best = _norm_at(m, radius, half_height, span.start)
    best = _nearer(best, _norm_at(m, radius, half_height, span.end), span)
    best = _nearer(best, _norm_at(m, radius, half_height, least_horizontal(m, span)), span)
    if m.vz != 0.0:
        best = _nearer(best, _norm_at(m, radius, half_height, -m.z / m.vz), span)
    # Equal: (h / radius)² = (v / half_height)², a quadratic in t.
    p = 1.0 / (radius * radius)
    q = 1.0 / (half_height * half_height)
    a = (m.vx * m.vx + m.vy * m.vy) * p - m.vz * m.vz * q
    b = (m.x * m.vx + m.y * m.vy) * p - m.z * m.vz * q
    c = (m.x * m.x + m.y * m.y) * p - m.z * m.z * q
    d = b * b - a * c
    if d >= 0.0:
        s = -b - math.copysign(math.sqrt(d), b)
        if a != 0.0:
            best = _nearer(best, _norm_at(m, radius, half_height, s / a), span)
        if s != 0.0:
            best = _nearer(best, _norm_at(m, radius, half_height, c / s), span)
    return best


@leaf
def time_in_cylinder(m: Motion, radius: float, half_height: float, window: Span) -> Span:
    """Span of the window in which the one is inside the other's cylinder."""
    disc = time_in_disc(m, radius, window)
    slab = time_in_slab(m, half_height, window)
    return Span(max(disc.start, slab.start), min(disc.end, slab.end))


@kernel
def judge_pairs(motions: Floats, radius: float, half_height: float, window: Span, verdict: Bytes, enters: Floats) -> None:
    """Judge each pair over the window.

    motions : float64[n, 6]  rows of Motion
    verdict : uint8[n]       out: CLEAR, CONFLICT or UNKNOWN
    enters  : float64[n]     out: seconds, NaN unless verdict is CONFLICT
    """
    for i in range(motions.shape[0]):
        row = motions[i]
        m = Motion(row[0], row[1], row[2], row[3], row[4], row[5])
        enters[i] = math.nan
        if not is_finite(m):
            verdict[i] = UNKNOWN  # never report a gap in the data as clear air
            continue
        inside = time_in_cylinder(m, radius, half_height, window)
        if inside.start < inside.end:
            verdict[i] = CONFLICT
            enters[i] = inside.start
        else:
            verdict[i] = CLEAR


@kernel
def closest_in_conflict(motions: Floats, radius: float, half_height: float, window: Span, leaves: Floats, least: Floats) -> None:
    """For each pair of `judge_pairs` that is in conflict, when it ends and how near they come meanwhile; NaN for all others.

    leaves : float64[n]  out: seconds
    least  : float64[n]  out: smallest horizontal distance while in conflict, metres
    """
    for i in range(motions.shape[0]):
        row = motions[i]
        m = Motion(row[0], row[1], row[2], row[3], row[4], row[5])
        leaves[i] = math.nan
        least[i] = math.nan
        if is_finite(m):
            inside = time_in_cylinder(m, radius, half_height, window)
            if inside.start < inside.end:
                leaves[i] = inside.end
                least[i] = horizontal_at(m, least_horizontal(m, inside))
