"""Pairs that were kept, once each, with the hull of the times at which they were: a hash table with linear probing.

A line of it is one record, so that a pair is one fetch from memory.

Units : instants in nanoseconds.
Source: D. E. Knuth, The Art of Computer Programming 3, 6.4.
Twin  : a dictionary, in the tests of all pairs.
"""

from typing import Any, Final, NamedTuple

import numba as nb
import numpy as np

from tafadi.engine.layout import Ints, Records, leaf, part

FIRST_ROOM: Final = 1 << 10  # pairs that a table holds before it first doubles; a power of two
EMPTY: Final = -1
MIX: Final = 2_654_435_761  # Knuth's multiplier: neighbouring keys fall far apart
MIXED_BITS: Final = 20
LINE: Final = np.dtype([("key", np.int64), ("from_ns", np.int64), ("until_ns", np.int64)])

_LINE: Final[Any] = nb.from_dtype(LINE)


class Told(NamedTuple):
    """Pairs that were kept; the table is never more than half full."""

    lines: Records  # LINE[n]; the key is EMPTY, or first * paths + second
    size: Ints  # [1] how many there are


@part
def empty_table(size: int) -> Told:
    """A table with room for so many keys."""
    lines = np.empty(size, _LINE)
    for n in range(size):
        lines[n]["key"] = EMPTY
    return Told(lines, np.zeros(1, np.int64))


@leaf
def slot_of(told: Told, key: int) -> int:
    """Where the key is, or would be."""
    last = told.lines.shape[0] - 1
    slot = ((key * MIX) >> MIXED_BITS) & last
    while told.lines[slot]["key"] != key and told.lines[slot]["key"] != EMPTY:
        slot = (slot + 1) & last
    return int(slot)


@part
def listed(told: Told, paths: int) -> Ints:
    """int64[m, 4]: the pairs of the table, of so many paths, and their times."""
    out, count = np.empty((told.size[0], 4), np.int64), 0
    for n in range(told.lines.shape[0]):
        line = told.lines[n]
        if line["key"] != EMPTY:
            out[count, 0], out[count, 1] = line["key"] // paths, line["key"] % paths
            out[count, 2], out[count, 3] = line["from_ns"], line["until_ns"]
            count += 1
    return out


@part
def roomy(told: Told, more: int) -> Told:
    """The table with room for so many more keys: itself, or one that is larger."""
    size = told.lines.shape[0]
    while 2 * (told.size[0] + more) > size:
        size *= 2
    if size == told.lines.shape[0]:
        return told
    larger = empty_table(size)
    for n in range(told.lines.shape[0]):
        line = told.lines[n]
        if line["key"] != EMPTY:
            to = larger.lines[slot_of(larger, line["key"])]
            to["key"], to["from_ns"], to["until_ns"] = line["key"], line["from_ns"], line["until_ns"]
    larger.size[0] = told.size[0]
    return larger


@leaf
def remember(told: Told, key: int, from_ns: int, until_ns: int) -> None:
    """The key and its span, written; the hull of both spans where it is there already."""
    line = told.lines[slot_of(told, key)]
    if line["key"] == key:
        line["from_ns"], line["until_ns"] = min(line["from_ns"], from_ns), max(line["until_ns"], until_ns)
    else:
        line["key"], line["from_ns"], line["until_ns"] = key, from_ns, until_ns
        told.size[0] += 1
