"""DAA: encounters as NASA's DAIDALUS reads them, own and the others, one state a line.

Source: nasa/daidalus, C++ StateReader and SeparatedInput (names of columns, and that they may stand in any order); the scenarios beside it.

    NAME, lat, lon, alt, vx, vy, vz, time
    [none], [deg], [deg], [ft], [knot], [knot], [fpm], [s]
    Ownship, 33.8149396, -117.0, 17000.0, 0.0, 200.0, 0.0, 0.000000

    ==============================  ==========================  ==================================================
    column                          unit                        here
    ==============================  ==========================  ==================================================
    name, aircraft, id              none                        track "daa/…"; `"` repeats the name above
    lat, latitude; lon, long,       deg, rad                    position
    longitude
    sx, sy                          nmi, m, km, ft              east and north of the place that the reader is told
    alt, altitude, sz               ft, m, FL                   height above 1013.25 hPa
    vx, vy                          knot, kn, kts, m/s          velocity to the east, to the north
    trk, track; gs, groundspeed     deg, rad; as vx             the same, as course (true) and speed over ground
    vs, verticalspeed, vz, hdot     fpm, m/s                    climb_mps
    time, tm, st                    s, ms, min, h               at: counted from `begins`
    clock                           hh:mm:ss                    the same
    ==============================  ==========================  ==================================================

Cells are parted by commas or by white space, `#` begins a comment, the second line gives the units; a file without it is refused, for a
number without its unit is none. **Heights**: the format names no datum. It feeds the well-clear volumes of RTCA DO-365, which are measured
in pressure altitude, and so they are read. **Time** is a count, and no date: it begins at 1970-01-01 unless `begins` is stated. Dropped:
own and intruder (whoever stands first), heading, air speed, alerter, the uncertainties (s_… and v_…), and every other column.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from tafadi.errors import FormatError, InputError
from tafadi.formats.lines import LONGEST_LINE
from tafadi.formats.repeats import Repeats
from tafadi.formats.skips import Skips
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import UNITS
from tafadi.model.track import Plot

NAME: Final = "daa"
MOST_COLUMNS: Final = 100  # NASA's own have 18
BEGINS: Final = Instant(0)  # an encounter is told in seconds and has no date; whoever knows one states it
NAMES: Final = {
    "track": ("name", "aircraft", "id"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "long", "longitude"),
    "east": ("sx",),
    "north": ("sy",),
    "height": ("alt", "altitude", "sz"),
    "course": ("trk", "track"),
    "speed": ("gs", "groundspeed", "groundspd"),
    "east_speed": ("vx",),
    "north_speed": ("vy",),
    "climb": ("vs", "vz", "verticalspeed", "hdot"),
    "time": ("time", "tm", "st"),
    "clock": ("clock",),
}
_ALIASES: Final = {"knot": "kt", "knots": "kt", "kn": "kt", "kts": "kt", "nmi": "NM", "nm": "NM", "fpm": "ft/min", "hr": "h"}
_OWN_UNITS: Final = {"rad": (math.degrees(1.0), "angle"), "ms": (0.001, "time")}
DIMENSIONS: Final = {"lat": "angle", "lon": "angle", "course": "angle", "time": "time"} | dict.fromkeys(
    ("east", "north", "height"), "length"
)
SPEED: Final = "speed"
# Reasons that say a state may have stood there and nobody knows which.
DAMAGE: Final = frozenset({"the line is too long", "a damaged or truncated line", "no name", "no time", "no position"})

_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,9}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,2})?")
_CLOCK = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,2}):([0-9]{1,2}(?:\.[0-9]{1,9})?)")


class _Column(NamedTuple):
    """Where a member stands in the line, and the size of its unit in SI (degrees for angles)."""

    place: int
    scale: float


class Reader:
    """Reads the states of an encounter; `skips` says what was left out. `begins` is the instant from which its seconds count.

    `origin` is the place from which `sx` and `sy` are measured; without it a file that has these alone is refused.
    """

    def __init__(self, begins: Instant | None = None, origin: Position | None = None) -> None:
        self.skips = Skips()
        self.records = 0
        self._begins = begins or BEGINS
        self._origin = origin
        self._line = 0
        self._names: list[str] | None = None
        self._columns: dict[str, _Column] | None = None
        self._track = ""
        self._repeats = Repeats()

    def read(self, lines: Iterable[bytes]) -> Iterator[Plot]:
        """The states of `lines`. Raises FormatError for its two header lines; what a later line holds is counted in `skips`."""
        for line in lines:
            self._line += 1
            text = line.decode("utf-8", "replace").strip().removeprefix("\ufeff")
            if not text or text.startswith("#"):
                continue
            if self._names is None:
                self._names = [cell.lower() for cell in _split(text)]
            elif self._columns is None:
                self._columns = _columns(self._names, _split(text), self._origin)
            else:
                yield from self._take(line, text)

    def _take(self, line: bytes, text: str) -> Iterator[Plot]:
        plot = "the line is too long" if len(line) > LONGEST_LINE else self._state(_split(text))
        if isinstance(plot, Plot):
            self.records += 1
            yield plot
        else:
            self.skips.add(plot, self._line, is_damage=plot in DAMAGE)

    def _state(self, cells: list[str]) -> Plot | str:
        """The state of one line, or the reason why there is none."""
        columns = self._columns or {}
        if len(cells) != len(self._names or ()):
            return "a damaged or truncated line"
        name = cells[columns["track"].place]
        self._track = self._track if name == '"' else f"daa/{name}"
        said = {member: _number(cells[column.place], column.scale) for member, column in columns.items() if member != "clock"}
        at = self._instant(said.get("time"), cells[columns["clock"].place] if "clock" in columns else None)
        position = self._position(said)
        if not name or not self._track:
            return "no name"
        if at is None:
            return "no time"
        if position is None:
            return "no position"
        if self._repeats.has(self._track, at.ns):
            return "a duplicate: this track and time were given before"
        speed_mps, course_deg = _velocity(said)
        try:
            return Plot(self._track, at, position, _height(said.get("height")), speed_mps, course_deg, said.get("climb"), source=NAME)
        except InputError:
            return "no name"

    def _instant(self, counted_s: float | None, clock: str | None) -> Instant | None:
        if clock is not None:
            match = _CLOCK.fullmatch(clock)
            counted_s = None if match is None else int(match[1] or 0) * 3_600.0 + int(match[2]) * 60.0 + float(match[3])
        try:
            return None if counted_s is None else self._begins.plus(counted_s)
        except InputError:
            return None

    def _position(self, said: Mapping[str, float | None]) -> Position | None:
        lat_deg, lon_deg, east_m, north_m = (said.get(name) for name in ("lat", "lon", "east", "north"))
        try:
            if lat_deg is not None and lon_deg is not None:
                return Position(lat_deg, lon_deg)
            if east_m is None or north_m is None or self._origin is None:
                return None
            return destination(self._origin, Leg(math.degrees(math.atan2(east_m, north_m)) % 360.0, math.hypot(east_m, north_m)))
        except InputError:
            return None


def _split(text: str) -> list[str]:
    """The cells of a line: by commas where there is one, else by white space; a comma at its end begins no cell."""
    if "," not in text:
        return text.split(None, MOST_COLUMNS)
    cells = [cell.strip() for cell in text.split(",", MOST_COLUMNS)]
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


def _columns(names: list[str], units: list[str], origin: Position | None) -> dict[str, _Column]:
    """Where each member stands. Raises FormatError for a header without units, or without what a state needs."""
    if len(names) != len(units) or len(names) >= MOST_COLUMNS:
        raise FormatError(f"its first line names {len(names)} columns and its second gives {len(units)} units", format=NAME)
    found: dict[str, _Column] = {}
    for member, aliases in NAMES.items():
        place = next((names.index(alias) for alias in aliases if alias in names), None)
        if place is not None:
            found[member] = _Column(place, 1.0 if member in ("track", "clock") else _scale(member, units[place]))
    if "track" not in found or not {"time", "clock"} & found.keys():
        raise FormatError("it needs a column for the name and one for the time", format=NAME)
    if {"lat", "lon"} <= found.keys():
        return found
    if not {"east", "north"} <= found.keys():
        raise FormatError("it needs columns lat and lon, or sx and sy", format=NAME)
    if origin is None:
        sentence = 'its places are east and north of a place that it does not name; state that, like --site "40.67233, -74.04466"'
        raise FormatError(sentence, format=NAME, field="sx")
    return found


def _scale(member: str, unit: str) -> float:
    """The size of a unit in SI, degrees for angles. Raises FormatError for none, or for one that is none of its member."""
    bare = unit.strip("[] ")
    wanted = DIMENSIONS.get(member, SPEED)
    known = UNITS.get(_ALIASES.get(bare, bare))
    size, dimension = (known.si, known.dimension) if known is not None else _OWN_UNITS.get(bare, (0.0, ""))
    if dimension != wanted:
        raise FormatError(
            f"the unit {unit[:40]!r} is none of a {wanted}; the second line gives each column its unit", format=NAME, field=member
        )
    return size


def _number(text: str, scale: float) -> float | None:
    return float(text) * scale if _NUMBER.fullmatch(text) else None


def _height(height_m: float | None) -> Height | None:
    try:
        return None if height_m is None else Height(height_m, Datum.PRESSURE)
    except InputError:  # outside what flies: as good as not said
        return None


def _velocity(said: Mapping[str, float | None]) -> tuple[float | None, float | None]:
    """Speed over ground and true course."""
    east_mps, north_mps = said.get("east_speed"), said.get("north_speed")
    if east_mps is not None and north_mps is not None:
        return math.hypot(east_mps, north_mps), math.degrees(math.atan2(east_mps, north_mps)) % 360.0 % 360.0
    speed_mps, course_deg = said.get("speed"), said.get("course")
    if speed_mps is None or speed_mps < 0.0:
        return None, None
    return speed_mps, None if course_deg is None else course_deg % 360.0 % 360.0


def parse(lines: Iterable[bytes], reader: Reader | None = None) -> Iterator[Plot]:
    """The states of an encounter, in its own order. Raises FormatError when it holds none."""
    reader = reader or Reader()
    yield from reader.read(lines)
    if reader.records == 0:
        raise FormatError("it holds no state that can be read", format=NAME)
