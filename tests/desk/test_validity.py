"""What runs out: notices valid until an instant, stops said until one, and what is then shown, refused, and checked all the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from tafadi.desk import announce, course, hotline, sites
from tafadi.desk.deadlines import due, next_due, reminders, say_due
from tafadi.desk.folding.lapse import LapseView
from tafadi.desk.folding.notice_site import SiteView
from tafadi.errors import InputError, WrongStateError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.lapse import LapseKind
from tafadi.model.line import Stop, StopStep
from tafadi.model.message import Body
from tafadi.model.names import Language, Mode
from tafadi.model.operation import NoticeBody, NoticeStep
from tafadi.model.reply import Answer, AnswerCode, RefusalCode
from tafadi.model.site import Site, SiteCategory, SiteStep
from tafadi.model.volume import Circle
from world import HOME, OFFICER, START, TIMING, World, make_agreement, operation, volume

LANGS = (Language.EN,)
UNTIL = START.plus(600.0)


def _sent(world: World) -> EntryId:
    entry = announce.send(world.desk("alpha"), OFFICER, operation(), Mode.EXERCISE, valid_until=UNTIL)
    world.settle()
    return entry


def _said(world: World, party: str) -> list[LapseKind]:
    entries = say_due(world.desk(party))
    world.settle()
    return [world.desk(party).picture.shelf(LapseView)[entry].lapse.what for entry in entries]


def _states(world: World, entry: EntryId) -> set[str]:
    assert len({station.desk.picture.digest() for station in world.stations.values()}) == 1
    return {station.desk.picture.notices[entry].state for station in world.stations.values()}


def test_a_notice_that_is_valid_no_longer_is_shown_as_expired_accepted_by_nobody_and_checked_all_the_same(calm: World) -> None:
    entry = _sent(calm)
    assert next_due(calm.desk("bravo"), calm.clock.now()) == UNTIL
    calm.clock.wait(600.0)
    assert _said(calm, "bravo") == [LapseKind.EXPIRED]
    assert _said(calm, "alpha") == []  # one party's word is enough
    assert _states(calm, entry) == {"EXPIRED"}
    with pytest.raises(WrongStateError, match="valid until 2026-11-23T06:10:00Z"):
        hotline.answer(calm.desk("bravo"), OFFICER, entry, AnswerCode.ACCEPTED)
    hotline.answer(calm.desk("bravo"), OFFICER, entry, AnswerCode.NEED_DETAILS)
    calm.settle()
    assert _states(calm, entry) == {"QUESTIONED"}  # hides nothing that is worse
    announce.send(calm.desk("charlie"), OFFICER, operation(volume(3_000.0)), Mode.EXERCISE)
    calm.settle()
    assert len(calm.desk("alpha").picture.alerts) == 1
    announce.amend(calm.desk("alpha"), OFFICER, entry, operation(volume(60_000.0)))
    calm.settle()
    hotline.answer(calm.desk("bravo"), OFFICER, entry, AnswerCode.ACCEPTED)
    calm.settle()
    assert calm.desk("alpha").picture.notices[entry].sides == {"bravo": "ACCEPTED", "charlie": "READ_BACK"}


def test_who_accepts_or_begins_what_is_valid_no_longer_is_refused(calm: World) -> None:
    entry = _sent(calm)
    for party in ("bravo", "charlie"):
        hotline.answer(calm.desk(party), OFFICER, entry, AnswerCode.ACCEPTED)
        course.distribute(calm.desk(party), OFFICER, entry, ("crew",))
    calm.settle()
    calm.clock.wait(600.0)
    with pytest.raises(WrongStateError, match="must be amended first"):
        course.activate(calm.desk("alpha"), OFFICER, entry)
    lies: list[tuple[str, EntryType, Body]] = [
        ("alpha", EntryType.OPERATION, NoticeBody(NoticeStep.ACTIVE, None)),
        ("bravo", EntryType.ANSWER, Answer(AnswerCode.NO_CONFLICT_FOUND)),
    ]
    for party, type, body in lies:
        liar = calm[party]
        said = EntryId(party, 1, liar.size)
        liar.tell(liar.sealed(liar.payload(type, body, refs=(liar.desk.ref(entry),))))
        calm.settle()
        assert calm.desk("charlie").picture.refusals[said]["charlie"].code is RefusalCode.WRONG_STATE
    assert _states(calm, entry) == {"ACCEPTED"}


def test_nothing_is_announced_as_valid_until_before_now(calm: World) -> None:
    calm.clock.wait(600.0)
    with pytest.raises(InputError, match="would be valid until"):
        _sent(calm)


def test_a_stop_past_its_end_is_called_for_as_before_and_may_be_closed_by_who_raised_it(calm: World) -> None:
    alpha, bravo = calm.desk("alpha"), calm.desk("bravo")
    entry = hotline.raise_stop(alpha, OFFICER, Mode.EXERCISE, ("sky/1",), until=UNTIL)
    calm.settle()
    with pytest.raises(WrongStateError, match="is RAISED; it cannot be CLOSED"):
        hotline.acknowledge(alpha, OFFICER, entry, LANGS, StopStep.CLOSED)
    liar = calm["alpha"]
    early = EntryId("alpha", 1, liar.size)
    liar.tell(liar.sealed(liar.payload(EntryType.STOP, Stop(StopStep.CLOSED), refs=(alpha.ref(entry),))))
    calm.settle()
    assert alpha.picture.refusals[early]["bravo"].code is RefusalCode.WRONG_STATE
    calm.clock.wait(600.0)
    assert LapseKind.EXPIRED in _said(calm, "bravo")
    assert alpha.picture.stops[entry].state == "RAISED"
    assert [one.entry for one in reminders(bravo, None, calm.clock.now())] == [entry]
    hotline.acknowledge(alpha, OFFICER, entry, LANGS, StopStep.CLOSED)
    calm.settle()
    assert bravo.picture.stops[entry].state == "CLOSED"
    assert reminders(bravo, None, calm.clock.now()) == []
    with pytest.raises(WrongStateError, match="is CLOSED"):
        hotline.acknowledge(alpha, OFFICER, entry, LANGS, StopStep.CLOSED)


def test_failure_13_a_site_is_stale_by_the_clock_and_again_each_time_that_nobody_looks_in_time(tmp_path: Path) -> None:
    agreement = make_agreement(("alpha", "bravo", "charlie"))
    world = World(tmp_path, agreement=replace(agreement, check_times_utc_s=(), timing=replace(TIMING, reverify_s=86_400)))
    world.sign()
    clinic = Site(SiteStep.NEW, SiteCategory.HOSPITAL, HOME, Circle(HOME, 150.0), "north clinic")
    entry = sites.announce_site(world.desk("alpha"), OFFICER, Mode.EXERCISE, clinic)
    world.settle()
    assert next_due(world.desk("alpha"), world.clock.now()) is None  # nobody has verified it: there is nothing that could become stale
    for round in (1, 2):
        sites.verify_site(world.desk("alpha"), "supervisor", entry)
        world.settle()
        assert _sites(world, entry) == {"VERIFIED"}
        world.clock.wait(86_399.0)
        assert _said(world, "charlie") == []
        world.clock.wait(1.0)
        assert _said(world, "charlie") == [LapseKind.STALE]
        assert _sites(world, entry) == {"STALE"}
        assert sum(f"STALE by the clock of charlie: {entry}" in sentence for sentence in world["alpha"].bell.alarms) == round
        assert due(world.desk("bravo"), world.clock.now()) == []
    world.close()


def _sites(world: World, entry: EntryId) -> set[str]:
    assert len({station.desk.picture.digest() for station in world.stations.values()}) == 1
    return {station.desk.picture.shelf(SiteView)[entry].state for station in world.stations.values()}


def test_an_ended_notice_is_checked_against_nothing_any_more_and_its_alert_is_cleared(calm: World) -> None:
    entry = announce.send(calm.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    calm.settle()
    for party in ("bravo", "charlie"):
        hotline.answer(calm.desk(party), OFFICER, entry, AnswerCode.ACCEPTED)
        course.distribute(calm.desk(party), OFFICER, entry, ("crew",))
    calm.settle()
    course.activate(calm.desk("alpha"), OFFICER, entry)
    announce.send(calm.desk("bravo"), OFFICER, operation(volume(3_000.0)), Mode.EXERCISE)
    calm.settle()
    assert [alert.state for alert in calm.desk("charlie").picture.alerts.values()] == ["RAISED"]
    course.end(calm.desk("alpha"), OFFICER, entry)
    calm.settle()
    assert [alert.state for alert in calm.desk("charlie").picture.alerts.values()] == ["CLEARED"]
    announce.send(calm.desk("charlie"), OFFICER, operation(volume(-3_000.0)), Mode.EXERCISE)
    calm.settle()
    assert not any(str(entry) in alert.subjects for alert in calm.desk("alpha").picture.alerts.values() if alert.state != "CLEARED")
