"""Which journal a node keeps, by its settings; nothing else names one kind of it."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from tafadi.desk.ports import Journal
from tafadi.errors import DamagedError, RefusedError
from tafadi.store.folder import MARK_FILE, Folder
from tafadi.store.settings import SQLITE
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.card import open_card

if TYPE_CHECKING:
    from tafadi.store.postgres import PostgresJournal

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


TabledJournal: TypeAlias = "SqliteJournal | PostgresJournal"


def open_journal(folder: Folder, *, read_only: bool = False, restored: bool = False) -> TabledJournal:
    """The folder's journal; `restored` is for `tafadi.epoch` alone.

    Raises StoreError, DamagedError (also for one on a server that is empty, though agreements are signed), RefusedError, UnavailableError;
    MissingError where the folder has no card to show whose it is.
    """
    store = folder.settings.store
    if store == SQLITE:
        return SqliteJournal(folder.path / JOURNAL_FILE, read_only=read_only, restored=restored)
    journal = open_on_server(folder, store, read_only=read_only, restored=restored)
    if folder.agreements() and not restored and not journal.origins():
        journal.close()
        raise DamagedError("the journal on the server is empty, though agreements are signed here; `tafadi node restore` fetches it back")
    return journal


def open_on_server(folder: Folder, url: str, *, read_only: bool = False, restored: bool = False) -> TabledJournal:
    """The folder's journal at that address, or the one that is to be its.

    Raises RefusedError for another's, and where what speaks with servers is not installed; else as `open_journal` does.
    """
    try:
        from tafadi.store.postgres import PostgresJournal  # here, so that a node without a server loads none of it
        from tafadi.store.server import Keeper
    except ImportError:
        raise RefusedError("a journal on a PostgreSQL server needs more libraries: install tafadi[postgres]") from None
    keeper = Keeper(folder.settings.party, open_card(folder.card).root.id)
    return PostgresJournal(url, folder.path / MARK_FILE, keeper, read_only=read_only, restored=restored)
