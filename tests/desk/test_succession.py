"""Succession: a party goes on in a new epoch; nothing that stood is lost, nothing beyond the end counts, and nobody else can do it."""

from dataclasses import replace
from pathlib import Path

import pytest

from tafadi.desk import announce, hotline
from tafadi.desk.judge import judge_inbox
from tafadi.desk.listen import receive
from tafadi.desk.outgoing import held_by, is_far_behind
from tafadi.desk.succession import next_card, record_cards
from tafadi.errors import ChainError, DamagedError, InputError, MissingError, NotPermittedError, SessionError, SignatureError
from tafadi.model.agreement import KeyBody
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.line import Attempt
from tafadi.model.names import Mode
from tafadi.model.reply import AnswerCode, RefusalCode
from tafadi.store.fsck import verify
from tafadi.store.views import FoldedViews
from tafadi.trust.card import open_card, sign_card
from tafadi.trust.keys import SigningKey
from world import OFFICER, World, keys_of, operation, refusals_by, volume


def _digests(world: World) -> set[str]:
    return {station.desk.picture.digest() for station in world.stations.values()}


def _send(world: World, party: str, north_m: float = 0.0) -> EntryId:
    return announce.send(world.desk(party), OFFICER, operation(volume(north_m)), Mode.EXERCISE)


def test_a_party_goes_on_in_a_new_epoch_and_all_that_stood_stands(three: World) -> None:
    sent = _send(three, "alpha")
    three.settle()
    three["alpha"].renew()
    three.settle()
    hotline.answer(three.desk("bravo"), OFFICER, sent, AnswerCode.ACCEPTED)
    later = _send(three, "alpha", 30_000.0)
    three.settle()
    assert later == EntryId("alpha", 2, 2), "entry 0 is the agreement, entry 1 the card"
    assert len(_digests(three)) == 1
    for station in three.stations.values():
        assert station.desk.picture.notices[sent].sides["bravo"] == "ACCEPTED"
        assert station.desk.picture.notices[later].sides["charlie"] == "READ_BACK"
        assert set(station.desk.picture.cards["alpha/2"]) == {"alpha", "bravo", "charlie"}, "each said in its own feed that it goes by it"


def test_both_feeds_verify_and_the_old_receipts_still_count_as_proof(pair: World) -> None:
    _send(pair, "alpha")
    pair.settle()
    pair["alpha"].renew()
    pair["bravo"].renew()
    pair.settle()
    for station in pair.stations.values():
        reports = verify(station.sqlite, station.pact)
        assert [report.origin.rsplit("/", 2)[1:] for report in reports] == [["alpha", "1"], ["alpha", "2"], ["bravo", "1"], ["bravo", "2"]]
        assert not any(report.faults for report in reports)
    own = verify(pair["alpha"].sqlite, pair["alpha"].pact)[0]
    assert own.receipts == 2, "one of bravo's first mirror key, one of its second"


def test_what_was_not_yet_delivered_is_delivered_after_the_renewal(pair: World) -> None:
    pair.cut.add(frozenset(("alpha", "bravo")))
    sent = _send(pair, "alpha")
    pair["alpha"].renew()
    pair.cut.clear()
    pair.settle()
    assert pair.desk("bravo").picture.notices[sent].sides == {"bravo": "READ_BACK"}
    assert len(_digests(pair)) == 1


def test_entries_beyond_the_end_take_no_effect_anywhere_and_the_officers_are_told(three: World) -> None:
    """alpha was put back from a copy without charlie, who alone holds its last notice."""
    kept = _send(three, "alpha")
    three.settle()
    end = three["alpha"].size
    three.cut = {frozenset(("alpha", "bravo")), frozenset(("bravo", "charlie"))}
    lost = _send(three, "alpha", 30_000.0)
    three.settle()
    assert lost in three.desk("charlie").picture.notices
    three.cut = {frozenset(("bravo", "charlie"))}
    three["charlie"].take_card(three["alpha"].renew(end, keep=False))
    charlie = three.desk("charlie")
    assert lost not in charlie.picture.notices
    assert kept in charlie.picture.notices
    assert charlie.views.examined(lost).refusal is not None
    assert any("take no effect any more" in sentence for sentence in three["charlie"].bell.alarms)


def test_the_picture_is_the_same_whether_the_card_came_before_or_after_the_entries(three: World) -> None:
    _send(three, "alpha")
    three.settle()
    card = three["alpha"].renew()
    three["bravo"].take_card(card)
    _send(three, "bravo", 60_000.0)
    three.settle()
    assert len(_digests(three)) == 1
    for station in three.stations.values():
        assert FoldedViews(station.desk.journal, station.pact).picture.digest() in _digests(three)


def test_a_stop_in_the_new_epoch_is_heard_though_the_old_feed_is_not_whole_here(pair: World) -> None:
    """bravo holds nothing of what alpha said last; the new feed's entries wait for it, and the stop does not."""
    pair.cut.add(frozenset(("alpha", "bravo")))
    _send(pair, "alpha")
    card = pair["alpha"].renew()
    stop = hotline.raise_stop(pair.desk("alpha"), OFFICER, Mode.EXERCISE, ("everything",))
    pair["bravo"].take_card(card)
    receive(pair.desk("bravo"), pair["alpha"].push_of(0, pair["alpha"].size))
    judge_inbox(pair.desk("bravo"))
    assert stop in pair.desk("bravo").picture.stops
    assert any("STOP RAISED by alpha" in sentence for sentence in pair["bravo"].bell.alarms)
    pair.cut.clear()
    pair.settle()
    assert len(_digests(pair)) == 1


def test_whoever_still_has_the_old_keys_can_add_nothing_to_the_ended_feed(pair: World) -> None:
    end = pair["alpha"].size
    _send(pair, "alpha")
    more = pair["alpha"].push_of(end, end + 1)
    pair["bravo"].take_card(pair["alpha"].renew(end, keep=False))
    with pytest.raises(ChainError, match="has ended"):
        receive(pair.desk("bravo"), more)
    assert pair.desk("bravo").journal.head(pair["alpha"].pact.origins("alpha")[0]).frontier.size == end


def test_an_ended_feed_that_does_not_fit_into_one_push_goes_as_proved_packages(pair: World) -> None:
    pair.cut.add(frozenset(("alpha", "bravo")))
    for number in range(40):
        hotline.attempt(pair.desk("alpha"), OFFICER, Mode.EXERCISE, Attempt("radio", 1 + number, False, text="x" * 1_900))
    old = pair.desk("alpha").origin
    assert not is_far_behind(pair.desk("alpha"), old, 1)
    pair["alpha"].renew()
    assert not is_far_behind(pair.desk("alpha"), old, 1), "they fit"
    assert held_by(pair.desk("alpha"), "bravo", old) == 1


def test_only_the_root_key_that_the_agreement_names_can_renew(pair: World) -> None:
    bravo, alpha = pair["bravo"], pair["alpha"]
    stolen = SigningKey.from_seed(b"\7" * 32)
    own = open_card(alpha.renew(keep=False))
    with pytest.raises(NotPermittedError, match="is not signed by the root key"):
        next_card(bravo.pact, "bravo", sign_card(replace(own, root=stolen.public), stolen))
    with pytest.raises(NotPermittedError):
        next_card(bravo.pact, "bravo", keys_of("zulu", 2).card)
    for data in (b"", b"{}", keys_of("alpha", 2).card[:-9]):
        with pytest.raises((InputError, SignatureError)):
            next_card(bravo.pact, "bravo", data)


def test_a_card_that_is_known_is_taken_once_and_the_first_of_two_counts(pair: World) -> None:
    card = pair["alpha"].renew(keep=False)
    pair["bravo"].take_card(card)
    size = pair["bravo"].size
    pair["bravo"].take_card(card)
    record_cards(pair.desk("bravo"))
    assert pair["bravo"].size == size
    with pytest.raises(SessionError, match="two cards of epoch 2"):
        next_card(pair["bravo"].pact, "bravo", keys_of("alpha", 2).card)


def test_cards_are_taken_in_their_order_and_old_ones_change_nothing(pair: World) -> None:
    bravo = pair["bravo"]
    first = keys_of("alpha", 1).card
    with pytest.raises(MissingError, match="came before the one for epoch 2"):
        next_card(bravo.pact, "bravo", keys_of("alpha", 3).card)
    assert next_card(bravo.pact, "bravo", first) is None


def test_a_node_that_meets_a_newer_card_of_its_own_party_stops(pair: World) -> None:
    card = pair["alpha"].renew(keep=False)
    with pytest.raises(DamagedError, match="another node of this party has taken over"):
        next_card(pair["alpha"].pact, "alpha", card)


def test_an_end_that_is_not_in_the_feed_that_is_held_here_alarms(pair: World) -> None:
    last = replace(open_card(pair["alpha"].renew(keep=False)).ends[0], root=b"\7" * 32)
    pair["bravo"].take_card(keys_of("alpha", 2, (last,)).card)
    assert any("is not in the feed that is held here" in sentence for sentence in pair["bravo"].bell.alarms)


def test_a_key_entry_with_a_card_that_the_agreement_does_not_know_is_refused(pair: World) -> None:
    alpha = pair["alpha"]
    for card in (keys_of("zulu", 2).card, b"no card", b""):
        alpha.tell(alpha.sealed(alpha.payload(EntryType.KEY, KeyBody(card))))
    pair.settle()
    for index in range(alpha.size - 3, alpha.size):
        assert refusals_by(pair["alpha"], "bravo", EntryId("alpha", 1, index)).code is RefusalCode.NOT_USABLE  # type: ignore[union-attr]


def test_nothing_is_recorded_before_the_agreement_is_signed(tmp_path: Path) -> None:
    fresh = World(tmp_path)
    fresh["bravo"].take_card(fresh["alpha"].renew(keep=False))
    assert fresh["bravo"].size == 0
    fresh.close()
