"""Track tables: written and read back to the same plots, as CSV, Parquet and GeoParquet, and what is wrong with others."""

import io
import json
from contextlib import suppress

import geopandas
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nouns
from reference.cases import case, cases
from tafadi.errors import FormatError, InputError
from tafadi.formats import columns, track_table
from tafadi.formats.lines import lines
from tafadi.formats.reading import table, track_batches, tracks
from tafadi.formats.registry import sniff
from tafadi.formats.skips import Skips
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.model.track import Plot

AT = Instant.parse("2026-03-01T06:40:00.123456789Z")
PLOT = Plot("radar/1", AT, Position(34.1, 40.2), Height(3000.1, Datum.PRESSURE), 180.0, 90.0, -1.5, on_ground=False, callsign="ABC123")
WRITERS = (track_table.write_csv, track_table.write_parquet, track_table.write_geoparquet)


def written(plots: list[Plot], write: object = track_table.write_csv) -> bytes:
    sink, dropped = io.BytesIO(), Skips()
    assert write(plots, sink, dropped) == len(plots)  # type: ignore[operator]
    assert dropped.total == 0
    return sink.getvalue()


@pytest.mark.parametrize("name", cases("track_table"))
def test_every_vector_reads_or_fails_as_it_expects(name: str) -> None:
    one, reader = case("track_table", name), track_table.Reader()
    if one.error:
        with pytest.raises(FormatError, match=one.error):
            list(reader.csv(lines([one.body])))
        return
    assert len(list(reader.csv(lines([one.body])))) == one.plots
    assert [reason for reason, _, _ in reader.skips.rows()] == ([one.skips] if one.skips else [])


@settings(max_examples=60, deadline=None)
@given(st.lists(nouns.plots, min_size=1, max_size=4))
def test_what_is_written_is_read_back_to_the_same_plots_to_the_last_bit(plots: list[Plot]) -> None:
    for write in WRITERS:
        data = written(plots, write)
        found = tracks(data)
        assert list(found.plots) == plots
        assert found.skips.total == 0


def test_a_height_stands_in_the_column_of_its_datum_and_nowhere_else() -> None:
    header, line = written([PLOT]).decode().splitlines()
    cells = dict(zip(header.split(","), line.split(","), strict=True))
    assert {name: cell for name, cell in cells.items() if "height" in name and cell} == {"height_pressure_m": "3000.1"}


def test_a_table_is_known_by_its_content_and_one_of_others_is_not_taken_for_it() -> None:
    csv, parquet = (written([PLOT], write) for write in WRITERS[:2])
    assert (sniff(csv).name, sniff(parquet, "", parquet).name, sniff(parquet).name) == ("track_table", "track_table", "columns")
    with pytest.raises(FormatError, match="needs a map"):
        table(io.BytesIO(b"a,b\n1,2\n"))


def test_the_reader_of_the_tables_of_others_reads_it_too_with_a_map() -> None:
    mapped = columns.ColumnMap(
        {"track": "track", "at": "at [utc]", "lat": "lat_deg", "lon": "lon_deg", "height": "height_pressure_m [m] pressure"}
    )
    (found,) = columns.Reader(mapped).csv(lines([written([PLOT])]))
    assert (found.height, found.at, found.position) == (PLOT.height, PLOT.at, PLOT.position)


def test_geopandas_reads_the_places_and_the_metadata_say_what_geoparquet_asks() -> None:
    data = written([PLOT], track_table.write_geoparquet)
    frame = geopandas.read_parquet(io.BytesIO(data))
    assert (frame.geometry.x[0], frame.geometry.y[0], frame.crs.to_string()) == (40.2, 34.1, "OGC:CRS84")
    geo = json.loads(pq.read_metadata(io.BytesIO(data)).metadata[b"geo"])
    assert (geo["version"], geo["primary_column"], geo["columns"]["geometry"]) == (
        "1.1.0",
        "geometry",
        {"encoding": "WKB", "geometry_types": ["Point"]},
    )


def test_batches_have_the_schema_and_no_more_rows_than_asked() -> None:
    found = list(track_table.batches([PLOT] * 5, rows=2))
    assert [one.num_rows for one in found] == [2, 2, 1]
    assert all(one.schema == track_table.schema() for one in found)
    (only,) = track_batches(written([PLOT]))
    assert only.column("at")[0].value == AT.ns


def test_what_a_line_cannot_hold_is_left_out_and_counted() -> None:
    dropped, sink = Skips(), io.BytesIO()
    broken = [Plot("a\nb", AT, PLOT.position), PLOT, Plot("c", AT, PLOT.position, callsign="\ud800"), Plot("", AT, PLOT.position)]
    assert track_table.write_csv(broken, sink, dropped) == 1
    assert (dropped.total, dropped.damaged) == (3, 3)
    assert list(track_table.Reader().csv(lines([sink.getvalue()]))) == [PLOT]


def test_a_table_whose_columns_are_of_another_kind_is_refused() -> None:
    data = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(written([PLOT], track_table.write_parquet))).drop(["squawk"]), data)
    with pytest.raises(FormatError, match="'squawk'"):
        list(track_table.Reader().parquet(io.BytesIO(data.getvalue())))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(written([PLOT], data.draw(st.sampled_from(WRITERS))))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with suppress(FormatError, InputError):
        list(tracks(bytes(body)).plots)
