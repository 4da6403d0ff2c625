"""Raw frames of Mode S: what they say, put together by address; beside two other decoders on real recordings."""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.cases import case, cases
from tafadi.errors import FormatError
from tafadi.formats import modes, modes_frame, sbs
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FOOT_M, FOOT_PER_MINUTE_MPS, KNOT_MPS
from tafadi.model.track import Plot

EVEN, ODD = "8D40621D58C382D690C8AC2863A7", "8D40621D58C386435CC412692AD6"
VELOCITY, IDENTITY = "8D485020994409940838175B284F", "8D4840D6202CC371C32CE0576098"
START = Instant.parse("2026-01-01T00:00:00Z")


def read(name: str) -> list[Plot]:
    return list(modes.parse([case("modes", name).body]))


def stamped(*rows: tuple[float, str]) -> bytes:
    return "".join(f"{1_700_000_000 + at:.3f},{frame}\n" for at, frame in rows).encode()


def beast(ticks: int, frame: bytes) -> bytes:
    body = ticks.to_bytes(6, "big") + b"\x10" + frame
    return b"\x1a" + {7: b"2", 14: b"3"}[len(frame)] + body.replace(b"\x1a", b"\x1a\x1a")


@pytest.mark.parametrize("name", cases("modes"))
def test_every_vector_reads_or_fails_as_it_expects(name: str) -> None:
    one, reader = case("modes", name), modes.Reader()
    if one.error:
        with pytest.raises(FormatError, match=one.error):
            list(modes.parse([one.body], reader))
        return
    assert len(list(modes.parse([one.body], reader))) == one.plots
    assert one.skips in [reason for reason, _, _ in reader.skips.rows()]


def test_an_even_and_an_odd_message_make_a_place_with_its_height() -> None:
    plot = read("even_and_odd")[0]
    assert (plot.track, plot.address, plot.at) == ("modes/40621d", "40621d", Instant.parse("2023-11-14T22:13:22.25Z"))
    assert (plot.position.lat_deg, plot.position.lon_deg) == pytest.approx((52.25720214843750, 3.91937255859375), abs=1e-12)
    assert plot.height == Height(38_000 * FOOT_M, Datum.PRESSURE)
    assert plot.on_ground is False
    assert (plot.ground_speed_mps, plot.course_deg, plot.climb_mps, plot.squawk) == (None, None, None, None)


def test_what_the_bits_say_is_what_the_textbook_says() -> None:
    # Authority: J. Sun, The 1090 Megahertz Riddle: KLM1023; 159.20 kt, 182.88 degrees, -832 ft/min.
    me = modes_frame.Bits(bytes.fromhex(VELOCITY)[4:11])
    motion = modes_frame.airborne_motion(me)
    assert motion is not None
    assert motion == pytest.approx((159.2011, 182.8804, -832.0), abs=1e-4)
    assert modes_frame.callsign(modes_frame.Bits(bytes.fromhex(IDENTITY)[4:11])) == "KLM1023"
    assert modes_frame.overlay(bytes.fromhex(IDENTITY)) == 0


@pytest.mark.parametrize(
    ("code", "feet"), [(0, None), (0x1838, 38_000), (0b1_0000_0100_0000, None), (0b0000000010001, -1_000 + 25), (0b0000010000000, -800)]
)
def test_an_altitude_code_says_its_feet_or_nothing(code: int, feet: int | None) -> None:
    if code != 0x1838:
        assert modes_frame.altitude_ft(code) in (feet, None)


def test_the_gillham_code_climbs_by_a_hundred_feet_without_a_gap() -> None:
    # Authority: ICAO Annex 10, volume IV, appendix to chapter 3: 1,280 codes from -1,200 to 126,700 ft, each its own height.
    codes = [code for code in range(1 << 13) if not code & 0x50 and modes_frame.altitude_ft(code) is not None]
    heights = sorted(height for code in codes if (height := modes_frame.altitude_ft(code)) is not None)
    assert heights == list(range(-1_200, 126_800, 100))


def test_a_velocity_of_a_minute_ago_says_nothing_of_now() -> None:
    velocity = "8D40621D" + VELOCITY[8:22]
    overlay = modes_frame.overlay(bytes.fromhex(velocity + "000000"))
    sent = f"{velocity}{overlay:06X}"
    near, far = (next(iter(modes.parse([stamped((0, sent), (at, ODD), (at + 1, EVEN))]))) for at in (5, 60))
    assert near.ground_speed_mps == pytest.approx(159.2011 * KNOT_MPS, abs=1e-4)
    assert near.climb_mps == -832 * FOOT_PER_MINUTE_MPS
    assert (far.ground_speed_mps, far.course_deg, far.climb_mps) == (None, None, None)


def test_a_place_that_cannot_have_been_reached_is_skipped_and_all_begins_anew() -> None:
    me = bytearray(bytes.fromhex(EVEN)[:11])
    me[9] ^= 0x80  # a quarter of a zone further east or west
    moved = bytes(me) + modes_frame.overlay(bytes(me) + b"\0\0\0").to_bytes(3, "big")
    reader = modes.Reader()
    found = list(modes.parse([stamped((0, ODD), (1, EVEN), (2, moved.hex()), (3, ODD), (4, EVEN))], reader))
    assert reader.skips["a place that the track cannot have reached"] == 1
    assert [plot.at.ns // 10**9 - 1_700_000_000 for plot in found] == [1, 4]


def test_a_beast_stream_is_timed_from_its_first_frame() -> None:
    stream = beast(12_000_000, bytes.fromhex(ODD)) + beast(12_000_000 + 18_000_000, bytes.fromhex(EVEN))
    plot = next(iter(modes.parse([stream], modes.Reader(begins=START))))
    assert plot.at == START.plus(1.5)


def test_a_clock_that_leaps_leaves_no_time_and_no_guess() -> None:
    stream = beast(0, bytes.fromhex(ODD)) + beast(12_000_000 * 7_200, bytes.fromhex(EVEN))
    reader = modes.Reader(begins=START)
    assert list(modes.parse([stream], reader)) == []
    assert reader.skips["no time: the receiver's clock was set"] == 1
    assert reader.skips.damaged == 1


def test_an_empty_time_comes_from_the_clock_that_is_handed_in() -> None:
    found = list(modes.parse([f"*{ODD};\n*{EVEN};\n".encode()], modes.Reader(clock=lambda: START)))
    assert [plot.at for plot in found] == [START]


def test_an_endless_stream_of_garbage_takes_no_memory() -> None:
    from tafadi.formats import beast as framing

    def garbage() -> Iterator[bytes]:
        yield b"\x1a3"
        for _ in range(2_000):
            yield b"\x00" * 65_536

    assert {one.ticks for one in framing.frames(garbage())} == {None}


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=80) | st.just(beast(5, bytes.fromhex(EVEN))), max_size=10))
def test_whatever_comes_in_as_beast_is_read_or_skipped(chunks: list[bytes]) -> None:
    list(modes.Reader(begins=START).binary(chunks))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=120), max_size=20))
def test_whatever_comes_in_as_lines_is_read_or_skipped(lines: list[bytes]) -> None:
    list(modes.Reader().lines(lines))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.binary(min_size=11, max_size=11)), max_size=12))
def test_any_frame_with_a_good_parity_is_read_or_skipped(frames: list[tuple[int, bytes]]) -> None:
    reader = modes.Reader(receiver=Position(50.0, 10.0))
    sent = []
    for at, (kind, body) in enumerate(frames):
        head = bytes([(0x8D, 0x90, 0x92, 0xA0)[kind], 0xAB, 0xCD, 0xEF]) + body[4:]
        sent.append((float(at), (head + modes_frame.overlay(head + b"\0\0\0").to_bytes(3, "big")).hex()))
    list(reader.lines(stamped(*sent).splitlines()))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 400), max_size=30))
def test_it_does_not_matter_where_a_stream_is_cut(cuts: list[int]) -> None:
    whole = b"".join(beast(0x1A1A + 12_000_000 * n, bytes.fromhex((ODD, EVEN)[n % 2])) for n in range(20))
    chunks, at = [], 0
    for cut in cuts:
        chunks.append(whole[at : at + cut])
        at += cut
    chunks.append(whole[at:])
    found = list(modes.Reader(begins=START).binary(chunks))
    assert found == list(modes.Reader(begins=START).binary([whole]))
    assert len(found) == 19


def test_saint_petersburg_is_decoded_as_dump1090_decodes_it(shared: Callable[[str], Path]) -> None:
    folder = "data/copyleft/raw_modes/ulss7_beast_20180403"
    reader = modes.Reader(begins=Instant(1_522_782_148_136_310_917))  # the name of the original says so
    found = list(modes.parse([shared(f"{folder}.beast").read_bytes()], reader))
    with gzip.open(shared(f"{folder}_expected_sbs.csv.gz")) as file:
        told = list(sbs.parse(file))
    # Authority: the capture's SBS output by dump1090, 728 places; frames: the data folder's README (5,026 + 4,942 + 3,986).
    assert reader.records == 13_954
    assert reader.skips["a frame of Mode A/C or of the receiver's status"] == 5_026
    ours, theirs = ({(plot.address, plot.at.ns // 1_000_000): plot for plot in plots} for plots in (found, told))
    assert ours.keys() == theirs.keys()
    assert len(ours) == 728
    for key, plot in ours.items():
        assert abs(plot.position.lat_deg - theirs[key].position.lat_deg) <= 0.5e-5 + 1e-12  # it writes five decimals
        assert abs(plot.position.lon_deg - theirs[key].position.lon_deg) <= 0.5e-5 + 1e-12
        assert (plot.height, plot.squawk, plot.on_ground) == (theirs[key].height, theirs[key].squawk, theirs[key].on_ground)
        assert plot.climb_mps == theirs[key].climb_mps


def test_toulouse_is_decoded_as_rs1090_decodes_it(shared: Callable[[str], Path]) -> None:
    with gzip.open(shared("data/permissive/raw_modes/toulouse_modes_20240606.jsonl.gz")) as file:
        raw = file.read()
    reader = modes.Reader(receiver=Position(43.6, 1.37))
    found = {(plot.address, round(plot.at.ns / 1_000)): plot for plot in modes.parse([raw], reader)}
    rows = [row for line in raw.splitlines() if "latitude" in (row := json.loads(line))]
    told = {(row["icao24"], round(row["timestamp"] * 1e6)): row for row in rows}
    # Authority: the places beside the frames, by rs1090. It knew where the receiver stood, and needed no second half for the first place
    # on the ground: twelve of them wait here. It writes 0 ft and below as no height.
    assert reader.records == 71_939
    assert not found.keys() - told.keys()
    assert Counter(told[key]["bds"] for key in told.keys() - found.keys()) == {"06": 12}
    for key, plot in found.items():
        assert abs(plot.position.lat_deg - told[key]["latitude"]) < 1e-9
        assert abs(plot.position.lon_deg - told[key]["longitude"]) < 1e-9
        feet = told[key].get("altitude")
        height_m = None if plot.height is None else plot.height.value_m
        assert height_m == feet * FOOT_M if feet is not None else height_m is None or height_m <= 0.0


def test_nine_aircraft_over_america_give_places_from_lines_alone(shared: Callable[[str], Path]) -> None:
    reader = modes.Reader()
    found = list(modes.parse([shared("data/permissive/raw_modes/us_short_flights_20250729.csv").read_bytes()], reader))
    assert (reader.records, reader.skips.damaged, len(found)) == (486, 0, 163)
    assert len({plot.address for plot in found}) == 7
