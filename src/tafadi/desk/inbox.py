"""The inbox: what this process knows of the entries that are stored and not yet judged.

The journal has the inbox that counts. Here it is sorted by what each entry waits for, so that a look costs as much as there is to do: stops
wait for nothing; an entry that has its place for its turn; one that has seen what is not here for its place, or for the instant at which it
falls due; a notice for the engine. Nothing here is trusted after a failure: the journal is read again.
"""

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush

from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId
from tafadi.model.operation import Announced


@dataclass(slots=True)
class Inbox:
    """Entries in the order in which they came, by what they wait for.

    `known` is all of them; `pairs` what the engine has yet to compute for the first of `engine`. `due_at` outlasts a failure, so that no
    entry begins to wait anew. `read` and `roused` say how far the views had come when they were last looked at.
    """

    is_sure: bool = False
    read: int = -1
    roused: int = 0
    known: set[EntryId] = field(default_factory=set)
    stops: deque[EntryId] = field(default_factory=deque)
    ready: deque[EntryId] = field(default_factory=deque)
    engine: deque[EntryId] = field(default_factory=deque)
    pairs: deque[tuple[Announced, Announced]] = field(default_factory=deque)
    waiting: set[EntryId] = field(default_factory=set)
    due_at: dict[EntryId, Instant] = field(default_factory=dict)
    looked_at: Instant | None = None
    _by_instant: list[tuple[Instant, EntryId]] = field(default_factory=list)

    def forget(self, roused: int) -> None:
        """Knows of nothing but the instants; what the views have `roused` so far is found in the journal."""
        self.read, self.roused = -1, roused
        self.known, self.waiting, self._by_instant = set(), set(), []
        for queue in (self.stops, self.ready, self.engine, self.pairs):
            queue.clear()

    def add(self, entry: EntryId, queue: deque[EntryId]) -> None:
        """Puts an entry that is not known yet into one of the queues."""
        if entry not in self.known:
            self.known.add(entry)
            queue.append(entry)

    def wait(self, entry: EntryId, due_at: Instant) -> None:
        """Has the entry wait, until `due_at` unless it has waited before a failure already."""
        self.known.add(entry)
        self.waiting.add(entry)
        heappush(self._by_instant, (self.due_at.setdefault(entry, due_at), entry))

    def wake(self, entry: EntryId) -> None:
        """The entry is ready, if it waited until now."""
        if entry in self.waiting:
            self.waiting.discard(entry)
            self.ready.append(entry)

    def wake_due(self, now: Instant) -> None:
        """What waited and is due now is ready. A clock that was set back since the last look has nothing wait longer by that."""
        if self.looked_at is not None and now < self.looked_at:
            self._set_back(self.looked_at.since(now))
        self.looked_at = now
        while self._by_instant and self._by_instant[0][0] <= now:
            self.wake(heappop(self._by_instant)[1])

    def _set_back(self, by_s: float) -> None:
        self.due_at = {entry: at.plus(-by_s) for entry, at in self.due_at.items()}
        self._by_instant = [(at.plus(-by_s), entry) for at, entry in self._by_instant]  # a heap still: the order is the same

    def drop(self, entries: list[EntryId]) -> None:
        """The entries are judged, and out of the journal's inbox."""
        self.known.difference_update(entries)
        for entry in entries:
            self.due_at.pop(entry, None)
