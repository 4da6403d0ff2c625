"""Every hash of a feed anew, from its entries alone, a tile of them at a time: no feed is too long for it.

What was stored of the tree along with them is compared: leaf hashes, and tiles of all levels.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tafadi.store.journals import StoredJournal
from tafadi.store.tree import ROW_BYTES, Rows, row_count, rows_after
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.tiles import WIDTH

Look: TypeAlias = Callable[[int, bytes], None]  # (index, leaf)


@dataclass(slots=True)
class Rehashed:
    """What the entries give: the tree, its roots at the sizes that were asked for, and what is stored otherwise, in sentences."""

    origin: str
    frontier: Frontier = field(default_factory=Frontier)
    roots: dict[int, bytes] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def rehash(journal: StoredJournal, origin: str, sizes: Iterable[int] = (), look: Look = lambda index, leaf: None) -> Rehashed:
    """The feed's tree anew; `look` is given every entry. It ends where entries are missing, and says so."""
    found = Rehashed(origin, roots={0: Frontier().root()})
    wanted, rows = sorted(set(sizes)), Rows()
    while leaves := journal.leaves(origin, found.frontier.size, found.frontier.size + WIDTH):
        start = found.frontier.size
        hashes = [leaf_hash(leaf) for leaf in leaves]
        _compare_leaves(found, hashes, journal.leaf_hashes(origin, start, start + WIDTH))
        for index, leaf in enumerate(leaves, start):
            look(index, leaf)
        found.roots |= {
            size: found.frontier.extend(hashes[: size - start]).root() for size in wanted if start < size <= start + len(leaves)
        }
        found.frontier = found.frontier.extend(hashes)
        if len(leaves) < WIDTH:
            break
        rows = _compare_full(found, journal, rows, start // WIDTH, hashes)
    for (level, index), row in rows.items():
        _compare_row(found, journal, level, index, row)
    _compare_counts(found, journal)
    return found


def _compare_leaves(found: Rehashed, hashes: Sequence[bytes], stored: Sequence[bytes]) -> None:
    if hashes != stored:
        start = found.frontier.size
        unlike = (number for number, (one, other) in enumerate(zip(hashes, stored, strict=False), start) if one != other)
        found.faults += [f"entry {number} does not have its stored hash" for number in unlike]


def _compare_full(found: Rehashed, journal: StoredJournal, rows: Rows, first: int, hashes: Sequence[bytes]) -> Rows:
    """Compares what has become full with the tile `first`; the rows that are still to grow."""
    grown = rows | rows_after(lambda level, index: rows.get((level, index), b""), first, hashes)
    for (level, index), row in grown.items():
        if len(row) == ROW_BYTES:
            _compare_row(found, journal, level, index, row)
    return {place: row for place, row in grown.items() if len(row) < ROW_BYTES}


def _compare_row(found: Rehashed, journal: StoredJournal, level: int, index: int, row: bytes) -> None:
    if journal.tile(found.origin, level, index) != row:
        found.faults.append(f"tile {index} of level {level} is not that of the entries")


def _compare_counts(found: Rehashed, journal: StoredJournal) -> None:
    """What lies behind a gap is no part of the tree; that there is a gap is to be told."""
    size, tiles = journal.head(found.origin).frontier.size, journal.tile_count(found.origin)
    if found.frontier.size < size:
        found.faults.append(f"entries are missing among the {size}: from {found.frontier.size} on nothing is verified")
    elif tiles != row_count(found.frontier.size):
        found.faults.append(f"{tiles} tiles are stored, and {found.frontier.size} entries have {row_count(found.frontier.size)}")
