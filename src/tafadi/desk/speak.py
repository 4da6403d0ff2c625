"""Speaking: drafts become signed entries of one's own feed, in one durable step.

The heading is filled in here: place, time, what was seen of the other feeds, who spoke. The clock is read once for all drafts of a step.
"""

from dataclasses import dataclass
from typing import Final

from tafadi.desk.desk import Desk
from tafadi.desk.examine import speaks_by_card
from tafadi.desk.fold import KINDS
from tafadi.desk.ports import Change, Exhibit, Growth, Head, Receipt
from tafadi.errors import HeadMovedError, LimitError, NotOnRosterError, RefusedError, StoreError
from tafadi.formats.wire import Json, encode_message
from tafadi.measure.instant import Instant
from tafadi.model.agreement import AgreementBody, AgreementStep
from tafadi.model.entry import NODE_ROLE, VITAL, EntryId, EntryType, Operator, Ref, Seen
from tafadi.model.message import Body, Message
from tafadi.model.names import Language, Mode, Precedence
from tafadi.trust.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from tafadi.trust.envelope import seal
from tafadi.trust.keys import SigningKey
from tafadi.trust.log import EMPTY_ROOT, leaf_hash

_TRIES: Final = 3  # the head moves only while another verb of this node commits; that is over at once


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be said: everything of an entry that its speaker decides. No recipients means all other parties."""

    type: EntryType
    body: Body
    mode: Mode
    role: str = NODE_ROLE
    precedence: Precedence = Precedence.ROUTINE
    recipients: tuple[str, ...] = ()
    refs: tuple[Ref, ...] = ()
    valid_until: Instant | None = None
    lang: Language = Language.EN


def say(desk: Desk, *drafts: Draft, judged: tuple[tuple[str, int], ...] = (), exhibits: tuple[Exhibit, ...] = ()) -> list[EntryId]:
    """The identities of the new entries, durable on return; what was `judged` leaves the inbox in the same step.

    Raises NotOnRosterError for a role without a key here, LimitError for an entry over 65,535 bytes, RefusedError for anything before the
    agreement, StoreError.
    """
    if not drafts and not judged:
        return []
    _check_first(desk, drafts)
    for _ in range(_TRIES):
        growth, own = _grow(desk, drafts)
        try:
            desk.journal.commit(Change(growths=(growth,) if drafts else (), judged=judged, exhibits=exhibits))
        except HeadMovedError:
            continue
        except StoreError as error:
            _ring_unsaid(desk, drafts, error)
            raise
        desk.views.catch_up(own)
        if drafts:
            desk.bell.entries_added(desk.pact)
        return [desk.pact.entry_id(growth.origin, growth.old_size + number) for number in range(len(drafts))]
    raise HeadMovedError(f"the feed {desk.origin} kept moving while an entry was added; is another node writing it?")


def _ring_unsaid(desk: Desk, drafts: tuple[Draft, ...], error: StoreError) -> None:
    """Tells the officers that a stop or distress of their own is NOT RECORDED.

    Nor is it sent: signed and not kept, its place would be signed again for something else, which is a fork of one's own making.
    """
    for draft in drafts:
        if draft.type in VITAL:
            why = f"this node's record cannot be written ({error})"
            sentence = f"{draft.type.upper()} NOT RECORDED and NOT SENT: {why}; say it by radio or telephone"
            desk.bell.alarm(desk.pact, sentence, None)


def _check_first(desk: Desk, drafts: tuple[Draft, ...]) -> None:
    """Raises RefusedError when anything but the agreement would stand first: no entry could ever take that place back."""
    if drafts and not _signs(drafts[0].body) and desk.journal.head(desk.origin).frontier.size == 0:
        raise RefusedError(f"this party has not signed {desk.pact.id} yet; nothing else can be said before that")


def _signs(body: Body) -> bool:
    return isinstance(body, AgreementBody) and body.step is AgreementStep.SIGNED


def _grow(desk: Desk, drafts: tuple[Draft, ...]) -> tuple[Growth, dict[str, dict[str, Json]]]:
    """The new entries, and of those that the keys of the card have signed the payloads by the hash of the leaf."""
    head = desk.journal.head(desk.origin)
    now = desk.clock.now()
    leaves: list[bytes] = []
    payloads: list[dict[str, Json]] = []
    for number, draft in enumerate(drafts):
        seen = _newly_seen(desk) if number == 0 else ()
        payloads.append(_payload(desk, draft, head.frontier.size + number, now, seen))
        leaves.append(seal(payloads[-1], *_signers(desk, draft.role)))
    hashes = tuple(leaf_hash(leaf) for leaf in leaves)
    frontier = head.frontier.extend(hashes)
    note = sign_checkpoint(Checkpoint(desk.origin, frontier.size, frontier.root()), desk.identity.log)
    growth = Growth(desk.origin, head.frontier.size, tuple(leaves), hashes, Head(frontier, note))
    said = zip(drafts, hashes, payloads, strict=True)
    return growth, {hash.hex(): payload for draft, hash, payload in said if _is_by_card(desk, draft.role)}


def _is_by_card(desk: Desk, role: str) -> bool:
    """Whether this node's keys for the role are those of its card: then its own signatures are not verified again."""
    node, *operator = (signer.public for signer in _signers(desk, role))
    return speaks_by_card(desk.pact.card(desk.origin), node, role, operator[0] if operator else None)


def _payload(desk: Desk, draft: Draft, index: int, now: Instant, seen: tuple[Seen, ...]) -> dict[str, Json]:
    entry = Message(
        origin=desk.origin,
        index=index,
        agreement=desk.pact.id,
        sender=desk.party,
        recipients=draft.recipients or desk.pact.others(desk.party),
        type=draft.type,
        mode=draft.mode,
        precedence=draft.precedence,
        sent_at=now,
        operator=_operator(desk, draft.role),
        lang=draft.lang,
        body=draft.body,
        valid_until=draft.valid_until,
        ack_by=_ack_by(desk, draft, now),
        refs=draft.refs,
        seen=seen,
    )
    return encode_message(entry)


def _signers(desk: Desk, role: str) -> list[SigningKey]:
    return [desk.identity.envelope] if role == NODE_ROLE else [desk.identity.envelope, desk.identity.operators[role]]


def _operator(desk: Desk, role: str) -> Operator:
    if role == NODE_ROLE:
        return Operator(NODE_ROLE, desk.identity.envelope.public.id)
    if role not in desk.identity.operators:
        raise NotOnRosterError(f"role {role!r} has no key on this node; it has {', '.join(sorted(desk.identity.operators)) or 'none'}")
    return Operator(role, desk.identity.operators[role].public.id)


def _ack_by(desk: Desk, draft: Draft, now: Instant) -> Instant | None:
    """Until when it wants an answer, by the agreement; None for what wants none."""
    answer_s = KINDS[draft.type].answer_s
    return None if answer_s is None else now.plus(answer_s(desk.pact.agreement.timing, draft.precedence))


def _newly_seen(desk: Desk) -> tuple[Seen, ...]:
    """The feeds that advanced since this party's previous entry, as far as this node's picture holds them."""
    already = desk.views.seen_by(desk.party)
    seen = []
    for origin in (origin for party in desk.pact.others(desk.party) for origin in desk.pact.origins(party)):
        card = desk.pact.card(origin)
        size, root = _read_of(desk, origin)
        if size > already.get((card.party, card.epoch), 0):
            seen.append(Seen(card.party, card.epoch, size, root.hex()))
    return tuple(seen)


def _read_of(desk: Desk, origin: str) -> tuple[int, bytes]:
    """How much of that feed has been read, and its root.

    That is the size that its owner signed, unless entries of it still wait for what they claim to have seen. Those are not claimed in turn:
    a liar that claims to have seen what does not exist would hold up this feed as well. The root of what comes before them follows from
    the signed one.
    """
    note, size = desk.journal.head(origin).checkpoint, desk.views.size(origin)
    if note is None:
        return 0, b""
    checkpoint = open_checkpoint(note, desk.pact.card(origin).log)
    if size >= checkpoint.size:
        return checkpoint.size, checkpoint.root
    return size, desk.views.root(origin, size) or EMPTY_ROOT


def keep_receipt(desk: Desk, receipt: Receipt) -> None:
    """Makes the receipt durable; only then may anything be shown as stored. Raises LimitError when it is for more than there is."""
    size = desk.journal.head(receipt.origin).frontier.size
    if receipt.size > size:
        raise LimitError(f"a receipt for {receipt.size} entries of {receipt.origin}, which has only {size}")
    desk.journal.commit(Change(receipts=(receipt,)))
