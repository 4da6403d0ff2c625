"""Heights: a value in metres and what it is measured from.

A height without its datum is not a height: 300-400 m read against 1000-1300 ft has passed as "no intersection". Unlike datums refuse to
subtract, in a sentence; the engine turns that refusal into UNKNOWN.
"""

from dataclasses import dataclass
from enum import StrEnum

from tafadi.errors import DatumError, InputError
from tafadi.measure.kinds import check_kind, is_finite, shown
from tafadi.measure.units import parse_quantity

HIGHEST_M = 100_000.0  # above this nothing flies under any agreement; radar shows false targets at 90,000 ft
LOWEST_M = -1_000.0  # the shore of the Dead Sea lies at -430 m; pressure height may read some hundred metres lower


class Datum(StrEnum):
    """What a height is measured from.

    >>> Datum("pressure")
    <Datum.PRESSURE: 'pressure'>
    """

    ELLIPSOID = "ellipsoid"  # WGS 84
    GEOID = "geoid"  # mean sea level
    PRESSURE = "pressure"  # flight level: 1013.25 hPa
    GROUND = "ground"  # the terrain below


@dataclass(frozen=True, slots=True)
class Height:
    """A height in metres above its datum.

    >>> Height.parse("3000 [ft] geoid")
    Height(value_m=914.4000000000001, datum=<Datum.GEOID: 'geoid'>)
    """

    value_m: float
    datum: Datum

    def __post_init__(self) -> None:
        if not is_finite(self.value_m):
            raise InputError(f"a height of {shown(self.value_m)} m is not a number; leave an unknown height out instead")
        if not LOWEST_M <= self.value_m <= HIGHEST_M:
            raise InputError(f"a height of {self.value_m:.0f} m is outside {LOWEST_M:.0f} to {HIGHEST_M:.0f} m")
        if not isinstance(self.datum, Datum):
            raise DatumError(f"{shown(self.datum)} is no datum; give one of {', '.join(f'Datum.{one.name}' for one in Datum)}")

    @classmethod
    def parse(cls, text: str) -> "Height":
        """The height written as a quantity and its datum. Raises UnitError, DatumError."""
        check_kind(text, "a height that is to be read", str)
        quantity, bracket, datum = text.rpartition("]")
        if datum.strip() not in set(Datum):
            raise DatumError(f"{text!r} names no datum; add one of {', '.join(Datum)}")
        return cls(parse_quantity(quantity + bracket, "length"), Datum(datum.strip()))

    def above(self, other: "Height") -> float:
        """Metres from `other` up to this height. Raises DatumError when the datums differ."""
        if self.datum is not other.datum:
            raise DatumError(f"a height above {self.datum} and one above {other.datum} cannot be compared")
        return self.value_m - other.value_m

    def __str__(self) -> str:
        return f"{self.value_m:.1f} m {self.datum}"
