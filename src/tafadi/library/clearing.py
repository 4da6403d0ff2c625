"""Well clear: the alerts of RTCA DO-365 for an encounter of two tracks, look by look."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from tafadi.errors import InputError, LimitError
from tafadi.library.judgements import number
from tafadi.library.result import Result
from tafadi.library.tracks import Tracks, TrackSource, read_tracks
from tafadi.measure.instant import SECOND_NS, Instant

if TYPE_CHECKING:
    from tafadi.engine.alerting import Alerts, Filter, RuleSet

LOOKAHEAD_S: Final = 180.0  # as in NASA's configurations of DO-365
MOST_LOOKS: Final = 1_000_000  # eleven days at one look a second; an encounter takes minutes
RULES: Final = ("phase-1", "phase-2", "non-cooperative")


class Look(NamedTuple):
    """One look at an encounter. Levels: 0 none, 1 preventive, 2 corrective, 3 warning, −1 unknown; metres, NaN when unknown."""

    at: Instant
    raw: int
    level: int
    horizontal_m: float
    vertical_m: float


class WellClear(Result[Look]):
    """What was found of one encounter: a look at each instant.

    Columns: `at`; `raw` and `level` (before and after the 2-of-4 filter: 0 none, 1 to 3, −1 unknown); for each level k `enters_k_s` and
    `leaves_k_s`, seconds until its volume is violated and left (inf when it is not within the lookahead, null when UNKNOWN);
    `horizontal_m`, `vertical_m` now; `closest_s`, `miss_m` of the closest approach by straight motion. `lost` is when the pair is not
    well clear. Source: RTCA DO-365B as NASA DAIDALUS 2.0.4 computes it; docs/maths/wellclear.md.

    >>> from tafadi import WellClear, well_clear
    >>> found = well_clear("samples/encounter.csv", own="own", other="other")
    >>> isinstance(found, WellClear), found.names
    (True, ('own', 'other'))
    >>> list(found.to_arrow().column_names[:3]), found[0].level
    (['at', 'raw', 'level'], 0)
    """

    def __init__(self, at: Sequence[Instant], found: "Alerts", names: tuple[str, str], rules: "RuleSet") -> None:
        super().__init__(())
        self.at = tuple(at)
        self.found = found
        self.names = names
        self.rules = rules

    def __len__(self) -> int:
        return len(self.at)

    @overload
    def __getitem__(self, index: int) -> Look: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Look]: ...

    def __getitem__(self, index: int | slice) -> Look | Sequence[Look]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        found = self.found
        distances = float(found.horizontal_m[index]), float(found.vertical_m[index])
        return Look(self.at[index], int(found.raw[index]), int(found.level[index]), *distances)

    def __iter__(self) -> Iterator[Look]:
        return (self[row] for row in range(len(self)))

    @property
    def lost(self) -> npt.NDArray[np.bool_]:
        """bool[n]: whether the pair is, at each look, inside the volume of the gravest level; False where that is not known."""
        return np.asarray(self.found.enters_s[:, -1] == 0.0)

    @property
    def unknown(self) -> npt.NDArray[np.bool_]:
        """bool[n]: the looks of which nothing can be said; they are not clear."""
        return np.asarray(self.found.raw == -1)

    def first(self, level: int) -> Instant | None:
        """When that level, or a graver one, is first alerted; None when it never is."""
        at = np.flatnonzero(self.found.level >= level)
        return self.at[int(at[0])] if len(at) else None

    @property
    def summary(self) -> str:
        """How many looks there are, when each level is first alerted, and of how many looks nothing can be said."""
        levels = [(level.name, self.first(k)) for k, level in enumerate(self.rules.levels, 1)]
        alerted = "; ".join(f"{name} at {at}" for name, at in levels if at is not None) or "no alert"
        lost = f"; not well clear at {int(self.lost.sum()):,} looks" if self.lost.any() else ""
        unknown = f"; unknown at {int(self.unknown.sum()):,} looks" if self.unknown.any() else ""
        return f"{' × '.join(self.names)}, {self.rules.name}, {len(self):,} looks: {alerted}{lost}{unknown}"

    def to_arrow(self) -> Any:
        """One row for each look, with the columns above."""
        import pyarrow as pa

        at = pa.array([one.ns for one in self.at], pa.int64()).cast(pa.timestamp("ns", "UTC"))
        columns = {name: pa.array(values, from_pandas=True) for name, values in self.found.columns().items() if name != "time_s"}
        return pa.table({"at": at} | columns)

    def to_geopandas(self) -> Any:
        """Nothing: a look is at two places. Raises InputError."""
        raise InputError("a look is at two moving places, and has none of its own; the tracks have: read_tracks(…).to_geopandas()")

    def __repr__(self) -> str:
        return f"<{self.summary}>"


def well_clear(
    tracks: TrackSource,
    intruder: "TrackSource | None" = None,
    *,
    own: str | None = None,
    other: str | None = None,
    rules: "str | RuleSet" = "phase-1",
    every_s: float = 1.0,
    lookahead_s: float = LOOKAHEAD_S,
    settings: "Filter | None" = None,
) -> WellClear:
    """The alerts of an encounter at every look: times to the volume of each level, raw and filtered level, distances.

    `tracks` and `intruder` are one track each, or `tracks` alone holds both; `own` and `other` name them where there are more. Each is
    whatever `read_tracks` takes. `rules` is "phase-1", "phase-2", "non-cooperative" or a RuleSet. Looks are `every_s` seconds apart,
    from the first plot of the later track to the last of the other; each knows only plots until then, carried straight on for at most
    12.5 s, and is UNKNOWN beyond. Straight motion is followed `lookahead_s` seconds ahead; `settings` is the filter, by default 2 of 4
    looks. Two tracks that are not named go in order of their names. Raises InputError for names that no track has, for rules that are
    none and for tracks that were never seen at one time. Frame, arithmetic and filter: NASA DAIDALUS 2.0.4; thresholds: RTCA DO-365B;
    docs/maths/wellclear.md.

    >>> from tafadi import well_clear
    >>> found = well_clear("samples/encounter.csv", own="own", other="other")
    >>> [str(found.first(level)) for level in (1, 2, 3)]
    ['2027-03-02T09:00:29Z', '2027-03-02T09:00:29Z', '2027-03-02T09:00:59Z']
    """
    from tafadi.engine.alerting import alerts
    from tafadi.engine.wellclear import states_of

    one, two = _pair(read_tracks(tracks), None if intruder is None else read_tracks(intruder), own, other)
    chosen = _rules(rules)
    at = _looks(one, two, number("every_s", every_s))
    time_s = np.array([instant.ns - at[0].ns for instant in at], np.float64) / SECOND_NS
    found = alerts(time_s, states_of(one, at), states_of(two, at), chosen, settings, number("lookahead_s", lookahead_s))
    return WellClear(at, found, (one[0].track, two[0].track), chosen)


def _rules(rules: "str | RuleSet") -> "RuleSet":
    from tafadi.engine.alerting import NON_COOPERATIVE, PHASE_I, PHASE_II, RuleSet

    if isinstance(rules, RuleSet):
        return rules
    if not isinstance(rules, str):
        raise InputError(f"rules of kind {type(rules).__name__} are none; give one of {', '.join(RULES)}, or a RuleSet")
    named = dict(zip(RULES, (PHASE_I, PHASE_II, NON_COOPERATIVE), strict=True))
    if rules not in named:
        raise InputError(f"there are no rules {rules[:40]!r} of well clear; there are {', '.join(RULES)}")
    return named[rules]


def _pair(tracks: Tracks, intruder: Tracks | None, own: str | None, other: str | None) -> tuple[Tracks, Tracks]:
    if intruder is not None:
        return _one(tracks, own), _one(intruder, other)
    if own is None and other is None and len(tracks.names) == 2:
        return tracks.track(tracks.names[0]), tracks.track(tracks.names[1])
    if own is None or other is None or own == other:
        raise InputError(f"an encounter is of two tracks, and there are {len(tracks.names)}; name two with own= and other=")
    return tracks.track(own), tracks.track(other)


def _one(tracks: Tracks, name: str | None) -> Tracks:
    if name is not None:
        return tracks.track(name)
    if len(tracks.names) != 1:
        raise InputError(f"one track is needed, and there are {len(tracks.names)}; name it with own= or other=")
    return tracks


def _looks(one: Tracks, two: Tracks, every_s: float) -> list[Instant]:
    """The instants of the looks: whole steps from the first plot of the later track to the last plot of the one that ends first."""
    if not 0.01 <= every_s <= 3_600.0:
        raise InputError(f"looks every {every_s} s are none; give 0.01 to 3600 s")
    start, end = max(one[0].at, two[0].at), min(one[-1].at, two[-1].at)
    if start > end:
        raise InputError("the two tracks were never seen at one time")
    count = int(end.since(start) / every_s) + 1
    if count > MOST_LOOKS:
        raise LimitError(f"{count:,} looks are more than {MOST_LOOKS:,}; look less often, or at a part of the tracks")
    return [start.plus(step * every_s) for step in range(count)]
