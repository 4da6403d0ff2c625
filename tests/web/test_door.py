"""The peers' door: strangers who never finish a handshake shut out neither a peer nor an officer."""

import asyncio
import contextlib
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodes import Liar, RealNode, World, until, world
from tafadi.errors import UnavailableError
from tafadi.web import door
from tafadi.web.door import PeerDoor, allow_open_files, listening_socket

FILES: int = 128  # descriptors for the node under siege
STRANGERS: int = 400


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


@pytest.fixture
def besieged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Two nodes in force; alpha's has few descriptors, and can get no more."""

    def start(node: RealNode) -> None:
        limited = (
            "import resource, sys, runpy\n"
            f"resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))\n"
            "sys.argv = ['tafadi', *sys.argv[1:]]\n"
            "runpy.run_module('tafadi', run_name='__main__')\n"
        )
        node.starts += 1
        with node.log.open("ab") as log:
            command = [sys.executable, "-c", limited, "node", "run", str(node.path)]
            node.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(node._is_ready, 60.0)

    with world(tmp_path, "alpha", "bravo", start=False) as both:
        start(both["alpha"])
        yield both


def test_a_flood_of_silent_strangers_keeps_neither_the_officer_nor_a_peer_out(besieged: World) -> None:
    alpha, bravo = besieged["alpha"], Liar(besieged, "bravo", "alpha")
    with contextlib.ExitStack() as strangers:
        for _ in range(STRANGERS):
            strangers.enter_context(socket.create_connection(("127.0.0.1", alpha.port), timeout=5.0))
        time.sleep(0.5)
        began = time.monotonic()
        assert alpha.cli("line", "show").code == 0
        assert bravo.get(f"/feed/{besieged.pact.origin('alpha')}/checkpoint").status_code < 500
        assert time.monotonic() - began < 15.0, "a loaded machine takes its time, and a door without descriptors takes a minute"
    assert "Too many open files" not in alpha.log.read_text()
