"""Volumes: an outline, a band of heights, a stretch of time; and every way not to be one."""

import math

import pytest

from tafadi.errors import InputError
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.volume import LARGEST_RADIUS_M, MOST_VERTICES, Circle, Polygon, Volume4D

HERE = Position(10.0, 20.0)
AT = Instant.parse("2026-11-23T09:30:00Z")
SPAN = Span(AT, AT.plus(60.0))
CIRCLE = Circle(HERE, 500.0)


@pytest.mark.parametrize("radius_m", [0.0, -1.0, math.nan, math.inf, LARGEST_RADIUS_M + 1.0])
def test_a_circle_of_no_radius_is_refused(radius_m: float) -> None:
    with pytest.raises(InputError):
        Circle(HERE, radius_m)


def _ring(corners: int) -> tuple[Position, ...]:
    return tuple(destination(HERE, Leg(360.0 * n / corners, 5_000.0)) for n in range(corners))


def test_a_polygon_has_three_to_a_thousand_corners() -> None:
    assert len(Polygon(_ring(MOST_VERTICES)).vertices) == MOST_VERTICES
    for count, code in ((0, "geometry-missing"), (2, "geometry-missing"), (MOST_VERTICES + 1, "too-large")):
        with pytest.raises(InputError) as refused:
            Polygon(_ring(count))
        assert refused.value.code == code


def test_a_corner_that_stands_twice_is_refused_also_at_the_end() -> None:
    a, b, c = _ring(3)
    for corners in ((a, a, b, c), (a, b, c, a)):
        with pytest.raises(InputError, match="twice"):
            Polygon(corners)


def test_a_volume_lasts_some_time() -> None:
    with pytest.raises(InputError) as refused:
        Volume4D(CIRCLE, None, None, Span(AT, AT))
    assert refused.value.code == "end-before-start"


@pytest.mark.parametrize(("lower_m", "upper_m"), [(100.0, 100.0), (200.0, 100.0)])
def test_the_top_lies_above_the_bottom_of_one_datum(lower_m: float, upper_m: float) -> None:
    with pytest.raises(InputError, match="not above the bottom"):
        Volume4D(CIRCLE, Height(lower_m, Datum.GEOID), Height(upper_m, Datum.GEOID), SPAN)


def test_unlike_datums_are_not_compared_here_and_heights_may_be_not_stated() -> None:
    assert Volume4D(CIRCLE, Height(200.0, Datum.GEOID), Height(100.0, Datum.GROUND), SPAN).lower is not None
    assert Volume4D(CIRCLE, None, Height(0.0, Datum.GEOID), SPAN).lower is None
