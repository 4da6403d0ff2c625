"""Heartbeats: a sign of life that carries what one has seen of every feed, so that a fork shows within one round.

    tafadi.v1/heartbeat
    demo
    north
    1
    2026-11-23T09:30:00Z
    <standard base64 of a whole checkpoint note, with its cosignatures>
    …

    — tafadi.v1/demo/north/1/heartbeat <signature>

It is a signed note (kind 0x01) by the envelope key, and no entry: only changes of state are worth an entry. Each carried note stands on
its own signatures; the heartbeat merely brings it. Agreement, party and epoch stand in the text because a note's signature does not cover
its key name.

Source: C2SP signed-note v1.0.0; docs/spec/heartbeat.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tafadi.errors import FormatError, InputError
from tafadi.measure.instant import Instant
from tafadi.trust.canon import from_base64, to_base64
from tafadi.trust.checkpoint import PROTOCOL, origin_of, split_origin
from tafadi.trust.keys import PublicKey, SigningKey
from tafadi.trust.note import parse_note, sign_note

FIRST_LINE: Final = f"{PROTOCOL}/heartbeat"
NOTES_MAX: Final = 64  # one for each feed that is live under an agreement, old epochs included
HEARTBEAT_MAX_BYTES: Final = 262_144  # 64 checkpoints with a dozen cosignatures each
_HEAD_LINES: Final = 5
_FORMAT: Final = "heartbeat"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Who was alive when, by its own clock, and the checkpoint notes it brings (parsed, but not verified)."""

    agreement: str
    party: str
    epoch: int
    at: Instant
    notes: tuple[bytes, ...]


def heartbeat_name(agreement: str, party: str, epoch: int) -> str:
    """The key name under which a party signs its heartbeats. Raises InputError."""
    return f"{origin_of(agreement, party, epoch)}/heartbeat"


def encode_heartbeat(agreement: str, party: str, epoch: int, at: Instant, notes: Sequence[bytes], key: SigningKey) -> bytes:
    """The heartbeat of `party` at `at`, signed with its envelope key. Raises InputError beyond the limits."""
    name = heartbeat_name(agreement, party, epoch)
    if len(notes) > NOTES_MAX:
        raise InputError(f"{len(notes)} notes are more than the {NOTES_MAX} that a heartbeat carries")
    lines = [FIRST_LINE, agreement, party, str(epoch), str(at), *map(to_base64, notes)]
    data = sign_note("\n".join(lines) + "\n", name, key)
    if len(data) > HEARTBEAT_MAX_BYTES:
        raise InputError(f"the heartbeat would be {len(data)} bytes long; at most {HEARTBEAT_MAX_BYTES} are allowed")
    return data


def open_heartbeat(data: bytes, key: PublicKey) -> Heartbeat:
    """The heartbeat in `data`, signed by the envelope key `key`. Raises FormatError, SignatureError.

    Whether its time is near ours, and whether key, agreement, party and epoch belong together, is for the caller.
    """
    note = parse_note(data, HEARTBEAT_MAX_BYTES)
    lines = note.text[:-1].split("\n")
    if len(lines) < _HEAD_LINES or lines[0] != FIRST_LINE:
        raise FormatError(f"it does not begin with {FIRST_LINE} and four lines more", format=_FORMAT)
    agreement, party, epoch = split_origin(f"{PROTOCOL}/{'/'.join(lines[1:4])}")
    note.verify(heartbeat_name(agreement, party, epoch), key)
    carried = lines[_HEAD_LINES:]
    if len(carried) > NOTES_MAX:
        raise FormatError(f"it carries {len(carried)} notes; at most {NOTES_MAX} are allowed", format=_FORMAT)
    return Heartbeat(agreement, party, epoch, _instant(lines[4]), tuple(map(_carried, carried)))


def _instant(text: str) -> Instant:
    try:
        at = Instant.parse(text)
    except InputError as error:
        raise FormatError(str(error), format=_FORMAT, field="time") from None
    if str(at) != text:
        raise FormatError(f"{text!r} is not the one form of its time, {at}", format=_FORMAT, field="time")
    return at


def _carried(line: str) -> bytes:
    data = from_base64(line, _FORMAT, "note")
    parse_note(data)
    return data
