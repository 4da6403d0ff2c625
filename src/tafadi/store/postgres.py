"""The journal on a PostgreSQL server: the tables and statements of that in SQLite, one session, one writer.

A commit that returned has been flushed by the server; whether one that raised was written, nobody knows before the server is asked again:
the next call begins a session anew, and reads. A session that is not the writer's any more (`tafadi.store.server`) writes nothing. The mark
lies in the node's folder, as for SQLite: a server that was put back from a copy, or a standby that took over and lags, holds less than it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psycopg
from psycopg.pq import TransactionStatus

from tafadi.desk.ports import Change
from tafadi.errors import DamagedError, StoreError, TafadiError
from tafadi.store.mark import Mark
from tafadi.store.reading import ReadFromTables
from tafadi.store.rows import write
from tafadi.store.server import (
    Connection,
    Keeper,
    Tables,
    check_form,
    check_keeper,
    check_server,
    connect,
    in_our_words,
    name_of,
    take_turn,
)

# One more than the last turn; a session that ends and begins again keeps its own.
_NEXT_TURN: Final = "UPDATE writer SET turn = turn + 1 RETURNING turn"
_MY_TURN: Final = "SELECT turn FROM writer FOR SHARE"  # whoever would take the next turn waits for the transaction's end
# Every column of every row is read, so that a page or a value that is torn is found.
_READ_ALL: Final = (
    "SELECT sum(length(origin || frontier::text || checkpoint::text || pending::text) + size) FROM feed",
    "SELECT sum(length(leaf) + length(leaf_hash) + idx) FROM entry",
    "SELECT sum(length(hashes) + level + idx) FROM tile",
    "SELECT sum(length(origin) + idx + number) FROM inbox",
    "SELECT sum(length(origin || mirror || line || at) + size) FROM receipt",
    "SELECT sum(length(kind) + length(data) + length(digest) + number) FROM exhibit",
    "SELECT sum(length(key) + length(request) + length(answer) + at_ns * 0) FROM answer",
    "SELECT sum(length(origin || heard) + length(leaf) + length(leaf_hash) + idx) FROM express",
    "SELECT turn FROM writer",
    "SELECT party, root FROM keeper",
)


class PostgresJournal(ReadFromTables):
    """A journal on a server. Raises StoreError when it cannot be used, RefusedError when it does not keep what it is given.

    `mark` is the file of its mark; `keeper` whose it is, or becomes. `restored` as for `tafadi.store.sqlite.SqliteJournal`. Raises
    UnavailableError while another writes.
    """

    def __init__(self, url: str, mark: Path, keeper: Keeper, *, read_only: bool = False, restored: bool = False) -> None:
        super().__init__()
        self._url, self._name, self._mark_file, self._keeper = url, name_of(url), mark, keeper
        self._read_only = read_only
        self._turn = 0  # none yet
        self._group: dict[str, int] | None = None  # how far its changes have grown the feeds; None outside of one
        self._mark: Mark | None = None
        self._db = self._session()
        if not (read_only or restored):
            self._mark_here()

    def _session(self) -> Connection:
        """A session that may do what this journal may. Raises StoreError, RefusedError, UnavailableError."""
        with in_our_words(self._name):
            db = connect(self._url)
            try:
                self._begin(db)
            except (TafadiError, psycopg.Error):
                db.close()
                raise
            return db

    def _begin(self, db: Connection) -> None:
        if self._read_only:
            db.execute("SET default_transaction_read_only = on")
            check_form(db, self._url, self._name, read_only=True)
            check_keeper(db, self._name, self._keeper, read_only=True)
            return
        check_server(db, self._name)
        take_turn(db, self._name)
        check_form(db, self._url, self._name, read_only=False)
        check_keeper(db, self._name, self._keeper, read_only=False)
        if self._turn:
            self._check_turn(db)
        else:
            self._turn = _number(db, _NEXT_TURN)

    def _check_turn(self, db: Connection) -> None:
        """Raises DamagedError where another process has written since: what this one knows of the journal is not so any more."""
        if _number(db, _MY_TURN) != self._turn:
            raise DamagedError(f"another process has taken over the journal in {self._name}; this one must stop")

    def _mark_here(self, *, restored: bool = False) -> None:
        try:
            sizes = self.sizes()
            if self._mark is not None:
                self._mark.close()
            self._mark = Mark(self._mark_file, sizes, restored=restored)
        except StoreError:
            self._db.close()
            raise

    def _alive(self) -> Connection:
        """The session; a new one in the place of one that was lost. Raises StoreError within a group: its changes went with the session."""
        if self._db.closed:
            if self._group is not None:
                raise StoreError(f"the session with {self._name} was lost, and the changes that were to be written together with it")
            self._forget_tiles()
            self._db = self._session()
            if self._mark is not None:
                self._mark_here()  # another server may answer now, and hold less
        return self._db

    def mark_anew(self) -> None:
        """Has the mark say what is held here, though it said more: the epoch that it spoke of has ended. Raises StoreError."""
        self._mark_here(restored=True)

    def close(self) -> None:
        """Ends the session, and with it the turn to write."""
        self._db.close()
        if self._mark is not None:
            self._mark.close()

    # What is written

    def commit(self, change: Change) -> None:
        """Makes the change durable, or raises HeadMovedError, and nothing of it is; or StoreError, and it may have been written."""
        with in_our_words(self._name), self._transaction() if self._group is None else self._savepoint():
            write(Tables(self._db), change)
        self._remember({growth.origin: growth.head.frontier.size for growth in change.growths})

    def _remember(self, sizes: dict[str, int]) -> None:
        if self._group is not None:
            self._group.update(sizes)
        elif self._mark is not None:
            self._mark.grow(sizes)

    @contextmanager
    def group(self) -> Iterator[None]:
        """The changes that are committed inside become durable at the end, in one transaction and with one line of the mark.

        Raises StoreError: nothing of them is, or all of it where the end was not heard of.
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
        if self._group is not None:
            raise StoreError(f"changes are being written to {self._name} already")
        db = self._alive()
        self._run("BEGIN")
        try:
            with in_our_words(self._name):
                self._check_turn(db)
            yield
            self._run("COMMIT")
        finally:
            self._forget_tiles()
            self._take_back(db)

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        """One change of a group. Raises StoreError where the session was lost, and the whole group with it."""
        db = self._alive()
        self._run("SAVEPOINT change")
        is_written = False
        try:
            yield
            self._run("RELEASE change")
            is_written = True
        finally:
            self._forget_tiles()
            if not is_written and not db.closed:
                self._run("ROLLBACK TO change")
                self._run("RELEASE change")

    def _take_back(self, db: Connection) -> None:
        """Leaves nothing open, whatever went wrong: a session that cannot even say so is ended, and the server takes back by itself."""
        if db.closed or _is_idle(db):
            return
        with suppress(psycopg.Error):
            db.execute("ROLLBACK")
        if not _is_idle(db):
            db.close()

    def _run(self, statement: str) -> None:
        """Runs a word of a transaction. Raises StoreError also where the server answers COMMIT by taking back."""
        with in_our_words(self._name):
            done = self._db.execute(statement).statusmessage
        if statement == "COMMIT" and done != "COMMIT":
            raise StoreError(f"the journal in {self._name} has taken back what was to be written")

    # What is read

    def _rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        with in_our_words(self._name):
            return Tables(self._alive()).execute(query, values).fetchall()

    def _many(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        with in_our_words(self._name):
            Tables(self._db).executemany(query, rows)

    def go_on_counting(self) -> None:
        """Has the server number what comes after rows that were filled in with their numbers."""
        for table in ("inbox", "exhibit"):
            after = f"(SELECT coalesce(max(number), 0) + 1 FROM {table})"
            self._rows(f"SELECT setval(pg_get_serial_sequence('{table}', 'number'), {after}, false)")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Whatever is read inside is of one moment, though another process goes on writing. Raises StoreError."""
        if self._group is not None:
            raise StoreError(f"changes are being written to {self._name}")
        db = self._alive()
        self._run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        self._forget_tiles()
        try:
            yield
        finally:
            self._take_back(db)

    def check_file(self) -> None:
        """Nothing, where every table is there and every row can be read. Reads all of them. Raises DamagedError, StoreError."""
        for query in _READ_ALL:
            self._rows(query)


def _is_idle(db: Connection) -> bool:
    return db.info.transaction_status is TransactionStatus.IDLE


def _number(db: Connection, query: str) -> int:
    found = db.execute(query).fetchone()
    if found is None:
        raise DamagedError("the journal on the server does not say whose turn it is to write")
    return int(str(found[0]))
