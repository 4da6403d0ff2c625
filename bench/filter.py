"""The filter of live states, sixteen at once as it is written by hand, beside the same steps as the compiler makes vectors of a loop.

One thread; each state is compared with a slice of those after it, as `search` does. The answers are compared first: the same bits, but for
pairs at the very edge, where a product and a sum in one step are rounded once and not twice.

Run: python bench/filter.py
"""

import statistics
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import llvmlite.binding as llvm  # type: ignore[import-untyped]
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


class Rows(NamedTuple):
    """The rows of what is filtered, one by one."""

    x: Quick
    y: Quick
    z: Quick
    vx: Quick
    vy: Quick
    vz: Quick
    height: Quick
    climb: Quick


@njit(error_model="numpy", fastmath={"contract"}, forceinline=True)
def mark(q: Rows, r: Bounds, one: One, lo: int) -> np.uint32:
    """What `kernels.filter.sixteen` computes, without a word about vectors."""
    bits = np.uint32(0)
    for n in range(AT_ONCE):
        j = np.uintp(lo) + np.uintp(n)  # an index that cannot be negative is one that need not be looked at
        dx, dy, dz = q.x[j] - one.x, q.y[j] - one.y, q.z[j] - one.z
        ux, uy, uz = q.vx[j] - one.vx, q.vy[j] - one.vy, q.vz[j] - one.vz
        a = dx * dx + dy * dy + dz * dz - r.reach2
        b = dx * ux + dy * uy + dz * uz
        c = ux * ux + uy * uy + uz * uz + r.least
        most = c * r.half
        tb = min(max(-b, -most), most)
        outside = a * c + tb * (b + b + tb)
        over = abs(q.height[j] - one.height) - abs(q.climb[j] - one.climb) * r.half - r.band
        bits |= np.uint32((not outside >= 0) & (not over >= 0)) << np.uint32(n)
    return bits


@njit(error_model="numpy")
def note_looped(q: Rows, r: Bounds, one: One, k: int, lo: int, hi: int, noted: Counts, count: int) -> int:
    """What `kernels.tactical.note` does, by `mark`."""
    for base in range(lo, hi, AT_ONCE):
        bits = mark(q, r, one, base)
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
    count, q = 0, Rows(quick[0], quick[1], quick[2], quick[3], quick[4], quick[5], quick[6], quick[7])
    for k in range(quick.shape[1] - SLICE - AT_ONCE):
        count = note_looped(q, r, one_of(quick, k), k, k + 1, k + 1 + SLICE, noted, count)
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


def _medians_s(*runs: Callable[[], Any]) -> list[float]:
    """Medians of the wall times; in turn, so that a busy minute of the machine falls on all of them."""
    taken: list[list[float]] = [[] for _ in runs]
    for _ in range(ROUNDS):
        for run, times in zip(runs, taken, strict=True):
            begin = time.perf_counter()
            run()
            times.append(time.perf_counter() - begin)
    return [statistics.median(times) for times in taken]


def rows() -> list[str]:
    """The table in Markdown, line by line."""
    quick = states()
    r = Bounds(quick.ctypes.data, quick.shape[1], *(np.float32(value) for value in (REACH_M**2, HALF_S, BAND_M, 1.0 / HALF_S**2)))
    noted = np.empty((STATES * SLICE // AT_ONCE + 1, 3), np.int32)
    hand, loop = _bits(noted, by_hand(quick, r, noted)), _bits(noted, looped(quick, r, noted))
    steps = (STATES - SLICE - AT_ONCE) * SLICE // AT_ONCE
    hand_s, loop_s = _medians_s(lambda: by_hand(quick, r, noted), lambda: looped(quick, r, noted))
    return [
        f"{llvm.get_host_cpu_name()}; medians of {ROUNDS}.",
        "",
        "| pairs compared | passed | by one alone | by hand, ns for sixteen | loop, ns for sixteen | ratio |",
        "|---|---|---|---|---|---|",
        f"| {steps * AT_ONCE:,} | {len(hand):,} | {len(hand ^ loop)} | {hand_s / steps * 1e9:.1f} | {loop_s / steps * 1e9:.1f} |"
        f" {loop_s / hand_s:.1f} |",
    ]


if __name__ == "__main__":
    print("\n".join(rows()))
