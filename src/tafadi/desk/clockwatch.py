"""Clock watch: whether this node's own clock has jumped.

Between two looks the wall clock and the count of elapsed seconds advance alike. Where they do not, somebody has set the clock, or the
machine has slept: what the clock decides is not said until a heartbeat of another party agrees with it again. Alarms go on; they accuse
nobody.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from tafadi.measure.instant import Instant


@dataclass
class ClockWatch:
    """One clock, looked at again and again; trusted at first, for nothing is known against it."""

    tolerance_s: float
    is_trusted: bool = field(default=True, init=False)
    _wall: Instant | None = field(default=None, init=False)
    _elapsed_s: float = field(default=0.0, init=False)
    _heard: dict[str, Instant | None] = field(default_factory=dict, init=False)

    def look(self, wall: Instant, elapsed_s: float, heard: Mapping[str, Instant | None], off: Set[str]) -> float | None:
        """By how many seconds the clock has jumped since the last look, where that is more than is tolerated; None where it has not.

        `heard` is when each other party was last heard, `off` are those whose clocks differ from this one: who is heard anew and does not
        differ agrees with it.
        """
        jump_s = 0.0 if self._wall is None else wall.since(self._wall) - (elapsed_s - self._elapsed_s)
        self._wall, self._elapsed_s = wall, elapsed_s
        if abs(jump_s) > self.tolerance_s:
            self.is_trusted, self._heard = False, dict(heard)
            return jump_s
        if not self.is_trusted:
            self.is_trusted = any(at is not None and at != self._heard.get(party) and party not in off for party, at in heard.items())
        return None
