"""Where is a body between two waypoints, and with which velocity does it leave and arrive? The geodesic, without an angle.

On the surface xᵀMx = a², M = diag(1, 1, 1 / (1 - e²)), a geodesic is bent towards the surface's normal Mx and nowhere else:

    x″ = -(x′ᵀMx′ / |Mx|²) Mx

With u from 0 to 1 along a short piece and f = x″, Simpson's rule gives its velocities at both ends from the ends alone,

    x′(0) = x(1) - x(0) - (f(0) + 2 f(½)) / 6        x′(1) = x(1) - x(0) + (2 f(½) + f(1)) / 6

and Numerov's its middle, x(½) = (x(0) + x(1)) / 2 - (f(0) + 10 f(½) + f(1)) / 96. The remainders are L⁵ / 720 R⁴ (6 µm for 50 NM) and
L⁶ / 15360 R⁵ (16 µm for 200 NM). There is no antimeridian and no pole in this, and nothing is divided by a length that may be 0.

Frame : ECEF, at height 0; on a plane, straight lines.
Units : metres, seconds.
Time  : seconds after the pair's epoch.
Source: docs/maths/detect.md.
Twin  : geographiclib (Karney 2013), in the tests.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.surface import Point, dot, minus, row
from tafadi.engine.layout import MISSING, MIXED, SECOND_NS, Codes, Floats, Ints, Paths, World, kernel, leaf, part

FAR: Final = -1  # pieces of a leg that is too long for Numerov
QUARTERS: Final = 4  # pieces of the longest leg that is not
SERIES: Final = tuple([(-1) ** n / math.factorial(2 * n + 1) for n in range(9)])  # of the sine of x, in x²; up to 45° the rest is 3e-19
COSERIES: Final = tuple([(-1) ** n / math.factorial(2 * n) for n in range(10)])
DEGREE_MOST_M: Final = 111_701.0  # of a degree, at the poles; nowhere is it longer
ROUNDS: Final = 3  # of the fixed point: each makes the error 100 times smaller, and the first is 13 mm off


class Piece(NamedTuple):
    """A piece of a path: both ends, the velocities there, when it begins and how long it lasts."""

    start: Point
    end: Point
    depart: Point
    arrive: Point
    begin: float
    whole: float


class Arc(NamedTuple):
    """A geodesic between two places: its velocities (metres per whole arc) at both ends, and its middle."""

    depart: Point
    arrive: Point
    middle: Point


@leaf
def seconds(at_ns: int, epoch_ns: int) -> float:
    """Seconds after the epoch; the difference is taken in whole nanoseconds, and so is exact."""
    return (at_ns - epoch_ns) / SECOND_NS


@leaf
def bend(place: Point, velocity: Point, stretch: float) -> Point:
    """x″ of the geodesic that passes `place` with `velocity`; `stretch` is 1 / (1 - e²)."""
    normal_z = stretch * place.z
    square = place.x * place.x + place.y * place.y + normal_z * normal_z
    share = -(velocity.x * velocity.x + velocity.y * velocity.y + stretch * velocity.z * velocity.z) / square
    return Point(share * place.x, share * place.y, share * normal_z)


@part
def arc_between(a: Point, b: Point, flattening: float) -> Arc:
    """The geodesic from a to b, at most 200 NM apart."""
    stretch = 1.0 / (1.0 - flattening * (2.0 - flattening))
    chord = minus(b, a)
    depart, arrive, along = chord, chord, chord
    halfway = Point((a.x + b.x) / 2.0, (a.y + b.y) / 2.0, (a.z + b.z) / 2.0)
    middle = halfway
    for _ in range(ROUNDS):
        f, g, h = bend(a, depart, stretch), bend(middle, along, stretch), bend(b, arrive, stretch)
        depart = Point(chord.x - (f.x + 2 * g.x) / 6, chord.y - (f.y + 2 * g.y) / 6, chord.z - (f.z + 2 * g.z) / 6)
        arrive = Point(chord.x + (2 * g.x + h.x) / 6, chord.y + (2 * g.y + h.y) / 6, chord.z + (2 * g.z + h.z) / 6)
        along = Point(chord.x - (h.x - f.x) / 24, chord.y - (h.y - f.y) / 24, chord.z - (h.z - f.z) / 24)
        sag = Point((f.x + 10 * g.x + h.x) / 96, (f.y + 10 * g.y + h.y) / 96, (f.z + 10 * g.z + h.z) / 96)
        middle = minus(halfway, sag)
    return Arc(depart, arrive, middle)


@part
def piece_of(paths: Paths, k: int, epoch_ns: int, world: World) -> Piece:
    """Piece k of the paths, solved."""
    a, b = row(paths.place_m, k), row(paths.place_m, k + 1)
    begin = seconds(paths.at_ns[k], epoch_ns)
    whole = seconds(paths.at_ns[k + 1], paths.at_ns[k])
    depart = arrive = minus(b, a)
    if not world.flat:
        arc = arc_between(a, b, world.flattening)
        depart, arrive = arc.depart, arc.arrive
    return Piece(a, b, depart, arrive, begin, whole)


@part
def place_on(piece: Piece, t: float) -> Point:
    """Where the body of the piece is at t: on the cubic through both ends with the velocities there."""
    u = (t - piece.begin) / piece.whole
    v = 1.0 - u
    leave, arrive, last = u * v * v, -u * u * v, (1.0 + 2.0 * v) * u * u
    p, q, d, a = piece.start, piece.end, piece.depart, piece.arrive
    # Both weights of the places sum to one: adding the difference keeps a body at rest at rest, to the last bit.
    return Point(
        p.x + last * (q.x - p.x) + leave * d.x + arrive * a.x,
        p.y + last * (q.y - p.y) + leave * d.y + arrive * a.y,
        p.z + last * (q.z - p.z) + leave * d.z + arrive * a.z,
    )


@leaf
def chord_m(piece: Piece) -> float:
    """Metres between the ends of the piece; NaN when not finite."""
    d = minus(piece.end, piece.start)
    return math.sqrt(dot(d, d))


@leaf
def length_m(piece: Piece, duration: float) -> float:
    """Metres that the body moves in `duration` seconds, at least; NaN when not finite."""
    return chord_m(piece) * duration / piece.whole


@leaf
def sine_cosine(degrees: float) -> tuple[float, float]:
    """Sine and cosine of an angle of at most 180 degrees, to the last digit but one; exact at all quarters.

    The angle is reduced in degrees, in which a quarter is a whole number; the rest are the series of both. All in float64 and without a
    branch: so the compiler makes several angles at once.
    """
    quarter = np.floor(degrees / 90.0 + 0.5)
    x = (degrees - 90.0 * quarter) * (math.pi / 180.0)
    s = x * x
    sine, cosine = 0.0, 0.0
    for n in range(len(SERIES)):
        sine = sine * s + SERIES[len(SERIES) - 1 - n]
    for n in range(len(COSERIES)):
        cosine = cosine * s + COSERIES[len(COSERIES) - 1 - n]
    sine *= x
    turn = quarter - 4.0 * np.floor(quarter * 0.25)
    odd = turn == 1.0 or turn == 3.0
    up, along = (cosine, sine) if odd else (sine, cosine)
    return -up if turn >= 2.0 else up, -along if turn == 1.0 or turn == 2.0 else along


@leaf
def place_of(lat_deg: float, lon_deg: float, world: World) -> Point:
    """ECEF of a place on the ellipsoid."""
    e2 = world.flattening * (2.0 - world.flattening)
    (sine, across), (east, ahead) = sine_cosine(lat_deg), sine_cosine(lon_deg)
    normal = world.semi_major_m / math.sqrt(1.0 - e2 * sine * sine)
    return Point(normal * across * ahead, normal * across * east, normal * (1.0 - e2) * sine)


@leaf
def surely_short(lat_deg: float, lon_deg: float, other_lat_deg: float, other_lon_deg: float, length: float) -> bool:
    """Whether two places are nearer than `length`, told without an angle: along a straight line on the map, which is no shorter."""
    up, along = other_lat_deg - lat_deg, abs(other_lon_deg - lon_deg)
    along = min(along, 360.0 - along)
    lat = min(abs(lat_deg), abs(other_lat_deg)) * (math.pi / 180.0) if lat_deg * other_lat_deg > 0.0 else 0.0
    widest = 1.0 - lat * lat / 2.0 + lat * lat * lat * lat / 24.0  # no less than the cosine
    return DEGREE_MOST_M * DEGREE_MOST_M * (up * up + along * along * widest * widest) < length * length


@leaf
def datum_between(a: int, b: int) -> int:
    """The datum of a leg from a height in datum a to one in datum b."""
    if a == MISSING or b == MISSING:
        return MISSING
    return a if a == b else MIXED


@leaf
def pieces_between(a: Point, b: Point, lasting_ns: int, chords_m: Floats) -> int:
    """Into how many pieces a leg is to be cut; FAR for one that is too long for Numerov's rule, or too short in time for four."""
    d = minus(b, a)
    square = dot(d, d)
    if square <= chords_m[0] * chords_m[0]:
        result = 1
    elif square > chords_m[2] * chords_m[2] or lasting_ns < QUARTERS:
        result = FAR
    else:
        result = 2 if square <= chords_m[1] * chords_m[1] else QUARTERS
    return result


@kernel
def count_pieces(
    first: Ints, lat_deg: Floats, lon_deg: Floats, at_ns: Ints, chords_m: Floats, world: World, pieces: Codes, points: Ints
) -> None:
    """Into how many pieces each leg is to be cut, and how many points this makes of each path, FAR legs not counted.

    first    : int64[paths + 1]  rows of the columns
    chords_m : float64[3]        the longest chords of legs that are cut into 1, 2 or 4 pieces
    pieces   : int8[rows]        out, at the row where the leg begins
    points   : int64[paths]      out
    """
    for p in range(first.shape[0] - 1):
        points[p] = 1
        for k in range(first[p], first[p + 1] - 1):
            pieces[k] = 1
            if not surely_short(lat_deg[k], lon_deg[k], lat_deg[k + 1], lon_deg[k + 1], chords_m[0]):
                here, there = place_of(lat_deg[k], lon_deg[k], world), place_of(lat_deg[k + 1], lon_deg[k + 1], world)
                pieces[k] = pieces_between(here, there, at_ns[k + 1] - at_ns[k], chords_m)
            points[p] += max(0, pieces[k])
        pieces[first[p + 1] - 1] = 1


@leaf
def lay(place_m: Floats, k: int, place: Point) -> None:
    """The place, written to row k."""
    place_m[k, 0], place_m[k, 1], place_m[k, 2] = place.x, place.y, place.z


@part
def lay_route(lat_deg: Floats, lon_deg: Floats, first: int, last: int, world: World, places: Floats) -> None:
    """Places of the rows of a route, written to places[axis, n]; in a loop of its own, in which nothing but this is done."""
    for n in range(last - first):
        place = place_of(lat_deg[first + n], lon_deg[first + n], world)
        places[0, n], places[1, n], places[2, n] = place.x, place.y, place.z


@part
def lay_middles(place_m: Floats, k: int, pieces: int, end: Point, flattening: float) -> None:
    """The middle of a leg that begins in row k, or its quarters, written to the rows that follow."""
    start = row(place_m, k)
    middle = arc_between(start, end, flattening).middle
    if pieces == QUARTERS:
        lay(place_m, k + 1, arc_between(start, middle, flattening).middle)
        lay(place_m, k + 3, arc_between(middle, end, flattening).middle)
    lay(place_m, k + pieces // 2, middle)


@leaf
def lay_times(paths: Paths, to: int, pieces: int, begin_ns: int, end_ns: int, low: float, high: float) -> None:
    """Instants and heights at the points within a leg, and the datum of its first point copied to them."""
    lasting = end_ns - begin_ns
    for step in range(1, pieces):
        # Whole nanoseconds; divided before multiplied, so that 90 days do not overflow.
        paths.at_ns[to + step] = begin_ns + (lasting // pieces) * step + ((lasting % pieces) * step) // pieces
        paths.height_m[to + step] = low + (high - low) * (step / pieces)
        paths.datum[to + step] = paths.datum[to]


@kernel
def lay_paths(
    first: Ints, lat_deg: Floats, lon_deg: Floats, at_ns: Ints, height_m: Floats, datum: Codes, pieces: Codes, far: Ints, far_first: Ints,
    far_m: Floats, world: World, into: Ints, paths: Paths,
) -> None:  # fmt: skip
    """Routes as paths, their legs in pieces, written from point into[p] of `paths` on for each.

    pieces    : int8[rows]   as counted
    far       : int64[n]     rows where legs begin that are FAR, in order
    far_first : int64[n + 1] where the points of each of these begin in far_m, both ends included
    """
    longest = 0
    for p in range(first.shape[0] - 1):
        longest = max(longest, first[p + 1] - first[p])
    places = np.empty((3, longest))
    for p in range(first.shape[0] - 1):
        to, last = into[p], first[p + 1] - 1
        lay_route(lat_deg, lon_deg, first[p], last + 1, world, places)
        for k in range(first[p], last + 1):
            n = k - first[p]
            paths.at_ns[to], paths.height_m[to], paths.datum[to] = at_ns[k], height_m[k], MISSING
            lay(paths.place_m, to, Point(places[0, n], places[1, n], places[2, n]))
            if k == last:
                break
            there = Point(places[0, n + 1], places[1, n + 1], places[2, n + 1])
            paths.datum[to] = datum_between(datum[k], datum[k + 1])
            count = 0 + pieces[k]
            if count == FAR:
                cut = np.searchsorted(far, k)
                count = far_first[cut + 1] - far_first[cut] - 1
                for step in range(1, count):
                    lay(paths.place_m, to + step, row(far_m, far_first[cut] + step))
            elif count > 1:
                lay_middles(paths.place_m, to, count, there, world.flattening)
            if count > 1:
                lay_times(paths, to, count, at_ns[k], at_ns[k + 1], height_m[k], height_m[k + 1])
            to += count
