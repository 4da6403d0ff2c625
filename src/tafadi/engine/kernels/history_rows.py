"""Plots as they were recorded become tracks in order of time, and the legs between them are told from gaps and jumps.

A stable counting sort by track; a track whose plots do not ascend in time is sorted by itself. Of several plots of one track at one
instant one stays, chosen by what they say and not by where they stood, so that no order of rows or files changes anything.

A leg is what lies between two plots that follow each other. It holds unless it lasts longer than a gap may, or is longer than anything
flies in that time (a jump): then nothing is known between its ends.

Units : degrees, metres; instants in nanoseconds since 1970.
Source: docs/maths/scan.md.
Twin  : tests/reference/history.py.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from tafadi.engine.kernels.legs import place_of, surely_short
from tafadi.engine.kernels.surface import dot, minus
from tafadi.engine.layout import SECOND_NS, Codes, Floats, Int32s, Ints, Records, World, kernel, leaf, part

Scalar = TypeVar("Scalar", bound=np.generic)

LEG: Final = 0
GAP: Final = 1
JUMP: Final = 2
LAST: Final = 3  # of its track: nothing follows

REPEATED: Final = 0  # counts
CONTRADICTING: Final = 1
COUNTS: Final = 2

# One plot of a track. All of it is in one or two lines of the cache: rows come in order of time and go to as many places as there are
# tracks, and a line for each column of each track was more than the cache holds.
ROW: Final = np.dtype(
    [("at_ns", np.int64), ("lat_deg", np.float64), ("lon_deg", np.float64), ("height_m", np.float64), ("datum", np.int8), ("leg", np.int8)],
    align=True,
)


class Plots(NamedTuple):
    """Plots as they came; those of track -1 are none."""

    track: Int32s
    at_ns: Ints
    lat_deg: Floats
    lon_deg: Floats
    height_m: Floats  # NaN where not stated
    datum: Codes  # MISSING where no height is stated


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
    broken: Ints  # of each track: how many of its legs do not hold


class Limits(NamedTuple):
    """What breaks a track, and in which stretch of time things are counted."""

    gap_ns: int
    speed_mps: float
    slack_m: float
    from_ns: int
    until_ns: int


class Room:
    """Memory for the plots of a window, used again for the next: new memory is emptied first. Of one search at a time."""

    def __init__(self) -> None:
        self._rows: Records = np.empty(0, ROW)

    def of(self, count: int) -> Records:
        """ROW[count], not emptied."""
        if len(self._rows) < count:
            self._rows = np.empty(count + count // 4, ROW)
        return self._rows[:count]


def frozen(array: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """The same numbers, whole and not to be written to: kernels are compiled for this one kind, whoever made the array."""
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def frozen_plots(p: Plots) -> Plots:
    """The same plots in columns of that kind."""
    return Plots(frozen(p.track), frozen(p.at_ns), frozen(p.lat_deg), frozen(p.lon_deg), frozen(p.height_m), frozen(p.datum))


@kernel
def count_rows(plots: Plots, limits: Limits, begin: Ints) -> None:
    """How many plots each track has within a gap of the limits' time, added to begin[track + 1]."""
    from_ns, until_ns = limits.from_ns - limits.gap_ns, limits.until_ns + limits.gap_ns
    for n in range(plots.track.shape[0]):
        if from_ns <= plots.at_ns[n] < until_ns and plots.track[n] >= 0:
            begin[plots.track[n] + 1] += 1


@kernel
def put_rows(plots: Plots, limits: Limits, tracks: Tracks) -> None:
    """Those plots, each put after what its track has already; `tracks.after` is moved on."""
    from_ns, until_ns, after = limits.from_ns - limits.gap_ns, limits.until_ns + limits.gap_ns, tracks.after
    for n in range(plots.track.shape[0]):
        t, at = plots.track[n], plots.at_ns[n]
        if from_ns <= at < until_ns and t >= 0:
            k = after[t]
            after[t] = k + 1
            tracks.at_ns[k], tracks.lat_deg[k], tracks.lon_deg[k] = at, plots.lat_deg[n], plots.lon_deg[n]
            tracks.height_m[k], tracks.datum[k] = plots.height_m[n], plots.datum[n]


@leaf
def move(tracks: Tracks, k: int, to: int) -> None:
    """Plot k, written to row `to`."""
    tracks.at_ns[to], tracks.lat_deg[to], tracks.lon_deg[to] = tracks.at_ns[k], tracks.lat_deg[k], tracks.lon_deg[k]
    tracks.height_m[to], tracks.datum[to] = tracks.height_m[k], tracks.datum[k]


@part
def sort_one(tracks: Tracks, first: int, after: int) -> None:
    """The plots of one track put in order of time."""
    order = np.argsort(tracks.at_ns[first:after], kind="mergesort")
    for column in (tracks.lat_deg, tracks.lon_deg, tracks.height_m):
        column[first:after] = column[first:after][order]
    tracks.at_ns[first:after] = tracks.at_ns[first:after][order]
    tracks.datum[first:after] = tracks.datum[first:after][order]


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


@leaf
def is_within(at_ns: int, limits: Limits) -> bool:
    """Whether an instant is within the limits' time."""
    return limits.from_ns <= at_ns < limits.until_ns


@part
def unite(tracks: Tracks, t: int, limits: Limits, counts: Ints) -> None:
    """Plots of track t at one instant become one."""
    first, after = tracks.first[t], tracks.after[t]
    last = first
    for k in range(first + 1, after):
        if tracks.at_ns[k] != tracks.at_ns[last]:
            last += 1
            if last != k:
                move(tracks, k, last)
            continue
        which = compared(tracks, k, last)
        if is_within(tracks.at_ns[k], limits):
            counts[REPEATED if which == 0 else CONTRADICTING] += 1
        if which < 0:
            move(tracks, k, last)
    tracks.after[t] = last + 1 if after > first else after


@leaf
def leg_kind(tracks: Tracks, k: int, limits: Limits, world: World) -> int:
    """What the leg from row k to the next is."""
    lasting_ns = tracks.at_ns[k + 1] - tracks.at_ns[k]
    lat, lon, other_lat, other_lon = tracks.lat_deg[k], tracks.lon_deg[k], tracks.lat_deg[k + 1], tracks.lon_deg[k + 1]
    result, most = LEG, limits.speed_mps * (lasting_ns / SECOND_NS) + limits.slack_m
    if lasting_ns > limits.gap_ns:
        result = GAP
    elif not surely_short(lat, lon, other_lat, other_lon, most):
        along = minus(place_of(other_lat, other_lon, world), place_of(lat, lon, world))
        result = LEG if dot(along, along) <= most * most else JUMP
    return result


@part
def order_one(tracks: Tracks, t: int, limits: Limits, counts: Ints) -> None:
    """The plots of one track in order of time, one for each instant."""
    first, after = tracks.first[t], tracks.after[t]
    ascending, strictly = True, True
    for k in range(first + 1, after):
        ascending &= tracks.at_ns[k] >= tracks.at_ns[k - 1]
        strictly &= tracks.at_ns[k] > tracks.at_ns[k - 1]
    if not ascending:
        sort_one(tracks, first, after)
    if not strictly:
        unite(tracks, t, limits, counts)


@kernel
def link_plots(tracks: Tracks, limits: Limits, world: World, counts: Ints, seen: Ints) -> int:
    """Puts the plots of every track in order, tells their legs, and says how many of these do not hold.

    counts : int64[COUNTS]     out, added to: plots that are REPEATED or CONTRADICTING within the limits' time
    seen   : int64[tracks, 4]  out: track, when it was first and last seen within that time, and in how many plots
    """
    broken = 0
    for t in range(tracks.first.shape[0]):
        order_one(tracks, t, limits, counts)
        first, after = tracks.first[t], tracks.after[t]
        for k in range(first, after - 1):
            tracks.leg[k] = leg_kind(tracks, k, limits, world)
            tracks.broken[t] += tracks.leg[k] != LEG
        broken += tracks.broken[t]
        begin, end = first, after
        while begin < after and tracks.at_ns[begin] < limits.from_ns:
            begin += 1
        while end > begin and tracks.at_ns[end - 1] >= limits.until_ns:
            end -= 1
        seen[t, 0], seen[t, 3] = t, end - begin
        if after > first:
            tracks.leg[after - 1] = LAST
        if end > begin:
            seen[t, 1], seen[t, 2] = tracks.at_ns[begin], tracks.at_ns[end - 1]
    return broken


def order_plots(parts: Sequence[Plots], begin: Ints, limits: Limits, room: Room) -> Tracks:
    """The plots in order of tracks; track t has those from begin[t] to begin[t + 1] of the room."""
    row, first = room.of(int(begin[-1])), begin[:-1]
    at_ns, lat_deg, lon_deg, height_m, datum, leg = (row[name] for name in ROW.fields or ())
    tracks = Tracks(first.copy(), first.copy(), at_ns, lat_deg, lon_deg, height_m, datum, leg, np.zeros_like(first))
    for plots in parts:
        put_rows(plots, limits, tracks)
    return tracks


def ordered_tracks(
    parts: Sequence[Plots], count: int, limits: Limits, world: World, counts: Ints, seen: Ints, room: Room | None = None
) -> tuple[Tracks, int]:
    """The plots of so many tracks in order of time, with their legs, and how many of these do not hold. Those beyond a gap of it are left.

    counts, seen : out, as `link_plots` has them
    room         : where they are put, until it is used again
    """
    begin = np.zeros(count + 1, np.int64)
    whole = [frozen_plots(plots) for plots in parts]
    for plots in whole:
        count_rows(plots, limits, begin)
    tracks = order_plots(whole, np.cumsum(begin), limits, Room() if room is None else room)
    return tracks, link_plots(tracks, limits, world, counts, seen)


@kernel
def broken_legs(tracks: Tracks, limits: Limits) -> Ints:
    """int64[n, 4]: track, from, until, GAP or JUMP of every leg that does not hold: gaps of which both ends, jumps of which the end is
    within the limits' time.
    """
    out, count = np.empty((16, 4), np.int64), 0
    for t in range(tracks.first.shape[0]):
        for k in range(tracks.first[t], tracks.after[t] - 1):
            if tracks.leg[k] == LEG:
                continue
            begin, end = tracks.at_ns[k], tracks.at_ns[k + 1]
            if is_within(end, limits) and (tracks.leg[k] == JUMP or begin >= limits.from_ns):
                if count == out.shape[0]:
                    larger = np.empty((2 * count, 4), np.int64)
                    larger[:count] = out
                    out = larger
                out[count, 0], out[count, 1], out[count, 2], out[count, 3] = t, begin, end, tracks.leg[k]
                count += 1
    return out[:count].copy()
