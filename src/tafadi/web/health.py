"""Health: is the node alive, and may it be given work? A check is a name and a sentence, which is empty where all is well.

Alive is whoever answers. Ready is more: the doors are open, the engine is loaded, what comes in is judged, and the record can be written. A
line that is down and a clock that nobody keeps make no node unready: what is said is stored and signed all the same, and the officers are
told; who watches the node sees them as checks beside.
"""

import os
from dataclasses import dataclass
from typing import Final

from tafadi.formats.wire import Json
from tafadi.measure.instant import Instant
from tafadi.node import SystemClock
from tafadi.web.clock_source import clock_source
from tafadi.web.running import Running

FREE_MIN_BYTES: Final = 64 * 1024 * 1024  # a day of a busy line, and room for the journal's own log
REQUIRED: Final = ("doors", "engine", "judge", "record")
SKEW_S: Final = (
    5  # by how much a clock may be off before there is an agreement that says it; agreements have that unless they say otherwise
)


@dataclass
class Health:
    """The health of one running node."""

    running: Running

    def checks(self) -> dict[str, str]:
        """Every check, and what is wrong with it. First what a node must have to be given work."""
        return {
            "doors": "" if self._has_open_doors() else "the doors are not open yet, or closed again",
            "engine": "" if self.running.warm.is_set() else "the engine is still being loaded; a notice waits for it, a stop does not",
            "judge": f"what came in cannot be judged: {self.running.trouble}" if self.running.trouble else "",
            "record": self._record(),
            "lines": self._lines(),
            "clock": self._clock(),
        }

    def heard(self) -> dict[tuple[str, str], Instant | None]:
        """When each line's other party was last heard."""
        return {key: link.heard_at for key, (link, _task) in self.running.links.items()}

    def told(self) -> dict[str, Json]:
        """Whether the node is ready, and all checks."""
        checks = self.checks()
        return {"ready": is_ready(checks), "checks": {**checks}}

    def _has_open_doors(self) -> bool:
        servers = self.running.servers
        return bool(servers) and all(server.started for server in servers) and not self.running.stop.is_set()

    def _record(self) -> str:
        if self.running.damage:
            return f"the record cannot be trusted: {self.running.damage}"
        return room_for_record(self.running.node.folder.path)

    def _lines(self) -> str:
        down = sorted("/".join(key) for key, (link, _task) in self.running.links.items() if link.trouble)
        return f"down or never tried: {', '.join(down)}" if down else ""

    def _clock(self) -> str:
        node = self.running.node
        if not isinstance(node.clock, SystemClock):
            return ""  # of an exercise, which no clock source keeps
        skews = [desk.pact.agreement.timing.skew_max_s for desk in node.desks.values()]
        return clock_source().trouble(float(min(skews, default=SKEW_S)))


def is_ready(checks: dict[str, str]) -> bool:
    """Whether a node with these checks may be given work."""
    return not any(checks[name] for name in REQUIRED)


def room_for_record(folder: "os.PathLike[str]") -> str:
    """Why nothing more could be written there; empty where there is room."""
    try:
        found = os.statvfs(folder)
    except OSError as error:
        return f"{folder} cannot be looked at: {error.strerror}"
    if found.f_flag & os.ST_RDONLY:
        return f"{folder} is on a disk that can only be read"
    free = found.f_bavail * found.f_frsize
    return f"only {free // 2**20} MiB are free where the record is" if free < FREE_MIN_BYTES else ""
