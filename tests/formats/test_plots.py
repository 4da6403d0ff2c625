"""Plot lines: what one program tells another about live tracks."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats.plots import LONGEST_LINE, Reader, parse_line, write_line
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot

AT = Instant.parse("2026-03-01T06:40:00Z")
FULL = Plot(
    "radar/1001", AT, Position(34.1234567, 40.2345678), Height(3_000.0, Datum.PRESSURE), 180.0, 90.0, -2.5, Height(2_500.0, Datum.PRESSURE),
    False, "4ca2bf", "TEST1", "7000", "radar", "alpha",
)  # fmt: skip
BARE = Plot("radar/7", AT, Position(0.0, 0.0))


@pytest.mark.parametrize("plot", [FULL, BARE])
def test_a_plot_is_written_and_read_back(plot: Plot) -> None:
    assert parse_line(write_line(plot)) == plot


def test_what_a_plot_does_not_say_is_absent_and_never_zero() -> None:
    assert json.loads(write_line(BARE)) == {"track": "radar/7", "at": "2026-03-01T06:40:00Z", "position": {"lat_e7": 0, "lon_e7": 0}}
    assert parse_line(write_line(BARE)).height is None


@pytest.mark.parametrize(
    "line",
    [b"{}", b"[]", b"null", b"7", b"{", b"\xff\xfe", b"NaN", b"[" * 3_000, b'{"track":"a"}',
     b'{"track":"a","at":"2026-03-01T06:40:00","position":{"lat_e7":0,"lon_e7":0}}',
     b'{"track":"a","at":"2026-03-01T06:40:00Z","position":{"lat_e7":910000000,"lon_e7":0}}',
     b'{"track":"a","at":"2026-03-01T06:40:00Z","position":{"lat_e7":0.5,"lon_e7":0}}',
     b'{"track":"a","at":"2026-03-01T06:40:00Z","position":{"lat_e7":0,"lon_e7":0},"height":{"value_mm":3}}',
     b'{"track":"a","at":"2026-03-01T06:40:00Z","position":{"lat_e7":0,"lon_e7":0},"ground_speed_mmps":1e400}',
     b'{"track":"a","at":"2026-03-01T06:40:00Z","position":{"lat_e7":0,"lon_e7":0},"aircraft":"x"}',
     b" " * LONGEST_LINE + b"{}"],
)  # fmt: skip
def test_a_line_that_is_no_plot_is_refused_in_a_sentence(line: bytes) -> None:
    with pytest.raises(FormatError):
        parse_line(line)


def test_a_bad_line_is_counted_and_the_stream_goes_on() -> None:
    reader = Reader()
    plots = list(reader.read([write_line(FULL), b"noise\n", b"\n", write_line(BARE)]))
    assert plots == [FULL, BARE]
    assert reader.skips.rows() == [("the line is not JSON", 1, 2)]


@settings(max_examples=200, deadline=None)
@given(lines=st.lists(st.binary(max_size=60), max_size=5))
def test_a_reader_never_raises_for_what_a_line_holds(lines: list[bytes]) -> None:
    reader = Reader()
    found = list(reader.read(lines))
    assert len(found) + reader.skips.total == sum(bool(line.strip()) for line in lines)


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(write_line(FULL)) - 2), byte=st.integers(1, 255))
def test_one_byte_changed_is_a_plot_or_a_format_error(at: int, byte: int) -> None:
    line = bytearray(write_line(FULL))
    line[at] ^= byte
    with contextlib.suppress(FormatError):
        parse_line(bytes(line))
