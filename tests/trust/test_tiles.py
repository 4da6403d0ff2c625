"""Tiles: the paths and the example of C2SP, and that tiles rebuild the root."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError, InputError, TafadiError
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.tiles import (
    Tile,
    above,
    decode_bundle,
    decode_hashes,
    encode_bundle,
    encode_hashes,
    parse_tile_path,
    tile_path,
    tiles_of,
)


def test_the_index_of_the_specification_is_written_as_it_says() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(0, 0) == "tile/0/000"
    assert tile_path(2, 999) == "tile/2/999"
    assert tile_path(2, 1000, 17) == "tile/2/x001/000.p/17"
    assert tile_path(None, 3, 44) == "tile/entries/003.p/44"


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    tiles = tiles_of(70_000)
    by_level = {level: [tile for tile in tiles if tile.level == level] for level in (None, 0, 1, 2, 3)}
    assert [(len(found), found[-1].width if found else 0) for found in by_level.values()] == [
        (274, 112),
        (274, 112),
        (2, 17),
        (1, 1),
        (0, 0),
    ]
    assert [tile.width for tile in by_level[1]] == [256, 17]
    assert [(tile.level, tile.width) for tile in tiles_of(256)] == [(None, 256), (0, 256), (1, 1)]
    assert tiles_of(0) == []


def test_what_is_new_is_what_grew() -> None:
    assert [tile.path for tile in tiles_of(513, 255)] == [
        *("tile/entries/000", "tile/entries/001", "tile/entries/002.p/1"),
        *("tile/0/000", "tile/0/001", "tile/0/002.p/1"),
        "tile/1/000.p/2",
    ]
    assert tiles_of(300, 300) == []


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 2**45 - 1), st.integers(1, 256))
@settings(max_examples=200)
def test_every_path_reads_back(level: int | None, index: int, width: int) -> None:
    assert parse_tile_path(tile_path(level, index, width)) == Tile(level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/64/000",
        "tile/00/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/1234",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/257",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/../000",
        "tile/data/000",
        "tile/0/٠٠٠",
        "tile/0/000\n",
        "tile/0/" + "x999/" * 20 + "999",
    ],
)
def test_what_is_no_path_of_a_tile_is_refused(path: str) -> None:
    with pytest.raises(FormatError):
        parse_tile_path(path)


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=20))
@settings(max_examples=60)
def test_every_bundle_reads_back_and_no_cut_one_does(entries: list[bytes]) -> None:
    data = encode_bundle(entries)
    assert decode_bundle(data, len(entries)) == tuple(entries)
    for wrong in (data[:-1], data + b"x"):
        with pytest.raises(FormatError):
            decode_bundle(wrong, len(entries))
    with pytest.raises(FormatError):
        decode_bundle(data, len(entries) + 1)


@given(st.binary(max_size=80), st.integers(1, 256))
@settings(max_examples=100)
def test_noise_raises_only_our_own_errors(data: bytes, width: int) -> None:
    for read in (decode_bundle, decode_hashes):
        try:
            read(data, width)
        except TafadiError:
            continue


def test_tiles_rebuild_the_root_of_the_tree() -> None:
    hashes = [leaf_hash(b"%d" % number) for number in range(256 * 3 + 7)]
    full = [decode_hashes(encode_hashes(hashes[at : at + 256]), 256) for at in range(0, 768, 256)]
    # Three roots of 256 leaves and seven leaves: the peaks of 775 = 512 + 256 + 4 + 2 + 1.
    upper = Frontier().extend(map(above, full))
    lower = Frontier().extend(hashes[768:])
    assert Frontier(775, (*upper.peaks, *lower.peaks)).root() == Frontier().extend(hashes).root()


@pytest.mark.parametrize("hashes", [[], [bytes(32)] * 257, [bytes(31)]])
def test_what_is_no_tile_is_not_written(hashes: list[bytes]) -> None:
    with pytest.raises(InputError):
        encode_hashes(hashes)


def test_limits_of_bundles_and_tiles_hold() -> None:
    for entries in ([], [b""] * 257, [bytes(65_536)]):
        with pytest.raises(InputError):
            encode_bundle(entries)
    with pytest.raises(InputError, match="partial"):
        above([bytes(32)] * 255)
    for level, index, width in [(64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257), (0, 2**53, 1)]:
        with pytest.raises(InputError):
            tile_path(level, index, width)
    for size, before in [(-1, 0), (5, 6), (2**53, 0)]:
        with pytest.raises(InputError):
            tiles_of(size, before)
