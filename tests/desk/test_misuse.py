"""A mirror that signs for two histories, and keys that go on signing after they were retired, are found out and convicted."""

import pytest

from tafadi.desk.listen import receive
from tafadi.desk.outgoing import take_receipt
from tafadi.desk.proof import evidence_of, take_evidence
from tafadi.desk.pulse import beat, hear
from tafadi.desk.speak import Draft, say
from tafadi.errors import ChainError, NotPermittedError, SignatureError
from tafadi.model.entry import EntryType
from tafadi.model.line import Attempt
from tafadi.trust.checkpoint import Checkpoint, cosign, sign_checkpoint
from tafadi.trust.evidence import Contradiction
from tafadi.trust.heartbeat import encode_heartbeat
from tafadi.trust.log import Frontier, leaf_hash
from tafadi.trust.push import Push, encode_push
from world import OFFICER, Station, World


def speak(station: Station, count: int = 1) -> None:
    """So many attempts to call are entered."""
    draft = Draft(EntryType.ATTEMPT, Attempt("radio", 1, False), station.pact.agreement.modes[0], role=OFFICER)
    say(station.desk, *([draft] * count))


def kinds(station: Station) -> list[str]:
    """The proofs that a station keeps."""
    return [exhibit.kind for exhibit in evidence_of(station.desk)]


def another_tree(origin: str, size: int) -> Checkpoint:
    """A tree that nobody has."""
    return Checkpoint(origin, size, Frontier().extend(leaf_hash(b"%d" % one) for one in range(size)).root())


@pytest.mark.parametrize("less", [0, 1])
def test_rule_13_a_mirror_that_signs_for_two_histories_is_convicted_by_its_two_receipts(pair: World, less: int) -> None:
    """Of one size or of two; by its receipts alone, whatever the feed's owner has signed."""
    alpha, bravo = pair["alpha"], pair["bravo"]
    speak(alpha, 3)
    pair.settle()
    lie = another_tree(alpha.desk.origin, alpha.size - less)
    line = cosign(lie, bravo.pact.mirror("bravo"), bravo.identity.mirror, pair.clock.now())
    note = f"{lie.text}\n{line}".encode()
    hear(alpha.desk, "bravo", encode_heartbeat(alpha.pact.id, "bravo", 1, pair.clock.now(), [note], bravo.identity.envelope))
    assert kinds(alpha) == [Contradiction.RECEIPT]
    assert "bravo signed receipts for two histories" in alpha.bell.alarms[-1]


def test_a_receipt_that_somebody_made_up_convicts_nobody(three: World) -> None:
    alpha, bravo = three["alpha"], three["bravo"]
    speak(alpha, 3)
    three.settle()
    lie = another_tree(alpha.desk.origin, alpha.size)
    line = cosign(lie, bravo.pact.mirror("charlie"), bravo.identity.mirror, three.clock.now())
    note = f"{lie.text}\n{line}".encode()
    hear(alpha.desk, "bravo", encode_heartbeat(alpha.pact.id, "bravo", 1, three.clock.now(), [note], bravo.identity.envelope))
    assert kinds(alpha) == []


def retired(world: World) -> tuple[Station, Station]:
    """Bravo, who has recorded that alpha's first keys are retired; and the old machine, which has them still and has heard that."""
    alpha, bravo = world["alpha"], world["bravo"]
    old = Station("alpha", world["alpha"].pact, alpha.path.with_name("old.db"), world.clock)
    old.tell(*alpha.desk.journal.leaves(alpha.desk.origin, 0, alpha.size))
    alpha.renew()
    world.settle()
    return old, bravo


def test_rule_13_an_entry_by_a_retired_key_that_has_seen_its_retirement_convicts(pair: World) -> None:
    old, bravo = retired(pair)
    old_origin = bravo.pact.origins("alpha")[0]
    size = bravo.desk.journal.head(old_origin).frontier.size
    seen = bravo.seen(bravo, bravo.size)
    leaf = old.sealed(old.payload(EntryType.ATTEMPT, Attempt("radio", 1, False), index=size, origin=old_origin, seen=(seen,)))
    hashes = [*bravo.desk.journal.leaf_hashes(old_origin), leaf_hash(leaf)]
    note = sign_checkpoint(Checkpoint(old_origin, size + 1, Frontier().extend(hashes).root()), old.identity.log)
    with pytest.raises(ChainError, match="has ended"):
        receive(bravo.desk, encode_push(Push(old_origin, size, (leaf,), note)))
    old.sqlite.close()
    assert kinds(bravo) == [Contradiction.RETIRED_KEY]
    assert "after it was recorded that they are retired" in bravo.bell.alarms[-1]


def test_an_entry_by_a_retired_key_that_has_not_seen_it_convicts_nobody(pair: World) -> None:
    """It may have been said before, and nobody can tell: it takes no effect, and that is all."""
    old, bravo = retired(pair)
    old_origin = bravo.pact.origins("alpha")[0]
    size = bravo.desk.journal.head(old_origin).frontier.size
    leaf = old.sealed(
        old.payload(EntryType.ATTEMPT, Attempt("radio", 1, False), index=size, origin=old_origin, seen=(bravo.seen(bravo, 1),))
    )
    hashes = [*bravo.desk.journal.leaf_hashes(old_origin), leaf_hash(leaf)]
    note = sign_checkpoint(Checkpoint(old_origin, size + 1, Frontier().extend(hashes).root()), old.identity.log)
    with pytest.raises(ChainError):
        receive(bravo.desk, encode_push(Push(old_origin, size, (leaf,), note)))
    old.sqlite.close()
    assert kinds(bravo) == []


def test_rule_13_a_receipt_by_a_retired_mirror_for_the_feed_that_records_its_retirement_convicts(pair: World) -> None:
    old, bravo = retired(pair)
    head = bravo.desk.journal.head(bravo.desk.origin)
    tree = Checkpoint(bravo.desk.origin, head.frontier.size, head.frontier.root())
    name = next(iter(bravo.pact.mirrors("alpha")))
    note = f"{tree.text}\n{cosign(tree, name, old.identity.mirror, pair.clock.now())}".encode()
    alpha = pair["alpha"]
    hear(bravo.desk, "alpha", encode_heartbeat(bravo.pact.id, "alpha", 2, pair.clock.now(), [note], alpha.identity.envelope))
    old.sqlite.close()
    assert kinds(bravo) == [Contradiction.RETIRED_KEY]


def test_honest_nodes_convict_nobody_through_renewals_and_lost_receipts(three: World) -> None:
    for party in ("alpha", "bravo"):
        speak(three[party], 2)
        three.settle()
        three[party].renew()
        three.settle()
        for sender in three.stations:
            for receiver in three.stations:
                if sender != receiver:
                    hear(three.desk(receiver), sender, beat(three.desk(sender)))
    assert [kinds(station) for station in three.stations.values()] == [[], [], []]


def test_a_proof_is_taken_by_the_others_as_it_is_and_under_its_own_agreement_alone(three: World) -> None:
    alpha, bravo, charlie = three["alpha"], three["bravo"], three["charlie"]
    speak(alpha, 3)
    three.settle()
    lie = another_tree(alpha.desk.origin, alpha.size)
    line = cosign(lie, bravo.pact.mirror("bravo"), bravo.identity.mirror, three.clock.now())
    with pytest.raises(SignatureError):
        take_receipt(alpha.desk, "bravo", alpha.size, line)
    note = f"{lie.text}\n{line}".encode()
    hear(alpha.desk, "bravo", encode_heartbeat(alpha.pact.id, "bravo", 1, three.clock.now(), [note], bravo.identity.envelope))
    proof = evidence_of(alpha.desk)[0].data
    take_evidence(charlie.desk, proof)
    assert kinds(charlie) == [Contradiction.RECEIPT]
    (alpha.path.parent / "elsewhere").mkdir()
    elsewhere = World(alpha.path.parent / "elsewhere")
    with pytest.raises(NotPermittedError, match="not about this agreement"):
        take_evidence(elsewhere.desk("alpha"), proof)
    elsewhere.close()
