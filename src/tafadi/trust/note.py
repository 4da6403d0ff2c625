"""Signed notes: lines of text, an empty line, and signature lines that each name a key.

    tafadi.v1/demo/north/1
    2
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — tafadi.v1/demo/north/1 Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+Z…

A signature line is: em dash, space, key name, space, base64(4 bytes of key id ‖ signature). The key id binds name, kind and key; it is a
hint for finding the key, and a collision leads to a failed verification and nothing else.

Source: C2SP signed-note v1.0.0.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from tafadi.errors import FormatError, SignatureError
from tafadi.trust.canon import from_base64, to_base64
from tafadi.trust.keys import PublicKey, SigningKey

KIND_LOG: Final = 0x01  # Ed25519 over the text
KIND_COSIGNER: Final = 0x04  # Ed25519 over a timestamp and the text
NOTE_MAX_BYTES: Final = 16_384  # a checkpoint with its signatures by 32 parties is a third of it
NAME_MAX: Final = 255  # characters of a key name
SIGNATURES_MAX: Final = 32  # SPEC signed-note: at least 16 must be accepted
_DASH: Final = "— "
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_FORMAT: Final = "note"


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who is said to have signed, and the signature without its key id."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line as it stands in the note, newline included."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note as read: its text with the final newline, and its signature lines. Nothing is verified yet."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def of(self, name: str, kind: int, key: PublicKey) -> tuple[NoteSignature, ...]:
        """The signature lines that say they are of this key. Raises SignatureError when there is none."""
        wanted = key_id(name, kind, key)
        found = tuple(one for one in self.signatures if (one.name, one.key_id) == (name, wanted))
        if not found:
            raise SignatureError(f"the note is not signed by {name} with key {key.id}")
        return found

    def verify(self, name: str, key: PublicKey) -> NoteSignature:
        """The signature by `key` (kind 0x01) over the text. Raises SignatureError when there is none or one of them is false."""
        found = self.of(name, KIND_LOG, key)
        for one in found:  # SPEC signed-note: a false signature by a known key condemns the whole note
            key.verify(one.signature, self.text.encode("utf-8"))
        return found[0]


def key_id(name: str, kind: int, key: PublicKey) -> bytes:
    """The four bytes by which a signature line names its key."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + bytes([kind]) + key.raw).digest()[:4]


def sign_note(text: str, name: str, key: SigningKey) -> bytes:
    """The note of `text`, signed by `key` (kind 0x01) under `name`. Raises FormatError when it would not be a note."""
    signature = NoteSignature(check_key_name(name), key_id(name, KIND_LOG, key.public), key.sign(text.encode("utf-8")))
    return note_bytes(Note(text, (signature,)))


def note_bytes(note: Note) -> bytes:
    """The note as bytes. Raises FormatError when the text does not end in a newline or holds control characters."""
    _check_text(note.text)
    return (note.text + "\n" + "".join(one.line for one in note.signatures)).encode("utf-8")


def parse_note(data: bytes, longest_bytes: int = NOTE_MAX_BYTES) -> Note:
    """The note in `data`. Raises FormatError for anything that is not one, to the byte."""
    if len(data) > longest_bytes:
        raise FormatError(f"it is {len(data)} bytes long; at most {longest_bytes} are allowed", format=_FORMAT)
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("it is not UTF-8", format=_FORMAT, offset=error.start) from None
    body, gap, tail = whole.rpartition("\n\n")
    if not gap or not tail.endswith("\n"):
        raise FormatError("it has no signature lines after an empty line, or the last does not end in a newline", format=_FORMAT)
    _check_text(body + "\n")
    lines = tail[:-1].split("\n")
    if len(lines) > SIGNATURES_MAX:
        raise FormatError(f"it has {len(lines)} signatures; at most {SIGNATURES_MAX} are allowed", format=_FORMAT)
    return Note(body + "\n", tuple(parse_signature_line(line + "\n") for line in lines))


def parse_signature_line(line: str) -> NoteSignature:
    """The parts of one signature line, newline included. Raises FormatError."""
    name, space, text = line.removeprefix(_DASH).removesuffix("\n").partition(" ")
    if not line.startswith(_DASH) or not line.endswith("\n") or not space:
        raise FormatError("a signature line is: em dash, space, name, space, base64, newline", format=_FORMAT, field="signature")
    data = from_base64(text, _FORMAT, "signature")
    if len(data) < 5:  # four bytes of key id and at least one of signature
        raise FormatError("a signature line holds no signature", format=_FORMAT, field="signature")
    return NoteSignature(check_key_name(name), data[:4], data[4:])


def check_key_name(name: str) -> str:
    """`name` itself, if it can name a key: not empty, no spaces of any kind, no plus, no control characters. Raises FormatError."""
    if not 0 < len(name) <= NAME_MAX or "+" in name or any(letter.isspace() or letter < " " for letter in name):
        raise FormatError(f"{name[:40]!r} cannot name a key", format=_FORMAT, field="name")
    return name


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise FormatError("its text does not end in a newline", format=_FORMAT)
    found = _CONTROL.search(text)
    if found:
        raise FormatError("its text holds a control character", format=_FORMAT, offset=found.start())
