"""When was a pair inside a rule, while both flew one leg each? In closed form, from the four plots of both legs and nothing else.

A leg is a chord at constant speed between the surface places of two plots; the height changes straight too. What both have in common is a
stretch. The pair moves straight relative to one another on the tangent plane half way between them in the middle of the stretch (which
turns by 0.2 mrad over 60 s of jet, 0.2 mm on 5 NM). Nothing here depends on who else flew, on the slab or the window in which the pair was
looked at, or on which of the two comes first: differences only change their sign. So whoever finds a stretch finds the same numbers.

Frame : ECEF at height 0, and the tangent plane of the pair.
Units : metres; seconds after the beginning of the stretch; instants in nanoseconds since 1970.
Source: docs/maths/scan.md; `closest` and `wellclear` for the solutions.
Twin  : tests/reference/history.py.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.chords import cause_of
from tafadi.engine.kernels.closest import Motion, Nearest, Span, horizontal_at, least_horizontal, nearest, time_in_cylinder, time_in_disc
from tafadi.engine.kernels.history_once import Tracks
from tafadi.engine.kernels.legs import place_of
from tafadi.engine.kernels.surface import Point, dot, frame_at, minus
from tafadi.engine.kernels.wellclear import Zone, time_not_well_clear
from tafadi.engine.layout import CONFLICT, NO_CAUSE, NOT_FINITE, SECOND_NS, UNKNOWN, Floats, Ints, Records, World, kernel, leaf, part

JOIN_NS: Final = 1_000_000  # as layout.JOIN_S: shorter pauses are the seams of stretches
PIECE: Final = np.dtype(
    [
        ("first", np.int32),
        ("second", np.int32),
        ("rule", np.int8),
        ("verdict", np.int8),
        ("cause", np.int8),
        ("start_ns", np.int64),
        ("end_ns", np.int64),
        ("at_ns", np.int64),  # when deepest inside
        ("norm", np.float64),  # then: 1 on the edge, 0 in the middle
        ("horizontal_m", np.float64),
        ("vertical_m", np.float64),  # NaN where heights do not compare
        ("x_m", np.float64),  # the middle of the pair then
        ("y_m", np.float64),
        ("z_m", np.float64),
    ]
)
FIRST_PIECES: Final = 1 << 10


class Asked(NamedTuple):
    """What is looked for. A rule with tau < 0 is a cylinder (separation), one with tau >= 0 a well-clear volume."""

    radius_m: Floats  # [rules] on the tangent plane
    half_m: Floats
    tau_s: Floats
    floor_m: float  # only while both are at or above; -inf for always
    grid_ns: int  # only at whole multiples of this; 0 for always


class Found(NamedTuple):
    """Pieces of losses, and how many there are."""

    pieces: Records
    told: Ints  # [1]


class Shared(NamedTuple):
    """A pair over the time that two legs have in common."""

    motion: Motion
    middle: Point  # between the two at the beginning
    drift: Point  # and its velocity
    start_ns: int
    end_ns: int
    cause: int  # why heights do not compare, or NO_CAUSE


@leaf
def share_of(tracks: Tracks, k: int, at_ns: int) -> float:
    """How much of the leg from row k on is flown at an instant."""
    share: float = (at_ns - tracks.at_ns[k]) / (tracks.at_ns[k + 1] - tracks.at_ns[k])
    return share


@leaf
def body_at(tracks: Tracks, k: int, at_ns: int, world: World) -> tuple[Point, Point]:
    """Place and velocity on the leg from row k on, at an instant."""
    a = place_of(tracks.lat_deg[k], tracks.lon_deg[k], world)
    along = minus(place_of(tracks.lat_deg[k + 1], tracks.lon_deg[k + 1], world), a)
    u, whole = share_of(tracks, k, at_ns), (tracks.at_ns[k + 1] - tracks.at_ns[k]) / SECOND_NS
    return Point(a.x + u * along.x, a.y + u * along.y, a.z + u * along.z), Point(along.x / whole, along.y / whole, along.z / whole)


@leaf
def height_at(tracks: Tracks, k: int, at_ns: int) -> tuple[float, float]:
    """Height and climb on the leg from row k on."""
    gain = tracks.height_m[k + 1] - tracks.height_m[k]
    climb = gain * SECOND_NS / (tracks.at_ns[k + 1] - tracks.at_ns[k])
    return tracks.height_m[k] + gain * share_of(tracks, k, at_ns), climb


@leaf
def datum_of(tracks: Tracks, k: int) -> int:
    """The datum of the leg from row k on; below zero where it has none, or two."""
    here, there = tracks.datum[k], tracks.datum[k + 1]
    if here < 0 or there < 0:
        return -1
    return here if here == there else -2


@part
def stretch_of(tracks: Tracks, i: int, j: int, start_ns: int, end_ns: int, world: World) -> Shared:
    """The pair of legs i and j, in the time that they share."""
    a, v = body_at(tracks, i, start_ns, world)
    b, w = body_at(tracks, j, start_ns, world)
    half_s = (end_ns - start_ns) / SECOND_NS / 2.0
    middle = Point((a.x + b.x) / 2.0, (a.y + b.y) / 2.0, (a.z + b.z) / 2.0)
    drift = Point((v.x + w.x) / 2.0, (v.y + w.y) / 2.0, (v.z + w.z) / 2.0)
    frame = frame_at(world, Point(middle.x + half_s * drift.x, middle.y + half_s * drift.y, middle.z + half_s * drift.z))
    place, speed, height, climb = minus(b, a), minus(w, v), 0.0, 0.0
    cause = cause_of(datum_of(tracks, i), datum_of(tracks, j))
    if cause == NO_CAUSE:
        (low, up), (high, rise) = height_at(tracks, i, start_ns), height_at(tracks, j, start_ns)
        height, climb = high - low, rise - up
    x, y, vx, vy = dot(place, frame.east), dot(place, frame.north), dot(speed, frame.east), dot(speed, frame.north)
    if not math.isfinite(height + climb):
        height, climb, cause = 0.0, 0.0, NOT_FINITE
    return Shared(Motion(x, y, height, vx, vy, climb), middle, drift, start_ns, end_ns, cause)


@leaf
def above_floor(tracks: Tracks, k: int, start_ns: int, span: Span, floor: float) -> Span:
    """The part of a span in which the leg from row k on is at or above the floor; all of it where the height is not known."""
    height, climb = height_at(tracks, k, start_ns)
    if not math.isfinite(height + climb) or (climb == 0.0 and height >= floor):
        result = span
    elif climb == 0.0:
        result = Span(0.0, 0.0)
    else:
        cross = (floor - height) / climb
        result = Span(max(span.start, cross), span.end) if climb > 0.0 else Span(span.start, min(span.end, cross))
    return result


@leaf
def time_inside(s: Shared, radius: float, half: float, tau: float, window: Span) -> Span:
    """When the pair is within the rule; seen from above only, where its heights do not compare."""
    if tau < 0.0:
        if s.cause == NO_CAUSE:
            return time_in_cylinder(s.motion, radius, half, window)
        return time_in_disc(s.motion, radius, window)
    span = time_not_well_clear(s.motion, Zone(radius, half, tau), window.end)
    return Span(max(span.start, window.start), min(span.end, window.end))


@leaf
def norm_at(m: Motion, radius: float, half: float, t: float) -> Nearest:
    """How deep inside the pair is at t."""
    horizontal, vertical = horizontal_at(m, t), abs(m.z + m.vz * t)
    return Nearest(t, max(horizontal / radius, vertical / half), horizontal, vertical)


@part
def deepest_on_grid(s: Shared, radius: float, half: float, span: Span, from_ns: int, until_ns: int, grid_ns: int) -> Nearest:
    """The deepest of the instants of the grid."""
    best = Nearest(math.nan, math.inf, math.nan, math.nan)
    for at_ns in range(from_ns, until_ns + 1, grid_ns):
        here = norm_at(s.motion, radius, half, (at_ns - s.start_ns) / SECOND_NS)
        best = here if here.norm < best.norm else best
    return best


@part
def deepest_of(s: Shared, radius: float, half: float, span: Span) -> Nearest:
    """The deepest instant of a span inside; the nearest seen from above, where heights do not compare."""
    if s.cause == NO_CAUSE:
        return nearest(s.motion, radius, half, span)
    t = least_horizontal(s.motion, span)
    return norm_at(s.motion, radius, half, t)


@leaf
def deeper(a: Records, b: Records) -> bool:
    """Whether the closest approach of piece a comes before that of piece b: deeper, else earlier, else by what else it says."""
    if a["norm"] != b["norm"]:
        return bool(a["norm"] < b["norm"])
    if a["at_ns"] != b["at_ns"]:
        return bool(a["at_ns"] < b["at_ns"])
    if a["horizontal_m"] != b["horizontal_m"]:
        return bool(a["horizontal_m"] < b["horizontal_m"])
    if a["x_m"] != b["x_m"] or a["y_m"] != b["y_m"]:
        return bool(a["x_m"] < b["x_m"] or (a["x_m"] == b["x_m"] and a["y_m"] < b["y_m"]))
    return bool(a["z_m"] < b["z_m"])


@part
def take_deepest(into: Records, other: Records) -> None:
    """The closest approach of the other piece, written into this one when it is the deeper."""
    if deeper(other, into):
        into["at_ns"], into["norm"] = other["at_ns"], other["norm"]
        into["horizontal_m"], into["vertical_m"] = other["horizontal_m"], other["vertical_m"]
        into["x_m"], into["y_m"], into["z_m"] = other["x_m"], other["y_m"], other["z_m"]


@part
def roomy(found: Found) -> Found:
    """The same, with room for one more piece."""
    if found.told[0] < found.pieces.shape[0]:
        return found
    larger = np.empty(2 * found.pieces.shape[0], PIECE)
    larger[: found.told[0]] = found.pieces
    return Found(larger, found.told)


@part
def put_piece(s: Shared, best: Nearest, start_ns: int, end_ns: int, piece: Records) -> None:
    """What was found of a stretch, written; who the pair is and by which rule stands there already."""
    piece["verdict"], piece["cause"] = CONFLICT if s.cause == NO_CAUSE else UNKNOWN, s.cause
    piece["start_ns"], piece["end_ns"], piece["at_ns"] = start_ns, end_ns, s.start_ns + round(best.at * SECOND_NS)
    piece["norm"], piece["horizontal_m"] = best.norm, best.horizontal
    piece["vertical_m"] = best.vertical if s.cause == NO_CAUSE else math.nan
    piece["x_m"], piece["y_m"] = s.middle.x + best.at * s.drift.x, s.middle.y + best.at * s.drift.y
    piece["z_m"] = s.middle.z + best.at * s.drift.z


@part
def add_piece(found: Found, since: int, join_ns: int) -> None:
    """The piece that was written after the last one is taken: into one of those from `since` on that it continues, or as a new one."""
    count = found.told[0]
    piece = found.pieces[count]
    for n in range(count - 1, since - 1, -1):
        other = found.pieces[n]
        same = other["rule"] == piece["rule"] and other["verdict"] == piece["verdict"] and other["cause"] == piece["cause"]
        if same and piece["start_ns"] <= other["end_ns"] + join_ns:
            other["end_ns"] = max(other["end_ns"], piece["end_ns"])
            take_deepest(other, piece)
            return
        if same:
            break
    found.told[0] = count + 1


@part
def tell(s: Shared, span: Span, pair: tuple[int, int], rule: int, cause: int, asked: Asked, since: int, found: Found) -> Found:
    """What is found with a piece more, of that span and cause; the same where no instant of the grid lies in it."""
    radius, half = asked.radius_m[rule], asked.half_m[rule]
    from_ns = s.start_ns + math.floor(span.start * SECOND_NS)
    until_ns = min(s.end_ns, s.start_ns + math.ceil(span.end * SECOND_NS))
    if asked.grid_ns > 0:
        from_ns = -(-from_ns // asked.grid_ns) * asked.grid_ns
        until_ns = until_ns // asked.grid_ns * asked.grid_ns
        if from_ns > until_ns:
            return found
        best = deepest_on_grid(s, radius, half, span, from_ns, until_ns, asked.grid_ns)
    else:
        best = deepest_of(s, radius, half, span)
    found = roomy(found)
    piece = found.pieces[found.told[0]]
    piece["first"], piece["second"], piece["rule"] = pair[0], pair[1], rule
    put_piece(s, best, from_ns, until_ns, piece)
    if cause != s.cause:
        piece["verdict"], piece["cause"] = UNKNOWN, cause
    add_piece(found, since, max(asked.grid_ns, JOIN_NS))
    return found


@part
def meet(tracks: Tracks, i: int, j: int, pair: tuple[int, int], asked: Asked, world: World, since: int, found: Found) -> Found:
    """What is found after the stretch of legs i and j was looked at by every rule; pieces from `since` on are of the same pair."""
    start_ns, end_ns = max(tracks.at_ns[i], tracks.at_ns[j]), min(tracks.at_ns[i + 1], tracks.at_ns[j + 1])
    s = stretch_of(tracks, i, j, start_ns, end_ns, world)
    whole = Span(0.0, (end_ns - start_ns) / SECOND_NS)
    if asked.floor_m > -math.inf:
        whole = above_floor(tracks, j, start_ns, above_floor(tracks, i, start_ns, whole, asked.floor_m), asked.floor_m)
    for rule in range(asked.radius_m.shape[0]):
        span = time_inside(s, asked.radius_m[rule], asked.half_m[rule], asked.tau_s[rule], whole) if whole.start < whole.end else whole
        if span.start < span.end:
            found = tell(s, span, pair, rule, s.cause, asked, since, found)
    return found


@kernel
def join_pieces(pieces: Records, join_ns: int) -> Records:
    """PIECE[m]: the pieces, sorted by all that names them and then by their start, with those that continue one another made one."""
    found = Found(np.empty(pieces.shape[0] + 1, PIECE), np.zeros(1, np.int64))
    since = 0
    for n in range(pieces.shape[0]):
        piece = found.pieces[found.told[0]]
        found.pieces[found.told[0]] = pieces[n]
        before = found.told[0] - 1
        if before >= 0 and (found.pieces[before]["first"] != piece["first"] or found.pieces[before]["second"] != piece["second"]):
            since = found.told[0]
        add_piece(found, since, join_ns)
    return found.pieces[: found.told[0]].copy()
