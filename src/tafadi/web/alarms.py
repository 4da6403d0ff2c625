"""The alarms of a running node, numbered from its start, for whoever watches: the log, the metrics, the streams of the API.

What must last is an entry, and the record holds that. These numbers begin anew with each start, which the mark of the start tells.
"""

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from tafadi.node import ALARMS_KEPT, Alarm

KINDS: Final = ("DISTRESS", "STOP", "FLASH")  # as their sentences begin; every other alarm is "other"
OTHER: Final = "other"


@dataclass
class AlarmBook:
    """The newest alarms with their numbers, and how many of each kind there have been. `start` names this run of the node."""

    start: str
    count: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    _kept: deque[tuple[int, Alarm]] = field(default_factory=lambda: deque(maxlen=ALARMS_KEPT))

    def take(self, alarm: Alarm) -> None:
        """Writes one down under the next number, from 1 on."""
        self.count += 1
        self.kinds[kind_of(alarm)] += 1
        self._kept.append((self.count, alarm))

    def after(self, number: int) -> list[tuple[int, Alarm]]:
        """Those with a higher number that are kept still, oldest first."""
        return [numbered for numbered in self._kept if numbered[0] > number]


def kind_of(alarm: Alarm) -> str:
    """What kind of alarm it is: one of KINDS, or OTHER."""
    return next((kind for kind in KINDS if alarm.sentence.startswith(kind)), OTHER)
