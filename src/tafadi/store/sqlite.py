"""The journal in SQLite: WAL, synchronous FULL, one transaction for each change or for a group of them.

One connection, one writer. A commit that returned has been fsynced; a commit that raised left nothing. kill -9 does not test that: the page
cache survives a killed process (docs/stores.md). A mark beside the file says how far its feeds have grown (`tafadi.store.mark`). Every full
tile of a feed is written with the entry that fills it, so that what a proof costs does not grow with the feed (`tafadi.store.tree`).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from tafadi.desk.ports import ANSWERS_KEPT_S, TRACKS, Answered, Change, Exhibit, Express, Head, Receipt
from tafadi.errors import DamagedError, MissingError, StoreError
from tafadi.measure.instant import Instant
from tafadi.store.mark import Mark
from tafadi.store.rows import write
from tafadi.store.schema import has_tables, hashes_between, prepare
from tafadi.store.tree import Row, hashes_in, range_hash
from tafadi.store.words import WAY_ON, as_stored, blob, in_our_words
from tafadi.trust.log import HASH_BYTES, SIZE_MAX, Frontier
from tafadi.trust.tiles import WIDTH

_NO_FILE: Final = (":memory:", "")  # SQLite's names for a database that lies nowhere
_ROWS_MAX: Final = 64  # of tiles that are remembered between two changes: two megabytes, and some proofs' worth


class SqliteJournal:
    """A journal in one SQLite file. Raises StoreError when the file cannot be used, DamagedError when it contradicts itself.

    `restored` opens one that was put back from a copy, which nobody may write to but `tafadi.epoch`: its mark stays as it is until
    `mark_anew`, so that a restoring that does not come to its end leaves a record that no node goes on with.
    """

    def __init__(self, path: Path | str, *, read_only: bool = False, restored: bool = False) -> None:
        self._path = str(path)
        self._group: dict[str, int] | None = None  # how far its changes have grown the feeds; None outside of one
        self._tiles: dict[tuple[str, int, int], Row] = {}
        with in_our_words(self._path), ExitStack() as undo:
            self._db = _connect(self._path, read_only)
            undo.callback(self._db.close)  # one that is left open would, when it goes, take away the log of the file that came in its place
            prepare(self._db, self._path, read_only=read_only)
            undo.pop_all()
        self._mark = None if read_only or restored or self._path in _NO_FILE else self._marked()

    def _marked(self, *, restored: bool = False) -> Mark:
        try:
            return Mark(Path(self._path).with_suffix(".mark"), self.sizes(), restored=restored)
        except StoreError:
            self._db.close()
            raise

    def mark_anew(self) -> None:
        """Has the mark say what is held here, though it said more: the epoch that it spoke of has ended. Raises StoreError."""
        self._mark = self._marked(restored=True)

    def close(self) -> None:
        """Lets go of the files."""
        self._db.close()
        if self._mark is not None:
            self._mark.close()

    # What is written

    def commit(self, change: Change) -> None:
        """Makes the change durable, or raises HeadMovedError or StoreError.

        It leaves nothing of the change then, but for a mark that could not be written: the change stands, and nobody may be told yet.
        """
        with in_our_words(self._path), self._transaction() if self._group is None else self._savepoint():
            write(self._db, change)
        self._remember({growth.origin: growth.head.frontier.size for growth in change.growths})

    def _remember(self, sizes: dict[str, int]) -> None:
        if self._group is not None:
            self._group.update(sizes)
        elif self._mark is not None:
            self._mark.grow(sizes)

    @contextmanager
    def group(self) -> Iterator[None]:
        """The changes that are committed inside become durable at the end, in one transaction and with one line of the mark.

        Raises StoreError: nothing of them is, but for a mark that could not be written.
        """
        with self._transaction():
            self._group = {}
            try:
                yield
            finally:
                grown, self._group = self._group, None
        self._remember(grown)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._run("BEGIN IMMEDIATE")
        try:
            yield
            self._run("COMMIT")
        finally:
            self._tiles.clear()
            if self._db.in_transaction:  # whatever went wrong
                self._run("ROLLBACK")

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        """One change of a group. Raises StoreError where a full or failing disk has made SQLite take back the whole group."""
        if not self._db.in_transaction:  # a savepoint would begin a transaction of its own, and be durable alone
            raise StoreError(f"the journal {self._path} has taken back the changes that this one was to be written with")
        self._run("SAVEPOINT change")
        is_written = False
        try:
            yield
            self._run("RELEASE change")
            is_written = True
        finally:
            self._tiles.clear()
            if not is_written and self._db.in_transaction:
                self._run("ROLLBACK TO change")
                self._run("RELEASE change")

    def _run(self, statement: str) -> None:
        with in_our_words(self._path):
            self._db.execute(statement)

    # What is read

    def _rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with in_our_words(self._path):
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Whatever is read inside is of one moment, though another process goes on writing. Raises StoreError."""
        self._run("BEGIN")
        self._tiles.clear()
        try:
            yield
        finally:
            self._run("ROLLBACK")

    def origins(self) -> list[str]:
        """Every feed that the journal holds."""
        return [str(row[0]) for row in self._rows("SELECT origin FROM feed ORDER BY origin")]

    def sizes(self) -> dict[str, int]:
        """How many entries each feed is said to have. Raises DamagedError."""
        with as_stored("the size of a feed"):
            return {str(origin): int(str(size)) for origin, size in self._rows("SELECT origin, size FROM feed")}

    def check_file(self) -> None:
        """Nothing, where every table is there, and SQLite finds every page and index sound. Reads the whole file. Raises DamagedError."""
        found = str(self._rows("PRAGMA integrity_check(1)")[0][0])
        if found != "ok":
            raise DamagedError(f"the journal {self._path} is damaged: {found.splitlines()[-1]}; {WAY_ON}")
        if not has_tables({str(row[0]) for row in self._rows("SELECT sql FROM sqlite_schema")}):
            raise DamagedError(f"the journal {self._path} is damaged: its tables are others; {WAY_ON}")

    def head(self, origin: str) -> Head:
        """How far the feed has grown; an unknown feed is empty."""
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
        with in_our_words(self._path):
            return hashes_between(self._db, origin, start, SIZE_MAX if end is None else end)

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

    def unjudged(self) -> list[tuple[str, int]]:
        """What is stored and not yet judged, oldest first, as (origin, index)."""
        rows = self._rows("SELECT origin, idx FROM inbox ORDER BY number")
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
        return [Express(origin, int(str(index)), blob(leaf), blob(hash), str(heard)) for index, leaf, hash, heard in rows]


def _connect(path: str, read_only: bool) -> sqlite3.Connection:
    if read_only:
        return sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    return sqlite3.connect(path, isolation_level=None)
