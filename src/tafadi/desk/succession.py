"""Succession: a party's root key signs a new card, and its feed goes on in a new epoch.

So keys are renewed, and so a record that was put back from a backup goes on. The card comes through any channel, over the line or as a
file, for its root key alone makes it true; each party that takes it says so in its own feed. A node that meets a newer card of its own
party has been replaced, and must stop: one writer only.

Source: docs/spec/card.md, docs/decisions/0019-a-new-card-is-a-new-epoch.md.
"""

import hashlib
from contextlib import suppress
from dataclasses import replace

from tafadi.desk.desk import Desk
from tafadi.desk.pact import Pact, SignedCard
from tafadi.desk.ports import Change, Growth
from tafadi.desk.speak import Draft, say
from tafadi.desk.tree import root_at
from tafadi.errors import DamagedError, FormatError, MissingError, NotPermittedError, SessionError
from tafadi.formats.agreement import digest_of
from tafadi.model.agreement import AgreementBody, KeyBody
from tafadi.model.entry import VITAL, EntryType
from tafadi.trust.card import open_card
from tafadi.trust.envelope import open_envelope


def next_card(pact: Pact, party: str, data: bytes) -> SignedCard | None:
    """The card in `data`, where it is the next one of a party of the pact; None when it is known already. `party` is who asks.

    Raises FormatError, SignatureError; NotPermittedError for a card that the party's root did not sign; MissingError while one before it
    is missing; SessionError for a second card of an epoch; DamagedError for a newer card of `party` itself.
    """
    card = open_card(data)
    if card.party not in pact.cards or pact.cards[card.party].root != card.root:
        raise NotPermittedError(f"the card of {card.party} is not signed by the root key that {pact.id} names for it")
    known = pact.card_of(card.party, card.epoch)
    if known is not None and known.data != data:
        raise SessionError(f"the root key of {card.party} signed two cards of epoch {card.epoch}; the first one counts")
    newest = pact.cards[card.party].epoch
    if known is not None or card.epoch < newest:
        return None
    if card.party == party:
        raise DamagedError(
            f"the root key of {party} signed a card of epoch {card.epoch}: another node of this party has taken over; this one must stop"
        )
    if card.epoch != newest + 1:
        raise MissingError(f"the card of {card.party} for epoch {card.epoch} came before the one for epoch {newest + 1}")
    pact.check_keys(card)
    return SignedCard(card, data)


def take_card(desk: Desk, signed: SignedCard) -> None:
    """Goes by the card from now on: its keys count, and the feed before it has ended. It must be durable already.

    Alarms when this node holds more of the old feed than the card lets stand, or another history of it.
    """
    party = signed.card.party
    old = desk.pact.origin(party)
    desk.pact.append(signed)
    desk.views.start_over()
    desk.bell.alarm(desk.pact, f"{party} goes on with the keys of epoch {signed.card.epoch}, as its root key signed", None)
    _drop_pending(desk, old)
    _check_end(desk, old)
    record_cards(desk)


def _drop_pending(desk: Desk, old: str) -> None:
    """Forgets a checkpoint towards which the old feed was catching up: from now on it can only lead to the end that the card names."""
    head = desk.journal.head(old)
    if head.pending is not None:
        desk.journal.commit(Change(growths=(Growth(old, head.frontier.size, (), (), replace(head, pending=None)),)))


def _check_end(desk: Desk, old: str) -> None:
    last, held = desk.pact.last(old), desk.journal.head(old).frontier.size
    assert last is not None  # the card that was just taken has ended it
    end = last.size
    if held > end:
        sentence = f"{old} has ended at {end} entries; {held - end} more are kept here and take no effect any more"
        desk.bell.alarm(desk.pact, sentence, desk.pact.entry_id(old, end))
        _tell_stops(desk, old, end, held)
    if held >= end and root_at(desk.journal, old, end) != last.root:
        owner = desk.pact.party_of(old)
        desk.bell.alarm(desk.pact, f"the end of {old} that {owner} names is not in the feed that is held here; ask what it said", None)


def _tell_stops(desk: Desk, old: str, end: int, held: int) -> None:
    """A stop that nobody sees any more must not go in silence: it may have been true."""
    for index, leaf in enumerate(desk.journal.leaves(old, end, held), end):
        with suppress(FormatError):
            said = open_envelope(leaf).payload.get("type")
            if said in VITAL:
                entry = desk.pact.entry_id(old, index)
                desk.bell.alarm(
                    desk.pact, f"{str(said).upper()} {entry} stands beyond the end of its feed and is shown no more; ask its party", entry
                )


def begin_epoch(desk: Desk) -> None:
    """Says entry 0 of the new feed, where this party had signed the agreement in the epoch before; nothing else can be said before it."""
    begun = desk.journal.head(desk.origin).frontier.size > 0
    signed_before = any(desk.journal.head(origin).frontier.size for origin in desk.pact.origins(desk.party))
    if not begun and signed_before:
        body = AgreementBody(desk.pact.document.decode(), digest_of(desk.pact.document))
        say(desk, Draft(EntryType.AGREEMENT, body, desk.pact.agreement.modes[0]))
    record_cards(desk)


def record_cards(desk: Desk) -> None:
    """Says each card that this node goes by and has not yet recorded, its own included; nothing before the agreement is signed."""
    if desk.journal.head(desk.origin).frontier.size == 0:
        return
    recorded = desk.picture.cards
    new = [signed for signed in desk.pact.later() if recorded.get(_name(signed), {}).get(desk.party) != _digest(signed)]
    say(desk, *(Draft(EntryType.KEY, KeyBody(signed.data), desk.pact.agreement.modes[0]) for signed in new))


def _name(signed: SignedCard) -> str:
    return f"{signed.card.party}/{signed.card.epoch}"


def _digest(signed: SignedCard) -> str:
    return hashlib.sha256(signed.data).hexdigest()
