"""Pulse: heartbeats, which are no entries. Each carries every feed's newest checkpoint as its owner signed it, with cosignatures.

Two nodes that hold different histories of a feed find out within one round. A clock that is off by more than the agreement's skew alarms.
"""

from tafadi.desk.desk import Desk
from tafadi.desk.listen import keep_fork
from tafadi.desk.outgoing import held_by, take_receipt
from tafadi.errors import DamagedError, EquivocationError, SessionError
from tafadi.trust.checkpoint import cosign, open_checkpoint
from tafadi.trust.evidence import compare_checkpoints
from tafadi.trust.heartbeat import encode_heartbeat, open_heartbeat
from tafadi.trust.note import parse_note


def beat(desk: Desk) -> bytes:
    """This node's heartbeat now."""
    now = desk.clock.now()
    notes = [note for party in desk.pact.agreement.parties if (note := _newest(desk, party)) is not None]
    return encode_heartbeat(desk.pact.id, desk.party, desk.identity.epoch, now, notes, desk.identity.envelope)


def _newest(desk: Desk, party: str) -> bytes | None:
    """The newest checkpoint of one feed with the cosignatures that are known here."""
    origin = desk.pact.origin(party)
    note = desk.journal.head(origin).checkpoint
    if note is None:
        return None
    checkpoint = open_checkpoint(note, desk.pact.cards[party].log)
    if party != desk.party:
        return note + cosign(checkpoint, desk.pact.mirror(desk.party), desk.identity.mirror, desk.clock.now()).encode()
    lines = [receipt.line for receipt in desk.journal.receipts(origin).values() if receipt.size == checkpoint.size]
    return note + "".join(lines).encode()


def hear(desk: Desk, party: str, data: bytes) -> None:
    """Takes another node's heartbeat in. Raises FormatError, SignatureError, SessionError; EquivocationError once its proof is kept."""
    heartbeat = open_heartbeat(data, desk.pact.cards[party].envelope)
    if (heartbeat.agreement, heartbeat.party) != (desk.pact.id, party):
        raise SessionError(f"a heartbeat of {heartbeat.party} under {heartbeat.agreement} came where {party} under {desk.pact.id} was due")
    _check_clock(desk, party, heartbeat.at.since(desk.clock.now()))
    for note in heartbeat.notes:
        _compare(desk, note)
        _take_receipt(desk, party, note)


def _take_receipt(desk: Desk, party: str, note: bytes) -> None:
    """Keeps the receipt that the other's heartbeat carries for our own feed, where the one that answered our push was lost."""
    parsed = parse_note(note)
    if parsed.text.split("\n", 1)[0] != desk.origin:
        return
    checkpoint = open_checkpoint(note, desk.identity.log.public)
    name = desk.pact.mirror(party)
    line = next((one.line for one in parsed.signatures if one.name == name), None)
    if line is None or not held_by(desk, party) < checkpoint.size <= desk.journal.head(desk.origin).frontier.size:
        return
    take_receipt(desk, party, checkpoint.size, line)


def _check_clock(desk: Desk, party: str, ahead_s: float) -> None:
    if abs(ahead_s) > desk.pact.agreement.timing.skew_max_s:
        desk.bell.alarm(desk.pact, f"the clock of {party} differs from ours by {ahead_s:+.1f} s", None)


def _compare(desk: Desk, note: bytes) -> None:
    """Compares a carried checkpoint with the one of the same size that is held here. A root that its owner did not sign accuses nobody.

    Raises DamagedError when the note proves that this node once signed more of its own feed than it now holds: it was restored from a
    backup, and must not sign those places again (a new epoch is the way on).
    """
    origin = note.split(b"\n", 1)[0].decode("utf-8", "replace")
    owner = desk.pact.party_of(origin)
    held = desk.journal.head(origin).checkpoint if owner else None
    if owner is None or held is None:
        return
    if owner == desk.party:
        _check_not_restored(desk, note)
    evidence = compare_checkpoints(held, note, desk.pact.cards[owner].log)
    if evidence is not None:
        fork = EquivocationError(f"{owner} signed two roots for one size of its feed", evidence.first, evidence.second)
        keep_fork(desk, owner, fork)
        raise fork


def _check_not_restored(desk: Desk, note: bytes) -> None:
    signed = open_checkpoint(note, desk.identity.log.public).size
    size = desk.journal.head(desk.origin).frontier.size
    if signed > size:
        raise DamagedError(
            f"this node has signed {signed} entries of {desk.origin} and holds {size}: its record was restored from a backup; "
            "it must not go on in this epoch"
        )
