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
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from tafadi.errors import FormatError
from tafadi.formats.notice_rows import COLUMNS, NAME, NUMBERS, TIMES, WHOLE, Row, announced_of, rows
from tafadi.formats.strict_json import check_size, reading
from tafadi.formats.track_table import KEY, geo_metadata, holds
from tafadi.formats.well_known import LINE, POINT, POLYGON, wkb, wkt
from tafadi.measure.instant import Instant
from tafadi.model.operation import Announced

if TYPE_CHECKING:
    import pyarrow as pa

MOST_ROWS: Final = 100_000  # as for the features of a GeoJSON file
HEADER: Final = ",".join(COLUMNS).encode()
HOLDS: Final = b'{"holds":"notices","version":1}'


# Writing


def dump(announced: Iterable[Announced]) -> bytes:
    """The notices as GeoParquet, which `parse` reads back to the same nouns. Raises FormatError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = list(rows(announced))
    kinds = sorted({{POINT: "Point", LINE: "LineString", POLYGON: "Polygon"}[cells["geometry"].kind] for cells in found})
    wanted = _schema().with_metadata({KEY: HOLDS, b"geo": geo_metadata(kinds)})
    for cells in found:
        cells |= {"start": cells["start"].ns, "end": cells["end"].ns, "geometry": wkb(cells["geometry"])}
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
        cells["geometry"] = wkt(cells["geometry"])
        lines.writerow(["" if cell is None else repr(cell) if isinstance(cell, float) else str(cell) for cell in cells.values()])
    return text.getvalue().encode()


def _schema() -> "pa.Schema":
    import pyarrow as pa  # heavy: only when a table is made

    kinds: dict[str, Any] = dict.fromkeys(NUMBERS, pa.float64()) | dict.fromkeys(WHOLE, pa.int64())
    kinds |= dict.fromkeys(TIMES, pa.timestamp("ns", "UTC")) | {"geometry": pa.binary()}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])


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
        yield announced_of(id, parts)


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
