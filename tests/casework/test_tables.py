"""The transition tables: every step that is in them leads on, and every other is refused in a sentence."""

import pytest

from tafadi.casework.tables import ALERT, INCIDENT, LINE_CHECK, NOTICE, STOP, TABLES, Table
from tafadi.desk.picture import NOTICE_RANK
from tafadi.errors import WrongStateError
from tafadi.model.alert import AlertStep
from tafadi.model.line import StopStep
from tafadi.model.reply import AnswerCode, Match


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_state_is_reached_and_every_other_step_is_refused(table: Table) -> None:
    events = {event for _, event in table.steps}
    reached = {table.start}
    for _ in table.states:
        reached |= {table.after(state, event) for state, event in table.steps if state in reached}
    assert reached == set(table.states)
    for state in table.states:
        for event in events:
            if (state, event) not in table.steps:
                with pytest.raises(WrongStateError, match=f"a {table.name} that is {state} cannot be {event}"):
                    table.after(state, event)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_drawing_shows_every_step(table: Table) -> None:
    drawn = table.draw().splitlines()
    assert drawn[0] == "stateDiagram-v2"
    assert len(drawn) == 2 + len(table.steps)


def test_a_stop_cannot_be_closed_before_it_was_acted_on() -> None:
    state = STOP.start
    for step in (StopStep.HEARD, StopStep.ACTED, StopStep.CLOSED):
        with pytest.raises(WrongStateError):
            STOP.after(state, StopStep.CLOSED if step is not StopStep.CLOSED else StopStep.ACTED)
        state = STOP.after(state, step)
    assert state == "CLOSED"


def test_what_was_read_back_as_mismatch_cannot_be_accepted() -> None:
    state = NOTICE.after(NOTICE.start, Match.MISMATCH)
    for code in (AnswerCode.ACCEPTED, AnswerCode.NO_CONFLICT_FOUND):
        with pytest.raises(WrongStateError):
            NOTICE.after(state, code)


def test_what_was_not_read_back_cannot_be_accepted() -> None:
    with pytest.raises(WrongStateError):
        NOTICE.after(NOTICE.start, AnswerCode.ACCEPTED)


@pytest.mark.parametrize("code", list(AnswerCode))
def test_every_answer_has_a_state_after_a_read_back(code: AnswerCode) -> None:
    assert NOTICE.after("READ_BACK", code) in NOTICE_RANK


@pytest.mark.parametrize("code", list(AnswerCode))
def test_nothing_is_answered_before_it_was_read_back(code: AnswerCode) -> None:
    with pytest.raises(WrongStateError):
        NOTICE.after("SENT", code)


@pytest.mark.parametrize("state", ["MISMATCH", "REFUSED"])
def test_a_mismatch_or_a_refusal_stays_whatever_is_answered(state: str) -> None:
    assert {NOTICE.after(state, answer) for (before, answer) in NOTICE.steps if before == state and answer != "refusal"} <= {state}


def test_an_alert_that_was_acknowledged_is_still_ended_by_its_cause() -> None:
    assert ALERT.after(ALERT.after(ALERT.start, AlertStep.ACKNOWLEDGED), AlertStep.CLEARED) == "CLEARED"


def test_line_checks_and_incidents_have_one_reply() -> None:
    for table in (LINE_CHECK, INCIDENT):
        answered = table.after(table.start, "REPLY")
        with pytest.raises(WrongStateError):
            table.after(answered, "REPLY")


def test_every_state_of_a_notice_has_its_rank() -> None:
    assert set(NOTICE.states) == set(NOTICE_RANK)
