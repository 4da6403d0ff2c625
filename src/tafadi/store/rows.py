"""A change as rows of the journal, inside of a transaction that somebody else has begun and will end."""

from typing import Final

from tafadi.desk.ports import ANSWERS_KEPT_S, Answered, Change, Express, Growth, Receipt
from tafadi.errors import HeadMovedError
from tafadi.store.database import Database
from tafadi.store.schema import hashes_between, set_tiles
from tafadi.trust.tiles import WIDTH

_KEEP_RECEIPT: Final = (
    "INSERT INTO receipt (origin, mirror, size, line, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (origin, mirror) DO UPDATE "
    "SET size = excluded.size, line = excluded.line, at = excluded.at WHERE excluded.size >= receipt.size"
)


def write(db: Database, change: Change) -> None:
    """Writes the rows. Raises HeadMovedError, DamagedError, and what the database raises; whoever calls takes back what was written."""
    for growth in change.growths:
        _grow(db, growth)
    db.executemany("DELETE FROM inbox WHERE origin = ? AND idx = ?", change.judged)
    db.executemany(_KEEP_RECEIPT, map(_receipt_row, change.receipts))
    db.executemany("INSERT INTO exhibit (kind, data) VALUES (?, ?) ON CONFLICT DO NOTHING", [(e.kind, e.data) for e in change.exhibits])
    for answered in change.answers:
        _keep_answer(db, answered)
    for express in change.express:
        _keep_express(db, express)
    db.executemany("DELETE FROM express WHERE origin = ? AND idx = ?", change.filled)


def _grow(db: Database, growth: Growth) -> None:
    size = growth.head.frontier.size
    state = (size, growth.head.frontier.to_bytes(), growth.head.checkpoint, growth.head.pending)
    moved = db.execute(
        "UPDATE feed SET size = ?, frontier = ?, checkpoint = ?, pending = ? WHERE origin = ? AND size = ?",
        (*state, growth.origin, growth.old_size),
    ).rowcount
    if moved == 0:
        _begin_feed(db, growth, state)
    places = range(growth.old_size, size)
    rows = [(growth.origin, *row) for row in zip(places, growth.leaves, growth.leaf_hashes, strict=True)]
    db.executemany("INSERT INTO entry (origin, idx, leaf, leaf_hash) VALUES (?, ?, ?, ?)", rows)
    db.executemany("INSERT INTO inbox (origin, idx) VALUES (?, ?)", [(growth.origin, place) for place in places])
    first = growth.old_size // WIDTH
    if size // WIDTH > first:
        set_tiles(db, growth.origin, first, hashes_between(db, growth.origin, first * WIDTH, size))


def _begin_feed(db: Database, growth: Growth, state: tuple[int, bytes, bytes | None, bytes | None]) -> None:
    known = db.execute("SELECT size FROM feed WHERE origin = ?", (growth.origin,)).fetchone()
    if known is not None or growth.old_size != 0:
        raise HeadMovedError(f"feed {growth.origin} has {known[0] if known else 0} entries, not {growth.old_size}")
    db.execute("INSERT INTO feed (size, frontier, checkpoint, pending, origin) VALUES (?, ?, ?, ?, ?)", (*state, growth.origin))


def _receipt_row(receipt: Receipt) -> tuple[str, str, int, str, str]:
    return receipt.origin, receipt.mirror, receipt.size, receipt.line, str(receipt.at)


def _keep_answer(db: Database, answered: Answered) -> None:
    """Keeps the answer; those that have had their day go. Raises HeadMovedError while the key has one."""
    db.execute("DELETE FROM answer WHERE at_ns < ?", (answered.at.plus(-ANSWERS_KEPT_S).ns,))
    row = (answered.key, answered.request, answered.answer, answered.at.ns)
    if db.execute("INSERT INTO answer (key, request, answer, at_ns) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", row).rowcount == 0:
        raise HeadMovedError(f"something was answered under the key {answered.key[:100]!r} already")


def _keep_express(db: Database, express: Express) -> None:
    """Keeps what came ahead, once. Raises HeadMovedError where another entry is kept for the place: whoever reads again finds it."""
    row = (express.origin, express.index, express.leaf, express.leaf_hash, express.heard)
    db.execute("INSERT INTO express (origin, idx, leaf, leaf_hash, heard) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
    kept = db.execute("SELECT leaf FROM express WHERE origin = ? AND idx = ?", row[:2]).fetchone()
    if kept != (express.leaf,):
        raise HeadMovedError(f"another entry {express.index} of {express.origin} came ahead of its feed before")
