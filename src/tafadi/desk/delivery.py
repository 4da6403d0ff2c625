"""Delivery: what shows, to anybody and for ever, that another party has stored an entry. It needs no more than a receipt that is kept.

Source: docs/spec/evidence.md.
"""

from tafadi.desk.pact import Pact
from tafadi.desk.ports import Journal
from tafadi.desk.tree import hashes_of, root_at
from tafadi.errors import MissingError
from tafadi.model.entry import EntryId
from tafadi.trust.checkpoint import Checkpoint
from tafadi.trust.delivery import encode_delivery
from tafadi.trust.log import subtree_proof_from


def prove_stored(journal: Journal, pact: Pact, entry: EntryId, party: str) -> bytes:
    """The file that proves it, by the newest receipt of that party's mirrors that covers the entry.

    Raises MissingError where there is no such entry, party or receipt; DamagedError where the stored hashes do not give the receipt's root.
    """
    origin = pact.feed_of(entry)
    if party not in pact.cards or pact.party_of(origin) in (None, party):
        raise MissingError(f"{party} gives no receipt for {entry} under {pact.id}")
    receipts, mirrors = journal.receipts(origin), pact.mirrors(party)
    found = [receipts[name] for name in reversed(mirrors) if name in receipts and receipts[name].size > entry.index]
    if not found:
        raise MissingError(f"no receipt of {party} for {entry} is here")
    receipt = found[0]
    checkpoint = Checkpoint(origin, receipt.size, root_at(journal, origin, receipt.size))
    nodes = subtree_proof_from(hashes_of(journal, origin), entry.index, entry.index + 1, receipt.size)
    signed = pact.card_of(party, mirrors[receipt.mirror].epoch)
    assert signed is not None  # `mirrors` is made of the same cards
    note = f"{checkpoint.text}\n{receipt.line}".encode()
    return encode_delivery(journal.leaf(origin, entry.index), note, nodes, signed.data)
