"""Thin links: the task that performs the thin talk with one other node over a device or a TCP connection to one.

Everything that is decided is decided in `tafadi.desk.thin`. Here are the bytes: what comes is handed over as it comes; what goes is written
one frame at a time, and the next is asked for only when the line has carried it. A serial device is set to raw bytes, and to the speed that
is named where it knows that; a radio modem behind TCP is reached by its address.
"""

import asyncio
import contextlib
import os
import re
import termios
import time
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from tafadi.desk.thin import ThinTalk
from tafadi.errors import DamagedError, InputError, TafadiError, UnavailableError
from tafadi.model.names import check_name

BITS_USUAL: Final = 75.0
BITS_MIN, BITS_MAX = 10.0, 1_000_000.0  # slower nothing is heard within an hour; faster it is no thin link
RETRY_S: Final = 5.0
LOOK_S: Final = 1.0  # how often it is looked for something to say, though nobody rang: what is heard over another line is said no more
SHORTEST_S: Final = 0.01
CHUNK_BYTES: Final = 4_096
PORT_MAX: Final = 65_535
_WAY: Final = re.compile(
    r"(?:([a-z][a-z0-9-]{0,31})/)?([a-z][a-z0-9-]{0,31})=(/[^@]{1,250}|tcp://[^@/]{1,250}:[0-9]{1,5})(?:@([0-9]{1,7}(?:\.[0-9]{1,3})?))?"
)

Got = TypeVar("Got")


class Take(Protocol):
    """Takes a step in its turn among all that is done at the node; what it wrote is durable when that is over."""

    def __call__(self, step: Callable[[], Got], /) -> Awaitable[Got]:
        """What the step gives."""
        ...


@dataclass(frozen=True, slots=True)
class ThinWay:
    """Which party is at the other end, under which agreement (empty: the only one), where the line is, and how much it carries."""

    agreement: str
    party: str
    where: str
    bits_per_s: float

    @classmethod
    def parse(cls, text: str) -> "ThinWay":
        """The way written as [AGREEMENT/]PARTY=WHERE[@BITS]; WHERE is a device, or tcp://HOST:PORT. Raises InputError.

        >>> ThinWay.parse("bravo=/dev/ttyS0@75")
        ThinWay(agreement='', party='bravo', where='/dev/ttyS0', bits_per_s=75.0)
        """
        match = _WAY.fullmatch(text)
        bits_per_s = float(match[4] or BITS_USUAL) if match else 0.0
        port = int(match[3].rpartition(":")[2]) if match and match[3].startswith("tcp://") else 0
        if match is None or not BITS_MIN <= bits_per_s <= BITS_MAX or port > PORT_MAX:
            raise InputError(
                f"{text[:100]!r} is not a thin link like bravo=/dev/ttyS0@75 or line-1a2b3c4d5e6f/bravo=tcp://192.0.2.7:4001@75"
            )
        return cls(match[1] or "", check_name(match[2], "party"), match[3], bits_per_s)

    def __str__(self) -> str:
        return f"{self.party}={self.where}@{self.bits_per_s:g}"


@dataclass
class ThinLink:
    """A thin link while it runs; `wake` is set when something may wait to be said."""

    way: ThinWay
    talk: ThinTalk
    trouble: str = ""
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def state(self) -> dict[str, str | int | None]:
        """What is known of it: when something by the other last verified, its trouble in words, and how much of what came was noise."""
        heard = str(self.talk.heard_at) if self.talk.heard_at else None
        return {"heard_at": heard, "trouble": self.trouble or self.talk.trouble, "noise": self.talk.frames.lost}


async def keep_thin(link: ThinLink, take: Take) -> None:
    """Runs until cancelled; comes back when the line was cut. Raises DamagedError."""
    while True:
        try:
            async with _opened(link.way) as (reader, writer):
                link.trouble = ""
                await _both(_hear(link, reader, take), _say(link, writer, take))
        except DamagedError:
            raise
        except TafadiError as error:
            link.trouble = str(error)
        except (OSError, EOFError) as error:
            link.trouble = f"{link.way.where} cannot be used ({getattr(error, 'strerror', None) or type(error).__name__})"
        await asyncio.sleep(RETRY_S)


async def _both(*work: Awaitable[None]) -> None:
    """Runs both until one of them fails; the other is over then."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _hear(link: ThinLink, reader: asyncio.StreamReader, take: Take) -> None:
    while data := await reader.read(CHUNK_BYTES):
        await take(lambda data=data: link.talk.take(data, time.monotonic()))  # type: ignore[misc]
        link.wake.set()
    raise EOFError


async def _say(link: ThinLink, writer: asyncio.StreamWriter, take: Take) -> None:
    while True:
        frame = await take(lambda: link.talk.next_frame(time.monotonic()))
        if frame:
            writer.write(frame)
            await writer.drain()
            await asyncio.sleep(8 * len(frame) / link.way.bits_per_s)  # until the line has carried it
            continue
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(LOOK_S, max(SHORTEST_S, link.talk.wait_s(time.monotonic())))):  # as in `peers`
                await link.wake.wait()
        link.wake.clear()


@asynccontextmanager
async def _opened(way: ThinWay) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Both directions of the line. Raises OSError."""
    if way.where.startswith("tcp://"):
        host, _, port = way.where.removeprefix("tcp://").rpartition(":")
        reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    else:
        reader, writer = await _device(way)
    try:
        yield reader, writer
    finally:
        writer.close()


async def _device(way: ThinWay) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Both directions of a serial device, or of a terminal that stands for one. Raises OSError, UnavailableError."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
    number = os.open(way.where, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        _set_raw(number, way.bits_per_s)
        transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(os.dup(number), "wb", buffering=0))
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(number, "rb", buffering=0))
    except (ValueError, termios.error) as error:
        with contextlib.suppress(OSError):
            os.close(number)
        raise UnavailableError(f"{way.where} is no device for a line ({error})") from None
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def _set_raw(number: int, bits_per_s: float) -> None:
    """Has the device carry bytes as they are, at the speed that is named, where it knows that one."""
    if not os.isatty(number):
        raise ValueError("not a terminal")
    tty.setraw(number)
    speed = getattr(termios, f"B{bits_per_s:g}", None)
    if speed is not None:
        attributes = termios.tcgetattr(number)
        attributes[4] = attributes[5] = speed
        termios.tcsetattr(number, termios.TCSANOW, attributes)
