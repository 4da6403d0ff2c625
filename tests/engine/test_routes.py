"""Trajectories in columns: the same as the nouns, and every column that is none is refused in a sentence."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from tafadi.engine.book import trajectory_at
from tafadi.engine.layout import GEOID, MISSING, SECOND_NS
from tafadi.engine.routes import Routes, checked, routes_of
from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.model.operation import Trajectory, Waypoint

START = Instant.parse("2026-03-01T00:00:00Z")
heights = st.none() | st.builds(Height, st.floats(-1_000, 100_000), st.sampled_from(list(Datum)))
positions = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180))


@st.composite
def trajectories(draw: st.DrawFn) -> Trajectory:
    steps = draw(st.lists(st.integers(1, 10**12), min_size=2, max_size=6))
    at = np.cumsum(steps).tolist()
    waypoints = tuple(Waypoint(draw(positions), draw(heights), Instant(START.ns + ns)) for ns in at)
    try:
        return Trajectory(waypoints)
    except InputError:  # a leg to the antipode
        reject()


def good() -> Routes:
    at_ns = START.ns + np.array([0, 10, 20, 5, 15]) * SECOND_NS
    return Routes(np.array([0, 3, 5]), np.zeros(5), np.arange(5.0), at_ns, np.full(5, 100.0), np.full(5, GEOID, np.int8))


@given(st.lists(trajectories(), max_size=4))
def test_nouns_become_columns_and_columns_nouns_again(everyone: list[Trajectory]) -> None:
    columns = checked(routes_of(everyone))
    assert [trajectory_at(columns, route) for route in range(len(everyone))] == everyone


def test_a_height_that_is_not_stated_has_no_number_and_no_datum() -> None:
    some = [Waypoint(Position(0.0, float(n)), height, START.plus(n)) for n, height in enumerate((None, Height(5.0, Datum.GEOID)))]
    columns = routes_of([Trajectory(tuple(some))])
    assert math.isnan(columns.height_m[0])
    assert columns.datum.tolist() == [MISSING, GEOID]


def test_columns_that_are_good_are_taken_as_they_are_and_not_copied() -> None:
    columns = good()
    assert all(taken is given for taken, given in zip(checked(columns), columns, strict=True))


def test_narrower_numbers_and_strides_become_plain_columns() -> None:
    columns = good()
    narrow = columns._replace(first=columns.first.astype(np.int32), lon_deg=columns.lon_deg.astype(np.float32), datum=np.full(5, GEOID))
    strided = narrow._replace(height_m=np.full(10, 100.0)[::2])
    for name in Routes._fields:
        taken, given_column = getattr(checked(strided), name), getattr(columns, name)
        np.testing.assert_array_equal(taken, given_column)
        assert taken.dtype == given_column.dtype
        assert taken.flags.c_contiguous


WRONG: list[tuple[str, Any, str]] = [
    ("lat_deg", np.zeros(4), "not equally long"),
    ("lat_deg", np.full(5, 91.0), "row 0 is not a place"),
    ("lon_deg", np.array([0, 0, 0, math.nan, 0]), "row 3 is not a place"),
    ("lat_deg", np.zeros((5, 1)), "lat_deg is no row of numbers"),
    ("lat_deg", ["north"] * 5, "lat_deg is no row of numbers"),
    ("lat_deg", [[0.0], [0.0, 1.0]], "lat_deg cannot be read"),
    ("lat_deg", np.zeros(5, np.complex128), "lat_deg is no row of numbers"),
    ("lat_deg", np.zeros(5, np.bool_), "lat_deg is no row of numbers"),
    ("first", np.array([0, 5, 5]), "route 1 has fewer than two waypoints"),
    ("first", np.array([0, 4, 5]), "route 1 has fewer than two waypoints"),
    ("first", np.array([0, 7, 5]), "route 1 has fewer than two waypoints"),
    ("first", np.array([1, 3, 5]), "do not begin at 0"),
    ("first", np.array([0, 3, 4]), "do not begin at 0"),
    ("first", np.array([], np.int64), "do not begin at 0"),
    ("at_ns", START.ns + np.array([0, 10, 10, 5, 15]), "row 1 is not before"),
    ("at_ns", START.ns + np.array([0, 10, 20, 15, 5]), "row 3 is not before"),
    ("at_ns", START.ns + np.array([0, 1, 10**16, 5, 15]), "longer than 90 days"),
    ("at_ns", np.full(5, math.nan), "at_ns cannot be read as int64"),
    ("at_ns", START.ns - 10**19 + np.array([0, 10, 20, 5, 15]), "outside the years"),
    ("datum", np.full(5, 9), "height of row 0 has no datum"),
    ("datum", np.full(5, 257), "too large"),
    ("datum", np.full(5, -2), "height of row 0 has no datum"),
]


@pytest.mark.parametrize(("name", "column", "sentence"), WRONG, ids=[f"{name}-{n}" for n, (name, _, _) in enumerate(WRONG)])
def test_a_column_that_is_none_is_refused_in_a_sentence(name: str, column: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        checked(good()._replace(**{name: column}))
