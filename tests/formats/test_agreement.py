"""The agreement document: one byte form, so that every party signs the same."""

import hashlib
import json
from dataclasses import replace

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats.agreement import LARGEST_BYTES, agreement_id, digest_of, read_document, write_document
from tafadi.model.names import Mode
from world import make_agreement

AGREEMENT = make_agreement(("alpha", "bravo", "charlie"), (Mode.EXERCISE, Mode.TEST), text="A line for tests.")
DOCUMENT = write_document(AGREEMENT)


def test_a_document_is_written_and_read_back() -> None:
    assert read_document(DOCUMENT) == AGREEMENT
    assert write_document(read_document(DOCUMENT)) == DOCUMENT


def test_its_identity_binds_its_name_to_its_exact_text() -> None:
    assert digest_of(DOCUMENT) == hashlib.sha256(DOCUMENT).hexdigest()
    assert agreement_id("line", DOCUMENT) == f"line-{digest_of(DOCUMENT)[:12]}"
    assert agreement_id("line", write_document(replace(AGREEMENT, text="A line for test."))) != agreement_id("line", DOCUMENT)


def test_the_same_content_in_another_spelling_is_refused() -> None:
    spelt = json.dumps(json.loads(DOCUMENT), indent=1, sort_keys=True).encode()
    with pytest.raises(FormatError, match="canonical"):
        read_document(spelt)
    with pytest.raises(FormatError):
        read_document(DOCUMENT + b"\n")
    explicit = rfc8785.dumps({**json.loads(DOCUMENT), "timing": {}})
    with pytest.raises(FormatError):
        read_document(explicit)


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"format":"tafadi.agreement/2"}', DOCUMENT[:-1]])
def test_what_is_no_document_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(FormatError):
        read_document(data)


def test_a_document_too_long_for_entry_0_is_refused() -> None:
    with pytest.raises(FormatError) as refused:
        read_document(b" " * (LARGEST_BYTES + 1))
    assert refused.value.code == "too-large"


def test_numbers_beyond_every_readers_reach_are_refused() -> None:
    digits = DOCUMENT.replace(b'"horizontal_mm":1852000', b'"horizontal_mm":' + b"9" * 5_000)
    assert digits != DOCUMENT
    with pytest.raises(FormatError):
        read_document(digits)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(DOCUMENT) - 1), byte=st.integers(1, 255))
def test_one_byte_changed_is_another_agreement_or_none(at: int, byte: int) -> None:
    changed = bytearray(DOCUMENT)
    changed[at] ^= byte
    try:
        read = read_document(bytes(changed))
    except FormatError:
        return
    assert read != AGREEMENT
