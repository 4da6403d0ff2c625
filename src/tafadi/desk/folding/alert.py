"""`alert`: one situation, whoever of the parties raised it; over when all who raised it have said so."""

from tafadi.casework import tables
from tafadi.desk.desk import Desk
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind, Subject, within_the_acknowledgement
from tafadi.desk.picture import AlertView, Picture
from tafadi.desk.situations import is_named_truly, keep_episode
from tafadi.errors import WrongStateError
from tafadi.model.alert import AlertBody, AlertStep, Prediction
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    body = entry.body
    assert isinstance(body, AlertBody)
    take_in = _raised if body.step is AlertStep.RAISED else _changed
    keep_episode(picture, take_in(picture, examined, entry, body))


def _raised(picture: Picture, examined: Examined, entry: Message, body: AlertBody) -> AlertView:
    if not is_named_truly(picture, entry.mode, body):
        raise WrongStateError("the situation is not that of its subjects")
    known = picture.alerts.get(body.situation)
    view = known or AlertView(body.situation, body.kind, body.subjects, entry.mode, body.prediction)
    picture.alerts[body.situation] = view
    if _is_worse(body.prediction, view.prediction):
        view.prediction = body.prediction
    view.predictions[entry.sender] = body.prediction
    view.raised[entry.sender] = examined.id
    picture.alert_of[examined.id] = body.situation
    view.raised_at[entry.sender] = entry.sent_at
    view.evidence[entry.sender] = body.evidence
    view.cleared.pop(entry.sender, None)
    view.lost.pop(entry.sender, None)
    return view


def _changed(picture: Picture, examined: Examined, entry: Message, body: AlertBody) -> AlertView:
    view = picture.alerts.get(body.situation)
    if view is None:
        raise WrongStateError("there is no such alert")
    tables.ALERT.after(view.state, body.step)
    {"ACKNOWLEDGED": view.acknowledged, "CLEARED": view.cleared, "LOST": view.lost}[body.step][entry.sender] = examined.id
    return view


def _is_worse(found: Prediction | None, before: Prediction | None) -> bool:
    """Whether an UNKNOWN has become a conflict: it then stands at the head of the alert."""
    return found is not None and found.verdict == "conflict" and (before is None or before.verdict != "conflict")


def _subjects(entry: EntryId, said: Message) -> tuple[Subject, ...]:
    """The situation; of one that is raised also who meets, for which time it is that they do counts; and the entry, for its answers."""
    body = said.body
    assert isinstance(body, AlertBody)
    meeting = (said.mode, str(body.kind), body.subjects)
    return (body.situation, meeting, entry) if body.step is AlertStep.RAISED else (body.situation,)


def _take_back(picture: Picture, entry: EntryId, said: Message) -> None:
    assert isinstance(said.body, AlertBody)
    picture.alert_of.pop(entry, None)
    view = picture.alerts.pop(said.body.situation, None)
    if view is not None:
        picture.episodes.pop((view.kind, view.mode, view.subjects), None)


def _ring(entry: EntryId, said: Message) -> str | None:
    body = said.body
    assert isinstance(body, AlertBody)
    return f"alert {body.kind} raised by {entry.party}: {' and '.join(body.subjects)}" if body.step is AlertStep.RAISED else None


def _was_heard(desk: Desk, entry: EntryId, said: Message) -> bool:
    """Whether an officer of this party has acknowledged this very entry, and not another about the same situation."""
    assert isinstance(said.body, AlertBody)
    view = desk.picture.alerts.get(said.body.situation)
    acknowledged = view.acknowledged.get(desk.party) if view else None
    answer = desk.views.examined(acknowledged).message if acknowledged else None
    return answer is not None and entry in {ref.entry for ref in answer.refs}


KIND = Kind(EntryType.ALERT, _apply, _subjects, _take_back, answer_s=within_the_acknowledgement, ring=_ring, was_heard=_was_heard)
