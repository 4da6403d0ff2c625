"""Columns: tracks in a CSV or Parquet table, with a map that names each column and its unit.

    {"track": "icao24", "at": "timestamp [ms]", "lat": "latitude", "lon": "longitude", "height": "altitude [ft] pressure",
     "ground_speed": "groundspeed [kt]", "course": "track", "climb": "vertical_rate [ft/min]"}

    =================================  =======================================  ========================================
    member                             column                                   here
    =================================  =======================================  ========================================
    track, lat, lon, at                required                                 track, position, at
    at                                 [s] [ms] [us] [ns] since 1970, or [utc]  a time of day without a zone is refused
                                       for text in UTC; a Parquet timestamp     unless the map says [utc]
                                       brings its own unit
    lat, lon, course                   degrees WGS 84; course true              [deg] may be written
    height, cleared_height             a length and its datum are required      pressure, geoid, ellipsoid or ground
    ground_speed, climb                a speed is required
    on_ground                          true/false, 1/0, yes/no
    address, callsign, squawk, party   text
    =================================  =======================================  ========================================

A number without its unit is refused, never guessed. An empty cell, NaN or null is not known, and never 0. Every column that the map does
not name is dropped, and no member of the map can name an aircraft's type or purpose. CSV: UTF-8, comma, one header line, one record a line.
"""

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final

from tafadi.errors import FormatError, InputError, TafadiError
from tafadi.formats.lines import LONGEST_LINE
from tafadi.formats.skips import Skips
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import SECOND_NS, Instant
from tafadi.measure.units import UNITS
from tafadi.model.track import Plot

NAME: Final = "columns"
REQUIRED: Final = ("track", "at", "lat", "lon")
QUANTITIES: Final = ("height", "ground_speed", "course", "climb", "cleared_height")
MEMBERS: Final = (*REQUIRED, *QUANTITIES, "on_ground", "address", "callsign", "squawk", "party")
BATCH_ROWS: Final = 65_536  # rows of Parquet in memory at once
LONGEST_TEXT: Final = 64  # characters of an identity; a longer one is no identity
EXAMPLE: Final = '{"track": "icao24", "at": "timestamp [ms]", "lat": "latitude", "lon": "longitude", "height": "altitude [ft] pressure"}'
HEADER_COLUMNS_MOST: Final = 1_000
_TICKS_NS: Final = {"s": SECOND_NS, "ms": 1_000_000, "us": 1_000, "ns": 1}
_DIMENSION: Final = {"height": "length", "cleared_height": "length", "ground_speed": "speed", "climb": "speed"}
_COLUMN = re.compile(r"(?P<name>.+?)\s*(?:\[\s*(?P<unit>[A-Za-z/]+)\s*\])?\s*(?P<datum>ellipsoid|geoid|pressure|ground)?")
_UTC_TEXT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)(?:Z|\+00:00| UTC)?")
_NONE = ("", "nan", "NaN", "null", "None", "NULL")
_TRUE, _FALSE = ("true", "True", "TRUE", "1", "yes"), ("false", "False", "FALSE", "0", "no")

Cell = str | int | float | bool | datetime | Instant | None
_NUMBERS = re.compile(r"-?[0-9][0-9.]*(?:e[-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name in the table, the size of its unit in SI (nanoseconds for times), and the datum of a height."""

    name: str
    scale: float = 1.0
    datum: Datum | None = None
    is_text: bool = False  # of a time: RFC 3339 text instead of a count


def _fail(sentence: str, member: str = "") -> FormatError:
    return FormatError(sentence, format=NAME, field=member)


def _column(member: str, text: str) -> Column:
    """What the map says of one member. Raises FormatError for a missing, unknown or unlike unit."""
    match = _COLUMN.fullmatch(text.strip()) if len(text) <= 200 else None
    if match is None:
        raise _fail(f"{text[:80]!r} names no column", member)
    name, unit, datum = match["name"], match["unit"], match["datum"]
    if member == "at":
        if unit not in (*_TICKS_NS, "utc"):
            raise _fail(f"{text!r} needs the unit of its time: [s], [ms], [us] or [ns] since 1970, or [utc] for text", member)
        return Column(name, scale=float(_TICKS_NS.get(unit, 1)), is_text=unit == "utc")
    if member not in _DIMENSION:
        if unit not in (None, "deg") or (unit == "deg" and member not in ("lat", "lon", "course")):
            raise _fail(f"{text!r} has a unit that does not belong there", member)
        return Column(name)
    dimension = _DIMENSION[member]
    known = [key for key, value in UNITS.items() if value.dimension == dimension]
    if unit not in known:
        raise _fail(f"{text!r} needs its unit in brackets, one of {', '.join(known)}", member)
    if dimension == "length" and datum is None:
        raise _fail(f"{text!r} names no datum; add one of {', '.join(Datum)}", member)
    return Column(name, UNITS[unit].si, None if datum is None else Datum(datum))


class ColumnMap:
    """Which column is what, in which unit. Raises FormatError when one is missing, unknown or without its unit."""

    def __init__(self, members: Mapping[str, str]) -> None:
        for member in members:
            if member not in MEMBERS:
                raise _fail(f"the map may name {', '.join(MEMBERS)}", member[:40])
        for member in REQUIRED:
            if member not in members:
                raise _fail("the map does not say which column it is", member)
        self.columns = {member: _column(member, text) for member, text in members.items()}

    def places(self, header: Sequence[str]) -> dict[str, int]:
        """Where each member stands in the header. Raises FormatError when a column is missing or stands twice."""
        for member, column in self.columns.items():
            if header.count(column.name) != 1:
                how = "stands more than once in" if column.name in header else "is missing from"
                raise _fail(f"column {column.name!r} {how} the table", member)
        return {member: header.index(column.name) for member, column in self.columns.items()}


def _known(cell: Cell) -> bool:
    """Whether the cell says something."""
    return cell is not None and not (isinstance(cell, float) and math.isnan(cell)) and not (isinstance(cell, str) and cell.strip() in _NONE)


def _text(cell: Cell) -> str | None:
    text = str(cell).strip() if _known(cell) else ""
    return text if text and len(text) <= LONGEST_TEXT and text.isprintable() else None


def _quantity(cell: Cell, column: Column | None) -> float | None:
    """The cell in SI; None when it is not known. Raises InputError when it is no number."""
    if column is None or not _known(cell):
        return None
    if isinstance(cell, (bool, datetime, Instant)) or cell is None:
        raise InputError(f"{column.name} is not a number")
    try:
        value = float(cell) * column.scale
    except (ValueError, TypeError, OverflowError):  # text, lists, dates, bytes: whatever a table may hold
        raise InputError(f"{column.name} is not a number") from None
    if not math.isfinite(value):
        raise InputError(f"{column.name} is not finite")
    return value


def _required(cell: Cell, column: Column) -> float:
    value = _quantity(cell, column)
    if value is None:
        raise InputError(f"{column.name} is empty")
    return value


def _instant(cell: Cell, column: Column) -> Instant:
    """The time of the row. Raises InputError when it is none."""
    if isinstance(cell, Instant):
        return cell
    if not _known(cell):
        raise InputError(f"{column.name} is empty")
    if column.is_text:
        match = _UTC_TEXT.fullmatch(str(cell).strip()[:LONGEST_TEXT])
        if match is None:
            raise InputError(f"{column.name} is not a time in UTC")
        return Instant.parse(f"{match[1]}T{match[2]}Z")
    if isinstance(cell, int) or (isinstance(cell, str) and cell.strip().lstrip("-").isdigit() and len(cell) <= 20):
        return Instant(int(cell) * int(column.scale))  # whole counts stay exact
    value_ns = _required(cell, column)
    return Instant(round(value_ns))


def utc_text_ns(text: str | None) -> int | None:
    """Nanoseconds of a time written in UTC, as [utc] in a map says; None where it is none."""
    match = None if text is None else _UTC_TEXT.fullmatch(text.strip()[:LONGEST_TEXT])
    try:
        return None if match is None else Instant.parse(f"{match[1]}T{match[2]}Z").ns
    except InputError:
        return None


def _from_ns(ns: int) -> Instant | None:
    """The instant; None for one outside the years that there are, which then counts as empty."""
    try:
        return Instant(ns)
    except InputError:
        return None


def _height(cell: Cell, column: Column | None) -> Height | None:
    value_m = _quantity(cell, column)
    return None if value_m is None or column is None or column.datum is None else Height(value_m, column.datum)


def _flag(cell: Cell) -> bool | None:
    text = str(cell).strip() if _known(cell) else ""
    return True if text in _TRUE else False if text in _FALSE else None


def _plot(cells: Mapping[str, Cell], columns: Mapping[str, Column], source: str) -> Plot:
    """The plot of one row. Raises InputError when it is none."""
    track = _text(cells["track"])
    if track is None:
        raise InputError("track is empty or no identity")
    course_deg = _quantity(cells.get("course"), columns.get("course"))
    address = _text(cells.get("address"))
    return Plot(
        track=track,
        at=_instant(cells["at"], columns["at"]),
        position=Position(_required(cells["lat"], columns["lat"]), _required(cells["lon"], columns["lon"])),
        height=_height(cells.get("height"), columns.get("height")),
        ground_speed_mps=_quantity(cells.get("ground_speed"), columns.get("ground_speed")),
        course_deg=None if course_deg is None else course_deg % 360.0,
        climb_mps=_quantity(cells.get("climb"), columns.get("climb")),
        cleared_height=_height(cells.get("cleared_height"), columns.get("cleared_height")),
        on_ground=_flag(cells.get("on_ground")),
        address=None if address is None else address.lower(),
        callsign=_text(cells.get("callsign")),
        squawk=_text(cells.get("squawk")),
        source=source,
        party=_text(cells.get("party")),
    )


class Reader:
    """Reads rows by a map; `skips` says which were left out, and why. Its two ways in are `csv` and `parquet`."""

    def __init__(self, columns: ColumnMap, source: str = NAME) -> None:
        self.skips = Skips()
        self._map = columns
        self._source = source
        self._row = 0

    def csv(self, lines: Iterable[bytes]) -> Iterator[Plot]:
        """The rows of a CSV file. Raises FormatError when it is empty, or has no header with the columns of the map."""
        places: dict[str, int] | None = None
        width = 0
        for line in lines:
            cells = self._cells(line)
            if places is None:
                if not cells or len(cells) > HEADER_COLUMNS_MOST:
                    raise _fail("it does not begin with a header line of CSV in UTF-8")
                cells[0] = cells[0].removeprefix("\ufeff")
                places, width = self._map.places(cells), len(cells)
                continue
            self._row += 1
            if cells is None or len(cells) != width:
                if cells != []:
                    self.skips.add("a damaged or truncated line", self._row, is_damage=True)
                continue
            yield from self._take({member: cells[place] for member, place in places.items()})
        if places is None:
            raise _fail("it is empty")

    def _cells(self, line: bytes) -> list[str] | None:
        """The cells of one line; None when it is no line of CSV."""
        if len(line) > LONGEST_LINE:
            return None
        try:
            return next(csv.reader([line.decode("utf-8").rstrip("\r\n")], strict=True), [])
        except (UnicodeDecodeError, csv.Error):
            return None

    def parquet(self, file: IO[bytes]) -> Iterator[Plot]:
        """The rows of a Parquet file that is open for reading, batch by batch. Raises FormatError when it is none."""
        import pyarrow as pa  # heavy: only when a table is read
        import pyarrow.parquet as pq

        try:
            table = pq.ParquetFile(file)
            names = list(table.schema_arrow.names)
            places = self._map.places(names)
            self._check_time(table.schema_arrow.field(places["at"]).type)
            wanted = list(dict.fromkeys(column.name for column in self._map.columns.values()))
            for batch in table.iter_batches(batch_size=BATCH_ROWS, columns=wanted):
                yield from self._batch(batch)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise _fail(
                f"it is no Parquet file that can be read ({str(error).splitlines()[0][:120] if str(error) else 'damaged'})"
            ) from None

    def _check_time(self, kind: Any) -> None:
        """Raises FormatError for a timestamp column in a zone other than UTC, or in none that the map does not call UTC."""
        import pyarrow as pa

        if not pa.types.is_timestamp(kind) or kind.tz in ("UTC", "+00:00", "Etc/UTC"):
            return
        if kind.tz is not None or not self._map.columns["at"].is_text:
            zone = "no zone" if kind.tz is None else f"the zone {kind.tz}"
            raise _fail(f"its timestamps have {zone}; give them in UTC, or say [utc] in the map when they are", "at")

    def _batch(self, batch: Any) -> Iterator[Plot]:
        columns = self._map.columns
        cells = {member: self._column(batch, column) for member, column in columns.items()}
        for values in zip(*cells.values(), strict=True):
            self._row += 1
            yield from self._take(dict(zip(cells, values, strict=True)))

    def _column(self, batch: Any, column: Column) -> list[Cell]:
        """The cells of one column; timestamps as whole nanoseconds."""
        import pyarrow as pa

        array = batch.column(batch.schema.get_field_index(column.name))
        if pa.types.is_timestamp(array.type):
            ticks = array.cast(pa.timestamp("ns", array.type.tz)).cast(pa.int64()).to_pylist()
            return [None if tick is None else _from_ns(tick) for tick in ticks]
        cells: list[Cell] = array.to_pylist()
        return cells

    def _take(self, cells: Mapping[str, Cell]) -> Iterator[Plot]:
        try:
            yield _plot(cells, self._map.columns, self._source)
        except TafadiError as error:
            is_damage = _known(cells["lat"]) or _known(cells["lon"])  # a row that names no place says only that there was none
            self.skips.add(_NUMBERS.sub("…", str(error)[:120]), self._row, is_damage=is_damage)  # one reason for all rows that share it
