"""Curves of published outlines as corners: circular arcs, and edges that are straight in longitude and latitude.

An outline here has geodesic edges. A curve becomes as many corners as keep every edge within `DEVIATION_M` of it. Corners lie on the curve
itself, so that what bulges outwards is smaller than published by at most that much, and what bulges inwards larger.

Units : degrees at the surface, metres along geodesics of WGS 84.
Source: geodesics by PROJ (Karney 2013); ICAO Annex 15 and AIXM 5.1 (arc by centre point); RFC 7946, section 3.1.1 (straight in degrees).
"""

import math
from collections.abc import Sequence
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.earth import Leg, Position, destination, leg

DEVIATION_M: Final = 1.0  # published corners are rounded to whole seconds, 31 m; this is far below, and below any minima
MOST_CORNERS: Final = 200_000  # of one outline, as for those that are cut; a full circle of 2,000 km radius needs 3,200
RADII_DIFFER: Final = 0.05  # ends of a published arc are rounded to seconds and radii to tenths of a mile; more is contradiction
RADII_DIFFER_M: Final = 200.0  # ... and for small arcs the rounding alone: 0.1 NM
_SHORT_DEG: Final = 0.01  # edges shorter than this stray by less than 0.2 m below 80 degrees of latitude
_POLAR_DEG: Final = 80.0


def arc(centre: Position, start: Position, end: Position, *, clockwise: bool, radius_m: float | None = None) -> tuple[Position, ...]:
    """The corners strictly between `start` and `end` on the arc about `centre`.

    Its radius goes evenly from that of one end to that of the other, because published ends are rounded. Raises InputError when the ends
    are not about as far from the centre as each other (and as `radius_m`, where that is stated), or are one place.
    """
    first, last = leg(centre, start), leg(centre, end)
    _check_radii(first.distance_m, last.distance_m, radius_m)
    turn_deg = (last.bearing_deg - first.bearing_deg) % 360.0 if clockwise else -((first.bearing_deg - last.bearing_deg) % 360.0)
    if start == end or turn_deg == 0.0:
        raise InputError("an arc that ends where it begins may be nothing or a whole circle; give the circle as one")
    return swept(centre, first, turn_deg, last.distance_m)[1:-1]


def swept(centre: Position, first: Leg, turn_deg: float, last_m: float) -> tuple[Position, ...]:
    """The corners of an arc from `first` on, seen from the centre, that turns by `turn_deg` (clockwise when positive), with both ends."""
    largest_m = max(first.distance_m, last_m)
    if not 0.0 < largest_m <= 2_000_000.0:
        raise InputError(f"an arc of radius {largest_m:.0f} m is not one; give more than 0 and at most 2,000,000 m")
    step_deg = math.degrees(2.0 * math.acos(max(0.5, 1.0 - DEVIATION_M / largest_m)))
    count = max(1, math.ceil(abs(turn_deg) / step_deg))
    grow_m = (last_m - first.distance_m) / count
    return tuple(
        destination(centre, Leg((first.bearing_deg + turn_deg * index / count) % 360.0, first.distance_m + grow_m * index))
        for index in range(count + 1)
    )


def _check_radii(first_m: float, last_m: float, stated_m: float | None) -> None:
    radii_m = [first_m, last_m] if stated_m is None else [first_m, last_m, stated_m]
    if max(radii_m) - min(radii_m) > max(RADII_DIFFER_M, RADII_DIFFER * max(radii_m)):
        said = "" if stated_m is None else f", and the radius is said to be {stated_m:.0f} m"
        raise InputError(f"the ends of the arc are {first_m:.0f} m and {last_m:.0f} m from its centre{said}")


def straight_in_degrees(path: Sequence[Position], *, closed: bool = True) -> list[Position]:
    """The path with corners added where an edge that is straight in longitude and latitude strays from the geodesic.

    A closed path has an edge from its last corner to its first, which does not stand again at its end. Raises InputError when it takes more
    than MOST_CORNERS.
    """
    corners: list[Position] = []
    ends = [*path[1:], *(path[:1] if closed else path[-1:])]
    for here, there in zip(path, ends, strict=True):
        corners.append(here)
        corners.extend(_between(here, there))
        if len(corners) > MOST_CORNERS:
            raise InputError(f"the outline needs more than {MOST_CORNERS:,} corners to follow its own edges")
    return corners


def _between(here: Position, there: Position) -> list[Position]:
    """The corners strictly between the two: the edge is halved in degrees until no part of it strays."""
    if abs(there.lon_deg - here.lon_deg) > 180.0:
        raise InputError(
            "an edge spans more than 180 degrees of longitude; what lies across the antimeridian is cut there, or goes the long way"
        )
    corners: list[Position] = []
    open_ones = [(here, there)]
    while open_ones:
        start, end = open_ones.pop()
        if not _strays(start, end):
            corners.append(end)
            continue
        if len(corners) + len(open_ones) > MOST_CORNERS:
            raise InputError(f"an edge needs more than {MOST_CORNERS:,} corners to be followed", code="too-large")
        middle = _part(start, end, 0.5)
        open_ones += [(middle, end), (start, middle)]
    return corners[:-1]


def _part(start: Position, end: Position, part: float) -> Position:
    lat_deg = start.lat_deg + (end.lat_deg - start.lat_deg) * part
    return Position(lat_deg, start.lon_deg + (end.lon_deg - start.lon_deg) * part)


def _strays(start: Position, end: Position) -> bool:
    """Whether the edge leaves its geodesic: looked at in three places, because across the equator it does so on both sides."""
    widest_deg = max(abs(end.lat_deg - start.lat_deg), abs(end.lon_deg - start.lon_deg))
    if widest_deg < _SHORT_DEG and abs(start.lat_deg) < _POLAR_DEG:
        return False
    along = leg(start, end)
    parts = ((part, destination(start, Leg(along.bearing_deg, along.distance_m * part))) for part in (0.25, 0.5, 0.75))
    return widest_deg > 1e-6 and any(leg(place, _part(start, end, part)).distance_m > DEVIATION_M for part, place in parts)
