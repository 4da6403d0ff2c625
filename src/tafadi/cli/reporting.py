"""What `tafadi watch` and `tafadi scan` keep for `--report`, and how it becomes the file."""

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from tafadi.cli.check_cmd import check_output, file_name, write_whole

if TYPE_CHECKING:
    from tafadi.batch.scanning import Scanned
    from tafadi.cli.watch_lines import Writer
    from tafadi.cli.watch_stated import Stated
    from tafadi.engine.conformance import Adopted
    from tafadi.engine.jumps import Suspect
    from tafadi.engine.watch import Rules, Watch
    from tafadi.formats.skips import Skips
    from tafadi.model.alert import Alert
    from tafadi.model.operation import Announced, Minima
    from tafadi.model.track import Plot
    from tafadi.reports import Omission

MOST_READ_AGAIN: Final = 1_000_000  # rows of recordings that are read a second time for the pictures: some ten seconds


class Record(Protocol):
    """What a watch keeps for its report."""

    def passing(self, plots: "Iterable[Plot]") -> "Iterable[Plot]":
        """The hits themselves, each kept as it passes."""
        ...

    def noting(self, writer: "Writer") -> "Writer":
        """The writer, through which every alert is kept too."""
        ...

    def write(self, rules: "Rules", keeper: "Watch", skips: "Skips", announced: "Sequence[Announced]") -> None:
        """Writes the report."""
        ...


class NoRecord:
    """No report is wanted: nothing is kept, and nothing is written."""

    def passing(self, plots: "Iterable[Plot]") -> "Iterable[Plot]":
        """The hits themselves."""
        return plots

    def noting(self, writer: "Writer") -> "Writer":
        """The writer itself."""
        return writer

    def write(self, rules: "Rules", keeper: "Watch", skips: "Skips", announced: "Sequence[Announced]") -> None:
        """Writes nothing."""


class ReportRecord:
    """What a watch tells and sees, kept for its report. Raises InputError when the report cannot be written there."""

    def __init__(self, report: Path, files: Sequence[str]) -> None:
        from tafadi.reports import Kept

        check_output(report, list(files))
        self._report = report
        self._files = files
        self._kept = Kept()
        self.alerts: list[Alert] = []

    def passing(self, plots: "Iterable[Plot]") -> "Iterator[Plot]":
        """The hits themselves, each kept as it passes."""
        return self._kept.passing(plots)

    def noting(self, writer: "Writer") -> "Writer":
        """The writer, through which every alert is kept too."""
        return _Noting(writer, self.alerts)

    def write(self, rules: "Rules", keeper: "Watch", skips: "Skips", announced: "Sequence[Announced]") -> None:
        """Writes the report."""
        from tafadi.measure.instant import Instant
        from tafadi.reports import Question, report_watch

        options: tuple[tuple[str, str], ...] = (
            ("Lookahead", f"{rules.lookahead_s:g} s"),
            ("Rules in use", ", ".join(sorted(rules.on)) or "none"),
        )
        options += (("Rules of well clear", ", ".join(rules.well_clear)),) if rules.well_clear else ()
        question = Question(tuple(map(file_name, self._files)), rules.minima, options=options, made_at=Instant(time.time_ns()))
        left_out = [*self._left_out(keeper, skips)]
        page = report_watch(
            self.alerts,
            self._kept.tracks,
            question,
            left_out,
            announced=announced,
            silenced=keeper.suppressed,
            suspects=keeper.suspects,
            conforming=keeper.conformance(),
        )
        write_whole(self._report, page)

    def _left_out(self, keeper: "Watch", skips: "Skips") -> "Iterator[Omission]":
        from tafadi.reports import Omission

        source = file_name(self._files[0])
        for reason, times, line in skips.rows():
            yield Omission(source, f"{reason} (the first in line {line})", times)
        for reason, times in keeper.ignored.items():
            yield Omission(source, reason, times)
        if skips.damaged:
            yield Omission(source, "damaged, and counted above: what stood there is unknown", skips.damaged, True)
        if self._kept.dropped:
            yield Omission(source, "judged, but too many to be kept for the pictures", self._kept.dropped)


class _Noting:
    """A writer that keeps the alerts which another writes."""

    def __init__(self, writer: "Writer", alerts: "list[Alert]") -> None:
        self._writer = writer
        self._alerts = alerts

    def alert(self, alert: "Alert") -> list[str]:
        self._alerts.append(alert)
        return self._writer.alert(alert)

    def suspect(self, one: "Suspect") -> list[str]:
        return self._writer.suspect(one)

    def adopted(self, one: "Adopted") -> list[str]:
        return self._writer.adopted(one)

    def end(self, watch: "Watch", skips: "Skips") -> list[str]:
        return self._writer.end(watch, skips)


def write_scan_report(
    report: Path,
    recordings: Sequence[str],
    scanned: "Scanned",
    minima: "Minima | None",
    options: Sequence[tuple[str, str]],
    *,
    files: Sequence[str] | None = None,
    source: str | None = None,
    columns: str | None = None,
    given: "Stated | None" = None,
) -> None:
    """Writes the report of a scan. Recordings of at most MOST_READ_AGAIN rows are read again for the tracks that pictures are drawn of.

    `files` are where the recordings can be read again, where that is not where their names say.
    """
    from tafadi.measure.instant import Instant
    from tafadi.reports import Question, report_scan, wanted_tracks

    question = Question(tuple(map(file_name, recordings)), minima, options=tuple(options), made_at=Instant(time.time_ns()))
    again = recordings if files is None else files
    tracks = _tracks(again, wanted_tracks(scanned.losses), source, columns, given) if scanned.summary.rows <= MOST_READ_AGAIN else {}
    write_whole(report, report_scan(scanned.losses, scanned.gaps, scanned.summary, question, tracks))


def _tracks(
    recordings: Sequence[str], wanted: set[str], source: str | None, columns: str | None, given: "Stated | None"
) -> "dict[str, list[Plot]]":
    """The hits of the wanted tracks."""
    from tafadi.cli.convert_cmd import plots_of
    from tafadi.cli.watch_stated import NOTHING

    given = NOTHING if given is None else given
    skipped: list[tuple[str, Skips]] = []
    tracks: dict[str, list[Plot]] = {}
    for recording in recordings if wanted else ():
        for plot in plots_of(recording, source, columns, given, skipped):
            if plot.track in wanted:
                tracks.setdefault(plot.track, []).append(plot)
    return tracks
