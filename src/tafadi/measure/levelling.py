"""Levelling: heights above one datum, said above another, and by how much that may be wrong.

    ground    + what is stated of the terrain            = geoid or ellipsoid
    pressure  + what is stated of the air                = geoid
    geoid     + undulation (a grid of how the geoid lies) = ellipsoid,  h = H + N

Nothing is guessed: a step for which nothing is stated gives NaN, and a height that is NaN is UNKNOWN. In particular a geoid without its
grid is not an undulation of zero. Each step says how far it may be wrong, and the errors add up: whoever compares heights of unlike datums
widens the minima by their sum for CLEAR, and narrows them by it for CONFLICT (`tafadi.engine.levelled`).

The air. Pressure height is the height in the standard atmosphere (ICAO Doc 7488) at which there is that pressure. With the pressure at sea
level (QNH) and the difference in temperature from the standard, which is taken as the same at all heights, it is, in geopotential metres,

    H = hp - hp(QNH) + dT * (F(hp) - F(hs)),   F(h) = -ln(1 - L h / T0) / L,   above 11 km  F(11 km) + (h - 11 km) / 216.65 K

where hs is the pressure height of the place that gives the QNH (there QNH is right by its definition). Geometric: Z = R H / (R - H).
`docs/maths/heights.md` has the derivation and the sizes of the errors.
"""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from tafadi.errors import DatumError, InputError
from tafadi.measure.height import Datum, Height

Floats = npt.NDArray[np.float64]

SEA_TEMPERATURE_K: Final = 288.15  # ICAO Doc 7488
LAPSE_K_PER_M: Final = 0.0065
TROPOPAUSE_M: Final = 11_000.0
ABOVE_K: Final = 216.65
STANDARD_PA: Final = 101_325.0
EXPONENT: Final = 287.05287 * LAPSE_K_PER_M / 9.80665  # of pressure in the troposphere
EARTH_M: Final = 6_356_766.0  # the radius by which Doc 7488 turns geopotential into geometric metres
GRAVITY: Final = 0.003  # of the height: gravity differs by 0.27 % from the standard at the equator and at the poles
ALTIMETER_M: Final = 38.1  # 125 ft: ICAO Annex 10, volume IV, 3.1.1.7.12.2.4, between what is reported and what the altimeter is given
QNH_PA: Final = (85_000.0, 110_000.0)  # beyond what was ever measured at sea level (870 and 1085 hPa)
WARMER_K: Final = (-80.0, 60.0)  # beyond what was ever measured at the ground
WITHIN_MOST_M: Final = 5_000.0  # less sure than this is not a height
GEOID_LOW_M: Final = -110.0  # the geoid lies between -106.2 m (south of India) and 85.8 m (New Guinea), EGM2008
GEOID_HIGH_M: Final = 90.0
GEOID_SLOPE: Final = 6e-4  # the steepest that the geoid is inclined to the ellipsoid, 110 arc seconds, and some
LACKS_AIR: Final = "what is known of the air"
LACKS_TERRAIN: Final = "how high the ground lies"
LACKS_GRID: Final = "a grid of the geoid"
TARGETS: Final = (Datum.GEOID, Datum.ELLIPSOID)  # what heights are brought to; never to pressure or to the ground


class Box(NamedTuple):
    """A stretch of the earth in degrees; `west` may be less than -180 and `east` more than 180, so that none needs to be cut."""

    south: float
    north: float
    west: float
    east: float


class Undulation(Protocol):
    """How high the geoid lies above the ellipsoid. What knows it reads a grid, and is handed in: nothing is read here."""

    @property
    def name(self) -> str:
        """What it is, for people."""
        ...

    @property
    def within_m(self) -> float:
        """How far it may be from mean sea level as heights are announced above it."""
        ...

    def geoid_m(self, lat_deg: Floats, lon_deg: Floats) -> Floats:
        """float64[n]: metres of the geoid above the ellipsoid; NaN where the grid says nothing."""
        ...

    def over_m(self, box: Box) -> tuple[float, float]:
        """The lowest and the highest of the geoid in the box; NaN where any of it is not known."""
        ...


class Air(Protocol):
    """What is stated of the air: turns pressure heights into heights above the geoid."""

    def above_geoid_m(self, pressure_m: Floats) -> tuple[Floats, Floats]:
        """float64[n] each: the heights, and how far each may be wrong."""
        ...


@dataclass(frozen=True, slots=True)
class RoughAir:
    """Pressure heights are taken for heights above the geoid, give or take `within_m`. Raises InputError for a distance that is none."""

    within_m: float

    def __post_init__(self) -> None:
        check_within(self.within_m, "pressure heights")

    def above_geoid_m(self, pressure_m: Floats) -> tuple[Floats, Floats]:
        """The same heights, and `within_m` for each."""
        return pressure_m, np.full_like(pressure_m, self.within_m)


@dataclass(frozen=True, slots=True)
class MeasuredAir:
    """The pressure at sea level (QNH) of a place, and how much warmer the air is than the standard, each give or take.

    `station_m` is how high that place lies above sea level. Raises InputError for what no air is, and when it is said to be exact.

    >>> air = MeasuredAir(qnh_pa=100_300.0, qnh_within_pa=200.0, warmer_k=-10.0, warmer_within_k=5.0)
    >>> height_m, within_m = air.above_geoid_m(np.array([3000.0]))
    >>> round(float(height_m[0])), round(float(within_m[0]))
    (2811, 116)
    """

    qnh_pa: float
    qnh_within_pa: float
    warmer_k: float
    warmer_within_k: float
    station_m: float = 0.0

    def __post_init__(self) -> None:
        _check_range(self.qnh_pa, QNH_PA, "Pa", "a pressure at sea level")
        _check_range(self.warmer_k, WARMER_K, "K", "a difference in temperature from the standard")
        _check_range(self.station_m, (-500.0, 6_000.0), "m", "the height of a place that gives a QNH")
        for value, most, what in ((self.qnh_within_pa, 10_000.0, "pressure"), (self.warmer_within_k, 60.0, "temperature")):
            if not (math.isfinite(value) and 0.0 < value <= most):
                raise InputError(
                    f"nobody knows the {what} of the air exactly; say how far it may be wrong, more than 0 and at most {most:g}"
                )

    def above_geoid_m(self, pressure_m: Floats) -> tuple[Floats, Floats]:
        """The heights, and how far each may be wrong: by the pressure, the temperature, gravity and the altimeter."""
        station_m = self.station_m + _sea_level_m(self.qnh_pa)  # its pressure height
        column = _column(pressure_m) - float(_column(np.array([station_m]))[0])
        geopotential_m = pressure_m - _sea_level_m(self.qnh_pa) + self.warmer_k * column
        lower_pa = self.qnh_pa - self.qnh_within_pa
        within_m = ALTIMETER_M + abs(_sea_level_m(lower_pa) - _sea_level_m(self.qnh_pa))
        slack_m = self.warmer_within_k * np.abs(column) + GRAVITY * np.abs(geopotential_m)
        return EARTH_M * geopotential_m / (EARTH_M - geopotential_m), within_m + slack_m


@dataclass(frozen=True, slots=True)
class Terrain:
    """How high the ground lies, above the geoid or the ellipsoid, give or take. Raises InputError, DatumError."""

    elevation: Height
    within_m: float

    def __post_init__(self) -> None:
        check_within(self.within_m, "the ground")
        if self.elevation.datum not in TARGETS:
            raise DatumError(f"the ground lies above the geoid or the ellipsoid, and not above {self.elevation.datum}")


class Levelled(NamedTuple):
    """Heights above another datum, and how far each may be wrong; float64[n], NaN where it cannot be said."""

    height_m: Floats
    within_m: Floats


@dataclass(frozen=True, slots=True)
class Levelling:
    """By what heights are brought from one datum to another; None where nothing is stated."""

    undulation: Undulation | None = None
    air: Air | None = None
    terrain: Terrain | None = None

    def lacks(self, datum: Datum, into: Datum) -> str:
        """What must be stated to bring heights from `datum` to `into`; empty when nothing is missing."""
        if datum is into:
            return ""
        if datum is Datum.PRESSURE and self.air is None:
            return LACKS_AIR
        if datum is Datum.GROUND and self.terrain is None:
            return LACKS_TERRAIN
        return "" if self.undulation is not None or self._based(datum) is into else LACKS_GRID

    def at(self, height_m: Floats, datum: Datum, into: Datum, lat_deg: Floats, lon_deg: Floats) -> Levelled:
        """Heights above `datum` at those places, above `into` (the geoid or the ellipsoid). All arrays are float64[n].

        NaN where something is missing. Raises DatumError for an `into` that heights are not brought to.
        """
        based_m, within_m = self._raised(np.asarray(height_m, dtype=np.float64), datum, into)
        sign = self._sign(datum, into)
        if sign == 0.0 or self.undulation is None:
            return Levelled(based_m, within_m)
        return Levelled(based_m + sign * self.undulation.geoid_m(lat_deg, lon_deg), within_m + self.undulation.within_m)

    def over(self, height: Height, into: Datum, box: Box) -> tuple[float, float]:
        """The least and the most that one height is above `into`, anywhere in the box and with every error; NaN where nobody can say."""
        based_m, within_m = (float(values[0]) for values in self._raised(np.array([height.value_m], dtype=np.float64), height.datum, into))
        sign = self._sign(height.datum, into)
        if sign == 0.0 or self.undulation is None:
            return based_m - within_m, based_m + within_m
        low_m, high_m = sorted(sign * value for value in self.undulation.over_m(box))
        within_m += self.undulation.within_m
        return based_m + low_m - within_m, based_m + high_m + within_m

    def _based(self, datum: Datum) -> Datum:
        """The datum in which a height stands once air and terrain are accounted for."""
        if datum is Datum.GROUND and self.terrain is not None:
            return self.terrain.elevation.datum
        return Datum.GEOID if datum is Datum.PRESSURE else datum

    def _sign(self, datum: Datum, into: Datum) -> float:
        """How often the undulation is added."""
        return 0.0 if self._based(datum) is into else 1.0 if into is Datum.ELLIPSOID else -1.0

    def _raised(self, height_m: Floats, datum: Datum, into: Datum) -> Levelled:
        """The heights once air and terrain are accounted for; NaN when something is missing on the way to `into`."""
        if into not in TARGETS:
            raise DatumError(f"heights are brought to the geoid or the ellipsoid, and not to {into}")
        if self.lacks(datum, into):
            return Levelled(np.full_like(height_m, np.nan), np.full_like(height_m, np.nan))
        if datum is Datum.PRESSURE and self.air is not None:
            return Levelled(*self.air.above_geoid_m(height_m))
        if datum is Datum.GROUND and self.terrain is not None:
            return Levelled(height_m + self.terrain.elevation.value_m, np.full_like(height_m, self.terrain.within_m))
        return Levelled(height_m, np.zeros_like(height_m))


NOTHING_STATED: Final = Levelling()


def check_within(within_m: float, what: str) -> None:
    """Raises InputError for a distance by which nothing can be wrong."""
    if not (math.isfinite(within_m) and 0.0 < within_m <= WITHIN_MOST_M):
        raise InputError(f"{what} may not be {within_m:g} m wrong; say more than 0 and at most {WITHIN_MOST_M:,.0f} m")


def _check_range(value: float, allowed: tuple[float, float], unit: str, what: str) -> None:
    if not (math.isfinite(value) and allowed[0] <= value <= allowed[1]):
        raise InputError(f"{value:g} {unit} is not {what}; that is within {allowed[0]:g} to {allowed[1]:g} {unit}")


def _sea_level_m(qnh_pa: float) -> float:
    """The pressure height of sea level."""
    return SEA_TEMPERATURE_K / LAPSE_K_PER_M * (1.0 - math.pow(qnh_pa / STANDARD_PA, EXPONENT))


def _column(pressure_m: Floats) -> Floats:
    """float64[n]: metres by which a column of air from sea level grows for each kelvin that it is warmer."""
    below_m = np.minimum(pressure_m, TROPOPAUSE_M)
    return np.asarray(
        -np.log1p(-LAPSE_K_PER_M * below_m / SEA_TEMPERATURE_K) / LAPSE_K_PER_M + np.maximum(pressure_m - TROPOPAUSE_M, 0.0) / ABOVE_K
    )
