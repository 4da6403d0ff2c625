"""Moving a journal from one kind of store to another, row by row in one transaction: all of it, or nothing.

What is moved is verified first, and what arrived is compared with it row by row before the transaction ends. What counts is one rename:
until node.json names the new store, the node goes on with the old. A move that was cut off is repeated: where all has arrived already,
it goes on from there. The mark stays where it is, and holds for the new store as it did for the old.
"""

import itertools
from hashlib import sha256
from typing import Final

from tafadi.errors import DamagedError, RefusedError, StoreError
from tafadi.store.files import sync_folder
from tafadi.store.folder import JOURNAL_FILES, Folder
from tafadi.store.fsck import verify
from tafadi.store.identity import open_pact
from tafadi.store.journals import JOURNAL_FILE, TabledJournal, open_journal, open_on_server
from tafadi.store.reading import TABLES, ReadFromTables
from tafadi.store.settings import SQLITE, with_store
from tafadi.store.sqlite import SqliteJournal

MOVING: Final = "journal.moving.db"


def migrate(folder: Folder, store: str) -> dict[str, int]:
    """How many entries each feed has in the store that the folder goes by from now on. The folder must be held.

    Raises InputError for no store, RefusedError where another record lies there already, DamagedError where this one is not sound.
    """
    settings = with_store(folder.settings, store)
    if store == folder.settings.store:
        raise RefusedError("the journal is kept there already")
    source = open_journal(folder)
    try:
        check_sound(folder, source)
        sizes = source.sizes()
        _move(folder, source, store)
    finally:
        source.close()
    if store == SQLITE:
        _aside(folder)  # what was left there when the journal moved away, if anything
        (folder.path / MOVING).rename(folder.path / JOURNAL_FILE)
        sync_folder(folder.path)
    folder.save_settings(settings)
    if store != SQLITE:
        _aside(folder)
    return sizes


def check_sound(folder: Folder, journal: TabledJournal) -> None:
    """Nothing, where `tafadi feed verify` finds no fault. Raises DamagedError with the first."""
    for document in folder.agreements().values():
        for report in verify(journal, open_pact(folder, document)):
            if report.faults:
                raise DamagedError(f"{report.origin} is not sound: {report.faults[0]}; `tafadi feed verify` shows all")


def _move(folder: Folder, source: TabledJournal, store: str) -> None:
    target = _begun(folder, store)
    try:
        if all(next(target.pages(table), None) is None for table in TABLES):
            copy(source, target)
        elif digest_of(target) != digest_of(source):
            raise RefusedError("another record lies there already; name an empty database")
    finally:
        target.close()


def _begun(folder: Folder, store: str) -> TabledJournal:
    if store != SQLITE:
        return open_on_server(folder, store, restored=True)
    for suffix in ("", "-wal", "-shm"):  # of a move that was cut off
        (folder.path / f"{MOVING}{suffix}").unlink(missing_ok=True)
    return SqliteJournal(folder.path / MOVING, restored=True)


def copy(source: ReadFromTables, target: TabledJournal) -> None:
    """Fills the empty target with all that the source holds. Raises StoreError, and nothing is there then."""
    with target.group():
        for table in TABLES:
            for page in source.pages(table):
                target.fill(table, page)
        target.go_on_counting()
        if digest_of(target) != digest_of(source):
            raise StoreError("what arrived is not what was sent; nothing of it is kept")


def digest_of(journal: ReadFromTables) -> str:
    """A digest over every row of every table, the same whatever keeps them."""
    digest = sha256()
    for table in TABLES:
        for page in journal.pages(table):
            digest.update(repr((table, page)).encode())
    return digest.hexdigest()


def _aside(folder: Folder) -> None:
    """Gives the files of a journal in SQLite that is no more gone by another name, for good: `journal.moved-<n>`, with a new number."""
    names = (f"journal.moved-{number}" for number in itertools.count(1))
    aside = next(name for name in names if not any(folder.path.glob(f"{name}.*")))
    for name in JOURNAL_FILES:
        if (folder.path / name).exists():
            (folder.path / name).rename(folder.path / name.replace("journal", aside))
    sync_folder(folder.path)
