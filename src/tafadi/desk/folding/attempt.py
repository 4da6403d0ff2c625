"""`attempt`: a try to reach its addressees by another channel, kept; those that nobody answered are counted (`tafadi.desk.silence`)."""

from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.index import Tried
from tafadi.desk.picture import Picture
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.line import Attempt
from tafadi.model.message import Message


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Attempt)
    picture.attempts[examined.id] = entry.body
    for called in entry.recipients:
        picture.index.note_try((entry.sender, called, entry.mode), Tried(examined.id, entry.sent_at, entry.body))


def _take_back(picture: Picture, entry: EntryId, said: Message) -> None:
    for called in said.recipients:
        picture.index.forget_try((said.sender, called, said.mode), entry)
    picture.drop(entry)


KIND = Kind(EntryType.ATTEMPT, _apply, take_back=_take_back)
