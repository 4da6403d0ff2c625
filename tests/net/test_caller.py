"""The caller: one connection, kept; closed by the other side, it is made anew once; whatever else goes wrong is one sentence."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tafadi.desk.exchange import Answer, Ask
from tafadi.errors import LimitError, TafadiError, UnavailableError
from tafadi.net.caller import Caller

LONGEST = 1_000
Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def asked(converse: Conversation, *asks: Ask) -> list[Answer | TafadiError]:
    """What one caller is answered, question by question, or the error; the server has `converse` with each connection."""

    async def run() -> list[Answer | TafadiError]:
        server = await asyncio.start_server(converse, "127.0.0.1", 0)
        caller = Caller(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/below/", None, LONGEST)
        found: list[Answer | TafadiError] = []
        for ask in asks:
            try:
                found.append(await caller.ask(ask))
            except TafadiError as error:
                found.append(error)
        caller.close()
        server.close()
        return found

    return asyncio.run(asyncio.wait_for(run(), 30.0))


async def request(reader: asyncio.StreamReader) -> bytes:
    """One request, head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    return head + await reader.readexactly(length)


def test_two_questions_go_over_one_connection_and_carry_path_and_body() -> None:
    came: list[list[bytes]] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append([])
        for _ in range(2):
            came[-1].append(await request(reader))
            writer.write(b"HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\n7\n")
        writer.close()

    found = asked(converse, Ask("POST", "/push", b"body"), Ask("GET", "/hello"))
    assert found == [Answer(409, b"7\n")] * 2
    assert [len(connection) for connection in came] == [2]
    assert came[0][0].startswith(b"POST /below/push HTTP/1.1\r\n")
    assert came[0][0].endswith(b"\r\n\r\nbody")


def test_a_connection_that_the_other_side_closed_in_the_meantime_is_made_anew() -> None:
    connections: list[int] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    assert asked(converse, Ask("GET", "/hello"), Ask("GET", "/hello")) == [Answer(200)] * 2
    assert len(connections) == 2


@pytest.mark.parametrize(
    ("head", "body"),
    [(b"Transfer-Encoding: chunked", b"3\r\nabc\r\n0\r\n\r\n"), (b"Connection: close", b"abc")],
    ids=["chunked", "to the end"],
)
def test_answers_are_read_however_they_are_framed_and_say_when_to_ask_again(head: bytes, body: bytes) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 429 Too Many\r\nRetry-After: 17\r\n" + head + b"\r\n\r\n" + body)
        writer.close()

    assert asked(converse, Ask("POST", "/push")) == [Answer(429, b"abc", 17)]


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 " + b"x" * 99_999,
    ],
    ids=["nothing", "nonsense", "cut short", "no length", "endless head"],
)
def test_what_is_no_answer_is_one_sentence(reply: bytes) -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(reply)
        writer.close()

    (found,) = asked(converse, Ask("POST", "/push"))
    assert isinstance(found, UnavailableError)
    assert "does not answer" in str(found)


def test_an_answer_that_is_too_long_is_not_read_to_its_end() -> None:
    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 1_500)
        await reader.read()
        writer.close()

    (found,) = asked(converse, Ask("POST", "/push"))
    assert isinstance(found, LimitError)


@pytest.mark.parametrize("url", ["", "nowhere", "ftp://127.0.0.1", "https://127.0.0.1:99999", "https://["])
def test_an_address_that_is_none_is_one_sentence(url: str) -> None:
    with pytest.raises(UnavailableError, match="no address"):
        Caller(url, None, LONGEST)
