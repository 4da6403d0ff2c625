"""Quantities carry their unit, or are refused."""

import contextlib
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import UnitError
from tafadi.measure.units import UNITS, feet, nautical_miles, parse_quantity


@pytest.mark.parametrize(
    ("text", "dimension", "si"),
    [
        ("500 [ft]", "length", 152.4),  # ICAO Annex 5: 1 ft = 0.3048 m exactly
        ("3 [NM]", "length", 5556.0),  # 1 NM = 1852 m exactly
        ("1 [mi]", "length", 1609.344),
        ("100 [FL]", "length", 3048.0),
        ("90 [kt]", "speed", 46.3),
        ("-500 [ft/min]", "speed", -2.54),
        ("36 [km/h]", "speed", 10.0),
        ("2 [d]", "time", 172_800.0),
        ("1.5e2 [deg]", "angle", 150.0),
        (" .5[km] ", "length", 500.0),
    ],
)
def test_a_quantity_becomes_si(text: str, dimension: str, si: float) -> None:
    assert parse_quantity(text, dimension) == pytest.approx(si, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    ["", "500", "500 ft", "[ft]", "500 [ft", "500 [FT]", "500 [furlong]", "nan [m]", "inf [m]", "1e999 [m]", "5,0 [m]", "5 [m] 6 [m]",
     "٥ [m]", "0x10 [m]", "1_000 [m]", "5 [s]", "5 [m/s]", "5" * 100 + " [m]"],
)  # fmt: skip
def test_what_is_no_length_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(UnitError) as refused:
        parse_quantity(text, "length")
    assert "\n" not in str(refused.value)


@settings(deadline=None)
@given(value=st.floats(-1e6, 1e6), unit=st.sampled_from(sorted(UNITS)))
def test_a_number_written_with_its_unit_is_read_back(value: float, unit: str) -> None:
    read = parse_quantity(f"{value!r} [{unit}]", UNITS[unit].dimension)
    assert math.isclose(read, value * UNITS[unit].si, rel_tol=1e-15, abs_tol=0.0)


@settings(deadline=None)
@given(text=st.text(max_size=90))
def test_any_text_is_a_quantity_or_a_unit_error(text: str) -> None:
    with contextlib.suppress(UnitError):
        assert math.isfinite(parse_quantity(text, "length"))


def test_feet_and_miles_go_back() -> None:
    assert feet(0.3048) == 1.0
    assert nautical_miles(1852.0) == 1.0
