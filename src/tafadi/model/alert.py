"""Alerts: what the watch raises about live tracks, and how it ended."""

from dataclasses import dataclass
from enum import StrEnum

from tafadi.measure.instant import Instant
from tafadi.model.judgement import ClosestApproach, Judgement, Verdict


class AlertKind(StrEnum):
    """Between what the alert stands."""

    PLANS = "announced-announced"  # two announced operations or areas
    TRACKS = "track-track"
    ANNOUNCED = "track-announced"  # a track enters what another party announced
    STRAYING = "straying"  # a track has left what its own party announced for it


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

    @property
    def warning_s(self) -> float | None:
        """Seconds from the prediction to the predicted loss of separation; None where no time was predicted."""
        return None if self.predicted.span is None else self.predicted.span.start.since(self.raised_at)
