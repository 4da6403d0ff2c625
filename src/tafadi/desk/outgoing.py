"""Outgoing: which entries another party's node does not have yet, and the receipts that come back.

A party's feeds of earlier epochs go out as well, as long as anybody lacks a part of them. Their log keys are retired: only the last
checkpoint that each of them signed is left, and no part of the way there can be signed any more.
"""

from tafadi.desk.desk import Desk
from tafadi.desk.ports import Receipt
from tafadi.desk.speak import keep_receipt
from tafadi.errors import SessionError
from tafadi.trust.catchup import AddCheckpoint, AddEntries, encode_add_checkpoint, encode_add_entries, make_package, package_spans
from tafadi.trust.checkpoint import Checkpoint, check_cosignature, open_checkpoint, sign_checkpoint
from tafadi.trust.log import Frontier, consistency_proof
from tafadi.trust.push import ENTRIES_MAX, Push, fitting


def held_by(desk: Desk, party: str, origin: str = "") -> int:
    """How many entries of this party's feed `origin` (by default its newest) `party` is known to hold, by the receipt of its mirror.

    Receipts of a mirror of an earlier epoch do not count: that record may have been lost.
    """
    receipt = desk.journal.receipts(origin or desk.origin).get(desk.pact.mirror(party))
    return receipt.size if receipt else 0


def next_push(desk: Desk, held: int, origin: str = "") -> Push | None:
    """The next push to a node that holds `held` entries of our feed `origin` (by default the newest); None when it holds them all."""
    origin = origin or desk.origin
    note, signed = _signed(desk, origin)
    if note is None or held >= signed:
        return None
    leaves = desk.journal.leaves(origin, held, min(signed, held + ENTRIES_MAX))
    leaves = leaves[: fitting(leaves)]
    size = held + len(leaves)
    return Push(origin, held, tuple(leaves), note if size == signed else _checkpoint_at(desk, size))


def _signed(desk: Desk, origin: str) -> tuple[bytes | None, int]:
    """The last checkpoint that this party signed of its feed, and its size. None and 0 where there is none that the others could take:

    a feed that has ended is never sent beyond its end, and no log key is left to sign that end itself.
    """
    note, end = desk.journal.head(origin).checkpoint, desk.pact.end(origin)
    size = open_checkpoint(note, desk.pact.card(origin).log).size if note else 0
    return (note, size) if end is None or size <= end else (None, 0)


def is_far_behind(desk: Desk, origin: str, held: int) -> bool:
    """Whether a node that holds `held` entries of our feed catches up in proved packages rather than by pushes."""
    missing = _signed(desk, origin)[1] - held
    if missing > ENTRIES_MAX or origin == desk.origin:
        return missing > ENTRIES_MAX
    return missing > fitting(desk.journal.leaves(origin, held, held + max(0, missing)))


def next_checkpoint(desk: Desk, origin: str, old_size: int) -> bytes:
    """The `add-checkpoint` request from a pending size to our newest. Raises SessionError when the other says it holds more."""
    note, signed = _signed(desk, origin)
    if note is None or old_size > signed:
        raise SessionError(f"the other node says it holds {old_size} of our {signed} entries; that cannot be")
    proof = consistency_proof(desk.journal.leaf_hashes(origin), old_size, signed) if old_size else []
    return encode_add_checkpoint(AddCheckpoint(old_size, tuple(proof), note))


def next_entries(desk: Desk, origin: str, start: int, end: int) -> bytes:
    """The `add-entries` request that brings the next package of entries from `start` on, proved in the tree of `end`."""
    hashes = desk.journal.leaf_hashes(origin)[:end]
    spans = package_spans(start, end)[:1]
    packages = tuple(
        make_package(desk.journal.leaves(origin, low, high), low, end, lambda a, b: Frontier().extend(hashes[a:b]).root())
        for low, high in spans
    )
    return encode_add_entries(AddEntries(origin, start, end, packages))


def _checkpoint_at(desk: Desk, size: int) -> bytes:
    """Our signature on an earlier size of our newest feed: consistent by construction with every other."""
    frontier = Frontier().extend(desk.journal.leaf_hashes(desk.origin)[:size])
    return sign_checkpoint(Checkpoint(desk.origin, size, frontier.root()), desk.identity.log)


def take_receipt(desk: Desk, party: str, size: int, line: str, origin: str = "") -> None:
    """Checks the cosignature for the first `size` entries of our feed, and makes it durable. Raises FormatError, SignatureError."""
    origin = origin or desk.origin
    newest = desk.journal.head(origin).frontier
    frontier = newest if newest.size == size else Frontier().extend(desk.journal.leaf_hashes(origin)[:size])
    name = desk.pact.mirror(party)
    at = check_cosignature(line, Checkpoint(origin, size, frontier.root()), name, desk.pact.cards[party].mirror)
    keep_receipt(desk, Receipt(origin, name, size, line, at))
