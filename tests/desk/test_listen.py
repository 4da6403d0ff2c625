"""Pushes that are right, wrong, doubled or forked, and entries that claim to have seen what is not there."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.desk import announce, hotline
from tafadi.desk.judge import judge_inbox, pair_to_compute
from tafadi.desk.listen import Cosigned, receive
from tafadi.desk.outgoing import held_by, next_push, take_receipt
from tafadi.errors import ChainError, EquivocationError, FormatError, MissingError, SignatureError, TafadiError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.line import Attempt, Stop, StopStep
from tafadi.model.names import Mode
from tafadi.model.operation import NoticeBody, NoticeStep
from tafadi.store.fsck import verify
from tafadi.trust.checkpoint import Checkpoint, cosign, sign_checkpoint
from tafadi.trust.evidence import open_evidence
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.mirror import WrongSize
from tafadi.trust.push import Push, encode_push
from world import OFFICER, Station, World, make_agreement, operation, volume


def _notice_leaf(station: Station, east_m: float = 0.0, **heading: object) -> bytes:
    body = NoticeBody(NoticeStep.NEW, operation(volume(east_m=east_m)))
    return station.sealed(station.payload(EntryType.OPERATION, body, **heading))


def _announce(world: World, party: str, east_m: float = 0.0) -> EntryId:
    return announce.send(world.desk(party), OFFICER, operation(volume(east_m=east_m)), Mode.EXERCISE)


def _fork_push(station: Station, *leaves: bytes, keep: int) -> bytes:
    """A push of another history of the station's feed: its first `keep` entries, then these."""
    hashes = station.desk.journal.leaf_hashes(station.desk.origin)[:keep] + [leaf_hash(leaf) for leaf in leaves]
    frontier = Frontier().extend(hashes)
    note = sign_checkpoint(Checkpoint(station.desk.origin, frontier.size, frontier.root()), station.identity.log)
    return encode_push(Push(station.desk.origin, keep, leaves, note))


def test_rule_02_a_push_that_comes_twice_is_answered_twice_and_stored_once(pair: World) -> None:
    _announce(pair, "alpha")
    push = pair["alpha"].push_of(1, 2)
    bravo = pair.desk("bravo")
    first = receive(bravo, push)
    pair.clock.wait(5.0)
    second = receive(bravo, push)
    assert isinstance(first, Cosigned)
    assert isinstance(second, Cosigned)
    assert first.line != second.line, "the cosignature is renewed, with its own time"
    assert len(bravo.journal.leaves(pair["alpha"].desk.origin, 0, 99)) == 2
    judge_inbox(bravo)
    judge_inbox(bravo)
    assert [view.readbacks.keys() for view in bravo.picture.notices.values()] == [{"bravo"}]
    assert pair["bravo"].size == 2, "one read-back and no other"


def test_a_receipt_that_was_lost_on_the_way_comes_again_with_the_push(pair: World) -> None:
    _announce(pair, "alpha")
    push = next_push(pair.desk("alpha"), 1)
    assert push is not None
    receive(pair.desk("bravo"), encode_push(push))  # and its answer is lost
    again = receive(pair.desk("bravo"), encode_push(push))
    assert isinstance(again, Cosigned)
    take_receipt(pair.desk("alpha"), "bravo", 2, again.line)
    assert held_by(pair.desk("alpha"), "bravo") == 2


def test_a_receipt_that_was_lost_on_the_way_comes_with_the_next_heartbeat(pair: World) -> None:
    _announce(pair, "alpha")
    receive(pair.desk("bravo"), pair["alpha"].push_of(1, 2))
    assert held_by(pair.desk("alpha"), "bravo") == 1
    pair.beat("bravo", "alpha")
    assert held_by(pair.desk("alpha"), "bravo") == 2


def test_an_empty_push_renews_the_receipt(pair: World) -> None:
    outcome = receive(pair.desk("bravo"), pair["alpha"].push_of(1, 1))
    assert isinstance(outcome, Cosigned)


def test_a_push_with_a_gap_is_told_what_is_held(pair: World) -> None:
    _announce(pair, "alpha")
    _announce(pair, "alpha", 30_000.0)
    assert receive(pair.desk("bravo"), pair["alpha"].push_of(2, 3)) == WrongSize(1)
    assert pair.desk("bravo").journal.head(pair["alpha"].desk.origin).frontier.size == 1


def test_an_old_push_never_gets_a_receipt_for_what_came_after_it(pair: World) -> None:
    _announce(pair, "alpha")
    old = pair["alpha"].push_of(1, 2)
    _announce(pair, "alpha", 30_000.0)
    pair.settle()
    assert receive(pair.desk("bravo"), old) == WrongSize(3)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=400))
def test_bytes_that_are_no_push_are_refused_in_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    world = _shared_world(tmp_path_factory)
    with pytest.raises(TafadiError):
        receive(world.desk("bravo"), data)


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 2_000), byte=st.integers(1, 255))
def test_a_push_with_one_byte_changed_is_refused_or_is_another_place(tmp_path_factory: pytest.TempPathFactory, at: int, byte: int) -> None:
    world = _shared_world(tmp_path_factory)
    data = bytearray(world["alpha"].push_of(0, 1))
    data[at % len(data)] ^= byte
    held = world.desk("bravo").journal.head(world["alpha"].desk.origin).frontier.size
    try:
        outcome = receive(world.desk("bravo"), bytes(data))
    except TafadiError:
        outcome = WrongSize(held)
    assert outcome == WrongSize(held) or isinstance(outcome, Cosigned)
    assert world.desk("bravo").journal.head(world["alpha"].desk.origin).frontier.size == held


_WORLDS: dict[int, World] = {}


def _shared_world(factory: pytest.TempPathFactory) -> World:
    """One world for all examples: none of them may change it."""
    if not _WORLDS:
        _WORLDS[0] = World(factory.mktemp("pushes"))
        _WORLDS[0].sign()
    return _WORLDS[0]


def test_a_push_of_a_feed_that_is_not_mirrored_here_is_refused(pair: World) -> None:
    note = sign_checkpoint(Checkpoint("tafadi.v1/other/alpha/1", 0, Frontier().root()), pair["alpha"].identity.log)
    with pytest.raises(MissingError, match="not a feed that this node mirrors"):
        receive(pair.desk("bravo"), encode_push(Push("tafadi.v1/other/alpha/1", 0, (), note)))
    with pytest.raises(MissingError):
        receive(pair.desk("alpha"), pair["alpha"].push_of(0, 1))


def test_a_push_signed_by_another_key_is_refused(pair: World) -> None:
    _announce(pair, "alpha")
    push = pair["alpha"].push_of(1, 2)
    note = sign_checkpoint(Checkpoint(pair["alpha"].desk.origin, 2, Frontier().root()), pair["bravo"].identity.log)
    cut = push.index(pair["alpha"].desk.origin.encode(), 30)
    with pytest.raises(SignatureError):
        receive(pair.desk("bravo"), push[:cut] + note)


def test_two_roots_at_one_size_are_kept_once_and_alarmed_once_and_the_rest_goes_on(three: World) -> None:
    _announce(three, "alpha")
    three.settle()
    bravo = three.desk("bravo")
    fork = _fork_push(three["alpha"], _notice_leaf(three["alpha"], 30_000.0, index=1), keep=1)
    for _ in range(3):
        with pytest.raises(EquivocationError):
            receive(bravo, fork)
    (exhibit,) = bravo.journal.exhibits()
    evidence, card = open_evidence(exhibit.data)
    assert (str(evidence.kind), card.party) == ("two-roots-at-one-size", "alpha")
    assert sum("two different histories" in sentence for sentence in three["bravo"].bell.alarms) == 1

    said = _announce(three, "charlie", 60_000.0)
    three.settle()
    assert "bravo" in bravo.picture.notices[said].readbacks
    assert all(not report.faults for report in verify(three["bravo"].sqlite, three.pact))


def test_a_longer_history_that_is_not_ours_is_no_proof_and_is_not_taken(pair: World) -> None:
    _announce(pair, "alpha")
    pair.settle()
    leaves = [_notice_leaf(pair["alpha"], 1_000.0 * number, index=number) for number in (1, 2, 3)]
    longer = _fork_push(pair["alpha"], *leaves, keep=1)
    assert receive(pair.desk("bravo"), longer) == WrongSize(pair["alpha"].size)
    size = pair["alpha"].size
    graft = encode_push(Push(pair["alpha"].desk.origin, size, tuple(leaves[:1]), _longer_note(pair["alpha"], leaves, size)))
    with pytest.raises(ChainError):
        receive(pair.desk("bravo"), graft)
    assert pair.desk("bravo").journal.exhibits() == []


def _longer_note(station: Station, leaves: list[bytes], size: int) -> bytes:
    frontier = Frontier().extend([leaf_hash(leaf) for leaf in (leaves * 9)[: size + 1]])
    return sign_checkpoint(Checkpoint(station.desk.origin, size + 1, frontier.root()), station.identity.log)


# What is said to have been seen


def test_rule_09_an_entry_that_claims_to_have_seen_the_future_is_stored_and_waits_and_is_told(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    alpha.tell(_notice_leaf(alpha, seen=(alpha.seen(bravo, 50, b"\7" * 32),)))
    pair.settle()
    assert held_by(alpha.desk, "bravo") == alpha.size, "it is stored and cosigned"
    (view,) = bravo.desk.picture.notices.values()
    assert bravo.desk.journal.unjudged() != [], "it is shown, and not yet judged"
    assert any("alpha/1/1" in sentence and "waits" in sentence for sentence in bravo.bell.alarms)
    pair.clock.wait(bravo.desk.pact.agreement.timing.wait_s)
    pair.settle()
    assert alpha.desk.origin not in dict(bravo.desk.journal.unjudged()), "within the agreement's bound it is judged all the same"
    assert bravo.desk.picture.notices[view.id].readbacks.keys() == {"bravo"}


def test_a_stop_is_heard_though_its_sender_has_seen_what_is_not_here(three: World) -> None:
    three.cut.add(frozenset(("alpha", "charlie")))
    _announce(three, "charlie", 40_000.0)
    three.settle()
    raised = hotline.raise_stop(three.desk("bravo"), OFFICER, Mode.EXERCISE, ("sky/1",))
    three.settle()
    alpha = three.desk("alpha")
    assert raised in alpha.picture.stops
    hotline.acknowledge(alpha, OFFICER, raised, ())
    three.settle()
    assert three.desk("bravo").picture.stops[raised].sides["alpha"] == "HEARD"


def test_a_stop_that_waits_for_what_it_has_seen_is_alarmed_at_once(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    stop = alpha.payload(EntryType.STOP, Stop(StopStep.RAISED, ("alpha/1/0",)), seen=(alpha.seen(bravo, 50, b"\7" * 32),))
    alpha.tell(alpha.sealed(stop))
    pair.settle()
    assert any("STOP" in sentence for sentence in bravo.bell.alarms)


def test_rule_09_who_lies_about_what_it_has_seen_holds_up_nobody_elses_feed(three: World) -> None:
    alpha, bravo = three["alpha"], three["bravo"]
    alpha.tell(_notice_leaf(alpha, seen=(alpha.seen(bravo, 10**12, b"\7" * 32), alpha.seen(three["charlie"], 10**12, b"\7" * 32))))
    three.settle()
    said = _announce(three, "bravo", 40_000.0)
    three.settle()
    for party in ("bravo", "charlie"):
        assert said in three.desk(party).picture.notices
    assert three.desk("bravo").picture.notices[said].readbacks.keys() >= {"charlie"}
    assert three.desk("bravo").picture.digest() == three.desk("charlie").picture.digest()
    assert bravo.desk.views.size(bravo.desk.origin) == bravo.size


def test_what_was_seen_elsewhere_first_is_judged_when_it_comes(three: World) -> None:
    three.cut.add(frozenset(("alpha", "charlie")))
    first = _announce(three, "alpha")
    three.settle()
    second = _announce(three, "bravo", 40_000.0)
    three.settle()
    charlie = three.desk("charlie")
    assert second in charlie.picture.notices, "bravo had seen alpha's notice; charlie has not got that, and is shown bravo's all the same"
    assert not charlie.views.holds(second), "which has not got its place yet"
    three.cut.clear()
    three.settle()
    assert {first, second} <= charlie.picture.notices.keys()
    assert len({three.desk(party).picture.digest() for party in three.stations}) == 1


def test_a_receipt_for_more_than_there_is_is_not_kept(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    claimed = Checkpoint(alpha.desk.origin, 9, Frontier().root())
    line = cosign(claimed, pair.pact.mirror("bravo"), bravo.identity.mirror, pair.clock.now())
    with pytest.raises(TafadiError):
        take_receipt(alpha.desk, "bravo", 9, line)
    with pytest.raises(FormatError):
        take_receipt(alpha.desk, "bravo", 1, "no receipt at all")
    assert held_by(alpha.desk, "bravo") == 1


def test_storing_goes_on_while_an_entry_waits(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    bound = bravo.size + 1
    alpha.tell(_notice_leaf(alpha, seen=(alpha.seen(bravo, bound, b"\7" * 32),)))
    alpha.tell(_notice_leaf(alpha, 30_000.0))
    pair.settle()
    assert held_by(alpha.desk, "bravo") == alpha.size
    hotline.attempt(bravo.desk, OFFICER, Mode.EXERCISE, Attempt("telephone", 1, False))
    pair.settle()
    assert len(bravo.desk.picture.notices) == 2, "what it had claimed has come to pass, and both are judged"
    assert any("alpha/1/1 says it has seen a history" in sentence for sentence in bravo.bell.alarms), "with a root that nobody signed"


def test_three_parties_of_which_one_is_cut_off_still_talk(tmp_path: Path) -> None:
    world = World(tmp_path, agreement=make_agreement(("alpha", "bravo", "charlie")))
    world.sign()
    world.cut = {frozenset(("alpha", "charlie")), frozenset(("bravo", "charlie"))}
    said = _announce(world, "alpha")
    world.settle()
    assert "bravo" in world.desk("alpha").picture.notices[said].readbacks
    world.close()


def test_a_stop_is_judged_before_a_notice_that_the_engine_has_yet_to_compute(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    _announce(pair, "bravo", 60_000.0)
    pair.settle()
    held = held_by(alpha.desk, "bravo")
    alpha.tell(_notice_leaf(alpha, 30_000.0))
    alpha.tell(alpha.sealed(alpha.payload(EntryType.STOP, Stop(StopStep.RAISED, ("sky/1",)))))
    receive(bravo.desk, alpha.push_of(held, alpha.size))
    judge_inbox(bravo.desk, at_once_only=True)
    assert any("STOP RAISED by alpha" in sentence for sentence in bravo.bell.alarms)
    assert pair_to_compute(bravo.desk) is not None, "the notice waits for the engine"
    while (work := pair_to_compute(bravo.desk)) is not None:
        announce.judged_pair(bravo.desk, *work)
        judge_inbox(bravo.desk, at_once_only=True)
    assert bravo.desk.journal.unjudged() == []
