"""Dividing lines: who is on which side, who will cross, and when they did."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reference import sides
from tafadi.engine.dividing import Line
from tafadi.engine.terms import Rules
from tafadi.engine.watch import Watch
from tafadi.errors import InputError
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.alert import Alert, AlertKind, AlertState
from tafadi.model.dividing_line import DividingLine
from tafadi.model.judgement import Cause, Verdict
from tafadi.model.operation import Minima
from tafadi.model.track import Plot

START = Instant.parse("2026-01-01T00:00:00Z")
RULES = Rules(Minima(1000.0, 150.0), 60.0)
MIDDLE = Position(35.0, 40.0)
NORTH, SOUTH = frozenset({"north"}), frozenset({"south"})


def eastwards(middle: Position = MIDDLE, half_m: float = 60_000.0, **said: object) -> DividingLine:
    """A line through `middle` from west to east: north of it is left, and north's."""
    path = tuple(destination(middle, Leg(bearing, m)) for bearing, m in ((270.0, half_m), (270.0, 0.0), (90.0, half_m)))
    members = {"id": "line-1", "path": path, "left": NORTH, "right": SOUTH} | said
    return DividingLine(**members)  # type: ignore[arg-type]


def flown(
    start: Position, course_deg: float, party: str | None = "north", count: int = 40, speed_mps: float | None = 100.0, **said: object
) -> list[Plot]:
    """A hit every 5 s at 100 m/s."""
    return [
        Plot(
            "t-1", START.plus(5.0 * k), destination(start, Leg(course_deg, 500.0 * k)), Height(1_000.0, Datum.PRESSURE), speed_mps,
            None if speed_mps is None else course_deg, 0.0, party=party, **said,  # type: ignore[arg-type]
        )
        for k in range(count)
    ]  # fmt: skip


def watched(plots: list[Plot], *lines: DividingLine) -> list[Alert]:
    watch = Watch(RULES, lines=lines)
    return watch.feed(plots)


def raised(told: list[Alert]) -> list[Alert]:
    return [alert for alert in told if alert.state is AlertState.RAISED]


ABOVE = destination(MIDDLE, Leg(0.0, 10_000.0))  # 10 km to the north: the line is crossed at second 100
EVERYWHERE = [MIDDLE, Position(0.0, 180.0), Position(-45.0, -179.9), Position(70.0, 0.0)]


@pytest.mark.parametrize("middle", EVERYWHERE)
def test_a_crossing_is_told_before_it_happens_and_when_it_has(middle: Position) -> None:
    foreseen, happened = raised(watched(flown(destination(middle, Leg(0.0, 10_000.0)), 180.0), eastwards(middle)))
    assert (foreseen.kind, foreseen.verdict, foreseen.level, happened.level) == (AlertKind.CROSSING, Verdict.CONFLICT, 1, 2)
    assert {foreseen.first, foreseen.second} == {"line-1", "t-1"}
    for alert in (foreseen, happened):
        assert alert.predicted.span is not None
        assert alert.predicted.span.start.since(START) == pytest.approx(100.0, abs=0.01)
        assert alert.predicted.place is not None
    assert foreseen.warning_s in (pytest.approx(60.0, abs=0.01), pytest.approx(55.0, abs=0.01))  # the crossing lies at second 60 of a look


def test_one_that_turns_back_is_clear_and_one_that_stays_is_not() -> None:
    there = flown(ABOVE, 180.0, count=22)
    back = [replace(plot, at=there[-1].at.plus(5.0 * (k + 1)), course_deg=0.0) for k, plot in enumerate(reversed(there))]
    told = watched([*there, *back], eastwards())
    assert [alert.state for alert in told] == [AlertState.RAISED, AlertState.RAISED, AlertState.CLEARED]
    assert Watch(RULES, lines=(eastwards(),)).feed(flown(ABOVE, 180.0))[-1].state is AlertState.RAISED


def test_who_may_be_on_a_side_may_come_to_it() -> None:
    assert watched(flown(ABOVE, 180.0), eastwards(right=NORTH | SOUTH)) == []
    assert watched(flown(ABOVE, 0.0), eastwards()) == []
    below = destination(MIDDLE, Leg(180.0, 10_000.0))
    assert watched(flown(below, 0.0), eastwards())[0].level == 2  # it is on the wrong side from the first, and goes home
    assert raised(watched(flown(below, 0.0, "south"), eastwards()))[0].level == 1


@pytest.mark.parametrize("party", [None, "third"])
def test_of_whom_nobody_says_where_they_may_be_a_crossing_is_unknown(party: str | None) -> None:
    told = raised(watched(flown(ABOVE, 180.0, party), eastwards()))
    assert {(alert.verdict, alert.predicted.cause) for alert in told} == {(Verdict.UNKNOWN, Cause.PARTY_MISSING)}
    assert watched(flown(ABOVE, 90.0, party), eastwards()) == []


def test_beyond_its_ends_and_its_reach_and_its_time_a_line_has_no_sides() -> None:
    past = destination(destination(MIDDLE, Leg(90.0, 70_000.0)), Leg(0.0, 5_000.0))
    assert watched(flown(past, 180.0), eastwards()) == []
    far = destination(MIDDLE, Leg(180.0, 80_000.0))
    assert watched(flown(far, 90.0), eastwards())[0].level == 2
    assert watched(flown(far, 90.0), eastwards(reach_m=50_000.0)) == []
    assert watched(flown(ABOVE, 180.0), eastwards(span=Span(START.plus(3600.0), START.plus(7200.0)))) == []
    assert raised(watched(flown(ABOVE, 180.0), eastwards(span=Span(START, START.plus(7200.0)))))


def test_who_comes_around_the_end_is_on_the_wrong_side_all_the_same() -> None:
    around = flown(destination(destination(MIDDLE, Leg(90.0, 62_000.0)), Leg(180.0, 5_000.0)), 270.0)
    (told,) = raised(watched(around, eastwards()))
    assert told.level == 2
    assert told.raised_at.since(START) == pytest.approx(22.5, abs=5.0)


def test_without_velocity_within_reach_of_the_line_nobody_knows() -> None:
    near = flown(destination(MIDDLE, Leg(0.0, 5_000.0)), 0.0, speed_mps=None, count=1)
    (told,) = raised(watched(near, eastwards()))
    assert (told.verdict, told.predicted.cause) == (Verdict.UNKNOWN, Cause.VELOCITY_MISSING)
    assert watched(flown(destination(MIDDLE, Leg(0.0, 9_000.0)), 0.0, speed_mps=None, count=1), eastwards()) == []


def test_a_track_that_is_not_seen_any_more_leaves_its_alert_lost() -> None:
    other = [
        replace(plot, track="t-2", at=plot.at.plus(200.0), party="south") for plot in flown(destination(MIDDLE, Leg(180.0, 9_000.0)), 90.0)
    ]
    told = watched([*flown(ABOVE, 180.0, count=22), *other], eastwards())
    assert told[-1].state is AlertState.LOST


def test_a_track_that_jumped_over_the_line_is_unknown() -> None:
    jumped = [replace(plot, at=plot.at.plus(10.0)) for plot in flown(destination(MIDDLE, Leg(180.0, 80_000.0)), 90.0, count=2)]
    told = raised(watched([*flown(destination(MIDDLE, Leg(0.0, 30_000.0)), 90.0, count=2), *jumped], eastwards()))
    assert {(alert.verdict, alert.predicted.cause) for alert in told} == {(Verdict.UNKNOWN, Cause.TRACK_SUSPECT)}


def test_what_passes_through_a_corner_crosses_once() -> None:
    line = Line(eastwards())
    through = list(line.crossings(ABOVE, 180.0, 20_000.0))
    assert [one.to_left for one in through] == [False]
    assert through[0].after_m == pytest.approx(10_000.0, abs=0.05)


def test_the_outer_side_of_a_bend_is_the_side_of_both_its_pieces() -> None:
    corner = destination(MIDDLE, Leg(90.0, 20_000.0))
    left_bend = Line(eastwards(path=(MIDDLE, corner, destination(corner, Leg(0.0, 20_000.0)))))
    right_bend = Line(eastwards(path=(MIDDLE, corner, destination(corner, Leg(180.0, 20_000.0)))))
    assert left_bend.side_of(destination(corner, Leg(135.0, 5_000.0))) is False
    assert right_bend.side_of(destination(corner, Leg(45.0, 5_000.0))) is True
    assert left_bend.side_of(destination(corner, Leg(315.0, 5_000.0))) is True


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"path": (MIDDLE,)}, "of 1 corners is none"),
        ({"path": (MIDDLE, MIDDLE)}, "stands twice"),
        ({"path": (MIDDLE, ABOVE, Position(35.05, 40.1), Position(35.02, 39.9))}, "crosses or touches itself"),
        ({"left": frozenset(), "right": frozenset()}, "names who may be"),
        ({"left": frozenset({"Who?"})}, "party 'Who?'"),
        ({"reach_m": 0.0}, "reach more than 0"),
        ({"reach_m": float("nan")}, "reach more than 0"),
        ({"id": "a\nb\x00"}, "control character"),
    ],
)
def test_what_is_no_line_is_refused_in_a_sentence(said: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence.replace("?", r"\?")):
        eastwards(**said)  # type: ignore[arg-type]


def test_two_lines_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="one name"):
        Watch(RULES, lines=(eastwards(), eastwards()))


TURNS = st.lists(st.tuples(st.floats(-60.0, 60.0), st.floats(4_000.0, 30_000.0)), min_size=1, max_size=5)


def bent(start: Position, turns: list[tuple[float, float]]) -> tuple[Position, ...]:
    """A line that begins at `start` and turns at each corner."""
    path, course = [start], 90.0
    for turn, length_m in turns:
        course += turn
        path.append(destination(path[-1], Leg(course % 360.0, length_m)))
    return tuple(path)


@settings(max_examples=40)
@given(st.sampled_from([*EVERYWHERE, Position(89.0, 0.0)]), TURNS, st.floats(0.0, 359.0), st.floats(500.0, 15_000.0), st.floats(0.0, 359.0))
def test_side_and_time_of_crossing_are_the_slow_twins(
    start: Position, turns: list[tuple[float, float]], bearing: float, away_m: float, course: float
) -> None:
    path = bent(start, turns)
    try:
        line = Line(eastwards(path=path))
    except InputError:  # it crosses itself
        assume(False)
    middle = path[len(path) // 2]
    place = destination(middle, Leg(bearing, away_m))
    bare = [(corner.lat_deg, corner.lon_deg) for corner in path]
    said, wanted = line.side_of(place), sides.is_left(bare, (place.lat_deg, place.lon_deg))
    assert wanted is None or said is wanted or line.distance_m(place) < 5.0 or _is_torn(line, place)
    crossing = next(line.crossings(place, course, 200.0 * 60.0), None)
    stepped = sides.first_change_s(bare, (place.lat_deg, place.lon_deg), course, 200.0, 60.0, 0.5)
    if crossing is not None and min(destination_m(crossing.place, corner) for corner in path) > 500.0:
        assert stepped is not None
        assert crossing.after_m / 200.0 <= stepped + 0.5
    if stepped is not None and crossing is None:
        assert _is_torn(line, destination(place, Leg(course, 200.0 * stepped)))


def _is_torn(line: Line, place: Position) -> bool:
    """Whether a bend is about as near as a piece: the twin, which knows no bends, may then take a farther piece."""
    apart = min(destination_m(place, corner) for corner in line.noun.path)
    return apart < line.distance_m(place) * 1.05 + 50.0


def destination_m(one: Position, other: Position) -> float:
    return float(sides.WGS84.inv(one.lon_deg, one.lat_deg, other.lon_deg, other.lat_deg)[2])


@settings(max_examples=30)
@given(st.floats(-170.0, 170.0), st.floats(120.0, 240.0), st.integers(0, 10**6))
def test_longitude_and_time_change_nothing(turn_deg: float, course: float, later_s: int) -> None:
    def told(lon_deg: float, at_s: float) -> list[tuple[int, float]]:
        middle = Position(35.0, lon_deg)
        plots = flown(destination(middle, Leg(0.0, 4_000.0)), course, count=20)
        found = raised(watched([replace(plot, at=plot.at.plus(at_s)) for plot in plots], eastwards(middle)))
        return [(alert.level, -1e9 if alert.warning_s is None else alert.warning_s) for alert in found]

    one, other = told(0.0, 0.0), told(turn_deg, float(later_s))
    assert [row[:-1] for row in one] == [row[:-1] for row in other]
    assert [row[-1] for row in one] == pytest.approx([row[-1] for row in other], abs=2e-3)
