"""Real processes are killed at random moments while both speak: nothing that was told is lost, and both come to the same record."""

from collections.abc import Callable
from pathlib import Path

import pytest

from forks import ForkedNode, forking
from nodes import World, world
from soak.crash import Record, Speaker, chapter, losses
from tafadi.desk.ports import Change, Growth, Head, Receipt
from tafadi.measure.instant import Instant
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.log import leaf_hash

CRASHES = 50  # a thousand and more: `make soak-crash`
NOW = Instant.parse("2026-11-24T06:00:00Z")


@pytest.mark.timeout(600)
def test_rule_03_of_fifty_crashes_while_both_speak_none_loses_what_was_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with forking() as forks:
        entries, power_cuts = chapter(tmp_path, forks, 0, CRASHES)
    with capsys.disabled():
        print(f"\n{CRASHES} crashes, {power_cuts} of them power cuts, {entries} entries acknowledged, 0 lost")  # noqa: T201 - to be read


def _grow(path: Path, origin: str) -> None:
    """The record of the node there gets an entry of that feed that its owner does not have."""
    journal = SqliteJournal(path / "journal.db")
    head = journal.head(origin)
    journal.commit(
        Change((Growth(origin, head.frontier.size, (b"x",), (leaf_hash(b"x"),), Head(head.frontier.append(leaf_hash(b"x")), None)),))
    )
    journal.close()


def _damage(path: Path) -> None:
    """The record of the node there has lost a row."""
    journal = SqliteJournal(path / "journal.db")
    journal._db.execute("DELETE FROM entry")
    journal.close()


def _receipt(both: World, size: int) -> None:
    """Bravo's record gets a receipt of alpha's for so many entries of its own feed."""
    journal = SqliteJournal(both["bravo"].path / "journal.db")
    journal.commit(Change(receipts=(Receipt(both.pact.origin("bravo"), both.pact.mirror("alpha"), size, "line\n", NOW),)))
    journal.close()


LIES: dict[str, tuple[Callable[[World], object], list[int], str]] = {
    "nothing": (lambda both: None, [0], ""),
    "an officer was told": (lambda both: None, [0, 1], "alpha has 1 entries, and told its officer of 1"),
    "the other holds more": (lambda both: _grow(both["bravo"].path, both.pact.origin("alpha")), [], "bravo holds 1 entries of alpha"),
    "a receipt was given": (lambda both: _receipt(both, 1), [], "alpha gave a receipt for 1 entries, and holds 0"),
    "the record is not whole": (lambda both: _damage(both["alpha"].path), [], "missing"),
    "the mark is ahead": (lambda both: (both["alpha"].path / "journal.mark").write_text("else 3\n"), [], "the mark is ahead at else"),
}


@pytest.mark.parametrize("case", LIES)
def test_the_look_at_the_disk_finds_what_is_lost(tmp_path: Path, case: str) -> None:
    act, acknowledged, told = LIES[case]
    with world(tmp_path, "alpha", "bravo", start=False) as both:
        down, other = (Record(ForkedNode(party, both[party].path, 0), both.pact) for party in ("alpha", "bravo"))
        act(both)
        found = losses(down, other, Speaker(down.node, None, acknowledged=acknowledged))  # type: ignore[arg-type]
        assert (found == []) if not told else any(told in loss for loss in found), found
