"""IFF: track points of FAA radars as NASA's Sherlock warehouse keeps them, one comma-separated line a record.

Source: NASA Sherlock, Integrated Flight Format 2.x, record type 3, as NASA's RACE documents it (IffTrack.scala). Fields count from 0.

    3,1597856403.691,23792,3305,432,FAT,AIG200,N3774H,1,36.61782,-119.75995,90.00,10,0.224,0.224,,154,133,0,,,0,…

    =======  ================================================  =============================================
    field    on the wire                                       here
    =======  ================================================  =============================================
    0        record type: 3 is a track point; others counted,
             skipped (2 header, 4 flight plan)
    1        seconds since 1970, UTC                           at
    2, 5     key of the flight, source of the point            track "NCT/22796"
    3        Mode 3/A code; -999 not known                     squawk
    7        aircraft identity; the code again where none is   callsign, if it holds a letter
    9, 10    degrees WGS 84 (by default; the line cannot say   position
             when a file set has x and y instead)
    11       100 ft, pressure, as for NOP; 0 is no Mode C      height; None for 0 or nothing
    16       knots; -99 not known                              ground_speed_mps
    17       degrees from true north; -99 not known            course_deg
    18       feet a minute; -99999 not known                   climb_mps
    21       status of the point: C is coasting                coasting points are skipped
    25       assigned altitude in 100 ft, where it is digits   cleared_height
    39       Mode S code; 000000 is none                       address
    =======  ================================================  =============================================

Dropped by principle: aircraft type (of record types 2 and 4). Dropped as not needed: computer identity, accuracies, scratch pad, sectors
and controllers, keyboards, airports.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tafadi.errors import FormatError, InputError
from tafadi.formats.lines import GIVE_UP_AFTER, LONGEST_LINE
from tafadi.formats.repeats import Repeats
from tafadi.formats.skips import Skips
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import SECOND_NS, Instant
from tafadi.measure.units import FLIGHT_LEVEL_M, FOOT_PER_MINUTE_MPS, KNOT_MPS
from tafadi.model.track import Plot

NAME: Final = "iff"
FEWEST_FIELDS: Final = 22  # up to the status of the point; older files end before the Mode S code
MOST_FIELDS: Final = 100  # the longest version known has 45
RECORD_TYPES: Final = frozenset("23456789")
NO_SPEED: Final = -99.0  # also of courses
NO_CLIMB: Final = -99_999.0
# Reasons that say a point may have stood there and nobody knows which.
DAMAGE: Final = frozenset(
    {"the line is too long", "not an IFF record", "a damaged or truncated point", "no time", "no position", "no key of a flight"}
)

_TIME = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,9}))?")
_NUMBER = re.compile(r"-?[0-9]{1,6}(?:\.[0-9]{1,9})?")
_LEVEL = re.compile(r"[0-9]{1,3}")
_SQUAWK = re.compile(r"[0-7]{4}")
_CALLSIGN = re.compile(r"(?=.*[A-Z])[A-Z0-9]{1,12}")
_ADDRESS = re.compile(r"[0-9a-f]{6}")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,16}")
_SOURCE = re.compile(r"[A-Za-z0-9_/-]{1,16}")


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _instant(text: str) -> Instant | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    try:
        return Instant(int(match[1]) * SECOND_NS + int((match[2] or "0").ljust(9, "0")))
    except InputError:
        return None


def _position(lat: str, lon: str) -> Position | None:
    lat_deg, lon_deg = _number(lat), _number(lon)
    if lat_deg is None or lon_deg is None:
        return None
    try:
        return Position(lat_deg, lon_deg)
    except InputError:
        return None


def _level(text: str) -> Height | None:
    """The level in 100 ft as a pressure height; None for 0 and for nothing, and for what does not fly."""
    level = _number(text)
    if level is None or level == 0.0:
        return None
    try:
        return Height(level * FLIGHT_LEVEL_M, Datum.PRESSURE)
    except InputError:
        return None


def _known(text: str, none: float, unit: float) -> float | None:
    """The number in SI; None where the format says that it is not known."""
    value = _number(text)
    return None if value is None or value == none else value * unit


def _course(text: str) -> float | None:
    value = _known(text, NO_SPEED, 1.0)
    return None if value is None else value % 360.0


class Reader:
    """Reads points line by line, in whatever order they stand; `skips` says what was left out."""

    def __init__(self, source: str = NAME, party: str | None = None) -> None:
        self.skips = Skips()
        self.records = 0  # lines that follow the format, whether they gave a plot or not
        self._source = source
        self._party = party
        self._line = 0
        self._repeats = Repeats()

    def read(self, lines: Iterable[bytes]) -> Iterator[Plot]:
        """The points of `lines`. Never raises for what a line holds: it is counted in `skips`."""
        for line in lines:
            self._line += 1
            plot = self._record(line)
            if isinstance(plot, Plot):
                yield plot
            elif plot:
                self.skips.add(plot, self._line, is_damage=plot in DAMAGE)

    def _record(self, line: bytes) -> Plot | str:
        """The plot of one line, or the reason why there is none (empty for an empty line)."""
        if len(line) > LONGEST_LINE:
            return "the line is too long"
        text = line.decode("ascii", "replace").strip()
        if not text or text.startswith("#"):  # files of RACE begin with comments that name the fields
            return ""
        fields = text.split(",")
        if fields[0] not in RECORD_TYPES or len(fields) < 3 or _instant(fields[1]) is None:
            return "no time" if fields[0] == "3" and len(fields) >= FEWEST_FIELDS else "not an IFF record"
        if fields[0] != "3":
            self.records += 1
            return "another record type"
        if not FEWEST_FIELDS <= len(fields) <= MOST_FIELDS:
            return "a damaged or truncated point"
        self.records += 1
        return self._plot([*fields, *[""] * (40 - len(fields))])

    def _plot(self, fields: list[str]) -> Plot | str:
        at, position = _instant(fields[1]), _position(fields[9], fields[10])
        if at is None:
            return "no time"
        if not (_KEY.fullmatch(fields[2]) and _SOURCE.fullmatch(fields[5])):
            return "no key of a flight"
        if fields[21] == "C":
            return "coasting: the place is the tracker's guess, not a hit"
        if position is None:
            return "no position"
        track, address = f"{fields[5]}/{fields[2]}", fields[39].lower()
        if self._repeats.has(track, at.ns):
            return "a duplicate: this track and time were given before"
        return Plot(
            track=track,
            at=at,
            position=position,
            height=_level(fields[11]),
            ground_speed_mps=_known(fields[16], NO_SPEED, KNOT_MPS),
            course_deg=_course(fields[17]),
            climb_mps=_known(fields[18], NO_CLIMB, FOOT_PER_MINUTE_MPS),
            cleared_height=_level(fields[25]) if _LEVEL.fullmatch(fields[25]) else None,
            address=address if _ADDRESS.fullmatch(address) and address != "000000" else None,
            callsign=fields[7] if _CALLSIGN.fullmatch(fields[7]) else None,
            squawk=fields[3] if _SQUAWK.fullmatch(fields[3]) else None,
            source=self._source,
            party=self._party,
        )


def parse(lines: Iterable[bytes], reader: Reader | None = None) -> Iterator[Plot]:
    """The points of a recording, in its own order. Raises FormatError when nothing in it follows the format."""
    reader = reader or Reader()
    count = 0
    for count, line in enumerate(lines, 1):
        yield from reader.read((line,))
        if count == GIVE_UP_AFTER and reader.records == 0:
            raise FormatError(f"the first {count} lines hold no IFF record", format=NAME)
    if reader.records == 0:
        raise FormatError("it is empty" if count == 0 else "it holds no IFF record", format=NAME)
