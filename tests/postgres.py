"""A PostgreSQL server of our own, from Debian's package: in a temporary folder, behind a socket of its own, with fsync on."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def address(self) -> str:
        """The address of its first database."""
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def run(self, program: str, *words: str) -> None:
        """Runs one of the server's programs; none of them lets itself be run by root."""
        as_postgres = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
        subprocess.run([*as_postgres, str(HERE[-1].parent / program), *words], check=True, capture_output=True, cwd="/")

    def start(self) -> None:
        """Has it answer."""
        told = ("listen_addresses=''", f"unix_socket_directories={self.folder}", *self.settings)
        options = " ".join(f"-c {one}" for one in told)
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self, how: str = "immediate") -> None:
        """Ends it; `immediate` is a crash: nothing is written that was not flushed."""
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-m", how, "stop")

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


@contextmanager
def server(*settings: str) -> Iterator[Server]:
    """A server with nothing in it, which ends with the context."""
    with tempfile.TemporaryDirectory(prefix="tafadi-pg-") as folder:
        if os.geteuid() == 0:
            shutil.chown(folder, *(pwd.getpwnam("postgres")[2:4]))
        found = Server(Path(folder), settings)
        found.run("initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C", "--no-sync")
        found.start()
        try:
            yield found
        finally:
            found.stop()
