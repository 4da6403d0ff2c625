"""Of several plots of one track at one instant one stays, and how far the others are from it stays with it.

The one is chosen by what they say and not by where they stood, so that no order of rows or files changes anything. Nobody knows which of
them is true. Whichever is, the track is within the spread of the one that stays: on a leg within the larger spread of its two ends, because
what lies between two places is no further off than they are. So a loss that is deeper than the spreads is one, and a pair that is no nearer
than the minima and the spreads is none (`history_doubts`).

Units : degrees, metres; instants in nanoseconds since 1970.
Source: docs/maths/scan.md.
Twin  : tests/reference/history.py.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.legs import place_of
from tafadi.engine.kernels.surface import dot, minus
from tafadi.engine.layout import EDGE_M, HIGHEST_M, Codes, Floats, Int32s, Ints, World, leaf, part

REPEATED: Final = 0  # counts
CONTRADICTING: Final = 1
COUNTS: Final = 2
ANY_M: Final = 2.0 * HIGHEST_M  # by so much two heights differ at most: the height may be any


class Tracks(NamedTuple):
    """Plots in order: those of track t are in rows first[t] <= row < after[t]. The columns are those of one array of ROW."""

    first: Ints
    after: Ints
    at_ns: Ints
    lat_deg: Floats
    lon_deg: Floats
    height_m: Floats
    datum: Codes
    leg: Codes  # what the row and the next are the ends of
    doubt: Int32s  # which spread others that contradict the row have; 0 where none does
    broken: Ints  # of each track: how many of its legs do not hold
    doubted: Ints  # of each track: how many of its rows are contradicted
    spread: Floats  # [n, 2] metres, seen from above and in height; the first is of no doubt


class Limits(NamedTuple):
    """What breaks a track, and in which stretch of time things are counted."""

    gap_ns: int
    speed_mps: float
    slack_m: float
    from_ns: int
    until_ns: int


class Doubts(NamedTuple):
    """The spreads, and how many there are."""

    spread: Floats
    told: Ints  # [1]


@leaf
def move(tracks: Tracks, k: int, to: int) -> None:
    """Plot k, written to row `to`."""
    tracks.at_ns[to], tracks.lat_deg[to], tracks.lon_deg[to] = tracks.at_ns[k], tracks.lat_deg[k], tracks.lon_deg[k]
    tracks.height_m[to], tracks.datum[to] = tracks.height_m[k], tracks.datum[k]


@leaf
def compared(tracks: Tracks, k: int, m: int) -> int:
    """Which of two plots of one instant stays: below 0 for the first, above 0 for the second, 0 when they say the same.

    One with a height before one without; then the smaller numbers: no better reason, but the same one in every order of rows.
    """
    result = 0
    if (tracks.datum[k] < 0) != (tracks.datum[m] < 0):
        result = -1 if tracks.datum[m] < 0 else 1
    elif tracks.lat_deg[k] != tracks.lat_deg[m]:
        result = -1 if tracks.lat_deg[k] < tracks.lat_deg[m] else 1
    elif tracks.lon_deg[k] != tracks.lon_deg[m]:
        result = -1 if tracks.lon_deg[k] < tracks.lon_deg[m] else 1
    elif tracks.datum[k] != tracks.datum[m]:
        result = -1 if tracks.datum[k] < tracks.datum[m] else 1
    elif tracks.height_m[k] != tracks.height_m[m] and tracks.datum[k] >= 0:
        result = -1 if tracks.height_m[k] < tracks.height_m[m] else 1
    return result


@part
def apart(tracks: Tracks, k: int, m: int, world: World) -> tuple[float, float]:
    """How far plot m is from plot k, which stays: seen from above, and in height. One that says no height where k is says nothing else."""
    away = minus(place_of(tracks.lat_deg[m], tracks.lon_deg[m], world), place_of(tracks.lat_deg[k], tracks.lon_deg[k], world))
    across = math.sqrt(dot(away, away))
    across = across if across > EDGE_M else 0.0  # 180 degrees west is 180 degrees east
    up = ANY_M
    if tracks.datum[k] == tracks.datum[m]:
        up = abs(tracks.height_m[k] - tracks.height_m[m]) if tracks.datum[k] >= 0 else 0.0
    elif tracks.datum[m] < 0 and across == 0.0:
        up = 0.0
    return across, up


@part
def added(doubts: Doubts, across: float, up: float) -> Doubts:
    """The spreads with one more."""
    n = doubts.told[0]
    if n == doubts.spread.shape[0]:
        larger = np.empty((2 * n, 2))
        larger[:n] = doubts.spread
        doubts = Doubts(larger, doubts.told)
    doubts.spread[n, 0], doubts.spread[n, 1] = across, up
    doubts.told[0] = n + 1
    return doubts


@part
def unite(tracks: Tracks, t: int, limits: Limits, world: World, counts: Ints, doubts: Doubts) -> Doubts:
    """Plots of track t at one instant become one; the spreads with those of its contradictions."""
    after = tracks.after[t]
    last = k = tracks.first[t]
    while k < after:
        end, stays = k + 1, k
        while end < after and tracks.at_ns[end] == tracks.at_ns[k]:
            stays = end if compared(tracks, end, stays) < 0 else stays
            end += 1
        across, up, within = 0.0, 0.0, limits.from_ns <= tracks.at_ns[k] < limits.until_ns
        for m in range(k, end):
            if m != stays:
                side, height = apart(tracks, stays, m, world)
                across, up = max(across, side), max(up, height)
                counts[REPEATED if side == 0.0 and height == 0.0 else CONTRADICTING] += within
        if last != stays:
            move(tracks, stays, last)
        if across > 0.0 or up > 0.0:
            tracks.doubt[last], tracks.doubted[t] = doubts.told[0], tracks.doubted[t] + 1
            doubts = added(doubts, across, up)
        last, k = last + 1, end
    tracks.after[t] = last
    return doubts


@leaf
def spread_of(tracks: Tracks, k: int, also: int) -> tuple[float, float]:
    """How far the truth may be from what rows k and `also` say, and from what lies between them: seen from above, and in height."""
    n, m = tracks.doubt[k], tracks.doubt[also]
    return max(tracks.spread[n, 0], tracks.spread[m, 0]), max(tracks.spread[n, 1], tracks.spread[m, 1])
