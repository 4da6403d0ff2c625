"""The watch: live tracks against one another and against what was announced, as the hits come in.

Each hit moves one track; that track is screened against all others by a kernel, and judged exactly (`encounter`) against those that it may
meet within the lookahead. A pair that is found is silenced only by a rule of `suppress`, and every silenced pair is listed with its rule.
Between two different parties, or a party and a stranger, no rule looks at all, and the plain look counts beside the filtered one: whatever
either of them finds comes through. Two strangers may be one thing seen twice in a recording of one source; live, nobody can say so.

An alert is raised once, raised again when an UNKNOWN becomes a CONFLICT, and ended when the pair was found clear for CLEAR_AFTER_S, or LOST
when a track is no longer seen, or is held no more to the notice from which it strayed. Hits come in order of time; one that is not newer
than its track's last, or is ahead of the clock, is counted and left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from tafadi.engine.encounter import Bounds, Side, judge
from tafadi.engine.notices import STEADY, Notices, weight
from tafadi.engine.picture import Picture
from tafadi.engine.recorded import closest_recorded
from tafadi.engine.standing import Open, Silenced, Suppressed
from tafadi.engine.suppress import FILTERS, FLEETING_S, PAIR_RULES
from tafadi.engine.terms import FORGOTTEN_S
from tafadi.engine.terms import LOOKAHEAD_MAX_S as LOOKAHEAD_MAX_S
from tafadi.engine.terms import Rules as Rules
from tafadi.measure.instant import Instant
from tafadi.measure.levelling import Levelling
from tafadi.model.alert import Alert, AlertKind, AlertState
from tafadi.model.judgement import Judgement, Verdict
from tafadi.model.operation import NO_MINIMA, Announced, Minima
from tafadi.model.track import Plot

CLEAR_AFTER_S: Final = 15.0  # an alert that flickers is ended once it was clear for three turns of a terminal radar
AHEAD_MAX_S: Final = 10.0  # of the clock here: twice what agreements allow between two clocks; a hit further ahead would hide its track
NOT_NEWER: Final = "not newer than its track"
AHEAD: Final = f"more than {AHEAD_MAX_S:.0f} s ahead of the clock here"


class _Found(NamedTuple):
    """What was found of something, the rule that silences it (empty when none does), and when."""

    judgement: Judgement
    rule: str
    at: Instant


_Key = tuple[str, str, AlertKind]


class Watch:
    """Follows tracks and raises alerts.

    `declared` holds pairs of names (track, address or callsign) that fly together by agreement; `assigned` says which announced operation a
    track flies, where that is known. Without `strangers_may_be_one`, no rule looks at two of nobody known: each may be of another party.
    `levelling` says how heights above unlike datums are compared; without it they are UNKNOWN.
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
    ) -> None:
        self._rules = rules
        self._strangers_may_be_one = strangers_may_be_one
        self._bounds = _bounds(rules, levelling)
        self._filters = tuple(name for name in FILTERS if name in rules.on)
        self._steady = STEADY & rules.on
        self._declared = declared
        self._notices = Notices(announced, self._bounds, assigned or {}, self._steady)
        self._picture = Picture(self._bounds)
        self._swept_at: Instant | None = None
        self._open: dict[_Key, Open] = {}
        self._silenced = Silenced()
        self.ignored: dict[str, int] = {}

    @property
    def suppressed(self) -> list[Suppressed]:
        """Every pair that a rule silenced, with the rule; the earliest first."""
        return self._silenced.rows()

    @property
    def raised(self) -> list[Alert]:
        """The alerts that stand now; the earliest first."""
        standing = [one.alert for one in self._open.values() if one.alert is not None]
        return sorted(standing, key=lambda alert: (alert.raised_at, alert.first, alert.second))

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
        self._notices = Notices(announced, self._bounds, assigned, self._steady, self._notices.flown)
        self._swept_at = None

    def finish(self) -> list[Alert]:
        """Ends every alert that stands as LOST, because nothing more will come: what was raised, and the approach that was recorded."""
        told: list[Alert] = []
        for key, one in list(self._open.items()):
            self._end(key, one, AlertState.LOST, one.seen_at, told)
        return told

    def _sweep(self, now: Instant, told: list[Alert]) -> None:
        """Forgets tracks that are no longer seen and ends what was open about them; at most once a second."""
        if self._swept_at is not None and -FORGOTTEN_S <= now.since(self._swept_at) < 1.0:  # one wrong time must not end the sweeping
            return
        self._swept_at = now
        for track in self._picture.forget(now):
            self._notices.forget(track)
        for key, one in list(self._open.items()):
            if not all(name in self._picture.trails for name in self._tracks_of(key)):
                self._end(key, one, AlertState.LOST, now, told)

    def _tracks_of(self, key: _Key) -> tuple[str, ...]:
        return key[:2] if key[2] is AlertKind.TRACKS else tuple(name for name in key[:2] if not self._notices.has(name))

    # Judging

    def _look(self, plot: Plot, told: list[Alert]) -> None:
        found: dict[_Key, _Found] = {}
        for own in self._picture.sides(plot.track):
            for other in self._picture.near(own) if self._bounds.is_asked else ():
                one = self._pair(own, other, max(plot.at, other.trail.last.at))
                found[one.judgement.first, one.judgement.second, AlertKind.TRACKS] = one
        for kind, judgement, rule in self._notices.look(self._picture.side(plot.track).trail):
            found[judgement.first, judgement.second, kind] = _Found(judgement, rule, plot.at)
        self._settle(plot, found, told)

    def _pair(self, own: Side, other: Side, now: Instant) -> _Found:
        """What is found of the pair, and the rule that silences it."""
        epoch = self._picture.epoch or now
        best = judge(own, other, self._bounds, frozenset(self._filters), epoch)
        if not self._may_silence(own.trail.last, other.trail.last):
            plain = judge(own, other, self._bounds, frozenset(), epoch)
            return _Found(max(best, plain, key=weight), "", now)
        if best.verdict is Verdict.CLEAR:
            return _Found(best, self._filter_that_clears(own, other, epoch), now)
        if "formation" in self._rules.on and self._is_declared(own.trail.last, other.trail.last):
            return _Found(best, "formation", now)
        now_s = self._picture.seconds(now)
        rule = next((name for name, holds in PAIR_RULES.items() if name in self._rules.on and holds(own, other, now_s, best)), "")
        return _Found(best, rule, now)

    def _filter_that_clears(self, own: Side, other: Side, epoch: Instant) -> str:
        """The filter without which the pair would have been found; empty when it is clear to the plain look too."""
        if judge(own, other, self._bounds, frozenset(), epoch).verdict is Verdict.CLEAR:
            return ""
        for upto, name in enumerate(self._filters, 1):
            if judge(own, other, self._bounds, frozenset(self._filters[:upto]), epoch).verdict is Verdict.CLEAR:
                return name
        return ""

    def _may_silence(self, one: Plot, two: Plot) -> bool:
        """Whether the rules may look at this pair at all."""
        is_one = one.party == two.party and (one.party is not None or self._strangers_may_be_one)
        return is_one or self._is_declared(one, two)

    def _is_declared(self, one: Plot, two: Plot) -> bool:
        return bool(self._declared) and any(frozenset({a, b}) in self._declared for a in _names(one) for b in _names(two))

    # Alerts

    def _settle(self, plot: Plot, found: Mapping[_Key, _Found], told: list[Alert]) -> None:
        """Raises, changes and ends alerts by what was found of the track of `plot`."""
        for key, one in found.items():
            if one.rule:
                self._silenced.add(key[0], key[1], one.rule, one.at)
            elif one.judgement.verdict is not Verdict.CLEAR:
                self._raise(key, one, told)
        for key, standing in list(self._open.items()):
            if plot.track not in key[:2]:
                continue
            if standing.alert is not None:
                standing.record(plot)
            here = found.get(key)
            if here is None or here.rule or here.judgement.verdict is Verdict.CLEAR:
                over = AlertState.SILENCED if here is not None and here.rule else self._fate(key)
                self._quiet(key, standing, over, plot.at, told)

    def _fate(self, key: _Key) -> AlertState:
        """What becomes of an alert that is not found any more: a track that is held to its notice no more has not come back to it."""
        first, second, kind = key
        if kind is AlertKind.STRAYING and not (self._notices.holds(first, second) or self._notices.holds(second, first)):
            return AlertState.LOST
        return AlertState.CLEARED

    def _raise(self, key: _Key, found: _Found, told: list[Alert]) -> None:
        judgement, at = found.judgement, found.at
        one = self._open.setdefault(key, Open(at, at))
        one.found_at, one.seen_at = min(one.found_at, at), at  # a track begun anew goes back in time
        if one.alert is not None:
            if weight(judgement) > weight(one.alert.predicted):
                one.alert = replace(one.alert, verdict=judgement.verdict, predicted=judgement)
                told.append(one.alert)
            return
        if self._is_fleeting(key, judgement, one):
            self._silenced.add(key[0], key[1], "fleeting", at)
            return
        parties = self._party(key[0]), self._party(key[1])
        one.alert = Alert(key[2], key[0], key[1], judgement.verdict, AlertState.RAISED, at, judgement, *parties)
        one.hits = {track: list(self._picture.trails[track].plots)[-3:] for track in self._tracks_of(key)}
        told.append(one.alert)

    def _is_fleeting(self, key: _Key, judgement: Judgement, one: Open) -> bool:
        """Whether an UNKNOWN of two tracks has not lasted long enough to be shown."""
        if judgement.verdict is not Verdict.UNKNOWN or key[2] is not AlertKind.TRACKS or "fleeting" not in self._rules.on:
            return False
        silent = self._may_silence(self._picture.trails[key[0]].last, self._picture.trails[key[1]].last)
        return silent and one.seen_at.since(one.found_at) < FLEETING_S

    def _quiet(self, key: _Key, one: Open, over: AlertState, at: Instant, told: list[Alert]) -> None:
        """Ends what was found before and is not any more, once that has lasted."""
        if one.seen_at.since(at) > CLEAR_AFTER_S:  # found at a time that the track has since gone back from
            one.seen_at = at
        if one.alert is None:
            del self._open[key]
        elif at.since(one.seen_at) >= CLEAR_AFTER_S:
            self._end(key, one, over, at, told)

    def _end(self, key: _Key, one: Open, state: AlertState, at: Instant, told: list[Alert]) -> None:
        del self._open[key]
        if one.alert is not None:
            both = list(one.hits.values())
            missed = closest_recorded(both[0], both[1]) if len(both) == 2 else None
            told.append(replace(one.alert, state=state, over_at=at, missed=missed))

    def _party(self, name: str) -> str | None:
        trail = self._picture.trails.get(name)
        return self._notices.party(name) if trail is None else trail.last.party


def _bounds(rules: Rules, levelling: Levelling | None) -> Bounds:
    """What is asked of every pair, as floats: kernels are compiled for those."""
    minima = rules.minima or NO_MINIMA
    floats = Minima(float(minima.horizontal_m), float(minima.vertical_m))
    return Bounds(floats, float(rules.lookahead_s), float(rules.track_max_age_s), levelling, rules.minima is not None)


def _names(plot: Plot) -> tuple[str, ...]:
    """All by which a track may have been declared."""
    return tuple(name for name in (plot.track, plot.address, plot.callsign) if name)
