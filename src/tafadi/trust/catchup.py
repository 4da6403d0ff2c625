"""Catching up: how a mirror that is far behind takes a feed in steps, each of them proved before it is kept.

First `add-checkpoint` moves the *pending* checkpoint forward, with a consistency proof. Then `add-entries` brings the entries in packages
aligned at multiples of 256, each with a proof that its subtree lies in the pending checkpoint; a package is kept as soon as it is proved.
When the last is in, the pending checkpoint becomes the mirror's own, and only then it is cosigned.

Narrower than the source: one pending checkpoint, no tickets, and an upload begins exactly at the mirror's next entry (the source lets a
mirror answer 409 to any other). So no entry is ever taken twice, and the frontier is all the state there is.

Source: C2SP tlog-mirror (commit d0fe789), tlog-witness v1.0.0; draft-ietf-plants-merkle-tree-certs-02 for the subtrees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tafadi.errors import ChainError, EquivocationError, FormatError, InputError
from tafadi.trust.canon import from_base64, to_base64
from tafadi.trust.checkpoint import Checkpoint, open_signed, parse_checkpoint
from tafadi.trust.envelope import LEAF_MAX_BYTES
from tafadi.trust.keys import PublicKey
from tafadi.trust.log import (
    EMPTY_ROOT,
    HASH_BYTES,
    PROOF_MAX,
    SIZE_MAX,
    Frontier,
    RangeHash,
    check_consistency,
    check_subtree,
    leaf_hash,
    subtree_proof_from,
)
from tafadi.trust.mirror import MirrorState, WrongSize
from tafadi.trust.note import NOTE_MAX_BYTES, parse_note
from tafadi.trust.push import ORIGIN_MAX_BYTES, Reader

PACKAGE: Final = 256  # entries; the width of an entry bundle
PACKAGES_MAX: Final = 32  # SPEC tlog-mirror: clients should send no more in one request
PACKAGE_MAX_BYTES: Final = PACKAGE * (2 + LEAF_MAX_BYTES) + 1 + PROOF_MAX * HASH_BYTES
ADD_ENTRIES_MAX_BYTES: Final = 2 + ORIGIN_MAX_BYTES + 8 + 8 + 2 + PACKAGE_MAX_BYTES  # one package at its very largest must fit
ADD_CHECKPOINT_MAX_BYTES: Final = 21 + PROOF_MAX * 45 + 1 + NOTE_MAX_BYTES  # "old " and 16 digits; base64 of a hash has 44 letters
_CHECKPOINT_FORMAT: Final = "add-checkpoint"
_ENTRIES_FORMAT: Final = "add-entries"


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """The request that moves the pending checkpoint: its size until now, the proof from there, and the new note."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class Package:
    """Some entries and the proof that the subtree they end lies in the tree of the upload's end."""

    entries: tuple[bytes, ...]
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class AddEntries:
    """The request that brings the entries [start, end), or the first packages of them. `cut`: part of a package was left over."""

    origin: str
    start: int
    end: int
    packages: tuple[Package, ...]
    cut: bool = False


@dataclass(frozen=True, slots=True)
class CatchUp:
    """What we hold while catching up: the mirror's state (all entries kept so far), and the pending checkpoint ahead of it."""

    mirror: MirrorState = MirrorState()  # noqa: RUF009 - frozen, so one empty state serves all
    pending: bytes | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload led. Keep entries and state; `done` means: cosign `checkpoint` now, else answer 202 with the next entry.

    `fault` is the sentence why a later package was not taken; the earlier ones stand.
    """

    state: CatchUp
    entries: tuple[bytes, ...]
    leaf_hashes: tuple[bytes, ...]
    checkpoint: Checkpoint
    done: bool
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """409: the size of our pending checkpoint, and the entry we need next."""

    pending_size: int
    next_entry: int


def mirror_info(pending_size: int, next_entry: int) -> bytes:
    """The body of a 409 or 202 answer (`text/x.tlog.mirror-info`): pending size, next entry, and an empty ticket."""
    return f"{pending_size}\n{next_entry}\n\n".encode("ascii")


def parse_mirror_info(data: bytes) -> Elsewhere:
    """What a 409 or 202 answer says. Raises FormatError."""
    lines = data[:128].split(b"\n")
    numbers = [int(line) for line in lines[:2] if line.isdigit() and len(line) <= 16]
    if len(numbers) != 2 or mirror_info(*numbers) != data:
        raise FormatError("it is not the two sizes and the empty ticket of a mirror", format="mirror-info")
    return Elsewhere(*numbers)


def encode_add_checkpoint(request: AddCheckpoint) -> bytes:
    """The body of the request."""
    lines = [f"old {request.old_size}\n", *(f"{to_base64(one)}\n" for one in request.proof), "\n"]
    return "".join(lines).encode("ascii") + request.checkpoint


def decode_add_checkpoint(data: bytes) -> AddCheckpoint:
    """The request in `data`. Raises FormatError."""
    if len(data) > ADD_CHECKPOINT_MAX_BYTES:
        raise FormatError(f"it is {len(data)} bytes long; at most {ADD_CHECKPOINT_MAX_BYTES} are allowed", format=_CHECKPOINT_FORMAT)
    head, gap, note = data.partition(b"\n\n")
    if not gap or not head.isascii():
        raise FormatError("it has no empty line before its checkpoint", format=_CHECKPOINT_FORMAT)
    first, *rest = head.decode("ascii").split("\n")
    digits = first.removeprefix("old ")
    if first != f"old {digits}" or not digits.isdecimal() or len(digits) > 16 or str(int(digits)) != digits or int(digits) > SIZE_MAX:
        raise FormatError("it does not begin with the old size", format=_CHECKPOINT_FORMAT, field="old")
    proof = tuple(from_base64(line, _CHECKPOINT_FORMAT, "proof") for line in rest)
    if len(proof) > PROOF_MAX or any(len(one) != HASH_BYTES for one in proof):
        raise FormatError(f"a proof has at most {PROOF_MAX} hashes of {HASH_BYTES} bytes", format=_CHECKPOINT_FORMAT, field="proof")
    return AddCheckpoint(int(digits), proof, note)


def encode_add_entries(request: AddEntries) -> bytes:
    """The body of the request; the ticket is empty. Raises InputError for an entry or a proof beyond its limit."""
    origin = request.origin.encode("utf-8")
    if not 0 < len(origin) <= ORIGIN_MAX_BYTES or len(request.packages) > PACKAGES_MAX:
        raise InputError(f"an upload names its feed in at most {ORIGIN_MAX_BYTES} bytes and has at most {PACKAGES_MAX} packages")
    head = len(origin).to_bytes(2, "big") + origin + request.start.to_bytes(8, "big") + request.end.to_bytes(8, "big") + bytes(2)
    data = head + b"".join(map(_encode_package, request.packages))
    if len(data) > ADD_ENTRIES_MAX_BYTES:
        raise InputError(f"the upload would be {len(data)} bytes long; at most {ADD_ENTRIES_MAX_BYTES} are allowed")
    return data


def decode_add_entries(data: bytes) -> AddEntries:
    """The request in `data`; what is left over after its last whole package is dropped, and `cut` says so. Raises FormatError."""
    if len(data) > ADD_ENTRIES_MAX_BYTES:
        raise FormatError(f"it is {len(data)} bytes long; at most {ADD_ENTRIES_MAX_BYTES} are allowed", format=_ENTRIES_FORMAT)
    reader = Reader(data, _ENTRIES_FORMAT)
    origin = reader.origin()
    start, end = reader.number(8, "upload_start", SIZE_MAX), reader.number(8, "upload_end", SIZE_MAX)
    reader.number(2, "ticket", 0)
    if start > end:
        raise FormatError(f"an upload from {start} to {end} goes backwards", format=_ENTRIES_FORMAT, field="upload_start")
    packages: list[Package] = []
    for low, high in package_spans(start, end)[:PACKAGES_MAX]:
        try:
            packages.append(_decode_package(reader, high - low))
        except FormatError:
            return AddEntries(origin, start, end, tuple(packages), cut=True)
        if not reader.left:
            return AddEntries(origin, start, end, tuple(packages))
    if reader.left:
        raise FormatError(f"{reader.left} bytes follow the last package", format=_ENTRIES_FORMAT, offset=reader.at)
    return AddEntries(origin, start, end, tuple(packages))


def package_spans(start: int, end: int) -> list[tuple[int, int]]:
    """The first packages of the upload [start, end), as (first entry, entry after the last): at most 32 and one more, which says "more"."""
    spans: list[tuple[int, int]] = []
    while start < end and len(spans) <= PACKAGES_MAX:
        stop = min(end, start - start % PACKAGE + PACKAGE)
        spans.append((start, stop))
        start = stop
    return spans


def make_package(entries: Sequence[bytes], start: int, size: int, range_hash: RangeHash) -> Package:
    """The package of `entries` from `start` on, proved in the tree of `size` leaves. Raises InputError when they are no package."""
    end = start + len(entries)
    if (start, end) not in package_spans(start, size)[:1]:
        raise InputError(f"entries {start} to {end} are no package of an upload to {size}")
    return Package(tuple(entries), tuple(subtree_proof_from(range_hash, start - start % PACKAGE, end, size)))


def take_checkpoint(state: CatchUp, request: AddCheckpoint, origin: str, log_key: PublicKey) -> CatchUp | WrongSize:
    """What we hold after `add-checkpoint`; WrongSize (409) when our pending checkpoint has another size than the request says.

    Raises FormatError, SignatureError (403), ChainError (422) when the proof does not join the two, and EquivocationError for another
    root at the size of our pending or our mirror's checkpoint.
    """
    checkpoint, note = open_signed(request.checkpoint, log_key)
    if checkpoint.origin != origin:
        raise FormatError(
            f"the request is for {origin} and its checkpoint for {checkpoint.origin}", format=_CHECKPOINT_FORMAT, field="origin"
        )
    if request.old_size > checkpoint.size:
        raise FormatError(f"the old size {request.old_size} is beyond the new, {checkpoint.size}", format=_CHECKPOINT_FORMAT, field="old")
    for held_note in (state.pending, state.mirror.checkpoint):
        _check_same_story(held_note, checkpoint, note)
    _, held = _pending(state)
    size, root = (held.size, held.root) if held else (0, EMPTY_ROOT)
    if request.old_size != size:
        return WrongSize(size)
    check_consistency(size, root, checkpoint.size, checkpoint.root, request.proof)
    return CatchUp(state.mirror, note)


def take_entries(state: CatchUp, request: AddEntries) -> Progress | Elsewhere:
    """How far the upload leads: as far as its packages are proved. Elsewhere (409) when it begins or ends where we are not.

    Raises ChainError (422) when the first package fails its proof, FormatError (400) when there is no whole package though some are due.
    """
    note, checkpoint = _pending(state)
    next_entry = state.mirror.frontier.size
    if checkpoint is None or (request.start, request.end) != (next_entry, checkpoint.size):
        return Elsewhere(checkpoint.size if checkpoint else 0, next_entry)
    if checkpoint.origin != request.origin:
        raise FormatError(
            f"we hold {checkpoint.origin} here, and the upload is of {request.origin}", format=_ENTRIES_FORMAT, field="origin"
        )
    if not request.packages and request.start < request.end:
        raise FormatError("it holds no whole package", format=_ENTRIES_FORMAT)
    frontier, entries, hashes, fault = _take_packages(state.mirror.frontier, request, checkpoint)
    done = frontier.size == checkpoint.size
    if done and frontier.root() != checkpoint.root:  # proved package by package; yet nothing is cosigned that was not rebuilt
        raise ChainError(f"the entries do not give the root that {checkpoint.origin} signed for {checkpoint.size} entries")
    after = MirrorState(frontier, note if done else state.mirror.checkpoint)
    return Progress(CatchUp(after, note), entries, hashes, checkpoint, done, fault)


def _take_packages(
    frontier: Frontier, request: AddEntries, checkpoint: Checkpoint
) -> tuple[Frontier, tuple[bytes, ...], tuple[bytes, ...], str]:
    entries: list[bytes] = []
    hashes: list[bytes] = []
    for number, package in enumerate(request.packages):
        new = [leaf_hash(entry) for entry in package.entries]
        try:
            _check_package(frontier, new, package.proof, checkpoint)
        except ChainError as error:
            if number == 0:
                raise
            return frontier, tuple(entries), tuple(hashes), str(error)
        frontier = frontier.extend(new)
        entries += package.entries
        hashes += new
    return frontier, tuple(entries), tuple(hashes), ""


def _check_package(frontier: Frontier, hashes: Sequence[bytes], proof: Sequence[bytes], checkpoint: Checkpoint) -> None:
    # The subtree begins at a multiple of 256, so the peaks of the entries held since then are its own: the lowest 8 bits of the size.
    held = frontier.size % PACKAGE
    low = Frontier(held, frontier.peaks[len(frontier.peaks) - held.bit_count() :])
    start, end = frontier.size - held, frontier.size + len(hashes)
    check_subtree(checkpoint.root, checkpoint.size, start, end, low.extend(hashes).root(), proof)


def _check_same_story(held_note: bytes | None, checkpoint: Checkpoint, note: bytes) -> None:
    if held_note is None:
        return
    held = parse_checkpoint(parse_note(held_note).text)  # its signature was verified when we took it
    if (held.origin, held.size) == (checkpoint.origin, checkpoint.size) and held.root != checkpoint.root:
        raise EquivocationError(f"{held.origin} signed two roots for {held.size} entries", held_note, note)


def _pending(state: CatchUp) -> tuple[bytes | None, Checkpoint | None]:
    """The checkpoint that new ones must continue: the pending one, or the mirror's where a push has gone past it."""
    held = [(note, parse_checkpoint(parse_note(note).text)) for note in (state.pending, state.mirror.checkpoint) if note is not None]
    return max(held, key=lambda pair: pair[1].size) if held else (None, None)


def _encode_package(package: Package) -> bytes:
    if any(len(entry) > LEAF_MAX_BYTES for entry in package.entries) or len(package.proof) > PROOF_MAX:
        raise InputError(f"a package has entries of at most {LEAF_MAX_BYTES} bytes and at most {PROOF_MAX} hashes")
    entries = b"".join(len(entry).to_bytes(2, "big") + entry for entry in package.entries)
    return entries + bytes([len(package.proof)]) + b"".join(package.proof)


def _decode_package(reader: Reader, count: int) -> Package:
    entries = tuple(reader.sized("entry") for _ in range(count))
    hashes = reader.number(1, "num_hashes", PROOF_MAX)
    return Package(entries, tuple(reader.take(HASH_BYTES, "proof") for _ in range(hashes)))
