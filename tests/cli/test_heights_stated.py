"""What the command line states of heights, and what `tafadi check` then says of pairs across datums."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from reference.gtx import hills, write_gtx
from tafadi.cli.check_cmd import check
from tafadi.cli.heights_stated import parse_air, parse_terrain
from tafadi.errors import TafadiError
from tafadi.measure.height import Datum, Height
from tafadi.measure.levelling import MeasuredAir, RoughAir, Terrain
from tafadi.store import geoid

PROGRAM = typer.Typer(pretty_exceptions_enable=False)
PROGRAM.command()(check)
HERE = (30.0, 30.0)  # a node of the grid that the tests write; the geoid is 30.3 m up
UP_M = hills(*HERE)


def band(name: str, lower: str, upper: str) -> dict[str, object]:
    lat, lon = HERE
    ring = [[lon, lat], [lon + 0.01, lat], [lon + 0.01, lat + 0.01], [lon, lat + 0.01], [lon, lat]]
    when = {"start": "2026-03-01T00:00:00Z", "end": "2026-03-01T01:00:00Z"}
    members = {"notice": name, "party": name, "kind": "area", "area_kind": "keep-clear", "lower": lower, "upper": upper, **when}
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": members}


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    def checked(first: tuple[str, str], second: tuple[str, str], *options: str) -> Result:
        path = tmp_path / "two.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [band("a", *first), band("b", *second)]}))
        result = CliRunner().invoke(PROGRAM, [str(path), "--json", *options])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return checked


def verdict(result: Result) -> tuple[str, str | None]:
    judged = json.loads(result.stdout)["judgements"]
    return (judged[0]["verdict"], judged[0].get("cause")) if judged else ("clear", None)


GEOID, TOUCHING, ABOVE = (
    ("100 [m] geoid", "200 [m] geoid"),
    ("210 [m] ellipsoid", "300 [m] ellipsoid"),
    ("240 [m] ellipsoid", "300 [m] ellipsoid"),
)


def test_the_geoid_decides_where_there_is_a_grid(run: Callable[..., Result], tmp_path: Path) -> None:
    grid = str(write_gtx(tmp_path / "own.gtx"))
    conflict = run(GEOID, TOUCHING, "--geoid", grid)
    assert (verdict(conflict), conflict.exit_code) == (("conflict", None), 1)
    assert "1 of 1 pairs across datums are decided by own.gtx (give or take 3 m)" in conflict.stderr
    clear = run(GEOID, ABOVE, "--geoid", grid)
    assert (verdict(clear), clear.exit_code) == (("clear", None), 0)


def test_without_a_grid_it_is_unknown_and_the_sentence_says_what_to_install(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geoid, "folders", lambda: iter(()))
    for other in (TOUCHING, ABOVE):
        result = run(GEOID, other)
        assert (verdict(result), result.exit_code) == (("unknown", "datums-unlike"), 1)
        assert "install Debian's package proj-data (apt-get install proj-data)" in result.stderr
    refused = run(GEOID, TOUCHING, "--geoid", "egm96")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "no grid of the geoid EGM96 is installed" in refused.stderr


def test_pressure_is_compared_only_with_what_is_known_of_the_air(run: Callable[..., Result]) -> None:
    level = ("1000 [m] pressure", "1100 [m] pressure")
    near, far = ("1200 [m] geoid", "1300 [m] geoid"), ("1500 [m] geoid", "1600 [m] geoid")
    said = run(level, near)
    assert verdict(said) == ("unknown", "datums-unlike")
    assert 'if you say what is known of the air: --air "±300 [m]"' in said.stderr
    assert verdict(run(level, near, "--air", "±300 [m]")) == ("unknown", "height-uncertain")
    assert verdict(run(level, far, "--air", "±300 [m]")) == ("clear", None)
    thick = ("900 [m] pressure", "1100 [m] pressure")
    assert verdict(run(thick, near, "--air", "1040 ± 1 [hPa], 0 ± 2 [K]")) == ("conflict", None)


def test_the_ground_is_compared_only_with_how_high_it_lies(run: Callable[..., Result]) -> None:
    low, high = ("0 [m] ground", "120 [m] ground"), ("500 [m] geoid", "600 [m] geoid")
    said = run(low, high)
    assert verdict(said) == ("unknown", "datums-unlike")
    assert "if you say how high it lies: --terrain" in said.stderr
    assert verdict(run(low, high, "--terrain", "230 ± 20 [m] geoid")) == ("clear", None)


def test_alike_datums_need_nothing_and_nothing_is_told(run: Callable[..., Result]) -> None:
    result = run(GEOID, ("150 [m] geoid", "250 [m] geoid"), "--air", "±300 [m]")
    assert (verdict(result), result.stderr) == (("conflict", None), "")


def test_what_is_said_of_the_air_and_the_ground_is_read() -> None:
    assert parse_air("±300 [m]") == parse_air("0 +- 300 [m]") == RoughAir(300.0)
    assert parse_air(" 1003 ± 2 [hPa] , -10±5 [K]") == MeasuredAir(100_300.0, 200.0, -10.0, 5.0)
    assert parse_air("1003 ± 2 [hPa], -10 ± 5 [K], 420 [m]") == MeasuredAir(100_300.0, 200.0, -10.0, 5.0, 420.0)
    assert parse_terrain("230 ± 20 [m] geoid") == Terrain(Height(230.0, Datum.GEOID), 20.0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("300 [m]", "does not say how far it may be wrong"),
        ("1003 [hPa], -10 [K]", "does not say how far it may be wrong"),
        ("1003 ± 2 [hPa], -10 ± 5 [m]", "is a length, and a temperature is needed"),
        ("30 ± 2 [m]", "say only by how much"),
        ("±0 [m]", "may not be 0 m wrong"),
        ("1003 ± 0 [hPa], -10 ± 5 [K]", "nobody knows the pressure of the air exactly"),
        ("500 ± 2 [hPa], -10 ± 5 [K]", "is not a pressure at sea level"),
        ("1 ± 2 [hPa], 1 ± 1 [K], 1 [m], 2 [m]", "says too much"),
        ("± [m]", "does not say how far"),
        ("", "does not say how far"),
        ("x" * 10_000, "does not say how far"),
    ],
)
def test_air_that_is_none_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(TafadiError, match=sentence):
        parse_air(text)


@pytest.mark.parametrize("text", ["230 [m] geoid", "230 ± 20 [m]", "230 ± 20 [m] pressure", "230 ± 20 [K] geoid", "± [m] geoid"])
def test_ground_that_is_none_is_one_sentence(text: str) -> None:
    with pytest.raises(TafadiError):
        parse_terrain(text)
