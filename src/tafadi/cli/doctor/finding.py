"""Findings: what an examination says of one thing. What could not be looked at is UNKNOWN, and that is not OK."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from tafadi.errors import TafadiError


class Verdict(StrEnum):
    """How one thing is."""

    OK = "OK"
    FAULT = "FAULT"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: which, how it is, and a sentence that says what to do where it is not well."""

    check: str
    verdict: Verdict
    sentence: str


def well(check: str, sentence: str) -> Finding:
    """All is well."""
    return Finding(check, Verdict.OK, sentence)


def fault(check: str, sentence: str) -> Finding:
    """Something is wrong."""
    return Finding(check, Verdict.FAULT, sentence)


def unknown(check: str, sentence: str) -> Finding:
    """Nobody knows."""
    return Finding(check, Verdict.UNKNOWN, sentence)


def examined(check: str, examination: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What the examination finds; and where it cannot go on, that, and why."""
    try:
        yield from examination()
    except TafadiError as error:
        yield fault(check, str(error))
    except OSError as error:
        yield unknown(check, f"{error.filename or 'the system'}: {error.strerror or error}")
