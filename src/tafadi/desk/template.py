"""The template of a stop: an entry of a thousand bytes in less than two hundred, for both ends of a thin link know most of it.

The agreement, the feed, the party's keys and roles, the roots of the receiver's own feed: none of that goes over the line. What does are
the holes in it (place, time, who speaks, what is said, what was seen) and the signatures. The receiver builds the very entry again, byte
for byte, and the signatures prove that it did: a hole that was filled otherwise, by noise or by anybody, gives bytes that nobody signed.

Whoever sends fills the template for itself first; what does not come out as the very entry goes in parts.

Source: docs/spec/thin.md.
"""

import zlib
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from tafadi.desk.desk import Desk
from tafadi.desk.fold import KINDS
from tafadi.desk.tree import root_at
from tafadi.errors import FormatError, InputError, MissingError
from tafadi.formats.wire import decode_message, encode_message
from tafadi.measure.earth import Position
from tafadi.measure.instant import Instant
from tafadi.model.entry import NODE_ROLE, VITAL, EntryId, EntryType, Operator, Ref, Seen
from tafadi.model.line import Distress, DistressStep, Stop, StopStep
from tafadi.model.message import Message
from tafadi.model.names import Language, Mode, Precedence
from tafadi.trust.canon import parse_canonical
from tafadi.trust.card import Card
from tafadi.trust.checkpoint import origin_of
from tafadi.trust.envelope import LEAF_MAX_BYTES, open_envelope, reseal
from tafadi.trust.keys import SIGNATURE_BYTES
from tafadi.trust.log import HASH_BYTES, leaf_hash
from tafadi.trust.misuse import open_placed
from tafadi.trust.push import Reader
from tafadi.trust.thin import read_varint, varint

Item = TypeVar("Item")

E7: Final = 10**7
_FORMAT: Final = "thin"
_MODES: Final = tuple(Mode)
_LANGS: Final = (Language.EN, Language.AR, Language.RU)
_STOP_STEPS: Final = tuple(StopStep)
_DISTRESS_STEPS: Final = tuple(DistressStep)
# What the second byte says is there beside what always is.
_ACK_BY, _VALID_UNTIL, _UNTIL, _TEXT, _PLACE, _SOME_RECIPIENTS, _WHAT, _REFS = (1 << bit for bit in range(8))
_KNOWN, _CARRIED = 0, 1  # a hash that the receiver has, or one that goes along


def pack(desk: Desk, receiver: str, leaf: bytes) -> bytes | None:
    """The holes and signatures of a stop or distress, if it comes out of the template as it is; else None.

    `desk` is the sender's: what it says it has seen of the receiver's feed, it holds.
    """
    placed = open_placed(leaf)
    try:
        said = decode_message(placed.envelope.payload)
        if said.type not in VITAL or said.precedence is not Precedence.FLASH:
            return None
        signatures = b"".join(signature for _, signature in placed.envelope.signatures)
        packed = _heading(desk, receiver, said) + _body(said) + _seen(desk, receiver, said) + signatures
        return packed if unpack(desk, said.sender, packed) == leaf else None
    except (InputError, MissingError):  # something in it has no hole
        return None


def unpack(desk: Desk, sender: str, packed: bytes) -> bytes:
    """The entry that `sender` has packed, built again; whether it is what was signed, its signatures say. Raises FormatError, InputError,

    MissingError where it has seen more of our feed than there is.
    """
    reader, card = Reader(packed, _FORMAT), desk.pact.cards[sender]
    first, flags = reader.number(1, "first", 0x7F), reader.number(1, "flags", 0xFF)
    index, sent_at = read_varint(reader, "index"), _instant(reader, "sent_at")
    role = _role(card, reader.number(1, "role", len(card.operators)))
    kind = EntryType.DISTRESS if first & 1 else EntryType.STOP
    recipients = _parties(desk, reader.number(1, "recipients", 0xFF)) if flags & _SOME_RECIPIENTS else desk.pact.others(sender)
    ack_by = _instant(reader, "ack_by") if flags & _ACK_BY else _usual_ack_by(desk, kind, sent_at)
    valid_until = _instant(reader, "valid_until") if flags & _VALID_UNTIL else None
    refs = _read_refs(desk, reader) if flags & _REFS else ()
    body = _read_body(reader, kind, first >> 1 & 3, flags)
    seen = tuple(_read_seen(desk, reader) for _ in range(reader.number(1, "seen", 0xFF)))
    said = Message(
        origin=desk.pact.origin(sender), index=index, agreement=desk.pact.id, sender=sender, recipients=recipients, type=kind,
        mode=_item(_MODES, first >> 3 & 3, "mode"), precedence=Precedence.FLASH, sent_at=sent_at, operator=role,
        lang=_item(_LANGS, first >> 5 & 3, "lang"), body=body, valid_until=valid_until, ack_by=ack_by, refs=refs, seen=seen,
    )  # fmt: skip
    keys = [card.envelope.id] if role.role == NODE_ROLE else [card.envelope.id, role.key]
    signatures = tuple((key, reader.take(SIGNATURE_BYTES, "signature")) for key in keys)
    if reader.left:
        raise FormatError(f"{reader.left} bytes are left over", format=_FORMAT, offset=reader.at)
    return reseal(encode_message(said), signatures)


def _item(items: Sequence[Item], place: int, field: str) -> Item:
    if place >= len(items):
        raise FormatError(f"{place} stands for nothing", format=_FORMAT, field=field)
    return items[place]


# Heading


def _heading(desk: Desk, receiver: str, said: Message) -> bytes:
    steps: Sequence[str] = _STOP_STEPS if isinstance(said.body, Stop) else _DISTRESS_STEPS
    step = steps.index(said.body.step) if isinstance(said.body, Stop | Distress) else 0
    first = (said.type is EntryType.DISTRESS) | step << 1 | _MODES.index(said.mode) << 3 | _LANGS.index(said.lang) << 5
    is_usual = said.ack_by == _usual_ack_by(desk, said.type, said.sent_at)
    is_all = said.recipients == desk.pact.others(said.sender)
    flags = _flags(said) | (0 if is_usual else _ACK_BY) | (0 if is_all else _SOME_RECIPIENTS)
    parts = [bytes([first, flags]), varint(said.index), _eight(said.sent_at), bytes([_role_number(desk.pact.cards[said.sender], said)])]
    if not is_all:
        parts.append(bytes([sum(1 << desk.pact.agreement.parties.index(party) for party in said.recipients)]))
    if not is_usual and said.ack_by is not None:
        parts.append(_eight(said.ack_by))
    if said.valid_until is not None:
        parts.append(_eight(said.valid_until))
    if said.refs:
        parts.append(bytes([len(said.refs)]) + b"".join(_ref(desk, receiver, ref) for ref in said.refs))
    return b"".join(parts)


def _flags(said: Message) -> int:
    body = said.body
    assert isinstance(body, Stop | Distress)
    until, place = (body.until, body.centre) if isinstance(body, Stop) else (None, body.place)
    there = ((said.valid_until, _VALID_UNTIL), (until, _UNTIL), (body.text, _TEXT), (place, _PLACE), (body.what, _WHAT), (said.refs, _REFS))
    return sum(bit for value, bit in there if value)


def _usual_ack_by(desk: Desk, kind: EntryType, sent_at: Instant) -> Instant | None:
    answer_s = KINDS[kind].answer_s
    return None if answer_s is None else sent_at.plus(answer_s(desk.pact.agreement.timing, Precedence.FLASH))


def _role_number(card: Card, said: Message) -> int:
    return 0 if said.operator.role == NODE_ROLE else 1 + [role for role, _ in card.operators].index(said.operator.role)


def _role(card: Card, number: int) -> Operator:
    if number == 0:
        return Operator(NODE_ROLE, card.envelope.id)
    role, key = card.operators[number - 1]
    return Operator(role, key.id)


def _parties(desk: Desk, mask: int) -> tuple[str, ...]:
    return tuple(party for place, party in enumerate(desk.pact.agreement.parties) if mask >> place & 1)


def _eight(at: Instant) -> bytes:
    return at.ns.to_bytes(8, "big", signed=True)


def _instant(reader: Reader, field: str) -> Instant:
    return Instant(int.from_bytes(reader.take(8, field), "big", signed=True))


# What was seen, and what is meant


def _ref(desk: Desk, receiver: str, ref: Ref) -> bytes:
    """Which entry; its hash only where it is not the receiver's own."""
    is_known = ref.entry.party == receiver
    return _place(desk, ref.entry.party, ref.entry.epoch, ref.entry.index) + _hash(None if is_known else ref.leaf)


def _read_refs(desk: Desk, reader: Reader) -> tuple[Ref, ...]:
    return tuple(_read_ref(desk, reader) for _ in range(reader.number(1, "refs", 0xFF)))


def _read_ref(desk: Desk, reader: Reader) -> Ref:
    party, epoch, index = _read_place(desk, reader)
    entry, feed = EntryId(party, epoch, index), origin_of(desk.pact.id, party, epoch)
    return Ref(entry, _read_hash(reader, lambda: leaf_hash(desk.journal.leaf(feed, index))))


def _seen(desk: Desk, receiver: str, said: Message) -> bytes:
    return bytes([len(said.seen)]) + b"".join(_one_seen(desk, receiver, one) for one in said.seen)


def _one_seen(desk: Desk, receiver: str, seen: Seen) -> bytes:
    is_known = seen.party == receiver and seen.size > 0
    return _place(desk, seen.party, seen.epoch, seen.size) + _hash(None if is_known else seen.root)


def _read_seen(desk: Desk, reader: Reader) -> Seen:
    party, epoch, size = _read_place(desk, reader)
    return Seen(party, epoch, size, _read_hash(reader, lambda: root_at(desk.journal, origin_of(desk.pact.id, party, epoch), size)))


def _place(desk: Desk, party: str, epoch: int, number: int) -> bytes:
    return bytes([desk.pact.agreement.parties.index(party)]) + varint(epoch) + varint(number)


def _read_place(desk: Desk, reader: Reader) -> tuple[str, int, int]:
    party = _item(desk.pact.agreement.parties, reader.number(1, "party", 0xFF), "party")
    return party, read_varint(reader, "epoch"), read_varint(reader, "number")


def _hash(digits: str | None) -> bytes:
    return bytes([_KNOWN]) if digits is None else bytes([_CARRIED]) + bytes.fromhex(digits)


def _read_hash(reader: Reader, known: Callable[[], bytes]) -> str:
    return (reader.take(HASH_BYTES, "hash") if reader.number(1, "hash", _CARRIED) == _CARRIED else known()).hex()


# Body


def _body(said: Message) -> bytes:
    body = said.body
    assert isinstance(body, Stop | Distress)
    parts = [bytes([len(body.what)]) + b"".join(_text(item) for item in body.what)] if body.what else []
    if isinstance(body, Stop) and body.until is not None:
        parts.append(_eight(body.until))
    parts += [_text(body.text)] if body.text else []
    place = body.centre if isinstance(body, Stop) else body.place
    if place is not None:
        parts.append(b"".join(round(degrees * E7).to_bytes(4, "big", signed=True) for degrees in (place.lat_deg, place.lon_deg)))
    if isinstance(body, Stop) and body.radius_m is not None:
        parts.append(varint(round(body.radius_m * 1_000)))
    return b"".join(parts)


def _read_body(reader: Reader, kind: EntryType, step: int, flags: int) -> Stop | Distress:
    what = tuple(_read_text(reader) for _ in range(reader.number(1, "what", 0xFF))) if flags & _WHAT else ()
    until = _instant(reader, "until") if flags & _UNTIL else None
    text = _read_text(reader) if flags & _TEXT else ""
    place = _read_position(reader) if flags & _PLACE else None
    if kind is EntryType.DISTRESS:
        return Distress(_item(_DISTRESS_STEPS, step, "step"), what, place, text)
    radius_m = read_varint(reader, "radius") / 1_000 if place is not None else None
    return Stop(_item(_STOP_STEPS, step, "step"), what, place, radius_m, until, text)


def _text(text: str) -> bytes:
    data = text.encode("utf-8")
    return varint(len(data)) + data


def _read_text(reader: Reader) -> str:
    try:
        return reader.take(read_varint(reader, "length"), "text").decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError("it is not UTF-8", format=_FORMAT, field="text") from None


def _read_position(reader: Reader) -> Position:
    lat_e7, lon_e7 = (int.from_bytes(reader.take(4, "place"), "big", signed=True) for _ in range(2))
    return Position(lat_e7 / E7, lon_e7 / E7)


# Any other entry, pressed


def press(desk: Desk, leaf: bytes) -> bytes:
    """Any entry, as small as it goes without a template: its signatures, and its payload pressed against what both ends know."""
    envelope = open_envelope(leaf)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, zdict=_known(desk))
    signatures = b"".join(bytes.fromhex(key) + signature for key, signature in envelope.signatures)
    return bytes([len(envelope.signatures)]) + signatures + packer.compress(envelope.payload_bytes) + packer.flush()


def unpress(desk: Desk, pressed: bytes) -> bytes:
    """The entry again. Raises FormatError; it is the signatures that say whether it is what was signed."""
    reader = Reader(pressed, _FORMAT)
    signatures = tuple(
        (reader.take(8, "key").hex(), reader.take(SIGNATURE_BYTES, "signature")) for _ in range(reader.number(1, "signatures", 2))
    )
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS, zdict=_known(desk))
    try:
        payload = unpacker.decompress(reader.take(reader.left, "payload"), LEAF_MAX_BYTES)
    except zlib.error:
        raise FormatError("its payload is not pressed as it should be", format=_FORMAT) from None
    return reseal(parse_canonical(payload, "payload"), signatures)


def _known(desk: Desk) -> bytes:
    """What both ends have: the words of an entry, and the names and keys of the agreement."""
    pact = desk.pact
    keys = [f'"operator":{{"key":"{key.id}","role":"{role}"}},' for card in pact.cards.values() for role, key in card.operators]
    feeds = [f'"origin":"{pact.origin(party)}","precedence":"FLASH","recipients":["{party}"],"sender":"{party}",' for party in pact.cards]
    words = '{"ack_by":"2026-01-01T00:00:00Z","agreement":"' + pact.id + '","body":{"code":"accepted","step":"HEARD","text":"","what":["'
    rest = '"lang":"en","mode":"REAL","refs":[{"entry":"","leaf":""}],"seen":[{"epoch":1,"party":"","root":"","size":1}],"sent_at":"2026-'
    return "".join([*keys, *feeds, words, rest, '"type":"stop","v":1}']).encode()
