"""The map: outlines, ways and tracks, and where they meet; with a net of degrees, a scale and north.

Of many notices those are drawn that something is found of, then the others up to MOST_DRAWN; the picture says how many are not in it. What
is in conflict is edged and crossed, what is UNKNOWN is dashed and hatched and bears a question mark, the rest is thin. Findings bear the
number that they have in the table.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tafadi.measure.instant import Span
from tafadi.model.judgement import Judgement, Verdict
from tafadi.model.volume import Circle, Volume4D
from tafadi.reports.course import Course, Shown, Subject, subject
from tafadi.reports.graticule import Frame, draw_graticule, draw_north, draw_scale, frame_around
from tafadi.reports.look import (
    FIRST,
    FIRST_PALE,
    LOSS,
    LOSS_HATCH,
    LOSS_PALE,
    PAPER,
    SECOND,
    SECOND_PALE,
    SOFT,
    UNSURE,
    UNSURE_HATCH,
    label,
    new_figure,
    note,
    styled,
)  # fmt: skip
from tafadi.reports.plane import Places, Plane, Spots, drawn_along, drawn_circle, joined, places_of, plane_around

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_DRAWN: Final = 1_500  # subjects of one map: more are a grey cloud, and megabytes
MOST_POINTS: Final = 2_000  # of one track: more than there are dots across the picture
MOST_SHARED: Final = 40_000  # points of all tracks of a map together: a megabyte
LEAST_POINTS: Final = 20  # of one track, however many there are
MOST_DOTS: Final = 60  # points of one course that are dotted; more are a thick line
MOST_NUMBERED: Final = 60  # findings with their number on the map; more would cover it
MOST_NAMED: Final = 12  # subjects whose name stands on the map
STEP_M: Final = 20_000.0  # geodesics bend by less than 10 m between so near corners
STEP_PART: Final = 1 / 150  # ... and on a large map a corner every 1/150 of it is enough
LEAST_M: Final = 200.0  # a picture is at least so wide


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


def map_figure(
    shown: Iterable[Shown], judgements: Sequence[Judgement] = (), *, title: str = "", width_in: float = 8.0, height_in: float = 6.6
) -> "Figure":
    """The map of notices and tracks, and of where something is found of them.

    shown      : notices with their identities (`Announced`), and tracks, each as the sequence of its `Plot`s; also none at all
    judgements : what the engine found of them, in the order in which they are to be numbered; CLEAR ones are not drawn
    """
    subjects = [subject(one) for one in shown]
    found = [one for one in judgements if one.verdict is not Verdict.CLEAR]
    with styled():
        figure = new_figure(width_in, height_in)
        axes = figure.add_axes((0.08, 0.07, 0.89, 0.80))
        told = draw_map(axes, subjects, found, aspect=0.89 * width_in / (0.80 * height_in))
        figure.text(0.03, 0.965, title or "Map", fontsize=11.5, fontweight="bold", va="top")
        figure.text(0.03, 0.918, told, fontsize=9, color=SOFT, va="top")
    return figure


def draw_map(axes: "Axes", subjects: Sequence[Subject], found: Sequence[Judgement], *, aspect: float) -> str:
    """Draws everything into the axes, which are so many times wider than high; a sentence on what is drawn."""
    by_name = _verdicts(found)
    drawn = sorted(subjects, key=lambda one: _RANK[by_name.get(one.name)])[:MOST_DRAWN]
    by_id = {one.name: one for one in drawn}
    places = [place for one in found if (place := place_of(one, by_id)) is not None]
    everything = [*(part for one in drawn for part in parts_of(one)), *places]
    if not everything:
        axes.set_axis_off()
        return "no place is known, so there is nothing to draw"
    plane = plane_around(joined(everything))
    frame = frame_around(plane.spots(joined(everything)), aspect, LEAST_M)
    prepare(axes, plane, frame)
    for one in reversed(drawn):
        points = MOST_POINTS if one.name in by_name else max(LEAST_POINTS, min(MOST_POINTS, MOST_SHARED // len(drawn)))
        draw_subject(axes, plane, frame, one, _STYLES[by_name.get(one.name)], points)
    _draw_names(axes, plane, frame, drawn if len(drawn) <= MOST_NAMED else [])
    _draw_numbers(axes, plane, frame, by_id, found)
    return _told(len(subjects), len(drawn), found)


_RANK: Final = {Verdict.CONFLICT: 0, Verdict.UNKNOWN: 1, Verdict.CLEAR: 2, None: 2}
_STYLES: Final = {Verdict.CONFLICT: IN_CONFLICT, Verdict.UNKNOWN: NOT_KNOWN, Verdict.CLEAR: PLAIN, None: PLAIN}


def _verdicts(found: Iterable[Judgement]) -> dict[str, Verdict]:
    """The gravest verdict of each subject."""
    verdicts: dict[str, Verdict] = {}
    for one in found:
        for name in (one.first, one.second):
            if verdicts.get(name) is not Verdict.CONFLICT:
                verdicts[name] = one.verdict
    return verdicts


def _told(all_of_them: int, drawn: int, found: Sequence[Judgement]) -> str:
    conflicts = sum(one.verdict is Verdict.CONFLICT for one in found)
    more = f"; {all_of_them - drawn:,} more are not drawn" if drawn < all_of_them else ""
    words = [f"{drawn:,} drawn{more}"] if all_of_them else []
    words += [f"× in conflict ({conflicts:,} pairs)" if conflicts > 1 else "× in conflict (1 pair)"] if conflicts else []
    unknown = len(found) - conflicts
    words += [f"? unknown, not clear ({unknown:,} pairs)" if unknown > 1 else "? unknown, not clear (1 pair)"] if unknown else []
    return "   ".join(words)


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


def draw_subject(axes: "Axes", plane: Plane, frame: Frame, one: Subject, style: Style, points: int = MOST_POINTS) -> None:
    """Draws the outlines and the course of one subject, of the latter at most so many points."""
    step_m = max(STEP_M, STEP_PART * frame.width_m)
    for volume in one.volumes:
        x_m, y_m = plane.spots(outline_of(volume, step_m))
        axes.fill(x_m, y_m, facecolor=style.fill, alpha=style.opacity, linewidth=0.0, zorder=style.order)
        axes.fill(x_m, y_m, facecolor="none", edgecolor=style.edge, linewidth=style.width, linestyle=style.dash, hatch=style.hatch,
                  zorder=style.order)  # fmt: skip
    if one.course is not None:
        _draw_course(axes, plane, frame, one.course, style, step_m, points)


def outline_of(volume: Volume4D, step_m: float) -> Places:
    """The outline as it is drawn: its geodesics with corners between, the first corner again at the end."""
    outline = volume.outline
    if isinstance(outline, Circle):
        return drawn_circle(outline.centre, outline.radius_m)
    return drawn_along(places_of(outline.vertices), step_m, is_closed=True)


def _draw_course(axes: "Axes", plane: Plane, frame: Frame, course: Course, style: Style, step_m: float, points: int) -> None:
    """Draws each piece between two gaps, dots at its points where they are few, and an arrow that says which way it goes."""
    for first, last in _pieces(course):
        rows = np.unique(np.linspace(first, last, min(last - first + 1, points)).astype(np.int64))
        places = Places(course.lat_deg[rows], course.lon_deg[rows])
        spots = plane.spots(drawn_along(places, step_m, is_closed=False) if len(rows) > 1 else places)
        axes.plot(*spots, color=style.edge, linewidth=style.width, linestyle=style.dash, zorder=style.order + 1)
        _draw_arrow(axes, frame, spots, style)
    if len(course.at_ns) <= MOST_DOTS:
        axes.plot(*plane.spots(course.places), ".", color=style.edge, markersize=3.5, zorder=style.order + 1)


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
    ends = [(float(spots.x_m[row]), float(spots.y_m[row])) for row in (rows[-1], rows[-1] + 1)]
    arrow = {
        "arrowstyle": "-|>",
        "color": style.edge,
        "linewidth": style.width,
        "mutation_scale": 4 + 4 * style.width,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    axes.annotate("", ends[1], ends[0], arrowprops=arrow, zorder=style.order + 1, annotation_clip=True)


def _draw_names(axes: "Axes", plane: Plane, frame: Frame, subjects: Sequence[Subject]) -> None:
    """Writes the name of each subject at its first point, or at the edge of its outline, where it covers no other name."""
    scale = _points(axes, frame)
    taken: list[_Box] = []
    for one in subjects:
        x_m, y_m = plane.spots(parts_of(one)[-1])
        rows = [0] if one.course is not None else [int(np.argmax(y_m)), int(np.argmin(y_m)), int(np.argmin(x_m)), int(np.argmax(x_m))]
        text = label(one.title)
        tries = [(row, _Corner(*corner)) for row in rows for corner in _CORNERS]
        for row, corner in tries:
            box = _box(text, float(x_m[row]), float(y_m[row]), corner, scale)
            if not any(box.meets(other) for other in taken) and box.is_within(frame, scale):
                taken.append(box)
                to = ("left" if corner.east > 0 else "right", "bottom" if corner.north > 0 else "top")
                note(axes, text, (float(x_m[row]), float(y_m[row])), off=(0.0, 6.0 * corner.north), to=to, color=SOFT)
                break


_CORNERS: Final = ((1, 1), (-1, 1), (1, -1), (-1, -1))  # a name stands north-east of its point, or else on another side
LETTER_PT: Final = 5.2  # a letter is about so wide, and a line so high, at the size of names
LINE_PT: Final = 12.0


class _Corner(NamedTuple):
    east: int
    north: int


class _Box(NamedTuple):
    """Where a name stands, in points on the plane."""

    left: float
    right: float
    bottom: float
    top: float

    def meets(self, other: "_Box") -> bool:
        return self.left < other.right and other.left < self.right and self.bottom < other.top and other.bottom < self.top

    def is_within(self, frame: Frame, scale: float) -> bool:
        return frame.west_m * scale <= self.left and self.right <= frame.east_m * scale and self.top <= frame.north_m * scale


def _box(text: str, x_m: float, y_m: float, corner: _Corner, scale: float) -> _Box:
    x, y, wide = x_m * scale, y_m * scale + 6.0 * corner.north, LETTER_PT * len(text)
    left, bottom = (x if corner.east > 0 else x - wide), (y if corner.north > 0 else y - LINE_PT)
    return _Box(left, left + wide, bottom, bottom + LINE_PT)


def _draw_numbers(axes: "Axes", plane: Plane, frame: Frame, subjects: dict[str, Subject], found: Sequence[Judgement]) -> None:
    """Marks each finding where it is, with its number where that covers no other."""
    scale, taken = _points(axes, frame), list[_Box]()
    for number, one in list(enumerate(found, 1))[:MOST_NUMBERED]:
        place = place_of(one, subjects)
        if place is None:
            continue
        x_m, y_m = (float(value[0]) for value in plane.spots(place))
        corners = [_Corner(*corner) for corner in ((1, -1), (1, 1), (-1, -1), (-1, 1))]
        boxes = {corner: _box(f"{number}__", x_m, y_m, corner, scale) for corner in corners}
        free = [corner for corner, box in boxes.items() if not any(box.meets(other) for other in taken)]
        draw_mark(axes, one.verdict, x_m, y_m)
        if free:
            taken.append(boxes[free[0]])
            _draw_number(axes, number, one.verdict, (x_m, y_m), free[0])


def _points(axes: "Axes", frame: Frame) -> float:
    """Points of the picture for each metre of the plane."""
    figure = axes.get_figure(root=True)
    dots = 72.0 if figure is None else figure.dpi
    return float(axes.bbox.width) * 72.0 / dots / frame.width_m


def draw_mark(axes: "Axes", verdict: Verdict, x_m: float, y_m: float) -> None:
    """A dot of the colour of a verdict; words or a number beside it say which."""
    color = LOSS if verdict is Verdict.CONFLICT else UNSURE
    axes.plot([x_m], [y_m], "o" if verdict is Verdict.CONFLICT else "s", markersize=5, color=color, markeredgecolor=PAPER, zorder=8)


def _draw_number(axes: "Axes", number: int, verdict: Verdict, at: tuple[float, float], corner: "_Corner") -> None:
    """A badge: × and the number of a conflict, ? and that of an unknown."""
    sign, color = ("×", LOSS) if verdict is Verdict.CONFLICT else ("?", UNSURE)
    to = ("left" if corner.east > 0 else "right", "bottom" if corner.north > 0 else "top")
    badge = {"boxstyle": "round,pad=0.2", "facecolor": color, "edgecolor": PAPER, "linewidth": 0.8}
    axes.annotate(
        f"{sign}{number}", at, xytext=(6.0 * corner.east, 6.0 * corner.north), textcoords="offset points", ha=to[0], va=to[1],
        fontsize=7.5, fontweight="bold", color=PAPER, zorder=8, bbox=badge,
    )  # fmt: skip


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
