"""What the windows of a scan found, put together in order of time: first those of a task, then those of all tasks, by the same rule.

Losses are joined over the seams (`engine.history.folded`, in any grouping to the same bits). A gap that reaches over a seam is found here:
the last time that a track was seen before it, and the first time after it.
"""

from collections import Counter
from typing import Final, NamedTuple

import numpy as np

from tafadi.batch.windows import Names, Part
from tafadi.engine.history import Ask, Searched, folded
from tafadi.engine.kernels.history_meet import PIECE
from tafadi.engine.kernels.history_rows import GAP
from tafadi.engine.layout import SECOND_NS, Ints, Records

NEVER_NS: Final = -(2**62)
FOLD_AT: Final = 500_000  # pieces that wait to be joined


class Result(NamedTuple):
    """What was found of a stretch of time; tracks are numbers into `names`."""

    names: list[str]
    pieces: Records  # PIECE[n], folded
    gaps: Ints  # [n, 4] track, from_ns, until_ns, GAP or JUMP
    seen: Ints  # [n, 4] track, first_ns, last_ns, plots
    rows: int
    left_out: dict[str, int]
    repeated: int
    contradicting: int


class Gathering:
    """Results in order of time, becoming one."""

    def __init__(self, ask: Ask, names: Names | None = None) -> None:
        self._ask = ask
        self._names = Names() if names is None else names
        self._pieces: list[Records] = [np.empty(0, PIECE)]
        self._waiting = 0
        self._gaps: list[Ints] = [np.empty((0, 4), np.int64)]
        self._seen = np.empty((0, 3), np.int64)
        self._rows, self._repeated, self._contradicting = 0, 0, 0
        self._left_out: Counter[str] = Counter()

    def add_window(self, part: Part, found: Searched) -> None:
        """The next window, whose tracks have the numbers of `names` already."""
        self._add(found.pieces, found.broken, found.seen)
        self._rows += part.rows
        self._left_out += part.left_out
        self._repeated += found.repeated
        self._contradicting += found.contradicting

    def add_result(self, result: Result) -> None:
        """The next task, whose tracks are named by itself."""
        numbers = self._names.numbers(result.names).astype(np.int64)
        pieces, gaps, seen = result.pieces.copy(), result.gaps.copy(), result.seen.copy()
        if len(pieces):
            first, second = numbers[pieces["first"]], numbers[pieces["second"]]
            pieces["first"], pieces["second"] = np.minimum(first, second), np.maximum(first, second)
        for rows in (gaps, seen):
            rows[:, 0] = numbers[rows[:, 0]] if len(rows) else rows[:, 0]
        self._add(pieces, gaps, seen)
        self._rows += result.rows
        self._left_out += Counter(result.left_out)
        self._repeated += result.repeated
        self._contradicting += result.contradicting

    def _add(self, pieces: Records, gaps: Ints, seen: Ints) -> None:
        self._pieces.append(pieces)
        self._waiting += len(pieces)
        if self._waiting > FOLD_AT:
            self._pieces, self._waiting = [folded(np.concatenate(self._pieces), self._ask)], 0
        self._gaps += [gaps, self._over_the_seam(seen)]

    def _over_the_seam(self, seen: Ints) -> Ints:
        """The gaps between what was seen until now and what was seen then; what was seen is brought up to date."""
        if len(self._seen) < len(self._names):
            more = np.tile(np.array([NEVER_NS, NEVER_NS, 0], np.int64), (len(self._names) - len(self._seen), 1))
            self._seen = np.concatenate([self._seen, more])
        track = seen[:, 0]
        before = self._seen[track]
        known = before[:, 2] > 0
        broken = known & (seen[:, 1] - before[:, 1] > round(self._ask.gap_max_s * SECOND_NS))
        gaps = np.stack([track, before[:, 1], seen[:, 1], np.full(len(track), GAP)], axis=1)[broken]
        self._seen[track, 0] = np.where(known, before[:, 0], seen[:, 1])
        self._seen[track, 1] = seen[:, 2]
        self._seen[track, 2] += seen[:, 3]
        return gaps

    def result(self) -> Result:
        """All of it."""
        pieces = folded(np.concatenate(self._pieces), self._ask)
        known = np.flatnonzero(self._seen[:, 2] > 0)
        seen = np.column_stack([known, self._seen[known]])
        left_out = dict(sorted(self._left_out.items()))
        gaps = np.concatenate(self._gaps)
        return Result(self._names.all(), pieces, gaps, seen, self._rows, left_out, self._repeated, self._contradicting)
