"""Where is every flying body during one slab of time? In a ball, in a band of heights; and the balls in rows over the earth.

A ball holds all of its body's places during the slab: the middle between the first and the last, and the greatest distance from it to any
waypoint between, with room for how far the geodesics bend away from their chords. Everything is kept in 4 bytes, rounded outwards:

  places  : float32 metres, 0.25 m off at most; two of them, and the square of their distance, cost less than ROUNDING_M
  heights : whole steps of 0.1 mm. Flight levels that are exactly the minima apart stay exactly that apart; STEP_SLACK, a fiftieth of
            EDGE_M, is given up in the direction that keeps a pair. Heights that do not compare with the others are a band without bounds

Rows are bands of geocentric latitude, cells parts of a row; a pair within reach is in one row or in two that adjoin. What does not fit the
rows (a ball much larger than the others, a number that is none) is `wide` and will be compared with all.

Frame : ECEF.
Units : metres; heights in whole 0.1 mm.
Time  : seconds after the origin of the slabs.
Source: docs/maths/detect.md.
Twin  : all pairs, in the tests.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.chords import ROOM_M, SAG_RADIUS_M, STRETCH
from tafadi.engine.kernels.surface import Point, dot, minus, row, times
from tafadi.engine.layout import Bools, Float32s, Floats, Int32s, Ints, Paths, Records, leaf, part

ROUNDING_M: Final = 1.0  # of each ball; see above
ROUNDING: Final = 1e-6  # and this share of its radius, of which float32 keeps seven digits
HEIGHT_STEPS: Final = 10_000.0  # per metre
STEP_SLACK: Final = 2e-3  # of a step
HEIGHT_LIMIT: Final = 1_000_000_000  # steps: 100 km; twice this still fits 4 bytes
APART_LIMIT: Final = 2_100_000_000  # steps; more than any two can be apart
INNER_M: Final = 6_330_000.0  # nearer to the earth's centre is no place on a row: the middle of a chord of 650 km
BALL_MOST_M: Final = 300_000.0  # such a chord at most, and so a ball that fits the rows
LARGER: Final = 3.0  # times the mean: the size up to which balls share rows
ANGLE_SLACK: Final = 2e-5  # radians that `angle` is wrong, at most, twice over
FINER: Final = 4  # cells in a square as high as a row: the window is a quarter too wide at most
CELLS_PER_BALL: Final = 4  # rows need not be lower than they must: more cells than this are empty


class Flown(NamedTuple):
    """What the join is given: paths, and of each what its notice asks for and says."""

    paths: Paths
    begin_ns: Ints  # [paths]
    end_ns: Ints
    horizontal_m: Floats
    vertical_m: Floats
    stated: Bools  # [paths] whether minima are stated
    datum: int  # in which most heights are given; those in others do not compare


# One ball: a line of the cache.
BALL: Final = np.dtype(
    [
        *((name, np.float32) for name in ("x", "y", "z", "radius", "minimum")),  # the minimum is the horizontal one
        *((name, np.int32) for name in ("low", "high", "apart")),  # apart: the vertical minimum
        *((name, np.float32) for name in ("half_x", "half_y", "half_z")),  # to where it is when the slab ends; 0: not there all the time
        ("bend", np.float32),  # how far the body is, at most, from moving straight from the one end to the other
        ("path", np.int32),
        ("piece", np.int64),  # in which the slab begins for it
    ],
    align=True,
)


class Ordered(NamedTuple):
    """What is looked at of the balls of one slab first, in the order of their cells; the arrays are longer than there are balls."""

    x: Float32s
    y: Float32s
    z: Float32s
    radius: Float32s
    minimum: Float32s
    low: Int32s
    high: Int32s
    apart: Int32s
    ball: Int32s  # the number of each


class Slabs(NamedTuple):
    """Slabs of equal length, one after the other."""

    origin_ns: int
    slab_ns: int
    number: int


class Rows(NamedTuple):
    """Rows from pole to pole, each `height` radians high, and how wide a pair within reach can be apart in each."""

    height: float
    first: Ints  # [rows + 1] the number of the first cell of each
    window: Floats  # [rows] radians of longitude


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
def room_for(count: int) -> Ordered:
    """Room for so many balls in order."""
    x, y, z = np.empty(count, np.float32), np.empty(count, np.float32), np.empty(count, np.float32)
    radius, minimum = np.empty(count, np.float32), np.empty(count, np.float32)
    low, high, apart = np.empty(count, np.int32), np.empty(count, np.int32), np.empty(count, np.int32)
    return Ordered(x, y, z, radius, minimum, low, high, apart, np.empty(count, np.int32))


@leaf
def slabs_of(flown: Flown, p: int, slabs: Slabs) -> tuple[int, int]:
    """The first slab in which path p flies, and the one after the last; the same when it flies in none."""
    first = min(slabs.number, max(0, (flown.begin_ns[p] - slabs.origin_ns) // slabs.slab_ns))
    after = min(slabs.number, (flown.end_ns[p] - slabs.origin_ns + slabs.slab_ns - 1) // slabs.slab_ns)
    return first, max(first, after)


@part
def count_balls(flown: Flown, slabs: Slabs) -> Ints:
    """int64[slabs + 1]: how many paths fly in the slabs before each one, all together."""
    change = np.zeros(slabs.number + 1, np.int64)
    for p in range(flown.begin_ns.shape[0]):
        first, after = slabs_of(flown, p, slabs)
        change[first] += 1
        change[after] -= 1
    begin = np.zeros(slabs.number + 1, np.int64)
    begin[1:] = np.cumsum(np.cumsum(change[:-1]))
    return begin


@leaf
def on_chord(paths: Paths, k: int, at_ns: int) -> tuple[Point, float]:
    """Place and height on the chord of piece k at an instant."""
    u = (at_ns - paths.at_ns[k]) / (paths.at_ns[k + 1] - paths.at_ns[k])
    a, along = row(paths.place_m, k), minus(row(paths.place_m, k + 1), row(paths.place_m, k))
    return Point(a.x + u * along.x, a.y + u * along.y, a.z + u * along.z), paths.height_m[k] + u * (
        paths.height_m[k + 1] - paths.height_m[k]
    )


@leaf
def lower_steps(height: float) -> int:
    """Whole steps at or below the height."""
    return math.floor(max(min(height * HEIGHT_STEPS, HEIGHT_LIMIT), -HEIGHT_LIMIT) + STEP_SLACK)


@leaf
def apart_steps(vertical: float) -> int:
    """Steps: a pair in conflict is less than this apart."""
    return math.ceil(min(vertical * HEIGHT_STEPS - 3 * STEP_SLACK, APART_LIMIT))


@leaf
def put_place(balls: Records, n: int, centre: Point, half: Point, radius: float, bend: float) -> None:
    """Where ball n is and how it moves, written; with room for the rounding."""
    ball = balls[n]
    ball["x"], ball["y"], ball["z"] = centre.x, centre.y, centre.z
    ball["half_x"], ball["half_y"], ball["half_z"] = half.x, half.y, half.z
    room = radius * ROUNDING + ROUNDING_M + ROOM_M
    ball["radius"], ball["bend"] = radius + room, bend + room


@leaf
def put_band(balls: Records, n: int, low: float, high: float, bounded: bool) -> None:
    """The heights of ball n, written; a band without bounds where they are no numbers, or do not compare."""
    balls[n]["low"] = lower_steps(low) if bounded else -HEIGHT_LIMIT
    balls[n]["high"] = -lower_steps(-high) if bounded else HEIGHT_LIMIT


@leaf
def between(a: Point, b: Point, share: float) -> Point:
    """The place that is so far on the way from a to b."""
    return Point(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y), a.z + share * (b.z - a.z))


@leaf
def fill_one(flown: Flown, p: int, first: int, begin_ns: int, end_ns: int, slab_ns: int, balls: Records, n: int) -> int:
    """The piece in which a span of path p ends, when `first` is that in which it begins; its ball is written as ball n."""
    paths, last = flown.paths, first
    while paths.at_ns[last + 1] < end_ns:
        last += 1
    (here, height), (there, level) = on_chord(paths, first, begin_ns), on_chord(paths, last, end_ns)
    low, high, heights = min(height, level), max(height, level), height + level
    centre, half = between(here, there, 0.5), times(0.5, minus(there, here))
    square, bend, longest, lengths, usual = dot(half, half), 0.0, 0.0, 0.0, True
    for m in range(first, last + 1):
        along = minus(row(paths.place_m, m + 1), row(paths.place_m, m))
        longest, lengths = max(longest, dot(along, along)), lengths + dot(along, along)
        usual = usual and paths.datum[m] == flown.datum
        if m > first:
            away = minus(row(paths.place_m, m), centre)
            aside = minus(row(paths.place_m, m), between(here, there, (paths.at_ns[m] - begin_ns) / (end_ns - begin_ns)))
            square, bend = max(square, dot(away, away)), max(bend, dot(aside, aside))
            low, high, heights = min(low, paths.height_m[m]), max(high, paths.height_m[m]), heights + paths.height_m[m]
    # A number that is none may be passed over by min and max; a sum keeps it.
    finite = math.isfinite(lengths)
    sag = longest / SAG_RADIUS_M
    radius = math.sqrt(square) + sag if finite else math.nan
    whole = end_ns - begin_ns == slab_ns and finite
    put_place(balls, n, centre, half if whole else Point(0.0, 0.0, 0.0), radius, math.sqrt(bend) + sag if whole else radius)
    put_band(balls, n, low, high, usual and finite and math.isfinite(heights))
    balls[n]["minimum"], balls[n]["apart"] = flown.horizontal_m[p] * (1.0 + STRETCH), apart_steps(flown.vertical_m[p])
    balls[n]["path"], balls[n]["piece"] = p, first
    return last


@part
def fill(flown: Flown, cursor: Ints, slabs: Slabs, begin: Ints, balls: Records) -> None:
    """The balls of all slabs, written slab after slab; `cursor` holds for each path a piece not after the first slab, and is moved on.

    Path after path, so that memory is read in the order in which it lies.
    """
    paths, next_one = flown.paths, begin.copy()
    for p in range(flown.begin_ns.shape[0]):
        first, after = slabs_of(flown, p, slabs)
        k = cursor[p]
        for slab in range(first, after):
            start_ns = slabs.origin_ns + slab * slabs.slab_ns
            begin_ns, end_ns = max(start_ns, flown.begin_ns[p]), min(start_ns + slabs.slab_ns, flown.end_ns[p])
            while paths.at_ns[k + 1] <= begin_ns:
                k += 1
            n = next_one[slab]
            next_one[slab] += 1
            k = fill_one(flown, p, k, begin_ns, end_ns, slabs.slab_ns, balls, n)
        cursor[p] = k


@part
def rows_for(reach: float, count: int) -> Rows:
    """Rows for pairs at most `reach` apart, of so many balls."""
    least = 2.0 * math.asin(reach / (2.0 * INNER_M)) + ANGLE_SLACK
    rows = max(1, int(math.pi / max(least, math.sqrt(4.0 * math.pi / (CELLS_PER_BALL * count)))))
    height = math.pi / rows
    first, window = np.zeros(rows + 1, np.int64), np.empty(rows)
    for r in range(rows):
        south = r * height - math.pi / 2.0
        widest = 1.0 if south < 0.0 < south + height else max(math.cos(south), math.cos(south + height))
        narrowest = min(math.cos(south), math.cos(min(math.pi / 2.0, south + 2.0 * height)))
        first[r + 1] = first[r] + max(1, int(2.0 * math.pi * widest / height * FINER))
        sine = reach / (2.0 * INNER_M * narrowest) if narrowest > 0.0 else 1.0
        window[r] = 2.0 * math.asin(sine) + ANGLE_SLACK if sine < 0.9 else 2.0 * math.pi
    return Rows(height, first, window)


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
    for m in range(count):
        to, n = begin[cell[m] + 1], first + m
        begin[cell[m] + 1] += 1
        ball = balls[n]
        into.x[to], into.y[to], into.z[to] = ball["x"], ball["y"], ball["z"]
        into.radius[to], into.minimum[to] = ball["radius"], ball["minimum"]
        into.low[to], into.high[to], into.apart[to] = ball["low"], ball["high"], ball["apart"]
        into.ball[to] = n
