"""Pulse: heartbeats, which are no entries. Each carries the newest checkpoint of each live feed as its owner signed it, with cosignatures.

Two nodes that hold different histories of a feed find out within one round. A clock that is off by more than the agreement's skew alarms.
"""

from tafadi.desk.desk import Desk
from tafadi.desk.outgoing import held_by, take_receipt
from tafadi.desk.proof import compare
from tafadi.errors import EquivocationError, SessionError
from tafadi.trust.checkpoint import cosign, open_checkpoint
from tafadi.trust.heartbeat import NOTES_MAX, encode_heartbeat, open_heartbeat
from tafadi.trust.note import parse_note


def beat(desk: Desk) -> bytes:
    """This node's heartbeat now."""
    now = desk.clock.now()
    notes = [note for origin in _live(desk) if (note := _newest(desk, origin)) is not None]
    return encode_heartbeat(desk.pact.id, desk.party, desk.identity.epoch, now, notes, desk.identity.envelope)


def _live(desk: Desk) -> list[str]:
    """The newest feed of each party, and those before it that are not whole here: a whole one says no more than the card that ended it."""
    newest = [desk.pact.origin(party) for party in desk.pact.agreement.parties]
    ended = [origin for party in desk.pact.agreement.parties for origin in desk.pact.origins(party)[:-1]]
    return [*newest, *(origin for origin in ended if not _is_whole(desk, origin))][:NOTES_MAX]


def _is_whole(desk: Desk, origin: str) -> bool:
    frontier, last = desk.journal.head(origin).frontier, desk.pact.last(origin)
    return last is not None and (frontier.size, frontier.root()) == (last.size, last.root)


def _newest(desk: Desk, origin: str) -> bytes | None:
    """The newest checkpoint of one feed with the cosignatures that are known here."""
    note = desk.journal.head(origin).checkpoint
    if note is None:
        return None
    checkpoint = open_checkpoint(note, desk.pact.card(origin).log)
    if desk.pact.party_of(origin) != desk.party:
        return note + cosign(checkpoint, desk.pact.mirror(desk.party), desk.identity.mirror, desk.clock.now()).encode()
    lines = [receipt.line for receipt in desk.journal.receipts(origin).values() if receipt.size == checkpoint.size]
    return note + "".join(lines).encode()


def hear(desk: Desk, party: str, data: bytes) -> None:
    """Takes another node's heartbeat in. Raises FormatError, SignatureError, SessionError; EquivocationError once its proof is kept."""
    heartbeat = open_heartbeat(data, desk.pact.cards[party].envelope)
    if (heartbeat.agreement, heartbeat.party) != (desk.pact.id, party):
        raise SessionError(f"a heartbeat of {heartbeat.party} under {heartbeat.agreement} came where {party} under {desk.pact.id} was due")
    _check_clock(desk, party, heartbeat.at.since(desk.clock.now()))
    forks: list[EquivocationError] = []
    for note in heartbeat.notes:
        try:
            compare(desk, note)
        except EquivocationError as fork:  # kept; what else the heartbeat brings is taken in all the same
            forks.append(fork)
        _take_receipt(desk, party, note)
    if forks:
        raise forks[0]


def _take_receipt(desk: Desk, party: str, note: bytes) -> None:
    """Keeps the receipt that the other's heartbeat carries for our own feed, where the one that answered our push was lost."""
    parsed = parse_note(note)
    origin = parsed.text.split("\n", 1)[0]
    if desk.pact.party_of(origin) != desk.party:
        return
    checkpoint = open_checkpoint(note, desk.pact.card(origin).log)
    name = desk.pact.mirror(party)
    line = next((one.line for one in parsed.signatures if one.name == name), None)
    if line is None or not held_by(desk, party, origin) < checkpoint.size <= desk.journal.head(origin).frontier.size:
        return
    take_receipt(desk, party, checkpoint.size, line, origin)


def _check_clock(desk: Desk, party: str, ahead_s: float) -> None:
    """Alarms when the other's clock begins to differ by more than is agreed, and when it no longer does; not with every heartbeat."""
    is_off = abs(ahead_s) > desk.pact.agreement.timing.skew_max_s
    if is_off == (party in desk.clocks_off):
        return
    if is_off:
        desk.clocks_off.add(party)
        desk.bell.alarm(desk.pact, f"the clock of {party} differs from ours by {ahead_s:+.1f} s", None)
    else:
        desk.clocks_off.discard(party)
        desk.bell.alarm(desk.pact, f"the clock of {party} agrees with ours again, to {ahead_s:+.1f} s", None)
