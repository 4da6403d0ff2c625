"""A new epoch: fresh keys, a new card that the root key signs, and new feeds that go on where the card says that the old ones ended.

There are two occasions. Keys are renewed, every 90 days. And a record was lost, damaged, or put back from a copy: then this party may have
said more than its record holds. Going on in the old feed would sign places a second time; so its own entries are fetched back from every
other party, and what stands then is what the new card names. The step that counts is one rename: until then the old epoch does. But from
its beginning to its end a restoring leaves a flag in the folder: nobody else may go on with what it began.

Source: docs/spec/card.md, docs/decisions/0019-a-new-card-is-a-new-epoch.md.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

from tafadi.desk.pact import Pact
from tafadi.desk.ports import Change, Growth, Head
from tafadi.errors import (
    ChainError,
    DamagedError,
    InputError,
    MissingError,
    NotPermittedError,
    PeerError,
    RefusedError,
    SessionError,
    UnavailableError,
)
from tafadi.measure.instant import Instant
from tafadi.net.fetch import Mirror, mirror
from tafadi.store.folder import Folder
from tafadi.store.identity import CARD_DAYS, make_card, open_pact
from tafadi.store.journals import StoredJournal, open_journal
from tafadi.store.whole import check_other, check_same, check_whole, known_sizes, tree_of, two_histories, whole_journal
from tafadi.trust.card import open_card
from tafadi.trust.checkpoint import Checkpoint, open_signed
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import leaf_hash


@dataclass(frozen=True, slots=True)
class FetchedBack:
    """What became of one own feed: how many entries the record held, and holds now; how many it is known to have had before."""

    origin: str
    had: int
    has: int
    known: int

    @property
    def lost(self) -> int:
        """Entries that were written here and that no party that was asked holds. If all were, nobody gave a receipt for them."""
        return max(0, self.known - self.has)


@dataclass(frozen=True, slots=True)
class Unasked:
    """A party that was not asked what it holds of ours under an agreement, or gave no answer that can be used, and why."""

    party: str
    agreement: str
    why: str


@dataclass(frozen=True, slots=True)
class Begun:
    """The epoch that begins, the ends of the feeds before it, what was fetched back for them; who was not asked; what was set aside."""

    epoch: int
    ends: tuple[Checkpoint, ...]
    fetched: tuple[FetchedBack, ...] = ()
    unasked: tuple[Unasked, ...] = ()
    aside: tuple[str, ...] = ()


class _Asked(NamedTuple):
    pact: Pact
    party: str
    url: str


def check_root(folder: Folder, root: SigningKey) -> None:
    """Raises NotPermittedError unless this is the root key that signed the folder's card."""
    if open_card(folder.card).root != root.public:
        raise NotPermittedError(f"root key {root.public.id} is not the one that signed the card of {folder.settings.party}")


def renew(folder: Folder, root: SigningKey, now: Instant, seed: Callable[[], bytes], *, cut: bool = False) -> Begun:
    """Begins the next epoch of a node whose record is whole. The folder must be held.

    Every other party that answers is asked whether that is so. With `cut`, entries that they hold and that are not here are left out, as a
    thief's. Raises DamagedError when the record is not whole, a newer card is known, or another holds another history; RefusedError when
    others hold more.
    """
    check_root(folder, root)
    journal = open_journal(folder)
    try:
        pacts = [open_pact(folder, document) for document in folder.agreements().values()]
        for pact in pacts:
            check_whole(journal, pact, folder.settings.party)
        asked = [(pact, party) for pact in pacts for party in pact.others(folder.settings.party)]
        unasked = [Unasked(party, pact.id, why) for pact, party in asked if (why := _compare(folder, journal, pact, party, cut=cut))]
        return replace(_begin(folder, root, journal, pacts, now, seed), unasked=tuple(unasked))
    finally:
        journal.close()


def _compare(folder: Folder, journal: StoredJournal, pact: Pact, party: str, *, cut: bool) -> str:
    """Why the other party could not be asked, or nothing once it was, and knows no newer card of ours nor another history.

    Unless what is more is to be `cut`, it holds no more of ours than is here either. Raises as `renew`.
    """
    url, own = (folder.settings.peers or {}).get(party), pact.cards[folder.settings.party]
    if url is None:
        return "its address is not known"
    try:
        with mirror(folder.path / "keys", pact.cards[party].tls_certificate, url) as node:
            newer = list(node.cards(pact.id, own, own.epoch + 1))
            theirs = _checkpoint(node, pact, pact.origin(own.party))
    except (UnavailableError, PeerError, InputError, RefusedError) as error:
        return str(error)  # renewing must not hang on who does not answer, or talks nonsense
    if newer:
        raise DamagedError(
            f"{party} knows a card of {own.party} for epoch {newer[-1].card.epoch}: this folder was put back from a copy; "
            "`tafadi node restore` it"
        )
    if theirs is not None:
        _check_not_more(journal, theirs[0], party, cut=cut)
    return ""


def _check_not_more(journal: StoredJournal, theirs: Checkpoint, party: str, *, cut: bool) -> None:
    held = journal.head(theirs.origin).frontier.size
    if theirs.size <= held:
        check_same(journal, theirs, party)
    elif not cut:
        raise RefusedError(
            f"{party} holds {theirs.size} entries of {theirs.origin}, and {held} are here: `tafadi node restore` fetches them back; "
            "if they were said with stolen keys, --cut leaves them out"
        )


def restore(
    folder: Folder,
    root: SigningKey,
    now: Instant,
    seed: Callable[[], bytes],
    without: Iterable[str] = (),
    tell: Callable[[str], None] = lambda sentence: None,
) -> Begun:
    """Fetches this party's entries back from every other party, and begins the next epoch. The folder must be held.

    A journal or mark that is not whole is set aside, which `tell` is told at once. Raises InputError when `without` names no other party;
    MissingError, UnavailableError while a party cannot be asked that is not named in it; ChainError when what it holds does not follow,
    DamagedError when this party signed two histories. Until the epoch begins it can be repeated, and nobody else goes on with the folder.
    """
    check_root(folder, root)
    pacts = [open_pact(folder, document) for document in folder.agreements().values()]
    asked = _to_ask(folder, pacts, frozenset(without))
    folder.begin_restoring()
    for pact, party, url in asked:
        with _node_of(folder, pact, party, url) as node:
            _take_cards(folder, pacts, pact, node)
    known, mark_aside = known_sizes(folder)
    journal, journal_aside = whole_journal(folder, pacts)
    aside = tuple(filter(None, (mark_aside, journal_aside)))
    for sentence in aside:
        tell(sentence)
    try:
        fetched = _fetch_all(folder, journal, pacts, asked, known)
        begun = replace(_begin(folder, root, journal, pacts, now, seed), fetched=fetched, aside=aside)
        journal.mark_anew()
    finally:
        journal.close()
    folder.end_restoring()
    return begun


def _to_ask(folder: Folder, pacts: list[Pact], without: frozenset[str]) -> list[_Asked]:
    """Whom to ask, and where. Raises InputError when `without` names no other party, MissingError for an address that is not known."""
    own, urls = folder.settings.party, folder.settings.peers or {}
    others = {party for pact in pacts for party in pact.others(own)}
    if unknown := sorted(without - others):
        raise InputError(
            f"{', '.join(unknown)} is no other party of an agreement that is signed here; those are {', '.join(sorted(others))}"
        )
    if nowhere := sorted(others - without - set(urls)):
        raise MissingError(f"the address of {nowhere[0]} is not known; give it with `tafadi node peer`, or go on --without {nowhere[0]}")
    return [_Asked(pact, party, urls[party]) for pact in pacts for party in pact.others(own) if party not in without]


@contextmanager
def _node_of(folder: Folder, pact: Pact, party: str, url: str) -> Iterator[Mirror]:
    """The node of another party; what goes wrong with it is told as its own."""
    try:
        with mirror(folder.path / "keys", pact.cards[party].tls_certificate, url) as node:
            yield node
    except UnavailableError as error:
        raise UnavailableError(
            f"{party} may hold entries of ours that nobody else has, and cannot be asked: {error}; try again, or go on --without {party}"
        ) from None
    except (PeerError, InputError, RefusedError) as error:
        raise type(error)(f"{party}: {error}") from None


def _take_cards(folder: Folder, pacts: list[Pact], pact: Pact, node: Mirror) -> None:
    """Takes in the cards that the other party goes by and this folder does not know. Our own party's are for every agreement."""
    for party in pact.agreement.parties:
        under = pacts if party == folder.settings.party else [pact]
        first = min(one.cards[party].epoch for one in under) + 1
        for signed in node.cards(pact.id, pact.cards[party], first):
            if signed.card.epoch > pact.cards[party].epoch + 1:
                raise SessionError(f"a card of {party} for epoch {signed.card.epoch} came without the one before it")
            for one in under:
                if signed.card.epoch == one.cards[party].epoch + 1:
                    one.append(signed)
                    folder.save_later_card(one.id, party, signed.card.epoch, signed.data)


def _fetch_all(
    folder: Folder, journal: StoredJournal, pacts: list[Pact], asked: list[_Asked], known: dict[str, int]
) -> tuple[FetchedBack, ...]:
    """What became of each own feed, once every party that is asked has given what it holds of it."""
    origins = [origin for pact in pacts for origin in pact.origins(folder.settings.party)]
    had = {origin: journal.head(origin).frontier.size for origin in origins}
    for pact, party, url in asked:
        with _node_of(folder, pact, party, url) as node:
            for origin in pact.origins(folder.settings.party):
                _fetch(journal, pact, party, origin, node)
    return tuple(FetchedBack(origin, had[origin], journal.head(origin).frontier.size, known.get(origin, 0)) for origin in origins)


def _checkpoint(node: Mirror, pact: Pact, origin: str) -> tuple[Checkpoint, bytes] | None:
    """The newest checkpoint of our feed that the other party holds, and the note with our signature alone; None when it holds none."""
    note = node.checkpoint(origin)
    if note is None:
        return None
    checkpoint, kept = open_signed(note, pact.card(origin).log)
    if checkpoint.origin != origin:
        raise ChainError(f"it gives a checkpoint of {checkpoint.origin} for {origin}")
    return checkpoint, kept


def _fetch(journal: StoredJournal, pact: Pact, party: str, origin: str, node: Mirror) -> None:
    """Takes in what the other party holds of our feed beyond what is here, to its end and of an ended one not less.

    Raises ChainError when that does not continue what is here, DamagedError when this party signed both.
    """
    theirs, last, head = _checkpoint(node, pact, origin), pact.last(origin), journal.head(origin)
    held = head.frontier
    if theirs is None or (last is not None and held.size >= last.size):
        return
    checkpoint, kept = theirs
    if checkpoint.size <= held.size:
        check_same(journal, checkpoint, party)
        return
    if last is not None and checkpoint.size < last.size:
        return  # what leads not to the end may be a thief's: the keys of an ended feed are retired
    leaves = tuple(node.entries(origin, held.size, checkpoint.size))
    hashes = tuple(leaf_hash(leaf) for leaf in leaves)
    if held.extend(hashes).root() != checkpoint.root:
        check_other(node.entries(origin, 0, checkpoint.size), checkpoint, party)
        raise ChainError(f"the entries of {origin} here and there do not give the root that this party signed for {checkpoint.size}")
    stands = (checkpoint if last is None else last).size - held.size
    grown = held.extend(hashes[:stands])
    if last is not None and grown.root() != last.root:
        raise two_histories(origin, party)
    after = Head(grown, kept if stands == len(leaves) else head.checkpoint)
    journal.commit(Change(growths=(Growth(origin, held.size, leaves[:stands], hashes[:stands], after),)))


def _begin(
    folder: Folder,
    root: SigningKey,
    journal: StoredJournal,
    pacts: list[Pact],
    now: Instant,
    seed: Callable[[], bytes],
) -> Begun:
    """The epoch after the newest that is known, with the feeds before it ended where they end here. Raises DamagedError, InputError."""
    party = folder.settings.party
    epoch = max([folder.settings.epoch, *(pact.cards[party].epoch for pact in pacts)]) + 1
    _check_chains(pacts, party, epoch)
    ends = tuple(sorted(filter(None, (tree_of(journal, pact.origin(party)) for pact in pacts)), key=lambda end: end.origin))
    folder.make_epoch_keys(epoch, seed)
    card = make_card(folder, epoch, root, now, CARD_DAYS, ends)
    for pact in pacts:
        folder.save_later_card(pact.id, party, epoch, card)
    folder.begin_epoch(epoch)
    return Begun(epoch, ends)


def _check_chains(pacts: list[Pact], party: str, epoch: int) -> None:
    """Raises DamagedError where a card before that epoch is missing: the next one could not follow it."""
    for pact in pacts:
        if pact.cards[party].epoch != epoch - 1:
            missing = pact.cards[party].epoch + 1
            raise DamagedError(f"the card of {party} for epoch {missing} is missing under {pact.id}, and nobody who was asked holds it")
