"""Files that may be packed: .gz and .zip are opened as what they hold, and none of them may unfold without end.

A file is known by its first bytes, not by its ending. What comes out of it is read as it comes, and is counted: a small file that unfolds
to `RATIO_MAX` times its size is a bomb and no recording, and is refused in a sentence where it begins to be one. A .zip holds one file; of
several nobody can say which is meant. What is packed twice is unpacked once.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from tafadi.errors import FormatError, LimitError

GZIP: Final = b"\x1f\x8b"
ZIP: Final = b"PK\x03\x04"
RATIO_MAX: Final = 200  # deflate reaches 1,032 on zeros; the recordings here shrink to a fifth up to a thirtieth of their size
FREE_BYTES: Final = 16 * 1024 * 1024  # so much any packed file may unfold to: small ones may shrink by more, and harm nobody
MOST_MEMBERS: Final = 1_000  # of a .zip; its list alone is read into memory


class _Counted(io.RawIOBase):
    """A file that tells how much of it was read, also where it cannot tell its place."""

    def __init__(self, inner: IO[bytes]) -> None:
        super().__init__()
        self.taken = 0
        self._inner = inner

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # as io.RawIOBase is used: always with a memoryview
        """Fills the buffer as far as there is something; how many bytes."""
        data = getattr(self._inner, "read1", self._inner.read)(len(buffer))
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)


class Unpacked(io.RawIOBase):
    """What a packed file holds, read as it comes, once and forward. Raises FormatError where it is damaged, LimitError for a bomb.

    `taken` tells how many packed bytes it came from until now.
    """

    def __init__(self, inner: IO[bytes], name: str, what: str, taken: Callable[[], int]) -> None:
        super().__init__()
        self.name = name
        self._inner = inner
        self._what = what
        self._taken = taken
        self._count = 0

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # as above
        """Fills the buffer as far as there is something; how many bytes."""
        try:
            data = self._inner.read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
            raise FormatError(f"it is compressed and damaged ({error})", format=self._what) from None
        buffer[: len(data)] = data
        self._count += len(data)
        if self._count > FREE_BYTES and self._count > RATIO_MAX * self._taken():
            sentence = f"it unfolds to more than {RATIO_MAX} times its size; unpack it yourself if that is meant"
            raise LimitError(f"{sentence} ({self._count:,} bytes until here)")
        return len(data)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file, open for reading, unpacked if it is a .gz or a .zip. Raises OSError, FormatError, LimitError.

    What was packed can be read forward alone: it is not seekable.
    """
    with path.open("rb") as file, unpacked(file, path.name) as bare:
        yield bare


@contextmanager
def unpacked(file: IO[bytes], name: str = "") -> Iterator[IO[bytes]]:
    """An open file as what it holds; a pipe may be packed as .gz alone. Raises as `opened`."""
    magic = _magic(file)
    if magic.startswith(GZIP):
        counted = _Counted(file)
        with gzip.GzipFile(fileobj=io.BufferedReader(counted)) as inner:
            yield io.BufferedReader(Unpacked(inner, name.removesuffix(".gz"), "gzip", lambda: counted.taken))  # type: ignore[arg-type]
    elif magic == ZIP and not file.seekable():
        raise FormatError("an archive is read from its end, so it must be a file and not standard input", format="zip")
    elif magic == ZIP:
        with _member(file) as (member, size_bytes):
            yield io.BufferedReader(Unpacked(member, member.name or name, "zip", lambda: size_bytes))
    else:
        yield file


def _magic(file: IO[bytes]) -> bytes:
    """The first bytes of the file, which are still to be read afterwards."""
    if isinstance(file, io.BufferedReader):
        return file.peek(len(ZIP))[: len(ZIP)]
    if not file.seekable():
        return b""
    begin = file.tell()
    magic = file.read(len(ZIP))
    file.seek(begin)
    return magic


@contextmanager
def _member(file: IO[bytes]) -> Iterator[tuple[IO[bytes], int]]:
    """The one file of an archive, and its size in there. Raises FormatError for one that is damaged, locked, or holds several."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            files = [one for one in members if not one.is_dir()]
            if len(members) > MOST_MEMBERS or len(files) != 1:
                raise FormatError(f"the archive holds {len(files):,} files; unpack the one that is meant", format="zip")
            if files[0].flag_bits & 1:
                raise FormatError("the archive is locked with a password; unpack it yourself", format="zip")
            with archive.open(files[0]) as inner:
                yield inner, files[0].compress_size
    except (zipfile.BadZipFile, RuntimeError) as error:  # RuntimeError: packed in a way that Python does not know
        raise FormatError(f"it is compressed and damaged ({error})", format="zip") from None
