"""Replies to an entry: what was understood of it (readback), what the addressee says to it (answer), why it has no effect (refusal),

and to whom its addressee has passed it down (distributed).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.instant import Span
from tafadi.model.names import LONGEST_FIELD, check_name, check_text
from tafadi.model.operation import Notice


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


MOST_LEVELS: Final = 16  # from the staff to the crew there are fewer


@dataclass(frozen=True, slots=True)
class Distributed:
    """How far down the addressee has passed a notice: the levels that have it, the highest first. Each is a name that the parties know."""

    levels: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.levels) <= MOST_LEVELS or len(set(self.levels)) != len(self.levels):
            raise InputError(f"a notice is passed down to 1 to {MOST_LEVELS} levels, each once, not {len(self.levels)}")
        for level in self.levels:
            check_name(level, "level")


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
    AFTER_THE_END = "after-the-end"
    READBACK_DIFFERS = "readback-differs"
    UNDECRYPTABLE = "undecryptable"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry that takes no effect: why, and which field."""

    code: RefusalCode
    field: str = ""

    def __post_init__(self) -> None:
        check_text(self.field, "the field of the refusal", LONGEST_FIELD)
