"""NOTAM: the areas that warnings to airmen announce, by the circle of their Q-line.

Source: ICAO Annex 15, appendix 3 (NOTAM format) and Doc 8126; the NOTAM code of Doc 8400.

    A1234/26 NOTAMN
    Q) ZZFR/QRDCA/IV/BO/W/000/245/5123N00123W010
    A) ZZAA B) 2606010600 C) 2606011800 D) 0600-0900 1500-1800
    E) …  F) SFC G) FL245

| item | becomes |
|---|---|
| FIR of the Q-line, number | identity, `ZZFR:A1234/26`; the number is the title |
| Q: subject (letters 2 and 3) | RP, RR, RT, RA: keep-clear; RO: no-overflight; RD, RM and all of W: caution; others are no areas |
| Q: place and radius | a circle on WGS 84, wider by 1 NM than written; it holds the whole area, so the disclosure is `envelope` |
| F, G; without them the limits of the Q-line | heights: FL is pressure, FT or M AMSL the geoid, AGL above ground |
| … SFC, GND, 000; UNL, 999 | the surface; no top |
| B, C | from, until, in UTC; PERM, and EST (an estimate: it stands until it is cancelled), have no end and need a window |
| D | hours of every day, `0600-0900 1500-1800`; any other timetable is refused |

**What item E says of the area is not read.** By rule the circle holds it. But its centre is in whole minutes, up to 0.71 NM from where it
is meant, and in a third of the real NOTAM that we have the polygon of item E reaches out of it by up to 0.7 NM. So 1 NM is added: the
circle then claims more air than the NOTAM, and not less.
A NOTAM that another one in the same file replaces (NOTAMR) or cancels (NOTAMC) is passed over, as are cancellations, subjects that are no
areas, conditions that end an area (AK, CC, CD, CN), and the same NOTAM a second time. All are counted.
Refused, one by one: no number; a Q-line without place or with radius 999 (the whole region, whose outline is not in it); and all that is
not as above. Dropped: item E, A but for nothing, traffic, purpose and scope of the Q-line. Not written: authorities issue NOTAM.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, NoReturn

from tafadi.errors import FormatError, InputError
from tafadi.formats.degrees import compact_place
from tafadi.formats.schedule import EVERY_DAY, Daily, Period, hours
from tafadi.formats.strict_json import check_size, reading
from tafadi.formats.zones import SURFACE, Known, LeftOut, Part, sift, unlimited, zone
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.measure.units import FLIGHT_LEVEL_M, FOOT_M, NAUTICAL_MILE_M
from tafadi.model.operation import Announced, AreaKind, Disclosure
from tafadi.model.volume import Circle

NAME: Final = "notam"
KINDS: Final = {
    **dict.fromkeys(("RP", "RR", "RT", "RA"), AreaKind.KEEP_CLEAR),
    **dict.fromkeys(("RD", "RM"), AreaKind.CAUTION),
    "RO": AreaKind.NO_OVERFLIGHT,
}
ENDED: Final = frozenset(("AK", "CC", "CD", "CN"))  # resumed normally, completed, deactivated, cancelled
LONGEST_NOTAM: Final = 20_000  # characters; the longest of a day's bulletin are a few thousand
MOST_LINES: Final = 1_000_000  # a day of the whole world is some 30,000 NOTAM of a dozen lines
WHOLE_REGION_NM: Final = 999
WIDER_NM: Final = 1.0  # half a minute of latitude and of longitude are 0.71 NM; the rest is for the rounding of the radius
UNLIMITED_LEVEL: Final = 999
_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")  # line by line: a list of all would take many times the size of the file
_HEADER = re.compile(r"\s*\(?\s*([A-Z][0-9]{1,4}/[0-9]{2})\s+NOTAM([NRC])(?:\s+([A-Z][0-9]{1,4}/[0-9]{2}))?\b")
_Q_LINE = re.compile(
    r"([A-Z]{3,4})\s*/\s*Q([A-Z]{2})([A-Z]{2})\s*/\s*[A-Z]{0,3}\s*/\s*[A-Z]{0,4}\s*/\s*[A-Z]{0,3}\s*"
    r"/\s*([0-9]{3})\s*/\s*([0-9]{3})\s*/\s*([0-9]{4}[NS][0-9]{5}[EW])([0-9]{3})"
)
_ITEM = re.compile(r"(?:^|\s)([QABCDE])\)[ \t]*", re.MULTILINE)
_LIMITS = re.compile(r"(?:^|\s)F\)\s*(\S(?:[^\n\r)]{0,38}\S)?)\s+G\)\s*(\S(?:[^\n\r)]{0,38}?\S)?)\s*\)?\s*\Z", re.MULTILINE)
_HEIGHT = re.compile(r"FL\s*([0-9]{1,3})|([0-9]{1,6})\s*(FT|M)\s*(AMSL|AGL|MSL)")
_TIME = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})")
_HOURS = re.compile(r"([0-9]{2})([0-9]{2})-([0-9]{2})([0-9]{2})")
_EVERY_DAY = re.compile(r"(?:DAILY|DLY)?\s*((?:[0-9]{4}-[0-9]{4}(?:\s*,\s*|\s+AND\s+|\s+|\Z)){1,12})")


class Notam(NamedTuple):
    """One NOTAM: number, kind (N, R, C or empty), the number that it replaces or cancels, and its text."""

    number: str
    kind: str
    other: str
    text: str

    @property
    def region(self) -> str:
        """The letters of its Q-line; empty when there are none."""
        match = re.search(r"Q\)\s*([A-Z]{3,4})\s*/", self.text)
        return match[1] if match else ""


class _Code(NamedTuple):
    """What the Q-line says."""

    region: str
    subject: str
    condition: str
    lower_level: int
    upper_level: int
    circle: Circle


def parse(data: bytes, window: Span | None = None, left_out: LeftOut | None = None) -> Iterator[Announced]:
    """The areas of a file of NOTAM that stand in the window. Raises FormatError, for every refusal when there is no `left_out`."""
    check_size(len(data), NAME)
    return areas(NAME, list(notams(data.removeprefix(b"\xef\xbb\xbf"))), window, left_out)


def areas(name: str, found: Sequence[Notam | FormatError], window: Span | None, left_out: LeftOut | None) -> Iterator[Announced]:
    """The areas among the NOTAM of one file of the format `name`, and why some could not be had. Raises FormatError as `parse`."""
    held = [one for one in found if isinstance(one, Notam)]
    ended = {(one.region, one.other) for one in held if one.other}
    first = {one: index for index, one in reversed(list(enumerate(found))) if isinstance(one, Notam)}

    def read(thing: tuple[int, Notam | FormatError]) -> Announced | Known:
        index, one = thing
        if isinstance(one, FormatError):
            raise one
        if first[one] != index:
            return Known("the same NOTAM stands before it")
        if one.number and (one.region, one.number) in ended:
            return Known("another NOTAM of the file replaces or cancels it")
        return _announced(one, window)

    return sift(name, list(enumerate(found)), read, lambda thing: _called(thing[1]), left_out)


def _called(one: Notam | FormatError) -> str:
    return one.number if isinstance(one, Notam) and one.number else "a NOTAM without number"


def dump(announced: Iterable[Announced]) -> NoReturn:
    """Raises FormatError: authorities issue NOTAM."""
    raise FormatError("a NOTAM is issued by an authority, and is not written here", format=NAME)


def notams(data: bytes) -> Iterator[Notam]:
    """The messages: each begins at its number, or at a second Q-line. Raises FormatError when there are too many lines."""
    lines: list[str] = []
    has_code = False
    for number, found in enumerate(_LINE.finditer(data), 1):
        if number > MOST_LINES:
            raise FormatError(f"it has more than {MOST_LINES:,} lines", format=NAME, offset=number)
        line = found[0].decode("utf-8", "replace").rstrip("\r\n")  # item E alone can hold more than ASCII
        is_code = line.lstrip().startswith("Q)")
        if _HEADER.match(line) or (has_code and is_code):
            yield from _message(lines)
            lines, has_code = [], False
        lines.append(line)
        has_code |= is_code
    yield from _message(lines)


def _message(lines: list[str]) -> Iterator[Notam]:
    text = "\n".join(lines).strip()
    if text:
        match = _HEADER.match(text)
        yield Notam("", "", "", text) if match is None else Notam(match[1], match[2], match[3] or "", text)


def _announced(one: Notam, window: Span | None) -> Announced | Known:
    if one.kind == "C":
        return Known("it is a cancellation")
    if len(one.text) > LONGEST_NOTAM:
        raise FormatError(f"a NOTAM of {len(one.text):,} characters is not one", format=NAME, field=one.number)
    items = _items(one)
    known = _no_area(items["Q"])
    if known is not None:
        return known
    if not one.number:
        raise FormatError("it has no number, and so no identity", format=NAME)
    with reading(NAME, one.number):
        code = _code(items["Q"])
        lower, upper = _limits(one.text, code)
        period = Period(_instant(items.get("B", ""), "B"), _end(items.get("C", "")), tuple(_hours(items.get("D", ""))))
        kind = KINDS.get(code.subject, AreaKind.CAUTION)
    id = f"{code.region}:{one.number}"
    return zone(NAME, id, kind, [Part(code.circle, lower, upper)], [period], window, title=one.number, disclosure=Disclosure.ENVELOPE)


def _items(one: Notam) -> dict[str, str]:
    """The items Q to D by their letters, in their order; item E ends them, because its text may hold anything."""
    items: dict[str, str] = {}
    marks = list(_ITEM.finditer(one.text))
    ends = [*(mark.start() for mark in marks[1:]), len(one.text)]
    for mark, end in zip(marks, ends, strict=False):
        if mark[1] == "E":
            break
        if items and "QABCD".index(mark[1]) <= "QABCD".index(next(reversed(items))):
            raise FormatError(f"item {mark[1]} stands out of order or twice", format=NAME, field=one.number)
        items[mark[1]] = " ".join(one.text[mark.end() : end].split()).rstrip(")")
    if "Q" not in items:
        raise FormatError("it has no Q-line", format=NAME, field=one.number)
    return items


def _no_area(q_line: str) -> Known | None:
    """Why the subject or condition of the Q-line is no area in force; None when it may be one, or cannot be read."""
    match = re.match(r"[A-Z]{3,4}\s*/\s*Q([A-Z]{2})([A-Z]{2})\s*/", q_line)
    if match is None:
        return None
    if match[1] not in KINDS and match[1][0] != "W":
        return Known("its subject is no area")
    return Known("its condition says that the area is over") if match[2] in ENDED else None


def _code(q_line: str) -> _Code:
    match = _Q_LINE.fullmatch(q_line)
    if match is None:
        raise InputError(f"{q_line[:80]!r} is not a Q-line with levels, place and radius")
    region, subject, condition, lower, upper, place, radius = match.groups()
    if int(radius) == WHOLE_REGION_NM:
        raise InputError("radius 999 means the whole region, whose outline is not in it")
    radius_m = (int(radius) + WIDER_NM) * NAUTICAL_MILE_M
    return _Code(region, subject, condition, int(lower), int(upper), Circle(compact_place(place), radius_m))


def _limits(text: str, code: _Code) -> tuple[Height, Height]:
    match = _LIMITS.search(text)
    if match is None and re.search(r"(?:^|\s)[FG]\)\s", text):
        raise InputError("items F and G do not stand together at its end")
    if match is None:
        lower = SURFACE if code.lower_level == 0 else Height(code.lower_level * FLIGHT_LEVEL_M, Datum.PRESSURE)
        is_open = code.upper_level == UNLIMITED_LEVEL
        return lower, unlimited(lower) if is_open else Height(code.upper_level * FLIGHT_LEVEL_M, Datum.PRESSURE)
    lower = SURFACE if match[1] in ("SFC", "GND") else _height(match[1])
    return lower, unlimited(lower) if match[2] in ("UNL", "UNLTD") else _height(match[2])


def _height(text: str) -> Height:
    match = _HEIGHT.fullmatch(text)
    if match is None:
        raise InputError(f"{text[:40]!r} is not a limit like FL245, 1500FT AMSL or 300M AGL")
    level, value, unit, datum = match.groups()
    if level is not None:
        return Height(int(level) * FLIGHT_LEVEL_M, Datum.PRESSURE)
    return Height(int(value) * (FOOT_M if unit == "FT" else 1.0), Datum.GROUND if datum == "AGL" else Datum.GEOID)


def _instant(text: str, item: str) -> Instant:
    match = _TIME.fullmatch(text)
    if match is None:
        raise InputError(f"item {item} is {text[:30]!r}, and not ten digits: year, month, day, hour, minute in UTC")
    year, month, day, hour, minute = match.groups()
    return Instant.parse(f"20{year}-{month}-{day}T{hour}:{minute}:00Z")


def _end(text: str) -> Instant | None:
    """Item C; None for one without end, or whose end is an estimate."""
    if text == "PERM":
        return None
    if text.endswith("EST"):
        _instant(text.removesuffix("EST").strip(), "C")
        return None
    return _instant(text, "C")


def _hours(text: str) -> Iterator[Daily]:
    match = _EVERY_DAY.fullmatch(text)
    if text and match is None:
        raise InputError("the timetable of item D is not read; hours of every day are, like 0600-0900 1500-1800")
    for one in _HOURS.finditer("" if match is None else match[1]):
        start_h, start_min, end_h, end_min = map(int, one.groups())
        if max(start_h, end_h) > 24 or max(start_min, end_min) > 59:
            raise InputError(f"{one[0]!r} are not hours of the day")
        yield hours(EVERY_DAY, start_h * 3600 + start_min * 60, end_h * 3600 + end_min * 60)
