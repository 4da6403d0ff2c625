"""What this machine can do at most: reading and writing memory, and adding and multiplying. No detection can be faster than these allow.

Run: python bench/limits.py
"""

import statistics
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numba import get_num_threads, njit, prange, set_num_threads

STREAMED: Final = 20_000_000  # float64: far beyond any cache
HELD: Final = 512  # numbers that stay in the nearest cache
ROUNDS: Final = 5
STEPS: Final = 16
CHAINS: Final = 4  # chains of multiply-and-add that do not wait for each other


@njit(parallel=True, fastmath=True, cache=True)
def _triad(to: Any, one: Any, other: Any) -> None:
    for row in prange(to.size):
        to[row] = one[row] + 2.0 * other[row]


@njit(parallel=True, fastmath=True, cache=True)
def _total(numbers: Any) -> float:
    total = 0.0
    for row in prange(numbers.size):
        total += numbers[row]
    return total


@njit(parallel=True, fastmath=True, cache=True)
def _multiplied(held: Any, times: int) -> None:
    for worker in prange(held.shape[0]):
        mine = held[worker]
        for _ in range(times):
            for row in range(mine.size):
                v = mine[row]
                a, b, c, d = v, v + v, v * v, v - v
                for _ in range(STEPS):
                    a, b, c, d = a * a + v, b * b + v, c * c + v, d * d + v
                mine[row] = (a + b + c + d) * v


def median_s(run: Callable[[], object]) -> float:
    """The median wall time of some runs, after one that compiles."""
    taken = []
    for _ in range(ROUNDS + 1):
        begin = time.perf_counter()
        run()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken[1:])


def _gflops(kind: type[np.floating[Any]], threads: int, times: int = 2_000) -> float:
    held = np.full((threads, HELD), 0.1, kind)
    operations = threads * HELD * times * STEPS * CHAINS * 2

    def run() -> None:
        held.fill(0.1)
        _multiplied(held, times)

    return operations / median_s(run) / 1e9


def rows() -> list[str]:
    """The table in Markdown, line by line."""
    to, one, other = np.zeros(STREAMED), np.ones(STREAMED), np.ones(STREAMED)
    table = [
        "| threads | memory, a = b + 2 c | memory, read | float32 | float64 |",
        "|---|---|---|---|---|",
    ]
    most = get_num_threads()
    for threads in range(1, most + 1):
        set_num_threads(threads)
        triad_s, total_s = median_s(lambda: _triad(to, one, other)), median_s(lambda: _total(one))
        single, double = _gflops(np.float32, threads), _gflops(np.float64, threads)
        moved, read = 3 * to.nbytes / triad_s / 1e9, to.nbytes / total_s / 1e9
        table.append(f"| {threads} | {moved:.1f} GB/s | {read:.1f} GB/s | {single:.0f} GFLOP/s | {double:.0f} GFLOP/s |")
    set_num_threads(most)
    return table


if __name__ == "__main__":
    print("\n".join(rows()))
