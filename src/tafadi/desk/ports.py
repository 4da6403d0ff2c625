"""Ports: what the desk needs from the floors above it, and the nouns it hands them.

Everything that must become durable together is one `Change`, committed whole or not at all: that is the only way into the journal.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol

from tafadi.desk.pact import Pact
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import Frontier

TRACKS: Final = "tracks"  # the kind of exhibit that is plots, and accuses nobody
ANSWERS_KEPT_S: Final = 86_400.0  # a program that asks again does so within minutes, and after an outage within the day


@dataclass(frozen=True, slots=True)
class Head:
    """How far a feed has grown here: its frontier, and the newest checkpoint with its owner's signature (None before the first).

    `pending` is a checkpoint ahead of the entries, while the feed catches up: proved to continue what is held, and not yet cosigned.
    """

    frontier: Frontier
    checkpoint: bytes | None
    pending: bytes | None = None


@dataclass(frozen=True, slots=True)
class Growth:
    """New entries of one feed. Refused with HeadMovedError unless the feed still has `old_size` entries."""

    origin: str
    old_size: int
    leaves: tuple[bytes, ...]
    leaf_hashes: tuple[bytes, ...]
    head: Head


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mirror's cosignature: all entries below `size` are durably stored there."""

    origin: str
    mirror: str
    size: int
    line: str
    at: Instant


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A piece of evidence, kept for ever: what kind it is, and one self-contained file.

    The kind is a contradiction (`tafadi.trust.evidence`), or `tracks` for the plots that an alert rests on.
    """

    kind: str
    data: bytes

    @property
    def accuses(self) -> bool:
        """Whether it proves that a party broke the protocol."""
        return self.kind != TRACKS


@dataclass(frozen=True, slots=True)
class Answered:
    """What a program was answered under a key of its choice, so that it asks twice and is heard once.

    `request` is a digest of what it asked: the same key with another request is a mistake of the program's.
    """

    key: str
    request: bytes
    answer: bytes
    at: Instant


@dataclass(frozen=True, slots=True)
class Express:
    """An entry that came alone, ahead of its feed: its exact bytes, and the line by which it was said to be heard."""

    origin: str
    index: int
    leaf: bytes
    leaf_hash: bytes
    heard: str


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes durable together, before anybody is told.

    `judged` leaves the inbox. `express` is kept until its place is among the `filled`: its feed has come so far.
    """

    growths: tuple[Growth, ...] = ()
    judged: tuple[tuple[str, int], ...] = ()
    receipts: tuple[Receipt, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    answers: tuple[Answered, ...] = ()
    express: tuple[Express, ...] = ()
    filled: tuple[tuple[str, int], ...] = ()


class Journal(Protocol):
    """The trusted record: feeds, receipts, evidence, and what is still to be judged."""

    def commit(self, change: Change) -> None:
        """Makes the change durable; within a `group`, at the end of that.

        Raises HeadMovedError, and nothing of it is: a feed has another size, a key has an answer, another entry came ahead at a place.
        Raises StoreError, and it may have been written all the same.
        """
        ...

    def group(self) -> AbstractContextManager[None]:
        """Whatever is committed inside becomes durable together, when it ends: nobody may be told of any of it before.

        A change that fails inside takes itself back and no other. Where the group fails (what is done inside it raises, or its end does),
        nothing of it is durable, or all of it may be, as with `commit`; what was folded from it in the meantime must be folded anew.
        """
        ...

    def head(self, origin: str) -> Head:
        """How far the feed has grown; an unknown feed is empty."""
        ...

    def leaf(self, origin: str, index: int) -> bytes:
        """The exact bytes of one entry. Raises MissingError."""
        ...

    def leaves(self, origin: str, start: int, end: int) -> list[bytes]:
        """The entries [start, end), or as many as are there."""
        ...

    def leaf_hashes(self, origin: str, start: int = 0, end: int | None = None) -> list[bytes]:
        """The leaf hashes of the entries [start, end) in order, or as many as are there; by default of all."""
        ...

    def kept_bytes(self, origin: str) -> int:
        """How many bytes the entries of the feed have, all together."""
        ...

    def range_hash(self, origin: str, start: int, end: int) -> bytes:
        """The Merkle tree hash of the entries [start, end), which must be such as a proof asks for, at a cost that grows with no feed.

        Raises InputError where they are not, MissingError when there are fewer entries, DamagedError.
        """
        ...

    def unjudged(self) -> list[tuple[str, int]]:
        """What is stored and not yet judged, oldest first, as (origin, index)."""
        ...

    def receipts(self, origin: str) -> dict[str, Receipt]:
        """The newest receipt of each mirror for the feed."""
        ...

    def exhibits(self) -> list[Exhibit]:
        """All that is kept for ever: evidence, and the tracks that alerts rest on."""
        ...

    def evidence(self) -> list[Exhibit]:
        """The exhibits that accuse somebody."""
        ...

    def answered(self, key: str, now: Instant) -> Answered | None:
        """What was answered under the key within the last 24 h."""
        ...

    def express(self, origin: str) -> list[Express]:
        """What came ahead of the feed and is still ahead of it, by index."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """This party's keys under one epoch: those that sign, `operators` by role, and the private X25519 key for what is sealed to it."""

    party: str
    epoch: int
    envelope: SigningKey
    log: SigningKey
    mirror: SigningKey
    operators: Mapping[str, SigningKey]
    hpke: bytes = field(default=b"", repr=False)


class Bell(Protocol):
    """How the desk tells the floors above that something is new: entries to push, alarms to show."""

    def entries_added(self, pact: Pact) -> None:
        """Own entries wait to be pushed, or a receipt that another party waits for to be told."""
        ...

    def alarm(self, pact: Pact, sentence: str, entry: EntryId | None) -> None:
        """The officers must see and hear this now."""
        ...
