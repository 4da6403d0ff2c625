"""Sealing: one ciphertext for several readers, and a commitment that holds its sender to one plaintext.

    content key K (32 bytes of chance)
      ├─ commitment = HMAC-SHA256(K, padded)                       signed with the entry
      ├─ ciphertext = ChaCha20-Poly1305(HMAC-SHA256(K, LABEL), nonce 0, padded, aad = place)
      └─ for each reader: HPKE(reader's X25519 key, info = place ‖ commitment, K)

AEADs such as this one do not commit: with two keys chosen for it, one ciphertext opens to two stories, each to its reader. HMAC-SHA256 over
key and plaintext does commit, so whoever opens compares. K is used once, so the nonce may be fixed; and K never encrypts itself, so
that the commitment is a function of a key that nothing else shows. The padding hides the length but for its magnitude. Whoever destroys
K and the private key that unwraps it has destroyed what was sealed, though the entry stays in its feed; the commitment then says nothing.

Source: RFC 9180 (single-shot, base mode; DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305), RFC 8439, RFC 2104;
"Partitioning Oracle Attacks" (USENIX Security 2021) for why; docs/spec/sealed.md.
"""

import hmac
from functools import cache
from typing import TYPE_CHECKING, Final

from tafadi.errors import FormatError, InputError, LimitError, SignatureError
from tafadi.trust.keys import KEY_BYTES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import Suite

SMALLEST_PADDED: Final = 256
LARGEST_PADDED: Final = 32_768  # in base64 twice, with its heading, it still fits into the 65,535 bytes of a leaf
LABEL: Final = b"tafadi.v1 sealed"
_NONCE: Final = bytes(12)  # K encrypts one plaintext and no other
_END: Final = b"\x80"  # ISO/IEC 7816-4: then zeros
_FORMAT: Final = "sealed"


def pad(plaintext: bytes) -> bytes:
    """`plaintext`, 0x80, and zeros up to 256·2ⁿ bytes. Raises LimitError beyond 32,768.

    >>> [len(pad(bytes(length))) for length in (0, 255, 256, 512)]
    [256, 256, 512, 1024]
    """
    size = SMALLEST_PADDED
    while size < len(plaintext) + 1:
        size *= 2
    if size > LARGEST_PADDED:
        raise LimitError(f"{len(plaintext)} bytes cannot be sealed in one entry; at most {LARGEST_PADDED - 1} can")
    return plaintext + _END + bytes(size - len(plaintext) - 1)


def unpad(padded: bytes) -> bytes:
    """What was padded. Raises FormatError unless `pad` would have written it so."""
    plaintext, end, _ = padded.rpartition(_END)
    if not end or len(plaintext) >= LARGEST_PADDED or pad(plaintext) != padded:
        raise FormatError("it is not padded as it must be", format=_FORMAT)
    return plaintext


def commitment_to(content_key: bytes, padded: bytes) -> bytes:
    """The 32 bytes that hold the sender to this key and this plaintext."""
    return hmac.digest(_checked(content_key), padded, "sha256")


def encrypt(content_key: bytes, plaintext: bytes, place: bytes) -> tuple[bytes, bytes]:
    """Ciphertext and commitment. `place` is where the entry stands: it opens nowhere else. Raises LimitError."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    padded = pad(plaintext)
    return ChaCha20Poly1305(_cipher_key(content_key)).encrypt(_NONCE, padded, place), commitment_to(content_key, padded)


def decrypt(content_key: bytes, ciphertext: bytes, commitment: bytes, place: bytes) -> bytes:
    """The plaintext. Raises SignatureError where the key does not open it, or opens what was not committed to; FormatError."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        padded = ChaCha20Poly1305(_cipher_key(content_key)).decrypt(_NONCE, ciphertext, place)
    except InvalidTag:
        raise SignatureError("the key does not open what is sealed") from None
    if not hmac.compare_digest(commitment_to(content_key, padded), commitment):
        raise SignatureError("what the key opens is not what its sender signed a commitment to")
    return unpad(padded)


def wrap_key(content_key: bytes, reader: bytes, commitment: bytes, place: bytes) -> bytes:
    """The content key for the reader with that X25519 public key: 80 bytes. The ephemeral key comes from the library's own chance.

    Raises InputError for a key with which nothing can be agreed (a point of small order).
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    try:
        return _suite().encrypt(_checked(content_key), X25519PublicKey.from_public_bytes(reader), info=_info(place, commitment))
    except ValueError:
        raise InputError("the reader's card has an HPKE key to which nothing can be sealed") from None


def unwrap_key(wrapped: bytes, private: bytes, commitment: bytes, place: bytes) -> bytes:
    """The content key. Raises SignatureError where it was not wrapped for this private key, at this place."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    try:
        found = _suite().decrypt(wrapped, X25519PrivateKey.from_private_bytes(private), info=_info(place, commitment))
    except (InvalidTag, ValueError):
        raise SignatureError("the wrapped key does not open with the key of this party's card") from None
    if len(found) != KEY_BYTES:
        raise SignatureError(f"the wrapped key holds {len(found)} bytes, and a key has {KEY_BYTES}")
    return found


def hpke_public(private: bytes) -> bytes:
    """The X25519 public key that belongs to the 32 private bytes."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(_checked(private)).public_key().public_bytes_raw()


def _info(place: bytes, commitment: bytes) -> bytes:
    return LABEL + b"\n" + place + b"\n" + commitment


def _cipher_key(content_key: bytes) -> bytes:
    # What is padded has 256 bytes or more, and the label fewer: this can never be a commitment.
    return hmac.digest(_checked(content_key), LABEL, "sha256")


def _checked(content_key: bytes) -> bytes:
    if len(content_key) != KEY_BYTES:
        raise InputError(f"a content key of {len(content_key)} bytes is not one; it has {KEY_BYTES}")
    return content_key


@cache
def _suite() -> "Suite":
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite  # only where something is sealed

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
