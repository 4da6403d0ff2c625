"""`tafadi bundle`: two nodes that never have a line between them, and a stick that goes to and fro."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nodes import RealNode, World, square, tafadi, until


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha, whose node does not run, and bravo, whose node does; neither knows where the other listens, and each has signed."""
    made = World(tmp_path_factory.mktemp("apart"))
    for party in ("alpha", "bravo"):
        made.add(party)
    made.agree()
    for party in ("alpha", "bravo"):
        assert made.sign(party).code == 0
    made["bravo"].start()
    try:
        yield made
    finally:
        made.end()


def carry(maker: RealNode, taker: RealNode, *options: str) -> Any:
    """A stick goes from one to the other; what the taker prints."""
    stick = maker.path.with_name("stick.tar")
    maker.ask("bundle", "export", stick, "--for", taker.party, *options)
    told = taker.ask("bundle", "import", stick)
    until(lambda: taker.status()["unjudged"] == 0)
    return told


def to_and_fro(one: RealNode, other: RealNode) -> None:
    """Until neither has anything new for the other, and both have all receipts."""
    for _ in range(4):
        carry(one, other)
        brought = carry(other, one)
        if not brought["entries"] and all_stored(one) and all_stored(other):
            return
    raise AssertionError("the two never came to hold the same")


def all_stored(node: RealNode) -> bool:
    """Whether the other has given receipts for all that this one has said."""
    status = node.status()
    return set(status["stored_at"].values()) == {status["feeds"][node.party]}


def test_a_notice_its_read_back_an_answer_and_a_stop_are_exchanged_by_sticks_alone(apart: World, tmp_path: Path) -> None:
    alpha, bravo = apart["alpha"], apart["bravo"]
    to_and_fro(alpha, bravo)
    assert alpha.status()["in_force"]
    (tmp_path / "one.geojson").write_text(square())
    notice = alpha.ask("notice", "send", tmp_path / "one.geojson")["entry"]
    to_and_fro(alpha, bravo)
    bravo.ask("line", "answer", notice, "accepted")
    stop = bravo.ask("line", "stop", "--what", "all", "--text", "north of the light")["entry"]
    to_and_fro(alpha, bravo)
    alpha.ask("line", "ack", stop)
    alpha.ask("line", "ack", stop, "--step", "ACTED")
    to_and_fro(alpha, bravo)
    assert alpha.status()["picture"] == bravo.status()["picture"]
    for node in (alpha, bravo):
        assert "ACCEPTED" in str(next(row for row in node.ask("notice", "list")["notices"] if row["id"] == notice))
        assert "ACTED" in str(node.ask("line", "show")["stops"])
        assert [feed["faults"] for feed in node.ask("feed", "verify")["feeds"]] == [[], []]
        assert not list(node.path.glob("bundle-*"))


def test_what_is_no_bundle_or_not_for_this_node_is_told_in_a_sentence(apart: World, tmp_path: Path) -> None:
    alpha, bravo = apart["alpha"], apart["bravo"]
    stick = tmp_path / "stick.tar"
    alpha.ask("bundle", "export", stick, "--for", "bravo", "--since", "0")
    assert "is not for alpha" in alpha.cli("bundle", "import", stick).sentence()
    whole = stick.read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[:-700])
    assert "bundle" in bravo.cli("bundle", "import", tmp_path / "cut.tar").sentence()
    assert "longer than" in bravo.cli("bundle", "import", Path("/dev/zero")).sentence()
    assert "no other party" in alpha.cli("bundle", "export", stick, "--for", "alpha").sentence()
    assert "no such" in bravo.cli("bundle", "import", tmp_path / "absent").sentence().lower()
    assert "1 cards" not in tafadi("bundle", "show", stick).out
    assert tafadi("bundle", "show", stick, "--json").json["feeds"]
    assert not list(bravo.path.glob("bundle-*"))


def test_that_an_entry_was_stored_is_proved_by_a_file(apart: World, tmp_path: Path) -> None:
    """Failure 5, Dayrik 2020: one side says that it told the other, and the other that it was not told."""
    alpha = apart["alpha"]
    to_and_fro(alpha, apart["bravo"])
    told = alpha.cli("evidence", "stored", "alpha/1/1", tmp_path / "proof", "--by", "bravo")
    assert told.code == 0, told.err
    verified = tafadi("evidence", "verify", tmp_path / "proof")
    assert verified.code == 0
    assert "bravo signed, by its clock at" in verified.out
    assert "no receipt of bravo" in alpha.cli("evidence", "stored", "alpha/1/999", tmp_path / "p", "--by", "bravo").sentence()
