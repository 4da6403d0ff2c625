"""IFF track points: what the wire says, what is left out, and what a real recording holds."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.cases import case, cases
from tafadi.errors import FormatError
from tafadi.formats import iff
from tafadi.formats.lines import lines
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FLIGHT_LEVEL_M, FOOT_PER_MINUTE_MPS, KNOT_MPS
from tafadi.model.track import Plot


def read(name: str) -> list[Plot]:
    return list(iff.parse(lines([case("iff", name).body])))


@pytest.mark.parametrize("name", cases("iff"))
def test_every_vector_reads_or_fails_as_it_expects(name: str) -> None:
    one, reader = case("iff", name), iff.Reader()
    if one.error:
        with pytest.raises(FormatError, match=one.error):
            list(iff.parse(lines([one.body]), reader))
        return
    assert len(list(iff.parse(lines([one.body]), reader))) == one.plots
    assert [reason for reason, _, _ in reader.skips.rows()] == ([one.skips] if one.skips else [])


def test_a_point_is_read_in_si_with_its_datum() -> None:
    plot = read("track_point")[0]
    assert (plot.track, plot.at) == ("NCT/22796", Instant.parse("2020-08-22T20:13:10.907Z"))
    assert (plot.position.lat_deg, plot.position.lon_deg) == (38.42979, -122.06038)
    assert plot.height == Height(77 * FLIGHT_LEVEL_M, Datum.PRESSURE)
    assert (plot.ground_speed_mps, plot.course_deg) == (144 * KNOT_MPS, 172.0)
    assert plot.climb_mps == -406 * FOOT_PER_MINUTE_MPS
    assert plot.cleared_height == Height(360 * FLIGHT_LEVEL_M, Datum.PRESSURE)
    assert (plot.callsign, plot.squawk, plot.address) == ("ABC12", "5215", "a11cb2")


def test_a_height_of_0_or_none_is_not_known_and_never_sea_level() -> None:
    assert read("height_of_0_is_not_known")[0].height is None
    assert read("height_missing")[0].height is None


def test_the_numbers_that_stand_for_not_known_are_not_known() -> None:
    plot = read("speed_course_and_climb_not_known")[0]
    assert (plot.ground_speed_mps, plot.course_deg, plot.climb_mps) == (None, None, None)


def test_an_identity_of_digits_is_the_code_again_and_no_callsign() -> None:
    assert read("no_callsign_but_the_code_again")[0].callsign is None


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=120), max_size=20))
def test_whatever_comes_in_is_read_or_skipped_and_raises_nothing_else(chunks: list[bytes]) -> None:
    list(iff.Reader().read(lines(chunks)))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 44), st.text(st.characters(codec="latin-1"), max_size=12)), max_size=6))
def test_a_point_with_any_field_replaced_is_read_or_skipped(changes: list[tuple[int, str]]) -> None:
    fields = case("iff", "track_point").body.decode().strip().split(",")
    for place, text in changes:
        fields[place] = text
    list(iff.Reader().read(lines([",".join(fields).encode("latin-1")])))


def test_northern_california_holds_what_its_readme_says(shared: Callable[[str], Path]) -> None:
    reader = iff.Reader()
    with gzip.open(shared("data/permissive/tracks/norcal_tracon_iff_20200822.csv.gz")) as file:
        found = list(iff.parse(file, reader))
    # Authority: the data folder's README: 19,730 track rows, 17:51:33 (rounded) to 23:13:54; 64 headers and 136 plans are counted here.
    assert len(found) == 19_730
    assert reader.skips.rows() == [("another record type", 64 + 136, reader.skips.rows()[0][2])]
    assert (str(min(p.at for p in found))[:19], str(max(p.at for p in found))[:19]) == ("2020-08-22T17:51:32", "2020-08-22T23:13:54")
    assert all(33.4 < p.position.lat_deg < 41.1 and -124.0 <= p.position.lon_deg < -116.7 for p in found)
