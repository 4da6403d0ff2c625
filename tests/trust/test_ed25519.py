"""Two libraries, one rule: whatever a dishonest signer makes, both judge as the slow twin does."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import ed25519 as slow
from tafadi.trust import ed25519
from tafadi.trust.keys import SigningKey

KEY = SigningKey.from_seed(bytes(range(32)))


@pytest.fixture(params=["libsodium", "openssl"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "openssl":
        monkeypatch.setattr(ed25519, "sodium", lambda: None)
    return str(request.param)


def test_libsodium_is_there_and_keeps_the_rule() -> None:
    assert ed25519.sodium() is not None


def test_the_vector_that_libsodium_is_tried_with_tells_the_two_rules_apart() -> None:
    key, signature, message = ed25519._MIXED_KEY, ed25519._MIXED_SIGNATURE, ed25519._MIXED_MESSAGE
    public, r = slow.decode(key), slow.decode(signature[:32])
    assert public is not None
    assert r is not None
    right = slow.add(r, slow.times(slow.challenge(signature[:32], key, message), public))
    left = slow.times(int.from_bytes(signature[32:], "little"), slow.BASE)
    assert left != right
    assert slow.times(8, left) == slow.times(8, right)
    assert not slow.verify(key, signature, message)


def test_a_libsodium_that_multiplies_by_the_cofactor_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nacl.bindings.crypto_sign_open", lambda signed, key: signed[64:])
    assert ed25519.sodium.__wrapped__() is None


@given(st.integers(0, 7), st.integers(0, 7), st.binary(max_size=3))
@settings(max_examples=25, deadline=None)
def test_points_of_mixed_order_are_judged_by_both_as_by_the_slow_twin(in_key: int, in_r: int, message: bytes) -> None:
    public = slow.encode(slow.add(slow.times(777, slow.BASE), slow.times(in_key, slow.TORSION)))
    r = slow.encode(slow.add(slow.times(99, slow.BASE), slow.times(in_r, slow.TORSION)))
    s = (99 + slow.challenge(r, public, message) * 777) % slow.L
    signature, sodium = r + s.to_bytes(32, "little"), ed25519.sodium()
    assert sodium is not None
    expected = slow.verify(public, signature, message)
    assert sodium[0](public, signature, message) == expected
    assert ed25519.by_openssl(Ed25519PublicKey.from_public_bytes(public), signature, message) == expected


def test_both_libraries_sign_with_the_same_bytes_and_verify_each_others(library: str) -> None:
    signature = KEY.sign(b"once")
    KEY.public.verify(signature, b"once")
    assert signature == KEY._key.sign(b"once")
    assert not ed25519.is_valid(KEY.public._key, KEY.public.raw, signature, b"twice")
