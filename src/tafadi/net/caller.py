"""The caller: one kept connection to another node, over which one question is asked at a time, as HTTP/1.1.

What is asked leaves in one write, head and body together, and what comes is parsed as it comes: beside the signatures and the disks, the
way of one entry to its receipt is to cost little. A connection that the other side has closed in the meantime is made anew, once: what two
nodes ask each other may be asked twice (docs/spec/exchange.md).
"""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import h11

from tafadi.desk.exchange import Answer, Ask
from tafadi.errors import LimitError, UnavailableError

CONNECT_MAX_S: Final = 10.0  # a handshake is a few round trips, the slowest of them through a satellite
SILENCE_MAX_S: Final = 10.0  # one exchange on a healthy line takes milliseconds; a hung one must not hold up the next
CHUNK_BYTES: Final = 65_536
WAIT_DIGITS_MAX: Final = 6  # of the seconds after which to ask again; a million of them are eleven days
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(slots=True)
class _Open:
    """A connection, and how far HTTP has come on it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    http: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT))

    @property
    def is_usable(self) -> bool:
        """Whether another question can be asked, as far as is known."""
        is_idle = self.http.our_state is h11.IDLE and self.http.their_state is h11.IDLE
        return is_idle and not self.reader.at_eof() and not self.writer.is_closing()


class Caller:
    """Asks one other node. Raises UnavailableError for an address that is none."""

    def __init__(self, url: str, context: ssl.SSLContext | None, longest_bytes: int) -> None:
        try:
            parts = urlsplit(url)
            self._host, self._port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError):
            raise UnavailableError(f"{url[:200]!r} is no address of a node") from None
        self.url = url
        self._context = context if parts.scheme == "https" else None
        self._path = parts.path.rstrip("/")
        self._head = [
            ("host", parts.netloc.rpartition("@")[2]),
            ("content-type", "application/octet-stream"),
            ("accept-encoding", "identity"),
        ]
        self._longest_bytes = longest_bytes
        self._open: _Open | None = None

    async def ask(self, ask: Ask) -> Answer:
        """The answer, whatever it says. Raises UnavailableError when there is none, LimitError for one that is too long."""
        known = self._open if self._open is not None and self._open.is_usable else None
        try:
            if known is not None:
                with contextlib.suppress(ConnectionError, EOFError):  # closed by the other side while nobody looked
                    return await self._asked(known, ask)
            return await self._asked(await self._connected(), ask)
        except (h11.ProtocolError, OSError, EOFError) as error:  # TimeoutError and ssl.SSLError are OSErrors
            raise UnavailableError(f"{self.url} does not answer ({type(error).__name__})") from None
        finally:
            if self._open is not None and not self._open.is_usable:
                self.close()

    def close(self) -> None:
        """Lets go of the connection."""
        if self._open is not None:
            self._open.writer.close()
            self._open = None

    async def _connected(self) -> _Open:
        self.close()
        async with asyncio.timeout(CONNECT_MAX_S):
            reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._context, limit=CHUNK_BYTES)
        self._open = _Open(reader, writer)
        return self._open

    async def _asked(self, line: _Open, ask: Ask) -> Answer:
        head = [*self._head, ("content-length", str(len(ask.body)))]
        parts = (h11.Request(method=ask.method, target=self._path + ask.path, headers=head), h11.Data(data=ask.body), h11.EndOfMessage())
        line.writer.write(b"".join(line.http.send(part) or b"" for part in parts))
        async with asyncio.timeout(SILENCE_MAX_S):
            await line.writer.drain()
        response, body = await self._response(line)
        if line.http.our_state is line.http.their_state is h11.DONE:
            line.http.start_next_cycle()
        return Answer(response.status_code, body, _wait_s(response))

    async def _response(self, line: _Open) -> tuple[h11.Response, bytes]:
        """Head and body, read no further than the longest answer there is."""
        response: h11.Response | None = None
        body = bytearray()
        while True:
            event = line.http.next_event()
            if event is h11.NEED_DATA:
                await _receive(line)
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > self._longest_bytes:
                    raise LimitError(f"the other node's answer is longer than the {self._longest_bytes} bytes that any answer has")
            elif isinstance(event, h11.EndOfMessage) and response is not None:
                return response, bytes(body)


async def _receive(line: _Open) -> None:
    """Takes what comes next. Raises EOFError where nothing more comes, and nothing of an answer had."""
    async with asyncio.timeout(SILENCE_MAX_S):
        data = await line.reader.read(CHUNK_BYTES)
    if not data and line.http.their_state is h11.SEND_RESPONSE and not line.http.trailing_data[0]:
        raise EOFError
    line.http.receive_data(data)


def _wait_s(response: h11.Response) -> int | None:
    """What the answer says of when to ask again, in seconds; a date is none that we have agreed on."""
    found = next((value for name, value in response.headers if name == b"retry-after"), b"")
    return int(found) if found.isdigit() and len(found) <= WAIT_DIGITS_MAX else None
