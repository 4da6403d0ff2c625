"""A PostgreSQL server as a journal needs it: what it must promise, who may write, and its words in ours.

The server must be of version 15 or newer, keep UTF-8, and flush what it commits; it is asked, and not its settings' file. One process
writes: it holds an advisory lock as long as its session lives, and has counted `writer.turn` up by one. Every transaction looks at that
number, so that a session that lost its lock without noticing (a pooler between, a failover) writes nothing. One party's record lies in a
database: the row of `keeper` names it and its root key, and nobody else's folder opens it, be it to read.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tafadi.errors import DamagedError, InputError, RefusedError, StoreError, UnavailableError
from tafadi.store.database import Found
from tafadi.store.migrations import FORMS, VERSION_TABLE, bring
from tafadi.store.words import WAY_ON

Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]

OLDEST: Final = 150_000  # 15.0; the oldest that is tested
CONNECT_MAX_S: Final = 10
LOCK_WAIT_MAX_MS: Final = 3_000  # a session that was killed has let go by then, where the server hears of it
# A server whose machine vanished says nothing: after that long without an answer to a probe, the session is given up.
_KEEPALIVE: Final[dict[str, str | int | None]] = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
_DURABLE: Final = ("on", "remote_apply")  # of synchronous_commit: flushed here, and on a standby where there is one
_DAMAGE: Final = (
    psycopg.errors.DataCorrupted,
    psycopg.errors.IndexCorrupted,
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedColumn,
)


class Keeper(NamedTuple):
    """Whose record it is: the party, and its root key's id, which is made with its folder and stays as long as the party speaks."""

    party: str
    root: str


class Tables:
    """A connection that takes the statements as they are written for both databases (`tafadi.store.database`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, query: str, values: Sequence[object] = (), /) -> Found:
        """What one statement found."""
        return self._connection.execute(_as_psycopg(query), values)

    def executemany(self, query: str, values: Iterable[Sequence[object]], /) -> None:
        """Runs the statement once for each row of values, in order."""
        with self._connection.cursor() as cursor:
            cursor.executemany(_as_psycopg(query), values)


@lru_cache(maxsize=128)
def _as_psycopg(query: str) -> str:
    return query.replace("?", "%s")


def name_of(url: str) -> str:
    """How the server is named to people, without what lets one in. Raises InputError for what is no address."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:  # its words quote the address
        raise InputError("store is not an address like postgresql://USER@HOST/DATABASE") from None
    return f"{parts.get('dbname') or parts.get('user') or 'postgres'} at {parts.get('host') or 'this machine'}"


@contextmanager
def in_our_words(name: str) -> Iterator[None]:
    """Raises StoreError, or DamagedError, for whatever psycopg raises inside."""
    try:
        yield
    except _DAMAGE as error:
        raise DamagedError(f"the journal in {name} is damaged: {_first_line(error)}; {WAY_ON}") from error
    except psycopg.Error as error:
        raise StoreError(f"the journal in {name} cannot be used: {_first_line(error)}") from error


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0]


def connect(url: str) -> Connection:
    """A session on the server, in which every statement is a transaction unless one is begun. Raises what psycopg raises."""
    said = {**_KEEPALIVE, **conninfo_to_dict(url)}  # whoever says otherwise in the address means it
    return psycopg.connect(make_conninfo("", **said), autocommit=True, connect_timeout=CONNECT_MAX_S, application_name="tafadi")


def check_server(db: Connection, name: str) -> None:
    """Nothing, where the server keeps what it says it has kept. Raises RefusedError, and what psycopg raises."""
    if db.info.server_version < OLDEST:
        raise RefusedError(f"the server of {name} is PostgreSQL {db.info.server_version // 10_000}; {OLDEST // 10_000} or newer is needed")
    if _shown(db, "server_encoding") != "UTF8":
        raise RefusedError(f"the database {name} keeps {_shown(db, 'server_encoding')}; a journal wants one that was made with UTF8")
    if _shown(db, "fsync") != "on":
        raise RefusedError(f"the server of {name} runs with fsync=off: what it says is stored may be lost, and a receipt would lie")
    if _shown(db, "synchronous_commit") not in _DURABLE:
        db.execute("SET synchronous_commit = on")
    if _shown(db, "synchronous_commit") not in _DURABLE:
        raise RefusedError(f"the server of {name} does not wait for its disk: synchronous_commit stays off")


def _shown(db: Connection, setting: str) -> str:
    found = db.execute(f"SHOW {setting}").fetchone()
    return str(found[0]) if found else ""


def take_turn(db: Connection, name: str) -> None:
    """Holds the journal for this session. Raises UnavailableError while another process does."""
    schema = db.execute("SELECT current_database(), current_schema()").fetchone()
    key = int.from_bytes(sha256(f"tafadi journal {schema}".encode()).digest()[:8], "big", signed=True)
    db.execute(f"SET lock_timeout = {LOCK_WAIT_MAX_MS}")
    try:
        db.execute("SELECT pg_advisory_lock(%s)", (key,))
    except psycopg.errors.LockNotAvailable:
        raise UnavailableError(f"another process writes to the journal in {name}") from None


def check_form(db: Connection, url: str, name: str, *, read_only: bool) -> None:
    """Has the tables in this form, made or brought to it where they may be written. Raises StoreError, and what psycopg raises."""
    there = db.execute("SELECT to_regclass(%s)", (VERSION_TABLE,)).fetchone()
    found = db.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone() if there != (None,) else None
    form = str(found[0]) if found else ""
    if form == FORMS[-1]:
        return
    if form not in ("", *FORMS):
        raise StoreError(f"the journal in {name} has the form {form}, and {FORMS[-1]} is spoken here; upgrade the older side")
    if read_only:
        raise StoreError(f"there is no journal of form {FORMS[-1]} in {name} yet; `tafadi node run` makes it")
    bring(lambda: connect(url))


def check_keeper(db: Connection, name: str, keeper: Keeper, *, read_only: bool) -> None:
    """Nothing, where the record is that of `keeper`, or of nobody yet: then it is from now on, unless it is only read.

    Raises RefusedError for another's, and what psycopg raises.
    """
    found = db.execute("SELECT party, root FROM keeper").fetchone()
    if found is None and not read_only:
        db.execute("INSERT INTO keeper (party, root) VALUES (%s, %s)", keeper)
    elif found is not None and found != keeper:
        party, root = found
        raise RefusedError(
            f"the journal in {name} is that of {party} with the root key {root}, and this folder is that of {keeper.party} with the root "
            f"key {keeper.root}; name a database of its own"
        )
