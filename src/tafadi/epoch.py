"""A new epoch: fresh keys, a new card that the root key signs, and new feeds that go on where the card says that the old ones ended.

There are two occasions. Keys are renewed, every 90 days. And a record was lost, or put back from a copy: then this party may have said more
than its record holds. Going on in the old feed would sign places a second time; so its own entries are fetched back from every other party,
and what stands then is what the new card names. The last step is one rename: until then the old epoch is what counts.

Source: docs/spec/card.md, docs/decisions/0019-a-new-card-is-a-new-epoch.md.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tafadi.desk.pact import Pact, SignedCard
from tafadi.desk.ports import Change, Growth, Head
from tafadi.errors import (
    ChainError,
    DamagedError,
    InputError,
    LimitError,
    MissingError,
    NotPermittedError,
    PeerError,
    RefusedError,
    TafadiError,
    UnavailableError,
)
from tafadi.measure.instant import Instant
from tafadi.net.fetch import Mirror, mirror
from tafadi.store.folder import Folder
from tafadi.store.identity import CARD_DAYS, make_card, open_pact
from tafadi.store.mark import read_mark
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.card import open_card
from tafadi.trust.checkpoint import Checkpoint, open_signed
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import Frontier, leaf_hash


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
class Begun:
    """The epoch that begins, the ends of the feeds before it, and what was fetched back for them."""

    epoch: int
    ends: tuple[Checkpoint, ...]
    fetched: tuple[FetchedBack, ...] = ()


def check_root(folder: Folder, root: SigningKey) -> None:
    """Raises NotPermittedError unless this is the root key that signed the folder's card."""
    if open_card(folder.card).root != root.public:
        raise NotPermittedError(f"root key {root.public.id} is not the one that signed the card of {folder.settings.party}")


def renew(folder: Folder, root: SigningKey, now: Instant, seed: Callable[[], bytes], *, cut: bool = False) -> Begun:
    """Begins the next epoch of a node whose record is whole. The folder must be held.

    Every other party that answers is asked whether that is so. With `cut`, entries that they hold and that are not here are left out, as a
    thief's. Raises DamagedError when the record is not whole, or a newer card is known; RefusedError when others hold more.
    """
    check_root(folder, root)
    journal = SqliteJournal(folder.path / "journal.db")
    try:
        pacts = [open_pact(folder, document) for document in folder.agreements().values()]
        for pact in pacts:
            for party in pact.others(folder.settings.party):
                _check_whole(folder, journal, pact, party, cut=cut)
        return _begin(folder, root, journal, pacts, now, seed, ())
    finally:
        journal.close()


def _check_whole(folder: Folder, journal: SqliteJournal, pact: Pact, party: str, *, cut: bool) -> None:
    """Asks the other party, if it answers, whether it knows a newer card of ours, and, unless more is to be `cut`, how much it holds."""
    url, own = (folder.settings.peers or {}).get(party), folder.settings.party
    if url is None:
        return
    try:
        with mirror(folder.path / "keys", pact.cards[party].tls_certificate, url) as node:
            known = [card.epoch for card in map(open_card, node.cards(pact.id)) if card.party == own and card.root == pact.cards[own].root]
            note = node.checkpoint(pact.origin(own))
        size = open_signed(note, pact.cards[own].log)[0].size if note else 0
    except (UnavailableError, PeerError, InputError, LimitError):
        return  # renewing must not hang on who does not answer, or talks nonsense
    if max(known, default=0) > pact.cards[own].epoch:
        raise DamagedError(
            f"{party} knows a card of {own} for epoch {max(known)}: this folder was put back from a copy; `tafadi node restore` it"
        )
    held = journal.head(pact.origin(own)).frontier.size
    if size > held and not cut:
        raise RefusedError(
            f"{party} holds {size} entries of {pact.origin(own)}, and {held} are here: `tafadi node restore` fetches them back; "
            "if they were said with stolen keys, --cut leaves them out"
        )


def restore(folder: Folder, root: SigningKey, now: Instant, seed: Callable[[], bytes], without: Iterable[str] = ()) -> Begun:
    """Fetches this party's entries back from every other party, and begins the next epoch. The folder must be held.

    Raises InputError when `without` names no other party; UnavailableError while a party cannot be asked that is not named in it;
    ChainError, DamagedError when what is here and what it holds are two histories. Until the epoch begins it can be repeated.
    """
    check_root(folder, root)
    known = read_mark(folder.path / "journal.mark")
    journal = SqliteJournal(folder.path / "journal.db", restored=True)
    try:
        pacts = [open_pact(folder, document) for document in folder.agreements().values()]
        without = frozenset(without)
        _check_without(folder, pacts, without)
        had = {origin: journal.head(origin).frontier.size for pact in pacts for origin in pact.origins(folder.settings.party)}
        asked = [(pact, party) for pact in pacts for party in pact.others(folder.settings.party) if party not in without]
        for pact, party in asked:
            with _node_of(folder, pact, party) as node:
                _take_cards(folder, pacts, pact, node)
        for pact, party in asked:
            with _node_of(folder, pact, party) as node:
                for origin in pact.origins(folder.settings.party):
                    _fetch(journal, pact, origin, node)
        fetched = tuple(
            FetchedBack(origin, had.get(origin, 0), journal.head(origin).frontier.size, known.get(origin, 0))
            for pact in pacts
            for origin in pact.origins(folder.settings.party)
        )
        begun = _begin(folder, root, journal, pacts, now, seed, fetched)
        journal.mark_anew()  # not before: a kill between the two leaves a record that asks for this once more
        return begun
    finally:
        journal.close()


def _check_without(folder: Folder, pacts: list[Pact], without: frozenset[str]) -> None:
    others = {party for pact in pacts for party in pact.others(folder.settings.party)}
    if unknown := sorted(without - others):
        raise InputError(
            f"{', '.join(unknown)} is no other party of an agreement that is signed here; those are {', '.join(sorted(others))}"
        )


@contextmanager
def _node_of(folder: Folder, pact: Pact, party: str) -> Iterator[Mirror]:
    """The node of another party; what goes wrong with it is told as its own. Raises MissingError without its address."""
    url = (folder.settings.peers or {}).get(party)
    if url is None:
        raise MissingError(f"the address of {party} is not known; give it with `tafadi node peer`, or go on --without {party}")
    try:
        with mirror(folder.path / "keys", pact.cards[party].tls_certificate, url) as node:
            yield node
    except UnavailableError as error:
        raise UnavailableError(
            f"{party} may hold entries of ours that nobody else has, and cannot be asked: {error}; try again, or go on --without {party}"
        ) from None
    except (PeerError, InputError, LimitError) as error:
        raise _told_by(party, error) from None


def _told_by(party: str, error: TafadiError) -> TafadiError:
    return type(error)(f"{party}: {error}")


def _take_cards(folder: Folder, pacts: list[Pact], pact: Pact, node: Mirror) -> None:
    """Takes in the cards that the other party goes by and this folder does not know. Our own party's are for every agreement."""
    for data in node.cards(pact.id):
        signed = SignedCard(open_card(data), data)
        for one in pacts if signed.card.party == folder.settings.party else [pact]:
            if signed.card.party in one.cards and signed.card.epoch > one.cards[signed.card.party].epoch:
                one.append(signed)
                folder.save_later_card(one.id, signed.card.party, signed.card.epoch, data)


def _fetch(journal: SqliteJournal, pact: Pact, origin: str, node: Mirror) -> None:
    """Takes in what the other party holds of our feed beyond what is here, to its end. Raises ChainError when that does not continue it."""
    note, end = node.checkpoint(origin), pact.end(origin)
    if note is None or (end is not None and journal.head(origin).frontier.size >= end):
        return
    checkpoint, kept = open_signed(note, pact.card(origin).log)
    held = journal.head(origin).frontier
    if checkpoint.origin != origin:
        raise ChainError(f"it gives a checkpoint of {checkpoint.origin} for {origin}")
    if checkpoint.size <= held.size:
        _check_same(journal, checkpoint)
        return
    leaves = tuple(node.entries(origin, held.size, checkpoint.size))
    hashes = tuple(leaf_hash(leaf) for leaf in leaves)
    if held.extend(hashes).root() != checkpoint.root:
        raise ChainError(f"the entries of {origin} here and there do not give the root that this party signed for {checkpoint.size}")
    size = checkpoint.size if end is None else min(end, checkpoint.size)
    stands = size - held.size
    after = Head(held.extend(hashes[:stands]), kept if size == checkpoint.size else journal.head(origin).checkpoint)
    journal.commit(Change(growths=(Growth(origin, held.size, leaves[:stands], hashes[:stands], after),)))


def _check_same(journal: SqliteJournal, checkpoint: Checkpoint) -> None:
    if Frontier().extend(journal.leaf_hashes(checkpoint.origin)[: checkpoint.size]).root() != checkpoint.root:
        raise DamagedError(
            f"this party signed two histories of {checkpoint.origin}: what is here is not what another party holds; "
            "no new epoch can be begun upon both, and a new agreement is the way on"
        )


def _begin(
    folder: Folder,
    root: SigningKey,
    journal: SqliteJournal,
    pacts: list[Pact],
    now: Instant,
    seed: Callable[[], bytes],
    fetched: tuple[FetchedBack, ...],
) -> Begun:
    party = folder.settings.party
    epoch = max([folder.settings.epoch, *(pact.cards[party].epoch for pact in pacts)]) + 1
    _check_chains(pacts, party, epoch)
    ends = tuple(sorted(filter(None, (_end(journal, pact.origin(party)) for pact in pacts)), key=lambda end: end.origin))
    folder.make_epoch_keys(epoch, seed)
    card = make_card(folder, epoch, root, now, CARD_DAYS, ends)
    for pact in pacts:
        folder.save_later_card(pact.id, party, epoch, card)
    folder.begin_epoch(epoch)
    return Begun(epoch, ends, fetched)


def _check_chains(pacts: list[Pact], party: str, epoch: int) -> None:
    """Raises DamagedError where a card before that epoch is missing: the next one could not follow it."""
    for pact in pacts:
        if pact.cards[party].epoch != epoch - 1:
            missing = pact.cards[party].epoch + 1
            raise DamagedError(f"the card of {party} for epoch {missing} is missing under {pact.id}, and nobody who was asked holds it")


def _end(journal: SqliteJournal, origin: str) -> Checkpoint | None:
    frontier = journal.head(origin).frontier
    return Checkpoint(origin, frontier.size, frontier.root()) if frontier.size else None
