"""The card of a node's folder: made from its keys and signed by its root."""

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.x509 import load_pem_x509_certificate

from tafadi.measure.instant import Instant, Span
from tafadi.store.folder import Folder, write_whole
from tafadi.trust.card import Card, sign_card

DAY_S = 86_400.0


def make_card(folder: Folder, now: Instant, days: int) -> bytes:
    """The folder's card from now on for `days`, signed by the root key and written to card.json. Raises MissingError without that key."""
    settings = folder.settings
    identity = folder.identity()
    certificate = load_pem_x509_certificate(folder.read("keys/tls.crt"))
    card = Card(
        party=settings.party,
        epoch=settings.epoch,
        root=folder.key("root").public,
        envelope=identity.envelope.public,
        log=identity.log.public,
        mirror=identity.mirror.public,
        operators=tuple((role, key.public) for role, key in sorted(identity.operators.items())),
        hpke=X25519PrivateKey.from_private_bytes(folder.seed("hpke")).public_key().public_bytes_raw(),
        tls_certificate=certificate.public_bytes(serialization.Encoding.DER),
        valid=Span(now, now.plus(days * DAY_S)),
    )
    data = sign_card(card, folder.key("root"))
    write_whole(folder.path / "card.json", data)
    return data
