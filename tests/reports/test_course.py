"""Courses, distances and planes: what a picture is drawn of, compared with the engine."""

import math

import numpy as np
import pytest

from report_cases import MINIMA, T0, area, flight, hit
from tafadi.engine.detect import judge
from tafadi.engine.recorded import closest_recorded, separation_at
from tafadi.errors import InputError
from tafadi.measure.earth import Leg as Along
from tafadi.measure.earth import Position, destination, leg
from tafadi.measure.instant import Span
from tafadi.model.operation import NO_MINIMA
from tafadi.reports.apart import apart, deepest, spans_lost, stretches, unsure
from tafadi.reports.course import seen, subject
from tafadi.reports.graticule import degrees, frame_around, scale_of, step_deg
from tafadi.reports.plane import Plane, Spots, drawn_along, places_of, plane_around


@pytest.mark.parametrize("centre", [Position(10.0, 179.99), Position(90.0, 0.0), Position(-89.9, 45.0), Position(0.0, 0.0)])
def test_a_place_lies_on_the_plane_at_its_true_distance_and_bearing(centre: Position) -> None:
    place = destination(centre, Along(70.0, 123_456.0))
    x_m, y_m = Plane(centre.lat_deg, centre.lon_deg).spot(place)
    assert math.hypot(x_m, y_m) == pytest.approx(leg(centre, place).distance_m, abs=1e-6)
    back = Plane(centre.lat_deg, centre.lon_deg).places(Spots(np.array([x_m]), np.array([y_m])))
    assert leg(Position(float(back.lat_deg[0]), float(back.lon_deg[0])), place).distance_m < 1e-3


def test_the_plane_is_centred_across_the_antimeridian_and_not_on_the_other_side_of_the_earth() -> None:
    plane = plane_around(places_of([Position(-17.0, 179.0), Position(-17.0, -179.0)]))
    assert abs(plane.lon_deg) == pytest.approx(180.0)
    assert np.abs(plane.spots(places_of([Position(-17.0, 179.0)])).x_m)[0] < 200_000.0


def test_a_long_edge_follows_its_geodesic() -> None:
    drawn = drawn_along(places_of([Position(50.0, 0.0), Position(50.0, 60.0)]), 20_000.0, is_closed=False)
    assert drawn.lat_deg.max() > 53.0
    assert (drawn.lat_deg[0], drawn.lat_deg[-1]) == (pytest.approx(50.0), 50.0)


def test_the_curve_of_two_recorded_tracks_is_the_engines_own_distance() -> None:
    one = [hit("a", 0.0, 50.0, 10.0), hit("a", 10.0, 50.01, 10.0), hit("a", 21.0, 50.02, 10.004)]
    two = [hit("b", 1.0, 50.02, 10.001, 1_100.0), hit("b", 12.0, 50.01, 10.001, 1_100.0), hit("b", 20.0, 50.0, 10.0, 1_050.0)]
    curve = apart(subject(one), subject(two), Span(T0, T0.plus(22.0)), MINIMA, [T0.plus(7.3)])
    row = int(np.flatnonzero(curve.at_ns == T0.plus(7.3).ns)[0])
    said = separation_at(one, two, T0.plus(7.3))
    assert said is not None
    assert said.vertical_m is not None
    assert curve.horizontal_m[row] == pytest.approx(said.horizontal_m, abs=0.01)
    assert curve.vertical_m[row] == pytest.approx(said.vertical_m, abs=1e-6)
    nearest, least = closest_recorded(one, two), deepest(subject(one), subject(two), curve, None)
    assert nearest is not None
    assert least is not None
    assert abs(least.horizontal_m) <= max(nearest.horizontal_m, said.vertical_m) + 0.1


def test_the_spans_of_loss_are_those_that_the_engine_finds() -> None:
    first, second = flight("a", [(50.0, 10.0), (50.0, 11.0)]), flight("b", [(50.2, 10.5), (49.8, 10.5)], party="cobalt")
    found = judge(first, second, MINIMA)
    assert found.span is not None
    one, two = subject(first), subject(second)
    spans = spans_lost(one, two, apart(one, two, Span(T0, T0.plus(600.0)), MINIMA), MINIMA)
    assert len(spans) == 1
    assert abs(spans[0].start.since(found.span.start)) < 0.01
    assert abs(spans[0].end.since(found.span.end)) < 0.01


def test_the_distance_to_an_area_is_nothing_inside_and_true_outside() -> None:
    one, two = subject(flight("a", [(50.5, 9.0), (50.5, 12.0)], height_m=1_500.0)), subject(area("z", 50.0, 10.0))
    curve = apart(one, two, Span(T0, T0.plus(600.0)), NO_MINIMA)
    inside = curve.horizontal_m == 0.0
    assert inside.any()
    assert not inside.all()
    assert curve.vertical_m[inside].max() == 0.0
    first = leg(Position(50.5, 9.0), Position(50.5, 10.0)).distance_m
    assert curve.horizontal_m[0] == pytest.approx(first, rel=1e-3)


def test_a_height_that_is_not_stated_or_above_another_datum_is_unsure_and_never_lost() -> None:
    first = subject(flight("a", [(50.0, 10.0), (50.0, 11.0)]))
    for other in (flight("b", [(50.2, 10.5), (49.8, 10.5)], height_m=None), flight("b", [(50.2, 10.5), (49.8, 10.5)], datum="ellipsoid")):
        curve = apart(first, subject(other), Span(T0, T0.plus(600.0)), MINIMA)
        assert not np.isfinite(curve.vertical_m).any()
        assert unsure(curve, MINIMA).any()
        assert spans_lost(first, subject(other), curve, MINIMA) == []


def test_nothing_is_known_before_after_and_across_a_gap() -> None:
    course = seen([hit("a", 0.0, 50.0, 10.0), hit("a", 10.0, 50.1, 10.0), hit("a", 200.0, 50.2, 10.0), hit("a", 205.0, 50.3, 10.0)])
    at = np.array([T0.plus(s).ns for s in (-1.0, 5.0, 10.0, 100.0, 200.0, 202.0, 206.0)], np.int64)
    assert np.isfinite(course.at(at).places.lat_deg).tolist() == [False, True, True, False, True, True, False]
    assert course.breaks.tolist() == [1]
    part = course.during(Span(T0.plus(5.0), T0.plus(202.0)))
    assert part is not None
    assert len(part.at_ns) == 4


def test_the_hits_of_two_tracks_are_not_one_course() -> None:
    with pytest.raises(InputError, match="of 2"):
        subject([hit("a", 0.0, 50.0, 10.0), hit("b", 1.0, 50.0, 10.0)])
    with pytest.raises(InputError, match="of 0"):
        subject([])


def test_scales_and_steps_are_round() -> None:
    assert scale_of(9_999.0) == 2_000.0
    assert step_deg(60.0) == 10
    assert degrees(-0.5, "NS", 0.25) == "0°30′S"
    assert degrees(179.5, "EW", 0.001) == "179°30′00″E"
    frame = frame_around(Spots(np.array([0.0, 100.0]), np.array([0.0, 10.0])), 2.0, 50.0)
    assert frame.width_m == pytest.approx(2.0 * frame.height_m)
    assert stretches(np.array([False, True, True])) == [(1, 2)]
