"""Volumes in columns, many at a time: packed once, all pairs found at once.

What is packed does not move: boxes to look volumes up by and outlines to settle them with (`kernels.shapes`). A pair that `kernels.relate`
cannot settle, because it is within centimetres of the edge, is taken back into nouns and settled by the same exact test as everywhere else
(`kernels.areas`), so the verdicts are those of `judge`."""

from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.columns import Columns, volume_at
from tafadi.engine.kernels.allpairs import Links, settle, walk, widest_m
from tafadi.engine.kernels.areas import gaps_between
from tafadi.engine.kernels.cells import LEAST_CELL_M
from tafadi.engine.kernels.shapes import BOUNDS, SHAPE, Asked, Asking, Outlines, Stated, fill, fill_bodies
from tafadi.engine.layout import CLEAR, EDGE_M, Bodies, Bools, Bytes, Floats, Ints, Records
from tafadi.engine.pack import EDGE_MOST_M, WGS84, cut, pack_bodies

SAMPLE: Final = 1024  # boxes of which the width is looked at to choose the cells; the choice changes the time, never the result
MUCH_WIDER: Final = 32.0  # than a box of middling width
CHORD_MOST_M: Final = EDGE_MOST_M - 1.0  # the chord is shorter than the edge by less than a metre
SLOTS_LEAST: Final = 1 << 10
SLOTS_MOST: Final = 1 << 15  # 128 KiB of slots stay in the cache


class Packed(NamedTuple):
    """Volumes as records, in the order in which they begin, and their outlines."""

    row: Ints  # [n] which row of the columns each record is
    bounds: Records  # BOUNDS[n]
    shapes: Records  # SHAPE[n]
    ring_m: Floats  # [points, 3]
    cell_m: float  # a good width of cells


class Met(NamedTuple):
    """Pairs of volumes that are not known to be CLEAR, and what they are when they come near enough; `settled` says that they do."""

    rows: Ints  # [m, 2] first < second
    verdict: Bytes
    cause: Bytes
    settled: Bools
    reach_m: Floats  # the horizontal minima of the pair


class Pairs(NamedTuple):
    """Pairs of volumes that are not CLEAR, sorted by first, then second; first < second."""

    first: Ints
    second: Ints
    verdict: Bytes  # CONFLICT or UNKNOWN of `layout`
    cause: Bytes


def _with_pieces(columns: Outlines, ring_m: Floats) -> Outlines:
    """The outlines with long edges cut into pieces, so that a straight line stays within centimetres of each."""
    count = len(columns.lat_deg)
    following = np.arange(count) + 1
    following[columns.first[1:] - 1] = columns.first[:-1]
    chord_m = np.linalg.norm(ring_m[following] - ring_m, axis=1)
    long = np.flatnonzero(chord_m > CHORD_MOST_M)
    degrees = np.stack([columns.lat_deg, columns.lon_deg], axis=1)
    lines = cut(degrees[long], degrees[following[long]], EDGE_MOST_M)
    size = np.ones(count, np.int64)
    size[long] = np.diff(lines.first) - 1  # every edge without its last point, which begins the next
    offset = np.concatenate([[0], np.cumsum(size)])
    lat_deg, lon_deg = np.empty(offset[-1]), np.empty(offset[-1])
    lat_deg[offset[:-1]], lon_deg[offset[:-1]] = columns.lat_deg, columns.lon_deg
    edge = np.repeat(np.arange(len(long)), size[long])
    step = np.arange(len(edge)) - np.repeat(np.cumsum(size[long]) - size[long], size[long])
    there, here = lines.first[edge] + step, offset[long[edge]] + step
    lat_deg[here], lon_deg[here] = lines.lat_deg[there], lines.lon_deg[there]
    return columns._replace(first=offset[columns.first], lat_deg=lat_deg, lon_deg=lon_deg)


def records_of(columns: Columns, asked: Asked) -> Asking:
    """The records of volumes, row by row, when the columns are known to be good."""
    outlines, count = columns.outlines, len(columns.outlines.radius_m)
    bounds, shapes, ring_m = np.zeros(count, BOUNDS), np.zeros(count, SHAPE), np.empty((len(outlines.lat_deg), 3))
    if fill(WGS84, outlines, columns.stated, asked, bounds, shapes, ring_m) > CHORD_MOST_M**2:
        outlines = _with_pieces(outlines, ring_m)
        ring_m = np.empty((len(outlines.lat_deg), 3))
        fill(WGS84, outlines, columns.stated, asked, bounds, shapes, ring_m)
    return Asking(bounds, shapes, ring_m)


def _in_order(records: Asking) -> Packed:
    row = np.argsort(records.bounds["start_ns"], kind="stable")
    bounds = records.bounds[row]
    return Packed(row, bounds, records.shapes[row], records.ring, _cell_m(bounds))


def packed(columns: Columns, asked: Asked) -> Packed:
    """The records of volumes in the order in which they begin, when the columns are known to be good."""
    return _in_order(records_of(columns, asked))


def packed_bodies(bodies: Bodies, asked: Asked) -> Packed:
    """The records of volumes that are bodies already."""
    stated = Stated(bodies.lower_m, bodies.upper_m, bodies.lower_datum, bodies.upper_datum, bodies.start_ns, bodies.end_ns)
    bounds, shapes = np.zeros(len(bodies.radius_m), BOUNDS), np.zeros(len(bodies.radius_m), SHAPE)
    fill_bodies(bodies, stated, asked, bounds, shapes)
    return _in_order(Asking(bounds, shapes, bodies.ring_m))


def _cell_m(bounds: Records) -> float:
    """A width of cells at which all boxes lie on the first level, or all but those much wider than most."""
    if len(bounds) == 0:
        return LEAST_CELL_M
    some = bounds[:: max(1, len(bounds) // SAMPLE)]
    wide = np.max([some[high] - some[low] for low, high in (("x0", "x1"), ("y0", "y1"), ("z0", "z1"))], axis=0)
    return max(LEAST_CELL_M, min(4.0 * widest_m(bounds), MUCH_WIDER * float(np.median(wide))))


def _meeting(packed: Packed, workers: int, cell_m: float | None) -> Links:
    """int32[m, 2]: pairs of records whose boxes meet."""
    bounds, count = packed.bounds, len(packed.bounds)
    cell_m = cell_m or packed.cell_m
    slots = SLOTS_LEAST
    while slots < min(count, SLOTS_MOST):
        slots *= 2
    edges = [count * n // workers for n in range(workers + 1)]

    def stretch(n: int) -> Links:
        pairs = np.empty((max(SLOTS_LEAST, count // 4), 2), np.int32)
        found = walk(bounds, edges[n], edges[n + 1], cell_m, slots, pairs)
        if found > len(pairs):  # they are many: once more, with room for all
            pairs = np.empty((found, 2), np.int32)
            walk(bounds, edges[n], edges[n + 1], cell_m, slots, pairs)
        return pairs[:found]

    if workers == 1:
        return stretch(0)
    with ThreadPoolExecutor(workers) as pool:
        return np.concatenate(list(pool.map(stretch, range(workers))))


def candidates(packed: Packed, workers: int = 1, cell_m: float | None = None) -> Met:
    """Pairs of volumes, of unlike owners, that are not known to be CLEAR, each once, sorted.

    `workers` and `cell_m` change the time, never the result.
    """
    found = settle(WGS84, packed.bounds, packed.shapes, packed.ring_m, _meeting(packed, workers, cell_m))
    found = found[found["verdict"] != CLEAR]
    records = np.stack([found["first"], found["second"]], axis=1)
    rows = np.sort(packed.row[records], axis=1)
    _, once = np.unique(rows[:, 0] * len(packed.row) + rows[:, 1], return_index=True)
    reach_m = packed.shapes["horizontal_m"][records[once]].max(axis=1)
    return Met(rows[once], found["verdict"][once], found["cause"][once], found["settled"][once], reach_m)


def pairs_of(columns: Columns, packed: Packed, workers: int = 1, cell_m: float | None = None) -> Pairs:
    """All pairs of volumes, of unlike owners, that are not CLEAR. `workers` and `cell_m` change the time, never the result."""
    met = candidates(packed, workers, cell_m)
    kept, close = met.settled.copy(), np.flatnonzero(~met.settled)
    kept[close] = near(columns, met.rows[close], met.reach_m[close])
    return Pairs(met.rows[kept, 0], met.rows[kept, 1], met.verdict[kept], met.cause[kept])


def near(columns: Columns, pairs: Ints, reach_m: Floats) -> Bools:
    """bool[n]: whether each pair of volumes (int64[n, 2]) comes within its reach, by the exact test."""
    rows, number = np.unique(pairs, return_inverse=True)
    bodies = pack_bodies([volume_at(columns, int(row)) for row in rows])
    gaps = gaps_between(WGS84, bodies, [(a, b) for a, b in number.reshape(-1, 2).tolist()])
    return ~(np.array([gap.gap_m for gap in gaps]) >= reach_m - EDGE_M)  # NaN is near
