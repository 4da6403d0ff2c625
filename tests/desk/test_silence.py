"""Silence: tries by other channels that nobody answers are counted, and climb (failure 7: 22 calls on guard in 8 hours)."""

from dataclasses import replace
from pathlib import Path

import pytest

from tafadi.desk import hotline
from tafadi.desk.deadlines import due, reminders, say_due
from tafadi.desk.folding.lapse import LapseView
from tafadi.desk.lapses import standing_lapses
from tafadi.desk.silence import silences
from tafadi.errors import MissingError
from tafadi.model.agreement import Rung
from tafadi.model.entry import EntryId
from tafadi.model.lapse import LapseKind
from tafadi.model.line import Attempt
from tafadi.model.names import Mode
from world import OFFICER, TIMING, World, make_agreement


def _tried(world: World, caller: str, called: str, channel: str = "guard-radio", tries: int = 1, *, answered: bool = False) -> EntryId:
    entry = hotline.attempt(world.desk(caller), OFFICER, Mode.EXERCISE, Attempt(channel, tries, answered), (called,))
    world.settle()
    return entry


def _silences(world: World) -> list[tuple[str, str, str]]:
    """Who calls whom how often, the same at every party."""
    told = {party: [(one.caller, one.called, one.words) for one in silences(world.desk(party).picture)] for party in world.stations}
    assert len({str(one) for one in told.values()}) == 1
    return told["alpha"]


def test_failure_07_silence_22_calls_that_nobody_answers_are_counted_by_channel_and_climb_through_restarts(calm: World) -> None:
    first = _tried(calm, "alpha", "bravo")
    for _ in range(21):
        calm.clock.wait(8 * 3_600.0 / 22)
        _tried(calm, "alpha", "bravo")
    _tried(calm, "alpha", "bravo", "telephone", 3)
    assert _silences(calm) == [("alpha", "bravo", "guard-radio 22, telephone 3")]
    (lapse,) = (calm.desk("alpha").picture.shelf(LapseView)[one] for one in say_due(calm.desk("alpha")))
    assert (lapse.about, lapse.lapse.what, lapse.lapse.parties) == (first, LapseKind.NO_REPLY, ("bravo",))
    calm.settle()
    assert any("NO_REPLY by the clock of alpha" in sentence for sentence in calm["bravo"].bell.alarms)
    (called,) = reminders(calm.desk("bravo"), None, calm.clock.now())
    assert "guard-radio 22, telephone 3" in called.sentence
    assert reminders(calm.desk("alpha"), None, calm.clock.now()) == []
    calm["alpha"].crash()
    assert due(calm.desk("alpha"), calm.clock.now()) == []
    assert [view.about for view in standing_lapses(calm.desk("charlie"))] == [first]


@pytest.mark.parametrize(("caller", "called"), [("alpha", "bravo"), ("bravo", "alpha")])
def test_failure_07_silence_ends_with_a_call_in_either_direction_that_was_answered(calm: World, caller: str, called: str) -> None:
    _tried(calm, "alpha", "bravo", tries=22)
    calm.clock.wait(float(TIMING.ack_flash_s))
    _tried(calm, caller, called, "telephone", answered=True)
    assert _silences(calm) == []
    assert due(calm.desk("alpha"), calm.clock.now()) == []
    assert reminders(calm.desk("bravo"), None, calm.clock.now()) == []
    calm.clock.wait(60.0)
    _tried(calm, "alpha", "bravo", tries=2)
    assert _silences(calm) == [("alpha", "bravo", "guard-radio 2")]


def test_failure_07_silence_climbs_the_ladder_at_the_caller_and_at_who_was_called(tmp_path: Path) -> None:
    agreement = replace(make_agreement(), check_times_utc_s=(), ladder=(Rung("supervisor", 30), Rung("planner", 40)))
    world = World(tmp_path, agreement=agreement)
    world.sign()
    first, climbed = _tried(world, "alpha", "bravo", tries=22), []
    for wait_s in (299.0, 1.0, 60.0, 30.0):
        world.clock.wait(wait_s)
        for party in ("alpha", "bravo"):
            said = [world.desk(party).picture.shelf(LapseView)[entry] for entry in say_due(world.desk(party))]
            climbed += [(party, view.about, view.lapse.rung, view.lapse.role) for view in said]
    assert climbed == [
        (party, first, rung, role) for rung, role in ((0, ""), (1, "supervisor"), (2, "planner")) for party in ("alpha", "bravo")
    ]
    world.close()


def test_a_silence_is_of_who_was_called_and_of_nobody_else(calm: World) -> None:
    _tried(calm, "alpha", "bravo")
    _tried(calm, "alpha", "charlie", answered=True)
    _tried(calm, "charlie", "bravo", tries=4)
    assert _silences(calm) == [("alpha", "bravo", "guard-radio 1"), ("charlie", "bravo", "guard-radio 4")]
    with pytest.raises(MissingError, match="delta is no other party"):
        _tried(calm, "alpha", "delta")


def test_tries_are_counted_alike_whatever_comes_first(calm: World) -> None:
    """What alpha said while it was cut off comes to charlie in one go, after all that bravo said of it."""
    calm.cut = {frozenset(("alpha", "charlie")), frozenset(("alpha", "bravo"))}
    for answered in (False, True, False, False):
        _tried(calm, "alpha", "bravo", answered=answered)
    calm.cut = {frozenset(("alpha", "bravo"))}
    calm.settle()
    calm.cut = set()
    calm.settle()
    assert _silences(calm) == [("alpha", "bravo", "guard-radio 2")]
