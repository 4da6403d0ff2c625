"""The watch: live tracks against one another, against what was announced and against dividing lines, as the hits come in.

Each hit moves one track; that track is screened against all others by a kernel, and judged exactly against those that it may meet: by
minima (`encounter`), and by rules of well clear (`levels`). A pair that is found is silenced only by a rule of `suppress`, and every
silenced pair is listed with its rule. Between two different parties, or a party and a stranger, no rule looks at all, and the plain look
counts beside the filtered one: whatever either of them finds comes through (`pairs`). A track that jumped is suspect, and what is found of
it is UNKNOWN.

An alert is raised once, raised again when it becomes graver, and ended when the pair was found clear for CLEAR_AFTER_S, or LOST when a
track is no longer seen, or is held no more to the notice from which it strayed. Hits come in order of time; one that is not newer than its
track's last, or is ahead of the clock, is counted and left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tafadi.engine.conformance import Adopted, Conforming
from tafadi.engine.dividing import Lines
from tafadi.engine.encounter import Bounds
from tafadi.engine.jumps import Suspect
from tafadi.engine.levels import Levels
from tafadi.engine.notices import STEADY, Notices
from tafadi.engine.pairs import Pairs
from tafadi.engine.picture import Picture
from tafadi.engine.standing import Found, Key, Open, Silenced, Standing, Suppressed
from tafadi.engine.suppress import FLEETING_S
from tafadi.engine.terms import FORGOTTEN_S
from tafadi.engine.terms import LOOKAHEAD_MAX_S as LOOKAHEAD_MAX_S
from tafadi.engine.terms import Rules as Rules
from tafadi.measure.instant import Instant
from tafadi.measure.levelling import Levelling
from tafadi.model.alert import Alert, AlertKind, AlertState
from tafadi.model.dividing_line import DividingLine
from tafadi.model.judgement import Verdict
from tafadi.model.operation import NO_MINIMA, Announced, Minima
from tafadi.model.track import Plot

AHEAD_MAX_S: Final = 10.0  # of the clock here: twice what agreements allow between two clocks; a hit further ahead would hide its track
NOT_NEWER: Final = "not newer than its track"
AHEAD: Final = f"more than {AHEAD_MAX_S:.0f} s ahead of the clock here"
PAIRS: Final = frozenset({AlertKind.TRACKS, AlertKind.WELL_CLEAR})  # kinds that stand between two tracks


class Watch:
    """Follows tracks and raises alerts.

    `declared` holds pairs of names (track, address or callsign) that fly together by agreement; `assigned` says which announced operation a
    track flies, where that is known. Without `strangers_may_be_one`, no rule looks at two of nobody known: each may be of another party.
    `levelling` says how heights above unlike datums are compared; without it they are UNKNOWN. `lines` divide the ground.
    `ignored` counts hits that were left out, by reason.
    """

    def __init__(
        self,
        rules: Rules,
        announced: Sequence[Announced] = (),
        declared: frozenset[frozenset[str]] = frozenset(),
        assigned: Mapping[str, str] | None = None,
        *,
        strangers_may_be_one: bool = True,
        levelling: Levelling | None = None,
        lines: Sequence[DividingLine] = (),
    ) -> None:
        self._rules = rules
        levels = Levels(rules.sets, rules.sieve, rules.track_max_age_s, rules.on)
        self._bounds = _bounds(rules, levels, levelling)
        self._pairs = Pairs(rules, self._bounds, levels, declared, strangers_may_be_one=strangers_may_be_one)
        self._steady = STEADY & rules.on
        self._notices = Notices(announced, self._bounds, assigned or {}, self._steady, straying_s=rules.straying_s)
        self._lines = Lines(lines, self._bounds.lookahead_s)
        self._picture = Picture(self._bounds)
        self._swept_at: Instant | None = None
        self._newest: Instant | None = None
        self._adopted: list[Adopted] = []
        self._standing = Standing()
        self._silenced = Silenced()
        self.ignored: dict[str, int] = {}

    @property
    def suppressed(self) -> list[Suppressed]:
        """Every pair that a rule silenced, with the rule; the earliest first."""
        return self._silenced.rows()

    @property
    def raised(self) -> list[Alert]:
        """The alerts that stand now; the earliest first."""
        return self._standing.raised

    @property
    def suspects(self) -> list[Suspect]:
        """The tracks that jumped faster than anything flies; the earliest first."""
        return self._picture.suspects

    @property
    def adopted(self) -> list[Adopted]:
        """The tracks that are held to an operation which nobody said they fly, because they were seen inside it; the earliest first."""
        return list(self._adopted)

    def conformance(self, now: Instant | None = None) -> list[Conforming]:
        """How each track that is held to an operation keeps to it, at `now` or else the newest hit's time; by track."""
        at = now or self._newest
        return [] if at is None else self._notices.conforming(at, self._picture.trails)

    def feed(self, plots: Iterable[Plot], now: Instant | None = None) -> list[Alert]:
        """The alerts newly raised, changed or ended by these hits, in order. Raises LimitError for more than MOST_TRACKS at once.

        `now` is the time here, for hits that are live: one more than AHEAD_MAX_S later is refused.
        """
        told: list[Alert] = []
        for plot in plots:
            reason = self._refusal(plot, now)
            if reason:
                self.ignored[reason] = self.ignored.get(reason, 0) + 1
                continue
            self._newest = plot.at
            self._sweep(plot.at, told)
            self._look(plot, told)
        return told

    def _refusal(self, plot: Plot, now: Instant | None) -> str:
        """Why the hit is left out; empty when it was taken into its track."""
        if now is not None and plot.at.since(now) > AHEAD_MAX_S:
            return AHEAD
        return "" if self._picture.take(plot) else NOT_NEWER

    def announce(self, announced: Sequence[Announced], assigned: Mapping[str, str]) -> None:
        """Replaces what stands announced, and which track flies which of it; tracks, alerts and what a track was seen to fly stay.

        An alert about a notice that stands no more is ended as LOST with the next hit.
        """
        self._notices = Notices(announced, self._bounds, assigned, self._steady, self._notices.flown, self._rules.straying_s)
        self._swept_at = None

    def finish(self) -> list[Alert]:
        """Ends every alert that stands as LOST, because nothing more will come: what was raised, and the approach that was recorded."""
        told: list[Alert] = []
        for key in self._standing.open_keys():
            self._standing.end(key, AlertState.LOST, None, told)
        return told

    def _sweep(self, now: Instant, told: list[Alert]) -> None:
        """Forgets tracks that are no longer seen and ends what was open about them; at most once a second."""
        if self._swept_at is not None and -FORGOTTEN_S <= now.since(self._swept_at) < 1.0:  # one wrong time must not end the sweeping
            return
        self._swept_at = now
        for track in self._picture.forget(now):
            self._notices.forget(track)
            self._pairs.forget(track)
        for key in self._standing.open_keys():
            if not all(name in self._picture.trails for name in self._tracks_of(key)):
                self._standing.end(key, AlertState.LOST, now, told)

    def _tracks_of(self, key: Key) -> tuple[str, ...]:
        if key.kind in PAIRS:
            return key[:2]
        return tuple(name for name in key[:2] if not (self._notices.has(name) or self._lines.has(name)))

    # Judging

    def _look(self, plot: Plot, told: list[Alert]) -> None:
        """Judges the track of the hit against all that is near it; what is gravest counts where a track has two places."""
        found: dict[Key, Found] = {}
        epoch = self._picture.epoch or plot.at
        for own in self._picture.sides(plot.track):
            for other in self._picture.near(own):
                for key, one in self._pairs.look(own, other, max(own.trail.last.at, other.trail.last.at), epoch):
                    held = found.get(key)
                    found[key] = one if held is None or one.weight > held.weight else held
        side = self._picture.side(plot.track)
        seen = self._notices.look(side.trail, side.is_doubted)
        self._adopted += self._notices.take_adopted()
        for kind, judgement, rule, level in seen:
            found[Key(judgement.first, judgement.second, kind)] = Found(judgement, rule, plot.at, level)
        for judgement, level in self._lines.look(side):
            found[Key(judgement.first, judgement.second, AlertKind.CROSSING)] = Found(judgement, "", plot.at, level)
        self._settle(plot, found, told)

    # Alerts

    def _settle(self, plot: Plot, found: Mapping[Key, Found], told: list[Alert]) -> None:
        """Raises, changes and ends alerts by what was found of the track of `plot`."""
        for key, one in found.items():
            if one.rule:
                self._silenced.add(key.first, key.second, one.rule, one.at)
            elif one.judgement.verdict is not Verdict.CLEAR and (not one.is_held or self._standing.has(key)):
                self._raise(key, one, told)
        for key, standing in self._standing.about(plot.track):
            if standing.alert is not None:
                standing.record(plot)
            here = found.get(key)
            if here is None or here.rule or here.judgement.verdict is Verdict.CLEAR:
                over = AlertState.SILENCED if here is not None and here.rule else self._fate(key)
                self._standing.quiet(key, standing, over, plot.at, told)

    def _fate(self, key: Key) -> AlertState:
        """What becomes of an alert that is not found any more: a track that is held to its notice no more has not come back to it."""
        first, second = key[:2]
        if key.kind is AlertKind.STRAYING and not (self._notices.holds(first, second) or self._notices.holds(second, first)):
            return AlertState.LOST
        return AlertState.CLEARED

    def _raise(self, key: Key, found: Found, told: list[Alert]) -> None:
        one = self._standing.found(key, found)
        if one.alert is not None:
            self._standing.worsen(one, found, told)
        elif self._is_fleeting(key, found, one):
            self._silenced.add(key.first, key.second, "fleeting", found.at)
        else:
            parties = self._party(key.first), self._party(key.second)
            hits = [self._picture.trails[track].plots for track in self._tracks_of(key)]
            self._standing.raise_alert(key, one, found, parties, hits, told)

    def _is_fleeting(self, key: Key, found: Found, one: Open) -> bool:
        """Whether an UNKNOWN of two tracks has not lasted long enough to be shown."""
        if found.judgement.verdict is not Verdict.UNKNOWN or key.kind not in PAIRS or "fleeting" not in self._rules.on:
            return False
        silent = self._pairs.may_silence(self._picture.trails[key.first].last, self._picture.trails[key.second].last)
        return silent and one.seen_at.since(one.found_at) < FLEETING_S

    def _party(self, name: str) -> str | None:
        trail = self._picture.trails.get(name)
        return self._notices.party(name) if trail is None else trail.last.party


def _bounds(rules: Rules, levels: Levels, levelling: Levelling | None) -> Bounds:
    """What is asked of every pair, as floats: kernels are compiled for those."""
    minima = rules.minima or NO_MINIMA
    return Bounds(
        Minima(float(minima.horizontal_m), float(minima.vertical_m)),
        float(rules.lookahead_s),
        float(rules.track_max_age_s),
        levelling,
        rules.minima is not None,
        float(rules.fastest_mps),
        levels.reach_m,
        levels.reach_s,
    )
