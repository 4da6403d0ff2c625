"""`tafadi notice`: what may be announced, what is refused, and that nothing a peer writes steers a terminal."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nodes import Liar, World, square, tafadi, until, world
from tafadi.cli.exits import visible
from tafadi.measure.instant import Instant
from tafadi.model.alert import AlertBody, AlertKind, AlertStep
from tafadi.model.entry import EntryType
from tafadi.model.line import Stop, StopStep
from tafadi.node import SystemClock

STEERING = "\x1b[2J\x1b]0;owned\x07 \x9b31m \u202e \u2028\r\n\x00"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha, which runs, and bravo, for whom the tests speak; both have signed."""
    with world(tmp_path_factory.mktemp("notice"), "alpha", "bravo", start=False) as both:
        both["alpha"].start()
        liar = Liar(both, "bravo", "alpha")
        liar.load()
        first, liar.leaves = liar.leaves, []
        assert liar.push(*first).status_code == 200
        until(lambda: both["alpha"].status()["in_force"])
        yield both


def send(world: World, text: str | bytes, *options: str) -> Any:
    """What `notice send` does with this text."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return world["alpha"].cli("notice", "send", "-", *options, stdin=data)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (b"", "nothing in it"),
        (b"\xff\xfe", "UTF-8"),
        (b"null", ""),
        (b"[" * 100_000, ""),
        (b'{"type": "FeatureCollection", "features": []}', "no feature"),
        (b" " * 4_100_000, "longer than"),
        (square(lower="300 [m]"), "datum"),
        (square(start="2027-03-01T06:00:00"), "UTC"),
        (square(end="2020-03-01T06:00:00Z"), "ends at"),
        (square(target="x"), "target"),
        (square(title="a" * 300), "title"),
        (square(title="a\x1b[2Jb"), "control character"),
        (square(title="turn \u202e here"), "control character"),
        (square(disclosure="private"), "reserved"),
        (square(lat=95.0), ""),
    ],
)
def test_a_notice_that_is_none_is_refused_in_one_sentence(pair: World, text: str | bytes, part: str) -> None:
    assert part in send(pair, text).sentence()


def test_a_folder_a_missing_file_and_the_memory_are_no_notice(pair: World, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing", Path("/dev/zero"), Path("/proc/self/mem")):
        assert pair["alpha"].cli("notice", "send", path).sentence()


def test_two_notices_in_one_file_are_not_sent(pair: World) -> None:
    both = json.loads(square("one"))
    both["features"] += json.loads(square("two", notice="two"))["features"]
    assert "2 notices" in send(pair, json.dumps(both)).sentence()


def test_a_notice_in_any_script_comes_through_as_it_was_written(pair: World) -> None:
    title = "учение «Север» — تمرين البحث 🛩"
    entry = pair["alpha"].ask("notice", "send", "-", stdin=square(title).encode())["entry"]
    listed = pair["alpha"].cli("notice", "list")
    assert title in listed.out
    assert entry in listed.out
    assert pair["alpha"].ask("notice", "list")["notices"][-1]["notice"]["title"] == title


def test_an_unknown_precedence_or_mode_or_option_is_a_usage_error(pair: World) -> None:
    assert send(pair, square(), "--precedence", "LATER").code == 2
    assert send(pair, square(), "--no-such-option").code == 2
    assert "is none of" in send(pair, square(), "--mode", "PLAY").sentence()


def test_a_track_is_assigned_only_to_an_own_notice(pair: World) -> None:
    entry = json.loads(send(pair, square("flown"), "--track", "sky/101", "--json").out)["entry"]
    assert json.loads((pair["alpha"].path / "assigned.json").read_text())["sky/101"] == entry


def test_nothing_that_a_peer_writes_steers_the_terminal(pair: World) -> None:
    bravo = Liar(pair, "bravo", "alpha")
    bravo.load()
    now = Instant.parse(str(SystemClock().now()))
    alert = AlertBody(AlertStep.RAISED, "f" * 64, AlertKind.TRACKS, ("sky/1", "sky/2"))
    payloads = [
        {**bravo.message(alert, EntryType.ALERT, now), "body": _with_subjects(STEERING)},
        {**bravo.message(Stop(StopStep.RAISED, ("x",)), EntryType.STOP, now), "body": {"step": "RAISED", "what": [STEERING]}},
        {**bravo.message(Stop(StopStep.RAISED, ("x",)), EntryType.STOP, now), STEERING: "x"},
    ]
    for number, payload in enumerate(payloads):
        assert bravo.push(bravo.leaf({**payload, "index": len(bravo.leaves)})).status_code == 200, number
    place = len(bravo.leaves) - 1
    until(lambda: f"bravo/1/{place}" in pair["alpha"].ask("line", "show")["refusals"])
    for command in (("line", "show"), ("notice", "list"), ("feed", "show"), ("feed", "verify"), ("node", "status"), ("incident", "show")):
        for option in ((), ("--json",)):
            told = pair["alpha"].cli(*command, *option)
            assert told.out == "\n".join(visible(line) for line in told.out.split("\n")), command
            assert not told.err


def _with_subjects(text: str) -> dict[str, Any]:
    return {"step": "RAISED", "situation": "f" * 64, "kind": "track-track", "subjects": [text, "sky/2"]}


def test_json_output_still_says_exactly_what_was_written() -> None:
    shown = visible(json.dumps({"a": STEERING}, ensure_ascii=False))
    assert shown.isprintable()
    assert json.loads(shown) == {"a": STEERING}


def test_a_hostile_file_name_does_not_steer_the_terminal(tmp_path: Path) -> None:
    told = tafadi("node", "status", tmp_path / "a\x1b[2Jb")
    assert told.code == 2
    assert "\x1b" not in told.err
