"""Disks that fail under real nodes: full, read-only, broken, with a page gone bad; a clock that jumps; a record restored from its backup.

The node says so in one sentence, gives no receipt for what it does not keep, stops where it must and nowhere else, and goes on with nothing
lost when the disk is mended. A disk fails inside of the node's own process (`lossy.fail`), while a file beside its folder says how.
"""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from sqlite3 import connect
from typing import Any

import pytest

from forks import ForkedNode, Forks, forking
from lossy import ABSENT, FAILURES, HERE
from nodes import World, until, world

needs_library = pytest.mark.skipif(not HERE, reason=ABSENT)
WORDS = {
    "full": ("database or disk is full", "No space left on device"),
    "read-only": ("attempt to write a readonly database", "Read-only file system"),
    "broken": ("disk I/O error", "Input/output error"),
}


@pytest.fixture(scope="module")
def forks() -> Iterator[Forks]:
    """The process that forks, for all tests here."""
    with forking() as found:
        yield found


@contextmanager
def two(folder: Path, forks: Forks, before: str = "") -> Iterator[World]:
    """Alpha and bravo, running and settled; alpha runs after the lines of `before`."""
    with world(folder, "alpha", "bravo", start=False) as both:
        for party, node in both.nodes.items():
            both.nodes[party] = ForkedNode.of(node, forks)
            both[party].start(before=before if party == "alpha" else "")
        until(both.settled)
        yield both


def failing(folder: Path) -> str:
    """The Python lines with which the disk of alpha fails as the switch says."""
    return f"from pathlib import Path\nimport lossy\nlossy.fail(Path({str(folder / 'alpha')!r}), Path({str(folder / 'switch')!r}))\n"


def alarms(node: ForkedNode) -> str:
    """All that the node has alarmed its officers of."""
    return json.dumps(node.ask("line", "alarms"))


def verified(both: World) -> None:
    """Every record is whole, and nobody is accused."""
    for node in both.nodes.values():
        assert node.cli("feed", "verify").code == 0
        assert node.status()["evidence"] == 0


@needs_library
@pytest.mark.parametrize("failure", FAILURES)
def test_rule_18_a_disk_that_fails_is_told_gives_no_receipt_and_loses_nothing_when_it_is_mended(
    tmp_path: Path, forks: Forks, failure: str
) -> None:
    switch = tmp_path / "switch"
    with two(tmp_path, forks, failing(tmp_path)) as both:
        alpha, bravo = both["alpha"], both["bravo"]
        assert isinstance(alpha, ForkedNode)
        before = alpha.status()["feeds"]
        switch.write_text(failure)
        told = alpha.cli("line", "check").sentence()
        assert any(words in told for words in WORDS[failure]), told
        said = [bravo.ask("line", "attempt", "--channel", "radio")["entry"], bravo.ask("line", "stop", "--what", "sky/1")["entry"]]
        until(lambda: bravo.trouble("alpha"))
        assert bravo.status()["stored_at"] == {"alpha": before["bravo"]}, "what is not kept is not receipted"
        assert alpha.status()["feeds"] == before, "and nothing is shown that is not kept"
        until(lambda: "NOT RECORDED" in alarms(alpha))
        switch.unlink()
        until(both.settled)
        kept = alpha.ask("line", "show")
        assert set(said) <= {*kept["attempts"], *(stop["id"] for stop in kept["stops"])}
        assert alpha.cli("line", "check").code == 0
        until(both.settled)
        verified(both)
        assert alpha.stop() == 0


@needs_library
@pytest.mark.parametrize("failure", ["full", "read-only"])
def test_a_node_that_is_started_on_a_disk_that_fails_says_so_in_one_sentence_and_starts_when_it_is_mended(
    tmp_path: Path, forks: Forks, failure: str
) -> None:
    with two(tmp_path, forks, failing(tmp_path)) as both:
        alpha = both["alpha"]
        assert isinstance(alpha, ForkedNode)
        alpha.kill()
        (tmp_path / "switch").write_text(failure)
        so_far = alpha.log.read_text()
        alpha.begin(before=failing(tmp_path))
        assert alpha.ended() == 2
        told = alpha.log.read_text().removeprefix(so_far)
        assert told.startswith("tafadi: ")
        assert any(words in told for words in WORDS[failure])
        assert told.count("\n") == 1
        alpha.starts -= 1  # it never was ready
        (tmp_path / "switch").unlink()
        alpha.start(before=failing(tmp_path))
        until(both.settled)
        verified(both)


def test_a_page_that_goes_bad_under_a_running_node_stops_it_with_a_sentence_and_restoring_mends_it(tmp_path: Path, forks: Forks) -> None:
    with two(tmp_path, forks) as both:
        alpha, bravo = both["alpha"], both["bravo"]
        said = [alpha.ask("line", "attempt", "--channel", "radio", "--text", "x" * 900)["entry"] for _ in range(12)]
        until(both.settled)
        _spoil(alpha.path / "journal.db")
        told = alpha.cli("line", "check").sentence()
        assert "damaged" in told
        assert "tafadi node restore" in told
        assert alpha.ended() == 2
        assert "the node stops, because its record cannot be trusted" in alpha.log.read_text()
        assert "Traceback" not in alpha.log.read_text()
        begun = alpha.begin_epoch("restore")
        assert (begun["epoch"], [feed["lost"] for feed in begun["fetched"]]) == (2, [0])
        alpha.start()
        until(both.settled)
        assert set(said) <= set(alpha.ask("line", "show")["attempts"]) & set(bravo.ask("line", "show")["attempts"])
        verified(both)


def _spoil(journal: Path) -> None:
    """Every page but the first is noise, and whoever has the file open reads it anew."""
    with closing(connect(journal, isolation_level=None)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = int(db.execute("PRAGMA page_count").fetchone()[0])
        with journal.open("r+b") as file:
            file.seek(4_096)
            file.write(bytes([7]) * 4_096 * (pages - 1))
        db.execute("PRAGMA application_id = 1")  # a commit, after which every other connection forgets the pages that it has read


def test_a_clock_that_jumps_under_a_running_node_is_alarmed_and_accuses_nobody(tmp_path: Path, forks: Forks) -> None:
    switch = tmp_path / "switch"
    jumping = (
        f"import time\nfrom pathlib import Path\nswitch, real = Path({str(switch)!r}), time.time_ns\n"
        "time.time_ns = lambda: real() + (3_600_000_000_000 if switch.exists() else 0)\n"
        "from tafadi.web import timekeeper\ntimekeeper.LONGEST_SLEEP_S = 0.2\n"  # it would look every 5 s
    )
    with two(tmp_path, forks, jumping) as both:
        alpha = both["alpha"]
        assert isinstance(alpha, ForkedNode)
        switch.touch()
        until(lambda: "clock jumped by +3" in alarms(alpha))
        switch.unlink()
        until(lambda: "clock jumped by -3" in alarms(alpha))
        until(both.settled)
        verified(both)


def test_rule_15_a_node_whose_disk_is_lost_goes_on_from_its_backup_in_a_new_epoch_with_all_that_was_receipted(
    tmp_path: Path, forks: Forks
) -> None:
    with two(tmp_path, forks) as both:
        alpha, bravo = both["alpha"], both["bravo"]
        copy = tmp_path / "copy.db"
        said: list[Any] = [alpha.ask("line", "attempt", "--channel", "radio", "--text", "before")["entry"]]
        until(both.settled)
        copied = alpha.ask("node", "backup", copy)["entries"]
        assert copied[alpha.origin] == alpha.status()["feeds"]["alpha"]
        said += [alpha.ask("line", "attempt", "--channel", "radio", "--text", "since")["entry"] for _ in range(3)]
        theirs = bravo.ask("line", "stop", "--what", "sky/1")["entry"]
        until(both.settled)
        size = alpha.status()["feeds"]["alpha"]
        alpha.kill()
        alpha.put_back(copy)
        alpha.starts = 0
        alpha.log.unlink()
        assert isinstance(alpha, ForkedNode)
        alpha.begin()
        assert alpha.ended() == 2
        assert "was put back from a copy" in alpha.log.read_text()
        begun = alpha.begin_epoch("restore")
        (fetched,) = begun["fetched"]
        assert (begun["epoch"], fetched["had"], fetched["has"], fetched["lost"]) == (2, copied[fetched["origin"]], size, 0)
        alpha.starts = 0
        alpha.start()
        until(both.settled)
        for node in (alpha, bravo):
            shown = node.ask("line", "show")
            assert set(said) <= set(shown["attempts"])
            assert theirs in {stop["id"] for stop in shown["stops"]}
        said.append(alpha.ask("line", "check")["entry"])
        assert said[-1].startswith("alpha/2/")
        until(both.settled)
        verified(both)
