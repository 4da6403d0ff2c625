"""A record that is walked says what libasterix says when it takes all of it apart, and what it refuses is refused."""

from collections.abc import Callable, Sequence
from datetime import date
from importlib import import_module
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import asterix_library
from reference.cases import case, cases
from tafadi.formats import asterix
from tafadi.formats.asterix_layout import BYTE, NotAsterix, layout_of, number, records
from tafadi.formats.asterix_record import EDITIONS
from tafadi.formats.capture import BLOCK_HEADER, Block, Capture
from tafadi.formats.skips import Skips

FOLDER = "data/copyleft/asterix/"
DAY = date(2026, 3, 1)
READ = [name for name in cases("asterix") if not case("asterix", name).error]
BARE = [name for name in READ if bytes.fromhex(case("asterix", name).body.decode())[0] in EDITIONS]
LAYOUTS = {category: layout_of(getattr(import_module("asterix.generated"), edition)) for category, edition in EDITIONS.items()}


def blocks(data: bytes) -> list[Block]:
    return list(Capture(Skips()).blocks([data]))


def vector(name: str) -> bytes:
    return bytes.fromhex(case("asterix", name).body.decode())


def walked(data: bytes) -> list[dict[str, bytes]] | None:
    """The bytes of each item of each record of a block; None where it is refused."""
    try:
        found = list(records(LAYOUTS[data[0]], data, BLOCK_HEADER * BYTE))
    except NotAsterix:
        return None
    return [{name: data[bit // BYTE : layout.end(data, bit) // BYTE] for name, (layout, bit) in places.items()} for places in found]


def compare(recorded: Sequence[Block]) -> int:
    """Asks both of the same blocks: items, plots, and reasons for which there is none; how many plots there are."""
    for block in recorded:
        if block.data[0] in EDITIONS:
            theirs = asterix_library.taken_apart(block.data)
            assert walked(block.data) == (None if theirs is None else [asterix_library.items(record) for record in theirs])
    told: list[tuple[object, ...]] = []
    for reader in (asterix.Reader(day=DAY), asterix_library.Reader(day=DAY)):
        plots = list(reader.read(recorded))
        told.append((plots, reader.records, reader.skips.rows(), reader.skips.damaged))
    assert told[0] == told[1]
    return len(plots)


@pytest.mark.parametrize("name", READ)
def test_every_vector_says_the_same(name: str) -> None:
    assert compare(blocks(vector(name))) == case("asterix", name).plots


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(BARE), st.lists(st.tuples(st.integers(3, 90), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_vector_with_bytes_changed_says_the_same(name: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(vector(name))
    for place, value in changes:
        if place < len(data):
            data[place] = value
    compare([block for block in blocks(bytes(data)) if block.data[0] in EDITIONS])


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(EDITIONS)), st.binary(max_size=60))
def test_any_bytes_are_taken_or_refused_as_the_library_does(category: int, data: bytes) -> None:
    compare([Block(bytes([category]) + (len(data) + BLOCK_HEADER).to_bytes(2, "big") + data, None)])


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=1, max_size=12), st.data())
def test_bits_are_the_number_that_their_digits_say(data: bytes, draw: st.DataObject) -> None:
    bit = draw.draw(st.integers(0, len(data) * BYTE - 1))
    size = draw.draw(st.integers(1, len(data) * BYTE - bit))
    digits = "".join(f"{byte:08b}" for byte in data)
    assert number(data, bit, size) == int(digits[bit : bit + size], 2)


def test_bits_beyond_the_data_are_refused() -> None:
    with pytest.raises(NotAsterix):
        number(b"\xff", 1, 8)


def test_recordings_say_the_same(shared: Callable[[str], Path]) -> None:
    for name in ("croatiacontrol/cat_034_048.pcap", "croatiacontrol/cat_062_065.pcap"):
        assert compare(blocks(shared(FOLDER + name).read_bytes())) > 0
    with shared(FOLDER + "cat062_baltic_30min.ff").open("rb") as file:
        assert compare(list(islice(Capture(Skips()).blocks(iter(lambda: file.read(65_536), b"")), 700))) > 650
