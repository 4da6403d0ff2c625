"""Announcing: notices and movements sent, amended and cancelled; and the conflicts that each brings with it.

Both parties' nodes judge every notice against the standing notices of the others, and each raises what it finds. The identity of a
situation comes from what it is between, so two nodes that see one conflict show one alert. Which notices may meet one, the standing set is
asked (`tafadi.desk.standing`); those alone are judged, and what they are does not depend on it.
"""

from collections.abc import Iterator
from typing import Final

from tafadi.desk.desk import Desk
from tafadi.desk.picture import AlertView, NoticeView
from tafadi.desk.situations import plans_situation, prediction_of
from tafadi.desk.speak import Draft, say
from tafadi.desk.standing import announced, opened, stock_of
from tafadi.engine.detect import judge
from tafadi.errors import InputError, MissingError, NotPermittedError, WrongStateError
from tafadi.measure.instant import Instant
from tafadi.model.alert import AlertBody, AlertKind, AlertStep
from tafadi.model.entry import EntryId, EntryType
from tafadi.model.judgement import Cause, Judgement, Verdict
from tafadi.model.movement import Movement, MovementBody
from tafadi.model.names import Mode, Precedence
from tafadi.model.operation import NO_MINIMA, Announced, Notice, NoticeBody, NoticeStep

JUDGEMENTS_KEPT: Final = 200_000  # pairs of revisions; beyond that the engine is simply asked again


def send(
    desk: Desk,
    role: str,
    notice: Notice | Movement,
    mode: Mode,
    precedence: Precedence = Precedence.ROUTINE,
    valid_until: Instant | None = None,
) -> EntryId:
    """The identity of the new notice. Raises RefusedError while the agreement is not in force or does not allow the mode."""
    desk.require_force()
    if mode not in desk.pact.agreement.modes:
        raise NotPermittedError(f"the agreement does not allow mode {mode}; it allows {', '.join(desk.pact.agreement.modes)}")
    _check_validity(desk, valid_until)
    return say(desk, Draft(_type(notice), _body(NoticeStep.NEW, notice), mode, role, precedence, valid_until=valid_until))[0]


def amend(
    desk: Desk,
    role: str,
    entry: EntryId,
    notice: Notice | Movement,
    precedence: Precedence | None = None,
    valid_until: Instant | None = None,
) -> EntryId:
    """The identity of the amendment, which replaces the notice's geometry, and until when it is valid, from now on."""
    view = own_notice(desk, entry)
    if view.type is not _type(notice):
        raise WrongStateError(f"an amendment stays a notice of kind {view.type.removeprefix('notice.')}")
    _check_validity(desk, valid_until)
    refs, urgency = (desk.ref(view.revision),), precedence or view.precedence
    draft = Draft(view.type, _body(NoticeStep.AMEND, notice), view.mode, role, urgency, refs=refs, valid_until=valid_until)
    return say(desk, draft)[0]


def _check_validity(desk: Desk, valid_until: Instant | None) -> None:
    now = desk.clock.now()
    if valid_until is not None and valid_until <= now:
        raise InputError(f"the notice would be valid until {valid_until}, and it is {now}", code="end-before-start")


def _type(notice: Notice | Movement) -> EntryType:
    return EntryType.MOVEMENT if isinstance(notice, Movement) else EntryType(f"notice.{notice.kind}")


def _body(step: NoticeStep, notice: Notice | Movement) -> NoticeBody | MovementBody:
    return MovementBody(step, notice) if isinstance(notice, Movement) else NoticeBody(step, notice)


def take_further(desk: Desk, role: str, view: NoticeView, step: NoticeStep) -> EntryId:
    """The identity of the entry that says what becomes of the notice: cancelled, active or ended."""
    body = MovementBody(step, None) if view.type is EntryType.MOVEMENT else NoticeBody(step, None)
    return say(desk, Draft(view.type, body, view.mode, role, view.precedence, refs=(desk.ref(view.revision),)))[0]


def cancel(desk: Desk, role: str, entry: EntryId) -> EntryId:
    """The identity of the cancellation."""
    return take_further(desk, role, own_notice(desk, entry), NoticeStep.CANCEL)


def own_notice(desk: Desk, entry: EntryId) -> NoticeView:
    """This party's own standing notice. Raises MissingError, WrongStateError."""
    picture = desk.picture
    view = picture.notices.get(picture.revision_of.get(entry, entry))
    if view is None:
        raise MissingError(f"{entry} is no notice")
    if view.sender != desk.party:
        raise WrongStateError(f"{entry} is a notice of {view.sender}; only {view.sender} amends or cancels it")
    if view.cancelled:
        raise WrongStateError(f"{entry} is cancelled already")
    if view.course == "ENDED":
        raise WrongStateError(f"{entry} has ended")
    return view


def conflict_drafts(desk: Desk, view: NoticeView) -> list[Draft]:
    """What this node has to say after the notice changed: alerts that its newest revision brings, and those that it ends."""
    ended = [_cleared(alert) for alert in desk.picture.alerts.values() if _is_over(desk, alert, view)]
    if not view.stands:
        return ended
    return ended + [draft for other in _others(desk, view) for draft in _raised(desk, view, other)]


def _others(desk: Desk, view: NoticeView) -> list[NoticeView]:
    """The notices that this one is to be judged against: all that may meet it, or those of them that the standing set does not rule out."""
    picture = desk.picture
    found = desk.standing.near(picture, view) if desk.standing.is_open else picture.notices.values()
    return [other for other in found if _may_meet(view, other)]


def open_standing(desk: Desk) -> None:
    """Has the standing set at hand, if it is not: for whoever judges without a thread for the engine."""
    if not desk.standing.is_open:
        stock = stock_of(desk.picture, desk.pact, desk.views)
        desk.standing.begin(opened(stock, desk.pact.agreement.minima_announced)[0])


def _may_meet(view: NoticeView, other: NoticeView) -> bool:
    return other.sender != view.sender and other.mode is view.mode and other.stands


def _raised(desk: Desk, view: NoticeView, other: NoticeView) -> list[Draft]:
    pair = sorted(((str(view.revision), view.leaf), (str(other.revision), other.leaf)))
    subjects, leaves = (pair[0][0], pair[1][0]), (pair[0][1], pair[1][1])
    situation = plans_situation(view.mode, subjects, leaves)
    standing = desk.picture.alerts.get(situation)
    if standing is not None and desk.party in standing.raised:
        return []
    judgement = judged_pair(desk, announced(view), announced(other))
    if judgement.verdict is Verdict.CLEAR:
        return []
    _alarm(desk, view, other, judgement)
    body = AlertBody(AlertStep.RAISED, situation, AlertKind.PLANS, subjects, prediction_of(judgement), leaves)
    return [Draft(EntryType.ALERT, body, view.mode, precedence=Precedence.IMMEDIATE)]


def judged_pair(desk: Desk, first: Announced, second: Announced) -> Judgement:
    """The engine's judgement of two revisions, computed once; what it cannot compute is UNKNOWN, and so is shown."""
    key = _pair(first, second)
    if key not in desk.judgements:
        if len(desk.judgements) >= JUDGEMENTS_KEPT:
            desk.judgements.clear()
        try:
            desk.judgements[key] = judge(first, second, desk.pact.agreement.minima_announced)
        except InputError:
            minima = desk.pact.agreement.minima_announced or NO_MINIMA
            desk.judgements[key] = Judgement(*key, Verdict.UNKNOWN, minima, Cause.NOT_COMPUTABLE)
    return desk.judgements[key]


def _pair(first: Announced, second: Announced) -> tuple[str, str]:
    one, other = sorted((first.id, second.id))
    return one, other


def is_computed(desk: Desk, first: Announced, second: Announced) -> bool:
    """Whether the engine has judged the pair, and what it found is still known."""
    return _pair(first, second) in desk.judgements


def missing_pairs(desk: Desk, entry: EntryId) -> Iterator[tuple[Announced, Announced]]:
    """The pairs that the engine has yet to judge before the entry can be: none for anything but a notice."""
    view = desk.picture.notices.get(desk.picture.revision_of.get(entry, entry))
    if view is None or not view.stands:
        return
    one = announced(view)
    for other in _others(desk, view):
        if not is_computed(desk, one, announced(other)):
            yield one, announced(other)


def _alarm(desk: Desk, view: NoticeView, other: NoticeView, judgement: Judgement) -> None:
    when = f" from {judgement.span.start}" if judgement.span else ""
    desk.bell.alarm(desk.pact, f"{judgement.verdict} between {view.revision} and {other.revision}{when}", view.revision)


def _is_over(desk: Desk, alert: AlertView, view: NoticeView) -> bool:
    """Whether this node raised the alert about an earlier revision of the notice, or about one now cancelled or ended."""
    if alert.kind is not AlertKind.PLANS or desk.party not in alert.raised or desk.party in alert.cleared:
        return False
    past = {str(entry) for entry in view.revisions} - ({str(view.revision)} if view.stands else set())
    return bool(past & set(alert.subjects))


def _cleared(alert: AlertView) -> Draft:
    return Draft(EntryType.ALERT, AlertBody(AlertStep.CLEARED, alert.situation, alert.kind, alert.subjects), alert.mode)
