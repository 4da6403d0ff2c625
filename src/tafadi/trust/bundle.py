"""Bundles: what a line would have carried, as one file on a stick: entries with their checkpoints, receipts, cards and proofs.

    cards/bravo-000002.json                               a card, as its root signed it
    evidence/<SHA-256 of it>.json                         a proof
    feed/tafadi.v1/sky-1f2e3d4c5b6a/alpha/1/checkpoint    the checkpoint of the entries that are brought
    feed/tafadi.v1/sky-1f2e3d4c5b6a/alpha/1/tile/entries/000.p/44
    heartbeat                                             who made it, when; every feed's newest checkpoint, with receipts

It is a tar archive (POSIX ustar) that any `tar` opens, of plain files alone, in one form to the byte: sorted, undated, nobody's. Who reads
it takes nothing from it but names and bytes. The feeds are the files of tlog-tiles but for the hashes, which follow from the entries.

Source: docs/spec/bundle.md; POSIX.1-1988 (ustar); C2SP tlog-tiles v0.1.0.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tafadi.errors import FormatError, InputError, LimitError
from tafadi.trust.card import CARD_MAX_BYTES
from tafadi.trust.checkpoint import origin_of, split_origin
from tafadi.trust.evidence import EVIDENCE_MAX_BYTES
from tafadi.trust.heartbeat import HEARTBEAT_MAX_BYTES
from tafadi.trust.log import SIZE_MAX
from tafadi.trust.note import NOTE_MAX_BYTES
from tafadi.trust.tiles import WIDTH, Tile, decode_bundle, encode_bundle, parse_tile_path

BUNDLE_MAX_BYTES: Final = 16_777_216  # some 16,000 entries: what a node verifies and judges in seconds; a longer feed goes in several
FILES_MAX: Final = 4_096  # so that no archive of empty files takes longer to read than its bytes do
CARDS_MAX: Final = 1_024  # of five parties, one each in 90 days, for fifty years
EVIDENCE_MAX: Final = 32  # one proof about each feed of the parties
FEEDS_MAX: Final = 64  # as many as a heartbeat names
HEAD_BYTES: Final = 512  # of the tar format: of a header, and to which each file is filled up
_PLAIN: Final = b"%07o\0%07o\0%07o\0%011o\0%011o\0"  # mode, owner, group, size, time
_FORMAT: Final = "bundle"
_CARD: Final = re.compile(r"cards/[a-z][a-z0-9-]{0,31}-[0-9]{6}\.json", re.ASCII)
_EVIDENCE: Final = re.compile(r"evidence/([0-9a-f]{64})\.json", re.ASCII)
_FEED: Final = re.compile(r"feed/([^/]+/[^/]+/[^/]+/[^/]+)/(checkpoint|tile/entries/.+)", re.ASCII)

Files = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class FeedPart:
    """Entries of one feed from `start` (a multiple of 256) on, and the checkpoint after the last of them."""

    origin: str
    start: int
    entries: tuple[bytes, ...]
    checkpoint: bytes


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle holds; nothing in it is verified. Cards are in the order of party and epoch, feeds in that of their origins."""

    heartbeat: bytes
    cards: tuple[bytes, ...] = ()
    evidence: tuple[bytes, ...] = ()
    feeds: tuple[FeedPart, ...] = ()


def card_name(party: str, epoch: int) -> str:
    """Where a card stands in a bundle."""
    return f"cards/{party}-{epoch:06}.json"


def encode_carried(heartbeat: bytes, cards: Sequence[tuple[str, bytes]], evidence: Iterable[bytes], feeds: Iterable[FeedPart]) -> bytes:
    """The bundle's bytes; `cards` with their names. Raises LimitError beyond the limits, InputError for a part that is none."""
    files = [("heartbeat", heartbeat), *cards]
    files += [(f"evidence/{hashlib.sha256(data).hexdigest()}.json", data) for data in evidence]
    for feed in feeds:
        files += _files_of(feed)
    data = b"".join(_member(name, content) for name, content in sorted(files)) + bytes(2 * HEAD_BYTES)
    if len(data) > BUNDLE_MAX_BYTES or len(files) > FILES_MAX:
        raise LimitError(f"the bundle would have {len(files)} files and {len(data)} bytes; at most {FILES_MAX} and {BUNDLE_MAX_BYTES} go")
    decode_carried(data)  # what we could not read ourselves, nobody shall carry
    return data


def space_of(entries: Sequence[bytes]) -> int:
    """How many bytes these entries, a tile of them, take of a bundle."""
    return HEAD_BYTES + _filled(sum(2 + len(entry) for entry in entries))


def decode_carried(data: bytes) -> Bundle:
    """The bundle in `data`. Raises FormatError unless it is one in its one form, LimitError when it is too long."""
    if len(data) > BUNDLE_MAX_BYTES:
        raise LimitError(f"the bundle is {len(data)} bytes long; at most {BUNDLE_MAX_BYTES} are taken")
    files = dict(_members(data))
    heartbeat = _within(files.pop("heartbeat", b""), HEARTBEAT_MAX_BYTES, "heartbeat")
    cards = [_within(files.pop(name), CARD_MAX_BYTES, name) for name in list(files) if _CARD.fullmatch(name)]
    proofs = [_proof(name, files.pop(name)) for name in list(files) if _EVIDENCE.fullmatch(name)]
    feeds = _feeds(files)
    for name, count, most in (("cards", len(cards), CARDS_MAX), ("evidence", len(proofs), EVIDENCE_MAX), ("feed", len(feeds), FEEDS_MAX)):
        if count > most:
            raise FormatError(f"there are {count}; at most {most} are taken", format=_FORMAT, field=name)
    return Bundle(heartbeat, tuple(cards), tuple(proofs), tuple(feeds))


def _within(content: bytes, longest_bytes: int, name: str) -> bytes:
    if not 0 < len(content) <= longest_bytes:
        raise FormatError(f"it has {len(content)} bytes; 1 to {longest_bytes} are taken", format=_FORMAT, field=name)
    return content


def _proof(name: str, content: bytes) -> bytes:
    if hashlib.sha256(content).hexdigest() not in name:
        raise FormatError("it is not named for what it holds", format=_FORMAT, field=name)
    return _within(content, EVIDENCE_MAX_BYTES, name)


# Feeds


def _files_of(feed: FeedPart) -> Files:
    if feed.start % WIDTH:
        raise InputError(f"a bundle brings a feed from a multiple of {WIDTH} entries on, and {feed.start} is none")
    files = [(f"feed/{feed.origin}/checkpoint", feed.checkpoint)]
    for at in range(0, len(feed.entries), WIDTH):
        some = feed.entries[at : at + WIDTH]
        files.append((f"feed/{feed.origin}/{Tile(None, (feed.start + at) // WIDTH, len(some)).path}", encode_bundle(some)))
    return files


def _feeds(files: dict[str, bytes]) -> list[FeedPart]:
    by_origin: dict[str, dict[str, bytes]] = {}
    for name, content in files.items():
        found = _FEED.fullmatch(name)
        if found is None:
            raise FormatError("a bundle has no such file", format=_FORMAT, field=name[:100])
        by_origin.setdefault(found[1], {})[found[2]] = content
    return [_feed(origin, parts) for origin, parts in by_origin.items()]


def _feed(origin: str, parts: dict[str, bytes]) -> FeedPart:
    if origin_of(*split_origin(origin)) != origin or "checkpoint" not in parts:
        raise FormatError("its checkpoint is missing", format=_FORMAT, field=origin)
    checkpoint = _within(parts.pop("checkpoint"), NOTE_MAX_BYTES, origin)
    tiles = sorted(((parse_tile_path(path), content) for path, content in parts.items()), key=lambda pair: pair[0].index)
    start = tiles[0][0].index if tiles else 0
    for place, (tile, _) in enumerate(tiles):
        is_last = place == len(tiles) - 1
        if tile.level is not None or tile.index != start + place or (tile.width < WIDTH and not is_last):
            raise FormatError("its entries do not follow one another", format=_FORMAT, field=f"{origin}/{tile.path}")
    if (start + len(tiles)) * WIDTH > SIZE_MAX:
        raise FormatError("no feed is as long", format=_FORMAT, field=origin)
    entries = [entry for tile, content in tiles for entry in decode_bundle(content, tile.width)]
    return FeedPart(origin, start * WIDTH, tuple(entries), checkpoint)


# The archive


def _filled(length: int) -> int:
    return -(-length // HEAD_BYTES) * HEAD_BYTES


def _member(name: str, content: bytes) -> bytes:
    return _head(name, len(content)) + content + bytes(_filled(len(content)) - len(content))


def _head(name: str, size: int) -> bytes:
    """The header of a plain file. A name of more than 100 letters is divided at its last slash that leaves both parts short enough."""
    raw = name.encode("ascii")
    cut = 0 if len(raw) <= 100 else raw.rfind(b"/", 0, 156) + 1
    front, rest = raw[: max(0, cut - 1)], raw[cut:]
    if len(rest) > 100:
        raise InputError(f"{name[:100]!r} is too long a name for an archive")
    fields = rest.ljust(100, b"\0") + _PLAIN % (0o644, 0, 0, size, 0)
    tail = b"0" + bytes(100) + b"ustar\x0000" + bytes(32) + bytes(32) + b"0000000\x000000000\x00" + front.ljust(155, b"\0") + bytes(12)
    total = sum(fields) + 8 * ord(" ") + sum(tail)
    return fields + b"%06o\0 " % total + tail


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file. Raises FormatError for whatever this module would not have written so itself."""
    at, before = 0, ""
    for _ in range(FILES_MAX + 1):
        head = data[at : at + HEAD_BYTES]
        if head == bytes(HEAD_BYTES):
            if data[at:] != bytes(2 * HEAD_BYTES):
                raise FormatError("it does not end as an archive ends", format=_FORMAT, offset=at)
            return
        name, size = _named(head, at)
        content = data[at + HEAD_BYTES : at + HEAD_BYTES + size]
        end = at + HEAD_BYTES + _filled(size)
        if end > len(data) or any(data[at + HEAD_BYTES + size : end]) or name <= before:
            raise FormatError("the file is cut short, or not in its place", format=_FORMAT, offset=at, field=name[:100])
        yield name, content
        at, before = end, name
    raise FormatError(f"it has more than {FILES_MAX} files", format=_FORMAT)


def _named(head: bytes, at: int) -> tuple[str, int]:
    """Name and size in a header, which must be the one that they would be given here."""
    parts = [part.rstrip(b"\0") for part in (head[345:500], head[:100])]
    name = b"/".join(part for part in parts if part)
    digits = head[124:135]
    if name.isascii() and digits.isdigit() and not set(digits) - set(b"01234567"):
        text, size = name.decode("ascii"), int(digits, 8)
        if size <= BUNDLE_MAX_BYTES and len(name) <= 255 and _is_head(head, text, size):
            return text, size
    raise FormatError("it is not a plain file of an archive as it is written here", format=_FORMAT, offset=at)


def _is_head(head: bytes, name: str, size: int) -> bool:
    try:
        return _head(name, size) == head
    except InputError:
        return False
