"""Alerts of DO-365: NASA's recorded encounters, the filter against its slow twin, and what is not known."""

import csv
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import wellclear as twin
from reference.recordings import by_track, hits
from tafadi.engine.alerting import (
    NON_COOPERATIVE,
    PHASE_I,
    PHASE_II,
    UNKNOWN_LEVEL,
    AlertFilter,
    Alerts,
    Filter,
    Level,
    RuleSet,
    alerts,
    alerts_of,
)
from tafadi.engine.wellclear import PHASE_I_VOLUME, PREVENTIVE_VOLUME, States, relative_motions, states_of
from tafadi.errors import InputError
from tafadi.measure.height import Datum
from tafadi.measure.instant import Instant
from tafadi.measure.units import FOOT_M, NAUTICAL_MILE_M

NASA = {
    "H1": "gold/DaidalusqAlerting-no_sum.csv",
    "C0_0_120": "C0_0_120__no_sum.csv",
    "C1_0_120": "C1_0_120__no_sum.csv",
    "H0_0_120": "H0_0_120__no_sum.csv",
}
SETS = (PHASE_I, PHASE_II, NON_COOPERATIVE)
Find = Callable[[str], Path]


class Encounter(NamedTuple):
    """A recorded encounter, as numbers for the twin and for the engine."""

    time_s: list[float]
    own: list[twin.State]
    other: list[twin.State]

    def found(self, rules: RuleSet = PHASE_I) -> Alerts:
        return alerts(self.time_s, columns(self.own), columns(self.other), rules)


def columns(side: list[twin.State]) -> States:
    """The twin's states as the engine takes them."""
    lat, lon, height, east, north, climb = np.array(side).T
    return States(lat, lon, height, east, north, climb, Datum.GEOID)


def encounter(path: Path, name: str | None = None) -> Encounter:
    """Own and the other of that name (else the only one) of a .daa file."""
    by_time = twin.read_daa(path.read_text(encoding="utf-8"))
    pairs = []
    for at_s, ((_, own), *others) in by_time.items():
        pairs += [(at_s, twin.state(own), twin.state(cells)) for other, cells in others if name in (None, other)]
    times, owns, others_ = zip(*pairs, strict=True)
    return Encounter(list(times), list(owns), list(others_))


def told(path: Path) -> dict[str, list[str]]:
    """The columns of a table that NASA's program wrote, without their units."""
    head, _, *rows = [[cell.strip() for cell in line] for line in csv.reader(path.read_text(encoding="utf-8").splitlines())]
    return dict(zip(head, map(list, zip(*rows, strict=True)), strict=True))


def numbers(column: list[str], unit: float = 1.0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([math.inf if cell == "infty" else float(cell or "nan") * unit for cell in column])


def zones(rules: RuleSet) -> list[tuple[twin.Zone, float]]:
    """The levels as the twin takes them."""
    return [((one.volume.distance_m, one.volume.height_m, one.volume.tau_s), one.alert_s) for one in rules.levels]


# NASA's recorded encounters


@pytest.mark.parametrize("name", NASA)
def test_every_time_to_volume_is_nasas_to_a_microsecond(name: str, shared: Find) -> None:
    found, nasa = encounter(shared(f"vectors/daidalus/scenarios/{name}.daa")).found(), told(shared(f"vectors/daidalus/{NASA[name]}"))
    assert found.time_s.tolist()[: len(nasa["Time"])] == numbers(nasa["Time"]).tolist()
    count = 0
    for level in (1, 2, 3):
        wanted, got = numbers(nasa[f"Time to Volume of Alert({level})"]), found.enters_s[: len(nasa["Time"]), level - 1]
        finite = np.isfinite(wanted)
        count += int(finite.sum())
        assert (np.isfinite(got) == finite).all()
        assert np.abs(got[finite] - wanted[finite]).max() < 1e-6
    assert count > 300


@pytest.mark.parametrize("name", NASA)
def test_the_filtered_level_is_nasas_at_every_instant(name: str, shared: Find) -> None:
    found, nasa = encounter(shared(f"vectors/daidalus/scenarios/{name}.daa")).found(), told(shared(f"vectors/daidalus/{NASA[name]}"))
    wanted = [int(cell) for cell in nasa["Alert Level"]]
    assert found.level[: len(wanted)].tolist() == wanted
    assert set(wanted) == {0, 2, 3}
    assert found.raw[: len(wanted)].tolist() != wanted  # or the filter would not have been tried


@pytest.mark.parametrize("name", NASA)
@pytest.mark.parametrize("rules", SETS, ids=lambda rules: rules.name)
def test_raw_and_filtered_levels_are_the_slow_twins(name: str, rules: RuleSet, shared: Find) -> None:
    recorded = encounter(shared(f"vectors/daidalus/scenarios/{name}.daa"))
    found, sieve = recorded.found(rules), twin.Sieve(2, 4, 5.0, 4.0)
    raw = [twin.raw_level(twin.relative(own, other), zones(rules)) for own, other in zip(recorded.own, recorded.other, strict=True)]
    assert found.raw.tolist() == raw
    assert found.level.tolist() == [sieve.look(at_s, one) for at_s, one in zip(recorded.time_s, raw, strict=True)]


@pytest.mark.parametrize("name", NASA)
def test_separation_and_closest_approach_are_nasas_as_far_as_they_are_printed(name: str, shared: Find) -> None:
    found, nasa = encounter(shared(f"vectors/daidalus/scenarios/{name}.daa")).found(), told(shared(f"vectors/daidalus/{NASA[name]}"))
    count = len(nasa["Time"])
    printed = 0.51e-6
    assert np.abs(found.horizontal_m[:count] / NAUTICAL_MILE_M - numbers(nasa["Horizontal Separation"])).max() < printed
    assert np.abs(found.vertical_m[:count] / FOOT_M - numbers(nasa["Vertical Separation"])).max() < printed
    assert np.abs(found.closest_s[:count] - numbers(nasa["Projected TCPA"])).max() < printed
    assert np.abs(found.miss_m[:count] / NAUTICAL_MILE_M - numbers(nasa["Projected DCPA"])).max() < printed


def test_entry_exit_and_level_are_those_of_nasas_batch(shared: Find) -> None:
    text = shared("vectors/daidalus/gold/DaidalusBatch-no_sum.out").read_text(encoding="utf-8")
    found = encounter(shared("vectors/daidalus/scenarios/H1.daa")).found()
    row = {at_s: number for number, at_s in enumerate(found.time_s.tolist())}
    blocks = re.split(r"^Time: ", text, flags=re.M)[1:]
    assert len(blocks) == 230
    stretches = 0
    for block in blocks:
        at = row[float(block.split()[0])]
        span = re.search(r"Time to Corrective Volume with Intruder: \[([\d.]+) \[s\], ([\d.]+) \[s\]\]", block)
        level = re.search(r"Alert Level (\d) with", block)
        assert level is not None
        assert found.level[at] == int(level[1])
        if span is None:
            assert math.isinf(found.enters_s[at, 1])
        else:
            stretches += 1
            assert found.enters_s[at, 1] == pytest.approx(float(span[1]), abs=1e-6)
            assert found.leaves_s[at, 1] == pytest.approx(float(span[2]), abs=1e-6)
    assert stretches > 150


@pytest.mark.parametrize("name", ["AC1", "AC2", "AC3"])
def test_an_encounter_of_many_is_the_slow_twins_pair_by_pair(name: str, shared: Find) -> None:
    recorded = encounter(shared("data/permissive/daa/nasa_MultiAircraft.daa"), name)
    found = recorded.found()
    raw = [twin.raw_level(twin.relative(own, other), zones(PHASE_I)) for own, other in zip(recorded.own, recorded.other, strict=True)]
    assert found.raw.tolist() == raw
    assert len(raw) > 50


def test_the_same_encounter_on_a_plane_alerts_at_the_same_looks(shared: Find) -> None:
    by_time = twin.read_daa(shared("vectors/daidalus/scenarios/H0_0_120.xyz").read_text(encoding="utf-8"))
    rows = []
    for (_, own), (_, other) in by_time.values():
        sides = []
        for cells in (own, other):
            course = math.radians(cells["trk"])
            flown = cells["gs"] * math.sin(course), cells["gs"] * math.cos(course), cells["vs"]
            sides.append(np.array([cells["sx"], cells["sy"], cells["sz"], *flown]))
        rows.append(sides[1] - sides[0])
    flat = alerts_of(list(by_time), np.array(rows))
    round_ = encounter(shared("vectors/daidalus/scenarios/H0_0_120.daa")).found()
    assert np.abs(flat.level - round_.level).sum() <= 3  # the sphere shifts a crossing by at most a look
    assert set(flat.level.tolist()) == {0, 2, 3}


def test_the_real_near_mid_air_is_warned_of_half_a_minute_before(shared: Find) -> None:
    tracks = by_track(hits(shared("data/permissive/radar_nop/cases/scaryTrackData.txt")))
    start = Instant.parse("2018-03-24T15:01:00Z")
    instants = [start.plus(float(second)) for second in range(180)]
    own, other = (states_of(tracks[name], instants) for name in ("D21_B/3472", "D21_B/2643"))
    found = alerts([at.since(start) for at in instants], own, other, NON_COOPERATIVE)
    warned = np.flatnonzero(found.level == 3)
    closest_s = Instant.parse("2018-03-24T15:02:59.39Z").since(start)  # by straight lines between the hits: the data folder's README
    assert 25.0 < closest_s - found.time_s[warned[0]] < 35.0
    assert (found.level[warned[0] : int(closest_s) + 1] == 3).all()
    assert found.enters_s[int(closest_s), 1] == 0.0
    assert (found.level[:60] == 0).all()


# The filter

looks = st.lists(st.tuples(st.sampled_from([0.2, 1.0, 1.0, 1.0, 2.5, 5.0, 5.1, 12.0]), st.integers(-1, 3)), max_size=40)
filters = st.sampled_from([(2, 4, 5.0, 4.0), (1, 1, 5.0, 0.0), (3, 4, 5.0, 4.0), (4, 4, 12.0, 8.0), (2, 4, 0.0, 4.0), (2, 3, 2.5, 1.0)])


@settings(max_examples=300, deadline=None)
@given(looks, filters)
def test_the_filter_is_the_slow_twins(looked: list[tuple[float, int]], asked: tuple[int, int, float, float]) -> None:
    times, raw = np.cumsum([gap_s for gap_s, _ in looked]), np.array([level for _, level in looked], dtype=int)
    sieve, fast = twin.Sieve(*asked), AlertFilter(Filter(*asked))
    assert fast.looks(times, raw).tolist() == [sieve.look(float(at_s), int(one)) for at_s, one in zip(times, raw, strict=True)]


@settings(deadline=None)
@given(looks, st.integers(0, 40))
def test_looks_in_parts_are_filtered_as_at_once(looked: list[tuple[float, int]], cut: int) -> None:
    times, raw = np.cumsum([gap_s for gap_s, _ in looked]), np.array([level for _, level in looked], dtype=int)
    whole, parts = AlertFilter(Filter()), AlertFilter(Filter())
    one_by_one = [parts.look(float(at_s), int(one)) for at_s, one in zip(times[:cut], raw[:cut], strict=True)]
    assert [*one_by_one, *parts.looks(times[cut:], raw[cut:])] == whole.looks(times, raw).tolist()


@settings(deadline=None)
@given(looks)
def test_a_look_that_knows_nothing_never_says_that_there_is_no_alert(looked: list[tuple[float, int]]) -> None:
    times, raw = np.cumsum([gap_s for gap_s, _ in looked]), np.array([level for _, level in looked], dtype=int)
    assert (AlertFilter(Filter()).looks(times, raw)[raw == UNKNOWN_LEVEL] != 0).all()


def filtered(raw: list[int], gap_s: float = 1.0, settings_: Filter | None = None) -> list[int]:
    return [int(one) for one in AlertFilter(settings_ or Filter()).looks(np.arange(len(raw)) * gap_s, raw)]


def test_one_garbled_look_neither_raises_nor_ends_an_alert() -> None:
    assert filtered([0, 0, 3, 0, 0, 0]) == [0] * 6
    assert filtered([3, 3, 3, 3, 3, 3, 0, 3, 3]) == [3] * 9


def test_a_raised_alert_stands_for_four_seconds() -> None:
    assert filtered([0, 0, 3, 3, 0, 0, 0, 0]) == [0, 0, 0, 3, 3, 3, 3, 0]
    assert filtered([0, 0, 3, 3, 0, 0, 0, 0], settings_=Filter(persistence_s=0.0)) == [0, 0, 0, 3, 3, 3, 0, 0]


def test_the_first_look_and_one_after_a_long_gap_count_at_once() -> None:
    assert filtered([3, 0]) == [3, 3]
    assert filtered([0, 3, 0, 3], gap_s=5.1) == [0, 3, 0, 3]
    assert filtered([0, 3, 0, 0], gap_s=5.0) == [0, 0, 0, 0]


def test_an_alert_outlives_a_missing_look_and_then_nobody_knows() -> None:
    assert filtered([3, 3, 3, 3, -1, -1, -1, 3]) == [3, 3, 3, 3, 3, 3, -1, 3]
    assert filtered([0, 0, 0, -1, 0]) == [0, 0, 0, -1, 0]


def test_a_time_that_is_not_later_begins_anew() -> None:
    sieve = AlertFilter(Filter())
    assert [sieve.look(10.0, 0), sieve.look(11.0, 3), sieve.look(11.0, 3), sieve.look(5.0, 2)] == [0, 0, 3, 2]


# The levels


def approach(enters_s: float, height_m: float = 0.0) -> list[list[float]]:
    """Head on at 200 m/s, entering the volume of Phase I after that long."""
    distance_m, half_s = PHASE_I_VOLUME.distance_m, PHASE_I_VOLUME.distance_m / 200.0
    closest_s = enters_s + 17.5 + math.hypot(half_s, 17.5)
    assert distance_m / 200.0 == half_s
    return [[200.0 * closest_s, 0.0, height_m, -200.0, 0.0, 0.0]]


@pytest.mark.parametrize(("enters_s", "level"), [(56.0, 0), (54.0, 2), (26.0, 2), (24.0, 3), (0.0, 3)])
def test_the_level_is_the_highest_that_is_due(enters_s: float, level: int) -> None:
    assert alerts_of([0.0], approach(enters_s)).raw.tolist() == [level]


def test_between_the_two_heights_only_the_preventive_alert_is_raised() -> None:
    assert alerts_of([0.0], approach(20.0, height_m=600 * FOOT_M)).raw.tolist() == [1]
    assert alerts_of([0.0], approach(20.0, height_m=701 * FOOT_M)).raw.tolist() == [0]


def test_exactly_at_the_alerting_time_there_is_no_alert_yet() -> None:
    found = alerts_of([0.0], approach(40.0))
    due = float(found.enters_s[0, 1])
    for alert_s, level in ((due, 0), (math.nextafter(due, 999.0), 1)):
        rules = RuleSet("one", (Level("only", PHASE_I_VOLUME, alert_s, 99.0),))
        assert alerts_of([0.0], approach(40.0), rules).raw.tolist() == [level]


def test_the_three_sets_have_the_times_of_nasas_configuration(shared: Find) -> None:
    text = shared("vectors/daidalus/config/DO_365B_no_SUM.conf").read_text(encoding="utf-8")
    for name, rules in (("Phase_I", PHASE_I), ("Phase_II", PHASE_II), ("Non_Coop", NON_COOPERATIVE)):
        for number, level in enumerate(rules.levels, 1):
            for word, value_s in (("alerting_time", level.alert_s), ("early_alerting_time", level.early_s)):
                assert f"DWC_{name}_alert_{number}_{word} = {value_s:.1f} [s]" in text
    for line in ("hysteresis_time = 5.0", "persistence_time = 4.0", "alerting_m = 2", "alerting_n = 4", "lookahead_time = 180.0"):
        assert line in text


@pytest.mark.parametrize("field", range(6))
def test_a_gap_in_the_data_is_an_unknown_level_never_none(field: int) -> None:
    rows = np.array(approach(150.0) * 3)
    rows[1, field] = math.nan
    found = alerts_of([0.0, 1.0, 2.0], rows)
    assert found.raw.tolist() == [0, UNKNOWN_LEVEL, 0]
    assert found.level.tolist() == [0, UNKNOWN_LEVEL, 0]
    assert np.isnan(found.enters_s[1]).all()


@pytest.mark.parametrize("name", NASA)
def test_who_is_own_changes_no_level_of_a_recorded_encounter(name: str, shared: Find) -> None:
    recorded = encounter(shared(f"vectors/daidalus/scenarios/{name}.daa"))
    one, other = recorded.found(), Encounter(recorded.time_s, recorded.other, recorded.own).found()
    assert one.level.tolist() == other.level.tolist()
    # The frames are about unlike places: H1 begins 82 km apart, and differs there by 8 ms.
    known = np.isfinite(one.enters_s)
    assert np.abs(one.enters_s[known] - other.enters_s[known]).max() < 0.01


def test_shifting_the_clock_changes_nothing(shared: Find) -> None:
    recorded = encounter(shared("vectors/daidalus/scenarios/C1_0_120.daa"))
    later = Encounter([at_s + 3600.0 for at_s in recorded.time_s], recorded.own, recorded.other)
    assert later.found().level.tolist() == recorded.found().level.tolist()


def test_columns_are_of_one_length_and_named_with_their_units(shared: Find) -> None:
    found = encounter(shared("vectors/daidalus/scenarios/H1.daa")).found()
    named = found.columns()
    assert {len(column) for column in named.values()} == {len(found.time_s)}
    assert all(name.endswith(("_s", "_m")) for name in named if name not in ("raw", "level"))


def test_what_is_not_known_is_no_number_in_any_column() -> None:
    named = alerts_of([0.0], [[math.nan] * 6]).columns()
    assert named.pop("raw").tolist() == named.pop("level").tolist() == [UNKNOWN_LEVEL]
    del named["time_s"]
    assert all(math.isnan(column[0]) for column in named.values())


def test_an_encounter_of_no_looks_is_an_empty_table() -> None:
    found = alerts_of([], np.empty((0, 6)))
    assert found.level.shape == (0,)
    assert found.enters_s.shape == (0, 3)


# Refusals


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        ([0.0, 0.0], "time 1, 0.0 s, is not later"),
        ([1.0, 0.0], "not later"),
        ([0.0, math.nan], "time 1 is no number"),
        ([0.0, math.inf], "time 1 is no number"),
        ([0.0], "n rows"),
        ([[0.0, 1.0]], "n rows"),
        (["a", "b"], "no numbers"),
    ],
)
def test_times_that_are_none_are_refused_in_a_sentence(times: list[float], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        alerts_of(times, np.zeros((2, 6)))


def test_a_lookahead_that_would_miss_alerts_is_refused() -> None:
    with pytest.raises(InputError, match="would miss alerts"):
        alerts_of([0.0], np.zeros((1, 6)), lookahead_s=54.0)


@pytest.mark.parametrize("bad", [(0, 4, 5.0, 4.0), (5, 4, 5.0, 4.0), (2, 101, 5.0, 4.0), (2, 4, -1.0, 4.0), (2, 4, 5.0, math.nan)])
def test_filters_that_are_none_are_refused(bad: tuple[int, int, float, float]) -> None:
    with pytest.raises(InputError, match="filter"):
        Filter(*bad)


def test_levels_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="whole numbers"):
        AlertFilter(Filter()).looks([0.0, 1.0], [0, 2.5])
    with pytest.raises(InputError, match="whole numbers"):
        AlertFilter(Filter()).look(0.0, -2)
    with pytest.raises(InputError, match="time 0 is no number"):
        AlertFilter(Filter()).look(math.nan, 0)
    with pytest.raises(InputError, match="one length"):
        AlertFilter(Filter()).looks([0.0, 1.0], [0])


def test_rules_that_are_none_are_refused() -> None:
    with pytest.raises(InputError, match="levels of alert"):
        RuleSet("none", ())
    for times in ((0.0, 75.0), (80.0, 75.0), (math.nan, 75.0), (55.0, math.inf)):
        with pytest.raises(InputError, match="at the earliest"):
            Level("wrong", PREVENTIVE_VOLUME, *times)


def test_the_motions_of_states_are_those_that_are_judged() -> None:
    own, other = (States([40.0], [lon], [0.0], [0.0], [0.0], [0.0], Datum.GEOID) for lon in (10.0, 10.01))
    assert np.array_equal(alerts([0.0], own, other).motion, relative_motions(own, other))
