"""Captures: how blocks of ASTERIX lie in a file: bare, in FINAL frames, or in the UDP datagrams of a network capture.

Source: EUROCONTROL-SPEC-0149 part 1, 4.3 (a block is its category, its length in two bytes, and its records); the FINAL frame of COMSOFT
recorders as JADE documents it; the pcap format of libpcap (draft-ietf-opsawg-pcap), Ethernet II, IEEE 802.1Q, RFC 791, RFC 768.

    bare     <category> <length, 2 bytes, with these three> <records>, one after the other
    FINAL    <length of the frame, 2 bytes> <2 bytes of flags> <4 bytes of the recorder's own clock> <block> A5 A5 A5 A5
    pcap     <24 bytes of header> then for each packet <seconds, fraction, bytes kept, bytes sent> <Ethernet or IP>

Only pcap tells the date (UTC, of the recorder). Of FINAL frames the recorder's clock is not used: it runs in its own zone.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tafadi.errors import FormatError, InputError
from tafadi.formats.skips import Skips
from tafadi.measure.instant import SECOND_NS, Instant

NAME: Final = "asterix"
LARGEST_PACKET: Final = 262_144  # bytes; the most that tcpdump keeps of one
BLOCK_HEADER: Final = 3
FINAL_HEADER: Final = 8
FINAL_END: Final = b"\xa5\xa5\xa5\xa5"
PCAP_MARKS: Final = {
    b"\xd4\xc3\xb2\xa1": ("<", 1_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}
PCAPNG_MARK: Final = b"\x0a\x0d\x0d\x0a"
ETHERNET, RAW_IP, LINUX_COOKED = 1, 101, 113  # link types of pcap
_IP_AT: Final = {ETHERNET: 14, RAW_IP: 0, LINUX_COOKED: 16}  # bytes before the IP header; 802.1Q adds four
_VLAN, _IPV4, _IPV6, _UDP = b"\x81\x00", b"\x08\x00", b"\x86\xdd", 17
# Reasons that say records may have stood there and nobody knows which.
DAMAGE: Final = frozenset(
    {
        "a truncated block at the end",
        "a block length that cannot be; what comes after it is not read",
        "a damaged frame; reading goes on at the next one",
        "a packet length that cannot be; what comes after it is not read",
        "a packet that was not kept whole",
        "a datagram in fragments",
    }
)


class Block(NamedTuple):
    """One block of ASTERIX with its header, and when it was recorded, where the capture says so."""

    data: bytes
    recorded: Instant | None


class _Stream:
    """Bytes of a stream by number, without ever holding more than was asked for and one chunk."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end; they stay."""
        parts = [self._rest]
        have = len(self._rest)
        while have < size and (chunk := next(self._chunks, b"")):
            parts.append(chunk)
            have += len(chunk)
        self._rest = b"".join(parts)
        return self._rest[:size]

    def take(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end; they are gone."""
        taken = self.peek(size)
        self._rest = self._rest[len(taken) :]
        return taken

    def seek(self, mark: bytes) -> bool:
        """Goes on to behind the next `mark`; whether there was one."""
        while True:
            place = self._rest.find(mark)
            if place >= 0:
                self._rest = self._rest[place + len(mark) :]
                return True
            chunk = next(self._chunks, b"")
            if not chunk:
                self._rest = b""
                return False
            self._rest = self._rest[-len(mark) + 1 :] + chunk


class Capture:
    """Takes blocks out of a capture; what it cannot take is counted in `skips`, by packet or frame from 1."""

    def __init__(self, skips: Skips) -> None:
        self._skips = skips
        self._number = 0

    def blocks(self, chunks: Iterable[bytes]) -> Iterator[Block]:
        """The blocks in their order. Raises FormatError for a capture of a kind that is not read."""
        stream = _Stream(chunks)
        head = stream.peek(FINAL_HEADER + BLOCK_HEADER)
        if head[:4] == PCAPNG_MARK:
            raise FormatError("it is a pcapng capture; turn it into pcap first: editcap -F pcap", format=NAME)
        if head[:4] in PCAP_MARKS:
            yield from self._pcap(stream)
        elif _is_final(head):
            yield from self._final(stream)
        else:
            yield from self._bare(stream, None)

    def _skip(self, reason: str) -> None:
        self._skips.add(reason, max(self._number, 1), is_damage=reason in DAMAGE)

    def _bare(self, stream: _Stream, recorded: Instant | None) -> Iterator[Block]:
        while head := stream.peek(BLOCK_HEADER):
            size = int.from_bytes(head[1:3], "big")
            if len(head) == BLOCK_HEADER and size <= BLOCK_HEADER:
                self._skip("a block length that cannot be; what comes after it is not read")
                return
            data = stream.take(size if len(head) == BLOCK_HEADER else BLOCK_HEADER)
            if len(head) < BLOCK_HEADER or len(data) < size:
                self._skip("a truncated block at the end")
                return
            yield Block(data, recorded)

    def _final(self, stream: _Stream) -> Iterator[Block]:
        while head := stream.peek(2):
            self._number += 1
            size = int.from_bytes(head, "big") if len(head) == 2 else 0
            frame = stream.peek(size)
            if not FINAL_HEADER + BLOCK_HEADER + 4 < size == len(frame) or frame[-4:] != FINAL_END:
                self._skip("a damaged frame; reading goes on at the next one")
                if not stream.seek(FINAL_END):
                    return
                continue
            stream.take(size)
            yield from self._bare(_Stream([frame[FINAL_HEADER:-4]]), None)

    def _pcap(self, stream: _Stream) -> Iterator[Block]:
        header = stream.take(24)
        order, fraction_ns = PCAP_MARKS[header[:4]]
        link = struct.unpack(order + "I", header[20:24])[0] & 0xFFFF if len(header) == 24 else -1
        if link not in _IP_AT:
            raise FormatError(
                f"its packets are of link type {link}, and Ethernet (1), raw IP (101) and Linux cooked (113) are read", format=NAME
            )
        while head := stream.take(16):
            self._number += 1
            seconds, fraction, kept, sent = struct.unpack(order + "4I", head) if len(head) == 16 else (0, 0, LARGEST_PACKET + 1, 0)
            if kept > LARGEST_PACKET:
                self._skip("a packet length that cannot be; what comes after it is not read")
                return
            packet = stream.take(kept)
            if len(packet) < max(kept, sent):
                self._skip("a packet that was not kept whole")
                continue
            datagram = _datagram(packet, link)
            if isinstance(datagram, str):
                self._skip(datagram)
                continue
            yield from self._bare(_Stream([datagram]), _instant(seconds * SECOND_NS + fraction * fraction_ns))


def _instant(ns: int) -> Instant | None:
    try:
        return Instant(ns)
    except InputError:
        return None


def _is_final(head: bytes) -> bool:
    """Whether it begins as a FINAL frame: the block in it ends where the frame does."""
    if len(head) < FINAL_HEADER + BLOCK_HEADER:
        return False
    return int.from_bytes(head[:2], "big") == FINAL_HEADER + int.from_bytes(head[9:11], "big") + len(FINAL_END)


def _datagram(packet: bytes, link: int) -> bytes | str:
    """What the UDP datagram in the packet carries, or the reason why there is none."""
    at, kind = _IP_AT[link], packet[12:14] if link == ETHERNET else packet[14:16] if link == LINUX_COOKED else _IPV4
    if kind == _VLAN:
        at, kind = at + 4, packet[16:18]
    ip = packet[at:]
    if kind == _IPV6 or (link == RAW_IP and ip[:1] and ip[0] >> 4 == 6):
        return _udp(ip[40:]) if len(ip) > 40 and ip[6] == _UDP else "not a UDP datagram"
    if kind != _IPV4 or len(ip) < 20 or ip[0] >> 4 != 4 or ip[9] != _UDP:
        return "not a UDP datagram"
    if int.from_bytes(ip[6:8], "big") & 0x3FFF:
        return "a datagram in fragments"
    return _udp(ip[4 * (ip[0] & 15) : int.from_bytes(ip[2:4], "big")])


def _udp(datagram: bytes) -> bytes | str:
    size = int.from_bytes(datagram[4:6], "big")
    return datagram[8:size] if 8 < size <= len(datagram) else "not a UDP datagram"
