"""ASTERIX: plots and tracks with their date, place and datum; and equality with the reference outputs beside the captures."""

import gzip
import json
import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.asterix_text import Item, Told, records
from reference.cases import case, cases
from tafadi.errors import FormatError
from tafadi.formats import asterix, asterix_record, capture
from tafadi.formats.capture import Block, Capture
from tafadi.formats.skips import Skips
from tafadi.formats.slant import Site
from tafadi.measure.earth import Position, leg
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FLIGHT_LEVEL_M, FOOT_M, KNOT_MPS
from tafadi.model.track import Plot

FOLDER = "data/copyleft/asterix/"
DAY = date(2026, 3, 1)


def body(name: str) -> bytes:
    return bytes.fromhex(case("asterix", name).body.decode())


def read(name: str, reader: asterix.Reader | None = None) -> list[Plot]:
    return list(asterix.parse([body(name)], reader or asterix.Reader(day=DAY)))


@pytest.mark.parametrize("name", cases("asterix"))
def test_every_vector_reads_or_fails_as_it_expects(name: str) -> None:
    one, reader = case("asterix", name), asterix.Reader(day=DAY)
    if one.error:
        with pytest.raises(FormatError, match=one.error):
            read(name, reader)
        return
    assert len(read(name, reader)) == one.plots
    reasons = [reason for reason, _, _ in reader.skips.rows()]
    assert one.skips in reasons if one.skips else not reasons


def test_a_track_is_read_in_si_with_its_datum_on_the_day_that_is_stated() -> None:
    plot = read("track")[0]
    assert (plot.track, plot.at, plot.squawk) == ("70/16/7", Instant.parse("2026-03-01T10:00:00Z"), "4637")
    assert (plot.position.lat_deg, plot.position.lon_deg) == pytest.approx((52.0, 20.0), abs=6e-6)
    assert plot.height == Height(350 * FLIGHT_LEVEL_M, Datum.PRESSURE)
    assert plot.ground_speed_mps == 100.0
    assert plot.course_deg == pytest.approx(90.0, abs=0.02)


def test_without_a_date_a_time_of_day_is_refused() -> None:
    with pytest.raises(FormatError, match="say on which day"):
        read("track", asterix.Reader())


def test_midnight_passes_between_two_tracks() -> None:
    assert [str(plot.at) for plot in read("midnight_between_two_tracks")] == ["2026-03-01T23:59:59.5Z", "2026-03-02T00:00:04.5Z"]


def test_live_records_take_their_date_from_the_clock() -> None:
    reader = asterix.Reader(clock=lambda: Instant.parse("2026-03-02T00:00:01Z"))
    assert [str(plot.at) for plot in read("midnight_between_two_tracks", reader)] == ["2026-03-01T23:59:59.5Z", "2026-03-02T00:00:04.5Z"]


def test_a_height_keeps_its_datum_and_a_missing_one_is_none() -> None:
    assert read("height_missing")[0].height is None
    assert read("geometric_height_only")[0].height == Height(10_000 * FOOT_M, Datum.ELLIPSOID)


def test_a_plot_lies_where_its_radar_sees_it() -> None:
    plot = read("plot_of_a_radar_that_says_where_it_stands")[0]
    seen = leg(Position(43.5, 16.4), plot.position)
    assert seen.bearing_deg == pytest.approx(90.0, abs=0.01)
    assert 99.7 * 1852 < seen.distance_m < 99.9 * 1852  # 100 NM along the line of sight, to FL350
    assert (plot.track, plot.course_deg) == ("25/12/77", 270.0)
    assert plot.ground_speed_mps == pytest.approx(450 * KNOT_MPS)


def test_a_place_that_is_stated_is_believed_before_what_the_radar_says() -> None:
    reader = asterix.Reader(day=DAY, sites={"25/12": Site(Position(10.0, 20.0), 0.0)})
    assert read("plot_of_a_radar_that_says_where_it_stands", reader)[0].position.lat_deg == pytest.approx(10.0, abs=0.1)


def test_an_endless_file_takes_no_more_memory_than_a_block() -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            yield b"\x3e\xff\xff" + b"\xff" * 65_532

    reader = asterix.Reader(day=DAY)
    blocks = Capture(reader.skips).blocks(endless())
    assert all(len(block.data) == 65_535 for block in blocks)
    list(reader.read([Block(b"\x3e\xff\xff" + b"\xff" * 65_532, None)]))
    assert reader.skips["a block that is no ASTERIX of its category"] == 1


def test_a_library_that_is_not_there_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(asterix_record, "import_module", missing)
    with pytest.raises(FormatError, match=r"install tafadi\[asterix\]"):
        asterix.Reader()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([34, 48, 62]), st.binary(max_size=60))
def test_any_block_is_read_or_skipped(category: int, data: bytes) -> None:
    block = bytes([category]) + (len(data) + 3).to_bytes(2, "big") + data
    list(READER.read([Block(block, None)]))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(cases("asterix")), st.lists(st.tuples(st.integers(3, 90), st.integers(0, 255)), max_size=4))
def test_a_recording_with_bytes_changed_is_read_or_refused(name: str, changes: list[tuple[int, int]]) -> None:
    data = bytearray(body(name))
    for place, value in changes:
        if place < len(data):
            data[place] = value
    try:
        list(READER.read(Capture(Skips()).blocks([bytes(data)])))
    except FormatError:
        return


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([b"", b"\xd4\xc3\xb2\xa1" + bytes(16) + b"\1\0\0\0", b"\x00\x10" + bytes(6) + b"\x3e\x00\x04"]),
    st.lists(st.binary(max_size=80)),
)
def test_any_capture_is_cut_or_refused(head: bytes, chunks: list[bytes]) -> None:
    try:
        list(Capture(Skips()).blocks([head, *chunks]))
    except FormatError:
        return


READER = asterix.Reader(day=DAY)  # one for all examples: the library takes seconds to load its editions


def opened(name: str, shared: Callable[[str], Path]) -> bytes:
    return shared(FOLDER + name).read_bytes()


def taken_apart(data: bytes) -> Iterator[tuple[int, Any]]:
    """Category and record of each record of the capture, by the library and the editions that the reader uses."""
    base, generated = import_module("asterix.base"), import_module("asterix.generated")
    for block in Capture(Skips()).blocks([data]):
        edition = asterix_record.EDITIONS.get(block.data[0])
        if edition is not None:
            for record in getattr(generated, edition).cv_uap.parse(base.Bits.from_bytes(block.data[3:])):
                yield block.data[0], record


def leaves(item: Any) -> Iterator[Any]:
    """The fields of an item in their order, spare bits left out."""
    variation = item.rule.variation if hasattr(item, "rule") else item.variation
    kind = next(base.__name__ for base in type(variation).__mro__ if base.__module__ == "asterix.base")
    if kind == "Element":
        yield item
    elif kind == "Group":
        for inner, _ in variation.arg if variation.arg and isinstance(variation.arg[0], tuple) else ((one, 0) for one in variation.arg):
            if type(inner).__mro__[-3].__name__ != "Spare" and not hasattr(inner, "cv_bit_size"):
                yield from leaves(inner.arg)
    elif kind == "Extended":
        for group in variation.arg:
            for inner in group:
                if inner is not None and hasattr(inner, "arg"):
                    yield from leaves(inner.arg)
    elif kind == "Compound":
        for inner in variation.arg.values():
            yield from leaves(inner)


def ways(leaf: Any) -> set[str]:
    """How a field may be written: as a number without or with a sign, in octal or hexadecimal digits, or as text."""
    bits = leaf.unparse()
    raw, size = bits.to_uinteger(), len(bits)
    signed = raw - (1 << size) if raw >> (size - 1) else raw
    letters = "".join(chr(code + 64) if 0 < code < 27 else chr(code) for code in ((raw >> shift) & 63 for shift in range(size - 6, -1, -6)))
    return {str(raw), str(signed), f"{raw:04o}", f"{raw:06X}", f"{raw:02X}", letters.strip(" \0")}


def test_radar_plots_are_taken_apart_as_the_reference_output_takes_them(shared: Callable[[str], Path]) -> None:
    with gzip.open(shared(FOLDER + "croatiacontrol/expected_cat_034_048.txt.gz"), "rt") as file:
        told = list(records(file.read()))
    ours = list(taken_apart(opened("croatiacontrol/cat_034_048.pcap", shared)))
    assert len(ours) == len(told) == 162
    compared = 0
    for (category, record), theirs in zip(ours, told, strict=True):
        assert (category, record.unparse().to_bytes()) == (theirs.category, theirs.data)
        assert set(record.items_regular) == set(theirs.items)
        for number, item in theirs.items.items():
            assert record.get_item(number).unparse().to_bytes() == item.data
            if number == "250":  # registers of the transponder, which the reference takes apart further
                continue
            fields = list(leaves(record.get_item(number)))
            assert len(fields) == len(item.fields)
            for leaf, (_, value) in zip(fields, item.fields, strict=True):
                assert value.split(" (")[0].strip() in ways(leaf)
                compared += 1
    assert compared > 5_000


def value(item: Item | None, name: str) -> float | None:
    """The number that stands in brackets beside the raw one."""
    written = dict(item.fields).get(name) if item is not None else None
    return None if written is None else float(written.split("(")[1].split()[0])


def test_plots_say_what_the_reference_output_says(shared: Callable[[str], Path]) -> None:
    with gzip.open(shared(FOLDER + "croatiacontrol/expected_cat_034_048.txt.gz"), "rt") as file:
        told = [one for one in records(file.read()) if one.category == 48]
    sites = {f"25/{code}": Site(Position(45.0, 16.0), 100.0) for code in range(256)}
    reader = asterix.Reader(sites=sites)
    found = {(plot.track, plot.at.ns): plot for plot in asterix.parse([opened("croatiacontrol/cat_034_048.pcap", shared)], reader)}
    assert reader.skips.damaged == 0
    matched = 0
    for one in told:
        plot = found.get((track(one), seconds_ns(one)))
        if plot is None:
            continue
        matched += 1
        level, speed = value(one.items["090"], "FlightLevel"), value(one.items["200"], "Calculated groundspeed")
        assert level is not None
        assert plot.height is not None
        assert plot.height.datum is Datum.PRESSURE
        assert plot.height.value_m == pytest.approx(level * FLIGHT_LEVEL_M)
        assert speed is not None
        assert plot.ground_speed_mps == pytest.approx(speed * KNOT_MPS, abs=1e-4)
        assert plot.course_deg == pytest.approx(value(one.items["200"], "Calculated heading"), abs=1e-6)
        address = dict(one.items["220"].fields)["AircraftAddress"].lower() if "220" in one.items else None
        assert plot.address == address
        assert plot.squawk == dict(one.items["070"].fields)["Mode-3/A reply code"]
        seen = leg(Position(45.0, 16.0), plot.position)
        assert seen.bearing_deg == pytest.approx(value(one.items["040"], "THETA"), abs=1e-6)
    assert (
        matched
        == 128
        - reader.skips["the last message of a track that has ended"]
        - reader.skips["coasting: the place is the tracker's guess, not a hit"]
    )
    assert len(found) == matched - reader.skips["a duplicate: this track and time were given before"]


def track(one: Told) -> str:
    source, number = dict(one.items["010"].fields), dict(one.items["161"].fields)
    return f"{source['System Area Code']}/{source['System Identification Code']}/{number['Track Number']}"


def seconds_ns(one: Told) -> int:
    ticks = int(dict(one.items["140"].fields)["Time Of Day"].split()[0])
    return 1_462_406_400 * 10**9 + ticks * 7_812_500  # 2016-05-05, by the clock of the capture


def test_tracks_say_what_the_reference_output_says(shared: Callable[[str], Path]) -> None:
    lines = opened("croatiacontrol/expected_cat_062_065_json.txt", shared).decode().splitlines()
    told = [one["CAT062"] for one in map(json.loads, filter(None, lines)) if one["cat"] == 62]
    found = list(asterix.parse([opened("croatiacontrol/cat_062_065.pcap", shared)]))
    assert len(found) == len(told) == 2
    for plot, one in zip(found, told, strict=True):
        assert plot.track == f"{one['I010']['SAC']}/{one['I010']['SIC']}/{one['I040']['TrkN']}"
        assert plot.at.ns % (86_400 * 10**9) == round(one["I070"]["ToT"] * 10**9)
        assert plot.position.lat_deg == pytest.approx(one["I105"]["Lat"], abs=1e-7)
        assert plot.position.lon_deg == pytest.approx(one["I105"]["Lon"], abs=1e-7)
        assert plot.height is not None
        assert plot.height.datum is Datum.PRESSURE
        assert plot.height.value_m == pytest.approx(one["I136"]["MFL"] * FOOT_M)  # it writes feet
        assert plot.ground_speed_mps == pytest.approx(math.hypot(one["I185"]["Vx"], one["I185"]["Vy"]), abs=1e-9)
        assert plot.climb_mps == pytest.approx(one["I220"]["RoC"] * FOOT_M / 60)
        assert plot.address == one["I380"]["ADR"]["ADR"].lower()
        assert plot.callsign == one["I380"]["ID"]["ACID"].strip()
        assert plot.squawk == one["I060"]["Mode3A"]
        assert plot.on_ground is False


def test_half_an_hour_over_the_baltic_holds_what_its_readme_says(shared: Callable[[str], Path]) -> None:
    data = opened("cat062_baltic_30min.ff", shared)
    frames = 6_000  # of 34,957: the first five minutes
    skips = Skips()
    blocks = list(islice(Capture(skips).blocks([data]), frames))
    assert sum(1 for _ in Capture(skips).blocks([data])) == 34_957
    assert skips.total == 0
    reader = asterix.Reader(day=DAY)
    found = list(reader.read(blocks))
    # Authority: the data folder's README: no errors, SAC/SIC 70/16, from 14:44:42, 51.2..59.2 N 15.1..31.1 E, level missing in 3 %.
    assert (reader.records, reader.skips.damaged) == (frames, 0)
    assert str(found[0].at)[:19] == "2026-03-01T14:44:41"
    assert all(plot.track.startswith("70/16/") for plot in found)
    assert all(51.15 < plot.position.lat_deg < 59.25 and 15.05 < plot.position.lon_deg < 31.15 for plot in found)
    assert sum(plot.height is None or plot.height.datum is not Datum.PRESSURE for plot in found) < 0.035 * len(found)


def test_courses_of_the_plane_are_turned_to_the_way_that_tracks_really_go(shared: Callable[[str], Path]) -> None:
    reader = asterix.Reader(day=DAY)
    by_track = defaultdict(list)
    for plot in reader.read(islice(Capture(Skips()).blocks([opened("cat062_baltic_30min.ff", shared)]), 6_000)):
        by_track[plot.track].append(plot)
    west: list[float] = []
    east: list[float] = []
    for plots in by_track.values():
        for first, later in zip(plots, plots[2:], strict=False):
            steady = first.course_deg is not None and later.course_deg is not None and abs(first.course_deg - later.course_deg) < 0.5
            if steady and first.course_deg is not None and (first.ground_speed_mps or 0.0) > 80.0:
                off_deg = (first.course_deg - leg(first.position, later.position).bearing_deg + 180.0) % 360.0 - 180.0
                (west if first.position.lon_deg < 18.0 else east if first.position.lon_deg > 28.0 else []).append(off_deg)
    # Without the turn they are 6 degrees off in the west and -5 in the east.
    assert abs(statistics.median(west)) < 0.2
    assert abs(statistics.median(east)) < 0.2


def test_a_capture_of_something_else_is_no_asterix(shared: Callable[[str], Path]) -> None:
    with pytest.raises(FormatError, match="no block of ASTERIX"):
        list(asterix.parse([opened("croatiacontrol/cat_001_002.pcap", shared)]))


def test_a_frame_that_is_damaged_is_left_and_the_next_one_read(shared: Callable[[str], Path]) -> None:
    data = bytearray(opened("cat062_baltic_30min.ff", shared)[:7_000])
    whole = [block.data for block in Capture(Skips()).blocks([bytes(data)])]
    data[70:72] = b"\xff\xff"  # the length of the second frame
    skips = Skips()
    assert [block.data for block in Capture(skips).blocks([bytes(data)])] == [whole[0], *whole[2:]]
    assert skips["a damaged frame; reading goes on at the next one"] == 2  # and the last, which is cut
    assert {"a damaged frame; reading goes on at the next one"} <= capture.DAMAGE
