"""Which pairs of paths may lose their minima at all, and when? A join on slabs of time and rows over the earth.

In each slab the balls of all flying bodies (`slabs`) are put in rows, in order; those within reach of one another lie in one or two
stretches of its row and of the next (`rows`). A look at distance and height, sixteen at a time (`screen`), passes over nearly all of them;
both lines, while both bodies are there, over most of the rest; both chords (`chords.near_time`) over nearly all of the others. What is left
is kept once for each pair (`told`), with the time from the first such slab to the last. Nothing is decided here: the join errs towards
keeping, and a number that is none keeps its pair.

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
from tafadi.engine.kernels.rows import Rows, ahead, beyond, cells_of, fitting, main_of, over_of, rows_for, side_of, sort_balls
from tafadi.engine.kernels.screen import Ordered, meeting, room_for
from tafadi.engine.kernels.slabs import BALL, SHARES, Flown, Slabs, count_balls, fill
from tafadi.engine.kernels.told import FIRST_ROOM, Told, empty_table, listed, remember, roomy
from tafadi.engine.layout import SECOND_NS, Int32s, Ints, Records, kernel, leaf, part

GROUP: Final = 16  # slabs that are filled together: a path is fetched from memory once for all of them
BLOCK: Final = 1 << 11  # balls that one is compared with at once; a multiple of what is compared at once

_BALL: Final[Any] = nb.from_dtype(BALL)


class Scene(NamedTuple):
    """One slab: who flies in it, their balls (and perhaps those of other slabs too), and the slab's own in order."""

    flown: Flown
    fresh: int  # pairs of two paths before this one were told already
    most: int  # pairs; when there are more, no more are kept
    start_ns: int
    end_ns: int
    balls: Records  # BALL[n]
    ordered: Ordered


@leaf
def near_within(flown: Flown, p: int, q: int, i: int, j: int, start_ns: int, end_ns: int) -> tuple[int, int]:
    """From when until when paths p and q, which begin the slab in pieces i and j, may be within their minima in it; never: a span that is
    empty.
    """
    paths = flown.paths
    reach, half = max(flown.horizontal_m[p], flown.horizontal_m[q]), max(flown.vertical_m[p], flown.vertical_m[q])
    now, last = max(start_ns, flown.begin_ns[p], flown.begin_ns[q]), min(end_ns, flown.end_ns[p], flown.end_ns[q])
    epoch, from_ns, until_ns = now, last, min(now, last)  # those who share no time are never near
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
    """Whether two bodies that move nearly straight pass each other beyond reach, or share no time; a number that is none shows neither."""
    one, other = balls[a], balls[b]
    early, late = max(one["begin"], other["begin"]), min(one["end"], other["end"])
    if early >= late:
        return True
    # From -1 to 1 over the slab: the middle of the time of each, through which it passes its centre.
    m, n = (one["begin"] + one["end"]) / SHARES - 1.0, (other["begin"] + other["end"]) / SHARES - 1.0
    ax, ay, az = float(one["half_x"]), float(one["half_y"]), float(one["half_z"])
    bx, by, bz = float(other["half_x"]), float(other["half_y"]), float(other["half_z"])
    dx = float(other["x"] - one["x"]) - n * bx + m * ax
    dy = float(other["y"] - one["y"]) - n * by + m * ay
    dz = float(other["z"] - one["z"]) - n * bz + m * az
    hx, hy, hz = bx - ax, by - ay, bz - az
    square = hx * hx + hy * hy + hz * hz
    share = -(dx * hx + dy * hy + dz * hz) / square if square > 0.0 else 0.0
    share = max(early * (2.0 / SHARES) - 1.0, min(late * (2.0 / SHARES) - 1.0, share))
    x, y, z = dx + share * hx, dy + share * hy, dz + share * hz
    reach = float(one["bend"] + other["bend"] + max(one["minimum"], other["minimum"]))
    return bool(x * x + y * y + z * z > reach * reach)


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


@part
def join_rows(scene: Scene, rows: Rows, begin: Int32s, hits: Int32s, told: Told) -> Told:
    """The table after all balls in rows were compared with each other.

    Everything that is done for every ball is written out here: to call a function with a scene costs more than to compare ten balls.
    """
    balls = scene.ordered
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
                    count = meeting(balls, k, start, min(start + BLOCK, stretch.end), hits, count)
    return consider(scene, hits, count, told)


@part
def join_wide(scene: Scene, first: int, last: int, hits: Int32s, told: Told) -> Told:
    """The table after the wide balls, first to last (not included), were compared with all balls before them."""
    count = 0
    for k in range(first, last):
        for start in range(0, k, BLOCK):
            if count + BLOCK > hits.shape[0]:
                told = consider(scene, hits, count, told)
                count = 0
            count = meeting(scene.ordered, k, start, min(start + BLOCK, k), hits, count)
    return consider(scene, hits, count, told)


@part
def join_slab(scene: Scene, first: int, last: int, cell: Int32s, hits: Int32s, told: Told) -> Told:
    """The table after one slab, whose balls are first <= ball < last."""
    size = fitting(scene.balls, first, last)
    rows = rows_for(2.0 * size, last - first)
    cells_of(scene.balls, first, last, size, rows, cell)
    begin = np.empty(rows.first[-1] + 3, np.int32)
    sort_balls(scene.balls, first, cell, last - first, begin, scene.ordered)
    told = join_rows(scene, rows, begin, hits, told)
    return join_wide(scene, begin[rows.first[-1]], last - first, hits, told)


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
    hits = np.empty((4 * BLOCK, 2), np.int32)
    cursor, told = flown.paths.first[:-1].copy(), empty_table(FIRST_ROOM)
    for slab in range(0, last - first, GROUP):
        slabs = Slabs(origin_ns + (first + slab) * slab_ns, slab_ns, min(GROUP, last - first - slab))
        here = begin[slab : slab + slabs.number + 1] - begin[slab]
        fill(flown, cursor, slabs, here, balls)
        for n in range(slabs.number):
            if here[n + 1] - here[n] > 1 and told.size[0] <= most:
                start_ns = slabs.origin_ns + n * slab_ns
                scene = Scene(flown, fresh, most, start_ns, start_ns + slab_ns, balls, ordered)
                told = join_slab(scene, here[n], here[n + 1], cell, hits, told)
    return listed(told, flown.begin_ns.shape[0])
