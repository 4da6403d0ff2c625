"""Recordings of tracks: a file, bytes, or an open stream of them, in any format of docs/formats-tracks.md, as plots.

A file that is packed is read as what is in it. What one line, frame or record holds never raises: it is counted in `skips`, by reason, with
the first place where it came.
"""

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from os import PathLike, fspath
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple, TypeAlias

from tafadi.errors import FormatError, InputError, LimitError
from tafadi.formats.lines import lines
from tafadi.formats.reading import Told, stream
from tafadi.formats.reading import Tracks as Recorded
from tafadi.formats.unpacked import unpacked
from tafadi.library.track_frames import named
from tafadi.measure.earth import Position
from tafadi.measure.height import Height
from tafadi.measure.instant import Instant
from tafadi.model.names import printable
from tafadi.model.track import Plot

if TYPE_CHECKING:
    from tafadi.formats.slant import Site

Source: TypeAlias = "str | PathLike[str] | bytes | bytearray | memoryview | IO[bytes]"
CHUNK_BYTES: Final = 65_536
HEAD_BYTES: Final = 65_536
LARGEST_HELD_BYTES: Final = 256 * 1024 * 1024  # of Parquet that cannot be read in place; more plots than MOST_PLOTS fit
MOST_PLOTS: Final = 3_000_000  # in memory as nouns, about 2 GB; what is longer is scanned


class Stated(NamedTuple):
    """What a recording does not say of itself: its first time or day, where radars stand (by "area/system"), where the receiver stands."""

    begins: Instant | date | None = None
    radars: Mapping[str, tuple[Position, Height]] = {}  # never written to
    receiver: Position | None = None

    @property
    def day(self) -> date | None:
        """The day of the first record, in UTC."""
        return date.fromisoformat(str(self.begins)[:10]) if isinstance(self.begins, Instant) else self.begins

    @property
    def at(self) -> Instant | None:
        """The time of the first record, where it is known and not only its day."""
        return self.begins if isinstance(self.begins, Instant) else None

    def sites(self) -> "dict[str, Site]":
        """The radars as the reader of ASTERIX takes them. Raises InputError for a height above another datum than the ellipsoid."""
        from tafadi.formats.slant import Site
        from tafadi.measure.height import Datum

        for name, (_, height) in self.radars.items():
            if height.datum is not Datum.ELLIPSOID:
                raise InputError(f"radar {name[:20]!r} needs its height above the ellipsoid, and not above {height.datum}")
        return {name: Site(place, height.value_m) for name, (place, height) in self.radars.items()}

    def told(self) -> Told:
        """The same, as the readers of formats take it. Raises InputError as `sites` does."""
        return Told(self.day, self.at, self.sites(), self.receiver)


NOTHING: Final = Stated()


def name_of(source: object) -> str:
    """What a source is called in a sentence."""
    return printable(fspath(source)) if isinstance(source, str | PathLike) else "the bytes"


def held_name(file: object, source: object) -> str:
    """What the file calls what it holds, for its ending: the name in an archive, or else that of the source."""
    name = getattr(file, "name", "")
    return name if isinstance(name, str) and name else name_of(source)


@contextmanager
def opened(source: Source) -> Iterator[IO[bytes]]:
    """The source, open for reading, unpacked where it is a .gz or a .zip (`tafadi.formats.unpacked`).

    Raises InputError when it cannot be opened. Of what is raised while it is open, InputError and LimitError say the name of the source.
    """
    name = name_of(source)
    try:
        with _raw(source) as file, unpacked(file, name) as plain:
            yield plain
    except OSError as error:
        raise InputError(f"{name}: {error.strerror or error}") from None
    except (InputError, LimitError) as error:
        raise type(error)(f"{name}: {error}") from None


@contextmanager
def _raw(source: Source) -> Iterator[IO[bytes]]:
    if isinstance(source, bytes | bytearray | memoryview):
        yield io.BytesIO(source)
    elif isinstance(source, str | PathLike):
        with Path(fspath(source)).open("rb") as file:
            yield file
    elif isinstance(source, io.TextIOBase):
        raise InputError('the file is open for reading text; open it for bytes, as in open(path, "rb"), or give its path')
    elif hasattr(source, "read"):
        yield source
    else:
        raise InputError(f"{type(source).__name__} is no source; give a path, bytes, a file that is open for reading, a table or nouns")


def _chunks(head: bytes, file: IO[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def coming(file: IO[bytes], format: str | None, columns: Mapping[str, str] | None, stated: Stated, file_name: str) -> Recorded:
    """The plots of an open recording, in its own order. Raises FormatError when it follows no format, or carries no tracks."""
    head = file.read(HEAD_BYTES)
    name = _sniffed(head, file_name) if format is None else format
    if name in ("columns", "csv", "parquet", "track_table"):
        return _table(head, file, columns)
    if columns is not None:
        raise InputError(f"a map of columns belongs to tables, and this is {name}")
    return stream(name, _chunks(head, file), stated.told())


def _sniffed(head: bytes, file_name: str) -> str:
    from tafadi.formats.registry import Carries, sniff

    one = sniff(head, file_name)
    if one.carries is not Carries.TRACKS:
        raise FormatError(f"it holds {one.carries}, and a recording of tracks is needed", format=one.name)
    return one.name


def _table(head: bytes, file: IO[bytes], columns: Mapping[str, str] | None) -> Recorded:
    """A table in CSV or Parquet: by the map of columns, or, without one, as this library writes it."""
    from tafadi.formats import columns as mapped
    from tafadi.formats import track_table as ours

    reader = ours.Reader() if columns is None else mapped.Reader(mapped.ColumnMap(columns))
    if head.startswith(b"PAR1"):
        whole = file if file.seekable() else _held(head, file)
        return _parquet(whole) if isinstance(reader, ours.Reader) else Recorded(reader.parquet(whole), reader.skips)
    if columns is None and not head.removeprefix(b"\xef\xbb\xbf").startswith(ours.HEADER):
        raise FormatError('a table needs `columns`, which says what its columns are and in which unit, like {"at": "timestamp [ms]", …}')
    return Recorded(reader.csv(lines(_chunks(head, file))), reader.skips)


def _held(head: bytes, file: IO[bytes]) -> IO[bytes]:
    """What comes from a pipe or a packed file, in memory: Parquet is read from its end. Raises LimitError beyond LARGEST_HELD_BYTES."""
    data = head + file.read(LARGEST_HELD_BYTES + 1)
    if len(data) > LARGEST_HELD_BYTES:
        raise LimitError(f"Parquet of more than {LARGEST_HELD_BYTES:,} bytes is read from a file that is not packed")
    return io.BytesIO(data)


def _parquet(file: IO[bytes]) -> Recorded:
    """A Parquet table with our names, whoever wrote it."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(file)
    except (pa.ArrowException, OSError) as error:
        said = str(error).splitlines()[0][:120] if str(error) else "damaged"
        raise FormatError(f"it is no Parquet file that can be read ({said})") from None
    found = named(table)
    return Recorded(iter(found.plots), found.skips)


def in_order(plots: Iterable[Plot]) -> list[Plot]:
    """The plots by time, then by name; recordings may be grouped by track. Raises LimitError for more than MOST_PLOTS."""
    kept: list[Plot] = []
    for plot in plots:
        if len(kept) >= MOST_PLOTS:
            raise LimitError(f"more than {MOST_PLOTS:,} plots are more than can be put in order at once; scan() takes files of any size")
        kept.append(plot)
    kept.sort(key=lambda plot: (plot.at.ns, plot.track))
    return kept
