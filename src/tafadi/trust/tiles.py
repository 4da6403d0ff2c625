"""Tiles: how a feed is served as plain files, over the line, by USB stick or by radio.

A tile is 256 consecutive hashes of one level (8,192 bytes); level 0 holds leaf hashes, each hash of level n+1 is the root of a full tile
of level n. An entry bundle is 256 entries, each with its length before it as uint16. The last tile of a level may be partial and says its
width in its path. A full tile never changes.

    tile/0/x001/x234/067        tile 1,234,067 of level 0
    tile/1/000.p/17             the partial tile 0 of level 1, 17 hashes wide
    tile/entries/003.p/44       the partial bundle 3, 44 entries

Source: C2SP tlog-tiles v0.1.0.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tafadi.errors import FormatError, InputError
from tafadi.trust.envelope import LEAF_MAX_BYTES
from tafadi.trust.log import HASH_BYTES, SIZE_MAX, Frontier
from tafadi.trust.push import Reader

WIDTH: Final = 256  # entries of a bundle, hashes of a tile
LEVEL_MAX: Final = 63  # SPEC tlog-tiles; a feed within SIZE_MAX has 7 levels
_PATH: Final = re.compile(r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)
_PATH_MAX: Final = 64  # characters; six groups of digits are more than 2^53 needs
_FORMAT: Final = "tile"


@dataclass(frozen=True, slots=True)
class Tile:
    """Which tile: its level (None for an entry bundle), index within the level, and width (256 when full). Raises InputError."""

    level: int | None
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        if self.level is not None and not 0 <= self.level <= LEVEL_MAX:
            raise InputError(f"level {self.level} is not within 0 to {LEVEL_MAX}")
        if not 0 <= self.index <= SIZE_MAX // WIDTH or not 1 <= self.width <= WIDTH:
            raise InputError(f"there is no tile {self.index} of width {self.width}")

    @property
    def path(self) -> str:
        """Where it is served, below the feed's prefix."""
        kind = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{kind}/{_index_path(self.index)}{partial}"


def tile_path(level: int | None, index: int, width: int = WIDTH) -> str:
    """The path of a tile; level None means an entry bundle. Raises InputError.

    >>> tile_path(0, 1234067)
    'tile/0/x001/x234/067'
    >>> tile_path(None, 3, 44)
    'tile/entries/003.p/44'
    """
    return Tile(level, index, width).path


def parse_tile_path(path: str) -> Tile:
    """The tile that is served at `path`. Raises FormatError for any other spelling."""
    match = _PATH.fullmatch(path) if len(path) <= _PATH_MAX else None
    if match is None:
        raise FormatError(f"{path[:_PATH_MAX]!r} is not the path of a tile", format=_FORMAT)
    kind, groups, width = match.groups()
    try:
        tile = Tile(None if kind == "entries" else int(kind), int(groups.replace("x", "").replace("/", "")), int(width or WIDTH))
    except InputError as error:
        raise FormatError(str(error), format=_FORMAT) from None
    if tile.path != path:  # needless groups of zeros, or a full tile called partial
        raise FormatError(f"{path!r} is not the one path of its tile, {tile.path}", format=_FORMAT)
    return tile


def tiles_of(size: int, before: int = 0) -> list[Tile]:
    """What is new to write: tiles and bundles that a tree of `size` leaves has and one of `before` had not. Raises InputError."""
    if not 0 <= before <= size <= SIZE_MAX:
        raise InputError(f"a feed does not go from {before} to {size} entries")
    new = [Tile(None, tile.index, tile.width) for tile in _tiles_of_level(0, before, size)]
    level, low, high = 0, before, size
    while high:
        new += _tiles_of_level(level, low, high)
        level, low, high = level + 1, low // WIDTH, high // WIDTH
    return new


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The bundle of up to 256 entries. Raises InputError for none, too many, or one that is too long."""
    if not 1 <= len(entries) <= WIDTH or any(len(entry) > LEAF_MAX_BYTES for entry in entries):
        raise InputError(f"a bundle holds 1 to {WIDTH} entries of at most {LEAF_MAX_BYTES} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(data: bytes, width: int) -> tuple[bytes, ...]:
    """The entries of a bundle `width` entries wide. Raises FormatError when there are more, fewer, or a part of one."""
    reader = Reader(data, "bundle")
    entries = tuple(reader.sized("entry") for _ in range(width))
    if reader.left:
        raise FormatError(f"{reader.left} bytes follow the {width} entries", format="bundle", offset=reader.at)
    return entries


def encode_hashes(hashes: Iterable[bytes]) -> bytes:
    """The tile of these hashes. Raises InputError for none, too many, or one of another length."""
    listed = list(hashes)
    if not 1 <= len(listed) <= WIDTH or any(len(one) != HASH_BYTES for one in listed):
        raise InputError(f"a tile holds 1 to {WIDTH} hashes of {HASH_BYTES} bytes")
    return b"".join(listed)


def decode_hashes(data: bytes, width: int) -> tuple[bytes, ...]:
    """The hashes of a tile `width` wide. Raises FormatError for another length."""
    if len(data) != width * HASH_BYTES:
        raise FormatError(f"a tile of width {width} has {width * HASH_BYTES} bytes, and this has {len(data)}", format=_FORMAT)
    return tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))


def above(hashes: Sequence[bytes]) -> bytes:
    """The hash that a full tile has in the level above. Raises InputError when the tile is partial: it has none yet."""
    if len(hashes) != WIDTH:
        raise InputError(f"a tile of {len(hashes)} hashes is partial; only one of {WIDTH} has a hash in the level above")
    return Frontier().extend(hashes).root()


def _tiles_of_level(level: int, low: int, high: int) -> list[Tile]:
    """The tiles over hashes `low` to `high` of a level, the partial last one as wide as it is."""
    if low == high:
        return []
    return [Tile(level, index, min(WIDTH, high - index * WIDTH)) for index in range(low // WIDTH, (high - 1) // WIDTH + 1)]


def _index_path(index: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
