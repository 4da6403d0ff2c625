"""What a journal in tables says, whichever database keeps them: whoever holds the connection gives the rows, and this reads them.

What cannot be read back was damaged in the store: DamagedError, and never somebody's input.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Final

from tafadi.desk.ports import ANSWERS_KEPT_S, TRACKS, Answered, Exhibit, Express, Head, Receipt
from tafadi.errors import DamagedError, MissingError, StoreError
from tafadi.measure.instant import Instant
from tafadi.store.schema import HASHES_BETWEEN
from tafadi.store.tree import Row, hashes_in, range_hash
from tafadi.store.words import WAY_ON, as_stored, blob
from tafadi.trust.log import HASH_BYTES, SIZE_MAX, Frontier
from tafadi.trust.tiles import WIDTH

_ROWS_MAX: Final = 64  # of tiles that are remembered between two changes: two megabytes, and some proofs' worth


# The columns of every table, and how many of them, from the first on, are its key.
TABLES: Final[dict[str, tuple[tuple[str, ...], int]]] = {
    "feed": (("origin", "size", "frontier", "checkpoint", "pending"), 1),
    "entry": (("origin", "idx", "leaf", "leaf_hash"), 2),
    "tile": (("origin", "level", "idx", "hashes"), 3),
    "inbox": (("number", "origin", "idx"), 1),
    "receipt": (("origin", "mirror", "size", "line", "at"), 2),
    "exhibit": (("number", "kind", "data"), 1),
    "answer": (("key", "request", "answer", "at_ns"), 1),
    "express": (("origin", "idx", "leaf", "leaf_hash", "heard"), 2),
}
PAGE_ROWS: Final = 512  # of 64 KiB at most: 32 MiB


class ReadFromTables(ABC):
    """The reading half of a journal. `_rows` is the connection's; whoever writes has the tiles that are remembered forgotten."""

    def __init__(self) -> None:
        self._tiles: dict[tuple[str, int, int], Row] = {}
        self._heads: dict[str, Head] = {}
        self._is_sole = False  # nobody else writes: then heads are remembered between two changes

    @abstractmethod
    def _rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """All rows that the statement finds. Raises StoreError, DamagedError."""
        ...

    @abstractmethod
    def _many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        """Runs the statement for each row, within a transaction that is begun. Raises StoreError."""
        ...

    def _forget_tiles(self) -> None:
        self._tiles.clear()
        self._heads.clear()

    # Whole tables, for a copy

    def pages(self, table: str) -> Iterator[list[tuple[object, ...]]]:
        """All rows of one of `TABLES` by its key, some at a time. Raises StoreError, DamagedError."""
        columns, keys = TABLES[table]
        select, names = f"SELECT {', '.join(columns)} FROM {table}", ", ".join(columns[:keys])
        rest = f"ORDER BY {names} LIMIT {PAGE_ROWS}"
        page = self._rows(f"{select} {rest}")
        while page:
            yield page
            page = self._rows(f"{select} WHERE ({names}) > ({', '.join('?' * keys)}) {rest}", *page[-1][:keys])

    def fill(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Adds rows as `pages` gives them, within a `group`. Raises StoreError."""
        columns, _ = TABLES[table]
        self._many(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows)

    @abstractmethod
    def go_on_counting(self) -> None:
        """Has what is added after rows that were filled in come after them."""

    def origins(self) -> list[str]:
        """Every feed that the journal holds."""
        return [str(row[0]) for row in self._rows("SELECT origin FROM feed ORDER BY origin")]

    def sizes(self) -> dict[str, int]:
        """How many entries each feed is said to have. Raises DamagedError."""
        with as_stored("the size of a feed"):
            return {str(origin): int(str(size)) for origin, size in self._rows("SELECT origin, size FROM feed")}

    def head(self, origin: str) -> Head:
        """How far the feed has grown; an unknown feed is empty."""
        known = self._heads.get(origin)
        if known is None:
            known = self._read_head(origin)
            if self._is_sole:
                self._heads[origin] = known
        return known

    def _read_head(self, origin: str) -> Head:
        rows = self._rows("SELECT frontier, checkpoint, pending FROM feed WHERE origin = ?", origin)
        if not rows:
            return Head(Frontier(), None)
        frontier, checkpoint, pending = rows[0]
        notes = [None if note is None else blob(note) for note in (checkpoint, pending)]
        with as_stored(f"the tree of {origin}"):
            return Head(Frontier.from_bytes(blob(frontier)), *notes)

    def leaf(self, origin: str, index: int) -> bytes:
        """The exact bytes of one entry. Raises MissingError."""
        rows = self._rows("SELECT leaf FROM entry WHERE origin = ? AND idx = ?", origin, index)
        if not rows:
            raise MissingError(f"there is no entry {index} of {origin} here")
        return blob(rows[0][0])

    def leaves(self, origin: str, start: int, end: int) -> list[bytes]:
        """The entries [start, end), or as many as are there."""
        rows = self._rows("SELECT leaf FROM entry WHERE origin = ? AND idx >= ? AND idx < ? ORDER BY idx", origin, start, end)
        return [blob(row[0]) for row in rows]

    def leaf_hashes(self, origin: str, start: int = 0, end: int | None = None) -> list[bytes]:
        """The leaf hashes of the entries [start, end) in order, or as many as are there; by default of all."""
        return [blob(row[0]) for row in self._rows(HASHES_BETWEEN, origin, start, SIZE_MAX if end is None else end)]

    def range_hash(self, origin: str, start: int, end: int) -> bytes:
        """The Merkle tree hash of the entries [start, end), from a few tiles. Raises InputError, MissingError, DamagedError."""
        return range_hash(partial(self._subtree, origin), start, end)

    def _subtree(self, origin: str, level: int, place: int, height: int) -> bytes:
        """The hash over 2**height hashes of a level, from their tile or, where that is level 0 and not full, from the entries."""
        index, low = divmod(place, WIDTH)
        key, end = (origin, level, index), low + (1 << height)
        row = self._tiles.get(key)
        if row is None or len(row) < end:
            row = self._read_tile(*key)
        if len(row) < end:
            raise self._lacking(origin, level, place + (1 << height))
        return row.subtree(low, height)

    def _read_tile(self, origin: str, level: int, index: int) -> Row:
        if len(self._tiles) >= _ROWS_MAX:
            self._tiles.clear()
        data = self.tile(origin, level, index)
        if not data and level == 0:
            data = b"".join(self.leaf_hashes(origin, index * WIDTH, (index + 1) * WIDTH))
        if len(data) % HASH_BYTES:
            raise DamagedError(f"a tile of {origin} in the journal is damaged; {WAY_ON}")
        row = self._tiles[origin, level, index] = Row([hashes_in(data)])
        return row

    def _lacking(self, origin: str, level: int, end: int) -> StoreError:
        size, needed = self.head(origin).frontier.size, end * WIDTH**level
        if needed > size:
            return MissingError(f"there are {size} entries of {origin} here, and not {needed}")
        return DamagedError(f"hashes of {origin} are missing in the journal; {WAY_ON}")

    def tile(self, origin: str, level: int, index: int) -> bytes:
        """The hashes of a full tile, or of what there is of one above level 0; empty where there is none. Raises DamagedError."""
        rows = self._rows("SELECT hashes FROM tile WHERE origin = ? AND level = ? AND idx = ?", origin, level, index)
        return blob(rows[0][0]) if rows else b""

    def tile_count(self, origin: str) -> int:
        """How many tiles of the feed are kept, at all levels."""
        return int(str(self._rows("SELECT count(*) FROM tile WHERE origin = ?", origin)[0][0]))

    def kept_bytes(self, origin: str) -> int:
        """How many bytes the entries of the feed have, all together."""
        return int(str(self._rows("SELECT coalesce(sum(length(leaf)), 0) FROM entry WHERE origin = ?", origin)[0][0]))

    def unjudged(self) -> list[tuple[str, int]]:
        """What is stored and not yet judged, oldest first, as (origin, index)."""
        rows = self._rows("SELECT origin, idx FROM inbox ORDER BY number")
        with as_stored("what waits to be judged"):
            return [(str(origin), int(str(index))) for origin, index in rows]

    def receipts(self, origin: str) -> dict[str, Receipt]:
        """The newest receipt of each mirror for the feed."""
        rows = self._rows("SELECT mirror, size, line, at FROM receipt WHERE origin = ?", origin)
        with as_stored(f"a receipt for {origin}"):
            return {str(m): Receipt(origin, str(m), int(str(size)), str(line), Instant.parse(str(at))) for m, size, line, at in rows}

    def exhibits(self) -> list[Exhibit]:
        """All that is kept for ever, oldest first."""
        return [Exhibit(str(kind), blob(data)) for kind, data in self._rows("SELECT kind, data FROM exhibit ORDER BY number")]

    def evidence(self) -> list[Exhibit]:
        """The exhibits that accuse somebody, oldest first."""
        rows = self._rows("SELECT kind, data FROM exhibit WHERE kind <> ? ORDER BY number", TRACKS)
        return [Exhibit(str(kind), blob(data)) for kind, data in rows]

    def answered(self, key: str, now: Instant) -> Answered | None:
        """What was answered under the key within the last 24 h."""
        since = now.plus(-ANSWERS_KEPT_S).ns
        rows = self._rows("SELECT request, answer, at_ns FROM answer WHERE key = ? AND at_ns >= ?", key, since)
        with as_stored("an answer to a program"):
            return next((Answered(key, blob(request), blob(answer), Instant(int(str(at)))) for request, answer, at in rows), None)

    def express(self, origin: str) -> list[Express]:
        """What came ahead of the feed and is still ahead of it, by index."""
        rows = self._rows("SELECT idx, leaf, leaf_hash, heard FROM express WHERE origin = ? ORDER BY idx", origin)
        with as_stored(f"what came ahead of {origin}"):
            return [Express(origin, int(str(index)), blob(leaf), blob(hash), str(heard)) for index, leaf, hash, heard in rows]
