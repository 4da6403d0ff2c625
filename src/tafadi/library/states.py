"""Live states against one another: columns in, columns out, for a whole sky at once."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple, overload

import numpy as np

from tafadi.errors import FormatError, InputError
from tafadi.library.frames import GEOMETRY, NAME, Columns, Table
from tafadi.library.judgements import asked, count, number, pairs_of
from tafadi.library.result import Result
from tafadi.library.track_frames import with_places
from tafadi.measure.height import Datum
from tafadi.model.judgement import Cause, Verdict
from tafadi.model.names import check_text
from tafadi.model.operation import Minima
from tafadi.model.track import LONGEST_TRACK

if TYPE_CHECKING:
    from tafadi.engine.states import States

MOST_LETTERS: Final = 5_000_000 * LONGEST_TRACK  # of all names together
MOST_NAMED: Final = 5  # states without a place that the summary names; `nowhere` holds all of them
CAUSES: Final = (None, Cause.HEIGHT_MISSING, Cause.DATUMS_UNLIKE, Cause.NOT_FINITE, Cause.VELOCITY_MISSING)


class Meeting(NamedTuple):
    """A pair of live states that is inside the minima within the lookahead, or of which nobody can say; seconds count from the states."""

    first: str | int
    second: str | int
    verdict: Verdict
    cause: Cause | None
    start_s: float
    end_s: float
    nearest_s: float
    horizontal_m: float
    vertical_m: float
    least_horizontal_m: float


class Meetings(Result[Meeting]):
    """The pairs of live states that are CONFLICT or UNKNOWN, in order of their rows; every other pair is CLEAR.

    Columns: `first`, `second` (names of tracks, or numbers of rows), `verdict`, `cause`, `start_s` and `end_s` (inside the minima, seconds
    after the instant of the states), `nearest_s` (when deepest), `horizontal_m`, `vertical_m` then, and `least_horizontal_m` in between.
    `nowhere` lists the states whose place is not known: they are UNKNOWN against everyone, and are not in the table. `dropped` names
    columns that were not read. The cause is height-missing where a height is not known, velocity-missing where a climb or a velocity is.

    >>> from tafadi import detect_states
    >>> found = detect_states({"lat_deg": [40.0, 40.2], "lon_deg": [10.0, 10.0], "north_mps": [100.0, -100.0], "east_mps": [0.0, 0.0],
    ...     "height_pressure_m": [3000.0, None], "climb_mps": [0.0, 0.0]}, minima="5 [NM] / 1000 [ft]", lookahead_s=120.0)
    >>> found.summary, found[0].cause.value
    ('1 pair: 0 conflicts, 1 unknown, 0 clear', 'height-missing')
    """

    def __init__(self, columns: Mapping[str, Any], nowhere: Sequence[str | int], states: int, dropped: Sequence[str] = ()) -> None:
        import pyarrow as pa

        super().__init__(())
        self._table = pa.table(dict(columns))
        self.nowhere = tuple(nowhere)
        self.states = states
        self.dropped = tuple(dropped)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @overload
    def __getitem__(self, index: int) -> Meeting: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Meeting]: ...

    def __getitem__(self, index: int | slice) -> Meeting | Sequence[Meeting]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        cells = self._table.slice(range(len(self))[index], 1).to_pylist()[0]
        cause = None if cells["cause"] is None else Cause(cells["cause"])
        return Meeting(**(cells | {"verdict": Verdict(cells["verdict"]), "cause": cause}))

    def __iter__(self) -> Iterator[Meeting]:
        return (self[row] for row in range(len(self)))

    @property
    def summary(self) -> str:
        """How many pairs were looked at, what was found, which states have no place, and which columns were not read."""
        conflicts = self._table.column("verdict").to_pylist().count(Verdict.CONFLICT.value)
        whole = pairs_of(self.states)
        lost = whole - pairs_of(self.states - len(self.nowhere))
        unknown = len(self) - conflicts + lost
        pairs = f"{whole:,} pair{'' if whole == 1 else 's'}"
        counts = f"{conflicts:,} conflict{'' if conflicts == 1 else 's'}, {unknown:,} unknown, {whole - conflicts - unknown:,} clear"
        return f"{pairs}: {counts}{self._aside()}"

    def _aside(self) -> str:
        """What the pairs alone do not say."""
        more = " …" if len(self.nowhere) > MOST_NAMED else ""
        lost = (
            f"; unknown against everyone, without a place: {', '.join(map(str, self.nowhere[:MOST_NAMED]))}{more}" if self.nowhere else ""
        )
        return lost + (f"; columns not read: {', '.join(self.dropped)}" if self.dropped else "")

    def to_arrow(self) -> Any:
        """One row for each pair, with the columns above."""
        return self._table

    def to_geopandas(self) -> Any:
        """Nothing: a meeting is of two places. Raises InputError."""
        raise InputError("a meeting is of two moving places, and has none of its own; join it with the table of states")

    def _line(self, noun: Meeting) -> str:
        cause = "" if noun.cause is None else f" ({noun.cause})"
        return f"{noun.first} × {noun.second}: {noun.verdict}{cause} from {noun.start_s:.0f} s to {noun.end_s:.0f} s"


def detect_states(
    states: "Table | States",
    minima: Minima | str,
    lookahead_s: float,
    *,
    datum: Datum | None = None,
    workers: int | None = None,
) -> Meetings:
    """Every pair of live states that comes inside the minima within the lookahead, flown straight ahead, or of which nobody can say.

    `states` is a table with one row each, all of one instant: `lat_deg`, `lon_deg` (WGS 84); `height_pressure_m` (or of another datum; or
    `height_m` with `datum`), `climb_mps`; `east_mps` and `north_mps`, or `ground_speed_mps` and `course_deg` (true); `track` names them.
    NaN and null are not known, and what is not known is UNKNOWN and never clear; the result names every other column. Up to 5,000,000
    rows; `workers` threads look (all cores when it is not said) and change nothing of the result. Raises FormatError for a table without
    these columns, InputError for a lookahead outside 1 to 600 s or minima that are none, LimitError for more rows or pairs than that.
    Theory: docs/maths/tactical.md.

    >>> import numpy as np
    >>> from tafadi import detect_states
    >>> sky = {"track": ["a", "b", "c"], "lat_deg": np.array([40.0, 40.3, 41.5]), "lon_deg": np.full(3, 10.0),
    ...     "course_deg": np.array([0.0, 180.0, 0.0]), "ground_speed_mps": np.full(3, 150.0),
    ...     "height_pressure_m": np.full(3, 9000.0), "climb_mps": np.zeros(3)}
    >>> found = detect_states(sky, minima="5 [NM] / 1000 [ft]", lookahead_s=300.0)
    >>> found[0].first, found[0].second, round(found[0].start_s)
    ('a', 'b', 80)
    >>> found.summary
    '3 pairs: 1 conflict, 0 unknown, 2 clear'
    """
    from tafadi.engine.states import States
    from tafadi.engine.tactical import detect_states as judged

    names: list[str] | None = None
    dropped: list[str] = []
    if not isinstance(states, States):
        table = with_places(Columns(states))
        states, dropped = _states(table, datum), sorted(table.names - _read(table, datum))
        names = _names(table) if "track" in table.names else None
    bounds = asked(minima)
    if bounds is None:
        raise InputError("say the minima between tracks; there is no default")
    threads = None if workers is None else count("workers", workers)
    found = judged(states, bounds, number("lookahead_s", lookahead_s), workers=threads)
    nowhere = [names[row] if names else row for row in found.nowhere.tolist()]
    return Meetings(_columns(found.meetings, _causes(found.meetings, states), names), nowhere, len(states), dropped)


def _names(table: Columns) -> list[str]:
    """The name of each state, or the number of its row. Raises FormatError for a name that two have, or that would deceive who reads it."""
    names = [name or str(row) for row, name in enumerate(table.texts("track"))]
    check_text("".join(names), "a name of a track", MOST_LETTERS)
    if len(set(names)) < len(names):
        name, times = Counter(names).most_common(1)[0]
        sentence = f"{name[:60]!r} has {times:,} rows; all rows are of one instant, and a track is at one place then"
        raise FormatError(sentence, format=NAME, field="track")
    return names


def _causes(meetings: Any, states: "States") -> Any:
    """Codes of CAUSES, row by row: the engine has one code for a missing height and a missing climb, and these are not one thing."""
    from tafadi.engine.kernels.placing import HEIGHT_MOST_M

    known = (states.datum >= 0) & (np.abs(states.height_m) <= HEIGHT_MOST_M)
    first, second, codes = meetings["first"], meetings["second"], np.array(meetings["cause"])
    climb = (codes == CAUSES.index(Cause.HEIGHT_MISSING)) & known[first] & known[second]
    unlike = states.datum[first] != states.datum[second]
    codes[climb] = np.where(unlike[climb], CAUSES.index(Cause.DATUMS_UNLIKE), CAUSES.index(Cause.VELOCITY_MISSING))
    return codes


def _columns(meetings: Any, codes: Any, names: list[str] | None) -> dict[str, Any]:
    """The columns of a table from the engine's records; NaN becomes null."""
    import pyarrow as pa

    verdicts = np.array([one.value for one in (Verdict.CLEAR, Verdict.CONFLICT, Verdict.UNKNOWN)], object)
    causes = np.array([None if one is None else one.value for one in CAUSES], object)
    found: dict[str, Any] = {}
    for name in Meeting._fields:
        values = np.ascontiguousarray(meetings[name])
        if name in ("first", "second"):
            found[name] = pa.array(np.array(names, object)[values], pa.string()) if names else pa.array(values)
        elif name in ("verdict", "cause"):
            found[name] = pa.array(verdicts[values] if name == "verdict" else causes[codes], pa.string())
        else:
            found[name] = pa.array(values, from_pandas=True)
    return found


def _read(table: Columns, datum: Datum | None) -> set[str]:
    """The names of the columns that say something here."""
    velocity = {"east_mps", "north_mps"} if "east_mps" in table.names else {"ground_speed_mps", "course_deg"}
    return {"track", "lat_deg", "lon_deg", "climb_mps", GEOMETRY} | velocity | {name for name, _ in _stated(datum)}


def _stated(datum: Datum | None) -> list[tuple[str, Datum]]:
    """The columns of heights, each with its datum."""
    return [(f"height_{one}_m", one) for one in Datum] + ([] if datum is None else [("height_m", datum)])


def _states(table: Columns, datum: Datum | None) -> "States":
    from tafadi.engine.states import States

    table.need("lat_deg", "lon_deg")
    table.need(*(("east_mps", "north_mps") if "east_mps" in table.names else ("ground_speed_mps", "course_deg")))
    height_m, codes = _heights(table, datum)
    place, rest = (table.array("lat_deg"), table.array("lon_deg")), {"height_m": height_m, "climb_mps": table.array("climb_mps")}
    above = datum or Datum.PRESSURE  # replaced at once by the datum of each row
    if "east_mps" in table.names:
        states = States.moving(*place, east_mps=table.array("east_mps"), north_mps=table.array("north_mps"), datum=above, **rest)
    else:
        speed_mps, course_deg = table.array("ground_speed_mps"), table.array("course_deg")
        states = States.on_course(*place, course_deg=course_deg, speed_mps=speed_mps, datum=above, **rest)
    return replace(states, datum=codes)


def _heights(table: Columns, datum: Datum | None) -> tuple[Any, Any]:
    """Heights and the codes of their datums, row by row. Raises FormatError for a row with two heights."""
    from tafadi.engine.layout import MISSING
    from tafadi.engine.states import CODES

    height_m, codes = np.full(table.rows, np.nan), np.full(table.rows, MISSING, np.int8)
    for name, above in _stated(datum):
        column = table.array(name)
        stated = np.isfinite(column)
        if (stated & np.isfinite(height_m)).any():
            row = int(np.flatnonzero(stated & np.isfinite(height_m))[0])
            raise FormatError("it has two heights, and nobody can say which one holds", format=NAME, offset=row, field=name)
        height_m[stated], codes[stated] = column[stated], CODES[above]
    return height_m, codes
