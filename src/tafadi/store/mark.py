"""The mark beside the journal: how far every feed has grown, in a file of its own, so that a journal put back from a copy is noticed.

A journal that is older than what its node has told would sign places of its feed a second time, and nothing inside it shows that. The mark
is written after each commit and before anybody is told, one line `origin size` a feed; whoever puts back the journal alone leaves the mark
ahead of it. Whoever puts back both, or takes the mark away, is not found here, but at a peer's next heartbeat (`tafadi.desk.pulse`).
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tafadi.errors import DamagedError, StoreError
from tafadi.store.files import write_whole

_WAY_ON: Final = "`tafadi node restore` begins the next epoch"
LINES_MAX: Final = 10_000  # under a megabyte; then the file is written anew with one line a feed


class Mark:
    """The mark of one journal, open for appending. Raises DamagedError when the journal holds less than it, StoreError for the disk."""

    def __init__(self, path: Path, sizes: Mapping[str, int], *, restored: bool = False) -> None:
        """The mark at `path` of a journal with these sizes; `restored` says that it may hold less, and goes on in a new epoch."""
        self._path = path
        self._sizes = dict(sizes)
        self._file = -1
        self._lines = 0
        if not restored:
            self._check()
        self._anew()

    def _check(self) -> None:
        for origin, size in read_mark(self._path).items():
            held = self._sizes.get(origin, 0)
            if held < size:
                raise DamagedError(
                    f"the journal holds {held} entries of {origin}, and {self._path.name} beside it says {size}: the record was put "
                    "back from a copy; this node must not go on in this epoch: `tafadi node restore` begins the next"
                )

    def grow(self, sizes: Mapping[str, int]) -> None:
        """Has it on the disk that the feeds have these sizes now. Raises StoreError; the next call then writes what this one could not."""
        if not sizes and self._file >= 0:
            return
        self._sizes.update(sizes)
        if self._file < 0 or self._lines >= LINES_MAX:
            self._anew()
        else:
            self._append(_lines(sizes))
            self._lines += len(sizes)

    def _append(self, data: bytes) -> None:
        try:
            written = os.write(self._file, data)
            os.fdatasync(self._file)
        except OSError as error:
            self.close()  # what is half written is written anew, whole, the next time
            raise _unwritten(self._path, error.strerror) from error
        if written != len(data):
            self.close()
            raise _unwritten(self._path, "the disk took a part of a line")

    def _anew(self) -> None:
        """One line a feed, in a new file; the old one stays until that is on the disk."""
        self.close()
        try:
            write_whole(self._path, _lines(self._sizes), 0o600)
            self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        except OSError as error:
            raise _unwritten(self._path, error.strerror) from error
        self._lines = len(self._sizes)

    def close(self) -> None:
        """Lets go of the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _unwritten(path: Path, why: str | None) -> StoreError:
    return StoreError(f"the mark {path} cannot be written: {why or 'no reason given'}")


def _lines(sizes: Mapping[str, int]) -> bytes:
    return "".join(f"{origin} {size}\n" for origin, size in sizes.items()).encode()


def read_mark(path: Path) -> dict[str, int]:
    """The largest size of each feed; empty without a file. What a power cut tore of the last lines is left out. Raises StoreError.

    Lines that are appended together lie in one sector of the disk or in several, and any of these may be lost: then the file ends in the
    middle of a line, or has zeros in the place of some. Nobody was told of those lines yet. Zeros before a later append are damage.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return {}  # a folder older than marks, or a journal that begins
    except OSError as error:
        raise StoreError(f"the mark {path} cannot be read: {error.strerror}") from error
    sizes: dict[str, int] = {}
    after: set[str] | None = None  # the feeds of the lines after zeros; no append has two lines of one feed
    for line in data.split(b"\n")[:-1]:
        if b"\0" in line:
            after = after or set()
            continue
        origin, size = _parse(path, line)
        if after is not None:
            if origin in after:
                raise _damaged(path)
            after.add(origin)
        sizes[origin] = max(size, sizes.get(origin, 0))
    return sizes


def _parse(path: Path, line: bytes) -> tuple[str, int]:
    origin, _, size = line.rpartition(b" ")
    if not origin or not size.isdigit():
        raise _damaged(path)
    try:
        return origin.decode(), int(size)
    except ValueError:
        raise _damaged(path) from None


def _damaged(path: Path) -> DamagedError:
    return DamagedError(f"the mark {path} is damaged: a line of it is no feed and size; {_WAY_ON}")
