"""Tables of any maker as Arrow, and their columns as plain values.

A table is anything with the Arrow PyCapsule interface (`__arrow_c_stream__`: Polars, pandas from 2.2, PyArrow, DuckDB, everything that this
library gives), a GeoDataFrame, a mapping of names to NumPy arrays or lists, or a structured NumPy array. None of these is imported here.

Null and NaN both mean: not known. Times are timestamps in UTC, RFC 3339 text with Z, or whole counts since 1970 in a column whose name ends
in `_s`, `_ms` or `_ns`; a timestamp without a zone is refused, but for NumPy's `datetime64`, which is UTC by NumPy's own definition.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from tafadi.errors import FormatError, InputError, LimitError
from tafadi.measure.instant import SECOND_NS, Instant

NAME: Final = "table"
GEOMETRY: Final = "geometry"  # the column of geometries, whatever a GeoDataFrame calls its active one
INDEX: Final = "__index_level_"  # what pandas calls the column of an index without a name
MOST_ROWS: Final = 20_000_000  # as nouns these take 10 GB; what is longer is scanned from files
TICKS_NS: Final = {"_s": SECOND_NS, "_ms": 1_000_000, "_ns": 1}
NO_TIME: Final = "it is not a time; give timestamps in UTC, text with Z, or name the unit as in `at_s`, `at_ms` or `at_ns`"
UTC: Final = ("UTC", "+00:00", "Etc/UTC", "Z")

T = TypeVar("T")


class ArrowStream(Protocol):
    """Anything with the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows, as a capsule that holds an ArrowArrayStream."""


Table: TypeAlias = ArrowStream | Mapping[str, Any] | npt.NDArray[Any]


def is_table(given: object) -> bool:
    """Whether `given` is a table of one of the kinds above."""
    if isinstance(given, Mapping):
        return any(_is_column(value) for value in given.values())
    structured = isinstance(given, np.ndarray) and given.dtype.names is not None
    return structured or hasattr(given, "__arrow_c_stream__") or hasattr(given, "__arrow_c_array__") or _is_lazy(given)


def _is_column(value: object) -> bool:
    return isinstance(value, np.ndarray | list | tuple) or hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__")


def _is_lazy(given: object) -> bool:
    return hasattr(given, "collect") and hasattr(given, "sink_parquet")


def table_of(given: Any) -> Any:
    """The table as a `pyarrow.Table`. Raises FormatError for what Arrow cannot hold, LimitError for more than MOST_ROWS."""
    import pyarrow as pa  # heavy: only when a table comes

    if _is_lazy(given):
        raise FormatError("a lazy frame holds no rows yet; collect() it first", format=NAME)
    if not (is_table(given) or isinstance(given, Mapping) or hasattr(given, "to_arrow")):
        raise FormatError(f"{type(given).__name__} is no table; give a DataFrame, an Arrow table, or a dict of columns", format=NAME)
    try:
        table = _plainer(_arrow(given, pa), pa)
    except (pa.ArrowException, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise FormatError(f"it cannot be taken as a table ({_first_line(error)})", format=NAME) from None
    if table.num_rows > MOST_ROWS:
        raise LimitError(f"{table.num_rows:,} rows are more than {MOST_ROWS:,} at once; scan() takes files of any size")
    return table


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]


def _arrow(given: Any, pa: Any) -> Any:
    if isinstance(given, np.ndarray):
        return _arrow({name: given[name] for name in given.dtype.names or ()}, pa)
    if isinstance(given, Mapping):
        return pa.table({str(name): _array(values, pa) for name, values in given.items()})
    if hasattr(given, "crs") and hasattr(given, "to_arrow"):  # a GeoDataFrame: its geometries become WKB with the CRS beside them
        active = getattr(given, "active_geometry_name", None)
        return pa.table((given if active in (None, GEOMETRY) else given.rename_geometry(GEOMETRY)).to_arrow(index=False))
    return pa.table(given)


def _plainer(table: Any, pa: Any) -> Any:
    """The table with decimals as float64 and bytes, but for geometries, as text; an index without a name says nothing and is left out."""
    table = table.drop_columns([name for name in table.column_names if name.startswith(INDEX)])
    for at, field in enumerate(table.schema):
        if pa.types.is_decimal(field.type):
            table = table.set_column(at, field.name, table.column(at).cast(pa.float64()))
        elif (pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type)) and field.name != GEOMETRY:
            table = table.set_column(at, field.name, table.column(at).cast(pa.string()))
    return table


def _array(values: Any, pa: Any) -> Any:
    """One column; `datetime64` of NumPy becomes a timestamp in UTC."""
    if not isinstance(values, np.ndarray):
        return pa.array([_plain(one) for one in values] if isinstance(values, list | tuple) else values)
    mask = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    array = pa.array(np.ascontiguousarray(np.ma.getdata(values)), mask=mask)
    return array.cast(pa.timestamp("ns", "UTC")) if values.dtype.kind == "M" else array


def _plain(value: object) -> object:
    """An instant as its text, because Arrow does not know it; everything else as it is."""
    return str(value) if isinstance(value, Instant) else value


def known(value: object) -> bool:
    """Whether a cell says something."""
    return value is not None and not (isinstance(value, float) and math.isnan(value))


class Columns:
    """The columns of a table by name, as lists of plain values with None for what is not known."""

    def __init__(self, given: Any) -> None:
        self.table = table_of(given)
        self.names = set(self.table.column_names)
        twice = len(self.table.column_names) != len(self.names)
        if twice:
            raise FormatError("two columns have one name", format=NAME)
        self.rows: int = self.table.num_rows

    def need(self, *names: str) -> None:
        """Raises FormatError when a column is missing."""
        for name in names:
            if name not in self.names:
                there = ", ".join(sorted(self.names))[:200] or "none"
                raise FormatError(f"the column is missing; there are {there}", format=NAME, field=name)

    def _cells(self, name: str, read: Callable[[object], T]) -> list[T | None]:
        """The cells of a column, read one by one. Raises FormatError, with the row, for one that is not of its kind."""
        if name not in self.names:
            return [None] * self.rows
        found: list[T | None] = []
        for row, cell in enumerate(self._list(name)):
            try:
                found.append(read(cell) if known(cell) else None)
            except (InputError, TypeError, ValueError, OverflowError) as error:
                raise FormatError(_first_line(error), format=NAME, offset=row, field=name) from None
        return found

    def _list(self, name: str) -> Sequence[object]:
        cells: Sequence[object] = self.table.column(name).to_pylist()
        return cells

    def texts(self, name: str) -> list[str | None]:
        """A column of text; numbers become their text."""
        return self._cells(name, _text)

    def numbers(self, name: str) -> list[float | None]:
        """A column of numbers. Raises FormatError for text, truth values and times, and for what is infinite."""
        return self._cells(name, _number)

    def array(self, name: str) -> npt.NDArray[np.float64]:
        """A column of numbers as float64, NaN for what is not known. Raises FormatError for text, truth values and times."""
        import pyarrow as pa

        if name not in self.names:
            return np.full(self.rows, np.nan)
        column = self.table.column(name)
        if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type) or pa.types.is_null(column.type)):
            raise FormatError(f"a column of {column.type} holds no numbers", format=NAME, field=name)
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)

    def flags(self, name: str) -> list[bool | None]:
        """A column of truth values. Raises FormatError for anything else but 0 and 1."""
        return self._cells(name, _flag)

    def cells(self, name: str) -> list[Any]:
        """A column as it is, None where the cell is null."""
        return self._cells(name, lambda cell: cell)

    def has_instants(self, name: str) -> bool:
        """Whether there is a column of times of this name, or with a unit of time after it."""
        return any(name + ending in self.names for ending in ("", *TICKS_NS))

    def instants(self, name: str) -> list[Instant | None]:
        """A column of times. Raises FormatError for times without a zone, or in another than UTC, and for what is no time."""
        if name in self.names:
            return self._timestamps(name)
        ending = next((ending for ending in TICKS_NS if name + ending in self.names), "")
        ticks_ns = TICKS_NS.get(ending, 1)
        return self._cells(name + ending, lambda cell: _counted(cell, ticks_ns))

    def _timestamps(self, name: str) -> list[Instant | None]:
        import pyarrow as pa

        column = self.table.column(name)
        if not pa.types.is_timestamp(column.type):
            return self._cells(name, _from_text)
        if column.type.tz not in UTC:
            zone = "no zone" if column.type.tz is None else f"the zone {column.type.tz}"
            raise FormatError(f"its times have {zone}; give them in UTC, and say that they are", format=NAME, field=name)
        ticks = column.cast(pa.timestamp("ns", "UTC"), safe=False).cast(pa.int64()).to_pylist()
        return [None if tick is None else Instant(tick) for tick in ticks]


def _text(cell: object) -> str | None:
    text = str(cell).strip()
    return text or None


def _number(cell: object) -> float:
    if isinstance(cell, bool | str | bytes) or not hasattr(cell, "__float__"):
        raise InputError(f"{str(cell)[:40]!r} is not a number")
    value = float(cell)
    if not math.isfinite(value):
        raise InputError(f"{value} is not a quantity; leave an unknown value out instead")
    return value


def _flag(cell: object) -> bool:
    if cell in (True, False, 0, 1):
        return bool(cell)
    raise InputError(f"{str(cell)[:40]!r} is neither true nor false")


def _from_text(cell: object) -> Instant:
    if isinstance(cell, Instant):
        return cell
    if not isinstance(cell, str):
        raise InputError(NO_TIME)
    return Instant.parse(cell.strip())


def _counted(cell: object, ticks_ns: int) -> Instant:
    if isinstance(cell, int) and not isinstance(cell, bool):
        return Instant(cell * ticks_ns)  # whole counts stay exact
    return Instant(round(_number(cell) * ticks_ns))
