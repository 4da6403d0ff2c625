"""The peers' door: strangers who never finish a handshake shut out neither a peer nor an officer."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodes import ANSWERS_S, Liar, World, until, world
from tafadi.errors import UnavailableError
from tafadi.web import door
from tafadi.web.door import PeerDoor, allow_open_files, listening_socket

FILES: int = 128  # descriptors for the node under siege
STRANGERS: int = 400
STAY_S: float = 120.0  # how long strangers may stay who are not too many; longer than any answer takes on a loaded machine


@contextlib.contextmanager
def opened(handshakes_max: int) -> Iterator[PeerDoor]:
    """A door on loopback."""
    with PeerDoor(socket.AF_INET) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        listener.handshakes_max = handshakes_max
        yield listener


def _cut(client: socket.socket) -> bool:
    client.settimeout(0.0)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_the_oldest_unfinished_handshake_goes_when_there_are_too_many() -> None:
    async def run() -> list[bool]:
        with opened(2) as listener, contextlib.ExitStack() as stack:
            clients = []
            for number in range(4):
                clients.append(stack.enter_context(socket.create_connection(listener.getsockname())))
                connection, _ = listener.accept()
                stack.enter_context(connection)
                if number == 0:
                    listener.known(connection.fileno())
            assert listener.strangers == 2
            return [_cut(client) for client in clients]

    assert asyncio.run(run()) == [False, True, False, False], "the first has shown its certificate"


def test_a_handshake_that_takes_too_long_is_cut_and_a_finished_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "HANDSHAKE_MAX_S", 0.05)

    async def run() -> list[bool]:
        with opened(9) as listener, contextlib.ExitStack() as stack:
            clients = []
            for number in range(2):
                clients.append(stack.enter_context(socket.create_connection(listener.getsockname())))
                connection, _ = listener.accept()
                stack.enter_context(connection)
                if number == 0:
                    listener.known(connection.fileno())
            await asyncio.sleep(0.3)
            assert listener.strangers == 0
            return [_cut(client) for client in clients]

    assert asyncio.run(run()) == [False, True]


def test_a_connection_that_was_closed_counts_no_more() -> None:
    async def run() -> int:
        with opened(9) as listener, contextlib.ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(socket.create_connection(listener.getsockname()))
                listener.accept()[0].close()
            return listener.strangers

    assert asyncio.run(run()) == 1, "the last is counted until the next one comes"


def test_strangers_have_only_a_share_of_the_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 256))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: told.append(limits))
    with opened(9) as listener:
        allow_open_files(listener)
        assert (told, listener.handshakes_max) == ([(256, 256)], 64)


def test_a_port_that_is_taken_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(UnavailableError, match="cannot listen"):
        listening_socket("127.0.0.1", other.getsockname()[1])


# The node under siege can get no more descriptors, and gives strangers a long time.
BESIEGED = f"""
import resource
from tafadi.web import door
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
door.HANDSHAKE_MAX_S = {STAY_S}
"""


@pytest.fixture
def besieged(tmp_path: Path) -> Iterator[World]:
    """Alpha's node, running, and bravo's keys."""
    with world(tmp_path, "alpha", "bravo", start=False) as both:
        both["alpha"].start(before=BESIEGED)
        yield both


def test_a_flood_of_silent_strangers_keeps_neither_the_officer_nor_a_peer_out(besieged: World) -> None:
    alpha, bravo = besieged["alpha"], Liar(besieged, "bravo", "alpha")
    with contextlib.ExitStack() as strangers:
        door = ("127.0.0.1", alpha.port)
        silent = [strangers.enter_context(socket.create_connection(door, timeout=ANSWERS_S)) for _ in range(STRANGERS)]
        until(lambda: _cut(silent[0]))  # the door is full: the oldest had to go
        assert alpha.cli("line", "show").code == 0
        assert bravo.get(f"/feed/{besieged.pact.origin('alpha')}/checkpoint").status_code < 500
        assert not _cut(silent[-1]), "both were answered while the door was still full"
    assert "Too many open files" not in alpha.log.read_text()
