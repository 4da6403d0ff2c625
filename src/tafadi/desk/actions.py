"""The verbs about actions: to give one, to refuse or do it, to give it again, close or withdraw it."""

from tafadi.desk.desk import Desk
from tafadi.desk.folding.action import ActionView
from tafadi.desk.speak import Draft, say
from tafadi.errors import MissingError, WrongStateError
from tafadi.measure.instant import Instant
from tafadi.model.casework import Action, ActionStep
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.names import Mode


def give(desk: Desk, role: str, mode: Mode, action: Action, about: EntryId | None = None) -> EntryId:
    """The identity of a new action, after minutes where it follows from some. Raises RefusedError, MissingError for an owner not known."""
    desk.require_force()
    if action.owner not in desk.pact.agreement.parties:
        raise MissingError(f"{action.owner} is no party of {desk.pact.id}")
    refs = (desk.ref(about),) if about else ()
    return say(desk, Draft(EntryType.ACTION, action, mode, role, refs=refs))[0]


def further(desk: Desk, role: str, entry: EntryId, step: ActionStep, text: str = "", due: Instant | None = None) -> EntryId:
    """The identity of the next step about an action. Raises MissingError, WrongStateError."""
    view = desk.picture.shelf(ActionView).get(entry)
    if view is None:
        raise MissingError(f"{entry} is no action")
    if step is ActionStep.GIVEN:
        raise WrongStateError(f"action {entry} is given already")
    view.after(desk.party, step)
    return say(desk, Draft(EntryType.ACTION, Action(step, text, due=due), view.mode, role, refs=(desk.ref(entry),)))[0]


def overdue(desk: Desk) -> list[EntryId]:
    """The actions that are still to be done and whose time has passed by this node's clock, whether anybody has said so or not."""
    now = desk.clock.now()
    return sorted(view.id for view in desk.picture.shelf(ActionView).values() if view.waits and view.due < now)
