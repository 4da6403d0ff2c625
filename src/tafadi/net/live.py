"""Live inputs: bytes from TCP and UDP as they come, for who watches in the foreground. A thread receives, so that the time of arrival is
true however long the judging takes, and puts what came into a bounded inbox.

    tcp://HOST:PORT         connects, and connects again when the line was cut, waiting longer each time
    tcp-listen://HOST:PORT  waits for one that connects; one at a time
    udp://HOST:PORT         waits for datagrams

**When the inbox is full**: of TCP nothing more is read, so that the sender waits; datagrams are lost, and are counted: those that had no
room here, and (on Linux, SO_RXQ_OVFL) those that the kernel had no room for. **When the line is cut, or silent**: that is told, each time
it begins and ends, because what a source does not say is never clear air. A line on which nothing came for `dead_s` is taken for half open:
the other side may be gone without having said so. It is closed, and connected again.
"""

import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Final, NamedTuple, Self

from tafadi.errors import InputError, UnavailableError
from tafadi.measure.instant import Instant

CHUNK_BYTES: Final = 65_536
DATAGRAM_BYTES: Final = 65_536  # UDP carries 65,507 at the most
TICK_S: Final = 0.2  # how often a thread that waits looks whether it shall stop
CONNECT_S: Final = 5.0
KERNEL_BYTES: Final = 4 * 1024 * 1024  # asked of the kernel for datagrams; it may give less
SO_RXQ_OVFL: Final = 40  # asm-generic/socket.h; Python does not name it
_COUNT: Final = struct.Struct("I")
LONGEST_HOST: Final = 253  # characters of a name in DNS (RFC 1035, 2.3.4, without the lengths and the root)


class Kind(StrEnum):
    """How bytes come."""

    TCP = "tcp"
    TCP_LISTEN = "tcp-listen"
    UDP = "udp"


class Event(StrEnum):
    """What happened at the source."""

    BEGINS = "begins"  # a stream of bytes
    DATA = "data"  # of the stream; or a whole datagram
    CUT = "cut"  # the stream is over
    SILENT = "silent"
    LOST = "lost"  # datagrams
    TROUBLE = "trouble"  # it cannot be reached


class Arrived(NamedTuple):
    """What came, and when. `words` say what happened, for people; `lost` counts datagrams."""

    event: Event
    at: Instant
    data: bytes = b""
    words: str = ""
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait and how much to hold."""

    inbox_bytes: int = 16 * 1024 * 1024  # some minutes of a busy receiver
    silent_s: float = 30.0  # a surveillance source says something every few seconds
    dead_s: float = 120.0  # and one that says nothing for so long may be gone
    retry_first_s: float = 0.5
    retry_last_s: float = 30.0


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Address:
    """Where bytes come from."""

    kind: Kind
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> "Address":
        """The address written as KIND://HOST:PORT. Raises InputError."""
        kind, _, rest = text.partition("://")
        host, _, port = rest.rpartition(":")
        number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0
        if kind not in set(Kind) or not host or "/" in host or not 0 < number < 65_536:
            raise InputError(f"{text[:100]!r} is no live input; write one like tcp://127.0.0.1:30003, tcp-listen://… or udp://…")
        if not _is_host(host):
            raise InputError(f"{text[:100]!r} is no live input: no host can have that name")
        return cls(Kind(kind), host.removeprefix("[").removesuffix("]"), number)

    def __str__(self) -> str:
        return f"{self.kind}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def _is_host(text: str) -> bool:
    """Whether a resolver can be asked for it: it raises what is no OSError for a part longer than 63 characters, an empty one, or a NUL."""
    if len(text) > LONGEST_HOST or not text.isprintable() or " " in text:
        return False
    try:
        text.encode("idna")
    except UnicodeError:
        return False
    return True


def is_live(text: str) -> bool:
    """Whether the text is meant as a live input, and not as the name of a file."""
    return text.partition("://")[0] in set(Kind) and "://" in text


class _Inbox:
    """What came and was not taken yet, of a bounded number of bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._held: deque[Arrived] = deque()
        self._changed = threading.Condition()
        self._is_closed = False

    def put(self, arrived: Arrived, *, is_urgent: bool = False) -> bool:
        """Whether there was room. What is urgent (an event without bytes) always has."""
        with self._changed:
            if self._bytes + len(arrived.data) > self._most_bytes and self._held and not is_urgent:
                return False
            self._held.append(arrived)
            self._bytes += len(arrived.data)
            self._changed.notify_all()
            return True

    def wait_for_room(self, wait_max_s: float) -> None:
        """Waits until something was taken, or the time is over."""
        with self._changed:
            self._changed.wait(wait_max_s)

    def take(self) -> Arrived | None:
        """The next; None once it is closed and empty."""
        with self._changed:
            while not self._held:
                if self._is_closed:
                    return None
                self._changed.wait(TICK_S)
            arrived = self._held.popleft()
            self._bytes -= len(arrived.data)
            self._changed.notify_all()
            return arrived

    def close(self) -> None:
        """Nothing more comes."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class _Over(NamedTuple):
    """Why a connection is over, and whether anything came of it."""

    why: str
    has_spoken: bool


class Receiver:
    """Receives from an address until it is stopped; used as a context.

    Raises UnavailableError when the place to listen at cannot be had. `now` gives the times of arrival.
    """

    def __init__(self, address: Address, now: Callable[[], Instant], limits: Limits = LIMITS) -> None:
        self.address = address
        self._now = now
        self._limits = limits
        self._inbox = _Inbox(limits.inbox_bytes)
        self._is_stopping = False  # a bare flag: it is set from signals, which may take no lock
        self._trouble = ""
        self._fault: Exception | None = None
        self._bound = None if address.kind is Kind.TCP else _bind(address)
        run = self._datagrams if address.kind is Kind.UDP else self._lines
        self._thread = threading.Thread(target=self._run, args=(run,), name=str(address), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        self._thread.join(2 * CONNECT_S)

    def stop(self) -> None:
        """Nothing more is received, and what was received is handed out; may be called from anywhere, also from a signal."""
        self._is_stopping = True

    def arrivals(self) -> Iterator[Arrived]:
        """What came, as it comes, until the receiver is stopped. Raises what the receiving itself failed with: that is no end of input."""
        while (arrived := self._inbox.take()) is not None:
            yield arrived
        if self._fault is not None:
            raise self._fault

    def _run(self, run: Callable[[], None]) -> None:
        try:
            run()
        except Exception as fault:  # noqa: BLE001  # a door: a thread ends here; it is raised again where what came is taken
            self._fault = fault
        finally:
            if self._bound is not None:
                self._bound.close()
            self._inbox.close()

    def _tell(self, event: Event, words: str = "", lost: int = 0) -> None:
        self._inbox.put(Arrived(event, self._now(), words=words, lost=lost), is_urgent=True)

    def _pause(self, wait_s: float) -> None:
        """Waits, unless the receiver is stopped."""
        until_s = time.monotonic() + wait_s
        while not self._is_stopping and (left_s := until_s - time.monotonic()) > 0.0:
            time.sleep(min(left_s, TICK_S))

    # TCP

    def _lines(self) -> None:
        """One connection after the other. One that ends without a byte is called again as late as one that does not answer."""
        retry_s, cut_at_s = self._limits.retry_first_s, None
        while not self._is_stopping:
            line = self._connected()
            if line is None:
                if self.address.kind is Kind.TCP:
                    self._pause(retry_s)
                    retry_s = min(2 * retry_s, self._limits.retry_last_s)
                continue
            after = "" if cut_at_s is None else f" again after {time.monotonic() - cut_at_s:.1f} s; what it would have seen is not known"
            self._trouble = ""
            self._tell(Event.BEGINS, f"is followed{after}")
            with line:
                over = self._stream(line)
            if not self._is_stopping:
                self._tell(Event.CUT, f"{over.why}; what it would see is not watched")
                cut_at_s = time.monotonic()
                if over.has_spoken or self.address.kind is Kind.TCP_LISTEN:  # who is listened for decides itself when it connects
                    retry_s = self._limits.retry_first_s
                self._pause(retry_s)
                retry_s = min(2 * retry_s, self._limits.retry_last_s)

    def _connected(self) -> socket.socket | None:
        try:
            if self._bound is not None:
                line, _ = self._bound.accept()
            else:
                line = socket.create_connection((self.address.host, self.address.port), CONNECT_S)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            line.settimeout(TICK_S)
            return line
        except TimeoutError as error:
            if self._bound is None:
                self._troubled(str(error))
        except OSError as error:
            self._troubled(error.strerror or str(error))
        except UnicodeError as error:  # of the resolver
            self._troubled(str(error))
        return None

    def _troubled(self, words: str) -> None:
        """Told once, when it begins or changes."""
        if words != self._trouble:
            self._trouble = words
            self._tell(Event.TROUBLE, f"cannot be reached ({words}); what it would see is not watched")

    def _stream(self, line: socket.socket) -> "_Over":
        """Receives until the line is over, and says why it is."""
        heard_s, is_silent, has_spoken = time.monotonic(), False, False
        while not self._is_stopping:
            try:
                data = line.recv(CHUNK_BYTES)
            except TimeoutError:
                quiet_s = time.monotonic() - heard_s
                if quiet_s > self._limits.dead_s:
                    return _Over(f"has said nothing for {quiet_s:.0f} s, and the line may be half open", has_spoken)
                if quiet_s > self._limits.silent_s and not is_silent:
                    is_silent = True
                    self._tell(Event.SILENT, "is silent; what it would see is not watched")
                continue
            except OSError as error:
                return _Over(f"was cut ({error.strerror or error})", has_spoken)
            if not data:
                return _Over("was cut", has_spoken)
            heard_s, is_silent, has_spoken = time.monotonic(), False, True
            arrived = Arrived(Event.DATA, self._now(), data)
            while not self._inbox.put(arrived) and not self._is_stopping:
                self._inbox.wait_for_room(TICK_S)  # the kernel's buffer fills, and then the sender waits
        return _Over("", has_spoken)

    # UDP

    def _datagrams(self) -> None:
        """One datagram after the other; lost ones are told with the next that has room, and at the end."""
        bound, heard_s, is_silent, lost, seen = self._bound, time.monotonic(), False, 0, 0
        while bound is not None and not self._is_stopping:
            try:
                data, beside, _, _ = bound.recvmsg(DATAGRAM_BYTES, socket.CMSG_SPACE(_COUNT.size))
            except TimeoutError:
                if time.monotonic() - heard_s > self._limits.silent_s and not is_silent:
                    is_silent = True
                    self._tell(Event.SILENT, "is silent; what it would see is not watched")
                continue
            except OSError as error:
                self._troubled(error.strerror or str(error))
                self._pause(TICK_S)
                continue
            heard_s, is_silent = time.monotonic(), False
            total = _lost_in_kernel(beside, seen)
            lost, seen = lost + (total - seen) % 2**32, total
            if not self._inbox.put(Arrived(Event.DATA, self._now(), data)):
                lost += 1
            elif lost:
                self._tell(Event.LOST, lost=lost)
                lost = 0
        if lost:
            self._tell(Event.LOST, lost=lost)


def _lost_in_kernel(beside: list[tuple[int, int, bytes]], before: int) -> int:
    """How many datagrams the kernel had no room for since the socket was made; as `before` where it does not say."""
    for level, kind, data in beside:
        if level == socket.SOL_SOCKET and kind == SO_RXQ_OVFL and len(data) >= _COUNT.size:
            return int(_COUNT.unpack_from(data)[0])
    return before


def _bind(address: Address) -> socket.socket:
    """The socket that listens. Raises UnavailableError."""
    kind = socket.SOCK_DGRAM if address.kind is Kind.UDP else socket.SOCK_STREAM
    try:
        family, _, _, _, place = socket.getaddrinfo(address.host, address.port, type=kind)[0]
        bound = socket.socket(family, kind)
    except OSError as error:
        raise UnavailableError(f"{address}: {error.strerror or error}") from None
    except UnicodeError as error:  # of the resolver
        raise UnavailableError(f"{address}: {error}") from None
    try:
        if kind is socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BYTES)
            _count_losses(bound)
        bound.bind(place)
        if kind is socket.SOCK_STREAM:
            bound.listen(1)
        bound.settimeout(TICK_S)
    except OSError as error:
        bound.close()
        raise UnavailableError(f"{address} cannot be listened at: {error.strerror or error}") from None
    return bound


def _count_losses(bound: socket.socket) -> None:
    """Asks the kernel to tell what it had no room for; where it cannot, only what had no room here is counted."""
    try:
        bound.setsockopt(socket.SOL_SOCKET, SO_RXQ_OVFL, 1)
    except OSError:
        return
