"""Heartbeats: forks show within one round, clocks that differ are told, and nobody beats for another."""

import pytest

from tafadi.desk import announce
from tafadi.desk.listen import receive
from tafadi.desk.proof import PROOFS_MAX, take_evidence
from tafadi.desk.pulse import beat, hear
from tafadi.errors import (
    DamagedError,
    EquivocationError,
    FormatError,
    NotPermittedError,
    PeerError,
    SessionError,
    SignatureError,
)
from tafadi.model.entry import EntryType
from tafadi.model.names import Mode
from tafadi.model.operation import NoticeBody, NoticeStep
from tafadi.trust.checkpoint import Checkpoint, sign_checkpoint
from tafadi.trust.evidence import Contradiction, compare_checkpoints, encode_evidence, open_evidence
from tafadi.trust.heartbeat import encode_heartbeat, open_heartbeat
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.push import Push, encode_push
from world import OFFICER, World, keys_of, make_agreement, operation, volume


def _second_history(world: World) -> bytes:
    """alpha's push of another entry 1 than the one that bravo was given."""
    alpha = world["alpha"]
    body = NoticeBody(NoticeStep.NEW, operation(volume(30_000.0)))
    leaf = alpha.sealed(alpha.payload(EntryType.OPERATION, body, index=1))
    frontier = Frontier().extend([*alpha.desk.journal.leaf_hashes(alpha.desk.origin)[:1], leaf_hash(leaf)])
    return encode_push(
        Push(alpha.desk.origin, 1, (leaf,), sign_checkpoint(Checkpoint(alpha.desk.origin, 2, frontier.root()), alpha.identity.log))
    )


def test_rule_11_two_parties_that_were_told_two_histories_find_out_within_one_heartbeat(three: World) -> None:
    announce.send(three.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    receive(three.desk("bravo"), three["alpha"].push_of(1, 2))
    receive(three.desk("charlie"), _second_history(three))
    with pytest.raises(EquivocationError):
        three.beat("bravo", "charlie")
    with pytest.raises(EquivocationError):
        three.beat("charlie", "bravo")
    for party in ("bravo", "charlie"):
        (exhibit,) = three.desk(party).journal.exhibits()
        _, card = open_evidence(exhibit.data)
        assert card.party == "alpha"
        assert any("alpha signed two different histories" in sentence for sentence in three[party].bell.alarms)
    three.beat("alpha", "bravo")


def test_rule_11_histories_of_different_lengths_are_found_out_and_the_proof_reaches_the_one_who_holds_less(three: World) -> None:
    """bravo holds three entries of alpha's one story, charlie two of the other: charlie alone could not tell."""
    for north_m in (0.0, 60_000.0):
        announce.send(three.desk("alpha"), OFFICER, operation(volume(north_m)), Mode.EXERCISE)
    receive(three.desk("bravo"), three["alpha"].push_of(1, 3))
    receive(three.desk("charlie"), _second_history(three))
    three.beat("bravo", "charlie")
    assert three.desk("charlie").journal.evidence() == [], "the shorter history shows nothing"
    with pytest.raises(EquivocationError):
        three.beat("charlie", "bravo")
    (exhibit,) = three.desk("bravo").journal.evidence()
    evidence, card = open_evidence(exhibit.data)
    assert (evidence.kind, card.party) == (Contradiction.NO_COMMON_TREE, "alpha")
    take_evidence(three.desk("charlie"), exhibit.data)
    take_evidence(three.desk("charlie"), exhibit.data)
    assert three.desk("charlie").journal.evidence() == [exhibit]
    assert [sentence for sentence in three["charlie"].bell.alarms if "two different histories" in sentence] == [
        "alpha signed two different histories of its feed; the proof is kept"
    ]


def test_a_party_that_goes_on_forking_does_not_fill_the_disk_of_the_others(three: World) -> None:
    alpha = three["alpha"]
    origin, size = three.desk("alpha").origin, 7
    notes = [sign_checkpoint(Checkpoint(origin, size, bytes([byte]) * 32), alpha.identity.log) for byte in range(PROOFS_MAX + 5)]
    for note in notes[1:]:
        evidence = compare_checkpoints(notes[0], note, alpha.identity.log.public)
        assert evidence is not None
        take_evidence(three.desk("bravo"), encode_evidence(evidence, keys_of("alpha").card))
    assert len(three.desk("bravo").journal.evidence()) == PROOFS_MAX


def test_an_older_checkpoint_of_one_history_accuses_nobody(three: World) -> None:
    """bravo is behind: its checkpoints are shorter, of the middle of a tree that is no power of two, and true."""
    three.cut.add(frozenset(("alpha", "bravo")))
    for number in range(11):
        announce.send(three.desk("alpha"), OFFICER, operation(volume(20_000.0 * number)), Mode.EXERCISE)
    receive(three.desk("bravo"), three["alpha"].push_of(1, 6))
    receive(three.desk("charlie"), three["alpha"].push_of(1, 12))
    for party in ("alpha", "charlie"):
        three.beat("bravo", party)
        assert three.desk(party).journal.evidence() == []


def test_a_proof_about_keys_that_the_agreement_does_not_know_is_refused(three: World) -> None:
    (three["alpha"].path.parent / "other").mkdir()
    stranger = World(three["alpha"].path.parent / "other", agreement=make_agreement(("alpha", "zulu")))
    stranger.sign()
    receive(stranger.desk("zulu"), stranger["alpha"].push_of(0, 1))
    zulu = stranger["zulu"].identity
    one, other = (sign_checkpoint(Checkpoint(stranger.desk("zulu").origin, 5, bytes([byte]) * 32), zulu.log) for byte in (1, 2))
    evidence = compare_checkpoints(one, other, zulu.log.public)
    assert evidence is not None
    with pytest.raises(NotPermittedError, match="not those of this agreement"):
        take_evidence(three.desk("bravo"), encode_evidence(evidence, keys_of("zulu").card))
    for data in (b"", b"{}", b"\xff" * 90):
        with pytest.raises(FormatError):
            take_evidence(three.desk("bravo"), data)
    assert three.desk("bravo").journal.evidence() == []
    stranger.close()


def test_a_node_that_learns_that_it_signed_two_histories_itself_must_stop(pair: World) -> None:
    """alpha's record was put back from a copy, and it went on; bravo brings what alpha had signed before."""
    announce.send(pair.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    receive(pair.desk("bravo"), _second_history(pair))
    announce.send(pair.desk("alpha"), OFFICER, operation(volume(60_000.0)), Mode.EXERCISE)
    with pytest.raises(DamagedError, match="two histories of its own feed"):
        pair.beat("bravo", "alpha")


def test_the_clock_alarm_rings_when_it_begins_and_when_it_ends_and_not_with_every_heartbeat(pair: World) -> None:
    early = beat(pair.desk("alpha"))
    pair.clock.wait(60.0)
    for _ in range(3):
        hear(pair.desk("bravo"), "alpha", early)
    hear(pair.desk("bravo"), "alpha", beat(pair.desk("alpha")))
    told = [sentence for sentence in pair["bravo"].bell.alarms if "clock of alpha" in sentence]
    assert [sentence.split(" to ")[0] for sentence in told] == [
        "the clock of alpha differs from ours by -60.0 s",
        "the clock of alpha agrees with ours again,",
    ]


def test_a_heartbeat_among_honest_parties_alarms_nobody(three: World) -> None:
    announce.send(three.desk("alpha"), OFFICER, operation(), Mode.EXERCISE)
    three.settle()
    for one, other in three.pairs():
        one.bell.alarms.clear()
        three.beat(other.party, one.party)
        assert one.bell.alarms == []


@pytest.mark.parametrize(("ahead_s", "alarmed"), [(5.0, False), (5.1, True), (-5.1, True), (-4.9, False)])
def test_a_clock_that_differs_by_more_than_the_agreed_skew_alarms(pair: World, ahead_s: float, alarmed: bool) -> None:
    data = beat(pair.desk("alpha"))
    pair.clock.wait(-ahead_s)
    hear(pair.desk("bravo"), "alpha", data)
    assert any("the clock of alpha differs" in sentence for sentence in pair["bravo"].bell.alarms) is alarmed


def test_a_heartbeat_of_another_party_or_agreement_is_refused(three: World) -> None:
    bravo = three.desk("bravo")
    with pytest.raises(SignatureError):
        hear(bravo, "charlie", beat(three.desk("alpha")))
    key = three["alpha"].identity.envelope
    for agreement, party in (("other", "alpha"), (three.pact.id, "charlie")):
        with pytest.raises(SessionError, match="was due"):
            hear(bravo, "alpha", encode_heartbeat(agreement, party, 1, three.clock.now(), [], key))


def test_a_root_that_its_owner_did_not_sign_accuses_nobody(three: World) -> None:
    """charlie carries a false checkpoint of alpha's feed, signed by itself."""
    origin = three.desk("alpha").origin
    false = sign_checkpoint(Checkpoint(origin, 1, b"\7" * 32), three["charlie"].identity.log)
    data = encode_heartbeat(three.pact.id, "charlie", 1, three.clock.now(), [false], three["charlie"].identity.envelope)
    with pytest.raises(PeerError):
        hear(three.desk("bravo"), "charlie", data)
    assert three.desk("bravo").journal.exhibits() == []


def test_checkpoints_of_feeds_that_nobody_knows_are_passed_over(pair: World) -> None:
    note = sign_checkpoint(Checkpoint("tafadi.v1/other/zulu/1", 1, b"\7" * 32), pair["alpha"].identity.log)
    data = encode_heartbeat(pair.pact.id, "alpha", 1, pair.clock.now(), [note], pair["alpha"].identity.envelope)
    hear(pair.desk("bravo"), "alpha", data)


def test_bytes_that_are_no_heartbeat_are_refused(pair: World) -> None:
    for data in (b"", b"hello", beat(pair.desk("alpha"))[:-9]):
        with pytest.raises((FormatError, SignatureError)):
            hear(pair.desk("bravo"), "alpha", data)


def test_a_heartbeat_carries_every_feed_with_its_cosignature(three: World) -> None:
    three.settle()
    heard = open_heartbeat(beat(three.desk("bravo")), three["bravo"].identity.envelope.public)
    assert len(heard.notes) == 3
    assert [note.decode().count("\n— ") for note in heard.notes] == [2, 3, 2], "its own with two receipts, the others with its cosignature"
