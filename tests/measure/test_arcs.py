"""Arcs and edges as corners: they lie on the curve, and the edges between them stay within a metre of it."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import InputError
from tafadi.measure.arcs import DEVIATION_M, arc, straight_in_degrees, swept
from tafadi.measure.earth import Leg, Position, destination, leg

CENTRE = Position(52.0, -1.5)


def halfway(here: Position, there: Position) -> Position:
    along = leg(here, there)
    return destination(here, Leg(along.bearing_deg, along.distance_m / 2.0))


def across_m(here: Position, there: Position, place: Position) -> float:
    """How far the place lies from the geodesic."""
    along, beside = leg(here, there), leg(here, place)
    return abs(beside.distance_m * math.sin(math.radians(beside.bearing_deg - along.bearing_deg)))


@settings(max_examples=40, deadline=None)
@given(
    lat_deg=st.floats(-85.0, 85.0), radius_m=st.floats(100.0, 300_000.0), turn_deg=st.floats(-359.0, 359.0), first_deg=st.floats(0.0, 359.0)
)
def test_every_edge_of_an_arc_stays_within_the_deviation(lat_deg: float, radius_m: float, turn_deg: float, first_deg: float) -> None:
    centre = Position(lat_deg, 20.0)
    corners = swept(centre, Leg(first_deg, radius_m), turn_deg, radius_m)
    for here, there in list(pairwise(corners))[::7]:
        assert leg(centre, here).distance_m == pytest.approx(radius_m, abs=1e-3)
        assert radius_m - DEVIATION_M * 1.01 <= leg(centre, halfway(here, there)).distance_m <= radius_m + 1e-3


def test_an_arc_turns_the_way_it_is_told() -> None:
    west, east = (destination(CENTRE, Leg(bearing_deg, 10_000.0)) for bearing_deg in (270.0, 90.0))
    over = arc(CENTRE, west, east, clockwise=True)
    under = arc(CENTRE, west, east, clockwise=False)
    assert all(place.lat_deg > CENTRE.lat_deg for place in over)
    assert all(place.lat_deg < CENTRE.lat_deg for place in under)


def test_the_radius_goes_evenly_from_one_end_to_the_other() -> None:
    start, end = destination(CENTRE, Leg(0.0, 10_000.0)), destination(CENTRE, Leg(90.0, 10_150.0))
    radii_m = [leg(CENTRE, place).distance_m for place in arc(CENTRE, start, end, clockwise=True)]
    assert radii_m == sorted(radii_m)
    assert 10_000.0 < radii_m[0] < radii_m[-1] < 10_150.0


@pytest.mark.parametrize(
    ("first_m", "last_m", "stated_m"), [(10_000.0, 11_000.0, None), (10_000.0, 10_000.0, 12_000.0), (1_000.0, 1_300.0, None)]
)
def test_ends_that_contradict_the_radius_are_refused(first_m: float, last_m: float, stated_m: float | None) -> None:
    start, end = destination(CENTRE, Leg(0.0, first_m)), destination(CENTRE, Leg(90.0, last_m))
    with pytest.raises(InputError, match="from its centre"):
        arc(CENTRE, start, end, clockwise=True, radius_m=stated_m)


def test_an_arc_to_its_own_start_is_refused() -> None:
    start = destination(CENTRE, Leg(0.0, 5_000.0))
    with pytest.raises(InputError, match="nothing or a whole circle"):
        arc(CENTRE, start, start, clockwise=True)


@pytest.mark.parametrize("radius_m", [0.0, 3e6, math.nan])
def test_an_arc_without_a_radius_is_refused(radius_m: float) -> None:
    with pytest.raises(InputError):
        swept(CENTRE, Leg(0.0, radius_m), 90.0, radius_m)


@settings(max_examples=40, deadline=None)
@given(lat_deg=st.floats(-84.0, 84.0), north_deg=st.floats(-5.0, 5.0), east_deg=st.floats(-20.0, 20.0))
def test_an_edge_straight_in_degrees_is_followed_within_a_metre(lat_deg: float, north_deg: float, east_deg: float) -> None:
    here, there = Position(lat_deg, 10.0), Position(lat_deg + north_deg, 10.0 + east_deg)
    corners = [*straight_in_degrees([here, there], closed=False)]
    assert (corners[0], corners[-1]) == (here, there)
    for before, after in list(pairwise(corners))[::5]:
        on_line = Position((before.lat_deg + after.lat_deg) / 2.0, (before.lon_deg + after.lon_deg) / 2.0)
        assert across_m(before, after, on_line) <= DEVIATION_M


def test_an_edge_across_the_equator_strays_on_both_sides_and_not_in_its_middle() -> None:
    assert len(straight_in_degrees([Position(-5.0, 0.0), Position(5.0, 10.0)], closed=False)) > 20


def test_an_edge_across_the_antimeridian_is_refused_where_edges_are_straight_in_degrees() -> None:
    with pytest.raises(InputError, match="more than 180 degrees of longitude"):
        straight_in_degrees([Position(0.0, 179.0), Position(0.0, -179.0)], closed=False)


def test_a_closed_ring_follows_its_last_edge_too() -> None:
    ring = [Position(50.0, 0.0), Position(50.0, 1.0), Position(51.0, 1.0), Position(51.0, 0.0)]
    dense = straight_in_degrees(ring)
    assert set(ring) <= set(dense)
    assert len(dense) > len(straight_in_degrees(ring, closed=False)) - 1
