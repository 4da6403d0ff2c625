"""Tables of notices as nouns: airspaces of a GeoDataFrame, volumes and routes of a table.

A row with a geometry is a part of a notice:

    ======================================  =================================================================================
    Polygon, MultiPolygon                   a volume for each; edges are geodesics; holes are cut out
    Point with `radius_m`                   a volume over a circle
    LineString with `times` and `heights`   a trajectory, as `Notices` writes it
    ======================================  =================================================================================

A table without geometries is of waypoints: a row for each, with `at`, `lat_deg`, `lon_deg` and a height. Rows with the same `notice` (or
`id`) belong together and say the same of it. Heights are in `lower_geoid_m`, `upper_pressure_m`, `height_ellipsoid_m` and the like, or in
`lower_m`, `upper_m`, `height_m` with their datum in `datum` (or `lower_datum`, `upper_datum`, `height_datum`), or said once for the whole
table. A height of which nobody says above what it is, is not known, and whatever depends on it is UNKNOWN.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from tafadi.errors import FormatError, InputError, TafadiError
from tafadi.formats.zones import Part, outlines
from tafadi.library.frames import NAME, Columns
from tafadi.library.geometries import COLUMN, shapes
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.names import LONGEST_FIELD, check_text
from tafadi.model.operation import Announced, AreaKind, Disclosure, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.volume import Circle, Volume4D

LIMITS: Final = ("lower", "upper", "height")
TEXTS: Final = ("party", "kind", "area_kind", "title", "contact", "disclosure", "times", "heights")
NUMBERS: Final = ("minima_horizontal_m", "minima_vertical_m", "priority", "frequency_hz", "radius_m", "lat_deg", "lon_deg")
TIMES: Final = ("start", "end", "at")

Row = dict[str, Any]


class Read(NamedTuple):
    """The notices of a table, and the columns that say nothing that is known here."""

    announced: list[Announced]
    dropped: list[str]


def announced_of(given: Any, datum: Datum | None, crs: str | None) -> Read:
    """The notices of a table. Raises FormatError, with the row, for what is no notice."""
    table = Columns(given)
    name = "notice" if "notice" in table.names or "id" not in table.names else "id"
    table.need(name)
    if COLUMN not in table.names:
        table.need("lat_deg", "lon_deg")
    rows = _rows(table, name, datum, crs)
    notices: dict[str, list[Row]] = {}
    for number, row in enumerate(rows):
        if row["notice"] is None:
            raise FormatError("a part without the identity of its notice", format=NAME, offset=number, field=name)
        notices.setdefault(row["notice"], []).append(row)
    for id, parts in notices.items():
        _check_identity(id, name, parts[0]["row"])
    announced = [_announced(id, parts) for id, parts in notices.items()]
    if not announced:
        raise FormatError("it holds no row, and so announces nothing", format=NAME)
    return Read(announced, sorted(table.names - _readable(name)))


def _check_identity(id: str, name: str, row: int) -> None:
    """Raises FormatError for an identity that would deceive who reads it."""
    try:
        check_text(id, "the identity of a notice", LONGEST_FIELD)
    except InputError as error:
        raise FormatError(str(error), format=NAME, offset=row, field=name) from None


def _readable(name: str) -> set[str]:
    heights = {f"{limit}_{datum}_m" for limit in LIMITS for datum in Datum}
    loose = {f"{limit}_{what}" for limit in LIMITS for what in ("m", "datum")}
    times = {f"{one}{ending}" for one in TIMES for ending in ("", "_s", "_ms", "_ns")}
    return {name, COLUMN, "datum", *heights, *loose, *times, *TEXTS, *NUMBERS}


def _rows(table: Columns, name: str, datum: Datum | None, crs: str | None) -> Iterator[Row]:
    cells: dict[str, list[Any]] = {"notice": table.texts(name)}
    cells |= {one: table.texts(one) for one in TEXTS} | {one: table.numbers(one) for one in NUMBERS}
    cells |= {one: table.instants(one) for one in TIMES}
    cells |= {limit: _heights(table, limit, datum) for limit in LIMITS}
    cells[COLUMN] = shapes(table, crs) if COLUMN in table.names else [None] * table.rows
    cells["row"] = list(range(table.rows))
    for values in zip(*cells.values(), strict=True):
        yield dict(zip(cells, values, strict=True))


def _heights(table: Columns, limit: str, datum: Datum | None) -> list[Height | None]:
    """A height for each row, from whichever column says it. Raises FormatError for a row with two."""
    said: list[Height | None] = [None] * table.rows
    columns: list[tuple[list[float | None], list[str | None]]] = [
        (table.numbers(f"{limit}_{one}_m"), [one] * table.rows) for one in Datum if f"{limit}_{one}_m" in table.names
    ]
    if f"{limit}_m" in table.names:
        column = f"{limit}_datum" if f"{limit}_datum" in table.names else "datum"
        stated = table.texts(column)
        columns.append((table.numbers(f"{limit}_m"), [one or (None if datum is None else str(datum)) for one in stated]))
    for values, datums in columns:
        for row, (value_m, above) in enumerate(zip(values, datums, strict=True)):
            if value_m is None or above is None:
                continue
            if said[row] is not None:
                raise FormatError(f"it has two heights for {limit}, and nobody can say which one holds", format=NAME, offset=row)
            said[row] = _height(value_m, above, row, limit)
    return said


def _height(value_m: float, datum: str, row: int, limit: str) -> Height:
    if datum not in set(Datum):
        raise FormatError(f"{datum[:40]!r} is no datum; there are {', '.join(Datum)}", format=NAME, offset=row, field=limit)
    try:
        return Height(value_m, Datum(datum))
    except InputError as error:
        raise FormatError(str(error), format=NAME, offset=row, field=limit) from None


def _announced(id: str, rows: list[Row]) -> Announced:
    first = rows[0]
    for row in rows:
        unlike = [name for name in ("party", "kind", "area_kind", "minima_horizontal_m", "minima_vertical_m") if row[name] != first[name]]
        if unlike:
            sentence = f"notice {id[:60]!r} says otherwise in row {first['row']}; all rows of one notice say the same of it"
            raise FormatError(sentence, format=NAME, offset=row["row"], field=unlike[0])
    try:
        return Announced(id, _notice(first, rows), first["party"])
    except FormatError:
        raise
    except TafadiError as error:
        raise FormatError(str(error), format=NAME, offset=first["row"], field=f"notice {id[:60]}") from None


def _notice(said: Row, rows: list[Row]) -> Notice:
    lines = [row for row in rows if row[COLUMN] is not None and row[COLUMN].geom_type == "LineString"]
    waypoints = [row for row in rows if row[COLUMN] is None or (row[COLUMN].geom_type == "Point" and row["radius_m"] is None)]
    if len(lines) + bool(waypoints) > 1:
        raise InputError("it has two trajectories, and one notice has one")
    volumes = tuple(volume for row in rows if row not in lines and row not in waypoints for volume in _volumes(row))
    area = said["area_kind"]
    return Notice(
        Kind(_word(said["kind"] or (Kind.AREA if area else Kind.OPERATION), Kind)),
        volumes,
        _line(lines[0]) if lines else _route(waypoints) if waypoints else None,
        _minima(said["minima_horizontal_m"], said["minima_vertical_m"]),
        None if area is None else AreaKind(_word(area, AreaKind)),
        priority=int(said["priority"] or 0),
        title=said["title"] or "",
        contact=said["contact"] or "",
        frequency_hz=None if said["frequency_hz"] is None else int(said["frequency_hz"]),
        disclosure=Disclosure(_word(said["disclosure"] or Disclosure.FULL, Disclosure)),
    )


def _word(text: str, words: Iterable[str]) -> str:
    if text not in set(words):
        raise InputError(f"{text[:40]!r} is none of {', '.join(words)}")
    return text


def _minima(horizontal_m: float | None, vertical_m: float | None) -> Minima | None:
    if horizontal_m is None and vertical_m is None:
        return None
    if horizontal_m is None or vertical_m is None:
        raise InputError("minima are given in both directions, or not at all")
    return Minima(horizontal_m, vertical_m)


def _volumes(row: Row) -> Iterator[Volume4D]:
    if row["start"] is None or row["end"] is None:
        raise FormatError(
            "a volume has a start and an end", format=NAME, offset=row["row"], field="start" if row["start"] is None else "end"
        )
    span = Span(row["start"], row["end"])
    for part in _parts(row):
        for outline in outlines(part):
            yield Volume4D(outline, row["lower"], row["upper"], span)


def _parts(row: Row) -> Iterator[Part]:
    shape = row[COLUMN]
    if shape.geom_type == "Point":
        yield Part(Circle(Position(shape.y, shape.x), row["radius_m"]), row["lower"], row["upper"])
        return
    for polygon in getattr(shape, "geoms", (shape,)):
        if polygon.geom_type != "Polygon" or polygon.is_empty:
            raise InputError(f"a {polygon.geom_type} is no outline; give polygons, points with radius_m, or lines with times")
        holes = tuple(_ring(hole) for hole in polygon.interiors)
        yield Part(_ring(polygon.exterior), row["lower"], row["upper"], holes)


def _ring(ring: Any) -> tuple[Position, ...]:
    return tuple(Position(lat_deg, lon_deg) for lon_deg, lat_deg, *_ in list(ring.coords)[:-1])


def _line(row: Row) -> Trajectory:
    """A trajectory that is one row: a line, and lists of times and heights as JSON."""
    from tafadi.formats.strict_json import decode

    places = [Position(lat_deg, lon_deg) for lon_deg, lat_deg, *_ in row[COLUMN].coords]
    times = decode((row["times"] or "[]").encode(), list[str], format=NAME)
    heights = decode((row["heights"] or "[]").encode(), list[str | None], format=NAME) or [None] * len(places)
    if not len(times) == len(heights) == len(places):
        raise InputError(f"its line has {len(places)} places; give a time and a height (or null) for each")
    read = [None if height is None else Height.parse(height) for height in heights]
    return Trajectory(tuple(map(Waypoint, places, read, map(Instant.parse, times))))


def _route(rows: list[Row]) -> Trajectory:
    """A trajectory of which each row is a waypoint; they are put in order of time."""
    waypoints: list[Waypoint] = []
    for row in rows:
        lat_deg, lon_deg = (row[COLUMN].y, row[COLUMN].x) if row[COLUMN] is not None else (row["lat_deg"], row["lon_deg"])
        if lat_deg is None or lon_deg is None or row["at"] is None:
            raise FormatError("a waypoint without a place or without its time `at`", format=NAME, offset=row["row"])
        waypoints.append(Waypoint(Position(lat_deg, lon_deg), row["height"], row["at"]))
    return Trajectory(tuple(sorted(waypoints, key=lambda waypoint: waypoint.at)))
