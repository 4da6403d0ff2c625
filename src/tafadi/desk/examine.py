"""Examining an entry: is it what it claims to be, and may it take effect?

verify → judge, without a clock and without I/O, so that every party that holds the same bytes comes to the same answer.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tafadi.desk.pact import Pact
from tafadi.errors import FormatError, NotOnRosterError, SignatureError
from tafadi.formats.agreement import digest_of
from tafadi.formats.wire import Json, decode_message
from tafadi.model.agreement import AgreementBody, AgreementStep, KeyBody
from tafadi.model.entry import NODE_ROLE, VITAL, EntryId
from tafadi.model.message import Message
from tafadi.model.names import LONGEST_FIELD, printable
from tafadi.model.reply import Refusal, RefusalCode
from tafadi.model.sealed import Sealed
from tafadi.rules.admission import admit
from tafadi.trust.card import Card, open_card
from tafadi.trust.envelope import Envelope, open_envelope
from tafadi.trust.keys import PublicKey
from tafadi.trust.log import leaf_hash
from tafadi.trust.roster import check_operator


@dataclass(frozen=True, slots=True)
class Examined:
    """One entry after examination: its message where it could be read, and the refusal where it may not take effect."""

    id: EntryId
    leaf: str
    message: Message | None
    refusal: Refusal | None

    @property
    def takes_effect(self) -> bool:
        """Whether it was readable, genuine and admitted. A late notice does not, and is shown and checked all the same."""
        return self.message is not None and self.refusal is None

    @property
    def is_late_notice(self) -> bool:
        """Refused for its lead alone: still shown, and still checked for conflicts."""
        return self.message is not None and self.refusal is not None and self.refusal.code is RefusalCode.LEAD_TOO_SHORT


def examine(leaf: bytes, entry: EntryId, pact: Pact) -> Examined:
    """What the entry at that place is. Never raises for bad content: that is what the refusal says."""
    digest = leaf_hash(leaf).hex()
    if _is_beyond(entry, pact):
        return Examined(entry, digest, None, Refusal(RefusalCode.AFTER_THE_END, "index"))
    return _judged(lambda: _read(leaf, entry, pact), entry, digest, pact)


def examine_own(payload: dict[str, Json], digest: str, entry: EntryId, pact: Pact) -> Examined:
    """The same of an entry that this very process has just sealed, from its payload and the hash of its leaf.

    With keys that are those of the card (`speaks_by_card`) its signatures need no verifying; all else is looked at as anybody does. It is
    the payload that is read, and not the message that was meant: what others read is rounded to the grid of the wire.
    """
    if _is_beyond(entry, pact):
        return Examined(entry, digest, None, Refusal(RefusalCode.AFTER_THE_END, "index"))
    return _judged(lambda: _read_payload(payload, pact), entry, digest, pact)


def speaks_by_card(card: Card, envelope: PublicKey, role: str, operator: PublicKey | None) -> bool:
    """Whether what these keys sign is what the card admits: the node's own envelope key, and the operator's for that role."""
    return card.envelope == envelope and (operator is None if role == NODE_ROLE else card.operator(role) == operator is not None)


def _judged(read: Callable[[], Message], entry: EntryId, digest: str, pact: Pact) -> Examined:
    try:
        message = read()
    except FormatError as error:
        return Examined(entry, digest, None, Refusal(_code(error), printable(error.field)[:LONGEST_FIELD]))
    except SignatureError:
        return Examined(entry, digest, None, Refusal(RefusalCode.BAD_SIGNATURE))
    except NotOnRosterError:
        return Examined(entry, digest, None, Refusal(RefusalCode.NOT_ON_ROSTER, "operator"))
    misplaced = _misplaced(message, entry, pact)
    if misplaced:
        return Examined(entry, digest, None, Refusal(RefusalCode.WRONG_PLACE, misplaced))
    return Examined(entry, digest, message, _outdated(message, pact) or admit(message, pact.agreement))


def _is_beyond(entry: EntryId, pact: Pact) -> bool:
    """Whether the party's next card ended the feed before this entry: it may have been said, and says nothing any more."""
    end = pact.end(pact.feed_of(entry))
    return end is not None and entry.index >= end


def _outdated(message: Message, pact: Pact) -> Refusal | None:
    """Keys speak only while their card is valid; a stop is heard all the same."""
    spoken_for = message.type in VITAL or pact.card(message.origin).valid.holds(message.sent_at)
    return None if spoken_for else Refusal(RefusalCode.CARD_NOT_VALID, "sent_at")


def _read(leaf: bytes, entry: EntryId, pact: Pact) -> Message:
    envelope = open_envelope(leaf)
    card = pact.card(pact.feed_of(entry))
    envelope.verify(card.envelope, 0)
    message = decode_message(envelope.payload)
    _check_operator(envelope, message, card)
    _check_body(message, pact)
    return message


def _read_payload(payload: dict[str, Json], pact: Pact) -> Message:
    message = decode_message(payload)
    _check_body(message, pact)
    return message


def _check_body(message: Message, pact: Pact) -> None:
    if isinstance(message.body, KeyBody):
        _check_card(message.body, pact)
    if isinstance(message.body, Sealed) and {key.party for key in message.body.keys} != {message.sender, *message.recipients}:
        raise FormatError("the readers are the sender and its recipients, and nobody else", format="entry", field="body.keys")


def _check_card(body: KeyBody, pact: Pact) -> None:
    """Raises FormatError, SignatureError unless the card is one that the root of a party of this agreement signed."""
    card = open_card(body.card)
    if card.party not in pact.cards or pact.cards[card.party].root != card.root:
        raise FormatError("the card is not of a root key that the agreement names", format="entry", field="card")


def _check_operator(envelope: Envelope, message: Message, card: Card) -> None:
    """An officer's entry carries that officer's signature as well; the node's own carries the node's alone."""
    if message.operator.role == NODE_ROLE:
        if len(envelope.signatures) != 1 or message.operator.key != card.envelope.id:
            raise NotOnRosterError("the node speaks with its envelope key alone")
        return
    check_operator(card, message.operator.role, envelope)
    if message.operator.key != envelope.signatures[1][0]:
        raise NotOnRosterError(f"role {message.operator.role!r} is named with another key than the one that signed")


def _misplaced(message: Message, entry: EntryId, pact: Pact) -> str:
    """The first member that does not fit the place in which the entry stands; empty when all do.

    The signed payload names that very place, and an agreement is the very document that both hold.
    """
    if (message.origin, message.index, message.sender, message.agreement) != (pact.feed_of(entry), entry.index, entry.party, pact.id):
        due = {"origin": pact.feed_of(entry), "index": entry.index, "sender": entry.party, "agreement": pact.id}
        return next(name for name, value in due.items() if getattr(message, name) != value)
    if not isinstance(message.body, AgreementBody) or message.body.step is not AgreementStep.SIGNED:
        return ""
    return "" if message.body == AgreementBody(pact.document.decode(), digest_of(pact.document)) else "body"


def _code(error: FormatError) -> RefusalCode:
    return RefusalCode(error.code) if error.code in set(RefusalCode) else RefusalCode.NOT_USABLE
