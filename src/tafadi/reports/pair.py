"""One pair on one sheet: its map, its distances against the minima, its heights, and what was found in a line."""

from typing import TYPE_CHECKING, Any, Final

from tafadi.measure.instant import Span
from tafadi.model.judgement import Judgement
from tafadi.model.operation import Minima
from tafadi.reports.apart import has_curve
from tafadi.reports.course import Shown
from tafadi.reports.heights import draw_heights, panels_of
from tafadi.reports.look import FIRST, SECOND, SOFT, label, new_figure, styled
from tafadi.reports.pair_map import draw_pair_map
from tafadi.reports.profile import Encounter, draw_profile, encounter, tell

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN: Final = 12.0
HEIGHT_IN: Final = 6.4
MAP_SHARE: Final = 0.42  # of the width
LEFT: Final = 0.058
TOP: Final = 0.83
BOTTOM: Final = 0.085
ROWS_MOST: Final = 5  # two of distances, and heights above three datums; a fourth would make all of them too flat to read


def pair_figure(
    first: Shown,
    second: Shown,
    minima: Minima | None = None,
    judgement: Judgement | None = None,
    *,
    window: Span | None = None,
    title: str = "",
) -> "Figure":
    """Map, profile and heights of two notices or tracks together; two volumes have no distances. Arguments: as of `profile_figure`."""
    pair = encounter(first, second, minima, judgement, window)
    with styled():
        figure = new_figure(WIDTH_IN, HEIGHT_IN)
        axes = figure.add_axes((LEFT, BOTTOM, MAP_SHARE, TOP - BOTTOM + 0.02))
        aspect = MAP_SHARE * WIDTH_IN / ((TOP - BOTTOM + 0.02) * HEIGHT_IN)
        draw_pair_map(axes, pair.first, pair.second, judgement or _as_found(pair), pair.window, aspect=aspect)
        _draw_rows(figure, pair, judgement)
        _write_head(figure, pair, title)
    return figure


def _as_found(pair: Encounter) -> Judgement | None:
    """What the curve says, for the map, where the engine was not asked."""
    from tafadi.model.judgement import Verdict
    from tafadi.model.operation import NO_MINIMA

    if pair.closest is None:
        return None
    verdict = Verdict.CONFLICT if pair.losses else Verdict.CLEAR
    span = pair.losses[0] if pair.losses else None
    return Judgement(pair.first.name, pair.second.name, verdict, pair.minima or NO_MINIMA, span=span, closest=pair.closest)


def _draw_rows(figure: "Figure", pair: Encounter, judgement: Judgement | None) -> None:
    subjects = [pair.first, pair.second]
    panels = panels_of(subjects)[: ROWS_MOST - 2]
    curves = 2 if has_curve(*subjects) else 0
    grid: dict[str, Any] = {"left": 0.565, "right": 0.932, "top": TOP, "bottom": BOTTOM, "hspace": 0.42}
    rows: list[Axes] = figure.subplots(curves + len(panels), 1, squeeze=False, gridspec_kw=grid)[:, 0].tolist()
    if curves:
        draw_profile(rows[0], rows[1], pair)
        rows[1].set_xlabel("")
        rows[1].set_xticklabels([])
    draw_heights(rows[curves:], panels, subjects, judgement, pair.window)


def _write_head(figure: "Figure", pair: Encounter, title: str) -> None:
    figure.text(LEFT, 0.968, label(title or tell(pair), 110), fontsize=12, fontweight="bold", va="top")
    for letter, one, color, left in (("A", pair.first, FIRST, LEFT), ("B", pair.second, SECOND, 0.5)):
        figure.text(left, 0.922, f"{letter}  {label(one.title, 52)}", fontsize=10, fontweight="bold", va="top", color=color)
    if title:
        figure.text(LEFT, 0.889, tell(pair), fontsize=9, color=SOFT, va="top")
