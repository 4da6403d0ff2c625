"""Recordings become chunks: Parquet where it lies, CSV and tables through the store, other formats of tracks by one conversion.

A file is known by its content. CSV is read in blocks, so that its size does not matter; other formats are read plot by plot.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tafadi.batch.chunks import PARQUET, STORE_ROWS, Chunk, Store, opened_parquet, parquet_chunks, parquet_errors, pieces_of
from tafadi.batch.rows import DAMAGED, LOST, ON_GROUND, Rows, Taken, empty_rows, take, wanted
from tafadi.engine.layout import MISSING
from tafadi.engine.routes import DATUM_CODES
from tafadi.errors import FormatError, InputError, LimitError
from tafadi.formats import reading
from tafadi.formats.columns import EXAMPLE, HEADER_COLUMNS_MOST, ColumnMap
from tafadi.formats.registry import HEAD_BYTES, named, sniff
from tafadi.formats.unpacked import unpacked

if TYPE_CHECKING:
    import pyarrow as pa

    from tafadi.model.track import Plot

PARQUET_MAGIC: Final = b"PAR1"
OUR_CSV: Final = "track_table"
TABLES: Final = (PARQUET, "csv", OUR_CSV)  # what a column map governs, where one is given
READ_BYTES: Final = 1 << 16
BLOCK_BYTES: Final = 1 << 25  # of CSV that is parsed at once; a line longer than this is none
PLOTS: Final = 200_000  # that are turned into arrays together


class How(NamedTuple):
    """How recordings are read: the map of columns, the format of every file, and what it does not say of itself."""

    columns: Mapping[str, str] | None = None
    source: str | None = None
    told: reading.Told = reading.NOTHING


def table_chunks(table: "pa.Table", columns: Mapping[str, str] | None, store: Store, name: str) -> list[Chunk]:
    """The chunks of a table in memory. Raises FormatError."""
    read = ColumnMap(_needed(columns, "the table"))
    read.places(list(table.schema.names))
    store.has_mapped = True
    return _put(store, pieces_of(table, read), name)


def file_chunks(path: Path, how: How, store: Store, name: str) -> list[Chunk]:
    """The chunks of a file. Raises FormatError, InputError or LimitError with the file's name."""
    try:
        return _file_chunks(path, how, store, name)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from None
    except (InputError, LimitError) as error:
        if not str(error).startswith(str(path)):
            error.args = (f"{path}: {error}",)  # the same error, of the same kind, with the name of its file
        raise


def _file_chunks(path: Path, how: How, store: Store, name: str) -> list[Chunk]:
    kind, columns = _kind(path, how), how.columns
    if kind not in TABLES or (columns is None and _is_ours(path, kind)):
        return _put(store, _hits(path, kind, how), name)
    mapping = _needed(columns, "the table")
    store.has_mapped = True
    if kind != PARQUET:
        return _put(store, _csv(path, ColumnMap(mapping), how), name)
    chunks = parquet_chunks(str(path), mapping)
    return _put(store, _batches(path, ColumnMap(mapping)), name) if chunks is None else chunks


def _is_ours(path: Path, kind: str) -> bool:
    """Whether it is a table that says of itself what its columns are. Raises FormatError for one of notices."""
    if kind != PARQUET:
        return kind == OUR_CSV
    with path.open("rb") as file:
        return reading.is_ours(file)


def _put(store: Store, parts: Iterable[tuple[Taken, int]], name: str) -> list[Chunk]:
    chunks: list[Chunk] = []
    for number, (taken, count) in enumerate(parts):
        chunks += store.put((taken,), (count,), f"{name}-{number:06d}")
    return chunks


def _needed(columns: Mapping[str, str] | None, what: str) -> Mapping[str, str]:
    if columns is None:
        raise InputError(f"{what} needs a column map, which says what its columns are and in which unit, like '{EXAMPLE}'")
    return columns


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file, unpacked if need be. Raises OSError, FormatError for what is damaged, LimitError for what unfolds without end."""
    with path.open("rb") as file, unpacked(file, path.name) as bare:
        yield bare


def _kind(path: Path, how: How) -> str:
    """`parquet`, `csv`, or the name of a format of tracks. Raises FormatError when it is none."""
    source = how.source
    if source == "csv":
        return source
    with path.open("rb") as bare, opened(path) as file:
        first, head = bare.read(len(PARQUET_MAGIC)), file.read(HEAD_BYTES)
        name = str(getattr(file, "name", path.name))  # of what is packed in it
    if head.startswith(PARQUET_MAGIC) and first != PARQUET_MAGIC:
        raise FormatError("it is Parquet that is packed, and cannot be read in parts; unpack it", format="columns")
    if source == PARQUET or (head.startswith(PARQUET_MAGIC) and source in (None, *reading.TABLES)):
        return PARQUET
    one = sniff(head, Path(name).name.removesuffix(".gz")) if source is None else named(source)
    if not reading.carries_tracks(one):
        raise FormatError(f"it holds {one.carries}, and a recording of tracks is needed", format=one.name)
    return "csv" if one.name == "columns" else one.name


def _batches(path: Path, columns: ColumnMap) -> Iterator[tuple[Taken, int]]:
    """A Parquet file of large row groups, in parts."""
    import pyarrow as pa

    table = opened_parquet(str(path), columns)
    try:
        for batch in table.iter_batches(batch_size=STORE_ROWS, columns=wanted(columns)):
            yield take(batch, columns), batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise parquet_errors(str(path), error) from None


def _csv(path: Path, columns: ColumnMap, how: How) -> Iterator[tuple[Taken, int]]:
    """A CSV file in parts of about a block. Lines of another width are left out and counted."""
    import pyarrow as pa
    import pyarrow.csv as tables

    damaged = [0]

    def odd(row: "tables.InvalidRow") -> str:
        damaged[0] += 1
        return "skip"

    with opened(path) as file:
        header = _header(file)
        columns.places(header)
        names = wanted(columns)
        read = tables.ReadOptions(column_names=header, skip_rows=0, block_size=BLOCK_BYTES, use_threads=True)
        convert = tables.ConvertOptions(
            include_columns=names, column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=True
        )
        parse = tables.ParseOptions(invalid_row_handler=odd, newlines_in_values=False)
        try:
            with tables.open_csv(pa.PythonFile(file, "r"), read, parse, convert) as reader:
                for batch in reader:
                    taken, lost = take(batch, columns), damaged[0]
                    damaged[0] = 0
                    yield Taken(taken.rows, taken.left_out + Counter({DAMAGED: lost} if lost else {})), batch.num_rows + lost
        except (pa.ArrowException, UnicodeDecodeError) as error:
            if "Empty CSV" not in str(error):
                raise FormatError(f"it is no CSV that can be read ({str(error).splitlines()[0][:120]})", format="columns") from None


def _header(file: IO[bytes]) -> list[str]:
    """The names in the first line, which is read. Raises FormatError."""
    import csv

    line = file.readline(BLOCK_BYTES)
    try:
        cells = next(csv.reader([line.decode("utf-8").removeprefix("\ufeff").rstrip("\r\n")], strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        cells = []
    if not line:
        raise FormatError("it is empty", format="columns")
    if not cells or len(cells) > HEADER_COLUMNS_MOST:
        raise FormatError("it does not begin with a header line of CSV in UTF-8", format="columns")
    return cells


def _hits(path: Path, kind: str, how: How) -> Iterator[tuple[Taken, int]]:
    """The hits of another format of tracks, in parts; what its reader left out is counted with the last."""
    with opened(path) as file:
        coming = iter(lambda: file.read(READ_BYTES), b"")
        tracks = reading.table(file) if kind == PARQUET else reading.stream(kind, coming, how.told)
        while some := list(islice(tracks.plots, PLOTS)):
            yield plot_rows(some), len(some)
    left_out = Counter({reason: count for reason, count, _ in tracks.skips.rows()})
    if left_out:
        yield Taken(empty_rows(), left_out + Counter({LOST: tracks.skips.damaged})), left_out.total()


def plot_rows(plots: Sequence["Plot"]) -> Taken:
    """Plots as rows; those on the ground are left out."""
    numbers: dict[str, int] = {}
    kept = [plot for plot in plots if not plot.on_ground]
    track = np.array([numbers.setdefault(plot.track, len(numbers)) for plot in kept], np.int32)
    heights = [plot.height for plot in kept]
    rows = Rows(
        tuple(numbers),
        track,
        np.array([plot.at.ns for plot in kept], np.int64),
        np.array([plot.position.lat_deg for plot in kept], np.float64),
        np.array([plot.position.lon_deg for plot in kept], np.float64),
        np.array([np.nan if one is None else one.value_m for one in heights], np.float64),
        np.array([MISSING if one is None else DATUM_CODES[one.datum] for one in heights], np.int8),
    )
    return Taken(rows, +Counter({ON_GROUND: len(plots) - len(kept)}))
