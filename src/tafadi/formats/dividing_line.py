"""Dividing lines in GeoJSON: lines on the ground, and which party may be on which side.

Source: RFC 7946; the members of `properties` are ours. Each feature is one line:

| member | is |
|---|---|
| geometry | LineString: longitude before latitude, degrees; edges are geodesics; a third coordinate is refused |
| `line` | the name of the line, one of its own for each |
| `left`, `right` | the parties that may be on that side, as one goes along the line; a party that may cross stands on both |
| `start`, `end` | when it holds, UTC with Z; both or neither (always) |
| `reach` | how far from the line it has sides, like `"50 [NM]"`; 2,000 km where nothing is said |
| `title` | free text for people; dropped |

Dropped on reading: `bbox`, `name` of the collection, `id` of a feature, `title`. Nothing else is ignored: an unknown member is refused.
"""

from typing import Final, Literal

import msgspec

from tafadi.errors import FormatError
from tafadi.formats.strict_json import check_label, decode, reading
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant, Span
from tafadi.measure.units import parse_quantity
from tafadi.model.dividing_line import FARTHEST_M, MOST_CORNERS, DividingLine

NAME: Final = "dividing-line"
MOST_LINES: Final = 1_000
HINTS: Final = {
    "geometry.type": "a dividing line is a LineString",
    "geometry.coordinates": "a LineString is a list of longitude, latitude",
    "properties.left": 'write the parties that may be there, like ["north", "convoys"]',
    "properties.right": 'write the parties that may be there, like ["south", "convoys"]',
    "type": "a file of dividing lines is a FeatureCollection of Features",
}


class _Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["LineString"]
    coordinates: list[list[float]]


class _Properties(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    line: str
    left: list[str]
    right: list[str]
    start: str | None = None
    end: str | None = None
    reach: str | None = None
    title: str | None = None


class _Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["Feature"]
    geometry: _Shape
    properties: _Properties
    id: str | int | float | None = None
    bbox: list[float] | None = None


class _Collection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["FeatureCollection"]
    features: list[_Feature]
    name: str | None = None
    bbox: list[float] | None = None


def parse(data: bytes) -> list[DividingLine]:
    """The dividing lines of a file. Raises FormatError, naming the feature and the member at fault."""
    collection = decode(data, _Collection, format=NAME, hints=HINTS)
    if not collection.features:
        raise FormatError("it holds no feature, and so no line", format=NAME, field="features")
    if len(collection.features) > MOST_LINES:
        raise FormatError(f"{len(collection.features):,} lines are more than {MOST_LINES:,}", format=NAME, field="features")
    lines: dict[str, DividingLine] = {}
    for index, feature in enumerate(collection.features):
        where = f"features[{index}]"
        line = _line(where, feature)
        if line.id in lines:
            raise FormatError(f"two lines have the name {line.id!r}", format=NAME, field=f"{where}.properties.line")
        lines[line.id] = line
    return list(lines.values())


def _line(where: str, feature: _Feature) -> DividingLine:
    said = feature.properties
    check_label(said.line, NAME, f"{where}.properties.line")
    if len(feature.geometry.coordinates) > MOST_CORNERS:
        raise FormatError(f"a line has at most {MOST_CORNERS:,} corners", format=NAME, field=f"{where}.geometry.coordinates")
    path = tuple(_position(corner, f"{where}.geometry.coordinates[{n}]") for n, corner in enumerate(feature.geometry.coordinates))
    span = _span(said, f"{where}.properties")
    with reading(NAME, f"{where}.properties.reach"):
        reach_m = FARTHEST_M if said.reach is None else parse_quantity(said.reach, "length")
    with reading(NAME, where):
        return DividingLine(said.line, path, frozenset(said.left), frozenset(said.right), span, reach_m)


def _span(said: _Properties, where: str) -> Span | None:
    if said.start is None and said.end is None:
        return None
    if said.start is None or said.end is None:
        raise FormatError("'start' and 'end' are given both, or neither", format=NAME, field=where)
    with reading(NAME, where):
        return Span(Instant.parse(said.start), Instant.parse(said.end))


def _position(coordinates: list[float], field: str) -> Position:
    if len(coordinates) != 2:
        raise FormatError("a position is longitude and latitude; a third coordinate names no datum", format=NAME, field=field)
    with reading(NAME, field):
        return Position(coordinates[1], coordinates[0])
