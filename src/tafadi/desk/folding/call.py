"""`call`: a video call offered by one party, answered or declined by each of the others, ended by any.

The session descriptions hold the fingerprints of the keys of the media: said here, they are those of the parties and of nobody between.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind, within_the_acknowledgement
from tafadi.desk.picture import Picture, StepTaken, View
from tafadi.errors import WrongStateError
from tafadi.measure.instant import Instant
from tafadi.model.conference import MOST_CANDIDATES, Call, CallStep
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.model.names import Mode

CANDIDATES_KEPT: Final = 4 * MOST_CANDIDATES  # of one party in one call: who finds more ways than that has no way


@dataclass(slots=True)
class CallView(View):
    """One call; `sides` is what each party says to which it is offered, `sessions` and `candidates` what the media are set up with."""

    SHELF: ClassVar[str] = "calls"
    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    sent_at: Instant
    about: EntryId | None
    sides: dict[str, str]
    sessions: dict[str, str] = field(default_factory=dict)
    candidates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    steps: list[StepTaken] = field(default_factory=list)

    @property
    def state(self) -> str:
        """ENDED by anyone; ANSWERED once one has; DECLINED when all have."""
        sides = set(self.sides.values())
        if sides == {"DECLINED"}:
            return "DECLINED"
        return next(state for state in ("ENDED", "ANSWERED", "OFFERED") if state in sides)

    @property
    def waits(self) -> bool:
        """While nobody has said a word to it."""
        return self.state == tables.CALL.start

    def after(self, party: str, step: CallStep) -> dict[str, str]:
        """The sides that change by that step of the party. Raises WrongStateError."""
        if party not in (self.sender, *self.sides):
            raise WrongStateError("the call was not offered to this party")
        if step is CallStep.ENDED:
            return {other: tables.CALL.after(state, step) for other, state in self.sides.items()}
        if step is CallStep.CANDIDATES:
            if self.state == "ENDED":
                raise WrongStateError("a call that is ENDED cannot be given candidates")
            return {}
        if party == self.sender:
            raise WrongStateError("a call is answered or declined by those to whom it is offered")
        return {party: tables.CALL.after(self.sides[party], step)}

    def check(self, party: str, body: Call) -> dict[str, str]:
        """The sides that change by what the party says. Raises WrongStateError."""
        if len(self.candidates.get(party, ())) + len(body.candidates) > CANDIDATES_KEPT:
            raise WrongStateError(f"a party gives at most {CANDIDATES_KEPT} candidates in one call")
        return self.after(party, body.step)

    def take(self, party: str, body: Call) -> None:
        """Takes in the step. Raises WrongStateError."""
        self.sides |= self.check(party, body)
        if body.session:
            self.sessions[party] = body.session
        if body.candidates:
            self.candidates[party] = (*self.candidates.get(party, ()), *body.candidates)


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    body, ref = entry.body, entry.refs[0].entry if entry.refs else None
    assert isinstance(body, Call)
    calls = picture.shelf(CallView)
    if body.step is CallStep.OFFERED:
        sides = dict.fromkeys(entry.recipients, tables.CALL.start)
        view = CallView(examined.id, entry.sender, entry.mode, examined.leaf, entry.sent_at, ref, sides)
        view.sessions[entry.sender] = body.session
        if body.candidates:
            view.candidates[entry.sender] = body.candidates
        calls[examined.id] = view
    elif ref in calls:
        view = calls[ref]
        view.take(entry.sender, body)
    else:
        raise WrongStateError("there is no such call")
    view.steps.append(StepTaken(body.step, entry.sender, examined.id, entry.sent_at))


def _ring(entry: EntryId, said: Message) -> str | None:
    assert isinstance(said.body, Call)
    return f"call OFFERED by {entry.party}: {entry}" if said.body.step is CallStep.OFFERED else None


KIND = Kind(EntryType.CALL, _apply, needs_force=True, answer_s=within_the_acknowledgement, ring=_ring)
