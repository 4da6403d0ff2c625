"""The verbs about claims: to make one, to answer it, to agree or dispute, to withdraw it."""

from tafadi.desk.desk import Desk
from tafadi.desk.folding.claim import ClaimView
from tafadi.desk.speak import Draft, say
from tafadi.errors import MissingError, WrongStateError
from tafadi.model.casework import Citation, Claim, ClaimStep
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.incident import Fact
from tafadi.model.names import Mode, Precedence


def make_claim(
    desk: Desk,
    role: str,
    mode: Mode,
    cites: Citation,
    text: str = "",
    facts: tuple[Fact, ...] = (),
    *,
    about: EntryId | None = None,
    against: tuple[str, ...] = (),
    entries: tuple[EntryId, ...] = (),
) -> EntryId:
    """The identity of a new claim `against` those parties (all others, where none is named), about an incident where it is about one.

    Raises RefusedError while the agreement is not in force, MissingError for an entry that is not here or who is no other party.
    """
    desk.require_force()
    strangers = set(against) - set(desk.pact.others(desk.party))
    if strangers:
        raise MissingError(f"{', '.join(sorted(strangers))} is no other party of {desk.pact.id}")
    body = Claim(ClaimStep.MADE, cites, text, facts, tuple(desk.ref(entry) for entry in entries))
    refs = (desk.ref(about),) if about else ()
    return say(desk, Draft(EntryType.CLAIM, body, mode, role, Precedence.PRIORITY, recipients=against, refs=refs))[0]


def further(desk: Desk, role: str, entry: EntryId, step: ClaimStep, text: str = "", facts: tuple[Fact, ...] = ()) -> EntryId:
    """The identity of the next step about a claim. Raises MissingError, WrongStateError."""
    view = claim_of(desk, entry)
    if step is ClaimStep.MADE:
        raise WrongStateError(f"claim {entry} is made already")
    view.after(desk.party, step)
    return say(desk, Draft(EntryType.CLAIM, Claim(step, None, text, facts), view.mode, role, Precedence.PRIORITY, refs=(desk.ref(entry),)))[
        0
    ]


def claim_of(desk: Desk, entry: EntryId) -> ClaimView:
    """The claim that the entry made. Raises MissingError."""
    view = desk.picture.shelf(ClaimView).get(entry)
    if view is None:
        raise MissingError(f"{entry} is no claim")
    return view
