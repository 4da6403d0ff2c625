"""Announced against announced: which pairs lose their minima, when, where and by how much; and of which nothing can be said.

A notice has parts: one trajectory, some volumes. Every part is judged against every part of the other notice: any conflict makes a
conflict, else any unknown makes unknown, else the pair is clear; a harmless neighbour never hides a true conflict. Pairs of parts that
cannot come near each other are set aside first (`join`, `sweep`, `allpairs`), which only ever errs towards keeping. Identities are sorted,
so neither order of input nor whose notice it is has any influence.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, pairwise
from typing import Final

import numpy as np

from tafadi.engine import layout
from tafadi.engine.columns import asked_of
from tafadi.engine.finding import Finding, combined
from tafadi.engine.kernels.areas import gaps_between, grounds_shared
from tafadi.engine.kernels.bands import compare_bands
from tafadi.engine.kernels.entry import judge_entries
from tafadi.engine.kernels.paths import judge_paths, place_at, tell_places
from tafadi.engine.kernels.surface import Point, geodetic
from tafadi.engine.kernels.sweep import near_pairs
from tafadi.engine.layout import CONFLICT, EDGE_M, FOUND, Bytes, Floats, Ints, Records
from tafadi.engine.pack import WGS84, plane_reach_m
from tafadi.engine.parts import Parts, balls_of, pack
from tafadi.engine.strategic import Asked, judge_kept, near_paths
from tafadi.engine.volumes import candidates, packed_bodies
from tafadi.errors import InputError, LimitError
from tafadi.measure.earth import Position
from tafadi.measure.height import Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Cause, ClosestApproach, Judgement, Overlap, Verdict
from tafadi.model.operation import Announced, Minima
from tafadi.model.volume import Volume4D

CAUSES: Final = {
    layout.HEIGHT_MISSING: Cause.HEIGHT_MISSING,
    layout.DATUMS_UNLIKE: Cause.DATUMS_UNLIKE,
    layout.NOT_FINITE: Cause.NOT_FINITE,
    layout.VELOCITY_MISSING: Cause.VELOCITY_MISSING,
}
MOST_JUDGED: Final = 1_000_000  # pairs of each kind, 1 GB of nouns: nobody reads more, and a fault of the data is likelier
MOST_ENTRIES: Final = 20_000_000  # pairs of a piece of a trajectory and a volume that are near each other
ROOM_M: Final = 1.0  # the prefilter keeps pairs this much farther apart than the minima: no rounding may drop one


def detect(announced: Sequence[Announced], minima: Minima | None = None, workers: int = 1) -> list[Judgement]:
    """All pairs that are CONFLICT or UNKNOWN, sorted by (start, first, second). CLEAR pairs are not listed.

    `minima` are those of the agreement or the command; each pair is judged by the larger of these and its two notices' own. `workers`
    threads look at trajectories; the result does not depend on them. Raises InputError when two notices have one identity, LimitError for
    more pairs than the named limits.
    """
    parts = pack(_sorted(announced), minima)
    pairs, found = _near(parts, workers)
    told = np.flatnonzero(found["verdict"])
    _limit(len(told), "pairs of trajectories are in conflict or unknown")
    findings = [
        *_paths(parts, pairs[told], found[told]),
        *_minima_missing(parts),
        *_entries(parts, _near_entries(parts)),
        *_volumes(parts, _near_bodies(parts, minima)),
    ]
    findings.sort(key=lambda finding: (finding.first, finding.second))
    judged = [combined(parts, list(group)) for _, group in groupby(findings, key=lambda finding: (finding.first, finding.second))]
    return sorted(judged, key=_when)


def _near_bodies(parts: Parts, minima: Minima | None) -> Ints:
    """Pairs of bodies that are not known to be CLEAR: those few are judged exactly."""
    if len(parts.body_owner) < 2:
        return np.empty((0, 2), np.int64)
    own_m = np.stack([parts.horizontal_m[parts.body_owner], parts.vertical_m[parts.body_owner]], axis=1)
    rows = candidates(packed_bodies(parts.bodies, asked_of(parts.body_owner, minima, own_m))).rows
    _limit(len(rows), "pairs of volumes are not known to be clear")
    return rows


def _limit(count: int, what: str) -> None:
    if count > MOST_JUDGED:
        raise LimitError(f"{count:,} {what}, more than {MOST_JUDGED:,}; ask for smaller minima, or give fewer notices at once")


def _near_entries(parts: Parts) -> Ints:
    """Pairs of a path and a body that may come near each other."""
    if not (len(parts.path_owner) and len(parts.body_owner)):
        return np.empty((0, 2), np.int64)
    balls = balls_of(parts, ROOM_M)
    pairs = near_pairs(balls.items, MOST_ENTRIES)
    if len(pairs) > MOST_ENTRIES:
        raise LimitError(f"more than {MOST_ENTRIES:,} pieces of trajectories are near a volume; give fewer notices at once")
    numbers = balls.part[pairs]  # paths come first among the balls, and the smaller number first in a pair
    numbers = numbers[parts.path_owner[numbers[:, 0]] != parts.body_owner[numbers[:, 1]]]
    key = np.unique(numbers[:, 0] * len(parts.body_owner) + numbers[:, 1])
    return np.stack(np.divmod(key, len(parts.body_owner)), axis=1)


def judge(first: Announced, second: Announced, minima: Minima | None = None) -> Judgement:
    """The judgement of one pair, CLEAR included; with the closest approach where both have trajectories, heights alike and common time.

    Raises InputError when both have one identity.
    """
    parts = pack(_sorted((first, second)), minima)
    paths, bodies = _owned(parts.path_owner), _owned(parts.body_owner)
    across = [(path, body) for path in (*paths[0], *paths[1]) for body in bodies[1 - parts.path_owner[path]]]
    flown = list(_paths(parts, *_all(parts, _product(paths[0], paths[1]))))
    findings = [
        *(finding for finding in flown if finding.verdict is not Verdict.CLEAR),
        *_minima_missing(parts),
        *_entries(parts, np.array(across, dtype=np.int64).reshape(-1, 2)),
        *_volumes(parts, _product(bodies[0], bodies[1])),
    ]
    if findings:
        return combined(parts, findings)
    closest = next((finding.closest for finding in flown), None)
    return Judgement(parts.ids[0], parts.ids[1], Verdict.CLEAR, parts.minima(0, 1), closest=closest)


def _sorted(announced: Iterable[Announced]) -> list[Announced]:
    ordered = sorted(announced, key=lambda one: one.id)
    for before, after in pairwise(ordered):
        if before.id == after.id:
            raise InputError(f"two notices have the identity {after.id!r}; each must have its own")
    return ordered


def _when(judgement: Judgement) -> tuple[int, str, str]:
    return judgement.span.start.ns if judgement.span else 0, judgement.first, judgement.second


def _owned(owner: Ints) -> tuple[list[int], list[int]]:
    return [int(n) for n in np.flatnonzero(owner == 0)], [int(n) for n in np.flatnonzero(owner == 1)]


def _product(ones: list[int], others: list[int]) -> Ints:
    return np.array([(one, other) for one in ones for other in others], dtype=np.int64).reshape(-1, 2)


def _told(verdicts: Bytes) -> list[int]:
    """Rows with something to tell: those that are not CLEAR."""
    return [int(row) for row in np.flatnonzero(verdicts)]


def _larger(values: Floats, owners: Ints) -> Floats:
    return np.asarray(values[owners].max(axis=1)) if len(owners) else np.empty(0)


def _minima_missing(parts: Parts) -> Iterable[Finding]:
    """Pairs of trajectories for which no minima are known from anywhere: unknown during all their common time."""
    unstated = [path for path, owner in enumerate(parts.path_owner) if not parts.stated[owner]]
    _limit(_together(parts, unstated), "pairs of trajectories fly at one time and state no minima")
    spans = {path: parts.path_span(path) for path in unstated}
    unstated.sort(key=lambda path: spans[path].start)
    flying: list[int] = []
    for path in unstated:
        flying = [other for other in flying if spans[other].end > spans[path].start]
        for other in flying:
            first, second = sorted((int(parts.path_owner[path]), int(parts.path_owner[other])))
            shared = spans[path].overlap(spans[other])
            if shared is not None:
                yield Finding(first, second, Verdict.UNKNOWN, shared, Cause.MINIMA_MISSING)
        flying.append(path)


def _together(parts: Parts, paths: list[int]) -> int:
    """How many pairs of some paths share time."""
    first, last = parts.paths.first[paths], parts.paths.first[1:][paths] - 1
    begin_ns, end_ns = parts.paths.at_ns[first], parts.paths.at_ns[last]
    begun = np.searchsorted(np.sort(begin_ns), end_ns)  # of those that begin before each one ends, all but itself share time with it
    ended = np.searchsorted(np.sort(end_ns), begin_ns, "right")  # but for those that had ended when it began
    return int((begun - ended - 1).sum()) // 2


def _on_earth(lat_deg: float, lon_deg: float) -> Position:
    """The place, where rounding has not left the earth."""
    return Position(max(-90.0, min(90.0, lat_deg)), max(-180.0, min(180.0, lon_deg)))


def _position(place: Point) -> Position:
    lat, lon = geodetic(WGS84, place)
    return _on_earth(math.degrees(lat), math.degrees(lon))


def _span(found: Records, row: int) -> Span:
    epoch = Instant(int(found["epoch_ns"][row]))
    return Span(epoch.plus(float(found["start_s"][row])), epoch.plus(float(found["end_s"][row])))


def _point(place: Floats) -> Point:
    return Point(float(place[0]), float(place[1]), float(place[2]))


def _place(parts: Parts, path: int, at: Instant) -> Position | None:
    """Where a path is at an instant; None where its place is no number."""
    place = place_at(parts.paths, path, at.ns, WGS84)
    return _position(_point(place)) if float(np.linalg.norm(place)) > 1.0 else None


def _asked(parts: Parts) -> Asked:
    """What each path asks for."""
    owner = parts.path_owner
    return Asked(parts.horizontal_m[owner], parts.vertical_m[owner], parts.stated[owner])


def _near(parts: Parts, workers: int) -> tuple[Ints, Records]:
    """The pairs of paths that may lose their minima, and what is found of them."""
    asked = _asked(parts)
    kept = near_paths(parts.paths, asked, workers=workers)
    return kept.pairs, judge_kept(parts.paths, asked, kept, workers)


def _all(parts: Parts, pairs: Ints) -> tuple[Ints, Records]:
    """The pairs of paths of which one states minima, and what is found of them; the nearest approach of the CLEAR ones too."""
    pairs, asked = pairs[parts.stated[parts.path_owner[pairs]].any(axis=1)], _asked(parts)
    found = np.zeros(len(pairs), FOUND)
    reach_m, half_m = plane_reach_m(_larger(asked.horizontal_m, pairs)), _larger(asked.vertical_m, pairs)
    judge_paths(parts.paths, pairs, reach_m, half_m, True, WGS84, found)
    return pairs, found


def _paths(parts: Parts, pairs: Ints, found: Records) -> Iterable[Finding]:
    """Findings on pairs of trajectories, as many as are given."""
    owners, told = parts.path_owner[pairs], tell_places(parts.paths, pairs, found, WGS84)
    for row, (place, distance) in enumerate(zip(np.degrees(told[:, :2]).tolist(), told[:, 2].tolist(), strict=True)):
        first, second = int(owners[row, 0]), int(owners[row, 1])
        closest = _closest(found, row, distance)
        if found["verdict"][row] == layout.CLEAR:
            yield Finding(first, second, Verdict.CLEAR, Span(Instant(0), Instant(0)), closest=closest)
            continue
        where = _on_earth(*place) if math.isfinite(place[0]) else None
        yield Finding(first, second, *_verdict(found, row, _span(found, row)), place=where, closest=closest)


def _verdict(found: Records, row: int, span: Span) -> tuple[Verdict, Span, Cause | None]:
    conflict = found["verdict"][row] == CONFLICT
    return Verdict.CONFLICT if conflict else Verdict.UNKNOWN, span, None if conflict else CAUSES[int(found["cause"][row])]


def _entries(parts: Parts, pairs: Ints) -> Iterable[Finding]:
    """Findings on trajectories and volumes; the place is that of the moving body."""
    owners = np.stack([parts.path_owner[pairs[:, 0]], parts.body_owner[pairs[:, 1]]], axis=1)
    found = np.zeros(len(pairs), FOUND)
    horizontal_m, vertical_m = _larger(parts.horizontal_m, owners), _larger(parts.vertical_m, owners)
    judge_entries(parts.paths, parts.bodies, pairs, horizontal_m, vertical_m, WGS84, found)
    for row in _told(found["verdict"]):
        first, second = sorted((int(owners[row, 0]), int(owners[row, 1])))
        span = _span(found, row)
        place = _place(parts, int(pairs[row, 0]), span.start)
        closest = _closest(found, row, float(found["horizontal_m"][row]))
        yield Finding(first, second, *_verdict(found, row, span), place=place, closest=closest)


def _closest(found: Records, row: int, horizontal_m: float) -> ClosestApproach | None:
    """The closest approach, or the deepest instant; None where there was none to be found, or a place is not known."""
    if not math.isfinite(found["nearest_s"][row]):
        return None
    at = Instant(int(found["epoch_ns"][row])).plus(float(found["nearest_s"][row]))
    return ClosestApproach(at, horizontal_m, _known(float(found["vertical_m"][row])))


def _known(value_m: float) -> float | None:
    return value_m if math.isfinite(value_m) else None


def _volumes(parts: Parts, pairs: Ints) -> Iterable[Finding]:
    """Findings on pairs of volumes. They do not move: they are as close as they get when their common time begins."""
    owners = parts.body_owner[pairs]
    verdict, cause, above_m = np.zeros(len(pairs), np.uint8), np.zeros(len(pairs), np.uint8), np.zeros(len(pairs))
    horizontal_m = _larger(parts.horizontal_m, owners)
    compare_bands(parts.bodies, pairs, _larger(parts.vertical_m, owners), verdict, cause, above_m)
    rows = np.flatnonzero(verdict)
    gaps = gaps_between(WGS84, parts.bodies, _numbers(pairs[rows]))
    near = [n for n, gap in enumerate(gaps) if not gap.gap_m >= horizontal_m[rows[n]] - EDGE_M]  # NaN is near
    rows, gaps = rows[near], [gaps[n] for n in near]
    shared = grounds_shared(WGS84, parts.bodies, _numbers(pairs[rows]), gaps)
    for row, gap, ground in zip(rows.tolist(), gaps, shared, strict=True):
        a, b = (parts.volumes[int(body)] for body in pairs[row])
        span = a.span.overlap(b.span)
        if span is None:  # told apart in time already
            continue
        first, second = sorted((int(owners[row, 0]), int(owners[row, 1])))
        conflict = verdict[row] == CONFLICT
        closest = ClosestApproach(span.start, max(0.0, gap.gap_m), _known(float(above_m[row]))) if math.isfinite(gap.gap_m) else None
        yield Finding(
            first, second, Verdict.CONFLICT if conflict else Verdict.UNKNOWN, span, None if conflict else CAUSES[int(cause[row])],
            _position(ground.place), closest, _overlap(a, b, ground.area_m2, span) if conflict and ground.area_m2 > 0.0 else None,
        )  # fmt: skip


def _numbers(pairs: Ints) -> list[tuple[int, int]]:
    return [(a, b) for a, b in pairs.tolist()]


def _overlap(a: Volume4D, b: Volume4D, area_m2: float, span: Span) -> Overlap | None:
    """The air that two volumes share; None when they only come within minima, or when unlike datums keep the band from being stated."""
    lower, upper = _extreme(a.lower, b.lower, max), _extreme(a.upper, b.upper, min)
    if lower is None or upper is None or (lower.datum is upper.datum and upper.value_m - lower.value_m <= EDGE_M):
        return None
    return Overlap(area_m2, lower, upper, span)


def _extreme(a: Height | None, b: Height | None, pick: Callable[[float, float], float]) -> Height | None:
    if a is None or b is None or a.datum is not b.datum:
        return None
    return Height(pick(a.value_m, b.value_m), a.datum)
