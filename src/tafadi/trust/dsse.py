"""One byte form of the Dead Simple Signing Envelope: `{"payload":…,"payloadType":…,"signatures":[…]}`, and no other.

DSSE signs PAE(type, payload): the exact bytes of the payload, no canonical form needed to verify. The envelope around it is free in DSSE
(member order, spaces, either base64); here it is fixed, because the envelope is the leaf of a log and a leaf with two spellings would have
two hashes.

Source: DSSE v1 (secure-systems-lab/dsse, protocol.md and envelope.md).
"""

import re
from binascii import a2b_base64
from dataclasses import dataclass
from typing import Final

from tafadi.errors import FormatError, InputError, SignatureError
from tafadi.trust.canon import Json, bytes_member, check_members, parse_object, text_member, to_base64
from tafadi.trust.keys import SIGNATURE_BYTES, PublicKey, SigningKey

SIGNATURES_MAX: Final = 2  # the node's, and that of the operator who spoke
_MEMBERS: Final = frozenset({"payload", "payloadType", "signatures"})
_SIGNATURE_MEMBERS: Final = frozenset({"keyid", "sig"})
_ONE: Final = rb'\{"keyid":"[0-9a-f]{16}","sig":"[A-Za-z0-9+/]{86}=="\}'  # 64 bytes are 86 letters and two of padding
_LAYOUT: Final = re.compile(
    rb'\{"payload":"([A-Za-z0-9+/]*+=?=?)","payloadType":"([a-z0-9.+/-]++)","signatures":\[(' + _ONE + rb"(?:," + _ONE + rb")?)\]\}"
)
_SIGNED: Final = re.compile(rb'"keyid":"([0-9a-f]{16})","sig":"([A-Za-z0-9+/]{86}==)"')


@dataclass(frozen=True, slots=True)
class Wrapped:
    """What an envelope of a known type holds; nothing in it is verified yet."""

    payload_type: str
    payload_bytes: bytes
    signatures: tuple[tuple[str, bytes], ...]  # (key id, signature), in the order of the envelope

    def verify(self, key: PublicKey, which: int) -> None:
        """Nothing, if signature number `which` (from 0) is that of `key`. Raises SignatureError."""
        if which >= len(self.signatures):
            raise SignatureError(f"the envelope has {len(self.signatures)} signatures; number {which + 1} was asked for")
        key_id, signature = self.signatures[which]
        if key_id != key.id:
            raise SignatureError(f"signature {which + 1} names key {key_id}, not {key.id}")
        key.verify(signature, pae(self.payload_type, self.payload_bytes))


def pae(payload_type: str, payload: bytes) -> bytes:
    """The pre-authentication encoding: the bytes that are signed.

    >>> pae("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def wrap(payload_type: str, payload: bytes, *signers: SigningKey) -> bytes:
    """The envelope of `payload`, signed by one or two keys in that order. Raises InputError for none, more, or one key twice."""
    if not 1 <= len({signer.public.raw for signer in signers}) == len(signers) <= SIGNATURES_MAX:
        raise InputError(f"an envelope is signed by one or two different keys; {len(signers)} were given")
    message = pae(payload_type, payload)
    return _layout(payload_type, payload, tuple((signer.public.id, signer.sign(message)) for signer in signers))


def rewrap(payload_type: str, payload: bytes, signatures: tuple[tuple[str, bytes], ...]) -> bytes:
    """The envelope of `payload` with signatures that were made elsewhere; whoever reads it verifies them."""
    return _layout(payload_type, payload, signatures)


def unwrap(data: bytes, payload_type: str, format: str, longest_bytes: int) -> Wrapped:
    """The parts of an envelope of `payload_type`. Raises FormatError unless `data` is the one form of those parts."""
    if len(data) > longest_bytes:
        raise FormatError(f"it is {len(data)} bytes long; at most {longest_bytes} are allowed", format=format)
    plain = _unwrap_plain(data, payload_type)
    if plain is not None:
        return plain
    value = parse_object(data, format)
    check_members(value, _MEMBERS, format)
    if text_member(value, "payloadType", format) != payload_type:
        raise FormatError(f"it must be {payload_type}", format=format, field="payloadType")
    payload = bytes_member(value, "payload", format)
    signatures = _signatures(value["signatures"], format)
    if _layout(payload_type, payload, signatures) != data:
        raise FormatError("the envelope is not in its one canonical form", format=format)
    return Wrapped(payload_type, payload, signatures)


def _unwrap_plain(data: bytes, payload_type: str) -> Wrapped | None:
    """The parts of an envelope as `wrap` lays it out; None where something is amiss, which the long way says in a sentence."""
    match = _LAYOUT.fullmatch(data)
    if match is None or match[2].decode("ascii") != payload_type:
        return None
    try:
        payload = a2b_base64(match[1], strict_mode=True)
        signatures = tuple((key_id.decode("ascii"), a2b_base64(sig, strict_mode=True)) for key_id, sig in _SIGNED.findall(match[3]))
    except ValueError:  # binascii.Error is one
        return None
    is_sound = len({key_id for key_id, _ in signatures}) == len(signatures) and _layout(payload_type, payload, signatures) == data
    return Wrapped(payload_type, payload, signatures) if is_sound else None


def _layout(payload_type: str, payload: bytes, signatures: tuple[tuple[str, bytes], ...]) -> bytes:
    # No text in it needs an escape: base64, hexadecimal and our own media types. RFC 8785 would write the same.
    listed = ",".join(f'{{"keyid":"{key_id}","sig":"{to_base64(signature)}"}}' for key_id, signature in signatures)
    return f'{{"payload":"{to_base64(payload)}","payloadType":"{payload_type}","signatures":[{listed}]}}'.encode("ascii")


def _signatures(value: Json, format: str) -> tuple[tuple[str, bytes], ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= SIGNATURES_MAX:
        raise FormatError("it must be a list of one or two signatures", format=format, field="signatures")
    found = tuple(_signature(item, format) for item in value)
    if len({key_id for key_id, _ in found}) != len(found):
        raise FormatError("one key signed twice", format=format, field="signatures")
    return found


def _signature(value: Json, format: str) -> tuple[str, bytes]:
    if not isinstance(value, dict):
        raise FormatError("each signature must be an object", format=format, field="signatures")
    check_members(value, _SIGNATURE_MEMBERS, format)
    key_id = text_member(value, "keyid", format)
    if len(key_id) != 16 or set(key_id) - set("0123456789abcdef"):
        raise FormatError("it must be 16 hexadecimal digits in lower case", format=format, field="keyid")
    signature = bytes_member(value, "sig", format)
    if len(signature) != SIGNATURE_BYTES:
        raise FormatError(f"it must hold {SIGNATURE_BYTES} bytes", format=format, field="sig")
    return key_id, signature
