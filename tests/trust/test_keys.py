"""Keys: RFC 8032 vectors, the strict rule against its slow twin, and the words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import ed25519
from tafadi.errors import InputError, SignatureError
from tafadi.trust.keys import (
    PublicKey,
    SigningKey,
    bytes_from_words,
    digest_words,
    key_from_words,
    key_words,
    secret_from_words,
    secret_words,
)

# RFC 8032 section 7.1, tests 1 to 3: seed, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]
KEY = SigningKey.from_seed(bytes(range(32)))
SMALL_ORDER = [ed25519.encode(ed25519.times(number, ed25519.TORSION)) for number in range(8)]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_are_met(seed: str, public: str, message: str, signature: str) -> None:
    key = SigningKey.from_seed(bytes.fromhex(seed))
    assert key.public.raw.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    key.public.verify(bytes.fromhex(signature), bytes.fromhex(message))
    assert ed25519.verify(bytes.fromhex(public), bytes.fromhex(signature), bytes.fromhex(message))


@given(st.integers(0, 511), st.binary(max_size=40))
@settings(max_examples=60)
def test_a_flipped_bit_anywhere_in_a_signature_is_refused(bit: int, message: bytes) -> None:
    signature = bytearray(KEY.sign(message))
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SignatureError):
        KEY.public.verify(bytes(signature), message)


def test_the_eight_points_of_small_order_are_eight() -> None:
    assert len(set(SMALL_ORDER)) == 8
    assert ed25519.times(8, ed25519.TORSION) == ed25519.IDENTITY


@pytest.mark.parametrize("raw", SMALL_ORDER)
def test_a_key_of_small_order_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError, match="small order"):
        PublicKey(raw)
    flipped = raw[:31] + bytes([raw[31] ^ 0x80])
    with pytest.raises(InputError, match="small order"):
        PublicKey(flipped)


@pytest.mark.parametrize("above", range(19))
def test_a_key_that_is_not_canonical_is_refused(above: int) -> None:
    for sign in (0, 1 << 255):
        with pytest.raises(InputError, match="canonical"):
            PublicKey((ed25519.P + above | sign).to_bytes(32, "little"))


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=100)
def test_a_key_is_taken_exactly_when_it_is_a_point_of_large_order(raw: bytes) -> None:
    point = ed25519.decode(raw)
    good = point is not None and ed25519.times(8, point) != ed25519.IDENTITY
    if good:
        assert PublicKey(raw).raw == raw
    else:
        with pytest.raises(InputError):
            PublicKey(raw)


def test_a_signature_with_s_beyond_the_order_is_refused() -> None:
    signature = KEY.sign(b"once")
    second = signature[:32] + (int.from_bytes(signature[32:], "little") + ed25519.L).to_bytes(32, "little")
    assert not ed25519.verify(KEY.public.raw, second, b"once")
    with pytest.raises(SignatureError):
        KEY.public.verify(second, b"once")


def _forge(secret: int, torsion: int, r: ed25519.Point, r_secret: int, message: bytes) -> tuple[bytes, bytes]:
    """Key and signature of a dishonest signer: A = secret·B + torsion·T, and R as given."""
    public = ed25519.encode(ed25519.add(ed25519.times(secret, ed25519.BASE), ed25519.times(torsion, ed25519.TORSION)))
    s = (r_secret + ed25519.challenge(ed25519.encode(r), public, message) * secret) % ed25519.L
    return public, ed25519.encode(r) + s.to_bytes(32, "little")


@pytest.mark.parametrize("number", range(8))
def test_a_signature_that_begins_with_a_point_of_small_order_is_refused(number: int) -> None:
    r = ed25519.times(number, ed25519.TORSION)
    public, signature = _forge(12345, 0, r, 0, b"m")
    assert not ed25519.verify(public, signature, b"m")
    with pytest.raises(SignatureError, match="small order"):
        PublicKey(public).verify(signature, b"m")


@pytest.mark.parametrize("message", [b"%d" % number for number in range(16)])
def test_keys_of_mixed_order_are_judged_without_the_cofactor_as_by_the_slow_twin(message: bytes) -> None:
    # With the cofactor each of these would be valid; without it only where the challenge is a multiple of 8.
    public, signature = _forge(777, 1, ed25519.times(99, ed25519.BASE), 99, message)
    expected = ed25519.verify(public, signature, message)
    assert expected == (ed25519.challenge(signature[:32], public, message) % 8 == 0)
    if expected:
        PublicKey(public).verify(signature, message)
    else:
        with pytest.raises(SignatureError):
            PublicKey(public).verify(signature, message)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InputError, match="bytes"):
        PublicKey(bytes(length))
    with pytest.raises(InputError, match="bytes"):
        SigningKey.from_seed(bytes(length))


@pytest.mark.parametrize("length", [0, 63, 65])
def test_a_signature_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(SignatureError, match="bytes"):
        KEY.public.verify(bytes(length), b"")


def test_the_text_of_a_key_reads_back_and_no_other_spelling_does() -> None:
    assert PublicKey.from_text(KEY.public.text) == KEY.public
    for text in (
        "",
        KEY.public.text[:-1],
        KEY.public.text + "\n",
        " " + KEY.public.text,
        KEY.public.text.replace("/", "_").replace("+", "-") + "é",
    ):
        with pytest.raises(InputError):
            PublicKey.from_text(text)


def test_a_signing_key_never_shows_its_seed() -> None:
    assert "seed" not in repr(KEY)
    assert repr(KEY.seed) not in repr(KEY)


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=25)
def test_words_read_back_as_the_key_they_were_made_of(seed: bytes) -> None:
    key = SigningKey.from_seed(seed).public
    words = key_words(key)
    assert len(words.split()) == 24
    assert key_from_words(words.upper().replace(" ", "  ")) == key


def test_a_word_that_is_not_in_the_list_is_named() -> None:
    words = key_words(KEY.public).split()
    words[6] = words[6] + "x"
    with pytest.raises(InputError, match=r"word 7, .* is not in the list"):
        key_from_words(" ".join(words))


def test_exchanged_words_fail_their_checksum() -> None:
    words = key_words(KEY.public).split()
    words[0], words[1] = words[1], words[0]
    with pytest.raises(InputError, match="checksum"):
        key_from_words(" ".join(words))


@pytest.mark.parametrize("words", ["", "abandon", "abandon " * 12, "abandon " * 25])
def test_a_wrong_number_of_words_is_said(words: str) -> None:
    with pytest.raises(InputError, match="24"):
        key_from_words(words)


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=60)
def test_the_words_of_a_secret_key_are_read_back_and_no_reader_of_public_words_takes_them(seed: bytes) -> None:
    words = secret_words(seed)
    assert secret_from_words(words.upper()) == seed
    for read in (key_from_words, bytes_from_words):
        with pytest.raises(InputError, match="the words of a SECRET key"):
            read(words)
    with pytest.raises(InputError, match="the words of a public key"):
        secret_from_words(digest_words(seed))
    assert bytes_from_words(digest_words(seed)) == seed


def test_secret_words_with_one_that_is_wrong_or_two_exchanged_are_refused() -> None:
    words = secret_words(bytes(range(32))).split()
    exchanged = [words[1], words[0], *words[2:]]
    for wrong, why in ((exchanged, "fail their checksum"), (words[:-1], "23 words"), (["zebras", *words[1:]], "word 1, 'zebras'")):
        with pytest.raises(InputError, match=why):
            secret_from_words(" ".join(wrong))
