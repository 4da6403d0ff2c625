"""`attempt`: a try by another channel, kept."""

from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.picture import Picture
from tafadi.model.entry import EntryType
from tafadi.model.line import Attempt
from tafadi.model.message import Message


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Attempt)
    picture.attempts[examined.id] = entry.body


KIND = Kind(EntryType.ATTEMPT, _apply)
