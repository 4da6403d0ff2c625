"""KML: polygons with heights and times, as people draw them on a globe.

Source: OGC KML 2.2 (07-147r2) and 2.3.

| element | becomes |
|---|---|
| `Placemark` with polygons | a notice of kind area, caution: a drawing does not say what it asks for |
| `name`, or else `id` | identity and title; where one stands several times, with its number in brackets |
| `TimeSpan` `begin`, `end` | from, until; with Z or an offset; absent: open, so it needs a window |
| `Polygon` `outerBoundaryIs`, `innerBoundaryIs` | outlines: longitude, latitude on WGS 84, geodesic edges; holes are cut out |
| `altitudeMode` absolute | heights in metres above mean sea level (geoid) |
| … relativeToGround | heights in metres above ground |
| … clampToGround, or none | an outline on the ground: its heights are not stated, and stay unknown |
| `extrude` 1 | from the surface up to the height of the polygon |
| two flat polygons of one outline with walls between them | from the lower one up to the upper one |

A ring may or may not repeat its first corner at its end. Passed over and counted: placemarks without a polygon.
Dropped: styles, `description`, `ExtendedData`, `visibility`, views, overlays, and everything that a network link leads to, which is never
fetched. Refused, placemark by placemark: a polygon that slants, or is flat and has no other beside it, since it has no thickness; heights
above the sea floor; dates without time; a time that stands at a folder instead of its placemark.
Written: one placemark for each volume, extruded from the surface, or as a prism; a circle becomes corners within 1 m. Left out: whether it
is an operation or which kind of area, title, priority, contact, frequency, disclosure. Refused: trajectories, minima, parties, pressure
heights and heights above the ellipsoid, and a volume of which one height alone is stated.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from tafadi.errors import FormatError, InputError
from tafadi.formats.schedule import Period, zoned_instant
from tafadi.formats.strict_json import check_label, reading
from tafadi.formats.xml_tree import Element, load
from tafadi.formats.zones import SURFACE, Known, LeftOut, Part, Ring, apart, numbered, sift, zone
from tafadi.measure.arcs import swept
from tafadi.measure.earth import Leg, Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Span
from tafadi.model.operation import Announced, AreaKind
from tafadi.model.volume import Polygon, Volume4D

NAME: Final = "kml"
MOST_CORNERS: Final = 200_000  # of one ring
LONGEST_NUMBER: Final = 40
DATUMS: Final = {"absolute": Datum.GEOID, "relativeToGround": Datum.GROUND, "clampToGround": None}
_ANY_GROUND: Final = "it encloses no ground"


class _Sheet(NamedTuple):
    """A polygon as it is drawn."""

    outer: Ring
    holes: tuple[Ring, ...]
    heights_m: frozenset[float | None]
    mode: str
    is_extruded: bool

    @property
    def places(self) -> frozenset[Position]:
        return frozenset(self.outer)

    @property
    def is_wall(self) -> bool:
        return len(self.places) == 2


class _Drawn(NamedTuple):
    """A placemark, and whether a folder around it has a time."""

    element: Element
    is_timed_above: bool


def parse(data: bytes, window: Span | None = None, left_out: LeftOut | None = None) -> Iterator[Announced]:
    """The areas of a file that are in force in the window. Raises FormatError, for every refusal when there is no `left_out`."""
    root = load(data, format=NAME)
    if root.name != "kml":
        raise FormatError(f"its root is {root.name[:40]!r} and not kml", format=NAME, offset=root.line)
    drawn = list(_placemarks(root))
    ids = numbered([one.element.said("name") or one.element.attributes.get("id") or "a placemark without name" for one in drawn])
    things = list(zip(ids, drawn, strict=True))
    return sift(NAME, things, lambda thing: _announced(*thing, window), lambda thing: thing[0], left_out)


def dump(announced: Iterable[Announced]) -> bytes:
    """The volumes as placemarks, which `parse` reads back as areas of nobody; several volumes of one notice become several.

    Raises FormatError for what KML cannot say.
    """
    marks = [mark for one in announced for mark in _written(one)]
    if not marks:
        raise FormatError("there is no notice to write", format=NAME)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
    return (head + "\n".join(marks) + "\n</Document></kml>\n").encode()


def _written(one: Announced) -> Iterator[str]:
    if one.notice.trajectory is not None or one.notice.minima is not None or one.party is not None:
        raise FormatError("a placemark has no trajectory, minima or party", format=NAME, field=one.id)
    name = escape(check_label(one.id, NAME, "name"))
    for volume in one.notice.volumes:
        span = f"<TimeSpan><begin>{volume.span.start}</begin><end>{volume.span.end}</end></TimeSpan>"
        polygons = "".join(_polygons(volume, one.id))
        yield f"<Placemark><name>{name}</name>{span}<MultiGeometry>{polygons}</MultiGeometry></Placemark>"


def _polygons(volume: Volume4D, id: str) -> Iterator[str]:
    ring, lower, upper = _corners(volume), volume.lower, volume.upper
    modes = {datum: mode for mode, datum in DATUMS.items() if datum is not None}
    if lower is None and upper is None:
        yield _polygon("clampToGround", [(place, 0.0) for place in ring])
        return
    if lower is None or upper is None or upper.datum not in modes or (lower != SURFACE and lower.datum is not upper.datum):
        raise FormatError("heights in KML are both stated, above ground or above mean sea level", format=NAME, field=id)
    mode = modes[upper.datum]
    if lower == SURFACE:
        yield _polygon(mode, [(place, upper.value_m) for place in ring], "<extrude>1</extrude>")
        return
    for value_m in (lower.value_m, upper.value_m):
        yield _polygon(mode, [(place, value_m) for place in ring])
    for here, there in zip(ring, (*ring[1:], ring[0]), strict=True):
        low, high = lower.value_m, upper.value_m
        yield _polygon(mode, [(here, low), (there, low), (there, high), (here, high)])


def _corners(volume: Volume4D) -> Ring:
    if isinstance(volume.outline, Polygon):
        return volume.outline.vertices
    radius_m = volume.outline.radius_m
    return apart(swept(volume.outline.centre, Leg(0.0, radius_m), 360.0, radius_m))


def _polygon(mode: str, corners: list[tuple[Position, float]], extrude: str = "") -> str:
    closed = " ".join(f"{place.lon_deg},{place.lat_deg},{value_m}" for place, value_m in (*corners, corners[0]))
    ring = f"<outerBoundaryIs><LinearRing><coordinates>{closed}</coordinates></LinearRing></outerBoundaryIs>"
    return f"<Polygon>{extrude}<altitudeMode>{mode}</altitudeMode>{ring}</Polygon>"


def _placemarks(root: Element) -> Iterator[_Drawn]:
    open_ones = [(root, False)]
    while open_ones:
        one, is_timed = open_ones.pop()
        if one.name == "Placemark":
            yield _Drawn(one, is_timed)
            continue
        timed = is_timed or any(child.name in ("TimeSpan", "TimeStamp") for child in one.children)
        open_ones.extend((child, timed) for child in reversed(one.children))


def _announced(id: str, drawn: _Drawn, window: Span | None) -> Announced | Known:
    mark = drawn.element
    polygons = [one for one in mark.walk() if one.name == "Polygon"]
    if not polygons:
        return Known(_ANY_GROUND)
    with reading(NAME, id):
        parts = list(_parts([_sheet(one, id) for one in polygons]))
        period = _period(drawn)
    return zone(NAME, id, AreaKind.CAUTION, parts, [period], window, title=mark.said("name") or "")


def _period(drawn: _Drawn) -> Period:
    spans = drawn.element.all("TimeSpan")
    if drawn.element.all("TimeStamp") or len(spans) > 1:
        raise InputError("an area lasts from a begin to an end: give it one TimeSpan")
    if not spans:
        if drawn.is_timed_above:
            raise InputError("its time stands at the folder around it; write it into the placemark")
        return Period()
    begin, end = spans[0].said("begin"), spans[0].said("end")
    return Period(None if begin is None else zoned_instant(begin), None if end is None else zoned_instant(end))


def _sheet(polygon: Element, id: str) -> _Sheet:
    mode = polygon.said("altitudeMode") or "clampToGround"
    if mode not in DATUMS:
        raise FormatError(f"heights {mode[:40]!r} are not read", format=NAME, field=id)
    outer = [_ring(one) for boundary in polygon.all("outerBoundaryIs") for one in boundary.all("LinearRing")]
    holes = [_ring(one) for boundary in polygon.all("innerBoundaryIs") for one in boundary.all("LinearRing")]
    if len(outer) != 1:
        raise FormatError(f"a polygon has one outer boundary, and here are {len(outer)}", format=NAME, field=id)
    heights_m = frozenset(height_m for ring in (*outer, *holes) for _, height_m in ring)
    rings = [apart(tuple(place for place, _ in ring)) for ring in (*outer, *holes)]
    return _Sheet(rings[0], tuple(rings[1:]), heights_m, mode, polygon.said("extrude") in ("1", "true"))


def _ring(ring: Element) -> list[tuple[Position, float | None]]:
    corners = (ring.said("coordinates") or "").split(None, MOST_CORNERS)  # no more pieces than can be used, whatever the text
    if not 3 <= len(corners) <= MOST_CORNERS:
        raise InputError(f"a ring of {len(corners):,} corners is not one")
    return [_corner(corner) for corner in corners]


def _corner(text: str) -> tuple[Position, float | None]:
    parts = text.split(",")
    if len(parts) not in (2, 3):
        raise InputError(f"{text[:60]!r} is not longitude, latitude and height")
    lon_deg, lat_deg, *height_m = map(_number, parts)
    return Position(lat_deg, lon_deg), height_m[0] if height_m else None


def _number(text: str) -> float:
    try:
        if len(text) <= LONGEST_NUMBER and "_" not in text:
            return float(text)
    except ValueError:
        pass
    raise InputError(f"{text[:40]!r} is not a number")


def _parts(sheets: list[_Sheet]) -> Iterator[Part]:
    """The parts that the polygons of one placemark enclose. Raises InputError for polygons that enclose nothing."""
    walls = [sheet for sheet in sheets if sheet.is_wall]
    flats: dict[tuple[frozenset[Position], str], list[_Sheet]] = {}
    for sheet in sheets:
        if not sheet.is_wall:
            flats.setdefault((sheet.places, sheet.mode), []).append(sheet)
    for (places, mode), several in flats.items():
        datum = DATUMS[mode]
        if datum is None:
            yield from (Part(one.outer, None, None, one.holes) for one in several)
        elif len(several) == 1 and several[0].is_extruded:
            yield Part(several[0].outer, SURFACE, Height(_level_m(several[0]), datum), several[0].holes)
        else:
            yield _prism(several, [wall for wall in walls if wall.places <= places], datum)
    stray = [wall for wall in walls if not any(wall.places <= places for places, _ in flats)]
    if stray:
        raise InputError("a polygon that stands upright belongs to no outline")


def _prism(flats: list[_Sheet], walls: list[_Sheet], datum: Datum) -> Part:
    if len(flats) != 2 or any(one.holes for one in flats) or len({wall.places for wall in walls}) < len(flats[0].outer):
        raise InputError("a flat polygon has no thickness: extrude it, or draw its top, its bottom and a wall for each edge")
    lower_m, upper_m = sorted(_level_m(one) for one in flats)
    return Part(flats[0].outer, Height(lower_m, datum), Height(upper_m, datum))


def _level_m(sheet: _Sheet) -> float:
    if len(sheet.heights_m) != 1 or None in sheet.heights_m:
        raise InputError("a polygon whose corners have unlike heights, or none, has no one height")
    return next(height_m for height_m in sheet.heights_m if height_m is not None)
