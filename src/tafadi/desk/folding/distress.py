"""`distress`: somebody needs help. Heard by each addressee, whoever is on watch there; closed by who raised it."""

from dataclasses import dataclass, field
from typing import ClassVar

from tafadi.casework import tables
from tafadi.desk.desk import Desk
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind, within_the_acknowledgement
from tafadi.desk.picture import Picture, StepTaken, View
from tafadi.errors import WrongStateError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.line import Distress, DistressStep
from tafadi.model.message import Message
from tafadi.model.names import Mode


@dataclass(slots=True)
class DistressView(View):
    """One distress; `sides` is how far each addressee has come. With each step: who took it, when, in which entry."""

    SHELF: ClassVar[str] = "distresses"
    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    distress: Distress
    sides: dict[str, str]
    steps: list[StepTaken] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The least advanced of the addressees' states: one who has heard does not speak for another."""
        return min(self.sides.values(), key=tables.DISTRESS.states.index)

    @property
    def waits(self) -> bool:
        """Until every addressee has heard it."""
        return self.state == tables.DISTRESS.start


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Distress)
    step = entry.body.step
    if step is DistressStep.RAISED:
        sides = dict.fromkeys(entry.recipients, tables.DISTRESS.start)
        view = DistressView(examined.id, entry.sender, entry.mode, examined.leaf, entry.body, sides)
        picture.shelf(DistressView)[examined.id] = view
    else:
        view = _taken_further(picture, entry, step)
        movers = view.sides if step is DistressStep.CLOSED else (entry.sender,)
        view.sides |= {party: tables.DISTRESS.after(view.sides[party], step) for party in movers}
    view.steps.append(StepTaken(step, entry.sender, examined.id, entry.sent_at))


def _taken_further(picture: Picture, entry: Message, step: DistressStep) -> DistressView:
    """The distress that the entry takes further: heard by an addressee, closed by the one who raised it."""
    view = picture.shelf(DistressView).get(entry.refs[0].entry) if entry.refs else None
    if view is None:
        raise WrongStateError("there is no such distress")
    if (step is DistressStep.CLOSED) != (entry.sender == view.sender):
        raise WrongStateError("a distress is heard by another party, and closed by the one that raised it")
    if entry.sender not in (view.sender, *view.sides):
        raise WrongStateError("the distress was not addressed to this party")
    return view


def _ring(entry: EntryId, said: Message) -> str:
    assert isinstance(said.body, Distress)
    return f"DISTRESS {said.body.step} by {entry.party}: {entry}"


def _was_heard(desk: Desk, entry: EntryId, said: Message) -> bool:
    view = desk.picture.shelf(DistressView).get(entry)
    return view is not None and any(step.party == desk.party for step in view.steps)


KIND = Kind(EntryType.DISTRESS, _apply, answer_s=within_the_acknowledgement, ring=_ring, was_heard=_was_heard)
