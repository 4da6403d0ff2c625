"""Notices brought to one datum: as wide as they may be, as narrow as they may be, or as they stand.

A band over an outline is brought with the lowest and the highest of the geoid over a circle around it. Along a leg, whose height is
straight between its ends, what the brought height departs from a straight line is counted as what may be wrong: the geoid is not straight,
nor is the air. A trajectory that changes its datum on the way says no height between the two, and is not brought anywhere.
"""

import math
from dataclasses import replace
from enum import Enum
from typing import Final

import numpy as np

from tafadi.engine.layout import Floats
from tafadi.engine.pack import cut
from tafadi.measure.earth import Position, ecef, leg
from tafadi.measure.height import HIGHEST_M, LOWEST_M, Datum, Height
from tafadi.measure.levelling import GEOID_SLOPE, Box, Levelled, Levelling
from tafadi.model.operation import Notice, Trajectory
from tafadi.model.volume import Circle, Outline, Volume4D

LOOKED_EVERY_M: Final = 5_000.0  # along a leg; between two looks the geoid departs by GEOID_SLOPE of half that at the most, 1.5 m
BULGE: Final = 1.1  # edges of an outline are geodesics, and leave the circle around their ends
WIDEST_M: Final = 4_000_000.0  # an outline that reaches farther is taken for the whole earth
WHOLE_EARTH: Final = Box(-90.0, 90.0, -180.0, 180.0)
DEGREE_M: Final = 110_500.0  # the shortest degree of latitude
MOST_HELD: Final = 100_000  # bands, and trajectories, of which it is remembered how they were brought; then all are forgotten
QUARTERS: Final = (0.25, 0.5, 0.75)


class View(Enum):
    """How what may be wrong is counted."""

    WIDE = 1
    PLAIN = 0
    NARROW = -1


class NotBroughtError(Exception):
    """A height cannot be brought to the datum: something is not stated. Never leaves the engine."""


class Bringing:
    """Brings notices to one datum, and remembers the reach of every band and the way of every trajectory."""

    def __init__(self, levelling: Levelling, into: Datum) -> None:
        self._levelling = levelling
        self._into = into
        self._bands: dict[int, tuple[Volume4D, tuple[_Reach, _Reach]]] = {}  # by identity; the noun is kept so that it stays its own
        self._ways: dict[int, tuple[Trajectory, Trajectory, float]] = {}

    def within_m(self, notice: Notice) -> float:
        """How far the trajectory may be wrong anywhere; 0 without one. Raises NotBroughtError."""
        return 0.0 if notice.trajectory is None else self._way(notice.trajectory)[1]

    def notice(self, notice: Notice, view: View, within_m: float) -> Notice | None:
        """The notice above the datum; None when no band is left in this view. Raises NotBroughtError.

        `within_m` is how far the trajectory may be wrong that meets its volumes.
        """
        trajectory = None if notice.trajectory is None else self._way(notice.trajectory)[0]
        bands = [self._volume(volume, view, within_m) for volume in notice.volumes]
        left = tuple(band for band in bands if band is not None)
        return None if trajectory is None and not left else replace(notice, trajectory=trajectory, volumes=left)

    def _volume(self, volume: Volume4D, view: View, within_m: float) -> Volume4D | None:
        held = self._bands.get(id(volume))
        if held is None:
            if len(self._bands) >= MOST_HELD:
                self._bands.clear()
            held = self._bands[id(volume)] = volume, (self._reach(volume, volume.lower), self._reach(volume, volume.upper))
        lower, upper = (self._end(reach, view.value * side, within_m) for reach, side in zip(held[1], (-1.0, 1.0), strict=True))
        if lower is not None and upper is not None and upper.value_m <= lower.value_m:
            return None
        return replace(volume, lower=lower, upper=upper)

    def _reach(self, volume: Volume4D, height: Height | None) -> "_Reach":
        """The least and the most that the height is above the datum, anywhere over the outline."""
        if height is None:
            return None
        box = WHOLE_EARTH if height.datum is self._into else box_around(volume.outline)
        low_m, high_m = self._levelling.over(height, self._into, box)
        if not math.isfinite(low_m + high_m):
            raise NotBroughtError
        return low_m, high_m

    def _end(self, reach: "_Reach", outwards: float, within_m: float) -> Height | None:
        """The end of a band, moved by what may be wrong: up by a positive `outwards`, down by a negative one."""
        if reach is None:
            return None
        low_m, high_m = reach
        moved_m = (low_m + high_m) / 2 + outwards * ((high_m - low_m) / 2 + within_m)
        return Height(min(max(moved_m, LOWEST_M), HIGHEST_M), self._into)  # nothing flies beyond these

    def _way(self, trajectory: Trajectory) -> tuple[Trajectory, float]:
        held = self._ways.get(id(trajectory))
        if held is None:
            if len(self._ways) >= MOST_HELD:
                self._ways.clear()
            held = self._ways[id(trajectory)] = trajectory, *self._flown(trajectory)
        return held[1], held[2]

    def _flown(self, trajectory: Trajectory) -> tuple[Trajectory, float]:
        """The trajectory above the datum, and how far it may be wrong anywhere."""
        points = trajectory.waypoints
        datums = {point.height.datum for point in points if point.height is not None}
        if len(datums) > 1:
            raise NotBroughtError
        if datums <= {self._into}:
            return trajectory, 0.0
        datum = next(iter(datums))
        height_m = np.array([math.nan if point.height is None else point.height.value_m for point in points])
        stated = np.isfinite(height_m)
        places_deg = np.array([(point.position.lat_deg, point.position.lon_deg) for point in points])
        brought = self._at(height_m, datum, places_deg)
        if not np.isfinite(brought.height_m[stated]).all():
            raise NotBroughtError
        within_m = float(brought.within_m[stated].max()) + self._departs_m(height_m, datum, places_deg)
        if not math.isfinite(within_m):
            raise NotBroughtError
        moved = (
            Height(min(max(float(value), LOWEST_M), HIGHEST_M), self._into) if math.isfinite(value) else None for value in brought.height_m
        )
        return Trajectory(tuple(replace(point, height=height) for point, height in zip(points, moved, strict=True))), within_m

    def _at(self, height_m: Floats, datum: Datum, places_deg: Floats) -> Levelled:
        return self._levelling.at(height_m, datum, self._into, places_deg[:, 0], places_deg[:, 1])

    def _departs_m(self, height_m: Floats, datum: Datum, places_deg: Floats) -> float:
        """How far the brought height departs from a straight line on any leg of which both heights are known."""
        legs = np.flatnonzero(np.isfinite(height_m[:-1]) & np.isfinite(height_m[1:]))
        if not len(legs):
            return 0.0
        start_m, end_m = height_m[legs], height_m[legs + 1]
        lines = cut(places_deg[legs], places_deg[legs + 1], LOOKED_EVERY_M)
        size = np.diff(lines.first)
        line = np.repeat(np.arange(len(legs)), size)
        part = (np.arange(len(line)) - lines.first[line]) / (size - 1)[line]
        way_deg = np.stack([lines.lat_deg, lines.lon_deg], axis=1)
        above_m = self._at(_between(start_m[line], end_m[line], part), datum, way_deg).height_m
        straight_m = _between(above_m[lines.first[:-1]][line], above_m[lines.first[1:] - 1][line], part)
        bend_m = float(np.abs(above_m - straight_m).max())
        return bend_m + BULGE * self._steep_m(start_m, end_m, datum, places_deg[legs]) + GEOID_SLOPE * LOOKED_EVERY_M / 2

    def _steep_m(self, start_m: Floats, end_m: Floats, datum: Datum, places_deg: Floats) -> float:
        """How far the brought height departs from a straight line on a climb at one place, where the way is too short to be looked at."""
        low_m, high_m = (self._at(values, datum, places_deg).height_m for values in (start_m, end_m))
        bends = []
        for quarter in QUARTERS:
            part = np.full(len(start_m), quarter)
            above_m = self._at(_between(start_m, end_m, part), datum, places_deg).height_m
            bends.append(float(np.abs(above_m - _between(low_m, high_m, part)).max()))
        return max(bends)


_Reach = tuple[float, float] | None


def _between(start_m: Floats, end_m: Floats, part: Floats) -> Floats:
    return start_m * (1.0 - part) + end_m * part


def box_around(outline: Outline) -> Box:
    """A box that holds the outline with all of its edges."""
    centre, radius_m = _circle_around(outline)
    if not radius_m <= WIDEST_M:
        return WHOLE_EARTH
    reach_deg = radius_m / DEGREE_M
    south, north = centre.lat_deg - reach_deg, centre.lat_deg + reach_deg
    across = math.sin(math.radians(reach_deg)) / max(math.cos(math.radians(centre.lat_deg)), 1e-12)
    if south <= -90.0 or north >= 90.0 or across >= 1.0:
        return Box(max(south, -90.0), min(north, 90.0), -180.0, 180.0)
    wide_deg = math.degrees(math.asin(across))
    return Box(south, north, centre.lon_deg - wide_deg, centre.lon_deg + wide_deg)


def _circle_around(outline: Outline) -> tuple[Position, float]:
    if isinstance(outline, Circle):
        return outline.centre, outline.radius_m
    places = [ecef(vertex) for vertex in outline.vertices]
    x, y, z = (sum(place[axis] for place in places) / len(places) for axis in range(3))
    across = math.hypot(x, y)
    centre = Position(math.degrees(math.atan2(z, across)), math.degrees(math.atan2(y, x)))
    return centre, BULGE * max(leg(centre, vertex).distance_m for vertex in outline.vertices)
