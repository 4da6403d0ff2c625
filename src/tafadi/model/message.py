"""Messages: what an entry of a feed says.

An entry is a `Message`: the heading every entry has, and a body by its type. Free text in a body is for people and never authoritative.
What one step of a conversation is called (RAISED, HEARD, …) is in the body; which steps may follow is in `tafadi.casework`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.height import Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.alert import AlertKind
from tafadi.model.incident import Incident
from tafadi.model.judgement import Cause, Verdict
from tafadi.model.names import Language, Mode, Precedence, check_name, check_text
from tafadi.model.operation import Minima, Notice

MOST_REFS: Final = 32
MOST_RECIPIENTS: Final = 16
LONGEST_FIELD: Final = 200  # characters of the name of a member, or of anything else that is a label and no text


class EntryType(StrEnum):
    """What kind of entry it is."""

    AGREEMENT = "agreement"
    LINE_CHECK = "line-check"
    ROSTER = "roster"
    OPERATION = "notice.operation"
    AREA = "notice.area"
    READBACK = "readback"
    ANSWER = "answer"
    REFUSAL = "refusal"
    STOP = "stop"
    ALERT = "alert"
    ATTEMPT = "attempt"
    INCIDENT = "incident"


_ENTRY_ID = re.compile(r"([a-z][a-z0-9-]{0,31})/([1-9][0-9]{0,8})/(0|[1-9][0-9]{0,14})")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class EntryId:
    """Where an entry stands: whose feed, which epoch of it, which index. Written `alpha/1/17`."""

    party: str
    epoch: int
    index: int

    @classmethod
    def parse(cls, text: str) -> "EntryId":
        """The identity written as `party/epoch/index`. Raises InputError."""
        match = _ENTRY_ID.fullmatch(text) if len(text) < 80 else None
        if match is None:
            raise InputError(f"{text[:80]!r} is not an entry like alpha/1/17")
        return cls(match[1], int(match[2]), int(match[3]))

    def __str__(self) -> str:
        return f"{self.party}/{self.epoch}/{self.index}"


@dataclass(frozen=True, slots=True)
class Ref:
    """An entry that this one answers, amends or cancels: its place, and the hash of its exact bytes (hexadecimal)."""

    entry: EntryId
    leaf: str

    def __post_init__(self) -> None:
        check_digest(self.leaf)


def check_digest(text: str) -> str:
    """`text` itself, if it is 64 hexadecimal digits in lower case. Raises InputError."""
    if not _DIGEST.fullmatch(text):
        raise InputError(f"{text[:70]!r} is not a SHA-256 digest in 64 hexadecimal digits")
    return text


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of another party's feed the sender had read: its size and root (hexadecimal), as its owner signed them."""

    party: str
    epoch: int
    size: int
    root: str

    def __post_init__(self) -> None:
        check_name(self.party, "party")
        check_digest(self.root)
        if self.size < 0:
            raise InputError(f"nobody has seen {self.size} entries")


@dataclass(frozen=True, slots=True)
class Operator:
    """Who spoke: by role, and the key that signed. The role `node` is the machine itself."""

    role: str
    key: str


NODE_ROLE: Final = "node"


@dataclass(frozen=True, slots=True)
class AgreementBody:
    """Entry 0 of every feed: the agreement, whole, in its exact bytes (text of the canonical document) with its digest."""

    document: str
    digest: str


class CheckStep(StrEnum):
    """A line check is called and replied to."""

    CALL = "CALL"
    REPLY = "REPLY"


@dataclass(frozen=True, slots=True)
class LineCheck:
    """A test of the line: a nonce to repeat, the reading of the clock, who is on watch and what they speak."""

    step: CheckStep
    nonce: str
    clock: Instant
    languages: tuple[Language, ...]

    def __post_init__(self) -> None:
        check_text(self.nonce, "the nonce", LONGEST_FIELD)


@dataclass(frozen=True, slots=True)
class Duty:
    """One role on the roster: when it is held, in which languages, and whether it may stop operations."""

    role: str
    hours: Span
    languages: tuple[Language, ...]
    may_stop: bool
    deputy: str | None = None

    def __post_init__(self) -> None:
        for role in (self.role, *((self.deputy,) if self.deputy else ())):
            check_name(role, "role")


@dataclass(frozen=True, slots=True)
class Roster:
    """Who holds which role when; each new roster replaces the one before it."""

    duties: tuple[Duty, ...]


class NoticeStep(StrEnum):
    """A notice is new, amends an earlier one, or cancels it."""

    NEW = "NEW"
    AMEND = "AMEND"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class NoticeBody:
    """A notice, or its cancellation (which has no geometry)."""

    step: NoticeStep
    notice: Notice | None

    def __post_init__(self) -> None:
        if (self.step is NoticeStep.CANCEL) == (self.notice is not None):
            raise InputError("a cancellation has no geometry, and every other notice has", code="geometry-missing")


class Match(StrEnum):
    """Whether what was read back is what was said."""

    MATCH = "MATCH"
    MISMATCH = "MISMATCH"


@dataclass(frozen=True, slots=True)
class PlaceReading:
    """The middle of the notice as seen from a landmark, recomputed by the receiver: true bearing (1e-3 degree) and distance (m)."""

    landmark: str
    bearing_mdeg: int
    distance_m: int

    def __post_init__(self) -> None:
        check_name(self.landmark, "landmark")


@dataclass(frozen=True, slots=True)
class Difference:
    """One item that does not agree: what was stated, and what the geometry gives."""

    item: str
    stated: str
    computed: str

    def __post_init__(self) -> None:
        for text in (self.item, self.stated, self.computed):
            check_text(text, "the difference", LONGEST_FIELD)


@dataclass(frozen=True, slots=True)
class Readback:
    """What the receiver's node recomputed from the geometry, and whether it agrees with what the sender stated in words."""

    result: Match
    places: tuple[PlaceReading, ...]
    area_m2: int
    lower: str
    upper: str
    span: Span
    differences: tuple[Difference, ...] = ()

    def __post_init__(self) -> None:
        for text in (self.lower, self.upper):
            check_text(text, "the height read back", LONGEST_FIELD)


class AnswerCode(StrEnum):
    """What an addressee answers. `accepted` is received and understood; it is never permission."""

    ACCEPTED = "accepted"
    NO_CONFLICT_FOUND = "no-conflict-found"
    CONFLICT = "conflict"
    REFUSED = "refused"
    NEED_DETAILS = "need-details"
    CANNOT_ASSESS = "cannot-assess"
    NOT_OURS = "not-ours"
    MEETING_REQUESTED = "meeting-requested"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a notice, an alert or a question, with an optional counter-proposal."""

    code: AnswerCode
    text: str = ""
    counter: Notice | None = None

    def __post_init__(self) -> None:
        check_text(self.text, "the text of the answer")


class RefusalCode(StrEnum):
    """Why an entry takes no effect. Stored and cosigned it is all the same."""

    NOT_USABLE = "not-usable"
    UNKNOWN_TYPE = "unknown-type"
    BAD_SIGNATURE = "bad-signature"
    WRONG_PLACE = "wrong-place"
    GEOMETRY_MISSING = "geometry-missing"
    POLYGON_CROSSES_ITSELF = "polygon-crosses-itself"
    TIME_WITHOUT_Z = "time-without-z"
    HEIGHT_WITHOUT_DATUM = "height-without-datum"
    END_BEFORE_START = "end-before-start"
    LEAD_TOO_SHORT = "lead-too-short"
    TOO_LARGE = "too-large"
    NOT_ON_ROSTER = "not-on-roster"
    MODE_NOT_ALLOWED = "mode-not-allowed"
    WRONG_STATE = "wrong-state"
    NOT_IN_FORCE = "not-in-force"
    CARD_NOT_VALID = "card-not-valid"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry that takes no effect: why, and which field."""

    code: RefusalCode
    field: str = ""

    def __post_init__(self) -> None:
        check_text(self.field, "the field of the refusal", LONGEST_FIELD)


class StopStep(StrEnum):
    """Heard is not acted."""

    RAISED = "RAISED"
    HEARD = "HEARD"
    ACTED = "ACTED"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop: what (entries and tracks), where, until when."""

    step: StopStep
    what: tuple[str, ...] = ()
    centre: Position | None = None
    radius_m: float | None = None
    until: Instant | None = None
    text: str = ""

    def __post_init__(self) -> None:
        check_text(self.text, "the text of the stop")
        for name in self.what:
            check_text(name, "what is to stop", LONGEST_FIELD)
        if (self.centre is None) != (self.radius_m is None):
            raise InputError("where to stop is a centre and a radius, or neither", code="geometry-missing")


class AlertStep(StrEnum):
    """An alert is raised, acknowledged, and cleared when its cause is seen to be gone; lost when nobody can see any more."""

    RAISED = "RAISED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    CLEARED = "CLEARED"
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the engine found, in the numbers of the wire: times, place, millimetres. Unknown values stay None.

    The overlap is the first that two announced volumes share. `seen_at` is the instant of the plot that showed it, for live tracks.
    """

    verdict: Verdict
    cause: Cause | None
    minima: Minima
    start: Instant | None
    end: Instant | None
    place: Position | None
    closest_at: Instant | None
    closest_horizontal_mm: int | None
    closest_vertical_mm: int | None
    overlap_area_m2: int | None = None
    overlap_lower: Height | None = None
    overlap_upper: Height | None = None
    seen_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class AlertBody:
    """An alert about one situation. Both nodes that see one situation give it the same `situation` (a digest of what it is between)."""

    step: AlertStep
    situation: str
    kind: AlertKind
    subjects: tuple[str, ...]
    prediction: Prediction | None = None
    evidence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for digest in (self.situation, *self.evidence):
            check_digest(digest)
        for name in self.subjects:
            check_text(name, "what the alert is between", LONGEST_FIELD)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try by another channel: which, on what frequency, how often, and whether anybody answered."""

    channel: str
    tries: int
    answered: bool
    frequency_hz: int | None = None
    text: str = ""

    def __post_init__(self) -> None:
        check_name(self.channel, "channel")
        check_text(self.text, "the text of the attempt")
        if not 1 <= self.tries <= 1000:
            raise InputError(f"{self.tries} tries are not an attempt; give 1 to 1000")


Body = AgreementBody | LineCheck | Roster | NoticeBody | Readback | Answer | Refusal | Stop | AlertBody | Attempt | Incident


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
