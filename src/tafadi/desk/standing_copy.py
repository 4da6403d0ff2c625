"""A copy of what stands, kept over a restart: signed by this node, bound to the place in the feeds at which it was made, and to its bytes.

Layout: one line, a DSSE envelope signed by this node's envelope key, filled up with spaces to a multiple of 64 bytes; then a snapshot
(`tafadi.engine.snapshot`). The envelope says of which agreement the copy is, how far each feed had come with the root of its tree, and the
snapshot's digest.

The record is what counts, never the copy. One that is damaged, of another node or agreement, or made at a place in the feeds at which the
record never was, is refused, and the set is built anew. Of a true one only those notices are taken that stand in the picture, in that very
revision, and lie within the feeds as the roots prove them to be.
"""

from collections.abc import Iterator
from typing import Final

from tafadi.desk.desk import Desk
from tafadi.desk.standing import Position
from tafadi.engine.snapshot import restore, save
from tafadi.engine.standing_set import StandingSet
from tafadi.errors import DamagedError, FormatError, SignatureError
from tafadi.trust.canon import Json, canonical, parse_canonical
from tafadi.trust.dsse import unwrap, wrap

PAYLOAD_TYPE: Final = "application/vnd.tafadi.standing+json"
HEAD_MOST_BYTES: Final = 1 << 20  # some thousand feeds
LINE_BYTES: Final = 64  # so that every column lies where a processor likes it
DIGEST_BYTES: Final = 32
_FORMAT: Final = "standing"


def packed(notices: StandingSet, position: Position, desk: Desk) -> Iterator[bytes]:
    """The bytes of a copy, piece by piece: the envelope, then the snapshot."""
    pieces = list(save(notices))
    feeds: dict[str, Json] = {origin: [size, root.hex()] for origin, (size, root) in position.items()}
    payload: dict[str, Json] = {"agreement": desk.pact.id, "feeds": feeds, "digest": pieces[-1].hex()}
    line = wrap(PAYLOAD_TYPE, canonical(payload), desk.identity.envelope)
    yield line + b" " * (-(len(line) + 1) % LINE_BYTES) + b"\n"
    yield from pieces


def unpacked(data: bytearray, desk: Desk) -> StandingSet:
    """The set of a copy, with what this record proves of it. Raises DamagedError, in a sentence that says why it is refused."""
    end = data.find(b"\n", 0, HEAD_MOST_BYTES)
    if end < 0:
        raise DamagedError("it does not begin with an envelope")
    try:
        wrapped = unwrap(bytes(data[:end]).rstrip(b" "), PAYLOAD_TYPE, _FORMAT, HEAD_MOST_BYTES)
        wrapped.verify(desk.identity.envelope.public, 0)
        sizes = _sizes(parse_canonical(wrapped.payload_bytes, _FORMAT), bytes(data[-DIGEST_BYTES:]), desk)
    except (FormatError, SignatureError) as error:
        raise DamagedError(f"this node did not sign it: {error}") from None
    found = restore(memoryview(data)[end + 1 :])
    if found.minima != desk.pact.agreement.minima_announced:
        raise DamagedError("it has other minima than the agreement")
    for name in [name for name in found if not _is_within(name, sizes)]:
        found.remove(name)
    return found


def _sizes(payload: dict[str, Json], digest: bytes, desk: Desk) -> dict[str, int]:
    """How far each feed had come, by `party/epoch`, when the record bears that out. Raises DamagedError."""
    feeds = payload.get("feeds")
    if payload.get("agreement") != desk.pact.id or not isinstance(feeds, dict):
        raise DamagedError(f"it is of the agreement {payload.get('agreement')}, and this one is {desk.pact.id}")
    if payload.get("digest") != digest.hex():
        raise DamagedError("its digest is not the one that was signed: it is damaged or cut short")
    sizes = {}
    for origin, told in feeds.items():
        if desk.pact.party_of(origin) is None or not isinstance(told, list) or len(told) != 2 or not isinstance(told[0], int):
            raise DamagedError(f"it tells of a feed {origin} that is none of this agreement")
        root = desk.views.root(origin, told[0])
        if root is None or root.hex() != told[1]:
            raise DamagedError(f"it was made when {origin} had {told[0]} entries that are not those of this record")
        card = desk.pact.card(origin)
        sizes[f"{card.party}/{card.epoch}"] = told[0]
    return sizes


def _is_within(name: str, sizes: dict[str, int]) -> bool:
    feed, _, index = name.rpartition("/")
    return index.isdecimal() and int(index) < sizes.get(feed, 0)
