"""YAML read strictly: texts, lists and mappings, and no guess."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats.yaml_tree import load


def test_every_scalar_is_the_text_that_stands_there() -> None:
    assert load(b"a: NO\nb: 12:30\nc: 1e3\nd:\ne: [0x1F, ~, 2026-06-01]\n", format="x") == {
        "a": "NO",
        "b": "12:30",
        "c": "1e3",
        "d": "",
        "e": ["0x1F", "~", "2026-06-01"],
    }


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"a: &x 1", "anchors"),
        (b"a: *x", "anchors|alias"),
        (b"a: !!python/object:os.system 1", "tags are refused"),
        (b"!x {}", "tags are refused"),
        (b"a: 1\na: 2", "stands twice"),
        (b"? [a]\n: 1", "not a plain text"),
        (b"<<: {a: 1}", "not a plain text"),
        (b"a: 1\n---\nb: 1", "2 documents"),
        (b"# nothing", "0 documents"),
        (b"[" * 40 + b"]" * 40, "nests deeper"),
        (b"a: [", "not YAML"),
        (b"a: \x00", "not YAML"),
        (b"a: \xff", "not UTF-8"),
        (b"", "nothing in it"),
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(FormatError, match=sentence):
        load(data, format="x")


def test_values_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tafadi.formats.yaml_tree.MOST_NODES", 10)
    with pytest.raises(FormatError, match="more than 10 values"):
        load(b"- a\n" * 20, format="x")


@given(st.one_of(st.binary(max_size=60), st.text(alphabet="a:-[]{}&*!|>'\"#\n ?,%@`", max_size=60).map(str.encode)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(FormatError):
        load(data, format="x")
