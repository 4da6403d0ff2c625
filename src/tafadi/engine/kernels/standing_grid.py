"""What stands, asked, grown and shrunk one notice at a time: a hash of cells of the sky and stretches of time.

A box lies in a class: the level of its cells (see `cells`) and the length of its stretches, the first that is not shorter than it lasts; so
it is in eight cubes and two stretches at most, however large it is and however long it lasts. A question looks, in each class that has any,
into the cells that it touches; where these are more than the items of the class, it goes through the items instead. A pair that shares
several cells is met in one of them.

An item that goes leaves its record and its room in the ring to the next of the same size: nothing is ever moved, and nothing grows but
with what stands.

Units : metres, nanoseconds.
Source: docs/maths/volumes.md.
Twin  : all pairs, in tests/engine/test_standing_set.py.
"""

from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.ahead import fetch
from tafadi.engine.kernels.allpairs import Links
from tafadi.engine.kernels.cells import CELLS_MOST, GROWTH, LEVELS, Block, block_of, count_of, hashed, level_of, lowest_shared
from tafadi.engine.kernels.relate import judged
from tafadi.engine.kernels.shapes import FREE, NONE, SHAPE, Asking, Bound, Bounds, Shapes, may_meet
from tafadi.engine.layout import CLEAR, SECOND_NS, Floats, Ints, World, kernel, leaf, part

CELL_M: Final = 6_000.0  # of the first level: twice as wide as most of what is announced
STRETCH_NS: Final = 1_800 * SECOND_NS  # of the first length
STRETCHES: Final = 4  # lengths: half an hour, 16 hours, 21 days, 1.9 years
LONGER: Final = 32
CLASSES: Final = LEVELS * STRETCHES
LINKS_MOST: Final = 2 * CELLS_MOST  # of one item: cubes times stretches
ROOMS: Final = 32  # kinds of room in the ring: 1, 2, 4, ... points

CHAINS: Final = 64  # that are read ahead side by side
DEPTH: Final = 32  # links of each
MET: Final = 64  # pairs of items whose boxes meet are noted, and answered so many in one go
LINE: Final = 64  # bytes that come at once, and a record of BOUNDS
SHAPE_BYTES: Final = SHAPE.itemsize

# Places in `state`.
FREE_LINK: Final = 0
LINKS: Final = 1  # used so far
ITEMS: Final = 2  # used so far
POINTS: Final = 3  # of the ring, used so far
FREE_ITEM: Final = 4  # ... + ROOMS: an item that went, by its room; the others hang from its `next`
FIRST: Final = FREE_ITEM + ROOMS  # ... + CLASSES: the list of a class
COUNT: Final = FIRST + CLASSES  # ... + CLASSES: its length
STATE: Final = COUNT + CLASSES


class Grid(NamedTuple):
    """All that stands."""

    bounds: Bounds  # [items]
    shapes: Shapes  # [items]
    ring: Floats  # [points, 3]
    heads: Links  # [a power of two]
    links: Links  # [links, 2] the next one, and the item
    first: Links  # [notices] an item of the notice; the others hang from its `next`
    state: Ints  # [STATE]


class Place(NamedTuple):
    """Where a box lies: its class, its cubes, its stretches of time."""

    kind: int
    block: Block
    t0: int
    t1: int


@leaf
def per_m_of(level: int) -> float:
    """Cells to a metre."""
    return 1.0 / (CELL_M * GROWTH**level)


@leaf
def place_in(box: Bound, level: int, stretch: int) -> Place:
    """The cells of one class that a box touches."""
    long_ns = STRETCH_NS * LONGER**stretch
    return Place(level * STRETCHES + stretch, block_of(box, per_m_of(level)), box.start_ns // long_ns, (box.end_ns - 1) // long_ns)


@leaf
def stretch_of(box: Bound) -> int:
    """Which length of stretch a box lies in."""
    stretch, long_ns = 0, STRETCH_NS
    while stretch < STRETCHES - 1 and box.end_ns - box.start_ns > long_ns:
        stretch, long_ns = stretch + 1, long_ns * LONGER
    return stretch


@leaf
def home_of(box: Bound) -> Place:
    """The cells in which a box lies."""
    return place_in(box, level_of(box, CELL_M), stretch_of(box))


@leaf
def slot_of(grid: Grid, place: Place, x: int, y: int, z: int, t: int) -> int:
    """The slot of one cell."""
    return hashed(x, y, z, place.kind + CLASSES * (t & 0xFFFFFF), grid.heads.shape[0] - 1)


@leaf
def enlist(grid: Grid, item: int, kind: int) -> None:
    """Puts an item at the head of the list of its class."""
    box, first = grid.bounds[item], grid.state[FIRST + kind]
    box.before, box.after = NONE, first
    if first != NONE:
        grid.bounds[first].before = item
    grid.state[FIRST + kind] = item
    grid.state[COUNT + kind] += 1


@leaf
def delist(grid: Grid, item: int, kind: int) -> None:
    """Takes an item out of the list of its class."""
    box = grid.bounds[item]
    if box.before == NONE:
        grid.state[FIRST + kind] = box.after
    else:
        grid.bounds[box.before].after = box.after
    if box.after != NONE:
        grid.bounds[box.after].before = box.before
    grid.state[COUNT + kind] -= 1


@leaf
def hang(grid: Grid, slot: int, item: int) -> None:
    """Hangs an item from a slot."""
    link = grid.state[FREE_LINK]
    if link != NONE:
        grid.state[FREE_LINK] = grid.links[link, 0]
    else:
        link = grid.state[LINKS]
        grid.state[LINKS] += 1
    grid.links[link, 0], grid.links[link, 1] = grid.heads[slot], item
    grid.heads[slot] = link


@leaf
def unhang(grid: Grid, slot: int, item: int) -> None:
    """Takes one link to an item out of the chain of a slot."""
    before, link = NONE, grid.heads[slot]
    while link != NONE and grid.links[link, 1] != item:
        before, link = link, grid.links[link, 0]
    if link == NONE:
        return
    if before == NONE:
        grid.heads[slot] = grid.links[link, 0]
    else:
        grid.links[before, 0] = grid.links[link, 0]
    grid.links[link, 0] = grid.state[FREE_LINK]
    grid.state[FREE_LINK] = link


@leaf
def place_item(grid: Grid, item: int) -> None:
    """Puts an item into its list and its cells."""
    place = home_of(grid.bounds[item])
    enlist(grid, item, place.kind)
    for x in range(place.block.x0, place.block.x1 + 1):
        for y in range(place.block.y0, place.block.y1 + 1):
            for z in range(place.block.z0, place.block.z1 + 1):
                for t in range(place.t0, place.t1 + 1):
                    hang(grid, slot_of(grid, place, x, y, z, t), item)


@leaf
def room_for(size: int) -> int:
    """The kind of room that holds so many points."""
    room = 0
    while 1 << room < size:
        room += 1
    return room


@leaf
def new_item(grid: Grid, size: int) -> int:
    """An item with room for an outline of `size` points: one that went, or a new one."""
    room = room_for(size)
    item = int(grid.state[FREE_ITEM + room])
    if item != NONE:
        grid.state[FREE_ITEM + room] = grid.shapes[item].next
        return item
    item = int(grid.state[ITEMS])
    grid.state[ITEMS] += 1
    grid.shapes[item].room, grid.shapes[item].first = room, grid.state[POINTS]
    grid.state[POINTS] += 1 << room
    return item


@kernel
def empty_state() -> Ints:
    """int64[STATE]: of a set in which nothing stands."""
    state = np.zeros(STATE, np.int64)
    state[FREE_LINK] = NONE
    state[FREE_ITEM : FREE_ITEM + ROOMS] = NONE
    state[FIRST : FIRST + CLASSES] = NONE
    return state


@kernel
def needed(shapes: Shapes) -> int:
    """Points of the ring that these may need."""
    points = 0
    for n in range(shapes.shape[0]):
        points += 1 << room_for(shapes[n].size)
    return points


@kernel
def adopt(grid: Grid, bounds: Bounds, shapes: Shapes, ring: Floats) -> None:
    """Lets items stand. There is room for them; the owner of each is in its bounds."""
    for n in range(bounds.shape[0]):
        item = new_item(grid, shapes[n].size)
        box, shape, new, owner = grid.bounds[item], grid.shapes[item], shapes[n], bounds[n].owner
        first, room = shape.first, shape.room
        grid.bounds[item] = bounds[n]
        grid.shapes[item] = new
        shape.first, shape.room, shape.next = first, room, grid.first[owner]
        for k in range(new.size):
            for axis in range(3):
                grid.ring[first + k, axis] = ring[new.first + k, axis]
        grid.first[owner] = item
        place_item(grid, item)
        box.owner = owner


@kernel
def dismiss(grid: Grid, owner: int) -> None:
    """Ends the standing of all items of a notice."""
    item = grid.first[owner]
    while item != NONE:
        box, shape = grid.bounds[item], grid.shapes[item]
        place, following = home_of(box), shape.next
        for x in range(place.block.x0, place.block.x1 + 1):
            for y in range(place.block.y0, place.block.y1 + 1):
                for z in range(place.block.z0, place.block.z1 + 1):
                    for t in range(place.t0, place.t1 + 1):
                        unhang(grid, slot_of(grid, place, x, y, z, t), item)
        delist(grid, item, place.kind)
        box.kind = FREE
        shape.next = grid.state[FREE_ITEM + shape.room]
        grid.state[FREE_ITEM + shape.room] = item
        item = following
    grid.first[owner] = NONE


@kernel
def rehang(grid: Grid) -> None:
    """Hangs everything anew, when there are other slots. `links` and `heads` are empty."""
    grid.state[FREE_LINK], grid.state[LINKS] = NONE, 0
    grid.heads[:] = NONE
    grid.state[FIRST : FIRST + CLASSES] = NONE
    grid.state[COUNT : COUNT + CLASSES] = 0
    for item in range(grid.state[ITEMS]):
        if grid.bounds[item].kind != FREE:
            place_item(grid, item)


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
def ask(world: World, grid: Grid, asking: Asking, scratch: Floats, out: Links) -> int:
    """How many pairs of items of other notices are not known to be CLEAR; each is in `out` (int32[m, 4]) as far as there is room.

    out : the number of the notice, the verdict, its cause, and whether it is settled. A notice may stand there several times.
    """
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
