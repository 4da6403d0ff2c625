"""`sealed`: words or a notice that only the named readers can read. Folded alike at every party, whether it can read or not.

What is inside stays out of the picture: pictures of readers and of others would differ, and so would one's own before and after a key was
destroyed. Who reads it, asks for it (`tafadi.desk.sealing`).
"""

from dataclasses import dataclass
from typing import ClassVar

from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind, Subject
from tafadi.desk.picture import Picture, View
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.model.names import Mode
from tafadi.model.sealed import Sealed, SealedKind


@dataclass(slots=True)
class SealedView(View):
    """One sealed entry as everybody sees it: who sealed it, for whom, what kind of thing, about which entry, and the commitment to it."""

    SHELF: ClassVar[str] = "sealed"
    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    sent_at: Instant
    kind: SealedKind
    readers: tuple[str, ...]
    about: tuple[EntryId, ...]
    until: Instant | None
    commitment: str

    @property
    def state(self) -> str:
        """STORED_SEALED: nothing that is inside changes it."""
        return "STORED_SEALED"


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Sealed)
    readers = tuple(key.party for key in entry.body.keys)
    about = tuple(ref.entry for ref in entry.refs)
    picture.shelf(SealedView)[examined.id] = SealedView(
        id=examined.id,
        sender=entry.sender,
        mode=entry.mode,
        leaf=examined.leaf,
        sent_at=entry.sent_at,
        kind=entry.body.kind,
        readers=readers,
        about=about,
        until=entry.valid_until,
        commitment=entry.body.commitment,
    )


def _itself(entry: EntryId, said: Message) -> tuple[Subject, ...]:
    """The entry alone: what it is about is not changed by it."""
    return (entry,)


KIND = Kind(EntryType.SEALED, _apply, _itself, needs_force=True)
