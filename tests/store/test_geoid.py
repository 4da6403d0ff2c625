"""Grids of the geoid on disk: what is in them is used, and where there is none nothing is guessed."""

import math
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.gtx import between, hills, write_gtx
from tafadi.errors import InputError, MissingError
from tafadi.measure.levelling import Box
from tafadi.store import geoid
from tafadi.store.geoid import GeoidGrid, find_geoid

# NGA, F477 (EGM96): OUTPUT.DAT of INTPT, which interpolates the same 15' grid by splines; hence the tolerance.
NGA = [
    (38.6281550, -90.2208450, -31.629),
    (-14.6212170, -54.9788860, -2.966),
    (46.8743190, 102.4487290, -43.572),
    (-23.6174460, 133.8747120, 15.868),
    (38.6254730, -0.0005000, 50.065),
    (-0.4667440, 0.0023000, 17.330),
]


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> GeoidGrid:
    return GeoidGrid(write_gtx(tmp_path_factory.mktemp("grid") / "hills.gtx"))


@given(st.floats(-89.9, 89.9), st.floats(-179.9, 179.9))
def test_between_nodes_the_grid_is_what_the_slow_twin_reads(grid: GeoidGrid, lat: float, lon: float) -> None:
    found = grid.geoid_m(np.array([lat]), np.array([lon]))
    assert found[0] == pytest.approx(between(hills, 5.0, lat, lon), abs=1e-4)  # the nodes are float32


def test_the_antimeridian_and_the_poles_are_places_like_others(grid: GeoidGrid) -> None:
    found = grid.geoid_m(np.array([10.0, 10.0, 10.0, 90.0, -90.0]), np.array([180.0, -180.0, 540.0, 77.0, -5.0]))
    assert found[0] == pytest.approx(found[1], abs=1e-3)
    assert found[0] == found[2]
    assert np.isfinite(found).all()


def test_what_is_not_on_the_earth_has_no_geoid(grid: GeoidGrid) -> None:
    assert np.isnan(grid.geoid_m(np.array([91.0, math.nan, 0.0]), np.array([0.0, 0.0, math.inf]))).all()


@given(st.floats(-85, 80), st.floats(-200, 175), st.floats(0.01, 9), st.floats(0.01, 9), st.data())
def test_nothing_in_a_box_is_lower_or_higher_than_it_says(
    grid: GeoidGrid, south: float, west: float, tall: float, wide: float, data: st.DataObject
) -> None:
    low, high = grid.over_m(Box(south, south + tall, west, west + wide))
    lat, lon = south + tall * data.draw(st.floats(0, 1)), west + wide * data.draw(st.floats(0, 1))
    assert low - 1e-6 <= grid.geoid_m(np.array([lat]), np.array([lon]))[0] <= high + 1e-6


def test_a_box_that_the_grid_does_not_hold_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "small.gtx"
    path.write_bytes(struct.pack(">4d2i9f", 10.0, 20.0, 1.0, 1.0, 3, 3, *[25.0] * 9))
    small = GeoidGrid(path)
    assert small.over_m(Box(10.2, 11.7, 20.2, 21.7)) == pytest.approx((25.0, 25.0))
    assert all(map(math.isnan, small.over_m(Box(11.5, 12.5, 20.2, 21.7))))


def test_a_number_that_stands_for_nothing_is_nothing(tmp_path: Path) -> None:
    holed = GeoidGrid(write_gtx(tmp_path / "hole.gtx", lambda lat, lon: 9_999.0 if lat > 0 else 10.0))
    assert np.isnan(holed.geoid_m(np.array([30.0, -30.0]), np.array([0.0, 0.0]))).tolist() == [True, False]


def test_a_large_box_of_a_fine_grid_is_looked_at_coarsely_and_stays_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = GeoidGrid(write_gtx(tmp_path / "fine.gtx", step_deg=2.0))
    whole = Box(-40.0, 40.0, 0.0, 100.0)
    exact = grid.over_m(whole)
    monkeypatch.setattr(geoid, "MOST_NODES", 100)
    low, high = grid.over_m(whole)
    assert low <= exact[0] < exact[1] <= high


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "ends within its header"),
        (struct.pack(">4d2i", -90, -180, 1, 1, 181, 361), "damaged"),
        (struct.pack(">4d2i", -90, -180, math.nan, 1, 181, 361), "what no grid of the earth is"),
        (struct.pack(">4d2i", -90, -180, 0, 1, 181, 361), "what no grid of the earth is"),
        (struct.pack(">4d2i", -90, -180, 1, 1, 2**31 - 1, 2**31 - 1), "what no grid of the earth is"),
        (b"\x1f\x8b" + b"\0" * 60, "what no grid of the earth is"),
    ],
)
def test_a_file_that_is_no_grid_is_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "bad.gtx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        GeoidGrid(path)


def test_a_grid_that_proj_cannot_read_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "us_nga_egm96_15.tif"
    path.write_bytes(b"no image")
    with pytest.raises(InputError, match="cannot be read by PROJ"):
        GeoidGrid(path)
    with pytest.raises(InputError, match="comma"):
        GeoidGrid(write_gtx(tmp_path / "a,b.gtx"))
    with pytest.raises(InputError, match="no grid that is known"):
        GeoidGrid(Path(__file__))
    with pytest.raises(MissingError, match=r"install Debian's package proj-data"):
        GeoidGrid(tmp_path / "none.gtx")


def test_a_path_with_a_space_is_read(tmp_path: Path) -> None:
    (tmp_path / "two words").mkdir()
    assert np.isfinite(GeoidGrid(write_gtx(tmp_path / "two words" / "a b.gtx")).geoid_m(np.zeros(1), np.zeros(1)))[0]


def test_without_a_grid_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geoid, "folders", lambda: iter(()))
    with pytest.raises(MissingError, match=r"no grid of the geoid is installed; install Debian's package proj-data"):
        find_geoid()
    with pytest.raises(MissingError, match="no grid of the geoid EGM2008"):
        find_geoid("egm2008")


def test_a_grid_is_found_where_proj_data_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_gtx(tmp_path / "egm96_15.gtx")
    monkeypatch.setenv("PROJ_DATA", os.pathsep.join(["/nowhere", str(tmp_path)]))
    found = find_geoid("egm96")
    assert (found.path, found.within_m, found.name) == (tmp_path / "egm96_15.gtx", 3.0, "egm96_15.gtx (EGM96)")


def test_proj_by_itself_leaves_the_height_as_it_is_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trap, on record: this is why the grid is named by its path."""
    from pyproj import Transformer, network

    assert not network.is_network_enabled()  # type: ignore[attr-defined]  # documented, and not in its stub
    ballpark = Transformer.from_crs("EPSG:4979", "EPSG:4326+5773", always_xy=True)
    if "ballpark" in ballpark.description:  # pip's pyproj, without grids
        assert ballpark.transform(10.0, 50.0, 1_000.0)[2] == 1_000.0


def test_the_grid_of_this_machine_gives_what_nga_published_or_its_absence_is_told() -> None:
    try:
        grid = find_geoid("egm96")
    except MissingError as error:
        assert "proj-data" in str(error)  # noqa: PT017  # both are right answers: CI installs the package
        return
    lat, lon, expected = (np.array(column) for column in zip(*NGA, strict=True))
    assert np.abs(grid.geoid_m(lat, lon) - expected).max() < 0.07
    low, high = grid.over_m(Box(-90.0, 90.0, -180.0, 180.0))
    assert low < -106.0
    assert high > 84.0
