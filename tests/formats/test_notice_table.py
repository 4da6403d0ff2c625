"""Notice tables: written and read back to the same nouns, as GeoParquet and CSV, and what is wrong with others."""

import io
import json
from contextlib import suppress

import geopandas
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nouns
from tafadi.errors import FormatError
from tafadi.formats import notice_table
from tafadi.formats.reading import notices
from tafadi.formats.registry import sniff
from tafadi.model.operation import Announced
from zone_cases import case, vectors

DUMPS = (notice_table.dump, notice_table.dump_csv)


def one(name: str) -> Announced:
    (path,) = (path for path in vectors("notice_table") if path.stem == name)
    (found,) = notice_table.parse(case(path).body)
    return found


@pytest.mark.parametrize("path", vectors("notice_table"), ids=lambda path: path.stem)
def test_every_vector_reads_or_fails_as_it_expects(path: object) -> None:
    wanted = case(path)  # type: ignore[arg-type]
    word, _, rest = wanted.expected.partition(" ")
    if word == "ok":
        assert len(list(notice_table.parse(wanted.body))) == int(rest)
        return
    with pytest.raises(FormatError) as caught:
        list(notice_table.parse(wanted.body))
    assert (caught.value.format or "notice_table", caught.value.field) == ("notice_table", rest.strip())


@settings(max_examples=60, deadline=None)
@given(nouns.announced)
def test_what_is_written_is_read_back_to_the_same_nouns_to_the_last_bit(announced: list[Announced]) -> None:
    for dump in DUMPS:
        assert notices(dump(announced)) == announced


def test_a_table_is_known_by_its_content() -> None:
    parquet, csv = (dump([one("polygon")]) for dump in DUMPS)
    assert (sniff(csv).name, sniff(parquet, "", parquet).name) == ("notice_table", "notice_table")


def test_geopandas_reads_outlines_circles_and_trajectories() -> None:
    data = notice_table.dump([one("polygon"), *(renamed(one(name), name) for name in ("circle", "trajectory"))])
    with pytest.warns(UserWarning, match="spherical edges"):  # it says that it draws them straight
        frame = geopandas.read_parquet(io.BytesIO(data))
    assert list(frame.geom_type) == ["Polygon", "Point", "LineString"]
    assert frame.crs.to_string() == "OGC:CRS84"
    assert frame.geometry.is_valid.all()
    assert list(frame.radius_m.fillna(0.0)) == [0.0, 500.0, 0.0]
    geo = json.loads(pq.read_metadata(io.BytesIO(data)).metadata[b"geo"])
    assert geo["columns"]["geometry"]["geometry_types"] == ["LineString", "Point", "Polygon"]


def renamed(announced: Announced, id: str) -> Announced:
    return Announced(id, announced.notice, announced.party)


def test_heights_that_are_not_stated_stay_unknown() -> None:
    volume = one("heights_not_stated").notice.volumes[0]
    assert (volume.lower, volume.upper) == (None, None)


def test_a_table_of_another_program_is_refused() -> None:
    sink = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(notice_table.dump([one("polygon")]))).replace_schema_metadata(None), sink)
    with pytest.raises(FormatError, match="no table of notices as Tafadi writes them"):
        list(notice_table.parse(sink.getvalue()))


def test_two_notices_of_one_name_are_not_written_as_one() -> None:
    with pytest.raises(FormatError, match="stands twice"):
        notice_table.dump([one("polygon")] * 2)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(DUMPS))([one(data.draw(st.sampled_from(["polygon", "circle", "trajectory"])))]))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    with suppress(FormatError):
        list(notice_table.parse(bytes(body)))
