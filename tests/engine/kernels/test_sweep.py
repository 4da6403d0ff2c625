"""The prefilter never drops a pair: against all pairs."""

import numpy as np
import pytest

from tafadi.engine.kernels.sweep import Items, near_pairs


def scattered(count: int, seed: int) -> Items:
    r = np.random.default_rng(seed)
    start = r.integers(0, 10_000, count)
    lasting = np.where(r.random(count) < 0.1, 1_000_000, r.integers(1, 500, count))
    return Items(
        start * 10**9, (start + lasting) * 10**9, r.uniform(-50e3, 50e3, (count, 3)), r.uniform(100, 5_000, count),
        r.choice([0.0, 9_260.0], count, p=[0.9, 0.1]), r.integers(0, count // 2, count),
    )  # fmt: skip


def every_pair(items: Items) -> set[tuple[int, int]]:
    a, b = np.triu_indices(len(items.owner), 1)
    keep = (items.owner[a] != items.owner[b]) & (
        np.maximum(items.start_ns[a], items.start_ns[b]) < np.minimum(items.end_ns[a], items.end_ns[b])
    )
    apart = np.linalg.norm(items.centre_m[a] - items.centre_m[b], axis=1)
    keep &= apart <= items.radius_m[a] + items.radius_m[b] + np.maximum(items.margin_m[a], items.margin_m[b])
    return set(zip(a[keep].tolist(), b[keep].tolist(), strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_the_sweep_keeps_exactly_the_pairs_whose_balls_meet_each_once(seed: int) -> None:
    items = scattered(400, seed)
    found = [tuple(pair) for pair in near_pairs(items).tolist()]
    assert len(found) == len(set(found))
    assert set(found) == every_pair(items)


def test_none_or_one_item_has_no_pairs() -> None:
    assert len(near_pairs(scattered(2, 0)._replace(owner=np.empty(0, np.int64)))) == 0
