"""`tafadi incident`: both accounts and the evidence, at both nodes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nodes import RealNode, World, square, until, world

DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, signed and running."""
    with world(tmp_path_factory.mktemp("incident"), "alpha", "bravo") as both:
        yield both


def incident(node: RealNode, entry: str) -> Any:
    """The incident at the node; None while it is not there."""
    return next((one for one in node.ask("incident", "show")["incidents"] if one["id"] == entry), None)


def open_one(pair: World, account: str = "It came within sight.") -> str:
    """An incident opened by alpha, arrived at bravo."""
    times = ("--start", "2026-11-20T10:00:00Z", "--end", "2026-11-20T10:05:00Z")
    entry = str(pair["alpha"].ask("incident", "open", "--account", account, *times, "--evidence", DIGEST)["entry"])
    until(lambda: incident(pair["bravo"], entry))
    return entry


def test_an_incident_holds_both_accounts_and_their_evidence(pair: World) -> None:
    entry = open_one(pair)
    assert incident(pair["bravo"], entry)["state"] == "OPEN"
    pair["bravo"].ask("incident", "reply", entry, "--account", "We saw nobody.", "--evidence", DIGEST)
    both = [until(lambda node=node: _replied(node, entry)) for node in pair.nodes.values()]  # type: ignore[misc]
    assert both[0]["accounts"] == both[1]["accounts"]
    assert {account["evidence"][0] for account in both[0]["accounts"].values()} == {DIGEST}
    shown = pair["alpha"].cli("incident", "show", entry).out
    assert f"[EXERCISE] incident {entry} REPLIED" in shown
    assert "We saw nobody." in shown
    assert f"evidence sha256 {DIGEST}" in shown


def _replied(node: RealNode, entry: str) -> Any:
    found = incident(node, entry)
    return found if found["state"] == "REPLIED" else None


def test_among_three_an_incident_is_open_until_every_party_has_given_its_account(tmp_path: Path) -> None:
    with world(tmp_path, "alpha", "bravo", "charlie") as three:
        entry = open_one(three)
        until(lambda: incident(three["charlie"], entry))
        three["charlie"].ask("incident", "reply", entry, "--account", "We saw both.")
        until(lambda: "charlie" in incident(three["alpha"], entry)["accounts"])
        found = incident(three["alpha"], entry)
        assert (found["state"], found["sides"]) == ("OPEN", {"bravo": "OPEN", "charlie": "REPLIED"})
        shown = three["alpha"].cli("incident", "show", entry).out.splitlines()
        assert shown[0] == f"[EXERCISE] incident {entry} OPEN"
        assert "  charlie: We saw both." in shown
        assert shown[-1] == "  bravo has not given its account"
        assert "изложения обстоятельств от стороны bravo нет" in three["alpha"].cli("incident", "show", entry, "--lang", "ru").out
        assert "لا إفادة من الطرف \u2068bravo\u2069" in three["alpha"].cli("incident", "show", entry, "--lang", "ar").out
        three["bravo"].ask("incident", "reply", entry, "--account", "We saw nobody.")
        until(lambda: all(incident(node, entry)["state"] == "REPLIED" for node in three.nodes.values()))
        assert incident(three["bravo"], entry)["accounts"].keys() == {"alpha", "bravo", "charlie"}
        assert "has not given" not in three["bravo"].cli("incident", "show", entry).out


def test_nobody_replies_to_the_own_incident_or_twice(pair: World) -> None:
    entry = open_one(pair)
    assert "opened by this party" in pair["alpha"].cli("incident", "reply", entry, "--account", "x").sentence()
    pair["bravo"].ask("incident", "reply", entry, "--account", "x")
    assert "is REPLIED" in pair["bravo"].cli("incident", "reply", entry, "--account", "y").sentence()


def test_an_account_of_several_lines_cannot_be_taken_for_lines_of_the_program(pair: World) -> None:
    entry = open_one(pair, "first\n[REAL] incident alpha/1/1 CLOSED")
    shown = pair["bravo"].cli("incident", "show", entry).out
    assert "    | [REAL] incident alpha/1/1 CLOSED" in shown.splitlines()


def test_an_account_with_terminal_escapes_or_without_end_is_refused(pair: World) -> None:
    times = ("--start", "2026-11-20T10:00:00Z")
    assert "control character" in pair["alpha"].cli("incident", "open", "--account", "\x1b[2J", *times).sentence()
    assert "characters long" in pair["alpha"].cli("incident", "open", "--account", "x" * 90_000, *times).sentence()
    late = ("--start", "2026-11-20T10:00:00Z", "--end", "2026-11-19T10:00:00Z")
    assert "ends at" in pair["alpha"].cli("incident", "open", "--account", "x", *late).sentence()


def test_an_incident_is_opened_from_an_alert_with_its_times(pair: World) -> None:
    for node in pair.nodes.values():
        node.ask("notice", "send", "-", stdin=square(node.party, lat=-30.0).encode())
    alerts = until(lambda: pair["alpha"].ask("notice", "list")["alerts"])
    raised = next(iter(alerts[0]["raised"].values()))
    until(lambda: any(raised in alert["raised"].values() for alert in pair["bravo"].ask("notice", "list")["alerts"]))
    entry = pair["bravo"].ask("incident", "open", "--account", "It was foreseen.", "--alert", raised)["entry"]
    found = until(lambda: incident(pair["alpha"], entry))
    assert found["accounts"]["bravo"]["occurred"]["start"]
