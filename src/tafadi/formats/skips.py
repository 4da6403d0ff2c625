"""What a reader left out, and why: a stream is never abandoned for one bad line, and nothing is left out in silence.

A reason is either known (a duplicate, a false target, another kind of record) or damage: something stood there, and nobody knows what.
"""

from collections import Counter
from typing import Final

MOST_REASONS: Final = 64  # reasons are fixed sentences of the readers; more than this would be a reader that quotes its input


class Skips:
    """Counts by reason, with the line at which each reason came first.

    >>> skips = Skips()
    >>> skips.add("the line is too long", 7)
    >>> skips.add("the line is too long", 9)
    >>> skips.rows()
    [('the line is too long', 2, 7)]
    """

    def __init__(self) -> None:
        self.damaged = 0  # lines whose content is unknown
        self._counts: Counter[str] = Counter()
        self._first: dict[str, int] = {}

    def add(self, reason: str, line: int, *, is_damage: bool = False, count: int = 1) -> None:
        """Counts `count` more for `reason`, found at `line` (1 is the first); `is_damage` when what it held is unknown."""
        self.damaged += count * is_damage
        if reason not in self._counts and len(self._counts) >= MOST_REASONS:
            reason = "other reasons"
        self._counts[reason] += count
        self._first.setdefault(reason, line)

    def __getitem__(self, reason: str) -> int:
        return self._counts[reason]

    @property
    def total(self) -> int:
        """How many were left out for all reasons together."""
        return self._counts.total()

    def rows(self) -> list[tuple[str, int, int]]:
        """Reason, count and first line, the commonest first."""
        return [(reason, count, self._first[reason]) for reason, count in self._counts.most_common()]
