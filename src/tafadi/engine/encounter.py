"""Encounters: where two live tracks are heading, judged over the lookahead.

Both are brought to one instant, the time of the newer hit, by straight motion; their relative motion is taken in the tangent plane of the
pair (WGS 84, right across the antimeridian and at the poles); the vertical motion bends where a climb ends at a cleared level.

Not known is never clear: without heights the pair is UNKNOWN while it is together seen from above; a track that was not seen for
`track_max_age_s` makes it UNKNOWN where its last motion leads together; one without velocity, wherever it could be reached.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.closest import Span as Stretch
from tafadi.engine.kernels.tracks import Apart, Met, cylinder, disc, plane
from tafadi.engine.layout import Floats
from tafadi.engine.tracks_across import alike
from tafadi.engine.trail import FASTEST_MPS, Trail, Vertical
from tafadi.measure.earth import Leg, Position, destination, leg
from tafadi.measure.instant import Instant, Span
from tafadi.measure.levelling import Levelling
from tafadi.measure.units import FOOT_PER_MINUTE_MPS, KNOT_MPS
from tafadi.model.judgement import Cause, ClosestApproach, Judgement, Verdict
from tafadi.model.operation import Minima

FOLLOWED_S: Final = 120.0  # a pair that enters within the lookahead is followed on, so that its closest approach is told and not its cut
UNKNOWN_CLIMB_MPS: Final = 3_000 * FOOT_PER_MINUTE_MPS  # and what it may climb or descend: more than nearly all do for half a minute
UNKNOWN_SPEED_MPS: Final = 250 * KNOT_MPS  # what a track of unknown velocity may do: the speed limit below 10,000 ft nearly everywhere


class Side(NamedTuple):
    """One track as the judging sees it: its trail and its row of `kernels.tracks.screen`; in doubt where it jumped (`jumps`)."""

    key: str
    trail: Trail
    row: Floats
    is_doubted: bool = False


class Bounds(NamedTuple):
    """What is asked of every pair."""

    minima: Minima
    lookahead_s: float
    track_max_age_s: float
    levelling: Levelling | None = None  # by what heights above unlike datums are compared
    is_asked: bool = True  # whether minima between tracks are asked for at all; where not, `minima` are NO_MINIMA
    fastest_mps: float = FASTEST_MPS  # a hit that implies more makes its track suspect
    reach_m: float = 0.0  # how near, and within which time, tracks are looked at besides (well clear)
    reach_s: float = 0.0

    @property
    def stated(self) -> Minima | None:
        """The minima between tracks; None where none are asked for."""
        return self.minima if self.is_asked else None


def judge(own: Side, other: Side, bounds: Bounds, filters: frozenset[str], epoch: Instant) -> Judgement:
    """The judgement of the pair over the lookahead that begins at the newer of the two last hits.

    `filters` names the vertical filters that are used; `epoch` is the instant from which the rows count.
    """
    first, second = (own, other) if own.key <= other.key else (other, own)
    now_s = max(first.row[6], second.row[6])
    now, age_s = epoch.plus(now_s), abs(float(first.row[6] - second.row[6]))
    apart = plane(first.row, second.row, now_s)
    met, cause, inside = _meet(first, second, apart, bounds, filters)
    if cause is None and met is not None and age_s > bounds.track_max_age_s:
        cause, inside = Cause.TRACK_OLD, Stretch(met.start, met.end)
    if cause is not None:
        span = Span(now.plus(inside.start), now.plus(max(inside.start, inside.end)))
        cause = Cause.TRACK_OLD if age_s > bounds.track_max_age_s else cause
        return Judgement(first.key, second.key, Verdict.UNKNOWN, bounds.minima, cause=cause, span=span)
    if met is None:
        return Judgement(first.key, second.key, Verdict.CLEAR, bounds.minima)
    return Judgement(
        first.key,
        second.key,
        Verdict.CONFLICT,
        bounds.minima,
        span=Span(now.plus(met.start), now.plus(met.end)),
        place=middle_of(first.trail, second.trail, now.plus(met.start)),
        closest=ClosestApproach(now.plus(met.at), met.horizontal, met.vertical),
    )


def _meet(first: Side, second: Side, apart: Apart, bounds: Bounds, filters: frozenset[str]) -> tuple[Met | None, Cause | None, Stretch]:
    """When the pair meets, or why that cannot be said and during which seconds."""
    heights = first.trail.vertical(filters), second.trail.vertical(filters)
    if first.trail.velocity_mps is None or second.trail.velocity_mps is None:
        return _without_velocity(first, second, apart, bounds, heights)
    inside = disc(apart, bounds.minima.horizontal_m, bounds.lookahead_s)
    if not all(map(math.isfinite, apart)):
        return None, Cause.NOT_FINITE, inside
    if not inside.start < inside.end:
        return None, None, inside
    one, two = heights
    if one is None or two is None:
        return None, Cause.HEIGHT_MISSING, inside
    if one.datum is not two.datum:
        return _across(first, second, apart, bounds, (one, two), inside)
    met = _met(first, second, apart, bounds, (one, two), bounds.minima.vertical_m)
    return met, None, inside


def _across(
    first: Side, second: Side, apart: Apart, bounds: Bounds, heights: tuple[Vertical, Vertical], inside: Stretch
) -> tuple[Met | None, Cause | None, Stretch]:
    """When a pair across datums meets: for certain, or within what may be wrong, which is unknown."""
    levelling, ahead_s = bounds.levelling, bounds.lookahead_s + bounds.track_max_age_s
    found = None if levelling is None else alike(first.trail, second.trail, heights, levelling, ahead_s)
    if found is None:
        return None, Cause.DATUMS_UNLIKE, inside
    half_m, both = bounds.minima.vertical_m, (found.one, found.two)
    wide = _met(first, second, apart, bounds, both, half_m + found.within_m)
    if wide is None:
        return None, None, inside
    if half_m <= found.within_m or _met(first, second, apart, bounds, both, half_m - found.within_m) is None:
        return None, Cause.HEIGHT_UNCERTAIN, Stretch(wide.start, wide.end)
    return _met(first, second, apart, bounds, both, half_m), None, inside


def _met(first: Side, second: Side, apart: Apart, bounds: Bounds, heights: tuple[Vertical, Vertical], half_m: float) -> Met | None:
    """When the pair is within the minima and `half_m` above or below; None when it is not within the lookahead."""
    now_s = max(first.row[6], second.row[6])
    ages_s = float(now_s - first.row[6]), float(now_s - second.row[6])
    knots, differences = profile(*heights, ages_s, bounds.lookahead_s + FOLLOWED_S)
    met = cylinder(apart, knots, differences, bounds.minima.horizontal_m, half_m)
    return met if met.start < bounds.lookahead_s else None  # NaN where they never meet, and NaN is not below


def _without_velocity(
    first: Side, second: Side, apart: Apart, bounds: Bounds, heights: tuple[Vertical | None, Vertical | None]
) -> tuple[Met | None, Cause | None, Stretch]:
    """A conflict if they are together now; unknown where the one of unknown velocity could be reached."""
    whole = Stretch(0.0, bounds.lookahead_s)
    one, two = heights
    distance_m = math.hypot(apart.x, apart.y)
    if one is not None and two is not None and one.datum is two.datum:
        above_m = abs(two.height_m - one.height_m)
        if distance_m < bounds.minima.horizontal_m and above_m < bounds.minima.vertical_m:
            return Met(0.0, bounds.lookahead_s, 0.0, distance_m, above_m), None, whole
        if above_m > bounds.minima.vertical_m + 2 * UNKNOWN_CLIMB_MPS * bounds.lookahead_s:
            return None, None, whole
    reach_mps = math.hypot(apart.vx, apart.vy) + UNKNOWN_SPEED_MPS
    if distance_m > bounds.minima.horizontal_m + reach_mps * bounds.lookahead_s:
        return None, None, whole
    return None, Cause.VELOCITY_MISSING, whole


def profile(one: Vertical, two: Vertical, ages_s: tuple[float, float], ahead_s: float) -> tuple[Floats, Floats]:
    """The difference in height over `ahead_s` seconds: where it bends, and what it is there; `ages_s` since the last hit of each."""
    bends = (one.bend_s() - ages_s[0], two.bend_s() - ages_s[1])
    knots = sorted({0.0, ahead_s, *(bend for bend in bends if 0.0 < bend < ahead_s)})
    return np.array(knots), np.array([two.at_m(knot + ages_s[1]) - one.at_m(knot + ages_s[0]) for knot in knots])


def middle_of(first: Trail, second: Trail, at: Instant) -> Position:
    """The place half way between the two at `at`."""
    one, two = ahead(first, at), ahead(second, at)
    between = leg(one, two)
    return destination(one, Leg(between.bearing_deg, between.distance_m / 2.0))


def ahead(trail: Trail, at: Instant) -> Position:
    """Where straight motion brings the track at `at`; its last place where its velocity is not known."""
    east_mps, north_mps = trail.velocity_mps or (0.0, 0.0)
    course_deg = math.degrees(math.atan2(east_mps, north_mps)) % 360.0
    return destination(trail.last.position, Leg(course_deg, math.hypot(east_mps, north_mps) * at.since(trail.last.at)))
