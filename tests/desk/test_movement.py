"""Movements: announced, read back and checked as their corridor; overdue when nobody says that they have arrived."""

from dataclasses import replace

import pytest

from tafadi.desk import announce, course, hotline
from tafadi.desk.deadlines import due, reminders, say_due
from tafadi.desk.folding.lapse import LapseView
from tafadi.desk.folding.notice import not_reached
from tafadi.desk.tree import root_at
from tafadi.errors import ChainError, WrongStateError
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Span
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.lapse import Lapse, LapseKind
from tafadi.model.movement import Movement, MovementBody
from tafadi.model.names import Mode, Precedence
from tafadi.model.operation import NoticeBody, NoticeStep
from tafadi.model.reply import AnswerCode, Match, RefusalCode
from tafadi.trust.checkpoint import Checkpoint, check_cosignature, mirror_name
from tafadi.trust.log import check_inclusion, inclusion_proof, leaf_hash
from world import HOME, MARKS, OFFICER, START, World, operation, said_truly, volume

LEAD_S, EMERGENCY_LEAD_S, LASTS_S = 172_800.0, 86_400.0, 3_600.0
BAND = Height(1_200.0, Datum.GEOID), Height(1_400.0, Datum.GEOID)


def convoy(start_s: float = LEAD_S, *, emergency: bool = False) -> Movement:
    """Past HOME, where an operation may be, for an hour."""
    window = Span(START.plus(start_s), START.plus(start_s + LASTS_S))
    return Movement((HOME, MARKS[0].position), 500.0, (window,), *BAND, "white lorries", emergency, "relief", stated=(said_truly(HOME),))


def _sent(world: World, movement: Movement | None = None, party: str = "alpha") -> EntryId:
    entry = announce.send(world.desk(party), OFFICER, movement or convoy(), Mode.EXERCISE)
    world.settle()
    return entry


def _states(world: World, entry: EntryId) -> set[str]:
    assert len({station.desk.picture.digest() for station in world.stations.values()}) == 1
    return {station.desk.picture.notices[entry].state for station in world.stations.values()}


def _active(world: World, entry: EntryId) -> None:
    for party in world.desk("alpha").picture.notices[entry].sides:
        hotline.answer(world.desk(party), OFFICER, entry, AnswerCode.ACCEPTED)
        course.distribute(world.desk(party), OFFICER, entry, ("checkpoints",))
    world.settle()
    course.activate(world.desk("alpha"), OFFICER, entry)
    world.settle()


def test_a_movement_goes_through_the_course_of_a_notice_to_its_end(calm: World) -> None:
    entry = _sent(calm)
    view = calm.desk("bravo").picture.notices[entry]
    assert (view.type, view.readbacks["bravo"].result) == (EntryType.MOVEMENT, Match.MATCH)
    assert view.readbacks["bravo"].lower == "1200.0 m geoid"
    assert not_reached(view) == ["bravo", "charlie"]
    with pytest.raises(WrongStateError, match="must accept it and pass it down"):
        course.activate(calm.desk("alpha"), OFFICER, entry)
    _active(calm, entry)
    assert _states(calm, entry) == {"ACTIVE"}
    course.end(calm.desk("alpha"), OFFICER, entry)
    calm.settle()
    assert _states(calm, entry) == {"ENDED"}
    assert say_due(calm.desk("bravo")) == []


def test_the_picture_has_the_route_and_not_the_corridor_that_follows_from_it(calm: World) -> None:
    shown = calm.desk("bravo").picture.to_json() if _sent(calm) else {}
    (view,) = shown["notices"].values()  # type: ignore[union-attr]
    assert "notice" not in view  # type: ignore[operator]
    assert view["movement"]["half_width_mm"] == 500_000  # type: ignore[index,call-overload]


def test_the_conflict_engine_checks_the_corridor_in_its_window_and_clears_it_when_it_has_ended(calm: World) -> None:
    entry = _sent(calm)
    announce.send(calm.desk("bravo"), OFFICER, operation(volume(radius_m=300.0, north_m=400.0, start_s=LEAD_S)), Mode.EXERCISE)
    announce.send(calm.desk("bravo"), OFFICER, operation(volume(radius_m=300.0, start_s=LEAD_S + LASTS_S)), Mode.EXERCISE)
    announce.send(calm.desk("bravo"), OFFICER, operation(volume(east_m=20_000.0, start_s=LEAD_S)), Mode.EXERCISE)
    calm.settle()
    (alert,) = calm.desk("alpha").picture.alerts.values()
    assert set(alert.raised) >= {"alpha", "bravo"}
    assert str(entry) in alert.subjects
    course.end(calm.desk("alpha"), OFFICER, entry)
    calm.settle()
    assert [one.state for one in calm.desk("bravo").picture.alerts.values()] == ["CLEARED"]


def test_failure_04_late_and_vague_a_movement_has_leads_of_its_own_and_is_checked_all_the_same(calm: World) -> None:
    early = [_sent(calm), _sent(calm, convoy(EMERGENCY_LEAD_S, emergency=True))]
    late = [_sent(calm, convoy(LEAD_S - 0.001)), _sent(calm, convoy(EMERGENCY_LEAD_S - 0.001, emergency=True))]
    alpha, bravo = calm.desk("alpha"), calm.desk("bravo")
    assert [alpha.picture.notices[entry].late for entry in early + late] == [False, False, True, True]
    assert {alpha.picture.refusals[entry]["bravo"].code for entry in late} == {RefusalCode.LEAD_TOO_SHORT}
    assert {alpha.picture.refusals[entry]["bravo"].field for entry in late} == {"body.movement"}
    announce.send(bravo, OFFICER, operation(volume(start_s=LEAD_S - 10.0)), Mode.EXERCISE)
    calm.settle()
    assert any(str(late[0]) in alert.subjects for alert in bravo.picture.alerts.values())
    flash = announce.send(alpha, OFFICER, convoy(60.0), Mode.EXERCISE, Precedence.FLASH)
    calm.settle()
    assert not bravo.picture.notices[flash].late


def test_failure_14_a_movement_that_nobody_has_said_has_ended_is_overdue_at_all_and_climbs_until_it_has(calm: World) -> None:
    entry = _sent(calm)
    _active(calm, entry)
    calm.clock.wait(LEAD_S + LASTS_S - 1.0)
    assert all(due(calm.desk(party), calm.clock.now()) == [] for party in calm.stations)
    assert reminders(calm.desk("alpha"), None, calm.clock.now()) == []
    calm.clock.wait(1.0)
    said = say_due(calm.desk("charlie"))
    calm.settle()
    assert [calm.desk("alpha").picture.shelf(LapseView)[one].lapse for one in said] == [
        Lapse(LapseKind.OVERDUE, calm.clock.now(), ("alpha",))
    ]
    assert _states(calm, entry) == {"OVERDUE"}
    assert any("OVERDUE" in sentence for sentence in calm["alpha"].bell.alarms)
    assert [one.entry for one in reminders(calm.desk("alpha"), None, calm.clock.now())] == [entry]
    assert say_due(calm.desk("charlie")) == []
    course.end(calm.desk("alpha"), OFFICER, entry)
    calm.settle()
    assert _states(calm, entry) == {"ENDED"}
    assert reminders(calm.desk("alpha"), None, calm.clock.now()) == []
    assert say_due(calm.desk("bravo")) == []


def test_a_movement_that_never_was_active_is_overdue_too_and_may_end(calm: World) -> None:
    entry = _sent(calm)
    calm.clock.wait(LEAD_S + LASTS_S)
    say_due(calm.desk("bravo"))
    calm.settle()
    assert _states(calm, entry) == {"OVERDUE"}
    course.end(calm.desk("alpha"), OFFICER, entry)
    calm.settle()
    assert _states(calm, entry) == {"ENDED"}


def test_an_amended_movement_is_not_overdue_any_more_and_a_false_clock_makes_none(calm: World) -> None:
    entry, liar = _sent(calm), calm["bravo"]
    lie = liar.payload(EntryType.LAPSE, Lapse(LapseKind.OVERDUE, START, ("alpha",)), refs=(liar.desk.ref(entry),))
    liar.tell(liar.sealed(lie))
    calm.settle()
    assert _states(calm, entry) == {"READ_BACK"}
    calm.clock.wait(LEAD_S + LASTS_S)
    say_due(calm.desk("bravo"))
    calm.settle()
    assert _states(calm, entry) == {"OVERDUE"}
    announce.amend(calm.desk("alpha"), OFFICER, entry, convoy(4 * LEAD_S))
    calm.settle()
    assert _states(calm, entry) == {"READ_BACK"}


def test_a_movement_stays_one_and_is_taken_further_by_its_own_type_alone(calm: World) -> None:
    entry, liar = _sent(calm), calm["alpha"]
    with pytest.raises(WrongStateError, match="stays a notice of kind movement"):
        announce.amend(liar.desk, OFFICER, entry, operation())
    said = EntryId("alpha", 1, liar.size)
    liar.tell(liar.sealed(liar.payload(EntryType.OPERATION, NoticeBody(NoticeStep.CANCEL, None), refs=(liar.desk.ref(entry),))))
    calm.settle()
    assert calm.desk("alpha").picture.refusals[said]["bravo"].code is RefusalCode.WRONG_STATE
    assert _states(calm, entry) == {"READ_BACK"}
    announce.cancel(liar.desk, OFFICER, entry)
    calm.settle()
    assert _states(calm, entry) == {"CANCELLED"}
    assert MovementBody(NoticeStep.CANCEL, None) == calm.desk("bravo").views.examined(EntryId("alpha", 1, liar.size - 1)).message.body  # type: ignore[union-attr]


def test_failure_05_receipt_disputed_a_route_that_was_notified_is_stored_by_the_other_and_can_be_proved(calm: World) -> None:
    """Dayrik, August 2020: one side says that it notified the route, the other that it did not."""
    entry = _sent(calm)
    alpha, bravo = calm.desk("alpha"), calm.desk("bravo")
    leaf = bravo.journal.leaf(alpha.origin, entry.index)
    (receipt,) = (one for one in alpha.journal.receipts(alpha.origin).values() if "bravo" in one.mirror)
    checkpoint = Checkpoint(alpha.origin, receipt.size, root_at(alpha.journal, alpha.origin, receipt.size))
    signed = check_cosignature(receipt.line, checkpoint, mirror_name(alpha.pact.id, "bravo", 1), alpha.pact.cards["bravo"].mirror)
    assert signed <= calm.clock.now()
    hashes = alpha.journal.leaf_hashes(alpha.origin)
    proof = inclusion_proof(hashes, entry.index, receipt.size)
    check_inclusion(checkpoint.root, receipt.size, entry.index, leaf_hash(leaf), proof)  # raises where it was not in what bravo cosigned
    with pytest.raises(ChainError):
        check_inclusion(checkpoint.root, receipt.size, entry.index, leaf_hash(b"another route"), proof)


def test_failure_01_wrong_place_a_route_that_begins_elsewhere_than_its_words_is_a_mismatch(calm: World) -> None:
    entry = _sent(calm, replace(convoy(), stated=(said_truly(MARKS[1].position),)))
    assert _states(calm, entry) == {"MISMATCH"}
