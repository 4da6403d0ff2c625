"""Losses of separation and of well clear in recorded traffic of any size: the one function that a library calls.

    scanned = scan("day.parquet", Minima(9_260.0, 304.8), columns=COLUMNS)
    scanned.losses   # an Arrow table, sorted
    scanned.summary  # what was read, left out, not known and found

The recordings become chunks (`chunks`, `recordings`), these become windows of time (`windows`), each window is searched
(`engine.history`), and what is found is put together (`gathering`): in this process (`local`), in others
(`processes`), or on a cluster (`cluster`).
"""

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from tafadi.batch.chunks import HELD_MOST, PARQUET, Chunk, Store, held_most, in_time
from tafadi.batch.gathering import Gathering, Result
from tafadi.batch.local import WORKERS_MOST, RowsRead, gap_ns, run_here
from tafadi.batch.losses import gaps_table, losses_table
from tafadi.batch.processes import run_processes
from tafadi.batch.recordings import How, file_chunks, table_chunks
from tafadi.batch.resume import Checkpoint, identity_of
from tafadi.batch.rows import DAMAGE, DAMAGED, LOST
from tafadi.batch.windows import Task, tasks_of
from tafadi.engine.history import GAP_MAX_S, Ask, checked_ask, rules_of
from tafadi.engine.layout import CONFLICT, SECOND_NS
from tafadi.errors import FormatError, InputError
from tafadi.formats.reading import NOTHING, Told
from tafadi.model.operation import Minima

if TYPE_CHECKING:
    import pyarrow as pa

FILES_MOST: Final = 100_000
STORE: Final = "store"  # within a checkpoint
Recording: TypeAlias = "str | Path | pa.Table"
Recordings: TypeAlias = "Recording | Sequence[Recording]"


class Summary(NamedTuple):
    """What a scan read and found."""

    rows: int  # that the recordings hold
    tracks: int  # with any row that can be used
    left_out: dict[str, int]  # reason -> rows that could not be used, or not whole
    repeated: int  # rows that say again what another says
    contradicting: int  # rows of one track at one instant that say something else than the one of them that was taken
    losses: int  # records of CONFLICT
    unknown: int  # records of UNKNOWN
    gaps: int  # stretches over which a track was not followed: too long, or a jump
    gap_s: float  # their lengths together
    start_ns: int | None  # of the first row that can be used
    end_ns: int | None
    damaged: int = 0  # rows or lines of those left out that may have held a hit, and nobody knows which

    @property
    def is_clear(self) -> bool:
        """Whether nothing was found, and nothing is unknown."""
        return not (self.losses or self.unknown or self.gaps or self.damaged or self.contradicting)


class Scanned(NamedTuple):
    """The answer: Arrow tables, sorted, and the summary.

    losses: kind ("separation" or the name of the well-clear volume), first, second, verdict ("conflict" or "unknown"), cause (null, or why
            it is not known), start, end, closest_at (timestamp[ns, UTC]), horizontal_m, vertical_m (at the closest approach; null where
            heights do not compare), lat_deg, lon_deg (middle of the pair then), minimum_horizontal_m, minimum_vertical_m
    gaps  : track, start, end, reason ("gap" or "jump")
    """

    losses: "pa.Table"
    gaps: "pa.Table"
    summary: Summary


class Progress(NamedTuple):
    """How far a scan is."""

    rows_done: int
    rows_all: int
    seconds: float


def scan(
    recordings: Recordings,
    minima: Minima | None = None,
    *,
    well_clear: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    source: str | None = None,
    gap_max_s: float = GAP_MAX_S,
    floor_m: float | None = None,
    grid_s: float | None = None,
    workers: int = 0,
    scheduler: str | None = None,
    checkpoint: str | Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    told: Told = NOTHING,
) -> Scanned:
    """All losses of separation (`minima`) and of well clear (`well_clear`: "phase-1", "phase-2", "non-cooperative") in the recordings.

    recordings : files (Parquet or CSV, streamed; any other format of tracks of docs/formats-tracks.md, converted once), or Arrow tables
    columns    : of all Parquet, CSV and tables: which column is what, in which unit (docs/formats-tracks.md); units are never guessed
    source     : read every file as this format
    gap_max_s  : a longer stretch without a plot breaks a track; it is counted and listed, and never read as clear
    floor_m    : only while both are at or above this height (above the datum of the recording), or their height is not known
    grid_s     : look only at whole multiples of this since 1970, instead of all the time between plots
    workers    : 0 for threads of this process; N for so many processes
    scheduler  : the address of a dask.distributed scheduler (extra `cluster`)
    checkpoint : a directory; a scan that was stopped goes on there, and gives the same bytes
    progress   : called after each part
    told       : what recordings do not say of themselves: their day, where radars and receivers stand (formats.reading)

    The answer does not depend on the order of files or rows, on how they are cut into files and row groups, or on workers.
    Raises InputError when neither minima nor a volume is given, and for a file that cannot be read; LimitError when the losses are too many
    to be held; UnavailableError when a worker or the cluster fails.
    """
    ask = checked_ask(Ask(rules_of(minima, _names(well_clear)), gap_max_s, floor_m, grid_s))
    sources = _sources(recordings)
    if not 0 <= workers <= WORKERS_MOST:
        raise InputError(f"{workers} workers are not within 0 to {WORKERS_MOST}")
    if workers and scheduler is not None:
        raise InputError("either workers of this machine, or the scheduler of a cluster")
    how = How(columns, source, told)
    with _place(sources, ask, tuple(how), checkpoint) as (directory, kept):
        store = Store(directory)
        chunks = _chunks(sources, how, store, gap_ns(ask))
        tasks = tasks_of(chunks, gap_ns(ask))
        result = _gathered(_results(chunks, tasks, ask, kept, _teller(chunks, progress), workers, scheduler), len(tasks), ask)
        rows = store.rows + sum(chunk.rows for chunk in chunks if chunk.kind == PARQUET)
    return _scanned(result, store, rows, ask)


def _names(well_clear: Sequence[str]) -> Sequence[str]:
    return (well_clear,) if isinstance(well_clear, str) else well_clear


def _sources(recordings: Recordings) -> "list[Recording]":
    """The recordings, one by one. Raises InputError when there is none, or one stands twice."""
    sources = list(recordings) if isinstance(recordings, list | tuple) else [recordings]
    if not 1 <= len(sources) <= FILES_MOST:
        raise InputError(f"1 to {FILES_MOST:,} recordings are scanned together, not {len(sources):,}")
    files = [Path(one).resolve() for one in sources if isinstance(one, str | Path)]
    if len(set(files)) < len(files):
        raise InputError("a recording is named twice; its tracks would be in it twice")
    return sources


@contextmanager
def _place(sources: "list[Recording]", ask: Ask, told: object, checkpoint: str | Path | None) -> Iterator[tuple[Path, Checkpoint | None]]:
    """A directory for the store, and the checkpoint if one is kept. Raises InputError."""
    if checkpoint is None:
        with tempfile.TemporaryDirectory(prefix="tafadi-scan-") as directory:
            yield Path(directory), None
        return
    paths = [Path(one) for one in sources if isinstance(one, str | Path)]
    if len(paths) < len(sources):
        raise InputError("a checkpoint is kept of files, and a table in memory is none")
    with Checkpoint(Path(checkpoint), identity_of(paths, ask, told)) as kept:
        store = kept.directory / STORE
        shutil.rmtree(store, ignore_errors=True)
        store.mkdir()
        try:
            yield store, kept
        finally:
            shutil.rmtree(store, ignore_errors=True)


def _chunks(sources: list[Recording], how: How, store: Store, room_ns: int) -> list[Chunk]:
    """All chunks in order of time, sorted anew where too many would have to be held at once. Raises FormatError when there is no row."""
    chunks: list[Chunk] = []
    for number, one in enumerate(sources):
        name = f"part-{number:06d}"
        if isinstance(one, str | Path):
            chunks += file_chunks(Path(one), how, store, name)
        else:
            chunks += table_chunks(one, how.columns, store, name)
    if how.columns is not None and not store.has_mapped:
        raise InputError("a column map was given, and none of the recordings is a table in CSV or Parquet; leave the map out")
    if held_most(in_time(chunks), room_ns) > HELD_MOST:
        chunks = store.sorted_by_time(chunks)
    return in_time(chunks)


def _teller(chunks: Sequence[Chunk], progress: Callable[[Progress], None] | None) -> RowsRead:
    done, rows, begun = [0], sum(chunk.rows for chunk in chunks), time.monotonic()

    def told(more: int) -> None:
        done[0] += more
        if progress is not None:
            progress(Progress(done[0], rows, time.monotonic() - begun))

    return told


def _results(
    chunks: Sequence[Chunk], tasks: Sequence[Task], ask: Ask, kept: Checkpoint | None, told: RowsRead, workers: int, scheduler: str | None
) -> Iterator[tuple[Task, Result]]:
    """The result of every task, in no order; those of the checkpoint first, and each other kept there as soon as it comes."""
    open_ones = []
    for task in tasks:
        known = None if kept is None else kept.load(task.number)
        if known is None:
            open_ones.append(task)
        else:
            told(known.rows)
            yield task, known
    if not open_ones:
        return
    if scheduler is not None:
        from tafadi.batch.cluster import run_cluster

        coming = run_cluster(chunks, open_ones, ask, told, scheduler)
    elif workers:
        coming = run_processes(chunks, open_ones, ask, told, workers)
    else:
        coming = run_here(chunks, open_ones, ask, told, len(os.sched_getaffinity(0)))
    for task, result in coming:
        if kept is not None:
            kept.save(task.number, result)
        yield task, result


def _gathered(results: Iterator[tuple[Task, Result]], count: int, ask: Ask) -> Result:
    """All results, put together in order of time as soon as those before them are there."""
    gathering, waiting, number = Gathering(ask), dict[int, Result](), 0
    for task, result in results:
        waiting[task.number] = result
        while number in waiting:
            gathering.add_result(waiting.pop(number))
            number += 1
    assert number == count
    return gathering.result()


def _scanned(result: Result, store: Store, rows: int, ask: Ask) -> Scanned:
    left_out = dict(sorted((store.left_out + Counter(result.left_out)).items()))
    # What other formats call damaged stands among their reasons too; of tables the reasons are counted.
    lost = left_out.pop(LOST, None)
    damaged = (lost or 0) + sum(count for reason, count in left_out.items() if reason in DAMAGE and (lost is None or reason != DAMAGED))
    if not len(result.seen):
        reasons = "; ".join(f"{reason} ({count:,})" for reason, count in left_out.items())
        raise FormatError(f"there is no row that can be used, so nothing can be said: {reasons or 'there are none'}")
    verdicts, lasting_ns = result.pieces["verdict"], result.gaps[:, 2] - result.gaps[:, 1]
    losses = int((verdicts == CONFLICT).sum())
    summary = Summary(
        rows,
        len(result.seen),
        left_out,
        result.repeated,
        result.contradicting,
        losses,
        len(verdicts) - losses,
        len(result.gaps),
        float(lasting_ns.sum() / SECOND_NS),
        int(result.seen[:, 1].min()),
        int(result.seen[:, 2].max()),
        damaged,
    )
    return Scanned(losses_table(result, ask), gaps_table(result), summary)
