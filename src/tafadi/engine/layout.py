"""What the kernels are given and give back: codes, arrays with names, compiler flags. Numbers only; no nouns.

Frame : the earth is met as ECEF at height 0 (every place has three coordinates and no seam); a flat world is x, y, 0.
Units : metres, seconds; instants as whole nanoseconds since 1970 (float64 Unix seconds step by 0.2 µs, and would make a result depend on
the company that a pair is judged in).
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar, cast

import numba as nb
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Float32s = npt.NDArray[np.float32]
Int32s = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Lanes = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]
Records = npt.NDArray[np.void]

# Verdicts. UNKNOWN is neither of the others, and is reported as loudly as CONFLICT.
CLEAR: Final = 0
CONFLICT: Final = 1
UNKNOWN: Final = 2

# Causes of UNKNOWN.
NO_CAUSE: Final = 0
HEIGHT_MISSING: Final = 1
DATUMS_UNLIKE: Final = 2
NOT_FINITE: Final = 3
VELOCITY_MISSING: Final = 4

# Datums; the codes below zero say that there is none.
ELLIPSOID: Final = 0
GEOID: Final = 1
PRESSURE: Final = 2
GROUND: Final = 3
MISSING: Final = -1
MIXED: Final = -2  # a leg from one datum to another: its height in between is not known

HIGHEST_M: Final = 100_000.0  # nothing flies above this in any datum: measure.height has the same
EDGE_M: Final = 1e-6  # exactly at the minima is separated; flight levels turned into metres land within a nanometre of them
JOIN_S: Final = 1e-3  # gaps between spans shorter than this are the seams of our own pieces (1 mm at 1 m/s), not separation
SECOND_NS: Final = 1_000_000_000

# cache: a command answers in a second, not in ten. nogil: threads may judge in parallel. numpy: a division by zero gives inf, as intended.
# No fastmath: it would delete the tests for NaN.
KERNEL: Final[dict[str, Any]] = {"cache": True, "nogil": True, "error_model": "numpy"}

Numeric = TypeVar("Numeric", bound=Callable[..., object])


def kernel(function: Numeric) -> Numeric:
    """The function, compiled when first called and kept on disk: the way into a file of kernels."""
    return cast(Numeric, nb.njit(**KERNEL)(function))


def part(function: Numeric) -> Numeric:
    """The function, compiled as a part of the kernels that call it."""
    return cast(Numeric, nb.njit(error_model="numpy")(function))


def leaf(function: Numeric) -> Numeric:
    """The function, written out where it is called."""
    return cast(Numeric, nb.njit(inline="always", error_model="numpy")(function))


class World(NamedTuple):
    """The surface on which the pair moves: an ellipsoid, or a plane (`flat`); motion is linear over `step_m`."""

    flat: bool
    semi_major_m: float
    flattening: float
    step_m: float


class Paths(NamedTuple):
    """Trajectories, cut into pieces: piece k of path p runs from point k to k + 1, for first[p] <= k < first[p + 1] - 1.

    A piece is the geodesic between its ends, at constant speed; `kernels.legs` solves it, within 1 mm.
    """

    first: Ints  # [paths + 1]
    at_ns: Ints  # [points]
    place_m: Floats  # [points, 3]
    height_m: Floats  # [points], NaN where not stated
    datum: Codes  # [points], of the piece that begins here


class Bodies(NamedTuple):
    """Volumes: an outline (ring, or circle), a band, a stretch of time."""

    first: Ints  # [bodies + 1] into ring_m; a circle has no ring
    ring_m: Floats  # [points, 3] outlines, cut into pieces, not closed
    centre_m: Floats  # [bodies, 3] centre of the circle, or of the ball around the outline
    radius_m: Floats  # [bodies] of the circle along the geodesic; NaN for an outline
    ball_m: Floats  # [bodies] radius of a ball around all of it: prefilter only
    lower_m: Floats
    upper_m: Floats
    lower_datum: Codes
    upper_datum: Codes
    start_ns: Ints
    end_ns: Ints


# What a kernel finds of one pair. Times are seconds after the pair's epoch: the instant at which both have begun.
FOUND: Final = np.dtype(
    [
        ("verdict", np.uint8),
        ("cause", np.uint8),
        ("epoch_ns", np.int64),
        ("start_s", np.float64),  # of the first contiguous span of conflict, or else of unknown; NaN when CLEAR
        ("end_s", np.float64),
        ("nearest_s", np.float64),  # when the pair is deepest within the minima, or nearest to them
        ("horizontal_m", np.float64),  # then
        ("vertical_m", np.float64),  # then; NaN where heights cannot be compared
        ("least_horizontal_m", np.float64),  # smallest horizontal distance while in conflict
    ]
)
