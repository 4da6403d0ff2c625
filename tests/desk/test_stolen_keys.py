"""The table of stolen keys in docs/attack-model.md, row by row: what the thief of one key can, and what he cannot.

Rule 4 says why the rows differ: each key has one use. The row of the TLS key needs connections: tests/cli/test_key.py.
"""

from dataclasses import replace

import pytest

from tafadi.desk import hotline
from tafadi.desk.listen import receive
from tafadi.desk.outgoing import held_by, take_receipt
from tafadi.desk.pulse import hear
from tafadi.desk.sealing import confide, key_to
from tafadi.errors import DamagedError, EquivocationError, NotPermittedError, SignatureError
from tafadi.model.entry import EntryId, EntryType, Operator
from tafadi.model.line import Attempt, Stop, StopStep
from tafadi.model.names import Mode
from tafadi.model.reply import RefusalCode
from tafadi.model.sealed import Confided, Sealed
from tafadi.trust.card import CARD_TYPE, open_card, sign_card, write_request
from tafadi.trust.checkpoint import Checkpoint, cosign, sign_checkpoint
from tafadi.trust.dsse import wrap
from tafadi.trust.heartbeat import encode_heartbeat
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.push import Push, encode_push
from tafadi.trust.sealed import decrypt, unwrap_key
from world import OFFICER, Station, World, keys_of, refusals_by

OWN = SigningKey.from_seed(b"\x66" * 32)  # the thief's own key, in the place of each that he has not


def next_push(station: Station, leaf: bytes, log: SigningKey) -> bytes:
    """One entry more at the end of the feed, under a checkpoint that this key signs."""
    held = station.size
    hashes = [*station.desk.journal.leaf_hashes(station.desk.origin), leaf_hash(leaf)]
    note = sign_checkpoint(Checkpoint(station.desk.origin, held + 1, Frontier().extend(hashes).root()), log)
    return encode_push(Push(station.desk.origin, held, (leaf,), note))


def stop_of(station: Station, envelope: SigningKey, operator: SigningKey) -> bytes:
    """A stop in the name of the officer, under these two keys."""
    spoken = Operator(OFFICER, station.identity.operators[OFFICER].public.id)
    payload = station.payload(EntryType.STOP, Stop(StopStep.RAISED, ("sky/1",)), operator=spoken)
    return station.sealed(payload, envelope, operator)


def test_rule_04_with_the_envelope_key_alone_nothing_is_cosigned_and_nobody_speaks_as_an_officer(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    said = alpha.sealed(alpha.payload(EntryType.ATTEMPT, Attempt("radio", 1, False)))
    with pytest.raises(SignatureError):
        receive(bravo.desk, next_push(alpha, said, OWN))
    with pytest.raises(SignatureError):  # nor is the envelope key one for checkpoints
        receive(bravo.desk, next_push(alpha, said, alpha.identity.envelope))
    alpha.tell(stop_of(alpha, alpha.identity.envelope, OWN))  # with the log key besides: stored, and without effect
    pair.settle()
    refusal = refusals_by(alpha, "bravo", EntryId("alpha", 1, alpha.size - 1))
    assert refusal is not None
    assert refusal.code is RefusalCode.NOT_ON_ROSTER
    assert bravo.desk.picture.stops == {}


def test_rule_04_with_an_operators_key_alone_nobody_speaks_and_with_the_nodes_besides_the_thief_says_stop(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    officer = alpha.identity.operators[OFFICER]
    alpha.tell(stop_of(alpha, OWN, officer))
    pair.settle()
    refusal = refusals_by(alpha, "bravo", EntryId("alpha", 1, alpha.size - 1))
    assert refusal is not None
    assert refusal.code is RefusalCode.BAD_SIGNATURE
    alpha.tell(stop_of(alpha, alpha.identity.envelope, officer))
    pair.settle()
    assert len(bravo.desk.picture.stops) == 1, "with all of them he is that party, until somebody notices"


def test_rule_04_with_the_log_key_alone_a_second_history_convicts_the_party_and_no_entry_takes_effect(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    receive(
        bravo.desk, next_push(alpha, alpha.sealed(alpha.payload(EntryType.ATTEMPT, Attempt("radio", 1, False)), OWN), alpha.identity.log)
    )
    pair.judge()
    assert refusals_by(bravo, "bravo", EntryId("alpha", 1, alpha.size)) is not None
    assert bravo.desk.picture.attempts == {}
    false = sign_checkpoint(Checkpoint(alpha.desk.origin, alpha.size, b"\7" * 32), alpha.identity.log)
    with pytest.raises(EquivocationError):
        hear(bravo.desk, "alpha", encode_heartbeat(pair.pact.id, "alpha", 1, pair.clock.now(), [false], alpha.identity.envelope))
    assert len(bravo.desk.journal.evidence()) == 1


def test_rule_04_with_the_mirror_key_alone_he_gives_receipts_until_a_new_card_and_nothing_else(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    pair.settle()
    pair.cut.add(frozenset(("alpha", "bravo")))
    hotline.attempt(alpha.desk, OFFICER, Mode.EXERCISE, Attempt("radio", 1, False))
    held = Checkpoint(alpha.desk.origin, alpha.size, Frontier().extend(alpha.desk.journal.leaf_hashes(alpha.desk.origin)).root())
    take_receipt(alpha.desk, "bravo", alpha.size, cosign(held, alpha.pact.mirror("bravo"), bravo.identity.mirror, pair.clock.now()))
    assert held_by(alpha.desk, "bravo") == alpha.size > bravo.desk.journal.head(alpha.desk.origin).frontier.size, (
        "it says stored, and is not"
    )
    alpha.take_card(bravo.renew())
    assert held_by(alpha.desk, "bravo") == 0, "receipts of the old mirror do not count any more"
    with pytest.raises(SignatureError):
        receive(bravo.desk, next_push(alpha, b"{}", bravo.identity.mirror))


def test_rule_04_with_the_hpke_key_alone_he_reads_what_was_sealed_in_that_epoch_and_signs_nothing(pair: World) -> None:
    alpha, bravo = pair["alpha"], pair["bravo"]
    stolen = bravo.identity.hpke
    entry = confide(alpha.desk, OFFICER, Mode.EXERCISE, Confided("where they are"), b"\5" * 32)
    pair.settle()
    said = alpha.desk.views.examined(entry).message
    assert said is not None
    assert isinstance(said.body, Sealed)
    key = said.body.key_of("bravo")
    assert key is not None
    commitment, place = bytes.fromhex(said.body.commitment), said.origin.encode()
    assert b"where they are" in decrypt(unwrap_key(key.wrapped, stolen, commitment, place), said.body.ciphertext, commitment, place)
    alpha.take_card(bravo.renew())
    later = confide(alpha.desk, OFFICER, Mode.EXERCISE, Confided("where they are now"), b"\6" * 32)
    pair.settle()
    after = alpha.desk.views.examined(later).message
    assert after is not None
    assert isinstance(after.body, Sealed)
    key = after.body.key_of("bravo")
    assert key is not None
    with pytest.raises(SignatureError):
        unwrap_key(key.wrapped, stolen, bytes.fromhex(after.body.commitment), place)
    assert key_to(bravo.desk, later) == b"\6" * 32


def test_rule_14_the_root_key_alone_takes_a_party_over_and_never_unseen(pair: World) -> None:
    """The thief makes a card with keys of his own. alpha's node stops, bravo's officers are told, and both records hold the card."""
    alpha, bravo = pair["alpha"], pair["bravo"]
    card = alpha.renew(keep=False)
    bravo.take_card(card)
    assert any("goes on with the keys of epoch 2, as its root key signed" in told for told in bravo.bell.alarms)
    assert "alpha/2" in bravo.desk.picture.cards
    with pytest.raises(DamagedError, match="another node of this party has taken over"):
        alpha.take_card(card)


def test_rule_14_no_other_key_can_renew_or_revoke(pair: World) -> None:
    """Each of alpha's other keys signs the next card, in its own name and in the root's."""
    alpha, bravo = pair["alpha"], pair["bravo"]
    true = open_card(alpha.renew(keep=False))
    others = (alpha.identity.envelope, alpha.identity.log, alpha.identity.mirror, *alpha.identity.operators.values(), OWN)
    for key in others:
        with pytest.raises(SignatureError):
            bravo.take_card(wrap(CARD_TYPE, write_request(true), key))
    with pytest.raises(NotPermittedError, match="is not signed by the root key"):
        bravo.take_card(sign_card(replace(true, root=OWN.public), OWN))
    assert bravo.pact.cards["alpha"] == open_card(keys_of("alpha").card)
