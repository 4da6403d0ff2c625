"""`claim`: that a clause was violated. Answered, agreed to or disputed by each party that it is made against; withdrawn by who made it.

No party decides it for another. To a claim that nobody answers its maker says DISPUTED: that is its end, until an answer comes after all.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Final

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.folding.kind import Kind, within_the_reply
from tafadi.desk.picture import Picture, StepTaken, View
from tafadi.errors import WrongStateError
from tafadi.measure.instant import Instant
from tafadi.model.casework import Claim, ClaimStep
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.model.names import Mode

_RANK: Final = ("DISPUTED", "MADE", "ANSWERED", "WITHDRAWN", "AGREED")  # the least settled first


@dataclass(slots=True)
class ClaimView(View):
    """One claim; `sides` is how far each party has come that it is made against, `answers` and `verdicts` what each said last."""

    SHELF: ClassVar[str] = "claims"
    id: EntryId
    sender: str
    mode: Mode
    leaf: str
    sent_at: Instant
    about: EntryId | None
    claim: Claim
    sides: dict[str, str]
    answers: dict[str, Claim] = field(default_factory=dict)
    verdicts: dict[str, Claim] = field(default_factory=dict)
    steps: list[StepTaken] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The least settled of the sides."""
        return min(self.sides.values(), key=_RANK.index)

    @property
    def waits(self) -> bool:
        """Until all have answered, or nobody waits any more."""
        return tables.CLAIM.start in self.sides.values()

    def after(self, party: str, step: ClaimStep) -> dict[str, str]:
        """The sides that change by that step of the party. Raises WrongStateError."""
        if party == self.sender:
            return self._after_its_maker(step)
        if party not in self.sides or step is ClaimStep.WITHDRAWN:
            raise WrongStateError("a claim is answered by whom it is made against, and withdrawn by who made it")
        return {party: tables.CLAIM.after(self.sides[party], step)}

    def _after_its_maker(self, step: ClaimStep) -> dict[str, str]:
        if step not in (ClaimStep.DISPUTED, ClaimStep.WITHDRAWN):
            raise WrongStateError("who made a claim may withdraw it, or say that it is disputed; others answer it")
        event = "unanswered" if step is ClaimStep.DISPUTED else step
        movers = [party for party, state in self.sides.items() if (state, event) in tables.CLAIM.steps]
        if not movers:
            raise WrongStateError(f"a claim that is {self.state} cannot be {step} by who made it")
        return {party: tables.CLAIM.after(self.sides[party], event) for party in movers}


def _apply(picture: Picture, examined: Examined, entry: Message) -> None:
    body = entry.body
    assert isinstance(body, Claim)
    claims, ref = picture.shelf(ClaimView), entry.refs[0].entry if entry.refs else None
    if body.step is ClaimStep.MADE:
        sides = dict.fromkeys(entry.recipients, tables.CLAIM.start)
        view = ClaimView(examined.id, entry.sender, entry.mode, examined.leaf, entry.sent_at, ref, body, sides)
        claims[examined.id] = view
    elif ref in claims:
        view = claims[ref]
        view.sides |= view.after(entry.sender, body.step)
        if entry.sender != view.sender:
            (view.answers if body.step is ClaimStep.ANSWERED else view.verdicts)[entry.sender] = body
    else:
        raise WrongStateError("there is no such claim")
    view.steps.append(StepTaken(body.step, entry.sender, examined.id, entry.sent_at))


def _ring(entry: EntryId, said: Message) -> str | None:
    body = said.body
    assert isinstance(body, Claim)
    return f"claim made by {entry.party}: {entry}, {body.cites.clause}" if body.cites else None


KIND = Kind(EntryType.CLAIM, _apply, needs_force=True, answer_s=within_the_reply, ring=_ring)
