"""Two live tracks whose heights stand above unlike datums, brought to one by what is stated of those.

The geoid is taken where each track is now. Until they meet it changes by what lies on the way, which is counted as what may be wrong: its
steepest slope times the way. The air is taken at the heights between which each track moves.
"""

from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.trail import Trail, Vertical
from tafadi.measure.height import Datum
from tafadi.measure.levelling import GEOID_SLOPE, TARGETS, Levelling

STEP_M: Final = 1.0  # over which it is looked at how a climb looks above another datum


class Alike(NamedTuple):
    """The vertical motion of both above one datum, and how far their difference may be wrong."""

    one: Vertical
    two: Vertical
    within_m: float


def alike(first: Trail, second: Trail, verticals: tuple[Vertical, Vertical], levelling: Levelling, ahead_s: float) -> Alike | None:
    """Both above the datum in which the least may be wrong, for the next `ahead_s` seconds; None where neither can be reached."""
    best: Alike | None = None
    for into in TARGETS:
        one = _brought(first, verticals[0], into, levelling, ahead_s)
        two = _brought(second, verticals[1], into, levelling, ahead_s)
        if one is not None and two is not None and (best is None or one[1] + two[1] < best.within_m):
            best = Alike(one[0], two[0], one[1] + two[1])
    return best


def _brought(trail: Trail, vertical: Vertical, into: Datum, levelling: Levelling, ahead_s: float) -> tuple[Vertical, float] | None:
    """The motion above `into`, and how far it may be wrong; None when something for that is not stated."""
    if vertical.datum is into:
        return vertical, 0.0
    place = trail.last.position
    later_m = vertical.at_m(ahead_s)
    heights_m = np.array(
        [vertical.height_m, vertical.height_m + STEP_M, later_m, vertical.level_m if vertical.level_m is not None else later_m]
    )
    found = levelling.at(heights_m, vertical.datum, into, np.full(4, place.lat_deg), np.full(4, place.lon_deg))
    if not np.isfinite(found.height_m).all():
        return None
    here_m, above_m, then_m, level_m = (float(value) for value in found.height_m)
    climb_mps = vertical.climb_mps * (above_m - here_m) / STEP_M
    brought = Vertical(here_m, into, climb_mps, None if vertical.level_m is None else level_m)
    bend_m = abs(brought.at_m(ahead_s) - then_m)
    way_m = 0.0 if trail.velocity_mps is None else float(np.hypot(*trail.velocity_mps)) * ahead_s
    slope = 0.0 if levelling.undulation is None else GEOID_SLOPE
    return brought, float(found.within_m.max()) + bend_m + slope * way_m
