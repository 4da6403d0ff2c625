"""The wire form of nouns: JSON values in which every number is an integer.

One rule for all nouns, so that the wire is the data dictionary and nothing else: a dataclass is an object with its fields as
members; a field in metres (`…_m`) travels as whole millimetres (`…_mm`), one in degrees (`…_deg`) as 1e-7 degree (`…_e7`), one
in metres a second (`…_mps`) as millimetres a second (`…_mmps`); instants are RFC 3339 text with Z; entry identities are
`party/epoch/index`; bytes are standard base64; None and empty defaults are absent, and absent is never zero. Decoding refuses
unknown and missing members and says which. The vectors of `vectors/wire` hold this form still: a renamed field breaks them.

Source: docs/spec/entries.md. Numbers stay within ±(2^53 - 1), as RFC 8785 demands.
"""

import base64
import dataclasses
import math
import types
from enum import StrEnum
from functools import cache
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from tafadi.errors import FormatError, InputError
from tafadi.measure.instant import Instant
from tafadi.model.agreement import AgreementBody, KeyBody
from tafadi.model.alert import AlertBody
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.incident import Incident
from tafadi.model.line import Attempt, LineCheck, Roster, Stop
from tafadi.model.message import Message
from tafadi.model.operation import NoticeBody
from tafadi.model.reply import Answer, Readback, Refusal

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]
Noun = TypeVar("Noun")

FORMAT: Final = "entry"
LARGEST_INTEGER: Final = 2**53 - 1  # beyond this JSON readers disagree (RFC 8785 section 3.2.2.3)
MOST_ITEMS: Final = 2_000  # of any list in an entry; an entry has 65,535 bytes in all
_SCALES: Final = {"_m": ("_mm", 1_000), "_deg": ("_e7", 10_000_000), "_mps": ("_mmps", 1_000)}

BODIES: Final[dict[EntryType, type]] = {
    EntryType.AGREEMENT: AgreementBody,
    EntryType.LINE_CHECK: LineCheck,
    EntryType.ROSTER: Roster,
    EntryType.OPERATION: NoticeBody,
    EntryType.AREA: NoticeBody,
    EntryType.READBACK: Readback,
    EntryType.ANSWER: Answer,
    EntryType.REFUSAL: Refusal,
    EntryType.STOP: Stop,
    EntryType.ALERT: AlertBody,
    EntryType.ATTEMPT: Attempt,
    EntryType.INCIDENT: Incident,
    EntryType.KEY: KeyBody,
}


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
    if noun is None or isinstance(noun, bool | int):
        return noun
    if isinstance(noun, StrEnum):
        return str(noun)
    if isinstance(noun, str):
        return noun
    if isinstance(noun, Instant | EntryId):
        return str(noun)
    if isinstance(noun, bytes):
        return base64.b64encode(noun).decode("ascii")
    if isinstance(noun, tuple):
        return [encode(item) for item in noun]
    return _encode_members(noun)


def _encode_members(noun: object) -> dict[str, Json]:
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
    known = {member.name: member for member in members(noun)}
    unknown = next((name for name in value if name not in known), None)
    if unknown is not None:
        raise FormatError("no such member is known here", format=FORMAT, field=_join(path, unknown))
    fields = {member.field: _decode_member(member, value, path) for member in known.values()}
    try:
        return noun(**fields)
    except FormatError:
        raise
    except InputError as error:
        raise FormatError(str(error), format=FORMAT, field=path, code=error.code) from None


def _decode_member(member: Member, value: dict[str, Json], path: str) -> object:
    here = _join(path, member.name)
    if member.name not in value:
        if member.required and not _may_be_none(member.kind):
            raise FormatError("this member is missing", format=FORMAT, field=here, code=_missing_code(member.name))
        return member.default
    if member.scale is not None:
        return _integer(value[member.name], here) / member.scale
    return _decode_value(member.kind, value[member.name], here)


def _may_be_none(kind: Any) -> bool:
    return type(None) in get_args(kind)


def _missing_code(name: str) -> str:
    return {"datum": "height-without-datum", "vertices": "geometry-missing", "outline": "geometry-missing"}.get(name, "")


def _decode_value(kind: Any, value: Json, path: str) -> object:
    kind = _inner(kind)
    if isinstance(kind, tuple):
        return decode(_fitting(kind, value, path), value, path)
    if get_origin(kind) is tuple:
        return _decode_list(get_args(kind)[0], value, path)
    if kind is Instant or kind is EntryId:
        return _parsed(kind, _text(value, path), path)
    if kind is str:
        return _text(value, path)
    if kind is bytes:
        return _bytes(value, path)
    if kind is bool:
        return _boolean(value, path)
    if kind is int:
        return _integer(value, path)
    if issubclass(kind, StrEnum):
        return _choice(kind, _text(value, path), path)
    return decode(kind, value, path)


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
    return tuple(_decode_value(kind, item, f"{path}[{index}]") for index, item in enumerate(value))


def _parsed(kind: Any, text: str, path: str) -> object:
    try:
        return kind.parse(text)
    except InputError as error:
        raise FormatError(str(error), format=FORMAT, field=path, code=error.code) from None


def _text(value: Json, path: str) -> str:
    if not isinstance(value, str):
        raise FormatError("text is needed here", format=FORMAT, field=path)
    return value


def _bytes(value: Json, path: str) -> bytes:
    try:
        data = base64.b64decode(_text(value, path), validate=True)
    except ValueError:  # binascii.Error is one; text that is not ASCII is another
        raise FormatError("this is not standard base64", format=FORMAT, field=path) from None
    if base64.b64encode(data).decode("ascii") != value:
        raise FormatError("this base64 is not in its one canonical form", format=FORMAT, field=path)
    return data


def _boolean(value: Json, path: str) -> bool:
    if not isinstance(value, bool):
        raise FormatError("true or false is needed here", format=FORMAT, field=path)
    return value


def _integer(value: Json, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > LARGEST_INTEGER:
        raise FormatError("a whole number within 2^53 - 1 is needed here", format=FORMAT, field=path)
    return value


def _choice(kind: type[StrEnum], text: str, path: str) -> StrEnum:
    try:
        return kind(text)
    except ValueError:
        raise FormatError(f"{text[:40]!r} is none of {', '.join(kind)}", format=FORMAT, field=path, code=_choice_code(kind)) from None


def _choice_code(kind: type[StrEnum]) -> str:
    return {"EntryType": "unknown-type", "Datum": "height-without-datum"}.get(kind.__name__, "")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


_VERSION: Final = 1


def encode_message(entry: Message) -> dict[str, Json]:
    """The payload of an entry: the heading's members, `v` (the version of this form) and `body`."""
    payload = _encode_members(entry)
    payload["v"] = _VERSION
    return payload


def decode_message(payload: Json) -> Message:
    """The message of a payload. Raises FormatError naming the member at fault, with the code for its refusal."""
    if not isinstance(payload, dict):
        raise FormatError("an object is needed here", format=FORMAT)
    rest = dict(payload)
    version = _integer(rest.pop("v", 0), "v")
    if version != _VERSION:
        raise FormatError(f"version {version} of the entry form is not spoken here, only {_VERSION}; upgrade", format=FORMAT, field="v")
    kind = _choice(EntryType, _text(rest.get("type"), "type"), "type")
    body: object = decode(BODIES[EntryType(kind)], rest.pop("body", None), "body")
    return _with_body(rest, body)


def _with_body(heading: dict[str, Json], body: object) -> Message:
    known = {member.name: member for member in members(Message) if member.name != "body"}
    unknown = next((name for name in heading if name not in known), None)
    if unknown is not None:
        raise FormatError("no such member is known here", format=FORMAT, field=unknown)
    fields: dict[str, Any] = {member.field: _decode_member(member, heading, "") for member in known.values()}
    try:
        return Message(body=body, **fields)  # type: ignore[arg-type]  # BODIES gave a body of the right type
    except InputError as error:
        raise FormatError(str(error), format=FORMAT, code=error.code) from None


def millimetres(length_m: float | None) -> int | None:
    """A length on the grid of the wire; None stays None."""
    return None if length_m is None or not math.isfinite(length_m) else round(length_m * 1_000)
