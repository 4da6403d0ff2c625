"""What runs beside each other: whatever fails inside of the node is told; nothing fails in silence."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from nodes import World
from tafadi.desk.follow import Follower
from tafadi.desk.judge import JUDGED_AT_ONCE
from tafadi.errors import DamagedError, LimitError, StoreError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot
from tafadi.net.tls import server_context
from tafadi.node import Node, SystemClock
from tafadi.web import running
from tafadi.web.running import Running


@pytest.fixture
def node(tmp_path: Path) -> Any:
    """Alpha's node, opened in this process; both parties have signed."""
    world = World(tmp_path)
    for party in ("alpha", "bravo"):
        world.add(party)
    world.agree()
    for party in ("alpha", "bravo"):
        assert world.sign(party).code == 0
    folder = world["alpha"].folder
    with folder.locked():
        opened = Node(folder, SystemClock())
        try:
            yield opened
        finally:
            opened.close()


def not_started(node: Node) -> Running:
    """The node with nothing of it started."""
    return Running(node, server_context(node.folder.path / "keys", ()))


def sentences(node: Node) -> list[str]:
    """What was rung."""
    return [alarm.sentence for alarm in node.bell.alarms]


def test_a_part_that_fails_in_a_way_nobody_foresaw_stops_the_node(node: Node) -> None:
    async def fail() -> None:
        raise ZeroDivisionError("the impossible")

    async def run() -> str:
        here = not_started(node)
        here.spawn(fail())
        await asyncio.wait_for(here.stop.wait(), 60.0)
        return here.damage

    assert "the impossible" in asyncio.run(run())


def test_a_judge_that_cannot_judge_alarms_once_and_tries_again(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def judge() -> None:
        calls.append(1)
        if len(calls) < 4:
            raise LimitError("an alert would be too long")

    async def run() -> None:
        here = not_started(node)
        monkeypatch.setattr(running, "warm_up", lambda: None)
        monkeypatch.setattr(running, "JUDGE_AGAIN_S", 0.01)
        monkeypatch.setattr(node, "judge", judge)
        here.to_judge.set()
        task = here.spawn(here.judge())
        while len(calls) < 4:
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(run())
    assert sum("cannot be judged" in sentence for sentence in sentences(node)) == 1


def test_a_long_inbox_leaves_everybody_else_a_turn_and_the_engine_its_work(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def judge() -> int:
        told.append("judged")
        return JUDGED_AT_ONCE if "computed" not in told or len(told) < 12 else 0

    async def others() -> None:
        while True:
            told.append("others")
            await asyncio.sleep(0)

    def work_ahead() -> Callable[[], object] | None:
        return None if "computed" in told or len(told) < 6 else lambda: told.append("computed")

    async def run() -> None:
        here = not_started(node)
        here.warm.set()
        monkeypatch.setattr(node, "judge", judge)
        monkeypatch.setattr(node, "work_ahead", work_ahead)
        beside = asyncio.ensure_future(others())
        await here._judge_all()
        beside.cancel()

    asyncio.run(run())
    assert told.count("judged") > 2
    assert ("judged", "judged") not in pairwise(told)
    assert "computed" in told, "though the inbox never came to its end before"


@pytest.mark.parametrize(("error", "stops"), [(StoreError("the disk is full"), False), (DamagedError("the record is damaged"), True)])
def test_tracks_that_cannot_be_followed_alarm_and_damage_stops(
    node: Node, monkeypatch: pytest.MonkeyPatch, error: Exception, stops: bool
) -> None:
    def take(self: Follower, *_: object) -> list[object]:
        raise error

    monkeypatch.setattr(Follower, "take", take)
    monkeypatch.setattr(type(next(iter(node.desks.values()))), "in_force", property(lambda self: True))
    plots = [Plot("radar/1", Instant.parse("2026-11-23T12:00:00Z"), Position(-37.0, 12.0))]
    here = not_started(node)
    if stops:
        with pytest.raises(DamagedError):
            here.take_plots(plots)
    else:
        here.take_plots(plots)
        assert any("NOT watched" in sentence and "the disk is full" in sentence for sentence in sentences(node))
