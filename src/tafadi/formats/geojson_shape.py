"""The shape of a GeoJSON file of notices: its objects, their members and nothing else; which part has which members.

The same shape as `notice.schema.json`, for msgspec: `tests/formats/test_schema.py` holds the two together. Every type is closed: a member
that is not named here is refused. What members mean is read in `geojson.py`.
"""

from typing import Final, Literal

import msgspec

from tafadi.model.operation import AreaKind, Disclosure, Kind

HINTS: Final = {
    "crs": "RFC 7946 has no coordinate reference system but WGS 84; write the file with the option RFC7946=YES",
    "geometry": "every feature has a place: a Polygon, a Point or a LineString",
    "geometry.type": "a place is a Polygon, a Point or a LineString; the parts of anything else are features of one notice",
    "geometry.coordinates": "Polygon, Point and LineString alone have a place here",
    "properties.kind": "write operation or area",
    "properties.area_kind": f"write one of {', '.join(AreaKind)}",
    "properties.disclosure": f"write {Disclosure.FULL} or {Disclosure.ENVELOPE}",
    "properties.lower": 'write a height as text, like "1000 [ft] geoid"',
    "properties.upper": 'write a height as text, like "1000 [ft] geoid"',
    "type": "a file of notices is a FeatureCollection of Features",
}


class PolygonShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="Polygon"):
    """A polygon: rings of longitude, latitude."""

    coordinates: list[list[list[float]]]


class PointShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="Point"):
    """A point: longitude, latitude."""

    coordinates: list[float]


class LineShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="LineString"):
    """A line: longitude, latitude of each waypoint."""

    coordinates: list[list[float]]


class StatedShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place as it is stated in words, with its units."""

    landmark: str
    bearing: str
    distance: str


class Properties(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The properties of one feature: first those of the notice, then those of the part."""

    notice: str
    kind: Kind
    party: str | None = None
    area_kind: AreaKind | None = None
    minima: str | None = None
    priority: int | float | None = None
    title: str | None = None
    contact: str | None = None
    frequency_hz: int | float | None = None
    disclosure: Disclosure | None = None
    stated: list[StatedShape] | None = None
    lower: str | None = None
    upper: str | None = None
    start: str | None = None
    end: str | None = None
    radius: str | None = None
    times: list[str] | None = None
    heights: list[str | None] | None = None


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One feature: a geometry and what is said of it."""

    type: Literal["Feature"]
    geometry: PolygonShape | PointShape | LineShape
    properties: Properties
    id: str | int | float | None = None
    bbox: list[float] | None = None


class Collection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole document."""

    type: Literal["FeatureCollection"]
    features: list[Feature]
    name: str | None = None
    bbox: list[float] | None = None


OF_NOTICE: Final = Properties.__struct_fields__[1:11]
OF_PART: Final = Properties.__struct_fields__[11:]
NEEDED: Final = {PolygonShape: {"start", "end"}, PointShape: {"start", "end", "radius"}, LineShape: {"times"}}
ALLOWED: Final = {
    PolygonShape: {"start", "end", "lower", "upper"},
    PointShape: {"start", "end", "lower", "upper", "radius"},
    LineShape: {"times", "heights"},
}
