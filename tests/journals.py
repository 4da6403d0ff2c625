"""Every kind of journal, under the same tests: how it is opened, how it crashes, and how its next durable write fails."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol

import pytest

from postgres import ABSENT, HERE, Server, server
from tafadi.desk.ports import Growth, Head
from tafadi.errors import StoreError
from tafadi.measure.instant import Instant
from tafadi.net.tls import make_certificate
from tafadi.store.folder import Folder
from tafadi.store.identity import first_card
from tafadi.store.journals import StoredJournal
from tafadi.store.memory import Failing, MemoryJournal
from tafadi.store.postgres import PostgresJournal
from tafadi.store.server import Keeper
from tafadi.store.settings import SQLITE, Settings
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.log import Frontier, leaf_hash

ORIGIN = "tafadi.v1/line/alpha/1"
KEEPER = Keeper("alpha", "the id of its root key")
KINDS = ("sqlite", "memory", "postgres")


class Kept(Protocol):
    """A journal of one kind, and what may happen to it."""

    @property
    def journal(self) -> StoredJournal:
        """The journal as it is open now."""
        ...

    def crash(self) -> None:
        """The power is cut, and `journal` is opened again."""
        ...

    def fail(self, *, persisted: bool) -> None:
        """The next durable write fails, before it took place or after."""
        ...


@dataclass
class KeptInSqlite:
    """A file."""

    path: Path
    journal: SqliteJournal = field(init=False)

    def __post_init__(self) -> None:
        self.journal = SqliteJournal(self.path)

    def crash(self) -> None:
        """What lies on the disk now is all that there is; SQLite writes no index of it, so that one is made anew."""
        image = self.path.with_name(f"{self.path.parent.name}-again")
        image.mkdir()
        for file in self.path.parent.glob("journal.*"):
            if file.suffix != ".db-shm":
                shutil.copy(file, image)
        self.path = image / self.path.name
        self.journal = SqliteJournal(self.path)

    def fail(self, *, persisted: bool) -> None:
        """The disk says no to the end of the transaction, or says no and does it."""
        journal, run = self.journal, self.journal._run

        def failing(statement: str) -> None:
            if statement != "COMMIT":
                run(statement)
                return
            journal._run = run  # type: ignore[method-assign]
            if persisted:
                run(statement)
            raise StoreError("the machine died")

        journal._run = failing  # type: ignore[method-assign]


@dataclass
class KeptInMemory:
    """The program's own memory."""

    journal: MemoryJournal = field(default_factory=MemoryJournal)

    def crash(self) -> None:
        """What was not durable is forgotten."""
        self.journal.crash()

    def fail(self, *, persisted: bool) -> None:
        """As it is told."""
        self.journal.fails = Failing.WRITTEN_ALL_THE_SAME if persisted else Failing.NOTHING_WRITTEN


@dataclass
class KeptOnServer:
    """A place on a server."""

    server: Server
    mark: Path
    journal: PostgresJournal = field(init=False)
    url: str = field(init=False)

    def __post_init__(self) -> None:
        self.url = self.server.empty()
        self.journal = PostgresJournal(self.url, self.mark, KEEPER)

    def crash(self) -> None:
        """The session ends on the spot, and nobody says goodbye to the server."""
        self.server.end_sessions()
        self.journal = PostgresJournal(self.url, self.mark, KEEPER)

    def fail(self, *, persisted: bool) -> None:
        """The session is lost before the server hears the end of the transaction, or before it answers."""
        journal, run = self.journal, self.journal._run

        def failing(statement: str) -> None:
            if statement == "COMMIT":
                journal._run = run  # type: ignore[method-assign]
                if persisted:
                    run(statement)
                self.server.end_sessions()
                statement = "SELECT"
            run(statement)

        journal._run = failing  # type: ignore[method-assign]


SERVERS = ExitStack()  # closed when the tests of a process end (tests/conftest.py)


@cache
def running() -> Server:
    """One server for all tests of a process; it ends with them."""
    return SERVERS.enter_context(server())


def keep(kind: str, folder: Path) -> Kept:
    """An empty journal of that kind; a visible skip where no server is installed."""
    if kind == "postgres":
        return KeptOnServer(running() if HERE else pytest.skip(ABSENT), folder / "journal.mark")
    return KeptInSqlite(folder / "journal.db") if kind == "sqlite" else KeptInMemory()


@pytest.fixture(params=KINDS)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    """An empty journal of each kind."""
    found = keep(request.param, tmp_path)
    yield found
    found.journal.close()


def folder_of(party: str, path: Path, store: str = SQLITE) -> Folder:
    """A new node's folder, with its keys and its card."""
    now = Instant.parse("2026-11-23T06:00:00Z")
    folder = Folder.create(path, Settings(party, "en", store=store), lambda: os.urandom(32), make_certificate(party, now))
    first_card(folder, now, 90)
    return folder


def growth_of(old: Frontier, *leaves: bytes, origin: str = ORIGIN, note: bytes = b"note") -> Growth:
    """The feed grows by these leaves."""
    hashes = tuple(leaf_hash(leaf) for leaf in leaves)
    return Growth(origin, old.size, leaves, hashes, Head(old.extend(hashes), note))
