"""Which pairs of paths may lose their minima at all, and when? A join on slabs of time and rows over the earth.

In each slab the balls of all flying bodies (`slabs`) are put in rows, in order; those within reach of one another lie in one or two
stretches of its row and of the next. A look at distance and height, without a branch, passes over nearly all of them; both chords
(`paths.near_time`) over nearly all of the rest. What is left is kept once for each pair, with the time from the first such slab to the
last. Nothing is decided here: the join errs towards keeping, and a number that is none keeps its pair.

Units : metres, seconds; instants in nanoseconds.
Source: docs/maths/detect.md.
Twin  : all pairs, in the tests.
"""

import math
from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np

from tafadi.engine.kernels.chords import near_time
from tafadi.engine.kernels.closest import Span
from tafadi.engine.kernels.legs import seconds
from tafadi.engine.kernels.slabs import (
    BALL,
    Flown,
    Ordered,
    Rows,
    Slabs,
    cells_of,
    count_balls,
    fill,
    fitting,
    room_for,
    rows_for,
    sort_balls,
)
from tafadi.engine.layout import SECOND_NS, Bytes, Int32s, Ints, Lanes, Records, kernel, leaf, part

FIRST_ROOM: Final = 1 << 10  # pairs that a table holds before it first doubles; a power of two
EMPTY: Final = -1
MIX: Final = 2_654_435_761  # Knuth's multiplier: neighbouring keys fall far apart
MIXED_BITS: Final = 20
LANES: Final = 8  # answers that are looked at together
GROUP: Final = 16  # slabs that are filled together: a path is fetched from memory once for all of them
BLOCK: Final = 1 << 11  # balls that one is compared with at once; a multiple of LANES

_BALL: Final[Any] = nb.from_dtype(BALL)


class Told(NamedTuple):
    """Pairs that were kept: a hash table with linear probing, never more than half full."""

    key: Ints  # EMPTY, or first * paths + second
    from_ns: Ints
    until_ns: Ints
    size: Ints  # [1] how many there are


class Stretch(NamedTuple):
    """Balls in order; empty when start >= end."""

    start: int
    end: int


class Cells(NamedTuple):
    """Cells of a row, west <= cell < east, of which there are `across`; those beyond its ends are at the other end."""

    west: int
    east: int
    across: int


class Scene(NamedTuple):
    """One slab: who flies in it, their balls (and perhaps those of other slabs too), and the slab's own in order."""

    flown: Flown
    fresh: int  # pairs of two paths before this one were told already
    most: int  # pairs; when there are more, no more are kept
    start_ns: int
    end_ns: int
    balls: Records  # BALL[n]
    ordered: Ordered


class Buffer(NamedTuple):
    """Room for the answers to one comparison, and for pairs of balls that wait to be looked at."""

    mask: Bytes  # [BLOCK]
    lanes: Lanes  # the same, LANES together
    hits: Int32s  # [n, 2]


@part
def empty_table(size: int) -> Told:
    """A table with room for so many keys."""
    return Told(np.full(size, EMPTY, np.int64), np.empty(size, np.int64), np.empty(size, np.int64), np.zeros(1, np.int64))


@leaf
def slot_of(told: Told, key: int) -> int:
    """Where the key is, or would be."""
    last = told.key.shape[0] - 1
    slot = ((key * MIX) >> MIXED_BITS) & last
    while told.key[slot] != key and told.key[slot] != EMPTY:
        slot = (slot + 1) & last
    return int(slot)


@part
def listed(told: Told, paths: int) -> Ints:
    """int64[m, 4]: the pairs of the table, of so many paths, and their times."""
    out, count = np.empty((told.size[0], 4), np.int64), 0
    for n in range(told.key.shape[0]):
        if told.key[n] != EMPTY:
            out[count, 0], out[count, 1] = told.key[n] // paths, told.key[n] % paths
            out[count, 2], out[count, 3] = told.from_ns[n], told.until_ns[n]
            count += 1
    return out


@part
def roomy(told: Told, more: int) -> Told:
    """The table with room for so many more keys: itself, or one that is larger."""
    while 2 * (told.size[0] + more) > told.key.shape[0]:
        larger = empty_table(2 * told.key.shape[0])
        for n in range(told.key.shape[0]):
            if told.key[n] != EMPTY:
                to = slot_of(larger, told.key[n])
                larger.key[to], larger.from_ns[to], larger.until_ns[to] = told.key[n], told.from_ns[n], told.until_ns[n]
        larger.size[0] = told.size[0]
        told = larger
    return told


@leaf
def remember(told: Told, key: int, from_ns: int, until_ns: int) -> None:
    """The key and its span, written; the hull of both spans where it is there already."""
    slot = slot_of(told, key)
    if told.key[slot] == key:
        told.from_ns[slot], told.until_ns[slot] = min(told.from_ns[slot], from_ns), max(told.until_ns[slot], until_ns)
    else:
        told.key[slot], told.from_ns[slot], told.until_ns[slot] = key, from_ns, until_ns
        told.size[0] += 1


@leaf
def near_within(flown: Flown, p: int, q: int, i: int, j: int, start_ns: int, end_ns: int) -> tuple[int, int]:
    """From when until when paths p and q, which begin the slab in pieces i and j, may be within their minima in it; never: a span that is
    empty.
    """
    paths = flown.paths
    reach, half = max(flown.horizontal_m[p], flown.horizontal_m[q]), max(flown.vertical_m[p], flown.vertical_m[q])
    now, last = max(start_ns, flown.begin_ns[p], flown.begin_ns[q]), min(end_ns, flown.end_ns[p], flown.end_ns[q])
    epoch, from_ns, until_ns = now, last, now
    while now < last:
        while paths.at_ns[i + 1] <= now:
            i += 1
        while paths.at_ns[j + 1] <= now:
            j += 1
        until = min(last, paths.at_ns[i + 1], paths.at_ns[j + 1])
        near = near_time(paths, i, j, epoch, Span(seconds(now, epoch), seconds(until, epoch)), reach, half)
        if near.start < near.end:
            from_ns = min(from_ns, epoch + math.floor(near.start * SECOND_NS))
            until_ns = max(until_ns, epoch + math.ceil(near.end * SECOND_NS) + 1)
        now = until
    return from_ns, until_ns


@leaf
def pass_by(balls: Records, a: int, b: int) -> bool:
    """Whether two bodies that move nearly straight pass each other beyond reach; false when a number is none."""
    one, other = balls[a], balls[b]
    dx, dy, dz = float(other["x"] - one["x"]), float(other["y"] - one["y"]), float(other["z"] - one["z"])
    hx, hy, hz = float(other["half_x"] - one["half_x"]), float(other["half_y"] - one["half_y"]), float(other["half_z"] - one["half_z"])
    square = hx * hx + hy * hy + hz * hz
    share = -(dx * hx + dy * hy + dz * hz) / square if square > 0.0 else 0.0
    share = max(-1.0, min(1.0, share))
    x, y, z = dx + share * hx, dy + share * hy, dz + share * hz
    reach = float(one["bend"] + other["bend"] + max(one["minimum"], other["minimum"]))
    return x * x + y * y + z * z > reach * reach


@part
def look_closely(scene: Scene, hits: Int32s, count: int, told: Told) -> None:
    """Pairs of balls that meet are looked at, and those that may lose their minima remembered; the table has room for all of them."""
    flown, balls, paths = scene.flown, scene.balls, scene.flown.begin_ns.shape[0]
    for n in range(count):
        a, b = scene.ordered.ball[hits[n, 0]], scene.ordered.ball[hits[n, 1]]
        if pass_by(balls, a, b):
            continue
        p, q = 0 + balls[a]["path"], 0 + balls[b]["path"]
        if max(p, q) < scene.fresh or not (flown.stated[p] or flown.stated[q]):
            continue
        from_ns, until_ns = near_within(flown, p, q, balls[a]["piece"], balls[b]["piece"], scene.start_ns, scene.end_ns)
        if from_ns < until_ns:
            remember(told, min(p, q) * paths + max(p, q), from_ns, until_ns)


@part
def consider(scene: Scene, hits: Int32s, count: int, told: Told) -> Told:
    """The table after pairs of balls that meet were looked at. It grows beforehand: to change tables in a loop costs more than the loop."""
    if told.size[0] > scene.most:
        return told
    told = roomy(told, count)
    look_closely(scene, hits, count, told)
    return told


@leaf
def screen(balls: Ordered, k: int, start: int, end: int, mask: Bytes) -> None:
    """Ball k against a stretch of others: 1 where it may be within reach of the minima. NaN fails every comparison, and so is kept."""
    x, y, z, radius, minimum = balls.x[k], balls.y[k], balls.z[k], balls.radius[k], balls.minimum[k]
    low, high, apart = balls.low[k], balls.high[k], balls.apart[k]
    for n in range(start, end):
        dx, dy, dz = balls.x[n] - x, balls.y[n] - y, balls.z[n] - z
        reach = balls.radius[n] + radius + max(balls.minimum[n], minimum)
        beside = dx * dx + dy * dy + dz * dz > reach * reach
        above = max(balls.low[n] - high, low - balls.high[n]) >= max(balls.apart[n], apart)
        mask[n - start] = 0 if beside | above else 1


@leaf
def meeting(balls: Ordered, k: int, start: int, end: int, mask: Bytes, lanes: Lanes, hits: Int32s, count: int) -> int:
    """How many hits there are after ball k was compared with a stretch of others, which fits into `mask` and into the room for hits."""
    screen(balls, k, start, end, mask)
    size = end - start
    used = (size + LANES - 1) // LANES
    for n in range(size, used * LANES):
        mask[n] = 0
    for lane in range(used):
        if lanes[lane] != 0:
            for n in range(lane * LANES, (lane + 1) * LANES):
                if mask[n] != 0:
                    hits[count, 0], hits[count, 1] = k, start + n
                    count += 1
    return count


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
    wide = int(rows.window[r] / (2.0 * math.pi) * across) + 1
    return Cells(column, across if 2 * wide + 2 >= across else column + wide + 1, across)


@leaf
def beyond(rows: Rows, r: int, column: int) -> Cells:
    """The cells of the row to the north that are within reach; a row that is not there has none."""
    exists = r + 2 < rows.first.shape[0]
    across = rows.first[r + 2] - rows.first[r + 1] if exists else 0
    share, window = across / (rows.first[r + 1] - rows.first[r]), rows.window[r] / (2.0 * math.pi) * across
    west, east = math.floor(column * share - window), math.floor((column + 1) * share + window) + 1
    whole = east - west >= across
    return Cells(0 if whole else west, across if whole else east, across)


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


@part
def join_rows(scene: Scene, rows: Rows, begin: Int32s, buffer: Buffer, told: Told) -> Told:
    """The table after all balls in rows were compared with each other.

    Everything that is done for every ball is written out here: to call a function with a scene costs more than to compare ten balls.
    """
    balls, mask, lanes, hits = scene.ordered, buffer.mask, buffer.lanes, buffer.hits
    r, count = 0, 0
    for cell in range(rows.first[-1]):
        if begin[cell + 1] == begin[cell]:
            continue
        while rows.first[r + 1] <= cell:
            r += 1
        base, north = rows.first[r], rows.first[r + 1]
        east, above = ahead(rows, r, cell - base), beyond(rows, r, cell - base)
        here, over = main_of(east, base, begin), over_of(east, base, begin)
        beside, across = main_of(above, north, begin), over_of(above, north, begin)
        for side in range(4):
            stretch = side_of(side, here, over, beside, across)
            if stretch.start >= stretch.end:  # nearly always three of four are
                continue
            for k in range(begin[cell], begin[cell + 1]):
                for start in range(max(stretch.start, k + 1) if side == 0 else stretch.start, stretch.end, BLOCK):
                    if count + BLOCK > hits.shape[0]:
                        told = consider(scene, hits, count, told)
                        count = 0
                    count = meeting(balls, k, start, min(start + BLOCK, stretch.end), mask, lanes, hits, count)
    return consider(scene, hits, count, told)


@part
def join_wide(scene: Scene, first: int, last: int, buffer: Buffer, told: Told) -> Told:
    """The table after the wide balls, first to last (not included), were compared with all balls before them."""
    count = 0
    for k in range(first, last):
        for start in range(0, k, BLOCK):
            if count + BLOCK > buffer.hits.shape[0]:
                told = consider(scene, buffer.hits, count, told)
                count = 0
            count = meeting(scene.ordered, k, start, min(start + BLOCK, k), buffer.mask, buffer.lanes, buffer.hits, count)
    return consider(scene, buffer.hits, count, told)


@part
def join_slab(scene: Scene, first: int, last: int, cell: Int32s, buffer: Buffer, told: Told) -> Told:
    """The table after one slab, whose balls are first <= ball < last."""
    size = fitting(scene.balls, first, last)
    rows = rows_for(2.0 * size, last - first)
    cells_of(scene.balls, first, last, size, rows, cell)
    begin = np.empty(rows.first[-1] + 3, np.int32)
    sort_balls(scene.balls, first, cell, last - first, begin, scene.ordered)
    told = join_rows(scene, rows, begin, buffer, told)
    return join_wide(scene, begin[rows.first[-1]], last - first, buffer, told)


@part
def room_needed(begin: Ints, group: int) -> tuple[int, int]:
    """The most balls of one slab, and of `group` slabs together."""
    slab, together = 0, 0
    for n in range(begin.shape[0] - 1):
        slab = max(slab, begin[n + 1] - begin[n])
        together = max(together, begin[min(n + group, begin.shape[0] - 1)] - begin[n])
    return slab, together


@kernel
def join_slabs(flown: Flown, fresh: int, most: int, origin_ns: int, slab_ns: int, first: int, last: int) -> Ints:
    """int64[m, 4]: pairs of paths (the smaller number first), and from when until when each must be judged.

    fresh : pairs of two paths with numbers below this are passed over
    most  : when there are more pairs than this the rest is left undone
    first, last : slabs first <= slab < last, each slab_ns long, the first of all beginning at origin_ns
    """
    begin = count_balls(flown, Slabs(origin_ns + first * slab_ns, slab_ns, last - first))
    room, together = room_needed(begin, GROUP)
    # All memory at once, and used again: fresh memory costs more than what is done with it.
    balls, ordered, cell = np.empty(together, _BALL), room_for(room), np.empty(room, np.int32)
    mask = np.empty(BLOCK, np.uint8)
    buffer = Buffer(mask, mask.view(np.uint64), np.empty((4 * BLOCK, 2), np.int32))
    cursor, told = flown.paths.first[:-1].copy(), empty_table(FIRST_ROOM)
    for slab in range(0, last - first, GROUP):
        slabs = Slabs(origin_ns + (first + slab) * slab_ns, slab_ns, min(GROUP, last - first - slab))
        here = begin[slab : slab + slabs.number + 1] - begin[slab]
        fill(flown, cursor, slabs, here, balls)
        for n in range(slabs.number):
            if here[n + 1] - here[n] > 1 and told.size[0] <= most:
                start_ns = slabs.origin_ns + n * slab_ns
                scene = Scene(flown, fresh, most, start_ns, start_ns + slab_ns, balls, ordered)
                told = join_slab(scene, here[n], here[n + 1], cell, buffer, told)
    return listed(told, flown.begin_ns.shape[0])
