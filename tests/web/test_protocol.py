"""HTTP as a node serves it: a request has a deadline, a connection has none."""

import asyncio
from typing import Any

import pytest
import uvicorn

from nodes import free_port
from tafadi.web import protocol
from tafadi.web.protocol import PeerProtocol


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
