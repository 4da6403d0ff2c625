"""How close the losses of a scan were: each a dot, its vertical against its horizontal distance at the closest approach.

A dashed line is the minima: what is below and left of it is a loss of separation. A vertical distance that is not known is no zero: its
square stands below the axis, under a question mark.
"""

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from tafadi.engine.layout import Floats
from tafadi.model.operation import Minima
from tafadi.reports import axis
from tafadi.reports.look import FIRST, FIRST_PALE, LOSS, SOFT, new_figure, note, styled

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_DOTS: Final = 5_000
ROOM: Final = 1.15  # beyond the largest distance and the minima
LEAST_M: Final = 10.0  # an axis is at least so long
BELOW: Final = 0.12  # of the height, under the axis, for what has no vertical distance


def graveness_figure(losses: "pa.Table") -> "Figure":
    """Each loss as a dot: horizontal and vertical distance at its closest approach, against the minima; those of unknown height below."""
    shown = losses.slice(0, MOST_DOTS)
    horizontal_m, vertical_m = (_column(shown, name) for name in ("horizontal_m", "vertical_m"))
    minima = _minima_of(shown)
    with styled():
        figure = new_figure(8.0, 4.6)
        axes = figure.add_axes((0.1, 0.13, 0.78, 0.74))
        unit_m = _set_axes(axes, horizontal_m, vertical_m, minima)
        _draw_dots(axes, horizontal_m / unit_m, vertical_m)
        for one in minima:
            edge = [0.0, one.horizontal_m / unit_m, one.horizontal_m / unit_m], [one.vertical_m, one.vertical_m, 0.0]
            axes.plot(*edge, color=LOSS, linestyle=(0, (5, 3)), linewidth=1.1)
        axes.set_title("Closest approaches: vertical against horizontal distance")
        if minima:
            note(axes, "- - the minima", (1.0, 1.0), "axes fraction", off=(0.0, 8.0), to=("right", "baseline"), color=LOSS, size=8.5)
    return figure


def _column(losses: "pa.Table", name: str) -> Floats:
    import pyarrow.compute as pc

    return np.asarray(pc.fill_null(losses[name], math.nan), np.float64)


def _minima_of(losses: "pa.Table") -> list[Minima]:
    """The different minima that stand in the table."""
    import pyarrow.compute as pc

    pairs = losses.select(["minimum_horizontal_m", "minimum_vertical_m"]).filter(pc.is_valid(losses["minimum_horizontal_m"]))
    found = {(row["minimum_horizontal_m"], row["minimum_vertical_m"]) for row in pairs.to_pylist()}
    return [Minima(*pair) for pair in sorted(pair for pair in found if None not in pair)]


def _set_axes(axes: "Axes", horizontal_m: Floats, vertical_m: Floats, minima: list[Minima]) -> float:
    """Sets units and limits so that every dot and all minima are seen; metres of the unit of the x axis."""
    wide_m = _longest_m(horizontal_m, [one.horizontal_m for one in minima])
    high_m = _longest_m(vertical_m, [one.vertical_m for one in minima])
    axis.set_metres(axes, high_m, is_high=True)
    low_m = -1.5 * BELOW * high_m if not np.isfinite(vertical_m).all() else -0.03 * high_m
    axes.set_ylim(low_m, high_m)
    axes.set_yticks([tick for tick in axes.get_yticks() if 0.0 <= tick <= high_m])
    for feet in axes.child_axes:
        feet.set_yticks([tick for tick in feet.get_yticks() if tick >= 0.0])
    unit_m, name = axis.metric_unit(wide_m)
    axes.set_xlim(0.0, wide_m / unit_m)
    axes.set_xlabel(f"horizontal distance, {name}", color=SOFT)
    return unit_m


def _longest_m(distance_m: Floats, least_m: list[float]) -> float:
    known = distance_m[np.isfinite(distance_m)]
    return ROOM * max([*least_m, LEAST_M, float(known.max()) if len(known) else 0.0])


def _draw_dots(axes: "Axes", across: Floats, vertical_m: Floats) -> None:
    known = np.isfinite(vertical_m)
    axes.plot(across[known], vertical_m[known], "o", color=FIRST, alpha=0.6, markersize=4.5, markeredgecolor=FIRST_PALE)
    unknown = int((~known).sum())
    if not unknown:
        return
    low_m = -BELOW * axes.get_ylim()[1]
    axes.plot(across[~known], np.full(unknown, low_m), "s", color=SOFT, markersize=4, alpha=0.6)
    note(axes, f"? vertical distance not known ({unknown:,})", (0.0, low_m), off=(4.0, 8.0), to=("left", "bottom"), color=SOFT)
