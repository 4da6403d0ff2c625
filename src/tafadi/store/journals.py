"""Which journal a node keeps, by its settings; nothing else names one kind of it."""

from contextlib import AbstractContextManager
from typing import Final, Protocol

from tafadi.desk.ports import Journal
from tafadi.errors import RefusedError
from tafadi.store.folder import Folder
from tafadi.store.settings import SQLITE
from tafadi.store.sqlite import SqliteJournal

JOURNAL_FILE: Final = "journal.db"


class StoredJournal(Journal, Protocol):
    """A journal as its keepers know it: opened and closed, verified, restored."""

    def close(self) -> None:
        """Lets go of what holds it."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Whatever is read inside is of one moment, though another process goes on writing. Raises StoreError."""
        ...

    def origins(self) -> list[str]:
        """Every feed that the journal holds."""
        ...

    def sizes(self) -> dict[str, int]:
        """How many entries each feed is said to have. Raises DamagedError."""
        ...

    def tile(self, origin: str, level: int, index: int) -> bytes:
        """The hashes of a full tile, or of what there is of one above level 0; empty where there is none."""
        ...

    def tile_count(self, origin: str) -> int:
        """How many tiles of the feed are kept, at all levels."""
        ...

    def check_file(self) -> None:
        """Nothing, where what holds it is sound. Reads all of it. Raises DamagedError."""
        ...

    def mark_anew(self) -> None:
        """Has the mark say what is held here, though it said more: the epoch that it spoke of has ended. Raises StoreError."""
        ...


def open_journal(folder: Folder, *, read_only: bool = False, restored: bool = False) -> StoredJournal:
    """The folder's journal; `restored` is for `tafadi.epoch` alone. Raises StoreError, DamagedError; RefusedError for a kind to come."""
    if folder.settings.store != SQLITE:
        raise RefusedError(
            f"{folder.path / 'node.json'} names a PostgreSQL server as its store; this build keeps a journal in SQLite alone"
        )
    return SqliteJournal(folder.path / JOURNAL_FILE, read_only=read_only, restored=restored)
