"""The record of the line: proofs, opening and verifying of a feed of a million entries, beside the limits of this machine.

Run: python bench/line.py [ENTRIES]
"""

import os
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final

from tafadi.desk.desk import Desk
from tafadi.desk.pact import Pact, pact_of
from tafadi.desk.ports import Change, Growth, Head
from tafadi.desk.speak import Draft, say
from tafadi.desk.tree import hashes_of, root_at
from tafadi.errors import DamagedError
from tafadi.formats.agreement import digest_of, write_document
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.agreement import LARGEST_QUOTA, Agreement, AgreementBody, Landmark, Quota, Timing
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.line import Attempt
from tafadi.model.names import Mode
from tafadi.model.operation import Minima
from tafadi.net.tls import make_certificate
from tafadi.node import SystemClock
from tafadi.store.folder import Folder
from tafadi.store.fsck import verify
from tafadi.store.identity import CARD_DAYS, first_card
from tafadi.store.rehash import rehash
from tafadi.store.settings import Settings
from tafadi.store.sqlite import SqliteJournal
from tafadi.store.views import FoldedViews
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import Frontier, check_inclusion, inclusion_proof, leaf_hash, subtree_proof_from

ENTRIES: Final = 1_000_000
LEAF_BYTES: Final = 600  # of a leaf that says nothing; an entry in the envelope has some 900
AT_ONCE: Final = 2_048
PROOFS: Final = 500
SAID: Final = 2_560  # entries with signatures
ROUNDS: Final = 5
SEED: Final = 7
ORIGIN: Final = "tafadi.v1/bench/alpha/1"
MARKS: Final = (Landmark("north", Position(-37.0, 12.0)), Landmark("south", Position(-38.0, 12.0)))
AMPLE: Final = Quota(LARGEST_QUOTA, LARGEST_QUOTA, LARGEST_QUOTA)  # what is measured here is no party that keeps within bounds


def leaves(count: int) -> Iterator[tuple[bytes, ...]]:
    """So many leaves, no two alike, in blocks."""
    rest = bytes(LEAF_BYTES - 8)
    for start in range(0, count, AT_ONCE):
        yield tuple(number.to_bytes(8, "big") + rest for number in range(start, min(count, start + AT_ONCE)))


def fill(journal: SqliteJournal, count: int) -> float:
    """Lets a feed grow; the seconds that took."""
    frontier, began = Frontier(), time.perf_counter()
    for block in leaves(count):
        hashes = tuple(map(leaf_hash, block))
        after, places = frontier.extend(hashes), range(frontier.size, frontier.size + len(block))
        growth = Growth(ORIGIN, frontier.size, block, hashes, Head(after, None))
        journal.commit(Change((growth,), judged=tuple((ORIGIN, place) for place in places)))
        frontier = after
    return time.perf_counter() - began


def each_ms(act: Callable[[int], object], arguments: list[int]) -> str:
    """Median and 99th percentile of a call, in milliseconds."""
    taken = []
    for argument in arguments:
        began = time.perf_counter()
        act(argument)
        taken.append(1e3 * (time.perf_counter() - began))
    return f"{statistics.median(taken):.2f} / {statistics.quantiles(taken, n=100)[-1]:.2f} ms"


def proofs(journal: SqliteJournal, count: int) -> list[str]:
    """Rows: an inclusion proof, an earlier root with its proof, and the naive proof from all leaf hashes."""
    chance, hashes = Random(SEED), hashes_of(journal, ORIGIN)
    places, root = [chance.randrange(count) for _ in range(PROOFS)], journal.head(ORIGIN).frontier.root()
    for place in places[:50]:
        leaf = leaf_hash(journal.leaf(ORIGIN, place))
        check_inclusion(root, count, place, leaf, subtree_proof_from(hashes, place, place + 1, count))
    journal.commit(Change())  # forgets the tiles that were read
    included = each_ms(lambda place: subtree_proof_from(hashes, place, place + 1, count), places)
    rooted = each_ms(lambda place: root_at(journal, ORIGIN, place + 1), places)
    naive = each_ms(lambda place: inclusion_proof(journal.leaf_hashes(ORIGIN, 0, count), place, count), places[:2])
    return [
        f"| inclusion proof, at a random place | {included} |",
        f"| root of a random earlier size, proved against the newest | {rooted} |",
        f"| naive: inclusion proof from all leaf hashes | {naive} |",
    ]


def opening(path: Path) -> list[str]:
    """Rows: to open the journal, and to bring one of form 1 to this form."""
    opened = each_ms(lambda _: SqliteJournal(path).close(), list(range(ROUNDS)))
    database = sqlite3.connect(path)
    database.executescript("DROP TABLE tile; DROP TABLE answer; DROP TABLE express; PRAGMA user_version = 1;")
    database.close()
    began = time.perf_counter()
    SqliteJournal(path).close()
    return [f"| open the journal | {opened} |", f"| bring it from form 1 to 2, once | {time.perf_counter() - began:.1f} s |"]


def memory_mb() -> float:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def verifying(path: Path, count: int) -> list[str]:
    """Rows: every hash, tile and root anew, and what it takes to hash the leaves alone."""
    journal, before_mb = SqliteJournal(path, read_only=True), memory_mb()
    began, cpu = time.perf_counter(), time.process_time()
    found = rehash(journal, ORIGIN)
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    if found.faults or found.frontier != journal.head(ORIGIN).frontier:
        raise DamagedError(f"the benchmark's own record is damaged: {found.faults[:3]}")
    began = time.process_time()
    frontier = Frontier()
    for block in leaves(count // 10):
        frontier = frontier.extend(map(leaf_hash, block))
    limit_s = time.process_time() - began
    return [
        f"| verify the tree: entries read, hashed and compared | {count / wall_s:,.0f} entries/s ({count / cpu_s:,.0f} per CPU-s) |",
        f"| more memory for that | {memory_mb() - before_mb:.1f} MB |",
        f"| limit: leaves hashed into a tree, nothing read or compared | {frontier.size / limit_s:,.0f} per CPU-s |",
    ]


class Silent:
    """Officers who hear nothing."""

    def entries_added(self, pact: Pact) -> None:
        """Nothing."""

    def alarm(self, pact: Pact, sentence: str, entry: EntryId | None) -> None:
        """Nothing."""


def said(root: Path) -> tuple[Desk, SqliteJournal]:
    """A desk that has said things, each entry with the node's signature."""
    now = SystemClock().now()
    folders = {party: _folder(root / party, party, now) for party in ("alpha", "bravo")}
    cards = tuple(folder.card for folder in folders.values())
    agreement = Agreement(
        "bench", tuple(folders), cards, now.plus(-60.0), (Mode.TEST,), Minima(1_852.0, 150.0), None, MARKS, Timing(), quota=AMPLE
    )
    pact = pact_of(write_document(agreement))
    journal = SqliteJournal(root / "alpha" / "journal.db")
    desk = Desk(folders["alpha"].identity(), pact, journal, FoldedViews(journal, pact), SystemClock(), Silent())
    say(desk, Draft(EntryType.AGREEMENT, AgreementBody(pact.document.decode(), digest_of(pact.document)), Mode.TEST))
    for _ in range(SAID // 256):
        say(desk, *(Draft(EntryType.ATTEMPT, Attempt("radio", 1, False), Mode.TEST) for _ in range(256)))
    return desk, journal


def _folder(path: Path, party: str, now: Instant) -> Folder:
    folder = Folder.create(path, Settings(party, "en"), lambda: os.urandom(32), make_certificate(party, now))
    first_card(folder, now.plus(-60.0), CARD_DAYS)
    return folder


def signatures(root: Path) -> list[str]:
    """Rows: entries verified with their signatures, and the machine's limit of signatures alone."""
    desk, journal = said(root)
    count, taken = journal.head(desk.origin).frontier.size, []
    for _ in range(ROUNDS):
        began = time.process_time()
        reports = verify(journal, desk.pact)
        taken.append(time.process_time() - began)
        if any(report.faults or report.without_effect for report in reports):
            raise DamagedError("the benchmark's own entries do not verify")
    key, size = SigningKey.from_seed(os.urandom(32)), statistics.mean(map(len, journal.leaves(desk.origin, 0, count)))
    message = os.urandom(int(size))
    signed = key.sign(message)
    began = time.process_time()
    for _ in range(SAID):
        key.public.verify(signed, message)
    limit_s = time.process_time() - began
    return [
        f"| verify entries with their signatures, {size:.0f} bytes each | {count / statistics.median(taken):,.0f} entries per CPU-s |",
        f"| limit: Ed25519 signatures verified | {SAID / limit_s:,.0f} per CPU-s |",
    ]


def rows(count: int) -> list[str]:
    """The tables in Markdown, line by line."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.db"
        journal = SqliteJournal(path)
        filled_s = fill(journal, count)
        lines = [
            f"Load when it began: {os.getloadavg()[0]:.1f}. One feed of {count:,} entries of {LEAF_BYTES} bytes in SQLite, "
            f"{path.stat().st_size / 1e6:.0f} MB; it grew at {count / filled_s:,.0f} entries/s in blocks of {AT_ONCE:,}, fsync on.",
            "",
            "| what | p50 / p99, or rate |",
            "|---|---|",
            *verifying(path, count),  # before anything else has taken memory
            *proofs(journal, count),
        ]
        journal.close()
        return [*lines, *opening(path), *signatures(Path(folder))]


if __name__ == "__main__":
    print("\n".join(rows(int(sys.argv[1]) if len(sys.argv) > 1 else ENTRIES)))
