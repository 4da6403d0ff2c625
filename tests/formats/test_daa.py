"""Encounters of DAIDALUS: what the lines say, what is left out, and NASA's own answers for what is read from NASA's own files."""

import csv
import math
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.cases import case, cases
from tafadi.engine.alerting import PHASE_I, Alerts, alerts
from tafadi.engine.wellclear import States
from tafadi.errors import FormatError
from tafadi.formats import daa
from tafadi.formats.lines import lines
from tafadi.formats.reading import Told, looked, tracks
from tafadi.measure.earth import Position, leg
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FOOT_M, KNOT_MPS
from tafadi.model.track import Plot

Find = Callable[[str], Path]
NASA = {
    "H1": "gold/DaidalusqAlerting-no_sum.csv",
    "C0_0_120": "C0_0_120__no_sum.csv",
    "C1_0_120": "C1_0_120__no_sum.csv",
    "H0_0_120": "H0_0_120__no_sum.csv",
}
ORIGIN = Position(40.67233, -74.04466)  # of H0, as its first line says


def read(name: str) -> list[Plot]:
    return list(daa.parse(lines([case("daa", name).body])))


@pytest.mark.parametrize("name", cases("daa"))
def test_every_vector_reads_or_fails_as_it_expects(name: str) -> None:
    one, reader = case("daa", name), daa.Reader()
    if one.error:
        with pytest.raises(FormatError, match=one.error):
            list(daa.parse(lines([one.body]), reader))
        return
    assert len(list(daa.parse(lines([one.body]), reader))) == one.plots
    assert [reason for reason, _, _ in reader.skips.rows()] == ([one.skips] if one.skips else [])
    assert bool(reader.skips.damaged) == (one.skips in daa.DAMAGE)


def test_a_state_is_read_in_si_as_pressure_height() -> None:
    own, other = read("two_states")
    assert (own.track, other.track, own.at) == ("daa/Ownship", "daa/Intruder", Instant(0))
    assert own.position == Position(33.8149396, -117.0)
    assert own.height == Height(17_000 * FOOT_M, Datum.PRESSURE)
    assert own.ground_speed_mps == pytest.approx(200 * KNOT_MPS)
    assert (own.course_deg, own.climb_mps) == (0.0, 0.0)


def test_seconds_count_from_1970_or_from_what_is_stated() -> None:
    data, begins = case("daa", "a_clock").body, Instant.parse("2026-03-01T06:40:00Z")
    assert [str(one.at) for one in tracks(data).plots] == ["1970-01-01T01:02:03.5Z"]
    assert [str(one.at) for one in tracks(data, told=Told(begins=begins)).plots] == ["2026-03-01T07:42:03.5Z"]


def test_a_height_that_is_not_given_stays_unknown() -> None:
    assert [plot.height for plot in read("height_empty_is_not_known")] == [None]


def told(path: Path) -> dict[str, list[str]]:
    head, _, *rows = [[cell.strip() for cell in line] for line in csv.reader(path.read_text(encoding="utf-8").splitlines())]
    return dict(zip(head, map(list, zip(*rows, strict=True)), strict=True))


def states(plots: list[Plot]) -> States:
    assert all(plot.height is not None and plot.height.datum is Datum.PRESSURE for plot in plots)
    courses = [math.radians(plot.course_deg or 0.0) for plot in plots]
    speeds = [plot.ground_speed_mps or 0.0 for plot in plots]
    return States(
        [plot.position.lat_deg for plot in plots],
        [plot.position.lon_deg for plot in plots],
        [plot.height.value_m for plot in plots if plot.height],
        [speed * math.sin(course) for speed, course in zip(speeds, courses, strict=True)],
        [speed * math.cos(course) for speed, course in zip(speeds, courses, strict=True)],
        [plot.climb_mps for plot in plots],
        Datum.PRESSURE,
    )


def found_in(path: Path) -> Alerts:
    plots = list(tracks(path.read_bytes()).plots)
    own, other = ([plot for plot in plots if plot.track == f"daa/{name}"] for name in ("Ownship", "Intruder"))
    return alerts([plot.at.seconds for plot in own], states(own), states(other), PHASE_I)


@pytest.mark.parametrize("name", NASA)
def test_what_is_read_from_nasas_encounters_gives_nasas_times_and_levels(name: str, shared: Find) -> None:
    found, nasa = found_in(shared(f"vectors/daidalus/scenarios/{name}.daa")), told(shared(f"vectors/daidalus/{NASA[name]}"))
    count = len(nasa["Time"])
    assert found.time_s.tolist()[:count] == [float(cell) for cell in nasa["Time"]]
    for level in (1, 2, 3):
        cells = nasa[f"Time to Volume of Alert({level})"]
        wanted = np.array([math.inf if cell == "infty" else float(cell or "nan") for cell in cells])
        finite, got = np.isfinite(wanted), found.enters_s[:count, level - 1]
        assert (np.isfinite(got) == finite).all()
        assert np.abs(got[finite] - wanted[finite]).max() < 1e-6
    assert found.level[:count].tolist() == [int(cell) for cell in nasa["Alert Level"]]


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("vectors/daidalus/scenarios/H1.daa", 460),
        ("vectors/daidalus/scenarios/H1_SUM.daa", 433),
        ("vectors/daidalus/scenarios/C1_0_120_W.daa", 242),
        ("vectors/daidalus/scenarios/C0.txt", 2),
        ("data/permissive/daa/nasa_H1.daa", 460),
        ("data/permissive/daa/nasa_MultiAircraft.daa", 236),
    ],
)
def test_every_state_of_nasas_files_is_read(name: str, count: int, shared: Find) -> None:
    data = shared(name).read_bytes()
    found = tracks(data)
    assert (looked(data).name, len(list(found.plots)), found.skips.total) == ("daa", count, 0)


def test_places_in_a_plane_are_laid_about_the_place_that_is_told(shared: Find) -> None:
    data = shared("vectors/daidalus/scenarios/H0_0_120.xyz").read_bytes()
    with pytest.raises(FormatError, match="a place that it does not name"):
        list(tracks(data).plots)
    flat = list(tracks(data, told=Told(receiver=ORIGIN)).plots)
    round_ones = list(tracks(shared("vectors/daidalus/scenarios/H0_0_120.daa").read_bytes()).plots)
    assert [plot.at for plot in flat] == [plot.at for plot in round_ones]
    # NASA laid them on a sphere of 60 NM to the degree, which is up to 0.4 % off WGS 84: 40 m at their 5 NM
    assert max(leg(one.position, other.position).distance_m for one, other in zip(flat, round_ones, strict=True)) < 40.0


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(case("daa", data.draw(st.sampled_from(cases("daa")))).body or b" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        body = body or bytearray(b" ")
    with suppress(FormatError):
        list(daa.parse(lines([bytes(body)]), daa.Reader(origin=ORIGIN)))
