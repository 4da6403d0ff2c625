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

from tafadi.engine.kernels.meeting import MEETING, Asked, Meeting, cause_of, judged, judged_void, relative, state_at
from tafadi.engine.kernels.placing import AT_ONCE, NOWHERE, ORDINARY, SLOTS, VOID, Moved, Raw
from tafadi.engine.layout import CLEAR, Bytes, Codes, Floats, Records, kernel, leaf, part

Quick = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int32]

ROWS_AHEAD: Final = 2  # rows to a reach: thinner ones fit better, and cost more slices
NOTED: Final = 512  # pairs that passed the filter are noted, and then judged so many in one go

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
    exact: Floats  # [n, 8] place, velocity, height now, climb
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
    order, exact, quick, datum_out, kind_out = out.order, out.exact, out.quick, out.datum, out.kind
    slot, half = ask.slot, 0.5 * ask.lookahead
    for k in range(lo, hi):
        i = order[k]
        for axis in range(8):
            exact[k, axis] = states[i, axis]
        for axis in range(6):
            quick[axis, k] = states[i, axis]
        height, climb, datum = states[i, 6], states[i, 7], datums[i]
        known = not math.isnan(height)
        quick[6, k] = height + climb * half if known else 0.0
        quick[7, k] = climb + datum * slot if known else (SLOTS - 1) * slot
        datum_out[k] = datum if known else -1
        kind_out[k] = kinds[i]


class Lanes(NamedTuple):
    """The rows of Sorted.quick, one by one, and the bounds of the filter in float32."""

    x: Quick
    y: Quick
    z: Quick
    vx: Quick
    vy: Quick
    vz: Quick
    height: Quick
    climb: Quick
    reach2: np.float32
    half: np.float32
    band: np.float32
    least: np.float32


@leaf
def lanes(quick: Quick, ask: Asked) -> Lanes:
    """What the filter reads."""
    return Lanes(
        quick[0], quick[1], quick[2], quick[3], quick[4], quick[5], quick[6], quick[7],
        np.float32(ask.reach2), np.float32(0.5 * ask.lookahead), np.float32(ask.band), np.float32(ask.least),
    )  # fmt: skip


def _mark(r: Lanes, k: int, lo: int) -> np.uint32:
    """A bit for each of the AT_ONCE states from lo on: set where it may meet k. A NaN sets it.

    The square of the distance at t is a + R² + 2 b t + c t². With tb = c t, c times its least excess over R² is a c + tb (2 b + tb).
    """
    x, y, z, vx, vy, vz = r.x[k], r.y[k], r.z[k], r.vx[k], r.vy[k], r.vz[k]
    height, climb = r.height[k], r.climb[k]
    bits = np.uint32(0)
    for n in range(AT_ONCE):
        q = np.uintp(lo) + np.uintp(n)  # an index that cannot be negative is one that need not be looked at
        dx, dy, dz = r.x[q] - x, r.y[q] - y, r.z[q] - z
        ux, uy, uz = r.vx[q] - vx, r.vy[q] - vy, r.vz[q] - vz
        a = dx * dx + dy * dy + dz * dz - r.reach2
        b = dx * ux + dy * uy + dz * uz
        c = ux * ux + uy * uy + uz * uz + r.least
        most = c * r.half
        tb = min(max(-b, -most), most)
        outside = a * c + tb * (b + b + tb)
        apart = abs(r.height[q] - height) - abs(r.climb[q] - climb) * r.half - r.band
        bits |= np.uint32((not outside >= 0) & (not apart >= 0)) << np.uint32(n)
    return bits


# contract: a product and a sum may be one step, which is only more exact; what fastmath=True would add deletes the test for NaN.
mark: Final[Any] = nb.njit(error_model="numpy", fastmath={"contract"}, forceinline=True)(_mark)


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


@part
def keep(k: int, lo: int, hi: int, bits: np.uint32, near: Counts, count: int) -> int:
    """Notes the marked ones from lo to hi as near to k, behind the `count` that are noted; how many are noted then."""
    for n in range(hi - lo):  # written in any case, and kept where the bit is set: cheaper than a branch that nobody can foretell
        near[count, 0], near[count, 1] = k, lo + n
        count += int((bits >> np.uint32(n)) & np.uint32(1))
    return count


@part
def judge_some(s: Sorted, near: Counts, some: int, ask: Asked, out: Records, count: int) -> int:
    """Judges the noted pairs and writes those not CLEAR behind the `count` rows of the table; how many there are then."""
    order, exact, datum, kind = s.order, s.exact, s.datum, s.kind
    for n in range(some):
        k, j = near[n, 0], near[n, 1]
        a, b, cause = state_at(exact, k), state_at(exact, j), cause_of(datum[k], datum[j])
        voids = (1 if kind[k] == VOID else 0) + (1 if kind[j] == VOID else 0)
        found = judged_void(a, b, cause, voids, ask) if voids > 0 else judged(relative(a, b, ask.lookahead), cause, ask)
        if found.verdict != CLEAR:
            write(out, count, order[k], order[j], found)
            count += 1
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
    near, parts, row = np.empty((NOTED + AT_ONCE, 2), np.int32), np.empty((3 * (ROWS_AHEAD + 1), 2), np.int32), 0
    start, first, reach, wraps, quick = s.start, grid.first, grid.reach, grid.wraps, lanes(s.quick, ask)
    for cell in range(cell_from, cell_to):
        if start[cell] == start[cell + 1]:
            continue
        while first[row + 1] <= cell:
            row += 1
        count_parts = slices(first, reach, wraps, start, row, cell, parts)
        for k in range(start[cell], start[cell + 1]):
            for n in range(count_parts):
                lo, hi = max(k + 1, parts[n, 0]) if n == 0 else parts[n, 0], parts[n, 1]
                tried += max(0, hi - lo)
                for base in range(lo, hi, AT_ONCE):
                    bits = mark(quick, k, base)
                    if bits != 0:
                        some = keep(k, base, min(base + AT_ONCE, hi), bits, near, some)
                        if some > NOTED:
                            out = with_room(out, count, some)
                            count, some = judge_some(s, near, some, ask, out, count), 0
            if count > most:
                return out, count, tried
    out = with_room(out, count, some)
    return out, judge_some(s, near, some, ask, out, count), tried


@kernel
def search_rest(s: Sorted, ask: Asked, state_from: int, state_to: int, most: int) -> tuple[Records, int, int]:
    """The same of these sorted states and all those before them."""
    out, count, tried, some = np.empty(NOTED, _MEETING), 0, 0, 0
    near, quick = np.empty((NOTED + AT_ONCE, 2), np.int32), lanes(s.quick, ask)
    for k in range(state_from, state_to):
        tried += k
        for base in range(0, k, AT_ONCE):
            bits = mark(quick, k, base)
            if bits != 0:
                some = keep(k, base, min(base + AT_ONCE, k), bits, near, some)
                if some > NOTED:
                    out = with_room(out, count, some)
                    count, some = judge_some(s, near, some, ask, out, count), 0
        if count > most:
            break
    out = with_room(out, count, some)
    return out, judge_some(s, near, some, ask, out, count), tried
