"""The slow twin of the well-clear volume and its alerts, in plain Python floats.

It goes other ways than the kernel: the places flown to are found as latitudes and longitudes and projected one by one; the stretch
comes from the roots of two quadratics after a step to where the heights meet; the filter counts, level by level. `violated` is the bare
definition at one instant; neither has the tolerance for level pairs (EDGE_M). Sources: RTCA DO-365; AIAA 2014-2412.
`read_daa` reads the .daa files of nasa/daidalus.
"""

import math
from typing import Final, NamedTuple

SPHERE_M: Final = 1852.0 * 60.0 * 180.0 / math.pi
UNKNOWN: Final = -1

Zone = tuple[float, float, float]  # DTHR, ZTHR (metres), TTHR (seconds)


class State(NamedTuple):
    """Degrees, metres, metres per second."""

    lat_deg: float
    lon_deg: float
    height_m: float
    east_mps: float
    north_mps: float
    climb_mps: float


class Motion(NamedTuple):
    """The one relative to the other: metres, metres per second."""

    x: float
    y: float
    z: float
    vx: float
    vy: float
    vz: float


def flown_to(lat: float, lon: float, east_mps: float, north_mps: float, duration_s: float) -> tuple[float, float]:
    """Where a great circle leads (radians)."""
    arc, course = math.hypot(east_mps, north_mps) * duration_s / SPHERE_M, math.atan2(east_mps, north_mps)
    there = math.asin(math.sin(lat) * math.cos(arc) + math.cos(lat) * math.sin(arc) * math.cos(course))
    across = math.atan2(math.sin(course) * math.sin(arc) * math.cos(lat), math.cos(arc) - math.sin(lat) * math.sin(there))
    return there, lon + across


def seen_from(lat_0: float, lon_0: float, lat: float, lon: float) -> tuple[float, float]:
    """The place (radians) on the orthographic map about another."""
    x = SPHERE_M * math.cos(lat) * math.sin(lon - lon_0)
    y = SPHERE_M * (math.cos(lat_0) * math.sin(lat) - math.sin(lat_0) * math.cos(lat) * math.cos(lon - lon_0))
    return x, y


def relative(own: State, other: State) -> Motion:
    """The other relative to own, on the map about own, by 10 s of dead reckoning."""
    about = math.radians(own.lat_deg), math.radians(own.lon_deg)
    places, speeds = [], []
    for state in (own, other):
        lat, lon = math.radians(state.lat_deg), math.radians(state.lon_deg)
        here = seen_from(*about, lat, lon)
        there = seen_from(*about, *flown_to(lat, lon, state.east_mps, state.north_mps, 10.0))
        places.append(here)
        speeds.append(((there[0] - here[0]) / 10.0, (there[1] - here[1]) / 10.0))
    (x_0, y_0), (x_1, y_1) = places
    (vx_0, vy_0), (vx_1, vy_1) = speeds
    return Motion(x_1 - x_0, y_1 - y_0, other.height_m - own.height_m, vx_1 - vx_0, vy_1 - vy_0, other.climb_mps - own.climb_mps)


def violated(m: Motion, zone: Zone, at_s: float) -> bool:
    """Whether the pair is not well clear at that instant, by the definition."""
    radius_m, half_height_m, tau_s = zone
    x, y, z = m.x + m.vx * at_s, m.y + m.vy * at_s, m.z + m.vz * at_s
    if abs(z) > half_height_m:
        return False
    square, closing = x * x + y * y, x * m.vx + y * m.vy
    if square <= radius_m**2:
        return True
    if closing >= 0.0:
        return False
    to_go_s = -closing / (m.vx**2 + m.vy**2)
    miss_m = math.hypot(x + m.vx * to_go_s, y + m.vy * to_go_s)
    return miss_m <= radius_m and (radius_m**2 - square) / closing <= tau_s


def stretch(m: Motion, zone: Zone, lookahead_s: float) -> tuple[float, float] | None:
    """From when to when the pair is not well clear; None when it never is, or only for an instant."""
    radius_m, half_height_m, tau_s = zone
    if abs(m.vz) < 1e-13:
        if abs(m.z) > half_height_m:
            return None
        low, high = 0.0, lookahead_s
    else:
        ends = sorted(((half_height_m - m.z) / m.vz, (-half_height_m - m.z) / m.vz))
        low, high = max(0.0, ends[0]), min(lookahead_s, ends[1])
    if low >= high:
        return None
    found = _level(m.x + low * m.vx, m.y + low * m.vy, m.vx, m.vy, radius_m, tau_s, high - low)
    return None if found is None or found[0] >= found[1] else (low + found[0], low + found[1])


def _level(x: float, y: float, vx: float, vy: float, radius_m: float, tau_s: float, window_s: float) -> tuple[float, float] | None:
    square, speed2, closing, radius2 = x * x + y * y, vx * vx + vy * vy, x * vx + y * vy, radius_m**2
    if speed2 < 1e-13:
        return (0.0, window_s) if square <= radius2 else None
    leaves = (-closing + math.sqrt(max(0.0, closing**2 - speed2 * (square - radius2)))) / speed2
    if square <= radius2:
        return 0.0, min(window_s, leaves)
    half, rest = 2.0 * closing + tau_s * speed2, square + tau_s * closing - radius2
    inside = half**2 - 4.0 * speed2 * rest
    if closing >= 0.0 or inside < 0.0 or (x * vy - y * vx) ** 2 > radius2 * speed2:
        return None
    enters = (-half - math.sqrt(inside)) / (2.0 * speed2)
    return (max(0.0, enters), min(window_s, leaves)) if enters <= window_s else None


def raw_level(m: Motion, levels: list[tuple[Zone, float]]) -> int:
    """The highest level whose volume is violated within its own alerting time; UNKNOWN where a number is none."""
    if not all(map(math.isfinite, m)):
        return UNKNOWN
    return max((number for number, (zone, alert_s) in enumerate(levels, 1) if stretch(m, zone, alert_s)), default=0)


class Sieve:
    """The filter, by counting."""

    def __init__(self, needed: int, looks: int, hysteresis_s: float, persistence_s: float) -> None:
        self.needed, self.looks, self.hysteresis_s, self.persistence_s = needed, looks, hysteresis_s, persistence_s
        self.recent: list[int] = []
        self.last_s: float | None = None
        self.raised_s: float | None = None
        self.level = UNKNOWN

    def look(self, at_s: float, raw: int) -> int:
        """The filtered level after one more look."""
        if self.last_s is None or at_s <= self.last_s or at_s - self.last_s > self.hysteresis_s:
            self.recent = [raw] * self.needed + [UNKNOWN] * (self.looks - self.needed)
            self.raised_s, self.level = None, UNKNOWN
        self.last_s = at_s
        self.recent = [*self.recent[1:], raw]
        borne = UNKNOWN
        for level in range(max(self.recent) + 1):
            if sum(one >= level for one in self.recent) >= self.needed:
                borne = level
        if borne == UNKNOWN:
            self.raised_s, self.level = None, raw
        elif self.raised_s is not None and 0 < self.level > borne and at_s - self.raised_s < self.persistence_s:
            pass  # an alert that rose a moment ago stands
        else:
            if borne > max(0, self.level):
                self.raised_s = at_s
            self.level = borne
        return UNKNOWN if raw == UNKNOWN and self.level <= 0 else self.level


UNITS: Final = {
    "deg": 1.0,
    "m": 1.0,
    "nmi": 1852.0,
    "ft": 0.3048,
    "knot": 1852.0 / 3600.0,
    "kn": 1852.0 / 3600.0,
    "fpm": 0.3048 / 60.0,
    "m/s": 1.0,
    "s": 1.0,
    "ms": 0.001,
}


def read_daa(text: str) -> dict[float, list[tuple[str, dict[str, float]]]]:
    """By time (seconds), each name with its columns in SI and degrees; the first of a time is own."""
    lines = [[cell.strip() for cell in line.split(",")] for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if len(lines[0]) == 1:
        lines[0] = lines[0][0].split()
    if len(lines[1]) == 1:
        lines[1] = lines[1][0].split()
    names, units = lines[0], [unit.strip("[]") for unit in lines[1]]
    found: dict[float, list[tuple[str, dict[str, float]]]] = {}
    for line in lines[2:]:
        cells = {name: float(cell) * UNITS[unit] for name, unit, cell in zip(names, units, line, strict=True) if unit in UNITS}
        found.setdefault(cells["time"], []).append((line[0], cells))
    return found


def state(cells: dict[str, float]) -> State:
    """The state that a line of a .daa file gives."""
    if "vx" in cells:
        return State(cells["lat"], cells["lon"], cells["alt"], cells["vx"], cells["vy"], cells["vz"])
    course = math.radians(cells["trk"])
    return State(cells["lat"], cells["lon"], cells["alt"], cells["gs"] * math.sin(course), cells["gs"] * math.cos(course), cells["vs"])
