"""Announced operations and areas: what a party says it will do, where and when.

A notice says where and when, and how much room it asks for; by rule it has no field for target, unit, weapon, aircraft type or purpose.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from types import NoneType
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.height import Height
from tafadi.measure.instant import Instant, Span
from tafadi.measure.kinds import check_kind, is_finite, shown
from tafadi.model.names import check_name, check_text
from tafadi.model.volume import Volume4D

MOST_VOLUMES: Final = 64
MOST_WAYPOINTS: Final = 500
MOST_STATED: Final = 8  # places in words; each is one more that must fit
# Degrees of arc of one leg. Within 0.6 of the antipode the ellipsoid has up to four geodesics, and short of that an end that moves by 1 m
# still moves the middle of the leg: by 12 m at 175, by 57 m at 179. The longest scheduled flights are 138 degrees.
LONGEST_LEG_DEG: Final = 175.0
NO_ONE_WAY: Final = (
    f"is longer than {LONGEST_LEG_DEG:.0f} degrees of arc: nearly to the other side of the earth there is no one shortest way; "
    "give a waypoint in between"
)
LONGEST_S: Final = 90 * 86_400.0  # no notice lasts longer than a quarter; longer ones are renewed, and so looked at again


class Kind(StrEnum):
    """What is announced.

    >>> Kind("area")
    <Kind.AREA: 'area'>
    """

    OPERATION = "operation"
    AREA = "area"


class AreaKind(StrEnum):
    """What an announced area asks of the other parties.

    >>> AreaKind("keep-clear")
    <AreaKind.KEEP_CLEAR: 'keep-clear'>
    """

    KEEP_CLEAR = "keep-clear"
    CAUTION = "caution"
    TRANSIT = "transit"
    EMERGENCY = "emergency"
    NO_OVERFLIGHT = "no-overflight"
    DIVIDING_LINE = "dividing-line"  # the area is the announcer's own side of the line


class Disclosure(StrEnum):
    """How much the others are told. `private` is reserved and refused until it can be kept."""

    FULL = "full"
    ENVELOPE = "envelope"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Minima:
    """Separation minima: a cylinder of `horizontal_m` radius and `vertical_m` half height. Raises InputError when negative.

    >>> Minima(9260.0, 300.0).larger(Minima(5556.0, 304.8))
    Minima(horizontal_m=9260.0, vertical_m=304.8)
    """

    horizontal_m: float
    vertical_m: float

    def __post_init__(self) -> None:
        for name, value in (("horizontal", self.horizontal_m), ("vertical", self.vertical_m)):
            if not (is_finite(value) and 0.0 <= value <= 1_000_000.0):
                raise InputError(f"{name} minima of {shown(value)} m are not a distance")

    def larger(self, other: "Minima") -> "Minima":
        """The larger of the two in each direction."""
        return Minima(max(self.horizontal_m, other.horizontal_m), max(self.vertical_m, other.vertical_m))


NO_MINIMA: Final = Minima(0.0, 0.0)  # announced volumes: touching is not overlapping


@dataclass(frozen=True, slots=True)
class Waypoint:
    """Where the operation will be at an instant; the height may be not stated.

    >>> Waypoint(Position(-33.0, 128.0), Height.parse("4500 [m] geoid"), Instant.parse("2027-03-02T09:00:00Z")).height.value_m
    4500.0
    """

    position: Position
    height: Height | None
    at: Instant

    def __post_init__(self) -> None:
        check_kind(self.position, "the place of a waypoint", Position)
        check_kind(self.height, "the height of a waypoint", Height, NoneType)
        check_kind(self.at, "the time of a waypoint", Instant)


@dataclass(frozen=True, slots=True)
class Trajectory:
    """A flight along geodesics between waypoints, at constant speed on each leg.

    Raises InputError when times do not increase, and for a leg nearly to the antipode of its begin, to which there is no one geodesic.

    >>> start = Waypoint(Position(-33.0, 128.0), None, Instant.parse("2027-03-02T09:00:00Z"))
    >>> Trajectory((start, Waypoint(Position(-33.1, 130.5), None, start.at.plus(1200.0)))).span.duration_s
    1200.0
    """

    waypoints: tuple[Waypoint, ...]

    def __post_init__(self) -> None:
        check_kind(self.waypoints, "the line of a trajectory", tuple, list)
        object.__setattr__(self, "waypoints", tuple(self.waypoints))  # as a list it would be unlike the same trajectory
        for waypoint in self.waypoints:
            check_kind(waypoint, "a part of a trajectory", Waypoint)
        count = len(self.waypoints)
        if not 2 <= count <= MOST_WAYPOINTS:
            code = "geometry-missing" if count < 2 else "too-large"
            raise InputError(f"a trajectory of {count} waypoints is not one; give 2 to {MOST_WAYPOINTS}", code=code)
        for number, (before, after) in enumerate(zip(self.waypoints, self.waypoints[1:], strict=False), 1):
            if after.at <= before.at:
                raise InputError(f"waypoint {number} at {after.at} is not after the one before it at {before.at}")
            if _leads_across(before.position, after.position):
                raise InputError(f"the leg to waypoint {number} {NO_ONE_WAY}")

    @property
    def span(self) -> Span:
        """From the first waypoint to the last."""
        return Span(self.waypoints[0].at, self.waypoints[-1].at)


def _leads_across(start: Position, end: Position) -> bool:
    """Whether `end` is nearer to the antipode of `start` than a leg may come."""
    left_deg = 180.0 - LONGEST_LEG_DEG
    if abs(start.lat_deg + end.lat_deg) > left_deg:  # as nearly all legs are: the rest would take most of the time of making them
        return False
    south, north = math.radians(start.lat_deg), math.radians(end.lat_deg)
    across = math.cos(math.radians(end.lon_deg - start.lon_deg) / 2.0)  # haversine of the way from the antipode
    squared = math.sin((south + north) / 2.0) ** 2 + math.cos(south) * math.cos(north) * across**2
    return squared < math.sin(math.radians(left_deg) / 2.0) ** 2


@dataclass(frozen=True, slots=True)
class StatedPlace:
    """A place as the sender also says it in words: so far on that bearing from an agreed landmark. Checked by the read-back."""

    landmark: str
    bearing_deg: float
    distance_m: float

    def __post_init__(self) -> None:
        check_name(self.landmark, "landmark")
        if not (is_finite(self.bearing_deg) and 0.0 <= self.bearing_deg < 360.0):
            raise InputError(f"a bearing of {shown(self.bearing_deg)} is not within 0 to 360 degrees")
        if not (is_finite(self.distance_m) and 0.0 <= self.distance_m <= 20_100_000.0):
            raise InputError(f"a distance of {shown(self.distance_m)} m is not one on the earth")


@dataclass(frozen=True, slots=True)
class Notice:
    """What is announced: volumes, or a trajectory, or both; its own minima; how to reach the announcer.

    `title` and `contact` are free text for people and never authoritative. Raises InputError when it has no geometry at all.

    >>> Notice(Kind.OPERATION)
    Traceback (most recent call last):
    tafadi.errors.InputError: the notice says no place: give volumes or a trajectory
    """

    kind: Kind
    volumes: tuple[Volume4D, ...] = ()
    trajectory: Trajectory | None = None
    minima: Minima | None = None
    area_kind: AreaKind | None = None
    priority: int = 0
    title: str = ""
    contact: str = ""
    frequency_hz: int | None = None
    disclosure: Disclosure = Disclosure.FULL
    stated: tuple[StatedPlace, ...] = ()

    def __post_init__(self) -> None:
        self._check_kinds()
        if not self.volumes and self.trajectory is None:
            raise InputError("the notice says no place: give volumes or a trajectory", code="geometry-missing")
        if len(self.volumes) > MOST_VOLUMES:
            raise InputError(f"{len(self.volumes)} volumes are more than the {MOST_VOLUMES} that one notice may hold", code="too-large")
        if (self.kind is Kind.AREA) != (self.area_kind is not None):
            raise InputError("an area notice says which kind of area it is, and an operation does not")
        if self.kind is Kind.AREA and self.trajectory is not None:
            raise InputError("an area is volumes; a trajectory belongs to an operation")
        if not 0 <= self.priority <= 100:
            raise InputError(f"priority {shown(self.priority)} is not within 0 to 100")
        if self.frequency_hz is not None and not 100_000 <= self.frequency_hz <= 6_000_000_000:
            raise InputError(f"frequency {shown(self.frequency_hz)} Hz is not one of voice radio")
        if self.disclosure is Disclosure.PRIVATE:
            raise InputError("disclosure 'private' is reserved and cannot be kept yet; use 'full' or 'envelope'")
        if len(self.stated) > MOST_STATED:
            raise InputError(f"{len(self.stated)} stated places are more than the {MOST_STATED} that one notice may hold", code="too-large")
        if self.span.duration_s > LONGEST_S:
            raise InputError("the notice lasts longer than 90 days; announce it again when that time comes", code="too-large")
        check_text(self.title, "the title", 200)
        check_text(self.contact, "the contact", 200)

    def _check_kinds(self) -> None:
        """Raises InputError for a part of the wrong kind; lists become tuples, because as lists they would be unlike the same notice."""
        check_kind(self.kind, "the kind of a notice", Kind)
        for name, kind in (("volumes", Volume4D), ("stated", StatedPlace)):
            check_kind(getattr(self, name), f"{name} of a notice", tuple, list)
            object.__setattr__(self, name, tuple(getattr(self, name)))
            for one in getattr(self, name):
                check_kind(one, f"one of the {name} of a notice", kind)
        check_kind(self.trajectory, "the trajectory of a notice", Trajectory, NoneType)
        check_kind(self.minima, "the minima of a notice", Minima, NoneType)
        check_kind(self.area_kind, "the kind of an area", AreaKind, NoneType)
        check_kind(self.priority, "the priority of a notice", int)
        check_kind(self.frequency_hz, "the frequency of a notice", int, NoneType)
        check_kind(self.disclosure, "the disclosure of a notice", Disclosure)

    @property
    def span(self) -> Span:
        """From the earliest beginning to the latest end of all its parts."""
        spans = [volume.span for volume in self.volumes]
        if self.trajectory is not None:
            spans.append(self.trajectory.span)
        return Span(min(span.start for span in spans), max(span.end for span in spans))


@dataclass(frozen=True, slots=True)
class Announced:
    """A notice with its identity: what the engine is given. `party` is None where the source does not say whose it is.

    >>> start = Waypoint(Position(-33.0, 128.0), None, Instant.parse("2027-03-02T09:00:00Z"))
    >>> flown = Trajectory((start, Waypoint(Position(-33.1, 130.5), None, start.at.plus(1200.0))))
    >>> Announced("amber-1", Notice(Kind.OPERATION, trajectory=flown), party="amber").notice.span.duration_s
    1200.0
    """

    id: str
    notice: Notice
    party: str | None = None

    def __post_init__(self) -> None:
        check_kind(self.id, "the identity of a notice", str)
        check_kind(self.notice, "what is announced", Notice)
        check_kind(self.party, "the party of a notice", str, NoneType)


class NoticeStep(StrEnum):
    """A notice is new, amends an earlier one, or cancels it; what it announces has begun, and is over."""

    NEW = "NEW"
    AMEND = "AMEND"
    CANCEL = "CANCEL"
    ACTIVE = "ACTIVE"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True)
class NoticeBody:
    """A notice, or what becomes of it (which has no geometry)."""

    step: NoticeStep
    notice: Notice | None

    def __post_init__(self) -> None:
        if (self.step in (NoticeStep.NEW, NoticeStep.AMEND)) == (self.notice is None):
            raise InputError(
                "a notice that is new or amended has a geometry, and one that is cancelled, active or ended has none",
                code="geometry-missing",
            )
