"""Three parties under one agreement: each mirrors the others, relays what it holds, and one that is down or lies stops nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nodes import Liar, RealNode, World, free_port, until, world
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryType
from tafadi.model.line import Attempt
from tafadi.node import SystemClock
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.evidence import Contradiction, open_evidence
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


def test_a_party_that_was_down_hears_of_a_renewal_from_a_third_while_the_renewed_node_is_down_itself(three: World) -> None:
    alpha, bravo, charlie = three["alpha"], three["bravo"], three["charlie"]
    until(three.settled)
    assert (charlie.stop(), alpha.stop()) == (0, 0)
    assert alpha.begin_epoch("renew")["epoch"] == 2
    alpha.start()
    said = alpha.ask("line", "attempt", "--channel", "radio")["entry"]
    until(lambda: alpha.status()["stored_at"]["bravo"] == alpha.status()["feeds"]["alpha"])
    assert alpha.stop() == 0
    charlie.start()
    until(lambda: "alpha goes on with the keys of epoch 2" in charlie.log.read_text())
    bravo_said = bravo.ask("line", "check")["entry"]
    until(lambda: any(one["id"] == bravo_said for one in charlie.ask("line", "show")["line_checks"]))
    alpha.start()
    until(three.settled)
    assert said in charlie.ask("line", "show")["attempts"]
    for node in three.nodes.values():
        assert node.ask("node", "status")["epoch"] == (2 if node is alpha else 1)
        assert node.cli("feed", "verify").code == 0


def _cut(one: RealNode, other: RealNode) -> None:
    """No cable between the two any more: each looks for the other where nobody listens."""
    for node, away in ((one, other), (other, one)):
        assert node.cli("node", "peer", "--party", away.party, "--url", f"https://127.0.0.1:{free_port()}").code == 0
        node.status()  # the next verb: now it learns the address
        until(lambda node=node, away=away: node.trouble(away.party))  # type: ignore[misc]


def test_rule_08_with_the_cable_between_two_cut_entries_stops_and_receipts_go_through_the_third(three: World) -> None:
    until(three.settled)
    alpha, bravo = three["alpha"], three["bravo"]
    _cut(alpha, bravo)
    entry = alpha.ask("line", "check")["entry"]
    stop = alpha.ask("line", "stop", "--what", "sky/1")["entry"]
    until(lambda: any(one["id"] == entry for one in bravo.ask("line", "show")["line_checks"]))
    until(lambda: stop in str(bravo.ask("line", "show")["stops"]))
    assert bravo.cli("line", "ack", stop, "--step", "HEARD").code == 0
    until(lambda: alpha.status()["stored_at"]["bravo"] == alpha.status()["feeds"]["alpha"])
    until(lambda: "HEARD" in str(next(one for one in alpha.ask("line", "show")["stops"] if one["id"] == stop)))
    assert alpha.trouble("bravo")
    until(three.settled)
    three.introduce()
    for node in three.nodes.values():
        node.status()
    until(three.well)


def test_rule_11_a_fork_by_one_party_is_found_and_receipts_between_the_honest_two_go_on(three: World) -> None:
    """Charlie tells alpha one story and bravo another, of the same length; from here on nothing heals it."""
    until(three.settled)
    until(three.well)  # alpha was down just now, and bravo tries again within some seconds
    assert three["charlie"].stop() == 0
    now = Instant.parse(str(SystemClock().now()))
    stories = {"alpha": Attempt("radio", 1, False), "bravo": Attempt("telephone", 3, True)}
    for target, story in stories.items():
        liar = Liar(three, "charlie", target)
        liar.load()
        assert liar.push(liar.leaf(liar.message(story, EntryType.ATTEMPT, now))).status_code == 200
    honest = [(three["alpha"], "bravo"), (three["bravo"], "alpha")]
    for node, _ in honest:
        until(lambda node=node: node.status()["evidence"] == 1)  # type: ignore[misc]
        assert node.cli("feed", "verify").code == 1
    three["alpha"].ask("line", "check")
    until(lambda: three["alpha"].status()["stored_at"]["bravo"] == three["alpha"].status()["feeds"]["alpha"])
    for node, other in honest:
        assert node.trouble(other) == ""
        assert node.log.read_text().count("two different histories") == 1


def test_what_the_honest_two_say_after_the_fork_takes_effect_at_both(three: World) -> None:
    """Runs after the fork: alpha's entry says that it has seen charlie's first story, and bravo holds the second."""
    entry = three["alpha"].ask("line", "check")["entry"]
    until(lambda: three["alpha"].status()["stored_at"]["bravo"] == three["alpha"].status()["feeds"]["alpha"])
    until(lambda: not three["bravo"].status()["unjudged"])
    shown = three["bravo"].ask("line", "show")
    assert shown["refusals"] == {}
    assert any(one["id"] == entry for one in shown["line_checks"])


def _exhibits(node: RealNode) -> list[tuple[Contradiction, str]]:
    """What is proved against whom, by the evidence that the node keeps; each piece is verified anew."""
    journal = SqliteJournal(node.path / "journal.db", read_only=True)
    try:
        opened = [open_evidence(exhibit.data) for exhibit in journal.evidence()]
    finally:
        journal.close()
    return [(evidence.kind, card.party) for evidence, card in opened]


def test_a_fork_of_different_lengths_convicts_its_owner_at_both_who_were_told(tmp_path: Path) -> None:
    """Charlie, whose node never runs, tells alpha one entry and bravo two others: no checkpoints of one size ever meet."""
    with world(tmp_path, "alpha", "bravo", "charlie", start=False) as three:
        alpha, bravo = three["alpha"], three["bravo"]
        now = Instant.parse(str(SystemClock().now()))
        for node, lies in ((alpha, 1), (bravo, 2)):
            node.start()
            liar = Liar(three, "charlie", node.party)
            liar.load()
            first, liar.leaves = liar.leaves, []
            assert liar.push(*first).status_code == 200
            attempt = Attempt("radio", 1, False, text=f"told to {node.party}")
            told = [liar.leaf(liar.message(attempt, EntryType.ATTEMPT, now, index=len(first) + number)) for number in range(lies)]
            assert liar.push(*told).status_code == 200
        for node in (alpha, bravo):
            until(lambda node=node: node.status()["evidence"])  # type: ignore[misc]
            assert _exhibits(node) == [(Contradiction.NO_COMMON_TREE, "charlie")]
            assert node.cli("feed", "verify").code == 1
            until(lambda node=node: node.status()["in_force"])  # type: ignore[misc]
        for node, other in ((alpha, bravo), (bravo, alpha)):
            entry = node.ask("line", "check")["entry"]
            until(lambda node=node, other=other: node.status()["stored_at"][other.party] == node.status()["feeds"][node.party])  # type: ignore[misc]
            until(lambda other=other, entry=entry: any(one["id"] == entry for one in other.ask("line", "show")["line_checks"]))  # type: ignore[misc]
        for node in (alpha, bravo):
            assert node.log.read_text().count("charlie signed two different histories") == 1, "one proof and one alarm are enough"
            assert len(_exhibits(node)) == 1
