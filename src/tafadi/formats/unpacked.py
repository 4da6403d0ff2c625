"""Files that may be packed: .gz and .zip are read as what they hold, and none of them may unfold without end.

A file is known by its first bytes, not by its ending. What comes out of it is read as it comes, and is counted: a small file that unfolds
to `RATIO_MAX` times its size is a bomb and no recording, and is refused in a sentence where it begins to be one. A .zip holds one file; of
several nobody can say which is meant. Nothing is ever written to the place that an archive names: of the name of its file only the last
part is taken, and only for its ending. What is packed twice is unpacked once. Source: RFC 1951, RFC 1952, APPNOTE.TXT 6.3 of PKWARE.
"""

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Final, cast

from tafadi.errors import FormatError, LimitError
from tafadi.model.names import LONGEST_FIELD, printable

GZIP: Final = b"\x1f\x8b"
ZIP: Final = b"PK\x03\x04"
RATIO_MAX: Final = 200  # deflate reaches 1,032 on zeros; the recordings here shrink to a fifth up to a thirtieth of their size
FREE_BYTES: Final = 16 * 1024 * 1024  # so much any packed file may unfold to: small ones may shrink by more, and harm nobody
MOST_MEMBERS: Final = 1_000  # of a .zip
LIST_BYTES: Final = 1024 * 1024  # its list of members, which is read into memory; a thousand long names are well below
METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others are rare, and each would bring errors of its own
_LOCKED: Final = 1  # the flag of a member
# Of what `zipfile` raises for archives that lie: RuntimeError where they ask for what it does not know.
_ERRORS: Final = (zipfile.BadZipFile, zlib.error, EOFError, struct.error, RuntimeError, ValueError, OverflowError)


class _Counted(io.RawIOBase):
    """A file that tells how much of it was read, also where it cannot tell its place."""

    def __init__(self, inner: IO[bytes]) -> None:
        super().__init__()
        self.taken = 0
        self.name = getattr(inner, "name", "")
        self._inner = inner

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # as io.RawIOBase is used: always with a memoryview
        """Fills the buffer as far as there is something; how many bytes."""
        data = getattr(self._inner, "read1", self._inner.read)(len(buffer)) or b""
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)


class _Listed:
    """An archive as `zipfile` reads it, which gives no list of members that is longer than one may be."""

    def __init__(self, inner: IO[bytes]) -> None:
        self.seek, self.tell, self.seekable = inner.seek, inner.tell, inner.seekable
        self.is_listing = True
        self._inner = inner

    def read(self, size: int = -1) -> bytes:
        """As of any file."""
        if self.is_listing and size > LIST_BYTES:
            raise FormatError(f"the archive lists its files in {size:,} bytes, and no recording needs that", format="zip")
        return self._inner.read(size)


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
        except (*_ERRORS, gzip.BadGzipFile) as error:
            raise _damaged(error, self._what) from None
        buffer[: len(data)] = data
        self._count += len(data)
        if self._count > FREE_BYTES and self._count > RATIO_MAX * self._taken():
            sentence = f"it unfolds to more than {RATIO_MAX} times its size; unpack it yourself if that is meant"
            raise LimitError(f"{sentence} ({self._count:,} bytes until here)")
        return len(data)


def _damaged(error: Exception, what: str) -> FormatError:
    return FormatError(f"it is compressed and damaged ({printable(str(error))[:120]})", format=what)


@contextmanager
def unpacked(file: IO[bytes], name: str = "") -> Iterator[IO[bytes]]:
    """An open file as what it holds, by the name of that; itself when it is not packed. A pipe may be packed as .gz alone.

    What was packed can be read forward alone: it is not seekable. Raises FormatError where it is damaged, locked, or holds several files,
    LimitError for what unfolds without end.
    """
    bare = file if hasattr(file, "peek") or _is_seekable(file) else cast(IO[bytes], io.BufferedReader(_Counted(file)))
    magic = _magic(bare)
    if magic.startswith(GZIP):
        counted = _Counted(bare)
        with gzip.GzipFile(fileobj=io.BufferedReader(counted)) as inner:
            yield _read_as(Unpacked(cast(IO[bytes], inner), name.removesuffix(".gz"), "gzip", lambda: counted.taken))
    elif magic == ZIP and not _is_seekable(bare):
        raise FormatError("an archive is read from its end, so it must be a file, and no pipe or standard input", format="zip")
    elif magic == ZIP:
        listed = _Listed(bare)
        with _archive(listed) as archive, _member(archive) as (member, size_bytes):
            listed.is_listing = False
            held_bytes = min(size_bytes, _size_bytes(bare))  # an archive may say that it holds more than it is long
            yield _read_as(Unpacked(member, _ending(member.name) or name.removesuffix(".zip"), "zip", lambda: held_bytes))
    else:
        yield bare


def _read_as(unfolding: Unpacked) -> IO[bytes]:
    return cast(IO[bytes], io.BufferedReader(unfolding))


def _is_seekable(file: IO[bytes]) -> bool:
    return hasattr(file, "seekable") and file.seekable()


def _magic(file: IO[bytes]) -> bytes:
    """The first bytes of the file, which are still to be read afterwards."""
    if isinstance(file, io.BufferedReader):
        return file.peek(len(ZIP))[: len(ZIP)]
    begin = file.tell()
    magic = file.read(len(ZIP))
    file.seek(begin)
    return magic


def _size_bytes(file: IO[bytes]) -> int:
    """How long the file is; its place stays."""
    place = file.tell()
    size_bytes = file.seek(0, io.SEEK_END)
    file.seek(place)
    return size_bytes


def _archive(listed: _Listed) -> zipfile.ZipFile:
    """The archive, listed. Raises FormatError where it is damaged."""
    try:
        return zipfile.ZipFile(cast(IO[bytes], listed))
    except _ERRORS as error:
        raise _damaged(error, "zip") from None


@contextmanager
def _member(archive: zipfile.ZipFile) -> Iterator[tuple[IO[bytes], int]]:
    """The one file of an archive, and its size in there. Raises FormatError for one that is damaged, locked, or holds several."""
    members = archive.infolist()
    files = [one for one in members if not one.is_dir()]
    if len(members) > MOST_MEMBERS or len(files) != 1:
        raise FormatError(f"the archive holds {len(files):,} files; unpack the one that is meant", format="zip")
    if files[0].flag_bits & _LOCKED:
        raise FormatError("the archive is locked with a password; unpack it yourself", format="zip")
    if files[0].compress_type not in METHODS:
        raise FormatError(f"the archive is packed by method {files[0].compress_type}; unpack it yourself", format="zip")
    try:
        inner = archive.open(files[0])
    except _ERRORS as error:
        raise _damaged(error, "zip") from None
    with inner:
        yield inner, files[0].compress_size


def _ending(name: str) -> str:
    """The last part of a name that an archive gives, which may be any text: for its ending alone, and safe to show."""
    return printable(name.replace("\\", "/").rpartition("/")[2])[-LONGEST_FIELD:]
