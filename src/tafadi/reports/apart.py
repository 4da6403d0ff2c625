"""How far apart two subjects are over time, for a curve: horizontally along the geodesic, vertically where the heights can be compared.

A curve is looked at, and is no verdict: verdicts, closest approaches and spans come from the engine. Where a subject has several parts (a
course and volumes, or several volumes), the curve is of the two parts that are nearest by the cylinder norm at that instant, and a vertical
distance that is not known is NaN, never zero. Of two volumes there is no curve: they do not move.

Units : metres, nanoseconds since 1970.
Source: distances from a moving point to an outline are taken on the plane around that point (`plane.py`), edges cut to EDGE_M.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.layout import MISSING, Bools, Floats, Ints
from tafadi.engine.routes import DATUM_CODES
from tafadi.measure.height import Height
from tafadi.measure.instant import SECOND_NS, Instant, Span
from tafadi.model.judgement import ClosestApproach
from tafadi.model.operation import Minima
from tafadi.model.volume import Circle, Volume4D
from tafadi.reports.course import Seen, Subject
from tafadi.reports.plane import Places, Plane, drawn_along, geod, places_of

SAMPLES: Final = 360  # of a curve: every second point of a picture that is 700 points wide
EDGE_M: Final = 50_000.0  # a straight line on the plane leaves so long a geodesic by less than a metre
MOST_CORNERS: Final = 100_000  # corners × samples that are laid out for one curve: a tenth of a second; more are sampled more coarsely
LEAST_SAMPLES: Final = 60
BISECTIONS: Final = 24  # halvings of one sample: a span of a day is then found to a millisecond
ZOOMS: Final = 4  # each looks 30 times closer at the deepest sample
NORM_LEAST_M: Final = 1.0  # stands for minima of nothing in the cylinder norm


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """The curve: distances at instants; NaN where one of the two is not there, or a height is not known."""

    at_ns: Ints
    horizontal_m: Floats
    vertical_m: Floats

    @property
    def both(self) -> Bools:
        """Where both are there."""
        return np.isfinite(self.horizontal_m)

    @property
    def height_unknown(self) -> Bools:
        """Where both are there and the vertical distance is not known."""
        return self.both & ~np.isfinite(self.vertical_m)


class _Gap(NamedTuple):
    horizontal_m: Floats
    vertical_m: Floats


def has_curve(first: Subject, second: Subject) -> bool:
    """Whether anything of the two moves."""
    return first.course is not None or second.course is not None


def apart(first: Subject, second: Subject, window: Span, minima: Minima | None, marks: Sequence[Instant] = ()) -> Apart:
    """The curve of the two within the window, with `marks` among its instants."""
    at_ns = _instants(first, second, window, marks)
    return _apart(first, second, at_ns, minima)


def _instants(first: Subject, second: Subject, window: Span, marks: Sequence[Instant]) -> Ints:
    count = min(SAMPLES, max(LEAST_SAMPLES, MOST_CORNERS // max(1, _corners(first) + _corners(second))))
    own = [one.course.at_ns for one in (first, second) if one.course is not None]
    ends = [ns for one in (first, second) for volume in one.volumes for ns in (volume.span.start.ns, volume.span.end.ns - 1)]
    even = np.linspace(window.start.ns, window.end.ns, count).astype(np.int64)
    several = [even, np.array([mark.ns for mark in marks], np.int64), np.array(ends, np.int64), *(_thinned(ns, window) for ns in own)]
    all_ns = np.unique(np.concatenate(several))
    return all_ns[(all_ns >= window.start.ns) & (all_ns <= window.end.ns)]


def _thinned(at_ns: Ints, window: Span) -> Ints:
    """The points of a course within the window, at most a few times SAMPLES of them."""
    inside = at_ns[(at_ns >= window.start.ns) & (at_ns <= window.end.ns)]
    return inside[:: max(1, len(inside) // (2 * SAMPLES))]


def _corners(one: Subject) -> int:
    return sum(0 if isinstance(volume.outline, Circle) else len(volume.outline.vertices) for volume in one.volumes)


def _apart(first: Subject, second: Subject, at_ns: Ints, minima: Minima | None) -> Apart:
    """The nearest two parts at each instant."""
    nan = np.full(len(at_ns), np.nan)
    best, least = _Gap(nan, nan), np.full(len(at_ns), np.inf)
    for gap in _gaps(first, second, at_ns):
        norm = _norm(gap, minima)
        better = norm < least
        best = _Gap(np.where(better, gap.horizontal_m, best.horizontal_m), np.where(better, gap.vertical_m, best.vertical_m))
        least = np.where(better, norm, least)
    return Apart(at_ns, *best)


def _gaps(first: Subject, second: Subject, at_ns: Ints) -> "list[_Gap]":
    """The distances of every two parts of which one moves."""
    one, two = (None if side.course is None else side.course.at(at_ns) for side in (first, second))
    found = [] if one is None or two is None else [_between(one, two)]
    if one is not None:
        found += [_to_volume(one, at_ns, volume) for volume in second.volumes]
    if two is not None:
        found += [_to_volume(two, at_ns, volume) for volume in first.volumes]
    return found


def _norm(gap: _Gap, minima: Minima | None) -> Floats:
    """The cylinder norm; a vertical distance that is not known has no say, so that the pair stays in sight."""
    wide_m, high_m = (NORM_LEAST_M, NORM_LEAST_M) if minima is None else (minima.horizontal_m, minima.vertical_m)
    horizontal = gap.horizontal_m / max(wide_m, NORM_LEAST_M)
    vertical = gap.vertical_m / max(high_m, NORM_LEAST_M)
    norm = np.where(np.isfinite(vertical), np.maximum(horizontal, vertical), horizontal)
    return np.where(np.isfinite(norm), norm, np.inf)


def _between(one: Seen, two: Seen) -> _Gap:
    known = np.isfinite(one.places.lat_deg) & np.isfinite(two.places.lat_deg)
    ends = [np.where(known, axis, 0.0) for axis in (one.places.lon_deg, one.places.lat_deg, two.places.lon_deg, two.places.lat_deg)]
    horizontal_m = np.where(known, geod().inv(*ends)[2], np.nan)
    alike = known & (one.datum == two.datum) & (one.datum > MISSING)
    return _Gap(horizontal_m, np.where(alike, np.abs(one.height_m - two.height_m), np.nan))


def _to_volume(moving: Seen, at_ns: Ints, volume: Volume4D) -> _Gap:
    """From a moving point to a volume while it lasts; 0 within it."""
    there = np.isfinite(moving.places.lat_deg) & (at_ns >= volume.span.start.ns) & (at_ns < volume.span.end.ns)
    horizontal_m, vertical_m = np.full(len(at_ns), np.nan), np.full(len(at_ns), np.nan)
    if there.any():
        horizontal_m[there] = _to_outline(Places(moving.places.lat_deg[there], moving.places.lon_deg[there]), volume)
        vertical_m[there] = _to_band(Seen(moving.places, moving.height_m[there], moving.datum[there]), volume)
    return _Gap(horizontal_m, vertical_m)


def _to_band(moving: Seen, volume: Volume4D) -> Floats:
    """Metres outside the band; known wherever one of its limits alone says it."""
    above, below = (_limit_m(moving, height) for height in (volume.upper, volume.lower))
    over_m, under_m = moving.height_m - above, below - moving.height_m
    inside = np.where((over_m <= 0.0) & (under_m <= 0.0), 0.0, np.nan)
    return np.where(over_m > 0.0, over_m, np.where(under_m > 0.0, under_m, inside))


def _limit_m(moving: Seen, height: Height | None) -> Floats:
    if height is None:
        return np.full(len(moving.height_m), np.nan)
    return np.where(moving.datum == DATUM_CODES[height.datum], height.value_m, np.nan)


def _to_outline(places: Places, volume: Volume4D) -> Floats:
    """Metres from each place to the outline; 0 inside."""
    outline = volume.outline
    if isinstance(outline, Circle):
        count = places.lat_deg.shape
        ends = np.full(count, outline.centre.lon_deg), np.full(count, outline.centre.lat_deg)
        return np.maximum(0.0, np.asarray(geod().inv(*ends, places.lon_deg, places.lat_deg)[2]) - outline.radius_m)
    ring = drawn_along(places_of(outline.vertices), EDGE_M, is_closed=True)
    return np.array([_to_ring(Plane(lat, lon), ring) for lat, lon in zip(places.lat_deg.tolist(), places.lon_deg.tolist(), strict=True)])


def _to_ring(plane: Plane, ring: Places) -> float:
    """Metres from the middle of the plane to the ring around or beside it; 0 inside."""
    x_m, y_m = plane.spots(ring)
    ax, ay, bx, by = x_m[:-1], y_m[:-1], x_m[1:], y_m[1:]
    across = ((ay > 0.0) != (by > 0.0)) & (ax - ay * (bx - ax) / np.where(by == ay, 1.0, by - ay) > 0.0)
    if int(across.sum()) % 2:
        return 0.0
    ex, ey = bx - ax, by - ay
    square = np.where(ex * ex + ey * ey == 0.0, 1.0, ex * ex + ey * ey)
    part = np.clip(-(ax * ex + ay * ey) / square, 0.0, 1.0)
    return float(np.hypot(ax + part * ex, ay + part * ey).min())


def lost(curve: Apart, minima: Minima) -> Bools:
    """Where the pair is inside both minima; minima of nothing are lost where nothing is between the two."""
    within = curve.horizontal_m < minima.horizontal_m if minima.horizontal_m > 0.0 else curve.horizontal_m <= 0.0
    between = curve.vertical_m < minima.vertical_m if minima.vertical_m > 0.0 else curve.vertical_m <= 0.0
    return np.asarray(within & between)


def unsure(curve: Apart, minima: Minima | None) -> Bools:
    """Where nothing can be said: together seen from above, or of that nobody knows, and no vertical distance."""
    if minima is None:
        return curve.height_unknown
    within = curve.horizontal_m < minima.horizontal_m if minima.horizontal_m > 0.0 else curve.horizontal_m <= 0.0
    return np.asarray(curve.height_unknown & within)


def spans_lost(first: Subject, second: Subject, curve: Apart, minima: Minima) -> list[Span]:
    """The stretches inside the minima, their ends found to a millisecond or so."""
    inside = lost(curve, minima)

    def at_edge(outer_ns: int, inner_ns: int) -> int:
        """Where it changes between an instant outside and one inside."""
        for _ in range(BISECTIONS):
            middle_ns = (outer_ns + inner_ns) // 2
            found = bool(lost(_apart(first, second, np.array([middle_ns], np.int64), minima), minima)[0])
            outer_ns, inner_ns = (outer_ns, middle_ns) if found else (middle_ns, inner_ns)
        return inner_ns

    spans = []
    for start, end in stretches(inside):
        start_ns, end_ns = int(curve.at_ns[start]), int(curve.at_ns[end])
        begins_ns = at_edge(int(curve.at_ns[start - 1]), start_ns) if start > 0 else start_ns
        ends_ns = at_edge(int(curve.at_ns[end + 1]), end_ns) if end + 1 < len(inside) else end_ns
        spans.append(Span(Instant(begins_ns), Instant(ends_ns)))
    return spans


def stretches(where: Bools) -> list[tuple[int, int]]:
    """The first and last number of each run of what holds.

    >>> stretches(np.array([True, True, False, True]))
    [(0, 1), (3, 3)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(np.int8)))
    return [(int(start), int(end) - 1) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def deepest(first: Subject, second: Subject, curve: Apart, minima: Minima | None) -> ClosestApproach | None:
    """The deepest instant by the cylinder norm, found between the samples of the curve; None where the two are never there together."""
    if not curve.both.any():
        return None
    for _ in range(ZOOMS):
        row = _row(curve, minima)
        ends_ns = int(curve.at_ns[max(row - 1, 0)]), int(curve.at_ns[min(row + 1, len(curve.at_ns) - 1)])
        finer_ns = np.unique(np.append(np.linspace(*ends_ns, LEAST_SAMPLES).astype(np.int64), curve.at_ns[row]))
        curve = _apart(first, second, finer_ns, minima)
    row = _row(curve, minima)
    vertical_m = float(curve.vertical_m[row])
    at, known_m = Instant(int(curve.at_ns[row])), vertical_m if math.isfinite(vertical_m) else None
    return ClosestApproach(at, float(curve.horizontal_m[row]), known_m)


def _row(curve: Apart, minima: Minima | None) -> int:
    return int(np.argmin(_norm(_Gap(curve.horizontal_m, curve.vertical_m), minima)))


def seconds(at_ns: Ints, origin: Instant) -> Floats:
    """Instants as seconds after the origin."""
    return np.asarray((at_ns - origin.ns) / SECOND_NS)


def shared(first: Subject, second: Subject) -> Span | None:
    """The time that both last; None where they share none."""
    return first.span.overlap(second.span)
