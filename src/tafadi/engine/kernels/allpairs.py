"""All pairs of volumes that come within their minima, by one walk through time over a grid of what is under way.

Volumes lie in the order in which they begin. Each is looked for in the cells that it touches, where those lie that have begun and not yet
ended; then it is put there itself. What has ended is dropped when it is next met. So the grid holds only what is under way at one time,
which is small and stays in the cache, however many days there are.

A stretch of the order can be walked alone (for several workers): what begins before it and still lasts is put in the grid first.

Units : metres, nanoseconds.
Source: docs/maths/volumes.md.
Twin  : tests/reference/volumes.py and every pair by `judge`.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tafadi.engine.kernels.cells import CELLS_MOST, GROWTH, LEVELS, block_of, count_of, hashed, level_of, lowest_shared
from tafadi.engine.kernels.relate import MOST_POINTS, judged
from tafadi.engine.kernels.shapes import NONE, Bounds, Shapes, may_meet
from tafadi.engine.layout import Floats, Ints, World, kernel, leaf

FIRST_ROOM: Final = 1024  # pairs that the output holds before it first doubles

Links = npt.NDArray[np.int32]

FREE_LINK: Final = 0  # places in the state of a grid
USED: Final = 1
LIVING: Final = 2
FOUND: Final = 3

MET: Final = np.dtype([("first", np.int32), ("second", np.int32), ("verdict", np.uint8), ("cause", np.uint8), ("settled", np.bool_)])


class Grid(NamedTuple):
    """Where those lie that are under way: chains of links (the next one, the item) that hang from slots."""

    heads: Links
    links: Links  # [links, 2]
    lively: Links  # all items that may be under way, for those too wide to go from cell to cell
    dwell: Ints  # [LEVELS] how many items were put on each level
    state: Ints  # first free link, links used, items in `lively`, pairs found


@kernel
def widest_m(bounds: Bounds) -> float:
    """The width of the widest box."""
    widest = 0.0
    for k in range(bounds.shape[0]):
        box = bounds[k]
        widest = max(widest, box.x1 - box.x0, box.y1 - box.y0, box.z1 - box.z0)
    return widest


@leaf
def put(grid: Grid, slot: int, item: int) -> None:
    """Hangs one more item from the slot."""
    link = grid.state[FREE_LINK]
    if link != NONE:
        grid.state[FREE_LINK] = grid.links[link, 0]
    else:
        link = grid.state[USED]
        grid.state[USED] += 1
    grid.links[link, 0], grid.links[link, 1] = grid.heads[slot], item
    grid.heads[slot] = link


@leaf
def take(grid: Grid, slot: int, before: int, link: int) -> None:
    """Takes a link out of the chain of the slot; `before` is the one before it, or NONE."""
    if before == NONE:
        grid.heads[slot] = grid.links[link, 0]
    else:
        grid.links[before, 0] = grid.links[link, 0]
    grid.links[link, 0] = grid.state[FREE_LINK]
    grid.state[FREE_LINK] = link


@leaf
def note(pairs: Links, state: Ints, a: int, b: int) -> None:
    """Notes a pair; where the output is full only counts it."""
    if state[FOUND] < pairs.shape[0]:
        pairs[state[FOUND], 0], pairs[state[FOUND], 1] = a, b
    state[FOUND] += 1


@kernel
def through_all(bounds: Bounds, grid: Grid, b: int, level: int, now_ns: int, cell_m: float, pairs: Links) -> None:
    """Meets everything of a level that is under way; what has ended is dropped from the list."""
    kept, box = 0, bounds[b]
    for k in range(grid.state[LIVING]):
        a = grid.lively[k]
        other = bounds[a]
        if other.end_ns > now_ns:
            grid.lively[kept] = a
            kept += 1
            if other.owner != box.owner and level_of(other, cell_m) == level and may_meet(other, box):
                note(pairs, grid.state, a, b)
    grid.state[LIVING] = kept


@kernel
def walk(bounds: Bounds, first: int, last: int, cell_m: float, slots: int, pairs: Links) -> int:
    """How many pairs of boxes meet of which the later is in first:last; they are in `pairs` (int32[m, 2]) as far as there is room.

    A pair may stand there twice. `bounds` are in order of their beginning; `slots` is a power of two.
    """
    per_m = 1.0 / (cell_m * GROWTH ** np.arange(LEVELS))
    heads, lively = np.full(slots, NONE, np.int32), np.empty(last, np.int32)
    state, dwell, mask = np.array([NONE, 0, 0, 0]), np.zeros(LEVELS, np.int64), slots - 1
    grid = Grid(heads, np.empty((CELLS_MOST * last, 2), np.int32), lively, dwell, state)
    for b in range(last):
        box = bounds[b]
        now_ns = box.start_ns if b >= first else bounds[first].start_ns
        if box.end_ns <= now_ns:
            continue
        own = level_of(box, cell_m)
        for level in range(LEVELS):
            if dwell[level] == 0 and level != own:
                continue
            block = block_of(box, per_m[level])
            through = b >= first and dwell[level] > 0
            if through and level != own and count_of(block) > state[LIVING]:
                through_all(bounds, grid, b, level, now_ns, cell_m, pairs)
                continue
            for x in range(block.x0, block.x1 + 1):
                for y in range(block.y0, block.y1 + 1):
                    for z in range(block.z0, block.z1 + 1):
                        slot = hashed(x, y, z, level, mask)
                        before, link = NONE, heads[slot] if through else NONE
                        while link != NONE:
                            following, a = grid.links[link, 0], grid.links[link, 1]
                            if bounds[a].end_ns <= now_ns:
                                take(grid, slot, before, link)
                            else:
                                before = link
                                if bounds[a].owner != box.owner and may_meet(bounds[a], box):
                                    low = lowest_shared(bounds[a], block, per_m[level])
                                    if low == (x, y, z) and level_of(bounds[a], cell_m) == level:
                                        note(pairs, state, a, b)
                            link = following
                        if level == own:
                            put(grid, slot, b)
        dwell[own] += 1
        lively[state[LIVING]] = b
        state[LIVING] += 1
    return int(state[FOUND])


@kernel
def settle(world: World, bounds: Bounds, shapes: Shapes, ring: Floats, pairs: Links) -> Bounds:
    """MET[m]: what is said of each pair of items whose boxes meet."""
    scratch, found = np.empty((MOST_POINTS, 2)), np.empty(pairs.shape[0], MET)
    for n in range(pairs.shape[0]):
        a, b, row = pairs[n, 0], pairs[n, 1], found[n]
        verdict, cause, settled = judged(world, bounds[a], shapes[a], ring, bounds[b], shapes[b], ring, scratch)
        row.first, row.second, row.verdict, row.cause, row.settled = a, b, verdict, cause, settled
    return found
