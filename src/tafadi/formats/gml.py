"""Surfaces of GML 3.2, as AIXM uses them: patches of rings of curves of segments, as corners and circles.

| element | becomes |
|---|---|
| `Surface`, `ElevatedSurface`; each `PolygonPatch` | an outline with its holes |
| `GeodesicString`, `Geodesic` | corners with geodesic edges |
| `LineStringSegment`, `LinearRing` | corners whose edges are straight in longitude and latitude, with more where they stray by over 1 m |
| `ArcByCenterPoint` | corners within 1 m; angles are bearings, clockwise when the end is the greater |
| `CircleByCenterPoint`, alone in its ring | a circle |

Positions are latitude, longitude in EPSG:4326 and longitude, latitude in CRS84, both WGS 84; another reference system is refused, and an
arc in CRS84 too, where readers disagree on what its angles are measured from. A curve that is only referred to (`xlink:href`) is refused.

Units : radii in `M`, `KM`, `NM`, `FT`; metres inside.
Source: ISO 19136 (GML 3.2.1); OGC 12-028r1 (Use of GML for aviation data).
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from tafadi.errors import InputError
from tafadi.formats.xml_tree import Element
from tafadi.formats.zones import Ring
from tafadi.measure.arcs import straight_in_degrees, swept
from tafadi.measure.earth import Leg, Position, leg
from tafadi.measure.units import FOOT_M, NAUTICAL_MILE_M
from tafadi.model.volume import Circle

MOST_CORNERS: Final = 200_000  # of one surface
LONGEST_NUMBER: Final = 40
JOIN_M: Final = 200.0  # ends of segments are rounded on their own; farther apart, a piece of the border is missing
LENGTHS_M: Final = {"M": 1.0, "KM": 1000.0, "NM": NAUTICAL_MILE_M, "[NMI_I]": NAUTICAL_MILE_M, "FT": FOOT_M}
SURFACES: Final = frozenset(("Surface", "ElevatedSurface"))


class Patch(NamedTuple):
    """One outline with its holes, or a circle."""

    outer: Ring | Circle
    holes: tuple[Ring, ...] = ()


class _Segment(NamedTuple):
    corners: list[Position]
    is_arc: bool


def patches(surface: Element) -> Iterator[Patch]:
    """The outlines of the surface. Raises InputError."""
    lat_first = _lat_first(surface)
    found = [patch for holder in surface.all("patches") for patch in holder.all("PolygonPatch")]
    if not found:
        raise InputError("its surface has no polygon")
    for patch in found:
        outer = [_boundary(one, lat_first) for one in patch.all("exterior")]
        holes = [_boundary(one, lat_first) for one in patch.all("interior")]
        if len(outer) != 1:
            raise InputError(f"a polygon has one exterior, and here are {len(outer)}")
        rings = tuple(hole for hole in holes if not isinstance(hole, Circle))
        if len(rings) != len(holes) or (holes and isinstance(outer[0], Circle)):
            raise InputError("a hole that is a circle, or in one, is not read")
        yield Patch(outer[0], rings)


def _lat_first(surface: Element) -> bool:
    names = {one.attributes["srsName"] for one in surface.walk() if "srsName" in one.attributes}
    if len(names) != 1:
        raise InputError(f"its places are in {len(names)} reference systems; give one srsName")
    name = names.pop()
    if name.rstrip("/").replace("/", ":").endswith((":EPSG::4326", ":EPSG:0:4326")) or name == "EPSG:4326":
        return True
    if name.endswith("CRS84"):
        return False
    raise InputError(f"the reference system {name[:60]!r} is neither EPSG:4326 nor CRS84")


def _boundary(holder: Element, lat_first: bool) -> Ring | Circle:
    if holder.first("LinearRing") is not None:
        corners = _places(holder.children[0], lat_first)
        if len(corners) > 1 and corners[0] == corners[-1]:
            corners.pop()
        return tuple(straight_in_degrees(corners))
    ring = holder.first("Ring")
    if ring is None:
        raise InputError("a boundary is a Ring or a LinearRing")
    segments = [segment for member in ring.all("curveMember") for segment in _segments(member)]
    if any(segment.name == "CircleByCenterPoint" for segment in segments):
        if len(segments) != 1:
            raise InputError("a circle is a ring by itself, and here other segments stand beside it")
        return Circle(_centre(segments[0], lat_first), _radius_m(segments[0]))
    return _joined([_drawn(segment, lat_first) for segment in segments])


def _segments(member: Element) -> Iterator[Element]:
    if "href" in member.attributes:
        raise InputError("a part of its border is only referred to, and not in it")
    for curve in member.children:
        if curve.name != "Curve":
            raise InputError(f"a {curve.name[:40]} is not read as a part of a border")
        for holder in curve.all("segments"):
            yield from holder.children


def _drawn(segment: Element, lat_first: bool) -> _Segment:
    if segment.name in ("GeodesicString", "Geodesic"):
        return _Segment(_places(segment, lat_first), False)
    if segment.name == "LineStringSegment":
        return _Segment(straight_in_degrees(_places(segment, lat_first), closed=False), False)
    if segment.name == "ArcByCenterPoint" and lat_first:
        first_deg, last_deg = _angle_deg(segment, "startAngle"), _angle_deg(segment, "endAngle")
        radius_m = _radius_m(segment)
        if not 0.0 < abs(last_deg - first_deg) < 360.0:
            raise InputError(f"an arc from {first_deg} to {last_deg} degrees is not one")
        return _Segment(list(swept(_centre(segment, True), Leg(first_deg % 360.0, radius_m), last_deg - first_deg, radius_m)), True)
    raise InputError(f"a segment {segment.name[:40]} is not read here")


def _joined(segments: list[_Segment]) -> Ring:
    """The corners of all segments, end to end. Where an arc meets a stated corner, the stated one holds."""
    if not segments:
        raise InputError("its border has no segment")
    corners: list[Position] = []
    for index, here in enumerate(segments):
        before = segments[index - 1]
        gap_m = leg(before.corners[-1], here.corners[0]).distance_m
        if len(segments) > 1 and gap_m > JOIN_M:
            raise InputError(f"two segments of its border end {gap_m:.0f} m apart")
        first = 1 if here.is_arc and not before.is_arc else 0
        last = len(here.corners) - (1 if here.is_arc and len(segments) > 1 else 0)
        corners.extend(here.corners[first:last])
        if len(corners) > MOST_CORNERS:
            raise InputError(f"its border has more than {MOST_CORNERS:,} corners", code="too-large")
    return tuple(corners)


def _places(element: Element, lat_first: bool) -> list[Position]:
    """The positions of the element, in order. Raises InputError."""
    numbers: list[float] = []
    for child in element.children:
        if child.name not in ("pos", "posList"):
            raise InputError(f"places are given by pos and posList, and here is {child.name[:40]}")
        values = child.text.split(None, 2 * MOST_CORNERS)  # no more pieces than can be used, whatever the text
        if len(values) % 2 or (child.name == "pos" and len(values) != 2) or child.attributes.get("srsDimension", "2") != "2":
            raise InputError("a place has two numbers here, latitude and longitude")
        numbers.extend(map(_number, values))
        if len(numbers) > 2 * MOST_CORNERS:
            raise InputError(f"a list of more than {MOST_CORNERS:,} places is not a border", code="too-large")
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    places = [Position(first, second) if lat_first else Position(second, first) for first, second in pairs]
    if not places:
        raise InputError("a part of its border has no place", code="geometry-missing")
    return places


def _centre(element: Element, lat_first: bool) -> Position:
    """The centre of an arc or circle: one place, given as itself or as a point in it."""
    points = [point for holder in element.all("pointProperty") for point in holder.children if point.name == "Point"]
    places = [child for holder in (element, *points) for child in holder.children if child.name in ("pos", "posList")]
    if len(places) != 1 or len(places[0].text.split()) != 2:
        raise InputError("the centre of an arc or circle is one place in it")
    first, second = map(_number, places[0].text.split())
    return Position(first, second) if lat_first else Position(second, first)


def _radius_m(element: Element) -> float:
    radius = element.first("radius")
    length_m = None if radius is None else LENGTHS_M.get(radius.attributes.get("uom", "").upper())
    if radius is None or length_m is None:
        raise InputError(f"a radius has its uom, one of {', '.join(LENGTHS_M)}")
    return _number(radius.text) * length_m


def _angle_deg(element: Element, name: str) -> float:
    angle = element.first(name)
    if angle is None or angle.attributes.get("uom", "deg").lower() not in ("deg", "degree"):
        raise InputError(f"an arc has its {name} in degrees")
    return _number(angle.text)


def _number(text: str) -> float:
    try:
        if len(text) <= LONGEST_NUMBER and "_" not in text:
            return float(text)
    except ValueError:
        pass
    raise InputError(f"{text[:40]!r} is not a number")
