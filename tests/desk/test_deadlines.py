"""Clocks: what has lapsed is said once, by who waited, whatever restarts lie in between; and who is called next."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tafadi.desk import announce, hotline
from tafadi.desk.deadlines import due, next_due, reminders, say_due
from tafadi.desk.folding.lapse import LapseView
from tafadi.measure.instant import Instant, Span
from tafadi.model.agreement import Rung
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.lapse import Lapse, LapseKind
from tafadi.model.line import CheckStep, Duty, LineCheck, Roster, StopStep
from tafadi.model.names import Language, Mode, Precedence
from tafadi.model.reply import AnswerCode, RefusalCode
from world import OFFICER, START, TIMING, Station, World, make_agreement, operation, volume

LANGS = (Language.EN,)
LADDER = (Rung("supervisor", 30), Rung("planner", 40))
Told = tuple[LapseKind, tuple[str, ...], int, str]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[World]:
    """Three parties with a ladder of two roles, in force, and no agreed times of day."""
    agreement = make_agreement(("alpha", "bravo", "charlie"))
    world = World(tmp_path, agreement=replace(agreement, ladder=LADDER, check_times_utc_s=()))
    world.sign()
    yield world
    world.close()


def _daily(folder: Path) -> World:
    """alpha and bravo, who check the line at 09:00 and 17:00; the world begins at 06:00."""
    world = World(folder)
    world.sign()
    return world


def _told(station: Station, entries: list[EntryId]) -> list[Told]:
    lapses = [station.desk.picture.shelf(LapseView)[entry].lapse for entry in entries]
    return [(lapse.what, lapse.parties, lapse.rung, lapse.role) for lapse in lapses]


def _said(world: World, party: str) -> list[Told]:
    """What that party's clock says now. It dies before and after saying it, and says nothing twice."""
    world[party].crash()
    entries = say_due(world.desk(party))
    world[party].crash()
    assert due(world.desk(party), world.clock.now()) == []
    world.settle()
    return _told(world[party], entries)


def _stop(world: World) -> EntryId:
    entry = hotline.raise_stop(world.desk("alpha"), OFFICER, Mode.EXERCISE, ("sky/1",))
    world.settle()
    return entry


def test_failure_02_one_named_person_a_stop_that_nobody_hears_climbs_the_ladder_through_restarts(line: World) -> None:
    _stop(line)
    both, climbed = ("bravo", "charlie"), []
    assert _said(line, "alpha") == []
    for wait_s in (59.0, 1.0, 60.0, 30.0):
        line.clock.wait(wait_s)
        climbed.append(_said(line, "alpha"))
    assert climbed == [
        [],
        [(LapseKind.NO_REPLY, both, 0, "")],
        [(LapseKind.NO_REPLY, both, 1, "supervisor")],
        [(LapseKind.NO_REPLY, both, 2, "planner")],
    ]
    assert any("planner is called" in sentence for sentence in line["bravo"].bell.alarms)
    line.clock.wait(90_000.0)
    assert [what for what, *_ in _said(line, "alpha")] == [LapseKind.OVERDUE]


def test_failure_02_the_deputy_on_the_roster_of_who_is_silent_is_called_first(line: World) -> None:
    now = line.clock.now()
    duty = Duty("supervisor", Span(now, now.plus(3_600.0)), LANGS, True, "planner")
    hotline.publish_roster(line.desk("bravo"), OFFICER, Mode.EXERCISE, Roster((duty,)))
    line.settle()
    _stop(line)
    line.clock.wait(60.0)
    assert _said(line, "bravo") == [(LapseKind.NO_REPLY, ("bravo",), 0, "planner")]


def test_failure_03_warned_not_acted_on_a_stop_that_was_heard_has_its_own_clock_until_it_is_acted_on(line: World) -> None:
    entry = _stop(line)
    for party in ("bravo", "charlie"):
        hotline.acknowledge(line.desk(party), OFFICER, entry, LANGS)
    hotline.acknowledge(line.desk("charlie"), OFFICER, entry, LANGS, StopStep.ACTED)
    line.settle()
    line.clock.wait(299.0)
    assert _said(line, "alpha") == []
    line.clock.wait(1.0)
    assert _said(line, "alpha") == [(LapseKind.OVERDUE, ("bravo",), 0, "")]
    assert _said(line, "charlie") == []


def test_failure_07_silence_calls_the_same_watch_again_each_period_until_an_officer_answers(line: World) -> None:
    entry, bravo = _stop(line), line.desk("bravo")
    at = line.clock.now()
    assert [len(reminders(bravo, at, at.plus(after_s))) for after_s in (59.9, 60.0)] == [0, 1]
    assert len(reminders(bravo, at.plus(60.0), at.plus(119.0))) == 0
    assert len(reminders(bravo, at.plus(60.0), at.plus(120.0))) == 1
    assert [one.entry for one in reminders(bravo, None, at)] == [entry]  # a node that starts calls at once
    assert reminders(line.desk("alpha"), None, at.plus(600.0)) == []
    for step in (StopStep.HEARD, StopStep.ACTED):
        hotline.acknowledge(bravo, OFFICER, entry, LANGS, step)
    assert reminders(bravo, None, at.plus(600.0)) == []


def test_failure_08_a_notice_that_nobody_answers_is_no_reply_and_never_agreed(line: World) -> None:
    notice = announce.send(line.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    line.settle()
    hotline.answer(line.desk("bravo"), OFFICER, notice, AnswerCode.NOT_OURS)
    line.settle()
    line.clock.wait(float(TIMING.ack_routine_s))
    assert _said(line, "alpha") == [(LapseKind.NO_REPLY, ("charlie",), 0, "")]
    assert line.desk("charlie").picture.notices[notice].sides["charlie"] == "READ_BACK"


def test_failure_01_wrong_place_a_notice_that_a_node_has_not_read_back_in_time_is_late(line: World) -> None:
    line.cut = {frozenset(("alpha", "charlie")), frozenset(("bravo", "charlie"))}
    announce.send(line.desk("alpha"), OFFICER, operation(), Mode.EXERCISE, Precedence.FLASH)
    line.settle()
    line.clock.wait(float(TIMING.readback_flash_s))
    assert (LapseKind.LATE, ("charlie",), 0, "") in _said(line, "alpha")


def test_a_notice_that_is_over_or_cancelled_waits_for_nobody(line: World) -> None:
    cancelled = announce.send(line.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    announce.send(line.desk("alpha"), OFFICER, operation(volume(east_m=90_000.0)), Mode.EXERCISE)
    announce.cancel(line.desk("alpha"), OFFICER, cancelled)
    line.settle()
    line.clock.wait(10_800.0)
    assert due(line.desk("alpha"), line.clock.now()) == []
    assert reminders(line.desk("bravo"), None, line.clock.now()) == []


def test_failure_06_off_hours_a_gap_in_cover_is_said_when_it_begins_and_once(line: World) -> None:
    now, desk = line.clock.now(), line.desk("bravo")
    first = Duty("supervisor", Span(now, now.plus(100.0)), LANGS, True)
    second = Duty("planner", Span(now.plus(90.0), now.plus(200.0)), LANGS, True)
    hotline.publish_roster(desk, OFFICER, Mode.EXERCISE, Roster((second, first)))
    line.settle()
    assert next_due(desk, now) == now.plus(200.0)
    line.clock.wait(199.0)
    assert _said(line, "bravo") == []
    line.clock.wait(1.0)
    assert _said(line, "bravo") == [(LapseKind.GAP, ("bravo",), 0, "")]
    assert _said(line, "alpha") == []
    line.clock.wait(3_600.0)
    assert _said(line, "bravo") == []


def test_a_line_check_that_is_not_replied_to_is_late_and_then_missed_and_a_reply_still_counts(line: World) -> None:
    call = hotline.line_check(line.desk("alpha"), OFFICER, Mode.EXERCISE, "n-1", LANGS)
    line.settle()
    hotline.acknowledge(line.desk("bravo"), OFFICER, call, LANGS)
    line.settle()
    told = []
    for wait_s in (899.0, 1.0, 2_699.0, 1.0):
        line.clock.wait(wait_s)
        told.append(_said(line, "alpha"))
    assert told == [[], [(LapseKind.LATE, ("charlie",), 0, "")], [], [(LapseKind.MISSED, ("charlie",), 0, "")]]
    hotline.acknowledge(line.desk("charlie"), OFFICER, call, LANGS)
    line.settle()
    assert line.desk("bravo").picture.line_checks[call].state == "OK"


def test_the_agreed_times_of_day_are_kept_by_every_watch_and_who_did_not_is_named(tmp_path: Path) -> None:
    world = _daily(tmp_path)
    world.clock.at = Instant.parse("2026-11-23T08:59:00Z")
    assert next_due(world.desk("alpha"), world.clock.now()) == Instant.parse("2026-11-23T09:15:00Z")
    hotline.line_check(world.desk("alpha"), OFFICER, Mode.EXERCISE, "n-1", LANGS)
    world.settle()
    world.clock.at = Instant.parse("2026-11-23T09:15:00Z")
    late = (LapseKind.LATE, ("bravo",), 0, "")
    assert late in _said(world, "alpha")
    world.clock.at = Instant.parse("2026-11-23T10:00:00Z")
    assert (LapseKind.MISSED, ("bravo",), 0, "") in _said(world, "alpha")
    assert late not in _said(world, "alpha")
    world.close()


def test_two_missed_checks_in_a_row_are_a_line_that_is_down(tmp_path: Path) -> None:
    world = _daily(tmp_path)
    for at in ("2026-11-23T10:00:00Z", "2026-11-23T18:00:00Z"):
        assert not any("DOWN" in sentence for sentence in world["bravo"].bell.alarms)
        world.clock.at = Instant.parse(at)
        assert (LapseKind.MISSED, ("alpha", "bravo"), 0, "") in _said(world, "bravo")
    assert any("DOWN" in sentence for sentence in world["bravo"].bell.alarms)
    world.close()


def test_a_node_that_slept_for_a_week_says_only_what_still_helps(tmp_path: Path) -> None:
    world = _daily(tmp_path)
    world.clock.wait(7 * 86_400.0)
    assert [what for what, *_ in _said(world, "alpha")] == [LapseKind.LATE, LapseKind.MISSED] * 2
    world.close()


def test_nothing_lapses_before_the_agreement_is_in_force(tmp_path: Path) -> None:
    world = World(tmp_path)
    world["alpha"].sign()
    hotline.raise_stop(world.desk("alpha"), OFFICER, Mode.EXERCISE, ("sky/1",))
    assert due(world.desk("alpha"), START.plus(86_400.0)) == []
    world.close()


def test_all_parties_show_the_same_lapses_and_one_from_the_future_is_refused(line: World) -> None:
    _stop(line)
    line.clock.wait(60.0)
    for party in ("alpha", "bravo", "charlie"):
        say_due(line.desk(party))
    liar = line["charlie"]
    said = EntryId("charlie", 1, liar.size)
    liar.tell(liar.sealed(liar.payload(EntryType.LAPSE, Lapse(LapseKind.STALE, line.clock.now().plus(60.0)))))
    line.settle()
    assert len({line.desk(party).picture.digest() for party in line.stations}) == 1
    assert line.desk("alpha").picture.refusals[said]["bravo"].code is RefusalCode.WRONG_STATE
    assert len(line.desk("alpha").picture.shelf(LapseView)) == 3


def test_rule_12_a_time_that_cannot_be_true_alarms_at_both_and_changes_nothing(line: World) -> None:
    liar = line["bravo"]
    check = LineCheck(CheckStep.CALL, "n", START, LANGS)
    for offset_s in (-6.0, 6.0):
        liar.tell(liar.sealed(liar.payload(EntryType.LINE_CHECK, check, sent_at=line.clock.now().plus(offset_s))))
        line.settle()
        for party in ("alpha", "bravo"):
            assert any("6.0 s" in sentence for sentence in line[party].bell.alarms)
            line[party].bell.alarms.clear()
    assert len(line.desk("alpha").picture.line_checks) == 2
