"""The log: known roots, the slow twins, and pymerkle as an oracle that shares no code."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from reference import merkle
from tafadi.errors import ChainError, FormatError, InputError
from tafadi.trust.log import (
    EMPTY_ROOT,
    Frontier,
    check_consistency,
    check_inclusion,
    check_subtree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    subtree_proof,
)

# The leaves and roots of the certificate-transparency reference implementation (merkle_tree_test), also used by Trillian and Go's tlog.
CT_LEAVES = [
    bytes.fromhex(text) for text in ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [b"entry %d" % number for number in range(40)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def _root(size: int) -> bytes:
    return Frontier().extend(HASHES[:size]).root()


@pytest.mark.parametrize("size", range(9))
def test_the_known_roots_of_certificate_transparency_are_met(size: int) -> None:
    assert Frontier().extend(map(leaf_hash, CT_LEAVES[:size])).root().hex() == CT_ROOTS[size]


@given(st.lists(st.binary(max_size=9), max_size=70), st.data())
@settings(max_examples=60)
def test_appending_in_any_steps_equals_the_definition(leaves: list[bytes], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(leaves)))
    frontier = Frontier().extend(map(leaf_hash, leaves[:cut]))
    for leaf in leaves[cut:]:
        frontier = frontier.append(leaf_hash(leaf))
    assert frontier.root() == merkle.tree_head(leaves)
    assert Frontier.from_bytes(frontier.to_bytes()) == frontier


def test_pymerkle_finds_the_same_roots() -> None:
    tree = InmemoryTree(algorithm="sha256")
    for size, leaf in enumerate(LEAVES, 1):
        tree.append_entry(leaf)
        assert tree.get_root() == _root(size)


def test_pymerkle_verifies_what_we_prove() -> None:
    tree = InmemoryTree(algorithm="sha256")
    for leaf in LEAVES:
        tree.append_entry(leaf)
    for size in range(1, 41):
        for index in range(size):
            theirs = tree.prove_inclusion(index + 1, size)
            assert theirs.path[1:] == inclusion_proof(HASHES, index, size)


@pytest.mark.parametrize("size", range(1, 41))
def test_every_leaf_of_every_size_is_proved_and_checked(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(HASHES, index, size)
        assert proof == merkle.audit_path(index, LEAVES[:size])
        check_inclusion(_root(size), size, index, HASHES[index], proof)


@pytest.mark.parametrize("new", range(41))
def test_every_beginning_of_every_size_is_proved_and_checked(new: int) -> None:
    for old in range(new + 1):
        proof = consistency_proof(HASHES, old, new)
        assert proof == (merkle.consistency_path(old, LEAVES[:new]) if old else [])
        check_consistency(old, _root(old), new, _root(new), proof)


def _subtrees(size: int) -> list[tuple[int, int]]:
    return [
        (start, end) for start in range(size) for end in range(start + 1, size + 1) if start % (1 << (end - start - 1).bit_length()) == 0
    ]


@pytest.mark.parametrize("size", range(1, 41))
def test_every_subtree_of_every_size_agrees_with_the_iterative_twin(size: int) -> None:
    for start, end in _subtrees(size):
        proof = subtree_proof(HASHES, start, end, size)
        part = merkle.tree_head(LEAVES[start:end])
        check_subtree(_root(size), size, start, end, part, proof)
        assert merkle.subtree_is_consistent(start, end, size, part, _root(size), proof)
        assert len(proof) <= 63


@given(st.integers(1, 40), st.data())
@settings(max_examples=150)
def test_a_flipped_bit_anywhere_is_refused_by_us_and_by_the_twin(size: int, data: st.DataObject) -> None:
    start, end = data.draw(st.sampled_from(_subtrees(size)))
    values = [_root(size), merkle.tree_head(LEAVES[start:end]), *subtree_proof(HASHES, start, end, size)]
    which, bit = data.draw(st.integers(0, len(values) - 1)), data.draw(st.integers(0, 255))
    changed = bytearray(values[which])
    changed[bit // 8] ^= 1 << bit % 8
    values[which] = bytes(changed)
    with pytest.raises(ChainError):
        check_subtree(values[0], size, start, end, values[1], values[2:])
    assert not merkle.subtree_is_consistent(start, end, size, values[1], values[0], values[2:])


@given(st.integers(0, 45), st.integers(0, 45), st.integers(0, 45), st.lists(st.sampled_from(HASHES[:3]), max_size=8))
@settings(max_examples=200)
def test_no_nonsense_passes_for_a_proof(start: int, end: int, size: int, proof: list[bytes]) -> None:
    with pytest.raises(ChainError):
        check_subtree(b"\x11" * 32, size, start, end, b"\x22" * 32, proof)


def test_a_proof_too_short_or_too_long_is_refused() -> None:
    proof = inclusion_proof(HASHES, 5, 23)
    for wrong in (proof[:-1], [], [*proof, HASHES[0]], [proof[0][:31], *proof[1:]], proof[::-1]):
        with pytest.raises(ChainError):
            check_inclusion(_root(23), 23, 5, HASHES[5], wrong)


def test_the_empty_tree_begins_every_tree_and_is_nothing_else() -> None:
    check_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    check_consistency(0, EMPTY_ROOT, 7, _root(7), [])
    for old_root, new_size, new_root, proof in [
        (HASHES[0], 7, _root(7), []),
        (EMPTY_ROOT, 7, _root(7), [HASHES[0]]),
        (EMPTY_ROOT, 0, HASHES[0], []),
    ]:
        with pytest.raises(ChainError):
            check_consistency(0, old_root, new_size, new_root, proof)


def test_a_tree_never_shrinks() -> None:
    with pytest.raises(ChainError):
        check_consistency(7, _root(7), 6, _root(6), [])


def test_equal_sizes_need_equal_roots() -> None:
    check_consistency(6, _root(6), 6, _root(6), [])
    with pytest.raises(ChainError):
        check_consistency(6, _root(6), 6, _root(5), [])


def test_leaves_and_nodes_never_hash_alike() -> None:
    left, right = HASHES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (0, 41), (50, 41)])
def test_proofs_outside_the_tree_are_refused(index: int, size: int) -> None:
    with pytest.raises(InputError):
        inclusion_proof(HASHES, index, size)


@pytest.mark.parametrize(("start", "end"), [(1, 3), (2, 2), (3, 5), (4, 3), (6, 10)])
def test_what_is_no_subtree_is_refused(start: int, end: int) -> None:
    with pytest.raises(InputError, match="no subtree"):
        subtree_proof(HASHES, start, end, 20)
    with pytest.raises(ChainError):
        check_subtree(_root(20), 20, start, end, HASHES[0], [])


@pytest.mark.parametrize(
    "data", [b"", bytes(7), bytes(9), (1).to_bytes(8, "big"), bytes(40), (3).to_bytes(8, "big") + bytes(32), b"\xff" * 8]
)
def test_bytes_that_are_no_frontier_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        Frontier.from_bytes(data)


def test_a_frontier_with_the_wrong_peaks_cannot_be_made() -> None:
    for size, peaks in [(1, ()), (0, (HASHES[0],)), (2, (HASHES[0][:31],)), (-1, ()), (2**53, (HASHES[0],))]:
        with pytest.raises(InputError):
            Frontier(size, peaks)
