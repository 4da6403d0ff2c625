"""The map of one pair around its encounter: A solid, B dashed, where both are at the closest approach, and how far apart then.

What lies in the time that is shown is drawn as it is, the rest of a course thin. The frame is that of the encounter: a part that is much
larger is cut by it instead of shrinking it.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Judgement, Verdict
from tafadi.reports import axis
from tafadi.reports.course import Subject
from tafadi.reports.graticule import Frame, frame_around
from tafadi.reports.look import INK, LOSS, PAPER, UNSURE, note
from tafadi.reports.map import LEAST_M
from tafadi.reports.marks import draw_mark, place_of
from tafadi.reports.plane import Places, Plane, Spots, joined, plane_around
from tafadi.reports.shapes import STYLE_A, STYLE_B, Style, draw_subject, parts_of, prepare

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NEARBY: Final = 6.0  # a part of a subject that is so many times larger than the encounter is cut by the frame


def draw_pair_map(axes: "Axes", first: Subject, second: Subject, judgement: Judgement | None, window: Span, *, aspect: float) -> None:
    """Draws the two around their encounter: A solid, B dashed, where both are at the closest approach, and how far apart then."""
    parts = [part for side in (first, second) for part in parts_of(side, window)]
    plane, frame = _view(parts, judgement, {first.name: first, second.name: second}, aspect)
    prepare(axes, plane, frame)
    for side, style, letter in ((first, STYLE_A, "A"), (second, STYLE_B, "B")):
        _draw_side(axes, plane, frame, side, style, window)
        _draw_letter(axes, plane, frame, side, style, letter, window)
    if judgement is None:
        return
    if judgement.closest is not None:
        _draw_between(axes, plane, first, second, judgement.closest.at, axis.length(judgement.closest.horizontal_m))
    place = place_of(judgement, {first.name: first, second.name: second})
    if place is not None and judgement.verdict is not Verdict.CLEAR:
        x_m, y_m = (float(value[0]) for value in plane.spots(place))
        is_loss = judgement.verdict is Verdict.CONFLICT
        draw_mark(axes, judgement.verdict, x_m, y_m)
        words, color = ("× begins here" if judgement.place is not None else "× here", LOSS) if is_loss else ("? unknown here", UNSURE)
        note(axes, words, (x_m, y_m), off=(-5.0, -7.0), to=("right", "top"), color=color, is_bold=True)


def _draw_side(axes: "Axes", plane: Plane, frame: Frame, side: Subject, style: Style, window: Span) -> None:
    """One of the two: what lies in the window as it is, the rest of its course thin."""
    if side.course is not None:
        thin = style._replace(width=0.8, order=1.3, edge=style.fill)
        draw_subject(axes, plane, frame, replace(side, volumes=()), thin)
    course = None if side.course is None else side.course.during(window)
    draw_subject(axes, plane, frame, replace(side, course=course), style)


def _view(parts: list[Places], judgement: Judgement | None, subjects: dict[str, Subject], aspect: float) -> tuple[Plane, Frame]:
    """The plane and the frame of an encounter: all parts, or its surroundings where a part is much larger than them."""
    place = None if judgement is None else place_of(judgement, subjects)
    if not parts:
        return Plane(0.0, 0.0), Frame(-LEAST_M, LEAST_M, -LEAST_M, LEAST_M)
    plane = plane_around(joined(parts))
    frames = sorted((frame_around(plane.spots(part), aspect, LEAST_M) for part in parts), key=lambda frame: frame.width_m)
    whole = frame_around(plane.spots(joined(parts)), aspect, LEAST_M)
    least_m = frames[0].width_m
    if place is None or whole.width_m <= NEARBY * least_m:
        return plane, whole
    x_m, y_m = plane.spots(place)
    near = Spots(np.concatenate([x_m - NEARBY * least_m / 2, x_m + NEARBY * least_m / 2]), np.concatenate([y_m, y_m]))
    return plane, frame_around(near, aspect, LEAST_M, room=0.0)


def _draw_letter(axes: "Axes", plane: Plane, frame: Frame, side: Subject, style: Style, letter: str, window: Span) -> None:
    """The letter of a side, where it comes into the picture, or at its outline."""
    x_m, y_m = plane.spots(parts_of(side, window)[-1] if parts_of(side, window) else parts_of(side)[-1])
    inside = [row for row in range(len(x_m)) if frame.holds(float(x_m[row]), float(y_m[row]))]
    row = inside[0] if inside else int(np.argmax(y_m))
    x, y = min(max(float(x_m[row]), frame.west_m), frame.east_m), min(max(float(y_m[row]), frame.south_m), frame.north_m)
    axes.annotate(letter, (x, y), xytext=(0.0, 9.0), textcoords="offset points", ha="center", va="center", fontsize=9, fontweight="bold",
                  color=PAPER, zorder=8, bbox={"boxstyle": "circle,pad=0.25", "facecolor": style.edge, "edgecolor": PAPER})  # fmt: skip


def _draw_between(axes: "Axes", plane: Plane, first: Subject, second: Subject, at: Instant, told: str) -> None:
    """The two places at an instant with a line between; only where both are courses and both are there."""
    spots = []
    for side, style in ((first, STYLE_A), (second, STYLE_B)):
        if side.course is None:
            continue
        x_m, y_m = plane.spots(side.course.at(np.array([at.ns], np.int64)).places)
        if np.isfinite(x_m[0]):
            spots.append((float(x_m[0]), float(y_m[0])))
            axes.plot(*spots[-1], "o", markersize=7, color=style.edge, markeredgecolor=PAPER, zorder=7)
    if len(spots) == 2:
        axes.plot(*zip(*spots, strict=True), color=INK, linewidth=1.0, linestyle=":", zorder=6)
        middle = (spots[0][0] + spots[1][0]) / 2, (spots[0][1] + spots[1][1]) / 2
        note(axes, told, middle, off=(9.0, 9.0), to=("left", "bottom"), size=8.0, is_bold=True)
