"""Verifying a journal: everything that can be recomputed from the entries is, and compared with what is stored.

Reads only; works on a running node's folder too. The feeds are truth: a root that does not follow from the entries, a signature that does
not verify or a receipt that is for another tree is a fault, told with its place.
"""

from dataclasses import dataclass, field

from tafadi.desk.examine import examine
from tafadi.desk.ports import Pact
from tafadi.errors import TafadiError
from tafadi.model.message import RefusalCode
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.checkpoint import Checkpoint, check_cosignature, open_checkpoint
from tafadi.trust.log import Frontier, leaf_hash


@dataclass(slots=True)
class FeedReport:
    """What was found of one feed: how much verified, and each fault in a sentence."""

    origin: str
    party: str
    entries: int = 0
    root: str = ""
    receipts: int = 0
    without_effect: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def verify(journal: SqliteJournal, pact: Pact) -> list[FeedReport]:
    """A report on each party's feed of the agreement."""
    with journal.snapshot():
        return [_verify_feed(journal, pact, party) for party in pact.agreement.parties]


def _verify_feed(journal: SqliteJournal, pact: Pact, party: str) -> FeedReport:
    report = FeedReport(pact.origin(party), party)
    frontier = Frontier()
    stored = journal.leaf_hashes(report.origin)
    head = journal.head(report.origin)
    roots = {0: Frontier().root()}
    for index, leaf in enumerate(journal.leaves(report.origin, 0, max(head.frontier.size, len(stored)))):
        frontier = frontier.append(leaf_hash(leaf))
        roots[index + 1] = frontier.root()
        _verify_entry(report, leaf, index, stored[index], pact)
    report.entries, report.root = frontier.size, frontier.root().hex()
    if (head.frontier.size, head.frontier.root()) != (frontier.size, frontier.root()):
        report.faults.append(f"the entries give {frontier.size} and root {report.root}; the stored tree says otherwise")
    _verify_checkpoint(report, head.checkpoint, roots, pact)
    _verify_receipts(report, journal, roots, pact)
    return report


def _verify_entry(report: FeedReport, leaf: bytes, index: int, stored_hash: bytes, pact: Pact) -> None:
    if leaf_hash(leaf) != stored_hash:
        report.faults.append(f"entry {index} does not have its stored hash")
    examined = examine(leaf, pact.entry_id(report.origin, index), pact)
    if examined.refusal is None:
        return
    told = f"entry {index}: {examined.refusal.code} {examined.refusal.field}".rstrip()
    genuine = examined.refusal.code is not RefusalCode.BAD_SIGNATURE
    report.without_effect.append(told) if genuine else report.faults.append(told)


def _verify_checkpoint(report: FeedReport, note: bytes | None, roots: dict[int, bytes], pact: Pact) -> None:
    if note is None:
        return
    try:
        checkpoint = open_checkpoint(note, pact.cards[report.party].log)
    except TafadiError as error:
        report.faults.append(f"the checkpoint: {error}")
        return
    if roots.get(checkpoint.size) != checkpoint.root:
        report.faults.append(f"the checkpoint's root for {checkpoint.size} entries is not that of the entries")


def _verify_receipts(report: FeedReport, journal: SqliteJournal, roots: dict[int, bytes], pact: Pact) -> None:
    for party in pact.others(report.party):
        receipt = journal.receipts(report.origin).get(pact.mirror(party))
        if receipt is None:
            continue
        root = roots.get(receipt.size)
        if root is None:
            report.faults.append(f"the receipt of {party} is for {receipt.size} entries, and {report.entries} are here")
            continue
        try:
            check_cosignature(receipt.line, Checkpoint(report.origin, receipt.size, root), receipt.mirror, pact.cards[party].mirror)
            report.receipts += 1
        except TafadiError as error:
            report.faults.append(f"the receipt of {party}: {error}")
