"""Slow twin of the filter of live states: one pair after the other in float64, with how far float32 may be off."""

import math
from collections.abc import Sequence
from typing import NamedTuple

STEP: float = 2.0**-24  # half a step of float32


class Kept(NamedTuple):
    """Whether a pair may meet, and whether that is so near the edge that float32 may say either."""

    passes: bool
    is_at_the_edge: bool


def kept(one: Sequence[float], other: Sequence[float], reach2: float, half_s: float, band_m: float, least: float) -> Kept:
    """One pair. `one` and `other` are place, velocity, height and climb; NaN in any of them passes."""
    apart = [b - a for a, b in zip(one, other, strict=True)]
    place, speed, height, climb = apart[:3], apart[3:6], apart[6], apart[7]
    a, b, c = sum(p * p for p in place) - reach2, sum(p * u for p, u in zip(place, speed, strict=True)), sum(u * u for u in speed) + least
    tb = min(max(-b, -c * half_s), c * half_s)
    outside, over = a * c + tb * (2.0 * b + tb), abs(height) - abs(climb) * half_s - band_m
    near_m2 = 64.0 * STEP * (a + 2.0 * reach2) * c  # docs/maths/tactical.md, 4
    near_m = 16.0 * STEP * (abs(height) + abs(climb) * half_s + band_m)
    if math.isnan(outside) or math.isnan(over):
        return Kept(not outside >= 0.0 and not over >= 0.0, False)
    is_at_the_edge = (abs(outside) <= near_m2 and over < near_m) or (abs(over) <= near_m and outside < near_m2)
    return Kept(outside < 0.0 and over < 0.0, is_at_the_edge)
