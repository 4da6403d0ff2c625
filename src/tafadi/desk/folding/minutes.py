"""`minutes`: drafted by one party after a conference was held, drafted otherwise by any, signed or refused by each.

Who drafts has signed that draft by it. A party that holds something otherwise says so in the annex, and may sign all the same. One that
refuses leaves minutes that are REFUSED: that is an end, until another draft, or a signature after all. Minutes that all have signed stay.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.conference import ConferenceView, conference_of
from tafadi.desk.folding.kind import Kind, within_the_reply
from tafadi.desk.picture import Picture, StepTaken, View
from tafadi.errors import WrongStateError
from tafadi.measure.instant import Instant
from tafadi.model.conference import Disagreement, Minutes, MinutesStep
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.model.names import Mode


@dataclass(slots=True)
class MinutesView(View):
    """The minutes of one conference; `sides` is every party's word on the newest draft, `annexes` what each holds otherwise."""

    SHELF: ClassVar[str] = "minutes"
    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    sent_at: Instant
    conference: EntryId
    revision: EntryId
    minutes: Minutes
    sides: dict[str, str]
    revisions: list[EntryId]
    annexes: dict[str, tuple[Disagreement, ...]] = field(default_factory=dict)
    steps: list[StepTaken] = field(default_factory=list)

    @property
    def state(self) -> str:
        """SIGNED once all have; REFUSED while one refuses; DRAFTED while one has said nothing."""
        sides = set(self.sides.values())
        return "SIGNED" if sides == {"SIGNED"} else "REFUSED" if "REFUSED" in sides else "DRAFTED"

    @property
    def waits(self) -> bool:
        """While a party owes its word on the newest draft."""
        return tables.MINUTES.start in self.sides.values()

    def check_step(self, party: str, step: MinutesStep, revision: EntryId) -> None:
        """Raises WrongStateError where the party cannot take that step of this draft."""
        if party not in self.sides:
            raise WrongStateError("the conference was not proposed to this party")
        if revision != self.revision:
            raise WrongStateError(f"the newest draft of these minutes is {self.revision}")
        if step is not MinutesStep.AMENDED:
            tables.MINUTES.after(self.sides[party], step)
        elif self.state == "SIGNED":
            raise WrongStateError(
                "minutes that all parties have signed stay as they are; what is to be corrected is for the next conference"
            )

    def take(self, party: str, body: Minutes, entry: EntryId, sent_at: Instant, leaf: str) -> None:
        """Takes in a step that has been checked."""
        if body.step is MinutesStep.AMENDED:
            self.revision, self.minutes, self.sent_at, self.leaf, self.annexes = entry, body, sent_at, leaf, {}
            self.revisions.append(entry)
            self.sides = {other: "SIGNED" if other == party else tables.MINUTES.start for other in self.sides}
        else:
            self.sides[party] = tables.MINUTES.after(self.sides[party], body.step)
        self.annexes.pop(party, None)
        if body.annex:
            self.annexes[party] = body.annex


def check_drafted(view: ConferenceView, party: str) -> None:
    """Raises WrongStateError unless the party can draft the minutes of that conference."""
    if view.state != "HELD":
        raise WrongStateError(f"minutes are drafted once, of a conference that was held; this one is {view.state}")
    if party not in view.sides:
        raise WrongStateError("the conference was not proposed to this party")


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    body, ref = entry.body, entry.refs[0].entry if entry.refs else None
    assert isinstance(body, Minutes)
    view = _draft(picture, examined, entry, body) if body.step is MinutesStep.DRAFTED else _further(picture, examined, entry, body)
    conference = conference_of(picture, ref if body.step is MinutesStep.DRAFTED else view.conference)
    conference.minutes, conference.minuted = view.id, view.state
    view.steps.append(StepTaken(body.step, entry.sender, examined.id, entry.sent_at))


def _draft(picture: Picture, examined: Examined, entry: Message, body: Minutes) -> MinutesView:
    conference = conference_of(picture, entry.refs[0].entry if entry.refs else None)
    check_drafted(conference, entry.sender)
    sides = {party: "SIGNED" if party == entry.sender else tables.MINUTES.start for party in conference.sides}
    view = MinutesView(
        examined.id, entry.sender, entry.mode, examined.leaf, entry.sent_at, conference.id, examined.id, body, sides, [examined.id]
    )
    if body.annex:
        view.annexes[entry.sender] = body.annex
    picture.shelf(MinutesView)[examined.id] = view
    return view


def _further(picture: Picture, examined: Examined, entry: Message, body: Minutes) -> MinutesView:
    ref = entry.refs[0].entry if entry.refs else None
    view = picture.shelf(MinutesView).get(picture.revision_of.get(ref, ref)) if ref else None
    if view is None or ref is None:
        raise WrongStateError("there are no such minutes")
    view.check_step(entry.sender, body.step, ref)
    view.take(entry.sender, body, examined.id, entry.sent_at, examined.leaf)
    if body.step is MinutesStep.AMENDED:
        picture.revision_of[examined.id] = view.id
    return view


def _ring(entry: EntryId, said: Message) -> str | None:
    body = said.body
    assert isinstance(body, Minutes)
    return f"minutes {body.step} by {entry.party}: {entry}" if body.step is not MinutesStep.SIGNED else None


KIND = Kind(EntryType.MINUTES, _apply, needs_force=True, answer_s=within_the_reply, ring=_ring)
