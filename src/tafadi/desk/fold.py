"""The fold: entries into the picture, deterministically.

Every party that holds the same feeds folds them in the same order into the same picture, digest for digest; no clock is read here. What a
clock decides exists only as an entry that says so.
"""

import hashlib
from collections.abc import Callable
from typing import Final

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.picture import AlertView, IncidentView, LineCheckView, NoticeView, Picture, StepTaken, StopView
from tafadi.desk.situations import is_named_truly, keep_episode
from tafadi.errors import WrongStateError
from tafadi.model.agreement import AgreementBody, KeyBody
from tafadi.model.alert import AlertBody, AlertStep, Prediction
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.incident import Incident, IncidentStep
from tafadi.model.line import Attempt, CheckStep, LineCheck, Roster, Stop, StopStep
from tafadi.model.message import Message
from tafadi.model.operation import NoticeBody, NoticeStep
from tafadi.model.reply import Answer, Readback, Refusal, RefusalCode
from tafadi.trust.card import open_card

# What is said only under an agreement in force. The rest is never held back: STOP, attempts, and what answers an entry.
_NEEDS_FORCE: Final = frozenset({EntryType.OPERATION, EntryType.AREA, EntryType.LINE_CHECK, EntryType.ROSTER})


def fold(picture: Picture, examined: Examined, parties: int) -> Refusal | None:
    """Takes the entry in; returns the refusal of an entry that takes no effect (its own, or for coming in the wrong state).

    The agreement is in force once so many `parties` have signed it.
    """
    entry = examined.message
    if entry is None or not (examined.takes_effect or examined.is_late_notice):
        return examined.refusal
    if entry.type in _NEEDS_FORCE and len(picture.signed) < parties:
        return Refusal(RefusalCode.NOT_IN_FORCE)
    try:
        _APPLY[entry.type](picture, examined, entry)
    except WrongStateError:
        return Refusal(RefusalCode.WRONG_STATE)
    return examined.refusal


def _root(picture: Picture, ref: EntryId) -> EntryId:
    """The first entry of the notice that `ref` is a revision of."""
    return picture.revision_of.get(ref, ref)


def _apply_agreement(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, AgreementBody)
    picture.signed[entry.sender] = entry.body.digest


def _apply_key(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, KeyBody)
    card = open_card(entry.body.card)
    picture.cards.setdefault(f"{card.party}/{card.epoch}", {})[entry.sender] = hashlib.sha256(entry.body.card).hexdigest()


def _apply_notice(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, NoticeBody)
    if entry.body.step is NoticeStep.NEW:
        return _open_notice(picture, examined, entry)
    view = _own_notice(picture, entry)
    if entry.body.step is NoticeStep.CANCEL:
        view.cancelled = True
    else:
        _amend_notice(view, examined, entry)
    view.revisions.append(examined.id)
    picture.revision_of[examined.id] = view.id
    picture.changed.add(view.id)
    return None


def _open_notice(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, NoticeBody)
    assert entry.body.notice is not None
    sides = dict.fromkeys(entry.recipients, "REFUSED" if examined.is_late_notice else tables.NOTICE.start)
    picture.notices[examined.id] = NoticeView(
        examined.id,
        entry.sender,
        entry.mode,
        entry.precedence,
        entry.sent_at,
        examined.id,
        examined.leaf,
        entry.body.notice,
        sides,
        late=examined.is_late_notice,
        revisions=[examined.id],
    )
    picture.changed.add(examined.id)


def _own_notice(picture: Picture, entry: Message) -> NoticeView:
    """The sender's own notice that the entry amends or cancels."""
    view = picture.notices.get(_root(picture, entry.refs[0].entry)) if entry.refs else None
    if view is None or view.sender != entry.sender or view.cancelled:
        raise WrongStateError("only one's own notice that still stands can be amended or cancelled")
    return view


def _amend_notice(view: NoticeView, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, NoticeBody)
    assert entry.body.notice is not None
    view.revision, view.leaf, view.notice = examined.id, examined.leaf, entry.body.notice
    view.precedence, view.sent_at, view.late = entry.precedence, entry.sent_at, examined.is_late_notice
    view.sides = dict.fromkeys(entry.recipients, "REFUSED" if view.late else tables.NOTICE.start)
    view.readbacks, view.answers, view.refusals = {}, {}, {}


def _addressed(picture: Picture, entry: Message) -> NoticeView | None:
    """The notice whose newest revision the entry refers to, where its sender is addressed by it."""
    view = picture.notices.get(_root(picture, entry.refs[0].entry)) if entry.refs else None
    if view is None or view.revision != entry.refs[0].entry or entry.sender not in view.sides:
        return None
    return view


def _apply_readback(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Readback)
    view = _addressed(picture, entry)
    if view is None:
        raise WrongStateError("a read-back refers to the newest revision of a notice that addresses its sender")
    view.sides[entry.sender] = tables.NOTICE.after(view.sides[entry.sender], entry.body.result)
    view.readbacks[entry.sender] = entry.body


def _apply_answer(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Answer)
    view = _addressed(picture, entry)
    if view is None:
        raise WrongStateError("an answer refers to the newest revision of a notice that addresses its sender")
    view.sides[entry.sender] = tables.NOTICE.after(view.sides[entry.sender], entry.body.code)
    view.answers[entry.sender] = entry.body


def _apply_refusal(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Refusal)
    if not entry.refs:
        raise WrongStateError("a refusal refers to the entry that it refuses")
    picture.refusals.setdefault(entry.refs[0].entry, {})[entry.sender] = entry.body
    view = _addressed(picture, entry)
    if view is not None:
        view.sides[entry.sender] = "REFUSED"
        view.refusals[entry.sender] = entry.body


def _apply_stop(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Stop)
    step = entry.body.step
    if step is StopStep.RAISED:
        sides = dict.fromkeys(entry.recipients, tables.STOP.start)
        view = StopView(examined.id, entry.sender, entry.mode, examined.leaf, entry.body, sides)
        picture.stops[examined.id] = view
    else:
        view = _stop_of(picture, entry)
        movers = view.sides if step is StopStep.CLOSED else (entry.sender,)
        view.sides |= {party: tables.STOP.after(view.sides[party], step) for party in movers}
    view.steps.append(StepTaken(step, entry.sender, examined.id, entry.sent_at))


def _stop_of(picture: Picture, entry: Message) -> StopView:
    """The stop that the entry takes further: heard and acted by another party, closed by the one who raised it."""
    assert isinstance(entry.body, Stop)
    view = picture.stops.get(entry.refs[0].entry) if entry.refs else None
    if view is None:
        raise WrongStateError("there is no such stop")
    if (entry.body.step is StopStep.CLOSED) != (entry.sender == view.sender):
        raise WrongStateError("a stop is heard and acted on by another party, and closed by the one that raised it")
    if entry.sender not in (view.sender, *view.sides):
        raise WrongStateError("the stop was not addressed to this party")
    return view


def _apply_alert(picture: Picture, examined: Examined, entry: Message) -> None:
    body = entry.body
    assert isinstance(body, AlertBody)
    if body.step is AlertStep.RAISED:
        view = _raised_alert(picture, examined, entry, body)
    else:
        view = _changed_alert(picture, examined, entry, body)
    keep_episode(picture, view)


def _raised_alert(picture: Picture, examined: Examined, entry: Message, body: AlertBody) -> AlertView:
    if not is_named_truly(picture, entry.mode, body):
        raise WrongStateError("the situation is not that of its subjects")
    known = picture.alerts.get(body.situation)
    view = known or AlertView(body.situation, body.kind, body.subjects, entry.mode, body.prediction)
    picture.alerts[body.situation] = view
    if _is_worse(body.prediction, view.prediction):
        view.prediction = body.prediction
    view.predictions[entry.sender] = body.prediction
    view.raised[entry.sender] = examined.id
    view.raised_at[entry.sender] = entry.sent_at
    view.evidence[entry.sender] = body.evidence
    view.cleared.pop(entry.sender, None)
    view.lost.pop(entry.sender, None)
    return view


def _changed_alert(picture: Picture, examined: Examined, entry: Message, body: AlertBody) -> AlertView:
    view = picture.alerts.get(body.situation)
    if view is None:
        raise WrongStateError("there is no such alert")
    tables.ALERT.after(view.state, body.step)
    {"ACKNOWLEDGED": view.acknowledged, "CLEARED": view.cleared, "LOST": view.lost}[body.step][entry.sender] = examined.id
    return view


def _is_worse(found: Prediction | None, before: Prediction | None) -> bool:
    """Whether an UNKNOWN has become a conflict: it then stands at the head of the alert."""
    return found is not None and found.verdict == "conflict" and (before is None or before.verdict != "conflict")


def _apply_line_check(picture: Picture, examined: Examined, entry: Message) -> None:
    body = entry.body
    assert isinstance(body, LineCheck)
    if body.step is CheckStep.CALL:
        sides = dict.fromkeys(entry.recipients, tables.LINE_CHECK.start)
        picture.line_checks[examined.id] = LineCheckView(examined.id, entry.sender, entry.mode, examined.leaf, body, entry.sent_at, sides)
        return
    view = picture.line_checks.get(entry.refs[0].entry) if entry.refs else None
    if view is None or entry.sender not in view.sides or view.check.nonce != body.nonce:
        raise WrongStateError("a reply repeats the nonce of a line check that addresses its sender")
    view.sides[entry.sender] = tables.LINE_CHECK.after(view.sides[entry.sender], body.step)
    view.replied_at[entry.sender] = entry.sent_at


def _apply_roster(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Roster)
    picture.rosters[entry.sender] = entry.body


def _apply_attempt(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Attempt)
    picture.attempts[examined.id] = entry.body


def _apply_incident(picture: Picture, examined: Examined, entry: Message) -> None:
    body = entry.body
    assert isinstance(body, Incident)
    if body.step is IncidentStep.OPEN:
        sides = dict.fromkeys(entry.recipients, tables.INCIDENT.start)
        picture.incidents[examined.id] = IncidentView(
            examined.id, entry.sender, entry.mode, examined.leaf, sides, {entry.sender: body}, {entry.sender: examined.id}
        )
        return
    view = picture.incidents.get(entry.refs[0].entry) if entry.refs else None
    if view is None or entry.sender not in view.sides:
        raise WrongStateError("a reply refers to an incident that another party opened and told its sender")
    view.sides[entry.sender] = tables.INCIDENT.after(view.sides[entry.sender], body.step)
    view.accounts[entry.sender] = body
    view.entries[entry.sender] = examined.id


_APPLY: Final[dict[EntryType, Callable[[Picture, Examined, Message], None]]] = {
    EntryType.AGREEMENT: _apply_agreement,
    EntryType.LINE_CHECK: _apply_line_check,
    EntryType.ROSTER: _apply_roster,
    EntryType.OPERATION: _apply_notice,
    EntryType.AREA: _apply_notice,
    EntryType.READBACK: _apply_readback,
    EntryType.ANSWER: _apply_answer,
    EntryType.REFUSAL: _apply_refusal,
    EntryType.STOP: _apply_stop,
    EntryType.ALERT: _apply_alert,
    EntryType.ATTEMPT: _apply_attempt,
    EntryType.INCIDENT: _apply_incident,
    EntryType.KEY: _apply_key,
}
