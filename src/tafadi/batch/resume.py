"""A checkpoint: a directory that keeps what was found of each task, so that a scan which was stopped goes on where it was.

`scan.json` says of which scan it is: the version, what is asked, the column map, and of each recording its name, size, time of change and
the digest of its beginning and end (where Parquet keeps the places and statistics of all its row groups). A checkpoint of another scan is
refused, and so is one that another process uses now (`lock`, which stays there, is held while a scan runs). Each task is one file, written
beside its place and then put there: a file that is there is whole.
"""

import fcntl
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Self

import numpy as np

from tafadi import __version__
from tafadi.batch.gathering import Result
from tafadi.engine.kernels.history_meet import PIECE
from tafadi.errors import InputError

FORM: Final = "tafadi.scan/1"
ENDS_BYTES: Final = 1 << 16
DOCUMENT: Final = "scan.json"
LOCK: Final = "lock"
_FOREIGN: Final = "{}: it is not empty and no checkpoint of a scan; name a new directory"


def identity_of(paths: Sequence[Path], ask: object, columns: object) -> bytes:
    """What tells this scan from any other, as JSON. Raises OSError for a file that cannot be read."""
    files = sorted(_file_identity(path) for path in paths)
    told = {"form": FORM, "version": __version__, "ask": repr(ask), "columns": repr(columns), "files": files}
    return json.dumps(told, indent=1, sort_keys=True).encode() + b"\n"


def _file_identity(path: Path) -> list[str]:
    status = path.stat()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(ENDS_BYTES))
        file.seek(max(0, status.st_size - ENDS_BYTES))
        digest.update(file.read(ENDS_BYTES))
    return [path.name, str(status.st_size), str(status.st_mtime_ns), digest.hexdigest()]


class Checkpoint:
    """The directory of one scan, locked while it is open. Raises InputError when it belongs to another, is damaged, or is in use now."""

    def __init__(self, directory: Path, identity: bytes) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        if not (directory / LOCK).exists() and not (directory / DOCUMENT).exists() and any(directory.iterdir()):
            raise InputError(_FOREIGN.format(directory))
        with ExitStack() as held:
            held.enter_context(_locked(directory))
            self._check(identity)
            self._held = held.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._held.close()

    def _check(self, identity: bytes) -> None:
        """Sees that the directory is new, or of this scan. Raises InputError."""
        document = self.directory / DOCUMENT
        if not document.exists():
            if any(one.name != LOCK and not one.name.startswith(f".{DOCUMENT}.") for one in self.directory.iterdir()):
                raise InputError(_FOREIGN.format(self.directory))
            _write(document, identity)
            return
        kept = document.read_bytes()
        if not _is_document(kept):
            raise InputError(f"{document}: it is damaged, and nobody can say of which scan the checkpoint is; name a new directory")
        if kept != identity:
            raise InputError(
                f"{self.directory}: it is the checkpoint of another scan (other files, options or version); name a new directory"
            )

    def load(self, number: int) -> Result | None:
        """What was found of a task; None when it is not done, or what is there is damaged."""
        path = self._path(number)
        if not path.is_file():
            return None
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:
                told = json.loads(kept["told"].tobytes())
                pieces = np.frombuffer(kept["pieces"].tobytes(), PIECE)
                return Result(told["names"], pieces, kept["gaps"], kept["seen"], *(told[name] for name in Result._fields[4:]))
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return None

    def save(self, number: int, result: Result) -> None:
        """Keeps what was found of a task."""
        told = {name: getattr(result, name) for name in ("names", *Result._fields[4:])}
        packed = io.BytesIO()
        text = np.frombuffer(json.dumps(told).encode(), np.uint8)
        np.savez(packed, told=text, pieces=np.frombuffer(result.pieces.tobytes(), np.uint8), gaps=result.gaps, seen=result.seen)
        _write(self._path(number), packed.getvalue())

    def _path(self, number: int) -> Path:
        return self.directory / f"task-{number:06d}.npz"


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Holds the directory for this scan alone. The system lets go of it when the process ends, however it ends. Raises InputError."""
    with (directory / LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{directory}: another scan uses this checkpoint now; wait for it, or name another directory") from None
        yield


def _is_document(data: bytes) -> bool:
    """Whether it is what `identity_of` makes, of whatever scan."""
    try:
        told = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and str(told.get("form", "")).startswith(FORM.split("/")[0]) and "files" in told


def _write(path: Path, data: bytes) -> None:
    """Writes beside the file and then puts it in its place, on the disk before it is called there."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
