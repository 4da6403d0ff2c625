"""Pairs: what is found of two live tracks, by minima and by rules of well clear, and which rule explains it.

Two of different parties, or a party and a stranger, are looked at both plainly and with the vertical filters, and the graver counts; no
rule explains anything of theirs unless the pair was declared. Two of one party (in a recording, of nobody known) are looked at with the
filters, and a rule of `suppress` may explain what is left: the pair is then silenced, and listed with the rule.
"""

from collections.abc import Iterator
from dataclasses import replace

from tafadi.engine.encounter import Bounds, Side, judge
from tafadi.engine.levels import Level, Levels
from tafadi.engine.standing import Found, Key, weight
from tafadi.engine.suppress import FILTERS, PAIR_RULES
from tafadi.engine.terms import Rules
from tafadi.measure.instant import Instant
from tafadi.model.alert import AlertKind
from tafadi.model.judgement import Cause, Judgement, Verdict
from tafadi.model.track import Plot


class Pairs:
    """Judges pairs of tracks that are near each other."""

    def __init__(
        self, rules: Rules, bounds: Bounds, levels: Levels, declared: frozenset[frozenset[str]], *, strangers_may_be_one: bool
    ) -> None:
        self._on = rules.on
        self._bounds = bounds
        self._levels = levels
        self._declared = declared
        self._strangers_may_be_one = strangers_may_be_one
        self._filters = tuple(name for name in FILTERS if name in rules.on)

    def forget(self, track: str) -> None:
        """Drops what is held of pairs of a track that is no longer seen."""
        self._levels.forget(track)

    def look(self, own: Side, other: Side, now: Instant, epoch: Instant) -> Iterator[tuple[Key, Found]]:
        """What is found of the pair at `now`, CLEAR included, with what it is about."""
        if self._bounds.is_asked:
            found = self._by_minima(own, other, now, epoch)
            yield Key(found.judgement.first, found.judgement.second, AlertKind.TRACKS), found
        for one in self._levels.look(own, other, now):
            judgement = one.judgement
            rule = "" if judgement.verdict is Verdict.CLEAR else self._rule_of_level(own, other, now, epoch, one)
            found = Found(judgement, rule, now, max(one.level, 0), one.raw == 0)
            yield Key(judgement.first, judgement.second, AlertKind.WELL_CLEAR, one.name), found

    def may_silence(self, one: Plot, two: Plot) -> bool:
        """Whether the rules may look at this pair at all."""
        is_one = one.party == two.party and (one.party is not None or self._strangers_may_be_one)
        return is_one or self._is_declared(one, two)

    def _by_minima(self, own: Side, other: Side, now: Instant, epoch: Instant) -> Found:
        """What is found by the minima, and the rule that silences it."""
        best = judge(own, other, self._bounds, frozenset(self._filters), epoch)
        if not self.may_silence(own.trail.last, other.trail.last):
            plain = judge(own, other, self._bounds, frozenset(), epoch)
            return Found(_known(own, other, max(best, plain, key=weight)), "", now)
        if best.verdict is Verdict.CLEAR:
            return Found(best, self._filter_that_clears(own, other, epoch), now)
        best = _known(own, other, best)
        return Found(best, self._rule(own, other, now, epoch, best), now)

    def _rule(self, own: Side, other: Side, now: Instant, epoch: Instant, judgement: Judgement) -> str:
        """The rule that explains what was found of the pair; empty when none does, or none may."""
        if not self.may_silence(own.trail.last, other.trail.last):
            return ""
        if "formation" in self._on and self._is_declared(own.trail.last, other.trail.last):
            return "formation"
        now_s = now.since(epoch)
        return next((name for name, holds in PAIR_RULES.items() if name in self._on and holds(own, other, now_s, judgement)), "")

    def _rule_of_level(self, own: Side, other: Side, now: Instant, epoch: Instant, level: Level) -> str:
        """The rule that explains a level; among them that a cleared level keeps the two apart."""
        if not self.may_silence(own.trail.last, other.trail.last):
            return ""
        return "level_off" if level.levels_off else self._rule(own, other, now, epoch, level.judgement)

    def _filter_that_clears(self, own: Side, other: Side, epoch: Instant) -> str:
        """The filter without which the pair would have been found; empty when it is clear to the plain look too."""
        if judge(own, other, self._bounds, frozenset(), epoch).verdict is Verdict.CLEAR:
            return ""
        for upto, name in enumerate(self._filters, 1):
            if judge(own, other, self._bounds, frozenset(self._filters[:upto]), epoch).verdict is Verdict.CLEAR:
                return name
        return ""

    def _is_declared(self, one: Plot, two: Plot) -> bool:
        return bool(self._declared) and any(frozenset({a, b}) in self._declared for a in _names(one) for b in _names(two))


def _known(own: Side, other: Side, judgement: Judgement) -> Judgement:
    """The judgement as far as anybody knows: where one of the two jumped, nobody can say which of its places is true."""
    if judgement.verdict is Verdict.CLEAR or not (own.is_doubted or other.is_doubted):
        return judgement
    return replace(judgement, verdict=Verdict.UNKNOWN, cause=Cause.TRACK_SUSPECT, place=None, closest=None)


def _names(plot: Plot) -> tuple[str, ...]:
    """All by which a track may have been declared."""
    return tuple(name for name in (plot.track, plot.address, plot.callsign) if name)
