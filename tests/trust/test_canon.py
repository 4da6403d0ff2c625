"""The canonical form: the compiled way and the long way are one."""

from typing import Final

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError, InputError
from tafadi.trust import canon
from tafadi.trust.canon import DEPTH_MAX, INTEGER_MAX, Json, canonical, parse_canonical
from tafadi.trust.dsse import Wrapped, unwrap, wrap
from tafadi.trust.keys import SigningKey

_TYPE: Final = "application/vnd.tafadi.entry+json"
_KEYS: Final = st.text(max_size=6) | st.sampled_from(["a", "aa", "b", "\U00010000", "\uffff", "é"])
_LEAVES: Final = st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | st.text()
_VALUES: Final = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=5), max_leaves=20)
_BYTES: Final = st.dictionaries(_KEYS, _VALUES, max_size=4).map(rfc8785.dumps)
_INSERTED: Final = st.sampled_from(
    [b" ", b"0", b"-", b".0", b"e1", b'"', b"\\u0041", b"\\/", b",", b"{}", b"[[[[", b"\xff", b"9" * 30, b'"a":1,']
)


def _the_long_way(data: bytes, monkeypatch: pytest.MonkeyPatch) -> Json | str:
    with monkeypatch.context() as patch:
        patch.setattr(canon, "_parse_plain", lambda data: None)
        return _read(data)


def _read(data: bytes) -> Json | str:
    try:
        return parse_canonical(data, "payload")
    except FormatError as error:
        return str(error)


@given(_VALUES)
def test_what_is_written_is_what_rfc_8785_says(value: Json) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_every_letter_is_escaped_as_rfc_8785_says() -> None:
    text = "".join(chr(code) for code in range(0x3000) if not 0xD800 <= code < 0xE000)
    assert canonical([text, "\U0001f600\u2028\uffff"]) == rfc8785.dumps([text, "\U0001f600\u2028\uffff"])


@given(_BYTES)
def test_canonical_bytes_are_read_and_written_again_alike(data: bytes) -> None:
    assert canonical(parse_canonical(data, "payload")) == data


@settings(max_examples=200)
@given(_BYTES, st.data())
def test_the_compiled_way_takes_and_refuses_what_the_long_way_does(data: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(data)))
    gone = draw.draw(st.integers(0, 2))
    changed = data[:at] + draw.draw(_INSERTED) + data[at + gone :]
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert _read(changed) == _the_long_way(changed, monkeypatch)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a":-0}',
        b'{"a":1.0}',
        b'{"a":1e2}',
        b'{"a":9007199254740992}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\u00e9"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":' * 5_000,
        b'{"a":' + b"[" * 200_000,
        b'{"a":' + b"9" * 60_000 + b"}",
        b"[]",
        b"",
        b"\xef\xbb\xbf{}",
        b'{"a":NaN}',
    ],
)
def test_no_other_form_is_taken(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    told = _read(data)
    assert isinstance(told, str)
    assert told == _the_long_way(data, monkeypatch)


def test_the_depth_is_counted_alike_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    deepest = b'{"a":' + b"[" * (DEPTH_MAX - 1) + b"]" * (DEPTH_MAX - 1) + b"}"
    deeper = b'{"a":' + b"[" * DEPTH_MAX + b"]" * DEPTH_MAX + b"}"
    for data in (deepest, deeper):
        assert _read(data) == _the_long_way(data, monkeypatch)
    assert canonical(parse_canonical(deepest, "payload")) == deepest
    assert isinstance(_read(deeper), str)


@pytest.mark.parametrize("value", [1.0, 2**53, {1: 2}, b"a", "\ud800", {"\ud800": 1}, (1,), object()])
def test_what_has_no_canonical_form_is_refused_and_never_written_otherwise(value: Json) -> None:
    with pytest.raises(InputError):
        canonical({"a": [value]})


@given(st.binary(max_size=200), st.integers(0, 1), st.data())
def test_an_envelope_is_taken_and_refused_alike_both_ways(payload: bytes, second: int, draw: st.DataObject) -> None:
    signers = [SigningKey.from_seed(bytes([number]) * 32) for number in range(1 + second)]
    whole = wrap(_TYPE, payload, *signers)
    at = draw.draw(st.integers(0, len(whole) - 1))
    changed = whole[:at] + bytes([draw.draw(st.integers(0, 255))]) + whole[at + 1 :]
    for data in (whole, changed):
        with pytest.MonkeyPatch.context() as patch:
            quick = _unwrapped(data)
            patch.setattr("tafadi.trust.dsse._unwrap_plain", lambda data, payload_type: None)
            assert quick == _unwrapped(data)
    assert isinstance(_unwrapped(whole), Wrapped)


def _unwrapped(data: bytes) -> Wrapped | str:
    try:
        return unwrap(data, _TYPE, "envelope", 65_535)
    except FormatError as error:
        return str(error)
