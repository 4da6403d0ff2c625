"""A crew: threads that share the work of one call. Kernels let go of the interpreter's lock, and so they run at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

import numpy as np

Answer = TypeVar("Answer")


class Crew:
    """Threads that share the work of one call. Kernels let go of the interpreter's lock; what they write does not overlap."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._pool = ThreadPoolExecutor(size - 1) if size > 1 else None

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def shares(self, count: int, least: int, each: int = 1) -> list[tuple[int, int]]:
        """`count` things in up to `each` shares a thread, of `least` or more: from, to."""
        ends = np.linspace(0, count, max(1, min(self.size * each, count // least)) + 1).astype(int).tolist()
        return list(pairwise(ends))

    def all(self, work: Callable[[int, int], Answer], shares: Sequence[tuple[int, int]]) -> list[Answer]:
        """What the work answers for each share, in their order; whoever is free takes the next, this thread too."""
        waiting = iter(enumerate(shares))
        answers: dict[int, Answer] = {}

        def help_out() -> None:
            for number, (lo, hi) in waiting:  # stepping a builtin iterator is one step under the interpreter's lock
                answers[number] = work(lo, hi)

        helpers = [self._pool.submit(help_out) for _ in range(min(self.size, len(shares)) - 1)] if self._pool else []
        help_out()
        for helper in helpers:
            helper.result()
        return [answers[number] for number in range(len(shares))]
