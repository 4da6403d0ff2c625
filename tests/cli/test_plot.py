"""`tafadi plot` and `--report`, run as a person runs them."""

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from report_cases import meeting
from tafadi.cli import check_cmd, plot_cmd, scan_cmd, watch_cmd

PROJECT = Path(__file__).resolve().parents[2]
AMBER, COBALT = (str(PROJECT / "samples" / f"{name}.geojson") for name in ("amber", "cobalt"))
PROGRAM = typer.Typer(pretty_exceptions_enable=False)
PROGRAM.command("plot")(plot_cmd.plot)
PROGRAM.command("check")(check_cmd.check)
PROGRAM.command("watch")(watch_cmd.watch)
PROGRAM.command("scan")(scan_cmd.scan)
MAP = '{"track": "t", "at": "s [s]", "lat": "lat", "lon": "lon", "height": "h [m] pressure"}'
ROOM = ("--minima", "5 [NM] / 1000 [ft]")


def run(*arguments: str | Path) -> Result:
    """The command run in this process; anything but an exit code is raised."""
    result = CliRunner().invoke(PROGRAM, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def could_not(*arguments: str | Path) -> str:
    """The one sentence of what could not be done."""
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("tafadi: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Three tracks: two meet head on, and one of a single hit."""
    lines = ["t,s,lat,lon,h", "far,1804000000,10,10,500"]
    for plot in (plot for track in meeting() for plot in track):
        height_m = 0.0 if plot.height is None else plot.height.value_m
        lines.append(f"{plot.track},{plot.at.seconds:.0f},{plot.position.lat_deg},{plot.position.lon_deg},{height_m}")
    path = tmp_path / "day.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(("ending", "begins"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_notices_become_a_picture_and_exit_0(tmp_path: Path, ending: str, begins: bytes) -> None:
    picture = tmp_path / f"picture.{ending}"
    result = run("plot", AMBER, COBALT, "-o", picture)
    assert (result.exit_code, result.output) == (0, "")
    assert picture.read_bytes().startswith(begins)


def test_a_pair_of_notices_is_drawn_the_same_every_time(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        arguments = ("plot", AMBER, COBALT, "--pair", "amber-patrol-1", "cobalt-survey-7", *ROOM, "-o", tmp_path / name)
        assert run(*arguments).exit_code == 0
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_two_tracks_of_a_recording_are_drawn(tmp_path: Path, recording: Path) -> None:
    assert run("plot", recording, "--columns", MAP, "--pair", "two", "one", *ROOM, "-o", tmp_path / "p.svg").exit_code == 0
    assert (tmp_path / "p.svg").read_bytes().startswith(b"<svg")


def test_what_cannot_be_drawn_is_refused_in_one_sentence(tmp_path: Path, recording: Path) -> None:
    out = tmp_path / "p.svg"
    tracks = ("plot", recording, "--columns", MAP, "-o", out)
    assert "ends in none of .svg, .png, .pdf" in could_not("plot", AMBER, "-o", tmp_path / "p.jpg")
    assert "there is no notice 'cobalt-survey-8'; there are cobalt-survey-7" in could_not(
        "plot", AMBER, COBALT, "--pair", "amber-patrol-1", "cobalt-survey-8", "-o", out
    )
    assert "named twice" in could_not("plot", AMBER, COBALT, "--pair", "amber-patrol-1", "amber-patrol-1", "-o", out)
    assert "3 tracks, far, one, two; a profile is of two" in could_not(*tracks)
    assert "there is no track 'oen' in it; there are one, " in could_not(*tracks, "--pair", "oen", "two")
    assert "named twice" in could_not(*tracks, "--pair", "one", "one")
    assert "not a pair of minima" in could_not("plot", AMBER, "--minima", "5 / 1000", "-o", out)
    assert "absent.geojson" in could_not("plot", tmp_path / "absent.geojson", "-o", out)
    assert not out.exists()


def test_check_writes_a_report_beside_its_answer(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    plain, told = run("check", AMBER, COBALT), run("check", AMBER, COBALT, "--report", report)
    assert (told.exit_code, told.stdout) == (plain.exit_code, plain.stdout)
    page = report.read_text()
    assert "amber-patrol-1 (amber)" in page
    assert "a height is not stated" in page
    assert re.search(r"<dt>Made</dt><dd>20\d\d-", page)


def test_a_report_cannot_overwrite_what_it_is_about(tmp_path: Path) -> None:
    copy = tmp_path / "copy.geojson"
    copy.write_bytes(Path(AMBER).read_bytes())
    assert "overwrite" in could_not("check", copy, "--report", copy)
    assert "cannot be one file" in could_not("check", copy, "--report", tmp_path / "x", "-o", tmp_path / "x")
    assert copy.read_bytes() == Path(AMBER).read_bytes()


def test_watch_writes_a_report_of_its_alerts(tmp_path: Path, recording: Path) -> None:
    report = tmp_path / "report.html"
    result = run("watch", recording, "--columns", MAP, *ROOM, "--report", report)
    assert result.exit_code == 1
    page = report.read_text()
    assert "Two tracks, told at" in page
    assert "<h3>×1" in page


def test_scan_writes_a_report_with_pictures_of_a_short_recording(tmp_path: Path, recording: Path) -> None:
    report = tmp_path / "report.html"
    result = run("scan", recording, "--columns", MAP, *ROOM, "--report", report)
    assert result.exit_code == 1
    page = report.read_text()
    assert "Separation: Inside the minima" in page
    assert "<h3>×1" in page
