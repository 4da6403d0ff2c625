"""Times are UTC with Z, or are refused."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import TimeError
from tafadi.measure.instant import SECOND_NS, Instant, Span

NS = st.integers(-2_208_988_800 * SECOND_NS, 7_258_118_399 * SECOND_NS)


@settings(deadline=None)
@given(ns=NS)
def test_an_instant_is_written_and_read_back_to_the_nanosecond(ns: int) -> None:
    assert Instant.parse(str(Instant(ns))).ns == ns


@settings(deadline=None)
@given(ns=NS)
def test_the_text_is_the_time_that_the_standard_library_knows(ns: int) -> None:
    whole = ns // SECOND_NS
    assert str(Instant(whole * SECOND_NS)) == datetime.fromtimestamp(whole, UTC).isoformat().replace("+00:00", "Z")


@pytest.mark.parametrize(
    "text",
    ["", "now", "2026-07-01T09:00:00", "2026-07-01T09:00:00 EST", "2026-07-01T09:00:00-05:00", "2026-07-01T09:00:00+00:00",
     "2026-07-01T09:00:00z", "2026-07-01 09:00:00Z", "2026-07-01T09:00Z", "2026-13-01T09:00:00Z", "2026-02-29T09:00:00Z",
     "2026-07-01T24:00:00Z", "2026-06-30T23:59:60Z", "2026-07-01T09:00:00.Z", "2026-07-01T09:00:00.1234567890Z", "2026-07-01T09:00:00ZZ",
     "2026-07-01T09:00:00Z\n", "٢026-07-01T09:00:00Z", "0000-01-01T00:00:00Z", "1899-12-31T23:59:59Z", "2200-01-01T00:00:01Z", "2" * 80],
)  # fmt: skip
def test_any_other_zone_or_form_is_refused_never_converted(text: str) -> None:
    with pytest.raises(TimeError) as refused:
        Instant.parse(text)
    assert refused.value.code == "time-without-z"


@settings(deadline=None)
@given(text=st.text(max_size=70))
def test_any_text_is_a_time_or_a_time_error(text: str) -> None:
    with contextlib.suppress(TimeError):
        Instant.parse(text)


@settings(deadline=None)
@given(ns=NS, wait_ms=st.integers(-10_000, 10_000))
def test_plus_and_since_are_inverse(ns: int, wait_ms: int) -> None:
    start = Instant(max(0, min(ns, 2_000_000_000 * SECOND_NS)))
    assert start.plus(wait_ms / 1_000).since(start) == wait_ms / 1_000


def _span(start_s: int, end_s: int) -> Span:
    return Span(Instant(start_s * SECOND_NS), Instant(end_s * SECOND_NS))


def test_a_span_that_ends_before_it_starts_is_refused_by_its_own_name() -> None:
    with pytest.raises(TimeError) as refused:
        _span(2, 1)
    assert refused.value.code == "end-before-start"


def test_the_end_of_a_span_is_not_inside_it() -> None:
    assert _span(1, 3).holds(Instant(SECOND_NS))
    assert not _span(1, 3).holds(Instant(3 * SECOND_NS))


def test_touching_is_not_sharing() -> None:
    assert _span(1, 3).overlap(_span(3, 5)) is None
    assert _span(1, 4).overlap(_span(3, 5)) == _span(3, 4)


@settings(deadline=None)
@given(a=st.integers(0, 9), b=st.integers(0, 9), c=st.integers(0, 9), d=st.integers(0, 9))
def test_sharing_is_the_same_from_both_sides_and_what_every_second_says(a: int, b: int, c: int, d: int) -> None:
    one, other = _span(min(a, b), max(a, b)), _span(min(c, d), max(c, d))
    shared = one.overlap(other)
    assert shared == other.overlap(one)
    seconds = {s for s in range(10) if one.holds(Instant(s * SECOND_NS)) and other.holds(Instant(s * SECOND_NS))}
    assert seconds == (set() if shared is None else set(range(shared.start.ns // SECOND_NS, shared.end.ns // SECOND_NS)))
