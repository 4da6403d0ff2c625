"""Well clear: is a pair in violation of a volume of RTCA DO-365, when does it enter and when does it leave?

A pair is not well clear while its heights differ by no more than `height_m` and, seen from above, it is within `distance_m`, or it
closes, will miss by no more than that, and its modified tau is no more than `tau_s`. All thresholds are met inclusively, as in DO-365; a
violation of only an instant is none. Motion is straight. The arithmetic is NASA DAIDALUS's (2.0.4): a sphere on which a minute of arc is
a nautical mile, seen orthographically from above own, velocities by 10 s along a great circle. Own therefore matters: on the sphere, two
that each take themselves for own may differ by milliseconds.

Verdicts: CONFLICT, CLEAR, or UNKNOWN for any number that is missing (NaN), infinite, or larger than anything that flies, for heights
above unlike datums, and for a pair of which one is below the other's horizon.

Source: docs/maths/wellclear.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from tafadi.engine.encounter import ahead
from tafadi.engine.kernels.wellclear import judge_well_clear, relative
from tafadi.engine.layout import Bytes, Floats
from tafadi.engine.trail import FIT_S, Trail
from tafadi.errors import InputError, LimitError
from tafadi.measure.height import Datum
from tafadi.measure.instant import Instant
from tafadi.measure.units import FOOT_M, NAUTICAL_MILE_M
from tafadi.model.track import Plot

LOOKAHEAD_S: Final = 180.0  # as in NASA's configurations of DO-365
LOOKAHEAD_MAX_S: Final = 600.0  # straight motion is wrong by kilometres beyond ten minutes
THRESHOLD_MAX: Final = 1e6  # metres or seconds: a volume wider than any sky is a mistake of units
MOST_ROWS: Final = 100_000_000  # at which the answer alone takes 5 GB for three volumes
AGE_MAX_S: Final = 12.5  # one missed turn of an en-route radar: longer ago, nothing says where it is now
STEADY: Final = frozenset({"quantisation", "height_jump"})  # rules of `trail` that read a climb out of heights in steps
_COLUMNS: Final = 6

Table: TypeAlias = npt.ArrayLike | Sequence[object]  # whatever NumPy makes a table of; None is a number that is not known


@dataclass(frozen=True, slots=True)
class Volume:
    """A well-clear volume: DTHR (DMOD and HMD are the same), ZTHR and TTHR of DO-365. Raises InputError for thresholds that are none.

    >>> Volume(0.66 * 1852.0, 450 * 0.3048, 35.0).tau_s
    35.0
    """

    distance_m: float
    height_m: float
    tau_s: float

    def __post_init__(self) -> None:
        for name, least in (("distance_m", 1e-3), ("height_m", 1e-3), ("tau_s", 0.0)):
            value = getattr(self, name)
            if not least <= value <= THRESHOLD_MAX:
                raise InputError(f"a well-clear volume with {name} of {value} is none; it lies between {least:g} and {THRESHOLD_MAX:g}")


# RTCA DO-365B, as NASA's DO_365B_no_SUM.conf states them.
PREVENTIVE_VOLUME: Final = Volume(0.66 * NAUTICAL_MILE_M, 700 * FOOT_M, 35.0)  # of Phase I
PHASE_I_VOLUME: Final = Volume(0.66 * NAUTICAL_MILE_M, 450 * FOOT_M, 35.0)  # en route
PHASE_II_VOLUME: Final = Volume(1500 * FOOT_M, 450 * FOOT_M, 0.0)  # terminal area
NON_COOPERATIVE_VOLUME: Final = Volume(2200 * FOOT_M, 450 * FOOT_M, 0.0)  # the other sends nothing


class States(NamedTuple):
    """Where something is and how it moves: six columns of numbers [n], NaN where one is not known.

    Places in degrees on the sphere, heights in metres above `datum`, velocities over the ground in metres per second, up positive.
    """

    lat_deg: Table
    lon_deg: Table
    height_m: Table
    east_mps: Table
    north_mps: Table
    climb_mps: Table
    datum: Datum

    def rows(self) -> Floats:
        """float64[n, 6]. Raises InputError for columns of unlike length, and for places that are not on the earth."""
        rows = _stack(self[:_COLUMNS], States._fields)
        for column, name, most in ((0, "latitude", 90.0), (1, "longitude", 360.0)):
            beyond = np.flatnonzero(np.isfinite(rows[:, column]) & (np.abs(rows[:, column]) > most))
            if beyond.size:
                raise InputError(f"{name} {rows[beyond[0], column]} of state {beyond[0]} is not on the earth")
        return rows


class Violations(NamedTuple):
    """What was found of n pairs and k volumes."""

    verdict: Bytes  # uint8[n, k]: CLEAR 0, CONFLICT 1, UNKNOWN 2 of engine.layout
    enters_s: Floats  # float64[n, k]: seconds until the violation begins, 0 inside it; inf when CLEAR, NaN when UNKNOWN
    leaves_s: Floats  # float64[n, k]: seconds until it ends, at most the lookahead; -inf when CLEAR, NaN when UNKNOWN


def violations(motions: Table, volumes: Sequence[Volume], lookahead_s: float = LOOKAHEAD_S) -> Violations:
    """When each pair is first not well clear within the lookahead, exactly, for each of the volumes.

    `motions` is [n, 6]: x, y, z in metres and vx, vy, vz in metres per second of the one relative to the other, z up, in a flat frame.
    Raises InputError for another shape or a lookahead that is none, LimitError for more than MOST_ROWS.

    Two that meet head on, 24 km apart at one height, at 200 m/s each; and two of which nobody knows how high they are:

    >>> found = violations([[24_000, 0, 0, -400, 0, 0], [24_000, 0, float("nan"), -400, 0, 0]], [PHASE_I_VOLUME])
    >>> found.enters_s.round(3).tolist(), found.leaves_s.round(3).tolist()
    ([[24.735], [nan]], [[63.056], [nan]])
    >>> found.verdict.tolist()
    [[1], [2]]
    """
    if not 0.0 < lookahead_s <= LOOKAHEAD_MAX_S:
        raise InputError(f"a lookahead of {lookahead_s} s is not within 0 to {LOOKAHEAD_MAX_S:.0f} s")
    if not volumes:
        raise InputError("no well-clear volume is given, and without one nothing could ever be found")
    rows = as_floats(motions, "motions")
    if rows.ndim != 2 or rows.shape[1] != _COLUMNS:
        raise InputError(f"motions are rows of x, y, z, vx, vy, vz; these have the shape {rows.shape}")
    shape = rows.shape[0], len(volumes)
    zones = np.array([(one.distance_m, one.height_m, one.tau_s) for one in volumes], dtype=np.float64)
    found = Violations(np.empty(shape, np.uint8), np.empty(shape), np.empty(shape))
    judge_well_clear(rows, zones, float(lookahead_s), *found)
    return found


def relative_motions(own: States, other: States) -> Floats:
    """float64[n, 6]: the motion of each other relative to each own, orthographic about own; NaN where it is not known.

    Metres and metres per second, x east, y north, z up. Heights above unlike datums cannot be compared, and become NaN. Raises InputError
    when the two are of unlike length, or a place is not on the earth.

    >>> level = Datum.PRESSURE
    >>> north = States([40.0], [10.0], [3000.0], [0.0], [100.0], [0.0], level)
    >>> south = States([40.1], [10.0], [3100.0], [0.0], [-100.0], [0.0], level)
    >>> relative_motions(north, south).round(3).tolist()
    [[0.0, 11111.994, 100.0, 0.0, -200.0, 0.0]]
    """
    one, two = own.rows(), other.rows()
    if one.shape != two.shape:
        raise InputError(f"own has {one.shape[0]} states and the other {two.shape[0]}; they go by pairs")
    found = np.empty_like(one)
    relative(one, two, found)
    if own.datum is not other.datum:
        found[:, 2] = np.nan
    return found


def states_of(plots: Iterable[Plot], instants: Sequence[Instant], age_max_s: float = AGE_MAX_S) -> States:
    """The states of one track at each of the instants, as whoever looked at that moment knew them: only from hits until then.

    The newest hit is carried straight on to the instant; speed and climb are as reported, or else fitted to the hits before
    (`engine.trail`). NaN where there is no hit within `age_max_s`, or no speed, height or climb yet; a gap of more than 30 s, or a jump,
    begins a new track. The states are above the datum of the first height. Raises InputError for instants that do not ascend, and an age
    that is none.
    """
    if not 0.0 <= age_max_s <= FIT_S:
        raise InputError(f"an age of {age_max_s} s is not within 0 to {FIT_S:.0f} s")
    if any(one >= other for one, other in pairwise(instants)):
        raise InputError("the instants do not ascend")
    ordered = sorted(plots, key=lambda plot: plot.at.ns)
    datum = next((plot.height.datum for plot in ordered if plot.height is not None), Datum.PRESSURE)
    rows, trail, taken = np.full((len(instants), _COLUMNS), np.nan), None, 0
    for row, at in zip(rows, instants, strict=True):
        while taken < len(ordered) and ordered[taken].at <= at:
            trail, taken = _followed(trail, ordered[taken]), taken + 1
        if trail is not None and at.since(trail.last.at) <= age_max_s:
            row[:] = _known(trail, at, datum)
    lat, lon, height, east, north, climb = rows.T
    return States(lat, lon, height, east, north, climb, datum)


def _followed(trail: Trail | None, plot: Plot) -> Trail:
    """The trail with one more hit; a new one where the hit cannot be the same thing, and the old one for a hit that is not newer."""
    if trail is None or not trail.follows(plot, FIT_S):
        return Trail(plot)
    if plot.at > trail.last.at:
        trail.add(plot)
    return trail


def _known(trail: Trail, at: Instant, datum: Datum) -> tuple[float, ...]:
    """What the trail says of the instant, as a row of states."""
    place, vertical = ahead(trail, at), trail.vertical(STEADY)
    east_mps, north_mps = trail.velocity_mps or (np.nan, np.nan)
    if vertical is None or vertical.datum is not datum or (trail.hits < 2 and trail.last.climb_mps is None):
        return place.lat_deg, place.lon_deg, np.nan, east_mps, north_mps, np.nan
    return place.lat_deg, place.lon_deg, vertical.at_m(at.since(trail.last.at)), east_mps, north_mps, vertical.climb_mps


def _stack(columns: Sequence[object], names: Sequence[str]) -> Floats:
    """The columns side by side."""
    arrays = [as_floats(column, name) for column, name in zip(columns, names, strict=False)]
    for array, name in zip(arrays, names, strict=False):
        if array.ndim != 1 or array.size != arrays[0].size:
            raise InputError(f"{name} has the shape {array.shape}, and {names[0]} has {arrays[0].shape}; they are columns of one length")
    return np.ascontiguousarray(np.stack(arrays, axis=1))


def as_floats(numbers: object, name: str) -> Floats:
    """The numbers as float64, in order of rows; None and what a mask hides are NaN.

    Raises InputError, with `name`, when they are no numbers; LimitError, before anything is copied, for more than MOST_ROWS.
    """
    try:
        table = np.ma.filled(numbers.astype(np.float64), np.nan) if isinstance(numbers, np.ma.MaskedArray) else np.asarray(numbers)
        _check(table, name)
        return np.ascontiguousarray(table, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} are not numbers, or not a table of them") from None


def _check(table: npt.NDArray[np.generic], name: str) -> None:
    """Raises InputError for a table of text or of times, LimitError for one that is too long."""
    if table.ndim and table.shape[0] > MOST_ROWS:
        raise LimitError(f"{table.shape[0]} rows at once are more than {MOST_ROWS}; give them in parts")
    kind = table.dtype.kind
    if kind not in "biufO" or (kind == "O" and any(isinstance(one, str | bytes) for one in table.flat)):
        raise InputError(f"{name} are no numbers, but {table.dtype.name}")
