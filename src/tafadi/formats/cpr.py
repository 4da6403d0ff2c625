"""Compact position reporting: places on the earth from the 17 bits of latitude and longitude that ADS-B sends.

The earth is cut into 60 bands of latitude by even messages and 59 by odd ones, and each band into zones of longitude; a message says where
within its zone it is, and never which zone. An even and an odd message of nearly one time tell the zone (`pair`), as a vernier does; once a
place is known, one message more is told by being near it (`near`).

Frame : WGS 84, degrees. Airborne zones span 360 degrees together, surface zones 90.
Source: RTCA DO-260B, appendix A.1.7; ICAO Doc 9871, appendix C. Twin: the tests decode real recordings beside two other decoders.
"""

import math
from bisect import bisect_left
from typing import Final, NamedTuple

STEPS: Final = 1 << 17  # places within a zone
AIRBORNE_DEG: Final = 360.0
SURFACE_DEG: Final = 90.0
BANDS: Final = 15  # NZ: zones of latitude between the equator and a pole, in a quarter of 60


class Place(NamedTuple):
    """Latitude and longitude in degrees."""

    lat_deg: float
    lon_deg: float


class Coded(NamedTuple):
    """One message: its two numbers of 17 bits, and whether it is an odd one."""

    lat: int
    lon: int
    is_odd: bool


def _edge(zones: int) -> float:
    """The latitude above which there are fewer than `zones` zones of longitude."""
    ratio = (1.0 - math.cos(math.pi / (2 * BANDS))) / (1.0 - math.cos(2.0 * math.pi / zones))
    return math.degrees(math.acos(math.sqrt(ratio)))


_EDGES: Final = (*(_edge(zones) for zones in range(59, 2, -1)), 87.0)


def zones(lat_deg: float) -> int:
    """How many zones of longitude there are at that latitude: 59 at the equator, 1 beyond 87 degrees.

    >>> zones(0.0), zones(52.26), zones(-52.26), zones(87.0), zones(89.0)
    (59, 36, 36, 2, 1)
    """
    return 59 - bisect_left(_EDGES, abs(lat_deg))


def _lat(coded: Coded, band: int, around: Place | None) -> float:
    """The latitude within that band, of -90 to 90 (or further, when the message is no place)."""
    bands = 4 * BANDS - coded.is_odd
    span_deg = AIRBORNE_DEG if around is None else SURFACE_DEG
    lat_deg = span_deg / bands * (band % bands + coded.lat / STEPS)
    if around is None:
        return lat_deg - 360.0 if lat_deg >= 270.0 else lat_deg
    return lat_deg - 90.0 if lat_deg - around.lat_deg > 45.0 else lat_deg


def pair(even: Coded, odd: Coded, is_odd_newer: bool, around: Place | None = None) -> Place | None:
    """The place of the newer of an even and an odd message; None when the two lie in different zones, or nowhere.

    In the air, when `around` is None; on the ground the answer is one of eight places, a quarter of the earth apart, and the one nearest to
    `around` is meant. The two must be of one time, as far as 3 NM of flight go: 10 s (DO-260B, 2.2.10.3).
    """
    band = math.floor((59 * even.lat - 60 * odd.lat) / STEPS + 0.5)
    even_deg, odd_deg = _lat(even, band, around), _lat(odd, band, around)
    count = zones(even_deg)
    if abs(even_deg) > 90.0 or abs(odd_deg) > 90.0 or count != zones(odd_deg):
        return None
    newer, lat_deg = (odd, odd_deg) if is_odd_newer else (even, even_deg)
    zone = math.floor((even.lon * (count - 1) - odd.lon * count) / STEPS + 0.5)
    own = max(count - newer.is_odd, 1)
    span_deg = AIRBORNE_DEG if around is None else SURFACE_DEG
    lon_deg = span_deg / own * (zone % own + newer.lon / STEPS)
    if around is not None:
        lon_deg += 90.0 * round((around.lon_deg - lon_deg) / 90.0)
    return Place(lat_deg, _turned(lon_deg))


def _turned(lon_deg: float) -> float:
    """The longitude within -180 to 180."""
    return (lon_deg + 180.0) % 360.0 - 180.0 if not -180.0 <= lon_deg < 180.0 else lon_deg


def near(coded: Coded, known: Place, span_deg: float) -> Place | None:
    """The place of one message that lies within half a zone of `known`; None when it lies beyond a pole.

    Half a zone is 180 NM for `AIRBORNE_DEG` and 45 NM for `SURFACE_DEG`: the caller sees to it that nothing has gone so far.
    """
    height_deg = span_deg / (4 * BANDS - coded.is_odd)
    lat_deg = height_deg * (_nearest(known.lat_deg / height_deg, coded.lat) + coded.lat / STEPS)
    if abs(lat_deg) > 90.0:
        return None
    width_deg = span_deg / max(zones(lat_deg) - coded.is_odd, 1)
    lon_deg = width_deg * (_nearest(known.lon_deg / width_deg, coded.lon) + coded.lon / STEPS)
    return Place(lat_deg, _turned(lon_deg))


def _nearest(zone: float, steps: int) -> int:
    """Which zone the message is in, when it is nearest to a place `zone` zones from the origin."""
    return math.floor(0.5 + zone - steps / STEPS)
