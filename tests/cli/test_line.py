"""Two real nodes speak to each other, and everything that their officers do goes through the command line.

The tests of this module are one dialogue on one pair of nodes; each begins with what it needs and leaves the line working.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nodes import RealNode, World, square, until, world


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, signed and running."""
    with world(tmp_path_factory.mktemp("line"), "alpha", "bravo") as both:
        yield both


def notice(node: RealNode, entry: str) -> Any:
    """The notice in the node's list; None while it is not there."""
    return next((one for one in node.ask("notice", "list")["notices"] if one["id"] == entry), None)


def view(node: RealNode, what: str, entry: str) -> Any:
    """The line check or stop in what the node shows of the line; None while it is not there."""
    return next((one for one in node.ask("line", "show")[what] if one["id"] == entry), None)


def test_both_nodes_hold_the_agreement_in_force_with_one_digest(pair: World) -> None:
    ids = {node.status()["id"] for node in pair.nodes.values()}
    assert ids == {pair.pact.id}
    assert all(node.ask("line", "show")["in_force"] for node in pair.nodes.values())


def test_a_line_check_is_ok_only_when_the_other_officer_replied(pair: World) -> None:
    called = pair["alpha"].ask("line", "check")
    seen = until(lambda: view(pair["bravo"], "line_checks", called["entry"]))
    assert seen["state"] != "OK"
    assert seen["check"]["nonce"] == called["nonce"]
    pair["bravo"].ask("line", "ack", called["entry"])
    until(lambda: view(pair["alpha"], "line_checks", called["entry"])["state"] == "OK")


def test_a_line_check_between_two_is_shown_in_one_line_as_before(pair: World) -> None:
    called = pair["alpha"].ask("line", "check")["entry"]
    until(lambda: view(pair["bravo"], "line_checks", called))
    assert lines_of(pair["bravo"], called) == [f"[EXERCISE] line check {called} CALLED"]
    pair["bravo"].ask("line", "ack", called)
    until(lambda: view(pair["alpha"], "line_checks", called)["state"] == "OK")
    shown = view(pair["alpha"], "line_checks", called)
    assert shown["sides"] == {"bravo": "OK"}
    assert shown["replied_at"].keys() == {"bravo"}
    assert lines_of(pair["alpha"], called) == [f"[EXERCISE] line check {called} OK"]
    assert f"{pair['bravo'].party} has replied" in pair["bravo"].cli("line", "ack", called).sentence()


def lines_of(node: RealNode, called: str, lang: str = "en") -> list[str]:
    """What `line show` prints of one line check: its line and the indented ones below it."""
    shown = node.cli("line", "show", "--lang", lang)
    assert shown.code == 0
    lines = shown.out.splitlines()
    first = next(number for number, line in enumerate(lines) if called in line)
    last = next((number for number in range(first + 1, len(lines)) if not lines[number].startswith("  ")), len(lines))
    return lines[first:last]


def test_among_three_each_officer_answers_for_one_party_and_the_line_is_ok_when_all_have(tmp_path: Path) -> None:
    with world(tmp_path, "alpha", "bravo", "charlie") as three:
        called = three["alpha"].ask("line", "check")["entry"]
        until(lambda: view(three["charlie"], "line_checks", called))
        three["charlie"].ask("line", "ack", called)
        until(lambda: view(three["alpha"], "line_checks", called)["replied_at"])
        seen = view(three["alpha"], "line_checks", called)
        assert (seen["state"], seen["sides"]) == ("CALLED", {"bravo": "CALLED", "charlie": "OK"})
        at = seen["replied_at"]["charlie"]
        assert lines_of(three["alpha"], called) == [
            f"[EXERCISE] line check {called} CALLED",
            "  bravo has not replied",
            f"  charlie replied at {at}",
        ]
        for lang, waits, silent in (("ru", "ОЖИДАЕТСЯ ОТВЕТ", "ответа нет"), ("ar", "بانتظار الرد", "لا رد من الطرف")):
            told = lines_of(three["alpha"], called, lang)
            assert waits in told[0]
            assert silent in told[1]
            assert "bravo" in told[1]
            assert "\\u" not in "".join(told), "the marks that keep values in their direction reach the terminal as they are"
        until(lambda: view(three["bravo"], "line_checks", called))
        three["bravo"].ask("line", "ack", called)
        until(lambda: all(view(node, "line_checks", called)["state"] == "OK" for node in three.nodes.values()))
        assert three["alpha"].ask("line", "show")["refusals"] == {}


def test_nobody_replies_to_ones_own_line_check(pair: World) -> None:
    called = pair["alpha"].ask("line", "check")
    assert "own line check" in pair["alpha"].cli("line", "ack", called["entry"]).sentence()


def test_a_notice_is_stored_read_back_and_accepted(pair: World) -> None:
    entry = pair["alpha"].ask("notice", "send", "-", stdin=square("first").encode())["entry"]
    until(lambda: notice(pair["alpha"], entry)["readbacks"].get("bravo", {}).get("result") == "MATCH")
    until(lambda: notice(pair["alpha"], entry)["stored_by"] == ["bravo"])
    pair["bravo"].ask("line", "answer", entry, "accepted")
    until(lambda: notice(pair["alpha"], entry)["state"] == "ACCEPTED")


def test_an_own_notice_is_not_answered(pair: World) -> None:
    entry = pair["alpha"].ask("notice", "send", "-", stdin=square("own").encode())["entry"]
    assert "not addressed to alpha" in pair["alpha"].cli("line", "answer", entry, "accepted").sentence()


def test_two_notices_at_one_place_conflict_at_both_until_one_is_amended_and_cancelled(pair: World) -> None:
    first = pair["alpha"].ask("notice", "send", "-", stdin=square("here", lat=-36.0, lon=10.0).encode())["entry"]
    second = pair["bravo"].ask("notice", "send", "-", stdin=square("here too", lat=-36.0, lon=10.0).encode())["entry"]

    def alert(node: RealNode) -> Any:
        alerts = [one for one in node.ask("notice", "list")["alerts"] if set(one["subjects"]) == {first, second}]
        return next((one for one in alerts if len(one["raised"]) == 2), None)

    found = [until(lambda node=node: alert(node)) for node in pair.nodes.values()]  # type: ignore[misc]
    assert found[0]["prediction"] == found[1]["prediction"]
    assert found[0]["prediction"]["verdict"] == "conflict"
    pair["bravo"].ask("line", "ack", next(iter(found[0]["raised"].values())))
    amended = pair["bravo"].ask("notice", "amend", second, "-", stdin=square("here too", lat=-35.0, lon=10.0).encode())["entry"]
    until(lambda: notice(pair["alpha"], second)["revision"] == amended)
    until(lambda: all(alert(node)["state"] == "CLEARED" for node in pair.nodes.values()))
    cancelled = pair["bravo"].ask("notice", "cancel", second)["entry"]
    until(lambda: notice(pair["alpha"], second)["revisions"][-1:] == [cancelled] or notice(pair["alpha"], second)["cancelled"])
    assert "cancelled already" in pair["bravo"].cli("notice", "cancel", second).sentence()


def test_only_its_announcer_amends_or_cancels_a_notice(pair: World) -> None:
    entry = pair["alpha"].ask("notice", "send", "-", stdin=square("mine").encode())["entry"]
    until(lambda: notice(pair["bravo"], entry))
    assert "only alpha" in pair["bravo"].cli("notice", "cancel", entry).sentence()
    assert "only alpha" in pair["bravo"].cli("notice", "amend", entry, "-", stdin=square("mine").encode()).sentence()


def test_a_place_said_wrong_in_words_is_read_back_as_a_mismatch(pair: World) -> None:
    stated = [{"landmark": "north-light", "bearing": "10 [deg]", "distance": "5 [km]"}]
    entry = pair["alpha"].ask("notice", "send", "-", stdin=square("wrong", stated=stated).encode())["entry"]
    back = until(lambda: (notice(pair["alpha"], entry) or {})["readbacks"].get("bravo"))
    assert back["result"] == "MISMATCH"
    assert back["differences"]
    until(lambda: notice(pair["bravo"], entry)["readbacks"])
    assert "must be read back as MATCH" in pair["bravo"].cli("line", "answer", entry, "accepted").sentence()


def test_a_stop_goes_through_its_steps_and_no_step_is_left_out(pair: World) -> None:
    entry = pair["alpha"].ask("line", "stop", "--what", "sky/101", "--text", "hold")["entry"]
    until(lambda: view(pair["bravo"], "stops", entry))
    assert "cannot be ACTED now" in pair["bravo"].cli("line", "ack", entry, "--step", "ACTED").sentence()
    assert "closed by the one that raised it" in pair["bravo"].cli("line", "ack", entry, "--step", "CLOSED").sentence()
    for node, step in (("bravo", "HEARD"), ("bravo", "ACTED"), ("alpha", "CLOSED")):
        pair[node].ask("line", "ack", entry, "--step", step)
        until(lambda step=step: all(view(one, "stops", entry)["state"] == step for one in pair.nodes.values()))  # type: ignore[misc]
    steps = [step["step"] for step in view(pair["alpha"], "stops", entry)["steps"]]
    assert steps == ["RAISED", "HEARD", "ACTED", "CLOSED"]


def test_an_attempt_by_radio_is_kept_at_both(pair: World) -> None:
    entry = pair["alpha"].ask("line", "attempt", "--channel", "radio", "--tries", "22", "--frequency-mhz", "121.5")["entry"]
    kept = until(lambda: pair["bravo"].ask("line", "show")["attempts"].get(entry))
    assert (kept["tries"], kept["answered"], kept["frequency_hz"]) == (22, False, 121_500_000)


def test_a_roster_says_who_may_stop_and_nobody_else_hears_a_stop(pair: World, tmp_path: Path) -> None:
    hours = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
    duties = [{"role": "supervisor", "hours": hours, "languages": ["en"], "may_stop": True}]
    file = tmp_path / "roster.json"
    file.write_text(json.dumps(duties))
    pair["bravo"].ask("line", "roster", file)
    until(lambda: "bravo" in pair["alpha"].ask("line", "show")["rosters"])
    entry = pair["alpha"].ask("line", "stop", "--what", "sky/202")["entry"]
    until(lambda: view(pair["bravo"], "stops", entry))
    assert "no authority to stop" in pair["bravo"].cli("line", "ack", entry, "--role", "watch-officer").sentence()
    pair["bravo"].ask("line", "ack", entry, "--role", "supervisor")
    until(lambda: view(pair["alpha"], "stops", entry)["state"] == "HEARD")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("line", "ack", "alpha/1/99999"), "is not here"),
        (("line", "ack", "nobody/1/1"), "is no party"),
        (("line", "ack", "nonsense"), "is not an entry like"),
        (("line", "ack", "alpha/1/0"), "is no line check, stop, distress or alert"),
        (("line", "check", "--role", "admiral"), "has no key on this node"),
        (("line", "check", "--mode", "REAL"), "does not allow mode REAL"),
        (("line", "check", "--mode", "WAR"), "is none of REAL, EXERCISE, TEST"),
        (("line", "check", "--agreement", "sea"), "name one agreement"),
        (("line", "attempt", "--channel", "radio", "--tries", "0"), "0 tries"),
        (("line", "attempt", "--channel", "radio", "--tries", "-3"), "-3 tries"),
        (("line", "attempt", "--channel", "RADIO 5"), "channel"),
        (("line", "attempt", "--channel", "radio", "--frequency-mhz", "nan"), "frequency"),
        (("line", "attempt", "--channel", "radio", "--frequency-mhz", "inf"), "frequency"),
        (("line", "stop", "--what", "x", "--until", "2026-07-01T09:00:00 EST"), "Z"),
        (("line", "stop", "--what", "x", "--text", "a\x1b[2Jb"), "control character"),
        (("line", "stop", "--what", "x", "--text", "half \ud800 of a letter"), "UTF-8"),
        (("line", "answer", "alpha/1/0", "accepted"), "is no notice"),
        (("notice", "cancel", "alpha/1/0"), "is no notice"),
        (("incident", "reply", "alpha/1/0", "--account", "none"), "is no incident"),
        (("incident", "open", "--account", "none"), "--alert"),
        (("incident", "open", "--account", "none", "--alert", "alpha/1/0"), "raised no alert"),
        (("incident", "open", "--account", "none", "--start", "yesterday"), "is not a time"),
        (("incident", "open", "--account", "n", "--start", "2026-01-01T00:00:00Z", "--evidence", "xyz"), "SHA-256"),
        (("incident", "show", "alpha/1/99"), "is no incident"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(pair: World, arguments: tuple[str, ...], part: str) -> None:
    group, command, *rest = arguments
    assert part in pair["alpha"].cli(group, command, *rest).sentence()


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (b"", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"{}", "list"),
        (b'[{"role": "supervisor"}]', "hours"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b'[{"role": "x", "hours": {"start": "2026-01-01T00:00:00Z", "end": "2025-01-01T00:00:00Z"}, '
         b'"languages": ["en"], "may_stop": true}]', "ends at"),
    ],
)  # fmt: skip
def test_a_roster_that_is_none_is_refused_in_one_sentence(pair: World, body: bytes, part: str) -> None:
    assert part in pair["alpha"].cli("line", "roster", "-", stdin=body).sentence()


def test_the_line_is_shown_in_words_with_its_mode(pair: World) -> None:
    pair["alpha"].ask("line", "check")
    shown = pair["alpha"].cli("line", "show")
    assert shown.code == 0
    assert "[EXERCISE] line check" in shown.out
    assert "entries stored by bravo" in shown.out


def test_a_notice_is_active_only_after_it_was_passed_down(pair: World) -> None:
    entry = pair["alpha"].ask("notice", "send", "-", stdin=square("convoy", lat=-34.0, lon=11.0).encode())["entry"]
    until(lambda: notice(pair["bravo"], entry)["readbacks"])
    pair["bravo"].ask("line", "answer", entry, "accepted")
    until(lambda: notice(pair["alpha"], entry)["state"] == "ACCEPTED")
    assert "bravo must" in pair["alpha"].cli("notice", "activate", entry).sentence()
    pair["bravo"].ask("notice", "distributed", entry, "--level", "staff", "--level", "crew")
    until(lambda: notice(pair["alpha"], entry).get("distributed") == {"bravo": ["staff", "crew"]})
    for command, state in (("activate", "ACTIVE"), ("end", "ENDED")):
        pair["alpha"].ask("notice", command, entry)
        until(lambda state=state: notice(pair["bravo"], entry)["state"] == state)  # type: ignore[misc]


def test_a_distress_is_raised_heard_and_closed(pair: World) -> None:
    entry = pair["alpha"].ask("line", "distress", "--text", "two in a raft", "--lat", "-37.5", "--lon", "12.3", "--mode", "REAL")["entry"]
    until(lambda: view(pair["bravo"], "distresses", entry))
    assert f"[REAL] DISTRESS {entry} RAISED: two in a raft" in pair["bravo"].cli("line", "show").out
    assert "or neither" in pair["alpha"].cli("line", "distress", "--lat", "-37.5").sentence()
    assert "HEARD or CLOSED" in pair["bravo"].cli("line", "ack", entry, "--step", "ACTED").sentence()
    pair["bravo"].ask("line", "ack", entry)
    until(lambda: view(pair["alpha"], "distresses", entry)["state"] == "HEARD")
    pair["alpha"].ask("line", "ack", entry, "--step", "CLOSED")
    until(lambda: view(pair["bravo"], "distresses", entry)["state"] == "CLOSED")


def test_a_site_is_verified_by_a_second_person_and_withdrawn(pair: World) -> None:
    where = ("--category", "hospital", "--lat", "-37.5", "--lon", "12.3", "--radius", "150 [m]")
    entry = pair["alpha"].ask("site", "send", *where, "--title", "north clinic")["entry"]
    assert "second person" in pair["alpha"].cli("site", "verify", entry, "--role", "watch-officer").sentence()
    assert "to be verified again" in pair["alpha"].cli("site", "stale", entry).sentence()
    for command, state in (("verify", "VERIFIED"), ("withdraw", "WITHDRAWN")):
        pair["alpha"].ask("site", command, entry)
        until(lambda state=state: [one["state"] for one in pair["bravo"].ask("site", "list")["sites"]] == [state])  # type: ignore[misc]
    assert f"{entry} alpha WITHDRAWN hospital verified" in pair["bravo"].cli("site", "list").out


@pytest.mark.parametrize(
    ("lang", "parts"),
    [
        ("en", ("under", "in force", "entries stored by bravo", "last heard", "line check", "STOP")),
        ("ru", ("соглашение", "в силе", "у стороны bravo", "последний сигнал", "проверка линии связи", "«СТОП»")),
        ("ar", ("الاتفاق", "نافذ", "القيود المخزنة", "آخر سماع", "فحص خط الاتصال", "نداء «قف»")),
    ],
)
def test_the_line_is_shown_in_each_language(pair: World, lang: str, parts: tuple[str, ...]) -> None:
    check, stop = pair["alpha"].ask("line", "check")["entry"], pair["alpha"].ask("line", "stop", "--what", "sky/7")["entry"]
    shown = pair["alpha"].cli("line", "show", "--lang", lang)
    assert shown.code == 0
    assert all(part in shown.out for part in (*parts, check, stop, "sky/7")), shown.out


def test_in_the_end_both_hold_the_same_picture_and_every_receipt(pair: World) -> None:
    until(pair.settled)
    for node in pair.nodes.values():
        report = node.ask("feed", "verify")
        assert [feed["faults"] for feed in report["feeds"]] == [[], []]
        assert report["evidence"] == 0
