"""The net of a map: meridians, parallels and poles with their names, a scale in kilometres and nautical miles, and north.

Meridians and parallels are drawn as they run on the plane, so that a map at a pole shows a star and circles; their names stand where they
leave the picture. North is an arrow at the centre of the map; where a pole is in the picture, the pole itself is named instead.
"""

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tafadi.engine.layout import Floats
from tafadi.measure.earth import Position
from tafadi.measure.units import NAUTICAL_MILE_M
from tafadi.reports.look import FAINT, INK, PAPER, SOFT, note
from tafadi.reports.plane import Places, Plane, Spots

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEPS_DEG: Final = (
    *(seconds / 3600 for seconds in (1, 2, 5, 10, 20, 30)),
    *(minutes / 60 for minutes in (1, 2, 5, 10, 20, 30)),
    *(1, 2, 5, 10, 20, 30, 45, 90),
)  # fmt: skip
LINES: Final = 5.0  # wished for across the picture
POINTS: Final = 181  # of one line
SCALES: Final = (1.0, 2.0, 5.0)
SCALE_PART: Final = 0.3  # of the picture's width that a scale may be long
POLE_DEG: Final = 89.999


class Frame(NamedTuple):
    """The part of the plane that is shown: a rectangle in metres."""

    west_m: float
    east_m: float
    south_m: float
    north_m: float

    @property
    def width_m(self) -> float:
        """How wide it is."""
        return self.east_m - self.west_m

    @property
    def height_m(self) -> float:
        """How high it is."""
        return self.north_m - self.south_m

    def holds(self, x_m: float, y_m: float) -> bool:
        """Whether a spot is shown."""
        return self.west_m <= x_m <= self.east_m and self.south_m <= y_m <= self.north_m


def frame_around(spots: Spots, aspect: float, least_m: float, room: float = 0.12) -> Frame:
    """The frame of so much width to height around the spots that are known, with room around them; at least `least_m` wide and high."""
    known = np.isfinite(spots.x_m) & np.isfinite(spots.y_m)
    if not known.any():
        return Frame(-least_m * aspect / 2, least_m * aspect / 2, -least_m / 2, least_m / 2)
    low, high = (np.array([axis[known].min() for axis in spots]), np.array([axis[known].max() for axis in spots]))
    middle, size = (low + high) / 2, np.maximum((high - low) * (1 + 2 * room), least_m)
    width_m = float(max(size[0], size[1] * aspect))
    half = np.array([width_m, width_m / aspect]) / 2
    return Frame(*(float(value) for pair in zip(middle - half, middle + half, strict=True) for value in pair))


def step_deg(span_deg: float) -> float:
    """The round step that cuts so many degrees into about LINES.

    >>> step_deg(6.0), step_deg(0.2)
    (1, 0.03333333333333333)
    """
    return min(STEPS_DEG, key=lambda step: abs(math.log(max(span_deg, 1e-9) / step / LINES)))


def draw_graticule(axes: "Axes", plane: Plane, frame: Frame) -> None:
    """Draws meridians and parallels into the axes, with their names at the edges, and the poles."""
    poles = [pole for pole in (Position(90.0, 0.0), Position(-90.0, 0.0)) if frame.holds(*plane.spot(pole))]
    lats, lons = _ranges(plane, frame, poles)
    _draw_parallels(axes, plane, frame, lats, lons, is_star=bool(poles))
    _draw_meridians(axes, plane, frame, lats, lons, is_star=bool(poles))
    for pole in poles:
        x_m, y_m = plane.spot(pole)
        axes.plot([x_m], [y_m], "+", color=SOFT, markersize=9, markeredgewidth=1.2, zorder=1.5)
        note(axes, "North Pole" if pole.lat_deg > 0 else "South Pole", (x_m, y_m), off=(5.0, 4.0), to=("left", "bottom"), color=SOFT)


class _Range(NamedTuple):
    least: float
    most: float


def _ranges(plane: Plane, frame: Frame, poles: list[Position]) -> tuple[_Range, _Range]:
    """Latitudes and longitudes in the picture; longitudes go on from those of the centre, so that 180 is no seam."""
    x_m, y_m = np.meshgrid(np.linspace(frame.west_m, frame.east_m, 15), np.linspace(frame.south_m, frame.north_m, 15))
    lat, lon = plane.places(Spots(x_m.ravel(), y_m.ravel()))
    lon = plane.lon_deg + (lon - plane.lon_deg + 180.0) % 360.0 - 180.0
    least, most = _widened(float(lat.min()), float(lat.max()))
    least, most = max(least, -90.0), min(most, 90.0)
    if not poles:
        return _Range(least, most), _widened(float(lon.min()), float(lon.max()))
    at = [pole.lat_deg for pole in poles]
    return _Range(min(least, *at), max(most, *at)), _Range(plane.lon_deg - 180.0, plane.lon_deg + 180.0)


def _widened(least: float, most: float) -> _Range:
    """A little more, so that every line runs out of the picture, where its name stands."""
    return _Range(least - 0.05 * (most - least), most + 0.05 * (most - least))


def _values(extent: _Range, step: float) -> list[float]:
    return [number * step for number in range(math.ceil(extent.least / step), math.floor(extent.most / step) + 1)]


def _draw_parallels(axes: "Axes", plane: Plane, frame: Frame, lats: _Range, lons: _Range, *, is_star: bool) -> None:
    step = step_deg(lats.most - lats.least)
    along = np.linspace(lons.least, lons.most, POINTS)
    for lat in _values(lats, step):
        if abs(lat) < POLE_DEG:
            spots = plane.spots(Places(np.full(POINTS, lat), (along + 180.0) % 360.0 - 180.0))
            axes.plot(*spots, color=FAINT, linewidth=0.7, zorder=0.5)
            if is_star:
                _name_circle(axes, spots, frame, degrees(lat, "NS", step))
            else:
                _name(axes, spots, frame, degrees(lat, "NS", step), is_left=True)


def _draw_meridians(axes: "Axes", plane: Plane, frame: Frame, lats: _Range, lons: _Range, *, is_star: bool) -> None:
    step = 30.0 if is_star else step_deg(lons.most - lons.least)
    along = np.clip(np.linspace(lats.least, lats.most, POINTS), -POLE_DEG, POLE_DEG)
    for lon in _values(lons, step):
        turned = (lon + 180.0) % 360.0 - 180.0
        spots = plane.spots(Places(along, np.full(POINTS, turned)))
        axes.plot(*spots, color=FAINT, linewidth=0.7, zorder=0.5)
        _name(axes, spots, frame, degrees(turned, "EW", step), is_left=False)


def _name_circle(axes: "Axes", spots: Spots, frame: Frame, text: str) -> None:
    """Writes the name of a circle around a pole on its easternmost spot in the picture."""
    inside = [row for row in range(len(spots.x_m)) if frame.holds(float(spots.x_m[row]), float(spots.y_m[row]))]
    if inside:
        row = max(inside, key=lambda row: float(spots.x_m[row]))
        note(axes, text, (float(spots.x_m[row]), float(spots.y_m[row])), off=(-3.0, 0.0), to=("right", "center"), color=SOFT, order=0.6)


def _name(axes: "Axes", spots: Spots, frame: Frame, text: str, *, is_left: bool) -> None:
    """Writes the name of a line where it leaves the picture at the left, or at the bottom."""
    across, along = (spots.x_m - frame.west_m, spots.y_m) if is_left else (spots.y_m - frame.south_m, spots.x_m)
    least, most = (frame.south_m, frame.north_m) if is_left else (frame.west_m, frame.east_m)
    for at in _crossings(across, along):
        if least <= at <= most:
            place, off, to = _edge(at, frame, is_left=is_left)
            axes.annotate(text, place, xytext=off, textcoords="offset points", ha=to[0], va=to[1], fontsize=7.5, color=SOFT)
            return


def _edge(at: float, frame: Frame, *, is_left: bool) -> tuple[tuple[float, float], tuple[float, float], tuple[str, str]]:
    if is_left:
        return (frame.west_m, at), (-4.0, 0.0), ("right", "center")
    return (at, frame.south_m), (0.0, -4.0), ("center", "top")


def _crossings(across: Floats, along: Floats) -> list[float]:
    """Where a line crosses the edge at which `across` is 0."""
    rows = np.flatnonzero(np.diff(np.signbit(across)))
    part = across[rows] / (across[rows] - across[rows + 1])
    return [float(value) for value in along[rows] + (along[rows + 1] - along[rows]) * part]


def degrees(value_deg: float, letters: str, step: float) -> str:
    """Degrees, minutes and seconds, as fine as the step needs.

    >>> degrees(-33.5, "NS", 0.5), degrees(-180.0, "EW", 10.0), degrees(42.0, "NS", 1.0)
    ('33°30′S', '180°', '42°N')
    """
    whole_s = round(abs(value_deg) * 3600.0)
    letter = "" if whole_s in (0, 180 * 3600) else letters[0] if value_deg > 0 else letters[1]
    if whole_s == 0 and letters == "NS":
        letter = ""
    text = f"{whole_s // 3600}°"
    if step < 1.0:
        text += f"{whole_s // 60 % 60:02d}′"
    if step < 1 / 60:
        text += f"{whole_s % 60:02d}″"
    return text + letter


def scale_of(width_m: float) -> float:
    """The longest round length, in kilometres or parts of them, that is at most SCALE_PART of the width; in metres.

    >>> scale_of(100_000.0)
    20000.0
    """
    most_m = SCALE_PART * width_m
    tens = 10.0 ** math.floor(math.log10(most_m))
    return max(step * tens for step in SCALES if step * tens <= most_m)


def draw_scale(axes: "Axes", frame: Frame) -> None:
    """Draws a scale of kilometres over one of nautical miles, at the lower left."""
    metres_m, miles_m = scale_of(frame.width_m), scale_of(frame.width_m / NAUTICAL_MILE_M) * NAUTICAL_MILE_M
    for length_m, text, row in ((metres_m, _metric(metres_m), 1.0), (miles_m, f"{miles_m / NAUTICAL_MILE_M:g} NM", 0.0)):
        left, bottom = frame.west_m + 0.035 * frame.width_m, frame.south_m + (0.035 + 0.032 * row) * frame.height_m
        axes.plot([left, left + length_m], [bottom, bottom], color=PAPER, linewidth=4.5, solid_capstyle="butt", zorder=6)
        axes.plot([left, left + length_m], [bottom, bottom], color=INK, linewidth=2.4, solid_capstyle="butt", zorder=6)
        note(axes, text, (left + length_m, bottom), off=(4.0, 0.0), to=("left", "center"), size=7.5)


def _metric(length_m: float) -> str:
    return f"{length_m / 1000.0:g} km" if length_m >= 1000.0 else f"{length_m:g} m"


def draw_north(axes: "Axes", plane: Plane, frame: Frame) -> None:
    """Draws the arrow to the north at the upper right; where a pole is in the picture there is none, for the pole is named."""
    if any(frame.holds(*plane.spot(Position(lat, 0.0))) for lat in (90.0, -90.0)):
        return
    x_m, top_m = frame.east_m - 0.05 * frame.width_m, frame.north_m - 0.035 * frame.height_m
    arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.2, "mutation_scale": 11}
    axes.annotate("", (x_m, top_m), (x_m, top_m - 0.08 * frame.height_m), arrowprops=arrow, zorder=6)
    axes.annotate("N", (x_m, top_m - 0.1 * frame.height_m), ha="center", va="center", fontsize=8.5, fontweight="bold", color=INK, zorder=6,
                  bbox={"facecolor": PAPER, "edgecolor": "none", "pad": 0.6, "alpha": 0.8})  # fmt: skip
