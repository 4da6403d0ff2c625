"""Waiting: everything in the picture that somebody owes by some instant.

One function for each kind of thing, by its view, in `OF_THINGS`; a new kind adds its own there, and says in `View.waits` when it is open:
the fold keeps an index of what is (`tafadi.desk.index`), so that what is settled costs nothing. What is no thing is in `SOURCES`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tafadi.desk import ladder
from tafadi.desk.desk import Desk
from tafadi.desk.folding.action import ActionView
from tafadi.desk.folding.call import CallView
from tafadi.desk.folding.claim import ClaimView
from tafadi.desk.folding.conference import ConferenceView
from tafadi.desk.folding.distress import DistressView
from tafadi.desk.folding.kind import within_the_acknowledgement
from tafadi.desk.folding.minutes import MinutesView
from tafadi.desk.folding.notice_presence import PresenceView
from tafadi.desk.folding.notice_site import SiteView
from tafadi.desk.picture import AlertView, IncidentView, LineCheckView, NoticeView, Picture, StopView, View
from tafadi.desk.silence import silences
from tafadi.measure.instant import SECOND_NS, Instant
from tafadi.model.agreement import DAY_S
from tafadi.model.entry import EntryId
from tafadi.model.lapse import LapseKind
from tafadi.model.message import Message
from tafadi.model.names import Mode, Precedence

SLOTS_BACK: Final = 2  # agreed times of day that are looked back upon: two missed ones are a line that is down, older ones help nobody


@dataclass(frozen=True, slots=True)
class Deadline:
    """By when (`at`) `parties` owe something to the party `by` (empty: everybody waits), waited for `since`.

    What `climbs` is for people: it is said again on each rung of the ladder, and those who owe it are reminded of what it `wants`.
    """

    what: LapseKind
    at: Instant
    parties: tuple[str, ...]
    mode: Mode
    since: Instant
    by: str = ""
    precedence: Precedence = Precedence.ROUTINE
    entry: EntryId | None = None
    climbs: bool = False
    wants: str = ""


OfAThing = Callable[[Desk, Any, Instant], Iterator[Deadline]]  # Any: the view of its kind
Source = Callable[[Desk, Instant], Iterator[Deadline]]


def pending(desk: Desk, now: Instant) -> Iterator[Deadline]:
    """All deadlines of what is not settled, past and to come: of open things, stops first, and of what is no thing."""
    picture = desk.picture
    for view in opened(picture):
        yield from OF_THINGS[type(view)](desk, view, now)
    for source in SOURCES:
        yield from source(desk, now)


def opened(picture: Picture) -> list[View]:
    """What is open and has a clock, in one order. The index forgets what is open no more."""
    found: list[tuple[int, str, View]] = []
    for name in list(picture.index.open):
        view = picture.thing(name)
        if view is None or not view.waits:
            picture.index.open.discard(name)
        elif type(view) in _RANKS:
            found.append((_RANKS[type(view)], str(name), view))
    return [view for _, _, view in sorted(found, key=lambda one: one[:2])]


def _in(sides: dict[str, str], *states: str) -> tuple[str, ...]:
    """The parties whose side is in one of these states."""
    return tuple(sorted(party for party, state in sides.items() if state in states))


def _stop(desk: Desk, view: StopView, now: Instant) -> Iterator[Deadline]:
    """Heard, then acted on: two clocks, for heard is not acted. An end that the stop names is told when it comes; it ends nothing."""
    timing, raised = desk.pact.agreement.timing, view.steps[0].at
    for what, limit_s, states, wants in (
        (LapseKind.NO_REPLY, timing.stop_heard_s, ("RAISED",), "a stop that nobody here has heard"),
        (LapseKind.OVERDUE, timing.stop_acted_s, ("RAISED", "HEARD"), "a stop that is not acted on"),
    ):
        silent = _in(view.sides, *states)
        if silent:
            at = raised.plus(limit_s)
            yield Deadline(what, at, silent, view.mode, raised, view.sender, Precedence.FLASH, view.id, climbs=True, wants=wants)
    if view.stop.until is not None:
        yield Deadline(LapseKind.EXPIRED, view.stop.until, (view.sender,), view.mode, raised, "", Precedence.FLASH, view.id)


def _distress(desk: Desk, view: DistressView, now: Instant) -> Iterator[Deadline]:
    silent, raised = _in(view.sides, "RAISED"), view.steps[0].at
    if silent:
        at, wants = raised.plus(desk.pact.agreement.timing.stop_heard_s), "a distress that nobody here has heard"
        yield Deadline(LapseKind.NO_REPLY, at, silent, view.mode, raised, view.sender, Precedence.FLASH, view.id, True, wants)


def _notice(desk: Desk, view: NoticeView, now: Instant) -> Iterator[Deadline]:
    """Read back by each node, answered by each officer, until it is over; a movement has ended by then, or is overdue."""
    if view.notice.span.end > now:
        yield from _replies(desk, view)
    if view.movement is not None:
        end, wants = view.movement.span.end, "a movement that nobody has said has ended"
        yield Deadline(LapseKind.OVERDUE, end, (view.sender,), view.mode, end, "", Precedence.IMMEDIATE, view.revision, True, wants)


def _replies(desk: Desk, view: NoticeView) -> Iterator[Deadline]:
    """Nobody owes them while the agreement is suspended for such notices; once it is resumed, there is as much time as at first."""
    timing, sent, first = desk.pact.agreement.timing, view.sent_at, view.precedence
    resumed = view.force.resumed_at(view.type)
    if resumed is not None and resumed > sent:
        sent = resumed
    held = view.force.word(view.type)
    unread, unanswered = ((), ()) if held else (_in(view.sides, "SENT"), _in(view.sides, "SENT", "READ_BACK"))
    if unread:
        at = sent.plus(timing.readback_flash_s if first is Precedence.FLASH else timing.readback_routine_s)
        yield Deadline(LapseKind.LATE, at, unread, view.mode, sent, view.sender, first, view.revision)
    if unanswered:
        ack_by = _message(desk, view.revision).ack_by if sent == view.sent_at else None
        at = ack_by or sent.plus(within_the_acknowledgement(timing, first))
        yield Deadline(
            LapseKind.NO_REPLY, at, unanswered, view.mode, sent, view.sender, first, view.revision, True, "a notice to be answered"
        )
    if view.valid_until is not None and LapseKind.EXPIRED not in view.lapsed:
        yield Deadline(LapseKind.EXPIRED, view.valid_until, (view.sender,), view.mode, sent, "", first, view.revision)


def _alert(desk: Desk, view: AlertView, now: Instant) -> Iterator[Deadline]:
    """Acknowledged or answered by each addressee of each party that raised it, while it stands."""
    for party, entry in view.raised.items():
        said = _message(desk, entry)
        silent = tuple(sorted(set(said.recipients) - set(view.acknowledged) - set(view.answers)))
        if silent and party not in view.cleared and party not in view.lost:
            at = said.ack_by or said.sent_at.plus(within_the_acknowledgement(desk.pact.agreement.timing, said.precedence))
            wants = "an alert to be acknowledged"
            yield Deadline(LapseKind.NO_REPLY, at, silent, view.mode, said.sent_at, party, said.precedence, entry, True, wants)


def _line_check(desk: Desk, view: LineCheckView, now: Instant) -> Iterator[Deadline]:
    """Replied to by the watch: late at first, and missed in the end."""
    timing, silent = desk.pact.agreement.timing, _in(view.sides, "CALLED")
    for what, limit_s in ((LapseKind.LATE, timing.check_late_s), (LapseKind.MISSED, timing.check_missed_s)):
        if silent:
            yield Deadline(what, view.sent_at.plus(limit_s), silent, view.mode, view.sent_at, view.sender, entry=view.id)


def _incident(desk: Desk, view: IncidentView, now: Instant) -> Iterator[Deadline]:
    """The other parties' own accounts; and that it was reported late, which every party's clock says of who opened it."""
    silent, timing = _in(view.sides, "OPEN"), desk.pact.agreement.timing
    occurred, opened_at = view.accounts[view.sender].occurred, _message(desk, view.id).sent_at
    reported_by = occurred.end.plus(timing.incident_report_s) if occurred else None
    if reported_by is not None and opened_at > reported_by:
        yield Deadline(LapseKind.LATE, reported_by, (view.sender,), view.mode, opened_at, entry=view.id)
    if silent:
        at = opened_at.plus(timing.incident_reply_s)
        yield Deadline(LapseKind.OVERDUE, at, silent, view.mode, opened_at, view.sender, entry=view.id)


def _claim(desk: Desk, view: ClaimView, now: Instant) -> Iterator[Deadline]:
    """Answered by each party that it is made against, as an account of an incident is."""
    silent, at = _in(view.sides, "MADE"), view.sent_at.plus(desk.pact.agreement.timing.incident_reply_s)
    if silent:
        yield Deadline(LapseKind.OVERDUE, at, silent, view.mode, view.sent_at, view.sender, entry=view.id)


def _conference(desk: Desk, view: ConferenceView, now: Instant) -> Iterator[Deadline]:
    """Agreed to or declined, by people; and held, which each party that was there says within an acknowledgement of its end."""
    said, span, timing = _message(desk, view.revision), view.conference.span, desk.pact.agreement.timing
    silent, held_not = _in(view.sides, "PROPOSED"), _in(view.sides, "AGREED")
    if silent:
        at, wants = said.ack_by or said.sent_at.plus(timing.ack_routine_s), "a conference to be agreed to or declined"
        yield Deadline(LapseKind.NO_REPLY, at, silent, view.mode, said.sent_at, said.sender, said.precedence, view.revision, True, wants)
    elif view.state == "AGREED" and span is not None and held_not:
        yield Deadline(LapseKind.OVERDUE, span.end.plus(timing.ack_routine_s), held_not, view.mode, span.end, entry=view.revision)


def _minutes(desk: Desk, view: MinutesView, now: Instant) -> Iterator[Deadline]:
    """Signed or refused, from the newest draft on."""
    silent, at = _in(view.sides, "DRAFTED"), view.sent_at.plus(desk.pact.agreement.timing.incident_reply_s)
    if silent:
        drafted_by = _message(desk, view.revision).sender
        yield Deadline(LapseKind.OVERDUE, at, silent, view.mode, view.sent_at, drafted_by, entry=view.revision)


def _action(desk: Desk, view: ActionView, now: Instant) -> Iterator[Deadline]:
    """Done by its owner; every party's clock says when it is not."""
    yield Deadline(LapseKind.OVERDUE, view.due, (view.owner,), view.mode, view.sent_at, entry=view.id)


def _call(desk: Desk, view: CallView, now: Instant) -> Iterator[Deadline]:
    """Answered or declined, by people."""
    said, silent = _message(desk, view.id), _in(view.sides, "OFFERED")
    at = said.ack_by or view.sent_at.plus(desk.pact.agreement.timing.ack_routine_s)
    wants = "a call to be answered"
    yield Deadline(LapseKind.NO_REPLY, at, silent, view.mode, view.sent_at, view.sender, said.precedence, view.id, True, wants)


def _site(desk: Desk, view: SiteView, now: Instant) -> Iterator[Deadline]:
    """Verified again in time; said by whose clock comes first, for then it is STALE for all."""
    if view.state == "VERIFIED" and view.verified_at is not None:
        at = view.verified_at.plus(desk.pact.agreement.timing.reverify_s)
        yield Deadline(LapseKind.STALE, at, (view.sender,), view.mode, view.verified_at, entry=view.id)


def _presence(desk: Desk, view: PresenceView, now: Instant) -> Iterator[Deadline]:
    """Withdrawn, or announced anew, by the end that it names; said by whose clock comes first."""
    until, since = view.presence.until, view.presence.since
    if view.state == "CURRENT" and until is not None and since is not None:
        yield Deadline(LapseKind.EXPIRED, until, (view.sender,), view.mode, since, entry=view.id)


def _silences(desk: Desk, now: Instant) -> Iterator[Deadline]:
    """Calls by other channels that nobody answers, from the first of them on."""
    for silence in silences(desk.picture):
        at = silence.since.plus(desk.pact.agreement.timing.ack_flash_s)
        wants = f"calls of {silence.caller} that nobody answered ({silence.words})"
        caller, called, mode, since = silence.caller, (silence.called,), silence.mode, silence.since
        yield Deadline(LapseKind.NO_REPLY, at, called, mode, since, caller, Precedence.FLASH, silence.first, True, wants)


def _slots(desk: Desk, now: Instant) -> Iterator[Deadline]:
    """The agreed times of day at which every watch takes part in a check of the line, by a call or a reply; the last few, and the next."""
    agreement = desk.pact.agreement
    begun = in_force_since(desk)
    if begun is None or not agreement.check_times_utc_s:
        return
    for slot in slots_about(agreement.check_times_utc_s, now):
        opens = slot.plus(-agreement.timing.check_late_s)
        silent = tuple(
            party for party in agreement.parties if not took_part(desk, party, opens, slot.plus(agreement.timing.check_missed_s))
        )
        for what, limit_s in ((LapseKind.LATE, agreement.timing.check_late_s), (LapseKind.MISSED, agreement.timing.check_missed_s)):
            if silent and slot >= begun:
                yield Deadline(what, slot.plus(limit_s), silent, agreement.modes[0], slot)


def slots_about(times_utc_s: tuple[int, ...], now: Instant) -> list[Instant]:
    """The agreed times of day: the last `SLOTS_BACK` before `now`, and the next after it."""
    today = now.ns // SECOND_NS // DAY_S
    days = range(today - SLOTS_BACK, today + 2)
    slots = [Instant((day * DAY_S + time_s) * SECOND_NS) for day in days for time_s in times_utc_s]
    return [*[slot for slot in slots if slot <= now][-SLOTS_BACK:], *[slot for slot in slots if slot > now][:1]]


def took_part(desk: Desk, party: str, start: Instant, end: Instant) -> bool:
    """Whether that party called a check of the line between these instants, or replied to one."""
    return desk.picture.index.took_part(party, start, end)


def _cover(desk: Desk, now: Instant) -> Iterator[Deadline]:
    """The gap in this party's own cover, since or from when nobody is on duty. Without a roster anybody is, and there is none."""
    roster, begun = desk.picture.rosters.get(desk.party), in_force_since(desk)
    gap = ladder.next_gap(roster, now, begun) if roster and begun else None
    if gap is not None:
        yield Deadline(LapseKind.GAP, gap, (desk.party,), desk.pact.agreement.modes[0], gap, desk.party)


def in_force_since(desk: Desk) -> Instant | None:
    """Since when the agreement is in force by what its parties signed; None while it is not."""
    if not desk.in_force:
        return None
    firsts = [desk.pact.entry_id(desk.pact.origins(party)[0], 0) for party in desk.pact.agreement.parties]
    return max([desk.pact.agreement.effective, *(_message(desk, first).sent_at for first in firsts)])


def _message(desk: Desk, entry: EntryId) -> Message:
    said = desk.views.examined(entry).message
    assert said is not None  # it is in the picture
    return said


OF_THINGS: Final[Mapping[type[View], OfAThing]] = {
    StopView: _stop,
    DistressView: _distress,
    NoticeView: _notice,
    AlertView: _alert,
    LineCheckView: _line_check,
    IncidentView: _incident,
    SiteView: _site,
    PresenceView: _presence,
    ClaimView: _claim,
    ConferenceView: _conference,
    MinutesView: _minutes,
    ActionView: _action,
    CallView: _call,
}
_RANKS: Final = {kind: rank for rank, kind in enumerate(OF_THINGS)}
SOURCES: Final[tuple[Source, ...]] = (_silences, _slots, _cover)
