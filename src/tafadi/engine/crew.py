"""A crew: threads that share the work of one call, and the memory that they work in.

Kernels let go of the interpreter's lock, and so threads run at the same time. Threads and memory are lent from one call to the next: a
thread takes a tenth of a millisecond to begin, and a page of new memory half a microsecond and more to be had, which for 100,000 states
was half of all the time.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Final, TypeVar, cast

import numpy as np
import numpy.typing as npt

Answer = TypeVar("Answer")
Number = TypeVar("Number", bound=np.generic)

KEPT_MOST_BYTES: Final = 1 << 28  # of memory from one call to the next: what a million states need
PAGE: Final = 4096  # an array begins with a page, and so with a line of the cache


class Room:
    """Memory for arrays that nobody needs after the call. It may be used by one call at a time."""

    def __init__(self) -> None:
        self._kept: dict[str, npt.NDArray[np.uint8]] = {}

    def array(self, name: str, shape: tuple[int, ...], kind: type[Number]) -> npt.NDArray[Number]:
        """An array, not filled, that begins with a page; the last one of this name may lie in the same place."""
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        kept = self._kept.get(name)
        if kept is None or len(kept) < size + PAGE:
            kept = self._kept[name] = np.empty(size + size // 8 + PAGE, np.uint8)
        begin = -kept.ctypes.data % PAGE
        return cast(npt.NDArray[Number], kept[begin : begin + size].view(kind).reshape(shape))

    def size(self) -> int:
        """How many bytes there are."""
        return sum(len(kept) for kept in self._kept.values())


class _Lent:
    """What a call borrows: threads (none for a crew of one) and room."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.process = os.getpid()
        self.room = Room()
        self.pool = ThreadPoolExecutor(size - 1, "crew") if size > 1 else None


_waiting: Final[list[_Lent]] = []  # what no call has borrowed; appending and popping are one step each
_WAITING_MOST: Final = 2


def _borrow(size: int) -> _Lent:
    """Threads and room that wait, or new ones. Threads do not survive a fork."""
    while True:
        try:
            lent = _waiting.pop()
        except IndexError:
            return _Lent(size)
        if lent.size == size and lent.process == os.getpid():
            return lent
        _end(lent)


def _give_back(lent: _Lent) -> None:
    if len(_waiting) < _WAITING_MOST and lent.room.size() <= KEPT_MOST_BYTES:
        _waiting.append(lent)
    else:
        _end(lent)


def _end(lent: _Lent) -> None:
    if lent.pool is not None and lent.process == os.getpid():
        lent.pool.shutdown(wait=False, cancel_futures=True)


class Crew:
    """Threads that share the work of one call. What they write does not overlap.

    With `lent`, threads and room come from an earlier call and go to a later one: nothing that lies in `room` may be looked at after the
    crew is left.
    """

    def __init__(self, size: int, *, lent: bool = False) -> None:
        self.size = size
        self._keeps = lent
        self._lent = _borrow(size) if lent else _Lent(size)
        self.room = self._lent.room

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_: object) -> None:
        if self._keeps:
            _give_back(self._lent)
        elif self._lent.pool is not None:
            self._lent.pool.shutdown(wait=True, cancel_futures=True)

    def shares(self, count: int, least: int, each: int = 1) -> list[tuple[int, int]]:
        """`count` things in up to `each` shares a thread, of `least` or more: from, to."""
        parts = max(1, min(self.size * each, count // least))
        return list(pairwise(count * part // parts for part in range(parts + 1)))

    def all(self, work: Callable[[int, int], Answer], shares: Sequence[tuple[int, int]]) -> list[Answer]:
        """What the work answers for each share, in their order; whoever is free takes the next, this thread too."""
        waiting = iter(enumerate(shares))
        answers: dict[int, Answer] = {}

        def help_out() -> None:
            for number, (lo, hi) in waiting:  # stepping a builtin iterator is one step under the interpreter's lock
                answers[number] = work(lo, hi)

        pool = self._lent.pool
        helpers = [pool.submit(help_out) for _ in range(min(self.size, len(shares)) - 1)] if pool else []
        try:
            help_out()
        finally:
            for helper in helpers:  # also when this thread fails: nobody may still write when the room is given back
                helper.exception()
        for helper in helpers:
            helper.result()
        return [answers[number] for number in range(len(shares))]
