"""Dating: whether the time that an entry claims can be true.

    newest of what it has seen, and of its own feed  −  skew   ≤   sent_at   ≤   our clock when we judge it  +  skew

A time is a claim. It cannot be earlier than what the sender had read when it wrote, nor later than when others hold the entry. An entry
out of these bounds takes effect all the same, for who holds the record decides the order without any clock; the officers are told, at the
sender's own node as well. The upper bound is looked at when the entry is judged, which is never before it came: it accuses nobody falsely.
"""

from collections.abc import Iterator

from tafadi.desk.desk import Desk
from tafadi.errors import MissingError
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId
from tafadi.model.message import Message


def misdated(desk: Desk, entry: EntryId, now: Instant) -> str:
    """What is wrong with the time of the entry, judged at `now`, in a sentence; empty where nothing is, or where it cannot be read."""
    said, skew_s = desk.views.examined(entry).message, desk.pact.agreement.timing.skew_max_s
    if said is None:
        return ""
    ahead_s = said.sent_at.since(now)
    if ahead_s > skew_s:
        return f"{entry} says it was sent {ahead_s:.1f} s from now; the clock of {entry.party} or ours is wrong"
    for before in _before(desk, entry, said):
        behind_s = before.sent_at.since(said.sent_at)
        if behind_s > skew_s:
            seen = f"{before.sender}'s entry {before.index}, which it had seen"
            return f"{entry} says it was sent {behind_s:.1f} s before {seen}; the clock of {entry.party} or {before.sender} is wrong"
    return ""


def _before(desk: Desk, entry: EntryId, said: Message) -> Iterator[Message]:
    """The entry before it in its own feed, and the newest of each feed that it says it has seen, as far as they are here."""
    places = [EntryId(entry.party, entry.epoch, entry.index - 1)] if entry.index else []
    places += [EntryId(seen.party, seen.epoch, seen.size - 1) for seen in said.seen if seen.size]
    for place in places:
        try:
            before = desk.views.examined(place).message
        except MissingError:
            continue
        if before is not None:
            yield before
