"""Recorded traffic: exact spans, whatever the cuts, the order and the company."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import history as slow
from tafadi.engine.history import Ask, Searched, Window, folded, places_deg, rules_of, search
from tafadi.engine.kernels.history_doubts import CONTRADICTED
from tafadi.engine.kernels.history_rows import GAP, JUMP, Plots
from tafadi.engine.layout import CONFLICT, DATUMS_UNLIKE, GEOID, HEIGHT_MISSING, MISSING, PRESSURE, UNKNOWN, VELOCITY_MISSING
from tafadi.engine.wellclear import PHASE_I_VOLUME, violations
from tafadi.errors import InputError
from tafadi.model.operation import Minima

START_NS = 1_500_000_000_000_000_000
ALL = Window(0, 4_000_000_000_000_000_000)
MINIMA = Minima(5_000.0, 300.0)
ASK = Ask(rules_of(MINIMA))
Row = tuple[int, float, float, float, float]  # track, seconds, latitude, longitude, height (NaN: not known)


def plots(rows: list[Row]) -> Plots:
    """The rows in arrays."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    datum = np.where(np.isnan(table[:, 4]), MISSING, PRESSURE).astype(np.int8)
    at_ns = START_NS + np.round(table[:, 1] * 1e9).astype(np.int64)
    lat, lon, height = (np.ascontiguousarray(table[:, n]) for n in (2, 3, 4))
    return Plots(table[:, 0].astype(np.int32), at_ns, lat, lon, height, datum)


def found(rows: list[Row], ask: Ask = ASK, window: Window = ALL) -> Searched:
    """What is found of the rows."""
    given_ones = plots(rows)
    return search([given_ones], int(given_ones.track.max(initial=-1)) + 1, ask, window)


def traffic(seed: int, tracks: int = 10, hits: int = 14) -> list[Row]:
    """Turning tracks with uneven times, some heights and some hits missing."""
    r = np.random.default_rng(seed)
    rows: list[Row] = []
    for track in range(tracks):
        at_s, lat, lon, height = r.uniform(0, 20), r.uniform(47.0, 47.15), r.uniform(8.0, 8.2), r.uniform(900, 1600)
        course = r.uniform(0, 2 * math.pi)
        for _ in range(hits):
            rows.append((track, round(at_s, 3), lat, lon, math.nan if r.random() < 0.08 else height))
            step_s = r.choice([4.0, 5.0, 12.0, 70.0], p=[0.4, 0.4, 0.17, 0.03])
            course += r.uniform(-0.3, 0.3)
            lat, lon = lat + 120.0 * step_s * math.cos(course) / 111_200.0, lon + 120.0 * step_s * math.sin(course) / 76_000.0
            at_s, height = at_s + step_s, height + r.uniform(-20, 20) * step_s / 5
    return rows


def odd_traffic(seed: int, tracks: int = 8, hits: int = 14) -> list[Row]:
    """Traffic with tracks of one plot, some in the instants of others, and with rows that contradict others."""
    r, rows = np.random.default_rng(seed + 100), traffic(seed, tracks, hits)
    picked = [rows[n] for n in r.integers(0, len(rows), 12)]
    lone = [(tracks + n, s, lat + 0.01 * r.random(), lon, h) for n, (_, s, lat, lon, h) in enumerate(picked[:6])]
    lone += [(tracks + 6 + n, s + 1.5, lat + 0.01 * r.random(), lon, h) for n, (_, s, lat, lon, h) in enumerate(picked[:6])]
    other = [(t, s, lat + r.choice([0.0, 0.001, 0.02]), lon, h + r.choice([0.0, 30.0, 400.0])) for t, s, lat, lon, h in picked[6:]]
    return rows + lone + other + other[:2]


def spans(searched: Searched) -> list[tuple[int, int, int, float, float]]:
    """First, second, verdict, start and end in seconds."""
    return [
        (int(p["first"]), int(p["second"]), int(p["verdict"]), (int(p["start_ns"]) - START_NS) / 1e9, (int(p["end_ns"]) - START_NS) / 1e9)
        for p in searched.pieces
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_spans_are_those_of_the_slow_twin(seed: int) -> None:
    rows = traffic(seed, tracks=7)
    hits = [slow.Hit(str(t), s, lat, lon, None if math.isnan(h) else h) for t, s, lat, lon, h in rows]
    expected = slow.losses(hits, MINIMA.horizontal_m, MINIMA.vertical_m, 60.0)
    ours = [one for one in spans(found(rows)) if one[4] - one[3] > 2 * slow.STEP_S]
    theirs = [one for one in expected if one.end_s - one.start_s > 2 * slow.STEP_S]
    codes = {"conflict": CONFLICT, "unknown": UNKNOWN}
    assert [one[:3] for one in ours] == [(int(one.first), int(one.second), codes[one.verdict]) for one in theirs]
    assert len(ours) > 3
    for one, other in zip(ours, theirs, strict=True):
        assert one[3] == pytest.approx(other.start_s, abs=2 * slow.STEP_S)
        assert one[4] == pytest.approx(other.end_s, abs=2 * slow.STEP_S)


def twins(rows: list[Row]) -> list[slow.Hit]:
    """The rows as the slow twin has them."""
    return [slow.Hit(str(t), s, lat, lon, None if math.isnan(h) else h) for t, s, lat, lon, h in rows]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_instants_that_two_share_are_those_of_the_slow_twin(seed: int) -> None:
    rows = odd_traffic(seed, 7)[: 7 * 14 + 12]  # without contradictions
    handed_s = sorted(row[1] for row in rows if row[0] == 3)[6]
    rows = [(30 if row[0] == 3 and row[1] > handed_s else row[0], *row[1:]) for row in rows]
    rows += [(30, *row[1:]) for row in rows if row[:2] == (3, handed_s)]
    expected = slow.instants(twins(rows), MINIMA.horizontal_m, MINIMA.vertical_m, 60.0)
    ours = [(str(one[0]), str(one[1]), one[2], round(one[3], 6)) for one in spans(found(rows)) if one[3] == one[4]]
    codes = {"conflict": CONFLICT, "unknown": UNKNOWN}
    assert sorted(ours) == sorted((*sorted((a, b), key=int), codes[said], round(s, 6)) for a, b, said, s, _ in expected)
    assert len(ours) > 5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whichever_of_contradicting_rows_is_true_nothing_is_missed_and_no_conflict_is_wrong(seed: int) -> None:
    rows = odd_traffic(seed, tracks=6)
    ours = spans(found(rows))
    assert {one[2] for one in ours} == {CONFLICT, UNKNOWN}
    doubted = {t for t, *_ in rows[-8:]}
    for at_s in np.arange(2.05, 100.0, 1.7):
        for pair, said in slow.verdict_at(twins(rows), float(at_s), MINIMA.horizontal_m, MINIMA.vertical_m, 60.0).items():
            first, second = sorted(map(int, pair))
            near = {one[2] for one in ours if one[:2] == (first, second) and one[3] - 0.02 <= at_s <= one[4] + 0.02}
            sure = {one[2] for one in ours if one[:2] == (first, second) and one[3] + 0.02 <= at_s <= one[4] - 0.02}
            assert near or said == "clear", (pair, at_s)
            if CONFLICT in sure:
                assert said == "conflict", (pair, at_s)
            if not doubted & {first, second} and len(near) == 1 == len(sure):
                assert said == ("conflict" if CONFLICT in sure else "unknown"), (pair, at_s)


@given(st.integers(0, 5), st.lists(st.one_of(st.floats(-5.0, 260.0), st.integers(0, 110)), max_size=5))
@settings(max_examples=30)
def test_wherever_time_is_cut_the_bits_are_the_same(seed: int, cuts: list[float]) -> None:
    rows, ask = odd_traffic(seed), Ask(rules_of(MINIMA, ["phase-1"]), floor_m=950.0)
    cuts_s = [rows[cut][1] if isinstance(cut, int) else cut for cut in cuts]  # some in the very instant of a plot
    bounds = [ALL.from_ns, *sorted(START_NS + round(cut * 1e9) for cut in cuts_s), ALL.until_ns]
    parts = [found(rows, ask, Window(a, b)) for a, b in pairwise(bounds)]
    together = folded(np.concatenate([part.pieces for part in parts][::-1]), ask)
    assert together.tobytes() == found(rows, ask).pieces.tobytes()
    assert sum(int(part.seen[:, 3].sum()) + part.repeated + part.contradicting for part in parts) == len(rows)


@given(st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_the_order_of_rows_changes_nothing_even_among_duplicates(shuffler: Any) -> None:
    rows = odd_traffic(4)[: len(traffic(4, 8)) + 12]
    rows += rows[:7] + [(t, s, lat + 0.01, lon, h) for t, s, lat, lon, h in rows[20:30]]
    expected = found(rows)
    shuffler.shuffle(rows)
    ours = found(rows)
    assert ours.pieces.tobytes() == expected.pieces.tobytes()
    assert (ours.repeated, ours.contradicting) == (expected.repeated, expected.contradicting) == (7, 10)


def test_the_pair_may_be_named_either_way_round() -> None:
    rows = traffic(5)
    turned = [(9 - t, *rest) for t, *rest in rows]
    one, other = found(rows).pieces, found(turned).pieces  # type: ignore[arg-type]
    names = ["start_ns", "end_ns", "at_ns", "norm", "horizontal_m", "x_m", "y_m", "z_m"]
    assert sorted(one[names].tolist()) == sorted(other[names].tolist())


def test_a_gap_is_told_and_never_bridged() -> None:
    still = [(1, float(s), 47.0, 8.0, 1000.0) for s in range(0, 101, 10)]
    gapped = [(0, float(s), 47.0, 8.01, 1000.0) for s in (0, 10, 75, 85)]
    ours = found(still + gapped)
    assert [one[2:] for one in spans(ours)] == [(CONFLICT, 0.0, 10.0), (CONFLICT, 75.0, 85.0)]
    assert (ours.broken[:, [0, 3]].tolist(), (ours.broken[0, 2] - ours.broken[0, 1]) / 1e9) == ([[0, GAP]], 65.0)


def test_a_jump_is_not_flown() -> None:
    still = [(1, float(s), 47.5, 8.0, 1000.0) for s in range(0, 41, 5)]
    jumping = [(0, 0.0, 47.0, 8.0, 1000.0), (0, 5.0, 47.0, 8.0, 1000.0), (0, 10.0, 48.0, 8.0, 1000.0), (0, 15.0, 48.0, 8.0, 1000.0)]
    ours = found(still + jumping)
    assert len(ours.pieces) == 0
    assert ours.broken[:, 3].tolist() == [JUMP]


def test_a_missing_height_is_unknown_and_unlike_datums_are_too() -> None:
    rows = [(t, float(s), 47.0, 8.0 + 0.01 * t, math.nan if t == 0 else 1000.0) for t in (0, 1) for s in (0, 10)]
    ours = found(rows).pieces
    assert [(int(p["verdict"]), int(p["cause"]), math.isnan(float(p["vertical_m"]))) for p in ours] == [(UNKNOWN, HEIGHT_MISSING, True)]
    given_ones = plots([(t, s, lat, lon, 9000.0 * t) for t, s, lat, lon, _ in rows])
    given_ones.datum[given_ones.track == 1] = GEOID
    other = search([given_ones], 2, ASK, ALL).pieces
    assert [(int(p["verdict"]), int(p["cause"])) for p in other] == [(UNKNOWN, DATUMS_UNLIKE)]


def test_exactly_at_the_vertical_minimum_is_separated() -> None:
    rows = [(t, float(s), 47.0, 8.0, 1000.0 + 300.0 * t) for t in (0, 1) for s in (0, 10)]
    assert len(found(rows).pieces) == 0
    closer = [(t, s, lat, lon, h - 0.001 * t) for t, s, lat, lon, h in rows]
    assert len(found(closer).pieces) == 1


LONG = [(0, 5.0 * n, 47.0, 8.0 + 0.002 * n, 1000.0) for n in range(30)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(0, 5.0, 47.0, 8.0, 1000.0), (1, 5.0, 47.0, 8.01, 1000.0)], [(0, 1, CONFLICT, 5.0, 5.0)]),
        ([(0, 5.0, 47.0, 8.0, 1000.0), (1, 5.1, 47.0, 8.01, 1000.0)], []),
        ([*LONG, (1, 52.0, 47.0, 8.02, 1000.0)], [(0, 1, CONFLICT, 52.0, 52.0)]),
        ([*LONG, (1, 50.0, 47.0, 8.02, math.nan)], [(0, 1, UNKNOWN, 50.0, 50.0)]),
        ([*LONG, *[(1, 50.0, 47.0, 8.02, 1000.0)] * 3], [(0, 1, CONFLICT, 50.0, 50.0)]),
        ([*LONG, (1, 145.0, 47.0, 8.06, 1000.0)], [(0, 1, CONFLICT, 145.0, 145.0)]),
        ([*LONG, (1, 145.1, 47.0, 8.06, 1000.0)], []),
        (
            [*LONG, (1, 0.0, 46.0, 8.0, 1000.0), (1, 70.0, 47.0, 8.03, 1000.0), (1, 140.0, 46.0, 8.0, 1000.0)],
            [(0, 1, CONFLICT, 70.0, 70.0)],
        ),
        ([*LONG[:25], *[(1, s, lat, lon, h) for _, s, lat, lon, h in LONG[24:]]], [(0, 1, CONFLICT, 120.0, 120.0)]),
        ([*LONG, (1, 50.0, 47.0, 8.02, 1300.0)], []),
    ],
    ids=[
        "two",
        "apart-in-time",
        "in-a-leg",
        "no-height",
        "repeated",
        "at-an-end",
        "after-it",
        "between-gaps",
        "one-ends-one-begins",
        "above",
    ],
)
def test_a_track_of_one_plot_meets_whoever_is_there_in_its_instant(rows: list[Row], expected: list[tuple[int, ...]]) -> None:
    assert spans(found(rows)) == expected
    assert spans(found([(1 - t, *rest) for t, *rest in rows])) == expected  # type: ignore[misc]


def test_an_instant_is_looked_at_on_its_grid_and_above_its_floor_only() -> None:
    rows = [*LONG, (1, 50.0, 47.0, 8.02, 1010.0), (2, 51.0, 47.0, 8.02, 1010.0)]
    assert [one[:2] for one in spans(found(rows, ASK._replace(grid_s=5.0)))] == [(0, 1)]
    assert spans(found(rows, ASK._replace(floor_m=1005.0))) == []
    assert len(spans(found(rows, ASK._replace(floor_m=1000.0)))) == 2


def test_one_plot_is_unknown_to_well_clear_as_far_as_anything_flies() -> None:
    ask = Ask(rules_of(None, ["phase-1"]))
    for lon, expected in ((8.02, [CONFLICT]), (8.3, [UNKNOWN]), (9.0, [])):
        ours = found([*LONG, (1, 50.0, 47.0, lon, 1000.0)], ask).pieces
        assert [int(p["verdict"]) for p in ours] == expected
        assert all(int(p["cause"]) == VELOCITY_MISSING for p in ours if p["verdict"] == UNKNOWN)
    both = [*LONG[:25], *[(1, s, lat, lon, h) for _, s, lat, lon, h in LONG[24:]]]
    assert [int(p["verdict"]) for p in found(both, ask).pieces] == [CONFLICT]


@pytest.mark.parametrize("lat", [46.0, 48.0])
def test_of_contradicting_rows_either_is_possible_whichever_is_lower(lat: float) -> None:
    beside = [(1, s, 47.0, lon + 0.01, h) for _, s, _, lon, h in LONG]
    ours = found([*LONG, *beside, *[(1, s, lat, lon, h) for _, s, _, lon, h in beside]])
    assert spans(ours) == [(0, 1, UNKNOWN, 0.0, 145.0)]
    assert [int(p["cause"]) for p in ours.pieces] == [CONTRADICTED]
    assert ours.contradicting == len(beside)


def test_a_loss_that_both_contradicting_rows_say_is_one() -> None:
    beside = [(1, s, 47.0, lon + 0.01, h) for _, s, _, lon, h in LONG]
    rows = [*LONG, *beside, *[(1, s, lat + 0.001, lon, h + 50.0) for _, s, lat, lon, h in beside[10:20]]]
    assert spans(found(rows)) == [(0, 1, CONFLICT, 0.0, 145.0)]
    higher = [*LONG, *beside, *[(1, s, lat, lon, h + 310.0) for _, s, lat, lon, h in beside[10:20]]]
    assert spans(found(higher)) == [(0, 1, CONFLICT, 0.0, 45.0), (0, 1, CONFLICT, 100.0, 145.0), (0, 1, UNKNOWN, 45.0, 100.0)]


def test_a_row_that_says_no_height_contradicts_none() -> None:
    ours = found([*LONG, *[(t, s, lat, lon, math.nan) for t, s, lat, lon, _ in LONG]])
    assert (ours.repeated, ours.contradicting) == (30, 0)


@pytest.mark.parametrize("shift_deg", [-188.1, 33.0, 171.9])
def test_turning_the_earth_changes_nothing_not_even_at_the_antimeridian(shift_deg: float) -> None:
    rows = traffic(2)
    moved = [(t, s, lat, (lon + shift_deg + 180.0) % 360.0 - 180.0, h) for t, s, lat, lon, h in rows]
    one, other = spans(found(rows)), spans(found(moved))
    assert np.allclose(np.array(one), np.array(other), atol=1e-5)


def test_two_that_pass_over_the_pole_meet_there() -> None:
    rows = [
        (0, float(s), 89.9 + 0.002 * s if s <= 50 else 90.0 - 0.002 * (s - 50), 10.0 if s <= 50 else -170.0, 3000.0)
        for s in range(0, 101, 5)
    ]
    rows += [
        (1, float(s), 89.9 + 0.002 * s if s <= 50 else 90.0 - 0.002 * (s - 50), -80.0 if s <= 50 else 100.0, 3000.0)
        for s in range(0, 101, 5)
    ]
    (piece,) = found(rows).pieces
    assert (int(piece["at_ns"]) - START_NS) / 1e9 == pytest.approx(50.0, abs=0.01)
    assert float(piece["horizontal_m"]) < 0.01


@pytest.mark.parametrize("rows", [[], [(0, 0.0, 47.0, 8.0, 1000.0)], [(0, 0.0, 47.0, 8.0, 1000.0), (0, 5.0, 47.0, 8.0, 1000.0)]])
def test_nobody_and_one_alone_lose_nothing(rows: list[Row]) -> None:
    assert len(found(rows).pieces) == 0


def test_well_clear_is_lost_when_the_volumes_of_the_watch_say_so() -> None:
    rows = [(0, float(s), 0.0, 0.0002 * s, 1000.0) for s in range(0, 61, 5)]
    rows += [(1, float(s), 0.005, 0.06 - 0.001 * s, 1050.0) for s in range(0, 61, 5)]
    ours = found(rows, Ask(rules_of(None, ["phase-1"]))).pieces
    metres = 6378137.0 * math.radians(1.0)
    north_m = 0.005 * 110_574.3
    motion = [0.06 * metres, north_m, 50.0, -0.0012 * metres, 0.0, 0.0]
    theirs = violations([motion], [PHASE_I_VOLUME], 60.0)
    assert (int(ours[0]["start_ns"]) - START_NS) / 1e9 == pytest.approx(float(theirs.enters_s[0, 0]), abs=0.05)
    assert (int(ours[-1]["end_ns"]) - START_NS) / 1e9 == pytest.approx(float(theirs.leaves_s[0, 0]), abs=0.05)


def test_a_grid_finds_a_part_of_what_is_there_all_the_time() -> None:
    rows = traffic(1)
    grid = found(rows, ASK._replace(grid_s=5.0))
    assert {one[:3] for one in spans(grid)} <= {one[:3] for one in spans(found(rows))}
    assert all(int(p["start_ns"]) % 5_000_000_000 == int(p["end_ns"]) % 5_000_000_000 == 0 for p in grid.pieces)
    assert len(grid.pieces) > 0


def test_below_the_floor_nothing_is_looked_at() -> None:
    rows = [(t, float(s), 47.0, 8.0, 900.0 + 20.0 * s) for t in (0, 1) for s in (0, 10)]
    assert [one[3:] for one in spans(found(rows, ASK._replace(floor_m=1000.0)))] == [(5.0, 10.0)]


def test_many_in_one_cell_are_all_compared() -> None:
    rows = [(t, float(s), 47.0 + 1e-5 * (t % 20), 8.0 + 1e-5 * (t // 20), 1000.0) for t in range(300) for s in (0, 5)]
    ours = found(rows)
    assert len(ours.pieces) == 300 * 299 // 2
    assert np.abs(places_deg(ours.pieces[:5]) - [47.0, 8.0]).max() < 0.01


@pytest.mark.parametrize("minima", [None, Minima(0.0, 300.0), Minima(5_000.0, 0.0)])
def test_without_minima_nothing_is_looked_for(minima: Minima | None) -> None:
    with pytest.raises(InputError, match="minima"):
        rules_of(minima)
