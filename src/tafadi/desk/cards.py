"""Cards as one node asks another for them, and answers: lines of base64, in the order of their epochs.

Source: docs/spec/card.md.
"""

import base64
import binascii
from typing import Final

from tafadi.desk.pact import Pact, SignedCard
from tafadi.errors import FormatError, NotPermittedError, SessionError
from tafadi.trust.canon import to_base64
from tafadi.trust.card import CARD_MAX_BYTES, Card, open_card

CARDS_MAX: Final = 5  # in one answer: as many of the largest as any answer of a node may have bytes (262,144)
CARDS_MAX_BYTES: Final = CARDS_MAX * (-(-CARD_MAX_BYTES // 3) * 4 + 1)


def cards_path(agreement: str, party: str, epoch: int) -> str:
    """Where a node is asked for the cards of a party that it goes by, from that epoch on; it answers with at most CARDS_MAX."""
    return f"/cards/{agreement}/{party}/{epoch}"


def cards_from(pact: Pact, party: str, epoch: int) -> bytes:
    """The answer: that party's cards from `epoch` on, one to a line, at most CARDS_MAX of them."""
    later = [pact.signed(origin) for origin in pact.origins(party)]
    lines = [to_base64(signed.data) + "\n" for signed in later if signed.card.epoch >= epoch]
    return "".join(lines[:CARDS_MAX]).encode()


def cards_in(body: bytes, known: Card, epoch: int) -> list[SignedCard]:
    """The cards in an answer, lines of base64: those of the party of `known`, by its root key, one after another from `epoch` on.

    Raises FormatError, SignatureError; NotPermittedError for a card of another party or root; SessionError for one out of its turn.
    """
    try:
        cards = [base64.b64decode(line, validate=True) for line in body.splitlines()]
    except binascii.Error:
        raise FormatError("the answer is not cards, in lines of base64", format="card") from None
    found = [SignedCard(open_card(data), data) for data in cards]
    for signed in found:
        if (signed.card.party, signed.card.root) != (known.party, known.root):
            raise NotPermittedError(f"a card of {signed.card.party} came that is not signed by the root key of {known.party}")
    epochs = [signed.card.epoch for signed in found]
    if epochs and (epochs[0] < epoch or epochs != list(range(epochs[0], epochs[0] + len(epochs)))):
        raise SessionError(f"the cards of {known.party} from epoch {epoch} on were due, and came for {', '.join(map(str, epochs))}")
    return found
