"""What stands, grown and shrunk one notice at a time: a hash of cells of the sky and stretches of time. `standing_ask` asks it.

A box lies in a class: the level of its cells (see `cells`) and the length of its stretches, the first that is not shorter than it lasts; so
it is in eight cubes and two stretches at most, however large it is and however long it lasts.

An item that goes leaves its record and its room in the ring to the next of the same size: nothing is ever moved, and nothing grows but
with what stands.

The ways in take tuples and give them their names inside: to be recognised from Python, a tuple with names takes 1.3 µs, one without 0.1.

Units : metres, nanoseconds.
Source: docs/maths/volumes.md.
Twin  : all pairs, in tests/engine/test_standing_set.py.
"""

from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.allpairs import Links
from tafadi.engine.kernels.cells import CELLS_MOST, GROWTH, LEVELS, Block, block_of, hashed, level_of
from tafadi.engine.kernels.shapes import FREE, NONE, Bound, Bounds, Shapes
from tafadi.engine.layout import SECOND_NS, Floats, Ints, kernel, leaf

CELL_M: Final = 6_000.0  # of the first level: twice as wide as most of what is announced
STRETCH_NS: Final = 1_800 * SECOND_NS  # of the first length
STRETCHES: Final = 4  # lengths: half an hour, 16 hours, 21 days, 1.9 years
LONGER: Final = 32
CLASSES: Final = LEVELS * STRETCHES
LINKS_MOST: Final = 2 * CELLS_MOST  # of one item: cubes times stretches
SLOTS_EACH: Final = 2  # slots for each item at least, so that chains are short
ROOMS: Final = 32  # kinds of room in the ring: 1, 2, 4, ... points

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


Plain = tuple[Bounds, Shapes, Floats, Links, Links, Links, Ints]  # a Grid, its names left away


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


@leaf
def needed(shapes: Shapes) -> int:
    """Points of the ring that these may need."""
    points = 0
    for n in range(shapes.shape[0]):
        points += 1 << room_for(shapes[n].size)
    return points


@leaf
def has_room(grid: Grid, items: int, points: int, notices: int) -> bool:
    """Whether there is room for so many more items and points and (in all) notices, and slots enough for chains to be short."""
    if grid.state[LINKS] + LINKS_MOST * items > grid.links.shape[0] or notices > grid.first.shape[0]:
        return False
    items, points = grid.state[ITEMS] + items, grid.state[POINTS] + points
    return bool(items <= grid.bounds.shape[0] and SLOTS_EACH * items <= grid.heads.shape[0] and points <= grid.ring.shape[0])


@kernel
def adopt(stands: Plain, bounds: Bounds, shapes: Shapes, ring: Floats, notices: int) -> int:
    """Lets items stand, and is NONE; the owner of each, less than `notices`, is in its bounds.

    Where there is no room it is the points of the ring that they may need, and nothing was changed.
    """
    grid, points = Grid(*stands), needed(shapes)
    if not has_room(grid, shapes.shape[0], points, notices):
        return points
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
    return NONE


@kernel
def dismiss(stands: Plain, owner: int) -> None:
    """Ends the standing of all items of a notice."""
    grid = Grid(*stands)
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
def rehang(stands: Plain) -> None:
    """Hangs everything anew, when there are other slots. `links` and `heads` are empty."""
    grid = Grid(*stands)
    grid.state[FREE_LINK], grid.state[LINKS] = NONE, 0
    grid.heads[:] = NONE
    grid.state[FIRST : FIRST + CLASSES] = NONE
    grid.state[COUNT : COUNT + CLASSES] = 0
    for item in range(grid.state[ITEMS]):
        if grid.bounds[item].kind != FREE:
            place_item(grid, item)
