"""A journal in memory, with the promises of one on a disk: what was committed outlives a crash, and nothing else does.

For worlds of many short lives, and for whoever wants a record that ends with the program. What is durable is kept apart from what is not
yet: `crash` forgets the rest, and `fails` has the next durable write fail before it took place, or after.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial

from tafadi.desk.ports import ANSWERS_KEPT_S, Answered, Change, Exhibit, Express, Growth, Head, Receipt
from tafadi.errors import HeadMovedError, MissingError, StoreError
from tafadi.measure.instant import Instant
from tafadi.store.tree import Row, range_hash, row_count
from tafadi.trust.log import Frontier
from tafadi.trust.tiles import WIDTH, above


class Failing(Enum):
    """How the next durable write fails: nothing of it was written, or all of it was and nobody was told."""

    NOTHING_WRITTEN = auto()
    WRITTEN_ALL_THE_SAME = auto()


@dataclass(slots=True)
class _Feed:
    """What a feed holds, and the levels of its tree; more than its head says is of no account, and is overwritten."""

    leaves: list[bytes] = field(default_factory=list)
    levels: list[list[bytes]] = field(default_factory=lambda: [[]])  # level 0 are the leaf hashes

    def grow(self, old_size: int, leaves: tuple[bytes, ...], hashes: tuple[bytes, ...]) -> None:
        """Takes the entries from `old_size` on."""
        self.leaves[old_size:] = leaves
        level, size, new = 0, old_size, list(hashes)
        while new or size:
            if level == len(self.levels):
                self.levels.append([])
            here = self.levels[level]
            here[size:] = new
            first, full = size // WIDTH, len(here) // WIDTH
            new = [above(here[tile * WIDTH : (tile + 1) * WIDTH]) for tile in range(first, full)]
            level, size = level + 1, first


@dataclass(frozen=True, slots=True)
class _State:
    """Everything but the entries, as it was at one moment. Replaced and never changed."""

    heads: dict[str, Head] = field(default_factory=dict)
    inbox: dict[tuple[str, int], None] = field(default_factory=dict)
    receipts: dict[tuple[str, str], Receipt] = field(default_factory=dict)
    exhibits: dict[bytes, Exhibit] = field(default_factory=dict)
    answers: dict[str, Answered] = field(default_factory=dict)
    express: dict[tuple[str, int], Express] = field(default_factory=dict)

    def copy(self) -> "_State":
        """The same, to be filled with what comes next."""
        return replace(
            self,
            heads=dict(self.heads),
            inbox=dict(self.inbox),
            receipts=dict(self.receipts),
            exhibits=dict(self.exhibits),
            answers=dict(self.answers),
            express=dict(self.express),
        )


class MemoryJournal:
    """A journal that lasts as long as the program."""

    def __init__(self) -> None:
        self.fails: Failing | None = None
        self._feeds: dict[str, _Feed] = {}
        self._kept = self._now = _State()  # what is durable, and what is read
        self._is_grouped = False

    def crash(self) -> None:
        """Forgets what was not durable, as a power cut would."""
        self._now, self._is_grouped = self._kept, False

    def copy_to(self, other: "MemoryJournal") -> None:
        """Has the other hold what is durable here, as a copy of a disk would; each goes its own way from then on."""
        other._feeds = {origin: _Feed([*feed.leaves], [[*level] for level in feed.levels]) for origin, feed in self._feeds.items()}
        other._kept = other._now = self._kept

    def close(self) -> None:
        """Nothing: what was committed is there when it is used again."""

    def mark_anew(self) -> None:
        """Nothing: no copy of it can be put back."""

    def check_file(self) -> None:
        """Nothing: there is no file."""

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Whatever is read inside is of one moment, as long as nothing is committed."""
        yield

    # What is written

    def commit(self, change: Change) -> None:
        """Makes the change durable, or takes no part of it. Raises HeadMovedError, StoreError."""
        after = self._now.copy()
        for growth in change.growths:
            _grow(after, growth)
        for place in change.judged:
            after.inbox.pop(place, None)
        for receipt in change.receipts:
            _keep_receipt(after, receipt)
        after.exhibits.update((exhibit.data, exhibit) for exhibit in change.exhibits if exhibit.data not in after.exhibits)
        for answered in change.answers:
            _keep_answer(after, answered)
        for express in change.express:
            _keep_express(after, express)
        for place in change.filled:
            after.express.pop(place, None)
        self._take(after, change.growths)

    def _take(self, after: _State, growths: tuple[Growth, ...]) -> None:
        """Goes by the new state; the entries are written over what no state speaks of any more."""
        for growth in growths:
            self._feeds.setdefault(growth.origin, _Feed()).grow(growth.old_size, growth.leaves, growth.leaf_hashes)
        if self._is_grouped:
            self._now = after
        else:
            self._keep(after)

    def _keep(self, after: _State) -> None:
        failing, self.fails = self.fails, None
        if failing is Failing.NOTHING_WRITTEN:
            self._now = self._kept
            raise StoreError("the record was not written")
        self._now = self._kept = after
        if failing is Failing.WRITTEN_ALL_THE_SAME:
            raise StoreError("the record was written, and nobody was told")

    @contextmanager
    def group(self) -> Iterator[None]:
        """The changes that are committed inside become durable together when it ends, or none of them. Raises StoreError."""
        if self._is_grouped:
            raise StoreError("a group of changes is open already")
        self._is_grouped = True
        try:
            yield
            if not self._is_grouped:
                raise StoreError("the changes that were to be durable together are lost")
            self._keep(self._now)
        finally:
            self.crash()  # to what is kept: all of it, or nothing

    # What is read

    def origins(self) -> list[str]:
        """Every feed that the journal holds."""
        return sorted(self._now.heads)

    def sizes(self) -> dict[str, int]:
        """How many entries each feed has."""
        return {origin: head.frontier.size for origin, head in self._now.heads.items()}

    def head(self, origin: str) -> Head:
        """How far the feed has grown; an unknown feed is empty."""
        return self._now.heads.get(origin) or Head(Frontier(), None)

    def leaf(self, origin: str, index: int) -> bytes:
        """The exact bytes of one entry. Raises MissingError."""
        if not 0 <= index < self.head(origin).frontier.size:
            raise MissingError(f"there is no entry {index} of {origin} here")
        return self._feeds[origin].leaves[index]

    def leaves(self, origin: str, start: int, end: int) -> list[bytes]:
        """The entries [start, end), or as many as are there."""
        size = self.head(origin).frontier.size
        return self._feeds[origin].leaves[start : min(end, size)] if size else []

    def leaf_hashes(self, origin: str, start: int = 0, end: int | None = None) -> list[bytes]:
        """The leaf hashes of the entries [start, end) in order, or as many as are there; by default of all."""
        size = self.head(origin).frontier.size
        return self._feeds[origin].levels[0][start : size if end is None else min(end, size)] if size else []

    def range_hash(self, origin: str, start: int, end: int) -> bytes:
        """The Merkle tree hash of the entries [start, end). Raises InputError, MissingError."""
        size = self.head(origin).frontier.size
        if end > size:
            raise MissingError(f"there are {size} entries of {origin} here, and not {end}")
        return range_hash(partial(self._subtree, origin), start, end)

    def _subtree(self, origin: str, level: int, place: int, height: int) -> bytes:
        hashes = self._feeds[origin].levels[level]
        return Row([hashes[place : place + (1 << height)]]).subtree(0, height)

    def tile(self, origin: str, level: int, index: int) -> bytes:
        """The hashes of a full tile, or of what there is of one above level 0; empty where there is none."""
        here = self.head(origin).frontier.size // WIDTH**level
        end = min((index + 1) * WIDTH, here)
        if (level == 0 and end < (index + 1) * WIDTH) or end <= index * WIDTH:
            return b""
        return b"".join(self._feeds[origin].levels[level][index * WIDTH : end])

    def tile_count(self, origin: str) -> int:
        """How many tiles of the feed there are, at all levels."""
        return row_count(self.head(origin).frontier.size)

    def kept_bytes(self, origin: str) -> int:
        """How many bytes the entries of the feed have, all together."""
        return sum(map(len, self.leaves(origin, 0, self.head(origin).frontier.size)))

    def unjudged(self) -> list[tuple[str, int]]:
        """What is stored and not yet judged, oldest first, as (origin, index)."""
        return list(self._now.inbox)

    def receipts(self, origin: str) -> dict[str, Receipt]:
        """The newest receipt of each mirror for the feed."""
        return {mirror: receipt for (feed, mirror), receipt in self._now.receipts.items() if feed == origin}

    def exhibits(self) -> list[Exhibit]:
        """All that is kept for ever, oldest first."""
        return list(self._now.exhibits.values())

    def evidence(self) -> list[Exhibit]:
        """The exhibits that accuse somebody, oldest first."""
        return [exhibit for exhibit in self._now.exhibits.values() if exhibit.accuses]

    def answered(self, key: str, now: Instant) -> Answered | None:
        """What was answered under the key within the last 24 h."""
        found = self._now.answers.get(key)
        return found if found is not None and found.at >= now.plus(-ANSWERS_KEPT_S) else None

    def express(self, origin: str) -> list[Express]:
        """What came ahead of the feed and is still ahead of it, by index."""
        kept = [express for (feed, _), express in self._now.express.items() if feed == origin]
        return sorted(kept, key=lambda express: express.index)


def _grow(after: _State, growth: Growth) -> None:
    held = after.heads[growth.origin].frontier.size if growth.origin in after.heads else 0
    if held != growth.old_size:
        raise HeadMovedError(f"feed {growth.origin} has {held} entries, not {growth.old_size}")
    places = range(growth.old_size, growth.head.frontier.size)
    for place, _, _ in zip(places, growth.leaves, growth.leaf_hashes, strict=True):
        after.inbox[growth.origin, place] = None
    after.heads[growth.origin] = growth.head


def _keep_receipt(after: _State, receipt: Receipt) -> None:
    place = receipt.origin, receipt.mirror
    known = after.receipts.get(place)
    if known is None or receipt.size >= known.size:
        after.receipts[place] = receipt


def _keep_answer(after: _State, answered: Answered) -> None:
    since = answered.at.plus(-ANSWERS_KEPT_S)
    for key in [key for key, known in after.answers.items() if known.at < since]:
        del after.answers[key]
    if answered.key in after.answers:
        raise HeadMovedError(f"something was answered under the key {answered.key[:100]!r} already")
    after.answers[answered.key] = answered


def _keep_express(after: _State, express: Express) -> None:
    known = after.express.setdefault((express.origin, express.index), express)
    if known.leaf != express.leaf:
        raise HeadMovedError(f"another entry {express.index} of {express.origin} came ahead of its feed before")
