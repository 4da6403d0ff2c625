"""The filter of live states, sixteen at once as it is written by hand, beside the same steps as the compiler makes vectors of a loop.

One thread; each state is compared with a slice of those after it, as `search` does. The answers are compared first: the same bits, but for
pairs at the very edge, where a product and a sum in one step are rounded once and not twice.

Run: python bench/filter.py
"""

import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import llvmlite.binding as llvm
import numpy as np
from numba import njit

from tafadi.engine.kernels.filter import One
from tafadi.engine.kernels.placing import AT_ONCE
from tafadi.engine.kernels.tactical import Bounds, Counts, Quick, note, one_of

STATES: Final = 20_000
SLICE: Final = 160  # states that one is compared with: ten steps
ROUNDS: Final = 31
SEED: Final = 3
REACH_M: Final = 9_270.0
HALF_S: Final = 150.0
BAND_M: Final = 305.0


@njit(error_model="numpy")
def note_looped(quick: Quick, r: Bounds, one: One, k: int, lo: int, hi: int, noted: Counts, count: int) -> int:
    """What `note` does, without a word about vectors."""
    passes = np.empty(AT_ONCE, np.uint32)
    nothing = np.float32(0.0)
    for base in range(lo, hi, AT_ONCE):
        for lane in range(AT_ONCE):
            j = base + lane
            dx, dy, dz = quick[0, j] - one.x, quick[1, j] - one.y, quick[2, j] - one.z
            ux, uy, uz = quick[3, j] - one.vx, quick[4, j] - one.vy, quick[5, j] - one.vz
            a = dx * dx + dy * dy + dz * dz - r.reach2
            b = dx * ux + dy * uy + dz * uz
            c = ux * ux + uy * uy + uz * uz + r.least
            most = c * r.half
            low = -b if -b > -most else -most
            tb = low if low < most else most
            outside = a * c + tb * (b + b + tb)
            over = abs(quick[6, j] - one.height) - abs(quick[7, j] - one.climb) * r.half - r.band
            passes[lane] = np.uint32(0 if outside >= nothing else 1) & np.uint32(0 if over >= nothing else 1)
        bits = np.uint32(0)
        for lane in range(AT_ONCE):
            bits |= passes[lane] << np.uint32(lane)
        if hi - base < AT_ONCE:
            bits &= (np.uint32(1) << np.uint32(hi - base)) - np.uint32(1)
        noted[count, 0], noted[count, 1], noted[count, 2] = k, base, bits
        count += 1 if bits != 0 else 0
    return count


@njit(error_model="numpy")
def by_hand(quick: Quick, r: Bounds, noted: Counts) -> int:
    """All slices, by the filter."""
    count = 0
    for k in range(quick.shape[1] - SLICE - AT_ONCE):
        count = note(r, one_of(quick, k), k, k + 1, k + 1 + SLICE, noted, count)
    return count


@njit(error_model="numpy")
def looped(quick: Quick, r: Bounds, noted: Counts) -> int:
    """All slices, by the loop."""
    count = 0
    for k in range(quick.shape[1] - SLICE - AT_ONCE):
        count = note_looped(quick, r, one_of(quick, k), k, k + 1, k + 1 + SLICE, noted, count)
    return count


def states() -> Quick:
    """States in a cube of 300 km, as the filter has them: place, velocity, height, climb."""
    r = np.random.default_rng(SEED)
    place, velocity = r.uniform(-150e3, 150e3, (3, STATES)), r.normal(0.0, 150.0, (3, STATES))
    return np.concatenate([place, velocity, r.uniform(0.0, 12e3, (1, STATES)), r.normal(0.0, 5.0, (1, STATES))]).astype(np.float32)


def _bits(noted: Counts, count: int) -> set[tuple[int, int]]:
    """The pairs that passed."""
    found = ((k, base + lane) for k, base, bits in noted[:count].tolist() for lane in range(AT_ONCE) if bits >> lane & 1)
    return set(found)


def _median_s(run: Callable[[], Any]) -> float:
    taken = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def rows() -> list[str]:
    """The table in Markdown, line by line."""
    quick = states()
    r = Bounds(quick.ctypes.data, quick.shape[1], *(np.float32(value) for value in (REACH_M**2, HALF_S, BAND_M, 1.0 / HALF_S**2)))
    noted = np.empty((STATES * SLICE // AT_ONCE + 1, 3), np.int32)
    hand, loop = _bits(noted, by_hand(quick, r, noted)), _bits(noted, looped(quick, r, noted))
    steps = (STATES - SLICE - AT_ONCE) * SLICE // AT_ONCE
    hand_s, loop_s = _median_s(lambda: by_hand(quick, r, noted)), _median_s(lambda: looped(quick, r, noted))
    return [
        f"{llvm.get_host_cpu_name()}; medians of {ROUNDS}.",
        "",
        "| pairs compared | passed | by one alone | by hand, ns for sixteen | loop, ns for sixteen | ratio |",
        "|---|---|---|---|---|---|",
        f"| {steps * AT_ONCE:,} | {len(hand):,} | {len(hand ^ loop)} | {hand_s / steps * 1e9:.1f} | {loop_s / steps * 1e9:.1f} | {loop_s / hand_s:.1f} |",
    ]


if __name__ == "__main__":
    print("\n".join(rows()))
