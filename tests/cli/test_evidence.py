"""`tafadi evidence`: what a node keeps is listed, told, written out, and verified by the program that is not the node."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from nodes import RealNode, World, tafadi, world
from tafadi.desk.ports import Change, Exhibit
from tafadi.store.sqlite import SqliteJournal
from tafadi.trust.checkpoint import Checkpoint, sign_checkpoint
from tafadi.trust.evidence import compare_checkpoints, encode_evidence


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Alpha and bravo, who have signed and do not run; bravo keeps the proof that alpha signed two roots for nine entries."""
    with world(tmp_path_factory.mktemp("evidence"), "alpha", "bravo", start=False) as both:
        log, origin = both["alpha"].folder.identity().log, both.pact.origin("alpha")
        one, other = (sign_checkpoint(Checkpoint(origin, 9, bytes([root]) * 32), log) for root in (1, 2))
        found = compare_checkpoints(one, other, log.public)
        assert found is not None
        exhibit = Exhibit(found.kind, encode_evidence(found, both.pact.signed(origin).data))
        journal = SqliteJournal(both["bravo"].path / "journal.db")
        journal.commit(Change(exhibits=(exhibit,)))
        journal.close()
        yield both


@pytest.fixture
def bravo(pair: World) -> RealNode:
    """Who keeps it."""
    return pair["bravo"]


def test_a_proof_is_listed_shown_exported_and_verified(bravo: RealNode, tmp_path: Path) -> None:
    row = bravo.ask("evidence", "list")[0]
    assert row["kind"] == "two-roots-at-one-size"
    assert row["feed"].endswith("/alpha/1")
    assert row["digest"][:12] in bravo.cli("evidence", "list").out
    assert "alpha signed two different histories of the first 9 entries" in bravo.ask("evidence", "show", row["digest"][:8])["said"]
    assert "PROVED" in bravo.cli("evidence", "show", row["digest"]).out
    assert bravo.cli("evidence", "export", row["digest"][:12], tmp_path / "proof").code == 0
    verified = tafadi("evidence", "verify", tmp_path / "proof")
    assert (verified.code, verified.err) == (0, "")
    assert verified.out.startswith("PROVED: alpha signed")
    told = json.loads(tafadi("evidence", "verify", tmp_path / "proof", "--json").out)
    assert (told["proved"], told["said"].rstrip()) == (True, verified.out.rstrip())


def test_what_proves_nothing_is_1_and_what_cannot_be_read_is_2(bravo: RealNode, tmp_path: Path) -> None:
    digest = bravo.ask("evidence", "list")[0]["digest"]
    assert bravo.cli("evidence", "export", digest, tmp_path / "proof").code == 0
    data = (tmp_path / "proof").read_bytes()
    (tmp_path / "none").write_bytes(data.replace(b"two-roots-at-one-size", b"no-common-tree"))
    (tmp_path / "cut").write_bytes(data[:-9])
    told = tafadi("evidence", "verify", tmp_path / "none")
    assert (told.code, told.out) == (1, "")
    assert told.err.startswith("NOT PROVED")
    as_json = tafadi("evidence", "verify", tmp_path / "none", "--json")
    assert (as_json.code, json.loads(as_json.out)["proved"]) == (1, False)
    for name in ("cut", "absent"):
        told = tafadi("evidence", "verify", tmp_path / name)
        assert (told.code, told.out, told.err.count("\n")) == (2, "", 1)
        told = tafadi("evidence", "verify", tmp_path / name, "--json")
        assert (told.code, told.out, told.err.count("\n")) == (2, "", 1)


def test_a_proof_that_is_not_kept_and_an_entry_that_nobody_receipted_are_told(bravo: RealNode, pair: World, tmp_path: Path) -> None:
    assert "0 proofs here" in bravo.cli("evidence", "show", "ffff").sentence()
    assert pair["alpha"].ask("evidence", "list") == []
    assert "no receipt of alpha" in bravo.cli("evidence", "stored", "bravo/1/0", tmp_path / "p", "--by", "alpha").sentence()
    assert "gives no receipt" in bravo.cli("evidence", "stored", "bravo/1/0", tmp_path / "p", "--by", "bravo").sentence()
    assert "not an entry" in bravo.cli("evidence", "stored", "bravo", tmp_path / "p", "--by", "alpha").sentence()
