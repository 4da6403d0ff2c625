"""When a zone is in force: windows, offsets, hours of the day, days of the week."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.errors import InputError, TimeError
from tafadi.formats.schedule import ALWAYS, EVERY_DAY, Period, daily, hours, in_force, time_of_day, zoned_instant
from tafadi.measure.instant import Instant, Span

MONDAY = Instant.parse("2026-06-01T00:00:00Z")
WEEK = Span(MONDAY, MONDAY.plus(7 * 86_400.0))


def spans(*periods: Period, window: Span | None = WEEK) -> list[str]:
    return [f"{span.start} {span.end}" for span in in_force(periods, window)]


def test_what_stands_for_good_is_read_for_the_window_and_never_given_an_end() -> None:
    assert in_force([ALWAYS], WEEK) == [WEEK]
    with pytest.raises(InputError, match="stands without an end"):
        in_force([ALWAYS], None)
    with pytest.raises(InputError, match="stands without an end"):
        in_force([Period(start=MONDAY)], None)


def test_a_window_or_a_period_of_more_than_a_quarter_is_refused() -> None:
    with pytest.raises(InputError, match="longer than the 90 days"):
        in_force([ALWAYS], Span(MONDAY, MONDAY.plus(91 * 86_400.0)))
    with pytest.raises(InputError, match="more than 90 days; say for which window"):
        in_force([Period(MONDAY, MONDAY.plus(91 * 86_400.0))], None)


def test_periods_that_touch_or_overlap_become_one() -> None:
    noon = MONDAY.plus(43_200.0)
    assert spans(Period(MONDAY, noon), Period(noon, MONDAY.plus(50_000.0))) == ["2026-06-01T00:00:00Z 2026-06-01T13:53:20Z"]


def test_hours_of_weekdays_fall_on_their_days_in_their_own_zone() -> None:
    line = daily(["MON"], "22:00:00-05:00", "23:00:00-05:00")  # Monday there is Tuesday in UTC
    assert spans(Period(hours=(line,))) == ["2026-06-02T03:00:00Z 2026-06-02T04:00:00Z"]


def test_hours_past_midnight_reach_into_the_window_from_the_day_before() -> None:
    line = hours(frozenset((6,)), 79_200, 7_200)  # Sunday 22:00 to Monday 02:00
    assert spans(Period(hours=(line,))) == ["2026-06-01T00:00:00Z 2026-06-01T02:00:00Z", "2026-06-07T22:00:00Z 2026-06-08T00:00:00Z"]


def test_whole_days_in_a_row_are_one_span() -> None:
    assert in_force([Period(hours=(hours(EVERY_DAY, 0, 0),))], WEEK) == [WEEK]


@pytest.mark.parametrize(
    "text", ["2026-06-01T00:00:00", "2026-06-01", "2026-06-01T00:00:00-00:00", "2026-06-01T00:00:00+15:00", "", "x" * 99]
)
def test_a_time_without_zone_is_refused(text: str) -> None:
    with pytest.raises(TimeError):
        zoned_instant(text)


@pytest.mark.parametrize("text", ["08:00:00", "24:00:01Z", "08:60Z", "8:00Z", ""])
def test_a_time_of_the_day_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(TimeError):
        time_of_day(text)


@pytest.mark.parametrize(
    ("days", "start", "end", "sentence"),
    [
        (["MON"], "08:00Z", "08:00Z", "may be no time or the whole day"),
        (["MON"], "24:00Z", "08:00Z", "no day begins"),
        (["MON"], "08:00Z", "10:00+01:00", "unlike zones"),
        ([], "08:00Z", "10:00Z", "names no day"),
        (["WORK_DAY"], "08:00Z", "10:00Z", "without a calendar"),
    ],
)
def test_hours_that_say_two_things_are_refused(days: list[str], start: str, end: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        daily(days, start, end)


def test_a_timetable_without_end_is_refused() -> None:
    with pytest.raises(InputError, match="more than 100 lines"):
        in_force([Period(hours=(hours(EVERY_DAY, 0, 60),) * 101)], WEEK)


@given(
    days=st.frozensets(st.integers(0, 6), min_size=1),
    start_s=st.integers(0, 86_399),
    length_s=st.integers(1, 86_399),
    offset_h=st.integers(-12, 14),
)
def test_every_minute_of_the_week_agrees_with_a_slow_reading(days: frozenset[int], start_s: int, length_s: int, offset_h: int) -> None:
    line = hours(days, start_s, (start_s + length_s) % 86_400 or 86_400, offset_h * 3600)
    found = in_force([Period(hours=(line,))], WEEK)
    for minute in range(0, 7 * 1440, 37):
        at = MONDAY.plus(60.0 * minute)
        local_s = 60 * minute + offset_h * 3600
        slow = any(
            (local_s // 86_400 - back) % 7 in days and start_s <= local_s % 86_400 + 86_400 * back < start_s + length_s for back in (0, 1)
        )
        assert any(span.holds(at) for span in found) == slow
