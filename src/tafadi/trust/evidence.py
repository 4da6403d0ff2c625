"""Evidence: two signed statements of one party that cannot both be true, in one file that anyone can check offline, for ever.

Three contradictions. *Two entries at one index*: the envelope key signed two payloads with the same origin and index; no tree is needed.
*Two roots at one size*: the log key signed both. *No common tree*: the log key signed roots of different sizes, and the nodes given
rebuild the larger root but not the smaller; since no second set of nodes could rebuild the larger one, no tree has both.

What is compared is what the key signed. Two leaves that differ only in their signatures are no evidence: an operator's signature can be
taken off by whoever carries the leaf, and the node's word stays the same.

Source: docs/spec/evidence.md; RFC 6962 section 2.1.2 for the nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tafadi.errors import ChainError, FormatError
from tafadi.trust.canon import Json, bytes_member, canonical, check_members, from_base64, parse_canonical, text_member, to_base64
from tafadi.trust.card import CARD_MAX_BYTES, Card, open_card
from tafadi.trust.checkpoint import PROTOCOL, Checkpoint, open_signed, split_origin
from tafadi.trust.envelope import LEAF_MAX_BYTES, Envelope, open_envelope
from tafadi.trust.keys import PublicKey
from tafadi.trust.log import HASH_BYTES, PROOF_MAX, rebuild

EVIDENCE_MAX_BYTES: Final = 4 * (CARD_MAX_BYTES + 2 * LEAF_MAX_BYTES) // 3 + 8_192  # base64 of all parts, and the rest
_MEMBERS: Final = frozenset({"card", "first", "kind", "nodes", "second", "version"})
_FORMAT: Final = "evidence"


class Contradiction(StrEnum):
    """In what way the two statements exclude each other."""

    TWO_ENTRIES = "two-entries-at-one-index"
    TWO_ROOTS = "two-roots-at-one-size"
    NO_COMMON_TREE = "no-common-tree"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two statements as signed (leaves or checkpoint notes), in the order of their bytes, and the nodes where a tree is to be rebuilt."""

    kind: Contradiction
    first: bytes
    second: bytes
    nodes: tuple[bytes, ...] = ()


def compare_entries(a: bytes, b: bytes, key: PublicKey) -> Evidence | None:
    """The evidence, if the leaves `a` and `b` say different things at one index of one feed; None when they do not contradict.

    Raises FormatError or SignatureError when one of them is not an entry signed by the envelope key `key`.
    """
    opened = open_envelope(a), open_envelope(b)
    for one in opened:
        one.verify(key, 0)
    places = [_place(one) for one in opened]
    if places[0] is None or places[0] != places[1] or opened[0].payload_bytes == opened[1].payload_bytes:
        return None
    return Evidence(Contradiction.TWO_ENTRIES, min(a, b), max(a, b))


def compare_checkpoints(a: bytes, b: bytes, key: PublicKey) -> Evidence | None:
    """The evidence, if the notes `a` and `b` give two roots for one size of one feed; None when they do not contradict.

    Raises FormatError or SignatureError when one of them is not a checkpoint signed by the log key `key`.
    """
    (one, note_a), (other, note_b) = open_signed(a, key), open_signed(b, key)
    if (one.origin, one.size) != (other.origin, other.size) or one.root == other.root:
        return None
    return Evidence(Contradiction.TWO_ROOTS, min(note_a, note_b), max(note_a, note_b))


def compare_trees(a: bytes, b: bytes, nodes: Sequence[bytes], key: PublicKey) -> Evidence | None:
    """The evidence, if `nodes` rebuild the larger signed root and not the smaller; None when they rebuild both, or not the larger.

    The nodes are those that `log.joint_nodes_from` makes in the tree of the larger size. Raises FormatError, SignatureError as above.
    """
    (one, note_a), (other, note_b) = open_signed(a, key), open_signed(b, key)
    small, large = (one, other) if one.size < other.size else (other, one)
    if one.origin != other.origin or one.size == other.size or not _excludes(small, large, nodes):
        return None
    return Evidence(Contradiction.NO_COMMON_TREE, min(note_a, note_b), max(note_a, note_b), tuple(nodes))


def encode_evidence(evidence: Evidence, card: bytes) -> bytes:
    """One file that proves itself: the evidence and the signed card of the party, as canonical JSON. Raises what `open_evidence` would."""
    nodes: list[Json] = [to_base64(node) for node in evidence.nodes]
    value: dict[str, Json] = {
        "version": PROTOCOL,
        "kind": str(evidence.kind),
        "card": to_base64(card),
        "first": to_base64(evidence.first),
        "second": to_base64(evidence.second),
        "nodes": nodes,
    }
    data = canonical(value)
    open_evidence(data)  # what we could not prove ourselves, nobody shall be accused with
    return data


def open_evidence(data: bytes) -> tuple[Evidence, Card]:
    """The evidence in a file, and the card of the party that it convicts: everything is verified again.

    Raises FormatError when it is not such a file, or proves nothing; SignatureError when a signature in it is false.
    """
    if len(data) > EVIDENCE_MAX_BYTES:
        raise FormatError(f"it is {len(data)} bytes long; at most {EVIDENCE_MAX_BYTES} are allowed", format=_FORMAT)
    value = parse_canonical(data, _FORMAT)
    check_members(value, _MEMBERS, _FORMAT)
    if value["version"] != PROTOCOL:
        raise FormatError(f"this node reads evidence of {PROTOCOL} only", format=_FORMAT, field="version")
    kind = text_member(value, "kind", _FORMAT)
    if kind not in set(Contradiction):
        raise FormatError(f"{kind[:40]!r} is no known contradiction", format=_FORMAT, field="kind")
    first, second = (bytes_member(value, name, _FORMAT) for name in ("first", "second"))
    claimed = Evidence(Contradiction(kind), first, second, _nodes(value["nodes"]))
    card = open_card(bytes_member(value, "card", _FORMAT))
    if _prove(claimed, card) != claimed:
        raise FormatError("the two statements do not contradict each other as it says", format=_FORMAT)
    return claimed, card


def accused_feed(evidence: Evidence) -> str:
    """The origin of the feed that the evidence is about; of evidence that `open_evidence` gave."""
    if evidence.kind is Contradiction.TWO_ENTRIES:
        return str(open_envelope(evidence.first).payload["origin"])
    return evidence.first.split(b"\n", 1)[0].decode("utf-8")


def _place(envelope: Envelope) -> tuple[str, int] | None:
    origin, index = envelope.payload.get("origin"), envelope.payload.get("index")
    return (origin, index) if isinstance(origin, str) and isinstance(index, int) and not isinstance(index, bool) else None


def _prove(claimed: Evidence, card: Card) -> Evidence | None:
    if claimed.kind is Contradiction.TWO_ENTRIES:
        origin = open_envelope(claimed.first).payload.get("origin")
        _check_owner(origin if isinstance(origin, str) else "", card)
        return compare_entries(claimed.first, claimed.second, card.envelope)
    _check_owner(open_signed(claimed.first, card.log)[0].origin, card)
    if claimed.kind is Contradiction.TWO_ROOTS:
        return compare_checkpoints(claimed.first, claimed.second, card.log)
    return compare_trees(claimed.first, claimed.second, claimed.nodes, card.log)


def _check_owner(origin: str, card: Card) -> None:
    _, party, epoch = split_origin(origin)
    if (party, epoch) != (card.party, card.epoch):
        raise FormatError(
            f"the card is of {card.party}, epoch {card.epoch}, and the statements are of {origin}", format=_FORMAT, field="card"
        )


def _excludes(small: Checkpoint, large: Checkpoint, nodes: Sequence[bytes]) -> bool:
    if small.size == 0:
        return False  # every tree continues the empty one
    try:
        roots = rebuild(0, small.size, large.size, None, nodes)
    except ChainError:
        return False
    return roots.tree == large.root and roots.subtree != small.root


def _nodes(value: Json) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > PROOF_MAX + 1:
        raise FormatError(f"it must be a list of at most {PROOF_MAX + 1} hashes", format=_FORMAT, field="nodes")
    nodes = tuple(from_base64(node, _FORMAT, "nodes") for node in value if isinstance(node, str))
    if len(nodes) != len(value) or any(len(node) != HASH_BYTES for node in nodes):
        raise FormatError(f"each must be {HASH_BYTES} bytes in base64", format=_FORMAT, field="nodes")
    return nodes
