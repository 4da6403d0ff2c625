"""The line between the parties: whether it works, who is on it, the tries by another channel, the word stop, and distress."""

from dataclasses import dataclass
from enum import StrEnum

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant, Span
from tafadi.model.names import LONGEST_FIELD, Language, check_name, check_text


class CheckStep(StrEnum):
    """A line check is called and replied to."""

    CALL = "CALL"
    REPLY = "REPLY"


@dataclass(frozen=True, slots=True)
class LineCheck:
    """A test of the line: a nonce to repeat, the reading of the clock, who is on watch and what they speak."""

    step: CheckStep
    nonce: str
    clock: Instant
    languages: tuple[Language, ...]

    def __post_init__(self) -> None:
        check_text(self.nonce, "the nonce", LONGEST_FIELD)


@dataclass(frozen=True, slots=True)
class Duty:
    """One role on the roster: when it is held, in which languages, and whether it may stop operations."""

    role: str
    hours: Span
    languages: tuple[Language, ...]
    may_stop: bool
    deputy: str | None = None

    def __post_init__(self) -> None:
        for role in (self.role, *((self.deputy,) if self.deputy else ())):
            check_name(role, "role")


@dataclass(frozen=True, slots=True)
class Roster:
    """Who holds which role when; each new roster replaces the one before it."""

    duties: tuple[Duty, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try by another channel: which, on what frequency, how often, and whether anybody answered."""

    channel: str
    tries: int
    answered: bool
    frequency_hz: int | None = None
    text: str = ""

    def __post_init__(self) -> None:
        check_name(self.channel, "channel")
        check_text(self.text, "the text of the attempt")
        if not 1 <= self.tries <= 1000:
            raise InputError(f"{self.tries} tries are not an attempt; give 1 to 1000")


class StopStep(StrEnum):
    """Heard is not acted."""

    RAISED = "RAISED"
    HEARD = "HEARD"
    ACTED = "ACTED"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop: what (entries and tracks), where, until when."""

    step: StopStep
    what: tuple[str, ...] = ()
    centre: Position | None = None
    radius_m: float | None = None
    until: Instant | None = None
    text: str = ""

    def __post_init__(self) -> None:
        check_text(self.text, "the text of the stop")
        for name in self.what:
            check_text(name, "what is to stop", LONGEST_FIELD)
        if (self.centre is None) != (self.radius_m is None):
            raise InputError("where to stop is a centre and a radius, or neither", code="geometry-missing")


class DistressStep(StrEnum):
    """Somebody needs help; each addressee has heard it; it is over."""

    RAISED = "RAISED"
    HEARD = "HEARD"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Distress:
    """Distress: what (entries and tracks), where, and words. All may be absent: who knows no more calls all the same."""

    step: DistressStep
    what: tuple[str, ...] = ()
    place: Position | None = None
    text: str = ""

    def __post_init__(self) -> None:
        check_text(self.text, "the text of the distress")
        for name in self.what:
            check_text(name, "who is in distress", LONGEST_FIELD)
