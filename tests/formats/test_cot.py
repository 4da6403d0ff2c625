"""Cursor-on-Target: places of things, whatever they are; and nothing that an XML file can do to its reader."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.cases import case, cases
from tafadi.errors import FormatError
from tafadi.formats import cot
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot


def read(name: str) -> list[Plot]:
    return list(cot.parse([case("cot", name).body]))


@pytest.mark.parametrize("name", cases("cot"))
def test_every_vector_reads_or_fails_as_it_expects(name: str) -> None:
    one, reader = case("cot", name), cot.Reader()
    if one.error:
        with pytest.raises(FormatError, match=one.error):
            list(cot.parse([one.body], reader))
        return
    assert len(list(cot.parse([one.body], reader))) == one.plots
    assert [reason for reason, _, _ in reader.skips.rows() if reason != "a document type, which no event has"] == (
        [one.skips] if one.skips else []
    )


@pytest.mark.parametrize("name", cases("cot"))
def test_it_does_not_matter_where_a_stream_is_cut(name: str) -> None:
    body, whole, bits = case("cot", name).body, cot.Reader(), cot.Reader()
    if case("cot", name).error:
        return
    assert list(cot.parse([body], whole)) == list(cot.parse([body[i : i + 7] for i in range(0, len(body), 7)], bits))
    assert whole.skips.rows() == bits.skips.rows()


def test_an_event_is_read_with_its_height_above_the_ellipsoid() -> None:
    plot = read("event")[0]
    assert (plot.track, plot.address, plot.callsign) == ("cot/ICAO-A1B2C3", "a1b2c3", "ABC12")
    assert plot.at == Instant.parse("2026-03-01T06:40:00Z")
    assert plot.height == Height(9144.0, Datum.ELLIPSOID)
    assert (plot.ground_speed_mps, plot.course_deg) == (180.5, 270.0)


def test_nothing_of_what_a_thing_is_or_whose_is_kept() -> None:
    assert not any("a-n" in str(value) for value in dataclasses.asdict(read("event")[0]).values())


def test_a_number_of_nines_is_not_known() -> None:
    assert read("height_not_known")[0].height is None
    assert (read("speed_not_known")[0].ground_speed_mps, read("speed_not_known")[0].course_deg) == (None, None)


@pytest.mark.parametrize("name", ["entity_bomb", "external_entity", "document_type_alone"])
def test_a_document_type_is_refused_before_any_entity_is_read(name: str) -> None:
    body, reader = case("cot", name).body, cot.Reader()
    assert b"<!DOCTYPE" in body
    list(reader.read(cot.events([body])))
    assert reader.skips.damaged > 0


def test_an_entity_that_an_event_declares_is_never_put_in() -> None:
    reader = cot.Reader()
    assert list(reader.read([b'<!DOCTYPE event [<!ENTITY a "b">]><event uid="&a;" type="a-n"></event>'])) == []
    assert reader.skips["a document type, which no event has"] == 1


def test_an_endless_event_takes_no_more_memory_than_any_other() -> None:
    pieces = [b"<event>" + b"x" * 50_000] * 200
    assert max(map(len, cot.events(pieces))) <= cot.LARGEST_EVENT + 1


def test_a_hundred_megabytes_of_garbage_events_are_given_up_on_early() -> None:
    taken = 0

    def garbage() -> Iterator[bytes]:
        nonlocal taken
        for taken in range(1, 1_000_000):  # noqa: B007  # counted by the closure
            yield b"<<</event>" * 10

    with pytest.raises(FormatError, match="hold no event"):
        list(cot.parse(garbage()))
    assert taken < 1_000


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=120) | st.sampled_from([b"<event ", b"</event>", b"<!DOCTYPE ", b"<?xml encoding='x'?>"]), max_size=20))
def test_whatever_comes_in_is_read_or_skipped_and_raises_nothing_else(chunks: list[bytes]) -> None:
    list(cot.Reader().read(cot.events(chunks)))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 330), st.binary(max_size=4)), max_size=6))
def test_an_event_with_bytes_changed_is_read_or_skipped(changes: list[tuple[int, bytes]]) -> None:
    body = bytearray(case("cot", "event").body)
    for place, piece in changes:
        body[place : place + len(piece)] = piece
    list(cot.Reader().read(cot.events([bytes(body)])))


def test_what_atak_writes_is_read_and_drawings_are_counted(shared: Callable[[str], Path]) -> None:
    found, reader = [], cot.Reader()
    for path in sorted(shared("data/copyleft/cot").glob("*.cot")):
        found += list(reader.read(cot.events([path.read_bytes()])))
    # Three markers name a place; eight drawings, routes and rings are none. All eleven heights but those stated are 9999999.
    assert len(found) == 2
    assert reader.skips.damaged == 0
    assert len(found) + reader.skips.total == 11


def test_an_aid_to_navigation_with_an_unknown_speed_has_no_course(shared: Callable[[str], Path]) -> None:
    plot = next(iter(cot.parse([shared("data/permissive/cot/aton_cotproxy.xml").read_bytes()])))
    assert (plot.track, plot.height, plot.ground_speed_mps, plot.course_deg) == ("cot/MMSI-993692001", None, None, None)
    assert plot.callsign == "AtoN SF"
