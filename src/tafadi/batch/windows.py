"""Chunks, read in order of time, become windows: everything that is needed to search a stretch of time, and no more.

A window ends where the next chunk may begin, less the length of a gap; the rows of the last two gaps' lengths are kept for the next. How
long windows are depends on how the chunks lie; what is found does not.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from tafadi.batch.chunks import Chunk, read_chunk
from tafadi.batch.rows import LATEST_NS, Rows
from tafadi.engine.history import Window
from tafadi.engine.kernels.history_rows import Plots

WINDOW_ROWS: Final = 2_000_000  # new rows after which a window is searched: 200 MB with what the search needs
END_NS: Final = LATEST_NS + 1
TASK_LEAST: Final = 1_000_000  # rows; less is not worth being given away
TASK_MOST: Final = 16_000_000  # rows: what is lost at most when a scan is stopped
TASKS: Final = 16


class Task(NamedTuple):
    """A stretch of time that is searched, and may be kept, by itself; `number` tells its place among all."""

    number: int
    window: Window


class Part(NamedTuple):
    """A window with its plots, and what was read since the one before."""

    task: int
    window: Window
    plots: tuple[Plots, ...]
    tracks: int
    rows: int
    left_out: Counter[str]


class Names:
    """Every track's number, in the order in which they were met."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def all(self) -> list[str]:
        """The names, by number."""
        return list(self._numbers)

    def numbers(self, names: Sequence[str]) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
        """int32: the numbers of the names, new ones where they are new."""
        known = self._numbers
        return np.array([known.setdefault(name, len(known)) for name in names], np.int32)


def tasks_of(chunks: Sequence[Chunk], gap_ns: int) -> list[Task]:
    """The stretches of time into which a scan is cut: by the chunks alone, so that they are the same when it goes on."""
    rows = sum(chunk.rows for chunk in chunks)
    size = min(TASK_MOST, max(TASK_LEAST, rows // TASKS))
    bounds, count = [0 if not chunks else min(chunks[0].first_ns, END_NS)], 0
    for chunk in chunks:
        if count >= size and chunk.first_ns - gap_ns > bounds[-1]:
            bounds.append(chunk.first_ns - gap_ns)
            count = 0
        count += chunk.rows
    ends = [*bounds[1:], END_NS]
    return [Task(number, Window(first, last)) for number, (first, last) in enumerate(zip(bounds, ends, strict=True))]


def windows(chunks: Sequence[Chunk], tasks: Sequence[Task], gap_ns: int, names: Names) -> Iterator[Part]:
    """The windows of tasks that follow one another, in order. A chunk's rows are counted where it begins. Raises FormatError."""
    begin_ns = from_ns = tasks[0].window.from_ns
    until_ns = tasks[-1].window.until_ns
    near = [chunk for chunk in chunks if chunk.last_ns >= from_ns - gap_ns and chunk.first_ns < until_ns + gap_ns]
    ends = [task.window.until_ns for task in tasks]
    held: list[tuple[int, Plots]] = []  # with the last instant of each
    number, fresh, rows, left_out = 0, 0, 0, Counter[str]()
    for n, chunk in enumerate(near):
        taken = read_chunk(chunk)
        if begin_ns <= chunk.first_ns < until_ns:
            rows += chunk.rows
            left_out += taken.left_out
        held.append((chunk.last_ns, _plots(taken.rows, names)))
        fresh += chunk.rows
        sure_ns = near[n + 1].first_ns - gap_ns if n + 1 < len(near) else until_ns
        while number < len(ends) and from_ns < sure_ns and (fresh >= WINDOW_ROWS or sure_ns >= ends[number]):
            to_ns = min(sure_ns, ends[number])
            yield Part(tasks[number].number, Window(from_ns, to_ns), tuple(plots for _, plots in held), len(names), rows, left_out)
            rows, left_out, fresh = 0, Counter(), 0
            held = [(last_ns, plots) for last_ns, plots in held if last_ns >= to_ns - gap_ns]
            number += to_ns == ends[number]
            from_ns = to_ns


def _plots(rows: Rows, names: Names) -> Plots:
    """The rows with the numbers of the stream in place of their own."""
    track = names.numbers(rows.names)[rows.track] if len(rows.track) else rows.track
    return Plots(track, rows.at_ns, rows.lat_deg, rows.lon_deg, rows.height_m, rows.datum)
