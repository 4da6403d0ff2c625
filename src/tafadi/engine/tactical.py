"""Tactical: all pairs of a set of live states, each flown straight ahead over a lookahead, judged against one pair of minima.

Everyone is flown along the geodesic that the velocity begins. Two are in CONFLICT while closer than both minima, UNKNOWN while together
seen from above when their heights cannot be compared, and CLEAR when nothing is said of them. What is found does not depend on the order
of the states, nor on how many threads look. Theory, and how far it is exact: docs/maths/tactical.md.
"""

import math
import os
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.crew import Crew
from tafadi.engine.encounter import UNKNOWN_SPEED_MPS
from tafadi.engine.kernels import placing
from tafadi.engine.kernels import tactical as kernels
from tafadi.engine.kernels.meeting import MEETING, Asked
from tafadi.engine.kernels.placing import ANGLE_EDGE, AT_ONCE, CLIMB_MOST_MPS, FASTEST_MPS, HEIGHT_MOST_M, SLOTS, Moved, Raw
from tafadi.engine.kernels.tactical import ROWS_AHEAD, Grid, Sorted
from tafadi.engine.layout import Floats, Ints, Records
from tafadi.engine.states import States
from tafadi.engine.watch import LOOKAHEAD_MAX_S
from tafadi.errors import InputError, LimitError
from tafadi.measure.earth import SEMI_MAJOR_M
from tafadi.model.operation import Minima

MOST_STATES: Final = 5_000_000  # 1 GB of sorted states; all aircraft there are, ten times
MOST_FOUND: Final = 10_000_000  # pairs, 600 MB: nobody reads more, and a fault of the data is likelier
MOST_REST_PAIRS: Final = 20_000_000_000  # of those that fit no cell, and everyone: half a minute
HORIZONTAL_MOST_M: Final = 200_000.0  # 108 NM; the tangent plane and the arc's chord are exact enough up to here
SWIFT_MPS: Final = 350.0  # 680 kt over ground: an airliner in a strong jet stream is slower
MOST_SWIFT: Final = 64  # so many are compared with everyone; if more are swift, the cells are made for the fastest

RADIUS_LEAST_M: Final = 6_335_000.0  # no curve of the surface bends more: the meridian at the equator
CENTRE_LEAST_M: Final = 6_356_000.0  # no place of the surface is nearer to the centre
ROUND: Final = 2.0**-24  # of float32: half a step, relative
CELLS_LEAST: Final = 1 << 16
CELLS_A_STATE: Final = 4
COLUMNS_AHEAD: Final = 4
HALF_PI: Final = math.pi / 2.0
LOOKAHEAD_LEAST_S: Final = 1.0
ALONE: Final = 1_500  # states; fewer are judged sooner than a thread begins
MOVED_LEAST: Final = 5_000  # states in a share of the quick steps: 0.15 ms, some times what it takes to wake a thread
SEARCHED_LEAST: Final = 2_500  # states in a share of the search: a quarter of a millisecond
SHARES_EACH: Final = 16  # a thread: hubs make shares of the same number of states unlike in work


_Table = tuple[Records, int, int]  # what one share found, how many rows of it, pairs filtered


class Found(NamedTuple):
    """What is found of a set of states.

    `meetings` has a row of `MEETING` for every pair in CONFLICT or UNKNOWN, in order of their numbers. Pairs that are not there are CLEAR,
    but for those with one of `nowhere`: the states whose place is not known, which are UNKNOWN against everyone. `filtered` counts the
    pairs that were looked at.
    """

    meetings: Records
    nowhere: Ints
    filtered: int


def detect_states(states: States, minima: Minima, lookahead_s: float, *, workers: int | None = None) -> Found:
    """Every pair that is inside the minima within the lookahead, or of which nobody can say.

    Straight ahead at constant speed for `lookahead_s` seconds (more than 0, at most 600). `workers` threads look (all cores where it is not
    said). Raises InputError for minima or a lookahead that are none, LimitError for more states or more pairs than the named limits.
    """
    _check(states, minima, lookahead_s)
    threads = max(1, (os.cpu_count() or 1) if workers is None else workers)
    with Crew(threads if len(states) > ALONE else 1, lent=True) as crew:
        raw = raw_of(states)
        cells_mps = limit_mps(raw)
        moved, corners = place(raw, lookahead_s, cells_mps, crew)
        ask = asked(minima, lookahead_s, cells_mps, 0.0)
        grid = grid_over(corners, apart_m(minima, lookahead_s, cells_mps), len(states))
        ordered = sort(raw, moved, grid, ask, crew)
        tables = _search(grid, ordered, ask, crew)
        rest = asked(minima, lookahead_s, FASTEST_MPS, 2.0 * UNKNOWN_SPEED_MPS * lookahead_s)
        tables += _search_rest(ordered, rest, crew)
        meetings = _in_order(tables, crew)
        nowhere = np.sort(ordered.order[ordered.start[-2] :]).astype(np.int64)
    return Found(meetings, nowhere, sum(tried for _, _, tried in tables))


def _in_order(tables: Sequence[_Table], crew: Crew) -> Records:
    """The rows of all tables in the order of their numbers. Raises LimitError when there are too many."""
    count = sum(rows for _, rows, _ in tables)
    if count > MOST_FOUND:
        raise LimitError(f"more than {MOST_FOUND:,} pairs are found; ask for smaller minima, a shorter lookahead or fewer states")
    numbers = MEETING.itemsize // 8  # numpy moves rows of numbers ten times as fast as records
    told = crew.room.array("told", (count, numbers), np.float64)
    np.concatenate([table[:rows].view(np.float64).reshape(-1, numbers) for table, rows, _ in tables], out=told)
    both = told.view(np.int32)
    key = both[:, 0].astype(np.int64) << 32 | both[:, 1]
    return told.take(np.argsort(key), axis=0).reshape(-1).view(MEETING)


def _check(states: States, minima: Minima, lookahead_s: float) -> None:
    if len(states) > MOST_STATES:
        raise LimitError(f"{len(states):,} states are more than {MOST_STATES:,}")
    if minima.horizontal_m == 0.0 or minima.vertical_m == 0.0:
        raise InputError("between tracks both minima must be more than 0, or nothing could ever be found")
    if minima.horizontal_m > HORIZONTAL_MOST_M:
        raise InputError(f"horizontal minima of {minima.horizontal_m:.0f} m are more than {HORIZONTAL_MOST_M:.0f} m")
    if not LOOKAHEAD_LEAST_S <= lookahead_s <= LOOKAHEAD_MAX_S:
        raise InputError(f"a lookahead of {lookahead_s} s is not within {LOOKAHEAD_LEAST_S:.0f} to {LOOKAHEAD_MAX_S:.0f} s")


def raw_of(states: States) -> Raw:
    """The states as kernels take them."""
    return Raw(*(getattr(states, name) for name in Raw._fields))


def limit_mps(raw: Raw) -> float:
    """The speed up to which states go into cells: that of the fastest, but for a few that are swift."""
    most, most_swift, swift = placing.speeds(raw, SWIFT_MPS, 0, len(raw.lat_deg))
    return most if swift <= MOST_SWIFT else most_swift


def place(raw: Raw, lookahead_s: float, limit_mps: float, crew: Crew) -> tuple[Moved, tuple[float, float, float, float]]:
    """The states half a lookahead on; least and greatest latitude and longitude of those for the cells."""
    count = len(raw.lat_deg)
    array = crew.room.array
    moved = Moved(array("state", (count, 8), np.float64), array("angles", (count, 2), np.float64), array("kind", (count,), np.uint8))
    corners = np.array(
        crew.all(lambda lo, hi: placing.place(raw, lookahead_s / 2.0, limit_mps, lo, hi, moved), crew.shares(count, MOVED_LEAST))
    )
    least, greatest = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    return moved, (least[0], greatest[1], least[2], greatest[3])


def apart_m(minima: Minima, lookahead_s: float, limit_mps: float) -> float:
    """How far apart two of the cells can be in the middle of the lookahead and still meet: B of docs/maths/tactical.md is the last term."""
    flown_m = limit_mps * lookahead_s / 2.0
    return minima.horizontal_m + 2.0 * flown_m + 2.0 * _bend_m(minima.horizontal_m, flown_m) + 10.0


def _bend_m(radius_m: float, flown_m: float) -> float:
    """By how much two that fly on over the surface leave, relative to one another, the straight lines that they are on."""
    apart_m = radius_m + 2.0 * flown_m
    return flown_m**2 / (2.0 * RADIUS_LEAST_M) * (1.0 + apart_m / RADIUS_LEAST_M) + flown_m**3 / (3.0 * RADIUS_LEAST_M**2)


def asked(minima: Minima, lookahead_s: float, limit_mps: float, wander_m: float) -> Asked:
    """Minima and bounds for the kernels; the filter lets through whatever may come within the minima and `wander_m` more."""
    half_s, radius_m = lookahead_s / 2.0, minima.horizontal_m + wander_m
    flown_m = limit_mps * half_s
    apart_m = radius_m + 2.0 * flown_m
    bend_m = _bend_m(radius_m, flown_m)
    tilt = (apart_m + flown_m) / RADIUS_LEAST_M
    straight_m = flown_m**3 / (3.0 * RADIUS_LEAST_M**2)
    grown_m = math.sqrt(radius_m**2 + 2.0 * radius_m * (bend_m * tilt + straight_m) + bend_m**2)
    grown_m += 4.0 * flown_m**2 * radius_m / RADIUS_LEAST_M**2 + 1.0  # what the judging itself is off, twice, and the arc
    grown_m += 2.0 * math.sqrt(3.0) * ROUND * (6.4e6 + 2.0 * flown_m)  # places and velocities in float32
    slot_mps = 2.1 * HEIGHT_MOST_M / half_s + 5.0 * CLIMB_MOST_MPS
    return Asked(
        radius=2.0 * SEMI_MAJOR_M * math.sin(minima.horizontal_m / (2.0 * SEMI_MAJOR_M)),
        half_height=minima.vertical_m,
        lookahead=lookahead_s,
        slot=slot_mps,
        reach2=grown_m**2 + 64.0 * ROUND * (apart_m + bend_m) ** 2 + 1.0,  # sums and products in float32; 1 m² of `least`
        band=minima.vertical_m + 16.0 * ROUND * (HEIGHT_MOST_M + (SLOTS * slot_mps + 2.0 * CLIMB_MOST_MPS) * half_s) + 0.01,
        least=1.0 / half_s**2,
        void_mps=UNKNOWN_SPEED_MPS,
    )


def grid_over(corners: tuple[float, float, float, float], apart_m: float, count: int) -> Grid:
    """Rows and columns over the ordinary states; wide enough that a row meets only the ROWS_AHEAD next ones."""
    south, north, west, east = corners
    if south > north:  # there is no ordinary state
        south, north, west, east = 0.0, 0.0, 0.0, 0.0
    angle = 2.0 * math.asin(min(1.0, apart_m / (2.0 * CENTRE_LEAST_M))) + 4.0 * ANGLE_EDGE
    edge = max(angle, math.sqrt((north - south) * (east - west) * ROWS_AHEAD * COLUMNS_AHEAD / max(CELLS_LEAST, CELLS_A_STATE * count)))
    row = edge / ROWS_AHEAD
    rows = int((north - south) / row) + 1
    edges = south + row * np.arange(rows + 1)
    nearest_cos = np.cos(
        np.clip(np.where(edges[:-1] * edges[1:] < 0.0, 0.0, np.minimum(np.abs(edges[:-1]), np.abs(edges[1:]))), 0.0, HALF_PI)
    )
    widest = np.cos(np.minimum(np.maximum(np.abs(edges[:-1]), np.abs(edges[1:])) + 2.0 * ANGLE_EDGE, HALF_PI))
    reach = _reaches(widest, row, angle)
    wraps = bool(east - west + reach.max() >= 2.0 * math.pi - 4.0 * ANGLE_EDGE)
    lon, width = (-math.pi, 2.0 * math.pi) if wraps else (west, max(east - west, 1e-6))
    columns = np.maximum(1, (width * nearest_cos * COLUMNS_AHEAD / edge).astype(np.int64))
    first = np.concatenate([[0], np.cumsum(columns)]).astype(np.int32)
    return Grid(south, row, lon, width, wraps, first, reach / width)


def _reaches(widest: Floats, row: float, angle: float) -> Floats:
    """float64[rows, ROWS_AHEAD + 1]: how far in longitude what is within `angle` can be, in the row itself and in those ahead.

    `widest` is the least cosine of latitude in each row. hav(angle) = hav(latitudes) + cos cos hav(longitudes).
    """
    reach = np.full((len(widest), ROWS_AHEAD + 1), math.pi)
    for ahead in range(ROWS_AHEAD + 1):
        gap = max(0.0, (ahead - 1) * row - 4.0 * ANGLE_EDGE)
        part = max(0.0, math.sin(angle / 2.0) ** 2 - math.sin(gap / 2.0) ** 2)  # none where rows are wide because states are few
        both = widest[: len(widest) - ahead] * widest[ahead:]
        near = both > part
        reach[: len(both), ahead][near] = 2.0 * np.arcsin(np.sqrt(part / both[near])) + 4.0 * ANGLE_EDGE
    return reach


def sort(raw: Raw, moved: Moved, grid: Grid, ask: Asked, crew: Crew) -> Sorted:
    """The states in the order of their cells, as the search reads them."""
    count, cells, array = len(raw.lat_deg), int(grid.first[-1]), crew.room.array
    start, order = array("start", (cells + 3,), np.int32), array("order", (count,), np.int32)
    start[:] = 0
    kernels.sort_cells(grid, moved, array("cell", (count,), np.int32), start, order)
    quick = array("quick", (8, count + AT_ONCE), np.float32)
    quick[:, count:] = 0.0  # read, and not looked at
    ordered = Sorted(start, order, moved.state, quick, array("datum", (count,), np.int8), array("kind sorted", (count,), np.uint8))
    crew.all(lambda lo, hi: kernels.gather(raw, moved, ask, lo, hi, ordered), crew.shares(count, MOVED_LEAST))
    return ordered


def _search(grid: Grid, ordered: Sorted, ask: Asked, crew: Crew) -> list[_Table]:
    """What is found among the ordinary states, in shares of about as many states."""
    cells = int(grid.first[-1])
    count = int(ordered.start[cells])
    shares = crew.shares(count, SEARCHED_LEAST, SHARES_EACH)
    ends = np.searchsorted(ordered.start[: cells + 1], [lo for lo, _ in shares] + [count], side="left")
    ends[0], ends[-1] = 0, cells
    cell_shares = list(zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True))
    return crew.all(lambda lo, hi: kernels.search(grid, ordered, ask, lo, hi, MOST_FOUND), cell_shares)


def _search_rest(ordered: Sorted, ask: Asked, crew: Crew) -> list[_Table]:
    """What is found of the states that fit no cell. Raises LimitError when they are too many to be compared with everyone."""
    first, end = int(ordered.start[-3]), int(ordered.start[-2])
    pairs = (end - first) * end
    if pairs > MOST_REST_PAIRS:
        raise LimitError(
            f"{end - first:,} of {len(ordered.order):,} states have no known velocity; that is too many to compare with everyone"
        )
    if first == end:
        return []
    shares = [(first + lo, first + hi) for lo, hi in crew.shares(end - first, 1, SHARES_EACH)]
    return crew.all(lambda lo, hi: kernels.search_rest(ordered, ask, lo, hi, MOST_FOUND), shares)
