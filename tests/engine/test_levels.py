"""Well clear, live: the levels that a watch tells, hit by hit, against NASA's program and the slow twin."""

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import wellclear as twin
from reference.recordings import hits
from tafadi.engine.alerting import PHASE_I, Filter
from tafadi.engine.encounter import Bounds
from tafadi.engine.levels import Level, Levels
from tafadi.engine.picture import Picture
from tafadi.engine.terms import WELL_CLEAR, Rules
from tafadi.engine.watch import Watch
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FOOT_M
from tafadi.model.alert import Alert, AlertKind, AlertState
from tafadi.model.judgement import Cause, Verdict
from tafadi.model.operation import NO_MINIMA, Minima
from tafadi.model.track import Plot

Find = Callable[[str], Path]
START = Instant.parse("2026-01-01T00:00:00Z")
HERE = Position(45.0, 10.0)
CASES = "data/permissive/radar_nop/cases/"
NASA = {"H1": "gold/DaidalusqAlerting-no_sum.csv", "C1_0_120": "C1_0_120__no_sum.csv", "H0_0_120": "H0_0_120__no_sum.csv"}


def plot_of(track: str, at_s: float, state: twin.State) -> Plot:
    """The state as a source would report it."""
    speed_mps = math.hypot(state.east_mps, state.north_mps)
    course_deg = math.degrees(math.atan2(state.east_mps, state.north_mps)) % 360.0
    place, height = Position(state.lat_deg, (state.lon_deg + 180.0) % 360.0 - 180.0), Height(state.height_m, Datum.GEOID)
    return Plot(track, START.plus(at_s), place, height, speed_mps, course_deg, state.climb_mps, party=track)


def recorded(path: Path) -> list[tuple[float, Plot, Plot]]:
    """Own and the other at each instant of a .daa file."""
    rows = []
    for at_s, ((_, own), *others) in twin.read_daa(path.read_text(encoding="utf-8")).items():
        rows += [(at_s, plot_of("own", at_s, twin.state(own)), plot_of("traffic", at_s, twin.state(cells))) for _, cells in others[:1]]
    return rows


def nasas_levels(path: Path) -> list[int]:
    head, _, *rows = [[cell.strip() for cell in line] for line in csv.reader(path.read_text(encoding="utf-8").splitlines())]
    return [int(row[head.index("Alert Level")]) for row in rows]


class Live:
    """Levels fed hit by hit, as the watch feeds them."""

    def __init__(self, names: tuple[str, ...] = ("phase-1",), sieve: Filter | None = None) -> None:
        self.levels = Levels({name: WELL_CLEAR[name] for name in names}, sieve or Filter(), 30.0, frozenset())
        self.picture = Picture(Bounds(NO_MINIMA, 30.0, 30.0, is_asked=False, reach_m=self.levels.reach_m, reach_s=self.levels.reach_s))

    def take(self, *plots: Plot) -> list[Level]:
        """What is found of the pair after these hits, the last of which is looked from."""
        for plot in plots:
            assert self.picture.take(plot)
        own = self.picture.side(plots[-1].track)
        other = next(side for name in self.picture.trails for side in self.picture.sides(name) if name != own.key)
        return self.levels.look(own, other, max(own.trail.last.at, other.trail.last.at))


@pytest.mark.parametrize("name", NASA)
def test_the_level_at_every_look_is_nasas(name: str, shared: Find) -> None:
    live, wanted = Live(), nasas_levels(shared(f"vectors/daidalus/{NASA[name]}"))
    rows = recorded(shared(f"vectors/daidalus/scenarios/{name}.daa"))[: len(wanted)]
    assert [live.take(own, other)[0].level for _, own, other in rows] == wanted


def test_what_the_watch_tells_are_the_rises_of_nasas_level(shared: Find) -> None:
    wanted = nasas_levels(shared(f"vectors/daidalus/{NASA['H1']}"))
    rows = recorded(shared("vectors/daidalus/scenarios/H1.daa"))[: len(wanted)]
    watch = Watch(Rules(None, 30.0, well_clear=("phase-1",)))
    told = [(at_s, alert.level) for at_s, own, other in rows for alert in watch.feed([own, other]) if alert.state is AlertState.RAISED]
    highest, rises = 0, []
    for (at_s, _, _), level in zip(rows, wanted, strict=True):
        if level > highest:
            highest = level
            rises.append((at_s, level))
    assert told == rises
    assert len(rises) == 2


def flown(track: str, start: Position, course_deg: float, speed_mps: float, count: int, every_s: float = 1.0, **said: object) -> list[Plot]:
    """Hits along a geodesic, of a party of its own unless it is said otherwise."""
    given_ = {"height": Height(1_000.0, Datum.PRESSURE), "climb_mps": 0.0, "party": track} | said
    return [
        Plot(
            track, START.plus(every_s * k), destination(start, Leg(course_deg, speed_mps * every_s * k)),
            ground_speed_mps=speed_mps, course_deg=course_deg, **given_,  # type: ignore[arg-type]
        )
        for k in range(count)
    ]  # fmt: skip


def head_on(
    count: int = 60, every_s: float = 1.0, apart_m: float = 20_000.0, names: tuple[str, str] = ("a", "b"), **said: object
) -> list[Plot]:
    one = flown(names[0], HERE, 90.0, 100.0, count, every_s)
    two = flown(names[1], destination(HERE, Leg(90.0, apart_m)), 270.0, 100.0, count, every_s, **said)
    return sorted((*one, *two), key=lambda plot: (plot.at, plot.track))


def watched(plots: list[Plot], *names: str) -> list[Alert]:
    watch = Watch(Rules(None, 30.0, well_clear=names or ("phase-1",)))
    return [*watch.feed(plots), *watch.finish()]


def raised(told: list[Alert]) -> list[Alert]:
    return [alert for alert in told if alert.state is AlertState.RAISED]


@pytest.mark.parametrize("name", WELL_CLEAR)
def test_each_set_tells_in_its_own_time_when_it_will_not_be_well_clear(name: str) -> None:
    first = raised(watched(head_on(100), name))[0]
    rules = WELL_CLEAR[name]
    assert (first.kind, first.by, first.verdict) == (AlertKind.WELL_CLEAR, name, Verdict.CONFLICT)
    assert first.warning_s is not None
    assert rules.levels[0].alert_s - 3.0 < first.warning_s < rules.levels[0].alert_s
    state = twin.State(HERE.lat_deg, HERE.lon_deg, 1_000.0, 100.0, 0.0, 0.0)
    far = destination(HERE, Leg(90.0, 20_000.0))
    motion = twin.relative(state, twin.State(far.lat_deg, far.lon_deg, 1_000.0, -100.0, 0.0, 0.0))
    volume = rules.levels[first.level - 1].volume
    enters = twin.stretch(motion, (volume.distance_m, volume.height_m, volume.tau_s), 180.0)
    assert enters is not None
    assert first.said_at.since(START) + first.warning_s == pytest.approx(
        enters[0], abs=0.2
    )  # b's geodesic leans; the sphere is no ellipsoid


def test_levels_rise_and_each_rise_is_told_once() -> None:
    told = raised(watched(head_on(100)))
    assert [alert.level for alert in told] == [2, 3]  # level 1 is a volume of 700 ft: both are at one height, so 2 comes with it
    assert told[0].raised_at == told[1].raised_at
    assert told[1].told_at is not None
    assert told[1].told_at > told[0].raised_at


def test_only_the_preventive_level_is_told_between_the_two_heights() -> None:
    told = raised(watched(head_on(100, height=Height(1_000.0 + 600 * FOOT_M, Datum.PRESSURE))))
    assert [alert.level for alert in told] == [1]


def test_one_garbled_hit_raises_nothing_and_a_radar_too_slow_for_a_second_look_is_not_filtered() -> None:
    plots = flown("a", HERE, 90.0, 100.0, 12)
    away = flown("b", destination(HERE, Leg(90.0, 5_000.0)), 90.0, 100.0, 12)
    garbled = [replace(plot, course_deg=270.0, ground_speed_mps=200.0) if k == 6 else plot for k, plot in enumerate(away)]
    assert raised(watched(sorted((*plots, *garbled), key=lambda plot: plot.at))) == []
    slow = raised(watched(head_on(10, 12.0)))
    assert slow[0].said_at.since(START) == 12.0  # the first look within 55 s of a violation that begins near second 65


@pytest.mark.parametrize("every_s", [1.0, 2.0, 4.0, 4.8, 12.0])
def test_sources_from_one_to_twelve_seconds_warn_in_time(every_s: float) -> None:
    told = raised(watched(head_on(int(100 / every_s), every_s)))
    assert max(alert.level for alert in told) == 3
    assert told[0].warning_s is not None
    assert told[0].warning_s > 55.0 - 2 * every_s - 2.0


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ({"height": None, "climb_mps": None}, Cause.HEIGHT_MISSING),
        ({"height": Height(9_000.0, Datum.GEOID)}, Cause.DATUMS_UNLIKE),
    ],
)
def test_what_is_not_known_is_unknown_where_it_matters_and_clear_where_it_does_not(said: dict[str, object], cause: Cause) -> None:
    told = raised(watched(head_on(60, **said)))  # type: ignore[arg-type]
    assert [(alert.verdict, alert.predicted.cause) for alert in told] == [(Verdict.UNKNOWN, cause)]
    aside = flown("b", destination(HERE, Leg(0.0, 8_000.0)), 90.0, 100.0, 60, **said)  # type: ignore[arg-type]
    assert watched(sorted((*flown("a", HERE, 90.0, 100.0, 60), *aside), key=lambda plot: plot.at)) == []


def test_without_velocity_inside_is_told_and_within_reach_is_unknown() -> None:
    lone = Plot("a", START, HERE, Height(1_000.0, Datum.PRESSURE), party="a")
    near, far = (flown("b", destination(HERE, Leg(90.0, m)), 270.0, 100.0, 1) for m in (300.0, 8_000.0))
    assert raised(watched([lone, *near]))[0].level == 3
    unknown = raised(watched([lone, *far]))[0]
    assert (unknown.verdict, unknown.predicted.cause) == (Verdict.UNKNOWN, Cause.VELOCITY_MISSING)
    assert watched([lone, *flown("b", destination(HERE, Leg(90.0, 60_000.0)), 270.0, 100.0, 1)]) == []


def test_a_track_not_seen_for_too_long_is_unknown() -> None:
    plots = [plot for plot in head_on(80, apart_m=28_000.0) if plot.track == "b" or plot.at.since(START) < 5.0]
    told = raised(watched(plots))
    assert [(alert.verdict, alert.predicted.cause) for alert in told] == [(Verdict.UNKNOWN, Cause.TRACK_OLD)]


@pytest.mark.parametrize("member", ["height", "ground_speed_mps", "course_deg", "climb_mps"])
def test_a_missing_number_of_any_kind_is_never_clear_air(member: str) -> None:
    told = raised(watched([replace(plot, **{member: None}) if plot.track == "b" else plot for plot in head_on(80)]))  # type: ignore[arg-type]
    assert told  # a velocity or a climb comes from the hits themselves; a height comes from nowhere
    assert (told[-1].verdict is Verdict.UNKNOWN) == (member == "height")


ANGLE = st.floats(0.0, 359.0)


@settings(max_examples=40)
@given(
    ANGLE,
    ANGLE,
    st.floats(1_000.0, 9_000.0),
    st.floats(20.0, 240.0),
    st.floats(-250.0, 250.0),
    st.floats(-170.0, 170.0),
    st.integers(1, 10**6),
)
def test_names_time_and_longitude_change_nothing(
    course: float, bearing: float, apart_m: float, speed: float, above_m: float, turn_deg: float, later_s: int
) -> None:
    def told(names: tuple[str, str], lon_deg: float, at_s: float) -> list[tuple[int, float]]:
        here = Position(50.0, lon_deg)
        other = destination(here, Leg(bearing, apart_m))
        plots = []
        for name, place, towards, height_m in (
            (names[0], here, course, 1_000.0),
            (names[1], other, (bearing + 180.0) % 360.0, 1_000.0 + above_m),
        ):
            plots += flown(name, place, towards, speed, 4, height=Height(height_m, Datum.PRESSURE))
        ordered = sorted((replace(plot, at=plot.at.plus(at_s)) for plot in plots), key=lambda plot: plot.at)
        return [(alert.level, -1e9 if alert.warning_s is None else alert.warning_s) for alert in raised(watched(ordered, *WELL_CLEAR))]

    one, other = told(("a", "b"), 0.0, 0.0), told(("y", "x"), turn_deg, float(later_s))
    assert [row[:-1] for row in one] == [row[:-1] for row in other]
    assert [row[-1] for row in one] == pytest.approx([row[-1] for row in other], abs=2e-3)


@settings(max_examples=60)
@given(
    ANGLE,
    ANGLE,
    ANGLE,
    st.floats(500.0, 25_000.0),
    st.floats(0.0, 250.0),
    st.floats(0.0, 250.0),
    st.floats(-300.0, 300.0),
    st.floats(-15.0, 15.0),
)
def test_the_raw_level_of_a_first_look_is_the_slow_twins(
    course_1: float, course_2: float, bearing: float, apart_m: float, speed_1: float, speed_2: float, above_m: float, climb: float
) -> None:
    other = destination(HERE, Leg(bearing, apart_m))
    (one,) = flown("a", HERE, course_1, speed_1, 1)
    (two,) = flown("b", other, course_2, speed_2, 1, height=Height(1_000.0 + above_m, Datum.PRESSURE), climb_mps=climb)
    states = [
        twin.State(
            plot.position.lat_deg, plot.position.lon_deg, plot.height.value_m if plot.height else math.nan,
            speed * math.sin(math.radians(course)), speed * math.cos(math.radians(course)), plot.climb_mps or 0.0,
        )
        for plot, speed, course in ((one, speed_1, course_1), (two, speed_2, course_2))
    ]  # fmt: skip
    zones = [((level.volume.distance_m, level.volume.height_m, level.volume.tau_s), level.alert_s) for level in PHASE_I.levels]
    wanted = max(twin.raw_level(twin.relative(*pair), zones) for pair in (states, states[::-1]))
    assert Live().take(one, two)[0].raw == wanted
    near = Live()
    near.picture.take(one)
    near.picture.take(two)
    assert wanted == 0 or [side.key for side in near.picture.near(near.picture.side("a"))] == ["b"]  # the sieve lets through what is told


def test_the_real_near_mid_air_is_not_well_clear_long_before_it_is_closest(shared: Find) -> None:
    told = raised(watched(hits(shared(CASES + "scaryTrackData.txt")), *WELL_CLEAR))
    closest = Instant.parse("2018-03-24T15:02:59.4Z")
    first = {name: next(alert for alert in told if alert.by == name) for name in WELL_CLEAR}
    assert {name: closest.since(alert.said_at) >= 25.0 for name, alert in first.items()} == dict.fromkeys(WELL_CLEAR, True)
    assert {alert.level for alert in first.values()} == {3}


@pytest.mark.parametrize(
    ("case", "rule"), [("levelOffEvent", "level_off"), ("duplicateCenterData_example1", "duplicate"), ("groundEvent_example1", "ground")]
)
def test_the_rules_against_false_alarms_hold_for_well_clear_too(shared: Find, case: str, rule: str) -> None:
    plots = hits(shared(f"{CASES}{case}.txt"))
    asked = Rules(None, 30.0, well_clear=tuple(WELL_CLEAR))
    watch = Watch(asked)
    assert watch.feed(plots) == []
    assert rule in {one.rule for one in watch.suppressed}
    off = Watch(asked.without([rule]))
    assert raised(off.feed(plots))
    strangers = Watch(asked)
    assert raised(strangers.feed([replace(plot, party=f"p-{plot.track}") for plot in plots]))
    assert strangers.suppressed == []


def test_minima_and_well_clear_are_told_side_by_side() -> None:
    watch = Watch(Rules(Minima(500.0, 100.0), 30.0, well_clear=("phase-1", "non-cooperative")))
    told = raised(watch.feed(head_on(100)))
    assert {(alert.kind, alert.by) for alert in told} == {
        (AlertKind.TRACKS, ""),
        (AlertKind.WELL_CLEAR, "phase-1"),
        (AlertKind.WELL_CLEAR, "non-cooperative"),
    }
