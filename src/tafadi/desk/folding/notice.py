"""What notices of operations, areas and movements have in common: their sender opens, amends, cancels, begins and ends them.

A movement is taken in as the notice that its corridor makes. It may end though nobody has said that it began: arrived is arrived.
"""

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.picture import NoticeView, Picture
from tafadi.errors import WrongStateError
from tafadi.measure.instant import Instant
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.message import Message
from tafadi.model.movement import MovementBody
from tafadi.model.operation import Notice, NoticeBody, NoticeStep


def apply_notice(picture: Picture, examined: Examined, entry: Message) -> None:
    """Takes in a notice, its amendment, its cancellation, or that it is active or ended. Raises WrongStateError."""
    assert isinstance(entry.body, NoticeBody | MovementBody)
    if entry.body.step is NoticeStep.NEW:
        return _open(picture, examined, entry)
    view = _own(picture, entry)
    table = tables.MOVEMENT if entry.type is EntryType.MOVEMENT else tables.COURSE
    after = table.after(view.course or table.start, entry.body.step)
    if entry.body.step in (NoticeStep.ACTIVE, NoticeStep.ENDED):
        _check_reached(view, entry)
        view.course = after
        picture.revision_of[examined.id] = view.id
        picture.changed.add(view.id)
        return None
    if entry.body.step is NoticeStep.CANCEL:
        view.cancelled = True
    else:
        _amend(view, examined, entry)
    view.revisions.append(examined.id)
    picture.revision_of[examined.id] = view.id
    picture.changed.add(view.id)
    return None


def _check_reached(view: NoticeView, entry: Message) -> None:
    """Raises WrongStateError unless the entry is about the newest revision, which is valid still, accepted by all and passed down."""
    assert isinstance(entry.body, NoticeBody | MovementBody)
    if entry.refs[0].entry != view.revision:
        raise WrongStateError("only the newest revision of a notice becomes active, or ends")
    if entry.body.step is not NoticeStep.ACTIVE:
        return
    check_valid(view, entry.sent_at)
    if not_reached(view):
        raise WrongStateError("a notice becomes active when every addressee has accepted it and passed it down")


def check_valid(view: NoticeView, at: Instant) -> None:
    """Raises WrongStateError where the notice was valid only until before `at`: nobody accepts it then, and it does not become active."""
    if view.valid_until is not None and at >= view.valid_until:
        raise WrongStateError(f"notice {view.revision} was valid until {view.valid_until}; it must be amended first")


def not_reached(view: NoticeView) -> list[str]:
    """The addressees that have not accepted the newest revision or not said that they have passed it down."""
    return [party for party, side in view.sides.items() if side != "ACCEPTED" or not view.distributed.get(party)]


def addressed(picture: Picture, entry: Message) -> NoticeView | None:
    """The notice whose newest revision the entry refers to, where its sender is addressed by it."""
    view = picture.notices.get(_root(picture, entry.refs[0].entry)) if entry.refs else None
    if view is None or view.revision != entry.refs[0].entry or entry.sender not in view.sides:
        return None
    return view


def _root(picture: Picture, ref: EntryId) -> EntryId:
    """The first entry of the notice that `ref` is a revision of."""
    return picture.revision_of.get(ref, ref)


def _open(picture: Picture, examined: Examined, entry: Message) -> None:
    sides = dict.fromkeys(entry.recipients, "REFUSED" if examined.is_late_notice else tables.NOTICE.start)
    picture.notices[examined.id] = NoticeView(
        examined.id,
        entry.sender,
        entry.mode,
        entry.precedence,
        entry.sent_at,
        examined.id,
        examined.leaf,
        _notice(entry),
        sides,
        late=examined.is_late_notice,
        revisions=[examined.id],
        force=picture.force,
        valid_until=entry.valid_until,
        movement=entry.body.movement if isinstance(entry.body, MovementBody) else None,
    )
    picture.changed.add(examined.id)


def _notice(entry: Message) -> Notice:
    assert isinstance(entry.body, NoticeBody | MovementBody)
    notice = entry.body.notice
    assert notice is not None  # it is new, or amended
    return notice


def _own(picture: Picture, entry: Message) -> NoticeView:
    """The sender's own notice, of the same type, that the entry amends, cancels, begins or ends."""
    view = picture.notices.get(_root(picture, entry.refs[0].entry)) if entry.refs else None
    if view is None or view.sender != entry.sender or view.cancelled or view.type is not entry.type:
        raise WrongStateError("only one's own notice of that type, which still stands, can be amended or cancelled")
    return view


def _amend(view: NoticeView, examined: Examined, entry: Message) -> None:
    view.revision, view.leaf, view.notice = examined.id, examined.leaf, _notice(entry)
    view.movement = entry.body.movement if isinstance(entry.body, MovementBody) else None
    view.valid_until, view.lapsed = entry.valid_until, {}
    view.precedence, view.sent_at, view.late = entry.precedence, entry.sent_at, examined.is_late_notice
    view.sides = dict.fromkeys(entry.recipients, "REFUSED" if view.late else tables.NOTICE.start)
    view.readbacks, view.answers, view.refusals = {}, {}, {}
    view.distributed, view.course = {}, ""
