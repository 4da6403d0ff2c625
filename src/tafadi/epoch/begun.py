"""What a new epoch began with: its ends, what was fetched back, who was not asked, and whom its card could not be told."""

from dataclasses import dataclass
from typing import NamedTuple

from tafadi.desk.pact import Pact
from tafadi.trust.checkpoint import Checkpoint


@dataclass(frozen=True, slots=True)
class FetchedBack:
    """What became of one own feed: how many entries the record held, and holds now; how many it is known to have had before."""

    origin: str
    had: int
    has: int
    known: int

    @property
    def lost(self) -> int:
        """Entries that were written here and that no party that was asked holds. If all were, nobody gave a receipt for them."""
        return max(0, self.known - self.has)


@dataclass(frozen=True, slots=True)
class Unasked:
    """A party that was not asked what it holds of ours under an agreement, or gave no answer that can be used, and why."""

    party: str
    agreement: str
    why: str


@dataclass(frozen=True, slots=True)
class Begun:
    """The epoch that begins, the ends of the feeds before it, what was fetched back for them; who was not asked; what was set aside.

    `untold` are the parties that know the old certificate and were not told the card with the new one: it is brought to them as a file.
    `closed` are the sealed entries that cannot be read any more, for their key did not open before the private one was destroyed.
    """

    epoch: int
    ends: tuple[Checkpoint, ...]
    fetched: tuple[FetchedBack, ...] = ()
    unasked: tuple[Unasked, ...] = ()
    aside: tuple[str, ...] = ()
    untold: tuple[Unasked, ...] = ()
    closed: tuple[str, ...] = ()


class Asked(NamedTuple):
    """A party that is asked what it holds of ours, under which agreement, and where."""

    pact: Pact
    party: str
    url: str
