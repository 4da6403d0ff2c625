"""The machine: whether its disk keeps what it says it has, its clock is kept, and its ports and descriptors are there for the node."""

import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tafadi.cli.doctor.finding import Finding, fault, unknown, well
from tafadi.errors import UnavailableError
from tafadi.store.folder import Folder
from tafadi.store.settings import check_api
from tafadi.web.clock_source import clock_source
from tafadi.web.door import local_socket
from tafadi.web.health import SKEW_S, room_for_record

SYNCS: Final = 9
SYNC_BYTES: Final = 4_096
TOO_QUICK_S: Final = 20e-6  # no disk that writes does it sooner; memory does
TOO_SLOW_S: Final = 0.1  # a stop takes five of them to be stored at the other side
FILES_MIN: Final = 1_024
_FORGETS: Final = frozenset({"tmpfs", "ramfs", "devtmpfs"})  # memory
_ELSEWHERE: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "fuse.sshfs", "overlay"}
)  # what syncs there, nobody here knows


def disk(folder: Folder) -> Iterator[Finding]:
    """Room, what kind of file system it is, and how long it takes to have something written."""
    room = room_for_record(folder.path)
    yield fault("disk", room) if room else well("disk", f"{_free_gib(folder.path):.1f} GiB are free")
    kind = file_system(folder.path, Path("/proc/self/mounts"))
    if kind in _FORGETS:
        yield fault("file system", f"{folder.path} is in memory ({kind}): a power cut takes the record")
        return
    if not kind or kind in _ELSEWHERE:
        yield unknown(
            "file system",
            f"{folder.path} is on {kind or 'nobody knows what'}; whether a sync there reaches a disk cannot be seen from here",
        )
    else:
        yield well("file system", kind)
    yield sync_finding(sync_s(folder.path))


def _free_gib(path: Path) -> float:
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize / 2**30


def file_system(path: Path, mounts: Path) -> str:
    """What kind of file system the path is on, by the longest mount point that holds it; empty where the system does not tell."""
    try:
        rows = [line.split(" ") for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return ""
    real = path.resolve()
    holding = [(len(row[1]), row[2]) for row in rows if len(row) > 2 and real.is_relative_to(row[1].replace("\\040", " "))]
    return max(holding, default=(0, ""))[1]


def sync_s(folder: Path) -> float:
    """Seconds that it takes to have a page of a file on the disk, the median of some tries."""
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(SYNCS):
            file.write(os.urandom(SYNC_BYTES))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return statistics.median(took)


def sync_finding(took_s: float) -> Finding:
    """What such a time tells. That a disk is honest nothing but a power cut can show; that it is not, its speed may."""
    said = f"a sync takes {took_s * 1000:.2f} ms"
    if took_s < TOO_QUICK_S:
        return unknown("sync", f"{said}: sooner than a disk writes; something before it may answer and forget at a power cut")
    if took_s > TOO_SLOW_S:
        return fault("sync", f"{said}; a stop needs five of them before the other side has stored it")
    return well("sync", f"{said}; whether the disk keeps its word only a power cut shows")


def clock() -> Iterator[Finding]:
    """Whether anything keeps the clock."""
    source = clock_source()
    trouble = source.trouble(float(SKEW_S))
    if source.is_kept is None:
        yield unknown("clock", trouble)
    elif trouble:
        yield fault("clock", trouble)
    else:
        yield well("clock", f"it is kept, and off by at most {source.error_max_s or 0.0:.3f} s, as the kernel says")


def files() -> Iterator[Finding]:
    """How many descriptors a node may open."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < FILES_MIN:
        yield fault("descriptors", f"only {hard} are allowed; LimitNOFILE of the service gives more")
    else:
        yield well("descriptors", "enough")


def ports(folder: Folder) -> Iterator[Finding]:
    """Whether the node's addresses are free. Not to be asked while it runs."""
    settings = folder.settings
    if settings.port == 0:
        yield fault("port", "node.json has port 0: at each start it is another, which no peer knows")
    else:
        yield _free("port", settings.host, settings.port)
    if settings.api:
        yield _free("api", *check_api(settings.api))


def _free(check: str, host: str, port: int) -> Finding:
    try:
        local_socket(host, port).close()
    except UnavailableError as error:
        return fault(check, str(error))
    return well(check, f"{host}:{port} is free")
