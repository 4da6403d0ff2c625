"""`refusal`: why another entry takes no effect at its sender."""

from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.folding.notice import addressed
from tafadi.desk.picture import Picture
from tafadi.errors import WrongStateError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.model.reply import Refusal


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Refusal)
    if not entry.refs:
        raise WrongStateError("a refusal refers to the entry that it refuses")
    picture.refusals.setdefault(entry.refs[0].entry, {})[entry.sender] = entry.body
    view = addressed(picture, entry)
    if view is not None:
        view.sides[entry.sender] = "REFUSED"
        view.refusals[entry.sender] = entry.body


def _take_back(picture: Picture, entry: EntryId, said: Message) -> None:
    if said.refs:
        picture.refusals.pop(said.refs[0].entry, None)


def _ring(entry: EntryId, said: Message) -> str:
    assert isinstance(said.body, Refusal)
    where = f" ({said.body.field})" if said.body.field else ""
    return f"{entry.party} refused {said.refs[0].entry}: {said.body.code}{where}"


KIND = Kind(EntryType.REFUSAL, _apply, take_back=_take_back, ring=_ring)
