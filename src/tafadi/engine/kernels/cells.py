"""Cells of the sky: where a box is looked up.

Space is cut into cubes around the middle of the earth, so that there is no seam at the antimeridian and none at the poles. There are LEVELS
sizes of cubes, each GROWTH times as wide as the one before; a box lies in the first level whose cubes are at least twice as wide as it, and
so in eight cubes at most. A pair that shares several cells is met in one of them only: the one with the largest low corner of both.

Units : metres.
Source: docs/maths/volumes.md.
Twin  : all pairs.
"""

from typing import Final, NamedTuple

from tafadi.engine.kernels.shapes import Bound
from tafadi.engine.layout import leaf

LEVELS: Final = 8
GROWTH: Final = 8.0
CELLS_MOST: Final = 8  # that a box lies in, on its own level
LEAST_CELL_M: Final = 16.0  # of the first level; then the cubes of the last are 33,000 km wide, and the earth lies in eight of them


class Block(NamedTuple):
    """A block of cells: the numbers of the first and last along each axis."""

    x0: int
    y0: int
    z0: int
    x1: int
    y1: int
    z1: int


@leaf
def cell_of(value: float, per_m: float) -> int:
    """The number of the cell along one axis; the shift makes rounding towards zero the floor (2^20 cells of 16 m reach 16,777 km)."""
    return int(value * per_m + 1048576.0) - 1048576


@leaf
def block_of(box: Bound, per_m: float) -> Block:
    """The cells that a box touches."""
    return Block(
        cell_of(box.x0, per_m),
        cell_of(box.y0, per_m),
        cell_of(box.z0, per_m),
        cell_of(box.x1, per_m),
        cell_of(box.y1, per_m),
        cell_of(box.z1, per_m),
    )


@leaf
def count_of(block: Block) -> int:
    """How many cells a block has."""
    return (block.x1 - block.x0 + 1) * (block.y1 - block.y0 + 1) * (block.z1 - block.z0 + 1)


@leaf
def level_of(box: Bound, cell_m: float) -> int:
    """The level on which a box lies, when the cubes of the first are `cell_m` wide."""
    wide = 2.0 * max(box.x1 - box.x0, box.y1 - box.y0, box.z1 - box.z0)
    level = 0
    while level < LEVELS - 1 and wide > cell_m:
        cell_m, level = cell_m * GROWTH, level + 1
    return level


@leaf
def lowest_shared(box: Bound, block: Block, per_m: float) -> tuple[int, int, int]:
    """The one cell in which a box is met, of all that it shares with a block."""
    return max(block.x0, cell_of(box.x0, per_m)), max(block.y0, cell_of(box.y0, per_m)), max(block.z0, cell_of(box.z0, per_m))


@leaf
def hashed(x: int, y: int, z: int, level: int, mask: int) -> int:
    """Which of the slots, a power of two, a cell of a level is found in; `mask` is their number less one."""
    mixed = (x + level * 0x2545F491) * 0x1E3779B97F4A7C15 ^ y * 0x42B2AE3D27D4EB4F ^ z * 0x165667B19E3779F9
    mixed ^= (mixed >> 29) & 0x7FFFFFFFF
    mixed *= 0x3F58476D1CE4E5B9
    return (mixed >> 24) & mask
