"""One record of ASTERIX: questions to it, each answered in the unit of the specification, or by None where it does not say.

Units : those of the specification at the question, SI in what is put together here.
Source: EUROCONTROL-SPEC-0149, parts 2b, 4 and 9; what lies where is said by libasterix, in the editions named here.
"""

import math
import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from tafadi.errors import FormatError, InputError
from tafadi.formats.asterix_layout import Fixed, Place, number
from tafadi.formats.grid import convergence_deg
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.units import FLIGHT_LEVEL_M, FOOT_M

NAME: Final = "asterix"
EDITIONS: Final = {34: "Cat_034_1_29", 48: "Cat_048_1_32", 62: "Cat_062_1_21"}
LEVEL_HELD_S: Final = 12.5  # a level outlives one missed en-route turn, not two
_SQUAWK = re.compile(r"[0-7]{4}")


def library() -> Any:
    """The part of libasterix that is used. Raises FormatError where it is not installed."""
    try:
        return import_module("asterix.generated")
    except ImportError:
        sentence = "ASTERIX is read by libasterix: install tafadi[asterix], in an environment without asterix_decoder"
        raise FormatError(sentence, format=NAME) from None


class Record:
    """One record; each question is answered by None where the record does not say."""

    def __init__(self, data: bytes, places: Mapping[str, Place]) -> None:
        self._data = data
        self._places = places

    def _part(self, path: tuple[str, ...]) -> tuple[Fixed, int] | None:
        """The layout and the bits of a field."""
        place = self._places.get(path[0])
        for name in path[1:]:
            place = None if place is None else place.layout.find(self._data, place.bit, name)
        if place is None or not isinstance(place.layout, Fixed):
            return None
        return place.layout, number(self._data, place.bit, place.layout.size)

    def raw(self, *path: str) -> int | None:
        """The bits as a whole number."""
        part = self._part(path)
        return None if part is None else part[1]

    def quantity(self, unit: str, *path: str) -> float | None:
        """The number in the unit that the specification gives it."""
        part = self._part(path)
        if part is None:
            return None
        layout, bits = part
        is_below_zero = layout.is_signed and bits >> (layout.size - 1)
        return (bits - (1 << layout.size) if is_below_zero else bits) * layout.lsb[unit]

    def text(self, pattern: re.Pattern[str], *path: str) -> str | None:
        """The text, if it is like the pattern."""
        part = self._part(path)
        if part is None or part[0].text is None:
            return None
        text = str(part[0].text.to_string(part[0].size, part[1])).strip()
        return text if pattern.fullmatch(text) else None

    def code(self, item: str) -> str | None:
        """The Mode 3/A code, unless it was garbled or not validated."""
        return None if self.raw(item, "V") or self.raw(item, "G") else self.text(_SQUAWK, item, "MODE3A")


def height_of(value: float | None, unit_m: float, datum: Datum) -> Height | None:
    """The height of so many units above the datum; None where it is not said, or is none that anything flies at."""
    try:
        return None if value is None else Height(value * unit_m, datum)
    except InputError:  # outside what flies: as good as not said
        return None


def position_of(record: Record, item: str) -> Position | None:
    """The place that the record says; None where it says none that is on the earth."""
    lat_deg, lon_deg = record.quantity("°", item, "LAT"), record.quantity("°", item, "LON")
    if lat_deg is None or lon_deg is None:
        return None
    try:
        return Position(lat_deg, lon_deg)
    except InputError:
        return None


def system_of(record: Record) -> str:
    """Area and system code, as "25/201"."""
    return f"{record.raw('010', 'SAC')}/{record.raw('010', 'SIC')}"


def why_not_meant(record: Record) -> str:
    """Why the radar itself does not mean a record of category 048 as the hit of an aircraft; empty when it does."""
    if record.raw("020", "SIM") or record.raw("020", "TST"):
        return "a simulated or a test target"
    if record.raw("020", "RAB"):
        return "a fixed transponder, by which a radar checks itself"
    if record.raw("170", "GHO"):
        return "a false target, by the radar's own word"
    if record.raw("170", "TRE"):
        return "the last message of a track that has ended"
    if record.raw("020", "TYP") == 0:
        return "coasting: the place is the tracker's guess, not a hit"
    return ""


def plot_height(record: Record) -> Height | None:
    """The level of a record of category 048, if it was validated and not garbled; else what a 3D radar measured."""
    is_doubtful = record.raw("090", "V") or record.raw("090", "G")
    level = None if is_doubtful else height_of(record.quantity("FL", "090", "FL"), FLIGHT_LEVEL_M, Datum.PRESSURE)
    return level or height_of(record.quantity("ft", "110", "3DH"), FOOT_M, Datum.GEOID)


def track_height(record: Record) -> Height | None:
    """The measured level while it is fresh, else the tracked one, else the geometric height."""
    age_s = record.quantity("s", "295", "MFL")
    measured = height_of(record.quantity("FL", "136"), FLIGHT_LEVEL_M, Datum.PRESSURE)
    if measured is not None and (age_s is None or age_s <= LEVEL_HELD_S):
        return measured
    datum = Datum.GEOID if record.raw("135", "QNH") else Datum.PRESSURE
    tracked = height_of(record.quantity("FL", "135", "CTB"), FLIGHT_LEVEL_M, datum)
    return tracked or height_of(record.quantity("ft", "130"), FOOT_M, Datum.ELLIPSOID)


def velocity_of(record: Record, lat_deg: float) -> tuple[float | None, float | None]:
    """Speed over ground and true course."""
    east_mps, north_mps = record.quantity("m/s", "185", "VX"), record.quantity("m/s", "185", "VY")
    if east_mps is None or north_mps is None:
        return None, None
    x_m, y_m = record.quantity("m", "100", "X"), record.quantity("m", "100", "Y")
    turn_deg = None if x_m is None or y_m is None else convergence_deg(x_m, y_m, lat_deg)
    speed_mps = math.hypot(east_mps, north_mps)
    if turn_deg is None or speed_mps == 0.0:
        return speed_mps, None
    return speed_mps, (math.degrees(math.atan2(east_mps, north_mps)) + turn_deg) % 360.0
