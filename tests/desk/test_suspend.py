"""Suspension (failure 12): the memorandum is "suspended", and the telephone is still used. What is suspended never reads as clear."""

import random
from pathlib import Path

import pytest

from tafadi.desk import announce, course, distress, hotline, suspend
from tafadi.desk.deadlines import due, say_due
from tafadi.desk.folding.distress import DistressView
from tafadi.errors import InputError, MissingError, NotPermittedError, WrongStateError
from tafadi.model.agreement import AgreementBody, AgreementStep, Scope
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.lapse import LapseKind
from tafadi.model.line import StopStep
from tafadi.model.names import Language, Mode
from tafadi.model.operation import Kind
from tafadi.model.reply import AnswerCode, RefusalCode
from world import OFFICER, World, operation, refusals_by, volume

LANGS = (Language.EN,)
AREAS = Scope((EntryType.AREA,))


def _accepted(world: World) -> EntryId:
    entry = announce.send(world.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    world.settle()
    hotline.answer(world.desk("bravo"), OFFICER, entry, AnswerCode.ACCEPTED)
    world.settle()
    return entry


def _states(world: World, entry: EntryId) -> set[str]:
    world.settle()
    assert len({station.desk.picture.digest() for station in world.stations.values()}) == 1
    return {station.desk.picture.notices[entry].state for station in world.stations.values()}


def test_failure_12_what_is_suspended_is_shown_as_suspended_at_every_party_and_never_as_accepted(pair: World) -> None:
    entry = _accepted(pair)
    assert _states(pair, entry) == {"ACCEPTED"}
    held = suspend.suspend(pair.desk("bravo"), "supervisor", text="until it is talked over")
    assert _states(pair, entry) == {"SUSPENDED"}
    assert {suspend.state_of(station.desk) for station in pair.stations.values()} == {"SUSPENDED"}
    assert any(sentence.startswith("AGREEMENT SUSPENDED by bravo") for sentence in pair["alpha"].bell.alarms)
    later = announce.send(pair.desk("alpha"), OFFICER, operation(volume(north_m=40_000.0)), Mode.EXERCISE)
    pair.settle()
    hotline.answer(pair.desk("bravo"), OFFICER, later, AnswerCode.ACCEPTED)
    assert _states(pair, later) == {"SUSPENDED"}
    course.distribute(pair.desk("bravo"), OFFICER, entry, ("crew",))
    pair.settle()
    course.activate(pair.desk("alpha"), OFFICER, entry)
    assert _states(pair, entry) == {"SUSPENDED"}
    suspend.resume(pair.desk("bravo"), "supervisor", held)
    assert _states(pair, entry) == {"ACTIVE"}
    assert _states(pair, later) == {"ACCEPTED"}
    assert suspend.state_of(pair.desk("alpha")) == "RESUMED"


def test_failure_12_stop_distress_and_line_checks_survive_suspension_and_the_end(pair: World) -> None:
    alpha, bravo = pair.desk("alpha"), pair.desk("bravo")
    suspend.suspend(bravo, "supervisor")
    for _ in ("suspended", "ended"):
        pair.settle()
        stop = hotline.raise_stop(alpha, OFFICER, Mode.EXERCISE, ("sky/1",))
        check = hotline.line_check(alpha, OFFICER, Mode.EXERCISE, "n-1", LANGS)
        call = distress.raise_distress(alpha, OFFICER, Mode.EXERCISE, ("sky/2",))
        pair.settle()
        for entry in (stop, check, call):
            hotline.acknowledge(bravo, OFFICER, entry, LANGS)
        hotline.acknowledge(bravo, OFFICER, stop, LANGS, StopStep.ACTED)
        pair.settle()
        picture = alpha.picture
        assert (picture.stops[stop].state, picture.line_checks[check].state) == ("ACTED", "OK")
        assert picture.shelf(DistressView)[call].state == "HEARD"
        pair.clock.wait(10.0)
        if suspend.state_of(alpha) != "ENDED":
            suspend.end(alpha, "supervisor", text="it has failed")
    assert suspend.state_of(bravo) == "ENDED"


def test_rule_18_storing_and_cosigning_are_never_suspended(pair: World) -> None:
    suspend.suspend(pair.desk("bravo"), "supervisor")
    pair.settle()
    before = pair["alpha"].size
    entry = announce.send(pair.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    pair.settle()
    receipts = pair.desk("alpha").journal.receipts(pair.desk("alpha").origin)
    assert [receipt.size for receipt in receipts.values()] == [pair["alpha"].size]
    assert pair["alpha"].size > before
    assert pair.desk("bravo").picture.notices[entry].readbacks.keys() == {"bravo"}, "it is read back and checked all the same"


def test_a_suspension_reaches_as_far_as_it_says(pair: World) -> None:
    entry = _accepted(pair)
    suspend.suspend(pair.desk("alpha"), "supervisor", AREAS)
    assert _states(pair, entry) == {"ACCEPTED"}
    suspend.suspend(pair.desk("alpha"), "supervisor", Scope(clauses=("minimum-lead",)))
    assert _states(pair, entry) == {"ACCEPTED"}
    assert suspend.state_of(pair.desk("bravo")) == "SUSPENDED"
    suspend.suspend(pair.desk("alpha"), "supervisor", Scope((EntryType.OPERATION,)))
    assert _states(pair, entry) == {"SUSPENDED"}


def test_of_two_suspensions_each_party_takes_back_its_own(pair: World) -> None:
    entry = _accepted(pair)
    by = {party: suspend.suspend(pair.desk(party), "supervisor") for party in ("alpha", "bravo")}
    pair.settle()
    with pytest.raises(WrongStateError, match="itself"):
        suspend.resume(pair.desk("alpha"), "supervisor", by["bravo"])
    suspend.resume(pair.desk("alpha"), "supervisor", by["alpha"])
    assert _states(pair, entry) == {"SUSPENDED"}
    with pytest.raises(WrongStateError, match="RESUMED cannot be RESUMED"):
        suspend.resume(pair.desk("alpha"), "supervisor", by["alpha"])
    suspend.resume(pair.desk("bravo"), "supervisor", by["bravo"])
    assert _states(pair, entry) == {"ACCEPTED"}


def test_nobody_owes_an_answer_while_suspended_and_all_have_their_time_anew_when_it_is_resumed(pair: World) -> None:
    alpha, bravo = pair.desk("alpha"), pair.desk("bravo")
    entry = announce.send(alpha, OFFICER, operation(volume(start_s=50 * 3_600.0)), Mode.EXERCISE)
    held = suspend.suspend(bravo, "supervisor")
    pair.settle()
    pair.clock.wait(2 * 3_600.0)
    assert not [draft for draft in due(alpha, pair.clock.now()) if draft.refs]
    suspend.resume(bravo, "supervisor", held)
    pair.settle()
    assert not [draft for draft in due(alpha, pair.clock.now()) if draft.refs]
    pair.clock.wait(3_601.0)
    lapses = [draft for draft in due(alpha, pair.clock.now()) if draft.refs]
    assert [(draft.body.what, draft.refs[0].entry) for draft in lapses] == [(LapseKind.NO_REPLY, entry)]  # type: ignore[union-attr]
    say_due(alpha)


def test_an_ended_agreement_is_void_for_good_and_says_what_takes_its_place(pair: World) -> None:
    entry = _accepted(pair)
    suspend.end(pair.desk("alpha"), "supervisor", "line-1f2e3d4c5b6a")
    assert _states(pair, entry) == {"VOID"}
    assert suspend.state_of(pair.desk("bravo")) == "SUPERSEDED"
    for act in (suspend.suspend, suspend.end):
        with pytest.raises(WrongStateError, match="SUPERSEDED"):
            act(pair.desk("bravo"), "supervisor")


def test_a_new_epoch_signs_anew_and_resumes_nothing(pair: World) -> None:
    entry = _accepted(pair)
    suspend.suspend(pair.desk("bravo"), "supervisor")
    pair.settle()
    card = pair["bravo"].renew()
    pair["alpha"].take_card(card)
    pair.settle()
    assert pair.desk("alpha").picture.notices[entry].state == "SUSPENDED"


def test_no_machine_suspends_and_who_says_it_for_another_is_refused(pair: World) -> None:
    with pytest.raises(NotPermittedError, match="by a person"):
        suspend.suspend(pair.desk("alpha"), "node")
    with pytest.raises(MissingError, match="no suspension"):
        suspend.resume(pair.desk("alpha"), "supervisor", EntryId("alpha", 1, 0))
    held = suspend.suspend(pair.desk("bravo"), "supervisor")
    pair.settle()
    liar = pair["alpha"]
    told = [AgreementBody(step=AgreementStep.SUSPENDED, scope=Scope()), AgreementBody(step=AgreementStep.RESUMED)]
    first = liar.size
    for body in told:
        liar.tell(liar.sealed(liar.payload(EntryType.AGREEMENT, body, refs=(liar.desk.ref(held),))))
    pair.settle()
    found = [refusals_by(pair["bravo"], "bravo", EntryId("alpha", 1, first + number)) for number in range(2)]
    assert [refusal and refusal.code for refusal in found] == [RefusalCode.WRONG_STATE] * 2
    assert len(pair.desk("bravo").picture.force.standing()) == 1


def test_before_all_have_signed_nothing_is_suspended(tmp_path: Path) -> None:
    world = World(tmp_path)
    world["alpha"].sign()
    with pytest.raises(WrongStateError, match="PROPOSED"):
        suspend.suspend(world.desk("alpha"), "supervisor")
    liar = world["alpha"]
    said = EntryId("alpha", 1, liar.size)
    body = AgreementBody(step=AgreementStep.ENDED)
    liar.tell(liar.sealed(liar.payload(EntryType.AGREEMENT, body)))
    refusal = world.desk("alpha").views.refusal(said)
    assert refusal is not None
    assert refusal.code is RefusalCode.NOT_IN_FORCE
    world.close()


@pytest.mark.parametrize("types", [(EntryType.STOP,), (EntryType.SITE,), (EntryType.OPERATION, EntryType.AREA)])
def test_what_saves_lives_cannot_be_named_in_a_suspension(types: tuple[EntryType, ...]) -> None:
    with pytest.raises(InputError, match="all else goes on"):
        Scope(types)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_first_all_parties_show_the_same(three: World, seed: int) -> None:
    rng, desks = random.Random(seed), [station.desk for station in three.stations.values()]
    for _ in range(12):
        desk = rng.choice(desks)
        own = [view.id for view in desk.picture.force.standing() if view.sender == desk.party]
        if own and rng.random() < 0.5:
            suspend.resume(desk, "supervisor", rng.choice(own))
        else:
            suspend.suspend(desk, "supervisor", rng.choice([Scope(), AREAS, Scope((EntryType.OPERATION,))]))
        announce.send(desk, OFFICER, operation(volume(north_m=rng.uniform(0, 90_000.0))), Mode.EXERCISE)
        for _ in range(rng.randint(0, 12)):
            three.stir()
    three.settle()
    assert len({desk.picture.digest() for desk in desks}) == 1
    assert len({tuple(sorted((str(entry), view.state) for entry, view in desk.picture.notices.items())) for desk in desks}) == 1
    assert all(view.notice.kind is Kind.OPERATION for view in desks[0].picture.notices.values())
