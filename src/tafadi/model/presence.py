"""Presence: who is in an area, since when and until when; or withdrawn.

Force posture announcements: a presence that was announced without an end has none, until its party says so. It closes no air; what
flies there is announced as an operation.
"""

from dataclasses import dataclass
from enum import StrEnum

from tafadi.errors import InputError
from tafadi.measure.instant import Instant
from tafadi.model.names import LONGEST_FIELD, check_text
from tafadi.model.volume import Circle, Polygon


class PresenceStep(StrEnum):
    """A presence is new, or withdrawn."""

    NEW = "NEW"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class Presence:
    """The area, since when, until when (None: no end announced); or that it is over, which has none of these."""

    step: PresenceStep
    area: Circle | Polygon | None = None
    since: Instant | None = None
    until: Instant | None = None
    title: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        check_text(self.title, "the title of the presence", LONGEST_FIELD)
        check_text(self.text, "the text about the presence")
        if self.step is PresenceStep.NEW and (self.area is None or self.since is None):
            raise InputError("a new presence says its area and since when", code="geometry-missing")
        if self.step is not PresenceStep.NEW and not (self.area is None and self.since is None and self.until is None):
            raise InputError("a presence that is elsewhere, or at another time, is another one: withdraw this one and announce that")
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise InputError(f"the presence ends at {self.until}, before it begins at {self.since}", code="end-before-start")
