"""An outline with holes, or with very many corners, as several outlines that together hold exactly the same ground.

A notice holds simple outlines of a bounded number of corners, so that a person can read them back. What is published with holes is cut
along meridians of the plane about its middle, through each hole, and what has too many corners is halved, until every piece is simple and
small. Pieces share their cuts to the last bit, so they touch and do not overlap, and no ground is lost between them.

All original corners are kept. Edges longer than EDGE_MOST_M get corners along their own geodesic before anything is cut, so that a
corner which a cut puts on an edge lies within 0.05 m of it, the grid of 1e-7 degree included.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from shapely.geometry import LineString
from shapely.geometry import Polygon as Plane
from shapely.ops import split
from shapely.validation import explain_validity

from tafadi.errors import InputError
from tafadi.measure.earth import Leg, Position, destination, leg
from tafadi.measure.outline import middle, unit_vector

Ring = tuple[Position, ...]
EDGE_MOST_M: Final = 20_000.0  # a great circle through geodetic latitudes strays by at most 0.04 m from a geodesic of this length
MOST_PIECES: Final = 64  # as many volumes as a notice may hold
MOST_CORNERS: Final = 200_000  # of one outline with its holes; the longest published one that we know has 5,000
_WIDEST: Final = math.cos(math.radians(80.0))  # a corner more than 80 degrees from the middle has left the plane

Vector = tuple[float, float, float]


class _Frame(NamedTuple):
    """The gnomonic plane about a place: great circles are straight lines on it."""

    up: Vector
    east: Vector
    north: Vector

    def put(self, position: Position) -> tuple[float, float]:
        vector = unit_vector(position)
        height = _dot(self.up, vector)
        if height < _WIDEST:
            raise InputError("the outline is wider than 160 degrees of the earth")
        return _dot(self.east, vector) / height, _dot(self.north, vector) / height

    def lift(self, x: float, y: float) -> Position:
        a, b, c = (up + x * east + y * north for up, east, north in zip(self.up, self.east, self.north, strict=True))
        return Position(math.degrees(math.atan2(c, math.hypot(a, b))), math.degrees(math.atan2(b, a))).quantised()


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _frame(positions: Sequence[Position]) -> _Frame:
    origin = middle(positions)
    lat, lon = math.radians(origin.lat_deg), math.radians(origin.lon_deg)
    east = (-math.sin(lon), math.cos(lon), 0.0)
    north = (-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat))
    return _Frame(unit_vector(origin), east, north)


def pieces(outer: Ring, holes: Sequence[Ring], most_corners: int) -> list[Ring]:
    """The rings, each simple and of at most `most_corners` corners, that together cover `outer` without its `holes`.

    Rings are not closed by repeating their first corner. Raises InputError for an outline that crosses itself, a hole that is not inside,
    and an outline that would need more than MOST_PIECES.
    """
    whole = sum(map(len, (outer, *holes)))
    if whole > MOST_CORNERS:
        raise InputError(f"an outline of {whole:,} corners is not one; at most {MOST_CORNERS:,} are read", code="too-large")
    dense = [_densified(ring) for ring in (outer, *holes)]
    frame = _frame([position for ring in dense for position in ring])
    places = {frame.put(position): position for ring in dense for position in ring}
    shell, *inner = ([frame.put(position) for position in ring] for ring in dense)
    if min(map(len, (shell, *inner))) < 3:
        raise InputError("a ring of the outline has fewer than three corners", code="geometry-missing")
    plane = Plane(shell, inner)
    if not plane.is_valid:
        reason = explain_validity(plane).split("[")[0].strip().lower()
        raise InputError(f"the outline with its holes is not valid ({reason})", code="polygon-crosses-itself")
    return [_lifted(piece, frame, places) for piece in _cut(plane, most_corners)]


def _densified(ring: Ring) -> list[Position]:
    """The ring with corners along the geodesics of its long edges."""
    corners: list[Position] = []
    for here, there in zip(ring, (*ring[1:], *ring[:1]), strict=True):
        corners.append(here)
        if max(abs(here.lat_deg - there.lat_deg), abs(here.lon_deg - there.lon_deg)) > 0.1:  # shorter ones are below 16 km
            along = leg(here, there)
            count = math.ceil(along.distance_m / EDGE_MOST_M)
            steps = (Leg(along.bearing_deg, along.distance_m * step / count) for step in range(1, count))
            corners.extend(destination(here, step).quantised() for step in steps)
    return corners


def _cut(plane: Plane, most_corners: int) -> list[Plane]:
    done: list[Plane] = []
    open_ones = [plane]
    while open_ones:
        piece = open_ones.pop()
        if not piece.interiors and len(piece.exterior.coords) - 1 <= most_corners:
            done.append(piece)
        else:
            halves = list(split(piece, _knife(piece)).geoms)
            if len(halves) < 2:
                raise InputError("the outline cannot be cut into pieces of few corners", code="too-large")
            open_ones.extend(halves)
        if len(done) + len(open_ones) > MOST_PIECES:
            raise InputError(f"the outline would need more than {MOST_PIECES} pieces without holes", code="too-large")
    return done


def _knife(piece: Plane) -> LineString:
    """A line across the piece, through its first hole or else its middle, as far from every corner as there is room for."""
    west, south, east, north = piece.bounds
    axis = 0 if piece.interiors or east - west >= north - south else 1
    ring = piece.interiors[0] if piece.interiors else piece.exterior
    values = sorted(corner[axis] for corner in ring.coords)
    low, high = values[len(values) // 4], values[-1 - len(values) // 4]
    if low == high:  # most corners of the ring lie on one line
        low, high = values[0], values[-1]
    every = sorted({corner[axis] for one in (piece.exterior, *piece.interiors) for corner in one.coords if low <= corner[axis] <= high})
    before, after = max(pairwise(every), key=lambda pair: pair[1] - pair[0])
    at, beyond = (before + after) / 2.0, (east - west) + (north - south)
    if axis == 0:
        return LineString([(at, south - beyond), (at, north + beyond)])
    return LineString([(west - beyond, at), (east + beyond, at)])


def _lifted(piece: Plane, frame: _Frame, places: dict[tuple[float, float], Position]) -> Ring:
    corners = [places.get((x, y)) or frame.lift(x, y) for x, y in list(piece.exterior.coords)[:-1]]
    return tuple(corner for index, corner in enumerate(corners) if corner != corners[index - 1])
