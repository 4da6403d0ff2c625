"""The tables of the journal in SQLite, and the way of an older form to this one: in place, whole or not at all.

Form 2 added the tiles of every feed, which are made from its entries; the answers that programs were given; and what came ahead of a feed.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tafadi.errors import DamagedError, StoreError
from tafadi.store.database import Database
from tafadi.store.tree import rows_after
from tafadi.store.words import WAY_ON, blob
from tafadi.trust.tiles import WIDTH

FORM: Final = 2
_FIRST: Final = """
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
_SECOND: Final = """
CREATE TABLE tile (
    origin TEXT NOT NULL,
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (origin, level, idx)
) STRICT;
CREATE TABLE answer (
    key TEXT PRIMARY KEY,
    request BLOB NOT NULL,
    answer BLOB NOT NULL,
    at_ns INTEGER NOT NULL
) STRICT;
CREATE TABLE express (
    origin TEXT NOT NULL,
    idx INTEGER NOT NULL,
    leaf BLOB NOT NULL,
    leaf_hash BLOB NOT NULL,
    heard TEXT NOT NULL,
    PRIMARY KEY (origin, idx)
) STRICT;
"""
HASHES_BETWEEN: Final = "SELECT leaf_hash FROM entry WHERE origin = ? AND idx >= ? AND idx < ? ORDER BY idx"
SET_TILE: Final = (
    "INSERT INTO tile (origin, level, idx, hashes) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (origin, level, idx) DO UPDATE SET hashes = excluded.hashes"
)


def prepare(db: sqlite3.Connection, path: str, *, read_only: bool) -> None:
    """Has the file in this form, made or brought to it where it may be written. Raises StoreError, and what SQLite raises."""
    if not read_only:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA busy_timeout = 2000")
    form = _form(db)
    if form == 1 and read_only:
        raise StoreError(
            f"{path} has the form 1 of the journal; `tafadi node run`, or any command that speaks for the node, brings it to {FORM}"
        )
    if form in (0, 1) and not read_only:
        _bring(db)
    elif form != FORM:
        raise StoreError(f"{path} has the form {form} of the journal, and {FORM} is spoken here; upgrade the older side")


def has_tables(found: set[str]) -> bool:
    """Whether these statements, as SQLite keeps them, make all the tables."""
    return set(_statements(_FIRST + _SECOND)) <= found


def _form(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _statements(text: str) -> list[str]:
    return [statement.strip() for statement in text.split(";") if statement.strip()]


def _bring(db: sqlite3.Connection) -> None:
    """Makes the tables that are missing, with the tiles of what is there, in one transaction."""
    with _whole(db):
        form = _form(db)  # another process may just have done it
        for statement in _statements({0: _FIRST + _SECOND, 1: _SECOND}.get(form, "")):
            db.execute(statement)
        if form == 1:
            for origin, size in db.execute("SELECT origin, size FROM feed").fetchall():
                _tile(db, origin, int(size))
        db.execute(f"PRAGMA user_version = {FORM}")


@contextmanager
def _whole(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _tile(db: sqlite3.Connection, origin: str, size: int) -> None:
    """Makes the tiles of one feed, a few entries at a time. Raises DamagedError where entries are missing."""
    for first in range(size // WIDTH):
        hashes = hashes_between(db, origin, first * WIDTH, (first + 1) * WIDTH)
        if len(hashes) != WIDTH:
            raise DamagedError(f"of entries {first * WIDTH} to {(first + 1) * WIDTH - 1} of {origin} some are missing; {WAY_ON}")
        set_tiles(db, origin, first, hashes)


def hashes_between(db: Database, origin: str, start: int, end: int) -> list[bytes]:
    """The leaf hashes of the entries [start, end) in order, or as many as are there. Raises DamagedError, and what the database raises."""
    return [blob(row[0]) for row in db.execute(HASHES_BETWEEN, (origin, start, end)).fetchall()]


def set_tiles(db: Database, origin: str, first: int, leaf_hashes: list[bytes]) -> None:
    """Keeps the tiles of a feed from the one of level 0 on that is full of the first of these hashes. Raises DamagedError."""

    def row_at(level: int, index: int) -> bytes:
        found = db.execute("SELECT hashes FROM tile WHERE origin = ? AND level = ? AND idx = ?", (origin, level, index)).fetchone()
        return blob(found[0]) if found else b""

    rows = rows_after(row_at, first, leaf_hashes)
    db.executemany(SET_TILE, [(origin, level, index, row) for (level, index), row in rows.items()])
