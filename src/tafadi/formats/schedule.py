"""When a published zone is in force: from, until, on these days of the week at these hours; as spans in UTC.

A notice has a beginning and an end, and lasts at most 90 days. A published zone may stand for good. The reader is then asked for a
**window**: what is read is the zone's part of that window, and nothing about the time after it is said. Without a window a zone that has
no end is refused, never given one.

Times are read with `Z` or with an offset in hours, which published zones use and which is one instant; a time without either is refused,
and so is `-00:00`, by which RFC 3339 means that nobody knows. Hours of the day repeat at the same offset throughout: they do not follow
summer time. Sunrise and sunset are refused: they depend on the place, and on whose definition holds.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from tafadi.errors import InputError, TimeError
from tafadi.measure.instant import SECOND_NS, Instant, Span
from tafadi.model.operation import LONGEST_S

DAY_S: Final = 86_400
WEEK: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
EVERY_DAY: Final = frozenset(range(7))
MOST_SCHEDULES: Final = 100  # lines of one zone's timetable
_THURSDAY: Final = 3  # 1970-01-01 was one
_OFFSET = r"(Z|[+-][0-9]{2}:?[0-9]{2})"
_ZONED = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?)" + _OFFSET)
_OF_DAY = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.0{1,9})?)?" + _OFFSET)


class Daily(NamedTuple):
    """Hours of the day on some days of the week (0 is Monday), in a zone `offset_s` east of UTC. An end of 86,400 s is midnight."""

    days: frozenset[int]
    start_s: int
    end_s: int
    offset_s: int = 0


class Period(NamedTuple):
    """A stretch of time, open where None, and the hours within it; all of it when there are none."""

    start: Instant | None = None
    end: Instant | None = None
    hours: tuple[Daily, ...] = ()


ALWAYS: Final = Period()


def zoned_instant(text: str) -> Instant:
    """The instant written with Z or an offset. Raises TimeError for a time without either, or that is none.

    >>> str(zoned_instant("2025-06-01T00:00:00+02:00"))
    '2025-05-31T22:00:00Z'
    """
    match = _ZONED.fullmatch(text) if len(text) <= 64 else None
    if match is None:
        raise TimeError(f"{text[:64]!r} is not a time with Z or an offset, like 2026-11-23T09:30:00Z")
    local = match[1] if match[1].count(":") == 2 else match[1] + ":00"
    return Instant.parse(local + "Z").plus(-_offset_s(match[2]))


def time_of_day(text: str) -> tuple[int, int]:
    """Seconds after midnight (86,400 for 24:00) and the offset in seconds. Raises TimeError.

    >>> time_of_day("08:30:00+01:00")
    (30600, 3600)
    """
    match = _OF_DAY.fullmatch(text) if len(text) <= 40 else None
    if match is None:
        raise TimeError(f"{text[:40]!r} is not a time of the day with Z or an offset, like 08:30:00Z")
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    of_day_s = hour * 3600 + minute * 60 + second
    if minute > 59 or second > 59 or of_day_s > DAY_S:
        raise TimeError(f"{text!r} is not a time of the day")
    return of_day_s, _offset_s(match[4])


def _offset_s(text: str) -> int:
    if text == "Z":
        return 0
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 14 or minutes > 59 or text in ("-00:00", "-0000"):
        raise TimeError(f"an offset of {text} from UTC is none that is used")
    return (hours * 3600 + minutes * 60) * (-1 if text[0] == "-" else 1)


def daily(days: Iterable[str], start: str, end: str) -> Daily:
    """The hours from `start` to `end` on the named days (`ANY` is every day). Raises TimeError, InputError."""
    numbers: set[int] = set()
    for name in days:
        if name != "ANY" and name not in WEEK:
            raise InputError(f"{name[:20]!r} is not a day that can be told without a calendar; known are {', '.join(WEEK)} and ANY")
        numbers |= EVERY_DAY if name == "ANY" else {WEEK.index(name)}
    if not numbers:
        raise InputError("the schedule names no day")
    (start_s, offset_s), (end_s, end_offset_s) = time_of_day(start), time_of_day(end)
    if offset_s != end_offset_s:
        raise TimeError(f"the hours begin at {start} and end at {end}, in unlike zones")
    return hours(frozenset(numbers), start_s, end_s, offset_s)


def hours(days: frozenset[int], start_s: int, end_s: int, offset_s: int = 0) -> Daily:
    """The hours from `start_s` to `end_s`, past midnight when the end comes first; from midnight to midnight is the whole day."""
    if start_s >= DAY_S:
        raise TimeError("the hours begin at 24:00, where no day begins")
    if start_s == end_s != 0:
        raise TimeError("the hours begin and end at the same time, which may be no time or the whole day")
    return Daily(days, start_s, end_s if end_s > start_s else end_s + DAY_S, offset_s)


def in_force(periods: Sequence[Period], window: Span | None) -> list[Span]:
    """The spans, in order and apart, in which any of the periods is in force within the window; none when it is another time.

    Raises InputError when a period has no beginning or no end, or lasts longer than a notice may, and no window is given.
    """
    if window is not None and window.duration_s > LONGEST_S:
        raise InputError("the window is longer than the 90 days that a notice may last")
    if len(periods) > MOST_SCHEDULES or sum(len(period.hours) for period in periods) > MOST_SCHEDULES:
        raise InputError(f"its timetable has more than {MOST_SCHEDULES} lines", code="too-large")
    spans: list[Span] = []
    for period in periods:
        whole = _whole(period, window)
        if whole is not None:
            spans.extend(_hours_of(period.hours, whole) if period.hours else [whole])
    return _merged(spans)


def _whole(period: Period, window: Span | None) -> Span | None:
    if period.start is not None and period.end is not None:
        own = Span(period.start, period.end)
        if window is not None:
            return own.overlap(window)
        if own.duration_s > LONGEST_S:
            raise InputError(f"it lasts from {own.start} to {own.end}, more than 90 days; say for which window it is to be read")
        return own
    if window is None:
        raise InputError("it stands without an end; say for which window it is to be read")
    start = window.start if period.start is None else max(period.start, window.start)
    end = window.end if period.end is None else min(period.end, window.end)
    return Span(start, end) if start < end else None


def _hours_of(lines: tuple[Daily, ...], whole: Span) -> Iterable[Span]:
    for line in lines:
        first = (whole.start.ns // SECOND_NS + line.offset_s) // DAY_S - 1  # the day before may reach past midnight
        last = (whole.end.ns // SECOND_NS + line.offset_s) // DAY_S
        for day in range(first, last + 1):
            if (day + _THURSDAY) % 7 in line.days:
                midnight_s = day * DAY_S - line.offset_s
                open_ = Span(Instant((midnight_s + line.start_s) * SECOND_NS), Instant((midnight_s + line.end_s) * SECOND_NS))
                shared = open_.overlap(whole)
                if shared is not None:
                    yield shared


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if merged and span.start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return merged
