"""NOP radar hits: what the wire says, what is left out, and what real recordings hold."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.cases import case, cases
from reference.recordings import hits
from tafadi.errors import FormatError
from tafadi.formats import nop
from tafadi.formats.lines import LONGEST_LINE, lines
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FLIGHT_LEVEL_M, KNOT_MPS
from tafadi.model.track import Plot

RADAR = "data/permissive/radar_nop/"


def read(name: str) -> list[Plot]:
    return list(nop.parse(lines([case("nop", name).body])))


@pytest.mark.parametrize("name", cases("nop"))
def test_every_vector_reads_or_fails_as_it_expects(name: str) -> None:
    one = case("nop", name)
    reader = nop.Reader()
    if one.error:
        with pytest.raises(FormatError, match=one.error):
            list(nop.parse(lines([one.body]), reader))
        return
    assert len(list(nop.parse(lines([one.body]), reader))) == one.plots
    assert [reason for reason, _, _ in reader.skips.rows()] == ([one.skips] if one.skips else [])


def test_a_hit_is_read_in_si_with_its_datum() -> None:
    assert read("terminal_hit") == [
        Plot(
            "D21_B/3472",
            Instant.parse("2018-03-24T15:00:00Z"),
            read("terminal_hit")[0].position,
            Height(24 * FLIGHT_LEVEL_M, Datum.PRESSURE),
            108 * KNOT_MPS,
            180.0,
            callsign="ABC1",
            squawk="5256",
            source="nop",
        )
    ]
    position = read("terminal_hit")[0].position
    assert (position.lat_deg, position.lon_deg) == (42.27814, -83.75906)


def test_a_height_of_000_is_not_known_and_never_sea_level() -> None:
    assert read("height_not_yet_known")[0].height is None
    assert read("height_with_letters")[0].height is None


def test_a_first_hit_of_no_speed_and_no_course_has_no_velocity() -> None:
    plot = read("speed_and_course_not_known")[0]
    assert (plot.ground_speed_mps, plot.course_deg) == (None, None)


def test_the_cleared_level_is_the_interim_one_or_else_the_one_assigned() -> None:
    assert read("center_hit_with_an_interim_level")[0].cleared_height == Height(320 * FLIGHT_LEVEL_M, Datum.PRESSURE)
    assert read("center_hit_with_its_assigned_level")[0].cleared_height == Height(370 * FLIGHT_LEVEL_M, Datum.PRESSURE)
    assert read("filed_under_vfr_is_no_clearance")[0].cleared_height is None
    assert read("assigned_level_unknown")[0].cleared_height is None


def test_an_endless_line_takes_no_more_memory_than_any_other() -> None:
    pieces = [b"[RH]," + b"x" * 50_000] * 200
    assert max(map(len, lines(pieces))) == LONGEST_LINE + 1


def test_a_hundred_megabytes_of_garbage_are_given_up_on_early() -> None:
    taken = 0

    def garbage() -> Iterator[bytes]:
        nonlocal taken
        for taken in range(1, 1_000_000):  # noqa: B007  # counted by the closure
            yield b"\x00\xff,garbage\n" * 10

    with pytest.raises(FormatError, match="hold no NOP record"):
        list(nop.parse(lines(garbage())))
    assert taken < 1_000


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=120), max_size=20))
def test_whatever_comes_in_is_read_or_skipped_and_raises_nothing_else(chunks: list[bytes]) -> None:
    reader = nop.Reader()
    list(reader.read(lines(chunks)))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.text(st.characters(codec="latin-1"), max_size=12)), max_size=6))
def test_a_hit_with_any_field_replaced_is_read_or_skipped(changes: list[tuple[int, str]]) -> None:
    fields = case("nop", "center_hit_with_an_interim_level").body.decode().strip().split(",")
    for place, text in changes:
        fields[place] = text
    reader = nop.Reader()
    found = list(reader.read(lines([",".join(fields).encode("latin-1")])))
    assert len(found) <= 1 + sum(text.count("\n") for _, text in changes)


def test_detroit_holds_what_its_readme_says(shared: Callable[[str], Path]) -> None:
    import gzip

    reader = nop.Reader()
    with gzip.open(shared(RADAR + "detroit_D21_20180324.txt.gz")) as file:
        found = list(nop.parse(file, reader))
    # Authority: the data folder's README: 33,500 hits, 225 duplicates; the rest is counted here.
    assert reader.records == 33_500
    assert reader.skips["a duplicate: this track and time were given before"] == 225
    assert len(found) + reader.skips.total == 33_500
    assert min(plot.at for plot in found) == Instant.parse("2018-03-24T14:47:52.471Z")


def test_other_records_of_los_angeles_center_are_counted(shared: Callable[[str], Path]) -> None:
    import gzip

    reader = nop.Reader()
    with gzip.open(shared(RADAR + "losangeles_center_ZLA_20160710.txt.gz")) as file:
        found = list(nop.parse(file, reader))
    # Authority: the data folder's README: 11,632 lines, 563 of other record types, 156 aircraft.
    assert reader.skips["another record type"] == 563
    assert len(found) + reader.skips.total == 11_632
    assert len({plot.track for plot in found}) == 156


def test_the_course_of_agw_is_magnetic_and_left_out(shared: Callable[[str], Path]) -> None:
    found = hits(shared(RADAR + "cases/modeCSwap_1.txt"))
    assert found
    assert all(plot.course_deg is None for plot in found)
