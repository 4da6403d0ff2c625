"""Proof: what shows that a party signed two stories is kept for ever, alarmed, and passed on to every other party.

Whoever holds the longer of two histories can show that the shorter is no beginning of it; whoever holds the shorter learns it from the
proof, which verifies by itself. So a fork is known to all honest parties within a round of heartbeats after two that were told differently
are connected. A root that its owner did not sign accuses nobody.

Source: docs/spec/evidence.md, docs/spec/heartbeat.md.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from tafadi.desk import tree
from tafadi.desk.desk import Desk
from tafadi.desk.pact import Pact
from tafadi.desk.ports import Change, Exhibit
from tafadi.errors import ChainError, DamagedError, EquivocationError, FormatError, NotPermittedError, SignatureError
from tafadi.trust.checkpoint import Checkpoint, open_checkpoint, origin_of
from tafadi.trust.evidence import (
    Contradiction,
    Evidence,
    accused_feed,
    compare_checkpoints,
    compare_entries,
    compare_trees,
    encode_evidence,
    open_evidence,
)
from tafadi.trust.log import Frontier, joint_nodes_from

PROOFS_MAX: Final = 16  # that are kept about one feed: one convicts, and whoever goes on forking must not fill the disk


def keep_fork(desk: Desk, origin: str, error: EquivocationError) -> None:
    """Keeps two contradicting checkpoints of one size for ever, with their owner's card, and alarms."""
    evidence = compare_checkpoints(error.first, error.second, desk.pact.card(origin).log)
    if evidence is None:
        raise error  # not proved by these two alone; nobody is accused without a proof
    _keep(desk, origin, evidence)


def keep_entries(desk: Desk, origin: str, one: bytes, other: bytes) -> bool:
    """Whether these two leaves prove that the feed's owner signed two entries for one place; the proof is kept then, and alarmed."""
    try:
        evidence = compare_entries(one, other, desk.pact.card(origin).envelope)
    except (FormatError, SignatureError):
        return False  # one of them the owner did not sign
    if evidence is None:
        return False  # the owner's word is the same, and only another signature on it is not
    _keep(desk, origin, evidence)
    return True


def keep_trees(desk: Desk, origin: str, note: bytes, hashes: Sequence[bytes]) -> None:
    """Keeps the proof that the tree of `hashes`, which the owner signed in `note`, does not begin with what is held here, and alarms.

    Raises ChainError where that is not proved.
    """
    held, key = desk.journal.head(origin).checkpoint, desk.pact.card(origin).log
    size = open_checkpoint(held, key).size if held else 0
    nodes = joint_nodes_from(lambda start, end: Frontier().extend(hashes[start:end]).root(), size, len(hashes)) if size else []
    evidence = compare_trees(held, note, nodes, key) if held else None
    if evidence is None:
        raise ChainError(f"what was brought of {origin} does not continue what is held here, and does not prove a fork")
    _keep(desk, origin, evidence)


def _keep(desk: Desk, origin: str, evidence: Evidence) -> None:
    keep_file(desk, origin, Exhibit(evidence.kind, encode_evidence(evidence, desk.pact.signed(origin).data)))


def keep_file(desk: Desk, origin: str, exhibit: Exhibit) -> None:
    """Keeps the proof and alarms. There is no date in it: of an ended feed it may be the work of whoever has the retired keys now."""
    kept = [one for one in desk.journal.evidence() if feed_of_proof(one.data) == origin]
    if exhibit in kept or len(kept) >= PROOFS_MAX:
        return  # every heartbeat brings it again; one proof and one alarm are enough
    desk.journal.commit(Change(exhibits=(exhibit,)))
    has_ended = desk.pact.end(origin) is not None
    who = f"{desk.pact.party_of(origin)}{', or whoever has its old keys,' if has_ended else ''}"
    desk.bell.alarm(desk.pact, f"{who} {_misdeed(exhibit.kind, origin, has_ended)}; the proof is kept", None)


def _misdeed(kind: str, origin: str, has_ended: bool) -> str:
    if kind == Contradiction.RECEIPT:
        return "signed receipts for two histories of one feed, of which one excludes the other"
    if kind == Contradiction.RETIRED_KEY:
        return f"signed with the keys of {origin} after it was recorded that they are retired"
    return f"signed two different histories of {f'{origin}, which has ended' if has_ended else 'its feed'}"


def evidence_of(desk: Desk) -> list[Exhibit]:
    """The proofs that are kept about feeds of this agreement; those of others are nobody's business here."""
    return [one for one in desk.journal.evidence() if desk.pact.party_of(feed_of_proof(one.data)) is not None]


@lru_cache(maxsize=256)
def feed_of_proof(data: bytes) -> str:
    """The feed whose party a proof convicts, in the epoch of its keys. Raises as `open_evidence` does."""
    return accused_feed(*open_evidence(data))


def take_evidence(desk: Desk, data: bytes) -> None:
    """Keeps a proof that another party found. Raises as `proof_for` does."""
    origin, exhibit = proof_for(desk.pact, data)
    keep_file(desk, origin, exhibit)


def proof_for(pact: Pact, data: bytes) -> tuple[str, Exhibit]:
    """The proof in `data`, and the feed of the agreement whose party it convicts.

    Raises FormatError, SignatureError for one that proves nothing; NotPermittedError when it is not about a feed of this agreement.
    """
    evidence, card = open_evidence(data)
    known = pact.card_of(card.party, card.epoch)
    if known is None or known.card != card:
        raise NotPermittedError(f"the proof is about keys of {card.party} that are not those of this agreement")
    if accused_feed(evidence, card) != origin_of(pact.id, card.party, card.epoch):
        raise NotPermittedError(f"the proof is about {accused_feed(evidence, card)}, and not about this agreement")
    return accused_feed(evidence, card), Exhibit(evidence.kind, data)


def compare(desk: Desk, note: bytes) -> None:
    """Compares a checkpoint that another party brought with the feed as it is held here. One of no feed of this agreement says nothing.

    Raises EquivocationError once the proof of a fork is kept. Raises DamagedError when the note proves that this node once signed something
    else of its own feed than it holds now: it was restored from a backup, and must not sign those places again.
    """
    origin = note.split(b"\n", 1)[0].decode("utf-8", "replace")
    if desk.pact.party_of(origin) is None:
        return
    brought = open_checkpoint(note, desk.pact.card(origin).log)
    evidence = _contradiction(desk, brought, note)
    if evidence is not None:
        _keep(desk, origin, evidence)
    if desk.pact.party_of(origin) == desk.party and desk.pact.end(origin) is None:
        _check_not_restored(desk, brought, forked=evidence is not None)
    if evidence is not None:
        owner = desk.pact.party_of(origin)
        raise EquivocationError(f"{owner} signed two histories of {origin}", evidence.first, evidence.second)


def _contradiction(desk: Desk, brought: Checkpoint, note: bytes) -> Evidence | None:
    """The proof that the note and the feed held here exclude each other; None when they do not, or the note is of more than is held."""
    held_note, key = desk.journal.head(brought.origin).checkpoint, desk.pact.card(brought.origin).log
    if held_note is None:
        return None
    held = open_checkpoint(held_note, key)
    if brought.size == held.size:
        return compare_checkpoints(held_note, note, key)
    if not 0 < brought.size < held.size or root_at(desk, brought.origin, brought.size) == brought.root:
        return None
    nodes = joint_nodes_from(tree.hashes_of(desk.journal, brought.origin), brought.size, held.size)
    return compare_trees(held_note, note, nodes, key)


def root_at(desk: Desk, origin: str, size: int) -> bytes:
    """The root of the first `size` entries of a feed as they are held here; there must be as many."""
    return desk.views.root(origin, size) or tree.root_at(desk.journal, origin, size)


def _check_not_restored(desk: Desk, brought: Checkpoint, *, forked: bool) -> None:
    size = desk.journal.head(brought.origin).frontier.size
    if forked:
        raise DamagedError(
            f"this node signed two histories of its own feed {brought.origin}: its record was put back from a copy, and it went on; "
            "the proof is kept"
        )
    if brought.size > size:
        raise DamagedError(
            f"this node has signed {brought.size} entries of {brought.origin} and holds {size}; it must not go on in this epoch: its "
            "record was put back from a copy (`tafadi node restore`), or its keys are in other hands (`tafadi node renew --cut`)"
        )
