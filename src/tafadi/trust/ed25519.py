"""Ed25519 by the faster of two libraries that judge alike: libsodium (PyNaCl) where it is installed and keeps the rule, else OpenSSL.

What a node spends is for the most part the verifying of signatures, and libsodium does it in half the time. It is taken only after it has
refused, in this very process, a signature whose R has a part of small order: with the multiplication by the cofactor that some versions of
such libraries do it would be valid, and two parties would judge one entry differently. The rule is in `tafadi.trust.keys`.

Both libraries let other threads run while they verify.

Source: RFC 8032 section 5.1; "Taming the many EdDSAs" (ePrint 2020/1244).
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_BYTES: Final = 64  # of a signature
# R = r·B + T with T of order 8, by the key of secret 1, 2, … 31: 8·S·B = 8·R + 8·k·A, and S·B is not R + k·A.
_MIXED_KEY: Final = bytes.fromhex("616e237719716e25ead63d831f9117f79b5aa05af8be30ff0eddb3dc43e8bdcf")
_MIXED_MESSAGE: Final = b"tafadi: no multiplication by the cofactor"
_MIXED_SIGNATURE: Final = bytes.fromhex(
    "9440f7afec0355351ea77a94ebb7afe89e1ea8e5267402be0fc1ecf3808a951c3c62612b836200910b7db30a48b2c0c4489573763d01980503d83ed0f769ad01"
)

Verify = Callable[[bytes, bytes, bytes], bool]  # (key, signature, message) -> whether it is valid
Sign = Callable[[bytes, bytes], bytes]  # (seed ‖ key, message) -> signature


def is_valid(key: Ed25519PublicKey, raw: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature, of 64 bytes, is that of the key (as OpenSSL has it, and its 32 bytes) over the message."""
    by_sodium = sodium()
    return by_sodium[0](raw, signature, message) if by_sodium else by_openssl(key, signature, message)


def signed(key: Ed25519PrivateKey, pair: bytes, message: bytes) -> bytes:
    """The signature over the message by the key (as OpenSSL has it, and its seed ‖ public key). Both libraries give the same bytes."""
    by_sodium = sodium()
    return by_sodium[1](pair, message) if by_sodium else key.sign(message)


def by_openssl(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    """Whether OpenSSL takes the signature."""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


@cache
def sodium() -> tuple[Verify, Sign] | None:
    """How libsodium verifies and signs; None where it is not installed, or is of a version that judges otherwise."""
    try:
        from nacl.bindings import crypto_sign, crypto_sign_open  # here: it takes longer to load than `tafadi --help` to run
        from nacl.exceptions import BadSignatureError
    except ImportError:
        return None

    def verify(raw: bytes, signature: bytes, message: bytes) -> bool:
        try:
            crypto_sign_open(signature + message, raw)
        except BadSignatureError:
            return False
        return True

    def sign(pair: bytes, message: bytes) -> bytes:
        return crypto_sign(message, pair)[:_BYTES]

    return None if verify(_MIXED_KEY, _MIXED_SIGNATURE, _MIXED_MESSAGE) else (verify, sign)
