"""The course of a notice: passed down before it is active, and ended; and read-backs that two nodes compute differently."""

from dataclasses import replace

import pytest

from tafadi.desk import announce, course, hotline
from tafadi.desk.judge import judge_inbox
from tafadi.desk.readback import first_differing, read_back
from tafadi.errors import InputError, MissingError, WrongStateError
from tafadi.measure.instant import Span
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.names import Mode
from tafadi.model.operation import NoticeBody, NoticeStep
from tafadi.model.reply import AnswerCode, Distributed, Match, Readback, RefusalCode
from world import OFFICER, World, make_agreement, operation, volume

AGREEMENT = make_agreement()


def _sent(world: World) -> EntryId:
    entry = announce.send(world.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    world.settle()
    return entry


def _accepted(world: World, entry: EntryId, *parties: str) -> None:
    for party in parties:
        hotline.answer(world.desk(party), OFFICER, entry, AnswerCode.ACCEPTED)
    world.settle()


def _states(world: World, entry: EntryId) -> set[str]:
    return {station.desk.picture.notices[entry].state for station in world.stations.values()}


def test_failure_14_a_route_that_never_reached_the_crew_is_not_active(three: World) -> None:
    """Aid convoy, April 2024: approved, and not passed down. One addressee that has not passed it on is enough."""
    entry = _sent(three)
    _accepted(three, entry, "bravo", "charlie")
    course.distribute(three.desk("bravo"), OFFICER, entry, ("staff", "crew"))
    three.settle()
    with pytest.raises(WrongStateError, match="has not reached its ends: charlie must"):
        course.activate(three.desk("alpha"), OFFICER, entry)
    liar = three["alpha"]
    said = EntryId("alpha", 1, liar.size)
    liar.tell(liar.sealed(liar.payload(EntryType.OPERATION, NoticeBody(NoticeStep.ACTIVE, None), refs=(liar.desk.ref(entry),))))
    three.settle()
    assert three.desk("charlie").picture.refusals[said]["bravo"].code is RefusalCode.WRONG_STATE
    assert _states(three, entry) == {"ACCEPTED"}
    course.distribute(three.desk("charlie"), OFFICER, entry, ("crew",))
    three.settle()
    course.activate(three.desk("alpha"), OFFICER, entry)
    three.settle()
    assert _states(three, entry) == {"ACTIVE"}
    course.end(three.desk("alpha"), OFFICER, entry)
    three.settle()
    assert _states(three, entry) == {"ENDED"}
    assert len({station.desk.picture.digest() for station in three.stations.values()}) == 1


def test_what_is_passed_down_later_is_added(pair: World) -> None:
    entry = _sent(pair)
    _accepted(pair, entry, "bravo")
    for level in ("staff", "crew", "crew"):
        course.distribute(pair.desk("bravo"), OFFICER, entry, (level,))
    pair.settle()
    assert pair.desk("alpha").picture.notices[entry].distributed == {"bravo": ("staff", "crew")}


def test_an_amendment_is_passed_down_anew(pair: World) -> None:
    entry = _sent(pair)
    _accepted(pair, entry, "bravo")
    course.distribute(pair.desk("bravo"), OFFICER, entry, ("crew",))
    pair.settle()
    course.activate(pair.desk("alpha"), OFFICER, entry)
    announce.amend(pair.desk("alpha"), OFFICER, entry, operation(volume(80_000.0)))
    pair.settle()
    _accepted(pair, entry, "bravo")
    assert _states(pair, entry) == {"ACCEPTED"}
    with pytest.raises(WrongStateError, match="bravo must"):
        course.activate(pair.desk("alpha"), OFFICER, entry)


def test_what_was_not_accepted_is_not_passed_down(pair: World) -> None:
    entry = _sent(pair)
    with pytest.raises(WrongStateError, match="once bravo has accepted"):
        course.distribute(pair.desk("bravo"), OFFICER, entry, ("crew",))
    with pytest.raises(WrongStateError, match="not addressed"):
        course.distribute(pair.desk("alpha"), OFFICER, entry, ("crew",))
    with pytest.raises(MissingError):
        course.distribute(pair.desk("bravo"), OFFICER, EntryId("alpha", 1, 0), ("crew",))
    liar = pair["bravo"]
    said = EntryId("bravo", 1, liar.size)
    liar.tell(liar.sealed(liar.payload(EntryType.DISTRIBUTED, Distributed(("crew",)), refs=(liar.desk.ref(entry),))))
    pair.settle()
    assert liar.desk.picture.refusals[said]["alpha"].code is RefusalCode.WRONG_STATE


def test_what_is_not_active_does_not_end_and_what_has_ended_is_left_alone(pair: World) -> None:
    entry = _sent(pair)
    _accepted(pair, entry, "bravo")
    course.distribute(pair.desk("bravo"), OFFICER, entry, ("crew",))
    pair.settle()
    alpha = pair.desk("alpha")
    with pytest.raises(WrongStateError, match="cannot be ENDED"):
        course.end(alpha, OFFICER, entry)
    course.activate(alpha, OFFICER, entry)
    with pytest.raises(WrongStateError, match="cannot be ACTIVE"):
        course.activate(alpha, OFFICER, entry)
    course.end(alpha, OFFICER, entry)
    for again in (course.end, course.activate, announce.cancel):
        with pytest.raises(WrongStateError, match="has ended"):
            again(alpha, OFFICER, entry)


def test_an_active_notice_that_an_addressee_takes_back_its_word_on_shows_that(pair: World) -> None:
    entry = _sent(pair)
    _accepted(pair, entry, "bravo")
    course.distribute(pair.desk("bravo"), OFFICER, entry, ("crew",))
    pair.settle()
    course.activate(pair.desk("alpha"), OFFICER, entry)
    pair.settle()
    hotline.answer(pair.desk("bravo"), OFFICER, entry, AnswerCode.CONFLICT)
    pair.settle()
    assert _states(pair, entry) == {"CONFLICT"}


@pytest.mark.parametrize("levels", [(), ("crew", "crew"), ("The Crew",), tuple(f"level-{n}" for n in range(17))])
def test_levels_are_named_each_once_and_not_too_many(levels: tuple[str, ...]) -> None:
    with pytest.raises(InputError):
        Distributed(levels)


# Read-backs that differ


READ = read_back(operation(), AGREEMENT)
OTHERWISE = {
    "result": replace(READ, result=Match.MISMATCH),
    "lower": replace(READ, lower="3280.8 m geoid"),
    "upper": replace(READ, upper="-"),
    "span": replace(READ, span=Span(READ.span.start.plus(3_600.0), READ.span.end.plus(3_600.0))),
    "area_m2": replace(READ, area_m2=round(READ.area_m2 * 1.01)),
    "places": replace(READ, places=tuple(replace(place, distance_m=place.distance_m + 9_000) for place in READ.places)),
}


@pytest.mark.parametrize("item", OTHERWISE)
def test_each_member_that_another_node_computes_otherwise_is_named(item: str) -> None:
    assert first_differing(READ, OTHERWISE[item]) == item


def test_rounding_is_no_difference() -> None:
    places = tuple(replace(place, distance_m=place.distance_m + 1, bearing_mdeg=place.bearing_mdeg + 1) for place in READ.places)
    assert first_differing(READ, READ) == first_differing(READ, replace(READ, places=places, area_m2=READ.area_m2 + 50)) == ""
    turned = tuple(replace(place, bearing_mdeg=place.bearing_mdeg + 100) for place in READ.places)
    assert first_differing(READ, replace(READ, places=turned)) == "places"
    assert first_differing(READ, replace(READ, places=READ.places[:1])) == "places"


def test_failure_01_a_place_that_the_other_node_computes_nine_kilometres_off_alarms_both_and_cannot_be_accepted(
    pair: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deir ez-Zor once more: this time the words are right, and the other side's program is wrong."""

    def wrongly(notice: object, agreement: object) -> Readback:
        return OTHERWISE["places"]

    entry = announce.send(pair.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    pair.post("alpha", "bravo")
    while pair.letters:
        pair.deliver(pair.letters.pop(0))
    with monkeypatch.context() as patched:
        patched.setattr("tafadi.desk.react.read_back", wrongly)
        pair["bravo"].desk.views.catch_up()
        judge_inbox(pair.desk("bravo"))
    pair.settle()
    assert _states(pair, entry) == {"MISMATCH"}
    assert any("another places than this node computes" in sentence for sentence in pair["alpha"].bell.alarms)
    assert any("readback-differs (places)" in sentence for sentence in pair["bravo"].bell.alarms)
    with pytest.raises(WrongStateError):
        hotline.answer(pair.desk("bravo"), OFFICER, entry, AnswerCode.ACCEPTED)
    announce.amend(pair.desk("alpha"), OFFICER, entry, operation())
    pair.settle()
    assert _states(pair, entry) == {"READ_BACK"}
