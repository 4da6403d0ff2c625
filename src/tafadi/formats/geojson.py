"""The GeoJSON profile of notices: what a party says it will do, as a file that any map program opens.

Source: RFC 7946; the profile is `docs/spec/geojson-notice.md`, its JSON Schema `notice.schema.json` beside this file.

| Feature geometry | stands for | properties of its own |
|---|---|---|
| Polygon, one ring | a volume: outline × heights × time | `lower`, `upper`, `start`, `end` |
| Point | a volume over a circle | the same and `radius` |
| LineString | the trajectory of an operation | `times`, `heights`: one per vertex |

On the wire: longitude before latitude, degrees on the grid of 1e-7; other quantities are text with a unit, heights with a datum too.
Features with the same `notice` are parts of one notice and repeat its properties; reading puts the outline anticlockwise, as RFC 7946 asks.
Dropped on reading: `bbox`, `name` of the collection and `id` of a feature. Nothing else is ignored: an unknown member is refused.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from tafadi.errors import FormatError
from tafadi.formats.geojson_shape import (
    ALLOWED,
    HINTS,
    NEEDED,
    OF_NOTICE,
    OF_PART,
    Collection,
    Feature,
    LineShape,
    PointShape,
    PolygonShape,
    Properties,
    StatedShape,
)
from tafadi.formats.quantity import format_minima, parse_minima
from tafadi.formats.strict_json import check_label, decode, reading
from tafadi.measure.earth import Position
from tafadi.measure.height import Height
from tafadi.measure.instant import Instant, Span
from tafadi.measure.outline import gnomonic
from tafadi.measure.units import parse_quantity
from tafadi.model.operation import Announced, Disclosure, Notice, StatedPlace, Trajectory, Waypoint
from tafadi.model.volume import MOST_VERTICES, Circle, Polygon, Volume4D

NAME: Final = "geojson"
MOST_FEATURES: Final = 100_000  # a day of a country's notices is a few thousand; more is a recording, and those come in columns

_HOLES: Final = "a polygon with holes is refused: a hole is air that a reader may take for safe; announce the parts around it"
_THIRD: Final = "a third coordinate is refused: it names no datum, and programs disagree on what it is; use 'lower', 'upper' or 'heights'"


def parse(data: bytes) -> Iterator[Announced]:
    """The notices of a file, in order of first appearance. Raises FormatError, naming the feature and the member at fault."""
    collection = decode(data, Collection, format=NAME, hints=HINTS)
    if not collection.features:
        raise FormatError("it holds no feature, and so announces nothing", format=NAME, field="features")
    if len(collection.features) > MOST_FEATURES:
        raise FormatError(f"{len(collection.features):,} features are more than {MOST_FEATURES:,}", format=NAME, field="features")
    notices: dict[str, list[tuple[str, Feature]]] = {}
    for index, feature in enumerate(collection.features):
        notices.setdefault(feature.properties.notice, []).append((f"features[{index}]", feature))
    for id, parts in notices.items():
        yield _announced(id, parts)


def dump(announced: Iterable[Announced]) -> bytes:
    """The notices as one file, each feature on its own line, that `parse` reads back to the same nouns (on the wire's grid).

    Raises FormatError for an identity that cannot be written or stands twice, and for an outline that the grid of 1e-7 degree spoils.
    """
    lines: list[bytes] = []
    seen: set[str] = set()
    for one in announced:
        if one.id in seen:
            raise FormatError(f"notice {one.id!r} stands twice, and would become one", format=NAME, field="notice")
        seen.add(one.id)
        lines.extend(map(msgspec.json.encode, _features(one)))
    if not lines:
        raise FormatError("there is no notice to write", format=NAME)
    return b'{"type":"FeatureCollection","features":[\n' + b",\n".join(lines) + b"\n]}\n"


def _announced(id: str, parts: list[tuple[str, Feature]]) -> Announced:
    where, said = parts[0][0], parts[0][1].properties
    check_label(id, NAME, f"{where}.properties.notice")
    if said.party is not None:
        check_label(said.party, NAME, f"{where}.properties.party")
    volumes: list[Volume4D] = []
    trajectory: Trajectory | None = None
    for at, part in parts:
        _check_same(said, part.properties, where, at)
        _check_fits(at, part)
        if not isinstance(part.geometry, LineShape):
            volumes.append(_volume(at, part.geometry, part.properties))
        elif trajectory is None:
            trajectory = _trajectory(at, part.geometry, part.properties)
        else:
            raise FormatError(f"notice {id!r} already has a trajectory; one notice has one", format=NAME, field=f"{at}.geometry")
    return Announced(id, _notice(f"{where}.properties", said, tuple(volumes), trajectory), said.party)


def _check_same(first: Properties, other: Properties, where: str, other_where: str) -> None:
    for name in OF_NOTICE:
        if getattr(first, name) != getattr(other, name):
            sentence = f"notice {first.notice!r} says otherwise in {where}; all features of one notice say the same of it"
            raise FormatError(sentence, format=NAME, field=f"{other_where}.properties.{name}")


def _check_fits(where: str, feature: Feature) -> None:
    shape = type(feature.geometry)
    given = {name for name in OF_PART if getattr(feature.properties, name) is not None}
    if missing := sorted(NEEDED[shape] - given):
        raise FormatError(
            f"this member is missing; a {shape.__struct_config__.tag} needs it", format=NAME, field=f"{where}.properties.{missing[0]}"
        )
    if surplus := sorted(given - ALLOWED[shape]):
        raise FormatError(f"a {shape.__struct_config__.tag} has no such member", format=NAME, field=f"{where}.properties.{surplus[0]}")


def _notice(where: str, said: Properties, volumes: tuple[Volume4D, ...], trajectory: Trajectory | None) -> Notice:
    with reading(NAME, f"{where}.minima"):
        minima = None if said.minima is None else parse_minima(said.minima)
    stated = tuple(_stated(f"{where}.stated[{index}]", one) for index, one in enumerate(said.stated or ()))
    with reading(NAME, where):
        return Notice(
            kind=said.kind,
            volumes=volumes,
            trajectory=trajectory,
            minima=minima,
            area_kind=said.area_kind,
            priority=_whole(said.priority, f"{where}.priority") or 0,
            title=said.title or "",
            contact=said.contact or "",
            frequency_hz=_whole(said.frequency_hz, f"{where}.frequency_hz"),
            disclosure=said.disclosure or Disclosure.FULL,
            stated=stated,
        )


def _stated(where: str, said: StatedShape) -> StatedPlace:
    with reading(NAME, where):
        return StatedPlace(said.landmark, parse_quantity(said.bearing, "angle"), parse_quantity(said.distance, "length"))


def _volume(where: str, geometry: PolygonShape | PointShape, said: Properties) -> Volume4D:
    outline = _circle(where, geometry, said) if isinstance(geometry, PointShape) else _polygon(f"{where}.geometry.coordinates", geometry)
    lower = _height(said.lower, f"{where}.properties.lower")
    upper = _height(said.upper, f"{where}.properties.upper")
    start = _instant(said.start or "", f"{where}.properties.start")
    end = _instant(said.end or "", f"{where}.properties.end")
    with reading(NAME, f"{where}.properties"):
        return Volume4D(outline, lower, upper, Span(start, end))


def _circle(where: str, geometry: PointShape, said: Properties) -> Circle:
    centre = _position(geometry.coordinates, f"{where}.geometry.coordinates")
    with reading(NAME, f"{where}.properties.radius"):
        return Circle(centre, _whole_mm(parse_quantity(said.radius or "", "length")))


def _polygon(where: str, geometry: PolygonShape) -> Polygon:
    if len(geometry.coordinates) != 1:
        raise FormatError(_HOLES if geometry.coordinates else "the polygon has no ring", format=NAME, field=where)
    ring = geometry.coordinates[0]
    if len(ring) > MOST_VERTICES + 1:
        raise FormatError(f"a ring of {len(ring):,} positions has more than {MOST_VERTICES:,} corners", format=NAME, field=where)
    corners = [_position(corner, f"{where}[0][{index}]") for index, corner in enumerate(ring)]
    if len(corners) < 4 or corners[0] != corners[-1]:
        raise FormatError("a ring has at least four positions, and the last is the first again", format=NAME, field=f"{where}[0]")
    with reading(NAME, f"{where}[0]"):
        return anticlockwise(Polygon(tuple(corners[:-1])))


def anticlockwise(polygon: Polygon) -> Polygon:
    """The same outline from the same corner, with its inside on the left (RFC 7946, section 3.1.6)."""
    plane = gnomonic(polygon.vertices)
    twice_area = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(plane, plane[1:] + plane[:1], strict=True))
    return polygon if twice_area > 0.0 else Polygon((polygon.vertices[0], *polygon.vertices[:0:-1]))


def _trajectory(where: str, geometry: LineShape, said: Properties) -> Trajectory:
    count, times = len(geometry.coordinates), said.times or []
    heights = [None] * count if said.heights is None else said.heights
    for name, values in (("times", times), ("heights", heights)):
        if len(values) != count:
            raise FormatError(f"{len(values)} for {count} positions; give one for each", format=NAME, field=f"{where}.properties.{name}")
    waypoints = tuple(
        Waypoint(
            _position(place, f"{where}.geometry.coordinates[{index}]"),
            _height(heights[index], f"{where}.properties.heights[{index}]"),
            _instant(times[index], f"{where}.properties.times[{index}]"),
        )
        for index, place in enumerate(geometry.coordinates)
    )
    with reading(NAME, where):
        return Trajectory(waypoints)


def _position(coordinates: list[float], field: str) -> Position:
    if len(coordinates) != 2:
        raise FormatError(_THIRD if len(coordinates) == 3 else "a position is longitude and latitude", format=NAME, field=field)
    lon_deg, lat_deg = coordinates
    if abs(lat_deg) > 90.0 or abs(lon_deg) > 180.0:
        raise FormatError(f"longitude {lon_deg}, latitude {lat_deg} is not on the earth; longitude comes first", format=NAME, field=field)
    with reading(NAME, field):
        return Position(lat_deg, lon_deg).quantised()


def _height(text: str | None, field: str) -> Height | None:
    if text is None:
        return None
    with reading(NAME, field):
        height = Height.parse(text)
        return Height(_whole_mm(height.value_m), height.datum)


def _instant(text: str, field: str) -> Instant:
    with reading(NAME, field):
        return Instant.parse(text)


def _whole(number: int | float | None, field: str) -> int | None:
    if isinstance(number, float) and not number.is_integer():  # 5.0 is a whole number in JSON, and many programs write it so
        raise FormatError(f"{number} is not a whole number", format=NAME, field=field)
    return None if number is None else int(number)


def _whole_mm(length_m: float) -> float:
    return round(length_m * 1000.0) / 1000.0


def _features(one: Announced) -> Iterator[dict[str, object]]:
    check_label(one.id, NAME, "notice")
    if one.party is not None:
        check_label(one.party, NAME, "party")
    said = _said(one)
    for volume in one.notice.volumes:
        with reading(NAME, f"notice {one.id}"):
            geometry, own = _written(volume)
        yield {"type": "Feature", "geometry": geometry, "properties": said | _present(own)}
    if one.notice.trajectory is not None:
        waypoints = one.notice.trajectory.waypoints
        line = {"type": "LineString", "coordinates": [_pair(waypoint.position) for waypoint in waypoints]}
        rows = {"times": [str(waypoint.at) for waypoint in waypoints], "heights": [_height_text(waypoint.height) for waypoint in waypoints]}
        yield {"type": "Feature", "geometry": line, "properties": said | rows}


def _said(one: Announced) -> dict[str, object]:
    notice = one.notice
    said: dict[str, object] = {"notice": one.id, "party": one.party, "kind": notice.kind, "area_kind": notice.area_kind}
    said["minima"] = None if notice.minima is None else format_minima(notice.minima)
    said["priority"] = notice.priority or None
    said["title"], said["contact"] = notice.title or None, notice.contact or None
    said["frequency_hz"] = notice.frequency_hz
    said["disclosure"] = None if notice.disclosure is Disclosure.FULL else notice.disclosure
    said["stated"] = [
        {"landmark": place.landmark, "bearing": f"{place.bearing_deg} [deg]", "distance": f"{place.distance_m} [m]"}
        for place in notice.stated
    ] or None
    return _present(said)


def _present(members: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in members.items() if value is not None}


def _written(volume: Volume4D) -> tuple[dict[str, object], dict[str, object]]:
    own: dict[str, object] = {"lower": _height_text(volume.lower), "upper": _height_text(volume.upper)}
    own |= {"start": str(volume.span.start), "end": str(volume.span.end)}
    if isinstance(volume.outline, Circle):
        own["radius"] = f"{_whole_mm(volume.outline.radius_m)} [m]"
        return {"type": "Point", "coordinates": _pair(volume.outline.centre)}, own
    corners = [corner.quantised() for corner in volume.outline.vertices]
    apart = tuple(corner for index, corner in enumerate(corners) if corner != corners[index - 1])
    ring = anticlockwise(Polygon(apart)).vertices
    return {"type": "Polygon", "coordinates": [[_pair(corner) for corner in (*ring, ring[0])]]}, own


def _pair(position: Position) -> list[float]:
    on_grid = position.quantised()
    return [on_grid.lon_deg, on_grid.lat_deg]


def _height_text(height: Height | None) -> str | None:
    return None if height is None else f"{_whole_mm(height.value_m)} [m] {height.datum}"
