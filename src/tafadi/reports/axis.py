"""Axes that a person reads at once: times of day in UTC at round steps, lengths with their second unit on the other side."""

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tafadi.measure.instant import SECOND_NS, Instant, Span
from tafadi.measure.units import FOOT_M, NAUTICAL_MILE_M
from tafadi.reports.look import SOFT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DAY_S: Final = 86_400
STEPS_S: Final = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10800,
    21600,
    43200,
    DAY_S,
    2 * DAY_S,
    7 * DAY_S,
    30 * DAY_S,
)
MOST_TICKS: Final = 6
KILOMETRE_M: Final = 1_000.0
METRES_UNTIL_M: Final = 3_000.0  # below this an axis is in metres, above it in kilometres


def clock(at: Instant) -> str:
    """The time of day to a tenth of a second: no radar knows better.

    >>> clock(Instant.parse("2018-03-24T15:02:59.44Z"))
    '15:02:59.4Z'
    """
    tenth_ns = SECOND_NS // 10
    text = str(Instant(round(at.ns / tenth_ns) * tenth_ns))
    return text.partition("T")[2]


def day(at: Instant) -> str:
    """The date.

    >>> day(Instant.parse("2018-03-24T15:02:59Z"))
    '2018-03-24'
    """
    return str(at).partition("T")[0]


def lasting(duration_s: float) -> str:
    """A duration in words.

    >>> lasting(14.3), lasting(588.0), lasting(7320.0), lasting(200_000.0)
    ('14.3 s', '9 min 48 s', '2 h 2 min', '2 d 7 h')
    """
    if duration_s < 60.0:
        return f"{duration_s:.1f} s"
    whole_s = round(duration_s)
    for unit, size, smaller, part in (("min", 60, "s", 1), ("h", 3600, "min", 60), ("d", DAY_S, "h", 3600)):
        if whole_s < {"min": 3600, "h": DAY_S, "d": math.inf}[unit]:
            rest = whole_s % size // part
            return f"{whole_s // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole_s} s"


def step_s(duration_s: float) -> int:
    """The round step that cuts a duration into at most MOST_TICKS.

    >>> step_s(50.0), step_s(3600.0), step_s(86_400.0)
    (10, 600, 21600)
    """
    return next(
        (step for step in STEPS_S if duration_s / step <= MOST_TICKS), STEPS_S[-1] * math.ceil(duration_s / STEPS_S[-1] / MOST_TICKS)
    )


def ticks(window: Span) -> list[tuple[float, str]]:
    """Seconds after the window's start, and what stands there."""
    step = step_s(window.duration_s)
    first = -(-window.start.ns // (step * SECOND_NS))
    last = window.end.ns // (step * SECOND_NS)
    at = [Instant(number * step * SECOND_NS) for number in range(first, last + 1)]
    return [(one.since(window.start), _tick(one, window, step)) for one in at]


def _tick(at: Instant, window: Span, step: int) -> str:
    whole = datetime.fromtimestamp(at.ns // SECOND_NS, UTC)
    if step >= DAY_S:
        return whole.strftime("%m-%d")
    time = whole.strftime("%H:%M:%S" if step < 60 else "%H:%M")
    return whole.strftime("%m-%d\n") + time if window.duration_s > DAY_S else time


def set_times(axes: "Axes", window: Span, *, is_told: bool = True) -> None:
    """Makes the x axis one of seconds after the window's start, told as times of day; lines without words where another axes tells them."""
    marks = ticks(window)
    axes.set_xlim(0.0, max(window.duration_s, 1e-3))
    axes.set_xticks([at for at, _ in marks], [text if is_told else "" for _, text in marks])
    if is_told:
        days = day(window.start) if day(window.start) == day(window.end) else f"{day(window.start)} to {day(window.end)}"
        axes.set_xlabel(f"UTC, {days}", color=SOFT)


def set_metres(axes: "Axes", highest_m: float, *, is_high: bool) -> float:
    """Makes the y axis one of metres or kilometres, with feet or nautical miles on the other side; metres of one of its units."""
    if is_high:
        _both(axes, "m", FOOT_M, "ft", 1.0)
        return 1.0
    unit_m, name = metric_unit(highest_m)
    _both(axes, name, NAUTICAL_MILE_M, "NM", unit_m)
    return unit_m


def metric_unit(longest_m: float) -> tuple[float, str]:
    """Metres of the unit in which so long an axis is told, and its name."""
    return (1.0, "m") if longest_m < METRES_UNTIL_M else (KILOMETRE_M, "km")


def set_thousands(axes: "Axes") -> None:
    """Writes the numbers of the y axis as the sentences write them: 1,000."""
    axes.yaxis.set_major_formatter(_thousands)


def _thousands(value: float, _: float = 0.0) -> str:
    """The number, as short as it is exact to a thousandth.

    >>> _thousands(16000.0), _thousands(0.5), _thousands(-0.0)
    ('16,000', '0.5', '0')
    """
    return f"{value + 0.0:,.3f}".rstrip("0").rstrip(".")


def _both(axes: "Axes", name: str, other_m: float, other: str, unit_m: float) -> None:
    set_thousands(axes)
    axes.set_ylabel(name, rotation=0, ha="right", va="center", color=SOFT)
    factor = unit_m / other_m
    second = axes.secondary_yaxis("right", functions=(lambda value: value * factor, lambda value: value / factor))  # type: ignore[operator]
    second.yaxis.set_major_formatter(_thousands)
    second.set_ylabel(other, rotation=0, ha="left", va="center", color=SOFT)
    second.spines["right"].set_visible(False)


def length(length_m: float) -> str:
    """A horizontal distance in metres or kilometres, and in nautical miles.

    >>> length(44.4), length(9_260.0)
    ('44 m (0.024 NM)', '9.26 km (5.00 NM)')
    """
    miles = length_m / NAUTICAL_MILE_M
    metric = f"{length_m:.0f} m" if length_m < KILOMETRE_M else f"{length_m / KILOMETRE_M:.2f} km"
    return f"{metric} ({miles:.3f} NM)" if miles < 1.0 else f"{metric} ({miles:.2f} NM)"


def height(height_m: float) -> str:
    """A vertical distance in metres and feet.

    >>> height(304.8)
    '305 m (1,000 ft)'
    """
    return f"{height_m:,.0f} m ({height_m / FOOT_M:,.0f} ft)"
