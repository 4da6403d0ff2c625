"""What stands: the alerts that a watch has open, with the hits that they rest on, and the pairs that it silenced.

An alert keeps the hits of both sides, so that when it is over the approach that was really flown can be told. Pairs that a rule silenced
are never ended: they are listed with the rule for as long as the watch is kept.
"""

from dataclasses import dataclass, field
from typing import Final

from tafadi.measure.instant import Instant
from tafadi.model.alert import Alert
from tafadi.model.track import Plot

MOST_SUPPRESSED: Final = 10_000  # pairs listed; more are counted together
RECORDED_MOST: Final = 400  # hits of each side kept for an alert's recorded approach: half an hour of terminal radar


@dataclass(slots=True)
class Open:
    """An alert that stands, or an UNKNOWN that has not lasted long enough to be one."""

    found_at: Instant
    seen_at: Instant  # when it was last found
    alert: Alert | None = None
    hits: dict[str, list[Plot]] = field(default_factory=dict)

    def record(self, plot: Plot) -> None:
        """Keeps the hit; those of its track that are not earlier are of before the track was begun anew, and go."""
        hits = self.hits.setdefault(plot.track, [])
        while hits and hits[-1].at >= plot.at:
            hits.pop()
        hits.append(plot)
        del hits[:-RECORDED_MOST]


@dataclass(slots=True)
class Suppressed:
    """A pair that a rule silenced: since when, and how many times it was found."""

    first: str
    second: str
    rule: str
    first_at: Instant
    count: int = 0


class Silenced:
    """The pairs that rules silenced, counted."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str, str], Suppressed] = {}

    def add(self, first: str, second: str, rule: str, at: Instant) -> None:
        """Counts the pair once more for the rule."""
        pair = (first, second, rule) if len(self._pairs) < MOST_SUPPRESSED else ("others", "others", rule)
        self._pairs.setdefault(pair, Suppressed(*pair, at)).count += 1

    def rows(self) -> list[Suppressed]:
        """Every pair with its rule; the earliest first."""
        return sorted(self._pairs.values(), key=lambda one: (one.first_at, one.first, one.second, one.rule))
