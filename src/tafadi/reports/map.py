"""The map: outlines, ways and tracks, and where they meet; with a net of degrees, a scale and north.

Of many notices those are drawn that something is found of, then the others up to MOST_DRAWN; the picture says how many are not in it.
Findings are marked, and bear the number that they have in the table.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from tafadi.model.judgement import Judgement, Verdict
from tafadi.reports.course import Shown, Subject, subject
from tafadi.reports.graticule import frame_around
from tafadi.reports.look import SOFT, new_figure, styled
from tafadi.reports.marks import draw_marks, draw_names, located
from tafadi.reports.plane import joined, plane_around
from tafadi.reports.shapes import IN_CONFLICT, MOST_POINTS, NOT_KNOWN, PLAIN, draw_subject, parts_of, prepare

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_DRAWN: Final = 1_500  # subjects of one map: more are a grey cloud, and megabytes
MOST_SHARED: Final = 40_000  # points of all tracks of a map together: a megabyte
LEAST_POINTS: Final = 20  # of one track, however many there are
CROWD: Final = 400  # of more subjects nobody follows one: they are lines alone
MOST_NAMED: Final = 12  # subjects whose name stands on the map
LEAST_M: Final = 200.0  # a picture is at least so wide


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
    marked = located(found, by_id)
    everything = [*(part for one in drawn for part in parts_of(one)), *(one.place for one in marked)]
    if not everything:
        axes.set_axis_off()
        return "no place is known, so there is nothing to draw"
    plane = plane_around(joined(everything))
    frame = frame_around(plane.spots(joined(everything)), aspect, LEAST_M)
    prepare(axes, plane, frame)
    for one in reversed(drawn):
        points = MOST_POINTS if one.name in by_name else max(LEAST_POINTS, min(MOST_POINTS, MOST_SHARED // len(drawn)))
        draw_subject(axes, plane, frame, one, _STYLES[by_name.get(one.name)], points, in_crowd=len(drawn) > CROWD)
    taken = draw_marks(axes, plane, frame, marked)
    draw_names(axes, plane, frame, drawn if len(drawn) <= MOST_NAMED else [], taken)
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
