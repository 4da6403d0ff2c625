"""The read-back: what the receiver computes, and what it makes of the words."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.desk.readback import STATED_TOLERANCE_M, read_back
from tafadi.measure.earth import Leg, Position, destination, leg
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Span
from tafadi.model.agreement import Landmark
from tafadi.model.operation import Kind, Notice, StatedPlace, Trajectory, Waypoint
from tafadi.model.reply import Match
from tafadi.model.volume import Circle, Polygon, Volume4D
from world import MARKS, START, make_agreement, operation, volume

AGREEMENT = make_agreement()
SPAN = Span(START, START.plus(600.0))


def _at(place: Position, *stated: StatedPlace) -> Notice:
    band = Height(100.0, Datum.GEOID), Height(200.0, Datum.GEOID)
    return Notice(Kind.OPERATION, (Volume4D(Circle(place, 1_000.0), *band, SPAN),), stated=stated)


def _said(mark: Landmark, place: Position, wrong_m: float = 0.0, towards_deg: float = 90.0) -> StatedPlace:
    along = leg(mark.position, destination(place, Leg(towards_deg, wrong_m)))
    return StatedPlace(mark.name, along.bearing_deg, along.distance_m)


def test_nine_kilometres_off_is_a_mismatch_and_says_both() -> None:
    """Deir ez-Zor, 17 September 2016: about 9 km."""
    place = Position(-37.6, 12.4)
    found = read_back(_at(place, _said(MARKS[0], place, 9_000.0)), AGREEMENT)
    assert found.result is Match.MISMATCH
    (difference,) = found.differences
    assert difference.item == "place from north-light"
    assert difference.stated != difference.computed


@settings(deadline=None)
@given(towards_deg=st.floats(0.0, 359.0), wrong_m=st.floats(0.0, 5_000.0))
def test_words_fit_within_a_kilometre_near_a_landmark_and_not_beyond(towards_deg: float, wrong_m: float) -> None:
    place = destination(MARKS[0].position, Leg(170.0, 20_000.0)).quantised()
    found = read_back(_at(place, _said(MARKS[0], place, wrong_m, towards_deg)), AGREEMENT)
    if abs(wrong_m - STATED_TOLERANCE_M) > 1.0:
        assert found.result is (Match.MATCH if wrong_m < STATED_TOLERANCE_M else Match.MISMATCH)


def test_far_from_a_landmark_a_degree_of_bearing_is_forgiven_and_two_are_not() -> None:
    place = destination(MARKS[0].position, Leg(90.0, 400_000.0)).quantised()
    along = leg(MARKS[0].position, place)
    for off_deg, result in ((1.0, Match.MATCH), (2.0, Match.MISMATCH)):
        said = StatedPlace("north-light", along.bearing_deg + off_deg, along.distance_m)
        assert read_back(_at(place, said), AGREEMENT).result is result


def test_a_place_over_the_antimeridian_fits_its_words() -> None:
    mark = Landmark("east-cape", Position(-37.0, 179.9))
    far = replace(AGREEMENT, landmarks=(mark, Landmark("west-cape", Position(-37.2, -179.8))))
    place = Position(-37.1, -179.95)
    found = read_back(_at(place, _said(mark, place)), far)
    assert found.result is Match.MATCH
    assert {reading.landmark for reading in found.places} == {"east-cape", "west-cape"}
    assert all(reading.distance_m < 30_000 for reading in found.places)
    assert read_back(_at(place, _said(mark, place, 5_000.0)), far).result is Match.MISMATCH


def test_a_polygon_over_the_antimeridian_has_its_middle_and_area_there() -> None:
    corners = tuple(Position(lat, lon) for lat, lon in ((10.0, 179.5), (10.0, -179.5), (11.0, -179.5), (11.0, 179.5)))
    mark = Landmark("dateline", Position(10.5, 180.0))
    band = Height(100.0, Datum.GEOID), Height(200.0, Datum.GEOID)
    notice = Notice(Kind.OPERATION, (Volume4D(Polygon(corners), *band, SPAN),))
    found = read_back(notice, replace(AGREEMENT, landmarks=(mark, Landmark("other", Position(0.0, 0.0)))))
    assert found.places[0].landmark == "dateline"
    assert found.places[0].distance_m < 1_000
    assert found.area_m2 == pytest.approx(111_320.0 * 110_600.0 * math.cos(math.radians(10.5)), rel=0.01)


def test_a_landmark_that_nobody_agreed_on_is_a_mismatch() -> None:
    found = read_back(_at(Position(-37.5, 12.3), StatedPlace("old-bridge", 10.0, 1_000.0)), AGREEMENT)
    assert found.result is Match.MISMATCH
    assert found.differences[0].item == "landmark"


def test_one_false_word_among_true_ones_is_a_mismatch() -> None:
    place = Position(-37.5, 12.3)
    found = read_back(_at(place, _said(MARKS[0], place), _said(MARKS[1], place, 8_000.0)), AGREEMENT)
    assert (found.result, len(found.differences)) == (Match.MISMATCH, 1)


def test_the_two_nearest_landmarks_are_read_the_nearer_first() -> None:
    marks = (*MARKS, Landmark("by-the-sea", Position(-37.5, 12.31)))
    found = read_back(_at(Position(-37.5, 12.3)), replace(AGREEMENT, landmarks=marks))
    assert [reading.landmark for reading in found.places] == ["by-the-sea", "south-light"]


def test_heights_above_unlike_datums_have_no_common_band() -> None:
    found = read_back(operation(volume(datum=Datum.GEOID), volume(datum=Datum.PRESSURE)), AGREEMENT)
    assert (found.lower, found.upper) == ("-", "-")


def test_the_band_is_from_the_lowest_to_the_highest() -> None:
    assert read_back(operation(), AGREEMENT).lower == "1000.0 m geoid"
    assert read_back(operation(), AGREEMENT).upper == "1600.0 m geoid"


def test_a_trajectory_is_read_from_where_it_begins_and_a_height_not_stated_is_a_dash() -> None:
    points = (
        Waypoint(Position(-37.5, 12.3), None, START.plus(10.0)),
        Waypoint(Position(-37.4, 12.3), Height(900.0, Datum.GEOID), START.plus(500.0)),
    )
    found = read_back(Notice(Kind.OPERATION, (), Trajectory(points)), AGREEMENT)
    assert found.places[0].distance_m == round(leg(MARKS[1].position, points[0].position).distance_m)
    assert (found.lower, found.area_m2) == ("-", 0)
    assert found.span == Span(START.plus(10.0), START.plus(500.0))
