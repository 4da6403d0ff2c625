"""Shapes: what goes over the API as types that OpenAPI can say, made from the very nouns and views that are sent.

A noun travels as the wire has it (`tafadi.formats.nouns`), so its shape follows from the same table of members. A view is shown with all of
its members and its state (`tafadi.desk.picture.plain`). What is at its default is left out by the wire, and so may be absent here.
"""

import dataclasses
import types
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from tafadi.desk.picture import Picture, View
from tafadi.formats.nouns import Member, members
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId

EntryName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}/[1-9][0-9]{0,8}/(0|[1-9][0-9]{0,14})$", examples=["alpha/1/17"])]
InstantText = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$", examples=["2026-11-23T09:30:00Z"])]
Base64 = Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})]

OPEN: Final = ConfigDict(extra="allow")  # a newer node tells more, and who reads it need not know
_PLAIN: Final[dict[object, Any]] = {type(None): None, Instant: InstantText, EntryId: EntryName, bytes: Base64, Any: Any}


class Shown(BaseModel):
    """The base of everything that is answered."""

    model_config = OPEN


def absent() -> Any:
    """The field of a member that may be left out; it is never null."""
    return Field(default_factory=lambda: None)


@cache
def shape_of(kind: Any) -> Any:
    """The type, for pydantic, of what is sent for a value of that kind."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _either(parts)
    if origin in (tuple, list):
        return list[shape_of(parts[0])]  # type: ignore[misc]  # made here
    if origin is dict:
        return dict[str, shape_of(parts[1])]  # type: ignore[misc]  # made here
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _view_shape(kind) if issubclass(kind, View | Picture) else _noun_shape(kind)  # type: ignore[arg-type]  # every class is hashable
    return kind


@cache
def _noun_shape(noun: type) -> type[BaseModel]:
    """A noun: an object with its members as the wire names and scales them."""
    fields = {member.name: _member_field(noun, member) for member in members(noun)}
    return create_model(noun.__name__, __base__=Shown, __doc__=_first_line(noun), **fields)  # type: ignore[call-overload, no-any-return]


def _member_field(noun: type, member: Member) -> tuple[Any, Any]:
    parts = get_args(member.kind) if get_origin(member.kind) in (Union, types.UnionType) else (member.kind,)
    kinds = [part for part in parts if part is not type(None)]
    filled = ... if member.required and len(kinds) == len(parts) else absent()  # what is None is left out, never null
    if member.scale is not None:
        return int, filled
    return (dict[str, Any] if noun in kinds else _either(kinds)), filled  # a noun that holds itself is not told twice


def _either(kinds: Sequence[Any]) -> Any:
    return Union[tuple(shape_of(kind) for kind in kinds)]  # noqa: UP007  # of as many as there are


@cache
def _view_shape(view: type) -> type[BaseModel]:
    """A view: an object with all its fields, and its state. Of the picture that is what it shows; the rest are indexes."""
    hints = get_type_hints(view)
    fields: dict[str, Any] = {}
    shown = Picture().to_json() if view is Picture else {field.name for field in dataclasses.fields(view)}
    for field in (field for field in dataclasses.fields(view) if field.name in shown and "unshown" not in field.metadata):
        fields[field.name] = (shape_of(hints[field.name]), absent() if "later" in field.metadata else ...)
    if issubclass(view, View):
        fields["state"] = (str, ...)
    return create_model(view.__name__, __base__=Shown, __doc__=_first_line(view), **fields)


def _first_line(kind: type) -> str:
    return (kind.__doc__ or "").strip().split("\n")[0]
