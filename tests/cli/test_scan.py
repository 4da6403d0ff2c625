"""`tafadi scan` on the command line: options, outputs, exit codes."""

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tafadi.cli.main import app
from tafadi.cli.scan_cmd import summary_lines
from tafadi.formats.agreement import write_document
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.agreement import Agreement, Landmark
from tafadi.model.names import Mode
from tafadi.model.operation import Minima

COLUMNS = '{"track": "id", "at": "t [s]", "lat": "lat", "lon": "lon", "height": "h [m] geoid"}'
MINIMA = ("--minima", "5000 [m] / 300 [m]", "--columns", COLUMNS)


def table(path: Path, apart_deg: float, gap_s: int = 0) -> str:
    """A CSV of two that keep their distance, one perhaps with a gap."""
    rows = [
        f"{name},{s + (gap_s if s > 30 else 0) * (name == 'a')},47.0,{8.0 + apart_deg * (name == 'b')},1000"
        for s in range(0, 61, 10)
        for name in "ab"
    ]
    path.write_text("id,t,lat,lon,h\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def run(*options: str) -> tuple[int, str, str]:
    """The exit code, and what was said on both outputs."""
    result = CliRunner().invoke(app, ["scan", *options])
    return result.exit_code, result.stdout, result.stderr


def test_it_says_no_when_nothing_was_found_and_nothing_is_unknown(tmp_path: Path) -> None:
    code, out, err = run(table(tmp_path / "a.csv", 0.2), *MINIMA)
    assert (code, len(out.splitlines())) == (0, 1)
    assert err == "14 rows, 2 tracks: 0 losses, 0 unknown; gaps: 0, together 0 s, in which nothing is known.\n"


def test_a_loss_is_found_and_written_in_every_form(tmp_path: Path) -> None:
    recording = table(tmp_path / "a.csv", 0.01)
    code, out, _ = run(recording, *MINIMA)
    assert (code, len(out.splitlines())) == (1, 2)
    for name in ("csv", "jsonl", "geojson", "parquet"):
        assert run(recording, *MINIMA, "-o", str(tmp_path / f"out.{name}"))[0] == 1
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == out
    line = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    (feature,) = json.loads((tmp_path / "out.geojson").read_text(encoding="utf-8"))["features"]
    (row,) = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert (line["first"], line["second"], line["start"]) == ("a", "b", "1970-01-01T00:00:00.000000000Z")
    assert feature["geometry"]["coordinates"] == [line["lon_deg"], line["lat_deg"]] == [row["lon_deg"], row["lat_deg"]]
    assert row["horizontal_m"] == line["horizontal_m"] == pytest.approx(761.0, abs=1.0)


def test_a_gap_is_not_clear(tmp_path: Path) -> None:
    code, _, err = run(table(tmp_path / "a.csv", 0.2, gap_s=100), *MINIMA, "--gaps", str(tmp_path / "gaps.csv"))
    assert code == 1
    assert "gaps: 1, together 110 s" in err
    assert (tmp_path / "gaps.csv").read_text(encoding="utf-8").splitlines()[1].startswith('"a","1970-01-01T00:00:30')


def _rows(path: Path, rows: list[str]) -> str:
    path.write_text("id,t,lat,lon,h\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def test_two_tracks_of_one_plot_at_one_instant_and_place_are_a_loss(tmp_path: Path) -> None:
    code, out, err = run(_rows(tmp_path / "a.csv", ["a,5,45.0,10.1,3000", "b,5,45.0,10.1,3000"]), *MINIMA)
    assert (code, len(out.splitlines())) == (1, 2)
    assert "1 loss, 0 unknown; gaps: 0" in err
    unknown = run(_rows(tmp_path / "b.csv", ["a,5,45.0,10.1,3000", "b,5,45.0,10.1,"]), *MINIMA)
    assert (unknown[0], "height-missing" in unknown[1]) == (1, True)


@pytest.mark.parametrize("lat", [44.0, 46.0])
def test_a_contradicting_row_hides_no_loss(lat: float, tmp_path: Path) -> None:
    rows = [f"{name},{s},{place},{10 + s / 500},3000" for s in range(0, 60, 5) for name, place in (("a", 45.0), ("b", 45.0), ("b", lat))]
    code, out, err = run(_rows(tmp_path / "a.csv", rows), *MINIMA)
    assert (code, "unknown" in out, "track-suspect" in out) == (1, True, True)
    assert "12 contradict another" in err


def test_a_contradicting_row_is_never_clear_however_far_from_others(tmp_path: Path) -> None:
    code, out, err = run(_rows(tmp_path / "a.csv", ["a,5,45.0,10.1,3000", "a,5,45.1,10.1,3000"]), *MINIMA)
    assert (code, len(out.splitlines()), "1 contradicts another" in err) == (1, 1, True)


@pytest.mark.parametrize("cell", ["45.0x", "nan", "inf"])
def test_a_garbled_place_is_damage_and_an_empty_one_is_none(cell: str, tmp_path: Path) -> None:
    rows = ["a,5,45.0,10.1,3000", "a,10,45.0,10.1,3000", "b,5,{},10.1,3000"]
    code, _, err = run(_rows(tmp_path / "a.csv", [one.format(cell) for one in rows]), *MINIMA)
    assert (code, "1 row or line was damaged" in err) == (1, True)
    assert run(_rows(tmp_path / "b.csv", [*rows[:2], "b,5,,,3000"]), *MINIMA)[0] == 0


def test_the_minima_may_be_those_of_an_agreement(tmp_path: Path) -> None:
    places = tuple(Landmark(name, Position(47.0, lon)) for name, lon in (("one", 8.0), ("two", 9.0)))
    document = write_document(Agreement("sky", ("a", "b"), (b"a", b"b"), Instant(0), (Mode.TEST,), Minima(500.0, 300.0), None, places))
    (tmp_path / "sky.json").write_bytes(document)
    recording = table(tmp_path / "a.csv", 0.01)
    assert run(recording, "--agreement", str(tmp_path / "sky.json"), "--columns", COLUMNS)[0] == 0
    assert run(recording, *MINIMA, "--agreement", str(tmp_path / "sky.json"))[0] == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--columns", COLUMNS), "there is no default"),
        (MINIMA[:2], "column map"),
        ((*MINIMA, "--well-clear", "phase-3"), "there is no well-clear volume"),
        ((*MINIMA, "--format", "xml"), "none of csv"),
        ((*MINIMA, "--gap", "2 [h]"), "gap"),
        ((*MINIMA, "--gap", "60"), "unit"),
        ((*MINIMA, "--workers", "-1"), "workers"),
        ((*MINIMA, "--from", "geojson"), "recording of tracks"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_sentence(options: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    code, _, err = run(table(tmp_path / "a.csv", 0.01), *options)
    assert (code, sentence in err, err.count("\n")) == (2, True, 1)


def test_progress_tells_rate_and_time_left(tmp_path: Path) -> None:
    _, _, err = run(table(tmp_path / "a.csv", 0.01), *MINIMA, "--progress")
    assert "100 % of 14 rows" in err
    assert "s left" in err


def test_what_is_packed_is_read_as_what_it_holds(tmp_path: Path) -> None:
    path = Path(table(tmp_path / "a.csv", 0.01))
    expected = run(str(path), *MINIMA)[:2]
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.write(path, "a.csv")
    assert expected == run(str(tmp_path / "a.csv.gz"), *MINIMA)[:2] == run(str(tmp_path / "b.zip"), *MINIMA)[:2]


def test_what_unfolds_without_end_is_refused_in_a_sentence(tmp_path: Path) -> None:
    header = b"id,t,lat,lon,h\n"
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(header + b"a,1,1,1,1\n" + bytes(40_000_000)))
    code, _, err = run(str(tmp_path / "a.csv.gz"), *MINIMA)
    assert (code, "unfolds" in err, err.count("\n")) == (2, True, 1)


def test_packed_parquet_is_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "a.parquet.gz").write_bytes(gzip.compress(b"PAR1 and more"))
    code, _, err = run(str(tmp_path / "a.parquet.gz"), *MINIMA)
    assert (code, "unpack it" in err) == (2, True)


def test_a_recording_without_a_date_is_scanned_once_its_day_is_said(shared: Callable[[str], Path], tmp_path: Path) -> None:
    whole = shared("data/copyleft/asterix/cat062_baltic_30min.ff").read_bytes()
    (tmp_path / "begin.ff").write_bytes(whole[:40_000])
    recording = str(tmp_path / "begin.ff")
    code, _, err = run(recording, *MINIMA[:2])
    assert (code, "on which day" in err) == (2, True)
    code, out, err = run(recording, *MINIMA[:2], "--begins", "2016-05-05")
    assert code in (0, 1)
    assert "tracks:" in err
    assert all("2016-05-0" in line for line in out.splitlines()[1:])


def test_a_place_or_a_beginning_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    recording = table(tmp_path / "a.csv", 0.01)
    for options in (("--begins", "yesterday"), ("--site", "here")):
        code, _, err = run(recording, *MINIMA, *options)
        assert (code, options[0] in err, err.count("\n")) == (2, True, 1)


def test_standard_input_is_one_recording(tmp_path: Path) -> None:
    path = Path(table(tmp_path / "a.csv", 0.01))
    expected = run(str(path), *MINIMA)[:2]
    for data in (path.read_bytes(), gzip.compress(path.read_bytes())):
        result = CliRunner().invoke(app, ["scan", "-", *MINIMA, "--report", str(tmp_path / "report.html")], input=data)
        assert (result.exit_code, result.stdout) == expected
    assert "standard input" in (tmp_path / "report.html").read_text(encoding="utf-8")
    for data, options, sentence in (
        (b"", MINIMA, "standard input: "),
        (b"x", (*MINIMA, "--checkpoint", str(tmp_path / "kept")), "standard input is none"),
        (b"x", ("-", *MINIMA), "named twice"),
    ):
        result = CliRunner().invoke(app, ["scan", "-", *options], input=data)
        assert (result.exit_code, sentence in result.stderr, result.stderr.count("\n")) == (2, True, 1)
        assert "/tmp" not in result.stderr


def test_a_table_of_parquet_may_come_on_standard_input(tmp_path: Path) -> None:
    import pyarrow as pa

    pq.write_table(pa.table({"id": ["a", "b"], "t": [0, 0], "lat": [1.0, 1.0], "lon": [1.0, 1.0], "h": [1.0, 1.0]}), tmp_path / "a.parquet")
    result = CliRunner().invoke(app, ["scan", "-", *MINIMA], input=(tmp_path / "a.parquet").read_bytes())
    assert result.exit_code in (0, 1)
    assert result.stderr.startswith("2 rows, 2 tracks: ")


def test_one_is_told_in_the_singular() -> None:
    from tafadi.batch import Summary

    one = Summary(1, 1, {"no place": 1}, 1, 1, 1, 1, 1, 1.0, None, None, 1)
    assert summary_lines(one) == [
        "1 row, 1 track: 1 loss, 1 unknown; gaps: 1, together 1 s, in which nothing is known.",
        "1 row is repeated; 1 contradicts another of the same track and time.",
        "1 row or line was damaged; what it held is unknown.",
        "left out: 1 row: no place",
    ]


def test_help_shows_what_stands_in_brackets() -> None:
    text = CliRunner().invoke(app, ["scan", "--help"], env={"COLUMNS": "200"}).stdout
    assert "(tafadi[cluster])" in text
    assert "1000 [ft]" in text
    assert "1000 [ft]" in CliRunner().invoke(app, ["agree", "new", "--help"], env={"COLUMNS": "200"}).stdout
