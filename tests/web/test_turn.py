"""Turns: many come at once, one group is written, nobody hears before it is; what fails is taken back, or told, and never both."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tafadi.desk import announce, hotline
from tafadi.desk.desk import Desk
from tafadi.desk.judge import judge_inbox
from tafadi.desk.ports import Change, Journal
from tafadi.desk.speak import Draft, say
from tafadi.errors import DamagedError, MissingError, StoreError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.line import Attempt
from tafadi.model.names import Mode
from tafadi.store.views import FoldedViews
from tafadi.web.turn import SLOW_S, Turns
from world import OFFICER, Station, World, operation, volume


@dataclass
class Disk:
    """A journal whose durable writes are noted, and fail as they are told to: each in turn with one of `fails` (None is well)."""

    inner: Journal
    fails: list[tuple[type[StoreError], bool] | None] = field(default_factory=list)  # (what is raised, whether it was written)
    writes: list[str] = field(default_factory=list)
    is_grouped: bool = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def commit(self, change: Change) -> None:
        """Durable at once outside of a group."""
        if self.is_grouped:
            self.inner.commit(change)
            return
        failing = self.fails.pop(0) if self.fails else None
        if failing and not failing[1]:
            raise failing[0]("the disk is full")
        self.inner.commit(change)
        self.writes.append("alone")
        if failing:
            raise failing[0]("the mark cannot be written")

    @contextmanager
    def group(self) -> Iterator[None]:
        """One durable write."""
        self.is_grouped = True
        failing: tuple[type[StoreError], bool] | None = None
        try:
            with self.inner.group():
                yield
                failing = self.fails.pop(0) if self.fails else None
                if failing and not failing[1]:
                    raise failing[0]("the disk is full")
        finally:
            self.is_grouped = False
        self.writes.append("group")
        if failing:
            raise failing[0]("the mark cannot be written")


FULL = (StoreError, False)
MARK = (StoreError, True)


@dataclass
class House:
    """One station as a node."""

    station: Station
    disk: Disk
    turns: Turns = field(init=False)

    def __post_init__(self) -> None:
        self.turns = Turns(self)

    @property
    def journal(self) -> Disk:
        """Where it writes."""
        return self.disk

    @property
    def desks(self) -> dict[str, Desk]:
        """Its only desk."""
        return {self.station.desk.pact.id: self.station.desk}

    def attempt(self, tries: int = 1) -> Callable[[], EntryId]:
        """The step that says one entry."""
        return lambda: say(self.station.desk, Draft(EntryType.ATTEMPT, Attempt("radio", tries, False), Mode.EXERCISE))[0]

    def is_whole(self) -> bool:
        """Whether the picture is the one that the record gives."""
        desk = self.station.desk
        return desk.picture.digest() == FoldedViews(self.station.sqlite, desk.pact).picture.digest()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    world = World(tmp_path)
    world.sign()
    world.settle()
    station, disks = world["alpha"], []

    def wrap(journal: Journal) -> Journal:
        disks.append(Disk(journal))
        return disks[-1]

    station.crash(wrap)
    yield House(station, disks[0])
    world.close()


def at_once(*steps: Awaitable[object]) -> list[object]:
    """What comes of steps that are taken at the same time: what each gives, or the error that it is told."""

    async def run() -> list[object]:
        return list(await asyncio.wait_for(asyncio.gather(*steps, return_exceptions=True), 30.0))

    return asyncio.run(run())


def test_one_step_alone_goes_straight(house: House) -> None:
    (entry,) = at_once(house.turns.take(house.attempt()))
    assert isinstance(entry, EntryId)
    assert house.disk.writes == ["alone"]


def test_without_a_house_every_step_goes_straight() -> None:
    assert at_once(Turns().take(lambda: 7), Turns().take(lambda: 8)) == [7, 8]


def test_steps_that_come_at_once_are_one_durable_write_and_have_each_their_place(house: House) -> None:
    found = at_once(*(house.turns.take(house.attempt(1 + number)) for number in range(10)))
    assert len({*found}) == 10
    assert house.disk.writes == ["alone", "group"]  # the first did not know that others were coming
    assert house.is_whole()


def test_one_that_has_much_to_say_is_one_durable_write(house: House) -> None:
    at_once(house.turns.take(lambda: [house.attempt()() for _ in range(20)], commits=20))
    assert house.disk.writes == ["group"]


def test_rule_03_nobody_of_a_group_is_answered_before_it_is_written(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    ended = house.turns._written

    def written(group: Any) -> Any:
        told.append("written")
        return ended(group)

    monkeypatch.setattr(house.turns, "_written", written)

    async def officer() -> None:
        await house.turns.take(house.attempt(), commits=2)
        told.append("answered")

    at_once(officer(), officer(), officer())
    assert told == ["written", "answered", "answered", "answered"]


def test_a_refusal_in_a_group_is_told_to_its_own_door_and_takes_nothing_else_back(house: House) -> None:
    def refused() -> None:
        house.attempt(3)()
        raise MissingError("there is no such thing")

    first, wrong, last = at_once(*(house.turns.take(step, commits=2) for step in (house.attempt(1), refused, house.attempt(2))))
    assert isinstance(wrong, MissingError)
    assert [type(first), type(last)] == [EntryId, EntryId]
    assert sorted(one.tries for one in house.station.desk.picture.attempts.values()) == [1, 2, 3]
    assert house.is_whole()


def test_a_group_that_was_not_written_is_taken_back_and_each_step_taken_again_alone(house: House) -> None:
    house.disk.fails = [FULL]
    found = at_once(*(house.turns.take(house.attempt(1 + number), commits=2) for number in range(5)))
    assert len({*found}) == 5
    assert house.turns.taken_back == 1
    assert sorted(one.tries for one in house.station.desk.picture.attempts.values()) == [1, 2, 3, 4, 5]
    assert house.disk.writes == ["alone"] * 5
    assert house.is_whole()


def test_on_a_disk_that_stays_full_each_door_is_told_and_the_picture_is_that_of_the_record(house: House) -> None:
    house.disk.fails = [FULL] * 4
    found = at_once(*(house.turns.take(house.attempt(), commits=2) for _ in range(3)))
    assert [type(one) for one in found] == [StoreError] * 3
    assert not house.station.desk.picture.attempts
    assert house.is_whole()


def test_rule_18_a_stop_in_a_group_that_cannot_be_written_rings_as_not_recorded(house: House) -> None:
    house.disk.fails = [FULL] * 3

    def stop() -> EntryId:
        return hotline.raise_stop(house.station.desk, OFFICER, Mode.EXERCISE, ("all fires",))

    found = at_once(house.turns.take(house.attempt(), commits=2), house.turns.take(stop))
    assert isinstance(found[1], StoreError)
    assert any("NOT RECORDED" in sentence for sentence in house.station.bell.alarms)


def test_a_group_that_was_written_though_its_end_failed_is_told_to_all_and_nothing_is_said_twice(house: House) -> None:
    house.disk.fails = [MARK]
    found = at_once(*(house.turns.take(house.attempt(1 + number), commits=2) for number in range(3)))
    assert [type(one) for one in found] == [StoreError] * 3
    assert sorted(one.tries for one in house.station.desk.picture.attempts.values()) == [1, 2, 3]
    assert house.turns.taken_back == 0
    assert house.is_whole()


def test_what_cannot_be_repeated_is_told_the_error_instead(house: House) -> None:
    house.disk.fails = [FULL]
    said, talked = at_once(house.turns.take(house.attempt(), commits=2), house.turns.take(house.attempt(), repeats=False))
    assert isinstance(said, EntryId)
    assert isinstance(talked, StoreError)
    assert len(house.station.desk.picture.attempts) == 1


def test_damage_at_the_end_of_a_group_is_told_as_damage(house: House) -> None:
    house.disk.fails = [(DamagedError, False)]
    found = at_once(*(house.turns.take(house.attempt(), commits=2) for _ in range(2)))
    assert [type(one) for one in found] == [DamagedError] * 2


def test_a_slow_disk_is_waited_for_in_a_thread_and_nobody_takes_a_turn_meanwhile(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.turns._wait_s = 2 * SLOW_S
    may_end, told = threading.Event(), []
    ended = house.turns._written

    def written(group: Any) -> Any:
        told.append("thread" if threading.current_thread() is not threading.main_thread() else "loop")
        may_end.wait(30.0)
        return ended(group)

    monkeypatch.setattr(house.turns, "_written", written)

    async def run() -> None:
        first = asyncio.ensure_future(house.turns.take(house.attempt(1)))
        while house.turns.is_free:
            await asyncio.sleep(0)
        second = asyncio.ensure_future(house.turns.take(lambda: told.append("second")))
        for _ in range(20):
            await asyncio.sleep(0)
        assert not second.done()
        assert not first.done()
        may_end.set()
        await asyncio.gather(first, second)
        await house.turns.end()

    asyncio.run(asyncio.wait_for(run(), 30.0))
    assert told[:2] == ["thread", "second"]
    assert house.is_whole()


@pytest.mark.parametrize("wait_s", [0.0, 2 * SLOW_S], ids=["quick disk", "slow disk"])
def test_who_has_to_be_alone_is_never_within_the_group_of_others(house: House, wait_s: float) -> None:
    house.turns._wait_s = wait_s

    def step() -> tuple[bool, EntryId]:
        return house.disk.is_grouped, house.attempt()()

    found = at_once(*(house.turns.take(step, alone=number % 2 == 1, commits=2) for number in range(8)))
    grouped = [one[0] for one in found if isinstance(one, tuple)]
    assert len(grouped) == 8
    assert not any(grouped[1::2])
    assert house.is_whole()


def test_nothing_that_was_computed_of_entries_outlives_a_group_that_was_taken_back(house: House) -> None:
    desk = house.station.desk
    notice = operation(volume())
    announce.send(desk, OFFICER, notice, Mode.EXERCISE)
    announce.open_standing(desk)
    house.disk.fails = [FULL]
    at_once(house.turns.take(lambda: announce.send(desk, OFFICER, notice, Mode.EXERCISE), commits=2))
    assert not desk.standing.is_open
    assert not desk.judgements
    assert judge_inbox(desk) > 0
    assert house.is_whole()


@given(data=st.lists(st.tuples(st.integers(1, 9), st.booleans(), st.sampled_from([None, None, FULL, MARK])), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_fails_the_record_holds_what_was_promised_and_the_picture_is_its_own(
    house: House, data: list[tuple[int, bool, tuple[type[StoreError], bool] | None]]
) -> None:
    before = {**house.station.desk.picture.attempts}
    house.disk.fails = [fails for _, _, fails in data]
    found = at_once(*(house.turns.take(house.attempt(tries), commits=1 + much) for tries, much, _ in data))
    house.disk.fails = []
    house.station.desk.views.catch_up()  # as whoever speaks next does: what was written, and reported as failed, is seen only then
    promised = [one for one in found if isinstance(one, EntryId)]
    said = {entry: one.tries for entry, one in house.station.desk.picture.attempts.items() if entry not in before}
    assert all(said[one] == tries for one, (tries, _, _) in zip(found, data, strict=True) if isinstance(one, EntryId))
    assert len({*promised}) == len(promised)
    assert len(said) <= len(data)  # nothing is said twice
    assert house.is_whole()


def test_where_the_record_cannot_even_be_read_after_a_failed_group_everybody_is_told_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise DamagedError("the record cannot be read")

    monkeypatch.setattr("tafadi.web.turn.read_anew", unreadable)
    house.disk.fails = [FULL]
    told = at_once(house.turns.take(house.attempt(), commits=2), house.turns.take(house.attempt(), commits=2))
    assert [type(error) for error in told] == [DamagedError, DamagedError]
    assert house.turns.is_free
