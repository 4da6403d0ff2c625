"""Places as aviation writes them: degrees, minutes and seconds with a letter for the hemisphere.

    512345N 0012345W      5123N00123W      51:23:45 N 001:23:45 W      51:23.75N 001:23.75W

Source: ICAO Annex 15 (whole minutes or seconds, latitude first) and the OpenAir format (colons, decimals of the last part). WGS 84.
"""

import re
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.earth import Position

_COMPACT: Final = re.compile(
    r"([0-9]{2})([0-9]{2})([0-9]{2}(?:\.[0-9]{1,6})?)?([NS])\s?([0-9]{3})([0-9]{2})([0-9]{2}(?:\.[0-9]{1,6})?)?([EW])"
)
_COLONS: Final = re.compile(
    r"([0-9]{1,3}):([0-9]{1,2}(?:\.[0-9]{1,8})?)(?::([0-9]{1,2}(?:\.[0-9]{1,8})?))?\s*([NS])[\s,]+"
    r"([0-9]{1,3}):([0-9]{1,2}(?:\.[0-9]{1,8})?)(?::([0-9]{1,2}(?:\.[0-9]{1,8})?))?\s*([EW])",
    re.IGNORECASE,
)


def compact_place(text: str) -> Position:
    """The place written without separators; one space may stand between. Raises InputError.

    >>> compact_place("5130N00027W")
    Position(lat_deg=51.5, lon_deg=-0.45)
    """
    return _place(_COMPACT.fullmatch(text.strip()) if len(text) <= 60 else None, text)


def colon_place(text: str) -> Position:
    """The place written with colons. Raises InputError.

    >>> colon_place("47:25:12 N 008:30.5 E")
    Position(lat_deg=47.42, lon_deg=8.508333333333333)
    """
    return _place(_COLONS.fullmatch(text.strip()) if len(text) <= 60 else None, text)


def _place(match: re.Match[str] | None, text: str) -> Position:
    if match is None:
        raise InputError(f"{text[:60]!r} is not a place in degrees and minutes with its hemispheres, latitude first")
    return Position(_angle_deg(match.groups()[:4], text), _angle_deg(match.groups()[4:], text))


def _angle_deg(parts: tuple[str | None, ...], text: str) -> float:
    degrees, minutes, seconds, hemisphere = parts
    minute, second = float(minutes or 0), float(seconds or 0)
    if minute >= 60.0 or second >= 60.0 or (seconds is not None and not minute.is_integer()):
        raise InputError(f"{text[:60]!r} has 60 minutes or seconds or more, or parts of a minute twice")
    angle_deg = (int(degrees or 0) * 3600.0 + minute * 60.0 + second) / 3600.0
    return -angle_deg if (hemisphere or "").upper() in ("S", "W") else angle_deg
