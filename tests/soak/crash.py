"""Real crashes: nodes that speak with each other are killed at random moments, and nothing that anybody was told is lost.

Told is: an entry that an officer was given the number of; a receipt; and every entry of a party's own that the other holds. What lies on
the disk is read while the killed node is down, before it could mend anything. Killing leaves the page cache: so with every other crash the
power is cut as well, and of what the process had not synced there is left what chance leaves (`tests/lossy.py`). Run as a program
(`make soak-crash`) it goes on from the count under `.soak` in chapters of fifty crashes, each a world of its own.
"""

import json
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))  # where it is run as a program

from forks import ForkedNode, Forks, forking
from lossy import HERE, cut_power
from nodes import COMES_S, STARTS_S, World, until, world
from tafadi.desk.pact import Pact
from tafadi.store.fsck import verify
from tafadi.store.mark import read_mark
from tafadi.store.sqlite import SqliteJournal

COUNT: Final = Path(__file__).parents[2] / ".soak" / "crash.json"
CHAPTER: Final = 50  # crashes of one world; its record grows, and with it the time that a node takes to read it
LONGEST_S: Final = 0.15  # how long both speak before the next is killed, at most
IN_ITS_START: Final = 0.2  # the share of the crashes in the middle of a start
POWER: Final = 0.5  # the share of the crashes in which the power is cut, and not the process alone
BOTH: Final = 0.2  # the share of the crashes of both at once
MEET_EVERY: Final = 5  # after so many crashes both must come to the same record; after the last in any case


@dataclass
class Speaker(threading.Thread):
    """An officer of one node, who says something every few milliseconds whenever the node is there, and remembers what was answered."""

    node: ForkedNode
    rng: random.Random
    goes: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    acknowledged: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        """Until it is told to end."""
        transport = httpx.HTTPTransport(uds=str(self.node.path / "control.sock"), verify=False)
        with httpx.Client(transport=transport, timeout=COMES_S) as client:
            while not self.ended.is_set():
                if self.goes.wait(0.1):
                    with suppress(httpx.HTTPError):  # it was killed, or has not begun
                        self._say(client)
                    time.sleep(self.rng.uniform(0.02, 0.06))

    def _say(self, client: httpx.Client) -> None:
        chance = self.rng.random()
        verb, said = "line.attempt", {"channel": "radio", "tries": 1, "answered": False, "text": f"{chance}"}
        if chance < 0.1:
            verb, said = ("line.stop", {"what": ["sky/1"]}) if chance < 0.05 else ("line.check", {})
        answer = client.post(f"http://node/verb/{verb}", json=said)
        if answer.status_code != 200:
            self.refused.append(answer.text)
            return
        self.acknowledged.append(int(str(answer.json()["entry"]).rsplit("/", 1)[1]))


@dataclass
class Record:
    """What lies on one node's disk, read as it is."""

    node: ForkedNode
    pact: Pact
    deaf: tuple[str, ...] = ()  # syncs that are taken for not made

    @property
    def log(self) -> Path:
        """Where its process writes down what it does to the disk."""
        return self.node.path.with_suffix(".disk")

    def begin(self) -> None:
        """Starts the node; from here on everything that it writes is written down."""
        self.log.unlink(missing_ok=True)
        lines = (
            f"from pathlib import Path\nimport lossy\nlossy.record(Path({str(self.node.path)!r}), Path({str(self.log)!r}), {self.deaf})\n"
        )
        self.node.begin(before=lines if HERE else "")

    def kill(self) -> None:
        """Ends its process; what lies on the disk is looked at only once that is gone."""
        assert self.node.process is not None
        pid = self.node.process.pid
        self.node.kill()
        assert not Path(f"/proc/{pid}/exe").exists(), "it was killed and is there"

    def cut_power(self, chance: random.Random) -> None:
        """Puts in the place of its folder what the disk has of it."""
        image, gone = (self.node.path.with_suffix(suffix) for suffix in (".image", ".gone"))
        if self.log.exists() and cut_power(self.node.path, self.log, image, chance):
            self.node.path.rename(gone)
            image.rename(self.node.path)
            shutil.rmtree(gone)

    @contextmanager
    def open(self) -> Iterator[SqliteJournal]:
        """Its journal, to be read."""
        journal = SqliteJournal(self.node.path / "journal.db", read_only=True)
        try:
            yield journal
        finally:
            journal.close()


def losses(down: Record, other: Record, said: Speaker) -> list[str]:
    """What of all that was told by the node that is down is not on its disk."""
    own, theirs = (down.pact.origin(record.node.party) for record in (down, other))
    found = []
    with other.open() as held, down.open() as kept:
        size, theirs_here = kept.head(own).frontier.size, kept.head(theirs).frontier.size
        if said.acknowledged and size <= max(said.acknowledged):
            found.append(f"{down.node.party} has {size} entries, and told its officer of {max(said.acknowledged)}")
        there = held.head(own).frontier.size
        if there > size or held.range_hash(own, 0, there) != kept.range_hash(own, 0, there):
            found.append(f"{other.node.party} holds {there} entries of {down.node.party}, which are not the {size} that it has itself")
        receipt = held.receipts(theirs).get(down.pact.mirror(down.node.party))
        stored = receipt.size if receipt else 0
        if stored > theirs_here or kept.range_hash(theirs, 0, stored) != held.range_hash(theirs, 0, stored):
            found.append(f"{down.node.party} gave a receipt for {stored} entries, and holds {theirs_here}")
        marked = read_mark(down.node.path / "journal.mark")
        found += [f"the mark is ahead at {origin}" for origin, count in marked.items() if count > kept.head(origin).frontier.size]
        found += [fault for report in verify(kept, down.pact, entries=False) for fault in report.faults]
    return found


class Crashes:
    """Two parties that speak, and the crashes that befall them."""

    def __init__(self, both: World, forks: Forks, seed: int) -> None:
        self.rng = random.Random(seed)
        for party, node in both.nodes.items():
            both.nodes[party] = ForkedNode.of(node, forks)
        self.both = both
        self.records = {party: Record(node, both.pact) for party, node in both.nodes.items() if isinstance(node, ForkedNode)}
        self.speakers = {party: Speaker(record.node, random.Random(f"{seed}/{party}")) for party, record in self.records.items()}
        self.count = self.power_cuts = 0

    def run(self, crashes: int) -> None:
        """So many crashes. Raises AssertionError for the first loss."""
        self._begin(self.records)
        for record in self.records.values():
            until(lambda node=record.node: _is_ready(node), STARTS_S)  # type: ignore[misc]
        for speaker in self.speakers.values():
            speaker.start()
        try:
            self._meet()
            while self.count < crashes:
                self._crash()
                if self.count % MEET_EVERY == 0:
                    self._meet()
            self._meet()
        finally:
            for speaker in self.speakers.values():
                speaker.ended.set()
            for speaker in self.speakers.values():
                speaker.join(COMES_S)
        self._end()

    def _crash(self) -> None:
        """One or both are killed, looked at, and started again; the start too may be cut short."""
        time.sleep(self.rng.uniform(0.0, LONGEST_S))
        victims = list(self.records) if self.rng.random() < BOTH else [self.rng.choice(list(self.records))]
        self._kill(victims)
        self._begin(victims)
        if self.rng.random() < IN_ITS_START:
            time.sleep(self.rng.uniform(0.0, LONGEST_S))
            self._kill(victims)
            self._begin(victims)
        for party in victims:
            node = self.records[party].node
            until(lambda node=node: _is_ready(node), STARTS_S)  # type: ignore[misc]

    def _begin(self, victims: Iterable[str]) -> None:
        for party in victims:
            self.records[party].begin()

    def _kill(self, victims: list[str]) -> None:
        cuts_power = HERE and self.rng.random() < POWER
        for party in victims:
            self.records[party].kill()
            if cuts_power:
                self.records[party].cut_power(self.rng)
        self.power_cuts += len(victims) * cuts_power
        for party in victims:
            other = next(name for name in self.records if name != party)
            found = losses(self.records[party], self.records[other], self.speakers[party])
            assert not found, found
        self.count += len(victims)

    def _meet(self) -> None:
        """Nobody speaks, until both have come to the same record; then both speak again."""
        for speaker in self.speakers.values():
            assert speaker.refused == []
            speaker.goes.clear()
        until(lambda: settled([record.node for record in self.records.values()]))
        for speaker in self.speakers.values():
            speaker.goes.set()

    def _end(self) -> None:
        """Both stop as they are asked to; everything that was said is there, and every signature holds."""
        for party, record in self.records.items():
            assert record.node.stop() == 0, record.node.log.read_text()
            with record.open() as journal:
                assert [fault for report in verify(journal, record.pact) for fault in report.faults + report.without_effect] == []
                assert max(self.speakers[party].acknowledged) < journal.head(record.pact.origin(party)).frontier.size


def settled(nodes: list[ForkedNode]) -> bool:
    """Whether every node holds every entry and every receipt, has judged all, accuses nobody, and all pictures are equal."""
    states = {node.party: _status(node) for node in nodes}
    whole = all(size == state["feeds"][party] for party, state in states.items() for size in state["stored_at"].values())
    same = len({(state["picture"], str(state["feeds"])) for state in states.values()}) == 1
    return whole and same and not any(state["unjudged"] or state["evidence"] for state in states.values())


def _is_ready(node: ForkedNode) -> bool:
    """Whether its doors are open; a start that was cut short has told of none."""
    assert node.process is not None
    assert node.process.poll() is None, node.log.read_text()
    with suppress(httpx.HTTPError):
        return bool(_status(node))
    return False


def _status(node: ForkedNode) -> Any:
    transport = httpx.HTTPTransport(uds=str(node.path / "control.sock"), verify=False)  # no TLS on a socket: what it would load takes 0.1 s
    with httpx.Client(transport=transport, timeout=COMES_S) as client:
        return client.post("http://node/verb/status", json={}).json()["agreements"][0]


def chapter(folder: Path, forks: Forks, seed: int, crashes: int) -> tuple[int, int]:
    """How many entries were said by the end of so many crashes of one world, and in how many of these the power was cut."""
    with world(folder, "alpha", "bravo", start=False) as both:
        crashed = Crashes(both, forks, seed)
        crashed.run(crashes)
        return sum(len(speaker.acknowledged) for speaker in crashed.speakers.values()), crashed.power_cuts


def main(least: int) -> None:
    """Goes on from the count to the next multiple of `least`."""
    done: dict[str, int] = {"crashes": 0, "power cuts": 0, "entries": 0, "chapters": 0}
    if COUNT.exists():
        done |= json.loads(COUNT.read_text())
    target = (done["crashes"] // least + 1) * least
    with forking() as forks:
        while done["crashes"] < target:
            began = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="tafadi-crash-") as folder:
                entries, power_cuts = chapter(Path(folder), forks, done["chapters"], CHAPTER)
            for name, more in (("crashes", CHAPTER), ("power cuts", power_cuts), ("entries", entries), ("chapters", 1)):
                done[name] += more
            COUNT.parent.mkdir(exist_ok=True)
            COUNT.write_text(json.dumps(done))
            sys.stdout.write(
                f"{done['crashes']} crashes, {done['power cuts']} of them power cuts, {done['entries']} entries acknowledged, 0 lost "
                f"({time.monotonic() - began:.0f} s for {CHAPTER})\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
