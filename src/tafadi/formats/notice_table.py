"""Notice tables: announced operations and areas as rows of CSV or GeoParquet, one row for each part.

    ==================================  ==================================================================  ==================
    column                              on the wire                                                         here
    ==================================  ==================================================================  ==================
    notice, party                       text; empty: whose it is was not said                               id, party
    kind, area_kind, disclosure         words of docs/spec/geojson-notice.md                                the same
    minima_horizontal_m, _vertical_m    metres                                                              minima
    priority, frequency_hz              whole numbers                                                       the same
    title, contact                      text                                                                the same
    stated                              JSON: list of landmark, bearing_deg, distance_m                     stated
    start, end                          Parquet: timestamp in ns, UTC; CSV: RFC 3339 with Z                 span of the part
    lower_…_m, upper_…_m                metres above the datum in the name (pressure, geoid, ellipsoid,     lower, upper
                                        ground); all four empty: not known
    radius_m                            metres; of a circle, whose geometry is its centre                   Circle
    times, heights                      JSON: lists of RFC 3339, of "914.4 [m] geoid" or null               of a trajectory
    geometry                            Polygon (one ring), Point (a circle) or LineString (a trajectory):  outline, waypoints
                                        GeoParquet: WKB; CSV: WKT; longitude first, degrees WGS 84
    ==================================  ==================================================================  ==================

Nothing is dropped: what is written is read back to the same nouns, to the last bit. Rows with the same `notice` are parts of one notice and
say the same of it. Edges are geodesics (`edges` is `spherical`, the nearest that GeoParquet can say), and may cross the antimeridian, which
programs that draw them straight do not show. Source: GeoParquet 1.1.0, OGC 06-103r4 (WKT, WKB).
"""

import csv
import io
import json
import struct
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tafadi.errors import FormatError, InputError
from tafadi.formats.strict_json import check_label, check_size, reading, shaped
from tafadi.formats.strict_json import load as load_json
from tafadi.formats.track_table import KEY, geo_metadata, holds
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import (
    MOST_VOLUMES,
    MOST_WAYPOINTS,
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
from tafadi.model.volume import MOST_VERTICES, Circle, Polygon, Volume4D

if TYPE_CHECKING:
    import pyarrow as pa

NAME: Final = "notice_table"
MOST_ROWS: Final = 100_000  # as for the features of a GeoJSON file
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
HEADER: Final = ",".join(COLUMNS).encode()
HOLDS: Final = b'{"holds":"notices","version":1}'
_POINT, _LINE, _POLYGON = 1, 2, 3  # of WKB
_WORDS: Final = {"POINT": _POINT, "LINESTRING": _LINE, "POLYGON": _POLYGON}
_MOST_PLACES: Final = max(MOST_VERTICES + 1, MOST_WAYPOINTS)

Row = dict[str, Any]
W = TypeVar("W", bound=StrEnum)


class _Shape:
    """A geometry: what it is, and its places."""

    def __init__(self, kind: int, places: tuple[Position, ...]) -> None:
        self.kind = kind
        self.places = places


# Writing


def rows(announced: Iterable[Announced]) -> Iterator[Row]:
    """A row for each part, with the nouns of `measure` where a table has times, and a `_Shape` as its geometry. Raises FormatError."""
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
        return cells | {"radius_m": float(volume.outline.radius_m), "geometry": _Shape(_POINT, (volume.outline.centre,))}
    corners = volume.outline.vertices
    return cells | {"geometry": _Shape(_POLYGON, (*corners, corners[0]))}


def _trajectory_cells(trajectory: Trajectory) -> Row:
    points = trajectory.waypoints
    heights = [None if point.height is None else f"{float(point.height.value_m)!r} [m] {point.height.datum}" for point in points]
    return {
        "start": trajectory.span.start,
        "end": trajectory.span.end,
        "times": json.dumps([str(point.at) for point in points]),
        "heights": json.dumps(heights),
        "geometry": _Shape(_LINE, tuple(point.position for point in points)),
    }


def dump(announced: Iterable[Announced]) -> bytes:
    """The notices as GeoParquet, which `parse` reads back to the same nouns. Raises FormatError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = list(rows(announced))
    kinds = sorted({{_POINT: "Point", _LINE: "LineString", _POLYGON: "Polygon"}[cells["geometry"].kind] for cells in found})
    wanted = _schema().with_metadata({KEY: HOLDS, b"geo": geo_metadata(kinds)})
    for cells in found:
        cells |= {"start": cells["start"].ns, "end": cells["end"].ns, "geometry": _wkb(cells["geometry"])}
    arrays = [pa.array([cells[name] for cells in found], wanted.field(name).type) for name in COLUMNS]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=wanted), sink, compression="zstd")
    return sink.getvalue()


def dump_csv(announced: Iterable[Announced]) -> bytes:
    """The notices as CSV with a header, which `parse` reads back to the same nouns. Raises FormatError."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(COLUMNS)
    for cells in rows(announced):
        cells["geometry"] = _wkt(cells["geometry"])
        lines.writerow(["" if cell is None else repr(cell) if isinstance(cell, float) else str(cell) for cell in cells.values()])
    return text.getvalue().encode()


def _schema() -> "pa.Schema":
    import pyarrow as pa  # heavy: only when a table is made

    kinds: dict[str, Any] = dict.fromkeys(NUMBERS, pa.float64()) | dict.fromkeys(WHOLE, pa.int64())
    kinds |= dict.fromkeys(TIMES, pa.timestamp("ns", "UTC")) | {"geometry": pa.binary()}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])


def _wkb(shape: _Shape) -> bytes:
    numbers = [number for place in shape.places for number in (place.lon_deg, place.lat_deg)]
    head = {
        _POINT: struct.pack("<BI", 1, _POINT),
        _LINE: struct.pack("<BII", 1, _LINE, len(shape.places)),
        _POLYGON: struct.pack("<BIII", 1, _POLYGON, 1, len(shape.places)),
    }[shape.kind]
    return head + struct.pack(f"<{len(numbers)}d", *numbers)


def _wkt(shape: _Shape) -> str:
    places = ", ".join(f"{place.lon_deg!r} {place.lat_deg!r}" for place in shape.places)
    return {_POINT: f"POINT ({places})", _LINE: f"LINESTRING ({places})", _POLYGON: f"POLYGON (({places}))"}[shape.kind]


# Reading


def parse(data: bytes) -> Iterator[Announced]:
    """The notices of a table, in order of first appearance. Raises FormatError, naming the row and the column at fault."""
    check_size(len(data), NAME)
    found = list(_parquet_rows(data) if data.startswith(b"PAR1") else _csv_rows(data))
    if not found:
        raise FormatError("it holds no row, and so announces nothing", format=NAME)
    notices: dict[str, list[tuple[int, Row]]] = {}
    for number, cells in enumerate(found, 1):
        notices.setdefault(cells["notice"] or "", []).append((number, cells))
    for id, parts in notices.items():
        yield _announced(id, parts)


def _parquet_rows(data: bytes) -> Iterator[Row]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(io.BytesIO(data))
        if holds(table.schema_arrow.metadata) != "notices":
            raise FormatError("it is no table of notices as Tafadi writes them", format=NAME)
        if table.metadata.num_rows > MOST_ROWS:
            raise FormatError(f"{table.metadata.num_rows:,} rows are more than {MOST_ROWS:,}", format=NAME)
        wanted = _schema()
        for name in COLUMNS:
            if name not in table.schema_arrow.names or table.schema_arrow.field(name).type != wanted.field(name).type:
                raise FormatError("this column is missing, or of another kind", format=NAME, field=name)
        read = table.read(columns=list(COLUMNS))
        columns = [read.column(name).cast(pa.int64()) if name in TIMES else read.column(name) for name in COLUMNS]
        for values in zip(*(column.to_pylist() for column in columns), strict=True):
            yield dict(zip(COLUMNS, values, strict=True))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        said = str(error).splitlines()[0][:120] if str(error) else "damaged"
        raise FormatError(f"it is no Parquet file that can be read ({said})", format=NAME) from None


def _csv_rows(data: bytes) -> Iterator[Row]:
    try:
        text = data.decode("utf-8-sig")
        for number, texts in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True)):
            if number == 0 and tuple(texts) != COLUMNS:
                raise FormatError("its header is not that of a table of notices", format=NAME, offset=1)
            if number > MOST_ROWS:
                raise FormatError(f"it has more than {MOST_ROWS:,} rows", format=NAME)
            if number and texts:
                yield _csv_row(number, texts)
    except UnicodeDecodeError as error:
        raise FormatError("it is not UTF-8 text", format=NAME, offset=error.start) from None
    except csv.Error as error:
        raise FormatError(f"it is not CSV ({error})", format=NAME) from None


def _csv_row(number: int, texts: list[str]) -> Row:
    if len(texts) != len(COLUMNS):
        raise FormatError(f"{len(texts)} cells, and a row has {len(COLUMNS)}", format=NAME, offset=number)
    cells: Row = {name: text or None for name, text in zip(COLUMNS, texts, strict=True)}
    for name in (*NUMBERS, *WHOLE):
        if cells[name] is not None:
            cells[name] = _number(cells[name], int if name in WHOLE else float, f"row {number} {name}")
    for name in TIMES:
        with reading(NAME, f"row {number} {name}"):
            cells[name] = None if cells[name] is None else Instant.parse(cells[name]).ns
    return cells


def _number(text: str, kind: type[int] | type[float], field: str) -> float:
    try:
        return kind(text)
    except ValueError:
        raise FormatError(f"{text[:40]!r} is not a number", format=NAME, field=field) from None


def _announced(id: str, parts: list[tuple[int, Row]]) -> Announced:
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
        if shape.kind != _LINE:
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


def _volume(shape: _Shape, cells: Row, where: str) -> Volume4D:
    if cells["times"] is not None or cells["heights"] is not None:
        raise FormatError("a volume has no times and heights; they belong to a LINESTRING", format=NAME, field=where)
    if (shape.kind == _POINT) != (cells["radius_m"] is not None):
        raise FormatError("a point has a radius, and nothing else has", format=NAME, field=f"{where} radius_m")
    if cells["start"] is None or cells["end"] is None:
        raise FormatError("a volume has a start and an end", format=NAME, field=f"{where} start")
    with reading(NAME, where):
        outline = Circle(shape.places[0], cells["radius_m"]) if shape.kind == _POINT else Polygon(_ring(shape.places))
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


def _trajectory(shape: _Shape, cells: Row, where: str) -> Trajectory:
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


def _shape(geometry: bytes | str | None, field: str) -> _Shape:
    if geometry is None:
        raise FormatError("a part without geometry", format=NAME, field=field)
    with reading(NAME, field):
        return _of_wkt(geometry) if isinstance(geometry, str) else _of_wkb(geometry)


def _of_wkb(data: bytes) -> _Shape:
    heads = {_POINT: 5, _LINE: 9, _POLYGON: 13}
    kind = struct.unpack_from("<BI", data)[1] if len(data) >= 5 and data[0] == 1 else 0
    head = heads.get(kind, 0)
    if not head or len(data) < head:
        raise InputError("it is no Point, LineString or Polygon of one ring in little-endian WKB")
    count = 1 if kind == _POINT else struct.unpack_from("<I", data, head - 4)[0]
    rings = struct.unpack_from("<I", data, 5)[0] if kind == _POLYGON else 1
    if rings != 1 or count > _MOST_PLACES or len(data) != head + 16 * count:
        raise InputError("it has more rings or places than a part may have, or breaks off")
    numbers = struct.unpack_from(f"<{2 * count}d", data, head)
    return _Shape(kind, tuple(Position(lat_deg, lon_deg) for lon_deg, lat_deg in zip(numbers[::2], numbers[1::2], strict=True)))


def _of_wkt(text: str) -> _Shape:
    word, _, rest = text.partition(" ")
    kind = _WORDS.get(word, 0)
    opens, closes = ("((", "))") if kind == _POLYGON else ("(", ")")
    inside = rest.removeprefix(opens).removesuffix(closes)
    if not kind or f"{opens}{inside}{closes}" != rest or "(" in inside:
        raise InputError(f"{text[:40]!r} is no POINT, LINESTRING or POLYGON of one ring")
    places = tuple(_place(pair) for pair in inside.split(",", _MOST_PLACES))
    if kind == _POINT and len(places) != 1:
        raise InputError("a POINT has one place")
    return _Shape(kind, places)


def _place(text: str) -> Position:
    try:
        lon_deg, lat_deg = map(float, text.split())
    except ValueError:
        raise InputError(f"{text[:40]!r} is not longitude and latitude") from None
    return Position(lat_deg, lon_deg)
