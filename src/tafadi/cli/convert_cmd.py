"""`tafadi convert`: files of notices or of tracks, of any format that is read, as one file of any format that is written.

Notices become notices and tracks become tracks. The exit code is the answer: 0 when all of it is in the new file, 1 when something was left
out or dropped, which is listed with counts, 2 when it could not be done, and then there is no new file. Tracks are read and written as they
come, with at most a batch of them in memory. The new file is written beside its place and put there whole.
"""

import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Final

import typer

from tafadi.cli.exits import FOUND, NOTHING, door, visible
from tafadi.errors import FormatError, InputError, LimitError

if TYPE_CHECKING:
    from tafadi.cli.watch_stated import Stated
    from tafadi.formats.outputs import Output
    from tafadi.formats.registry import Format
    from tafadi.formats.skips import Skips
    from tafadi.model.track import Plot

MOST_FILES: Final = 10_000  # as for one check
MOST_UNFOLDED: Final = 50  # times what arrived first of a packed stream are looked at, to tell what it is
GZIP: Final = b"\x1f\x8b"


@door
def convert(
    files: Annotated[
        list[str],
        typer.Argument(help="Files of notices, or of tracks; .gz and .zip are opened. One dash is standard input.", metavar="FILES..."),
    ],
    output: Annotated[str, typer.Option("--output", "-o", help="The file to write. One dash is standard output.", metavar="FILE")],
    source: Annotated[str | None, typer.Option("--from", help="Read every file as this format, like sbs or ed318.", metavar="NAME")] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", help="geojson, geoparquet, parquet, csv, kml or cot; by the ending when not said.", metavar="NAME"),
    ] = None,
    columns: Annotated[
        str | None, typer.Option("--columns", help="What the columns of a table are, as JSON or the name of a JSON file.", metavar="MAP")
    ] = None,
    window: Annotated[
        str | None, typer.Option("--window", help="For which time zones are read that stand without an end.", metavar="START/END")
    ] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="List what cannot be read or written, and convert the rest; never exit 0.")
    ] = False,
    begins: Annotated[
        str | None,
        typer.Option(
            "--begins", help="The day or the time of the first record, in UTC with Z, where a recording says none.", metavar="TIME"
        ),
    ] = None,
    site: Annotated[
        list[str] | None,
        typer.Option(
            "--site", help='Where a radar or receiver stands, or x and y begin: "59.8, 30.26"; may be given again.', metavar="PLACE"
        ),
    ] = None,
) -> None:
    """Write files of notices, or of tracks, in another format.

    Exit codes: 0 all of it was written, 1 something was left out (listed with counts), 2 it could not be done.
    """
    from tafadi.cli.watch_stated import stated
    from tafadi.formats.outputs import output as wanted

    target = wanted(to, "" if output == "-" else output)
    _check_files(files, output)
    given = stated(begins, site or [])
    if carry_tracks(files, source, columns):
        if window is not None:
            raise InputError("--window belongs to notices, and these are tracks")
        is_whole = _tracks(files, output, target, source, columns, given)
    else:
        if columns is not None or begins is not None or site:
            raise InputError("--columns, --begins and --site belong to tracks, and these are notices")
        is_whole = _notices(files, output, target, source, window, partial)
    raise typer.Exit(NOTHING if is_whole else FOUND)


def _check_files(files: list[str], output: str) -> None:
    """Raises InputError for a file that is named twice, and for an output that would replace an input."""
    from tafadi.cli.check_cmd import file_name

    if len(files) > MOST_FILES:
        raise LimitError(f"{len(files):,} files are more than {MOST_FILES:,} for one conversion")
    for name in files:
        if files.count(name) > 1:
            raise InputError(f"{name!r} is named twice; it would be written twice")
    if output == "-":
        return
    place = Path(output)
    if place.is_dir() or not place.parent.is_dir():
        raise InputError(f"{file_name(output)}: a file cannot be written there")
    if place.exists() and any(name != "-" and Path(name).exists() and place.samefile(name) for name in files):
        raise InputError(f"{file_name(output)}: the new file would overwrite one that is read")


# What there is


def carry_tracks(files: list[str], source: str | None, columns: str | None) -> bool:
    """Whether the files are of tracks. Raises InputError when some are and some are not."""
    kinds = {file: _carries_tracks(file, source, columns) for file in files}
    if len(set(kinds.values())) > 1:
        one, other = (next(file for file, kind in kinds.items() if kind is wanted) for wanted in (True, False))
        raise InputError(f"{one!r} holds tracks and {other!r} holds notices; they do not go into one file")
    return next(iter(kinds.values()))


def _carries_tracks(file: str, source: str | None, columns: str | None) -> bool:
    from tafadi.cli.check_cmd import file_name
    from tafadi.cli.watch_input import FORMATS
    from tafadi.formats.registry import Carries, named

    if columns is not None:
        return True
    if source is not None:
        return source in FORMATS or named(source).carries is Carries.TRACKS
    try:
        return _looked(file).carries is Carries.TRACKS
    except InputError as error:
        raise InputError(f"{file_name(file)}: {error}") from None


def _looked(file: str) -> "Format":
    """The format of the file, by its first bytes and, of what can be read from there, its last."""
    from tafadi.cli.unpacked import opened
    from tafadi.formats.registry import HEAD_BYTES, sniff

    if file == "-":
        return sniff(_first_of_input(), "")
    with opened(file) as bare:
        head, tail = bare.read(HEAD_BYTES), b""
        if head.startswith(b"PAR1") and bare.seekable():
            bare.seek(max(0, bare.seek(0, os.SEEK_END) - HEAD_BYTES))
            tail = bare.read(HEAD_BYTES)
        return sniff(head, str(bare.name), tail)


def _first_of_input() -> bytes:
    """What has arrived first on standard input, unpacked if need be; it is still to be read afterwards."""
    first = sys.stdin.buffer.peek(1) if isinstance(sys.stdin.buffer, io.BufferedReader) else b""
    if not first.startswith(GZIP):
        return first
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(first, len(first) * MOST_UNFOLDED)
    except zlib.error as error:
        raise FormatError(f"it is compressed and damaged ({error})", format="gzip") from None


# Notices


def _notices(files: list[str], output: str, target: "Output", source: str | None, window: str | None, partial: bool) -> bool:
    """Writes the notices of all files; whether that was all of them."""
    from tafadi.cli.check_cmd import Reading, gather, window_of
    from tafadi.formats.outputs import dump
    from tafadi.formats.zones import LeftOut

    reading = Reading(source, None if window is None else window_of(window), partial)
    announced = gather((file, reading.notices(file)) for file in files)
    if not announced:
        raise InputError("there is no notice in it to be written")
    left_out = LeftOut()
    data, count = dump(target, announced, left_out, partial=partial)
    with _placed(output) as sink:
        sink.write(data)
    refused = {one.number for one in left_out.refused}
    for reason, number, first in left_out.skips.rows():
        if first not in refused:
            _say(f"{target.name}: {number:,} dropped: {reason}")
    for one in left_out.refused:
        _say(f"{target.name}: {one.name} cannot be written: {one.sentence}")
    _say(f"{count:,} notices as {target.name}: {target.of_notices}")
    return not (reading.refused or left_out.skips.total)


# Tracks


def _tracks(files: list[str], output: str, target: "Output", source: str | None, columns: str | None, given: "Stated") -> bool:
    """Writes the plots of all files as they come; whether that was all of them."""
    from tafadi.formats.outputs import write
    from tafadi.formats.skips import Skips

    dropped, skipped = Skips(), list[tuple[str, Skips]]()
    with _placed(output) as sink:
        plots = chain.from_iterable(plots_of(file, source, columns, given, skipped) for file in files)
        count = write(target, plots, sink, dropped)
        if count == 0:
            raise InputError(_nothing(skipped))
    for file, skips in skipped:
        for reason, number, first in skips.rows():
            _say(f"{file}: {number:,} left out, the first is number {first}: {reason}")
    for reason, number, _ in dropped.rows():
        _say(f"{target.name}: {number:,} dropped: {reason}")
    _say(f"{count:,} plots as {target.name}: {target.of_tracks}")
    return not (dropped.total or any(skips.total for _, skips in skipped))


def plots_of(file: str, source: str | None, columns: str | None, given: "Stated", skipped: "list[tuple[str, Skips]]") -> "Iterator[Plot]":
    """The plots of one file; puts what it left out into `skipped`. Raises what the readers raise, with the name of the file."""
    from tafadi.cli.check_cmd import file_name
    from tafadi.cli.watch_input import hits, opened

    name = file_name(file)
    try:
        with opened(file) as bare:
            coming = hits(bare, source, columns, False, None, given)
            skipped.append((name, coming.skips))
            yield from coming.plots
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except LimitError as error:
        raise LimitError(f"{name}: {error}") from None


def _nothing(skipped: "list[tuple[str, Skips]]") -> str:
    reasons = "; ".join(f"{reason} ({count:,})" for _, skips in skipped for reason, count, _ in skips.rows()[:3])
    return f"there is no plot in it to be written: {reasons or 'it is empty'}"


# Where it goes


def _say(line: str) -> None:
    typer.echo(visible(line), err=True)


@contextmanager
def _placed(output: str) -> Iterator[IO[bytes]]:
    """An open file that becomes `output` once all of it is written; standard output for a dash. A device or a pipe is written as it is."""
    if output == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    place = Path(output)
    if place.exists() and not place.is_file():
        with place.open("wb") as sink:
            yield sink
        return
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as sink:
            yield sink
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
