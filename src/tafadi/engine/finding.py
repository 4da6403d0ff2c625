"""Findings on two parts of two notices, and the one judgement that all findings on a pair of notices make.

Any conflict makes a conflict, else any unknown makes unknown; what is told is the earliest, and the closest by the cylinder norm.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tafadi.engine.parts import Parts
from tafadi.measure.earth import Position
from tafadi.measure.instant import Span
from tafadi.model.judgement import Cause, ClosestApproach, Judgement, Overlap, Verdict
from tafadi.model.operation import Minima


@dataclass(frozen=True, slots=True)
class Finding:
    """What is found of one part of the notice `first` (its number in sorted order) and one part of `second`."""

    first: int
    second: int
    verdict: Verdict
    span: Span
    cause: Cause | None = None
    place: Position | None = None
    closest: ClosestApproach | None = None
    overlap: Overlap | None = None


def combined(parts: Parts, findings: list[Finding]) -> Judgement:
    """One judgement of all findings on a pair of notices: any conflict wins, else any unknown. There is at least one, and none is CLEAR."""
    verdict = Verdict.CONFLICT if any(finding.verdict is Verdict.CONFLICT for finding in findings) else Verdict.UNKNOWN
    told = sorted((finding for finding in findings if finding.verdict is verdict), key=_order)
    first, second = told[0].first, told[0].second
    minima = parts.minima(first, second)
    closest = min((f.closest for f in told if f.closest), key=lambda closest: (_depth(closest, minima), closest.at), default=None)
    overlaps = sorted((f.overlap for f in told if f.overlap), key=lambda o: (o.span.start, o.span.end, o.lower.value_m, o.area_m2))
    return Judgement(
        parts.ids[first],
        parts.ids[second],
        verdict,
        minima,
        cause=told[0].cause,
        span=_first_span(finding.span for finding in told),
        place=told[0].place,
        closest=closest,
        overlaps=tuple(overlaps),
    )


def _first_span(spans: Iterable[Span]) -> Span:
    """The earliest contiguous stretch that the spans cover."""
    ordered = sorted(spans, key=lambda span: span.start)
    start, end = ordered[0].start, ordered[0].end
    for span in ordered[1:]:
        if span.start > end:
            break
        end = max(end, span.end)
    return Span(start, end)


def _order(finding: Finding) -> tuple[int, int, float, float]:
    place = finding.place
    return finding.span.start.ns, finding.span.end.ns, place.lat_deg if place else 0.0, place.lon_deg if place else 0.0


def _depth(closest: ClosestApproach, minima: Minima) -> float:
    """The cylinder norm: 0 in the middle, 1 on the minima. A direction without minima, or without a distance, has no say."""
    horizontal = closest.horizontal_m / minima.horizontal_m if minima.horizontal_m > 0.0 else 0.0
    if closest.vertical_m is None or not minima.vertical_m > 0.0:
        return horizontal
    return max(horizontal, closest.vertical_m / minima.vertical_m)
