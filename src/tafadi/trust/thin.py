"""The thin link: frames on a line of 75 bit/s, which loses bytes, makes others of them, and adds its own.

    00                          whatever stood before it is over
    05 01 02 fe … 9c            kind, body and CRC-32, with no zero in it (COBS)
    00                          end

There is no handshake and no connection: a frame is whole or it is nothing, and what it says proves itself by the signature in it. The CRC
only finds noise early; whoever is on the line can make a frame, and cannot sign one. After noise the next zero begins anew.

COBS (consistent overhead byte stuffing) replaces every zero by the distance to the next one: one byte for a frame of up to 254.

Source: Cheshire and Baker, Consistent Overhead Byte Stuffing (1999); ITU-T V.42 for the CRC-32, as in zlib; docs/spec/thin.md.
"""

import zlib
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NamedTuple

from tafadi.errors import FormatError, InputError
from tafadi.trust.push import Reader

FRAME_MAX_BYTES: Final = 256  # on the line: 27.3 s at 75 bit/s
OVERHEAD_BYTES: Final = 8  # two zeros, one byte of COBS, the kind, four of CRC
BODY_MAX_BYTES: Final = FRAME_MAX_BYTES - OVERHEAD_BYTES
CHUNK_MAX_BYTES: Final = 96  # of what comes in parts: nothing urgent waits behind more than one of them, some 12 s at 75 bit/s
PARTS_MAX: Final = 255
PARTIAL_MAX: Final = 4  # messages of which parts are kept; one more, and the oldest is forgotten
VARINT_MAX_BYTES: Final = 8  # seven bits each: 2^56
_CRC_BYTES: Final = 4
_FORMAT: Final = "thin"


class FrameKind(IntEnum):
    """What a frame holds."""

    ENTRY = 1  # a stop or distress, without what the other end knows
    HEARD = 2  # the word that such an entry has rung
    PART = 3  # a part of any other entry
    BEAT = 4  # a sign of life


class Frame(NamedTuple):
    """A frame that came whole."""

    kind: int
    body: bytes


def encode_frame(kind: FrameKind, body: bytes) -> bytes:
    """The bytes on the line. Raises InputError for a body of more than 248 bytes."""
    if len(body) > BODY_MAX_BYTES:
        raise InputError(f"a frame holds {BODY_MAX_BYTES} bytes, and not {len(body)}")
    content = bytes([kind]) + body
    return b"\0" + _stuffed(content + zlib.crc32(content).to_bytes(_CRC_BYTES, "big")) + b"\0"


def _stuffed(data: bytes) -> bytes:
    """COBS of at most 254 bytes: before each stretch without zeros one more than its length."""
    return b"".join(bytes([len(stretch) + 1]) + stretch for stretch in data.split(b"\0"))


def _unstuffed(data: bytes) -> bytes | None:
    """What COBS was made of; None where it is none."""
    stretches, at = [], 0
    while at < len(data):
        length = data[at] - 1
        if at + 1 + length > len(data):
            return None
        stretches.append(data[at + 1 : at + 1 + length])
        at += 1 + length
    return b"\0".join(stretches)


@dataclass(slots=True)
class Frames:
    """Finds frames in what comes over a line. `lost` counts what was none: noise, and what noise has spoilt."""

    lost: int = 0
    _held: bytearray = field(default_factory=bytearray)
    _is_noise: bool = False

    def take(self, data: bytes) -> list[Frame]:
        """The frames that are whole now."""
        found: list[Frame] = []
        *ended, rest = data.split(b"\0")
        for piece in ended:
            self._hold(piece)
            found += self._end()
        self._hold(rest)
        return found

    def _hold(self, piece: bytes) -> None:
        """Keeps what may become a frame; longer than any, it is none."""
        self._is_noise = self._is_noise or len(self._held) + len(piece) > FRAME_MAX_BYTES
        if not self._is_noise:
            self._held += piece

    def _end(self) -> list[Frame]:
        stuffed, is_noise = bytes(self._held), self._is_noise
        self._held, self._is_noise = bytearray(), False
        if not stuffed and not is_noise:
            return []  # two zeros, one after another
        content = None if is_noise else _unstuffed(stuffed)
        if content is None or not _is_whole(content):
            self.lost += 1
            return []
        return [Frame(content[0], content[1:-_CRC_BYTES])]


def _is_whole(content: bytes) -> bool:
    data, crc = content[:-_CRC_BYTES], content[-_CRC_BYTES:]
    return bool(data) and zlib.crc32(data).to_bytes(_CRC_BYTES, "big") == crc


class Part(NamedTuple):
    """One part of a message: which message, which part of how many, and its bytes."""

    message: bytes
    number: int
    total: int
    chunk: bytes


_NAME_BYTES: Final = 4  # of a message's own digest: parts of two messages must not be mixed, and the signatures say whether they were


def parts_of(message: bytes, digest: bytes) -> list[bytes]:
    """The bodies of the frames that carry the message in parts. Raises InputError for one of more than 24,480 bytes."""
    chunks = [message[at : at + CHUNK_MAX_BYTES] for at in range(0, len(message), CHUNK_MAX_BYTES)]
    if not 0 < len(chunks) <= PARTS_MAX:
        raise InputError(f"{len(message)} bytes are not for a thin link; at most {PARTS_MAX * CHUNK_MAX_BYTES} go in parts")
    return [digest[:_NAME_BYTES] + bytes([number, len(chunks)]) + chunk for number, chunk in enumerate(chunks)]


def read_part(body: bytes) -> Part:
    """The part in a frame's body. Raises FormatError."""
    reader = Reader(body, _FORMAT)
    name, number, count = reader.take(_NAME_BYTES, "message"), reader.number(1, "number", 254), reader.number(1, "count", PARTS_MAX)
    chunk = reader.take(reader.left, "chunk")
    if number >= count or not 0 < len(chunk) <= CHUNK_MAX_BYTES or (number < count - 1 and len(chunk) != CHUNK_MAX_BYTES):
        raise FormatError(f"part {number} of {count} with {len(chunk)} bytes is none", format=_FORMAT, field="part")
    return Part(name, number, count, chunk)


@dataclass(slots=True)
class Partial:
    """Messages of which parts have come; a part that is lost comes again when its sender begins anew."""

    _messages: dict[tuple[bytes, int], dict[int, bytes]] = field(default_factory=dict)

    def take(self, part: Part) -> bytes | None:
        """The message, once all its parts are here."""
        key = part.message, part.total
        chunks = self._messages.pop(key, {})
        chunks[part.number] = part.chunk
        if len(chunks) == part.total:
            return b"".join(chunks[number] for number in range(part.total))
        while len(self._messages) >= PARTIAL_MAX:
            del self._messages[next(iter(self._messages))]
        self._messages[key] = chunks  # the newest last
        return None


def varint(number: int) -> bytes:
    """A whole number from 0 in as many bytes as it needs, seven bits each, the lowest first; all but the last have their highest bit set.

    >>> varint(300).hex()
    'ac02'
    """
    if not 0 <= number < 1 << (7 * VARINT_MAX_BYTES):
        raise InputError(f"{number} is not a number for a thin link")
    found = []
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def read_varint(reader: Reader, what: str) -> int:
    """The next number. Raises FormatError, also for one that is longer than it need be."""
    value = 0
    for place in range(VARINT_MAX_BYTES):
        byte = reader.number(1, what, 255)
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            if byte == 0 and place:
                raise FormatError("a number is longer than it need be", format=_FORMAT, offset=reader.at, field=what)
            return value
    raise FormatError("a number is longer than any", format=_FORMAT, offset=reader.at, field=what)
