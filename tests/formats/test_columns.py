"""Tables of tracks: a map that names units, or nothing."""

import io
import json
from contextlib import suppress

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.cases import case, cases
from tafadi.errors import FormatError
from tafadi.formats.columns import MEMBERS, ColumnMap, Reader
from tafadi.formats.lines import lines
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FOOT_M, KNOT_MPS
from tafadi.model.track import Plot

MAP = {
    "track": "icao24",
    "at": "timestamp [ms]",
    "lat": "latitude",
    "lon": "longitude",
    "height": "altitude [ft] pressure",
    "ground_speed": "groundspeed [kt]",
    "course": "track",
    "climb": "vertical_rate [ft/min]",
}
AT = Instant.parse("2018-04-03T19:02:28.36Z")


def read(name: str) -> tuple[list[Plot], Reader]:
    one = case("columns", name)
    reader = Reader(ColumnMap(json.loads(one.columns)))
    return list(reader.csv(lines([one.body]))), reader


def parquet(table: dict[str, object], members: dict[str, str] | None = None) -> tuple[list[Plot], Reader]:
    file = io.BytesIO()
    pq.write_table(pa.table(table), file)
    reader = Reader(ColumnMap(members or MAP))
    return list(reader.parquet(io.BytesIO(file.getvalue()))), reader


def one_row(**cells: object) -> dict[str, object]:
    row: dict[str, object] = {
        "icao24": ["4249b5"], "timestamp": [AT.ns // 1_000_000], "latitude": [59.91], "longitude": [30.2], "altitude": [7000.0],
        "groundspeed": [203.0], "track": [314.0], "vertical_rate": [None], "typecode": ["XXXX"],
    }  # fmt: skip
    return row | cells


@pytest.mark.parametrize("name", cases("columns"))
def test_every_vector_reads_or_fails_as_it_expects(name: str) -> None:
    one = case("columns", name)
    if one.error:
        with pytest.raises(FormatError, match=one.error):
            read(name)
        return
    found, reader = read(name)
    assert len(found) == one.plots
    assert [reason for reason, _, _ in reader.skips.rows()] == ([one.skips] if one.skips else [])


def test_a_row_is_read_in_si_with_its_datum() -> None:
    plot = read("one_row")[0][0]
    assert (plot.track, plot.at) == ("4249b5", AT)
    assert plot.height == Height(7000 * FOOT_M, Datum.PRESSURE)
    assert (plot.ground_speed_mps, plot.course_deg, plot.climb_mps) == (203 * KNOT_MPS, 314.0, None)


@pytest.mark.parametrize("name", ["empty_cells_are_not_known", "nan_is_not_known"])
def test_an_empty_cell_is_not_known_and_never_zero(name: str) -> None:
    plot = read(name)[0][0]
    assert (plot.height, plot.ground_speed_mps, plot.course_deg) == (None, None, None)


def test_no_member_of_the_map_can_name_what_is_nobodys_business() -> None:
    assert not {"target", "unit", "weapon", "type", "aircraft_type", "purpose"} & set(MEMBERS)


def test_parquet_and_csv_of_one_table_give_the_same_plots() -> None:
    found, reader = parquet(one_row())
    assert [(p.at, p.position, p.height, p.ground_speed_mps) for p in found] == [
        (p.at, p.position, p.height, p.ground_speed_mps) for p in read("one_row")[0]
    ]
    assert reader.skips.total == 0


def test_a_parquet_null_and_a_nan_are_not_known() -> None:
    found, _ = parquet(one_row(altitude=[None], groundspeed=[float("nan")]))
    assert (found[0].height, found[0].ground_speed_mps) == (None, None)


def test_a_parquet_timestamp_in_utc_keeps_its_nanoseconds() -> None:
    stamp = pa.array([AT.ns + 7], pa.timestamp("ns", "UTC"))
    assert parquet(one_row(timestamp=stamp))[0][0].at == Instant(AT.ns + 7)


@pytest.mark.parametrize("zone", [None, "Europe/Paris"])
def test_a_parquet_timestamp_without_utc_is_refused(zone: str | None) -> None:
    stamp = pa.array([AT.ns], pa.timestamp("ns", zone))
    with pytest.raises(FormatError, match="give them in UTC"):
        parquet(one_row(timestamp=stamp))


def test_a_parquet_timestamp_without_a_zone_is_utc_when_the_map_says_so() -> None:
    stamp = pa.array([AT.ns], pa.timestamp("ns"))
    assert parquet(one_row(timestamp=stamp), MAP | {"at": "timestamp [utc]"})[0][0].at == AT


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"icao24,timestamp\n"])
def test_what_is_no_parquet_is_refused_in_a_sentence(damage: bytes) -> None:
    with pytest.raises(FormatError, match="no Parquet file"):
        list(Reader(ColumnMap(MAP)).parquet(io.BytesIO(damage)))


def test_a_truncated_parquet_is_refused_in_a_sentence() -> None:
    file = io.BytesIO()
    pq.write_table(pa.table(one_row()), file)
    with pytest.raises(FormatError, match="no Parquet file"):
        list(Reader(ColumnMap(MAP)).parquet(io.BytesIO(file.getvalue()[:-20])))


def test_a_column_of_lists_or_bytes_is_skipped_row_by_row() -> None:
    found, reader = parquet(one_row(altitude=[[1.0, 2.0]], latitude=[b"\xff"]))
    assert found == []
    assert reader.skips.total == 1


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=12))
def test_whatever_comes_in_raises_nothing_but_a_format_error(chunks: list[bytes]) -> None:
    reader = Reader(ColumnMap(MAP))
    header = b"icao24,timestamp,latitude,longitude,altitude,groundspeed,track,vertical_rate\n"
    list(reader.csv(lines([header, *chunks])))
    with suppress(FormatError):
        list(Reader(ColumnMap(MAP)).csv(lines(chunks)))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from([*MEMBERS, "weapon"]), st.text(max_size=30), max_size=8))
def test_any_map_is_taken_or_refused_in_a_sentence(members: dict[str, str]) -> None:
    with suppress(FormatError):
        ColumnMap(members)
