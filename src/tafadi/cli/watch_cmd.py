"""`tafadi watch`: live or recorded tracks, against one another and against what was announced.

The exit code is the answer: 0 when nothing was found, 1 when any alert was raised (an UNKNOWN is one) or a line was damaged, so that nobody
knows what it held, 2 when the watch could not be kept.
"""

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tafadi.cli.check_cmd import ReportFile
from tafadi.cli.compiling import telling_when_compiling
from tafadi.cli.exits import FOUND, NOTHING, door
from tafadi.cli.heights_stated import AirOption, GeoidOption, Heights, TerrainOption
from tafadi.cli.track_options import AgreementOption, BeginsOption, ColumnsOption, SiteOption, WindowOption, minima_of
from tafadi.cli.watch_asked import (
    AnnouncedOption,
    AssignedOption,
    DeclaredOption,
    FastestOption,
    LinesOption,
    MinimaOption,
    StrayingOption,
    WellClearOption,
    assigned_of,
    lines_of,
    notices_of,
    rules_of,
)
from tafadi.errors import FormatError, InputError
from tafadi.model.names import check_name, printable

if TYPE_CHECKING:
    from tafadi.cli.reporting import Record
    from tafadi.cli.watch_lines import Writer
    from tafadi.engine.watch import Watch
    from tafadi.formats.skips import Skips
    from tafadi.measure.instant import Instant
    from tafadi.model.alert import Alert
    from tafadi.model.track import Plot

FormatOption = Annotated[
    str | None,
    typer.Option(
        "--format",
        "--from",
        help="nop, sbs, iff, readsb, modes, asterix, cot, daa, scn, csv or parquet; looked for when not said.",
        metavar="NAME",
    ),
]


@door
def watch(
    recording: Annotated[
        str, typer.Argument(help="A recording, a dash (standard input), tcp://…, tcp-listen://… or udp://….", metavar="RECORDING")
    ],
    minima: MinimaOption = None,
    agreement: AgreementOption = None,
    lookahead: Annotated[str, typer.Option("--lookahead", help="How far ahead straight motion is followed.", metavar="TIME")] = "30 [s]",
    format: FormatOption = None,
    begins: BeginsOption = None,
    site: SiteOption = None,
    columns: ColumnsOption = None,
    announced: AnnouncedOption = None,
    declared: DeclaredOption = None,
    party: Annotated[
        str | None, typer.Option("--party", help="Whose the tracks are, where the recording does not say.", metavar="NAME")
    ] = None,
    no_rule: Annotated[list[str] | None, typer.Option("--no-rule", help="A rule not to use; may be given again.", metavar="NAME")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Take hits as they come, and go on as the file grows.")] = False,
    well_clear: WellClearOption = None,
    window: WindowOption = None,
    assigned: AssignedOption = None,
    lines: LinesOption = None,
    straying: StrayingOption = None,
    fastest: FastestOption = None,
    geoid: GeoidOption = None,
    air: AirOption = None,
    terrain: TerrainOption = None,
    report: ReportFile = None,
) -> None:
    """Watch tracks and raise alerts before separation is lost.

    Exit codes: 0 nothing found, 1 an alert was raised or a line was damaged, 2 the watch could not be kept.
    """
    from tafadi.cli.watch_input import hits, in_order, is_live, opened
    from tafadi.cli.watch_stated import stated

    _check_names(format, party)
    rules = rules_of(minima_of(minima, agreement), well_clear, lookahead, no_rule, straying, fastest)
    notices = notices_of(announced, window)
    dividing, flown = lines_of(lines), assigned_of(assigned, notices)
    pairs = _pairs(declared or [])
    given = stated(begins, site or [])
    heights = Heights(geoid, air, terrain)
    record = _record(report, [recording, *(announced or []), *(lines or []), *([] if agreement is None else [str(agreement)])])
    follow = follow or is_live(recording)  # what comes from a socket has no end to wait for
    with _named(recording), opened(recording, follow) as file:
        coming = hits(file, format, columns, follow, _now if follow else None, given)
        if coming.is_undated and (notices or dividing):
            raise InputError("it counts seconds and has no date, so nothing announced can be compared with it: say when it --begins")
        whose = _owned(coming.plots, party)
        plots: Iterable[Plot] = whose if follow else in_order(whose)
        from tafadi.engine.watch import Watch  # heavy: only once the recording is known to be one

        keeper = Watch(rules, notices, pairs, flown, levelling=heights.levelling()[0], lines=dividing)
        writer = record.noting(_writer(as_json))
        with telling_when_compiling():
            found = _keep(keeper, record.passing(plots), writer, coming.skips, heights)
    record.write(rules, keeper, coming.skips, notices)
    _print(writer.end(keeper, coming.skips))
    raise typer.Exit(FOUND if found or coming.skips.damaged else NOTHING)


def _record(report: Path | None, files: list[str]) -> "Record":
    from tafadi.cli.reporting import NoRecord, ReportRecord

    return NoRecord() if report is None else ReportRecord(report, files)


def _check_names(format: str | None, party: str | None) -> None:
    """Raises FormatError for a format that is none, InputError for a name that no party can have."""
    from tafadi.cli.watch_input import FORMATS

    if format is not None and format not in FORMATS:
        raise FormatError(f"--format {format[:40]!r} is none of {', '.join(FORMATS)}")
    if party is not None:
        check_name(party, "party")


def _now() -> "Instant":
    """The time of arrival, for live messages that bring none."""
    from tafadi.measure.instant import Instant

    return Instant(time.time_ns())


def _pairs(declared: list[str]) -> frozenset[frozenset[str]]:
    """The declared pairs. Raises InputError for what is none."""
    pairs = [frozenset(name.strip() for name in text.split(",") if name.strip()) for text in declared]
    for text, pair in zip(declared, pairs, strict=True):
        if len(pair) != 2:
            raise InputError(f'--declared {text[:80]!r} is not a pair; write two tracks, addresses or callsigns, like "MIG01,MIG03"')
    return frozenset(pairs)


class _named:
    """Puts the recording's name before what is said of it."""

    def __init__(self, recording: str) -> None:
        self._name = "standard input" if recording == "-" else recording

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, FormatError):
            raise InputError(f"{printable(self._name)}: {error}") from None


def _writer(as_json: bool) -> "Writer":
    from tafadi.cli.watch_lines import JsonLines, Text

    return JsonLines() if as_json else Text()


def _owned(plots: "Iterable[Plot]", party: str | None) -> "Iterator[Plot]":
    """The hits, of `party` where the recording says nothing of whose they are."""
    from dataclasses import replace

    for plot in plots:
        yield plot if party is None or plot.party is not None else replace(plot, party=party)


def _keep(keeper: "Watch", plots: "Iterable[Plot]", writer: "Writer", skips: "Skips", heights: Heights) -> bool:
    """Feeds the hits one by one and prints what comes of them; whether anything was found. Raises FormatError when there was no hit."""
    count, found, said = 0, False, _Said()
    for told in _told(keeper, plots):
        count += told is None
        found = said.new(keeper, writer) or found
        if told is not None:
            found = True
            _print(writer.alert(told))
            heights.note(told)
    found = said.new(keeper, writer) or found
    if count == 0:
        reasons = "; ".join(f"{reason} ({count:,})" for reason, count, _ in skips.rows()[:3])
        raise FormatError(f"it holds no hit that can be used, so nothing can be said: {reasons or 'there are none in it'}")
    return found


class _Said:
    """What was said of tracks by themselves: those that are suspect, and those that are held to a notice which nobody said they fly."""

    def __init__(self) -> None:
        self._suspects = self._adopted = 0

    def new(self, keeper: "Watch", writer: "Writer") -> bool:
        """Says what is new; whether any track is newly suspect, which is UNKNOWN and so found."""
        suspects, adopted = keeper.suspects[self._suspects :], keeper.adopted[self._adopted :]
        for lines in (*map(writer.suspect, suspects), *map(writer.adopted, adopted)):
            _print(lines)
        self._suspects, self._adopted = self._suspects + len(suspects), self._adopted + len(adopted)
        return bool(suspects)


def _told(keeper: "Watch", plots: "Iterable[Plot]") -> "Iterator[Alert | None]":
    """None for each hit, and the alerts that it brings; an interrupt ends the watch in order."""
    try:
        for plot in plots:
            yield None
            yield from keeper.feed((plot,))
    except KeyboardInterrupt:
        sys.stderr.write("tafadi: interrupted; what was watched until now:\n")
    yield from keeper.finish()


def _print(lines: Iterable[str]) -> None:
    from tafadi.cli.watch_lines import write

    text = write(lines)
    if text:
        sys.stdout.write(text)
        sys.stdout.flush()
