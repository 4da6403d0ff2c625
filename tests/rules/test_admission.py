"""Admission: what the agreement asks of an entry, computed from the entry alone."""

from dataclasses import replace

import pytest

from tafadi.model.agreement import AgreementBody
from tafadi.model.entry import EntryType, Operator
from tafadi.model.line import Distress, DistressStep, Stop, StopStep
from tafadi.model.message import Body, Message
from tafadi.model.names import Language, Mode, Precedence
from tafadi.model.operation import NoticeBody, NoticeStep
from tafadi.model.reply import Refusal, RefusalCode
from tafadi.rules.admission import RULES, admit
from world import START, TIMING, make_agreement, operation

AGREEMENT = make_agreement()
BEGINS = operation().span.start
STOP = Stop(StopStep.RAISED, ("sky/1",))


def _entry(body: Body, kind: EntryType, index: int = 1) -> Message:
    return Message(
        origin="tafadi.v1/line/alpha/1",
        index=index,
        agreement="line",
        sender="alpha",
        recipients=("bravo",),
        type=kind,
        mode=Mode.EXERCISE,
        precedence=Precedence.ROUTINE,
        sent_at=START,
        operator=Operator("node", "0" * 16),
        lang=Language.EN,
        body=body,
    )


NOTICE = _entry(NoticeBody(NoticeStep.NEW, operation()), EntryType.OPERATION)


def test_an_entry_that_keeps_every_rule_is_admitted() -> None:
    assert admit(NOTICE, AGREEMENT) is None


@pytest.mark.parametrize(("before_s", "admitted"), [(3_600.0, True), (3_599.999999999, False), (0.0, False), (-60.0, False)])
def test_the_lead_is_kept_to_the_nanosecond(before_s: float, admitted: bool) -> None:
    assert AGREEMENT.timing.lead_s == TIMING.lead_s == 3_600
    refusal = admit(replace(NOTICE, sent_at=BEGINS.plus(-before_s)), AGREEMENT)
    assert refusal == (None if admitted else Refusal(RefusalCode.LEAD_TOO_SHORT, "body.notice"))


def test_flash_needs_no_lead_and_other_precedences_do() -> None:
    for precedence in Precedence:
        refusal = admit(replace(NOTICE, sent_at=BEGINS, precedence=precedence), AGREEMENT)
        assert (refusal is None) == (precedence is Precedence.FLASH)


def test_a_cancellation_needs_no_lead() -> None:
    assert admit(replace(NOTICE, sent_at=BEGINS, body=NoticeBody(NoticeStep.CANCEL, None)), AGREEMENT) is None


def test_an_amendment_needs_the_lead_of_its_own_geometry() -> None:
    late = replace(NOTICE, sent_at=BEGINS, body=NoticeBody(NoticeStep.AMEND, operation()))
    assert admit(late, AGREEMENT) == Refusal(RefusalCode.LEAD_TOO_SHORT, "body.notice")


@pytest.mark.parametrize("mode", list(Mode))
def test_only_the_modes_of_the_agreement_are_admitted(mode: Mode) -> None:
    refusal = admit(replace(NOTICE, mode=mode), AGREEMENT)
    assert refusal == (None if mode is Mode.EXERCISE else Refusal(RefusalCode.MODE_NOT_ALLOWED, "mode"))


@pytest.mark.parametrize("mode", list(Mode))
def test_rule_18_a_distress_is_admitted_in_any_mode_before_any_instant_and_with_no_lead(mode: Mode) -> None:
    said = _entry(Distress(DistressStep.RAISED), EntryType.DISTRESS)
    assert admit(replace(said, mode=mode, sent_at=AGREEMENT.effective.plus(-1.0)), AGREEMENT) is None


@pytest.mark.parametrize("recipients", [("zulu",), ("alpha",), ("bravo", "alpha"), ("bravo", "zulu")])
def test_recipients_are_other_parties_of_the_agreement(recipients: tuple[str, ...]) -> None:
    assert admit(replace(NOTICE, recipients=recipients), AGREEMENT) == Refusal(RefusalCode.NOT_ON_ROSTER, "recipients")


def test_the_agreement_stands_first_and_nothing_else_does() -> None:
    body = AgreementBody("text", "0" * 64)
    assert admit(_entry(body, EntryType.AGREEMENT, 0), AGREEMENT) is None
    assert admit(_entry(body, EntryType.AGREEMENT, 1), AGREEMENT) == Refusal(RefusalCode.WRONG_PLACE, "index")
    assert admit(replace(NOTICE, index=0), AGREEMENT) == Refusal(RefusalCode.WRONG_PLACE, "index")


def test_before_its_effective_instant_an_agreement_carries_stops_but_no_notices() -> None:
    early = AGREEMENT.effective.plus(-1.0)
    assert admit(replace(NOTICE, sent_at=early), AGREEMENT) == Refusal(RefusalCode.NOT_IN_FORCE, "sent_at")
    assert admit(replace(_entry(STOP, EntryType.STOP), sent_at=early), AGREEMENT) is None
    assert admit(replace(NOTICE, sent_at=AGREEMENT.effective), AGREEMENT) is None


def test_a_stop_is_never_held_to_a_lead() -> None:
    assert admit(_entry(STOP, EntryType.STOP), AGREEMENT) is None


def test_every_rule_says_what_it_is() -> None:
    assert all(rule.__doc__ and rule.__name__.replace("_", " ") for rule in RULES)
