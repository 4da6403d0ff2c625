"""The picture: what all entries of an agreement together say. `tafadi.desk.fold` makes it; here is its shape and its digest."""

import dataclasses
import hashlib
from dataclasses import dataclass, field
from typing import Final

import rfc8785

from tafadi.casework.tables import STOP
from tafadi.formats.wire import Json, encode
from tafadi.measure.instant import Instant
from tafadi.model import message as m
from tafadi.model.alert import AlertKind
from tafadi.model.incident import Incident
from tafadi.model.message import EntryId, Refusal
from tafadi.model.names import Mode, Precedence
from tafadi.model.operation import Notice

NOTICE_RANK: Final = ("MISMATCH", "REFUSED", "CONFLICT", "QUESTIONED", "SENT", "READ_BACK", "ACCEPTED")  # the least happy first


@dataclass(slots=True)
class NoticeView:
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
    readbacks: dict[str, m.Readback] = field(default_factory=dict)
    answers: dict[str, m.Answer] = field(default_factory=dict)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    revisions: list[EntryId] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The least happy of the addressees' states; CANCELLED when the sender took it back."""
        if self.cancelled:
            return "CANCELLED"
        return min(self.sides.values(), key=NOTICE_RANK.index, default="SENT")


@dataclass(slots=True)
class AlertView:
    """One situation, whoever of the parties raised it; it is cleared only when all who raised it have cleared it."""

    situation: str
    kind: AlertKind
    subjects: tuple[str, ...]
    mode: Mode
    prediction: m.Prediction | None
    predictions: dict[str, m.Prediction | None] = field(default_factory=dict)
    raised: dict[str, EntryId] = field(default_factory=dict)
    raised_at: dict[str, Instant] = field(default_factory=dict)
    evidence: dict[str, tuple[str, ...]] = field(default_factory=dict)
    acknowledged: dict[str, EntryId] = field(default_factory=dict)
    cleared: dict[str, EntryId] = field(default_factory=dict)
    lost: dict[str, EntryId] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """RAISED, ACKNOWLEDGED, LOST (nobody who raised it sees it any more) or CLEARED (all who raised it saw it end)."""
        if set(self.raised) <= set(self.cleared):
            return "CLEARED"
        if set(self.raised) <= {*self.cleared, *self.lost}:
            return "LOST"
        return "ACKNOWLEDGED" if self.acknowledged else "RAISED"


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One step of a stop: which, by whom, in which entry, at what time by its sender's clock."""

    step: str
    party: str
    entry: EntryId
    at: Instant


@dataclass(slots=True)
class StopView:
    """One stop; `sides` is how far each addressee has come. With each step: who took it, when, in which entry."""

    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    stop: m.Stop
    sides: dict[str, str]
    steps: list[StepTaken] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The least advanced of the addressees' states: one who has acted does not speak for one who has not heard."""
        return min(self.sides.values(), key=STOP.states.index)


@dataclass(slots=True)
class IncidentView:
    """One incident with each party's account."""

    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    state: str
    accounts: dict[str, Incident]
    entries: dict[str, EntryId]


@dataclass(slots=True)
class LineCheckView:
    """One line check and its reply."""

    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    check: m.LineCheck
    sent_at: Instant
    state: str = "CALLED"
    replied_by: str = ""
    replied_at: Instant | None = None


@dataclass(slots=True)
class Picture:
    """Everything a screen shows of one agreement."""

    signed: dict[str, str] = field(default_factory=dict)
    notices: dict[EntryId, NoticeView] = field(default_factory=dict)
    alerts: dict[str, AlertView] = field(default_factory=dict)
    stops: dict[EntryId, StopView] = field(default_factory=dict)
    incidents: dict[EntryId, IncidentView] = field(default_factory=dict)
    line_checks: dict[EntryId, LineCheckView] = field(default_factory=dict)
    rosters: dict[str, m.Roster] = field(default_factory=dict)
    attempts: dict[EntryId, m.Attempt] = field(default_factory=dict)
    refusals: dict[EntryId, dict[str, Refusal]] = field(default_factory=dict)
    revision_of: dict[EntryId, EntryId] = field(default_factory=dict)

    def digest(self) -> str:
        """SHA-256 of the picture in canonical form: equal at every party that holds the same entries."""
        return hashlib.sha256(rfc8785.dumps(self.to_json())).hexdigest()

    def to_json(self) -> dict[str, Json]:
        """The picture in the wire form of its nouns."""
        shown = plain(self)
        assert isinstance(shown, dict)
        del shown["revision_of"]
        return shown


def plain(value: object) -> Json:
    """The value in JSON: views and mappings by their members in order, nouns as the wire has them, and each view with its state."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if not isinstance(value, _VIEWS):
        return encode(value)
    shown = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if not isinstance(value, Picture):
        shown["state"] = value.state
    return shown


_VIEWS: Final = (Picture, NoticeView, AlertView, StopView, IncidentView, LineCheckView)
