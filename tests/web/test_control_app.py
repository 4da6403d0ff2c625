"""The control socket: the owner's own door takes JSON and answers with JSON or a problem, whatever it is sent."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from nodes import ANSWERS_S, World, world
from tafadi.errors import UnavailableError
from tafadi.web.control_app import control_socket


@pytest.fixture(scope="module")
def alpha(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha, running alone."""
    with world(tmp_path_factory.mktemp("control"), "alpha", "bravo", start=False) as both:
        both["alpha"].start()
        yield both


def post(world: World, path: str, content: bytes) -> httpx.Response:
    """The answer of alpha's control socket."""
    transport = httpx.HTTPTransport(uds=str(world["alpha"].path / "control.sock"))
    with httpx.Client(transport=transport, base_url="http://node", timeout=ANSWERS_S) as client:
        return client.post(path, content=content)


def test_a_verb_without_arguments_may_have_no_body(alpha: World) -> None:
    assert post(alpha, "/verb/status", b"").json()["party"] == "alpha"


@pytest.mark.parametrize("body", [b"[]", b"5", b"null", b"{", b"\xff", b"[" * 100_000, b'{"a": "\\ud800"}', b'{"a": NaN}', b'{"x": 1}'])
def test_a_body_that_is_no_argument_object_is_a_problem_with_a_sentence(alpha: World, body: bytes) -> None:
    answer = post(alpha, "/verb/status", body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "InputError"


def test_a_body_without_end_is_refused(alpha: World) -> None:
    assert post(alpha, "/verb/status", b" " * 4_000_001).status_code == 413


@pytest.mark.parametrize("verb", ["nothing", "__init__", "status.x", "%2e%2e", "STATUS"])
def test_an_unknown_verb_is_a_problem(alpha: World, verb: str) -> None:
    assert post(alpha, f"/verb/{verb}", b"{}").status_code == 422


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("line.check", {"role": 5}),
        ("line.check", {"node": "x"}),
        ("line.stop", {}),
        ("line.stop", {"what": "sky/1"}),
        ("line.stop", {"what": [5]}),
        ("line.attempt", {"channel": "radio", "tries": True, "answered": False}),
        ("line.attempt", {"channel": "radio", "tries": 1e3, "answered": False}),
        ("line.attempt", {"channel": "radio", "tries": 10**400, "answered": False}),
        ("line.attempt", {"channel": "radio", "tries": 1, "answered": "no"}),
        ("line.attempt", {"channel": "radio", "tries": 1, "answered": False, "frequency_hz": 2**70}),
        ("line.roster", {"duties": [5]}),
        ("line.roster", {"duties": [{"role": "x", "surprise": 1}]}),
        ("line.roster", {"duties": [{"role": 1.5}]}),
        ("agree.sign", {"document": "%%%"}),
        ("agree.sign", {"document": "ÿ"}),
        ("agree.sign", {"document": "e30="}),
        ("notice.send", {"geojson": ""}),
        ("notice.assign", {"track": "a", "entry": "alpha/1/0"}),
        ("incident.open", {"account": "x", "start": "2026-01-01T00:00:00Z", "evidence": "ab"}),
        ("line.answer", {"entry": "alpha/1/0", "code": "granted"}),
        ("line.ack", {"entry": "alpha/1/0", "step": "DONE"}),
    ],
)
def test_arguments_of_the_wrong_kind_are_a_problem_and_never_a_failure(alpha: World, verb: str, arguments: dict[str, Any]) -> None:
    answer = post(alpha, f"/verb/{verb}", json.dumps(arguments).encode())
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["detail"]


def test_the_node_came_through_all_that_without_a_traceback(alpha: World) -> None:
    assert alpha["alpha"].cli("node", "status").code == 0
    assert "Traceback" not in alpha["alpha"].log.read_text()


def test_the_control_socket_is_its_owners_alone_from_the_first_moment(tmp_path: Path) -> None:
    with control_socket(tmp_path / "control.sock"):
        assert (tmp_path / "control.sock").stat().st_mode & 0o777 == 0o600


def test_a_name_too_long_for_a_socket_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="shorter folder"):
        control_socket(tmp_path / ("x" * 110))
