"""The folder: who may read it, whose keys and cards are in it and how long they count, and whether the record opens."""

from collections.abc import Iterator
from typing import Final

from tafadi.cli.doctor.finding import Finding, fault, well
from tafadi.desk.pact import Pact
from tafadi.measure.instant import Instant
from tafadi.store.folder import RESTORING, Folder
from tafadi.store.identity import open_pact
from tafadi.store.journals import JOURNAL_FILE, open_journal
from tafadi.store.operators import OPERATORS_FILE, operators
from tafadi.store.settings import SQLITE
from tafadi.trust.card import Card, open_card
from tafadi.web.running import CARD_WARNING_S

DAY_S: Final = 86_400.0
_SECRET: Final = ("keys/*.key", "keys/*.pem", "keys/*/*.key", "keys/*/*.pem", OPERATORS_FILE)  # their owner's alone, whatever the folder is


def access(folder: Folder) -> Iterator[Finding]:
    """Who else may read what is the party's own."""
    secret = [folder.path, *(path for pattern in _SECRET for path in sorted(folder.path.glob(pattern)))]
    loose = [path for path in secret if path.stat().st_mode & 0o077]
    if loose:
        yield fault("access", f"others on this machine may read {', '.join(map(str, loose))}; chmod go= them")
    else:
        yield well("access", "the folder and its keys are their owner's alone")
    if (folder.path / "keys" / "root.key").exists():
        yield fault("root key", f"{folder.path / 'keys' / 'root.key'} lies on this machine; move it to a place that does not")
    else:
        yield well("root key", "it is not on this machine")


def cards(folder: Folder, now: Instant) -> Iterator[Finding]:
    """How long each party's card counts still; signatures are verified."""
    own = open_card(folder.card)
    yield _valid("own card", own, now, "; `tafadi node renew` makes the next")
    for pact in _pacts(folder):
        for party, card in pact.cards.items():
            if party != own.party:
                yield _valid(f"card of {party}", card, now, f"; ask {party} for the next")


def _pacts(folder: Folder) -> list[Pact]:
    return [open_pact(folder, document) for document in folder.agreements().values()]


def _valid(check: str, card: Card, now: Instant, way_on: str) -> Finding:
    left_s = card.valid.end.since(now)
    if now < card.valid.start:
        return fault(check, f"it is valid from {card.valid.start}, and it is {now}; look at the clock")
    if left_s <= CARD_WARNING_S:
        return fault(check, f"it is valid {'only ' if left_s > 0 else ''}until {card.valid.end}{way_on}")
    return well(check, f"epoch {card.epoch}, valid for {left_s / DAY_S:.0f} days more")


def record(folder: Folder) -> Iterator[Finding]:
    """Whether the record opens, as this version knows it, and holds what its mark says. `tafadi feed verify` recomputes all of it."""
    if (folder.path / RESTORING).exists():
        yield fault("record", "a restoring was begun and is not at its end; `tafadi node restore` goes on with it")
        return
    if folder.settings.store == SQLITE and not folder.agreements() and not (folder.path / JOURNAL_FILE).exists():
        yield well("record", "nothing is signed, and there is no record yet")
        return
    journal = open_journal(folder, read_only=True)
    try:
        entries = sum(journal.sizes().values())
        unjudged, evidence = len(journal.unjudged()), len(journal.evidence())
    finally:
        journal.close()
    yield well("record", f"{entries} entries in {folder.settings.store.partition(':')[0]}; {unjudged} of them not judged yet")
    if evidence:
        yield fault("evidence", f"{evidence} proofs of a broken protocol are kept; `tafadi evidence list` shows them")


def programs(folder: Folder) -> Iterator[Finding]:
    """Who may use the API."""
    known = operators(folder.path)
    if folder.settings.api and not known:
        yield fault("operators", "an API is asked for, and nobody may use it; `tafadi operator add` makes an operator")
    elif known:
        yield well("operators", f"{len(known)} operators")
