"""When was a pair inside a rule, where less is known than two legs tell: in an instant, or with plots that others contradict?

In the instant of a plot without a leg the place is known, and before and after nothing is. The end of one run and the beginning of another
in one instant are known too. A rule of well clear asks for velocities; where there is no leg, none is known, and faster than SPEED_MAX_MPS
nothing flies. Two in violation are no further apart than DTHR + tau times the speed at which they close (docs/maths/scan.md).

Of a contradicted plot the truth is within its spread of the one that stayed (`history_once`). So whichever is true, a pair is in
CONFLICT while it is within the minima less the spreads, and apart while it is beyond the minima and the spreads. In between it is UNKNOWN.

Frame, units, time: as `history_meet`.
Source: docs/maths/scan.md.
Twin  : tests/reference/history.py.
"""

import math
from typing import Final, NamedTuple

from tafadi.engine.kernels.chords import ROOM_M, STRETCH, cause_of
from tafadi.engine.kernels.closest import Motion, Span, time_in_cylinder, time_in_disc
from tafadi.engine.kernels.history_balls import fastest_of
from tafadi.engine.kernels.history_meet import (
    JOIN_NS,
    Asked,
    Found,
    Shared,
    above_floor,
    body_at,
    datum_of,
    height_at,
    stretch_of,
    tell,
)
from tafadi.engine.kernels.history_once import Tracks, spread_of
from tafadi.engine.kernels.history_rows import LEG
from tafadi.engine.kernels.legs import place_of
from tafadi.engine.kernels.surface import Point, dot, frame_at, minus
from tafadi.engine.kernels.wellclear import Zone, time_not_well_clear
from tafadi.engine.layout import EDGE_M, JOIN_S, NO_CAUSE, NOT_FINITE, SECOND_NS, VELOCITY_MISSING, World, leaf, part

CONTRADICTED: Final = 5  # a cause beside those of `layout`


class Known(NamedTuple):
    """How near a pair is in an instant: surely inside a rule, and possibly."""

    surely: bool
    possibly: bool


@leaf
def also_of(tracks: Tracks, k: int) -> int:
    """The row of the other end of the leg from row k on; k itself where there is none."""
    return k + 1 if tracks.leg[k] == LEG else k


@leaf
def spreads_of(tracks: Tracks, i: int, j: int) -> tuple[float, float]:
    """By how much a pair may be nearer or further than rows i and j say: seen from above, and in height."""
    (across, up), (other, rise) = spread_of(tracks, i, also_of(tracks, i)), spread_of(tracks, j, also_of(tracks, j))
    return across + other, up + rise


@part
def row_at(tracks: Tracks, k: int, at_ns: int) -> int:
    """The row whose leg, or plot where it has none, is there in an instant, from row k of a run on; -1 when none is."""
    while tracks.leg[k] == LEG and tracks.at_ns[k + 1] <= at_ns and tracks.leg[k + 1] == LEG:
        k += 1
    return k if tracks.at_ns[k] <= at_ns <= tracks.at_ns[also_of(tracks, k)] else -1


@part
def begins(tracks: Tracks, t: int, k: int) -> bool:
    """Whether a run of track t begins in row k."""
    return bool(k == tracks.first[t] or tracks.leg[k - 1] != LEG)


@part
def touching(tracks: Tracks, p: int, q: int, i: int, j: int) -> bool:
    """Whether of legs i and j, which have an instant in common, one ends its run then and the other begins its own."""
    if tracks.at_ns[i + 1] == tracks.at_ns[j]:
        return bool(tracks.leg[i + 1] != LEG) and begins(tracks, q, j)
    return bool(tracks.leg[j + 1] != LEG) and begins(tracks, p, i)


@part
def body_then(tracks: Tracks, k: int, at_ns: int, world: World) -> tuple[Point, Point]:
    """Place and velocity in an instant; no velocity where row k has no leg."""
    if tracks.leg[k] == LEG:
        return body_at(tracks, k, at_ns, world)
    return place_of(tracks.lat_deg[k], tracks.lon_deg[k], world), Point(0.0, 0.0, 0.0)


@part
def height_then(tracks: Tracks, k: int, at_ns: int) -> tuple[float, int]:
    """Height and datum in an instant: those of the plot, where there is one."""
    also = also_of(tracks, k)
    if tracks.at_ns[k] == at_ns or tracks.at_ns[also] == at_ns:
        k = k if tracks.at_ns[k] == at_ns else also
        return tracks.height_m[k], 0 + tracks.datum[k]
    return height_at(tracks, k, at_ns)[0], datum_of(tracks, k)


@part
def instant_of(tracks: Tracks, i: int, j: int, at_ns: int, world: World) -> Shared:
    """The pair of rows i and j in an instant."""
    (a, v), (b, w) = body_then(tracks, i, at_ns, world), body_then(tracks, j, at_ns, world)
    middle = Point((a.x + b.x) / 2.0, (a.y + b.y) / 2.0, (a.z + b.z) / 2.0)
    frame, place, speed = frame_at(world, middle), minus(b, a), minus(w, v)
    (low, datum), (high, other) = height_then(tracks, i, at_ns), height_then(tracks, j, at_ns)
    cause, height = cause_of(datum, other), 0.0
    if cause == NO_CAUSE:
        height = high - low
    if not math.isfinite(height):
        height, cause = 0.0, NOT_FINITE
    x, y, vx, vy = dot(place, frame.east), dot(place, frame.north), dot(speed, frame.east), dot(speed, frame.north)
    return Shared(Motion(x, y, height, vx, vy, 0.0), middle, Point(0.0, 0.0, 0.0), at_ns, at_ns, cause)


@leaf
def is_low(tracks: Tracks, k: int, at_ns: int, floor: float) -> bool:
    """Whether row k is surely below the floor in an instant, whichever of its plots is true."""
    height, up = height_then(tracks, k, at_ns)[0], spread_of(tracks, k, also_of(tracks, k))[1]
    return bool(height + up < floor)  # false for what is no number


@part
def inside_then(s: Shared, radius: float, half: float) -> bool:
    """Whether the pair is in the cylinder in the instant; seen from above only, where its heights do not compare."""
    return bool(math.hypot(s.motion.x, s.motion.y) < radius and (s.cause != NO_CAUSE or abs(s.motion.z) < half))


@part
def widest(tracks: Tracks, i: int, j: int, radius: float, tau: float) -> float:
    """Beyond this distance a pair is surely outside a rule, whatever its velocities and whichever of its plots are true."""
    reach = radius * (1.0 + STRETCH) + ROOM_M + spreads_of(tracks, i, j)[0]
    return reach + tau * (fastest_of(tracks, i) + fastest_of(tracks, j)) if tau > 0.0 else reach


@part
def known_then(tracks: Tracks, i: int, j: int, s: Shared, radius: float, half: float, tau: float) -> Known:
    """Whether the pair is in a rule in the instant."""
    across, up = spreads_of(tracks, i, j)
    if across > 0.0 or up > 0.0:
        thick = half + up + EDGE_M
        return Known(inside_then(s, radius - across - EDGE_M, half - up - EDGE_M), inside_then(s, widest(tracks, i, j, radius, tau), thick))
    if tau < 0.0:
        near = inside_then(s, radius - EDGE_M, half - EDGE_M)
        return Known(near, near)
    if tracks.leg[i] == LEG and tracks.leg[j] == LEG:
        span = time_not_well_clear(s.motion, Zone(radius, half, tau), JOIN_S)
        near = span.start == 0.0 and span.end > 0.0
        return Known(near, near)
    return Known(inside_then(s, radius, half + EDGE_M), inside_then(s, widest(tracks, i, j, radius, tau), half + EDGE_M))


@part
def meet_at(
    tracks: Tracks, i: int, j: int, pair: tuple[int, int], at_ns: int, asked: Asked, world: World, since: int, found: Found
) -> Found:
    """What is found after rows i and j were looked at by every rule in an instant."""
    if is_low(tracks, i, at_ns, asked.floor_m) or is_low(tracks, j, at_ns, asked.floor_m):
        return found
    s = instant_of(tracks, i, j, at_ns, world)
    across, up = spreads_of(tracks, i, j)
    why = CONTRADICTED if across > 0.0 or up > 0.0 else VELOCITY_MISSING
    for rule in range(asked.radius_m.shape[0]):
        known = known_then(tracks, i, j, s, asked.radius_m[rule], asked.half_m[rule], asked.tau_s[rule])
        if known.possibly or known.surely:
            cause = s.cause if known.surely or s.cause != NO_CAUSE else why
            found = tell(s, Span(0.0, 0.0), pair, rule, cause, asked, since, found)
    return found


@part
def above_doubted(tracks: Tracks, i: int, j: int, start_ns: int, span: Span, floor: float, up: float) -> Span:
    """The part of a span in which both are at or above the floor, where heights may be so much higher (or, below 0, lower)."""
    if floor == -math.inf:
        return span
    return above_floor(tracks, j, start_ns, above_floor(tracks, i, start_ns, span, floor - up), floor - up)


@part
def meet_in_doubt(tracks: Tracks, i: int, j: int, pair: tuple[int, int], asked: Asked, world: World, since: int, found: Found) -> Found:
    """What is found after the stretch of legs i and j, of which plots are contradicted, was looked at by every rule."""
    start_ns, end_ns = max(tracks.at_ns[i], tracks.at_ns[j]), min(tracks.at_ns[i + 1], tracks.at_ns[j + 1])
    s = stretch_of(tracks, i, j, start_ns, end_ns, world)
    across, up = spreads_of(tracks, i, j)
    whole, seam = Span(0.0, (end_ns - start_ns) / SECOND_NS), JOIN_NS / SECOND_NS
    wide, narrow = (
        above_doubted(tracks, i, j, start_ns, whole, asked.floor_m, up),
        above_doubted(tracks, i, j, start_ns, whole, asked.floor_m, -up),
    )
    for rule in range(asked.radius_m.shape[0]):
        radius, half = asked.radius_m[rule], asked.half_m[rule]
        reach, thick = widest(tracks, i, j, radius, asked.tau_s[rule]), half + up + 2.0 * EDGE_M
        if s.cause != NO_CAUSE:
            possibly, surely = time_in_disc(s.motion, reach, wide), Span(0.0, 0.0)
        else:
            possibly, surely = (
                time_in_cylinder(s.motion, reach, thick, wide),
                time_in_cylinder(s.motion, radius - across, half - up, narrow),
            )
        why = CONTRADICTED if s.cause == NO_CAUSE else s.cause
        if not surely.start < surely.end:
            surely, seam_s = Span(possibly.end, possibly.end), 0.0
        else:
            found, seam_s = tell(s, surely, pair, rule, NO_CAUSE, asked, since, found), seam
        for span in (Span(possibly.start, surely.start), Span(surely.end, possibly.end)):
            if span.end - span.start > seam_s:
                found = tell(s, span, pair, rule, why, asked, since, found)
    return found
