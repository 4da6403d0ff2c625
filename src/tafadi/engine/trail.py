"""Trails: what is held of one live track, and what it is taken to be doing now.

Horizontal motion is straight at the speed and course that the source reports; where it reports none, the slope of a straight line fitted to
the last hits. Radar trackers smooth over several turns already, and a second filter on top would only lag more.

Vertical motion is looked at in two ways. *Plainly*: the last height, and the climb reported or read from the last two heights. *Filtered*,
by rules that can each be switched off (`docs/maths/watch.md` says what each can hide):

* `quantisation`: heights come in steps, and one 100 ft step in 12 s reads as 500 ft/min. A change of one step is no climb; more is fitted.
* `height_jump`: a height that no climb explains is held aside until the next one confirms it (swapped or garbled Mode C replies).
* `level_off`: a flight that is cleared to a level stops there, and is at it while within 200 ft of it.
"""

import math
from collections import deque
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from tafadi.measure.earth import ecef
from tafadi.measure.height import Datum
from tafadi.measure.units import FLIGHT_LEVEL_M, FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS
from tafadi.model.track import Plot

KEPT_S: Final = 130.0  # of hits behind the last one; the longest that any rule looks back
MOST_KEPT: Final = 200  # hits; a source that sends faster than one a second is thinned by forgetting the oldest
FIT_S: Final = 30.0  # the last three en-route turns, or six terminal ones
FIT_MOST: Final = 4  # hits in a fit of the position; more would lag in a turn
BASELINE_MIN_S: Final = 2.0  # below this two positions good to 10 m say nothing of speed
HEIGHT_HELD_S: Final = 12.5  # a height outlives one missed en-route turn, not two
CLIMB_MAX_MPS: Final = 10_000 * FOOT_PER_MINUTE_MPS  # beyond what nearly all that fly can do; fighters are confirmed one hit later
JUMP_MIN_M: Final = 300 * FOOT_M  # within the error of an encoding altimeter and two steps of its code
STEP_M: Final = FLIGHT_LEVEL_M  # the coarsest step in use: 100 ft of Mode C
LEVEL_KEPT_M: Final = 200 * FOOT_M  # ICAO Doc 4444, 8.5.5.2: a level is kept while Mode C is within 200 ft (RVSM), the stricter of the two
FASTEST_MPS: Final = 1_000.0  # twice what any airliner does over ground; a jump beyond it is another thing under the same number
STOOD_M: Final = 30.0  # a parked transponder is seen to wander some ten metres
STOOD_MPS: Final = 10 * KNOT_MPS  # a tracker says some knots of a thing that stands
_EDGE_M: Final = 1e-3  # heights in whole feet, as metres


class Vertical(NamedTuple):
    """Height and climb at the time of the last hit, and the level at which the climb ends (None: it goes on)."""

    height_m: float
    datum: Datum
    climb_mps: float
    level_m: float | None

    def bend_s(self) -> float:
        """Seconds until the level is reached; infinite when it never is."""
        if self.level_m is None or self.climb_mps == 0.0:
            return math.inf
        to_go_s = (self.level_m - self.height_m) / self.climb_mps
        return to_go_s if to_go_s >= 0.0 else math.inf

    def at_m(self, after_s: float) -> float:
        """The height `after_s` seconds after the last hit."""
        return self.height_m + self.climb_mps * min(after_s, self.bend_s())


class _Seen(NamedTuple):
    at_s: float
    height_m: float


class Trail:
    """The last hits of one track, and what follows from them."""

    __slots__ = ("_first_height_m", "_first_place", "_place", "first_s", "has_moved", "hits", "plots", "velocity_mps")

    def __init__(self, plot: Plot, has_moved: bool = False) -> None:
        self.plots: deque[Plot] = deque(maxlen=MOST_KEPT)
        self.hits = 0
        self.first_s = plot.at.seconds
        self.has_moved = has_moved  # whether it was ever seen to move or to change its height
        self._first_place = self._place = ecef(plot.position)
        self._first_height_m: float | None = None
        self.velocity_mps: tuple[float, float] | None = None
        self._take(plot)

    @property
    def last(self) -> Plot:
        """The newest hit."""
        return self.plots[-1]

    @property
    def place_m(self) -> tuple[float, float, float]:
        """Where the newest hit is, in ECEF."""
        return self._place

    @property
    def first_place_m(self) -> tuple[float, float, float]:
        """Where the first hit was, in ECEF."""
        return self._first_place

    def follows(self, plot: Plot, gap_max_s: float) -> bool:
        """Whether `plot` can be the same thing: not after too long a gap, and not faster than anything flies."""
        return plot.at.since(self.last.at) <= gap_max_s and self.reaches(plot, FASTEST_MPS)

    def reaches(self, plot: Plot, fastest_mps: float) -> bool:
        """Whether it could have come to `plot` from its last place. A second is allowed for places and times that are not exact."""
        return self.way_m(plot) <= fastest_mps * (plot.at.since(self.last.at) + 1.0)

    def way_m(self, plot: Plot) -> float:
        """How far `plot` is from the newest hit, straight through the earth."""
        return math.dist(ecef(plot.position), self._place)

    def add(self, plot: Plot) -> None:
        """Takes the next hit, which must be newer than the last."""
        while self.plots and plot.at.since(self.plots[0].at) > KEPT_S:
            self.plots.popleft()
        self._take(plot)

    def _take(self, plot: Plot) -> None:
        self.plots.append(plot)
        self.hits += 1
        self._place = ecef(plot.position)
        self.velocity_mps = _reported(plot) or _fitted(self.plots)
        self.has_moved = self.has_moved or self._moves(plot)

    def _moves(self, plot: Plot) -> bool:
        if plot.height is not None:
            if self._first_height_m is None:
                self._first_height_m = plot.height.value_m
            if abs(plot.height.value_m - self._first_height_m) > STEP_M + _EDGE_M:
                return True
        return (plot.ground_speed_mps or 0.0) > STOOD_MPS or math.dist(self._place, self._first_place) > STOOD_M

    def vertical(self, filters: frozenset[str]) -> Vertical | None:
        """The vertical motion as the named filters see it; None where the last height is missing or too old."""
        seen = self._heights("height_jump" in filters)
        if not seen:
            return None
        last, datum = self.last, _datum(self.plots)
        reported, filtered = last.climb_mps, "quantisation" in filters
        climb_mps = reported if reported is not None else _climb(seen) if filtered else _plain_climb(seen)
        height_m = seen[-1].height_m + climb_mps * (last.at.seconds - seen[-1].at_s)
        cleared = last.cleared_height
        if "level_off" not in filters or cleared is None or cleared.datum is not datum:
            return Vertical(height_m, datum, climb_mps, None)
        if abs(height_m - cleared.value_m) <= LEVEL_KEPT_M + _EDGE_M:
            return Vertical(cleared.value_m, datum, 0.0, None)
        return Vertical(height_m, datum, climb_mps, cleared.value_m)

    def _heights(self, without_jumps: bool) -> list[_Seen]:
        """The heights of the last hits, oldest first; empty when the newest is too old to stand for now."""
        datum = _datum(self.plots)
        seen = [_Seen(p.at.seconds, p.height.value_m) for p in self.plots if p.height is not None and p.height.datum is datum]
        if without_jumps:
            seen = _without_jumps(seen)
        if not seen or self.last.at.seconds - seen[-1].at_s > HEIGHT_HELD_S:
            return []
        return [one for one in seen if seen[-1].at_s - one.at_s <= FIT_S]


def _datum(plots: Sequence[Plot]) -> Datum:
    return next((plot.height.datum for plot in reversed(plots) if plot.height is not None), Datum.PRESSURE)


def _explained(earlier: _Seen, later: _Seen) -> bool:
    return abs(later.height_m - earlier.height_m) <= JUMP_MIN_M + CLIMB_MAX_MPS * (later.at_s - earlier.at_s)


def _without_jumps(seen: list[_Seen]) -> list[_Seen]:
    """The run of heights that explain each other and end at the newest, or at the one before it while the newest is not confirmed."""
    if len(seen) >= 3 and not _explained(seen[-2], seen[-1]) and not _explained(seen[-3], seen[-1]):
        seen = seen[:-1]
    elif len(seen) == 2 and not _explained(seen[0], seen[1]):
        return []  # one of the two is wrong, and nothing says which
    run = seen[-1:]
    for one in reversed(seen[:-1]):
        if _explained(one, run[-1]):
            run.append(one)
    return run[::-1]


def _plain_climb(seen: list[_Seen]) -> float:
    if len(seen) < 2 or seen[-1].at_s <= seen[-2].at_s:
        return 0.0
    return (seen[-1].height_m - seen[-2].height_m) / (seen[-1].at_s - seen[-2].at_s)


def _climb(seen: list[_Seen]) -> float:
    """The slope of a line through the heights; 0 while they differ by no more than one step."""
    heights = [one.height_m for one in seen]
    if max(heights) - min(heights) <= STEP_M + _EDGE_M:
        return 0.0
    return _slope([one.at_s for one in seen], heights)


def _slope(times_s: Sequence[float], values: Sequence[float]) -> float:
    """The slope of the straight line of least squares."""
    middle_s, middle = sum(times_s) / len(times_s), sum(values) / len(values)
    spread = sum((time - middle_s) ** 2 for time in times_s)
    return 0.0 if spread == 0.0 else sum((t - middle_s) * (v - middle) for t, v in zip(times_s, values, strict=True)) / spread


def _axes(plot: Plot) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """East and north at the hit, in ECEF."""
    lat, lon = math.radians(plot.position.lat_deg), math.radians(plot.position.lon_deg)
    north = (-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat))
    return (-math.sin(lon), math.cos(lon), 0.0), north


def _reported(plot: Plot) -> tuple[float, float] | None:
    if plot.ground_speed_mps is None or (plot.course_deg is None and plot.ground_speed_mps > 0.0):
        return None
    course = math.radians(plot.course_deg or 0.0)
    return plot.ground_speed_mps * math.sin(course), plot.ground_speed_mps * math.cos(course)


def _fitted(plots: Sequence[Plot]) -> tuple[float, float] | None:
    """East and north speed from the last positions; None while there are too few."""
    last = plots[-1]
    used = [plot for plot in list(plots)[-FIT_MOST:] if last.at.since(plot.at) <= FIT_S]
    if last.at.since(used[0].at) < BASELINE_MIN_S:
        used = [plot for plot in plots if last.at.since(plot.at) <= FIT_S]
    if last.at.since(used[0].at) < BASELINE_MIN_S:
        return None
    here, (east, north) = ecef(last.position), _axes(last)
    times_s = [plot.at.since(last.at) for plot in used]
    offsets = [[a - b for a, b in zip(ecef(plot.position), here, strict=True)] for plot in used]
    return (
        _slope(times_s, [sum(a * b for a, b in zip(offset, east, strict=True)) for offset in offsets]),
        _slope(times_s, [sum(a * b for a, b in zip(offset, north, strict=True)) for offset in offsets]),
    )


def space_velocity(trail: Trail) -> tuple[float, float, float]:
    """The velocity in ECEF; zero where it is not known (the caller gives such a track a reach instead)."""
    if trail.velocity_mps is None:
        return 0.0, 0.0, 0.0
    (east, north), (v_east, v_north) = _axes(trail.last), trail.velocity_mps
    x, y, z = (v_east * e + v_north * n for e, n in zip(east, north, strict=True))
    return x, y, z


def path_length_m(plots: Sequence[Plot]) -> float:
    """Metres flown between the hits, by straight lines."""
    return sum(math.dist(ecef(a.position), ecef(b.position)) for a, b in pairwise(plots))
