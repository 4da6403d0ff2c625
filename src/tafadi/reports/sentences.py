"""Sentences of a report: what was found of a pair, in words and figures. Text, not yet HTML."""

from typing import Final

from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Cause, ClosestApproach, Judgement, Verdict
from tafadi.model.operation import Minima
from tafadi.reports import axis

CAUSES: Final = {
    Cause.HEIGHT_MISSING: "a height is not stated",
    Cause.DATUMS_UNLIKE: "heights above unlike datums",
    Cause.HEIGHT_UNCERTAIN: "heights too near for how exactly they are known",
    Cause.MINIMA_MISSING: "no minima: ask with --minima",
    Cause.NOT_FINITE: "a value is no number",
    Cause.TRACK_OLD: "a track is too old",
    Cause.VELOCITY_MISSING: "a velocity is not stated",
    Cause.NOT_COMPUTABLE: "the engine cannot compute it",
    Cause.TRACK_SUSPECT: "a track jumped",
    Cause.PARTY_MISSING: "whose it is, is not stated",
}
MILLISECOND_NS: Final = 1_000_000
NO_CAUSE: Final = "it could not be judged"


def why(judgement: Judgement) -> str:
    """Why nothing can be said of the pair."""
    return NO_CAUSE if judgement.cause is None else CAUSES.get(judgement.cause, judgement.cause.value)


def minima_told(minima: Minima) -> str:
    """The room that a pair needs, in words."""
    if minima.horizontal_m == 0.0 and minima.vertical_m == 0.0:
        return "none: announced air must not be shared, touching is not sharing"
    return f"{axis.length(minima.horizontal_m)} horizontally and {axis.height(minima.vertical_m)} vertically"


def outwards(span: Span) -> tuple[str, str]:
    """Beginning and end to the millisecond, rounded outwards: never a shorter time than was found."""
    start_ns, end_ns = span.start.ns // MILLISECOND_NS * MILLISECOND_NS, -(-span.end.ns // MILLISECOND_NS) * MILLISECOND_NS
    return str(Instant(start_ns)), str(Instant(end_ns))


def closest_told(closest: ClosestApproach) -> str:
    """The closest approach in words."""
    vertical = "the vertical distance is not known" if closest.vertical_m is None else f"{axis.height(closest.vertical_m)} vertically"
    return f"{axis.length(closest.horizontal_m)} horizontally, {vertical}, at {axis.clock(closest.at)}"


def sentence(judgement: Judgement, place_is: str = "first at") -> str:
    """What was found of the pair, without its names; `place_is` says what its place is the place of."""
    when = ""
    if judgement.span is not None:
        start, end = outwards(judgement.span)
        when = f" from {start} to {end} ({axis.lasting(judgement.span.duration_s)})"
    if judgement.verdict is Verdict.UNKNOWN:
        return f"Unknown, which is not clear: {why(judgement)}; nothing can be said{when}."
    if judgement.verdict is Verdict.CLEAR:
        return "Clear." if judgement.closest is None else f"Clear: closest {closest_told(judgement.closest)}."
    return f"{_loss(judgement)}{when}{_where(judgement, place_is)}."


def _loss(judgement: Judgement) -> str:
    return "Share air" if judgement.minima.horizontal_m == 0.0 and judgement.minima.vertical_m == 0.0 else "Inside the minima"


def _where(judgement: Judgement, place_is: str) -> str:
    place = "" if judgement.place is None else f", {place_is} {judgement.place}"
    closest = "" if judgement.closest is None else f"; closest {closest_told(judgement.closest)}"
    if not judgement.overlaps:
        return place + closest
    largest = max(judgement.overlaps, key=lambda one: one.area_m2)
    more = f", and {len(judgement.overlaps) - 1} more such pieces" if len(judgement.overlaps) > 1 else ""
    air = f"; they share {largest.area_m2 / 1e6:,.2f} km² of ground between {largest.lower} and {largest.upper}{more}"
    return place + closest + air
