"""Do two height bands share air? In like datums by subtraction; across unlike datums only where logic alone can tell.

Known facts: a stated band is not empty, so its bottom lies below its top even where their datums differ (3,000 ft above ground to flight
level 100); and nothing flies below the ground, so a bottom of 0 m above ground is below everything. From these and the like-datum
comparisons follow "apart", "together", or neither: then it is UNKNOWN.

Units : metres.
Source: docs/maths/detect.md.
Twin  : tests/reference/volumes.py tries all heights of the unknown surfaces.
"""

import math

from tafadi.engine.layout import (
    CLEAR,
    CONFLICT,
    DATUMS_UNLIKE,
    EDGE_M,
    GROUND,
    HEIGHT_MISSING,
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


@leaf
def on_the_ground(value: float, datum: int) -> bool:
    """Whether this bottom is the surface itself, below which nothing flies."""
    return datum == GROUND and value <= 0.0


@leaf
def alike(datum: int, other: int) -> bool:
    """Whether heights above the two can be subtracted."""
    return datum >= 0 and datum == other


@part
def reaches_below(bodies: Bodies, a: int, b: int) -> bool:
    """Whether the bottom of a is known to lie below the top of b, once the two are known not to be apart in like datums."""
    if alike(bodies.lower_datum[a], bodies.upper_datum[b]) or on_the_ground(bodies.lower_m[a], bodies.lower_datum[a]):
        return True
    if alike(bodies.lower_datum[a], bodies.lower_datum[b]) and bodies.lower_m[a] <= bodies.lower_m[b]:
        return True  # ... and b's own bottom lies below its top
    return alike(bodies.upper_datum[a], bodies.upper_datum[b]) and bodies.upper_m[a] <= bodies.upper_m[b]


@leaf
def under(bodies: Bodies, a: int, b: int, half_m: float) -> bool:
    """Whether the top of a is known to stay at least `half_m` below the bottom of b."""
    return alike(bodies.upper_datum[a], bodies.lower_datum[b]) and bodies.lower_m[b] - bodies.upper_m[a] >= half_m - EDGE_M


@part
def compare(bodies: Bodies, a: int, b: int, half_m: float) -> tuple[int, int]:
    """Verdict on the bands of two bodies with vertical minimum `half_m`, and the cause when it is UNKNOWN."""
    if under(bodies, a, b, half_m) or under(bodies, b, a, half_m):
        return CLEAR, NO_CAUSE
    if min(bodies.lower_datum[a], bodies.upper_datum[a], bodies.lower_datum[b], bodies.upper_datum[b]) <= MISSING:
        return UNKNOWN, HEIGHT_MISSING
    if not math.isfinite(bodies.lower_m[a] + bodies.upper_m[a] + bodies.lower_m[b] + bodies.upper_m[b]):
        return UNKNOWN, NOT_FINITE
    if reaches_below(bodies, a, b) and reaches_below(bodies, b, a):
        return CONFLICT, NO_CAUSE
    return UNKNOWN, DATUMS_UNLIKE


@part
def gap_up(bodies: Bodies, a: int, b: int) -> float:
    """Metres from the top of b up to the bottom of a; 0 where that bottom is known to lie below the top, NaN where nobody can tell."""
    if alike(bodies.lower_datum[a], bodies.upper_datum[b]):
        gap = bodies.lower_m[a] - bodies.upper_m[b]
        return 0.0 if gap <= 0.0 else gap
    return 0.0 if reaches_below(bodies, a, b) else math.nan


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
            verdict[n], cause[n] = compare(bodies, a, b, half_m[n])
            if verdict[n] == CONFLICT:
                gap_m[n] = gap_up(bodies, a, b) + gap_up(bodies, b, a)  # of a band that is not empty, one of the two is 0
