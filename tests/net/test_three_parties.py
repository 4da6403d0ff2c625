"""Three parties under one agreement: each mirrors the others, relays what it holds, and one that is down or lies stops nobody else."""

from collections.abc import Iterator

import pytest

from nodes import Liar, World, until, world
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryType
from tafadi.model.line import Attempt
from tafadi.node import SystemClock
from tafadi.trust.push import Push, encode_push


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha, bravo and charlie, signed and running."""
    with world(tmp_path_factory.mktemp("three"), "alpha", "bravo", "charlie") as all_of_them:
        yield all_of_them


def test_all_three_come_to_hold_one_picture_and_every_receipt(three: World) -> None:
    for node in three.nodes.values():
        node.ask("line", "attempt", "--channel", "radio")
    until(three.settled)


def test_one_party_down_stops_nobody_else(three: World) -> None:
    three["charlie"].kill()
    entry = three["alpha"].ask("line", "check")["entry"]
    until(lambda: three["alpha"].status()["stored_at"]["bravo"] == three["alpha"].status()["feeds"]["alpha"])
    assert any(one["id"] == entry for one in three["bravo"].ask("line", "show")["line_checks"])
    three["charlie"].start()
    until(three.settled)


def test_a_party_may_relay_anothers_feed_because_its_owner_signed_it(three: World) -> None:
    """Alpha's new entries reach charlie out of bravo's hands while the line between alpha and charlie is cut."""
    assert three["charlie"].stop() == 0
    three["alpha"].ask("line", "attempt", "--channel", "telephone")
    until(lambda: three["bravo"].status()["feeds"]["alpha"] == three["alpha"].status()["feeds"]["alpha"])
    assert three["alpha"].stop() == 0
    three["charlie"].start()
    bravo, alpha = Liar(three, "bravo", "charlie"), Liar(three, "alpha", "charlie")
    alpha.load()
    held = three["charlie"].status()["feeds"]["alpha"]
    body = encode_push(Push(alpha.origin, held, tuple(alpha.leaves[held:]), alpha.note(alpha.leaves)))
    assert bravo.post("/push", body).status_code == 200
    assert three["charlie"].status()["feeds"]["alpha"] == len(alpha.leaves)
    three["alpha"].start()
    until(three.settled)


def test_a_relayed_lie_is_not_taken_because_its_owner_did_not_sign_it(three: World) -> None:
    bravo, alpha = Liar(three, "bravo", "charlie"), Liar(three, "alpha", "charlie")
    alpha.load()
    forged = bravo.leaf(bravo.message(Attempt("radio", 1, False), EntryType.ATTEMPT, Instant.parse(str(SystemClock().now()))))
    body = encode_push(Push(alpha.origin, len(alpha.leaves), (forged,), bravo.note([*alpha.leaves, forged])))
    assert bravo.post("/push", body).status_code in (400, 403)


def test_a_fork_by_one_party_is_found_and_receipts_between_the_honest_two_go_on(three: World) -> None:
    """Charlie tells alpha one story and bravo another, of the same length; from here on nothing heals it."""
    until(three.settled)
    assert three["charlie"].stop() == 0
    now = Instant.parse(str(SystemClock().now()))
    stories = {"alpha": Attempt("radio", 1, False), "bravo": Attempt("telephone", 3, True)}
    for target, story in stories.items():
        liar = Liar(three, "charlie", target)
        liar.load()
        assert liar.push(liar.leaf(liar.message(story, EntryType.ATTEMPT, now))).status_code == 200
    honest = [three["alpha"], three["bravo"]]
    for node in honest:
        until(lambda node=node: node.status()["evidence"] == 1)  # type: ignore[misc]
        assert node.cli("feed", "verify").code == 1
    three["alpha"].ask("line", "check")
    until(lambda: three["alpha"].status()["stored_at"]["bravo"] == three["alpha"].status()["feeds"]["alpha"])
    for node in honest:
        trouble = [state["trouble"] for name, state in node.ask("line", "show")["links"].items() if not name.endswith("/charlie")]
        assert trouble == [""]
        assert node.log.read_text().count("two different histories") == 1


def test_what_the_honest_two_say_after_the_fork_takes_effect_at_both(three: World) -> None:
    """Runs after the fork: alpha's entry says that it has seen charlie's first story, and bravo holds the second."""
    entry = three["alpha"].ask("line", "check")["entry"]
    until(lambda: three["alpha"].status()["stored_at"]["bravo"] == three["alpha"].status()["feeds"]["alpha"])
    until(lambda: not three["bravo"].status()["unjudged"])
    shown = three["bravo"].ask("line", "show")
    assert shown["refusals"] == {}
    assert any(one["id"] == entry for one in shown["line_checks"])
