"""The verbs about the agreement's standing: to suspend it, as far as one says; to resume what one has suspended; to end it.

2017: the memorandum is "suspended", and the telephone is still used. Here a suspension is an entry with its scope, and the line goes on.
"""

from tafadi.casework import tables
from tafadi.desk.desk import Desk
from tafadi.desk.folding.agreement import check_resumes
from tafadi.desk.speak import Draft, say
from tafadi.errors import MissingError, NotPermittedError
from tafadi.model.agreement import AgreementBody, AgreementStep, Scope
from tafadi.model.entry import NODE_ROLE, EntryId, EntryType
from tafadi.model.names import Precedence

_ALL = Scope()


def suspend(desk: Desk, role: str, scope: Scope = _ALL, text: str = "") -> EntryId:
    """The identity of a new suspension, which reaches as far as `scope`. Raises WrongStateError, NotPermittedError for a machine."""
    tables.AGREEMENT.after(state_of(desk), AgreementStep.SUSPENDED)
    return _say(desk, role, AgreementBody(step=AgreementStep.SUSPENDED, scope=scope, text=text))


def resume(desk: Desk, role: str, entry: EntryId, text: str = "") -> EntryId:
    """The identity of the entry that takes back this party's own suspension. Raises MissingError, WrongStateError."""
    view = desk.picture.force.suspensions.get(entry)
    if view is None:
        raise MissingError(f"{entry} is no suspension")
    check_resumes(view, desk.party)
    tables.SUSPENSION.after(view.state, AgreementStep.RESUMED)
    return _say(desk, role, AgreementBody(step=AgreementStep.RESUMED, text=text), entry)


def end(desk: Desk, role: str, successor: str = "", text: str = "") -> EntryId:
    """The identity of the entry that ends the agreement, for good; `successor` is the one that takes its place. Raises WrongStateError."""
    tables.AGREEMENT.after(state_of(desk), AgreementStep.ENDED)
    return _say(desk, role, AgreementBody(step=AgreementStep.ENDED, successor=successor, text=text))


def state_of(desk: Desk) -> str:
    """The state of the agreement as a whole, as this node's picture has it."""
    return desk.picture.force.state(in_force=desk.in_force)


def _say(desk: Desk, role: str, body: AgreementBody, about: EntryId | None = None) -> EntryId:
    if role == NODE_ROLE:
        raise NotPermittedError("an agreement is suspended, resumed and ended by a person, and not by the node")
    refs = (desk.ref(about),) if about else ()
    return say(desk, Draft(EntryType.AGREEMENT, body, desk.pact.agreement.modes[0], role, Precedence.IMMEDIATE, refs=refs))[0]
