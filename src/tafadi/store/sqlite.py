"""The journal in SQLite: WAL, synchronous FULL, one transaction for each change or for a group of them.

One connection, one writer. A commit that returned has been fsynced; a commit that raised left nothing. kill -9 does not test that: the page
cache survives a killed process (docs/stores.md). A mark beside the file says how far its feeds have grown (`tafadi.store.mark`). Every full
tile of a feed is written with the entry that fills it, so that what a proof costs does not grow with the feed (`tafadi.store.tree`).
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from tafadi.desk.ports import Change
from tafadi.errors import DamagedError, StoreError
from tafadi.store.mark import Mark
from tafadi.store.reading import ReadFromTables
from tafadi.store.rows import write
from tafadi.store.schema import has_tables, prepare
from tafadi.store.words import WAY_ON, in_our_words

_NO_FILE: Final = (":memory:", "")  # SQLite's names for a database that lies nowhere


class SqliteJournal(ReadFromTables):
    """A journal in one SQLite file. Raises StoreError when the file cannot be used, DamagedError when it contradicts itself.

    `restored` opens one that was put back from a copy, which nobody may write to but `tafadi.epoch`: its mark stays as it is until
    `mark_anew`, so that a restoring that does not come to its end leaves a record that no node goes on with.
    """

    def __init__(self, path: Path | str, *, read_only: bool = False, restored: bool = False) -> None:
        self._path = str(path)
        super().__init__()
        self._group: dict[str, int] | None = None  # how far its changes have grown the feeds; None outside of one
        self._writing = Lock()  # the end of a group may be waited for in another thread than its beginning
        with in_our_words(self._path), ExitStack() as undo:
            self._db = _connect(self._path, read_only)
            undo.callback(self._db.close)  # one that is left open would, when it goes, take away the log of the file that came in its place
            prepare(self._db, self._path, read_only=read_only)
            undo.pop_all()
        self._is_sole = not read_only  # the folder's lock is held by whoever writes
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
        sizes = {growth.origin: growth.head.frontier.size for growth in change.growths}
        with self._writing:  # before it is asked whether there is a group: another thread may be about to end it
            with in_our_words(self._path), self._transaction() if self._group is None else self._savepoint():
                write(self._db, change)
            self._remember(sizes)

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
        with ExitStack() as at_last:
            with self._transaction():
                self._group = {}
                try:
                    yield
                finally:
                    at_last.enter_context(self._writing)
                    grown, self._group = self._group, None
            self._remember(grown)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._run("BEGIN IMMEDIATE")
        try:
            yield
            self._run("COMMIT")
        finally:
            try:
                if self._db.in_transaction:  # whatever went wrong
                    self._run("ROLLBACK")
            finally:
                self._forget_tiles()

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
            try:
                if not is_written and self._db.in_transaction:
                    self._run("ROLLBACK TO change")
                    self._run("RELEASE change")
            finally:
                self._forget_tiles()

    def _run(self, statement: str) -> None:
        with in_our_words(self._path):
            self._db.execute(statement)

    # What is read

    def _rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with in_our_words(self._path):
            return self._db.execute(query, values).fetchall()

    def _many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        with in_our_words(self._path):
            self._db.executemany(query, rows)
        self._forget_tiles()

    def go_on_counting(self) -> None:
        """Nothing: SQLite numbers after the largest number that there is."""

    def copy_to(self, path: Path) -> None:
        """Writes all of it, of one moment, into a new file that needs no other beside it. Others may go on writing. Raises StoreError."""
        with in_our_words(str(path)), closing(sqlite3.connect(path, isolation_level=None)) as copy:
            self._db.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Whatever is read inside is of one moment, though another process goes on writing. Raises StoreError."""
        self._run("BEGIN")
        self._forget_tiles()
        try:
            yield
        finally:
            self._run("ROLLBACK")

    def check_file(self) -> None:
        """Nothing, where every table is there, and SQLite finds every page and index sound. Reads the whole file. Raises DamagedError."""
        found = str(self._rows("PRAGMA integrity_check(1)")[0][0])
        if found != "ok":
            raise DamagedError(f"the journal {self._path} is damaged: {found.splitlines()[-1]}; {WAY_ON}")
        if not has_tables({str(row[0]) for row in self._rows("SELECT sql FROM sqlite_schema")}):
            raise DamagedError(f"the journal {self._path} is damaged: its tables are others; {WAY_ON}")


def _connect(path: str, read_only: bool) -> sqlite3.Connection:
    if read_only:
        return sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    # One thread at a time uses it; but the end of a group may be waited for in another than its beginning (`tafadi.web.turn`).
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)
