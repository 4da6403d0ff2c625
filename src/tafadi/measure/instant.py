"""Instants: points in UTC, as integer nanoseconds; spans between them; and the clock as an argument.

Text is RFC 3339 with `Z` and nothing else: a notice "in EST" in July is how people get hurt, so any other zone is refused, not converted.
Leap seconds: `:60` is refused; UTC days here have 86 400 s, as POSIX has it.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from numbers import Integral
from typing import Final, Protocol, Self

from tafadi.errors import TimeError
from tafadi.measure.kinds import is_finite, shown

SECOND_NS: Final = 1_000_000_000
_EARLIEST_NS: Final = -2_208_988_800 * SECOND_NS  # 1900-01-01
_LATEST_NS: Final = 7_258_118_400 * SECOND_NS  # 2200-01-01: a later time is a typing error

_SECOND_DIGITS: Final = 19  # letters of a time to the second
_TEXT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(.*)")


@dataclass(frozen=True, slots=True, order=True)
class Instant:
    """A point in time: whole nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.

    >>> Instant.parse("2018-03-24T15:03:00.107Z").ns
    1521903780107000000
    >>> str(Instant.parse("2018-03-24T15:03:00Z").plus(0.5))
    '2018-03-24T15:03:00.5Z'
    """

    ns: int

    def __post_init__(self) -> None:
        if type(self.ns) is not int and not isinstance(self.ns, Integral):
            raise TimeError(f"{shown(self.ns)} is no time; give whole nanoseconds since 1970, or Instant.parse of a text with Z")
        if not _EARLIEST_NS <= self.ns <= _LATEST_NS:
            raise TimeError(f"{shown(self.ns)} ns is outside the years 1900 to 2199")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The instant written as RFC 3339 with Z. Raises TimeError for any other zone or form."""
        match = _TEXT.fullmatch(text) if isinstance(text, str) and len(text) <= 64 else None
        if match is None:
            raise TimeError(f"{shown(text)} is not a time like 2026-11-23T09:30:00Z")
        *_, fraction, zone = match.groups()
        if zone != "Z":
            raise TimeError(f"{text!r} is not in UTC with Z; give it as 2026-11-23T09:30:00Z")
        try:
            whole = datetime.fromisoformat(f"{text[:_SECOND_DIGITS]}+00:00")
        except ValueError as error:
            raise TimeError(f"{text!r} is not a time: {error}") from None
        return cls(int(whole.timestamp()) * SECOND_NS + int((fraction or "0").ljust(9, "0")))

    def plus(self, duration_s: float) -> "Instant":
        """The instant `duration_s` later (earlier when negative). Raises TimeError for what is no duration."""
        if not is_finite(duration_s):
            raise TimeError(f"{shown(duration_s)} s is no duration")
        return Instant(self.ns + round(duration_s * SECOND_NS))

    def since(self, earlier: "Instant") -> float:
        """Seconds from `earlier` to this instant."""
        return (self.ns - earlier.ns) / SECOND_NS

    @property
    def seconds(self) -> float:
        """Seconds since 1970, as float64."""
        return self.ns / SECOND_NS

    def __str__(self) -> str:
        whole, fraction = divmod(self.ns, SECOND_NS)
        text = datetime.fromtimestamp(whole, UTC).isoformat()[:_SECOND_DIGITS]  # an entry has its time, and there are thousands
        digits = f"{fraction:09d}".rstrip("0")
        return f"{text}.{digits}Z" if digits else f"{text}Z"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time from `start` to `end`; the end is not inside. Raises TimeError when it ends before it starts.

    >>> hour = Span(Instant.parse("2027-03-02T09:00:00Z"), Instant.parse("2027-03-02T10:00:00Z"))
    >>> hour.duration_s, hour.holds(hour.end)
    (3600.0, False)
    """

    start: Instant
    end: Instant

    def __post_init__(self) -> None:
        if not (isinstance(self.start, Instant) and isinstance(self.end, Instant)):
            raise TimeError(f"a span is between two Instants, and not {shown(self.start)} and {shown(self.end)}")
        if self.end < self.start:
            raise TimeError(f"it ends at {self.end}, before it starts at {self.start}", code="end-before-start")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end.since(self.start)

    def overlap(self, other: "Span") -> "Span | None":
        """The stretch that both share; None when they share none (touching is not sharing)."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None

    def holds(self, at: Instant) -> bool:
        """Whether `at` lies inside."""
        return self.start <= at < self.end


class Clock(Protocol):
    """Where the time comes from: always an argument, so that a scenario or a test can bring its own."""

    def now(self) -> Instant:
        """The present instant."""
        ...
