"""The gate: notices become checked arrays with one origin (the centre of the earth), one epoch (1970, in nanoseconds) and codes for datums.

Behind it, kernels trust. Legs are geodesics, cut into equal pieces of at most 50 NM; edges of outlines into pieces of at most 10 km, in an
order that does not depend on the direction in which the edge was written, so that neighbours who share an edge share it to the last bit.
Every piece's place is computed from its own leg alone: nothing depends on who else is in the set.
"""

import math
from collections.abc import Sequence
from functools import cache
from operator import attrgetter
from typing import Any, Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.legs import FAR, count_pieces, lay_paths
from tafadi.engine.layout import GEOID, MISSING, Bodies, Bools, Codes, Floats, Ints, Paths, World
from tafadi.engine.routes import DATUM_CODES, Routes, check_legs, routes_of
from tafadi.engine.sharing import shared
from tafadi.errors import InputError
from tafadi.measure.earth import ECCENTRICITY2, FLATTENING, SEMI_MAJOR_M, Position
from tafadi.measure.height import Height
from tafadi.measure.units import NAUTICAL_MILE_M
from tafadi.model.operation import Trajectory
from tafadi.model.volume import Circle, Polygon, Volume4D

PIECE_MOST_M: Final = 50 * NAUTICAL_MILE_M  # chord error at most 0.3 m; the cubic of `legs` stays within 1 mm
EDGE_MOST_M: Final = 10_000.0  # a straight line of this length, 10 km from the origin of a local plane, is 2 mm off the geodesic
STEP_M: Final = 5_000.0  # motion is linear over this: the tangent plane turns by 0.4 mrad, 1 mm on 9,260 m
WGS84: Final = World(False, SEMI_MAJOR_M, FLATTENING, STEP_M)
FLAT: Final = World(True, SEMI_MAJOR_M, FLATTENING, math.inf)


def _chord_m(length_m: float) -> float:
    """The shortest chord of a geodesic of this length: where the earth is bent most."""
    return 2 * BENT_MOST_M * math.sin(length_m / (2 * BENT_MOST_M))


BENT_MOST_M: Final = 6_335_000.0  # radius along the meridian at the equator; nowhere is it less
CHORDS_M: Final = np.array([_chord_m(pieces * PIECE_MOST_M) for pieces in (1, 2, 4)])  # up to these a leg is cut in 1, 2 or 4 pieces


NO_PATHS: Final = Paths(np.zeros(1, np.int64), np.empty(0, np.int64), np.empty((0, 3)), np.empty(0), np.empty(0, np.int8))


class Lines(NamedTuple):
    """Geodesics cut into pieces: the points on all of them, line after line, with both ends."""

    first: Ints  # [lines + 1]
    lat_deg: Floats
    lon_deg: Floats
    length_m: Floats  # [lines]


@cache
def _geod() -> Any:
    from pyproj import Geod  # heavy: only when something is packed

    return Geod(ellps="WGS84")


def surface_m(lat_deg: Floats, lon_deg: Floats) -> Floats:
    """float64[n, 3]: ECEF of places on the ellipsoid."""
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    sin_lat = np.sin(lat)
    normal_m = SEMI_MAJOR_M / np.sqrt(1 - ECCENTRICITY2 * sin_lat**2)
    across_m = normal_m * np.cos(lat)
    return np.stack([across_m * np.cos(lon), across_m * np.sin(lon), normal_m * (1 - ECCENTRICITY2) * sin_lat], axis=1)


def plane_reach_m(horizontal_m: Floats) -> Floats:
    """float64[n]: horizontal minima as lengths on the tangent plane between the pair, which are chords (1 m less at 100 km)."""
    return np.asarray(2 * SEMI_MAJOR_M * np.sin(np.asarray(horizontal_m) / (2 * SEMI_MAJOR_M)))


def cut(start_deg: Floats, end_deg: Floats, longest_m: float, most: Ints | None = None) -> Lines:
    """The geodesics from `start_deg` to `end_deg` (float64[n, 2], latitude and longitude) in equal pieces of at most `longest_m`.

    `most` bounds the number of pieces of each line.
    """
    forth_deg, _, length_m = _geod().inv(start_deg[:, 1], start_deg[:, 0], end_deg[:, 1], end_deg[:, 0])
    pieces = np.maximum(1, np.ceil(length_m / longest_m)).astype(np.int64)
    pieces = pieces if most is None else np.minimum(pieces, most)
    first = np.concatenate([[0], np.cumsum(pieces + 1)])
    line = np.repeat(np.arange(len(pieces)), pieces + 1)
    step = np.arange(first[-1]) - first[line]
    lon_deg, lat_deg, _ = _geod().fwd(
        start_deg[line, 1], start_deg[line, 0], forth_deg[line], length_m[line] * step / pieces[line], return_back_azimuth=False
    )
    # Both ends exactly as they were given: lines that meet in a place meet there.
    lat_deg[first[:-1]], lon_deg[first[:-1]] = start_deg[:, 0], start_deg[:, 1]
    lat_deg[first[1:] - 1], lon_deg[first[1:] - 1] = end_deg[:, 0], end_deg[:, 1]
    return Lines(first, lat_deg, lon_deg, length_m)


def _heights(heights: Sequence[Height | None]) -> tuple[Floats, Codes]:
    values = [math.nan if height is None else height.value_m for height in heights]
    codes = [MISSING if height is None else DATUM_CODES[height.datum] for height in heights]
    return np.array(values, dtype=np.float64), np.array(codes, dtype=np.int8)


def _degrees(positions: Sequence[Position]) -> Floats:
    columns = (np.fromiter(map(attrgetter(name), positions), np.float64, len(positions)) for name in ("lat_deg", "lon_deg"))
    return np.stack(list(columns), axis=1)  # by attrgetter: a generator in Python takes five times as long, and this is most of packing


def pack_paths(trajectories: Sequence[Trajectory]) -> Paths:
    """Trajectories as arrays."""
    return pack_routes(routes_of(trajectories))


def pack_routes(routes: Routes, workers: int = 1) -> Paths:
    """Routes as arrays of pieces."""
    return pack_behind(NO_PATHS, routes, NO_PATHS, workers)


def pack_behind(before: Paths, routes: Routes, room: Paths, workers: int = 1) -> Paths:
    """Some paths, and behind them routes as arrays of pieces; written into the points of `room` where there are enough of them."""
    first, lat_deg, lon_deg, at_ns, height_m, datum = routes
    count, pieces, points = len(first) - 1, np.empty(len(at_ns), np.int8), np.empty(len(first) - 1, np.int64)

    def count_some(start: int, stop: int) -> None:
        count_pieces(first[start : stop + 1], lat_deg, lon_deg, at_ns, CHORDS_M, WGS84, pieces, points[start:stop])

    shared(count_some, count, count, workers)
    far = np.flatnonzero(pieces == FAR)
    lines = _far_lines(routes, far)
    far_m = surface_m(lines.lat_deg, lines.lon_deg)
    np.add.at(points, np.searchsorted(first, far, "right") - 1, np.diff(lines.first) - 1)
    into = before.first[-1] + np.concatenate([[0], np.cumsum(points)])
    paths = _laid(before, into, room)

    def lay_some(start: int, stop: int) -> None:
        rows = first[start : stop + 1]
        lay_paths(rows, lat_deg, lon_deg, at_ns, height_m, datum, pieces, far, lines.first, far_m, WGS84, into[start:stop], paths)

    shared(lay_some, count, count, workers)
    return paths


def _laid(before: Paths, into: Ints, room: Paths) -> Paths:
    """The paths, and room for more of them behind, whose points begin `into` there."""
    total, size = into[-1], len(before.at_ns)
    if len(room.at_ns) < total:
        room = Paths(room.first, np.empty(total, np.int64), np.empty((total, 3)), np.empty(total), np.empty(total, np.int8))
    first = np.concatenate([before.first[:-1], into])
    paths = Paths(first, room.at_ns[:total], room.place_m[:total], room.height_m[:total], room.datum[:total])
    paths.at_ns[:size], paths.place_m[:size], paths.height_m[:size], paths.datum[:size] = before[1:]
    return paths


def _far_lines(routes: Routes, far: Ints) -> Lines:
    """The legs that begin at these points, which are too long for Numerov's rule, in pieces by PROJ."""
    ends_deg = np.stack([routes.lat_deg, routes.lon_deg], axis=1) if len(far) else np.empty((0, 2))
    if not len(far):
        return Lines(np.zeros(1, np.int64), np.empty(0), np.empty(0), np.empty(0))
    check_legs(routes, far)
    return cut(ends_deg[far], ends_deg[far + 1], PIECE_MOST_M, routes.at_ns[far + 1] - routes.at_ns[far])


def pack_flat(first: Ints, at_ns: Ints, x_m: Floats, y_m: Floats, height_m: Floats, datum: int = GEOID) -> Paths:
    """Paths on a plane, for the world FLAT: straight lines between points. Raises InputError when the arrays do not fit together."""
    if not len(at_ns) == len(x_m) == len(y_m) == len(height_m) == first[-1]:
        raise InputError("times, places and heights are not equally many")
    place_m = np.stack([x_m, y_m, np.zeros(len(x_m))], axis=1)
    return Paths(first, at_ns, place_m, height_m, np.full(len(at_ns), datum, np.int8))


def _long_edges(start_deg: Floats, end_deg: Floats) -> tuple[Lines, Bools]:
    """Edges in pieces, each cut from its lower end (by latitude, then longitude), and whether that is its end instead of its start."""
    turned = (end_deg[:, 0] < start_deg[:, 0]) | ((end_deg[:, 0] == start_deg[:, 0]) & (end_deg[:, 1] < start_deg[:, 1]))
    low, high = np.where(turned[:, None], end_deg, start_deg), np.where(turned[:, None], start_deg, end_deg)
    return cut(low, high, EDGE_MOST_M), turned


def _rings(polygons: Sequence[Polygon]) -> tuple[Ints, Floats]:
    """Outlines in pieces: offsets of each polygon, and its places in order, not closed."""
    corners = np.array([len(polygon.vertices) for polygon in polygons], dtype=np.int64)
    first = np.concatenate([[0], np.cumsum(corners)]).astype(np.int64)
    start_deg = _degrees([vertex for polygon in polygons for vertex in polygon.vertices])
    following = np.arange(first[-1]) + 1
    following[first[1:] - 1] = first[:-1]
    corner_m = surface_m(start_deg[:, 0], start_deg[:, 1])
    # Short edges need no cutting; the chord is shorter than the edge by less than a metre.
    edge_m = corner_m[following] - corner_m
    long = np.flatnonzero(np.einsum("ij,ij->i", edge_m, edge_m) > (EDGE_MOST_M - 1.0) ** 2)
    lines, turned = _long_edges(start_deg[long], start_deg[following[long]])
    size = np.ones(first[-1], np.int64)
    size[long] = np.diff(lines.first) - 1
    offset = np.concatenate([[0], np.cumsum(size)])
    ring_m = np.empty((offset[-1], 3))
    ring_m[offset[:-1]] = corner_m
    edge = np.repeat(np.arange(len(long)), size[long])  # every edge without its last point, which begins the next
    step = np.arange(len(edge)) - np.repeat(np.cumsum(size[long]) - size[long], size[long])
    index = np.where(turned[edge], lines.first[edge + 1] - 1 - step, lines.first[edge] + step)
    ring_m[offset[long[edge]] + step] = surface_m(lines.lat_deg[index], lines.lon_deg[index])
    return offset[first].astype(np.int64), ring_m


def _balls(first: Ints, ring_m: Floats, circles: dict[int, Circle]) -> tuple[Floats, Floats, Floats]:
    """Centre and radius of a ball around each outline, and the radius of each circle (NaN for the others)."""
    count = len(first) - 1
    centre_m, ball_m, radius_m = np.zeros((count, 3)), np.zeros(count), np.full(count, math.nan)
    for number, circle in circles.items():
        radius_m[number] = ball_m[number] = circle.radius_m  # the chord is shorter than the arc
    at = np.array(list(circles), dtype=np.int64)
    degrees = _degrees([circle.centre for circle in circles.values()])
    centre_m[at] = surface_m(degrees[:, 0], degrees[:, 1])
    size = np.diff(first)
    body = np.repeat(np.arange(count), size)
    sums = np.stack([np.bincount(body, ring_m[:, axis], count) for axis in range(3)], axis=1)
    outlined = size > 0
    centre_m[outlined] = sums[outlined] / size[outlined, None]
    away_m = ring_m - centre_m[body]
    np.maximum.at(ball_m, body, np.sqrt(np.einsum("ij,ij->i", away_m, away_m)))
    ball_m[outlined] = ball_m[outlined] * 1.01 + 100.0  # the ellipsoid is no sphere, and chords between points dip by 2 m
    return centre_m, ball_m, radius_m


def pack_bodies(volumes: Sequence[Volume4D]) -> Bodies:
    """Volumes as arrays."""
    polygons = [volume.outline for volume in volumes if isinstance(volume.outline, Polygon)]
    circles = {number: volume.outline for number, volume in enumerate(volumes) if isinstance(volume.outline, Circle)}
    offsets, ring_m = _rings(polygons)
    size = np.zeros(len(volumes), np.int64)
    size[[number for number in range(len(volumes)) if number not in circles]] = np.diff(offsets)
    first = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    centre_m, ball_m, radius_m = _balls(first, ring_m, circles)
    lower_m, lower_datum = _heights([volume.lower for volume in volumes])
    upper_m, upper_datum = _heights([volume.upper for volume in volumes])
    spans = [volume.span for volume in volumes]
    start_ns = np.array([span.start.ns for span in spans], dtype=np.int64)
    end_ns = np.array([span.end.ns for span in spans], dtype=np.int64)
    return Bodies(first, ring_m, centre_m, radius_m, ball_m, lower_m, upper_m, lower_datum, upper_datum, start_ns, end_ns)
