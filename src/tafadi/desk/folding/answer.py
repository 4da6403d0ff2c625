"""`answer`: what an addressee says to a notice. `accepted` is received and understood, never permission."""

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.folding.notice import addressed
from tafadi.desk.picture import Picture
from tafadi.errors import WrongStateError
from tafadi.model.entry import EntryType
from tafadi.model.message import Message
from tafadi.model.reply import Answer


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Answer)
    view = addressed(picture, entry)
    if view is None:
        raise WrongStateError("an answer refers to the newest revision of a notice that addresses its sender")
    view.sides[entry.sender] = tables.NOTICE.after(view.sides[entry.sender], entry.body.code)
    view.answers[entry.sender] = entry.body


KIND = Kind(EntryType.ANSWER, _apply)
