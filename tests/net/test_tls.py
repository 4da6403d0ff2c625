"""The peers' port over real sockets: who may open a connection at all, and how a node takes bytes that are no conversation."""

import os
import resource
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from nodes import Liar, World, raw_tls, until, world
from tafadi.measure.instant import Instant
from tafadi.net.tls import client_context, make_certificate
from tafadi.trust.push import PUSH_MAX_BYTES

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, of which alpha runs; the tests speak for bravo."""
    with world(tmp_path_factory.mktemp("tls"), "alpha", "bravo", start=False) as both:
        both["alpha"].start_loaded()
        yield both


@pytest.fixture
def bravo(pair: World) -> Liar:
    """Bravo's keys, speaking to alpha."""
    return Liar(pair, "bravo", "alpha")


def speaks(port: int, context: ssl.SSLContext) -> bool:
    """Whether anything at all is answered to a request; with TLS 1.3 a refused certificate shows only here."""
    try:
        with raw_tls(context, port) as tls:
            tls.sendall(b"GET /feed/x HTTP/1.1\r\nHost: a\r\n\r\n")
            return bool(tls.recv(1))
    except (ssl.SSLError, ConnectionError):
        return False


def is_open(connection: ssl.SSLSocket) -> bool:
    """Whether the other side has neither answered nor closed the connection."""
    connection.settimeout(0.0)
    try:
        connection.recv(1)
    except ssl.SSLWantReadError:
        return True
    except (ssl.SSLError, ConnectionError):
        return False
    return False


def trusting(pair: World) -> ssl.SSLContext:
    """A client that trusts alpha's certificate and shows none itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=pair.pact.cards["alpha"].tls_certificate)
    return context


def test_the_certificate_on_the_card_opens_the_door(pair: World) -> None:
    assert speaks(pair["alpha"].port, client_context(pair["bravo"].path / "keys", pair.pact.cards["alpha"].tls_certificate))


def test_without_a_certificate_nothing_is_answered(pair: World) -> None:
    assert not speaks(pair["alpha"].port, trusting(pair))


def test_another_certificate_in_the_same_name_is_not_taken(pair: World, tmp_path: Path) -> None:
    key, certificate = make_certificate("bravo", Instant.parse("2026-01-01T00:00:00Z"))
    (tmp_path / "tls.pem").write_bytes(key)
    (tmp_path / "tls.crt").write_bytes(certificate)
    assert not speaks(pair["alpha"].port, client_context(tmp_path, pair.pact.cards["alpha"].tls_certificate))


def test_tls_1_2_is_not_spoken(pair: World) -> None:
    context = client_context(pair["bravo"].path / "keys", pair.pact.cards["alpha"].tls_certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert not speaks(pair["alpha"].port, context)


def test_a_client_trusts_no_server_but_the_one_on_the_card(pair: World) -> None:
    context = client_context(pair["bravo"].path / "keys", pair.pact.cards["bravo"].tls_certificate)
    with pytest.raises(ssl.SSLCertVerificationError):
        raw_tls(context, pair["alpha"].port)


def test_plain_http_is_not_spoken(pair: World) -> None:
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{pair['alpha'].port}/feed/x", trust_env=False)


def test_ones_own_certificate_is_no_other_party(pair: World, bravo: Liar) -> None:
    context = client_context(pair["alpha"].path / "keys", pair.pact.cards["alpha"].tls_certificate)
    if speaks(pair["alpha"].port, context):  # whether TLS takes it or not, it opens nothing
        with httpx.Client(verify=context, base_url=pair["alpha"].url, trust_env=False) as client:
            assert client.get(f"/feed/{bravo.origin}/checkpoint").status_code == 403


@pytest.mark.parametrize("bytes_first", [b"", b"\x16\x03\x01\xff\xff", b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 64])
def test_garbage_instead_of_a_handshake_ends_that_connection_alone(pair: World, bravo: Liar, bytes_first: bytes) -> None:
    with socket.create_connection(("127.0.0.1", pair["alpha"].port)) as plain:
        plain.sendall(bytes_first)
        assert bravo.get("/nowhere").status_code == 404


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST /push HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_garbage_instead_of_a_request_ends_that_connection_alone(pair: World, bravo: Liar, request_bytes: bytes) -> None:
    context = client_context(pair["bravo"].path / "keys", pair.pact.cards["alpha"].tls_certificate)
    with raw_tls(context, pair["alpha"].port) as tls:
        answer = b""
        with suppress(ssl.SSLError, ConnectionError):  # it may close the connection while we still talk
            tls.sendall(request_bytes)
            answer = tls.recv(100)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
    assert bravo.get("/nowhere").status_code == 404


def test_half_a_request_holds_up_nobody_else(pair: World, bravo: Liar) -> None:
    context = client_context(pair["bravo"].path / "keys", pair.pact.cards["alpha"].tls_certificate)
    slow = [raw_tls(context, pair["alpha"].port) for _ in range(20)]
    try:
        for connection in slow:
            connection.sendall(b"POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf")
        assert bravo.get("/nowhere").status_code == 404
        assert pair["alpha"].cli("node", "status").code == 0
        assert all(is_open(connection) for connection in slow), "both were answered while the halves were still waited for"
    finally:
        for connection in slow:
            connection.close()


def test_a_thousand_connections_that_say_nothing_keep_neither_officers_nor_peers_out(pair: World, bravo: Liar) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = 4_096 if hard == resource.RLIM_INFINITY else min(4_096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    silent = [socket.create_connection(("127.0.0.1", pair["alpha"].port)) for _ in range(min(1_200, allowed // 2))]
    try:
        assert bravo.get("/nowhere").status_code == 404
        assert pair["alpha"].cli("node", "status").code == 0
    finally:
        for connection in silent:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_request_cut_in_the_middle_leaves_no_traceback_in_the_log(pair: World, bravo: Liar) -> None:
    context = client_context(pair["bravo"].path / "keys", pair.pact.cards["alpha"].tls_certificate)
    with raw_tls(context, pair["alpha"].port) as tls:
        tls.sendall(b"POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf")
    assert bravo.get("/nowhere").status_code == 404
    assert "Traceback" not in pair["alpha"].log.read_text()


@pytest.mark.parametrize("path", ["/push", "/heartbeat", "/add-checkpoint", "/add-entries"])
def test_a_body_of_a_hundred_megabytes_is_cut_at_the_limit_and_takes_no_memory(pair: World, bravo: Liar, path: str) -> None:
    before_mb = pair["alpha"].rss_mb()

    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield os.urandom(MEGABYTE)

    try:
        with bravo.client() as client:
            assert client.post(path, content=endless()).status_code in (413, 400)
    except httpx.TransportError:
        pass  # the node closed the connection while we were still talking: as good an answer
    assert bravo.get("/nowhere").status_code == 404
    assert pair["alpha"].rss_mb() - before_mb < 60.0


def test_a_body_that_announces_too_much_is_refused_with_a_sentence(pair: World, bravo: Liar) -> None:
    answer = bravo.post("/push", bytes(PUSH_MAX_BYTES + 1))
    assert answer.status_code == 413
    assert "bytes allowed" in answer.json()["detail"]


def test_the_node_still_runs_and_its_feeds_verify_after_all_that(pair: World) -> None:
    until(lambda: pair["alpha"].cli("node", "status").code == 0)
    assert pair["alpha"].cli("feed", "verify").code == 0
    assert "Traceback" not in pair["alpha"].log.read_text()
