"""Evidence: two signed statements of one party that cannot both be true, in one file that anyone can check offline, for ever.

Five contradictions. *Two entries at one index*: the envelope key signed two payloads with the same origin and index; no tree is needed.
*Two roots at one size*: the log key signed both. *No common tree*: the log key signed roots of different sizes, and the nodes given
rebuild the larger root but not the smaller; since no second set of nodes could rebuild the larger one, no tree has both. *A receipt against
an inclusion proof* and *a retired key used* are in `tafadi.trust.misuse`.

What is compared is what the key signed. Two leaves that differ only in their signatures are no evidence: an operator's signature can be
taken off by whoever carries the leaf, and the node's word stays the same.

Source: docs/spec/evidence.md; RFC 6962 section 2.1.2 for the nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tafadi.errors import FormatError
from tafadi.trust.canon import Json, bytes_member, canonical, check_members, from_base64, parse_canonical, text_member, to_base64
from tafadi.trust.card import CARD_MAX_BYTES, Card, open_card
from tafadi.trust.checkpoint import PROTOCOL, open_signed, origin_of, split_origin
from tafadi.trust.envelope import LEAF_MAX_BYTES, Envelope, open_envelope
from tafadi.trust.keys import PublicKey
from tafadi.trust.log import HASH_BYTES, PROOF_MAX
from tafadi.trust.misuse import excludes, is_used_after, open_placed, open_receipted

EVIDENCE_MAX_BYTES: Final = 4 * (CARD_MAX_BYTES + 2 * LEAF_MAX_BYTES) // 3 + 8_192  # base64 of all parts, and the rest
_MEMBERS: Final = frozenset({"card", "first", "kind", "nodes", "second", "version"})
_FORMAT: Final = "evidence"


class Contradiction(StrEnum):
    """In what way the two statements exclude each other."""

    TWO_ENTRIES = "two-entries-at-one-index"
    TWO_ROOTS = "two-roots-at-one-size"
    NO_COMMON_TREE = "no-common-tree"
    RECEIPT = "receipt-against-inclusion"
    RETIRED_KEY = "retired-key-used"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two statements as signed (leaves or checkpoint notes), and the nodes where a tree is to be rebuilt.

    In the order of their bytes; but of a retired key first its use, and then the record of its retirement.
    """

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
    if one.size == other.size or not excludes(one, other, nodes):
        return None
    return Evidence(Contradiction.NO_COMMON_TREE, min(note_a, note_b), max(note_a, note_b), tuple(nodes))


def compare_receipts(a: bytes, b: bytes, nodes: Sequence[bytes], card: Card) -> Evidence | None:
    """The evidence, if the mirror of `card` signed in the notes `a` and `b` for trees of one feed that exclude each other; else None.

    The nodes are those of `compare_trees`, and none for two roots of one size. Raises FormatError, SignatureError when one of the notes
    carries no receipt by that mirror.
    """
    one, other = open_receipted(a, card), open_receipted(b, card)
    if not excludes(one.checkpoint, other.checkpoint, nodes):
        return None
    return Evidence(Contradiction.RECEIPT, min(one.note, other.note), max(one.note, other.note), tuple(nodes))


def compare_retired(use: bytes, record: bytes, nodes: Sequence[bytes], card: Card) -> Evidence | None:
    """The evidence, if `use` is signed by a key of `card` for a tree in which `nodes` place the record of a later card; None if it is not.

    `use` is an entry of that epoch that says it has seen that tree, or a note with a receipt for it; `record` an entry of type `key`; the
    nodes are those of an inclusion proof. Raises FormatError, SignatureError as `misuse.is_used_after` does.
    """
    if not is_used_after(use, record, nodes, card):
        return None
    signed = use if use.startswith(b"{") else open_receipted(use, card).note
    return Evidence(Contradiction.RETIRED_KEY, signed, record, tuple(nodes))


def encode_evidence(evidence: Evidence, card: bytes) -> bytes:
    """One file that proves itself: the evidence and the signed card of the party, as canonical JSON. Raises what `open_evidence` would."""
    data = file_of(str(evidence.kind), evidence.first, evidence.second, evidence.nodes, card)
    open_evidence(data)  # what we could not prove ourselves, nobody shall be accused with
    return data


def file_of(kind: str, first: bytes, second: bytes, nodes: Sequence[bytes], card: bytes) -> bytes:
    """The file with these parts, whatever they prove. Raises InputError for a kind that canonical JSON cannot say."""
    hashes: list[Json] = [to_base64(node) for node in nodes]
    value: dict[str, Json] = {
        "version": PROTOCOL,
        "kind": kind,
        "card": to_base64(card),
        "first": to_base64(first),
        "second": to_base64(second),
        "nodes": hashes,
    }
    return canonical(value)


def open_evidence(data: bytes) -> tuple[Evidence, Card]:
    """The evidence in a file, and the card of the party that it convicts: everything is verified again.

    Raises FormatError when it is not such a file, or proves nothing; SignatureError when a signature in it is false.
    """
    kind, first, second, nodes, card = parts_of(data)
    if kind not in set(Contradiction):
        raise FormatError(f"{kind[:40]!r} is no known contradiction", format=_FORMAT, field="kind")
    claimed = Evidence(Contradiction(kind), first, second, nodes)
    if _prove(claimed, card) != claimed:
        raise FormatError("the two statements do not contradict each other as it says", format=_FORMAT)
    return claimed, card


def parts_of(data: bytes) -> tuple[str, bytes, bytes, tuple[bytes, ...], Card]:
    """Kind, both statements, nodes and card of a file, the card verified and nothing else. Raises FormatError, SignatureError."""
    if len(data) > EVIDENCE_MAX_BYTES:
        raise FormatError(f"it is {len(data)} bytes long; at most {EVIDENCE_MAX_BYTES} are allowed", format=_FORMAT)
    value = parse_canonical(data, _FORMAT)
    check_members(value, _MEMBERS, _FORMAT)
    if value["version"] != PROTOCOL:
        raise FormatError(f"this node reads evidence of {PROTOCOL} only", format=_FORMAT, field="version")
    first, second = (bytes_member(value, name, _FORMAT) for name in ("first", "second"))
    card = open_card(bytes_member(value, "card", _FORMAT))
    return text_member(value, "kind", _FORMAT), first, second, _nodes(value["nodes"]), card


def accused_feed(evidence: Evidence, card: Card) -> str:
    """The origin of the feed whose party is convicted, in the epoch of its keys; of what `open_evidence` gave.

    A mirror is convicted of what it signed about another's feed: then it is its own feed of that epoch.
    """
    spoken = open_placed(evidence.first).origin if evidence.first.startswith(b"{") else evidence.first.split(b"\n", 1)[0].decode("utf-8")
    return origin_of(split_origin(spoken)[0], card.party, card.epoch)


def _place(envelope: Envelope) -> tuple[str, int] | None:
    origin, index = envelope.payload.get("origin"), envelope.payload.get("index")
    return (origin, index) if isinstance(origin, str) and isinstance(index, int) and not isinstance(index, bool) else None


def _prove(claimed: Evidence, card: Card) -> Evidence | None:
    if claimed.kind is Contradiction.RECEIPT:
        return compare_receipts(claimed.first, claimed.second, claimed.nodes, card)
    if claimed.kind is Contradiction.RETIRED_KEY:
        return compare_retired(claimed.first, claimed.second, claimed.nodes, card)
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


def _nodes(value: Json) -> tuple[bytes, ...]:
    if not isinstance(value, list) or len(value) > PROOF_MAX + 1:
        raise FormatError(f"it must be a list of at most {PROOF_MAX + 1} hashes", format=_FORMAT, field="nodes")
    nodes = tuple(from_base64(node, _FORMAT, "nodes") for node in value if isinstance(node, str))
    if len(nodes) != len(value) or any(len(node) != HASH_BYTES for node in nodes):
        raise FormatError(f"each must be {HASH_BYTES} bytes in base64", format=_FORMAT, field="nodes")
    return nodes
