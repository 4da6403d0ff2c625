"""`action`: what a party is to do until when. Refused or done by its owner; given again or closed by another; withdrawn by who gave it.

Once its time has passed it is OVERDUE by the word of any party's clock, until its owner has done or refused it, or it has another time.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.picture import LATER, Picture, StepTaken, View
from tafadi.errors import WrongStateError
from tafadi.measure.instant import Instant
from tafadi.model.casework import Action, ActionStep
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.lapse import Lapse, LapseKind
from tafadi.model.message import Message
from tafadi.model.names import Mode


@dataclass(slots=True)
class ActionView(View):
    """One action: who gave it, after which entry (minutes, as a rule), until when; `lapsed` is by whose clocks that has passed."""

    SHELF: ClassVar[str] = "actions"
    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    sent_at: Instant
    about: EntryId | None
    action: Action
    due: Instant
    step: str
    lapsed: tuple[str, ...] = field(default=(), metadata=LATER)
    steps: list[StepTaken] = field(default_factory=list)

    @property
    def owner(self) -> str:
        """The party that is to do it."""
        return self.action.owner

    @property
    def state(self) -> str:
        """OPEN, OVERDUE, REFUSED, DONE, CLOSED or WITHDRAWN."""
        return "OVERDUE" if self.step == tables.ACTION.start and self.lapsed else self.step

    @property
    def waits(self) -> bool:
        """While it is to be done."""
        return self.step == tables.ACTION.start

    def note_lapse(self, sender: str, about: EntryId, lapse: Lapse) -> None:
        """OVERDUE at the instant that counts now."""
        if lapse.what is LapseKind.OVERDUE and lapse.at == self.due:
            self.lapsed = tuple(sorted({*self.lapsed, sender}))

    def after(self, party: str, step: ActionStep) -> str:
        """The state after that step of the party. Raises WrongStateError."""
        by_owner = step in (ActionStep.REFUSED, ActionStep.DONE)
        if step is ActionStep.WITHDRAWN and party != self.sender:
            raise WrongStateError("an action is withdrawn by the party that gave it")
        if step is not ActionStep.WITHDRAWN and by_owner != (party == self.owner):
            raise WrongStateError("an action is refused or done by its owner, and given again or closed by another party")
        return tables.ACTION.after(self.step, step)


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    body, ref = entry.body, entry.refs[0].entry if entry.refs else None
    assert isinstance(body, Action)
    actions = picture.shelf(ActionView)
    if body.step is ActionStep.GIVEN:
        view = _given(examined, entry, body, ref)
        actions[examined.id] = view
    elif ref in actions:
        view = actions[ref]
        view.step = view.after(entry.sender, body.step)
        if body.due is not None and body.due != view.due:
            view.due, view.lapsed = body.due, ()
    else:
        raise WrongStateError("there is no such action")
    view.steps.append(StepTaken(body.step, entry.sender, examined.id, entry.sent_at))


def _given(examined: Examined, entry: Message, body: Action, about: EntryId | None) -> ActionView:
    if body.owner not in (entry.sender, *entry.recipients):
        raise WrongStateError("the owner of an action is a party that it is told to")
    assert body.due is not None
    return ActionView(examined.id, entry.sender, entry.mode, examined.leaf, entry.sent_at, about, body, body.due, tables.ACTION.start)


def _ring(entry: EntryId, said: Message) -> str:
    body = said.body
    assert isinstance(body, Action)
    if body.step is ActionStep.GIVEN:
        return f"action given by {entry.party}: {entry}, {body.role} of {body.owner} until {body.due}"
    return f"action {said.refs[0].entry} {body.step} by {entry.party}"


KIND = Kind(EntryType.ACTION, _apply, needs_force=True, ring=_ring)
