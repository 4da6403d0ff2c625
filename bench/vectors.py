"""The shared vectors, flat and on the earth: the same pairs? and how many seconds apart?

Flat is the vectors' own geometry: a plane for the plans, a local one for each pair of tracks. On the earth the same flights go through
nouns and `detect`. The differences are those of the projections; docs/maths/detect.md says how large they may be.

Run: python bench/vectors.py
"""

import gzip
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from pyproj import Transformer

from tafadi.engine.detect import detect
from tafadi.engine.kernels.closest import Motion, Span, closest_in_conflict, judge_pairs, nearest
from tafadi.engine.kernels.paths import judge_paths
from tafadi.engine.layout import CONFLICT, FOUND, SECOND_NS, Floats
from tafadi.engine.pack import FLAT, pack_flat
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.model.operation import Announced, Kind, Minima, Notice, Trajectory, Waypoint

VECTORS: Final = Path(__file__).resolve().parents[1] / "../shared/vectors"
MINIMA: Final = Minima(9_260.0, 304.8)
LOOKAHEAD_S: Final = 300.0
RADIUS_M: Final = 6_371_000.0  # of the sphere on which the tracks were made
START: Final = Instant.parse("2026-03-01T00:00:00Z")
HEAD: Final = (
    "| vectors | flights | pairs expected | flat: missed / extra | start off, at most | earth: missed / extra | start off flat, at most |"
    " distance off flat, at most |"
)

Times = dict[tuple[int, int], tuple[float, float]]  # when the conflict begins (seconds), and the distance at its deepest (metres)


class Vectors(NamedTuple):
    """One set: what is expected, what is found on its own plane, and on the earth."""

    name: str
    flights: int
    expected: Times
    flat: Times
    earth: Times


def _loaded(name: str) -> Floats:
    path = VECTORS / name
    if name.endswith(".gz"):
        with gzip.open(path) as file:
            return np.loadtxt(file, delimiter="," if ".csv" in name else None)
    return np.loadtxt(path)


def _told(announced: list[Announced], epoch_s: float) -> Times:
    """The conflicts that `detect` finds, by the numbers of the notices."""
    found: Times = {}
    for one in detect(announced, MINIMA):
        if one.span is not None and one.closest is not None:
            found[int(one.first), int(one.second)] = one.span.start.seconds - epoch_s, one.closest.horizontal_m
    return found


def strategic() -> Vectors:
    """Plans of many waypoints on a plane (EPSG:3035), expected by NASA's CDII; on the earth, at the places that the plane's points are."""
    rows, nasa = _loaded("strategic/plans1000.txt.gz"), _loaded("strategic/plans1000_expected_nasa_cdii.txt")
    expected = {(int(i), int(j)): (start, norm**0.5) for i, j, start, _, _, norm in nasa}
    count = int(rows[-1, 0]) + 1
    first = np.searchsorted(rows[:, 0], np.arange(count + 1)).astype(np.int64)
    paths = pack_flat(first, np.round(rows[:, 1] * SECOND_NS).astype(np.int64), rows[:, 2], rows[:, 3], rows[:, 4])
    pairs = np.stack(np.triu_indices(count, 1), axis=1)
    found = np.zeros(len(pairs), FOUND)
    judge_paths(paths, pairs, np.full(len(pairs), MINIMA.horizontal_m), np.full(len(pairs), MINIMA.vertical_m), False, FLAT, found)
    flat = {
        (int(pairs[n, 0]), int(pairs[n, 1])): (found["epoch_ns"][n] / SECOND_NS + found["start_s"][n], float(found["horizontal_m"][n]))
        for n in np.flatnonzero(found["verdict"] == CONFLICT)
    }
    return Vectors("strategic", count, expected, flat, _told(_plans(rows), 0.0))


def _plans(rows: Floats) -> list[Announced]:
    lat_deg, lon_deg = Transformer.from_crs(3035, 4326).transform(rows[:, 3], rows[:, 2])
    everyone: dict[int, list[Waypoint]] = {}
    for lat, lon, (number, at_s, _, _, height_m) in zip(lat_deg.tolist(), lon_deg.tolist(), rows[:, :5].tolist(), strict=True):
        point = Waypoint(Position(lat, lon), Height(height_m, Datum.PRESSURE), Instant(round(at_s * SECOND_NS)))
        everyone.setdefault(int(number), []).append(point)
    return [Announced(f"{n:04d}", Notice(Kind.OPERATION, trajectory=Trajectory(tuple(points)))) for n, points in everyone.items()]


def tactical() -> Vectors:
    """States flown on straight ahead; on the earth, along the geodesic that the track begins."""
    tracks, told = _loaded("tactical/tracks2000.csv.gz"), _loaded("tactical/tracks2000_expected_pairs.txt")
    expected = {(int(i), int(j)): (start, least_m) for i, j, start, least_m in told}
    pairs = np.stack(np.triu_indices(len(tracks), 1), axis=1)
    motions, window = _relative(tracks, pairs[:, 0], pairs[:, 1]), Span(0.0, LOOKAHEAD_S)
    verdict, enters, leaves, least_m = np.empty(len(pairs), np.uint8), *np.empty((3, len(pairs)))
    judge_pairs(motions, MINIMA.horizontal_m, MINIMA.vertical_m, window, verdict, enters)
    closest_in_conflict(motions, MINIMA.horizontal_m, MINIMA.vertical_m, window, leaves, least_m)
    inside = np.flatnonzero(verdict == CONFLICT)
    deepest = [
        nearest(Motion(*motions[n].tolist()), MINIMA.horizontal_m, MINIMA.vertical_m, Span(float(enters[n]), float(leaves[n])))
        for n in inside
    ]
    flat = {(int(pairs[n, 0]), int(pairs[n, 1])): (float(enters[n]), here.horizontal) for n, here in zip(inside, deepest, strict=True)}
    earth = _told([_ahead(number, track) for number, track in enumerate(tracks.tolist())], START.seconds)
    return Vectors("tactical", len(tracks), expected, flat, earth)


def _relative(tracks: Floats, first: np.ndarray, second: np.ndarray) -> Floats:
    """Rows of Motion by the rules of the vectors: the local plane has the cosine of the pair's mean latitude, longitude wrapped."""
    a, b = tracks[first], tracks[second]
    lat, lon = np.radians(b[:, 0] - a[:, 0]), np.radians((b[:, 1] - a[:, 1] + 180.0) % 360.0 - 180.0)
    course = np.radians(tracks[:, 2])
    east_mps, north_mps = np.sin(course) * tracks[:, 3], np.cos(course) * tracks[:, 3]
    x = lon * np.cos(np.radians(a[:, 0] + b[:, 0]) / 2) * RADIUS_M
    speeds = (values[second] - values[first] for values in (east_mps, north_mps, tracks[:, 5]))
    return np.stack([x, lat * RADIUS_M, b[:, 4] - a[:, 4], *speeds], axis=1)


def _ahead(number: int, track: list[float]) -> Announced:
    lat, lon, course_deg, speed_mps, height_m, climb_mps = track
    here = Position(lat, lon)
    there = destination(here, Leg(course_deg, speed_mps * LOOKAHEAD_S))
    ends = (
        Waypoint(here, Height(height_m, Datum.PRESSURE), START),
        Waypoint(there, Height(height_m + climb_mps * LOOKAHEAD_S, Datum.PRESSURE), START.plus(LOOKAHEAD_S)),
    )
    return Announced(f"{number:04d}", Notice(Kind.OPERATION, trajectory=Trajectory(ends)))


def _row(one: Vectors) -> str:
    """A row of the table; times and distances of the pairs that both sides have."""
    off = [f"{len(set(one.expected) - set(found))} / {len(set(found) - set(one.expected))}" for found in (one.flat, one.earth)]
    against = [abs(one.flat[pair][0] - one.expected[pair][0]) for pair in set(one.flat) & set(one.expected)]
    both = set(one.flat) & set(one.earth)
    starts, distances = ([abs(one.earth[pair][k] - one.flat[pair][k]) for pair in both] for k in (0, 1))
    return (
        f"| {one.name} | {one.flights:,} | {len(one.expected)} | {off[0]} | {max(against) * 1e3:.4f} ms |"
        f" {off[1]} | {max(starts):.3f} s | {max(distances):.1f} m |"
    )


def rows() -> list[str]:
    """The table in Markdown, line by line; one line that says so where the shared folder is absent."""
    if not VECTORS.is_dir():
        return ["The shared vectors are not beside this tree; nothing was compared."]
    return [HEAD, "|" + "---|" * (HEAD.count("|") - 1), *(_row(one) for one in (strategic(), tactical()))]


if __name__ == "__main__":
    print("\n".join(rows()))
