"""One notice in the picture: an operation, an area, or a movement as the notice that its corridor makes."""

from dataclasses import dataclass, field
from typing import Final

from tafadi.desk.force import Force
from tafadi.desk.view import LATER, UNSHOWN, View
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.lapse import Lapse, LapseKind
from tafadi.model.movement import Movement
from tafadi.model.names import Mode, Precedence
from tafadi.model.operation import Notice
from tafadi.model.reply import Answer, Readback, Refusal

NOTICE_RANK: Final = ("MISMATCH", "REFUSED", "CONFLICT", "QUESTIONED", "SENT", "READ_BACK", "ACCEPTED")  # the least happy first
_NOT_UNHAPPY: Final = ("SENT", "READ_BACK", "ACCEPTED")


@dataclass(slots=True)
class NoticeView(View):
    """One notice through all its amendments; `sides` is each addressee's state for the newest revision."""

    id: EntryId
    sender: str
    mode: Mode
    precedence: Precedence
    sent_at: Instant
    revision: EntryId
    leaf: str
    notice: Notice
    sides: dict[str, str]
    late: bool = False
    cancelled: bool = False
    readbacks: dict[str, Readback] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    revisions: list[EntryId] = field(default_factory=list)
    distributed: dict[str, tuple[str, ...]] = field(default_factory=dict, metadata=LATER)
    course: str = field(default="", metadata=LATER)
    valid_until: Instant | None = field(default=None, metadata=LATER)
    movement: Movement | None = field(default=None, metadata=LATER)
    lapsed: dict[str, tuple[str, ...]] = field(default_factory=dict, metadata=LATER)
    force: Force = field(default_factory=Force, compare=False, metadata=UNSHOWN)

    @property
    def state(self) -> str:
        """The least happy of the addressees' states; ACTIVE and ENDED as its sender said, CANCELLED when the sender took it back.

        OVERDUE and EXPIRED as a party's clock said of the newest revision; EXPIRED hides nothing that is worse. While the agreement is
        suspended for such notices SUSPENDED, whatever was said: what is suspended never reads as accepted. VOID, once the agreement has
        ended.
        """
        if not self.stands:
            return "CANCELLED" if self.cancelled else "ENDED"
        if LapseKind.OVERDUE in self.lapsed:
            return LapseKind.OVERDUE
        if held := self.force.word(self.type):
            return held
        worst = min(self.sides.values(), key=NOTICE_RANK.index, default="SENT")
        if LapseKind.EXPIRED in self.lapsed and worst in _NOT_UNHAPPY:
            return LapseKind.EXPIRED
        return self.course if self.course and worst == "ACCEPTED" else worst

    @property
    def type(self) -> EntryType:
        """The type of all its entries."""
        return EntryType.MOVEMENT if self.movement else EntryType(f"notice.{self.notice.kind}")

    @property
    def stands(self) -> bool:
        """Whether other notices are checked against it: until its sender has said that it is over, or has taken it back."""
        return not self.cancelled and self.course != "ENDED"

    @property
    def waits(self) -> bool:
        """Until it is over: an addressee owes a read-back or an answer, or it runs out, or those who move have to arrive."""
        owed = any(side in ("SENT", "READ_BACK") for side in self.sides.values())
        runs_out = self.valid_until is not None and LapseKind.EXPIRED not in self.lapsed
        return self.stands and (owed or runs_out or self.movement is not None)

    @property
    def hidden(self) -> frozenset[str]:
        """Of a movement what follows from it: two nodes could round a corner of its corridor differently, once in a hundred thousand."""
        return frozenset({"notice"} if self.movement else ())

    def note_lapse(self, sender: str, about: EntryId, lapse: Lapse) -> None:
        """OVERDUE of a movement at its end, and EXPIRED when it was valid no longer: of the newest revision, and at that very instant."""
        ends = {LapseKind.OVERDUE: self.movement.span.end if self.movement else None, LapseKind.EXPIRED: self.valid_until}
        if about == self.revision and ends.get(lapse.what) == lapse.at:
            self.lapsed[lapse.what] = tuple(sorted({*self.lapsed.get(lapse.what, ()), sender}))
