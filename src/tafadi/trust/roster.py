"""The roster: which role spoke, and whether its key stands on the party's card.

No message needs a name. A role is a key on the card. Who keeps watch when, and who may stop, is said in `roster` entries
(`tafadi.desk`), not here.

Source: docs/spec/card.md (operators).
"""

from typing import Final

from tafadi.errors import NotOnRosterError, SignatureError
from tafadi.trust.card import Card
from tafadi.trust.envelope import Envelope

OPERATOR_SIGNATURE: Final = 1  # signature 0 is the node's


def check_operator(card: Card, role: str, envelope: Envelope) -> None:
    """Nothing, if the holder of `role` on the card co-signed the entry. Raises NotOnRosterError otherwise, in whatever way."""
    key = card.operator(role)
    if key is None:
        raise NotOnRosterError(f"{card.party} has no role {role[:40]!r} on its card of epoch {card.epoch}")
    if len(envelope.signatures) <= OPERATOR_SIGNATURE:
        raise NotOnRosterError(f"no operator signed the entry; it says {role} spoke")
    try:
        envelope.verify(key, OPERATOR_SIGNATURE)
    except SignatureError as error:
        raise NotOnRosterError(f"the entry says {role} spoke, but {error}") from None
