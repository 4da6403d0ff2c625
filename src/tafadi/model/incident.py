"""Incidents: a misunderstanding, with both sides' accounts, what was measured, and what the sides make of it in the end."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant, Span
from tafadi.model.names import check_text

LONGEST_CITED: Final = 200  # a clause by its name, or a digest
LONGEST_ACCOUNT: Final = 10_000  # characters; a page or two, far below the 65,535 bytes of an entry
MOST_FACTS: Final = 100  # of one review, answer or claim; what has more is more than one matter


class IncidentStep(StrEnum):
    """An incident is opened with one account and replied to with the others; each party reviews it, and closes it or disagrees."""

    OPEN = "OPEN"
    REPLY = "REPLY"
    REVIEWED = "REVIEWED"
    CLOSED = "CLOSED"
    DISAGREED = "DISAGREED"


@dataclass(frozen=True, slots=True)
class Measured:
    """A closest approach as measured: when, where, and how far apart (millimetres; vertical None when unknown)."""

    at: Instant
    place: Position
    horizontal_mm: int
    vertical_mm: int | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that is said to have been so, and whether the party that lists it holds it to be undisputed.

    `item` is its number, by which all parties speak of it; who speaks of another's item need not repeat its words.
    """

    item: int
    undisputed: bool
    text: str = ""

    def __post_init__(self) -> None:
        check_text(self.text, "the fact")
        if not 1 <= self.item <= MOST_FACTS:
            raise InputError(f"facts are numbered 1 to {MOST_FACTS}, not {self.item}")


def check_facts(facts: tuple[Fact, ...]) -> None:
    """Raises InputError unless the facts stand in the order of their numbers, each once."""
    items = [fact.item for fact in facts]
    if items != sorted(set(items)):
        raise InputError("facts stand in the order of their numbers, each once")


@dataclass(frozen=True, slots=True)
class Incident:
    """One side's account: when it happened, what was measured, which clauses and which evidence (SHA-256) it rests on.

    A review has the `facts` one by one; what is closed or disagreed on has words for it, or none. Only an opening and a reply are accounts.
    """

    step: IncidentStep
    account: str
    occurred: Span | None = None
    measured: Measured | None = None
    clauses: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()

    def __post_init__(self) -> None:
        check_text(self.account, "the account", LONGEST_ACCOUNT)
        for cited in (*self.clauses, *self.evidence):
            check_text(cited, "what the account cites", LONGEST_CITED)
        if self.step is IncidentStep.OPEN and self.occurred is None:
            raise InputError("an incident that is opened says when it occurred")
        check_facts(self.facts)
        if self.facts and self.step is not IncidentStep.REVIEWED:
            raise InputError("facts are listed one by one in a review")
