"""Distress: raised, heard, closed. Nothing holds it back: neither roster, authority, mode, lead nor an effective instant."""

from tafadi.desk.desk import Desk
from tafadi.desk.folding.distress import DistressView
from tafadi.desk.speak import Draft, say
from tafadi.errors import WrongStateError
from tafadi.measure.earth import Position
from tafadi.model.entry import NODE_ROLE, EntryId, EntryType
from tafadi.model.line import Distress, DistressStep
from tafadi.model.names import Mode, Precedence


def raise_distress(desk: Desk, role: str, mode: Mode, what: tuple[str, ...] = (), place: Position | None = None, text: str = "") -> EntryId:
    """The identity of the distress, which travels as FLASH. A role without a key here does not hold it up: then the node says it."""
    return _say(desk, role, mode, Distress(DistressStep.RAISED, what, place, text))


def distress_step(desk: Desk, role: str, view: DistressView, step: DistressStep) -> EntryId:
    """The identity of the next step: HEARD by an addressee, whoever is on watch; CLOSED by who raised it, once all have heard.

    Raises WrongStateError.
    """
    if step is DistressStep.RAISED:
        raise WrongStateError(f"distress {view.id} is raised already")
    if (step is DistressStep.CLOSED) != (view.sender == desk.party):
        raise WrongStateError("a distress is heard by the party it was sent to, and closed by the one that raised it")
    state = view.state if step is DistressStep.CLOSED else view.sides.get(desk.party, "addressed to others")
    if state != _BEFORE[step]:
        raise WrongStateError(f"distress {view.id} is {state}; it cannot be {step} now")
    return _say(desk, role, view.mode, Distress(step), view)


_BEFORE = {DistressStep.HEARD: "RAISED", DistressStep.CLOSED: "HEARD"}


def _say(desk: Desk, role: str, mode: Mode, body: Distress, view: DistressView | None = None) -> EntryId:
    speaker = role if role in desk.identity.operators else NODE_ROLE
    refs = (desk.ref(view.id),) if view else ()
    return say(desk, Draft(EntryType.DISTRESS, body, mode, speaker, Precedence.FLASH, refs=refs))[0]
