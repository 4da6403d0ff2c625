"""Succession: a party goes on in a new epoch; nothing that stood is lost, nothing beyond the end counts, and nobody else can do it."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from tafadi.desk import announce, hotline
from tafadi.desk.judge import judge_inbox
from tafadi.desk.listen import Cosigned, add_checkpoint, add_entries, receive
from tafadi.desk.outgoing import held_by, is_far_behind, next_checkpoint, next_entries
from tafadi.desk.ports import Change, Exhibit
from tafadi.desk.proof import PROOFS_MAX, evidence_of, take_evidence
from tafadi.desk.pulse import hear
from tafadi.desk.succession import next_card, record_cards
from tafadi.errors import (
    ChainError,
    DamagedError,
    EquivocationError,
    InputError,
    MissingError,
    NotPermittedError,
    SessionError,
    SignatureError,
)
from tafadi.model.agreement import KeyBody
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.line import Attempt
from tafadi.model.names import Mode
from tafadi.model.reply import AnswerCode, RefusalCode
from tafadi.store.fsck import verify
from tafadi.store.views import FoldedViews
from tafadi.trust.card import open_card, sign_card
from tafadi.trust.catchup import Elsewhere
from tafadi.trust.checkpoint import Checkpoint, sign_checkpoint
from tafadi.trust.evidence import compare_checkpoints, encode_evidence
from tafadi.trust.heartbeat import encode_heartbeat
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.push import Push, encode_push
from world import OFFICER, World, keys_of, make_agreement, operation, refusals_by, volume


def _digests(world: World) -> set[str]:
    return {station.desk.picture.digest() for station in world.stations.values()}


def _send(world: World, party: str, north_m: float = 0.0) -> EntryId:
    return announce.send(world.desk(party), OFFICER, operation(volume(north_m)), Mode.EXERCISE)


def test_rule_15_a_party_goes_on_in_a_new_epoch_and_all_that_stood_stands(three: World) -> None:
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


def test_rule_14_only_the_root_key_that_the_agreement_names_can_renew(pair: World) -> None:
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


def test_rule_15_a_node_that_meets_a_newer_card_of_its_own_party_stops(pair: World) -> None:
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


def test_a_thief_cannot_fill_what_a_mirror_still_lacks_of_an_ended_feed_with_words_of_his_own(pair: World) -> None:
    """bravo holds one entry of alpha's two when the card comes; whoever has the old keys signs another second."""
    alpha, bravo = pair["alpha"], pair["bravo"]
    pair.cut.add(frozenset(("alpha", "bravo")))
    held = alpha.size
    _send(pair, "alpha")
    true = alpha.push_of(held, held + 1)
    false = Push(alpha.desk.origin, held, (alpha.sealed(alpha.payload(EntryType.ATTEMPT, Attempt("radio", 1, False), index=held)),), b"")
    hashes = [*alpha.desk.journal.leaf_hashes(alpha.desk.origin)[:held], leaf_hash(false.entries[0])]
    note = sign_checkpoint(Checkpoint(alpha.desk.origin, held + 1, Frontier().extend(hashes).root()), alpha.identity.log)
    bravo.take_card(alpha.renew(keep=False))
    with pytest.raises(ChainError, match="another cannot be taken"):
        receive(bravo.desk, encode_push(replace(false, checkpoint=note)))
    assert isinstance(receive(bravo.desk, true), Cosigned)
    assert bravo.desk.journal.evidence() == []


def test_a_part_of_what_is_missing_of_an_ended_feed_is_not_taken_either(pair: World) -> None:
    pair.cut.add(frozenset(("alpha", "bravo")))
    held = pair["alpha"].size
    for north_m in (0.0, 40_000.0):
        _send(pair, "alpha", north_m)
    part, whole = pair["alpha"].push_of(held, held + 1), pair["alpha"].push_of(held, held + 2)
    pair["bravo"].take_card(pair["alpha"].renew(keep=False))
    with pytest.raises(ChainError):
        receive(pair.desk("bravo"), part)
    assert isinstance(receive(pair.desk("bravo"), whole), Cosigned)


def test_a_checkpoint_that_was_pending_when_the_feed_ended_leads_nowhere_any_more(pair: World) -> None:
    """Before the card the old keys had moved bravo's pending checkpoint beyond what the card lets stand."""
    alpha, bravo = pair["alpha"], pair["bravo"]
    end = alpha.size
    origin = alpha.desk.origin
    _send(pair, "alpha")
    assert add_checkpoint(bravo.desk, next_checkpoint(alpha.desk, origin, end)) is None
    entries = next_entries(alpha.desk, origin, end, alpha.size)
    bravo.take_card(alpha.renew(end, keep=False))
    assert bravo.desk.journal.head(origin).pending is None
    assert isinstance(add_entries(bravo.desk, entries), Elsewhere)
    assert bravo.desk.journal.head(origin).frontier.size == end
    with pytest.raises(ChainError):
        add_checkpoint(bravo.desk, next_checkpoint(alpha.desk, origin, end))


def test_who_holds_more_than_the_end_still_gives_a_receipt_for_the_end(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    pair.settle()
    end = alpha.size
    to_the_end = alpha.push_of(0, end)
    _send(pair, "alpha")
    receive(bravo.desk, alpha.push_of(end, end + 1))
    bravo.take_card(alpha.renew(end, keep=False))
    assert isinstance(receive(bravo.desk, to_the_end), Cosigned)


def test_a_card_with_a_key_of_another_party_or_of_an_earlier_epoch_is_refused(pair: World) -> None:
    """With bravo's certificate on alpha's card, who would be speaking over that connection?"""
    root = SigningKey.from_seed(hashlib.sha256(b"alpha/root").digest())
    true = open_card(pair["alpha"].renew(keep=False))
    bravo, first = open_card(keys_of("bravo").card), open_card(keys_of("alpha").card)
    stolen = (
        {"tls_certificate": bravo.tls_certificate},
        {"log": bravo.log},
        {"operators": bravo.operators},
        {"log": first.log},
        {"envelope": first.mirror},
    )
    for change in stolen:
        with pytest.raises(InputError, match="has a key of"):
            next_card(pair["bravo"].pact, "bravo", sign_card(replace(true, **change), root))


def test_two_histories_of_an_ended_feed_are_kept_and_do_not_stop_the_party_that_has_gone_on(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    pair.settle()
    old, size, log = alpha.desk.origin, alpha.size, alpha.identity.log
    alpha.renew()
    pair.settle()
    false = sign_checkpoint(Checkpoint(old, size, b"\7" * 32), log)
    with pytest.raises(EquivocationError):
        hear(alpha.desk, "bravo", encode_heartbeat(pair.pact.id, "bravo", 1, pair.clock.now(), [false], bravo.identity.envelope))
    assert len(alpha.desk.journal.evidence()) == 1
    assert any("or whoever has its old keys" in sentence for sentence in alpha.bell.alarms)


def test_proofs_about_an_ended_feed_do_not_crowd_out_one_about_the_newest(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    pair.settle()
    old, log = alpha.desk.origin, alpha.identity.log
    pair["bravo"].take_card(alpha.renew())
    pair.settle()

    def forked(origin: str, byte: int, key: SigningKey) -> bytes:
        one, other = (sign_checkpoint(Checkpoint(origin, 3, bytes([number]) * 32), key) for number in (0, byte))
        evidence = compare_checkpoints(one, other, key.public)
        assert evidence is not None
        return encode_evidence(evidence, bravo.pact.signed(origin).data)

    for byte in range(1, PROOFS_MAX + 4):
        take_evidence(bravo.desk, forked(old, byte, log))
    bravo.bell.alarms.clear()
    take_evidence(bravo.desk, forked(alpha.desk.origin, 1, alpha.identity.log))
    assert len(bravo.desk.journal.evidence()) == PROOFS_MAX + 1
    assert bravo.bell.alarms == ["alpha signed two different histories of its feed; the proof is kept"]


def test_proofs_of_another_agreement_are_nobodys_business_here(pair: World, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = World(tmp_path / "other", agreement=make_agreement(("bravo", "charlie")))
    charlie = other["charlie"].identity.log
    notes = [sign_checkpoint(Checkpoint(other.desk("charlie").origin, 3, bytes([byte]) * 32), charlie) for byte in (1, 2)]
    evidence = compare_checkpoints(notes[0], notes[1], charlie.public)
    assert evidence is not None
    exhibit = Exhibit(evidence.kind, encode_evidence(evidence, keys_of("charlie").card))
    pair.desk("bravo").journal.commit(Change(exhibits=(exhibit,)))
    assert evidence_of(pair.desk("bravo")) == []
    assert pair.desk("bravo").journal.evidence() == [exhibit]
    other.close()
