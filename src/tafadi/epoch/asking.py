"""Asking: the other parties' nodes, about a record of one's own that may not be whole."""

from collections.abc import Iterator
from contextlib import contextmanager

from tafadi.desk.pact import Pact
from tafadi.epoch.begun import Asked
from tafadi.errors import ChainError, DamagedError, InputError, MissingError, PeerError, RefusedError, UnavailableError
from tafadi.net.fetch import Mirror, mirror
from tafadi.store.folder import Folder
from tafadi.store.journals import StoredJournal
from tafadi.store.whole import check_same
from tafadi.trust.checkpoint import Checkpoint, open_signed


def compare(folder: Folder, journal: StoredJournal, pact: Pact, party: str, *, cut: bool) -> str:
    """Why the other party could not be asked, or nothing once it was, and knows no newer card of ours nor another history.

    Unless what is more is to be `cut`, it holds no more of ours than is here either. Raises as `renew`.
    """
    url, own = (folder.settings.peers or {}).get(party), pact.cards[folder.settings.party]
    if url is None:
        return "its address is not known"
    try:
        with mirror(folder.tls(), pact.cards[party].tls_certificate, url) as node:
            newer = list(node.cards(pact.id, own, own.epoch + 1))
            theirs = checkpoint_of(node, pact, pact.origin(own.party))
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


def to_ask(folder: Folder, pacts: list[Pact], without: frozenset[str]) -> list[Asked]:
    """Whom to ask, and where. Raises InputError when `without` names no other party, MissingError for an address that is not known."""
    own, urls = folder.settings.party, folder.settings.peers or {}
    others = {party for pact in pacts for party in pact.others(own)}
    if unknown := sorted(without - others):
        raise InputError(
            f"{', '.join(unknown)} is no other party of an agreement that is signed here; those are {', '.join(sorted(others))}"
        )
    if nowhere := sorted(others - without - set(urls)):
        raise MissingError(f"the address of {nowhere[0]} is not known; give it with `tafadi node peer`, or go on --without {nowhere[0]}")
    return [Asked(pact, party, urls[party]) for pact in pacts for party in pact.others(own) if party not in without]


@contextmanager
def node_of(folder: Folder, pact: Pact, party: str, url: str) -> Iterator[Mirror]:
    """The node of another party; what goes wrong with it is told as its own."""
    try:
        with mirror(folder.tls(), pact.cards[party].tls_certificate, url) as node:
            yield node
    except UnavailableError as error:
        raise UnavailableError(
            f"{party} may hold entries of ours that nobody else has, and cannot be asked: {error}; try again, or go on --without {party}"
        ) from None
    except (PeerError, InputError, RefusedError) as error:
        raise type(error)(f"{party}: {error}") from None


def checkpoint_of(node: Mirror, pact: Pact, origin: str) -> tuple[Checkpoint, bytes] | None:
    """The newest checkpoint of our feed that the other party holds, and the note with our signature alone; None when it holds none."""
    note = node.checkpoint(origin)
    if note is None:
        return None
    checkpoint, kept = open_signed(note, pact.card(origin).log)
    if checkpoint.origin != origin:
        raise ChainError(f"it gives a checkpoint of {checkpoint.origin} for {origin}")
    return checkpoint, kept
