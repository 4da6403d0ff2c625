"""When is a pair not well clear, and what does the alert filter say of it?

Seen from above the pair is in violation while it is within `radius`; or while it closes, will miss by no more than `radius`, and its
modified tau, (radius² − s·s) / (s·v), is no more than `tau`. Seen from the side, while it is within `half_height`. Both are closed sets and
both are one stretch of time, so the violation is their common stretch, and it has a closed form (derivation: docs/maths/wellclear.md):

    closest = −(s·v) / v²      half = sqrt(radius²·v² − (s × v)²) / v²
    from closest − tau/2 − hypot(half, tau/2)  to  closest + half

Frame : flat: x east, y north, z up, the other relative to own. `relative` makes it of states on a sphere: orthographic about own.
Units : metres, seconds, metres per second; degrees in rows of states. Radians only here.
Time  : seconds after the instant of the states.
Source: RTCA DO-365; Munoz et al., "A Family of Well-Clear Boundary Models for the Integration of UAS in the NAS" (AIAA 2014-2412);
        the frame and the filter as NASA DAIDALUS 2.0.4 has them (Munoz et al., DASC 2015).
Twin  : tests/reference/wellclear.py says the same thing slowly.
"""

import math
from typing import Final, NamedTuple

from tafadi.engine.kernels.closest import Motion, Span
from tafadi.engine.layout import CLEAR, CONFLICT, EDGE_M, UNKNOWN, Bytes, Codes, Floats, kernel, leaf, part

SPHERE_M: Final = 1852.0 * 60.0 * 180.0 / math.pi  # one minute of arc is one nautical mile: 6366707.0194937 m
RECKONED_S: Final = 10.0  # over which a velocity on the sphere becomes one in the frame
STILL: Final = 1e-13  # (m/s)² seen from above, m/s from the side: below it nothing moves within any lookahead
FARTHEST: Final = 1e9  # metres, m/s: beyond it nothing flies, and squares of squares would overflow; no number compares as nearer
ARC_MAX: Final = 0.1  # radians in RECKONED_S, 64 km/s: beyond it nothing flies, and a whole turn would read as standing still
UNKNOWN_LEVEL: Final = -1
RAISED, LAST, LEVEL = 0, 1, 2  # of the filter's memory: when the alert last rose, when it last looked, what it said


class Zone(NamedTuple):
    """The well-clear volume: DTHR (which is DMOD and HMD too), ZTHR, TTHR."""

    radius: float
    half_height: float
    tau: float


class Sieve(NamedTuple):
    """The filter: `needed` of the last looks, a gap that makes it begin anew, and how long a raised alert stands at least."""

    needed: int
    hysteresis: float
    persistence: float


@leaf
def _time_near(m: Motion, zone: Zone) -> Span:
    """The stretch in violation seen from above, of all time; empty where it never is."""
    square = zone.radius * zone.radius
    speed2 = m.vx * m.vx + m.vy * m.vy
    cross = m.x * m.vy - m.y * m.vx
    room = square * speed2 - cross * cross
    if speed2 < STILL:
        span = Span(-math.inf, math.inf) if m.x * m.x + m.y * m.y <= square else Span(0.0, 0.0)
    elif room < 0.0:  # misses by more than the radius
        span = Span(0.0, 0.0)
    else:
        closest = -(m.x * m.vx + m.y * m.vy) / speed2
        half = math.sqrt(room) / speed2
        early = 0.5 * zone.tau
        span = Span(closest - early - math.hypot(half, early), closest + half)
    return span


@leaf
def _time_level(m: Motion, zone: Zone) -> Span:
    """The stretch in violation seen from the side, of all time; empty where it never is."""
    if abs(m.vz) < STILL:
        # Two level at the threshold are in: feet turned into metres put some of them a rounding beyond it, and others not.
        span = Span(-math.inf, math.inf) if abs(m.z) <= zone.half_height + EDGE_M else Span(0.0, 0.0)
    else:
        one, other = (-zone.half_height - m.z) / m.vz, (zone.half_height - m.z) / m.vz
        span = Span(min(one, other), max(one, other))
    return span


@leaf
def time_not_well_clear(m: Motion, zone: Zone, lookahead: float) -> Span:
    """The stretch of the lookahead in which the pair is not well clear; empty when there is none, or only an instant."""
    near, level = _time_near(m, zone), _time_level(m, zone)
    return Span(max(0.0, near.start, level.start), min(lookahead, near.end, level.end))


@leaf
def is_flown(m: Motion) -> bool:
    """Whether every number of the motion is one, and of a size that flies."""
    near = abs(m.x) <= FARTHEST and abs(m.y) <= FARTHEST and abs(m.z) <= FARTHEST
    return near and abs(m.vx) <= FARTHEST and abs(m.vy) <= FARTHEST and abs(m.vz) <= FARTHEST


@kernel
def judge_well_clear(motions: Floats, zones: Floats, lookahead: float, verdict: Bytes, enters: Floats, leaves: Floats) -> None:
    """Judges each pair against each zone over the lookahead.

    motions : float64[n, 6]  rows of Motion
    zones   : float64[k, 3]  rows of Zone
    verdict : uint8[n, k]    out: CLEAR, CONFLICT or UNKNOWN
    enters  : float64[n, k]  out: seconds; inf when CLEAR, NaN when UNKNOWN
    leaves  : float64[n, k]  out: seconds; -inf when CLEAR, NaN when UNKNOWN
    """
    for i in range(motions.shape[0]):
        row = motions[i]
        m = Motion(row[0], row[1], row[2], row[3], row[4], row[5])
        known = is_flown(m)
        for k in range(zones.shape[0]):
            span = time_not_well_clear(m, Zone(zones[k, 0], zones[k, 1], zones[k, 2]), lookahead)
            if not known:
                verdict[i, k], enters[i, k], leaves[i, k] = UNKNOWN, math.nan, math.nan
            elif span.start < span.end:
                verdict[i, k], enters[i, k], leaves[i, k] = CONFLICT, span.start, span.end
            else:
                verdict[i, k], enters[i, k], leaves[i, k] = CLEAR, math.inf, -math.inf


@part
def _flown(east: float, north: float) -> tuple[float, float]:
    """Of the great circle flown in RECKONED_S: its sine over the speed, and one minus its cosine; no numbers beyond ARC_MAX."""
    speed = math.hypot(east, north)
    arc = speed * RECKONED_S / SPHERE_M
    if not arc <= ARC_MAX:
        return math.nan, math.nan
    along = math.sin(arc) / speed if speed > 0.0 else 0.0
    return along, 2.0 * math.sin(0.5 * arc) ** 2


@part
def _in_frame(own: Floats, other: Floats) -> Motion:
    """The other's motion relative to own, orthographic about own; no numbers where own's horizon hides the other.

    What is flown in RECKONED_S is along·(east·e + north·n) − fall·p for a place p with its axes e and n, without any angle of arrival.
    """
    lat_0, lat = math.radians(own[0]), math.radians(other[0])
    across = math.radians(other[1] - own[1])
    sin_0, cos_0, sin_1, cos_1 = math.sin(lat_0), math.cos(lat_0), math.sin(lat), math.cos(lat)
    sin_a, cos_a = math.sin(across), math.cos(across)
    if not sin_0 * sin_1 + cos_0 * cos_1 * cos_a > 0.0:
        return Motion(math.nan, math.nan, math.nan, math.nan, math.nan, math.nan)
    along_0, _ = _flown(own[3], own[4])
    along, fall = _flown(other[3], other[4])
    out = along * (-other[3] * sin_a - other[4] * sin_1 * cos_a) - fall * cos_1 * cos_a
    east = along * (other[3] * cos_a - other[4] * sin_1 * sin_a) - fall * cos_1 * sin_a
    axis = along * other[4] * cos_1 - fall * sin_1
    per_second = SPHERE_M / RECKONED_S
    return Motion(
        SPHERE_M * cos_1 * sin_a,
        SPHERE_M * (math.sin(lat - lat_0) + 2.0 * sin_0 * cos_1 * math.sin(0.5 * across) ** 2),
        other[2] - own[2],
        per_second * (east - along_0 * own[3]),
        per_second * (cos_0 * axis - sin_0 * out - along_0 * own[4]),
        other[5] - own[5],
    )


@kernel
def relative(own: Floats, other: Floats, motions: Floats) -> None:
    """The motion of each other relative to each own, in the orthographic frame about own.

    own, other : float64[n, 6]  latitude, longitude (degrees), height (metres), east, north, up (metres per second)
    motions    : float64[n, 6]  out: rows of Motion, NaN where own's horizon hides the other or a place is no number
    """
    for i in range(own.shape[0]):
        m = _in_frame(own[i], other[i])
        motions[i, 0], motions[i, 1], motions[i, 2] = m.x, m.y, m.z
        motions[i, 3], motions[i, 4], motions[i, 5] = m.vx, m.vy, m.vz


@part
def _soonest(m: Motion, zones: Floats, due: Floats, lookahead: float, times: Floats) -> int:
    """The raw level of one motion; `times` keeps the earlier entry and the later exit of each zone."""
    if not is_flown(m):
        return UNKNOWN_LEVEL
    level = 0
    for k in range(zones.shape[0]):
        span = time_not_well_clear(m, Zone(zones[k, 0], zones[k, 1], zones[k, 2]), lookahead)
        if span.start < span.end:
            times[k, 0], times[k, 1] = min(times[k, 0], span.start), max(times[k, 1], span.end)
            level = k + 1 if span.start < due[k] else level
    return level


@kernel
def look_both_ways(one: Floats, two: Floats, zones: Floats, due: Floats, lookahead: float, times: Floats) -> int:
    """The raw level of a live pair, the higher of what each sees that takes itself for own; so that names decide nothing.

    one, two : float64[6]     as in `relative`
    zones    : float64[k, 3]  rows of Zone, of each level
    due      : float64[k]     seconds before the violation at which the level is reached
    times    : float64[k, 2]  out: entry and exit, inf and -inf where there is none
    """
    times[:, 0], times[:, 1] = math.inf, -math.inf
    here = _soonest(_in_frame(one, two), zones, due, lookahead, times)
    there = _soonest(_in_frame(two, one), zones, due, lookahead, times)
    return UNKNOWN_LEVEL if here < 0 or there < 0 else max(here, there)


@part
def _supported(recent: Codes, needed: int) -> int:
    """The highest level that at least `needed` of the recent looks reach; UNKNOWN_LEVEL when too few are known."""
    best = UNKNOWN_LEVEL
    for one in recent:
        if one > best:
            reached = 0
            for other in recent:
                reached += other >= one
            best = one if reached >= needed else best
    return best


@part
def _begin(recent: Codes, memory: Floats, raw: int, needed: int) -> None:
    """Begins anew: the first look counts as `needed`, but only this once: what stands in for the others is oldest, and leaves first."""
    recent[:] = UNKNOWN_LEVEL
    recent[:needed] = raw
    memory[RAISED] = math.nan
    memory[LEVEL] = UNKNOWN_LEVEL


@part
def _look(recent: Codes, memory: Floats, at: float, raw: int, sieve: Sieve) -> int:
    """The filtered level after one more look."""
    gap = at - memory[LAST]
    if not 0.0 < gap <= sieve.hysteresis:
        _begin(recent, memory, raw, sieve.needed)
    for k in range(recent.shape[0] - 1):
        recent[k] = recent[k + 1]
    recent[recent.shape[0] - 1] = raw
    supported = _supported(recent, sieve.needed)
    memory[LAST] = at
    if supported < 0:
        memory[RAISED], memory[LEVEL] = math.nan, raw
    elif not (0 <= supported < memory[LEVEL] and at - memory[RAISED] < sieve.persistence):
        if supported > 0 and supported > memory[LEVEL]:
            memory[RAISED] = at
        memory[LEVEL] = supported
    said = int(memory[LEVEL])
    return UNKNOWN_LEVEL if raw < 0 and said <= 0 else said  # what is not known now is not "no alert"


@kernel
def filter_levels(times: Floats, raw: Codes, sieve: Sieve, recent: Codes, memory: Floats, levels: Codes) -> None:
    """The filtered alert level at each look, going on from `recent` and `memory`.

    times  : float64[n]  seconds, ascending
    raw    : int8[n]     0 none, 1.. alert level, UNKNOWN_LEVEL
    recent : int8[w]     in and out: the last w looks, oldest first; w >= needed
    memory : float64[3]  in and out: RAISED, LAST, LEVEL; NaN before the first look
    levels : int8[n]     out
    """
    for i in range(times.shape[0]):
        levels[i] = _look(recent, memory, times[i], raw[i], sieve)
