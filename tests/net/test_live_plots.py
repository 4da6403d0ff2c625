"""Plots of what comes live: garbage, cuts and losses are counted, and what was known before is known after."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.cases import case
from tafadi.errors import FormatError
from tafadi.formats.lines import LONGEST_LINE
from tafadi.formats.reading import NOTHING, Told
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot
from tafadi.net.live import Arrived, Event, Kind
from tafadi.net.live_plots import CUT, LOST, SILENT, STREAMS, UNREADABLE, LivePlots

AT = Instant.parse("2026-03-01T00:00:00Z")
PLACE = "MSG,3,1,1,4249B5,1,,,,,,7000,,,59.91,30.{:02d},,,,,,0\n"
SPEED = b"MSG,4,1,1,4249B5,1,,,,,,,400,90,,,0,,,,,0\n"
VECTORS = {
    "nop": "terminal_hit",
    "sbs": "velocity_then_place",
    "iff": "track_point",
    "readsb": "json_port",
    "modes": "even_and_odd",
    "asterix": "track",
    "cot": "event",
}


def data(text: str | bytes, after_s: float = 0.0) -> Arrived:
    return Arrived(Event.DATA, AT.plus(after_s), text if isinstance(text, bytes) else text.encode())


def event(event: Event, words: str = "", lost: int = 0) -> Arrived:
    return Arrived(event, AT, words=words, lost=lost)


class Read:
    """All that comes of some arrivals."""

    def __init__(self, arrivals: Iterable[Arrived], format: str = "sbs", told: Told = NOTHING) -> None:
        self.words: list[str] = []
        live = LivePlots(arrivals, format, self.words.append, told)
        self.plots: list[Plot] = list(live.plots())
        self.skips = live.skips


BEGIN, END = event(Event.BEGINS, "is followed"), event(Event.CUT, "was cut; what it would see is not watched")


def test_a_message_without_a_time_has_the_time_at_which_it_came() -> None:
    read = Read([BEGIN, data(PLACE.format(1), 1.5), data(PLACE.format(2), 3.0)])
    assert [plot.at for plot in read.plots] == [AT.plus(1.5), AT.plus(3.0)]


def test_what_was_heard_before_a_cut_is_known_after_it() -> None:
    read = Read([BEGIN, data(SPEED), END, BEGIN, data(PLACE.format(1), 2.0)])
    assert read.plots[0].ground_speed_mps == pytest.approx(205.78, abs=0.01)
    assert (read.skips[CUT], read.skips.damaged) == (1, 1)
    assert read.words == ["is followed", "was cut; what it would see is not watched", "is followed"]


def test_the_halves_of_two_lines_are_never_joined_over_a_cut() -> None:
    whole = PLACE.format(1).encode()
    read = Read([BEGIN, data(whole[:40]), END, BEGIN, data(whole[40:], 1.0)])
    assert read.plots == []
    assert read.skips.damaged == 3  # the cut, and both halves


def test_a_line_that_was_not_whole_when_the_watch_was_stopped_is_no_damage() -> None:
    assert Read([BEGIN, data(PLACE.format(1) + PLACE.format(2)[:30])]).skips.damaged == 0


def test_silence_and_lost_datagrams_are_damage_with_their_count() -> None:
    read = Read([event(Event.SILENT, "is silent"), event(Event.LOST, lost=1_234), data(PLACE.format(1))])
    assert (read.skips[SILENT], read.skips[LOST], read.skips.damaged) == (1, 1_234, 1_235)
    assert read.words == ["is silent", "sends faster than it is read; 1,234 datagrams are lost until now"]
    assert len(read.plots) == 1


def test_losses_are_all_counted_and_told_now_and_then() -> None:
    lost = [Arrived(Event.LOST, AT.plus(after_s), lost=2) for after_s in range(25)]
    read = Read(lost)
    assert read.skips[LOST] == 50
    assert [words.split()[6] for words in read.words] == ["2", "22", "42"]


def test_one_line_without_end_takes_no_memory_and_hides_only_itself() -> None:
    arrivals = [BEGIN, *(data(b"x" * 65_536) for _ in range(200)), data("\n" + PLACE.format(1))]
    read = Read(arrivals)
    assert len(read.plots) == 1
    assert read.skips["the line is too long"] == 1
    assert "sends nothing that can be read; what it would see is not watched" not in read.words  # nobody knew until the line ended


def test_a_source_that_sends_garbage_is_told_while_it_does() -> None:
    read = Read([BEGIN, *(data(b"garbage\n" * 1_000) for _ in range(20))])
    assert "sends nothing that can be read; what it would see is not watched" in read.words
    assert read.skips.damaged == 20_000


def test_a_length_that_cannot_be_spoils_its_datagram_and_no_other() -> None:
    block = bytes.fromhex(case("asterix", "track").body.decode())
    told = Told(day=None)
    read = Read([data(block), data(b"\x3e\x00\x00" + block), data(block, 1.0)], "asterix", told)
    assert len(read.plots) == 1  # the same record again is a duplicate
    assert read.skips["a block length that cannot be; what comes after it is not read"] == 1


def test_a_stream_of_blocks_is_taken_up_again_behind_what_cannot_be_read() -> None:
    block = bytes.fromhex(case("asterix", "track").body.decode())
    read = Read([BEGIN, data(b"\x3e\x00\x00" + b"junk" * 5), data(block)], "asterix")
    assert len(read.plots) == 1
    assert read.skips.damaged == 1


def test_a_capture_that_is_not_read_is_one_stretch_of_damage() -> None:
    read = Read([BEGIN, data(b"\x0a\x0d\x0d\x0a" + b"\0" * 20), END], "asterix")
    assert read.skips[UNREADABLE] == 1


@pytest.mark.parametrize("name", ["asterix", "cot", "nop", "sbs", "iff", "modes"])
def test_what_is_read_from_a_file_is_read_live_in_any_pieces(name: str) -> None:
    body = case(name, VECTORS[name]).body
    body = bytes.fromhex(body.decode()) if name == "asterix" else body
    whole = Read([BEGIN, data(body), END], name).plots
    pieces = Read([BEGIN, *(data(body[at : at + 7]) for at in range(0, len(body), 7)), END], name).plots
    assert whole == pieces
    assert len(whole) == 1
    assert len(Read([data(body)], name).plots) == 1


@given(st.sampled_from(sorted(STREAMS)), st.lists(st.one_of(st.binary(max_size=300), st.just(None)), max_size=12), st.booleans())
def test_whatever_comes_ends_nothing(name: str, parts: list[bytes | None], is_stream: bool) -> None:
    arrivals = [event(Event.LOST, lost=3) if part is None else data(part) for part in parts]
    framed = [BEGIN, *arrivals, END, BEGIN, *arrivals] if is_stream else arrivals
    read = Read(framed, name)
    assert read.skips[LOST] == 3 * parts.count(None) * (2 if is_stream else 1)


def test_a_format_that_does_not_come_live_is_one_sentence() -> None:
    for name in ("parquet", "csv", "geojson", "no" * 100):
        with pytest.raises(FormatError, match="does not come live; sbs, modes, asterix"):
            Read([], name)


def test_the_how_to_names_every_format_and_every_kind_of_source() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/how/watch-live.md").read_text()
    for name in (*STREAMS, *(f"{kind}://" for kind in Kind)):
        assert name in text


def test_the_longest_line_is_less_than_a_chunk() -> None:
    assert LONGEST_LINE < 65_536
