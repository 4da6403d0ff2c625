"""Slow twins of all pairs: every pair judged without cells and filter, and every pair stepped along WGS 84 geodesics."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray
from pyproj import Geod

from tafadi.engine import tactical
from tafadi.engine.crew import Crew
from tafadi.engine.kernels.meeting import Asked, cause_of, judged, relative, state_at
from tafadi.engine.kernels.tactical import Counts
from tafadi.engine.layout import CLEAR, Codes, Floats
from tafadi.engine.states import States
from tafadi.model.operation import Minima

WGS84 = Geod(ellps="WGS84")
Pairs = set[tuple[int, int]]


@njit(nogil=True, error_model="numpy")
def _every(exact: Floats, datum: Codes, order: Counts, ask: Asked) -> list[tuple[int, int]]:
    found = []
    for k in range(exact.shape[0]):
        one = state_at(exact, order[k])
        for j in range(k + 1, exact.shape[0]):
            other = state_at(exact, order[j])
            if judged(relative(one, other, ask.lookahead), cause_of(datum[k], datum[j]), ask).verdict != CLEAR:
                found.append((min(order[k], order[j]), max(order[k], order[j])))
    return found


def every_pair(states: States, minima: Minima, lookahead_s: float) -> Pairs:
    """The pairs that the exact judging finds when it sees all of them; for states whose velocities are known."""
    raw = tactical.raw_of(states)
    limit_mps = tactical.limit_mps(raw)
    with Crew(1) as crew:
        moved, corners = tactical.place(raw, lookahead_s, limit_mps, crew)
        ask = tactical.asked(minima, lookahead_s, limit_mps, 0.0)
        grid = tactical.grid_over(corners, tactical.apart_m(minima, lookahead_s, limit_mps), len(states))
        ordered = tactical.sort(raw, moved, grid, ask, crew)
    return set(_every(ordered.exact, ordered.datum, ordered.order, ask))


class Flights(NamedTuple):
    """Straight flights: degrees and metres per second, [n] each."""

    lat_deg: Floats
    lon_deg: Floats
    course_deg: Floats
    speed_mps: Floats

    def at(self, seconds: Floats) -> tuple[Floats, Floats]:
        """Longitude and latitude after so many seconds, along the geodesics."""
        lon, lat, _ = WGS84.fwd(self.lon_deg, self.lat_deg, self.course_deg, self.speed_mps * seconds)
        return np.asarray(lon), np.asarray(lat)


def apart_m(one: Flights, other: Flights, seconds: Floats) -> Floats:
    """Geodesic distances of each of the one from the same of the other."""
    return np.asarray(WGS84.inv(*one.at(seconds), *other.at(seconds))[2])


def least_apart_m(one: Flights, other: Flights, lookahead_s: float) -> tuple[Floats, Floats]:
    """The smallest geodesic distances within the lookahead, and when: a coarse look, then the golden section."""
    steps = np.linspace(0.0, lookahead_s, 61)
    coarse = np.array([apart_m(one, other, np.full(len(one.lat_deg), at)) for at in steps]).argmin(axis=0)
    low, high = steps[np.maximum(coarse - 1, 0)], steps[np.minimum(coarse + 1, 60)]
    golden = (np.sqrt(5.0) - 1.0) / 2.0
    for _ in range(40):
        one_third, two_thirds = high - golden * (high - low), low + golden * (high - low)
        nearer = apart_m(one, other, one_third) < apart_m(one, other, two_thirds)
        low, high = np.where(nearer, low, one_third), np.where(nearer, two_thirds, high)
    at = (low + high) / 2.0
    return apart_m(one, other, at), at


def encounters(count: int, seed: int, lookahead_s: float, apart_most_m: float, polar: bool = False) -> tuple[Flights, Flights]:
    """Pairs that are at most so far apart at some time within the lookahead, anywhere, or near the poles and the antimeridian."""
    r = np.random.default_rng(seed)
    lat = r.uniform(86.0, 90.0, count) * r.choice([-1, 1], count) if polar else np.degrees(np.arcsin(r.uniform(-1.0, 1.0, count)))
    lon = np.where(r.random(count) < 0.5, r.uniform(-180.0, 180.0, count), 180.0 - r.uniform(-0.3, 0.3, count))
    at_s = (
        np.clip(r.uniform(-0.2, 1.2, count), 0.0, 1.0) * lookahead_s
    )  # many at the very beginning and end, where the filter reaches farthest
    apart = r.uniform(0.0, apart_most_m, count)
    lon_2, lat_2, _ = WGS84.fwd(lon, lat, r.uniform(0.0, 360.0, count), apart)
    return _back(r, lat, lon, at_s), _back(r, np.asarray(lat_2), np.asarray(lon_2), at_s)


def _back(r: np.random.Generator, lat: Floats, lon: Floats, at_s: Floats) -> Flights:
    """Flights that will be there then."""
    speed = r.uniform(0.0, 300.0, len(lat))
    start_lon, start_lat, course = WGS84.fwd(lon, lat, r.uniform(0.0, 360.0, len(lat)), speed * at_s)
    return Flights(np.asarray(start_lat), np.asarray(start_lon), np.asarray(course) % 360.0, speed)


def joined(one: NDArray[np.float64], other: NDArray[np.float64]) -> Floats:
    """The one and the other in turn, so that pair n is the states 2 n and 2 n + 1."""
    return np.stack([one, other], axis=1).reshape(-1)
