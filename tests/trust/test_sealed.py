"""Rule 17: one ciphertext, a key for each reader, a commitment that holds to one story, padding; against RFC 9180 written anew."""

import hmac

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import hpke
from tafadi.errors import FormatError, InputError, LimitError, SignatureError
from tafadi.trust.sealed import LARGEST_PADDED, commitment_to, decrypt, encrypt, hpke_public, pad, unpad, unwrap_key, wrap_key

KEY, OTHER = b"\1" * 32, b"\2" * 32
PLACE = b"tafadi.v1/line-0123456789ab/alpha/1"
# RFC 9180, appendix A.2.1, sequence number 0
A21 = {
    "info": "4f6465206f6e2061204772656369616e2055726e",
    "ephemeral": "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
    "private": "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
    "public": "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
    "secret": "0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7",
    "key": "ad2744de8e17f4ebba575b3f5f5a8fa1f69c2a07f6e7500bc60ca6e3e3ec1c91",
    "nonce": "5c4d98150661b848853b547f",
    "text": "4265617574792069732074727574682c20747275746820626561757479",
    "aad": "436f756e742d30",
    "sealed": "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"
    "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
}


def of_rfc(name: str) -> bytes:
    """A value of the appendix."""
    return bytes.fromhex(A21[name])


def test_the_twin_of_hpke_gives_the_bytes_of_rfc_9180() -> None:
    enc = of_rfc("sealed")[:32]
    secret = hpke.shared_secret(of_rfc("ephemeral"), of_rfc("public"), enc, of_rfc("public"))
    assert (secret, hpke.key_schedule(secret, of_rfc("info"))) == (of_rfc("secret"), (of_rfc("key"), of_rfc("nonce")))
    assert hpke.seal(of_rfc("text"), of_rfc("public"), of_rfc("info"), of_rfc("ephemeral"), of_rfc("aad")) == of_rfc("sealed")
    assert hpke.open_(of_rfc("sealed"), of_rfc("private"), of_rfc("info"), of_rfc("aad")) == of_rfc("text")
    assert hpke_public(of_rfc("private")) == of_rfc("public")


def test_rule_17_a_wrapped_key_is_hpke_as_rfc_9180_has_it() -> None:
    """The twin opens what is wrapped here, and what the twin wraps is opened here."""
    commitment = bytes(range(32))
    info = b"tafadi.v1 sealed\n" + PLACE + b"\n" + commitment
    wrapped = wrap_key(KEY, hpke_public(OTHER), commitment, PLACE)
    assert (len(wrapped), hpke.open_(wrapped, OTHER, info)) == (80, KEY)
    assert unwrap_key(hpke.seal(KEY, hpke_public(OTHER), info, b"\7" * 32), OTHER, commitment, PLACE) == KEY


@settings(max_examples=60)
@given(st.binary(max_size=1_500))
def test_what_is_sealed_opens_to_itself_and_its_length_says_its_magnitude_alone(plaintext: bytes) -> None:
    ciphertext, commitment = encrypt(KEY, plaintext, PLACE)
    assert decrypt(KEY, ciphertext, commitment, PLACE) == plaintext
    assert len(ciphertext) - 16 in (256, 512, 1024, 2048)
    assert unpad(pad(plaintext)) == plaintext


def test_the_longest_that_can_be_sealed_can_and_one_byte_more_is_refused() -> None:
    ciphertext, commitment = encrypt(KEY, bytes(LARGEST_PADDED - 1), PLACE)
    assert decrypt(KEY, ciphertext, commitment, PLACE) == bytes(LARGEST_PADDED - 1)
    with pytest.raises(LimitError, match="at most 32767"):
        encrypt(KEY, bytes(LARGEST_PADDED), PLACE)


def test_rule_17_another_key_place_commitment_or_ciphertext_opens_nothing() -> None:
    ciphertext, commitment = encrypt(KEY, b"words", PLACE)
    wrong = (
        (OTHER, ciphertext, commitment, PLACE),
        (KEY, ciphertext[:-1] + bytes([ciphertext[-1] ^ 1]), commitment, PLACE),
        (KEY, ciphertext, bytes(32), PLACE),
        (KEY, ciphertext, commitment, PLACE + b"1"),
        (KEY, b"", commitment, PLACE),
    )
    for key, data, said, place in wrong:
        with pytest.raises(SignatureError):
            decrypt(key, data, said, place)


def test_rule_17_a_ciphertext_that_tells_another_story_under_its_own_key_is_caught_by_the_commitment() -> None:
    """A sender makes a second, valid ciphertext under the same key; what was signed is the commitment to the first."""
    _, commitment = encrypt(KEY, b"we fly at noon", PLACE)
    other, _ = encrypt(KEY, b"we do not fly", PLACE)
    with pytest.raises(SignatureError, match="not what its sender signed"):
        decrypt(KEY, other, commitment, PLACE)


PRIME = 2**130 - 5
TOP = 2**128


def one_time(cipher_key: bytes) -> tuple[int, int]:
    """r and s of Poly1305 for the first message under the key (RFC 8439, section 2.6)."""
    stream = Cipher(ChaCha20(cipher_key, bytes(16)), None).encryptor().update(bytes(32))
    return int.from_bytes(stream[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF, int.from_bytes(stream[16:], "little")


def blocks_of(ciphertext: bytes, place: bytes) -> list[int]:
    """What Poly1305 sums up, of this length always a whole number of blocks."""
    data = place + bytes(-len(place) % 16) + ciphertext + len(place).to_bytes(8, "little") + len(ciphertext).to_bytes(8, "little")
    return [int.from_bytes(data[at : at + 16], "little") + TOP for at in range(0, len(data), 16)]


def tag_of(blocks: list[int], r: int, s: int) -> int:
    """The tag as a number."""
    total = 0
    for block in blocks:
        total = (total + block) * r % PRIME
    return (total + s) % TOP


def one_for_two(first: bytes, second: bytes, place: bytes) -> bytes:
    """A ciphertext of 256 bytes, with its tag, that is valid under both cipher keys: one block of it solves one linear equation."""
    (r1, s1), (r2, s2) = one_time(first), one_time(second)
    for attempt in range(1_000):
        body = bytearray(hmac.digest(b"attempt", attempt.to_bytes(4, "big"), "sha256") * 8)
        body[:16] = bytes(16)
        blocks = blocks_of(bytes(body), place)
        free = (len(place) + 15) // 16
        powers = [pow(r, len(blocks) - free, PRIME) for r in (r1, r2)]
        blocks[free] = 0
        rest = [sum(block * pow(r, len(blocks) - at, PRIME) for at, block in enumerate(blocks)) % PRIME for r in (r1, r2)]
        for carry in range(-4, 5):
            wanted = (s2 - s1 + carry * TOP - rest[0] + rest[1]) * pow(powers[0] - powers[1], -1, PRIME) % PRIME
            if not TOP <= wanted < 2 * TOP:
                continue
            blocks[free] = wanted
            if tag_of(blocks, r1, s1) == tag_of(blocks, r2, s2):
                body[:16] = (wanted - TOP).to_bytes(16, "little")
                return bytes(body) + tag_of(blocks, r1, s1).to_bytes(16, "little")
    raise AssertionError("one attempt in a few succeeds")


def test_rule_17_a_ciphertext_that_the_cipher_opens_with_two_keys_is_opened_with_one_here() -> None:
    """ChaCha20-Poly1305 does not commit: this is the attack, and what is signed beside it stops it."""
    cipher_keys = [hmac.digest(key, b"tafadi.v1 sealed", "sha256") for key in (KEY, OTHER)]
    both = one_for_two(cipher_keys[0], cipher_keys[1], PLACE)
    stories = [ChaCha20Poly1305(key).decrypt(bytes(12), both, PLACE) for key in cipher_keys]
    assert stories[0] != stories[1], "the cipher alone takes both"
    commitment = commitment_to(KEY, stories[0])
    with pytest.raises(SignatureError, match="not what its sender signed"):
        decrypt(OTHER, both, commitment, PLACE)
    with pytest.raises(FormatError):  # with the key that was committed to it is opened; it is noise, and padded in no way
        decrypt(KEY, both, commitment, PLACE)


def test_a_wrapped_key_opens_for_its_reader_at_its_place_and_for_nobody_else() -> None:
    commitment = bytes(32)
    wrapped = wrap_key(KEY, hpke_public(OTHER), commitment, PLACE)
    wrong = (
        (wrapped, KEY, commitment, PLACE),
        (wrapped, OTHER, b"\1" * 32, PLACE),
        (wrapped, OTHER, commitment, b"elsewhere"),
        (wrapped[:-1], OTHER, commitment, PLACE),
        (bytes(80), OTHER, commitment, PLACE),
        (b"", OTHER, commitment, PLACE),
    )
    for data, private, said, place in wrong:
        with pytest.raises(SignatureError):
            unwrap_key(data, private, said, place)


def test_a_wrapped_key_of_another_length_is_none() -> None:
    info = b"tafadi.v1 sealed\n" + PLACE + b"\n" + bytes(32)
    with pytest.raises(SignatureError, match="holds 31 bytes"):
        unwrap_key(hpke.seal(bytes(31), hpke_public(OTHER), info, b"\7" * 32), OTHER, bytes(32), PLACE)


def test_nothing_is_sealed_to_a_point_of_small_order_or_with_a_key_of_another_length() -> None:
    for point in (bytes(32), b"\1" + bytes(31)):
        with pytest.raises(InputError):
            wrap_key(KEY, point, bytes(32), PLACE)
    for key in (b"", KEY[:-1], KEY + b"\0"):
        with pytest.raises(InputError):
            encrypt(key, b"words", PLACE)


@pytest.mark.parametrize(
    "padded", [b"", bytes(256), b"\x80" + bytes(254), b"\x80" + bytes(511), bytes(255) + b"\x81", b"\x80" + b"\1" * 255]
)
def test_padding_has_one_form(padded: bytes) -> None:
    with pytest.raises(FormatError):
        unpad(padded)


def test_another_padding_that_its_sender_committed_to_is_refused_too() -> None:
    padded = b"\x80" + bytes(511)
    cipher_key = hmac.digest(KEY, b"tafadi.v1 sealed", "sha256")
    ciphertext = ChaCha20Poly1305(cipher_key).encrypt(bytes(12), padded, PLACE)
    with pytest.raises(FormatError):
        decrypt(KEY, ciphertext, commitment_to(KEY, padded), PLACE)
