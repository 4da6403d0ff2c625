"""Results: what the library gives back. A sequence of nouns that is also a table for whatever program an analyst works in.

Every result can be asked for itself as Arrow, pandas, Polars, GeoPandas or NumPy, and speaks the Arrow PyCapsule interface, so that
`pyarrow.table(result)`, DuckDB and the library's own functions take it as it is. Names of columns carry their unit; times are timestamps
in UTC with nanoseconds; what is not known is null.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, overload

import numpy as np
import numpy.typing as npt

from tafadi.errors import RefusedError
from tafadi.measure.instant import SECOND_NS, Instant

if TYPE_CHECKING:
    import geopandas
    import pandas
    import polars

SHOWN: Final = 10  # rows in a notebook or at a prompt; the rest is a table's work
WIDEST_CELL: Final = 32  # characters
CRS: Final = "OGC:CRS84"  # WGS 84, longitude first, as all geometries here are
TIME: Final = "time"  # the kinds of columns, beside those of Arrow

Noun = TypeVar("Noun")
Row = dict[str, Any]
Schema = Mapping[str, str]


def wanted(module: str, what: str) -> Any:
    """The module, for `what`. Raises RefusedError, saying what to install, when it is not there."""
    try:
        return import_module(module)
    except ImportError:
        raise RefusedError(f"{what} needs {module}, which is not installed: pip install tafadi[frames]") from None


def table(rows: Iterable[Row], schema: Schema) -> Any:
    """The rows as a `pyarrow.Table`; the schema has a kind for each column: `time`, or a type of Arrow by name."""
    import pyarrow as pa  # heavy: only when a table is asked for

    def kind(name: str) -> Any:
        return pa.timestamp("ns", "UTC") if schema[name] == TIME else pa.type_for_alias(schema[name])

    columns: dict[str, list[object]] = {name: [] for name in schema}
    for row in rows:
        for name, cells in columns.items():
            cells.append(_cell(row.get(name)))
    return pa.table({name: pa.array(cells, kind(name)) for name, cells in columns.items()})


def _cell(value: object) -> object:
    return value.ns if isinstance(value, Instant) else value


def second(at: Instant) -> Instant:
    """The whole second that is nearest: enough to read."""
    return Instant(round(at.seconds) * SECOND_NS)


class Result(Sequence[Noun], Generic[Noun]):
    """Nouns in a fixed order, which are also a table with one row each."""

    def __init__(self, nouns: Iterable[Noun]) -> None:
        self._nouns = tuple(nouns)

    def __len__(self) -> int:
        return len(self._nouns)

    @overload
    def __getitem__(self, index: int) -> Noun: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Noun]: ...

    def __getitem__(self, index: int | slice) -> Noun | Sequence[Noun]:
        return self._nouns[index]

    def __iter__(self) -> Iterator[Noun]:
        return iter(self._nouns)

    @property
    @abstractmethod
    def summary(self) -> str:
        """What this is, in one line."""

    @abstractmethod
    def to_arrow(self) -> Any:
        """The rows as a `pyarrow.Table`: named columns with units, times in UTC, null for what is not known."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_pandas(self) -> "pandas.DataFrame":
        """The rows as a pandas DataFrame. Raises RefusedError when pandas is not installed."""
        wanted("pandas", "to_pandas()")
        frame: pandas.DataFrame = self.to_arrow().to_pandas()
        return frame

    def to_polars(self) -> "polars.DataFrame":
        """The rows as a Polars DataFrame. Raises RefusedError when Polars is not installed."""
        frame: polars.DataFrame = wanted("polars", "to_polars()").DataFrame(self.to_arrow())
        return frame

    def to_numpy(self) -> dict[str, npt.NDArray[Any]]:
        """The columns as NumPy arrays: NaN and NaT for what is not known, text as objects with None, times as `datetime64[ns]` in UTC."""
        return {name: _numpy(column) for name, column in zip(self.to_arrow().column_names, self.to_arrow().columns, strict=True)}

    def to_geopandas(self) -> "geopandas.GeoDataFrame":
        """The rows as a GeoDataFrame in WGS 84 (`OGC:CRS84`). Raises RefusedError when GeoPandas is not installed."""
        geopandas = wanted("geopandas", "to_geopandas()")
        rows = self.to_arrow()
        plain = rows.drop_columns(["geometry"]) if "geometry" in rows.column_names else rows
        return geopandas.GeoDataFrame(plain.to_pandas(), geometry=self._geometries(rows), crs=CRS)

    def _geometries(self, rows: Any) -> Any:
        """The geometry of each row: its place; None where it has none."""
        import shapely  # heavy: only when geometries are asked for

        lon, lat = (rows.column(name).to_numpy() for name in ("lon_deg", "lat_deg"))
        points = shapely.points(np.nan_to_num(lon), np.nan_to_num(lat))
        points[np.isnan(lon) | np.isnan(lat)] = None
        return points

    def __repr__(self) -> str:
        shown = "".join(f"\n  {self._line(noun)}" for noun in self[:SHOWN])
        more = f"\n  … and {len(self) - SHOWN:,} more" if len(self) > SHOWN else ""
        return f"<{self.summary}{shown}{more}>"

    def _line(self, noun: Noun) -> str:
        return str(noun)

    def _repr_html_(self) -> str:
        rows = self.to_arrow().slice(0, SHOWN)
        names = [name for name in rows.column_names if rows.column(name).null_count < rows.num_rows and name != "geometry"]
        cells = [[_shown(cell) for cell in _values(rows.column(name))] for name in names]
        head = "".join(f"<th>{escape(name)}</th>" for name in names)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in zip(*cells, strict=True))
        more = f"<p>… and {len(self) - SHOWN:,} more</p>" if len(self) > SHOWN else ""
        return f"<p><b>{escape(self.summary)}</b></p>" + (f"<table><tr>{head}</tr>{body}</table>{more}" if body else "")


def _values(column: Any) -> list[object]:
    import pyarrow as pa

    if not pa.types.is_timestamp(column.type):
        values: list[object] = column.to_pylist()
        return values
    return [None if ns is None else Instant(ns) for ns in column.cast(pa.int64()).to_pylist()]


def _shown(cell: object) -> str:
    """A cell as people read it: five digits of a number and whole seconds are enough."""
    if cell is None:
        return ""
    if isinstance(cell, Instant):
        return str(second(cell))
    text = f"{cell:,.5g}" if isinstance(cell, float) and abs(cell) < 1e4 else f"{cell:,.0f}" if isinstance(cell, float) else str(cell)
    return text if len(text) <= WIDEST_CELL else text[: WIDEST_CELL - 1] + "…"


def _numpy(column: Any) -> npt.NDArray[Any]:
    import pyarrow as pa

    if pa.types.is_timestamp(column.type):
        return np.asarray(column.cast(pa.timestamp("ns")).to_numpy())
    return np.asarray(column.to_numpy())
