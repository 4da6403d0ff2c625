"""Outgoing: which entries another party's node does not have yet, and the receipts that come back."""

from tafadi.desk.desk import Desk
from tafadi.desk.ports import Receipt
from tafadi.desk.speak import keep_receipt
from tafadi.trust.checkpoint import Checkpoint, check_cosignature, sign_checkpoint
from tafadi.trust.log import Frontier
from tafadi.trust.push import ENTRIES_MAX, Push, fitting


def held_by(desk: Desk, party: str) -> int:
    """How many of this party's entries `party` is known to hold: the size of its newest receipt."""
    receipt = desk.journal.receipts(desk.origin).get(desk.pact.mirror(party))
    return receipt.size if receipt else 0


def next_push(desk: Desk, held: int) -> Push | None:
    """The next push to a node that holds `held` of our entries; None when it holds them all."""
    head = desk.journal.head(desk.origin)
    if head.checkpoint is None or held >= head.frontier.size:
        return None
    leaves = desk.journal.leaves(desk.origin, held, held + ENTRIES_MAX)
    leaves = leaves[: fitting(leaves)]
    size = held + len(leaves)
    note = head.checkpoint if size == head.frontier.size else _checkpoint_at(desk, size)
    return Push(desk.origin, held, tuple(leaves), note)


def _checkpoint_at(desk: Desk, size: int) -> bytes:
    """Our signature on an earlier size of our own feed: consistent by construction with every other."""
    frontier = Frontier().extend(desk.journal.leaf_hashes(desk.origin)[:size])
    return sign_checkpoint(Checkpoint(desk.origin, size, frontier.root()), desk.identity.log)


def take_receipt(desk: Desk, party: str, push: Push, line: str) -> None:
    """Checks the cosignature that answered a push and makes it durable. Raises FormatError, SignatureError."""
    size = push.old_size + len(push.entries)
    root = Frontier().extend(desk.journal.leaf_hashes(desk.origin)[:size]).root()
    name = desk.pact.mirror(party)
    at = check_cosignature(line, Checkpoint(desk.origin, size, root), name, desk.pact.cards[party].mirror)
    keep_receipt(desk, Receipt(desk.origin, name, size, line, at))
