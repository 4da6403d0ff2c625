"""Rows of tables: one pass says what the slower way says, and columns that a scan does not read are not looked for."""

import math

import numpy as np
import pyarrow as pa
import pytest

from tafadi.batch import rows as module
from tafadi.batch.rows import DAMAGE, NO_PLACE, ODD_HEIGHT, ODD_PLACE, ON_GROUND, Taken, take
from tafadi.errors import FormatError
from tafadi.formats.columns import ColumnMap

COLUMNS = {"track": "id", "at": "t [ms]", "lat": "lat", "lon": "lon", "height": "h [ft] pressure", "on_ground": "g"}
SECOND = 1_500_000_000_000


def table(**changed: object) -> pa.Table:
    """Four rows, with other columns where they are named."""
    whole = {
        "id": ["a", "b", "a", "c"],
        "t": [SECOND, SECOND + 1, SECOND + 2, SECOND + 3],
        "lat": [1.0, -90.0, 3.25, 90.0],
        "lon": [2.0, -180.0, 180.0, 0.1],
        "h": pa.array([1_000.3, None, -200.0, 30_000.7], pa.float32()),
        "g": [False, False, False, False],
    }
    return pa.table(whole | changed)


def same(one: Taken, other: Taken) -> bool:
    """Whether both say the same, to the last bit."""
    columns = zip(one.rows[1:], other.rows[1:], strict=True)
    is_same = all(np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in columns)
    return is_same and one.rows.names == other.rows.names and one.left_out == other.left_out


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"h": [1e9, math.inf, math.nan, -1e308]},
        {"h": pa.array([1.0, None, 2.0, 3.0], pa.float64())},
        {"t": pa.array([SECOND * 1_000 + n for n in range(4)], pa.timestamp("us", "UTC"))},
        {"g": [False, None, True, False]},
        {"lat": [1.0, math.nan, 91.0, 2.0]},
        {"t": [SECOND, None, 2**62, -(2**63)]},
        {"id": ["a", None, "", "b"]},
        {"lat": pa.array([1, 2, 3, 4], pa.int32())},
    ],
    ids=lambda changed: ",".join(changed) or "nothing",  # no addresses: tests run side by side need one name everywhere
)
def test_one_pass_says_what_the_slower_way_says(changed: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = take(table(**changed), ColumnMap(COLUMNS))
    monkeypatch.setattr(module, "_at_once", lambda *columns: None)
    assert same(at_once, take(table(**changed), ColumnMap(COLUMNS)))


def test_the_usual_table_needs_one_pass_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_sifted", None)
    taken = take(table(h=[1.0, None, 1e9, 4.0]), ColumnMap(COLUMNS))
    assert taken.left_out == {ODD_HEIGHT: 1}
    assert np.isnan(taken.rows.height_m).tolist() == [False, True, True, False]
    assert taken.rows.at_ns.tolist() == [(SECOND + n) * 1_000_000 for n in range(4)]


def test_rows_that_cannot_be_used_are_counted_with_the_first_reason() -> None:
    taken = take(table(lat=[1.0, None, 3.0, 4.0], lon=[1.0, None, 3.0, 4.0], g=[False, True, True, False]), ColumnMap(COLUMNS))
    assert (taken.left_out, len(taken.rows.at_ns)) == ({NO_PLACE: 1, ON_GROUND: 1}, 2)


def test_columns_that_a_scan_does_not_read_are_not_looked_for_in_what_was_read() -> None:
    more = ColumnMap(COLUMNS | {"climb": "rate [ft/min]", "ground_speed": "gs [kt]", "callsign": "cs"})
    assert len(take(table(), more).rows.at_ns) == 4
    with pytest.raises(FormatError, match="'lon' is missing"):
        take(table().drop_columns(["lon"]), more)
    with pytest.raises(FormatError, match="more than once"):
        take(pa.table([[1]] * 6, names=["id", "id", "t", "lat", "lon", "h"]), more)


@pytest.mark.parametrize("cell", ["45.0x", "nan", "NaN", "inf", "-inf", "1e999", "7" * 400, "?"])
def test_a_place_that_is_garbled_is_damage_and_an_empty_one_is_none(cell: str) -> None:
    texts = table(lat=["1", cell, "", " "], lon=["1", "2", "", "null"])
    assert take(texts, ColumnMap(COLUMNS)).left_out == {ODD_PLACE: 1, NO_PLACE: 2}
    assert ODD_PLACE in DAMAGE
    assert NO_PLACE not in DAMAGE


def test_half_a_place_and_an_infinite_one_are_damage_in_numbers_too() -> None:
    numbers = table(lat=[1.0, math.inf, math.nan, None], lon=[2.0, 1.0, math.nan, 1.0])
    assert take(numbers, ColumnMap(COLUMNS)).left_out == {ODD_PLACE: 2, NO_PLACE: 1}
