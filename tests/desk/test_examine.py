"""Examining one's own: what this node has just sealed is looked at as everybody else will look at it, but for the signatures."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tafadi.desk import announce, speak
from tafadi.desk.desk import Desk
from tafadi.desk.examine import examine, speaks_by_card
from tafadi.desk.speak import Draft, say
from tafadi.model.entry import NODE_ROLE, EntryId, EntryType
from tafadi.model.line import Attempt
from tafadi.model.names import Mode
from tafadi.model.operation import Notice
from tafadi.model.reply import Refusal, RefusalCode
from tafadi.store import views
from tafadi.trust.keys import PublicKey, SigningKey
from world import OFFICER, World, operation

_STRANGER = SigningKey.from_seed(b"s" * 32)


@pytest.fixture
def alpha(tmp_path: Path) -> Iterator[Desk]:
    """alpha's desk, under an agreement in force."""
    world = World(tmp_path)
    world.sign()
    yield world.desk("alpha")
    world.close()


def _attempt(role: str) -> Draft:
    return Draft(EntryType.ATTEMPT, Attempt("radio", 1, False), Mode.EXERCISE, role)


def test_ones_own_entry_is_what_anybody_finds_who_verifies_it(alpha: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(PublicKey, "verify", lambda *given: pytest.fail("its own signature was verified again"))
        patch.setattr(speak, "_newly_seen", lambda desk: ())
        said = [*say(alpha, _attempt(NODE_ROLE), _attempt(OFFICER)), announce.send(alpha, OFFICER, _between_the_grid(), Mode.EXERCISE)]
    for entry in said:
        leaf = alpha.journal.leaf(alpha.origin, entry.index)
        assert alpha.views.examined(entry) == examine(leaf, entry, alpha.pact)
        assert alpha.views.examined(entry).takes_effect


def _between_the_grid() -> Notice:
    """A notice with a height that the wire rounds."""
    notice = operation()
    first, *others = notice.volumes
    assert first.lower is not None
    return replace(notice, volumes=(replace(first, lower=replace(first.lower, value_m=first.lower.value_m + 1e-5)), *others))


def test_what_was_signed_with_keys_that_are_not_on_the_card_is_verified_and_refused(alpha: Desk) -> None:
    another = replace(alpha, identity=replace(alpha.identity, operators={OFFICER: _STRANGER}))
    (entry,) = say(another, _attempt(OFFICER))
    assert alpha.views.examined(entry).refusal == Refusal(RefusalCode.NOT_ON_ROSTER, "operator")
    another = replace(alpha, identity=replace(alpha.identity, envelope=_STRANGER))
    (entry,) = say(another, _attempt(NODE_ROLE))
    assert alpha.views.examined(entry).refusal == Refusal(RefusalCode.BAD_SIGNATURE)


def test_the_keys_of_a_card_are_those_of_the_node_and_of_the_role(alpha: Desk) -> None:
    card, own = alpha.pact.card(alpha.origin), alpha.identity
    officer = own.operators[OFFICER].public
    assert speaks_by_card(card, own.envelope.public, NODE_ROLE, None)
    assert speaks_by_card(card, own.envelope.public, OFFICER, officer)
    assert not speaks_by_card(card, own.envelope.public, OFFICER, None)
    assert not speaks_by_card(card, own.envelope.public, "nobody", None)
    assert not speaks_by_card(card, own.envelope.public, "nobody", officer)
    assert not speaks_by_card(card, own.envelope.public, NODE_ROLE, officer)
    assert not speaks_by_card(card, own.envelope.public, OFFICER, _STRANGER.public)
    assert not speaks_by_card(card, _STRANGER.public, OFFICER, officer)


def test_an_entry_that_is_read_again_from_the_journal_is_verified(alpha: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (entry,) = say(alpha, _attempt(NODE_ROLE))
    verified: list[EntryId] = []

    def noted(leaf: bytes, place: EntryId, pact: object) -> object:
        verified.append(place)
        return examine(leaf, place, alpha.pact)

    monkeypatch.setattr(views, "examine", noted)
    views.FoldedViews(alpha.journal, alpha.pact)
    assert entry in verified
