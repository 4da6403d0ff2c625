"""Does a track keep to what was announced for it: inside, about to leave, outside, or nobody can tell."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.tracks import WGS84
from tafadi.engine.conformance import State
from tafadi.engine.terms import Rules
from tafadi.engine.watch import Watch
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.alert import Alert, AlertKind, AlertState
from tafadi.model.judgement import Cause, Verdict
from tafadi.model.operation import Announced, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.track import Plot
from tafadi.model.volume import Circle, Polygon, Volume4D

START = Instant.parse("2026-01-01T00:00:00Z")
HOUR = Span(START, START.plus(3600.0))
RULES = Rules(Minima(1000.0, 150.0), 60.0)
HERE = Position(10.0, 20.0)


def pressure(height_m: float) -> Height:
    return Height(height_m, Datum.PRESSURE)


def circle(centre: Position, radius_m: float = 5_000.0, span: Span = HOUR, upper: Height | None = None) -> Volume4D:
    return Volume4D(Circle(centre, radius_m), pressure(0.0), upper or pressure(3_000.0), span)


def operation(*volumes: Volume4D, party: str | None = "north") -> Announced:
    return Announced("op-1", Notice(Kind.OPERATION, volumes), party)


def flown(
    start: Position = HERE,
    course_deg: float = 90.0,
    count: int = 30,
    climb_mps: float = 0.0,
    party: str | None = "north",
    height: bool = True,
) -> list[Plot]:
    """From `start` at 100 m/s, a hit every 5 s."""
    return [
        Plot(
            "t-1", START.plus(5.0 * k), destination(start, Leg(course_deg, 500.0 * k)),
            pressure(1_000.0 + climb_mps * 5.0 * k) if height else None,
            100.0, course_deg, climb_mps if height else None, party=party,
        )
        for k in range(count)
    ]  # fmt: skip


def watched(
    plots: list[Plot], *announced: Announced, rules: Rules = RULES, assigned: dict[str, str] | None = None
) -> tuple[list[Alert], Watch]:
    watch = Watch(rules, announced, assigned={"t-1": "op-1"} if assigned is None else assigned)
    return [alert for alert in watch.feed(plots) if alert.kind is AlertKind.STRAYING and alert.state is AlertState.RAISED], watch


def states(plots: list[Plot], *announced: Announced, rules: Rules = RULES) -> list[State]:
    watch = Watch(rules, announced, assigned={"t-1": "op-1"})
    found = []
    for plot in plots:
        watch.feed([plot])
        found += [one.state for one in watch.conformance()]
    return found


def test_a_track_is_inside_then_about_to_leave_then_outside() -> None:
    found = states(flown(), operation(circle(HERE)))
    # It leaves the circle of 5 km at second 50; a straying is foreseen 30 s ahead.
    assert found[:5] == [State.INSIDE] * 5
    assert found[5:10] == [State.STRAYING] * 5
    assert set(found[11:]) == {State.OUTSIDE}


def test_a_straying_is_told_with_its_time_and_again_when_it_has_happened() -> None:
    first, second = watched(flown(), operation(circle(HERE)))[0]
    assert (first.level, first.verdict, second.level) == (1, Verdict.CONFLICT, 2)
    assert first.predicted.span is not None
    assert first.predicted.span.start.since(START) == pytest.approx(50.0, abs=0.05)
    assert first.warning_s == pytest.approx(30.0, abs=5.0)
    assert second.told_at is not None
    assert 50.0 <= second.told_at.since(START) <= 55.0


def test_how_far_ahead_is_a_switch() -> None:
    assert [alert.level for alert in watched(flown(), operation(circle(HERE)), rules=replace(RULES, straying_s=0.0))[0]] == [2]
    early = watched(flown(), operation(circle(HERE)), rules=replace(RULES, straying_s=45.0))[0][0]
    assert early.raised_at.since(START) == 10.0


def test_one_who_passes_from_a_volume_into_the_next_does_not_stray() -> None:
    chain = [circle(destination(HERE, Leg(90.0, 4_000.0 * k))) for k in range(8)]
    assert set(states(flown(count=30), operation(*chain))) == {State.INSIDE}
    gapped = [circle(HERE), circle(destination(HERE, Leg(90.0, 12_000.0)))]
    told = watched(flown(count=30), operation(*gapped))[0]
    assert told[0].predicted.span is not None
    assert told[0].predicted.span.start.since(START) == pytest.approx(50.0, abs=0.05)


def test_a_volume_that_ends_while_the_next_begins_is_one_way() -> None:
    first, second, late = (
        Span(START, START.plus(40.0)),
        Span(START.plus(40.0), START.plus(600.0)),
        Span(START.plus(60.0), START.plus(600.0)),
    )
    place = circle(HERE, 20_000.0)
    assert set(states(flown(count=20), operation(replace(place, span=first), replace(place, span=second)))) == {State.INSIDE}
    told = watched(flown(count=20), operation(replace(place, span=first), replace(place, span=late)))[0]
    assert told[0].predicted.span is not None
    assert told[0].predicted.span.start == START.plus(40.0)


def test_a_climb_out_of_the_top_is_foreseen() -> None:
    told = watched(flown(climb_mps=10.0), operation(circle(HERE, 50_000.0, upper=pressure(1_400.0))))[0]
    assert told[0].predicted.span is not None
    assert told[0].predicted.span.start.since(START) == pytest.approx(40.0, abs=0.05)


def test_a_trajectory_is_kept_to_within_its_minima_and_left_beside_it() -> None:
    end = destination(HERE, Leg(90.0, 40_000.0))
    way = Trajectory((Waypoint(HERE, pressure(1_000.0), START), Waypoint(end, pressure(1_000.0), START.plus(400.0))))
    whole = Announced("op-1", Notice(Kind.OPERATION, trajectory=way), "north")
    assert set(states(flown(), whole)) == {State.INSIDE}
    told = watched(flown(course_deg=100.0), whole)[0]
    assert told[0].predicted.span is not None
    # Beside it by 100 m/s x sin 10 = 17.4 m/s, and behind by 1.5 m/s: 1,000 m after 57.4 s.
    assert told[0].predicted.span.start.since(START) == pytest.approx(57.3, abs=0.3)


def test_what_nobody_can_tell_is_unknown_with_its_cause() -> None:
    told, watch = watched(flown(height=False), operation(circle(HERE)))
    assert [(alert.verdict, alert.predicted.cause) for alert in told][:1] == [(Verdict.UNKNOWN, Cause.HEIGHT_MISSING)]
    assert watch.conformance()[0].state is State.OUTSIDE  # by now it is, whatever its height


def test_a_track_that_is_not_seen_or_never_was_is_unknown() -> None:
    watch = Watch(RULES, (operation(circle(HERE)),), assigned={"t-1": "op-1", "t-2": "op-1"})
    watch.feed(flown(count=3))
    now, later = watch.conformance(), watch.conformance(START.plus(60.0))
    assert [(one.track, one.state, one.cause) for one in now] == [("t-1", State.INSIDE, None), ("t-2", State.UNKNOWN, Cause.TRACK_OLD)]
    assert [(one.state, one.cause) for one in later] == [(State.UNKNOWN, Cause.TRACK_OLD)] * 2


def test_what_nobody_stated_is_never_guessed_silently() -> None:
    _, stated = watched(flown(count=3), operation(circle(HERE)))
    _, guessed = watched(flown(count=3), operation(circle(HERE)), assigned={})
    assert stated.adopted == []
    assert [one.is_stated for one in stated.conformance()] == [True]
    assert [(one.track, one.notice, one.at) for one in guessed.adopted] == [("t-1", "op-1", START)]
    assert [one.is_stated for one in guessed.conformance()] == [False]
    assert watched(flown(count=3, party=None), operation(circle(HERE)), assigned={})[1].conformance() == []


def test_without_minima_a_trajectory_that_states_none_is_unknown_and_a_volume_is_not() -> None:
    way = Trajectory(
        (Waypoint(HERE, pressure(1_000.0), START), Waypoint(destination(HERE, Leg(90.0, 40_000.0)), pressure(1_000.0), START.plus(400.0)))
    )
    bare = Announced("op-1", Notice(Kind.OPERATION, trajectory=way), "north")
    rules = Rules(None, 60.0, well_clear=("phase-1",))
    assert [(alert.verdict, alert.predicted.cause) for alert in watched(flown(), bare, rules=rules)[0]] == [
        (Verdict.UNKNOWN, Cause.MINIMA_MISSING)
    ]
    assert [alert.level for alert in watched(flown(), operation(circle(HERE)), rules=rules)[0]] == [1, 2]


PLACES = [HERE, Position(0.0, 179.99), Position(89.9, 30.0), Position(-60.0, -179.999)]


@settings(max_examples=25)
@given(
    st.sampled_from(PLACES),
    st.floats(0.0, 359.0),
    st.floats(0.0, 359.0),
    st.floats(0.0, 4_900.0),
    st.floats(1_000.0, 30_000.0),
    st.integers(0, 10**6),
)
def test_the_time_of_leaving_is_found_by_stepping_along_the_geodesic(
    centre: Position, bearing: float, course: float, away_m: float, side_m: float, later_s: int
) -> None:
    start = destination(centre, Leg(bearing, away_m))
    (plot,) = flown(start, course, 1)
    corners = tuple(destination(centre, Leg(angle, 5_000.0 + side_m)) for angle in (0.0, 120.0, 240.0))
    shapes = Circle(centre, 5_000.0), Polygon(corners)
    leaves = []
    for shape in shapes:
        for shift_s in (0.0, float(later_s)):
            volume = Volume4D(shape, pressure(0.0), pressure(3_000.0), Span(START.plus(shift_s), START.plus(shift_s + 3600.0)))
            watch = Watch(replace(RULES, straying_s=60.0), (operation(volume),), assigned={"t-1": "op-1"})
            watch.feed([replace(plot, at=plot.at.plus(shift_s))])
            one = watch.conformance()[0]
            leaves.append(None if one.leaves_at is None else one.leaves_at.since(START) - shift_s)
    assert leaves[0] == pytest.approx(leaves[1], abs=1e-6)
    assert leaves[2] == pytest.approx(leaves[3], abs=1e-6)
    inside_s = 0.0
    while inside_s <= 60.0:
        lon, lat, _ = WGS84.fwd(start.lon_deg, start.lat_deg, course, 100.0 * inside_s)
        if WGS84.inv(centre.lon_deg, centre.lat_deg, lon, lat)[2] >= 5_000.0:
            break
        inside_s += 0.2
    if leaves[0] is None:
        assert inside_s > 59.7
    else:
        assert leaves[0] == pytest.approx(inside_s, abs=0.25)


@pytest.mark.parametrize("member", ["height", "ground_speed_mps", "course_deg", "climb_mps"])
def test_a_missing_number_of_any_kind_never_says_more_than_is_known(member: str) -> None:
    plots = [replace(plot, **{member: None}) for plot in flown()]  # type: ignore[arg-type]
    found = states(plots, operation(circle(HERE)))
    assert set(found[11:]) == {State.OUTSIDE}
    assert (found[0] is State.UNKNOWN) == (member == "height")
