"""A copy of the journal of one moment, taken while the node runs: one SQLite file, whatever keeps the journal, verified before it counts.

It is for `tafadi node restore`, which fetches what came after it and begins the next epoch. Nobody goes on with a copy in the same epoch.
"""

import os
from pathlib import Path

from tafadi.errors import InputError, StoreError, TafadiError
from tafadi.store.files import sync_folder
from tafadi.store.folder import Folder
from tafadi.store.journals import TabledJournal, open_journal
from tafadi.store.migrate import check_sound, copy
from tafadi.store.sqlite import SqliteJournal


def backup(folder: Folder, file: Path) -> dict[str, int]:
    """How many entries of each feed the new file holds. Raises InputError where one lies there, StoreError, DamagedError."""
    if file.exists():
        raise InputError(f"{file} is there already; a copy wants a new name")
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _write(folder, part)
        sizes = _verified(folder, part)
        _flush(part)
        part.rename(file)
        sync_folder(file.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"the copy {file} cannot be written: {error.strerror}") from error
    except TafadiError:
        part.unlink(missing_ok=True)
        raise
    return sizes


def _write(folder: Folder, part: Path) -> None:
    journal = open_journal(folder, read_only=True)
    try:
        if isinstance(journal, SqliteJournal):
            journal.copy_to(part)
        else:
            _write_from_server(journal, part)
    finally:
        journal.close()


def _write_from_server(journal: TabledJournal, part: Path) -> None:
    """Row by row, all of one moment of the server; then in one file, as SQLite's own copies are."""
    whole = part.with_name(f"{part.name}.rows")
    target = SqliteJournal(whole, restored=True)
    try:
        with journal.snapshot():
            copy(journal, target)
        target.copy_to(part)
    finally:
        target.close()
        for suffix in ("", "-wal", "-shm"):
            whole.with_name(f"{whole.name}{suffix}").unlink(missing_ok=True)


def _verified(folder: Folder, part: Path) -> dict[str, int]:
    copied = SqliteJournal(part, read_only=True)
    try:
        copied.check_file()
        check_sound(folder, copied)
        return copied.sizes()
    finally:
        copied.close()


def _flush(part: Path) -> None:
    handle = os.open(part, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
