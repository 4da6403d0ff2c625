"""What seeds have found, each shown alone once more."""

from collections.abc import Iterator

import pytest

from simulation.cast import NAMES
from simulation.memo import remembered
from simulation.seeded import Plan, SeededWorld
from tafadi.desk import hotline
from tafadi.desk.deadlines import due, say_due
from tafadi.desk.exchange import Ask, Line, Pause
from tafadi.desk.folding.lapse import LapseView
from tafadi.desk.inbox import Inbox
from tafadi.desk.session import Rhythm, talk
from tafadi.errors import StoreError, UnavailableError
from tafadi.model.entry import EntryId
from tafadi.model.names import Mode
from tafadi.store.memory import Failing
from world import OFFICER, START


@pytest.fixture
def still() -> Iterator[SeededWorld]:
    """alpha and bravo, under an agreement whose clocks are quick, with nothing said yet."""
    with remembered():
        world = SeededWorld(0, Plan(NAMES[:2], quick=True))
        world.run(5.0)
        yield world


def test_a_line_lives_on_when_a_disk_fails_while_it_waits_to_try_again(still: SeededWorld) -> None:
    """Others' changes that share a group with a step of the talk may fail with it: then the talk is told so, wherever it is."""
    line = Line(still.machines["alpha"].desks[0], "bravo")
    spoken = talk(line, Rhythm(30.0, lambda low, high: high, lambda: 0.0))
    step = next(spoken)
    for error in (UnavailableError("gone"), StoreError("full"), StoreError("full"), StoreError("still full")):
        while not isinstance(step, Ask | Pause):
            step = spoken.send(None)
        step = spoken.throw(error)
    for _ in range(6):
        if isinstance(step, Ask):
            return
        step = spoken.send(None)
    raise AssertionError("it asks for nothing any more")


def test_a_lapse_whose_commit_failed_to_report_is_not_said_again(still: SeededWorld) -> None:
    machine = still.machines["alpha"]
    desk = machine.desks[0]
    hotline.raise_stop(desk, OFFICER, Mode.EXERCISE, ("sky/1",))
    still.now_s += desk.pact.agreement.timing.stop_heard_s
    machine.disk.fail(Failing.WRITTEN_ALL_THE_SAME, dies=False)
    with pytest.raises(StoreError, match="nobody was told"):
        say_due(desk)
    say_due(desk)
    assert len(desk.picture.shelf(LapseView)) == 1
    assert due(desk, desk.clock.now()) == []


def test_what_waits_for_what_it_has_seen_waits_no_longer_because_a_clock_was_set_back() -> None:
    inbox, entry = Inbox(), EntryId("bravo", 1, 4)
    inbox.wake_due(START)
    inbox.wait(entry, START.plus(60.0))
    inbox.wake_due(START.plus(-3_600.0))
    assert list(inbox.ready) == []
    inbox.wake_due(START.plus(-3_540.0))
    assert list(inbox.ready) == [entry]
