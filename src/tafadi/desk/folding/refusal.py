"""`refusal`: why another entry takes no effect at its sender."""

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind, Subject
from tafadi.desk.folding.notice import addressed
from tafadi.desk.picture import Picture
from tafadi.errors import WrongStateError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.model.reply import Refusal, RefusalCode


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Refusal)
    if not entry.refs:
        raise WrongStateError("a refusal refers to the entry that it refuses")
    picture.refusals.setdefault(entry.refs[0].entry, {})[entry.sender] = entry.body
    if entry.body.code is RefusalCode.READBACK_DIFFERS:
        return _put_aside(picture, entry)
    view = addressed(picture, entry)
    if view is not None:
        view.sides[entry.sender] = "REFUSED"
        view.refusals[entry.sender] = entry.body
    return None


def _put_aside(picture: Picture, entry: Message) -> None:
    """Makes the side of the addressee whose read-back differs a MISMATCH, where the notice's own sender says so of its newest revision."""
    about = entry.refs[1].entry if len(entry.refs) > 1 else None
    view = picture.notices.get(picture.revision_of.get(about, about)) if about else None
    party = entry.refs[0].entry.party
    if view is not None and view.sender == entry.sender and view.revision == about and party in view.readbacks:
        view.sides[party] = tables.NOTICE.after(view.sides[party], RefusalCode.READBACK_DIFFERS)


def _subjects(entry: EntryId, said: Message) -> tuple[Subject, ...]:
    """What it refuses; of a read-back also the notice, which is the second that it refers to."""
    return (entry, *(ref.entry for ref in said.refs[:2]))


def _take_back(picture: Picture, entry: EntryId, said: Message) -> None:
    if said.refs:
        picture.refusals.pop(said.refs[0].entry, None)


def _ring(entry: EntryId, said: Message) -> str:
    assert isinstance(said.body, Refusal)
    where = f" ({said.body.field})" if said.body.field else ""
    return f"{entry.party} refused {said.refs[0].entry}: {said.body.code}{where}"


KIND = Kind(EntryType.REFUSAL, _apply, _subjects, take_back=_take_back, ring=_ring)
