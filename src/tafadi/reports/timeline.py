"""The timeline: when what was found lasts, a row for each finding, in the order and with the numbers of the table.

A conflict is a solid bar with ×, an UNKNOWN a hatched one with ?. A bar too short to be seen is drawn as a mark of its least width.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Judgement, Verdict
from tafadi.reports import axis
from tafadi.reports.look import INK, LOSS, LOSS_PALE, PAPER, SOFT, UNSURE, UNSURE_HATCH, label, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS: Final = 40  # more do not fit on a page that a person reads
LEAST_PART: Final = 0.004  # of the width, so that what lasts a second in a day is seen
ROW_IN: Final = 0.26
LONGEST_NAME: Final = 26
ROOM: Final = 0.04
NAMES: Final = 0.44  # of the width, for the names


def timeline_figure(judgements: Sequence[Judgement], *, title: str = "", width_in: float = 8.0) -> "Figure":
    """When each finding lasts, in rows; the first MOST_ROWS of them, and how many are not shown. CLEAR ones have no row."""
    found = [
        (number, one) for number, one in enumerate((j for j in judgements if j.verdict is not Verdict.CLEAR), 1) if one.span is not None
    ]
    rows = found[:MOST_ROWS]
    height_in = 1.25 + ROW_IN * max(len(rows), 1)
    with styled():
        figure = new_figure(width_in, height_in)
        axes = figure.add_axes((NAMES, 0.55 / height_in, 0.9 - NAMES, (height_in - 1.15) / height_in))
        _draw(axes, rows)
        figure.text(0.03, 1.0 - 0.15 / height_in, title or "When", fontsize=11.5, fontweight="bold", va="top")
        figure.text(0.03, 1.0 - 0.40 / height_in, _told(len(found), len(rows)), fontsize=9, color=SOFT, va="top")
    return figure


def _told(all_of_them: int, shown: int) -> str:
    if not all_of_them:
        return "nothing was found that lasts any time"
    return (
        f"{shown:,} of {all_of_them:,} are shown; the others are in the table"
        if shown < all_of_them
        else "× conflict   ? unknown, not clear"
    )


def _window(spans: Sequence[Span]) -> Span:
    start, end = min(span.start for span in spans), max(span.end for span in spans)
    room_s = max(ROOM * end.since(start), 1.0)
    return Span(start.plus(-room_s), end.plus(room_s))


def _draw(axes: "Axes", rows: Sequence[tuple[int, Judgement]]) -> None:
    spans = [one.span for _, one in rows if one.span is not None]
    axes.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    if not spans:
        axes.set_axis_off()
        return
    window = _window(spans)
    axis.set_times(axes, window)
    for row, (number, one) in enumerate(rows):
        _draw_bar(axes, row, number, one, window)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _row_name(number: int, one: Judgement) -> str:
    sign = "×" if one.verdict is Verdict.CONFLICT else "?"
    return f"{sign}{number}  {label(one.first, LONGEST_NAME)} / {label(one.second, LONGEST_NAME)}"


def _draw_bar(axes: "Axes", row: int, number: int, one: Judgement, window: Span) -> None:
    span = one.span or Span(Instant(0), Instant(0))
    start_s, lasts_s = span.start.since(window.start), max(span.duration_s, LEAST_PART * window.duration_s)
    if one.verdict is Verdict.CONFLICT:
        axes.barh(row, lasts_s, left=start_s, height=0.56, facecolor=LOSS_PALE, edgecolor=LOSS, linewidth=1.2, zorder=3)
    else:
        axes.barh(row, lasts_s, left=start_s, height=0.56, facecolor=PAPER, edgecolor=UNSURE, hatch=UNSURE_HATCH, linewidth=1.0, zorder=3)
    cells = ((-NAMES + 0.03) / (0.9 - NAMES), _row_name(number, one)), (1.015, axis.lasting(span.duration_s))
    for across, text in cells:
        axes.annotate(text, (across, row), xycoords=("axes fraction", "data"), ha="left", va="center", fontsize=8.5, color=INK)
