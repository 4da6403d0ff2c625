"""The phrase of minima."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.errors import UnitError
from tafadi.formats.quantity import format_minima, parse_minima
from tafadi.model.operation import Minima


@pytest.mark.parametrize("text", ["5 [NM] / 1000 [ft]", "5[NM]/1000[ft]", " 5 [ NM ]   /\t1000 [ft] ", "9.26 [km] / 304.8 [m]"])
def test_minima_are_horizontal_then_vertical_each_with_its_unit(text: str) -> None:
    assert parse_minima(text) == Minima(9260.0, 304.8)


@pytest.mark.parametrize(
    "text",
    [
        *("", "5", "5 / 1000", "5 [NM]", "5 [NM] 1000 [ft]", "5 [NM] / 1000", "5 [NM] / 1000 [ft] / 3 [m]", "5 [NM] / 60 [s]"),
        *("-5 [NM] / 1000 [ft]", "5 [kt] / 1000 [ft]", "nan [m] / 1 [m]", "1e300 [m] / 1 [m]", "x" * 10_000, "1 [m] / 1 [m" + "]" * 1000),
    ],
)
def test_anything_else_is_a_unit_error_in_one_sentence(text: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_minima(text)
    assert len(str(caught.value)) < 250


@given(st.floats(0.0, 1e6), st.floats(0.0, 1e6))
def test_minima_as_text_are_read_back_exactly(horizontal_m: float, vertical_m: float) -> None:
    minima = Minima(horizontal_m, vertical_m)
    assert parse_minima(format_minima(minima)) == minima
