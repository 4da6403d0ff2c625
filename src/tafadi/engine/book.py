"""Notices as columns: what a standing set is filled from, and what its snapshot holds.

Only what a judgement depends on is kept: identity, minima, volumes, trajectory. Titles, contacts and parties stay in the record they came
from."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tafadi.engine.columns import Columns, checked, columns_of, volume_at
from tafadi.engine.kernels.shapes import Outlines, Stated
from tafadi.engine.layout import MISSING, Floats, Ints
from tafadi.engine.routes import DATUM_CODES, Routes, routes_of
from tafadi.engine.routes import checked as checked_routes
from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.height import Height
from tafadi.measure.instant import Instant
from tafadi.model.operation import Announced, Kind, Minima, Notice, Trajectory, Waypoint

NO_ROUTE = -1
_DATUMS = {code: datum for datum, code in DATUM_CODES.items()}


class Book(NamedTuple):
    """Notices as columns."""

    ids: tuple[str, ...]
    minima_m: Floats  # [notices, 2] horizontal and vertical; NaN where the notice states none
    first: Ints  # [notices + 1] into the volumes
    volumes: Columns
    route: Ints  # [notices] the number of its trajectory, or NO_ROUTE
    routes: Routes


def book_of(announced: Sequence[Announced]) -> Book:
    """Notices as columns, in the order given."""
    notices = [one.notice for one in announced]
    first = np.zeros(len(notices) + 1, np.int64)
    np.cumsum([len(notice.volumes) for notice in notices], out=first[1:])
    flown = [notice.trajectory for notice in notices if notice.trajectory is not None]
    route = np.full(len(notices), NO_ROUTE, np.int64)
    route[[n for n, notice in enumerate(notices) if notice.trajectory is not None]] = np.arange(len(flown))
    stated = [(math.nan, math.nan) if own is None else (own.horizontal_m, own.vertical_m) for own in (notice.minima for notice in notices)]
    return Book(
        tuple([one.id for one in announced]),
        np.array(stated, np.float64).reshape(-1, 2),
        first,
        columns_of([volume for notice in notices for volume in notice.volumes]),
        route,
        routes_of(flown),
    )


def minima_at(book: Book, row: int) -> Minima | None:
    """The minima that a notice states itself."""
    horizontal_m, vertical_m = book.minima_m[row].tolist()
    return None if math.isnan(horizontal_m) else Minima(horizontal_m, vertical_m)


def trajectory_at(routes: Routes, route: int) -> Trajectory:
    """The trajectory of one route, as it was."""
    rows = range(int(routes.first[route]), int(routes.first[route + 1]))
    return Trajectory(
        tuple(
            Waypoint(
                Position(float(routes.lat_deg[row]), float(routes.lon_deg[row])),
                None if routes.datum[row] == MISSING else Height(float(routes.height_m[row]), _DATUMS[int(routes.datum[row])]),
                Instant(int(routes.at_ns[row])),
            )
            for row in rows
        )
    )


def announced_at(book: Book, row: int) -> Announced:
    """The notice of one row, as far as a judgement depends on it."""
    volumes = tuple(volume_at(book.volumes, number) for number in range(int(book.first[row]), int(book.first[row + 1])))
    route = int(book.route[row])
    trajectory = None if route == NO_ROUTE else trajectory_at(book.routes, route)
    return Announced(book.ids[row], Notice(Kind.OPERATION, volumes, trajectory, minima_at(book, row)))


def _ranges(first: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Where the members of some rows begin among themselves, and which members they are."""
    size = first[rows + 1] - first[rows]
    offset = np.concatenate([[0], np.cumsum(size)]).astype(np.int64)
    return offset, np.repeat(first[rows] - offset[:-1], size) + np.arange(offset[-1])


def some_volumes(columns: Columns, rows: Ints) -> Columns:
    """Some rows of the columns."""
    outlines = columns.outlines
    first, corner = _ranges(outlines.first, rows)
    mine = Outlines(first, outlines.lat_deg[corner], outlines.lon_deg[corner], outlines.radius_m[rows])
    return Columns(mine, Stated._make([column[rows] for column in columns.stated]))


def some_of(book: Book, rows: Ints) -> Book:
    """Some rows of the book (int64[n]), in that order."""
    first, volumes = _ranges(book.first, rows)
    route = book.route[rows]
    flown = route != NO_ROUTE
    route_first, points = _ranges(book.routes.first, route[flown])
    renumbered = np.full(len(rows), NO_ROUTE, np.int64)
    renumbered[flown] = np.arange(int(flown.sum()))
    routes = Routes._make([route_first, *[column[points] for column in book.routes[1:]]])
    ids = tuple([book.ids[row] for row in rows.tolist()])
    return Book(ids, book.minima_m[rows], first, some_volumes(book.volumes, volumes), renumbered, routes)


def _joined(first: Ints, other: Ints) -> Ints:
    return np.concatenate([first, other[1:] + first[-1]])


def together(one: Book, other: Book) -> Book:
    """The rows of both."""
    a, b = one.volumes.outlines, other.volumes.outlines
    corners = [np.concatenate([x, y]) for x, y in zip(a[1:], b[1:], strict=True)]
    stated = [np.concatenate([x, y]) for x, y in zip(one.volumes.stated, other.volumes.stated, strict=True)]
    columns = [np.concatenate([x, y]) for x, y in zip(one.routes[1:], other.routes[1:], strict=True)]
    shift = np.where(other.route == NO_ROUTE, 0, len(one.routes.first) - 1)
    return Book(
        one.ids + other.ids,
        np.concatenate([one.minima_m, other.minima_m]),
        _joined(one.first, other.first),
        Columns(Outlines(_joined(a.first, b.first), *corners), Stated(*stated)),
        np.concatenate([one.route, other.route + shift]),
        Routes(_joined(one.routes.first, other.routes.first), *columns),
    )


def checked_book(book: Book, crossing: bool = True) -> Book:
    """The book, when every row is a notice. Raises InputError for the first that is not. `crossing`: as in `columns.checked`."""
    count = len(book.ids)
    if not len(book.minima_m) == len(book.route) == len(book.first) - 1 == count:
        raise InputError("the columns of the notices are not equally long")
    if len(set(book.ids)) != count:
        raise InputError("two notices have one identity; each must have its own")
    if book.first[0] != 0 or book.first[-1] != len(book.volumes) or (np.diff(book.first) < 0).any():
        raise InputError("the first volumes of the notices do not begin at 0 and end with the last volume")
    if not np.array_equal(np.sort(book.route[book.route != NO_ROUTE]), np.arange(len(book.routes.first) - 1)):
        raise InputError("the trajectories do not belong to one notice each")
    if ((np.diff(book.first) == 0) & (book.route == NO_ROUTE)).any():
        raise InputError("a notice says no place: give volumes or a trajectory", code="geometry-missing")
    stated = ~np.isnan(book.minima_m).all(axis=1)
    if (stated & ~((book.minima_m >= 0.0) & (book.minima_m <= 1_000_000.0)).all(axis=1)).any():
        raise InputError("the minima of a notice are not a distance")
    checked(book.volumes, crossing)
    checked_routes(book.routes)
    return book
