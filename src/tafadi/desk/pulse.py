"""Pulse: heartbeats, which are no entries. Each carries the newest checkpoint of each live feed as its owner signed it, with cosignatures.

Receipts travel in them from whoever knows them, so that a party whose line to another is cut learns from a third what is stored there. Two
nodes that hold different histories of a feed find out within one round. A clock that is off by more than the agreement's skew alarms.
"""

from collections.abc import Sequence

from tafadi.desk.desk import Desk
from tafadi.desk.misuse import watch_receipts
from tafadi.desk.outgoing import checked_receipt, held_by
from tafadi.desk.ports import Change, Receipt
from tafadi.desk.proof import compare, root_at
from tafadi.errors import EquivocationError, SessionError
from tafadi.trust.checkpoint import Checkpoint, cosign, open_checkpoint, parse_checkpoint
from tafadi.trust.heartbeat import NOTES_MAX, encode_heartbeat, open_heartbeat
from tafadi.trust.note import Note, parse_note


def beat(desk: Desk) -> bytes:
    """This node's heartbeat now."""
    now = desk.clock.now()
    found = [_notes(desk, origin) for origin in _live(desk)]
    notes = [*(note for of_feed in found for note in of_feed[:1]), *(note for of_feed in found for note in of_feed[1:])]
    return encode_heartbeat(desk.pact.id, desk.party, desk.identity.epoch, now, notes[:NOTES_MAX], desk.identity.envelope)


def _live(desk: Desk) -> list[str]:
    """The newest feed of each party, and those before it that are not whole here: a whole one says no more than the card that ended it."""
    newest = [desk.pact.origin(party) for party in desk.pact.agreement.parties]
    ended = [origin for party in desk.pact.agreement.parties for origin in desk.pact.origins(party)[:-1]]
    return [*newest, *(origin for origin in ended if not _is_whole(desk, origin))][:NOTES_MAX]


def _is_whole(desk: Desk, origin: str) -> bool:
    frontier, last = desk.journal.head(origin).frontier, desk.pact.last(origin)
    return last is not None and (frontier.size, frontier.root()) == (last.size, last.root)


def _notes(desk: Desk, origin: str) -> list[bytes]:
    """The newest checkpoint of one feed with the cosignatures that are known here; then the receipts of others for less than that.

    Those stand under a checkpoint without its owner's signature, which nobody here has any more: the owner knows its own tree.
    """
    note = desk.journal.head(origin).checkpoint
    if note is None:
        return []
    newest = open_checkpoint(note, desk.pact.card(origin).log)
    by_size: dict[int, str] = {newest.size: _own_receipt(desk, newest)}
    for receipt in _receipts(desk, origin):
        by_size[receipt.size] = by_size.get(receipt.size, "") + receipt.line
    whole = note + by_size.pop(newest.size).encode()
    earlier = [Checkpoint(origin, size, root_at(desk, origin, size)) for size in sorted(by_size) if size < newest.size]
    return [whole, *(f"{checkpoint.text}\n{by_size[checkpoint.size]}".encode() for checkpoint in earlier)]


def _own_receipt(desk: Desk, newest: Checkpoint) -> str:
    if desk.pact.party_of(newest.origin) == desk.party:
        return ""
    return cosign(newest, desk.pact.mirror(desk.party), desk.identity.mirror, desk.clock.now())


def _receipts(desk: Desk, origin: str) -> list[Receipt]:
    """Those that are told: of one's own feed for its newest checkpoint alone, for nobody else waits for the others."""
    size, is_own = desk.journal.head(origin).frontier.size, desk.pact.party_of(origin) == desk.party
    mirrors = {desk.pact.mirror(party) for party in desk.pact.others(desk.party)}
    known = desk.journal.receipts(origin).items()
    return [receipt for name, receipt in known if name in mirrors and (not is_own or receipt.size == size)]


def hear(desk: Desk, party: str, data: bytes) -> dict[str, int]:
    """Takes another node's heartbeat in; how many entries of each feed it says it holds.

    Raises FormatError, SignatureError, SessionError; EquivocationError once its proof is kept.
    """
    heartbeat = open_heartbeat(data, desk.pact.cards[party].envelope)
    if (heartbeat.agreement, heartbeat.party) != (desk.pact.id, party):
        raise SessionError(f"a heartbeat of {heartbeat.party} under {heartbeat.agreement} came where {party} under {desk.pact.id} was due")
    _check_clock(desk, party, heartbeat.at.since(desk.clock.now()))
    return take_notes(desk, party, heartbeat.notes)


def take_notes(desk: Desk, party: str, notes: Sequence[bytes]) -> dict[str, int]:
    """Takes in the checkpoints and receipts that a heartbeat of `party` brings; how many entries of each feed it says it holds.

    Raises as `hear` does.
    """
    forks: list[EquivocationError] = []
    holds: dict[str, int] = {}
    for carried in notes:
        note = parse_note(carried)
        try:
            if _is_signed(note):
                compare(desk, carried)
        except EquivocationError as fork:  # kept; what else the heartbeat brings is taken in all the same
            forks.append(fork)
        watch_receipts(desk, note)
        _take_receipts(desk, party, note)
        holds |= _held(desk, party, note)
    if forks:
        raise forks[0]
    return holds


def _is_signed(note: Note) -> bool:
    """Whether the note claims to be its owner's word: one that merely carries receipts says nothing of the feed."""
    origin = note.text.split("\n", 1)[0]
    return any(signature.name == origin for signature in note.signatures)


def _held(desk: Desk, party: str, note: Note) -> dict[str, int]:
    """What the note says that the sender holds: all of its own feed, and of others what it has signed for."""
    checkpoint = parse_checkpoint(note.text)
    names = {signature.name for signature in note.signatures}
    is_its_own = desk.pact.party_of(checkpoint.origin) == party and checkpoint.origin in names
    return {checkpoint.origin: checkpoint.size} if is_its_own or desk.pact.mirror(party) in names else {}


def _take_receipts(desk: Desk, sender: str, note: Note) -> None:
    """Keeps the receipts that the note carries and that are not known here, whoever gave them: each is checked by its mirror's own key.

    One for another tree than ours is left alone: where its owner signed both, `compare` has found that out. Raises SignatureError, also
    where the sender cosigned a tree of our own feed that we never had.
    """
    checkpoint = parse_checkpoint(note.text)
    owner = desk.pact.party_of(checkpoint.origin)
    if owner is None or not 0 < checkpoint.size <= desk.journal.head(checkpoint.origin).frontier.size:
        return
    mirrors = {desk.pact.mirror(party): party for party in desk.pact.others(desk.party) if party != owner}
    lines = {mirrors[one.name]: one.line for one in note.signatures if one.name in mirrors}
    new = {party: line for party, line in lines.items() if held_by(desk, party, checkpoint.origin) < checkpoint.size}
    is_ours = owner == desk.party and sender in new
    if not new or (not is_ours and root_at(desk, checkpoint.origin, checkpoint.size) != checkpoint.root):
        return
    receipts = [checked_receipt(desk, party, checkpoint.size, line, checkpoint.origin) for party, line in new.items()]
    desk.journal.commit(Change(receipts=tuple(receipts)))


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
