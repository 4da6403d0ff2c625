"""`tafadi.scan`: what it is told of recordings, and maps that no recording needs."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import tafadi
from tafadi import Datum, Height, Instant, Plot, Position, Tracks
from tafadi.errors import InputError
from tafadi.formats.skips import Skips
from tafadi.formats.track_table import write_csv
from tafadi.model.judgement import Cause

ENCOUNTER = Path(__file__).resolve().parents[2] / "samples" / "encounter.csv"
MINIMA = "5 [NM] / 1000 [ft]"


def test_a_map_that_fits_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the map may name"):
        tafadi.scan(ENCOUNTER, minima=MINIMA, columns={"zzz": "a"})
    line = "MSG,3,1,1,A1B2C3,1,2027/03/02,09:00:00.000,2027/03/02,09:00:00.000,,2000,,,-33.4,131.1,,,,,,0\r\n"
    (tmp_path / "a.sbs").write_text(line, encoding="ascii")
    with pytest.raises(InputError, match="none of the recordings is a table"):
        tafadi.scan(tmp_path / "a.sbs", minima=MINIMA, columns={"zzz": "a"})


def test_a_recording_without_a_date_is_scanned_once_its_day_is_said(shared: Callable[[str], Path], tmp_path: Path) -> None:
    recording = tmp_path / "begin.ff"
    recording.write_bytes(shared("data/copyleft/asterix/cat062_baltic_30min.ff").read_bytes()[:20_000])
    with pytest.raises(InputError, match="on which day"):
        tafadi.scan(recording, minima=MINIMA)
    found = tafadi.scan(recording, minima=MINIMA, begins=date(2016, 5, 5))
    assert found.found.tracks > 10
    assert str(tafadi.Instant(found.found.start_ns or 0)).startswith("2016-05-0")


@pytest.mark.parametrize(
    "wrong",
    [{"workers": "2"}, {"workers": -1}, {"floor_m": "a"}, {"gap_max_s": "a"}, {"grid_s": "a"}, {"gap_max_s": float("nan")}],
    ids=str,
)
def test_a_number_that_is_none_is_refused_by_its_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        tafadi.scan(ENCOUNTER, minima="1 [NM] / 500 [ft]", **wrong)


def _damaged(path: Path) -> Path:
    """The sample, of which every second row has a place that is none."""
    lines = ENCOUNTER.read_text(encoding="utf-8").splitlines()
    places = [line.split(",") for line in lines[1:]]
    odd = [",".join([*row[:2], "x", *row[3:]]) if number % 2 else ",".join(row) for number, row in enumerate(places)]
    path.write_text("\n".join([lines[0], *odd]) + "\n", encoding="utf-8")
    return path


def test_what_the_reader_left_out_is_told_with_the_result(tmp_path: Path) -> None:
    path = _damaged(tmp_path / "a.csv")
    for given in (path, tafadi.read_tracks(path)):
        found = tafadi.scan(given, minima=MINIMA)
        assert found.found.damaged == found.found.rows // 2 == sum(found.found.left_out.values()) > 10
        assert not found.found.is_clear
        assert f"{found.found.damaged} rows left out ({found.found.damaged} damaged)" in repr(found)


def test_contradictions_are_told_with_the_result() -> None:
    at = Instant.parse("2027-03-02T09:00:00Z")
    table = {"track": ["a", "a"], "at": [at.ns] * 2, "lat": [1.0, 1.1], "lon": [1.0, 1.0], "h": [1.0, 1.0]}
    columns = {"track": "track", "at": "at [ns]", "lat": "lat", "lon": "lon", "height": "h [m] geoid"}
    found = tafadi.scan(table, minima=MINIMA, columns=columns)
    assert not found.found.is_clear
    assert "1 row contradicts another" in repr(found)


def test_heights_above_unlike_datums_are_unknown_as_the_command_says(tmp_path: Path) -> None:
    at = Instant.parse("2027-03-02T09:00:00Z")
    heights = {"a": Height(1_000.0, Datum.PRESSURE), "b": Height(1_000.0, Datum.GEOID)}
    mixed = Tracks(
        Plot(name, at.plus(5.0 * n), Position(1.0, 1.0 + 0.01 * n), height) for n in range(9) for name, height in heights.items()
    )
    table = mixed.to_arrow()
    with (tmp_path / "a.csv").open("wb") as sink:
        write_csv(mixed, sink, Skips())
    pq.write_table(table, tmp_path / "a.parquet")
    for given in (mixed, table, tmp_path / "a.csv", tmp_path / "a.parquet"):
        found = tafadi.scan(given, minima=MINIMA)
        assert [one.cause for one in found] == [Cause.DATUMS_UNLIKE]
        assert found.summary == "18 rows, 2 tracks: 0 losses, 1 unknown; 0 gaps"
    with pytest.raises(InputError, match="plots in memory are none"):
        tafadi.scan(mixed, minima=MINIMA, checkpoint=tmp_path / "kept")


def test_a_watch_tells_the_plots_that_it_left_out(tmp_path: Path) -> None:
    found = tafadi.watch(tafadi.read_tracks(_damaged(tmp_path / "a.csv")), minima=MINIMA)
    assert sum(found.ignored.values()) > 10
    assert f"{sum(found.ignored.values())} plots left out" in repr(found)
