"""Plots as they were recorded become tracks in order of time, and the legs between them are told from gaps and jumps.

A stable counting sort by track; a track whose plots do not ascend in time is sorted by itself. Of several plots of one track at one
instant one stays (`history_once`).

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

from tafadi.engine.kernels.history_once import Doubts, Limits, Tracks, unite
from tafadi.engine.kernels.legs import place_of, surely_short
from tafadi.engine.kernels.surface import dot, minus
from tafadi.engine.layout import SECOND_NS, Codes, Floats, Int32s, Ints, Records, World, kernel, leaf, part

Scalar = TypeVar("Scalar", bound=np.generic)

LEG: Final = 0
GAP: Final = 1
JUMP: Final = 2
LAST: Final = 3  # of its track: nothing follows
FIRST_SPREADS: Final = 16
LEAST_ROWS: Final = 2  # the columns of fewer are whole in memory, of another kind, and every kernel would be compiled anew for them
SPEED_MAX_MPS: Final = 1_000.0  # Mach 3; faster between two plots is a jump: a false echo, a spoofed position, two under one name

# One plot of a track. All of it is in one or two lines of the cache: rows come in order of time and go to as many places as there are
# tracks, and a line for each column of each track was more than the cache holds.
ROW: Final = np.dtype(
    [
        ("at_ns", np.int64),
        ("lat_deg", np.float64),
        ("lon_deg", np.float64),
        ("height_m", np.float64),
        ("datum", np.int8),
        ("leg", np.int8),
        ("doubt", np.int32),
    ],
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
            tracks.height_m[k], tracks.datum[k], tracks.doubt[k] = plots.height_m[n], plots.datum[n], 0


@part
def sort_one(tracks: Tracks, first: int, after: int) -> None:
    """The plots of one track put in order of time."""
    order = np.argsort(tracks.at_ns[first:after], kind="mergesort")
    for column in (tracks.lat_deg, tracks.lon_deg, tracks.height_m):
        column[first:after] = column[first:after][order]
    tracks.at_ns[first:after] = tracks.at_ns[first:after][order]
    tracks.datum[first:after] = tracks.datum[first:after][order]


@leaf
def is_within(at_ns: int, limits: Limits) -> bool:
    """Whether an instant is within the limits' time."""
    return limits.from_ns <= at_ns < limits.until_ns


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
def order_one(tracks: Tracks, t: int, limits: Limits, world: World, counts: Ints, doubts: Doubts) -> Doubts:
    """The spreads of contradictions, after the plots of one track were put in order of time, one for each instant."""
    first, after = tracks.first[t], tracks.after[t]
    ascending, strictly = True, True
    for k in range(first + 1, after):
        ascending &= tracks.at_ns[k] >= tracks.at_ns[k - 1]
        strictly &= tracks.at_ns[k] > tracks.at_ns[k - 1]
    if not ascending:
        sort_one(tracks, first, after)
    return doubts if strictly else unite(tracks, t, limits, world, counts, doubts)


@kernel
def link_plots(tracks: Tracks, limits: Limits, world: World, counts: Ints, seen: Ints) -> tuple[int, Floats]:
    """Puts the plots of every track in order and tells their legs: how many of these do not hold, and the spreads of contradictions.

    counts : int64[COUNTS]     out, added to: plots that are REPEATED or CONTRADICTING within the limits' time
    seen   : int64[tracks, 4]  out: track, when it was first and last seen within that time, and in how many plots
    """
    broken, doubts = 0, Doubts(np.zeros((FIRST_SPREADS, 2)), np.ones(1, np.int64))
    for t in range(tracks.first.shape[0]):
        doubts = order_one(tracks, t, limits, world, counts, doubts)
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
    return broken, doubts.spread


def order_plots(parts: Sequence[Plots], begin: Ints, limits: Limits, room: Room) -> Tracks:
    """The plots in order of tracks; track t has those from begin[t] to begin[t + 1] of the room."""
    row, first = room.of(max(LEAST_ROWS, int(begin[-1]))), begin[:-1]
    at_ns, lat_deg, lon_deg, height_m, datum, leg, doubt = (row[name] for name in ROW.names or ())
    none, spread = np.zeros_like(first), np.zeros((FIRST_SPREADS, 2))
    tracks = Tracks(first.copy(), first.copy(), at_ns, lat_deg, lon_deg, height_m, datum, leg, doubt, none, none.copy(), spread)
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
    broken, spread = link_plots(tracks, limits, world, counts, seen)
    return tracks._replace(spread=spread), broken


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
