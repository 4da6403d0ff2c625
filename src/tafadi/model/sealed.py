"""Sealed entries: words, or a notice, that only those read whose keys are named; for personal data, free text, and a part of the parties.

What is sealed changes no state: every party holds the same entry and folds it alike, whether it can read it or not.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tafadi.errors import InputError
from tafadi.model.entry import check_digest
from tafadi.model.names import check_name, check_text
from tafadi.model.operation import Notice

CONFIDED_TEXT_MAX: Final = 10_000  # characters; as long as the account of an incident
MOST_READERS: Final = 5  # the sender and every other party that an agreement can have
WRAPPED_BYTES: Final = 80  # 32 of the ephemeral key, 32 of the content key, 16 of its tag
LARGEST_PADDED: Final = 32_768  # what is sealed is as long as this at the most, or its entry would be too long for a feed
TAG_BYTES: Final = 16  # ChaCha20-Poly1305


class SealedKind(StrEnum):
    """What is inside. It stands outside, so that who cannot read a notice knows that there is one."""

    TEXT = "text"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Confided:
    """What was sealed: words for people, or a notice with words or without."""

    text: str = ""
    notice: Notice | None = None

    def __post_init__(self) -> None:
        check_text(self.text, "what is sealed", CONFIDED_TEXT_MAX)
        if not self.text and self.notice is None:
            raise InputError("nothing is to be sealed: give words, or a notice")

    @property
    def kind(self) -> SealedKind:
        """What its entry says that it is."""
        return SealedKind.TEXT if self.notice is None else SealedKind.NOTICE


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """The content key for one reader: under the HPKE key of that party's card of that epoch."""

    party: str
    epoch: int
    wrapped: bytes

    def __post_init__(self) -> None:
        check_name(self.party, "party")
        if self.epoch < 1 or len(self.wrapped) != WRAPPED_BYTES:
            raise InputError(f"a wrapped key has {WRAPPED_BYTES} bytes and is for an epoch from 1 on")


@dataclass(frozen=True, slots=True)
class Sealed:
    """One ciphertext, the key to it once for each reader (in the order of their names), and the commitment to both (hexadecimal)."""

    kind: SealedKind
    ciphertext: bytes
    commitment: str
    keys: tuple[WrappedKey, ...]

    def __post_init__(self) -> None:
        check_digest(self.commitment)
        padded_bytes = len(self.ciphertext) - TAG_BYTES
        if not 256 <= padded_bytes <= LARGEST_PADDED or padded_bytes & (padded_bytes - 1):
            raise InputError(f"what is sealed is padded to 256·2ⁿ bytes, at most {LARGEST_PADDED}, and not to {padded_bytes}")
        readers = [key.party for key in self.keys]
        if readers != sorted(set(readers)) or not 2 <= len(readers) <= MOST_READERS:
            raise InputError(f"the readers stand in the order of their names, each once, 2 to {MOST_READERS} with the sender")

    def key_of(self, party: str) -> WrappedKey | None:
        """The wrapped key for that party; None where it is no reader."""
        return next((key for key in self.keys if key.party == party), None)
