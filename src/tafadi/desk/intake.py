"""Intake: what each party has brought within the last hour, minute by minute, and how much of it is kept.

A restart forgets the hour, and nothing else: what is kept is counted in the journal.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from tafadi.measure.instant import SECOND_NS, Instant

HOUR_S: Final = 3_600
SLOT_S: Final = 60  # how fine the hour is counted: what came 59 min 30 s ago may still count, and nothing older


@dataclass(slots=True)
class Hour:
    """Entries and bytes by the minute in which they came, oldest first."""

    slots: deque[tuple[int, int, int]] = field(default_factory=deque)  # (minute since 1970, entries, bytes)

    def add(self, now: Instant, entries: int, size_bytes: int) -> None:
        """Counts what has just been taken."""
        minute = now.ns // SECOND_NS // SLOT_S
        if self.slots and self.slots[-1][0] >= minute:
            last, before, bytes_before = self.slots.pop()
            self.slots.append((last, before + entries, bytes_before + size_bytes))
        else:
            self.slots.append((minute, entries, size_bytes))

    def since(self, now: Instant) -> tuple[int, int]:
        """Entries and bytes of the last hour. A clock that was put back keeps them no longer than an hour."""
        minute = now.ns // SECOND_NS // SLOT_S
        while self.slots and not minute - HOUR_S // SLOT_S < self.slots[0][0] <= minute + HOUR_S // SLOT_S:
            self.slots.popleft()
        return sum(slot[1] for slot in self.slots), sum(slot[2] for slot in self.slots)

    def wait_s(self, now: Instant) -> int:
        """In how many seconds the oldest minute of them counts no more."""
        if not self.slots:
            return SLOT_S
        ends_s = self.slots[0][0] * SLOT_S + HOUR_S
        return max(1, ends_s - now.ns // SECOND_NS)


@dataclass(slots=True)
class Intake:
    """By whose feeds: what came in the last hour, and how many bytes are kept (None where that was not counted yet)."""

    hours: dict[str, Hour] = field(default_factory=dict)
    kept_bytes: dict[str, int] = field(default_factory=dict)

    def hour(self, party: str) -> Hour:
        """That party's."""
        return self.hours.setdefault(party, Hour())
