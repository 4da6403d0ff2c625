"""Many trajectories against each other, in arrays.

The paths are joined over slabs of time (`kernels.join`), and the pairs that may lose their minima are judged (`kernels.paths`) over the
time in which they may. Slabs and pairs are shared out among threads; no result depends on how many there are, or on how long a slab is.

What is announced over many days is given in turn: a batch of routes is judged against itself and against those before it that still fly.

Units : metres, seconds; instants in whole nanoseconds since 1970.
Source: docs/maths/detect.md.
Twin  : tests/reference/routes.py judges every pair, and walks along geodesics.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.join import join_slabs
from tafadi.engine.kernels.paths import judge_within
from tafadi.engine.kernels.slabs import Flown
from tafadi.engine.layout import FOUND, SECOND_NS, Bools, Floats, Ints, Paths, Records
from tafadi.engine.pack import NO_PATHS, WGS84, pack_behind, plane_reach_m
from tafadi.engine.routes import Routes, checked
from tafadi.engine.sharing import shared
from tafadi.errors import InputError, LimitError
from tafadi.model.operation import Minima

SLAB_S: Final = 720.0  # 480 s to 960 s took as long, within a tenth: shorter ones make more balls, longer ones larger
SLABS_MOST: Final = 50_000  # 14 months of 720 s; longer ones where a set lasts longer
MINIMUM_MOST_M: Final = 1_000_000.0  # as model.operation.Minima
MOST_KEPT: Final = 20_000_000  # pairs to be judged, 3 GB: nobody reads more, and a fault of the data is likelier


class Asked(NamedTuple):
    """The minima that each of some routes asks for, and whether it states any; 0 where it does not."""

    horizontal_m: Floats  # [routes] 0 to 1,000,000
    vertical_m: Floats  # [routes] 0 to 1,000,000
    stated: Bools  # [routes]


class Kept(NamedTuple):
    """Pairs of paths that must be judged, and from when until when."""

    pairs: Ints  # [n, 2] the smaller number first; sorted
    within_ns: Ints  # [n, 2]


class Judged(NamedTuple):
    """The pairs of routes that are CONFLICT or UNKNOWN, by their numbers, the smaller first; sorted. All others are CLEAR."""

    pairs: Ints  # [n, 2]
    found: Records  # FOUND[n]; horizontal_m is measured on the tangent plane, as the minima are


def asked_by(count: int, minima: Minima) -> Asked:
    """The same minima for so many routes."""
    return Asked(np.full(count, minima.horizontal_m), np.full(count, minima.vertical_m), np.ones(count, np.bool_))


def detect_routes(routes: Routes, asked: Asked | Minima, workers: int = 1, slab_s: float = SLAB_S) -> Judged:
    """All pairs of routes that are CONFLICT or UNKNOWN; each pair is judged by the larger of what both ask for.

    routes  : columns, as Routes names them; they are not changed
    asked   : minima for all of them, or what each asks for (`Asked`)
    workers : threads; the result does not depend on them
    slab_s  : seconds in a slab of the join; neither on this

    Raises InputError when the routes, or what they ask for, are none, and LimitError when more than MOST_KEPT pairs may lose their minima.

    >>> height_m, pressure = np.full(4, 3_000.0), np.full(4, 2, np.int8)
    >>> at_ns = np.array([0, 600, 0, 600]) * SECOND_NS
    >>> both = Routes(np.array([0, 2, 4]), np.zeros(4), np.array([179.5, -179.5, -179.5, 179.5]), at_ns, height_m, pressure)
    >>> pairs, found = detect_routes(both, Minima(9_260.0, 300.0))
    >>> pairs.tolist(), found["nearest_s"].round(6).tolist()
    ([[0, 1]], [300.0])
    """
    (judged,) = detect_in_turn([(routes, asked)], workers, slab_s)
    return judged


def detect_in_turn(batches: Iterable[tuple[Routes, Asked | Minima]], workers: int = 1, slab_s: float = SLAB_S) -> Iterator[Judged]:
    """For each batch all pairs of which it holds the later half; routes are numbered through all batches.

    No batch may begin before the one before it began: what had ended by then is forgotten. All batches together give what `detect_routes`
    gives of all at once, to the last bit, in the memory of those that fly at one time. Raises InputError when one begins earlier, and as
    `detect_routes`.
    """
    paths, told, numbers = NO_PATHS, _NONE_ASKED, np.empty(0, np.int64)
    room = NO_PATHS
    count, begun_ns = 0, None
    for routes, said in batches:
        asked = _checked(checked(routes), said)
        size = len(routes.first) - 1
        numbers_here = np.arange(count, count + size)
        count += size
        if size:
            begin_ns = int(routes.at_ns[routes.first[:-1]].min())
            if begun_ns is not None and begin_ns < begun_ns:
                raise InputError("a batch of routes begins before the one that was given before it; give them in order of time")
            begun_ns = begin_ns
            flying = np.flatnonzero(paths.at_ns[paths.first[1:] - 1] > begin_ns)
            # Into the memory of the batch before: fresh memory costs more than what is written to it.
            paths, fresh = pack_behind(_taken(paths, flying), routes, room, workers), len(flying)
            room = paths if len(paths.at_ns) > len(room.at_ns) else room
            told = Asked(*(np.concatenate([old[flying], new]) for old, new in zip(told, asked, strict=True)))
            numbers = np.concatenate([numbers[flying], numbers_here])
            yield _told(paths, told, numbers, near_paths(paths, told, fresh, slab_s, workers), workers)
        else:
            yield Judged(np.empty((0, 2), np.int64), np.empty(0, FOUND))


def near_paths(paths: Paths, asked: Asked, fresh: int = 0, slab_s: float = SLAB_S, workers: int = 1) -> Kept:
    """The pairs of paths that may lose their minima, with the time in which they may; those of two paths before `fresh` are passed over.

    Raises InputError when a slab has no length, LimitError when there are more than MOST_KEPT pairs.
    """
    count = len(paths.first) - 1
    if count < 2 or fresh >= count:
        return Kept(np.empty((0, 2), np.int64), np.empty((0, 2), np.int64))
    if not slab_s > 0.0:
        raise InputError(f"a slab of {slab_s} s has no length")
    begin_ns, end_ns = paths.at_ns[paths.first[:-1]], paths.at_ns[paths.first[1:] - 1]
    flown = Flown(paths, begin_ns, end_ns, asked.horizontal_m, asked.vertical_m, asked.stated, _usual_datum(paths))
    origin_ns = int(begin_ns[fresh:].min())
    whole_ns = int(end_ns[fresh:].max()) - origin_ns
    slab_ns = max(1, round(slab_s * SECOND_NS), -(-whole_ns // SLABS_MOST))

    def run(first: int, last: int) -> Ints:
        return join_slabs(flown, fresh, MOST_KEPT, origin_ns, slab_ns, first, last)

    kept = _merged(np.concatenate(shared(run, -(-whole_ns // slab_ns), count, workers)))
    if len(kept.pairs) > MOST_KEPT:
        raise LimitError(
            f"more than {MOST_KEPT:,} pairs come near their minima; ask for smaller minima, or give fewer trajectories at once"
        )
    return kept


def judge_kept(paths: Paths, asked: Asked, kept: Kept, workers: int = 1) -> Records:
    """FOUND[n]: what is found of each pair that was kept."""
    found = np.zeros(len(kept.pairs), FOUND)
    reach_m = plane_reach_m(asked.horizontal_m[kept.pairs].max(axis=1, initial=0.0))
    half_m = asked.vertical_m[kept.pairs].max(axis=1, initial=0.0)

    def run(first: int, last: int) -> None:
        part = slice(first, last)
        judge_within(paths, kept.pairs[part], kept.within_ns[part], reach_m[part], half_m[part], False, WGS84, found[part])

    shared(run, len(found), len(found), workers)
    return found


def _told(paths: Paths, asked: Asked, numbers: Ints, kept: Kept, workers: int) -> Judged:
    found = judge_kept(paths, asked, kept, workers)
    told = np.flatnonzero(found["verdict"])
    return Judged(numbers[kept.pairs[told]], found[told])


def _checked(routes: Routes, asked: Asked | Minima) -> Asked:
    """What the routes ask for. Raises InputError where that is no distance, or not stated for every one."""
    count = len(routes.first) - 1
    if isinstance(asked, Minima):
        return asked_by(count, asked)
    if not all(len(column) == count for column in asked):
        raise InputError("minima must be given once, or once for each route")
    if not asked.stated.all():
        raise InputError("a route that states no minima cannot be judged in columns; give it those of the agreement")
    for column in (asked.horizontal_m, asked.vertical_m):
        wrong = ~((column >= 0.0) & (column <= MINIMUM_MOST_M))  # NaN is wrong too
        if wrong.any():
            raise InputError(f"minima of {column[np.argmax(wrong)]} m are not a distance")
    return asked


def _usual_datum(paths: Paths) -> int:
    """The datum of most pieces: heights in others are not compared by the join, only by the judge."""
    stated = paths.datum[paths.datum >= 0]
    return int(np.bincount(stated).argmax()) if len(stated) else 0


def _merged(rows: Ints) -> Kept:
    """Pairs that several tasks kept, once each: int64[n, 4], as `join_slabs` lists them."""
    if not len(rows):
        return Kept(rows[:, :2], rows[:, 2:])
    key = rows[:, 0] * (rows[:, 1].max() + 1) + rows[:, 1]
    order = np.argsort(key)
    key, rows = key[order], rows[order]
    first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    within_ns = np.stack([np.minimum.reduceat(rows[:, 2], first), np.maximum.reduceat(rows[:, 3], first)], axis=1)
    return Kept(rows[first, :2], within_ns)


def _taken(paths: Paths, which: Ints) -> Paths:
    """Some of the paths, in the order given."""
    sizes = np.diff(paths.first)[which]
    first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    points = np.arange(first[-1]) + np.repeat(paths.first[which] - first[:-1], sizes)
    return Paths(first, paths.at_ns[points], paths.place_m[points], paths.height_m[points], paths.datum[points])


_NONE_ASKED: Final = Asked(np.empty(0), np.empty(0), np.empty(0, np.bool_))
