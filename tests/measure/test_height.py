"""Heights keep their datum; unlike datums never compare."""

import math

import pytest

from tafadi.errors import DatumError, InputError, UnitError
from tafadi.measure.height import HIGHEST_M, LOWEST_M, Datum, Height


def test_three_hundred_metres_and_a_thousand_feet_above_one_datum_compare() -> None:
    upper, lower = Height.parse("400 [m] geoid"), Height.parse("1000 [ft] geoid")
    assert upper.above(lower) == pytest.approx(95.2)


@pytest.mark.parametrize("one", list(Datum))
@pytest.mark.parametrize("other", list(Datum))
def test_heights_compare_above_like_datums_and_refuse_above_unlike(one: Datum, other: Datum) -> None:
    if one is other:
        assert Height(5.0, one).above(Height(3.0, other)) == 2.0
        return
    with pytest.raises(DatumError, match="cannot be compared"):
        Height(5.0, one).above(Height(3.0, other))


@pytest.mark.parametrize("value_m", [math.nan, math.inf, -math.inf, HIGHEST_M + 1, LOWEST_M - 1])
def test_a_height_that_is_none_is_refused_never_zero(value_m: float) -> None:
    with pytest.raises(InputError):
        Height(value_m, Datum.GEOID)


@pytest.mark.parametrize("text", ["", "3000 [ft]", "3000 [ft] msl", "3000 [ft] GEOID", "geoid", "3000 geoid] geoid"])
def test_a_height_without_its_datum_or_unit_is_refused(text: str) -> None:
    with pytest.raises((DatumError, UnitError)):
        Height.parse(text)


def test_a_missing_datum_has_its_own_refusal_code() -> None:
    with pytest.raises(DatumError) as refused:
        Height.parse("3000 [ft]")
    assert refused.value.code == "height-without-datum"


def test_the_words_name_the_datum() -> None:
    assert str(Height.parse("100 [FL] pressure")) == "3048.0 m pressure"
