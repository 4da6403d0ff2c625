"""CoT: where things are, as Cursor-on-Target events of XML, one after the other.

Source: MITRE MTR 050081, "Cursor-on-Target message router user's guide" (event schema 2.0); shapes of TAK as ATAK-CIV writes them.

    <event version="2.0" uid="ICAO-A1B2C3" type="a-…" how="m-g" time="2026-03-01T06:40:00Z" start="…" stale="…">
      <point lat="34.1" lon="40.2" hae="9144.0" ce="10" le="9999999.0"/>
      <detail><contact callsign="ABC123"/><track course="270" speed="180.5"/></detail></event>

    ==================  =============================================  ==================================
    member              on the wire                                    here
    ==================  =============================================  ==================================
    event uid           name of the thing                              track "cot/…"; ICAO-xxxxxx: address
    event time          UTC with Z                                     at
    point lat, lon      degrees WGS 84; 0, 0 with an error of 9999999  position
                        is nowhere
    point hae           metres above the ellipsoid; 9999999 not known  height; None when not known
    track speed         metres a second; 9999999 not known             ground_speed_mps
    track course        degrees true; means nothing without a speed    course_deg
    contact callsign    text                                           callsign
    ==================  =============================================  ==================================

Dropped by principle: everything that says what a thing is or whose: `type` (only its first letter is looked at: `a` is a thing in a place,
all else is a drawing, a route or a message, which is counted and skipped), icons, symbols, groups, links, and remarks. Dropped as not
needed: how, start, stale, errors, slope. A document type is refused, so that no entity is ever declared or fetched.
"""

import math
import re
from collections.abc import Iterable, Iterator
from typing import Final
from xml.parsers import expat

from tafadi.errors import FormatError, InputError
from tafadi.formats.repeats import Repeats
from tafadi.formats.skips import Skips
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.model.names import check_text
from tafadi.model.track import LONGEST_TRACK, Plot

NAME: Final = "cot"
LARGEST_EVENT: Final = 65_536  # bytes; a route of a hundred points has 30,000, and TAK servers refuse larger ones
DEEPEST: Final = 32  # elements within elements; ATAK's own need 6
MOST_ATTRIBUTES: Final = 64  # of one element; ATAK's own need 12
UNKNOWN: Final = 9_999_999.0  # how CoT says that a number is not known
LONGEST_CALLSIGN: Final = 32  # it is read aloud
GIVE_UP_AFTER: Final = 2_000  # pieces without one event: the input is something else
# Reasons that say a thing may have stood there and nobody knows where.
DAMAGE: Final = frozenset(
    {
        "the event is too large",
        "not an event of XML",
        "a document type, which no event has",
        "no name of a thing",
        "no time in UTC",
        "no position",
    }
)

_END = b"</event>"
_START = re.compile(rb"<event[\s>]")
_PROLOGUE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>)?\s*")
_ADDRESS = re.compile(r"ICAO[-.:]([0-9A-Fa-f]{6})")
_NUMBER = re.compile(r"[-+]?[0-9]{1,12}(?:\.[0-9]{1,20})?(?:[eE][-+]?[0-9]{1,2})?")

_Members = dict[str, dict[str, str]]  # the attributes of each element that is looked at, by its path


class _Broken(Exception):
    """Why an event cannot be read; never leaves this module."""


def _number(text: str | None) -> float | None:
    """The number; None for nothing, for what is none, and for the number that stands for not known."""
    if text is None or not _NUMBER.fullmatch(text.strip()):
        return None
    value = float(text)
    return None if not math.isfinite(value) or abs(value) >= UNKNOWN else value


class _Event:
    """Takes one event apart: the attributes of its elements that are looked at, and nothing else."""

    PATHS: Final = ("event", "event/point", "event/detail/contact", "event/detail/track")

    def __init__(self) -> None:
        self.members: _Members = {}
        self._path: list[str] = []
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, data: bytes) -> _Members:
        """The members of the event in `data`. Raises _Broken."""
        try:
            self._parser.Parse(data, True)
        except (expat.ExpatError, ValueError, LookupError):  # an encoding that Python does not know is a LookupError
            raise _Broken("not an event of XML") from None
        if "event" not in self.members:
            raise _Broken("not an event of XML")
        return self.members

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= DEEPEST or len(attributes) > MOST_ATTRIBUTES:
            raise _Broken("not an event of XML")
        self._path.append(name)
        path = "/".join(self._path)
        if path in self.PATHS:
            if path in self.members and path != "event/detail/contact":
                raise _Broken("not an event of XML")  # two places, and nobody can say which one holds
            self.members.setdefault(path, attributes)

    def _end(self, name: str) -> None:
        self._path.pop()

    def _doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        raise _Broken("a document type, which no event has")


class Reader:
    """Reads events as they come; `skips` says what was left out. Its lines are events, counted from 1."""

    def __init__(self, source: str = NAME, party: str | None = None) -> None:
        self.skips = Skips()
        self.records = 0  # events, whether they gave a plot or not
        self._source = source
        self._party = party
        self._event = 0
        self._repeats = Repeats()

    def read(self, events: Iterable[bytes]) -> Iterator[Plot]:
        """The plots of `events`. Never raises for what an event holds: it is counted in `skips`."""
        for event in events:
            self._event += 1
            plot = self._plot(event)
            if isinstance(plot, Plot):
                yield plot
            elif plot:
                self.skips.add(plot, self._event, is_damage=plot in DAMAGE)

    def _plot(self, event: bytes) -> Plot | str:
        """The plot of one event, or the reason why there is none."""
        if len(event) > LARGEST_EVENT:
            return "the event is too large"
        try:
            members = _Event().read(event)
        except _Broken as reason:
            return str(reason)
        self.records += 1
        if not members["event"].get("type", "").startswith("a-"):
            return "a drawing, a route or a message, and no thing in a place"
        return self._thing(members)

    def _thing(self, members: _Members) -> Plot | str:
        event, point = members["event"], members.get("event/point", {})
        track, at, position = _track(self._source, event.get("uid", "")), _instant(event.get("time", "")), _position(point)
        if track is None:
            return "no name of a thing"
        if at is None:
            return "no time in UTC"
        if not isinstance(position, Position):
            return position
        if self._repeats.has(track, at.ns):
            return "a duplicate: this thing and time were given before"
        speed_mps, course_deg = _velocity(members.get("event/detail/track", {}))
        address = _ADDRESS.fullmatch(event["uid"])
        return Plot(
            track=track,
            at=at,
            position=position,
            height=_height(point.get("hae")),
            ground_speed_mps=speed_mps,
            course_deg=course_deg,
            address=None if address is None else address[1].lower(),
            callsign=_callsign(members.get("event/detail/contact", {}).get("callsign", "")),
            source=self._source,
            party=self._party,
        )


def _track(source: str, uid: str) -> str | None:
    name = f"{source}/{uid}"
    try:
        return check_text(name, "the name of the thing", LONGEST_TRACK) if uid.strip() else None
    except InputError:
        return None


def _callsign(text: str) -> str | None:
    try:
        return check_text(text.strip(), "the callsign", LONGEST_CALLSIGN) or None
    except InputError:
        return None


def _instant(text: str) -> Instant | None:
    try:
        return Instant.parse(text)
    except InputError:
        return None


def _position(point: dict[str, str]) -> Position | str:
    """The place, or the reason why there is none: nowhere is said by 0, 0 with an error of everything."""
    lat_deg, lon_deg = _number(point.get("lat")), _number(point.get("lon"))
    if lat_deg is None or lon_deg is None:
        return "no position"
    if lat_deg == lon_deg == 0.0 and _number(point.get("ce")) is None:
        return "a thing that is nowhere yet"
    try:
        return Position(lat_deg, lon_deg)
    except InputError:
        return "no position"


def _height(text: str | None) -> Height | None:
    value_m = _number(text)
    try:
        return None if value_m is None else Height(value_m, Datum.ELLIPSOID)
    except InputError:  # outside what flies: as good as not said
        return None


def _velocity(track: dict[str, str]) -> tuple[float | None, float | None]:
    """Ground speed and course; a course beside an unknown speed is filled in, not measured."""
    speed_mps, course_deg = _number(track.get("speed")), _number(track.get("course"))
    if speed_mps is None or speed_mps < 0.0:
        return None, None
    return speed_mps, None if course_deg is None else course_deg % 360.0


def events(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Each event with its end, cut where `</event>` stands; what stands between events comes by itself, to be refused.

    One larger than LARGEST_EVENT comes as its first LARGEST_EVENT + 1 bytes, so that no input takes more memory than another.

    >>> list(events([b"<event a='1'></eve", b"nt>\\n<event><event></event>\\n"]))
    [b"<event a='1'></event>", b'<event>', b'<event></event>']
    """
    rest, is_cut = b"", False
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(_END)
        for event in whole:
            if not is_cut:
                yield from _whole(event + _END)
            is_cut = False
        if len(rest) > LARGEST_EVENT + len(_END):
            if not is_cut:
                yield rest[: LARGEST_EVENT + 1]
            rest, is_cut = rest[-len(_END) :], True
    if rest.strip() and not is_cut:
        yield rest[: LARGEST_EVENT + 1]


def _whole(piece: bytes) -> Iterator[bytes]:
    """The event at the end of `piece` with its prologue, and before it whatever else stood there."""
    starts = [match.start() for match in _START.finditer(piece)]
    if not starts or _PROLOGUE.fullmatch(piece, 0, starts[-1]):
        yield piece.lstrip()[: LARGEST_EVENT + 1]
        return
    yield piece[: starts[-1]].strip()[: LARGEST_EVENT + 1]
    yield piece[starts[-1] :][: LARGEST_EVENT + 1]


def parse(chunks: Iterable[bytes], reader: Reader | None = None) -> Iterator[Plot]:
    """The plots of a recording, in its own order. Raises FormatError when it holds no event."""
    reader = reader or Reader()
    count = 0
    for count, event in enumerate(events(chunks), 1):
        yield from reader.read((event,))
        if count == GIVE_UP_AFTER and reader.records == 0:
            raise FormatError(f"its first {count} pieces hold no event", format=NAME)
    if reader.records == 0:
        raise FormatError("it is empty" if count == 0 else "it holds no event that can be read", format=NAME)
