"""A scan on a cluster of dask.distributed: the same tasks, sent to its workers.

The workers read the files themselves, under the same paths: the recordings (and the checkpoint's directory, where CSV and other formats are
kept as they are searched) lie where all of them see them. Each worker needs tafadi of the same version.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any, Final

from tafadi import __version__
from tafadi.batch.chunks import Chunk
from tafadi.batch.gathering import Result
from tafadi.batch.local import RowsRead, near, run_task
from tafadi.batch.windows import Task
from tafadi.engine.history import Ask
from tafadi.errors import TafadiError, UnavailableError

ABSENT: Final = "a cluster needs the library dask.distributed; install tafadi[cluster]"
CONNECT_S: Final = 10.0  # a scheduler that does not answer in this time is not there


def run_cluster(chunks: Sequence[Chunk], tasks: Sequence[Task], ask: Ask, told: RowsRead, scheduler: str) -> Iterator[tuple[Task, Result]]:
    """The results of the tasks as they come. Raises UnavailableError when there is no scheduler, or a worker is lost too often."""
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise UnavailableError(ABSENT) from None
    with _connected(Client, scheduler) as client:
        futures = {client.submit(run_told, list(near(chunks, task, ask)), task, ask, pure=False): task for task in tasks}
        coming = as_completed(futures, loop=client.loop)  # type: ignore[no-untyped-call]
        try:
            for _ in tasks:
                future, result = _next(coming)
                told(result.rows)
                yield futures[future], result
                future.release()
        finally:
            with suppress(CancelledError, OSError, TimeoutError):  # a cluster that is gone has nothing to cancel
                client.cancel(list(futures))


def run_told(chunks: Sequence[Chunk], task: Task, ask: Ask) -> tuple[str, Result]:
    """The version of tafadi where it runs, and the result of the task."""
    return __version__, run_task(chunks, task, ask)


def _connected(client: Any, scheduler: str) -> Any:
    try:
        return client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise UnavailableError(f"there is no scheduler at {scheduler[:80]!r} ({_said(error)})") from None


def _next(coming: Iterator[Any]) -> tuple[Any, Result]:
    """The next task that is done, and what the worker found.

    Raises what the task raised, when it is of our own, and UnavailableError for a worker of another version and a cluster that fails.
    """
    try:
        future = next(coming)
        error = future.exception()
        answer = future.result() if error is None else None
    except (CancelledError, OSError, TimeoutError, StopIteration) as lost:
        raise UnavailableError(f"the cluster was lost, or dropped a part of the scan ({type(lost).__name__}: {_said(lost)})") from None
    if isinstance(error, TafadiError):
        raise error
    if answer is None:
        raise UnavailableError(f"the cluster could not finish a part of the scan ({type(error).__name__}: {_said(error)})")
    version, result = answer
    if version != __version__:
        raise UnavailableError(f"a worker of the cluster has tafadi {str(version)[:40]}, and this is {__version__}; all must be the same")
    return future, Result(*result)


def _said(error: BaseException | None) -> str:
    """The first line of what an error says."""
    return (str(error).splitlines() or ["no reason was given"])[0][:120]
