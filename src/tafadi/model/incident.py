"""Incidents: a misunderstanding, with both sides' accounts and what was measured."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant, Span
from tafadi.model.names import check_text

LONGEST_CITED: Final = 200  # a clause by its name, or a digest
LONGEST_ACCOUNT: Final = 10_000  # characters; a page or two, far below the 65,535 bytes of an entry


class IncidentStep(StrEnum):
    """An incident is opened with one account and replied to with the other."""

    OPEN = "OPEN"
    REPLY = "REPLY"


@dataclass(frozen=True, slots=True)
class Measured:
    """A closest approach as measured: when, where, and how far apart (millimetres; vertical None when unknown)."""

    at: Instant
    place: Position
    horizontal_mm: int
    vertical_mm: int | None


@dataclass(frozen=True, slots=True)
class Incident:
    """One side's account: when it happened, what was measured, which clauses and which evidence (SHA-256) it rests on."""

    step: IncidentStep
    account: str
    occurred: Span | None = None
    measured: Measured | None = None
    clauses: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_text(self.account, "the account", LONGEST_ACCOUNT)
        for cited in (*self.clauses, *self.evidence):
            check_text(cited, "what the account cites", LONGEST_CITED)
        if self.step is IncidentStep.OPEN and self.occurred is None:
            raise InputError("an incident that is opened says when it occurred")
