"""`answer`: what an addressee says to a notice, an alert or a stop. `accepted` is received and understood, never permission.

"None of ours" to an alert (`not-ours`) is kept beside it and ends nothing: it stays up, and now all know that a third actor is there.
"""

from typing import Final

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.folding.notice import addressed, check_valid
from tafadi.desk.picture import Picture
from tafadi.errors import WrongStateError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.model.reply import Answer, AnswerCode

ACCEPTING: Final = (AnswerCode.ACCEPTED, AnswerCode.NO_CONFLICT_FOUND)  # what is valid no longer is not accepted


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Answer)
    view = addressed(picture, entry)
    if view is not None:
        if entry.body.code in ACCEPTING:
            check_valid(view, entry.sent_at)
        view.sides[entry.sender] = tables.NOTICE.after(view.sides[entry.sender], entry.body.code)
        view.answers[entry.sender] = entry.body
        return
    _answered(picture, entry)[entry.sender] = entry.body


def _answered(picture: Picture, entry: Message) -> dict[str, Answer]:
    """The answers to the alert or stop that the entry refers to. Raises WrongStateError."""
    asked = entry.refs[0].entry if entry.refs else None
    if asked in picture.stops and entry.sender in picture.stops[asked].sides:
        return picture.stops[asked].answers
    if asked in picture.alert_of and entry.sender != asked.party:
        return picture.alerts[picture.alert_of[asked]].answers
    raise WrongStateError("an answer refers to the newest revision of a notice, or to an alert or stop, that addresses its sender")


def _ring(entry: EntryId, said: Message) -> str | None:
    assert isinstance(said.body, Answer)
    if said.body.code is not AnswerCode.NOT_OURS:
        return None
    return f"{entry.party} answers NOT OURS to {said.refs[0].entry}; it stays up"


KIND = Kind(EntryType.ANSWER, _apply, ring=_ring)
