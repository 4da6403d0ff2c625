"""Conferences, minutes, actions and calls: agreed by all, held or not, signed or refused, done or overdue; each with its defined end."""

from collections.abc import Callable

import pytest

from tafadi.desk import actions, confer
from tafadi.desk.deadlines import due, say_due
from tafadi.desk.folding.action import ActionView
from tafadi.desk.folding.call import CANDIDATES_KEPT, CallView
from tafadi.desk.folding.conference import ConferenceView
from tafadi.desk.folding.lapse import LapseView
from tafadi.desk.folding.minutes import MinutesView
from tafadi.errors import InputError, MissingError, WrongStateError
from tafadi.measure.instant import Span
from tafadi.model.agreement import Pin
from tafadi.model.casework import Action, ActionStep
from tafadi.model.conference import (
    MOST_CANDIDATES,
    AgendaItem,
    Call,
    CallStep,
    Conference,
    ConferenceKind,
    ConferenceStep,
    Disagreement,
    Minutes,
    MinutesItem,
    MinutesStep,
    Papers,
    Recurrence,
    Topic,
)
from tafadi.model.entry import EntryId
from tafadi.model.lapse import LapseKind
from tafadi.model.names import Mode
from world import START, World

ROLE = "supervisor"
SPAN = Span(START.plus(86_400.0), START.plus(90_000.0))
AGENDA = (AgendaItem(Topic.LINE), AgendaItem(Topic.INCIDENTS, "the crossing"), AgendaItem(Topic.NEXT_DATE))
REGULAR = Conference(ConferenceStep.PROPOSED, ConferenceKind.REGULAR, SPAN, Recurrence(42, 8), AGENDA)
OTHERWISE = Conference(ConferenceStep.AMENDED, ConferenceKind.REGULAR, Span(START.plus(172_800.0), START.plus(176_400.0)), agenda=AGENDA)
AGREED, HELD = Conference(ConferenceStep.AGREED), Conference(ConferenceStep.HELD)
DRAFT = Minutes(MinutesStep.DRAFTED, (MinutesItem(1, "The line was heard.", "No change."), MinutesItem(2, "The crossing.")))
SIGNED = Minutes(MinutesStep.SIGNED)
REFUSED = Minutes(MinutesStep.REFUSED, annex=(Disagreement("It was not said so.", 2),))


def _proposed(world: World) -> EntryId:
    entry = confer.propose(world.desk("alpha"), ROLE, Mode.EXERCISE, REGULAR)
    world.settle()
    return entry


def _say(world: World, party: str, entry: EntryId, body: Conference) -> EntryId:
    said = confer.further(world.desk(party), ROLE, entry, body)
    world.settle()
    return said


def _view(world: World, entry: EntryId) -> ConferenceView:
    assert len({station.desk.picture.digest() for station in world.stations.values()}) == 1
    return world.desk("bravo").picture.shelf(ConferenceView)[entry]


def _held(world: World) -> EntryId:
    entry = _proposed(world)
    others = [party for party in world.stations if party != "alpha"]
    for party in others:
        _say(world, party, entry, AGREED)
    for party in world.stations:
        _say(world, party, entry, HELD)
    return entry


def _lapsed(world: World, party: str, about: EntryId) -> list[tuple[LapseKind, tuple[str, ...]]]:
    desk = world.desk(party)
    found = [desk.picture.shelf(LapseView)[said] for said in say_due(desk)]
    world.settle()
    return [(one.lapse.what, one.lapse.parties) for one in found if one.about == about]


def test_a_conference_is_proposed_agreed_held_minuted_and_signed(pair: World) -> None:
    entry = _proposed(pair)
    assert _view(pair, entry).state == "PROPOSED"
    assert any(sentence.startswith("conference PROPOSED by alpha") for sentence in pair["bravo"].bell.alarms)
    _say(pair, "bravo", entry, AGREED)
    assert _view(pair, entry).state == "AGREED"
    _say(pair, "alpha", entry, HELD)
    assert _view(pair, entry).state == "AGREED"
    _say(pair, "bravo", entry, HELD)
    assert _view(pair, entry).state == "HELD"
    draft = confer.draft_minutes(pair.desk("bravo"), ROLE, entry, DRAFT)
    pair.settle()
    assert _view(pair, entry).state == "MINUTED"
    confer.word_on_minutes(
        pair.desk("alpha"), ROLE, draft, Minutes(MinutesStep.SIGNED, annex=(Disagreement("We measured it otherwise.", 2),))
    )
    pair.settle()
    view = _view(pair, entry)
    assert (view.state, view.minutes) == ("SIGNED", draft)
    assert pair.desk("bravo").picture.shelf(MinutesView)[draft].annexes["alpha"][0].item == 2


def test_another_time_or_agenda_is_agreed_to_anew_and_only_the_newest_counts(pair: World) -> None:
    entry = _proposed(pair)
    _say(pair, "bravo", entry, Conference(ConferenceStep.PAPERS, papers=Papers((Pin("alpha", 1, 2, "0f" * 32),), "0f" * 32)))
    revision = _say(pair, "bravo", entry, OTHERWISE)
    view = _view(pair, entry)
    assert (view.state, view.sides, view.papers) == ("PROPOSED", {"alpha": "PROPOSED", "bravo": "AGREED"}, {})
    assert (view.conference, view.revisions) == (OTHERWISE, [entry, revision])
    with pytest.raises(WrongStateError, match="newest proposal"):
        view.check_step("alpha", AGREED, entry)
    _say(pair, "alpha", revision, AGREED)
    assert _view(pair, entry).state == "AGREED"
    with pytest.raises(WrongStateError, match="cancelled by the party that called it"):
        confer.further(pair.desk("bravo"), ROLE, entry, Conference(ConferenceStep.CANCELLED))
    _say(pair, "alpha", entry, Conference(ConferenceStep.CANCELLED))
    assert _view(pair, entry).state == "CANCELLED"
    with pytest.raises(WrongStateError, match="CANCELLED"):
        confer.further(pair.desk("bravo"), ROLE, entry, AGREED)


def test_papers_match_when_every_party_computed_the_same_from_the_same_entries(pair: World) -> None:
    entry = _proposed(pair)
    laid = [
        Papers((Pin("alpha", 1, size, "0f" * 32), Pin("bravo", 1, 2, "0f" * 32)), figures * 32) for size, figures in ((3, "aa"), (3, "bb"))
    ]
    found = []
    for party, papers in (("alpha", laid[0]), ("bravo", laid[1]), ("bravo", laid[0])):
        _say(pair, party, entry, Conference(ConferenceStep.PAPERS, papers=papers))
        found.append(_view(pair, entry).papers_agree)
    assert found == [None, False, True]


def test_a_conference_that_one_side_declines_or_never_answers_is_not_agreed(pair: World) -> None:
    declined, silent = _proposed(pair), _proposed(pair)
    _say(pair, "bravo", declined, Conference(ConferenceStep.DECLINED, text="not that week"))
    assert _view(pair, declined).state == "DECLINED"
    with pytest.raises(WrongStateError, match="DECLINED cannot be held"):
        confer.further(pair.desk("alpha"), ROLE, declined, HELD)
    pair.clock.wait(3_601.0)
    assert _lapsed(pair, "alpha", silent) == [(LapseKind.NO_REPLY, ("bravo",))]
    _say(pair, "alpha", silent, Conference(ConferenceStep.CANCELLED))
    assert _view(pair, silent).state == "CANCELLED"
    assert not any(
        draft.refs and draft.refs[0].entry in (silent, declined) for draft in due(pair.desk("alpha"), pair.clock.now().plus(1e6))
    )


def test_a_conference_that_one_side_does_not_attend_is_not_held_and_may_be_proposed_anew(pair: World) -> None:
    entry = _proposed(pair)
    _say(pair, "bravo", entry, AGREED)
    _say(pair, "alpha", entry, Conference(ConferenceStep.HELD, absent=("bravo",)))
    assert _view(pair, entry).state == "NOT_HELD"
    with pytest.raises(WrongStateError, match="NOT_HELD"):
        confer.draft_minutes(pair.desk("alpha"), ROLE, entry, DRAFT)
    pair.clock.wait(100_000.0)
    assert _lapsed(pair, "alpha", entry) == []
    _say(pair, "bravo", entry, HELD)
    assert _view(pair, entry).state == "HELD", "what a party says of itself counts more than what others say of it"
    again = _proposed(pair)
    _say(pair, "bravo", again, AGREED)
    _say(pair, "alpha", again, Conference(ConferenceStep.HELD, absent=("bravo",)))
    _say(pair, "bravo", again, OTHERWISE)
    assert _view(pair, again).state == "PROPOSED"


def test_one_that_was_agreed_and_that_nobody_says_was_held_is_overdue(pair: World) -> None:
    entry = _proposed(pair)
    _say(pair, "bravo", entry, AGREED)
    pair.clock.wait(90_000.0 + 3_599.0)
    assert _lapsed(pair, "alpha", entry) == []
    pair.clock.wait(1.0)
    assert _lapsed(pair, "alpha", entry) == [(LapseKind.OVERDUE, ("alpha", "bravo"))]


def test_of_three_two_hold_it_without_the_third_whose_signature_is_still_wanted(three: World) -> None:
    entry = _proposed(three)
    for party in ("bravo", "charlie"):
        _say(three, party, entry, AGREED)
    _say(three, "alpha", entry, Conference(ConferenceStep.HELD, absent=("charlie",)))
    _say(three, "bravo", entry, HELD)
    assert _view(three, entry).state == "HELD"
    draft = confer.draft_minutes(three.desk("alpha"), ROLE, entry, DRAFT)
    three.settle()
    confer.word_on_minutes(three.desk("bravo"), ROLE, draft, SIGNED)
    three.settle()
    assert _view(three, entry).state == "MINUTED"
    three.clock.wait(172_801.0)
    assert _lapsed(three, "alpha", draft) == [(LapseKind.OVERDUE, ("charlie",))]


# Minutes


def test_minutes_that_one_side_refuses_stay_refused_with_its_annex_until_another_draft_is_signed(pair: World) -> None:
    entry = _held(pair)
    draft = confer.draft_minutes(pair.desk("alpha"), ROLE, entry, DRAFT)
    pair.settle()
    confer.word_on_minutes(pair.desk("bravo"), ROLE, draft, REFUSED)
    pair.settle()
    view = pair.desk("alpha").picture.shelf(MinutesView)[draft]
    assert (view.state, view.annexes["bravo"], _view(pair, entry).state) == ("REFUSED", REFUSED.annex, "MINUTED")
    pair.clock.wait(1e6)
    assert _lapsed(pair, "alpha", draft) == [], "a refusal is an answer"
    other = confer.draft_minutes(pair.desk("bravo"), ROLE, draft, Minutes(MinutesStep.AMENDED, (MinutesItem(1, "All."),)))
    pair.settle()
    view = pair.desk("alpha").picture.shelf(MinutesView)[draft]
    assert (view.state, view.sides, view.annexes) == ("DRAFTED", {"alpha": "DRAFTED", "bravo": "SIGNED"}, {})
    with pytest.raises(WrongStateError, match="newest draft"):
        view.check_step("alpha", MinutesStep.SIGNED, draft)
    confer.word_on_minutes(pair.desk("alpha"), ROLE, other, SIGNED)
    pair.settle()
    assert _view(pair, entry).state == "SIGNED"
    with pytest.raises(WrongStateError, match="stay as they are"):
        confer.draft_minutes(pair.desk("alpha"), ROLE, draft, Minutes(MinutesStep.AMENDED, (MinutesItem(1, "None."),)))


def test_minutes_are_drafted_once_and_of_a_conference_that_was_held(pair: World) -> None:
    entry = _proposed(pair)
    with pytest.raises(WrongStateError, match="PROPOSED"):
        confer.draft_minutes(pair.desk("alpha"), ROLE, entry, DRAFT)
    held = _held(pair)
    confer.draft_minutes(pair.desk("alpha"), ROLE, held, DRAFT)
    pair.settle()
    with pytest.raises(WrongStateError, match="MINUTED"):
        confer.draft_minutes(pair.desk("bravo"), ROLE, held, DRAFT)
    with pytest.raises(MissingError, match="no draft of minutes"):
        confer.word_on_minutes(pair.desk("bravo"), ROLE, entry, SIGNED)


# Actions


def _given(world: World, owner: str = "bravo") -> EntryId:
    action = Action(ActionStep.GIVEN, "publish a roster", owner, "supervisor", START.plus(3_600.0), 1)
    entry = actions.give(world.desk("alpha"), ROLE, Mode.EXERCISE, action)
    world.settle()
    return entry


def _action(world: World, entry: EntryId, *steps: tuple[str, ActionStep]) -> str:
    for party, step in steps:
        actions.further(world.desk(party), ROLE, entry, step)
        world.settle()
    assert len({station.desk.picture.digest() for station in world.stations.values()}) == 1
    return world.desk("bravo").picture.shelf(ActionView)[entry].state


def test_an_action_that_is_not_done_in_time_is_overdue_by_every_partys_clock_until_it_is(pair: World) -> None:
    entry = _given(pair)
    pair.clock.wait(3_600.0)
    assert actions.overdue(pair.desk("alpha")) == []
    pair.clock.wait(1.0)
    assert actions.overdue(pair.desk("alpha")) == [entry]
    assert [_lapsed(pair, party, entry) for party in ("alpha", "bravo")] == [[(LapseKind.OVERDUE, ("bravo",))]] * 2
    assert _action(pair, entry) == "OVERDUE"
    assert any("OVERDUE" in sentence and str(entry) in sentence for sentence in pair["bravo"].bell.alarms)
    assert _action(pair, entry, ("bravo", ActionStep.DONE)) == "DONE"
    with pytest.raises(WrongStateError, match="by another party"):
        actions.further(pair.desk("bravo"), ROLE, entry, ActionStep.CLOSED)
    actions.further(pair.desk("alpha"), ROLE, entry, ActionStep.REOPENED, "not whole", START.plus(9_000.0))
    pair.settle()
    assert _action(pair, entry) == "OPEN"
    assert _lapsed(pair, "alpha", entry) == []
    assert _action(pair, entry, ("bravo", ActionStep.DONE), ("alpha", ActionStep.CLOSED)) == "CLOSED"


def test_an_action_that_its_owner_refuses_is_refused_until_it_is_given_again_or_withdrawn(pair: World) -> None:
    entry = _given(pair)
    assert _action(pair, entry, ("bravo", ActionStep.REFUSED)) == "REFUSED"
    with pytest.raises(WrongStateError, match="party that gave it"):
        actions.further(pair.desk("bravo"), ROLE, entry, ActionStep.WITHDRAWN)
    assert _action(pair, entry, ("alpha", ActionStep.REOPENED), ("alpha", ActionStep.WITHDRAWN)) == "WITHDRAWN"
    own = _given(pair, "alpha")
    assert _action(pair, own, ("alpha", ActionStep.DONE), ("bravo", ActionStep.CLOSED)) == "CLOSED"
    with pytest.raises(MissingError, match="no party"):
        _given(pair, "delta")


# Calls


def test_a_call_is_offered_answered_and_ended_and_its_session_is_that_of_the_parties(three: World) -> None:
    entry = confer.offer_call(three.desk("alpha"), ROLE, Mode.EXERCISE, Call(CallStep.OFFERED, "v=0\na=fingerprint:one"))
    three.settle()
    for party, call in (
        ("bravo", Call(CallStep.ANSWERED, "v=0\na=fingerprint:two", ("host",))),
        ("charlie", Call(CallStep.DECLINED)),
        ("alpha", Call(CallStep.CANDIDATES, candidates=("relay",))),
    ):
        confer.call_further(three.desk(party), ROLE, entry, call)
        three.settle()
    view = three.desk("charlie").picture.shelf(CallView)[entry]
    assert (view.state, view.sides) == ("ANSWERED", {"bravo": "ANSWERED", "charlie": "DECLINED"})
    assert view.sessions == {"alpha": "v=0\na=fingerprint:one", "bravo": "v=0\na=fingerprint:two"}
    assert view.candidates == {"alpha": ("relay",), "bravo": ("host",)}
    confer.call_further(three.desk("charlie"), ROLE, entry, Call(CallStep.ENDED))
    three.settle()
    assert three.desk("alpha").picture.shelf(CallView)[entry].state == "ENDED"
    with pytest.raises(WrongStateError, match="ENDED cannot be given candidates"):
        confer.call_further(three.desk("bravo"), ROLE, entry, Call(CallStep.CANDIDATES, candidates=("host",)))


def test_a_call_that_nobody_answers_is_said_so_and_takes_no_end_of_candidates(pair: World) -> None:
    entry = confer.offer_call(pair.desk("alpha"), ROLE, Mode.EXERCISE, Call(CallStep.OFFERED, "v=0"))
    pair.settle()
    many = Call(CallStep.CANDIDATES, candidates=("host",) * MOST_CANDIDATES)
    for _ in range(CANDIDATES_KEPT // MOST_CANDIDATES):
        confer.call_further(pair.desk("alpha"), ROLE, entry, many)
    with pytest.raises(WrongStateError, match="at most 128"):
        confer.call_further(pair.desk("alpha"), ROLE, entry, many)
    pair.clock.wait(3_601.0)
    assert _lapsed(pair, "alpha", entry) == [(LapseKind.NO_REPLY, ("bravo",))]


@pytest.mark.parametrize(
    "made",
    [
        lambda: Conference(ConferenceStep.PROPOSED),
        lambda: Conference(ConferenceStep.AGREED, ConferenceKind.REGULAR),
        lambda: Conference(ConferenceStep.AGREED, agenda=AGENDA),
        lambda: Conference(ConferenceStep.PROPOSED, ConferenceKind.REGULAR, Span(START, START.plus(15 * 86_400.0))),
        lambda: Conference(ConferenceStep.PROPOSED, ConferenceKind.REGULAR, SPAN, agenda=AGENDA * 20),
        lambda: Conference(ConferenceStep.AGREED, absent=("bravo",)),
        lambda: Conference(ConferenceStep.HELD, absent=("charlie", "bravo")),
        lambda: Conference(ConferenceStep.PAPERS),
        lambda: Papers((), "0f" * 32),
        lambda: Recurrence(0, 2),
        lambda: Recurrence(42, 1),
        lambda: Minutes(MinutesStep.DRAFTED),
        lambda: Minutes(MinutesStep.SIGNED, DRAFT.items),
        lambda: Minutes(MinutesStep.REFUSED),
        lambda: Minutes(MinutesStep.DRAFTED, DRAFT.items[::-1]),
        lambda: Disagreement(""),
        lambda: Call(CallStep.OFFERED),
        lambda: Call(CallStep.ENDED, "v=0"),
        lambda: Call(CallStep.OFFERED, "v=0\r\n"),
        lambda: Call(CallStep.CANDIDATES),
        lambda: Action(ActionStep.GIVEN, "do it", "bravo"),
        lambda: Action(ActionStep.DONE, owner="bravo"),
        lambda: Action(ActionStep.DONE, due=START),
    ],
)
def test_what_cannot_be_meant_is_refused(made: Callable[[], object]) -> None:
    with pytest.raises(InputError):
        made()
