"""Where is every flying body during one slab of time? In a ball, in a band of heights, and nearly on a straight line.

A ball holds all of its body's places during the slab: the middle between the first and the last, and the greatest distance from it to any
waypoint between, with room for how far the geodesics bend away from their chords. Everything is kept in 4 bytes, rounded outwards:

  places  : float32 metres, 0.25 m off at most; two of them, and the square of their distance, cost less than ROUNDING_M
  heights : whole steps of 0.1 mm. Flight levels that are exactly the minima apart stay exactly that apart; STEP_SLACK, a fiftieth of
            EDGE_M, is given up in the direction that keeps a pair. Heights that do not compare with the others are a band without bounds

The line is what a body would fly that moves evenly from its first place in the slab to its last; `bend` is how far it strays from that. One
that is there for a part of the slab has its line drawn out over all of it, and is looked at only while it is there.

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
from tafadi.engine.layout import Bools, Floats, Ints, Paths, Records, leaf, part

ROUNDING_M: Final = 1.0  # of each ball; see above
ROUNDING: Final = 1e-6  # and this share of its radius, of which float32 keeps seven digits
HEIGHT_STEPS: Final = 10_000.0  # per metre
STEP_SLACK: Final = 2e-3  # of a step
HEIGHT_LIMIT: Final = 1_000_000_000  # steps: 100 km; twice this still fits 4 bytes
SHARES: Final = 65_535.0  # of a slab
SHARE_SLACK: Final = 1e-6  # of a share, for rounding
STEEPEST: Final = 16.0  # a body that is there for less than this part of a slab is taken as at rest
APART_LIMIT: Final = 2_100_000_000  # steps; more than any two can be apart


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
        *((name, np.float32) for name in ("half_x", "half_y", "half_z")),  # as far as it moves in half a slab; 0: taken as at rest
        ("bend", np.float32),  # how far the body is, at most, from moving so straight through the centre at the middle of its time
        ("path", np.int32),
        *((name, np.uint16) for name in ("begin", "end")),  # its time, in SHARES of the slab, rounded outwards
        ("piece", np.int64),  # in which the slab begins for it
    ],
    align=True,
)


class Slabs(NamedTuple):
    """Slabs of equal length, one after the other."""

    origin_ns: int
    slab_ns: int
    number: int


class End(NamedTuple):
    """Where a path is at the end of a span: the piece, the place and the height."""

    piece: int
    place: Point
    height: float


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
def put_place(ball: Records, centre: Point, half: Point, radius: float, bend: float) -> None:
    """Where a ball is and how it moves, written; with room for the rounding."""
    ball["x"], ball["y"], ball["z"] = centre.x, centre.y, centre.z
    ball["half_x"], ball["half_y"], ball["half_z"] = half.x, half.y, half.z
    room = radius * ROUNDING + ROUNDING_M + ROOM_M
    ball["radius"], ball["bend"] = radius + room, bend + room


@leaf
def put_band(ball: Records, low: float, high: float, bounded: bool) -> None:
    """The heights of a ball, written; a band without bounds where they are no numbers, or do not compare."""
    ball["low"] = lower_steps(low) if bounded else -HEIGHT_LIMIT
    ball["high"] = -lower_steps(-high) if bounded else HEIGHT_LIMIT


@leaf
def put_time(ball: Records, begin: float, end: float) -> None:
    """When in the slab the body is there, from 0 to 1, written; rounded outwards."""
    ball["begin"] = max(0, math.floor(begin * SHARES - SHARE_SLACK))
    ball["end"] = min(int(SHARES), math.ceil(end * SHARES + SHARE_SLACK))


@leaf
def between(a: Point, b: Point, share: float) -> Point:
    """The place that is so far on the way from a to b."""
    return Point(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y), a.z + share * (b.z - a.z))


@leaf
def fill_one(flown: Flown, first: int, here: Point, height: float, begin_ns: int, end_ns: int, slab_ns: int, ball: Records) -> End:
    """Where a span of a path ends that begins `here`, in piece `first`; its ball is written."""
    paths, last = flown.paths, first
    while paths.at_ns[last + 1] < end_ns:
        last += 1
    there, level = on_chord(paths, last, end_ns)
    low, high, heights = min(height, level), max(height, level), height + level
    centre, half = between(here, there, 0.5), times(0.5, minus(there, here))
    square, bend, longest, lengths, usual = dot(half, half), 0.0, 0.0, 0.0, True
    each = 1.0 / (end_ns - begin_ns)
    for m in range(first, last + 1):
        along = minus(row(paths.place_m, m + 1), row(paths.place_m, m))
        long = dot(along, along)
        longest, lengths = max(longest, long), lengths + long
        usual = usual and paths.datum[m] == flown.datum
        if m > first:
            away = minus(row(paths.place_m, m), centre)
            aside = minus(row(paths.place_m, m), between(here, there, (paths.at_ns[m] - begin_ns) * each))
            square, bend = max(square, dot(away, away)), max(bend, dot(aside, aside))
            low, high, heights = min(low, paths.height_m[m]), max(high, paths.height_m[m]), heights + paths.height_m[m]
    # A number that is none may be passed over by min and max; a sum keeps it.
    finite = math.isfinite(lengths)
    sag = longest * (1.0 / SAG_RADIUS_M)
    radius = math.sqrt(square) + sag if finite else math.nan
    stretch = slab_ns * each
    if finite and stretch <= STEEPEST:
        # Shares of the slab are rounded, and so is the middle of its time; of one that is there all the time it is not.
        aside_m = 0.0 if stretch == 1.0 else math.sqrt(dot(half, half)) * stretch * (4.0 / SHARES)
        put_place(ball, centre, times(stretch, half), radius, math.sqrt(bend) + sag + aside_m)
    else:
        put_place(ball, centre, Point(0.0, 0.0, 0.0), radius, radius)
    put_band(ball, low, high, usual and finite and math.isfinite(heights))
    ball["piece"] = first
    return End(last, there, level)


@part
def fill_path(flown: Flown, p: int, first: int, after: int, piece: int, slabs: Slabs, next_one: Ints, balls: Records) -> int:
    """The piece in which path p leaves slabs first <= slab < after, from one not after they begin; its balls in them are written."""
    paths, k = flown.paths, piece
    minimum, apart = flown.horizontal_m[p] * (1.0 + STRETCH), apart_steps(flown.vertical_m[p])
    begin_ns = max(slabs.origin_ns + first * slabs.slab_ns, flown.begin_ns[p])
    while paths.at_ns[k + 1] <= begin_ns:
        k += 1
    here, height = on_chord(paths, k, begin_ns)
    for slab in range(first, after):
        start_ns = slabs.origin_ns + slab * slabs.slab_ns
        end_ns = min(start_ns + slabs.slab_ns, flown.end_ns[p])
        if paths.at_ns[k + 1] <= begin_ns:  # a slab ended where a piece did
            k += 1
        ball = balls[next_one[slab]]
        next_one[slab] += 1
        ball["minimum"], ball["apart"], ball["path"] = minimum, apart, p
        put_time(ball, (begin_ns - start_ns) / slabs.slab_ns, (end_ns - start_ns) / slabs.slab_ns)
        # Where one slab ends the next begins.
        k, here, height = fill_one(flown, k, here, height, begin_ns, end_ns, slabs.slab_ns, ball)
        begin_ns = end_ns
    return k


@part
def fill(flown: Flown, cursor: Ints, slabs: Slabs, begin: Ints, balls: Records) -> None:
    """The balls of all slabs, written slab after slab; `cursor` holds for each path a piece not after the first slab, and is moved on.

    Path after path, so that memory is read in the order in which it lies.
    """
    next_one = begin.copy()
    for p in range(flown.begin_ns.shape[0]):
        first, after = slabs_of(flown, p, slabs)
        if first < after:
            cursor[p] = fill_path(flown, p, first, after, cursor[p], slabs, next_one, balls)
