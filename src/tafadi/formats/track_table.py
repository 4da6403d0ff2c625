"""Track tables: plots as rows of CSV, Parquet or GeoParquet, with datum and unit in the name of each column.

    ===============================  =====================================================  ======================
    column                           on the wire                                            here
    ===============================  =====================================================  ======================
    track                            text                                                   track
    at                               Parquet: timestamp in ns, UTC; CSV: RFC 3339 with Z    at
    lat_deg, lon_deg                 degrees WGS 84                                         position
    height_pressure_m, _geoid_m,     metres; the one whose datum it is, the others empty;   height
    _ellipsoid_m, _ground_m          all four empty: not known
    ground_speed_mps, climb_mps      metres a second; climb is positive upwards             the same
    course_deg                       degrees from true north                                course_deg
    cleared_height_…_m               as height                                              cleared_height
    on_ground                        true, false                                            on_ground
    address, callsign, squawk,       text                                                   the same
    source, party
    geometry                         GeoParquet alone: a point in WKB, longitude first      (lat_deg and lon_deg count)
    ===============================  =====================================================  ======================

Nothing is dropped: what is written is read back to the same plots, to the last bit. Empty is not known, and never 0. Two heights in one row
contradict each other, and the row is left out. A CSV table is known by its header, a Parquet table by the member `tafadi` of its metadata;
tables of others are read by `columns`, with a map. Source: GeoParquet 1.1.0, Apache Parquet, RFC 4180.
"""

import csv
import io
import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, Final

from tafadi.errors import FormatError, InputError
from tafadi.formats.lines import LONGEST_LINE
from tafadi.formats.skips import Skips
from tafadi.formats.track_rows import CLEARED, COLUMNS, HEIGHTS, NUMBERS, TEXTS, Cell, plot_of, row, sayable
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot

if TYPE_CHECKING:
    import pyarrow as pa

NAME: Final = "track_table"
BATCH_ROWS: Final = 65_536  # plots in memory at once, on either side
HEADER: Final = ",".join(COLUMNS).encode()
KEY: Final = b"tafadi"  # of the metadata, where a table says what it holds
HOLDS: Final = b'{"holds":"tracks","version":1}'
_BROKEN: Final = "its texts have a line break, which a line of CSV cannot hold"

# Arrow


@cache
def schema() -> "pa.Schema":
    """The schema of a batch: COLUMNS, with timestamps in whole nanoseconds of UTC and float64 numbers."""
    import pyarrow as pa  # heavy: only when a table is made

    kinds: dict[str, Any] = {"track": pa.string(), "at": pa.timestamp("ns", "UTC"), "on_ground": pa.bool_()}
    kinds |= dict.fromkeys(TEXTS, pa.string())
    return pa.schema([(name, kinds.get(name, pa.float64())) for name in COLUMNS], metadata={KEY: HOLDS})


def batch(plots: list[Plot]) -> "pa.RecordBatch":
    """The plots as one batch of `schema()`."""
    import pyarrow as pa

    rows = [row(plot) for plot in plots]
    for cells, plot in zip(rows, plots, strict=True):
        cells["at"] = plot.at.ns
        cells["source"] = plot.source or None
    arrays = [pa.array([cells[name] for cells in rows], field.type) for name, field in zip(COLUMNS, schema(), strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema())


def batches(plots: Iterable[Plot], rows: int = BATCH_ROWS) -> "Iterator[pa.RecordBatch]":
    """The plots as batches of `schema()`, each of `rows` but the last; no more than one is in memory."""
    coming = iter(plots)
    while some := list(islice(coming, rows)):
        yield batch(some)


def write_parquet(plots: Iterable[Plot], sink: IO[bytes], dropped: Skips) -> int:
    """Writes the plots as Parquet, batch by batch; how many. What cannot be written is left out and counted in `dropped`."""
    return _write(schema(), batches(sayable(plots, dropped)), sink)


def write_geoparquet(plots: Iterable[Plot], sink: IO[bytes], dropped: Skips) -> int:
    """Writes the plots as GeoParquet 1.1 with a point for each, batch by batch; how many. Counts in `dropped` as `write_parquet`."""
    import pyarrow as pa

    wide = schema().append(pa.field("geometry", pa.binary())).with_metadata({KEY: HOLDS, b"geo": geo_metadata(["Point"])})
    return _write(wide, (_with_points(one, wide) for one in batches(sayable(plots, dropped))), sink)


def _with_points(one: "pa.RecordBatch", wide: "pa.Schema") -> "pa.RecordBatch":
    import pyarrow as pa

    places = zip(one.column("lon_deg").to_pylist(), one.column("lat_deg").to_pylist(), strict=True)
    points = pa.array([struct.pack("<BIdd", 1, 1, lon_deg, lat_deg) for lon_deg, lat_deg in places], pa.binary())
    return pa.RecordBatch.from_arrays([*one.columns, points], schema=wide)


def _write(kind: "pa.Schema", coming: "Iterable[pa.RecordBatch]", sink: IO[bytes]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    count = 0
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), kind, compression="zstd") as writer:
        for one in coming:
            writer.write_batch(one)
            count += one.num_rows
    return count


def geo_metadata(kinds: list[str]) -> bytes:
    """The member `geo` of the metadata: one column of WKB, longitude and latitude on WGS 84, edges along the shortest way on the earth."""
    column: dict[str, object] = {"encoding": "WKB", "geometry_types": kinds}
    if kinds != ["Point"]:
        column["edges"] = "spherical"  # of the two that GeoParquet knows, the one that is nearest to geodesics
    return json.dumps({"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}).encode()


# CSV


def write_csv(plots: Iterable[Plot], sink: IO[bytes], dropped: Skips) -> int:
    """Writes the plots as CSV with a header; how many. One whose text would break its line is left out and counted in `dropped`."""
    sink.write(HEADER + b"\n")
    count = 0
    for number, plot in enumerate(sayable(plots, dropped), 1):
        line = _line(plot)
        if line.count("\n") > 1 or "\r" in line:
            dropped.add(_BROKEN, number, is_damage=True)
            continue
        sink.write(line.encode())
        count += 1
    return count


def _line(plot: Plot) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([_text(cell) for cell in row(plot).values()])
    return text.getvalue()


def _text(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return "" if cell is None else repr(cell) if isinstance(cell, float) else str(cell)


# Reading


class Reader:
    """Reads our own tables; `skips` says which rows were left out, and why. Its two ways in are `csv` and `parquet`."""

    def __init__(self) -> None:
        self.skips = Skips()
        self._row = 0

    def csv(self, lines: Iterable[bytes]) -> Iterator[Plot]:
        """The plots of a CSV table. Raises FormatError when its header is not ours."""
        coming = iter(lines)
        if next(coming, b"").removeprefix(b"\xef\xbb\xbf") != HEADER:
            raise FormatError("its header is not that of a table of tracks", format=NAME, offset=1)
        for line in coming:
            self._row += 1
            cells = _cells(line)
            if cells is None:
                self.skips.add("a damaged or truncated line", self._row, is_damage=True)
            elif cells:
                yield from self._take(cells)

    def parquet(self, file: IO[bytes]) -> Iterator[Plot]:
        """The plots of a Parquet table that is open for reading, batch by batch. Raises FormatError when it is none of ours."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.ParquetFile(file)
            wanted = schema()
            unlike = [
                name
                for name in COLUMNS
                if name not in table.schema_arrow.names or table.schema_arrow.field(name).type != wanted.field(name).type
            ]
            if unlike:
                raise FormatError("this column is missing, or of another kind", format=NAME, field=unlike[0])
            for one in table.iter_batches(batch_size=BATCH_ROWS, columns=list(COLUMNS)):
                yield from self._batch(one)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            said = str(error).splitlines()[0][:120] if str(error) else "damaged"
            raise FormatError(f"it is no Parquet file that can be read ({said})", format=NAME) from None

    def _batch(self, one: "pa.RecordBatch") -> Iterator[Plot]:
        import pyarrow as pa

        columns = {name: one.column(name) for name in COLUMNS}
        columns["at"] = columns["at"].cast(pa.int64())
        for values in zip(*(column.to_pylist() for column in columns.values()), strict=True):
            self._row += 1
            cells: dict[str, Any] = dict(zip(COLUMNS, values, strict=True))
            yield from self._take(cells)

    def _take(self, cells: dict[str, Any]) -> Iterator[Plot]:
        try:
            if isinstance(cells["at"], int):
                cells["at"] = Instant(cells["at"])
            yield plot_of(cells)
        except InputError as error:
            self.skips.add(_reason(str(error)), self._row, is_damage=True)


def _reason(sentence: str) -> str:
    """One reason for all rows that share it, whatever their values."""
    return sentence if sentence.startswith("a row") else "a value that is none of its column"


def _cells(line: bytes) -> dict[str, Any] | None:
    """The cells of one line; None when it is no line of the table, and nothing in it for an empty line."""
    if not line:
        return {}
    try:
        texts = next(csv.reader([line.decode("utf-8")], strict=True), []) if len(line) <= LONGEST_LINE else []
        if len(texts) != len(COLUMNS):
            return None
        cells: dict[str, Any] = {name: text or None for name, text in zip(COLUMNS, texts, strict=True)}
        for name in ("lat_deg", "lon_deg", *NUMBERS, *(name for name, _ in (*HEIGHTS, *CLEARED))):
            cells[name] = None if cells[name] is None else float(cells[name])
        cells["at"] = None if cells["at"] is None else Instant.parse(cells["at"])
        cells["on_ground"] = {"true": True, "false": False, None: None}[cells["on_ground"]]
    except (UnicodeDecodeError, csv.Error, ValueError, KeyError, InputError):
        return None
    return cells


def holds(metadata: Mapping[bytes, bytes] | None) -> str:
    """What a Parquet file with this metadata says that it holds: "tracks", "notices", or nothing when it is not ours."""
    said = (metadata or {}).get(KEY, b"")
    return next((what for what in ("tracks", "notices") if f'"holds":"{what}"'.encode() in said), "")
