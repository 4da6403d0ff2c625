"""HTTP as a node serves it: a request has a deadline, a connection has none."""

import asyncio
from typing import Any, cast

import pytest
import uvicorn

from nodes import free_port
from tafadi.web import protocol
from tafadi.web.protocol import PeerProtocol, _Joined


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Answers every whole request with 204."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def conversation(chunks: list[bytes], pause_s: float, within_s: float) -> tuple[bytes, bool]:
    """What a server answers to the chunks, and whether it closed the connection within so many seconds after the last."""
    port = free_port()
    config = uvicorn.Config(hello, http=PeerProtocol, port=port, log_config=None, lifespan="off", access_log=False, timeout_keep_alive=60)
    server = uvicorn.Server(config)
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
        async with asyncio.timeout(within_s):
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
    monkeypatch.setattr(protocol, "REQUEST_MAX_S", 0.5)
    answer, closed = asyncio.run(conversation(chunks, 0.01, 30.0))
    assert (answer, closed) == (b"", True)


def test_whole_requests_may_come_long_after_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "REQUEST_MAX_S", 1.0)
    answer, closed = asyncio.run(conversation([b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"] * 3, 1.5, 2.0))
    assert answer.count(b"HTTP/1.1 204") == 3
    assert not closed


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        """Kept."""
        self.written.append(data)

    def is_closing(self) -> bool:
        """As it was told."""
        return self.is_closed

    def close(self) -> None:
        """From now on closed."""
        self.is_closed = True


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


def joined_writes(*data: bytes, turns: int = 0, closes: bool = False) -> list[bytes]:
    """What goes out of what is written, in one turn of the loop, and so many turns later."""

    async def run() -> list[bytes]:
        wire = Wire()
        joined = _Joined(cast(asyncio.Transport, wire), asyncio.get_running_loop())
        for part in data:
            joined.write(part)
        if closes:
            joined.close()
        for _ in range(turns):
            await asyncio.sleep(0)
        return wire.written

    return asyncio.run(run())


def test_head_and_body_of_an_answer_leave_in_one_write() -> None:
    assert joined_writes(HEAD, b"body") == [HEAD + b"body"]
    assert joined_writes(HEAD, b"body", HEAD, b"next", turns=3) == [HEAD + b"body", HEAD + b"next"]


def test_a_head_without_a_body_leaves_in_the_next_turn_or_when_the_connection_closes() -> None:
    assert joined_writes(HEAD, turns=2) == [HEAD]
    assert joined_writes(HEAD, closes=True, turns=2) == [HEAD]
    assert joined_writes(HEAD, HEAD, turns=2) == [HEAD + HEAD]
