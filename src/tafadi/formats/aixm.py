"""AIXM 5.1 and 5.1.1: airspaces of an aeronautical data set. Other features of the set are not looked at.

Source: AIXM 5.1 (EUROCONTROL and FAA), features and data types; OGC 12-028r1 for its geometry, which `gml.py` reads.

| element | becomes |
|---|---|
| `Airspace`; each `AirspaceTimeSlice` BASELINE or SNAPSHOT, its last correction | a notice |
| `type` and `designator`, or else `name` | identity, `R EAR1`; where one stands several times, with its number in brackets |
| `name` | title |
| `type` | P, R, TRA, TSA, CBA: keep-clear; every other: caution |
| `validTime` | from, until; an end that is not stated is open, so it needs a window |
| `activation`, `Timesheet` | hours in UTC by days of the week; none: always |
| `AirspaceVolume` of components BASE and UNION | volumes |
| `upperLimit`, `lowerLimit` with `uom` FT, M, FL | heights: SFC above ground, MSL the geoid, W84 the ellipsoid, STD pressure |
| … `GND`, `UNL` | the surface; no top |

Hours that may be switched on or interrupted (`AVBL_FOR_ACTIVATION`, `INTERMITTENT`) count as in force; `INACTIVE` ones do not. The levels
of an activation are not read: the airspace is taken in its whole height, which claims more air and not less.
Passed over and counted: divisions of responsibility (FIR, UIR, sectors and the like), which claim no air.
Dropped: `designatorICAO`, `class`, `activity`, `annotation`, `controlType`, `protectedRoute`, users and all metadata.
Refused, airspace by airspace: TEMPDELTA and PERMDELTA, which change another slice; airspaces made of others, intersected or subtracted;
corridors about a centre line; borders that are only referred to; hours by the sun, by holidays, by dates, or by another clock than UTC;
hours in which it is inactive.
Not written: a data set is issued by an authority.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, NoReturn

from tafadi.errors import FormatError, InputError
from tafadi.formats.gml import SURFACES, patches
from tafadi.formats.schedule import EVERY_DAY, Daily, Period, daily, hours, zoned_instant
from tafadi.formats.strict_json import reading
from tafadi.formats.xml_tree import Element, load
from tafadi.formats.zones import SURFACE, Known, LeftOut, Part, numbered, sift, unlimited, zone
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.measure.units import FLIGHT_LEVEL_M, FOOT_M
from tafadi.model.operation import Announced, AreaKind

NAME: Final = "aixm"
KINDS: Final = dict.fromkeys(("P", "R", "TRA", "TSA", "CBA"), AreaKind.KEEP_CLEAR)
DIVISIONS: Final = frozenset(
    ("NAS", "FIR", "FIR_P", "UIR", "UIR_P", "SECTOR", "SECTOR_C", "RAS", "NO_FIR", "PART", "CLASS", "POLITICAL", "AMA", "ASR")
)
DATUMS: Final = {"SFC": Datum.GROUND, "MSL": Datum.GEOID, "W84": Datum.ELLIPSOID, "STD": Datum.PRESSURE}
_UNITS_M: Final = {"FT": FOOT_M, "M": 1.0, "FL": FLIGHT_LEVEL_M}
_NOT_READ: Final = frozenset(("startEvent", "endEvent", "startDate", "endDate", "startTimeRelativeEvent", "endTimeRelativeEvent", "dayTil"))
_VALUE = re.compile(r"-?[0-9]{1,6}(?:\.[0-9]{1,6})?")
_OF_DAY = re.compile(r"[0-9]{2}:[0-9]{2}")
_STATUSES: Final = {"ACTIVE": True, "IN_USE": True, "AVBL_FOR_ACTIVATION": True, "INTERMITTENT": True, "INACTIVE": False}


class _Slice(NamedTuple):
    airspace: Element
    slice: Element

    @property
    def kind(self) -> str:
        return self.slice.said("type") or "an airspace"

    @property
    def name(self) -> str:
        said = self.slice.said("designator") or self.slice.said("name") or self.airspace.said("identifier")
        return f"{self.kind} {said or 'without name'}"


def parse(data: bytes, window: Span | None = None, left_out: LeftOut | None = None) -> Iterator[Announced]:
    """The airspaces of a data set that are in force in the window. Raises FormatError, for every refusal when there is no `left_out`."""
    root = load(data, format=NAME)
    if "aixm" not in root.space.lower() and not any("aixm" in child.space.lower() for child in root.walk()):
        raise FormatError(f"its root is {root.name[:40]!r}, and nothing in it is of AIXM", format=NAME, offset=root.line)
    slices = [one for element in root.walk() if element.name == "Airspace" for one in _slices(element)]
    ids = numbered([one.name for one in slices])
    things = list(zip(ids, slices, strict=True))
    return sift(NAME, things, lambda thing: _announced(*thing, window), lambda thing: thing[0], left_out)


def dump(announced: Iterable[Announced]) -> NoReturn:
    """Raises FormatError: a data set is issued by an authority."""
    raise FormatError("a data set is issued by an authority, and is not written here", format=NAME)


def _slices(airspace: Element) -> Iterator[_Slice]:
    """The time slices of the airspace; of several corrections of one slice, the last."""
    held: dict[tuple[str, str], tuple[int, Element]] = {}
    for holder in airspace.all("timeSlice"):
        for one in holder.all("AirspaceTimeSlice"):
            number = one.said("correctionNumber") or "0"
            correction = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
            key = one.said("interpretation") or "", one.said("sequenceNumber") or f"line {one.line}"
            if key not in held or held[key][0] < correction:
                held[key] = correction, one
    return (_Slice(airspace, one) for _, one in held.values())


def _announced(id: str, one: _Slice, window: Span | None) -> Announced | Known:
    interpretation = one.slice.said("interpretation")
    if interpretation not in ("BASELINE", "SNAPSHOT"):
        raise FormatError(
            f"a slice {(interpretation or 'without interpretation')[:40]} changes another, and is not read", format=NAME, field=id
        )
    if one.kind in DIVISIONS:
        return Known("it is a division of responsibility, and claims no air")
    with reading(NAME, id):
        start, end = _valid(one.slice)
        lines = _activations(one.slice)
        if lines == []:
            return Known("it is inactive")
        parts = list(_parts(one.slice))
    period = Period(start, end, tuple(lines or ()))
    return zone(NAME, id, KINDS.get(one.kind, AreaKind.CAUTION), parts, [period], window, title=one.slice.said("name") or "")


def _valid(slice: Element) -> tuple[Instant | None, Instant | None]:
    holder = slice.first("validTime")
    period = None if holder is None else holder.first("TimePeriod")
    if period is None:
        raise InputError("it does not say from when it is valid")
    begin, end = period.said("beginPosition"), period.said("endPosition")
    return None if begin is None else zoned_instant(begin), None if end is None else zoned_instant(end)


def _activations(slice: Element) -> list[Daily] | None:
    """The hours in force; None when it always is, an empty list when it never is."""
    lines: list[Daily] = []
    stated = [inner for one in slice.all("activation") for inner in one.all("AirspaceActivation")]
    if not stated:
        return None
    for activation in stated:
        status = activation.said("status") or "ACTIVE"
        if status not in _STATUSES:
            raise InputError(f"the status {status[:40]!r} of its activation is none that is read")
        sheets = [sheet for one in activation.all("timeInterval") for sheet in one.all("Timesheet")]
        if _STATUSES[status] and not sheets:
            return None
        if not _STATUSES[status] and sheets:
            raise InputError("it says when it is inactive, and so not surely when it is active")
        lines.extend(_sheet(sheet) for sheet in sheets)
    return lines


def _sheet(sheet: Element) -> Daily:
    unread = next((name for name in sorted(_NOT_READ) if sheet.said(name) is not None), None)
    if unread is not None or sheet.said("excluded") == "YES":
        raise InputError(f"hours with {unread or 'exclusions'} are not read: they need a calendar or the sun")
    day, start, end = sheet.said("day"), sheet.said("startTime") or "00:00", sheet.said("endTime") or "24:00"
    if day is None or not _OF_DAY.fullmatch(start) or not _OF_DAY.fullmatch(end):
        raise InputError("a line of its timetable has no day, or no hours like 08:00")
    if day == "ANY" and start == "00:00" and end in ("00:00", "24:00"):
        return hours(EVERY_DAY, 0, 86_400)  # whole days are whole days by any clock
    if sheet.said("timeReference") != "UTC" or sheet.said("daylightSavingAdjust") == "YES":
        raise InputError("its hours are not in UTC throughout the year")
    return daily([day], start + "Z", end + "Z")


def _parts(slice: Element) -> Iterator[Part]:
    components = [inner for one in slice.all("geometryComponent") for inner in one.all("AirspaceGeometryComponent")]
    if not components:
        raise InputError("it has no geometry", code="geometry-missing")
    for component in components:
        operation = component.said("operation") or "BASE"
        if operation not in ("BASE", "UNION"):
            raise InputError(f"air that is {operation[:20]} of other air is not read")
        volumes = [inner for one in component.all("theAirspaceVolume") for inner in one.all("AirspaceVolume")]
        if len(volumes) != 1:
            raise InputError("a component of its geometry has no volume in it")
        yield from _volume(volumes[0])


def _volume(volume: Element) -> Iterator[Part]:
    for name, sentence in (
        ("contributorAirspace", "it is made of other airspaces, and they are read themselves"),
        ("centreline", "it is a corridor about a centre line, which is not read"),
        ("maximumLimit", "a limit that is the higher of two is not read"),
        ("minimumLimit", "a limit that is the lower of two is not read"),
    ):
        found = volume.first(name)
        if found is not None and found.attributes.get("nil") != "true":
            raise InputError(sentence)
    lower = _limit(volume, "lower", None)
    upper = _limit(volume, "upper", lower)
    surfaces = [one for holder in volume.all("horizontalProjection") for one in holder.children if one.name in SURFACES]
    if len(surfaces) != 1:
        raise InputError("a volume of it has no surface", code="geometry-missing")
    for patch in patches(surfaces[0]):
        yield Part(patch.outer, lower, upper, patch.holes)


def _limit(volume: Element, which: str, lower: Height | None) -> Height | None:
    limit, reference = volume.first(f"{which}Limit"), volume.said(f"{which}LimitReference")
    if limit is None or not limit.text:
        return None
    if limit.text in ("GND", "UNL"):
        if (limit.text == "GND") != (which == "lower"):
            raise InputError(f"its {which} limit is {limit.text}")
        return SURFACE if limit.text == "GND" else unlimited(lower)
    measure = limit.attributes.get("uom", "").upper()
    if measure not in _UNITS_M or not _VALUE.fullmatch(limit.text):
        raise InputError(f"its {which} limit is {limit.text[:20]!r} in {measure[:10]!r}, which is no height in FT, M or FL")
    if reference not in DATUMS or (measure == "FL" and reference != "STD"):
        raise InputError(f"its {which} limit in {measure} has the reference {(reference or 'none')[:20]}")
    return Height(float(limit.text) * _UNITS_M[measure], DATUMS[reference])
