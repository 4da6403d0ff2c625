"""Announced against announced, beside shapely's STRtree with an exact test in Python, on the same inputs and with the same answers.

Run: python bench/detect.py
"""

import math
import random
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
import shapely
from pyproj import Geod, Transformer

from tafadi.engine.detect import detect
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Announced, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.volume import Polygon, Volume4D

START = Instant.parse("2026-03-01T00:00:00Z")
MINIMA = Minima(9_260.0, 304.8)
ROUNDS = 5
VOLUMES = (2_000, 10_000)
TRAJECTORIES = (2_000, 5_000)  # the peer asks for a place every second, and needs half a minute for 10,000
Pairs = set[tuple[str, str]]


def volumes(count: int) -> list[Announced]:
    """One volume a notice: polygons of 4 to 9 corners and some kilometres, in a region of 6 x 9 degrees, over a day."""
    r = random.Random(count)
    everyone = []
    for number in range(count):
        corners = r.randint(4, 9)
        lat, lon, size_m = r.uniform(47, 53), r.uniform(5, 14), r.uniform(1_000, 8_000)
        bearings = [k * 360 / corners for k in range(corners)]
        outline = Polygon(tuple(destination(Position(lat, lon), Leg(bearing, size_m * r.uniform(0.6, 1))) for bearing in bearings))
        low_m, start_s = r.uniform(0, 3_000), r.uniform(0, 86_400)
        span = Span(START.plus(start_s), START.plus(start_s + r.uniform(600, 3_600)))
        volume = Volume4D(outline, Height(low_m, Datum.GEOID), Height(low_m + r.uniform(50, 600), Datum.GEOID), span)
        everyone.append(Announced(f"{number:06d}", Notice(Kind.OPERATION, (volume,))))
    return everyone


def trajectories(count: int) -> list[Announced]:
    """Flights of twenty legs across 20 x 30 degrees over a day, on flight levels."""
    r = random.Random(count)
    everyone = []
    for number in range(count):
        here, bearing, at_s, level_m = (
            Position(r.uniform(38, 58), r.uniform(-8, 22)),
            r.uniform(0, 360),
            r.uniform(0, 86_400),
            r.randrange(280, 420, 10) * 30.48,
        )
        points = []
        for _ in range(21):
            points.append(Waypoint(here, Height(level_m, Datum.PRESSURE), START.plus(at_s)))
            length_m = r.uniform(30_000, 80_000)
            bearing += r.uniform(-10, 10)
            here, at_s = destination(here, Leg(bearing, length_m)), at_s + length_m / r.uniform(220, 250)
        everyone.append(Announced(f"{number:06d}", Notice(Kind.OPERATION, trajectory=Trajectory(tuple(points)))))
    return everyone


def strtree_volumes(announced: Sequence[Announced]) -> Pairs:
    """The peer: outlines in a local equal-area projection, STRtree, time and heights by numpy, exact intersections and areas by GEOS."""
    items = [one.notice.volumes[0] for one in announced]
    sizes = [len(item.outline.vertices) for item in items if isinstance(item.outline, Polygon)]
    places = [vertex for item in items if isinstance(item.outline, Polygon) for vertex in item.outline.vertices]
    projected = Transformer.from_crs(4326, "+proj=laea +lat_0=50 +lon_0=9.5", always_xy=True)
    x, y = projected.transform(np.array([place.lon_deg for place in places]), np.array([place.lat_deg for place in places]))
    shapes = shapely.polygons(shapely.linearrings(np.stack([x, y], axis=1), indices=np.repeat(np.arange(len(sizes)), sizes)))
    a, b = shapely.STRtree(shapes).query(shapes)
    a, b = a[a < b], b[a < b]
    low = np.array([item.lower.value_m for item in items if item.lower])
    high = np.array([item.upper.value_m for item in items if item.upper])
    start, end = np.array([item.span.start.ns for item in items]), np.array([item.span.end.ns for item in items])
    keep = (np.maximum(start[a], start[b]) < np.minimum(end[a], end[b])) & (np.maximum(low[a], low[b]) < np.minimum(high[a], high[b]))
    a, b = a[keep], b[keep]
    shared = shapely.area(shapely.intersection(shapes[a], shapes[b])) > 0.0
    return {(announced[i].id, announced[j].id) for i, j in zip(a[shared], b[shared], strict=True)}


def strtree_trajectories(announced: Sequence[Announced]) -> Pairs:
    """The peer: a box of latitude, longitude for each leg in an STRtree, then geodesic positions each second of the common time."""
    paths = [one.notice.trajectory.waypoints for one in announced if one.notice.trajectory]
    legs = [(n, path[k], path[k + 1]) for n, path in enumerate(paths) for k in range(len(path) - 1)]
    owner = np.array([leg[0] for leg in legs])
    ends = np.array([(p.position.lon_deg, p.position.lat_deg, q.position.lon_deg, q.position.lat_deg) for _, p, q in legs])
    start, end = np.array([p.at.seconds for _, p, _ in legs]), np.array([q.at.seconds for _, _, q in legs])
    level = np.array([p.height.value_m for _, p, _ in legs if p.height])
    lat_room = 0.06 + 0.03  # half the minima in degrees, and the bulge of a leg of 80 km
    lon_room = lat_room / math.cos(math.radians(72.0))
    low, high = np.minimum(ends[:, :2], ends[:, 2:]), np.maximum(ends[:, :2], ends[:, 2:])
    boxes = shapely.box(low[:, 0] - lon_room, low[:, 1] - lat_room, high[:, 0] + lon_room, high[:, 1] + lat_room)
    a, b = shapely.STRtree(boxes).query(boxes)
    keep = (a < b) & (owner[a] != owner[b]) & (np.maximum(start[a], start[b]) < np.minimum(end[a], end[b]))
    keep &= np.abs(level[a] - level[b]) < MINIMA.vertical_m - 1e-6
    a, b = a[keep], b[keep]
    geod = Geod(ellps="WGS84")
    bearing, _, length_m = geod.inv(ends[:, 0], ends[:, 1], ends[:, 2], ends[:, 3])
    found: Pairs = set()
    for i, j in zip(a, b, strict=True):
        times = np.arange(max(start[i], start[j]), min(end[i], end[j]), 1.0)
        here, there = (
            geod.fwd(
                np.full(len(times), ends[k, 0]),
                np.full(len(times), ends[k, 1]),
                np.full(len(times), bearing[k]),
                length_m[k] * (times - start[k]) / (end[k] - start[k]),
            )
            for k in (i, j)
        )
        if (geod.inv(here[0], here[1], there[0], there[1])[2] < MINIMA.horizontal_m).any():
            one, other = sorted((announced[owner[i]].id, announced[owner[j]].id))
            found.add((one, other))
    return found


def medians_s(*runs: Callable[[], object]) -> list[float]:
    """Medians of the wall times of ROUNDS runs of each; in turn, so that a busy minute of the machine falls on all of them."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(ROUNDS):
        for run, taken in zip(runs, times, strict=True):
            begin = time.perf_counter()
            run()
            taken.append(time.perf_counter() - begin)
    return [statistics.median(taken) for taken in times]


def compared(what: str, announced: list[Announced], minima: Minima | None, peer: Callable[[Sequence[Announced]], Pairs]) -> str:
    """A row of the table. The answers are compared first: every pair of the one must be found by the other."""
    found = {(judgement.first, judgement.second) for judgement in detect(announced, minima)}
    theirs = peer(announced)
    ours_s, theirs_s = medians_s(lambda: detect(announced, minima), lambda: peer(announced))
    missed, extra = len(theirs - found), len(found - theirs)
    counts = f"| {what} | {len(announced):,} | {len(found):,} | {missed} / {extra} |"
    return f"{counts} {ours_s * 1e3:.0f} ms | {theirs_s * 1e3:.0f} ms | {theirs_s / ours_s:.1f} |"


def rows() -> list[str]:
    """The table in Markdown, line by line."""
    table = [
        "| announced x announced | notices | pairs | missed / extra against peer | Tafadi | STRtree + exact in Python | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    table += [compared("volumes", volumes(size), None, strtree_volumes) for size in VOLUMES]
    table += [compared("trajectories", trajectories(size), MINIMA, strtree_trajectories) for size in TRAJECTORIES]
    return table


if __name__ == "__main__":
    print("\n".join(rows()))
