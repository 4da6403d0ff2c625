"""A PostgreSQL server of our own, from Debian's package: in a temporary folder, behind a socket of its own, with fsync on."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import psycopg

SERVERS: Final = Path("/usr/lib/postgresql")
HERE: Final = sorted(SERVERS.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
ABSENT: Final = "no PostgreSQL server is installed here (`apt-get install postgresql`, as .ci/install-postgres does)"


@dataclass
class Server:
    """A server that runs, and may be crashed and started again."""

    folder: Path
    settings: tuple[str, ...] = ()
    file_max_kb: str = "unlimited"  # no file may grow beyond, as on a disk without room
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def address(self) -> str:
        """The address of its first database."""
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def run(self, program: str, *words: str) -> None:
        """Runs one of the server's programs; none of them lets itself be run by root."""
        as_postgres = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
        limited = ("bash", "-c", f'ulimit -S -f {self.file_max_kb}; exec "$@"', "-")  # inside, for to become another user sets limits anew
        command = [*as_postgres, *limited, str(HERE[-1].parent / program), *words]
        subprocess.run(command, check=True, capture_output=True, cwd="/")

    def start(self) -> None:
        """Has it answer."""
        told = ("listen_addresses=''", f"unix_socket_directories={self.folder}", *self.settings)
        options = " ".join(f"-c {one}" for one in told)
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def again(self) -> None:
        """Stops it as one should, and starts it by what was changed."""
        self.stop("fast")
        self.start()

    def stop(self, how: str = "immediate") -> None:
        """Ends it; `immediate` is a crash: nothing is written that was not flushed."""
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-m", how, "stop")

    @property
    def pid(self) -> int:
        """The process that began all its others."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """Ends every process of it on the spot, with signal 9."""
        mother = self.pid
        pids = [mother, *_children(mother)]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(_is_alive(pid) for pid in pids):
            time.sleep(0.01)
        for lock in (self.folder / "data" / "postmaster.pid", self.folder / ".s.PGSQL.5432.lock"):
            lock.unlink()  # they name a process that init may not have buried yet, and that would be taken for alive

    def empty(self) -> str:
        """The address of a place with nothing in it: a schema of its own."""
        name = f"place{next(self.numbers)}"
        with psycopg.connect(self.address, autocommit=True) as db:
            db.execute(f"CREATE SCHEMA {name}")
        return f"{self.address}&options=-csearch_path%3D{name}"

    def end_sessions(self) -> None:
        """Ends every other session on the spot, as a network does that went away."""
        with psycopg.connect(self.address, autocommit=True) as db:
            db.execute("SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE application_name = 'tafadi'")


def _children(mother: int) -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if _stat(int(path.name))[1:2] == [str(mother)]]


def _is_alive(pid: int) -> bool:
    return _stat(pid)[:1] not in ([], ["Z"])


def _stat(pid: int) -> list[str]:
    """State and parent of a process; nothing where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return []


@dataclass
class Relay:
    """A way to the server that breaks at its next COMMIT: before the server hears of it, or before its answer is heard."""

    server: Server
    folder: Path
    breaks: str = ""  # "before" or "after"

    @property
    def way(self) -> str:
        """What stands in an address in the place of the server's own folder."""
        return str(self.folder)

    @contextmanager
    def running(self) -> Iterator["Relay"]:
        """Listens until the context ends."""
        with socket.socket(socket.AF_UNIX) as door:
            door.bind(str(self.folder / ".s.PGSQL.5432"))
            door.listen()
            threading.Thread(target=self._listen, args=(door,), daemon=True).start()
            yield self
            door.shutdown(socket.SHUT_RDWR)

    def _listen(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = door.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(str(self.server.folder / ".s.PGSQL.5432"))
                for one, other in ((client, there), (there, client)):
                    threading.Thread(target=self._pass_on, args=(one, other, one is client), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket, is_client: bool) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                if is_client and b"COMMIT" in data and self.breaks:
                    how, self.breaks = self.breaks, ""
                    one.shutdown(socket.SHUT_RDWR)  # the client hears nothing more, and first of all not that it was done
                    if how == "after":
                        other.sendall(data)
                    break
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR if not is_client or end is one else socket.SHUT_WR)


@contextmanager
def server(*settings: str, wal_segment_mb: int = 16) -> Iterator[Server]:
    """A server with nothing in it, which ends with the context."""
    with tempfile.TemporaryDirectory(prefix="tafadi-pg-") as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, *(pwd.getpwnam("postgres")[2:4]))
        found = Server(Path(folder), settings)
        found.run(
            "initdb",
            "-D",
            f"{folder}/data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale",
            "C",
            "--no-sync",
            f"--wal-segsize={wal_segment_mb}",
        )
        found.start()
        try:
            yield found
        finally:
            found.stop()
