"""SBS-1 ("BaseStation"): what an ADS-B receiver has decoded, one comma-separated line a message.

Source: Kinetic BaseStation socket format (port 30003), as dump1090 and Stratux write it. Fields count from 0.

    MSG,3,1,1,4249B5,1,2018/04/03,19:02:28.360,2018/04/10,21:24:39.436,,7000,,,59.91,30.20,,,,,,0

    =======  ==============================================  =============================================
    field    on the wire                                     here
    =======  ==============================================  =============================================
    0, 1     MSG and its kind 1 to 8; others counted,        2 and 3 carry a place and become plots; the
             skipped                                         others only change what is held of the address
    4        ICAO address, 6 hexadecimal digits              address; track "sbs/4249b5"
    6, 7     date YYYY/MM/DD and time generated, UTC; may    at
             be empty
    10       callsign                                        callsign
    11       feet, pressure (MSG 2 on the ground: none)      height; empty is None
    12, 13   knots, degrees true                             ground_speed_mps, course_deg
    14, 15   degrees WGS 84                                  position
    16       feet a minute, up positive                      climb_mps
    17       Mode 3/A code                                   squawk
    21       on ground: 0, 1 or -1; may be empty             on_ground
    =======  ==============================================  =============================================

Dropped: session and database numbers (2, 3, 5), the time logged (8, 9), alert, emergency and SPI flags (18 to 20).
An empty time is not now: it comes from a prefix "nanoseconds," that counts from the last line "START,Wed Sep 2 04:23:37 +0000 UTC 2015"
(a Stratux replay log; each START begins anew, wherever in a broken line it stands), or from a clock that is handed in for a live socket;
without either the line is skipped. A START that goes back behind times already given comes from a receiver whose clock was reset: nobody
knows when that was, and what follows is skipped until a START that can be true.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from tafadi.errors import FormatError, InputError
from tafadi.formats.lines import GIVE_UP_AFTER, LONGEST_LINE
from tafadi.formats.skips import Skips
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import SECOND_NS, Instant
from tafadi.measure.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS
from tafadi.model.track import Plot

NAME: Final = "sbs"
FEWEST_FIELDS: Final = 17  # up to the climb; some writers leave the flags away
MOST_FIELDS: Final = 22
HELD_NS: Final = 10 * SECOND_NS  # a velocity or height is repeated every half second or so; after ten it says nothing of now
MOST_ADDRESSES: Final = 50_000  # held at once; the longest unheard is forgotten first
OFFSET_MOST_NS: Final = 30 * 86_400 * SECOND_NS  # a replay log of a month is no log of one flight
# Reasons that say a place may have stood there and nobody knows which, or when.
DAMAGE: Final = frozenset(
    {
        "the line is too long",
        "not an SBS message",
        "a damaged or truncated message",
        "no time",
        "no position",
        "a START that goes back in time",
        "a START without a time in UTC",
    }
)

_ADDRESS = re.compile(r"[0-9A-Fa-f]{6}")
_NUMBER = re.compile(r"-?[0-9]{1,6}(?:\.[0-9]{1,9})?")
_SQUAWK = re.compile(r"[0-7]{4}")
_CALLSIGN = re.compile(r"[A-Z0-9]{1,12}")
_PREFIX = re.compile(r"([0-9]{1,19}),(?=[A-Z]{2,3},)")
_TIME = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2}),([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?")
_OTHER = ("SEL,", "ID,", "AIR,", "STA,", "CLK,")


@dataclass(slots=True)
class _Held:
    """The last word on an address, with the time of each part."""

    height: Height | None = None
    height_ns: int = 0
    ground_speed_mps: float | None = None
    course_deg: float | None = None
    climb_mps: float | None = None
    velocity_ns: int = 0
    callsign: str | None = None
    squawk: str | None = None
    on_ground: bool | None = None
    last_ns: int = -1


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text) else None


def _scaled(text: str, unit: float) -> float | None:
    value = _number(text)
    return None if value is None else value * unit


def _height(text: str) -> Height | None:
    value = _number(text)
    if value is None:
        return None
    try:
        return Height(value * FOOT_M, Datum.PRESSURE)
    except InputError:  # outside what flies: as good as not said
        return None


def _start(text: str) -> Instant | None:
    """The time of a START line, `Wed Sep 2 04:23:37 +0000 UTC 2015`; None for any other zone or form."""
    try:
        return Instant(int(datetime.strptime(text, "%a %b %d %H:%M:%S +0000 UTC %Y").replace(tzinfo=UTC).timestamp()) * SECOND_NS)
    except (ValueError, InputError):
        return None


def _stated(date: str, time: str) -> Instant | None:
    match = _TIME.fullmatch(f"{date},{time}")
    if match is None:
        return None
    *whole, fraction = match.groups()
    try:
        seconds = int(datetime(*map(int, whole), tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]  # six ints, by the pattern
        return Instant(seconds * SECOND_NS + int((fraction or "0").ljust(9, "0")))
    except (ValueError, InputError):
        return None


class Reader:
    """Reads messages line by line and puts together what is known of each address; `skips` says what was left out."""

    def __init__(self, source: str = NAME, party: str | None = None, clock: Callable[[], Instant] | None = None) -> None:
        self.skips = Skips()
        self.records = 0
        self._source = source
        self._party = party
        self._clock = clock
        self._line = 0
        self._start: Instant | None = None
        self._latest: Instant | None = None
        self._held: OrderedDict[str, _Held] = OrderedDict()

    def read(self, lines: Iterable[bytes]) -> Iterator[Plot]:
        """A plot for each place in `lines`. Never raises for what a line holds: it is counted in `skips`."""
        for line in lines:
            self._line += 1
            plot = self._message(line)
            if isinstance(plot, Plot):
                yield plot
            elif plot:
                self.skips.add(plot, self._line, is_damage=plot in DAMAGE)

    def _message(self, line: bytes) -> Plot | str:
        """The plot of one line, or the reason why there is none (empty when there is nothing to say)."""
        if len(line) > LONGEST_LINE:
            return "the line is too long"
        text = line.decode("ascii", "replace").strip()
        if "START," in text:
            return self._restart(text.partition("START,")[2])
        offset = _PREFIX.match(text)
        if offset is not None:
            text = text[offset.end() :]
        if not text.startswith("MSG,"):
            self.records += text.startswith(_OTHER)
            return "" if not text else "another record type" if text.startswith(_OTHER) else "not an SBS message"
        fields = text.split(",")
        if not FEWEST_FIELDS <= len(fields) <= MOST_FIELDS or fields[1] not in {*"12345678"} or not _ADDRESS.fullmatch(fields[4]):
            return "a damaged or truncated message"
        self.records += 1
        at = _stated(fields[6], fields[7]) or self._outside(offset)
        if at is None:
            return "no time"
        return self._take([*fields, *[""] * (MOST_FIELDS - len(fields))], at)

    def _restart(self, text: str) -> str:
        start = _start(text)
        back = start is not None and self._latest is not None and start < self._latest
        self._start = None if back else start
        return "a START that goes back in time" if back else "" if start else "a START without a time in UTC"

    def _outside(self, offset: re.Match[str] | None) -> Instant | None:
        """The time from outside the message: the log's start and offset, or the clock."""
        if offset is None:
            return None if self._clock is None else self._clock()
        if self._start is None or int(offset[1]) > OFFSET_MOST_NS:
            return None
        at = Instant(self._start.ns + int(offset[1]))
        self._latest = at if self._latest is None else max(at, self._latest)
        return at

    def _take(self, fields: list[str], at: Instant) -> Plot | str:
        address = fields[4].lower()
        held = self._held.setdefault(address, _Held())
        self._held.move_to_end(address)
        if len(self._held) > MOST_ADDRESSES:
            self._held.popitem(last=False)
        _remember(held, fields, at.ns)
        if fields[1] not in ("2", "3") or not (fields[14] or fields[15]):
            return ""
        position = _position(fields[14], fields[15])
        if position is None:
            return "no position"
        if at.ns == held.last_ns:
            return "a duplicate: this address and time were given before"
        held.last_ns = at.ns
        return self._plot(address, held, at, position)

    def _plot(self, address: str, held: _Held, at: Instant, position: Position) -> Plot:
        moving = abs(at.ns - held.velocity_ns) <= HELD_NS
        return Plot(
            track=f"{self._source}/{address}",
            at=at,
            position=position,
            height=held.height if abs(at.ns - held.height_ns) <= HELD_NS else None,
            ground_speed_mps=held.ground_speed_mps if moving else None,
            course_deg=held.course_deg if moving else None,
            climb_mps=held.climb_mps if moving else None,
            on_ground=held.on_ground,
            address=address,
            callsign=held.callsign,
            squawk=held.squawk,
            source=self._source,
            party=self._party,
        )


def _position(lat: str, lon: str) -> Position | None:
    lat_deg, lon_deg = _number(lat), _number(lon)
    if lat_deg is None or lon_deg is None:
        return None
    try:
        return Position(lat_deg, lon_deg)
    except InputError:
        return None


def _remember(held: _Held, fields: list[str], ns: int) -> None:
    """Takes into `held` what the message says; what it does not say stays as it was."""
    height = _height(fields[11])
    if height is not None:
        held.height, held.height_ns = height, ns
    speed_mps, course_deg, climb_mps = _scaled(fields[12], KNOT_MPS), _number(fields[13]), _scaled(fields[16], FOOT_PER_MINUTE_MPS)
    if speed_mps is not None or course_deg is not None:
        held.ground_speed_mps, held.velocity_ns = speed_mps, ns
        held.course_deg = None if course_deg is None else course_deg % 360.0
        held.climb_mps = climb_mps
    callsign = fields[10].strip()
    held.callsign = callsign if _CALLSIGN.fullmatch(callsign) else held.callsign
    held.squawk = fields[17] if _SQUAWK.fullmatch(fields[17]) else held.squawk
    if fields[21] in ("0", "1", "-1"):
        held.on_ground = fields[21] != "0"
    elif fields[1] == "2":  # a surface position says so by its kind
        held.on_ground = True
    elif fields[1] == "3":  # and an airborne one
        held.on_ground = False


def parse(lines: Iterable[bytes], reader: Reader | None = None) -> Iterator[Plot]:
    """The plots of a recording, in its own order. Raises FormatError when nothing in it follows the format."""
    reader = reader or Reader()
    count = 0
    for count, line in enumerate(lines, 1):
        yield from reader.read((line,))
        if count == GIVE_UP_AFTER and reader.records == 0:
            raise FormatError(f"the first {count} lines hold no SBS message", format=NAME)
    if reader.records == 0:
        raise FormatError("it is empty" if count == 0 else "it holds no SBS message", format=NAME)
