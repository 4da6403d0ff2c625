"""What this process knows of entries that travel alone, ahead of their feed (`tafadi.desk.express`).

Nothing here is the record: what came alone is in the journal, and who has heard what of ours is learned again by asking again.
"""

from dataclasses import dataclass, field
from typing import Final

from tafadi.model.entry import EntryId
from tafadi.trust.express import Heard

REMEMBERED_MAX: Final = 4_096  # leaves whose alarm is remembered; beyond that one may ring twice, which harms nobody


@dataclass(slots=True)
class Alone:
    """What is heard alone by whom, and what has rung here.

    `heard` is which party has heard which own entry alone; `has_begun` whether what had come before this process is called out; `_rung`
    what the officers were told of, by leaf hash and in which way.
    """

    heard: dict[tuple[str, EntryId], Heard] = field(default_factory=dict)
    has_begun: bool = False
    _rung: set[tuple[bytes, str]] = field(default_factory=set)

    def forget_stored(self, party: str, epoch: int, size: int, owner: str) -> None:
        """Drops what `party` has heard of the first `size` entries of the feed: it is stored there, which says more."""
        for known in [key for key in self.heard if key[0] == party and (key[1].party, key[1].epoch) == (owner, epoch)]:
            if known[1].index < size:
                del self.heard[known]

    def rings_first(self, leaf_hash: bytes, way: str) -> bool:
        """Whether that leaf rings in this way for the first time; it counts as rung from now on."""
        if (leaf_hash, way) in self._rung:
            return False
        if len(self._rung) >= REMEMBERED_MAX:
            self._rung.clear()
        self._rung.add((leaf_hash, way))
        return True

    def has_rung(self, leaf_hash: bytes, way: str) -> bool:
        """Whether that leaf has rung in this way."""
        return (leaf_hash, way) in self._rung
