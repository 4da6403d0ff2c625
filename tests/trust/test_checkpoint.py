"""Checkpoints and receipts: the examples of C2SP, and every way to misread one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError, InputError, SignatureError
from tafadi.measure.instant import Instant
from tafadi.trust.checkpoint import (
    Checkpoint,
    check_cosignature,
    cosign,
    mirror_name,
    open_checkpoint,
    open_signed,
    origin_of,
    parse_checkpoint,
    sign_checkpoint,
    split_origin,
)
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import SIZE_MAX
from tafadi.trust.note import NoteSignature, parse_note, parse_signature_line, sign_note

LOG = SigningKey.from_seed(bytes([3]) * 32)
MIRROR = SigningKey.from_seed(bytes([4]) * 32)
NOW = Instant.parse("2026-11-23T09:30:00.75Z")
NAME = mirror_name("demo", "south", 2)
HERE = Checkpoint(origin_of("demo", "north", 1), 5, bytes(range(32)))
SIGNED = sign_checkpoint(HERE, LOG)

# The example of c2sp.org/tlog-cosignature; its keys are not published, so only its form can be checked.
C2SP_EXAMPLE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


def test_the_example_of_c2sp_is_read_as_its_text_says() -> None:
    note = parse_note(C2SP_EXAMPLE.encode())
    checkpoint = parse_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert int.from_bytes(note.signatures[1].signature[:8], "big") == 1679315147  # "time 1679315147" in the same text
    assert len(note.signatures[1].signature) == 72


def test_a_checkpoint_reads_back() -> None:
    assert open_checkpoint(SIGNED, LOG.public) == HERE
    assert SIGNED.decode().startswith(
        "tafadi.v1/demo/north/1\n5\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n— tafadi.v1/demo/north/1 "
    )


def test_a_checkpoint_by_another_key_or_for_another_origin_is_refused() -> None:
    with pytest.raises(SignatureError):
        open_checkpoint(SIGNED, MIRROR.public)
    with pytest.raises(SignatureError):
        open_checkpoint(sign_note(HERE.text, "tafadi.v1/demo/south/1", LOG), LOG.public)


def test_what_a_mirror_keeps_is_the_logs_signature_and_no_other() -> None:
    crowded = SIGNED + cosign(HERE, NAME, MIRROR, NOW).encode() + NoteSignature("x", b"abcd", b"junk").line.encode()
    assert open_signed(crowded, LOG.public) == (HERE, SIGNED)


ROOT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
BROKEN = {
    "a leading zero": f"o\n05\n{ROOT}\n",
    "a plus": f"o\n+5\n{ROOT}\n",
    "a minus": f"o\n-5\n{ROOT}\n",
    "a space": f"o\n 5\n{ROOT}\n",
    "an underscore": f"o\n1_0\n{ROOT}\n",
    "digits of another script": f"o\n٥\n{ROOT}\n",
    "a superscript": f"o\n²\n{ROOT}\n",
    "2^53": f"o\n{2**53}\n{ROOT}\n",
    "a huge size": f"o\n{'9' * 5000}\n{ROOT}\n",
    "no size": f"o\n\n{ROOT}\n",
    "a short root": "o\n5\nAAEC\n",
    "a root without padding": f"o\n5\n{ROOT[:-1]}\n",
    "an extension line": f"o\n5\n{ROOT}\nmore\n",
    "two lines": "o\n5\n",
    "an empty origin": f"\n5\n{ROOT}\n",
    "a space in the origin": f"o o\n5\n{ROOT}\n",
    "no last newline": f"o\n5\n{ROOT}",
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_checkpoint_is_refused(name: str) -> None:
    with pytest.raises(FormatError):
        parse_checkpoint(BROKEN[name])


def test_sizes_reach_exactly_to_their_limit() -> None:
    for size in (0, 1, SIZE_MAX):
        assert parse_checkpoint(f"o\n{size}\n{ROOT}\n").size == size
    with pytest.raises(FormatError):
        Checkpoint("o", SIZE_MAX + 1, bytes(32))


@pytest.mark.parametrize("origin", ["tafadi.v1/demo/north/1", "tafadi.v1/a/b/999999", "tafadi.v1/" + "a" * 32 + "/" + "b" * 32 + "/7"])
def test_origins_split_into_what_they_were_made_of(origin: str) -> None:
    assert origin_of(*split_origin(origin)) == origin


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "tafadi.v2/demo/north/1",
        "tafadi.v1/demo/north",
        "tafadi.v1/demo/north/1/mirror",
        "tafadi.v1/demo/north/0",
        "tafadi.v1/demo/north/01",
        "tafadi.v1/demo/north/1000000",
        "tafadi.v1/demo/north/-1",
        "tafadi.v1/demo/north/١",
        "tafadi.v1/Demo/north/1",
        "tafadi.v1//north/1",
        "tafadi.v1/demo/" + "n" * 33 + "/1",
        "x" * 100_000,
    ],
)
def test_what_names_no_feed_is_refused(origin: str) -> None:
    with pytest.raises(FormatError):
        split_origin(origin)


@pytest.mark.parametrize(
    ("agreement", "party", "epoch"),
    [("", "north", 1), ("demo", "North", 1), ("demo", "north", 0), ("demo", "north", 1_000_000), ("a/b", "c", 1)],
)
def test_what_could_not_name_a_feed_makes_no_origin(agreement: str, party: str, epoch: int) -> None:
    with pytest.raises(InputError):
        origin_of(agreement, party, epoch)


def test_a_receipt_reads_back_to_the_second() -> None:
    line = cosign(HERE, NAME, MIRROR, NOW)
    assert line.startswith("— tafadi.v1/demo/south/2/mirror ")
    assert str(check_cosignature(line, HERE, NAME, MIRROR.public)) == "2026-11-23T09:30:00Z"


def test_rule_01_a_receipt_is_over_the_text_that_c2sp_says() -> None:
    line = cosign(HERE, NAME, MIRROR, NOW)
    MIRROR.public.verify(parse_signature_line(line).signature[8:], b"cosignature/v1\ntime 1795426200\n" + HERE.text.encode())


@given(st.integers(0, 76 * 8 - 1))
@settings(max_examples=150)
def test_any_flipped_bit_in_a_receipt_is_refused(bit: int) -> None:
    signed = parse_signature_line(cosign(HERE, NAME, MIRROR, NOW))
    blob = bytearray(signed.key_id + signed.signature)
    blob[bit // 8] ^= 1 << bit % 8
    changed = NoteSignature(NAME, bytes(blob[:4]), bytes(blob[4:])).line
    with pytest.raises(SignatureError):
        check_cosignature(changed, HERE, NAME, MIRROR.public)


def test_a_receipt_for_another_checkpoint_name_or_key_is_refused() -> None:
    line = cosign(HERE, NAME, MIRROR, NOW)
    for checkpoint in (Checkpoint(HERE.origin, 6, HERE.root), Checkpoint("o", 5, HERE.root), Checkpoint(HERE.origin, 5, bytes(32))):
        with pytest.raises(SignatureError):
            check_cosignature(line, checkpoint, NAME, MIRROR.public)
    with pytest.raises(SignatureError):
        check_cosignature(line, HERE, mirror_name("demo", "east", 2), MIRROR.public)
    with pytest.raises(SignatureError):
        check_cosignature(line, HERE, NAME, LOG.public)


def test_rule_01_a_logs_signature_never_passes_for_a_receipt() -> None:
    line = SIGNED.decode().split("\n\n")[1]
    with pytest.raises(SignatureError):
        check_cosignature(line, HERE, HERE.origin, LOG.public)


@pytest.mark.parametrize(
    "line", ["", "x", "— a\n", "— a AAAA\n", "— a AAAAAAA=", "- a AAAAAAA=\n", "— a AAAAAAA=\n\n", "— a AAAAAAA=\n— b AAAAAAA=\n"]
)
def test_a_line_that_is_no_receipt_is_refused(line: str) -> None:
    with pytest.raises(FormatError):
        check_cosignature(line, HERE, NAME, MIRROR.public)


def test_a_receipt_is_not_dated_before_1970_nor_beyond_the_years_we_know() -> None:
    with pytest.raises(InputError):
        cosign(HERE, NAME, MIRROR, Instant.parse("1969-12-31T23:59:59Z"))
    far = 2**62
    signature = far.to_bytes(8, "big") + MIRROR.sign(f"cosignature/v1\ntime {far}\n{HERE.text}".encode())
    line = NoteSignature(NAME, parse_signature_line(cosign(HERE, NAME, MIRROR, NOW)).key_id, signature).line
    with pytest.raises(SignatureError, match="no time of ours"):
        check_cosignature(line, HERE, NAME, MIRROR.public)
