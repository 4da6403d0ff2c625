"""Cards: what a party shows the others, in person, before an agreement: its keys for one epoch, signed by its root key.

The root key stays offline and signs nothing else. Each other key has one use and no key has two: a signature made for one purpose can
then never be read as another. The TLS certificate belongs to it as well, so that no authority outside the parties decides who they are.

The card of a later epoch also says where the feeds of the epoch before it end. So keys are renewed, and a record that was put back from a
backup goes on, in a new feed: no place of the old one is ever signed twice, and whoever still has the old keys can add nothing to it.

Source: docs/spec/card.md; DSSE v1 with the type `application/vnd.tafadi.card+json`.
"""

from dataclasses import dataclass
from typing import Final

from tafadi.errors import FormatError, InputError, LimitError
from tafadi.measure.instant import Instant, Span
from tafadi.model.names import check_name
from tafadi.trust.canon import Json, bytes_member, canonical, check_members, integer_member, parse_canonical, text_member, to_base64
from tafadi.trust.checkpoint import EPOCH_MAX, PROTOCOL, Checkpoint, split_origin
from tafadi.trust.dsse import unwrap, wrap
from tafadi.trust.keys import KEY_BYTES, PublicKey, SigningKey
from tafadi.trust.log import EMPTY_ROOT

CARD_TYPE: Final = "application/vnd.tafadi.card+json"
CARD_MAX_BYTES: Final = 32_768  # 64 operators and the longest certificate take half of it
OPERATORS_MAX: Final = 64
ENDINGS_MAX: Final = 32  # agreements of one party; a dozen neighbours are many
CERTIFICATE_MAX_BYTES: Final = 4_096  # one end-entity certificate
_FORMAT: Final = "card"
_KEYS: Final = ("root", "envelope", "log", "mirror")
_MEMBERS: Final = frozenset({*_KEYS, "ends", "epoch", "hpke", "operators", "party", "tls", "valid_from", "valid_until", "version"})
_OPERATOR_MEMBERS: Final = frozenset({"key", "role"})
_END_MEMBERS: Final = frozenset({"origin", "root", "size"})


@dataclass(frozen=True, slots=True)
class Card:
    """The keys of one party in one epoch. Operators are (role, key), roles unique and sorted; `hpke` is an X25519 key.

    `ends` are size and root of the feeds of the epoch before, in the order of their origins, one for each agreement in which the party had
    said anything. Raises InputError when a key stands twice, in whatever uses, or a limit is passed.
    """

    party: str
    epoch: int
    root: PublicKey
    envelope: PublicKey
    log: PublicKey
    mirror: PublicKey
    operators: tuple[tuple[str, PublicKey], ...]
    hpke: bytes
    tls_certificate: bytes
    valid: Span
    ends: tuple[Checkpoint, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.party, "party")
        if not 1 <= self.epoch <= EPOCH_MAX:
            raise InputError(f"epoch {self.epoch} is not within 1 to {EPOCH_MAX}")
        roles = [check_name(role, "role") for role, _ in self.operators]
        if roles != sorted(set(roles)) or len(roles) > OPERATORS_MAX:
            raise InputError(f"the operators' roles must be sorted, each once, at most {OPERATORS_MAX}")
        if len(self.hpke) != KEY_BYTES:
            raise InputError(f"an HPKE key of {len(self.hpke)} bytes is not one; X25519 has {KEY_BYTES}")
        if self.valid.start == self.valid.end:
            raise InputError("the card is never valid: it ends when it begins")
        if len(self.keys) != len(self.operators) + len(_KEYS) + 2:
            raise InputError("a key stands twice on the card; each use has a key of its own")
        _check_ends(self)

    @property
    def keys(self) -> frozenset[bytes]:
        """All its keys, whatever their use: 32 bytes each, or the DER of a certified key that is not Ed25519."""
        operators = (key.raw for _, key in self.operators)
        own = (self.root.raw, self.envelope.raw, self.log.raw, self.mirror.raw, self.hpke, _certified_key(self.tls_certificate))
        return frozenset((*own, *operators))

    def operator(self, role: str) -> PublicKey | None:
        """The key of `role`; None when the card has no such role."""
        return dict(self.operators).get(role)

    def end_of(self, origin: str) -> Checkpoint:
        """How much of that feed of the epoch before stands: nothing of one that is not named."""
        return next((end for end in self.ends if end.origin == origin), Checkpoint(origin, 0, EMPTY_ROOT))


def sign_card(card: Card, root: SigningKey) -> bytes:
    """The card as bytes, signed by the party's root key. Raises InputError when that is another key, LimitError when it is too long."""
    if root.public != card.root:
        raise InputError(f"the card names root key {card.root.id}, and {root.public.id} would sign it")
    data = wrap(CARD_TYPE, canonical(_to_json(card)), root)
    if len(data) > CARD_MAX_BYTES:
        raise LimitError(f"the card would be {len(data)} bytes long; at most {CARD_MAX_BYTES} are allowed")
    return data


def write_request(card: Card) -> bytes:
    """The card as its root is asked to sign it: its payload, and no signature."""
    return canonical(_to_json(card))


def read_request(data: bytes) -> Card:
    """The card that a root is asked to sign. Raises FormatError."""
    if len(data) > CARD_MAX_BYTES:
        raise FormatError(f"it is {len(data)} bytes long; at most {CARD_MAX_BYTES} are allowed", format=_FORMAT)
    return _card_of(parse_canonical(data, _FORMAT))


def open_card(data: bytes) -> Card:
    """The card in `data`, signed by the root key that it names itself. Raises FormatError, SignatureError.

    That the root key is really the party's is for people to compare (`key_words`); that the card is valid now is for the caller, who has
    a clock.
    """
    wrapped = unwrap(data, CARD_TYPE, _FORMAT, CARD_MAX_BYTES)
    card = _card_of(parse_canonical(wrapped.payload_bytes, _FORMAT))
    if len(wrapped.signatures) != 1:
        raise FormatError("the root key alone signs a card", format=_FORMAT, field="signatures")
    wrapped.verify(card.root, 0)
    return card


def _card_of(value: dict[str, Json]) -> Card:
    try:
        return _from_json(value)
    except FormatError:
        raise
    except InputError as error:
        raise FormatError(str(error), format=_FORMAT) from None


def _to_json(card: Card) -> dict[str, Json]:
    operators: list[Json] = [{"key": key.text, "role": role} for role, key in card.operators]
    ends: list[Json] = [{"origin": end.origin, "root": to_base64(end.root), "size": end.size} for end in card.ends]
    return {
        "version": PROTOCOL,
        "party": card.party,
        "epoch": card.epoch,
        "root": card.root.text,
        "envelope": card.envelope.text,
        "log": card.log.text,
        "mirror": card.mirror.text,
        "operators": operators,
        "hpke": to_base64(card.hpke),
        "tls": to_base64(card.tls_certificate),
        "valid_from": str(card.valid.start),
        "valid_until": str(card.valid.end),
        "ends": ends,
    }


def _from_json(value: dict[str, Json]) -> Card:
    check_members(value, _MEMBERS, _FORMAT)
    if value["version"] != PROTOCOL:
        raise FormatError(
            f"this node reads cards of {PROTOCOL} only; upgrade whichever of the two is older", format=_FORMAT, field="version"
        )
    root, envelope, log, mirror = (_key(value, name) for name in _KEYS)
    return Card(
        party=text_member(value, "party", _FORMAT),
        epoch=integer_member(value, "epoch", _FORMAT),
        root=root,
        envelope=envelope,
        log=log,
        mirror=mirror,
        operators=tuple(_operator(item) for item in _list(value, "operators", OPERATORS_MAX)),
        hpke=bytes_member(value, "hpke", _FORMAT),
        tls_certificate=bytes_member(value, "tls", _FORMAT),
        valid=Span(_instant(value, "valid_from"), _instant(value, "valid_until")),
        ends=tuple(_end(item) for item in _list(value, "ends", ENDINGS_MAX)),
    )


def _list(value: dict[str, Json], name: str, most: int) -> list[dict[str, Json]]:
    """The member, if it is a list of so many objects at the most. Raises FormatError."""
    items = value[name]
    if not isinstance(items, list) or len(items) > most:
        raise FormatError(f"it must be a list of at most {most}", format=_FORMAT, field=name)
    objects = [item for item in items if isinstance(item, dict)]
    if len(objects) != len(items):
        raise FormatError("each must be an object", format=_FORMAT, field=name)
    return objects


def _operator(value: dict[str, Json]) -> tuple[str, PublicKey]:
    check_members(value, _OPERATOR_MEMBERS, _FORMAT)
    return text_member(value, "role", _FORMAT), _key(value, "key")


def _end(value: dict[str, Json]) -> Checkpoint:
    check_members(value, _END_MEMBERS, _FORMAT)
    size, root = integer_member(value, "size", _FORMAT), bytes_member(value, "root", _FORMAT)
    return Checkpoint(text_member(value, "origin", _FORMAT), size, root)


def _check_ends(card: Card) -> None:
    """Raises InputError unless the ends are those of the epoch before, sorted, each feed once."""
    origins = [end.origin for end in card.ends]
    if origins != sorted(set(origins)) or len(origins) > ENDINGS_MAX:
        raise InputError(f"the ends of former feeds must be sorted, each once, at most {ENDINGS_MAX}")
    for end in card.ends:
        _, party, epoch = split_origin(end.origin)
        if (party, epoch) != (card.party, card.epoch - 1) or end.size == 0:
            raise InputError(f"a card of {card.party}, epoch {card.epoch}, cannot end {end.origin} at {end.size} entries")


def _key(value: dict[str, Json], name: str) -> PublicKey:
    raw = bytes_member(value, name, _FORMAT)
    try:
        return PublicKey(raw)
    except InputError as error:
        raise FormatError(str(error), format=_FORMAT, field=name) from None


def _instant(value: dict[str, Json], name: str) -> Instant:
    text = text_member(value, name, _FORMAT)
    instant = Instant.parse(text)
    if str(instant) != text:
        raise FormatError(f"{text!r} is not the one form of its time, {instant}", format=_FORMAT, field=name)
    return instant


def _certified_key(certificate: bytes) -> bytes:
    """The public key in the certificate: its 32 bytes for Ed25519, otherwise its DER. Raises InputError when it is no certificate."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from cryptography.x509 import InvalidVersion, load_der_x509_certificate  # slow to import: only when a card is made or read

    if len(certificate) > CERTIFICATE_MAX_BYTES:
        raise InputError(f"a certificate of {len(certificate)} bytes is too long; at most {CERTIFICATE_MAX_BYTES} are allowed")
    try:
        described = load_der_x509_certificate(certificate).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm, InvalidVersion) as error:
        raise InputError(f"the TLS certificate cannot be read: {error}") from None
    return described.removeprefix(_ED25519_PREFIX)


_ED25519_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")  # SubjectPublicKeyInfo before the 32 bytes (RFC 8410)
