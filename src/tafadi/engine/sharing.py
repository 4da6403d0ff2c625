"""Work on a range of numbers, shared out among threads. Kernels let go of Python's lock while they run, so threads run side by side."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Final, TypeVar

TASKS_EACH: Final = 4  # of each worker: one part of a day, or of a set, has less to do than another
SHARED_LEAST: Final = 2_000  # items; fewer are done before threads have begun

Result = TypeVar("Result")


def shared(run: Callable[[int, int], Result], count: int, items: int, workers: int) -> list[Result]:
    """The results of run(first, last) over ranges that make up range(count), in their order; `items` tells how much work there is.

    >>> shared(lambda first, last: sum(range(first, last)), 10, 10, 1)
    [45]
    """
    tasks = min(count, TASKS_EACH * workers) if workers > 1 and items >= SHARED_LEAST else min(count, 1)
    bounds = list(pairwise(count * n // max(1, tasks) for n in range(tasks + 1)))
    if len(bounds) < 2:
        return [run(first, last) for first, last in bounds]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda bound: run(*bound), bounds))
