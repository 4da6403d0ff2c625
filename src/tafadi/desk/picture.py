"""The picture: what all entries of an agreement together say. `tafadi.desk.fold` makes it; here is its shape and its digest."""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, cast

import rfc8785

from tafadi.casework.tables import INCIDENT, LINE_CHECK, STOP
from tafadi.desk.force import EndView, Force, SuspensionView
from tafadi.desk.index import Index, Name
from tafadi.desk.notice_view import NOTICE_RANK, NoticeView
from tafadi.desk.view import LATER, AnyView, View
from tafadi.formats.wire import Json, encode
from tafadi.measure.instant import Instant
from tafadi.model.alert import AlertKind, Prediction
from tafadi.model.entry import EntryId
from tafadi.model.incident import Incident
from tafadi.model.line import Attempt, LineCheck, Roster, Stop
from tafadi.model.names import Mode
from tafadi.model.reply import Answer, Refusal

__all__ = [
    "LATER",
    "NOTICE_RANK",
    "AlertView",
    "AnyView",
    "Episodes",
    "IncidentView",
    "LineCheckView",
    "NoticeView",
    "Picture",
    "StepTaken",
    "StopView",
    "View",
    "plain",
]

INCIDENT_RANK: Final = ("OPEN", "REPLIED", "REVIEWED", "CLOSED")  # the least advanced first; one that disagrees is no step on the way
Meeting = tuple[AlertKind, Mode, tuple[str, ...]]  # what meets again and again; the subjects sorted


@dataclass(slots=True)
class AlertView(View):
    """One situation, whoever of the parties raised it; it is cleared only when all who raised it have cleared it."""

    situation: str
    kind: AlertKind
    subjects: tuple[str, ...]
    mode: Mode
    prediction: Prediction | None
    predictions: dict[str, Prediction | None] = field(default_factory=dict)
    raised: dict[str, EntryId] = field(default_factory=dict)
    raised_at: dict[str, Instant] = field(default_factory=dict)
    evidence: dict[str, tuple[str, ...]] = field(default_factory=dict)
    acknowledged: dict[str, EntryId] = field(default_factory=dict)
    cleared: dict[str, EntryId] = field(default_factory=dict)
    lost: dict[str, EntryId] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict, metadata=LATER)

    @property
    def state(self) -> str:
        """RAISED, ACKNOWLEDGED, LOST (nobody who raised it sees it any more) or CLEARED (all who raised it saw it end)."""
        if set(self.raised) <= set(self.cleared):
            return "CLEARED"
        if set(self.raised) <= {*self.cleared, *self.lost}:
            return "LOST"
        return "ACKNOWLEDGED" if self.acknowledged else "RAISED"

    @property
    def waits(self) -> bool:
        """While it stands."""
        return self.state in ("RAISED", "ACKNOWLEDGED")


@dataclass(slots=True)
class Episodes:
    """The situations of one kind, mode and subjects in the order of their episodes, from 1, and the open ones: neither CLEARED nor LOST."""

    number_of: dict[str, int] = field(default_factory=dict)
    open: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One step of a stop: which, by whom, in which entry, at what time by its sender's clock."""

    step: str
    party: str
    entry: EntryId
    at: Instant


@dataclass(slots=True)
class StopView(View):
    """One stop; `sides` is how far each addressee has come. With each step: who took it, when, in which entry."""

    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    stop: Stop
    sides: dict[str, str]
    steps: list[StepTaken] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict, metadata=LATER)

    @property
    def state(self) -> str:
        """The least advanced of the addressees' states: one who has acted does not speak for one who has not heard."""
        return min(self.sides.values(), key=STOP.states.index)

    @property
    def waits(self) -> bool:
        """Until it is closed."""
        return self.state != "CLOSED"


@dataclass(slots=True)
class IncidentView(View):
    """One incident with each party's account; `sides` is how far each addressee has come, `course` the party that opened it.

    `reviews` are the newest of each party; `steps` what followed the accounts.
    """

    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    sides: dict[str, str]
    accounts: dict[str, Incident]
    entries: dict[str, EntryId]
    course: str = field(default="", metadata=LATER)
    reviews: dict[str, Incident] = field(default_factory=dict, metadata=LATER)
    steps: list[StepTaken] = field(default_factory=list, metadata=LATER)

    @property
    def all_sides(self) -> dict[str, str]:
        """Every party's side: who opened it has given its account by that."""
        return {self.sender: self.course or "REPLIED"} | self.sides

    @property
    def state(self) -> str:
        """DISAGREED while one party disagrees; else the least advanced side: one party's account, review or word is not another's."""
        sides = self.all_sides.values()
        return "DISAGREED" if "DISAGREED" in sides else min(sides, key=INCIDENT_RANK.index)

    @property
    def waits(self) -> bool:
        """Until every addressee has given its account."""
        return INCIDENT.start in self.sides.values()


@dataclass(slots=True)
class LineCheckView(View):
    """One line check; `sides` is whether each addressee's officer has replied, and `replied_at` when, by that party's clock."""

    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    check: LineCheck
    sent_at: Instant
    sides: dict[str, str]
    replied_at: dict[str, Instant] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """OK once every addressee has replied: that one is there says nothing of another."""
        return min(self.sides.values(), key=LINE_CHECK.states.index)

    @property
    def waits(self) -> bool:
        """Until every addressee has replied."""
        return self.state == LINE_CHECK.start


@dataclass(slots=True)
class Picture:
    """Everything a screen shows of one agreement."""

    signed: dict[str, str] = field(default_factory=dict)
    notices: dict[EntryId, NoticeView] = field(default_factory=dict)
    alerts: dict[str, AlertView] = field(default_factory=dict)
    stops: dict[EntryId, StopView] = field(default_factory=dict)
    incidents: dict[EntryId, IncidentView] = field(default_factory=dict)
    line_checks: dict[EntryId, LineCheckView] = field(default_factory=dict)
    rosters: dict[str, Roster] = field(default_factory=dict)
    attempts: dict[EntryId, Attempt] = field(default_factory=dict)
    refusals: dict[EntryId, dict[str, Refusal]] = field(default_factory=dict)
    cards: dict[str, dict[str, str]] = field(default_factory=dict)  # `party/epoch`: the digest of that card, by who goes by it
    revision_of: dict[EntryId, EntryId] = field(default_factory=dict)
    alert_of: dict[EntryId, str] = field(default_factory=dict)  # the situation, by the entries that raised it
    episodes: dict[Meeting, Episodes] = field(default_factory=dict)
    changed: set[EntryId] = field(default_factory=set, compare=False)  # notices, since the standing set has kept up with them
    shelves: dict[str, dict[EntryId, View]] = field(default_factory=dict)
    index: Index = field(default_factory=Index, compare=False)
    force: Force = field(default_factory=Force, compare=False)

    def __post_init__(self) -> None:
        self.shelves[SuspensionView.SHELF] = cast(dict[EntryId, View], self.force.suspensions)
        self.shelves[EndView.SHELF] = cast(dict[EntryId, View], self.force.endings)

    def shelf(self, kind: type[AnyView]) -> dict[EntryId, AnyView]:
        """All things of that kind, by the entries that opened them; what is put there is in the picture.

        So a new type of entry keeps its things without a field of its own, and a picture without such things has the digest it always had.
        """
        return cast(dict[EntryId, AnyView], self.shelves.setdefault(kind.SHELF, {}))

    def name_of(self, name: Name) -> Name:
        """The name of the thing that the entry opened or took further: of an alert its situation."""
        return name if isinstance(name, str) else self.alert_of.get(name) or self.revision_of.get(name, name)

    def thing(self, name: Name) -> View | None:
        """The thing of that name, or that an entry of that name opened or took further; None where there is none."""
        found = self.name_of(name)
        if isinstance(found, str):
            return self.alerts.get(found)
        shelves: tuple[Mapping[EntryId, View], ...] = (self.notices, self.stops, self.incidents, self.line_checks, *self.shelves.values())
        for things in shelves:
            if found in things:
                return things[found]
        return None

    def note(self, subjects: Iterable[object]) -> None:
        """Keeps the index of what is open, after these may have changed."""
        for subject in subjects:
            if isinstance(subject, EntryId | str):
                view = self.thing(subject)
                (self.index.open.add if view is not None and view.waits else self.index.open.discard)(self.name_of(subject))

    def drop(self, entry: EntryId) -> None:
        """Takes out whatever stands under the identity of that entry: the thing that it opened, or that it is a revision."""
        if entry in self.notices:
            self.changed.add(entry)
        self.notices.pop(entry, None)
        self.revision_of.pop(entry, None)
        self.stops.pop(entry, None)
        self.incidents.pop(entry, None)
        self.line_checks.pop(entry, None)
        self.attempts.pop(entry, None)
        for views in self.shelves.values():
            views.pop(entry, None)

    def digest(self) -> str:
        """SHA-256 of the picture in canonical form: equal at every party that holds the same entries."""
        return hashlib.sha256(rfc8785.dumps(self.to_json())).hexdigest()

    def to_json(self) -> dict[str, Json]:
        """The picture in the wire form of its nouns."""
        shown = {field.name: plain(getattr(self, field.name)) for field in dataclasses.fields(self) if field.name not in _NOT_SHOWN}
        return shown | {name: plain(views) for name, views in self.shelves.items() if views}


def plain(value: object) -> Json:
    """The value in JSON: views and mappings by their members in order, nouns as the wire has them, and each view with its state."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if not isinstance(value, View):
        return encode(value)
    members = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if _is_shown(field, value)}
    shown = {name: plain(member) for name, member in members.items() if name not in value.hidden}
    shown["state"] = value.state
    return shown


def _is_shown(member: "dataclasses.Field[object]", view: View) -> bool:
    return "unshown" not in member.metadata and ("later" not in member.metadata or bool(getattr(view, member.name)))


# The indexes say again, for who searches, what the views say; each shelf is shown under its own name.
_NOT_SHOWN: Final = frozenset({"revision_of", "alert_of", "episodes", "changed", "shelves", "index", "force"})
