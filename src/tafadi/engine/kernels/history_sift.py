"""Columns as a table holds them, made the plots of a recording in one pass; how many rows are not to be taken as they stand.

The usual table has whole ticks and places without a hole. Then one look at each row is enough, and nothing is written twice; a table in
which any row must be left out is read again, by the slower way that counts the reasons (`batch.rows`).

Units : degrees; metres; instants in nanoseconds since 1970.
Source: docs/maths/scan.md.
Twin  : `batch.rows.take` itself, the slower way; tests/batch/test_rows.py compares them.
"""

import math
from typing import NamedTuple

import numpy as np

from tafadi.engine.kernels.history_rows import frozen
from tafadi.engine.layout import MISSING, Bools, Codes, Floats, Int32s, Ints, kernel


class Given(NamedTuple):
    """Columns of one table, all of one length; `grounded` of none where it does not say."""

    track: Int32s  # below 0 for none
    ticks: Ints
    lat_deg: Floats
    lon_deg: Floats
    height: Floats  # in its unit, float32 or float64; NaN where not known
    grounded: Bools


class Scales(NamedTuple):
    """How ticks and heights are counted, and between what they may lie; the bounds of ticks are in ticks."""

    tick_ns: int
    earliest: int
    latest: int
    height_m: float
    lowest_m: float
    highest_m: float
    datum: int


class Made(NamedTuple):
    """What is written, of the same length."""

    at_ns: Ints
    height_m: Floats
    datum: Codes


@kernel
def sifted(given: Given, scales: Scales, made: Made) -> tuple[int, int]:
    """How many rows are to be left out, and how many say a height that is none; heights and instants are written to `made`."""
    bad, odd, asks = 0, 0, given.grounded.shape[0] > 0
    for n in range(given.track.shape[0]):
        ticks, height = given.ticks[n], given.height[n] * scales.height_m
        timed = (ticks >= scales.earliest) & (ticks <= scales.latest)
        placed = (abs(given.lat_deg[n]) <= 90.0) & (abs(given.lon_deg[n]) <= 180.0)  # false for what is no number
        bad += not (timed & placed & (given.track[n] >= 0))
        if asks:
            bad += given.grounded[n]
        flown = (height >= scales.lowest_m) & (height <= scales.highest_m)
        odd += (not flown) & (height == height)
        made.at_ns[n] = ticks * scales.tick_ns
        made.height_m[n] = height if flown else math.nan
        made.datum[n] = scales.datum if flown else MISSING
    return bad, odd


def sift(given: Given, scales: Scales) -> tuple[Made, int, int]:
    """What is made of the columns, how many rows are to be left out, and how many say a height that is none."""
    count, g = len(given.track), given
    whole = Given(frozen(g.track), frozen(g.ticks), frozen(g.lat_deg), frozen(g.lon_deg), frozen(g.height), frozen(g.grounded))
    made = Made(np.empty(count, np.int64), np.empty(count), np.empty(count, np.int8))
    bad, odd = sifted(whole, scales, made)
    return made, bad, odd
