"""`tafadi convert`: what goes in comes out, what is left out is said, and nothing is written over."""

import gzip
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from reference.cases import case
from tafadi.cli.check_cmd import read_notices
from tafadi.cli.convert_cmd import convert
from tafadi.errors import LimitError
from tafadi.formats import geojson, nop
from tafadi.formats.reading import notices, tracks
from zone_cases import case as zone_case

PROJECT = Path(__file__).resolve().parents[2]
PROGRAM = typer.Typer()
PROGRAM.command()(convert)
WEEK = "2026-06-01T00:00:00Z/2026-06-08T00:00:00Z"


def run(*arguments: str | Path, stdin: bytes = b"") -> Result:
    result = CliRunner().invoke(PROGRAM, [str(argument) for argument in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def plan(folder: Path) -> Path:
    bodies = [path.read_bytes().partition(b"\n\n") for path in sorted((PROJECT / "vectors" / "geojson").glob("*.txt"))]
    path = folder / "plan.geojson"
    path.write_bytes(next(body for head, _, body in bodies if head.startswith(b"expect: ok") and b'"Polygon"' in body))
    return path


def recording(folder: Path, name: str = "track.daa") -> Path:
    path = folder / name
    path.write_bytes(case("daa", "two_states").body)
    return path


@pytest.mark.parametrize("ending", ["csv", "parquet", "geoparquet", "geojson"])
def test_tracks_go_through_every_format_that_holds_all_of_them(ending: str, tmp_path: Path) -> None:
    source, target, back = recording(tmp_path), tmp_path / f"a.{ending}", tmp_path / "b.csv"
    first = run(source, "-o", target)
    assert (first.exit_code, first.stdout) == (0, "")
    assert "2 plots as" in first.stderr
    assert "degrees on WGS 84" in first.stderr
    assert run(target, "-o", back).exit_code == 0
    assert list(tracks(back.read_bytes()).plots) == list(tracks(source.read_bytes()).plots)


@pytest.mark.parametrize("ending", ["csv", "parquet", "geoparquet", "geojson"])
def test_notices_go_through_every_format_that_holds_all_of_them(ending: str, tmp_path: Path) -> None:
    source, target = plan(tmp_path), tmp_path / f"a.{ending}"
    assert run(source, "-o", target).exit_code == 0
    assert notices(target.read_bytes()) == list(geojson.parse(source.read_bytes()))


def test_what_is_dropped_is_listed_with_counts_and_exits_1(tmp_path: Path) -> None:
    result = run(recording(tmp_path), "-o", tmp_path / "a.cot")
    assert result.exit_code == 1
    assert "cot: 2 dropped: heights above pressure" in result.stderr


def test_a_damaged_line_is_listed_and_exits_1(tmp_path: Path) -> None:
    (tmp_path / "a.daa").write_bytes(case("daa", "truncated").body)
    result = run(tmp_path / "a.daa", "-o", tmp_path / "a.csv")
    assert result.exit_code == 1
    assert "1 left out, the first is number 4: a damaged or truncated line" in result.stderr


def test_zones_need_a_window_and_partial_lists_what_cannot_be_read(tmp_path: Path) -> None:
    good, bad = (zone_case(PROJECT / "vectors" / "scn_areas" / f"{name}.txt").body for name in ("box", "two_corners"))
    (tmp_path / "a.scn").write_bytes(good + bad)
    target = tmp_path / "a.geoparquet"
    assert "window" in run(tmp_path / "a.scn", "-o", target).stderr
    refused = run(tmp_path / "a.scn", "-o", target, "--window", WEEK)
    assert (refused.exit_code, target.exists()) == (2, False)
    partial = run(tmp_path / "a.scn", "-o", target, "--window", WEEK, "--partial")
    assert (partial.exit_code, len(notices(target.read_bytes()))) == (1, 1)
    assert "cannot be read" in partial.stderr


def test_what_kml_cannot_say_is_refused_or_left_out_with_partial(tmp_path: Path) -> None:
    found = list(geojson.parse(plan(tmp_path).read_bytes()))
    assert found[0].party or found[0].notice.minima or found[0].notice.area_kind
    result = run(tmp_path / "plan.geojson", "-o", tmp_path / "a.kml", "--partial")
    assert result.exit_code == 1
    assert "kml: " in result.stderr
    assert notices((tmp_path / "a.kml").read_bytes())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["plan.geojson", "-o", "a.cot"], "not what is announced"),
        (["plan.geojson", "track.daa", "-o", "a.csv"], "do not go into one file"),
        (["track.daa", "-o", "track.daa", "--to", "csv"], "would overwrite one that is read"),
        (["track.daa", "track.daa", "-o", "a.csv"], "named twice"),
        (["track.daa", "-o", "a.shp"], "say one with --to"),
        (["track.daa", "-o", "a.csv", "--to", "shp"], "no format 'shp' to write"),
        (["track.daa", "-o", "a.csv", "--window", WEEK], "--window belongs to notices"),
        (["plan.geojson", "-o", "a.csv", "--begins", "2026-01-01"], "belong to tracks"),
        (["absent.daa", "-o", "a.csv"], "absent.daa"),
        (["track.daa", "-o", "nowhere/a.csv"], "cannot be written there"),
        (["track.daa", "-o", "a.csv", "--from", "nop"], "track.daa"),
        (["empty", "-o", "a.csv"], "nothing in it"),
    ],
)
def test_nonsense_is_refused_in_one_sentence_and_nothing_is_written(
    arguments: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan(tmp_path), recording(tmp_path), (tmp_path / "empty").write_bytes(b"")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    result = run(*arguments)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_old_file_stays_when_the_new_one_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"old")
    (tmp_path / "bad.daa").write_bytes(case("daa", "header_only").body)
    assert run(tmp_path / "bad.daa", "-o", tmp_path / "a.csv").exit_code == 2
    assert (tmp_path / "a.csv").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "bad.daa"]


def test_standard_input_packed_or_not_goes_to_standard_output() -> None:
    data = case("daa", "two_states").body
    for stdin in (data, gzip.compress(data)):
        result = run("-", "--from", "daa", "-o", "-", "--to", "geojson", stdin=stdin)
        assert result.exit_code == 0
        assert len(json.loads(result.stdout)["features"]) == 2


def test_parquet_goes_to_standard_output_too() -> None:
    result = run("-", "--from", "daa", "-o", "-", "--to", "parquet", stdin=case("daa", "two_states").body)
    assert result.exit_code == 0
    assert len(list(tracks(result.stdout_bytes).plots)) == 2


def test_packed_files_are_opened_and_a_bomb_is_refused(tmp_path: Path) -> None:
    packed = tmp_path / "track.daa.gz"
    packed.write_bytes(gzip.compress(case("daa", "two_states").body))
    assert run(packed, "-o", tmp_path / "a.csv").exit_code == 0
    packed.write_bytes(gzip.compress(case("daa", "two_states").body + b"#" * 40_000_000))
    result = run(packed, "-o", tmp_path / "b.csv")
    assert (result.exit_code, (tmp_path / "b.csv").exists()) == (2, False)
    assert "times its size" in result.stderr


def test_a_count_of_seconds_begins_where_it_is_told(tmp_path: Path) -> None:
    run(recording(tmp_path), "-o", tmp_path / "a.csv", "--begins", "2026-03-01T06:40:00Z")
    assert {str(plot.at) for plot in tracks((tmp_path / "a.csv").read_bytes()).plots} == {"2026-03-01T06:40:00Z"}


def test_a_real_recording_of_radar_is_kept_to_the_last_bit(shared: Callable[[str], Path], tmp_path: Path) -> None:
    source = next(shared("data/permissive/radar_nop").rglob("*.gz"))
    head = b"".join(line for line, _ in zip(io.BytesIO(gzip.decompress(source.read_bytes())), range(5_000), strict=False))
    (tmp_path / "radar.nop").write_bytes(head)
    result = run(tmp_path / "radar.nop", "-o", tmp_path / "radar.parquet")
    assert result.exit_code in (0, 1)
    wanted = list(nop.parse(head.splitlines()))
    assert len(wanted) > 1_000
    assert list(tracks((tmp_path / "radar.parquet").read_bytes()).plots) == wanted


def test_check_opens_packed_files_too(tmp_path: Path) -> None:
    source = plan(tmp_path)
    (tmp_path / "plan.gz").write_bytes(gzip.compress(source.read_bytes()))
    with zipfile.ZipFile(tmp_path / "plan.zip", "w") as archive:
        archive.write(source, "plan.geojson")
    wanted = list(geojson.parse(source.read_bytes()))
    assert [read_notices(str(tmp_path / name), None) for name in ("plan.gz", "plan.zip")] == [wanted, wanted]
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b" " * 40_000_000))
    with pytest.raises(LimitError, match="it unfolds to more than"):
        read_notices(str(tmp_path / "bomb.gz"), None)


def test_the_whole_program_writes_parquet_as_a_process(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tafadi", "convert", str(recording(tmp_path)), "-o", str(tmp_path / "a.parquet")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")
    assert len(list(tracks((tmp_path / "a.parquet").read_bytes()).plots)) == 2


@pytest.mark.soak
def test_the_1179_zones_of_switzerland_are_converted_out_of_their_archive(shared: Callable[[str], Path], tmp_path: Path) -> None:
    archive, target = shared("data/permissive/geozones/swiss_uas_geozones_ed318_20250313.zip"), tmp_path / "ch.geoparquet"
    result = run(archive, "-o", target, "--window", "2025-04-01T00:00:00Z/2025-04-02T00:00:00Z", "--partial")
    assert result.exit_code == 1
    assert "1,175 notices as geoparquet" in result.stderr
    assert "number 759 (VBS_8-0) cannot be read" in result.stderr
    assert len(notices(target.read_bytes())) == 1175
