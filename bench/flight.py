"""Receipted entries between two real nodes: in flight and alone, beside one commit for each message, and beside what bounds them here.

Both nodes run as they do in service: TLS 1.3 with pinned certificates, journals in SQLite that wait for the disk, marks. The one that
speaks runs in this process, so that its entries can be counted as their receipts become durable; the one that stores is its own process.
The naive way is the same path with one entry to a commit, to a push and to a receipt, as many of them in flight as the batched way has.

Run: python bench/flight.py [ROUNDS]
"""

import asyncio
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MethodType
from typing import Final

from tafadi.desk.ports import Change
from tafadi.desk.speak import Draft, say
from tafadi.errors import UnavailableError
from tafadi.formats.agreement import write_document
from tafadi.measure.earth import Position
from tafadi.model.agreement import LARGEST_QUOTA, Agreement, Landmark, Quota, Timing
from tafadi.model.entry import EntryType
from tafadi.model.line import Attempt
from tafadi.model.names import Mode
from tafadi.model.operation import Minima
from tafadi.net.tls import make_certificate
from tafadi.node import Node, SystemClock
from tafadi.store.folder import Folder
from tafadi.store.identity import CARD_DAYS, first_card
from tafadi.store.settings import Settings
from tafadi.trust.keys import SigningKey
from tafadi.trust.push import ENTRIES_MAX
from tafadi.web.running import Running
from tafadi.web.serve import serve

ROUNDS: Final = 5
BATCH: Final = 256  # entries that are said in one durable step, and as many as a push takes
IN_FLIGHT: Final = 8 * BATCH  # said and not yet receipted, at most
SAID: Final = 20 * BATCH  # in one round
NAIVELY: Final = 2 * BATCH  # in one round, singly
ALONE: Final = 200  # one after another, each waiting for its receipt
SYNCS: Final = 200
LEAF_BYTES: Final = 825  # of one of these entries
WAIT_S: Final = 120.0  # for a node to start, or a receipt to come
LOOK_S: Final = 1.0  # how long two nodes are looked at to see whether they rest
REST: Final = 0.05  # of a processor, for both together
MARKS: Final = (Landmark("north", Position(-37.0, 12.0)), Landmark("south", Position(-38.0, 12.0)))
AMPLE: Final = Quota(LARGEST_QUOTA, LARGEST_QUOTA, LARGEST_QUOTA)  # what is measured here is no party that keeps within bounds
DRAFT: Final = Draft(EntryType.ATTEMPT, Attempt("radio", 1, False), Mode.TEST)


@dataclass
class Receipts:
    """How far the other party has receipted our feed, told when that is durable here."""

    node: Node
    size: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)
    growth_ms: list[float] = field(default_factory=list)  # what commits of entries took, and of receipts
    receipt_ms: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desk, self.running = self.node.desk(), running_of(self.node)
        self._commit = self.desk.journal.commit
        self.desk.journal.commit = self._committed  # type: ignore[method-assign]  # the node's own journal, listened to

    async def say(self, count: int) -> int:
        """Says so many entries in one step, in its turn; the size of the feed then."""
        return (await self.running.turns.take(lambda: say(self.desk, *[DRAFT] * count)))[-1].index + 1

    def _committed(self, change: Change) -> None:
        began = time.perf_counter()
        self._commit(change)
        if change.growths or change.receipts:
            (self.growth_ms if change.growths else self.receipt_ms).append(1e3 * (time.perf_counter() - began))
        for receipt in change.receipts:
            if receipt.origin == self.desk.origin:
                self.size = max(self.size, receipt.size)
                self.news.set()

    async def reach(self, size: int) -> None:
        """Waits until so many entries have their receipt."""
        async with asyncio.timeout(WAIT_S):
            while self.size < size:
                self.news.clear()
                await self.news.wait()


def running_of(node: Node) -> Running:
    """The node as it runs: its links are woken through it."""
    wake = node.bell.on_entries
    assert isinstance(wake, MethodType)
    assert isinstance(wake.__self__, Running)
    return wake.__self__


async def in_flight(receipts: Receipts, batch: int = BATCH, said: int = SAID) -> float:
    """Entries receipted in a second, said so many at a time, with some of them ahead of their receipts."""
    end = first = receipts.desk.journal.head(receipts.desk.origin).frontier.size
    began = time.perf_counter()
    for _ in range(said // batch):
        end = await receipts.say(batch)
        await asyncio.sleep(0)
        await receipts.reach(end - min(IN_FLIGHT, said // 2))
    await receipts.reach(end)
    return (end - first) / (time.perf_counter() - began)


async def naively(receipts: Receipts) -> float:
    """The same, with one entry to a commit, to a push and to a receipt."""
    links = [link for link, _task in receipts.running.links.values()]
    for link in links:
        link.limits = {**link.limits, "push_entries": 1}
    try:
        return await in_flight(receipts, 1, NAIVELY)
    finally:
        for link in links:
            link.limits = {**link.limits, "push_entries": ENTRIES_MAX}


async def one_by_one(receipts: Receipts) -> tuple[list[float], float]:
    """Milliseconds from each entry's saying to its receipt, nothing beside it; and what its three commits took.

    Those are two of an entry, here and there (the other node's disk is the same), and one of a receipt.
    """
    taken = []
    receipts.growth_ms, receipts.receipt_ms = [], []
    for _ in range(ALONE):
        began = time.perf_counter()
        await receipts.reach(await receipts.say(1))
        taken.append(1e3 * (time.perf_counter() - began))
    return taken, 2 * statistics.median(receipts.growth_ms) + statistics.median(receipts.receipt_ms)


@dataclass(frozen=True, slots=True)
class Measured:
    """One round."""

    in_flight_per_s: float
    speaker_cpu_us: float  # an entry in flight
    hearer_cpu_us: float
    naive_per_s: float
    alone_ms: list[float]
    commits_ms: float  # on the way of one entry alone


async def measured(receipts: Receipts, hearer: int) -> Measured:
    """One round of all; `hearer` is the other node's process."""
    cpu, there = time.process_time(), cpu_s(hearer)
    rate = await in_flight(receipts)
    speaker_us, hearer_us = (1e6 * spent / SAID for spent in (time.process_time() - cpu, cpu_s(hearer) - there))
    return Measured(rate, speaker_us, hearer_us, await naively(receipts), *await one_by_one(receipts))


def folders(root: Path) -> dict[str, Folder]:
    """Two folders whose nodes know each other's address, card and agreement."""
    now, ports = SystemClock().now(), dict(zip(("alpha", "bravo"), free_ports(), strict=True))
    made = {}
    for party, port in ports.items():
        peers = {other: f"https://127.0.0.1:{there}" for other, there in ports.items() if other != party}
        settings = Settings(party, "en", port=port, peers=peers)
        made[party] = Folder.create(root / party, settings, lambda: os.urandom(32), make_certificate(party, now))
        first_card(made[party], now.plus(-60.0), CARD_DAYS)
    cards = tuple(folder.card for folder in made.values())
    agreement = Agreement(
        "bench", tuple(made), cards, now.plus(-60.0), (Mode.TEST,), Minima(1_852.0, 150.0), None, MARKS, Timing(), quota=AMPLE
    )
    for folder in made.values():
        with folder.locked():
            node = Node(folder, SystemClock())
            node.sign(write_document(agreement))
            node.close()
    return {party: Folder.open(folder.path) for party, folder in made.items()}


def free_ports() -> tuple[int, int]:
    """Two loopback ports that are free now."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def running(folder: Folder) -> Iterator["subprocess.Popen[bytes]"]:
    """The node of the folder as a process of its own, once its doors are open."""
    command = [sys.executable, "-m", "tafadi", "node", "run", str(folder.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            if process.stdout is None or not process.stdout.readline():
                raise UnavailableError("the other node did not start")
            yield process
        finally:
            process.terminate()


def spoken(folder: Folder, work: Callable[[Receipts], Awaitable[None]]) -> None:
    """Serves the node of the folder and does the work beside it, to its end; what fails in it is raised."""
    failed: list[BaseException] = []

    async def driven(node: Node) -> None:
        try:
            receipts = Receipts(node)
            await receipts.reach(await receipts.say(1))
            await work(receipts)
        except (TimeoutError, OSError) as error:
            failed.append(error)
        os.kill(os.getpid(), signal.SIGTERM)

    with folder.locked():
        node = Node(folder, SystemClock())
        tasks: list[asyncio.Task[None]] = []
        try:
            asyncio.run(serve(node, (), lambda port, api: tasks.append(asyncio.get_running_loop().create_task(driven(node)))))
        finally:
            node.close()
    for error in failed:
        raise error


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def at_rest(*pids: int) -> None:
    """Waits until the processes do next to nothing: a node loads its engine when it starts, and shares the interpreter with that."""
    async with asyncio.timeout(WAIT_S):
        while True:
            before = sum(map(cpu_s, pids))
            await asyncio.sleep(LOOK_S)
            if sum(map(cpu_s, pids)) - before < REST * LOOK_S:
                return


def sync_ms(root: Path) -> float:
    """What the disk takes to make one write of 4 KiB durable: median, in milliseconds."""
    taken, file = [], os.open(root / "probe", os.O_WRONLY | os.O_CREAT)
    for _ in range(SYNCS):
        os.write(file, bytes(4_096))
        began = time.perf_counter()
        os.fdatasync(file)
        taken.append(1e3 * (time.perf_counter() - began))
    os.close(file)
    return statistics.median(taken)


def commit_rate(root: Path) -> float:
    """Commits in a second of a database that does nothing else."""
    database = sqlite3.connect(root / "probe.db", isolation_level=None)
    database.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE row (number INTEGER)")
    began = time.perf_counter()
    for number in range(SYNCS):
        database.execute("INSERT INTO row VALUES (?)", (number,))
    rate = SYNCS / (time.perf_counter() - began)
    database.close()
    return rate


def signature_us() -> tuple[float, float]:
    """CPU microseconds to sign and to verify as many bytes as one entry has."""
    key, message = SigningKey.from_seed(os.urandom(32)), os.urandom(LEAF_BYTES)
    signed, counts = key.sign(message), range(2_000)
    began = time.process_time()
    for _ in counts:
        key.sign(message)
    between = time.process_time()
    for _ in counts:
        key.public.verify(signed, message)
    return 1e6 * (between - began) / len(counts), 1e6 * (time.process_time() - between) / len(counts)


def rows(rounds: int) -> list[str]:
    """The table in Markdown, line by line."""
    found: list[Measured] = []
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as root:
        speaker, hearer = folders(Path(root)).values()
        with running(hearer) as process:

            async def work(receipts: Receipts) -> None:
                await at_rest(os.getpid(), process.pid)
                for _ in range(rounds):
                    found.append(await measured(receipts, process.pid))

            spoken(speaker, work)
        synced, commits_per_s = sync_ms(Path(root)), commit_rate(Path(root))
    alone = [taken for one in found for taken in one.alone_ms]
    sign_us, verify_us = signature_us()
    flying, slow, commits = (
        statistics.median(one) for one in zip(*((m.in_flight_per_s, m.naive_per_s, m.commits_ms) for m in found), strict=True)
    )
    limit_per_s = 1e6 * (os.cpu_count() or 1) / (sign_us + verify_us)
    p50, p99 = statistics.median(alone), statistics.quantiles(alone, n=100)[-1]
    return [
        f"Load when it began: {load:.1f}; {os.cpu_count()} processors for both nodes. Medians of {rounds} rounds.",
        "",
        "| two nodes, TLS, fsync on | found |",
        "|---|---|",
        f"| in flight, batches of {BATCH} | {flying:,.0f} receipted entries/s |",
        f"| naive: one commit, one push and one receipt for each message, as many in flight | {slow:,.0f} receipted entries/s |",
        f"| alone, from saying to durable receipt, p50 / p99 | {p50:.2f} / {p99:.2f} ms |",
        f"| of that the three commits on its way, p50 each | {commits:.2f} ms |",
        f"| CPU of the speaker in flight | {statistics.median(one.speaker_cpu_us for one in found):.0f} us an entry |",
        f"| CPU of the hearer in flight, judging among it | {statistics.median(one.hearer_cpu_us for one in found):.0f} us an entry |",
        f"| limit: one durable write of 4 KiB, p50; five stand on the way of one entry alone | {synced:.2f} ms |",
        f"| limit: commits of one row each, SQLite, synchronous FULL, nothing else | {commits_per_s:,.0f} /s |",
        f"| limit: both processors, if an entry cost its signature and its verification alone | {limit_per_s:,.0f} entries/s |",
        f"| limit: Ed25519, to sign / to verify {LEAF_BYTES} bytes | {sign_us:.0f} / {verify_us:.0f} us CPU |",
    ]


if __name__ == "__main__":
    print("\n".join(rows(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)))
