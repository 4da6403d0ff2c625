"""ASTM F3548 operational intents, as USSs exchange them: reference and details in JSON.

Source: ASTM F3548-21 and its API (astm-utm/Protocol, utm.yaml 1.0.0): OperationalIntent, Volume4D, Volume3D, Polygon, Circle.

| member | becomes |
|---|---|
| `reference.id`, `reference.manager` | identity, party |
| `details.volumes[]` and `details.off_nominal_volumes[]` | volumes: both are air that the party says it may be in |
| `outline_polygon.vertices[] {lng, lat}`, or `outline_circle {center, radius M}` | outline; the first corner is not repeated |
| `altitude_lower`, `altitude_upper` `{value, reference W84, units M}` | heights above the ellipsoid; absent stays unknown |
| `time_start`, `time_end` `{value, format RFC3339}` | times in UTC with Z; another zone is refused |
| `details.priority` | priority, 0 to 100 |

A file is one intent, the answer of a USS that wraps one (`operational_intent`), or a list of either. Numbers are kept as written.
Dropped: `ovn`, `version`, `state` (it must be one of the four), `uss_availability`, `uss_base_url`, `subscription_id`, the reference's own
times (they must hold the volumes), and any member that the standard does not name. Left out on writing: what only a DSS can give (`ovn`,
`subscription_id`, `uss_base_url`), and title, contact, frequency, disclosure and stated places, for which the standard has no member.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec

from tafadi.errors import FormatError
from tafadi.formats.strict_json import check_label, load, reading, shaped
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Announced, Kind, Notice
from tafadi.model.volume import MOST_VERTICES, Circle, Outline, Polygon, Volume4D

NAME: Final = "f3548"
MOST_INTENTS: Final = 100_000  # as for the features of a GeoJSON file
_HINTS: Final = {
    "reference": "the standard has heights above W84 alone",
    "units": "the standard has metres alone, written M",
    "format": "the standard has RFC3339 alone",
    "state": "an operational intent is Accepted, Activated, Nonconforming or Contingent",
}
SLACK_S: Final = 1.0  # the reference's times are often cut to whole milliseconds or seconds


class _Place(msgspec.Struct, frozen=True):
    lat: float
    lng: float


class _Length(msgspec.Struct, frozen=True):
    value: float
    units: Literal["M"]


class _Circle(msgspec.Struct, frozen=True):
    center: _Place
    radius: _Length


class _Polygon(msgspec.Struct, frozen=True):
    vertices: list[_Place]


class _Altitude(msgspec.Struct, frozen=True):
    value: float
    reference: Literal["W84"]
    units: Literal["M"]


class _Volume3D(msgspec.Struct, frozen=True):
    outline_polygon: _Polygon | None = None
    outline_circle: _Circle | None = None
    altitude_lower: _Altitude | None = None
    altitude_upper: _Altitude | None = None


class _Time(msgspec.Struct, frozen=True):
    value: str
    format: Literal["RFC3339"]


class _Volume4D(msgspec.Struct, frozen=True):
    volume: _Volume3D
    time_start: _Time
    time_end: _Time


class _Details(msgspec.Struct, frozen=True):
    volumes: list[_Volume4D] | None = None
    off_nominal_volumes: list[_Volume4D] | None = None
    priority: int = 0


class _Reference(msgspec.Struct, frozen=True):
    id: str
    manager: str
    state: Literal["Accepted", "Activated", "Nonconforming", "Contingent"]
    time_start: _Time | None = None
    time_end: _Time | None = None


class _Intent(msgspec.Struct, frozen=True):
    reference: _Reference
    details: _Details


def parse(data: bytes) -> Iterator[Announced]:
    """The operational intents of a file, in its order. Raises FormatError, naming the member at fault."""
    tree = load(data, format=NAME)
    intents = tree if isinstance(tree, list) else [tree]
    if not 1 <= len(intents) <= MOST_INTENTS:
        raise FormatError(f"it holds {len(intents)} operational intents; a file has 1 to {MOST_INTENTS:,}", format=NAME)
    seen: set[str] = set()
    for index, one_tree in enumerate(intents):
        one = _announced(*_unwrapped(one_tree, f"[{index}]." if isinstance(tree, list) else ""))
        if one.id in seen:
            raise FormatError(f"operational intent {one.id!r} stands twice in one file", format=NAME, field=f"[{index}].reference.id")
        seen.add(one.id)
        yield one


def dump(announced: Iterable[Announced]) -> bytes:
    """The notices as operational intents: one alone as itself, several as a list.

    Raises FormatError for what the standard cannot say, rather than leaving it out: areas, trajectories, minima, heights not above the
    ellipsoid, a notice of nobody, an identity that stands twice.
    """
    intents = [_written(one) for one in announced]
    if not intents:
        raise FormatError("there is no notice to write", format=NAME)
    if len({one["reference"]["id"] for one in intents}) < len(intents):
        raise FormatError("a notice stands twice", format=NAME, field="reference.id")
    return msgspec.json.format(msgspec.json.encode(intents[0] if len(intents) == 1 else intents), indent=1) + b"\n"


def _unwrapped(tree: object, where: str) -> tuple[dict[str, object], str]:
    if not isinstance(tree, dict):
        raise FormatError("an operational intent is an object with 'reference' and 'details'", format=NAME, field=where.rstrip("."))
    if isinstance(inner := tree.get("operational_intent"), dict):
        return inner, f"{where}operational_intent."
    if not {"intents", "basic_information", "request"}.isdisjoint(tree):
        sentence = "these are flight intents for a test, not operational intents; an operational intent has 'reference' and 'details'"
        raise FormatError(sentence, format=NAME, field=where.rstrip("."))
    return tree, where


def _announced(members: dict[str, object], where: str) -> Announced:
    intent = shaped(members, _Intent, format=NAME, where=where, hints=_HINTS)
    reference, details = intent.reference, intent.details
    check_label(reference.id, NAME, f"{where}reference.id")
    check_label(reference.manager, NAME, f"{where}reference.manager")
    volumes = tuple(
        _volume(volume, f"{where}details.{name}[{index}]")
        for name, several in (("volumes", details.volumes), ("off_nominal_volumes", details.off_nominal_volumes))
        for index, volume in enumerate(several or ())
    )
    with reading(NAME, f"{where}details"):
        notice = Notice(Kind.OPERATION, volumes, priority=details.priority)
    _check_within(reference, notice.span, f"{where}reference")
    return Announced(reference.id, notice, reference.manager)


def _check_within(reference: _Reference, span: Span, where: str) -> None:
    start = None if reference.time_start is None else _instant(reference.time_start, f"{where}.time_start")
    end = None if reference.time_end is None else _instant(reference.time_end, f"{where}.time_end")
    if start is not None and span.start < start.plus(-SLACK_S):
        raise FormatError(f"it says {start}, and a volume starts at {span.start}", format=NAME, field=f"{where}.time_start")
    if end is not None and span.end > end.plus(SLACK_S):
        raise FormatError(f"it says {end}, and a volume ends at {span.end}", format=NAME, field=f"{where}.time_end")


def _volume(said: _Volume4D, where: str) -> Volume4D:
    outline = _outline(said.volume, f"{where}.volume")
    lower = _height(said.volume.altitude_lower, f"{where}.volume.altitude_lower")
    upper = _height(said.volume.altitude_upper, f"{where}.volume.altitude_upper")
    start, end = _instant(said.time_start, f"{where}.time_start"), _instant(said.time_end, f"{where}.time_end")
    with reading(NAME, where):
        return Volume4D(outline, lower, upper, Span(start, end))


def _outline(said: _Volume3D, where: str) -> Outline:
    circle, polygon = said.outline_circle, said.outline_polygon
    if (circle is None) == (polygon is None):
        raise FormatError("a volume has one outline, either outline_polygon or outline_circle", format=NAME, field=where)
    if circle is not None:
        with reading(NAME, f"{where}.outline_circle"):
            return Circle(Position(circle.center.lat, circle.center.lng), circle.radius.value)
    places = polygon.vertices if polygon is not None else []
    if len(places) > MOST_VERTICES:
        raise FormatError(f"{len(places):,} corners are more than {MOST_VERTICES:,}", format=NAME, field=f"{where}.outline_polygon")
    if len(places) > 1 and places[0] == places[-1]:
        raise FormatError(
            "the first corner stands again at the end; here a polygon closes itself", format=NAME, field=f"{where}.outline_polygon"
        )
    with reading(NAME, f"{where}.outline_polygon"):
        return Polygon(tuple(Position(place.lat, place.lng) for place in places))


def _height(said: _Altitude | None, where: str) -> Height | None:
    if said is None:
        return None
    with reading(NAME, where):
        return Height(said.value, Datum.ELLIPSOID)


def _instant(said: _Time, where: str) -> Instant:
    with reading(NAME, where):
        return Instant.parse(said.value)


def _written(one: Announced) -> dict[str, dict[str, object]]:
    notice = one.notice
    if one.party is None:
        raise FormatError("an operational intent names its manager, and this notice is of nobody", format=NAME, field=one.id)
    if notice.kind is not Kind.OPERATION or notice.trajectory is not None or notice.minima is not None:
        raise FormatError("an operational intent has no member for areas, trajectories or minima", format=NAME, field=one.id)
    reference: dict[str, object] = {
        "id": check_label(one.id, NAME, "reference.id"),
        "manager": check_label(one.party, NAME, "reference.manager"),
        "state": "Accepted",
        "time_start": _time(notice.span.start),
        "time_end": _time(notice.span.end),
    }
    volumes = [_written_volume(volume, one.id) for volume in notice.volumes]
    return {"reference": reference, "details": {"volumes": volumes, "off_nominal_volumes": [], "priority": notice.priority}}


def _written_volume(volume: Volume4D, id: str) -> dict[str, object]:
    space: dict[str, object] = {}
    if isinstance(volume.outline, Circle):
        space["outline_circle"] = {"center": _place(volume.outline.centre), "radius": {"value": volume.outline.radius_m, "units": "M"}}
    else:
        space["outline_polygon"] = {"vertices": [_place(vertex) for vertex in volume.outline.vertices]}
    for name, height in (("altitude_lower", volume.lower), ("altitude_upper", volume.upper)):
        if height is not None and height.datum is not Datum.ELLIPSOID:
            raise FormatError(f"a height above {height.datum} cannot be written; the standard knows W84 alone", format=NAME, field=id)
        if height is not None:
            space[name] = {"value": height.value_m, "reference": "W84", "units": "M"}
    return {"volume": space, "time_start": _time(volume.span.start), "time_end": _time(volume.span.end)}


def _place(position: Position) -> dict[str, float]:
    return {"lng": position.lon_deg, "lat": position.lat_deg}


def _time(instant: Instant) -> dict[str, str]:
    return {"value": str(instant), "format": "RFC3339"}
