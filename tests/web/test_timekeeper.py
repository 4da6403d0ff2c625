"""The timekeeper of a node: says what is due through whatever jumps, and calls the officers."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodes import World
from tafadi.desk import hotline
from tafadi.desk.folding.lapse import LapseView
from tafadi.measure.instant import Instant
from tafadi.net.tls import server_context
from tafadi.node import Node, SystemClock
from tafadi.web.running import Running
from tafadi.web.timekeeper import LONGEST_SLEEP_S, SHORTEST_SLEEP_S, Timekeeper


class Machine(SystemClock):
    """The machine's clock, set by hand so many seconds."""

    ahead_s = 0.0

    def now(self) -> Instant:
        """The machine's instant and what it was set by."""
        return super().now().plus(self.ahead_s)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    """Alpha's node, opened in this process; alpha has signed and nothing of bravo has come yet."""
    world = World(tmp_path)
    for party in ("alpha", "bravo"):
        world.add(party)
    world.agree()
    assert world.sign("alpha").code == 0
    with world["alpha"].folder.locked():
        opened = Node(world["alpha"].folder, SystemClock())
        try:
            yield opened
        finally:
            opened.close()


def test_a_clock_that_jumps_says_no_lapse_and_the_officers_are_told(node: Node) -> None:
    async def run() -> None:
        machine = Machine()
        keeper = Timekeeper(Running(node, server_context(node.folder.path / "keys", ())), machine)
        desk = next(iter(node.desks.values()))
        hotline.raise_stop(desk, "watch-officer", desk.pact.agreement.modes[0], ("sky/1",))
        assert SHORTEST_SLEEP_S <= keeper.look() <= LONGEST_SLEEP_S
        machine.ahead_s = 3_600.0
        keeper.look()
        assert not keeper.watches[desk.pact.id].is_trusted
        assert desk.picture.shelf(LapseView) == {}

    asyncio.run(run())
    assert any("clock jumped by +3600" in alarm.sentence for alarm in node.bell.alarms)
