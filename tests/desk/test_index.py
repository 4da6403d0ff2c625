"""The index of what is open: a tick looks at that alone, however much has been said; and it is kept by whatever order entries come in."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.desk import announce, deadlines, hotline, waiting
from tafadi.desk.folding.lapse import LapseView
from tafadi.desk.index import Index, Tried
from tafadi.desk.picture import Picture, View
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId
from tafadi.model.lapse import LapseKind
from tafadi.model.line import Attempt, StopStep
from tafadi.model.names import Language, Mode
from tafadi.model.reply import AnswerCode
from world import OFFICER, START, World, operation, volume

LANGS = (Language.EN,)


class Unwalked(dict[Any, Any]):
    """A table in which things are looked up one by one; who walks through all of it fails the test."""

    def _walked(self, *_: object) -> Any:
        raise AssertionError("a tick walked through everything that there is")

    __iter__ = keys = values = items = _walked


def _settled(world: World, rounds: int) -> None:
    """So many of each kind of thing, all of them settled; with the lapses that there were on the way."""
    for number in range(rounds):
        desk = world.desk("alpha")
        stop = hotline.raise_stop(desk, OFFICER, Mode.EXERCISE, (f"sky/{number}",))
        check = hotline.line_check(desk, OFFICER, Mode.EXERCISE, f"n-{number}", LANGS)
        notice = announce.send(desk, OFFICER, operation(volume(north_m=20_000.0 * number)), Mode.EXERCISE)
        world.settle()
        world.clock.wait(60.0)
        deadlines.say_due(desk)
        for party in ("bravo", "charlie"):
            hotline.acknowledge(world.desk(party), OFFICER, stop, LANGS)
            hotline.acknowledge(world.desk(party), OFFICER, stop, LANGS, StopStep.ACTED)
            hotline.acknowledge(world.desk(party), OFFICER, check, LANGS)
            hotline.answer(world.desk(party), OFFICER, notice, AnswerCode.ACCEPTED)
        world.settle()
        hotline.acknowledge(desk, OFFICER, stop, LANGS, StopStep.CLOSED)
        world.settle()


def _count_looks(monkeypatch: pytest.MonkeyPatch) -> list[View]:
    """Every thing whose deadlines are asked for, from here on."""
    looked: list[View] = []

    def counted(source: waiting.OfAThing) -> waiting.OfAThing:
        def look(desk: Any, view: Any, now: Instant) -> Iterator[waiting.Deadline]:
            looked.append(view)
            return source(desk, view, now)

        return look

    monkeypatch.setattr(waiting, "OF_THINGS", {kind: counted(source) for kind, source in waiting.OF_THINGS.items()})
    return looked


def test_a_tick_looks_at_what_is_open_and_walks_through_nothing(calm: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _settled(calm, 4)
    open_one = hotline.raise_stop(calm.desk("alpha"), OFFICER, Mode.EXERCISE, ("sky/9",))
    calm.settle()
    calm.clock.wait(60.0)
    looked, desk = _count_looks(monkeypatch), calm.desk("alpha")
    picture = desk.picture
    assert len(picture.shelf(LapseView)) == len(picture.stops) - 1 == len(picture.notices) == len(picture.line_checks) == 4
    for name in ("notices", "alerts", "stops", "incidents", "line_checks", "attempts"):
        monkeypatch.setattr(picture, name, Unwalked(getattr(picture, name)))
    monkeypatch.setattr(picture, "shelves", {name: Unwalked(views) for name, views in picture.shelves.items()})
    drafts = deadlines.due(desk, calm.clock.now())
    assert [view.id for view in looked] == [open_one]  # type: ignore[attr-defined]  # a stop has one
    assert [draft.refs[0].entry for draft in drafts] == [open_one]
    assert deadlines.reminders(calm.desk("bravo"), None, calm.clock.now())
    assert deadlines.next_due(desk, calm.clock.now()) is not None


def test_what_is_open_is_the_same_after_a_restart_and_whatever_was_folded_anew(calm: World) -> None:
    _settled(calm, 2)
    calm.cut = {frozenset(("alpha", "bravo")), frozenset(("charlie", "bravo"))}
    for party in ("alpha", "bravo", "charlie"):
        hotline.raise_stop(calm.desk(party), OFFICER, Mode.EXERCISE, (f"sky/{party}",))
        announce.send(calm.desk(party), OFFICER, operation(volume(east_m=40_000.0)), Mode.EXERCISE)
    calm.settle()
    calm.cut = set()
    calm.settle()
    for station in calm.stations.values():
        kept = station.desk.picture.index
        assert {str(view) for view in waiting.opened(station.desk.picture)} == {str(view) for view in _open_slowly(station.desk.picture)}
        station.crash()
        assert station.desk.picture.index.open == kept.open
        assert station.desk.picture.index.rungs == kept.rungs
        assert station.desk.picture.index.checks == kept.checks


def _open_slowly(picture: Picture) -> Iterator[View]:
    tables: list[dict[Any, Any]] = [picture.notices, picture.alerts, picture.stops, picture.incidents, picture.line_checks]
    for views in (*tables, *picture.shelves.values()):
        yield from (view for view in views.values() if view.waits)


CHECKS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 5)), unique=True, max_size=12)


@given(kept=CHECKS, taken_back=CHECKS, start=st.integers(0, 20), lasts=st.integers(0, 5))
def test_who_took_part_in_a_check_is_found_by_time_as_by_looking_at_all(
    kept: list[tuple[int, int]], taken_back: list[tuple[int, int]], start: int, lasts: int
) -> None:
    index = Index()
    for at, number in (*kept, *(set(taken_back) - set(kept))):
        index.note_check("alpha", START.plus(at), EntryId("alpha", 1, number))
    for at, number in taken_back:
        index.forget_check("alpha", START.plus(at), EntryId("alpha", 1, number))
    left = set(kept) - set(taken_back)
    assert index.took_part("alpha", START.plus(start), START.plus(start + lasts)) == any(start <= at < start + lasts for at, _ in left)
    assert not index.took_part("bravo", START, START.plus(99.0))


@given(answers=st.lists(st.booleans(), max_size=12), dropped=st.sets(st.integers(0, 12)), seed=st.integers(0, 99))
def test_unanswered_tries_are_those_after_the_last_that_was_answered(answers: list[bool], dropped: set[int], seed: int) -> None:
    index, ways = Index(), ("alpha", "bravo", Mode.TEST)
    tries = [Tried(EntryId("alpha", 1, number), START, Attempt("radio", 1, answered)) for number, answered in enumerate(answers)]
    for tried in random.Random(seed).sample(tries, len(tries)):
        index.note_try(ways, tried)
    for number in dropped:
        index.forget_try(ways, EntryId("alpha", 1, number))
    left = [tried for tried in tries if tried.entry.index not in dropped]
    answered = [place for place, tried in enumerate(left) if tried.attempt.answered]
    assert index.unanswered(ways) == left[answered[-1] + 1 if answered else 0 :]
    assert index.last_answered(ways) == (left[answered[-1]] if answered else None)


def test_the_highest_rung_counts_until_it_is_taken_back() -> None:
    index, about = Index(), EntryId("alpha", 1, 1)
    key = ("bravo", LapseKind.NO_REPLY, START)
    for number, rung in enumerate((0, 2, 1)):
        index.note_lapse(about, key, EntryId("bravo", 1, number), rung)
    assert (index.rung_of(about, key), list(index.newest_lapses(about))) == (2, [EntryId("bravo", 1, 1)])
    index.forget_lapse(about, key, EntryId("bravo", 1, 1))
    assert index.rung_of(about, key) == 1
    for number in (0, 2, 7):
        index.forget_lapse(about, key, EntryId("bravo", 1, number))
    assert (index.rung_of(about, key), index.rungs) == (-1, {})
