"""Judging: what is stored is looked at, and what follows from it is said. Storing never waits for it, and a stop waits for nothing else.

What one look costs does not grow with what waits (`tafadi.desk.inbox`): whoever fills a node's inbox with what cannot be judged yet holds
up neither a stop nor anybody's entries. The journal's inbox is read when nothing known is left to judge and the record has grown since.
"""

from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Final

from tafadi.desk.announce import is_computed, missing_pairs, open_standing
from tafadi.desk.desk import Desk
from tafadi.desk.express import ring_again
from tafadi.desk.react import react
from tafadi.desk.sealing import missing_sealed_pairs
from tafadi.desk.speak import Draft, say
from tafadi.errors import InputError, RefusedError
from tafadi.model.entry import VITAL, EntryId
from tafadi.model.operation import Announced

JUDGED_AT_ONCE: Final = 32  # entries in one go of a running node, before anybody else has a turn: with a durable write for each, some 0.1 s


def judge_inbox(desk: Desk, *, at_once_only: bool = False, most: int | None = None) -> int:
    """How many stored entries were judged, at `most` so many: each leaves the inbox in the same durable step in which its consequences are
    said. Stops come first.

    With `at_once_only`, notices for which the engine has yet to compute pairs are left for later (`pair_to_compute`).
    """
    if desk.journal.head(desk.origin).frontier.size == 0:
        return 0  # not signed yet: what would be said here would take the place of the agreement
    desk.views.catch_up()  # a commit that failed to report may have taken place all the same
    if not desk.alone.has_begun:
        desk.alone.has_begun = True
        ring_again(desk)
    inbox = desk.inbox
    if not inbox.is_sure:
        inbox.forget(len(desk.views.roused(0)))
    inbox.is_sure = False  # until this has come to its end
    inbox.wake_due(desk.clock.now())
    judged = 0
    while most is None or judged < most:
        count = _judge_known(desk, at_once_only, None if most is None else most - judged)
        judged += count
        if count == 0 and not _read_journal(desk):
            break
    inbox.is_sure = True
    return judged


def read_anew(desk: Desk) -> None:
    """Has the desk know nothing but what the journal holds, of which a group of changes was taken back.

    Places that they had taken may come to hold other entries: nothing that was computed of any entry is gone by.
    """
    desk.views.read_anew()
    desk.inbox.is_sure = False
    desk.intake.kept_bytes.clear()
    forget_computed(desk)


def forget_computed(desk: Desk) -> None:
    """Has the engine begin anew: what it found is named by places of entries."""
    desk.standing.end()
    desk.judgements.clear()


def pair_to_compute(desk: Desk) -> tuple[Announced, Announced] | None:
    """The next pair of notices that the engine has yet to judge before a notice can be; None when there is none."""
    pairs = _pairs_of_first(desk) if desk.inbox.engine else None
    return pairs[0] if pairs else None


def _judge_known(desk: Desk, at_once_only: bool, most: int | None) -> int:
    """How many of the entries that the inbox knows were judged, at `most` so many."""
    done: list[EntryId] = []
    silent: list[tuple[str, int]] = []
    while (most is None or len(done) < most) and (entry := _next(desk, at_once_only)) is not None:
        if not at_once_only and next(_missing(desk, entry), None):
            open_standing(desk)
        done.append(entry)
        silent.append((desk.pact.feed_of(entry), entry.index))
        drafts = _reactions(desk, entry)
        if drafts:
            say(desk, *drafts, judged=tuple(silent))
            silent = []
    say(desk, judged=tuple(silent))
    desk.inbox.drop(done)
    return len(done)


def _next(desk: Desk, at_once_only: bool) -> EntryId | None:
    """The next entry to be judged: a stop; the notice that the engine is done with; the next one in turn; None when there is none."""
    inbox = desk.inbox
    _look_up(desk)
    if inbox.stops:
        return inbox.stops.popleft()
    if inbox.engine and not (at_once_only and _pairs_of_first(desk)):
        inbox.pairs.clear()
        return inbox.engine.popleft()
    while inbox.ready:
        entry = inbox.ready.popleft()
        if not (at_once_only and next(_missing(desk, entry), None)):
            return entry
        inbox.engine.append(entry)
    return None


def _look_up(desk: Desk) -> None:
    """Takes in what the views have roused since: stops that came, and what has its place by now."""
    inbox = desk.inbox
    for entry in desk.views.roused(inbox.roused):
        inbox.roused += 1
        if _is_vital(desk, entry):
            inbox.add(entry, inbox.stops)
        else:
            inbox.wake(entry)


def _pairs_of_first(desk: Desk) -> deque[tuple[Announced, Announced]]:
    """What the engine has yet to compute for the first notice that waits for it: looked for once, and again when all that is done."""
    pairs = desk.inbox.pairs
    while pairs and is_computed(desk, *pairs[0]):
        pairs.popleft()
    if not pairs:
        pairs.extend(_missing(desk, desk.inbox.engine[0]))
    return pairs


def _missing(desk: Desk, entry: EntryId) -> Iterator[tuple[Announced, Announced]]:
    """The pairs that the engine has yet to judge before the entry can be, those with sealed notices that this party reads among them."""
    return chain(missing_pairs(desk, entry), missing_sealed_pairs(desk, entry))


def _read_journal(desk: Desk) -> bool:
    """Whether the record has grown since the journal's inbox was read; then what is new in it is known now."""
    inbox, grown_to = desk.inbox, desk.views.read
    if inbox.read == grown_to:
        return False
    due_at = desk.clock.now().plus(desk.pact.agreement.timing.wait_s)
    for origin, index in desk.journal.unjudged():
        if desk.pact.party_of(origin) is None:
            continue
        entry = desk.pact.entry_id(origin, index)
        if entry in inbox.known:
            continue
        if _is_vital(desk, entry):
            inbox.add(entry, inbox.stops)
        elif desk.views.holds(entry):
            inbox.add(entry, inbox.ready)
        else:
            inbox.wait(entry, due_at)
    inbox.read = grown_to
    return True


def _is_vital(desk: Desk, entry: EntryId) -> bool:
    said = desk.views.examined(entry).message
    return said is not None and said.type in VITAL


def _reactions(desk: Desk, entry: EntryId) -> list[Draft]:
    """What follows from the entry; one that defeats the node's own reaction is alarmed, and holds up none of those after it."""
    try:
        return react(desk, entry)
    except (InputError, RefusedError) as error:
        desk.bell.alarm(desk.pact, f"{entry} is NOT fully judged: {error}", entry)
        return []
