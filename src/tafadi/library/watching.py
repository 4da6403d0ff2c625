"""Watch: tracks against one another and against what was announced, from a recording or as they come."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from tafadi.errors import InputError
from tafadi.library.judgements import FOUND, PAIR, asked, closeness, found_cells, number
from tafadi.library.lines import read_lines
from tafadi.library.notices import NoticeSource, read_notices
from tafadi.library.result import TIME, Result, Row, second, table
from tafadi.library.tracks import TrackSource, read_tracks, taken
from tafadi.measure.instant import Instant
from tafadi.model.alert import Alert
from tafadi.model.judgement import Verdict
from tafadi.model.operation import Minima

if TYPE_CHECKING:
    from tafadi.engine.standing import Suppressed
    from tafadi.engine.terms import Rules
    from tafadi.library.lines import LineSource

LOOKAHEAD_S: Final = 30.0  # as of the command `tafadi watch`
SCHEMA: Final = (
    {"kind": "string", "state": "string", "level": "int64", "by": "string"}
    | PAIR
    | {"raised_at": TIME, "told_at": TIME, "over_at": TIME, "warning_s": "double"}
    | FOUND
    | {"missed_at": TIME, "missed_horizontal_m": "double", "missed_vertical_m": "double"}
)


class Alerts(Result[Alert]):
    """Alerts in the order in which they were told.

    Columns: `kind`, `state`, `level` and `by` (where the kind has levels: how grave, by which rules), `first`, `second` (tracks or
    identities of notices, sorted), their parties, `raised_at`, `told_at` (when it was raised, or became graver), `over_at`,
    `warning_s` (from the alert to the predicted loss), the prediction (columns as of `Judgements`), and what was recorded as the closest
    approach once it was over (`missed_at`, `missed_horizontal_m`, `missed_vertical_m`). `silenced` lists the pairs that a rule against
    false alarms explained, each with its rule; `ignored` counts plots that were left out, by reason.

    >>> from tafadi import Alerts
    >>> Alerts([]).summary
    '0 alerts: 0 conflicts, 0 unknown'
    """

    def __init__(self, alerts: Iterable[Alert], silenced: "Sequence[Suppressed]" = (), ignored: Mapping[str, int] | None = None) -> None:
        super().__init__(alerts)
        self.silenced = tuple(silenced)
        self.ignored = dict(ignored or {})

    @property
    def conflicts(self) -> tuple[Alert, ...]:
        """Those of a predicted loss of separation."""
        return tuple(one for one in self if one.verdict is Verdict.CONFLICT)

    @property
    def unknown(self) -> tuple[Alert, ...]:
        """Those of which nobody can say; they are not clear."""
        return tuple(one for one in self if one.verdict is Verdict.UNKNOWN)

    @property
    def summary(self) -> str:
        """How many alerts there are, of which verdict."""
        silenced = f"; {len(self.silenced):,} pair{'' if len(self.silenced) == 1 else 's'} silenced by rules" if self.silenced else ""
        counts = f"{len(self.conflicts):,} conflict{'' if len(self.conflicts) == 1 else 's'}, {len(self.unknown):,} unknown"
        plots = sum(self.ignored.values())
        ignored = f"; {plots:,} plot{'' if plots == 1 else 's'} left out" if plots else ""
        return f"{len(self):,} alert{'' if len(self) == 1 else 's'}: {counts}{silenced}{ignored}"

    def to_arrow(self) -> Any:
        """One row for each alert, with the columns above."""
        return table(map(_row, self), SCHEMA)

    def _line(self, noun: Alert) -> str:
        cause = "" if noun.predicted.cause is None else f" ({noun.predicted.cause})"
        return f"{second(noun.raised_at)}  {noun.first} × {noun.second}: {noun.verdict}{cause}{closeness(noun.predicted)}; {noun.state}"


def _row(one: Alert) -> Row:
    missed = one.missed
    cells: Row = {"kind": one.kind.value, "state": one.state.value, "first": one.first, "second": one.second}
    cells |= {"first_party": one.party_first, "second_party": one.party_second}
    cells |= {"level": one.level, "by": one.by or None}
    cells |= {"raised_at": one.raised_at, "told_at": one.said_at, "over_at": one.over_at, "warning_s": one.warning_s}
    cells |= found_cells(one.predicted) | {"verdict": one.verdict.value}
    cells |= {"missed_at": None if missed is None else missed.at}
    cells["missed_horizontal_m"] = None if missed is None else missed.horizontal_m
    cells["missed_vertical_m"] = None if missed is None else missed.vertical_m
    return cells


class Watch:
    """A watch over live tracks: rows go in as they come, alerts come out.

    `minima` (a noun, or text like "3 [NM] / 1000 [ft]") are those between tracks; `well_clear` names rules of DO-365 ("phase-1", "phase-2",
    "non-cooperative"). One of them is required: there is no default. Straight motion is followed `lookahead_s` seconds ahead (at most
    600). `announced` is whatever `read_notices` takes; `assigned` says which notice a track flies; `declared` are pairs of names that fly
    together by agreement; `without` names rules against false alarms not to be used; `live` says that two strangers are never taken for
    one aircraft seen twice; `lines` are dividing lines: files in their GeoJSON (docs/maths/watch.md), or nouns. Raises InputError and
    UnitError for what cannot be asked, FormatError for notices and lines that cannot be read. Theory: docs/maths/watch.md.

    >>> from tafadi import Watch
    >>> watch = Watch(minima="3 [NM] / 1000 [ft]", lookahead_s=60.0)
    >>> def row(at, lat_deg, course_deg, track):
    ...     return {"track": [track], "at": [at], "lat_deg": [lat_deg], "lon_deg": [10.0], "course_deg": [course_deg],
    ...         "ground_speed_mps": [120.0], "height_pressure_m": [3000.0], "climb_mps": [0.0]}
    >>> len(watch.feed(row("2027-03-02T09:00:00Z", 40.0, 0.0, "a")))
    0
    >>> watch.feed(row("2027-03-02T09:00:01Z", 40.1, 180.0, "b")).conflicts[0].second
    'b'
    """

    def __init__(
        self,
        *,
        minima: Minima | str | None = None,
        lookahead_s: float = LOOKAHEAD_S,
        announced: "NoticeSource | None" = None,
        assigned: Mapping[str, str] | None = None,
        declared: Iterable[tuple[str, str]] = (),
        without: Iterable[str] = (),
        well_clear: Sequence[str] = (),
        live: bool = True,
        lines: "LineSource" = (),
    ) -> None:
        from tafadi.engine.watch import Watch as Engine  # heavy: only when a watch is kept

        notices = list(read_notices(announced)) if announced is not None else []
        rules = _rules(minima, lookahead_s, without, well_clear)
        self._left_out: Counter[str] = Counter()
        self._engine = Engine(rules, notices, _pairs(declared), assigned, strangers_may_be_one=not live, lines=read_lines(lines))

    def feed(self, rows: TrackSource, now: Instant | None = None) -> Alerts:
        """The alerts newly raised, changed or ended by these rows, taken in order of time: whatever `read_tracks` takes.

        `now` is the time here, where there is a clock: a plot more than 10 s ahead of it is refused and counted. Raises FormatError for a
        table that cannot be read, LimitError for more tracks than the watch holds.
        """
        read = taken(rows)
        for reason, count, _ in read.skips.rows():
            self._left_out[reason] += count
        return Alerts(self._engine.feed(read, now))

    def finish(self) -> Alerts:
        """Ends every alert that stands as LOST, because nothing more will come."""
        return Alerts(self._engine.finish())

    @property
    def raised(self) -> Alerts:
        """The alerts that stand now, the earliest first."""
        return Alerts(self._engine.raised)

    @property
    def silenced(self) -> "list[Suppressed]":
        """Every pair that a rule silenced, with the rule."""
        return self._engine.suppressed

    @property
    def ignored(self) -> dict[str, int]:
        """How many plots were left out, by reason."""
        return dict(self._left_out + Counter(self._engine.ignored))


def watch(
    tracks: TrackSource,
    *,
    minima: Minima | str | None = None,
    lookahead_s: float = LOOKAHEAD_S,
    announced: "NoticeSource | None" = None,
    assigned: Mapping[str, str] | None = None,
    declared: Iterable[tuple[str, str]] = (),
    without: Iterable[str] = (),
    well_clear: Sequence[str] = (),
    lines: "LineSource" = (),
) -> Alerts:
    """Every alert that a watch over recorded tracks would have raised, as it was when it was over, in order of when it was raised.

    `tracks` is whatever `read_tracks` takes; `minima`, `well_clear`, `lookahead_s`, `announced`, `assigned`, `declared`, `without` and
    `lines` are as for `Watch`. Each plot is judged with what was known at its time, never with what came later. Two strangers may here be
    one aircraft seen twice. Raises what `read_tracks`, `read_notices` and `Watch` raise. Theory: docs/maths/watch.md.

    >>> import numpy as np
    >>> from tafadi import watch
    >>> at = np.datetime64("2027-03-02T09:00:00") + np.arange(12) * np.timedelta64(5, "s")
    >>> north = {"track": ["a"] * 12, "at": at, "lat_deg": 40.0 + 0.0054 * np.arange(12), "lon_deg": np.full(12, 10.0)}
    >>> south = north | {"track": ["b"] * 12, "lat_deg": 40.12 - 0.0054 * np.arange(12)}
    >>> both = {name: np.concatenate([north[name], south[name]]) for name in north} | {"height_pressure_m": np.full(24, 3000.0)}
    >>> found = watch(both, minima="1 [NM] / 500 [ft]", lookahead_s=60.0)
    >>> [(one.first, one.second, one.state.value) for one in found.conflicts], round(found[0].missed.horizontal_m)
    ([('a', 'b', 'lost')], 133)
    """
    read = read_tracks(tracks)
    keeper = Watch(
        minima=minima,
        lookahead_s=lookahead_s,
        announced=announced,
        assigned=assigned,
        declared=declared,
        without=without,
        well_clear=well_clear,
        live=False,
        lines=lines,
    )
    told = [*keeper.feed(read), *keeper.finish()]
    return Alerts(_last(told), keeper.silenced, keeper.ignored)


def _last(told: Iterable[Alert]) -> list[Alert]:
    """Each alert as it was told last, in order of when it was raised."""
    last: dict[tuple[str, str, str, str, Instant], Alert] = {}
    for one in told:
        last[one.kind, one.by, one.first, one.second, one.raised_at] = one
    return sorted(last.values(), key=lambda one: (one.raised_at, one.first, one.second))


def _rules(minima: Minima | str | None, lookahead_s: float, without: Iterable[str], well_clear: Sequence[str]) -> "Rules":
    from tafadi.engine.terms import Rules

    if minima is None and not well_clear:
        raise InputError('say the minima between tracks, like minima="3 [NM] / 1000 [ft]", or rules of well_clear; there is no default')
    return Rules(asked(minima), number("lookahead_s", lookahead_s), well_clear=tuple(well_clear)).without(without)


def _pairs(declared: Iterable[tuple[str, str]]) -> frozenset[frozenset[str]]:
    pairs = [frozenset(pair) for pair in declared]
    if any(len(pair) != 2 for pair in pairs):
        raise InputError("declared are pairs of two names that fly together by agreement")
    return frozenset(pairs)
