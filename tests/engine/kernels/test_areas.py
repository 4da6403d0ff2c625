"""How far apart two outlines are and what they share: against geodesics to densely cut outlines, and geodesic areas."""

import math

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import volumes
from tafadi.engine.kernels.areas import gaps_between, grounds_shared
from tafadi.engine.pack import WGS84, pack_bodies
from tafadi.measure.earth import Leg, Position, destination, leg
from tafadi.measure.instant import Instant, Span
from tafadi.model.volume import Circle, Outline, Polygon, Volume4D

PAIR = [(0, 1)]
SPAN = Span(Instant(0), Instant(10**12))
PLACES = [Position(0.0, 0.0), Position(47.0, 179.999), Position(90.0, 0.0), Position(-89.99, 30.0), Position(-33.0, -70.0)]


def gap_m(a: Outline, b: Outline) -> float:
    return gaps_between(WGS84, pack_bodies([Volume4D(outline, None, None, SPAN) for outline in (a, b)]), PAIR)[0].gap_m


def area_m2(a: Outline, b: Outline) -> float:
    bodies = pack_bodies([Volume4D(outline, None, None, SPAN) for outline in (a, b)])
    return grounds_shared(WGS84, bodies, PAIR, gaps_between(WGS84, bodies, PAIR))[0].area_m2


def around(centre: Position, *legs: tuple[float, float]) -> Polygon:
    """The polygon with corners at these bearings and distances from a centre."""
    return Polygon(tuple(destination(centre, Leg(bearing_deg, distance_m)) for bearing_deg, distance_m in legs))


def square(centre: Position, half_m: float) -> Polygon:
    return around(centre, *((bearing_deg, half_m * math.sqrt(2)) for bearing_deg in (45.0, 135.0, 225.0, 315.0)))


@pytest.mark.parametrize("centre", PLACES)
@pytest.mark.parametrize("away_m", [19_000.0, 20_000.0 - 1e-3, 20_000.0 + 1e-3, 25_000.0])
def test_two_circles_are_apart_by_the_geodesic_between_their_centres(centre: Position, away_m: float) -> None:
    other = destination(centre, Leg(77.0, away_m))
    assert gap_m(Circle(centre, 12_000.0), Circle(other, 8_000.0)) == pytest.approx(away_m - 20_000.0, abs=2e-4)


@pytest.mark.parametrize("centre", PLACES)
@pytest.mark.parametrize("radius_m", [5_000.0, 200_000.0, 1_500_000.0])
def test_a_circle_and_a_square_beside_it_are_apart_by_what_the_twin_measures(centre: Position, radius_m: float) -> None:
    polygon = wedge(centre, destination(centre, Leg(30.0, radius_m + 1_000.0)), (-40.0, 9_000.0), (40.0, 9_000.0))
    assert gap_m(Circle(centre, radius_m), polygon) == pytest.approx(1_000.0, abs=0.05)
    assert gap_m(polygon, Circle(centre, radius_m)) == gap_m(Circle(centre, radius_m), polygon)


@pytest.mark.parametrize("centre", PLACES)
def test_one_inside_the_other_shares_all_of_the_smaller(centre: Position) -> None:
    whole = Geodesic.WGS84.Polygon()
    for vertex in square(centre, 3_000.0).vertices:
        whole.AddPoint(vertex.lat_deg, vertex.lon_deg)
    true_m2 = abs(whole.Compute()[2])
    assert area_m2(square(centre, 50_000.0), square(centre, 3_000.0)) == pytest.approx(true_m2, rel=1e-5)
    assert area_m2(Circle(centre, 40_000.0), square(centre, 3_000.0)) == pytest.approx(true_m2, rel=1e-5)
    assert area_m2(Circle(centre, 40_000.0), Circle(centre, 1_000.0)) == pytest.approx(math.pi * 1e6, rel=1e-4)


def wedge(origin: Position, tip: Position, *legs: tuple[float, float]) -> Polygon:
    """The polygon from `tip` on, with corners at bearings from the direction away from `origin`."""
    onward_deg = leg(tip, origin).bearing_deg + 180.0
    return Polygon((tip, *(destination(tip, Leg(onward_deg + bearing_deg, distance_m)) for bearing_deg, distance_m in legs)))


corner = st.floats(20_000, 60_000)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(PLACES), st.lists(corner, min_size=4, max_size=6), st.lists(corner, min_size=3, max_size=5), st.floats(0, 110_000))
def test_two_outlines_agree_with_the_twins(centre: Position, one: list[float], two: list[float], away_m: float) -> None:
    a = around(centre, *((n * 360 / len(one), distance_m) for n, distance_m in enumerate(one)))
    b = around(destination(centre, Leg(100.0, away_m)), *((n * 360 / len(two), distance_m) for n, distance_m in enumerate(two)))
    gap = gap_m(a, b)
    if gap < 0.0:
        true_m2 = volumes.shared_area_m2(a, b)
        assert area_m2(a, b) == pytest.approx(true_m2, rel=0.01, abs=100.0)
    else:
        nearest = min(volumes.away_m(b, vertex) for vertex in a.vertices)
        other = min(volumes.away_m(a, vertex) for vertex in b.vertices)
        assert gap <= min(nearest, other) + 0.01
        assert gap >= 0.0


@pytest.mark.parametrize("centre", PLACES)
@pytest.mark.parametrize("between_m", [0.05, 9_260.0, 60_000.0])
def test_corner_against_corner_is_apart_by_the_geodesic_between_them(centre: Position, between_m: float) -> None:
    west = wedge(centre, destination(centre, Leg(270.0, between_m / 2)), (-30.0, 40_000.0), (30.0, 40_000.0))
    east = wedge(centre, destination(centre, Leg(90.0, between_m / 2)), (-30.0, 40_000.0), (30.0, 40_000.0))
    assert gap_m(west, east) == pytest.approx(between_m, abs=2e-3)


def test_neighbours_with_a_common_edge_do_not_overlap() -> None:
    west = Polygon((Position(10, 20), Position(10, 21), Position(12, 21), Position(12, 20)))
    east = Polygon((Position(10, 21), Position(10, 22), Position(12, 22), Position(12, 21)))
    assert gap_m(west, east) == 0.0


def test_a_sliver_of_a_tenth_of_a_metre_between_wide_outlines_is_found() -> None:
    west = Polygon((Position(40, -30), Position(40, 0), Position(50, 0), Position(50, -30)))
    east = Polygon((Position(40, -0.000001), Position(40, 30), Position(50, 30), Position(50, -0.000001)))
    assert -0.1 < gap_m(west, east) < -0.05
    apart = Polygon((Position(40, 0.000001), Position(40, 30), Position(50, 30), Position(50, 0.000001)))
    assert gap_m(west, apart) == pytest.approx(0.0717, abs=2e-3)  # 1e-6 degree at 50 north
