"""What stands, asked about the items of one notice.

In each class of `standing_grid` that has any items a question looks into the cells that it touches; where these are more than the items of
the class, it goes through the items instead. A pair that shares several cells is met in one of them.

What takes long is to wait for memory: nothing of a large set is in the cache. So all chains are followed side by side first (`read_ahead`),
and pairs are noted when their boxes meet, and judged together, when what they are judged by has come.

Units : metres, nanoseconds.
Source: docs/maths/volumes.md.
Twin  : all pairs, in tests/engine/test_standing_set.py.
"""

from typing import Final

import numpy as np

from tafadi.engine.kernels.ahead import fetch
from tafadi.engine.kernels.allpairs import Links
from tafadi.engine.kernels.cells import count_of, level_of, lowest_shared
from tafadi.engine.kernels.relate import judged
from tafadi.engine.kernels.shapes import NONE, SHAPE, Asking, Bounds, Shapes, may_meet
from tafadi.engine.kernels.standing_grid import (
    CELL_M,
    CLASSES,
    COUNT,
    FIRST,
    LONGER,
    STRETCH_NS,
    STRETCHES,
    Grid,
    Place,
    Plain,
    per_m_of,
    place_in,
    slot_of,
    stretch_of,
)
from tafadi.engine.layout import CLEAR, Floats, World, kernel, leaf, part

CHAINS: Final = 64  # that are read ahead side by side
DEPTH: Final = 32  # links of each
MET: Final = 64  # pairs of items whose boxes meet are noted, and answered so many in one go
LINE: Final = 64  # bytes that come at once, and a record of BOUNDS
SHAPE_BYTES: Final = SHAPE.itemsize


@leaf
def answer(world: World, grid: Grid, asking: Asking, item: int, n: int, scratch: Floats, out: Links, count: int) -> int:
    """The new count of answers, after one pair of items whose boxes meet; where there is no room it only counts."""
    box, shape = grid.bounds[item], grid.shapes[item]
    verdict, cause, settled = judged(world, box, shape, grid.ring, asking.bounds[n], asking.shapes[n], asking.ring, scratch)
    if verdict == CLEAR:
        return count
    if count < out.shape[0]:
        out[count, 0], out[count, 1], out[count, 2], out[count, 3] = box.owner, verdict, cause, 1 if settled else 0
    return count + 1


@part
def chains(grid: Grid, place: Place, slots: Links, count: int) -> int:
    """Asks for the heads of the chains of the cells of a place, each once, behind the `count` that are known; how many there are then."""
    heads = grid.heads.ctypes.data
    for x in range(place.block.x0, place.block.x1 + 1):
        for y in range(place.block.y0, place.block.y1 + 1):
            for z in range(place.block.z0, place.block.z1 + 1):
                for t in range(place.t0, place.t1 + 1):
                    slot = slot_of(grid, place, x, y, z, t)
                    known = count == CHAINS
                    for n in range(count):
                        known = known or slots[n] == slot
                    if not known:
                        fetch(heads + 4 * slot)
                        slots[count] = slot
                        count += 1
    return count


@part
def read_ahead(grid: Grid, asking: Asking, kind: int, slots: Links) -> None:
    """Asks for what a question is about to look at in one class: all its chains side by side, link by link, and their boxes."""
    links, bounds, count = grid.links.ctypes.data, grid.bounds.ctypes.data, 0
    for n in range(asking.bounds.shape[0]):
        place = place_in(asking.bounds[n], kind // STRETCHES, kind % STRETCHES)
        if count_of(place.block) * (place.t1 - place.t0 + 1) <= CHAINS:
            count = chains(grid, place, slots, count)
    for n in range(count):
        slots[n] = grid.heads[slots[n]]
        if slots[n] != NONE:
            fetch(links + 8 * slots[n])
    for _ in range(DEPTH):
        going = 0
        for n in range(count):
            link = slots[n]
            if link != NONE:
                fetch(bounds + LINE * grid.links[link, 1])
                slots[going] = grid.links[link, 0]
                if slots[going] != NONE:
                    fetch(links + 8 * slots[going])
                    going += 1
        count = going


@part
def answers(world: World, grid: Grid, asking: Asking, met: Links, some: int, scratch: Floats, out: Links, count: int) -> int:
    """The new count of answers, after the noted pairs: an item that stands, and one that asks."""
    ring = grid.ring.ctypes.data
    for m in range(some):
        shape = grid.shapes[met[m, 0]]
        for byte in range(0, 24 * shape.size, LINE):
            fetch(ring + 24 * shape.first + byte)
    for m in range(some):
        count = answer(world, grid, asking, met[m, 0], met[m, 1], scratch, out, count)
    return count


@kernel
def ask(surface: tuple[bool, float, float, float], stands: Plain, items: tuple[Bounds, Shapes, Floats], scratch: Floats, out: Links) -> int:
    """How many pairs of items of other notices are not known to be CLEAR; each is in `out` (int32[m, 4]) as far as there is room.

    surface, stands, items : a World, a Grid and an Asking, their names left away
    out : the number of the notice, the verdict, its cause, and whether it is settled. A notice may stand there several times.
    """
    world, grid, asking = World(*surface), Grid(*stands), Asking(*items)
    count, some, met, slots = 0, 0, np.empty((MET, 2), np.int32), np.empty(CHAINS, np.int32)
    shapes = grid.shapes.ctypes.data
    for kind in range(CLASSES):
        many = grid.state[COUNT + kind]
        if many == 0:
            continue
        if many > CHAINS:
            read_ahead(grid, asking, kind, slots)
        level, stretch = kind // STRETCHES, kind % STRETCHES
        long_ns, per_m = STRETCH_NS * LONGER**stretch, per_m_of(level)
        for n in range(asking.bounds.shape[0]):
            box = asking.bounds[n]
            place = place_in(box, level, stretch)
            if count_of(place.block) * (place.t1 - place.t0 + 1) > many:
                item = grid.state[FIRST + kind]
                while item != NONE:
                    if grid.bounds[item].owner != box.owner and may_meet(grid.bounds[item], box):
                        if some == MET:
                            count, some = answers(world, grid, asking, met, some, scratch, out, count), 0
                        met[some, 0], met[some, 1] = item, n
                        some += 1
                    item = grid.bounds[item].after
                continue
            for x in range(place.block.x0, place.block.x1 + 1):
                for y in range(place.block.y0, place.block.y1 + 1):
                    for z in range(place.block.z0, place.block.z1 + 1):
                        for t in range(place.t0, place.t1 + 1):
                            link = grid.heads[slot_of(grid, place, x, y, z, t)]
                            while link != NONE:
                                item = grid.links[link, 1]
                                link = grid.links[link, 0]
                                other = grid.bounds[item]
                                if other.owner == box.owner or not may_meet(other, box):
                                    continue
                                if max(place.t0, other.start_ns // long_ns) != t or lowest_shared(other, place.block, per_m) != (x, y, z):
                                    continue
                                if level_of(other, CELL_M) == level and stretch_of(other) == stretch:
                                    if some == MET:
                                        count, some = answers(world, grid, asking, met, some, scratch, out, count), 0
                                    fetch(shapes + SHAPE_BYTES * item)
                                    fetch(shapes + SHAPE_BYTES * item + LINE)
                                    met[some, 0], met[some, 1] = item, n
                                    some += 1
    return answers(world, grid, asking, met, some, scratch, out, count)
