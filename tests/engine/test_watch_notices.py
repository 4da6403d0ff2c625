"""Tracks against what was announced: who flies in, and who strays."""

from dataclasses import replace

import pytest

from tafadi.engine.watch import Rules, Watch
from tafadi.errors import InputError
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.alert import Alert, AlertKind, AlertState
from tafadi.model.judgement import Cause, Verdict
from tafadi.model.operation import Announced, AreaKind, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.track import Plot
from tafadi.model.volume import Circle, Polygon, Volume4D

START = Instant.parse("2026-01-01T00:00:00Z")
RULES = Rules(Minima(1000.0, 150.0), 60.0, straying_s=0.0)  # told once it has happened; foreseen ones are in test_conformance
HOUR = Span(START, START.plus(3600.0))


def pressure(height_m: float) -> Height:
    return Height(height_m, Datum.PRESSURE)


BOTTOM, TOP = pressure(0.0), pressure(3000.0)


def circle(centre: Position, *, span: Span = HOUR, lower: Height | None = BOTTOM, upper: Height | None = TOP) -> Volume4D:
    return Volume4D(Circle(centre, 5_000.0), lower, upper, span)


def operation(centre: Position, party: str | None = "north", **volume: Span | Height | None) -> Announced:
    return Announced("op-1", Notice(Kind.OPERATION, (circle(centre, **volume),)), party)  # type: ignore[arg-type]


def through(centre: Position, party: str | None, height_m: float | None = 1000.0, count: int = 80) -> list[Plot]:
    """From 20 km west of the centre, eastwards at 100 m/s, a hit every 5 s: in the circle from second 150 to 250."""
    start = destination(centre, Leg(270.0, 20_000.0))
    return [
        Plot(
            "t-1",
            START.plus(5.0 * k),
            destination(start, Leg(90.0, 500.0 * k)),
            None if height_m is None else pressure(height_m),
            100.0,
            90.0,
            party=party,
        )
        for k in range(count)
    ]


def told(plots: list[Plot], *announced: Announced, assigned: dict[str, str] | None = None) -> list[Alert]:
    return Watch(RULES, announced, assigned=assigned).feed(plots)


@pytest.mark.parametrize("centre", [Position(10.0, 20.0), Position(45.0, 180.0), Position(-30.0, -179.99)])
def test_a_track_that_flies_into_anothers_volume_is_told_before_it_enters(centre: Position) -> None:
    raised, over = told(through(centre, "south"), operation(centre))
    assert (raised.kind, raised.verdict, raised.first, raised.second) == (AlertKind.ANNOUNCED, Verdict.CONFLICT, "op-1", "t-1")
    assert (raised.party_first, raised.party_second) == ("north", "south")
    assert raised.predicted.span is not None
    # The circle's edge is 15 km from the start, flown at 100 m/s.
    assert raised.predicted.span.start.since(START) == pytest.approx(150.0, abs=0.2)
    assert raised.warning_s is not None
    assert 50.0 < raised.warning_s <= 60.0
    assert over.state is AlertState.CLEARED


def test_an_announced_volume_of_its_own_party_stops_nobody() -> None:
    centre = Position(10.0, 20.0)
    entries = [alert for alert in told(through(centre, "north", count=48), operation(centre)) if alert.kind is AlertKind.ANNOUNCED]
    assert entries == []


def test_a_track_of_nobody_known_is_told_and_so_is_a_notice_of_nobody_known() -> None:
    centre = Position(10.0, 20.0)
    assert told(through(centre, None), operation(centre))[0].verdict is Verdict.CONFLICT
    assert told(through(centre, None), operation(centre, None))[0].verdict is Verdict.CONFLICT
    assert told(through(centre, "south"), operation(centre, None))[0].verdict is Verdict.CONFLICT


def test_a_track_above_the_volume_is_clear_and_one_of_unknown_height_is_unknown() -> None:
    centre = Position(10.0, 20.0)
    assert told(through(centre, "south", 3500.0), operation(centre)) == []
    raised = told(through(centre, "south", None), operation(centre))[0]
    assert (raised.verdict, raised.predicted.cause) == (Verdict.UNKNOWN, Cause.HEIGHT_MISSING)


def test_a_volume_above_another_datum_is_unknown_while_the_track_is_below_or_in_it() -> None:
    centre = Position(10.0, 20.0)
    above_sea = operation(centre, lower=Height(0.0, Datum.GEOID), upper=Height(3000.0, Datum.GEOID))
    raised = told(through(centre, "south"), above_sea)[0]
    assert (raised.verdict, raised.predicted.cause) == (Verdict.UNKNOWN, Cause.DATUMS_UNLIKE)


def test_a_volume_of_another_hour_is_clear() -> None:
    centre = Position(10.0, 20.0)
    assert told(through(centre, "south"), operation(centre, span=Span(START.plus(7200.0), START.plus(9000.0)))) == []


def test_an_area_with_a_seam_in_it_is_entered_like_any_other() -> None:
    corners = [Position(-1.0, 179.5), Position(-1.0, -179.5), Position(1.0, -179.5), Position(1.0, 179.5)]
    volume = Volume4D(Polygon(tuple(corners)), pressure(0.0), pressure(3000.0), HOUR)
    area = Announced("area-1", Notice(Kind.AREA, (volume,), area_kind=AreaKind.KEEP_CLEAR), "north")
    start = Position(0.0, 179.4)
    plots = [Plot("t-1", START.plus(5.0 * k), destination(start, Leg(90.0, 500.0 * k)), pressure(900.0), 100.0, 90.0) for k in range(15)]
    raised = told(plots, area)[0]
    assert raised.predicted.span is not None
    # 0.1 degree of longitude on the equator is 11,132 m.
    assert raised.predicted.span.start.since(START) == pytest.approx(111.3, abs=0.2)


def test_an_announced_trajectory_of_another_is_kept_away_from_by_the_minima() -> None:
    centre = Position(10.0, 20.0)
    west, east = destination(centre, Leg(270.0, 20_000.0)), destination(centre, Leg(90.0, 20_000.0))
    opposite = Trajectory((Waypoint(east, pressure(1000.0), START), Waypoint(west, pressure(1000.0), START.plus(400.0))))
    raised = told(through(centre, "south"), Announced("op-2", Notice(Kind.OPERATION, trajectory=opposite), "north"))[0]
    assert raised.verdict is Verdict.CONFLICT
    assert raised.predicted.closest is not None
    assert raised.predicted.minima == Minima(1000.0, 150.0)


def test_a_track_that_leaves_what_its_party_announced_is_straying() -> None:
    centre = Position(10.0, 20.0)
    strays = [alert for alert in told(through(centre, "north"), operation(centre)) if alert.kind is AlertKind.STRAYING]
    assert strays
    assert strays[0].verdict is Verdict.CONFLICT
    # It leaves the circle 25 km from its start, flown at 100 m/s.
    assert 250.0 <= strays[0].raised_at.since(START) <= 256.0


def test_a_track_that_was_never_inside_is_not_held_to_the_operation_unless_it_is_assigned() -> None:
    centre = Position(10.0, 20.0)
    short = through(centre, "north", count=10)
    assert told(short, operation(centre)) == []
    raised = told(short, operation(centre), assigned={"t-1": "op-1"})[0]
    assert (raised.kind, raised.raised_at) == (AlertKind.STRAYING, START)


def test_a_track_on_its_announced_trajectory_conforms_and_beside_it_strays() -> None:
    start = Position(10.0, 20.0)
    end = destination(start, Leg(90.0, 40_000.0))
    flight = Trajectory((Waypoint(start, pressure(1000.0), START), Waypoint(end, pressure(1000.0), START.plus(400.0))))
    announced = Announced("op-3", Notice(Kind.OPERATION, trajectory=flight), "north")
    on_it = [
        Plot("t-1", START.plus(5.0 * k), destination(start, Leg(90.0, 500.0 * k)), pressure(1000.0), 100.0, 90.0, party="north")
        for k in range(1, 60)
    ]
    assert told(on_it, announced, assigned={"t-1": "op-3"}) == []
    beside = [replace(plot, position=destination(plot.position, Leg(0.0, 1_500.0))) for plot in on_it]
    raised = told(beside, announced, assigned={"t-1": "op-3"})[0]
    assert (raised.kind, raised.verdict) == (AlertKind.STRAYING, Verdict.CONFLICT)


def test_a_straying_that_nobody_can_tell_is_unknown() -> None:
    centre = Position(10.0, 20.0)
    inside = through(centre, "north", None)[32:45]
    raised = told(inside, operation(centre), assigned={"t-1": "op-1"})[0]
    assert (raised.kind, raised.verdict, raised.predicted.cause) == (AlertKind.STRAYING, Verdict.UNKNOWN, Cause.HEIGHT_MISSING)


def test_a_track_cannot_be_assigned_to_what_nobody_announced() -> None:
    with pytest.raises(InputError, match="not announced"):
        Watch(RULES, (), assigned={"t-1": "op-9"})


def test_two_notices_of_one_identity_are_refused() -> None:
    one = operation(Position(10.0, 20.0))
    with pytest.raises(InputError, match="identity"):
        Watch(RULES, (one, one))


FAR = Announced("op-far", Notice(Kind.OPERATION, (circle(Position(-40.0, 100.0)),)), "south")


def strayed(watch: Watch, plots: list[Plot]) -> list[Alert]:
    """The hits up to 30 s after the track has left its circle: it strays, and is told to."""
    told = [alert for alert in watch.feed(plots[:57]) if alert.kind is AlertKind.STRAYING]
    assert [alert.state for alert in told] == [AlertState.RAISED]
    return told


def test_a_track_that_strays_is_not_clear_because_another_notice_came() -> None:
    centre = Position(10.0, 20.0)
    plots, watch = through(centre, "north"), Watch(RULES, (operation(centre),))
    strayed(watch, plots)
    watch.announce((operation(centre), FAR), {})
    assert watch.feed(plots[57:]) == []
    assert [alert.kind for alert in watch.raised] == [AlertKind.STRAYING]


def test_a_track_that_strays_from_what_is_amended_strays_from_the_amendment_it_is_assigned_to() -> None:
    centre = Position(10.0, 20.0)
    plots, watch = through(centre, "north"), Watch(RULES, (operation(centre),), assigned={"t-1": "op-1"})
    watch.feed(plots[35:57])
    watch.announce((replace(operation(centre), id="op-2"),), {"t-1": "op-2"})
    told = watch.feed(plots[57:])
    assert [(alert.first, alert.state) for alert in told] == [("op-1", AlertState.LOST), ("op-2", AlertState.RAISED)]
    assert [alert.first for alert in watch.raised] == ["op-2"]


def test_a_straying_from_what_is_cancelled_is_lost_never_clear() -> None:
    centre = Position(10.0, 20.0)
    plots, watch = through(centre, "north"), Watch(RULES, (operation(centre),))
    strayed(watch, plots)
    watch.announce((FAR,), {})
    # The next hit comes in the second of the last one, and the alert was seen long enough ago for an end.
    assert [alert.state for alert in watch.feed([replace(plots[56], at=plots[56].at.plus(0.5))])] == [AlertState.LOST]
    assert watch.feed(plots[57:]) == []


@pytest.mark.parametrize("assigned", [{}, {"t-1": "op-1"}])
def test_a_straying_that_nobody_holds_the_track_to_any_more_is_lost_never_clear(assigned: dict[str, str]) -> None:
    centre = Position(10.0, 20.0)
    until_300 = operation(centre, span=Span(START, START.plus(300.0)))
    plots, watch = through(centre, "north"), Watch(RULES, (until_300,), assigned=assigned)
    told = watch.feed(plots[40:60])
    watch.announce((until_300,), {})
    told += watch.feed(plots[60:])
    assert [alert.state for alert in told if alert.kind is AlertKind.STRAYING] == [AlertState.RAISED, AlertState.LOST]


def test_a_track_that_comes_back_to_its_operation_is_clear() -> None:
    centre = Position(10.0, 20.0)
    out = through(centre, "north")[40:60]
    back = [replace(plot, at=START.plus(300.0 + 5.0 * k), course_deg=270.0) for k, plot in enumerate(reversed(out))]
    told = Watch(RULES, (operation(centre),)).feed([*out, *back])
    assert [alert.state for alert in told] == [AlertState.RAISED, AlertState.CLEARED]


def climbing(party: str | None, heights_m: list[float | None]) -> list[Plot]:
    """On the spot, a hit every 10 s; the source says nothing of climb."""
    return [
        Plot("t-1", START.plus(10.0 * k), HOME, None if height_m is None else pressure(height_m), 50.0, 90.0, party=party)
        for k, height_m in enumerate(heights_m)
    ]


HOME = Position(10.0, 20.0)
STEP_M = 30.48  # the quantisation rule takes one step for no climb; plainly it reads as 3 m/s, which is 183 m in the lookahead


@pytest.mark.parametrize("party", ["south", None])
@pytest.mark.parametrize("off", [[], ["quantisation"]])
def test_a_single_step_towards_anothers_volume_is_told_whatever_the_filter_says(party: str | None, off: list[str]) -> None:
    above = operation(HOME, lower=pressure(1_100.0))
    watch = Watch(RULES.without(off), (above,))
    (raised,) = watch.feed(climbing(party, [1_000.0, 1_000.0 + STEP_M]))
    assert (raised.kind, raised.verdict) == (AlertKind.ANNOUNCED, Verdict.CONFLICT)
    assert watch.suppressed == []


def test_a_straying_that_only_a_step_of_the_code_makes_is_listed_and_has_its_switch() -> None:
    plots = climbing("north", [1_000.0, 1_000.0 + STEP_M, None])  # 10 s later at 3 m/s it would be at 1,061 m
    own, assigned = operation(HOME, upper=pressure(1_035.0)), {"t-1": "op-1"}
    watch = Watch(RULES, (own,), assigned=assigned)
    assert watch.feed(plots) == []
    assert [(one.first, one.second, one.rule) for one in watch.suppressed] == [("op-1", "t-1", "quantisation")]
    bare = Watch(RULES.without(["quantisation"]), (own,), assigned=assigned)
    assert [alert.kind for alert in bare.feed(plots)] == [AlertKind.STRAYING]
    assert bare.suppressed == []


def test_a_track_whose_time_went_back_is_looked_at_against_notices_again() -> None:
    centre = Position(10.0, 20.0)
    plots = through(centre, "south")
    wrong = replace(plots[0], at=START.plus(86_400.0))
    told = Watch(RULES, (operation(centre),)).feed([wrong, *plots])
    assert next(alert.state for alert in told if alert.kind is AlertKind.ANNOUNCED) is AlertState.RAISED
