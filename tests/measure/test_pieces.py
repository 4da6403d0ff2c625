"""Outlines cut into pieces: the same ground, no holes, few corners."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import InputError
from tafadi.measure.earth import Leg, Position, destination, leg
from tafadi.measure.outline import area_m2, check_simple
from tafadi.measure.pieces import Ring, pieces

CENTRE = Position(46.5, 8.0)


def star(count: int, radius_m: float, centre: Position = CENTRE) -> Ring:
    """An outline of `count` corners that goes in and out five times."""
    turns = ((index / count, math.sin(10.0 * math.pi * index / count)) for index in range(count))
    legs = (Leg(360.0 * turn, radius_m * (1.0 + 0.2 * wave)) for turn, wave in turns)
    return tuple(destination(centre, one).quantised() for one in legs)


def check_pieces(outer: Ring, holes: list[Ring], most: int) -> list[Ring]:
    found = pieces(outer, holes, most)
    for ring in found:
        check_simple(ring)
        assert len(ring) <= most
    expected_m2 = area_m2(outer) - sum(area_m2(hole) for hole in holes)
    assert sum(map(area_m2, found)) == pytest.approx(expected_m2, rel=2e-6)
    return found


def test_an_outline_of_few_corners_stays_whole() -> None:
    outer = star(30, 5_000.0)
    (found,) = pieces(outer, [], 1_000)
    assert set(found) == set(outer)


def test_many_corners_are_halved_until_they_are_few() -> None:
    found = check_pieces(star(4_000, 30_000.0), [], 1_000)
    assert 4 <= len(found) <= 12


def test_every_original_corner_is_kept() -> None:
    outer, hole = star(300, 30_000.0), star(40, 3_000.0)
    found = check_pieces(outer, [hole], 1_000)
    assert set(outer) | set(hole) <= {corner for ring in found for corner in ring}


@settings(max_examples=25, deadline=None)
@given(
    lat_deg=st.floats(-80.0, 80.0),
    lon_deg=st.floats(-180.0, 180.0),
    places=st.lists(st.tuples(st.integers(-2, 2), st.integers(-2, 2)), min_size=1, max_size=6, unique=True),
)
def test_holes_anywhere_are_cut_out_of_the_ground(lat_deg: float, lon_deg: float, places: list[tuple[int, int]]) -> None:
    centre = Position(lat_deg, lon_deg)
    middles = [destination(centre, Leg(math.degrees(math.atan2(x, y)) % 360.0, 4_000.0 * math.hypot(x, y))) for x, y in places]
    check_pieces(star(50, 25_000.0, centre), [star(9, 1_200.0, middle) for middle in middles], 1_000)


def test_a_corner_that_a_cut_puts_on_a_long_edge_lies_on_its_geodesic() -> None:
    outer = tuple(Position(lat_deg, lon_deg) for lat_deg, lon_deg in ((45.0, 7.0), (45.0, 9.0), (46.5, 9.0), (46.5, 7.0)))
    new = {corner for ring in check_pieces(outer, [star(8, 5_000.0, Position(45.8, 8.0))], 1_000) for corner in ring} - set(outer)
    strays_m = [min(across_m(*edge, corner) for edge in zip(outer, (*outer[1:], outer[0]), strict=True)) for corner in new]
    on_edges_m = [stray_m for stray_m in strays_m if stray_m < 100.0]
    assert len(on_edges_m) > 20  # the corners along the edges, and two of the cut
    assert max(on_edges_m) < 0.05


def across_m(here: Position, there: Position, place: Position) -> float:
    """How far the place lies from the geodesic."""
    along, beside = leg(here, there), leg(here, place)
    return abs(beside.distance_m * math.sin(math.radians(beside.bearing_deg - along.bearing_deg)))


def test_pieces_share_their_cut_to_the_last_bit() -> None:
    first, second = check_pieces(star(20, 10_000.0), [star(8, 1_000.0)], 1_000)
    assert len(set(first) & set(second)) == 4  # where the cut meets the outline and the hole, on both sides


@pytest.mark.parametrize(
    ("outer", "holes", "sentence"),
    [
        (star(20, 1_000.0), [star(8, 5_000.0)], "not valid"),
        (star(20, 10_000.0), [star(8, 3_000.0), star(9, 3_000.0)], "not valid"),
        (star(20, 10_000.0)[:2], [], "fewer than three"),
        (star(20, 10_000.0), [star(8, 100.0)[:2]], "fewer than three"),
        ((*star(9, 10_000.0)[::2], *star(9, 10_000.0)[1::2]), [star(8, 100.0)], "not valid"),
    ],
)
def test_what_has_no_clear_inside_is_refused(outer: Ring, holes: list[Ring], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        pieces(outer, holes, 1_000)


def test_an_outline_of_too_many_pieces_is_refused() -> None:
    with pytest.raises(InputError, match="more than 64 pieces"):
        pieces(star(1_000, 20_000.0), [], 10)
