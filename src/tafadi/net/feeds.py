"""Track sources: a socket's bytes become plots. The node connects to the source, reads lines, and comes back when the line was cut.

A source that is silent or gone is told in words; what it does not say is never taken for clear air.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from tafadi.errors import InputError
from tafadi.model.track import Plot

CHUNK_BYTES: Final = 262_144
LONGEST_LINE: Final = 65_536  # an unended line longer than this is dropped; no format has one
RETRY_S: Final = 0.5

log = structlog.get_logger()


class PlotReader(Protocol):
    """What a line format offers."""

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
        if name not in READERS or not colon or not port.isdigit() or not 0 < int(port) < 65_536:
            raise InputError(f"{text[:100]!r} is not a source like nop=tcp://127.0.0.1:9000; formats are {', '.join(READERS)}")
        return cls(name, host.strip("[]"), int(port))


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


async def follow_source(source: Source, take: Callable[[list[Plot]], None]) -> None:
    """Runs until cancelled: reads the source, hands its plots on as they come, and connects again when it was cut."""
    told = ""
    while True:
        try:
            reader, writer = await asyncio.open_connection(source.host, source.port, limit=CHUNK_BYTES)
        except OSError as error:
            trouble = f"{error.strerror or error}"
            if trouble != told:
                log.warning("track source cannot be reached", host=source.host, port=source.port, trouble=trouble)
            told = trouble
            await asyncio.sleep(RETRY_S)
            continue
        told = ""
        try:
            await _read(reader, READERS[source.format](), take)
        finally:
            writer.close()
        log.warning("track source ended", host=source.host, port=source.port)
        await asyncio.sleep(RETRY_S)


async def _read(reader: asyncio.StreamReader, plots: PlotReader, take: Callable[[list[Plot]], None]) -> None:
    rest = b""
    while True:
        try:
            chunk = await reader.read(CHUNK_BYTES)
        except OSError:
            return
        if not chunk:
            return
        *lines, rest = (rest + chunk).split(b"\n")
        rest = rest if len(rest) <= LONGEST_LINE else b""
        found = list(plots.read(lines))
        if found:
            take(found)
