"""The log: a Merkle tree over the leaves of a feed, its roots, and proofs about them.

MTH of no leaf is SHA-256 of nothing; of one leaf SHA-256(0x00 ‖ leaf); of n leaves SHA-256(0x01 ‖ MTH(first k) ‖ MTH(rest)), k the
largest power of two below n. A feed that only grows needs to remember no more than its *frontier*: the roots of the complete subtrees
(the peaks), one for each bit of the size.

All proofs are one kind: that a subtree [start, end) lies in the tree of `size` leaves. A subtree of one leaf is an inclusion proof, one
that starts at 0 is a consistency proof. One walk makes them and one walk checks them. The check rebuilds both roots from the proof; a
proof that is too long or too short fails like a wrong one.

Source: RFC 6962 section 2.1 (equal in RFC 9162); draft-ietf-plants-merkle-tree-certs-02, "Subtrees" and "Subtree Consistency Proofs".
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tafadi.errors import ChainError, FormatError, InputError

HASH_BYTES: Final = 32
SIZE_MAX: Final = 2**53 - 1  # an index is also a JSON integer in the payload
PROOF_MAX: Final = 63  # hashes; C2SP allows no more, and no tree within SIZE_MAX needs as many
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

RangeHash = Callable[[int, int], bytes]  # (start, end) -> MTH of the leaves in between


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above `left` and `right`."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree that remembers its size and its peaks, largest (leftmost) first. Raises InputError when they do not belong together."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= SIZE_MAX:
            raise InputError(f"a tree of {self.size} leaves is none; 0 to 2^53-1 are possible")
        if len(self.peaks) != self.size.bit_count() or any(len(peak) != HASH_BYTES for peak in self.peaks):
            raise InputError(f"a tree of {self.size} leaves has {self.size.bit_count()} peaks of {HASH_BYTES} bytes; these are not they")

    def append(self, leaf_hash: bytes) -> "Frontier":
        """The tree with one leaf more, given by its hash."""
        return self.extend((leaf_hash,))

    def extend(self, leaf_hashes: Iterable[bytes]) -> "Frontier":
        """The tree with these leaves more, given by their hashes."""
        size, peaks = self.size, list(self.peaks)
        for peak in leaf_hashes:
            carry, above = size, peak
            while carry & 1:  # every full subtree at the right edge joins the new one
                above = node_hash(peaks.pop(), above)
                carry >>= 1
            peaks.append(above)
            size += 1
        return Frontier(size, tuple(peaks))

    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self.peaks:
            return EMPTY_ROOT
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root

    def to_bytes(self) -> bytes:
        """The size as eight bytes, big-endian, and the peaks, largest first."""
        return self.size.to_bytes(8, "big") + b"".join(self.peaks)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Frontier":
        """The tree that `to_bytes` wrote. Raises FormatError."""
        rest = data[8:]
        if len(data) < 8 or len(rest) % HASH_BYTES:
            raise FormatError(f"{len(data)} bytes are no frontier", format="frontier")
        try:
            return cls(int.from_bytes(data[:8], "big"), tuple(rest[at : at + HASH_BYTES] for at in range(0, len(rest), HASH_BYTES)))
        except InputError as error:
            raise FormatError(str(error), format="frontier") from None


class Roots(NamedTuple):
    """What a proof rebuilds: the hash of the subtree and the root of the tree."""

    subtree: bytes
    tree: bytes


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int, size: int) -> list[bytes]:
    """The hashes that prove leaf `index` in the tree of the first `size` leaves. Raises InputError outside the tree."""
    return subtree_proof(leaf_hashes, index, index + 1, size)


def consistency_proof(leaf_hashes: Sequence[bytes], old: int, new: int) -> list[bytes]:
    """The hashes that prove the tree of `old` leaves to be the beginning of that of `new`. Empty from 0 and between equal sizes."""
    return subtree_proof(leaf_hashes, 0, old, new) if old else []


def subtree_proof(leaf_hashes: Sequence[bytes], start: int, end: int, size: int) -> list[bytes]:
    """The hashes that prove the subtree [start, end) in the tree of the first `size` leaves.

    Raises InputError when there are not so many leaves or [start, end) is no subtree. Costs one pass over the leaves: whoever keeps the
    hashes of complete subtrees gives them to `subtree_proof_from`.
    """
    if size > len(leaf_hashes):
        raise InputError(f"a tree of {size} leaves was asked for, and there are {len(leaf_hashes)}")
    return subtree_proof_from(lambda low, high: Frontier().extend(leaf_hashes[low:high]).root(), start, end, size)


def subtree_proof_from(range_hash: RangeHash, start: int, end: int, size: int) -> list[bytes]:
    """The same, from a function that knows the hash of every range it is asked for. Raises InputError."""
    if not _is_subtree(start, end, size):
        raise InputError(f"[{start}, {end}) is no subtree of a tree of {size} leaves")
    return list(_prove(range_hash, start, end, 0, size, known=True))


def joint_nodes_from(range_hash: RangeHash, old: int, new: int) -> list[bytes]:
    """The nodes that rebuild, by `rebuild` without a known hash, the roots of the first `old` leaves and of all `new`. Raises InputError.

    A consistency proof leaves out what its checker knows; here nothing is left out, so that the nodes alone show what the tree holds.
    """
    if not 0 < old <= new:
        raise InputError(f"a tree of {old} leaves does not begin one of {new}")
    return list(_prove(range_hash, 0, old, 0, new, known=False))


def check_inclusion(root: bytes, size: int, index: int, leaf_hash: bytes, proof: Sequence[bytes]) -> None:
    """Nothing, if `proof` shows the leaf at `index` in the tree of `size` leaves with that root. Raises ChainError."""
    check_subtree(root, size, index, index + 1, leaf_hash, proof)


def check_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Nothing, if `proof` shows the old tree to be the beginning of the new one. Raises ChainError.

    Every tree continues the empty one: from size 0 the proof must be empty, and so must be the old tree's root.
    """
    if old_size:
        check_subtree(new_root, new_size, 0, old_size, old_root, proof)
    elif proof or old_root != EMPTY_ROOT or (new_size == 0 and new_root != EMPTY_ROOT):
        raise ChainError("a tree of no leaves has the root of no leaves, and needs no proof")


def check_subtree(root: bytes, size: int, start: int, end: int, subtree_hash: bytes, proof: Sequence[bytes]) -> None:
    """Nothing, if `proof` shows the subtree [start, end) with that hash in the tree of `size` leaves with that root. Raises ChainError."""
    if rebuild(start, end, size, subtree_hash, proof) != (subtree_hash, root):
        raise ChainError(f"the proof does not lead from leaves {start} to {end - 1} to the root of {size} leaves")


def rebuild(start: int, end: int, size: int, subtree_hash: bytes | None, proof: Sequence[bytes]) -> Roots:
    """Both roots that `proof` adds up to, whether or not they are those that were claimed.

    With `subtree_hash` None the proof also carries the nodes of the subtree itself: this is how two signed roots are shown to contradict
    each other (`evidence`). Raises ChainError when the proof has not exactly the length it must have.
    """
    if not _is_subtree(start, end, size) or size > SIZE_MAX or any(len(one) != HASH_BYTES for one in proof):
        raise ChainError(f"there is no such proof for leaves {start} to {end} of {size}")
    hashes = iter(proof)
    try:
        roots = _climb(hashes, start, end, 0, size, subtree_hash)
    except StopIteration:
        raise ChainError("the proof is too short") from None
    if next(hashes, None) is not None:
        raise ChainError("the proof is too long")
    return roots


def _is_subtree(start: int, end: int, size: int) -> bool:
    if not 0 <= start < end <= size:
        return False
    return start % (1 << (end - start - 1).bit_length()) == 0  # SPEC plants-merkle-tree-certs: start is a multiple of BIT_CEIL(end - start)


def _split(low: int, high: int) -> int:
    return low + (1 << ((high - low - 1).bit_length() - 1))


def _prove(range_hash: RangeHash, start: int, end: int, low: int, high: int, *, known: bool) -> Iterator[bytes]:
    """SUBTREE_SUBPROOF over [low, high); `known` while the checker already has the hash of the subtree."""
    if (start, end) == (low, high):
        if not known:
            yield range_hash(low, high)
        return
    middle = _split(low, high)
    if end <= middle:
        yield from _prove(range_hash, start, end, low, middle, known=known)
        yield range_hash(middle, high)
    elif start >= middle:
        yield from _prove(range_hash, start, end, middle, high, known=known)
        yield range_hash(low, middle)
    else:
        yield from _prove(range_hash, middle, end, middle, high, known=False)
        yield range_hash(low, middle)


def _climb(proof: Iterator[bytes], start: int, end: int, low: int, high: int, known: bytes | None) -> Roots:
    """The walk of `_prove`, adding up instead of taking apart."""
    if (start, end) == (low, high):
        whole = known if known is not None else next(proof)
        return Roots(whole, whole)
    middle = _split(low, high)
    if end <= middle:
        below = _climb(proof, start, end, low, middle, known)
        return Roots(below.subtree, node_hash(below.tree, next(proof)))
    if start >= middle:
        below = _climb(proof, start, end, middle, high, known)
        return Roots(below.subtree, node_hash(next(proof), below.tree))
    below = _climb(proof, middle, end, middle, high, None)
    left = next(proof)
    return Roots(node_hash(left, below.subtree), node_hash(left, below.tree))
