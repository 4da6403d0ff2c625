"""`readback`: what the receiver's node makes of a notice."""

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.folding.notice import addressed
from tafadi.desk.picture import Picture
from tafadi.errors import WrongStateError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.model.reply import Match, Readback


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Readback)
    view = addressed(picture, entry)
    if view is None:
        raise WrongStateError("a read-back refers to the newest revision of a notice that addresses its sender")
    view.sides[entry.sender] = tables.NOTICE.after(view.sides[entry.sender], entry.body.result)
    view.readbacks[entry.sender] = entry.body


def first_difference(body: Readback) -> str:
    """The first item in which words and geometry of the notice differ, in words. The read-back is a MISMATCH."""
    difference = body.differences[0]
    return f"{difference.item}, stated {difference.stated}, computed {difference.computed}"


def _ring(entry: EntryId, said: Message) -> str | None:
    assert isinstance(said.body, Readback)
    return f"{entry.party} read back a MISMATCH: {first_difference(said.body)}" if said.body.result is Match.MISMATCH else None


KIND = Kind(EntryType.READBACK, _apply, ring=_ring)
