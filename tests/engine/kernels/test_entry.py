"""A trajectory and a volume: gaps in the data, edges that are only touched, and the slow twin that walks through time."""

import math

import numpy as np
import pytest

from tafadi.engine.kernels import entry as kernels
from tafadi.engine.layout import (
    CLEAR,
    CONFLICT,
    DATUMS_UNLIKE,
    FOUND,
    GEOID,
    GROUND,
    HEIGHT_MISSING,
    MISSING,
    NOT_FINITE,
    PRESSURE,
    UNKNOWN,
    Bodies,
    Floats,
    Paths,
    Records,
)
from tafadi.engine.pack import FLAT, pack_flat
from tafadi.measure.height import HIGHEST_M

SECOND = 1_000_000_000
SQUARE = np.array([(0.0, 0.0), (1000.0, 0.0), (1000.0, 1000.0), (0.0, 1000.0)])


def volume(
    ring: Floats | None = None, radius_m: float = math.nan, codes: tuple[int, int] = (1, 1), band: tuple[float, float] = (100.0, 200.0)
) -> Bodies:
    """One volume on a plane, from 0 to 1000 s: a ring, or a circle around the origin."""
    flat = np.empty((0, 2)) if ring is None else ring
    places = np.concatenate([flat, np.zeros((len(flat), 1))], axis=1)
    ball = 1e4
    one = np.ones(1)
    return Bodies(
        np.array([0, len(flat)]), places, np.zeros((1, 3)), one * radius_m, one * ball, one * band[0], one * band[1],
        np.array(codes[:1], np.int8), np.array(codes[1:], np.int8), np.zeros(1, np.int64), np.full(1, 1000 * SECOND),
    )  # fmt: skip


def path(*rows: tuple[float, float, float, float], datum: int = 1) -> Paths:
    """One path on a plane from rows of seconds, x, y, height."""
    table = np.array(rows, dtype=float)
    at_ns = (table[:, 0] * SECOND).astype(np.int64)
    return pack_flat(np.array([0, len(rows)]), at_ns, table[:, 1], table[:, 2], table[:, 3], datum)


def judged(paths: Paths, bodies: Bodies, reach_m: float = 0.0, half_m: float = 0.0, *, interpreted: bool = False) -> Records:
    found = np.zeros(1, FOUND)
    kernel = kernels.judge_entries.py_func if interpreted else kernels.judge_entries  # type: ignore[attr-defined]
    kernel(paths, bodies, np.array([[0, 0]]), np.array([reach_m]), np.array([half_m]), FLAT, found)
    return found


THROUGH = path((0, -500, 500, 150), (200, 1500, 500, 150))


def test_it_enters_and_leaves_at_the_edges() -> None:
    found = judged(THROUGH, volume(SQUARE))
    assert found["verdict"][0] == CONFLICT
    assert (found["start_s"][0], found["end_s"][0]) == pytest.approx((50.0, 150.0), abs=1e-6)


def test_compiled_and_interpreted_agree() -> None:
    assert judged(THROUGH, volume(SQUARE)).tolist()[0][:5] == judged(THROUGH, volume(SQUARE), interpreted=True).tolist()[0][:5]


def test_a_buffer_begins_the_entry_earlier_and_rounds_the_corners() -> None:
    found = judged(THROUGH, volume(SQUARE), 100.0, 10.0)
    assert (found["start_s"][0], found["end_s"][0]) == pytest.approx((40.0, 160.0), abs=1e-6)
    corner = path((0, -70.0, 1170.0, 150), (100, -71.0, 1171.0, 150))  # 184 m from the corner, 170 m beyond the side
    assert judged(corner, volume(SQUARE), 180.0)["verdict"][0] == CLEAR
    assert judged(corner, volume(SQUARE), 190.0)["verdict"][0] == CONFLICT


def test_a_circle_is_a_circle() -> None:
    found = judged(path((0, -2000, 600, 150), (400, 2000, 600, 150)), volume(None, 1000.0))
    assert (found["start_s"][0], found["end_s"][0]) == pytest.approx((120.0, 280.0), abs=1e-6)
    assert judged(path((0, -2000, 1000, 150), (400, 2000, 1000, 150)), volume(None, 1000.0))["verdict"][0] == CLEAR


@pytest.mark.parametrize("along", [
    path((0, -500, 0, 150), (200, 1500, 0, 150)),  # along the edge
    path((0, -500, 500, 200), (200, 1500, 500, 200)),  # along the top
    path((0, -500, 500, 100), (200, 1500, 500, 100)),  # along the bottom
    path((0, -1000, 1000, 150), (200, 1000, 3000, 150)),  # past the corner
    path((0, -1000, 1000, 150), (200, 1000, -1000, 150)),  # through one corner point only
])  # fmt: skip
def test_touching_is_not_entering(along: Paths) -> None:
    assert judged(along, volume(SQUARE))["verdict"][0] == CLEAR


def test_hovering_inside_is_a_conflict_for_all_the_time() -> None:
    found = judged(path((100, 500, 500, 150), (300, 500, 500, 150)), volume(SQUARE))
    assert (found["verdict"][0], found["end_s"][0] - found["start_s"][0]) == (CONFLICT, 200.0)


def test_climbing_into_the_band_begins_the_entry() -> None:
    found = judged(path((0, 500, 500, 0), (300, 500, 500, 300)), volume(SQUARE))
    assert (found["start_s"][0], found["end_s"][0]) == pytest.approx((100.0, 200.0), abs=1e-6)


def test_outside_its_time_a_volume_is_clear() -> None:
    assert judged(path((1000, 500, 500, 150), (1300, 500, 500, 150)), volume(SQUARE))["verdict"][0] == CLEAR


@pytest.mark.parametrize("member", ["place_m", "height_m"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_gap_in_the_path_is_unknown_never_clear(member: str, bad: float) -> None:
    values = getattr(THROUGH, member).copy()
    values[0] = bad
    found = judged(THROUGH._replace(**{member: values}), volume(SQUARE))
    assert (found["verdict"][0], found["cause"][0]) == (UNKNOWN, NOT_FINITE)


@pytest.mark.parametrize("member", ["ring_m", "centre_m", "lower_m", "upper_m", "ball_m"])
def test_a_gap_in_the_volume_is_never_clear(member: str) -> None:
    bodies = volume(SQUARE)
    values = getattr(bodies, member).copy()
    values[-1] = math.nan
    assert judged(THROUGH, bodies._replace(**{member: values}))["verdict"][0] != CLEAR
    assert judged(path((0, -500, 50, 150), (200, 1500, 50, 150)), bodies._replace(**{member: values}))["verdict"][0] != CLEAR


@pytest.mark.parametrize(
    ("codes", "datum", "cause"), [((1, 2), 1, DATUMS_UNLIKE), ((-1, 1), 1, HEIGHT_MISSING), ((1, 1), -1, HEIGHT_MISSING)]
)
def test_heights_that_cannot_be_compared_are_unknown_while_over_the_ground(codes: tuple[int, int], datum: int, cause: int) -> None:
    found = judged(path((0, -500, 500, 150), (200, 1500, 500, 150), datum=datum), volume(SQUARE, codes=codes))
    assert (found["verdict"][0], found["cause"][0]) == (UNKNOWN, cause)
    assert (found["start_s"][0], found["end_s"][0]) == pytest.approx((50.0, 150.0), abs=1e-6)


def test_one_comparable_bound_may_keep_apart() -> None:
    assert judged(path((0, -500, 500, 50), (200, 1500, 500, 50)), volume(SQUARE, codes=(1, 2)))["verdict"][0] == CLEAR
    assert judged(path((0, -500, 500, 250), (200, 1500, 500, 250), datum=2), volume(SQUARE, codes=(1, 2)))["verdict"][0] == CLEAR


def test_nothing_flies_below_a_volume_that_stands_on_the_ground() -> None:
    found = judged(path((0, -500, 500, 150), (200, 1500, 500, 150), datum=2), volume(SQUARE, codes=(3, 2), band=(0.0, 200.0)))
    assert found["verdict"][0] == CONFLICT


def test_air_from_the_ground_without_a_top_holds_whatever_height_a_body_has() -> None:
    below = volume(SQUARE, codes=(GROUND, PRESSURE), band=(0.0, HIGHEST_M))
    for datum in (GEOID, PRESSURE, GROUND, MISSING):
        for half_m in (0.0, 50.0):
            found = judged(path((0, -500, 500, 150), (200, 1500, 500, 150), datum=datum), below, half_m, half_m)
            assert (found["verdict"][0], found["cause"][0]) == (CONFLICT, 0), datum
            assert found["vertical_m"][0] == 0.0
    unnamed = path((0, -500, 500, math.nan), (200, 1500, 500, math.nan), datum=MISSING)
    assert judged(unnamed, below)["verdict"][0] == CONFLICT
    assert judged(unnamed._replace(datum=np.full(2, GEOID, np.int8)), below)["cause"][0] == NOT_FINITE


def test_a_bottom_that_does_not_compare_stays_unknown_without_a_top() -> None:
    found = judged(THROUGH, volume(SQUARE, codes=(PRESSURE, PRESSURE), band=(100.0, HIGHEST_M)))
    assert (found["verdict"][0], found["cause"][0]) == (UNKNOWN, DATUMS_UNLIKE)
    high = judged(THROUGH, volume(SQUARE, codes=(GEOID, PRESSURE), band=(151.0, HIGHEST_M)), 0.0, 10.0)
    assert high["verdict"][0] == CONFLICT
    assert high["vertical_m"][0] == pytest.approx(1.0)
    assert judged(THROUGH, volume(SQUARE, codes=(GEOID, PRESSURE), band=(151.0, HIGHEST_M)))["verdict"][0] == CLEAR
