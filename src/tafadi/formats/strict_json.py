"""JSON, read strictly: what two readers could understand differently is refused.

RFC 8259 leaves open what a member that stands twice means, how deep a text may nest, and how large a number may be; here a repeated member,
NaN and Infinity (which are no JSON), half a surrogate, too many bytes and too much depth are each one sentence. A byte order mark in front
is skipped, as section 8.1 allows. The shape is then checked by msgspec, whose words are turned into ours with the path of the member.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final, NoReturn, TypeVar

import msgspec

from tafadi.errors import FormatError, InputError

LARGEST_BYTES: Final = 64 * 1024 * 1024  # read whole into memory; a day of a country's notices is under 10 MB
DEEPEST: Final = 32  # a notice needs 8; Python's own reader gives up near 1000
MOST_BRACKETS: Final = 2_000_000  # objects and lists in one file; a corner is one of some 200 bytes in memory, and a country has 100,000

_BOM = b"\xef\xbb\xbf"
_RUN = re.compile(rb'(?:[^"\[\]{}]++|"(?:[^"\\]++|\\.?)*+(?:"|\Z))*+([\[\]{}]*+)', re.DOTALL)  # possessive: linear time on any bytes
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_SURPLUS = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")

_LABEL = re.compile("[^\\s\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069][^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]{0,127}")

T = TypeVar("T")


def decode(data: bytes, shape: type[T], *, format: str, hints: Mapping[str, str] | None = None) -> T:
    """The JSON text in `data` as a `shape`: `load`, then `shaped`. Raises FormatError."""
    return shaped(load(data, format=format), shape, format=format, hints=hints)


def load(data: bytes, *, format: str) -> object:
    """The JSON text in `data` as dicts, lists, texts and numbers. Raises FormatError, with the byte where reading stopped."""
    return _tree(_text(data, format), format, len(_BOM) if data.startswith(_BOM) else 0)


def shaped(tree: object, shape: type[T], *, format: str, where: str = "", hints: Mapping[str, str] | None = None) -> T:
    """The loaded `tree` as a `shape` (any type that msgspec knows).

    `where` is the path of the tree in its file, and `hints` says, by the end of a member's path, what to do about it. Raises FormatError,
    naming the path of the member at fault.
    """
    try:
        return msgspec.convert(tree, shape)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), format, where, hints or {}) from None


@contextmanager
def reading(format: str, field: str) -> Iterator[None]:
    """Turns whatever a noun says about its values into a FormatError that names `field`."""
    try:
        yield
    except FormatError:
        raise
    except InputError as error:
        raise FormatError(str(error), format=format, field=field) from None


def check_label(text: str, format: str, field: str) -> str:
    """`text` itself, if it can name a notice or a party in a file: 1 to 128 characters that print on one line. Raises FormatError.

    Control characters, line ends and marks that turn the direction of text are refused: labels are read aloud, and shown beside each other.
    """
    if not _LABEL.fullmatch(text):
        raise FormatError(f"{text[:40]!r} is not a name of 1 to 128 characters on one line", format=format, field=field)
    return text


def check_size(size_bytes: int, format: str) -> None:
    """Raises FormatError when so many bytes are none or too many."""
    if size_bytes == 0:
        raise FormatError("there is nothing in it: 0 bytes", format=format)
    if size_bytes > LARGEST_BYTES:
        raise FormatError(f"{size_bytes:,} bytes are more than the {LARGEST_BYTES:,} that one file may have", format=format)


def _text(data: bytes, format: str) -> str:
    check_size(len(data), format)
    bare = data.removeprefix(_BOM)
    if not bare.strip():
        raise FormatError("there is nothing in it but white space", format=format)
    _check_brackets(bare, format)
    try:
        return bare.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("it is not UTF-8 text", format=format, offset=error.start + len(data) - len(bare)) from None


def _check_brackets(data: bytes, format: str) -> None:
    depth, opened = 0, 0
    for run in _RUN.finditer(data):  # a run of brackets at a time, texts skipped, so that memory stays small
        for bracket in run[1]:
            depth += _STEP[bracket]
            opened += _STEP[bracket] > 0
            if depth > DEEPEST:
                raise FormatError(f"it nests deeper than {DEEPEST} levels", format=format)
        if opened > MOST_BRACKETS:
            raise FormatError(f"it has more than the {MOST_BRACKETS:,} objects and lists that one file may have", format=format)


def _tree(text: str, format: str, skipped: int) -> object:
    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
            raise FormatError("this member stands twice in one object, and nobody can say which one holds", format=format, field=twice[:60])
        return found

    def constant(name: str) -> NoReturn:
        raise FormatError(f"{name} is not a number of JSON; leave an unknown value out instead", format=format)

    def finite(literal: str) -> float:
        value = float(literal)
        if not math.isfinite(value):
            raise FormatError(f"the number {literal[:40]} is too large", format=format)
        return value

    try:
        tree: object = json.loads(text, object_pairs_hook=members, parse_constant=constant, parse_float=finite)
    except json.JSONDecodeError as error:
        raise _broken(text, error, format, skipped) from None
    except ValueError:  # Python refuses whole numbers of more than 4300 digits
        raise FormatError("a whole number in it has thousands of digits", format=format) from None
    if _SURROGATE.search(text):
        _check_surrogates(tree, format)
    return tree


def _broken(text: str, error: json.JSONDecodeError, format: str, skipped: int) -> FormatError:
    offset = skipped + len(text[: error.pos].encode())
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return FormatError("the JSON breaks off before it is complete", format=format, offset=offset)
    return FormatError(f"it is not JSON ({error.msg[:1].lower()}{error.msg[1:]})", format=format, offset=offset)


def _check_surrogates(tree: object, format: str) -> None:
    try:
        json.dumps(tree, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise FormatError("a text in it holds half of a surrogate pair", format=format) from None


def _misfit(words: str, format: str, where: str, hints: Mapping[str, str]) -> FormatError:
    said, _, path = words.partition(" - at `$")
    path = where.rstrip(".") + path.removesuffix("`")
    if match := _SURPLUS.fullmatch(said):
        hint = hints.get(match[1], "this format has no such member, and unknown ones are refused")
        return FormatError(hint, format=format, field=f"{path}.{match[1][:60]}".lstrip("."))
    if match := _MISSING.fullmatch(said):
        return FormatError("this member is missing", format=format, field=f"{path}.{match[1]}".lstrip("."))
    sentence = said.replace("`", "").replace("Invalid enum value", "not allowed here is").replace("Invalid value", "not allowed here is")
    hint = next((hint for name, hint in hints.items() if f".{path}".endswith(f".{name}")), "")
    printable = "".join(letter if letter.isprintable() else "?" for letter in sentence[:200])
    return FormatError(printable[:1].lower() + printable[1:] + (f"; {hint}" if hint else ""), format=format, field=path.lstrip("."))
