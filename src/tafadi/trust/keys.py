"""Keys: Ed25519 under one strict rule, and the words by which people compare a key.

The rule (RFC 8032 leaves room, and libraries differ): a signature R ‖ S by the key A over M is valid if and only if
  1. S < L (no second S for the same signature),
  2. A is the canonical encoding (y < p) of a point on the curve, and that point is not of small order (such a key would verify anything),
  3. R is not of small order, and
  4. the 32 bytes of R equal the encoding of S·B - k·A with k = SHA-512(R ‖ A ‖ M) mod L: no multiplication by the cofactor, and a
     non-canonical R can never be equal.

OpenSSL, through `cryptography`, does 1 and 4. It takes non-canonical and small-order keys and small-order R, so 2 and 3 are checked here.
The sum is the rule of libsodium (PyNaCl 1.6.2 judged alike in every such case tried), which is used where it is installed, for it is faster
(`tafadi.trust.ed25519`).

Source: RFC 8032 section 5.1; "Taming the many EdDSAs" (ePrint 2020/1244); BIP-39 for the words.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tafadi.errors import InputError, SignatureError
from tafadi.trust.canon import from_base64, to_base64
from tafadi.trust.ed25519 import is_valid, signed

if TYPE_CHECKING:
    from mnemonic import Mnemonic

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
WORD_COUNT: Final = 24  # BIP-39: 256 bits of key and 8 of checksum, 11 bits a word
_SECRET: Final = 0xFF  # what turns over the checksum of a secret key's words
_UNLIKE: Final = "every word is in the list, but together they fail their checksum: a word is wrong or two are exchanged"

_PRIME: Final = 2**255 - 19
_CURVE_D: Final = -121665 * pow(121666, -1, _PRIME) % _PRIME
_SIGN_BIT: Final = 1 << 255
# The y of four points of order 8; those of the other four are -y.
_ORDER_8: Final = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
# The y of all eight points whose order divides 8; the sign bit does not matter.
_SMALL_ORDER: Final = frozenset({0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8})


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 key that can verify. Raises InputError when the 32 bytes are not a key that the rule above admits."""

    raw: bytes
    _key: Ed25519PublicKey = field(init=False, repr=False, compare=False, hash=False)
    _id: str = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        _check_key(self.raw)
        object.__setattr__(self, "_id", hashlib.sha256(self.raw).hexdigest()[:16])
        object.__setattr__(self, "_key", Ed25519PublicKey.from_public_bytes(self.raw))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The key written as standard base64. Raises InputError."""
        return cls(from_base64(text, "key"))

    @property
    def id(self) -> str:
        """Sixteen hexadecimal digits by which envelopes name the key: a hint, never a proof."""
        return self._id

    @property
    def text(self) -> str:
        """The key as standard base64."""
        return to_base64(self.raw)

    def verify(self, signature: bytes, message: bytes) -> None:
        """Nothing, if `signature` over `message` is valid under the rule of this module. Raises SignatureError."""
        if len(signature) != SIGNATURE_BYTES:
            raise SignatureError(f"a signature of {len(signature)} bytes is not one; Ed25519 has {SIGNATURE_BYTES}")
        if _is_small_order(signature[:32]):
            raise SignatureError("the signature begins with a point of small order")
        if not is_valid(self._key, self.raw, signature, message):
            raise SignatureError(f"the signature does not verify under key {self.id}")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key that can sign; made of 32 secret bytes that never show in a repr. Raises InputError for another length."""

    seed: bytes = field(repr=False)
    _key: Ed25519PrivateKey = field(init=False, repr=False, compare=False, hash=False)
    public: PublicKey = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.seed) != KEY_BYTES:
            raise InputError(f"a key seed of {len(self.seed)} bytes is not one; give {KEY_BYTES}")
        object.__setattr__(self, "_key", Ed25519PrivateKey.from_private_bytes(self.seed))
        object.__setattr__(self, "public", PublicKey(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)))

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The key that grows from `seed`, 32 bytes of chance."""
        return cls(seed)

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of signature over `message`."""
        return signed(self._key, self.seed + self.public.raw, message)


def key_words(key: PublicKey) -> str:
    """The key as 24 English words with a checksum, to be read aloud or printed.

    >>> key_words(SigningKey.from_seed(bytes(32)).public).split()[:3]
    ['derive', 'eye', 'upset']
    """
    return str(_mnemonic().to_mnemonic(key.raw))


def key_from_words(words: str) -> PublicKey:
    """The key that `key_words` wrote. Raises InputError saying which word is wrong, or that together they are."""
    return PublicKey(bytes_from_words(words))


def digest_words(digest: bytes) -> str:
    """32 bytes as words in the same way: for people to compare what lies on two machines that no line joins."""
    return str(_mnemonic().to_mnemonic(digest))


def bytes_from_words(words: str) -> bytes:
    """The 32 bytes that were written as words. Raises InputError, for the words of a secret key too: these are nobody else's."""
    raw, checksum = _entropy(words)
    if checksum == _checksum(raw) ^ _SECRET:
        raise InputError("these are the words of a SECRET key: whoever has heard them can be that party; they belong on paper, in a safe")
    if checksum != _checksum(raw):
        raise InputError(_UNLIKE)
    return raw


def secret_words(seed: bytes) -> str:
    """A secret key as 24 words for paper. Their checksum is turned over, so that nothing takes them for the words of a public key.

    >>> secret_from_words(secret_words(bytes(32))) == bytes(32)
    True
    """
    bits = int.from_bytes(seed + bytes([_checksum(seed) ^ _SECRET]), "big")
    words = _mnemonic().wordlist
    return " ".join(words[bits >> 11 * place & 0x7FF] for place in reversed(range(WORD_COUNT)))


def secret_from_words(words: str) -> bytes:
    """The secret key that `secret_words` wrote. Raises InputError as `bytes_from_words`, and for the words of a public key."""
    seed, checksum = _entropy(words)
    if checksum == _checksum(seed):
        raise InputError("these are the words of a public key, which are read out; a secret key is on the paper that says SECRET")
    if checksum != _checksum(seed) ^ _SECRET:
        raise InputError(_UNLIKE)
    return seed


def _entropy(words: str) -> tuple[bytes, int]:
    """The 256 bits in the words, and the 8 of their checksum."""
    given = words.lower().split()
    if len(given) != WORD_COUNT:
        raise InputError(f"{len(given)} words were given; a key has {WORD_COUNT}")
    places = {word: place for place, word in enumerate(_mnemonic().wordlist)}
    bits = 0
    for number, word in enumerate(given, 1):
        if word not in places:
            raise InputError(f"word {number}, {word[:20]!r}, is not in the list{_nearest(word)}")
        bits = bits << 11 | places[word]
    return (bits >> 8).to_bytes(KEY_BYTES, "big"), bits & 0xFF


def _checksum(raw: bytes) -> int:
    return hashlib.sha256(raw).digest()[0]


@cache
def _mnemonic() -> "Mnemonic":
    from mnemonic import Mnemonic  # reads its word list: only when words are asked for

    return Mnemonic("english")


def _nearest(word: str) -> str:
    # The first four letters tell all 2048 words apart: that is what the list was made for.
    close = [known for known in _mnemonic().wordlist if known[:4] == word[:4]]
    return f"; {close[0]!r} is" if close else ""


def _is_small_order(point: bytes) -> bool:
    return int.from_bytes(point, "little") % _SIGN_BIT in _SMALL_ORDER


def _check_key(raw: bytes) -> None:
    if len(raw) != KEY_BYTES:
        raise InputError(f"a key of {len(raw)} bytes is not one; Ed25519 keys have {KEY_BYTES}")
    y = int.from_bytes(raw, "little") % _SIGN_BIT
    if y >= _PRIME:
        raise InputError("the key is not in its canonical encoding")
    if y in _SMALL_ORDER:
        raise InputError("the key is a point of small order: it would verify signatures that nobody made")
    # x² = (y²-1) / (dy²+1) has a root exactly when the product of both is a square (Euler).
    square = (y * y - 1) * (_CURVE_D * y * y + 1) % _PRIME
    if pow(square, (_PRIME - 1) // 2, _PRIME) != 1:
        raise InputError("the key is not a point of the curve")
