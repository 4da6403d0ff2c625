"""Frames on a thin link: whole or nothing, whatever the line makes of them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.errors import FormatError, InputError
from tafadi.trust.push import Reader
from tafadi.trust.thin import (
    BODY_MAX_BYTES,
    CHUNK_MAX_BYTES,
    FRAME_MAX_BYTES,
    OVERHEAD_BYTES,
    PARTIAL_MAX,
    PARTS_MAX,
    Frame,
    FrameKind,
    Frames,
    Partial,
    encode_frame,
    parts_of,
    read_part,
    read_varint,
    varint,
)

BODIES = st.binary(max_size=BODY_MAX_BYTES)


@given(st.lists(BODIES, max_size=5), st.integers(1, 40))
def test_frames_come_out_as_they_went_in_however_the_line_cuts_them(bodies: list[bytes], piece_bytes: int) -> None:
    line = b"".join(encode_frame(FrameKind.ENTRY, body) for body in bodies)
    frames = Frames()
    found = [frame for at in range(0, len(line), piece_bytes) for frame in frames.take(line[at : at + piece_bytes])]
    assert found == [Frame(FrameKind.ENTRY, body) for body in bodies]
    assert frames.lost == 0


@given(BODIES)
def test_a_frame_takes_eight_bytes_more_and_never_more_than_256(body: bytes) -> None:
    assert len(encode_frame(FrameKind.BEAT, body)) == len(body) + OVERHEAD_BYTES <= FRAME_MAX_BYTES


def test_a_body_that_is_too_long_is_refused() -> None:
    with pytest.raises(InputError, match="248"):
        encode_frame(FrameKind.ENTRY, bytes(BODY_MAX_BYTES + 1))


@given(BODIES, st.integers(0, 10**6), st.integers(1, 255))
def test_a_byte_that_noise_has_changed_loses_the_frame_and_no_other(body: bytes, where: int, by: int) -> None:
    frame = bytearray(encode_frame(FrameKind.ENTRY, body))
    frame[where % len(frame)] ^= by
    after = encode_frame(FrameKind.HEARD, b"after")
    found = Frames().take(bytes(frame) + after)
    assert found[-1] == Frame(FrameKind.HEARD, b"after")
    assert all(one == Frame(FrameKind.ENTRY, body) for one in found[:-1])


@given(st.binary(max_size=2_000), BODIES)
def test_whatever_noise_comes_before_the_next_frame_is_read(noise: bytes, body: bytes) -> None:
    found = Frames().take(noise + encode_frame(FrameKind.ENTRY, body))
    assert found[-1] == Frame(FrameKind.ENTRY, body)


def test_noise_without_end_takes_no_memory() -> None:
    frames = Frames()
    for _ in range(100):
        frames.take(b"\x01" * 10_000)
    assert len(frames._held) <= FRAME_MAX_BYTES
    assert frames.take(b"\0") == []
    assert frames.lost == 1


@given(st.binary(min_size=1, max_size=3_000), st.randoms())
def test_a_message_comes_out_of_its_parts_in_any_order_and_doubled(message: bytes, chance: random.Random) -> None:
    parts = [read_part(body) for body in parts_of(message, b"name")]
    last = parts[-1]
    chance.shuffle(parts)
    partial = Partial()
    came = [whole for part in [*parts, last] if (whole := partial.take(part)) is not None]
    assert came[0] == message


def test_a_message_that_is_too_long_for_the_line_is_refused() -> None:
    with pytest.raises(InputError, match="in parts"):
        parts_of(bytes(PARTS_MAX * CHUNK_MAX_BYTES + 1), b"name")


def test_parts_of_messages_that_never_become_whole_are_forgotten() -> None:
    partial = Partial()
    for number in range(PARTIAL_MAX + 3):
        partial.take(read_part(parts_of(bytes(200), bytes([number]) * 4)[0]))
    assert len(partial._messages) == PARTIAL_MAX


@pytest.mark.parametrize(
    "body", [b"", b"name", b"name\x00\x00x", b"name\x02\x02x", b"name\x00\x02short", b"name\x00\x01", b"name\x00\x01" + bytes(97)]
)
def test_what_is_no_part_is_refused(body: bytes) -> None:
    with pytest.raises(FormatError):
        read_part(body)


@given(st.integers(0, 2**56 - 1))
def test_numbers_read_back_in_their_one_form(number: int) -> None:
    assert read_varint(Reader(varint(number), "thin"), "n") == number


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x80\x00", b"\xff" * 9])
def test_another_form_of_a_number_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_varint(Reader(data, "thin"), "n")
    with pytest.raises(InputError):
        varint(2**56)
