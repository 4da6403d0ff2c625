"""JSON, read strictly."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats.strict_json import DEEPEST, LARGEST_BYTES, MOST_BRACKETS, check_label, check_size, decode, load


def refusal(data: bytes) -> FormatError:
    with pytest.raises(FormatError) as caught:
        load(data, format="x")
    return caught.value


def test_the_depth_limit_is_exact_and_brackets_in_texts_do_not_count() -> None:
    assert load(b"[" * DEEPEST + b'"[[{\\"[["' + b"]" * DEEPEST, format="x")
    assert "nests deeper" in str(refusal(b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1)))


def test_a_file_of_nothing_but_brackets_is_refused_before_it_fills_the_memory() -> None:
    assert load(b"[" + b"{}," * 1_000 + b"{}]", format="x")
    assert "objects and lists" in str(refusal(b"[" + b"{}," * MOST_BRACKETS + b"{}]"))


def test_the_offset_is_in_bytes_and_counts_the_byte_order_mark() -> None:
    assert refusal('{"é": ?}'.encode()).offset == 7
    assert refusal(b"\xef\xbb\xbf" + '{"é": ?}'.encode()).offset == 10
    assert refusal(b"\xef\xbb\xbf\xff").offset == 3


def test_a_repeated_member_is_named_at_any_depth() -> None:
    assert refusal(b'[{"a": {"b": 1, "c": 2, "b": 1}}]').field == "b"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "[1, NaN]"])
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    assert refusal(text.encode()).sentence


def test_a_whole_surrogate_pair_is_a_letter_and_half_of_one_is_refused() -> None:
    assert load(rb'"\ud83d\ude00"', format="x") == "\U0001f600"
    assert "half of a surrogate" in str(refusal(rb'["\ud83d"]'))


def test_a_sentence_never_holds_what_a_terminal_obeys() -> None:
    with pytest.raises(FormatError) as caught:
        decode(b'{"\\u001b[31m": 1}', dict[str, str], format="x")
    assert str(caught.value).isprintable()


def test_nothing_and_too_much_are_refused_by_size() -> None:
    check_size(LARGEST_BYTES, "x")
    for size in (0, LARGEST_BYTES + 1):
        with pytest.raises(FormatError):
            check_size(size, "x")


@pytest.mark.parametrize("text", ["", " a", "a\n", "a\tb", "a\x00", "a\x85b", "a\u202eb", "x" * 129])
def test_a_label_is_one_line_that_reads_as_it_is_written(text: str) -> None:
    with pytest.raises(FormatError):
        check_label(text, "x", "notice")


def test_a_label_may_be_in_any_script() -> None:
    assert check_label("عملية 7/б", "x", "notice") == "عملية 7/б"


trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(trees, st.booleans())
@settings(deadline=None)
def test_every_proper_json_text_is_read_as_pythons_own_reader_reads_it(tree: object, ascii_only: bool) -> None:
    text = json.dumps(tree, ensure_ascii=ascii_only)
    assert load(text.encode("utf-8"), format="x") == json.loads(text)


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_are_json_or_a_format_error(data: bytes) -> None:
    try:
        tree = load(data, format="x")
    except FormatError:
        return
    assert json.loads(data.removeprefix(b"\xef\xbb\xbf")) == tree
