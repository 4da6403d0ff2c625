"""Heights over time, a panel for each datum: heights above unlike datums never share an axis, because they cannot be compared.

Courses are lines, volumes are bands for as long as they last. A limit that is not stated is drawn to the edge of the panel, hatched, with a
question mark. The stretch of a loss is shaded in every panel.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from tafadi.engine.layout import SECOND_NS, Floats
from tafadi.engine.routes import DATUM_CODES
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Span
from tafadi.model.judgement import Judgement, Verdict
from tafadi.model.volume import Volume4D
from tafadi.reports import axis
from tafadi.reports.apart import SAMPLES
from tafadi.reports.course import Shown, Subject, subject
from tafadi.reports.look import LOSS, LOSS_PALE, UNSURE, UNSURE_HATCH, label, new_figure, note, styled
from tafadi.reports.profile import window_of
from tafadi.reports.shapes import PLAIN, STYLE_A, STYLE_B, Style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES: Final = {
    Datum.ELLIPSOID: "above the ellipsoid (WGS 84)",
    Datum.GEOID: "above the geoid (mean sea level)",
    Datum.PRESSURE: "above 1013.25 hPa (pressure)",
    Datum.GROUND: "above the ground",
}
NOWHERE: Final = "height not stated"
MOST_BANDS: Final = 200  # in one panel; more are a carpet
ROOM: Final = 0.18  # above and below what is shown
LEAST_M: Final = 60.0  # a panel is at least so high


def heights_figure(shown: Sequence[Shown], judgement: Judgement | None = None, *, window: Span | None = None, title: str = "") -> "Figure":
    """Heights over time of one or more notices or tracks, a panel for each datum; the first two are A and B.

    judgement : what the engine found of the first two; its span is shaded, and the time around it is shown
    window    : the time to show; when not said, that of the judgement or of everything
    Raises InputError when there is nothing to show.
    """
    from tafadi.errors import InputError

    subjects = [subject(one) for one in shown]
    if not subjects:
        raise InputError("heights are drawn of at least one notice or track")
    window = window or _window(subjects, judgement)
    panels = panels_of(subjects)
    with styled():
        figure = new_figure(8.0, 1.3 + 2.3 * len(panels))
        top, bottom = 1.0 - 0.75 / figure.get_figheight(), 0.55 / figure.get_figheight()
        grid = {"left": 0.11, "right": 0.88, "top": top, "bottom": bottom, "hspace": 0.35}
        rows = figure.subplots(len(panels), 1, squeeze=False, gridspec_kw=grid)[:, 0]
        draw_heights(rows.tolist(), panels, subjects, judgement, window)
        named = "    ".join(f"{letter}  {label(one.title)}" for letter, one in zip("AB", subjects, strict=False))
        figure.text(0.03, 1.0 - 0.15 / figure.get_figheight(), title or named, fontsize=11.5, fontweight="bold", va="top")
    return figure


def _window(subjects: Sequence[Subject], judgement: Judgement | None) -> Span:
    if judgement is not None and len(subjects) > 1:
        return window_of(subjects[0], subjects[1], judgement)
    return Span(min(one.span.start for one in subjects), max(one.span.end for one in subjects))


def panels_of(subjects: Sequence[Subject]) -> list[Datum | None]:
    """The datums that occur, in their own order; None for what states no height at all."""
    found: set[Datum | None] = set()
    for one in subjects:
        for volume in one.volumes:
            stated = {height.datum for height in (volume.lower, volume.upper) if height is not None}
            found |= stated or {None}
        if one.course is not None:
            codes = {int(code) for code in one.course.datum}
            found |= {datum for datum, code in DATUM_CODES.items() if code in codes} or {None}
    return [datum for datum in (*Datum, None) if datum in found]


def draw_heights(
    rows: Sequence["Axes"], panels: Sequence[Datum | None], subjects: Sequence[Subject], judgement: Judgement | None, window: Span
) -> None:
    """Draws a panel for each datum into the axes."""
    for number, (axes, datum) in enumerate(zip(rows, panels, strict=True)):
        axes.set_title("Height: not stated" if datum is None else f"Height {NAMES[datum]}")
        axis.set_times(axes, window, is_told=number == len(panels) - 1)
        low_m, high_m = _extent(subjects, datum, window)
        axes.set_ylim(low_m, high_m)
        _draw_units(axes, datum)
        _shade(axes, judgement, window)
        for one, style, letter in _in_order(subjects):
            _draw_bands(axes, one, datum, window, style, letter)
            _draw_line(axes, one, datum, window, style, letter)


def _in_order(subjects: Sequence[Subject]) -> list[tuple[Subject, Style, str]]:
    """The others first, so that the pair lies on top."""
    styles = [(STYLE_A, "A"), (STYLE_B, "B")] + [(PLAIN, "")] * max(0, len(subjects) - 2)
    named = [(one, style, letter) for one, (style, letter) in zip(subjects, styles, strict=False)]
    return [*named[2:], *named[:2]]


def _draw_units(axes: "Axes", datum: Datum | None) -> None:
    if datum is None:
        axes.set_yticks([])
        return
    axis.set_metres(axes, 0.0, is_high=True)


def _extent(subjects: Sequence[Subject], datum: Datum | None, window: Span) -> tuple[float, float]:
    """The lowest and highest height to show."""
    heights = [height.value_m for one in subjects for volume in one.volumes if volume.span.overlap(window) is not None
               for height in (volume.lower, volume.upper) if height is not None and height.datum is datum]  # fmt: skip
    for one in subjects:
        known = _line(one, datum, window)[1]
        heights += [float(value) for value in (np.nanmin(known), np.nanmax(known))] if np.isfinite(known).any() else []
    low_m, high_m = (min(heights), max(heights)) if heights else (0.0, LEAST_M)
    room_m = max(ROOM * (high_m - low_m), (LEAST_M - (high_m - low_m)) / 2)
    return low_m - room_m, high_m + room_m


def _line(one: Subject, datum: Datum | None, window: Span) -> tuple[Floats, Floats]:
    """Seconds after the window's start and heights above this datum; NaN where there is none."""
    if one.course is None or datum is None:
        return np.empty(0), np.empty(0)
    own = one.course.at_ns[(one.course.at_ns >= window.start.ns) & (one.course.at_ns <= window.end.ns)]
    own = own[:: max(1, len(own) // (2 * SAMPLES))]
    at_ns = np.unique(np.concatenate([own, np.linspace(window.start.ns, window.end.ns, SAMPLES).astype(np.int64)]))
    there = one.course.at(at_ns)
    return (at_ns - window.start.ns) / SECOND_NS, np.where(there.datum == DATUM_CODES[datum], there.height_m, np.nan)


def _draw_line(axes: "Axes", one: Subject, datum: Datum | None, window: Span, style: Style, letter: str) -> None:
    if one.course is not None and datum is None and (one.course.datum < 0).any():
        note(axes, f"{letter}  {NOWHERE}  ?", (0.5, 0.3 if letter == "A" else 0.7), "axes fraction", color=UNSURE, size=9.0, is_bold=True)
    at_s, height_m = _line(one, datum, window)
    if not np.isfinite(height_m).any():
        return
    axes.plot(at_s, height_m, color=style.edge, linewidth=style.width, linestyle=style.dash, zorder=4)
    rows = np.flatnonzero(np.isfinite(height_m))
    row = int(rows[-1] if letter == "B" else rows[0])
    _write_letter(axes, letter, (float(at_s[row]), float(at_s[row])), float(height_m[row]), style)


def _draw_bands(axes: "Axes", one: Subject, datum: Datum | None, window: Span, style: Style, letter: str) -> None:
    here = [volume for volume in one.volumes if volume.span.overlap(window) is not None and _is_of(volume, datum)]
    for number, volume in enumerate(here[:MOST_BANDS]):
        _draw_band(axes, volume, datum, window, style, letter if number == 0 else "")


def _is_of(volume: Volume4D, datum: Datum | None) -> bool:
    stated = {height.datum for height in (volume.lower, volume.upper) if height is not None}
    return datum in stated if stated else datum is None


def _draw_band(axes: "Axes", volume: Volume4D, datum: Datum | None, window: Span, style: Style, letter: str) -> None:
    """A rectangle; a limit that is not stated above this datum is the edge of the panel, hatched."""
    from matplotlib.patches import Rectangle

    span = volume.span.overlap(window) or volume.span
    start_s, lasts_s = span.start.since(window.start), span.duration_s
    edges_m = axes.get_ylim()
    low_m, high_m = (_limit(height, datum, edge_m) for height, edge_m in zip((volume.lower, volume.upper), edges_m, strict=True))
    box = (start_s, low_m), lasts_s, high_m - low_m
    axes.add_patch(Rectangle(*box, facecolor=style.fill, alpha=style.opacity, linewidth=0.0, zorder=2))
    axes.add_patch(Rectangle(*box, fill=False, edgecolor=style.edge, linewidth=1.3, linestyle=style.dash, zorder=3))
    unstated = [
        f"{name} {'not stated' if height is None else f'above another datum: {height.datum}'}"
        for name, height in (("bottom", volume.lower), ("top", volume.upper))
        if height is None or height.datum is not datum
    ]
    if unstated:
        axes.add_patch(Rectangle(*box, fill=False, edgecolor=UNSURE, hatch=UNSURE_HATCH, linewidth=0.0, alpha=0.45, zorder=2))
        middle = start_s + lasts_s / 2, low_m + (high_m - low_m) * (0.35 if letter == "A" else 0.65)
        note(axes, f"{letter}? {', '.join(unstated)}", middle, color=UNSURE, is_bold=True)
    _write_letter(axes, letter, (start_s, start_s + lasts_s), high_m, style)


def _write_letter(axes: "Axes", letter: str, ends_s: tuple[float, float], height_m: float, style: Style) -> None:
    """A at the beginning and B at the end, so that neither covers the other."""
    if letter:
        is_first = letter == "A"
        off, to = (4.0 if is_first else -4.0, -4.0), ("left" if is_first else "right", "top")
        note(axes, letter, (ends_s[0 if is_first else 1], height_m), off=off, to=to, color=style.edge, size=9.0, is_bold=True)


def _limit(height: Height | None, datum: Datum | None, edge_m: float) -> float:
    return edge_m if height is None or height.datum is not datum else height.value_m


def _shade(axes: "Axes", judgement: Judgement | None, window: Span) -> None:
    """Shades the stretch that was found."""
    span = None if judgement is None or judgement.span is None else judgement.span.overlap(window)
    if judgement is None or span is None or judgement.verdict is Verdict.CLEAR:
        return
    ends = span.start.since(window.start), span.end.since(window.start)
    if judgement.verdict is Verdict.UNKNOWN:
        axes.axvspan(*ends, facecolor="none", edgecolor=UNSURE, hatch=UNSURE_HATCH, linewidth=0.0, alpha=0.35, zorder=1)
        return
    axes.axvspan(*ends, facecolor=LOSS_PALE, alpha=0.35, linewidth=0.0, zorder=1)
    for end in ends:
        axes.axvline(end, color=LOSS, linewidth=0.9, zorder=1.5)
