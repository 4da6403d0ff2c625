"""What SQLite says, in our words: what can be mended by room or patience is one error, a file that contradicts itself another."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from tafadi.errors import DamagedError, InputError, StoreError

WAY_ON: Final = "`tafadi node restore` fetches this party's entries back"
# SQLite's words for a file that no waiting and no room on the disk mends: it is no journal, is torn, or lacks a table.
_DAMAGE: Final = ("malformed", "not a database", "no such table", "no such column", "already exists", "corrupt")


def blob(value: object) -> bytes:
    """The bytes of a column. Raises DamagedError for anything else."""
    if not isinstance(value, bytes):
        raise DamagedError("the journal holds something that is no entry; run `tafadi feed verify`")
    return value


@contextmanager
def as_stored(what: str) -> Iterator[None]:
    """What cannot be read back was damaged in the store: that is our own fault, and nobody's input."""
    try:
        yield
    except (InputError, ValueError) as error:
        raise DamagedError(f"{what} in the journal is damaged: {error}; {WAY_ON}") from None


@contextmanager
def in_our_words(path: str) -> Iterator[None]:
    """Raises StoreError, or DamagedError, for whatever SQLite raises inside."""
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
