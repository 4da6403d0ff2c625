"""Live states at one instant, as arrays: how they come in, and what counts as not known."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from tafadi.engine.kernels.placing import velocities
from tafadi.engine.layout import ELLIPSOID, GEOID, GROUND, MISSING, PRESSURE, Codes, Floats
from tafadi.errors import InputError
from tafadi.measure.height import Datum

CODES: Final = {Datum.ELLIPSOID: ELLIPSOID, Datum.GEOID: GEOID, Datum.PRESSURE: PRESSURE, Datum.GROUND: GROUND}


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """Live states at one instant, as arrays of one length; NaN (and datum MISSING) where something is not known.

    Velocity is over ground, heights are above the datum of the same row. A number that nothing has (a latitude of 91, a speed beyond
    1,000 m/s, a height beyond 101 km, a climb beyond 500 m/s) counts as not known, and what is not known is never clear.
    """

    lat_deg: Floats
    lon_deg: Floats
    east_mps: Floats
    north_mps: Floats
    height_m: Floats
    climb_mps: Floats
    datum: Codes  # codes of engine.layout

    @classmethod
    def moving(
        cls,
        lat_deg: npt.ArrayLike,
        lon_deg: npt.ArrayLike,
        *,
        east_mps: npt.ArrayLike,
        north_mps: npt.ArrayLike,
        height_m: npt.ArrayLike,
        datum: Datum | Sequence[Datum | None],
        climb_mps: npt.ArrayLike,
    ) -> "States":
        """States from velocities to the east and to the north. Raises InputError for unlike lengths and what are no numbers."""
        names = ("lat_deg", "lon_deg", "east_mps", "north_mps", "height_m", "climb_mps")
        given = (lat_deg, lon_deg, east_mps, north_mps, height_m, climb_mps)
        columns = [_column(name, values) for name, values in zip(names, given, strict=True)]
        count = len(columns[0])
        for name, values in zip(names, columns, strict=True):
            if len(values) != count:
                raise InputError(f"{name} has {len(values)} values and lat_deg has {count}; each state has one of each")
        lat, lon, east, north, height, climb = columns
        return cls(lat, lon, east, north, height, climb, _datums(datum, count))

    @classmethod
    def on_course(
        cls,
        lat_deg: npt.ArrayLike,
        lon_deg: npt.ArrayLike,
        *,
        course_deg: npt.ArrayLike,
        speed_mps: npt.ArrayLike,
        height_m: npt.ArrayLike,
        datum: Datum | Sequence[Datum | None],
        climb_mps: npt.ArrayLike,
    ) -> "States":
        """States from true courses over ground and speeds; raises as `moving`. A negative speed counts as not known."""
        course, speed = _column("course_deg", course_deg), _column("speed_mps", speed_mps)
        if len(course) != len(speed):
            raise InputError(f"course_deg has {len(course)} values and speed_mps has {len(speed)}; each state has one of each")
        east, north = np.empty((2, len(course)))
        velocities(course, speed, east, north)
        return cls.moving(lat_deg, lon_deg, east_mps=east, north_mps=north, height_m=height_m, datum=datum, climb_mps=climb_mps)

    def __len__(self) -> int:
        """How many states there are."""
        return len(self.lat_deg)


def _column(name: str, values: npt.ArrayLike) -> Floats:
    """The values as float64[n], NaN where they are None or masked."""
    if type(values) is np.ndarray and values.dtype == np.float64 and values.ndim == 1 and values.flags.c_contiguous:
        return values
    try:
        column = np.ascontiguousarray(np.ma.filled(np.ma.asarray(values, dtype=np.float64), np.nan))
    except (TypeError, ValueError):
        raise InputError(f"{name} holds something that is no number") from None
    if column.ndim != 1:
        raise InputError(f"{name} has {column.ndim} dimensions; states are given one after the other")
    return column


def _datums(datum: Datum | Sequence[Datum | None], count: int) -> Codes:
    if isinstance(datum, Datum):
        return np.full(count, CODES[datum], dtype=np.int8)
    if len(datum) != count:
        raise InputError(f"datum has {len(datum)} values and lat_deg has {count}; each state has one of each")
    try:
        return np.array([MISSING if one is None else CODES[Datum(one)] for one in datum], dtype=np.int8)
    except ValueError:
        raise InputError(f"a datum is not one of {', '.join(Datum)}") from None
