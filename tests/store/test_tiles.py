"""Tiles: each is cut from the part of the feed that it covers, and from no more."""

from typing import cast

import pytest

from tafadi.desk.ports import Head, Journal
from tafadi.errors import MissingError
from tafadi.store.tiles import tile_bytes
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.tiles import decode_hashes

ORIGIN = "tafadi.v1/line/alpha/1"


class _Counting:
    """A journal that counts the hashes that are read from it, of leaves and of ranges of leaves."""

    def __init__(self, hashes: list[bytes]) -> None:
        self.hashes, self.read = hashes, 0
        self.frontier = Frontier().extend(hashes)

    def head(self, origin: str) -> Head:
        return Head(self.frontier, None)

    def leaf_hashes(self, origin: str, start: int = 0, end: int | None = None) -> list[bytes]:
        found = self.hashes[start:end]
        self.read += len(found)
        return found

    def range_hash(self, origin: str, start: int, end: int) -> bytes:
        self.read += 1
        return Frontier().extend(self.hashes[start:end]).root()


def test_a_tile_costs_no_more_than_the_hashes_in_it() -> None:
    """Of 70,000 entries: a full tile and the last one of level 0, and the last of levels 1 and 2, against the slow way up."""
    hashes = [leaf_hash(str(number).encode()) for number in range(70_000)]
    level_1 = [Frontier().extend(hashes[at : at + 256]).root() for at in range(0, 273 * 256, 256)]
    due = {
        "tile/0/000": hashes[:256],
        "tile/0/273.p/112": hashes[69_888:],
        "tile/1/001.p/17": level_1[256:],
        "tile/2/000.p/1": [Frontier().extend(hashes[:65_536]).root()],
    }
    journal = _Counting(hashes)
    for path, tile in due.items():
        journal.read = 0
        assert list(decode_hashes(tile_bytes(cast("Journal", journal), ORIGIN, path), len(tile))) == tile
        assert journal.read == len(tile)
    journal.read = 0
    for path in ("tile/0/273.p/113", "tile/0/274", "tile/1/001.p/18", "tile/2/000.p/2", "tile/3/000.p/1", "tile/63/000"):
        with pytest.raises(MissingError):
            tile_bytes(cast("Journal", journal), ORIGIN, path)
    assert journal.read == 0
