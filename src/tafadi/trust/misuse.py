"""Misuse: what a mirror's key and a retired key must not sign, and what a mirror that has signed cannot deny.

A mirror's signature says that it stores one tree. *Two receipts* of one mirror for one feed, where the tree of the larger does not hold the
tree of the smaller, convict the mirror and nobody else: an honest one never signs for a history that does not continue the one it holds,
whatever the feed's owner does. The owner's own word is not enough: an owner that forks would convict every honest mirror with it.

A key is *retired* once the root key of its party has signed a card of a later epoch. No clock says what was signed before and what after; a
tree does: whoever signs for a tree that holds the record of the retirement signs after it was recorded.

Source: docs/spec/evidence.md; RFC 6962 section 2.1; decision docs/decisions/0027-what-convicts-a-mirror-and-a-retired-key.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tafadi.errors import ChainError, FormatError, InputError
from tafadi.measure.instant import Instant
from tafadi.trust.canon import Json, bytes_member
from tafadi.trust.card import Card, open_card
from tafadi.trust.checkpoint import Checkpoint, check_cosignature, mirror_name, origin_of, parse_checkpoint, split_origin
from tafadi.trust.envelope import Envelope, open_envelope
from tafadi.trust.log import check_inclusion, leaf_hash, rebuild
from tafadi.trust.note import KIND_COSIGNER, Note, note_bytes, parse_note

_FORMAT: Final = "evidence"


class Receipted(NamedTuple):
    """A tree that a mirror has signed for, when by its clock, and the note with that signature and no other."""

    checkpoint: Checkpoint
    at: Instant
    note: bytes


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry with the place that it says it has."""

    envelope: Envelope
    origin: str
    index: int


def open_receipted(data: bytes, card: Card) -> Receipted:
    """What the mirror of `card` signed in the note. Raises FormatError, also for a feed of its own; SignatureError."""
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    agreement, owner, _ = split_origin(checkpoint.origin)
    if owner == card.party:
        raise FormatError(f"{owner} gives no receipts for a feed of its own", format=_FORMAT)
    name = mirror_name(agreement, card.party, card.epoch)
    line = note.of(name, KIND_COSIGNER, card.mirror)[0]
    at = check_cosignature(line.line, checkpoint, name, card.mirror)
    return Receipted(checkpoint, at, note_bytes(Note(note.text, (line,))))


def excludes(one: Checkpoint, other: Checkpoint, nodes: Sequence[bytes]) -> bool:
    """Whether no tree has both: two roots for one size, or nodes that rebuild the larger root and not the smaller."""
    small, large = sorted((one, other), key=lambda checkpoint: checkpoint.size)
    if small.origin != large.origin or small.size == 0:
        return False  # every tree continues the empty one
    if small.size == large.size:
        return small.root != large.root and not nodes
    try:
        roots = rebuild(0, small.size, large.size, None, nodes)
    except ChainError:
        return False
    return roots.tree == large.root and roots.subtree != small.root


def is_used_after(use: bytes, record: bytes, nodes: Sequence[bytes], card: Card) -> bool:
    """Whether `use`, an entry or a receipt, is signed by a key of `card` for a tree in which `nodes` place `record`, its retirement.

    Raises FormatError, SignatureError when the one is not signed by such a key, or the other records no later card of that root key.
    """
    origin, index = _retirement(record, card)
    found = [tree for tree in _signed_for(use, card) if tree.origin == origin and tree.size > index]
    return any(_is_in(tree, record, index, nodes) for tree in found)


def is_stored(leaf: bytes, receipt: Checkpoint, nodes: Sequence[bytes]) -> bool:
    """Whether `nodes` place the entry, where it says it stands, in the tree of a receipt. Raises FormatError."""
    placed = open_placed(leaf)
    return placed.origin == receipt.origin and placed.index < receipt.size and _is_in(receipt, leaf, placed.index, nodes)


def open_placed(leaf: bytes) -> Placed:
    """The entry and the place that it says it has. Raises FormatError."""
    envelope = open_envelope(leaf)
    origin, index = envelope.payload.get("origin"), envelope.payload.get("index")
    if not isinstance(origin, str) or not isinstance(index, int) or isinstance(index, bool) or index < 0:
        raise FormatError("the entry does not say where it stands", format=_FORMAT)
    split_origin(origin)
    return Placed(envelope, origin, index)


def _is_in(tree: Checkpoint, leaf: bytes, index: int, nodes: Sequence[bytes]) -> bool:
    try:
        check_inclusion(tree.root, tree.size, index, leaf_hash(leaf), nodes)
    except ChainError:
        return False
    return True


def _retirement(record: bytes, card: Card) -> tuple[str, int]:
    """Where the entry stands that records a later card of the same party and root key."""
    placed = open_placed(record)
    body = placed.envelope.payload.get("body")
    if placed.envelope.payload.get("type") != "key" or not isinstance(body, dict):
        raise FormatError("the second statement is no record of a card", format=_FORMAT, field="second")
    later = open_card(bytes_member(body, "card", _FORMAT))
    if (later.party, later.root) != (card.party, card.root) or later.epoch <= card.epoch:
        raise FormatError(f"the card that it records retires no key of {card.party}, epoch {card.epoch}", format=_FORMAT, field="second")
    return placed.origin, placed.index


def _signed_for(use: bytes, card: Card) -> list[Checkpoint]:
    """The trees that the statement is signed for: of a receipt the one it is for, of an entry those it says it has seen."""
    if not use.startswith(b"{"):
        return [open_receipted(use, card).checkpoint]
    placed = open_placed(use)
    placed.envelope.verify(card.envelope, 0)
    agreement, party, epoch = split_origin(placed.origin)
    if (party, epoch) != (card.party, card.epoch):
        raise FormatError(
            f"the card is of {card.party}, epoch {card.epoch}, and the entry of {placed.origin}", format=_FORMAT, field="card"
        )
    seen = placed.envelope.payload.get("seen")
    return [tree for one in (seen if isinstance(seen, list) else []) if (tree := _seen(one, agreement)) is not None]


def _seen(value: Json, agreement: str) -> Checkpoint | None:
    """What one item of `seen` says; None where it says nothing that could be compared."""
    if not isinstance(value, dict):
        return None
    party, epoch, size, root = (value.get(name) for name in ("party", "epoch", "size", "root"))
    if not isinstance(party, str) or not isinstance(root, str) or isinstance(epoch, bool) or isinstance(size, bool):
        return None
    if not isinstance(epoch, int) or not isinstance(size, int):
        return None
    try:
        return Checkpoint(origin_of(agreement, party, epoch), size, bytes.fromhex(root))
    except (InputError, ValueError):
        return None
