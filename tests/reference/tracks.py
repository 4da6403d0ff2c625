"""Slow twins of the watch: step through time along WGS 84 geodesics and look."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

from tafadi.model.track import Plot

WGS84 = Geod(ellps="WGS84")


class Flight(NamedTuple):
    """A straight flight: degrees, metres, metres per second."""

    lat_deg: float
    lon_deg: float
    course_deg: float
    speed_mps: float
    height_m: float
    climb_mps: float


class Least(NamedTuple):
    """The smallest cylinder norm in the window, when it is, and since when the pair is inside (None: never)."""

    norm: float
    at_s: float
    inside_from_s: float | None


def least(one: Flight, two: Flight, radius_m: float, half_height_m: float, lookahead_s: float, step_s: float = 0.05) -> Least:
    """What stepping along the geodesics finds."""
    times_s = np.arange(0.0, lookahead_s + step_s / 2, step_s)
    horizontal_m = _distances_m(one, two, times_s)
    vertical_m = np.abs(two.height_m - one.height_m + (two.climb_mps - one.climb_mps) * times_s)
    norms = np.maximum(horizontal_m / radius_m, vertical_m / half_height_m)
    inside = np.flatnonzero(norms < 1.0)
    best = int(np.argmin(norms))
    return Least(float(norms[best]), float(times_s[best]), float(times_s[inside[0]]) if inside.size else None)


def _distances_m(one: Flight, two: Flight, times_s: NDArray[np.float64]) -> NDArray[np.float64]:
    def flown(flight: Flight) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        count = times_s.size
        lon, lat, _ = WGS84.fwd(
            np.full(count, flight.lon_deg), np.full(count, flight.lat_deg), np.full(count, flight.course_deg), flight.speed_mps * times_s
        )
        return np.asarray(lon), np.asarray(lat)

    (lon_1, lat_1), (lon_2, lat_2) = flown(one), flown(two)
    return np.asarray(WGS84.inv(lon_1, lat_1, lon_2, lat_2)[2])


def closest_recorded_m(first: Sequence[Plot], second: Sequence[Plot], step_s: float = 0.01) -> tuple[float, float]:
    """The smallest distance and its Unix time, interpolating each track in degrees between its hits; away from poles and antimeridian."""

    def table(plots: Sequence[Plot]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        ordered = sorted(plots, key=lambda plot: plot.at.ns)
        return (
            np.array([plot.at.seconds for plot in ordered]),
            np.array([plot.position.lat_deg for plot in ordered]),
            np.array([plot.position.lon_deg for plot in ordered]),
        )

    times_1, lat_1, lon_1 = table(first)
    times_2, lat_2, lon_2 = table(second)
    times_s = np.arange(max(times_1[0], times_2[0]), min(times_1[-1], times_2[-1]), step_s)
    distances_m = WGS84.inv(
        np.interp(times_s, times_1, lon_1),
        np.interp(times_s, times_1, lat_1),
        np.interp(times_s, times_2, lon_2),
        np.interp(times_s, times_2, lat_2),
    )[2]
    best = int(np.argmin(distances_m))
    return float(distances_m[best]), float(times_s[best])


def may_come_near(states: Sequence[Sequence[float]], own: int, now: float, lookahead: float, radius: float, steps: int = 400) -> list[int]:
    """Rows that come within `radius` of `own` by stepping straight in space; what `screen` finds must hold all of these."""
    near = []
    for row, state in enumerate(states):
        if row == own or math.isnan(state[6]):
            continue
        for step in range(steps + 1):
            t = now + lookahead * step / steps
            here, there = ([s[axis] + s[axis + 3] * (t - s[6]) for axis in range(3)] for s in (states[own], state))
            if math.dist(here, there) <= radius:
                near.append(row)
                break
    return near
