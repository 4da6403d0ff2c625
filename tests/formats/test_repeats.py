"""Repeats: the same track at the same time, twice."""

from tafadi.formats import repeats
from tafadi.formats.repeats import Repeats


def test_memory_is_bounded_by_the_longest_unheard() -> None:
    one = Repeats()
    for number in range(repeats.MOST_TRACKS + 1):
        one.has(f"t/{number}", 0)
    assert one.has(f"t/{repeats.MOST_TRACKS}", 0)
    assert not one.has("t/0", 0)
