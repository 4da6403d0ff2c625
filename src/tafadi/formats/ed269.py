"""EUROCAE ED-269 UAS geographical zones, as the authorities of Europe have published them since 2020.

Source: EUROCAE ED-269 (Minimum operational performance standard for geo-fencing, 2020), the UASZoneVersion data model in JSON.

| member | becomes |
|---|---|
| `features[]` | the zones; `uas_zones[]` and `UASZoneList[]`, which some services write, are read the same |
| `country`, `identifier` | identity, `CHE:LSZB003` |
| `name` | title |
| `restriction` | PROHIBITED, REQ_AUTHORISATION: keep-clear; CONDITIONAL, NO_RESTRICTION: caution |
| `applicability[]` | when it is in force: `permanent` YES is always, so it needs a window; or times, and hours by days of the week |
| `geometry[].horizontalProjection` Polygon, Circle | outlines; holes are cut out; positions are longitude, latitude |
| `geometry[].lowerLimit`, `upperLimit`, in `uomDimensions` M or FT | heights |
| … `lowerVerticalReference`, `upperVerticalReference` | their datum: AGL above ground, AMSL the geoid, WGS84 the ellipsoid |

Edges are read as straight in longitude and latitude, as in ED-318 and GeoJSON, with corners where they stray by more than 1 m.
A top of 99,999 stands for "unlimited" in some files; it is kept as written.

Dropped: `title`, `description`, `type` (COMMON or CUSTOMIZED), `restrictionConditions`, `region`, `reason`, `otherReasonInfo`,
`regulationExemption`, `uSpaceClass`, `message`, `zoneAuthority`, `extendedProperties`, and any member that the standard does not name.
Refused, zone by zone: a zone without applicability; `permanent` YES beside an end or hours, which contradict it; a circle in a geometry
measured in feet, because readers disagree on whether its radius is in feet too; hours by the sun.
Not written: ED-318 has taken its place.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NoReturn

import msgspec

from tafadi.errors import FormatError
from tafadi.formats.ed318 import Applicability, height, named, period, position, rings
from tafadi.formats.schedule import ALWAYS, Period
from tafadi.formats.strict_json import load, reading, shaped
from tafadi.formats.zones import Known, LeftOut, Part, sift, zone
from tafadi.measure.height import Height
from tafadi.measure.instant import Span
from tafadi.measure.units import FOOT_M
from tafadi.model.operation import Announced, AreaKind
from tafadi.model.volume import Circle

NAME: Final = "ed269"
KINDS: Final = {
    "PROHIBITED": AreaKind.KEEP_CLEAR,
    "REQ_AUTHORISATION": AreaKind.KEEP_CLEAR,
    "CONDITIONAL": AreaKind.CAUTION,
    "NO_RESTRICTION": AreaKind.CAUTION,
}
LISTS: Final = ("features", "uas_zones", "UASZoneList")
_UNITS_M: Final = {"M": 1.0, "FT": FOOT_M}


class _Projection(msgspec.Struct, frozen=True):
    type: str
    coordinates: object = None
    center: list[float] | None = None
    radius: float | None = None


class _Geometry(msgspec.Struct, frozen=True):
    horizontalProjection: _Projection
    uomDimensions: str
    lowerLimit: float | None = None
    lowerVerticalReference: str | None = None
    upperLimit: float | None = None
    upperVerticalReference: str | None = None


class _Zone(msgspec.Struct, frozen=True):
    identifier: str
    country: str
    restriction: str
    geometry: list[_Geometry]
    applicability: list[Applicability] | Applicability | None = None
    name: str | None = None


def parse(data: bytes, window: Span | None = None, left_out: LeftOut | None = None) -> Iterator[Announced]:
    """The zones of a file that are in force in the window. Raises FormatError, for every refusal when there is no `left_out`."""
    tree = load(data, format=NAME)
    found = [(name, tree[name]) for name in LISTS if isinstance(tree.get(name), list)] if isinstance(tree, dict) else []
    if len(found) != 1:
        raise FormatError(f"it has not exactly one list of zones, under one of {', '.join(LISTS)}", format=NAME)
    where, zones = found[0]
    numbered = [(f"{where}[{index}]", one) for index, one in enumerate(zones)]
    return sift(NAME, numbered, lambda one: _announced(*one, window), lambda one: named(one[1]), left_out)


def dump(announced: Iterable[Announced]) -> NoReturn:
    """Raises FormatError: zones are written as ED-318, which has taken the place of this format."""
    raise FormatError("zones are written as ed318, which has taken the place of this format", format=NAME)


def _announced(where: str, given: object, window: Span | None) -> Announced | Known:
    said = shaped(given, _Zone, format=NAME, where=f"{where}.")
    if said.restriction not in KINDS:
        raise FormatError(f"the restriction {said.restriction[:40]!r} is none of the standard", format=NAME, field=f"{where}.restriction")
    parts = [_part(one, f"{where}.geometry[{index}]") for index, one in enumerate(said.geometry)]
    periods = list(_periods(said.applicability, f"{where}.applicability"))
    return zone(NAME, f"{said.country}:{said.identifier}", KINDS[said.restriction], parts, periods, window, title=said.name or "")


def _periods(said: list[Applicability] | Applicability | None, where: str) -> Iterator[Period]:
    several = [said] if isinstance(said, Applicability) else said or []
    if not several:
        raise FormatError("it does not say when it applies, not even that it is permanent", format=NAME, field=where)
    for one in several:
        if one.permanent not in ("YES", "NO", None):
            raise FormatError(f"permanent is YES or NO, not {one.permanent[:20]!r}", format=NAME, field=f"{where}.permanent")
        if one.permanent != "YES":
            yield _limited(one, where)
        elif one.endDateTime is not None or one.schedule:
            raise FormatError("it is permanent and has an end or hours, and nobody can say which holds", format=NAME, field=where)
        else:
            yield period(Applicability(startDateTime=one.startDateTime), where, NAME)


def _limited(said: Applicability, where: str) -> Period:
    found = period(said, where, NAME)
    if found == ALWAYS:
        raise FormatError("it is not permanent and has no times", format=NAME, field=where)
    return found


def _part(said: _Geometry, where: str) -> Part:
    unit_m = _UNITS_M.get(said.uomDimensions.upper())
    if unit_m is None:
        sentence = f"a height in {said.uomDimensions[:20]!r} is neither in M nor in FT"
        raise FormatError(sentence, format=NAME, field=f"{where}.uomDimensions")
    lower, upper = _heights(said, unit_m, where)
    projection, at = said.horizontalProjection, f"{where}.horizontalProjection"
    if projection.type == "Circle":
        return Part(_circle(projection, unit_m, at), lower, upper)
    if projection.type != "Polygon":
        raise FormatError(f"a {projection.type[:40]} is neither a Polygon nor a Circle", format=NAME, field=f"{at}.type")
    outer, *holes = rings(projection.coordinates, NAME, f"{at}.coordinates")
    return Part(outer, lower, upper, tuple(holes))


def _heights(said: _Geometry, unit_m: float, where: str) -> tuple[Height | None, Height | None]:
    return (
        height(said.lowerLimit, said.lowerVerticalReference, unit_m, NAME, f"{where}.lowerLimit"),
        height(said.upperLimit, said.upperVerticalReference, unit_m, NAME, f"{where}.upperLimit"),
    )


def _circle(said: _Projection, unit_m: float, where: str) -> Circle:
    if said.center is None or said.radius is None:
        raise FormatError("a circle has a center and a radius", format=NAME, field=where)
    if unit_m != 1.0:
        sentence = "a circle in a geometry measured in feet is refused: readers disagree on whether its radius is in feet too"
        raise FormatError(sentence, format=NAME, field=f"{where}.radius")
    with reading(NAME, where):
        return Circle(position(said.center, NAME, f"{where}.center"), said.radius)
