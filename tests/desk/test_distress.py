"""Distress: raised, heard, closed; and nothing of what holds other entries back (rule 18)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tafadi.desk import hotline
from tafadi.desk.distress import raise_distress
from tafadi.desk.folding.distress import DistressView
from tafadi.errors import WrongStateError
from tafadi.measure.instant import Span
from tafadi.model.entry import NODE_ROLE, EntryId, EntryType
from tafadi.model.line import Distress, DistressStep, Duty, Roster, StopStep
from tafadi.model.names import Language, Mode
from tafadi.model.reply import RefusalCode
from world import HOME, OFFICER, World, make_agreement


def _view(world: World, party: str, entry: EntryId) -> DistressView:
    return world.desk(party).picture.shelf(DistressView)[entry]


def _raised(world: World, party: str = "bravo", role: str = OFFICER, mode: Mode = Mode.EXERCISE) -> EntryId:
    entry = raise_distress(world.desk(party), role, mode, ("sky/1",), HOME, "two in a raft")
    world.settle()
    return entry


def _step(world: World, party: str, entry: EntryId, step: StopStep | None = None) -> EntryId:
    said = hotline.acknowledge(world.desk(party), OFFICER, entry, (), step)
    world.settle()
    return said


def test_a_distress_is_heard_by_each_addressee_and_closed_by_who_raised_it(three: World) -> None:
    entry = _raised(three)
    for party in ("alpha", "charlie"):
        assert any(f"DISTRESS RAISED by bravo: {entry}" in sentence for sentence in three[party].bell.alarms)
    _step(three, "alpha", entry)
    with pytest.raises(WrongStateError, match="is RAISED"):
        _step(three, "bravo", entry, StopStep.CLOSED)  # charlie has not heard it yet
    _step(three, "charlie", entry, StopStep.HEARD)
    _step(three, "bravo", entry, StopStep.CLOSED)
    for party in ("alpha", "bravo", "charlie"):
        view = _view(three, party, entry)
        assert view.state == "CLOSED"
        assert [(taken.step, taken.party) for taken in view.steps] == [
            ("RAISED", "bravo"), ("HEARD", "alpha"), ("HEARD", "charlie"), ("CLOSED", "bravo"),
        ]  # fmt: skip
        assert three.desk(party).picture.refusals == {}
    assert len({station.desk.picture.digest() for station in three.stations.values()}) == 1


@pytest.mark.parametrize(("party", "step"), [("bravo", StopStep.HEARD), ("alpha", StopStep.CLOSED), ("alpha", StopStep.ACTED)])
def test_a_step_out_of_turn_is_refused_here(pair: World, party: str, step: StopStep) -> None:
    with pytest.raises(WrongStateError):
        _step(pair, party, _raised(pair), step)


@pytest.mark.parametrize(("party", "step"), [("bravo", DistressStep.HEARD), ("alpha", DistressStep.CLOSED)])
def test_a_step_out_of_turn_is_refused_by_the_other_node(pair: World, party: str, step: DistressStep) -> None:
    entry, liar = _raised(pair), pair[party]
    said = EntryId(party, 1, liar.size)
    liar.tell(liar.sealed(liar.payload(EntryType.DISTRESS, Distress(step), refs=(liar.desk.ref(entry),))))
    pair.settle()
    other = "bravo" if party == "alpha" else "alpha"
    assert liar.desk.picture.refusals[said][other].code is RefusalCode.WRONG_STATE
    assert _view(pair, other, entry).state == "RAISED"


def test_rule_18_distress_is_heard_in_a_mode_that_the_agreement_does_not_name(pair: World) -> None:
    entry = _raised(pair, mode=Mode.REAL)
    assert (_view(pair, "alpha", entry).mode, pair.desk("alpha").picture.refusals) == (Mode.REAL, {})
    _step(pair, "alpha", entry)
    assert _view(pair, "bravo", entry).state == "HEARD"


def test_rule_18_distress_asks_no_roster_who_may_hear_it(pair: World) -> None:
    now = pair.clock.now()
    duty = Duty("supervisor", Span(now, now.plus(3_600.0)), (Language.EN,), may_stop=True)
    hotline.publish_roster(pair.desk("alpha"), OFFICER, Mode.EXERCISE, Roster((duty,)))
    pair.settle()
    _step(pair, "alpha", entry := _raised(pair))
    assert _view(pair, "bravo", entry).state == "HEARD"


def test_rule_18_distress_is_said_by_the_node_where_the_role_has_no_key(pair: World) -> None:
    entry = _raised(pair, role="cook")
    said = pair.desk("alpha").views.examined(entry).message
    assert said is not None
    assert said.operator.role == NODE_ROLE
    assert _view(pair, "alpha", entry).state == "RAISED"


def test_rule_18_distress_is_heard_under_a_card_that_has_run_out(pair: World) -> None:
    pair.clock.wait(61 * 86_400.0)
    entry = _raised(pair)
    assert _view(pair, "alpha", entry).state == "RAISED"
    assert any("DISTRESS" in sentence for sentence in pair["alpha"].bell.alarms)


@pytest.fixture
def half_signed(tmp_path: Path) -> Iterator[World]:
    """Only bravo has signed."""
    world = World(tmp_path, agreement=make_agreement())
    world["bravo"].sign()
    world.settle()
    yield world
    world.close()


def test_rule_18_distress_waits_for_no_agreement_in_force(half_signed: World) -> None:
    entry = _raised(half_signed)
    assert _view(half_signed, "alpha", entry).state == "RAISED"


def test_rule_18_distress_waits_for_nothing_that_it_claims_to_have_seen(three: World) -> None:
    bravo = three["bravo"]
    unseen = bravo.seen(three["charlie"], 50, b"\7" * 32)
    entry = EntryId("bravo", 1, bravo.size)
    bravo.tell(bravo.sealed(bravo.payload(EntryType.DISTRESS, Distress(DistressStep.RAISED), seen=(unseen,))))
    three.settle()
    assert any(f"DISTRESS RAISED by bravo: {entry}" in sentence for sentence in three["alpha"].bell.alarms)
