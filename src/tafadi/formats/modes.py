"""Mode S: raw frames of aircraft transponders, ADS-B among them, as a receiver hears them.

Source: ICAO Annex 10, volume IV, and RTCA DO-260B for what the frames say (`modes_frame`, `cpr`, `modes_held`). They are written down as

    Beast, binary (`beast`)                                    the time is a count of 1/12 µs from a beginning that must be stated
    1753827785.8086092,8DADA5265851E6616376C2EB4463            seconds since 1970, UTC, and the frame
    {"timestamp":1717664319.147975,"frame":"8c3461ce39…"}      the same in JSON lines of jet1090; its other members are dropped
    *8DADA5265851E6616376C2EB4463;                             AVR: no time; only with a clock, live

    ==========================  ============================================  ======================================
    frame                       on the wire                                   here
    ==========================  ============================================  ======================================
    DF 17, 18: position         CPR, degrees WGS 84; feet, pressure           a plot; position, height, on_ground
    DF 17, 18: velocity         knots, degrees true, feet a minute            ground_speed_mps, course_deg, climb_mps
    DF 17, 18: identification   eight characters                              callsign
    DF 0, 4, 16, 20             feet, pressure (25 ft, or 100 ft Gillham)     height, held for the next place
    DF 5, 21                    four octal digits                             squawk
    DF 4, 5, 20, 21, status     in the air or on the ground                   on_ground
    ==========================  ============================================  ======================================

Dropped by principle: the category of the emitter. Dropped as not needed: Comm-B registers, selected altitude (an intention is no
clearance), integrity, TCAS. A position with a height above the ellipsoid (types 20 to 22) keeps no height: readers of the standard do not
agree on whether its code is in feet or in metres. Addresses that are no ICAO ones (DF 18) keep a ~ before them, in the track alone.

A frame whose parity fails is noise, or was cut by another; receivers hear each aircraft some times a second, and such frames are counted
and are no damage. A reply carries its address in the parity, and is believed only for an address that a squitter gave in the last minute.
A place is told by an even and an odd message within 10 s, and after that by one message near the last place; one that it cannot have
reached is skipped, and the address begins anew. On the ground the receiver's own place is needed for the first one.

Own decoding and not pyModeS: that is under the GPL, and what is needed of the standard is 500 lines. The tests hold it beside dump1090 and
rs1090 on real recordings (docs/formats-tracks.md has the figures).
"""

import math
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Final

from tafadi.errors import FormatError, InputError
from tafadi.formats import beast, cpr, strict_json
from tafadi.formats import modes_frame as frames
from tafadi.formats.lines import GIVE_UP_AFTER, LONGEST_LINE, lines
from tafadi.formats.modes_held import NO_MOTION, Held
from tafadi.formats.skips import Skips
from tafadi.measure.earth import Position
from tafadi.measure.instant import SECOND_NS, Instant
from tafadi.measure.units import FOOT_PER_MINUTE_MPS, KNOT_MPS
from tafadi.model.track import Plot

NAME: Final = "modes"
HELD_NS: Final = 10 * SECOND_NS  # a velocity or height is repeated every half second or so; after ten it says nothing of now
CONFIRMED_NS: Final = 60 * SECOND_NS  # how long an address is believed after a squitter gave it; as dump1090 does
MOST_ADDRESSES: Final = 50_000  # held at once; the longest unheard is forgotten first
TICKS_A_SECOND: Final = 12_000_000
BACK_TICKS: Final = TICKS_A_SECOND  # frames of several receivers may change places within a second
AHEAD_TICKS: Final = 3_600 * TICKS_A_SECOND  # a clock that leaps by an hour was set, or is of another kind (GPS seconds of the day)
# Reasons that say a place may have stood there and nobody knows which, or when.
DAMAGE: Final = frozenset(
    {
        "the line is too long",
        "not a frame",
        "no time",
        "no time: the receiver's clock was set",
        "a place that the track cannot have reached",
        "a place that is nowhere",
    }
)

_STAMPED = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,9})[0-9]*)?,([0-9A-Fa-f]{14}|[0-9A-Fa-f]{28})")
_AVR = re.compile(r"(?:\*|[@%][0-9A-Fa-f]{12})([0-9A-Fa-f]{4}|[0-9A-Fa-f]{14}|[0-9A-Fa-f]{28});")
_FRAME = re.compile(r"[0-9A-Fa-f]{14}|[0-9A-Fa-f]{28}")
_HEARD_ONLY = "a frame that gives no place"  # counted, so that frames and plots add up


class Reader:
    """Reads frames and puts together what is known of each address; `skips` says what was left out.

    `begins` is the time of the first frame of a Beast recording; `clock` gives the time of live frames; `receiver` tells the places of
    those that were never seen in the air.
    """

    def __init__(
        self,
        source: str = NAME,
        party: str | None = None,
        begins: Instant | None = None,
        clock: Callable[[], Instant] | None = None,
        receiver: Position | None = None,
    ) -> None:
        self.skips = Skips()
        self.records = 0  # frames, whether they gave a plot or not
        self._source = source
        self._party = party
        self._begins = begins
        self._clock = clock
        self._receiver = None if receiver is None else cpr.Place(receiver.lat_deg, receiver.lon_deg)
        self._number = 0
        self._first_count: int | None = None
        self._last_count = 0
        self._held: OrderedDict[str, Held] = OrderedDict()

    def binary(self, chunks: Iterable[bytes]) -> Iterator[Plot]:
        """The plots of a Beast stream. Raises FormatError when neither its beginning nor a clock is stated."""
        if self._begins is None and self._clock is None:
            raise FormatError("Beast counts from when the receiver was switched on; say at which time its first frame came", format=NAME)
        yield from self._told(self._received(one) for one in beast.frames(chunks))

    def lines(self, lines: Iterable[bytes]) -> Iterator[Plot]:
        """The plots of lines of frames. Never raises for what a line holds: it is counted in `skips`."""
        yield from self._told(self._line(line) for line in lines)

    def _told(self, plots: Iterable[Plot | str]) -> Iterator[Plot]:
        for plot in plots:
            self._number += 1
            if isinstance(plot, Plot):
                yield plot
            elif plot:
                self.skips.add(plot, self._number, is_damage=plot in DAMAGE)

    def _received(self, one: beast.Received) -> Plot | str:
        if one.ticks is None:
            return "not a frame"
        self.records += 1
        if len(one.frame) < frames.SHORT_BYTES:
            return "a frame of Mode A/C or of the receiver's status"
        at = self._counted(one.ticks)
        return "no time: the receiver's clock was set" if at is None else self._frame(one.frame, at)

    def _counted(self, count: int) -> Instant | None:
        """The time of a count; None once the clock was set."""
        if self._clock is not None:
            return self._clock()
        if self._first_count is None:
            self._first_count = self._last_count = count
        if self._begins is None or not -BACK_TICKS <= count - self._last_count <= AHEAD_TICKS:
            return None
        self._last_count = max(count, self._last_count)
        return Instant(self._begins.ns + (count - self._first_count) * SECOND_NS // TICKS_A_SECOND)

    def _line(self, line: bytes) -> Plot | str:
        """The plot of one line, or the reason why there is none (empty for an empty line)."""
        if len(line) > LONGEST_LINE:
            return "the line is too long"
        text = line.decode("ascii", "replace").strip()
        if not text:
            return ""
        avr = _AVR.fullmatch(text)
        frame, at = (avr[1], None if self._clock is None else self._clock()) if avr else _stamped(text)
        if not frame:
            return "not a frame"
        self.records += 1
        if len(frame) < 2 * frames.SHORT_BYTES:
            return "a frame of Mode A/C or of the receiver's status"
        return "no time" if at is None else self._frame(bytes.fromhex(frame), at)

    def _frame(self, frame: bytes, at: Instant) -> Plot | str:
        """What one frame says is taken in; a position gives a plot, everything else a reason."""
        kind, bits = frame[0] >> 3, frames.Bits(frame)
        if len(frame) != (frames.LONG_BYTES if kind >= 16 else frames.SHORT_BYTES):
            return "not a frame"
        overlay = frames.overlay(frame)
        if kind in (17, 18):
            return "a parity that fails: noise, or two frames at once" if overlay else self._squitter(frame, at, kind)
        if kind == 11:
            if overlay & 0xFFFF80:  # the low bits name the interrogator
                return "a parity that fails: noise, or two frames at once"
            self._of(f"{bits(9, 24):06x}").confirmed_ns = at.ns
            return _HEARD_ONLY
        if kind not in (0, 4, 5, 16, 20, 21):
            return "a frame of another kind"
        held = self._held.get(f"{overlay:06x}")
        if held is None or abs(at.ns - held.confirmed_ns) > CONFIRMED_NS:
            return "a reply of an address that no squitter gave"
        held.reply(kind, bits, at.ns)
        return _HEARD_ONLY

    def _of(self, address: str) -> Held:
        held = self._held.setdefault(address, Held())
        self._held.move_to_end(address)
        if len(self._held) > MOST_ADDRESSES:
            self._held.popitem(last=False)
        return held

    def _squitter(self, frame: bytes, at: Instant, kind: int) -> Plot | str:
        me, control = frames.Bits(frame[4:11]), frame[0] & 7
        if kind == 18 and control not in (0, 1, 2, 5, 6):
            return "a frame of another kind"
        code, address = me(1, 5), frame[1:4].hex()
        if kind == 18 and (control in (1, 5) or (control in (2, 6) and _is_marked(me, code))):
            address = f"~{address}"
        held = self._of(address)
        held.confirmed_ns = at.ns
        if 5 <= code <= 8 or 9 <= code <= 18 or 20 <= code <= 22:
            place = held.arrive(me, code, at.ns, self._receiver)
            return self._plot(address, held, at, place) if isinstance(place, Position) else place
        if 1 <= code <= 4:
            held.callsign = frames.callsign(me) or held.callsign
        elif code == 19:
            motion = frames.airborne_motion(me)
            if motion is not None:
                held.motion, held.motion_ns = motion, at.ns
        return _HEARD_ONLY

    def _plot(self, address: str, held: Held, at: Instant, position: Position) -> Plot:
        motion = held.motion if abs(at.ns - held.motion_ns) <= HELD_NS else NO_MOTION
        return Plot(
            track=f"{self._source}/{address}",
            at=at,
            position=position,
            height=held.height if abs(at.ns - held.height_ns) <= HELD_NS else None,
            ground_speed_mps=None if motion.speed_kt is None else motion.speed_kt * KNOT_MPS,
            course_deg=motion.course_deg,
            climb_mps=None if motion.climb_fpm is None else motion.climb_fpm * FOOT_PER_MINUTE_MPS,
            on_ground=held.on_ground,
            address=None if address.startswith("~") else address,
            callsign=held.callsign,
            squawk=held.squawk,
            source=self._source,
            party=self._party,
        )


def _stamped(text: str) -> tuple[str, Instant | None]:
    """The frame of a line that brings its time, and the time; an empty frame when it is no such line."""
    match = _STAMPED.fullmatch(text)
    if match is not None:
        return match[3], _instant(int(match[1]) * SECOND_NS + int((match[2] or "0").ljust(9, "0")))
    try:
        row = strict_json.load(text.encode(), format=NAME) if text.startswith("{") else None
    except FormatError:
        row = None
    frame = row.get("frame") if isinstance(row, dict) else None
    if not isinstance(row, dict) or not isinstance(frame, str) or not _FRAME.fullmatch(frame):
        return "", None
    seconds = row.get("timestamp")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < 1e11:
        return frame, None
    return frame, _instant(round(math.fmod(seconds, 1) * SECOND_NS) + int(seconds) * SECOND_NS)


def _instant(ns: int) -> Instant | None:
    try:
        return Instant(ns)
    except InputError:
        return None


def _is_marked(me: frames.Bits, code: int) -> bool:
    """Whether a ground station marks the address as one that is no ICAO address (the IMF bit, in the place of another)."""
    place = 21 if 5 <= code <= 8 else 9 if code == 19 else 8 if 9 <= code <= 22 else 0
    return bool(place and me(place))


def parse(chunks: Iterable[bytes], reader: Reader | None = None) -> Iterator[Plot]:
    """The plots of a recording, in its own order. Raises FormatError when it holds no frame, or has no time."""
    reader, coming = reader or Reader(), iter(chunks)
    head = next(coming, b"")
    if beast.ESCAPE in head[: beast.LONGEST]:
        yield from reader.binary(chain((head,), coming))
    else:
        for count, line in enumerate(lines(chain((head,), coming)), 1):
            yield from reader.lines((line,))
            if count == GIVE_UP_AFTER and reader.records == 0:
                raise FormatError(f"the first {count} lines hold no frame", format=NAME)
    if reader.records == 0:
        raise FormatError("it holds no frame of Mode S" if head else "it is empty", format=NAME)
