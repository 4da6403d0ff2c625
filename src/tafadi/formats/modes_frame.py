"""Frames of Mode S: what the bits of one reply or squitter say, each number in its own unit, and None where they say nothing.

Frame : bits count from 1, as the documents do; the message field (ME) of an extended squitter is the 56 bits from the 33rd.
Units : feet, knots, feet a minute and degrees, as they are on the wire; `tafadi.formats.modes` turns them into SI.
Source: ICAO Annex 10, volume IV, 3.1.2; RTCA DO-260B, 2.2.3; ICAO Doc 9871.
"""

import math
from typing import Final, NamedTuple

SHORT_BYTES: Final = 7
LONG_BYTES: Final = 14
_POLYNOMIAL: Final = 0xFFF409
_LETTERS: Final = "?ABCDEFGHIJKLMNOPQRSTUVWXYZ????? ???????????????0123456789??????"
# The movement of a surface position: from this code on, speed there in knots, knots a step. DO-260B, table 2-14.
_MOVEMENT: Final = ((2, 0.125, 0.125), (9, 1.0, 0.25), (13, 2.0, 0.5), (39, 15.0, 1.0), (94, 70.0, 2.0), (109, 100.0, 5.0))


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        remainder = byte << 16
        for _ in range(8):
            remainder = (remainder << 1) ^ (_POLYNOMIAL if remainder & 0x800000 else 0)
        table.append(remainder & 0xFFFFFF)
    return tuple(table)


_CRC: Final = _crc_table()


def overlay(frame: bytes) -> int:
    """What the parity field holds beyond the parity: 0 for a whole squitter, the address for a reply to an interrogation."""
    remainder = 0
    for byte in frame[:-3]:
        remainder = ((remainder << 8) & 0xFFFFFF) ^ _CRC[(remainder >> 16) ^ byte]
    return remainder ^ int.from_bytes(frame[-3:], "big")


class Bits:
    """A field of bits that counts from 1."""

    __slots__ = ("_size", "_value")

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._size = 8 * len(data)

    def __call__(self, first: int, count: int = 1) -> int:
        return (self._value >> (self._size - first - count + 1)) & ((1 << count) - 1)


def _ungray(code: int) -> int:
    value = 0
    while code:
        value ^= code
        code >>= 1
    return value


def altitude_ft(code: int) -> int | None:
    """The pressure altitude of a 13-bit altitude code; None when it is not known, metric, or no code."""
    if code == 0 or code & 0x40:
        return None
    if code & 0x10:  # Q: steps of 25 ft
        return 25 * ((code & 0x1F80) >> 2 | (code & 0x20) >> 1 | code & 0xF) - 1_000
    return _gillham_ft(code)


def _gillham_ft(code: int) -> int | None:
    """Steps of 100 ft in the code of Annex 10, volume IV, appendix to chapter 3: the bits are C1 A1 C2 A2 C4 A4 - B1 - B2 D2 B4 D4."""
    c1, a1, c2, a2, c4, a4, _, b1, _, b2, d2, b4, d4 = (code >> (12 - place) & 1 for place in range(13))
    hundreds = _ungray(c1 << 2 | c2 << 1 | c4)
    if hundreds in (0, 5, 6):
        return None
    hundreds = 5 if hundreds == 7 else hundreds
    fives = _ungray(d2 << 7 | d4 << 6 | a1 << 5 | a2 << 4 | a4 << 3 | b1 << 2 | b2 << 1 | b4)
    return 500 * fives + 100 * (6 - hundreds if fives & 1 else hundreds) - 1_300


def squawk(code: int) -> str:
    """The four octal digits of a 13-bit identity code: C1 A1 C2 A2 C4 A4 - B1 D1 B2 D2 B4 D4."""
    c1, a1, c2, a2, c4, a4, _, b1, d1, b2, d2, b4, d4 = (code >> (12 - place) & 1 for place in range(13))
    return f"{a4 << 2 | a2 << 1 | a1}{b4 << 2 | b2 << 1 | b1}{c4 << 2 | c2 << 1 | c1}{d4 << 2 | d2 << 1 | d1}"


def callsign(me: Bits) -> str | None:
    """The identification; None when it holds a letter that is none."""
    text = "".join(_LETTERS[me(9 + 6 * place, 6)] for place in range(8)).strip()
    return text if text and "?" not in text and " " not in text else None


def airborne_altitude_ft(me: Bits) -> int | None:
    """The pressure altitude of an airborne position, whose code is one bit shorter."""
    code = me(9, 12)
    return altitude_ft((code & 0xFC0) << 1 | code & 0x3F)


class Motion(NamedTuple):
    """Speed over ground in knots, track in degrees true, climb in feet a minute."""

    speed_kt: float | None
    course_deg: float | None
    climb_fpm: float | None


def airborne_motion(me: Bits) -> Motion | None:
    """The motion of an airborne velocity message; None for airspeeds, whose direction is a heading and no track."""
    kind = me(6, 3)
    if kind not in (1, 2):
        return None
    climb = me(38, 9)
    climb_fpm = None if climb == 0 else (climb - 1) * (-64.0 if me(37) else 64.0)
    east, north = me(15, 10), me(26, 10)
    if east == 0 or north == 0:
        return Motion(None, None, climb_fpm)
    step_kt = 4.0 if kind == 2 else 1.0
    east_kt, north_kt = (east - 1) * step_kt * (-1 if me(14) else 1), (north - 1) * step_kt * (-1 if me(25) else 1)
    speed_kt = math.hypot(east_kt, north_kt)
    return Motion(speed_kt, math.degrees(math.atan2(east_kt, north_kt)) % 360.0 if speed_kt else None, climb_fpm)


def surface_motion(me: Bits) -> Motion:
    """The motion of a surface position: the speed by its code, the track where its status says that there is one."""
    course_deg = me(14, 7) * 360.0 / 128.0 if me(13) else None
    return Motion(_surface_speed_kt(me(6, 7)), course_deg, None)


def _surface_speed_kt(code: int) -> float | None:
    """The lower end of the range that the code stands for; None when it is not known. 124 is 175 kt and more."""
    if code == 1:
        return 0.0
    if not 2 <= code <= 124:
        return None
    start, speed_kt, step_kt = [row for row in _MOVEMENT if row[0] <= code][-1]
    return speed_kt + (code - start) * step_kt
