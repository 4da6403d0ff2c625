"""Scenarios of BlueSky: the states of aircraft, what is left out, and a scenario whose answer its author states."""

import math
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.cases import case, cases
from tafadi.errors import FormatError
from tafadi.formats import scn
from tafadi.formats.lines import lines
from tafadi.measure.earth import Position, leg
from tafadi.measure.height import Datum, Height
from tafadi.measure.instant import Instant
from tafadi.measure.units import FLIGHT_LEVEL_M, FOOT_PER_MINUTE_MPS, NAUTICAL_MILE_M
from tafadi.model.track import Plot


def read(name: str) -> list[Plot]:
    return list(scn.parse(lines([case("scn", name).body])))


@pytest.mark.parametrize("name", cases("scn"))
def test_every_vector_reads_or_fails_as_it_expects(name: str) -> None:
    one, reader = case("scn", name), scn.Reader()
    if one.error:
        with pytest.raises(FormatError, match=one.error):
            list(scn.parse(lines([one.body]), reader))
        return
    assert len(list(scn.parse(lines([one.body]), reader))) == one.plots
    assert [reason for reason, _, _ in reader.skips.rows()] == ([one.skips] if one.skips else [])
    assert bool(reader.skips.damaged) == (one.skips in scn.DAMAGE)


def test_an_aircraft_is_read_in_si_and_nothing_says_what_it_is() -> None:
    (plot,) = read("aircraft_created")
    assert (plot.track, plot.callsign, plot.at) == ("scn/AC1", "AC1", Instant(0))
    assert (plot.position, plot.height) == (Position(52.3, 4.76), Height(300 * FLIGHT_LEVEL_M, Datum.PRESSURE))
    assert (plot.course_deg, plot.climb_mps) == (270.0, 0.0)
    assert "B744" not in repr(plot)


@pytest.mark.parametrize(
    ("height_m", "temperature_k", "pressure_pa"),
    [(0.0, 288.15, 101_325.0), (5_000.0, 255.65, 54_019.9), (11_000.0, 216.65, 22_632.0), (20_000.0, 216.65, 5_474.88)],
)
def test_the_air_is_that_of_the_standard_atmosphere(height_m: float, temperature_k: float, pressure_pa: float) -> None:
    # ICAO Doc 7488, table 1
    assert scn.air(height_m)[0] == pytest.approx(temperature_k)
    assert scn.air(height_m)[1] == pytest.approx(pressure_pa, rel=1e-5)


@given(st.floats(10.0, 340.0), st.floats(0.0, 20_000.0))
@settings(max_examples=50, deadline=None)
def test_true_air_speed_goes_back_to_the_calibrated_one(calibrated_mps: float, height_m: float) -> None:
    # the other way: the pressure in front of it up there, and at which speed there is as much at sea level
    temperature_k, pressure_pa = scn.air(height_m)
    mach = scn.true_from_calibrated_mps(calibrated_mps, height_m) / math.sqrt(1.4 * 287.05287 * temperature_k)
    impact_pa = pressure_pa * ((1.0 + 0.2 * mach**2) ** 3.5 - 1.0)
    at_sea_level = math.sqrt(5.0 * ((impact_pa / 101_325.0 + 1.0) ** (2.0 / 7.0) - 1.0)) * math.sqrt(1.4 * 287.05287 * 288.15)
    assert at_sea_level == pytest.approx(calibrated_mps, rel=1e-9)


def test_the_air_speed_of_a_scenario_is_the_one_that_its_author_meant() -> None:
    # super16 of BlueSky is drawn for 200 m/s at 20 km, and says it as 109.9 knots calibrated at 65,617 ft
    text = b"00:00:00.00>CRE SUP0,SUPER,-0.5,0.0,360.0,65616.797900262463,109.92461605498562\n"
    (plot,) = scn.parse(lines([text]))
    assert plot.ground_speed_mps == pytest.approx(200.0, rel=1e-4)


def test_mach_is_of_the_sound_at_that_height() -> None:
    (plot,) = read("mach")
    assert plot.ground_speed_mps == pytest.approx(0.8 * 303.1, rel=1e-3)  # 303.1 m/s at FL300, ICAO Doc 7488


def test_without_its_height_an_air_speed_says_nothing() -> None:
    (plot,) = read("height_missing")
    assert (plot.height, plot.ground_speed_mps) == (None, None)


def test_in_wind_heading_and_air_speed_are_not_course_and_ground_speed() -> None:
    (plot,) = read("after_wind_nothing_is_known_of_motion")
    assert (plot.course_deg, plot.ground_speed_mps) == (None, None)


def test_minutes_and_seconds_are_degrees_of_their_hemisphere() -> None:
    (plot,) = read("minutes_and_seconds")
    assert plot.position.lat_deg == pytest.approx(52.237083, abs=1e-6)
    assert plot.position.lon_deg == -0.5


def test_a_move_says_what_it_says_and_no_more() -> None:
    _, first, second = read("moved")
    assert (first.climb_mps, str(first.at)) == (500 * FOOT_PER_MINUTE_MPS, "1970-01-01T00:00:10Z")
    assert (second.height, second.course_deg, second.climb_mps) == (None, None, None)


def test_the_conflict_that_a_scenario_announces_comes_when_it_says() -> None:
    # ASAS-01 of BlueSky: "Conflict between CX52 and HV296 occurs at 4min and 54sec", within 5 NM and 300 s
    text = b"00:00:00.00>CRE CX520 B744 0. 0. 0. FL200 400\n00:00:00.00>CRE HV296 B744 1.50 1.50 270 FL200 400\n"
    north, west = scn.parse(lines([text]))
    assert north.ground_speed_mps is not None
    assert west.ground_speed_mps is not None
    apart_m = leg(north.position, Position(north.position.lat_deg, 1.5)).distance_m  # both must fly 1.5 degrees to meet
    within_s = (apart_m - 5 * NAUTICAL_MILE_M / math.sqrt(2.0)) / ((north.ground_speed_mps + west.ground_speed_mps) / 2.0)
    assert within_s - 300.0 == pytest.approx(294.0, abs=15.0)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_damaged_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(case("scn", data.draw(st.sampled_from(cases("scn")))).body or b" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        body = body or bytearray(b" ")
    with suppress(FormatError):
        list(scn.parse(lines([bytes(body)])))
