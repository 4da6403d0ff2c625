"""Answers: what each verb answers, as a type. Of a verb that is not in the table, and says nothing, only that it is an object is described.

Whatever is answered may hold more members than are said here: a newer node tells more.
"""

from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from tafadi.desk.folding.action import ActionView
from tafadi.desk.folding.call import CallView
from tafadi.desk.folding.claim import ClaimView
from tafadi.desk.folding.conference import ConferenceView
from tafadi.desk.folding.distress import DistressView
from tafadi.desk.folding.minutes import MinutesView
from tafadi.desk.folding.notice_site import SiteView
from tafadi.desk.folding.sealed import SealedView
from tafadi.desk.force import EndView, SuspensionView
from tafadi.desk.picture import AlertView, IncidentView, LineCheckView, NoticeView, Picture, StopView
from tafadi.model.line import Attempt, Roster
from tafadi.model.reply import Refusal
from tafadi.model.sealed import Confided
from tafadi.web.api.shapes import Base64, EntryName, InstantText, Shown, absent, shape_of

Sizes = Annotated[dict[str, int], Field(description="How many entries, by party.")]


class Problem(BaseModel):
    """What went wrong, by RFC 9457. `title` is a class of docs/errors.md, `detail` one sentence for people."""

    type: str
    title: str
    status: int
    detail: str = absent()


class Said(Shown):
    """The entry that was said: it is signed and durable here. Whether it is stored anywhere else, receipts tell."""

    entry: EntryName


class Told(Shown):
    """What the verb answers."""


class Page(Shown):
    """An answer whose lists are cut to `limit` items each; with `next`, there is more."""

    next: Annotated[str, Field(description="The cursor that brings the next items, of those lists alone that have any.")] = absent()


class Check(Page):
    """A line check that was called: its nonce, which the reply repeats."""

    entry: EntryName
    nonce: str


class AgreementStatus(Shown):
    """How one agreement stands here."""

    id: str
    in_force: bool
    state: str = absent()
    feeds: Sizes
    stored_at: Sizes
    unjudged: int
    evidence: int
    picture: str


class Status(Page):
    """Who this node is, and how each agreement stands."""

    party: str
    epoch: int
    now: InstantText
    agreements: list[AgreementStatus]


class Signed(Shown):
    """An agreement that this party has signed."""

    agreement: str
    digest: str
    in_force: bool


class CardTaken(Shown):
    """A card, and the agreements in which this node goes by it from now on."""

    party: str
    epoch: int
    taken: list[str]


class PictureShown(Page):
    """Everything that all entries together say."""

    agreement: str
    digest: str
    picture: shape_of(Picture)  # type: ignore[valid-type]  # made from the noun


class AlarmShown(Shown):
    """What the node has rung."""

    at: InstantText
    agreement: str
    sentence: str
    entry: EntryName | None


class Alarms(Page):
    """What the running node has rung, newest last."""

    alarms: list[AlarmShown]


class NoticeShown(shape_of(NoticeView)):  # type: ignore[misc]  # made from the view
    """A notice with its state, and the parties at which its newest revision is stored."""

    stored_by: list[str]


class Notices(Page):
    """All notices with their states, and the alerts between them."""

    agreement: str
    party: str
    notices: list[NoticeShown] = absent()
    alerts: list[shape_of(AlertView)] = absent()  # type: ignore[valid-type]  # made from the view


class Assigned(Shown):
    """Which track flies which notice."""

    track: str
    entry: EntryName


class LineShown(Page):
    """The line as it stands, with what is stored, heard and answered."""

    agreement: str
    party: str
    now: InstantText
    in_force: bool
    line_checks: list[shape_of(LineCheckView)] = absent()  # type: ignore[valid-type]  # made from the views
    stops: list[shape_of(StopView)] = absent()  # type: ignore[valid-type]
    distresses: list[shape_of(DistressView)] = absent()  # type: ignore[valid-type]
    alerts: list[shape_of(AlertView)] = absent()  # type: ignore[valid-type]
    attempts: dict[str, shape_of(Attempt)] = absent()  # type: ignore[valid-type]
    rosters: dict[str, shape_of(Roster)] = absent()  # type: ignore[valid-type]
    refusals: dict[str, dict[str, shape_of(Refusal)]] = absent()  # type: ignore[valid-type]
    heard_alone: Annotated[
        dict[str, dict[str, dict[str, str]]],
        Field(description="Own entries that others have heard ahead of those before them, and not stored."),
    ] = absent()
    came_alone: Annotated[
        list[EntryName], Field(description="What came ahead of entries that are missing here; heard, and not stored.")
    ] = absent()
    stored_at: Sizes
    feed_size: int
    links: dict[str, dict[str, Any]]


class Sites(Page):
    """All sites with their states, and which are to be verified again."""

    agreement: str
    party: str
    sites: list[shape_of(SiteView)] = absent()  # type: ignore[valid-type]  # made from the view
    due: list[EntryName] = absent()


class Incidents(Page):
    """Incidents with each party's account."""

    agreement: str
    incidents: list[shape_of(IncidentView)] = absent()  # type: ignore[valid-type]  # made from the view


class BundleMade(Shown):
    """A bundle in the node's folder, and how many entries of each feed did not fit into it."""

    name: str
    bytes: int
    left: Sizes


class Succession(Shown):
    """The document of the agreement that comes next, for all its parties to sign, and the ends of feeds that it pins."""

    id: str
    digest: str
    document: Base64
    pins: list[str]


class Pins(Page):
    """The pinned ends, and how far each feed is held here; null where this node was no party of the agreement before."""

    agreement: str
    succeeds: str
    pins: list[dict[str, Any]] | None = absent()


class History(Shown):
    """Everything under an agreement as one bundle in the node's folder."""

    name: str
    bytes: int


class SealedShown(shape_of(SealedView)):  # type: ignore[misc]  # made from the view
    """A sealed entry, and what this party can make of it."""

    here: str


class AllSealed(Page):
    """All sealed entries."""

    agreement: str
    party: str
    sealed: list[SealedShown] = absent()


class Opened(Page):
    """What is inside of a sealed entry; with the key where that was asked for."""

    entry: EntryName
    confided: shape_of(Confided)  # type: ignore[valid-type]  # made from the noun
    meets: list[dict[str, str]] = absent()
    key: Base64 = absent()


class Destroyed(Shown):
    """A sealed entry whose key is no longer here."""

    entry: EntryName
    here: str


class Standing(Page):
    """How an agreement stands: who has signed, what is suspended, whether it has ended."""

    agreement: str
    state: str
    signed: list[str] = absent()
    suspensions: list[shape_of(SuspensionView)] = absent()  # type: ignore[valid-type]  # made from the views
    endings: list[shape_of(EndView)] = absent()  # type: ignore[valid-type]


class Claims(Page):
    """Claims with their states."""

    agreement: str
    party: str
    claims: list[shape_of(ClaimView)] = absent()  # type: ignore[valid-type]  # made from the view


class Conferences(Page):
    """Conferences, their minutes, and whether the papers of all parties are equal."""

    agreement: str
    party: str
    conferences: list[shape_of(ConferenceView)] = absent()  # type: ignore[valid-type]  # made from the views
    minutes: list[shape_of(MinutesView)] = absent()  # type: ignore[valid-type]
    papers: dict[str, str] = absent()


class Calls(Page):
    """Video calls with their sessions."""

    agreement: str
    party: str
    calls: list[shape_of(CallView)] = absent()  # type: ignore[valid-type]  # made from the view


class Actions(Page):
    """Actions with their states, and those whose time has passed here."""

    agreement: str
    party: str
    actions: list[shape_of(ActionView)] = absent()  # type: ignore[valid-type]  # made from the view
    overdue: list[EntryName] = absent()


ANSWERS: Final[dict[str, type[BaseModel]]] = {
    "status": Status,
    "agree.sign": Signed,
    "agree.succeed": Succession,
    "agree.pins": Pins,
    "agree.history": History,
    "card.take": CardTaken,
    "picture": PictureShown,
    "alarms": Alarms,
    "notice.list": Notices,
    "notice.assign": Assigned,
    "line.check": Check,
    "line.show": LineShown,
    "site.list": Sites,
    "incident.show": Incidents,
    "agree.show": Standing,
    "claim.show": Claims,
    "conference.show": Conferences,
    "call.list": Calls,
    "action.list": Actions,
    "sealed.list": AllSealed,
    "sealed.show": Opened,
    "sealed.destroy": Destroyed,
    "bundle.export": BundleMade,
    "bundle.import": Told,
    "ready": Told,
}


def answer_of(verb: str, *, reads: bool, speaks: bool) -> type[BaseModel]:
    """The type of what the verb answers: where it is not in the table, the entry that was said where somebody `speaks` in a role."""
    return ANSWERS.get(verb, Page if reads else Said if speaks else Told)
