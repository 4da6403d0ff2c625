"""Judgements: what the engine finds about a pair. CLEAR, CONFLICT and UNKNOWN are values, and all three are shown."""

from dataclasses import dataclass
from enum import StrEnum

from tafadi.measure.earth import Position
from tafadi.measure.height import Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Minima


class Verdict(StrEnum):
    """What is known of a pair.

    >>> [str(verdict) for verdict in Verdict]
    ['clear', 'conflict', 'unknown']
    """

    CLEAR = "clear"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """Why a pair is UNKNOWN; one word for each sentence of the phrase table.

    >>> Cause("height-missing")
    <Cause.HEIGHT_MISSING: 'height-missing'>
    """

    HEIGHT_MISSING = "height-missing"
    DATUMS_UNLIKE = "datums-unlike"
    HEIGHT_UNCERTAIN = "height-uncertain"  # brought to one datum, the heights are too near each other for how wrong that may be
    MINIMA_MISSING = "minima-missing"
    NOT_FINITE = "not-finite"
    TRACK_OLD = "track-old"
    VELOCITY_MISSING = "velocity-missing"
    NOT_COMPUTABLE = "not-computable"
    TRACK_SUSPECT = "track-suspect"  # it jumped faster than anything flies: nobody knows which of its places is true
    PARTY_MISSING = "party-missing"  # whose it is, or on which side of a line it may be, is not stated


@dataclass(frozen=True, slots=True)
class ClosestApproach:
    """The instant at which the pair is deepest within (or nearest to) the minima, and the separation then.

    `vertical_m` is None where the heights cannot be compared.

    >>> ClosestApproach(Instant.parse("2027-03-02T09:00:00Z"), 431.2, None).horizontal_m
    431.2
    """

    at: Instant
    horizontal_m: float
    vertical_m: float | None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Where two announced volumes share air: area (square metres), height band and time.

    >>> hour = Span(Instant.parse("2027-03-02T09:00:00Z"), Instant.parse("2027-03-02T10:00:00Z"))
    >>> Overlap(1e6, Height.parse("300 [m] geoid"), Height.parse("400 [m] geoid"), hour).span.duration_s
    3600.0
    """

    area_m2: float
    lower: Height
    upper: Height
    span: Span


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is found about the pair `first`, `second` (identities, in sorted order).

    For CONFLICT, `span` is the time inside the minima, `place` where it begins, `closest` the closest approach, and `minima` what was asked
    for. The margin is the closest approach less the minima: negative in both directions means inside. For UNKNOWN, `cause` says why and
    `span` is the time during which nothing can be said.

    >>> closest = ClosestApproach(Instant.parse("2027-03-02T09:00:00Z"), 1000.0, 200.0)
    >>> found = Judgement("amber-1", "cobalt-4", Verdict.CONFLICT, Minima(9260.0, 304.8), closest=closest)
    >>> found.margin_horizontal_m, round(found.margin_vertical_m, 1)
    (-8260.0, -104.8)
    """

    first: str
    second: str
    verdict: Verdict
    minima: Minima
    cause: Cause | None = None
    span: Span | None = None
    place: Position | None = None
    closest: ClosestApproach | None = None
    overlaps: tuple[Overlap, ...] = ()

    @property
    def margin_horizontal_m(self) -> float | None:
        """Closest horizontal separation less the minima; None where there is no closest approach."""
        return None if self.closest is None else self.closest.horizontal_m - self.minima.horizontal_m

    @property
    def margin_vertical_m(self) -> float | None:
        """Closest vertical separation less the minima; None where heights cannot be compared."""
        if self.closest is None or self.closest.vertical_m is None:
            return None
        return self.closest.vertical_m - self.minima.vertical_m
