"""Entries: what kind there are, where one stands in its feed, and how one names others and whoever spoke."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tafadi.errors import InputError
from tafadi.model.names import check_name

NODE_ROLE: Final = "node"
_ENTRY_ID = re.compile(r"([a-z][a-z0-9-]{0,31})/([1-9][0-9]{0,8})/(0|[1-9][0-9]{0,14})")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class EntryType(StrEnum):
    """What kind of entry it is."""

    AGREEMENT = "agreement"
    LINE_CHECK = "line-check"
    ROSTER = "roster"
    OPERATION = "notice.operation"
    AREA = "notice.area"
    MOVEMENT = "notice.movement"
    SITE = "notice.site"
    PRESENCE = "notice.presence"
    READBACK = "readback"
    ANSWER = "answer"
    DISTRIBUTED = "distributed"
    REFUSAL = "refusal"
    STOP = "stop"
    DISTRESS = "distress"
    ALERT = "alert"
    ATTEMPT = "attempt"
    INCIDENT = "incident"
    KEY = "key"
    SEALED = "sealed"
    LAPSE = "lapse"
    CLAIM = "claim"
    CONFERENCE = "conference"
    CALL = "call"
    MINUTES = "minutes"
    ACTION = "action"


# Lives hang on these: judged before all else, and heard whatever holds others back: lead, card, roster, an agreement not yet effective.
VITAL: Final = (EntryType.STOP, EntryType.DISTRESS)
# What an agreement carries before its effective instant as well: itself, what tries the line, and what answers a wrong entry.
BEFORE_EFFECT: Final = (*VITAL, EntryType.AGREEMENT, EntryType.LINE_CHECK, EntryType.ATTEMPT, EntryType.REFUSAL)

# What a suspension can hold back: what is asked of others and answered by them. Everything else goes on whatever the agreement is: what
# saves lives, the line and its record, the cases in which a suspension is talked over, and what is a fact and no promise (site, presence).
SUSPENDABLE: Final = (EntryType.AREA, EntryType.MOVEMENT, EntryType.OPERATION)


@dataclass(frozen=True, slots=True, order=True)
class EntryId:
    """Where an entry stands: whose feed, which epoch of it, which index. Written `alpha/1/17`."""

    party: str
    epoch: int
    index: int

    @classmethod
    def parse(cls, text: str) -> "EntryId":
        """The identity written as `party/epoch/index`. Raises InputError."""
        match = _ENTRY_ID.fullmatch(text) if len(text) < 80 else None
        if match is None:
            raise InputError(f"{text[:80]!r} is not an entry like alpha/1/17")
        return cls(match[1], int(match[2]), int(match[3]))

    def __str__(self) -> str:
        return f"{self.party}/{self.epoch}/{self.index}"


@dataclass(frozen=True, slots=True)
class Ref:
    """An entry that this one answers, amends or cancels: its place, and the hash of its exact bytes (hexadecimal)."""

    entry: EntryId
    leaf: str

    def __post_init__(self) -> None:
        check_digest(self.leaf)


def check_digest(text: str) -> str:
    """`text` itself, if it is 64 hexadecimal digits in lower case. Raises InputError."""
    if not _DIGEST.fullmatch(text):
        raise InputError(f"{text[:70]!r} is not a SHA-256 digest in 64 hexadecimal digits")
    return text


@dataclass(frozen=True, slots=True)
class Seen:
    """How much of another party's feed the sender had read: its size and root (hexadecimal), as its owner signed them."""

    party: str
    epoch: int
    size: int
    root: str

    def __post_init__(self) -> None:
        check_name(self.party, "party")
        check_digest(self.root)
        if self.size < 0:
            raise InputError(f"nobody has seen {self.size} entries")


@dataclass(frozen=True, slots=True)
class Operator:
    """Who spoke: by role, and the key that signed. The role `node` is the machine itself."""

    role: str
    key: str
