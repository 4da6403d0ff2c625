"""The word `heard`: read back, rebuilt from its parts, and refused for whatever is not one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.errors import FormatError, SignatureError
from tafadi.measure.instant import Instant
from tafadi.trust.express import Heard, open_heard, read_heard, sign_heard, signature_of, with_signature
from tafadi.trust.keys import SigningKey
from tafadi.trust.note import sign_note

KEY = SigningKey.from_seed(bytes([2]) * 32)
OTHER = SigningKey.from_seed(bytes([3]) * 32)
HEARD = Heard("tafadi.v1/demo/north/1", 17, bytes(range(32)), "south", 2, "node", Instant.parse("2026-11-23T09:30:00.25Z"))
SIGNED = sign_heard(HEARD, KEY)


def test_the_word_reads_back_and_is_rebuilt_from_its_signature() -> None:
    assert open_heard(SIGNED, KEY.public) == HEARD
    assert with_signature(HEARD, signature_of(SIGNED, KEY.public), KEY.public) == SIGNED


def test_the_word_of_another_key_or_about_another_entry_is_refused() -> None:
    with pytest.raises(SignatureError):
        open_heard(SIGNED, OTHER.public)
    for other in (
        replace(HEARD, index=18),
        replace(HEARD, party="west"),
        replace(HEARD, leaf_hash=bytes(32)),
        replace(HEARD, role="planner"),
    ):
        forged = with_signature(other, signature_of(SIGNED, KEY.public), KEY.public)
        with pytest.raises(SignatureError):
            open_heard(forged, KEY.public)


BROKEN = {
    "another first line": HEARD.text.replace("v1/heard", "v2/heard"),
    "a line less": HEARD.text.replace("node\n", ""),
    "a line more": HEARD.text + "more\n",
    "no feed": HEARD.text.replace("north/1", "north"),
    "an index with a zero": HEARD.text.replace("\n17\n", "\n017\n"),
    "an index that is none": HEARD.text.replace("\n17\n", "\n-1\n"),
    "an index beyond all": HEARD.text.replace("\n17\n", "\n9007199254740992\n"),
    "a short hash": HEARD.text.replace("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "AAEC"),
    "an epoch of nothing": HEARD.text.replace("\n2\n", "\n0\n"),
    "a role that is no name": HEARD.text.replace("node", "The Node"),
    "another spelling of the time": HEARD.text.replace(".25Z", ".250Z"),
    "no time": HEARD.text.replace("2026-11-23T09:30:00.25Z", "noon"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_such_word_is_refused_though_signed(name: str) -> None:
    assert BROKEN[name] != HEARD.text
    with pytest.raises(FormatError):
        open_heard(sign_note(BROKEN[name], HEARD.name, KEY), KEY.public)


@given(st.text(max_size=300))
def test_no_text_at_all_does_more_than_be_refused(text: str) -> None:
    with pytest.raises(FormatError):
        read_heard(text)
