"""Track sources: a socket's bytes become plots. The node connects to the source, reads lines, and comes back when the line was cut.

A source that is silent or gone is told in words; what it does not say is never taken for clear air.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from tafadi.errors import InputError
from tafadi.formats.skips import Skips
from tafadi.measure.instant import Clock, Instant
from tafadi.model.track import Plot

CHUNK_BYTES: Final = 262_144
LONGEST_LINE: Final = 65_536  # a longer line is dropped whole; no format has one
RETRY_S: Final = 0.5
SILENT_S: Final = 30.0  # a surveillance source says something every few seconds


class PlotReader(Protocol):
    """What a line format offers."""

    @property
    def skips(self) -> Skips:
        """What was left out, and why."""
        ...

    def read(self, lines: Iterable[bytes]) -> Iterator[Plot]:
        """The plots of the lines."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """Where live plots come from: a line format, and a TCP address."""

    format: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Source":
        """The source written as FORMAT=tcp://HOST:PORT. Raises InputError."""
        name, _, address = text.partition("=tcp://")
        host, colon, port = address.rpartition(":")
        number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0
        if name not in READERS or not colon or not host or not 0 < number < 65_536:
            raise InputError(f"{text[:100]!r} is not a source like nop=tcp://127.0.0.1:9000; formats are {', '.join(READERS)}")
        return cls(name, host.strip("[]"), number)

    def __str__(self) -> str:
        return f"{self.format}=tcp://{self.host}:{self.port}"


def _nop() -> PlotReader:
    from tafadi.formats.nop import Reader

    return Reader()


def _sbs() -> PlotReader:
    from tafadi.formats.sbs import Reader

    return Reader()


def _plots() -> PlotReader:
    from tafadi.formats.plots import Reader

    return Reader()


READERS: Final[dict[str, Callable[[], PlotReader]]] = {"nop": _nop, "sbs": _sbs, "plots": _plots}


@dataclass
class Feed:
    """What is known of one source while the node runs: when it last gave a plot, its trouble in words, and lines that made no sense."""

    source: Source
    clock: Clock
    take: Callable[[list[Plot]], None]
    tell: Callable[[str], None]
    heard_at: Instant | None = None
    trouble: str = "not connected yet"
    unread: int = 0

    def troubled(self, trouble: str) -> None:
        """Tells a trouble once, when it begins or changes; that it is over is told as well."""
        if trouble != self.trouble:
            self.trouble = trouble
            self.tell(f"track source {self.source} {trouble or 'is followed'}")


async def follow_source(feed: Feed) -> None:
    """Runs until cancelled: reads the source, hands its plots on as they come, and connects again when it was cut."""
    while True:
        try:
            reader, writer = await asyncio.open_connection(feed.source.host, feed.source.port, limit=CHUNK_BYTES)
        except OSError as error:
            feed.troubled(f"cannot be reached ({error.strerror or error}); what it would see is not watched")
            await asyncio.sleep(RETRY_S)
            continue
        try:
            await _read(feed, reader)
        finally:
            writer.close()
        feed.troubled("was cut; what it would see is not watched")
        await asyncio.sleep(RETRY_S)


async def _read(feed: Feed, reader: asyncio.StreamReader) -> None:
    plots = READERS[feed.source.format]()
    before, heard = feed.unread, False
    async for lines in _lines(feed, reader):
        found = list(plots.read(lines))
        feed.unread = before + plots.skips.total
        heard = heard or bool(found)
        if found:
            feed.heard_at = feed.clock.now()
            feed.troubled("")
            feed.take(found)
        elif lines and not heard:
            feed.troubled("sends nothing that can be read; what it would see is not watched")


async def _lines(feed: Feed, reader: asyncio.StreamReader) -> AsyncIterator[list[bytes]]:
    """The whole lines of each chunk, until the source ends. Of a line that is too long nothing is read, its end included."""
    rest, overlong = b"", False
    while chunk := await _chunk(feed, reader):
        *lines, rest = (rest + chunk).split(b"\n")
        if overlong and lines:
            lines, overlong = lines[1:], False
        if overlong or len(rest) > LONGEST_LINE:
            rest, overlong = b"", True
        yield [line for line in lines if len(line) <= LONGEST_LINE]


async def _chunk(feed: Feed, reader: asyncio.StreamReader) -> bytes:
    """What comes next; nothing once the source has ended. A source that says nothing for long is told."""
    while True:
        try:
            async with asyncio.timeout(SILENT_S):  # not wait_for: in Python 3.11 that can swallow the cancelling of a stop
                return await reader.read(CHUNK_BYTES)
        except TimeoutError:
            feed.troubled("is silent; what it would see is not watched")
        except OSError:
            return b""
