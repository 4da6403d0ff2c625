"""Volumes: a place on the ground, a band of heights, a stretch of time.

Source: ASTM F3548-21 Volume4D. An outline is a polygon (geodesic edges) or a circle; a height that is not stated is None and makes the
vertical comparison UNKNOWN, never "all heights" and never zero.
"""

from dataclasses import dataclass
from types import NoneType
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.height import Height
from tafadi.measure.instant import Span
from tafadi.measure.kinds import check_kind, is_finite, shown
from tafadi.measure.outline import check_simple

MOST_VERTICES: Final = 1_000  # an outline that a person can read back; F3548 itself allows any number
LARGEST_RADIUS_M: Final = 2_000_000.0  # beyond this a "circle" is most of a hemisphere and surely an error in units


@dataclass(frozen=True, slots=True)
class Circle:
    """All places within `radius_m` of `centre` along the geodesic. Raises InputError for a radius that is not positive.

    >>> Circle(Position(-33.0, 131.0), 2_000.0).radius_m
    2000.0
    """

    centre: Position
    radius_m: float

    def __post_init__(self) -> None:
        check_kind(self.centre, "the centre of a circle", Position)
        if not (is_finite(self.radius_m) and 0.0 < self.radius_m <= LARGEST_RADIUS_M):
            raise InputError(f"a circle of radius {shown(self.radius_m)} m is not one; give more than 0 and at most 2,000,000 m")


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed outline; the first vertex is not repeated at the end. Edges are geodesics, and may cross the antimeridian.

    Raises InputError for fewer than three corners or too many, a repeated neighbour, or an outline that crosses itself.

    >>> len(Polygon((Position(0.0, 0.0), Position(0.0, 1.0), Position(1.0, 0.0))).vertices)
    3
    """

    vertices: tuple[Position, ...]

    def __post_init__(self) -> None:
        check_kind(self.vertices, "the outline of a polygon", tuple, list)
        object.__setattr__(self, "vertices", tuple(self.vertices))  # as a list it would be unlike the same outline
        for vertex in self.vertices:
            check_kind(vertex, "a corner of a polygon", Position)
        count = len(self.vertices)
        if not 3 <= count <= MOST_VERTICES:
            code = "geometry-missing" if count < 3 else "too-large"
            raise InputError(f"a polygon of {count} corners is not one; give 3 to {MOST_VERTICES}", code=code)
        for index, vertex in enumerate(self.vertices):
            if vertex == self.vertices[index - 1]:
                raise InputError(f"corner {index} of the polygon stands twice ({vertex})")
        check_simple(self.vertices)


Outline = Circle | Polygon


@dataclass(frozen=True, slots=True)
class Volume4D:
    """An outline between two heights during a span. Raises InputError when the top is not above the bottom of the same datum.

    >>> from tafadi.measure.instant import Instant
    >>> hour = Span(Instant.parse("2027-03-02T09:00:00Z"), Instant.parse("2027-03-02T10:00:00Z"))
    >>> Volume4D(Circle(Position(-33.0, 131.0), 2_000.0), None, Height.parse("300 [m] geoid"), hour).span.duration_s
    3600.0
    """

    outline: Outline
    lower: Height | None
    upper: Height | None
    span: Span

    def __post_init__(self) -> None:
        check_kind(self.outline, "the outline of a volume", Circle, Polygon)
        check_kind(self.span, "the span of a volume", Span)
        for height in (self.lower, self.upper):
            check_kind(height, "a height of a volume", Height, NoneType)
        if self.span.start == self.span.end:
            raise InputError(f"the volume lasts no time: it starts and ends at {self.span.start}", code="end-before-start")
        if self.lower and self.upper and self.lower.datum is self.upper.datum and self.upper.above(self.lower) <= 0.0:
            raise InputError(f"the top ({self.upper}) is not above the bottom ({self.lower})")
