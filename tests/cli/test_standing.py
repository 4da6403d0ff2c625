"""What stands, over a restart of a real node: kept, refused where it was harmed, and brought up to what the record says."""

from pathlib import Path
from typing import Any

from nodes import RealNode, square, until, world
from tafadi.desk.standing_copy import unpacked
from tafadi.node import Node, SystemClock
from tafadi.store.standing import read_copy

REFUSED = "the copy of what stands is refused"


def send(node: RealNode, title: str) -> str:
    """The identity of a notice at the one place; all of them meet one another."""
    return str(node.ask("notice", "send", "-", stdin=square(title).encode())["entry"])


def raised_by(node: RealNode) -> set[tuple[str, ...]]:
    """The pairs of which the party's own node has raised an alert."""
    alerts: list[Any] = node.ask("line", "show")["alerts"]
    return {tuple(alert["subjects"]) for alert in alerts if node.party in alert["raised"]}


def test_what_stands_outlives_a_stop_and_a_kill_and_a_harmed_copy_is_built_anew(tmp_path: Path) -> None:
    with world(tmp_path, "alpha", "bravo") as both:
        alpha, bravo = both["alpha"], both["bravo"]
        copy = alpha.path / "standing" / f"{both.pact.id}.set"
        first, second = send(alpha, "first"), send(bravo, "second")
        until(lambda: raised_by(alpha) == {(first, second)})
        assert alpha.stop() == 0
        data = bytearray(copy.read_bytes())
        data[-100] ^= 1
        copy.write_bytes(data)
        alpha.start()
        third = send(bravo, "third")
        until(lambda: raised_by(alpha) == {(first, second), (first, third)})
        assert alpha.log.read_text().count(REFUSED) == 1
        fourth = send(bravo, "fourth")
        until(lambda: (first, fourth) in raised_by(alpha))
        alpha.kill()
        with alpha.folder.locked():
            node = Node(alpha.folder, SystemClock())
            desk, kept = node.desk(), read_copy(alpha.path, both.pact.id)
            assert kept is not None
            assert {first, second} <= set(unpacked(kept, desk)) <= {first, second, third}
            node.has_worker = True
            open_standing = node.work_ahead()
            assert open_standing is not None
            open_standing()
            assert set(desk.standing.kept_up(desk.picture).notices) == {first, second, third, fourth}
            node.close()
