"""Published results beside recordings."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.errors import FormatError
from tafadi.formats.aria_event import LARGEST_BYTES, parse


def _event(**members: object) -> bytes:
    at = {"timestamp": "2018-03-24T15:03:00.107Z", "trueLateralNm": 0.5, "trueVerticalFt": 500.0, **members}
    return json.dumps({"atEventTime": at, "eventId": "x"}).encode()


def test_an_event_becomes_metres() -> None:
    event = parse(_event())
    assert (str(event.at), event.horizontal_m, event.vertical_m) == ("2018-03-24T15:03:00.107Z", 926.0, 152.4)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"null", b"\xff", _event()[:-3], _event(timestamp="2018-03-24T15:03:00"), _event(timestamp=7),
     _event(trueLateralNm="near"), _event(trueLateralNm=None),
     b'{"atEventTime":{"timestamp":"2018-03-24T15:03:00Z","trueLateralNm":1e999,"trueVerticalFt":1}}',
     b"[" * 2_000, b" " * (LARGEST_BYTES + 1)],
)  # fmt: skip
def test_what_is_no_event_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse(data)


@given(data=st.binary(max_size=80))
def test_any_bytes_are_an_event_or_a_format_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse(data)


def test_the_published_events_are_read(shared: Callable[[str], Path]) -> None:
    event = parse(shared("data/permissive/radar_nop/cases/scaryTrackOutput.json").read_bytes())
    assert 0.0 < event.horizontal_m < 2_000.0
    assert str(event.at).startswith("20")
