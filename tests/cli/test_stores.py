"""Copies of a record, its way to a server and back, and views made anew: with real nodes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from journals import running
from nodes import World, until, world
from postgres import ABSENT, HERE


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, signed and running, with a line check between them."""
    with world(tmp_path_factory.mktemp("stores"), "alpha", "bravo") as both:
        both["alpha"].ask("line", "check")
        until(both.settled)
        yield both


def test_what_a_running_node_shows_is_what_its_entries_give(pair: World) -> None:
    rows = pair["alpha"].ask("views", "rebuild")
    assert [(row["rebuilt"] == row["shown"], row["entries"] > 2) for row in rows] == [(True, True)]
    assert "as the node shows" in pair["alpha"].cli("views", "rebuild").out


def test_a_copy_is_written_while_the_node_runs_and_never_over_another(pair: World, tmp_path: Path) -> None:
    told = pair["alpha"].ask("node", "backup", tmp_path / "copy.db")
    assert set(told["entries"]) == {pair[name].origin for name in pair.nodes}
    assert "already" in pair["alpha"].cli("node", "backup", tmp_path / "copy.db").sentence()


@pytest.mark.skipif(not HERE, reason=ABSENT)
def test_a_node_moves_to_a_server_speaks_from_there_and_moves_back(pair: World) -> None:
    alpha = pair["alpha"]
    before = alpha.ask("views", "rebuild")
    assert "holds the node" in alpha.cli("node", "migrate", "--to", running().empty()).sentence()
    alpha.stop()
    told = alpha.cli("node", "migrate", "--to", running().empty()).out
    assert "postgresql from now on" in told
    alpha.start()
    assert [row["rebuilt"] for row in alpha.ask("views", "rebuild")] == [row["rebuilt"] for row in before]
    alpha.ask("line", "check")
    until(pair.settled)
    assert [feed["faults"] for feed in alpha.ask("feed", "verify")["feeds"]] == [[], []]
    alpha.stop()
    assert alpha.ask("node", "migrate", "--to", "sqlite")["store"] == "sqlite"
    alpha.start()
    assert [feed["faults"] for feed in alpha.ask("feed", "verify")["feeds"]] == [[], []]
