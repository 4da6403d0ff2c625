"""The agreement document: one byte form, so that every party signs the same."""

import hashlib
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats.agreement import LARGEST_BYTES, agreement_id, digest_of, read_document, write_document
from tafadi.formats.wire import Json, members
from tafadi.model.agreement import Agreement, Landmark, Pin, Quota, Rung, Timing
from tafadi.model.names import Mode
from tafadi.model.operation import Minima
from tafadi.trust.card import open_card, sign_card
from tafadi.trust.keys import SigningKey
from world import keys_of, make_agreement

PARTIES = ("alpha", "bravo", "charlie")


def _first_card(party: str) -> bytes:
    """The party's card as in the vectors, which are older than anything that is sealed: its key for that is 32 bytes and nobody's."""
    root, sealing = (hashlib.sha256(f"{party}/{use}".encode()).digest() for use in ("root", "hpke"))
    return sign_card(replace(open_card(keys_of(party).card), hpke=sealing), SigningKey.from_seed(root))


AGREEMENT = replace(
    make_agreement(PARTIES, (Mode.EXERCISE, Mode.TEST), text="A line for tests."), cards=tuple(_first_card(party) for party in PARTIES)
)
DOCUMENT = write_document(AGREEMENT)


def test_a_document_is_written_and_read_back() -> None:
    assert read_document(DOCUMENT) == AGREEMENT
    assert write_document(read_document(DOCUMENT)) == DOCUMENT


def test_its_identity_binds_its_name_to_its_exact_text() -> None:
    assert digest_of(DOCUMENT) == hashlib.sha256(DOCUMENT).hexdigest()
    assert agreement_id("line", DOCUMENT) == f"line-{digest_of(DOCUMENT)[:12]}"
    assert agreement_id("line", write_document(replace(AGREEMENT, text="A line for test."))) != agreement_id("line", DOCUMENT)


VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "agreement"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "spec" / "agreement.md"
# Of the document as it was written before there were any members beyond `timing` and `text`: what was signed then stays what it was.
FIRST_DIGEST = "322e467a428b4ffef8a9e533bb67a2904735ec8fd33c37e56e812837d6a0578d"
EVERY_MEMBER = replace(
    AGREEMENT,
    minima_announced=Minima(926.0, 60.96),
    timing=Timing(**dict.fromkeys(Timing.__dataclass_fields__, 120) | {"track_max_age_s": 60}),
    check_times_utc_s=(21_600, 43_200, 64_800),
    ladder=(Rung("watch-officer", 120), Rung("supervisor", 300)),
    quota=Quota(1_000, 10_000_000, 1_000_000_000, 5_000_000),
    succeeds="line-1f2e3d4c5b6a",
    pins=(Pin("alpha", 1, 17, "0f" * 32), Pin("alpha", 2, 4, "1e" * 32), Pin("delta", 1, 9, "2d" * 32)),
)
DOCUMENTS = {"least": AGREEMENT, "every-member": EVERY_MEMBER}
SPOILT: dict[str, tuple[dict[str, Json], str]] = {
    "pins-without-succeeds": ({"succeeds": None}, ""),
    "pins-out-of-order": ({"pins": [{"epoch": 1, "party": party, "root": "0f" * 32, "size": 9} for party in ("delta", "alpha")]}, ""),
    "pin-of-nothing": ({"pins": [{"epoch": 1, "party": "alpha", "root": "0f" * 32, "size": 0}]}, "pins[0]"),
    "check-after-midnight": ({"check_times_utc_s": [86_400]}, ""),
    "role-twice-on-the-ladder": ({"ladder": [{"role": "planner", "wait_s": 60}, {"role": "planner", "wait_s": 60}]}, ""),
    "no-time-to-answer": ({"ladder": [{"role": "planner", "wait_s": 0}]}, "ladder[0]"),
    "quota-of-nothing": ({"quota": {"entries_hourly": 0}}, "quota"),
    "default-written-out": ({"timing": {"lead_s": 86_400}}, ""),
    "clock-of-a-year": ({"timing": {"reverify_s": 31_536_000}}, "timing"),
    "acted-before-heard": ({"timing": {"stop_heard_s": 600}}, "timing"),
    "member-unknown": ({"colour": "red"}, "colour"),
    "member-missing": ({"landmarks": None}, "landmarks"),
    "later-form": ({"format": "tafadi.agreement/2"}, "format"),
}


def _kept(path: Path, data: bytes) -> bytes:
    """The vector; made from the case when TAFADI_WRITE_VECTORS is set."""
    if os.environ.get("TAFADI_WRITE_VECTORS"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return path.read_bytes()


def test_a_document_from_before_there_was_a_member_keeps_its_bytes_and_its_digest() -> None:
    assert digest_of(DOCUMENT) == FIRST_DIGEST
    assert set(json.loads(DOCUMENT)) == {
        "cards", "effective", "format", "landmarks", "minima_tracks", "modes", "name", "parties", "text", "timing"
    }  # fmt: skip
    assert json.loads(DOCUMENT)["timing"] == {"lead_s": 3_600}


@pytest.mark.parametrize("name", list(DOCUMENTS))
def test_a_document_has_its_exact_bytes_both_ways(name: str) -> None:
    data = _kept(VECTORS / f"{name}.json", write_document(DOCUMENTS[name]))
    assert data == write_document(DOCUMENTS[name])
    assert read_document(data) == DOCUMENTS[name]


@pytest.mark.parametrize("name", list(SPOILT))
def test_a_document_that_says_what_cannot_be_agreed_is_refused_by_its_member(name: str) -> None:
    changes, field = SPOILT[name]
    whole = {**json.loads(write_document(EVERY_MEMBER)), **changes}
    data = rfc8785.dumps({member: value for member, value in whole.items() if value is not None})
    assert _kept(VECTORS / f"refused-{name}.json", data) == data
    with pytest.raises(FormatError) as refused:
        read_document(data)
    assert refused.value.field == field


def test_no_vector_stands_without_its_case() -> None:
    assert {path.stem for path in VECTORS.iterdir()} == {*DOCUMENTS, *(f"refused-{name}" for name in SPOILT)}


def test_the_page_names_every_member_and_every_default() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for noun in (Agreement, Landmark, Minima, Timing, Rung, Quota, Pin):
        for member in members(noun):
            assert f"`{member.name}`" in text
            if type(member.default) is int:
                assert re.search(rf"`{member.name}`[^\n]*\b{member.default}\b", text), member.name


def test_the_example_of_the_page_is_the_vector_with_its_cards_and_text_cut_short() -> None:
    example = json.loads(PAGE.read_text(encoding="utf-8").split("```json\n", 1)[1].split("```", 1)[0])
    whole = json.loads(write_document(EVERY_MEMBER))
    assert [cut.endswith("…") and card.startswith(cut[:-1]) for cut, card in zip(example["cards"], whole["cards"], strict=True)] == [
        True
    ] * 3
    assert {**example, "cards": whole["cards"]} == whole


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
