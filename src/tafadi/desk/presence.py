"""Presence: announced, and withdrawn by the party that announced it."""

from tafadi.desk.desk import Desk
from tafadi.desk.folding.notice_presence import PresenceView
from tafadi.desk.speak import Draft, say
from tafadi.errors import MissingError, WrongStateError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.names import Mode
from tafadi.model.presence import Presence, PresenceStep


def announce_presence(desk: Desk, role: str, mode: Mode, presence: Presence) -> EntryId:
    """The identity of the new presence, CURRENT. Raises RefusedError while the agreement is not in force."""
    desk.require_force()
    return say(desk, Draft(EntryType.PRESENCE, presence, mode, role))[0]


def withdraw_presence(desk: Desk, role: str, entry: EntryId, text: str = "") -> EntryId:
    """The identity of the withdrawal. Raises MissingError, WrongStateError."""
    view = desk.picture.shelf(PresenceView).get(entry)
    if view is None:
        raise MissingError(f"{entry} is no presence")
    if view.sender != desk.party:
        raise WrongStateError(f"{entry} is a presence of {view.sender}; only {view.sender} withdraws it")
    if view.step == PresenceStep.WITHDRAWN:
        raise WrongStateError(f"presence {entry} is WITHDRAWN already")
    body = Presence(PresenceStep.WITHDRAWN, text=text)
    return say(desk, Draft(EntryType.PRESENCE, body, view.mode, role, refs=(desk.ref(view.id),)))[0]
