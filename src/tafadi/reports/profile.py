"""The profile of a pair: horizontal and vertical distance over time, each against its minimum.

Shaded and edged: both distances are below their minima, which is a loss. Hatched, with a question mark: nobody can say. A line marks the
closest approach with its figures. The curves end where one of the two is no longer there.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from tafadi.engine.layout import Bools, Floats
from tafadi.measure.instant import Span
from tafadi.model.judgement import ClosestApproach, Judgement, Verdict
from tafadi.model.operation import NO_MINIMA, Minima
from tafadi.reports import axis
from tafadi.reports.apart import Apart, apart, deepest, has_curve, seconds, shared, spans_lost, stretches, unsure
from tafadi.reports.course import Shown, Subject, subject
from tafadi.reports.look import INK, LOSS, LOSS_PALE, PAPER, SOFT, UNSURE, UNSURE_HATCH, label, new_figure, note, size_pt, styled
from tafadi.reports.sentences import why

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AROUND: Final = 0.75  # of the length of a loss is shown before and after it
AROUND_LEAST_S: Final = 60.0
AROUND_MOST_S: Final = 1_800.0
CONTEXT_S: Final = 150.0  # around a closest approach without a loss
HIGHEST_MINIMA: Final = 4.0  # a curve is shown up to so many minima; beyond, the pair is simply apart
WORDS_PT: Final = 4.9  # a letter of the words at a minimum is about so wide, and their line so high
LINE_PT: Final = 16.0
STEPS: Final = 60  # along the words
PARTS: Final = (0.0, 1.0, *(number / 20 for number in range(1, 20)))  # of the room beside the words: at an end of the line first
SIDES: Final = tuple((part, along) for along in ("bottom", "top") for part in PARTS)  # over the line first
LABEL_ROOM: Final = 1.15  # of what is shown, so that words find room above it


@dataclass(frozen=True, slots=True, eq=False)
class Encounter:
    """A pair as it is drawn: the curve, the stretches of loss and of not knowing, the closest approach."""

    first: Subject
    second: Subject
    window: Span
    minima: Minima | None
    curve: Apart
    losses: tuple[Span, ...]
    closest: ClosestApproach | None
    judgement: Judgement | None = None  # what the engine said, where it was asked


def window_of(first: Subject, second: Subject, judgement: Judgement | None) -> Span:
    """The time that a picture of the pair shows: the loss and what is around it; else the closest approach; else all their common time."""
    whole = shared(first, second) or Span(min(first.span.start, second.span.start), max(first.span.end, second.span.end))
    if judgement is None:
        return whole
    if judgement.span is not None:
        start, end = judgement.span.start, judgement.span.end
        around_s = min(max(AROUND * judgement.span.duration_s, AROUND_LEAST_S), AROUND_MOST_S)
    elif judgement.closest is not None:
        start, end, around_s = judgement.closest.at, judgement.closest.at, CONTEXT_S
    else:
        return whole
    if judgement.closest is not None:
        start, end = min(start, judgement.closest.at), max(end, judgement.closest.at)
    wide = Span(start.plus(-around_s), end.plus(around_s))
    return whole.overlap(wide) or wide


def encounter(
    first: Shown, second: Shown, minima: Minima | None, judgement: Judgement | None = None, window: Span | None = None
) -> Encounter:
    """The pair, ready to be drawn.

    What the engine judged is taken as it is; without a judgement the losses and the nearest instant are those of the curve.
    """
    one, two = subject(first), subject(second)
    judged = judgement or _as_seen(one, two, minima)
    window = window or window_of(one, two, judged)
    marks = [] if judged is None or judged.closest is None else [judged.closest.at]
    curve = apart(one, two, window, minima, marks)
    losses = [] if minima is None else spans_lost(one, two, curve, minima)
    if not losses and judgement is not None and judgement.verdict is Verdict.CONFLICT and judgement.span is not None:
        losses = [judgement.span]  # two volumes have no curve
    return Encounter(one, two, window, minima, curve, tuple(losses), None if judged is None else judged.closest, judgement)


def _as_seen(one: Subject, two: Subject, minima: Minima | None) -> Judgement | None:
    """What the curve says over all common time, where the engine was not asked; None where nothing moves, or at no common time."""
    whole = shared(one, two)
    if whole is None or not has_curve(one, two):
        return None
    curve = apart(one, two, whole, minima)
    closest = deepest(one, two, curve, minima)
    if closest is None:
        return None
    spans = [] if minima is None else spans_lost(one, two, curve, minima)
    span = next((span for span in spans if span.start <= closest.at <= span.end), None)
    verdict = Verdict.CLEAR if span is None else Verdict.CONFLICT
    return Judgement(one.name, two.name, verdict, minima or NO_MINIMA, span=span, closest=closest)


def profile_figure(
    first: Shown,
    second: Shown,
    minima: Minima | None = None,
    judgement: Judgement | None = None,
    *,
    window: Span | None = None,
    title: str = "",
) -> "Figure":
    """The profile of two subjects: horizontal and vertical distance over time against the minima.

    first, second : a notice with its identity (`Announced`), or the hits of one track (a sequence of `Plot`), in any order
    minima        : of the pair, in metres; without them no loss can be told, and the picture says so
    judgement     : what the engine found of the pair; its closest approach, span and cause are shown as they are
    window        : the time to show; when not said, the loss with what is around it
    Raises InputError where neither moves: two volumes have no profile, see `heights_figure`.
    """
    from tafadi.errors import InputError

    pair = encounter(first, second, minima, judgement, window)
    if pair.first.course is None and pair.second.course is None:
        raise InputError(
            "neither of the two moves, so that there is no profile of distances; their heights over time are what can be shown"
        )
    with styled():
        figure = new_figure(8.0, 5.2)
        upper, lower = figure.subplots(2, 1, gridspec_kw={"left": 0.1, "right": 0.88, "top": 0.80, "bottom": 0.12, "hspace": 0.28})
        draw_profile(upper, lower, pair)
        figure.text(0.03, 0.965, title or names(pair), fontsize=11.5, fontweight="bold", va="top")
        figure.text(0.03, 0.915, tell(pair), fontsize=9, color=SOFT, va="top")
    return figure


def names(pair: Encounter) -> str:
    """The two names, marked as in the map."""
    return f"A  {label(pair.first.title)}    B  {label(pair.second.title)}"


def tell(pair: Encounter) -> str:
    """What the picture says, in a line: the engine's verdict where there is one, else what the curve shows."""
    if pair.judgement is not None and pair.judgement.verdict is Verdict.UNKNOWN:
        return f"UNKNOWN, not clear: {why(pair.judgement)}"
    if pair.losses:
        inside = "share air" if pair.minima in (None, NO_MINIMA) else "inside the minima"
        span = _told_span(pair)
        more = sum(other.overlap(span) is None for other in pair.losses)
        others = f"; {'once' if more == 1 else f'{more} times'} more in what is shown" if more else ""
        return f"{inside} for {axis.lasting(span.duration_s)}, from {axis.clock(span.start)}{others}"
    if pair.judgement is not None and pair.judgement.verdict is Verdict.CONFLICT:
        return "CONFLICT, as it was foreseen; no loss in what is shown"
    if pair.judgement is not None:
        return "clear" if pair.minima in (None, NO_MINIMA) else "clear: apart by the minima"
    return _tell_curve(pair)


def _told_span(pair: Encounter) -> Span:
    """The loss that is told: what the engine says, else that of the closest approach, else the first."""
    if pair.judgement is not None and pair.judgement.verdict is Verdict.CONFLICT and pair.judgement.span is not None:
        return pair.judgement.span
    at = None if pair.closest is None else pair.closest.at
    return next((span for span in pair.losses if at is not None and span.start <= at <= span.end), pair.losses[0])


def _tell_curve(pair: Encounter) -> str:
    """What the curve shows where there is no loss in it."""
    if pair.minima is None:
        return "no minima were given: whether this is a loss cannot be said"
    if not has_curve(pair.first, pair.second):
        return "neither of the two moves: whether they share air was not asked"
    if not pair.curve.both.any():
        return "the two are never there at one time"
    if unsure(pair.curve, pair.minima).any():
        return "UNKNOWN, not clear: near each other with a height that is not known"
    return "apart by the minima in all the time that is shown"


def draw_profile(upper: "Axes", lower: "Axes", pair: Encounter) -> None:
    """Draws the horizontal distance into `upper` and the vertical one into `lower`."""
    minima, curve = pair.minima, pair.curve
    _draw_distance(upper, pair, curve.horizontal_m, None if minima is None else minima.horizontal_m, is_high=False)
    _draw_distance(lower, pair, curve.vertical_m, None if minima is None else minima.vertical_m, is_high=True)
    upper.set_title("Horizontal distance")
    lower.set_title("Vertical distance")
    axis.set_times(upper, pair.window, is_told=False)
    axis.set_times(lower, pair.window)
    if curve.height_unknown.any() and not np.isfinite(curve.vertical_m).any():
        words = "no curve: the heights are above unlike datums" if _is_converted(pair) else "vertical distance not known"
        note(lower, words, (0.5, 0.5), "axes fraction", color=UNSURE, size=9.0)


def _is_converted(pair: Encounter) -> bool:
    """Whether the engine could bring the heights to one datum, and the curve cannot."""
    is_known = pair.judgement is not None and pair.closest is not None and pair.closest.vertical_m is not None
    return is_known and not np.isfinite(pair.curve.vertical_m).any()


def _draw_distance(axes: "Axes", pair: Encounter, distance_m: Floats, least_m: float | None, *, is_high: bool) -> None:
    highest_m = _highest_m(distance_m, least_m)
    unit_m = axis.set_metres(axes, highest_m, is_high=is_high)
    axes.set_ylim(-0.04 * highest_m / unit_m, highest_m / unit_m)
    _shade(axes, pair)
    at_s = seconds(pair.curve.at_ns, pair.window.start)
    axes.plot(at_s, distance_m / unit_m, color=INK, linewidth=1.8, zorder=4)
    if least_m is not None and least_m > 0.0:
        axes.axhline(least_m / unit_m, color=INK, linewidth=1.0, linestyle=(0, (5, 3)))
        told = axis.height(least_m) if is_high else axis.length(least_m)
        across = at_s / max(pair.window.duration_s, 1e-3)
        _write_minimum(axes, f"minimum {told}", least_m / unit_m, across, distance_m / unit_m)
    _draw_closest(axes, pair, unit_m, is_high=is_high)


def _write_minimum(axes: "Axes", told: str, least: float, across: Floats, distance: Floats) -> None:
    """Writes the minimum over or under its line, where the curve crosses the words least."""
    low, high = axes.get_ylim()
    wide_pt, high_pt = size_pt(axes)
    wide, tall = WORDS_PT * len(told) / wide_pt, LINE_PT * (high - low) / high_pt

    def crossed(side: tuple[float, str]) -> float:
        """How much of the words the curve crosses, as it runs between its samples."""
        starts, bottom = (1.0 - wide) * side[0], least if side[1] == "bottom" else least - tall
        along = np.linspace(starts, starts + wide, STEPS)
        run = np.interp(along, across, distance) if len(across) else np.full(STEPS, np.nan)
        between = np.append((run[:-1] - bottom) * (run[1:] - bottom) < 0.0, False)
        return float((((run > bottom) & (run < bottom + tall)) | between).sum())

    part, along = min((side for side in SIDES if side[1] == "bottom" or least - tall > low), key=crossed)
    at, off = ((1.0 - wide) * part, least), (4.0 - 8.0 * part, 3.0 if along == "bottom" else -3.0)
    note(axes, told, at, ("axes fraction", "data"), off=off, to=("left", along), order=3.5)


def _highest_m(distance_m: Floats, least_m: float | None) -> float:
    """The top of the axis."""
    known = distance_m[np.isfinite(distance_m)]
    most_m = float(known.max()) if len(known) else 0.0
    if least_m is not None and least_m > 0.0:
        return LABEL_ROOM * max(min(most_m, HIGHEST_MINIMA * least_m), 1.5 * least_m)
    return LABEL_ROOM * max(most_m, 1.0)


def _shade(axes: "Axes", pair: Encounter) -> None:
    """Shades the losses and hatches what is not known."""
    for span in pair.losses:
        ends = span.start.since(pair.window.start), span.end.since(pair.window.start)
        axes.axvspan(*ends, facecolor=LOSS_PALE, alpha=0.35, linewidth=0.0, zorder=1)
        for end in ends:
            axes.axvline(end, color=LOSS, linewidth=0.9, zorder=2)
    if not _is_converted(pair):
        _hatch(axes, pair, unsure(pair.curve, pair.minima))


def _hatch(axes: "Axes", pair: Encounter, where: Bools) -> None:
    at_s = seconds(pair.curve.at_ns, pair.window.start)
    for start, end in stretches(where):
        ends = float(at_s[start]), float(at_s[end])
        axes.axvspan(*ends, facecolor="none", edgecolor=UNSURE, hatch=UNSURE_HATCH, linewidth=0.0, alpha=0.5, zorder=1)
        note(axes, "?", (sum(ends) / 2, 0.82), ("data", "axes fraction"), color=UNSURE, size=14.0, is_bold=True)


def _draw_closest(axes: "Axes", pair: Encounter, unit_m: float, *, is_high: bool) -> None:
    closest = pair.closest
    if closest is None or not pair.window.start <= closest.at <= pair.window.end:
        return
    at_s = closest.at.since(pair.window.start)
    axes.axvline(at_s, color=INK, linewidth=0.8, linestyle=":", zorder=3)
    value_m = closest.vertical_m if is_high else closest.horizontal_m
    told = "not known" if value_m is None else axis.height(value_m) if is_high else axis.length(value_m)
    color = LOSS if pair.losses else INK
    if value_m is not None:
        axes.plot([at_s], [value_m / unit_m], "o", color=color, markersize=5.5, markeredgecolor=PAPER, zorder=5, clip_on=False)
    axes.annotate(
        f"● closest: {told} at {axis.clock(closest.at)}", (1.0, 1.0), xycoords="axes fraction", xytext=(0.0, 8.0),
        textcoords="offset points", ha="right", va="baseline", fontsize=8.5, color=color,
    )  # fmt: skip
