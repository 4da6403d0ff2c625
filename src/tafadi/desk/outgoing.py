"""Outgoing: which entries another party's node does not have yet, and the receipts that come back.

A party's feeds of earlier epochs go out as well, as long as anybody lacks a part of them. Their log keys are retired: only the last
checkpoint that each of them signed is left, and no part of the way there can be signed any more.
"""

from typing import Final, NamedTuple

from tafadi.desk.desk import Desk
from tafadi.desk.ports import Receipt
from tafadi.desk.speak import keep_receipt
from tafadi.desk.tree import hashes_of, root_at
from tafadi.errors import SessionError
from tafadi.trust.catchup import AddCheckpoint, AddEntries, encode_add_checkpoint, encode_add_entries, make_package, package_spans
from tafadi.trust.checkpoint import Checkpoint, check_cosignature, open_checkpoint, sign_checkpoint
from tafadi.trust.log import subtree_proof_from
from tafadi.trust.push import ENTRIES_MAX, ENTRIES_MAX_BYTES, Push, fitting


class Room(NamedTuple):
    """How many entries, and of how many bytes, the next push may have; one entry it has always."""

    entries: int = ENTRIES_MAX
    size_bytes: int = ENTRIES_MAX_BYTES


ALL: Final = Room()


def held_by(desk: Desk, party: str, origin: str = "") -> int:
    """How many entries of the feed `origin` (by default our newest) `party` is known to hold, by the receipt of its mirror.

    Receipts of a mirror of an earlier epoch do not count: that record may have been lost.
    """
    receipt = desk.journal.receipts(origin or desk.origin).get(desk.pact.mirror(party))
    return receipt.size if receipt else 0


def next_push(desk: Desk, held: int, origin: str = "", room: Room = ALL) -> Push | None:
    """The next push to a node that holds `held` entries of the feed `origin` (by default our newest); None when it holds them all.

    Of another party's feed there is one only, up to the newest checkpoint here: what has an earlier end nobody but its owner could sign.
    """
    origin = origin or desk.origin
    note, signed = _signed(desk, origin)
    if note is None or held >= signed:
        return None
    leaves = desk.journal.leaves(origin, held, min(signed, held + room.entries))
    leaves = leaves[: fitting(leaves, room.size_bytes)]
    size = held + len(leaves)
    return Push(origin, held, tuple(leaves), note if size == signed else checkpoint_at(desk, size))


def _signed(desk: Desk, origin: str) -> tuple[bytes | None, int]:
    """The last checkpoint that this party signed of its feed, and its size. None and 0 where there is none that the others could take:

    a feed that has ended is never sent beyond its end, and no log key is left to sign that end itself.
    """
    note, end = desk.journal.head(origin).checkpoint, desk.pact.end(origin)
    size = open_checkpoint(note, desk.pact.card(origin).log).size if note else 0
    return (note, size) if end is None or size <= end else (None, 0)


def signed_size(desk: Desk, origin: str) -> int:
    """How many entries of a feed the others can be brought: those under the newest checkpoint that its owner signed."""
    return _signed(desk, origin)[1]


def is_far_behind(desk: Desk, origin: str, held: int) -> bool:
    """Whether a node that holds `held` entries of a feed catches up in proved packages rather than by pushes."""
    missing = _signed(desk, origin)[1] - held
    if missing > ENTRIES_MAX or origin == desk.origin:
        return missing > ENTRIES_MAX
    return missing > fitting(desk.journal.leaves(origin, held, held + max(0, missing)))


def next_checkpoint(desk: Desk, origin: str, old_size: int) -> bytes:
    """The `add-checkpoint` request from a pending size to our newest. Raises SessionError when the other says it holds more."""
    note, signed = _signed(desk, origin)
    if note is None or old_size > signed:
        raise SessionError(f"the other node says it holds {old_size} of our {signed} entries; that cannot be")
    proof = subtree_proof_from(hashes_of(desk.journal, origin), 0, old_size, signed) if old_size else []
    return encode_add_checkpoint(AddCheckpoint(old_size, tuple(proof), note))


def next_entries(desk: Desk, origin: str, start: int, end: int) -> bytes:
    """The `add-entries` request that brings the next package of entries from `start` on, proved in the tree of `end`."""
    hashes, spans = hashes_of(desk.journal, origin), package_spans(start, end)[:1]
    packages = tuple(make_package(desk.journal.leaves(origin, low, high), low, end, hashes) for low, high in spans)
    return encode_add_entries(AddEntries(origin, start, end, packages))


def checkpoint_at(desk: Desk, size: int) -> bytes:
    """Our signature on an earlier size of our newest feed, whose root is proved to be consistent with the newest. Raises DamagedError."""
    return sign_checkpoint(Checkpoint(desk.origin, size, root_at(desk.journal, desk.origin, size)), desk.identity.log)


def checked_receipt(desk: Desk, party: str, size: int, line: str, origin: str) -> Receipt:
    """The receipt of `party` for the first `size` entries of a feed, its cosignature checked. Raises FormatError, SignatureError."""
    name, root = desk.pact.mirror(party), root_at(desk.journal, origin, size)
    at = check_cosignature(line, Checkpoint(origin, size, root), name, desk.pact.cards[party].mirror)
    return Receipt(origin, name, size, line, at)


def take_receipt(desk: Desk, party: str, size: int, line: str, origin: str = "") -> None:
    """Checks the cosignature of `party` for the first `size` entries of a feed (by default our newest), and makes it durable.

    Raises FormatError, SignatureError.
    """
    keep_receipt(desk, checked_receipt(desk, party, size, line, origin or desk.origin))
