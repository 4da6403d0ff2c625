"""Views: the picture of one agreement, folded from the journal and kept up with it.

Disposable: nothing here is stored. Entries are folded in the order of (causal level, party, index), where an entry's level is one more than
the highest of the entry before it in its feed, of everything it says it has seen, and of every entry that it refers to: a topological
order of `seen`. An entry that comes
late, before others already folded, makes the picture be folded anew, so that the result never depends on the order of arrival.
"""

from bisect import insort
from dataclasses import dataclass, field

from tafadi.desk.examine import Examined, examine
from tafadi.desk.fold import fold
from tafadi.desk.picture import Picture
from tafadi.desk.ports import Journal, Pact
from tafadi.errors import DamagedError, MissingError
from tafadi.model.message import EntryId, Refusal
from tafadi.trust.log import Frontier

Key = tuple[int, str, int]  # causal level, party, index


@dataclass(slots=True)
class FoldedFeed:
    """One feed as far as it has been read: its entries, their levels, and what they have seen of the others."""

    party: str
    entries: list[Examined] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    waiting: list[Examined] = field(default_factory=list)
    frontier: Frontier = field(default_factory=Frontier)
    roots: list[str] = field(default_factory=list)


class FoldedViews:
    """The picture of one agreement at one node."""

    def __init__(self, journal: Journal, pact: Pact) -> None:
        self._journal = journal
        self._pact = pact
        self._feeds = {party: FoldedFeed(party) for party in pact.agreement.parties}
        self._order: list[Key] = []
        self._refusals: dict[EntryId, Refusal | None] = {}
        self._provisional: list[Examined] = []
        self._untrue: set[EntryId] = set()
        self.picture = Picture()
        self.catch_up()

    def catch_up(self) -> None:
        """Takes in whatever the journal holds and the picture does not.

        Entries that have seen what is not here are folded too, after all others: nothing that is stored stays out of sight. When what
        they have seen arrives, they move to their place, and the picture is folded anew.
        """
        for feed in self._feeds.values():
            self._read(feed)
        new = self._place_all()
        waiting = self._in_turn()
        late = bool(new) and bool(self._order) and new[0] < self._order[-1]
        if late or (self._provisional and (new or waiting != self._provisional)):
            self._fold_anew(new)
            self._fold_waiting(waiting)
            return
        for key in new:
            self._order.append(key)
            self._fold(key)
        if waiting != self._provisional:
            self._fold_waiting(waiting)

    def _in_turn(self) -> list[Examined]:
        """The entries that wait, each after those it refers to, as far as they are here; within a feed in its order."""
        left = {party: list(feed.waiting) for party, feed in sorted(self._feeds.items())}
        known = {party: len(feed.entries) for party, feed in self._feeds.items()}
        turn: list[Examined] = []
        while any(left.values()):
            ready = [party for party, entries in left.items() if entries and self._refers_to_known(entries[0], known)]
            party = (ready or [party for party, entries in left.items() if entries])[0]
            turn.append(left[party].pop(0))
            known[party] += 1
        return turn

    def _refers_to_known(self, entry: Examined, known: dict[str, int]) -> bool:
        refs = entry.message.refs if entry.message else ()
        return all(ref.entry.index < known.get(ref.entry.party, 0) for ref in refs)

    def _fold_waiting(self, waiting: list[Examined]) -> None:
        for entry in waiting:
            self._refusals[entry.id] = fold(self.picture, entry, len(self._feeds))
        self._provisional = waiting

    def _read(self, feed: FoldedFeed) -> None:
        origin = self._pact.origin(feed.party)
        known = len(feed.entries) + len(feed.waiting)
        size = self._journal.head(origin).frontier.size
        leaves = self._journal.leaves(origin, known, size)
        if len(leaves) != max(0, size - known):
            raise DamagedError(
                f"feed {origin} has {known + len(leaves)} entries in the journal, and its tree {size}; run `tafadi feed verify`"
            )
        for number, leaf in enumerate(leaves):
            feed.waiting.append(examine(leaf, self._pact.entry_id(origin, known + number), self._pact))

    def _place_all(self) -> list[Key]:
        """The keys of all waiting entries whose seen entries are here, in order."""
        new: list[Key] = []
        moved = True
        while moved:
            moved = False
            for feed in self._feeds.values():
                while feed.waiting and self._has_all_before(feed.waiting[0]):
                    new.append(self._place(feed, feed.waiting.pop(0)))
                    moved = True
        return sorted(new)

    def _seen(self, entry: Examined) -> dict[str, int]:
        if entry.message is None:
            return {}
        return {seen.party: seen.size for seen in entry.message.seen if seen.party in self._feeds and seen.party != entry.id.party}

    def _needs(self, entry: Examined) -> dict[str, int]:
        """How much of each other feed comes before the entry: what it says it has seen, and every entry that it refers to."""
        needed = self._seen(entry)
        for ref in entry.message.refs if entry.message else ():
            party = ref.entry.party
            if party in self._feeds and party != entry.id.party:
                needed[party] = max(needed.get(party, 0), ref.entry.index + 1)
        return needed

    def _has_all_before(self, entry: Examined) -> bool:
        return all(size <= len(self._feeds[party].entries) for party, size in self._needs(entry).items())

    def _place(self, feed: FoldedFeed, entry: Examined) -> Key:
        seen = self._seen(entry)
        before = [self._feeds[party].levels[size - 1] for party, size in self._needs(entry).items() if size > 0]
        level = 1 + max([*before, feed.levels[-1] if feed.levels else 0])
        if not self._roots_agree(entry):
            self._untrue.add(entry.id)
        feed.entries.append(entry)
        feed.levels.append(level)
        feed.frontier = feed.frontier.append(bytes.fromhex(entry.leaf))
        feed.roots.append(feed.frontier.root().hex())
        feed.seen.update({party: max(size, feed.seen.get(party, 0)) for party, size in seen.items()})
        return level, feed.party, entry.id.index

    def saw_truly(self, entry: EntryId) -> bool:
        """Whether every root that the entry says it has seen is the root of that feed here.

        Where it is not, the sender lies, or the feed's owner has told two stories. The entry takes effect all the same: what an honest
        party was told by a forking one must not cut it off from the others.
        """
        return entry not in self._untrue

    def _roots_agree(self, entry: Examined) -> bool:
        return all(
            seen.root == self._feeds[seen.party].roots[seen.size - 1]
            for seen in (entry.message.seen if entry.message else ())
            if seen.party in self._feeds and seen.party != entry.id.party and seen.size > 0
        )

    def _fold(self, key: Key) -> None:
        entry = self._feeds[key[1]].entries[key[2]]
        self._refusals[entry.id] = fold(self.picture, entry, len(self._feeds))

    def _fold_anew(self, new: list[Key]) -> None:
        for key in new:
            insort(self._order, key)
        self.picture = Picture()
        for key in self._order:
            self._fold(key)

    def holds(self, entry: EntryId) -> bool:
        """Whether the entry has its place in the picture: it is here, and so is all that it has seen."""
        feed = self._feeds.get(entry.party)
        return feed is not None and entry.index < len(feed.entries) and feed.entries[entry.index].id == entry

    def size(self, party: str) -> int:
        """How many entries of that party's feed the picture has taken in."""
        return len(self._feeds[party].entries)

    def examined(self, entry: EntryId) -> Examined:
        """One entry, examined, in its place or still waiting for it. Raises MissingError."""
        if self.holds(entry):
            return self._feeds[entry.party].entries[entry.index]
        for waiting in self._provisional:
            if waiting.id == entry:
                return waiting
        raise MissingError(f"entry {entry} is not here")

    def refusal(self, entry: EntryId) -> Refusal | None:
        """Why the entry takes no effect; None when it does."""
        return self._refusals.get(entry)

    def seen_by(self, party: str) -> dict[str, int]:
        """Up to which size of each other feed that party's entries say it has read."""
        return dict(self._feeds[party].seen)

    def entries(self, party: str) -> list[Examined]:
        """All entries of one feed that have been folded, in order."""
        return list(self._feeds[party].entries)
