"""Notices as rows of a table, one for each part, and rows as notices: what stands in each column, whatever file holds the table.

The columns are described in `tafadi.formats.notice_table`. A row has every column, with None where nothing is said; times are Instants when
it is written and nanoseconds since 1970 when it is read, and its geometry a `Shape`, or WKB or WKT when it is read.
"""

import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, Final, TypeVar

from tafadi.errors import FormatError, InputError
from tafadi.formats.strict_json import check_label, reading, shaped
from tafadi.formats.strict_json import load as load_json
from tafadi.formats.well_known import LINE, POINT, POLYGON, Shape, of_wkb, of_wkt
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import (
    MOST_VOLUMES,
    Announced,
    AreaKind,
    Disclosure,
    Kind,
    Minima,
    Notice,
    StatedPlace,
    Trajectory,
    Waypoint,
)
from tafadi.model.volume import Circle, Polygon, Volume4D

NAME: Final = "notice_table"
OF_NOTICE: Final = (
    "notice",
    "party",
    "kind",
    "area_kind",
    "minima_horizontal_m",
    "minima_vertical_m",
    "priority",
    "title",
    "contact",
    "frequency_hz",
    "disclosure",
    "stated",
)
LIMITS: Final = tuple((limit, f"{limit}_{datum}_m", datum) for limit in ("lower", "upper") for datum in Datum)
COLUMNS: Final = (*OF_NOTICE, "start", "end", *(name for _, name, _ in LIMITS), "radius_m", "times", "heights", "geometry")
NUMBERS: Final = frozenset({"minima_horizontal_m", "minima_vertical_m", "radius_m", *(name for _, name, _ in LIMITS)})
WHOLE: Final = frozenset({"priority", "frequency_hz"})
TIMES: Final = frozenset({"start", "end"})

Row = dict[str, Any]
W = TypeVar("W", bound=StrEnum)


def rows(announced: Iterable[Announced]) -> Iterator[Row]:
    """A row for each part, with the nouns of `measure` where a table has times, and a `Shape` as its geometry. Raises FormatError."""
    seen: set[str] = set()
    for one in announced:
        if one.id in seen:
            raise FormatError(f"notice {one.id!r} stands twice, and would become one", format=NAME, field="notice")
        seen.add(one.id)
        said = _said(one)
        for volume in one.notice.volumes:
            yield said | _volume_cells(volume)
        if one.notice.trajectory is not None:
            yield said | _trajectory_cells(one.notice.trajectory)
    if not seen:
        raise FormatError("there is no notice to write", format=NAME)


def _said(one: Announced) -> Row:
    check_label(one.id, NAME, "notice")
    if one.party is not None:
        check_label(one.party, NAME, "party")
    notice = one.notice
    cells: Row = dict.fromkeys(COLUMNS)
    cells |= {"notice": one.id, "party": one.party, "kind": str(notice.kind), "disclosure": str(notice.disclosure)}
    cells["area_kind"] = None if notice.area_kind is None else str(notice.area_kind)
    if notice.minima is not None:
        cells |= {"minima_horizontal_m": float(notice.minima.horizontal_m), "minima_vertical_m": float(notice.minima.vertical_m)}
    cells |= {"priority": notice.priority, "frequency_hz": notice.frequency_hz}
    cells |= {"title": notice.title or None, "contact": notice.contact or None}
    stated = [{"landmark": one.landmark, "bearing_deg": one.bearing_deg, "distance_m": one.distance_m} for one in notice.stated]
    cells["stated"] = json.dumps(stated, ensure_ascii=False) if stated else None
    return cells


def _volume_cells(volume: Volume4D) -> Row:
    cells: Row = {"start": volume.span.start, "end": volume.span.end}
    for limit, height in (("lower", volume.lower), ("upper", volume.upper)):
        if height is not None:
            cells[f"{limit}_{height.datum}_m"] = float(height.value_m)
    if isinstance(volume.outline, Circle):
        return cells | {"radius_m": float(volume.outline.radius_m), "geometry": Shape(POINT, (volume.outline.centre,))}
    corners = volume.outline.vertices
    return cells | {"geometry": Shape(POLYGON, (*corners, corners[0]))}


def _trajectory_cells(trajectory: Trajectory) -> Row:
    points = trajectory.waypoints
    heights = [None if point.height is None else f"{float(point.height.value_m)!r} [m] {point.height.datum}" for point in points]
    return {
        "start": trajectory.span.start,
        "end": trajectory.span.end,
        "times": json.dumps([str(point.at) for point in points]),
        "heights": json.dumps(heights),
        "geometry": Shape(LINE, tuple(point.position for point in points)),
    }


def announced_of(id: str, parts: list[tuple[int, Row]]) -> Announced:
    """The notice of its rows, each with its number. Raises FormatError, naming the row and the column at fault."""
    (first, said), volumes, trajectory = parts[0], [], None
    where = f"row {first}"
    check_label(id, NAME, f"{where} notice")
    if said["party"] is not None:
        check_label(said["party"], NAME, f"{where} party")
    if len(parts) > MOST_VOLUMES + 1:
        raise FormatError(f"{len(parts):,} parts are more than the {MOST_VOLUMES} that a notice may have", format=NAME, field=where)
    for number, cells in parts:
        unlike = [name for name in OF_NOTICE if cells[name] != said[name]]
        if unlike:
            raise FormatError(
                f"{where} says otherwise; all rows of one notice say the same of it", format=NAME, field=f"row {number} {unlike[0]}"
            )
        shape = _shape(cells["geometry"], f"row {number} geometry")
        if shape.kind != LINE:
            volumes.append(_volume(shape, cells, f"row {number}"))
        elif trajectory is None:
            trajectory = _trajectory(shape, cells, f"row {number}")
        else:
            raise FormatError("its notice already has a trajectory; one notice has one", format=NAME, field=f"row {number}")
    with reading(NAME, where):
        return Announced(id, _notice(said, tuple(volumes), trajectory, where), said["party"])


def _notice(said: Row, volumes: tuple[Volume4D, ...], trajectory: Trajectory | None, where: str) -> Notice:
    horizontal_m, vertical_m = said["minima_horizontal_m"], said["minima_vertical_m"]
    if (horizontal_m is None) != (vertical_m is None):
        raise InputError("minima are given in both directions, or not at all")
    stated = [] if said["stated"] is None else load_json(said["stated"].encode(), format=NAME)
    places = shaped(stated, list[StatedPlace], format=NAME, where=f"{where} stated")
    return Notice(
        kind=_word(Kind, said["kind"]),
        volumes=volumes,
        trajectory=trajectory,
        minima=None if horizontal_m is None else Minima(horizontal_m, vertical_m),
        area_kind=None if said["area_kind"] is None else _word(AreaKind, said["area_kind"]),
        priority=said["priority"] or 0,
        title=said["title"] or "",
        contact=said["contact"] or "",
        frequency_hz=said["frequency_hz"],
        disclosure=Disclosure.FULL if said["disclosure"] is None else _word(Disclosure, said["disclosure"]),
        stated=tuple(places),
    )


def _word(kind: type[W], text: str | None) -> W:
    try:
        return kind(text or "")
    except ValueError:
        raise InputError(f"{(text or '')[:40]!r} is none of {', '.join(kind)}") from None


def _volume(shape: Shape, cells: Row, where: str) -> Volume4D:
    if cells["times"] is not None or cells["heights"] is not None:
        raise FormatError("a volume has no times and heights; they belong to a LINESTRING", format=NAME, field=where)
    if (shape.kind == POINT) != (cells["radius_m"] is not None):
        raise FormatError("a point has a radius, and nothing else has", format=NAME, field=f"{where} radius_m")
    if cells["start"] is None or cells["end"] is None:
        raise FormatError("a volume has a start and an end", format=NAME, field=f"{where} start")
    with reading(NAME, where):
        outline = Circle(shape.places[0], cells["radius_m"]) if shape.kind == POINT else Polygon(_ring(shape.places))
        span = Span(Instant(cells["start"]), Instant(cells["end"]))
        return Volume4D(outline, _limit(cells, "lower"), _limit(cells, "upper"), span)


def _ring(places: tuple[Position, ...]) -> tuple[Position, ...]:
    if len(places) < 4 or places[0] != places[-1]:
        raise InputError("a ring has at least four positions, and the last is the first again")
    return places[:-1]


def _limit(cells: Row, wanted: str) -> Height | None:
    said = [(cells[name], datum) for limit, name, datum in LIMITS if limit == wanted and cells[name] is not None]
    if len(said) > 1:
        raise InputError(f"it has two heights for {wanted}, and nobody can say which one holds")
    return Height(*said[0]) if said else None


def _trajectory(shape: Shape, cells: Row, where: str) -> Trajectory:
    times, heights = (_texts(cells[name], f"{where} {name}") for name in ("times", "heights"))
    if not len(times) == len(heights) == len(shape.places):
        raise FormatError(f"{len(shape.places)} places; give a time and a height (or null) for each", format=NAME, field=where)
    with reading(NAME, where):
        return Trajectory(
            tuple(
                Waypoint(place, None if height is None else Height.parse(height), Instant.parse(at or ""))
                for place, height, at in zip(shape.places, heights, times, strict=True)
            )
        )


def _texts(text: str | None, field: str) -> list[str | None]:
    return shaped(load_json((text or "[]").encode(), format=NAME), list[str | None], format=NAME, where=field)


def _shape(geometry: bytes | str | None, field: str) -> Shape:
    if geometry is None:
        raise FormatError("a part without geometry", format=NAME, field=field)
    with reading(NAME, field):
        return of_wkt(geometry) if isinstance(geometry, str) else of_wkb(geometry)
