"""Checkpoints and receipts: the owner's word on a feed's size and root, and another party's word that it holds all of it.

A checkpoint is a signed note of three lines: origin, size, root. The origin names agreement, party and epoch, so that no checkpoint can
speak for another feed. A receipt is a cosignature line of kind 0x04 under the name of a mirror: "as of this time all entries below the
size are durably stored here, and retrievable by the parties".

Source: C2SP tlog-checkpoint v1.0.0, tlog-cosignature v1.0.1, tlog-mirror (commit d0fe789; not public here: see docs/spec/receipt.md).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tafadi.errors import FormatError, InputError, SignatureError, TimeError
from tafadi.measure.instant import SECOND_NS, Instant
from tafadi.model.names import check_name
from tafadi.trust.canon import from_base64, to_base64
from tafadi.trust.keys import SIGNATURE_BYTES, PublicKey, SigningKey
from tafadi.trust.log import HASH_BYTES, SIZE_MAX
from tafadi.trust.note import (
    KIND_COSIGNER,
    Note,
    NoteSignature,
    check_key_name,
    key_id,
    note_bytes,
    parse_note,
    parse_signature_line,
    sign_note,
)

PROTOCOL: Final = "tafadi.v1"
EPOCH_MAX: Final = 999_999  # a new epoch is a restored backup: nobody restores as often
_FORMAT: Final = "checkpoint"
_TIMESTAMP_BYTES: Final = 8
_ORIGINS_KEPT: Final = 1_024
_CHECKPOINTS_KEPT: Final = 256  # verified; what is refused is looked at anew each time


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How long a feed is, and the root of its tree. Raises FormatError when it could not stand in a note."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        check_key_name(self.origin)
        if not 0 <= self.size <= SIZE_MAX:
            raise FormatError(f"a size of {self.size} is none; 0 to 2^53-1 are possible", format=_FORMAT, field="size")
        if len(self.root) != HASH_BYTES:
            raise FormatError(f"a root of {len(self.root)} bytes is none; SHA-256 has {HASH_BYTES}", format=_FORMAT, field="root")

    @property
    def text(self) -> str:
        """The body of the note: what owner and mirrors sign."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"


@lru_cache(_ORIGINS_KEPT)  # asked for with every entry
def origin_of(agreement: str, party: str, epoch: int) -> str:
    """The name of the feed that `party` owns under `agreement` in this epoch. Raises InputError.

    >>> origin_of("demo", "north", 1)
    'tafadi.v1/demo/north/1'
    """
    if not 1 <= epoch <= EPOCH_MAX:
        raise InputError(f"epoch {epoch} is not within 1 to {EPOCH_MAX}")
    return f"{PROTOCOL}/{check_name(agreement, 'agreement')}/{check_name(party, 'party')}/{epoch}"


def split_origin(origin: str) -> tuple[str, str, int]:
    """Agreement, party and epoch of a feed's name. Raises FormatError unless it is the name that `origin_of` gives."""
    parts = origin.split("/") if len(origin) <= 128 else []
    if len(parts) == 4 and parts[3].isascii() and parts[3].isdecimal() and len(parts[3]) <= 6:
        agreement, party, epoch = parts[1], parts[2], int(parts[3])
        try:
            if origin_of(agreement, party, epoch) == origin:
                return agreement, party, epoch
        except InputError as error:
            raise FormatError(f"{origin!r} names no feed: {error}", format=_FORMAT, field="origin") from None
    raise FormatError(f"{origin[:80]!r} names no feed; one is {PROTOCOL}/<agreement>/<party>/<epoch>", format=_FORMAT, field="origin")


def mirror_name(agreement: str, mirror_party: str, epoch: int) -> str:
    """The name under which `mirror_party` cosigns the feeds of others. Raises InputError."""
    return f"{origin_of(agreement, mirror_party, epoch)}/mirror"


def sign_checkpoint(checkpoint: Checkpoint, log_key: SigningKey) -> bytes:
    """The checkpoint as a note, signed by the feed's log key under the origin's name."""
    return sign_note(checkpoint.text, checkpoint.origin, log_key)


@lru_cache(_CHECKPOINTS_KEPT)  # the newest of each feed is asked for again and again, and its bytes say the same each time
def open_checkpoint(data: bytes, log_key: PublicKey) -> Checkpoint:
    """The checkpoint in the note `data`, signed by `log_key`. Raises FormatError, SignatureError.

    Signatures of others are ignored. Extension lines are refused: nobody could audit them, and the text would no longer have one form.
    """
    return open_signed(data, log_key)[0]


def open_signed(data: bytes, log_key: PublicKey) -> tuple[Checkpoint, bytes]:
    """The same, and the note with the log's own signature and no other: what a mirror keeps. Raises FormatError, SignatureError."""
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    signature = note.verify(checkpoint.origin, log_key)
    return checkpoint, note_bytes(Note(note.text, (signature,)))


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that the text of a note says; signed by nobody. Raises FormatError."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise FormatError("it has not exactly three lines: origin, size, root", format=_FORMAT)
    origin, size, root = lines[:3]
    if not (size.isascii() and size.isdecimal()) or len(size) > 16:
        raise FormatError("the size is not a decimal number", format=_FORMAT, field="size")
    checkpoint = Checkpoint(origin, int(size), from_base64(root, _FORMAT, "root"))
    if checkpoint.text != text:  # a leading zero
        raise FormatError("the size is not in its one form", format=_FORMAT, field="size")
    return checkpoint


def cosign(checkpoint: Checkpoint, name: str, mirror_key: SigningKey, now: Instant) -> str:
    """The receipt: one signature line, newline included, that says `now` (to the second). Raises InputError before 1970."""
    time_s = now.ns // SECOND_NS
    if time_s < 0:
        raise InputError(f"a receipt cannot be dated {now}, before 1970")
    signature = time_s.to_bytes(_TIMESTAMP_BYTES, "big") + mirror_key.sign(_cosigned(checkpoint, time_s))
    return NoteSignature(check_key_name(name), key_id(name, KIND_COSIGNER, mirror_key.public), signature).line


def check_cosignature(line: str, checkpoint: Checkpoint, name: str, mirror_key: PublicKey) -> Instant:
    """When the mirror signed that it holds all of `checkpoint`. Raises SignatureError; FormatError when the line is none at all.

    Whether that time is plausible is for the caller, who has a clock.
    """
    signed = parse_signature_line(line)
    if (signed.name, signed.key_id) != (name, key_id(name, KIND_COSIGNER, mirror_key)):
        raise SignatureError(f"the receipt is of {signed.name[:80]}, not of {name} with key {mirror_key.id}")
    if len(signed.signature) != _TIMESTAMP_BYTES + SIGNATURE_BYTES:
        raise SignatureError("the receipt has not the length of a timestamp and a signature")
    time_s = int.from_bytes(signed.signature[:_TIMESTAMP_BYTES], "big")
    mirror_key.verify(signed.signature[_TIMESTAMP_BYTES:], _cosigned(checkpoint, time_s))
    try:
        return Instant(time_s * SECOND_NS)
    except TimeError:
        raise SignatureError(f"the receipt is dated {time_s} s after 1970, which is no time of ours") from None


def _cosigned(checkpoint: Checkpoint, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n{checkpoint.text}".encode()
