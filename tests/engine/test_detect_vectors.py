"""The shared vectors through the nouns: ASTM F3548 intents, and the strategic plans moved from their plane to the earth."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pyproj import Transformer

from tafadi.engine.detect import detect, judge
from tafadi.measure.earth import Position
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant, Span
from tafadi.model.judgement import Verdict
from tafadi.model.operation import Announced, Kind, Minima, Notice, Trajectory, Waypoint
from tafadi.model.volume import Circle, Outline, Polygon, Volume4D


def position(point: dict[str, float]) -> Position:
    return Position(point["lat"], point["lng"])


def intent(path: Path) -> Announced:
    """One operational intent; only what these vectors hold (formats/f3548.py reads them in earnest)."""
    details = json.loads(path.read_bytes())["details"]
    volumes = []
    for item in details.get("volumes", []) + details.get("off_nominal_volumes", []):
        where = item["volume"]
        outline: Outline
        if where.get("outline_polygon"):
            outline = Polygon(tuple(position(vertex) for vertex in where["outline_polygon"]["vertices"]))
        else:
            outline = Circle(position(where["outline_circle"]["center"]), where["outline_circle"]["radius"]["value"])
        lower, upper = (Height(where[key]["value"], Datum.ELLIPSOID) for key in ("altitude_lower", "altitude_upper"))
        span = Span(Instant.parse(item["time_start"]["value"]), Instant.parse(item["time_end"]["value"]))
        volumes.append(Volume4D(outline, lower, upper, span))
    return Announced(path.name, Notice(Kind.OPERATION, tuple(volumes)))


def test_every_f3548_pair_is_judged_as_expected(shared: Callable[[str], Path]) -> None:
    folder = shared("vectors/f3548")
    found = {(j.first, j.second): j for j in detect([intent(path) for path in sorted(folder.glob("flight_*.json"))])}
    cases = json.loads((folder / "expected.json").read_bytes())
    assert len(cases) == 15
    assert set(found) == {(case["a"], case["b"]) for case in cases if case["conflict"]}
    for case in cases:
        if case["conflict"]:
            judgement = found[case["a"], case["b"]]
            assert judgement.verdict is Verdict.CONFLICT
            for overlap, expected in zip(judgement.overlaps, case["overlaps"], strict=True):
                assert overlap.area_m2 == pytest.approx(expected["overlap_area_m2"], rel=0.01)
                assert [overlap.lower.value_m, overlap.upper.value_m] == expected["overlap_height_m"]
                assert [str(overlap.span.start), str(overlap.span.end)] == expected["overlap_time"]
        else:
            assert judge(intent(folder / case["a"]), intent(folder / case["b"])).verdict is Verdict.CLEAR


def plans(path: Path) -> list[Announced]:
    """The strategic plans, from EPSG:3035 to latitude and longitude."""
    with gzip.open(path) as file:
        rows = np.loadtxt(file)
    lat_deg, lon_deg = Transformer.from_crs(3035, 4326).transform(rows[:, 3], rows[:, 2])
    everyone: dict[int, list[Waypoint]] = {}
    for n, row in enumerate(rows):
        point = Waypoint(
            Position(float(lat_deg[n]), float(lon_deg[n])), Height(float(row[4]), Datum.PRESSURE), Instant(round(row[1] * 1e9))
        )
        everyone.setdefault(int(row[0]), []).append(point)
    return [Announced(f"{n:04d}", Notice(Kind.OPERATION, trajectory=Trajectory(tuple(points)))) for n, points in everyone.items()]


def test_the_strategic_plans_on_the_earth_give_the_same_pairs_as_on_their_plane(shared: Callable[[str], Path]) -> None:
    flat = np.loadtxt(shared("vectors/strategic/plans1000_expected_nasa_cdii.txt"))
    found = detect(plans(shared("vectors/strategic/plans1000.txt.gz")), Minima(9_260.0, 304.8))
    told = {(int(j.first), int(j.second)): j for j in found}
    assert set(told) == {(int(row[0]), int(row[1])) for row in flat}
    for row in flat:
        judgement = told[int(row[0]), int(row[1])]
        assert judgement.verdict is Verdict.CONFLICT
        assert judgement.span is not None
        # EPSG:3035 keeps areas and not distances: its scale is up to 2 % off here, and straight lines on it are no geodesics.
        assert judgement.span.start.seconds == pytest.approx(row[2], abs=0.5)
        assert judgement.span.end.seconds == pytest.approx(row[3], abs=0.5)
