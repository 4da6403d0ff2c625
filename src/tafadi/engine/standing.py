"""What stands: the alerts that a watch has open, with the hits that they rest on, and the pairs that it silenced.

An alert keeps the hits of both sides, so that when it is over the approach that was really flown can be told. It is told once, and again
when it becomes graver: an UNKNOWN that becomes a CONFLICT, or a higher level. Pairs that a rule silenced are never ended: they are listed
with the rule for as long as the watch is kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from tafadi.engine.recorded import closest_recorded
from tafadi.measure.instant import Instant
from tafadi.model.alert import Alert, AlertKind, AlertState
from tafadi.model.judgement import Judgement, Verdict
from tafadi.model.track import Plot

CLEAR_AFTER_S: Final = 15.0  # an alert that flickers is ended once it was clear for three turns of a terminal radar
MOST_SUPPRESSED: Final = 10_000  # pairs listed; more are counted together
RECORDED_MOST: Final = 400  # hits of each side kept for an alert's recorded approach: half an hour of terminal radar
BEFORE: Final = 3  # hits of before the alert that are kept with it, of the track that was seen less often


class Key(NamedTuple):
    """What an alert is about: two names in sorted order, the kind, and by which rules (empty where the kind has but one)."""

    first: str
    second: str
    kind: AlertKind
    by: str = ""


class Found(NamedTuple):
    """What was found of something, the rule that silences it (empty when none does), when, and how grave it is.

    What `is_held` keeps a standing alert up, and raises none: a filter holds a level for some seconds after its cause is gone.
    """

    judgement: Judgement
    rule: str
    at: Instant
    level: int = 0
    is_held: bool = False

    @property
    def weight(self) -> tuple[int, int]:
        """The graver, the more; what a rule silences is less than what none does."""
        return weight(self.judgement), 0 if self.rule else 1


def weight(judgement: Judgement) -> int:
    """The graver, the more."""
    return (Verdict.CLEAR, Verdict.UNKNOWN, Verdict.CONFLICT).index(judgement.verdict)


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


class Standing:
    """The alerts that stand, by what they are about; each method adds what is to be told to `told`."""

    def __init__(self) -> None:
        self._open: dict[Key, Open] = {}
        self._of_track: dict[str, set[Key]] = {}

    @property
    def raised(self) -> list[Alert]:
        """The alerts that stand now; the earliest first."""
        standing = [one.alert for one in self._open.values() if one.alert is not None]
        return sorted(standing, key=lambda alert: (alert.raised_at, alert.first, alert.second, alert.kind, alert.by))

    def open_keys(self) -> list[Key]:
        """What all is open."""
        return list(self._open)

    def has(self, key: Key) -> bool:
        """Whether anything is open about the key."""
        return key in self._open

    def about(self, name: str) -> list[tuple[Key, Open]]:
        """What is open about a track or a notice."""
        return [(key, self._open[key]) for key in sorted(self._of_track.get(name, ()))]

    def found(self, key: Key, found: Found) -> Open:
        """What is open about the key, found again or for the first time."""
        one = self._open.get(key)
        if one is None:
            one = self._open[key] = Open(found.at, found.at)
            for name in key[:2]:
                self._of_track.setdefault(name, set()).add(key)
        one.found_at, one.seen_at = min(one.found_at, found.at), found.at  # a track begun anew goes back in time
        return one

    def raise_alert(
        self, key: Key, one: Open, found: Found, parties: tuple[str | None, str | None], hits: Iterable[Iterable[Plot]], told: list[Alert]
    ) -> None:
        """Tells of the key for the first time; `hits` are those of the tracks that it is about."""
        judgement = found.judgement
        one.alert = Alert(
            key.kind, key.first, key.second, judgement.verdict, AlertState.RAISED, found.at, judgement, *parties,
            level=max(found.level, 0), by=key.by,
        )  # fmt: skip
        seen = [list(plots) for plots in hits]
        since = min((plots[-BEFORE:][0].at for plots in seen), default=found.at)
        for plots in seen:  # the same time of both: of one that was seen but once, the other's place then is what there is to tell
            earlier = sum(plot.at <= since for plot in plots)
            one.hits[plots[-1].track] = plots[max(0, min(earlier - 1, len(plots) - BEFORE)) :][-RECORDED_MOST:]
        told.append(one.alert)

    def worsen(self, one: Open, found: Found, told: list[Alert]) -> None:
        """Tells of a standing alert again, where what was found is graver than what was told."""
        alert = one.alert
        if alert is None or (weight(found.judgement), found.level) <= (weight(alert.predicted), alert.level):
            return
        one.alert = replace(
            alert, verdict=found.judgement.verdict, predicted=found.judgement, level=max(found.level, alert.level), told_at=found.at
        )
        told.append(one.alert)

    def quiet(self, key: Key, one: Open, over: AlertState, at: Instant, told: list[Alert]) -> None:
        """Ends what was found before and is not any more, once that has lasted."""
        if one.seen_at.since(at) > CLEAR_AFTER_S:  # found at a time that the track has since gone back from
            one.seen_at = at
        if one.alert is None:
            self._drop(key)
        elif at.since(one.seen_at) >= CLEAR_AFTER_S:
            self.end(key, over, at, told)

    def end(self, key: Key, state: AlertState, at: Instant | None, told: list[Alert]) -> None:
        """Ends what is open about the key, at `at` or else when it was last found."""
        one = self._open[key]
        self._drop(key)
        if one.alert is not None:
            both = list(one.hits.values())
            missed = closest_recorded(both[0], both[1]) if len(both) == 2 else None
            told.append(replace(one.alert, state=state, over_at=at or one.seen_at, missed=missed))

    def _drop(self, key: Key) -> None:
        del self._open[key]
        for name in key[:2]:
            keys = self._of_track.get(name)
            if keys is not None:
                keys.discard(key)
                if not keys:
                    del self._of_track[name]
