"""The wire form of nouns: JSON values in which every number is an integer.

One rule for all nouns, so that the wire is the data dictionary and nothing else: a dataclass is an object with its fields as
members; a field in metres (`…_m`) travels as whole millimetres (`…_mm`), one in degrees (`…_deg`) as 1e-7 degree (`…_e7`), one
in metres a second (`…_mps`) as millimetres a second (`…_mmps`); instants are RFC 3339 text with Z; entry identities are
`party/epoch/index`; bytes are standard base64; None and empty defaults are absent, and absent is never zero. Decoding refuses
unknown and missing members and says which. The vectors of `vectors/wire` hold this form still: a renamed field breaks them.

How a type travels is looked up once: entries come by the thousand. Which noun is the body of which entry is in `tafadi.formats.wire`.

Source: docs/spec/entries.md. Numbers stay within ±(2^53 - 1), as RFC 8785 demands.
"""

import base64
import dataclasses
import math
import types
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from tafadi.errors import FormatError, InputError
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]
Noun = TypeVar("Noun")

FORMAT: Final = "entry"
LARGEST_INTEGER: Final = 2**53 - 1  # beyond this JSON readers disagree (RFC 8785 section 3.2.2.3)
MOST_ITEMS: Final = 2_000  # of any list in an entry; an entry has 65,535 bytes in all
_SCALES: Final = {"_m": ("_mm", 1_000), "_deg": ("_e7", 10_000_000), "_mps": ("_mmps", 1_000)}


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """One field of a noun as the wire has it."""

    field: str
    name: str
    kind: Any
    scale: int | None
    required: bool
    default: object


@cache
def _members(noun: Any) -> tuple[Member, ...]:
    hints = get_type_hints(noun)
    return tuple(_member(field, hints[field.name]) for field in dataclasses.fields(noun))


def members(noun: type) -> tuple[Member, ...]:
    """How the fields of the dataclass `noun` travel."""
    return _members(noun)


def _member(field: "dataclasses.Field[Any]", kind: Any) -> Member:
    required = field.default is dataclasses.MISSING
    default = None if required else field.default
    inner = _inner(kind)
    if inner is not float:
        return Member(field.name, field.name, kind, None, required, default)
    for ending, (wire_ending, scale) in _SCALES.items():
        if field.name.endswith(ending):
            return Member(field.name, field.name.removesuffix(ending) + wire_ending, kind, scale, required, default)
    raise TypeError(f"{field.name} is a float without a unit that the wire knows")  # found by the vectors, never by a user


def _inner(kind: Any) -> Any:
    """The type without its None."""
    if get_origin(kind) in (Union, types.UnionType):
        inner = [arg for arg in get_args(kind) if arg is not type(None)]
        return inner[0] if len(inner) == 1 else tuple(inner)
    return kind


def encode(noun: object) -> Json:
    """The wire form of a noun, an enumeration, an instant, a tuple or a plain value."""
    return _encoder(type(noun))(noun)  # type: ignore[arg-type]  # every type is hashable


@cache
def _encoder(noun: type) -> Callable[[Any], Json]:
    """What encodes a value of exactly that type: looked up once, for entries come by the thousand."""
    if noun is type(None) or issubclass(noun, bool | int):
        return _as_it_is
    if issubclass(noun, str):  # an enumeration of texts as well
        return str
    if issubclass(noun, Instant | EntryId):
        return str
    if issubclass(noun, bytes):
        return _to_base64
    if issubclass(noun, tuple):
        return _encode_items
    return encode_members


def _as_it_is(value: Json) -> Json:
    return value


def _to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _encode_items(items: tuple[object, ...]) -> list[Json]:
    return [encode(item) for item in items]


def encode_members(noun: object) -> dict[str, Json]:
    """The members of a noun; what is None or at its default is left out."""
    out: dict[str, Json] = {}
    for member in members(type(noun)):
        value = getattr(noun, member.field)
        if value is None or (not member.required and value == member.default):
            continue
        out[member.name] = encode(value) if member.scale is None else round(value * member.scale)
    return out


def decode(noun: type[Noun], value: Json, path: str = "") -> Noun:
    """The noun of that type from its wire form. Raises FormatError naming the member at fault."""
    if not isinstance(value, dict):
        raise FormatError("an object is needed here", format=FORMAT, field=path)
    fields = decode_fields(form_of(noun), value, path)  # type: ignore[arg-type]  # every type is hashable
    try:
        return noun(**fields)
    except FormatError:
        raise
    except InputError as error:
        raise FormatError(str(error), format=FORMAT, field=path, code=error.code) from None


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """How a noun is read: its members by their names on the wire, and what reads the value of each."""

    names: frozenset[str]
    readers: tuple[tuple[Member, "_Read"], ...]


_Read = Callable[[Json, str], object]


@cache
def form_of(noun: Any, *, without: str = "") -> Form:
    """How the noun is read, but for the member `without`."""
    there = [member for member in _members(noun) if member.name != without]
    return Form(frozenset(member.name for member in there), tuple((member, _member_reader(member)) for member in there))


def decode_fields(form: Form, value: dict[str, Json], path: str) -> dict[str, Any]:
    """The values of the fields by name. Raises FormatError naming the member at fault."""
    if not form.names.issuperset(value):
        unknown = next(name for name in value if name not in form.names)
        raise FormatError("no such member is known here", format=FORMAT, field=_join(path, unknown))
    fields: dict[str, Any] = {}
    for member, read in form.readers:
        if member.name in value:
            fields[member.field] = read(value[member.name], f"{path}.{member.name}" if path else member.name)
        else:
            fields[member.field] = _absent(member, path)
    return fields


def _absent(member: Member, path: str) -> object:
    if member.required and not _may_be_none(member.kind):
        raise FormatError("this member is missing", format=FORMAT, field=_join(path, member.name), code=_missing_code(member.name))
    return member.default


def _member_reader(member: Member) -> _Read:
    if member.scale is None:
        return _reader(member.kind)
    scale = member.scale
    return lambda value, path: integer(value, path) / scale


def _may_be_none(kind: Any) -> bool:
    return type(None) in get_args(kind)


def _missing_code(name: str) -> str:
    if name in ("vertices", "outline", "route"):
        return "geometry-missing"
    return "height-without-datum" if name == "datum" else ""


@cache
def _reader(kind: Any) -> _Read:
    """What reads a value of that kind: looked up once. A noun inside is looked up when it is read, for it may hold itself."""
    kind = _inner(kind)
    if isinstance(kind, tuple):
        return lambda value, path: decode(_fitting(kind, value, path), value, path)
    if get_origin(kind) is tuple:
        item = get_args(kind)[0]
        return lambda value, path: _decode_list(item, value, path)
    if kind in _PLAIN_READERS:
        return _PLAIN_READERS[kind]
    if kind is Instant or kind is EntryId:
        return lambda value, path: _parsed(kind, text(value, path), path)
    if issubclass(kind, StrEnum):
        return lambda value, path: choice(kind, text(value, path), path)
    return lambda value, path: decode(kind, value, path)


def _fitting(kinds: tuple[type, ...], value: Json, path: str) -> type:
    """The one of several nouns whose required members are all there."""
    for kind in kinds:
        if isinstance(value, dict) and all(member.name in value for member in members(kind) if member.required):
            return kind
    names = " or ".join(kind.__name__.lower() for kind in kinds)
    raise FormatError(f"neither a {names}", format=FORMAT, field=path, code="geometry-missing")


def _decode_list(kind: Any, value: Json, path: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise FormatError("a list is needed here", format=FORMAT, field=path)
    if len(value) > MOST_ITEMS:
        raise FormatError(f"{len(value)} items are more than {MOST_ITEMS}", format=FORMAT, field=path, code="too-large")
    read = _reader(kind)
    return tuple([read(item, f"{path}[{index}]") for index, item in enumerate(value)])


def _parsed(kind: Any, text: str, path: str) -> object:
    try:
        return kind.parse(text)
    except InputError as error:
        raise FormatError(str(error), format=FORMAT, field=path, code=error.code) from None


def text(value: Json, path: str) -> str:
    """The text that the value must be. Raises FormatError."""
    if not isinstance(value, str):
        raise FormatError("text is needed here", format=FORMAT, field=path)
    return value


def _bytes(value: Json, path: str) -> bytes:
    try:
        data = base64.b64decode(text(value, path), validate=True)
    except ValueError:  # binascii.Error is one; text that is not ASCII is another
        raise FormatError("this is not standard base64", format=FORMAT, field=path) from None
    if base64.b64encode(data).decode("ascii") != value:
        raise FormatError("this base64 is not in its one canonical form", format=FORMAT, field=path)
    return data


def _boolean(value: Json, path: str) -> bool:
    if not isinstance(value, bool):
        raise FormatError("true or false is needed here", format=FORMAT, field=path)
    return value


def integer(value: Json, path: str) -> int:
    """The whole number that the value must be. Raises FormatError."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_INTEGER:
        raise FormatError("a whole number within 2^53 - 1 is needed here", format=FORMAT, field=path)
    return value


_PLAIN_READERS: Final[dict[Any, _Read]] = {str: text, bytes: _bytes, bool: _boolean, int: integer}


def choice(kind: type[StrEnum], text: str, path: str) -> StrEnum:
    """The member of the enumeration that the text names. Raises FormatError."""
    member = kind._value2member_map_.get(text)  # what kind(text) looks it up in, at a third of its cost
    if not isinstance(member, kind):
        raise FormatError(f"{text[:40]!r} is none of {', '.join(kind)}", format=FORMAT, field=path, code=_choice_code(kind))
    return member


def _choice_code(kind: type[StrEnum]) -> str:
    return {"EntryType": "unknown-type", "Datum": "height-without-datum"}.get(kind.__name__, "")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def millimetres(length_m: float | None) -> int | None:
    """A length on the grid of the wire; None stays None."""
    return None if length_m is None or not math.isfinite(length_m) else round(length_m * 1_000)
