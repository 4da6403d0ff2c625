"""Tables of any maker come in and go out, and lose nothing on the way."""

import datetime
from collections.abc import Callable
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import shapely

from tafadi import Circle, Datum, Height, Instant, Kind, Notice, Plot, Polygon, Position, Span, Tracks, Volume4D, read_notices, read_tracks
from tafadi.errors import FormatError, InputError, LimitError, RefusedError, TafadiError
from tafadi.library import frames, result
from tafadi.library.frames import Columns, is_table
from tafadi.model.operation import Announced, Minima, Trajectory, Waypoint

START = Instant.parse("2027-03-02T09:00:00Z")
PLOTS = [
    Plot("a", START, Position(34.0, 40.0), Height(3000.125, Datum.PRESSURE), 120.5, 90.0, -1.5, party="amber", on_ground=False),
    Plot("a", START.plus(0.000000001), Position(34.0, 40.1), Height(1200.0, Datum.ELLIPSOID), address="4b1815"),
    Plot("b", START.plus(7.25), Position(-89.9, -180.0), callsign="ÄÖ 1", squawk="7000", cleared_height=Height(900.0, Datum.GEOID)),
]
HOUR = Span(START, START.plus(3600.0))
BOX = Polygon((Position(-33.0, 131.0), Position(-33.5, 131.0), Position(-33.5, 131.5)))
ROUTE = Trajectory(
    (Waypoint(Position(0.0, 179.5), None, START), Waypoint(Position(0.1, -179.5), Height(900.0, Datum.GEOID), START.plus(60.0)))
)
NOTICES = [
    Announced("box", Notice(Kind.OPERATION, (Volume4D(BOX, Height(0.0, Datum.GROUND), Height(900.5, Datum.GEOID), HOUR),)), "amber"),
    Announced(
        "disc", Notice(Kind.OPERATION, (Volume4D(Circle(Position(-33.0, 131.0), 750.25), None, None, HOUR),), minima=Minima(10.0, 5.0))
    ),
    Announced("way", Notice(Kind.OPERATION, trajectory=ROUTE, title="over the antimeridian"), "cobalt"),
]
MAKERS: dict[str, Callable[[Any], Any]] = {
    "arrow": lambda made: made.to_arrow(),
    "polars": lambda made: made.to_polars(),
    "pandas": lambda made: made.to_pandas(),
    "result": lambda made: made,
    "capsule": pa.table,
}


@pytest.mark.parametrize("maker", MAKERS)
def test_tracks_come_back_to_the_last_bit_from_every_maker_of_tables(maker: str) -> None:
    assert list(read_tracks(MAKERS[maker](Tracks(PLOTS)))) == PLOTS


def test_tracks_come_back_from_numpy_arrays() -> None:
    arrays = Tracks(PLOTS).to_numpy()
    assert arrays["at"].dtype == np.dtype("datetime64[ns]")
    assert np.isnan(arrays["height_pressure_m"][2])
    assert list(read_tracks(arrays)) == PLOTS


@pytest.mark.parametrize("maker", MAKERS)
def test_notices_come_back_to_the_last_bit_from_every_maker_of_tables(maker: str) -> None:
    crs = None if maker in ("arrow", "result", "capsule") else "EPSG:4326"
    back = read_notices(MAKERS[maker](read_notices(NOTICES)), crs=crs)
    assert list(back) == NOTICES


def test_notices_and_tracks_come_back_from_geodataframes() -> None:
    frame = read_notices(NOTICES).to_geopandas()
    assert isinstance(frame, geopandas.GeoDataFrame)
    assert frame.crs.to_authority() == ("OGC", "CRS84")
    assert list(read_notices(frame)) == NOTICES
    points = Tracks(PLOTS).to_geopandas()
    assert points.geometry.iloc[0].equals(shapely.Point(40.0, 34.0))
    assert list(read_tracks(points.drop(columns=["lat_deg", "lon_deg"]))) == PLOTS


def airspaces(**columns: Any) -> geopandas.GeoDataFrame:
    """Two airspaces as an analyst has them: one with a hole, one of two polygons."""
    hole = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0, 1)], [[(0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)]])
    two = shapely.MultiPolygon([shapely.box(2, 0, 3, 1), shapely.box(4, 0, 5, 1)])
    times = pd.to_datetime(["2027-03-02T09:00Z"] * 2), pd.to_datetime(["2027-03-02T10:00Z"] * 2)
    said = {"id": ["ring", "twins"], "start": times[0], "end": times[1], "lower_m": [0.0, 300.0], "upper_m": [600.0, 900.0]}
    return geopandas.GeoDataFrame(said | columns, geometry=[hole, two], crs="EPSG:4326")


def test_airspaces_of_a_geodataframe_become_volumes_whose_holes_are_air() -> None:
    from tafadi import detect

    zones = read_notices(airspaces(), datum=Datum.GEOID)
    assert [one.id for one in zones] == ["ring", "twins"]
    assert len(zones[1].notice.volumes) == 2
    assert zones[0].notice.volumes[0].upper == Height(600.0, Datum.GEOID)

    def visit(lat_deg: float, lon_deg: float) -> int:
        there = Circle(Position(lat_deg, lon_deg), 1_000.0)
        return len(detect(zones, {"visit": Volume4D(there, Height(0.0, Datum.GEOID), Height(100.0, Datum.GEOID), HOUR)}).conflicts)

    assert visit(0.5, 0.5) == 0
    assert visit(0.5, 0.2) == 1


def test_heights_without_a_datum_are_unknown_and_never_clear() -> None:
    from tafadi import Cause, detect

    unstated = read_notices(airspaces())
    assert unstated[0].notice.volumes[0].lower is None
    visit = Volume4D(Circle(Position(0.5, 0.2), 1_000.0), Height(5000.0, Datum.GEOID), Height(6000.0, Datum.GEOID), HOUR)
    assert [one.cause for one in detect(unstated, {"visit": visit})] == [Cause.HEIGHT_MISSING]
    assert read_notices(airspaces(datum=["geoid", "pressure"]))[1].notice.volumes[0].lower == Height(300.0, Datum.PRESSURE)


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (lambda: airspaces().set_crs("EPSG:4326").to_crs("EPSG:3857"), "EPSG:3857; bring them to WGS 84"),
        (lambda: airspaces().set_crs(None, allow_override=True), "state no CRS"),
        (lambda: airspaces(start=pd.to_datetime(["2027-03-02T09:00"] * 2)), "no zone"),
        (lambda: airspaces(start=pd.to_datetime(["2027-03-02T09:00"] * 2).tz_localize("Asia/Dubai")), "the zone Asia/Dubai"),
        (lambda: airspaces(lower_m=["0", "300"]), "is not a number"),
        (lambda: airspaces(datum=["geoid", "QNH"]), "'QNH' is no datum"),
        (lambda: airspaces(lower_geoid_m=[1.0, 2.0], datum=["geoid"] * 2), "two heights for lower"),
        (lambda: airspaces(id=["one", None]), "without the identity"),
        (lambda: airspaces(kind=["operation", "attack"]), "none of operation, area"),
        (lambda: airspaces().drop(columns=["end"]), "has a start and an end"),
        (lambda: airspaces(lower_m=[700.0, 300.0], datum=["geoid"] * 2), "is not above the bottom"),
        (lambda: airspaces().drop(columns=["id"]), "the column is missing"),
    ],
)
def test_a_geodataframe_that_says_too_little_is_refused_in_a_sentence(frame: Callable[[], Any], says: str) -> None:
    with pytest.raises(FormatError, match=says):
        read_notices(frame())


def test_times_are_taken_from_timestamps_text_and_counts_and_never_without_a_zone() -> None:
    at = {"track": ["a"], "lat_deg": [1.0], "lon_deg": [2.0]}
    plots = [read_tracks(at | {name: [value]})[0] for name, value in (
        ("at", "2027-03-02T09:00:00Z"), ("at", datetime.datetime(2027, 3, 2, 9, tzinfo=datetime.UTC)), ("at_s", START.ns // 10**9),
        ("at_ms", START.ns / 1e6), ("at_ns", START.ns), ("at", START),
    )]  # fmt: skip
    assert {plot.at for plot in plots} == {START}
    for naive in (datetime.datetime(2027, 3, 2, 9), "2027-03-02T09:00:00", "2027-03-02T09:00:00+04:00", 1.0):  # noqa: DTZ001  # the point
        with pytest.raises(FormatError):
            read_tracks(at | {"at": [naive]})


def test_a_row_that_cannot_be_used_is_counted_and_the_others_are_read() -> None:
    table = {"track": ["a", "a", None], "at_s": [0, 1, 2], "lat_deg": [1.0, 91.0, 1.0], "lon_deg": [2.0, 2.0, 2.0]}
    read = read_tracks(table)
    assert (len(read), read.skips.total, read.skips.damaged) == (1, 2, 2)
    assert "2 left out (2 damaged)" in read.summary


def test_columns_that_are_not_read_are_named() -> None:
    read = read_tracks({"track": ["a"], "at_s": [0], "lat_deg": [1.0], "lon_deg": [2.0], "altitude": [3.0]})
    assert read.dropped == ("altitude",)
    assert "columns not read: altitude" in repr(read)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"track": ["a"], "at_s": [0, 1], "lat_deg": [1.0], "lon_deg": [2.0]}, "cannot be taken as a table"),
        ({"track": ["a"], "at_s": [0], "lat_deg": [1.0]}, "the column is missing"),
        ({"track": ["a"], "lat_deg": [1.0], "lon_deg": [2.0]}, "the column is missing"),
        ({"track": ["a"], "at_s": [0], "lat_deg": [object()], "lon_deg": [2.0]}, "cannot be taken as a table"),
        ({"track": [], "at_s": [], "lat_deg": [], "lon_deg": []}, "no plot that can be used"),
        (pl.LazyFrame({"track": ["a"]}), "collect"),
        (pa.table([pa.array([1]), pa.array([2])], names=["track", "track"]), "two columns have one name"),
    ],
)
def test_a_table_that_is_none_is_refused_in_a_sentence(given: Any, says: str) -> None:
    with pytest.raises(FormatError, match=says):
        read_tracks(given)


@pytest.mark.parametrize("given", [42, object(), [1, 2], None])
def test_what_is_neither_file_nor_table_nor_noun_is_refused(given: Any) -> None:
    for read in (read_tracks, read_notices):
        with pytest.raises(InputError):
            read(given)


def test_too_many_rows_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "MOST_ROWS", 2)
    with pytest.raises(LimitError, match="3 rows are more than 2"):
        read_tracks({"track": ["a"] * 3})


def test_masked_and_structured_arrays_are_tables() -> None:
    rows = np.array([("a", 34.0), ("b", 35.0)], dtype=[("track", "U1"), ("lat_deg", "f8")])
    assert is_table(rows)
    assert Columns(rows).numbers("lat_deg") == [34.0, 35.0]
    masked = {"lat_deg": np.ma.MaskedArray([1.0, 2.0], [False, True])}
    assert Columns(masked).numbers("lat_deg") == [1.0, None]


@pytest.mark.parametrize("name", ["to_pandas", "to_polars", "to_geopandas"])
def test_a_missing_extra_is_named_with_how_to_install_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(module: str) -> None:
        raise ImportError(module)

    monkeypatch.setattr(result, "import_module", absent)
    with pytest.raises(RefusedError, match=r"pip install tafadi\[frames\]"):
        getattr(Tracks(PLOTS), name)()


def test_a_result_shows_itself_as_a_short_table_that_no_name_can_break() -> None:
    plots = [Plot("<b>&", START.plus(number), Position(1.0, 2.0)) for number in range(12)]
    html = Tracks(plots)._repr_html_()
    assert "&lt;b&gt;&amp;" in html
    assert html.count("<tr>") == 11
    assert "… and 2 more" in html
    assert "height_pressure_m" not in html


def test_every_error_of_a_table_is_of_the_family() -> None:
    for cell in (None, float("inf"), "x", b"y", [1], {"a": 1}, True, datetime.date(2027, 3, 2), 10**30):
        for column in ("track", "at", "lat_deg", "height_pressure_m", "on_ground", "party"):
            table = {"track": ["a"], "at": ["2027-03-02T09:00:00Z"], "lat_deg": [1.0], "lon_deg": [2.0]} | {column: [cell]}
            try:
                read_tracks(table)
            except TafadiError as error:
                assert len(str(error)) < 400  # noqa: PT017  # either answer is right; the question is what an error is


def test_notices_written_as_geoparquet_and_csv_are_read_from_their_files() -> None:
    from tafadi.formats import notice_table

    for data in (notice_table.dump(NOTICES), notice_table.dump_csv(NOTICES)):
        assert list(read_notices(data, "notice_table")) == NOTICES
        assert list(read_notices(data)) == NOTICES
