"""Receipts that travel in others' heartbeats: a true one counts whoever brings it, a false one never does, and none accuses anybody."""

import pytest

from tafadi.desk import announce
from tafadi.desk.exchange import Line
from tafadi.desk.listen import receive
from tafadi.desk.outgoing import held_by
from tafadi.desk.pulse import beat, hear
from tafadi.desk.relay import PATIENCE_S, is_due
from tafadi.errors import SignatureError
from tafadi.model.names import Mode
from tafadi.store.fsck import verify
from tafadi.trust.checkpoint import Checkpoint, cosign
from tafadi.trust.heartbeat import encode_heartbeat
from tafadi.trust.log import Frontier
from world import OFFICER, World, operation


def _said(three: World) -> Checkpoint:
    """alpha says one thing more, and charlie alone holds it; the checkpoint over it."""
    announce.send(three.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    receive(three.desk("charlie"), three["alpha"].push_of(1, 2))
    frontier = three.desk("alpha").journal.head(three.desk("alpha").origin).frontier
    return Checkpoint(three.desk("alpha").origin, frontier.size, frontier.root())


def _brought(three: World, checkpoint: Checkpoint, signer: str, claimed: str = "bravo") -> dict[str, int]:
    """charlie brings alpha a receipt in bravo's name, that the key of `signer` gave."""
    line = cosign(checkpoint, three.pact.mirror(claimed), three[signer].identity.mirror, three.clock.now())
    note = f"{checkpoint.text}\n{line}".encode()
    charlie = three["charlie"].identity.envelope
    return hear(three.desk("alpha"), "charlie", encode_heartbeat(three.pact.id, "charlie", 1, three.clock.now(), [note], charlie))


def test_a_receipt_counts_whoever_brings_it_and_is_verified_with_the_record(three: World) -> None:
    held = _brought(three, _said(three), "bravo")
    assert held_by(three.desk("alpha"), "bravo") == 2
    assert held == {}, "it is bravo who holds it; charlie has said nothing of itself"
    report = next(one for one in verify(three["alpha"].sqlite, three.pact) if one.party == "alpha")
    assert (report.receipts, report.faults) == (2, [])


def test_a_receipt_in_anothers_name_is_refused_and_not_kept(three: World) -> None:
    said = _said(three)
    with pytest.raises(SignatureError):
        _brought(three, said, "charlie")
    assert held_by(three.desk("alpha"), "bravo") == 1


def test_a_third_partys_receipt_for_another_tree_or_for_more_than_there_is_changes_nothing(three: World) -> None:
    said = _said(three)
    for other in (
        Checkpoint(said.origin, 2, b"\7" * 32),
        Checkpoint(said.origin, 9, said.root),
        Checkpoint(said.origin, 0, Frontier().root()),
    ):
        assert _brought(three, other, "bravo") == {}
    assert held_by(three.desk("alpha"), "bravo") == 1
    assert three.desk("alpha").journal.exhibits() == []
    assert three["alpha"].bell.alarms == []


def test_a_false_tree_that_the_sender_itself_cosigned_is_trouble(three: World) -> None:
    said = _said(three)
    with pytest.raises(SignatureError):
        _brought(three, Checkpoint(said.origin, 2, b"\7" * 32), "charlie", "charlie")


def test_what_a_party_lacks_is_due_after_a_while_and_not_when_its_owner_brought_it_meanwhile(three: World) -> None:
    line = Line(three.desk("charlie"), "bravo")
    line.holds = hear(three.desk("charlie"), "bravo", beat(three.desk("bravo")))
    _said(three)
    assert not is_due(line, 100.0, 30.0)
    assert not is_due(line, 99.0 + PATIENCE_S, 30.0)
    assert is_due(line, 100.0 + PATIENCE_S, 30.0)
    three.settle()
    line.holds = hear(three.desk("charlie"), "bravo", beat(three.desk("bravo")))
    assert not is_due(line, 200.0, 30.0)
    assert line.lacks == {}
