"""Nodes that start at once: one process has loaded the program, and forks a real process for each start, to be killed like any other.

Most of a start is Python reading modules, and a test that kills fifty nodes would do little else. What is forked runs `tafadi node run`
from its first line on; nothing of a node is made before the fork. Run as a program, this file is the process that forks.
"""

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, Final

from nodes import STARTS_S, RealNode, until

READY: Final = "ready"
PR_SET_PDEATHSIG: Final = 1  # from <linux/prctl.h>: nothing that was forked outlives the process that forks, nor that one the test


class Forks:
    """The process that forks, as a test knows it."""

    def __init__(self) -> None:
        command = [sys.executable, str(Path(__file__)), "forks"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent)
        self._told = ""
        self._codes: dict[int, int] = {}
        self._begun: list[int] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._wait(lambda: READY in self._told, STARTS_S)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            what, *numbers = line.split()
            with self._news:
                if what == "begun":
                    self._codes.pop(int(numbers[0]), None)  # of an earlier process, for numbers come round again
                    self._begun.append(int(numbers[0]))
                elif what == "ended":
                    self._codes[int(numbers[0])] = int(numbers[1])
                else:
                    self._told = what
                self._news.notify_all()

    def _wait(self, looks: Any, within_s: float) -> None:
        with self._news:
            assert self._news.wait_for(looks, within_s), "the process that forks does not answer"

    def begin(self, log: Path, *arguments: str, before: str = "") -> "Forked":
        """A new process that runs `tafadi` with these arguments, after the Python lines of `before`; what it prints goes to the log."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"log": str(log), "arguments": arguments, "before": before}) + "\n")
        self._process.stdin.flush()
        self._wait(lambda: self._begun, STARTS_S)
        return Forked(self, self._begun.pop())

    def code(self, pid: int, within_s: float) -> int | None:
        """The exit code of one of its processes, once it has ended; None where it has not by then."""
        with self._news:
            self._news.wait_for(lambda: pid in self._codes, within_s)
            return self._codes.get(pid)

    def close(self) -> None:
        """Ends it; its processes are ended by those who began them."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(STARTS_S)


@dataclass
class Forked:
    """One process, with the methods of `subprocess.Popen` that a RealNode calls."""

    forks: Forks
    pid: int

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self.forks.code(self.pid, 0.0)

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended. Raises TimeoutExpired."""
        code = self.forks.code(self.pid, timeout)
        if code is None:
            raise subprocess.TimeoutExpired("tafadi", timeout)
        return code

    def kill(self) -> None:
        """Ends it on the spot."""
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Asks it to end."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


class ForkedNode(RealNode):
    """A node whose process is forked."""

    forks: Forks

    def begin(self, *options: str, before: str = "") -> None:
        """Starts it and does not wait for its doors."""
        self.options = options or self.options
        self.starts += 1
        self.log.touch()
        self.process = self.forks.begin(self.log, "node", "run", str(self.path), *self.options, before=before)  # type: ignore[assignment]

    def start(self, *options: str, before: str = "") -> None:
        """Starts it and waits until its doors are open."""
        self.begin(*options, before=before)
        until(self.is_ready, STARTS_S)

    @classmethod
    def of(cls, node: RealNode, forks: Forks) -> "ForkedNode":
        """The same node, not running."""
        found = cls(node.party, node.path, node.port)
        found.forks = forks
        return found


@contextmanager
def forking() -> Iterator[Forks]:
    """A process that forks, which ends with the context."""
    forks = Forks()
    try:
        yield forks
    finally:
        forks.close()


# The process that forks


def _serve() -> None:
    """Forks for each line that comes, and tells who has begun and ended."""
    _load()
    assert threading.active_count() == 1, "what has threads must not be forked"
    wakes, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    signal.set_wakeup_fd(woken)
    print(READY, flush=True)  # noqa: T201 - what the other end reads
    while True:
        ready, _, _ = select.select([0, wakes], [], [])
        if wakes in ready:
            os.read(wakes, 1_000)
            _reap()
        if 0 in ready:
            line = sys.stdin.readline()
            if not line:
                return
            _fork(json.loads(line))


def _load() -> None:
    """Loads all that a node needs, the engine too, and makes nothing of a node."""
    import asyncio

    import httpx

    import tafadi.net.tls
    import tafadi.web.serve  # noqa: F401 - loaded, to be there
    from tafadi.cli.main import app
    from tafadi.engine.warm import warm_up

    async def knock() -> None:
        async with httpx.AsyncClient(verify=False) as client:
            with suppress(httpx.ConnectError):
                await client.get("http://127.0.0.1:1")  # nobody listens there; what httpx loads when it is asked is loaded

    asyncio.run(knock())
    with suppress(SystemExit), redirect_stderr(StringIO()):
        app(["node", "run", os.devnull])  # which is no node: a sentence on standard error
    warm_up()


def _reap() -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            print("ended", ended[0], os.waitstatus_to_exitcode(ended[1]), flush=True)  # noqa: T201 - what the other end reads


def _fork(asked: dict[str, Any]) -> None:
    pid = os.fork()
    if pid:
        print("begun", pid, flush=True)  # noqa: T201 - what the other end reads
        return
    try:
        _run(asked)
    finally:
        os._exit(70)  # it was to end by itself


def _run(asked: dict[str, Any]) -> None:
    import ctypes
    import random

    from tafadi.cli.main import app
    from tafadi.web import running

    running.warm_up = lambda: None  # type: ignore[attr-defined]  # it is warm: that was forked as well
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    random.seed()  # else all of them would wait the same times
    log = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    null = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((null, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    exec(asked["before"], {})
    sys.argv = ["tafadi", *asked["arguments"]]
    try:
        app(asked["arguments"])
    except SystemExit as ended:
        sys.stdout.flush()
        os._exit(ended.code if isinstance(ended.code, int) else 1)


if __name__ == "__main__":
    _serve()
