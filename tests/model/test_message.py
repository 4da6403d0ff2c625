"""Messages: a heading and its body do not contradict each other."""

from dataclasses import replace

import pytest

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant, Span
from tafadi.model.entry import EntryId, EntryType, Operator, Ref
from tafadi.model.message import MOST_RECIPIENTS, MOST_REFS, Message
from tafadi.model.names import Language, Mode, Precedence
from tafadi.model.operation import AreaKind, Kind, Notice, NoticeBody, NoticeStep
from tafadi.model.reply import Answer, AnswerCode
from tafadi.model.volume import Circle, Volume4D

AT = Instant.parse("2026-11-23T09:30:00Z")
SPAN = Span(AT, AT.plus(60.0))
AREA = Notice(Kind.AREA, (Volume4D(Circle(Position(0.0, 0.0), 5.0), None, None, SPAN),), area_kind=AreaKind.TRANSIT)
LEAF = "0f" * 32
ANSWER = Message(
    "tafadi.v1/line/alpha/1", 3, "line", "alpha", ("bravo",), EntryType.ANSWER, Mode.TEST, Precedence.ROUTINE, AT,
    Operator("node", "0" * 16), Language.EN, Answer(AnswerCode.ACCEPTED),
)  # fmt: skip


@pytest.mark.parametrize(
    "changes",
    [
        {"recipients": ()},
        {"recipients": ("bravo",) * (MOST_RECIPIENTS + 1)},
        {"refs": (Ref(EntryId("bravo", 1, 0), LEAF),) * (MOST_REFS + 1)},
        {"valid_until": AT.plus(-1.0)},
        {"type": EntryType.OPERATION, "body": NoticeBody(NoticeStep.NEW, AREA)},
    ],
)
def test_a_heading_that_contradicts_itself_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        replace(ANSWER, **changes)  # type: ignore[arg-type]
