"""Slow twins of the log: the definitions of RFC 6962 and RFC 9162 written down as they stand there, for small trees."""

import hashlib
from collections.abc import Sequence


def _sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def tree_head(leaves: Sequence[bytes]) -> bytes:
    """MTH(D[n]) of RFC 6962 section 2.1, over the leaves themselves."""
    if not leaves:
        return _sha(b"")
    if len(leaves) == 1:
        return _sha(b"\x00" + leaves[0])
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return _sha(b"\x01" + tree_head(leaves[:k]) + tree_head(leaves[k:]))


def audit_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m < k:
        return [*audit_path(m, leaves[:k]), tree_head(leaves[k:])]
    return [*audit_path(m - k, leaves[k:]), tree_head(leaves[:k])]


def consistency_path(m: int, leaves: Sequence[bytes], known: bool = True) -> list[bytes]:
    """PROOF(m, D[n]), or SUBPROOF(m, D[n], known), of RFC 6962 section 2.1.2."""
    if m == len(leaves):
        return [] if known else [tree_head(leaves)]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m <= k:
        return [*consistency_path(m, leaves[:k], known), tree_head(leaves[k:])]
    return [*consistency_path(m - k, leaves[k:], False), tree_head(leaves[:k])]


def subtree_is_consistent(start: int, end: int, size: int, subtree: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """The iterative check of draft-ietf-plants-merkle-tree-certs (for start 0 that of RFC 9162, 2.1.4.2): no recursion, only bits."""
    fn, sn, tn = start, end - 1, size - 1
    if sn == tn:
        while fn != sn:
            fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    else:
        while fn != sn and sn & 1:
            fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    rest = list(proof)
    if fn == sn:
        fr = sr = subtree
    elif rest:
        fr = sr = rest.pop(0)
    else:
        return False
    for one in rest:
        if tn == 0:
            return False
        if sn & 1 or sn == tn:
            if fn < sn:
                fr = _sha(b"\x01" + one + fr)
            sr = _sha(b"\x01" + one + sr)
            while not sn & 1:
                fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
        else:
            sr = _sha(b"\x01" + sr + one)
        fn, sn, tn = fn >> 1, sn >> 1, tn >> 1
    return tn == 0 and fr == subtree and sr == root
