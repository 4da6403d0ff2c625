"""Shapes of a map: outlines and courses as they are drawn, and the styles that tell what was found of them.

What is in conflict is edged and crossed, what is UNKNOWN is dashed and hatched, the rest is thin; of a pair, A is solid and B is dashed.
An outline is drawn as fine as the picture shows it: the corners of a survey do not make a page of megabytes.
"""

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tafadi.measure.instant import Span
from tafadi.model.volume import Circle, Volume4D
from tafadi.reports.course import Course, Subject
from tafadi.reports.graticule import Frame, draw_graticule, draw_north, draw_scale
from tafadi.reports.look import (
    FIRST,
    FIRST_PALE,
    LOSS,
    LOSS_HATCH,
    LOSS_PALE,
    PAPER,
    SECOND,
    SECOND_PALE,
    UNSURE,
    UNSURE_HATCH,
    size_pt,
)
from tafadi.reports.plane import Places, Plane, Spots, drawn_along, drawn_circle, places_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_POINTS: Final = 2_000  # of one track: more than there are dots across the picture
MOST_DOTS: Final = 60  # points of one course that are dotted; more are a thick line
DOT_PT: Final = 7.0  # points that lie nearer to each other are a thick line too
STEP_M: Final = 20_000.0  # geodesics bend by less than 10 m between so near corners
STEP_PART: Final = 1 / 150  # ... and on a large map a corner every 1/150 of it is enough
SHAFT_PART: Final = 1 / 100  # of the width: the shaft of an arrow covers no more of the course than its head does
FINEST_PART: Final = 1 / 2_000  # of the picture's width: corners nearer to each other are not seen apart


class Style(NamedTuple):
    """How a subject is drawn."""

    edge: str
    fill: str
    dash: tuple[float, tuple[float, ...]] | str = "-"
    width: float = 1.6
    hatch: str | None = None
    opacity: float = 0.22
    order: float = 2.0


PLAIN: Final = Style(FIRST_PALE, FIRST_PALE, width=0.8, opacity=0.10, order=1.2)
IN_CONFLICT: Final = Style(LOSS, LOSS_PALE, width=1.5, hatch=LOSS_HATCH, opacity=0.18, order=2.2)
NOT_KNOWN: Final = Style(UNSURE, PAPER, (0.0, (4.0, 2.0)), 1.2, UNSURE_HATCH, 0.0, 2.0)
STYLE_A: Final = Style(FIRST, FIRST_PALE, width=2.3, order=2.3)
STYLE_B: Final = Style(SECOND, SECOND_PALE, (0.0, (5.0, 2.0)), 2.0, opacity=0.26, order=2.4)


def parts_of(one: Subject, window: Span | None = None) -> list[Places]:
    """The places of each part of a subject; of a course, only those within the window where there is one."""
    found = [drawn_circle(v.outline.centre, v.outline.radius_m) if isinstance(v.outline, Circle) else places_of(v.outline.vertices)
             for v in one.volumes]  # fmt: skip
    if one.course is not None:
        course = one.course if window is None else one.course.during(window)
        found += [] if course is None else [course.places]
    return [part for part in found if len(part.lat_deg)]


def prepare(axes: "Axes", plane: Plane, frame: Frame) -> None:
    """Makes the axes those of a map: no ticks, as many metres across as down."""
    axes.set_xlim(frame.west_m, frame.east_m)
    axes.set_ylim(frame.south_m, frame.north_m)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(True)
    draw_graticule(axes, plane, frame)
    draw_scale(axes, frame)
    draw_north(axes, plane, frame)


def points_a_metre(axes: "Axes", frame: Frame) -> float:
    """Points of the picture for each metre of the plane."""
    return size_pt(axes)[0] / frame.width_m


def draw_subject(
    axes: "Axes", plane: Plane, frame: Frame, one: Subject, style: Style, points: int = MOST_POINTS, *, in_crowd: bool = False
) -> None:
    """Draws the outlines and the course of one subject, of the latter at most so many points; in a crowd without dots and arrow."""
    step_m = max(STEP_M, STEP_PART * frame.width_m)
    _draw_outlines(axes, [_coarse(plane.spots(outline_of(volume, step_m)), frame) for volume in one.volumes], style)
    if one.course is not None:
        pieces = [_piece(plane, one.course, ends, step_m, points) for ends in _pieces(one.course)]
        _draw_lines(axes, pieces, style)
        if not in_crowd:
            _draw_way(axes, frame, pieces, plane.spots(one.course.places), style)


def outline_of(volume: Volume4D, step_m: float) -> Places:
    """The outline as it is drawn: its geodesics with corners between, the first corner again at the end."""
    outline = volume.outline
    if isinstance(outline, Circle):
        return drawn_circle(outline.centre, outline.radius_m)
    return drawn_along(places_of(outline.vertices), step_m, is_closed=True)


def _coarse(spots: Spots, frame: Frame) -> Spots:
    """The spots without those that nobody sees apart from the one before; the last one stays, so that a ring is closed."""
    finest_m = FINEST_PART * frame.width_m
    cells = np.round(np.column_stack(spots) / finest_m)
    kept = np.append(True, (np.diff(cells, axis=0) != 0.0).any(axis=1))
    kept[-1] = True
    return Spots(spots.x_m[kept], spots.y_m[kept])


def _draw_outlines(axes: "Axes", rings: list[Spots], style: Style) -> None:
    """Draws all rings of one subject: pale within, and edged. As collections, whose extent is not looked for: the frame is known."""
    from matplotlib.collections import PolyCollection

    if not rings:
        return
    corners = [np.column_stack(ring) for ring in rings]
    pale = PolyCollection(corners, facecolors=style.fill, alpha=style.opacity, linewidths=0.0, zorder=style.order)
    edge = PolyCollection(corners, facecolors="none", edgecolors=style.edge, linewidths=style.width, linestyles=[style.dash],
                          hatch=style.hatch, zorder=style.order)  # fmt: skip
    for collection in (pale, edge):
        axes.add_collection(collection, autolim=False)


def _piece(plane: Plane, course: Course, ends: tuple[int, int], step_m: float, points: int) -> Spots:
    """A piece between two gaps, as it is drawn."""
    first, last = ends
    rows = np.unique(np.linspace(first, last, min(last - first + 1, points)).astype(np.int64))
    places = Places(course.lat_deg[rows], course.lon_deg[rows])
    return plane.spots(drawn_along(places, step_m, is_closed=False) if len(rows) > 1 else places)


def _draw_lines(axes: "Axes", pieces: list[Spots], style: Style) -> None:
    from matplotlib.collections import LineCollection

    lines = [np.column_stack(piece) for piece in pieces]
    axes.add_collection(
        LineCollection(lines, colors=style.edge, linewidths=style.width, linestyles=[style.dash], zorder=style.order + 1), autolim=False
    )


def _draw_way(axes: "Axes", frame: Frame, pieces: list[Spots], own: Spots, style: Style) -> None:
    """Draws which way each piece goes, and dots at the points where they are few and seen apart."""
    for piece in pieces:
        _draw_arrow(axes, frame, piece, style)
    if len(own.x_m) <= MOST_DOTS and _are_apart(own, points_a_metre(axes, frame)):
        axes.plot(*own, ".", color=style.edge, markersize=3.5, zorder=style.order + 1)


def _are_apart(spots: Spots, scale: float) -> bool:
    """Whether most points are seen apart; a single one always is."""
    away_m = np.hypot(np.diff(spots.x_m), np.diff(spots.y_m))
    return not len(away_m) or float(np.median(away_m)) * scale >= DOT_PT


def _pieces(course: Course) -> list[tuple[int, int]]:
    """The first and last point of each piece without a gap."""
    ends = [*course.breaks.tolist(), len(course.at_ns) - 1]
    return list(zip([0, *(end + 1 for end in ends[:-1])], ends, strict=True))


def _draw_arrow(axes: "Axes", frame: Frame, spots: Spots, style: Style) -> None:
    """An arrow at the last point that is in the picture."""
    inside = (spots.x_m >= frame.west_m) & (spots.x_m <= frame.east_m) & (spots.y_m >= frame.south_m) & (spots.y_m <= frame.north_m)
    rows = np.flatnonzero(inside[1:])
    if not len(rows):
        return
    (from_x, from_y), (to_x, to_y) = ((float(spots.x_m[row]), float(spots.y_m[row])) for row in (rows[-1], rows[-1] + 1))
    long_m = math.hypot(to_x - from_x, to_y - from_y)
    part = min(1.0, SHAFT_PART * frame.width_m / long_m) if long_m > 0.0 else 1.0
    shaft = to_x - part * (to_x - from_x), to_y - part * (to_y - from_y)
    arrow = {
        "arrowstyle": "-|>",
        "color": style.edge,
        "linewidth": style.width,
        "mutation_scale": 4 + 4 * style.width,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    axes.annotate("", (to_x, to_y), shaft, arrowprops=arrow, zorder=style.order + 1, annotation_clip=True)
