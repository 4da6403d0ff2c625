"""Claims and actions: that a clause was violated, and what one party has promised to do by when.

A claim is answered by whom it is made against; neither a program nor the other side decides it. An action has an owner, who is a party and
a role of it, and an instant; when that has passed a clock says so.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.instant import Instant
from tafadi.model.entry import Ref
from tafadi.model.incident import LONGEST_ACCOUNT, Fact, check_facts
from tafadi.model.names import LONGEST_FIELD, check_name, check_text

MOST_ENTRIES: Final = 64  # that one claim rests on, or one item of an agenda is about


@dataclass(frozen=True, slots=True)
class Citation:
    """What is said to have been violated: a clause, with its words where that helps, of this agreement (no `instrument`) or of another."""

    clause: str
    instrument: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        check_text(self.clause, "the clause", LONGEST_FIELD)
        check_text(self.instrument, "the instrument", LONGEST_FIELD)
        check_text(self.text, "the words of the clause")
        if not self.clause:
            raise InputError("a claim says which clause was violated")


class ClaimStep(StrEnum):
    """A claim is made, answered, agreed to or disputed by whom it is made against; or withdrawn by who made it."""

    MADE = "MADE"
    ANSWERED = "ANSWERED"
    AGREED = "AGREED"
    DISPUTED = "DISPUTED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, or the next step about one: what was violated, the facts, and the entries that they rest on."""

    step: ClaimStep
    cites: Citation | None = None
    text: str = ""
    facts: tuple[Fact, ...] = ()
    entries: tuple[Ref, ...] = ()

    def __post_init__(self) -> None:
        check_text(self.text, "the text of the claim", LONGEST_ACCOUNT)
        check_facts(self.facts)
        check_entries(self.entries)
        if (self.step is ClaimStep.MADE) != (self.cites is not None):
            raise InputError("a claim that is made cites what was violated, and a later step about it does not")


def check_entries(entries: tuple[Ref, ...]) -> None:
    """Raises InputError for more entries than one thing may rest on."""
    if len(entries) > MOST_ENTRIES:
        raise InputError(f"{len(entries)} entries are more than the {MOST_ENTRIES} that may be named here", code="too-large")


class ActionStep(StrEnum):
    """An action is given, refused or done by its owner, given again or closed by another party; or withdrawn by who gave it."""

    GIVEN = "GIVEN"
    REFUSED = "REFUSED"
    DONE = "DONE"
    REOPENED = "REOPENED"
    CLOSED = "CLOSED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True, slots=True)
class Action:
    """What is to be done, by which role of which party (`owner`), until when (`due`); or the next step about it.

    An action that is given again may have another `due`. `item` is the number of what it follows from in the minutes.
    """

    step: ActionStep
    text: str = ""
    owner: str = ""
    role: str = ""
    due: Instant | None = None
    item: int | None = None

    def __post_init__(self) -> None:
        check_text(self.text, "the text of the action")
        for name, what in ((self.owner, "party"), (self.role, "role")):
            if name:
                check_name(name, what)
        if self.step is ActionStep.GIVEN and not (self.text and self.owner and self.role and self.due):
            raise InputError("an action says what is to be done, by which role of which party, and until when")
        if self.step is not ActionStep.GIVEN and (self.owner or self.role or self.item is not None):
            raise InputError("an action for somebody else is another action: withdraw this one and give that")
        if self.due is not None and self.step not in (ActionStep.GIVEN, ActionStep.REOPENED):
            raise InputError("only an action that is given, or given again, says until when")
