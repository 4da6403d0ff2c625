"""The line: checks, rosters, tries by another channel, and stop."""

from collections.abc import Callable

import pytest

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant, Span
from tafadi.model.line import Attempt, CheckStep, Duty, LineCheck, Stop, StopStep

AT = Instant.parse("2026-11-23T09:30:00Z")
SPAN = Span(AT, AT.plus(60.0))


@pytest.mark.parametrize(
    "said",
    [
        lambda: Stop(StopStep.RAISED, centre=Position(0.0, 0.0)),
        lambda: Stop(StopStep.RAISED, radius_m=5.0),
        lambda: Stop(StopStep.RAISED, ("sky\u202e/1",)),
        lambda: Stop(StopStep.RAISED, text="x" * 2_001),
        lambda: Attempt("Radio", 1, False),
        lambda: Attempt("radio", 0, False),
        lambda: Attempt("radio", 1_001, False),
        lambda: LineCheck(CheckStep.CALL, "n\x00", AT, ()),
        lambda: Duty("Officer", SPAN, (), True),
        lambda: Duty("officer", SPAN, (), True, "Nobody"),
    ],
)
def test_what_cannot_be_meant_on_the_line_is_refused(said: Callable[[], object]) -> None:
    with pytest.raises(InputError):
        said()
