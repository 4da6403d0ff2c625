"""The wire of `POST push`: new entries of a feed and the checkpoint that covers them, taken whole or not at all.

    uint16  length of origin        1 to 128
    bytes   origin                  UTF-8
    uint64  old size                how many entries the receiver is believed to hold
    uint16  count                   0 to 256
    count × (uint16 length, bytes)  the entries old size, old size + 1, …
    bytes   checkpoint              a signed note, to the end

All integers big-endian. Source: docs/spec/push.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tafadi.errors import FormatError, InputError
from tafadi.trust.envelope import LEAF_MAX_BYTES
from tafadi.trust.log import SIZE_MAX
from tafadi.trust.note import NOTE_MAX_BYTES

ENTRIES_MAX: Final = 256  # the width of a tile: what one commit takes well
ENTRIES_MAX_BYTES: Final = 1_048_576  # everything before the checkpoint: an atomic request stays small enough to hold in memory
PUSH_MAX_BYTES: Final = ENTRIES_MAX_BYTES + NOTE_MAX_BYTES
ORIGIN_MAX_BYTES: Final = 128
_HEAD_BYTES: Final = 2 + ORIGIN_MAX_BYTES + 8 + 2  # at its longest
_FORMAT: Final = "push"


@dataclass(frozen=True, slots=True)
class Push:
    """Entries from `old_size` on, and the note of the checkpoint after them."""

    origin: str
    old_size: int
    entries: tuple[bytes, ...]
    checkpoint: bytes


def fitting(entries: Sequence[bytes], room_bytes: int = ENTRIES_MAX_BYTES) -> int:
    """How many of the first of these entries a push of so many bytes can carry: at most 256 and 1 MiB, and always one if there is one."""
    left_bytes = min(room_bytes, ENTRIES_MAX_BYTES) - _HEAD_BYTES
    for count, entry in enumerate(entries[:ENTRIES_MAX]):
        left_bytes -= 2 + len(entry)
        if left_bytes < 0:
            return max(1, count)
    return min(len(entries), ENTRIES_MAX)


def encode_push(push: Push) -> bytes:
    """The bytes of the request. Raises InputError beyond the limits."""
    origin = push.origin.encode("utf-8")
    if not 0 < len(origin) <= ORIGIN_MAX_BYTES or not 0 <= push.old_size <= SIZE_MAX:
        raise InputError(f"a push of {push.origin[:80]!r} from {push.old_size} on is not one")
    if len(push.entries) > ENTRIES_MAX or any(len(entry) > LEAF_MAX_BYTES for entry in push.entries):
        raise InputError(f"a push carries at most {ENTRIES_MAX} entries of at most {LEAF_MAX_BYTES} bytes")
    parts = [len(origin).to_bytes(2, "big"), origin, push.old_size.to_bytes(8, "big"), len(push.entries).to_bytes(2, "big")]
    parts += [len(entry).to_bytes(2, "big") + entry for entry in push.entries]
    before = b"".join(parts)
    if len(before) > ENTRIES_MAX_BYTES or not 0 < len(push.checkpoint) <= NOTE_MAX_BYTES:
        raise InputError(f"a push carries at most {ENTRIES_MAX_BYTES} bytes of entries and a checkpoint of at most {NOTE_MAX_BYTES}")
    return before + push.checkpoint


def decode_push(data: bytes) -> Push:
    """The push in `data`; whether it may be taken is judged by `mirror`. Raises FormatError, saying where."""
    if len(data) > PUSH_MAX_BYTES:
        raise FormatError(f"it is {len(data)} bytes long; at most {PUSH_MAX_BYTES} are allowed", format=_FORMAT)
    reader = Reader(data, _FORMAT)
    origin = reader.origin()
    old_size = reader.number(8, "old size", SIZE_MAX)
    count = reader.number(2, "count", ENTRIES_MAX)
    entries = tuple(reader.sized("entry") for _ in range(count))
    if reader.at > ENTRIES_MAX_BYTES:
        raise FormatError(f"its entries take {reader.at} bytes; at most {ENTRIES_MAX_BYTES} are allowed", format=_FORMAT)
    checkpoint = data[reader.at :]
    if not 0 < len(checkpoint) <= NOTE_MAX_BYTES:
        raise FormatError(f"a checkpoint of {len(checkpoint)} bytes is not one", format=_FORMAT, offset=reader.at, field="checkpoint")
    return Push(origin, old_size, entries, checkpoint)


class Reader:
    """Reads big-endian binary from the front; every shortage is a FormatError that says where."""

    def __init__(self, data: bytes, format: str) -> None:
        self._data = data
        self._format = format
        self.at = 0

    @property
    def left(self) -> int:
        """How many bytes are not read yet."""
        return len(self._data) - self.at

    def take(self, count: int, field: str) -> bytes:
        """The next `count` bytes."""
        if count > self.left:
            raise FormatError(f"{count} bytes were announced and {self.left} are there", format=self._format, offset=self.at, field=field)
        self.at += count
        return self._data[self.at - count : self.at]

    def number(self, width: int, field: str, largest: int) -> int:
        """The next unsigned integer of `width` bytes, at most `largest`."""
        start = self.at
        value = int.from_bytes(self.take(width, field), "big")
        if value > largest:
            raise FormatError(f"{value} is more than {largest}", format=self._format, offset=start, field=field)
        return value

    def sized(self, field: str) -> bytes:
        """The next bytes with their length before them as uint16."""
        return self.take(self.number(2, field, LEAF_MAX_BYTES), field)

    def origin(self) -> str:
        """The next origin: length as uint16, then UTF-8."""
        data = self.take(self.number(2, "origin", ORIGIN_MAX_BYTES), "origin")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            raise FormatError("it is not UTF-8", format=self._format, field="origin") from None
        if not text:
            raise FormatError("it is empty", format=self._format, field="origin")
        return text
