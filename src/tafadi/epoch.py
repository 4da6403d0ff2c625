"""A new epoch: fresh keys, a new card that the root key signs, and new feeds that go on where the card says that the old ones ended.

There are two occasions. Keys are renewed, every 90 days. And a record was lost, or put back from a copy: then this party may have said more
than its record holds. Going on in the old feed would sign places a second time; so its own entries are fetched back from every other party,
and what stands then is what the new card names. The last step is one rename: until then the old epoch is what counts.

Source: docs/spec/card.md, docs/decisions/0019-a-new-card-is-a-new-epoch.md.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tafadi.desk.pact import Pact, SignedCard
from tafadi.desk.ports import Change, Growth, Head
from tafadi.errors import ChainError, DamagedError, MissingError, NotPermittedError, PeerError, UnavailableError
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
        """Entries that were written here and that no other party holds. Nobody ever gave a receipt for them."""
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


def renew(folder: Folder, root: SigningKey, now: Instant, seed: Callable[[], bytes]) -> Begun:
    """Begins the next epoch of a node whose record is whole. The folder must be held. Raises DamagedError when it is not whole."""
    check_root(folder, root)
    journal = SqliteJournal(folder.path / "journal.db")
    try:
        pacts = [open_pact(folder, document) for document in folder.agreements().values()]
        return _begin(folder, root, journal, pacts, now, seed, ())
    finally:
        journal.close()


def restore(folder: Folder, root: SigningKey, now: Instant, seed: Callable[[], bytes], without: Iterable[str] = ()) -> Begun:
    """Fetches this party's entries back from every other party, and begins the next epoch. The folder must be held.

    Raises UnavailableError while a party cannot be asked that is not named in `without`; ChainError, DamagedError when what is here and
    what it holds are two histories. Until the epoch begins it can be repeated.
    """
    check_root(folder, root)
    known = read_mark(folder.path / "journal.mark")
    journal = SqliteJournal(folder.path / "journal.db", restored=True)
    try:
        pacts = [open_pact(folder, document) for document in folder.agreements().values()]
        had = {origin: journal.head(origin).frontier.size for pact in pacts for origin in pact.origins(folder.settings.party)}
        for pact in pacts:
            for party in pact.others(folder.settings.party):
                if party not in set(without):
                    _ask(folder, journal, pact, party)
        fetched = tuple(
            FetchedBack(origin, had.get(origin, 0), journal.head(origin).frontier.size, known.get(origin, 0))
            for pact in pacts
            for origin in pact.origins(folder.settings.party)
        )
        return _begin(folder, root, journal, pacts, now, seed, fetched)
    finally:
        journal.close()


def _ask(folder: Folder, journal: SqliteJournal, pact: Pact, party: str) -> None:
    url = (folder.settings.peers or {}).get(party)
    if url is None:
        raise MissingError(f"the address of {party} is not known; give it with `tafadi node peer`, or go on --without {party}")
    try:
        with mirror(folder.path / "keys", pact.cards[party].tls_certificate, url) as node:
            _take_cards(folder, pact, node)
            for origin in pact.origins(folder.settings.party):
                _fetch(journal, pact, origin, node)
    except UnavailableError as error:
        raise UnavailableError(
            f"{party} may hold entries of ours that nobody else has, and cannot be asked: {error}; try again, or go on --without {party}"
        ) from None
    except PeerError as error:
        raise type(error)(f"{party}: {error}") from None


def _take_cards(folder: Folder, pact: Pact, node: Mirror) -> None:
    """Takes in the cards that the other party goes by and this folder does not know, its own party's among them."""
    for data in node.cards(pact.id):
        signed = SignedCard(open_card(data), data)
        card = signed.card
        if card.party in pact.cards and pact.card_of(card.party, card.epoch) is None and card.epoch > pact.cards[card.party].epoch:
            pact.append(signed)
            folder.save_later_card(pact.id, card.party, card.epoch, data)


def _fetch(journal: SqliteJournal, pact: Pact, origin: str, node: Mirror) -> None:
    """Takes in what the other party holds of our feed beyond what is here. Raises ChainError when that does not continue it."""
    note = node.checkpoint(origin)
    if note is None:
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
    frontier = held.extend(hashes)
    if frontier.root() != checkpoint.root:
        raise ChainError(f"the entries of {origin} here and there do not give the root that this party signed for {checkpoint.size}")
    journal.commit(Change(growths=(Growth(origin, held.size, leaves, hashes, Head(frontier, kept)),)))


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
    ends = tuple(sorted(filter(None, (_end(journal, pact.origin(party)) for pact in pacts)), key=lambda end: end.origin))
    folder.make_epoch_keys(epoch, seed)
    card = make_card(folder, epoch, root, now, CARD_DAYS, ends)
    for pact in pacts:
        folder.save_later_card(pact.id, party, epoch, card)
    folder.begin_epoch(epoch)
    return Begun(epoch, ends, fetched)


def _end(journal: SqliteJournal, origin: str) -> Checkpoint | None:
    frontier = journal.head(origin).frontier
    return Checkpoint(origin, frontier.size, frontier.root()) if frontier.size else None
