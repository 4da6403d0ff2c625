"""Trajectories against each other over a day, and over ten days in batches, beside shapely's STRtree with the same exact test in numpy.

Run: python bench/trajectories.py, or with `stages` for where the time of the processor goes
"""

import math
import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from tafadi.engine.book import trajectory_at
from tafadi.engine.detect import detect
from tafadi.engine.layout import CONFLICT, PRESSURE, Floats, Ints
from tafadi.engine.pack import pack_routes, surface_m
from tafadi.engine.routes import Routes, checked
from tafadi.engine.strategic import asked_by, detect_in_turn, detect_routes, judge_kept, near_paths
from tafadi.model.operation import Announced, Kind, Minima, Notice

HUBS: Final = 2_000
EARTH_NM: Final = 3_440.0
EARTH_M: Final = 6_371_000.0
DAY_S: Final = 86_400.0
EPOCH_S: Final = 1_800_000_000.0
DESCENT_M: Final = 185_200.0  # from the top of the climb, and of the descent, to the ground
TOP_M: Final = 11_000.0
FLIGHT_LEVEL_M: Final = 30.48
MINIMA: Final = Minima(9_260.0, 304.8)
SIZES: Final = (1_000, 10_000, 30_000, 100_000)
PEER_MOST: Final = 30_000  # it takes a minute for more
NOUNS_MOST: Final = 10_000  # making them takes longer than what is measured
MADE_AT_ONCE: Final = 10_000  # flights
ASKED_AT_ONCE: Final = 20_000  # boxes, of the peer
LOOK_S: Final = 0.003
ROOM_DEG: Final = 0.06  # half the horizontal minima and more; a leg of 60 NM bulges by half a kilometre

Pairs = set[tuple[int, int]]


class Hubs(NamedTuple):
    """Where flights begin and end: directions, how many begin in each, and the share of these that goes to each."""

    place: Floats  # [hubs, 3]
    busy: Floats  # [hubs]
    to: Floats  # [hubs, hubs] cumulated


def hubs() -> Hubs:
    """Two thousand over the globe, some much busier than others; near ones exchange more traffic than far ones."""
    r = np.random.default_rng(0)
    lat = np.arcsin(r.uniform(math.sin(math.radians(-45.0)), math.sin(math.radians(70.0)), HUBS))
    lon = r.uniform(-math.pi, math.pi, HUBS)
    place = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    busy = r.pareto(1.1, HUBS) + 0.3
    busy = np.minimum(busy / busy.sum(), 0.02)
    busy /= busy.sum()
    apart_nm = np.arccos(np.clip(place @ place.T, -1.0, 1.0)) * EARTH_NM
    drawn = busy * (np.exp(-apart_nm / 350.0) + 0.03 * np.exp(-apart_nm / 2_500.0)) * (apart_nm > 100.0) * (apart_nm < 7_500.0)
    to = np.cumsum(drawn, axis=1)
    return Hubs(place, busy, to / to[:, -1:])


def flights(between: Hubs, count: int, seed: int, begin_s: float = 0.0, lasting_s: float = DAY_S) -> Routes:
    """Flights of about 61 waypoints and 4.4 hours that begin within a span, on flight levels 280 to 410 between climb and descent."""
    r = np.random.default_rng(seed)
    start = r.choice(HUBS, count, p=between.busy)
    drawn, end = r.random(count), np.empty(count, np.int64)
    for hub in np.unique(start):
        mine = start == hub
        end[mine] = np.minimum(np.searchsorted(between.to[hub], drawn[mine]), HUBS - 1)
    a, b = between.place[start], between.place[end]
    angle = np.arccos(np.clip((a * b).sum(axis=1), -1.0, 1.0))
    size = np.clip((angle * EARTH_NM / 40.0).astype(np.int64) + r.integers(12, 24, count), 20, 120)
    first = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    row = np.repeat(np.arange(count), size)
    share = (np.arange(first[-1]) - first[row]) / (size[row] - 1.0)
    across = np.cross(a, b)
    across *= (r.normal(0.0, 0.015, count) * np.minimum(1.0, angle) / np.linalg.norm(across, axis=1))[:, None]
    weights = np.sin((1.0 - share) * angle[row]), np.sin(share * angle[row])
    place = (
        a[row] * weights[0][:, None] + b[row] * weights[1][:, None] + across[row] * (np.sin(math.pi * share) * np.sin(angle)[row])[:, None]
    )
    place /= np.linalg.norm(place, axis=1)[:, None]
    level_m = r.choice(np.arange(280, 420, 10), count) * FLIGHT_LEVEL_M
    height_m = np.minimum(level_m[row], np.minimum(share, 1.0 - share) * angle[row] * EARTH_M / DESCENT_M * TOP_M)
    speed_mps = r.uniform(400.0, 500.0, count)[row] * 1_852.0 / 3_600.0 * (0.6 + 0.4 * np.minimum(1.0, height_m / 9_000.0))
    leg_s = np.zeros(len(row))
    leg_s[1:] = np.linalg.norm(np.diff(place, axis=0), axis=1) * EARTH_M / speed_mps[1:]
    leg_s[first[:-1]] = 0.0
    at_s = np.cumsum(leg_s)
    at_s += (begin_s + r.uniform(0.0, lasting_s, count) - at_s[first[:-1]])[row]
    at_ns = ((EPOCH_S + at_s) * 1e9).astype(np.int64)
    lat_deg, lon_deg = np.degrees(np.arcsin(place[:, 2])), np.degrees(np.arctan2(place[:, 1], place[:, 0]))
    return Routes(first, lat_deg, lon_deg, at_ns, height_m, np.full(len(row), PRESSURE, np.int8))


def gathered(between: Hubs, count: int, seed: int, begin_s: float = 0.0) -> Routes:
    """The flights of a day, made a few at a time: what is measured is not how much room it takes to make them."""
    parts = [flights(between, min(MADE_AT_ONCE, count - at), seed + at, begin_s) for at in range(0, count, MADE_AT_ONCE)]
    first = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part.first) for part in parts]))]).astype(np.int64)
    return Routes(first, *(np.concatenate([part[column] for part in parts]) for column in range(1, len(Routes._fields))))


class Legs(NamedTuple):
    """Legs as the peer takes them: straight in space, with the height between."""

    owner: Ints
    place_m: Floats  # [legs, 3] where it begins
    speed_mps: Floats  # [legs, 3]
    start_s: Floats
    end_s: Floats
    height_m: Floats
    climb_mps: Floats

    def at(self, which: Ints, seconds: Floats) -> tuple[Floats, Floats]:
        """Places and heights of some legs at as many instants."""
        after = seconds - self.start_s[which]
        return self.place_m[which] + self.speed_mps[which] * after[:, None], self.height_m[which] + self.climb_mps[which] * after


def legs_of(routes: Routes) -> tuple[Legs, npt.NDArray[np.object_]]:
    """The legs of all routes, and boxes of latitude and longitude around them; those across the antimeridian reach beyond it."""
    owner = np.repeat(np.arange(len(routes.first) - 1), np.diff(routes.first))
    a = np.flatnonzero(owner[1:] == owner[:-1])
    at_s, place_m = (routes.at_ns - routes.at_ns.min()) / 1e9, surface_m(routes.lat_deg, routes.lon_deg)
    lasting_s = at_s[a + 1] - at_s[a]
    speed_mps, climb_mps = (place_m[a + 1] - place_m[a]) / lasting_s[:, None], (routes.height_m[a + 1] - routes.height_m[a]) / lasting_s
    legs = Legs(owner[a], place_m[a], speed_mps, at_s[a], at_s[a + 1], routes.height_m[a], climb_mps)
    lat, lon, lat_2, lon_2 = routes.lat_deg[a], routes.lon_deg[a], routes.lat_deg[a + 1], routes.lon_deg[a + 1]
    lon_2 = np.where(lon_2 - lon > 180.0, lon_2 - 360.0, np.where(lon_2 - lon < -180.0, lon_2 + 360.0, lon_2))
    room = ROOM_DEG / np.cos(np.radians(np.minimum(89.0, np.maximum(np.abs(lat), np.abs(lat_2)) + ROOM_DEG)))
    low, high = np.minimum(lon, lon_2) - room, np.maximum(lon, lon_2) + room
    return legs, shapely.box(low, np.minimum(lat, lat_2) - ROOM_DEG, high, np.maximum(lat, lat_2) + ROOM_DEG)


def lost_by(legs: Legs, i: Ints, j: Ints) -> npt.NDArray[np.bool_]:
    """Whether each pair of legs loses the minima: the closest approach on the tangent plane of the pair, all pairs at once."""
    start, end = np.maximum(legs.start_s[i], legs.start_s[j]), np.minimum(legs.end_s[i], legs.end_s[j])
    (p, z), (q, y) = legs.at(i, start), legs.at(j, start)
    up = (p + q) * np.array([1.0, 1.0, 1.0 / (1.0 - 0.00669437999)])
    up /= np.linalg.norm(up, axis=1)[:, None]
    s, v = q - p, legs.speed_mps[j] - legs.speed_mps[i]
    s, v = (each - up * (each * up).sum(axis=1)[:, None] for each in (s, v))
    a, b, c = (v * v).sum(axis=1) + 1e-12, (s * v).sum(axis=1), (s * s).sum(axis=1) - MINIMA.horizontal_m**2
    root = np.sqrt(np.maximum(b * b - a * c, 0.0))
    above, climb, half_m = y - z, legs.climb_mps[j] - legs.climb_mps[i], MINIMA.vertical_m - 1e-6
    climb = np.where(np.abs(climb) < 1e-12, 1e-12, climb)
    one, other = (-half_m - above) / climb, (half_m - above) / climb
    begin = np.maximum.reduce([(-b - root) / a, np.minimum(one, other), np.zeros(len(a))])
    until = np.minimum.reduce([(-b + root) / a, np.maximum(one, other), end - start])
    return np.asarray((b * b > a * c) & (begin < until))


def strtree(routes: Routes) -> Pairs:
    """The peer: a tree of boxes around legs, times and heights by numpy, then the closest approach of all that are left, in numpy too."""
    legs, boxes = legs_of(routes)
    tree, found = shapely.STRtree(boxes), set()
    low_m = np.minimum(legs.height_m, legs.height_m + legs.climb_mps * (legs.end_s - legs.start_s))
    high_m = np.maximum(legs.height_m, legs.height_m + legs.climb_mps * (legs.end_s - legs.start_s))
    turned = shapely.box(*(shapely.bounds(boxes) + np.array([360.0, 0.0, 360.0, 0.0])).T)
    across = np.flatnonzero(shapely.bounds(boxes)[:, 0] < -180.0), np.flatnonzero(shapely.bounds(boxes)[:, 2] > 180.0)
    for first in range(0, len(boxes), ASKED_AT_ONCE):
        some = np.arange(first, min(len(boxes), first + ASKED_AT_ONCE))
        hit = [tree.query(boxes[some])]
        hit += [tree.query(turned[near]) for near in (np.intersect1d(some, across[0]),)]
        i, j = np.concatenate([some[hit[0][0]], np.intersect1d(some, across[0])[hit[1][0]]]), np.concatenate([hit[0][1], hit[1][1]])
        i, j = np.minimum(i, j), np.maximum(i, j)
        keep = (legs.owner[i] != legs.owner[j]) & (np.maximum(legs.start_s[i], legs.start_s[j]) < np.minimum(legs.end_s[i], legs.end_s[j]))
        keep[keep] &= np.maximum(low_m[i[keep]], low_m[j[keep]]) - np.minimum(high_m[i[keep]], high_m[j[keep]]) < MINIMA.vertical_m
        i, j = i[keep], j[keep]
        inside = lost_by(legs, i, j)
        found |= set(zip(legs.owner[i[inside]].tolist(), legs.owner[j[inside]].tolist(), strict=True))
    return found


def median_s(run: Callable[[], object], rounds: int) -> float:
    """The median of the wall times of so many runs."""
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def spent_s(run: Callable[[], object], rounds: int) -> float:
    """The median of what so many runs took of the processors: what others do beside them counts less in it than by the clock."""
    taken = []
    for _ in range(rounds):
        begin = time.process_time()
        run()
        taken.append(time.process_time() - begin)
    return statistics.median(taken)


def stages(count: int) -> str:
    """What each stage takes of the processor, with one worker: medians of three."""
    routes, asked = gathered(hubs(), count, 1), asked_by(count, MINIMA)
    detect_routes(flights(hubs(), 100, 1), MINIMA)  # compiled and loaded
    paths = pack_routes(routes)
    kept = near_paths(paths, asked)
    runs: dict[str, Callable[[], object]] = {
        "checking": lambda: checked(routes),
        "packing": lambda: pack_routes(routes),
        "join": lambda: near_paths(paths, asked),
        "judging": lambda: judge_kept(paths, asked, kept),
        "all": lambda: detect_routes(routes, MINIMA),
        "all, 2 workers": lambda: detect_routes(routes, MINIMA, 2),
    }
    told = ", ".join(f"{name} {spent_s(run, 3):.3f} s" for name, run in runs.items())
    return f"Load {os.getloadavg()[0]:.1f}; {count:,} a day, {len(kept.pairs):,} pairs judged; of the processor: {told}"


def peak_mb(run: Callable[[], object]) -> float:
    """Megabytes that a run takes at its height, beyond what was taken before; looked at every few milliseconds by a thread beside it."""
    over, seen_kb = threading.Event(), [_resident_kb()]

    def watch() -> None:
        while not over.wait(LOOK_S):
            seen_kb.append(_resident_kb())

    watcher = threading.Thread(target=watch)
    watcher.start()
    run()
    over.set()
    watcher.join()
    return (max(seen_kb) - seen_kb[0]) / 1e3


def _resident_kb() -> float:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 1e3


def nouns(routes: Routes) -> list[Announced]:
    """The same as notices."""
    ways = [trajectory_at(routes, route) for route in range(len(routes.first) - 1)]
    return [Announced(f"{number:07d}", Notice(Kind.OPERATION, trajectory=way)) for number, way in enumerate(ways)]


def a_day(between: Hubs, count: int) -> tuple[str, float, float]:
    """A row of the table, and the medians of what Tafadi takes (one worker) and the peer. The answers are compared first."""
    routes, rounds = gathered(between, count, 1), 5 if count <= PEER_MOST else 3
    judged = detect_routes(routes, MINIMA)
    ours = {(a, b) for a, b in judged.pairs[judged.found["verdict"] == CONFLICT].tolist()}
    differ, peer_s = "not measured", math.nan
    if count <= PEER_MOST:
        begin = time.perf_counter()
        theirs = strtree(routes)
        peer_s = time.perf_counter() - begin
        differ = f"{len(theirs - ours)} / {len(ours - theirs)}"
    memory_mb = peak_mb(lambda: detect_routes(routes, MINIMA, 2))
    one_s, two_s = median_s(lambda: detect_routes(routes, MINIMA), rounds), median_s(lambda: detect_routes(routes, MINIMA, 2), rounds)
    packed_s = median_s(lambda: pack_routes(routes, 2), rounds)
    noun = "not measured"
    if count <= NOUNS_MOST:
        announced = nouns(routes)
        noun = f"{median_s(lambda: detect(announced, MINIMA, 2), 3) * 1e3:,.0f} ms"
    row = f"| {count:,} | {len(routes.at_ns) / count:.0f} | {len(ours):,} | {differ} | {one_s * 1e3:,.0f} ms | {two_s * 1e3:,.0f} ms |"
    told = f"{peer_s:,.1f} s | {peer_s / min(one_s, two_s):,.0f}" if count <= PEER_MOST else "not measured | "
    return f"{row} {packed_s * 1e3:,.0f} ms | {noun} | {told} | {memory_mb:,.0f} MB |", one_s, peer_s


def batches(between: Hubs, days: int, a_day_each: int, taken: list[float], made: list[float]) -> Iterator[tuple[Routes, Minima]]:
    """One day after the other; the time that it takes to make them, by the clock and of the processor, is noted, to be taken off."""
    for day in range(days):
        begin, spent_s = time.perf_counter(), time.process_time()
        routes = gathered(between, a_day_each, 1_000_003 * (day + 1), day * DAY_S)
        taken.append(time.perf_counter() - begin)
        made.append(time.process_time() - spent_s)
        yield routes, MINIMA


def many_days(days: int, a_day_each: int) -> str:
    """A row: so many days in batches of one day, in a process of its own."""
    between, taken, made, pairs = hubs(), [0.0], [0.0], 0
    detect_routes(flights(between, 100, 1), MINIMA, 2)  # compiled and loaded
    begin, spent_s = time.perf_counter(), time.process_time()
    for told in detect_in_turn(batches(between, days, a_day_each, taken, made), 2):
        pairs += len(told.pairs)
    took_s, spent_s = time.perf_counter() - begin - sum(taken), time.process_time() - spent_s - sum(made)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return f"| {days * a_day_each:,} over {days} days | {pairs:,} | {took_s:.1f} s | {spent_s:.1f} s | {peak:.2f} GB |"


def exponent(sizes: Sequence[int], taken_s: Sequence[float]) -> float:
    """The fitted exponent of time against size."""
    return float(np.polyfit(np.log(sizes), np.log(taken_s), 1)[0])


def rows() -> list[str]:
    """The tables in Markdown, line by line."""
    lines = [
        f"Load when it began: {os.getloadavg()[0]:.1f}; {os.cpu_count()} threads. Columns in, pairs out.",
        "",
        "| a day | waypoints | pairs | missed / extra | 1 worker | 2 workers | packing | as nouns | STRtree + numpy | ratio | memory |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    between, ours, theirs = hubs(), [], []
    for count in SIZES:
        line, one_s, peer_s = a_day(between, count)
        lines.append(line)
        ours.append(one_s)
        theirs.append(peer_s)
    measured = [count for count in SIZES if count <= PEER_MOST]
    grows, peer_grows = exponent(SIZES, ours), exponent(measured[1:], theirs[1 : len(measured)])
    beyond_s = theirs[len(measured) - 1] * (SIZES[-1] / measured[-1]) ** peer_grows
    lines += [
        "",
        f"Time grows as N^{grows:.2f} (one worker, {SIZES[0]:,} to {SIZES[-1]:,}). The peer grows as N^{peer_grows:.2f} and would take"
        f" {beyond_s:,.0f} s for {SIZES[-1]:,}; it was measured up to {measured[-1]:,} only.",
        "",
        "| in batches of a day, 2 workers | pairs | time | of the processors | memory of the whole process |",
        "|---|---|---|---|---|",
    ]
    ran = subprocess.run([sys.executable, __file__, "many-days"], capture_output=True, text=True, check=True)
    return [*lines, ran.stdout.strip()]


if __name__ == "__main__":
    if sys.argv[1:] == ["many-days"]:
        print(many_days(10, 100_000))
    else:
        print(stages(SIZES[-1]) if sys.argv[1:] == ["stages"] else "\n".join(rows()))
