"""The card of a node's folder, made from its keys and signed by its root; and its pacts, made from agreements and the cards after them."""

from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.x509 import load_pem_x509_certificate

from tafadi.desk.pact import Pact, SignedCard, pact_of
from tafadi.errors import DamagedError, InputError, SignatureError
from tafadi.measure.instant import Instant, Span
from tafadi.store.folder import Folder
from tafadi.trust.card import Card, open_card, sign_card
from tafadi.trust.checkpoint import Checkpoint
from tafadi.trust.keys import PublicKey, SigningKey

CARD_DAYS: Final = 90  # signing keys last that long, by the protocol
DAY_S: Final = 86_400.0


def draft_card(folder: Folder, epoch: int, root: PublicKey, valid: Span, ends: tuple[Checkpoint, ...] = ()) -> Card:
    """The folder's card for an epoch, with the keys that lie here for it, for its root to sign.

    Raises MissingError without those keys, InputError beyond the limits of a card.
    """
    envelope, log, mirror = (SigningKey.from_seed(folder.seed(name, epoch)) for name in ("envelope", "log", "mirror"))
    certificate = load_pem_x509_certificate(folder.read(str((folder.tls(epoch) / "tls.crt").relative_to(folder.path))))
    return Card(
        party=folder.settings.party,
        epoch=epoch,
        root=root,
        envelope=envelope.public,
        log=log.public,
        mirror=mirror.public,
        operators=tuple((role, key.public) for role, key in sorted(folder.operators(epoch).items())),
        hpke=X25519PrivateKey.from_private_bytes(folder.seed("hpke", epoch)).public_key().public_bytes_raw(),
        tls_certificate=certificate.public_bytes(serialization.Encoding.DER),
        valid=valid,
        ends=ends,
    )


def valid_for(now: Instant, days: int) -> Span:
    """So many days from now on."""
    return Span(now, now.plus(days * DAY_S))


def first_card(folder: Folder, now: Instant, days: int) -> bytes:
    """The card of a new folder, signed by the root key that still lies in it, and laid out to be handed to the others."""
    root, epoch = folder.key("root"), folder.settings.epoch
    data = sign_card(draft_card(folder, epoch, root.public, valid_for(now, days)), root)
    folder.save_card(epoch, data)
    folder.show_card()
    return data


def open_pact(folder: Folder, document: bytes) -> Pact:
    """The agreement as this node works with it: the document, and every card that came after it.

    A card of this party for an epoch that node.json does not name yet was made and never used. Raises FormatError, SignatureError,
    InputError for the document; DamagedError for the cards.
    """
    pact, settings = pact_of(document), folder.settings
    try:
        cards = [SignedCard(open_card(data), data) for data in folder.later_cards(pact.id)]
        for signed in sorted(cards, key=lambda one: one.card.epoch):
            if signed.card.party != settings.party or signed.card.epoch <= settings.epoch:
                pact.append(signed)
    except (InputError, SignatureError, KeyError) as error:
        raise DamagedError(f"a card in {folder.path / 'cards' / pact.id} cannot be used: {error}") from None
    return pact
