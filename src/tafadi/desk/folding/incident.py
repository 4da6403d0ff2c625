"""`incident`: one party's account opens it, and each party that it addresses replies with its own; all review it, and close it or disagree.

An account counts however late it comes, and once: whoever sees things otherwise later says so in a review. A review needs every account.
"""

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.picture import IncidentView, Picture, StepTaken
from tafadi.errors import WrongStateError
from tafadi.model.entry import EntryType
from tafadi.model.incident import Incident, IncidentStep
from tafadi.model.message import Message


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    body = entry.body
    assert isinstance(body, Incident)
    if body.step is IncidentStep.OPEN:
        sides = dict.fromkeys(entry.recipients, tables.INCIDENT.start)
        picture.incidents[examined.id] = IncidentView(
            examined.id, entry.sender, entry.mode, examined.leaf, sides, {entry.sender: body}, {entry.sender: examined.id}
        )
        return
    view = picture.incidents.get(entry.refs[0].entry) if entry.refs else None
    if view is None:
        raise WrongStateError("a reply refers to an incident that another party opened and told its sender")
    side = after(view, entry.sender, body.step)
    if entry.sender == view.sender:
        view.course = side
    else:
        view.sides[entry.sender] = side
    if body.step is IncidentStep.REPLY:
        view.accounts[entry.sender], view.entries[entry.sender] = body, examined.id
        return
    if body.step is IncidentStep.REVIEWED:
        view.reviews[entry.sender] = body
    view.steps.append(StepTaken(body.step, entry.sender, examined.id, entry.sent_at))


def after(view: IncidentView, party: str, step: IncidentStep) -> str:
    """The side of the party after that step. Raises WrongStateError."""
    if party not in view.all_sides:
        raise WrongStateError(f"incident {view.id} was not told to {party}")
    if step is IncidentStep.REVIEWED and tables.INCIDENT.start in view.sides.values():
        silent = ", ".join(sorted(other for other, side in view.sides.items() if side == tables.INCIDENT.start))
        raise WrongStateError(f"an incident is reviewed when every account is there, and {silent} has given none")
    return tables.INCIDENT.after(view.all_sides[party], step)


KIND = Kind(EntryType.INCIDENT, _apply)
