"""Deadlines: what this party's clock has decided by now, and what it will decide next.

    picture ──► pending() ──► Deadline …  ──► due(desk, now)       drafts of `lapse`, each said once
                                         ├──► reminders(…)         sentences for this party's own officers, again and again
                                         └──► next_due(desk, now)  when to look again

Everything follows from the picture and the instant: a node that was down for an hour and comes back says what it would have said, once, and
one that died before or after saying it neither repeats nor forgets it. The fold never reads a clock; it reads these entries.

Who speaks: the party that waits, of all who are silent; and a party that is silent, of itself, as its own node calls the next role.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tafadi.desk import ladder, waiting
from tafadi.desk.desk import Desk
from tafadi.desk.folding.lapse import LapseView, sentence_of
from tafadi.desk.speak import Draft, say
from tafadi.desk.waiting import Deadline
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.lapse import Lapse, LapseKind


@dataclass(frozen=True, slots=True)
class Reminder:
    """What an officer of this party is called for once more."""

    sentence: str
    entry: EntryId | None


def due(desk: Desk, now: Instant) -> list[Draft]:
    """The lapses that this party has to say by `now` and has not said: of each thing the highest rung that is reached."""
    if not desk.in_force or now < desk.pact.agreement.effective:
        return []
    index = desk.picture.index
    drafts = (_draft(desk, one, now, index.rung_of(one.entry, (desk.party, one.what, one.at))) for one in _own(desk, now))
    return [draft for draft in drafts if draft is not None]


def say_due(desk: Desk) -> list[EntryId]:
    """Says what is due now, and calls this party's own officers for each. Raises as `say` does."""
    desk.views.catch_up()  # a commit that failed to report may have taken place all the same: nothing is said twice
    drafts = due(desk, desk.clock.now())
    entries = say(desk, *drafts)
    for draft, entry in zip(drafts, entries, strict=True):
        assert isinstance(draft.body, Lapse)
        about = draft.refs[0].entry if draft.refs else None
        desk.bell.alarm(desk.pact, sentence_of(desk.party, about, draft.body), entry)
        if about is None and draft.body.what is LapseKind.MISSED:
            _call_down(desk, entry)
    return entries


def _call_down(desk: Desk, entry: EntryId) -> None:
    for party in missed_twice(desk, desk.clock.now()):
        desk.bell.alarm(desk.pact, f"the line to {party} is DOWN: its watch missed two agreed checks in a row", entry)


def missed_twice(desk: Desk, now: Instant) -> tuple[str, ...]:
    """The other parties that missed the last two agreed checks of which this party's clock has said so, and no later one."""
    agreement = desk.pact.agreement
    missed_s = agreement.timing.check_missed_s
    last = [slot for slot in waiting.slots_about(agreement.check_times_utc_s, now.plus(-missed_s)) if slot.plus(missed_s) <= now]
    if len(last) < waiting.SLOTS_BACK:
        return ()
    both = set.intersection(*(_said_missed(desk, slot.plus(missed_s)) for slot in last)) - {desk.party}
    return tuple(sorted(party for party in both if not waiting.took_part(desk, party, last[-1], now)))


def _said_missed(desk: Desk, at: Instant) -> set[str]:
    """The parties that missed the agreed check of which that instant was the last, by this party's own lapses."""
    entries = desk.picture.index.rungs.get(None, {}).get((desk.party, LapseKind.MISSED, at), {})
    lapses = desk.picture.shelf(LapseView)
    return {party for entry in entries for party in lapses[entry].lapse.parties}


def reminders(desk: Desk, since: Instant | None, now: Instant) -> list[Reminder]:
    """What this party's officers are called for again because it has waited for another full period between `since` and `now`.

    With no `since`, as at a start, everything that waits for them. Whether the clock is trusted, and whether the agreement is in force, is
    nothing to a stop that nobody has heard.
    """
    found: dict[EntryId | None, Reminder] = {}
    for deadline in waiting.pending(desk, now):
        if not deadline.climbs or desk.party not in deadline.parties or deadline.by == desk.party or deadline.since > now:
            continue
        period_s = ladder.renotify_s(desk.pact.agreement.timing, deadline.precedence)
        if since is None or _periods(deadline, since, period_s) < _periods(deadline, now, period_s):
            found.setdefault(deadline.entry, Reminder(f"{deadline.entry} still waits for this party: {deadline.wants}", deadline.entry))
    return list(found.values())


def next_due(desk: Desk, now: Instant) -> Instant | None:
    """The first instant after `now` at which there will be something to say or to remind of, as things stand; None when there is none."""
    timing, upcoming = desk.pact.agreement.timing, []
    for deadline in waiting.pending(desk, now):
        upcoming += [step.at for step in _steps(desk, deadline)]
        if deadline.climbs and desk.party in deadline.parties:
            period_s = ladder.renotify_s(timing, deadline.precedence)
            upcoming.append(deadline.since.plus((_periods(deadline, now, period_s) + 1) * period_s))
    return min((at for at in upcoming if at > now), default=None)


def _own(desk: Desk, now: Instant) -> Iterator[Deadline]:
    """The deadlines of which this party speaks: those of whom it waits for; of what waits for it, its own part."""
    for deadline in waiting.pending(desk, now):
        if deadline.by in ("", desk.party):
            yield deadline
        elif deadline.climbs and desk.party in deadline.parties:
            yield replace(deadline, parties=(desk.party,))


def _draft(desk: Desk, deadline: Deadline, now: Instant, last: int) -> Draft | None:
    """The lapse on the highest rung that is reached and higher than the `last` that was said; None where there is none."""
    reached = [step for step in _steps(desk, deadline) if step.at <= now]
    if not reached or reached[-1].rung <= last:
        return None
    step = reached[-1]
    role = step.role or (ladder.deputy_of(desk.picture, deadline.parties, now) if deadline.climbs else "")
    body = Lapse(deadline.what, deadline.at, deadline.parties, step.rung, role)
    refs = (desk.ref(deadline.entry),) if deadline.entry else ()
    return Draft(EntryType.LAPSE, body, deadline.mode, precedence=deadline.precedence, refs=refs)


def _steps(desk: Desk, deadline: Deadline) -> list[ladder.Step]:
    agreement = desk.pact.agreement
    return ladder.steps(agreement, deadline.at, deadline.precedence) if deadline.climbs else [ladder.Step(0, deadline.at)]


def _periods(deadline: Deadline, now: Instant, period_s: int) -> int:
    """How many whole periods it has waited at `now`."""
    return max(0, int(now.since(deadline.since) // period_s))
