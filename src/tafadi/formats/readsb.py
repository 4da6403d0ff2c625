"""readsb: what an ADS-B receiver knows of each aircraft, in JSON: snapshots, traces of one aircraft, and lines of its JSON port.

Source: readsb, README-json.md ("aircraft.json", "trace jsons", --net-json-port), as readsb, tar1090 and dump1090-fa write them.

    {"now":1700513836.875,"aircraft":[{"hex":"a3e31a","flight":"N35GR   ","alt_baro":45000,"gs":489.0,"track":67.26,
     "baro_rate":-64,"squawk":"3471","lat":35.208109,"lon":-110.373001,"seen_pos":1.939}]}

    =====================  ==========================  ======================================  ================================
    aircraft.json, lines   trace                       on the wire                             here
    =====================  ==========================  ======================================  ================================
    hex                    icao                        ICAO address; ~ when it is none         address; track "readsb/a3e31a"
    now less seen_pos      timestamp plus place 0      seconds since 1970, UTC                 at
    lat, lon               places 1, 2                 degrees WGS 84                          position
    alt_baro               place 3, or flag 8:         feet, pressure; or "ground"             height; on_ground
                           geometric
    alt_geom               place 10                    feet above the WGS 84 ellipsoid         height, where no pressure one is
    gs                     place 4                     knots                                   ground_speed_mps
    track                  place 5                     degrees true; heading on the ground     course_deg; None on the ground
    baro_rate, geom_rate   place 7                     feet a minute, up positive              climb_mps
    flight, squawk         the same, of place 8        text; four octal digits                 callsign, squawk
    =====================  ==========================  ======================================  ================================

Dropped by principle: registration, aircraft type, owner, year, category and database flags (military among them). Dropped as not needed:
kind of source, integrity, air speeds, wind, selected altitudes (an intention is no clearance), signal. `lastPosition` is over a minute old
and is skipped with the aircraft that have no place. A height that is text other than "ground" is not known.
"""

import math
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from tafadi.errors import FormatError, InputError
from tafadi.formats import strict_json
from tafadi.formats.lines import LONGEST_LINE, lines
from tafadi.formats.repeats import Repeats
from tafadi.formats.skips import Skips
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import SECOND_NS, Instant
from tafadi.measure.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS
from tafadi.model.track import Plot

NAME: Final = "readsb"
LARGEST_DOCUMENT: Final = 16 * 1024 * 1024  # bytes; the whole world of one aggregator has 8 MB, one day of one aircraft 1 MB
FEWEST_PLACES: Final = 8  # of a row of a trace: up to the vertical rate; older versions end there
OLDEST_S: Final = 86_400.0  # a place that is said to be older than a day is said in error
GEOMETRIC: Final = 8  # flag of a trace: the altitude is above the ellipsoid
NEW_LEG: Final = 2  # flag of a trace: what was called by a name may be called otherwise from here
# Reasons that say a place may have stood there and nobody knows which, or when.
DAMAGE: Final = frozenset(
    {"the line is too long", "not a line of the JSON port", "no address", "no time", "a damaged place", "a damaged row"}
)

_ADDRESS = re.compile(r"~?[0-9A-Fa-f]{6}")
_SQUAWK = re.compile(r"[0-7]{4}")
_CALLSIGN = re.compile(r"[A-Z0-9]{1,12}")

_Row = dict[str, object]


def _number(value: object) -> float | None:
    """The number; None for anything else, and for a whole number beyond all measure."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _scaled(value: object, unit: float) -> float | None:
    number = _number(value)
    return None if number is None else number * unit


def _matching(value: object, pattern: re.Pattern[str]) -> str | None:
    text = value.strip() if isinstance(value, str) else ""
    return text if pattern.fullmatch(text) else None


def _instant(base_s: object, later_s: object) -> Instant | None:
    """`later_s` after `base_s`, both of them good to a millisecond on the wire, which a float64 of seconds is not once summed."""
    base, later = _number(base_s), _number(later_s)
    if base is None or later is None or abs(later) > OLDEST_S or abs(base) > 1e11:
        return None
    try:
        return Instant((round(base * 1_000) + round(later * 1_000)) * (SECOND_NS // 1_000))
    except InputError:
        return None


def _position(lat: object, lon: object) -> Position | str:
    if lat is None and lon is None:
        return "no position"
    lat_deg, lon_deg = _number(lat), _number(lon)
    if lat_deg is None or lon_deg is None:
        return "a damaged place"
    try:
        return Position(lat_deg, lon_deg)
    except InputError:
        return "a damaged place"


def _height(pressure_ft: object, ellipsoid_ft: object) -> Height | None:
    """The pressure height, or else the one above the ellipsoid; None where neither is a number."""
    for value, datum in ((pressure_ft, Datum.PRESSURE), (ellipsoid_ft, Datum.ELLIPSOID)):
        value_m = _scaled(value, FOOT_M)
        if value_m is not None:
            try:
                return Height(value_m, datum)
            except InputError:  # outside what flies: as good as not said
                continue
    return None


class Reader:
    """Reads documents and lines; `skips` says what was left out. Its lines are aircraft or rows of a trace, counted from 1."""

    def __init__(self, source: str = NAME, party: str | None = None) -> None:
        self.skips = Skips()
        self.records = 0
        self._source = source
        self._party = party
        self._row = 0
        self._repeats = Repeats()

    def document(self, data: bytes) -> Iterator[Plot]:
        """The plots of a snapshot or a trace. Raises FormatError when it is neither."""
        tree = strict_json.load(data, format=NAME)
        if isinstance(tree, dict) and isinstance(tree.get("aircraft"), list):
            now = tree.get("now")
            if _instant(now, 0) is None:
                raise FormatError("it does not say when it was written, in seconds since 1970", format=NAME, field="now")
            yield from self._told(self._aircraft(row, now) for row in tree["aircraft"])
        elif isinstance(tree, dict) and isinstance(tree.get("trace"), list):
            yield from self._told(self._trace(tree))
        else:
            raise FormatError('it is an object neither with "aircraft" nor with "trace"', format=NAME)

    def lines(self, lines: Iterable[bytes]) -> Iterator[Plot]:
        """The plots of lines of the JSON port. Never raises for what a line holds: it is counted in `skips`."""
        yield from self._told(self._line(line) for line in lines)

    def _told(self, plots: Iterable[Plot | str]) -> Iterator[Plot]:
        for plot in plots:
            self._row += 1
            if isinstance(plot, Plot):
                yield plot
            elif plot:
                self.skips.add(plot, self._row, is_damage=plot in DAMAGE)

    def _line(self, line: bytes) -> Plot | str:
        if len(line) > LONGEST_LINE:
            return "the line is too long"
        if not line.strip():
            return ""
        row = _row(line)
        return "not a line of the JSON port" if row is None else self._aircraft({"seen_pos": 0, **row}, row["now"])

    def _aircraft(self, row: object, now: object) -> Plot | str:
        """The plot of one aircraft, or the reason why there is none."""
        if not isinstance(row, dict):
            return "a damaged row"
        self.records += 1
        name = _matching(row.get("hex"), _ADDRESS)
        position = _position(row.get("lat"), row.get("lon"))
        if name is None:
            return "no address"
        if not isinstance(position, Position):
            return position
        ago_s = _number(row.get("seen_pos"))
        at = None if ago_s is None else _instant(now, -ago_s)
        if at is None:
            return "no time"
        is_ground = row.get("alt_baro") == "ground"
        rate = row.get("baro_rate") if _number(row.get("baro_rate")) is not None else row.get("geom_rate")
        motion = (row.get("gs"), None if is_ground else row.get("track"), rate)
        height = _height(row.get("alt_baro"), row.get("alt_geom"))
        return self._plot(name, at, position, height, motion, is_ground, (row.get("flight"), row.get("squawk")))

    def _trace(self, tree: _Row) -> Iterator[Plot | str]:
        """The plots of a trace; what it is called stands in some rows only and holds until it is said anew, or a new leg begins."""
        name = _matching(tree.get("icao"), _ADDRESS)
        if name is None:
            raise FormatError("it does not say whose trace it is", format=NAME, field="icao")
        called: tuple[object, object] = (None, None)
        rows = tree["trace"]
        for row in rows if isinstance(rows, list) else ():
            if not isinstance(row, list) or len(row) < FEWEST_PLACES or not isinstance(row[6], int):
                yield "a damaged row"
                continue
            self.records += 1
            said = row[8] if len(row) > 8 and isinstance(row[8], dict) else {}
            if row[6] & NEW_LEG:
                called = (None, None)
            called = (said.get("flight", called[0]), said.get("squawk", called[1]))
            yield self._point(name, tree.get("timestamp"), row, called)

    def _point(self, name: str, base_s: object, row: list[object], called: tuple[object, object]) -> Plot | str:
        at, position = _instant(base_s, row[0]), _position(row[1], row[2])
        if at is None:
            return "no time"
        if not isinstance(position, Position):
            return position
        flags = row[6] if isinstance(row[6], int) else 0
        geometric_ft = row[3] if flags & GEOMETRIC else row[10] if len(row) > 10 else None
        is_ground = row[3] == "ground"
        height = _height(None if flags & GEOMETRIC else row[3], geometric_ft)
        return self._plot(name, at, position, height, (row[4], None if is_ground else row[5], row[7]), is_ground, called)

    def _plot(
        self,
        name: str,
        at: Instant,
        position: Position,
        height: Height | None,
        motion: tuple[object, object, object],
        is_ground: bool,
        called: tuple[object, object],
    ) -> Plot | str:
        """The plot: `motion` is knots, degrees and feet a minute, `called` the callsign and the squawk, all as they stood there."""
        address = name.lower()
        track, course_deg = f"{self._source}/{address}", _number(motion[1])
        if self._repeats.has(track, at.ns):
            return "a duplicate: this address and time were given before"
        return Plot(
            track=track,
            at=at,
            position=position,
            height=height,
            ground_speed_mps=_scaled(motion[0], KNOT_MPS),
            course_deg=None if course_deg is None else course_deg % 360.0,
            climb_mps=_scaled(motion[2], FOOT_PER_MINUTE_MPS),
            on_ground=True if is_ground else None,  # a number says only that it is not known to be on the ground
            address=None if address.startswith("~") else address,
            callsign=_matching(called[0], _CALLSIGN),
            squawk=_matching(called[1], _SQUAWK),
            source=self._source,
            party=self._party,
        )


def _row(line: bytes) -> _Row | None:
    """The aircraft of one line that brings its own time; None when it is none."""
    try:
        row = strict_json.load(line, format=NAME)
    except FormatError:
        return None
    return row if isinstance(row, dict) and "hex" in row and "now" in row else None


def _first_line(chunks: Iterator[bytes]) -> tuple[bytes, bytes]:
    """The first line that is not empty, or what there is of a longer one, and all that was read to find it."""
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) > LONGEST_LINE or b"\n" in head.lstrip():
            break
    return head.lstrip().partition(b"\n")[0], head


def parse(chunks: Iterable[bytes], reader: Reader | None = None) -> Iterator[Plot]:
    """The plots of a snapshot, of a trace, or of lines, in their own order. Raises FormatError when it is none of them, or too large."""
    reader, coming = reader or Reader(), iter(chunks)
    first, head = _first_line(coming)
    if 0 < len(first) <= LONGEST_LINE and _row(first.removeprefix(b"\xef\xbb\xbf")) is not None:
        yield from reader.lines(lines(chain((head.lstrip().removeprefix(b"\xef\xbb\xbf"),), coming)))
        return
    data = bytearray(head)
    for chunk in coming:
        if len(data) > LARGEST_DOCUMENT:
            break
        data += chunk
    if len(data) > LARGEST_DOCUMENT:
        raise FormatError(f"more than {LARGEST_DOCUMENT:,} bytes are more than one snapshot or trace has", format=NAME)
    yield from reader.document(bytes(data))
