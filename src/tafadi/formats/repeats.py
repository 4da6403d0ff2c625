"""Repeats: whether a track said this very thing a moment ago. Snapshots, networks and second displays all say things twice."""

from collections import OrderedDict
from typing import Final

MOST_TRACKS: Final = 50_000  # remembered at once; the longest unheard is forgotten first


class Repeats:
    """The last time of each track.

    >>> repeats = Repeats()
    >>> repeats.has("radar/1", 5), repeats.has("radar/1", 5), repeats.has("radar/2", 5)
    (False, True, False)
    """

    def __init__(self) -> None:
        self._last: OrderedDict[str, int] = OrderedDict()

    def has(self, track: str, ns: int) -> bool:
        """Whether `track` was last heard at this very time; remembers that it was."""
        repeated = self._last.get(track) == ns
        self._last[track] = ns
        self._last.move_to_end(track)
        if len(self._last) > MOST_TRACKS:
            self._last.popitem(last=False)
        return repeated
