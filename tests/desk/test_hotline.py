"""The hotline: stops with their steps and authority, line checks, answers, attempts, incidents."""

import pytest

from tafadi.desk import announce, hotline, report
from tafadi.errors import InputError, MissingError, NotOnRosterError, NotPermittedError, WrongStateError
from tafadi.measure.earth import Position
from tafadi.measure.instant import Span
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.incident import Incident, IncidentStep, Measured
from tafadi.model.line import Attempt, CheckStep, Duty, LineCheck, Roster, Stop, StopStep
from tafadi.model.names import Language, Mode
from tafadi.model.operation import StatedPlace
from tafadi.model.reply import Answer, AnswerCode, RefusalCode
from world import OFFICER, World, operation, said_truly, volume

LANGS = (Language.EN, Language.RU)


def _stop(world: World, party: str = "bravo") -> EntryId:
    entry = hotline.raise_stop(world.desk(party), OFFICER, Mode.EXERCISE, ("sky/1",), "turn back")
    world.settle()
    return entry


def _step(world: World, party: str, entry: EntryId, step: StopStep, role: str = OFFICER) -> None:
    hotline.acknowledge(world.desk(party), role, entry, LANGS, step)
    world.settle()


def _roster(world: World, party: str, *duties: Duty) -> None:
    hotline.publish_roster(world.desk(party), OFFICER, Mode.EXERCISE, Roster(duties))
    world.settle()


def _duty(world: World, role: str, after_s: float, until_s: float, *, may_stop: bool = True, deputy: str | None = None) -> Duty:
    now = world.clock.now()
    return Duty(role, Span(now.plus(after_s), now.plus(until_s)), LANGS, may_stop, deputy)


def test_heard_is_not_acted_and_each_step_keeps_its_clock(pair: World) -> None:
    entry = _stop(pair)
    assert any("STOP RAISED by bravo" in sentence for sentence in pair["alpha"].bell.alarms)
    for wait_s, party, step in ((10.0, "alpha", StopStep.HEARD), (20.0, "alpha", StopStep.ACTED), (30.0, "bravo", StopStep.CLOSED)):
        pair.clock.wait(wait_s)
        _step(pair, party, entry, step)
        assert pair.desk("bravo").picture.stops[entry].state == step
    steps = pair.desk("alpha").picture.stops[entry].steps
    assert [(taken.step, taken.party) for taken in steps] == [
        ("RAISED", "bravo"), ("HEARD", "alpha"), ("ACTED", "alpha"), ("CLOSED", "bravo")
    ]  # fmt: skip
    assert [steps[n + 1].at.since(steps[n].at) for n in range(3)] == [10.0, 20.0, 30.0]


@pytest.mark.parametrize(
    ("party", "step"),
    [("alpha", StopStep.ACTED), ("alpha", StopStep.CLOSED), ("bravo", StopStep.HEARD), ("bravo", StopStep.CLOSED)],
)
def test_a_step_out_of_turn_is_refused_here_and_by_the_other_node(pair: World, party: str, step: StopStep) -> None:
    entry = _stop(pair)
    with pytest.raises(WrongStateError):
        hotline.acknowledge(pair.desk(party), OFFICER, entry, LANGS, step)
    liar = pair[party]
    said = EntryId(party, 1, liar.size)
    liar.tell(liar.sealed(liar.payload(EntryType.STOP, Stop(step), refs=(liar.desk.ref(entry),))))
    pair.settle()
    other = "bravo" if party == "alpha" else "alpha"
    assert liar.desk.picture.refusals[said][other].code is RefusalCode.WRONG_STATE
    assert pair.desk("alpha").picture.stops[entry].state == "RAISED"


def test_one_party_that_has_acted_does_not_speak_for_one_that_has_not_heard(three: World) -> None:
    entry = _stop(three, "alpha")
    _step(three, "bravo", entry, StopStep.HEARD)
    _step(three, "bravo", entry, StopStep.ACTED)
    view = three.desk("alpha").picture.stops[entry]
    assert (view.state, view.sides) == ("RAISED", {"bravo": "ACTED", "charlie": "RAISED"})
    with pytest.raises(WrongStateError):
        hotline.acknowledge(three.desk("alpha"), OFFICER, entry, LANGS, StopStep.CLOSED)
    _step(three, "charlie", entry, StopStep.HEARD)
    assert three.desk("alpha").picture.stops[entry].state == "HEARD"
    _step(three, "charlie", entry, StopStep.ACTED)
    _step(three, "alpha", entry, StopStep.CLOSED)
    assert three.desk("charlie").picture.stops[entry].state == "CLOSED"
    assert three.desk("alpha").picture.refusals == {}


def test_only_a_role_with_the_authority_hears_a_stop_where_a_roster_says_who_has_it(pair: World) -> None:
    _roster(pair, "alpha", _duty(pair, OFFICER, 0, 3_600, may_stop=False), _duty(pair, "supervisor", 0, 3_600, deputy="planner"))
    entry = _stop(pair)
    with pytest.raises(NotPermittedError, match="no authority"):
        hotline.acknowledge(pair.desk("alpha"), OFFICER, entry, LANGS)
    _step(pair, "alpha", entry, StopStep.HEARD, "planner")
    _step(pair, "alpha", entry, StopStep.ACTED, "supervisor")


def test_authority_ends_with_the_hours_of_the_watch(pair: World) -> None:
    _roster(pair, "alpha", _duty(pair, OFFICER, 100, 200))
    alpha = pair.desk("alpha")
    allowed = []
    for wait_s in (99.0, 1.0, 99.0, 1.0):
        pair.clock.wait(wait_s)
        allowed.append(hotline.may_stop(alpha, OFFICER))
    assert allowed == [False, True, True, False]


def test_where_nobody_on_duty_may_stop_the_roster_holds_up_no_stop(pair: World) -> None:
    _roster(pair, "alpha", _duty(pair, OFFICER, 0, 3_600))
    pair.clock.wait(3_601)
    raised = hotline.raise_stop(pair.desk("bravo"), OFFICER, Mode.EXERCISE, ("sky/1",))
    pair.settle()
    hotline.acknowledge(pair.desk("alpha"), OFFICER, raised, ())
    pair.settle()
    assert pair.desk("bravo").picture.stops[raised].sides["alpha"] == "HEARD"
    assert any("nobody on duty may stop" in sentence for sentence in pair["alpha"].bell.alarms)


def test_where_there_is_no_roster_anybody_may_stop(pair: World) -> None:
    assert hotline.may_stop(pair.desk("alpha"), "planner")


def test_a_new_roster_replaces_the_one_before(pair: World) -> None:
    _roster(pair, "alpha", _duty(pair, OFFICER, 0, 3_600))
    _roster(pair, "alpha", _duty(pair, "supervisor", 0, 3_600))
    assert not hotline.may_stop(pair.desk("alpha"), OFFICER)
    assert pair.desk("bravo").picture.rosters["alpha"].duties[0].role == "supervisor"


def test_a_role_without_a_key_here_cannot_speak(pair: World) -> None:
    with pytest.raises(NotOnRosterError, match="no key on this node"):
        hotline.raise_stop(pair.desk("alpha"), "admiral", Mode.EXERCISE, ("sky/1",))


# Line checks


def test_a_line_check_is_ok_when_its_nonce_comes_back(pair: World) -> None:
    called = hotline.line_check(pair.desk("alpha"), OFFICER, Mode.EXERCISE, "n-17", LANGS)
    pair.settle()
    pair.clock.wait(7.0)
    hotline.acknowledge(pair.desk("bravo"), OFFICER, called, LANGS)
    pair.settle()
    view = pair.desk("alpha").picture.line_checks[called]
    assert (view.state, view.sides) == ("OK", {"bravo": "OK"})
    assert view.replied_at["bravo"].since(view.sent_at) == 7.0
    with pytest.raises(WrongStateError, match="is OK"):
        hotline.acknowledge(pair.desk("bravo"), OFFICER, called, LANGS)
    assert pair["bravo"].size == 2, "nothing was said twice"


def test_a_line_check_is_ok_only_when_every_addressee_has_replied(three: World) -> None:
    """Grades are per addressee and never added up: one officer's reply says nothing of another's."""
    called = hotline.line_check(three.desk("alpha"), OFFICER, Mode.EXERCISE, "n-17", LANGS)
    three.settle()
    for wait_s, party, state in ((7.0, "charlie", "CALLED"), (5.0, "bravo", "OK")):
        three.clock.wait(wait_s)
        hotline.acknowledge(three.desk(party), OFFICER, called, LANGS)
        three.settle()
        assert {one.desk.picture.line_checks[called].state for one in three.stations.values()} == {state}
    view = three.desk("charlie").picture.line_checks[called]
    assert {party: at.since(view.sent_at) for party, at in view.replied_at.items()} == {"bravo": 12.0, "charlie": 7.0}
    assert three.desk("alpha").picture.refusals == {}, "the second reply is as good as the first"
    assert len({one.desk.picture.digest() for one in three.stations.values()}) == 1


def test_a_line_check_for_one_party_waits_for_no_other_and_no_other_replies(three: World) -> None:
    alpha, charlie = three["alpha"], three["charlie"]
    called = EntryId("alpha", 1, alpha.size)
    call = LineCheck(CheckStep.CALL, "n-17", three.clock.now(), LANGS)
    alpha.tell(alpha.sealed(alpha.payload(EntryType.LINE_CHECK, call, recipients=("bravo",))))
    three.settle()
    with pytest.raises(WrongStateError, match="not addressed to charlie"):
        hotline.acknowledge(charlie.desk, OFFICER, called, LANGS)
    said = EntryId("charlie", 1, charlie.size)
    reply = LineCheck(CheckStep.REPLY, "n-17", three.clock.now(), LANGS)
    charlie.tell(charlie.sealed(charlie.payload(EntryType.LINE_CHECK, reply, refs=(charlie.desk.ref(called),))))
    three.settle()
    assert three.desk("bravo").picture.refusals[said]["alpha"].code is RefusalCode.WRONG_STATE
    hotline.acknowledge(three.desk("bravo"), OFFICER, called, LANGS)
    three.settle()
    assert (alpha.desk.picture.line_checks[called].state, alpha.desk.picture.line_checks[called].sides) == ("OK", {"bravo": "OK"})


def test_a_reply_with_another_nonce_is_refused(pair: World) -> None:
    called = hotline.line_check(pair.desk("alpha"), OFFICER, Mode.EXERCISE, "n-17", LANGS)
    pair.settle()
    liar = pair["bravo"]
    at = liar.size
    reply = LineCheck(CheckStep.REPLY, "n-18", pair.clock.now(), LANGS)
    liar.tell(liar.sealed(liar.payload(EntryType.LINE_CHECK, reply, refs=(liar.desk.ref(called),))))
    pair.settle()
    assert pair.desk("bravo").picture.refusals[EntryId("bravo", 1, at)]["alpha"].code is RefusalCode.WRONG_STATE
    assert pair.desk("alpha").picture.line_checks[called].state == "CALLED"


def test_nobody_replies_to_its_own_line_check(pair: World) -> None:
    called = hotline.line_check(pair.desk("alpha"), OFFICER, Mode.EXERCISE, "n-17", LANGS)
    with pytest.raises(WrongStateError):
        hotline.acknowledge(pair.desk("alpha"), OFFICER, called, LANGS)


def test_what_wants_no_acknowledgement_is_told_so(pair: World) -> None:
    with pytest.raises(MissingError, match="no line check, stop, distress or alert"):
        hotline.acknowledge(pair.desk("alpha"), OFFICER, EntryId("bravo", 1, 0), LANGS)


# Answers


def _place(east_m: float = 0.0) -> Position:
    centre = getattr(volume(east_m).outline, "centre", None)
    assert isinstance(centre, Position)
    return centre


def test_a_notice_is_accepted_only_after_its_read_back_matched(pair: World) -> None:
    wrong = said_truly(_place(9_000.0))
    sent = announce.send(pair.desk("alpha"), OFFICER, operation(stated=(wrong,)), Mode.EXERCISE)
    pair.settle()
    assert pair.desk("alpha").picture.notices[sent].state == "MISMATCH"
    with pytest.raises(WrongStateError, match="read back as MATCH"):
        hotline.answer(pair.desk("bravo"), OFFICER, sent, AnswerCode.ACCEPTED)
    amended = announce.amend(pair.desk("alpha"), OFFICER, sent, operation(stated=(said_truly(_place()),)))
    pair.settle()
    hotline.answer(pair.desk("bravo"), OFFICER, sent, AnswerCode.ACCEPTED)
    pair.settle()
    view = pair.desk("alpha").picture.notices[sent]
    assert (view.revision, view.state) == (amended, "ACCEPTED")


def test_an_acceptance_that_a_lying_node_says_before_its_read_back_is_refused(pair: World) -> None:
    sent = announce.send(pair.desk("alpha"), OFFICER, operation(stated=(said_truly(_place(9_000.0)),)), Mode.EXERCISE)
    pair.settle()
    liar = pair["bravo"]
    at = liar.size
    liar.tell(liar.sealed(liar.payload(EntryType.ANSWER, Answer(AnswerCode.ACCEPTED), refs=(liar.desk.ref(sent),))))
    pair.settle()
    assert pair.desk("bravo").picture.refusals[EntryId("bravo", 1, at)]["alpha"].code is RefusalCode.WRONG_STATE
    assert pair.desk("alpha").picture.notices[sent].state == "MISMATCH"


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("conflict", "CONFLICT"),
        ("refused", "REFUSED"),
        ("need-details", "QUESTIONED"),
        ("not-ours", "QUESTIONED"),
        ("accepted", "ACCEPTED"),
    ],
)
def test_every_answer_has_its_state(pair: World, code: str, state: str) -> None:
    sent = announce.send(pair.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    pair.settle()
    hotline.answer(pair.desk("bravo"), OFFICER, sent, AnswerCode(code), "by telephone")
    pair.settle()
    assert pair.desk("alpha").picture.notices[sent].state == state


def test_an_answer_to_an_earlier_revision_does_not_accept_the_newer(pair: World) -> None:
    sent = announce.send(pair.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    pair.settle()
    announce.amend(pair.desk("alpha"), OFFICER, sent, operation(volume(80_000.0)))
    hotline.answer(pair.desk("bravo"), OFFICER, sent, AnswerCode.ACCEPTED)  # bravo has not got the amendment yet
    pair.settle()
    assert pair.desk("alpha").picture.notices[sent].state != "ACCEPTED"
    assert pair.desk("alpha").picture.digest() == pair.desk("bravo").picture.digest()


def test_the_least_happy_addressee_is_the_state_of_the_notice(three: World) -> None:
    sent = announce.send(three.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    three.settle()
    hotline.answer(three.desk("bravo"), OFFICER, sent, AnswerCode.ACCEPTED)
    three.settle()
    assert three.desk("alpha").picture.notices[sent].state == "READ_BACK"


def test_failure_08_an_alert_that_is_nobodys_is_answered_and_stays_up(pair: World) -> None:
    """A third actor: "none of ours" is said on the record, and the alert does not go away by it."""
    announce.send(pair.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    announce.send(pair.desk("bravo"), OFFICER, operation(), Mode.EXERCISE)
    pair.settle()
    (alert,) = pair.desk("alpha").picture.alerts.values()
    hotline.answer(pair.desk("bravo"), OFFICER, alert.raised["alpha"], AnswerCode.NOT_OURS)
    hotline.answer(pair.desk("alpha"), OFFICER, alert.raised["bravo"], AnswerCode.NOT_OURS)
    pair.settle()
    for station in pair.stations.values():
        (shown,) = station.desk.picture.alerts.values()
        assert shown.state == "RAISED"
        assert {party: said.code for party, said in shown.answers.items()} == {"alpha": "not-ours", "bravo": "not-ours"}
        assert any("answers NOT OURS" in sentence and "stays up" in sentence for sentence in station.bell.alarms)
        assert station.desk.picture.refusals == {}
    assert pair.desk("alpha").picture.digest() == pair.desk("bravo").picture.digest()
    with pytest.raises(WrongStateError, match="not addressed"):
        hotline.answer(pair.desk("alpha"), OFFICER, alert.raised["alpha"], AnswerCode.NOT_OURS)


def test_an_answer_to_a_stop_is_kept_beside_it_and_hears_nothing(pair: World) -> None:
    entry = _stop(pair)
    hotline.answer(pair.desk("alpha"), OFFICER, entry, AnswerCode.NOT_OURS)
    pair.settle()
    view = pair.desk("bravo").picture.stops[entry]
    assert (view.state, view.answers["alpha"].code) == ("RAISED", AnswerCode.NOT_OURS)
    with pytest.raises(WrongStateError, match="not addressed"):
        hotline.answer(pair.desk("bravo"), OFFICER, entry, AnswerCode.NOT_OURS)
    liar = pair["bravo"]
    said = EntryId("bravo", 1, liar.size)
    liar.tell(liar.sealed(liar.payload(EntryType.ANSWER, Answer(AnswerCode.NOT_OURS), refs=(liar.desk.ref(entry),))))
    pair.settle()
    assert liar.desk.picture.refusals[said]["alpha"].code is RefusalCode.WRONG_STATE


def test_nobody_answers_its_own_notice_or_what_is_none(pair: World) -> None:
    sent = announce.send(pair.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    with pytest.raises(WrongStateError, match="not addressed"):
        hotline.answer(pair.desk("alpha"), OFFICER, sent, AnswerCode.ACCEPTED)
    with pytest.raises(MissingError):
        hotline.answer(pair.desk("alpha"), OFFICER, EntryId("bravo", 1, 0), AnswerCode.ACCEPTED)


def test_an_attempt_by_another_channel_is_kept_by_both(pair: World) -> None:
    tried = Attempt("guard-radio", 22, False, 121_500_000)
    entry = hotline.attempt(pair.desk("alpha"), OFFICER, Mode.EXERCISE, tried)
    pair.settle()
    assert pair.desk("bravo").picture.attempts[entry] == tried


# Incidents


def test_an_incident_holds_both_accounts(pair: World) -> None:
    announce.send(pair.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    announce.send(pair.desk("bravo"), OFFICER, operation(), Mode.EXERCISE)
    pair.settle()
    (alert,) = pair.desk("alpha").picture.alerts.values()
    opened = report.open_from_alert(pair.desk("alpha"), "supervisor", alert.raised["alpha"], "they came close")
    pair.settle()
    report.reply(
        pair.desk("bravo"), "supervisor", opened, "we saw it too", ("0" * 64,), Measured(pair.clock.now(), _place(), 900_000, None)
    )
    pair.settle()
    view = pair.desk("alpha").picture.incidents[opened]
    assert view.state == "REPLIED"
    assert {party: account.account for party, account in view.accounts.items()} == {
        "alpha": "they came close",
        "bravo": "we saw it too",
    }
    assert view.accounts["alpha"].evidence == tuple(sorted(alert.evidence["alpha"]))
    with pytest.raises(WrongStateError):
        report.reply(pair.desk("bravo"), "supervisor", opened, "and again")


def test_an_incident_is_replied_only_when_every_addressee_has_given_its_account(three: World) -> None:
    body = Incident(IncidentStep.OPEN, "something happened", Span(three.clock.now(), three.clock.now().plus(60.0)))
    opened = report.open_incident(three.desk("alpha"), "supervisor", Mode.EXERCISE, body)
    three.settle()
    report.reply(three.desk("charlie"), "supervisor", opened, "we saw it")
    three.settle()
    view = three.desk("bravo").picture.incidents[opened]
    assert (view.state, view.sides) == ("OPEN", {"bravo": "OPEN", "charlie": "REPLIED"})
    with pytest.raises(WrongStateError, match="is REPLIED"):
        report.reply(three.desk("charlie"), "supervisor", opened, "and again")
    report.reply(three.desk("bravo"), "supervisor", opened, "we did not")
    three.settle()
    for station in three.stations.values():
        view = station.desk.picture.incidents[opened]
        assert view.state == "REPLIED"
        assert view.accounts.keys() == view.entries.keys() == {"alpha", "bravo", "charlie"}
        assert station.desk.picture.refusals == {}


def test_an_incident_that_is_told_to_one_party_is_replied_to_by_that_one(three: World) -> None:
    alpha, charlie = three["alpha"], three["charlie"]
    opened = EntryId("alpha", 1, alpha.size)
    body = Incident(IncidentStep.OPEN, "between us", Span(three.clock.now(), three.clock.now().plus(60.0)))
    alpha.tell(alpha.sealed(alpha.payload(EntryType.INCIDENT, body, recipients=("bravo",))))
    three.settle()
    with pytest.raises(WrongStateError, match="not addressed to charlie"):
        report.reply(charlie.desk, "supervisor", opened, "what is it about?")
    said = EntryId("charlie", 1, charlie.size)
    reply = Incident(IncidentStep.REPLY, "what is it about?")
    charlie.tell(charlie.sealed(charlie.payload(EntryType.INCIDENT, reply, refs=(charlie.desk.ref(opened),))))
    three.settle()
    assert three.desk("bravo").picture.refusals[said]["alpha"].code is RefusalCode.WRONG_STATE
    report.reply(three.desk("bravo"), "supervisor", opened, "yes")
    three.settle()
    assert alpha.desk.picture.incidents[opened].state == "REPLIED"
    assert alpha.desk.picture.incidents[opened].accounts.keys() == {"alpha", "bravo"}


def test_who_opened_an_incident_does_not_reply_to_it(pair: World) -> None:
    body = Incident(IncidentStep.OPEN, "something happened", Span(pair.clock.now(), pair.clock.now().plus(60.0)))
    opened = report.open_incident(pair.desk("alpha"), "supervisor", Mode.EXERCISE, body)
    with pytest.raises(WrongStateError):
        report.reply(pair.desk("alpha"), "supervisor", opened, "to myself")
    with pytest.raises(MissingError):
        report.reply(pair.desk("bravo"), "supervisor", EntryId("alpha", 1, 0), "to nothing")
    with pytest.raises(MissingError):
        report.open_from_alert(pair.desk("bravo"), "supervisor", EntryId("alpha", 1, 0), "about nothing")


def test_a_stated_place_must_be_a_place() -> None:
    for bearing_deg, distance_m in ((360.0, 1.0), (-1.0, 1.0), (float("nan"), 1.0), (1.0, float("inf")), (1.0, -1.0)):
        with pytest.raises(InputError):
            StatedPlace("north-light", bearing_deg, distance_m)
