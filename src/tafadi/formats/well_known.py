"""Well-known text and binary (WKT, WKB) of the three geometries that a part of a notice may have: a point, a line, a polygon of one ring.

Longitude first, degrees on WGS 84; binary in little-endian order, as Tafadi writes it. Source: OGC 06-103r4.
"""

import struct
from typing import Final, NamedTuple

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.model.operation import MOST_WAYPOINTS
from tafadi.model.volume import MOST_VERTICES

POINT, LINE, POLYGON = 1, 2, 3  # of WKB
_WORDS: Final = {"POINT": POINT, "LINESTRING": LINE, "POLYGON": POLYGON}
_MOST_PLACES: Final = max(MOST_VERTICES + 1, MOST_WAYPOINTS)


class Shape(NamedTuple):
    """A geometry: what it is, and its places."""

    kind: int
    places: tuple[Position, ...]


def wkb(shape: Shape) -> bytes:
    """The geometry as WKB."""
    numbers = [number for place in shape.places for number in (place.lon_deg, place.lat_deg)]
    head = {
        POINT: struct.pack("<BI", 1, POINT),
        LINE: struct.pack("<BII", 1, LINE, len(shape.places)),
        POLYGON: struct.pack("<BIII", 1, POLYGON, 1, len(shape.places)),
    }[shape.kind]
    return head + struct.pack(f"<{len(numbers)}d", *numbers)


def wkt(shape: Shape) -> str:
    """The geometry as WKT, whose numbers are read back to the last bit."""
    places = ", ".join(f"{place.lon_deg!r} {place.lat_deg!r}" for place in shape.places)
    return {POINT: f"POINT ({places})", LINE: f"LINESTRING ({places})", POLYGON: f"POLYGON (({places}))"}[shape.kind]


def of_wkb(data: bytes) -> Shape:
    """The geometry that WKB holds. Raises InputError for any other, and for one that breaks off."""
    heads = {POINT: 5, LINE: 9, POLYGON: 13}
    kind = struct.unpack_from("<BI", data)[1] if len(data) >= 5 and data[0] == 1 else 0
    head = heads.get(kind, 0)
    if not head or len(data) < head:
        raise InputError("it is no Point, LineString or Polygon of one ring in little-endian WKB")
    count = 1 if kind == POINT else struct.unpack_from("<I", data, head - 4)[0]
    rings = struct.unpack_from("<I", data, 5)[0] if kind == POLYGON else 1
    if rings != 1 or count > _MOST_PLACES or len(data) != head + 16 * count:
        raise InputError("it has more rings or places than a part may have, or breaks off")
    numbers = struct.unpack_from(f"<{2 * count}d", data, head)
    return Shape(kind, tuple(Position(lat_deg, lon_deg) for lon_deg, lat_deg in zip(numbers[::2], numbers[1::2], strict=True)))


def of_wkt(text: str) -> Shape:
    """The geometry that WKT holds. Raises InputError for any other."""
    word, _, rest = text.partition(" ")
    kind = _WORDS.get(word, 0)
    opens, closes = ("((", "))") if kind == POLYGON else ("(", ")")
    inside = rest.removeprefix(opens).removesuffix(closes)
    if not kind or f"{opens}{inside}{closes}" != rest or "(" in inside:
        raise InputError(f"{text[:40]!r} is no POINT, LINESTRING or POLYGON of one ring")
    places = tuple(_place(pair) for pair in inside.split(",", _MOST_PLACES))
    if kind == POINT and len(places) != 1:
        raise InputError("a POINT has one place")
    return Shape(kind, places)


def _place(text: str) -> Position:
    try:
        lon_deg, lat_deg = map(float, text.split())
    except ValueError:
        raise InputError(f"{text[:40]!r} is not longitude and latitude") from None
    return Position(lat_deg, lon_deg)
