"""Serving: a request has a deadline, and whatever fails inside of the node is told; nothing fails in silence."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from nodes import World, free_port
from tafadi.desk.follow import Follower
from tafadi.errors import DamagedError, LimitError, StoreError, UnavailableError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot
from tafadi.net.tls import server_context
from tafadi.node import Node, SystemClock
from tafadi.web import serve
from tafadi.web.serve import PeerProtocol, Running, control_socket, listening_socket

App = Callable[[Any, Any, Any], Awaitable[None]]


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answers every whole request with 204."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def conversation(chunks: list[bytes], pause_s: float, deadline_s: float) -> tuple[bytes, bool]:
    """What a server answers to the chunks, and whether it closed the connection within the deadline and a second."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(hello, http=PeerProtocol, port=port, log_config=None, lifespan="off", access_log=False))
    task = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        for chunk in chunks:
            writer.write(chunk)
            await asyncio.sleep(pause_s)
        closed = False
        async with asyncio.timeout(deadline_s + 1.0):
            while part := await reader.read(1_000):
                answer += part
            closed = True
    except TimeoutError:
        pass
    except ConnectionError:
        closed = True
    writer.close()
    server.should_exit = True
    await task
    return answer, closed


@pytest.mark.parametrize(
    "chunks",
    [[], [b"POST /x HTTP/1.1\r\n"], [b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf"], [b"P", b"O", b"S", b"T"] * 3],
)
def test_half_a_request_is_waited_for_until_its_deadline_and_no_longer(monkeypatch: pytest.MonkeyPatch, chunks: list[bytes]) -> None:
    monkeypatch.setattr(serve, "REQUEST_MAX_S", 0.5)
    answer, closed = asyncio.run(conversation(chunks, 0.01, 0.5))
    assert (answer, closed) == (b"", True)


def test_whole_requests_may_come_long_after_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "REQUEST_MAX_S", 0.3)
    answer, closed = asyncio.run(conversation([b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"] * 3, 0.5, 0.2))
    assert answer.count(b"HTTP/1.1 204") == 3
    assert not closed


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


def running(node: Node) -> Running:
    """The node with nothing of it started."""
    return Running(node, server_context(node.folder.path / "keys", ()))


def sentences(node: Node) -> list[str]:
    """What was rung."""
    return [alarm.sentence for alarm in node.bell.alarms]


def test_a_part_that_fails_in_a_way_nobody_foresaw_stops_the_node(node: Node) -> None:
    async def fail() -> None:
        raise ZeroDivisionError("the impossible")

    async def run() -> str:
        here = running(node)
        here.spawn(fail())
        await asyncio.wait_for(here.stop.wait(), 5.0)
        return here.damage

    assert "the impossible" in asyncio.run(run())


def test_a_judge_that_cannot_judge_alarms_once_and_tries_again(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def judge() -> None:
        calls.append(1)
        if len(calls) < 4:
            raise LimitError("an alert would be too long")

    async def run() -> None:
        here = running(node)
        monkeypatch.setattr(serve, "warm_up", lambda: None)
        monkeypatch.setattr(serve, "JUDGE_AGAIN_S", 0.01)
        monkeypatch.setattr(node, "judge", judge)
        here.to_judge.set()
        task = here.spawn(here.judge())
        while len(calls) < 4:
            await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(run())
    assert sum("cannot be judged" in sentence for sentence in sentences(node)) == 1


@pytest.mark.parametrize(("error", "stops"), [(StoreError("the disk is full"), False), (DamagedError("the record is damaged"), True)])
def test_tracks_that_cannot_be_followed_alarm_and_damage_stops(
    node: Node, monkeypatch: pytest.MonkeyPatch, error: Exception, stops: bool
) -> None:
    def take(self: Follower, *_: object) -> list[object]:
        raise error

    monkeypatch.setattr(Follower, "take", take)
    monkeypatch.setattr(type(next(iter(node.desks.values()))), "in_force", property(lambda self: True))
    plots = [Plot("radar/1", Instant.parse("2026-11-23T12:00:00Z"), Position(-37.0, 12.0))]
    here = running(node)
    if stops:
        with pytest.raises(DamagedError):
            here.take_plots(plots)
    else:
        here.take_plots(plots)
        assert any("NOT watched" in sentence and "the disk is full" in sentence for sentence in sentences(node))


def test_a_port_that_is_taken_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(UnavailableError, match="cannot listen"):
        listening_socket("127.0.0.1", other.getsockname()[1])


def test_the_control_socket_is_its_owners_alone_from_the_first_moment(tmp_path: Path) -> None:
    with control_socket(tmp_path / "control.sock"):
        assert (tmp_path / "control.sock").stat().st_mode & 0o777 == 0o600


def test_a_name_too_long_for_a_socket_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="shorter folder"):
        control_socket(tmp_path / ("x" * 110))
