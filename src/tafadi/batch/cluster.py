"""A scan on a cluster of dask.distributed: the same tasks, sent to its workers.

The workers read the files themselves, under the same paths: the recordings (and the checkpoint's directory, where CSV and other formats are
kept as they are searched) lie where all of them see them. Each worker needs tafadi of the same version.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

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
        futures = {client.submit(run_task, list(near(chunks, task, ask)), task, ask, pure=False): task for task in tasks}
        try:
            for future in as_completed(futures, loop=client.loop):  # type: ignore[no-untyped-call]
                result = _result(future)
                told(result.rows)
                yield futures[future], result
                future.release()
        finally:
            client.cancel(list(futures))


def _connected(client: Any, scheduler: str) -> Any:
    try:
        return client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise UnavailableError(f"there is no scheduler at {scheduler[:80]!r} ({str(error).splitlines()[0][:120]})") from None


def _result(future: Any) -> Result:
    """What the worker found. Raises what the task raised, when it is of our own, and UnavailableError for whatever befell the cluster."""
    error = future.exception()
    if error is None:
        return Result(*future.result())
    if isinstance(error, TafadiError):
        raise error
    raise UnavailableError(f"the cluster could not finish a part of the scan ({type(error).__name__}: {str(error)[:120]})")
