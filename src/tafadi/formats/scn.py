"""SCN: scenarios of the simulator BlueSky, of which the states of aircraft are read; `scn_areas` reads the areas of such files.

Source: TUDelft-CNS-ATM/bluesky, stack (readscn), tools/misc (numbers) and traffic (create, move); speeds by ICAO Doc 7488.

    00:00:00.00>CRE KL204,B744,52.3,4.76,270,FL300,300

    =====================================  ==============================================================================
    on the wire                            here
    =====================================  ==============================================================================
    hh:mm:ss.cc> before each command       at: counted from `begins`
    CRE id,type,lat,lon,hdg,alt,spd        a state: track "scn/ID", callsign, place, height, course, speed; its climb is 0
    MOVE id,lat,lon,alt,hdg,spd,vspd       a state, of what is there given
    lat, lon                               degrees, or N52'14'13.5; a place by name is not looked up
    hdg                                    degrees from true north
    alt                                    FL300, or feet: of the simulator's standard atmosphere, which is pressure height
    spd                                    calibrated air speed in knots, or Mach (M.8, M80, .8): with the height it gives
                                           the true air speed, which without wind is the speed over ground
    vspd                                   feet a minute
    =====================================  ==============================================================================

Arguments are parted by commas or white space, `#` begins a comment, `\\` at the end of a line goes on in the next. A state is what stands
in the file: nothing is flown on, and manoeuvres after it (HDG, ALT, ADDWPT and their kin) are counted and not followed. From a WIND
command on, heading is no course and air speed no ground speed: both are then not known. **Time** is a count and no date, as in `daa`.
Dropped by principle: aircraft type. Aircraft that a command places by chance or by another file (MCRE, CRECONFS, CALL) are damage: nobody
knows where.
"""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from tafadi.errors import FormatError, InputError
from tafadi.formats.daa import BEGINS
from tafadi.formats.skips import Skips
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS
from tafadi.model.track import Plot

NAME: Final = "scn"
MOST_WORDS: Final = 200_000  # of one command; the largest outline of the world's FIRs has 4,000
LONGEST_COMMAND: Final = 1_048_576  # bytes, with the lines it goes on in
ELSEWHERE: Final = frozenset({"MCRE", "CRECONFS", "CALL", "PCALL", "IC", "BATCH", "LOAD", "OPEN", "TRAFGEN"})
AREAS: Final = frozenset({"BOX", "CIRCLE", "POLY", "POLYGON", "POLYALT"})
MANOEUVRES: Final = frozenset({"HDG", "ALT", "SPD", "VS", "ADDWPT", "DEST", "ORIG", "LNAV", "VNAV", "DIRECT", "AFTER", "BEFORE", "DEL"})
# Reasons that say an aircraft may have stood there and nobody knows where.
DAMAGE: Final = frozenset(
    {
        "not a command with its time",
        "the line is too long",
        "no name",
        "no place in degrees",
        "aircraft that another file or chance places",
    }
)
# ICAO Doc 7488: sea level, the rate at which it cools, the gas constant of air, and the layer above 11 km, which does not cool.
_T0_K, _P0_PA, _LAPSE, _R, _G = 288.15, 101_325.0, 0.0065, 287.05287, 9.80665
_TROPOPAUSE_M: Final = 11_000.0
_STRATOSPHERE_M: Final = 20_000.0  # above, it warms again, and nothing that these scenarios fly is there
_GAMMA: Final = 1.4

_TIME = re.compile(r"\s*([0-9]{1,3}):([0-9]{1,2}):([0-9]{1,2}(?:\.[0-9]{0,9})?)\s*>\s*(.*)", re.DOTALL)
_PARTS = re.compile(r"\s*,\s*|\s+")
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,9}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,2})?")
_LEVEL = re.compile(r"FL([0-9]{1,3})", re.IGNORECASE)
_MINUTES = re.compile(r"([NSEW]?)([0-9]{1,3})'(?:([0-9]{1,2})'?)?(?:([0-9]{1,2}(?:\.[0-9]{1,9})?)[\"']?)?", re.IGNORECASE)
_CALLSIGN = re.compile(r"[A-Z0-9]{1,12}")


class Command(NamedTuple):
    """One command: its line, seconds from the beginning, and words, the first in capitals."""

    line: int
    after_s: float
    words: list[str]


def commands(lines: Iterable[bytes], skips: Skips) -> Iterator[Command]:
    """The commands of a scenario, in its own order. What is none is counted in `skips`."""
    begun = b""
    for number, raw in enumerate(lines, 1):
        line = raw.strip().removeprefix(b"\xef\xbb\xbf")
        if not begun and (not line or line.startswith(b"#")):
            continue
        whole = begun + line
        if len(whole) > LONGEST_COMMAND:
            begun = b""
            skips.add("the line is too long", number, is_damage=True)
            continue
        begun = whole[:-1].rstrip() + b" " if whole.endswith(b"\\") else b""
        if begun:
            continue
        match = _TIME.fullmatch(whole.decode("utf-8", "replace"))
        words = [] if match is None else _PARTS.split(match[4].strip(), MOST_WORDS)
        if match is None or not words[0]:
            skips.add("not a command with its time", number, is_damage=True)
            continue
        words[0] = words[0].upper()
        yield Command(number, int(match[1]) * 3_600.0 + int(match[2]) * 60.0 + float(match[3]), words)


class Reader:
    """Reads the states of a scenario; `skips` says what was left out. `begins` is the instant at which its clock says 00:00:00."""

    def __init__(self, begins: Instant | None = None) -> None:
        self.skips = Skips()
        self.records = 0
        self._begins = begins or BEGINS
        self._is_windy = False

    def read(self, lines: Iterable[bytes]) -> Iterator[Plot]:
        """The states of `lines`. Never raises for what a line holds."""
        for command in commands(lines, self.skips):
            self.records += 1
            plot = self._plot(command)
            if isinstance(plot, Plot):
                yield plot
            else:
                self.skips.add(plot, command.line, is_damage=plot in DAMAGE)

    def _plot(self, command: Command) -> Plot | str:
        """The state that a command gives, or the reason why there is none."""
        words = command.words
        if len(words) > 1 and words[1].upper() in ("MOVE", *MANOEUVRES):  # the aircraft may stand before what it shall do
            words = [words[1].upper(), words[0], *words[2:]]
        self._is_windy |= words[0] == "WIND"
        if words[0] == "CRE":
            name, _, lat, lon, heading, height, speed = [*words[1:8], *[""] * 7][:7]
            return self._state(command.after_s, name, (lat, lon), height, (heading, speed), "0")
        if words[0] == "MOVE":
            name, lat, lon, height, heading, speed, climb = [*words[1:8], *[""] * 7][:7]
            return self._state(command.after_s, name, (lat, lon), height, (heading, speed), climb)
        if words[0] in ELSEWHERE:
            return "aircraft that another file or chance places"
        if words[0] in AREAS:
            return "an area, which `scn_areas` reads"
        return "a manoeuvre, which is not followed" if words[0] in MANOEUVRES else "another command"

    def _state(self, after_s: float, name: str, place: tuple[str, str], height: str, motion: tuple[str, str], climb: str) -> Plot | str:
        position, above = position_of(*place), height_of(height)
        if not name and any(place):
            return "no name"
        if position is None:
            return "no place in degrees"
        course_deg, speed_mps = (None, None) if self._is_windy else (_number(motion[0].rstrip("Tt")), _true_mps(motion[1], above))
        climb_fpm = _number(climb)
        try:
            return Plot(
                track=f"scn/{name.upper()}",
                at=self._begins.plus(after_s),
                position=position,
                height=above,
                ground_speed_mps=speed_mps,
                course_deg=None if course_deg is None else course_deg % 360.0 % 360.0,
                climb_mps=None if climb_fpm is None else climb_fpm * FOOT_PER_MINUTE_MPS,
                callsign=name.upper() if _CALLSIGN.fullmatch(name.upper()) else None,
                source=NAME,
            )
        except InputError:
            return "no name"


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def position_of(lat: str, lon: str) -> Position | None:
    """The place; None for one that is told by a name, or is none."""
    lat_deg, lon_deg = _angle_deg(lat, "NS"), _angle_deg(lon, "EW")
    try:
        return None if lat_deg is None or lon_deg is None else Position(lat_deg, lon_deg)
    except InputError:
        return None


def _angle_deg(text: str, letters: str) -> float | None:
    if (value_deg := _number(text.lstrip(letters) if text[:1].upper() == letters[0] else text)) is not None:
        return value_deg
    if text[:1].upper() == letters[1] and (value_deg := _number(text[1:])) is not None:
        return -value_deg
    match = _MINUTES.fullmatch(text)
    if match is None or (match[1] and match[1].upper() not in letters):
        return None
    value_deg = int(match[2]) + int(match[3] or 0) / 60.0 + float(match[4] or 0.0) / 3_600.0
    return -value_deg if match[1].upper() == letters[1] else value_deg


def height_of(text: str) -> Height | None:
    """The height of an aircraft: a flight level, or feet in the simulator's standard atmosphere; None when not known."""
    level, feet = _LEVEL.fullmatch(text), _number(text)
    try:
        if level is not None:
            return Height(int(level[1]) * 100.0 * FOOT_M, Datum.PRESSURE)
        return None if feet is None else Height(feet * FOOT_M, Datum.PRESSURE)
    except InputError:
        return None


def _true_mps(text: str, height: Height | None) -> float | None:
    """True air speed from Mach (M.8, M80, .8) or from calibrated air speed in knots; None when not known, or too high to tell."""
    value = _number(text.lstrip("Mm"))
    if value is None or value < 0.0 or height is None or height.value_m > _STRATOSPHERE_M:
        return None
    if text[:1].upper() == "M" or 0.0 < value < 1.0:
        return (value / 100.0 if value >= 20.0 else value) * _sound_mps(height.value_m)
    return true_from_calibrated_mps(value * KNOT_MPS, height.value_m)


def air(height_m: float) -> tuple[float, float]:
    """Temperature (K) and pressure (Pa) of the standard atmosphere at a geopotential height of -5 to 20 km (ICAO Doc 7488, table 1)."""
    temperature_k = _T0_K - _LAPSE * min(height_m, _TROPOPAUSE_M)
    pressure_pa = _P0_PA * (temperature_k / _T0_K) ** (_G / (_LAPSE * _R))
    return temperature_k, pressure_pa * math.exp(-_G * max(0.0, height_m - _TROPOPAUSE_M) / (_R * temperature_k))


def _sound_mps(height_m: float) -> float:
    return math.sqrt(_GAMMA * _R * air(height_m)[0])


def true_from_calibrated_mps(calibrated_mps: float, height_m: float) -> float:
    """True air speed at a pressure height, by compressible flow in the standard atmosphere (ICAO Doc 7488).

    >>> round(true_from_calibrated_mps(300 * 1852 / 3600, 9144.0) * 3600 / 1852, 1)
    465.9
    """
    sound_0 = math.sqrt(_GAMMA * _R * _T0_K)
    impact_pa = _P0_PA * ((1.0 + 0.2 * (calibrated_mps / sound_0) ** 2) ** 3.5 - 1.0)
    return _sound_mps(height_m) * math.sqrt(5.0 * ((1.0 + impact_pa / air(height_m)[1]) ** (2.0 / 7.0) - 1.0))


def parse(lines: Iterable[bytes], reader: Reader | None = None) -> Iterator[Plot]:
    """The states of a scenario, in its own order. Raises FormatError when nothing in it follows the format."""
    reader = reader or Reader()
    yield from reader.read(lines)
    if reader.records == 0:
        raise FormatError("it holds no command with its time", format=NAME)
