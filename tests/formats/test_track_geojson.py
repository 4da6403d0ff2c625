"""GeoJSON of tracks: written and read back to the same plots, and what is wrong with others."""

import io
import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nouns
from reference.cases import case, cases
from tafadi.errors import FormatError
from tafadi.formats import track_geojson
from tafadi.formats.lines import lines
from tafadi.formats.reading import looked, tracks
from tafadi.formats.skips import Skips
from tafadi.model.track import Plot


def written(plots: list[Plot]) -> bytes:
    sink, dropped = io.BytesIO(), Skips()
    assert track_geojson.write(plots, sink, dropped) == len(plots)
    assert dropped.total == 0
    return sink.getvalue()


@pytest.mark.parametrize("name", cases("track_geojson"))
def test_every_vector_reads_or_fails_as_it_expects(name: str) -> None:
    one, reader = case("track_geojson", name), track_geojson.Reader()
    if one.error:
        with pytest.raises(FormatError, match=one.error):
            list(track_geojson.parse(lines([one.body]), reader))
        return
    assert len(list(track_geojson.parse(lines([one.body]), reader))) == one.plots
    assert [reason for reason, _, _ in reader.skips.rows()] == ([one.skips] if one.skips else [])


@settings(max_examples=60, deadline=None)
@given(st.lists(nouns.plots, max_size=4))
def test_what_is_written_is_read_back_to_the_same_plots_to_the_last_bit(plots: list[Plot]) -> None:
    data = written(plots)
    assert looked(data).name == "track_geojson"
    found = tracks(data)
    assert list(found.plots) == plots
    assert found.skips.total == 0


@given(st.lists(nouns.plots, max_size=3))
@settings(max_examples=30, deadline=None)
def test_any_program_that_knows_geojson_reads_it(plots: list[Plot]) -> None:
    collection = json.loads(written(plots))
    assert collection["type"] == "FeatureCollection"
    assert [one["geometry"]["coordinates"] for one in collection["features"]] == [
        [plot.position.lon_deg, plot.position.lat_deg] for plot in plots
    ]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(case("track_geojson", data.draw(st.sampled_from(cases("track_geojson")))).body or b" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        body = body or bytearray(b" ")
    with suppress(FormatError):
        list(track_geojson.parse(lines([bytes(body)])))
