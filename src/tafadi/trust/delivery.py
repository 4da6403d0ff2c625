"""Delivery: a receipt and an inclusion proof show that a mirror has stored one entry, and when it said so. It accuses nobody.

One side says that it told the other, the other that it never heard: the receipt is for a whole tree, and the proof places the entry in it.
The file is that of evidence, of the kind `stored`; the card is the mirror's.

Source: docs/spec/evidence.md; RFC 6962 section 2.1.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tafadi.errors import FormatError
from tafadi.measure.instant import Instant
from tafadi.trust.card import Card
from tafadi.trust.evidence import file_of, parts_of
from tafadi.trust.misuse import is_stored, open_placed, open_receipted

STORED: Final = "stored"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Which entry, by feed and index, whose mirror has stored it, and when by its clock."""

    origin: str
    index: int
    mirror: Card
    at: Instant


def encode_delivery(leaf: bytes, receipt: bytes, nodes: Sequence[bytes], card: bytes) -> bytes:
    """The file: the entry, the note with the receipt by the mirror of `card`, the inclusion proof. Raises what `open_delivery` would."""
    _, _, _, _, opened = parts_of(file_of(STORED, leaf, receipt, nodes, card))
    data = file_of(STORED, leaf, open_receipted(receipt, opened).note, nodes, card)
    open_delivery(data)
    return data


def open_delivery(data: bytes) -> Delivery:
    """What the file proves. Raises FormatError when it proves nothing, SignatureError when a signature in it is false."""
    kind, leaf, receipt, nodes, card = parts_of(data)
    signed = open_receipted(receipt, card)
    if kind != STORED or signed.note != receipt or not is_stored(leaf, signed.checkpoint, nodes):
        raise FormatError("it does not prove that an entry was stored", format="evidence")
    placed = open_placed(leaf)
    return Delivery(placed.origin, placed.index, card, signed.at)
