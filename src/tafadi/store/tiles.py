"""Feeds as tlog-tiles: the checkpoint, hash tiles and entry bundles of a feed, cut from the journal when they are asked for.

Source: C2SP tlog-tiles v0.1.0; docs/spec/tiles.md.
"""

from tafadi.desk.ports import Journal
from tafadi.errors import MissingError
from tafadi.trust.tiles import WIDTH, Tile, above, encode_bundle, encode_hashes, parse_tile_path


def tile_bytes(journal: Journal, origin: str, path: str) -> bytes:
    """What is served at `path` below the feed. Raises FormatError for no tile path, MissingError for what the feed does not have."""
    head = journal.head(origin)
    if path == "checkpoint":
        if head.checkpoint is None:
            raise MissingError(f"feed {origin} has no checkpoint yet")
        return head.checkpoint
    tile = parse_tile_path(path)
    if tile.level is None:
        return _bundle(journal, origin, tile)
    hashes = journal.leaf_hashes(origin)
    for _ in range(tile.level):
        hashes = [above(hashes[at : at + WIDTH]) for at in range(0, len(hashes) - WIDTH + 1, WIDTH)]
    return encode_hashes(_cut(hashes, tile, origin))


def _bundle(journal: Journal, origin: str, tile: Tile) -> bytes:
    start = tile.index * WIDTH
    leaves = journal.leaves(origin, start, start + tile.width)
    if len(leaves) != tile.width:
        raise MissingError(f"feed {origin} has no {tile.width} entries from {start} on")
    return encode_bundle(leaves)


def _cut(hashes: list[bytes], tile: Tile, origin: str) -> list[bytes]:
    start = tile.index * WIDTH
    if start + tile.width > len(hashes):
        raise MissingError(f"feed {origin} has no {tile.width} hashes of level {tile.level} from {start * WIDTH} on")
    return hashes[start : start + tile.width]
