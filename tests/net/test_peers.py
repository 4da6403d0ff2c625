"""The line between two running nodes: cut, moved, far behind, answered with nonsense; it comes back, and every receipt with it."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from nodes import RealNode, World, free_port, until, world
from tafadi.desk.exchange import Ask
from tafadi.errors import UnavailableError
from tafadi.net import peers
from tafadi.net.caller import Caller
from tafadi.net.tls import server_context


def say(node: RealNode, count: int) -> None:
    """So many attempts, said by hand in one go while the node does not run."""
    from tafadi.node import Node, SystemClock
    from tafadi.web.verbs.table import perform

    folder = node.folder
    with folder.locked():
        opened = Node(folder, SystemClock())
        try:
            for number in range(count):
                perform(opened, "line.attempt", {"channel": "radio", "tries": 1, "answered": False, "text": str(number)})
        finally:
            opened.close()


def test_rule_02_a_peer_that_was_down_catches_up_with_hundreds_of_entries_and_all_receipts_are_there(tmp_path: Path) -> None:
    with world(tmp_path, "alpha", "bravo", start=False) as both:
        say(both["alpha"], 700)
        both["alpha"].start()
        until(lambda: "does not answer" in both["alpha"].trouble("bravo"))
        both["bravo"].start()
        until(both.settled)
        assert both["alpha"].status()["stored_at"]["bravo"] >= 701
        for node in both.nodes.values():
            report = node.ask("feed", "verify")
            assert [feed["receipts"] for feed in report["feeds"]].count(1) >= 1
            assert all(not feed["faults"] for feed in report["feeds"])


def test_a_receipt_that_was_lost_on_the_way_is_given_again(tmp_path: Path) -> None:
    """The sender died between the other's commit and its own: all is stored, and the sender does not know it."""
    import sqlite3

    with world(tmp_path, "alpha", "bravo", start=False) as both:
        say(both["alpha"], 300)
        both.start()
        until(both.settled)
        for receipts_left in ("", "1"):
            assert both["alpha"].stop() == 0
            with sqlite3.connect(both["alpha"].path / "journal.db") as db:
                if receipts_left:
                    db.execute("UPDATE receipt SET size = 290 WHERE origin LIKE '%/alpha/%'")
                else:
                    db.execute("DELETE FROM receipt WHERE origin LIKE '%/alpha/%'")
            assert both["alpha"].status()["stored_at"]["bravo"] in (0, 290)
            both["alpha"].start()
            until(both.settled)


def test_a_line_that_is_down_alarms_and_so_does_its_return(tmp_path: Path) -> None:
    with world(tmp_path, "alpha", "bravo") as both:
        both["bravo"].kill()
        until(lambda: "the line to bravo is DOWN" in both["alpha"].log.read_text())
        both["bravo"].start()
        until(lambda: "the line to bravo is up again" in both["alpha"].log.read_text())
        until(lambda: both["alpha"].trouble("bravo") == "")


def test_a_peer_that_moved_is_found_at_its_new_address_without_a_restart(tmp_path: Path) -> None:
    with world(tmp_path, "alpha", "bravo") as both:
        bravo = both["bravo"]
        assert bravo.stop() == 0
        bravo.port = free_port()
        settings = bravo.path / "node.json"
        import json

        settings.write_text(json.dumps({**json.loads(settings.read_text()), "port": bravo.port}))
        bravo.start()
        assert both["alpha"].cli("node", "peer", "--party", "bravo", "--url", bravo.url).code == 0
        both["alpha"].ask("line", "check")  # the next verb
        until(both.settled)


@contextmanager
def impostor(both: World, answer: bytes) -> Iterator[int]:
    """A server with bravo's real certificate that answers every request with these bytes."""
    context = server_context(both["bravo"].path / "keys", [both.pact.cards["alpha"].tls_certificate])
    listener = socket.create_server(("127.0.0.1", 0))

    def converse(client: socket.socket) -> None:
        try:
            with context.wrap_socket(client, server_side=True) as tls:
                while tls.recv(65_536):
                    tls.sendall(answer)
        except (OSError, ssl.SSLError):
            client.close()

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=converse, args=(client,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


def test_an_answer_that_comes_byte_by_byte_does_not_hold_up_the_line_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "EXCHANGE_MAX_S", 0.5)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.05)

    async def ask() -> None:
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        caller = Caller(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", None, peers.ANSWER_MAX_BYTES)
        with closing(caller), pytest.raises(UnavailableError, match="TimeoutError"):
            await peers.exchange(caller, Ask("POST", "/push"))
        server.close()

    asyncio.run(asyncio.wait_for(ask(), 30.0))  # the whole answer would take 50 s


@pytest.fixture(scope="module")
def lonely(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha, running, and bravo, of which only the keys are there."""
    with world(tmp_path_factory.mktemp("lonely"), "alpha", "bravo", start=False) as both:
        both["alpha"].start_loaded()
        yield both


def response(status: str, body: bytes, *headers: str) -> bytes:
    """An HTTP answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (b"\x00\xff garbage\r\n\r\n", "does not answer"),
        (response("200 OK", b""), "signature"),
        (response("200 OK", b"not a receipt\n"), ""),
        (response("200 OK", b"x" * 3_000_000), "longer than"),
        (response("200 OK", b"\x1f\x8b" + b"\x00" * 50, "Content-Encoding: gzip"), ""),
        (response("409 Conflict", b"999999999\n"), "cannot be"),
        (response("409 Conflict", b"0\n"), "cannot be"),
        (response("409 Conflict", b"many\n"), "no size"),
        (response("302 Found", b"", "Location: https://127.0.0.1:1/"), "refused"),
        (response("500 Oops", b"\x1b[2J" * 100), "refused"),
        (response("503 Busy", b'{"detail": "not now"}'), "not now"),
        (response("503 Busy", b"[1]"), "does not take"),
        (b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"a" * 8_000) for n in range(200)) + b"\r\n", "does not answer"),
    ],
)
def test_a_peer_that_answers_nonsense_is_told_in_words_and_harms_nothing(lonely: World, answer: bytes, part: str) -> None:
    alpha = lonely["alpha"]
    before_mb = alpha.rss_mb()
    with impostor(lonely, answer) as port:
        assert alpha.cli("node", "peer", "--party", "bravo", "--url", f"https://127.0.0.1:{port}").code == 0
        alpha.status()  # the next verb: now it learns the address
        trouble = until(lambda: alpha.trouble("bravo"))
        assert part in trouble
        assert alpha.status()["stored_at"]["bravo"] == 0
        assert "\x1b" not in alpha.cli("line", "show").out
        assert alpha.rss_mb() - before_mb < 60.0
        assert "Traceback" not in alpha.log.read_text()
