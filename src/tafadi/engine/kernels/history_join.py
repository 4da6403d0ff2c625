"""Which tracks came near one another at all, slab by slab; and what is found of every stretch that they shared.

The balls of a slab (`history_balls`) are put in rows and compared as those of announced paths are (`slabs`, `join`). Two that are within
reach are walked through leg by leg: boxes of both legs first, and where these are near, the exact solution (`history_meet`). A stretch
belongs to the slab, and to the window, in which it begins: each is looked at exactly once, however time is cut. A plot without a leg, and
the end of one run in the instant in which another begins, are stretches of length 0.

Units : degrees, metres; instants in nanoseconds since 1970.
Source: docs/maths/scan.md.
Twin  : all pairs, in tests/reference/history.py.
"""

import math
from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np

from tafadi.engine.kernels.chords import ROOM_M, STRETCH
from tafadi.engine.kernels.history_balls import Screen, fastest_of, fill_balls, slab_begins, speed_of, turned
from tafadi.engine.kernels.history_doubts import meet_at, meet_in_doubt, row_at, spreads_of, touching
from tafadi.engine.kernels.history_meet import FIRST_PIECES, PIECE, Asked, Found, meet
from tafadi.engine.kernels.history_once import Tracks
from tafadi.engine.kernels.history_rows import LEG
from tafadi.engine.kernels.join import BLOCK
from tafadi.engine.kernels.rows import Rows, Stretch, ahead, beyond, cells_of, fitting, main_of, over_of, rows_for, side_of, sort_balls
from tafadi.engine.kernels.screen import Ordered, meeting, room_for
from tafadi.engine.kernels.slabs import BALL
from tafadi.engine.layout import EDGE_M, Int32s, Records, World, kernel, leaf, part

STEEP: Final = math.radians(80.0)  # beyond this, boxes of latitude and longitude are no longer looked at
BULGE: Final = 0.04  # of a leg's length, at most, that it strays from its box below STEEP: length * tan(80) / 8 R, for 300 km
LEAST_DEGREE_M: Final = 110_500.0  # of a degree of latitude, anywhere
_BALL: Final[Any] = nb.from_dtype(BALL)
PIECES_MOST: Final = 20_000_000  # of one window, 1.5 GB: the minima would be wider than the traffic


class Scene(NamedTuple):
    """What is compared: the tracks, what is asked, what must be kept, the balls of all slabs, and those of one slab in order."""

    tracks: Tracks
    asked: Asked
    screen: Screen
    world: World
    balls: Records  # BALL[n]
    ordered: Ordered


@leaf
def beside(tracks: Tracks, i: int, j: int, reach: float) -> bool:
    """Whether the boxes of legs i and j are surely further apart than the reach."""
    south, north = min(tracks.lat_deg[i], tracks.lat_deg[i + 1]), max(tracks.lat_deg[i], tracks.lat_deg[i + 1])
    low, high = min(tracks.lat_deg[j], tracks.lat_deg[j + 1]), max(tracks.lat_deg[j], tracks.lat_deg[j + 1])
    steepest = math.radians(max(abs(south), abs(north), abs(low), abs(high)))
    if not steepest < STEEP:
        return False
    square = steepest * steepest
    cosine = 1.0 - square / 2.0 * (1.0 - square / 12.0 * (1.0 - square / 30.0))  # no more than the cosine
    lon = tracks.lon_deg[i]
    a, b, c = turned(tracks.lon_deg[i + 1], lon), turned(tracks.lon_deg[j], lon), turned(tracks.lon_deg[j + 1], lon)
    along, up = max(min(b, c) - max(0.0, a), min(0.0, a) - max(b, c)), max(low - north, south - high)
    room = reach + BULGE * LEAST_DEGREE_M * (north - south + high - low + abs(a) + abs(c - b))
    return bool(max(up, along * cosine) * LEAST_DEGREE_M > room)


@leaf
def above(tracks: Tracks, i: int, j: int, half: float) -> bool:
    """Whether the heights of legs i and j are surely further apart than the minimum; false where they do not compare."""
    if tracks.datum[i] < 0 or tracks.datum[i] != tracks.datum[i + 1]:
        return False
    if tracks.datum[j] != tracks.datum[i] or tracks.datum[j + 1] != tracks.datum[i]:
        return False
    a, b, c, d = tracks.height_m[i], tracks.height_m[i + 1], tracks.height_m[j], tracks.height_m[j + 1]
    return bool(max(min(c, d) - max(a, b), min(a, b) - max(c, d)) > half)


@part
def meet_doubted(scene: Scene, i: int, j: int, pair: tuple[int, int], since: int, found: Found) -> Found:
    """What is found after the stretch of legs i and j, of which plots may be contradicted, was looked at, if their boxes are near."""
    tracks, screen = scene.tracks, scene.screen
    across, up = spreads_of(tracks, i, j)
    if above(tracks, i, j, screen.half_m + EDGE_M + up):
        return found
    reach = screen.reach_m * (1.0 + STRETCH) + ROOM_M + across
    if screen.tau_s > 0.0:
        reach += screen.tau_s * (fastest_of(tracks, i) + fastest_of(tracks, j))
    if beside(tracks, i, j, reach):
        return found
    if across > 0.0 or up > 0.0:
        return meet_in_doubt(tracks, i, j, pair, scene.asked, scene.world, since, found)
    return meet(tracks, i, j, pair, scene.asked, scene.world, since, found)


@part
def walk(scene: Scene, p: int, q: int, i: int, j: int, from_ns: int, until_ns: int, found: Found) -> Found:
    """What is found after all stretches of tracks p and q that begin between two instants, from the legs i and j on."""
    tracks, screen, since = scene.tracks, scene.screen, found.told[0]
    pair, in_doubt = (min(p, q), max(p, q)), tracks.doubted[p] + tracks.doubted[q] > 0
    half = screen.half_m + EDGE_M
    while tracks.leg[i] == LEG and tracks.leg[j] == LEG:
        start_ns = max(tracks.at_ns[i], tracks.at_ns[j])
        if start_ns >= until_ns:
            break
        end, other = tracks.at_ns[i + 1], tracks.at_ns[j + 1]
        if from_ns <= start_ns < min(end, other) and in_doubt:
            found = meet_doubted(scene, i, j, pair, since, found)
        elif from_ns <= start_ns < min(end, other) and not above(tracks, i, j, half):
            reach = screen.reach_m * (1.0 + STRETCH) + ROOM_M
            if screen.tau_s > 0.0:
                reach += screen.tau_s * (speed_of(tracks, i) + speed_of(tracks, j))
            if not beside(tracks, i, j, reach):
                found = meet(tracks, i, j, pair, scene.asked, scene.world, since, found)
        elif from_ns <= start_ns == min(end, other) and touching(tracks, p, q, i, j):
            found = meet_at(tracks, i, j, pair, start_ns, scene.asked, scene.world, since, found)
        i += 1 if end <= other else 0
        j += 1 if other <= end else 0
    return found


@part
def visit(scene: Scene, p: int, q: int, i: int, j: int, from_ns: int, until_ns: int, found: Found) -> Found:
    """What is found of tracks p and q, of which one has in its row, i or j, a plot without a leg between two instants."""
    tracks = scene.tracks
    at_ns = tracks.at_ns[j] if tracks.leg[i] == LEG else tracks.at_ns[i]
    i, j = row_at(tracks, i, at_ns), row_at(tracks, j, at_ns)
    if i >= 0 and j >= 0 and from_ns <= at_ns < until_ns:
        pair = (min(p, q), max(p, q))
        found = meet_at(tracks, i, j, pair, at_ns, scene.asked, scene.world, found.told[0], found)
    return found


@part
def consider(scene: Scene, from_ns: int, until_ns: int, hits: Int32s, count: int, found: Found) -> Found:
    """What is found after pairs of balls that meet were walked through; nothing more once there is too much."""
    for n in range(count):
        one, other = scene.balls[scene.ordered.ball[hits[n, 0]]], scene.balls[scene.ordered.ball[hits[n, 1]]]
        p, q = 0 + one["path"], 0 + other["path"]
        if p == q or found.told[0] > PIECES_MOST:
            continue
        i, j = 0 + one["piece"], 0 + other["piece"]
        if scene.tracks.leg[i] == LEG and scene.tracks.leg[j] == LEG:
            found = walk(scene, p, q, i, j, from_ns, until_ns, found)
        else:
            found = visit(scene, p, q, i, j, from_ns, until_ns, found)
    return found


@part
def compare_rows(scene: Scene, rows: Rows, begin: Int32s, from_ns: int, until_ns: int, hits: Int32s, found: Found) -> Found:
    """What is found after all balls in rows were compared with each other; as `join.join_rows`."""
    balls = scene.ordered
    r, count = 0, 0
    for cell in range(rows.first[-1]):
        if begin[cell + 1] == begin[cell]:
            continue
        while rows.first[r + 1] <= cell:
            r += 1
        base, north = rows.first[r], rows.first[r + 1]
        east, over_north = ahead(rows, r, cell - base), beyond(rows, r, cell - base)
        here, over = main_of(east, base, begin), over_of(east, base, begin)
        next_row, across = main_of(over_north, north, begin), over_of(over_north, north, begin)
        for k in range(begin[cell], begin[cell + 1]):
            for side in range(4):
                stretch = side_of(side, Stretch(k + 1, here.end), over, next_row, across)
                for start in range(stretch.start, stretch.end, BLOCK):
                    if count + BLOCK > hits.shape[0]:
                        found = consider(scene, from_ns, until_ns, hits, count, found)
                        count = 0
                    count = meeting(balls, k, start, min(start + BLOCK, stretch.end), hits, count)
    return consider(scene, from_ns, until_ns, hits, count, found)


@part
def compare_wide(scene: Scene, first: int, last: int, from_ns: int, until_ns: int, hits: Int32s, found: Found) -> Found:
    """What is found after the wide balls, first to last (not included), were compared with all balls before them."""
    count = 0
    for k in range(first, last):
        for start in range(0, k, BLOCK):
            if count + BLOCK > hits.shape[0]:
                found = consider(scene, from_ns, until_ns, hits, count, found)
                count = 0
            count = meeting(scene.ordered, k, start, min(start + BLOCK, k), hits, count)
    return consider(scene, from_ns, until_ns, hits, count, found)


@part
def compare_slab(scene: Scene, first: int, last: int, cell: Int32s, slab: int, hits: Int32s, found: Found) -> Found:
    """What is found after one slab, whose balls are first <= ball < last."""
    screen = scene.screen
    from_ns, until_ns = max(screen.from_ns, slab * screen.slab_ns), min(screen.until_ns, (slab + 1) * screen.slab_ns)
    size = fitting(scene.balls, first, last)
    rows = rows_for(2.0 * size, last - first)
    cells_of(scene.balls, first, last, size, rows, cell)
    begin = np.empty(rows.first[-1] + 3, np.int32)
    sort_balls(scene.balls, first, cell, last - first, begin, scene.ordered)
    found = compare_rows(scene, rows, begin, from_ns, until_ns, hits, found)
    return compare_wide(scene, begin[rows.first[-1]], last - first, from_ns, until_ns, hits, found)


@kernel
def search_window(tracks: Tracks, asked: Asked, screen: Screen, first_slab: int, slabs: int, world: World) -> Records:
    """PIECE[n]: all losses in stretches that begin within the window, those of one slab joined; more than PIECES_MOST when cut short.

    first_slab, slabs : the slabs that the window touches
    """
    begin = slab_begins(tracks, screen, first_slab, slabs)
    balls = np.empty(begin[-1], _BALL)
    fill_balls(tracks, screen, first_slab, begin, world, balls)
    room = 1
    for s in range(slabs):
        room = max(room, begin[s + 1] - begin[s])
    cell, hits = np.empty(room, np.int32), np.empty((4 * BLOCK, 2), np.int32)
    scene = Scene(tracks, asked, screen, world, balls, room_for(room))
    found = Found(np.empty(FIRST_PIECES, PIECE), np.zeros(1, np.int64))
    for s in range(slabs):
        if begin[s + 1] - begin[s] > 1:
            found = compare_slab(scene, begin[s], begin[s + 1], cell, first_slab + s, hits, found)
    return found.pieces[: found.told[0]].copy()
