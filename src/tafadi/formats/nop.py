"""NOP: hits of FAA terminal and en-route radar, one line a hit, as MITRE's open-ARIA publishes them.

Source: mitre-public/open-aria, open-aria-core, package `nop` and its recorded samples (public release 23-3623).

    [RH],STARS,D21_B,03/24/2018,15:03:08.337,N518SP,…,5256,024,108,180,042.27814,-083.75906,3472,5256,…,{RH}

    =======  ============================================  ===========================================
    field    on the wire                                   here
    =======  ============================================  ===========================================
    0        [RH] radar hit; others are counted, skipped
    1        STARS (terminal), Center (en route), AGW      layout of the fields after 14
    2, 14    facility, track number (reused after a drop)  track "D21_B/3472"
    3, 4     MM/DD/YYYY or MM-DD-YYYY, hh:mm:ss.sss; UTC   at
    5        callsign, may be empty                        callsign
    8        Mode 3/A code, four octal digits or null      squawk
    9        Mode C, 100 ft, pressure; 000 = not known     height; None for 000, letters or nothing
    10, 11   knots; degrees, xxx = not known               ground_speed_mps, course_deg: true on STARS and
                                                           Center; AGW's is magnetic (8 degrees off the line
                                                           of its own hits) and is left out
    12, 13   degrees WGS 84                                position
    27       STARS: ACT, CST (coasting), DRP (dropping)    coasting and dropping hits are skipped
    28       flight rules                                  a level filed under VFR is no clearance
    34       Center: actual/interim/assigned, 100 ft       cleared_height: interim, else assigned
    =======  ============================================  ===========================================

Dropped by principle: aircraft type (6) and weight class (7, 36). Dropped as not needed: airports, fixes, plane coordinates, sectors.
A hit of a track and time already given is a duplicate (two displays of one facility). A hit that gives a place which the track has already
left, while it moves, is an old position sent again under a new time.
"""

import re
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from tafadi.errors import FormatError, InputError
from tafadi.formats.lines import GIVE_UP_AFTER, LONGEST_LINE
from tafadi.formats.skips import Skips
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import SECOND_NS, Instant
from tafadi.measure.units import FLIGHT_LEVEL_M, KNOT_MPS
from tafadi.model.track import Plot

NAME: Final = "nop"
SYSTEMS: Final = ("STARS", "Center", "AGW")
FEWEST_FIELDS: Final = 41  # STARS and Center lines have 41, AGW 44
HIGHEST_LEVEL: Final = 800  # 80,000 ft: nothing that these radars see flies higher; Detroit shows false targets at 90,000 ft
FASTEST_KT: Final = 2_000  # three digits cannot say more than 999; a longer field is damage
REMEMBERED: Final = 16  # hits of a track that a repeat is looked for in: over a minute of terminal radar
REPEAT_WINDOW_NS: Final = 120 * SECOND_NS  # positions were seen re-sent up to a minute late
REPEAT_MOVED_M: Final = 60.0  # a track that has flown further than this cannot be at the very same 1e-5 degree again
MOST_TRACKS: Final = 50_000  # remembered at once; the longest unheard is forgotten first
# Reasons that say a hit may have stood there and nobody knows which.
DAMAGE: Final = frozenset(
    {"the line is too long", "not a NOP record", "a damaged or truncated hit", "no time", "no position", "no track number"}
)

_DATE = re.compile(r"([0-9]{2})[/-]([0-9]{2})[/-]([0-9]{4})")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?")
_LEVEL = re.compile(r"-?[0-9]{1,3}")
_SQUAWK = re.compile(r"[0-7]{4}")
_CALLSIGN = re.compile(r"[A-Z0-9]{1,12}")
_KEY = re.compile(r"[A-Za-z0-9_-]{1,16}")


class _Seen(NamedTuple):
    ns: int
    place: tuple[str, str]
    is_new: bool  # whether the place was the track's own at that time, and not itself a repeat


@lru_cache(maxsize=64)
def _midnight_ns(text: str) -> int | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    month, day, year = map(int, match.groups())
    try:
        return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * SECOND_NS
    except (ValueError, OverflowError):
        return None


def _instant(date: str, time: str) -> Instant | None:
    midnight_ns, match = _midnight_ns(date), _TIME.fullmatch(time)
    if midnight_ns is None or match is None:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3])
    if hour > 23 or minute > 59 or second > 59:
        return None
    within_ns = ((hour * 60 + minute) * 60 + second) * SECOND_NS + int((match[4] or "0").ljust(9, "0"))
    try:
        return Instant(midnight_ns + within_ns)
    except InputError:
        return None


def _position(lat: str, lon: str) -> Position | None:
    try:
        return Position(float(lat), float(lon))
    except (ValueError, InputError):
        return None


def _level(text: str) -> Height | None:
    """The level in 100 ft as a pressure height; None for 000, for letters and for nothing."""
    if not _LEVEL.fullmatch(text) or int(text) == 0 or int(text) < -20:
        return None
    return Height(int(text) * FLIGHT_LEVEL_M, Datum.PRESSURE)


def _whole(text: str, largest: int) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 and int(text) <= largest else None


def _cleared(fields: list[str]) -> Height | None:
    """The level that the flight is cleared to: interim if one stands, else the one assigned; VFR levels are filed, not cleared."""
    if fields[1] != "Center" or fields[28] == "VFR":
        return None
    levels = fields[34].split("/")
    return None if len(levels) != 3 else _level(levels[1] or levels[2])


def _velocity(fields: list[str]) -> tuple[float | None, float | None]:
    """Ground speed and course. A speed of 000 with course xxx is the tracker's first hit: it does not know yet."""
    speed_kt = _whole(fields[10], FASTEST_KT)
    course_deg = None if fields[1] == "AGW" else _whole(fields[11], 360)
    if course_deg is None and speed_kt == 0:
        speed_kt = None
    return None if speed_kt is None else speed_kt * KNOT_MPS, None if course_deg is None else course_deg % 360.0


class Reader:
    """Reads hits line by line, in whatever order they stand; `skips` says what was left out."""

    def __init__(self, source: str = NAME, party: str | None = None) -> None:
        self.skips = Skips()
        self.records = 0  # lines that follow the format, whether they gave a plot or not
        self._source = source
        self._party = party
        self._line = 0
        self._recent: OrderedDict[str, deque[_Seen]] = OrderedDict()

    def read(self, lines: Iterable[bytes]) -> Iterator[Plot]:
        """The hits of `lines`. Never raises for what a line holds: it is counted in `skips`."""
        for line in lines:
            self._line += 1
            plot = self._hit(line)
            if isinstance(plot, Plot):
                yield plot
            elif plot:
                self.skips.add(plot, self._line, is_damage=plot in DAMAGE)

    def _hit(self, line: bytes) -> Plot | str:
        """The plot of one line, or the reason why there is none (empty for an empty line)."""
        if len(line) > LONGEST_LINE:
            return "the line is too long"
        text = line.decode("ascii", "replace").strip()
        if not text.startswith("[RH],"):
            known = text.startswith(("[FP],", "[OH],", "[HF],", "[HB],", "[Bytes]"))
            self.records += known
            return "" if not text else "another record type" if known else "not a NOP record"
        fields = text.split(",")
        if len(fields) < FEWEST_FIELDS or fields[1] not in SYSTEMS or fields[-1] != "{RH}":
            return "a damaged or truncated hit"
        self.records += 1
        return self._plot(fields)

    def _plot(self, fields: list[str]) -> Plot | str:
        at, position = _instant(fields[3], fields[4]), _position(fields[12], fields[13])
        if at is None:
            return "no time"
        if position is None:
            return "no position"
        if not (_KEY.fullmatch(fields[2]) and _KEY.fullmatch(fields[14])):
            return "no track number"
        track, (speed_mps, course_deg) = f"{fields[2]}/{fields[14]}", _velocity(fields)
        reason = self._repeat(track, at.ns, (fields[12], fields[13]), speed_mps) or _unlikely(fields)
        return reason or Plot(
            track=track,
            at=at,
            position=position,
            height=_level(fields[9]),
            ground_speed_mps=speed_mps,
            course_deg=course_deg,
            cleared_height=_cleared(fields),
            callsign=fields[5] if _CALLSIGN.fullmatch(fields[5]) else None,
            squawk=fields[8] if _SQUAWK.fullmatch(fields[8]) else None,
            source=self._source,
            party=self._party,
        )

    def _repeat(self, track: str, ns: int, place: tuple[str, str], speed_mps: float | None) -> str:
        """Why this hit only repeats an earlier one of its track; empty when it does not. Remembers it either way."""
        recent = self._recent.setdefault(track, deque(maxlen=REMEMBERED))
        self._recent.move_to_end(track)
        if len(self._recent) > MOST_TRACKS:
            self._recent.popitem(last=False)
        if any(earlier.ns == ns for earlier in recent):
            return "a duplicate: this track and time were given before"
        stale = any(earlier.is_new and earlier.place == place and _has_moved(ns - earlier.ns, speed_mps) for earlier in recent)
        recent.append(_Seen(ns, place, not stale))
        return "a stale repeat: an old position sent again under a new time" if stale else ""


def _has_moved(apart_ns: int, speed_mps: float | None) -> bool:
    """Whether a track of this speed must have left its place since; one that stands, or of unknown speed, may still be there."""
    return abs(apart_ns) < REPEAT_WINDOW_NS and (speed_mps or 0.0) * abs(apart_ns) / SECOND_NS > REPEAT_MOVED_M


def _unlikely(fields: list[str]) -> str:
    """Why the radar itself does not mean this hit; empty when it does."""
    level = _whole(fields[9], 9_999)
    if level is not None and level > HIGHEST_LEVEL:
        return "a false target: higher than 80,000 ft"
    if fields[1] == "STARS" and fields[27] in ("CST", "DRP"):
        return "coasting: the place is the tracker's guess, not a hit"
    return ""


def parse(lines: Iterable[bytes], reader: Reader | None = None) -> Iterator[Plot]:
    """The hits of a recording, in its own order. Raises FormatError when nothing in it follows the format.

    Recordings may be grouped by track: sort by time before feeding a watch.
    """
    reader = reader or Reader()
    count = 0
    for count, line in enumerate(lines, 1):
        yield from reader.read((line,))
        if count == GIVE_UP_AFTER and reader.records == 0:
            raise FormatError(f"the first {count} lines hold no NOP record", format=NAME)
    if reader.records == 0:
        raise FormatError("it is empty" if count == 0 else "it holds no NOP record", format=NAME)
