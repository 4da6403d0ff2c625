"""Evidence: what convicts, what does not, and that the file alone proves it."""

import json
from typing import Protocol

import pytest

from tafadi.errors import FormatError, InputError, SignatureError
from tafadi.trust.canon import Json, canonical
from tafadi.trust.card import Card
from tafadi.trust.checkpoint import Checkpoint, origin_of, sign_checkpoint
from tafadi.trust.envelope import seal
from tafadi.trust.evidence import (
    EVIDENCE_MAX_BYTES,
    Contradiction,
    Evidence,
    compare_checkpoints,
    compare_entries,
    compare_trees,
    encode_evidence,
    open_evidence,
)
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import Frontier, joint_nodes_from, leaf_hash

ORIGIN = origin_of("demo", "north", 1)
HASHES = [leaf_hash(b"%d" % number) for number in range(40)]
OTHERS = [leaf_hash(b"other %d" % number) for number in range(40)]


class Party(Protocol):
    """What these tests need of a party (see conftest)."""

    envelope: SigningKey
    log: SigningKey
    operator: SigningKey
    card: Card
    signed_card: bytes


def _entry(text: str, index: Json = 7, origin: Json = ORIGIN) -> dict[str, Json]:
    return {"origin": origin, "index": index, "body": {"text": text}}


def _root(hashes: list[bytes]) -> bytes:
    return Frontier().extend(hashes).root()


def _checkpoint(hashes: list[bytes], key: SigningKey, origin: str = ORIGIN) -> bytes:
    return sign_checkpoint(Checkpoint(origin, len(hashes), _root(hashes)), key)


def test_rule_07_two_entries_at_one_index_convict(north: Party) -> None:
    first, second = seal(_entry("yes"), north.envelope, north.operator), seal(_entry("no"), north.envelope)
    evidence = compare_entries(first, second, north.envelope.public)
    assert evidence is not None
    assert evidence == compare_entries(second, first, north.envelope.public)
    assert open_evidence(encode_evidence(evidence, north.signed_card)) == (evidence, north.card)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_entry("yes"), _entry("yes")),
        (_entry("yes"), _entry("no", index=8)),
        (_entry("yes"), _entry("no", origin=origin_of("demo", "north", 2))),
        (_entry("yes", index=1), _entry("no", index=True)),
        (_entry("yes", index=None), _entry("no", index=None)),
        (_entry("yes", origin=5), _entry("no", origin=5)),
        ({"index": 7}, {"index": 7, "a": 1}),
    ],
)
def test_entries_that_do_not_contradict_accuse_nobody(north: Party, one: dict[str, Json], other: dict[str, Json]) -> None:
    assert compare_entries(seal(one, north.envelope), seal(other, north.envelope), north.envelope.public) is None


def test_an_operators_signature_taken_off_is_no_evidence_against_the_node(north: Party) -> None:
    whole, bare = seal(_entry("yes"), north.envelope, north.operator), seal(_entry("yes"), north.envelope)
    assert whole != bare
    assert compare_entries(whole, bare, north.envelope.public) is None


def test_entries_the_node_did_not_sign_accuse_nobody(north: Party, south: Party) -> None:
    with pytest.raises(SignatureError):
        compare_entries(seal(_entry("yes"), north.envelope), seal(_entry("no"), south.envelope), north.envelope.public)


def test_rule_13_two_roots_at_one_size_convict(north: Party) -> None:
    first, second = _checkpoint(HASHES[:5], north.log), _checkpoint(OTHERS[:5], north.log)
    evidence = compare_checkpoints(first, second, north.log.public)
    assert evidence is not None
    assert open_evidence(encode_evidence(evidence, north.signed_card)) == (evidence, north.card)


def test_checkpoints_that_do_not_contradict_accuse_nobody(north: Party) -> None:
    one = _checkpoint(HASHES[:5], north.log)
    for other in (one, _checkpoint(OTHERS[:6], north.log), _checkpoint(OTHERS[:5], north.log, origin_of("other", "north", 1))):
        assert compare_checkpoints(one, other, north.log.public) is None


@pytest.mark.parametrize(("old", "new"), [(1, 2), (4, 8), (8, 9), (5, 20), (7, 8), (16, 40), (33, 40)])
def test_rule_13_roots_that_no_tree_can_join_convict(north: Party, old: int, new: int) -> None:
    small, large = _checkpoint(OTHERS[:old], north.log), _checkpoint(HASHES[:new], north.log)
    nodes = joint_nodes_from(lambda low, high: _root(HASHES[low:high]), old, new)
    evidence = compare_trees(small, large, nodes, north.log.public)
    assert evidence is not None
    assert evidence.kind is Contradiction.NO_COMMON_TREE
    assert open_evidence(encode_evidence(evidence, north.signed_card)) == (evidence, north.card)
    honest = _checkpoint(HASHES[:old], north.log)
    assert compare_trees(honest, large, nodes, north.log.public) is None


def test_nodes_that_do_not_rebuild_the_larger_root_accuse_nobody(north: Party) -> None:
    small, large = _checkpoint(OTHERS[:5], north.log), _checkpoint(HASHES[:20], north.log)
    wrong = joint_nodes_from(lambda low, high: _root(OTHERS[low:high]), 5, 20)
    right = joint_nodes_from(lambda low, high: _root(HASHES[low:high]), 5, 20)
    for nodes in (wrong, right[:-1], [*right, HASHES[0]], []):
        assert compare_trees(small, large, nodes, north.log.public) is None
    assert compare_trees(_checkpoint([], north.log), large, [], north.log.public) is None


def test_the_card_must_be_that_of_the_accused(north: Party, south: Party) -> None:
    evidence = compare_checkpoints(_checkpoint(HASHES[:5], north.log), _checkpoint(OTHERS[:5], north.log), north.log.public)
    assert evidence is not None
    with pytest.raises(SignatureError):
        encode_evidence(evidence, south.signed_card)
    foreign = origin_of("demo", "south", 1)
    evidence = compare_checkpoints(
        _checkpoint(HASHES[:5], north.log, foreign), _checkpoint(OTHERS[:5], north.log, foreign), north.log.public
    )
    assert evidence is not None
    with pytest.raises(FormatError, match="the card is of north"):
        encode_evidence(evidence, north.signed_card)


def test_an_accusation_that_proves_nothing_is_refused(north: Party) -> None:
    one, other = sorted((_checkpoint(HASHES[:5], north.log), _checkpoint(OTHERS[:5], north.log)))
    leaf = seal(_entry("yes"), north.envelope)
    for claimed in [
        Evidence(Contradiction.TWO_ROOTS, one, one),
        Evidence(Contradiction.TWO_ROOTS, other, one),
        Evidence(Contradiction.TWO_ROOTS, one, other, (HASHES[0],)),
        Evidence(Contradiction.NO_COMMON_TREE, one, other),
        Evidence(Contradiction.TWO_ENTRIES, leaf, leaf),
        Evidence(Contradiction.TWO_ENTRIES, one, other),
        Evidence(Contradiction.TWO_ROOTS, leaf, leaf),
    ]:
        with pytest.raises(FormatError):
            encode_evidence(claimed, north.signed_card)


def test_a_file_that_is_not_evidence_is_refused(north: Party) -> None:
    evidence = compare_checkpoints(_checkpoint(HASHES[:5], north.log), _checkpoint(OTHERS[:5], north.log), north.log.public)
    assert evidence is not None
    data = encode_evidence(evidence, north.signed_card)
    value = json.loads(data)
    for change in [
        {"version": "x"},
        {"kind": "rumour"},
        {"kind": 5},
        {"nodes": {}},
        {"nodes": [5]},
        {"nodes": ["AAAA"]},
        {"card": "AAAA"},
        {"more": 1},
    ]:
        with pytest.raises(FormatError):
            open_evidence(canonical(value | change))
    for wrong in (b"", data[:-1], data + b"\n", b"x" * (EVIDENCE_MAX_BYTES + 1)):
        with pytest.raises(FormatError):
            open_evidence(wrong)
    with pytest.raises(InputError):
        open_evidence(json.dumps(value).encode())
