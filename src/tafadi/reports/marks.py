"""Marks of a map: a dot where each finding is, numbers and names where they cover nothing.

Every finding has its dot: round for a conflict, square for an UNKNOWN. Numbers, those of the table, stand where they cover no other; then
the names of few subjects stand where they cover no number, no other name, no scale and no north.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tafadi.model.judgement import Judgement, Verdict
from tafadi.model.volume import Circle, Volume4D
from tafadi.reports.course import Subject
from tafadi.reports.graticule import Frame
from tafadi.reports.look import LOSS, PAPER, SOFT, UNSURE, label, note
from tafadi.reports.plane import Places, Plane, joined, places_of, plane_around
from tafadi.reports.shapes import parts_of, points_a_metre

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NUMBERED: Final = 60  # findings with their number on the map; more would cover it
LETTER_PT: Final = 5.2  # a letter is about so wide, and a line so high, at the size of names
LINE_PT: Final = 12.0
GAP_PT: Final = 5.0  # between two names
OFF_PT: Final = 6.0  # a name or number stands so far from its point


class Corner(NamedTuple):
    """On which side of its point a name stands."""

    east: int
    north: int


class Box(NamedTuple):
    """Where a name stands, in points on the plane."""

    left: float
    right: float
    bottom: float
    top: float

    def meets(self, other: "Box") -> bool:
        """Whether the two cover each other."""
        return self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top

    def is_within(self, other: "Box") -> bool:
        """Whether it lies in the other."""
        return other.left <= self.left and self.right <= other.right and other.bottom <= self.bottom and self.top <= other.top


CORNERS: Final = tuple(Corner(*corner) for corner in ((1, 1), (-1, 1), (1, -1), (-1, -1)))  # north-east of its point, or else another
NUMBER_CORNERS: Final = tuple(Corner(*corner) for corner in ((1, -1), (1, 1), (-1, -1), (-1, 1)))


class Located(NamedTuple):
    """A finding with its number and its place."""

    number: int
    judgement: Judgement
    place: Places


def located(found: Sequence[Judgement], subjects: dict[str, Subject]) -> list[Located]:
    """The findings of which a place is known, with the numbers of all of them."""
    places = [(number, one, place_of(one, subjects)) for number, one in enumerate(found, 1)]
    return [Located(number, one, place) for number, one, place in places if place is not None]


def place_of(one: Judgement, subjects: dict[str, Subject]) -> Places | None:
    """Where a finding is: the place that the engine says, else where one of the two is when it begins; None when nobody knows."""
    if one.place is not None:
        return places_of([one.place])
    at = one.closest.at if one.closest is not None else one.span.start if one.span is not None else None
    sides = [subjects[name] for name in (one.first, one.second) if name in subjects]
    for side in sides:
        if side.course is not None and at is not None:
            places = side.course.at(np.array([at.ns], np.int64)).places
            if np.isfinite(places.lat_deg[0]):
                return places
    outlines = [volume for side in sides for volume in side.volumes]
    return _middle(outlines[0]) if outlines else None


def _middle(volume: Volume4D) -> Places:
    outline = volume.outline
    if isinstance(outline, Circle):
        return places_of([outline.centre])
    plane = plane_around(places_of(outline.vertices))
    return Places(np.array([plane.lat_deg]), np.array([plane.lon_deg]))


def draw_marks(axes: "Axes", plane: Plane, frame: Frame, found: Sequence[Located]) -> list[Box]:
    """Marks each finding where it is, with its number where that covers no other; where the numbers stand."""
    taken: list[Box] = []
    if not found:
        return taken
    x_m, y_m = plane.spots(joined([one.place for one in found]))
    for verdict in (Verdict.UNKNOWN, Verdict.CONFLICT):
        rows = [row for row, one in enumerate(found) if one.judgement.verdict is verdict]
        _draw_dots(axes, verdict, x_m[rows].tolist(), y_m[rows].tolist())
    scale = points_a_metre(axes, frame)
    for one, x, y in zip(found, x_m.tolist(), y_m.tolist(), strict=True):
        corner = next((side for side in NUMBER_CORNERS if _is_free(_box(f"{one.number}__", x, y, side, scale), taken)), None)
        if corner is not None and len(taken) < MOST_NUMBERED:
            taken.append(_box(f"{one.number}__", x, y, corner, scale))
            _draw_number(axes, one, (x, y), corner)
    return taken


def draw_mark(axes: "Axes", verdict: Verdict, x_m: float, y_m: float) -> None:
    """A dot of the colour of a verdict; words or a number beside it say which."""
    _draw_dots(axes, verdict, [x_m], [y_m])


def _draw_dots(axes: "Axes", verdict: Verdict, x_m: list[float], y_m: list[float]) -> None:
    color, shape = (LOSS, "o") if verdict is Verdict.CONFLICT else (UNSURE, "s")
    axes.plot(x_m, y_m, shape, markersize=5, color=color, markeredgecolor=PAPER, zorder=8)


def _draw_number(axes: "Axes", one: Located, at: tuple[float, float], corner: Corner) -> None:
    """A badge: × and the number of a conflict, ? and that of an unknown."""
    sign, color = ("×", LOSS) if one.judgement.verdict is Verdict.CONFLICT else ("?", UNSURE)
    to = ("left" if corner.east > 0 else "right", "bottom" if corner.north > 0 else "top")
    badge = {"boxstyle": "round,pad=0.2", "facecolor": color, "edgecolor": PAPER, "linewidth": 0.8}
    axes.annotate(
        f"{sign}{one.number}", at, xytext=(OFF_PT * corner.east, OFF_PT * corner.north), textcoords="offset points", ha=to[0], va=to[1],
        fontsize=7.5, fontweight="bold", color=PAPER, zorder=8, bbox=badge,
    )  # fmt: skip


def draw_names(axes: "Axes", plane: Plane, frame: Frame, subjects: Sequence[Subject], taken: Sequence[Box]) -> None:
    """Writes the name of each subject at its first point, or at the edge of its outline, where it covers nothing that is taken."""
    scale = points_a_metre(axes, frame)
    whole = Box(*(edge * scale for edge in frame))
    covered = [*taken, *_furniture(whole)]
    for one in subjects:
        x_m, y_m = plane.spots(parts_of(one)[-1])
        rows = [0] if one.course is not None else [int(np.argmax(y_m)), int(np.argmin(y_m)), int(np.argmin(x_m)), int(np.argmax(x_m))]
        text = label(one.title)
        for row, corner in ((row, corner) for row in rows for corner in CORNERS):
            box = _box(text, float(x_m[row]), float(y_m[row]), corner, scale)
            if _is_free(box, covered) and box.is_within(whole):
                covered.append(box)
                to = ("left" if corner.east > 0 else "right", "bottom" if corner.north > 0 else "top")
                note(axes, text, (float(x_m[row]), float(y_m[row])), off=(0.0, OFF_PT * corner.north), to=to, color=SOFT)
                break


def _furniture(whole: Box) -> list[Box]:
    """Where the scales and the arrow to the north stand."""
    wide, high = whole.right - whole.left, whole.top - whole.bottom
    scales = Box(whole.left, whole.left + 0.45 * wide, whole.bottom, whole.bottom + 0.1 * high)
    return [scales, Box(whole.right - 0.09 * wide, whole.right, whole.top - 0.15 * high, whole.top)]


def _is_free(box: Box, taken: Sequence[Box]) -> bool:
    return not any(box.meets(other) for other in taken)


def _box(text: str, x_m: float, y_m: float, corner: Corner, scale: float) -> Box:
    x, y, wide = x_m * scale, y_m * scale + OFF_PT * corner.north, LETTER_PT * len(text) + GAP_PT
    left, bottom = (x if corner.east > 0 else x - wide), (y if corner.north > 0 else y - LINE_PT)
    return Box(left, left + wide, bottom, bottom + LINE_PT)
