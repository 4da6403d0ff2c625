"""`tafadi feed`: everything that can be recomputed is, by anyone, from the files alone, while the node runs and when it does not."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodes import World, tafadi, until, world
from tafadi.store.sqlite import SqliteJournal


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, signed and running, with a line check between them."""
    with world(tmp_path_factory.mktemp("feed"), "alpha", "bravo") as both:
        both["alpha"].ask("line", "check")
        until(both.settled)
        yield both


def test_the_feeds_of_a_running_node_verify_with_every_receipt(pair: World) -> None:
    report = pair["alpha"].ask("feed", "verify")
    assert {feed["party"] for feed in report["feeds"]} == {"alpha", "bravo"}
    own = next(feed for feed in report["feeds"] if feed["party"] == "alpha")
    assert (own["receipts"], own["faults"]) == (1, [])
    roots = [{feed["party"]: feed["root"] for feed in node.ask("feed", "verify")["feeds"]} for node in pair.nodes.values()]
    assert roots[0] == roots[1]
    assert "root" in pair["alpha"].cli("feed", "verify").out


def test_the_entries_of_a_feed_are_shown_in_order_with_what_they_say(pair: World) -> None:
    rows = pair["alpha"].ask("feed", "show", "--party", "alpha")
    assert [row["entry"] for row in rows] == [f"alpha/1/{number}" for number in range(len(rows))]
    assert rows[0]["payload"]["type"] == "agreement"
    assert "[EXERCISE]" in pair["alpha"].cli("feed", "show", "--party", "alpha").out


def test_an_unknown_agreement_and_a_node_without_one_are_told(pair: World, tmp_path: Path) -> None:
    assert "no agreement called sea" in pair["alpha"].cli("feed", "verify", "--agreement", "sea").sentence()
    assert tafadi("node", "init", tmp_path / "n", "--party", "alpha").code == 0
    assert "has signed no agreement" in tafadi("feed", "verify", tmp_path / "n").sentence()


def test_entries_that_come_between_two_reads_are_no_fault(pair: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = SqliteJournal.leaf_hashes

    def slowly(self: SqliteJournal, origin: str, *span: int) -> list[bytes]:
        hashes = whole(self, origin, *span)
        pair["alpha"].ask("line", "attempt", "--channel", "radio")
        until(pair.settled)
        return hashes

    monkeypatch.setattr(SqliteJournal, "leaf_hashes", slowly)
    told = pair["alpha"].cli("feed", "verify", "--json")
    assert [feed["faults"] for feed in told.json["feeds"]] == [[], []]


def test_the_tree_alone_can_be_verified_and_its_faults_are_found_like_those_of_the_entries(pair: World) -> None:
    alone = pair["alpha"].cli("feed", "verify", "--tree-only", "--json")
    assert alone.json == pair["alpha"].cli("feed", "verify", "--json").json
    assert all(feed["receipts"] == 1 for feed in alone.json["feeds"] if "/alpha/" in feed["origin"])


def test_verifying_while_the_feeds_grow_finds_no_fault(pair: World) -> None:
    for number in range(20):
        pair["alpha"].ask("line", "attempt", "--channel", "radio", "--text", str(number))
        assert pair["bravo"].cli("feed", "verify").code == 0


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ("UPDATE entry SET leaf = x'7b7d' WHERE idx = 1", "stored hash"),
        ("UPDATE entry SET leaf_hash = zeroblob(32) WHERE idx = 1", "stored hash"),
        (
            "DELETE FROM entry WHERE idx = (SELECT max(idx) FROM entry WHERE origin LIKE '%/alpha/%') AND origin LIKE '%/alpha/%'",
            "stored tree",
        ),
        ("UPDATE receipt SET line = replace(line, 'A', 'B')", "receipt"),
        ("UPDATE receipt SET size = size + 5", "receipt"),
        ("UPDATE feed SET checkpoint = x'00'", "checkpoint"),
    ],
)
def test_any_change_in_the_record_is_a_fault_and_exit_1(pair: World, tmp_path: Path, change: str, part: str) -> None:
    import shutil

    until(pair.settled)
    copy = tmp_path / "copy"
    shutil.copytree(pair["alpha"].path, copy, ignore=shutil.ignore_patterns("control.sock", "journal.db*"))
    source, target = sqlite3.connect(pair["alpha"].path / "journal.db"), sqlite3.connect(copy / "journal.db")
    source.backup(target)
    source.close()
    target.execute(change)
    target.commit()
    target.close()
    told = tafadi("feed", "verify", copy)
    assert told.code == 1
    assert "FAULT" in told.out
    assert part in told.out
