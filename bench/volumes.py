"""Announced volumes: all pairs, and one notice against all that stands, beside STRtree and SQLite's R*Tree with the same exact test.

Run: python bench/volumes.py
"""

import math
import os
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

from tafadi.engine.book import NO_ROUTE, Book, announced_at
from tafadi.engine.columns import Columns, asked_of, columns_of
from tafadi.engine.kernels.shapes import Outlines, Stated
from tafadi.engine.layout import CONFLICT, PRESSURE
from tafadi.engine.routes import routes_of
from tafadi.engine.snapshot import restore, save
from tafadi.engine.standing_set import StandingSet
from tafadi.engine.volumes import packed, pairs_of, records_of

ALL_PAIRS: Final = (1_000, 10_000, 100_000)  # notices, of five volumes each on average
STANDING: Final = (20_000, 200_000)
SQLITE_MOST: Final = 20_000  # notices: filling it takes a minute for more
ROUNDS: Final = 5
ASKED: Final = 1_000
COMPARED: Final = 300
DAY_S: Final = 86_400.0
BUSIEST: Final = 0.06  # before all are scaled to 1
SIDE_DEG: Final = 9.0  # of the region: about 1,000 km
CORNERS: Final = 64  # of the polygon that the peers take for a circle

Pairs = set[tuple[int, int]]
Shapes = npt.NDArray[np.object_]


def some_notices(count: int, seed: int, dense: bool = False) -> Book:
    """Chains of circles and polygons of 100 to 1,200 m, most of them around 300 places, over a day, on 110 flight levels.

    A tenth of those around the busiest place, or (dense) 38 in a hundred.
    """
    r = np.random.default_rng(seed)
    size = np.clip(r.geometric(0.2, count), 1, 20)
    first = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    owner, total = np.repeat(np.arange(count), size), int(first[-1])
    step = np.arange(total) - first[owner]
    places = np.random.default_rng(0).uniform(0, SIDE_DEG, (300, 2))
    weight = np.random.default_rng(0).pareto(1.2, 300) + 0.3
    weight /= weight.sum()
    weight = weight if dense else np.minimum(weight, BUSIEST)
    centre = places[r.choice(300, count, p=weight / weight.sum())] + r.normal(0, 0.22, (count, 2))
    anywhere = r.random(count) < 0.3
    centre[anywhere] = r.uniform(0, SIDE_DEG, (int(anywhere.sum()), 2))
    radius_m, heading = r.uniform(100, 1_200, count)[owner], r.uniform(0, 2 * math.pi, count)[owner]
    start_s, lasting_s = r.uniform(0, DAY_S, count)[owner], r.uniform(60, 600, count)[owner]
    low_m = r.uniform(0, 3_300, count)[owner]
    circle = (r.random(count) < 0.3)[owner]
    lat = 46.0 + centre[owner, 1] + np.sin(heading) * step * radius_m * 1.5 / 111_000
    lon = 4.0 + centre[owner, 0] * 1.5 + np.cos(heading) * step * radius_m * 1.5 / 71_000
    corners = np.where(circle, 1, r.integers(4, 13, total))
    corner_first = np.concatenate([[0], np.cumsum(corners)]).astype(np.int64)
    row = np.repeat(np.arange(total), corners)
    turn = 2 * math.pi * (np.arange(len(row)) - corner_first[row] + r.uniform(0, 0.8, len(row))) / corners[row]
    away_m = np.where(circle[row], 0.0, radius_m[row] * r.uniform(0.4, 1.0, len(row)))
    outlines = Outlines(
        corner_first,
        lat[row] + away_m * np.sin(turn) / 111_000,
        lon[row] + away_m * np.cos(turn) / 71_000,
        np.where(circle, radius_m, np.nan),
    )
    level = np.full(total, PRESSURE, np.int8)
    begin_ns = ((1_800_000_000.0 + start_s + step * lasting_s * 0.8) * 1e9).astype(np.int64)
    stated = Stated(
        low_m, low_m + 30.0 * r.integers(10, 60, count)[owner], level, level, begin_ns, begin_ns + (lasting_s * 1e9).astype(np.int64)
    )
    ids = tuple([f"{seed}-{number:07d}" for number in range(count)])
    return Book(ids, np.full((count, 2), math.nan), first, Columns(outlines, stated), np.full(count, NO_ROUTE), routes_of([]))


def shapes_of(columns: Columns) -> Shapes:
    """The outlines as the peers take them: on an equal-area plane, circles as polygons."""
    plane = Transformer.from_crs(4326, "+proj=laea +lat_0=50 +lon_0=10", always_xy=True)
    x, y = plane.transform(columns.outlines.lon_deg, columns.outlines.lat_deg)
    row = np.repeat(np.arange(len(columns)), np.diff(columns.outlines.first))
    circle = ~np.isnan(columns.outlines.radius_m)
    shapes, flat = np.empty(len(columns), object), np.stack([x, y], axis=1)
    straight = np.flatnonzero(~circle)
    number = np.cumsum(~circle) - 1
    mine = ~circle[row]
    shapes[straight] = shapely.polygons(shapely.linearrings(flat[mine], indices=number[row[mine]]))
    shapes[circle] = shapely.buffer(shapely.points(flat[circle[row]]), columns.outlines.radius_m[circle], quad_segs=CORNERS // 4)
    return shapes


def overlapping(stated: Stated, a: npt.NDArray[np.int64], other: Stated, b: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Whether rows a of the one share time and heights with rows b of the other."""
    together = (stated.start_ns[a] < other.end_ns[b]) & (other.start_ns[b] < stated.end_ns[a])
    return np.asarray(together & (stated.lower_m[a] < other.upper_m[b]) & (other.lower_m[b] < stated.upper_m[a]))


def strtree_pairs(columns: Columns, owner: npt.NDArray[np.int64], shapes: Shapes) -> Pairs:
    """The peer: a tree of outlines, time and heights by numpy, exact intersection by GEOS."""
    a, b = shapely.STRtree(shapes).query(shapes)
    keep = (owner[a] < owner[b]) & overlapping(columns.stated, a, columns.stated, b)
    a, b = a[keep], b[keep]
    shared = shapely.area(shapely.intersection(shapes[a], shapes[b])) > 0.0
    return set(zip(owner[a[shared]].tolist(), owner[b[shared]].tolist(), strict=True))


def seconds(run: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median wall time of some runs."""
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def all_pairs(count: int, dense: bool) -> tuple[str, float]:
    """A row of the table, and the median of what Tafadi takes. The answers are compared first."""
    book = some_notices(count, 1, dense)
    columns, owner = book.volumes, np.repeat(np.arange(count), np.diff(book.first))
    asked = asked_of(owner)
    ready, shapes = packed(columns, asked), shapes_of(columns)
    found = pairs_of(columns, ready)
    conflict = found.verdict == CONFLICT
    ends = np.sort(np.stack([owner[found.first[conflict]], owner[found.second[conflict]]], axis=1), axis=1)
    ours, theirs = {(a, b) for a, b in ends.tolist()}, strtree_pairs(columns, owner, shapes)
    one_s, two_s = seconds(lambda: pairs_of(columns, ready)), seconds(lambda: pairs_of(columns, ready, workers=2))
    pack_s, peer_s = seconds(lambda: packed(columns, asked), 3), seconds(lambda: strtree_pairs(columns, owner, shapes), 3)
    held_mb = sum(array.nbytes for array in ready[:-1]) / 1e6
    name, differ = f"{count:,}{', dense' if dense else ''}", f"{len(theirs - ours)} / {len(ours - theirs)}"
    row = f"| {name} | {len(columns):,} | {len(ours):,} | {differ} | {pack_s * 1e3:.0f} ms | {one_s * 1e3:.1f} ms | {two_s * 1e3:.1f} ms |"
    row += f" {peer_s * 1e3:.0f} ms | {peer_s / min(one_s, two_s):.0f} | {held_mb:.0f} MB |"
    return row, one_s


class Tree:
    """The peer for one against all: a tree that is built once. It cannot grow."""

    def __init__(self, book: Book) -> None:
        self._stated, self._owner = book.volumes.stated, np.repeat(np.arange(len(book.ids)), np.diff(book.first))
        self._shapes = shapes_of(book.volumes)
        self._tree = shapely.STRtree(self._shapes)

    def ask(self, stated: Stated, shapes: Shapes) -> set[int]:
        """The numbers of the notices that share air."""
        a, b = self._tree.query(shapes)
        keep = overlapping(stated, a, self._stated, b)
        a, b = a[keep], b[keep]
        return set(self._owner[b[shapely.area(shapely.intersection(shapes[a], self._shapes[b])) > 0.0]].tolist())


class Table:
    """The peer for one against all: SQLite's R*Tree over place, height and time; the exact test is GEOS's."""

    def __init__(self, book: Book) -> None:
        self._owner = np.repeat(np.arange(len(book.ids)), np.diff(book.first)).tolist()
        self._shapes = shapes_of(book.volumes)
        self._base = sqlite3.connect(":memory:")
        self._base.execute("create virtual table v using rtree(id, x0, x1, y0, y1, z0, z1, t0, t1)")
        self._base.executemany("insert into v values (?,?,?,?,?,?,?,?,?)", self._rows(0, book.volumes.stated, self._shapes))

    @staticmethod
    def _rows(first: int, stated: Stated, shapes: Shapes) -> list[tuple[float, ...]]:
        x0, y0, x1, y1 = shapely.bounds(shapes).T
        start, end = (stated.start_ns - 1_800_000_000 * 10**9) / 1e9, (stated.end_ns - 1_800_000_000 * 10**9) / 1e9
        columns = (x0, x1, y0, y1, stated.lower_m, stated.upper_m, start, end)
        return list(zip(range(first, first + len(shapes)), *[column.tolist() for column in columns], strict=True))

    def ask(self, stated: Stated, shapes: Shapes) -> set[int]:
        """The numbers of the notices that share air."""
        found: set[int] = set()
        for row, shape in zip(self._rows(0, stated, shapes), shapes, strict=True):
            _, x0, x1, y0, y1, z0, z1, t0, t1 = row
            where = "x0<=? and x1>=? and y0<=? and y1>=? and z0<? and z1>? and t0<? and t1>?"
            near = [one for (one,) in self._base.execute(f"select id from v where {where}", (x1, x0, y1, y0, z1, z0, t1, t0))]
            if near:
                shared = shapely.area(shapely.intersection(shape, self._shapes[near])) > 0.0
                found |= {self._owner[one] for one, share in zip(near, shared, strict=True) if share}
        return found


def taken_ns(run: Callable[[int], object], count: int, clock: Callable[[], int]) -> npt.NDArray[np.int64]:
    """What each of some calls takes by this clock."""
    taken = np.empty(count, np.int64)
    for number in range(count):
        begin = clock()
        run(number)
        taken[number] = clock() - begin
    return taken


def told(taken: npt.NDArray[np.int64]) -> str:
    """p50 / p99 in microseconds."""
    return "{:.1f} / {:.1f}".format(*(np.percentile(taken, [50, 99]) / 1e3))


def microseconds(run: Callable[[int], object], count: int = ASKED) -> str:
    """p50 / p99 of single calls, each made once, by the clock on the wall."""
    return told(taken_ns(run, count, time.perf_counter_ns))


def processor(*runs: Callable[[int], object]) -> list[str]:
    """p50 / p99 of processor time of single calls, each the least of ROUNDS: what others do on the machine shows less. All runs in turn."""
    taken = [[taken_ns(run, ASKED, time.thread_time_ns) for run in runs] for _ in range(ROUNDS)]
    return [told(np.min(each, axis=0)) for each in zip(*taken, strict=True)]


def standing(count: int) -> list[str]:
    """Rows of the table for one size. The answers are compared first."""
    book, new = some_notices(count, 1), some_notices(ASKED, 2)
    stands = StandingSet(None, book)
    nouns = [announced_at(new, row) for row in range(ASKED)]
    parts = [slice(int(new.first[row]), int(new.first[row + 1])) for row in range(ASKED)]
    whole = shapes_of(new.volumes)
    shapes = [whole[part] for part in parts]
    stated = [Stated._make([column[part] for column in new.volumes.stated]) for part in parts]
    records = [records_of(columns, asked_of(np.full(len(columns), -1))) for columns in (columns_of(one.notice.volumes) for one in nouns)]
    answers = [stands.verdicts(one) for one in nouns[:COMPARED]]
    numbers = {one: number for number, one in enumerate(book.ids)}
    ours = [{numbers[one] for one in answer} for answer in answers]
    lines = []
    for name, peer in _peers(book):
        theirs = [peer.ask(stated[row], shapes[row]) for row in range(COMPARED)]
        differ = sum(one != other for one, other in zip(ours, theirs, strict=True))
        lines.append(f"| {name} | {count:,} | {len(book.volumes):,} | {differ} of {COMPARED} | "
                     f"{microseconds(lambda row, peer=peer: peer.ask(stated[row], shapes[row]))} | | |")  # fmt: skip
        del peer
    runs: list[Callable[[int], object]] = [
        lambda row: stands._ask(records[row]),  # as they lie in a set already
        lambda row: stands.verdicts(nouns[row]),
        lambda row: stands.add(nouns[row]),
        lambda row: stands.remove(nouns[row].id),
    ]
    clock, least = [microseconds(run) for run in runs], processor(*runs)
    size = f"| {count:,} | {len(book.volumes):,} |"
    mine = [
        f"| Tafadi, from records {size} {sum(map(len, ours)) / COMPARED:.1f} hits each | {clock[0]} | | |",
        f"| Tafadi, from nouns {size} | {' | '.join(clock[1:])} |",
        f"| ... from records, of the processor {size} | {least[0]} | | |",
        f"| ... from nouns, of the processor {size} | {' | '.join(least[1:])} |",
    ]
    return mine + lines


def _peers(book: Book) -> Sequence[tuple[str, Tree | Table]]:
    peers: list[tuple[str, Tree | Table]] = [("shapely STRtree", Tree(book))]
    if len(book.ids) <= SQLITE_MOST:
        peers.append(("SQLite R*Tree + GEOS", Table(book)))
    return peers


def snapshots(count: int) -> str:
    """A row: how long a set takes to save and to restore, digest and columns checked."""
    book = some_notices(count, 1)
    stands = StandingSet(None, book)
    begin = time.perf_counter()
    data = b"".join(save(stands))
    saved_s = time.perf_counter() - begin
    restored_s = seconds(lambda: restore(data), 3)
    again = restore(data)
    some = [announced_at(some_notices(100, 2), row) for row in range(100)]
    same = all(again.verdicts(one) == stands.verdicts(one) for one in some)
    held_mb = sum(array.nbytes for array in stands._grid) / 1e6
    row = f"| {count:,} | {len(book.volumes):,} | {len(data) / 1e6:.0f} MB | {saved_s:.2f} s | {restored_s:.2f} s |"
    return f"{row} {'yes' if same else 'NO'} | {held_mb:.0f} MB |"


def rows() -> list[str]:
    """The tables in Markdown, line by line."""
    lines = [
        f"Load when it began: {os.getloadavg()[0]:.1f}. Volumes come as columns; `packed` is done once for a set.",
        "",
        "| notices | volumes | pairs in conflict | missed / extra | packed | all pairs, 1 worker | 2 workers | STRtree | ratio | held |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    taken = []
    for count in ALL_PAIRS:
        line, one_s = all_pairs(count, False)
        lines.append(line)
        taken.append(one_s)
    lines.append(all_pairs(ALL_PAIRS[-1], True)[0])
    exponent = float(np.polyfit(np.log(ALL_PAIRS), np.log(taken), 1)[0])
    lines += ["", f"Time grows as N^{exponent:.2f} (one worker). A circle is a polygon of {CORNERS} corners to the peers.", ""]
    lines += [
        "| one against all that stands | notices | volumes | answers that differ | asked, p50 / p99 µs | added | removed |",
        "|---|---|---|---|---|---|---|",
    ]
    for count in STANDING:
        lines += standing(count)
    lines += ["", f"Of the processor: its time instead of the clock's, of each call the least of {ROUNDS}."]
    lines += [
        "",
        "| snapshot: notices | volumes | bytes | saved | restored and verified | same answers | held |",
        "|---|---|---|---|---|---|---|",
    ]
    return [*lines, snapshots(STANDING[-1])]


if __name__ == "__main__":
    print("\n".join(rows()))
