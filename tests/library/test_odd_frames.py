"""Frames as analysts have them: what they are like changes no answer, and what they do not say is refused or named."""

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import pytest

from tafadi import Verdict, detect_states, read_notices, read_tracks, scan
from tafadi.errors import FormatError, InputError

MINIMA = "1 [NM] / 500 [ft]"


def sky(**columns: Any) -> dict[str, Any]:
    """Two tracks that come near one another, three rows each, as plain columns."""
    at = [f"2027-03-02T09:00:0{second}Z" for second in (0, 4, 8)] * 2
    lat_deg = [40.000, 40.005, 40.010, 40.020, 40.015, 40.010]
    said = {"track": ["a"] * 3 + ["b"] * 3, "at": pd.to_datetime(at), "lat_deg": lat_deg, "lon_deg": [10.0] * 6}
    return said | {"height_geoid_m": [900.0] * 6} | columns


def as_points(columns: dict[str, Any], name: str = "geometry") -> geopandas.GeoDataFrame:
    places = geopandas.points_from_xy(columns["lon_deg"], columns["lat_deg"])
    rest = pd.DataFrame(columns).drop(columns=["lat_deg", "lon_deg"])
    return geopandas.GeoDataFrame(rest.assign(**{name: places}), geometry=name, crs=4326)


ODD: dict[str, Callable[[], Any]] = {
    "points": lambda: as_points(sky()),
    "points of another name": lambda: as_points(sky(), "geom"),
    "decimals, as of DuckDB": lambda: pd.DataFrame(sky(height_geoid_m=[Decimal("900.0")] * 6)),
    "bytes, as of HDF5": lambda: pd.DataFrame(sky(track=[b"a"] * 3 + [b"b"] * 3)),
    "categories": lambda: pd.DataFrame(sky()).astype({"track": "category"}),
    "an index": lambda: pd.DataFrame(sky()).set_index(pd.Index(range(6, 12))),
    "counts": lambda: (
        {name: cells for name, cells in sky().items() if name != "at"} | {"at_ms": sky()["at"].astype("datetime64[ms, UTC]").asi8}
    ),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_frames_are_like_changes_no_answer(odd: str) -> None:
    plain = read_tracks(sky())
    assert (list(read_tracks(ODD[odd]())), read_tracks(ODD[odd]()).dropped) == (list(plain), ())
    assert list(scan(ODD[odd](), minima=MINIMA)) == list(scan(plain, minima=MINIMA))
    assert scan(ODD[odd](), minima=MINIMA).dropped == ()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (lambda: sky(at=[1, 2, 3, 4, 5, 6]), "it is not a time"),
        (lambda: sky(at=pd.to_datetime(sky()["at"]).tz_localize(None)), "no zone"),
        (lambda: as_points(sky()).to_crs(3857), "bring them to WGS 84"),
        (lambda: as_points(sky()).set_crs(None, allow_override=True), "state no CRS"),
        (lambda: pd.DataFrame(sky()).iloc[:0], "nothing can be said"),
        (pd.DataFrame, "is missing"),
        (lambda: pd.concat([pd.DataFrame(sky()), pd.DataFrame(sky())[["lat_deg"]]], axis=1), "Duplicate column names"),
        (lambda: pd.DataFrame(sky(lat_deg=[float("nan")] * 6)), "nothing can be said"),
    ],
)
def test_what_cannot_be_taken_for_tracks_is_refused_by_the_reader_and_by_the_scan(given: Callable[[], Any], says: str) -> None:
    for verb in (read_tracks, lambda table: scan(table, minima=MINIMA)):
        with pytest.raises(FormatError, match=says):
            verb(given())


@pytest.mark.parametrize("given", [None, 5, b"bytes", io.StringIO("a,b\n"), np.ones((2, 2))])
def test_what_is_no_recording_is_not_scanned(given: Any) -> None:
    with pytest.raises(InputError, match=r"is not scanned|holds no recordings"):
        scan(given, minima=MINIMA)


def test_a_height_in_a_unit_that_is_not_read_is_named_and_unknown() -> None:
    table = {name: cells for name, cells in sky().items() if name != "height_geoid_m"} | {"height_geoid_ft": [3_000.0] * 6}
    found = scan(table, minima=MINIMA)
    assert found.dropped == ("height_geoid_ft",)
    assert found.summary.endswith("columns not read: height_geoid_ft")
    assert len(found.unknown) == 1


def states(**columns: Any) -> dict[str, Any]:
    moving = {"ground_speed_mps": [100.0] * 2, "course_deg": [0.0, 180.0], "climb_mps": [0.0] * 2, "height_geoid_m": [900.0] * 2}
    return {"track": ["a", "b"], "lat_deg": [40.0, 40.05], "lon_deg": [10.0] * 2} | moving | columns


def test_a_sky_of_points_is_judged_as_one_of_columns() -> None:
    plain = detect_states(states(), MINIMA, 60.0)
    assert [one.verdict for one in plain] == [Verdict.CONFLICT]
    found = detect_states(as_points(states(), "place"), MINIMA, 60.0)
    assert (list(found), found.dropped) == (list(plain), ())


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"track": ["a", "a"]}, "'a' has 2 rows"),
        ({"track": ["a", "\u202eb"]}, "turns the direction"),
        ({"lat_deg": ["x", "y"]}, "no numbers"),
    ],
)
def test_a_sky_with_names_that_say_nothing_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        detect_states(states(**wrong), MINIMA, 60.0)


def test_a_notice_whose_identity_would_deceive_is_refused_with_its_row() -> None:
    route = {"notice": ["r\u202e"] * 2, "at": ["2027-03-02T09:00:00Z", "2027-03-02T09:10:00Z"], "lat_deg": [0.0, 1.0], "lon_deg": [0.0] * 2}
    with pytest.raises(FormatError, match="at 0 field 'notice': the identity of a notice holds"):
        read_notices(route)
