"""Heights brought from one datum to another: what is stated is used, what is not stated is never guessed."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.errors import DatumError, InputError
from tafadi.measure.height import Datum, Height
from tafadi.measure.levelling import (
    ALTIMETER_M,
    TARGETS,
    Box,
    Floats,
    Levelling,
    MeasuredAir,
    RoughAir,
    Terrain,
)

HERE = Box(50.0, 51.0, 10.0, 11.0)
STANDARD = MeasuredAir(101_325.0, 100.0, 0.0, 1.0)


class Slope:
    """A geoid that rises by 10 m a degree of latitude; nothing is known of it in the west."""

    name = "slope"
    within_m = 2.0

    def geoid_m(self, lat_deg: Floats, lon_deg: Floats) -> Floats:
        return np.where(lon_deg < 0, np.nan, 10.0 * np.asarray(lat_deg))

    def over_m(self, box: Box) -> tuple[float, float]:
        return (math.nan, math.nan) if box.west < 0 else (10.0 * box.south, 10.0 * box.north)


def brought(levelling: Levelling, value_m: float, datum: Datum, into: Datum, lat: float = 5.0, lon: float = 10.0) -> tuple[float, float]:
    found = levelling.at(np.array([value_m]), datum, into, np.array([lat]), np.array([lon]))
    return float(found.height_m[0]), float(found.within_m[0])


def test_geoid_and_ellipsoid_are_apart_by_the_undulation() -> None:
    levelling = Levelling(Slope())
    assert brought(levelling, 1_000.0, Datum.GEOID, Datum.ELLIPSOID) == (1_050.0, 2.0)
    assert brought(levelling, 1_000.0, Datum.ELLIPSOID, Datum.GEOID) == (950.0, 2.0)
    assert brought(levelling, 1_000.0, Datum.GEOID, Datum.GEOID) == (1_000.0, 0.0)


@pytest.mark.parametrize("datum", [Datum.GEOID, Datum.ELLIPSOID, Datum.PRESSURE, Datum.GROUND])
@pytest.mark.parametrize("into", TARGETS)
def test_without_what_must_be_stated_nothing_comes_back_and_it_is_named(datum: Datum, into: Datum) -> None:
    nothing = Levelling()
    assert (nothing.lacks(datum, into) == "") == (datum is into)
    assert math.isnan(brought(nothing, 1_000.0, datum, into)[0]) == (datum is not into)
    assert math.isnan(nothing.over(Height(100.0, datum), into, HERE)[0]) == (datum is not into)


def test_a_pressure_height_with_no_grid_still_reaches_the_geoid() -> None:
    levelling = Levelling(air=RoughAir(300.0))
    assert brought(levelling, 3_000.0, Datum.PRESSURE, Datum.GEOID) == (3_000.0, 300.0)
    assert levelling.lacks(Datum.PRESSURE, Datum.ELLIPSOID) == "a grid of the geoid"
    assert math.isnan(brought(levelling, 3_000.0, Datum.PRESSURE, Datum.ELLIPSOID)[0])


def test_errors_add_up_along_the_way() -> None:
    levelling = Levelling(Slope(), RoughAir(300.0), Terrain(Height(200.0, Datum.ELLIPSOID), 15.0))
    assert brought(levelling, 3_000.0, Datum.PRESSURE, Datum.ELLIPSOID) == (3_050.0, 302.0)
    assert brought(levelling, 120.0, Datum.GROUND, Datum.ELLIPSOID) == (320.0, 15.0)
    assert brought(levelling, 120.0, Datum.GROUND, Datum.GEOID) == (270.0, 17.0)


def test_where_the_grid_says_nothing_nothing_is_said() -> None:
    assert math.isnan(brought(Levelling(Slope()), 100.0, Datum.GEOID, Datum.ELLIPSOID, lon=-10.0)[0])


def test_a_missing_height_stays_missing() -> None:
    assert math.isnan(brought(Levelling(Slope(), STANDARD), math.nan, Datum.PRESSURE, Datum.ELLIPSOID)[0])


def test_over_an_outline_a_height_reaches_from_the_lowest_to_the_highest() -> None:
    levelling = Levelling(Slope())
    assert levelling.over(Height(1_000.0, Datum.GEOID), Datum.ELLIPSOID, HERE) == (1_498.0, 1_512.0)
    assert levelling.over(Height(1_000.0, Datum.ELLIPSOID), Datum.GEOID, HERE) == (488.0, 502.0)


@given(st.floats(50.0, 51.0), st.floats(-900.0, 20_000.0), st.sampled_from(list(Datum)), st.sampled_from(TARGETS))
def test_at_a_place_is_never_outside_what_is_said_over_the_outline(lat: float, value_m: float, datum: Datum, into: Datum) -> None:
    levelling = Levelling(Slope(), MeasuredAir(99_000.0, 300.0, 12.0, 4.0, 300.0), Terrain(Height(200.0, Datum.GEOID), 15.0))
    low_m, high_m = levelling.over(Height(value_m, datum), into, HERE)
    found_m, within_m = brought(levelling, value_m, datum, into, lat=lat)
    assert low_m <= found_m - within_m + 1e-9
    assert found_m + within_m - 1e-9 <= high_m


# The air


def test_in_the_standard_atmosphere_pressure_height_is_the_height_but_for_geopotential() -> None:
    found_m, within_m = STANDARD.above_geoid_m(np.array([0.0, 5_000.0, 11_000.0]))
    assert found_m.tolist() == pytest.approx([0.0, 5_003.9, 11_019.1], abs=0.1)  # ICAO Doc 7488, table 1: H = 11,000 is Z = 11,019
    assert (within_m > ALTIMETER_M).all()


def test_a_hectopascal_is_27_feet_and_ten_kelvin_are_four_percent() -> None:
    lower, colder = MeasuredAir(100_325.0, 100.0, 0.0, 1.0), MeasuredAir(101_325.0, 100.0, -10.0, 1.0)
    assert float(lower.above_geoid_m(np.zeros(1))[0][0]) == pytest.approx(-83.5, abs=0.5)  # 8.3 m a hectopascal
    # ICAO Doc 8168, III-1-4.3: 4 % for 10 degrees. By its table, at -10 C (25 below standard) 290 ft are added to fly 3,000 ft.
    assert 1 - float(colder.above_geoid_m(np.array([3_000.0]))[0][0]) / 3_000.0 == pytest.approx(0.036, abs=0.002)
    cold = MeasuredAir(101_325.0, 100.0, -25.0, 1.0)
    assert float(cold.above_geoid_m(np.array([3_290 * 0.3048]))[0][0]) / 0.3048 == pytest.approx(3_000, abs=10)


def test_at_the_place_that_gives_it_a_qnh_is_right_however_cold_it_is() -> None:
    air = MeasuredAir(101_325.0, 100.0, -30.0, 1.0, station_m=1_500.0)
    assert float(air.above_geoid_m(np.array([1_500.0]))[0][0]) == pytest.approx(1_500.4, abs=0.1)


def _by_steps(air: MeasuredAir, pressure_m: float) -> float:
    """The slow twin: the hydrostatic equation, layer by layer from the station, then geopotential to geometric."""
    layers, height_m = 20_000, air.station_m
    sea_m = 288.15 / 0.0065 * (1 - (air.qnh_pa / 101_325.0) ** 0.1902632)
    start_m = air.station_m + sea_m  # the pressure height of the station
    step_m = (pressure_m - start_m) / layers
    for layer in range(layers):
        at_m = start_m + (layer + 0.5) * step_m
        standard_k = max(288.15 - 0.0065 * at_m, 216.65)
        height_m += step_m * (standard_k + air.warmer_k) / standard_k
    return 6_356_766.0 * height_m / (6_356_766.0 - height_m)


@pytest.mark.parametrize("pressure_m", [-200.0, 1_000.0, 9_000.0, 14_000.0])
@pytest.mark.parametrize(("qnh", "warmer", "station"), [(101_325.0, 0.0, 0.0), (96_000.0, -20.0, 0.0), (104_000.0, 15.0, 800.0)])
def test_the_closed_form_is_what_layer_by_layer_gives(pressure_m: float, qnh: float, warmer: float, station: float) -> None:
    air = MeasuredAir(qnh, 100.0, warmer, 1.0, station)
    assert float(air.above_geoid_m(np.array([pressure_m]))[0][0]) == pytest.approx(_by_steps(air, pressure_m), abs=0.25)


@pytest.mark.parametrize(
    "stated",
    [
        (70_000.0, 100.0, 0.0, 1.0),
        (1_013.0, 1.0, 0.0, 1.0),
        (math.nan, 100.0, 0.0, 1.0),
        (101_300.0, 0.0, 0.0, 1.0),
        (101_300.0, 100.0, 0.0, 0.0),
        (101_300.0, 100.0, 200.0, 1.0),
        (101_300.0, math.inf, 0.0, 1.0),
        (101_300.0, 100.0, 0.0, 1.0, 9_000.0),
    ],
)
def test_air_that_is_none_or_is_said_to_be_exact_is_refused(stated: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        MeasuredAir(*stated)


@pytest.mark.parametrize("within_m", [0.0, -1.0, math.nan, 6_000.0])
def test_an_error_that_is_none_is_refused(within_m: float) -> None:
    with pytest.raises(InputError):
        RoughAir(within_m)
    with pytest.raises(InputError):
        Terrain(Height(0.0, Datum.GEOID), within_m)


def test_heights_are_not_brought_to_pressure_or_to_the_ground() -> None:
    for into in (Datum.PRESSURE, Datum.GROUND):
        with pytest.raises(DatumError):
            brought(Levelling(), 1.0, Datum.GEOID, into)
        with pytest.raises(DatumError):
            Terrain(Height(100.0, into), 1.0)
