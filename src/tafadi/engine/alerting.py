"""Alerts of RTCA DO-365: the level at each instant, and the level that the filter lets through.

The raw level of an instant is the highest whose volume will be violated sooner than its alerting time. The filter (NASA DAIDALUS 2.0.4)
tells the highest level that `needed` of the last `looks` instants reach, so that one garbled report neither raises nor ends an alert; an
alert that rose stands for `persistence_s`; after a gap of more than `hysteresis_s` everything begins anew, with the first look at once.

What is not known is UNKNOWN_LEVEL (−1), never 0. A look of which the state is not known counts as one that reaches no level: an alert
outlives it while enough other looks bear it; without an alert the answer is UNKNOWN_LEVEL.

Source: docs/maths/wellclear.md; thresholds as in NASA's DO_365B_no_SUM.conf.
"""

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tafadi.engine.kernels import wellclear as kernels
from tafadi.engine.layout import UNKNOWN, Bytes, Codes, Floats
from tafadi.engine.wellclear import (
    LOOKAHEAD_S,
    NON_COOPERATIVE_VOLUME,
    PHASE_I_VOLUME,
    PHASE_II_VOLUME,
    PREVENTIVE_VOLUME,
    States,
    Table,
    Volume,
    as_floats,
    relative_motions,
    violations,
)
from tafadi.errors import InputError

UNKNOWN_LEVEL: Final = kernels.UNKNOWN_LEVEL
MOST_LOOKS: Final = 100  # of the filter; DO-365 has 4
MOST_LEVELS: Final = 9


@dataclass(frozen=True, slots=True)
class Level:
    """One level of alert: its volume, and how long before the violation it is raised. Raises InputError for times that are none.

    `early_s` is the earliest at which DO-365 lets an alert of this level begin; the raw level does not look at it (`RuleSet.early`).
    """

    name: str
    volume: Volume
    alert_s: float
    early_s: float

    def __post_init__(self) -> None:
        if not 0.0 < self.alert_s <= self.early_s < math.inf:
            raise InputError(
                f"level {self.name!r} alerts {self.alert_s} s and at the earliest {self.early_s} s before; the first is the smaller"
            )


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The levels of one kind of traffic, the mildest first: level 1, 2, … Raises InputError for none, or more than MOST_LEVELS."""

    name: str
    levels: tuple[Level, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.levels) <= MOST_LEVELS:
            raise InputError(f"{len(self.levels)} levels of alert are not 1 to {MOST_LEVELS}")

    def early(self) -> "RuleSet":
        """These rules with the earliest times: an alert by others before even these is a nuisance alert.

        >>> [level.alert_s for level in PHASE_I.early().levels]
        [75.0, 75.0, 55.0]
        """
        return RuleSet(f"{self.name}, early", tuple(replace(level, alert_s=level.early_s) for level in self.levels))


def _three(name: str, volumes: tuple[Volume, Volume, Volume], alert_s: tuple[float, ...], early_s: tuple[float, ...]) -> RuleSet:
    names = ("preventive", "corrective", "warning")
    return RuleSet(name, tuple(Level(*row) for row in zip(names, volumes, alert_s, early_s, strict=True)))


PHASE_I: Final = _three("Phase I", (PREVENTIVE_VOLUME, PHASE_I_VOLUME, PHASE_I_VOLUME), (55.0, 55.0, 25.0), (75.0, 75.0, 55.0))
PHASE_II: Final = _three("Phase II", (PHASE_II_VOLUME,) * 3, (45.0, 45.0, 45.0), (75.0, 75.0, 75.0))
NON_COOPERATIVE: Final = _three("non-cooperative", (NON_COOPERATIVE_VOLUME,) * 3, (55.0, 55.0, 25.0), (110.0, 110.0, 90.0))


@dataclass(frozen=True, slots=True)
class Filter:
    """How raw levels are filtered; as in NASA's configurations of DO-365 unless told otherwise. Raises InputError for what is no filter."""

    needed: int = 2
    looks: int = 4
    hysteresis_s: float = 5.0
    persistence_s: float = 4.0

    def __post_init__(self) -> None:
        if not 1 <= self.needed <= self.looks <= MOST_LOOKS:
            raise InputError(f"a filter of {self.needed} of {self.looks} looks is none; looks are at most {MOST_LOOKS}")
        if not (0.0 <= self.hysteresis_s < math.inf and 0.0 <= self.persistence_s < math.inf):
            raise InputError(f"a filter holds for {self.hysteresis_s} s and {self.persistence_s} s; both are 0 or more")


class AlertFilter:
    """The filter of one pair, fed look by look as they come.

    >>> sieve = AlertFilter(Filter())
    >>> [sieve.look(at_s, raw) for at_s, raw in enumerate([0, 0, 2, 2, 0, 0, 0, 0])]
    [0, 0, 0, 2, 2, 2, 2, 0]
    """

    __slots__ = ("_memory", "_recent", "_sieve")

    def __init__(self, settings: Filter) -> None:
        self._sieve = kernels.Sieve(settings.needed, float(settings.hysteresis_s), float(settings.persistence_s))
        self._recent: Codes = np.full(settings.looks, UNKNOWN_LEVEL, np.int8)
        self._memory: Floats = np.full(3, np.nan)

    def look(self, at_s: float, raw: int) -> int:
        """The filtered level at `at_s`; begins anew when that is not later than the look before. Raises InputError for no time or level."""
        return int(self.looks(np.array([at_s]), np.array([raw]))[0])

    def looks(self, time_s: Table, raw: Table) -> Codes:
        """The filtered levels, int8[n], of raw levels [n] at times [n] in seconds. Raises InputError for no times or levels."""
        times, levels = as_floats(time_s, "times"), as_floats(raw, "raw levels")
        if times.ndim != 1 or times.shape != levels.shape:
            raise InputError(f"times {times.shape} and levels {levels.shape} are not two columns of one length")
        if not np.isfinite(times).all():
            raise InputError(f"time {int(np.flatnonzero(~np.isfinite(times))[0])} is no number")
        if not np.isin(levels, np.arange(UNKNOWN_LEVEL, MOST_LEVELS + 1)).all():
            raise InputError(f"levels are whole numbers from {UNKNOWN_LEVEL} to {MOST_LEVELS}")
        found: Codes = np.empty(times.size, np.int8)
        kernels.filter_levels(times, levels.astype(np.int8), self._sieve, self._recent, self._memory, found)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Alerts:
    """What was found of one recorded encounter at n instants, by rules of k levels."""

    time_s: Floats  # float64[n]
    raw: Codes  # int8[n]: 0 none, 1 to k, UNKNOWN_LEVEL
    level: Codes  # int8[n]: the same, filtered
    verdict: Bytes  # uint8[n, k]: CLEAR 0, CONFLICT 1, UNKNOWN 2, over the lookahead
    enters_s: Floats  # float64[n, k]: seconds to the volume of each level; 0 inside it, inf when CLEAR, NaN when UNKNOWN
    leaves_s: Floats  # float64[n, k]: seconds until it is left, at most the lookahead; -inf when CLEAR, NaN when UNKNOWN
    motion: Floats  # float64[n, 6]: x, y, z (metres), vx, vy, vz (metres per second), the other relative to own

    @property
    def horizontal_m(self) -> Floats:
        """float64[n]: how far apart, seen from above; NaN when UNKNOWN."""
        return np.hypot(self.motion[:, 0], self.motion[:, 1])

    @property
    def vertical_m(self) -> Floats:
        """float64[n]: how far apart in height; NaN when UNKNOWN."""
        return np.abs(self.motion[:, 2])

    @property
    def closest_s(self) -> Floats:
        """float64[n]: seconds to the closest approach seen from above, 0 when it is past or nothing moves; NaN when UNKNOWN."""
        x, y, _, vx, vy, _ = self.motion.T
        speed2 = vx * vx + vy * vy
        along = -(x * vx + y * vy)
        return np.asarray(np.maximum(0.0, np.divide(along, speed2, out=along * 0.0, where=speed2 > kernels.STILL)))

    @property
    def miss_m(self) -> Floats:
        """float64[n]: how far apart at the closest approach seen from above; NaN when UNKNOWN."""
        at = self.closest_s
        return np.hypot(self.motion[:, 0] + at * self.motion[:, 3], self.motion[:, 1] + at * self.motion[:, 4])

    def columns(self) -> dict[str, Floats | Codes]:
        """Columns by name, as for `polars.DataFrame(found.columns())`; times to volume by level: `enters_1_s`, `leaves_1_s`, …"""
        found: dict[str, Floats | Codes] = {"time_s": self.time_s, "raw": self.raw, "level": self.level}
        for k in range(self.enters_s.shape[1]):
            found[f"enters_{k + 1}_s"], found[f"leaves_{k + 1}_s"] = self.enters_s[:, k], self.leaves_s[:, k]
        names = ("horizontal_m", "vertical_m", "closest_s", "miss_m")
        return found | {name: getattr(self, name) for name in names}


def alerts(
    time_s: Table,
    own: States,
    other: States,
    rules: RuleSet = PHASE_I,
    settings: Filter | None = None,
    lookahead_s: float = LOOKAHEAD_S,
) -> Alerts:
    """The alerts of a recorded encounter: times to volume, raw and filtered level at each instant.

    `time_s` is [n], ascending; `own` and `other` hold n states each, at those instants. Raises InputError for times that are none or do not
    ascend, columns of unlike length, places not on the earth, a lookahead that is none or shorter than an alerting time; LimitError for too
    many. Frame, arithmetic and filter: NASA DAIDALUS 2.0.4; docs/maths/wellclear.md.

    Two that meet head on at one height, 100 m/s each; the third report of the other's height is missing:

    >>> from tafadi.measure.height import Datum
    >>> time_s = [0.0, 1.0, 2.0, 3.0]
    >>> north = States([40 + 0.0009 * t for t in time_s], [10.0] * 4, [3000.0] * 4, [0.0] * 4, [100.0] * 4, [0.0] * 4, Datum.PRESSURE)
    >>> height_m = [3000.0, 3000.0, None, 3000.0]
    >>> south = States([40.16 - 0.0009 * t for t in time_s], [10.0] * 4, height_m, [0.0] * 4, [-100.0] * 4, [0.0] * 4, Datum.PRESSURE)
    >>> found = alerts(time_s, north, south)
    >>> found.enters_s[:, 1].round(2).tolist()
    [52.86, 51.86, nan, 49.86]
    >>> found.raw.tolist(), found.level.tolist(), alerts(time_s, north, south, PHASE_I.early()).level.tolist()
    ([2, 2, -1, 2], [2, 2, 2, 2], [3, 3, 3, 3])
    """
    return alerts_of(time_s, relative_motions(own, other), rules, settings, lookahead_s)


def alerts_of(
    time_s: Table,
    motions: Table,
    rules: RuleSet = PHASE_I,
    settings: Filter | None = None,
    lookahead_s: float = LOOKAHEAD_S,
) -> Alerts:
    """The same as `alerts`, of relative motions [n, 6] in a flat frame (x, y, z in metres, vx, vy, vz in metres per second, z up)."""
    times, rows = as_floats(time_s, "times"), as_floats(motions, "motions")
    _check(times, rows, rules, lookahead_s)
    found = violations(rows, [level.volume for level in rules.levels], lookahead_s)
    due = found.enters_s < np.array([level.alert_s for level in rules.levels])
    raw = (due * np.arange(1, len(rules.levels) + 1)).max(axis=1, initial=0)
    raw = np.where((found.verdict == UNKNOWN).any(axis=1), UNKNOWN_LEVEL, raw).astype(np.int8)
    return Alerts(times, raw, AlertFilter(settings or Filter()).looks(times, raw), *found, rows)


def _check(times: Floats, motions: Floats, rules: RuleSet, lookahead_s: float) -> None:
    if times.ndim != 1 or motions.shape[:1] != times.shape:
        raise InputError(f"times have the shape {times.shape} and motions {motions.shape}; they are n, and n rows")
    if not np.isfinite(times).all():
        raise InputError(f"time {int(np.flatnonzero(~np.isfinite(times))[0])} is no number")
    stuck = np.flatnonzero(np.diff(times) <= 0.0)
    if stuck.size:
        raise InputError(f"time {stuck[0] + 1}, {times[stuck[0] + 1]} s, is not later than the one before")
    longest_s = max(level.alert_s for level in rules.levels)
    if lookahead_s < longest_s:
        raise InputError(f"a lookahead of {lookahead_s} s is shorter than an alerting time of {longest_s} s, and would miss alerts")
