"""The watch over tracks that fly straight, and over the properties that hold for any."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.tracks import Flight, least
from tafadi.engine.terms import FORGOTTEN_S
from tafadi.engine.watch import Rules, Watch
from tafadi.errors import InputError
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.model.alert import Alert, AlertKind, AlertState
from tafadi.model.judgement import Cause, Verdict
from tafadi.model.operation import Minima
from tafadi.model.track import Plot

START = Instant.parse("2026-01-01T00:00:00Z")
MINIMA = Minima(1000.0, 150.0)
RULES = Rules(MINIMA, 60.0)
HERE = Position(45.0, 10.0)


def flown(
    track: str,
    start: Position,
    course_deg: float,
    speed_mps: float,
    height_m: float | None = 1000.0,
    *,
    climb_mps: float = 0.0,
    count: int = 20,
    every_s: float = 5.0,
    party: str | None = None,
    datum: Datum = Datum.PRESSURE,
    offset_s: float = 0.0,
) -> list[Plot]:
    """Hits along a geodesic, with what the source would report."""
    return [
        Plot(
            track,
            START.plus(offset_s + every_s * k),
            destination(start, Leg(course_deg, speed_mps * every_s * k)),
            None if height_m is None else Height(height_m + climb_mps * every_s * k, datum),
            speed_mps,
            course_deg,
            climb_mps,
            party=party,
        )
        for k in range(count)
    ]


def head_on(
    distance_m: float = 20_000.0, *, party_one: str | None = None, party_two: str | None = None, **other: float | None
) -> list[Plot]:
    """Two at 100 m/s each, towards one another."""
    height_m = other.get("height_m", 1000.0)
    one = flown("a", HERE, 90.0, 100.0, 1000.0, party=party_one)
    two = flown("b", destination(HERE, Leg(90.0, distance_m)), 270.0, 100.0, height_m, party=party_two, offset_s=1.0)
    return in_time([*one, *two])


def in_time(plots: list[Plot]) -> list[Plot]:
    return sorted(plots, key=lambda plot: plot.at.ns)


def alerts(plots: list[Plot], rules: Rules = RULES) -> list[Alert]:
    watch = Watch(rules)
    return [*watch.feed(plots), *watch.finish()]


def test_two_flying_head_on_are_told_before_they_meet() -> None:
    raised, over = alerts(head_on())
    assert raised.kind is AlertKind.TRACKS
    assert (raised.first, raised.second, raised.verdict, raised.state) == ("a", "b", Verdict.CONFLICT, AlertState.RAISED)
    assert raised.predicted.closest is not None
    assert raised.predicted.closest.horizontal_m < 60.0
    assert raised.warning_s is not None
    assert raised.warning_s > 50.0
    # They began 20 km apart at 200 m/s, so they meet after 100 s; b's clock runs a second later.
    assert raised.predicted.closest.at.since(START) == pytest.approx(100.5, abs=0.5)
    assert over.state is not AlertState.RAISED


def test_the_alert_ends_with_the_approach_that_was_recorded() -> None:
    one = flown("a", HERE, 90.0, 100.0, count=50)
    two = flown("b", destination(destination(HERE, Leg(90.0, 10_000.0)), Leg(0.0, 700.0)), 270.0, 100.0, count=50)
    *_, over = alerts(in_time([*one, *two]))
    assert over.state is AlertState.CLEARED
    assert over.missed is not None
    assert over.missed.horizontal_m == pytest.approx(700.0, abs=10.0)  # the two geodesics lean towards one another by some metres
    assert over.over_at is not None
    assert over.over_at > over.missed.at


def test_two_a_thousand_feet_apart_are_clear_exactly_at_the_minima() -> None:
    rules = Rules(Minima(9260.0, 304.8), 120.0)
    assert alerts(head_on(height_m=1304.8), rules) == []
    assert alerts(head_on(height_m=1304.7), rules) != []


@pytest.mark.parametrize("filters_off", [True, False])
def test_missing_height_is_unknown_never_clear(filters_off: bool) -> None:
    rules = RULES.without(["fleeting"]) if filters_off else RULES
    told = alerts(head_on(height_m=None), rules)
    assert [alert.verdict for alert in told if alert.state is AlertState.RAISED] == [Verdict.UNKNOWN]
    assert told[0].predicted.cause is Cause.HEIGHT_MISSING
    assert told[0].predicted.closest is None


def test_missing_height_is_clear_when_apart_horizontally() -> None:
    one = flown("a", HERE, 90.0, 100.0, None)
    two = flown("b", destination(HERE, Leg(0.0, 15_000.0)), 90.0, 100.0, None)
    assert alerts(in_time([*one, *two]), RULES.without(["fleeting", "seen_once"])) == []


def test_unlike_datums_are_unknown_and_never_subtracted() -> None:
    one = flown("a", HERE, 90.0, 100.0, 1000.0)
    two = flown("b", destination(HERE, Leg(90.0, 9_000.0)), 270.0, 100.0, 3000.0, datum=Datum.GEOID)
    raised = alerts(in_time([*one, *two]))[0]
    assert (raised.verdict, raised.predicted.cause) == (Verdict.UNKNOWN, Cause.DATUMS_UNLIKE)


def test_a_gap_in_the_data_is_unknown_never_clear() -> None:
    plots = [plot for plot in head_on(14_000.0) if plot.track == "a" or plot.at.since(START) < 10.0]
    told = [alert for alert in alerts(plots, replace(RULES, lookahead_s=20.0)) if alert.state is AlertState.RAISED]
    assert [(alert.verdict, alert.predicted.cause) for alert in told] == [(Verdict.UNKNOWN, Cause.TRACK_OLD)]


def test_what_a_lost_track_meets_after_a_turn_nobody_saw_is_not_told() -> None:
    # docs/maths/watch.md, "A track that is no longer seen": its whole reach would be 121 more UNKNOWN in 20 minutes of Detroit.
    one = flown("a", HERE, 0.0, 200.0, count=2)
    beside = flown("b", destination(HERE, Leg(90.0, 3_300.0)), 180.0, 5.0, count=18)
    assert alerts(in_time([*one, *beside]), RULES.without(["fleeting", "seen_once"])) == []


def test_a_track_without_velocity_gets_one_from_its_hits() -> None:
    plots = [replace(plot, ground_speed_mps=None, course_deg=None, climb_mps=None) for plot in head_on()]
    conflicts = [alert for alert in alerts(plots) if alert.verdict is Verdict.CONFLICT and alert.state is AlertState.RAISED]
    assert len(conflicts) == 1
    assert conflicts[0].predicted.closest is not None
    assert conflicts[0].predicted.closest.horizontal_m < 60.0


def test_a_single_hit_without_velocity_is_unknown_to_a_stranger() -> None:
    two = flown("b", destination(HERE, Leg(90.0, 3_000.0)), 270.0, 100.0, party="south")
    lone = Plot("a", START, HERE, Height(1000.0, Datum.PRESSURE), party="north")
    raised = alerts(in_time([lone, *two]))[0]
    assert (raised.verdict, raised.predicted.cause) == (Verdict.UNKNOWN, Cause.VELOCITY_MISSING)


def test_a_track_that_vanishes_leaves_its_alert_lost_not_cleared() -> None:
    plots = [plot for plot in head_on() if plot.track == "a" or plot.at.since(START) < 60.0]
    plots += flown("c", Position(-45.0, 10.0), 0.0, 100.0, count=60)
    told = alerts(in_time(plots))
    assert told[-1].state is AlertState.LOST
    assert told[-1].over_at is not None
    assert told[-1].over_at.since(START) >= FORGOTTEN_S


def test_an_unknown_that_becomes_a_conflict_is_told_again() -> None:
    plots = [replace(plot, height=None) if plot.track == "b" and plot.at.since(START) < 75.0 else plot for plot in head_on()]
    verdicts = [alert.verdict for alert in alerts(plots) if alert.state is AlertState.RAISED]
    assert verdicts == [Verdict.UNKNOWN, Verdict.CONFLICT]


def test_hits_that_are_not_newer_are_counted_and_change_nothing() -> None:
    plots = head_on()
    watch = Watch(RULES)
    expected = watch.feed(plots)
    again = Watch(RULES)
    assert again.feed([copy for plot in plots for copy in (plot, plot)]) == expected
    assert again.ignored == {"not newer than its track": len(plots)}


def test_one_wrong_hit_far_in_the_future_does_not_blind_the_watch_to_others() -> None:
    wild = Plot("z", START.plus(20.0), Position(-10.0, 100.0))
    plots = head_on()
    assert len(alerts([*plots[:6], wild, *plots[6:]])) == len(alerts(plots))


def test_a_jump_farther_than_anything_flies_begins_the_track_anew() -> None:
    one = flown("a", HERE, 90.0, 100.0)
    jumped = [replace(plot, position=destination(plot.position, Leg(0.0, 200_000.0))) for plot in one[10:]]
    two = flown("b", destination(HERE, Leg(90.0, 100_000.0)), 270.0, 100.0)
    assert alerts(in_time([*one[:10], *jumped, *two])) == []


def test_the_lookahead_and_the_minima_must_be_something() -> None:
    with pytest.raises(InputError, match="lookahead"):
        Rules(MINIMA, 0.0)
    with pytest.raises(InputError, match="lookahead"):
        Rules(MINIMA, float("nan"))
    with pytest.raises(InputError, match="minima"):
        Rules(Minima(0.0, 100.0), 30.0)
    with pytest.raises(InputError, match="no rule 'nix'"):
        RULES.without(["nix"])


def test_no_hits_raise_nothing() -> None:
    assert alerts([]) == []


def test_whole_numbers_do_as_well_as_fractions() -> None:
    assert len(alerts(head_on(), Rules(Minima(1000, 150), 60))) == len(alerts(head_on()))


COURSE = st.floats(0.0, 359.0)
PLACES = [HERE, Position(0.0, 179.999), Position(0.001, -180.0), Position(89.99, 30.0), Position(-89.995, -100.0)]


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(PLACES), COURSE, COURSE, COURSE, st.floats(0.0, 250.0), st.floats(0.0, 250.0), st.floats(200.0, 20_000.0),
    st.floats(-400.0, 400.0), st.floats(-10.0, 10.0),
)  # fmt: skip
def test_the_watch_agrees_with_stepping_along_geodesics(
    place: Position, course_one: float, course_two: float, bearing: float, speed_one: float, speed_two: float, apart_m: float,
    above_m: float, climb_mps: float,
) -> None:  # fmt: skip
    other = destination(place, Leg(bearing, apart_m))
    one = Plot("a", START, place, Height(3000.0, Datum.PRESSURE), speed_one, course_one, 0.0, party="north")
    two = Plot("b", START, other, Height(3000.0 + above_m, Datum.PRESSURE), speed_two, course_two, climb_mps, party="south")
    told = alerts([one, two])
    expected = least(
        Flight(place.lat_deg, place.lon_deg, course_one, speed_one, 3000.0, 0.0),
        Flight(other.lat_deg, other.lon_deg, course_two, speed_two, 3000.0 + above_m, climb_mps),
        MINIMA.horizontal_m, MINIMA.vertical_m, 60.0, 0.25,
    )  # fmt: skip
    # Stepping is blind by up to its step of closing, and the plane is right within 2 m; in that band either answer may stand.
    band = (2.0 + 0.25 * (speed_one + speed_two)) / MINIMA.horizontal_m + 0.25 * abs(climb_mps) / MINIMA.vertical_m
    if expected.norm < 1.0:
        assert told
        assert told[0].verdict is Verdict.CONFLICT
        assert told[0].warning_s == pytest.approx(expected.inside_from_s or 0.0, abs=0.5) or expected.norm > 1.0 - band
    elif expected.norm > 1.0 + band:
        assert told == []


@settings(max_examples=40, deadline=None)
@given(COURSE, COURSE, st.floats(50.0, 250.0), st.floats(1_000.0, 15_000.0), COURSE)
def test_names_decide_nothing_but_the_order_in_which_a_pair_is_told(
    course_one: float, course_two: float, speed: float, apart_m: float, bearing: float
) -> None:
    other = destination(HERE, Leg(bearing, apart_m))

    def told(names: tuple[str, str]) -> list[tuple[AlertState, Verdict, float | None]]:
        one, two = flown(names[0], HERE, course_one, speed), flown(names[1], other, course_two, 100.0, offset_s=0.3)
        found = alerts(in_time([*one, *two]), RULES)
        return [(a.state, a.verdict, None if a.warning_s is None else round(a.warning_s, 6)) for a in found]

    assert told(("a", "b")) == told(("y", "x"))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(COURSE, st.floats(0.0, 250.0), st.floats(0.0, 8_000.0), COURSE, st.floats(900.0, 1_300.0)), min_size=2, max_size=6)
)
def test_whatever_is_found_between_strangers_comes_through(tracks: list[tuple[float, float, float, float, float]]) -> None:
    plots = in_time(
        [
            plot
            for number, (course, speed, away_m, bearing, height_m) in enumerate(tracks)
            for plot in flown(f"t{number}", destination(HERE, Leg(bearing, away_m)), course, speed, height_m, offset_s=number * 0.1)
        ]
    )
    same = Watch(RULES)
    found = {(one.first, one.second) for one in [*same.feed(plots), *same.finish()]} | {(one.first, one.second) for one in same.suppressed}
    strangers = Watch(RULES)
    told = {(one.first, one.second) for one in strangers.feed([replace(plot, party=plot.track) for plot in plots])}
    assert found <= told
    assert strangers.suppressed == []


def hovering_and_coming(party: str | None = None) -> list[Plot]:
    """One that stands in the air from its first hit on, and one that flies at it."""
    stands = [replace(plot, ground_speed_mps=0.0) for plot in flown("a", HERE, 0.0, 0.0, count=24, party=party)]
    comes = flown("b", destination(HERE, Leg(0.0, 15_000.0)), 180.0, 150.0, count=24, party=party, offset_s=1.0)
    return in_time([*stands, *comes])


def test_two_strangers_may_be_one_in_a_recording_and_never_live() -> None:
    recorded, live = Watch(RULES), Watch(RULES, strangers_may_be_one=False)
    assert recorded.feed(hovering_and_coming()) == []
    assert {one.rule for one in recorded.suppressed} == {"ground"}
    assert [alert.verdict for alert in live.feed(hovering_and_coming()) if alert.state is AlertState.RAISED] == [Verdict.CONFLICT]
    assert live.suppressed == []


def test_live_the_rules_look_at_two_of_one_party_and_at_a_declared_pair_of_strangers() -> None:
    own = Watch(RULES, strangers_may_be_one=False)
    assert own.feed(hovering_and_coming("north")) == []
    declared = Watch(RULES, declared=frozenset({frozenset({"a", "b"})}), strangers_may_be_one=False)
    assert declared.feed(hovering_and_coming()) == []
    assert {one.rule for one in declared.suppressed} == {"formation"}


def test_a_hit_ahead_of_the_clock_is_counted_and_does_not_hide_its_track() -> None:
    plots, watch = head_on(), Watch(RULES)
    told = watch.feed([*plots[:2], replace(plots[1], at=START.plus(86_400.0))], plots[1].at)
    for plot in plots[2:]:
        told += watch.feed([plot], plot.at)
    assert [alert.verdict for alert in told if alert.state is AlertState.RAISED] == [Verdict.CONFLICT]
    assert watch.ignored == {"more than 10 s ahead of the clock here": 1}


def test_a_hit_within_the_skew_is_taken() -> None:
    watch = Watch(RULES)
    watch.feed(flown("a", HERE, 90.0, 100.0, count=1, offset_s=10.0), START)
    assert watch.ignored == {}
    watch.feed(flown("a", HERE, 90.0, 100.0, count=1, offset_s=10.1), START)
    assert watch.ignored == {"more than 10 s ahead of the clock here": 1}


def test_a_track_that_goes_back_in_time_for_three_hits_is_begun_anew() -> None:
    plots, watch = head_on(), Watch(RULES)
    told = watch.feed([*plots[:2], replace(plots[1], at=START.plus(86_400.0)), *plots[2:]])
    assert [alert.verdict for alert in told if alert.state is AlertState.RAISED] == [Verdict.CONFLICT]
    assert watch.ignored == {"not newer than its track": 2}


def test_an_alert_of_a_wrong_time_ends_when_the_track_is_seen_apart() -> None:
    near = in_time([*flown("a", HERE, 90.0, 100.0, count=2), *flown("b", HERE, 90.0, 100.0, count=2, offset_s=1.0)])
    wrong = [replace(plot, at=plot.at.plus(80.0)) for plot in near]  # less than FORGOTTEN_S: nothing is dropped for it
    apart = [replace(plot, course_deg=0.0) for plot in flown("b", destination(HERE, Leg(0.0, 30_000.0)), 0.0, 100.0, count=12)]
    rest = in_time([*flown("a", HERE, 90.0, 100.0, count=12), *apart])
    watch = Watch(RULES.without(["duplicate", "formation", "renumbered"]))
    told = watch.feed([*wrong, *rest])
    assert [alert.state for alert in told if alert.verdict is Verdict.CONFLICT] == [AlertState.RAISED, AlertState.CLEARED]


def test_hits_that_come_late_by_another_way_do_not_turn_a_track_back() -> None:
    plots, watch = flown("a", HERE, 90.0, 100.0), Watch(RULES)
    mixed = [hit for k, plot in enumerate(plots[2:], 2) for hit in (plot, plots[k - 1], plots[k - 2])]
    watch.feed(mixed)
    watch.feed([plots[-1]] * 5)
    assert watch.ignored == {"not newer than its track": 2 * len(plots[2:]) + 5}


@pytest.mark.parametrize("every_s", [1.0, 2.5, 4.8, 8.0, 12.0])
@pytest.mark.parametrize("is_reported", [True, False])
def test_sources_of_one_to_twelve_seconds_are_told_in_time(every_s: float, is_reported: bool) -> None:
    count = int(100 / every_s)
    one = flown("a", HERE, 90.0, 100.0, count=count, every_s=every_s)
    two = flown("b", destination(HERE, Leg(90.0, 20_000.0)), 270.0, 100.0, count=count, every_s=every_s, offset_s=every_s / 3)
    plots = in_time([*one, *two])
    if not is_reported:
        plots = [replace(plot, ground_speed_mps=None, course_deg=None, climb_mps=None) for plot in plots]
    raised = next(alert for alert in alerts(plots) if alert.state is AlertState.RAISED)
    assert raised.verdict is Verdict.CONFLICT
    assert raised.warning_s is not None
    assert raised.warning_s > 60.0 - 2 * every_s - 1.0


@settings(max_examples=25)
@given(
    COURSE,
    COURSE,
    st.floats(50.0, 250.0),
    st.floats(500.0, 12_000.0),
    st.floats(-300.0, 300.0),
    st.floats(-180.0, 179.0),
    st.integers(0, 10**7),
)
def test_turning_the_earth_and_shifting_the_clock_change_nothing(
    course: float, bearing: float, speed: float, apart_m: float, above_m: float, lon_deg: float, later_s: int
) -> None:
    def told(lon: float, at_s: float) -> list[tuple[AlertState, Verdict, float]]:
        here = Position(50.0, lon)
        one = flown("a", here, course, speed, count=8)
        two = flown("b", destination(here, Leg(bearing, apart_m)), 10.0, 120.0, 1000.0 + above_m, count=8, offset_s=0.5)
        found = alerts([replace(plot, at=plot.at.plus(at_s)) for plot in in_time([*one, *two])])
        return [(a.state, a.verdict, -1e9 if a.warning_s is None else a.warning_s) for a in found]

    one, other = told(0.0, 0.0), told(lon_deg, float(later_s))
    assert [row[:-1] for row in one] == [row[:-1] for row in other]
    assert [row[-1] for row in one] == pytest.approx([row[-1] for row in other], abs=2e-3)


@pytest.mark.parametrize("member", ["height", "ground_speed_mps", "course_deg", "climb_mps"])
@pytest.mark.parametrize("track", ["a", "b"])
def test_no_missing_number_makes_two_that_meet_clear(member: str, track: str) -> None:
    plots = [replace(plot, **{member: None}) if plot.track == track else plot for plot in head_on()]  # type: ignore[arg-type]
    verdicts = {alert.verdict for alert in alerts(plots) if alert.state is AlertState.RAISED}
    assert verdicts
    assert (Verdict.CONFLICT in verdicts) == (member != "height")


def test_hits_out_of_order_within_a_turn_change_only_what_they_may() -> None:
    plots = head_on()
    swapped = [plots[1], plots[0], *plots[2:]]
    assert [alert.verdict for alert in alerts(swapped)] == [alert.verdict for alert in alerts(plots)]
