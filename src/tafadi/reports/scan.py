"""The report of a scan: losses of separation and of well clear in recorded traffic, the gravest first."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Cause, ClosestApproach, Judgement, Verdict
from tafadi.model.operation import NO_MINIMA, Minima
from tafadi.model.track import Plot
from tafadi.reports import axis
from tafadi.reports.course import Subject, subject
from tafadi.reports.findings import (
    MOST_PICTURED,
    MOST_ROWS,
    Finding,
    Omission,
    Question,
    Tile,
    finding,
)  # fmt: skip
from tafadi.reports.graveness import MOST_DOTS, graveness_figure
from tafadi.reports.page import facts, image, name, section, table, text
from tafadi.reports.sentences import sentence
from tafadi.reports.whole import Told, whole

if TYPE_CHECKING:
    import pyarrow as pa

TITLE: Final = "Losses in recorded traffic"
MOST_GAPS: Final = 100  # rows; the longest
COLUMNS: Final = (
    "kind",
    "first",
    "second",
    "verdict",
    "cause",
    "start",
    "end",
    "closest_at",
    "horizontal_m",
    "vertical_m",
    "lat_deg",
    "lon_deg",
)
METHOD: Final = (
    "Between two plots a track flies straight on at constant speed, in height too; over a gap, or a jump, nothing is assumed. "
    "Losses are continuous in time, unless a grid was asked for.",
    "What happened in a gap is not known, and not clear.",
)


class Counted(Protocol):
    """What a scan counted, as `tafadi.batch` has it."""

    @property
    def rows(self) -> int:
        """Rows of the recordings."""
        ...

    @property
    def tracks(self) -> int:
        """Tracks with any row that can be used."""
        ...

    @property
    def left_out(self) -> dict[str, int]:
        """Rows that could not be used, by reason."""
        ...

    @property
    def repeated(self) -> int:
        """Rows that say again what another says."""
        ...

    @property
    def contradicting(self) -> int:
        """Rows of one track at one instant that say something else."""
        ...

    @property
    def losses(self) -> int:
        """Records of CONFLICT."""
        ...

    @property
    def unknown(self) -> int:
        """Records of UNKNOWN."""
        ...

    @property
    def gaps(self) -> int:
        """Stretches over which a track was not followed."""
        ...

    @property
    def gap_s(self) -> float:
        """Their lengths together."""
        ...

    @property
    def start_ns(self) -> int | None:
        """When the first usable row is."""
        ...

    @property
    def end_ns(self) -> int | None:
        """When the last one is."""
        ...


def report_scan(
    losses: "pa.Table",
    gaps: "pa.Table",
    counted: Counted,
    question: Question,
    tracks: Mapping[str, Sequence[Plot]] | None = None,
    title: str = TITLE,
) -> bytes:
    """The report of a scan as one HTML file.

    losses, gaps, counted : `Scanned.losses`, `Scanned.gaps`, `Scanned.summary` of `tafadi.batch`
    tracks                : the hits of those tracks that pictures are drawn of (`wanted_tracks` names them); without them there is the map
                            of places, and no profile
    Raises InputError when a column is missing.
    """
    subjects = {track: subject(plots) for track, plots in (tracks or {}).items() if plots}
    found = findings_of(losses, subjects)
    tiles = [
        Tile(
            counted.gaps,
            f"{'gap' if counted.gaps == 1 else 'gaps'} of tracks, {axis.lasting(counted.gap_s)} in which nothing is known",
            "unknown",
        ),
        Tile(counted.tracks, "track" if counted.tracks == 1 else "tracks", "tracks"),
    ]
    left_out = [*_left_out(counted, question)]
    told = Told(title, question, found, subjects, counted.losses, counted.unknown, tiles, left_out, METHOD)
    return whole(told, before=_looked_at_part(counted), after_map=_graveness_part(losses), after_pairs=_gaps_part(gaps))


def wanted_tracks(losses: "pa.Table") -> set[str]:
    """The names of the tracks that a report has pictures of."""
    found = findings_of(losses, {})[: 2 * MOST_PICTURED]
    return {name for one in found for name in (one.judgement.first, one.judgement.second)}


def findings_of(losses: "pa.Table", subjects: Mapping[str, Subject]) -> list[Finding]:
    """The gravest losses, then the unknowns in order of time; at most MOST_ROWS together."""
    import numpy as np
    import pyarrow.compute as pc

    missing = [column for column in COLUMNS if column not in losses.column_names]
    if missing:
        raise InputError(f"the losses have no column {missing[0]!r}; give the table that a scan gives")
    if not len(losses):
        return []
    is_loss = np.asarray(pc.equal(losses["verdict"], Verdict.CONFLICT.value))
    depth = _depths(losses)
    order = np.lexsort((np.arange(len(losses)), np.where(is_loss, depth, 0.0), ~is_loss))
    return [_finding(row, subjects) for row in _rows(losses.take(order[:MOST_ROWS]))]


def _depths(losses: "pa.Table") -> "Any":
    """float64[n]: the cylinder norm of each closest approach; a direction without minima, or that is not known, has no say."""
    import numpy as np
    import pyarrow.compute as pc

    def part(distance: str, minimum: str) -> "Any":
        values = np.asarray(pc.fill_null(losses[distance], math.nan), np.float64)
        least = np.asarray(pc.fill_null(losses[minimum], math.nan), np.float64)
        return values / np.where(least > 0.0, least, math.nan)

    return np.fmax(np.fmax(part("horizontal_m", "minimum_horizontal_m"), part("vertical_m", "minimum_vertical_m")), 0.0)


def _rows(table: "pa.Table") -> list[dict[str, Any]]:
    """The rows, each time as whole nanoseconds."""
    import pyarrow as pa

    fields = [pa.field(field.name, pa.int64()) if pa.types.is_timestamp(field.type) else field for field in table.schema]
    return [dict(row) for row in table.cast(pa.schema(fields)).to_pylist()]


def _finding(row: dict[str, Any], subjects: Mapping[str, Subject]) -> Finding:
    vertical_m = row["vertical_m"]
    closest = ClosestApproach(Instant(row["closest_at"]), row["horizontal_m"], vertical_m)
    minima = NO_MINIMA
    if row.get("minimum_horizontal_m") is not None and row.get("minimum_vertical_m") is not None:
        minima = Minima(row["minimum_horizontal_m"], row["minimum_vertical_m"])
    causes = {cause.value: cause for cause in Cause}
    judgement = Judgement(
        row["first"], row["second"], Verdict(row["verdict"]), minima, causes.get(row["cause"]),
        Span(Instant(row["start"]), Instant(row["end"])), Position(row["lat_deg"], row["lon_deg"]), closest,
    )  # fmt: skip
    what = "Separation" if row["kind"] == "separation" else f"Well clear ({row['kind']})"
    told = finding(judgement, subjects, f"{what}: {sentence(judgement, 'closest near')}")
    return told._replace(pictured=replace(judgement, place=None))


def _looked_at_part(counted: Counted) -> str:
    rows = [("Plots", f"{counted.rows:,}")]
    if counted.start_ns is not None and counted.end_ns is not None:
        start, end = Instant(counted.start_ns), Instant(counted.end_ns)
        rows.append(("From, to", f"{start} to {end} ({axis.lasting(end.since(start))})"))
    rows += [("Repeated", f"{counted.repeated:,}"), ("Contradicting", f"{counted.contradicting:,}")]
    return section("What was looked at", facts(rows))


def _left_out(counted: Counted, question: Question) -> Iterable[Omission]:
    source = question.sources[0] if len(question.sources) == 1 else "all files"
    return [Omission(source, reason, times) for reason, times in sorted(counted.left_out.items())]


def _gaps_part(gaps: "pa.Table") -> str:
    """The longest gaps."""
    if not len(gaps):
        return ""
    rows = sorted(_rows(gaps), key=lambda row: (row["start"] - row["end"], row["track"]))
    cells = (
        f'<tr><td>{name(row["track"])}</td><td class="time">{Instant(row["start"])}</td><td class="time">{Instant(row["end"])}</td>'
        f"<td>{text(row['reason'])}</td></tr>"
        for row in rows[:MOST_GAPS]
    )
    more = len(gaps) - MOST_GAPS
    words = f"<p>The longest; {more:,} more are not listed here.</p>" if more > 0 else ""
    return section("Gaps, in which nothing is known", table(("Track", "From", "To", "Why"), cells), words)


def _graveness_part(losses: "pa.Table") -> str:
    if not len(losses):
        return ""
    words = f"Horizontal and vertical distance at the closest approach of {min(len(losses), MOST_DOTS):,} findings."
    return section("How close", image(graveness_figure(losses), words, is_half=True))
