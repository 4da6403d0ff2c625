"""Views: the picture of one agreement, folded from the journal and kept up with it.

Disposable: nothing here is stored. Entries are folded in the order of (causal level, party, index), where an entry's level is one more than
the highest of the entry before it in its feed, of everything it says it has seen, and of every entry that it refers to: a topological
order of `seen`. An entry that comes late, before others already folded, makes what it is about be folded anew (`tafadi.desk.matters`), so
that the result never depends on the order of arrival. What still waits for what it has seen is folded after that.

Each entry is read and examined once, and what one call costs does not grow with what is placed or waits already.
"""

from array import array
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tafadi.desk.examine import Examined, examine, examine_own
from tafadi.desk.matters import Key, Matters
from tafadi.desk.pact import Pact
from tafadi.desk.picture import Picture
from tafadi.desk.ports import Journal
from tafadi.desk.tree import root_at
from tafadi.errors import DamagedError, MissingError
from tafadi.formats.wire import Json
from tafadi.model.entry import VITAL, EntryId, Seen
from tafadi.model.reply import Refusal
from tafadi.trust.log import leaf_hash

ROOTS_KEPT: Final = 4_096  # of feeds at earlier sizes; any other is found again in the journal in a few tenths of a millisecond


@dataclass(slots=True)
class FoldedFeed:
    """One party's feeds as far as they have been read: its entries one after another, their levels, what they have seen of the others.

    What stands beyond the end of a feed is in `beyond`; `waiting` is in the order of epoch and index. `sizes` is how many entries of each
    epoch have their place.
    """

    party: str
    entries: list[Examined] = field(default_factory=list)
    levels: "array[int]" = field(default_factory=lambda: array("q"))
    seen: dict[tuple[str, int], int] = field(default_factory=dict)
    waiting: deque[Examined] = field(default_factory=deque)
    beyond: dict[EntryId, Examined] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)


class FoldedViews:
    """The picture of one agreement at one node."""

    def __init__(self, journal: Journal, pact: Pact) -> None:
        self._journal = journal
        self._pact = pact
        self._roused: list[EntryId] = []
        self._begin()
        self.catch_up()

    def _begin(self) -> None:
        parties = self._pact.agreement.parties
        self._feeds = {party: FoldedFeed(party) for party in parties}
        self._matters = Matters(parties)
        self._came: list[Examined] = []  # taken from the journal, and not yet placed or waiting
        self._waiting: dict[EntryId, Examined] = {}
        self._untrue: set[EntryId] = set()
        self._roots: dict[tuple[str, int], bytes] = {}

    def read_anew(self) -> None:
        """Forgets everything and reads the journal again, of which a group of changes was taken back."""
        self._roused = []
        self._begin()
        self.catch_up()

    def start_over(self) -> None:
        """Places and folds everything anew: a card says that a feed has ended, and what stands beyond that end takes no effect.

        Of the entries only those are examined again for which the card changes something: they are beyond that end now.
        """
        before, waited = self._feeds, self._waiting
        kept = {feed.party: [*map(self._as_it_is_now, (*feed.entries, *feed.waiting)), *feed.beyond.values()] for feed in before.values()}
        self._begin()
        for party, entries in kept.items():
            self._feeds[party].read = before[party].read
            self._take(self._feeds[party], entries)
        self.catch_up()
        self._rouse(entry for entry in waited.values() if self.holds(entry.id))

    def _as_it_is_now(self, entry: Examined) -> Examined:
        origin = self._pact.feed_of(entry.id)
        end = self._pact.end(origin)
        is_within = end is None or entry.id.index < end
        return entry if is_within else examine(self._journal.leaf(origin, entry.id.index), entry.id, self._pact)

    def catch_up(self, own: Mapping[str, dict[str, Json]] | None = None) -> None:
        """Takes in whatever the journal holds and the picture does not; of the entries whose payloads are `own` no signature is verified.

        Entries that have seen what is not here are folded too, after all others: nothing that is stored stays out of sight. When what
        they have seen arrives, they move to their place.
        """
        for feed in self._feeds.values():
            self._read(feed, own or {})
        new = self._place_all()
        for key, entry in new:
            self._matters.place(key, entry)
        for entry in self._came:
            if not self.holds(entry.id):
                self._waiting[entry.id] = entry
                self._matters.wait(entry)
        self._came = []
        self._rouse(entry for _, entry in new if self._waiting.pop(entry.id, None))

    def _rouse(self, entries: Iterable[Examined]) -> None:
        """Has the judge look at what waited until now. A stop was roused when it came, and is not again."""
        self._roused += [entry.id for entry in entries if not _is_vital(entry)]

    def roused(self, start: int) -> Sequence[EntryId]:
        """What is to be looked at now, but for the first `start`: each stop as it is read, and what had waited and has its place now."""
        return self._roused[start:]

    @property
    def read(self) -> int:
        """How many entries of all feeds have been read."""
        return sum(size for feed in self._feeds.values() for size in feed.read.values())

    @property
    def picture(self) -> Picture:
        """What all entries together say."""
        return self._matters.picture

    def _position(self, entry: EntryId) -> int:
        return self._pact.position(entry.party, entry.epoch, entry.index)

    def _read(self, feed: FoldedFeed, own: Mapping[str, dict[str, Json]]) -> None:
        for origin in self._pact.origins(feed.party):
            new = self._new_entries(feed, origin, own)
            self._take(feed, new)
            self._roused += [entry.id for entry in new if _is_vital(entry)]

    def _take(self, feed: FoldedFeed, entries: Sequence[Examined]) -> None:
        """Has each entry wait for its place, in order; or, beyond the end of its feed, for none."""
        in_order = True
        for entry in entries:
            end = self._pact.end(self._pact.feed_of(entry.id))
            if end is not None and entry.id.index >= end:
                feed.beyond[entry.id] = entry
                continue
            in_order = in_order and (not feed.waiting or feed.waiting[-1].id < entry.id)
            feed.waiting.append(entry)
            self._came.append(entry)
        if not in_order:  # the end of an older feed came after the beginning of the next
            feed.waiting = deque(sorted(feed.waiting, key=lambda entry: entry.id))

    def _new_entries(self, feed: FoldedFeed, origin: str, own: Mapping[str, dict[str, Json]]) -> list[Examined]:
        known = feed.read.get(origin, 0)
        held = self._journal.head(origin).frontier
        if held.size == known:
            return []
        size = held.size
        leaves = self._journal.leaves(origin, known, size)
        if len(leaves) != max(0, size - known):
            raise DamagedError(
                f"feed {origin} has {known + len(leaves)} entries in the journal, and its tree {size}; run `tafadi feed verify`"
            )
        feed.read[origin] = known + len(leaves)
        self._remember(origin, size, held.root())  # the others will say that they have seen just so much
        return [self._examined(leaf, self._pact.entry_id(origin, known + number), own) for number, leaf in enumerate(leaves)]

    def _examined(self, leaf: bytes, entry: EntryId, own: Mapping[str, dict[str, Json]]) -> Examined:
        digest = leaf_hash(leaf).hex() if own else ""
        return examine_own(own[digest], digest, entry, self._pact) if digest in own else examine(leaf, entry, self._pact)

    def _place_all(self) -> list[tuple[Key, Examined]]:
        """All waiting entries whose seen entries are here, in order."""
        new: list[tuple[Key, Examined]] = []
        moved = True
        while moved:
            moved = False
            for feed in self._feeds.values():
                while feed.waiting and self._has_all_before(feed, feed.waiting[0]):
                    entry = feed.waiting.popleft()
                    new.append((self._place(feed, entry), entry))
                    moved = True
        return sorted(new, key=lambda placed: placed[0])

    def _seen(self, entry: Examined) -> list[Seen]:
        if entry.message is None:
            return []
        return [seen for seen in entry.message.seen if seen.party in self._feeds and seen.party != entry.id.party]

    def _needs(self, entry: Examined) -> dict[str, int]:
        """How much of each other party's feeds comes before the entry: what it says it has seen, and every entry that it refers to."""
        needed: dict[str, int] = {}
        for seen in self._seen(entry):
            needed[seen.party] = max(needed.get(seen.party, 0), self._pact.position(seen.party, seen.epoch, seen.size))
        for ref in entry.message.refs if entry.message else ():
            party, epoch, index = ref.entry.party, ref.entry.epoch, ref.entry.index
            if party in self._feeds and party != entry.id.party:
                needed[party] = max(needed.get(party, 0), self._pact.position(party, epoch, index + 1))
        return needed

    def _has_all_before(self, feed: FoldedFeed, entry: Examined) -> bool:
        in_turn = self._position(entry.id) == len(feed.entries)
        return in_turn and all(size <= len(self._feeds[party].entries) for party, size in self._needs(entry).items())

    def _place(self, feed: FoldedFeed, entry: Examined) -> Key:
        before = [self._feeds[party].levels[size - 1] for party, size in self._needs(entry).items() if size > 0]
        level = 1 + max([*before, feed.levels[-1] if feed.levels else 0])
        if not self._roots_agree(entry):
            self._untrue.add(entry.id)
        feed.entries.append(entry)
        feed.levels.append(level)
        feed.sizes[entry.id.epoch] = feed.sizes.get(entry.id.epoch, 0) + 1
        for seen in self._seen(entry):
            place = seen.party, seen.epoch
            feed.seen[place] = max(seen.size, feed.seen.get(place, 0))
        return level, feed.party, len(feed.entries) - 1

    def saw_truly(self, entry: EntryId) -> bool:
        """Whether every root that the entry says it has seen is the root of that feed here.

        Where it is not, the sender lies, or the feed's owner has told two stories. The entry takes effect all the same: what an honest
        party was told by a forking one must not cut it off from the others.
        """
        return entry not in self._untrue

    def _roots_agree(self, entry: Examined) -> bool:
        known = [(self._root(seen.party, seen.epoch, seen.size), seen.root) for seen in self._seen(entry)]
        return all(held is None or held.hex() == said for held, said in known)

    def _root(self, party: str, epoch: int, size: int) -> bytes | None:
        if not 0 < size <= self._feeds[party].sizes.get(epoch, 0):
            return None
        origin = self._pact.feed_of(EntryId(party, epoch, 0))
        root = self._roots.get((origin, size))
        return root if root is not None else self._remember(origin, size, root_at(self._journal, origin, size))

    def _remember(self, origin: str, size: int, root: bytes) -> bytes:
        if len(self._roots) >= ROOTS_KEPT:
            del self._roots[next(iter(self._roots))]
        self._roots[origin, size] = root
        return root

    def root(self, origin: str, size: int) -> bytes | None:
        """The root of the first `size` entries of that feed, as far as they have their place here; None beyond that, and for 0."""
        card = self._pact.card(origin)
        return self._root(card.party, card.epoch, size)

    def holds(self, entry: EntryId) -> bool:
        """Whether the entry has its place in the picture, with all that it has seen; or can have none, beyond the end of its feed."""
        return self._placed(entry) is not None

    def _placed(self, entry: EntryId) -> Examined | None:
        feed = self._feeds.get(entry.party)
        if feed is None:
            return None
        if entry in feed.beyond:
            return feed.beyond[entry]
        place = self._position(entry)
        return feed.entries[place] if place < len(feed.entries) and feed.entries[place].id == entry else None

    def size(self, origin: str) -> int:
        """How many entries of that feed the picture has taken in."""
        card = self._pact.card(origin)
        return self._feeds[card.party].sizes.get(card.epoch, 0)

    def examined(self, entry: EntryId) -> Examined:
        """One entry, examined, in its place or still waiting for it. Raises MissingError."""
        placed = self._placed(entry) or self._waiting.get(entry)
        if placed is None:
            raise MissingError(f"entry {entry} is not here")
        return placed

    def refusal(self, entry: EntryId) -> Refusal | None:
        """Why the entry takes no effect; None when it does."""
        feed = self._feeds.get(entry.party)
        beyond = feed.beyond.get(entry) if feed else None
        return beyond.refusal if beyond else self._matters.refusal(entry)

    def seen_by(self, party: str) -> dict[tuple[str, int], int]:
        """Up to which size of each other feed, by party and epoch, that party's entries say it has read."""
        return dict(self._feeds[party].seen)

    def entries(self, party: str) -> list[Examined]:
        """All entries of one party that have been folded, in order."""
        return list(self._feeds[party].entries)


def _is_vital(entry: Examined) -> bool:
    return entry.message is not None and entry.message.type in VITAL
