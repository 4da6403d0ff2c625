"""Renewing: fresh keys upon a record that is whole, by a root key that is at hand, or by one that is asked for its signature elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from tafadi.desk.pact import Pact
from tafadi.desk.sealing import Opener, keep_keys
from tafadi.epoch.asking import compare
from tafadi.epoch.begun import Begun, Unasked
from tafadi.errors import DamagedError, InputError, MissingError, NotPermittedError, PeerError, RefusedError, UnavailableError
from tafadi.measure.instant import Instant
from tafadi.net.fetch import mirror
from tafadi.store.folder import Folder
from tafadi.store.identity import CARD_DAYS, draft_card, open_pact, valid_for
from tafadi.store.journals import StoredJournal, open_journal
from tafadi.store.keyring import NONE_MORE, Fresh
from tafadi.store.vault import VaultInFolder
from tafadi.store.views import FoldedViews
from tafadi.store.whole import check_whole, tree_of
from tafadi.trust.card import Card, open_card, sign_card, write_request
from tafadi.trust.checkpoint import Checkpoint
from tafadi.trust.keys import PublicKey, SigningKey

LONGEST_DAYS: Final = 366  # what lasts longer than a year is no signing key


@dataclass(frozen=True, slots=True)
class Request:
    """A card for its root to sign, as bytes, and who could not be asked whether the record is whole."""

    data: bytes
    unasked: tuple[Unasked, ...] = ()


def check_root(folder: Folder, root: SigningKey) -> None:
    """Raises NotPermittedError unless this is the root key that signed the folder's card."""
    if open_card(folder.card).root != root.public:
        raise NotPermittedError(f"root key {root.public.id} is not the one that signed the card of {folder.settings.party}")


def renew(
    folder: Folder, root: SigningKey, now: Instant, seed: Callable[[], bytes], *, cut: bool = False, fresh: Fresh = NONE_MORE
) -> Begun:
    """Begins the next epoch of a node whose record is whole, with `fresh` keys besides. The folder must be held.

    Every other party that answers is asked whether that is so. With `cut`, entries that they hold and that are not here are left out, as a
    thief's. Raises DamagedError when the record is not whole, a newer card is known, or another holds another history; RefusedError when
    others hold more.
    """
    check_root(folder, root)
    journal = open_journal(folder)
    try:
        pacts, unasked = _whole(folder, journal, cut)
        return replace(begin(folder, root, journal, pacts, now, seed, fresh), unasked=unasked)
    finally:
        journal.close()


def request(
    folder: Folder, now: Instant, seed: Callable[[], bytes], *, days: int = CARD_DAYS, cut: bool = False, fresh: Fresh = NONE_MORE
) -> Request:
    """The card of the next epoch, or of the first, for a root key that is kept elsewhere; its fresh keys lie in the folder from here on.

    They count when the signed card is installed. The folder must be held. Raises as `renew`.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise InputError(f"signing keys last 1 to {LONGEST_DAYS} days, not {days}")
    if not folder.has_card:
        return Request(write_request(draft_card(folder, folder.settings.epoch, folder.root, valid_for(now, days))))
    journal = open_journal(folder)
    try:
        pacts, unasked = _whole(folder, journal, cut)
        return Request(write_request(_prepared(folder, journal, pacts, folder.root, now, days, seed, fresh)), unasked)
    finally:
        journal.close()


def install(folder: Folder, data: bytes, now: Instant) -> Begun:
    """Begins the epoch of a card that the root key signed elsewhere. The folder must be held.

    Raises NotPermittedError for another root key, InputError for a card that is not of the newest request, RefusedError where entries were
    said since, or the card has run out.
    """
    card = open_card(data)
    if card.root != folder.root:
        raise NotPermittedError(f"root key {card.root.id} signed the card, and {folder.root.id} is that of {folder.settings.party}")
    if now >= card.valid.end:
        raise RefusedError(f"the card was valid until {card.valid.end}; make a new request")
    if not folder.has_card:
        _check_card(folder, card, folder.settings.epoch, ())
        folder.save_card(card.epoch, data)
        folder.show_card()
        return Begun(card.epoch, ())
    journal = open_journal(folder)
    try:
        pacts = [open_pact(folder, document) for document in folder.agreements().values()]
        _check_card(folder, card, _next_epoch(folder, pacts), _ends(journal, pacts, card.party))
        return _go_on(folder, journal, pacts, card, data)
    finally:
        journal.close()


def _check_card(folder: Folder, card: Card, epoch: int, ends: tuple[Checkpoint, ...]) -> None:
    """Raises InputError unless the card is what this folder would have signed now; RefusedError where only its ends are not."""
    if (card.party, card.epoch) != (folder.settings.party, epoch):
        raise InputError(f"a card of {card.party} for epoch {card.epoch} is not the one of {folder.settings.party} for epoch {epoch}")
    due = draft_card(folder, epoch, card.root, card.valid, ends)
    if card == due:
        return
    if replace(card, ends=ends) == due:
        raise RefusedError("something was said since the request was made; stop the node, make a new request, and install that")
    raise InputError("the card names other keys than lie here for that epoch: it is not of the newest request that was made here")


def _whole(folder: Folder, journal: StoredJournal, cut: bool) -> tuple[list[Pact], tuple[Unasked, ...]]:
    """The pacts, once the record was found whole here and by every other party that answers; and those that do not."""
    pacts = [open_pact(folder, document) for document in folder.agreements().values()]
    for pact in pacts:
        check_whole(journal, pact, folder.settings.party)
    asked = [(pact, party) for pact in pacts for party in pact.others(folder.settings.party)]
    unasked = [Unasked(party, pact.id, why) for pact, party in asked if (why := compare(folder, journal, pact, party, cut=cut))]
    return pacts, tuple(unasked)


def begin(
    folder: Folder,
    root: SigningKey,
    journal: StoredJournal,
    pacts: list[Pact],
    now: Instant,
    seed: Callable[[], bytes],
    fresh: Fresh = NONE_MORE,
) -> Begun:
    """The epoch after the newest that is known, with the feeds before it ended where they end here. Raises DamagedError, InputError."""
    card = _prepared(folder, journal, pacts, root.public, now, CARD_DAYS, seed, fresh)
    return _go_on(folder, journal, pacts, card, sign_card(card, root))


def _prepared(
    folder: Folder,
    journal: StoredJournal,
    pacts: list[Pact],
    root: PublicKey,
    now: Instant,
    days: int,
    seed: Callable[[], bytes],
    fresh: Fresh,
) -> Card:
    """The next card, not signed yet, and its keys in the folder."""
    party, epoch = folder.settings.party, _next_epoch(folder, pacts)
    _check_chains(pacts, party, epoch)
    folder.make_epoch_keys(epoch, seed, fresh)
    return draft_card(folder, epoch, root, valid_for(now, days), _ends(journal, pacts, party))


def _go_on(folder: Folder, journal: StoredJournal, pacts: list[Pact], card: Card, data: bytes) -> Begun:
    """Begins the epoch of the signed card: one rename. Whoever knows only the old certificate is told before its key is destroyed."""
    closed = [str(entry) for pact in pacts for entry in _kept_keys(folder, journal, pact)]
    folder.save_card(card.epoch, data)
    for pact in pacts:
        folder.save_later_card(pact.id, card.party, card.epoch, data)
    before = folder.settings.epoch
    folder.begin_epoch(card.epoch)
    untold = _untold(folder, pacts, before, data) if folder.tls(before) != folder.tls() else ()
    folder.drop_retired_keys()
    return Begun(card.epoch, card.ends, untold=untold, closed=tuple(closed))


def _kept_keys(folder: Folder, journal: StoredJournal, pact: Pact) -> list[str]:
    """Takes the keys to what is sealed for this party out of the entries, while the private key is there; what stays closed."""
    try:
        private = folder.seed("hpke")
    except MissingError:
        private = b""  # the keys were lost with the record; what the vault has is all that there is
    opener = Opener(folder.settings.party, folder.settings.epoch, private)
    return [str(entry) for entry in keep_keys(opener, FoldedViews(journal, pact), VaultInFolder.of(folder.path, pact.id))]


def _untold(folder: Folder, pacts: list[Pact], before: int, data: bytes) -> tuple[Unasked, ...]:
    """Tells every other party the card over the certificate that it knows; who could not be told, and why."""
    left = [(pact, party) for pact in pacts for party in pact.others(folder.settings.party)]
    return tuple(Unasked(party, pact.id, why) for pact, party in left if (why := _told(folder, pact, party, before, data)))


def _told(folder: Folder, pact: Pact, party: str, before: int, data: bytes) -> str:
    """Nothing, once the other party has taken the card, and those before it that it may not have heard of; else why not."""
    before_it = [signed.data for signed in pact.later() if signed.card.party == folder.settings.party]
    url = (folder.settings.peers or {}).get(party)
    if url is None:
        return "its address is not known"
    try:
        with mirror(folder.tls(before), pact.cards[party].tls_certificate, url) as node:
            for card in (*before_it, data):
                node.tell_card(pact.id, card)
    except (UnavailableError, PeerError, InputError, RefusedError) as error:
        return str(error)
    return ""


def _next_epoch(folder: Folder, pacts: list[Pact]) -> int:
    return max([folder.settings.epoch, *(pact.cards[folder.settings.party].epoch for pact in pacts)]) + 1


def _ends(journal: StoredJournal, pacts: list[Pact], party: str) -> tuple[Checkpoint, ...]:
    found = filter(None, (tree_of(journal, pact.origin(party)) for pact in pacts))
    return tuple(sorted(found, key=lambda end: end.origin))


def _check_chains(pacts: list[Pact], party: str, epoch: int) -> None:
    """Raises DamagedError where a card before that epoch is missing: the next one could not follow it."""
    for pact in pacts:
        if pact.cards[party].epoch != epoch - 1:
            missing = pact.cards[party].epoch + 1
            raise DamagedError(f"the card of {party} for epoch {missing} is missing under {pact.id}, and nobody who was asked holds it")
