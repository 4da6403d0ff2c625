"""The tree of a feed as it is stored: rows of hashes, so that no root and no proof needs more than a few of them.

Level 0 are leaf hashes, a row for each 256 once there are so many. A full row has one hash in the level above, whose rows grow with each
such hash: 256 entries change one row of level 1, 65,536 one of level 2. Any complete subtree then lies within one row, and any range that a
proof asks for is made of at most two dozen such subtrees; the leaves of the last, incomplete tile come from the entries themselves.

Everything here follows from the entries; `tafadi feed verify` compares it with them. What is signed or told by it is first shown to lead to
the tree that is held (`tafadi.desk.tree`).

Source: RFC 6962 section 2.1; C2SP tlog-tiles v0.1.0, whose full hash tiles these rows are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tafadi.errors import DamagedError, InputError
from tafadi.trust.log import EMPTY_ROOT, HASH_BYTES, Frontier, node_hash
from tafadi.trust.tiles import WIDTH, above

ROW_BYTES: Final = WIDTH * HASH_BYTES
_STEP: Final = (WIDTH - 1).bit_length()  # levels of the binary tree from one row to that above

Subtree = Callable[[int, int, int], bytes]  # (level, place, height) -> hash over the 2**height hashes of a level from `place` on
Rows = dict[tuple[int, int], bytes]  # by level and index within the level


@dataclass(slots=True)
class Row:
    """The hashes of one row, whole or as far as it has grown, and the hashes above them within the row, made when they are asked for.

    A proof asks for one of each height, and the next proof often for the same ones.
    """

    layers: list[list[bytes]]

    def __len__(self) -> int:
        return len(self.layers[0])

    def subtree(self, place: int, height: int) -> bytes:
        """The hash over the 2**height hashes from `place` on, a multiple of as many; they must be there."""
        while len(self.layers) <= height:
            below = self.layers[-1]
            self.layers.append(list(map(node_hash, below[::2], below[1::2])))
        return self.layers[height][place >> height]


def range_hash(subtree: Subtree, start: int, end: int) -> bytes:
    """MTH of the leaves [start, end). Raises InputError where no proof asks for it, and what `subtree` raises.

    `start` must be a multiple of the least power of two that holds so many leaves: then the range is made of complete subtrees.
    """
    if start == end:
        return EMPTY_ROOT
    if not 0 <= start < end or start % (1 << (end - start - 1).bit_length()):
        raise InputError(f"leaves {start} to {end} are no part of a tree with a hash of its own")
    peaks, low = [], start
    for height in range((end - start).bit_length() - 1, -1, -1):
        if (end - start) >> height & 1:
            level, rest = divmod(height, _STEP)
            peaks.append(subtree(level, low >> _STEP * level, rest))
            low += 1 << height
    return Frontier(end - start, tuple(peaks)).root()


def rows_after(row_at: Callable[[int, int], bytes], first: int, leaf_hashes: Sequence[bytes]) -> Rows:
    """The rows that are new or longer once the tiles of level 0 from `first` on are full of these hashes; a rest of them makes no row.

    `row_at` gives a row of a higher level as it was (empty where there is none). Raises DamagedError for one of a wrong length.
    """
    rows: Rows = {}
    for number in range(len(leaf_hashes) // WIDTH):
        level, index = 0, first + number
        row = rows[level, index] = b"".join(leaf_hashes[number * WIDTH : (number + 1) * WIDTH])
        while len(row) == ROW_BYTES:
            node = above(hashes_in(row))
            level, (index, place) = level + 1, divmod(index, WIDTH)
            row = rows.get((level, index)) or row_at(level, index)
            if len(row) != place * HASH_BYTES:
                raise DamagedError(
                    f"tile {index} of level {level} in the journal holds {len(row) // HASH_BYTES} hashes and must hold {place}; "
                    "`tafadi feed verify` says what is wrong"
                )
            row = rows[level, index] = row + node
    return rows


def hashes_in(row: bytes) -> list[bytes]:
    """The hashes of a row."""
    return [row[at : at + HASH_BYTES] for at in range(0, len(row), HASH_BYTES)]


def row_count(size: int) -> int:
    """How many rows the tree of so many leaves has."""
    count, size = size // WIDTH, size // WIDTH
    while size:
        count += -(-size // WIDTH)
        size //= WIDTH
    return count
