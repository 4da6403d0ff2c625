"""TLS between nodes: 1.3 only, both sides with certificates, each pinned by the other party's root-signed card.

There is no certificate authority. A node trusts exactly the certificates on the cards of its agreements; whose connection it is follows
from which of them the other side proved to hold.
"""

import ssl
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tafadi.errors import DamagedError
from tafadi.measure.instant import Instant

CERTIFICATE_DAYS: Final = 3650  # the card bounds its use; a certificate that expired by itself would cut a line without any entry saying so


def make_certificate(party: str, now: Instant) -> tuple[bytes, bytes]:
    """A fresh private key and its self-signed certificate, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, party)])
    begins = datetime.fromisoformat(str(now).removesuffix("Z").split(".")[0] + "+00:00") - timedelta(days=1)
    usage = x509.KeyUsage(
        digital_signature=True, key_cert_sign=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    public = key.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"{party}.tafadi.invalid")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, certificate.public_bytes(serialization.Encoding.PEM)


def _context(purpose: int, keys: Path, peers: Iterable[bytes]) -> ssl.SSLContext:
    context = ssl.SSLContext(purpose)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the pin is the identity; names and addresses prove nothing here
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(keys / "tls.crt", keys / "tls.pem")
    except OSError as error:  # ssl.SSLError is one; neither says which file
        raise DamagedError(
            f"{keys / 'tls.crt'} and tls.pem beside it are not a certificate and its key: {error.strerror or error}"
        ) from None
    trust(context, peers)
    return context


def trust(context: ssl.SSLContext, peers: Iterable[bytes]) -> None:
    """Adds the certificates (DER) to those that the context accepts, for connections from now on."""
    for der in peers:
        context.load_verify_locations(cadata=der)


def server_context(keys: Path, peers: Iterable[bytes]) -> ssl.SSLContext:
    """What this node accepts connections with. Raises DamagedError for a certificate or key of its own that cannot be used."""
    return _context(ssl.PROTOCOL_TLS_SERVER, keys, peers)


def client_context(keys: Path, peer: bytes) -> ssl.SSLContext:
    """What this node connects to one peer with: that peer's certificate and no other. Raises DamagedError."""
    return _context(ssl.PROTOCOL_TLS_CLIENT, keys, [peer])
