"""A scan in processes of this machine: each is a Python of its own that is given one task after the other.

A worker is told where modules lie (`sys.path`) and nothing else of the program that starts it: that program is not imported again, as the
processes of `multiprocessing` would do, so a script needs no guard around what it does. Tasks and results go through its two pipes, each
as its length and then its bytes. Only a worker's own parent can write there, so what comes is as safe as the parent is.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from typing import IO, Any, Final

from tafadi.batch.chunks import Chunk
from tafadi.batch.gathering import Result
from tafadi.batch.local import RowsRead, near, run_task
from tafadi.batch.windows import Task
from tafadi.engine.history import Ask
from tafadi.errors import TafadiError, UnavailableError

LENGTH_BYTES: Final = 8
DIED: Final = "a worker process died (is there memory enough for so many?); with a checkpoint the scan goes on where it was"
# Isolated (-I): nothing is imported from the directory in which somebody happens to be; the parent's own paths are told.
_BEGIN: Final = "import sys; sys.path[:] = sys.argv[1:]; from tafadi.batch.processes import serve; serve()"


def run_processes(chunks: Sequence[Chunk], tasks: Sequence[Task], ask: Ask, told: RowsRead, workers: int) -> Iterator[tuple[Task, Result]]:
    """The results of the tasks as they come, from so many processes. Raises UnavailableError when one cannot start, or dies."""
    count = min(workers, max(1, len(tasks)))
    idle: SimpleQueue[_Worker] = SimpleQueue()
    with ThreadPoolExecutor(count) as pool, ExitStack() as started:
        for _ in range(count):
            worker = _Worker()
            started.callback(worker.end)
            idle.put(worker)
        futures = {pool.submit(_asked, idle, (list(near(chunks, task, ask)), task, ask)): task for task in tasks}
        try:
            for future in as_completed(futures):
                result = future.result()
                told(result.rows)
                yield futures[future], result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


class _Worker:
    """A process that runs tasks. Raises UnavailableError when it cannot be started."""

    def __init__(self) -> None:
        if not sys.executable:
            raise UnavailableError("this Python does not know its own program, so it cannot start workers; leave workers out")
        command = [sys.executable, "-I", "-c", _BEGIN, *map(os.path.abspath, sys.path)]
        environment = os.environ | {"OMP_WAIT_POLICY": "passive"}
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        except OSError as error:
            raise UnavailableError(f"a worker process cannot be started ({error.strerror or error})") from None

    def ask(self, question: object) -> Result:
        """What it finds. Raises what the task raised, and UnavailableError when it dies."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            _put(self._process.stdin, question)
            answer = _take(self._process.stdout)
        except (OSError, EOFError):
            raise UnavailableError(DIED) from None
        if isinstance(answer, TafadiError | OSError):
            raise answer
        return Result(*answer)

    def end(self) -> None:
        """Ends it at once: whatever it still does, nobody waits for."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # what was not sent is for nobody
                assert pipe is not None
                pipe.close()


def _asked(idle: "SimpleQueue[_Worker]", question: object) -> Result:
    """The result of one task, of a worker that has nothing to do."""
    worker = idle.get()
    try:
        return worker.ask(question)
    finally:
        idle.put(worker)


def serve() -> None:
    """Answers tasks on standard input until there is none: the whole life of a worker."""
    import signal

    import pyarrow as pa

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told too, and ends its workers
    pa.set_cpu_count(1)  # a process of many reads with one thread
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not come between answers
    try:
        while True:
            _put(answers, _answer(*_take(questions)))
    except (EOFError, BrokenPipeError):
        return


def _answer(chunks: Sequence[Chunk], task: Task, ask: Ask) -> object:
    try:
        return tuple(run_task(chunks, task, ask))
    except (TafadiError, OSError) as error:
        return error


def _put(file: IO[bytes], thing: object) -> None:
    data = pickle.dumps(thing, pickle.HIGHEST_PROTOCOL)
    file.write(len(data).to_bytes(LENGTH_BYTES, "big"))
    file.write(data)
    file.flush()


def _take(file: IO[bytes]) -> Any:
    """What was put. Raises EOFError when the other side is gone."""
    length = file.read(LENGTH_BYTES)
    data = file.read(int.from_bytes(length, "big")) if len(length) == LENGTH_BYTES else b""
    if not data:
        raise EOFError
    return pickle.loads(data)
