"""EUROCAE ED-318 UAS geographical zones: GeoJSON with layers of height and limited applicability.

Source: EUROCAE ED-318 (Technical specification for geographical zones and U-space data, 2024) and its JSON Schema (UASGeoZones/ED-318).

| member | becomes |
|---|---|
| `properties.country`, `properties.identifier` | identity, `CHE:LSZB003` |
| `properties.type` | PROHIBITED, REQ_AUTHORIZATION: keep-clear; CONDITIONAL, USPACE, NO_RESTRICTION: caution |
| `properties.name[]` | title: the English text, or else the first |
| `properties.limitedApplicability[]` | when it is in force; absent or empty: always, so it needs a window |
| `geometry` Polygon, MultiPolygon, GeometryCollection of them | outlines; holes are cut out |
| `geometry` Point with `extent` Circle | a circle; its radius is in metres, whatever `uom` says |
| `layer.lower`, `layer.upper`, `…Reference`, `uom` m or ft | heights; AGL is above ground, AMSL the geoid, WGS84 the ellipsoid |

Edges are straight in longitude and latitude, as RFC 7946 says, and get corners where they stray from the geodesic by more than 1 m.
A top of 99,999 stands for "unlimited" in some files; it is kept as written. A `layer` may stand beside a collection for all its members.
`otherGeoid` in the metadata names another geoid than EGM96 for AMSL; the two differ by less than 1 m, and both are read as the geoid.

Dropped: `title`, `description`, `metadata`, `bbox`, `variant`, `restrictionConditions`, `region`, `reason`, `otherReasonInfo`,
`regulationExemption`, `message`, `zoneAuthority`, `extendedProperties`, and any member that the standard does not name.
Refused, zone by zone: hours by sunrise, sunset or twilight; points without extent and lines; a third coordinate, which names no datum.
Written: one feature for each notice, with its heights and times; what the standard cannot say is refused.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from tafadi.errors import FormatError, InputError
from tafadi.formats.schedule import Daily, Period, daily, zoned_instant
from tafadi.formats.strict_json import load, reading, shaped
from tafadi.formats.zones import Known, LeftOut, Part, Ring, sift, zone
from tafadi.measure.arcs import straight_in_degrees
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Span
from tafadi.measure.units import FOOT_M
from tafadi.model.operation import Announced, AreaKind
from tafadi.model.volume import Circle, Outline

NAME: Final = "ed318"
KINDS: Final = {
    "PROHIBITED": AreaKind.KEEP_CLEAR,
    "REQ_AUTHORIZATION": AreaKind.KEEP_CLEAR,
    "CONDITIONAL": AreaKind.CAUTION,
    "USPACE": AreaKind.CAUTION,
    "NO_RESTRICTION": AreaKind.CAUTION,
}
_WRITTEN: Final = {AreaKind.KEEP_CLEAR: "REQ_AUTHORIZATION", AreaKind.CAUTION: "CONDITIONAL"}
DATUMS: Final = {"AGL": Datum.GROUND, "AMSL": Datum.GEOID, "WGS84": Datum.ELLIPSOID}
UNITS_M: Final = {"m": 1.0, "ft": FOOT_M}
COUNTRY_LETTERS: Final = 3
LONGEST_IDENTIFIER: Final = 7


class _Text(msgspec.Struct, frozen=True):
    text: str | None = None
    lang: str | None = None


class _Hours(msgspec.Struct, frozen=True):
    day: list[str] | str
    startTime: str | None = None
    endTime: str | None = None
    startEvent: str | None = None
    endEvent: str | None = None


class Applicability(msgspec.Struct, frozen=True):
    """When a zone is in force. `permanent` is a member of ED-269 alone."""

    startDateTime: str | None = None
    endDateTime: str | None = None
    schedule: list[_Hours] | None = None
    permanent: str | None = None


class _Properties(msgspec.Struct, frozen=True):
    identifier: str
    country: str
    type: str
    name: list[_Text] | str | None = None
    limitedApplicability: list[Applicability] | None = None


class _Layer(msgspec.Struct, frozen=True):
    uom: str
    lower: float | None = None
    lowerReference: str | None = None
    upper: float | None = None
    upperReference: str | None = None


class _Extent(msgspec.Struct, frozen=True):
    subType: str
    radius: float


class _Geometry(msgspec.Struct, frozen=True):
    type: str
    coordinates: object = None
    geometries: list["_Geometry"] | None = None
    layer: _Layer | None = None
    extent: _Extent | None = None


class _Zone(msgspec.Struct, frozen=True):
    properties: _Properties
    geometry: _Geometry


def parse(data: bytes, window: Span | None = None, left_out: LeftOut | None = None) -> Iterator[Announced]:
    """The zones of a file that are in force in the window. Raises FormatError, for every refusal when there is no `left_out`."""
    tree = load(data, format=NAME)
    members = tree if isinstance(tree, dict) else {}
    features = members.get("features")
    if members.get("type") == "Feature":
        features = [members]
    if not isinstance(features, list):
        raise FormatError("it is no FeatureCollection of zones", format=NAME, field="features")
    numbered = list(enumerate(features))
    return sift(NAME, numbered, lambda one: _announced(*one, window), lambda one: named(one[1], "properties"), left_out)


def dump(announced: Iterable[Announced], country: str = "") -> bytes:
    """The areas as one collection, that `parse` reads back to the same nouns (on the wire's grid), with `country` before each identity.

    Raises FormatError for what the standard cannot say: operations, kinds of area but keep-clear and caution, minima, pressure heights,
    identities of more than seven characters, no country.
    """
    features = [_written(one, country) for one in announced]
    if not features:
        raise FormatError("there is no notice to write", format=NAME)
    if len({feature["properties"]["identifier"] for feature in features}) < len(features):
        raise FormatError("a notice stands twice", format=NAME, field="identifier")
    lines = b",\n".join(map(msgspec.json.encode, features))
    return b'{"type":"FeatureCollection","features":[\n' + lines + b"\n]}\n"


def _written(one: Announced, country: str) -> dict[str, dict[str, object]]:
    notice, identifier = one.notice, one.id.removeprefix(f"{country}:")
    if len(country) != COUNTRY_LETTERS or not country.isalpha() or not country.isupper():
        raise FormatError(f"a zone belongs to a country of three letters, and {country[:20]!r} is none", format=NAME, field="country")
    if not 1 <= len(identifier) <= LONGEST_IDENTIFIER:
        raise FormatError(
            f"an identifier has 1 to 7 characters, and {identifier[:40]!r} has {len(identifier)}", format=NAME, field="identifier"
        )
    if notice.area_kind not in _WRITTEN or notice.minima is not None:
        raise FormatError("a zone is an area to keep clear of or to be cautious in, and has no minima", format=NAME, field=one.id)
    spans = sorted({volume.span for volume in notice.volumes}, key=lambda span: (span.start, span.end))
    shapes = list(dict.fromkeys((volume.outline, volume.lower, volume.upper) for volume in notice.volumes))
    if len(spans) * len(shapes) != len(notice.volumes):
        raise FormatError("a zone has all its parts at all its times, and this notice has not", format=NAME, field=one.id)
    properties: dict[str, object] = {
        "identifier": identifier,
        "country": country,
        "type": _WRITTEN[notice.area_kind],
        "variant": "COMMON",
        "limitedApplicability": [{"startDateTime": str(span.start), "endDateTime": str(span.end), "schedule": []} for span in spans],
        "zoneAuthority": [{"purpose": "INFORMATION"}],
    }
    if notice.title:
        properties["name"] = [{"text": notice.title, "lang": "en-GB"}]
    geometries = [_geometry(*shape, one.id) for shape in shapes]
    geometry = geometries[0] if len(geometries) == 1 else {"type": "GeometryCollection", "geometries": geometries}
    return {"type": "Feature", "geometry": geometry, "properties": properties}  # type: ignore[dict-item]  # "Feature" is a text


def _geometry(outline: Outline, lower: Height | None, upper: Height | None, id: str) -> dict[str, object]:
    if lower is None or upper is None:
        raise FormatError("a zone has a lower and an upper height, and one of this notice is not stated", format=NAME, field=id)
    references = {datum: name for name, datum in DATUMS.items()}
    if lower.datum not in references or upper.datum not in references:
        raise FormatError("a zone has no pressure heights", format=NAME, field=id)
    layer = {"lower": lower.value_m, "lowerReference": references[lower.datum]}
    layer |= {"upper": upper.value_m, "upperReference": references[upper.datum], "uom": "m"}
    if isinstance(outline, Circle):
        place = [outline.centre.lon_deg, outline.centre.lat_deg]
        return {"type": "Point", "coordinates": place, "extent": {"subType": "Circle", "radius": outline.radius_m}, "layer": layer}
    if len(straight_in_degrees(outline.vertices)) > len(outline.vertices):
        sentence = "an edge of it strays by more than 1 m from the straight line in degrees that the standard draws; give it more corners"
        raise FormatError(sentence, format=NAME, field=id)
    ring = [[corner.lon_deg, corner.lat_deg] for corner in (*outline.vertices, outline.vertices[0])]
    return {"type": "Polygon", "coordinates": [ring], "layer": layer}


def named(feature: object, member: str = "") -> str:
    """What the zone is called, as far as it can be read; for the list of what was refused."""
    inside = feature.get(member) if member and isinstance(feature, dict) else feature
    name = inside.get("identifier") if isinstance(inside, dict) else None
    return name if isinstance(name, str) else "a zone without identifier"


def _announced(index: int, feature: object, window: Span | None) -> Announced | Known:
    where = f"features[{index}]"
    one = shaped(feature, _Zone, format=NAME, where=f"{where}.")
    said = one.properties
    if said.type not in KINDS:
        raise FormatError(f"a zone of type {said.type[:40]!r} is none of the standard", format=NAME, field=f"{where}.properties.type")
    parts = list(_parts(one.geometry, None, f"{where}.geometry"))
    periods = [period(given, f"{where}.properties.limitedApplicability", NAME) for given in said.limitedApplicability or ()]
    id = f"{said.country}:{said.identifier}"
    return zone(NAME, id, KINDS[said.type], parts, periods or [Period()], window, title=_title(said.name))


def _title(names: list[_Text] | str | None) -> str:
    if names is None or isinstance(names, str):
        return names or ""
    english = [one.text for one in names if one.text and (one.lang or "").lower().startswith("en")]
    return next(iter(english + [one.text for one in names if one.text]), "")


def period(said: Applicability, where: str, format: str) -> Period:
    """The period of applicability as a stretch of time with its hours. Raises FormatError."""
    with reading(format, where):
        start = None if said.startDateTime is None else zoned_instant(said.startDateTime)
        end = None if said.endDateTime is None else zoned_instant(said.endDateTime)
        return Period(start, end, tuple(_hours(one, f"{where}.schedule", format) for one in said.schedule or ()))


def _hours(said: _Hours, where: str, format: str) -> Daily:
    if said.startEvent or said.endEvent:
        sentence = "hours by the sun are not read: when it rises depends on the place, and on whose definition holds"
        raise FormatError(sentence, format=format, field=where)
    if said.startTime is None or said.endTime is None:
        raise FormatError("the hours have no beginning or no end", format=format, field=where)
    return daily([said.day] if isinstance(said.day, str) else said.day, said.startTime, said.endTime)


def _parts(said: _Geometry, layer: _Layer | None, where: str) -> Iterator[Part]:
    layer = said.layer or layer
    if said.type == "GeometryCollection":
        for index, inner in enumerate(said.geometries or ()):
            yield from _parts(inner, layer, f"{where}.geometries[{index}]")
        return
    lower, upper = (None, None) if layer is None else _heights(layer, f"{where}.layer")
    if said.type == "Point":
        yield Part(_circle(said, where), lower, upper)
        return
    if said.type not in ("Polygon", "MultiPolygon"):
        raise FormatError(f"a {said.type[:40]} encloses no ground", format=NAME, field=where)
    polygons = [said.coordinates] if said.type == "Polygon" else shaped(said.coordinates, list[object], format=NAME, where=where)
    for polygon in polygons:
        outer, *holes = rings(polygon, NAME, f"{where}.coordinates")
        yield Part(outer, lower, upper, tuple(holes))


def _circle(said: _Geometry, where: str) -> Circle:
    if said.extent is None or said.extent.subType != "Circle":
        raise FormatError("a point without an extent that is a Circle encloses no ground", format=NAME, field=where)
    with reading(NAME, where):
        place = shaped(said.coordinates, list[float], format=NAME, where=f"{where}.coordinates")
        return Circle(position(place, NAME, f"{where}.coordinates"), said.extent.radius)


def rings(coordinates: object, format: str, where: str) -> list[Ring]:
    """The rings of a GeoJSON polygon, not repeating their first corner, with corners along edges that stray. Raises FormatError."""
    found = []
    for ring in shaped(coordinates, list[list[list[float]]], format=format, where=where):
        with reading(format, where):
            corners = [position(place, format, where) for place in ring]
            if len(corners) < 4 or corners[0] != corners[-1]:
                raise InputError("a ring has at least four positions, and the last is the first again")
            found.append(tuple(straight_in_degrees(corners[:-1])))
    if not found:
        raise FormatError("the polygon has no ring", format=format, field=where)
    return found


def position(place: list[float], format: str, where: str) -> Position:
    """The place given as longitude and latitude. Raises FormatError, InputError."""
    if len(place) != 2:
        sentence = "a third coordinate names no datum" if len(place) == 3 else "a position is longitude and latitude"
        raise FormatError(sentence, format=format, field=where)
    lon_deg, lat_deg = place
    return Position(lat_deg, lon_deg)


def _heights(layer: _Layer, where: str) -> tuple[Height | None, Height | None]:
    unit_m = UNITS_M.get(layer.uom.lower())
    if unit_m is None:
        raise FormatError(f"a height in {layer.uom[:20]!r} is neither in m nor in ft", format=NAME, field=f"{where}.uom")
    return (
        height(layer.lower, layer.lowerReference, unit_m, NAME, f"{where}.lower"),
        height(layer.upper, layer.upperReference, unit_m, NAME, f"{where}.upper"),
    )


def height(value: float | None, reference: str | None, unit_m: float, format: str, where: str) -> Height | None:
    """The height, None where none is stated. Raises FormatError for one without a reference that is known."""
    if value is None:
        return None
    if reference is None or reference.upper() not in DATUMS:
        said = "no reference" if reference is None else f"the reference {reference[:20]!r}"
        raise FormatError(f"a height with {said} cannot be read; known are {', '.join(DATUMS)}", format=format, field=where)
    with reading(format, where):
        return Height(value * unit_m, DATUMS[reference.upper()])
