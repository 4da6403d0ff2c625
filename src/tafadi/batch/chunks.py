"""Where the rows of a recording lie: chunks that can each be read alone, with the first and last instant in them.

A row group of Parquet is a chunk as it lies there, when the file says which times it holds (or one column tells) and it is small enough to
be held. Anything else (CSV, other formats of tracks, tables in memory, larger row groups) is written once into a store of chunks on disk:
Arrow files of at most STORE_ROWS rows. Where chunks overlap in time so much that too many would have to be held at once (a recording sorted
by aircraft), all are written once more, sorted into stretches of time.

Every reader of a chunk looks whether its rows are within the times that were told of it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from tafadi.batch.rows import EARLIEST_NS, LATEST_NS, Rows, Taken, chosen, take, wanted
from tafadi.engine.layout import Ints
from tafadi.errors import FormatError
from tafadi.formats.columns import ColumnMap

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

STORE_ROWS: Final = 1_000_000  # of one chunk of the store: 40 MB
GROUP_MOST: Final = 4_000_000  # rows of a row group that is read at once; larger ones go through the store
HELD_MOST: Final = 12_000_000  # rows that may have to be held because chunks overlap in time: 500 MB
BUCKETS_MOST: Final = 500  # files that are open at once while a recording is sorted into stretches of time
SAMPLE: Final = 64  # instants of each chunk, of which the stretches are made
METADATA_KEPT: Final = 16  # files; those of one stretch of time are read in turn
MICROSECOND_NS: Final = 1_000  # statistics of timestamps come in whole microseconds
PARQUET: Final = "parquet"
_ARROW: Final = "arrow"


class Chunk(NamedTuple):
    """Some rows: a row group of a Parquet file, or a file of the store. Times are those of its first and last row."""

    kind: str
    path: str
    part: int
    rows: int
    first_ns: int
    last_ns: int
    columns: tuple[tuple[str, str], ...]  # the column map of a Parquet file, as it was given


def read_chunk(chunk: Chunk) -> Taken:
    """The rows of a chunk. Raises FormatError for a damaged file, and for rows outside the times that were told of them."""
    taken = read_stored(chunk) if chunk.kind == _ARROW else _read_group(chunk)
    at_ns = taken.rows.at_ns
    if len(at_ns) and not (chunk.first_ns <= int(at_ns.min()) and int(at_ns.max()) <= chunk.last_ns):
        raise FormatError(f"{chunk.path}: row group {chunk.part} holds other times than it says", format="columns", field="at")
    return taken


def parquet_errors(path: str, error: Exception) -> FormatError:
    """The sentence for a Parquet file that cannot be read."""
    text = str(error).splitlines()[0][:120] if str(error) else "damaged"
    return FormatError(f"{path}: it is no Parquet file that can be read ({text})", format="columns")


def opened_parquet(path: str, columns: ColumnMap) -> "pq.ParquetFile":
    """The file, with its tracks to be read by dictionary. Raises FormatError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        meta = _metadata(path, Path(path).stat().st_mtime_ns)
        schema = meta.schema.to_arrow_schema()
        columns.places(list(schema.names))
        kind = schema.field(columns.columns["track"].name).type
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        return pq.ParquetFile(path, metadata=meta, read_dictionary=[columns.columns["track"].name] if is_text else None)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise parquet_errors(path, error) from None


@lru_cache(maxsize=METADATA_KEPT)
def _metadata(path: str, changed_ns: int) -> "pq.FileMetaData":
    """What the file says of itself, read once: it grows with the row groups, and each of them is opened by itself."""
    import pyarrow.parquet as pq

    return pq.read_metadata(path)


def _read_group(chunk: Chunk) -> Taken:
    import pyarrow as pa

    columns = ColumnMap(dict(chunk.columns))
    table = opened_parquet(chunk.path, columns)
    try:
        return take(table.read_row_group(chunk.part, columns=wanted(columns), use_threads=False), columns)
    except (pa.ArrowException, OSError) as error:
        raise parquet_errors(chunk.path, error) from None


def parquet_chunks(path: str, mapping: Mapping[str, str]) -> list[Chunk] | None:
    """The row groups of a Parquet file with their times; None when they are too large to be read at once. Raises FormatError."""
    columns = ColumnMap(mapping)
    table = opened_parquet(path, columns)
    meta = table.metadata
    if any(meta.row_group(n).num_rows > GROUP_MOST for n in range(meta.num_row_groups)):
        return None
    told = tuple(sorted(mapping.items()))
    chunks = []
    for n in range(meta.num_row_groups):
        first_ns, last_ns = _stated_times(table, n, columns) or _read_times(table, n, columns, path)
        chunks.append(Chunk(PARQUET, path, n, meta.row_group(n).num_rows, first_ns, last_ns, told))
    return chunks


def _stated_times(table: "pq.ParquetFile", group: int, columns: ColumnMap) -> tuple[int, int] | None:
    """The times between which a row group says that its rows lie, a microsecond wider; None when it does not say."""
    import pyarrow as pa

    column = columns.columns["at"]
    places = [n for n in range(len(table.schema.names)) if table.schema.column(n).path == column.name]
    statistics = table.metadata.row_group(group).column(places[0]).statistics if places else None
    if statistics is None or not statistics.has_min_max:
        return None
    kind = table.schema_arrow.field(column.name).type
    if pa.types.is_timestamp(kind):
        first, last = (pa.scalar(value, pa.timestamp("us", kind.tz)).value * 1_000 for value in (statistics.min, statistics.max))
    elif isinstance(statistics.min, int | float) and not column.is_text and not isinstance(statistics.min, bool):
        first, last = (min(max(value * column.scale, -(2.0**62)), 2.0**62) for value in (statistics.min, statistics.max))
    else:
        return None
    if first != first or last != last:
        return None
    room_ns = MICROSECOND_NS + int(max(abs(first), abs(last)) * 2.0**-52)
    return max(EARLIEST_NS, int(first) - room_ns), min(LATEST_NS, int(last) + room_ns)


def _read_times(table: "pq.ParquetFile", group: int, columns: ColumnMap, path: str) -> tuple[int, int]:
    """The times of the rows of a row group, read."""
    import pyarrow as pa

    try:
        at_ns = take(table.read_row_group(group, columns=wanted(columns)), columns).rows.at_ns
    except (pa.ArrowException, OSError) as error:
        raise parquet_errors(path, error) from None
    return (int(at_ns.min()), int(at_ns.max())) if len(at_ns) else (EARLIEST_NS, EARLIEST_NS)


class Store:
    """Chunks on disk, in a directory that belongs to one scan."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.left_out: Counter[str] = Counter()
        self.rows = 0  # that were given, those left out included
        self.has_mapped = False  # whether a column map was needed for any recording

    def put(self, parts: Iterable[Taken], given: Iterable[int], name: str) -> list[Chunk]:
        """The chunks of what came; `given` says of how many rows each part was made."""
        chunks: list[Chunk] = []
        for taken, count in zip(parts, given, strict=False):
            self.left_out += taken.left_out
            self.rows += count
            if len(taken.rows.at_ns):
                chunks.append(self._write(taken.rows, f"{name}-{len(chunks):06d}"))
        return chunks

    def _write(self, rows: Rows, name: str) -> Chunk:
        import pyarrow as pa

        path = self.directory / f"{name}.arrow"
        table = stored(rows)
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        return Chunk(_ARROW, str(path), 0, len(rows.at_ns), int(rows.at_ns.min()), int(rows.at_ns.max()), ())

    def sorted_by_time(self, chunks: list[Chunk]) -> list[Chunk]:
        """The same rows in chunks that lie one after the other in time."""
        bounds = _bounds(chunks)
        buckets = [_Bucket(self.directory / f"sorted-{n:06d}.arrows") for n in range(len(bounds) + 1)]
        try:
            for chunk in chunks:
                taken = read_chunk(chunk)
                if chunk.kind == PARQUET:
                    self.left_out += taken.left_out
                    self.rows += chunk.rows
                which = np.searchsorted(bounds, taken.rows.at_ns, side="right")
                for n in np.unique(which):
                    buckets[n].add(chosen(taken.rows, which == n))
        finally:
            for bucket in buckets:
                bucket.close()
        return [bucket.chunk() for bucket in buckets if bucket.count]


class _Bucket:
    """One stretch of time, into which rows are put as they come."""

    def __init__(self, path: Path) -> None:
        self.path, self.count, self.first_ns, self.last_ns = path, 0, LATEST_NS, EARLIEST_NS
        self._file: Any = None
        self._writer: Any = None

    def add(self, rows: Rows) -> None:
        import pyarrow as pa

        table = stored(rows)
        if self._writer is None:
            self._file = pa.OSFile(str(self.path), "wb")
            self._writer = pa.ipc.new_stream(self._file, table.schema)
        self._writer.write_table(table)
        self.count += len(rows.at_ns)
        self.first_ns, self.last_ns = min(self.first_ns, int(rows.at_ns.min())), max(self.last_ns, int(rows.at_ns.max()))

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._file.close()

    def chunk(self) -> Chunk:
        return Chunk(_ARROW, str(self.path), 1, self.count, self.first_ns, self.last_ns, ())


def stored(rows: Rows) -> "pa.Table":
    """Rows as a table of the store."""
    import pyarrow as pa

    names = pa.array(rows.names, pa.string())
    track = names.take(pa.array(rows.track))
    columns = [track, *(pa.array(column) for column in rows[2:])]
    return pa.table(columns, names=["track", "at_ns", "lat_deg", "lon_deg", "height_m", "datum"])


def read_stored(chunk: Chunk) -> Taken:
    """The rows of a chunk of the store. Raises FormatError when it is damaged."""
    import pyarrow as pa

    try:
        with pa.memory_map(chunk.path) as file:
            table = (pa.ipc.open_stream(file) if chunk.part else pa.ipc.open_file(file)).read_all()
            table = table.combine_chunks()
            coded = table.column("track").combine_chunks().dictionary_encode()
            numbers = [np.array(table.column(name).to_numpy()) for name in table.column_names[1:]]
    except (pa.ArrowException, OSError) as error:
        raise FormatError(f"{chunk.path}: the store of the scan cannot be read ({str(error)[:120]})") from None
    track = coded.indices.to_numpy().astype(np.int32)
    return Taken(Rows(tuple(coded.dictionary.to_pylist()), track, *numbers), Counter())


def _bounds(chunks: list[Chunk]) -> Ints:
    """Instants that cut the rows into stretches of about STORE_ROWS."""
    rows = sum(chunk.rows for chunk in chunks)
    sample = np.sort(np.concatenate([_sample(chunk) for chunk in chunks]))
    pieces = int(min(BUCKETS_MOST, max(1, rows // STORE_ROWS)))
    if not len(sample):
        return sample
    return np.unique(sample[np.linspace(0, len(sample) - 1, pieces + 1).astype(np.int64)[1:-1]])


def _sample(chunk: Chunk) -> Ints:
    at_ns = read_chunk(chunk).rows.at_ns
    return at_ns[:: max(1, len(at_ns) // SAMPLE)].copy()


def in_time(chunks: Iterable[Chunk]) -> list[Chunk]:
    """The chunks in order of their first row; the same order whatever order they came in."""
    return sorted(chunks, key=lambda chunk: (chunk.first_ns, chunk.last_ns, chunk.path, chunk.part))


def held_most(chunks: list[Chunk], gap_ns: int) -> int:
    """How many rows must be held at once, at the most, when the chunks are read in order of time."""
    import heapq

    held, most, waiting = 0, 0, list[tuple[int, int]]()
    for chunk in chunks:
        while waiting and waiting[0][0] < chunk.first_ns - 2 * gap_ns:
            held -= heapq.heappop(waiting)[1]
        heapq.heappush(waiting, (chunk.last_ns, chunk.rows))
        held += chunk.rows
        most = max(most, held)
    return most


def pieces_of(table: "pa.Table", columns: ColumnMap) -> Iterator[tuple[Taken, int]]:
    """A table in parts of the size of the store, with how many rows each had."""
    for batch in table.to_batches(max_chunksize=STORE_ROWS):
        yield take(batch, columns), batch.num_rows
