"""Envelopes: the leaf bytes of a feed. One entry, one exact byte string, signed by the node and by the operator who spoke.

The payload is canonical JSON (see `canon`), carried in the one form of DSSE (see `dsse`). Signature 1 is the node's envelope key,
signature 2 the operator's. What the members of the payload must be is judged elsewhere: here stands only what makes bytes an entry at
all.

Source: DSSE v1, RFC 8785, docs/spec/envelope.md.
"""

from dataclasses import dataclass, field
from typing import Final

from tafadi.errors import LimitError
from tafadi.trust.canon import Json, canonical, parse_canonical
from tafadi.trust.dsse import Wrapped, rewrap, unwrap, wrap
from tafadi.trust.keys import PublicKey, SigningKey

PAYLOAD_TYPE: Final = "application/vnd.tafadi.entry+json"
LEAF_MAX_BYTES: Final = 65_535  # tlog-tiles and the push write a leaf's length as uint16
_FORMAT: Final = "envelope"


@dataclass(frozen=True, slots=True)
class Envelope:
    """An entry as read: its payload, the exact bytes that were signed, and (key id, signature) in order. Not verified until `verify`."""

    payload: dict[str, Json] = field(hash=False)
    payload_bytes: bytes
    signatures: tuple[tuple[str, bytes], ...]

    def verify(self, key: PublicKey, which: int) -> None:
        """Nothing, if signature number `which` (0 the node's, 1 the operator's) is that of `key`. Raises SignatureError."""
        Wrapped(PAYLOAD_TYPE, self.payload_bytes, self.signatures).verify(key, which)


def seal(payload: dict[str, Json], *signers: SigningKey) -> bytes:
    """The leaf that says `payload`, signed by the node's envelope key and, if given, by the operator's.

    Raises InputError for a payload that canonical JSON cannot say, LimitError when the leaf would be longer than 65,535 bytes.
    """
    leaf = wrap(PAYLOAD_TYPE, canonical(payload), *signers)
    if len(leaf) > LEAF_MAX_BYTES:
        raise LimitError(f"the entry would be {len(leaf)} bytes long; at most {LEAF_MAX_BYTES} are allowed")
    return leaf


def reseal(payload: dict[str, Json], signatures: tuple[tuple[str, bytes], ...]) -> bytes:
    """The leaf that says `payload` with signatures that were made elsewhere. Raises InputError for what canonical JSON cannot say."""
    return rewrap(PAYLOAD_TYPE, canonical(payload), signatures)


def open_envelope(leaf: bytes) -> Envelope:
    """The entry in `leaf`. Raises FormatError, naming the field, unless envelope and payload are in their one canonical form."""
    wrapped = unwrap(leaf, PAYLOAD_TYPE, _FORMAT, LEAF_MAX_BYTES)
    return Envelope(parse_canonical(wrapped.payload_bytes, "payload"), wrapped.payload_bytes, wrapped.signatures)
