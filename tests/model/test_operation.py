"""Notices: what is announced, and what cannot be."""

import math
from dataclasses import fields, replace

import pytest

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant, Span
from tafadi.model.operation import (
    LONGEST_S,
    MOST_STATED,
    MOST_VOLUMES,
    MOST_WAYPOINTS,
    AreaKind,
    Disclosure,
    Kind,
    Minima,
    Notice,
    NoticeBody,
    NoticeStep,
    StatedPlace,
    Trajectory,
    Waypoint,
)
from tafadi.model.volume import Circle, Volume4D

AT = Instant.parse("2026-11-23T09:30:00Z")
CIRCLE = Circle(Position(10.0, 20.0), 500.0)


def _volume(start_s: float, end_s: float) -> Volume4D:
    return Volume4D(CIRCLE, None, None, Span(AT.plus(start_s), AT.plus(end_s)))


def _path(*at_s: float) -> Trajectory:
    return Trajectory(tuple(Waypoint(Position(0.0, n * 0.001), None, AT.plus(after_s)) for n, after_s in enumerate(at_s)))


OPERATION = Notice(Kind.OPERATION, (_volume(0.0, 60.0),))


def test_a_notice_spans_all_its_parts() -> None:
    notice = Notice(Kind.OPERATION, (_volume(100.0, 200.0), _volume(50.0, 150.0)), _path(10.0, 180.0))
    assert notice.span == Span(AT.plus(10.0), AT.plus(200.0))


def test_a_notice_without_a_place_is_refused_by_its_own_name() -> None:
    with pytest.raises(InputError) as refused:
        Notice(Kind.OPERATION)
    assert refused.value.code == "geometry-missing"


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": Kind.AREA},
        {"area_kind": AreaKind.CAUTION},
        {"kind": Kind.AREA, "area_kind": AreaKind.CAUTION, "trajectory": _path(0.0, 1.0)},
        {"priority": 101},
        {"priority": -1},
        {"frequency_hz": 7},
        {"disclosure": Disclosure.PRIVATE},
        {"title": "x" * 201},
        {"title": "survey\u202e"},
        {"contact": "\x1b[2J"},
        {"volumes": (_volume(0.0, 60.0),) * (MOST_VOLUMES + 1)},
        {"volumes": (_volume(0.0, LONGEST_S + 1.0),)},
        {"stated": (StatedPlace("mark", 0.0, 0.0),) * (MOST_STATED + 1)},
    ],
)
def test_a_notice_that_contradicts_itself_or_is_too_large_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        replace(OPERATION, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("at_s", [(), (0.0,), (0.0, 0.0), (1.0, 0.0), tuple(map(float, range(MOST_WAYPOINTS + 1)))])
def test_a_trajectory_goes_forward_in_time_through_two_to_500_points(at_s: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        _path(*at_s)


@pytest.mark.parametrize("minima", [(-1.0, 0.0), (0.0, math.nan), (math.inf, 0.0), (1_000_001.0, 0.0)])
def test_minima_are_distances(minima: tuple[float, float]) -> None:
    with pytest.raises(InputError):
        Minima(*minima)


def test_the_larger_minima_are_taken_in_each_direction() -> None:
    assert Minima(1.0, 4.0).larger(Minima(3.0, 2.0)) == Minima(3.0, 4.0)


def test_a_notice_says_where_and_when_and_never_what_for() -> None:
    """By rule there is no field for target, unit, weapon, aircraft type or purpose."""
    names = {field.name for field in fields(Notice)}
    assert not {name for name in names for word in ("target", "unit", "weapon", "aircraft", "purpose") if word in name}


def test_a_cancellation_has_no_geometry_and_every_other_notice_has() -> None:
    for step, notice in ((NoticeStep.NEW, None), (NoticeStep.AMEND, None), (NoticeStep.CANCEL, OPERATION)):
        with pytest.raises(InputError) as refused:
            NoticeBody(step, notice)
        assert refused.value.code == "geometry-missing"


@pytest.mark.parametrize(
    ("start", "end"),
    [((0.0, 0.0), (0.0, 180.0)), ((0.0, 0.0), (0.0, -175.001)), ((90.0, 0.0), (-85.001, 77.0)), ((51.0, 1.0), (-52.0, -178.0))],
)
def test_a_leg_that_leads_nearly_to_the_antipode_has_no_one_way_and_is_refused(
    start: tuple[float, float], end: tuple[float, float]
) -> None:
    for one, other in ((start, end), (end, start)):
        with pytest.raises(InputError, match=r"the leg to waypoint 1 is longer than 175 degrees of arc: .*give a waypoint in between"):
            Trajectory((Waypoint(Position(*one), None, AT), Waypoint(Position(*other), None, AT.plus(60_000.0))))


@pytest.mark.parametrize(("start", "end"), [((0.0, 0.0), (0.0, -174.999)), ((90.0, 0.0), (-84.999, 77.0)), ((0.0, 0.0), (0.0, 0.0))])
def test_a_leg_that_is_shorter_has_one_way(start: tuple[float, float], end: tuple[float, float]) -> None:
    Trajectory((Waypoint(Position(*start), None, AT), Waypoint(Position(*end), None, AT.plus(60_000.0))))
