"""`conference`: proposed by one party, proposed otherwise by any, agreed to by all; held, or not; minuted and signed (`minutes`).

Whoever agrees, declines, or says that it was there, refers to the newest proposal. Of papers each party lays its own before it.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind, within_the_acknowledgement
from tafadi.desk.picture import LATER, Picture, StepTaken, View
from tafadi.errors import WrongStateError
from tafadi.measure.instant import Instant
from tafadi.model.conference import Conference, ConferenceStep, Papers
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.model.names import Mode

MOVABLE: Final = ("PROPOSED", "AGREED", "DECLINED", "NOT_HELD")  # what can still be proposed otherwise, or cancelled


@dataclass(slots=True)
class ConferenceView(View):
    """One conference through all its proposals; `sides` is every party's word on the newest, `minuted` the state of its minutes."""

    SHELF: ClassVar[str] = "conferences"
    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    sent_at: Instant
    about: EntryId | None
    revision: EntryId
    conference: Conference
    sides: dict[str, str]
    revisions: list[EntryId]
    papers: dict[str, Papers] = field(default_factory=dict)
    cancelled: bool = False
    minutes: EntryId | None = field(default=None, metadata=LATER)
    minuted: str = field(default="", metadata=LATER)
    steps: list[StepTaken] = field(default_factory=list)

    @property
    def state(self) -> str:
        """How far the conference has come as a whole (`casework.tables.CONFERENCE_COURSE`)."""
        sides = list(self.sides.values())
        if self.cancelled:
            return "CANCELLED"
        if self.minuted:
            return "SIGNED" if self.minuted == "SIGNED" else "MINUTED"
        if set(sides) <= {"HELD", "ABSENT"}:
            return "HELD" if sides.count("HELD") > 1 else "NOT_HELD"
        if "DECLINED" in sides:
            return "DECLINED"
        return "PROPOSED" if "PROPOSED" in sides else "AGREED"

    @property
    def waits(self) -> bool:
        """Until it has been held, or will not be."""
        return self.state in ("PROPOSED", "AGREED")

    @property
    def papers_agree(self) -> bool | None:
        """Whether all parties laid the same papers before it; None while one has laid none."""
        found = set(self.papers.values())
        return len(found) == 1 if len(self.papers) == len(self.sides) else None

    def check_step(self, party: str, body: Conference, revision: EntryId) -> None:
        """Raises WrongStateError where the party cannot take that step of this proposal."""
        if party not in self.sides:
            raise WrongStateError("the conference was not proposed to this party")
        if revision != self.revision:
            raise WrongStateError(f"the newest proposal is {self.revision}")
        if body.step in (ConferenceStep.AMENDED, ConferenceStep.CANCELLED):
            self._check_movable(party, body.step)
        elif body.step is ConferenceStep.HELD:
            self._held(party, body)
        elif self.cancelled or (body.step is not ConferenceStep.PAPERS and self.state not in MOVABLE):
            raise WrongStateError(f"a conference that is {self.state} cannot be {body.step}")
        elif body.step is not ConferenceStep.PAPERS:
            tables.CONFERENCE.after(self.sides[party], body.step)

    def _check_movable(self, party: str, step: ConferenceStep) -> None:
        under_way = "HELD" in self.sides.values() and self.state != "NOT_HELD"
        if self.state not in MOVABLE or under_way:
            raise WrongStateError(f"a conference that is {'being held' if under_way else self.state} cannot be {step}")
        if step is ConferenceStep.CANCELLED and party != self.sender:
            raise WrongStateError("a conference is cancelled by the party that called it; others decline")

    def _held(self, party: str, body: Conference) -> dict[str, str]:
        """The sides after the party says that it was there, and who was not."""
        if self.cancelled or self.state in ("PROPOSED", "DECLINED"):
            raise WrongStateError(f"a conference that is {self.state} cannot be held: all parties agree to it first")
        if not set(body.absent) <= set(self.sides) - {party}:
            raise WrongStateError("those who did not come are other parties to which the conference was proposed")
        after = {party: tables.CONFERENCE.after(self.sides[party], body.step)}
        return after | {other: tables.CONFERENCE.after(self.sides[other], "absent") for other in body.absent}

    def take(self, party: str, body: Conference) -> None:
        """Takes in a step that has been checked, but for an amendment."""
        if body.papers is not None:
            self.papers[party] = body.papers
        elif body.step is ConferenceStep.CANCELLED:
            self.cancelled = True
        elif body.step is ConferenceStep.HELD:
            self.sides |= self._held(party, body)
        else:
            self.sides[party] = tables.CONFERENCE.after(self.sides[party], body.step)

    def amend(self, party: str, body: Conference, entry: EntryId, leaf: str) -> None:
        """Takes in another proposal: all but the party that makes it agree anew, and papers are those of the new one."""
        self.revision, self.leaf, self.conference = entry, leaf, body
        self.revisions.append(entry)
        self.sides = {other: "AGREED" if other == party else tables.CONFERENCE.start for other in self.sides}
        self.papers = {}


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    body, ref = entry.body, entry.refs[0].entry if entry.refs else None
    assert isinstance(body, Conference)
    if body.step is ConferenceStep.PROPOSED:
        sides = {entry.sender: "AGREED"} | dict.fromkeys(entry.recipients, tables.CONFERENCE.start)
        view = ConferenceView(
            examined.id, entry.sender, entry.mode, examined.leaf, entry.sent_at, ref, examined.id, body, sides, [examined.id]
        )
        picture.shelf(ConferenceView)[examined.id] = view
    else:
        view = conference_of(picture, ref)
        assert ref is not None
        view.check_step(entry.sender, body, ref)
        if body.step is ConferenceStep.AMENDED:
            view.amend(entry.sender, body, examined.id, examined.leaf)
            picture.revision_of[examined.id] = view.id
        else:
            view.take(entry.sender, body)
    view.steps.append(StepTaken(body.step, entry.sender, examined.id, entry.sent_at))


def conference_of(picture: Picture, entry: EntryId | None) -> ConferenceView:
    """The conference that the entry proposes, first or otherwise. Raises WrongStateError."""
    view = picture.shelf(ConferenceView).get(picture.revision_of.get(entry, entry)) if entry else None
    if view is None:
        raise WrongStateError("there is no such conference")
    return view


def _ring(entry: EntryId, said: Message) -> str | None:
    body = said.body
    assert isinstance(body, Conference)
    if body.span is not None:
        return f"conference {body.step} by {entry.party}: {entry}, {body.kind}, {body.span.start}"
    called = body.step in (ConferenceStep.DECLINED, ConferenceStep.CANCELLED)
    return f"conference {said.refs[0].entry} {body.step} by {entry.party}" if called and said.refs else None


KIND = Kind(EntryType.CONFERENCE, _apply, needs_force=True, answer_s=within_the_acknowledgement, ring=_ring)
