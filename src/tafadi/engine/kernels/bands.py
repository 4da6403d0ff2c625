"""Do two height bands share air? In like datums by subtraction; across unlike datums only where logic alone can tell.

Known facts: a stated band is not empty, so its bottom lies below its top even where their datums differ (3,000 ft above ground to flight
level 100); and nothing flies below the ground, so a bottom of 0 m above ground is below everything. From these and the like-datum
comparisons follow "apart", "together", or neither: then it is UNKNOWN. Nothing flies above HIGHEST_M in any datum: a top there is above
everything.

Units : metres.
Source: docs/maths/detect.md.
Twin  : tests/reference/volumes.py tries all heights of the unknown surfaces.
"""

import math
from typing import NamedTuple

from tafadi.engine.layout import (
    CLEAR,
    CONFLICT,
    DATUMS_UNLIKE,
    EDGE_M,
    GROUND,
    HEIGHT_MISSING,
    HIGHEST_M,
    MISSING,
    NO_CAUSE,
    NOT_FINITE,
    UNKNOWN,
    Bodies,
    Bytes,
    Floats,
    Ints,
    kernel,
    leaf,
    part,
)


class Band(NamedTuple):
    """A bottom and a top, each above its own datum (its code in `layout`)."""

    lower_m: float
    upper_m: float
    lower_datum: int
    upper_datum: int


@leaf
def on_the_ground(value: float, datum: int) -> bool:
    """Whether this bottom is the surface itself, below which nothing flies."""
    return datum == GROUND and value <= 0.0


@leaf
def without_top(value: float, datum: int) -> bool:
    """Whether this top stands for air without one, above which nothing flies."""
    return datum >= 0 and value >= HIGHEST_M


@leaf
def alike(datum: int, other: int) -> bool:
    """Whether heights above the two can be subtracted."""
    return datum >= 0 and datum == other


@part
def reaches_below(a: Band, b: Band) -> bool:
    """Whether the bottom of a is known to lie below the top of b, once the two are known not to be apart in like datums."""
    if alike(a.lower_datum, b.upper_datum) or on_the_ground(a.lower_m, a.lower_datum) or without_top(b.upper_m, b.upper_datum):
        return True
    if alike(a.lower_datum, b.lower_datum) and a.lower_m <= b.lower_m:
        return True  # ... and b's own bottom lies below its top
    return alike(a.upper_datum, b.upper_datum) and a.upper_m <= b.upper_m


@leaf
def under(a: Band, b: Band, half_m: float) -> bool:
    """Whether the top of a is known to stay at least `half_m` below the bottom of b."""
    return alike(a.upper_datum, b.lower_datum) and b.lower_m - a.upper_m >= half_m - EDGE_M


@part
def compare(a: Band, b: Band, half_m: float) -> tuple[int, int]:
    """Verdict on two bands with vertical minimum `half_m`, and the cause when it is UNKNOWN."""
    if under(a, b, half_m) or under(b, a, half_m):
        return CLEAR, NO_CAUSE
    if min(a.lower_datum, a.upper_datum, b.lower_datum, b.upper_datum) <= MISSING:
        return UNKNOWN, HEIGHT_MISSING
    if not math.isfinite(a.lower_m + a.upper_m + b.lower_m + b.upper_m):
        return UNKNOWN, NOT_FINITE
    if reaches_below(a, b) and reaches_below(b, a):
        return CONFLICT, NO_CAUSE
    return UNKNOWN, DATUMS_UNLIKE


@part
def gap_up(a: Band, b: Band) -> float:
    """Metres from the top of b up to the bottom of a; 0 where that bottom is known to lie below the top, NaN where nobody can tell."""
    if alike(a.lower_datum, b.upper_datum):
        gap = a.lower_m - b.upper_m
        return 0.0 if gap <= 0.0 else gap
    return 0.0 if reaches_below(a, b) else math.nan


@leaf
def band_of(bodies: Bodies, body: int) -> Band:
    """The band of a body."""
    return Band(bodies.lower_m[body], bodies.upper_m[body], bodies.lower_datum[body], bodies.upper_datum[body])


@kernel
def compare_bands(bodies: Bodies, pairs: Ints, half_m: Floats, verdict: Bytes, cause: Bytes, gap_m: Floats) -> None:
    """Judge the bands and times of each pair of bodies; CLEAR also when they share no time.

    pairs   : int64[n, 2]  body numbers
    half_m  : float64[n]   vertical minimum
    verdict : uint8[n]     out
    cause   : uint8[n]     out
    gap_m   : float64[n]   out: metres between the bands of a CONFLICT, 0 where they overlap; NaN for every other verdict
    """
    for n in range(pairs.shape[0]):
        a, b = pairs[n, 0], pairs[n, 1]
        gap_m[n] = math.nan
        if max(bodies.start_ns[a], bodies.start_ns[b]) >= min(bodies.end_ns[a], bodies.end_ns[b]):
            verdict[n], cause[n] = CLEAR, NO_CAUSE
        else:
            one, other = band_of(bodies, a), band_of(bodies, b)
            verdict[n], cause[n] = compare(one, other, half_m[n])
            if verdict[n] == CONFLICT:
                gap_m[n] = gap_up(one, other) + gap_up(other, one)  # of a band that is not empty, one of the two is 0
