"""The pact: an agreement as this node works with it, and every party's cards, opened and verified.

A party's feeds under an agreement follow one another: each card after the one in the document begins a new epoch, with a new feed, and says
where the feed before it ends. What stands beyond that end takes no effect, at any party, whoever holds it (docs/spec/card.md).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from tafadi.errors import InputError
from tafadi.formats.agreement import agreement_id, read_document
from tafadi.model.agreement import Agreement
from tafadi.model.entry import EntryId
from tafadi.trust.card import Card, open_card
from tafadi.trust.checkpoint import Checkpoint, mirror_name, origin_of

NOT_KNOWN: Final = 2**62  # a place in a party's feeds that lies behind every other: its epoch is not known here


@dataclass(frozen=True, slots=True)
class SignedCard:
    """A card and its bytes as its root signed them."""

    card: Card
    data: bytes


@dataclass(frozen=True, slots=True)
class OwnFeed:
    """One feed of a party: the card with its keys, where it begins and ends among the party's entries (no end for the newest)."""

    origin: str
    signed: SignedCard
    before: int
    end: Checkpoint | None = None


class Pact:
    """One agreement with its parties' cards; made by `pact_of`, and growing with each card that a party's root signs."""

    def __init__(self, document: bytes, cards: Iterable[SignedCard]) -> None:
        self.document = document
        self.agreement: Agreement = read_document(document)
        self.id = agreement_id(self.agreement.name, document)
        self._feeds: dict[str, list[OwnFeed]] = {}
        for signed in cards:
            self.check_keys(signed.card)
            self._feeds[signed.card.party] = [OwnFeed(self._origin(signed.card), signed, 0)]
        self._index()

    def check_keys(self, card: Card) -> None:
        """Raises InputError for a key that stands on another party's card, or that signed in an earlier epoch: whose voice would it be?"""
        for feed in (feed for feeds in self._feeds.values() for feed in feeds):
            other = feed.signed.card
            signing = {card.envelope.raw, card.log.raw, card.mirror.raw, card.hpke}
            shared = other.keys & (signing if other.party == card.party else card.keys)
            if shared:
                raise InputError(f"the card of {card.party}, epoch {card.epoch}, has a key of {other.party}, epoch {other.epoch}")

    def _origin(self, card: Card) -> str:
        return origin_of(self.id, card.party, card.epoch)

    def _index(self) -> None:
        self._by_origin = {feed.origin: feed for feeds in self._feeds.values() for feed in feeds}
        self._by_epoch = {(feed.signed.card.party, feed.signed.card.epoch): feed for feed in self._by_origin.values()}
        self._cards = {party: feeds[-1].signed.card for party, feeds in self._feeds.items()}

    def append(self, signed: SignedCard) -> None:
        """Takes the next card of a party at the end of its chain: from here on its newer keys count. Raises InputError for any other."""
        card, feeds = signed.card, self._feeds[signed.card.party]
        newest = feeds[-1].signed.card
        if card.root != newest.root or card.epoch != newest.epoch + 1:
            raise InputError(f"a card of {card.party} for epoch {card.epoch} does not follow the one for epoch {newest.epoch}")
        self.check_keys(card)
        end = card.end_of(feeds[-1].origin)
        feeds[-1:] = [replace(feeds[-1], end=end), OwnFeed(self._origin(card), signed, feeds[-1].before + end.size)]
        self._index()

    @property
    def cards(self) -> Mapping[str, Card]:
        """The newest card of each party."""
        return self._cards

    def later(self) -> tuple[SignedCard, ...]:
        """The cards that are not in the document, those of each party in the order of their epochs."""
        return tuple(feed.signed for feeds in self._feeds.values() for feed in feeds[1:])

    def origin(self, party: str) -> str:
        """The origin of that party's newest feed."""
        return self._feeds[party][-1].origin

    def origins(self, party: str) -> tuple[str, ...]:
        """The origins of all its feeds, oldest first."""
        return tuple(feed.origin for feed in self._feeds[party])

    def mirror(self, party: str) -> str:
        """The cosigner name of that party."""
        return mirror_name(self.id, party, self._cards[party].epoch)

    def mirrors(self, party: str) -> dict[str, Card]:
        """Every cosigner name that party has had, with the card that has its key."""
        cards = [feed.signed.card for feed in self._feeds[party]]
        return {mirror_name(self.id, party, card.epoch): card for card in cards}

    def party_of(self, origin: str) -> str | None:
        """Whose feed that origin is; None when it is no feed of this agreement."""
        feed = self._by_origin.get(origin)
        return feed.signed.card.party if feed else None

    def signed(self, origin: str) -> SignedCard:
        """The card with the keys of that feed, as its root signed it. `origin` must be a feed of this agreement."""
        return self._by_origin[origin].signed

    def card(self, origin: str) -> Card:
        """The keys of that feed. `origin` must be a feed of this agreement."""
        return self._by_origin[origin].signed.card

    def card_of(self, party: str, epoch: int) -> SignedCard | None:
        """That party's card for the epoch, as its root signed it; None where it is not known here."""
        feed = self._by_epoch.get((party, epoch))
        return feed.signed if feed else None

    def end(self, origin: str) -> int | None:
        """How many entries of that feed stand, where a later card ends it; None for a party's newest feed."""
        last = self.last(origin)
        return last.size if last else None

    def last(self, origin: str) -> Checkpoint | None:
        """The end of that feed as its owner's root signed it, with the root of its tree; None for a party's newest feed."""
        return self._by_origin[origin].end

    def entry_id(self, origin: str, index: int) -> EntryId:
        """The identity of the entry at that place. `origin` must be a feed of this agreement."""
        card = self.card(origin)
        return EntryId(card.party, card.epoch, index)

    def feed_of(self, entry: EntryId) -> str:
        """The origin of the feed in which the entry stands. Raises InputError for an epoch that no feed can have."""
        return origin_of(self.id, entry.party, entry.epoch)

    def position(self, party: str, epoch: int, size: int) -> int:
        """How many entries of all the party's feeds, one after another, stand before place `size` of that epoch.

        Places beyond the end of a feed are those of its end; NOT_KNOWN for an epoch of which there is no card here.
        """
        feed = self._by_epoch.get((party, epoch))
        if feed is None:
            return NOT_KNOWN
        return feed.before + (size if feed.end is None else min(size, feed.end.size))

    def others(self, party: str) -> tuple[str, ...]:
        """All parties but that one."""
        return tuple(other for other in self.agreement.parties if other != party)


def pact_of(document: bytes) -> Pact:
    """The pact of a document, every card in it opened and verified. Raises FormatError, SignatureError, InputError."""
    agreement = read_document(document)
    cards = [SignedCard(open_card(data), data) for data in agreement.cards]
    for party, signed in zip(agreement.parties, cards, strict=True):
        if signed.card.party != party:
            raise InputError(f"the card that stands for {party} is of {signed.card.party}")
    return Pact(document, cards)
