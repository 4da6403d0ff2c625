"""Where `tafadi watch` takes its hits from: a file, compressed or not, standard input, or a file that still grows."""

import gzip
import re
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from tafadi.cli.watch_stated import NOTHING, Stated
from tafadi.errors import FormatError, InputError, LimitError
from tafadi.formats.lines import lines
from tafadi.formats.skips import Skips

if TYPE_CHECKING:
    from tafadi.formats.columns import ColumnMap
    from tafadi.measure.instant import Instant
    from tafadi.model.track import Plot

CHUNK_BYTES: Final = 65_536
HEAD_BYTES: Final = 65_536
MOST_HITS: Final = 3_000_000  # of a recording that is put in order in memory (about 2 GB); longer ones are cut, or fed with --follow
COLUMNS_BYTES: Final = 65_536  # a map of fourteen columns is far shorter
POLL_S: Final = 0.2  # how often a file that grows is looked at again
GZIP: Final = b"\x1f\x8b"
FORMATS: Final = ("nop", "sbs", "iff", "readsb", "modes", "asterix", "cot", "csv", "parquet")
_STRATUX = re.compile(rb"(?:\A|\n)(?:START,|[0-9]+,MSG,)")
_EXAMPLE = '{"track": "icao24", "at": "timestamp [ms]", "lat": "latitude", "lon": "longitude", "height": "altitude [ft] pressure"}'


class Hits(NamedTuple):
    """The hits as they come, and the count of what was left out, which is complete once they are all read."""

    plots: "Iterator[Plot]"
    skips: Skips


@contextmanager
def opened(recording: str) -> Iterator[IO[bytes]]:
    """The recording, open for reading, decompressed if need be. Raises OSError, FormatError for damaged compression."""
    if recording == "-":
        yield sys.stdin.buffer
        return
    with Path(recording).open("rb") as file:
        magic = file.read(2)
        file.seek(0)
        if magic != GZIP:
            yield file
            return
        with gzip.GzipFile(fileobj=file) as unpacked:
            try:
                yield unpacked  # type: ignore[misc]  # a GzipFile reads bytes as IO[bytes] does
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise FormatError(f"it is compressed and damaged ({error})", format="gzip") from None


def chunks(file: IO[bytes], follow: bool) -> Iterator[bytes]:
    """The bytes of the file as they come; one that is followed never ends, unless it is a pipe."""
    grows = follow and file is not sys.stdin.buffer
    read = getattr(file, "read1", file.read)  # from a pipe, what is there now
    while True:
        chunk = read(CHUNK_BYTES)
        if chunk:
            yield chunk
        elif grows:
            time.sleep(POLL_S)
        else:
            return


def hits(
    file: IO[bytes],
    name: str | None,
    columns: str | None,
    follow: bool,
    clock: "Callable[[], Instant] | None",
    stated: Stated = NOTHING,
) -> Hits:
    """The hits of the open file in its own order. Raises FormatError when it follows no format."""
    if name == "parquet":
        return _parquet(file, columns)
    coming = chunks(file, follow)
    head = b""
    if name is None:
        head = next(coming, b"")
        while len(head) < HEAD_BYTES and not follow and (more := next(coming, b"")):
            head += more
        name = _sniffed(head, getattr(file, "name", ""))
        if name == "parquet":
            file.seek(0)
            return _parquet(file, columns)
    if name == "csv":
        from tafadi.formats import columns as tables

        table = tables.Reader(column_map(columns))
        return Hits(table.csv(lines(_joined(head, coming))), table.skips)
    if columns is not None:
        raise InputError(f"--columns belongs to csv and parquet, and this is {name}")
    return _READERS[name](_joined(head, coming), clock, stated)


def _joined(head: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from rest


def _sniffed(head: bytes, file_name: object) -> str:
    """Which of FORMATS the file is. Raises FormatError when it does not say, or carries no tracks."""
    from tafadi.formats.registry import Carries, sniff

    if _STRATUX.search(head):
        return "sbs"
    one = sniff(head, file_name if isinstance(file_name, str) else "")
    if one.carries is not Carries.TRACKS:
        raise FormatError(f"it holds {one.carries}, and a recording of tracks is needed; say which with --format", format=one.name)
    if one.name == "columns":
        return "parquet" if head.startswith(b"PAR1") else "csv"
    return one.name


def _nop(coming: Iterable[bytes], clock: "Callable[[], Instant] | None", stated: Stated) -> Hits:
    from tafadi.formats import nop

    reader = nop.Reader()
    return Hits(nop.parse(lines(coming), reader), reader.skips)


def _sbs(coming: Iterable[bytes], clock: "Callable[[], Instant] | None", stated: Stated) -> Hits:
    from tafadi.formats import sbs

    reader = sbs.Reader(clock=clock)
    return Hits(sbs.parse(lines(coming), reader), reader.skips)


def _iff(coming: Iterable[bytes], clock: "Callable[[], Instant] | None", stated: Stated) -> Hits:
    from tafadi.formats import iff

    reader = iff.Reader()
    return Hits(iff.parse(lines(coming), reader), reader.skips)


def _readsb(coming: Iterable[bytes], clock: "Callable[[], Instant] | None", stated: Stated) -> Hits:
    from tafadi.formats import readsb

    reader = readsb.Reader()
    return Hits(readsb.parse(coming, reader), reader.skips)


def _modes(coming: Iterable[bytes], clock: "Callable[[], Instant] | None", stated: Stated) -> Hits:
    from tafadi.formats import modes

    reader = modes.Reader(begins=stated.begins, clock=clock, receiver=stated.receiver)
    return Hits(modes.parse(coming, reader), reader.skips)


def _asterix(coming: Iterable[bytes], clock: "Callable[[], Instant] | None", stated: Stated) -> Hits:
    from tafadi.formats import asterix

    reader = asterix.Reader(day=stated.day, clock=clock, sites=stated.sites)
    return Hits(asterix.parse(coming, reader), reader.skips)


def _cot(coming: Iterable[bytes], clock: "Callable[[], Instant] | None", stated: Stated) -> Hits:
    from tafadi.formats import cot

    reader = cot.Reader()
    return Hits(cot.parse(coming, reader), reader.skips)


# Modules of formats are imported only when a recording of theirs comes.
_READERS: "Final[dict[str, Callable[[Iterable[bytes], Callable[[], Instant] | None, Stated], Hits]]]" = {
    "nop": _nop,
    "sbs": _sbs,
    "iff": _iff,
    "readsb": _readsb,
    "modes": _modes,
    "asterix": _asterix,
    "cot": _cot,
}


def _parquet(file: IO[bytes], columns: str | None) -> Hits:
    from tafadi.formats import columns as tables

    if not file.seekable():
        raise FormatError("Parquet is read from its end, so it must be a file and not standard input", format="columns")
    table = tables.Reader(column_map(columns))
    return Hits(table.parquet(file), table.skips)


def column_map(text: str | None) -> "ColumnMap":
    """The map that `--columns` gives, as JSON or the name of a JSON file. Raises FormatError."""
    from tafadi.formats import columns as tables
    from tafadi.formats.strict_json import decode

    if text is None:
        raise InputError(f"a table needs --columns, which says what its columns are and in which unit, like '{_EXAMPLE}'")
    data = text.encode() if text.lstrip().startswith("{") else _file_bytes(text)
    return tables.ColumnMap(decode(data, dict[str, str], format="columns"))


def _file_bytes(name: str) -> bytes:
    with Path(name).open("rb") as file:
        data = file.read(COLUMNS_BYTES + 1)
    if len(data) > COLUMNS_BYTES:
        raise LimitError(f"{name}: a column map of more than {COLUMNS_BYTES:,} bytes is none")
    return data


def in_order(plots: "Iterable[Plot]") -> "list[Plot]":
    """The hits of a recording by time; recordings may be grouped by track. Raises LimitError for more than MOST_HITS."""
    kept: list[Plot] = []
    for plot in plots:
        if len(kept) >= MOST_HITS:
            raise LimitError(f"more than {MOST_HITS:,} hits are more than can be put in order at once; cut the recording, or use --follow")
        kept.append(plot)
    kept.sort(key=lambda plot: (plot.at.ns, plot.track))
    return kept
