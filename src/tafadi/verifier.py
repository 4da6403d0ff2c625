"""A verifier of evidence: one small program, in one file, that shares no code with the node that made the evidence.

    python verifier.py FILE

Nothing is asked of any network, and of the standard library and `cryptography` alone it is made, so that it can be copied anywhere. It
proves again, from the bytes: a root key signed a card; a key on that card signed the statements; the statements cannot both be true.
Exit 0: proved, and who is accused of what in a sentence. 1: it proves nothing. 2: it is no such file. Whether the root key is the party's
own, people have compared in person: it is printed to be compared with.

Source: docs/spec/evidence.md, card.md, envelope.md, checkpoint.md, receipt.md, feed.md of Tafadi; RFC 6962, RFC 8032, RFC 8785.
"""

import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FILE_MAX_BYTES: Final = 226_642  # a card and two entries at their largest in base64, and 8 KiB (docs/spec/evidence.md)
LEAF_MAX_BYTES: Final = 65_535
CARD_MAX_BYTES: Final = 32_768
NOTE_MAX_BYTES: Final = 16_384
NODES_MAX: Final = 64
DEPTH_MAX: Final = 16  # of JSON; no reader need fear for its stack
INTEGER_MAX: Final = 2**53 - 1
TIME_MAX_S: Final = 7_258_118_400  # the year 2200
PROVED, NOT_PROVED, UNREADABLE = 0, 1, 2

ENTRY: Final = "application/vnd.tafadi.entry+json"
CARD: Final = "application/vnd.tafadi.card+json"
_MEMBERS: Final = {"card", "first", "kind", "nodes", "second", "version"}
_CARD_MEMBERS: Final = {
    *("ends", "envelope", "epoch", "hpke", "log", "mirror", "operators", "party"),
    *("root", "tls", "valid_from", "valid_until", "version"),
}  # fmt: skip
_ORIGIN: Final = re.compile(r"tafadi\.v1/([a-z][a-z0-9-]{0,31})/([a-z][a-z0-9-]{0,31})/([1-9][0-9]{0,5})", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

_PRIME: Final = 2**255 - 19
_ORDER_8: Final = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
_SMALL_ORDER: Final = {0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8}  # the y of the points whose order divides 8


class Unreadable(Exception):
    """It is not the file that the specification describes."""


class NotProved(Exception):
    """It is such a file, and does not prove what it says."""


class Tree(NamedTuple):
    """A feed's origin, size and root, and when a mirror signed that it stores that much (None where none did)."""

    origin: str
    size: int
    root: bytes
    time_s: int | None = None


class Owner(NamedTuple):
    """Whose keys the card shows."""

    party: str
    epoch: int
    root: bytes
    envelope: bytes
    log: bytes
    mirror: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: what was signed, the key ids and signatures, and the place that it says it has."""

    said: dict[str, Any]
    payload: bytes
    signatures: list[tuple[str, bytes]]
    origin: str
    index: int


class Claim(NamedTuple):
    """What the file says."""

    kind: str
    owner: Owner
    first: bytes
    second: bytes
    nodes: list[bytes]


def main(arguments: Sequence[str]) -> int:
    """The exit code of the program; what it found is printed."""
    if len(arguments) != 1:
        return _tell(sys.stderr, "usage: python verifier.py FILE", UNREADABLE)
    try:
        return _tell(sys.stdout, verify(read_file(Path(arguments[0]))), PROVED)
    except OSError as error:
        return _tell(sys.stderr, f"{arguments[0]} cannot be read: {error.strerror}", UNREADABLE)
    except Unreadable as fault:
        return _tell(sys.stderr, f"this is no evidence that can be read: {fault}", UNREADABLE)
    except NotProved as fault:
        return _tell(sys.stderr, f"NOT PROVED: {fault}", NOT_PROVED)


def read_file(path: Path) -> bytes:
    """The file's bytes, and no more than one beyond the longest that is read. Raises OSError."""
    with path.open("rb") as file:
        return file.read(FILE_MAX_BYTES + 1)


def verify(data: bytes) -> str:
    """Who is accused of what. Raises NotProved, Unreadable."""
    claim = read(data)
    owner = claim.owner
    sentence = PROOFS[claim.kind](claim)
    root = base64.b64encode(owner.root).decode()
    return f"PROVED: {sentence}. It holds if {root} is the root key of {owner.party}, as it was compared in person"


def read(data: bytes) -> Claim:
    """The parts of the file, its card verified. Raises Unreadable, NotProved when the root key did not sign the card."""
    if len(data) > FILE_MAX_BYTES:
        raise Unreadable(f"it is longer than {FILE_MAX_BYTES} bytes")
    value = _canonical(data, "the file")
    if set(value) != _MEMBERS or value["version"] != "tafadi.v1":
        raise Unreadable("it has not exactly the members of evidence of tafadi.v1")
    if not isinstance(value["kind"], str) or value["kind"] not in PROOFS:
        raise Unreadable(f"{str(value['kind'])[:40]!r} is no kind of evidence that this program knows")
    nodes = value["nodes"]
    if not isinstance(nodes, list) or len(nodes) > NODES_MAX:
        raise Unreadable(f"its nodes are no list of at most {NODES_MAX}")
    hashes = [_bytes(node, "a node") for node in nodes]
    if any(len(one) != 32 for one in hashes):
        raise Unreadable("a node is not 32 bytes long")
    owner = _card(_bytes(value["card"], "the card"))
    first, second = _bytes(value["first"], "the first statement"), _bytes(value["second"], "the second statement")
    if value["kind"] not in ORDERED_BY_ROLE and first >= second:
        raise NotProved("its statements are one, or not in their order")
    return Claim(value["kind"], owner, first, second, hashes)


# What is proved


def _two_entries(claim: Claim) -> str:
    one, other = _entry(claim.first), _entry(claim.second)
    for entry in (one, other):
        _check_signed(entry, claim.owner)
    if (one.origin, one.index) != (other.origin, other.index) or one.payload == other.payload or claim.nodes:
        raise NotProved("the two entries do not say different things at one place")
    return f"{claim.owner.party} signed two different entries number {one.index} of {one.origin}"


def _two_roots(claim: Claim) -> str:
    one, other = (_checkpoint(note, claim.owner) for note in (claim.first, claim.second))
    if one.size != other.size or not _excludes(one, other, claim.nodes):
        raise NotProved("the two checkpoints are not two roots of one feed for one size")
    return f"{claim.owner.party} signed two different histories of the first {one.size} entries of {one.origin}"


def _no_common_tree(claim: Claim) -> str:
    one, other = (_checkpoint(note, claim.owner) for note in (claim.first, claim.second))
    if one.size == other.size or not _excludes(one, other, claim.nodes):
        raise NotProved("the nodes do not show that the smaller tree is no beginning of the larger")
    sizes = sorted((one.size, other.size))
    return (
        f"{claim.owner.party} signed a history of {sizes[1]} entries of {one.origin} that does not begin with the {sizes[0]} it had signed"
    )


def _receipts(claim: Claim) -> str:
    one, other = (_receipt(note, claim.owner) for note in (claim.first, claim.second))
    if not _excludes(one, other, claim.nodes):
        raise NotProved("the trees of the two receipts do not exclude each other")
    by_time = sorted((one, other), key=lambda tree: (tree.time_s, tree.size))
    told = " and ".join(f"{tree.size} entries, by its clock at {_time(tree)}," for tree in by_time)
    return (
        f"{claim.owner.party} signed that it stores two histories of {one.origin} of which one excludes the other: {told} in its receipts"
    )


def _retired_key(claim: Claim) -> str:
    owner, record = claim.owner, _entry(claim.second)
    body = record.said.get("body")
    if record.said.get("type") != "key" or not isinstance(body, dict):
        raise NotProved("the second statement records no card")
    later = _card(_bytes(body.get("card"), "the later card"))
    if (later.party, later.root) != (owner.party, owner.root) or later.epoch <= owner.epoch:
        raise NotProved(f"the card that is recorded retires no key of {owner.party}, epoch {owner.epoch}")
    trees = [tree for tree in _signed_for(claim.first, owner) if tree.origin == record.origin and tree.size > record.index]
    if not any(_includes(tree, claim.second, record.index, claim.nodes) for tree in trees):
        raise NotProved("the statement was not signed for a tree that holds the record")
    what = "an entry" if claim.first.startswith(b"{") else "a receipt"
    return (
        f"{owner.party}, or whoever has its keys of epoch {owner.epoch}, signed {what} with them after {record.origin} had recorded, "
        f"as its entry {record.index}, that they are retired"
    )


def _stored(claim: Claim) -> str:
    entry, tree = _entry(claim.first), _receipt(claim.second, claim.owner)
    is_inside = entry.origin == tree.origin and entry.index < tree.size
    if not is_inside or not _includes(tree, claim.first, entry.index, claim.nodes):
        raise NotProved("the entry is not in the tree of the receipt")
    return f"{claim.owner.party} signed, by its clock at {_time(tree)}, that it stores entry {entry.index} of {entry.origin}"


ORDERED_BY_ROLE: Final = {"retired-key-used", "stored"}
PROOFS: Final[dict[str, Callable[[Claim], str]]] = {
    "two-entries-at-one-index": _two_entries,
    "two-roots-at-one-size": _two_roots,
    "no-common-tree": _no_common_tree,
    "receipt-against-inclusion": _receipts,
    "retired-key-used": _retired_key,
    "stored": _stored,
}


# Statements


def _card(data: bytes) -> Owner:
    payload, signatures = _envelope(data, CARD, CARD_MAX_BYTES)
    value = _canonical(payload, "the card")
    if set(value) != _CARD_MEMBERS or len(signatures) != 1:
        raise Unreadable("the card has not exactly the members and the one signature of a card")
    party, epoch = value["party"], value["epoch"]
    keys = [_bytes(value[name], f"the key {name}") for name in ("root", "envelope", "log", "mirror")]
    if isinstance(epoch, bool) or not isinstance(epoch, int) or not _ORIGIN.fullmatch(f"tafadi.v1/x/{party}/{epoch}"):
        raise Unreadable("the card names no party and epoch")
    if len({*keys}) != len(keys):
        raise Unreadable("a key stands twice on the card")
    _check_dsse(CARD, payload, signatures[0], keys[0])
    return Owner(party, epoch, *keys)


def _entry(leaf: bytes) -> Entry:
    payload, signatures = _envelope(leaf, ENTRY, LEAF_MAX_BYTES)
    said = _canonical(payload, "the entry")
    origin, index = said.get("origin"), said.get("index")
    if not isinstance(origin, str) or isinstance(index, bool) or not isinstance(index, int) or index < 0:
        raise NotProved("an entry does not say where it stands")
    _parts(origin)
    return Entry(said, payload, signatures, origin, index)


def _check_signed(entry: Entry, owner: Owner) -> None:
    """Raises NotProved unless the entry is of the card's party and epoch, and signed by its envelope key."""
    _check_owner(entry.origin, owner)
    _check_dsse(ENTRY, entry.payload, entry.signatures[0], owner.envelope)


def _checkpoint(note: bytes, owner: Owner) -> Tree:
    """The tree that the log key of the card signed."""
    tree, text, lines = _note(note)
    _check_owner(tree.origin, owner)
    signature = _line_of(lines, tree.origin, 1, owner.log)
    _check(owner.log, signature, text)
    return tree


def _receipt(note: bytes, owner: Owner) -> Tree:
    """The tree that the mirror key of the card signed, with the time in that signature."""
    tree, text, lines = _note(note)
    agreement, party, _ = _parts(tree.origin)
    if party == owner.party:
        raise NotProved("nobody gives receipts for a feed of his own")
    signed = _line_of(lines, f"tafadi.v1/{agreement}/{owner.party}/{owner.epoch}/mirror", 4, owner.mirror)
    if len(signed) != 72 or (time_s := int.from_bytes(signed[:8], "big")) >= TIME_MAX_S:
        raise NotProved("a receipt has not the length, or not the time, of one")
    _check(owner.mirror, signed[8:], f"cosignature/v1\ntime {time_s}\n".encode() + text)
    return tree._replace(time_s=time_s)


def _signed_for(use: bytes, owner: Owner) -> list[Tree]:
    """The trees that a statement is signed for: of a receipt its own, of an entry those it says it has seen."""
    if not use.startswith(b"{"):
        return [_receipt(use, owner)]
    entry = _entry(use)
    _check_signed(entry, owner)
    agreement, seen = _parts(entry.origin)[0], entry.said.get("seen")
    trees = []
    for one in seen if isinstance(seen, list) else []:
        match one:
            case {"party": str(party), "epoch": int(epoch), "size": int(size), "root": str(root)} if _is_tree(size, root):
                trees.append(Tree(f"tafadi.v1/{agreement}/{party}/{epoch}", size, bytes.fromhex(root)))
    return trees


def _is_tree(size: int, root: str) -> bool:
    return not isinstance(size, bool) and re.fullmatch("[0-9a-f]{64}", root) is not None


def _check_owner(origin: str, owner: Owner) -> None:
    _, party, epoch = _parts(origin)
    if (party, epoch) != (owner.party, owner.epoch):
        raise NotProved(f"the card is of {owner.party}, epoch {owner.epoch}, and a statement of {origin}")


def _parts(origin: str) -> tuple[str, str, int]:
    found = _ORIGIN.fullmatch(origin)
    if not found:
        raise NotProved("a statement names no feed")
    return found[1], found[2], int(found[3])


def _time(tree: Tree) -> str:
    return datetime.fromtimestamp(tree.time_s or 0, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# Trees (RFC 6962 section 2.1)


def _hash(prefix: bytes, *parts: bytes) -> bytes:
    return hashlib.sha256(prefix + b"".join(parts)).digest()


def _excludes(one: Tree, other: Tree, nodes: list[bytes]) -> bool:
    small, large = sorted((one, other), key=lambda tree: tree.size)
    if small.origin != large.origin or small.size == 0:
        return False
    if small.size == large.size:
        return small.root != large.root and not nodes
    found = _rebuilt(nodes, 0, small.size, large.size, None)
    return found is not None and found[1] == large.root and found[0] != small.root


def _includes(tree: Tree, leaf: bytes, index: int, nodes: list[bytes]) -> bool:
    found = _rebuilt(nodes, index, index + 1, tree.size, _hash(b"\x00", leaf))
    return found is not None and found[1] == tree.root


def _rebuilt(nodes: list[bytes], start: int, end: int, size: int, known: bytes | None) -> tuple[bytes, bytes] | None:
    """The hash of leaves [start, end) and the root of all, as the nodes add them up; None when they are too few or too many."""
    if not 0 <= start < end <= size <= INTEGER_MAX:
        return None
    rest = iter(nodes)
    try:
        found = _climb(rest, start, end, 0, size, known)
    except StopIteration:
        return None
    return found if next(rest, None) is None else None


def _climb(rest: Iterator[bytes], start: int, end: int, low: int, high: int, known: bytes | None) -> tuple[bytes, bytes]:
    if (start, end) == (low, high):
        whole = next(rest) if known is None else known
        return whole, whole
    middle = low + (1 << ((high - low - 1).bit_length() - 1))
    if end <= middle:
        inner, below = _climb(rest, start, end, low, middle, known)
        return inner, _hash(b"\x01", below, next(rest))
    if start >= middle:
        inner, below = _climb(rest, start, end, middle, high, known)
        return inner, _hash(b"\x01", next(rest), below)
    inner, below = _climb(rest, middle, end, middle, high, None)
    left = next(rest)
    return _hash(b"\x01", left, inner), _hash(b"\x01", left, below)


# Notes, envelopes, signatures


def _note(data: bytes) -> tuple[Tree, bytes, list[tuple[str, bytes]]]:
    """The checkpoint in a signed note, its text as it was signed, and name and bytes of each signature line."""
    if len(data) > NOTE_MAX_BYTES:
        raise Unreadable(f"a note is longer than {NOTE_MAX_BYTES} bytes")
    try:
        text, gap, tail = data.decode("utf-8").rpartition("\n\n")
    except UnicodeDecodeError:
        raise Unreadable("a note is not UTF-8") from None
    lines = [line.split(" ") for line in tail.removesuffix("\n").split("\n")]
    if not gap or not tail.endswith("\n") or any(len(line) != 3 or line[0] != "—" for line in lines):
        raise Unreadable("a statement is neither an entry nor a signed note")
    if len(lines) > 1:
        raise Unreadable("a note has more signatures than the one that convicts")
    origin, size, root = (*text.split("\n"), "", "", "")[:3]
    hashed = _bytes(root, "a root")
    if (
        not re.fullmatch("0|[1-9][0-9]{0,15}", size, re.ASCII)
        or int(size) > INTEGER_MAX
        or len(hashed) != 32
        or text != f"{origin}\n{size}\n{root}"
    ):
        raise Unreadable("a note is no checkpoint of three lines")
    return Tree(origin, int(size), hashed), f"{text}\n".encode(), [(line[1], _bytes(line[2], "a signature")) for line in lines]


def _line_of(lines: list[tuple[str, bytes]], name: str, kind: int, key: bytes) -> bytes:
    """The signature by that key under that name, without its key id."""
    key_id = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]
    for said, signature in lines:
        if said == name and signature[:4] == key_id:
            return signature[4:]
    raise NotProved(f"a note is not signed by {name}")


def _envelope(data: bytes, kind: str, longest_bytes: int) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Payload and signatures of a DSSE envelope in its one layout."""
    if len(data) > longest_bytes:
        raise Unreadable(f"an envelope is longer than {longest_bytes} bytes")
    one = rb'\{"keyid":"([0-9a-f]{16})","sig":"([A-Za-z0-9+/]{86}==)"\}'
    head = rb'\{"payload":"([A-Za-z0-9+/]*={0,2})","payloadType":"' + re.escape(kind.encode()) + rb'","signatures":\['
    found = re.fullmatch(head + one + rb"(?:," + one + rb")?\]\}", data)
    if found is None:
        raise Unreadable(f"a statement is no envelope of {kind} in its one form")
    pairs = [(found[2], found[3])] + ([(found[4], found[5])] if found[4] else [])
    if len(pairs) == 2 and pairs[0][0] == pairs[1][0]:
        raise Unreadable("one key signed an envelope twice")
    return _bytes(found[1].decode(), "a payload"), [(key.decode(), _bytes(sig.decode(), "a signature")) for key, sig in pairs]


def _check_dsse(kind: str, payload: bytes, signature: tuple[str, bytes], key: bytes) -> None:
    if signature[0] != hashlib.sha256(key).hexdigest()[:16]:
        raise NotProved("a signature names another key")
    _check(key, signature[1], b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload))


def _check(key: bytes, signature: bytes, message: bytes) -> None:
    """Raises NotProved unless the Ed25519 signature is valid: besides what `cryptography` judges, no point of small order counts."""
    y = int.from_bytes(key, "little") % 2**255
    if len(key) != 32 or len(signature) != 64 or y >= _PRIME or y in _SMALL_ORDER:
        raise NotProved("a key or a signature is none")
    if int.from_bytes(signature[:32], "little") % 2**255 % _PRIME in _SMALL_ORDER:
        raise NotProved("a signature begins with a point of small order")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise NotProved("a signature does not verify") from None


# JSON and base64, each in its one form


def _canonical(data: bytes, what: str) -> dict[str, Any]:
    """The JSON object, which must be its RFC 8785 form with whole numbers only."""
    if _depth(data) > DEPTH_MAX:
        raise Unreadable(f"{what} is nested deeper than {DEPTH_MAX}")
    try:
        value = json.loads(data.decode("utf-8"), parse_float=_refuse, parse_constant=_refuse, parse_int=_integer)
        again = json.dumps(_sorted(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except ValueError:  # no UTF-8, no JSON, a number that is none of ours, or half a letter
        raise Unreadable(f"{what} is not JSON as it may be here") from None
    if again != data or not isinstance(value, dict):
        raise Unreadable(f"{what} is not in its one canonical form")
    return value


def _depth(data: bytes) -> int:
    depth = most = 0
    for mark in re.findall(rb'"(?:[^"\\]|\\.)*+"?|[\[{\]}]', data, re.DOTALL):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(mark, 0)
        most = max(most, depth)
    return most


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > INTEGER_MAX:
        raise ValueError(text)
    return int(text)


def _bytes(text: object, what: str) -> bytes:
    try:
        data = binascii.a2b_base64(text, strict_mode=True) if isinstance(text, str) else None
    except ValueError:
        data = None
    if data is None or base64.b64encode(data).decode() != text:
        raise Unreadable(f"{what} is not standard base64")
    return data


def _tell(stream: Any, sentence: str, code: int) -> int:
    stream.write(_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", sentence) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
