"""Feeds as tlog-tiles: the checkpoint, hash tiles and entry bundles of a feed, cut from the journal when they are asked for.

Source: C2SP tlog-tiles v0.1.0; docs/spec/tiles.md.
"""

from tafadi.desk.ports import Journal
from tafadi.errors import MissingError
from tafadi.trust.tiles import WIDTH, Tile, encode_bundle, encode_hashes, parse_tile_path


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
    return _hash_tile(journal, origin, tile, head.frontier.size)


def _bundle(journal: Journal, origin: str, tile: Tile) -> bytes:
    start = tile.index * WIDTH
    leaves = journal.leaves(origin, start, start + tile.width)
    if len(leaves) != tile.width:
        raise MissingError(f"feed {origin} has no {tile.width} entries from {start} on")
    return encode_bundle(leaves)


def _hash_tile(journal: Journal, origin: str, tile: Tile, size: int) -> bytes:
    """The hashes of one tile, as the journal keeps them: no request costs more than the tile that it asks for."""
    span = WIDTH ** (tile.level or 0)
    starts = [place * span for place in range(tile.index * WIDTH, tile.index * WIDTH + tile.width)]
    if starts[-1] + span > size:
        raise MissingError(f"feed {origin} has no {tile.width} hashes of level {tile.level} from {starts[0]} on")
    if span == 1:
        return encode_hashes(journal.leaf_hashes(origin, starts[0], starts[-1] + 1))  # in one reading
    return encode_hashes(journal.range_hash(origin, start, start + span) for start in starts)
