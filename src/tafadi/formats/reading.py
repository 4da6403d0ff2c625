"""Reading: any file of any format as notices or as plots, from bytes that somebody else has read.

One place knows how each reader of tracks is called: what it wants to be told (when a recording begins, where its radars stand), and whether
it takes lines or chunks. Modules of formats are imported only when a recording of theirs comes.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from tafadi.errors import FormatError, InputError
from tafadi.formats.lines import lines
from tafadi.formats.registry import FORMATS, HEAD_BYTES, Carries, Format, named, read, sniff
from tafadi.formats.skips import Skips
from tafadi.formats.zones import LeftOut
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Announced
from tafadi.model.track import Plot

if TYPE_CHECKING:
    import pyarrow as pa

    from tafadi.formats.slant import Site

UNDATED: Final = frozenset({"daa", "scn"})  # these count seconds and have no date: from 1970-01-01, where none is stated
TABLES: Final = frozenset({"columns", "track_table"})


class Told(NamedTuple):
    """What a recording does not say of itself: its day and first instant, its radars by "area/system", its receiver, and the clock."""

    day: date | None = None
    begins: Instant | None = None
    sites: "Mapping[str, Site] | None" = None
    receiver: Position | None = None
    clock: Callable[[], Instant] | None = None


NOTHING: Final = Told()


class Tracks(NamedTuple):
    """The plots as they come, in the order of the source, and the count of what was left out, complete once they are all read."""

    plots: Iterator[Plot]
    skips: Skips


def looked(data: bytes, file_name: str = "") -> Format:
    """The format of a whole file: by its content, or else by its ending. Raises FormatError when neither tells."""
    return sniff(data[:HEAD_BYTES], file_name, data[-HEAD_BYTES:])


def notices(
    data: bytes, *, format: str | None = None, file_name: str = "", window: Span | None = None, left_out: LeftOut | None = None
) -> list[Announced]:
    """The notices of a file. Published zones are read for the `window`; with a `left_out` what is refused is listed there.

    Raises FormatError, for every refusal when there is no `left_out`.
    """
    return list(read(looked(data, file_name) if format is None else named(format), data, window, left_out))


def tracks(
    data: bytes,
    *,
    format: str | None = None,
    file_name: str = "",
    columns: Mapping[str, str] | None = None,
    told: Told = NOTHING,
) -> Tracks:
    """The plots of a whole file. `columns` says what the columns of a table of others are, as in `formats.columns`.

    Raises FormatError when it follows no format, or carries no tracks; what a line or record holds is counted in `skips`.
    """
    name = looked(data, file_name).name if format is None else format
    if name in ("csv", "parquet", *TABLES):
        return table(io.BytesIO(data), columns)
    if columns is not None:
        raise InputError(f"a map of columns belongs to tables, and this is {name}")
    return stream(name, (data[at : at + HEAD_BYTES] for at in range(0, len(data), HEAD_BYTES)), told)


def table(file: IO[bytes], columns: Mapping[str, str] | None = None) -> Tracks:
    """The plots of a table in CSV or Parquet that is open for reading: by the map of columns, or, without one, of a table of our own."""
    from tafadi.formats import columns as mapped
    from tafadi.formats import track_table as ours

    begins = file.read(len(ours.HEADER) + 3)
    file.seek(0)
    is_parquet = begins.startswith(b"PAR1")
    reader: mapped.Reader | ours.Reader = ours.Reader() if columns is None else mapped.Reader(mapped.ColumnMap(columns))
    if columns is None and not is_parquet and ours.HEADER not in begins:
        raise FormatError("a table of others needs a map that says what its columns are, and in which unit", format="columns")
    coming = reader.parquet(file) if is_parquet else reader.csv(lines(iter(lambda: file.read(HEAD_BYTES), b"")))
    return Tracks(coming, reader.skips)


def is_ours(file: IO[bytes]) -> bool:
    """Whether an open Parquet file is a table of tracks as Tafadi writes them; raises FormatError for one of notices.

    One that cannot be read is none of ours, and whoever reads it says why.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tafadi.formats.track_table import holds

    try:
        said = holds(pq.read_metadata(file).metadata)
    except (pa.ArrowException, OSError):
        said = ""
    file.seek(0)
    if said == "notices":
        raise FormatError("it holds notices, and a recording of tracks is needed", format="notice_table")
    return said == "tracks"


def track_batches(
    data: bytes,
    *,
    format: str | None = None,
    file_name: str = "",
    columns: Mapping[str, str] | None = None,
    told: Told = NOTHING,
) -> "Iterator[pa.RecordBatch]":
    """The plots of a whole file as Arrow batches of `track_table.schema()`: units and datums are in the names of the columns."""
    from tafadi.formats.track_table import batches

    return batches(tracks(data, format=format, file_name=file_name, columns=columns, told=told).plots)


def stream(name: str, chunks: Iterable[bytes], told: Told = NOTHING) -> Tracks:
    """The plots of a recording of that format as its bytes come. Raises FormatError for a name of none."""
    if name not in _READERS:
        known = ", ".join(_READERS)
        what = f"{name!r} carries {FORMATS[name].carries}" if name in FORMATS else f"there is no format {name[:40]!r} of tracks"
        raise FormatError(f"{what}; tracks come as {known}, or in tables")
    return _READERS[name](chunks, told)


def carries_tracks(one: Format) -> bool:
    """Whether the format is one of tracks."""
    return one.carries is Carries.TRACKS


def _nop(chunks: Iterable[bytes], told: Told) -> Tracks:
    from tafadi.formats import nop

    reader = nop.Reader()
    return Tracks(nop.parse(lines(chunks), reader), reader.skips)


def _sbs(chunks: Iterable[bytes], told: Told) -> Tracks:
    from tafadi.formats import sbs

    reader = sbs.Reader(clock=told.clock)
    return Tracks(sbs.parse(lines(chunks), reader), reader.skips)


def _iff(chunks: Iterable[bytes], told: Told) -> Tracks:
    from tafadi.formats import iff

    reader = iff.Reader()
    return Tracks(iff.parse(lines(chunks), reader), reader.skips)


def _readsb(chunks: Iterable[bytes], told: Told) -> Tracks:
    from tafadi.formats import readsb

    reader = readsb.Reader()
    return Tracks(readsb.parse(chunks, reader), reader.skips)


def _modes(chunks: Iterable[bytes], told: Told) -> Tracks:
    from tafadi.formats import modes

    reader = modes.Reader(begins=told.begins, clock=told.clock, receiver=told.receiver)
    return Tracks(modes.parse(chunks, reader), reader.skips)


def _asterix(chunks: Iterable[bytes], told: Told) -> Tracks:
    from tafadi.formats import asterix

    reader = asterix.Reader(day=told.day, clock=told.clock, sites=dict(told.sites or {}))
    return Tracks(asterix.parse(chunks, reader), reader.skips)


def _cot(chunks: Iterable[bytes], told: Told) -> Tracks:
    from tafadi.formats import cot

    reader = cot.Reader()
    return Tracks(cot.parse(chunks, reader), reader.skips)


def _daa(chunks: Iterable[bytes], told: Told) -> Tracks:
    from tafadi.formats import daa

    reader = daa.Reader(begins=_first_instant(told), origin=told.receiver)
    return Tracks(daa.parse(lines(chunks), reader), reader.skips)


def _scn(chunks: Iterable[bytes], told: Told) -> Tracks:
    from tafadi.formats import scn

    reader = scn.Reader(begins=_first_instant(told))
    return Tracks(scn.parse(lines(chunks), reader), reader.skips)


def _first_instant(told: Told) -> Instant | None:
    """The instant from which seconds count: the one that is stated, or the beginning of the day that is."""
    return told.begins if told.begins is not None or told.day is None else Instant.parse(f"{told.day.isoformat()}T00:00:00Z")


def _plots(chunks: Iterable[bytes], told: Told) -> Tracks:
    from tafadi.formats import plots

    reader = plots.Reader()
    return Tracks(reader.read(lines(chunks)), reader.skips)


def _track_geojson(chunks: Iterable[bytes], told: Told) -> Tracks:
    from tafadi.formats import track_geojson

    reader = track_geojson.Reader()
    return Tracks(track_geojson.parse(lines(chunks), reader), reader.skips)


def _track_table(chunks: Iterable[bytes], told: Told) -> Tracks:
    from tafadi.formats import track_table

    reader = track_table.Reader()
    return Tracks(reader.csv(lines(chunks)), reader.skips)


_READERS: Final[dict[str, Callable[[Iterable[bytes], Told], Tracks]]] = {
    "nop": _nop,
    "sbs": _sbs,
    "iff": _iff,
    "readsb": _readsb,
    "modes": _modes,
    "asterix": _asterix,
    "cot": _cot,
    "daa": _daa,
    "scn": _scn,
    "plots": _plots,
    "track_geojson": _track_geojson,
    "track_table": _track_table,  # in CSV; Parquet is not read as it comes
}
STREAMS: Final = tuple(_READERS)
