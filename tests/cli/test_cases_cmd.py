"""Claims, conferences, actions and the agreement's standing, at the command line of two real nodes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nodes import RealNode, World, until, world

TIMES = ("--start", "2026-11-20T10:00:00Z", "--end", "2026-11-20T11:00:00Z")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, signed and running."""
    with world(tmp_path_factory.mktemp("cases"), "alpha", "bravo") as both:
        yield both


def _found(node: RealNode, group: str, entry: str, word: str = "show") -> Any:
    things = node.ask(group, word)[f"{group}s"]
    return next((one for one in things if one["id"] == entry), None)


def _comes_to(node: RealNode, group: str, entry: str, state: str, word: str = "show") -> Any:
    return until(lambda: (found := _found(node, group, entry, word)) and found["state"] == state and found)


def test_an_incident_is_reviewed_and_closed_and_a_claim_about_it_agreed_to(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    entry = alpha.ask("incident", "open", "--account", "It crossed.", *TIMES)["entry"]
    _comes_to(bravo, "incident", entry, "OPEN")
    bravo.ask("incident", "reply", entry, "--account", "It did.")
    _comes_to(alpha, "incident", entry, "REPLIED")
    for node in (alpha, bravo):
        node.ask("incident", "review", entry, "--fact", "1 undisputed: it crossed")
        until(lambda node=node: all(node.party in _found(one, "incident", entry).get("reviews", {}) for one in (alpha, bravo)))  # type: ignore[misc]
        node.ask("incident", "close", entry)
    _comes_to(alpha, "incident", entry, "CLOSED")
    assert "item 1: undisputed: it crossed" in alpha.cli("incident", "show", entry).out
    assert "is no fact like" in alpha.cli("incident", "review", entry, "--fact", "so it was").sentence()
    claim = alpha.ask("claim", "make", "--clause", "no crossing", "--incident", entry)["entry"]
    _comes_to(bravo, "claim", claim, "MADE")
    bravo.ask("claim", "answer", claim, "--text", "It was blown off.")
    bravo.ask("claim", "settle", claim, "AGREED")
    _comes_to(alpha, "claim", claim, "AGREED")
    shown = alpha.cli("claim", "show", claim).out
    assert f"[EXERCISE] claim {claim} by alpha AGREED: no crossing" in shown
    assert "It was blown off." in shown


def test_a_conference_is_held_minuted_and_signed_and_its_action_listed(pair: World, tmp_path: Path) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    entry = alpha.ask("conference", "propose", *TIMES, "--item", "incidents: the crossing")["entry"]
    _comes_to(bravo, "conference", entry, "PROPOSED")
    bravo.ask("conference", "agree", entry)
    _comes_to(alpha, "conference", entry, "AGREED")
    for node in (alpha, bravo):
        node.ask("conference", "held", entry)
    for node in (alpha, bravo):
        _comes_to(node, "conference", entry, "HELD")
    file = tmp_path / "minutes.json"
    file.write_text(json.dumps([{"item": 1, "text": "The crossing.", "decision": "A roster for May."}]))
    draft = bravo.ask("conference", "minutes", entry, str(file))["entry"]
    _comes_to(alpha, "conference", entry, "MINUTED")
    alpha.ask("conference", "sign", entry, "--annex", "1: it was twice")
    _comes_to(bravo, "conference", entry, "SIGNED")
    shown = bravo.cli("conference", "show", entry, "--lang", "ru").out
    assert "ПОДПИСАНО" in shown
    assert "1. The crossing. => A roster for May." in shown
    given = ("--owner", "bravo", "--owner-role", "supervisor", "--due", "2026-01-01T00:00:00Z", "--minutes", draft)
    action = alpha.ask("action", "give", "--text", "publish it", *given)["entry"]
    assert f"action {action} OVERDUE: bravo (supervisor)" in alpha.cli("action", "list").out
    until(lambda: _found(bravo, "action", action, "list"))
    bravo.ask("action", "further", action, "DONE")
    _comes_to(alpha, "action", action, "DONE", "list")


def test_failure_12_a_suspended_agreement_says_so_and_the_line_goes_on(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    held = bravo.ask("agree", "suspend", "--type", "notice.operation")["entry"]
    until(lambda: "SUSPENDED" in alpha.cli("line", "show").out)
    shown = alpha.cli("agree", "standing").out
    assert "SUSPENDED by bravo since" in shown
    assert "stop, distress and line checks go on" in shown
    assert "معلّق" in alpha.cli("agree", "standing", "--lang", "ar").out
    check = alpha.ask("line", "check")["entry"]
    until(lambda: any(one["id"] == check for one in bravo.ask("line", "show")["line_checks"]))
    bravo.ask("line", "ack", check)
    until(lambda: any(one["id"] == check and one["state"] == "OK" for one in alpha.ask("line", "show")["line_checks"]))
    assert "itself" in alpha.cli("agree", "resume", held).sentence()
    bravo.ask("agree", "resume", held)
    until(lambda: alpha.ask("agree", "standing")["state"] == "RESUMED")
