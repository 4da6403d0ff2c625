"""`notice.presence`: who is in an area, until its party withdraws it. That its time is over ends it no more than any clock does."""

from dataclasses import dataclass, field
from typing import ClassVar

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.picture import LATER, Picture, View
from tafadi.errors import WrongStateError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.lapse import Lapse, LapseKind
from tafadi.model.message import Message
from tafadi.model.names import Mode
from tafadi.model.presence import Presence, PresenceStep


@dataclass(slots=True)
class PresenceView(View):
    """One presence; and the parties whose clocks have said that its time is over."""

    SHELF: ClassVar[str] = "presences"
    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    presence: Presence
    step: str
    expired: tuple[str, ...] = field(default=(), metadata=LATER)

    @property
    def state(self) -> str:
        """CURRENT or WITHDRAWN; EXPIRED where its time is over and nobody has said that they have left."""
        return LapseKind.EXPIRED if self.expired and self.waits else self.step

    @property
    def waits(self) -> bool:
        """While it is to be withdrawn, or renewed, in time."""
        return self.step == tables.PRESENCE.start and self.presence.until is not None

    def note_lapse(self, sender: str, about: EntryId, lapse: Lapse) -> None:
        """EXPIRED at the very end that it names."""
        if lapse.what is LapseKind.EXPIRED and lapse.at == self.presence.until:
            self.expired = tuple(sorted({*self.expired, sender}))


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    body = entry.body
    assert isinstance(body, Presence)
    presences = picture.shelf(PresenceView)
    if body.step is PresenceStep.NEW:
        presences[examined.id] = PresenceView(examined.id, entry.sender, entry.mode, examined.leaf, body, tables.PRESENCE.start)
        return
    view = presences.get(entry.refs[0].entry) if entry.refs else None
    if view is None or view.sender != entry.sender:
        raise WrongStateError("a presence is withdrawn by the party that announced it")
    view.step = tables.PRESENCE.after(view.step, body.step)


def _ring(entry: EntryId, said: Message) -> str | None:
    assert isinstance(said.body, Presence)
    return f"presence {said.refs[0].entry} is WITHDRAWN, says {entry.party}" if said.body.step is PresenceStep.WITHDRAWN else None


KIND = Kind(EntryType.PRESENCE, _apply, needs_force=True, ring=_ring)
