"""`tafadi watch`, run as a person runs it."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner, Result

from reference.cases import case
from tafadi.cli.watch_cmd import watch
from tafadi.engine.suppress import RULES
from tafadi.formats.agreement import write_document
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.agreement import Agreement, Landmark
from tafadi.model.names import Mode
from tafadi.model.operation import Minima

PROJECT = Path(__file__).resolve().parents[2]
PROGRAM = typer.Typer(pretty_exceptions_enable=False)
PROGRAM.command()(watch)
MINIMA = ("--minima", "0.3 [NM] / 300 [ft]")
MAP = '{"track": "t", "at": "s [s]", "lat": "lat", "lon": "lon", "height": "h [ft] pressure", "party": "p"}'


def run(*arguments: str | Path, stdin: bytes = b"") -> Result:
    """The command run in this process; anything but an exit code is raised."""
    result = CliRunner().invoke(PROGRAM, [str(argument) for argument in arguments], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def rows(count: int = 14) -> dict[str, list[object]]:
    """Two on one line, towards one another, 0.01 degree every 10 s, 0.4 degree apart; strangers at one height."""
    table: dict[str, list[object]] = {name: [] for name in ("t", "s", "lat", "lon", "h", "p")}
    for k in range(count):
        for name, lon, party in (("west", 10.0 + 0.01 * k, "north"), ("east", 10.25 - 0.01 * k, "south")):
            for column, cell in zip(table, (name, 1_767_225_600 + 10 * k, 45.0, lon, 9_000.0, party), strict=True):
                table[column].append(cell)
    return table


def csv_file(folder: Path) -> Path:
    table, path = rows(), folder / "two.csv"
    lines = [",".join(table), *(",".join(map(str, cells)) for cells in zip(*table.values(), strict=True))]
    path.write_text("\n".join(lines) + "\n")
    return path


def one_sentence(result: Result) -> str:
    """The sentence on standard error, with nothing before it on standard output."""
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("tafadi: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    return result.stderr


def test_two_that_close_are_told_and_the_exit_code_says_so(tmp_path: Path) -> None:
    result = run(csv_file(tmp_path), *MINIMA, "--columns", MAP)
    assert result.exit_code == 1
    first = result.stdout.splitlines()[0]
    assert "CONFLICT  east (south) and west (north): loss of separation in" in first
    assert "closest 0.000 NM / 0 ft at 2026-01-01T00:02:05" in first


def agreement(folder: Path, minima: Minima) -> Path:
    """The document of an agreement with those minima between tracks."""
    places = tuple(Landmark(name, Position(47.0, lon)) for name, lon in (("one", 8.0), ("two", 9.0)))
    path = folder / "sky.json"
    path.write_bytes(write_document(Agreement("sky", ("a", "b"), (b"a", b"b"), Instant(0), (Mode.TEST,), minima, None, places)))
    return path


def test_the_minima_may_be_those_of_an_agreement(tmp_path: Path) -> None:
    path = csv_file(tmp_path)
    same = run(path, "--minima", "500 [m] / 100 [m]", "--columns", MAP)
    agreed = run(path, "--agreement", agreement(tmp_path, Minima(500.0, 100.0)), "--columns", MAP)
    assert (agreed.exit_code, agreed.stdout) == (same.exit_code, same.stdout) == (1, same.stdout)


def test_minima_that_are_said_twice_or_in_no_agreement_are_one_sentence(tmp_path: Path) -> None:
    path, sky = csv_file(tmp_path), agreement(tmp_path, Minima(500.0, 100.0))
    assert "--minima and --agreement both say the minima" in one_sentence(run(path, *MINIMA, "--agreement", sky))
    assert "two.csv: agreement: this is not JSON" in one_sentence(run(path, "--agreement", path))
    assert "none.json: No such file" in one_sentence(run(path, "--agreement", tmp_path / "none.json"))
    large = tmp_path / "large.json"
    large.write_bytes(b" " * 70_000)
    assert "an agreement of more than 65,536 bytes is none" in one_sentence(run(path, "--agreement", large))


def test_a_report_never_overwrites_the_agreement(tmp_path: Path) -> None:
    sky = agreement(tmp_path, Minima(500.0, 100.0))
    before = sky.read_bytes()
    one_sentence(run(csv_file(tmp_path), "--agreement", sky, "--columns", MAP, "--report", sky))
    assert sky.read_bytes() == before


def test_parquet_csv_and_compressed_csv_say_the_same(tmp_path: Path) -> None:
    plain = csv_file(tmp_path)
    packed, table, named = tmp_path / "two.csv.gz", tmp_path / "two.parquet", tmp_path / "map.json"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    pq.write_table(pa.table(rows()), table)
    named.write_text(MAP)
    said = run(plain, *MINIMA, "--columns", named).stdout
    assert said
    assert run(packed, *MINIMA, "--columns", MAP, "--format", "csv").stdout == said
    assert run(table, *MINIMA, "--columns", MAP).stdout == said
    assert run("-", *MINIMA, "--columns", MAP, "--format", "csv", stdin=plain.read_bytes()).stdout == said
    assert run("-", *MINIMA, "--columns", MAP, "--format", "csv", "--follow", stdin=plain.read_bytes()).stdout == said


def test_json_lines_carry_what_the_text_says(tmp_path: Path) -> None:
    found = [json.loads(line) for line in run(csv_file(tmp_path), *MINIMA, "--columns", MAP, "--json").stdout.splitlines()]
    raised = found[0]
    assert (raised["type"], raised["verdict"], raised["state"]) == ("alert", "conflict", "raised")
    assert (raised["first"], raised["party_first"], raised["cause"]) == ("east", "south", None)
    assert raised["closest"]["horizontal_m"] < 1.0


def test_the_recorded_near_mid_air_of_a_real_file_is_told(shared: Callable[[str], Path]) -> None:
    result = run(shared("data/permissive/radar_nop/cases/scaryTrackData.txt"), *MINIMA)
    assert result.exit_code == 1
    assert "2018-03-24T15:02:42Z  CONFLICT  D21_B/2643 and D21_B/3472" in result.stdout
    assert "closest recorded 0.024 NM / 9 ft at 2018-03-24T15:02:59.4Z" in result.stdout


def test_a_silenced_pair_is_listed_with_its_rule_and_a_switch_brings_it_back(shared: Callable[[str], Path]) -> None:
    path = shared("data/permissive/radar_nop/cases/duplicateCenterData_example1.txt")
    asked = ("--minima", "5 [NM] / 1000 [ft]", "--lookahead", "120 [s]")
    quiet = run(path, *asked)
    assert quiet.exit_code == 0
    assert "silenced  duplicate     ZOB/106 and ZOB/184" in quiet.stdout
    assert run(path, *asked, "--no-rule", "duplicate").exit_code == 1


def test_only_unknowns_exit_1_and_one_cause_is_told_once(tmp_path: Path) -> None:
    path = csv_file(tmp_path)
    members = {name: column for name, column in json.loads(MAP).items() if name != "height"}
    result = run(path, *MINIMA, "--columns", json.dumps(members))
    assert result.exit_code == 1
    assert result.stdout.count("UNKNOWN ") == 1
    assert "0 conflicts; 1 unknown: height-missing" in result.stdout


def test_a_track_that_enters_a_notice_of_another_party_is_told(tmp_path: Path) -> None:
    ring = [[10.1, 44.9], [10.2, 44.9], [10.2, 45.1], [10.1, 45.1], [10.1, 44.9]]
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {
            "notice": "area-1", "party": "third", "kind": "area", "area_kind": "keep-clear", "lower": "0 [ft] pressure",
            "upper": "10000 [ft] pressure", "start": "2026-01-01T00:00:00Z", "end": "2026-01-01T01:00:00Z",
        },
    }  # fmt: skip
    path = tmp_path / "area.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    result = run(csv_file(tmp_path), *MINIMA, "--columns", MAP, "--announced", path)
    assert result.exit_code == 1, result.stderr
    assert "CONFLICT  track-announced area-1 (third) and west (north): inside in" in result.stdout


def test_a_recording_that_says_no_party_takes_the_one_that_is_given(tmp_path: Path) -> None:
    path, without = csv_file(tmp_path), MAP.replace(', "party": "p"', "")
    assert "CONFLICT  east (north) and west (north)" in run(path, *MINIMA, "--columns", without, "--party", "north").stdout
    assert "CONFLICT  east and west" in run(path, *MINIMA, "--columns", without).stdout
    assert "CONFLICT  east (south) and west (north)" in run(path, *MINIMA, "--columns", MAP, "--party", "third").stdout


def test_a_declared_pair_is_silent(tmp_path: Path) -> None:
    result = run(csv_file(tmp_path), *MINIMA, "--columns", MAP, "--declared", "east,west")
    assert result.exit_code == 0
    assert "silenced  formation" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            (),
            'say the minima between tracks, like --minima "0.3 [NM] / 300 [ft]" or with an --agreement, or rules like --well-clear phase-1',
        ),
        (("--well-clear", "phase-9"), "there are phase-1, phase-2, non-cooperative"),
        ((*MINIMA, "--well-clear", "phase-1", "--well-clear", "phase-1"), "named twice"),
        ((*MINIMA, "--lines", "/nowhere.geojson"), "/nowhere.geojson: No such file"),
        ((*MINIMA, "--assigned", "east"), "does not say which notice"),
        ((*MINIMA, "--assigned", "east=op-1"), "no notice 'op-1' is --announced"),
        ((*MINIMA, "--window", "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"), "nothing is --announced"),
        ((*MINIMA, "--straying", "30"), "is not a quantity"),
        ((*MINIMA, "--fastest", "10 [kt]"), "the fastest that a track may be"),
        (("--minima", "5 / 1000"), "not a pair of minima"),
        (("--minima", "0 [NM] / 300 [ft]"), "more than 0"),
        ((*MINIMA, "--lookahead", "30"), "is not a quantity"),
        ((*MINIMA, "--lookahead", "2 [h]"), "a lookahead of 7200.0 s"),
        ((*MINIMA, "--no-rule", "nix"), "there is no rule 'nix'; there are quantisation"),
        ((*MINIMA, "--format", "adsb"), "none of nop, sbs, iff"),
        ((*MINIMA, "--declared", "one"), "is not a pair"),
        ((*MINIMA, "--party", "Who?"), "party 'Who?' must be"),
        ((*MINIMA, "--announced", "/nowhere.geojson"), "/nowhere.geojson: No such file"),
        (MINIMA, "a table needs --columns"),
        ((*MINIMA, "--columns", "{"), "columns"),
        ((*MINIMA, "--columns", MAP.replace(" [ft] pressure", "")), "needs its unit in brackets"),
        ((*MINIMA, "--columns", MAP, "--format", "parquet"), "no Parquet file"),
        ((*MINIMA, "--columns", MAP, "--format", "nop"), "--columns belongs to csv and parquet"),
    ],
)
def test_a_question_that_cannot_be_asked_is_one_sentence_and_exit_2(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    assert sentence in one_sentence(run(csv_file(tmp_path), *arguments))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "there is nothing in it"),
        (b"\n\n", "there is nothing in it"),
        (bytes(range(256)) * 50, "none of the formats"),
        (case("nop", "terminal_hit").body[:60], "no NOP record"),
        (case("nop", "false_target").body, "nothing can be said: a false target: higher than 80,000 ft (1)"),
        (b"\x1f\x8b" + b"\0" * 30, "compressed and damaged"),
        (gzip.compress(case("nop", "terminal_hit").body * 1000)[:-20], "compressed and damaged"),
        (b'{"type": "FeatureCollection", "features": []}', "a recording of tracks is needed"),
    ],
)
def test_a_recording_that_cannot_be_read_is_one_sentence_that_names_it(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "recording"
    path.write_bytes(content)
    said = one_sentence(run(path, *MINIMA))
    assert sentence in said
    assert str(path) in said


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    assert "No such file" in one_sentence(run(tmp_path / "none", *MINIMA))
    assert "Is a directory" in one_sentence(run(tmp_path, *MINIMA))


def test_parquet_from_standard_input_is_refused_in_a_sentence() -> None:
    assert "parquet" in one_sentence(run("-", *MINIMA, "--columns", MAP, "--format", "parquet", stdin=b"PAR1")).lower()


def test_the_whole_program_runs_as_a_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tafadi", "watch", str(csv_file(tmp_path)), *MINIMA, "--columns", MAP],
        capture_output=True,
        check=False,
        timeout=120,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert "CONFLICT" in done.stdout


def test_the_how_to_names_every_rule_and_option() -> None:
    text = (PROJECT / "docs/how/watch.md").read_text()
    for name in (
        *RULES,
        "--minima",
        "--agreement",
        "--lookahead",
        "--columns",
        "--announced",
        "--declared",
        "--no-rule",
        "--json",
        "--follow",
        "--format",
        "--well-clear",
        "--lines",
        "--assigned",
        "--window",
        "--straying",
        "--fastest",
    ):
        assert name in text


def calm(folder: Path, *others: str) -> Path:
    """One track that meets nobody, and other lines."""
    path = folder / "calm.csv"
    path.write_text(
        "\n".join(["t,s,lat,lon,h,p", *(f"a,{1_767_225_600 + 10 * k},45.0,{10 + k / 100},9000,n" for k in range(5)), *others]) + "\n"
    )
    return path


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        (("b,17672", "b,1767225600,45.0"), "2 lines were damaged; what they held is unknown"),
        (("b,1767225600,45.0,1o.0,9000,n",), "1 line was damaged; what it held is unknown"),
    ],
)
def test_a_damaged_line_is_unknown_and_never_reads_as_nothing_found(tmp_path: Path, others: tuple[str, ...], sentence: str) -> None:
    result = run(calm(tmp_path, *others), *MINIMA, "--columns", MAP)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == sentence
    told = [json.loads(line) for line in run(calm(tmp_path, *others), *MINIMA, "--columns", MAP, "--json").stdout.splitlines()]
    assert told[-1] == {"type": "damaged", "count": len(others)}


def test_a_row_that_names_no_place_is_no_damage(tmp_path: Path) -> None:
    result = run(calm(tmp_path, "b,1767225600,,,9000,n"), *MINIMA, "--columns", MAP)
    assert result.exit_code == 0
    assert "damaged" not in result.stdout


@pytest.mark.parametrize("name", ["terminal_hit", "false_target"])
def test_a_radar_recording_that_was_cut_is_unknown(tmp_path: Path, name: str) -> None:
    whole, path = case("nop", "terminal_hit").body, tmp_path / "cut.txt"
    path.write_bytes(whole.rstrip() + b"\n" + case("nop", name).body.rstrip()[: -40 if name == "terminal_hit" else None] + b"\n")
    result = run(path, *MINIMA)
    assert result.exit_code == (1 if name == "terminal_hit" else 0)
    assert ("1 line was damaged" in result.stdout) == (name == "terminal_hit")


@pytest.mark.parametrize(
    ("name", "minima", "lookahead"),
    [
        ("safeTrackData", "0.3 [NM] / 300 [ft]", "30 [s]"),
        ("ZFW_level-overflight", "5 [NM] / 1000 [ft]", "120 [s]"),
        ("duplicateCenterData_example1", "5 [NM] / 1000 [ft]", "120 [s]"),
        ("groundEvent_example1", "0.5 [NM] / 500 [ft]", "60 [s]"),
        ("levelOffEvent", "5 [NM] / 1000 [ft]", "120 [s]"),
    ],
)
def test_recordings_in_which_nothing_is_wrong_exit_0(shared: Callable[[str], Path], name: str, minima: str, lookahead: str) -> None:
    path = shared(f"data/permissive/radar_nop/cases/{name}.txt")
    assert run(path, "--minima", minima, "--lookahead", lookahead).exit_code == 0


def feature(geometry: Mapping[str, object], properties: Mapping[str, object]) -> bytes:
    """A file with one feature."""
    one = {"type": "Feature", "geometry": geometry, "properties": properties}
    return json.dumps({"type": "FeatureCollection", "features": [one]}).encode()


def test_well_clear_is_told_beside_minima_or_instead_of_them(tmp_path: Path) -> None:
    instead = run(csv_file(tmp_path), "--well-clear", "phase-1", "--columns", MAP)
    assert instead.exit_code == 1
    assert "CONFLICT  well-clear east (south) and west (north): level 2 of phase-1, not well clear in" in instead.stdout
    assert "loss of separation" not in instead.stdout
    beside = run(csv_file(tmp_path), *MINIMA, "--well-clear", "phase-1", "--well-clear", "non-cooperative", "--columns", MAP, "--json")
    found = [json.loads(line) for line in beside.stdout.splitlines()]
    assert {(one["kind"], one["by"]) for one in found if one["type"] == "alert"} == {
        ("track-track", None),
        ("well-clear", "phase-1"),
        ("well-clear", "non-cooperative"),
    }
    assert {one["level"] for one in found if one["type"] == "alert" and one["by"] == "phase-1"} == {2, 3}


def test_a_dividing_line_is_told_before_and_after_it_is_crossed(tmp_path: Path) -> None:
    path = tmp_path / "river.geojson"
    shape = {"type": "LineString", "coordinates": [[10.095, 44.5], [10.095, 45.5]]}
    path.write_bytes(feature(shape, {"line": "river", "left": ["north"], "right": ["south"]}))
    result = run(csv_file(tmp_path), "--minima", "1 [m] / 1 [m]", "--columns", MAP, "--lines", path)
    assert "CONFLICT  crossing river and west (north): will cross in" in result.stdout
    assert "CONFLICT  crossing river and west (north): on the wrong side, crossed at 2026-01-01T00:01:35" in result.stdout
    assert result.exit_code == 1


def test_how_a_track_conforms_is_told_and_what_nobody_stated_is_said(tmp_path: Path) -> None:
    path = tmp_path / "op.geojson"
    ring = [[9.9, 44.9], [10.06, 44.9], [10.06, 45.1], [9.9, 45.1], [9.9, 44.9]]
    said = {
        "notice": "op-1", "party": "north", "kind": "operation", "lower": "0 [ft] pressure", "upper": "10000 [ft] pressure",
        "start": "2026-01-01T00:00:00Z", "end": "2026-01-01T01:00:00Z",
    }  # fmt: skip
    path.write_bytes(feature({"type": "Polygon", "coordinates": [ring]}, said))
    asked = (csv_file(tmp_path), "--minima", "1 [m] / 1 [m]", "--columns", MAP, "--announced", path)
    stated, guessed = run(*asked, "--assigned", "west=op-1"), run(*asked)
    for result in (stated, guessed):
        assert "straying op-1 (north) and west (north): about to leave what was announced for it, in" in result.stdout
        assert "straying op-1 (north) and west (north): outside what was announced for it" in result.stdout
    assert "conforms  outside       west to op-1: at 2026-01-01T00:02:10Z\n" in stated.stdout
    assert "HELD" not in stated.stdout
    assert "HELD      west to op-1: seen inside it; nobody said that it flies it" in guessed.stdout
    assert "conforms  outside       west to op-1: at 2026-01-01T00:02:10Z; nobody said that it flies it" in guessed.stdout


def test_a_suspect_track_is_said_and_never_exits_0(tmp_path: Path) -> None:
    result = run(calm(tmp_path, f"a,{1_767_225_600 + 50},48.0,10.05,9000,n"), *MINIMA, "--columns", MAP)
    assert result.exit_code == 1
    assert "SUSPECT   a: jumped 33" in result.stdout
    assert "UNKNOWN until one of its places is borne out" in result.stdout
    assert run(calm(tmp_path, f"a,{1_767_225_600 + 50},45.05,10.05,9000,n"), *MINIMA, "--columns", MAP).exit_code == 0
    assert (
        run(calm(tmp_path, f"a,{1_767_225_600 + 50},45.05,10.05,9000,n"), *MINIMA, "--columns", MAP, "--fastest", "300 [m/s]").exit_code
        == 1
    )


def test_zones_without_an_end_are_read_for_a_window(tmp_path: Path, shared: Callable[[str], Path]) -> None:
    zones = shared("data/permissive/geozones/ed318_example_collection.json")
    without = run(csv_file(tmp_path), *MINIMA, "--columns", MAP, "--announced", zones)
    within = run(
        csv_file(tmp_path), *MINIMA, "--columns", MAP, "--announced", zones, "--window", "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z"
    )
    assert without.exit_code == 2
    assert "say for which window" in without.stderr
    assert within.stderr == "" or "window" not in within.stderr
