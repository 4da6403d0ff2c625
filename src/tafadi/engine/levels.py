"""Levels: how soon live pairs will not be well clear of each other, by rules of RTCA DO-365, and how gravely that is told.

Each look brings both tracks to the time of the newer hit by straight motion, and takes the higher level of what each of the two sees
that takes itself for own, so that names decide nothing. A look counts in the filter once both tracks have a new hit, or one has two: one
hit seen twice is no second opinion. So sources of one hit a second are filtered as DO-365 filters (2 of 4 looks, 5 s, 4 s); radar that
turns slower than once in 5 s is not filtered, because a second look would cost half of the warning.

What is not known is UNKNOWN where it could matter, and clear where it could not: two whose heights cannot be compared are clear while
they would be well clear at one height; one of unknown velocity, while it could not come so near in time.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.alerting import UNKNOWN_LEVEL, AlertFilter, Filter, RuleSet
from tafadi.engine.encounter import UNKNOWN_CLIMB_MPS, UNKNOWN_SPEED_MPS, Side, ahead, middle_of, profile
from tafadi.engine.kernels.tracks import plane
from tafadi.engine.kernels.wellclear import look_both_ways
from tafadi.engine.layout import Floats
from tafadi.engine.trail import Trail, Vertical
from tafadi.engine.wellclear import LOOKAHEAD_S, STEADY
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Cause, ClosestApproach, Judgement, Verdict
from tafadi.model.operation import Minima

SLACK_M: Final = 600.0  # the sphere of DO-365 differs by up to 0.5 % from the ellipsoid of the sieve: of 90 km closed in 90 s, and some


class Level(NamedTuple):
    """What is found of a pair by one set of rules: the filtered level (UNKNOWN_LEVEL: nobody can say), the raw one, and the judgement.

    The judgement is CLEAR at level 0, and its span is the time not well clear by the volume of the level. It `levels_off` when a cleared
    level, which DO-365 knows nothing of, keeps the two well clear.
    """

    name: str
    level: int
    raw: int
    judgement: Judgement
    levels_off: bool = False


class _Set(NamedTuple):
    """One set of rules as arrays."""

    rules: RuleSet
    zones: Floats
    due_s: Floats
    reach_s: float  # within which a pair comes nearer than `distance_m` if it will ever be told
    distance_m: float


def _set_of(rules: RuleSet) -> _Set:
    zones = np.array([(one.volume.distance_m, one.volume.height_m, one.volume.tau_s) for one in rules.levels], dtype=np.float64)
    due_s = np.array([one.alert_s for one in rules.levels], dtype=np.float64)
    # A violation begins at most tau before the pair is within the distance (hypot(h, tau/2) <= h + tau/2).
    return _Set(rules, zones, due_s, float((due_s + zones[:, 2]).max()), float(zones[:, 0].max()))


@dataclass(slots=True)
class _Memory:
    """The filter of one pair and one set, and the hits that it has looked at."""

    sieve: AlertFilter
    hits: tuple[int, int]
    level: int = 0
    cause: Cause | None = None


@dataclass(slots=True)
class _Seen:
    """What a look knows of the pair: rows of kernels.wellclear, and why they are not whole."""

    one: Floats
    two: Floats
    cause: Cause | None


class Levels:
    """The levels of live pairs, by each of the sets of rules. `max_age_s` is how old a track may be."""

    def __init__(self, sets: Mapping[str, RuleSet], sieve: Filter, max_age_s: float, filters: frozenset[str]) -> None:
        self._sets = {name: _set_of(rules) for name, rules in sets.items()}
        self._sieve = sieve
        self._max_age_s = max_age_s
        self._filters = filters & STEADY
        self._is_levelling = "level_off" in filters
        self._memory: dict[tuple[str, str, str], _Memory] = {}

    @property
    def reach_m(self) -> float:
        """How near a pair must come to be looked at; 0 without any rules."""
        return max((one.distance_m + SLACK_M for one in self._sets.values()), default=0.0)

    @property
    def reach_s(self) -> float:
        """Within how many seconds."""
        return max((one.reach_s for one in self._sets.values()), default=0.0)

    def forget(self, track: str) -> None:
        """Drops what is held of pairs of a track that is no longer seen."""
        for key in [key for key in self._memory if track in key[:2]]:
            del self._memory[key]

    def look(self, own: Side, other: Side, now: Instant) -> list[Level]:
        """What is found of the pair at `now`, by each set of rules; level 0 is listed too."""
        first, second = (own, other) if own.key <= other.key else (other, own)
        if not self._sets:
            return []
        seen = self._seen(first.trail, second.trail, now)
        return [self._level(name, rules, first, second, seen, now) for name, rules in self._sets.items()]

    def _seen(self, first: Trail, second: Trail, now: Instant) -> _Seen:
        """Both at `now`; heights that cannot be compared are set equal, so that what is seen from above is left."""
        verticals = first.vertical(self._filters), second.vertical(self._filters)
        one, two = verticals
        cause = None
        if one is None or two is None:
            cause = Cause.HEIGHT_MISSING
        elif one.datum is not two.datum:
            cause = Cause.DATUMS_UNLIKE
        rows = [_row(trail, None if cause else vertical, now) for trail, vertical in zip((first, second), verticals, strict=True)]
        if first.velocity_mps is None or second.velocity_mps is None:  # then all that can be said is whether they are in the disc now
            rows[0][3:5] = rows[1][3:5] = 0.0
        return _Seen(rows[0], rows[1], cause)

    def _level(self, name: str, rules: _Set, first: Side, second: Side, seen: _Seen, now: Instant) -> Level:
        times = np.empty((len(rules.zones), 2))
        cause, raw = self._raw(rules, first, second, seen, now, times)
        memory = self._filtered((first.key, second.key, name), first.trail, second.trail, now, raw, cause)
        level = memory.level
        told = level if level > 0 else raw if raw > 0 else len(rules.zones)
        volume = rules.rules.levels[told - 1].volume
        minima = Minima(volume.distance_m, volume.height_m)
        enters_s, leaves_s = float(times[told - 1, 0]), float(times[told - 1, 1])
        span = Span(now.plus(enters_s), now.plus(leaves_s)) if math.isfinite(enters_s) else None
        if level == 0:
            return Level(name, level, raw, Judgement(first.key, second.key, Verdict.CLEAR, minima))
        if level < 0:
            return Level(name, level, raw, Judgement(first.key, second.key, Verdict.UNKNOWN, minima, cause=memory.cause, span=span))
        place = None if span is None else middle_of(first.trail, second.trail, span.start)
        closest = _closest(first, second, seen, now)
        judgement = Judgement(first.key, second.key, Verdict.CONFLICT, minima, span=span, place=place, closest=closest)
        return Level(name, level, raw, judgement, self._levels_off(rules, told, first.trail, second.trail, seen, now))

    def _levels_off(self, rules: _Set, level: int, first: Trail, second: Trail, seen: _Seen, now: Instant) -> bool:
        """Whether cleared levels keep the two farther apart in height than the volume, for as long as they are near seen from above."""
        filters = self._filters | {"level_off"}
        one, two = first.vertical(filters), second.vertical(filters)
        if not self._is_levelling or one is None or two is None or one.datum is not two.datum:
            return False
        if (one, two) == (first.vertical(self._filters), second.vertical(self._filters)):
            return False
        flat = [row.copy() for row in (seen.one, seen.two)]
        flat[0][[2, 5]] = flat[1][[2, 5]] = 0.0
        times = np.empty((len(rules.zones), 2))
        look_both_ways(flat[0], flat[1], rules.zones, rules.due_s, LOOKAHEAD_S, times)
        ages_s = now.since(first.last.at), now.since(second.last.at)
        knots_s, above_m = profile(one, two, ages_s, LOOKAHEAD_S)
        near_s = times[level - 1]
        return bool(near_s[0] < near_s[1]) and _least_m(knots_s, above_m, near_s) > rules.rules.levels[level - 1].volume.height_m

    def _raw(self, rules: _Set, first: Side, second: Side, seen: _Seen, now: Instant, times: Floats) -> tuple[Cause | None, int]:
        """The raw level of this look; UNKNOWN_LEVEL with its cause where nobody can say."""
        raw = int(look_both_ways(seen.one, seen.two, rules.zones, rules.due_s, LOOKAHEAD_S, times))
        cause = seen.cause
        if first.trail.velocity_mps is None or second.trail.velocity_mps is None:
            inside = _inside_level(rules, times)
            raw, cause = (inside, cause) if inside > 0 else (1 if self._reachable(rules, first, second, seen, now) else 0, cause)
            cause = cause or (None if inside > 0 else Cause.VELOCITY_MISSING)
        if raw == 0:
            return None, 0
        if raw < 0:
            return cause or Cause.NOT_FINITE, UNKNOWN_LEVEL
        if min(first.trail.last.at, second.trail.last.at).plus(self._max_age_s) < now:
            cause = Cause.TRACK_OLD
        elif first.is_doubted or second.is_doubted:
            cause = Cause.TRACK_SUSPECT
        return cause, raw if cause is None else UNKNOWN_LEVEL

    def _reachable(self, rules: _Set, first: Side, second: Side, seen: _Seen, now: Instant) -> bool:
        """Whether a track of unknown velocity could come so near in time."""
        apart = plane(first.row, second.row, float(max(first.row[6], second.row[6])))
        reach_m = rules.distance_m + (math.hypot(apart.vx, apart.vy) + UNKNOWN_SPEED_MPS) * rules.reach_s
        if not math.hypot(apart.x, apart.y) <= reach_m:
            return False
        above_m = abs(float(seen.one[2] - seen.two[2]))
        return seen.cause is not None or above_m <= float(rules.zones[:, 1].max()) + 2 * UNKNOWN_CLIMB_MPS * rules.reach_s

    def _filtered(self, key: tuple[str, str, str], first: Trail, second: Trail, now: Instant, raw: int, cause: Cause | None) -> _Memory:
        """The level after the filter; a look without new hits of both changes nothing."""
        hits = first.hits, second.hits
        memory = self._memory.get(key)
        if memory is None:
            memory = self._memory[key] = _Memory(AlertFilter(self._sieve), hits)
            self._seed(memory, first, second, now)
        elif not _is_new(memory.hits, hits):
            return memory
        memory.hits, memory.cause = hits, cause
        memory.level = memory.sieve.look(now.seconds, raw)
        return memory

    def _seed(self, memory: _Memory, first: Trail, second: Trail, now: Instant) -> None:
        """A pair that is new here was seen before, and was far apart: a look that reached no level."""
        if min(first.hits, second.hits) < 2:
            return
        before = max(first.plots[-2].at, second.plots[-2].at)
        if before < now:
            memory.sieve.look(before.seconds, 0)


def _is_new(before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether both tracks have a new hit, or one of them two; fewer hits than before are of a track begun anew."""
    first, second = after[0] - before[0], after[1] - before[1]
    return min(first, second) < 0 or (first > 0 and second > 0) or max(first, second) > 1


def _row(trail: Trail, vertical: Vertical | None, now: Instant) -> Floats:
    """The track at `now` as a row of kernels.wellclear; at height 0 where the height does not count."""
    after_s = now.since(trail.last.at)
    place = trail.last.position if after_s == 0.0 else ahead(trail, now)
    east_mps, north_mps = trail.velocity_mps or (0.0, 0.0)
    height_m, climb_mps = (0.0, 0.0) if vertical is None else (vertical.at_m(after_s), vertical.climb_mps)
    return np.array([place.lat_deg, place.lon_deg, height_m, east_mps, north_mps, climb_mps])


def _inside_level(rules: _Set, times: Floats) -> int:
    """The highest level whose volume the pair is in already: for that no velocity is needed."""
    inside = [k + 1 for k in range(len(rules.zones)) if times[k, 0] == 0.0]
    return max(inside, default=0)


def _least_m(knots_s: Floats, above_m: Floats, during_s: Floats) -> float:
    """The least that a difference in height, straight between its knots, is from 0 during a stretch."""
    inside = knots_s[(knots_s > during_s[0]) & (knots_s < during_s[1])]
    values = np.interp(np.concatenate(([during_s[0]], inside, [during_s[1]])), knots_s, above_m)
    return 0.0 if values.min() <= 0.0 <= values.max() else float(np.abs(values).min())


def _closest(first: Side, second: Side, seen: _Seen, now: Instant) -> ClosestApproach:
    """The closest approach seen from above, by straight motion, and the difference in height then."""
    apart = plane(first.row, second.row, float(max(first.row[6], second.row[6])))
    square = apart.vx**2 + apart.vy**2
    at_s = 0.0 if square == 0.0 else max(0.0, -(apart.x * apart.vx + apart.y * apart.vy) / square)
    at_s = min(at_s, LOOKAHEAD_S)
    above_m = None if seen.cause else abs(float(seen.two[2] - seen.one[2] + (seen.two[5] - seen.one[5]) * at_s))
    return ClosestApproach(now.plus(at_s), math.hypot(apart.x + apart.vx * at_s, apart.y + apart.vy * at_s), above_m)
