"""Verifying: every kind of fault is seen, and told with its place."""

import pytest

from tafadi.desk import announce
from tafadi.model.names import Mode
from tafadi.store.fsck import FeedReport, verify
from tafadi.store.tiles import tile_bytes
from tafadi.trust.checkpoint import Checkpoint, cosign, sign_checkpoint
from tafadi.trust.log import Frontier
from tafadi.trust.tiles import decode_bundle, decode_hashes
from world import OFFICER, World, operation, volume

SET_LEAF = "UPDATE entry SET leaf = ? WHERE origin = ? AND idx = 1"


@pytest.fixture
def world(pair: World) -> World:
    """A pair with a few entries in each feed."""
    for number in range(3):
        announce.send(pair.desk("alpha"), OFFICER, operation(volume(20_000.0 * number)), Mode.EXERCISE)
    pair.settle()
    return pair


def _report(world: World, party: str = "alpha", at: str = "bravo") -> FeedReport:
    return next(report for report in verify(world[at].sqlite, world.pact) if report.party == party)


def _spoil(world: World, statement: str, *values: object, at: str = "bravo") -> None:
    world[at].sqlite._db.execute(statement, values)


def test_a_whole_journal_has_no_fault_and_says_what_was_verified(world: World) -> None:
    for at in ("alpha", "bravo"):
        for report in verify(world[at].sqlite, world.pact):
            assert (report.faults, report.without_effect) == ([], [])
            assert report.entries == world[report.party].size
    assert _report(world, at="alpha").receipts == 1
    assert _report(world).root == _report(world, at="alpha").root


def test_a_changed_entry_is_seen_by_its_hash_its_signature_and_the_root(world: World) -> None:
    origin = world.desk("alpha").origin
    leaf = bytearray(world.desk("alpha").journal.leaf(origin, 1))
    at = leaf.index(b'"sig":"') + 10
    leaf[at] = ord("A") if leaf[at] != ord("A") else ord("B")
    _spoil(world, SET_LEAF, bytes(leaf), origin)
    faults = " ".join(_report(world).faults)
    assert "entry 1 does not have its stored hash" in faults
    assert "entry 1: bad-signature" in faults
    assert "the stored tree says otherwise" in faults


def test_two_entries_exchanged_are_seen(world: World) -> None:
    origin = world.desk("alpha").origin
    one, other = (world.desk("alpha").journal.leaf(origin, index) for index in (1, 2))
    _spoil(world, SET_LEAF, other, origin)
    _spoil(world, "UPDATE entry SET leaf = ? WHERE origin = ? AND idx = 2", one, origin)
    assert len(_report(world).faults) >= 3


def test_a_missing_entry_is_seen(world: World) -> None:
    origin = world.desk("alpha").origin
    _spoil(world, "DELETE FROM entry WHERE origin = ? AND idx = 1", origin)
    assert any("stored tree says otherwise" in fault for fault in _report(world).faults)


def test_a_tree_that_is_not_that_of_the_entries_is_seen(world: World) -> None:
    other = Frontier().append(b"\7" * 32)
    _spoil(world, "UPDATE feed SET frontier = ?, size = 1 WHERE origin = ?", other.to_bytes(), world.desk("alpha").origin)
    assert any("stored tree says otherwise" in fault for fault in _report(world).faults)


def test_a_checkpoint_that_its_owner_did_not_sign_is_seen(world: World) -> None:
    origin = world.desk("alpha").origin
    false = sign_checkpoint(Checkpoint(origin, 4, b"\7" * 32), world["bravo"].identity.log)
    _spoil(world, "UPDATE feed SET checkpoint = ? WHERE origin = ?", false, origin)
    assert any(fault.startswith("the checkpoint: ") for fault in _report(world).faults)


def test_a_signed_root_that_is_not_that_of_the_entries_is_seen(world: World) -> None:
    origin = world.desk("alpha").origin
    forked = sign_checkpoint(Checkpoint(origin, 4, b"\7" * 32), world["alpha"].identity.log)
    _spoil(world, "UPDATE feed SET checkpoint = ? WHERE origin = ?", forked, origin)
    assert any("is not that of the entries" in fault for fault in _report(world).faults)


@pytest.mark.parametrize(("size", "words"), [(2, "the receipt of bravo"), (99, "is for 99 entries")])
def test_a_receipt_that_does_not_hold_is_seen(world: World, size: int, words: str) -> None:
    origin, mirror = world.desk("alpha").origin, world.pact.mirror("bravo")
    line = cosign(Checkpoint(origin, size, b"\7" * 32), mirror, world["bravo"].identity.mirror, world.clock.now())
    _spoil(world, "UPDATE receipt SET line = ?, size = ? WHERE origin = ?", line, size, origin, at="alpha")
    faults = _report(world, at="alpha").faults
    assert len(faults) == 1
    assert words in faults[0]


def test_what_a_peer_said_wrongly_is_listed_and_is_no_fault_of_the_record(world: World) -> None:
    world["alpha"].tell(b"noise")
    world.settle()
    report = _report(world)
    assert report.faults == []
    assert report.without_effect == ["entry 4: not-usable"]


# Epochs


def test_a_feed_that_has_ended_is_verified_whole_and_what_lies_beyond_its_end_is_listed_and_is_no_fault(world: World) -> None:
    end = world["alpha"].size - 2
    world["bravo"].take_card(world["alpha"].renew(end, keep=False))
    report = next(report for report in verify(world["bravo"].sqlite, world["bravo"].pact) if report.party == "alpha")
    assert report.faults == []
    assert report.entries == end + 2
    assert report.without_effect == [f"entry {end}: after-the-end index", f"entry {end + 1}: after-the-end index"]


def test_an_ended_feed_is_verified_with_the_keys_of_its_own_epoch(world: World) -> None:
    world["alpha"].renew()
    world.settle()
    old, new = (report for report in verify(world["bravo"].sqlite, world["bravo"].pact) if report.party == "alpha")
    assert (old.faults, new.faults) == ([], [])
    origin = world["alpha"].pact.origins("alpha")[0]
    hashes = world["bravo"].sqlite.leaf_hashes(origin)
    signed = Checkpoint(origin, len(hashes), Frontier().extend(hashes).root())
    _spoil(world, "UPDATE feed SET checkpoint = ? WHERE origin = ?", sign_checkpoint(signed, world["alpha"].identity.log), origin)
    old, new = (report for report in verify(world["bravo"].sqlite, world["bravo"].pact) if report.party == "alpha")
    assert old.faults[0].startswith("the checkpoint: "), "the keys of the next epoch sign nothing of this one"
    assert new.faults == []


# Tiles


def test_the_tiles_of_a_feed_are_its_entries_hashes_and_checkpoint(world: World) -> None:
    journal, origin = world.desk("bravo").journal, world.desk("alpha").origin
    assert tile_bytes(journal, origin, "checkpoint") == journal.head(origin).checkpoint
    assert list(decode_bundle(tile_bytes(journal, origin, "tile/entries/000.p/4"), 4)) == journal.leaves(origin, 0, 4)
    assert list(decode_hashes(tile_bytes(journal, origin, "tile/0/000.p/4"), 4)) == journal.leaf_hashes(origin)
