"""The course of a notice: passed down by those it addresses, then active, then ended.

Aid convoy, April 2024: the approved route never reached the crew. Here each addressee says which levels have the notice, and until all
have, no entry makes it active.
"""

from tafadi.casework import tables
from tafadi.desk.announce import own_notice, take_further
from tafadi.desk.desk import Desk
from tafadi.desk.folding.notice import check_valid, not_reached
from tafadi.desk.speak import Draft, say
from tafadi.errors import MissingError, WrongStateError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.operation import NoticeStep
from tafadi.model.reply import Distributed


def distribute(desk: Desk, role: str, entry: EntryId, levels: tuple[str, ...]) -> EntryId:
    """The identity of the entry that says to which levels another party's notice was passed down. Raises MissingError, WrongStateError."""
    picture = desk.picture
    view = picture.notices.get(picture.revision_of.get(entry, entry))
    if view is None:
        raise MissingError(f"{entry} is no notice")
    if desk.party not in view.sides:
        raise WrongStateError(f"{entry} was not addressed to {desk.party}")
    if view.sides[desk.party] != "ACCEPTED" or not view.stands:
        raise WrongStateError(f"notice {view.revision} is {view.state}; it is passed down once {desk.party} has accepted it")
    return say(desk, Draft(EntryType.DISTRIBUTED, Distributed(levels), view.mode, role, view.precedence, refs=(desk.ref(view.revision),)))[
        0
    ]


def activate(desk: Desk, role: str, entry: EntryId) -> EntryId:
    """The identity of the entry that makes one's own notice active. Raises MissingError, WrongStateError with who has not."""
    view = own_notice(desk, entry)
    check_valid(view, desk.clock.now())
    missing = not_reached(view)
    if missing:
        raise WrongStateError(
            f"notice {view.revision} has not reached its ends: {', '.join(missing)} must accept it and pass it down first"
        )
    return _taken(desk, role, entry, NoticeStep.ACTIVE)


def end(desk: Desk, role: str, entry: EntryId) -> EntryId:
    """The identity of the entry that ends one's own notice, which is active, or a movement. Raises MissingError, WrongStateError."""
    return _taken(desk, role, entry, NoticeStep.ENDED)


def _taken(desk: Desk, role: str, entry: EntryId, step: NoticeStep) -> EntryId:
    view = own_notice(desk, entry)
    table = tables.MOVEMENT if view.type is EntryType.MOVEMENT else tables.COURSE
    if (view.course or table.start, step) not in table.steps:
        raise WrongStateError(f"notice {view.revision} is {view.state}; it cannot be {step} now")
    return take_further(desk, role, view, step)
