"""Joining and leaving: a change of parties is a new agreement with new feeds, which pins where each feed of the one before it ended.

    pins_of(desk)          the ends, as this node holds them and as their owners signed them
    succeed(desk, …)       the next agreement: the same terms, other parties, and these pins
    check_pins(desk, …)    before it is signed: each pinned tree is the one that is held here
    history(…)             what somebody who was no party of it was given of the old feeds, against the pins that all have signed

The old feeds stay where they are, under the old agreement: nobody who joins is given them but by a file, on purpose. With it comes no
power: whoever signed the new agreement signed the pins, so entries that lead to them are what the parties said, whoever hands them over.

Source: docs/spec/agreement.md, docs/how/change-parties.md.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tafadi.desk.desk import Desk
from tafadi.desk.outgoing import signed_size
from tafadi.desk.pulse import beat
from tafadi.desk.tree import root_at
from tafadi.errors import ChainError, InputError, LimitError, MissingError
from tafadi.measure.instant import Instant
from tafadi.model.agreement import Agreement, Pin
from tafadi.trust.bundle import BUNDLE_MAX_BYTES, FEEDS_MAX, FeedPart, card_name, encode_carried
from tafadi.trust.card import open_card
from tafadi.trust.checkpoint import origin_of
from tafadi.trust.log import Frontier, leaf_hash


@dataclass(frozen=True, slots=True)
class Pinned:
    """One pinned feed as it is here: how many of its entries are held, and how many were said after the end that is pinned."""

    pin: Pin
    held: int
    beyond: int


def pins_of(desk: Desk) -> tuple[Pin, ...]:
    """Where every feed of the agreement ends: an ended one where its party's card says, the newest where its owner last signed.

    Raises MissingError where an ended feed is not whole here: its end cannot be vouched for.
    """
    origins = [origin for party in desk.pact.agreement.parties for origin in desk.pact.origins(party)]
    ends = [_end_of(desk, origin) for origin in origins]
    return tuple(sorted((pin for pin in ends if pin is not None), key=lambda pin: (pin.party, pin.epoch)))


def _end_of(desk: Desk, origin: str) -> Pin | None:
    last, card = desk.pact.last(origin), desk.pact.card(origin)
    size = signed_size(desk, origin) if last is None else last.size
    if size == 0:
        return None
    held = desk.journal.head(origin).frontier.size
    if held < size:
        raise MissingError(f"{held} of {size} entries of {origin} are here: its end cannot be pinned before all are")
    return Pin(card.party, card.epoch, size, root_at(desk.journal, origin, size).hex())


def succeed(
    desk: Desk, joining: Mapping[str, bytes], leaving: Iterable[str], effective: Instant | None = None, name: str = ""
) -> Agreement:
    """The agreement that takes the place of this desk's: its terms, its parties by their newest cards, less who leaves, and who joins.

    A party that has lost its root key leaves by its old card and joins by its new one.

    Raises MissingError for who leaves and is no party, InputError for a card that is another's or for no change of parties at all.
    """
    old, gone = desk.pact.agreement, set(leaving)
    if unknown := sorted(gone - set(old.parties)):
        raise MissingError(f"{unknown[0]} is no party of {desk.pact.id}")
    cards = {party: desk.pact.signed(desk.pact.origin(party)).data for party in old.parties if party not in gone}
    for party, data in joining.items():
        if open_card(data).party != party or party in cards:
            raise InputError(f"a card of {open_card(data).party} cannot bring {party} in")
        cards[party] = data
    if not gone and not joining:
        raise InputError("nobody joins and nobody leaves: the agreement goes on as it is")
    parties = tuple(sorted(cards))
    return replace(
        old,
        name=name or old.name,
        parties=parties,
        cards=tuple(cards[party] for party in parties),
        effective=effective or desk.clock.now(),
        succeeds=desk.pact.id,
        pins=pins_of(desk),
    )


def check_pins(desk: Desk, successor: Agreement) -> tuple[Pinned, ...]:
    """Each pinned feed as it is here, once all are what this node holds. `desk` is that of the agreement before.

    Raises ChainError for an end that is not in the feed held here, or a feed without a pin; MissingError while entries are missing here.
    """
    pins = {origin_of(successor.succeeds, pin.party, pin.epoch): pin for pin in successor.pins}
    if stranger := next((origin for origin in pins if desk.pact.party_of(origin) is None), None):
        raise ChainError(f"the agreement pins an end of {stranger}, which is no feed that is known here")
    for origin in (origin for party in desk.pact.agreement.parties for origin in desk.pact.origins(party)):
        if origin not in pins and desk.journal.head(origin).frontier.size:
            raise ChainError(f"the agreement names no end of {origin}, of which entries are held here: they would be lost; do not sign")
    return tuple(_checked(desk, origin, pin) for origin, pin in pins.items())


def _checked(desk: Desk, origin: str, pin: Pin) -> Pinned:
    held = desk.journal.head(origin).frontier.size
    if held < pin.size:
        raise MissingError(f"{held} entries of {origin} are held here, and the agreement pins {pin.size}: let the line catch up, then sign")
    if root_at(desk.journal, origin, pin.size).hex() != pin.root:
        raise ChainError(f"the end of {origin} that the agreement pins is not in the feed that is held here; do not sign")
    return Pinned(pin, held, held - pin.size)


def make_history(desk: Desk, longest_bytes: int = BUNDLE_MAX_BYTES) -> bytes:
    """Everything of all feeds of this agreement as one bundle, for somebody who was no party of it.

    It is a decision of people, and this is the only way. Raises LimitError when it is more than a bundle holds.
    """
    origins = [origin for party in desk.pact.agreement.parties for origin in desk.pact.origins(party)]
    parts = [part for origin in origins if (part := _whole(desk, origin)) is not None]
    cards = [(card_name(one.card.party, one.card.epoch), one.data) for one in desk.pact.later()]
    data = encode_carried(beat(desk), cards, [], parts)
    if len(data) > longest_bytes or len(parts) > FEEDS_MAX:
        raise LimitError(f"the history has {len(data)} bytes in {len(parts)} feeds; a bundle holds {longest_bytes} in {FEEDS_MAX}")
    return data


def _whole(desk: Desk, origin: str) -> FeedPart | None:
    size, checkpoint = signed_size(desk, origin), desk.journal.head(origin).checkpoint
    if not size or checkpoint is None:
        return None
    return FeedPart(origin, 0, tuple(desk.journal.leaves(origin, 0, size)), checkpoint)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one pinned feed: its entries up to the pin, or why they are not what all parties signed."""

    pin: Pin
    origin: str
    entries: tuple[bytes, ...]
    why: str = ""


def history(agreement: Agreement, parts: Iterable[FeedPart]) -> tuple[Told, ...]:
    """For each pin what the parts bring of its feed, proved against the root that all parties of the new agreement have signed.

    Nothing of a feed is given back that does not lead to its pin.
    """
    brought = {part.origin: part for part in parts}
    return tuple(_told(pin, origin_of(agreement.succeeds, pin.party, pin.epoch), brought) for pin in agreement.pins)


def _told(pin: Pin, origin: str, brought: Mapping[str, FeedPart]) -> Told:
    part = brought.get(origin)
    if part is None:
        return Told(pin, origin, (), "not brought")
    if part.start or len(part.entries) < pin.size:
        return Told(pin, origin, (), f"{len(part.entries)} entries were brought from {part.start} on, and {pin.size} are pinned")
    entries = part.entries[: pin.size]
    if Frontier().extend(map(leaf_hash, entries)).root().hex() != pin.root:
        return Told(pin, origin, (), "the entries are not those that the agreement pins")
    return Told(pin, origin, entries)
