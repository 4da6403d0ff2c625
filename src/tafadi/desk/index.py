"""The index: what the clocks look up in a picture, so that a tick costs what is open and not what has ever been.

The fold keeps it, entry by entry; it says nothing that the picture does not, and is no part of its digest. What is open is known by its
name, an entry or a situation: what has been taken back and is not there again is no longer found, and is forgotten.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId
from tafadi.model.lapse import LapseKind
from tafadi.model.line import Attempt
from tafadi.model.names import Mode

Name = EntryId | str  # of a thing: the entry that opened it; of an alert its situation
LapseKey = tuple[str, LapseKind, Instant]  # who says it, what has lapsed, and the instant that has passed
Ways = tuple[str, str, Mode]  # who tried to reach whom, in which mode


class Tried(NamedTuple):
    """One attempt to reach a party by another channel: the entry, when it was kept, and what was tried."""

    entry: EntryId
    at: Instant
    attempt: Attempt


@dataclass(slots=True)
class Index:
    """What is `open`; the rungs that were said of each thing; when each party took part in a check of the line; who tried to reach whom."""

    open: set[Name] = field(default_factory=set)
    rungs: dict[EntryId | None, dict[LapseKey, dict[EntryId, int]]] = field(default_factory=dict)
    checks: dict[str, list[tuple[Instant, EntryId]]] = field(default_factory=dict)
    tries: dict[Ways, list[Tried]] = field(default_factory=dict)

    def note_lapse(self, about: EntryId | None, key: LapseKey, entry: EntryId, rung: int) -> None:
        """The entry says that rung."""
        self.rungs.setdefault(about, {}).setdefault(key, {})[entry] = rung

    def forget_lapse(self, about: EntryId | None, key: LapseKey, entry: EntryId) -> None:
        """The entry has been taken back; it need not have counted."""
        keys = self.rungs.get(about, {})
        keys.get(key, {}).pop(entry, None)
        if not keys.get(key):
            keys.pop(key, None)
        if not keys:
            self.rungs.pop(about, None)

    def rung_of(self, about: EntryId | None, key: LapseKey) -> int:
        """The highest rung that was said of it; -1 where none was."""
        return max(self.rungs.get(about, {}).get(key, {}).values(), default=-1)

    def newest_lapses(self, about: EntryId | None) -> Iterator[EntryId]:
        """Of each lapse of the thing the entry that says its highest rung."""
        for said in self.rungs.get(about, {}).values():
            yield max(said, key=lambda entry: (said[entry], entry))

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

    def note_try(self, ways: Ways, tried: Tried) -> None:
        """The one tried to reach the other."""
        insort(self.tries.setdefault(ways, []), tried, key=_entry)

    def forget_try(self, ways: Ways, entry: EntryId) -> None:
        """The entry has been taken back; it need not have counted."""
        kept = self.tries.get(ways, [])
        place = bisect_left(kept, entry, key=_entry)
        if place < len(kept) and kept[place].entry == entry:
            del kept[place]

    def unanswered(self, ways: Ways) -> list[Tried]:
        """The tries since the last one that was answered, the oldest first."""
        return list(_until_answered(self.tries.get(ways, [])))[::-1]

    def last_answered(self, ways: Ways) -> Tried | None:
        """The newest try that was answered."""
        kept = self.tries.get(ways, [])
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
