"""The verbs about claims: to make, answer, settle and withdraw them, and to look at them."""

from tafadi.desk import claims
from tafadi.desk.folding.claim import ClaimView
from tafadi.desk.picture import plain
from tafadi.formats.wire import Json
from tafadi.model.casework import Citation, ClaimStep
from tafadi.model.entry import EntryId
from tafadi.node import Node
from tafadi.web.verbs.arguments import choice, facts_of, mode_named, said


def claim_make(
    node: Node,
    clause: str,
    text: str = "",
    instrument: str = "",
    words: str = "",
    facts: list[str] | None = None,
    incident: str = "",
    against: list[str] | None = None,
    entries: list[str] | None = None,
    agreement: str = "",
    role: str = "supervisor",
    mode: str = "",
) -> dict[str, Json]:
    """Claims that a clause was violated, of this agreement or of another instrument."""
    desk = node.desk(agreement)
    about = desk.find(incident) if incident else None
    rests_on = tuple(desk.find(entry) for entry in entries or ())
    cites = Citation(clause, instrument, words)
    return said(
        claims.make_claim(
            desk, role, mode_named(desk, mode), cites, text, facts_of(facts), about=about, against=tuple(against or ()), entries=rests_on
        )
    )


def claim_answer(
    node: Node, entry: str, text: str, facts: list[str] | None = None, agreement: str = "", role: str = "supervisor"
) -> dict[str, Json]:
    """Answers a claim that was made against this party."""
    desk = node.desk(agreement)
    return said(claims.further(desk, role, desk.find(entry), ClaimStep.ANSWERED, text, facts_of(facts)))


def claim_settle(node: Node, entry: str, outcome: str, text: str = "", agreement: str = "", role: str = "supervisor") -> dict[str, Json]:
    """Agrees to a claim, or says that it is disputed."""
    desk = node.desk(agreement)
    return said(claims.further(desk, role, desk.find(entry), choice(ClaimStep, outcome, "outcome"), text))


def claim_withdraw(node: Node, entry: str, text: str = "", agreement: str = "", role: str = "supervisor") -> dict[str, Json]:
    """Takes one's own claim back."""
    desk = node.desk(agreement)
    return said(claims.further(desk, role, desk.find(entry), ClaimStep.WITHDRAWN, text))


def claim_show(node: Node, entry: str = "", agreement: str = "") -> dict[str, Json]:
    """One claim, or all."""
    desk = node.desk(agreement)
    found = [claims.claim_of(desk, EntryId.parse(entry))] if entry else [one for _, one in sorted(desk.picture.shelf(ClaimView).items())]
    return {"agreement": desk.pact.id, "party": desk.party, "claims": [plain(view) for view in found]}
