"""Where is every recorded track during one slab of time? In a ball and a band of heights, found without an angle for every plot.

All plots of a slab lie in a box of latitude and longitude. A way along the map from its middle to a corner is no shorter than the straight
line, so half its diagonal is the radius of a ball about its middle, poles and antimeridian included; legs are chords, and a ball holds the
chords between its points. One sine and cosine for each slab of a track, instead of each plot.

For well clear the ball is larger by tau times the fastest of its legs: the pair is in violation only where the distance is at most
DTHR + tau times the closing speed. A plot without a leg is a run of its own, of which nobody knows the speed, and a contradicted plot makes
the ball larger by its spread.

Units : degrees, metres; instants in nanoseconds since 1970; slab n begins at n * slab_ns.
Source: docs/maths/scan.md.
Twin  : all pairs, in tests/reference/history.py.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.chords import STRETCH
from tafadi.engine.kernels.history_once import ANY_M, Tracks, spread_of
from tafadi.engine.kernels.history_rows import LEG, SPEED_MAX_MPS
from tafadi.engine.kernels.legs import DEGREE_MOST_M, place_of
from tafadi.engine.kernels.slabs import apart_steps, put_band, put_place
from tafadi.engine.kernels.surface import Point
from tafadi.engine.layout import SECOND_NS, Ints, Records, World, leaf, part

HALF_ROUND: Final = math.radians(1.0) ** 2 / 2.0  # of the cosine's series, of an angle in degrees
FOURTH: Final = math.radians(1.0) ** 4 / 24.0


class Screen(NamedTuple):
    """What the join must keep: pairs within these distances, at these times."""

    reach_m: float  # the largest horizontal minimum
    half_m: float  # the largest vertical minimum
    tau_s: float  # the largest tau, 0 without well clear
    datum: int  # in which most heights are given; others do not compare
    slab_ns: int
    from_ns: int
    until_ns: int


class Box(NamedTuple):
    """What is known of some plots: their extent, their fastest leg, whether heights compare."""

    south: float
    north: float
    west: float  # degrees east of the first plot's meridian
    east: float
    low: float
    high: float
    heights: float  # their sum: a number that is none stays one
    fastest: float
    usual: bool


@leaf
def turned(lon: float, from_lon: float) -> float:
    """Degrees of longitude from the one to the other, the shorter way."""
    away = lon - from_lon
    away = away - 360.0 if away > 180.0 else away
    return away + 360.0 if away < -180.0 else away


@leaf
def no_less_than_cosine(degrees: float) -> float:
    """At least the cosine of an angle of at most 90 degrees."""
    square = degrees * degrees
    return 1.0 - HALF_ROUND * square + FOURTH * square * square


@leaf
def speed_of(tracks: Tracks, k: int) -> float:
    """At least the speed on the leg that begins in row k."""
    up, along = tracks.lat_deg[k + 1] - tracks.lat_deg[k], turned(tracks.lon_deg[k + 1], tracks.lon_deg[k])
    lasting = (tracks.at_ns[k + 1] - tracks.at_ns[k]) / SECOND_NS
    speed_mps: float = DEGREE_MOST_M * math.sqrt(up * up + along * along) / lasting
    return speed_mps


@leaf
def fastest_of(tracks: Tracks, k: int) -> float:
    """At least the speed in row k, whichever of its plots are true: as fast as anything flies where nobody knows."""
    fastest_mps = SPEED_MAX_MPS
    if tracks.leg[k] == LEG:
        speed_mps = speed_of(tracks, k)
        fastest_mps = max(speed_mps, SPEED_MAX_MPS) if tracks.doubt[k] + tracks.doubt[k + 1] > 0 else speed_mps
    return fastest_mps


@part
def across_of(tracks: Tracks, first: int, last: int) -> tuple[float, float]:
    """How far the plots lie west and east of the first one's meridian, in degrees; the way round is looked at where it may be shorter."""
    lon = tracks.lon_deg[first]
    west = east = lon
    for k in range(first + 1, last + 1):
        west, east = min(west, tracks.lon_deg[k]), max(east, tracks.lon_deg[k])
    west, east = west - lon, east - lon
    if east - west > 180.0:
        west = east = 0.0
        for k in range(first + 1, last + 1):
            away = turned(tracks.lon_deg[k], lon)
            west, east = min(west, away), max(east, away)
    return west, east


@part
def box_of(tracks: Tracks, first: int, last: int, screen: Screen) -> Box:
    """The box of the plots from first to last, both included."""
    south = north = tracks.lat_deg[first]
    low = high = tracks.height_m[first]
    heights, fastest, usual = low, 0.0, tracks.datum[first] == screen.datum
    for k in range(first + 1, last + 1):
        lat, height = tracks.lat_deg[k], tracks.height_m[k]
        south, north, low, high, heights = min(south, lat), max(north, lat), min(low, height), max(high, height), heights + height
        usual &= tracks.datum[k] == screen.datum
    if screen.tau_s > 0.0:
        for k in range(first, last):
            fastest = max(fastest, speed_of(tracks, k))
    west, east = across_of(tracks, first, last)
    return Box(south, north, west, east, low, high, heights, fastest, usual)


@part
def doubts_of(tracks: Tracks, t: int, first: int, last: int) -> tuple[float, float]:
    """The largest spreads of the plots from first to last: seen from above, and in height."""
    across, up = 0.0, 0.0
    if tracks.doubted[t] > 0:
        for k in range(first, last + 1):
            side, height = spread_of(tracks, k, k)
            across, up = max(across, side), max(up, height)
    return across, up


@part
def put_ball(tracks: Tracks, t: int, first: int, last: int, screen: Screen, world: World, balls: Records, n: int) -> None:
    """The ball of track t over the plots from first to last, written as ball n."""
    box = box_of(tracks, first, last, screen)
    nearest = 0.0 if box.south <= 0.0 <= box.north else min(abs(box.south), abs(box.north))
    up, along = (box.north - box.south) / 2.0, (box.east - box.west) / 2.0 * no_less_than_cosine(nearest)
    spread, either = doubts_of(tracks, t, first, last)
    # Here, and not leg by leg: the loop over speeds took three times as long when it asked for doubts.
    fastest = box.fastest if first < last and spread + either == 0.0 else max(box.fastest, SPEED_MAX_MPS)
    radius = DEGREE_MOST_M * math.sqrt(up * up + along * along) + screen.tau_s * fastest + spread
    lon = turned(tracks.lon_deg[first] + (box.west + box.east) / 2.0, 0.0)
    put_place(balls[n], place_of((box.south + box.north) / 2.0, lon, world), Point(0.0, 0.0, 0.0), radius, radius)
    put_band(balls[n], box.low - either, box.high + either, box.usual and math.isfinite(box.heights) and either < ANY_M)
    balls[n]["minimum"], balls[n]["apart"] = screen.reach_m * (1.0 + STRETCH), apart_steps(screen.half_m)
    balls[n]["path"], balls[n]["piece"] = t, first


@leaf
def run_end(tracks: Tracks, t: int, k: int, after: int) -> int:
    """The last plot of the unbroken run of track t that begins in row k."""
    if tracks.broken[t] == 0:
        k = after - 1
    while k < after - 1 and tracks.leg[k] == LEG:
        k += 1
    return k


@part
def count_slabs(tracks: Tracks, screen: Screen, first_slab: int, begin: Ints) -> None:
    """How many balls each slab has, added up in begin[slab + 2 - first_slab]. A run is there in the instant of its last plot too."""
    for t in range(tracks.first.shape[0]):
        k, after = tracks.first[t], tracks.after[t]
        while k < after:
            end = run_end(tracks, t, k, after)
            from_ns, until_ns = max(tracks.at_ns[k], screen.from_ns), min(tracks.at_ns[end] + 1, screen.until_ns)
            if from_ns < until_ns:
                for slab in range(from_ns // screen.slab_ns, (until_ns - 1) // screen.slab_ns + 1):
                    begin[slab + 2 - first_slab] += 1
            k = end + 1


@part
def fill_run(tracks: Tracks, t: int, k: int, end: int, screen: Screen, first_slab: int, begin: Ints, world: World, balls: Records) -> None:
    """The balls of one run, from plot k to plot `end`, each put at begin[slab + 1 - first_slab], which is moved on."""
    from_ns, until_ns = max(tracks.at_ns[k], screen.from_ns), min(tracks.at_ns[end] + 1, screen.until_ns)
    if from_ns >= until_ns:
        return
    slab = from_ns // screen.slab_ns
    start_ns = slab * screen.slab_ns
    while start_ns < until_ns:
        while k + 1 < end and tracks.at_ns[k + 1] <= start_ns:
            k += 1
        last = min(k + 1, end)
        while last < end and tracks.at_ns[last] < start_ns + screen.slab_ns:
            last += 1
        n = begin[slab + 1 - first_slab]
        begin[slab + 1 - first_slab] = n + 1
        put_ball(tracks, t, k, last, screen, world, balls, n)
        k, slab, start_ns = max(k, last - 1), slab + 1, start_ns + screen.slab_ns


@part
def fill_balls(tracks: Tracks, screen: Screen, first_slab: int, begin: Ints, world: World, balls: Records) -> None:
    """All balls, slab after slab; afterwards slab s has those from begin[s - first_slab] to begin[s + 1 - first_slab]."""
    for t in range(tracks.first.shape[0]):
        k, after = tracks.first[t], tracks.after[t]
        while k < after:
            end = run_end(tracks, t, k, after)
            fill_run(tracks, t, k, end, screen, first_slab, begin, world, balls)
            k = end + 1


@part
def slab_begins(tracks: Tracks, screen: Screen, first_slab: int, slabs: int) -> Ints:
    """int64[slabs + 2]: in [s + 1] the first ball of slab s, to be moved on by fill_balls."""
    begin = np.zeros(slabs + 2, np.int64)
    count_slabs(tracks, screen, first_slab, begin)
    return np.cumsum(begin)
