"""SCN areas: the areas that scenarios of the simulator BlueSky draw; `scn` reads the aircraft of such files.

Source: TUDelft-CNS-ATM/bluesky, tools/areafilter and tools/misc.

| command | becomes |
|---|---|
| `BOX name,lat,lon,lat,lon[,top[,bottom]]` | the box between two meridians and two parallels |
| `CIRCLE name,lat,lon,radius[,top[,bottom]]` | a circle; the radius is in nautical miles |
| `POLY name,lat,lon,lat,lon,…` | an outline without heights, which stay unknown |
| `POLYALT name,top,bottom,lat,lon,…` | an outline between two heights, in either order |

Each is a notice of kind area, caution: a drawing does not say what it asks for. Edges are straight in longitude and latitude, as the
simulator tests them, with corners where they stray from the geodesic by more than 1 m. A height is FL245, or feet of the simulator's
standard atmosphere, which is pressure height. **A number below 1,000 without FL stays unknown**: the simulator takes it for feet, and the
areas of real regions say 245 and mean flight level 245; unknown is never clear. The commands have no dates, so a window is needed. Passed
over: every other command.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from tafadi.errors import FormatError, InputError
from tafadi.formats.schedule import Period
from tafadi.formats.scn import AREAS, Command, commands, height_of, position_of
from tafadi.formats.skips import Skips
from tafadi.formats.strict_json import check_size, reading
from tafadi.formats.zones import Known, LeftOut, Part, Ring, apart, numbered, sift, zone
from tafadi.measure.arcs import straight_in_degrees
from tafadi.measure.earth import Position
from tafadi.measure.height import Height
from tafadi.measure.instant import Span
from tafadi.measure.units import FOOT_M, NAUTICAL_MILE_M
from tafadi.model.operation import Announced, AreaKind
from tafadi.model.volume import Circle

NAME: Final = "scn_areas"
LEAST_FEET: Final = 1_000.0  # below this a number without FL may be feet or a flight level
_OTHER: Final = "another command, which draws no area"

Heights = tuple[Height | None, Height | None]


def parse(data: bytes, window: Span | None = None, left_out: LeftOut | None = None) -> Iterator[Announced]:
    """The areas of a scenario, for the window. Raises FormatError, for every refusal when there is no `left_out`."""
    check_size(len(data), NAME)
    skips = Skips()
    found = list(commands(data.split(b"\n"), skips))
    for reason, count, first in skips.rows():
        if left_out is None:
            raise FormatError(f"{count:,} of its lines are none of the format: {reason}", format=NAME, offset=first)
        left_out.refuse(first, "a line", f"{count:,} of its lines are none of the format: {reason}")
    drawn = [one for one in found if one.words[0] in AREAS]
    if not drawn:
        raise FormatError("it draws no area", format=NAME)
    ids = numbered([one.words[1] if len(one.words) > 1 and one.words[1] else "an area without name" for one in drawn])
    things = list(zip(ids, drawn, strict=True))
    if left_out is not None and len(found) > len(drawn):
        others = (one.line for one in found if one.words[0] not in AREAS)
        for line in others:
            left_out.pass_over(line, Known(_OTHER))
    return sift(NAME, things, lambda thing: _announced(*thing, window), lambda thing: thing[0], left_out)


def dump(announced: object) -> bytes:
    """Scenarios are not written: raises FormatError."""
    raise FormatError("scenarios are read and not written", format=NAME)


def _announced(id: str, drawn: Command, window: Span | None) -> Announced | Known:
    kind, words = drawn.words[0], drawn.words[2:]
    with reading(NAME, id):
        outer, (lower, upper) = _DRAWINGS[kind](words)
        part = Part(outer, lower, upper)
    return zone(NAME, id, AreaKind.CAUTION, [part], [Period()], window, title=id)


def _box(words: Sequence[str]) -> tuple[Ring | Circle, Heights]:
    one, other = _places(words[:4], 2)
    corners = [
        Position(lat_deg, lon_deg)
        for lat_deg, lon_deg in (
            (one.lat_deg, one.lon_deg),
            (one.lat_deg, other.lon_deg),
            (other.lat_deg, other.lon_deg),
            (other.lat_deg, one.lon_deg),
        )
    ]
    return _ring(corners), _heights(words[4:6])


def _circle(words: Sequence[str]) -> tuple[Ring | Circle, Heights]:
    (centre,) = _places(words[:2], 1)
    try:
        radius_m = float(words[2]) * NAUTICAL_MILE_M
    except (IndexError, ValueError):
        raise InputError("a circle needs its radius in nautical miles") from None
    return Circle(centre, radius_m), _heights(words[3:5])


def _poly(words: Sequence[str]) -> tuple[Ring | Circle, Heights]:
    return _ring(_places(words, 3)), (None, None)


def _polyalt(words: Sequence[str]) -> tuple[Ring | Circle, Heights]:
    return _ring(_places(words[2:], 3)), _heights(words[:2])


_DRAWINGS: Final = {"BOX": _box, "CIRCLE": _circle, "POLY": _poly, "POLYGON": _poly, "POLYALT": _polyalt}


def _ring(corners: Sequence[Position]) -> Ring:
    ring = apart(tuple(corners))
    return tuple(straight_in_degrees(ring))


def _places(words: Sequence[str], fewest: int) -> list[Position]:
    found = [position_of(lat, lon) for lat, lon in zip(words[::2], words[1::2], strict=False)]
    if len(words) % 2 or len(found) < fewest:
        raise InputError(f"{len(words)} numbers are not {fewest} places or more, each of latitude and longitude")
    places = [place for place in found if place is not None]
    if len(places) != len(found):
        raise InputError("a place in it is not latitude and longitude in degrees")
    return places


def _heights(words: Sequence[str]) -> Heights:
    """The lower and the upper one, whichever stands first; unknown where either is not told without doubt."""
    said = [_limit(word) for word in words]
    if len(said) != 2 or None in said:
        return None, None
    lower, upper = sorted((height for height in said if height is not None), key=lambda height: height.value_m)
    return lower, upper


def _limit(word: str) -> Height | None:
    height = height_of(word)
    is_level = word.upper().startswith("FL")
    return None if height is None or (not is_level and abs(height.value_m) < LEAST_FEET * FOOT_M) else height
