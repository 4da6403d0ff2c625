"""`agreement`: entry 0 of every feed, whole. It is in force when all parties have said it."""

from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind, its_sender
from tafadi.desk.picture import Picture
from tafadi.model.agreement import AgreementBody
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, AgreementBody)
    picture.signed[entry.sender] = entry.body.digest


def _take_back(picture: Picture, entry: EntryId, said: Message) -> None:
    picture.signed.pop(said.sender, None)


KIND = Kind(EntryType.AGREEMENT, _apply, its_sender, _take_back)
