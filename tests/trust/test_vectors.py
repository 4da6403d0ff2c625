"""The vectors of our wire formats: what a second implementation is to read, and to refuse.

One file is one case: `format`, `expect` ("taken", or the class of the error), `why`, what was `given`, and the `bytes` in base64. They are
made from the cases below, and this test fails when they differ; `TAFADI_WRITE_VECTORS=1 pytest tests/trust/test_vectors.py` makes them.
"""

import io
import json
import os
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from tafadi.errors import FormatError, TafadiError
from tafadi.measure.instant import Instant
from tafadi.trust.bundle import FeedPart, card_name, decode_carried, encode_carried
from tafadi.trust.canon import Json, from_base64, to_base64
from tafadi.trust.card import CARD_TYPE, Card, open_card, sign_card
from tafadi.trust.catchup import (
    AddCheckpoint,
    AddEntries,
    decode_add_checkpoint,
    decode_add_entries,
    encode_add_checkpoint,
    encode_add_entries,
    make_package,
)
from tafadi.trust.checkpoint import (
    Checkpoint,
    check_cosignature,
    cosign,
    mirror_name,
    open_checkpoint,
    origin_of,
    parse_checkpoint,
    sign_checkpoint,
)
from tafadi.trust.delivery import encode_delivery, open_delivery
from tafadi.trust.dsse import unwrap, wrap
from tafadi.trust.envelope import open_envelope, seal
from tafadi.trust.evidence import (
    compare_checkpoints,
    compare_entries,
    compare_receipts,
    compare_retired,
    compare_trees,
    encode_evidence,
    file_of,
    open_evidence,
)
from tafadi.trust.express import Heard, open_heard, sign_heard
from tafadi.trust.heartbeat import encode_heartbeat, open_heartbeat
from tafadi.trust.keys import PublicKey, SigningKey, key_from_words, key_words
from tafadi.trust.log import Frontier, consistency_proof, inclusion_proof, joint_nodes_from, leaf_hash
from tafadi.trust.mirror import MirrorState, take_push
from tafadi.trust.note import parse_note
from tafadi.trust.push import Push, decode_push, encode_push
from tafadi.trust.thin import FrameKind, Frames, encode_frame
from tafadi.trust.tiles import decode_bundle, encode_bundle

HOUSE = Path(__file__).resolve().parents[2]
FOLDER = HOUSE / "vectors" / "trust"
ORIGIN = origin_of("demo", "north", 1)
AT = Instant.parse("2026-11-23T09:30:00Z")
PAYLOAD: dict[str, Json] = {"origin": ORIGIN, "index": 1, "type": "answer", "mode": "EXERCISE", "body": {"code": "accepted", "ref": "n-1"}}


class Party(Protocol):
    """What the cases need of a party (see conftest)."""

    root: SigningKey
    envelope: SigningKey
    log: SigningKey
    mirror: SigningKey
    operator: SigningKey
    card: Card
    signed_card: bytes


class Case(NamedTuple):
    """One vector."""

    format: str
    expect: str
    why: str
    data: bytes
    given: dict[str, str] = {}  # noqa: RUF012 - a NamedTuple's default is never changed here

    def file(self) -> str:
        """The text of its file."""
        value = {"format": self.format, "expect": self.expect, "why": self.why, "given": self.given, "bytes": to_base64(self.data)}
        return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _entries(party: Party, count: int, word: str = "entry") -> list[bytes]:
    return [seal({"origin": ORIGIN, "index": index, "body": {"text": f"{word} {index}"}}, party.envelope) for index in range(count)]


def _root(leaves: list[bytes]) -> bytes:
    return Frontier().extend(map(leaf_hash, leaves)).root()


def _signed(leaves: list[bytes], key: SigningKey) -> bytes:
    return sign_checkpoint(Checkpoint(ORIGIN, len(leaves), _root(leaves)), key)


def _envelopes(north: Party) -> dict[str, Case]:
    leaf = seal(PAYLOAD, north.envelope, north.operator)
    text = leaf.decode()
    keys = {"key 0": north.envelope.public.text, "key 1": north.operator.public.text}
    value = json.loads(text)
    swapped = json.dumps(value | {"signatures": value["signatures"][::-1]}, separators=(",", ":")).encode()
    refused = {
        "space": (text.replace(",", ", ", 1), "a space after a comma"),
        "trailing": (text + "\n", "a byte after the end"),
        "unknown-member": (text.replace('{"payload"', '{"a":1,"payload"', 1), "a member that the format has not"),
        "member-twice": (text.replace('{"payload":', '{"payload":"","payload":', 1), "a member that stands twice"),
        "escape": (text.replace("payloadType", "payload\\u0054ype"), "an escape where none is needed"),
        "no-padding": (text.replace('=="}', '"}', 1), "base64 without its padding"),
    }
    payloads = {
        "float": b'{"a":1.5}',
        "too-large": b'{"a":9007199254740992}',
        "unsorted": b'{"b":1,"a":1}',
        "deep": b'{"a":' * 16 + b"[]" + b"}" * 16,
    }
    cases = {f"envelope-{name}": Case("envelope", "FormatError", why, data.encode(), keys) for name, (data, why) in refused.items()}
    for name, payload in payloads.items():
        inside = value | {"payload": to_base64(payload)}
        cases[f"envelope-payload-{name}"] = Case(
            "envelope", "FormatError", f"a payload that is not canonical: {name}", json.dumps(inside, separators=(",", ":")).encode(), keys
        )
    cases["envelope"] = Case("envelope", "taken", "signed by the node and by the operator", leaf, keys)
    cases["envelope-swapped"] = Case("envelope", "SignatureError", "the operator's signature where the node's must be", swapped, keys)
    return cases


def _notes(north: Party, south: Party) -> dict[str, Case]:
    leaves = _entries(north, 3)
    note = _signed(leaves, north.log)
    checkpoint = open_checkpoint(note, north.log.public)
    log = {"log key": north.log.public.text}
    name = mirror_name("demo", "south", 1)
    mirror = {"checkpoint": checkpoint.text, "name": name, "mirror key": south.mirror.public.text}
    line = cosign(checkpoint, name, south.mirror, AT)
    later = mirror | {"checkpoint": Checkpoint(ORIGIN, 4, checkpoint.root).text}
    beat = encode_heartbeat("demo", "north", 1, AT, [note + line.encode()], north.envelope)
    return {
        "checkpoint": Case("checkpoint", "taken", "the feed of three entries", note, log),
        "checkpoint-by-another": Case("checkpoint", "SignatureError", "signed by another key", note, {"log key": south.log.public.text}),
        "checkpoint-leading-zero": Case("checkpoint", "FormatError", "a leading zero in the size", note.replace(b"\n3\n", b"\n03\n"), log),
        "checkpoint-extension": Case("checkpoint", "FormatError", "an extension line", note.replace(b"\n\n", b"\nmore\n\n"), log),
        "receipt": Case("receipt", "taken", "south has stored the three entries", line.encode(), mirror),
        "receipt-of-another-size": Case("receipt", "SignatureError", "a receipt of three entries shown for four", line.encode(), later),
        "heartbeat": Case(
            "heartbeat", "taken", "north is alive and brings its checkpoint", beat, {"envelope key": north.envelope.public.text}
        ),
        "heartbeat-by-another": Case("heartbeat", "SignatureError", "signed by the log key", beat, {"envelope key": north.log.public.text}),
    }


def _transfers(north: Party) -> dict[str, Case]:
    leaves = _entries(north, 300)
    log = {"log key": north.log.public.text}
    held = log | {
        "held": to_base64(Frontier().extend(map(leaf_hash, leaves[:2])).to_bytes()),
        "checkpoint": to_base64(_signed(leaves[:2], north.log)),
    }
    push = encode_push(Push(ORIGIN, 2, tuple(leaves[2:4]), _signed(leaves[:4], north.log)))
    lie = encode_push(Push(ORIGIN, 2, (), _signed([leaves[0], b"another story"], north.log)))
    gap = encode_push(Push(ORIGIN, 2, tuple(leaves[2:3]), _signed(leaves[:4], north.log)))
    hashes = list(map(leaf_hash, leaves))
    old = AddCheckpoint(2, tuple(consistency_proof(hashes, 2, 300)), _signed(leaves, north.log))
    package = make_package(leaves[2:256], 2, 300, lambda low, high: Frontier().extend(hashes[low:high]).root())
    upload = encode_add_entries(AddEntries(ORIGIN, 2, 300, (package,)))
    return {
        "push": Case("push", "taken", "two entries after the two that are held", push, held),
        "push-cut": Case("push", "FormatError", "cut within an entry", push[:60], held),
        "push-gap": Case("push", "ChainError", "an entry is missing: the root cannot be that which was signed", gap, held),
        "push-two-roots": Case("push", "EquivocationError", "another signed root for the two entries that are held", lie, held),
        "add-checkpoint": Case("add-checkpoint", "taken", "from 2 to 300 entries", encode_add_checkpoint(old), log),
        "add-checkpoint-zero": Case(
            "add-checkpoint", "FormatError", "a leading zero", encode_add_checkpoint(old).replace(b"old 2", b"old 02"), log
        ),
        "add-entries": Case("add-entries", "taken", "the first package of two", upload),
        "add-entries-ticket": Case("add-entries", "FormatError", "a ticket, which we never give", upload[:40] + b"\x00\x01" + upload[42:]),
        "bundle": Case("bundle", "taken", "an entry bundle of three", encode_bundle(leaves[:3]), {"width": "3"}),
        "bundle-short": Case("bundle", "FormatError", "three entries where four are said to be", encode_bundle(leaves[:3]), {"width": "4"}),
    }


def _papers(north: Party) -> dict[str, Case]:
    def proof(evidence: object) -> bytes:
        assert evidence is not None
        return encode_evidence(evidence, north.signed_card)  # type: ignore[arg-type]  # narrowed by the line above

    leaves, others = _entries(north, 9), _entries(north, 9, "other")
    hashes = list(map(leaf_hash, leaves))
    nodes = joint_nodes_from(lambda low, high: Frontier().extend(hashes[low:high]).root(), 5, 9)
    entries = proof(compare_entries(leaves[4], others[4], north.envelope.public))
    roots = proof(compare_checkpoints(_signed(leaves[:5], north.log), _signed(others[:5], north.log), north.log.public))
    trees = proof(compare_trees(_signed(others[:5], north.log), _signed(leaves, north.log), nodes, north.log.public))
    words = key_words(north.root.public)
    return {
        "card": Case("card", "taken", "the card of north", north.signed_card),
        "card-epoch-2": Case("card", "taken", "the next card, which ends the feed before it", _renewed(north, _head(leaves))),
        "card-end-of-another": Case("card", "FormatError", "it ends a feed of another party", _renewed(north, _head(leaves, "south"))),
        "card-space": Case("card", "FormatError", "a byte after the end", north.signed_card + b" "),
        "evidence-entries": Case("evidence", "taken", "two entries at index 4", entries),
        "evidence-roots": Case("evidence", "taken", "two roots for five entries", roots),
        "evidence-trees": Case("evidence", "taken", "roots for five and for nine entries that no tree joins", trees),
        "evidence-nothing": Case("evidence", "FormatError", "the second statement is the first", _same_twice(roots)),
        "words": Case("words", "taken", "a key as words", words.encode(), {"key": north.root.public.text}),
        "words-wrong": Case("words", "InputError", "the first word is another", b"zoo" + words[words.index(" ") :].encode()),
    }


def _receipted(leaves: list[bytes], party: Party, origin: str = ORIGIN) -> bytes:
    """The note with the party's receipt for a feed, and without its owner's signature."""
    checkpoint = Checkpoint(origin, len(leaves), _root(leaves))
    return f"{checkpoint.text}\n{cosign(checkpoint, mirror_name('demo', party.card.party, 1), party.mirror, AT)}".encode()


def _record(north: Party, index: int = 4) -> list[bytes]:
    """South's feed, in which it has recorded at `index` that north goes on in epoch 2."""
    south = SigningKey.from_seed(b"\x41" * 32)
    origin, card = origin_of("demo", "south", 1), to_base64(_renewed(north, _head(_entries(north, 9))))
    bodies: list[tuple[str, Json]] = [("key", {"card": card}) if at == index else ("answer", {"text": str(at)}) for at in range(7)]
    return [seal({"origin": origin, "index": at, "type": kind, "body": body}, south) for at, (kind, body) in enumerate(bodies)]


def _having_seen(north: Party, leaves: list[bytes]) -> bytes:
    """An entry of north's first epoch that says it has seen so much of south's feed."""
    seen: Json = [{"party": "south", "epoch": 1, "size": len(leaves), "root": _root(leaves).hex()}]
    return seal({"origin": ORIGIN, "index": 9, "type": "answer", "seen": seen}, north.envelope)


def _misuse(north: Party, south: Party) -> dict[str, Case]:
    """What convicts a mirror and a retired key, what does not, and what a mirror cannot deny."""
    leaves, others, record = _entries(north, 9), _entries(north, 9, "other"), _record(north)
    hashes = list(map(leaf_hash, leaves))
    joint = joint_nodes_from(lambda low, high: Frontier().extend(hashes[low:high]).root(), 5, 9)
    inside = inclusion_proof(list(map(leaf_hash, record)), 4, 7)
    five, nine, five_others = _receipted(leaves[:5], south), _receipted(leaves, south), _receipted(others[:5], south)
    use, receipt = _having_seen(north, record), _receipted(record, north, origin_of("demo", "south", 1))

    def proof(evidence: object, party: Party) -> bytes:
        assert evidence is not None
        return encode_evidence(evidence, party.signed_card)  # type: ignore[arg-type]  # narrowed by the line above

    def claim(kind: str, first: bytes, second: bytes, nodes: list[bytes], party: Party) -> bytes:
        return file_of(kind, first, second, nodes, party.signed_card)

    receipts, retired = "receipt-against-inclusion", "retired-key-used"
    owners = _signed(leaves[:5], north.log)
    early = _having_seen(north, record[:4])
    delivery = encode_delivery(leaves[3], nine, inclusion_proof(hashes, 3, 9), south.signed_card)
    another = claim("stored", others[3], nine, inclusion_proof(hashes, 3, 9), south)
    return {
        "evidence-receipts": Case(
            "evidence", "taken", "receipts for 5 and 9", proof(compare_receipts(five_others, nine, joint, south.card), south)
        ),
        "evidence-receipts-one-size": Case(
            "evidence", "taken", "receipts for two roots of 5", proof(compare_receipts(five, five_others, (), south.card), south)
        ),
        "evidence-receipts-joined": Case(
            "evidence", "FormatError", "the larger tree holds the smaller", claim(receipts, min(five, nine), max(five, nine), joint, south)
        ),
        "evidence-receipt-against-owner": Case(
            "evidence",
            "SignatureError",
            "the owner's word convicts no mirror",
            claim(receipts, min(owners, five_others), max(owners, five_others), [], south),
        ),
        "evidence-retired-entry": Case(
            "evidence", "taken", "an entry that has seen the record", proof(compare_retired(use, record[4], inside, north.card), north)
        ),
        "evidence-retired-receipt": Case(
            "evidence",
            "taken",
            "a receipt for a tree with the record",
            proof(compare_retired(receipt, record[4], inside, north.card), north),
        ),
        "evidence-retired-before": Case(
            "evidence", "FormatError", "the entry was signed before the record", claim(retired, early, record[4], inside, north)
        ),
        "evidence-retired-other-entry": Case(
            "evidence", "FormatError", "what it has seen records no card", claim(retired, use, record[3], inside, north)
        ),
        "stored": Case("stored", "taken", "south has stored entry 3", delivery),
        "stored-another": Case("stored", "FormatError", "the proof is of another entry", another),
    }


def _sticks(north: Party) -> dict[str, Case]:
    """Bundles as they are carried, and archives that are none."""
    leaves = _entries(north, 300)
    note = _signed(leaves, north.log)
    beat = encode_heartbeat("demo", "north", 1, AT, [note], north.envelope)
    card = (card_name("north", 2), _renewed(north, _head(leaves[:9])))
    proof = (FOLDER / "evidence-roots.json").read_text("utf-8")
    evidence = from_base64(json.loads(proof)["bytes"], "vector")
    stick = encode_carried(beat, [card], [evidence], [FeedPart(ORIGIN, 256, tuple(leaves[256:]), note)])
    link = bytearray(stick)
    link[156:157] = b"2"
    swapped = stick.replace(b"tile/entries/001.p/44", b"tile/entries/002.p/44")
    return {
        "stick": Case("stick", "taken", "north's entries 256 to 299, its next card, a proof, its heartbeat", stick),
        "stick-link": Case("stick", "FormatError", "a symbolic link in the place of a file", bytes(link)),
        "stick-cut": Case("stick", "FormatError", "the end is missing", stick[:-512]),
        "stick-checksum": Case("stick", "FormatError", "a name that its header was not made for", swapped),
        "stick-without-heartbeat": Case("stick", "FormatError", "nobody says who made it", _without_last(stick)),
    }


def _without_last(stick: bytes) -> bytes:
    """The archive without its last file, the heartbeat."""
    return stick[: stick.index(b"heartbeat\0")] + bytes(1_024)


def _head(leaves: list[bytes], party: str = "north") -> Checkpoint:
    return Checkpoint(origin_of("demo", party, 1), len(leaves), Frontier().extend(map(leaf_hash, leaves)).root())


def _renewed(north: Party, end: Checkpoint) -> bytes:
    """The card of north for epoch 2, with fresh keys, signed by the same root, whatever it says."""
    envelope, log, mirror = (SigningKey.from_seed(bytes([seed]) * 32) for seed in (0x21, 0x22, 0x23))
    true_end = replace(end, origin=origin_of("demo", "north", 1))
    card = sign_card(
        replace(north.card, epoch=2, envelope=envelope.public, log=log.public, mirror=mirror.public, ends=(true_end,)), north.root
    )
    if true_end == end:
        return card
    payload = unwrap(card, CARD_TYPE, "card", len(card)).payload_bytes.replace(true_end.origin.encode(), end.origin.encode())
    return wrap(CARD_TYPE, payload, north.root)


def _same_twice(evidence: bytes) -> bytes:
    value = json.loads(evidence)
    return json.dumps(value | {"second": value["first"]}, separators=(",", ":")).encode()


def _cases(north: Party, south: Party) -> dict[str, Case]:
    papers = _papers(north) | _misuse(north, south) | _sticks(north)
    return _envelopes(north) | _notes(north, south) | _transfers(north) | papers | _words_alone(north, south)


def _key(given: dict[str, str], name: str) -> PublicKey:
    return PublicKey.from_text(given[name])


def _read_envelope(data: bytes, given: dict[str, str]) -> None:
    opened = open_envelope(data)
    opened.verify(_key(given, "key 0"), 0)
    opened.verify(_key(given, "key 1"), 1)


def _read_push(data: bytes, given: dict[str, str]) -> None:
    state = MirrorState(Frontier.from_bytes(from_base64(given["held"], "held")), from_base64(given["checkpoint"], "held"))
    take_push(state, decode_push(data), _key(given, "log key"))


def _words_alone(north: Party, south: Party) -> dict[str, Case]:
    heard = Heard(ORIGIN, 17, leaf_hash(b"entry 17"), "south", 1, "node", AT)
    note, key = sign_heard(heard, south.envelope), {"envelope key": south.envelope.public.text}
    frame = encode_frame(FrameKind.BEAT, bytes(range(72)))
    spoilt = frame[:20] + bytes([frame[20] ^ 4]) + frame[21:]
    return {
        "heard": Case("heard", "taken", "south has heard entry 17 of north's feed alone", note, key),
        "heard-by-another": Case("heard", "SignatureError", "signed by the log key", note, {"envelope key": south.log.public.text}),
        "heard-index": Case("heard", "FormatError", "an index with a zero before it", note.replace(b"\n17\n", b"\n017\n"), key),
        "thin-frame": Case(
            "thin", "taken", "kind 4 and 72 bytes, one of them a zero", frame, {"kind": "4", "body": bytes(range(72)).hex()}
        ),
        "thin-noise": Case(
            "thin",
            "taken",
            "noise before a frame, and one that it has spoilt",
            b"\x07" + spoilt + frame,
            {"kind": "4", "body": bytes(range(72)).hex()},
        ),
        "thin-spoilt": Case("thin", "FormatError", "one bit is another: there is no frame", spoilt, {}),
        "thin-longest": Case(
            "thin",
            "taken",
            "the longest body, without a zero",
            encode_frame(FrameKind.PART, bytes([255]) * 248),
            {"kind": "3", "body": "ff" * 248},
        ),
    }


def _one_frame(data: bytes, given: dict[str, str]) -> None:
    """The only frame in it must be the one that is given. Raises FormatError where there is none."""
    found = Frames().take(data)
    if not found:
        raise FormatError("there is no frame in it", format="thin")
    assert [(str(frame.kind), frame.body.hex()) for frame in found] == [(given["kind"], given["body"])]


READERS: dict[str, Callable[[bytes, dict[str, str]], object]] = {
    "heard": lambda data, given: open_heard(data, _key(given, "envelope key")),
    "thin": _one_frame,
    "envelope": _read_envelope,
    "checkpoint": lambda data, given: open_checkpoint(data, _key(given, "log key")),
    "receipt": lambda data, given: check_cosignature(
        data.decode(), parse_checkpoint(given["checkpoint"]), given["name"], _key(given, "mirror key")
    ),
    "heartbeat": lambda data, given: open_heartbeat(data, _key(given, "envelope key")),
    "push": _read_push,
    "add-checkpoint": lambda data, given: open_checkpoint(decode_add_checkpoint(data).checkpoint, _key(given, "log key")),
    "add-entries": lambda data, given: decode_add_entries(data),
    "bundle": lambda data, given: decode_bundle(data, int(given["width"])),
    "card": lambda data, given: open_card(data),
    "evidence": lambda data, given: open_evidence(data),
    "stored": lambda data, given: open_delivery(data),
    "stick": lambda data, given: decode_carried(data),
    "words": lambda data, given: key_from_words(data.decode()),
}


def test_the_files_are_what_the_cases_make(north: Party, south: Party) -> None:
    cases = _cases(north, south)
    if os.environ.get("TAFADI_WRITE_VECTORS"):
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, case in cases.items():
            (FOLDER / f"{name}.json").write_text(case.file(), encoding="utf-8")
    assert {path.stem for path in FOLDER.glob("*.json")} == set(cases)
    for name, case in cases.items():
        assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == case.file(), name


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_every_file_is_taken_or_refused_as_it_says(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    try:
        READERS[case["format"]](from_base64(case["bytes"], "vector"), case["given"])
        found = "taken"
    except TafadiError as error:
        found = type(error).__name__
    assert found == case["expect"], case["why"]


def _block(name: str) -> str:
    """What stands in the first fenced block of a specification."""
    text = (HOUSE / "docs" / "spec" / f"{name}.md").read_text(encoding="utf-8")
    return text.split("```")[1].split("\n", 1)[1]


@pytest.mark.parametrize("name", ["envelope", "checkpoint", "receipt", "heartbeat"])
def test_the_example_that_begins_a_specification_is_the_vector(name: str) -> None:
    case = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert _block(name).rstrip("\n") == from_base64(case["bytes"], "vector").decode().rstrip("\n")


@pytest.mark.parametrize(("name", "vector"), [("card", "card"), ("evidence", "evidence-roots")])
def test_the_example_that_begins_a_specification_names_what_the_vector_holds(name: str, vector: str) -> None:
    case = json.loads((FOLDER / f"{vector}.json").read_text(encoding="utf-8"))
    value = json.loads(from_base64(case["bytes"], "vector"))
    inner = json.loads(from_base64(value["payload"], "vector")) if "payload" in value else value
    assert set(json.loads(_block(name))) == set(inner)


def test_the_text_of_every_signed_example_stays_readable() -> None:
    case = json.loads((FOLDER / "checkpoint.json").read_text(encoding="utf-8"))
    assert parse_note(from_base64(case["bytes"], "vector")).text.startswith(ORIGIN)


def test_the_files_of_the_bundle_that_begins_its_specification_are_the_vectors_as_tar_lists_them() -> None:
    case = json.loads((FOLDER / "stick.json").read_text(encoding="utf-8"))
    with tarfile.open(fileobj=io.BytesIO(from_base64(case["bytes"], "vector"))) as archive:
        assert archive.getnames() == _block("bundle").split()
        assert all(file.isfile() for file in archive)
