"""`lapse`: what a party's clock decided. It is kept beside the thing that it is about, and takes no step of it: a reply that was under

way all the time still counts, in whatever order the two are read. What it shows as OVERDUE, EXPIRED or STALE is so until the thing's own
next step, and in whatever order these come.
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
    about = _about(entry)
    picture.shelf(LapseView)[examined.id] = LapseView(examined.id, entry.sender, about, entry.body)
    picture.index.note_lapse(about, (entry.sender, entry.body.what, entry.body.at), examined.id, entry.body.rung)
    thing = picture.thing(about) if about else None
    if about and thing is not None:
        thing.note_lapse(entry.sender, about, entry.body)


def _about(entry: Message) -> EntryId | None:
    return entry.refs[0].entry if entry.refs else None


def _take_back(picture: Picture, entry: EntryId, said: Message) -> None:
    assert isinstance(said.body, Lapse)
    picture.index.forget_lapse(_about(said), (said.sender, said.body.what, said.body.at), entry)
    picture.drop(entry)


def sentence_of(sender: str, about: EntryId | None, lapse: Lapse) -> str:
    """The lapse in words, as the officers of every party are told it."""
    subject = f"{about}, due {lapse.at}" if about else f"due {lapse.at}"
    of = f", of {', '.join(lapse.parties)}" if lapse.parties else ""
    called = f"; {lapse.role} is called" if lapse.role else ""
    return f"{lapse.what} by the clock of {sender}: {subject}{of}{called}"


def _ring(entry: EntryId, said: Message) -> str:
    assert isinstance(said.body, Lapse)
    return sentence_of(entry.party, said.refs[0].entry if said.refs else None, said.body)


KIND = Kind(EntryType.LAPSE, _apply, take_back=_take_back, ring=_ring)
