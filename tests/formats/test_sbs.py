"""SBS messages: put together by address, timed from inside or outside, and never guessed."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.cases import case, cases
from tafadi.errors import FormatError
from tafadi.formats import sbs
from tafadi.formats.lines import lines
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS
from tafadi.model.track import Plot


def read(name: str, reader: sbs.Reader | None = None) -> list[Plot]:
    return list(sbs.parse(lines([case("sbs", name).body]), reader))


@pytest.mark.parametrize("name", cases("sbs"))
def test_every_vector_reads_or_fails_as_it_expects(name: str) -> None:
    one, reader = case("sbs", name), sbs.Reader()
    if one.error:
        with pytest.raises(FormatError, match=one.error):
            read(name, reader)
        return
    assert len(read(name, reader)) == one.plots
    if one.skips:
        assert reader.skips[one.skips] > 0
    else:
        assert reader.skips.total == 0


def test_a_place_takes_the_velocity_that_came_before_it() -> None:
    plot = read("velocity_then_place")[0]
    assert (plot.track, plot.address) == ("sbs/4249b5", "4249b5")
    assert plot.at == Instant.parse("2018-04-03T19:02:29Z")
    assert plot.height == Height(7000 * FOOT_M, Datum.PRESSURE)
    assert (plot.ground_speed_mps, plot.course_deg, plot.climb_mps) == (418 * KNOT_MPS, 170.0, -64 * FOOT_PER_MINUTE_MPS)
    assert plot.on_ground is False


def test_a_velocity_of_a_minute_ago_says_nothing_of_now() -> None:
    body = case("sbs", "velocity_then_place").body.replace(b"19:02:29.000", b"19:03:29.000")
    plot = next(iter(sbs.parse(lines([body]))))
    assert (plot.ground_speed_mps, plot.course_deg, plot.climb_mps) == (None, None, None)


def test_a_height_that_was_never_stated_is_not_zero() -> None:
    assert read("height_not_stated")[0].height is None


def test_a_surface_position_is_on_the_ground() -> None:
    assert read("place_on_the_ground")[0].on_ground is True


def test_the_time_of_a_stratux_log_counts_from_its_start() -> None:
    assert read("stratux_log")[0].at == Instant.parse("2015-09-02T04:23:39.936535519Z")


def test_an_empty_time_comes_from_the_clock_that_is_handed_in() -> None:
    now = Instant.parse("2026-01-01T00:00:00Z")
    assert read("time_empty_and_no_start", sbs.Reader(clock=lambda: now))[0].at == now


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=120), max_size=20))
def test_whatever_comes_in_is_read_or_skipped_and_raises_nothing_else(chunks: list[bytes]) -> None:
    list(sbs.Reader().read(lines(chunks)))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 21), st.text(st.characters(codec="latin-1"), max_size=12)), max_size=6))
def test_a_message_with_any_field_replaced_is_read_or_skipped(changes: list[tuple[int, str]]) -> None:
    fields = case("sbs", "airborne_place").body.decode().strip().split(",")
    for place, text in changes:
        fields[place] = text
    list(sbs.Reader().read(lines([",".join(fields).encode("latin-1")])))


def test_the_stratux_log_of_detroit_is_read_until_its_clock_goes_back(shared: Callable[[str], Path]) -> None:
    reader = sbs.Reader()
    with gzip.open(shared("data/permissive/raw_modes/detroit_stratux_es_20150902.log.gz")) as file:
        found = list(sbs.parse(file, reader))
    # Four STARTs stand in it, two of them inside broken lines, and the last two say a time that had passed 44 minutes before.
    assert reader.skips["a START that goes back in time"] == 2
    assert len(found) == 972
    assert (min(plot.at for plot in found), max(plot.at for plot in found)) == (
        Instant.parse("2015-09-02T04:24:45.280751067Z"),
        Instant.parse("2015-09-02T05:09:57.90076747Z"),
    )


def test_the_capture_of_saint_petersburg_says_each_place_twice(shared: Callable[[str], Path]) -> None:
    reader = sbs.Reader()
    with gzip.open(shared("data/copyleft/raw_modes/ulss7_beast_20180403_expected_sbs.csv.gz")) as file:
        found = list(sbs.parse(file, reader))
    # Authority: the data folder's README: 8,622 messages, 11 aircraft.
    assert reader.records == 8_622
    assert len({plot.address for plot in found}) == 11
    assert len(found) == reader.skips["a duplicate: this address and time were given before"] == 728
