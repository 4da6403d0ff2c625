"""`tafadi scan`: losses of separation and of well clear in recorded traffic.

The exit code is the answer: 0 when nothing was found and nothing is unknown, 1 when there is any loss, any pair near one another of which
heights are not known, any gap in a track (nobody knows what happened in it), any row that contradicts another of its track and time (nobody
knows which is true) or any damaged row (nobody knows what it held), 2 when the question could not be asked.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer

from tafadi.cli.check_cmd import ReportFile
from tafadi.cli.compiling import telling_when_compiling
from tafadi.cli.exits import FOUND, NOTHING, door, visible
from tafadi.cli.scan_input import files_of
from tafadi.cli.track_options import AgreementOption, BeginsOption, ColumnsOption, SiteOption, mapping_of, minima_of
from tafadi.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tafadi.batch.scanning import Progress, Scanned, Summary
    from tafadi.cli.watch_stated import Stated
    from tafadi.model.operation import Minima

EVERY_S: Final = 0.5  # how often progress is told
FORMATS: Final = ("csv", "parquet", "jsonl", "geojson")
REASONS_MOST: Final = 12  # lines of what was left out

MinimaText = Annotated[
    str | None, typer.Option("--minima", help='Separation: "5 [NM] / 1000 \\[ft]". There is no default.', metavar="H / V")
]
Grid = Annotated[str | None, typer.Option("--grid", help="Look only at whole multiples of this time since 1970.", metavar="TIME")]
Scheduler = Annotated[
    str | None, typer.Option("--scheduler", help="Address of a dask.distributed scheduler (tafadi\\[cluster]).", metavar="ADDRESS")
]
Checkpoint = Annotated[
    Path | None, typer.Option("--checkpoint", help="A directory; a scan that was stopped goes on there.", metavar="DIRECTORY")
]
Form = Annotated[
    str | None,
    typer.Option("--format", help="csv, parquet, jsonl or geojson; by the ending of --output when not said.", metavar="NAME"),
]
WellClear = Annotated[
    list[str] | None,
    typer.Option("--well-clear", help="A volume of DO-365: phase-1, phase-2 or non-cooperative; may be given again.", metavar="NAME"),
]
Source = Annotated[str | None, typer.Option("--from", help="Read every file as this format, like csv, parquet or nop.", metavar="NAME")]


@door
def scan(
    recordings: Annotated[
        list[str],
        typer.Argument(help="Parquet, CSV, or any format of docs/formats-tracks.md; - is standard input.", metavar="RECORDINGS..."),
    ],
    minima: MinimaText = None,
    agreement: AgreementOption = None,
    well_clear: WellClear = None,
    columns: ColumnsOption = None,
    source: Source = None,
    begins: BeginsOption = None,
    site: SiteOption = None,
    gap: Annotated[str, typer.Option("--gap", help="A longer time without a plot breaks a track.", metavar="TIME")] = "60 [s]",
    floor: Annotated[str | None, typer.Option("--floor", help="Only while both are at or above this height.", metavar="HEIGHT")] = None,
    grid: Grid = None,
    workers: Annotated[int, typer.Option("--workers", help="So many processes; 0 is threads of this one.", metavar="N")] = 0,
    scheduler: Scheduler = None,
    checkpoint: Checkpoint = None,
    format: Form = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the losses to this file.", metavar="FILE")] = None,
    gaps: Annotated[Path | None, typer.Option("--gaps", help="Write the gaps of all tracks to this CSV file.", metavar="FILE")] = None,
    progress: Annotated[bool, typer.Option("--progress", help="Tell progress even where nobody watches.")] = False,
    report: ReportFile = None,
) -> None:
    """Find losses of separation and of well clear in recorded traffic.

    Exit codes: 0 nothing found, 1 a loss, an unknown, a gap or rows that contradict or are damaged, 2 the scan could not be made.
    """
    written = _written(format, output)
    for path in (output, gaps, report):
        _check_output(path, recordings)
    asked = minima_of(minima, agreement)
    _check_asked(asked, well_clear)
    limits, mapping = _limits(gap, floor, grid), None if columns is None else mapping_of(columns)
    from tafadi.cli.watch_stated import stated

    given = stated(begins, site or [])
    from tafadi.batch.scanning import scan as run  # heavy: only once the question is known to be one
    from tafadi.formats.reading import Told

    read_as = _ReadAs(source, columns, given)
    with files_of(recordings, checkpoint) as files, telling_when_compiling():
        scanned = run(
            files,
            asked,
            well_clear=tuple(well_clear or ()),
            columns=mapping,
            source=source,
            gap_max_s=limits.gap_max_s,
            floor_m=limits.floor_m,
            grid_s=limits.grid_s,
            workers=workers,
            scheduler=scheduler,
            checkpoint=checkpoint,
            progress=_teller() if progress or sys.stderr.isatty() else None,
            told=Told(given.day, given.begins, given.sites, given.receiver),
        )
        _write(scanned, written, output, gaps)
        options = {"Well clear": ", ".join(well_clear or ()) or None, "Gap": gap, "Floor": floor, "Grid": grid}
        _report(report, recordings, files, scanned, asked, options, read_as)
    raise typer.Exit(NOTHING if scanned.summary.is_clear else FOUND)


def _check_asked(asked: "Minima | None", well_clear: list[str] | None) -> None:
    """Raises InputError when nothing was asked for."""
    if asked is None and not well_clear:
        raise InputError('say the minima, like --minima "5 [NM] / 1000 [ft]", an --agreement, or --well-clear; there is no default')


def _report(
    report: Path | None,
    recordings: list[str],
    files: list[str],
    scanned: "Scanned",
    asked: "Minima | None",
    options: "Mapping[str, str | None]",
    read_as: "_ReadAs",
) -> None:
    """Writes the report, for people, where one is wanted."""
    if report is None:
        return
    from tafadi.cli.reporting import write_scan_report

    said = [(word, text) for word, text in options.items() if text is not None]
    source, columns, given = read_as
    write_scan_report(report, recordings, scanned, asked, said, files=files, source=source, columns=columns, given=given)


class _ReadAs(NamedTuple):
    """How recordings are read, once more for the pictures of a report."""

    source: str | None
    columns: str | None
    given: "Stated"


class _Limits(NamedTuple):
    """What the options say in SI."""

    gap_max_s: float
    floor_m: float | None
    grid_s: float | None


def _limits(gap: str, floor: str | None, grid: str | None) -> _Limits:
    """The options with their units. Raises UnitError."""
    from tafadi.measure.units import parse_quantity

    floor_m = None if floor is None else parse_quantity(floor, "length")
    return _Limits(parse_quantity(gap, "time"), floor_m, None if grid is None else parse_quantity(grid, "time"))


def _write(scanned: "Scanned", written: str, output: Path | None, gaps: Path | None) -> None:
    """The losses, the gaps where a file is named for them, and on standard error the summary."""
    from tafadi.batch.writing import Written, to_csv, write_losses

    _put(write_losses(scanned.losses, Written(written)), output)
    if gaps is not None:
        _put(to_csv(scanned.gaps), gaps)
    for line in summary_lines(scanned.summary):
        typer.echo(visible(line), err=True)


def _written(format: str | None, output: Path | None) -> str:
    """One of FORMATS. Raises InputError."""
    name = format or ("csv" if output is None else output.suffix.removeprefix(".").lower())
    if name not in FORMATS:
        what = f"--format {format[:40]!r}" if format is not None else f"the ending of {str(output)[-80:]!r}"
        raise InputError(f"{what} is none of {', '.join(FORMATS)}; say one with --format")
    if name == "parquet" and output is None and sys.stdout.isatty():
        raise InputError("Parquet is not for a terminal; say --output")
    return name


def _check_output(output: Path | None, files: list[str]) -> None:
    from tafadi.cli.check_cmd import check_output

    if output is not None:
        check_output(output, files)


def _put(data: bytes, output: Path | None) -> None:
    from tafadi.cli.check_cmd import write_whole

    if output is not None:
        write_whole(output, data)
        return
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _teller() -> "Callable[[Progress], None]":
    """Tells progress on standard error: over the same line on a terminal, else line by line."""
    begun_s = [-EVERY_S]
    is_screen = sys.stderr.isatty()

    def tell(done: "Progress") -> None:
        if done.seconds - begun_s[0] < EVERY_S and done.rows_done < done.rows_all:
            return
        begun_s[0] = done.seconds
        sys.stderr.write(f"\r\x1b[K{progress_line(done)}" if is_screen else f"{progress_line(done)}\n")
        if is_screen and done.rows_done >= done.rows_all:
            sys.stderr.write("\n")
        sys.stderr.flush()

    return tell


def progress_line(done: "Progress") -> str:
    """How far a scan is, how fast, and how long it will still take.

    >>> from tafadi.batch.scanning import Progress
    >>> progress_line(Progress(5_000_000, 20_000_000, 2.0))
    '25 % of 20,000,000 rows, 2.5 million rows/s, 6 s left'
    """
    rate = done.rows_done / done.seconds if done.seconds > 0.0 else 0.0
    share = 100 * done.rows_done // max(1, done.rows_all)
    left = f"{(done.rows_all - done.rows_done) / rate:.0f} s left" if rate > 0.0 else "time left not known"
    return f"{share} % of {done.rows_all:,} rows, {rate / 1e6:.1f} million rows/s, {left}"


def summary_lines(summary: "Summary") -> list[str]:
    """The summary for people: what was found, what is not known, what was left out."""
    lines = [
        f"{_count(summary.rows, 'row')}, {_count(summary.tracks, 'track')}: {_count(summary.losses, 'loss', 'losses')}, "
        f"{summary.unknown:,} unknown; gaps: {summary.gaps:,}, together {summary.gap_s:,.0f} s, in which nothing is known."
    ]
    if summary.repeated or summary.contradicting:
        repeated = f"{_count(summary.repeated, 'row is', 'rows are')} repeated"
        contradicting = f"{summary.contradicting:,} {'contradicts' if summary.contradicting == 1 else 'contradict'}"
        lines.append(f"{repeated}; {contradicting} another of the same track and time.")
    if summary.damaged:
        held = "what it held is" if summary.damaged == 1 else "what they held is"
        lines.append(f"{_count(summary.damaged, 'row or line was', 'rows or lines were')} damaged; {held} unknown.")
    reasons = sorted(summary.left_out.items(), key=lambda item: (-item[1], item[0]))
    lines += [f"left out: {_count(count, 'row')}: {reason}" for reason, count in reasons[:REASONS_MOST]]
    return lines


def _count(number: int, one: str, several: str = "") -> str:
    """How many of what, in the singular or the plural."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
