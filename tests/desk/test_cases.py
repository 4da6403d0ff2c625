"""Incidents to their end, and claims: each account, answer and silence has its defined end, the same at every party."""

import pytest

from tafadi.desk import claims, report
from tafadi.desk.deadlines import say_due
from tafadi.desk.folding.claim import ClaimView
from tafadi.desk.folding.lapse import LapseView
from tafadi.errors import InputError, MissingError, WrongStateError
from tafadi.measure.instant import Span
from tafadi.model.casework import Citation, Claim, ClaimStep
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.incident import Fact, Incident, IncidentStep
from tafadi.model.lapse import LapseKind
from tafadi.model.names import Mode
from tafadi.model.reply import RefusalCode
from world import START, World, refusals_by

ROLE = "supervisor"
CLAUSE = Citation("No flight west of the line.", "Protocol of 3 May, article 7")
REVIEWED, CLOSED, DISAGREED = IncidentStep.REVIEWED, IncidentStep.CLOSED, IncidentStep.DISAGREED


def _opened(world: World, ended_s: float = -60.0) -> EntryId:
    occurred = Span(START.plus(ended_s - 60.0), START.plus(ended_s))
    entry = report.open_incident(world.desk("alpha"), ROLE, Mode.EXERCISE, Incident(IncidentStep.OPEN, "It crossed.", occurred))
    world.settle()
    return entry


def _say(world: World, party: str, entry: EntryId, step: IncidentStep, *facts: Fact) -> None:
    report.further(world.desk(party), ROLE, entry, step, "", facts)
    world.settle()


def _state(world: World, entry: EntryId) -> str:
    assert len({station.desk.picture.digest() for station in world.stations.values()}) == 1
    return world.desk("alpha").picture.incidents[entry].state


def test_an_incident_is_opened_replied_to_reviewed_by_both_and_closed(pair: World) -> None:
    entry = _opened(pair)
    with pytest.raises(WrongStateError, match="bravo has given none"):
        report.further(pair.desk("alpha"), ROLE, entry, REVIEWED)
    report.reply(pair.desk("bravo"), ROLE, entry, "It did not.")
    pair.settle()
    assert _state(pair, entry) == "REPLIED"
    with pytest.raises(WrongStateError, match="REPLIED cannot be CLOSED"):
        report.further(pair.desk("bravo"), ROLE, entry, CLOSED)
    _say(pair, "alpha", entry, REVIEWED, Fact(1, True, "There was an aircraft."), Fact(2, True, "It crossed."))
    assert _state(pair, entry) == "REPLIED"
    _say(pair, "bravo", entry, REVIEWED, Fact(1, True), Fact(2, False, "It turned before the line."))
    assert _state(pair, entry) == "REVIEWED"
    view = pair.desk("bravo").picture.incidents[entry]
    undisputed = [{fact.item for fact in review.facts if fact.undisputed} for review in view.reviews.values()]
    assert set.intersection(*undisputed) == {1}
    _say(pair, "alpha", entry, CLOSED)
    assert _state(pair, entry) == "REVIEWED"
    _say(pair, "bravo", entry, CLOSED)
    assert _state(pair, entry) == "CLOSED"
    with pytest.raises(WrongStateError, match="CLOSED cannot be DISAGREED"):
        report.further(pair.desk("bravo"), ROLE, entry, DISAGREED)


def test_one_that_disagrees_leaves_it_disagreed_until_it_comes_round(pair: World) -> None:
    entry = _opened(pair)
    report.reply(pair.desk("bravo"), ROLE, entry, "It did not.")
    pair.settle()
    for party in ("alpha", "bravo"):
        _say(pair, party, entry, REVIEWED)
    _say(pair, "alpha", entry, CLOSED)
    _say(pair, "bravo", entry, DISAGREED)
    assert _state(pair, entry) == "DISAGREED"
    _say(pair, "bravo", entry, REVIEWED)
    _say(pair, "bravo", entry, CLOSED)
    assert _state(pair, entry) == "CLOSED"


def test_an_incident_to_which_a_party_never_replies_is_overdue_and_ends_disagreed_and_a_late_account_counts(pair: World) -> None:
    entry, alpha = _opened(pair), pair.desk("alpha")
    with pytest.raises(WrongStateError, match="still waits for accounts"):
        report.further(alpha, ROLE, entry, DISAGREED)
    pair.clock.wait(172_801.0)
    lapses = [alpha.picture.shelf(LapseView)[said] for said in say_due(alpha)]
    assert [(one.lapse.what, one.lapse.parties) for one in lapses if one.about == entry] == [(LapseKind.OVERDUE, ("bravo",))]
    _say(pair, "alpha", entry, DISAGREED)
    assert _state(pair, entry) == "DISAGREED"
    report.reply(pair.desk("bravo"), ROLE, entry, "We were not there.")
    pair.settle()
    assert pair.desk("alpha").picture.incidents[entry].accounts.keys() == {"alpha", "bravo"}
    assert _state(pair, entry) == "DISAGREED"
    for party, step in (("alpha", REVIEWED), ("bravo", REVIEWED), ("alpha", CLOSED), ("bravo", CLOSED)):
        _say(pair, party, entry, step)
    assert _state(pair, entry) == "CLOSED"


def test_a_second_contradictory_account_is_refused_and_the_first_stands(pair: World) -> None:
    entry, liar = _opened(pair), pair["bravo"]
    report.reply(liar.desk, ROLE, entry, "We were not there.")
    said = EntryId("bravo", 1, liar.size)
    again = Incident(IncidentStep.REPLY, "We were there.")
    liar.tell(liar.sealed(liar.payload(EntryType.INCIDENT, again, refs=(liar.desk.ref(entry),))))
    pair.settle()
    refusal = refusals_by(pair["alpha"], "alpha", said)
    assert refusal is not None
    assert refusal.code is RefusalCode.WRONG_STATE
    assert pair.desk("alpha").picture.incidents[entry].accounts["bravo"].account == "We were not there."


@pytest.mark.parametrize(("ended_s", "late"), [(-86_400.0, []), (-86_401.0, [(LapseKind.LATE, ("alpha",))])])
def test_an_incident_that_was_reported_later_than_agreed_is_late_by_every_partys_clock(
    pair: World, ended_s: float, late: list[object]
) -> None:
    entry = _opened(pair, ended_s)
    for party in ("alpha", "bravo"):
        desk = pair.desk(party)
        lapses = [desk.picture.shelf(LapseView)[said] for said in say_due(desk)]
        assert [(one.lapse.what, one.lapse.parties) for one in lapses if one.about == entry] == late


def test_among_three_it_is_closed_when_all_have_closed_it(three: World) -> None:
    entry = _opened(three)
    for party in ("bravo", "charlie"):
        report.reply(three.desk(party), ROLE, entry, "We saw it too.")
    three.settle()
    for step in (REVIEWED, CLOSED):
        for party in ("charlie", "alpha", "bravo"):
            assert _state(three, entry) == ("REPLIED" if step is REVIEWED else "REVIEWED")
            _say(three, party, entry, step)
    assert _state(three, entry) == "CLOSED"


# Claims


def _claimed(world: World, **more: object) -> EntryId:
    made: EntryId = claims.make_claim(world.desk("alpha"), ROLE, Mode.EXERCISE, CLAUSE, "It crossed.", **more)  # type: ignore[arg-type]
    world.settle()
    return made


def _settled(world: World, party: str, entry: EntryId, *steps: ClaimStep) -> str:
    for step in steps:
        claims.further(world.desk(party), ROLE, entry, step, "so")
        world.settle()
    assert len({station.desk.picture.digest() for station in world.stations.values()}) == 1
    return world.desk("bravo").picture.shelf(ClaimView)[entry].state


def test_a_claim_about_an_incident_is_answered_and_agreed_to_or_disputed(pair: World) -> None:
    incident = _opened(pair)
    one, other = (_claimed(pair, about=incident, entries=(incident,)) for _ in range(2))
    view = pair.desk("bravo").picture.shelf(ClaimView)[one]
    assert (view.about, view.claim.cites) == (incident, CLAUSE)
    assert any(CLAUSE.clause in sentence for sentence in pair["bravo"].bell.alarms)
    with pytest.raises(WrongStateError, match="MADE cannot be AGREED"):
        claims.further(pair.desk("bravo"), ROLE, one, ClaimStep.AGREED)
    assert _settled(pair, "bravo", one, ClaimStep.ANSWERED) == "ANSWERED"
    assert _settled(pair, "bravo", one, ClaimStep.AGREED) == "AGREED"
    assert _settled(pair, "bravo", other, ClaimStep.ANSWERED, ClaimStep.DISPUTED) == "DISPUTED"
    with pytest.raises(WrongStateError, match="AGREED cannot be WITHDRAWN"):
        claims.further(pair.desk("alpha"), ROLE, one, ClaimStep.WITHDRAWN)


def test_a_claim_that_nobody_answers_is_overdue_and_disputed_until_an_answer_comes_after_all(pair: World) -> None:
    entry, alpha = _claimed(pair), pair.desk("alpha")
    pair.clock.wait(172_801.0)
    lapses = [alpha.picture.shelf(LapseView)[said] for said in say_due(alpha)]
    assert [one.lapse.what for one in lapses if one.about == entry] == [LapseKind.OVERDUE]
    assert _settled(pair, "alpha", entry, ClaimStep.DISPUTED) == "DISPUTED"
    assert _settled(pair, "bravo", entry, ClaimStep.ANSWERED, ClaimStep.AGREED) == "AGREED"


def test_of_a_claim_against_two_each_answers_for_itself(three: World) -> None:
    entry = _claimed(three)
    assert _settled(three, "bravo", entry, ClaimStep.ANSWERED, ClaimStep.AGREED) == "MADE"
    assert _settled(three, "alpha", entry, ClaimStep.WITHDRAWN) == "WITHDRAWN"
    sides = three.desk("charlie").picture.shelf(ClaimView)[entry].sides
    assert sides == {"bravo": "AGREED", "charlie": "WITHDRAWN"}


def test_nobody_answers_a_claim_for_another_or_withdraws_what_it_has_not_made(three: World) -> None:
    entry = _claimed(three, against=("bravo",))
    with pytest.raises(WrongStateError, match="made against"):
        claims.further(three.desk("charlie"), ROLE, entry, ClaimStep.ANSWERED)
    with pytest.raises(WrongStateError, match="who made it"):
        claims.further(three.desk("bravo"), ROLE, entry, ClaimStep.WITHDRAWN)
    with pytest.raises(WrongStateError, match="others answer"):
        claims.further(three.desk("alpha"), ROLE, entry, ClaimStep.AGREED)
    with pytest.raises(MissingError, match="is no claim"):
        claims.further(three.desk("alpha"), ROLE, EntryId("alpha", 1, 0), ClaimStep.WITHDRAWN)
    with pytest.raises(MissingError, match="no other party"):
        claims.make_claim(three.desk("alpha"), ROLE, Mode.EXERCISE, CLAUSE, against=("delta",))


@pytest.mark.parametrize(
    "made",
    [
        lambda: Claim(ClaimStep.MADE),
        lambda: Claim(ClaimStep.ANSWERED, CLAUSE),
        lambda: Claim(ClaimStep.ANSWERED, facts=(Fact(2, True), Fact(1, True))),
        lambda: Citation(""),
        lambda: Fact(0, True),
        lambda: Incident(CLOSED, "", facts=(Fact(1, True),)),
    ],
)
def test_a_case_that_cannot_be_meant_is_refused(made: object) -> None:
    with pytest.raises(InputError):
        made()  # type: ignore[operator]
