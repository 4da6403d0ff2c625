"""What all types of notices have in common: they are opened, amended and cancelled by their sender, and answered by each addressee."""

from tafadi.casework import tables
from tafadi.desk.examine import Examined
from tafadi.desk.picture import NoticeView, Picture
from tafadi.errors import WrongStateError
from tafadi.model.entry import EntryId
from tafadi.model.message import Message
from tafadi.model.operation import NoticeBody, NoticeStep


def apply_notice(picture: Picture, examined: Examined, entry: Message) -> None:
    """Takes in a notice, its amendment, its cancellation, or that it is active or ended. Raises WrongStateError."""
    assert isinstance(entry.body, NoticeBody)
    if entry.body.step is NoticeStep.NEW:
        return _open(picture, examined, entry)
    view = _own(picture, entry)
    after = tables.COURSE.after(view.course or tables.COURSE.start, entry.body.step)
    if entry.body.step in (NoticeStep.ACTIVE, NoticeStep.ENDED):
        _check_reached(view, entry)
        view.course = after
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
    """Raises WrongStateError unless the entry is about the newest revision, and every addressee has accepted that and passed it down."""
    assert isinstance(entry.body, NoticeBody)
    if entry.refs[0].entry != view.revision:
        raise WrongStateError("only the newest revision of a notice becomes active, or ends")
    if entry.body.step is NoticeStep.ACTIVE and not_reached(view):
        raise WrongStateError("a notice becomes active when every addressee has accepted it and passed it down")


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
    assert isinstance(entry.body, NoticeBody)
    assert entry.body.notice is not None
    sides = dict.fromkeys(entry.recipients, "REFUSED" if examined.is_late_notice else tables.NOTICE.start)
    picture.notices[examined.id] = NoticeView(
        examined.id,
        entry.sender,
        entry.mode,
        entry.precedence,
        entry.sent_at,
        examined.id,
        examined.leaf,
        entry.body.notice,
        sides,
        late=examined.is_late_notice,
        revisions=[examined.id],
    )
    picture.changed.add(examined.id)


def _own(picture: Picture, entry: Message) -> NoticeView:
    """The sender's own notice that the entry amends or cancels."""
    view = picture.notices.get(_root(picture, entry.refs[0].entry)) if entry.refs else None
    if view is None or view.sender != entry.sender or view.cancelled:
        raise WrongStateError("only one's own notice that still stands can be amended or cancelled")
    return view


def _amend(view: NoticeView, examined: Examined, entry: Message) -> None:
    assert isinstance(entry.body, NoticeBody)
    assert entry.body.notice is not None
    view.revision, view.leaf, view.notice = examined.id, examined.leaf, entry.body.notice
    view.precedence, view.sent_at, view.late = entry.precedence, entry.sent_at, examined.is_late_notice
    view.sides = dict.fromkeys(entry.recipients, "REFUSED" if view.late else tables.NOTICE.start)
    view.readbacks, view.answers, view.refusals = {}, {}, {}
    view.distributed, view.course = {}, ""
