"""What has gone wrong in such mechanisms, as dialogues: time zones, heights over nothing, no authority to stop, a test taken for real.

The other failures have theirs where their thing is: `grep -rn test_failure_ tests` finds them all.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tafadi.desk import announce, hotline
from tafadi.errors import NotPermittedError
from tafadi.formats.wire import Json
from tafadi.measure.height import Datum
from tafadi.measure.instant import Span
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.line import Duty, Roster, StopStep
from tafadi.model.names import Language, Mode, Precedence
from tafadi.model.operation import NoticeBody, NoticeStep
from tafadi.model.reply import RefusalCode
from world import OFFICER, World, make_agreement, operation, refusals_by, spoken, volume

LANGS = (Language.EN,)


def _announced(world: World, *path: str | int, **members: Json) -> EntryId:
    """What alpha's node says when it announces an operation with other members at that path, whatever they are."""
    alpha = world["alpha"]
    said = EntryId("alpha", 1, alpha.size)
    payload = alpha.payload(EntryType.OPERATION, NoticeBody(NoticeStep.NEW, operation()))
    alpha.tell(alpha.sealed(spoken(payload, *path, **members)))
    world.settle()
    return said


@pytest.mark.parametrize("end", ["2026-11-23T04:00:00-05:00", "2026-11-23T09:00:00", "2026-11-23T09:00:00 EST", "2026-11-23T09:00:00z"])
def test_failure_10_time_zones_a_notice_in_any_zone_but_utc_is_refused_and_not_converted(pair: World, end: str) -> None:
    """A notice "in EST", in July."""
    said = _announced(pair, "body", "notice", "volumes", 0, "span", end=end)
    refusal = refusals_by(pair["alpha"], "bravo", said)
    assert refusal is not None
    assert (refusal.code, refusal.field) == (RefusalCode.TIME_WITHOUT_Z, "body.notice.volumes[0].span.end")
    assert pair.desk("bravo").picture.notices == {}


@pytest.mark.parametrize("datum", [None, "msl", ""])
def test_failure_11_feet_over_what_a_height_without_its_datum_is_refused(pair: World, datum: str | None) -> None:
    said = _announced(pair, "body", "notice", "volumes", 0, "lower", datum=datum)
    refusal = refusals_by(pair["alpha"], "bravo", said)
    assert refusal is not None
    assert refusal.code is RefusalCode.HEIGHT_WITHOUT_DATUM


def test_failure_11_heights_over_unlike_datums_are_unknown_at_both_and_never_clear(pair: World) -> None:
    announce.send(pair.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    announce.send(pair.desk("bravo"), OFFICER, operation(volume(datum=Datum.GROUND)), Mode.EXERCISE)
    pair.settle()
    for party in ("alpha", "bravo"):
        (alert,) = pair.desk(party).picture.alerts.values()
        assert alert.prediction is not None
        assert (alert.prediction.verdict, alert.prediction.cause) == ("unknown", "datums-unlike")
        assert set(alert.raised) == {"alpha", "bravo"}


def test_failure_15_no_authority_to_stop_who_has_none_cannot_hear_it_and_who_has_is_named(pair: World) -> None:
    """Kunduz, October 2015: "I'll do my best." """
    now, alpha = pair.clock.now(), pair.desk("alpha")
    hours = Span(now, now.plus(3_600.0))
    duties = (Duty(OFFICER, hours, LANGS, False), Duty("supervisor", hours, LANGS, True, "planner"))
    hotline.publish_roster(alpha, OFFICER, Mode.EXERCISE, Roster(duties))
    pair.settle()
    stop = hotline.raise_stop(pair.desk("bravo"), OFFICER, Mode.EXERCISE, ("sky/1",))
    pair.settle()
    with pytest.raises(NotPermittedError, match="no authority to stop on the roster now in force; supervisor has"):
        hotline.acknowledge(alpha, OFFICER, stop, LANGS)
    hotline.acknowledge(alpha, "planner", stop, LANGS)  # the deputy has it too
    hotline.acknowledge(alpha, "supervisor", stop, LANGS, StopStep.ACTED)
    pair.settle()
    assert pair.desk("bravo").picture.stops[stop].state == "ACTED"


@pytest.fixture
def mixed(tmp_path: Path) -> Iterator[World]:
    """alpha and bravo, who may speak in earnest and as a test."""
    world = World(tmp_path, agreement=make_agreement(modes=(Mode.REAL, Mode.TEST)))
    world.sign()
    yield world
    world.close()


def test_failure_16_a_test_taken_for_real_each_entry_has_its_mode_and_the_two_never_meet(mixed: World) -> None:
    real = announce.send(mixed.desk("alpha"), OFFICER, operation(), Mode.REAL)
    test = announce.send(mixed.desk("bravo"), OFFICER, operation(), Mode.TEST)
    mixed.settle()
    picture = mixed.desk("alpha").picture
    assert (picture.notices[real].mode, picture.notices[test].mode) == (Mode.REAL, Mode.TEST)
    assert picture.alerts == {}
    stop = hotline.raise_stop(mixed.desk("bravo"), OFFICER, Mode.TEST, ("sky/1",))
    mixed.settle()
    assert picture.stops[stop].mode is Mode.TEST
    hotline.acknowledge(mixed.desk("alpha"), OFFICER, stop, LANGS)
    mixed.settle()
    heard = mixed.desk("bravo").views.examined(picture.stops[stop].steps[-1].entry).message
    assert heard is not None
    assert (heard.mode, heard.precedence) == (Mode.TEST, Precedence.FLASH)


def test_failure_16_a_mode_that_the_agreement_does_not_name_is_refused_and_takes_no_effect(mixed: World) -> None:
    said = _announced(mixed, mode="EXERCISE")
    refusal = refusals_by(mixed["alpha"], "bravo", said)
    assert refusal is not None
    assert refusal.code is RefusalCode.MODE_NOT_ALLOWED
    assert mixed.desk("bravo").picture.notices == {}
