"""The vectors of what is sealed: a second implementation opens these, and refuses those.

One file is one case: `expect` ("opened", or the class of the error), `why`, the `private` X25519 key of the reader, the `place` (the origin
of the feed), the body's `ciphertext`, `commitment` and `wrapped`, and where it opens the `content_key` and the `plaintext`. Bytes are
base64, but for the commitment. `TAFADI_WRITE_VECTORS=1 pytest tests/trust/test_sealed_vectors.py` makes them.
"""

import json
import os
from pathlib import Path
from typing import NamedTuple

import pytest

from reference import hpke
from tafadi import errors
from tafadi.trust.canon import from_base64, to_base64
from tafadi.trust.sealed import commitment_to, decrypt, encrypt, hpke_public, pad, unwrap_key

FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "sealed"
PLACE = "tafadi.v1/line-1f2e3d4c5b6a/alpha/1"
KEY, READER, EPHEMERAL = bytes(range(32)), b"\x42" * 32, b"\x24" * 32
WORDS = b'{"text":"the witness is to be reached at the second house"}'


class Case(NamedTuple):
    """One vector."""

    expect: str
    why: str
    wrapped: bytes
    ciphertext: bytes
    commitment: bytes
    place: str = PLACE
    plaintext: bytes = b""

    def file(self) -> str:
        """The text of its file."""
        opened = {"content_key": to_base64(KEY), "plaintext": to_base64(self.plaintext)} if self.plaintext else {}
        value = {
            "expect": self.expect,
            "why": self.why,
            "private": to_base64(READER),
            "place": self.place,
            "ciphertext": to_base64(self.ciphertext),
            "commitment": self.commitment.hex(),
            "wrapped": to_base64(self.wrapped),
            **opened,
        }
        return json.dumps(value, indent=1) + "\n"


def wrapped(key: bytes, commitment: bytes, place: str = PLACE) -> bytes:
    """The key for the reader, by the twin: its ephemeral key is chosen, so that the bytes are always the same."""
    return hpke.seal(key, hpke_public(READER), b"tafadi.v1 sealed\n" + place.encode() + b"\n" + commitment, EPHEMERAL)


def cases() -> dict[str, Case]:
    """All of them."""
    ciphertext, commitment = encrypt(KEY, WORDS, PLACE.encode())
    other, second = encrypt(KEY, b'{"text":"another story"}', PLACE.encode())
    long, commitment_long = encrypt(KEY, WORDS * 5, PLACE.encode())
    true = wrapped(KEY, commitment)
    assert commitment == commitment_to(KEY, pad(WORDS))
    return {
        "opened": Case("opened", "words for one reader", true, ciphertext, commitment, plaintext=WORDS),
        "opened-512": Case("opened", "padded to 512 bytes", wrapped(KEY, commitment_long), long, commitment_long, plaintext=WORDS * 5),
        "two-stories": Case("SignatureError", "a ciphertext under the right key, not the one committed to", true, other, commitment),
        "other-commitment": Case("SignatureError", "the key was wrapped with another commitment", true, other, second),
        "other-place": Case("SignatureError", "copied into another feed", true, ciphertext, commitment, PLACE.replace("alpha", "bravo")),
        "other-key": Case("SignatureError", "another key was wrapped", wrapped(b"\1" * 32, commitment), ciphertext, commitment),
        "cut": Case("SignatureError", "the wrapped key is cut short", true[:-1], ciphertext, commitment),
    }


CASES = cases()


def opened(wrapped: bytes, ciphertext: bytes, private: bytes, commitment: bytes, place: bytes) -> tuple[bytes, bytes]:
    """Content key and plaintext, as a reader comes by them."""
    key = unwrap_key(wrapped, private, commitment, place)
    return key, decrypt(key, ciphertext, commitment, place)


@pytest.mark.parametrize("name", sorted(CASES))
def test_each_vector_is_what_it_was_and_says_what_it_says(name: str) -> None:
    path, case = FOLDER / f"{name}.json", CASES[name]
    if os.environ.get("TAFADI_WRITE_VECTORS"):
        path.write_text(case.file(), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == case.file()
    value = json.loads(case.file())
    private, place = from_base64(value["private"], "private"), value["place"].encode()
    commitment = bytes.fromhex(value["commitment"])
    said = from_base64(value["wrapped"], "wrapped"), from_base64(value["ciphertext"], "ciphertext")
    if value["expect"] != "opened":
        with pytest.raises(getattr(errors, value["expect"])):
            opened(*said, private, commitment, place)
        return
    assert opened(*said, private, commitment, place) == (from_base64(value["content_key"], "key"), from_base64(value["plaintext"], "text"))


def test_no_vector_of_what_is_sealed_stands_without_its_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(CASES)
