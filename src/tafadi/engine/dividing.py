"""Dividing lines, as live tracks meet them: on which side a track is, when it will cross, and when it did.

The side of a place is that of the nearest piece of the line; at a corner between two pieces, the outer side of the bend. Beyond the ends of
the line, and farther than it reaches, there is none. A straying to the other side is foreseen by straight motion over the lookahead, and
told as having happened from the hit on that shows it, with the instant between that hit and the one before at which the line was crossed.

A party that is on a side where it may not be is told, however it came there. Of a track of nobody known, or of a party that the line does
not name, nobody says where it may be: that it crosses is UNKNOWN, and on which side it is, is no matter. A track of unknown velocity is
UNKNOWN while it could reach the line.

Frame : unit vectors of geodetic latitude and longitude. Lines and ways are cut into pieces of at most 20 km, over which a great circle
        strays from the geodesic by at most 0.04 m; a crossing is timed by the geodesic flown to it.
Source: docs/maths/watch.md.
Twin  : tests/reference/sides.py says the same thing slowly.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.encounter import UNKNOWN_SPEED_MPS, Side
from tafadi.engine.layout import Floats
from tafadi.engine.trail import Trail
from tafadi.errors import InputError
from tafadi.measure.earth import SEMI_MAJOR_M, Leg, Position, destination, leg
from tafadi.measure.instant import Instant, Span
from tafadi.measure.outline import unit_vector
from tafadi.model.dividing_line import DividingLine
from tafadi.model.judgement import Cause, Judgement, Verdict
from tafadi.model.operation import NO_MINIMA

PIECE_M: Final = 20_000.0  # of a line or a way; see above
FORESEEN: Final = 1  # levels of an alert: it will cross
CROSSED: Final = 2  # it is on the other side
MOST_LINES: Final = 1_000  # an agreement has one, a country's frontiers some tens


class Met(NamedTuple):
    """What is found of a track and a line, and how grave it is."""

    judgement: Judgement
    level: int


class Crossing(NamedTuple):
    """Where a way crosses a line, how far along the way, and to which side."""

    place: Position
    after_m: float
    to_left: bool


class Line:
    """A dividing line as pieces of great circles."""

    def __init__(self, noun: DividingLine) -> None:
        self.noun = noun
        self._corners = _vectors([place for here, there in pairwise(noun.path) for place in _cut(here, there)[:-1]] + [noun.path[-1]])
        self._starts, self._ends = self._corners[:-1], self._corners[1:]
        normals = np.cross(self._starts, self._ends)
        self._normals = normals / np.linalg.norm(normals, axis=1)[:, None]
        # A left bend at corner k: the next piece turns to the left of the one before.
        self._bends = np.sign(np.einsum("ij,ij->i", self._normals[:-1], self._ends[1:]))

    def side_of(self, place: Position) -> bool | None:
        """Whether the place is to the left of the line; None where the line has no sides. On the line itself it is to the right."""
        here = np.array(unit_vector(place))
        apart, corners = self._apart(here)
        piece, corner = int(np.argmin(apart)), int(np.argmin(corners))
        if min(float(apart[piece]), float(corners[corner])) * SEMI_MAJOR_M > self.noun.reach_m:
            return None
        if apart[piece] <= corners[corner]:
            return bool(self._normals[piece] @ here > 0.0)
        if corner in (0, len(self._corners) - 1):
            return None  # nearest to an end, and past it
        return bool(self._bends[corner - 1] < 0.0)

    def distance_m(self, place: Position) -> float:
        """About how far the place is from the line; within 1 % for what is near."""
        apart, corners = self._apart(np.array(unit_vector(place)))
        return float(min(apart.min(), corners.min())) * SEMI_MAJOR_M

    def _apart(self, here: Floats) -> tuple[Floats, Floats]:
        """How far the place is from each piece that it lies beside (else inf), and from each corner; in radii of the earth."""
        corners = np.linalg.norm(self._corners - here, axis=1)
        return np.where(self._inside(here), np.abs(self._normals @ here), np.inf), np.asarray(corners)

    def _inside(self, here: Floats) -> Floats:
        """Of each piece: whether the place lies beside it, and past neither end."""
        after = np.einsum("ij,ij->i", np.cross(self._normals, self._starts), np.broadcast_to(here, self._starts.shape)) >= 0.0
        before = np.einsum("ij,ij->i", np.cross(self._ends, self._normals), np.broadcast_to(here, self._starts.shape)) >= 0.0
        facing = np.einsum("ij,j->i", self._starts + self._ends, here) > 0.0
        return np.asarray(after & before & facing)

    def crossings(self, start: Position, course_deg: float, length_m: float) -> Iterator[Crossing]:
        """Where the geodesic from `start` crosses the line, in the order in which it does."""
        count = max(1, math.ceil(length_m / PIECE_M))
        places = [destination(start, Leg(course_deg, length_m * step / count)) for step in range(count + 1)]
        for here, there in pairwise(_vectors([start, *places[1:]])):
            for vector, to_left in self._met(here, there):
                place = Position(math.degrees(math.asin(max(-1.0, min(1.0, vector[2])))), math.degrees(math.atan2(vector[1], vector[0])))
                yield Crossing(place, leg(start, place).distance_m, to_left)

    def _met(self, here: Floats, there: Floats) -> list[tuple[Floats, bool]]:
        """The places at which one piece of a way crosses pieces of the line, and to which side; the first comes first."""
        way = np.cross(here, there)
        if not float(way @ way) > 0.0:
            return []
        before, after = self._normals @ here, self._normals @ there
        starts, ends = self._starts @ way, self._ends @ way
        # Half-open, so that what passes through a corner crosses one piece of the line and not two, or none.
        facing = (self._starts + self._ends) @ (here + there) > 0.0
        crosses = facing & ((before > 0.0) != (after > 0.0)) & ((starts > 0.0) != (ends > 0.0))
        found = []
        for piece in np.flatnonzero(crosses):
            vector = np.cross(way, self._normals[piece])
            vector = vector / np.linalg.norm(vector)
            vector = vector if float(vector @ here) > 0.0 else -vector
            found.append((float(vector @ here), vector, bool(after[piece] > 0.0)))
        return [(vector, to_left) for _, vector, to_left in sorted(found, key=lambda one: -one[0])]


class Lines:
    """The dividing lines that a watch looks at. Raises InputError for an identity that stands twice, and for too many lines."""

    def __init__(self, lines: Sequence[DividingLine], lookahead_s: float) -> None:
        if len(lines) > MOST_LINES:
            raise InputError(f"{len(lines):,} dividing lines are more than {MOST_LINES:,}", code="too-large")
        if len({one.id for one in lines}) != len(lines):
            raise InputError("two dividing lines have one name")
        self._names = {one.id for one in lines}
        self._lines = [Line(one) for one in lines]
        self._lookahead_s = lookahead_s

    def has(self, name: str) -> bool:
        """Whether `name` is that of a line."""
        return name in self._names

    def look(self, side: Side) -> list[Met]:
        """What is found of the track and each line; CLEAR is not listed."""
        at = side.trail.last.at
        found = [self._line(one, side.trail) for one in self._lines if one.noun.span is None or one.noun.span.holds(at)]
        return [_doubted(one) if side.is_doubted else one for one in found if one is not None]

    def _line(self, line: Line, trail: Trail) -> Met | None:
        noun, plot = line.noun, trail.last
        is_left = line.side_of(plot.position)
        crossed = self._crossed(line, trail)
        if is_left is not None and noun.may_be(plot.party, is_left) is False:
            at, place = (plot.at, plot.position) if crossed is None else crossed
            return _met(trail, noun, Verdict.CONFLICT, CROSSED, at, place)
        if crossed is not None and is_left is not None and noun.may_be(plot.party, is_left) is None:
            return _met(trail, noun, Verdict.UNKNOWN, CROSSED, *crossed, cause=Cause.PARTY_MISSING)
        return self._foreseen(line, trail)

    def _crossed(self, line: Line, trail: Trail) -> tuple[Instant, Position] | None:
        """When and where the last two hits have the line between them; None when they have not."""
        if len(trail.plots) < 2:
            return None
        before, plot = trail.plots[-2], trail.last
        between = leg(before.position, plot.position)
        crossing = next(line.crossings(before.position, between.bearing_deg, between.distance_m), None) if between.distance_m else None
        if crossing is None:
            return None
        part = min(1.0, crossing.after_m / between.distance_m)
        return before.at.plus(plot.at.since(before.at) * part), crossing.place

    def _foreseen(self, line: Line, trail: Trail) -> Met | None:
        """The first crossing to a side where the track may not be, or nobody says that it may."""
        noun, plot = line.noun, trail.last
        if trail.velocity_mps is None:
            return self._reachable(line, trail)
        speed_mps = math.hypot(*trail.velocity_mps)
        course_deg = math.degrees(math.atan2(*trail.velocity_mps)) % 360.0
        for one in line.crossings(plot.position, course_deg, speed_mps * self._lookahead_s):
            allowed, at = noun.may_be(plot.party, one.to_left), plot.at.plus(one.after_m / speed_mps)
            if allowed is False:
                return _met(trail, noun, Verdict.CONFLICT, FORESEEN, at, one.place)
            if allowed is None:
                return _met(trail, noun, Verdict.UNKNOWN, FORESEEN, at, one.place, cause=Cause.PARTY_MISSING)
        return None

    def _reachable(self, line: Line, trail: Trail) -> Met | None:
        """UNKNOWN while a track of unknown velocity could cross within the lookahead."""
        noun, plot = line.noun, trail.last
        if noun.may_be(plot.party, True) and noun.may_be(plot.party, False):
            return None
        reach_m = UNKNOWN_SPEED_MPS * self._lookahead_s
        if line.distance_m(plot.position) > reach_m:
            return None
        return _met(trail, noun, Verdict.UNKNOWN, FORESEEN, plot.at, plot.position, cause=Cause.VELOCITY_MISSING)


def _met(
    trail: Trail, noun: DividingLine, verdict: Verdict, level: int, at: Instant, place: Position, *, cause: Cause | None = None
) -> Met:
    """The judgement that begins at `at`. What has begun lasts until now; what is foreseen lasts nobody knows how long."""
    first, second = sorted((trail.last.track, noun.id))
    span = Span(at, max(at, trail.last.at))
    return Met(Judgement(first, second, verdict, NO_MINIMA, cause=cause, span=span, place=place), level)


def _doubted(met: Met) -> Met:
    """The same as far as anybody knows of a track that jumped."""
    return Met(replace(met.judgement, verdict=Verdict.UNKNOWN, cause=Cause.TRACK_SUSPECT), met.level)


def _vectors(places: Sequence[Position]) -> Floats:
    return np.array([unit_vector(place) for place in places])


def _cut(here: Position, there: Position) -> list[Position]:
    """The geodesic between the two, with both ends, in pieces of at most PIECE_M."""
    along = leg(here, there)
    count = max(1, math.ceil(along.distance_m / PIECE_M))
    steps = [destination(here, Leg(along.bearing_deg, along.distance_m * step / count)) for step in range(1, count)]
    return [here, *steps, there]
