"""The losses of a scan as bytes: CSV, Parquet, JSON lines, GeoJSON. The same losses are the same bytes.

Times are RFC 3339 in UTC with nine digits; a height that is not known is empty in CSV and null elsewhere. A feature of GeoJSON is the
middle of the pair at its closest approach.
"""

import io
import json
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

PLACE: Final = ("lat_deg", "lon_deg")
ROWS: Final = 65_536  # that are Python objects at once


class Written(StrEnum):
    """How losses are written."""

    CSV = "csv"
    PARQUET = "parquet"
    JSONL = "jsonl"
    GEOJSON = "geojson"


def write_losses(table: "pa.Table", written: Written) -> bytes:
    """The losses, written so."""
    writers: dict[Written, Callable[[pa.Table], bytes]] = {
        Written.CSV: to_csv,
        Written.PARQUET: to_parquet,
        Written.JSONL: to_json_lines,
        Written.GEOJSON: to_geojson,
    }
    return writers[written](table)


def to_csv(table: "pa.Table") -> bytes:
    """A header line and a line a row."""
    import pyarrow as pa
    import pyarrow.csv as tables

    out = pa.BufferOutputStream()
    tables.write_csv(_with_text(table), out, tables.WriteOptions(quoting_style="needed"))
    return bytes(out.getvalue().to_pybytes())


def to_parquet(table: "pa.Table") -> bytes:
    """A Parquet file, with its own types of time."""
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(table, out, compression="zstd")
    return out.getvalue()


def to_json_lines(table: "pa.Table") -> bytes:
    """An object a line."""
    return "".join(f"{_json(row)}\n" for row in _rows(table)).encode()


def to_geojson(table: "pa.Table") -> bytes:
    """A collection of points (RFC 7946)."""
    features = ",\n".join(_json(_feature(row)) for row in _rows(table))
    return f'{{"type":"FeatureCollection","features":[\n{features}\n]}}\n'.encode()


def _feature(row: dict[str, object]) -> dict[str, object]:
    lat_deg, lon_deg = (row.pop(name) for name in PLACE)
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon_deg, lat_deg]}, "properties": row}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _rows(table: "pa.Table") -> Iterator[dict[str, object]]:
    for batch in _with_text(table).to_batches(max_chunksize=ROWS):
        yield from batch.to_pylist()


def _with_text(table: "pa.Table") -> "pa.Table":
    """The table with its times as text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for n, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(n, field.name, pc.strftime(table.column(n), format="%Y-%m-%dT%H:%M:%SZ"))
    return table
