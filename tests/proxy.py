"""A line between two real nodes that can be made bad: a TCP proxy on a loopback port, whose weather the test changes as it goes.

It runs in a thread with an event loop of its own. What it does by chance comes from one seed.
"""

import asyncio
import random
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from nodes import ANSWERS_S, free_port

CHUNK: Final = 2_048  # bytes that are passed on at once
DELAY_S: Final = 0.08
SLOW_BYTES_S: Final = 20_000.0


class Weather(StrEnum):
    """What becomes of the bytes."""

    WELL = "well"
    SLOW = "slow"  # some thousand bytes a second
    LATE = "late"  # each chunk later than it came
    BREAKS = "breaks"  # connections are broken off in the middle of what is said
    GARBLED = "garbled"  # a bit of some chunks is turned
    SILENT = "silent"  # half-open: everything is taken, and nothing passed on
    CUT = "cut"  # nobody answers, and what was connected is cut off


BAD: Final = tuple(weather for weather in Weather if weather is not Weather.WELL)


@dataclass
class Proxy:
    """One direction of a line: those who connect to `port` reach `to`."""

    to: int
    rng: random.Random
    port: int = field(default_factory=free_port)
    weather: Weather = Weather.WELL
    seen: set[Weather] = field(default_factory=set)  # what befell any byte or connection
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        """Listens until the context ends."""
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        server: asyncio.Server = self._call(asyncio.start_server(self._connected, "127.0.0.1", self.port))
        try:
            yield self
        finally:
            server.close()
            self._call(self._cut())
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(ANSWERS_S)

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWERS_S)

    def turn(self, weather: Weather, *, cuts: bool = False) -> None:
        """The weather changes; `cuts` has it that connections from before do not outlive it."""
        self.weather = weather
        if cuts or weather is Weather.CUT:
            self._call(self._cut())

    async def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()
        self._open.clear()
        await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.weather is Weather.CUT:
            self.seen.add(Weather.CUT)
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:  # the node is down
            writer.transport.abort()
            return
        self._open |= {writer, there[1]}
        await asyncio.gather(self._pass_on(reader, there[1]), self._pass_on(there[0], writer), return_exceptions=True)
        for one in (writer, there[1]):
            self._open.discard(one)
            one.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                self.seen.add(self.weather)
                passed = await self._befalls(data, writer)
                if passed:
                    writer.write(passed)
                    await writer.drain()
            if self.weather is not Weather.SILENT:
                writer.write_eof()

    async def _befalls(self, data: bytes, writer: asyncio.StreamWriter) -> bytes:
        """What comes out at the other end."""
        match self.weather:
            case Weather.SLOW:
                await asyncio.sleep(len(data) / SLOW_BYTES_S)
            case Weather.LATE:
                await asyncio.sleep(self.rng.uniform(0.0, DELAY_S))
            case Weather.BREAKS if self.rng.random() < 0.2:
                writer.write(data[: self.rng.randrange(len(data))])
                await writer.drain()
                writer.transport.abort()
                raise ConnectionAbortedError
            case Weather.GARBLED if self.rng.random() < 0.2:
                garbled = bytearray(data)
                garbled[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
                return bytes(garbled)
            case Weather.SILENT:
                return b""
        return data
