"""Verifying a journal: everything that can be recomputed from the entries is, and compared with what is stored.

Reads only; works on a running node's folder too. The feeds are truth: a root that does not follow from the entries, a signature that does
not verify or a receipt that is for another tree is a fault, told with its place.
"""

from dataclasses import dataclass, field

from tafadi.desk.examine import examine
from tafadi.desk.pact import Pact
from tafadi.desk.ports import Receipt
from tafadi.errors import TafadiError
from tafadi.model.reply import RefusalCode
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.card import Card
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
    """A report on each feed of the agreement, those of one party after another."""
    with journal.snapshot():
        return [_verify_feed(journal, pact, origin) for party in pact.agreement.parties for origin in pact.origins(party)]


def _verify_feed(journal: SqliteJournal, pact: Pact, origin: str) -> FeedReport:
    report = FeedReport(origin, pact.card(origin).party)
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
        checkpoint = open_checkpoint(note, pact.card(report.origin).log)
    except TafadiError as error:
        report.faults.append(f"the checkpoint: {error}")
        return
    if roots.get(checkpoint.size) != checkpoint.root:
        report.faults.append(f"the checkpoint's root for {checkpoint.size} entries is not that of the entries")


def _verify_receipts(report: FeedReport, journal: SqliteJournal, roots: dict[int, bytes], pact: Pact) -> None:
    receipts = journal.receipts(report.origin)
    for party in pact.others(report.party):
        for name, card in pact.mirrors(party).items():
            if name in receipts:
                _verify_receipt(report, receipts[name], roots, card)


def _verify_receipt(report: FeedReport, receipt: Receipt, roots: dict[int, bytes], card: Card) -> None:
    root = roots.get(receipt.size)
    if root is None:
        report.faults.append(f"the receipt of {card.party} is for {receipt.size} entries, and {report.entries} are here")
        return
    try:
        check_cosignature(receipt.line, Checkpoint(report.origin, receipt.size, root), receipt.mirror, card.mirror)
        report.receipts += 1
    except TafadiError as error:
        report.faults.append(f"the receipt of {card.party}: {error}")
