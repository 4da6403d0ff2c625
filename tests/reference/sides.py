"""The slow twin of dividing lines: bearings of WGS 84 geodesics, step by step along the way.

A place is beside a piece of the line when it is ahead of its start and before its end, by the bearings there; it is to the left when its
bearing from the start is less than that of the piece. Of all pieces that it is beside, the nearest counts.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from pyproj import Geod

WGS84 = Geod(ellps="WGS84")
Place = tuple[float, float]  # latitude, longitude


def beside(start: Place, end: Place, place: Place) -> tuple[float, bool] | None:
    """How far the place is from the piece, and whether to its left; None where it is past an end. For pieces and distances of some km."""
    along, back, _ = WGS84.inv(start[1], start[0], end[1], end[0])
    to, _, first_m = WGS84.inv(start[1], start[0], place[1], place[0])
    from_end, _, _ = WGS84.inv(end[1], end[0], place[1], place[0])
    if math.cos(math.radians(to - along)) < 0.0 or math.cos(math.radians(from_end - back)) < 0.0:
        return None
    across_m = first_m * math.sin(math.radians(to - along))
    return abs(across_m), across_m < 0.0


def is_left(path: Sequence[Place], place: Place) -> bool | None:
    """Whether the place is to the left of the line; None where it is beside none of its pieces (a bend's outer side among them)."""
    found = [one for start, end in pairwise(path) if (one := beside(start, end, place)) is not None]
    return min(found)[1] if found else None


def first_change_s(path: Sequence[Place], start: Place, course_deg: float, speed_mps: float, until_s: float, step_s: float) -> float | None:
    """When the way first changes from one side to the other, to half a step; None when it does not."""
    before = is_left(path, start)
    for step in range(1, round(until_s / step_s) + 1):
        lon, lat, _ = WGS84.fwd(start[1], start[0], course_deg, speed_mps * step * step_s)
        now = is_left(path, (lat, lon))
        if before is not None and now is not None and now != before:
            return (step - 0.5) * step_s
        before = now
    return None
