"""Restoring: a record that was lost, damaged, or put back from a copy is fetched back, and the next epoch begins upon it."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from tafadi.desk.pact import Pact
from tafadi.desk.ports import Change, Growth, Head
from tafadi.epoch.asking import checkpoint_of, node_of, to_ask
from tafadi.epoch.begun import Asked, Begun, FetchedBack
from tafadi.epoch.renewing import begin, check_root
from tafadi.errors import ChainError, SessionError
from tafadi.measure.instant import Instant
from tafadi.net.fetch import Mirror
from tafadi.store.folder import Folder
from tafadi.store.identity import open_pact
from tafadi.store.journals import StoredJournal
from tafadi.store.whole import check_other, check_same, known_sizes, two_histories, whole_journal
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import leaf_hash


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
    asked = to_ask(folder, pacts, frozenset(without))
    folder.begin_restoring()
    for pact, party, url in asked:
        with node_of(folder, pact, party, url) as node:
            _take_cards(folder, pacts, pact, node)
    known, mark_aside = known_sizes(folder)
    journal, journal_aside = whole_journal(folder, pacts)
    aside = tuple(filter(None, (mark_aside, journal_aside)))
    for sentence in aside:
        tell(sentence)
    try:
        fetched = _fetch_all(folder, journal, pacts, asked, known)
        begun = replace(begin(folder, root, journal, pacts, now, seed), fetched=fetched, aside=aside)
        journal.mark_anew()
    finally:
        journal.close()
    folder.end_restoring()
    return begun


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
    folder: Folder, journal: StoredJournal, pacts: list[Pact], asked: list[Asked], known: dict[str, int]
) -> tuple[FetchedBack, ...]:
    """What became of each own feed, once every party that is asked has given what it holds of it."""
    origins = [origin for pact in pacts for origin in pact.origins(folder.settings.party)]
    had = {origin: journal.head(origin).frontier.size for origin in origins}
    for pact, party, url in asked:
        with node_of(folder, pact, party, url) as node:
            for origin in pact.origins(folder.settings.party):
                _fetch(journal, pact, party, origin, node)
    return tuple(FetchedBack(origin, had[origin], journal.head(origin).frontier.size, known.get(origin, 0)) for origin in origins)


def _fetch(journal: StoredJournal, pact: Pact, party: str, origin: str, node: Mirror) -> None:
    """Takes in what the other party holds of our feed beyond what is here, to its end and of an ended one not less.

    Raises ChainError when that does not continue what is here, DamagedError when this party signed both.
    """
    theirs, last, head = checkpoint_of(node, pact, origin), pact.last(origin), journal.head(origin)
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
