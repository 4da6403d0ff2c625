"""One notice's volumes as records: to the last bit those that the same volumes have as columns."""

import random
from collections.abc import Sequence
from math import pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.engine.columns import asked_of, columns_of
from tafadi.engine.kernels.shapes import Asking
from tafadi.engine.sheet import MOST_CORNERS, Sheet
from tafadi.engine.volumes import records_of
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import MOST_VOLUMES, Minima
from tafadi.model.volume import Circle, Polygon, Volume4D

START = Instant.parse("2026-03-01T00:00:00Z")
MIDDLES = [Position(50.0, 180.0), Position(89.95, 12.0), Position(-0.1, -0.1)]
AGREED = [None, Minima(9_260.0, 304.8), Minima(0.0, 0.0)]
OWN = [None, Minima(3_000.0, 500.0), Minima(10_000, 10)]


def volume(r: random.Random, corners: int | None = None, size_m: float | None = None) -> Volume4D:
    place = destination(r.choice(MIDDLES), Leg(r.uniform(0, 360), r.uniform(0, 60_000)))
    size_m = r.choice([0.1, 500.0, 4_000.0]) if size_m is None else size_m
    count = r.choice([0, 3, 12]) if corners is None else corners
    turned = [destination(place, Leg(360.0 * n / count, size_m * r.uniform(0.7, 1))) for n in range(count)]
    low = r.choice([None, Height(r.uniform(0, 100), r.choice(list(Datum)))])
    high = r.choice([None, Height(r.uniform(200, 300), r.choice(list(Datum)))])
    begin_s = r.uniform(0, 3_600)
    span = Span(START.plus(begin_s), START.plus(begin_s + r.uniform(1, 1e6)))
    return Volume4D(Polygon(tuple(turned)) if count else Circle(place, size_m), low, high, span)


def by_columns(volumes: Sequence[Volume4D], owner: int, agreed: Minima | None, own: Minima | None) -> Asking:
    each = np.zeros((len(volumes), 2)) if own is None else np.full((len(volumes), 2), (own.horizontal_m, own.vertical_m))
    return records_of(columns_of(volumes), asked_of(np.full(len(volumes), owner), agreed, each))


def same(one: Asking, other: Asking) -> None:
    points = int(other.shapes["size"].sum())
    assert len(other.ring) == points
    for name in other.bounds.dtype.names or ():
        assert one.bounds[name].tobytes() == other.bounds[name].tobytes(), name
    for name in other.shapes.dtype.names or ():
        assert one.shapes[name].tobytes() == other.shapes[name].tobytes(), name
    assert one.ring[:points].tobytes() == other.ring.tobytes()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 20), st.sampled_from(AGREED), st.sampled_from(OWN))
def test_the_records_of_a_sheet_are_those_of_columns_to_the_last_bit(
    seed: int, count: int, agreed: Minima | None, own: Minima | None
) -> None:
    r, sheet = random.Random(seed), Sheet(agreed)
    for owner in (7, -1, 2**31 - 1):  # what was written before does not show
        volumes = [volume(r) for _ in range(r.randrange(count) + 1)]
        same(sheet.records(volumes, owner, own), by_columns(volumes, owner, agreed, own))


@pytest.mark.parametrize(
    "sizes",
    [
        [(4, 4_000.0), (5, 60_000.0)],  # edges that have to be cut
        [(64, 900.0)] * (MOST_CORNERS // 64),
        [(64, 900.0)] * (MOST_CORNERS // 64) + [(0, 900.0)],
        [(700, 5_000.0)] * 3,
        [(0, 900.0)] * MOST_VOLUMES,
        [(3, 900.0)] * (MOST_VOLUMES + 1),
    ],
    ids=["long edges", "full of corners", "one corner more", "many corners", "full of volumes", "one volume more"],
)
def test_a_notice_that_does_not_fit_the_sheet_goes_by_columns(sizes: list[tuple[int, float]]) -> None:
    r, sheet = random.Random(1), Sheet(AGREED[1])
    few, volumes = [volume(r)], [volume(r, corners, size_m) for corners, size_m in sizes]
    for each in (few, volumes, few):
        same(sheet.records(each, 3, OWN[1]), by_columns(each, 3, AGREED[1], OWN[1]))


def test_numbers_of_other_kinds_are_taken_as_columns_take_them() -> None:
    low, high = Height(np.float32(100.5), Datum.GEOID), Height(200, Datum.GEOID)  # type: ignore[arg-type]  # what comes from arrays
    span = Span(Instant(np.int64(START.ns)), START.plus(60))  # type: ignore[arg-type]
    volumes = [Volume4D(Circle(Position(1, np.float64(pi)), np.float32(700.0)), low, high, span)]  # type: ignore[arg-type]
    same(Sheet(None).records(volumes, 3, None), by_columns(volumes, 3, None, None))
