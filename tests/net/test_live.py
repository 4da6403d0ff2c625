"""Live inputs over real sockets on the loopback: what comes is handed over with its time, and what is lost, cut or silent is told."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tafadi.errors import InputError, UnavailableError
from tafadi.measure.instant import Instant
from tafadi.net.live import Address, Arrived, Event, Kind, Limits, Receiver, is_live

QUICK = Limits(inbox_bytes=200_000, silent_s=0.3, dead_s=0.9, retry_first_s=0.05, retry_last_s=0.2)


def now() -> Instant:
    return Instant(time.time_ns())


class Heard:
    """What a receiver hands over, taken in a thread; `until` waits for something in it."""

    def __init__(self, receiver: Receiver) -> None:
        self.all: list[Arrived] = []
        self._receiver = receiver
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        for arrived in self._receiver.arrivals():
            self.all.append(arrived)

    def until(self, holds: Callable[["Heard"], bool]) -> None:
        end_s = time.monotonic() + 20.0
        while not holds(self):
            assert time.monotonic() < end_s, self.all[-5:]
            time.sleep(0.01)

    def finish(self) -> None:
        self._receiver.stop()
        self._thread.join(20.0)
        assert not self._thread.is_alive()

    @property
    def data(self) -> bytes:
        return b"".join(arrived.data for arrived in self.all)

    def count(self, event: Event) -> int:
        return sum(arrived.event is event for arrived in self.all)


@contextmanager
def listening() -> Iterator[tuple[socket.socket, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20.0)
        yield server, server.getsockname()[1]


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_an_address_says_how_where_and_which_port() -> None:
    assert Address.parse("tcp://127.0.0.1:30003") == Address(Kind.TCP, "127.0.0.1", 30_003)
    assert str(Address.parse("udp://[::1]:8600")) == "udp://[::1]:8600"
    assert is_live("tcp-listen://localhost:1")
    assert not is_live("tcp")
    assert not is_live("a/udp://x")


@pytest.mark.parametrize("text", ["tcp://127.0.0.1", "tcp://:1", "udp://h:0", "udp://h:65536", "http://h:1", "tcp://h:1/x", "tcp://h:٣"])
def test_what_is_no_address_is_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match="is no live input"):
        Address.parse(text)


@pytest.mark.parametrize(
    "host", ["a" * 70, "a..b", ".", "x" * 64 + ".org", ".".join(["abc"] * 70), "a\0b", "a b", "\ud800", "ü" * 60, "\u202ea"], ids=range(10)
)
def test_a_host_that_no_resolver_takes_is_one_sentence(host: str) -> None:
    with pytest.raises(InputError, match="no host can have that name"):
        Address.parse(f"udp://{host}:3000")


@pytest.mark.parametrize("host", ["a" * 63, "radar.example.org.", "bücher.example", "[fe80::1%eth0]", "10.0.0.1"])
def test_a_host_that_a_resolver_takes_is_an_address(host: str) -> None:
    assert Address.parse(f"udp://{host}:3000").host == host.strip("[]")


def test_a_name_that_the_resolver_cannot_encode_is_told_and_ends_no_thread() -> None:
    name = "a" * 70
    with pytest.raises(UnavailableError, match="label"):
        Receiver(Address(Kind.UDP, name, 3000), now)
    with Receiver(Address(Kind.TCP, name, 3000), now, QUICK) as receiver:
        heard = Heard(receiver)
        heard.until(lambda heard: heard.count(Event.TROUBLE) == 1)
        assert "label" in heard.all[0].words
        heard.finish()


def test_what_ends_the_receiving_unforeseen_is_raised_where_it_is_taken_after_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(receiver: Receiver) -> None:
        receiver._tell(Event.SILENT)
        raise ZeroDivisionError("broken")

    monkeypatch.setattr(Receiver, "_datagrams", break_down)
    with Receiver(Address(Kind.UDP, "127.0.0.1", 0), now) as receiver:
        arrivals = receiver.arrivals()
        assert next(arrivals).event is Event.SILENT
        with pytest.raises(ZeroDivisionError, match="broken"):
            next(arrivals)


def waits_s(limits: Limits, greet: bytes, calls: int, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long a receiver would wait after each of so many connections that a peer accepts, greets and closes."""
    waits: list[float] = []

    def pause(receiver: Receiver, wait_s: float) -> None:
        waits.append(wait_s)
        receiver._is_stopping = len(waits) == calls

    monkeypatch.setattr(Receiver, "_pause", pause)
    with listening() as (server, port), Receiver(Address(Kind.TCP, "127.0.0.1", port), now, limits) as receiver:
        for _ in range(calls):
            line, _ = server.accept()
            with line:
                line.sendall(greet)
        assert sum(arrived.event is Event.CUT for arrived in receiver.arrivals()) == calls
    return waits


def test_a_peer_that_accepts_and_closes_at_once_is_called_ever_later(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(retry_first_s=1.0, retry_last_s=6.0)
    assert waits_s(limits, b"", 5, monkeypatch) == [1.0, 2.0, 4.0, 6.0, 6.0]


def test_a_peer_that_said_something_is_called_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waits_s(Limits(retry_first_s=1.0), b"one", 3, monkeypatch) == [1.0, 1.0, 1.0]


def test_a_connection_is_read_cut_and_made_again() -> None:
    with listening() as (server, port), Receiver(Address.parse(f"tcp://127.0.0.1:{port}"), now, QUICK) as receiver:
        heard = Heard(receiver)
        for part in (b"one\n", b"two\n"):
            line, _ = server.accept()
            line.sendall(part)
            heard.until(lambda heard, part=part: part in heard.data)  # type: ignore[misc]
            line.close()
        heard.until(lambda heard: heard.count(Event.CUT) == 2)
        heard.finish()
    begins = [arrived.words for arrived in heard.all if arrived.event is Event.BEGINS]
    assert begins[0] == "is followed"
    assert begins[1].startswith("is followed again after ")
    assert [arrived.at for arrived in heard.all] == sorted(arrived.at for arrived in heard.all)


def test_a_source_that_is_not_there_is_told_once_and_found_when_it_comes() -> None:
    port = free_port()
    with Receiver(Address.parse(f"tcp://127.0.0.1:{port}"), now, QUICK) as receiver:
        heard = Heard(receiver)
        heard.until(lambda heard: heard.count(Event.TROUBLE) == 1)
        time.sleep(0.5)
        assert heard.count(Event.TROUBLE) == 1
        assert "cannot be reached (Connection refused)" in heard.all[0].words
        with socket.create_server(("127.0.0.1", port)) as server:
            line, _ = server.accept()
            heard.until(lambda heard: heard.count(Event.BEGINS) == 1)
            line.close()
        heard.finish()


def test_a_line_on_which_nothing_comes_is_told_and_then_taken_for_half_open() -> None:
    with listening() as (server, port), Receiver(Address.parse(f"tcp://127.0.0.1:{port}"), now, QUICK) as receiver:
        heard = Heard(receiver)
        first, _ = server.accept()
        heard.until(lambda heard: heard.count(Event.CUT) == 1)
        second, _ = server.accept()
        assert heard.count(Event.SILENT) == 1
        assert any("half open" in arrived.words for arrived in heard.all)
        heard.finish()
        first.close()
        second.close()


def test_the_sender_waits_while_nobody_takes_what_came() -> None:
    sent = 0
    with listening() as (server, port), Receiver(Address.parse(f"tcp://127.0.0.1:{port}"), now, QUICK) as receiver:
        line, _ = server.accept()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        line.settimeout(0.5)
        with suppress(TimeoutError):
            while sent < 50_000_000:
                sent += line.send(b"x" * 65_536)
        assert sent < 50_000_000
        held = receiver._inbox._bytes
        assert held <= QUICK.inbox_bytes
        heard = Heard(receiver)
        heard.until(lambda heard: len(heard.data) >= sent)
        heard.finish()
        line.close()
    assert len(heard.data) == sent


def test_one_that_connects_is_listened_to_and_after_it_the_next() -> None:
    port = free_port()
    with Receiver(Address.parse(f"tcp-listen://127.0.0.1:{port}"), now, QUICK) as receiver:
        heard = Heard(receiver)
        for part in (b"one", b"two"):
            with socket.create_connection(("127.0.0.1", port), 20.0) as line:
                line.sendall(part)
            heard.until(lambda heard, part=part: part in heard.data)  # type: ignore[misc]
        heard.finish()
    assert heard.count(Event.BEGINS) == 2


def test_a_port_that_another_holds_is_one_sentence() -> None:
    with listening() as (_, port), pytest.raises(UnavailableError, match=f"tcp-listen://127.0.0.1:{port} cannot be listened at: Address"):
        Receiver(Address.parse(f"tcp-listen://127.0.0.1:{port}"), now)


def test_datagrams_come_whole_and_in_order() -> None:
    port = free_port(socket.SOCK_DGRAM)
    with Receiver(Address.parse(f"udp://127.0.0.1:{port}"), now, QUICK) as receiver, socket.socket(type=socket.SOCK_DGRAM) as sender:
        heard = Heard(receiver)
        for part in (b"one", b"", b"three" * 1_000):
            sender.sendto(part, ("127.0.0.1", port))
        heard.until(lambda heard: heard.count(Event.DATA) == 3)
        heard.until(lambda heard: heard.count(Event.SILENT) == 1)
        heard.finish()
    assert [arrived.data for arrived in heard.all if arrived.event is Event.DATA] == [b"one", b"", b"three" * 1_000]


def test_every_datagram_that_had_no_room_is_counted() -> None:
    port, sent = free_port(socket.SOCK_DGRAM), 3_000
    with Receiver(Address.parse(f"udp://127.0.0.1:{port}"), now, QUICK) as receiver, socket.socket(type=socket.SOCK_DGRAM) as sender:
        for _ in range(sent):
            sender.sendto(b"x" * 1_000, ("127.0.0.1", port))
        time.sleep(0.5)
        assert receiver._inbox._bytes <= QUICK.inbox_bytes
        heard = Heard(receiver)
        heard.until(lambda heard: heard.count(Event.DATA) >= 200)
        for _ in range(2):  # with the next one the kernel tells what it had no room for
            sender.sendto(b"last", ("127.0.0.1", port))
            time.sleep(0.1)
        heard.until(lambda heard: heard.count(Event.LOST) >= 1 and heard.data.endswith(b"last"))
        heard.finish()
    assert heard.count(Event.DATA) + sum(arrived.lost for arrived in heard.all) == sent + 2


def test_a_receiver_that_is_stopped_ends_soon_and_hands_out_what_it_has() -> None:
    with listening() as (server, port), Receiver(Address.parse(f"tcp://127.0.0.1:{port}"), now) as receiver:
        line, _ = server.accept()
        line.sendall(b"kept")
        time.sleep(0.3)
        began_s = time.monotonic()
        receiver.stop()
        assert b"".join(arrived.data for arrived in receiver.arrivals()) == b"kept"
        assert time.monotonic() - began_s < 5.0
        line.close()
