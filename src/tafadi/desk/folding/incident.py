"""`incident`: one party's account opens it, and each party that it addresses replies with its own."""

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind
from tafadi.desk.picture import IncidentView, Picture
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
    if view is None or entry.sender not in view.sides:
        raise WrongStateError("a reply refers to an incident that another party opened and told its sender")
    view.sides[entry.sender] = tables.INCIDENT.after(view.sides[entry.sender], body.step)
    view.accounts[entry.sender] = body
    view.entries[entry.sender] = examined.id


KIND = Kind(EntryType.INCIDENT, _apply)
