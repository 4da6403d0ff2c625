"""Live states, half a lookahead on: each moved along the arc that osculates its geodesic, sixteen at a time.

Half the time is half the reach, and a quarter of the curvature. There is no branch in the moving, so that the processor takes eight states
in one step; sine, cosine and arc tangent are polynomials for that reason.

Frame : ECEF at height 0.
Units : metres, seconds, metres per second; degrees at the surface, radians in cells.
Source: docs/maths/tactical.md; polynomials of S. L. Moshier's Cephes (sincos) and a minimax fit (arc tangent), both tested.
Twin  : tests/reference/tactical.py goes along geodesics by PROJ.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.layout import Bytes, Codes, Floats, kernel, leaf

SEMI_MAJOR_M: Final = 6_378_137.0  # WGS 84, as in tafadi.measure.earth
ECCENTRICITY2: Final = 1 / 298.257223563 * (2 - 1 / 298.257223563)
FLATNESS: Final = ECCENTRICITY2 / ((1.0 - ECCENTRICITY2) * SEMI_MAJOR_M)  # 1 / m

# Kinds of states.
ORDINARY: Final = 0
SWIFT: Final = 1  # faster than nearly all others: compared with everyone, so that the cells stay small
VOID: Final = 2  # its place is known and its velocity is not
NOWHERE: Final = 3  # its place is not known: nothing can be said about it and anyone

LAT_MOST_DEG: Final = 90.0
LON_MOST_DEG: Final = 360.0  # some sources count from 0 to 360
FASTEST_MPS: Final = 1_000.0  # what is said to be faster has no known velocity: twice what any airliner does over ground
HEIGHT_MOST_M: Final = 101_000.0  # model heights lie within -1,000 and 100,000 m; what is beyond is no height
CLIMB_MOST_MPS: Final = 500.0  # nothing that flies under an agreement climbs so fast; what is said to is not known
SLOTS: Final = 5  # four datums, and one for no height
AT_ONCE: Final = 16  # states that the filter takes in one step; what it reads beyond a slice is there, and is not looked at
ANGLE_EDGE: Final = 2e-5  # radians: `direction` is within 1.2e-5


class Raw(NamedTuple):
    """States as they are given, [n] each."""

    lat_deg: Floats
    lon_deg: Floats
    east_mps: Floats
    north_mps: Floats
    height_m: Floats
    climb_mps: Floats
    datum: Codes


class Moved(NamedTuple):
    """States in the middle of the lookahead, in the order given."""

    state: Floats  # [n, 8] place, velocity, height now, climb; NaN for a height that is not known, or will not be
    angles: Floats  # [n, 2] geocentric latitude and longitude, radians, within ANGLE_EDGE
    kind: Bytes  # [n]


@leaf
def sine_cosine(angle_deg: float) -> tuple[float, float]:
    """Sine and cosine of an angle of up to some turns, within 2e-16; without a branch, so that eight are made at once (Cephes sincos)."""
    quarter = np.floor(angle_deg * (1 / 90) + 0.5)
    r = (angle_deg - 90.0 * quarter) * (math.pi / 180.0)
    z = r * r
    p = ((1.58962301576546568e-10 * z - 2.50507477628578073e-8) * z + 2.75573136213857245e-6) * z - 1.98412698295895386e-4
    s = r + r * z * ((p * z + 8.33333333332211859e-3) * z - 1.66666666666666307e-1)
    p = ((-1.13585365213876817e-11 * z + 2.08757008419747317e-9) * z - 2.75573141792967388e-7) * z + 2.48015872888517045e-5
    c = 1.0 - 0.5 * z + z * z * ((p * z - 1.38888888888730564e-3) * z + 4.16666666666665929e-2)
    turn = quarter - 4.0 * np.floor(quarter * 0.25)
    odd = turn == 1.0 or turn == 3.0
    sine, cosine = (c, s) if odd else (s, c)
    return -sine if turn >= 2.0 else sine, -cosine if turn == 1.0 or turn == 2.0 else cosine


@leaf
def direction(y: float, x: float) -> float:
    """The angle of (x, y) within 1.2e-5 rad, without a branch."""
    ax, ay = abs(x), abs(y)
    t = min(ax, ay) / max(ax, ay, 1e-30)
    z = t * t
    p = ((-0.01172120 * z + 0.05265332) * z - 0.11643287) * z + 0.19354346
    a = t * ((p * z - 0.33262347) * z + 0.99997726)
    a = 0.5 * math.pi - a if ay > ax else a
    a = math.pi - a if x < 0.0 else a
    return -a if y < 0.0 else a


@leaf
def arc(square: float, t: float) -> tuple[float, float, float]:
    """sin(wt) / w, (1 - cos(wt)) / w² and cos(wt), for w² = square and |wt| up to 0.1 (there 1e-12 off)."""
    x = square * t * t
    sine = t * (1.0 - x * (1 / 6) * (1.0 - x * (1 / 20) * (1.0 - x * (1 / 42))))
    versine = 0.5 * t * t * (1.0 - x * (1 / 12) * (1.0 - x * (1 / 30) * (1.0 - x * (1 / 56))))
    return sine, versine, 1.0 - square * versine


@leaf
def moved(lat_deg: float, lon_deg: float, east: float, north: float, t: float) -> tuple[float, float, float, float, float, float]:
    """Place and velocity after t seconds along the arc that osculates the geodesic, with what the geodesic bends and twists beside it."""
    sin_lat, cos_lat = sine_cosine(lat_deg)
    sin_lon, cos_lon = sine_cosine(lon_deg)
    w2 = 1.0 - ECCENTRICITY2 * sin_lat * sin_lat
    w = math.sqrt(w2)
    prime = SEMI_MAJOR_M / w  # radius of curvature east-west; north-south it is prime (1 - e²) / w2
    turn = (north * north * w2 / (1.0 - ECCENTRICITY2) + east * east) / prime  # towards the centre, m/s²
    curvature = turn / max(north * north + east * east, 1e-12)
    sine, versine, cosine = arc(curvature * turn, t)
    north_x, north_y = -sin_lat * cos_lon, -sin_lat * sin_lon
    vx, vy, vz = north_x * north - east * sin_lon, north_y * north + east * cos_lon, cos_lat * north
    ux, uy, uz = cos_lat * cos_lon, cos_lat * sin_lon, sin_lat
    # Third order: the curvature changes along the way, and the geodesic leaves the plane of the circle (its torsion).
    flat = FLATNESS * w * cos_lat
    lift, side = 3.0 * turn * north * flat * sin_lat, -curvature * flat * cos_lat * east * north
    jx = lift * ux + side * (east * north_x + north * sin_lon)
    jy = lift * uy + side * (east * north_y - north * cos_lon)
    jz = lift * uz + side * east * cos_lat
    drop, bend = versine * turn, sine * turn
    half, sixth = 0.5 * t * t, t * t * t * (1 / 6)
    return (
        (prime - drop) * ux + sine * vx + sixth * jx,
        (prime - drop) * uy + sine * vy + sixth * jy,
        (prime * (1.0 - ECCENTRICITY2) - drop) * uz + sine * vz + sixth * jz,
        cosine * vx - bend * ux + half * jx,
        cosine * vy - bend * uy + half * jy,
        cosine * vz - bend * uz + half * jz,
    )


@kernel
def velocities(course_deg: Floats, speed: Floats, east: Floats, north: Floats) -> None:
    """Writes the velocity of each course and speed; NaN where one of them is none."""
    for i in range(course_deg.shape[0]):
        known = abs(course_deg[i]) <= 720.0 and speed[i] >= 0.0
        sine, cosine = sine_cosine(course_deg[i] if known else 0.0)
        east[i] = speed[i] * sine if known else math.nan
        north[i] = speed[i] * cosine if known else math.nan


@kernel
def speeds(raw: Raw, swift_mps: float, lo: int, hi: int) -> tuple[float, float, int]:
    """Of the states from lo to hi: the greatest speed that is not swift, the greatest of all, and how many are swift."""
    easts, norths = raw.east_mps, raw.north_mps
    most, most_swift, swift = 0.0, 0.0, 0
    for i in range(lo, hi):
        square = easts[i] * easts[i] + norths[i] * norths[i]
        if square <= swift_mps * swift_mps:
            most = max(most, square)
        elif square <= FASTEST_MPS * FASTEST_MPS:
            most_swift = max(most_swift, square)
            swift += 1
    return math.sqrt(most), math.sqrt(max(most, most_swift)), swift


@leaf
def move_some(room: Floats, t: float) -> None:
    """Moves AT_ONCE states: room holds so many latitudes, then longitudes, and speeds east and north; after them come the answers.

    One array and a loop of known length: only so does the compiler take eight at once.
    """
    for n in range(AT_ONCE):
        x, y, z, vx, vy, vz = moved(room[n], room[n + AT_ONCE], room[n + 2 * AT_ONCE], room[n + 3 * AT_ONCE], t)
        room[n + 4 * AT_ONCE], room[n + 5 * AT_ONCE], room[n + 6 * AT_ONCE] = x, y, z
        room[n + 7 * AT_ONCE], room[n + 8 * AT_ONCE], room[n + 9 * AT_ONCE] = vx, vy, vz
        room[n + 10 * AT_ONCE], room[n + 11 * AT_ONCE] = direction(z, math.sqrt(x * x + y * y)), direction(y, x)


@leaf
def kind_of(lat_deg: float, lon_deg: float, square: float, swift_mps: float) -> int:
    """What kind of state it is, by its place and the square of its speed."""
    goes = square <= FASTEST_MPS * FASTEST_MPS  # NaN is no speed
    here = (abs(lat_deg) <= LAT_MOST_DEG) & (abs(lon_deg) <= LON_MOST_DEG)
    kind = SWIFT if square > swift_mps * swift_mps else ORDINARY
    kind = kind if goes else VOID
    return kind if here else NOWHERE


@kernel
def place(raw: Raw, t: float, swift_mps: float, lo: int, hi: int, out: Moved) -> tuple[float, float, float, float]:
    """Moves the states from lo to hi on by t seconds; least and greatest latitude and longitude (radians) of the ordinary ones."""
    # Arrays are taken out of their tuples once: in a loop each look into a tuple counts references.
    lats, lons, easts, norths, heights, climbs, datums = raw
    states, angles, kinds = out
    south, north, west, east = math.pi, -math.pi, math.pi, -math.pi
    room = np.zeros(12 * AT_ONCE)
    for base in range(lo, hi, AT_ONCE):
        some = min(AT_ONCE, hi - base)
        for n in range(some):
            lat, lon, ve, vn = lats[base + n], lons[base + n], easts[base + n], norths[base + n]
            kind = kind_of(lat, lon, ve * ve + vn * vn, swift_mps)
            kinds[base + n] = kind
            room[n], room[n + AT_ONCE] = (lat, lon) if kind != NOWHERE else (0.0, 0.0)
            room[n + 2 * AT_ONCE], room[n + 3 * AT_ONCE] = (ve, vn) if kind <= SWIFT else (0.0, 0.0)
        move_some(room, t)
        for n in range(some):
            i = base + n
            for axis in range(6):
                states[i, axis] = room[n + (axis + 4) * AT_ONCE]
            height, climb, datum = heights[i], climbs[i], datums[i]
            known = (datum >= 0) & (datum < SLOTS - 1) & (abs(height) <= HEIGHT_MOST_M) & (abs(climb) <= CLIMB_MOST_MPS)
            states[i, 6] = height if known else math.nan
            states[i, 7] = climb if known else math.nan
            lat, lon = room[n + 10 * AT_ONCE], room[n + 11 * AT_ONCE]
            angles[i, 0], angles[i, 1] = lat, lon
            if kinds[i] == ORDINARY:
                south, north, west, east = min(south, lat), max(north, lat), min(west, lon), max(east, lon)
    return south, north, west, east
