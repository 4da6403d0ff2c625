"""All pairs of live states that may meet: sorted into cells, filtered in float32, judged in float64.

`sort_cells` orders the states by row and column, so that the neighbours of a cell are a few contiguous slices. `search` walks the cells and
passes each slice through a filter without branch or division; it can only let too much through (docs/maths/tactical.md has the proof), and
what is left is judged (`meeting`). `search_rest` compares with everyone those that fit no cell.

Frame : ECEF at height 0, in the middle of the lookahead.
Units : metres, seconds, metres per second; radians in cells.
Time  : the filter counts from the middle of the lookahead.
Source: docs/maths/tactical.md.
Twin  : tests/reference/tactical.py judges every pair.
"""

import math
from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np
import numpy.typing as npt

from tafadi.engine.kernels.ahead import fetch
from tafadi.engine.kernels.filter import One, lowest, sixteen
from tafadi.engine.kernels.meeting import MEETING, Asked, Meeting, cause_of, judged, judged_void, relative, state_at
from tafadi.engine.kernels.placing import AT_ONCE, NOWHERE, ORDINARY, SLOTS, VOID, Moved, Raw
from tafadi.engine.layout import CLEAR, EDGE_M, NO_CAUSE, Bytes, Codes, Floats, Records, kernel, leaf, part

Quick = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int32]

ROWS_AHEAD: Final = (
    1  # rows to a reach: thinner ones fit better (two: a fifth fewer pairs to look at), and cost more slices (a fifth more time)
)
NOTED: Final = 128  # so many steps of the filter that found something are noted, and then judged in one go
SOON: Final = 24  # states that are on their way from memory while one is written: the order of cells is none in memory
STATE_BYTES: Final = 64  # of a row of Moved.state
STRETCH: Final = NOTED * AT_ONCE  # states that are filtered before anyone looks whether the notes are full

_MEETING: Final[Any] = nb.from_dtype(MEETING)


class Grid(NamedTuple):
    """Rows of equal latitude, cut into columns; row r has the cells first[r] to first[r + 1] - 1, and cells follow one another eastward.

    `reach` says how far in longitude what a row may meet in the d-th row to the north can be, in parts of the width.
    """

    lat: float  # southern edge of row 0
    row: float  # height of a row
    lon: float  # western edge of column 0
    width: float  # of all columns
    wraps: bool  # whether the last column borders on the first
    first: Counts  # [rows + 1]
    reach: Floats  # [rows, ROWS_AHEAD + 1]


class Sorted(NamedTuple):
    """States in the order of their cells; those that fit none come last, and those that are NOWHERE at the very end."""

    start: Counts  # [cells + 3]: of each cell, of those that fit none, of those that are nowhere, and the end
    order: Counts  # [n] their numbers
    exact: Floats  # [n, 8] place, velocity, height now, climb; in the order given: few are ever looked at
    quick: Quick  # [8, n + AT_ONCE] place, velocity, height in the middle of the lookahead, climb and slot
    datum: Codes  # [n]; MISSING where there is no height to go by
    kind: Bytes  # [n]


@kernel
def sort_cells(grid: Grid, moved: Moved, cell: Counts, start: Counts, order: Counts) -> None:
    """Counting sort of the states by cell; `cell` [n] is room to work in, `start` and `order` are those of Sorted, `start` all 0."""
    first, angles, kinds = grid.first, moved.angles, moved.kind
    rows, cells = first.shape[0] - 1, first[-1]
    a_row, a_width = 1.0 / grid.row, 1.0 / grid.width
    for i in range(cell.shape[0]):
        c = cells if kinds[i] != NOWHERE else cells + 1
        if kinds[i] == ORDINARY:
            row = min(rows - 1, max(0, int((angles[i, 0] - grid.lat) * a_row)))
            columns = first[row + 1] - first[row]
            c = first[row] + min(columns - 1, max(0, int((angles[i, 1] - grid.lon) * a_width * columns)))
        cell[i] = c
        start[c] += 1
    total = 0
    for c in range(start.shape[0]):
        total += start[c]
        start[c] = total
    for i in range(
        cell.shape[0] - 1, -1, -1
    ):  # backwards, so that equals keep their order; start goes from the ends of cells to their beginnings
        start[cell[i]] -= 1
        order[start[cell[i]]] = i


@kernel
def gather(raw: Raw, moved: Moved, ask: Asked, lo: int, hi: int, out: Sorted) -> None:
    """Writes the sorted rows from lo to hi."""
    states, kinds, datums = moved.state, moved.kind, raw.datum
    order, quick, datum_out, kind_out = out.order, out.quick, out.datum, out.kind
    slot, half, address = ask.slot, 0.5 * ask.lookahead, states.ctypes.data
    for k in range(lo, hi):
        fetch(address + STATE_BYTES * order[min(k + SOON, hi - 1)])
        i = order[k]
        for axis in range(6):
            quick[axis, k] = states[i, axis]
        height, climb, datum = states[i, 6], states[i, 7], datums[i]
        known = not math.isnan(height)
        quick[6, k] = height + climb * half if known else 0.0
        quick[7, k] = climb + datum * slot if known else (SLOTS - 1) * slot
        datum_out[k] = datum if known else -1
        kind_out[k] = kinds[i]


class Bounds(NamedTuple):
    """The bounds of the filter in float32, and where the rows of Sorted.quick lie."""

    quick: int  # address of the first row
    stride: int  # numbers from one row to the next
    reach2: np.float32
    half: np.float32
    band: np.float32
    least: np.float32


@leaf
def bounds_of(quick: Quick, ask: Asked) -> Bounds:
    """What the filter reads."""
    reach2, half, band, least = np.float32(ask.reach2), np.float32(0.5 * ask.lookahead), np.float32(ask.band), np.float32(ask.least)
    return Bounds(quick.ctypes.data, quick.shape[1], reach2, half, band, least)


@leaf
def one_of(quick: Quick, k: int) -> One:
    """State k, as the filter compares it with others."""
    return One(quick[0, k], quick[1, k], quick[2, k], quick[3, k], quick[4, k], quick[5, k], quick[6, k], quick[7, k])


@part
def slices(first: Counts, reaches: Floats, wraps: bool, start: Counts, row: int, cell: int, out: Counts) -> int:
    """How many slices of sorted states those in `cell` are to be compared with; the first begins with the cell itself.

    out : int32[.., 2]  from, to. Of each two cells that are neighbours, one has the other in its slices.
    """
    columns = first[row + 1] - first[row]
    own = cell - first[row]
    west, east = own / columns, (own + 1) / columns
    count = 0
    for ahead in range(min(ROWS_AHEAD + 1, first.shape[0] - 1 - row)):
        base, beyond = first[row + ahead], first[row + ahead + 1]
        total, reach = beyond - base, reaches[row, ahead]
        left = own if ahead == 0 else math.floor((west - reach) * total)
        right = math.floor((east + reach) * total)
        if ahead == 0 and wraps and 2.0 * (reach * total + 2.0) + 1.0 >= total:
            right = total - 1  # half round and back is all: every later one of the row, and for all of its cells alike
        elif right - left + 1 >= total:
            left, right = (own if ahead == 0 else 0), total - 1
        out[count, 0], out[count, 1] = start[base + min(max(left, 0), total)], start[base + max(-1, min(right, total - 1)) + 1]
        count += 1
        if wraps and left < 0:
            out[count, 0], out[count, 1] = start[base + left + total], start[beyond]
            count += 1
        if wraps and right >= total:
            out[count, 0], out[count, 1] = start[base], start[base + right - total + 1]
            count += 1
    return count


@part
def write(out: Records, count: int, one: int, other: int, found: Meeting) -> None:
    """Row `count` of the table: what is found of the states with these numbers."""
    row = out[count]
    row["first"], row["second"] = min(one, other), max(one, other)
    row["verdict"], row["cause"] = found.verdict, found.cause
    row["start_s"], row["end_s"], row["nearest_s"] = found.start, found.end, found.at
    row["horizontal_m"], row["vertical_m"], row["least_horizontal_m"] = found.horizontal, found.vertical, found.least


@leaf
def may_be_level(one: One, other: One, ask: Asked) -> bool:
    """Whether the time in which two may be together from above and that in which their heights may be near have an instant in common.

    Both lie within the lookahead in part, for the filter let the pair through; and stretches that meet two by two meet all three. No
    division: times are compared multiplied by c and by the climb.
    """
    dx, dy, dz = float(other.x) - one.x, float(other.y) - one.y, float(other.z) - one.z
    ux, uy, uz = float(other.vx) - one.vx, float(other.vy) - one.vy, float(other.vz) - one.vz
    a = dx * dx + dy * dy + dz * dz - ask.reach2
    b = dx * ux + dy * uy + dz * uz
    c = ux * ux + uy * uy + uz * uz + ask.least
    square = b * b - a * c
    root = math.sqrt(square) if square > 0.0 else 0.0
    w, z = float(other.climb) - one.climb, float(other.height) - one.height
    z = -z if w < 0.0 else z
    w = abs(w)
    return not ((-b - root) * w > (ask.band - z) * c or (-ask.band - z) * c > (root - b) * w)


@part
def note(r: Bounds, one: One, k: int, lo: int, hi: int, noted: Counts, count: int) -> int:
    """Notes where the states from lo to hi may meet the one, AT_ONCE of them in a row, behind the `count` rows; how many there are then.

    noted : int32[.., 3]  k, the first of the AT_ONCE, and a bit for each of them. Written in any case, and kept where a bit is set.
    """
    limits = (r.reach2, r.half, r.band, r.least)
    for base in range(lo, hi, AT_ONCE):
        bits = sixteen(r.quick, r.stride, base, one, limits)
        if hi - base < AT_ONCE:
            bits &= (np.uint32(1) << np.uint32(hi - base)) - np.uint32(1)
        noted[count, 0], noted[count, 1], noted[count, 2] = k, base, bits
        count += 1 if bits != 0 else 0
    return count


@part
def judge_one(s: Sorted, k: int, j: int, ask: Asked, out: Records, count: int) -> int:
    """Judges a pair and, if it is not CLEAR, writes it behind the `count` rows of the table; how many there are then."""
    cause, voids = cause_of(s.datum[k], s.datum[j]), (1 if s.kind[k] == VOID else 0) + (1 if s.kind[j] == VOID else 0)
    one, other = s.order[k], s.order[j]
    a, b = state_at(s.exact, one), state_at(s.exact, other)
    if cause == NO_CAUSE and voids == 0:
        if a.climb == b.climb and abs(b.height - a.height) >= ask.half_height - EDGE_M:
            return count  # most of what passes and is clear: a level apart for good
        if not may_be_level(one_of(s.quick, k), one_of(s.quick, j), ask):
            return count
    found = judged_void(a, b, cause, voids, ask) if voids > 0 else judged(relative(a, b, ask.lookahead), cause, ask)
    if found.verdict != CLEAR:
        write(out, count, one, other, found)
        count += 1
    return count


@part
def judge_some(s: Sorted, noted: Counts, some: int, ask: Asked, out: Records, count: int) -> int:
    """Judges the noted pairs; how many rows the table has then. There is room for AT_ONCE times as many as are noted."""
    order, address = s.order, s.exact.ctypes.data
    for n in range(some):
        base, bits = noted[n, 1], np.uint32(noted[n, 2])
        fetch(address + STATE_BYTES * order[noted[n, 0]])
        while bits != 0:
            fetch(address + STATE_BYTES * order[base + lowest(bits)])
            bits &= bits - np.uint32(1)
    for n in range(some):
        k, base, bits = noted[n, 0], noted[n, 1], np.uint32(noted[n, 2])
        while bits != 0:
            count = judge_one(s, k, base + lowest(bits), ask, out, count)
            bits &= bits - np.uint32(1)
    return count


@part
def with_room(out: Records, count: int, room: int) -> Records:
    """The table, or one that is twice as large, so that `room` more rows fit."""
    if count + room <= out.shape[0]:
        return out
    larger = np.empty(2 * out.shape[0] + room, _MEETING)
    larger[:count] = out[:count]
    return larger


@kernel
def search(grid: Grid, s: Sorted, ask: Asked, cell_from: int, cell_to: int, most: int) -> tuple[Records, int, int]:
    """Everything found of pairs of which the first lies in these cells: the table, its rows, and how many pairs were filtered.

    It stops when more than `most` are found, and then has found more than `most`.
    """
    out, count, tried, some = np.empty(NOTED, _MEETING), 0, 0, 0
    noted, parts, row = np.empty((2 * NOTED + 1, 3), np.int32), np.empty((3 * (ROWS_AHEAD + 1), 2), np.int32), 0
    start, first, reach, wraps, quick, bounds = s.start, grid.first, grid.reach, grid.wraps, s.quick, bounds_of(s.quick, ask)
    for cell in range(cell_from, cell_to):
        if start[cell] == start[cell + 1]:
            continue
        while first[row + 1] <= cell:
            row += 1
        count_parts = slices(first, reach, wraps, start, row, cell, parts)
        for k in range(start[cell], start[cell + 1]):
            one = one_of(quick, k)
            for n in range(count_parts):
                lo, hi = max(k + 1, parts[n, 0]) if n == 0 else parts[n, 0], parts[n, 1]
                tried += max(0, hi - lo)
                while lo < hi:
                    some = note(bounds, one, k, lo, min(hi, lo + STRETCH), noted, some)
                    lo += STRETCH
                    if some >= NOTED:
                        out = with_room(out, count, AT_ONCE * some)
                        count, some = judge_some(s, noted, some, ask, out, count), 0
        if count > most:
            return out, count, tried
    out = with_room(out, count, AT_ONCE * some)
    return out, judge_some(s, noted, some, ask, out, count), tried


@kernel
def search_rest(s: Sorted, ask: Asked, state_from: int, state_to: int, most: int) -> tuple[Records, int, int]:
    """The same of these sorted states and all those before them."""
    out, count, tried, some = np.empty(NOTED, _MEETING), 0, 0, 0
    noted, quick, bounds = np.empty((2 * NOTED + 1, 3), np.int32), s.quick, bounds_of(s.quick, ask)
    for k in range(state_from, state_to):
        tried += k
        one = one_of(quick, k)
        for lo in range(0, k, STRETCH):
            some = note(bounds, one, k, lo, min(k, lo + STRETCH), noted, some)
            if some >= NOTED:
                out = with_room(out, count, AT_ONCE * some)
                count, some = judge_some(s, noted, some, ask, out, count), 0
        if count > most:
            break
    out = with_room(out, count, AT_ONCE * some)
    return out, judge_some(s, noted, some, ask, out, count), tried
