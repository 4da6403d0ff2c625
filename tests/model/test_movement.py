"""Movements: a corridor is everything within the half-width of the route and never less; and what is no movement."""

import json
import math
import os
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import InputError
from tafadi.formats.nouns import Json, decode, encode
from tafadi.measure.earth import Leg, Position, destination, leg
from tafadi.measure.instant import Instant, Span
from tafadi.measure.outline import area_m2
from tafadi.model.movement import LONGEST_LEG_M, MOST_PLACES, NARROWEST_M, SHORTEST_LEG_M, WIDEST_M, Movement, MovementBody, corridor
from tafadi.model.operation import Kind, NoticeStep
from tafadi.model.volume import Circle, Polygon

BEGIN = Instant.parse("2027-03-02T09:00:00Z")
HOUR = Span(BEGIN, BEGIN.plus(3_600.0))
CAMP, BRIDGE, TOWN = Position(34.0, 40.0), Position(34.1, 40.2), Position(34.1, 40.5)


def _inside(place: Position, outline: Circle | Polygon) -> bool:
    """Slowly: by distance from the centre, or by the side of each geodesic edge on which the place lies, to the millimetre."""
    if isinstance(outline, Circle):
        return leg(outline.centre, place).distance_m <= outline.radius_m + 1e-3
    corners = outline.vertices
    sides = [_aside_m(place, start, end) for start, end in zip(corners, corners[1:] + corners[:1], strict=True)]
    return all(side >= -1e-3 for side in sides) or all(side <= 1e-3 for side in sides)


def _aside_m(place: Position, start: Position, end: Position) -> float:
    """About how far to the right of the geodesic the place lies; its sign is exact."""
    there = leg(start, place)
    return there.distance_m * math.sin(math.radians(there.bearing_deg - leg(start, end).bearing_deg))


@settings(max_examples=60, deadline=None)
@given(
    lat_deg=st.floats(-90.0, 90.0),
    lon_deg=st.floats(-180.0, 180.0),
    turns=st.lists(st.tuples(st.floats(0.0, 359.0), st.floats(SHORTEST_LEG_M * 1.1, LONGEST_LEG_M * 0.999)), min_size=1, max_size=3),
    half_width_m=st.floats(NARROWEST_M, WIDEST_M),
    along=st.floats(0.0, 1.0),
    aside=st.floats(-1.0, 1.0),
)
def test_whatever_is_within_the_half_width_of_the_route_is_in_the_corridor(
    lat_deg: float, lon_deg: float, turns: list[tuple[float, float]], half_width_m: float, along: float, aside: float
) -> None:
    """Poles and antimeridian too. Every route that the limits allow can be laid out."""
    route = [Position(lat_deg, lon_deg).quantised()]
    for turn in turns:
        route.append(destination(route[-1], Leg(*turn)).quantised())
    outlines = corridor(tuple(route), half_width_m)
    assert Movement(tuple(route), half_width_m, (HOUR,)).notice.volumes[0].outline == outlines[0]
    for start, end in pairwise(route):
        ahead = leg(start, end)
        middle = destination(start, Leg(ahead.bearing_deg, along * ahead.distance_m))
        bearing_deg = leg(middle, end).bearing_deg if along < 0.5 else leg(middle, start).bearing_deg
        beside = destination(middle, Leg((bearing_deg + 90.0) % 360.0, aside * half_width_m))
        assert any(_inside(beside, outline) for outline in outlines)


VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "corridor"


@pytest.mark.parametrize("name", ["to-the-bridge", "over-the-antimeridian", "around-the-pole"])
def test_a_corridor_is_the_one_of_its_vector(name: str) -> None:
    """For who writes a second node; `TAFADI_WRITE_VECTORS=1` makes them. A corner may lie one step of the grid aside."""
    path = VECTORS / f"{name}.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    movement = decode(Movement, told["movement"])
    laid_out = [encode(volume.outline) for volume in movement.notice.volumes]
    if os.environ.get("TAFADI_WRITE_VECTORS"):
        path.write_text(json.dumps({**told, "outlines": laid_out}, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    assert [set(outline) for outline in told["outlines"]] == [set(outline) for outline in laid_out if isinstance(outline, dict)]
    assert all(abs(one - other) <= 1 for one, other in zip(_numbers(told["outlines"]), _numbers(laid_out), strict=True))


def _numbers(value: Json) -> list[int]:
    if isinstance(value, dict):
        return [number for name in sorted(value) for number in _numbers(value[name])]
    return [number for one in value for number in _numbers(one)] if isinstance(value, list) else [int(value or 0)]


def test_a_corridor_is_hardly_wider_than_its_half_width() -> None:
    outlines = corridor((CAMP, BRIDGE), 500.0)
    assert [type(outline) for outline in outlines] == [Circle, Polygon, Circle]
    assert isinstance(outlines[1], Polygon)
    assert area_m2(outlines[1].vertices) == pytest.approx(leg(CAMP, BRIDGE).distance_m * 1_000.0, rel=1e-4)
    beside = destination(CAMP, Leg(leg(CAMP, BRIDGE).bearing_deg + 90.0, 501.0))
    assert not any(_inside(beside, outline) for outline in outlines)


def test_what_is_to_be_kept_clear_is_the_corridor_in_every_window() -> None:
    windows = (HOUR, Span(BEGIN.plus(86_400.0), BEGIN.plus(90_000.0)))
    notice = Movement((CAMP, BRIDGE, TOWN), 500.0, windows, title="relief").notice
    assert (len(notice.volumes), notice.kind, notice.title) == (10, Kind.OPERATION, "relief")
    assert [volume.span for volume in notice.volumes] == [windows[0]] * 5 + [windows[1]] * 5
    assert notice.span == Movement((CAMP, BRIDGE, TOWN), 500.0, windows).span == Span(HOUR.start, windows[1].end)


@pytest.mark.parametrize(
    ("route", "half_width_m", "windows", "sentence", "code"),
    [
        ((CAMP,), 500.0, (HOUR,), "a route of 1 places is not one", "geometry-missing"),
        ((CAMP, CAMP), 500.0, (HOUR,), "leg 1 of the route has 0.0 m", "not-usable"),
        ((CAMP, Position(0.0, 0.0)), 500.0, (HOUR,), "leg 1 of the route has 5", "not-usable"),
        ((CAMP, BRIDGE), 0.0, (HOUR,), "half-width of 0.0 m", "not-usable"),
        ((CAMP, BRIDGE), float("nan"), (HOUR,), "half-width of nan m", "not-usable"),
        ((CAMP, BRIDGE), 500.0, (), "in 0 windows", "geometry-missing"),
        ((CAMP, BRIDGE), 500.0, (HOUR, HOUR), "begins before the one before it ends", "not-usable"),
        ((CAMP, BRIDGE), 500.0, (Span(BEGIN, BEGIN),), "lasts no time", "end-before-start"),
        ((CAMP, BRIDGE), 500.0, (Span(BEGIN, BEGIN.plus(91 * 86_400.0)),), "longer than 90 days", "too-large"),
        ((CAMP, BRIDGE) * 9, 500.0, (HOUR, Span(HOUR.end, HOUR.end.plus(60.0))), "make 70 volumes", "too-large"),
        ((CAMP, BRIDGE) * MOST_PLACES, 500.0, (HOUR,), "a route of 64 places", "too-large"),
    ],
)
def test_what_is_no_movement_says_why(
    route: tuple[Position, ...], half_width_m: float, windows: tuple[Span, ...], sentence: str, code: str
) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        Movement(route, half_width_m, windows)
    assert refused.value.code == code


@pytest.mark.parametrize("markings", ["m" * 201, "white \u202e lorries"])
def test_markings_are_short_and_turn_nothing(markings: str) -> None:
    with pytest.raises(InputError, match="the markings"):
        Movement((CAMP, BRIDGE), 500.0, (HOUR,), markings=markings)


@pytest.mark.parametrize("step", list(NoticeStep))
def test_a_movement_that_is_new_or_amended_has_a_route_and_no_other_has(step: NoticeStep) -> None:
    has_route = step in (NoticeStep.NEW, NoticeStep.AMEND)
    movement = Movement((CAMP, BRIDGE), 500.0, (HOUR,))
    assert (MovementBody(step, movement if has_route else None).notice is not None) is has_route
    with pytest.raises(InputError, match="has a route"):
        MovementBody(step, None if has_route else movement)
