"""Misuse as a node sees it: a mirror's receipt for another tree than it had signed for before, and a signature by a retired key.

Both are looked for in what heartbeats, pushes and bundles bring, and only where something is wrong already: a receipt whose root is not
that of the feed as it is held here, or a signature by keys of an epoch that has ended. What proves it is kept (`tafadi.desk.proof`).

Source: docs/spec/evidence.md; decision docs/decisions/0027-what-convicts-a-mirror-and-a-retired-key.md.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from tafadi.desk.desk import Desk
from tafadi.desk.ports import Exhibit
from tafadi.desk.proof import keep_file
from tafadi.desk.tree import hashes_of, root_at
from tafadi.errors import FormatError, SignatureError
from tafadi.trust.canon import to_base64
from tafadi.trust.card import Card
from tafadi.trust.checkpoint import Checkpoint, parse_checkpoint, split_origin
from tafadi.trust.envelope import open_envelope
from tafadi.trust.evidence import Evidence, compare_receipts, compare_retired, encode_evidence
from tafadi.trust.log import joint_nodes_from, subtree_proof_from
from tafadi.trust.misuse import open_receipted
from tafadi.trust.note import Note

RECORDS_MAX: Final = 10_000  # entries in which the record of a retirement is looked for, newest first: it is made as soon as a card comes
# What the base64 of an entry of type `key` holds, wherever the member begins among three bytes.
_MARKS: Final = tuple(to_base64(b" " * shift + b'"type":"key",')[shift and 4 : -4].encode() for shift in range(3))


def watch_receipts(desk: Desk, note: Note) -> None:
    """Keeps the proof, where a mirror signed in the note for a tree that excludes one it had signed for, or did so with a retired key."""
    checkpoint = parse_checkpoint(note.text)
    if desk.pact.party_of(checkpoint.origin) is None:
        return
    for party in desk.pact.others(desk.party):
        for name, card in desk.pact.mirrors(party).items():
            lines = [one.line for one in note.signatures if one.name == name]
            if lines and party != desk.pact.party_of(checkpoint.origin):
                _watch(desk, f"{note.text}\n{lines[0]}".encode(), checkpoint, name, card)


def watch_entries(desk: Desk, origin: str, entries: Sequence[bytes]) -> None:
    """Keeps the proof, where the keys of that feed, which has ended, signed one of these entries after their retirement was recorded."""
    if desk.pact.end(origin) is None:
        return
    for leaf in entries:
        with suppress(FormatError, SignatureError):  # no entry, or not by these keys: then it says nothing of them
            envelope = open_envelope(leaf)
            envelope.verify(desk.pact.card(origin).envelope, 0)
            seen = envelope.payload.get("seen")
            claimed = [one for one in (seen if isinstance(seen, list) else []) if isinstance(one, dict)]
            for one in claimed:
                record = f"{origin.rsplit('/', 2)[0]}/{one.get('party')}/{one.get('epoch')}"
                size = one.get("size")
                if isinstance(size, int):
                    _watch_retired(desk, leaf, record, size, desk.pact.card(origin))


def _watch(desk: Desk, receipt: bytes, checkpoint: Checkpoint, name: str, card: Card) -> None:
    with suppress(SignatureError, FormatError):  # a false line is its bringer's, and is found out where receipts are taken
        open_receipted(receipt, card)
        if desk.pact.mirror(card.party) != name:
            _watch_retired(desk, receipt, checkpoint.origin, checkpoint.size, card)
        _watch_history(desk, receipt, checkpoint, name, card)


def _watch_history(desk: Desk, receipt: bytes, checkpoint: Checkpoint, name: str, card: Card) -> None:
    known = desk.journal.receipts(checkpoint.origin).get(name)
    if (
        known is None
        or not 0 < checkpoint.size <= known.size
        or root_at(desk.journal, checkpoint.origin, checkpoint.size) == checkpoint.root
    ):
        return
    held = Checkpoint(checkpoint.origin, known.size, root_at(desk.journal, checkpoint.origin, known.size))
    is_smaller = checkpoint.size < known.size
    nodes = joint_nodes_from(hashes_of(desk.journal, checkpoint.origin), checkpoint.size, known.size) if is_smaller else []
    _keep(desk, compare_receipts(f"{held.text}\n{known.line}".encode(), receipt, nodes, card), checkpoint.origin, card)


def _watch_retired(desk: Desk, use: bytes, origin: str, size: int, card: Card) -> None:
    """Looks for the record in the feed that the signature says it has seen, as far as it is held here."""
    if desk.pact.party_of(origin) is None or desk.journal.head(origin).frontier.size < size:
        return
    first = max(0, size - RECORDS_MAX)
    for index, leaf in reversed(list(enumerate(desk.journal.leaves(origin, first, size), first))):
        if any(mark in leaf for mark in _MARKS):
            with suppress(FormatError):  # a record of another card
                nodes = subtree_proof_from(hashes_of(desk.journal, origin), index, index + 1, size)
                if _keep(desk, compare_retired(use, leaf, nodes, card), origin, card):
                    return


def _keep(desk: Desk, evidence: Evidence | None, origin: str, card: Card) -> bool:
    """Keeps the proof, if it is one."""
    signed = desk.pact.card_of(card.party, card.epoch)
    if evidence is None or signed is None:
        return False
    accused = f"{origin.split('/', 1)[0]}/{split_origin(origin)[0]}/{card.party}/{card.epoch}"
    keep_file(desk, accused, Exhibit(evidence.kind, encode_evidence(evidence, signed.data)))
    return True
