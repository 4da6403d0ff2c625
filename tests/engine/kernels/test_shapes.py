"""Boxes hold what they are around: corners, edges and insides, wherever it lies."""

import random

import numpy as np
import pytest

from tafadi.engine.columns import asked_of, columns_of
from tafadi.engine.kernels.cells import CELLS_MOST, GROWTH, LEVELS, block_of, cell_of, count_of, level_of
from tafadi.engine.volumes import records_of
from tafadi.measure.earth import Leg, Position, destination, ecef
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import Minima
from tafadi.model.volume import Circle, Outline, Polygon, Volume4D

SPAN = Span(Instant(0), Instant(10**9))


@pytest.mark.parametrize("size_m", [30.0, 4_000.0, 200_000.0, 1_900_000.0])
@pytest.mark.parametrize("middle", [Position(0.0, 180.0), Position(48.0, 9.0), Position(90.0, 0.0), Position(-60.0, -120.0)], ids=str)
def test_a_box_holds_every_place_on_its_outline_and_inside(middle: Position, size_m: float) -> None:
    r = random.Random(1)
    outlines: list[Outline] = [Circle(middle, size_m)]
    corners = [Leg(n * 45.0, size_m * r.uniform(0.5, 1.0)) for n in range(8)]
    outlines.append(Polygon(tuple(destination(middle, corner) for corner in corners)))
    records = records_of(
        columns_of([Volume4D(outline, None, None, SPAN) for outline in outlines]), asked_of(np.arange(2), Minima(700.0, 0.0))
    )
    for n, ends in ((0, [Leg(b, size_m) for b in range(0, 360, 20)]), (1, corners)):
        box, half_m = records.bounds[n], 350.0
        for leg in ends:
            for share in (0.0, 0.3, 0.8, 1.0):
                place = ecef(destination(middle, Leg(leg.bearing_deg, leg.distance_m * share)))
                for axis, name in enumerate("xyz"):
                    assert box[f"{name}0"] <= place[axis] - half_m
                    assert box[f"{name}1"] >= place[axis] + half_m


def test_a_box_lies_in_eight_cells_at_most_on_its_own_level_and_the_earth_does_too() -> None:
    volumes = [Volume4D(Circle(Position(7.0 * n - 80.0, 50.0), 3.0 * 1.8**n), None, None, SPAN) for n in range(22)]
    records = records_of(columns_of(volumes), asked_of(np.arange(22)))
    levels = set()
    for box in records.bounds:
        for cell_m in (16.0, 4_000.0):
            level = level_of(box, cell_m)
            levels.add(level)
            assert count_of(block_of(box, 1.0 / (cell_m * GROWTH**level))) <= CELLS_MOST
    assert len(levels) > 4
    earth = records.bounds[0]
    for low, high in (("x0", "x1"), ("y0", "y1"), ("z0", "z1")):
        earth[low], earth[high] = -6.4e6, 6.4e6
    assert count_of(block_of(earth, 1.0 / (16.0 * GROWTH ** level_of(earth, 16.0)))) <= CELLS_MOST
    assert level_of(earth, 16.0) < LEVELS


def test_cells_are_counted_downwards_below_zero_too() -> None:
    assert [cell_of(value, 0.1) for value in (-20.1, -20.0, -0.1, 0.0, 9.9, 10.0)] == [-3, -2, -1, 0, 0, 1]
