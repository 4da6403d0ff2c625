"""A second node, written from docs/spec alone: it keeps what the other parties of an agreement say, and signs that it does.

Theory: a party's entries are the leaves of a Merkle log. Who holds the leaves can compute the root by himself, compare it with the root
that the owner signed, and sign in turn that he stores them (a receipt). Nothing of what is in the entries need be understood for that.

    mirror.py check VECTORS_DIR                    every case of vectors/trust through this code; exit 0 when all hold
    mirror.py card DIR PARTY [--until TIME]        makes keys, certificate and first card in DIR; prints the path of the card
    mirror.py serve DIR --agreement FILE --listen HOST:PORT --peer PARTY=HOST:PORT …

Python 3.11, its standard library and `cryptography`; nothing of Tafadi.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import functools
import hashlib
import http.client
import json
import os
import random
import re
import sqlite3
import ssl
import struct
import sys
import threading
import time
import unicodedata
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519

VERSION = "tafadi.v1"
ENTRY, CARD = "application/vnd.tafadi.entry+json", "application/vnd.tafadi.card+json"
SIZE_MAX = 2**53 - 1
STATUS = {
    "FormatError": 400, "SignatureError": 403, "NotPermittedError": 403, "MissingError": 404, "LimitError": 413, "ChainError": 422,
    "EquivocationError": 422, "SessionError": 422, "InputError": 422, "QuotaError": 429, "UnavailableError": 503, "DamagedError": 500,
}  # fmt: skip
LIMITS = {
    "add_checkpoint_bytes": 19241, "add_entries_bytes": 16779637, "card_bytes": 32768, "entry_bytes": 65535, "evidence_bytes": 226642,
    "heartbeat_bytes": 262144, "push_bytes": 1064960, "push_entries": 256,
}  # fmt: skip
NOTE_MAX = 16384
ANSWER_MAX = 262144


class Refused(Exception):
    """What is said to whom brings something wrong: the name of the error, and a sentence."""

    def __init__(self, name: str, detail: str, retry_s: int = 0) -> None:
        super().__init__(f"{name}: {detail}")
        self.name, self.detail, self.retry_s = name, detail, retry_s


def bad(detail: str) -> Refused:
    return Refused("FormatError", detail)


def need(holds: object, detail: str, name: str = "FormatError") -> None:
    if not holds:
        raise Refused(name, detail)


# ---------------------------------------------------------------------------------------------------- bytes, JSON, keys


def unbase64(text: str | bytes, length: int | None = None) -> bytes:
    """The bytes of standard base64 in its one spelling."""
    raw = text.encode() if isinstance(text, str) else text
    try:
        data = base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError):
        raise bad("no base64") from None
    need(base64.b64encode(data) == raw, "base64 in another spelling")
    need(length is None or len(data) == length, f"{len(data)} bytes where {length} are due")
    return data


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _one_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    need(len({name for name, _ in pairs}) == len(pairs), "a member that stands twice")
    return dict(pairs)


def _no_number(text: str) -> Any:
    raise bad(f"{text[:30]} is no integer")


def _form(value: Any, deep: int) -> str:
    need(deep <= 16, "nested more than 16 deep")
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        return "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{_form(item, deep + 1)}" for name, item in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_form(item, deep + 1) for item in value) + "]"
    need(not isinstance(value, int) or abs(value) <= SIZE_MAX, "an integer beyond 2^53-1")
    return json.dumps(value, ensure_ascii=False)


def canonical(value: Any) -> bytes:
    """RFC 8785, with integers alone."""
    try:
        return _form(value, 1).encode()
    except (UnicodeEncodeError, RecursionError):
        raise bad("a lone surrogate, or nested too deep") from None


def parse_json(data: bytes) -> Any:
    """The value of JSON that is its own RFC 8785 form."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_one_of_each, parse_float=_no_number, parse_constant=_no_number)
        same = canonical(value) == data
    except (ValueError, RecursionError, UnicodeEncodeError):
        raise bad("no JSON") from None
    need(same, "not its own RFC 8785 form")
    return value


def members(value: Any, names: str, maybe: str = "") -> dict[str, Any]:
    """The object, when it has the named members and no others."""
    need(isinstance(value, dict), "no object")
    there, must = set(value), set(names.split())
    need(must <= there, f"{', '.join(sorted(must - there))}: missing")
    need(there <= must | set(maybe.split()), f"{', '.join(sorted(there - must - set(maybe.split())))}: not known")
    return cast(dict[str, Any], value)


P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493


def _sqrt(square: int) -> int | None:
    for root in (pow(square, (P + 3) // 8, P), pow(square, (P + 3) // 8, P) * pow(2, (P - 1) // 4, P) % P):
        if (root * root - square) % P == 0:
            return root
    return None


def _small_orders() -> frozenset[int]:
    """The y of every point whose order divides 8: 1, -1, 0, and those whose double has y = 0 (d·y⁴ + 2·y² = 1)."""
    ys = {0, 1, P - 1}
    root = _sqrt((1 + D) % P)
    assert root is not None
    for half in (root, -root):
        y = _sqrt((half - 1) * pow(D, -1, P) % P)
        if y is not None:
            ys |= {y, P - y}
    return frozenset(ys)


SMALL = _small_orders()


def _y(point: bytes) -> int:
    return int.from_bytes(point, "little") & (2**255 - 1)


@functools.lru_cache(maxsize=1024)
def good_key(key: bytes) -> bool:
    """Whether 32 bytes are the canonical encoding of a point that is not of small order."""
    y = _y(key)
    if len(key) != 32 or y >= P or y in SMALL:
        return False
    return _sqrt((y * y - 1) * pow(D * y * y + 1, -1, P) % P) is not None


def signed(key: bytes, signature: bytes, data: bytes) -> bool:
    """Ed25519 under the one rule of docs/spec/envelope.md: the library compares the bytes of R with S·B - k·A, without the cofactor."""
    if not good_key(key) or len(signature) != 64 or _y(signature[:32]) % P in SMALL or int.from_bytes(signature[32:], "little") >= ORDER:
        return False
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


Key = ed25519.Ed25519PrivateKey


def public(key: Key) -> bytes:
    return key.public_key().public_bytes_raw()


TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{0,8}[1-9]))?Z")
NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
ORIGIN = re.compile(r"tafadi\.v1/([a-z][a-z0-9-]{0,31})/([a-z][a-z0-9-]{0,31})/([1-9]\d{0,5})")


def parse_time(text: Any) -> float:
    """POSIX seconds of RFC 3339 with Z in its shortest form."""
    found = TIME.fullmatch(text) if isinstance(text, str) else None
    need(found and 1900 <= int(found[1]) <= 2199, "no time with Z in its shortest form")
    assert found
    try:
        whole = datetime(*(int(part) for part in found.groups()[:6]), tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        raise bad("no such time") from None
    return whole.timestamp() + float(f"0.{found[7] or 0}")


def time_text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def decimal(text: str, low: int, high: int) -> int:
    need(re.fullmatch(r"0|[1-9]\d{0,15}", text, re.ASCII) and low <= int(text) <= high, f"{text[:20]} is no number of {low} to {high}")
    return int(text)


def split_origin(text: Any) -> tuple[str, str, int]:
    """Agreement, party and epoch of a feed's name."""
    found = ORIGIN.fullmatch(text) if isinstance(text, str) else None
    need(found, "no name of a feed")
    assert found
    return found[1], found[2], int(found[3])


# ---------------------------------------------------------------------------------------------------- the Merkle log


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\0" + leaf).digest()


def join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


EMPTY = hashlib.sha256(b"").digest()


def below(size: int) -> int:
    """The largest power of two below size."""
    return 1 << ((size - 1).bit_length() - 1)


def root_of(row: Sequence[bytes]) -> bytes:
    """The root over hashes of leaves."""
    if len(row) < 2:
        return row[0] if row else EMPTY
    k = below(len(row))
    return join(root_of(row[:k]), root_of(row[k:]))


@dataclass(frozen=True)
class Frontier:
    """The size, and the roots of the complete subtrees, largest first."""

    size: int
    roots: tuple[bytes, ...]

    def add(self, hashed: bytes) -> Frontier:
        roots, bits = list(self.roots), self.size
        while bits & 1:
            hashed, bits = join(roots.pop(), hashed), bits >> 1
        return Frontier(self.size + 1, (*roots, hashed))

    @property
    def root(self) -> bytes:
        return functools.reduce(lambda right, left: join(left, right), reversed(self.roots)) if self.roots else EMPTY


def parse_frontier(data: bytes) -> Frontier:
    size = int.from_bytes(data[:8], "big")
    need(len(data) == 8 + 32 * size.bit_count(), "a frontier of another length")
    return Frontier(size, tuple(data[at : at + 32] for at in range(8, len(data), 32)))


class Tree:
    """A log's hashes: level 0 of the leaves, each level above of the complete pairs below it."""

    def __init__(self) -> None:
        self.levels: list[list[bytes]] = [[]]

    def __len__(self) -> int:
        return len(self.levels[0])

    def add(self, hashed: bytes) -> None:
        for level in self.levels:
            level.append(hashed)
            if len(level) % 2:
                return
            hashed = join(level[-2], level[-1])
        self.levels.append([hashed])

    def hash(self, start: int, end: int) -> bytes:
        """The root of the leaves from start to end; start is a multiple of a power of two that is not below end - start."""
        width = end - start
        if width & (width - 1) == 0:
            return self.levels[width.bit_length() - 1][start // width] if width else EMPTY
        k = below(width)
        return join(self.hash(start, start + k), self.hash(start + k, end))

    def frontier(self) -> Frontier:
        roots, at = [], 0
        for bit in reversed(range(len(self).bit_length())):
            if len(self) >> bit & 1:
                roots.append(self.levels[bit][at >> bit])
                at += 1 << bit
        return Frontier(len(self), tuple(roots))

    def proof(self, start: int, end: int, size: int, known: bool = True, at: int = 0) -> list[bytes]:
        """The nodes that lead from the subtree [start, end) to the root of size; with known false it is among them (SUBPROOF …, false)."""
        if start == 0 and end == size:
            return [] if known else [self.hash(at, at + size)]
        k = below(size)
        if end <= k:
            return [*self.proof(start, end, k, known, at), self.hash(at + k, at + size)]
        if start >= k:
            return [*self.proof(start - k, end - k, size - k, known, at + k), self.hash(at, at + k)]
        return [*self.proof(0, end - k, size - k, False, at + k), self.hash(at, at + k)]


def rebuild(start: int, end: int, size: int, nodes: list[bytes], known: bytes | None) -> tuple[bytes, bytes]:
    """The roots of the subtree and of the tree, as the nodes give them; what is used is taken off the nodes' end."""
    if start == 0 and end == size:
        hashed = nodes.pop() if known is None else known
        return hashed, hashed
    k, beside = below(size), nodes.pop()
    if end <= k:
        part, whole = rebuild(start, end, k, nodes, known)
        return part, join(whole, beside)
    if start >= k:
        part, whole = rebuild(start - k, end - k, size - k, nodes, known)
        return part, join(beside, whole)
    part, whole = rebuild(0, end - k, size - k, nodes, None)
    return join(beside, part), join(beside, whole)


def roots_by(nodes: Sequence[bytes], start: int, end: int, size: int, known: bytes | None) -> tuple[bytes, bytes]:
    """The same, of nodes that must be neither too few nor too many."""
    left = list(nodes)
    need(len(left) <= 63 and 0 <= start < end <= size and start % (1 << (end - start - 1).bit_length()) == 0, "no such proof", "ChainError")
    try:
        roots = rebuild(start, end, size, left, known)
    except IndexError:
        raise Refused("ChainError", "a proof that is too short") from None
    need(not left, "a proof that is too long", "ChainError")
    return roots


def verify_path(nodes: Sequence[bytes], start: int, end: int, size: int, part: bytes, whole: bytes) -> None:
    """Nothing, where the nodes lead from the root of [start, end) to that of size; otherwise ChainError."""
    if end == 0:
        need(not nodes, "a proof from nothing is empty", "ChainError")
        return
    need(roots_by(nodes, start, end, size, part) == (part, whole), "the proof does not lead to the root", "ChainError")


# ---------------------------------------------------------------------------------------------------- signed notes


@dataclass(frozen=True)
class Note:
    text: str
    lines: tuple[tuple[str, bytes, bytes], ...]
    """Of each signature line the name of the key, its id, and the rest."""


def parse_line(line: str) -> tuple[str, bytes, bytes]:
    found = re.fullmatch(r"— ([^\s+]{1,255}) (\S+)", line)
    need(found, "no signature line")
    assert found
    data = unbase64(found[2])
    need(len(data) > 4, "a signature line without signature")
    return found[1], data[:4], data[4:]


def parse_note(data: bytes, limit: int = NOTE_MAX) -> Note:
    need(len(data) <= limit, f"a note of more than {limit} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise bad("a note is UTF-8") from None
    need(not any(unicodedata.category(sign) == "Cc" and sign != "\n" for sign in text), "a control character in a note")
    head, gap, tail = text.rpartition("\n\n")
    need(gap and head and tail.endswith("\n"), "no note")
    lines = tail[:-1].split("\n")
    need(len(lines) <= 32, "more than 32 signature lines")
    return Note(head + "\n", tuple(parse_line(line) for line in lines))


def key_id(name: str, kind: int, key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]


def signature_line(text: str, name: str, key: Key) -> str:
    return f"— {name} {b64(key_id(name, 1, public(key)) + key.sign(text.encode()))}\n"


def sign_note(text: str, name: str, key: Key) -> bytes:
    return f"{text}\n{signature_line(text, name, key)}".encode()


def note_line(line: tuple[str, bytes, bytes]) -> str:
    return f"— {line[0]} {b64(line[1] + line[2])}\n"


def verify_note(note: Note, name: str, key: bytes) -> None:
    """Nothing, where the key of that name has signed; a false line of it condemns the note."""
    mine = [rest for who, ident, rest in note.lines if (who, ident) == (name, key_id(name, 1, key))]
    need(mine and all(signed(key, rest, note.text.encode()) for rest in mine), f"not signed by {name}", "SignatureError")


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes
    note: Note

    @property
    def bare(self) -> bytes:
        """The note with the log's own signature alone."""
        kept = [note_line(line) for line in self.note.lines if line[0] == self.origin]
        return f"{self.note.text}\n{''.join(kept[:1])}".encode()

    def signed_by(self, key: bytes) -> Checkpoint:
        verify_note(self.note, self.origin, key)
        mine = tuple(line for line in self.note.lines if line[:2] == (self.origin, key_id(self.origin, 1, key)))
        return Checkpoint(self.origin, self.size, self.root, Note(self.note.text, mine))


def tree_text(origin: str, size: int, root: bytes) -> str:
    return f"{origin}\n{size}\n{b64(root)}\n"


def parse_tree_text(note: Note) -> Checkpoint:
    lines = note.text.split("\n")
    need(len(lines) == 4, "a checkpoint has three lines")
    split_origin(lines[0])
    return Checkpoint(lines[0], decimal(lines[1], 0, SIZE_MAX), unbase64(lines[2], 32), note)


def parse_checkpoint(data: bytes) -> Checkpoint:
    return parse_tree_text(parse_note(data))


def cosigned(at_s: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def make_receipt(text: str, name: str, key: Key, at_s: int) -> str:
    """Another party has stored it: one signature line of kind 4."""
    return f"— {name} {b64(key_id(name, 4, public(key)) + struct.pack('>Q', at_s) + key.sign(cosigned(at_s, text)))}\n"


def verify_receipt(line: tuple[str, bytes, bytes], text: str, name: str, key: bytes) -> int:
    """The second at which the mirror says that it stored the tree of that text."""
    who, ident, rest = line
    need((who, ident, len(rest)) == (name, key_id(name, 4, key), 72), f"not a receipt by {name}", "SignatureError")
    at_s = int.from_bytes(rest[:8], "big")
    need(at_s < 7258118400 and signed(key, rest[8:], cosigned(at_s, text)), f"a false receipt by {name}", "SignatureError")
    return at_s


def parse_receipt(data: bytes) -> tuple[str, bytes, bytes]:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise bad("no signature line") from None
    need(len(data) <= NOTE_MAX and text.endswith("\n"), "no signature line")
    return parse_line(text[:-1])


@dataclass(frozen=True)
class Heartbeat:
    agreement: str
    party: str
    epoch: int
    at: float
    notes: tuple[Note, ...]
    note: Note

    def signed_by(self, key: bytes) -> Heartbeat:
        verify_note(self.note, f"{VERSION}/{self.agreement}/{self.party}/{self.epoch}/heartbeat", key)
        return self


def parse_heartbeat(data: bytes) -> Heartbeat:
    note = parse_note(data, LIMITS["heartbeat_bytes"])
    lines = note.text[:-1].split("\n")
    need(len(lines) >= 5 and lines[0] == "tafadi.v1/heartbeat", "no heartbeat")
    need(len(lines) <= 5 + 64, "more than 64 notes")
    agreement, party, epoch = split_origin(f"{VERSION}/{lines[1]}/{lines[2]}/{lines[3]}")
    return Heartbeat(agreement, party, epoch, parse_time(lines[4]), tuple(parse_note(unbase64(line)) for line in lines[5:]), note)


def heard_text(origin: str, index: int, hashed: bytes, party: str, epoch: int, at: str) -> str:
    return f"tafadi.v1/heard\n{origin}\n{index}\n{b64(hashed)}\n{party}\n{epoch}\nnode\n{at}\n"


def verify_heard(data: bytes, key: bytes) -> None:
    note = parse_note(data, 1024)
    lines = note.text[:-1].split("\n")
    need(len(lines) == 8 and lines[0] == "tafadi.v1/heard", "no word that it is heard")
    agreement, _, _ = split_origin(lines[1])
    decimal(lines[2], 0, SIZE_MAX)
    unbase64(lines[3], 32)
    hearer = f"{VERSION}/{agreement}/{lines[4]}/{lines[5]}"
    split_origin(hearer)
    need(lines[6] == "node", "another role than the node's")
    parse_time(lines[7])
    verify_note(note, hearer + "/heard", key)


# ---------------------------------------------------------------------------------------------------- envelopes and cards


@dataclass(frozen=True)
class Envelope:
    payload: bytes
    value: dict[str, Any]
    kind: str
    signatures: tuple[tuple[str, bytes], ...]

    def signed_by(self, at: int, key: bytes) -> bool:
        ident, signature = self.signatures[at]
        return ident == ident_of(key) and signed(key, signature, pae(self.kind, self.payload))


def ident_of(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:16]


def pae(kind: str, payload: bytes) -> bytes:
    return f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload


_SIGNATURE = rb'\{"keyid":"([0-9a-f]{16})","sig":"([A-Za-z0-9+/=]{88})"\}'
_LAYOUT = re.compile(
    rb'\{"payload":"([A-Za-z0-9+/=]*)","payloadType":"([a-z0-9/.+]+)","signatures":\[%s(?:,%s)?\]\}' % (_SIGNATURE, _SIGNATURE)
)


def parse_envelope(data: bytes, kind: str = ENTRY, limit: int = 65535) -> Envelope:
    need(len(data) <= limit, f"an envelope of more than {limit} bytes")
    found = _LAYOUT.fullmatch(data)
    need(found and found[2].decode() == kind, "no envelope of that type in its one layout")
    assert found
    pairs = [(found[3], found[4])] + ([(found[5], found[6])] if found[5] else [])
    need(len({ident for ident, _ in pairs}) == len(pairs), "a key signs twice")
    payload = unbase64(found[1])
    value = parse_json(payload)
    need(isinstance(value, dict), "the payload is no object")
    return Envelope(payload, value, kind, tuple((ident.decode(), unbase64(sig, 64)) for ident, sig in pairs))


def seal(value: dict[str, Any], kind: str, key: Key) -> bytes:
    """The envelope of a payload, signed once."""
    payload = canonical(value)
    one = f'{{"keyid":"{ident_of(public(key))}","sig":"{b64(key.sign(pae(kind, payload)))}"}}'
    return f'{{"payload":"{b64(payload)}","payloadType":"{kind}","signatures":[{one}]}}'.encode()


@dataclass(frozen=True)
class Card:
    data: bytes
    party: str
    epoch: int
    root: bytes
    envelope: bytes
    log: bytes
    mirror: bytes
    hpke: bytes
    operators: tuple[tuple[str, bytes], ...]
    tls: bytes
    ends: tuple[tuple[str, int, bytes], ...]

    @property
    def keys(self) -> list[bytes]:
        every = [self.root, self.envelope, self.log, self.mirror, self.hpke, *(key for _, key in self.operators)]
        certified = x509.load_der_x509_certificate(self.tls).public_key()
        if isinstance(certified, ed25519.Ed25519PublicKey):
            return [*every, certified.public_bytes_raw()]
        return [*every, certified.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)]

    def mirror_name(self, agreement: str) -> str:
        return f"{VERSION}/{agreement}/{self.party}/{self.epoch}/mirror"


def _end(value: Any) -> tuple[str, int, bytes]:
    end = members(value, "origin root size")
    split_origin(end["origin"])
    need(type(end["size"]) is int and end["size"] >= 1, "ends.size: at least 1")
    return end["origin"], end["size"], unbase64(end["root"], 32)


def _operator(value: Any) -> tuple[str, bytes]:
    one = members(value, "key role")
    need(isinstance(one["role"], str) and NAME.fullmatch(one["role"]), "operators.role: no name")
    return one["role"], unbase64(one["key"], 32)


def parse_card(data: bytes) -> Card:
    """The card, when it is in its one form and signed by the root key that it names."""
    env = parse_envelope(data, CARD, LIMITS["card_bytes"])
    need(len(env.signatures) == 1, "a card is signed once")
    value = members(env.value, "version party epoch root envelope log mirror operators hpke tls valid_from valid_until ends")
    need(value["version"] == VERSION and NAME.fullmatch(str(value["party"])), "version or party")
    need(type(value["epoch"]) is int and 1 <= value["epoch"] <= 999999, "epoch: 1 to 999999")
    need(isinstance(value["operators"], list) and len(value["operators"]) <= 64, "operators: a list of at most 64")
    need(isinstance(value["ends"], list) and len(value["ends"]) <= 32, "ends: a list of at most 32")
    need(parse_time(value["valid_from"]) < parse_time(value["valid_until"]), "valid_until: before valid_from")
    operators, ends = [_operator(one) for one in value["operators"]], [_end(one) for one in value["ends"]]
    for names in ([role for role, _ in operators], [origin for origin, _, _ in ends]):
        need(names == sorted(set(names)), "a list that is not sorted, or names twice")
    for origin, _, _ in ends:
        need(split_origin(origin)[1:] == (value["party"], value["epoch"] - 1), "ends.origin: of another party or epoch")
    tls = unbase64(value["tls"])
    keys = [unbase64(value[name], 32) for name in ("root", "envelope", "log", "mirror", "hpke")]
    root, envelope, log, mirror, hpke = keys
    card = Card(data, value["party"], value["epoch"], root, envelope, log, mirror, hpke, tuple(operators), tls, tuple(ends))
    try:
        need(len(tls) <= 4096 and len(set(card.keys)) == len(card.keys), "a key with two uses, or too long a certificate")
    except ValueError:
        raise bad("tls: no certificate") from None
    need(all(good_key(key) for key in [*keys[:4], *(key for _, key in operators)]), "a key that the rule does not admit")
    need(env.signed_by(0, card.root), "not signed by its root key", "SignatureError")
    return card


# ---------------------------------------------------------------------------------------------------- pushes, uploads, tiles


class Reader:
    """Bytes from front to back; where they end too soon, FormatError."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int) -> bytes:
        need(self.at + count <= len(self.data), "cut short")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def framed(self) -> bytes:
        return self.take(self.number(2))

    def origin(self) -> str:
        name = self.framed()
        need(1 <= len(name) <= 128 and name.isascii(), "no name of a feed")
        split_origin(name.decode())
        return name.decode()

    def rest(self) -> bytes:
        return self.take(len(self.data) - self.at)


def frame(leaf: bytes) -> bytes:
    return struct.pack(">H", len(leaf)) + leaf


@dataclass(frozen=True)
class Push:
    origin: str
    old: int
    leaves: tuple[bytes, ...]
    checkpoint: Checkpoint


def parse_push(data: bytes) -> Push:
    read = Reader(data)
    origin, old, count = read.origin(), read.number(8), read.number(2)
    need(count <= 256, "more than 256 entries", "LimitError")
    leaves = tuple(read.framed() for _ in range(count))
    need(read.at <= 1 << 20, "more than 1 MiB of entries", "LimitError")
    checkpoint = parse_checkpoint(read.rest())
    need(checkpoint.origin == origin, "the checkpoint is of another feed")
    return Push(origin, old, leaves, checkpoint)


def make_push(origin: str, old: int, leaves: Sequence[bytes], note: bytes) -> bytes:
    return frame(origin.encode()) + struct.pack(">QH", old, len(leaves)) + b"".join(map(frame, leaves)) + note


def grown(held: Frontier, leaves: Sequence[bytes], checkpoint: Checkpoint) -> None:
    """Nothing, where the leaves lead from what is held to the tree that was signed; otherwise ChainError."""
    need(checkpoint.size == held.size + len(leaves), "the sizes do not add up", "ChainError")
    need(
        functools.reduce(Frontier.add, map(leaf_hash, leaves), held).root == checkpoint.root,
        "the entries do not give the root",
        "ChainError",
    )


def parse_add_checkpoint(data: bytes) -> tuple[int, list[bytes], Checkpoint]:
    head, gap, note = data.partition(b"\n\n")
    lines = head.decode("ascii", "replace").split("\n")
    need(gap and lines[0].startswith("old ") and len(lines) <= 64, "no add-checkpoint")
    return decimal(lines[0][4:], 0, SIZE_MAX), [unbase64(line, 32) for line in lines[1:]], parse_checkpoint(note)


@dataclass(frozen=True)
class Upload:
    origin: str
    start: int
    end: int
    packages: tuple[tuple[tuple[bytes, ...], tuple[bytes, ...]], ...]


def parse_add_entries(data: bytes) -> Upload:
    read = Reader(data)
    origin, start, end = read.origin(), read.number(8), read.number(8)
    need(read.number(2) == 0, "a ticket, which we never give")
    need(start <= end <= SIZE_MAX, "it ends before it starts")
    packages, at = [], start
    while read.at < len(data) and at < end:
        until = min(end, at - at % 256 + 256)
        leaves = tuple(read.framed() for _ in range(until - at))
        packages.append((leaves, tuple(read.take(32) for _ in range(read.number(1)))))
        need(len(packages) <= 32 and len(packages[-1][1]) <= 63, "more than 32 packages, or than 63 hashes")
        at = until
    need(read.at == len(data), "bytes after the last package")
    return Upload(origin, start, end, tuple(packages))


def parse_entry_bundle(data: bytes, width: int) -> list[bytes]:
    read = Reader(data)
    leaves = [read.framed() for _ in range(width)]
    need(read.at == len(data), "longer than its width says")
    return leaves


def tile_index(text: str) -> int:
    """The number that groups of three digits spell, all but the last with an x before them."""
    need(re.fullmatch(r"(x(?!000/)\d{3}/(x\d{3}/){0,4})?\d{3}", text, re.ASCII), "no such tile")
    return int(text.replace("x", "").replace("/", ""))


def tile_path(text: str) -> tuple[str, int, int]:
    """Level (or `entries`), index and width of the path of a tile."""
    found = re.fullmatch(r"tile/(entries|[0-9]|[1-5]\d|6[0-3])/([x\d/]+?)(?:\.p/([1-9]\d{0,2}))?", text, re.ASCII)
    need(found and int(found[3] or 1) < 256, "no path of a tile")
    assert found
    return found[1], tile_index(found[2]), int(found[3] or 256)


# ---------------------------------------------------------------------------------------------------- evidence

KINDS = ("two-entries-at-one-index", "two-roots-at-one-size", "no-common-tree", "receipt-against-inclusion", "retired-key-used", "stored")


@dataclass(frozen=True)
class Proof:
    kind: str
    card: Card
    agreement: str
    feed: str


def _receipt_note(data: bytes, card: Card) -> Checkpoint:
    """The tree that the card's mirror signed for, in a note with its line alone."""
    tree = parse_checkpoint(data)
    need(len(tree.note.lines) == 1, "a note with the mirror's line and no other")
    agreement, party, _ = split_origin(tree.origin)
    verify_receipt(tree.note.lines[0], tree.note.text, card.mirror_name(agreement), card.mirror)
    need(party != card.party, "a receipt for its own feed")
    return tree


def _two_trees(first: Checkpoint, second: Checkpoint, nodes: list[bytes], alike: bool) -> str:
    """The feed of two trees that exclude each other; `alike` says that they must have one size, or (None) may."""
    need(first.origin == second.origin, "two feeds")
    small, large = sorted((first, second), key=lambda tree: tree.size)
    if small.size == large.size:
        need(alike and not nodes and small.root != large.root, "they do not contradict each other")
        return first.origin
    need(small.size > 0, "every tree continues the empty one")
    part, whole = _roots(nodes, 0, small.size, large.size, None)
    need(whole == large.root and part != small.root, "they do not contradict each other")
    return first.origin


def _roots(nodes: list[bytes], start: int, end: int, size: int, known: bytes | None) -> tuple[bytes, bytes]:
    try:
        return roots_by(nodes, start, end, size, known)
    except Refused as refusal:
        raise bad(refusal.detail) from None


def _included(nodes: list[bytes], leaf: bytes, index: Any, trees: list[tuple[int, bytes]]) -> bool:
    """Whether the nodes place the leaf at its index in one of the trees (size, root)."""
    for size, root in trees:
        if type(index) is int and 0 <= index < size:
            try:
                if roots_by(nodes, index, index + 1, size, leaf_hash(leaf))[1] == root:
                    return True
            except Refused:
                continue
    return False


def _two_entries(first: bytes, second: bytes, card: Card) -> str:
    one, other = parse_envelope(first), parse_envelope(second)
    need(one.payload != other.payload, "one payload")
    for name in ("origin", "index"):
        need(
            name in one.value and type(one.value[name]) is type(other.value.get(name)) and one.value[name] == other.value[name],
            f"two {name}s",
        )
    need(type(one.value["index"]) is int and one.value["index"] >= 0, "no index")
    need(split_origin(one.value["origin"])[1:] == (card.party, card.epoch), "the feed of another party or epoch")
    need(one.signed_by(0, card.envelope) and other.signed_by(0, card.envelope), "not signed by the envelope key", "SignatureError")
    return str(one.value["origin"])


def _retired(first: bytes, second: bytes, card: Card, nodes: list[bytes]) -> str:
    """The feed of the record, where a key of the card signed for a tree that holds the record of its retirement."""
    record = parse_envelope(second).value
    body = record.get("body")
    need(record.get("type") == "key" and isinstance(body, dict) and isinstance(body.get("card"), str), "it records no card")
    newer = parse_card(unbase64(cast(dict[str, str], body)["card"]))
    need((newer.party, newer.root) == (card.party, card.root) and newer.epoch > card.epoch, "it retires no key of the card")
    agreement, party, epoch = split_origin(record.get("origin"))
    if first.startswith(b"{"):
        use = parse_envelope(first)
        need(use.signed_by(0, card.envelope), "not signed by the envelope key", "SignatureError")
        need(split_origin(use.value.get("origin")) == (agreement, card.party, card.epoch), "an entry of another feed")
        seen = use.value.get("seen")
        trees = []
        for item in seen if isinstance(seen, list) else []:
            seal_of = members(item, "epoch party root size")
            if (seal_of["party"], seal_of["epoch"]) == (party, epoch) and type(seal_of["size"]) is int:
                need(re.fullmatch("[0-9a-f]{64}", str(seal_of["root"])), "seen.root")
                trees.append((seal_of["size"], bytes.fromhex(seal_of["root"])))
    else:
        tree = _receipt_note(first, card)
        trees = [(tree.size, tree.root)] if tree.origin == record["origin"] else []
    need(_included(nodes, second, record.get("index"), trees), "it was signed before the record, or the proof is another's")
    return f"{VERSION}/{agreement}/{card.party}/{card.epoch}"


def parse_evidence(data: bytes) -> Proof:
    """A proof that holds; otherwise FormatError or SignatureError."""
    need(len(data) <= LIMITS["evidence_bytes"], "too long a proof")
    value = members(parse_json(data), "version kind card first second nodes")
    need(value["version"] == VERSION and value["kind"] in KINDS, "version or kind")
    need(isinstance(value["nodes"], list) and len(value["nodes"]) <= 64, "nodes: a list of at most 64")
    need(all(isinstance(part, str) for part in [value["card"], value["first"], value["second"], *value["nodes"]]), "no base64")
    card, nodes = parse_card(unbase64(value["card"])), [unbase64(node, 32) for node in value["nodes"]]
    first, second, kind = unbase64(value["first"]), unbase64(value["second"]), value["kind"]
    need(kind in ("retired-key-used", "stored") or first < second, "the statements are one, or not in the order of their bytes")
    if kind == "two-entries-at-one-index":
        need(not nodes, "nodes that prove nothing")
        feed = _two_entries(first, second, card)
    elif kind == "retired-key-used":
        feed = _retired(first, second, card, nodes)
    elif kind == "stored":
        tree, entry = _receipt_note(second, card), parse_envelope(first).value
        need(
            entry.get("origin") == tree.origin and _included(nodes, first, entry.get("index"), [(tree.size, tree.root)]), "of another entry"
        )
        feed = tree.origin
    elif kind == "receipt-against-inclusion":
        feed = _two_trees(_receipt_note(first, card), _receipt_note(second, card), nodes, alike=True)
    else:
        trees = [parse_checkpoint(data).signed_by(card.log) for data in (first, second)]
        need(all(len(parse_note(data).lines) == 1 for data in (first, second)), "the log's own signature line alone")
        feed = _two_trees(trees[0], trees[1], nodes, alike=kind == "two-roots-at-one-size")
        need((trees[0].size == trees[1].size) == (kind == "two-roots-at-one-size"), "not of that kind")
        need(split_origin(feed)[1:] == (card.party, card.epoch), "the feed of another party or epoch")
    return Proof(kind, card, split_origin(feed)[0], feed)


def make_evidence(kind: str, card: Card, one: bytes, other: bytes, nodes: Sequence[bytes] = ()) -> bytes:
    first, second = sorted((one, other))
    value = {"card": b64(card.data), "first": b64(first), "kind": kind, "nodes": [b64(node) for node in nodes], "second": b64(second)}
    return canonical({**value, "version": VERSION})


# ---------------------------------------------------------------------------------------------------- sticks, thin lines, words


def _tar_header(name: bytes, size: int) -> bytes:
    prefix = b""
    if len(name) > 100:
        cut = name.rfind(b"/", 0, 156)
        need(cut > 0 and len(name) - cut - 1 <= 100, "too long a name")
        prefix, name = name[:cut], name[cut + 1 :]
    seven = b"0000000\0"
    head = name.ljust(100, b"\0") + b"0000644\0" + seven + seven + b"%011o\0" % size + b"%011o\0" % 0
    tail = b"0" + bytes(100) + b"ustar\00000" + bytes(64) + seven + seven + prefix.ljust(155, b"\0") + bytes(12)
    return head + b"%06o\0 " % sum(head + b" " * 8 + tail) + tail


def parse_stick(data: bytes) -> dict[str, bytes]:
    """The files of an archive that is in its one form to the byte."""
    need(len(data) <= 16 << 20, "more than 16 MiB", "LimitError")
    files: dict[bytes, bytes] = {}
    read = Reader(data)
    while (header := read.take(512)) != bytes(512):
        prefix, name = header[345:500].rstrip(b"\0"), header[:100].rstrip(b"\0")
        name = prefix + b"/" + name if prefix else name
        need(
            re.fullmatch(rb"[0-7]{11}\0", header[124:136]) and not (files and name <= max(files)) and len(files) < 4096,
            "no file in its place",
        )
        size = int(header[124:135], 8)
        need(header == _tar_header(name, size), f"{name[:40]!r}: no header in its one form")
        files[name] = read.take(size)
        need(not any(read.take(-size % 512)), "no zeros after a file")
    need(read.rest() == bytes(512), "it does not end with 1,024 zeros")
    return {name.decode("ascii", "replace"): content for name, content in files.items()}


def check_stick(data: bytes) -> None:
    """Nothing, where every file of the archive is in its own form and stands where it must."""
    files = parse_stick(data)
    need("heartbeat" in files, "nobody says who made it")
    feeds: dict[str, list[tuple[int, int, bytes]]] = {}
    for name, content in files.items():
        if name == "heartbeat":
            parse_heartbeat(content)
        elif carded := re.fullmatch(r"cards/([a-z][a-z0-9-]{0,31})-(\d{6})\.json", name):
            card = parse_card(content)
            need((card.party, card.epoch) == (carded[1], int(carded[2])), "a card under another name")
        elif proved := re.fullmatch(r"evidence/([0-9a-f]{64})\.json", name):
            need(hashlib.sha256(content).hexdigest() == proved[1], "a proof that is not named for its bytes")
            parse_evidence(content)
        else:
            found = re.fullmatch(r"feed/(.+/[1-9]\d*)/(checkpoint|tile/entries/.+)", name)
            need(found, f"{name[:60]}: a name that is none")
            assert found
            split_origin(found[1])
            tiles = feeds.setdefault(found[1], [])
            if found[2] != "checkpoint":
                _, index, width = tile_path(found[2])
                tiles.append((index, width, content))
    for origin, tiles in feeds.items():
        checkpoint = parse_checkpoint(files.get(f"feed/{origin}/checkpoint", b""))
        tiles.sort()
        need(tiles and checkpoint.origin == origin, "a checkpoint without entries, or of another feed")
        at = tiles[0][0] * 256
        for index, width, content in tiles:
            need(at == index * 256, "entries that do not follow one another")
            at += len(parse_entry_bundle(content, width))
        need(at == checkpoint.size, "a checkpoint of other entries")


def thin_frames(stream: bytes) -> list[tuple[int, bytes]]:
    """Kind and body of every frame in a stream; noise is passed over."""
    found: list[tuple[int, bytes]] = []
    for piece in stream.split(b"\0")[:-1]:
        out, at = bytearray(), 0
        while at < len(piece):
            run = piece[at]
            out += piece[at + 1 : at + run]
            if at + run > len(piece):
                out.clear()
                break
            at += run
            if run < 255 and at < len(piece):
                out.append(0)
        if 5 <= len(out) <= 253 and len(piece) <= 254 and zlib.crc32(out[:-4]) == int.from_bytes(out[-4:], "big"):
            found.append((out[0], bytes(out[1:-4])))
    return found


def check_words(text: bytes) -> bytes:
    """The key that 24 words of BIP-39 spell. Any four letters of a word name it."""
    spelled = text.decode("ascii", "replace").split(" ")
    numbers = [words().get(word[:4], -1) for word in spelled]
    need(len(numbers) == 24 and -1 not in numbers, "not 24 words of the list", "InputError")
    whole = functools.reduce(lambda sum_, number: sum_ << 11 | number, numbers)
    key = (whole >> 8).to_bytes(32, "big")
    need(hashlib.sha256(key).digest()[0] == whole & 255, "the checksum does not fit: one of the words is another", "InputError")
    return key


# The first four letters of the 2,048 words of BIP-39, each as how many it shares with the word before it, and the rest; zlib, base 85.
_WORDS = """
c-l=^Yl5t-4&0K26``VXMDT#L<E;Kx1^ayW*G&5ec~mMD2RFJTAxiX;oBc@jHrvZKY1K@Vw*fz!Y(c_|2jp*)lI7CN#Wpj$Q)c`s@~6oWq(%8S8;md6EQ_;QiZiPV;%$=R&E}m6hZK
8CjV8JxW0NV1FA}^&i__)El9QYpo|lTlyxh(l?y|qQ-aSh$%Cy-atG5w{!{i<%(barOz3~!m{sei<i8FGPvp-mZDR}V`@8Hl1pLwKx7+Y~x<3)J<dz-rBHL3k_lWQ~A79}5Y^-IOH>
5@6nPP%ZPxiTNbk|*Tgb~|$Ph_A9V*>Cd`>M*+Tq3c=ZRaS}4PBzLhN}@vrc2~GrX?~aMGTu#=K~K!3Uu4O$2HB8fi7dh;X|iw<#~0M?mM5DqJu=JgCCv=I%y<f>B23NpfVs->tAr#
u+sc%Bcv?+%up#q9K+q-6eC~L%^cvR+JJOQ;Ah8AJ0*wJRFy|%EJpJbZ$iR+&vigLIwQ-brwyP|Q!fnKDRBT3+FuvlA3TqGTKVE)+hslj2uAt5rs?2C&w1*rX&`FkQo7MgYFP%sS94
~gXv~^mBfgEnU%*yHW9v2%<!k>>fzJvZimUyM$uGt(8)C^@cQae!i>cXE4kvKXe6DR0|#_ALkRwoJNo8)2;pMYcsHE|OF4*z`m%Zr*nnICn<Hs)u<Rs28!CY*wPn0-$aFoCd%>tocn
1D-rt^BF%h)v)nlm4NXRhbf8^i*;$S=%B`epb3uR`n$*b?v1vBgRI<57u6BTCvid7CWU%O&0|?eRN|7;j%X$(nxw&wy1aR&ILvOA!*w55Jc66Zy4(qn@o3u-$sn3(m5~+p{^GUxYhg
nKz8@s9c3RsnCDB-SXGchvwjrWo&zj&?EgfuobR6y?e`{d=P~pUCvHrDJbHkHaZS>axIFl!yu`=H$JYYlaxRcq9s1Pwz9COYL-ERjiIF$KC1x{%PVr<jidq>@claqZw1;sqc4c?Kkr
0^v;qY;{E!zs98X5c)qWT4J$))lbY$U1RUK=?@y=V5{HHV1O~CJ?N5GMg8uakLXSIg&4!4>AVxxjFfhK^jVRjJY<YNj!qk&QQ(YM(QpMEYIwE;QKUna>{{7x4CfC7R)EWzGBY&08R&
TuDuqKKzLa?KLNc8rK{KQTW*|*WOzFciyK)kyoBfiGlJY#wm98Os1*A0Ab{Awq<fB+3>aO4H<=PkM_8<>=b9kDO#ntg8$Obmqes#%mb0@{AQBD|&SYsBY=&;_WhIzBd|BC{gi2-$1V
SIZi8u)m5{Jf5UM-Uv-QP~GjF<$8G{U6#zeEX#U+&Gyc5A^j_?AfciJaGl)nOcfj{*NkPCD7gWHXXYg*V8W_R%kxD{0lVB`QcOSD-)10-jtYt$Z`Gq|uQfm9}P5)~GZ4!-zbh0nyJ0
<SjL@dUlSu6MP4Tl-$q%qxV@E6vU;xkW9m5^=dpazvelH&5fu#x_FU;DaHUg5efsLolEWS^6OATzD8PP;M#RcYyh1Ja16+gkyG_l831a;06}ZTxkE{b8=7V2h%P<Ms-%EsRYap@(N7
1{m^o-xR%`B~VKmQJh5)L_Xgk#c(VI186RANG<i^S-I|$Cxy<#U}Zg&jNUtt7^!$#XQL6`jD^MoUH%&Btel@DLO!u6N23XZPPaYEOI&N|E|m*I~?kU(uAC4nz>0LYDkjl{>U(Sc={w
Mh<SY*ndHuVHs-HQsZ&pb;L(fE_%LG<F@`?+m<yNd)=ATHZr+qq>FZ{LsGIloQEXyNtrjOi*=l_Zfic{Al?WEg$-f$g`S(O7WKZJO?3my?|N-3O(P+d7%#|FOM3@^E>4pGj;W+36D(
d%2+umb}AlZbfrm-G~VJcb4s=VeV0#@{512FFdS~$Ab^zp6`hI9$MX)A4(cBZ8wpLaDklnfepkY}`h*}*pdi_B+DN=byDGgXybcAH4yJCSa1d6Oc_W5dI*w(?;xxZ_DXyzK8v9{2P}
iVvq7voI>pmbOeUMB2OJPYuY)Kmw6y4wl##_{h*1e_vxe$KkwQC!a3m+vC=&P;;AYl<nVH5e8BOwy8l-VD>&!+ATTIJ_5Y>st<dr`|8*lOiaUDbh1K32AEld8pn$cOB9Gx`UOz)3^j
@G$kz1nTrou59L9FyGh|lnf!7-8}|81b?5y904PYBU}Q96~^P~sb+xv6Uv<93AhMa37UZL3WUbFnR*onbTs}&jsSC+5A+7#Hg~e#{5&i2bD7_qhSN>Tf1J1~Iu6#zYZ^%?3~=vUQ3;
5xGcJ^@BJX&0IavpBsvadeNp_147xFSET5<ApexCT#PiPgDviSx6>EFqPevfLjs_vmCqxwSgne3VPJ{}l!Vykkg0iaYy)Xpxwe2AlqbJQ74dcJcleAPcC|A))eXumS@&#Q;JApL+lq
fUp&Ysv_doFFkGJ?J$KWxD(nH$XQ;m7HD`vMy@ZfFT0LCOY@tG*q+9SL_DahA>Kc*WpIj<u|{Rp^`7!S158ro58kS3a_k1Q;hZ74{82Y4eyjXyXat^NiEZB=HxceUvEj9iOc2o0PiC
dEp-fWg*64*fd~f`Qow-Au#Pn@w_eE!{?QeRJy7@pupGTJlrG@`*@-)kr=&z@qrH%-idRVti&q)pH1DL4zSqojPPdAVGc)zf5;;jW(lpQxZY}oTzRIqCca<r>vcPk%S`RWr=bsJ{$i
7b}Wjq5~-jv0;7yG&I(OfZJJv*uH=IX%j0)-oJTR2vL4NeyH=*k>%baI))Lr3_h`#Y)|HboHV4zb|@VB2BRxcQG%M<h7KCAAV1(z`4kPMuMSnW1R8OP)HgZY2LCs)C}5qbHKkgE~n~
uqt<Iuf})vxeVIf_VxH(=QtC#cV*qxDGKAD-BGk{wb35c#H8HIjc>2?WvG0c)T<;fG)1F%dV7qs@%u%AsneZHo(NR1+inK2vB|inINRk0=M#J6^lGzsJ@HgyR5w^8;(K1#WPOhV-XW
<mkI<l;qXWFvB6YFK4ovzj10x+nPUq}TP!2m(W`V!bE4D9^|K^mezL7js=T#Sn-enDUy1wwF(5S-@$$wtC28cye3QgkJ`?Kg{@MTv;mUWyXznRMMv@f%ymu?+3&fUk~^KW5Y{}ZI&%
mX}>ckf=rrM2~iHNI=?qw6X&`~ASeVk3<{cI0VT=0U#0(AM~1rz*Nap+4k}nJuT^v9LZN+kcfxcVM2wsE-440*F{$xBTUE@Gk;iy{V9qUcHafus(%2d>lBf>0%PJX%g~)(bl&`w1(f
HFFqtPl@|O6QV}o{Lm@SC^_e)Q*n#(}lKGiO_W{>GRq4#l*xZP4i4(6;F%362(9D!jn@}BIePpS4c?Gmm55?#ABM86Uh~ITq_Du^AiT&$H|Jo2ZZ^KOP1-I#bl-`AF@7O|K_#1Nr1C
0xU)9+J!vdl^#?9_tx_N2eiWzg`rGOKQhKvbit;nyPt*b_1rfd2vf1odG
"""


@functools.cache
def words() -> dict[str, int]:
    """The numbers of the words, by their first four letters."""
    found: dict[str, int] = {}
    word = ""
    for shared, rest in re.findall(r"(\d)([a-z]+)", zlib.decompress(base64.b85decode(_WORDS.replace("\n", ""))).decode()):
        word = word[: int(shared)] + rest
        found[word] = len(found)
    return found


def judge_push(push: Push, size: int, ours: Checkpoint | None, key: bytes) -> None:
    """Nothing, where the push may be taken as far as what was signed goes; otherwise who forks is refused."""
    if ours and push.checkpoint.size == ours.size:
        need(push.checkpoint.root == ours.root, "another root was signed for that size", "EquivocationError")


# ---------------------------------------------------------------------------------------------------- check


def _check_push(data: bytes, given: dict[str, str]) -> None:
    key, held = unbase64(given["log key"]), parse_frontier(unbase64(given["held"]))
    ours, push = parse_checkpoint(unbase64(given["checkpoint"])).signed_by(key), parse_push(data)
    push.checkpoint.signed_by(key)
    judge_push(push, held.size, ours, key)
    grown(held, push.leaves, push.checkpoint)


def _check_envelope(data: bytes, given: dict[str, str]) -> None:
    env, keys = parse_envelope(data), [unbase64(key) for _, key in sorted(given.items())]
    need(
        len(keys) == len(env.signatures) and all(env.signed_by(at, key) for at, key in enumerate(keys)),
        "a false signature",
        "SignatureError",
    )


def _check_thin(data: bytes, given: dict[str, str]) -> None:
    frames = thin_frames(data)
    need(frames, "there is no frame")
    need(frames == [(int(given["kind"]), bytes.fromhex(given["body"]))], "another frame", "Wrong")


def _check_receipt(data: bytes, given: dict[str, str]) -> None:
    verify_receipt(parse_receipt(data), given["checkpoint"], given["name"], unbase64(given["mirror key"]))


def _check_evidence(data: bytes, stored: bool) -> None:
    need((parse_evidence(data).kind == "stored") == stored, "of another kind", "Wrong")


CHECKS: dict[str, Callable[[bytes, dict[str, str]], object]] = {
    "add-checkpoint": lambda data, given: parse_add_checkpoint(data)[2].signed_by(unbase64(given["log key"])),
    "add-entries": lambda data, _: parse_add_entries(data),
    "bundle": lambda data, given: parse_entry_bundle(data, int(given["width"])),
    "card": lambda data, _: parse_card(data),
    "checkpoint": lambda data, given: parse_checkpoint(data).signed_by(unbase64(given["log key"])),
    "envelope": _check_envelope,
    "evidence": lambda data, _: _check_evidence(data, False),
    "heard": lambda data, given: verify_heard(data, unbase64(given["envelope key"])),
    "heartbeat": lambda data, given: parse_heartbeat(data).signed_by(unbase64(given["envelope key"])),
    "push": _check_push,
    "receipt": _check_receipt,
    "stick": lambda data, _: check_stick(data),
    "stored": lambda data, _: _check_evidence(data, True),
    "thin": _check_thin,
    "words": lambda data, given: need(b64(check_words(data)) == given.get("key"), "another key", "Wrong"),
}


def check(folder: Path) -> int:
    """0 when every case of the folder ends as its file says; prints a line for each."""
    files, wrong = sorted(folder.glob("*.json")), 0
    for file in files:
        case = json.loads(file.read_text())
        try:
            CHECKS[case["format"]](unbase64(case["bytes"]), case["given"])
            verdict, detail = "taken", ""
        except Refused as refusal:
            verdict, detail = refusal.name, refusal.detail
        wrong += verdict != case["expect"]
        write(f"{'holds' if verdict == case['expect'] else 'WRONG'}  {file.name:38} {verdict:18} {detail}")
    write(f"{len(files) - wrong} of {len(files)} cases hold")
    return 0 if files and not wrong else 1


# ---------------------------------------------------------------------------------------------------- what a party has on its disk


@dataclass(frozen=True)
class Agreement:
    document: bytes
    name: str
    parties: tuple[str, ...]
    cards: tuple[Card, ...]
    modes: tuple[str, ...]
    heartbeat_s: int
    skew_max_s: int
    quota: dict[str, int]


QUOTA = {"entries_hourly": 100000, "bytes_hourly": 1073741824, "bytes_stored": 68719476736, "stop_reserve_bytes": 67108864}


def parse_agreement(document: bytes) -> Agreement:
    """The agreement, of whose members only those are looked at that a mirror needs."""
    value = members(
        parse_json(document),
        "cards effective format landmarks minima_tracks modes name parties",
        "check_times_utc_s ladder minima_announced pins quota succeeds text timing",
    )
    need(len(document) <= 40000 and value["format"] == "tafadi.agreement/1", "no agreement of this form")
    cards = tuple(parse_card(unbase64(card)) for card in value["cards"])
    need([card.party for card in cards] == value["parties"] == sorted(set(value["parties"])), "cards and parties are not the same")
    keys = [key for card in cards for key in card.keys]
    need(len(set(keys)) == len(keys), "a key on two cards")
    name, timing = f"{value['name']}-{hashlib.sha256(document).hexdigest()[:12]}", value.get("timing", {})
    waits = timing.get("heartbeat_s", 30), timing.get("skew_max_s", 5)
    return Agreement(document, name, tuple(value["parties"]), cards, tuple(value["modes"]), *waits, {**QUOTA, **value.get("quota", {})})


@dataclass
class Feed:
    """One party's feed of one epoch, as it is held here."""

    origin: str
    party: str
    epoch: int
    tree: Tree = field(default_factory=Tree)
    checkpoint: Checkpoint | None = None
    pending: Checkpoint | None = None
    """What an upload is to lead to; what it has brought stands in the tree, beyond the checkpoint."""

    @property
    def size(self) -> int:
        return len(self.tree)


TABLES = """
CREATE TABLE IF NOT EXISTS leaf (origin TEXT, at INTEGER, came_s INTEGER, data BLOB, PRIMARY KEY (origin, at)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feed (origin TEXT PRIMARY KEY, checkpoint BLOB, pending BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipt (origin TEXT, mirror TEXT, size INTEGER, root BLOB, line TEXT, PRIMARY KEY (origin, mirror));
CREATE TABLE IF NOT EXISTS card (party TEXT, epoch INTEGER, data BLOB, PRIMARY KEY (party, epoch)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS proof (sha TEXT PRIMARY KEY, feed TEXT, data BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ahead (origin TEXT, at INTEGER, data BLOB, PRIMARY KEY (origin, at)) WITHOUT ROWID;
"""
USES = ("root", "envelope", "log", "mirror", "tls", "duty")


def make_card(folder: Path, party: str, until: str) -> Path:
    """The path of a first card whose keys and certificate are made in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = {use: Key.generate() for use in USES}
    now = datetime.now(UTC).replace(microsecond=0)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, party)])
    draft = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(keys["tls"].public_key()).serial_number(1)
    certificate = draft.not_valid_before(now).not_valid_after(now + timedelta(days=365)).sign(keys["tls"], None)
    hpke = x25519.X25519PrivateKey.generate()
    every: dict[str, Key | x25519.X25519PrivateKey] = {**keys, "hpke": hpke}
    for use, key in every.items():
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / f"{use}.pem").touch(0o600)
        (folder / f"{use}.pem").write_bytes(key.private_bytes(*form))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    value = {use: b64(public(keys[use])) for use in ("root", "envelope", "log", "mirror")}
    last = until or time_text((now + timedelta(days=90)).timestamp())
    rest = {
        "version": VERSION, "party": party, "epoch": 1, "hpke": b64(hpke.public_key().public_bytes_raw()), "ends": [],
        "operators": [{"key": b64(public(keys["duty"])), "role": "duty"}], "valid_from": time_text(now.timestamp()), "valid_until": last,
        "tls": b64(certificate.public_bytes(serialization.Encoding.DER)),
    }  # fmt: skip
    path = folder / f"{party}.card"
    path.write_bytes(seal({**value, **rest}, CARD, keys["root"]))
    parse_card(path.read_bytes())
    return path


def write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    write(f"{time_text(time.time())} {text}")


def stop_for_good(text: str) -> None:
    """Ends the program with code 2: its record is not the newest that there is of its party."""
    say(f"STOPS: {text}")
    os._exit(2)


class Mirror:
    """A party's record: every answer is given from here, and only after what it says is on the disk."""

    def __init__(self, folder: Path, agreement: Agreement) -> None:
        self.agreement, self.lock, self.changed = agreement, threading.RLock(), threading.Event()
        self.keys = {use: self._key(folder / f"{use}.pem") for use in USES if use not in ("root", "duty")}
        mine = [card for card in agreement.cards if card.envelope == public(self.keys["envelope"])]
        need(mine, "no card of the agreement has this folder's keys", "InputError")
        self.card, self.party, self.folder = mine[0], mine[0].party, folder
        self.db = sqlite3.connect(folder / "record.sqlite", check_same_thread=False, isolation_level=None)
        self.db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + TABLES)
        self.cards = {card.party: [card] for card in agreement.cards}
        for _, _, data in self.db.execute("SELECT * FROM card ORDER BY party, epoch"):
            card = parse_card(data)
            self.cards[card.party].append(card)
        self.feeds: dict[str, Feed] = {}
        self.skewed: set[str] = set()
        self._load()
        if not self.own.size:
            document = agreement.document
            self.append("agreement", {"digest": hashlib.sha256(document).hexdigest(), "document": document.decode()})

    @staticmethod
    def _key(path: Path) -> Key:
        return cast(Key, serialization.load_pem_private_key(path.read_bytes(), None))

    def _load(self) -> None:
        """Reads the record back, and stops where the entries do not give the roots that were signed for."""
        for cards in self.cards.values():
            for card in cards:
                self._open(card)
        for origin, checkpoint, pending in self.db.execute("SELECT * FROM feed"):
            feed = self.feeds[origin]
            feed.checkpoint = parse_checkpoint(checkpoint) if checkpoint else None
            feed.pending = parse_checkpoint(pending) if pending else None
        for origin, at, data in self.db.execute("SELECT origin, at, data FROM leaf ORDER BY origin, at"):
            if at != self.feeds[origin].size:
                stop_for_good(f"entry {self.feeds[origin].size} of {origin} is not on the disk")
            self.feeds[origin].tree.add(leaf_hash(data))
        for feed in self.feeds.values():
            told = feed.checkpoint
            if told and (feed.size < told.size or feed.tree.hash(0, told.size) != told.root):
                stop_for_good(f"the entries of {feed.origin} on the disk do not give the root that was signed")
            say(f"holds {feed.size} of {feed.origin}")

    def _open(self, card: Card) -> None:
        for epoch in {
            card.epoch,
            *(split_origin(origin)[2] for origin, _, _ in card.ends if split_origin(origin)[0] == self.agreement.name),
        }:
            origin = f"{VERSION}/{self.agreement.name}/{card.party}/{epoch}"
            self.feeds.setdefault(origin, Feed(origin, card.party, epoch))

    @contextmanager
    def kept(self) -> Iterator[sqlite3.Connection]:
        """One transaction that is on the disk when it ends."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    @property
    def own(self) -> Feed:
        return self.feeds[f"{VERSION}/{self.agreement.name}/{self.party}/{self.card.epoch}"]

    def newest(self, party: str) -> Card:
        return self.cards[party][-1]

    def card_of(self, feed: Feed) -> Card:
        for card in self.cards[feed.party]:
            if card.epoch == feed.epoch:
                return card
        raise Refused("MissingError", f"no card for {feed.origin}")

    def end_of(self, feed: Feed) -> tuple[int, bytes] | None:
        """With how many entries, and which root, the feed ends; none while it is the newest."""
        for card in self.cards[feed.party]:
            if card.epoch == feed.epoch + 1:
                return next(((size, root) for origin, size, root in card.ends if origin == feed.origin), (0, EMPTY))
        return None

    def feed_for(self, origin: str, own: bool = False) -> Feed:
        agreement, party, _ = split_origin(origin)
        need(agreement == self.agreement.name, "an agreement that is not signed here", "MissingError")
        feed = self.feeds.get(origin)
        need(feed and (own or party != self.party), "a feed that is not mirrored here", "MissingError")
        assert feed
        return feed

    def leaves(self, origin: str, start: int, end: int) -> list[bytes]:
        rows = self.db.execute("SELECT data FROM leaf WHERE origin = ? AND at >= ? AND at < ? ORDER BY at", (origin, start, end))
        return [data for (data,) in rows]

    # ------------------------------------------------------------------------------------------------ storing

    def _keep(self, db: sqlite3.Connection, feed: Feed, start: int, leaves: Sequence[bytes]) -> None:
        db.execute("DELETE FROM leaf WHERE origin = ? AND at >= ?", (feed.origin, start))
        rows = [(feed.origin, start + at, int(time.time()), leaf) for at, leaf in enumerate(leaves)]
        db.executemany("INSERT INTO leaf VALUES (?, ?, ?, ?)", rows)

    def _keep_feed(self, db: sqlite3.Connection, feed: Feed, checkpoint: Checkpoint | None, pending: Checkpoint | None) -> None:
        row = (feed.origin, checkpoint and checkpoint.bare, pending and pending.bare)
        db.execute("INSERT OR REPLACE INTO feed VALUES (?, ?, ?)", row)

    def _keep_receipt(self, db: sqlite3.Connection, origin: str, name: str, size: int, root: bytes, line: str) -> None:
        db.execute("INSERT OR REPLACE INTO receipt VALUES (?, ?, ?, ?, ?)", (origin, name, size, root, line))

    def receipt(self, feed: Feed, checkpoint: Checkpoint) -> str:
        name = self.card.mirror_name(self.agreement.name)
        return make_receipt(checkpoint.note.text, name, self.keys["mirror"], int(time.time()))

    def store(self, feed: Feed, leaves: Sequence[bytes], checkpoint: Checkpoint) -> str:
        """The receipt, after entries, checkpoint and receipt are on the disk in one transaction."""
        line = self.receipt(feed, checkpoint)
        pending = None if leaves or feed.pending is None or feed.pending.size <= checkpoint.size else feed.pending
        with self.kept() as db:
            self._keep(db, feed, feed.size, leaves)
            self._keep_feed(db, feed, checkpoint, pending)
            self._keep_receipt(db, feed.origin, self.card.mirror_name(self.agreement.name), checkpoint.size, checkpoint.root, line)
            self._fill_gap(db, feed, checkpoint.size)
        for leaf in leaves:
            feed.tree.add(leaf_hash(leaf))
        feed.checkpoint, feed.pending = checkpoint, pending
        self.changed.set()
        return line

    def _fill_gap(self, db: sqlite3.Connection, feed: Feed, size: int) -> None:
        """Drops what came alone and has come in its feed; other bytes convict the owner."""
        for at, data in db.execute("SELECT at, data FROM ahead WHERE origin = ? AND at < ?", (feed.origin, size)).fetchall():
            there = self.leaves(feed.origin, at, at + 1)[0]
            if data == there:
                db.execute("DELETE FROM ahead WHERE origin = ? AND at = ?", (feed.origin, at))
            else:
                self._convict_entries(feed, data, there)

    def append(self, kind: str, body: dict[str, Any]) -> None:
        """Says something in the own feed, as the machine itself."""
        feed, now = self.own, time_text(time.time())
        entry = {
            "agreement": self.agreement.name, "body": body, "index": feed.size, "lang": "en", "mode": self.agreement.modes[0],
            "operator": {"key": ident_of(public(self.keys["envelope"])), "role": "node"}, "origin": feed.origin, "precedence": "ROUTINE",
            "recipients": [party for party in self.agreement.parties if party != self.party], "sender": self.party, "sent_at": now,
            "type": kind, "v": 1,
        }  # fmt: skip
        leaf = seal(entry, ENTRY, self.keys["envelope"])
        root = feed.tree.frontier().add(leaf_hash(leaf)).root
        checkpoint = self.sign_tree(feed, feed.size + 1, root)
        with self.kept() as db:
            self._keep(db, feed, feed.size, [leaf])
            self._keep_feed(db, feed, checkpoint, None)
        feed.tree.add(leaf_hash(leaf))
        feed.checkpoint = checkpoint
        self.changed.set()

    def sign_tree(self, feed: Feed, size: int, root: bytes) -> Checkpoint:
        return parse_checkpoint(sign_note(tree_text(feed.origin, size, root), feed.origin, self.keys["log"]))

    # ------------------------------------------------------------------------------------------------ proofs

    def convict(self, proof: bytes, feed: str, accused: str) -> None:
        """Keeps a proof and says so, once."""
        sha = hashlib.sha256(proof).hexdigest()
        (known,) = self.db.execute("SELECT count(*) FROM proof WHERE feed = ? OR sha = ?", (feed, sha)).fetchone()
        if self.db.execute("SELECT 1 FROM proof WHERE sha = ?", (sha,)).fetchone() or known >= 16:
            return
        self.db.execute("INSERT INTO proof VALUES (?, ?, ?)", (sha, feed, proof))
        say(f"ALARM: {accused} has signed what cannot both be true: proof {sha}")
        self.changed.set()

    def _convict_entries(self, feed: Feed, one: bytes, other: bytes) -> bool:
        try:
            proof = make_evidence("two-entries-at-one-index", self.card_of(feed), one, other)
            parse_evidence(proof)
        except Refused:
            say(f"ALARM: two entries at one place of {feed.origin}, and nobody is convicted")
            return False
        self.db.execute("INSERT OR IGNORE INTO proof VALUES (?, ?, ?)", (hashlib.sha256(proof).hexdigest(), feed.origin, proof))
        say(f"ALARM: {feed.origin} said two things at one place")
        return True

    def compare(self, feed: Feed, told: Checkpoint) -> None:
        """Keeps a proof where what its owner signed contradicts what is held here."""
        held = feed.checkpoint
        if held is None or told.size > held.size or told.size == 0 or told.root == feed.tree.hash(0, told.size):
            return
        same = told.size == held.size
        nodes = [] if same else feed.tree.proof(0, told.size, held.size, known=False)
        kind = "two-roots-at-one-size" if same else "no-common-tree"
        self.convict(make_evidence(kind, self.card_of(feed), held.bare, told.bare, nodes), feed.origin, feed.party)
        if feed.party == self.party:
            stop_for_good("another history of the own feed was signed with its key")

    # ------------------------------------------------------------------------------------------------ answers

    def push(self, data: bytes) -> tuple[int, str]:
        push = parse_push(data)
        feed = self.feed_for(push.origin)
        checkpoint, end = push.checkpoint.signed_by(self.card_of(feed).log), self.end_of(feed)
        self._against_fork(feed, checkpoint)
        need(end is None or (checkpoint.size, checkpoint.root) == end, "the feed has ended, and this is not its end", "ChainError")
        if push.old != feed.size:
            if push.old + len(push.leaves) == checkpoint.size == feed.size and checkpoint.root == feed.tree.hash(0, feed.size):
                return 200, self.store(feed, [], checkpoint)
            return 409, f"{feed.size}\n"
        grown(feed.tree.frontier(), push.leaves, checkpoint)
        self.within_quota(feed, push.leaves)
        return 200, self.store(feed, push.leaves, checkpoint)

    def _against_fork(self, feed: Feed, checkpoint: Checkpoint) -> None:
        self.compare(feed, checkpoint)
        same = feed.checkpoint is not None and checkpoint.size == feed.checkpoint.size
        forks = same and feed.checkpoint is not None and checkpoint.root != feed.checkpoint.root
        need(not forks, "another root was signed for that size", "EquivocationError")

    def within_quota(self, feed: Feed, leaves: Sequence[bytes]) -> None:
        if not leaves:
            return
        quota, coming, now = self.agreement.quota, sum(map(len, leaves)), int(time.time())
        urgent = [leaf for leaf in leaves if may_overtake(leaf) == "stop"]
        likes = f"{VERSION}/{self.agreement.name}/{feed.party}/%"
        ask = "SELECT count(*), coalesce(sum(length(data)), 0), min(came_s) FROM leaf WHERE origin LIKE ? AND came_s > ?"
        count, size, oldest = self.db.execute(ask, (likes, now - 3600)).fetchone()
        (_, stored, _) = self.db.execute(ask, (likes, 0)).fetchone()
        if stored + coming > quota["bytes_stored"] + (quota["stop_reserve_bytes"] if len(urgent) == len(leaves) else 0):
            wait_s = 3600
        elif len(urgent) < len(leaves) and (count + len(leaves) > quota["entries_hourly"] or size + coming > quota["bytes_hourly"]):
            wait_s = max(1, 3660 - (now - (oldest or now)))
        else:
            return
        for leaf in urgent:
            try:
                self.express(leaf)
            except Refused as refusal:
                say(f"refused alone: {refusal}")
        raise Refused("QuotaError", f"more than is agreed of {feed.party}", wait_s)

    def add_checkpoint(self, data: bytes) -> tuple[int, str]:
        old, nodes, checkpoint = parse_add_checkpoint(data)
        feed = self.feed_for(checkpoint.origin)
        checkpoint = checkpoint.signed_by(self.card_of(feed).log)
        self._against_fork(feed, checkpoint)
        end = self.end_of(feed)
        need(end is None or (checkpoint.size, checkpoint.root) == end, "the feed has ended, and this is not its end", "ChainError")
        need(old <= checkpoint.size, "old: beyond the new size")
        before = feed.pending or feed.checkpoint
        size, root = (before.size, before.root) if before else (0, EMPTY)
        if old != size:
            return 409, f"{size}\n"
        need(checkpoint.size >= size, "smaller than what it follows", "ChainError")
        if checkpoint.size == size:
            need(checkpoint.root == root, "another root was signed for that size", "EquivocationError")
        verify_path(nodes, 0, size, checkpoint.size, root, checkpoint.root)
        with self.kept() as db:
            self._keep_feed(db, feed, feed.checkpoint, checkpoint)
        feed.pending = checkpoint
        return 200, ""

    def add_entries(self, data: bytes) -> tuple[int, str]:
        upload = parse_add_entries(data)
        feed = self.feed_for(upload.origin)
        pending = feed.pending or feed.checkpoint
        told = pending.size if pending else 0
        if pending is None or upload.end != told or upload.start != feed.size:
            return (202 if feed.size > upload.start else 409), f"{told}\n{feed.size}\n\n"
        for leaves, nodes in upload.packages:
            self._stage(feed, pending, leaves, nodes)
        if feed.size < told:
            return 202, f"{told}\n{feed.size}\n\n"
        return 200, self.store(feed, [], pending)

    def _stage(self, feed: Feed, pending: Checkpoint, leaves: tuple[bytes, ...], nodes: tuple[bytes, ...]) -> None:
        """Keeps one package, when its proof leads to the root of the pending checkpoint."""
        start, hashed = feed.size, list(map(leaf_hash, leaves))
        base = start - start % 256
        part = root_of([*feed.tree.levels[0][base:], *hashed])
        verify_path(nodes, base, start + len(leaves), pending.size, part, pending.root)
        self.within_quota(feed, leaves)
        with self.kept() as db:
            self._keep(db, feed, start, leaves)
        for one in hashed:
            feed.tree.add(one)

    def express(self, data: bytes) -> tuple[int, str]:
        env = parse_envelope(data)
        feed = self.feed_for(env.value.get("origin", ""))
        card, at = self.card_of(feed), env.value.get("index")
        need(type(at) is int and at >= 0, "index: no place in a feed", "InputError")
        assert isinstance(at, int)
        held = self.leaves(feed.origin, at, at + 1) if at < feed.size else []
        alone = [row[0] for row in self.db.execute("SELECT data FROM ahead WHERE origin = ? AND at = ?", (feed.origin, at))]
        for other in held + alone:
            if other != data:
                proved = self._convict_entries(feed, data, other)
                raise Refused("EquivocationError" if proved else "SessionError", "another entry stands at that place")
        if not held and not alone:
            need(self.end_of(feed) is None and self._admits(env, card), "it would be refused in its feed", "SessionError")
            kind, ask = may_overtake(data), "SELECT count(*), coalesce(sum(length(data)), 0) FROM ahead WHERE origin = ?"
            need(kind, "not of what may overtake", "SessionError")
            say(f"RINGS: {feed.party} says {env.value.get('type')} {json.dumps(env.value.get('body'), ensure_ascii=False)}")
            count, size = self.db.execute(ask, (feed.origin,)).fetchone()
            if count >= (1024 if kind == "stop" else 32) or size + len(data) > self.agreement.quota["stop_reserve_bytes"]:
                say("NOT RECORDED")
                raise Refused("QuotaError", "too many are ahead of that feed", 60)
            self.db.execute("INSERT INTO ahead VALUES (?, ?, ?)", (feed.origin, at, data))
        me = f"{VERSION}/{self.agreement.name}/{self.party}/{self.card.epoch}/heard"
        text = heard_text(feed.origin, at, leaf_hash(data), self.party, self.card.epoch, time_text(time.time()))
        return 200, sign_note(text, me, self.keys["envelope"]).decode()

    def _admits(self, env: Envelope, card: Card) -> bool:
        value, operators = env.value, dict(card.operators)
        role = value["operator"].get("role") if isinstance(value.get("operator"), dict) else None
        second = role == "node" if len(env.signatures) == 1 else role in operators and env.signed_by(1, operators[role])
        place = (value.get("sender"), value.get("agreement")) == (card.party, self.agreement.name)
        mode = value.get("mode") in self.agreement.modes or value.get("type") == "distress"
        return env.signed_by(0, card.envelope) and second and place and mode

    def take_card(self, data: bytes) -> tuple[int, str]:
        card = parse_card(data)
        need(card.party in self.cards, "a card of no party", "NotPermittedError")
        known = self.cards[card.party]
        need(card.root == known[0].root, "not of the root key that the agreement names", "NotPermittedError")
        if card.epoch < known[0].epoch or any(card.data == one.data for one in known):
            return 200, ""
        need(card.epoch > known[-1].epoch, "a second card of that epoch", "SessionError")
        need(card.epoch == known[-1].epoch + 1, "bring the card before it first", "MissingError")
        old = {key for one in known for key in (one.envelope, one.log, one.mirror, one.hpke)}
        others = {key for party, cards in self.cards.items() if party != card.party for one in cards for key in one.keys}
        new = {card.envelope, card.log, card.mirror, card.hpke}
        need(not new & old and not set(card.keys) & others, "a key that is known", "InputError")
        if card.party == self.party:
            stop_for_good("another node of this party has taken over")
        ended = [feed for feed in self.feeds.values() if feed.party == card.party]
        with self.kept() as db:
            db.execute("INSERT INTO card VALUES (?, ?, ?)", (card.party, card.epoch, data))
            for feed in ended:
                self._keep_feed(db, feed, feed.checkpoint, None)
        for feed in ended:
            feed.pending = None
        known.append(card)
        self._open(card)
        say(f"ALARM: {card.party} goes by its card of epoch {card.epoch}")
        self._compare_end(card)
        self.append("key", {"card": b64(data)})
        return 200, ""

    def _compare_end(self, card: Card) -> None:
        for origin, size, root in card.ends:
            feed = self.feeds.get(origin)
            if feed and feed.size >= size and feed.tree.hash(0, size) != root:
                say(f"ALARM: another history of {origin} is held here than its root key signed")

    def take_evidence(self, data: bytes) -> tuple[int, str]:
        proof = parse_evidence(data)
        need(proof.kind != "stored", "it accuses nobody")
        ours = [card.data for cards in self.cards.values() for card in cards]
        need(proof.agreement == self.agreement.name and proof.card.data in ours, "not of this agreement's cards", "NotPermittedError")
        self.convict(data, proof.feed, proof.card.party)
        return 200, ""

    def cards_from(self, party: str, epoch: int) -> tuple[int, str]:
        need(party in self.cards, "no party of the agreement", "InputError")
        later = [card for card in self.cards[party] if card.epoch >= epoch]
        return 200, "".join(f"{b64(card.data)}\n" for card in later[:5])

    # ------------------------------------------------------------------------------------------------ heartbeats

    def _lines(self, origin: str, size: int) -> list[str]:
        rows = self.db.execute("SELECT mirror, line FROM receipt WHERE origin = ? AND size = ? ORDER BY mirror", (origin, size)).fetchall()
        newest = {card.mirror_name(self.agreement.name) for card in (self.newest(party) for party in self.cards)}
        return [line for name, line in rows if name in newest]

    def beat(self) -> bytes:
        """This node's heartbeat: the newest checkpoints that it holds, with the receipts that it knows."""
        full, less = [], []
        for feed in self.feeds.values():
            checkpoint, end = feed.checkpoint, self.end_of(feed)
            if checkpoint is None or (end is not None and checkpoint.size >= end[0]):
                continue
            full.append(checkpoint.bare + "".join(self._lines(feed.origin, checkpoint.size)).encode())
            if feed.party != self.party:
                ask = "SELECT DISTINCT size FROM receipt WHERE origin = ? AND size < ?"
                for (size,) in self.db.execute(ask, (feed.origin, checkpoint.size)).fetchall():
                    if size and (lines := self._lines(feed.origin, size)):
                        text = tree_text(feed.origin, size, feed.tree.hash(0, size))
                        less.append(f"{text}\n{''.join(lines)}".encode())
        head = f"tafadi.v1/heartbeat\n{self.agreement.name}\n{self.party}\n{self.card.epoch}\n{time_text(time.time())}\n"
        name = f"{VERSION}/{self.agreement.name}/{self.party}/{self.card.epoch}/heartbeat"
        return sign_note(head + "".join(f"{b64(note)}\n" for note in (full + less)[:64]), name, self.keys["envelope"])

    def hear(self, data: bytes, sender: str) -> dict[str, int]:
        """How much of each feed the sender says it holds, after its checkpoints were compared and its receipts kept."""
        beat = parse_heartbeat(data)
        need(beat.agreement == self.agreement.name, "an agreement that is not signed here", "MissingError")
        need(beat.party == sender, "the heartbeat of another party", "SessionError")
        card = self.newest(sender)
        need(beat.epoch == card.epoch, "not of the newest card's epoch", "SignatureError")
        beat.signed_by(card.envelope)
        off = abs(beat.at - time.time()) > self.agreement.skew_max_s
        if off != (sender in self.skewed):
            say(f"ALARM: the clock of {sender} {'differs' if off else 'agrees again'}")
            self.skewed ^= {sender}
        held: dict[str, int] = {}
        for note in beat.notes:
            told = parse_tree_text(note)
            feed = self.feeds.get(told.origin)
            if feed:
                held[told.origin] = max(self._take_note(feed, told, sender), held.get(told.origin, 0))
        return held

    def _take_note(self, feed: Feed, told: Checkpoint, sender: str) -> int:
        """How much the note's owner has signed for there; 0 without its signature."""
        log, size = self.card_of(feed).log, 0
        if any(line[:2] == (feed.origin, key_id(feed.origin, 1, log)) for line in told.note.lines):
            told.signed_by(log)
            size = told.size
            if feed is self.own and told.size > feed.size:
                stop_for_good("another party holds more of the own feed than this record: it was put back from a copy")
            self.compare(feed, told.signed_by(log))
        here = told.size <= feed.size and feed.tree.hash(0, told.size) == told.root
        for party in self.cards:
            name, key = self.newest(party).mirror_name(self.agreement.name), self.newest(party).mirror
            for line in told.note.lines:
                if line[0] == name:
                    verify_receipt(line, told.note.text, name, key)
                    alien = feed is self.own and party == sender and told.size <= feed.size and not here
                    need(not alien, "a receipt for a root that the own feed never had", "SignatureError")
                    if here and told.size > self.stored(feed.origin, party):
                        with self.kept() as db:
                            self._keep_receipt(db, feed.origin, name, told.size, told.root, note_line(line))
        return size

    def stored(self, origin: str, party: str) -> int:
        """How many entries the party's newest mirror has given a receipt for."""
        name = self.newest(party).mirror_name(self.agreement.name)
        row = self.db.execute("SELECT size FROM receipt WHERE origin = ? AND mirror = ?", (origin, name)).fetchone()
        return row[0] if row else 0

    # ------------------------------------------------------------------------------------------------ plain files

    def tile(self, origin: str, path: str) -> bytes:
        feed = self.feed_for(origin, own=True)
        if path == "checkpoint":
            need(feed.checkpoint, "nothing is held of that feed", "MissingError")
            assert feed.checkpoint
            return feed.checkpoint.bare
        level, index, width = tile_path(path)
        start = index * 256
        if level == "entries":
            need(start + width <= feed.size, "a tile that is not there", "MissingError")
            return b"".join(map(frame, self.leaves(origin, start, start + width)))
        step = 256 ** int(level)
        need((start + width) * step <= feed.size, "a tile that is not there", "MissingError")
        return b"".join(feed.tree.hash(at * step, (at + 1) * step) for at in range(start, start + width))


def may_overtake(leaf: bytes) -> str:
    """`stop` of a stop or distress, `flash` of whatever else may come alone, and nothing of the rest."""
    try:
        value = parse_envelope(leaf).value
    except Refused:
        return ""
    return "stop" if value.get("type") in ("stop", "distress") else "flash" if value.get("precedence") == "FLASH" else ""


# ---------------------------------------------------------------------------------------------------- the line


def tls_context(mirror: Mirror, server: bool, parties: Sequence[str]) -> ssl.SSLContext:
    """TLS 1.3 with the own certificate, which trusts the certificates on the newest cards of the parties and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname, context.verify_mode = False, ssl.CERT_REQUIRED
    no_check_time, partial_chain = 0x200000, 0x80000
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | no_check_time | partial_chain)
    context.load_cert_chain(mirror.folder / "certificate.pem", mirror.folder / "tls.pem")
    for party in parties:
        context.load_verify_locations(cadata=mirror.newest(party).tls)
    return context


class Door(BaseHTTPRequestHandler):
    """The peers' port."""

    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        mirror = self.server.mirror
        self.request.settimeout(60)
        others = [party for party in mirror.cards if party != mirror.party]
        self.request = tls_context(mirror, True, others).wrap_socket(self.request, server_side=True)
        shown = self.request.getpeercert(binary_form=True)
        self.peer = next((party for party in others if mirror.newest(party).tls == shown), "")
        self.shown = shown
        super().setup()
        self.request.settimeout(max(120, 4 * mirror.agreement.heartbeat_s))

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def log_message(self, format: str, *args: Any) -> None:
        say(f"{self.peer}: {format % args}")

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def _answer(self, ask: Callable[[], tuple[int, str | bytes]]) -> None:
        mirror, headers, kind = self.server.mirror, {}, "text/plain; charset=utf-8"
        try:
            need(self.peer and mirror.newest(self.peer).tls == self.shown, "a connection of no party", "NotPermittedError")
            status, body = ask()
        except Refused as refusal:
            status, kind = STATUS.get(refusal.name, 500), "application/problem+json"
            problem = {"detail": refusal.detail, "status": status, "title": refusal.name, "type": f"urn:tafadi:error:{refusal.name}"}
            body = json.dumps(problem)
            headers = {"Retry-After": str(refusal.retry_s)} if refusal.retry_s else {}
            say(f"refused {self.path} of {self.peer}: {refusal}")
        except sqlite3.Error as error:
            status, kind, body = 500, "application/problem+json", json.dumps({"title": "StoreError", "status": 500, "detail": str(error)})
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _body(self, limit: int) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"\d{1,9}", length) or int(length) > limit:
            self.close_connection = True
            raise Refused("LimitError", f"a body without length, or of more than {limit} bytes")
        data = self.rfile.read(int(length))
        need(len(data) == int(length), "cut short")
        return data

    def _post(self) -> tuple[int, str | bytes]:
        mirror, (_, call, *rest) = self.server.mirror, self.path.split("/")
        calls: dict[str, tuple[str, Callable[[bytes], tuple[int, str]]]] = {
            "push": ("push_bytes", mirror.push), "express": ("entry_bytes", mirror.express),
            "heartbeat": ("heartbeat_bytes", self._heartbeat),
            "add-checkpoint": ("add_checkpoint_bytes", mirror.add_checkpoint), "add-entries": ("add_entries_bytes", mirror.add_entries),
            "card": ("card_bytes", mirror.take_card), "evidence": ("evidence_bytes", mirror.take_evidence),
        }  # fmt: skip
        need(call in calls, "no such call", "MissingError")
        limit, take = calls[call]
        data = self._body(LIMITS[limit])
        named = [mirror.agreement.name] if call in ("card", "evidence") else []
        need(rest == named, "an agreement that is not signed here", "MissingError")
        with mirror.lock:
            return take(data)

    def _heartbeat(self, data: bytes) -> tuple[int, str]:
        self.server.mirror.hear(data, self.peer)
        return 200, self.server.mirror.beat().decode()

    def _get(self) -> tuple[int, str | bytes]:
        with self.server.mirror.lock:
            return self._found(self.server.mirror, self.path.split("/")[1:])

    @staticmethod
    def _found(mirror: Mirror, parts: list[str]) -> tuple[int, str | bytes]:
        if parts == ["hello"]:
            return 200, json.dumps({"limits": LIMITS, "types": ["agreement", "distress", "key", "stop"], "versions": [VERSION]})
        if parts[0] == "cards" and len(parts) == 4:
            need(parts[1] == mirror.agreement.name, "an agreement that is not signed here", "MissingError")
            need(re.fullmatch(r"[1-9]\d{0,5}", parts[3]), "no epoch", "InputError")
            return mirror.cards_from(parts[2], int(parts[3]))
        need(parts[0] == "feed" and len(parts) > 5, "no such call", "MissingError")
        return 200, mirror.tile("/".join(parts[1:5]), "/".join(parts[5:]))


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], mirror: Mirror) -> None:
        super().__init__(address, Door)
        self.mirror = mirror

    def handle_error(self, request: object, client_address: object) -> None:
        say(f"line from {client_address}: {sys.exc_info()[1]}")


class Line:
    """What this node brings one other party, round after round."""

    def __init__(self, mirror: Mirror, party: str, address: tuple[str, int]) -> None:
        self.mirror, self.party, self.address = mirror, party, address
        self.open: http.client.HTTPSConnection | None = None
        self.told: set[bytes] = set()
        self.met, self.greeted, self.well = False, False, True
        self.lacked: dict[tuple[str, int], float] = {}
        self.held_until = 0.0

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of one exchange."""
        if self.open is None:
            context = tls_context(self.mirror, False, [self.party])
            self.open = http.client.HTTPSConnection(*self.address, timeout=10, context=context)
        try:
            self.open.request(method, path, body if method == "POST" else None)
            answer = self.open.getresponse()
            data = answer.read(ANSWER_MAX + 1)
        except (OSError, http.client.HTTPException):
            self.open.close()
            self.open = None
            raise
        need(len(data) <= ANSWER_MAX, "too long an answer")
        if answer.status == 429:
            wait = answer.headers.get("Retry-After", "60")
            self.held_until = time.monotonic() + min(3600, int(wait) if wait.isdigit() else 60)
        return answer.status, data

    def tell(self, path: str, data: bytes) -> None:
        """Brings a card or a proof, once; one that is refused holds up nothing."""
        if data in self.told:
            return
        status, answer = self.ask("POST", f"{path}/{self.mirror.agreement.name}", data)
        if status not in (200, 500):
            say(f"{self.party} answers {status} to {path}: {answer.decode(errors='replace')[:200]}")
        if status not in (404, 429, 500, 503):
            self.told.add(data)

    def beat(self) -> dict[str, int]:
        with self.mirror.lock:
            data = self.mirror.beat()
        status, answer = self.ask("POST", "/heartbeat", data)
        need(status == 200, f"{status} to a heartbeat: {answer.decode(errors='replace')[:200]}", "UnavailableError")
        with self.mirror.lock:
            return self.mirror.hear(answer, self.party)

    def meet(self) -> None:
        """Asks whether there is a newer card of the own party, before anything is said."""
        mirror = self.mirror
        status, answer = self.ask("GET", f"/cards/{mirror.agreement.name}/{mirror.party}/{mirror.card.epoch + 1}")
        for line in answer.split() if status == 200 else []:
            card = parse_card(unbase64(line))
            if (card.party, card.root) == (mirror.party, mirror.card.root):
                stop_for_good("another node of this party has taken over")
        if status != 200:
            say(f"{self.party} answers {status} to /cards")
        self.tell_cards()
        self.beat()
        self.met = True

    def tell_cards(self) -> None:
        for cards in list(self.mirror.cards.values()):
            for card in cards[1:]:
                self.tell("/card", card.data)

    def bring(self, feed: Feed) -> None:
        """Pushes the own feed from where the other's last receipt ends."""
        mirror, tries, start = self.mirror, 0, self.mirror.stored(feed.origin, self.party)
        while start < feed.size or tries:
            with mirror.lock:
                leaves = some(mirror.leaves(feed.origin, start, min(start + 256, feed.size)))
                end = start + len(leaves)
                whole = mirror.sign_tree(feed, end, feed.tree.hash(0, end))
            status, answer = self.ask("POST", "/push", make_push(feed.origin, start, leaves, whole.bare))
            if status == 409 and tries < 3 and int(answer) != start and int(answer) <= feed.size:
                start, tries = int(answer), tries + 1
                continue
            if status == 429:
                return
            need(status == 200, f"{status} to a push: {answer.decode(errors='replace')[:200]}", "UnavailableError")
            name, line = mirror.newest(self.party).mirror_name(mirror.agreement.name), parse_receipt(answer)
            verify_receipt(line, whole.note.text, name, mirror.newest(self.party).mirror)
            with mirror.lock, mirror.kept() as db:
                mirror._keep_receipt(db, feed.origin, name, whole.size, whole.root, note_line(line))
            start, tries = end, 0

    def relay(self, held: dict[str, int]) -> None:
        """Brings what the other has lacked for a while of a third party's newest feed, where it fits in one push."""
        now, late = time.monotonic(), min(10, self.mirror.agreement.heartbeat_s)
        for feed in list(self.mirror.feeds.values()):
            there = max(held.get(feed.origin, 0), self.mirror.stored(feed.origin, self.party))
            if feed.party in (self.party, self.mirror.party) or feed.checkpoint is None or self.mirror.end_of(feed):
                continue
            size = feed.checkpoint.size
            since = self.lacked.setdefault((feed.origin, there), now) if there < size else now
            leaves = self.mirror.leaves(feed.origin, there, size) if now - since >= late and size - there <= 256 else []
            if leaves and len(some(leaves)) == len(leaves):
                self.lacked.clear()
                self.ask("POST", "/push", make_push(feed.origin, there, leaves, feed.checkpoint.bare))

    def round(self) -> None:
        if not self.met:
            self.meet()
        self.tell_cards()
        for (proof,) in self.mirror.db.execute("SELECT data FROM proof").fetchall():
            self.tell("/evidence", proof)
        if time.monotonic() >= self.held_until:
            self.bring(self.mirror.own)
        held = self.beat()
        self.relay(held)
        if not self.greeted:
            status, answer = self.ask("GET", "/hello")
            say(f"{self.party} says {answer.decode(errors='replace')[:300] if status == 200 else status}")
            self.greeted = True

    def run(self) -> None:
        wait_s = 0.1
        while True:
            try:
                self.round()
            except (OSError, http.client.HTTPException, Refused, ValueError) as trouble:
                if self.well:
                    say(f"the line to {self.party} is not well: {trouble}")
                self.well, self.met = False, False
                time.sleep(wait_s * random.uniform(0.5, 1))
                wait_s = min(5, wait_s * 2)
                continue
            if not self.well:
                say(f"the line to {self.party} is well")
            self.well, wait_s = True, 0.1
            self.mirror.changed.clear()
            self.mirror.changed.wait(self.mirror.agreement.heartbeat_s)


def some(leaves: list[bytes]) -> list[bytes]:
    """As many of the leaves as fit in a push."""
    total = 0
    for count, leaf in enumerate(leaves):
        total += len(leaf) + 2
        if total > (1 << 20) - 200:
            return leaves[:count]
    return leaves


def serve(folder: Path, agreement: Path, listen: str, peers: Sequence[str]) -> int:
    mirror = Mirror(folder, parse_agreement(agreement.read_bytes()))
    server = Server(address_of(listen), mirror)
    for peer in peers:
        party, _, address = peer.partition("=")
        need(party in mirror.cards and party != mirror.party, f"{party}: no other party", "InputError")
        threading.Thread(target=Line(mirror, party, address_of(address)).run, daemon=True).start()
    say(f"{mirror.party} listens on {listen} under {mirror.agreement.name}")
    server.serve_forever()
    return 0


def address_of(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    need(host and port.isdigit(), f"{text}: no HOST:PORT", "InputError")
    return host, int(port)


def main(words_given: Sequence[str]) -> int:
    asked = argparse.ArgumentParser(description="a mirror that was written from the specification alone")
    calls = asked.add_subparsers(dest="call", required=True)
    calls.add_parser("check").add_argument("folder", type=Path)
    card = calls.add_parser("card")
    card.add_argument("folder", type=Path)
    card.add_argument("party")
    card.add_argument("--until", default="")
    run = calls.add_parser("serve")
    run.add_argument("folder", type=Path)
    run.add_argument("--agreement", type=Path, required=True)
    run.add_argument("--listen", required=True)
    run.add_argument("--peer", action="append", default=[])
    given = asked.parse_args(words_given)
    try:
        if given.call == "check":
            return check(given.folder)
        if given.call == "card":
            write(str(make_card(given.folder, given.party, given.until)))
            return 0
        return serve(given.folder, given.agreement, given.listen, given.peer)
    except (Refused, OSError) as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
