"""Conformance: is a track where it was announced to be, and for how long will it be by straight motion?

INSIDE while it is in any volume of its operation, or within the minima of its trajectory's place at that time, and stays so for as long as
a straying is foreseen; STRAYING when it will leave, with the instant; OUTSIDE when it has left; UNKNOWN when nobody can tell. The way ahead
is followed from part to part of the operation, so that one who passes from a volume into the next has not left. A part of which nobody can
tell (a height, a datum) foresees nothing: what it hides is UNKNOWN once the track is there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from tafadi.engine.trail import Trail
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Cause, Judgement, Verdict
from tafadi.model.operation import NO_MINIMA, Announced, Minima, Notice

HERE_S: Final = 1.0  # a track's present place, as the shortest announcement that has two ends
SEAM_S: Final = 0.01  # parts that follow one another within this are one way: instants are told to the millisecond
LEFT_S: Final = 0.1  # the way left to be looked at; less is the end of it

Stub = Callable[[Trail, float, float, frozenset[str]], Announced]
Judge = Callable[[Announced, Announced, Minima | None], Judgement]


class State(StrEnum):
    """How a track keeps to its operation."""

    INSIDE = "inside"
    STRAYING = "straying"  # inside, and about to leave
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Conforming:
    """How a track kept to its operation at its last hit: since or until when, why nobody can tell, and who says that it flies it.

    `leaves_at` is when it will have left, by straight motion. Without `is_stated` nobody said that it flies this: it was seen inside.
    """

    track: str
    notice: str
    state: State
    at: Instant
    leaves_at: Instant | None = None
    cause: Cause | None = None
    is_stated: bool = True


@dataclass(frozen=True, slots=True)
class Adopted:
    """A track that is held to an operation of its own party because it was seen inside it; nobody said that it flies it."""

    track: str
    notice: str
    at: Instant


class Conformance:
    """Judges tracks against what was announced for them; `minima` are those between tracks, None where none are asked for."""

    def __init__(self, stub: Stub, judge: Judge, minima: Minima | None) -> None:
        self._stub = stub
        self._judge = judge
        self._minima = minima

    def here(self, trail: Trail, whole: Announced, filters: frozenset[str]) -> Judgement | None:
        """None while the track is where it was announced to be; else that it is outside, or that nobody can tell."""
        now, plot, unknown = self._stub(trail, 0.0, HERE_S, filters), trail.last, None
        for part, minima in self._parts(whole, plot.at, HERE_S):
            judgement = self._judge(now, part, minima)
            if judgement.verdict is Verdict.CONFLICT:
                return None
            unknown = judgement if judgement.verdict is Verdict.UNKNOWN else unknown
        if unknown is not None:
            return unknown
        return _outside(trail, whole, Span(plot.at, plot.at.plus(HERE_S)), self._minima)

    def ahead(self, trail: Trail, whole: Announced, filters: frozenset[str], ahead_s: float) -> Judgement | None:
        """That a track which is inside will be outside within `ahead_s`, and from when; None when it will not."""
        if trail.velocity_mps is None or ahead_s < LEFT_S:
            return None
        parts = list(self._parts(whole, trail.last.at, ahead_s))
        until_s = 0.0
        for _ in range(len(parts) + 1):
            reached_s = self._reached(trail, parts, filters, until_s, ahead_s)
            if reached_s is None or reached_s > ahead_s - LEFT_S:
                return None
            if reached_s <= until_s + SEAM_S:
                break
            until_s = reached_s
        at = trail.last.at.plus(until_s)
        return _outside(trail, whole, Span(at, at.plus(HERE_S)), self._minima)

    def _reached(
        self, trail: Trail, parts: list[tuple[Announced, Minima | None]], filters: frozenset[str], from_s: float, ahead_s: float
    ) -> float | None:
        """Until when the way from `from_s` on stays inside a part that it is in then; None where nobody can tell."""
        way, start, reached_s = self._stub(trail, from_s, ahead_s, filters), trail.last.at.plus(from_s + SEAM_S), from_s
        for part, minima in parts:
            judgement = self._judge(way, part, minima)
            if judgement.span is None or judgement.span.start > start:
                continue
            if judgement.verdict is Verdict.UNKNOWN:
                return None
            reached_s = max(reached_s, judgement.span.end.since(trail.last.at))
        return reached_s

    def _parts(self, whole: Announced, at: Instant, ahead_s: float) -> Iterator[tuple[Announced, Minima | None]]:
        """Each volume and the trajectory that last into the next `ahead_s`, bare, with what they are judged by."""
        notice, end = whole.notice, at.plus(ahead_s)
        for volume in notice.volumes:
            if volume.span.start <= end and volume.span.end >= at:
                yield _bare(whole, replace(notice, volumes=(volume,), trajectory=None, minima=None)), None
        if notice.trajectory is not None:
            yield _bare(whole, replace(notice, volumes=(), minima=None)), notice.minima or self._minima


def _bare(whole: Announced, notice: Notice) -> Announced:
    return Announced(whole.id, notice, whole.party)


def _outside(trail: Trail, whole: Announced, span: Span, minima: Minima | None) -> Judgement:
    return Judgement(trail.last.track, whole.id, Verdict.CONFLICT, minima or NO_MINIMA, span=span, place=trail.last.position)
