"""Tracks: where something is seen to be. What the source does not say stays None, and is never zero."""

from dataclasses import dataclass
from types import NoneType
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.height import Height
from tafadi.measure.instant import Instant
from tafadi.measure.kinds import check_kind, is_finite, shown
from tafadi.model.names import check_text

LONGEST_TRACK: Final = 200  # characters of a track's name: alerts are named by it, and it is read aloud


@dataclass(frozen=True, slots=True)
class Plot:
    """One report of one track. Course is true, degrees 0 to 360; climb is positive upwards.

    `track` identifies the track within its source (`"D21_B/3472"`); `cleared_height` is the level it is known to be cleared to;
    `party` says whose it is, where that is declared. Raises InputError for speeds and angles that are no numbers, and for a
    name that would deceive who reads it.

    >>> Plot("radar/7", Instant.parse("2027-03-02T09:00:00Z"), Position(34.0, 40.0)).height is None
    True
    """

    track: str
    at: Instant
    position: Position
    height: Height | None = None
    ground_speed_mps: float | None = None
    course_deg: float | None = None
    climb_mps: float | None = None
    cleared_height: Height | None = None
    on_ground: bool | None = None
    address: str | None = None  # ICAO 24-bit, six hexadecimal digits in lower case
    callsign: str | None = None
    squawk: str | None = None  # four octal digits
    source: str = ""
    party: str | None = None

    def __post_init__(self) -> None:
        check_text(self.track, "the name of the track", LONGEST_TRACK)
        for name in ("ground_speed_mps", "course_deg", "climb_mps"):
            value = getattr(self, name)
            if value is not None and not is_finite(value):
                raise InputError(f"{name} of track {self.track!r} is {shown(value)}; leave an unknown value out instead")
        check_kind(self.at, "the time of a plot", Instant)
        check_kind(self.position, "the place of a plot", Position)
        for height in (self.height, self.cleared_height):
            check_kind(height, "a height of a plot", Height, NoneType)
        check_kind(self.on_ground, "whether a plot is on the ground", bool, NoneType)
