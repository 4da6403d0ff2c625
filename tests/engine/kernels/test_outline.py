"""Outlines on a plane, against shapely."""

import itertools
import math

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.engine.kernels.outline import signed_distance, times_near
from tafadi.engine.layout import Floats

coordinate = st.floats(-3_000, 3_000)


@st.composite
def stars(draw: st.DrawFn) -> Floats:
    """An outline that need not be convex."""
    radii = draw(st.lists(st.floats(200, 2_000), min_size=3, max_size=9))
    angles = np.arange(len(radii)) * 2 * math.pi / len(radii)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


@settings(max_examples=200, deadline=None)
@given(stars(), coordinate, coordinate)
def test_the_signed_distance_is_that_of_shapely(ring: Floats, x: float, y: float) -> None:
    away, edge = signed_distance(ring, x, y)
    polygon, point = shapely.Polygon(ring), shapely.Point(x, y)
    assert abs(away) == abs(away)
    assert math.isclose(abs(away), polygon.exterior.distance(point), abs_tol=1e-6)
    if abs(away) > 1e-6:
        assert (away < 0) == polygon.contains(point)
    assert math.isclose(shapely.LineString([ring[edge - 1], ring[edge]]).distance(point), abs(away), abs_tol=1e-6)


@settings(max_examples=200, deadline=None)
@given(stars(), coordinate, coordinate, st.floats(-100, 100), st.floats(-100, 100), st.sampled_from([1e-6, 1.0, 500.0]))
def test_no_change_from_outside_to_inside_is_missed(ring: Floats, x: float, y: float, vx: float, vy: float, reach: float) -> None:
    times = np.empty(6 * len(ring))
    marks = np.sort(times[: times_near(ring, x, y, vx, vy, reach, 60.0, times)])
    bounds = np.concatenate([[0.0], marks, [60.0]])
    for begin, end in itertools.pairwise(bounds):
        near = [signed_distance(ring, x + vx * t, y + vy * t)[0] - reach for t in np.linspace(begin, end, 9)[1:-1]]
        firmly = [value for value in near if abs(value) > 1e-5]
        assert len({value > 0 for value in firmly}) <= 1
