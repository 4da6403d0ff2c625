"""Canonical JSON: every value has one byte form, and every other form is refused.

What is signed are bytes, so two readers must never find two meanings in the same bytes, nor one meaning in two byte strings. RFC 8785
gives the one form. We narrow it: no numbers but integers within 2^53-1 (floats are where implementations differ), and a named depth (a
parser that recurses must not be driven into the ground).

Nearly all of what comes and goes is plain: the keys are ASCII, the rest is as it should be. A compiled reader and writer (msgspec) do that
alone; whatever they or the look over it find fault with goes the long way, where it is taken or refused in a sentence. The two differ only
where a key has letters beyond ASCII: RFC 8785 sorts by UTF-16, the compiled writer by UTF-8. The look is over the bytes, which is soon
done: with few brackets nothing is nested deep, without a long run of digits no integer is large. What it cannot clear so is walked through.

Source: RFC 8785 (JCS); RFC 4648 section 4 (standard base64, with padding, no line breaks, unused bits zero).
"""

import json
import re
from base64 import b64encode
from binascii import a2b_base64
from itertools import pairwise
from typing import Final, NoReturn

import msgspec
import rfc8785

from tafadi.errors import FormatError, InputError

INTEGER_MAX: Final = 2**53 - 1  # the largest integer that every JSON reader keeps exactly
DEPTH_MAX: Final = 16  # a corner of an outline of a volume lies 7 deep; no reader need fear for its stack
_INTEGER_DIGITS: Final = 17  # "-9007199254740991"; longer text is refused before Python makes a number of it

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]

_PLAIN_WRITER: Final = msgspec.json.Encoder(order="deterministic")  # members sorted by the bytes of their keys

_DIGITS_ALIKE: Final = bytes(ord("0") if chr(byte).isdecimal() and byte < 128 else byte for byte in range(256))
_LONG_INTEGER: Final = b"0" * 16  # as many digits as 2^53-1 has, all of them made 0; may be text as well
# Strings are skipped whole, so that a bracket inside one is not counted. An unclosed one runs to the end at once: otherwise a row of
# escaped quotes would be read again from each of them.
_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|([\[{])|([\]}])', re.DOTALL)


def canonical(value: Json) -> bytes:
    """The RFC 8785 bytes of `value`. Raises InputError for a float, an integer beyond 2^53-1, a lone surrogate or too deep a nesting."""
    data = _plain_bytes(value)
    if data is not None and (_reads_as(data, value) or _is_plain(value, DEPTH_MAX)):
        return data
    _check_value(value, DEPTH_MAX)
    try:
        return rfc8785.dumps(value)
    except ValueError as error:  # its CanonicalizationError, and the UnicodeEncodeError that a key of lone surrogates gets past it
        raise InputError(f"the value cannot be written as canonical JSON: {error}") from None


def parse_object(data: bytes, format: str) -> dict[str, Json]:
    """The JSON object in `data`, duplicate keys, floats, huge integers and deep nesting refused. Raises FormatError.

    The byte form is not judged here: `parse_canonical` does that, or the caller who knows the one layout.
    """
    text = _decode(data, format)
    _check_depth(text, format)
    reader = _Reader(format)
    try:
        value = json.loads(
            text, parse_float=reader.refuse, parse_constant=reader.refuse, parse_int=reader.integer, object_pairs_hook=reader.object
        )
    except json.JSONDecodeError as error:
        raise FormatError(f"it is not JSON: {error.msg}", format=format, offset=error.pos) from None
    if not isinstance(value, dict):
        raise FormatError("it is JSON but no object", format=format)
    return value


def parse_canonical(data: bytes, format: str) -> dict[str, Json]:
    """The JSON object in `data`, which must be its RFC 8785 form to the byte. Raises FormatError."""
    plain = _parse_plain(data)
    if plain is not None:
        return plain
    value = parse_object(data, format)
    try:
        again = rfc8785.dumps(value)
    except ValueError as error:  # its CanonicalizationError, and the UnicodeEncodeError that a key of lone surrogates gets past it
        raise FormatError(f"it cannot be canonical JSON: {error}", format=format) from None
    if again != data:
        raise FormatError(
            "the bytes are not the canonical form (RFC 8785) of what they say", format=format, offset=_first_difference(again, data)
        )
    return value


def check_members(value: dict[str, Json], members: frozenset[str], format: str) -> None:
    """Nothing, if `value` has exactly the members named. Raises FormatError naming the first that is missing or unknown."""
    for name in sorted(members - value.keys()):
        raise FormatError("it is missing", format=format, field=name)
    for name in sorted(value.keys() - members):
        raise FormatError("it is not a member of this format", format=format, field=name[:64])


def text_member(value: dict[str, Json], name: str, format: str) -> str:
    """The member `name`, a string. Raises FormatError."""
    member = value.get(name)
    if not isinstance(member, str):
        raise FormatError("it must be a string", format=format, field=name)
    return member


def integer_member(value: dict[str, Json], name: str, format: str) -> int:
    """The member `name`, an integer from 0 on. Raises FormatError."""
    member = value.get(name)
    if not isinstance(member, int) or isinstance(member, bool) or member < 0:
        raise FormatError("it must be an integer, 0 or more", format=format, field=name)
    return member


def bytes_member(value: dict[str, Json], name: str, format: str) -> bytes:
    """The bytes that the member `name` holds as canonical base64. Raises FormatError."""
    return from_base64(text_member(value, name, format), format, name)


def to_base64(data: bytes) -> str:
    """Standard base64 of `data`, padded."""
    return b64encode(data).decode("ascii")


def from_base64(text: str, format: str, field: str = "") -> bytes:
    """The bytes of standard base64 in its one canonical form. Raises FormatError for any other alphabet, padding or unused bits."""
    try:
        data = a2b_base64(text, strict_mode=True)
    except ValueError as error:  # binascii.Error is one, and so is what it says to letters beyond ASCII
        raise FormatError(f"it is not standard base64: {error}", format=format, field=field) from None
    if to_base64(data) != text:
        raise FormatError("it is not the canonical base64 of its bytes", format=format, field=field)
    return data


def _parse_plain(data: bytes) -> dict[str, Json] | None:
    """The object in `data` where that is its plain canonical form; None where it must be read the long way.

    Equal bytes leave no room for a member that stands twice, for spaces, for another escape or another order.
    """
    try:
        value = _PLAIN_READER.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or _plain_bytes(value) != data:
        return None
    return value if _is_seen_to_be_plain(data) or _is_plain(value, DEPTH_MAX) else None


def _reads_as(data: bytes, value: Json) -> bool:
    """Whether the bytes that were written for the value read back as that very value, and are seen to be plain.

    So nothing was in it but what JSON has: a tuple, a date or a number as a key would come back as something else.
    """
    if not _is_seen_to_be_plain(data):
        return False
    try:
        return bool(_PLAIN_READER.decode(data) == value)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False


def _is_seen_to_be_plain(data: bytes) -> bool:
    """Whether bytes that the compiled writer wrote are seen at once to be plain, but for floats, which the reader finds."""
    shallow = data.count(b"[") + data.count(b"{") <= DEPTH_MAX
    return shallow and data.isascii() and _LONG_INTEGER not in data.translate(_DIGITS_ALIKE)


def _plain_bytes(value: Json) -> bytes | None:
    """The canonical bytes of a plain value; None where there is half a letter in it."""
    try:
        return _PLAIN_WRITER.encode(value)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):  # TypeError for what no JSON has
        return None


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"{text} is not an integer")


_PLAIN_READER: Final = msgspec.json.Decoder(float_hook=_no_float)


def _is_plain(value: Json, depth: int) -> bool:
    """Whether the value is made of nothing but what the compiled writer writes as RFC 8785 does, not nested deeper than `depth`."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return -INTEGER_MAX <= value <= INTEGER_MAX  # type: ignore[operator]  # it is an integer
    if depth == 0:
        return False
    if kind is dict and not all(type(key) is str and key.isascii() for key in value):  # type: ignore[union-attr]  # a dict
        return False
    if kind is not dict and kind is not list:
        return False
    items = value.values() if kind is dict else value  # type: ignore[union-attr]  # one of the two
    return all(_is_plain(item, depth - 1) for item in items)  # type: ignore[union-attr]


class _Reader:
    """The hooks of the JSON reader; each refuses in the name of `format`."""

    def __init__(self, format: str) -> None:
        self._format = format

    def refuse(self, text: str) -> NoReturn:
        raise FormatError(f"the number {text[:24]} is not an integer; quantities are integers on the wire", format=self._format)

    def integer(self, text: str) -> int:
        number = int(text) if len(text) <= _INTEGER_DIGITS else INTEGER_MAX + 1
        if abs(number) > INTEGER_MAX:
            raise FormatError(f"the integer {text[:24]} is beyond 2^53-1", format=self._format)
        return number

    def object(self, pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        value = dict(pairs)
        if len(value) != len(pairs):
            keys = sorted(key for key, _ in pairs)
            twice = next(key for key, after in pairwise(keys) if key == after)
            raise FormatError("the member stands twice", format=self._format, field=twice[:64])
        return value


def _decode(data: bytes, format: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("it is not UTF-8", format=format, offset=error.start) from None


def _check_depth(text: str, format: str) -> None:
    depth = 0
    for match in _BRACKETS.finditer(text):
        if match.group(1):
            depth += 1
            if depth > DEPTH_MAX:
                raise FormatError(f"it is nested deeper than {DEPTH_MAX}", format=format, offset=match.start())
        elif match.group(2):
            depth -= 1


def _check_value(value: Json, depth: int) -> None:
    if isinstance(value, dict | list):
        if depth == 0:
            raise InputError(f"the value is nested deeper than {DEPTH_MAX}")
        for item in value.values() if isinstance(value, dict) else value:
            _check_value(item, depth - 1)
    elif value is not None and not isinstance(value, str | int):
        raise InputError(
            f"a {type(value).__name__} has no place in a signed message; only text, integers, true, false, null, lists and objects"
        )


def _first_difference(first: bytes, second: bytes) -> int:
    return next((at for at, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second)))
