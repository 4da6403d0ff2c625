"""Captures: blocks of ASTERIX out of datagrams, and what of a packet cannot be taken."""

import struct

import pytest

from tafadi.formats.capture import DAMAGE, Capture
from tafadi.formats.skips import Skips

BLOCK = b"\x41\x00\x0c\xf8\x19\x64\x02\x01\x59\x81\xb3\x01"


def udp(payload: bytes) -> bytes:
    return struct.pack(">HHHH", 4000, 4000, 8 + len(payload), 0) + payload


def ipv4(datagram: bytes, protocol: int = 17, fragment: int = 0) -> bytes:
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, fragment, 1, protocol, 0, b"\x7f\0\0\1", b"\x7f\0\0\1") + datagram


def ethernet(packet: bytes, kind: bytes = b"\x08\x00") -> bytes:
    return bytes(12) + kind + packet


def pcap(*packets: bytes, cut: int = 0, link: int = 1) -> bytes:
    head = struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, link)
    return head + b"".join(
        struct.pack("<IIII", 1_462_433_628, 500_000, len(one) - cut, len(one)) + one[: len(one) - cut] for one in packets
    )


def blocks(data: bytes) -> tuple[list[bytes], list[str]]:
    skips = Skips()
    found = [block.data for block in Capture(skips).blocks([data])]
    return found, [reason for reason, _, _ in skips.rows()]


@pytest.mark.parametrize(
    "packet",
    [
        ethernet(ipv4(udp(BLOCK))),
        ethernet(b"\x00\x05\x08\x00" + ipv4(udp(BLOCK)), b"\x81\x00"),
        ethernet(b"\x60\0\0\0" + struct.pack(">H", 8 + len(BLOCK)) + b"\x11\x01" + bytes(32) + udp(BLOCK), b"\x86\xdd"),
        ethernet(ipv4(udp(BLOCK)) + b"padding"),
    ],
    ids=["ipv4", "vlan", "ipv6", "padded"],
)
def test_a_block_is_taken_out_of_its_datagram(packet: bytes) -> None:
    assert blocks(pcap(packet)) == ([BLOCK], [])


def test_two_blocks_of_one_datagram_are_two_and_the_time_is_of_the_packet() -> None:
    found = list(Capture(Skips()).blocks([pcap(ethernet(ipv4(udp(BLOCK * 2))))]))
    assert [block.data for block in found] == [BLOCK, BLOCK]
    assert str(found[0].recorded) == "2016-05-05T07:33:48.5Z"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (pcap(ethernet(ipv4(udp(BLOCK))), cut=3), "a packet that was not kept whole"),
        (pcap(ethernet(ipv4(udp(BLOCK))))[:-3], "a packet that was not kept whole"),
        (pcap(ethernet(ipv4(udp(BLOCK), protocol=6))), "not a UDP datagram"),
        (pcap(ethernet(b"", b"\x08\x06")), "not a UDP datagram"),
        (pcap(ethernet(ipv4(udp(BLOCK), fragment=0x2000))), "a datagram in fragments"),
        (pcap() + b"\0" * 8 + b"\xff" * 8, "a packet length that cannot be; what comes after it is not read"),
        (pcap() + b"\0" * 5, "a packet length that cannot be; what comes after it is not read"),
        (pcap(ethernet(ipv4(udp(BLOCK[:-1])))), "a truncated block at the end"),
    ],
)
def test_a_packet_that_cannot_be_taken_is_counted_with_its_reason(data: bytes, reason: str) -> None:
    assert blocks(data) == ([], [reason])
    assert (reason in DAMAGE) is (reason != "not a UDP datagram")
