"""The balls of one slab in rows over the earth, and which stretches of them are within reach of one cell.

Rows are bands of geocentric latitude, cells parts of a row; a pair within reach is in one row or in two that adjoin. What does not fit the
rows (a ball much larger than the others, a number that is none) is `wide` and will be compared with all.

Frame : ECEF.
Units : metres, radians.
Source: docs/maths/detect.md.
Twin  : all pairs, in the tests.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.screen import Ordered
from tafadi.engine.layout import Floats, Int32s, Ints, Records, leaf, part

INNER_M: Final = 6_330_000.0  # nearer to the earth's centre is no place on a row: the middle of a chord of 650 km
BALL_MOST_M: Final = 300_000.0  # such a chord at most, and so a ball that fits the rows
LARGER: Final = 3.0  # times the mean: the size up to which balls share rows
ANGLE_SLACK: Final = 2e-5  # radians that `angle` is wrong, at most, twice over
FINER: Final = 4  # cells in a square as high as a row: the window is a quarter too wide at most
CELLS_PER_BALL: Final = 4  # rows need not be lower than they must: more cells than this are empty


class Rows(NamedTuple):
    """Rows from pole to pole, each `height` radians high, and how far a pair within reach can be apart in each and into the next."""

    height: float
    first: Ints  # [rows + 1] the number of the first cell of each
    ahead: Ints  # [rows] cells to the east that are within reach, the cell itself not counted; all of them where that says nothing
    share: Floats  # [rows] cells of the next row (to the north) for one of this; 0 where there is none
    beside: Floats  # [rows] cells of the next row that a pair within reach can be apart


class Stretch(NamedTuple):
    """Balls in order; empty when start >= end."""

    start: int
    end: int


class Cells(NamedTuple):
    """Cells of a row, west <= cell < east, of which there are `across`; those beyond its ends are at the other end."""

    west: int
    east: int
    across: int


@leaf
def angle(y: float, x: float) -> float:
    """atan2, wrong by 1e-5 at most: enough to find a cell. Abramowitz & Stegun 4.4.49."""
    least, most = min(abs(x), abs(y)), max(abs(x), abs(y))
    ratio = least / most if most > 0.0 else 0.0
    s = ratio * ratio
    result = ratio * (0.9998660 + s * (-0.3302995 + s * (0.1801410 + s * (-0.0851330 + s * 0.0208351))))
    result = math.pi / 2 - result if abs(y) > abs(x) else result
    result = math.pi - result if x < 0.0 else result
    return -result if y < 0.0 else result


@part
def rows_for(reach: float, count: int) -> Rows:
    """Rows for pairs at most `reach` apart, of so many balls."""
    least = 2.0 * math.asin(reach / (2.0 * INNER_M)) + ANGLE_SLACK
    rows = max(1, int(math.pi / max(least, math.sqrt(4.0 * math.pi / (CELLS_PER_BALL * count)))))
    height = math.pi / rows
    first, ahead = np.zeros(rows + 1, np.int64), np.empty(rows, np.int64)
    share, beside = np.zeros(rows), np.empty(rows)
    for r in range(rows):
        south = r * height - math.pi / 2.0
        widest = 1.0 if south < 0.0 < south + height else max(math.cos(south), math.cos(south + height))
        narrowest = min(math.cos(south), math.cos(min(math.pi / 2.0, south + 2.0 * height)))
        across = max(1, int(2.0 * math.pi * widest / height * FINER))
        first[r + 1] = first[r] + across
        sine = reach / (2.0 * INNER_M * narrowest) if narrowest > 0.0 else 1.0
        # Of the whole way around.
        beside[r] = (2.0 * math.asin(sine) + ANGLE_SLACK) / (2.0 * math.pi) if sine < 0.9 else 1.0
        wide = int(beside[r] * across) + 1
        ahead[r] = across if 2 * wide + 2 >= across else wide
    for r in range(rows - 1):
        here, north = first[r + 1] - first[r], first[r + 2] - first[r + 1]
        share[r], beside[r] = north / here, beside[r] * north
    return Rows(height, first, ahead, share, beside)


@leaf
def size_of(balls: Records, n: int) -> float:
    """A pair is kept within the sum of both sizes, at most."""
    return float(balls[n]["radius"] + balls[n]["minimum"])


@part
def fitting(balls: Records, first: int, last: int) -> float:
    """The size up to which balls share rows: three times the mean, and never more than the rows hold."""
    total, numbers, most = 0.0, 0, 0.0
    for n in range(first, last):
        size = size_of(balls, n)
        if size <= BALL_MOST_M:
            total, numbers, most = total + size, numbers + 1, max(most, size)
    return min(most, LARGER * total / numbers) if numbers > 0 else 0.0


@part
def cells_of(balls: Records, first: int, last: int, size: float, rows: Rows, cell: Int32s) -> None:
    """The cell of each ball from first to last (not included), written into `cell`; the number of cells itself for those that are wide."""
    wide = rows.first[-1]
    for n in range(first, last):
        x, y, z = float(balls[n]["x"]), float(balls[n]["y"]), float(balls[n]["z"])
        around = math.sqrt(x * x + y * y)
        cell[n - first] = wide
        if size_of(balls, n) <= size and around * around + z * z >= INNER_M * INNER_M:
            r = min(rows.first.shape[0] - 2, int((angle(z, around) + math.pi / 2.0) / rows.height))
            across = rows.first[r + 1] - rows.first[r]
            cell[n - first] = rows.first[r] + min(across - 1, int((angle(y, x) + math.pi) / (2.0 * math.pi) * across))


@part
def sort_balls(balls: Records, first: int, cell: Int32s, count: int, begin: Int32s, into: Ordered) -> None:
    """So many balls from the first on, in the order of their cells, written into `into`; cell c holds begin[c] <= n < begin[c + 1]."""
    begin[:] = 0
    for n in range(count):
        begin[cell[n] + 2] += 1
    for c in range(2, begin.shape[0]):
        begin[c] += begin[c - 1]
    metres, steps = into.metres, into.steps
    for m in range(count):
        to, n = begin[cell[m] + 1], first + m
        begin[cell[m] + 1] += 1
        ball = balls[n]
        metres[0, to], metres[1, to], metres[2, to] = ball["x"], ball["y"], ball["z"]
        metres[3, to], metres[4, to] = ball["radius"], ball["minimum"]
        steps[5, to], steps[6, to], steps[7, to] = ball["low"], ball["high"], ball["apart"]
        into.ball[to] = n


@leaf
def side_of(side: int, here: Stretch, over: Stretch, beside: Stretch, across: Stretch) -> Stretch:
    """One of four stretches."""
    if side == 0:
        result = here
    elif side == 1:
        result = over
    elif side == 2:
        result = beside
    else:
        result = across
    return result


@leaf
def ahead(rows: Rows, r: int, column: int) -> Cells:
    """The cells of the row that lie to the east of this one within reach, this one included; or all of the row that follow."""
    across = rows.first[r + 1] - rows.first[r]
    return Cells(column, across if rows.ahead[r] == across else column + rows.ahead[r] + 1, across)


@leaf
def beyond(rows: Rows, r: int, column: int) -> Cells:
    """The cells of the row to the north that are within reach; a row that is not there has none."""
    if rows.share[r] == 0.0:
        west, east, across = 0, 0, 0
    else:
        across = rows.first[r + 2] - rows.first[r + 1]
        west = math.floor(column * rows.share[r] - rows.beside[r])
        east = math.floor((column + 1) * rows.share[r] + rows.beside[r]) + 1
        if east - west >= across:
            west, east = 0, across
    return Cells(west, east, across)


@leaf
def between(begin: Int32s, first: int, last: int) -> Stretch:
    """The balls in cells first to last (not included)."""
    return Stretch(0 + begin[first], 0 + begin[last])  # 0 makes 8 bytes of 4


@leaf
def main_of(cells: Cells, base: int, begin: Int32s) -> Stretch:
    """The balls in those cells that are in the row."""
    return between(begin, base + max(0, cells.west), base + min(cells.across, cells.east))


@leaf
def over_of(cells: Cells, base: int, begin: Int32s) -> Stretch:
    """The balls in those cells that are at the other end of the row, across the seam: they are beyond one end, never beyond both."""
    first = cells.across + cells.west if cells.west < 0 else 0
    last = cells.across if cells.west < 0 else max(0, cells.east - cells.across)
    return between(begin, base + first, base + last)
