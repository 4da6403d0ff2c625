"""Jumps: a track that moved faster than anything flies is no longer known to be where it says it is.

One garbled position, two aircraft under one identity, a number given to another, and positions that somebody makes up all look alike at
first: the hit cannot follow from the hits before it. Which of the two places is true, nobody here can say, so both are kept, as two
trails of one name. Only the one that the newest hit belongs to counts as seen; what is found with the other, or with a place that is not
yet borne out, is UNKNOWN. The other is dropped once BORNE_OUT_HITS hits in a row, over BORNE_OUT_S, bear out the one.
"""

from dataclasses import dataclass
from typing import Final

from tafadi.engine.trail import Trail
from tafadi.measure.instant import Instant

BORNE_OUT_HITS: Final = 4  # as many as a velocity is fitted to
BORNE_OUT_S: Final = 15.0  # three turns of a terminal radar; in less, made-up positions cost nothing to keep up
MOST_SUSPECTS: Final = 10_000  # tracks listed; more are counted with the last


@dataclass(slots=True)
class Suspect:
    """A track that jumped: when first, how far and how fast at the most, how often, and when one of its places was borne out."""

    track: str
    at: Instant
    distance_m: float
    speed_mps: float
    jumps: int = 1
    over_at: Instant | None = None


@dataclass(slots=True)
class Doubt:
    """The other place of a track that jumped, and how many hits in a row were not there."""

    other: Trail
    in_a_row: int = 1


def is_borne_out(trail: Trail) -> bool:
    """Whether the trail has hits enough, over time enough, to be taken for true beside another place of the same name."""
    return trail.hits >= BORNE_OUT_HITS and trail.last.at.seconds - trail.first_s >= BORNE_OUT_S


class Suspects:
    """The tracks that jumped: one entry for each stretch of doubt."""

    def __init__(self) -> None:
        self._rows: list[Suspect] = []
        self._open: dict[str, Suspect] = {}

    @property
    def rows(self) -> list[Suspect]:
        """All that there were, in order of their first jump."""
        return list(self._rows)

    def jumped(self, trail: Trail, at: Instant, distance_m: float, speed_mps: float) -> None:
        """Notes one more jump of the track of `trail`."""
        track = trail.last.track
        one = self._open.get(track)
        if one is not None:
            one.jumps += 1
            one.distance_m, one.speed_mps = max(one.distance_m, distance_m), max(one.speed_mps, speed_mps)
            return
        one = Suspect(track, at, distance_m, speed_mps)
        self._open[track] = one
        if len(self._rows) < MOST_SUSPECTS:
            self._rows.append(one)

    def over(self, track: str, at: Instant) -> None:
        """Ends the doubt about the track."""
        one = self._open.pop(track, None)
        if one is not None:
            one.over_at = at
