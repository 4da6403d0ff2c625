"""HPKE, base mode, single shot, written from RFC 9180 for one suite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305.

Slow and plain: what it shares with the library that the product uses is X25519 and the cipher, and not one line of the scheme.
"""

import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

KEM = b"KEM" + (0x0020).to_bytes(2, "big")
SUITE = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x0020, 0x0001, 0x0003))


def extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    """LabeledExtract, section 4."""
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")


def expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """LabeledExpand, section 4."""
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    out, block = b"", b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(prk, block + labelled + bytes([number]), "sha256")
        out += block
    return out[:length]


def shared_secret(private: bytes, public: bytes, enc: bytes, reader: bytes) -> bytes:
    """ExtractAndExpand of DHKEM, section 4.1; `enc` and `reader` are the two public keys."""
    dh = X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))
    return expand(KEM, extract(KEM, b"", b"eae_prk", dh), b"shared_secret", enc + reader, 32)


def key_schedule(secret: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Key and base nonce in base mode, section 5.1."""
    context = b"\0" + extract(SUITE, b"", b"psk_id_hash", b"") + extract(SUITE, b"", b"info_hash", info)
    whole = extract(SUITE, secret, b"secret", b"")
    return expand(SUITE, whole, b"key", context, 32), expand(SUITE, whole, b"base_nonce", context, 12)


def public_of(private: bytes) -> bytes:
    """The public key of 32 private bytes."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal(plaintext: bytes, reader: bytes, info: bytes, ephemeral: bytes, aad: bytes = b"") -> bytes:
    """enc and ciphertext of the first message."""
    enc = public_of(ephemeral)
    key, nonce = key_schedule(shared_secret(ephemeral, reader, enc, reader), info)
    return enc + ChaCha20Poly1305(key).encrypt(nonce, plaintext, aad)


def open_(sealed: bytes, private: bytes, info: bytes, aad: bytes = b"") -> bytes:
    """The first message."""
    enc, ciphertext = sealed[:32], sealed[32:]
    key, nonce = key_schedule(shared_secret(private, enc, enc, public_of(private)), info)
    return ChaCha20Poly1305(key).decrypt(nonce, ciphertext, aad)
