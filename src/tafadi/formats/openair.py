"""OpenAir: airspaces as lines of text, as gliders and paragliders carry them.

Source: the original format (WinPilot, 1998) and its extended form (Naviter, OpenAir 2.1, 2025).

| record | becomes |
|---|---|
| `AC`, `AY` | R, P, GP, TFR, TRA, TSA: keep-clear; OFR: no-overflight; every other class and type: caution |
| `AN` | identity and title; where one name stands several times, with its number in brackets |
| `AL`, `AH`: `FL95`, `6000ft STD` | pressure heights |
| … `600ft AGL` | heights above ground; `m` is metres |
| … `4500ft AMSL`, `4500 ft` | heights above mean sea level (geoid), which the format means where it names no reference |
| … `GND`, `SFC`; `UNL` | the surface; no top |
| `AA` | when it is active, in UTC; none stated: always, so it needs a window; `NONE`: it is not active, and no notice |
| `DP` | corners; edges are geodesics |
| `V X=` and `DC` | a circle; its radius is in nautical miles |
| `V X=`, `V D=` and `DA` or `DB` | arcs, as corners within 1 m |

An airspace begins with its `AC` or `AI` and ends where the next begins; `V` holds until then. Latitudes and longitudes are on WGS 84.
Passed over and counted: regions and sectors (`AY` FIR, UIR, FIS, ACCSEC, VFRSEC), which say who answers on the radio and claim no air.
Dropped: comments (`*`), `AF`, `AG`, `AX`, `AI`, `AT`, and the drawing records `SP`, `SB`, `TC`, `TO`.
Refused, airspace by airspace: airways (`DY`), a radius without centre, a height without unit, several outlines in one airspace.
Not written: a notice of several volumes would fall into several airspaces of one name.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, NamedTuple, NoReturn, TypeVar

from tafadi.errors import FormatError, InputError
from tafadi.formats.degrees import colon_place
from tafadi.formats.schedule import DAY_S, Period, zoned_instant
from tafadi.formats.strict_json import check_size
from tafadi.formats.zones import SURFACE, Known, LeftOut, Part, numbered, sift, unlimited, zone
from tafadi.measure.arcs import MOST_CORNERS, arc, swept
from tafadi.measure.earth import Leg, Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.measure.units import FLIGHT_LEVEL_M, FOOT_M, NAUTICAL_MILE_M
from tafadi.model.operation import Announced, AreaKind
from tafadi.model.volume import Circle

NAME: Final = "openair"
LONGEST_LINE: Final = 1_000  # bytes; a record is one line of a few words
MOST_LINES: Final = 500_000  # the largest file that we know, of a whole continent, has under 300,000
KINDS: Final = {
    **dict.fromkeys(("R", "P", "GP", "TFR", "TRA", "TSA"), AreaKind.KEEP_CLEAR),
    "OFR": AreaKind.NO_OVERFLIGHT,
}
DROPPED: Final = frozenset(("AF", "AG", "AX", "AI", "AT", "SP", "SB", "TC", "TO"))
NOT_ACTIVE: Final = "it is said not to be active"
DIVISIONS: Final = frozenset(("FIR", "UIR", "FIS", "ACCSEC", "VFRSEC"))  # who answers on the radio, not who uses the air
DIVISION: Final = "it is a division of responsibility, and claims no air"
_DATUMS: Final = {
    **dict.fromkeys(("AMSL", "MSL", "ALT", ""), Datum.GEOID),
    **dict.fromkeys(("AGL", "GND", "SFC", "AGND", "ASFC"), Datum.GROUND),
    "STD": Datum.PRESSURE,
}
_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")  # line by line: a list of all would take many times the size of the file
_HEIGHT = re.compile(r"FL\s*([0-9]{1,3})(?:\s*STD)?|([0-9]{1,6}(?:\.[0-9]{1,3})?)\s*(FT|F|M)\s*([A-Z]*)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_GEOMETRY: Final = frozenset(("V", "DP", "DC", "DA", "DB"))
_READ: Final = DROPPED | _GEOMETRY | {"AC", "AY", "AN", "AL", "AH", "AA"}

T = TypeVar("T")


class _Line(NamedTuple):
    number: int
    record: str
    text: str


class _Pen(NamedTuple):
    """Where a `V` left the centre and the direction."""

    centre: Position | None = None
    clockwise: bool = True


def parse(data: bytes, window: Span | None = None, left_out: LeftOut | None = None) -> Iterator[Announced]:
    """The airspaces of a file that are active in the window. Raises FormatError, for every refusal when there is no `left_out`."""
    blocks = list(_blocks(_lines(data)))
    ids = numbered([_first(block, "AN") or "an airspace without name" for block in blocks])
    named = list(zip(ids, blocks, strict=True))
    return sift(NAME, named, lambda one: _announced(*one, window), lambda one: one[0], left_out)


def dump(announced: Iterable[Announced]) -> NoReturn:
    """Raises FormatError: a notice of several volumes would fall into several airspaces."""
    raise FormatError("a notice of several volumes would fall into several airspaces of one name", format=NAME)


def _lines(data: bytes) -> Iterator[_Line]:
    check_size(len(data), NAME)
    for number, found in enumerate(_LINE.finditer(data.removeprefix(b"\xef\xbb\xbf")), 1):
        if number > MOST_LINES:
            raise FormatError(f"it has more than {MOST_LINES:,} lines", format=NAME, offset=number)
        if found.end() - found.start() > LONGEST_LINE:
            sentence = f"a line of {found.end() - found.start():,} bytes is not one of the format"
            raise FormatError(sentence, format=NAME, offset=number)
        line = found[0].decode("utf-8", "replace").strip()  # older files are in any code page; names alone hold more than ASCII
        if not line or line.startswith("*"):
            continue
        record, _, rest = line.partition(" ")
        yield _Line(number, record.upper(), rest.strip() if record.upper() == "AN" else rest.partition("*")[0].strip())


def _blocks(lines: Iterable[_Line]) -> Iterator[list[_Line]]:
    """The airspaces, each from its first general record on."""
    block: list[_Line] = []
    for line in lines:
        begins = line.record == "AI" or (line.record == "AC" and any(one.record != "AI" for one in block))
        if begins and block:
            yield block
            block = []
        if not block and line.record not in ("AC", "AI"):
            raise FormatError(f"an airspace begins with AC, and here is {line.record[:20]!r}", format=NAME, offset=line.number)
        block.append(line)
    if block:
        yield block


def _first(block: list[_Line], record: str) -> str:
    return next((line.text for line in block if line.record == record), "")


def _one(block: list[_Line], record: str) -> _Line:
    found = [line for line in block if line.record == record]
    if len(found) != 1:
        raise FormatError(f"it has {len(found)} records of this kind, and needs one", format=NAME, offset=block[0].number, field=record)
    return found[0]


def _announced(id: str, block: list[_Line], window: Span | None) -> Announced | Known:
    for line in block:
        if line.record not in _READ:
            raise FormatError("a record of this kind is not read", format=NAME, offset=line.number, field=line.record[:20])
    name = _one(block, "AN").text
    if not name:
        raise FormatError("the name is empty", format=NAME, offset=block[0].number, field="AN")
    classes = (_one(block, "AC").text.upper(), _first(block, "AY").upper())
    if classes[1] in DIVISIONS:
        return Known(DIVISION)
    kind = next((KINDS[one] for one in classes if one in KINDS), AreaKind.CAUTION)
    lower = _said(_one(block, "AL"), _height)
    upper = _said(_one(block, "AH"), lambda text: unlimited(lower) if text.upper() in ("UNL", "UNLIM", "UNLTD") else _height(text))
    periods = [found for line in block if line.record == "AA" and (found := _said(line, _period)) is not None]
    if not periods and any(line.record == "AA" for line in block):
        return Known(NOT_ACTIVE)
    return zone(NAME, id, kind, [Part(_outline(block), lower, upper)], periods or [Period()], window, title=name)


def _said(line: _Line, read: Callable[[str], T]) -> T:
    """What `read` makes of the record. Raises FormatError with its line."""
    try:
        return read(line.text)
    except InputError as error:
        raise FormatError(str(error), format=NAME, offset=line.number, field=line.record) from None


def _height(text: str) -> Height:
    if text.upper() in ("GND", "SFC"):
        return SURFACE
    match = _HEIGHT.fullmatch(text)
    datum = None if match is None else _DATUMS.get((match[4] or "").upper())
    if match is None or datum is None:
        raise InputError(f"{text[:40]!r} is not a height like FL95, 4500ft AMSL, 600ft AGL or GND")
    level, value, unit, _ = match.groups()
    if level is not None:
        return Height(int(level) * FLIGHT_LEVEL_M, Datum.PRESSURE)
    return Height(float(value) * (1.0 if unit.upper() == "M" else FOOT_M), datum)


def _period(text: str) -> Period | None:
    """When it is active; None when it expressly is not."""
    if text.upper() == "NONE":
        return None
    start, slash, end = text.partition("/")
    if not slash:
        raise InputError(f"{text[:60]!r} is not an interval like 2026-12-16T12:00Z/2026-12-16T13:00Z")
    return Period(_instant(start.strip()), _instant(end.strip()))


def _instant(text: str) -> Instant | None:
    if text.upper() == "NONE":
        return None
    if text.endswith("T24:00Z"):  # the format's own example of the end of a day
        return zoned_instant(text.replace("T24:00Z", "T00:00Z")).plus(DAY_S)
    if not text.endswith("Z"):
        raise InputError(f"{text[:40]!r} is not in UTC with Z, which the format asks for")
    return zoned_instant(text)


class _Drawing:
    """The outline as its records draw it."""

    def __init__(self) -> None:
        self.pen = _Pen()
        self.corners: list[Position] = []
        self.circle: Circle | None = None

    def draw(self, record: str, text: str) -> None:
        """Follows one record. Raises InputError."""
        if record == "V":
            self.pen = _moved(self.pen, text)
        elif record == "DC" and self.circle is None:
            self.circle = Circle(_centre(self.pen), _nautical_miles_m(text))
        elif record == "DC":
            raise InputError("it has several circles; each is an airspace of its own")
        else:
            self.corners.extend(_corners(record, text, self.pen))
        if self.circle is not None and self.corners:
            raise InputError("a circle is an outline by itself, and here corners stand beside it")
        if len(self.corners) > MOST_CORNERS:
            raise InputError(f"it has more than {MOST_CORNERS:,} corners", code="too-large")


def _outline(block: list[_Line]) -> tuple[Position, ...] | Circle:
    drawing = _Drawing()
    for line in block:
        if line.record in _GEOMETRY:
            _said(line, partial(drawing.draw, line.record))
    return tuple(drawing.corners) if drawing.circle is None else drawing.circle


def _moved(pen: _Pen, text: str) -> _Pen:
    name, _, value = (part.strip() for part in text.partition("="))
    if name.upper() == "X":
        return pen._replace(centre=colon_place(value))
    if name.upper() == "D" and value in ("+", "-"):
        return pen._replace(clockwise=value == "+")
    raise InputError(f"{text[:40]!r} is neither a centre nor a direction")


def _corners(record: str, text: str, pen: _Pen) -> Iterable[Position]:
    if record == "DP":
        return [colon_place(text)]
    if record == "DA":
        return _by_bearings(text, pen)
    first, comma, last = text.partition(",")
    if not comma:
        raise InputError(f"{text[:60]!r} is not two places with a comma between them")
    start, end = colon_place(first), colon_place(last)
    return [start, *arc(_centre(pen), start, end, clockwise=pen.clockwise), end]


def _by_bearings(text: str, pen: _Pen) -> Iterable[Position]:
    given = [part.strip() for part in text.split(",")]
    if len(given) != 3 or not all(_NUMBER.fullmatch(part) for part in given):
        raise InputError(f"{text[:60]!r} is not a radius and two bearings")
    radius_m, (first_deg, last_deg) = _nautical_miles_m(given[0]), map(float, given[1:])
    turn_deg = (last_deg - first_deg) % 360.0 if pen.clockwise else -((first_deg - last_deg) % 360.0)
    if turn_deg == 0.0 or max(first_deg, last_deg) > 360.0:
        raise InputError(f"the bearings {first_deg} and {last_deg} make no arc")
    return swept(_centre(pen), Leg(first_deg % 360.0, radius_m), turn_deg, radius_m)


def _centre(pen: _Pen) -> Position:
    if pen.centre is None:
        raise InputError("no centre stands before it; give V X= in the same airspace")
    return pen.centre


def _nautical_miles_m(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise InputError(f"{text[:20]!r} is not a radius in nautical miles")
    return float(text) * NAUTICAL_MILE_M
