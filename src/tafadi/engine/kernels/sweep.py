"""Which pairs can be near each other at all? A prefilter: it may keep too many, and never drops one that matters.

Every item is a ball that lasts for a span. Time is cut into slabs about as long as a mean item; within a slab the balls are sorted along
one axis and swept, with a glance at a second one. A pair that shares several slabs is told once, in the first that it shares, so no result
depends on the slabs.

Units : metres, nanoseconds.
Twin  : all pairs, in tests/reference/volumes.py.
"""

from typing import Final, NamedTuple

import numpy as np

from tafadi.engine.layout import SECOND_NS, Floats, Ints, kernel, leaf

FIRST_ROOM: Final = 1024  # pairs that the output holds before it first doubles
PAIRS_MOST: Final = 1 << 32  # 64 GiB of them


class Items(NamedTuple):
    """Balls with a span and an owner. Items of one owner are not paired."""

    start_ns: Ints
    end_ns: Ints
    centre_m: Floats  # [n, 3]
    radius_m: Floats
    margin_m: Floats  # a pair is kept within the larger of the two margins
    owner: Ints


@leaf
def meet(items: Items, a: int, b: int) -> bool:
    """Whether two items share time and can come within their margin. Written so that NaN keeps the pair."""
    if items.owner[a] == items.owner[b]:
        return False
    if max(items.start_ns[a], items.start_ns[b]) >= min(items.end_ns[a], items.end_ns[b]):
        return False
    dx = items.centre_m[a, 0] - items.centre_m[b, 0]
    dy = items.centre_m[a, 1] - items.centre_m[b, 1]
    dz = items.centre_m[a, 2] - items.centre_m[b, 2]
    reach = items.radius_m[a] + items.radius_m[b] + max(items.margin_m[a], items.margin_m[b])
    return not dx * dx + dy * dy + dz * dz > reach * reach


@kernel
def sweep_slabs(items: Items, item: Ints, slab: Ints, first_slab: Ints, low_m: Floats, high_m: Floats, most: int) -> Ints:
    """int64[m, 2]: item pairs that meet; where they are more than `most`, not all of them.

    item, slab    : int64[n]       entries, sorted by slab and low_m[0]
    low_m, high_m : float64[2, n]  of each entry along two axes; high includes the largest margin
    """
    out = np.empty((FIRST_ROOM, 2), np.int64)
    count = 0
    for i in range(item.shape[0]):
        if count > most:
            break
        a = item[i]
        j = i + 1
        while j < item.shape[0] and slab[j] == slab[i] and not low_m[0, j] > high_m[0, i]:
            b = item[j]
            aside = low_m[1, j] > high_m[1, i] or low_m[1, i] > high_m[1, j]  # nearly always, and it lies ready in order
            if not aside and slab[i] == max(first_slab[a], first_slab[b]) and meet(items, a, b):
                if count == out.shape[0]:
                    grown = np.empty((2 * count, 2), np.int64)
                    grown[:count] = out
                    out = grown
                out[count, 0], out[count, 1] = min(a, b), max(a, b)
                count += 1
            j += 1
    return out[:count]


def near_pairs(items: Items, most: int = PAIRS_MOST) -> Ints:
    """int64[m, 2]: all pairs of items, of unlike owners, that share time and can come within their margin; each once.

    Where they are more than `most`, some are left out, and still more than `most` are given.
    """
    if len(items.owner) < 2:
        return np.empty((0, 2), np.int64)
    lasting_ns = items.end_ns - items.start_ns
    slab_ns = max(SECOND_NS, int(lasting_ns.mean()))  # so there are at most three entries an item, however long one of them is
    origin_ns = items.start_ns.min()
    first_slab, last_slab = (items.start_ns - origin_ns) // slab_ns, (items.end_ns - origin_ns) // slab_ns
    widest = np.argsort(-np.ptp(items.centre_m, axis=0), kind="stable")[:2]
    low_m = items.centre_m.T[widest] - items.radius_m
    high_m = items.centre_m.T[widest] + items.radius_m + items.margin_m.max()
    times = last_slab - first_slab + 1
    item = np.repeat(np.arange(len(times)), times)
    slab = first_slab[item] + np.arange(len(item)) - np.repeat(np.cumsum(times) - times, times)
    order = np.lexsort((low_m[0, item], slab))
    item, slab = item[order], slab[order]
    return np.asarray(sweep_slabs(items, item, slab, first_slab, low_m[:, item], high_m[:, item], most))
