"""Tracks that jump faster than anything flies: suspect, said so, and UNKNOWN until one of their places is borne out."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.engine.terms import Rules
from tafadi.engine.watch import Watch
from tafadi.errors import InputError
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.alert import Alert, AlertKind, AlertState
from tafadi.model.judgement import Cause, Verdict
from tafadi.model.operation import Announced, AreaKind, Kind, Minima, Notice
from tafadi.model.track import Plot
from tafadi.model.volume import Circle, Volume4D

START = Instant.parse("2026-01-01T00:00:00Z")
HERE = Position(45.0, 10.0)
FAR = destination(HERE, Leg(0.0, 300_000.0))
RULES = Rules(Minima(1000.0, 150.0), 60.0)


def flown(track: str, start: Position, course_deg: float, count: int, every_s: float = 5.0, offset_s: float = 0.0) -> list[Plot]:
    """Hits at 100 m/s along a geodesic, of a party of its own."""
    return [
        Plot(
            track, START.plus(offset_s + every_s * k), destination(start, Leg(course_deg, 100.0 * every_s * k)),
            Height(1_000.0, Datum.PRESSURE), 100.0, course_deg, 0.0, party=track,
        )
        for k in range(count)
    ]  # fmt: skip


def in_time(*tracks: list[Plot]) -> list[Plot]:
    return sorted((plot for track in tracks for plot in track), key=lambda plot: plot.at)


def watched(plots: list[Plot], rules: Rules = RULES) -> tuple[list[Alert], Watch]:
    watch = Watch(rules)
    return [alert for alert in watch.feed(plots) if alert.state is AlertState.RAISED], watch


def jumping(at: int, back_at: int = 10**6, count: int = 20) -> list[Plot]:
    """A track that is 300 km farther north from hit `at` to hit `back_at`."""
    near, far = flown("a", HERE, 90.0, count), flown("a", FAR, 90.0, count)
    return [far[k] if at <= k < back_at else near[k] for k in range(count)]


def against(where: Position, count: int = 20) -> list[Plot]:
    """One that comes at a place head on, from 6 km beyond where a track is when it has flown for 50 s."""
    return flown("b", destination(where, Leg(90.0, 5_000.0 + 11_000.0)), 270.0, count, offset_s=1.0)


def test_a_jump_is_said_with_its_distance_and_speed() -> None:
    _, watch = watched(jumping(10))
    (one,) = watch.suspects
    assert (one.track, one.at, one.jumps) == ("a", START.plus(50.0), 1)
    assert one.distance_m == pytest.approx(300_000.0, rel=0.01)
    assert one.speed_mps == pytest.approx(60_000.0, rel=0.01)
    assert one.over_at == START.plus(65.0)  # four hits in a row, over 15 s


def test_what_is_found_at_a_place_that_is_not_borne_out_is_unknown_and_then_a_conflict() -> None:
    told, _ = watched(in_time(jumping(10), against(FAR)))
    assert [(alert.verdict, alert.predicted.cause) for alert in told] == [(Verdict.UNKNOWN, Cause.TRACK_SUSPECT), (Verdict.CONFLICT, None)]
    assert told[0].said_at.since(START) <= 51.0
    assert told[1].said_at.since(START) >= 65.0


def test_the_old_place_is_not_clear_because_somebody_says_another() -> None:
    told, _ = watched(in_time(jumping(8), against(HERE)))
    assert told[0].verdict is Verdict.CONFLICT
    assert told[0].raised_at.since(START) < 40.0
    fresh, _ = watched([plot for plot in in_time(jumping(8), against(HERE)) if plot.track == "a" or plot.at.since(START) > 36.0])
    assert [(alert.verdict, alert.predicted.cause) for alert in fresh[:1]] == [(Verdict.UNKNOWN, Cause.TRACK_SUSPECT)]


def test_one_wrong_position_does_not_take_a_conflict_from_a_track_that_is_borne_out() -> None:
    told, watch = watched(in_time(jumping(6, 7), against(HERE)))
    straight, _ = watched(in_time(flown("a", HERE, 90.0, 20), against(HERE)))
    assert [alert.verdict for alert in told] == [alert.verdict for alert in straight] == [Verdict.CONFLICT]
    assert watch.suspects[0].jumps == 2  # there and back
    assert watch.suspects[0].over_at is not None


def test_two_aircraft_under_one_name_are_both_seen() -> None:
    here, there = flown("a", HERE, 90.0, 20), flown("a", FAR, 90.0, 20, offset_s=2.0)
    told, watch = watched(in_time(here, there, against(HERE), flown("c", destination(FAR, Leg(90.0, 16_000.0)), 270.0, 20, offset_s=3.0)))
    assert {alert.second for alert in told} == {"b", "c"}
    assert watch.suspects[0].over_at is None
    assert watch.suspects[0].jumps > 30


def test_a_track_that_begins_with_a_wrong_position_is_suspect_until_it_is_borne_out() -> None:
    told, watch = watched(in_time(jumping(0, 1), against(HERE)))
    assert told[0].verdict is Verdict.UNKNOWN
    assert told[-1].verdict is Verdict.CONFLICT
    assert watch.suspects[0].over_at is not None


def test_a_jump_after_a_gap_counts_by_the_speed_that_it_implies() -> None:
    later = [replace(plot, at=plot.at.plus(80.0)) for plot in flown("a", destination(HERE, Leg(0.0, 50_000.0)), 90.0, 5)]
    assert watched([*flown("a", HERE, 90.0, 5), *later])[1].suspects == []  # 50 km in 60 s are flown
    assert len(watched([*flown("a", HERE, 90.0, 5), *(replace(plot, at=plot.at.plus(-40.0)) for plot in later)])[1].suspects) == 1


def test_the_limit_is_stated_and_can_be_stated_otherwise() -> None:
    plots = [
        *flown("a", HERE, 90.0, 5),
        *(replace(p, at=p.at.plus(25.0)) for p in flown("a", destination(HERE, Leg(0.0, 3_000.0)), 90.0, 5)),
    ]
    assert watched(plots)[1].suspects == []
    assert len(watched(plots, replace(RULES, fastest_mps=300.0))[1].suspects) == 1
    for wrong in (0.0, float("nan"), 1e6):
        with pytest.raises(InputError, match="fastest"):
            replace(RULES, fastest_mps=wrong)


def test_a_suspect_track_is_unknown_to_an_area_and_to_its_own_operation() -> None:
    span = Span(START, START.plus(600.0))
    low, high = Height(0.0, Datum.PRESSURE), Height(3_000.0, Datum.PRESSURE)

    def notice(name: str, centre: Position, party: str, kind: Kind) -> Announced:
        area = AreaKind.KEEP_CLEAR if kind is Kind.AREA else None
        return Announced(name, Notice(kind, (Volume4D(Circle(centre, 20_000.0), low, high, span),), area_kind=area), party)

    announced = (notice("zone", FAR, "other", Kind.AREA), notice("own", HERE, "a", Kind.OPERATION))
    watch = Watch(RULES, announced, assigned={"a": "own"})
    told = {(alert.kind, alert.verdict, alert.predicted.cause) for alert in watch.feed(jumping(10, count=12))}
    assert told == {
        (AlertKind.ANNOUNCED, Verdict.UNKNOWN, Cause.TRACK_SUSPECT),
        (AlertKind.STRAYING, Verdict.UNKNOWN, Cause.TRACK_SUSPECT),
    }


@settings(max_examples=40)
@given(st.lists(st.booleans(), min_size=4, max_size=25), st.floats(1.0, 12.0))
def test_no_order_of_true_and_made_up_places_hides_a_meeting_with_the_true_one(is_false: list[bool], every_s: float) -> None:
    near, far = flown("a", HERE, 0.0, len(is_false), every_s), flown("a", FAR, 0.0, len(is_false), every_s)
    near = [replace(plot, position=HERE, ground_speed_mps=0.0) for plot in near]
    plots = [far[k] if false else near[k] for k, false in enumerate(is_false)]
    meets = [
        replace(plot, position=destination(HERE, Leg(0.0, 300.0)), ground_speed_mps=0.0) for plot in flown("b", HERE, 0.0, 30, every_s, 0.5)
    ]
    told, _ = watched(in_time(plots, meets[: len(plots)]))
    assert bool(told) == (False in is_false)
