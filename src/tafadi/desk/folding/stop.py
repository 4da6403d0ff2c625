"""`stop`: raised by one party; heard and acted on by each addressee for itself; closed by who raised it. Heard is not acted.

One that is past the instant until which it was said goes on being shown and called; only that who raised it may then close it as it stands.
"""

from typing import Final

from tafadi.casework import tables
from tafadi.desk.desk import Desk
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind, within_the_acknowledgement
from tafadi.desk.picture import Picture, StepTaken, StopView
from tafadi.errors import WrongStateError
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.line import Stop, StopStep
from tafadi.model.message import Message


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, Stop)
    step = entry.body.step
    if step is StopStep.RAISED:
        sides = dict.fromkeys(entry.recipients, tables.STOP.start)
        view = StopView(examined.id, entry.sender, entry.mode, examined.leaf, entry.body, sides)
        picture.stops[examined.id] = view
    else:
        view = _taken_further(picture, entry)
        movers = view.sides if step is StopStep.CLOSED else (entry.sender,)
        event = CLOSED_EXPIRED if step is StopStep.CLOSED and is_past(view, entry.sent_at) else step
        view.sides |= {party: tables.STOP.after(view.sides[party], event) for party in movers}
    view.steps.append(StepTaken(step, entry.sender, examined.id, entry.sent_at))


CLOSED_EXPIRED: Final = "CLOSED_EXPIRED"


def is_past(view: StopView, at: Instant) -> bool:
    """Whether the stop was said until an instant that has passed at `at`."""
    return view.stop.until is not None and at >= view.stop.until


def _taken_further(picture: Picture, entry: Message) -> StopView:
    """The stop that the entry takes further: heard and acted by another party, closed by the one who raised it."""
    assert isinstance(entry.body, Stop)
    view = picture.stops.get(entry.refs[0].entry) if entry.refs else None
    if view is None:
        raise WrongStateError("there is no such stop")
    if (entry.body.step is StopStep.CLOSED) != (entry.sender == view.sender):
        raise WrongStateError("a stop is heard and acted on by another party, and closed by the one that raised it")
    if entry.sender not in (view.sender, *view.sides):
        raise WrongStateError("the stop was not addressed to this party")
    return view


def _ring(entry: EntryId, said: Message) -> str:
    assert isinstance(said.body, Stop)
    return f"STOP {said.body.step} by {entry.party}: {entry}"


def _was_heard(desk: Desk, entry: EntryId, said: Message) -> bool:
    view = desk.picture.stops.get(entry)
    return view is not None and any(step.party == desk.party for step in view.steps)


KIND = Kind(EntryType.STOP, _apply, answer_s=within_the_acknowledgement, ring=_ring, was_heard=_was_heard)
