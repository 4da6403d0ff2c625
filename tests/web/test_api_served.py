"""The API of real nodes: streams that resume, keys that outlive a crash, a log without bodies, a supervisor that is told, and a fuzzer."""

import itertools
import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS, load_all_checks

from nodes import ANSWERS_S, RealNode, World, tafadi, until, world
from tafadi.cli.doctor import machine
from tafadi.web.clock_source import ClockSource

SEED: Final = 20_261_124
EXAMPLES: Final = 3  # of each route, of what is described and of what is not; more when somebody asks for it
NOT_SWEPT: Final = "/v1/events"  # it does not end; its own tests are here
SECRET: Final = "the hidden meadow"


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[socket.socket]:
    """What a supervisor is told: the socket that alpha's environment names."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as bound:
        bound.bind(str(tmp_path_factory.mktemp("supervisor") / "notify"))
        bound.settimeout(ANSWERS_S)
        yield bound


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, heard: socket.socket) -> Iterator[World]:
    """Alpha and bravo, running; alpha has an API, an operator in each of two roles, and a supervisor."""
    with world(tmp_path_factory.mktemp("served"), "alpha", "bravo", start=False) as made, pytest.MonkeyPatch.context() as environment:
        for role in ("watch-officer", "supervisor"):
            told = made["alpha"].ask("operator", "add", f"desk-{role}", "--role", role)
            (made.root / role).write_text(told["token"])
        made["bravo"].start()
        environment.setenv("NOTIFY_SOCKET", heard.getsockname())
        environment.setenv("WATCHDOG_USEC", "3000000")
        made["alpha"].start("--api", "127.0.0.1:0")
        until(lambda: all(node.status()["in_force"] for node in made.nodes.values()))
        until(lambda: tafadi("node", "status", made["alpha"].path, "--ready").code == 0)
        yield made


def address(node: RealNode) -> str:
    """Where the node's API is since its last start."""
    return str(re.findall(r"answers programs at (http://\S+)", node.log.read_text())[-1])


def client(both: World, role: str = "watch-officer") -> httpx.Client:
    """A program that asks as the operator in that role."""
    headers = {"authorization": f"Bearer {(both.root / role).read_text()}"}
    return httpx.Client(base_url=address(both["alpha"]), headers=headers, timeout=ANSWERS_S, trust_env=False)


def events(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """The events of a stream, each with its id, its name and its data."""
    event: dict[str, Any] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if line and name:
            event[name] = json.loads(value) if name == "data" else value
        elif "data" in event:
            yield event
            event = {}


def test_a_stream_tells_what_the_other_party_says_and_rings(both: World) -> None:
    with client(both) as asked, asked.stream("GET", "/v1/events") as response:
        told = events(response)
        assert next(told)["event"] == "here"
        said = both["bravo"].ask("line", "stop", "--what", "sky/1")["entry"]
        found = {"alarm": False, "entry": False}
        while not all(found.values()):
            event = next(told)
            found["alarm"] |= event["event"] == "alarm" and event["data"]["entry"] == said
            found["entry"] |= event["event"] == "entry" and event["data"]["id"] == said
        own = asked.post("/v1/line/attempt", json=TRIED).json()["entry"]
        receipts = (event["data"] for event in told if event["event"] == "stored" and event["data"]["party"] == "bravo")
        assert next(one for one in receipts if one["entries"] > int(own.rpartition("/")[2]))["feed"].endswith("/alpha/1")


def test_who_was_cut_off_by_a_crash_misses_nothing_and_is_told_nothing_twice(both: World) -> None:
    alpha = both["alpha"]
    with client(both) as asked, asked.stream("GET", "/v1/events", params={"cursor": "start"}) as response:
        told = events(response)
        here = next(event for event in told if event["event"] == "entry" and event["data"]["id"] == "alpha/1/0")
        kept = asked.post("/v1/line/attempt", json=TRIED, headers={"idempotency-key": "before-the-crash"}).json()
        alpha.kill()
    missed = both["bravo"].ask("line", "stop", "--what", "sky/2")["entry"]
    alpha.start()
    with client(both) as asked:
        assert asked.post("/v1/line/attempt", json=TRIED, headers={"idempotency-key": "before-the-crash"}).json() == kept
        with asked.stream("GET", "/v1/events", headers={"last-event-id": here["id"]}) as response:
            seen: list[str] = []
            for event in events(response):
                seen += [event["data"]["id"]] if event["event"] == "entry" else []
                if missed in seen:
                    break
    assert "alpha/1/0" not in seen
    assert len(set(seen)) == len(seen)
    until(lambda: tafadi("node", "status", alpha.path, "--ready").code == 0)


TRIED: Final = {"channel": "radio", "tries": 1, "answered": False}


@pytest.mark.parametrize("last", ["x", "alpha/1:1;alarm=zz:1", "charlie/1:1;alarm=ab:1", ";alarm=ab:-1", "\x7f" * 10, "a" * 5_000])
def test_an_id_of_no_event_is_refused(both: World, last: str) -> None:
    with client(both) as asked:
        assert asked.get("/v1/events", headers={"last-event-id": last}).status_code == 422


def test_bytes_that_are_no_request_are_refused_and_the_next_is_answered(both: World) -> None:
    host, _, port = address(both["alpha"]).removeprefix("http://").rpartition(":")
    token = (both.root / "watch-officer").read_text()
    head = f"GET /v1/status HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n"
    hostile = [
        b"\x16\x03\x01\x02\x00", b"GET /\r\n\r\n", b"GET " + b"a" * 100_000, head.encode() + b"Host: evil.example\r\n\r\n",
        f"GET /v1/status HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode(),
        head.replace("GET", "POST").encode() + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nzz\r\n\r\n",
        head.encode() + b"Content-Length: 99999999999999999999\r\n\r\n", head.encode() + b"Content-Length: 10\r\n\r\nabc",
        head.replace(" /v1", " http://evil.example/v1").encode() + b"\r\n",
        head.encode() + b"Upgrade: websocket\r\nConnection: upgrade\r\n\r\n",
    ]  # fmt: skip
    for sent in hostile:
        with closing(socket.create_connection((host, int(port)), timeout=ANSWERS_S)) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            connection.recv(65_536)
    with client(both) as asked:
        assert asked.get("/v1/status").status_code == 200
    assert "Traceback" not in both["alpha"].log.read_text()


def test_nothing_that_anybody_said_is_in_a_log(both: World) -> None:
    with client(both) as asked:
        entry = asked.post("/v1/line/distress", json={"text": SECRET, "what": ["sky/secret-track"]}).json()["entry"]
        until(lambda: any(alarm["entry"] == entry for alarm in both["bravo"].ask("line", "alarms")))
        asked.post("/v1/line/answer", json={"entry": "alpha/1/0", "code": SECRET})
        asked.get(f"/v1/notice/list?{SECRET}=1")
    for node in both.nodes.values():
        text = node.log.read_text()
        assert entry in text or node.party == "alpha"
        assert SECRET not in text
        assert "secret-track" not in text


def test_a_node_that_runs_in_order_is_well_and_a_root_key_beside_it_is_a_fault(both: World, monkeypatch: pytest.MonkeyPatch) -> None:
    root = both["alpha"].path / "keys" / "root.key"
    root.rename(both.root / "root.key")
    monkeypatch.setattr(machine, "clock_source", lambda: ClockSource(True, 0.01, ""))
    monkeypatch.setattr(machine, "sync_s", lambda folder: 0.001)
    monkeypatch.setattr(machine, "file_system", lambda path, mounts: "ext4")
    try:
        told = tafadi("node", "doctor", both["alpha"].path)
    finally:
        (both.root / "root.key").rename(root)
    assert told.code == 0, told.out
    assert "OK       node: it runs, and is ready" in told.out
    assert "OK       peer bravo: https://127.0.0.1:" in told.out
    assert tafadi("node", "doctor", both["alpha"].path).code == 1


@pytest.fixture(scope="module")
def described(both: World) -> Any:
    """The API as it describes itself."""
    load_all_checks()
    return schemathesis.openapi.from_url(f"{address(both['alpha'])}/v1/openapi.json")


CHECKED: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)


def swept(both: World, described: Any, examples: int) -> int:
    """How many routes were sent so many examples of what fits their description, and of what does not. Nothing of it stops the node."""
    checks = [CHECKS.get_one(name) for name in CHECKED]
    unhurried = settings(
        max_examples=examples, deadline=None, database=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck)
    )
    operations = [found.ok() for found in described.get_all_operations() if found.ok().path != NOT_SWEPT]
    with client(both, "supervisor") as asked:
        for operation, mode in itertools.product(operations, schemathesis.GenerationMode):

            @seed(SEED)
            @unhurried
            @given(case=operation.as_strategy(mode))
            def sweep(case: Any) -> None:
                response = case.call(base_url=str(asked.base_url), headers=dict(asked.headers))
                if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                    case.validate_response(response, checks=checks)

            with suppress(Unsatisfiable):  # of a route that takes nothing, nothing can be wrong
                sweep()
    assert both["alpha"].process is not None
    assert both["alpha"].process.poll() is None
    assert "Traceback" not in both["alpha"].log.read_text()
    return len(operations)


def test_whatever_a_fuzzer_sends_is_answered_as_described(both: World, described: Any) -> None:
    assert swept(both, described, EXAMPLES) > 30


@pytest.mark.soak
def test_whatever_a_fuzzer_sends_for_long_is_answered_as_described(both: World, described: Any) -> None:
    assert swept(both, described, EXAMPLES * 33) > 30


def test_a_supervisor_is_told_that_the_node_is_ready_lives_and_ends(both: World, heard: socket.socket) -> None:
    alpha = both["alpha"]
    said: list[str] = []
    while not {"READY", "WATCHDOG"} <= {one.partition("=")[0] for one in said}:
        said.append(heard.recv(4_096).decode())
    with client(both) as asked, asked.stream("GET", "/v1/events") as response:
        told = events(response)
        assert next(told)["event"] == "here"
        assert alpha.stop() == 0, "a stream holds up no end"
        assert [event for event in told if event["event"] == "entry"] == []
    while not heard.recv(4_096).startswith(b"STOPPING=1\n"):
        pass
    alpha.start()
