"""Trajectories as columns: a row for each waypoint, route after route. What has many trajectories gives them this way.

A noun for every waypoint costs a microsecond to make and half of one to read; columns cost nothing. What is true of the nouns is checked
here too, at once for all rows: places are on the earth, times increase. A height may be missing (datum MISSING) or be no number: then
the engine says UNKNOWN.

Units : degrees (latitude north, longitude east, -180 to 180), metres, whole nanoseconds since 1970.
Source: docs/maths/detect.md.
"""

import math
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, Final, NamedTuple

import numpy as np

from tafadi.engine.layout import ELLIPSOID, GEOID, GROUND, MISSING, PRESSURE, SECOND_NS, Bools, Codes, Floats, Ints
from tafadi.errors import InputError
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.model.operation import LONGEST_LEG_DEG, LONGEST_S, NO_ONE_WAY, Trajectory, Waypoint

DATUM_CODES: Final = {Datum.ELLIPSOID: ELLIPSOID, Datum.GEOID: GEOID, Datum.PRESSURE: PRESSURE, Datum.GROUND: GROUND}
# Their code by identity: a member of an enumeration is one object, and its own hash is a function in Python.
_CODES: Final = {id(datum): code for datum, code in DATUM_CODES.items()}


class Routes(NamedTuple):
    """Trajectories as columns; route r has the rows first[r] <= row < first[r + 1].

    Between two waypoints a body flies the geodesic at constant speed, and its height changes evenly.
    """

    first: Ints  # [routes + 1]; 0, then where each route ends
    lat_deg: Floats  # [rows]
    lon_deg: Floats  # [rows]
    at_ns: Ints  # [rows] rising within a route
    height_m: Floats  # [rows] NaN where not stated
    datum: Codes  # [rows] a code of DATUM_CODES, or MISSING where no height is stated


COLUMNS: Final = tuple(np.dtype(kind) for kind in (np.int64, np.float64, np.float64, np.int64, np.float64, np.int8))


def checked(routes: Routes) -> Routes:
    """The routes, when they are some; columns of narrower numbers as those that Routes names.

    Raises InputError with the first column, row or route that is not: columns that are unlike in length or no numbers, places that are not
    on the earth, times that do not rise, routes of fewer than two waypoints or of more than 90 days. (Legs nearly to the antipode are
    refused when the routes are packed, which finds the few that are long: `check_legs`.)
    """
    routes = Routes._make(_numbers(name, column, kind) for name, column, kind in zip(Routes._fields, routes, COLUMNS, strict=True))
    first, rows = routes.first, len(routes.at_ns)
    if not all(len(column) == rows for column in routes[1:]):
        raise InputError("the columns of the routes are not equally long")
    if len(first) < 1 or first[0] != 0 or first[-1] != rows:
        raise InputError("the first rows of the routes do not begin at 0 and end with the last row")
    _refuse(np.diff(first) < 2, "route {} has fewer than two waypoints", "geometry-missing")
    if not (_within(routes.lat_deg, -90.0, 90.0) and _within(routes.lon_deg, -180.0, 180.0)):
        on_earth = (np.abs(routes.lat_deg) <= 90.0) & (np.abs(routes.lon_deg) <= 180.0)  # NaN is not
        _refuse(~on_earth, "row {} is not a place on the earth; latitude comes first here")
    later = routes.at_ns[1:] > routes.at_ns[:-1]
    later[first[1:-1] - 1] = True  # from one route to the next time may go back
    _refuse(~later, "row {} is not before the one that follows it")
    lasting_ns = routes.at_ns[first[1:] - 1] - routes.at_ns[first[:-1]]
    _refuse(lasting_ns > LONGEST_S * SECOND_NS, "route {} lasts longer than 90 days", "too-large")
    if rows:
        Instant(int(routes.at_ns.min())), Instant(int(routes.at_ns.max()))
    if not _within(routes.datum, MISSING, len(DATUM_CODES) - 1):
        known = (routes.datum == MISSING) | ((routes.datum >= 0) & (routes.datum < len(DATUM_CODES)))
        _refuse(~known, "the height of row {} has no datum that is known")
    return routes


def check_legs(routes: Routes, rows: Ints) -> None:
    """Raises InputError for the first of the legs that begin at these rows which leads nearly to its antipode, as `Trajectory` does."""
    lats, lons = ([np.radians(column[at]) for at in (rows, rows + 1)] for column in (routes.lat_deg, routes.lon_deg))
    across = np.cos((lons[1] - lons[0]) / 2.0)
    squared = np.sin((lats[0] + lats[1]) / 2.0) ** 2 + np.cos(lats[0]) * np.cos(lats[1]) * across**2  # haversine from the antipode
    far = squared < math.sin(math.radians(180.0 - LONGEST_LEG_DEG) / 2.0) ** 2
    if far.any():
        raise InputError(f"the leg from row {int(rows[np.argmax(far)])} {NO_ONE_WAY}")


def _within(column: Floats | Codes, least: float, most: float) -> bool:
    """Whether all numbers are within bounds, without a list of which; NaN is not."""
    return not len(column) or bool(column.min() >= least and column.max() <= most)


def _numbers(name: str, column: object, kind: np.dtype[Any]) -> Any:
    """The column as contiguous numbers of its kind, itself where it is so already."""
    try:
        array = np.asarray(column)
        array = array if array.size else array.astype(kind)  # nothing is of no kind
        if array.ndim == 1 and array.dtype.kind in "iuf":
            numbers = np.ascontiguousarray(array.astype(kind, casting="same_kind", copy=False))
            if numbers is not array and kind.kind == "i" and not np.array_equal(numbers, array):
                raise InputError(f"the column {name} has numbers that are too large for {kind.name}")
            return numbers
    except (TypeError, ValueError, OverflowError) as error:  # ragged, or of numbers with a fraction where there can be none
        raise InputError(f"the column {name} cannot be read as {kind.name}: {error}") from error
    raise InputError(f"the column {name} is no row of numbers")


def _refuse(wrong: Bools, sentence: str, code: str | None = None) -> None:
    if wrong.any():
        told = sentence.format(int(np.argmax(wrong)))
        raise InputError(told) if code is None else InputError(told, code=code)


def _column(name: str, points: Sequence[object], kind: type[np.generic]) -> np.ndarray[tuple[int], np.dtype[Any]]:
    """One number of every noun, by attrgetter: a generator in Python takes three times as long, and this is most of packing."""
    return np.fromiter(map(attrgetter(name), points), kind, len(points))


def _heights(points: Sequence[Waypoint]) -> tuple[Floats, Codes]:
    heights = list(map(attrgetter("height"), points))
    stated = np.fromiter(map(type, heights), np.object_, len(heights)) == Height
    present = heights if stated.all() else [height for height in heights if height is not None]
    height_m, datum = np.full(len(heights), math.nan), np.full(len(heights), MISSING, np.int8)
    height_m[stated] = _column("value_m", present, np.float64)
    objects = np.fromiter(map(id, map(attrgetter("datum"), present)), np.int64, len(present))
    codes = np.full(len(present), MISSING, np.int8)
    for identity, code in _CODES.items():
        codes[objects == identity] = code
    datum[stated] = codes
    return height_m, datum


def routes_of(trajectories: Sequence[Trajectory]) -> Routes:
    """Trajectories as columns. They were checked when they were made."""
    first = np.concatenate([[0], np.cumsum([len(path.waypoints) for path in trajectories])]).astype(np.int64)
    points = list(chain.from_iterable(map(attrgetter("waypoints"), trajectories)))
    height_m, datum = _heights(points)
    return Routes(
        first,
        _column("position.lat_deg", points, np.float64),
        _column("position.lon_deg", points, np.float64),
        _column("at.ns", points, np.int64),
        height_m,
        datum,
    )
