"""`distributed`: how far down an addressee has passed a notice. Without it the notice does not become active."""

from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.folding.notice import addressed
from tafadi.desk.picture import Picture
from tafadi.errors import WrongStateError
from tafadi.model.entry import EntryType
from tafadi.model.message import Message
from tafadi.model.reply import Distributed


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Distributed)
    view = addressed(picture, entry)
    if view is None or view.sides[entry.sender] != "ACCEPTED" or not view.stands:
        raise WrongStateError("what is passed down is the newest revision of a notice that its addressee has accepted")
    before = view.distributed.get(entry.sender, ())
    view.distributed[entry.sender] = (*before, *(level for level in entry.body.levels if level not in before))


KIND = Kind(EntryType.DISTRIBUTED, _apply)
