"""Volumes as columns: a row for each volume, its corners one after the other. What has many volumes gives them this way.

What is true of the nouns is checked here too, at once for all rows: places are on the earth, outlines have corners and do not cross
themselves, spans last. A height may be missing (datum MISSING, value NaN): then the engine says UNKNOWN.
"""

import math
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Final, NamedTuple

import numpy as np

from tafadi.engine.kernels.shapes import Asked, Outlines, Stated
from tafadi.engine.layout import MISSING, Bools, Codes, Floats, Ints
from tafadi.engine.routes import DATUM_CODES
from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.height import HIGHEST_M, LOWEST_M, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import NO_MINIMA, Minima
from tafadi.model.volume import LARGEST_RADIUS_M, MOST_VERTICES, Circle, Polygon, Volume4D

DATUMS: Final = {code: datum for datum, code in DATUM_CODES.items()}


class Columns(NamedTuple):
    """Volumes: their outlines, their bands and spans."""

    outlines: Outlines
    stated: Stated

    def __len__(self) -> int:
        return len(self.outlines.radius_m)


def asked_of(owner: Ints, minima: Minima | None = None, own_m: Floats | None = None) -> Asked:
    """Whose each volume is (int64[n], a number for each notice), and what minima it asks for.

    minima : those of the agreement or the command
    own_m  : float64[n, 2], horizontal and vertical minima of each volume's own notice; 0 where it states none
    """
    least = minima or NO_MINIMA
    own_m = np.zeros((len(owner), 2)) if own_m is None else own_m
    horizontal_m, vertical_m = np.maximum(own_m[:, 0], least.horizontal_m), np.maximum(own_m[:, 1], least.vertical_m)
    return Asked(np.asarray(owner, np.int64), horizontal_m, vertical_m, least.horizontal_m, least.vertical_m)


def _column(name: str, nouns: Sequence[object], kind: type[np.generic]) -> np.ndarray[tuple[int], np.dtype[Any]]:
    return np.fromiter(map(attrgetter(name), nouns), kind, len(nouns))


def _heights(heights: Sequence[Height | None]) -> tuple[Floats, Codes]:
    values = [math.nan if height is None else height.value_m for height in heights]
    codes = [MISSING if height is None else DATUM_CODES[height.datum] for height in heights]
    return np.array(values, dtype=np.float64), np.array(codes, dtype=np.int8)


def outlines_of(volumes: Sequence[Volume4D]) -> Outlines:
    """The outlines of volumes as columns."""
    outlines = [volume.outline for volume in volumes]
    corners = [(outline.centre,) if isinstance(outline, Circle) else outline.vertices for outline in outlines]
    radii = [outline.radius_m if isinstance(outline, Circle) else math.nan for outline in outlines]
    first = np.zeros(len(volumes) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, corners), np.int64, len(corners)), out=first[1:])
    places = list(chain.from_iterable(corners))
    return Outlines(first, _column("lat_deg", places, np.float64), _column("lon_deg", places, np.float64), np.array(radii, np.float64))


def stated_of(volumes: Sequence[Volume4D]) -> Stated:
    """The bands and spans of volumes as columns."""
    lower_m, lower_datum = _heights([volume.lower for volume in volumes])
    upper_m, upper_datum = _heights([volume.upper for volume in volumes])
    spans = [volume.span for volume in volumes]
    start_ns, end_ns = _column("start.ns", spans, np.int64), _column("end.ns", spans, np.int64)
    return Stated(lower_m, upper_m, lower_datum, upper_datum, start_ns, end_ns)


def columns_of(volumes: Sequence[Volume4D]) -> Columns:
    """Volumes as columns. They were checked when they were made."""
    return Columns(outlines_of(volumes), stated_of(volumes))


def _height_at(value_m: Floats, datum: Codes, row: int) -> Height | None:
    code = int(datum[row])
    return None if code == MISSING else Height(float(value_m[row]), DATUMS[code])


def volume_at(columns: Columns, row: int) -> Volume4D:
    """The volume of one row, as it was. Raises InputError where the row is none."""
    outlines, stated = columns
    start, stop, radius_m = int(outlines.first[row]), int(outlines.first[row + 1]), float(outlines.radius_m[row])
    lats, lons = outlines.lat_deg[start:stop].tolist(), outlines.lon_deg[start:stop].tolist()
    places = tuple(Position(lat, lon) for lat, lon in zip(lats, lons, strict=True))
    return Volume4D(
        Polygon(places) if math.isnan(radius_m) else Circle(places[0], radius_m),
        _height_at(stated.lower_m, stated.lower_datum, row),
        _height_at(stated.upper_m, stated.upper_datum, row),
        Span(Instant(int(stated.start_ns[row])), Instant(int(stated.end_ns[row]))),
    )


def _refuse(wrong: Bools, sentence: str, code: str = "") -> None:
    if wrong.any():
        raise InputError(sentence.format(int(np.argmax(wrong))), code=code)


def checked(columns: Columns, crossing: bool = True) -> Columns:
    """The columns, when every row is a volume. Raises InputError with the first row that is not.

    `crossing` says whether outlines are also looked at for crossing themselves: 6 µs each, most of the time that this takes.
    """
    outlines, stated = columns
    rows, corners = len(outlines.radius_m), len(outlines.lat_deg)
    if any(len(column) != rows for column in stated) or len(outlines.lon_deg) != corners or len(outlines.first) != rows + 1:
        raise InputError("the columns of the volumes are not equally long")
    if outlines.first[0] != 0 or outlines.first[-1] != corners or (np.diff(outlines.first) < 1).any():
        raise InputError("the first corners of the volumes do not begin at 0 and end with the last corner")
    on_earth = (np.abs(outlines.lat_deg) <= 90.0) & (np.abs(outlines.lon_deg) <= 180.0)  # NaN is not
    _refuse(~on_earth, "corner {} is not a place on the earth; latitude comes first here")
    circle, size = ~np.isnan(outlines.radius_m), np.diff(outlines.first)
    good = (outlines.radius_m > 0.0) & (outlines.radius_m <= LARGEST_RADIUS_M) & (size == 1)
    _refuse(circle & ~good, "volume {} is no circle: give one centre, and a radius of more than 0 and at most 2,000,000 m")
    _refuse(~circle & (size < 3), "volume {} has fewer than three corners and no radius", "geometry-missing")
    _refuse(~circle & (size > MOST_VERTICES), f"volume {{}} has more than {MOST_VERTICES} corners", "too-large")
    _check_stated(stated)
    if crossing:
        _check_simple(outlines, circle)
    return columns


def _check_stated(stated: Stated) -> None:
    for value_m, datum in ((stated.lower_m, stated.lower_datum), (stated.upper_m, stated.upper_datum)):
        known = (datum >= 0) & (datum < len(DATUM_CODES))
        _refuse(~known & (datum != MISSING), "a height of volume {} has no datum that is known")
        _refuse(known & ~((value_m >= LOWEST_M) & (value_m <= HIGHEST_M)), "a height of volume {} is no number, or one where nothing flies")
    alike = (stated.lower_datum == stated.upper_datum) & (stated.lower_datum != MISSING)
    _refuse(alike & ~(stated.upper_m > stated.lower_m), "the top of volume {} is not above its bottom")
    _refuse(stated.end_ns <= stated.start_ns, "volume {} lasts no time", "end-before-start")
    if len(stated.start_ns):
        Instant(int(stated.start_ns.min())), Instant(int(stated.end_ns.max()))


def _check_simple(outlines: Outlines, circle: Bools) -> None:
    """Whether any outline crosses or touches itself: all at once on the planes of `measure.outline`; only what looks odd is asked again."""
    if circle.all():
        return
    import shapely  # heavy: only when outlines come as columns

    row = np.repeat(np.arange(len(circle)), np.diff(outlines.first))
    mine = ~circle[row]
    row, lat, lon = row[mine], np.radians(outlines.lat_deg[mine]), np.radians(outlines.lon_deg[mine])
    places = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    up = np.stack([np.bincount(row, places[:, axis], len(circle)) for axis in range(3)], axis=1)[row]
    up = up / np.linalg.norm(up, axis=1)[:, None]
    east = np.stack([-up[:, 1], up[:, 0], np.zeros(len(up))], axis=1)
    east[np.hypot(up[:, 0], up[:, 1]) < 1e-12] = (0.0, 1.0, 0.0)
    east /= np.linalg.norm(east, axis=1)[:, None]
    north, above = np.cross(up, east), np.einsum("ij,ij->i", up, places)
    flat = np.stack([np.einsum("ij,ij->i", axis, places) / above for axis in (east, north)], axis=1)
    wide = np.zeros(len(circle), bool)
    wide[row[~(above > math.cos(math.radians(80.0)))]] = True
    numbers = np.unique(row)
    shapes = shapely.polygons(shapely.linearrings(flat, indices=np.searchsorted(numbers, row)))
    odd = numbers[~shapely.is_valid(shapes) | (shapely.area(shapes) == 0.0) | wide[numbers]]
    for number in odd.tolist():
        start, stop = outlines.first[number], outlines.first[number + 1]
        try:
            Polygon(tuple(map(Position, outlines.lat_deg[start:stop].tolist(), outlines.lon_deg[start:stop].tolist())))
        except InputError as error:
            raise InputError(f"volume {number}: {error}", code=error.code) from None
