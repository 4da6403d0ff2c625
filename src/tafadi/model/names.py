"""Names: who speaks, under what, how urgently and in earnest or not."""

import re
from enum import StrEnum
from typing import Final

from tafadi.errors import InputError
from tafadi.measure.kinds import check_kind

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
LONGEST_TEXT: Final = 2_000  # characters of any one free text; free text is never authoritative
LONGEST_FIELD: Final = 200  # characters of the name of a member, or of anything else that is a label and no text
# Control characters but line feed and tab, line separators, and what turns or hides text; the joiners of Arabic script may stay.
_HOSTILE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")


class Mode(StrEnum):
    """In earnest, as an exercise, or as a test; shown unmistakably everywhere."""

    REAL = "REAL"
    EXERCISE = "EXERCISE"
    TEST = "TEST"


class Precedence(StrEnum):
    """How urgent an entry is, after ACP 131."""

    ROUTINE = "ROUTINE"
    PRIORITY = "PRIORITY"
    IMMEDIATE = "IMMEDIATE"
    FLASH = "FLASH"


class Language(StrEnum):
    """A language that the phrase table speaks."""

    AR = "ar"
    RU = "ru"
    EN = "en"


def check_name(text: str, what: str) -> str:
    """`text` itself, if it can name a party, an agreement, a role or a landmark. Raises InputError.

    >>> check_name("north-desk", "party")
    'north-desk'
    """
    check_kind(text, what, str)
    if not _NAME.fullmatch(text):
        raise InputError(f"{what} {text[:40]!r} must be 1 to 32 of a-z, 0-9 and -, beginning with a letter")
    return text


def printable(text: str) -> str:
    """`text` with a question mark for everything that does not print: safe to show, whoever wrote it."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def check_text(text: str, what: str, longest: int = LONGEST_TEXT) -> str:
    """`text` itself, if it is short enough and holds no control, hidden or direction-changing characters. Raises InputError."""
    check_kind(text, what, str)
    if len(text) > longest:
        raise InputError(f"{what} is {len(text)} characters long; at most {longest} are allowed", code="too-large")
    if _HOSTILE.search(text):
        raise InputError(f"{what} holds a control character, or one that turns the direction of text")
    return text
