"""Cards, rosters: what a party shows, and whose word an entry is."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from tafadi.errors import FormatError, InputError, NotOnRosterError, SignatureError
from tafadi.measure.instant import Instant, Span
from tafadi.trust.canon import Json, canonical
from tafadi.trust.card import CARD_TYPE, Card, open_card, sign_card
from tafadi.trust.checkpoint import Checkpoint
from tafadi.trust.dsse import wrap
from tafadi.trust.envelope import open_envelope, seal
from tafadi.trust.keys import SigningKey
from tafadi.trust.roster import check_operator


def _key(number: int) -> SigningKey:
    return SigningKey.from_seed(bytes([number]) * 32)


def _certificate(seed: bytes) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "north")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    return builder.sign(key, None).public_bytes(Encoding.DER)


ROOT = _key(1)
SPAN = Span(Instant.parse("2026-11-01T00:00:00Z"), Instant.parse("2027-01-30T00:00:00Z"))
CARD = Card(
    party="north",
    epoch=1,
    root=ROOT.public,
    envelope=_key(2).public,
    log=_key(3).public,
    mirror=_key(4).public,
    operators=(("deputy", _key(5).public), ("duty", _key(6).public)),
    hpke=bytes(range(32)),
    tls_certificate=_certificate(bytes([7]) * 32),
    valid=SPAN,
)
SIGNED = sign_card(CARD, ROOT)


def test_a_card_reads_back() -> None:
    assert open_card(SIGNED) == CARD
    assert sign_card(open_card(SIGNED), ROOT) == SIGNED


@pytest.mark.parametrize(
    "change",
    [
        {"envelope": ROOT.public},
        {"log": _key(2).public},
        {"mirror": _key(3).public},
        {"operators": (("duty", _key(4).public),)},
        {"operators": (("a", _key(9).public), ("b", _key(9).public))},
        {"hpke": _key(3).public.raw},
        {"tls_certificate": _certificate(bytes([3]) * 32)},
    ],
)
def test_a_key_with_two_uses_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError, match="a key stands twice"):
        replace(CARD, **change)  # type: ignore[arg-type]  # each names a field and its type


@pytest.mark.parametrize(
    "change",
    [
        {"party": "North"},
        {"epoch": 0},
        {"epoch": 1_000_000},
        {"operators": (("duty", _key(5).public), ("deputy", _key(6).public))},
        {"operators": (("duty", _key(5).public), ("duty", _key(6).public))},
        {"operators": (("Duty", _key(5).public),)},
        {"hpke": bytes(31)},
        {"tls_certificate": b""},
        {"tls_certificate": b"0" * 300},
        {"tls_certificate": CARD.tls_certificate + b"x"},
        {"tls_certificate": bytes(5_000)},
        {"valid": Span(SPAN.start, SPAN.start)},
    ],
)
def test_a_card_that_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InputError):
        replace(CARD, **change)  # type: ignore[arg-type]  # each names a field and its type


def _end(origin: str = "tafadi.v1/sky/north/1", size: int = 9) -> Checkpoint:
    return Checkpoint(origin, size, b"\7" * 32)


def test_the_card_of_a_later_epoch_says_where_the_feeds_before_it_end() -> None:
    ends = (_end("tafadi.v1/sea/north/1", 3), _end())
    card = replace(CARD, epoch=2, ends=ends)
    assert open_card(sign_card(card, ROOT)) == card
    assert [card.end_of(origin).size for origin in ("tafadi.v1/sky/north/1", "tafadi.v1/sea/north/1", "tafadi.v1/air/north/1")] == [9, 3, 0]


@pytest.mark.parametrize(
    ("epoch", "ends"),
    [
        (1, (_end(),)),
        (3, (_end(),)),
        (2, (_end("tafadi.v1/sky/south/1"),)),
        (2, (_end("tafadi.v1/sky/north/2"),)),
        (2, (_end(), _end())),
        (2, (_end(), _end("tafadi.v1/sea/north/1"))),
        (2, (_end(size=0),)),
        (2, (_end("hello"),)),
        (2, tuple(_end(f"tafadi.v1/sky{number:02}/north/1") for number in range(33))),
    ],
)
def test_an_end_that_is_not_of_the_epoch_before_or_not_in_order_is_refused(epoch: int, ends: tuple[Checkpoint, ...]) -> None:
    with pytest.raises(InputError):
        replace(CARD, epoch=epoch, ends=ends)


def test_a_card_with_as_many_ends_and_operators_as_it_may_have_is_not_too_long() -> None:
    ends = tuple(_end(f"tafadi.v1/{'s' * 30}{number:02}/north/{999_998}", 2**53 - 1) for number in range(32))
    operators = tuple((f"{'r' * 29}-{number:02}", SigningKey.from_seed(bytes([100 + number]) * 32).public) for number in range(64))
    card = replace(CARD, epoch=999_999, ends=ends, operators=operators)
    assert open_card(sign_card(card, ROOT)) == card


def test_only_the_root_key_signs_a_card() -> None:
    with pytest.raises(InputError, match="root key"):
        sign_card(CARD, _key(2))


def _payload() -> dict[str, Json]:
    from tafadi.trust.card import _to_json

    return _to_json(CARD)


def test_a_card_signed_by_another_key_or_by_two_is_refused() -> None:
    with pytest.raises(SignatureError):
        open_card(wrap(CARD_TYPE, canonical(_payload()), _key(2)))
    with pytest.raises(FormatError, match="alone"):
        open_card(wrap(CARD_TYPE, canonical(_payload()), ROOT, _key(2)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", "tafadi.v2"),
        ("version", None),
        ("party", 5),
        ("party", "North"),
        ("epoch", "1"),
        ("epoch", True),
        ("epoch", -1),
        ("root", "AAAA"),
        ("log", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("operators", {}),
        ("operators", ["duty"]),
        ("ends", {}),
        ("ends", ["tafadi.v1/sky/north/1"]),
        ("ends", [{"origin": "tafadi.v1/sky/north/1", "size": 4}]),
        ("ends", [{"origin": "tafadi.v1/sky/north/0", "size": 4, "root": "AA=="}]),
        ("operators", [{"role": "duty"}]),
        ("operators", [{"role": f"r{number:02d}", "key": "AAAA"} for number in range(65)]),
        ("hpke", None),
        ("tls", "AAAA"),
        ("valid_from", "2026-11-01T00:00:00.000Z"),
        ("valid_from", "2026-11-01"),
        ("valid_until", "2026-10-01T00:00:00Z"),
        ("valid_until", 0),
    ],
)
def test_a_member_that_is_wrong_is_refused_though_the_root_signed_it(name: str, value: Json) -> None:
    with pytest.raises(FormatError):
        open_card(wrap(CARD_TYPE, canonical(_payload() | {name: value}), ROOT))


def test_a_member_too_many_or_too_few_is_refused() -> None:
    with pytest.raises(FormatError) as caught:
        open_card(wrap(CARD_TYPE, canonical(_payload() | {"purpose": "none"}), ROOT))
    assert caught.value.field == "purpose"
    less = {name: value for name, value in _payload().items() if name != "hpke"}
    with pytest.raises(FormatError) as caught:
        open_card(wrap(CARD_TYPE, canonical(less), ROOT))
    assert caught.value.field == "hpke"


def test_a_card_with_spaces_is_refused() -> None:
    with pytest.raises(FormatError, match="canonical"):
        open_card(wrap(CARD_TYPE, json.dumps(_payload()).encode(), ROOT))


def test_an_entry_is_no_card() -> None:
    with pytest.raises(FormatError):
        open_card(seal(_payload(), ROOT))


@given(st.integers(0, len(SIGNED) * 8 - 1))
@settings(max_examples=200)
def test_any_flipped_bit_is_refused(bit: int) -> None:
    changed = bytearray(SIGNED)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((FormatError, SignatureError)):
        open_card(bytes(changed))


def test_the_operator_who_holds_the_role_is_known() -> None:
    check_operator(CARD, "duty", open_envelope(seal({}, _key(2), _key(6))))


@pytest.mark.parametrize(
    ("role", "signer"), [("duty", _key(5)), ("duty", _key(9)), ("chief", _key(6)), ("deputy", _key(6)), ("duty", None)]
)
def test_whoever_does_not_hold_the_role_is_not_on_the_roster(role: str, signer: SigningKey | None) -> None:
    leaf = seal({}, _key(2), signer) if signer else seal({}, _key(2))
    with pytest.raises(NotOnRosterError):
        check_operator(CARD, role, open_envelope(leaf))


def test_a_false_signature_under_the_right_key_id_is_not_on_the_roster() -> None:
    opened = open_envelope(seal({}, _key(2), _key(6)))
    forged = replace(opened, signatures=(opened.signatures[0], (_key(6).public.id, bytes(range(64)))))
    with pytest.raises(NotOnRosterError):
        check_operator(CARD, "duty", forged)
