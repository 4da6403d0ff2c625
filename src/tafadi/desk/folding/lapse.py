"""`lapse`: what a party's clock decided. It is kept beside the thing that it is about, and changes no state of it: a reply that was under

way all the time still counts, in whatever order the two are read.
"""

from dataclasses import dataclass
from typing import ClassVar

from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.picture import Picture, View
from tafadi.errors import WrongStateError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.lapse import Lapse
from tafadi.model.message import Message


@dataclass(slots=True)
class LapseView(View):
    """One lapse: who says it, and of which entry; of none where it is about a time of day or a roster."""

    SHELF: ClassVar[str] = "lapses"

    id: EntryId
    sender: str
    about: EntryId | None
    lapse: Lapse

    @property
    def state(self) -> str:
        """What has lapsed."""
        return self.lapse.what


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Lapse)
    if entry.body.at > entry.sent_at:
        raise WrongStateError("what is due later than the entry was sent has not lapsed")
    about = entry.refs[0].entry if entry.refs else None
    picture.shelf(LapseView)[examined.id] = LapseView(examined.id, entry.sender, about, entry.body)


def sentence_of(sender: str, about: EntryId | None, lapse: Lapse) -> str:
    """The lapse in words, as the officers of every party are told it."""
    subject = f"{about}, due {lapse.at}" if about else f"due {lapse.at}"
    of = f", of {', '.join(lapse.parties)}" if lapse.parties else ""
    called = f"; {lapse.role} is called" if lapse.role else ""
    return f"{lapse.what} by the clock of {sender}: {subject}{of}{called}"


def _ring(entry: EntryId, said: Message) -> str:
    assert isinstance(said.body, Lapse)
    return sentence_of(entry.party, said.refs[0].entry if said.refs else None, said.body)


KIND = Kind(EntryType.LAPSE, _apply, ring=_ring)
