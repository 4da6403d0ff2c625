"""Sealing: words or a notice for some of the parties, read by those alone, and destroyed by each of them when it is time.

    confide ──► entry `sealed` ──► every party: stored, cosigned, folded alike, shown as sealed
                                   a reader:    unwraps its key into the vault, and reads; what does not open is refused
                                   others:      know that it is there, and what they compute about it is UNKNOWN

What readers find goes into no entry: an alert about a sealed notice would tell everybody where it is. Their officers are told.

Source: docs/spec/sealed.md.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tafadi.desk.announce import is_computed, judged_pair
from tafadi.desk.desk import Desk, Views
from tafadi.desk.folding.sealed import SealedView
from tafadi.desk.picture import NoticeView
from tafadi.desk.speak import Draft, say
from tafadi.desk.standing import announced
from tafadi.desk.vault import DESTROYED, Vault
from tafadi.errors import FormatError, InputError, MissingError, NotPermittedError, SignatureError, TafadiError
from tafadi.formats.wire import decode, encode
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.judgement import Judgement, Verdict
from tafadi.model.message import Message
from tafadi.model.names import Mode, Precedence
from tafadi.model.operation import Announced
from tafadi.model.reply import Refusal, RefusalCode
from tafadi.model.sealed import Confided, Sealed, SealedKind, WrappedKey
from tafadi.trust.canon import canonical, parse_canonical
from tafadi.trust.sealed import decrypt, encrypt, unwrap_key, wrap_key


class Opener(NamedTuple):
    """Who opens, with the private X25519 key of which epoch; empty where it is gone."""

    party: str
    epoch: int
    hpke: bytes


def confide(
    desk: Desk,
    role: str,
    mode: Mode,
    confided: Confided,
    content_key: bytes,
    to: tuple[str, ...] = (),
    about: EntryId | None = None,
    precedence: Precedence = Precedence.ROUTINE,
) -> EntryId:
    """The identity of the sealed entry, for the parties named and this one; for all others where none is named.

    `content_key` is 32 bytes of chance, used for this entry alone. Raises RefusedError while the agreement is not in force or does not
    allow the mode, MissingError for a reader that is no other party, LimitError for more than one entry can hold.
    """
    desk.require_force()
    if mode not in desk.pact.agreement.modes:
        raise NotPermittedError(f"the agreement does not allow mode {mode}; it allows {', '.join(desk.pact.agreement.modes)}")
    others = desk.pact.others(desk.party)
    if unknown := sorted(set(to) - set(others)):
        raise MissingError(f"{unknown[0]} is no other party of {desk.pact.id}")
    readers = tuple(sorted(set(to))) or others
    until = None if confided.notice is None else max(confided.notice.span.end, desk.clock.now())
    refs = (desk.ref(about),) if about else ()
    body = seal_for(desk, (desk.party, *readers), confided, content_key)
    return say(desk, Draft(EntryType.SEALED, body, mode, role, precedence, readers, refs, until))[0]


def seal_for(desk: Desk, readers: tuple[str, ...], confided: Confided, content_key: bytes) -> Sealed:
    """The body of an entry that these parties can read by their newest cards. Raises LimitError, InputError."""
    place = desk.origin.encode()
    ciphertext, commitment = encrypt(content_key, canonical(encode(confided)), place)
    cards = [desk.pact.cards[party] for party in sorted(readers)]
    keys = tuple(WrappedKey(card.party, card.epoch, wrap_key(content_key, card.hpke, commitment, place)) for card in cards)
    return Sealed(confided.kind, ciphertext, commitment.hex(), keys)


def read(desk: Desk, entry: EntryId) -> Confided:
    """What was sealed.

    Raises MissingError where it is no sealed entry, or its key was destroyed here; NotPermittedError where this party is no reader;
    SignatureError, FormatError where it does not open to what its sender committed to.
    """
    said = _sealed(desk.views, entry)
    body = said.body
    assert isinstance(body, Sealed)
    plaintext = decrypt(key_to(desk, entry), body.ciphertext, bytes.fromhex(body.commitment), said.origin.encode())
    confided = decode(Confided, parse_canonical(plaintext, "sealed"))
    if confided.kind is not body.kind:
        raise FormatError(f"it says outside that it is a {body.kind}, and inside is a {confided.kind}", format="sealed", field="kind")
    if confided.notice is not None and (said.valid_until is None or said.valid_until < confided.notice.span.end):
        raise FormatError("the notice inside lasts longer than the entry says outside", format="sealed", field="valid_until")
    return confided


def key_to(desk: Desk, entry: EntryId) -> bytes:
    """The content key: whoever is shown it can prove what the entry says. Raises as `read` does."""
    said = _sealed(desk.views, entry)
    kept = desk.vault.find(entry)
    if kept == DESTROYED:
        raise MissingError(f"the key to {entry} was destroyed here")
    return kept or _unwrapped(Opener(desk.party, desk.identity.epoch, desk.identity.hpke), said)


def _unwrapped(opener: Opener, said: Message) -> bytes:
    body = said.body
    assert isinstance(body, Sealed)
    wrapped = body.key_of(opener.party)
    if wrapped is None:
        raise NotPermittedError(f"it is sealed for {', '.join(key.party for key in body.keys)}, and not for {opener.party}")
    if wrapped.epoch != opener.epoch or not opener.hpke:
        raise SignatureError(f"its key is for the card of epoch {wrapped.epoch}, whose private key {opener.party} has no more")
    return unwrap_key(wrapped.wrapped, opener.hpke, bytes.fromhex(body.commitment), said.origin.encode())


def _sealed(views: Views, entry: EntryId) -> Message:
    said = views.examined(entry).message
    if said is None or not isinstance(said.body, Sealed):
        raise MissingError(f"{entry} is no sealed entry")
    return said


def destroy(desk: Desk, entry: EntryId) -> None:
    """Destroys this party's key to the entry, its own included. It cannot be taken back, and binds no other reader.

    Raises MissingError where it is no sealed entry, NotPermittedError where this party is no reader.
    """
    said = _sealed(desk.views, entry)
    assert isinstance(said.body, Sealed)
    if said.body.key_of(desk.party) is None:
        raise NotPermittedError(f"{desk.party} has no key to {entry}")
    desk.vault.destroy(entry)


def keep_keys(opener: Opener, views: Views, vault: Vault) -> list[EntryId]:
    """Takes every key that still opens into the vault; which entries stay closed for ever once the private key is gone.

    For before a renewal destroys that key.
    """
    lost = []
    for view in views.picture.shelf(SealedView).values():
        if opener.party not in view.readers or vault.find(view.id) is not None:
            continue
        try:
            vault.keep(view.id, _unwrapped(opener, _sealed(views, view.id)))
        except SignatureError:
            lost.append(view.id)
    return lost


def state_here(desk: Desk, view: SealedView) -> str:
    """READ, DESTROYED, UNREADABLE (it is for this party, and does not open), or SEALED: it is not for this party."""
    if desk.party not in view.readers:
        return "SEALED"
    if desk.vault.find(view.id) == DESTROYED:
        return "DESTROYED"
    try:
        read(desk, view.id)
    except (SignatureError, InputError):
        return "UNREADABLE"
    return "READ"


# Judging


def sealed_drafts(desk: Desk, entry: EntryId, said: Message) -> list[Draft]:
    """What this node says to a sealed entry when it is judged: nothing, or that it does not open. Its key goes into the vault.

    A notice that cannot be read here is told as UNKNOWN, once; one that can be, with what it meets.
    """
    body = said.body
    if not isinstance(body, Sealed) or desk.vault.find(entry) == DESTROYED:
        return []
    if body.key_of(desk.party) is None:
        if body.kind is SealedKind.NOTICE:
            _tell(desk, entry, f"{entry} is a sealed notice of {said.sender}: what it meets is UNKNOWN here")
        return []
    try:
        key, _ = key_to(desk, entry), read(desk, entry)
    except (SignatureError, InputError) as error:
        return _refuse(desk, entry, said, error)
    desk.vault.keep(entry, key)
    _tell_meetings(desk, entry)
    return []


def _refuse(desk: Desk, entry: EntryId, said: Message, error: TafadiError) -> list[Draft]:
    if said.sender == desk.party or desk.party in desk.picture.refusals.get(entry, {}):
        return []
    field = error.field if isinstance(error, FormatError) else "keys"
    _tell(desk, entry, f"refused {entry}: it is sealed for this party, and does not open: {error}")
    refusal = Refusal(RefusalCode.UNDECRYPTABLE, field)
    return [Draft(EntryType.REFUSAL, refusal, said.mode, precedence=said.precedence, refs=(desk.ref(entry),))]


def _tell(desk: Desk, entry: EntryId, sentence: str) -> None:
    desk.bell.alarm(desk.pact, sentence, entry)


def _tell_meetings(desk: Desk, entry: EntryId) -> None:
    for judgement in meetings(desk, entry):
        _tell(desk, entry, f"{judgement.verdict} between {judgement.first} and {judgement.second}, one of them sealed: tell nobody else")


def warn_of_sealed(desk: Desk, entry: EntryId) -> None:
    """Tells this party's officers which sealed notices, readable here, the notice of that entry meets."""
    if entry in desk.picture.revision_of or entry in desk.picture.notices:
        _tell_meetings(desk, entry)


def meetings(desk: Desk, entry: EntryId) -> list[Judgement]:
    """What is not CLEAR between a notice and the sealed ones, or a sealed one and all others, as far as they can be read here."""
    judged = [judged_pair(desk, one, other) for one, other in sealed_pairs(desk, entry)]
    return [judgement for judgement in judged if judgement.verdict is not Verdict.CLEAR]


def missing_sealed_pairs(desk: Desk, entry: EntryId) -> Iterator[tuple[Announced, Announced]]:
    """The pairs of `sealed_pairs` that the engine has yet to judge."""
    return (pair for pair in sealed_pairs(desk, entry) if not is_computed(desk, *pair))


def sealed_pairs(desk: Desk, entry: EntryId) -> Iterator[tuple[Announced, Announced]]:
    """The pairs of notices of two parties, at least one of them sealed and both readable here, that share a time, with this one in each."""
    shelf = desk.picture.shelf(SealedView)
    if not any(view.kind is SealedKind.NOTICE for view in shelf.values()):
        return  # as nearly always; nothing is opened then
    one, mode = _notice_at(desk, entry)
    if one is None:
        return
    found = [_readable(desk, view) for view in shelf.values() if view.mode is mode]
    if entry in shelf:
        standing = (view for view in desk.picture.notices.values() if view.mode is mode and not view.cancelled and view.course != "ENDED")
        found += [announced(view) for view in standing]
    for other in found:
        if other is not None and other.party != one.party and _share_a_time(one, other):
            yield one, other


def _notice_at(desk: Desk, entry: EntryId) -> tuple[Announced | None, Mode | None]:
    shelf, picture = desk.picture.shelf(SealedView), desk.picture
    if entry in shelf:
        return _readable(desk, shelf[entry]), shelf[entry].mode
    view: NoticeView | None = picture.notices.get(picture.revision_of.get(entry, entry))
    if view is None or view.cancelled or view.revision != entry:
        return None, None
    return announced(view), view.mode


def _readable(desk: Desk, view: SealedView) -> Announced | None:
    """The sealed notice as the engine takes it; None where it is none, or cannot be read here."""
    if view.kind is not SealedKind.NOTICE or desk.party not in view.readers:
        return None
    try:
        notice = read(desk, view.id).notice
    except (SignatureError, InputError, MissingError):
        return None
    return None if notice is None else Announced(str(view.id), notice, view.sender)


def _share_a_time(one: Announced, other: Announced) -> bool:
    first, second = one.notice.span, other.notice.span
    return first.start <= second.end and second.start <= first.end
