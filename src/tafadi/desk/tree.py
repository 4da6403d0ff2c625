"""Trees of a feed at earlier sizes, made from the stored hashes, and shown to lead to the tree that is held before anybody goes by them.

Where a stored hash has rotted, a root made with it would be signed, or hold another's true receipt for false. So each comes with its own
proof: that it is the beginning of the newest tree, whose frontier is stored beside its owner's signature.
"""

from functools import partial

from tafadi.desk.ports import Journal
from tafadi.errors import ChainError, DamagedError, MissingError
from tafadi.trust.log import RangeHash, check_consistency, subtree_proof_from


def hashes_of(journal: Journal, origin: str) -> RangeHash:
    """What knows the hash of every range of the feed, for `subtree_proof_from` and `joint_nodes_from`."""
    return partial(journal.range_hash, origin)


def root_at(journal: Journal, origin: str, size: int) -> bytes:
    """The root of the first `size` entries of the feed. Raises MissingError when there are fewer, DamagedError."""
    held = journal.head(origin).frontier
    if size > held.size:
        raise MissingError(f"there are {held.size} entries of {origin} here, and no tree of {size}")
    if size == held.size:
        return held.root()
    root = journal.range_hash(origin, 0, size)
    proof = subtree_proof_from(hashes_of(journal, origin), 0, size, held.size) if size else []
    try:
        check_consistency(size, root, held.size, held.root(), proof)
    except ChainError:
        raise DamagedError(
            f"the stored hashes of {origin} do not lead from {size} to {held.size} entries; run `tafadi feed verify`"
        ) from None
    return root
