"""`tafadi node doctor`: what could keep a node from doing its work, looked for before it does."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from tafadi.cli.calls import AsJson, NodeDir, print_json
from tafadi.cli.exits import FOUND, NOTHING, door, say_line

if TYPE_CHECKING:
    from tafadi.cli.doctor.finding import Finding
    from tafadi.store.folder import Folder


@door
def doctor(path: NodeDir, as_json: AsJson = False) -> None:
    """Look at folder, keys, cards, record, disk, clock, ports and peers; exit 0 when all is well, 1 when something is wrong or unknown."""
    from tafadi.cli.doctor.finding import Verdict
    from tafadi.store.folder import Folder

    findings = list(_examine(Folder.open(path)))
    is_well = all(finding.verdict is Verdict.OK for finding in findings)
    if as_json:
        print_json({"well": is_well, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            say_line(f"{finding.verdict:7}  {finding.check}: {finding.sentence}")
    raise typer.Exit(NOTHING if is_well else FOUND)


def _examine(folder: "Folder") -> "Iterator[Finding]":
    """All examinations, each on its own: what one cannot look at keeps no other from looking."""
    from tafadi.cli.doctor import folder as papers
    from tafadi.cli.doctor import lines, machine
    from tafadi.cli.doctor.finding import examined, well
    from tafadi.node import SystemClock

    party = folder.settings.party  # a node.json that cannot be used is the end of it
    yield well("settings", f"node.json of {party}, epoch {folder.settings.epoch}")
    now, runs = SystemClock().now(), lines.is_running(folder)
    yield from examined("access", lambda: papers.access(folder))
    yield from examined("cards", lambda: papers.cards(folder, now))
    yield from examined("record", lambda: papers.record(folder))
    yield from examined("operators", lambda: papers.programs(folder))
    yield from examined("disk", lambda: machine.disk(folder))
    yield from examined("clock", machine.clock)
    yield from examined("descriptors", machine.files)
    if not runs:
        yield from examined("port", lambda: machine.ports(folder))
    yield from examined("node", lambda: lines.running(folder))
    yield from examined("peers", lambda: lines.peers(folder))
