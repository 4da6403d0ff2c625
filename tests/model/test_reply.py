"""Replies: readbacks, answers and refusals."""

from collections.abc import Callable

import pytest

from tafadi.errors import InputError
from tafadi.model.reply import Answer, AnswerCode, Difference, PlaceReading, Refusal, RefusalCode


@pytest.mark.parametrize(
    "reply",
    [
        lambda: Difference("place", "x" * 201, ""),
        lambda: PlaceReading("North Light", 0, 0),
        lambda: Refusal(RefusalCode.NOT_USABLE, "x\u202e"),
        lambda: Answer(AnswerCode.ACCEPTED, "\u2066"),
    ],
)
def test_a_reply_that_cannot_be_meant_is_refused(reply: Callable[[], object]) -> None:
    with pytest.raises(InputError):
        reply()
