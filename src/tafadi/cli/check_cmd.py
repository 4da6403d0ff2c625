"""`tafadi check`: all notices of all files, against each other.

The verdicts are values, so the exit code is the answer: 0 when every pair is clear, 1 when any is in conflict or unknown, 2 when the
question could not be asked. One file that cannot be read stops the whole check: the rest alone would be an answer to another question.
Files of published zones hold hundreds, of which some contradict themselves. `--partial` checks the others, lists those, and exits with 1 at
the least: what nobody could read is not clear.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tafadi.cli.compiling import telling_when_compiling
from tafadi.cli.exits import FOUND, NOTHING, door
from tafadi.cli.heights_stated import AirOption, GeoidOption, Heights, TerrainOption
from tafadi.errors import InputError, LimitError
from tafadi.model.names import printable

if TYPE_CHECKING:
    from tafadi.formats.zones import LeftOut
    from tafadi.measure.instant import Span
    from tafadi.model.judgement import Judgement
    from tafadi.model.operation import Announced, Minima
    from tafadi.reports import Omission

MOST_FILES: Final = 10_000  # more are a recording, and recordings are read by `tafadi watch` and its kin
MOST_NOTICES: Final = 1_000_000  # the engine's own reach for one detection in memory


ReportFile = Annotated[
    Path | None,
    typer.Option("--report", help="Also write a report for people, one HTML file with map and profiles, to this file.", metavar="FILE"),
]


class Output(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    GEOJSON = "geojson"
    JSON = "json"
    CSV = "csv"


@door
def check(
    files: Annotated[
        list[str],
        typer.Argument(help="Files of notices, of any format in docs/formats.md. One dash is standard input.", metavar="FILES..."),
    ],
    minima: Annotated[
        str | None, typer.Option("--minima", help='Room asked for around trajectories: "5 [NM] / 1000 \\[ft]".', metavar="H / V")
    ] = None,
    format: Annotated[Output | None, typer.Option("--format", help="How the answer is written; a table when not said.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    source: Annotated[
        str | None, typer.Option("--from", help="Read every file as this format, like geojson or ed318.", metavar="NAME")
    ] = None,
    window: Annotated[
        str | None, typer.Option("--window", help="For which time zones are read that stand without an end.", metavar="START/END")
    ] = None,
    partial: Annotated[bool, typer.Option("--partial", help="List zones that cannot be read, and check the others; never clear.")] = False,
    geoid: GeoidOption = None,
    air: AirOption = None,
    terrain: TerrainOption = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the answer to this file.", metavar="FILE")] = None,
    report: ReportFile = None,
) -> None:
    """Find every conflict between announced operations and areas, whoever announced them.

    Exit codes: 0 every pair is clear, 1 a conflict or an unknown was found, 2 the check could not be made.
    """
    from tafadi.formats.quantity import parse_minima
    from tafadi.model.judgement import Verdict

    written = _output(format, as_json)
    asked = None if minima is None else parse_minima(minima)
    heights = Heights(geoid, air, terrain)
    for target in (output, report):
        if target is not None:
            check_output(target, files)
    if output is not None and report is not None and output.resolve() == report.resolve():
        raise InputError(f"{printable(str(report))}: the answer and the report cannot be one file")
    reading = Reading(source, None if window is None else window_of(window), partial)
    announced = gather((file, reading.notices(file)) for file in _each_once(files))
    from tafadi.engine.detect import detect  # heavy: only once the files are known to be good

    with telling_when_compiling():
        judgements, told_of_heights = heights.judged(detect(announced, asked), announced, asked)
    for line in told_of_heights:
        typer.echo(line, err=True)
    if report is not None:
        write_whole(report, _report(judgements, announced, files, asked, reading))
    answer = _answer(written, judgements, announced, on_screen=output is None and sys.stdout.isatty())
    if output is None:
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()
    else:
        write_whole(output, answer)
    found = reading.refused > 0 or any(one.verdict is not Verdict.CLEAR for one in judgements)
    raise typer.Exit(FOUND if found else NOTHING)


def _output(format: Output | None, as_json: bool) -> Output:
    if as_json and format not in (None, Output.JSON):
        raise InputError(f"--json and --format {format} contradict each other")
    return Output.JSON if as_json else format or Output.TABLE


def _each_once(files: list[str]) -> list[str]:
    if len(files) > MOST_FILES:
        raise LimitError(f"{len(files):,} files are more than {MOST_FILES:,} for one check")
    twice = [name for name, count in Counter(files).items() if count > 1]
    if twice:
        raise InputError(f"{twice[0]!r} is named twice; a file is not compared with itself")
    return files


class Reading:
    """How the files are read: as which format, for which window, and whether what cannot be read is listed instead of raised."""

    def __init__(self, source: str | None, window: "Span | None", is_partial: bool) -> None:
        self.source = source
        self.window = window
        self.is_partial = is_partial
        self.refused = 0
        self.left_out: list[tuple[str, LeftOut]] = []

    def notices(self, file: str) -> "list[Announced]":
        """The notices of one file; says on standard error what was left out. Raises InputError when a zone is refused and may not be."""
        from tafadi.formats.zones import LeftOut

        left_out = LeftOut()
        found = read_notices(file, self.source, self.window, left_out)
        if left_out.refused and not self.is_partial:
            first = left_out.refused[0]
            others = f" ({len(left_out.refused) - 1:,} more are refused)" if len(left_out.refused) > 1 else ""
            hint = "--partial lists what cannot be read, and checks the rest"
            raise InputError(f"{file_name(file)}: zone {first.number} ({first.name}): {first.sentence}{others}; {hint}")
        for line in told(left_out):
            typer.echo(f"{file_name(file)}: {line}", err=True)
        self.refused += len(left_out.refused)
        self.left_out.append((file_name(file), left_out))
        return found


def told(left_out: "LeftOut") -> "Iterable[str]":
    """What was left out of one file, the reasons with their counts first."""
    for reason, count, first in left_out.skips.rows():
        yield f"{count:,} left out, the first is number {first}: {reason}"
    for one in left_out.refused:
        yield f"number {one.number} ({one.name}) cannot be read: {one.sentence}"


def window_of(text: str) -> "Span":
    """The window that is written `start/end`. Raises InputError, TimeError."""
    from tafadi.measure.instant import Instant, Span

    start, slash, end = text.partition("/")
    if not slash:
        raise InputError(f"--window {printable(text)[:60]!r} is not two times, like 2026-12-01T00:00:00Z/2026-12-02T00:00:00Z")
    return Span(Instant.parse(start), Instant.parse(end))


def file_name(file: str) -> str:
    """What the file is called in a sentence."""
    return "standard input" if file == "-" else printable(file)


def read_notices(file: str, source: str | None, window: "Span | None" = None, left_out: "LeftOut | None" = None) -> "list[Announced]":
    """The notices of one file (`-` is standard input), for the window where they stand without an end.

    Raises InputError, in a sentence that begins with the file's name; for zones that are refused too, when there is no `left_out`.
    """
    from tafadi.formats.registry import HEAD_BYTES, named, read, sniff

    try:
        data, name = _bytes(file)
        one = sniff(data[:HEAD_BYTES], name, data[-HEAD_BYTES:]) if source is None else named(source)
        return list(read(one, data, window, left_out))
    except InputError as error:
        raise InputError(f"{file_name(file)}: {error}") from None
    except LimitError as error:  # what unfolds without end
        raise LimitError(f"{file_name(file)}: {error}") from None
    except OSError as error:
        raise InputError(f"{file_name(file)}: {error.strerror}") from None


def _bytes(file: str) -> tuple[bytes, str]:
    """What the file holds, unpacked if need be, and what that is called."""
    from tafadi.cli.unpacked import opened
    from tafadi.formats.strict_json import LARGEST_BYTES, check_size

    if file != "-" and Path(file).is_file():
        check_size(Path(file).stat().st_size, "")  # packed or not, so that no large file is read for nothing
    with opened(file) as bare:
        data = bare.read(LARGEST_BYTES + 1)
        name = str(getattr(bare, "name", file))
    check_size(len(data), "")
    return data, name


def gather(sources: "Iterable[tuple[str, list[Announced]]]") -> "list[Announced]":
    """All notices, each under an identity of its own.

    A notice that stands equally in several files is one notice. Where files say different things under one identity, nobody here can say
    which of them holds, so each stays, named `file:identity`, and they are checked against each other too. Raises LimitError.
    """
    from dataclasses import replace

    by_id: dict[str, list[tuple[str, Announced]]] = {}
    count = 0
    for file, notices in sources:
        count += len(notices)
        if count > MOST_NOTICES:
            raise LimitError(f"more than {MOST_NOTICES:,} notices for one check")
        for one in notices:
            told = by_id.setdefault(one.id, [])
            if all(one != other for _, other in told):
                told.append((file, one))
    named = [one if len(told) == 1 else replace(one, id=f"{printable(file)}:{one.id}") for told in by_id.values() for file, one in told]
    twice = [id for id, count in Counter(one.id for one in named).items() if count > 1]
    if twice:
        raise InputError(f"{twice[0]!r} is the identity of a notice, and the only name left for another; rename a file")
    return named


def _answer(written: Output, judgements: "list[Judgement]", announced: "list[Announced]", *, on_screen: bool) -> bytes:
    from tafadi.cli import check_table
    from tafadi.formats import judged

    parties = {one.id: one.party for one in announced}
    if written is Output.TABLE:
        return check_table.text(judgements, parties, on_screen=on_screen).encode("utf-8", "replace")
    return {Output.GEOJSON: judged.to_geojson, Output.JSON: judged.to_json, Output.CSV: judged.to_csv}[written](judgements, parties)


def _report(
    judgements: "list[Judgement]", announced: "list[Announced]", files: list[str], asked: "Minima | None", reading: Reading
) -> bytes:
    """The report of the check, as HTML."""
    from tafadi.measure.instant import Instant
    from tafadi.reports import Question, report_check

    options = (("Read as", reading.source),) if reading.source is not None else ()
    question = Question(tuple(map(file_name, files)), asked, reading.window, options, Instant(time.time_ns()))
    return report_check(judgements, announced, question, [one for file, left_out in reading.left_out for one in omissions(file, left_out)])


def omissions(file: str, left_out: "LeftOut") -> "Iterator[Omission]":
    """What was left out of one file, as a report tells it: each zone that was refused, and the rest by reason."""
    from tafadi.formats.zones import LeftOut
    from tafadi.reports import Omission

    refused = LeftOut()
    for one in left_out.refused:
        refused.refuse(*one)
        yield Omission(file, f"number {one.number} ({one.name}) cannot be read: {one.sentence}", 1, True)
    told = {reason for reason, _, _ in refused.skips.rows()}
    for reason, count, first in left_out.skips.rows():
        if reason not in told:
            yield Omission(file, f"{reason} (the first is number {first})", count)


def check_output(output: Path, files: list[str]) -> None:
    """Raises InputError where no file can be written, or where one would overwrite what was to be read."""
    if output.is_dir() or not output.parent.is_dir():
        raise InputError(f"{printable(str(output))}: a file cannot be written there")
    if output.exists() and any(file != "-" and Path(file).exists() and output.samefile(file) for file in files):
        raise InputError(f"{printable(str(output))}: the answer would overwrite a file that is read")


def write_whole(output: Path, answer: bytes) -> None:
    """Writes beside the file and then puts it in its place, so that a reader never sees half an answer."""
    if output.exists() and not output.is_file():  # a device or a pipe is written, never replaced
        output.write_bytes(answer)
        return
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        part.write_bytes(answer)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
