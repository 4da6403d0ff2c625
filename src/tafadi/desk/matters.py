"""Matters: the picture, kept so that an entry that comes late makes only its own matter be folded anew.

What an entry changes in the picture, and what its effect depends on, follows from a few subjects (`Kind.subjects`): itself and the entry
that it refers to first; of an alert the situation and who meets; of what each party has one of, its type and sender. Entries that share a
subject are of one *matter*. Within a matter the order of the fold counts; two matters change nothing of each other, so between them it does
not. One thing alone reaches across: from which entry on the agreement is in force. It begins once, and then everything is folded anew.

Entries that still wait for what they have seen come in their matter after those that have their place. Folding anew waits until somebody
looks: a thousand late entries in one push are one fold. `tests/reference/folding.py` folds everything in the one order, slowly.
"""

from bisect import insort
from collections import deque
from dataclasses import dataclass, field
from operator import itemgetter

from tafadi.desk.examine import Examined
from tafadi.desk.fold import KINDS, fold
from tafadi.desk.folding.kind import Subject
from tafadi.desk.picture import Picture
from tafadi.model.agreement import AgreementBody, AgreementStep
from tafadi.model.entry import EntryId
from tafadi.model.message import Message
from tafadi.model.reply import Refusal

Key = tuple[int, str, int]  # causal level, party, position: the one order of the fold


@dataclass(slots=True, eq=False)
class Matter:
    """Entries that are about the same: those with their place in its order, and those that wait, in the order of their fold."""

    placed: list[tuple[Key, Examined]] = field(default_factory=list)
    waiting: dict[EntryId, Examined] = field(default_factory=dict)
    waiting_parties: set[str] = field(default_factory=set)
    subjects: set[Subject] = field(default_factory=set)
    is_folded: bool = True

    @property
    def size(self) -> int:
        """How many entries it has."""
        return len(self.placed) + len(self.waiting)


class Matters:
    """The picture of the entries that it was given, in whatever order they came."""

    def __init__(self, parties: tuple[str, ...]) -> None:
        self._parties = parties
        self._picture = Picture()
        self._refusals: dict[EntryId, Refusal | None] = {}
        self._matters: dict[Subject, Matter] = {}
        self._unfolded: list[Matter] = []
        self._signed: dict[str, Key] = {}
        self._signed_waiting: set[str] = set()

    @property
    def picture(self) -> Picture:
        """What all entries together say."""
        self._settle()
        return self._picture

    def refusal(self, entry: EntryId) -> Refusal | None:
        """Why the entry takes no effect; None when it does."""
        self._settle()
        return self._refusals.get(entry)

    def place(self, key: Key, examined: Examined) -> None:
        """Takes in an entry that has its place in the order; it may have waited until now."""
        if not _has_effect(examined):
            self._refusals[examined.id] = examined.refusal
            return
        matter = self._matter(examined)
        matter.waiting.pop(examined.id, None)
        is_next = matter.is_folded and not matter.waiting_parties and (not matter.placed or matter.placed[-1][0] < key)
        insort(matter.placed, (key, examined), key=itemgetter(0))
        if is_next:
            self._fold(examined, self._in_force(key))
        else:
            self._unfold(matter)
        self._note_signature(examined, key)

    def wait(self, examined: Examined) -> None:
        """Takes in an entry whose place is not known yet."""
        if not _has_effect(examined):
            self._refusals[examined.id] = examined.refusal
            return
        matter = self._matter(examined)
        last = next(reversed(matter.waiting), examined.id)
        is_next = matter.is_folded and matter.waiting_parties <= {examined.id.party} and last <= examined.id
        matter.waiting[examined.id] = examined
        matter.waiting_parties.add(examined.id.party)
        if is_next:
            self._fold(examined, self._in_force(None))
        else:
            self._unfold(matter)
        self._note_signature(examined, None)

    def _fold(self, examined: Examined, in_force: bool) -> None:
        needed = 0 if in_force else len(self._parties) + 1  # signatures: what counts is who had signed before the entry, not who has by now
        self._refusals[examined.id] = fold(self._picture, examined, needed)

    def _in_force(self, key: Key | None) -> bool:
        """Whether every party has signed before that place; for what waits (None), whether every party has signed at all."""
        if key is None:
            return {*self._signed, *self._signed_waiting} >= {*self._parties}
        return len(self._signed) == len(self._parties) and max(self._signed.values()) < key

    def _note_signature(self, examined: Examined, key: Key | None) -> None:
        party = examined.id.party
        said = examined.message.body if examined.message else None
        if not isinstance(said, AgreementBody) or said.step is not AgreementStep.SIGNED or party in self._signed:
            return
        if key is not None:
            self._signed[party] = key
        elif party in self._signed_waiting:
            return
        self._signed_waiting.add(party)
        if self._in_force(None):  # at most once for each party, as it signs; what came before may be folded otherwise now
            for matter in list(self._matters.values()):
                self._unfold(matter)

    def _matter(self, examined: Examined) -> Matter:
        """The matter of the entry's subjects. Where they were of several, those are one from now on."""
        said = _message(examined)
        subjects = KINDS[said.type].subjects(examined.id, said)
        found = {id(matter): matter for matter in map(self._matters.get, subjects) if matter is not None}
        matter = max(found.values(), key=lambda one: one.size, default=None) or Matter()
        for other in found.values():
            if other is not matter:
                self._merge(matter, other)
        for subject in subjects:
            matter.subjects.add(subject)
            self._matters[subject] = matter
        return matter

    def _merge(self, matter: Matter, other: Matter) -> None:
        matter.placed = sorted([*matter.placed, *other.placed], key=itemgetter(0))
        matter.waiting |= other.waiting
        matter.waiting_parties |= other.waiting_parties
        matter.subjects |= other.subjects
        self._matters.update(dict.fromkeys(other.subjects, matter))
        other.placed, other.waiting = [], {}
        if not other.is_folded:
            self._unfold(matter)

    def _unfold(self, matter: Matter) -> None:
        if matter.is_folded:
            matter.is_folded = False
            self._unfolded.append(matter)

    def _settle(self) -> None:
        """Folds anew what has to be."""
        while self._unfolded:
            matter = self._unfolded[-1]
            for examined in (*(examined for _, examined in matter.placed), *matter.waiting.values()):
                said = _message(examined)
                KINDS[said.type].take_back(self._picture, examined.id, said)
            for key, examined in matter.placed:
                self._fold(examined, self._in_force(key))
            matter.waiting = {examined.id: examined for examined in _in_turn(matter.waiting)}
            matter.waiting_parties = {entry.party for entry in matter.waiting}
            for examined in matter.waiting.values():
                self._fold(examined, self._in_force(None))
            matter.is_folded = True
            self._unfolded.pop()


def _has_effect(examined: Examined) -> bool:
    return examined.takes_effect or examined.is_late_notice


def _message(examined: Examined) -> Message:
    assert examined.message is not None  # none without one has a matter
    return examined.message


def _in_turn(waiting: dict[EntryId, Examined]) -> list[Examined]:
    """The entries that wait, each after those of them that it refers to, unless they refer in a ring; within a feed in its order."""
    left: dict[str, deque[Examined]] = {}
    for entry in sorted(waiting):
        left.setdefault(entry.party, deque()).append(waiting[entry])
    open_ones = set(waiting)
    turn: list[Examined] = []
    while left:
        ready = (party for party, entries in left.items() if open_ones.isdisjoint(ref.entry for ref in _message(entries[0]).refs))
        party = next(ready, next(iter(left)))
        turn.append(left[party].popleft())
        open_ones.discard(turn[-1].id)
        if not left[party]:
            del left[party]
    return turn
