"""What is written: CoT and KML of tracks, notices as every format, and what each drops or refuses."""

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nouns
from tafadi.errors import FormatError
from tafadi.formats import kml
from tafadi.formats.cot_events import LEAST
from tafadi.formats.outputs import OUTPUTS, dump, output, write
from tafadi.formats.reading import looked, notices, tracks
from tafadi.formats.skips import Skips
from tafadi.formats.xml_tree import load
from tafadi.formats.zones import LeftOut
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.names import check_text
from tafadi.model.operation import Announced, AreaKind, Kind, Minima, Notice
from tafadi.model.track import Plot
from tafadi.model.volume import Circle, Polygon, Volume4D

AT = Instant.parse("2026-03-01T06:40:00Z")
DAY = Span(AT, AT.plus(86_400.0))
PLOT = Plot("cot/ICAO-A1B2C3", AT, Position(34.1, 40.2), Height(3000.5, Datum.ELLIPSOID), 180.0, 90.0, address="a1b2c3", source="cot")
RING = Polygon((Position(52.0, 4.0), Position(52.0, 4.1), Position(52.1, 4.1)))
VOLUME = Volume4D(RING, Height(0.0, Datum.GROUND), Height(500.0, Datum.GEOID), DAY)
AREA = Announced("N1", Notice(Kind.AREA, (VOLUME,), area_kind=AreaKind.CAUTION))


def written(name: str, plots: list[Plot]) -> tuple[bytes, Skips, int]:
    sink, dropped = io.BytesIO(), Skips()
    count = write(OUTPUTS[name], plots, sink, dropped)
    return sink.getvalue(), dropped, count


def test_an_output_is_named_or_told_by_the_ending_and_never_guessed() -> None:
    assert (output("kml", "x.csv").name, output(None, "A.PARQUET").name, output(None, "x.json").name) == ("kml", "parquet", "geojson")
    with pytest.raises(FormatError, match="no format 'shapefile' to write; there are geojson"):
        output("shapefile", "")
    with pytest.raises(FormatError, match="say one with --to"):
        output(None, "x.shp")


@pytest.mark.parametrize("one", OUTPUTS.values(), ids=lambda one: one.name)
def test_every_output_names_its_units_and_datums(one: object) -> None:
    for said in (one.of_notices, one.of_tracks):  # type: ignore[attr-defined]
        assert said is None or ("degrees on WGS 84" in said and ("metres" in said or "unit and datum" in said))


# CoT


def test_a_plot_of_cot_is_written_as_the_event_that_it_was() -> None:
    data, dropped, count = written("cot", [PLOT])
    assert (looked(data).name, count, dropped.total) == ("cot", 1, 0)
    assert list(tracks(data).plots) == [PLOT]


def test_an_event_says_of_no_one_whose_or_what_it_is() -> None:
    data, _, _ = written("cot", [replace(PLOT, party="north", callsign="ABC123")])
    assert b'type="a-u-A"' in data
    assert b"north" not in data


@settings(max_examples=60, deadline=None)
@given(st.lists(nouns.plots, max_size=4, unique_by=lambda plot: plot.track))
def test_cot_keeps_what_it_can_say_and_counts_the_rest(plots: list[Plot]) -> None:
    plots = [plot for plot in plots if max(abs(plot.position.lat_deg), abs(plot.position.lon_deg)) >= LEAST]
    data, dropped, count = written("cot", plots)
    assert count == len(plots)
    found = list(tracks(data).plots) if plots else []
    for plot, again in zip(plots, found, strict=True):
        assert (again.track, again.at) == (f"cot/{plot.track.removeprefix('cot/')}", plot.at)
        # twenty digits behind the point
        assert again.position.lat_deg == pytest.approx(plot.position.lat_deg, abs=1e-19)
        assert again.position.lon_deg == pytest.approx(plot.position.lon_deg, abs=1e-19)
        is_ellipsoid = plot.height is not None and plot.height.datum is Datum.ELLIPSOID
        assert (again.height is not None) == is_ellipsoid
        assert again.height is None or plot.height is None or again.height.value_m == pytest.approx(plot.height.value_m, abs=1e-19)
        assert again.ground_speed_mps == pytest.approx(plot.ground_speed_mps, abs=1e-19)
        assert again.course_deg == pytest.approx(None if plot.ground_speed_mps is None else plot.course_deg, abs=1e-19)
        assert again.callsign == plot.callsign
        assert (again.climb_mps, again.cleared_height, again.squawk, again.party) == (None, None, None, None)
    assert dropped["climbs"] == sum(plot.climb_mps is not None for plot in plots)
    assert dropped["parties"] == sum(plot.party is not None for plot in plots)
    assert dropped["heights above pressure"] == sum(plot.height is not None and plot.height.datum is Datum.PRESSURE for plot in plots)


def test_a_name_that_no_thing_can_have_and_a_place_that_is_nowhere_are_left_out_and_counted() -> None:
    _, dropped, count = written(
        "cot", [replace(PLOT, track="x" * 200), replace(PLOT, track="cot/ "), replace(PLOT, position=Position(0.0, 0.0))]
    )
    assert (count, dropped.damaged) == (0, 3)


def test_notices_do_not_go_into_cot() -> None:
    with pytest.raises(FormatError, match="not what is announced; notices go to geojson, geoparquet, parquet, csv, kml"):
        dump(OUTPUTS["cot"], [AREA], LeftOut())


# KML of tracks


@settings(max_examples=30, deadline=None)
@given(st.lists(nouns.plots, max_size=3))
def test_kml_has_a_point_with_its_time_for_each_plot(plots: list[Plot]) -> None:
    data, dropped, count = written("kml", plots)
    marks = [one for one in load(data, format="kml").walk() if one.name == "Placemark"]
    assert len(marks) == count == len(plots)
    for plot, mark in zip(plots, marks, strict=True):
        point = next(one for one in mark.walk() if one.name == "Point")
        numbers = [float(number) for number in (point.said("coordinates") or "").split(",")]
        is_said = plot.height is not None and plot.height.datum in (Datum.GEOID, Datum.GROUND)
        assert numbers[:2] == [plot.position.lon_deg, plot.position.lat_deg]
        assert numbers[2:] == ([plot.height.value_m] if plot.height and is_said else [])
        assert next(one for one in mark.walk() if one.name == "when").text == str(plot.at)
    assert dropped["speeds"] == sum(plot.ground_speed_mps is not None for plot in plots)


# Notices


@pytest.mark.parametrize("name", ["geojson", "geoparquet", "parquet", "csv", "kml"])
def test_a_notice_is_read_back_to_the_same_noun_from_every_format(name: str) -> None:
    left_out = LeftOut()
    data, count = dump(OUTPUTS[name], [AREA], left_out)
    assert (count, left_out.skips.total) == (1, 0)
    (again,) = notices(data)
    assert (again.id, again.notice.volumes) == ("N1", AREA.notice.volumes)


@settings(max_examples=40, deadline=None)
@given(nouns.announced)
def test_kml_with_partial_leaves_out_counts_and_never_makes_up_a_height(announced: list[Announced]) -> None:
    left_out = LeftOut()
    able = [one for one in announced if one.notice.volumes]
    if not able:
        with pytest.raises(FormatError, match="no notice to write"):
            dump(OUTPUTS["kml"], announced, left_out, partial=True)
        return
    data, count = dump(OUTPUTS["kml"], announced, left_out, partial=True)
    assert count + len(left_out.refused) == len(announced)
    found = [volume for one in kml.parse(data) for volume in one.notice.volumes]
    refused = {one.name for one in left_out.refused}
    wanted = [volume for one in announced if one.id not in refused for volume in one.notice.volumes]
    assert len(found) == len(wanted)
    for volume, again in zip(wanted, found, strict=True):
        assert (again.lower, again.upper) in ((volume.lower, volume.upper), (None, None))
        assert again.span == volume.span


def test_kml_without_partial_refuses_what_a_judgement_could_change_by() -> None:
    minima = replace(AREA, notice=replace(AREA.notice, minima=Minima(100.0, 50.0)))
    with pytest.raises(FormatError, match="--partial leaves out what kml cannot say"):
        dump(OUTPUTS["kml"], [minima], LeftOut())
    left_out = LeftOut()
    dump(OUTPUTS["kml"], [minima], left_out, partial=True)
    assert left_out.skips.rows() == [("minima", 1, 1)]


def test_kml_counts_circles_kinds_and_titles() -> None:
    left_out = LeftOut()
    circle = replace(VOLUME, outline=Circle(Position(52.0, 4.0), 500.0))
    kept = replace(AREA, notice=replace(AREA.notice, volumes=(circle,), area_kind=AreaKind.KEEP_CLEAR, title=check_text("a", "t")))
    dump(OUTPUTS["kml"], [kept], left_out)
    assert {reason for reason, _, _ in left_out.skips.rows()} == {
        "kinds other than caution",
        "titles",
        "circles, which became corners within 1 m",
    }
