"""`tafadi check`, run as a person runs it: files in, a table and an exit code out."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tafadi.cli import check_cmd, check_table
from tafadi.formats import strict_json
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Cause, Judgement, Verdict
from tafadi.model.operation import NO_MINIMA
from tafadi.reports.sentences import CAUSES

PROJECT = Path(__file__).resolve().parents[2]
AMBER, COBALT, CLEAR = (str(PROJECT / "samples" / f"{name}.geojson") for name in ("amber", "cobalt", "clear"))
PROGRAM = typer.Typer(pretty_exceptions_enable=False)
PROGRAM.command()(check_cmd.check)

Volume = dict[str, object]


def run(*arguments: str | Path, stdin: bytes = b"") -> Result:
    """The command run in this process; anything but an exit code is raised."""
    result = CliRunner().invoke(PROGRAM, [str(argument) for argument in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def program(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """The real program, in a process of its own."""
    command = [sys.executable, "-m", "tafadi", "check", *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=120, check=False)


def could_not(*arguments: str | Path, stdin: bytes = b"") -> str:
    """The one sentence of a check that could not be made."""
    result = run(*arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("tafadi: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def box(notice: str = "a-1", west: float = 130.0, **changes: object) -> Volume:
    properties = {
        "notice": notice,
        "party": "amber",
        "kind": "operation",
        "lower": "100 [m] geoid",
        "upper": "200 [m] geoid",
        "start": "2027-03-02T09:00:00Z",
        "end": "2027-03-02T10:00:00Z",
    }
    ring = [[west, -34.0], [west + 1.0, -34.0], [west + 1.0, -33.0], [west, -33.0], [west, -34.0]]
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": properties | changes}


def file(folder: Path, name: str, *features: Volume) -> Path:
    path = folder / name
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_the_two_samples_are_in_conflict_and_one_height_is_unknown() -> None:
    result = run(AMBER, COBALT)
    assert result.exit_code == 1
    conflict, unknown, summary = result.stdout.splitlines()[1:]
    assert conflict.split()[:6] == ["amber-patrol-1", "(amber)", "/", "cobalt-survey-7", "(cobalt)", "CONFLICT"]
    assert "UNKNOWN: a height is not stated" in unknown
    assert summary == "4 notices, 6 pairs: 1 in conflict, 1 unknown, 4 clear."


def test_touching_in_time_is_clear_and_exits_0() -> None:
    result = run(CLEAR)
    assert (result.exit_code, result.stdout) == (0, "2 notices, 1 pair: 0 in conflict, 0 unknown, 1 clear.\n")


def test_only_unknown_found_exits_1_like_a_conflict(tmp_path: Path) -> None:
    result = run(file(tmp_path, "a.geojson", box("a-1"), box("a-2", lower="100 [m] pressure", upper="200 [m] pressure")))
    assert result.exit_code == 1
    assert "UNKNOWN: heights above unlike datums" in result.stdout
    assert "0 in conflict, 1 unknown, 0 clear" in result.stdout


def test_a_flood_of_unknowns_of_one_cause_is_one_row_below_the_conflict(tmp_path: Path) -> None:
    unstated = [box(f"u-{number}", upper=None, lower=None) for number in range(12)]
    result = run(file(tmp_path, "a.geojson", *unstated, box("a-1"), box("a-2")))
    lines = result.stdout.splitlines()
    assert len(lines) == 4
    assert "a-1 (amber) / a-2 (amber)" in lines[1]
    assert "UNKNOWN: a height is not stated" in lines[2]
    assert "and 89 more" in lines[2]
    assert lines[3] == "14 notices, 91 pairs: 1 in conflict, 90 unknown, 0 clear."


def test_one_notice_alone_says_that_there_is_no_pair(tmp_path: Path) -> None:
    result = run(file(tmp_path, "a.geojson", box()))
    assert (result.exit_code, result.stdout) == (0, "1 notice: there is no pair to check.\n")


def test_minima_widen_what_a_trajectory_needs() -> None:
    assert "no minima: ask with --minima" not in run(AMBER, COBALT, "--minima", "5 [NM] / 1000 [ft]").stdout
    near = json.loads(run(AMBER, COBALT, "--json").stdout)["judgements"][0]
    wide = json.loads(run(AMBER, COBALT, "--json", "--minima", "50 [km] / 1000 [ft]").stdout)["judgements"][0]
    assert wide["minima_horizontal_m"] == 50_000.0
    assert wide["start"] < near["start"]


def test_json_counts_and_leaves_out_what_is_not_known() -> None:
    answer = json.loads(run(AMBER, COBALT, "--format", "json").stdout)
    assert (answer["notices"], answer["pairs"], answer["conflict"], answer["unknown"], answer["clear"]) == (4, 6, 1, 1, 4)
    unknown = next(one for one in answer["judgements"] if one["verdict"] == "unknown")
    assert unknown["cause"] == "height-missing"
    assert "closest_vertical_m" not in unknown


def test_geojson_has_a_point_for_each_conflict_and_keeps_the_unknown() -> None:
    answer = json.loads(run(AMBER, COBALT, "--format", "geojson").stdout)
    assert answer["type"] == "FeatureCollection"
    verdicts = {feature["properties"]["verdict"]: feature["geometry"] for feature in answer["features"]}
    assert set(verdicts) == {"conflict", "unknown"}
    assert verdicts["conflict"]["type"] == "Point"
    longitude, latitude = verdicts["conflict"]["coordinates"]
    assert 128.0 < longitude < 133.5
    assert -33.6 < latitude < -33.0


def test_csv_has_a_row_for_each_judgement_and_runs_no_formula(tmp_path: Path) -> None:
    result = run(file(tmp_path, "a.geojson", box("=1+1"), box("a-2")), "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert (row["first"], row["verdict"], row["overlap_lower_m"], row["overlap_lower_datum"]) == ("'=1+1", "conflict", "100.0", "geoid")
    assert float(row["overlap_area_m2"]) == pytest.approx(1.03e10, rel=0.02)


def test_the_answer_goes_to_a_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    result = run(AMBER, COBALT, "--json", "--output", tmp_path / "answer.json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert json.loads((tmp_path / "answer.json").read_bytes())["conflict"] == 1
    assert os.listdir(tmp_path) == ["answer.json"]


def test_the_answer_never_overwrites_a_file_of_notices(tmp_path: Path) -> None:
    path = file(tmp_path, "a.geojson", box())
    before = path.read_bytes()
    assert "would overwrite" in could_not(path, "--output", path)
    assert path.read_bytes() == before


def test_an_output_into_no_folder_is_one_sentence(tmp_path: Path) -> None:
    assert "cannot be written there" in could_not(CLEAR, "--output", tmp_path / "none" / "x.json")
    assert "cannot be written there" in could_not(CLEAR, "--output", tmp_path)


def test_standard_input_is_a_dash() -> None:
    assert run("-", COBALT, stdin=Path(AMBER).read_bytes()).exit_code == 1


def test_one_identity_told_differently_in_two_files_keeps_both(tmp_path: Path) -> None:
    first = file(tmp_path, "a.geojson", box("n-1"))
    second = file(tmp_path, "b.geojson", box("n-1", title="told otherwise"))
    answer = json.loads(run(first, second, "--json").stdout)
    (judgement,) = answer["judgements"]
    assert (judgement["first"], judgement["second"]) == (f"{first}:n-1", f"{second}:n-1")


def test_one_notice_told_equally_in_two_files_is_one_notice(tmp_path: Path) -> None:
    first, second = file(tmp_path, "a.geojson", box("n-1")), file(tmp_path, "b.geojson", box("n-1"))
    assert "1 notice: there is no pair" in run(first, second).stdout


def test_the_same_file_named_twice_is_refused() -> None:
    assert "named twice" in could_not(CLEAR, CLEAR)


def test_one_unreadable_file_stops_the_whole_check_and_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.geojson"
    bad.write_bytes(b'{"type": "FeatureCollection", "features": [')
    sentence = could_not(AMBER, COBALT, bad, "--output", tmp_path / "answer")
    assert str(bad) in sentence
    assert "breaks off" in sentence
    assert not (tmp_path / "answer").exists()


HOSTILE: list[tuple[str, bytes, str]] = [
    ("empty", b"", "nothing in it"),
    ("white", b" \n\n", "nothing in it"),
    ("truncated", b'{"type":"FeatureCollection","features":[{"type"', "breaks off"),
    ("no_json", b"hello", "not JSON"),
    ("deep", b"[" * 100_000, "nests deeper than 32"),
    ("binary", bytes(range(256)), "not UTF-8"),
]


@pytest.mark.parametrize(("name", "data", "sentence"), HOSTILE, ids=[name for name, _, _ in HOSTILE])
def test_bytes_that_are_no_notices_are_one_clear_sentence(tmp_path: Path, name: str, data: bytes, sentence: str) -> None:
    path = tmp_path / f"{name}.geojson"
    path.write_bytes(data)
    said = could_not(path)
    assert str(path) in said
    assert sentence in said


WRONG: list[tuple[str, Volume, str]] = [
    ("wrong_datum", box(lower="100 [m] sea"), "names no datum"),
    ("no_unit", box(lower="100 geoid"), "names no datum"),
    ("no_z", box(start="2027-03-02T09:00:00"), "not in UTC with Z"),
    ("other_zone", box(start="2027-03-02T09:00:00-05:00"), "not in UTC with Z"),
    ("end_before_start", box(end="2027-03-02T08:00:00Z"), "before it starts"),
    ("top_below_bottom", box(upper="50 [m] geoid"), "is not above the bottom"),
    ("not_a_number", box(lower="nan [m] geoid"), "not a quantity"),
    ("forbidden_member", box(purpose="x"), "no such member"),
]


@pytest.mark.parametrize(("name", "feature", "sentence"), WRONG, ids=[name for name, _, _ in WRONG])
def test_a_notice_that_cannot_be_understood_is_one_clear_sentence(tmp_path: Path, name: str, feature: Volume, sentence: str) -> None:
    said = could_not(file(tmp_path, f"{name}.geojson", box("other"), feature))
    assert "features[1]" in said
    assert sentence in said


def test_an_outline_that_crosses_itself_is_one_clear_sentence(tmp_path: Path) -> None:
    feature = box()
    feature["geometry"] = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    assert "crosses or touches itself" in could_not(file(tmp_path, "a.geojson", feature))


def test_nan_in_a_coordinate_is_one_clear_sentence(tmp_path: Path) -> None:
    path = file(tmp_path, "a.geojson", box())
    path.write_text(path.read_text().replace("-34.0", "NaN", 1))
    assert "NaN is not a number of JSON" in could_not(path)


def test_a_file_that_is_missing_or_a_folder_is_one_clear_sentence(tmp_path: Path) -> None:
    assert f"{tmp_path / 'none'}: No such file" in could_not(tmp_path / "none")
    assert f"{tmp_path}: Is a directory" in could_not(tmp_path)


def test_a_file_of_100_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.geojson"
    with path.open("wb") as opened:
        opened.truncate(100_000_000)
    assert "100,000,000 bytes are more than the 67,108,864" in could_not(path)


def test_standard_input_without_end_is_cut_at_the_same_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_json, "LARGEST_BYTES", 1_000)
    assert "more than the 1,000" in could_not("-", stdin=b" " * 5_000)


def test_a_recording_of_tracks_is_not_notices(tmp_path: Path) -> None:
    path = tmp_path / "plots.txt"
    path.write_bytes(b"MSG,3,1,1,4CA2D6,1,2018/04/03,19:02:28.136,2018/04/03,19:02:28.136,,37000,,,59.9,30.3,,,,,,0\n")
    assert "carries tracks, and notices are needed" in could_not(path)


def test_a_forced_format_is_used_and_an_unknown_one_refused(tmp_path: Path) -> None:
    path = file(tmp_path, "a.txt", box("a-1"), box("a-2"))
    assert run(path, "--from", "geojson").exit_code == 1
    assert "f3548 field 'reference': this member is missing" in could_not(path, "--from", "f3548")
    assert "there is no format 'shapefile'" in could_not(path, "--from", "shapefile")


def test_contradicting_options_and_wrong_minima_are_one_clear_sentence() -> None:
    assert "contradict each other" in could_not(CLEAR, "--json", "--format", "csv")
    assert "not a pair of minima" in could_not(CLEAR, "--minima", "5 [NM]")
    assert "not a quantity" in could_not(CLEAR, "--minima", "5 / 1000 [ft]") or "not a pair" in could_not(
        CLEAR, "--minima", "5 / 1000 [ft]"
    )


def test_a_file_name_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m.geojson"
    path.write_bytes(b"")
    assert "\x1b" not in could_not(path)


def test_too_many_files_or_notices_are_refused_by_their_named_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_cmd, "MOST_NOTICES", 1)
    assert "more than 1 notices" in could_not(CLEAR)
    monkeypatch.setattr(check_cmd, "MOST_FILES", 1)
    assert "2 files are more than 1" in could_not(AMBER, COBALT)


def on_screen(monkeypatch: pytest.MonkeyPatch, width: int) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    span = Span(Instant.parse("2027-03-02T09:00:00.0001Z"), Instant.parse("2027-03-02T10:00:00.0001Z"))
    one = Judgement("a-long-identity-of-a-notice", "b", Verdict.CONFLICT, NO_MINIMA, span=span, place=Position(-34.0, 130.0))
    drawn = check_table.text([one], {one.first: "[bold]amber", "b": None}, on_screen=True)
    return re.sub(r"\x1b\[[0-9;]*m", "", drawn)


def test_a_wide_terminal_gets_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = on_screen(monkeypatch, 220)
    assert "a-long-identity-of-a-notice ([bold]amber) / b │ CONFLICT" in drawn
    assert "2027-03-02T09:00:00Z │ 2027-03-02T10:00:00.001Z" in drawn


def test_a_narrow_terminal_gets_blocks_and_nothing_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = on_screen(monkeypatch, 60).splitlines()
    assert drawn[0] == "CONFLICT  a-long-identity-of-a-notice ([bold]amber) / b"
    assert drawn[1:4] == ["  start    2027-03-02T09:00:00Z", "  end      2027-03-02T10:00:00.001Z", "  place    34.00000S 130.00000E"]


def test_the_help_shows_the_minima_with_their_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert '"5 [NM] / 1000 [ft]"' in run("--help").stdout


def test_every_cause_of_unknown_has_its_words() -> None:
    assert set(CAUSES) == set(Cause)


def expected_pairs(shared: Callable[[str], Path]) -> list[dict[str, object]]:
    pairs: list[dict[str, object]] = json.loads(shared("vectors/f3548/expected.json").read_bytes())
    assert len(pairs) == len(list(combinations(range(6), 2)))
    return pairs


def test_every_pair_of_interuss_has_the_verdict_and_the_overlap_that_is_expected(shared: Callable[[str], Path]) -> None:
    """Authority: expected.json, made with shapely in a local equal-area projection from InterUSS's own test data."""
    folder = shared("vectors/f3548")
    for pair in expected_pairs(shared):
        result = run(folder / str(pair["a"]), folder / str(pair["b"]), "--json")
        assert result.exit_code == (1 if pair["conflict"] else 0), pair
        answer = json.loads(result.stdout)
        overlaps = [overlap for judgement in answer["judgements"] for overlap in judgement["overlaps"]]
        wanted = pair["overlaps"]
        assert isinstance(wanted, list)
        assert [overlap["area_m2"] for overlap in overlaps] == pytest.approx([one["overlap_area_m2"] for one in wanted], rel=0.01)
        assert [[overlap["lower_m"], overlap["upper_m"]] for overlap in overlaps] == [one["overlap_height_m"] for one in wanted]
        assert [[overlap["start"], overlap["end"]] for overlap in overlaps] == [one["overlap_time"] for one in wanted]


def test_the_real_program_finds_the_conflict_and_never_cuts_a_cell() -> None:
    done = program(AMBER, COBALT)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"amber-patrol-1 (amber) / cobalt-survey-7 (cobalt)" in done.stdout
    assert b"\x1b" not in done.stdout
    assert "…".encode() not in done.stdout


def test_the_real_program_exits_0_when_clear_and_2_when_it_could_not(tmp_path: Path) -> None:
    assert program(CLEAR).returncode == 0
    done = program(tmp_path / "none.geojson")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.count(b"\n") == 1
    assert b"Traceback" not in done.stderr


def test_the_real_program_without_files_exits_2() -> None:
    assert program().returncode == 2
