"""Rows of a table become plots in arrays: a batch at a time, by the same column map and the same rules as `formats.columns`.

A row that cannot be used is left out and counted with its reason; what is left of it (an empty height) is not known, and never 0. Rows on
the ground are left out where the table says so: nothing that taxis is a loss of separation.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from tafadi.engine.kernels.history_sift import Given, Scales, sift
from tafadi.engine.layout import MISSING, Bools, Codes, Floats, Int32s, Ints
from tafadi.engine.routes import DATUM_CODES
from tafadi.errors import FormatError
from tafadi.formats.columns import LONGEST_TEXT, Column, ColumnMap
from tafadi.measure.height import HIGHEST_M, LOWEST_M, Datum
from tafadi.measure.instant import SECOND_NS, Instant

if TYPE_CHECKING:
    import pyarrow as pa

EARLIEST_NS: Final = Instant.parse("1900-01-01T00:00:00Z").ns
LATEST_NS: Final = Instant.parse("2199-12-31T00:00:00Z").ns
NO_TRACK: Final = "the track is empty or no identity"
NO_TIME: Final = "the time is empty or none"
NO_PLACE: Final = "the place is empty"
ODD_PLACE: Final = "the place is no number, or half of it is missing"
OFF_EARTH: Final = "the place is not on the earth"
ON_GROUND: Final = "on the ground"
ODD_HEIGHT: Final = "a height that is no number or beyond anything that flies: taken as not known"
DAMAGED: Final = "a damaged or truncated line"
LOST: Final = "damaged in all"  # no reason, but a count that readers of other formats give: lines whose content is unknown
DAMAGE: Final = frozenset((NO_TRACK, NO_TIME, ODD_PLACE, OFF_EARTH, DAMAGED, LOST))  # a hit may have stood there, and nobody knows which
_NONE: Final = ("", "nan", "NaN", "null", "None", "NULL")
_EMPTY: Final = ("", "null", "None", "NULL")  # nothing was written; who writes "nan" has computed something that is no place
_TRUE: Final = ("true", "True", "TRUE", "1", "yes")
_TICK_NS: Final = {"s": SECOND_NS, "ms": 1_000_000, "us": 1_000, "ns": 1}
_UTC_FORM: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|\+00:00| UTC)?$"
_UTC: Final = ("UTC", "+00:00", "Etc/UTC")


class Rows(NamedTuple):
    """Plots in arrays; `names[track]` says whose each is."""

    names: tuple[str, ...]
    track: Int32s
    at_ns: Ints
    lat_deg: Floats
    lon_deg: Floats
    height_m: Floats  # NaN where not known
    datum: Codes  # MISSING where no height is known


class Taken(NamedTuple):
    """What a batch held: its rows that can be used, and how many could not, by reason; heights that were not taken are counted too."""

    rows: Rows
    left_out: Counter[str]


def empty_rows() -> Rows:
    """No rows."""
    numbers = np.empty(0)
    return Rows((), np.empty(0, np.int32), np.empty(0, np.int64), numbers, numbers, numbers, np.empty(0, np.int8))


def chosen(rows: Rows, which: Bools | Ints | slice) -> Rows:
    """Some of the rows."""
    return Rows(
        rows.names,
        rows.track[which],
        rows.at_ns[which],
        rows.lat_deg[which],
        rows.lon_deg[which],
        rows.height_m[which],
        rows.datum[which],
    )


def wanted(columns: ColumnMap) -> list[str]:
    """The columns of the table that a scan needs."""
    return list(dict.fromkeys(columns.columns[member].name for member in (*_MEMBERS,) if member in columns.columns))


_MEMBERS: Final = ("track", "at", "lat", "lon", "height", "on_ground")


def check_columns(header: Sequence[str], named: Mapping[str, str]) -> None:
    """Raises FormatError when a column that a scan needs is missing, or stands twice. Others that the map names are not read at all."""
    for member, name in named.items():
        if header.count(name) != 1:
            how = "stands more than once in" if name in header else "is missing from"
            raise FormatError(f"column {name!r} {how} the table", format="columns", field=member)


def take(batch: "pa.RecordBatch | pa.Table", columns: ColumnMap) -> Taken:
    """The rows of the batch that can be used. Raises FormatError when a column is missing, or holds something else than its kind."""
    of: dict[str, Column] = {member: columns.columns[member] for member in _MEMBERS if member in columns.columns}
    check_columns(list(batch.schema.names), {member: one.name for member, one in of.items()})
    column = {member: _whole(batch, one.name) for member, one in of.items()}
    column = {member: array if member == "track" else _plain(array) for member, array in column.items()}
    names, track = _tracks(column["track"])
    quick = _at_once(names, track, column, of)
    if quick is not None:
        return quick
    at_ns, timed = _instants(column["at"], of["at"])
    lat_deg, has_lat = _numbers(column["lat"], of["lat"])
    lon_deg, has_lon = _numbers(column["lon"], of["lon"])
    height_m, datum, odd = _heights(column.get("height"), of.get("height"), len(track))
    grounded = _flags(column["on_ground"]) if "on_ground" in column else np.zeros(len(track), np.bool_)
    on_earth = (np.abs(lat_deg) <= 90.0) & (np.abs(lon_deg) <= 180.0)
    lost = ~(has_lat & has_lon)
    none = lost & _empty(column["lat"]) & _empty(column["lon"]) if lost.any() else lost
    tests = ((track < 0, NO_TRACK), (~timed, NO_TIME), (none, NO_PLACE), (lost, ODD_PLACE), (~on_earth, OFF_EARTH), (grounded, ON_GROUND))
    good, left_out = _sifted(tests, len(track))
    if odd.any():
        left_out[ODD_HEIGHT] += int((odd & good).sum())
    rows = Rows(names, track, at_ns, lat_deg, lon_deg, height_m, datum)
    return Taken(rows if good.all() else chosen(rows, good), +left_out)


def _at_once(names: tuple[str, ...], track: Int32s, column: "Mapping[str, pa.Array]", of: Mapping[str, Column]) -> Taken | None:
    """What `take` gives, in one pass; None where a row must be left out, or a column is not of the usual kind."""
    ticks = _ticks(column["at"], of["at"])
    lat_deg, lon_deg = _doubles(column["lat"]), _doubles(column["lon"])
    datum = of["height"].datum if "height" in of else None
    height = _floats(column["height"]) if datum is not None else None
    if ticks is None or lat_deg is None or lon_deg is None or height is None or datum is None:
        return None
    grounded = _flags(column["on_ground"]) if "on_ground" in column else np.zeros(0, np.bool_)
    tick_ns = ticks[1]
    bounds = (EARLIEST_NS // tick_ns, LATEST_NS // tick_ns)
    scales = Scales(tick_ns, *bounds, of["height"].scale, LOWEST_M, HIGHEST_M, DATUM_CODES[Datum(datum)])
    made, bad, odd = sift(Given(track, ticks[0], lat_deg, lon_deg, height, grounded), scales)
    if bad:
        return None
    rows = Rows(names, track, made.at_ns, lat_deg, lon_deg, made.height_m, made.datum)
    return Taken(rows, +Counter({ODD_HEIGHT: odd}))


def _ticks(array: "pa.Array", column: Column) -> tuple[Ints, int] | None:
    """Whole ticks and what one lasts; None where one is missing, or they are not whole. Raises FormatError for another zone."""
    import pyarrow as pa

    kind = array.type
    if array.null_count:
        return None
    if pa.types.is_timestamp(kind):
        return array.cast(pa.int64()).to_numpy(zero_copy_only=False), _TICK_NS[_checked_zone(kind, column).unit]
    if not pa.types.is_int64(kind) or column.is_text:
        return None
    return array.to_numpy(zero_copy_only=False), int(column.scale)


def _doubles(array: "pa.Array") -> Floats | None:
    """The numbers; None where one is missing, or they are of another kind."""
    import pyarrow as pa

    return array.to_numpy(zero_copy_only=False) if pa.types.is_float64(array.type) and not array.null_count else None


def _floats(array: "pa.Array") -> Floats | None:
    """The numbers as they are kept, NaN for missing ones; None where they are of another kind."""
    import pyarrow as pa

    return array.to_numpy(zero_copy_only=False) if pa.types.is_float32(array.type) or pa.types.is_float64(array.type) else None


def _sifted(tests: Sequence[tuple[Bools, str]], count: int) -> tuple[Bools, Counter[str]]:
    """Which rows pass all tests, and how many fail each, the first that they fail."""
    good, left_out = np.ones(count, np.bool_), Counter[str]()
    for wrong, reason in tests:
        if wrong.any():
            left_out[reason] += int((wrong & good).sum())
            good &= ~wrong
    return good, left_out


def _whole(batch: "pa.RecordBatch | pa.Table", name: str) -> "pa.Array":
    import pyarrow as pa

    column = batch.column(name)
    if isinstance(column, pa.ChunkedArray):
        column = column.unify_dictionaries() if pa.types.is_dictionary(column.type) else column
        column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def _plain(array: "pa.Array") -> "pa.Array":
    """The column itself, where it is written by dictionary."""
    import pyarrow as pa

    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _tracks(array: "pa.Array") -> tuple[tuple[str, ...], Int32s]:
    """The names that the column holds, and for each row which it is; -1 for one that is none."""
    import pyarrow as pa

    if not pa.types.is_dictionary(array.type):
        array = _encoded(array)
    texts = [_name(value) for value in array.dictionary.to_pylist()]
    codes = array.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
    names = tuple(dict.fromkeys(text for text in texts if text is not None))
    if len(names) == len(texts):
        return names, codes
    number = {name: n for n, name in enumerate(names)}
    new = np.array([-1 if text is None else number[text] for text in texts] + [-1], np.int32)  # the last is for -1
    return names, new[codes]


def _encoded(array: "pa.Array") -> "pa.DictionaryArray":
    import pyarrow as pa

    try:
        return array.dictionary_encode()
    except pa.ArrowException:
        raise FormatError(f"the tracks are {array.type}, and names or numbers are needed", format="columns", field="track") from None


def _name(value: object) -> str | None:
    """The text of an identity; None for one that is none."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    text = str(value).strip()
    return text if text not in _NONE and len(text) <= LONGEST_TEXT and text.isprintable() else None


def _numbers(array: "pa.Array", column: Column) -> tuple[Floats, Bools]:
    """The column in SI and where it is known; NaN elsewhere. Raises FormatError for a column that holds no numbers at all."""
    import pyarrow as pa

    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        values = _parsed(array, float, pa.float64(), math.nan)
    elif pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        values = array.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    else:
        raise FormatError(f"column {column.name!r} is {kind}, and numbers are needed", format="columns")
    if column.scale != 1.0:
        with np.errstate(over="ignore"):  # what overflows is infinite, and so not known
            values = values * column.scale
    return values, np.isfinite(values)


def _empty(array: "pa.Array") -> Bools:
    """Where nothing is written: null, empty text, or the NaN by which tables of numbers say null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        array = pc.utf8_trim_whitespace(array)
        nothing = pc.is_in(array, value_set=pa.array(_EMPTY, array.type))
    else:
        nothing = pc.is_null(array, nan_is_null=True)
    return np.asarray(pc.or_(nothing, pc.is_null(array)).to_numpy(zero_copy_only=False), np.bool_)


def _parsed(array: "pa.Array", read: Callable[[str], float], kind: "pa.DataType", nothing: float) -> npt.NDArray[Any]:
    """Numbers out of text, at once where all are some; else one by one, `nothing` for those that are none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    text = pc.utf8_trim_whitespace(array)
    text = pc.if_else(pc.is_in(text, value_set=pa.array(_NONE, text.type)), None, text)
    try:
        return np.asarray(text.cast(kind).fill_null(nothing).to_numpy(zero_copy_only=False))
    except pa.ArrowException:
        return np.array([_number(cell, read, nothing) for cell in text.to_pylist()], kind.to_pandas_dtype())


def _number(cell: str | None, read: Callable[[str], float], nothing: float) -> float:
    try:
        return nothing if cell is None or len(cell) > LONGEST_TEXT else read(cell)
    except (ValueError, OverflowError):
        return nothing


def _heights(array: "pa.Array | None", column: Column | None, count: int) -> tuple[Floats, Codes, Bools]:
    """The heights, their datum, and where something stood that is no height."""
    if array is None or column is None or column.datum is None:
        return np.full(count, math.nan), np.full(count, MISSING, np.int8), np.zeros(count, np.bool_)
    values, known = _numbers(array, column)
    flown = known & (values >= LOWEST_M) & (values <= HIGHEST_M)
    odd = (known & ~flown) | np.isinf(values)
    if not flown.all():
        values = np.where(flown, values, math.nan)
    return values, np.where(flown, np.int8(DATUM_CODES[Datum(column.datum)]), np.int8(MISSING)), odd


def _flags(array: "pa.Array") -> Bools:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_boolean(array.type):
        try:
            array = pc.is_in(array.cast(pa.string()), value_set=pa.array(_TRUE))
        except pa.ArrowException:
            raise FormatError(f"it is {array.type}, and true or false is needed", format="columns", field="on_ground") from None
    return np.asarray(array.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)


def _instants(array: "pa.Array", column: Column) -> tuple[Ints, Bools]:
    """Nanoseconds since 1970, and where they are known. Raises FormatError for a column of times that is none."""
    import pyarrow as pa

    kind = array.type
    if pa.types.is_timestamp(kind):
        return _scaled(array.cast(pa.int64()), _TICK_NS[_checked_zone(kind, column).unit])
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _from_text(array, column)
    if column.is_text:
        raise FormatError(f"column {column.name!r} is {kind}, and [utc] says that it is text", format="columns", field="at")
    if pa.types.is_integer(kind):
        return _scaled(array if pa.types.is_uint64(kind) else array.cast(pa.int64()), int(column.scale))
    values, known = _numbers(array, column)
    return _rounded(values, known)


def _checked_zone(kind: "pa.TimestampType", column: Column) -> "pa.TimestampType":
    """The same. Raises FormatError for times in a zone other than UTC, or in none that the map does not call UTC."""
    if kind.tz not in _UTC and (kind.tz is not None or not column.is_text):
        zone = "no zone" if kind.tz is None else f"the zone {kind.tz}"
        raise FormatError(
            f"its timestamps have {zone}; give them in UTC, or say [utc] in the map when they are", format="columns", field="at"
        )
    return kind


def _scaled(array: "pa.Array", tick_ns: int) -> tuple[Ints, Bools]:
    """Whole ticks as nanoseconds; what overflows is outside the years that there are, and is no time."""
    known = np.ones(len(array), np.bool_) if array.null_count == 0 else np.asarray(array.is_valid().to_numpy(zero_copy_only=False))
    ticks = array.fill_null(0).to_numpy(zero_copy_only=False) if array.null_count else array.to_numpy(zero_copy_only=False)
    known = known & (ticks >= EARLIEST_NS // tick_ns) & (ticks <= LATEST_NS // tick_ns)
    ticks = ticks.astype(np.int64)
    return (ticks if tick_ns == 1 else ticks * tick_ns), known


def _rounded(values_ns: Floats, known: Bools) -> tuple[Ints, Bools]:
    """Nanoseconds as whole ones, as `formats.columns` rounds them."""
    known = known & (values_ns >= EARLIEST_NS) & (values_ns <= LATEST_NS)
    return np.rint(values_ns if known.all() else np.where(known, values_ns, 0.0)).astype(np.int64), known


def _from_text(array: "pa.Array", column: Column) -> tuple[Ints, Bools]:
    """Times out of text: RFC 3339 in UTC where the map says [utc], else counts, whole ones exactly."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.is_text:
        return _scaled(_parsed_times(array), 1)
    text = pc.utf8_trim_whitespace(array)
    if pc.all(pc.match_substring_regex(text, r"^-?[0-9]{1,18}$"), min_count=0).as_py():
        return _scaled(text.cast(pa.int64()), int(column.scale))
    whole = np.asarray(pc.match_substring_regex(text, r"^-?[0-9]{1,18}$").fill_null(False).to_numpy(zero_copy_only=False))
    counts = pc.if_else(pa.array(whole), text, "0").cast(pa.int64())
    exact_ns, exact = _scaled(counts, int(column.scale))
    values, known = _numbers(text, column)
    rounded_ns, near = _rounded(values, known)
    return np.where(whole, exact_ns, rounded_ns), np.where(whole, exact & whole, near)


def _parsed_times(array: "pa.Array") -> "pa.Array":
    """int64: text in UTC as nanoseconds, at once where all of it has the one form; else one by one, null for what is no time."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from tafadi.formats.columns import utc_text_ns

    if pc.all(pc.match_substring_regex(array, _UTC_FORM), min_count=0).as_py() and array.null_count == 0:
        try:
            return pc.replace_substring_regex(array, "(Z|\\+00:00| UTC)$", "").cast(pa.timestamp("ns")).cast(pa.int64())
        except pa.ArrowException:  # the 61st minute, or a year that nanoseconds do not reach
            pass
    seen = {text: utc_text_ns(text) for text in array.unique().to_pylist()}
    return pa.array([seen[text] for text in array.to_pylist()], pa.int64())
