"""What the command line must say of a recording: when it begins, and where radars and receivers stand."""

from datetime import date

import pytest

from tafadi.cli.watch_stated import stated
from tafadi.errors import TafadiError
from tafadi.formats.slant import Site
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant


def test_a_day_states_no_time_and_a_time_states_its_day() -> None:
    assert (stated("2018-04-03", []).day, stated("2018-04-03", []).begins) == (date(2018, 4, 3), None)
    both = stated("2018-04-03T19:02:28.136Z", [])
    assert (both.day, both.begins) == (date(2018, 4, 3), Instant.parse("2018-04-03T19:02:28.136Z"))


def test_radars_are_told_from_the_receiver_by_their_code() -> None:
    given = stated(None, ["25/201: 45.815, 15.982, 300 [m] ellipsoid", "59.8, -30.26"])
    assert given.sites == {"25/201": Site(Position(45.815, 15.982), 300.0)}
    assert given.receiver == Position(59.8, -30.26)


@pytest.mark.parametrize("text", ["", "today", "2018-13-01", "2018-04-03T19:02:28", "2018-04-03T19:02:28+02:00", "2" * 500])
def test_a_beginning_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(TafadiError, match="neither a day"):
        stated(text, [])


@pytest.mark.parametrize(
    "text", ["", "59.8", "91, 0", "nan, 0", "1.2.3, 4", "25/201: 1, 2", "25/201: 1, 2, 300 [m] geoid", "25/201: 1, 2, 300", "a/b: 1, 2"]
)
def test_a_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(TafadiError):
        stated(None, [text])


def test_two_places_for_one_radar_are_refused() -> None:
    with pytest.raises(TafadiError, match="said twice"):
        stated(None, ["1, 2", "3, 4"])
