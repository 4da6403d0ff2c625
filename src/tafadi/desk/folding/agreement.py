"""`agreement`: entry 0 of every feed, whole: it is in force when all parties have said it. Later steps suspend it, resume it, and end it.

A party takes back its own suspension and no other's. None is said by a machine.
"""

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind, Subject, its_sender, itself_and_what_it_refers_to
from tafadi.desk.force import EndView, SuspensionView
from tafadi.desk.picture import Picture
from tafadi.errors import WrongStateError
from tafadi.model.agreement import AgreementBody, AgreementStep
from tafadi.model.entry import NODE_ROLE, EntryId, EntryType
from tafadi.model.message import Message


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    body = entry.body
    assert isinstance(body, AgreementBody)
    if body.step is AgreementStep.SIGNED:
        picture.signed[entry.sender] = body.digest
        return
    if entry.operator.role == NODE_ROLE:
        raise WrongStateError("an agreement is suspended, resumed and ended by a person")
    _STEPS[body.step](picture, examined, entry, body)
    picture.force.changed()


def _suspended(picture: Picture, examined: Examined, entry: Message, body: AgreementBody) -> None:
    assert body.scope is not None
    view = SuspensionView(examined.id, entry.sender, entry.mode, examined.leaf, body.scope, body.text, entry.sent_at)
    picture.force.suspensions[examined.id] = view


def _resumed(picture: Picture, examined: Examined, entry: Message, body: AgreementBody) -> None:
    view = picture.force.suspensions.get(entry.refs[0].entry) if entry.refs else None
    check_resumes(view, entry.sender)
    assert view is not None
    view.step, view.resumed_at = tables.SUSPENSION.after(view.step, body.step), entry.sent_at


def check_resumes(view: SuspensionView | None, party: str) -> None:
    """Raises WrongStateError unless that is a suspension by the party itself."""
    if view is None or view.sender != party:
        raise WrongStateError("a party resumes what it has suspended itself, and names that entry")


def _ended(picture: Picture, examined: Examined, entry: Message, body: AgreementBody) -> None:
    view = EndView(examined.id, entry.sender, entry.mode, examined.leaf, body.successor, body.text, entry.sent_at)
    picture.force.endings[examined.id] = view


def _subjects(entry: EntryId, said: Message) -> tuple[Subject, ...]:
    """Of a signature its sender, who signs anew in each epoch; of a later step the suspension that it begins or takes back."""
    assert isinstance(said.body, AgreementBody)
    subjects = its_sender if said.body.step is AgreementStep.SIGNED else itself_and_what_it_refers_to
    return subjects(entry, said)


def _take_back(picture: Picture, entry: EntryId, said: Message) -> None:
    assert isinstance(said.body, AgreementBody)
    if said.body.step is AgreementStep.SIGNED:
        picture.signed.pop(said.sender, None)
    else:
        picture.drop(entry)
        picture.force.changed()


def _ring(entry: EntryId, said: Message) -> str | None:
    body = said.body
    assert isinstance(body, AgreementBody)
    if body.step is AgreementStep.SIGNED:
        return None
    reach = ", ".join([*body.scope.types, *body.scope.clauses]) or "all of it" if body.scope else body.successor
    return f"AGREEMENT {body.step} by {entry.party}: {entry}{f' ({reach})' if reach else ''}; stop, distress and line checks go on"


_STEPS = {AgreementStep.SUSPENDED: _suspended, AgreementStep.RESUMED: _resumed, AgreementStep.ENDED: _ended}
KIND = Kind(EntryType.AGREEMENT, _apply, _subjects, _take_back, ring=_ring)
