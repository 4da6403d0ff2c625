"""Alerts: what the watch raises about live tracks and how it ended, and the entry that tells the other party of an alert."""

from dataclasses import dataclass
from enum import StrEnum

from tafadi.measure.earth import Position
from tafadi.measure.height import Height
from tafadi.measure.instant import Instant
from tafadi.model.entry import check_digest
from tafadi.model.judgement import Cause, ClosestApproach, Judgement, Verdict
from tafadi.model.names import LONGEST_FIELD, check_text
from tafadi.model.operation import Minima


class AlertKind(StrEnum):
    """Between what the alert stands."""

    PLANS = "announced-announced"  # two announced operations or areas
    TRACKS = "track-track"
    ANNOUNCED = "track-announced"  # a track enters what another party announced
    STRAYING = "straying"  # a track has left what its own party announced for it, or is about to
    WELL_CLEAR = "well-clear"  # two tracks are about to be not well clear of each other (DO-365)
    CROSSING = "crossing"  # a track is about to cross a dividing line to a side where it may not be, or is there


class AlertState(StrEnum):
    """Whether the alert stands, and why not."""

    RAISED = "raised"
    CLEARED = "cleared"  # apart again, seen to be
    SILENCED = "silenced"  # a rule that may look at this pair explains it by now; the pair is listed with that rule
    LOST = "lost"  # a track was no longer seen; nobody knows


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert between `first` and `second` (tracks or identities of notices, in sorted order).

    `predicted` is what was foreseen when it was raised, or when an UNKNOWN became a CONFLICT; `missed` is the closest approach that was
    recorded, once it is over. A party is None where nobody says whose it is.

    `level` says how grave it is, where its kind has levels: those of DO-365 for WELL_CLEAR (`by` names the set of rules); 1 foreseen and 2
    happened for STRAYING and CROSSING. An alert that becomes graver is told again, at `told_at`.

    >>> from tafadi.model.judgement import Judgement
    >>> at = Instant.parse("2027-03-02T09:00:00Z")
    >>> found = Judgement("a", "b", Verdict.UNKNOWN, Minima(5556.0, 304.8), cause=Cause.HEIGHT_MISSING)
    >>> Alert(AlertKind.TRACKS, "a", "b", Verdict.UNKNOWN, AlertState.RAISED, at, found).warning_s is None
    True
    """

    kind: AlertKind
    first: str
    second: str
    verdict: Verdict
    state: AlertState
    raised_at: Instant
    predicted: Judgement
    party_first: str | None = None
    party_second: str | None = None
    over_at: Instant | None = None
    missed: ClosestApproach | None = None
    level: int = 0
    by: str = ""
    told_at: Instant | None = None

    @property
    def said_at(self) -> Instant:
        """When it was last told: when it was raised, or became graver."""
        return self.told_at or self.raised_at

    @property
    def warning_s(self) -> float | None:
        """Seconds from the prediction to the predicted loss of separation; None where no time was predicted."""
        return None if self.predicted.span is None else self.predicted.span.start.since(self.said_at)


class AlertStep(StrEnum):
    """An alert is raised, acknowledged, and cleared when its cause is seen to be gone; lost when nobody can see any more."""

    RAISED = "RAISED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    CLEARED = "CLEARED"
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the engine found, in the numbers of the wire: times, place, millimetres. Unknown values stay None.

    The overlap is the first that two announced volumes share. `seen_at` is the instant of the plot that showed it, for live tracks.
    """

    verdict: Verdict
    cause: Cause | None
    minima: Minima
    start: Instant | None
    end: Instant | None
    place: Position | None
    closest_at: Instant | None
    closest_horizontal_mm: int | None
    closest_vertical_mm: int | None
    overlap_area_m2: int | None = None
    overlap_lower: Height | None = None
    overlap_upper: Height | None = None
    seen_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class AlertBody:
    """An alert about one situation. Both nodes that see one situation give it the same `situation` (a digest of what it is between)."""

    step: AlertStep
    situation: str
    kind: AlertKind
    subjects: tuple[str, ...]
    prediction: Prediction | None = None
    evidence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for digest in (self.situation, *self.evidence):
            check_digest(digest)
        for name in self.subjects:
            check_text(name, "what the alert is between", LONGEST_FIELD)
