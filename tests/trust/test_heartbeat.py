"""Heartbeats: read back, and refused for whatever is not one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError, InputError, SignatureError
from tafadi.measure.instant import Instant
from tafadi.trust.checkpoint import Checkpoint, cosign, mirror_name, origin_of, sign_checkpoint
from tafadi.trust.heartbeat import NOTES_MAX, encode_heartbeat, heartbeat_name, open_heartbeat
from tafadi.trust.keys import SigningKey
from tafadi.trust.note import sign_note

ENVELOPE = SigningKey.from_seed(bytes([2]) * 32)
LOG = SigningKey.from_seed(bytes([3]) * 32)
MIRROR = SigningKey.from_seed(bytes([4]) * 32)
AT = Instant.parse("2026-11-23T09:30:00.25Z")
HERE = Checkpoint(origin_of("demo", "north", 1), 5, bytes(range(32)))
NOTE = sign_checkpoint(HERE, LOG) + cosign(HERE, mirror_name("demo", "south", 1), MIRROR, AT).encode()
NAME = heartbeat_name("demo", "north", 1)
SIGNED = encode_heartbeat("demo", "north", 1, AT, [NOTE, NOTE], ENVELOPE)
HEAD = "tafadi.v1/heartbeat\ndemo\nnorth\n1\n2026-11-23T09:30:00Z\n"


def test_a_heartbeat_reads_back() -> None:
    heartbeat = open_heartbeat(SIGNED, ENVELOPE.public)
    assert (heartbeat.agreement, heartbeat.party, heartbeat.epoch, heartbeat.at) == ("demo", "north", 1, AT)
    assert heartbeat.notes == (NOTE, NOTE)
    assert open_heartbeat(sign_note(HEAD, NAME, ENVELOPE), ENVELOPE.public).notes == ()


BROKEN = {
    "another first line": HEAD.replace("v1/heartbeat", "v2/heartbeat"),
    "no time": "tafadi.v1/heartbeat\ndemo\nnorth\n1\n",
    "a time without Z": HEAD.replace("00Z", "00"),
    "another spelling of the time": HEAD.replace("00Z", "00.0Z"),
    "no epoch": HEAD.replace("\n1\n", "\n\n"),
    "an epoch with a zero": HEAD.replace("\n1\n", "\n01\n"),
    "a party that is no name": HEAD.replace("north", "North"),
    "a party with a slash": HEAD.replace("north\n1", "north/1\n1"),
    "a note that is no base64": HEAD + "!!\n",
    "a note that is none": HEAD + "AAAA\n",
    "an empty line": HEAD + "\n",
    "too many notes": HEAD + "AAAA\n" * (NOTES_MAX + 1),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_heartbeat_is_refused_though_signed(name: str) -> None:
    with pytest.raises((FormatError, SignatureError)):
        open_heartbeat(sign_note(BROKEN[name], NAME, ENVELOPE), ENVELOPE.public)


def test_a_heartbeat_by_another_key_or_under_another_name_is_refused() -> None:
    with pytest.raises(SignatureError):
        open_heartbeat(SIGNED, LOG.public)
    for name in (heartbeat_name("demo", "south", 1), heartbeat_name("demo", "north", 2), origin_of("demo", "north", 1)):
        with pytest.raises(SignatureError):
            open_heartbeat(sign_note(HEAD, name, ENVELOPE), ENVELOPE.public)


@given(st.integers(0, len(SIGNED) * 8 - 1))
@settings(max_examples=200)
def test_any_flipped_bit_is_refused(bit: int) -> None:
    changed = bytearray(SIGNED)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((FormatError, SignatureError)):
        open_heartbeat(bytes(changed), ENVELOPE.public)


def test_more_notes_than_the_limit_are_not_sent() -> None:
    assert len(open_heartbeat(encode_heartbeat("demo", "north", 1, AT, [NOTE] * NOTES_MAX, ENVELOPE), ENVELOPE.public).notes) == NOTES_MAX
    with pytest.raises(InputError, match="65"):
        encode_heartbeat("demo", "north", 1, AT, [NOTE] * (NOTES_MAX + 1), ENVELOPE)
    with pytest.raises(InputError, match="bytes long"):
        encode_heartbeat("demo", "north", 1, AT, [bytes(16_000)] * 20, ENVELOPE)
