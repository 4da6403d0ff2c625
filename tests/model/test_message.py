"""Messages: headings and bodies, and the texts that would deceive who reads them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tafadi.errors import InputError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant, Span
from tafadi.model import message as m
from tafadi.model.alert import AlertKind
from tafadi.model.incident import LONGEST_ACCOUNT, Incident, IncidentStep
from tafadi.model.message import MOST_RECIPIENTS, MOST_REFS, EntryId, EntryType, Message, NoticeBody, NoticeStep
from tafadi.model.names import Language, Mode, Precedence, check_name, check_text, printable
from tafadi.model.operation import AreaKind, Kind, Notice
from tafadi.model.volume import Circle, Volume4D

AT = Instant.parse("2026-11-23T09:30:00Z")
SPAN = Span(AT, AT.plus(60.0))
AREA = Notice(Kind.AREA, (Volume4D(Circle(Position(0.0, 0.0), 5.0), None, None, SPAN),), area_kind=AreaKind.TRANSIT)
LEAF = "0f" * 32
ANSWER = Message(
    "tafadi.v1/line/alpha/1", 3, "line", "alpha", ("bravo",), EntryType.ANSWER, Mode.TEST, Precedence.ROUTINE, AT,
    m.Operator("node", "0" * 16), Language.EN, m.Answer(m.AnswerCode.ACCEPTED),
)  # fmt: skip


@given(party=st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True), epoch=st.integers(1, 10**9 - 1), index=st.integers(0, 10**15 - 1))
def test_an_entrys_identity_is_written_and_read_back(party: str, epoch: int, index: int) -> None:
    entry = EntryId(party, epoch, index)
    assert EntryId.parse(str(entry)) == entry


@pytest.mark.parametrize(
    "text", ["", "alpha", "alpha/1", "alpha/0/1", "alpha/1/01", "Alpha/1/1", "alpha/1/-1", "alpha/1/1\n", "a/1/1/1", "a" * 90]
)
def test_what_is_no_entry_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        EntryId.parse(text)


@pytest.mark.parametrize("text", ["", "A", "1a", "a b", "a" * 33, "a\n", "ä", "-a"])
def test_a_name_is_lower_case_and_short(text: str) -> None:
    with pytest.raises(InputError):
        check_name(text, "party")


@pytest.mark.parametrize("letter", ["\x00", "\x07", "\x1b", "\r", "\x7f", "\x9b", "\u2028", "\u202e", "\u2066", "\u200f"])
def test_text_that_would_hide_or_turn_itself_is_refused(letter: str) -> None:
    with pytest.raises(InputError):
        check_text(f"turn{letter}back", "the text")
    assert printable(f"turn{letter}back") == "turn?back"


def test_text_in_arabic_and_russian_with_line_breaks_passes() -> None:
    for text in ("تفادي", "Стоп", "one\ntwo\tthree"):
        assert check_text(text, "the text") == text


@pytest.mark.parametrize(
    "changes",
    [
        {"recipients": ()},
        {"recipients": ("bravo",) * (MOST_RECIPIENTS + 1)},
        {"refs": (m.Ref(EntryId("bravo", 1, 0), LEAF),) * (MOST_REFS + 1)},
        {"valid_until": AT.plus(-1.0)},
        {"type": EntryType.OPERATION, "body": NoticeBody(NoticeStep.NEW, AREA)},
    ],
)
def test_a_heading_that_contradicts_itself_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        replace(ANSWER, **changes)  # type: ignore[arg-type]


def test_a_cancellation_has_no_geometry_and_every_other_notice_has() -> None:
    for step, notice in ((NoticeStep.NEW, None), (NoticeStep.AMEND, None), (NoticeStep.CANCEL, AREA)):
        with pytest.raises(InputError) as refused:
            NoticeBody(step, notice)
        assert refused.value.code == "geometry-missing"


@pytest.mark.parametrize(
    "body",
    [
        lambda: m.Stop(m.StopStep.RAISED, centre=Position(0.0, 0.0)),
        lambda: m.Stop(m.StopStep.RAISED, radius_m=5.0),
        lambda: m.Stop(m.StopStep.RAISED, ("sky\u202e/1",)),
        lambda: m.Stop(m.StopStep.RAISED, text="x" * 2_001),
        lambda: m.AlertBody(m.AlertStep.RAISED, "not a digest", AlertKind.TRACKS, ("a", "b")),
        lambda: m.AlertBody(m.AlertStep.RAISED, LEAF, AlertKind.TRACKS, ("a\x1b", "b")),
        lambda: m.AlertBody(m.AlertStep.RAISED, LEAF, AlertKind.TRACKS, ("a", "b"), None, ("0F" * 32,)),
        lambda: m.Attempt("Radio", 1, False),
        lambda: m.Attempt("radio", 0, False),
        lambda: m.Attempt("radio", 1_001, False),
        lambda: m.Ref(EntryId("alpha", 1, 0), "0f"),
        lambda: m.Seen("alpha", 1, -1, LEAF),
        lambda: m.Seen("alpha", 1, 1, "root"),
        lambda: m.LineCheck(m.CheckStep.CALL, "n\x00", AT, ()),
        lambda: m.Duty("Officer", SPAN, (), True),
        lambda: m.Duty("officer", SPAN, (), True, "Nobody"),
        lambda: m.Difference("place", "x" * 201, ""),
        lambda: m.PlaceReading("North Light", 0, 0),
        lambda: m.Refusal(m.RefusalCode.NOT_USABLE, "x\u202e"),
        lambda: m.Answer(m.AnswerCode.ACCEPTED, "\u2066"),
        lambda: Incident(IncidentStep.OPEN, "no time said"),
        lambda: Incident(IncidentStep.REPLY, "x" * (LONGEST_ACCOUNT + 1)),
        lambda: Incident(IncidentStep.REPLY, "fine", evidence=("x" * 201,)),
    ],
)
def test_a_body_that_cannot_be_meant_is_refused(body: object) -> None:
    assert callable(body)
    with pytest.raises(InputError):
        body()
