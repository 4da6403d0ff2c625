"""A scan in this process: one thread reads while others search.

Whoever searches a task finds the same; only the time that it takes depends on how many there are.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Final

from tafadi.batch.chunks import Chunk
from tafadi.batch.gathering import Gathering, Result
from tafadi.batch.windows import Names, Part, Task, windows
from tafadi.engine.history import Ask, Searched, search
from tafadi.engine.kernels.history_rows import Room
from tafadi.engine.layout import SECOND_NS

WORKERS_MOST: Final = 256  # more processes than any machine has processors
RowsRead = Callable[[int], None]  # is called with the rows that were read since


def gap_ns(ask: Ask) -> int:
    """The longest gap that does not break a track."""
    return round(ask.gap_max_s * SECOND_NS)


def run_here(chunks: Sequence[Chunk], tasks: Sequence[Task], ask: Ask, told: RowsRead, threads: int) -> Iterator[tuple[Task, Result]]:
    """The results of the tasks, in order. Tasks that follow one another are read as one stream."""
    for run in _runs(tasks):
        yield from _run_stream(chunks, run, ask, told, threads)


def run_task(chunks: Sequence[Chunk], task: Task, ask: Ask) -> Result:
    """The result of one task, alone in this thread."""
    ((_, result),) = _run_stream(chunks, [task], ask, lambda rows: None, 0)
    return result


def _runs(tasks: Sequence[Task]) -> list[list[Task]]:
    """The tasks, in runs of those that follow one another."""
    runs: list[list[Task]] = []
    for task in tasks:
        if runs and runs[-1][-1].number + 1 == task.number:
            runs[-1].append(task)
        else:
            runs.append([task])
    return runs


def _searched(part: Part, ask: Ask, rooms: "SimpleQueue[Room]") -> Searched:
    """What is found of a window, in one of the rooms that nobody uses now."""
    room = rooms.get()
    try:
        return search(part.plots, part.tracks, ask, part.window, room)
    finally:
        rooms.put(room)


def _run_stream(chunks: Sequence[Chunk], tasks: list[Task], ask: Ask, told: RowsRead, threads: int) -> Iterator[tuple[Task, Result]]:
    """The results of tasks that follow one another; numbers of tracks are those of the stream until a task is done."""
    names, coming = Names(), deque[Task](tasks)
    gathering = Gathering(ask, names)
    for part, found in _in_order(windows(chunks, tasks, gap_ns(ask), names), ask, threads):
        while part.task != coming[0].number:
            yield coming.popleft(), _named(gathering.result())
            gathering = Gathering(ask, names)
        gathering.add_window(part, found)
        told(part.rows)
    while coming:
        yield coming.popleft(), _named(gathering.result())
        gathering = Gathering(ask, names)


def _named(result: Result) -> Result:
    """The result with the names of its own tracks only: a task must not carry those of all before it."""
    import numpy as np

    used = np.unique(np.concatenate([result.pieces["first"], result.pieces["second"], result.gaps[:, 0], result.seen[:, 0]])).astype(int)
    number = np.full(len(result.names), -1)
    number[used] = np.arange(len(used))
    pieces, gaps, seen = result.pieces.copy(), result.gaps.copy(), result.seen.copy()
    pieces["first"], pieces["second"] = number[pieces["first"]], number[pieces["second"]]
    gaps[:, 0], seen[:, 0] = number[gaps[:, 0]], number[seen[:, 0]]
    return result._replace(names=[result.names[n] for n in used], pieces=pieces, gaps=gaps, seen=seen)


def _in_order(parts: Iterator[Part], ask: Ask, threads: int) -> Iterator[tuple[Part, Searched]]:
    """Each part with what was found, in order; while some are searched the next ones are read, but never many."""
    rooms: SimpleQueue[Room] = SimpleQueue()
    for _ in range(max(1, threads)):
        rooms.put(Room())
    if threads < 1:
        yield from ((part, _searched(part, ask, rooms)) for part in parts)
        return
    waiting: deque[tuple[Part, Future[Searched]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for part in parts:
                waiting.append((part, pool.submit(_searched, part, ask, rooms)))
                while len(waiting) > threads:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def near(chunks: Sequence[Chunk], task: Task, ask: Ask) -> Iterator[Chunk]:
    """The chunks that a task needs."""
    room_ns = 2 * gap_ns(ask)
    for chunk in chunks:
        if chunk.last_ns >= task.window.from_ns - room_ns and chunk.first_ns < task.window.until_ns + room_ns:
            yield chunk
