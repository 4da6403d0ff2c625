"""Slow twins of strategic.py: every pair of routes over all its common time, without a join; and a walk with geographiclib."""

from typing import NamedTuple

import numpy as np
from geographiclib.geodesic import Geodesic

from tafadi.engine.kernels.paths import judge_paths
from tafadi.engine.layout import FOUND, Floats, Ints
from tafadi.engine.pack import WGS84, pack_routes, plane_reach_m
from tafadi.engine.routes import Routes
from tafadi.engine.strategic import Asked, Judged
from tafadi.model.operation import Minima


def every_pair(routes: Routes, asked: Asked) -> Judged:
    """The pairs that the exact judging finds when it sees all of them, over all the time that they share."""
    pairs = np.stack(np.triu_indices(len(routes.first) - 1, 1), axis=1)
    found = np.zeros(len(pairs), FOUND)
    reach_m = plane_reach_m(asked.horizontal_m[pairs].max(axis=1, initial=0.0))
    judge_paths(pack_routes(routes), pairs, reach_m, asked.vertical_m[pairs].max(axis=1, initial=0.0), False, WGS84, found)
    told = found["verdict"] > 0
    return Judged(pairs[told], found[told])


class Places(NamedTuple):
    """Where one route is at some instants."""

    lat_deg: Floats  # [n] NaN where it does not fly
    lon_deg: Floats
    height_m: Floats  # NaN where it is not stated


def walked(routes: Routes, route: int, times_ns: Ints) -> Places:
    """Where a route is at some instants, by Karney's geodesics; heights as if all datums were alike."""
    places = Places(*np.full((3, len(times_ns)), np.nan))
    for row in range(routes.first[route], routes.first[route + 1] - 1):
        ends = [(float(routes.lat_deg[k]), float(routes.lon_deg[k])) for k in (row, row + 1)]
        line = Geodesic.WGS84.InverseLine(*ends[0], *ends[1])
        begin, end = routes.at_ns[row], routes.at_ns[row + 1]
        for n in np.flatnonzero((begin <= times_ns) & (times_ns < end)):
            share = (int(times_ns[n]) - int(begin)) / (int(end) - int(begin))
            there = line.Position(line.s13 * share)
            places.lat_deg[n], places.lon_deg[n] = there["lat2"], there["lon2"]
            places.height_m[n] = routes.height_m[row] + (routes.height_m[row + 1] - routes.height_m[row]) * share
    return places


def apart_m(one: Places, other: Places, n: int) -> tuple[float, float]:
    """Horizontal and vertical distance at one of the instants; infinite where one of both does not fly."""
    if np.isnan(one.lat_deg[n] + other.lat_deg[n]):
        return np.inf, np.inf
    line = Geodesic.WGS84.Inverse(*(float(place[n]) for place in (one.lat_deg, one.lon_deg, other.lat_deg, other.lon_deg)))
    return float(line["s12"]), abs(float(one.height_m[n] - other.height_m[n]))


def lost(routes: Routes, minima: Minima, times_ns: Ints, band_m: float) -> dict[tuple[int, int], list[int]]:
    """The pairs that are within the minima by `band_m` at least at some of the instants (their numbers); negative: not farther outside."""
    places = [walked(routes, route, times_ns) for route in range(len(routes.first) - 1)]
    found: dict[tuple[int, int], list[int]] = {}
    for a, b in zip(*np.triu_indices(len(places), 1), strict=True):
        level = np.abs(places[a].height_m - places[b].height_m) < minima.vertical_m - band_m
        inside = [n for n in np.flatnonzero(level).tolist() if apart_m(places[a], places[b], n)[0] < minima.horizontal_m - band_m]
        if inside:
            found[int(a), int(b)] = inside
    return found


def crowded(count: int, seed: int, centres: int = 4, lasting_s: float = 2_400.0) -> Routes:
    """Routes of 2 to 9 legs, long and short, that meet around a few places: a pole, the antimeridian on the equator, Europe, the south.

    Some heights are missing or no numbers, some are above another datum, some routes do not move.
    """
    r = np.random.default_rng(seed)
    size = r.integers(3, 11, count)
    first = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    centre = r.integers(0, centres, count)
    towards = np.array([(89.9, 30.0), (0.05, 179.98), (50.0, 9.0), (-72.0, -179.9)])[centre]
    lat_deg, lon_deg, at_ns, height_m = (np.empty(first[-1]) for _ in range(4))
    for route in range(count):
        rows = slice(first[route], first[route + 1])
        bearing, along_m, at = r.uniform(0, 360), -r.uniform(5e4, 3e5), r.uniform(0, lasting_s)
        step_m = 0.0 if r.random() < 0.05 else -2.0 * along_m / (size[route] - 1)
        for row in range(first[route], first[route + 1]):
            there = Geodesic.WGS84.Direct(*towards[route], bearing, along_m + r.normal(0, 1_000.0))
            lat_deg[row], lon_deg[row], at_ns[row] = there["lat2"], there["lon2"], at
            along_m, at = along_m + step_m, at + max(30.0, step_m / 220.0)
        level_m = r.integers(300, 306) * 30.48
        height_m[rows] = level_m if r.random() < 0.6 else level_m + np.cumsum(r.normal(0, 60.0, size[route]))
    datum = np.repeat(np.where(r.random(count) < 0.9, 2, 1), size).astype(np.int8)
    height_m[r.random(first[-1]) < 0.03] = np.nan
    datum[r.random(first[-1]) < 0.01] = -1
    start_ns = 1_800_000_000 * 10**9
    return Routes(first, lat_deg, lon_deg, start_ns + (at_ns * 1e9).astype(np.int64), height_m, datum)


def mixed_minima(count: int, seed: int) -> Asked:
    """Minima that differ from route to route, some very small and some of 0."""
    r = np.random.default_rng(seed)
    horizontal_m, vertical_m = r.choice([0.0, 1_000.0, 9_260.0, 30_000.0], count), r.choice([0.0, 100.0, 304.8, 2_000.0], count)
    return Asked(horizontal_m, vertical_m, np.ones(count, np.bool_))


def taken(routes: Routes, order: Ints) -> Routes:
    """Some of the routes, in another order."""
    rows = np.concatenate([np.arange(routes.first[route], routes.first[route + 1]) for route in order] or [np.empty(0, np.int64)])
    first = np.concatenate([[0], np.cumsum(np.diff(routes.first)[order])]).astype(np.int64)
    return Routes._make([first, *(column[rows.astype(np.int64)] for column in routes[1:])])


def both(one: Routes, other: Routes) -> Routes:
    """The routes of the one, then those of the other."""
    first = np.concatenate([one.first, one.first[-1] + other.first[1:]])
    columns = (np.concatenate([getattr(one, name), getattr(other, name)]) for name in Routes._fields[1:])
    return Routes._make([first, *columns])


def asked_taken(asked: Asked, order: Ints) -> Asked:
    """What some of the routes ask for, in another order."""
    return Asked(asked.horizontal_m[order], asked.vertical_m[order], asked.stated[order])


def just_met(count: int, seed: int) -> Routes:
    """Pairs of routes (2 n and 2 n + 1) that begin together, as far apart as they can fly, and meet as they end; anywhere."""
    r = np.random.default_rng(seed)
    polar = r.choice([-1, 1], count) * (90 - r.uniform(0, 2, count) ** 2)
    lat_deg = np.where(r.random(count) < 0.3, polar, r.uniform(-85, 85, count))
    lon_deg = np.where(r.random(count) < 0.5, 180 - r.uniform(0, 0.5, count), r.uniform(-180, 180, count))
    bearing, ends = r.uniform(0, 360, count), []
    for n in range(count):
        for turned in (0.0, 180.0):
            there = Geodesic.WGS84.Direct(lat_deg[n], lon_deg[n], bearing[n] + turned, 550_000.0)
            ends.append([(there["lat2"], there["lon2"]), (lat_deg[n], lon_deg[n])])
    place = np.array(ends).reshape(-1, 2)
    at_ns = np.tile(np.array([0, 480]) * 10**9, 2 * count) + 1_800_000_000 * 10**9
    height_m = np.repeat(r.integers(0, 100, count) * 500.0, 4)
    return Routes(np.arange(0, 4 * count + 1, 2), place[:, 0].copy(), place[:, 1].copy(), at_ns, height_m, np.full(4 * count, 2, np.int8))
