"""A party to test with: its keys grown from fixed seeds, and its signed card."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tafadi.measure.instant import Instant, Span
from tafadi.trust.card import Card, sign_card
from tafadi.trust.keys import SigningKey


@dataclass(frozen=True)
class Party:
    """Signing keys by their use, and the card that shows them."""

    root: SigningKey
    envelope: SigningKey
    log: SigningKey
    mirror: SigningKey
    operator: SigningKey
    card: Card
    signed_card: bytes


def _certificate(name: str, key: Ed25519PrivateKey) -> bytes:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
    return builder.sign(key, None).public_bytes(Encoding.DER)


def make_party(name: str, number: int, epoch: int = 1) -> Party:
    """The party `name`, all of whose seeds begin with `number`."""
    root, envelope, log, mirror, operator = (SigningKey.from_seed(bytes([number, use]) + bytes(30)) for use in range(5))
    card = Card(
        party=name,
        epoch=epoch,
        root=root.public,
        envelope=envelope.public,
        log=log.public,
        mirror=mirror.public,
        operators=(("duty", operator.public),),
        hpke=bytes([number]) * 32,
        tls_certificate=_certificate(name, Ed25519PrivateKey.from_private_bytes(bytes([number, 9]) + bytes(30))),
        valid=Span(Instant.parse("2026-11-01T00:00:00Z"), Instant.parse("2027-01-30T00:00:00Z")),
    )
    return Party(root, envelope, log, mirror, operator, card, sign_card(card, root))


@pytest.fixture(scope="session")
def north() -> Party:
    """The party north, in its first epoch."""
    return make_party("north", 1)


@pytest.fixture(scope="session")
def south() -> Party:
    """The party south, in its first epoch."""
    return make_party("south", 2)
