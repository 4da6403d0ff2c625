"""Signed notes: the vectors of C2SP and of Go, and every way not to be a note."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError, SignatureError, TafadiError
from tafadi.trust.canon import from_base64
from tafadi.trust.keys import PublicKey, SigningKey
from tafadi.trust.note import KIND_COSIGNER, KIND_LOG, NOTE_MAX_BYTES, Note, NoteSignature, key_id, note_bytes, parse_note, sign_note

KEY = SigningKey.from_seed(bytes([9]) * 32)
NOTE = sign_note("one\n\ntwo\n", "name", KEY)

# golang.org/x/mod/sumdb/note, its documentation and tests; the vkey is name+hash+base64(kind ‖ key), the skey ends in base64(kind ‖ seed).
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETER_SEED = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
ENOCH_LINE = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
GO_NOTE = (GO_TEXT + "\n" + PETER_LINE + ENOCH_LINE).encode()
# c2sp.org/signed-note, section on verifier keys.
SPEC_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
).encode()
VKEYS = [
    ("PeterNeumann", "c74f20a3", "ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", GO_NOTE),
    ("EnochRoot", "af0cfe78", "ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop", GO_NOTE),
    ("example.com/foo", "530d903a", "AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", SPEC_NOTE),
]


@pytest.mark.parametrize(("name", "identity", "material", "note"), VKEYS)
def test_the_notes_of_go_and_c2sp_verify(name: str, identity: str, material: str, note: bytes) -> None:
    data = from_base64(material, "vkey")
    key = PublicKey(data[1:])
    assert data[0] == KIND_LOG
    assert key_id(name, KIND_LOG, key).hex() == identity
    parse_note(note).verify(name, key)
    assert note_bytes(parse_note(note)) == note


def test_we_sign_to_the_byte_as_go_does() -> None:
    key = SigningKey.from_seed(from_base64(PETER_SEED, "skey")[1:])
    assert sign_note(GO_TEXT, "PeterNeumann", key) == (GO_TEXT + "\n" + PETER_LINE).encode()


def test_kinds_of_signature_have_different_key_ids() -> None:
    # transparency-dev/formats, note_cosigv1_test.go.
    data = from_base64("BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2", "vkey")
    assert data[0] == KIND_COSIGNER
    assert key_id("remora.n621.de", KIND_COSIGNER, PublicKey(data[1:])).hex() == "da77ade7"
    assert key_id("remora.n621.de", KIND_LOG, PublicKey(data[1:])).hex() != "da77ade7"


def test_the_text_ends_at_the_last_empty_line() -> None:
    assert parse_note(NOTE).text == "one\n\ntwo\n"


def test_signatures_by_unknown_keys_are_ignored_and_a_false_one_by_a_known_key_is_not() -> None:
    good = parse_note(NOTE).signatures[0]
    stranger = NoteSignature("name", b"abcd", b"junk")
    false = NoteSignature("name", good.key_id, bytes(64))
    Note("one\n\ntwo\n", (stranger, good)).verify("name", KEY.public)
    with pytest.raises(SignatureError):
        Note("one\n\ntwo\n", (good, false)).verify("name", KEY.public)
    with pytest.raises(SignatureError):
        Note("one\n\ntwo\n", (stranger,)).verify("name", KEY.public)
    with pytest.raises(SignatureError):
        parse_note(NOTE).verify("eman", KEY.public)


TEXT = NOTE.decode()
BROKEN = {
    "nothing": b"",
    "no signature": b"one\n\n",
    "no empty line": TEXT.replace("\n\n— ", "\n— ").replace("\n\n", "\n").encode(),
    "no last newline": NOTE[:-1],
    "a byte more": NOTE + b"x",
    "an empty line more": NOTE + b"\n",
    "a hyphen for a dash": TEXT.replace("—", "-").encode(),
    "two spaces": TEXT.replace("— name ", "— name  ").encode(),
    "no name": TEXT.replace("— name ", "— ").encode(),
    "a plus in the name": TEXT.replace("— name ", "— na+me ").encode(),
    "a wide space in the name": TEXT.replace("— name ", "— na\u3000me ").encode(),
    "a no-break space in the name": TEXT.replace("— name ", "— na\u00a0me ").encode(),
    "a tab": TEXT.replace("one", "o\tne").encode(),
    "a carriage return": TEXT.replace("\n", "\r\n").encode(),
    "a zero byte": TEXT.replace("one", "o\0ne").encode(),
    "bytes that are not UTF-8": NOTE.replace(b"one", b"o\xffe"),
    "a signature of nothing": "text\n\n— name AAAAAA==\n".encode(),
    "base64 with a space": TEXT[:-5].encode() + b" " + TEXT[-5:].encode(),
    "base64 without padding": TEXT.rstrip("=\n").encode() + b"\n",
    "33 signatures": ("text\n\n" + "— name AAAAAAA=\n" * 33).encode(),
    "too long": b"x" * NOTE_MAX_BYTES + b"\n\n" + NOTE.split(b"\n\n")[-1],
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_note_is_refused(name: str) -> None:
    with pytest.raises(FormatError):
        parse_note(BROKEN[name])


def test_thirty_two_signatures_are_read() -> None:
    assert len(parse_note(("text\n\n" + "— name AAAAAAA=\n" * 32).encode()).signatures) == 32


@pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "a\r\n"])
def test_what_cannot_be_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(FormatError):
        sign_note(text, "name", KEY)


@given(st.binary(max_size=120) | st.text(max_size=120).map(lambda text: text.encode("utf-8", "replace")))
@settings(max_examples=200)
def test_noise_raises_only_our_own_errors_and_what_is_read_is_written_back(data: bytes) -> None:
    try:
        note = parse_note(data)
    except TafadiError:
        return
    assert note_bytes(note) == data


@given(st.integers(0, len(NOTE) * 8 - 1))
@settings(max_examples=200)
def test_any_flipped_bit_is_refused(bit: int) -> None:
    changed = bytearray(NOTE)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((FormatError, SignatureError)):
        parse_note(bytes(changed)).verify("name", KEY.public)
