"""Units: the only place that knows feet, knots and miles.

Inside Tafadi everything is metres, seconds and metres per second. Text that a person writes carries its unit in square brackets,
`"500 [ft]"`, and is turned into SI here, at the door. A number without a unit is refused, never guessed.

Source: ICAO Annex 5 (NM, kt, ft by definition); 1 NM = 1852 m, 1 ft = 0.3048 m exactly.
"""

import math
import re
from typing import Final, NamedTuple

from tafadi.errors import UnitError

FOOT_M: Final = 0.3048
NAUTICAL_MILE_M: Final = 1852.0
STATUTE_MILE_M: Final = 1609.344
KNOT_MPS: Final = NAUTICAL_MILE_M / 3600.0
FOOT_PER_MINUTE_MPS: Final = FOOT_M / 60.0
FLIGHT_LEVEL_M: Final = 100.0 * FOOT_M
INCH_OF_MERCURY_PA: Final = 3_386.389  # conventional, at 0 C; 29.92 inHg is 1013.2 hPa


class Unit(NamedTuple):
    """A unit's dimension and its size in SI."""

    dimension: str
    si: float


UNITS: Final = {
    "m": Unit("length", 1.0),
    "km": Unit("length", 1000.0),
    "ft": Unit("length", FOOT_M),
    "NM": Unit("length", NAUTICAL_MILE_M),
    "mi": Unit("length", STATUTE_MILE_M),
    "FL": Unit("length", FLIGHT_LEVEL_M),
    "s": Unit("time", 1.0),
    "min": Unit("time", 60.0),
    "h": Unit("time", 3600.0),
    "d": Unit("time", 86400.0),
    "m/s": Unit("speed", 1.0),
    "kt": Unit("speed", KNOT_MPS),
    "km/h": Unit("speed", 1000.0 / 3600.0),
    "ft/min": Unit("speed", FOOT_PER_MINUTE_MPS),
    "deg": Unit("angle", 1.0),
    "hPa": Unit("pressure", 100.0),
    "inHg": Unit("pressure", INCH_OF_MERCURY_PA),
    "K": Unit("temperature", 1.0),  # differences of temperature alone
}

_QUANTITY = re.compile(r"\s*([-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?)\s*\[\s*([A-Za-z/]+)\s*\]\s*")
_LONGEST_TEXT = 80  # a quantity is a few words; anything longer is not one


def parse_quantity(text: str, dimension: str) -> float:
    """The quantity in SI units (metres, seconds, metres per second, pascals, kelvins; degrees for angles).

    `dimension` is one of "length", "time", "speed", "angle", "pressure", "temperature". Raises UnitError for a missing, unknown or
    unlike unit.

    >>> parse_quantity("500 [ft]", "length")
    152.4
    >>> parse_quantity("3 [NM]", "length")
    5556.0
    >>> parse_quantity("500", "length")
    Traceback (most recent call last):
    tafadi.errors.UnitError: '500' is not a quantity with its unit in brackets, like "500 [ft]"
    """
    match = _QUANTITY.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
    if match is None:
        raise UnitError(f'{text[:_LONGEST_TEXT]!r} is not a quantity with its unit in brackets, like "500 [ft]"')
    number, name = match.groups()
    unit = UNITS.get(name)
    if unit is None:
        raise UnitError(f"unit {name!r} is not known; known are {', '.join(UNITS)}")
    if unit.dimension != dimension:
        raise UnitError(f"{text.strip()!r} is a {unit.dimension}, and a {dimension} is needed")
    value = float(number) * unit.si
    if not math.isfinite(value):
        raise UnitError(f"{text.strip()!r} is not a finite quantity")
    return value


def feet(length_m: float) -> float:
    """Metres as feet."""
    return length_m / FOOT_M


def nautical_miles(length_m: float) -> float:
    """Metres as nautical miles."""
    return length_m / NAUTICAL_MILE_M
