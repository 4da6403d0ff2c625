"""Heard: one party's word that an entry has come to it alone, ahead of its feed, is on its disk, and has rung.

    tafadi.v1/heard
    tafadi.v1/demo/north/1
    17
    <leaf hash, standard base64>
    south
    1
    node
    2026-11-23T09:30:00Z

    — tafadi.v1/demo/south/1/heard <signature>

A signed note (kind 0x01) by the envelope key of who heard. It names the feed, the index and the leaf hash of what was heard; then who heard
it: party, epoch and role (`node` is the machine, which has rung; an officer's word is an entry). What comes alone needs no wire of its own:
it is the envelope, which proves itself.

Source: C2SP signed-note v1.0.0; docs/spec/express.md.
"""

from dataclasses import dataclass
from typing import Final

from tafadi.errors import FormatError, InputError
from tafadi.measure.instant import Instant
from tafadi.model.names import check_name
from tafadi.trust.canon import from_base64, to_base64
from tafadi.trust.checkpoint import PROTOCOL, origin_of, split_origin
from tafadi.trust.keys import SIGNATURE_BYTES, PublicKey, SigningKey
from tafadi.trust.log import HASH_BYTES, SIZE_MAX
from tafadi.trust.note import KIND_LOG, Note, NoteSignature, key_id, note_bytes, parse_note, sign_note

FIRST_LINE: Final = f"{PROTOCOL}/heard"
HEARD_MAX_BYTES: Final = 1_024  # three names and a signature take less than half of it
_LINES: Final = 8
_FORMAT: Final = "heard"


@dataclass(frozen=True, slots=True)
class Heard:
    """Which entry was heard (`origin`, `index`, `leaf_hash`), by which party in which epoch, in what role, and when by its clock.

    Raises FormatError for what could not stand in the note.
    """

    origin: str
    index: int
    leaf_hash: bytes
    party: str
    epoch: int
    role: str
    at: Instant

    def __post_init__(self) -> None:
        split_origin(self.origin)
        if not 0 <= self.index < SIZE_MAX:
            raise FormatError(f"{self.index} is the place of no entry", format=_FORMAT, field="index")
        if len(self.leaf_hash) != HASH_BYTES:
            raise FormatError(f"a leaf hash of {len(self.leaf_hash)} bytes is none", format=_FORMAT, field="leaf hash")
        try:
            check_name(self.role, "role")
            origin_of(self.origin.split("/")[1], self.party, self.epoch)
        except InputError as error:
            raise FormatError(str(error), format=_FORMAT) from None

    @property
    def name(self) -> str:
        """The key name under which it is signed. Raises InputError for an epoch that is none."""
        return f"{origin_of(split_origin(self.origin)[0], self.party, self.epoch)}/heard"

    @property
    def text(self) -> str:
        """The body of the note: what is signed."""
        words = (FIRST_LINE, self.origin, self.index, to_base64(self.leaf_hash), self.party, self.epoch, self.role, self.at)
        return "".join(f"{word}\n" for word in words)


def sign_heard(heard: Heard, key: SigningKey) -> bytes:
    """The note, signed with the envelope key of who heard. Raises InputError."""
    return sign_note(heard.text, heard.name, key)


def with_signature(heard: Heard, signature: bytes, key: PublicKey) -> bytes:
    """The note with a signature that came without it. Raises FormatError for one that is none; it is not verified here."""
    if len(signature) != SIGNATURE_BYTES:
        raise FormatError(f"a signature has {SIGNATURE_BYTES} bytes, not {len(signature)}", format=_FORMAT, field="signature")
    return note_bytes(Note(heard.text, (NoteSignature(heard.name, key_id(heard.name, KIND_LOG, key), signature),)))


def open_heard(data: bytes, key: PublicKey) -> Heard:
    """What the note says, signed by the envelope key `key`. Raises FormatError, SignatureError.

    Whether the key is that of the party named, and the leaf hash that of what was sent, is for the caller.
    """
    note = parse_note(data, HEARD_MAX_BYTES)
    heard = read_heard(note.text)
    note.verify(heard.name, key)
    return heard


def signature_of(data: bytes, key: PublicKey) -> bytes:
    """The signature of the note alone: all else of it can be rebuilt. Raises as `open_heard` does."""
    open_heard(data, key)
    return parse_note(data, HEARD_MAX_BYTES).signatures[0].signature


def read_heard(text: str) -> Heard:
    """What the body of a note says. Raises FormatError unless it is the one form of that."""
    lines = text[:-1].split("\n")
    if len(lines) != _LINES or lines[0] != FIRST_LINE:
        raise FormatError(f"it does not begin with {FIRST_LINE}, or has not {_LINES} lines", format=_FORMAT)
    _, origin, index, digest, party, epoch, role, at = lines
    heard = Heard(origin, _number(index), from_base64(digest, _FORMAT, "leaf hash"), party, _number(epoch), role, _instant(at))
    if heard.text != text:
        raise FormatError("it is not in the one form of what it says", format=_FORMAT)
    return heard


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 16):
        raise FormatError(f"{text[:20]!r} is no number", format=_FORMAT)
    return int(text)


def _instant(text: str) -> Instant:
    try:
        return Instant.parse(text)
    except InputError as error:
        raise FormatError(str(error), format=_FORMAT, field="time") from None
