"""The index: what the clocks look up in a picture, so that a tick costs what is open and not what has ever been.

The fold keeps it, entry by entry; it says nothing that the picture does not, and is no part of its digest. What is open is known by its
name, an entry or a situation: what has been taken back and is not there again is no longer found, and is forgotten.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId
from tafadi.model.lapse import LapseKind
from tafadi.model.line import Attempt

Name = EntryId | str  # of a thing: the entry that opened it; of an alert its situation
LapseKey = tuple[str, LapseKind, EntryId | None, Instant]  # who says it, of what, and the instant that has passed


class Tried(NamedTuple):
    """One attempt to reach a party by another channel: the entry, when it was kept, and what was tried."""

    entry: EntryId
    at: Instant
    attempt: Attempt


@dataclass(slots=True)
class Index:
    """What is `open`; the rungs that were said of each thing; when each party took part in a check of the line; who tried to reach whom."""

    open: set[Name] = field(default_factory=set)
    rungs: dict[LapseKey, dict[EntryId, int]] = field(default_factory=dict)
    checks: dict[str, list[tuple[Instant, EntryId]]] = field(default_factory=dict)
    tries: dict[tuple[str, str], list[Tried]] = field(default_factory=dict)

    def note_lapse(self, key: LapseKey, entry: EntryId, rung: int) -> None:
        """The entry says that rung."""
        self.rungs.setdefault(key, {})[entry] = rung

    def forget_lapse(self, key: LapseKey, entry: EntryId) -> None:
        """The entry has been taken back."""
        said = self.rungs.get(key, {})
        said.pop(entry, None)
        if not said:
            self.rungs.pop(key, None)

    def rung_of(self, key: LapseKey) -> int:
        """The highest rung that was said of it; -1 where none was."""
        return max(self.rungs.get(key, {}).values(), default=-1)

    def note_check(self, party: str, at: Instant, entry: EntryId) -> None:
        """That party took part in a check of the line at that instant, by that entry."""
        insort(self.checks.setdefault(party, []), (at, entry))

    def forget_check(self, party: str, at: Instant, entry: EntryId) -> None:
        """The entry has been taken back; it need not have counted."""
        kept = self.checks.get(party, [])
        place = bisect_left(kept, (at, entry))
        if kept[place : place + 1] == [(at, entry)]:
            del kept[place]

    def took_part(self, party: str, start: Instant, end: Instant) -> bool:
        """Whether the party took part in a check at or after `start` and before `end`."""
        kept = self.checks.get(party, [])
        place = bisect_left(kept, start, key=_when)
        return place < len(kept) and kept[place][0] < end

    def note_try(self, sender: str, called: tuple[str, ...], tried: Tried) -> None:
        """The sender tried to reach these parties."""
        for party in called:
            insort(self.tries.setdefault((sender, party), []), tried, key=_entry)

    def forget_try(self, sender: str, called: tuple[str, ...], entry: EntryId) -> None:
        """The entry has been taken back; it need not have counted."""
        for party in called:
            kept = self.tries.get((sender, party), [])
            place = bisect_right(kept, entry, key=_entry) - 1
            if place >= 0 and kept[place].entry == entry:
                del kept[place]

    def unanswered(self, sender: str, called: str) -> list[Tried]:
        """The tries since the last one that was answered, the oldest first."""
        return list(_until_answered(self.tries.get((sender, called), [])))[::-1]

    def last_answered(self, sender: str, called: str) -> Tried | None:
        """The newest try that was answered."""
        kept = self.tries.get((sender, called), [])
        place = len(kept) - sum(1 for _ in _until_answered(kept))
        return kept[place - 1] if place > 0 else None


_entry = attrgetter("entry")


def _when(check: tuple[Instant, EntryId]) -> Instant:
    return check[0]


def _until_answered(kept: list[Tried]) -> Iterator[Tried]:
    """The tries from the newest back to the last that was answered, without that one."""
    for tried in reversed(kept):
        if tried.attempt.answered:
            return
        yield tried
