"""Rules that silence: on real radar, alone, and never between two parties."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from reference.recordings import by_track, hits, of_two_parties, rules, watched
from tafadi.engine.standing import Suppressed
from tafadi.engine.suppress import FILTERS, PAIR_RULES, RULES
from tafadi.engine.watch import Rules, Watch
from tafadi.measure.earth import Leg, Position, destination
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS, NAUTICAL_MILE_M
from tafadi.model.alert import Alert, AlertState
from tafadi.model.judgement import Verdict
from tafadi.model.operation import Minima
from tafadi.model.track import Plot

CASES = "data/permissive/radar_nop/cases/"
DETROIT = "data/permissive/radar_nop/detroit_D21_20180324.txt.gz"
START = Instant.parse("2026-01-01T00:00:00Z")
HERE = Position(45.0, 10.0)
TERMINAL = Rules(Minima(0.3 * NAUTICAL_MILE_M, 300 * FOOT_M), 30.0)
EN_ROUTE = Rules(Minima(5 * NAUTICAL_MILE_M, 1000 * FOOT_M), 120.0)
Find = Callable[[str], Path]


def flown(
    track: str, start: Position, course_deg: float, speed_kt: float, levels_ft: Sequence[float | None], every_s: float = 5.0
) -> list[Plot]:
    """A hit for each of the heights, along a geodesic."""
    return [
        Plot(
            track,
            START.plus(every_s * k),
            destination(start, Leg(course_deg, speed_kt * KNOT_MPS * every_s * k)),
            None if level_ft is None else Height(level_ft * FOOT_M, Datum.PRESSURE),
            speed_kt * KNOT_MPS,
            course_deg,
        )
        for k, level_ft in enumerate(levels_ft)
    ]


def in_time(*tracks: list[Plot]) -> list[Plot]:
    return sorted((plot for track in tracks for plot in track), key=lambda plot: (plot.at.ns, plot.track))


def conflicts(told: list[Alert]) -> list[Alert]:
    return [alert for alert in told if alert.verdict is Verdict.CONFLICT and alert.state is AlertState.RAISED]


def pairs(found: Sequence[Alert] | Sequence[Suppressed]) -> set[tuple[str, str]]:
    return {(one.first, one.second) for one in found}


def silenced(watch: Watch) -> set[str]:
    return {one.rule for one in watch.suppressed}


# Real radar


def test_the_real_near_mid_air_is_told_fifteen_seconds_before_it_is_closest(shared: Find) -> None:
    told, _ = watched(hits(shared(CASES + "scaryTrackData.txt")), rules(0.3, 300, 30))
    raised, over = told
    assert raised.verdict is Verdict.CONFLICT
    assert over.missed is not None
    assert over.missed.at.since(raised.raised_at) >= 15.0
    assert over.missed.horizontal_m / NAUTICAL_MILE_M == pytest.approx(0.0237, abs=0.001)


def test_the_real_near_mid_air_is_found_among_all_traffic_of_detroit(shared: Find) -> None:
    told, watch = watched(hits(shared(DETROIT)), rules(0.3, 300, 30))
    assert ("D21/2643", "D21/3472") in pairs(conflicts(told))
    assert len(conflicts(told)) <= 5
    assert {one.rule for one in watch.suppressed} <= set(RULES)


@pytest.mark.parametrize(
    ("case", "horizontal_nm", "vertical_ft", "lookahead_s", "because"),
    [
        ("safeTrackData", 0.3, 300, 30, "fleeting"),
        ("ZFW_level-overflight", 5, 1000, 120, "quantisation"),
        ("duplicateCenterData_example1", 5, 1000, 120, "duplicate"),
        ("groundEvent_example1", 0.5, 500, 60, "ground"),
        ("levelOffEvent", 5, 1000, 120, "level_off"),
    ],
)
def test_a_labelled_false_alarm_stays_silent_and_is_listed_with_its_rule(
    shared: Find, case: str, horizontal_nm: float, vertical_ft: float, lookahead_s: float, because: str
) -> None:
    told, watch = watched(hits(shared(f"{CASES}{case}.txt")), rules(horizontal_nm, vertical_ft, lookahead_s))
    assert told == []
    assert because in silenced(watch)


@pytest.mark.parametrize(
    ("case", "rule", "horizontal_nm", "vertical_ft", "lookahead_s"),
    [
        ("duplicateCenterData_example1", "duplicate", 5, 1000, 120),
        ("groundEvent_example1", "ground", 0.5, 500, 60),
        ("levelOffEvent", "level_off", 5, 1000, 120),
    ],
)
def test_a_rule_that_is_switched_off_silences_nothing(
    shared: Find, case: str, rule: str, horizontal_nm: float, vertical_ft: float, lookahead_s: float
) -> None:
    told, watch = watched(hits(shared(f"{CASES}{case}.txt")), rules(horizontal_nm, vertical_ft, lookahead_s).without([rule]))
    assert conflicts(told)
    assert rule not in silenced(watch)


@pytest.mark.parametrize(
    ("case", "horizontal_nm", "vertical_ft", "lookahead_s"),
    [
        ("duplicateCenterData_example1", 5, 1000, 120),
        ("groundEvent_example1", 0.5, 500, 60),
        ("levelOffEvent", 5, 1000, 120),
        ("formationFlight_example1", 0.3, 300, 30),
        ("safeTrackData", 0.3, 300, 30),
    ],
)
def test_between_two_parties_every_alarm_comes_through(
    shared: Find, case: str, horizontal_nm: float, vertical_ft: float, lookahead_s: float
) -> None:
    plots, asked = hits(shared(f"{CASES}{case}.txt")), rules(horizontal_nm, vertical_ft, lookahead_s)
    told_same, same = watched(plots, asked)
    told, strangers = watched(of_two_parties(plots), asked)
    found = pairs(told_same) | pairs(same.suppressed)
    assert found
    assert found <= pairs(told)
    assert strangers.suppressed == []


def test_all_traffic_of_detroit_as_strangers_silences_nothing(shared: Find) -> None:
    plots = [plot for plot in hits(shared(DETROIT)) if plot.at < Instant.parse("2018-03-24T14:53:00Z")]
    told_same, same = watched(plots, rules(0.3, 300, 30))
    told, strangers = watched(of_two_parties(plots), rules(0.3, 300, 30))
    found = pairs(told_same) | pairs(same.suppressed)
    assert found <= pairs(told)
    assert strangers.suppressed == []


def test_a_formation_is_known_after_a_minute_and_its_joining_up_is_told(shared: Find) -> None:
    told, watch = watched(hits(shared(CASES + "formationFlight_example1.txt")), rules(0.3, 300, 30))
    assert "formation" in silenced(watch)
    assert len(conflicts(told)) == 1  # two jets that close at 60 kt to 0.3 NM: nobody has said yet that they mean to
    assert told[-1].state is AlertState.SILENCED


def test_a_declared_formation_raises_nothing(shared: Find) -> None:
    together = frozenset({frozenset({"FAI_B/3936", "FAI_B/2581"})})
    plots = of_two_parties(hits(shared(CASES + "formationFlight_example1.txt")))
    told, watch = watched(plots, rules(0.3, 300, 30), together)
    assert told == []
    assert "formation" in silenced(watch)


def test_a_real_loss_of_vertical_separation_is_told(shared: Find) -> None:
    told, _ = watched(hits(shared(CASES + "verticalSeparationTrackData1.txt")), rules(0.5, 400, 60))
    raised, over = told
    assert raised.verdict is Verdict.CONFLICT
    assert raised.warning_s is not None
    assert raised.warning_s > 30.0
    assert over.missed is not None
    assert over.missed.vertical_m is not None
    assert over.missed.vertical_m / FOOT_M == pytest.approx(300.0, abs=1.0)


# Each rule alone, and where it ends


def test_one_step_of_the_altitude_code_is_no_climb() -> None:
    one = flown("a", HERE, 90.0, 300.0, [9_000.0] * 5 + [9_100.0] * 3, 12.0)
    two = flown("b", destination(HERE, Leg(90.0, 50_000.0)), 270.0, 300.0, [10_100.0] * 8, 12.0)
    told, watch = watched(in_time(one, two), EN_ROUTE)
    assert told == []
    assert silenced(watch) == {"quantisation"}
    assert conflicts(watched(in_time(one, two), EN_ROUTE.without(["quantisation"]))[0])


def test_a_true_climb_is_told_after_its_second_step() -> None:
    one = flown("a", HERE, 90.0, 300.0, [8_000.0, 8_000.0, 8_200.0, 8_400.0, 8_600.0, 8_800.0, 9_000.0], 12.0)
    two = flown("b", destination(HERE, Leg(90.0, 50_000.0)), 270.0, 300.0, [10_000.0] * 7, 12.0)
    assert conflicts(watched(in_time(one, two), EN_ROUTE)[0])


def test_one_garbled_height_raises_nothing_and_two_do() -> None:
    two = flown("b", destination(HERE, Leg(90.0, 8_000.0)), 270.0, 200.0, [20_000.0] * 9)
    garbled = [replace(p, climb_mps=0.0) for p in flown("a", HERE, 90.0, 200.0, [*[10_000.0] * 4, 20_000.0, *[10_000.0] * 4])]
    told, watch = watched(in_time(garbled, two), TERMINAL)
    assert told == []
    assert "height_jump" in silenced(watch)
    twice = flown("a", HERE, 90.0, 200.0, [*[10_000.0] * 4, *[20_000.0] * 5])
    assert conflicts(watched(in_time(twice, two), TERMINAL)[0])


def test_a_cleared_level_is_believed_until_it_is_broken() -> None:
    def descending(levels_ft: list[float]) -> list[Plot]:
        cleared = Height(11_000 * FOOT_M, Datum.PRESSURE)
        climb_mps = -1_500 * FOOT_PER_MINUTE_MPS
        return [replace(plot, cleared_height=cleared, climb_mps=climb_mps) for plot in flown("a", HERE, 90.0, 300.0, levels_ft, 12.0)]

    below = flown("b", destination(HERE, Leg(90.0, 40_000.0)), 270.0, 300.0, [10_000.0] * 8, 12.0)
    kept = descending([13_000.0, 12_700.0, 12_400.0, 12_100.0, 11_800.0, 11_500.0, 11_200.0, 11_000.0])
    told, watch = watched(in_time(kept, below), EN_ROUTE)
    assert told == []
    assert "level_off" in silenced(watch)
    broken = descending([12_000.0, 11_700.0, 11_400.0, 11_100.0, 10_800.0, 10_500.0, 10_300.0, 10_200.0])
    assert conflicts(watched(in_time(broken, below), EN_ROUTE)[0])


def test_two_addresses_are_never_one_aircraft_seen_twice() -> None:
    one = [replace(plot, address="4249b5", callsign="ABC1") for plot in flown("a", HERE, 90.0, 200.0, [9_000.0] * 4)]
    other = [replace(plot, address="4249b6", callsign="ABC1") for plot in flown("b", HERE, 95.0, 210.0, [9_000.0] * 4)]
    assert conflicts(watched(in_time(one, other), TERMINAL)[0])
    told, watch = watched(in_time(one, [replace(plot, address="4249b5") for plot in other]), TERMINAL)
    assert told == []
    assert "duplicate" in silenced(watch)


@pytest.mark.parametrize("squawk", ["1200", "7000", "4000", "7700"])
def test_a_code_that_many_show_makes_no_duplicate(squawk: str) -> None:
    one = [replace(plot, squawk=squawk) for plot in flown("a", HERE, 90.0, 200.0, [9_000.0] * 4)]
    other = [replace(plot, squawk=squawk) for plot in flown("b", HERE, 95.0, 210.0, [9_000.0] * 4)]
    assert conflicts(watched(in_time(one, other), TERMINAL)[0])


def test_a_helicopter_that_flew_in_and_hovers_is_not_on_the_ground() -> None:
    arrives = flown("heli", destination(HERE, Leg(270.0, 1_000.0)), 90.0, 60.0, [800.0] * 6)
    place = arrives[-1].position
    hovers = [replace(arrives[-1], at=START.plus(25.0 + 5.0 * k), position=place, ground_speed_mps=0.0) for k in range(1, 20)]
    comes = [replace(plot, at=plot.at.plus(60.0)) for plot in flown("b", destination(place, Leg(0.0, 3_000.0)), 180.0, 100.0, [900.0] * 12)]
    assert conflicts(watched(in_time([*arrives, *hovers], comes), TERMINAL)[0])


def test_what_the_source_calls_airborne_is_not_on_the_ground_however_still_it_is() -> None:
    still = [replace(plot, on_ground=False) for plot in flown("a", HERE, 0.0, 0.0, [800.0] * 12)]
    comes = flown("b", destination(HERE, Leg(0.0, 3_500.0)), 180.0, 100.0, [900.0] * 12)
    assert conflicts(watched(in_time(still, comes), TERMINAL)[0])
    parked = [replace(plot, on_ground=True) for plot in still]
    assert watched(in_time(parked, comes), TERMINAL)[0] == []


def test_a_formation_is_two_that_kept_together_and_not_one_that_crosses_another() -> None:
    lead = flown("a", HERE, 90.0, 250.0, [9_000.0] * 24)
    wing = flown("b", destination(HERE, Leg(180.0, 400.0)), 90.0, 250.0, [9_000.0] * 24)
    asked = TERMINAL.without(["fleeting"])
    told, watch = watched(in_time(lead, wing), asked)
    assert "formation" in silenced(watch)
    assert conflicts(told)  # for the first minute nobody can know
    crossing = flown("b", destination(destination(HERE, Leg(90.0, 6_000.0)), Leg(0.0, 6_000.0)), 180.0, 250.0, [9_000.0] * 12)
    told, watch = watched(in_time(lead[:12], crossing), asked)
    assert conflicts(told)
    assert "formation" not in silenced(watch)


def test_one_that_overtakes_at_a_fifth_of_its_speed_is_no_formation() -> None:
    ahead = flown("a", destination(HERE, Leg(90.0, 2_000.0)), 90.0, 80.0, [1_000.0] * 30)
    behind = flown("b", HERE, 90.0, 100.0, [1_000.0] * 30)
    told, watch = watched(in_time(ahead, behind), TERMINAL)
    assert conflicts(told)
    assert "formation" not in silenced(watch)


def unknowns(told: list[Alert]) -> list[Alert]:
    return [alert for alert in told if alert.verdict is Verdict.UNKNOWN and alert.state is AlertState.RAISED]


def beside(levels_ft: Sequence[float | None], datum: Datum = Datum.PRESSURE, **said: str) -> list[Plot]:
    """A track 0.7 NM beside that of `lead`, for two minutes."""
    wing = flown("b", destination(HERE, Leg(180.0, 0.7 * NAUTICAL_MILE_M)), 90.0, 250.0, levels_ft)
    heights = [None if plot.height is None else Height(plot.height.value_m, datum) for plot in wing]
    return [replace(plot, height=height, **said) for plot, height in zip(wing, heights, strict=True)]  # type: ignore[arg-type]


def lead(**said: str) -> list[Plot]:
    return [replace(plot, **said) for plot in flown("a", HERE, 90.0, 250.0, [9_000.0] * 24)]  # type: ignore[arg-type]


@pytest.mark.parametrize("datum", [None, Datum.ELLIPSOID])
def test_two_of_nobody_side_by_side_without_comparable_heights_stay_unknown_and_are_no_formation(datum: Datum | None) -> None:
    wing = beside([None] * 24) if datum is None else beside([9_000.0] * 24, datum)
    told, watch = watched(in_time(lead(), wing), rules(1.0, 500, 30))
    assert len(unknowns(told)) == 1
    assert {alert.state for alert in told if alert is not told[-1]} == {AlertState.RAISED}  # until the recording ends
    assert silenced(watch) <= {"fleeting", "seen_once"}


def test_one_missed_reply_breaks_no_formation_and_four_do() -> None:
    levels: list[float | None] = [9_000.0] * 24
    asked = rules(1.0, 500, 30)
    missed = beside([*levels[:15], None, *levels[16:]])
    told, watch = watched(in_time(lead(), missed), asked)
    assert told[-1].state is AlertState.SILENCED
    assert "formation" in silenced(watch)
    told, _ = watched(in_time(lead(), beside([*levels[:15], None, None, None, None, *levels[19:]])), asked)
    assert told[-1].state is not AlertState.SILENCED


def test_a_declared_formation_is_silent_at_unknown_heights_too() -> None:
    told, watch = watched(in_time(lead(), beside([None] * 24)), rules(1.0, 500, 30), frozenset({frozenset({"a", "b"})}))
    assert told == []
    assert silenced(watch) == {"formation"}


@pytest.mark.parametrize("datum", [None, Datum.ELLIPSOID])
@pytest.mark.parametrize(
    ("identity", "is_one"), [({"address": "4249b5"}, True), ({"callsign": "ABC1"}, False), ({"squawk": "4321"}, False)]
)
def test_heights_that_cannot_be_compared_are_one_aircraft_only_by_one_address(
    identity: dict[str, str], is_one: bool, datum: Datum | None
) -> None:
    levels: list[float | None] = [None if datum is None else 9_000.0] * 24
    wing = beside(levels, datum or Datum.PRESSURE, **identity)
    told, watch = watched(in_time(lead(**identity), wing), rules(1.0, 500, 30))
    assert ("duplicate" in silenced(watch)) is is_one
    assert bool(unknowns(told)) is not is_one


def test_a_missed_reply_of_one_seen_twice_raises_nothing() -> None:
    levels: list[float | None] = [9_000.0] * 24
    told, watch = watched(in_time(lead(squawk="4321"), beside([*levels[:15], None, *levels[16:]], squawk="4321")), rules(1.0, 500, 30))
    assert told == []
    assert "duplicate" in silenced(watch)


def test_a_track_that_begins_where_another_ends_is_silent_until_both_are_seen() -> None:
    old = flown("old", HERE, 90.0, 100.0, [2_000.0] * 6)
    new = [replace(plot, track="new", at=plot.at.plus(2.0)) for plot in flown("x", HERE, 90.0, 100.0, [2_000.0] * 12)[5:]]
    told, watch = watched(in_time(old, new), TERMINAL)
    assert conflicts(told) == []
    assert "renumbered" in silenced(watch)
    goes_on = flown("old", HERE, 90.0, 100.0, [2_000.0] * 12)
    assert conflicts(watched(in_time(goes_on, new), TERMINAL)[0])


def test_the_hit_that_was_taken_for_a_new_number_is_told_at_the_end() -> None:
    old = flown("old", HERE, 90.0, 100.0, [2_000.0] * 30)
    (new,) = (replace(plot, track="new") for plot in old[9:10])
    told, watch = watched(in_time(old[:9], [new], old[11:]), TERMINAL)
    assert "renumbered" in silenced(watch)
    assert conflicts(told)[0].raised_at > new.at
    ended = told[-1]
    assert ended.state is not AlertState.RAISED
    assert ended.missed is not None
    assert (ended.missed.at, round(ended.missed.horizontal_m)) == (new.at, 0)


def test_an_alert_never_ends_because_it_was_silenced_for_a_moment() -> None:
    one = flown("a", HERE, 90.0, 100.0, [2_000.0] * 20)
    two = flown("b", destination(HERE, Leg(90.0, 6_000.0)), 270.0, 100.0, [2_000.0] * 20)
    told, _ = watched(in_time(one, two), TERMINAL)
    assert told[0].state is AlertState.RAISED
    assert len(conflicts(told)) == 1


def test_every_rule_has_a_reason_a_price_and_a_switch() -> None:
    assert set(RULES) == {*FILTERS, *PAIR_RULES, "fleeting"}
    for rule in RULES.values():
        assert rule.because.endswith(".")
        assert len(rule.hides) > 20
        assert rule.name not in EN_ROUTE.without([rule.name]).on


def test_the_documentation_prices_every_rule() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/maths/watch.md").read_text()
    for name in RULES:
        assert f"`{name}`" in text


def test_tracks_of_a_recording_are_kept_apart(shared: Find) -> None:
    assert set(by_track(hits(shared(CASES + "scaryTrackData.txt")))) == {"D21_B/2643", "D21_B/3472"}


def leaping(levels_ft: Sequence[float | None], **said: object) -> list[Plot]:
    """A track that flies at another's side, 1 NM to the south; its source says no climb."""
    plots = flown("a", destination(HERE, Leg(180.0, NAUTICAL_MILE_M)), 90.0, 250.0, levels_ft)
    return [replace(plot, **said) for plot in plots]  # type: ignore[arg-type]


NEAR = Rules(Minima(2 * NAUTICAL_MILE_M, 300 * FOOT_M), 30.0)


def test_a_height_taken_from_the_other_for_one_hit_raises_nothing_and_has_its_switch() -> None:
    level = flown("b", HERE, 90.0, 250.0, [10_000.0] * 9)
    swapped = leaping([9_000.0] * 4 + [10_000.0] + [9_000.0] * 4)
    told, watch = watched(in_time(swapped, level), NEAR)
    assert told == []
    assert "height_swap" in silenced(watch)
    assert conflicts(watched(in_time(swapped, level), NEAR.without(["height_swap"]))[0])


def test_two_that_exchange_their_heights_raise_nothing() -> None:
    one = leaping([9_000.0] * 4 + [10_000.0] * 2 + [9_000.0] * 3)
    two = flown("b", HERE, 90.0, 250.0, [10_000.0] * 4 + [9_000.0] * 2 + [10_000.0] * 3)
    assert conflicts(watched(in_time(one, two), NEAR)[0]) == []


def test_a_leap_that_the_next_hit_confirms_is_told() -> None:
    level = flown("b", HERE, 90.0, 250.0, [10_000.0] * 9)
    told, _ = watched(in_time(leaping([9_000.0] * 4 + [10_000.0] * 5), level), NEAR)
    assert conflicts(told)[0].raised_at.since(START) <= 25.0  # the leap is of second 20


def test_a_climb_to_the_others_height_is_no_swap() -> None:
    level = flown("b", HERE, 90.0, 250.0, [10_000.0] * 9)
    climbs = leaping([8_000.0, 8_400.0, 8_800.0, 9_200.0, 9_600.0, 10_000.0, 10_000.0, 10_000.0, 10_000.0])
    told, watch = watched(in_time(climbs, level), NEAR)
    assert conflicts(told)
    assert "height_swap" not in silenced(watch)


def test_between_two_parties_a_leap_is_told_at_once() -> None:
    level = flown("b", HERE, 90.0, 250.0, [10_000.0] * 9)
    swapped = leaping([9_000.0] * 4 + [10_000.0] + [9_000.0] * 4)
    told, watch = watched(of_two_parties(in_time(swapped, level)), NEAR)
    assert conflicts(told)
    assert watch.suppressed == []


def test_the_case_called_a_swap_by_its_authors_raises_nothing_whatever_is_switched_off(shared: Find) -> None:
    plots = hits(shared(CASES + "modeCSwap_1.txt"))  # no height in it leaps, and the two are never inside 5 NM and 1,000 ft
    for off in ([], ["height_swap"], ["height_jump"]):
        assert watched(plots, rules(5, 1000, 120).without(off))[0] == []


@pytest.mark.parametrize("rule", sorted(RULES))
def test_no_rule_alone_or_with_the_others_hides_the_real_near_mid_air(shared: Find, rule: str) -> None:
    plots = hits(shared(CASES + "scaryTrackData.txt"))
    for asked in (
        rules(0.3, 300, 30),
        rules(0.3, 300, 30).without([rule]),
        rules(0.3, 300, 30).without([name for name in RULES if name != rule]),
    ):
        told = conflicts(watched(plots, asked)[0])
        assert any(alert.predicted.closest is not None and 10.0 < (alert.warning_s or 0.0) <= 30.0 for alert in told)


@pytest.mark.parametrize("rule", ["renumbered", "seen_once", "fleeting", "formation"])
def test_a_rule_that_no_labelled_case_isolates_has_a_switch_that_brings_its_alarm_back(rule: str) -> None:
    if rule == "formation":
        wing = [
            flown(name, destination(HERE, Leg(180.0, away_m)), 90.0, 250.0, [9_000.0] * 40) for name, away_m in (("a", 0.0), ("b", 400.0))
        ]
        plots, asked = in_time(*wing), TERMINAL
    elif rule == "renumbered":
        old = flown("old", HERE, 90.0, 100.0, [2_000.0] * 6)
        new = [replace(plot, track="new", at=plot.at.plus(2.0)) for plot in flown("x", HERE, 90.0, 100.0, [2_000.0] * 12)[5:]]
        plots, asked = in_time(old, new), TERMINAL
    else:
        hits_ = 1 if rule == "seen_once" else 2
        short = [replace(plot, height=None) for plot in flown("a", HERE, 90.0, 200.0, [None] * hits_)]
        plots, asked = in_time(short, flown("b", destination(HERE, Leg(90.0, 1_000.0)), 270.0, 200.0, [2_000.0] * 2)), TERMINAL
    on, watch = watched(plots, asked)
    off, bare = watched(plots, asked.without([rule] if rule != "seen_once" else ["seen_once", "fleeting"]))
    assert rule in silenced(watch)
    assert rule not in silenced(bare)
    assert len([alert for alert in off if alert.state is AlertState.RAISED]) >= len(
        [alert for alert in on if alert.state is AlertState.RAISED]
    )
    assert off
