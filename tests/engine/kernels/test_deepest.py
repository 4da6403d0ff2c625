"""The deepest instant of a moving body at a volume: against the slow twin that looks at every instant."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import volumes
from tafadi.engine.kernels.entry import judge_entries
from tafadi.engine.layout import CLEAR, CONFLICT, DATUMS_UNLIKE, FOUND, UNKNOWN, Bodies, Floats, Records
from tafadi.engine.pack import FLAT, pack_flat

SECOND = 1_000_000_000
LASTS_S = 200.0
BAND_M = (100.0, 200.0)
SQUARE = np.array([(0.0, 0.0), (1000.0, 0.0), (1000.0, 1000.0), (0.0, 1000.0)])
HORSESHOE = np.array(
    [(0.0, 0.0), (3000.0, 0.0), (3000.0, 2000.0), (2000.0, 2000.0), (2000.0, 800.0), (900.0, 700.0), (1000.0, 2500.0), (0.0, 2000.0)]
)
NEEDLE = np.array([(-2000.0, 0.0), (2000.0, -30.0), (2500.0, 10.0), (2000.0, 40.0)])
Motion = tuple[float, float, float, float, float, float]


def volume(
    ring: Floats | None, radius_m: float = math.nan, codes: tuple[int, int] = (1, 1), bounds: tuple[float, float] = BAND_M
) -> Bodies:
    """One volume on a plane: a ring, or a circle around the origin."""
    flat = np.empty((0, 2)) if ring is None else ring
    places = np.concatenate([flat, np.zeros((len(flat), 1))], axis=1)
    one = np.ones(1)
    return Bodies(
        np.array([0, len(flat)]), places, np.zeros((1, 3)), one * radius_m, one * 1e4, one * bounds[0], one * bounds[1],
        np.array(codes[:1], np.int8), np.array(codes[1:], np.int8), np.zeros(1, np.int64), np.full(1, 1000 * SECOND),
    )  # fmt: skip


def judged(motion: Motion, bodies: Bodies, minima: tuple[float, float], datum: int = 1) -> Records:
    start, end = np.array(motion[:3]), np.array(motion[:3]) + LASTS_S * np.array(motion[3:])
    x, y, z = np.stack([start, end], axis=1)
    path = pack_flat(np.array([0, 2]), np.array([0, round(LASTS_S * SECOND)]), x, y, z, datum)
    found = np.zeros(1, FOUND)
    judge_entries(path, bodies, np.array([[0, 0]]), np.array([minima[0]]), np.array([minima[1]]), FLAT, found)
    return found


def told(found: Records) -> tuple[float, float, float]:
    return float(found["nearest_s"][0]), float(found["horizontal_m"][0]), float(found["vertical_m"][0])


place, height = st.floats(-3e3, 5e3), st.floats(-100, 400)
speed, climb = st.one_of(st.just(0.0), st.floats(-60, 60)), st.one_of(st.just(0.0), st.floats(-3, 3))
motions = st.tuples(place, place, height, speed, speed, climb)
asked = st.sampled_from([(0.0, 0.0), (700.0, 0.0), (0.0, 150.0), (700.0, 150.0), (3000.0, 40.0), (50.0, 500.0)])


def norm(horizontal: float, vertical: float, minima: tuple[float, float]) -> float:
    return max([distance / least for distance, least in zip((horizontal, vertical), minima, strict=True) if least > 0.0], default=0.0)


def check(found: Records, motion: Motion, away: Callable[[Floats, Floats], Floats], minima: tuple[float, float]) -> None:
    """That the twin sees nothing deeper, and sees what was found at the instant of it."""
    times = np.arange(0.0, LASTS_S, 0.05)
    seen = volumes.deepest(away, BAND_M, motion, minima, times)
    if found["verdict"][0] != CONFLICT:
        return  # whether it is inside at all is looked at in test_entry
    at, horizontal, vertical = told(found)
    here = volumes.deepest(away, BAND_M, motion, (1e9, 1e9), np.array([at]))
    assert here is not None
    assert (horizontal, vertical) == pytest.approx((here.horizontal, here.vertical), abs=1e-5)
    if seen is None:  # shorter than a step of the twin
        return
    deepest = norm(horizontal, vertical, minima)
    assert deepest <= seen.norm + 1e-8
    if deepest == 0.0 and seen.norm == 0.0 and min(minima) > 0.0:
        assert at <= seen.at + 1e-6  # the first of all that are as deep


@settings(max_examples=300, deadline=None)
@given(motions, asked, st.sampled_from([SQUARE, HORSESHOE, NEEDLE]))
def test_past_an_outline_nothing_deeper_is_seen_at_any_instant(motion: Motion, minima: tuple[float, float], ring: Floats) -> None:
    shape = shapely.Polygon(ring)
    shapely.prepare(shape)
    check(judged(motion, volume(ring), minima), motion, lambda x, y: np.asarray(shapely.distance(shape, shapely.points(x, y))), minima)


@settings(max_examples=300, deadline=None)
@given(motions, asked, st.sampled_from([300.0, 1_500.0]))
def test_past_a_circle_nothing_deeper_is_seen_at_any_instant(motion: Motion, minima: tuple[float, float], radius_m: float) -> None:
    check(judged(motion, volume(None, radius_m), minima), motion, lambda x, y: np.maximum(np.hypot(x, y) - radius_m, 0.0), minima)


def test_without_minima_the_deepest_instant_is_the_first_one_inside() -> None:
    found = judged((-500.0, 500.0, 150.0, 10.0, 0.0, 0.0), volume(SQUARE), (0.0, 0.0))
    assert told(found) == pytest.approx((50.0, 0.0, 0.0), abs=1e-6)
    assert found["nearest_s"][0] == found["start_s"][0]


def test_with_minima_it_is_the_first_instant_in_the_volume_itself() -> None:
    found = judged((-500.0, 500.0, 150.0, 10.0, 0.0, 0.0), volume(SQUARE), (300.0, 10.0))
    assert told(found) == pytest.approx((50.0, 0.0, 0.0), abs=1e-6)
    assert found["start_s"][0] == pytest.approx(20.0)
    over = judged((-500.0, 500.0, 260.0, 10.0, 0.0, -0.5), volume(SQUARE), (300.0, 100.0))  # at the top of the band after 120 s
    assert told(over) == pytest.approx((120.0, 0.0, 0.0), abs=1e-6)


def test_flying_past_at_a_steady_distance_is_deepest_from_the_beginning() -> None:
    found = judged((-100.0, 1_250.0, 230.0, 10.0, 0.0, 0.0), volume(SQUARE), (500.0, 60.0))
    at, horizontal, vertical = told(found)
    assert (horizontal, vertical) == pytest.approx((250.0, 30.0))
    assert at == pytest.approx(10.0)  # beside the first corner, from where on it stays as near


def test_where_the_height_decides_the_horizontal_distance_is_still_the_true_one() -> None:
    found = judged((-200.0, 500.0, 290.0, 0.0, 0.0, 0.0), volume(SQUARE), (5_000.0, 100.0))
    assert told(found) == pytest.approx((0.0, 200.0, 90.0))


def test_where_heights_cannot_be_compared_it_is_the_nearest_seen_from_above() -> None:
    found = judged((500.0, 1_200.0, 150.0, 0.0, -1.0, 0.0), volume(SQUARE, codes=(1, 2)), (400.0, 10.0))
    assert (found["verdict"][0], found["cause"][0]) == (UNKNOWN, DATUMS_UNLIKE)
    at, horizontal, vertical = told(found)
    assert (at, horizontal) == pytest.approx((200.0, 0.0), abs=1e-6)
    assert math.isnan(vertical)


@pytest.mark.parametrize("member", ["ring_m", "lower_m", "upper_m"])
def test_a_gap_in_the_volume_gives_no_distance_that_is_none(member: str) -> None:
    bodies = volume(SQUARE)
    values = getattr(bodies, member).copy()
    values[-1] = math.nan
    found = judged((-500.0, 500.0, 150.0, 10.0, 0.0, 0.0), bodies._replace(**{member: values}), (0.0, 0.0))
    assert found["verdict"][0] == UNKNOWN
    assert math.isnan(found["vertical_m"][0])


def test_a_circle_without_a_centre_or_with_an_endless_radius_is_unknown_never_clear() -> None:
    nowhere = volume(None, 1_000.0)._replace(centre_m=np.full((1, 3), math.nan))
    for bodies in (nowhere, volume(None, math.inf)):
        found = judged((-500.0, 500.0, 150.0, 10.0, 0.0, 0.0), bodies, (0.0, 0.0))
        assert found["verdict"][0] == UNKNOWN
        assert math.isnan(found["nearest_s"][0])


def test_what_stays_clear_has_no_deepest_instant() -> None:
    found = judged((-500.0, 5_000.0, 150.0, 10.0, 0.0, 0.0), volume(SQUARE), (300.0, 10.0))
    assert found["verdict"][0] == CLEAR
    assert math.isnan(found["nearest_s"][0])
