"""Reading: one place that reads any file of any format, and knows what each must be told."""

from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from reference.cases import case
from tafadi.errors import FormatError, InputError
from tafadi.formats import track_table
from tafadi.formats.reading import STREAMS, Told, looked, notices, stream, track_batches, tracks
from tafadi.formats.registry import FORMATS, Carries
from tafadi.formats.skips import Skips
from tafadi.formats.zones import LeftOut
from tafadi.measure.instant import Instant, Span

CASES = {
    "nop": "terminal_hit",
    "sbs": "velocity_then_place",
    "iff": "track_point",
    "readsb": "aircraft",
    "modes": "even_and_odd",
    "asterix": "track",
    "cot": "event",
    "daa": "milliseconds",
    "scn": "aircraft_created",
    "track_geojson": "one_point",
    "track_table": "one_row",
}
TOLD = Told(day=date(2026, 3, 1))


def body(name: str) -> bytes:
    data = case(name, CASES[name]).body
    return bytes.fromhex(data.decode()) if name == "asterix" else data


@pytest.mark.parametrize("name", list(CASES))
def test_tracks_of_every_format_are_known_by_their_content_and_read(name: str) -> None:
    assert looked(body(name)).name == name
    for given in (None, name):
        found = tracks(body(name), format=given, told=TOLD)
        assert (len(list(found.plots)), found.skips.damaged) == (1, 0)


def test_every_format_of_tracks_is_read_here() -> None:
    carried = {one.name for one in FORMATS.values() if one.carries is Carries.TRACKS}
    assert carried - {"columns"} == set(STREAMS) - {"plots"} == set(CASES)


def test_batches_are_arrow_with_units_in_their_names() -> None:
    (batch,) = track_batches(body("nop"))
    assert batch.schema == track_table.schema()
    assert batch.column("height_pressure_m").null_count == 0


def test_a_table_of_others_is_read_by_its_map() -> None:
    table = b"t,s,la,lo\nA,5,1.0,2.0\n"
    (plot,) = tracks(table, format="csv", columns={"track": "t", "at": "s [s]", "lat": "la", "lon": "lo"}).plots
    assert (plot.track, plot.at) == ("A", Instant(5_000_000_000))
    with pytest.raises(FormatError, match="needs a map"):
        tracks(table, format="csv")
    with pytest.raises(InputError, match="belongs to tables"):
        tracks(body("nop"), columns={})


def test_what_carries_no_tracks_is_refused_by_name() -> None:
    with pytest.raises(FormatError, match="'kml' carries notices; tracks come as nop"):
        stream("kml", [])
    with pytest.raises(FormatError, match="no format 'shp' of tracks"):
        stream("shp", [])


def test_notices_are_read_for_a_window_and_refusals_listed(shared: Callable[[str], Path]) -> None:
    data = shared("data/permissive/geozones/ed318_example_collection.json").read_bytes()
    week = Span(Instant.parse("2019-04-01T00:00:00Z"), Instant.parse("2019-04-08T00:00:00Z"))
    left_out = LeftOut()
    assert len(notices(data, window=week, left_out=left_out)) == 2
    assert left_out.refused == []


def test_parquet_of_tracks_is_told_from_others_by_its_end() -> None:
    sink = BytesIO()
    track_table.write_parquet(tracks(body("nop")).plots, sink, Skips())
    assert looked(sink.getvalue()).name == "track_table"
    assert len(list(tracks(sink.getvalue()).plots)) == 1
