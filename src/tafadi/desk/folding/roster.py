"""`roster`: who holds which role when; a party's new roster replaces the one before it."""

from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind, its_sender
from tafadi.desk.picture import Picture
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.line import Roster
from tafadi.model.message import Message


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Roster)
    picture.rosters[entry.sender] = entry.body


def _take_back(picture: Picture, entry: EntryId, said: Message) -> None:
    picture.rosters.pop(said.sender, None)


KIND = Kind(EntryType.ROSTER, _apply, its_sender, _take_back, needs_force=True)
