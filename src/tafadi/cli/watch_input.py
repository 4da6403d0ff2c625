"""Where `tafadi watch` takes its hits from: a file, compressed or not, standard input, a file that still grows, or a socket."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from tafadi.cli.track_options import mapping_of
from tafadi.cli.watch_stated import NOTHING, Stated
from tafadi.errors import FormatError, InputError, LimitError
from tafadi.formats.lines import lines
from tafadi.formats.skips import Skips

if TYPE_CHECKING:
    from tafadi.formats.columns import ColumnMap
    from tafadi.measure.instant import Instant
    from tafadi.model.track import Plot
    from tafadi.net.live import Receiver

CHUNK_BYTES: Final = 65_536
HEAD_BYTES: Final = 65_536
MOST_HITS: Final = 3_000_000  # of a recording that is put in order in memory (about 2 GB); longer ones are cut, or fed with --follow
FORMATS: Final = ("nop", "sbs", "iff", "readsb", "modes", "asterix", "cot", "daa", "scn", "plots", "track_geojson", "csv", "parquet")
_STRATUX = re.compile(rb"(?:\A|\n)(?:START,|[0-9]+,MSG,)")


class Hits(NamedTuple):
    """The hits as they come, and the count of what was left out, which is complete once they are all read."""

    plots: "Iterator[Plot]"
    skips: Skips
    is_undated: bool = False  # its times are counted from 1970-01-01, because neither it nor the command says when it was


def is_live(recording: str) -> bool:
    """Whether it is a socket to be listened to, and so followed."""
    from tafadi.net import live

    return live.is_live(recording)


@contextmanager
def opened(recording: str, follow: bool = False) -> "Iterator[IO[bytes] | Receiver]":
    """The recording, open for reading, decompressed if need be. What is followed ends in order when the program is interrupted.

    Raises OSError, FormatError for damaged compression, InputError for an address that is none, UnavailableError where nobody can listen.
    """
    from tafadi.cli import unpacked
    from tafadi.cli.watch_live import Followed, can_wait, now, until_stopped

    if is_live(recording):
        from tafadi.net.live import Address, Receiver

        receiver = Receiver(Address.parse(recording), now)
        with until_stopped(receiver.stop), receiver:
            yield receiver
        return
    with unpacked.opened(recording) as file:
        if not follow or (recording == "-" and not can_wait(file)):
            yield file
            return
        followed = Followed(file, is_pipe=recording == "-")
        with until_stopped(followed.stop):
            yield followed  # type: ignore[misc]  # it is the file in everything but reading


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of the file as they come."""
    read = getattr(file, "read1", file.read)  # from a pipe, what is there now
    while chunk := read(CHUNK_BYTES):
        yield chunk


def hits(
    file: "IO[bytes] | Receiver",
    name: str | None,
    columns: str | None,
    follow: bool,
    clock: "Callable[[], Instant] | None",
    stated: Stated = NOTHING,
) -> Hits:
    """The hits of the open file in its own order. Raises FormatError when it follows no format."""
    from tafadi.net.live import Receiver

    if isinstance(file, Receiver):
        return _live(file, name, columns, stated)
    if name == "parquet":
        return _parquet(file, columns)
    coming = chunks(file)
    head = b""
    while len(head) < HEAD_BYTES and (not head or not follow) and (more := next(coming, b"")):
        head += more
    if name is None:
        name = _sniffed(head, getattr(file, "name", ""))
        if name == "parquet":
            return _parquet(file, columns)
    if name == "csv" and columns is None and _is_ours(head):
        name = "track_table"
    if name == "csv":
        from tafadi.formats import columns as tables

        table = tables.Reader(column_map(columns))
        return Hits(table.csv(lines(_joined(head, coming))), table.skips)
    if columns is not None:
        raise InputError(f"--columns belongs to csv and parquet, and this is {name}")
    from tafadi.formats.reading import UNDATED, Told, stream

    is_undated = name in UNDATED and stated.begins is None and stated.day is None
    told = Told(stated.day, stated.begins, stated.sites, stated.receiver, clock)
    return Hits(*stream(name, _joined(head, coming), told), is_undated)


def _live(receiver: "Receiver", name: str | None, columns: str | None, stated: Stated) -> Hits:
    from tafadi.cli.watch_live import live_plots

    if columns is not None:
        raise InputError("--columns belongs to tables, and a table does not come live")
    plots = live_plots(receiver, name, stated)
    return Hits(plots.plots(), plots.skips)


def _is_ours(head: bytes) -> bool:
    """Whether a table in CSV is one of tracks as Tafadi writes them, so that it needs no map."""
    from tafadi.formats.track_table import HEADER

    return head.removeprefix(b"\xef\xbb\xbf").startswith(HEADER)


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


def _parquet(file: IO[bytes], columns: str | None) -> Hits:
    from tafadi.formats import columns as tables
    from tafadi.formats import reading

    if not file.seekable():
        raise FormatError("Parquet is read from its end, so it must be a file, not packed, and not standard input", format="columns")
    file.seek(0)
    if columns is None and reading.is_ours(file):
        return Hits(*reading.table(file))
    table = tables.Reader(column_map(columns))
    return Hits(table.parquet(file), table.skips)


def column_map(text: str | None) -> "ColumnMap":
    """The map that `--columns` gives, as JSON or the name of a JSON file. Raises FormatError."""
    from tafadi.formats import columns as tables

    if text is None:
        raise InputError(f"a table needs --columns, which says what its columns are and in which unit, like '{tables.EXAMPLE}'")
    return tables.ColumnMap(mapping_of(text))


def in_order(plots: "Iterable[Plot]") -> "list[Plot]":
    """The hits of a recording by time; recordings may be grouped by track. Raises LimitError for more than MOST_HITS."""
    kept: list[Plot] = []
    for plot in plots:
        if len(kept) >= MOST_HITS:
            raise LimitError(f"more than {MOST_HITS:,} hits are more than can be put in order at once; cut the recording, or use --follow")
        kept.append(plot)
    kept.sort(key=lambda plot: (plot.at.ns, plot.track))
    return kept
