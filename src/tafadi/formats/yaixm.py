"""YAIXM: airspaces in YAML, as the gliding community keeps those of the United Kingdom.

Source: the YAIXM schema (ahsparrow/yaixm, schema.yaml) and the files made with it since.

| member | becomes |
|---|---|
| `airspace[]` | the airspaces |
| `name` | identity and title; where one name stands several times, with its number in brackets |
| `type` | P, R: keep-clear; CTA, CTR, TMA, ATZ, AWY, D, D_OTHER, OTHER: caution |
| `geometry[]` | volumes, all of one notice |
| `boundary[]` `line`; `circle {radius, centre}` | corners with geodesic edges; a circle |
| … `arc {dir, radius, centre, to}` | corners within 1 m of it |
| `upper`, `lower`: `FL65` | pressure heights |
| … `3500 ft`, `450 m` | heights above mean sea level (geoid) |
| … `SFC`, `GND` | the surface: 0 m above ground |

Latitudes and longitudes are degrees, minutes and seconds on WGS 84; a radius is in `nm` or `km`. An arc begins where the segment before it
ends; its radius follows its two ends, and is refused when these contradict the one that is stated.

The format has no times: an airspace stands for good, so it is read for a window. Temporary areas (`rat`) carry their dates in their names
alone, and letters of agreement (`loa`), obstacles and services announce no air of their own: such files are refused.
Dropped: `id`, `class`, `localtype`, `controltype`, `rules`, `notes`, `elevation`, `seq`, `seqno`, and the `name` of a volume.
Not written: the format has no times, and a notice without its times is another notice.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NoReturn

from tafadi.errors import FormatError, InputError
from tafadi.formats.degrees import compact_place
from tafadi.formats.schedule import ALWAYS
from tafadi.formats.strict_json import reading
from tafadi.formats.yaml_tree import Tree, load
from tafadi.formats.zones import SURFACE, Known, LeftOut, Part, numbered, sift, zone
from tafadi.measure.arcs import arc
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Span
from tafadi.measure.units import FLIGHT_LEVEL_M, FOOT_M, NAUTICAL_MILE_M
from tafadi.model.operation import Announced, AreaKind
from tafadi.model.volume import Circle

NAME: Final = "yaixm"
KINDS: Final = {
    **dict.fromkeys(("P", "R"), AreaKind.KEEP_CLEAR),
    **dict.fromkeys(("CTA", "CTR", "TMA", "ATZ", "AWY", "D", "D_OTHER", "OTHER"), AreaKind.CAUTION),
}
OTHERS: Final = {
    "rat": "temporary areas carry their dates in their names alone, and are not read",
    "loa": "letters of agreement change other airspaces, and are not read",
    "obstacle": "obstacles announce no air",
    "service": "services announce no air",
}
_HEIGHT = re.compile(r"FL([0-9]{1,3})|([0-9]{1,6}) ?(ft|m)|(SFC|GND)")
_RADIUS = re.compile(r"([0-9]{0,5}(?:\.[0-9]{1,6})?) ?(nm|km)")


def parse(data: bytes, window: Span | None = None, left_out: LeftOut | None = None) -> Iterator[Announced]:
    """The airspaces of a file, for the window. Raises FormatError, for every refusal when there is no `left_out`."""
    tree = load(data, format=NAME)
    airspaces = tree.get("airspace") if isinstance(tree, dict) else None
    if not isinstance(airspaces, list):
        other = next((why for name, why in OTHERS.items() if isinstance(tree, dict) and name in tree), "it has no list of airspaces")
        raise FormatError(other, format=NAME, field="airspace")
    ids = numbered([_name(one) for one in airspaces])
    named = list(zip(ids, airspaces, strict=True))
    return sift(NAME, named, lambda one: _announced(*one, window), lambda one: one[0], left_out)


def dump(announced: Iterable[Announced]) -> NoReturn:
    """Raises FormatError: a notice has times, and this format has none."""
    raise FormatError("this format has no times, and a notice without its times is another notice", format=NAME)


def _name(one: Tree) -> str:
    name = one.get("name") if isinstance(one, dict) else None
    return name if isinstance(name, str) else ""


def _announced(id: str, one: Tree, window: Span | None) -> Announced | Known:
    members = _mapping(one, id or "airspace")
    kind = KINDS.get(_text(members, "type", id))
    if kind is None:
        raise FormatError(f"the type {_text(members, 'type', id)[:40]!r} is none that is known", format=NAME, field=f"{id}.type")
    volumes = _list(members, "geometry", id)
    parts = [_part(_mapping(volume, id), f"{id}.geometry[{index}]") for index, volume in enumerate(volumes)]
    return zone(NAME, id, kind, parts, [ALWAYS], window, title=_name(one))


def _part(members: Mapping[str, Tree], where: str) -> Part:
    lower = _height(_text(members, "lower", where), f"{where}.lower")
    upper = _height(_text(members, "upper", where), f"{where}.upper")
    boundary = [_mapping(segment, where) for segment in _list(members, "boundary", where)]
    with reading(NAME, f"{where}.boundary"):
        if any("circle" in segment for segment in boundary):
            if len(boundary) != 1:
                raise InputError("a circle is a boundary by itself, and here other segments stand beside it")
            return Part(_circle(_mapping(boundary[0]["circle"], where), where), lower, upper)
        return Part(_ring(boundary, where), lower, upper)


def _circle(members: Mapping[str, Tree], where: str) -> Circle:
    return Circle(compact_place(_text(members, "centre", where)), _radius_m(_text(members, "radius", where)))


def _ring(boundary: list[Mapping[str, Tree]], where: str) -> tuple[Position, ...]:
    """The corners of lines and arcs. An arc that comes first begins at the end of the last segment."""
    corners: list[Position] = []
    end = _end(boundary[-1], where)
    for segment in boundary:
        if set(segment) == {"line"}:
            corners.extend(compact_place(_plain(place, where)) for place in _list(segment, "line", where))
        elif set(segment) == {"arc"}:
            corners.extend(_arc(_mapping(segment["arc"], where), corners[-1] if corners else end, where))
        else:
            raise InputError(f"a segment is a line, an arc or a circle, and not {', '.join(sorted(segment))[:60] or 'nothing'}")
    return tuple(corners)


def _end(segment: Mapping[str, Tree], where: str) -> Position:
    if "arc" in segment:
        return compact_place(_text(_mapping(segment["arc"], where), "to", where))
    return compact_place(_plain(_list(segment, "line", where)[-1], where))


def _arc(members: Mapping[str, Tree], start: Position, where: str) -> list[Position]:
    turn = _text(members, "dir", where)
    if turn not in ("cw", "ccw"):
        raise InputError(f"an arc turns cw or ccw, and not {turn[:20]!r}")
    centre, end = compact_place(_text(members, "centre", where)), compact_place(_text(members, "to", where))
    radius_m = _radius_m(_text(members, "radius", where))
    return [*arc(centre, start, end, clockwise=turn == "cw", radius_m=radius_m), end]


def _radius_m(text: str) -> float:
    match = _RADIUS.fullmatch(text)
    if match is None or not match[1].strip("."):
        raise InputError(f"{text[:40]!r} is not a radius like 2.5 nm or 3 km")
    return float(match[1]) * (NAUTICAL_MILE_M if match[2] == "nm" else 1000.0)


def _height(text: str, where: str) -> Height:
    match = _HEIGHT.fullmatch(text)
    if match is None:
        raise FormatError(f"{text[:40]!r} is not a height like FL65, 3500 ft or SFC", format=NAME, field=where)
    level, value, unit, _ = match.groups()
    with reading(NAME, where):
        if level is not None:
            return Height(int(level) * FLIGHT_LEVEL_M, Datum.PRESSURE)
        return SURFACE if value is None else Height(int(value) * (FOOT_M if unit == "ft" else 1.0), Datum.GEOID)


def _mapping(tree: Tree, where: str) -> Mapping[str, Tree]:
    if not isinstance(tree, dict):
        raise FormatError("a mapping is awaited here", format=NAME, field=where)
    return tree


def _list(members: Mapping[str, Tree], name: str, where: str) -> list[Tree]:
    found = members.get(name)
    if not isinstance(found, list) or not found:
        raise FormatError("a list of at least one is awaited here", format=NAME, field=f"{where}.{name}")
    return found


def _text(members: Mapping[str, Tree], name: str, where: str) -> str:
    if name not in members:
        raise FormatError("this member is missing", format=NAME, field=f"{where}.{name}")
    return _plain(members[name], f"{where}.{name}")


def _plain(tree: Tree, where: str) -> str:
    if not isinstance(tree, str):
        raise FormatError("a text is awaited here", format=NAME, field=where)
    return tree
