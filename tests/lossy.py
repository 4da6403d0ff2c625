"""A disk that forgets: every write below one folder is recorded, and power cuts are made from the record.

SQLite's own writes are seen by a VFS that is put, with ctypes, into the very library that Python's `sqlite3` uses; those of
`tafadi.store` by taking the place of the functions of `os` that it calls. What the disk keeps after a cut at event k is, for each file, all
up to its last sync, and of what came after it anything: nothing, all, or by chance each sector of 512 bytes for itself. A name is kept once
its folder was synced; of what came after it, the first so many changes.

Source: SQLite's os_unix.c, whose first sync of a new log syncs the folder too.

`fail` makes the same disk refuse: full, read-only, or failing in a sync. So real nodes meet a full disk, and one that is mended.
"""

import ctypes
import errno
import io
import os
import pickle
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from ctypes.util import find_library
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple, TypeAlias

SECTOR: Final = 512  # bytes; what a disk writes whole or not at all
ABSENT: Final = "the library that Python's sqlite3 uses cannot be reached with ctypes here"

BEGUN: Final = "begun"  # is told when a process has written down what was there before it

# From sqlite3.h.
_OK: Final = 0
_OPEN_CREATE: Final = 0x4
_OPEN_LOGS: Final = 0x800 | 0x4000 | 0x80000  # main journal, super journal, WAL


class Failure(NamedTuple):
    """How a disk refuses: SQLite's code and the system's, for writing and for syncing; 0 where it does what it is told."""

    write: int
    sync: int
    system: int


FAILURES: Final = {
    "full": Failure(13, 0, errno.ENOSPC),  # SQLITE_FULL
    "read-only": Failure(8, 0, errno.EROFS),  # SQLITE_READONLY
    "broken": Failure(0, 1034, errno.EIO),  # SQLITE_IOERR_FSYNC
}


@dataclass(eq=False)
class Inode:
    """One file, whatever its name; one that was written down and read again is the same by its number."""

    number: int
    size: int = 0

    def __hash__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Inode) and other.number == self.number


class Write(NamedTuple):
    """Bytes were written, and are on the disk some time."""

    file: Inode
    offset: int
    data: bytes


class Cut(NamedTuple):
    """The file was made so long."""

    file: Inode
    size: int


class Sync(NamedTuple):
    """What was written to the file is on the disk."""

    file: Inode


class Named(NamedTuple):
    """A file, or a folder (None), has the name from now on."""

    folder: Path
    name: str
    what: Inode | None


class Unnamed(NamedTuple):
    """Nothing has the name any more."""

    folder: Path
    name: str


class Renamed(NamedTuple):
    """What had one name has the other, in the same folder."""

    folder: Path
    name: str
    to: str


class FolderSync(NamedTuple):
    """The names of the folder are on the disk."""

    folder: Path


class Told(NamedTuple):
    """Somebody was told something, and relies on it from now on."""

    what: Any


Change: TypeAlias = Write | Cut
Naming: TypeAlias = Named | Unnamed | Renamed
Event: TypeAlias = Change | Sync | Naming | FolderSync | Told


@dataclass
class Disk:
    """What happens below `root`, from the moment of `recording`."""

    root: Path
    log: list[Event] = field(default_factory=list)
    failing: Callable[[], str] = field(default=lambda: "")
    is_kept: bool = True  # whether there is a log at all
    deaf: frozenset[str] = frozenset()  # functions of `os` that are taken for not called: a program that forgot them
    sink: int = -1  # a file handle to which every event is written as it happens, for a process that will be killed
    _names: dict[str, Inode] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    _before: int = 0  # events that only say what was there

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Records until its end. What is synced inside is not synced really, which would only take time."""
        import pytest  # here, for the processes of nodes load this file as well

        self.root = self.root.resolve()
        self.note_all()
        vfs = _vfs()
        with pytest.MonkeyPatch.context() as patch:
            patch_system(self, patch.setattr)
            vfs.take_over(self)
            try:
                yield
            finally:
                vfs.leave()

    def note_all(self) -> None:
        """What lies there already is on the disk; but for sockets, and SQLite's index of the log, which is memory."""
        for folder, folders, files in os.walk(self.root):
            here = Path(folder)
            for name in folders:
                self.add(Named(here, name, None))
            for name in files:
                if (here / name).is_file() and not name.endswith("-shm"):
                    self._note(here, name)
            self.add(FolderSync(here))
        self._before = len(self.log)

    def _note(self, here: Path, name: str) -> None:
        data = (here / name).read_bytes()
        file = self._names[str(here / name)] = Inode(next(self._numbers), len(data))
        for event in (Named(here, name, file), Write(file, 0, data), Sync(file)):
            self.add(event)

    def tell(self, what: object) -> None:
        """From here on somebody relies on it."""
        self.add(Told(what))

    def moments(self) -> range:
        """Every number of events after which the power can be cut."""
        return range(self._before, len(self.log) + 1)

    def told(self, moment: int) -> list[Any]:
        """What had been told by then, in order."""
        return [event.what for event in self.log[:moment] if isinstance(event, Told)]

    def image(self, moment: int, to: Path, chance: Random | None) -> Path:
        """Writes into the new folder `to` what is there after a power cut; without `chance`, as after a kill: everything."""
        replay(self.log[:moment], self.root, chance).write(self.root, to)
        return to

    # What is seen

    def has(self, path: object) -> bool:
        """Whether the path lies below the root."""
        return isinstance(path, str | os.PathLike) and Path(os.path.abspath(path)).is_relative_to(self.root)

    def file(self, path: str | os.PathLike[str], is_new: bool) -> Inode:
        """The file that has the name; named now if it is new."""
        name = os.path.abspath(path)
        if is_new or name not in self._names:
            self._names[name] = Inode(next(self._numbers))
            self.add(Named(Path(name).parent, Path(name).name, self._names[name]))
        return self._names[name]

    def wrote(self, file: Inode, offset: int, data: bytes) -> None:
        """Bytes were written."""
        file.size = max(file.size, offset + len(data))
        self.add(Write(file, offset, data))

    def cut(self, file: Inode, size: int) -> None:
        """The file has another length."""
        file.size = size
        self.add(Cut(file, size))

    def unnamed(self, path: str | os.PathLike[str]) -> None:
        """The name is gone."""
        name = Path(os.path.abspath(path))
        self._names.pop(str(name), None)
        self.add(Unnamed(name.parent, name.name))

    def renamed(self, path: str | os.PathLike[str], to: str | os.PathLike[str]) -> None:
        """A file has another name."""
        old, new = Path(os.path.abspath(path)), Path(os.path.abspath(to))
        assert old.parent == new.parent, "nothing in the store moves from folder to folder"
        if str(old) in self._names:
            self._names[str(new)] = self._names.pop(str(old))
        self.add(Renamed(old.parent, old.name, new.name))

    def add(self, event: Event) -> None:
        """Into the log."""
        if self.is_kept:
            self.log.append(event)
        if self.sink >= 0:
            _REAL["write"](self.sink, pickle.dumps(event))


# What is left after a cut


@dataclass
class _Content:
    """The bytes of a file that are on the disk, and what may be."""

    kept: bytearray = field(default_factory=bytearray)
    pending: list[Change] = field(default_factory=list)

    def sync(self) -> None:
        for change in self.pending:
            _apply(self.kept, change)
        self.pending.clear()


@dataclass
class _Names:
    """The names of a folder that are on the disk, and what may become of them."""

    kept: dict[str, Inode | None] = field(default_factory=dict)
    pending: list[Naming] = field(default_factory=list)

    def sync(self, first: int | None = None) -> None:
        for change in self.pending[:first]:
            if isinstance(change, Named):
                self.kept[change.name] = change.what
            elif isinstance(change, Unnamed):
                self.kept.pop(change.name, None)
            elif change.name in self.kept:
                self.kept[change.to] = self.kept.pop(change.name)
        self.pending.clear()


@dataclass
class Kept:
    """All that is on the disk."""

    files: dict[Inode, _Content]
    folders: dict[Path, _Names]

    def write(self, folder: Path, to: Path) -> None:
        """Writes the folder and what is in it."""
        to.mkdir(parents=True)
        names = self.folders.get(folder, _Names())
        for name, what in names.kept.items():
            if what is None:
                self.write(folder / name, to / name)
            else:
                (to / name).write_bytes(self.files[what].kept if what in self.files else b"")


def replay(events: list[Event], root: Path, chance: Random | None) -> Kept:
    """What is on the disk after these events."""
    found = Kept({}, {root: _Names()})
    for event in events:
        _happen(found, event)
    for content in found.files.values():
        _survive(content, chance)
    for names in found.folders.values():
        names.sync(None if chance is None else chance.randint(0, len(names.pending)))
    return found


def _happen(found: Kept, event: Event) -> None:
    if isinstance(event, Write | Cut):
        found.files.setdefault(event.file, _Content()).pending.append(event)
    elif isinstance(event, Sync):
        found.files.setdefault(event.file, _Content()).sync()
    elif isinstance(event, FolderSync):
        found.folders.setdefault(event.folder, _Names()).sync()
    elif isinstance(event, Named | Unnamed | Renamed):
        found.folders.setdefault(event.folder, _Names()).pending.append(event)


def _survive(content: _Content, chance: Random | None) -> None:
    if chance is not None:
        share = chance.choice((0.0, 0.5, 0.5, 0.9, 1.0))
        content.pending = [part for change in content.pending for part in _sectors(change) if chance.random() < share]
    content.sync()


def _sectors(change: Change) -> Iterator[Change]:
    if isinstance(change, Cut):
        yield change
        return
    start, end = change.offset, change.offset + len(change.data)
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        yield Write(change.file, start, change.data[start - change.offset : stop - change.offset])
        start = stop


def _apply(data: bytearray, change: Change) -> None:
    if isinstance(change, Cut):
        del data[change.size :]
        data.extend(bytes(change.size - len(data)))
    else:
        data.extend(bytes(max(0, change.offset - len(data))))
        data[change.offset : change.offset + len(change.data)] = change.data


# The functions of the system that the store calls


def patch_system(disk: Disk, set_function: Callable[[object, str, object], None]) -> None:
    """Puts functions that tell the disk in the place of those of `os`."""
    system = _System(disk, {})
    for name in ("open", "close", "fdopen", "write", "fsync", "fdatasync", "replace", "rename", "unlink", "mkdir"):
        set_function(os, name, getattr(system, name))


_REAL: Final[dict[str, Any]] = {
    name: getattr(os, name) for name in ("open", "close", "fdopen", "write", "fsync", "fdatasync", "replace", "rename", "unlink", "mkdir")
}


@dataclass
class _System:
    """`os`, as the store knows it; below the root of the disk everything is told to it first."""

    disk: Disk
    handles: dict[int, Inode | Path]

    def _check(self, path: object, *, syncs: bool = False) -> None:
        failure = FAILURES.get(self.disk.failing())
        if failure is not None and (failure.sync if syncs else failure.write):
            raise OSError(failure.system, os.strerror(failure.system), str(path))

    def open(self, path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        is_ours = self.disk.has(path)
        writes = flags & (os.O_WRONLY | os.O_RDWR)
        if is_ours and writes:
            self._check(path)
        is_new = is_ours and not os.path.exists(path)
        handle = int(_REAL["open"](path, flags, mode, **more))
        if is_ours and os.path.isdir(path):
            self.handles[handle] = Path(os.path.abspath(path))
        elif is_ours:
            file = self.handles[handle] = self.disk.file(path, is_new)
            if flags & os.O_TRUNC and file.size:
                self.disk.cut(file, 0)
        return handle

    def close(self, handle: int) -> None:
        self.handles.pop(handle, None)
        _REAL["close"](handle)

    def fdopen(self, handle: int, *more: Any, **named: Any) -> Any:
        file = self.handles.get(handle)
        return _Recorded(self, handle, file) if isinstance(file, Inode) else _REAL["fdopen"](handle, *more, **named)

    def write(self, handle: int, data: bytes) -> int:
        file = self.handles.get(handle)
        if not isinstance(file, Inode):
            return int(_REAL["write"](handle, data))
        self._check(handle)
        written = int(_REAL["write"](handle, data))
        self.disk.wrote(file, file.size, bytes(data[:written]))
        return written

    def fsync(self, handle: int, name: str = "fsync") -> None:
        what = self.handles.get(handle)
        if what is None:
            _REAL[name](handle)
            return
        self._check(handle, syncs=True)
        if name not in self.disk.deaf:
            self.disk.add(Sync(what) if isinstance(what, Inode) else FolderSync(what))

    def fdatasync(self, handle: int) -> None:
        self.fsync(handle, "fdatasync")

    def rename(self, path: Any, to: Any) -> None:
        if self.disk.has(path):
            self._check(path)
        _REAL["rename"](path, to)
        if self.disk.has(path):
            self.disk.renamed(path, to)

    replace = rename

    def unlink(self, path: Any) -> None:
        _REAL["unlink"](path)
        if self.disk.has(path):
            self.disk.unnamed(path)

    def mkdir(self, path: Any, mode: int = 0o777) -> None:
        _REAL["mkdir"](path, mode)
        if self.disk.has(path):
            name = Path(os.path.abspath(path))
            self.disk.add(Named(name.parent, name.name, None))


class _Recorded(io.FileIO):
    """A file that is written from its end on, as all files of the store are."""

    def __init__(self, system: _System, handle: int, file: Inode) -> None:
        super().__init__(handle, "w")
        self.system, self.handle, self.inode = system, handle, file

    def write(self, data: Any) -> int:
        self.system._check(self.handle)
        written = super().write(data)
        assert written == len(data), "a file in a test's own folder takes all"
        self.system.disk.wrote(self.inode, self.inode.size, bytes(data))
        return written

    def close(self) -> None:
        self.system.handles.pop(self.handle, None)
        super().close()


# SQLite's own writes


class _VfsPart(ctypes.Structure):
    pass


_OPEN: Final = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(_VfsPart), ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(ctypes.c_int)
)
_DELETE: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_VfsPart), ctypes.c_char_p, ctypes.c_int)
_VfsPart._fields_ = [
    ("version", ctypes.c_int),
    ("file_bytes", ctypes.c_int),
    ("path_max", ctypes.c_int),
    ("next", ctypes.c_void_p),
    ("name", ctypes.c_char_p),
    ("data", ctypes.c_void_p),
    ("open", _OPEN),
    ("delete", _DELETE),
    *((f"other{number}", ctypes.c_void_p) for number in range(14)),
]
_METHODS: Final = ("close", "read", "write", "truncate", "sync", *(f"other{number}" for number in range(13)))


class _Methods(ctypes.Structure):
    _fields_ = [("version", ctypes.c_int), *((name, ctypes.c_void_p) for name in _METHODS)]


_WRITE: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_longlong)
_TRUNCATE: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_longlong)
_SYNC: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


@dataclass
class _Opened:
    """A file that SQLite has open: whose it is, and what its own methods are."""

    disk: Disk
    file: Inode
    folder: Path
    write: Callable[..., int]
    truncate: Callable[..., int]
    syncs_folder: bool


def _library() -> ctypes.CDLL | None:
    """The library with Python's `sqlite3` in it; None where it cannot be found."""
    try:
        mapped = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "sqlite3" in line}
    except OSError:
        mapped = set()
    for name in (*sorted(mapped, key=lambda path: "libsqlite3" not in path), find_library("sqlite3")):
        library = ctypes.CDLL(name) if name else None
        if library is not None and hasattr(library, "sqlite3_vfs_register") and _version(library) == sqlite3.sqlite_version:
            return library
    return None


def _version(library: ctypes.CDLL) -> str:
    library.sqlite3_libversion.restype = ctypes.c_char_p
    return str(library.sqlite3_libversion().decode())


class _Vfs:
    """The VFS of the system, seen through; the default for every connection from `take_over` to `leave`."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_VfsPart)
        self.base = library.sqlite3_vfs_find(None)
        self.real_open, self.real_delete = self.base.contents.open, self.base.contents.delete
        self.disk: Disk | None = None
        self.opened: dict[int, _Opened] = {}
        self.tables: dict[
            int, _Methods
        ] = {}  # by the address of the system's own; never let go, for a connection may outlive the recording
        self.own: dict[int, tuple[Callable[..., int], Callable[..., int], Callable[..., int]]] = {}
        self.callbacks = (_OPEN(self._open), _DELETE(self._delete), _WRITE(self._write), _TRUNCATE(self._truncate), _SYNC(self._sync))
        self.part = _VfsPart()
        ctypes.memmove(ctypes.byref(self.part), self.base, ctypes.sizeof(_VfsPart))
        self.part.name, self.part.next = b"lossy", None
        self.part.open, self.part.delete = self.callbacks[:2]

    def take_over(self, disk: Disk) -> None:
        """Every connection from now on is seen, where it is of the disk's."""
        self.disk = disk
        assert self.library.sqlite3_vfs_register(ctypes.byref(self.part), 1) == _OK

    def leave(self) -> None:
        """No further connection is."""
        self.disk = None
        self.library.sqlite3_vfs_unregister(ctypes.byref(self.part))
        assert self.library.sqlite3_vfs_register(self.base, 1) == _OK

    def _open(self, vfs: Any, name: int | None, file: int, flags: int, out: Any) -> int:
        path = ctypes.string_at(name).decode() if name else ""
        is_new = bool(path) and not os.path.exists(path)
        code = int(self.real_open(self.base, name, file, flags, out))
        self.opened.pop(file, None)  # another file lies at the address now
        if code == _OK and path and self.disk is not None and self.disk.has(path):
            self._see(self.disk, path, is_new, file, flags)
        return code

    def _see(self, disk: Disk, path: str, is_new: bool, file: int, flags: int) -> None:
        methods = ctypes.cast(file, ctypes.POINTER(ctypes.POINTER(_Methods)))
        address = ctypes.addressof(methods[0].contents)
        if address not in self.tables:
            seen, theirs = _Methods(), methods[0].contents
            ctypes.memmove(ctypes.byref(seen), ctypes.byref(theirs), ctypes.sizeof(_Methods))
            seen.write, seen.truncate, seen.sync = (ctypes.cast(one, ctypes.c_void_p).value for one in self.callbacks[2:])
            self.tables[address] = seen
            self.own[address] = _WRITE(theirs.write), _TRUNCATE(theirs.truncate), _SYNC(theirs.sync)
        methods[0] = ctypes.pointer(self.tables[address])
        write, truncate, _ = self.own[address]
        is_log = bool(flags & _OPEN_CREATE and flags & _OPEN_LOGS)
        self.opened[file] = _Opened(disk, disk.file(path, is_new), Path(path).parent, write, truncate, is_log)

    def _write(self, file: int, data: int, count: int, offset: int) -> int:
        opened = self.opened[file]
        if (failure := FAILURES.get(opened.disk.failing())) is not None and failure.write:
            return failure.write
        opened.disk.wrote(opened.file, offset, ctypes.string_at(data, count))
        return int(opened.write(file, data, count, offset))

    def _truncate(self, file: int, size: int) -> int:
        opened = self.opened[file]
        opened.disk.cut(opened.file, size)
        return int(opened.truncate(file, size))

    def _sync(self, file: int, flags: int) -> int:
        opened = self.opened[file]
        if (failure := FAILURES.get(opened.disk.failing())) is not None and failure.sync:
            return failure.sync
        if "xSync" in opened.disk.deaf:
            return _OK
        opened.disk.add(Sync(opened.file))
        if opened.syncs_folder:
            opened.disk.add(FolderSync(opened.folder))
            opened.syncs_folder = False
        return _OK

    def _delete(self, vfs: Any, name: bytes, syncs: int) -> int:
        code = int(self.real_delete(self.base, name, syncs))
        path = os.fsdecode(name)
        if code == _OK and self.disk is not None and self.disk.has(path):
            self.disk.unnamed(path)
            if syncs:
                self.disk.add(FolderSync(Path(path).parent))
        return code


@cache
def _vfs() -> _Vfs:
    library = _library()
    assert library is not None, ABSENT
    return _Vfs(library)


HERE: Final = _library() is not None


def fail(root: Path, switch: Path) -> None:
    """From now on, for good, the disk below `root` fails as the file `switch` says (a key of FAILURES) while that file is there."""

    def failing() -> str:
        return switch.read_text().strip() if switch.exists() else ""

    disk = Disk(root.resolve(), failing=failing, is_kept=False)
    patch_system(disk, setattr)
    _vfs().take_over(disk)


def record(root: Path, log: Path, deaf: Iterable[str] = ()) -> None:
    """From now on, for good, whatever happens below `root` is written down in the new file `log`, for a process that will be killed.

    `deaf` as for `Disk`; `xSync` is SQLite's own.
    """
    sink = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    disk = Disk(root.resolve(), is_kept=False, sink=sink, deaf=frozenset(deaf))
    disk.note_all()
    disk.tell(BEGUN)
    patch_system(disk, setattr)
    _vfs().take_over(disk)


def cut_power(root: Path, log: Path, to: Path, chance: Random) -> bool:
    """Writes into `to` what would be left of `root` if the power had been cut when the process that wrote the log was killed.

    False where it was killed before it did anything.
    """
    events = list(_read(log))
    if Told(BEGUN) not in events:
        return False
    replay(events, root.resolve(), chance).write(root.resolve(), to)
    return True


def _read(log: Path) -> Iterator[Event]:
    with log.open("rb") as file, suppress(EOFError, pickle.UnpicklingError):  # the last event may be torn: it did not happen
        while True:
            yield pickle.load(file)
