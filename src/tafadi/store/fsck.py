"""Verifying a journal: everything that can be recomputed from the entries is, and compared with what is stored.

Reads only, a tile of entries at a time; works on a running node's folder too. The feeds are truth: a root or a tile that does not follow
from the entries, a signature that does not verify or a receipt that is for another tree is a fault, told with its place.
"""

from dataclasses import dataclass, field

from tafadi.desk.examine import examine
from tafadi.desk.pact import Pact
from tafadi.desk.ports import Receipt
from tafadi.errors import TafadiError
from tafadi.model.reply import RefusalCode
from tafadi.store.journals import StoredJournal
from tafadi.store.rehash import rehash
from tafadi.trust.card import Card
from tafadi.trust.checkpoint import Checkpoint, check_cosignature, open_checkpoint


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


def verify(journal: StoredJournal, pact: Pact, *, entries: bool = True) -> list[FeedReport]:
    """A report on each feed of the agreement, those of one party after another.

    Without `entries` it is not looked at what each entry says and who signed it: all the rest, the signed root included, is verified.
    """
    with journal.snapshot():
        origins = [origin for party in pact.agreement.parties for origin in pact.origins(party)]
        return [_verify_feed(journal, pact, origin, entries=entries) for origin in origins]


def _verify_feed(journal: StoredJournal, pact: Pact, origin: str, *, entries: bool) -> FeedReport:
    report = FeedReport(origin, pact.card(origin).party)
    head, receipts = journal.head(origin), _receipts(journal, pact, report)
    signed = _signed(report, head.checkpoint, pact)
    sizes = [receipt.size for receipt, _ in receipts] + ([signed.size] if signed else [])

    def look(index: int, leaf: bytes) -> None:
        _verify_entry(report, leaf, index, pact)

    tree = rehash(journal, origin, sizes, look) if entries else rehash(journal, origin, sizes)
    report.faults += tree.faults
    report.entries, report.root = tree.frontier.size, tree.frontier.root().hex()
    if (head.frontier.size, head.frontier.root()) != (tree.frontier.size, tree.frontier.root()):
        report.faults.append(f"the entries give {tree.frontier.size} and root {report.root}; the stored tree says otherwise")
    if signed is not None and tree.roots.get(signed.size) != signed.root:
        report.faults.append(f"the checkpoint's root for {signed.size} entries is not that of the entries")
    for receipt, card in receipts:
        _verify_receipt(report, receipt, tree.roots, card)
    return report


def _verify_entry(report: FeedReport, leaf: bytes, index: int, pact: Pact) -> None:
    examined = examine(leaf, pact.entry_id(report.origin, index), pact)
    if examined.refusal is None:
        return
    told = f"entry {index}: {examined.refusal.code} {examined.refusal.field}".rstrip()
    genuine = examined.refusal.code is not RefusalCode.BAD_SIGNATURE
    report.without_effect.append(told) if genuine else report.faults.append(told)


def _signed(report: FeedReport, note: bytes | None, pact: Pact) -> Checkpoint | None:
    """The newest checkpoint; None where there is none that its owner signed, which is told."""
    try:
        return None if note is None else open_checkpoint(note, pact.card(report.origin).log)
    except TafadiError as error:
        report.faults.append(f"the checkpoint: {error}")
        return None


def _receipts(journal: StoredJournal, pact: Pact, report: FeedReport) -> list[tuple[Receipt, Card]]:
    """The receipts of the feed's mirrors, each with the card of who gave it."""
    kept = journal.receipts(report.origin)
    mirrors = [mirror for party in pact.others(report.party) for mirror in pact.mirrors(party).items()]
    return [(kept[name], card) for name, card in mirrors if name in kept]


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
