"""Silence: who was called by other channels and answered none of them, how often on each, and since when.

22 calls on guard in 8 hours, none answered. Here each try is an entry; the tries that nobody answered are counted, channel by channel,
until one that was, in either direction. Meanwhile a clock runs as for FLASH, whatever they were about: who tries another way is in a hurry.
"""

from dataclasses import dataclass

from tafadi.desk.index import Tried
from tafadi.desk.picture import Picture
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId
from tafadi.model.names import Mode


@dataclass(frozen=True, slots=True)
class Silence:
    """One party calls and the other does not answer: from which entry on, since when, and how many tries on each channel."""

    caller: str
    called: str
    mode: Mode
    first: EntryId
    since: Instant
    tries: dict[str, int]

    @property
    def words(self) -> str:
        """The tries in words, as `radio 22, telephone 3`."""
        return ", ".join(f"{channel} {count}" for channel, count in sorted(self.tries.items()))


def silences(picture: Picture) -> list[Silence]:
    """Every silence that lasts, in the order of who calls whom."""
    found = []
    for caller, called, mode in sorted(picture.index.tries):
        tried = _still(picture, caller, called, mode)
        if tried:
            found.append(Silence(caller, called, mode, tried[0].entry, tried[0].at, _counted(tried)))
    return found


def _still(picture: Picture, caller: str, called: str, mode: Mode) -> list[Tried]:
    """The tries that nobody has answered, but for those before the called party itself got through to the caller."""
    tried = picture.index.unanswered((caller, called, mode))
    back = picture.index.last_answered((called, caller, mode)) if tried else None
    return tried if back is None else [one for one in tried if one.at > back.at]


def _counted(tried: list[Tried]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in tried:
        counts[one.attempt.channel] = counts.get(one.attempt.channel, 0) + one.attempt.tries
    return counts
