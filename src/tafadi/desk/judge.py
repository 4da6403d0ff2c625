"""Judging: what is stored is looked at, and what follows from it is said. Storing never waits for it, and a stop waits for nothing else."""

from tafadi.desk.announce import pairs_ahead
from tafadi.desk.desk import Desk
from tafadi.desk.react import react
from tafadi.desk.speak import Draft, say
from tafadi.errors import InputError, RefusedError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.operation import Announced


def judge_inbox(desk: Desk, *, at_once_only: bool = False) -> int:
    """How many stored entries were judged: each leaves the inbox in the same durable step in which its consequences are said.

    With `at_once_only`, notices for which the engine has yet to compute pairs are left for later (`pair_to_compute`), so that a stop behind
    them is judged now.
    """
    judged = 0
    if desk.journal.head(desk.origin).frontier.size == 0:
        return judged  # not signed yet: what would be said here would take the place of the agreement
    desk.views.catch_up()  # a commit that failed to report may have taken place all the same
    while waiting := [place for place in desk.journal.unjudged() if _is_due(desk, *place, at_once_only=at_once_only)]:
        silent: list[tuple[str, int]] = []
        for origin, index in waiting:
            silent.append((origin, index))
            drafts = _reactions(desk, desk.pact.entry_id(origin, index))
            if drafts:
                say(desk, *drafts, judged=tuple(silent))
                silent = []
        say(desk, judged=tuple(silent))
        judged += len(waiting)
    return judged


def pair_to_compute(desk: Desk) -> tuple[Announced, Announced] | None:
    """The next pair of notices that the engine has yet to judge before an entry of the inbox can be judged; None when there is none."""
    for origin, index in desk.journal.unjudged():
        if _is_due(desk, origin, index, at_once_only=False):
            pairs = pairs_ahead(desk, desk.pact.entry_id(origin, index))
            if pairs:
                return pairs[0]
    return None


def _reactions(desk: Desk, entry: EntryId) -> list[Draft]:
    """What follows from the entry; one that defeats the node's own reaction is alarmed, and holds up none of those after it."""
    try:
        return react(desk, entry)
    except (InputError, RefusedError) as error:
        desk.bell.alarm(desk.pact, f"{entry} is NOT fully judged: {error}", entry)
        return []


def _is_due(desk: Desk, origin: str, index: int, *, at_once_only: bool) -> bool:
    """Whether the entry is of this agreement and is to be judged now."""
    if desk.pact.party_of(origin) is None:
        return False
    entry = desk.pact.entry_id(origin, index)
    if not desk.views.holds(entry) and not _has_waited(desk, entry):
        return False
    return not (at_once_only and pairs_ahead(desk, entry))


def _has_waited(desk: Desk, entry: EntryId) -> bool:
    """Whether an entry that has seen what is not here is judged all the same: a stop at once, anything else after the agreement's bound."""
    said = desk.views.examined(entry).message
    if said is not None and said.type is EntryType.STOP:
        return True
    now = desk.clock.now()
    return now.since(desk.waiting_since.setdefault(entry, now)) >= desk.pact.agreement.timing.wait_s
