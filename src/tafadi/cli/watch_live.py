"""How `tafadi watch` follows what does not end: sockets, standard input, and files that grow; and how it is told to stop.

The first interrupt (Ctrl-C, SIGTERM) ends the input, so that the watch ends in order, with its summary and exit code. The second one ends
the program where it stands.
"""

import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import IO, TYPE_CHECKING, Any, Final

from tafadi.errors import InputError
from tafadi.measure.instant import Instant

if TYPE_CHECKING:
    from tafadi.cli.watch_stated import Stated
    from tafadi.net.live import Receiver
    from tafadi.net.live_plots import LivePlots

POLL_S: Final = 0.2  # how often a file that grows, and a pipe, are looked at again
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def now() -> Instant:
    """The time of arrival."""
    return Instant(time.time_ns())


@contextmanager
def until_stopped(stop: Callable[[], None]) -> Iterator[None]:
    """Within, the first interrupt calls `stop` (which may take no lock) and the second one interrupts; outside, all is as it was."""
    if threading.current_thread() is not threading.main_thread():  # only there may signals be taken
        yield
        return
    seen: list[int] = []

    def taken(number: int, frame: FrameType | None) -> None:
        if seen:
            raise KeyboardInterrupt
        seen.append(number)
        stop()

    before = [signal.signal(number, taken) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)
        if seen:
            sys.stderr.write("tafadi: stopped; what was watched until now:\n")


class Followed:
    """An open file that is read as it grows, or a pipe as it is filled. It ends where the pipe does, or when it is stopped.

    Everything but reading is left to the file itself.
    """

    def __init__(self, file: IO[bytes], *, is_pipe: bool) -> None:
        self._file = file
        self._is_pipe = is_pipe
        self._is_stopped = False  # a bare flag: it is set from signals, which may take no lock
        self._is_begun = False
        self._read = getattr(file, "read1", file.read)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def stop(self) -> None:
        """Nothing more is read."""
        self._is_stopped = True

    def read1(self, most_bytes: int) -> bytes:
        """What there is next, after waiting for it; nothing at the end."""
        while not self._is_stopped:
            if self._is_pipe and not self._is_ready():
                continue
            chunk: bytes = self._read(most_bytes)
            if chunk or self._is_pipe:
                return chunk
            time.sleep(POLL_S)
        return b""

    def _is_ready(self) -> bool:
        """Whether reading the pipe now does not wait."""
        if not self._is_begun:  # what was looked at to tell whether it is packed is still held
            self._is_begun = True
            return True
        return bool(select.select([self._file], [], [], POLL_S)[0])


def can_wait(file: IO[bytes]) -> bool:
    """Whether the system can tell when there is more to read."""
    try:
        select.select([file], [], [], 0.0)
    except (OSError, ValueError, TypeError):
        return False
    return True


def live_plots(receiver: "Receiver", name: str | None, stated: "Stated") -> "LivePlots":
    """The plots of a live source in the format `name`; what happens at the source is told on standard error. Raises InputError."""
    from tafadi.cli.exits import say_error
    from tafadi.formats.reading import Told
    from tafadi.net.live_plots import STREAMS, LivePlots

    source = str(receiver.address)
    if name is None:
        raise InputError(f"say what {source} sends, with --format: {', '.join(STREAMS)}")
    told = Told(stated.day, stated.begins, stated.sites, stated.receiver)
    return LivePlots(receiver.arrivals(), name, lambda words: say_error(f"{source} {words}"), told)
