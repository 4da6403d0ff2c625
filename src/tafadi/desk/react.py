"""Reacting: what this node itself says to an entry that is judged, its own or another's. Officers answer; the node reads back and warns."""

from tafadi.desk.announce import conflict_drafts
from tafadi.desk.dating import misdated
from tafadi.desk.desk import Desk
from tafadi.desk.examine import Examined
from tafadi.desk.express import ALONE
from tafadi.desk.fold import KINDS
from tafadi.desk.folding.readback import first_difference
from tafadi.desk.picture import NoticeView
from tafadi.desk.readback import first_differing, read_back
from tafadi.desk.sealing import sealed_drafts, warn_of_sealed
from tafadi.desk.speak import Draft
from tafadi.errors import FormatError
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.model.names import Precedence
from tafadi.model.reply import Match, Readback, Refusal, RefusalCode
from tafadi.trust.envelope import open_envelope


def react(desk: Desk, entry: EntryId) -> list[Draft]:
    """What follows from the entry, in order. The picture holds it already."""
    examined, refusal = desk.views.examined(entry), desk.views.refusal(entry)
    drafts: list[Draft] = []
    if entry.party != desk.party and not desk.views.saw_truly(entry):
        desk.bell.alarm(desk.pact, f"{entry} says it has seen a history of another feed that is not the one held here", entry)
    wrong = misdated(desk, entry, desk.clock.now())
    if wrong:
        desk.bell.alarm(desk.pact, wrong, entry)
    if entry.party != desk.party:
        if refusal is not None:
            drafts += _refuse(desk, examined, refusal)
        elif examined.message is not None:
            _ring(desk, entry, examined.message)
            drafts += _compare(desk, entry, examined.message)
    if refusal is None and examined.message is not None:
        drafts += sealed_drafts(desk, entry, examined.message)
    view = _notice_of(desk, entry)
    if view is not None:
        drafts += _read_back(desk, view) if entry == view.revision and view.stands else []
        drafts += conflict_drafts(desk, view)
        warn_of_sealed(desk, entry)
    return drafts


def _notice_of(desk: Desk, entry: EntryId) -> NoticeView | None:
    picture = desk.picture
    return picture.notices.get(picture.revision_of.get(entry, entry))


def _refuse(desk: Desk, examined: Examined, refusal: Refusal) -> list[Draft]:
    """The refusal of the entry, in a mode that the agreement allows. A refusal is never answered with one: two nodes that do not

    understand each other's would go on for ever. The officers are told all the same.
    """
    if desk.party in desk.picture.refusals.get(examined.id, {}):
        return []  # said before the record was lost and put back; the officers were told then
    where = f" ({refusal.field})" if refusal.field else ""
    desk.bell.alarm(desk.pact, f"refused {examined.id}: {refusal.code}{where}", examined.id)
    if _says_refusal(desk, examined.id):
        return []
    modes = desk.pact.agreement.modes
    mode = examined.message.mode if examined.message and examined.message.mode in modes else modes[0]
    return [Draft(EntryType.REFUSAL, refusal, mode, refs=(desk.ref(examined.id),))]


def _says_refusal(desk: Desk, entry: EntryId) -> bool:
    """Whether the entry calls itself a refusal, readable or not."""
    try:
        envelope = open_envelope(desk.journal.leaf(desk.pact.feed_of(entry), entry.index))
    except FormatError:
        return False
    return envelope.payload.get("type") == EntryType.REFUSAL


def _read_back(desk: Desk, view: NoticeView) -> list[Draft]:
    """This node's read-back of another party's notice, once for each revision."""
    if view.sender == desk.party or desk.party not in view.sides or desk.party in view.readbacks:
        return []
    body = read_back(view.notice, desk.pact.agreement)
    if body.result is Match.MISMATCH:
        desk.bell.alarm(desk.pact, f"read-back MISMATCH on {view.revision}: {first_difference(body)}", view.revision)
    return [Draft(EntryType.READBACK, body, view.mode, precedence=view.precedence, refs=(desk.ref(view.revision),))]


def _compare(desk: Desk, entry: EntryId, message: Message) -> list[Draft]:
    """The refusal of a read-back of one's own notice that this node computes otherwise; said once."""
    view = _notice_of(desk, message.refs[0].entry) if message.refs else None
    if not isinstance(message.body, Readback) or view is None or view.sender != desk.party or view.revision != message.refs[0].entry:
        return []
    item = first_differing(read_back(view.notice, desk.pact.agreement), message.body)
    if not item or desk.party in desk.picture.refusals.get(entry, {}):
        return []
    desk.bell.alarm(desk.pact, f"{entry.party} read {view.revision} back with another {item} than this node computes", view.revision)
    refusal = Refusal(RefusalCode.READBACK_DIFFERS, item)
    return [Draft(EntryType.REFUSAL, refusal, view.mode, precedence=view.precedence, refs=(desk.ref(entry), desk.ref(view.revision)))]


def _ring(desk: Desk, entry: EntryId, message: Message) -> None:
    """What officers must see and hear at once, unless this party's own feeds show that they have."""
    kind = KINDS[message.type]
    if kind.was_heard(desk, entry, message):
        return  # after a record was lost and put back, it is judged again
    if desk.alone.has_rung(bytes.fromhex(desk.views.examined(entry).leaf), ALONE):
        return  # it had come alone, ahead of its feed, and rang then
    sentence = kind.ring(entry, message)
    if sentence is None and message.precedence is Precedence.FLASH:
        sentence = f"FLASH {message.type} from {entry.party}: {entry}"
    if sentence is not None:
        desk.bell.alarm(desk.pact, sentence, entry)
