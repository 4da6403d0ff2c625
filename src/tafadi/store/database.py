"""What a journal asks of a database, whichever it is: the statements of its tables are the same for SQLite and for PostgreSQL.

Values stand where a statement has `?`. Every statement keeps to what both speak: no type is guessed, no conflict is left to a default.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol


class Found(Protocol):
    """What a statement found or did."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""
        ...

    def fetchone(self) -> Any:
        """The next row; None after the last."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...


class Database(Protocol):
    """A connection. What it raises is the database's own, and is told in our words by whoever holds it."""

    def execute(self, query: str, values: Sequence[object] = (), /) -> Found:
        """What one statement found."""
        ...

    def executemany(self, query: str, values: Iterable[Sequence[object]], /) -> object:
        """Runs the statement once for each row of values, in order."""
        ...
