"""readsb: snapshots, traces and lines; what a member is measured in and from, and what is dropped."""

import dataclasses
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.cases import case, cases
from tafadi.errors import FormatError
from tafadi.formats import readsb
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS
from tafadi.model.track import Plot

TRACKS = "data/permissive/tracks/"


def read(name: str) -> list[Plot]:
    return list(readsb.parse([case("readsb", name).body]))


@pytest.mark.parametrize("name", cases("readsb"))
def test_every_vector_reads_or_fails_as_it_expects(name: str) -> None:
    one, reader = case("readsb", name), readsb.Reader()
    if one.error:
        with pytest.raises(FormatError, match=one.error):
            list(readsb.parse([one.body], reader))
        return
    assert len(list(readsb.parse([one.body], reader))) == one.plots
    assert [reason for reason, _, _ in reader.skips.rows()] == ([one.skips] if one.skips else [])


def test_an_aircraft_is_read_in_si_with_its_datum_at_the_time_of_its_place() -> None:
    plot = read("aircraft")[0]
    assert (plot.track, plot.address, plot.callsign, plot.squawk) == ("readsb/a3e31a", "a3e31a", "ABC12", "3471")
    assert plot.at == Instant.parse("2023-11-20T20:57:14.936Z")
    assert plot.height == Height(45_000 * FOOT_M, Datum.PRESSURE)
    assert (plot.ground_speed_mps, plot.course_deg, plot.climb_mps) == (489 * KNOT_MPS, 67.26, -64 * FOOT_PER_MINUTE_MPS)
    assert plot.on_ground is None


def test_nothing_of_what_an_aircraft_is_or_whose_is_kept() -> None:
    said = {str(value) for value in dataclasses.asdict(read("aircraft")[0]).values()}
    assert not said & {"N1", "GLF5", "1", "adsb_icao"}


def test_a_height_above_the_ellipsoid_keeps_its_datum_and_a_missing_one_is_none() -> None:
    assert read("geometric_height_only")[0].height == Height(45_700 * FOOT_M, Datum.ELLIPSOID)
    assert read("height_missing")[0].height is None


def test_on_the_ground_a_track_is_a_heading_and_no_course() -> None:
    plot = read("aircraft_on_the_ground")[0]
    assert (plot.on_ground, plot.course_deg) == (True, None)


def test_an_address_that_is_none_names_the_track_alone() -> None:
    assert [(p.track, p.address) for p in read("address_that_is_none")] == [("readsb/~2a3e31", None)]


def test_a_trace_tells_datum_and_ground_row_by_row() -> None:
    first, second, third = read("trace")
    assert first.height == Height(32_000 * FOOT_M, Datum.PRESSURE)
    assert second.height == Height(32_500 * FOOT_M, Datum.ELLIPSOID)
    assert (third.height, third.on_ground, third.course_deg) == (None, True, None)
    assert (first.callsign, third.callsign, third.squawk) == ("ABC12", "ABC12", "4637")
    assert second.at == Instant.parse("2025-02-04T21:13:51.579Z")


def test_a_document_larger_than_any_is_refused_and_not_read_to_its_end() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield b'{"aircraft":['
        for taken in range(1, 100_000):  # noqa: B007  # counted by the closure
            yield b"[]," * 20_000

    with pytest.raises(FormatError, match="more than"):
        list(readsb.parse(endless()))
    assert taken < 1_000


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=5))
def test_whatever_comes_in_is_read_or_refused(chunks: list[bytes]) -> None:
    try:
        list(readsb.parse(chunks))
    except FormatError:
        return


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["ground", "", "a3e31a", 10**400]) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["hex", "lat", "lon", "alt_baro", "alt_geom", "gs", "track", "seen_pos", "flight", "baro_rate"]), JSON)
)
def test_an_aircraft_with_any_member_replaced_is_read_or_skipped(changes: dict[str, object]) -> None:
    tree = json.loads(case("readsb", "aircraft").body)
    tree["aircraft"][0].update(changes)
    try:
        list(readsb.parse([json.dumps(tree).encode()]))
    except FormatError:  # NaN and infinities are no JSON
        return


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 13), JSON), max_size=5))
def test_a_trace_with_any_place_replaced_is_read_or_skipped(changes: list[tuple[int, object]]) -> None:
    tree = json.loads(case("readsb", "trace").body)
    for place, value in changes:
        tree["trace"][0][place] = value
    try:
        list(readsb.parse([json.dumps(tree).encode()]))
    except FormatError:
        return


@pytest.mark.parametrize(("name", "plots", "without"), [("aircraft_1", 63, 1), ("aircraft_3", 77, 3), ("aircraft_5", 112, 8)])
def test_snapshots_of_new_mexico_give_each_aircraft_that_has_a_place(
    shared: Callable[[str], Path], name: str, plots: int, without: int
) -> None:
    reader = readsb.Reader()
    found = list(readsb.parse([shared(f"{TRACKS}readsb/{name}.json").read_bytes()], reader))
    # Authority: the data folder's README: 64, 80 and 120 aircraft.
    assert (len(found), reader.skips.rows()) == (plots, [("no position", without, reader.skips.rows()[0][2])])
    assert reader.records == plots + without


def test_a_real_trace_gives_all_its_rows(shared: Callable[[str], Path]) -> None:
    reader = readsb.Reader()
    with gzip.open(shared(f"{TRACKS}readsb/trace_full_ac671b.json.gz")) as file:
        found = list(readsb.parse(iter(lambda: file.read(65_536), b""), reader))
    assert reader.records == 2_500
    assert (len(found), reader.skips["a duplicate: this address and time were given before"]) == (2_499, 1)
    assert sum(plot.on_ground is True for plot in found) == 394
    assert {plot.address for plot in found} == {"ac671b"}


def test_monterey_is_read_as_lines(shared: Callable[[str], Path]) -> None:
    reader = readsb.Reader()
    with gzip.open(shared(f"{TRACKS}monterey_ga_20250601_36_-122.jsonl.gz")) as file:
        found = list(readsb.parse(iter(lambda: file.read(65_536), b""), reader))
    # Authority: the data folder's README: 44,120 rows, 521 aircraft, 114 rows without a numeric altitude.
    assert reader.records == 44_120
    assert len(found) + reader.skips.total == 44_120
    assert len({plot.track for plot in found}) == 521
    assert sum(plot.height is None for plot in found) <= 114
