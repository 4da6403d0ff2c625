"""Messages: what an entry of a feed says.

An entry is a `Message`: the heading every entry has, and a body by its type. Free text in a body is for people and never authoritative.
What one step of a conversation is called (RAISED, HEARD, …) is in the body; which steps may follow is in `tafadi.casework`.
"""

from dataclasses import dataclass
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.instant import Instant
from tafadi.model.agreement import AgreementBody, KeyBody
from tafadi.model.alert import AlertBody
from tafadi.model.casework import Action, Claim
from tafadi.model.conference import Call, Conference, Minutes
from tafadi.model.entry import EntryType, Operator, Ref, Seen
from tafadi.model.incident import Incident
from tafadi.model.lapse import Lapse
from tafadi.model.line import Attempt, Distress, LineCheck, Roster, Stop
from tafadi.model.movement import MovementBody
from tafadi.model.names import Language, Mode, Precedence
from tafadi.model.operation import NoticeBody
from tafadi.model.presence import Presence
from tafadi.model.reply import Answer, Distributed, Readback, Refusal
from tafadi.model.sealed import Sealed
from tafadi.model.site import Site

MOST_REFS: Final = 32
MOST_RECIPIENTS: Final = 16

Body = (
    AgreementBody
    | KeyBody
    | LineCheck
    | Roster
    | NoticeBody
    | MovementBody
    | Presence
    | Readback
    | Answer
    | Distributed
    | Refusal
    | Stop
    | Distress
    | AlertBody
    | Attempt
    | Incident
    | Claim
    | Conference
    | Call
    | Minutes
    | Action
    | Lapse
    | Site
    | Sealed
)


@dataclass(frozen=True, slots=True)
class Message:
    """The heading and the body of one entry."""

    origin: str
    index: int
    agreement: str
    sender: str
    recipients: tuple[str, ...]
    type: EntryType
    mode: Mode
    precedence: Precedence
    sent_at: Instant
    operator: Operator
    lang: Language
    body: Body
    valid_until: Instant | None = None
    ack_by: Instant | None = None
    refs: tuple[Ref, ...] = ()
    seen: tuple[Seen, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.recipients) <= MOST_RECIPIENTS:
            raise InputError(f"an entry has 1 to {MOST_RECIPIENTS} recipients, not {len(self.recipients)}")
        if len(self.refs) > MOST_REFS:
            raise InputError(f"an entry refers to at most {MOST_REFS} others, not {len(self.refs)}", code="too-large")
        if self.valid_until is not None and self.valid_until < self.sent_at:
            raise InputError("the entry is valid until before it was sent", code="end-before-start")
        if isinstance(self.body, NoticeBody) and self.body.notice and f"notice.{self.body.notice.kind}" != self.type:
            raise InputError(f"an entry of type {self.type} holds a notice of kind {self.body.notice.kind}")
