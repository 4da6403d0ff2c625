"""`tafadi check` on files of published zones: windows, refusals listed, and no clear answer about what nobody could read."""

from pathlib import Path

import typer
from typer.testing import CliRunner, Result

from tafadi.cli import check_cmd
from zone_cases import PROJECT, case

PROGRAM = typer.Typer(pretty_exceptions_enable=False)
PROGRAM.command()(check_cmd.check)
WINDOW = "2026-06-01T00:00:00Z/2026-06-08T00:00:00Z"


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(PROGRAM, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def vector(folder: Path, format: str, name: str) -> Path:
    path = folder / f"{format}-{name}.txt"
    path.write_bytes(case(PROJECT / "vectors" / format / f"{name}.txt").body)
    return path


def test_a_zone_without_end_needs_a_window(tmp_path: Path) -> None:
    file = vector(tmp_path, "openair", "corners")
    result = run(file)
    assert result.exit_code == 2
    assert "stands without an end; say for which window" in result.stderr
    assert run(file, "--window", WINDOW).exit_code == 0


def test_a_window_that_is_none_is_refused(tmp_path: Path) -> None:
    file = vector(tmp_path, "openair", "corners")
    for window, sentence in (("tomorrow", "is not two times"), ("a/b", "is not a time"), ("/", "is not a time")):
        result = run(file, "--window", window)
        assert (result.exit_code, result.stdout) == (2, "")
        assert sentence in result.stderr


def test_zones_of_unlike_formats_are_checked_against_each_other(tmp_path: Path) -> None:
    first, second = vector(tmp_path, "openair", "flight_levels"), vector(tmp_path, "aixm", "geodesics")
    result = run(first, second, "--window", WINDOW)
    assert result.exit_code == 1
    assert "SEA / R ZZR1" in result.stdout or "R ZZR1 / SEA" in result.stdout


def test_one_zone_that_cannot_be_read_stops_the_check(tmp_path: Path) -> None:
    file = tmp_path / "two.txt"
    body = case(PROJECT / "vectors" / "openair" / "corners.txt").body
    file.write_bytes(body + body.replace(b"AN SEA", b"AN BAD").replace(b"4500 ft", b"4500"))
    result = run(file, "--window", WINDOW)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "zone 2 (BAD): '4500' is not a height" in result.stderr
    assert "--partial" in result.stderr


def test_a_partial_check_lists_what_it_left_out_and_never_says_clear(tmp_path: Path) -> None:
    file = tmp_path / "two.txt"
    body = case(PROJECT / "vectors" / "openair" / "corners.txt").body
    file.write_bytes(body + body.replace(b"AN SEA", b"AN BAD").replace(b"4500 ft", b"4500"))
    result = run(file, "--window", WINDOW, "--partial")
    assert result.exit_code == 1
    assert "1 left out, the first is number 2: … is not a height" in result.stderr
    assert "number 2 (BAD) cannot be read: '4500' is not a height" in result.stderr


def test_what_is_rightly_no_notice_is_counted_and_does_not_alarm(tmp_path: Path) -> None:
    result = run(vector(tmp_path, "notam", "obstacle"), vector(tmp_path, "notam", "danger_area"))
    assert result.exit_code == 0
    assert "1 left out, the first is number 1: its subject is no area" in result.stderr


def test_notices_with_their_own_times_need_no_window(tmp_path: Path) -> None:
    assert run(vector(tmp_path, "kml", "prism")).exit_code == 0
