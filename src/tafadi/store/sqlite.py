"""The journal in SQLite: WAL, synchronous FULL, one transaction for each change.

One connection, one writer. A commit that returned has been fsynced; a commit that raised left nothing. kill -9 does not test that: the page
cache survives a killed process (docs/stores.md). A mark beside the file says how far its feeds have grown (`tafadi.store.mark`).
"""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tafadi.desk.ports import TRACKS, Change, Exhibit, Growth, Head, Receipt
from tafadi.errors import DamagedError, HeadMovedError, InputError, MissingError, StoreError
from tafadi.measure.instant import Instant
from tafadi.store.mark import Mark
from tafadi.trust.log import Frontier

SCHEMA_VERSION: Final = 1
_NO_FILE: Final = (":memory:", "")  # SQLite's names for a database that lies nowhere
WAY_ON: Final = "`tafadi node restore` fetches this party's entries back"
# SQLite's words for a file that no waiting and no room on the disk mends: it is no journal, is torn, or lacks a table.
_DAMAGE: Final = ("malformed", "not a database", "no such table", "no such column", "already exists", "corrupt")
_SCHEMA: Final = """
CREATE TABLE feed (
    origin TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    frontier BLOB NOT NULL,
    checkpoint BLOB,
    pending BLOB
) STRICT;
CREATE TABLE entry (
    origin TEXT NOT NULL,
    idx INTEGER NOT NULL,
    leaf BLOB NOT NULL,
    leaf_hash BLOB NOT NULL,
    PRIMARY KEY (origin, idx)
) STRICT;
CREATE TABLE inbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    origin TEXT NOT NULL,
    idx INTEGER NOT NULL,
    UNIQUE (origin, idx)
) STRICT;
CREATE TABLE receipt (
    origin TEXT NOT NULL,
    mirror TEXT NOT NULL,
    size INTEGER NOT NULL,
    line TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (origin, mirror)
) STRICT;
CREATE TABLE exhibit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    data BLOB NOT NULL UNIQUE
) STRICT;
"""


class SqliteJournal:
    """A journal in one SQLite file. Raises StoreError when the file cannot be used, DamagedError when it contradicts itself.

    `restored` opens one that was put back from a copy, which nobody may write to but `tafadi.epoch`: its mark stays as it is until
    `mark_anew`, so that a restoring that does not come to its end leaves a record that no node goes on with.
    """

    def __init__(self, path: Path | str, *, read_only: bool = False, restored: bool = False) -> None:
        self._path = str(path)
        with _in_our_words(self._path), ExitStack() as undo:
            self._db = _connect(self._path, read_only)
            undo.callback(self._db.close)  # one that is left open would, when it goes, take away the log of the file that came in its place
            self._prepare(read_only)
            undo.pop_all()
        self._mark = None if read_only or restored or self._path in _NO_FILE else self._marked()

    def _prepare(self, read_only: bool) -> None:
        if not read_only:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA busy_timeout = 2000")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not read_only:
            self._db.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version={SCHEMA_VERSION};COMMIT;")
        elif version != SCHEMA_VERSION:
            raise StoreError(
                f"{self._path} has the form {version} of the journal, and {SCHEMA_VERSION} is spoken here; upgrade the older side"
            )

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

    def commit(self, change: Change) -> None:
        """Makes the change durable, or raises HeadMovedError or StoreError.

        It leaves nothing of the change then, but for a mark that could not be written: the change stands, and nobody may be told yet.
        """
        with self._transaction():
            for growth in change.growths:
                self._grow(growth)
            self._db.executemany("DELETE FROM inbox WHERE origin = ? AND idx = ?", change.judged)
            for receipt in change.receipts:
                self._keep_receipt(receipt)
            self._db.executemany("INSERT OR IGNORE INTO exhibit (kind, data) VALUES (?, ?)", [(e.kind, e.data) for e in change.exhibits])
        if self._mark is not None:
            self._mark.grow({growth.origin: growth.head.frontier.size for growth in change.growths})

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _in_our_words(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:  # whatever went wrong
                    self._db.execute("ROLLBACK")

    def _grow(self, growth: Growth) -> None:
        size = growth.head.frontier.size
        state = (size, growth.head.frontier.to_bytes(), growth.head.checkpoint, growth.head.pending)
        moved = self._db.execute(
            "UPDATE feed SET size = ?, frontier = ?, checkpoint = ?, pending = ? WHERE origin = ? AND size = ?",
            (*state, growth.origin, growth.old_size),
        ).rowcount
        if moved == 0:
            self._begin_feed(growth, state)
        places = range(growth.old_size, size)
        rows = [(growth.origin, *row) for row in zip(places, growth.leaves, growth.leaf_hashes, strict=True)]
        self._db.executemany("INSERT INTO entry (origin, idx, leaf, leaf_hash) VALUES (?, ?, ?, ?)", rows)
        self._db.executemany("INSERT INTO inbox (origin, idx) VALUES (?, ?)", [(growth.origin, place) for place in places])

    def _begin_feed(self, growth: Growth, state: tuple[int, bytes, bytes | None, bytes | None]) -> None:
        known = self._db.execute("SELECT size FROM feed WHERE origin = ?", (growth.origin,)).fetchone()
        if known is not None or growth.old_size != 0:
            raise HeadMovedError(f"feed {growth.origin} has {known[0] if known else 0} entries, not {growth.old_size}")
        self._db.execute("INSERT INTO feed (size, frontier, checkpoint, pending, origin) VALUES (?, ?, ?, ?, ?)", (*state, growth.origin))

    def _keep_receipt(self, receipt: Receipt) -> None:
        self._db.execute(
            "INSERT INTO receipt (origin, mirror, size, line, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin, mirror) DO UPDATE "
            "SET size = excluded.size, line = excluded.line, at = excluded.at WHERE excluded.size >= receipt.size",
            (receipt.origin, receipt.mirror, receipt.size, receipt.line, str(receipt.at)),
        )

    def _rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with _in_our_words(self._path):
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Whatever is read inside is of one moment, though another process goes on writing. Raises StoreError."""
        try:
            self._db.execute("BEGIN")
        except sqlite3.DatabaseError as error:
            raise _as_ours(error, self._path) from error
        try:
            yield
        finally:
            self._db.execute("ROLLBACK")

    def origins(self) -> list[str]:
        """Every feed that the journal holds."""
        return [str(row[0]) for row in self._rows("SELECT origin FROM feed ORDER BY origin")]

    def sizes(self) -> dict[str, int]:
        """How many entries each feed is said to have. Raises DamagedError."""
        with _as_stored("the size of a feed"):
            return {str(origin): int(str(size)) for origin, size in self._rows("SELECT origin, size FROM feed")}

    def check_file(self) -> None:
        """Nothing, where every table is there, and SQLite finds every page and index sound. Reads the whole file. Raises DamagedError."""
        found = str(self._rows("PRAGMA integrity_check(1)")[0][0])
        if found != "ok":
            raise DamagedError(f"the journal {self._path} is damaged: {found.splitlines()[-1]}; {WAY_ON}")
        tables = {str(row[0]) for row in self._rows("SELECT sql FROM sqlite_schema")}
        if not {table.strip() for table in _SCHEMA.split(";")} - {""} <= tables:
            raise DamagedError(f"the journal {self._path} is damaged: its tables are others; {WAY_ON}")

    def head(self, origin: str) -> Head:
        """How far the feed has grown; an unknown feed is empty."""
        rows = self._rows("SELECT frontier, checkpoint, pending FROM feed WHERE origin = ?", origin)
        if not rows:
            return Head(Frontier(), None)
        frontier, checkpoint, pending = rows[0]
        notes = [None if note is None else _blob(note) for note in (checkpoint, pending)]
        with _as_stored(f"the tree of {origin}"):
            return Head(Frontier.from_bytes(_blob(frontier)), *notes)

    def leaf(self, origin: str, index: int) -> bytes:
        """The exact bytes of one entry. Raises MissingError."""
        rows = self._rows("SELECT leaf FROM entry WHERE origin = ? AND idx = ?", origin, index)
        if not rows:
            raise MissingError(f"there is no entry {index} of {origin} here")
        return _blob(rows[0][0])

    def leaves(self, origin: str, start: int, end: int) -> list[bytes]:
        """The entries [start, end), or as many as are there."""
        rows = self._rows("SELECT leaf FROM entry WHERE origin = ? AND idx >= ? AND idx < ? ORDER BY idx", origin, start, end)
        return [_blob(row[0]) for row in rows]

    def leaf_hashes(self, origin: str) -> list[bytes]:
        """All leaf hashes of the feed, in order."""
        return [_blob(row[0]) for row in self._rows("SELECT leaf_hash FROM entry WHERE origin = ? ORDER BY idx", origin)]

    def unjudged(self) -> list[tuple[str, int]]:
        """What is stored and not yet judged, oldest first, as (origin, index)."""
        rows = self._rows("SELECT origin, idx FROM inbox ORDER BY number")
        return [(str(origin), int(str(index))) for origin, index in rows]

    def receipts(self, origin: str) -> dict[str, Receipt]:
        """The newest receipt of each mirror for the feed."""
        rows = self._rows("SELECT mirror, size, line, at FROM receipt WHERE origin = ?", origin)
        with _as_stored(f"a receipt for {origin}"):
            return {str(m): Receipt(origin, str(m), int(str(size)), str(line), Instant.parse(str(at))) for m, size, line, at in rows}

    def exhibits(self) -> list[Exhibit]:
        """All that is kept for ever, oldest first."""
        return [Exhibit(str(kind), _blob(data)) for kind, data in self._rows("SELECT kind, data FROM exhibit ORDER BY number")]

    def evidence(self) -> list[Exhibit]:
        """The exhibits that accuse somebody, oldest first."""
        rows = self._rows("SELECT kind, data FROM exhibit WHERE kind <> ? ORDER BY number", TRACKS)
        return [Exhibit(str(kind), _blob(data)) for kind, data in rows]


def _connect(path: str, read_only: bool) -> sqlite3.Connection:
    if read_only:
        return sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    return sqlite3.connect(path, isolation_level=None)


def _blob(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise DamagedError("the journal holds something that is no entry; run `tafadi feed verify`")
    return value


@contextmanager
def _as_stored(what: str) -> Iterator[None]:
    """What cannot be read back was damaged in the store: that is our own fault, and nobody's input."""
    try:
        yield
    except (InputError, ValueError) as error:
        raise DamagedError(f"{what} in the journal is damaged: {error}; {WAY_ON}") from None


@contextmanager
def _in_our_words(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _as_ours(error, path) from error
    except UnicodeDecodeError:  # SQLite's own words about a damaged schema quote its bytes
        raise DamagedError(f"the journal {path} is damaged: its schema is not text; {WAY_ON}") from None


def _as_ours(error: sqlite3.DatabaseError, path: str) -> StoreError:
    """The system's word for it, in our family: a full or read-only disk can be mended, a malformed file must stop the node."""
    if any(word in str(error) for word in _DAMAGE):
        return DamagedError(f"the journal {path} is damaged: {error}; {WAY_ON}")
    return StoreError(f"the journal {path} cannot be used: {error}")
